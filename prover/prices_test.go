package prover

import (
	"crypto/rand"
	"testing"

	"hushwatt/meter"
)

// Bills of one batch that share their prices: all slots measured, some left out by
// the policy, and prices that are none of the request's.
func TestBatchThatSharesPrices(t *testing.T) {
	whole := newHouse(t, setup{days: 3, seed: 96})
	gaps := newHouse(t, setup{days: 3, seed: 97, meter: "meter-2", authority: whole.authority, status: func(day, slot int) meter.Status {
		if day == january+1 && slot < 3 {
			return meter.Missing
		}
		return meter.Measured
	}})
	terms := terms(january, 3, MeterSlots{Meter: "meter-1", N: 48})
	terms.Policy.Missing = PolicyExclude
	plan := dynamicPlan(terms, []int{meter.ImportChannel}, 7)
	of := func(name, tz string) *BillPlan {
		p := *plan
		p.Meters, p.TZ = []MeterSlots{{Meter: name, N: 48}}, tz
		return &p
	}
	var bills [][]byte
	for _, h := range []*house{whole, gaps, whole, gaps} {
		p := of(h.device.Certificate().Meter, plan.TZ)
		bills = append(bills, must(Answer(nil, p, []*meter.Opened{h.opened}, rand.Reader)).Bytes())
	}
	checks := whole.checks(plan)
	checks.Plan = func(r *Request) (*BillPlan, error) { return of(r.Terms.Meters[0].Meter, r.Terms.TZ), nil }
	_, errs := VerifyBills(bills, checks)
	for i, err := range errs {
		if err != nil {
			t.Errorf("bill %d: %v", i, err)
		}
	}

	// Weights' hash of other time zone data under the same prices.
	old := must(Answer(nil, of("meter-1", "2013a"), []*meter.Opened{whole.opened}, rand.Reader))
	old.Request.Terms.TZ = plan.TZ
	old.Submission.Request = old.Request.Hash()
	_, errs = VerifyBills([][]byte{bills[0], old.Bytes(), bills[1]}, checks)
	if errs[0] != nil || errs[2] != nil {
		t.Error(errs)
	}
	expect(t, "hash of other time zone data", errs[1], ReasonTariff)
}
