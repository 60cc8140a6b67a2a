package prover

import (
	"bytes"
	"crypto/rand"
	"math/big"
	"slices"
	"testing"

	"hushwatt/internal/wire"
	"hushwatt/meter"
	"hushwatt/testvectors"
)

// billFiles collects the files of testvectors/bill.
type billFiles struct {
	t    *testing.T
	list []testvectors.Vector
}

func TestVectorFilesOfBills(t *testing.T) {
	f := &billFiles{t: t}
	f.kinds()
	f.headers()
	f.prices()
	f.segments()
	f.coverage()
	f.corrections()
	f.requests()
	f.exchanges()
	f.rules()
	testvectors.Sync(t, "bill", f.list)
}

func (f *billFiles) add(name, section, base string, reason Reason, comment, kind string, input any) {
	v := testvectors.Vector{Name: name, Section: section, Comment: comment, Kind: kind, Expected: testvectors.Accepted, Input: input}
	if base != "" {
		v.Expected, v.Base, v.Reason = testvectors.Refused, base, string(reason)
	}
	f.list = append(f.list, v)
}

// scene is a verifier's side: whom it trusts, and its plan.
type scene struct {
	house   *house
	plan    *BillPlan
	request *Request // the one that must have been answered, or nil
}

func (s scene) checks() Checks {
	c := s.house.checks(s.plan)
	c.Request = s.request
	return c
}

// bill adds a bill file, which must get the verdict that the vector says.
func (f *billFiles) bill(name, section, base string, reason Reason, comment string, s scene, bill []byte) {
	f.t.Helper()
	_, err := VerifyBill(bill, s.checks())
	expect(f.t, name, err, reason)
	in := &testvectors.Bill{Authorities: authoritiesOf(s.house), Plan: planData(s.plan), Bill: bill}
	if s.request != nil {
		in.Request = s.request.Bytes()
	}
	f.add(name, section, base, reason, comment, "bill", in)
}

func authoritiesOf(h *house) []string { return []string{h.authority.Authority().String()} }

func planData(p *BillPlan) testvectors.Plan {
	d := testvectors.Plan{
		Kind: string(p.Kind), Stage: string(p.Stage), Mode: p.Mode, Digits: p.Digits,
		Period: testvectors.Period{Start: p.Period.Start, End: p.Period.End, First: p.Period.First, Last: p.Period.Last, Clock: p.Period.Clock},
		TZ:     p.TZ, Missing: p.Policy.Missing, Estimated: p.Policy.Estimated, Channels: p.Channels,
	}
	for _, m := range p.Meters {
		d.Meters = append(d.Meters, testvectors.Meter{Meter: m.Meter, N: m.N})
	}
	for _, t := range p.Tariffs {
		d.Tariffs = append(d.Tariffs, t[:])
	}
	for _, r := range p.Registers {
		d.Registers = append(d.Registers, testvectors.Register{Name: r.Name, Channel: r.Channel, Unit: r.Unit})
	}
	for _, x := range p.Functionals {
		d.Functionals = append(d.Functionals, testvectors.Line{Name: x.Name, Weights: x.Weights, Const: x.Const.String(), Unit: x.U.String(), Hidden: termsData(x.Hidden)})
	}
	for k := range p.Rules {
		d.Rules = append(d.Rules, ruleData(&p.Rules[k]))
	}
	return d
}

// days is a home of six days of 24 slots and a plan for four of them.
func (f *billFiles) days(seed uint64) scene {
	h := newHouse(f.t, setup{n: 24, days: 6, seed: seed})
	return scene{house: h, plan: dynamicPlan(terms(january+1, 4, MeterSlots{Meter: "meter-1", N: 24}), []int{0}, 7)}
}

func (s scene) answer(opened ...*meter.Opened) *Bill {
	if len(opened) == 0 {
		opened = []*meter.Opened{s.house.opened}
	}
	return must(Answer(s.request, s.plan, opened, rand.Reader))
}

const fourDays = "bill-four-days"

