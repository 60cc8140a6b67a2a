package prover

import (
	"crypto/rand"
	"time"

	"hushwatt/meter"
	"hushwatt/testvectors"
)

// deal is one supplier's server and what it was told.
type deal struct {
	f      *billFiles
	house  *house
	shop   *shop
	plans  []*BillPlan
	opened []*Request // requests that the server knows
}

// newDeal is a home of eight days, and a supplier with periods of two days.
func (f *billFiles) newDeal(name string) *deal {
	seeded(f.t, name)
	h := newHouse(f.t, setup{n: 24, days: 8, seed: 21})
	d := &deal{f: f, house: h}
	for i := range 4 {
		d.plans = append(d.plans, d.period(2*i, 2))
	}
	d.shop = newShop(h, d.plans...)
	d.shop.Now = func() time.Time { return testNow }
	return d
}

func (d *deal) period(first, days int) *BillPlan {
	return dynamicPlan(terms(january+first, days, MeterSlots{Meter: "meter-1", N: 24}), []int{0}, 7)
}

// ask registers a signed request for a plan.
func (d *deal) ask(p *BillPlan, replaces *Request) *Request {
	r := d.shop.ask(p, uint64(len(d.opened)+1), replaces)
	d.opened = append(d.opened, r)
	return r
}

// server is a fresh one that knows the same requests.
func (d *deal) server() *Verifier {
	m := NewMemory()
	for _, r := range d.opened {
		m.Open(r)
	}
	v := *d.shop.Verifier
	v.Ledger = m
	return &v
}

// told adds what happens if a server is told these bills in order; all but the
// last are accepted.
func (d *deal) told(name, base string, reason Reason, comment string, bills ...*Bill) {
	d.f.t.Helper()
	server := d.server()
	in := &testvectors.Exchange{Supplier: string(d.shop.Key.File()), Authorities: authoritiesOf(d.house), Now: d.shop.now()}
	for _, p := range d.plans {
		in.Plans = append(in.Plans, planData(p))
	}
	for _, r := range d.opened {
		in.Requests = append(in.Requests, r.Bytes())
	}
	for i, b := range bills {
		in.Bills = append(in.Bills, b.Bytes())
		want := Reason("")
		if i == len(bills)-1 {
			want = reason
		}
		_, err := server.Submit(b.Bytes())
		expect(d.f.t, name, err, want)
	}
	d.f.add(name, "5", base, reason, comment, "exchange", in)
}

// exchanges: what a supplier's server refuses because of what it remembers.
func (f *billFiles) exchanges() {
	d := f.newDeal("exchange")
	r := []*Request{d.ask(d.plans[0], nil), d.ask(d.plans[1], nil)}
	first, second := d.house.answer(r[0], d.plans[0]), d.house.answer(r[1], d.plans[1])
	const two = "exchange-two-bills"
	d.told("exchange-first-bill", "", "", "The first bill of a meter.", first)
	d.told(two, "", "", "Two periods, one after the other.", first, second)
	d.told("exchange-same-bytes-again", "", "", "The same submission sent again gets the same receipt.", first, first)
	stolen := *second
	sub := *second.Submission
	sub.ID = first.Submission.ID
	stolen.Submission = &sub
	d.told("same-id-other-body", two, ReasonRequest, "The second submission has the id of the first.", first, &stolen)
	d.told("second-answer-to-request", two, ReasonRequest, "A second, different answer to one request.", first, d.house.answer(r[0], d.plans[0]))
	d.told("exchange-unasked", two, ReasonRequest, "A bill that nobody asked for.", d.house.answer(nil, d.plans[0]))
	third := d.ask(d.plans[2], nil)
	d.told("period-gap", two, ReasonRequest, "The second period begins two days after the first has ended.", first, d.house.answer(third, d.plans[2]))
	d.plans = append(d.plans, d.period(1, 2))
	d.shop = d.shop.with(d.house, d.plans)
	overlapping := d.ask(d.plans[4], nil)
	d.told("period-overlaps", two, ReasonRequest, "The second period begins before the first has ended.", first, d.house.answer(overlapping, d.plans[4]))
	d.told("replay-other-request", two, ReasonProof, "The answer to one request is sent as that to another for the same period.", redirect(first, d.ask(d.plans[0], nil)))

	again := d.ask(d.plans[0], r[0])
	replaced := d.house.answer(again, d.plans[0])
	d.told("exchange-replaces", "", "", "A bill that replaces the first.", first, replaced)
	d.told("replaces-what-was-replaced", "exchange-replaces", ReasonRequest, "A second bill that replaces the first.", first, replaced, d.house.answer(d.ask(d.plans[0], r[0]), d.plans[0]))
	d.told("replaces-another-period", "exchange-replaces", ReasonRequest, "A bill of the second period that replaces the first.", first, d.house.answer(d.ask(d.plans[1], r[0]), d.plans[1]))
	d.told("replaces-nothing", "exchange-replaces", ReasonRequest, "A bill that replaces one that was never accepted.", replaced)

	now := d.shop.Now
	d.shop.Now = func() time.Time { return testNow.Add(2 * time.Hour) }
	d.told("request-expired", two, ReasonRequest, "The answer comes after the request's last moment.", first)
	d.shop.Now = now
	unknown := *r[0]
	unknown.Serial, unknown.Signature = 99, nil
	if err := unknown.Sign(d.shop.Key); err != nil {
		f.t.Fatal(err)
	}
	d.told("request-unknown", two, ReasonRequest, "The supplier signed the request and does not know it.", d.house.answer(&unknown, d.plans[0]))
	f.otherSupplier(d, first)
	f.statesAtTheServer()
	f.receipts(d, first, second)
}

