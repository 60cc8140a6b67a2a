package fold

import (
	"fmt"
	"testing"

	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

func benchLabs() map[string]*lab {
	return map[string]*lab{
		"D=31_J=1":  newLab(repeat(48, 31), 1, ""),
		"D=31_J=6":  newLab(repeat(48, 31), 6, ""),
		"D=365_J=1": newLab(repeat(48, 365), 1, ""),
	}
}

func BenchmarkProve(b *testing.B) {
	for name, l := range benchLabs() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := l.prove(stream("nonces")); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkVerify decodes seals and proof and checks all in one sum.
func BenchmarkVerify(b *testing.B) {
	for name, l := range benchLabs() {
		narg, err := l.prove(stream("nonces"))
		if err != nil {
			b.Fatal(err)
		}
		for _, batch := range []int{1, 100} {
			b.Run(fmt.Sprintf("%s/batch=%d", name, batch), func(b *testing.B) {
				for b.Loop() {
					var sum ristretto.Sum
					for range batch {
						l.decodeSeals()
						rel, proof, err := l.read(narg, false)
						if err != nil {
							b.Fatal(err)
						}
						sigma.AddTo(&sum, rel, proof, randomWeights(2))
					}
					if !sum.IsIdentity() {
						b.Fatal("refused")
					}
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*batch), "µs/bill")
			})
		}
	}
}

func (l *lab) decodeSeals() {
	for d, v := range l.seals {
		p, err := sigma.DecodePoint(v.Append(nil))
		if err != nil {
			panic(err)
		}
		l.seals[d] = p
	}
}
