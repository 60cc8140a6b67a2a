package prover

import (
	"bytes"
	"crypto/rand"
	"math/big"
	"slices"
	"testing"

	"hushwatt/internal/wire"
	"hushwatt/meter"
)

// forge makes a draft of an honest answer, lets the test bend it, and proves what
// came out, whether it holds or not.
func forge(t *testing.T, h *house, plan *BillPlan, bend func(*draft)) *Bill {
	t.Helper()
	d, err := newDraft(nil, plan, []*meter.Opened{h.opened})
	if err != nil {
		t.Fatal(err)
	}
	bend(d)
	s := d.submission
	rand.Read(s.ID[:])
	claim := must(d.plan.claim(d.rows, s.Outputs))
	s.Proof = must(claim.prove(d.header(), sealsOf(d.rows), d.openings, nil, rand.Reader, func(*witness) {}, noSteps))
	return &Bill{d.request, s}
}

// underOther makes the draft honest under a plan of the forger's own.
func (d *draft) underOther(p *BillPlan) {
	d.plan = p
	d.submission.Outputs = must(p.reveal(d.rows, readingsOf(d.openings)))
}

func refuses(t *testing.T, name string, h *house, plan *BillPlan, b *Bill, want Reason) {
	t.Helper()
	_, err := VerifyBill(b.Bytes(), h.checks(plan))
	expect(t, name, err, want)
}

// quick is a home of a few days and hourly slots, quick to prove.
func quick(t *testing.T, seed uint64) (*house, *BillPlan) {
	h := newHouse(t, setup{n: 24, days: 6, seed: seed})
	return h, dynamicPlan(terms(january+1, 4, MeterSlots{Meter: "meter-1", N: 24}), []int{0}, 7)
}

// Every field of the header is bound: a proof made under a header that lacks one,
// or holds another value there, does not verify.
func TestHeaderFieldDropped(t *testing.T) {
	h, plan := quick(t, 30)
	d := must(newDraft(nil, plan, []*meter.Opened{h.opened}))
	d.submission.ID = [16]byte{1}
	claim := must(plan.claim(d.rows, d.submission.Outputs))
	prove := func(name string, header []byte, want Reason) {
		s := *d.submission
		s.Proof = must(claim.Prove(header, sealsOf(d.rows), d.openings, nil, rand.Reader))
		refuses(t, name, h, plan, &Bill{d.request, &s}, want)
	}
	prove("honest header", d.header(), "")

	var fields []any
	if err := wire.Unmarshal(d.header(), &fields); err != nil {
		t.Fatal(err)
	}
	names := []string{"suite", "kind", "supplier", "request", "segments", "period", "tariffs", "weights", "policy", "outputs", "id"}
	if len(fields) != len(names) {
		t.Fatalf("header has %d fields, the test knows %d", len(fields), len(names))
	}
	for i, name := range names {
		prove("header-field-dropped "+name, must(wire.Marshal(slices.Delete(slices.Clone(fields), i, i+1))), ReasonProof)
		other := slices.Clone(fields)
		other[i] = "other"
		prove("header-field-other "+name, must(wire.Marshal(other)), ReasonProof)
	}
	segment := fields[4].([]any)[0].([]any)
	for i, name := range []string{"authority", "meter", "epoch", "n", "cap", "first", "last", "heads"} {
		other := slices.Clone(fields)
		other[4] = []any{slices.Delete(slices.Clone(segment), i, i+1)}
		prove("header-field-dropped segment "+name, must(wire.Marshal(other)), ReasonProof)
	}
	other := slices.Clone(fields)
	other[4] = []any{}
	prove("header-field-dropped segment", must(wire.Marshal(other)), ReasonProof)
}

// What the customer may not change about prices, at the level of a submission:
// neither under the supplier's weights hash nor under one of its own.
func TestWeightsAtSubmission(t *testing.T) {
	h, plan := quick(t, 31)
	last := len(plan.Functionals[0].Weights) - 1
	for name, bend := range map[string]func(f *Functional){
		"weight-plus-one first": func(f *Functional) { f.Weights[0][0]++ },
		"weight-plus-one last":  func(f *Functional) { f.Weights[last][23]++ },
		"weight-sign":           func(f *Functional) { f.Weights[1][5] = -f.Weights[1][5] },
		"weights-rows-swapped":  func(f *Functional) { f.Weights[0], f.Weights[1] = f.Weights[1], f.Weights[0] },
		"weights-slots-swapped": func(f *Functional) { w := f.Weights[2]; w[3], w[4] = w[4], w[3] },
		"constant-minus-one":    func(f *Functional) { f.Const = new(big.Int).Sub(f.Const, one) },
		"unit-doubled":          func(f *Functional) { f.U = new(big.Int).Lsh(f.U, 1) },
	} {
		other := *plan
		other.Functionals = []Functional{cloneFunctional(plan.Functionals[0])}
		bend(&other.Functionals[0])
		b := forge(t, h, plan, func(d *draft) { d.underOther(&other) })
		refuses(t, name, h, plan, b, ReasonProof)
		own := must(Answer(nil, &other, []*meter.Opened{h.opened}, rand.Reader))
		want := ReasonTariff
		if name == "unit-doubled" { // not part of the weights hash, but of the proof's ranges
			want = ReasonProof
		}
		refuses(t, name+", own hash", h, plan, own, want)
	}
}

