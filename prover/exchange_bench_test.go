package prover

import (
	"crypto/rand"
	"testing"

	"hushwatt/meter"
)

// A month of half-hours, each at its own price, as bill files: what a customer's
// device and a supplier's server do in all.

func BenchmarkAnswerMonth(b *testing.B) {
	h, plan := houseAndPlan(b, 90)
	for b.Loop() {
		must(Answer(nil, plan, []*meter.Opened{h.opened}, rand.Reader))
	}
}

func BenchmarkVerifyBillMonth(b *testing.B) {
	h, plan := houseAndPlan(b, 91)
	data := must(Answer(nil, plan, []*meter.Opened{h.opened}, rand.Reader)).Bytes()
	checks := h.checks(plan)
	b.ReportMetric(float64(len(data)), "bytes")
	for b.Loop() {
		must(VerifyBill(data, checks))
	}
}

// 200 bills at once; the time is that of one.
func BenchmarkVerifyBillsMonth(b *testing.B) {
	const count = 200
	h, plan := houseAndPlan(b, 92)
	bills := make([][]byte, count)
	for i := range bills {
		bills[i] = must(Answer(nil, plan, []*meter.Opened{h.opened}, rand.Reader)).Bytes()
	}
	checks := h.checks(plan)
	for b.Loop() {
		if _, errs := VerifyBills(bills, checks); errs[0] != nil {
			b.Fatal(errs[0])
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*count), "µs/bill")
}
