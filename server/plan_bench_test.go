package server

import (
	"os"
	"testing"

	"hushwatt/internal/testdata"
	"hushwatt/prover"
	"hushwatt/prover/plan"
	"hushwatt/tariffs"
)

// BenchmarkPlan is what the server does anew for each bill with its own tariff:
// compile a month, and hash its weights.
func BenchmarkPlan(b *testing.B) {
	for _, name := range []string{"flat", "evening"} {
		b.Run(name, func(b *testing.B) {
			t := must(tariffs.Parse(must(os.ReadFile(testdata.Shared(b, "design/tariff-examples/"+name+".json")))))
			p := must(plan.New([]*tariffs.Tariff{t}, january, january+31, []prover.MeterSlots{{Meter: "m", N: 48}}))
			r := must(prover.NewRequest(p.BillPlan))
			for b.Loop() {
				p := must(plan.For(r, []*tariffs.Tariff{t}))
				if err := p.Matches(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