func cloneFunctional(f Functional) Functional {
	f.Weights = slices.Clone(f.Weights)
	for i := range f.Weights {
		f.Weights[i] = slices.Clone(f.Weights[i])
	}
	return f
}

func TestWeightsOfFunctionalsSwapped(t *testing.T) {
	h, plan := quick(t, 32)
	plan.Stage = StageLine
	plan.Functionals = append(plan.Functionals, plan.functional("Other", 8, new(big.Int), big.NewInt(2_000_000)))
	other := *plan
	other.Functionals = []Functional{plan.Functionals[1], plan.Functionals[0]}
	b := forge(t, h, plan, func(d *draft) { d.underOther(&other) })
	refuses(t, "weights-functional-swapped", h, plan, b, ReasonProof)
}

// What the customer may not change about seals: a proof about other rows than the
// segments give, however honest about those.
func TestSealsAtSubmission(t *testing.T) {
	h, plan := quick(t, 33)
	for name, bend := range map[string]func(d *draft){
		"seal-swapped": func(d *draft) {
			swap(d, 0, 1)
			d.rows[0].Day, d.rows[1].Day = d.rows[1].Day, d.rows[0].Day
		},
		"seal-missing": func(d *draft) { d.rows, d.openings = d.rows[:3], d.openings[:3] },
		"seal-repeated": func(d *draft) {
			d.rows, d.openings = append(d.rows, d.rows[3]), append(d.openings, d.openings[3])
		},
		"seal-of-other-day": func(d *draft) {
			d.rows[1].Seal, d.rows[1].SealBytes, d.openings[1] = d.rows[0].Seal, d.rows[0].SealBytes, d.openings[0]
		},
	} {
		b := forge(t, h, plan, func(d *draft) {
			bend(d)
			d.underOther(plan)
		})
		refuses(t, name, h, plan, b, ReasonProof)
	}
	for name, bend := range map[string]func(s *meter.Segment){
		"seal-swapped in the segment": func(s *meter.Segment) {
			a := bytes.Clone(s.Seals[:32])
			copy(s.Seals, s.Seals[32:64])
			copy(s.Seals[32:64], a)
		},
		"record-order-swapped": func(s *meter.Segment) {
			a, b := bytes.Clone(s.Seals[:32]), bytes.Clone(s.Statuses[:12])
			copy(s.Seals, s.Seals[32:64])
			copy(s.Seals[32:64], a)
			copy(s.Statuses, s.Statuses[12:24])
			copy(s.Statuses[12:24], b)
		},
		"chain-one-record-short": func(s *meter.Segment) { s.Seals, s.Statuses, s.First = s.Seals[32:], s.Statuses[12:], s.First+1 },
		"h0-altered":             func(s *meter.Segment) { s.Before[31] ^= 1 },
		"head-of-next-day":       func(s *meter.Segment) { s.PeriodHead, s.StateHead = *stateHead(s), nil },
		"status-altered":         func(s *meter.Segment) { s.Statuses[0] = 0x11 },
		"heads-swapped": func(s *meter.Segment) {
			s.PeriodHead, s.StateHead = *stateHead(s), s.PeriodHead.Bytes()
		},
	} {
		b := must(Answer(nil, plan, []*meter.Opened{h.opened}, rand.Reader))
		bend(&b.Submission.Segments[0])
		refuses(t, name, h, plan, b, ReasonChain)
	}
}

// stateHead returns the state head of an honest segment.
func stateHead(s *meter.Segment) *meter.Head {
	_, state := s.Heads()
	return must(meter.ParseHead(state))
}

func swap(d *draft, i, j int) {
	d.rows[i], d.rows[j] = d.rows[j], d.rows[i]
	d.openings[i], d.openings[j] = d.openings[j], d.openings[i]
}

