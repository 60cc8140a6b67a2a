package bench

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"hushwatt/prover"
	"hushwatt/prover/plan"
	"hushwatt/prover/ristretto"
	"hushwatt/tariffs"
)

// The tariffs of the tables, by what is proven.
var kinds = []struct{ name, document string }{
	{"bill", rates(3, "bill")},
	{"line3", rates(3, "line")},
	{"dynamic", dynamic()},
	{"blocks", blocks()},
	{"demand", demand()},
}

func BenchmarkProve(b *testing.B) {
	h := usual()
	for _, k := range kinds {
		b.Run(k.name, func(b *testing.B) { benchProve(b, h, h.plan(b, k.document, month)) })
	}
}

func benchProve(b *testing.B, h *home, p *plan.Plan) {
	size := len(h.answer(b, p).Submission.Bytes())
	for b.Loop() {
		h.answer(b, p)
	}
	b.ReportMetric(float64(size), "bytes")
}

func BenchmarkVerify(b *testing.B) {
	h := usual()
	for _, k := range kinds {
		b.Run(k.name, func(b *testing.B) { benchVerify(b, h, h.plan(b, k.document, month)) })
	}
	b.Run("year", func(b *testing.B) { benchVerify(b, h, h.plan(b, dynamic(), year)) })
}

func benchVerify(b *testing.B, h *home, p *plan.Plan) {
	bill := h.answer(b, p).Bytes()
	c := checks(p)
	for b.Loop() {
		_, err := prover.VerifyBill(bill, c)
		must(b, err)
	}
}

// thousand are 1,000 different bills of a month: 50 homes, 20 proofs each, every
// one with its own transcript.
var thousand = sync.OnceValues(func() (bills [][]byte, c prover.Checks) {
	const homes, each = 50, 20
	for i := range homes {
		h := newHome(panics{}, uint64(10+i), 48, month)
		p := h.plan(panics{}, kinds[2].document, month)
		c = checks(p)
		for range each {
			bills = append(bills, h.answer(panics{}, p).Bytes())
		}
	}
	return bills, c
})

// BenchmarkBatch verifies all of them at once.
func BenchmarkBatch(b *testing.B) {
	bills, c := thousand()
	for b.Loop() {
		_, errs := prover.VerifyBills(bills, c)
		for _, err := range errs {
			must(b, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(bills)), "ns/bill")
}

func BenchmarkBaseline(b *testing.B) {
	h := usual()
	s := newBaseline(b, h.plan(b, kinds[2].document, month).BillPlan, h.opened.Days)
	b.Run("prove", func(b *testing.B) {
		for b.Loop() {
			s.prove(b)
		}
		b.ReportMetric(float64(s.size()), "bytes")
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			must(b, s.verify())
		}
	})
	b.Run("batch", func(b *testing.B) {
		const count = 100
		for b.Loop() {
			var sum ristretto.Sum
			for range count {
				must(b, s.addTo(&sum))
			}
			if !sum.IsIdentity() {
				b.Fatal(errBaseline)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*count), "ns/bill")
	})
}

// BenchmarkOpen opens a month's meter file and checks every signature and seal.
func BenchmarkOpen(b *testing.B) {
	h := newHome(b, 2, 48, month)
	for b.Loop() {
		openExport(b, h.export, h.key)
	}
}

// BenchmarkCompile makes the weights of a year of half-hourly prices.
func BenchmarkCompile(b *testing.B) {
	t, err := tariffs.Parse([]byte(dynamic()))
	must(b, err)
	for b.Loop() {
		p, err := tariffs.Compile([]*tariffs.Tariff{t}, january, january+year, 48)
		must(b, err)
		_, err = p.Functionals()
		must(b, err)
	}
}

// Of the plots: cost against the number of days, of functionals, of slots a day.

func BenchmarkDays(b *testing.B) {
	h := usual()
	for _, d := range []int{1, 7, month, 92, 183, year} {
		benchPoint(b, d, h, h.plan(b, dynamic(), d))
	}
}

func BenchmarkFunctionals(b *testing.B) {
	h := usual()
	for _, j := range []int{1, 2, 4, 6, 8, 10, 12, 16} {
		benchPoint(b, j, h, h.plan(b, rates(j, "line"), month))
	}
}

func BenchmarkSlots(b *testing.B) {
	for _, n := range []int{24, 48, 96, 144, 288} {
		h := newHome(b, 3, n, month)
		benchPoint(b, n, h, h.plan(b, rates(1, "bill"), month))
	}
}

func benchPoint(b *testing.B, x int, h *home, p *plan.Plan) {
	b.Run(fmt.Sprintf("prove/%d", x), func(b *testing.B) { benchProve(b, h, p) })
	b.Run(fmt.Sprintf("verify/%d", x), func(b *testing.B) { benchVerify(b, h, p) })
}

// elapsed is for what happens once in a process.
func elapsed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}