// kinds of bills that are accepted.
func (f *billFiles) kinds() {
	accept := func(name, comment string, s scene, opened ...*meter.Opened) {
		f.t.Helper()
		f.bill(name, "5", "", "", comment, s, s.answer(opened...).Bytes())
	}
	seeded(f.t, fourDays)
	s := f.days(1)
	accept(fourDays, "Four of six days, every slot its own price, stage bill.", s)
	seeded(f.t, "bill-lines")
	lines := *s.plan
	lines.Stage = StageLine
	lines.Functionals = []Functional{s.plan.functional("Day", 7, new(big.Int), big.NewInt(2_000)), s.plan.functional("Night", 8, new(big.Int), big.NewInt(2_000))}
	accept("bill-lines", "Two lines, each rounded; their sum is revealed.", scene{house: s.house, plan: &lines})
	exact := *s.plan
	exact.Kind, exact.Stage, exact.Mode = BillExact, "", ""
	accept("bill-exact", "The amount before rounding.", scene{house: s.house, plan: &exact})
	registers := *s.plan
	registers.Kind, registers.Stage = Registers, ""
	registers.Registers = []Register{{Name: "", Unit: 1000}, {Name: "Day", Unit: 1}}
	registers.Functionals = nil
	for i, u := range []int64{1000, 1} {
		x := registers.functional("", 7, new(big.Int), big.NewInt(u))
		for _, row := range x.Weights {
			for k := range row {
				row[k] = int64(b2i(i == 0 || k >= 7))
			}
		}
		registers.Functionals = append(registers.Functionals, x)
	}
	accept("bill-registers", "Energy in kWh, and by day in Wh.", scene{house: s.house, plan: &registers})
	credit := *s.plan
	credit.Functionals = []Functional{s.plan.functional("Energy", 7, big.NewInt(-1<<50), big.NewInt(2_000_000))}
	accept("bill-credit", "A credit.", scene{house: s.house, plan: &credit})
	nothing := *s.plan
	nothing.Functionals = []Functional{{Name: "Nothing", Weights: weightsLike(s.plan, 0), Const: new(big.Int), U: one}}
	accept("bill-nothing", "A bill of zero whose every price is zero.", scene{house: s.house, plan: &nothing})

	seeded(f.t, "bill-two-meters")
	const swap = 10
	old := newHouse(f.t, setup{meter: "old", n: 24, days: 2, seed: 7, status: func(day, s int) meter.Status {
		return meter.Status(b2i(day == january+1 && s >= swap) * int(meter.NotHere))
	}})
	fresh := newHouse(f.t, setup{meter: "young", n: 48, first: january + 1, days: 2, seed: 8, authority: old.authority, status: func(day, s int) meter.Status {
		return meter.Status(b2i(day == january+1 && s < 2*swap) * int(meter.NotHere))
	}})
	both := scene{house: old, plan: dynamicPlan(terms(january, 3, MeterSlots{Meter: "old", N: 24}, MeterSlots{Meter: "young", N: 48}), []int{0}, 7)}
	accept("bill-two-meters", "A meter of 48 slots follows one of 24 in the middle of a day.", both, fresh.opened, old.opened)
	b := both.answer(fresh.opened, old.opened)
	b.Submission.Segments[0], b.Submission.Segments[1] = b.Submission.Segments[1], b.Submission.Segments[0]
	f.bill("bill-segments-out-of-order", "3", "bill-two-meters", ReasonCoverage, "The later meter's segment comes first.", both, b.Bytes())
	b.Submission.Segments[0] = b.Submission.Segments[1]
	f.bill("bill-segment-twice", "3", "bill-two-meters", ReasonCoverage, "One meter's segment is sent twice, the other's not.", both, b.Bytes())

	seeded(f.t, "bill-missing-slot")
	gaps := newHouse(f.t, setup{n: 24, days: 2, status: func(day, s int) meter.Status { return meter.Status(b2i(s == 4) * int(meter.Missing)) }})
	tm := terms(january, 2, MeterSlots{Meter: "meter-1", N: 24})
	tm.Policy.Missing = PolicyExclude
	accept("bill-missing-slot", "A slot a day is missing, and left out.", scene{house: gaps, plan: dynamicPlan(tm, []int{0}, 7)})
	tm.Policy.Missing = PolicyRefuse
	refusing := dynamicPlan(tm, []int{0}, 7)
	f.bill("bill-missing-slot-refused", "5", "bill-missing-slot", ReasonStatus, "The tariff's policy refuses bills with missing slots.",
		scene{house: gaps, plan: refusing}, bareSubmission(refusing, gaps).Bytes())
}