// What is revealed cannot be changed after the proof.
func TestOutputsAtSubmission(t *testing.T) {
	h, plan := quick(t, 34)
	for name, bend := range map[string]func(s *Submission){
		"amount-plus-one":     func(s *Submission) { s.Outputs[0][15]++ },
		"amount-minus-one":    func(s *Submission) { s.Outputs[0][15]-- },
		"amount-beyond-int64": func(s *Submission) { s.Outputs[0][7] = 1 },
		"amount-negative":     func(s *Submission) { s.Outputs[0][0] = 0xff },
		"second-output":       func(s *Submission) { s.Outputs = append(s.Outputs, Output{}) },
		"other-id":            func(s *Submission) { s.ID[0] ^= 1 },
		"proof-empty":         func(s *Submission) { s.Proof = nil },
		"narg-trailing":       func(s *Submission) { s.Proof = append(s.Proof, 0) },
		"narg-truncated":      func(s *Submission) { s.Proof = s.Proof[:len(s.Proof)-1] },
	} {
		b := must(Answer(nil, plan, []*meter.Opened{h.opened}, rand.Reader))
		bend(b.Submission)
		refuses(t, name, h, plan, b, ReasonProof)
	}
	b := must(Answer(nil, plan, []*meter.Opened{h.opened}, rand.Reader))
	b.Submission.Outputs = nil
	refuses(t, "no output", h, plan, b, ReasonMalformed)
}

func TestCoverageRejects(t *testing.T) {
	h, plan := quick(t, 35)
	tm := plan.Terms
	for name, days := range map[string][2]int{
		"edge-day-missing, last":  {january + 1, 3},
		"edge-day-missing, first": {january + 2, 3},
		"day-outside-period":      {january + 1, 5},
	} {
		shorter := dynamicPlan(terms(days[0], days[1], tm.Meters...), []int{0}, 7)
		b := must(Answer(nil, shorter, []*meter.Opened{h.opened}, rand.Reader))
		request := must(NewRequest(plan))
		refuses(t, name, h, plan, redirect(b, request), ReasonCoverage)
	}

	local := tm
	local.Period.Start -= 3600
	local.Period.End -= 3600
	edges := dynamicPlan(local, []int{0}, 7)
	outside := *edges
	outside.Functionals = []Functional{cloneFunctional(edges.Functionals[0])}
	outside.Functionals[0].Weights[0][0] = -5 // a slot before the period
	b := forge(t, h, edges, func(d *draft) { d.underOther(&outside) })
	refuses(t, "edge-slot-outside-priced", h, edges, b, ReasonProof)
	b = must(Answer(nil, &outside, []*meter.Opened{h.opened}, rand.Reader))
	refuses(t, "edge-slot-outside-priced, own hash", h, edges, b, ReasonTariff)
}

// Two epochs of one meter must meet without a gap and without an overlap.
func TestEpochsGapAndOverlap(t *testing.T) {
	for name, c := range map[string]struct{ oldEnd, newStart int }{
		"":                           {10, 10},
		"epoch-gap":                  {10, 11},
		"epoch-overlap-slot-twice":   {11, 10},
		"epoch-gap at midnight":      {0, 1},
		"epoch-overlap, last of day": {24, 23},
	} {
		old := newHouse(t, setup{meter: "a", n: 24, days: 2, seed: 36, status: func(day, s int) meter.Status {
			if day == january+1 && s >= c.oldEnd {
				return meter.NotHere
			}
			return meter.Measured
		}})
		young := newHouse(t, setup{meter: "b", n: 24, first: january + 1, days: 2, seed: 37, authority: old.authority, status: func(day, s int) meter.Status {
			if day == january+1 && s < c.newStart {
				return meter.NotHere
			}
			return meter.Measured
		}})
		plan := dynamicPlan(terms(january, 3, MeterSlots{Meter: "a", N: 24}, MeterSlots{Meter: "b", N: 24}), []int{0}, 7)
		b, err := Answer(nil, plan, []*meter.Opened{old.opened, young.opened}, rand.Reader)
		if name == "" {
			refuses(t, "epochs that meet", old, plan, b, "")
			b.Submission.Segments[0], b.Submission.Segments[1] = b.Submission.Segments[1], b.Submission.Segments[0]
			refuses(t, "segments out of order", old, plan, b, ReasonCoverage)
			b.Submission.Segments[0] = b.Submission.Segments[1]
			refuses(t, "segment twice", old, plan, b, ReasonCoverage)
			continue
		}
		expect(t, name+", honest program", err, ReasonCoverage)
		bare := bareSubmission(plan, old, young)
		refuses(t, name, old, plan, bare, ReasonCoverage)
	}
}