// with returns the shop with another list of plans.
func (s *shop) with(h *house, plans []*BillPlan) *shop {
	n := newShop(h, plans...)
	n.Key, n.memory, n.Ledger, n.Now = s.Key, s.memory, s.memory, s.Now
	return n
}

func (f *billFiles) otherSupplier(d *deal, first *Bill) {
	other := &deal{f: f, house: d.house, plans: d.plans[:4]}
	other.shop = newShop(d.house, other.plans...)
	theirs := other.ask(other.plans[0], nil)
	other.told("replay-to-other-supplier", "exchange-first-bill", ReasonRequest, "A bill for one supplier is sent to another.", first)
	stolen := *first
	stolen.Request = theirs
	other.told("replay-to-other-supplier-request-exchanged", "exchange-first-bill", ReasonRequest, "The same, with the other supplier's request in the file.", &stolen)
	other.told("replay-to-other-supplier-hash-exchanged", "exchange-first-bill", ReasonProof, "The same, with the other supplier's request in file and submission.", redirect(first, theirs))
}

// statesAtTheServer: a supplier never goes back behind a state it has accepted.
func (f *billFiles) statesAtTheServer() {
	d := f.newDeal("states")
	old := d.house.opened
	d.house.seal(f.t, makeDays(setup{n: 24, first: january + 1, days: 1, seed: 24}, d.house.device.Certificate()), meter.Late)
	first := d.house.answer(d.ask(d.plans[0], nil), d.plans[0])
	second := d.ask(d.plans[1], nil)
	d.told("exchange-with-correction", "", "", "A correction is sent with the first bill and again with the second.", first, d.house.answer(second, d.plans[1]))
	d.told("exchange-head-older-than-accepted", "exchange-with-correction", ReasonChain, "The second bill rests on a head from before the correction.",
		first, must(Answer(second, d.plans[1], []*meter.Opened{old}, rand.Reader)))
	omitted := d.house.answer(second, d.plans[1])
	omitted.Submission.Segments[0].Corrections = nil
	d.told("exchange-correction-omitted", "exchange-with-correction", ReasonChain, "The second bill leaves the correction out.", first, omitted)
}

// receipts: a customer says "done" only to a receipt for what it has sent.
func (f *billFiles) receipts(d *deal, first, second *Bill) {
	receipt := func(b *Bill) []byte { return must(d.server().Submit(b.Bytes())) }
	add := func(name, base, comment string, from Supplier, b *Bill, got []byte) {
		f.t.Helper()
		if _, err := CheckReceipt(got, b, from); (err == nil) != (base == "") {
			f.t.Errorf("%s: %v", name, err)
		}
		f.add(name, "5", base, "", comment, "receipt", &testvectors.Receipt{Supplier: from.String(), Bill: b.Bytes(), Receipt: got})
	}
	key := d.shop.Key
	mine, theirs := receipt(first), receipt(second)
	add("receipt", "", "The receipt of an accepted bill.", key.Public(), first, mine)
	add("receipt-other-submission", "receipt", "The receipt of another submission.", key.Public(), first, theirs)
	add("receipt-other-supplier", "receipt", "The receipt is signed by another supplier than was expected.", must(NewSupplierKey()).Public(), first, mine)
	add("receipt-trailing-byte", "receipt", "A byte follows the receipt.", key.Public(), first, append(append([]byte{}, mine...), 0))
	add("request-as-receipt", "receipt", "The request is sent back as a receipt.", key.Public(), first, first.Request.Bytes())
	for _, c := range []struct {
		name, comment string
		bend          func(r *Receipt)
	}{
		{"receipt-amount-other", "The supplier signed another amount.", func(r *Receipt) { r.Outputs = append([]Output{}, r.Outputs...); r.Outputs[0][15]++ }},
		{"receipt-head-other", "The supplier signed other heads.", func(r *Receipt) { r.Heads[0][0] ^= 1 }},
		{"receipt-id-other", "The supplier signed another id.", func(r *Receipt) { r.ID[0] ^= 1 }},
		{"receipt-of-a-refusal", "The supplier signed a refusal.", func(r *Receipt) { r.Verdict = string(ReasonProof) }},
	} {
		r := must(ParseReceipt(mine))
		c.bend(r)
		r.sign(key)
		add(c.name, "receipt", c.comment, key.Public(), first, r.Bytes())
	}
	r := must(ParseReceipt(mine))
	r.Signature = signRequest(key, mustMarshal(r))
	add("receipt-under-request-label", "receipt", "The receipt is signed under the label of requests.", key.Public(), first, r.Bytes())
	r = must(ParseReceipt(mine))
	r.Time++
	add("receipt-altered", "receipt", "The receipt says another time than was signed.", key.Public(), first, r.Bytes())
}