func weightsLike(p *BillPlan, w int64) [][]int64 {
	var out [][]int64
	for _, r := range p.Rows() {
		out = append(out, slices.Repeat([]int64{w}, r.N))
	}
	return out
}

// headers: proofs made under a header that lacks a field, or has another there.
func (f *billFiles) headers() {
	seeded(f.t, "headers")
	s := f.days(1)
	d := must(newDraft(nil, s.plan, []*meter.Opened{s.house.opened}))
	rand.Read(d.submission.ID[:])
	claim := must(s.plan.claim(d.rows, d.submission.Outputs))
	prove := func(name, comment string, fields []any) {
		f.t.Helper()
		sub := *d.submission
		sub.Proof = must(claim.Prove(must(wire.Marshal(fields)), sealsOf(d.rows), d.openings, nil, rand.Reader))
		f.bill(name, "4.2", fourDays, ReasonProof, comment, s, (&Bill{d.request, &sub}).Bytes())
	}
	var fields []any
	if err := wire.Unmarshal(d.header(), &fields); err != nil {
		f.t.Fatal(err)
	}
	names := []string{"suite", "kind", "supplier", "request", "segments", "period", "tariffs", "weights", "policy", "outputs", "id"}
	if len(fields) != len(names) {
		f.t.Fatalf("header has %d fields, this test knows %d", len(fields), len(names))
	}
	for i, name := range names {
		prove("header-field-dropped-"+name, "The header of the proof lacks the field "+name+".", slices.Delete(slices.Clone(fields), i, i+1))
	}
	segment := fields[4].([]any)[0].([]any)
	parts := []string{"authority", "meter", "epoch", "n", "cap", "first-day", "last-day", "heads"}
	if len(segment) != len(parts) {
		f.t.Fatalf("a segment has %d fields, this test knows %d", len(segment), len(parts))
	}
	for i, name := range parts {
		other := slices.Clone(fields)
		other[4] = []any{slices.Delete(slices.Clone(segment), i, i+1)}
		prove("header-field-dropped-segment-"+name, "The header's segment lacks the field "+name+".", other)
	}
	put := func(i int, v any) []any {
		other := slices.Clone(fields)
		other[i] = v
		return other
	}
	prove("session-other-kind", "The proof was made for another kind.", put(1, string(BillExact)))
	later := s.plan.Period
	later.Start, later.End = later.Start+secondsPerDay, later.End+secondsPerDay
	prove("session-other-period", "The proof was made for a period one day later.", put(5, later))
	prove("session-other-meter", "The proof was made for another meter.", put(4, []any{slices.Replace(slices.Clone(segment), 1, 2, any("meter-2"))}))
	prove("session-other-tariff", "The proof was made for another tariff.", put(6, [][32]byte{{3, 2, 1}}))
	output := d.submission.Outputs[0]
	output[15]++
	prove("session-other-output", "The proof was made for another output.", put(9, []Output{output}))
	prove("session-other-supplier", "The proof was made for another supplier.", put(2, [32]byte{1}))
}

