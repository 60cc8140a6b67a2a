package prover

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"hushwatt/meter"
)

// shop is a supplier with its memory.
type shop struct {
	*Verifier
	memory *Memory
}

var testNow = time.Date(2013, 3, 1, 12, 0, 0, 0, time.UTC)

// newShop makes a supplier that trusts the house's authority and whose own plan
// for a request is the one that plans gives for its first date.
func newShop(h *house, plans ...*BillPlan) *shop {
	s := &shop{memory: NewMemory()}
	s.Verifier = &Verifier{
		Checks: Checks{
			Authorities: []meter.Authority{h.authority.Authority()},
			Plan: func(r *Request) (*BillPlan, error) {
				for _, p := range plans {
					if p.Period == r.Terms.Period && p.Kind == r.Terms.Kind {
						return p, nil
					}
				}
				return nil, errors.New("no tariff for this period")
			},
		},
		Key: must(NewSupplierKey()), Ledger: s.memory, Now: func() time.Time { return testNow },
	}
	return s
}

// ask makes and registers a signed request.
func (s *shop) ask(plan *BillPlan, serial uint64, replaces *Request) *Request {
	r := must(NewRequest(plan))
	r.Serial, r.NotAfter, r.ReturnTo = serial, testNow.Unix()+3600, "https://supplier.example/api"
	if replaces != nil {
		h := replaces.Hash()
		r.Replaces = h[:]
	}
	if err := r.Sign(s.Key); err != nil {
		panic(err)
	}
	s.memory.Open(r)
	return r
}

func (h *house) answer(r *Request, plan *BillPlan) *Bill {
	return must(Answer(r, plan, []*meter.Opened{h.opened}, rand.Reader))
}

// spans makes plans of days each, one after another from january on.
func spans(days ...int) []*BillPlan {
	var plans []*BillPlan
	first := january
	for _, n := range days {
		plans = append(plans, dynamicPlan(terms(first, n, MeterSlots{Meter: "meter-1", N: 48}), []int{0}, 7))
		first += n
	}
	return plans
}