// bareSubmission has real segments and no proof: for checks that come before it.
func bareSubmission(plan *BillPlan, houses ...*house) *Bill {
	r := must(NewRequest(plan))
	s := &Submission{Request: r.Hash(), Outputs: make([]Output, plan.outputs())}
	for _, h := range houses {
		first, last := plan.Period.Days()
		e := h.opened.Export
		seg := must(e.Segment(max(uint16(first), e.First()), min(uint16(last), e.Last()), 0))
		s.Segments = append(s.Segments, *seg)
	}
	return &Bill{r, s}
}

func TestCertificateRejects(t *testing.T) {
	h, plan := quick(t, 38)
	b := must(Answer(nil, plan, []*meter.Opened{h.opened}, rand.Reader))
	stranger := newHouse(t, setup{n: 24, days: 6})
	refuses(t, "authority-not-trusted", stranger, plan, b, ReasonCertificate)

	altered := must(ParseBill(b.Bytes()))
	altered.Submission.Segments[0].Certificate.Cap++
	refuses(t, "certificate-altered", h, plan, altered, ReasonCertificate)

	expiring := &house{authority: h.authority, key: h.key}
	expiring.device = must(meter.NewMeter(h.authority, meter.Setup{Meter: "meter-1", N: 24, Cap: 65535, First: january, Last: january + 2}))
	expiring.seal(t, makeDays(setup{n: 24, first: january, days: 3}, expiring.device.Certificate()), 0)
	longer := bareSubmission(plan, h)
	longer.Submission.Segments[0].Certificate = *expiring.device.Certificate()
	refuses(t, "certificate-expired-mid-period", h, plan, longer, ReasonCertificate)

	halves := dynamicPlan(terms(january+1, 4, MeterSlots{Meter: "meter-1", N: 48}), []int{0}, 7)
	refuses(t, "n-other-than-certificate", h, halves, bareSubmission(halves, h), ReasonCertificate)
	claimed := must(ParseBill(b.Bytes()))
	claimed.Submission.Segments[0].N = 48
	refuses(t, "n-other-than-certificate, in the segment", h, plan, claimed, ReasonCertificate)

	elsewhere := dynamicPlan(terms(january+1, 4, MeterSlots{Meter: "meter-2", N: 24}), []int{0}, 7)
	refuses(t, "meter-not-asked-for", h, elsewhere, bareSubmission(elsewhere, h), ReasonRequest)
}

func TestStatusReject(t *testing.T) {
	h := newHouse(t, setup{n: 24, days: 2, status: func(day, s int) meter.Status {
		if s == 4 {
			return meter.Missing
		}
		return meter.Measured
	}})
	tm := terms(january, 2, MeterSlots{Meter: "meter-1", N: 24})
	tm.Policy.Missing = PolicyRefuse
	plan := dynamicPlan(tm, []int{0}, 7)
	refuses(t, "missing slot refused", h, plan, bareSubmission(plan, h), ReasonStatus)
}

// A bill that prices the export channel cannot be made from import seals.
func TestExportSealAsImport(t *testing.T) {
	h := newHouse(t, setup{n: 24, days: 2, channels: meter.ImportAndExport, seed: 39})
	tm := terms(january, 2, MeterSlots{Meter: "meter-1", N: 24})
	plan := dynamicPlan(tm, []int{0}, 7)
	b := forge(t, h, plan, func(d *draft) {
		for i := range d.rows {
			ch := h.opened.Days[i].Channels[meter.ExportChannel]
			d.openings[i] = Opening{ch.Wh, ch.Blinding}
			d.rows[i].Seal, d.rows[i].SealBytes = ch.Seal, [32]byte(ch.Seal.Bytes())
		}
		d.underOther(plan)
	})
	refuses(t, "export-seal-as-import", h, plan, b, ReasonProof)
	swapped := must(Answer(nil, plan, []*meter.Opened{h.opened}, rand.Reader))
	seals := swapped.Submission.Segments[0].Seals
	for i := 0; i < len(seals); i += 64 {
		copy(seals[i:], append(bytes.Clone(seals[i+32:i+64]), seals[i:i+32]...))
	}
	refuses(t, "export-seal-as-import, in the record", h, plan, swapped, ReasonChain)
	alone := newHouse(t, setup{n: 24, days: 2})
	both := dynamicPlan(tm, []int{0, 1}, 7)
	refuses(t, "export channel not there", alone, both, bareSubmission(both, alone), ReasonCoverage)
}