// prices: what the customer may not change about prices and outputs.
func (f *billFiles) prices() {
	seeded(f.t, "prices")
	s := f.days(1)
	last := len(s.plan.Functionals[0].Weights) - 1
	for _, c := range []struct {
		name, comment string
		bend          func(x *Functional)
		own           Reason // of an answer to a request with the bent weights' hash
	}{
		{"bill-weight-plus-one-first", "The first slot is proven at a higher price.", func(x *Functional) { x.Weights[0][0]++ }, ReasonTariff},
		{"bill-weight-plus-one-last", "The last slot is proven at a higher price.", func(x *Functional) { x.Weights[last][23]++ }, ReasonTariff},
		{"bill-weights-rows-swapped", "Two days are proven at each other's prices.", func(x *Functional) { w := x.Weights; w[0], w[1] = w[1], w[0] }, ReasonTariff},
		{"bill-weights-slots-swapped", "Two slots are proven at each other's prices.", func(x *Functional) { w := x.Weights[2]; w[3], w[4] = w[4], w[3] }, ReasonTariff},
		{"bill-weight-sign", "One slot is proven at a negative price.", func(x *Functional) { x.Weights[1][5] *= -1 }, ReasonTariff},
		{"bill-constant-minus-one", "The standing charge is proven smaller.", func(x *Functional) { x.Const = new(big.Int).Sub(x.Const, one) }, ReasonTariff},
		{"bill-unit-doubled", "The rounding unit is proven twice as large.", func(x *Functional) { x.U = new(big.Int).Lsh(x.U, 1) }, ReasonProof},
	} {
		other := *s.plan
		other.Functionals = []Functional{cloneFunctional(s.plan.Functionals[0])}
		c.bend(&other.Functionals[0])
		b := forge(f.t, s.house, s.plan, func(d *draft) { d.underOther(&other) })
		f.bill(c.name, "5", fourDays, ReasonProof, c.comment, s, b.Bytes())
		own := scene{house: s.house, plan: &other}.answer()
		f.bill(c.name+"-own-hash", "5", fourDays, c.own, c.comment+" The request's hash says so.", s, own.Bytes())
	}
	for _, c := range []struct {
		name, comment string
		bend          func(s *Submission)
		reason        Reason
	}{
		{"bill-amount-plus-one", "The amount is one more than was proven.", func(s *Submission) { s.Outputs[0][15]++ }, ReasonProof},
		{"bill-amount-minus-one", "The amount is one less than was proven.", func(s *Submission) { s.Outputs[0][15]-- }, ReasonProof},
		{"bill-amount-beyond-64-bits", "The amount takes more than 64 bits.", func(s *Submission) { s.Outputs[0][7] = 1 }, ReasonProof},
		{"bill-amount-negative", "The amount is negative.", func(s *Submission) { s.Outputs[0][0] = 0xff }, ReasonProof},
		{"bill-second-output", "There is a second output.", func(s *Submission) { s.Outputs = append(s.Outputs, Output{}) }, ReasonProof},
		{"bill-without-output", "There is no output.", func(s *Submission) { s.Outputs = nil }, ReasonMalformed},
		{"bill-other-id", "The submission has another id than the proof.", func(s *Submission) { s.ID[0] ^= 1 }, ReasonProof},
		{"bill-proof-empty", "There is no proof.", func(s *Submission) { s.Proof = nil }, ReasonProof},
		{"bill-proof-trailing", "A byte follows the proof.", func(s *Submission) { s.Proof = append(s.Proof, 0) }, ReasonProof},
		{"bill-proof-truncated", "The proof's last byte is left out.", func(s *Submission) { s.Proof = s.Proof[:len(s.Proof)-1] }, ReasonProof},
	} {
		b := s.answer()
		c.bend(b.Submission)
		f.bill(c.name, "5", fourDays, c.reason, c.comment, s, b.Bytes())
	}
	honest := s.answer().Bytes()
	f.bill("bill-trailing-byte", "5", fourDays, ReasonMalformed, "A byte follows the file.", s, append(bytes.Clone(honest), 0))
	f.bill("bill-truncated", "5", fourDays, ReasonMalformed, "The file's last byte is left out.", s, honest[:len(honest)-1])
	f.bill("bill-long-length", "5", fourDays, ReasonMalformed, "A length is encoded in more bytes than it needs.", s, lengthened(f.t, honest))
	f.bill("bill-empty", "5", fourDays, ReasonMalformed, "The file is empty.", s, nil)
}

// lengthened encodes the length of the first byte string in two bytes instead of
// one.
func lengthened(t *testing.T, b []byte) []byte {
	if b[0] != 0x82 || b[1] != 0x58 {
		t.Fatalf("file begins with %x", b[:2])
	}
	return slices.Concat([]byte{0x82, 0x59, 0}, b[2:])
}