func TestSubmitAndReceipt(t *testing.T) {
	h := newHouse(t, setup{days: 6, seed: 20})
	plans := spans(2, 2, 2)
	s := newShop(h, plans...)
	var last *Bill
	var receipts [][]byte
	for i, p := range plans {
		last = h.answer(s.ask(p, uint64(i), nil), p)
		receipt, err := s.Submit(last.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		r, err := CheckReceipt(receipt, last, s.Key.Public())
		if err != nil {
			t.Fatal(err)
		}
		if r.Serial != uint64(i+1) || r.Time != testNow.Unix() {
			t.Errorf("receipt %+v", r)
		}
		receipts = append(receipts, receipt)
	}
	again, err := s.Submit(last.Bytes())
	if err != nil || !bytes.Equal(again, receipts[2]) {
		t.Errorf("sent again: %v, the same receipt: %v", err, bytes.Equal(again, receipts[2]))
	}
	if _, err := CheckReceipt(receipts[0], last, s.Key.Public()); err == nil {
		t.Error("receipt-other-submission: accepted")
	}
	if _, err := CheckReceipt(receipts[2], last, must(NewSupplierKey()).Public()); err == nil {
		t.Error("receipt of another supplier: accepted")
	}
}

func TestSubmitRejects(t *testing.T) {
	h := newHouse(t, setup{days: 8, seed: 21})
	plans := spans(2, 2, 2, 2)
	overlapping := dynamicPlan(terms(january+1, 2, MeterSlots{Meter: "meter-1", N: 48}), []int{0}, 7)
	s := newShop(h, append(plans, overlapping)...)
	requests := []*Request{s.ask(plans[0], 1, nil), s.ask(plans[1], 2, nil)}
	first, second := h.answer(requests[0], plans[0]), h.answer(requests[1], plans[1])

	other := newShop(h, plans...)
	_, err := other.Submit(first.Bytes())
	expect(t, "replay-to-other-supplier", err, ReasonRequest)
	stolen := *first
	theirs := other.ask(plans[0], 1, nil)
	stolen.Request = theirs
	_, err = other.Submit(stolen.Bytes())
	expect(t, "replay-to-other-supplier, request exchanged", err, ReasonRequest)
	_, err = other.Submit(redirect(first, theirs).Bytes())
	expect(t, "replay-to-other-supplier, hash exchanged", err, ReasonProof)
	_, err = s.Submit(redirect(first, s.ask(plans[0], 3, nil)).Bytes())
	expect(t, "replay-other-request", err, ReasonProof)
	unknown := must(NewRequest(plans[0]))
	unknown.Serial, unknown.NotAfter = 99, testNow.Unix()+3600
	if err := unknown.Sign(s.Key); err != nil {
		t.Fatal(err)
	}
	_, err = s.Submit(h.answer(unknown, plans[0]).Bytes())
	expect(t, "unknown request", err, ReasonRequest)
	_, err = s.Submit(h.answer(nil, plans[0]).Bytes())
	expect(t, "unasked", err, ReasonRequest)

	if _, err := s.Submit(first.Bytes()); err != nil {
		t.Fatal(err)
	}
	second.Submission.ID = first.Submission.ID
	_, err = s.Submit(second.Bytes())
	expect(t, "same-id-other-body", err, ReasonRequest)
	_, err = s.Submit(h.answer(requests[0], plans[0]).Bytes())
	expect(t, "second-answer-to-request", err, ReasonRequest)
	_, err = s.Submit(h.answer(s.ask(overlapping, 4, nil), overlapping).Bytes())
	expect(t, "period-overlaps", err, ReasonRequest)
	_, err = s.Submit(h.answer(s.ask(plans[2], 5, nil), plans[2]).Bytes())
	expect(t, "period-gap", err, ReasonRequest)

	replacing := h.answer(s.ask(plans[0], 6, requests[0]), plans[0])
	if _, err := s.Submit(replacing.Bytes()); err != nil {
		t.Errorf("a replacement: %v", err)
	}
	_, err = s.Submit(h.answer(s.ask(plans[0], 7, requests[0]), plans[0]).Bytes())
	expect(t, "replaces what was replaced", err, ReasonRequest)
	_, err = s.Submit(h.answer(s.ask(plans[1], 8, replacing.Request), plans[1]).Bytes())
	expect(t, "replaces another period", err, ReasonRequest)

	late := s.ask(plans[1], 9, nil)
	answer := h.answer(late, plans[1]).Bytes()
	s.Now = func() time.Time { return testNow.Add(2 * time.Hour) }
	_, err = s.Submit(answer)
	expect(t, "expired", err, ReasonRequest)
	s.Now = func() time.Time { return testNow }
	s.MaxSize = len(answer) - 1
	_, err = s.Submit(answer)
	expect(t, "too large", err, ReasonMalformed)
	s.MaxSize = 0
	if _, err := s.Submit(answer); err != nil {
		t.Errorf("after all that, the honest answer: %v", err)
	}
}

// redirect presents a submission as the answer to another request.
func redirect(b *Bill, r *Request) *Bill {
	s := *b.Submission
	s.Request = r.Hash()
	return &Bill{Request: r, Submission: &s}
}

// Two bills in one batch cannot both have the period.
func TestSubmitAllRecordsInOrder(t *testing.T) {
	h := newHouse(t, setup{days: 2, seed: 22})
	plan := spans(2)[0]
	s := newShop(h, plan)
	r := s.ask(plan, 1, nil)
	a, b := h.answer(r, plan).Bytes(), h.answer(r, plan).Bytes()
	bad := must(ParseBill(a))
	bad.Submission.Proof = bytes.Clone(bad.Submission.Proof)
	bad.Submission.Proof[len(bad.Submission.Proof)-32] ^= 1
	receipts, errs := s.SubmitAll([][]byte{bad.Bytes(), a, b, nil})
	for i, want := range []Reason{ReasonProof, "", ReasonRequest, ReasonMalformed} {
		expect(t, "bill", errs[i], want)
		if (receipts[i] != nil) != (want == "") {
			t.Errorf("bill %d: receipt %x beside %v", i, receipts[i], errs[i])
		}
	}
}

// A supplier never goes back behind a state that it has accepted.
func TestHeadsAtTheSupplier(t *testing.T) {
	h := newHouse(t, setup{days: 4, seed: 23})
	old := h.opened
	plans := spans(2, 2)
	s := newShop(h, plans...)
	h.seal(t, makeDays(setup{n: 48, first: january + 1, days: 1, seed: 24}, h.device.Certificate()), meter.Late)
	if _, err := s.Submit(h.answer(s.ask(plans[0], 1, nil), plans[0]).Bytes()); err != nil {
		t.Fatal(err)
	}
	second := s.ask(plans[1], 2, nil)
	stale := must(Answer(second, plans[1], []*meter.Opened{old}, rand.Reader))
	_, err := s.Submit(stale.Bytes())
	expect(t, "head-older-than-accepted", err, ReasonChain)

	omitted := h.answer(second, plans[1])
	omitted.Submission.Segments[0].Corrections = nil
	_, err = s.Submit(omitted.Bytes())
	expect(t, "correction-omitted", err, ReasonChain)
	if _, err := s.Submit(h.answer(second, plans[1]).Bytes()); err != nil {
		t.Fatal(err)
	}
	if len(s.memory.evidence) != 0 {
		t.Error("evidence against an honest meter")
	}
}