func TestOldVersionUsed(t *testing.T) {
	h, plan := quick(t, 40)
	before := h.opened
	h.seal(t, makeDays(setup{n: 24, first: january + 2, days: 1, seed: 41}, h.device.Certificate()), meter.Fault)
	refuses(t, "corrected bill", h, plan, must(Answer(nil, plan, []*meter.Opened{h.opened}, rand.Reader)), "")
	b := forge(t, h, plan, func(d *draft) {
		ch := before.Days[2].Channels[0]
		d.openings[1] = Opening{ch.Wh, ch.Blinding}
		d.rows[1].Seal, d.rows[1].SealBytes = ch.Seal, [32]byte(ch.Seal.Bytes())
		d.underOther(plan)
	})
	refuses(t, "old-version-used", h, plan, b, ReasonProof)
	omitted := must(Answer(nil, plan, []*meter.Opened{h.opened}, rand.Reader))
	omitted.Submission.Segments[0].Corrections = nil
	refuses(t, "correction-omitted", h, plan, omitted, ReasonChain)
	skipped := must(Answer(nil, plan, []*meter.Opened{h.opened}, rand.Reader))
	skipped.Submission.Segments[0].Corrections, skipped.Submission.Segments[0].From = nil, 1
	refuses(t, "correction-omitted, said to be known", h, plan, skipped, ReasonChain)

	// Two segments of one epoch: the first under an older head, which knows of no
	// correction. Each is in order by itself.
	old, young := must(before.Export.Segment(january+1, january+2, 0)), must(h.opened.Export.Segment(january+3, january+4, 0))
	two := bareSubmission(plan, h)
	two.Submission.Segments = []meter.Segment{*old, *young}
	refuses(t, "old-version-used, by a second segment", h, plan, two, ReasonCoverage)
}

func TestRequestRejects(t *testing.T) {
	h, plan := quick(t, 42)
	key := must(NewSupplierKey())
	signed := must(NewRequest(plan))
	signed.Serial, signed.NotAfter = 1, 1<<40
	if err := signed.Sign(key); err != nil {
		t.Fatal(err)
	}
	b := h.answer(signed, plan)
	checks := h.checks(plan)
	checks.Request = signed
	if _, err := VerifyBill(b.Bytes(), checks); err != nil {
		t.Fatal(err)
	}
	checks.Request = must(NewRequest(plan))
	_, err := VerifyBill(b.Bytes(), checks)
	expect(t, "another request expected", err, ReasonRequest)

	bent := *signed
	bent.Serial++
	refuses(t, "request altered", h, plan, redirect(b, &bent), ReasonRequest)
	receipt := Receipt{Version: Version, Suite: Suite, Verdict: Accepted}
	receipt.sign(key)
	bent = *signed
	bent.Signature = receipt.Signature
	refuses(t, "receipt-signature-as-request", h, plan, redirect(b, &bent), ReasonRequest)
	if _, err := ParseReceipt(signed.Bytes()); err == nil {
		t.Error("a request is taken for a receipt")
	}
	body := *signed
	body.Signature = nil
	bent.Signature = signReceipt(key, mustMarshal(&body))
	refuses(t, "request signed under the receipt's label", h, plan, redirect(b, &bent), ReasonRequest)

	unsigned := must(NewRequest(plan))
	refuses(t, "request dropped", h, plan, redirect(b, unsigned), ReasonProof)
	refuses(t, "request of the file exchanged", h, plan, &Bill{unsigned, b.Submission}, ReasonRequest)
}

// The customer's device shows it when a request's prices are not the tariff's.
func TestAnswerRefusesOtherWeights(t *testing.T) {
	h, plan := quick(t, 43)
	r := must(NewRequest(plan))
	r.Weights[0] ^= 1
	if _, err := Answer(r, plan, []*meter.Opened{h.opened}, rand.Reader); err == nil || err.Error() != ErrWeights.Error() {
		t.Errorf("answer: %v", err)
	}
	r = must(NewRequest(plan))
	r.Terms.Digits++
	if _, err := Answer(r, plan, []*meter.Opened{h.opened}, rand.Reader); err == nil {
		t.Error("other terms are answered")
	}
	late := dynamicPlan(terms(january+3, 4, plan.Meters...), []int{0}, 7)
	_, err := Answer(nil, late, []*meter.Opened{h.opened}, rand.Reader)
	expect(t, "period not covered", err, ReasonCoverage)
}
