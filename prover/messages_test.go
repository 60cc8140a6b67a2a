package prover

import (
	"bytes"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"hushwatt/meter"
)

func TestSupplierKeyFile(t *testing.T) {
	k := must(NewSupplierKey())
	again, err := ParseSupplierKey(k.File())
	if err != nil || again.Public() != k.Public() {
		t.Fatalf("own file: %v", err)
	}
	if s, err := ParseSupplier(k.Public().String()); err != nil || s != k.Public() {
		t.Fatalf("own string: %v", err)
	}
	if !strings.HasPrefix(k.Public().String(), "hushwatt-supplier1") {
		t.Error(k.Public())
	}
	file := string(k.File())
	other := must(NewSupplierKey()).Public().String()
	for name, bad := range map[string]string{
		"empty":            "",
		"no last line end": file[:len(file)-1],
		"a line more":      file + "\n",
		"other public key": strings.Replace(file, k.Public().String(), other, 1),
		"mistyped":         file[:len(file)-3] + "qq\n",
		"upper case":       strings.ToUpper(file),
	} {
		if _, err := ParseSupplierKey([]byte(bad)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, key := range map[string][]byte{
		"small order": append([]byte{1}, make([]byte, 31)...),
		"short":       make([]byte, 31),
		"not reduced": bytes.Repeat([]byte{0xff}, 32),
	} {
		if _, err := NewSupplier(key); err == nil {
			t.Errorf("public key, %s: accepted", name)
		}
	}
	if (Supplier{}).Hash() != [32]byte{} || k.Public().Hash() == [32]byte{} {
		t.Error("hash of a supplier's key")
	}
}

// Each broken rule of section 5.2 is refused, in a request that is otherwise
// honest and signed.
func TestRequestForm(t *testing.T) {
	key := must(NewSupplierKey())
	honest := func() *Request {
		r := must(NewRequest(dynamicPlan(terms(january, 2, MeterSlots{Meter: "a", N: 24}), []int{0}, 7)))
		r.Serial, r.NotAfter, r.ReturnTo = 1, 2, "here"
		return r
	}
	for name, bend := range map[string]func(r *Request){
		"":                          func(r *Request) {},
		"other version":             func(r *Request) { r.Version = 2 },
		"other suite":               func(r *Request) { r.Suite = "p256" },
		"unknown kind":              func(r *Request) { r.Terms.Kind = "profile" },
		"rounded without stage":     func(r *Request) { r.Terms.Stage = "" },
		"stage hour":                func(r *Request) { r.Terms.Stage = "hour" },
		"exact with a stage":        func(r *Request) { r.Terms.Kind = BillExact },
		"exact with a mode":         func(r *Request) { r.Terms.Kind, r.Terms.Stage = BillExact, "" },
		"unknown mode":              func(r *Request) { r.Terms.Mode = "half" },
		"13 decimals":               func(r *Request) { r.Terms.Digits = 13 },
		"no meter":                  func(r *Request) { r.Terms.Meters = nil },
		"meter twice":               func(r *Request) { r.Terms.Meters = append(r.Terms.Meters, r.Terms.Meters[0]) },
		"meters not ascending":      func(r *Request) { r.Terms.Meters = []MeterSlots{{Meter: "b", N: 24}, {Meter: "a", N: 24}} },
		"meter with a space":        func(r *Request) { r.Terms.Meters[0].Meter = "a b" },
		"meter without a name":      func(r *Request) { r.Terms.Meters[0].Meter = "" },
		"25 slots":                  func(r *Request) { r.Terms.Meters[0].N = 25 },
		"empty period":              func(r *Request) { r.Terms.Period.End = r.Terms.Period.Start },
		"period back to front":      func(r *Request) { r.Terms.Period.End = r.Terms.Period.Start - 86400 },
		"period before 1970":        func(r *Request) { r.Terms.Period.Start = -86400 },
		"period of three years":     func(r *Request) { r.Terms.Period.End += 1100 * 86400 },
		"period beyond days":        func(r *Request) { r.Terms.Period.Start, r.Terms.Period.End = 1<<40, 1<<40+86400 },
		"period inside a slot":      func(r *Request) { r.Terms.Period.Start += 1800 },
		"period ends inside a slot": func(r *Request) { r.Terms.Period.End -= 1800 },
		"date without dashes":       func(r *Request) { r.Terms.Period.First = "20130101" },
		"dates back to front":       func(r *Request) { r.Terms.Period.First = "2013-02-01" },
		"no clock":                  func(r *Request) { r.Terms.Period.Clock = "" },
		"no tariff":                 func(r *Request) { r.Terms.Tariffs = nil },
		"65 tariffs":                func(r *Request) { r.Terms.Tariffs = make([][32]byte, 65) },
		"no tz data":                func(r *Request) { r.Terms.TZ = "" },
		"unknown policy":            func(r *Request) { r.Terms.Policy.Missing = "ignore" },
		"register in a bill":        func(r *Request) { r.Terms.Registers = []Register{{Unit: 1}} },
		"registers without one":     func(r *Request) { r.Terms.Kind, r.Terms.Stage = Registers, "" },
		"register of unit 0":        func(r *Request) { r.Terms.Kind, r.Terms.Stage, r.Terms.Registers = Registers, "", []Register{{}} },
		"return address in UTF-8":   func(r *Request) { r.ReturnTo = "https://müller.example" },
		"replaces half a hash":      func(r *Request) { r.Replaces = make([]byte, 16) },
	} {
		r := honest()
		bend(r)
		err := r.Sign(key)
		_, parsed := ParseRequest(r.Bytes())
		if ok := name == ""; (err == nil) != ok || (parsed == nil) != ok {
			t.Errorf("%s: signing says %v, parsing says %v", name, err, parsed)
		}
	}
	unsigned := honest()
	if _, err := ParseRequest(unsigned.Bytes()); err == nil {
		t.Error("an unsigned request with a serial: accepted")
	}
}

// A client does not say "done" unless every field of the receipt is what it sent.
func TestReceiptFields(t *testing.T) {
	x := loadExample(t)
	bill := must(ParseBill(x.bill))
	for name, bend := range map[string]func(r *Receipt){
		"":                            func(r *Receipt) {},
		"version":                     func(r *Receipt) { r.Version++ },
		"suite":                       func(r *Receipt) { r.Suite = "other" },
		"request":                     func(r *Receipt) { r.Request[0] ^= 1 },
		"receipt-other-submission":    func(r *Receipt) { r.Submission[0] ^= 1 },
		"receipt-other-submission id": func(r *Receipt) { r.ID[0] ^= 1 },
		"outputs":                     func(r *Receipt) { r.Outputs[0][15] ^= 1 },
		"no outputs":                  func(r *Receipt) { r.Outputs = nil },
		"heads":                       func(r *Receipt) { r.Heads[0][0] ^= 1 },
		"refused":                     func(r *Receipt) { r.Verdict = string(ReasonProof) },
		"unknown verdict":             func(r *Receipt) { r.Verdict = "fine" },
	} {
		r := must(ParseReceipt(x.receipt))
		bend(r)
		r.sign(x.key)
		if _, err := CheckReceipt(r.Bytes(), bill, x.key.Public()); (err == nil) != (name == "") {
			t.Errorf("%s: %v", name, err)
		}
		r.sign(must(NewSupplierKey()))
		if _, err := CheckReceipt(r.Bytes(), bill, x.key.Public()); err == nil {
			t.Errorf("%s, signed by another: accepted", name)
		}
	}
	r := must(ParseReceipt(x.receipt))
	r.Time++
	if _, err := ParseReceipt(r.Bytes()); !errors.Is(err, errSignature) {
		t.Errorf("altered: %v", err)
	}
}

func TestReceiptBitFlips(t *testing.T) {
	x := loadExample(t)
	bill := must(ParseBill(x.bill))
	for i := range 8 * len(x.receipt) {
		b := bytes.Clone(x.receipt)
		b[i/8] ^= 1 << (i % 8)
		if _, err := CheckReceipt(b, bill, x.key.Public()); err == nil {
			t.Fatalf("bit %d flipped: accepted", i)
		}
	}
}

func TestIntervals(t *testing.T) {
	var v Intervals
	id := func(n byte) [32]byte { return [32]byte{n} }
	add := func(start, end int64, n byte, replaces []byte) {
		t.Helper()
		if err := v.Check(start, end, replaces); err != nil {
			t.Fatal(err)
		}
		v.Add(start, end, id(n), replaces)
	}
	add(100, 200, 1, nil)
	add(200, 300, 2, nil)
	add(50, 100, 3, nil) // the time before may be billed later
	one, gone := id(1), id(9)
	for name, c := range map[string]struct {
		start, end int64
		replaces   []byte
	}{
		"same again":            {100, 200, nil},
		"overlaps the end":      {299, 400, nil},
		"overlaps all":          {0, 500, nil},
		"inside":                {120, 130, nil},
		"gap after":             {301, 400, nil},
		"gap before":            {0, 49, nil},
		"replaces what is not":  {100, 200, gone[:]},
		"replaces by a shorter": {100, 199, one[:]},
		"replaces by a later":   {200, 300, one[:]},
	} {
		if v.Check(c.start, c.end, c.replaces) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	add(100, 200, 4, one[:])
	if v.Check(100, 200, one[:]) == nil {
		t.Error("replaced twice: accepted")
	}
	add(300, 400, 5, nil)
}

func TestAnsweredRequests(t *testing.T) {
	key, other := must(NewSupplierKey()), must(NewSupplierKey())
	ask := func(k *SupplierKey, first, days int, serial uint64, replaces *Request) *Request {
		r := must(NewRequest(dynamicPlan(terms(first, days, MeterSlots{Meter: "a", N: 24}, MeterSlots{Meter: "b", N: 24}), []int{0}, 7)))
		r.Serial = serial
		if replaces != nil {
			h := replaces.Hash()
			r.Replaces = h[:]
		}
		if err := r.Sign(k); err != nil {
			t.Fatal(err)
		}
		return r
	}
	var a Answered
	first := ask(key, january, 2, 1, nil)
	for _, r := range []*Request{first, ask(key, january+2, 2, 2, nil), ask(other, january+1, 9, 3, nil), ask(key, january, 2, 4, first)} {
		if err := a.Check(r); err != nil {
			t.Fatal(err)
		}
		a.Add(r)
		again, err := ParseAnswered(a.Bytes())
		if err != nil || !bytes.Equal(again.Bytes(), a.Bytes()) {
			t.Fatalf("does not read back: %v", err)
		}
		a = *again
	}
	for name, r := range map[string]*Request{
		"answered before":      ask(key, january+2, 2, 2, nil),
		"period-overlaps":      ask(key, january+3, 2, 5, nil),
		"period-gap":           ask(key, january+5, 2, 6, nil),
		"replaced once before": ask(key, january, 2, 7, first),
	} {
		if a.Check(r) == nil {
			t.Errorf("%s: may be answered", name)
		}
	}
	for name, runs := range map[string][]run{
		"out of order": {{Meter: "b"}, {Meter: "a"}},
		"twice":        {{Meter: "a"}, {Meter: "a"}},
		"gap":          {{Meter: "a", Periods: []billed{{Start: 1, End: 2}, {Start: 3, End: 4}}}},
		"empty period": {{Meter: "a", Periods: []billed{{Start: 2, End: 2}}}},
	} {
		if _, err := ParseAnswered(mustMarshal(runs)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Two heads for one day and count: refused, and kept.
func TestTwoHeadsOneDay(t *testing.T) {
	h := newHouse(t, setup{n: 24, days: 5, seed: 80})
	plans := []*BillPlan{}
	for _, first := range []int{january, january + 2} {
		plans = append(plans, dynamicPlan(terms(first, 2, MeterSlots{Meter: "meter-1", N: 24}), []int{0}, 7))
	}
	s := newShop(h, plans...)
	accepted := h.opened
	if _, err := s.Submit(h.answer(s.ask(plans[0], 1, nil), plans[0]).Bytes()); err != nil {
		t.Fatal(err)
	}
	forked := must(s.memory.Accepted(epochOfExport(h.opened.Export)))
	head := *forked.Head
	head.DayTip = bytes.Repeat([]byte{9}, 32) // as if the meter had signed another chain before
	forked.Head = &head
	_, err := s.Submit(must(Answer(s.ask(plans[1], 2, nil), plans[1], []*meter.Opened{accepted}, rand.Reader)).Bytes())
	expect(t, "two-heads-one-day", err, ReasonChain)
	if len(s.memory.evidence) != 1 || s.memory.evidence[0].A.Day != s.memory.evidence[0].B.Day {
		t.Errorf("evidence: %v", s.memory.evidence)
	}
}
