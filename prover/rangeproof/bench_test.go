package rangeproof

import (
	"fmt"
	"math/big"
	"testing"

	"hushwatt/prover/ristretto"
)

// benchmarkCases: a rounded bill is one range of 17 to 27 bits; a bill by lines
// has one for each line but the last.
var benchmarkCases = []struct {
	segments, width int
}{{1, 8}, {1, 27}, {2, 27}, {4, 27}}

func benchmarkProof(b *testing.B, segments, width int) (*Statement, *secret) {
	bound := big.NewInt(1<<(width-1) + 12345%(1<<(width-1)))
	s := statement(b, many(Segment{Width: width, Bound: bound}, segments)...)
	values := make([]ristretto.Scalar, segments)
	for i := range values {
		values[i].SetUint64(uint64(i + 1))
	}
	return s, commit(values, randomness(1))
}

func BenchmarkProve(b *testing.B) {
	for _, c := range benchmarkCases {
		s, sec := benchmarkProof(b, c.segments, c.width)
		b.Run(fmt.Sprintf("%dx%d", c.segments, c.width), func(b *testing.B) {
			r := randomness(2)
			for b.Loop() {
				prove(b, s, sec, r)
			}
			b.ReportMetric(float64(s.Size()), "bytes")
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, c := range benchmarkCases {
		s, sec := benchmarkProof(b, c.segments, c.width)
		proof := prove(b, s, sec, randomness(2))
		b.Run(fmt.Sprintf("%dx%d", c.segments, c.width), func(b *testing.B) {
			for b.Loop() {
				if !accepts(s, sec.commitments, proof) {
					b.Fatal("refused")
				}
			}
		})
	}
}

// BenchmarkVerifyBatch is the time of one proof in a batch of 100.
func BenchmarkVerifyBatch(b *testing.B) {
	s, sec := benchmarkProof(b, 1, 27)
	proof := prove(b, s, sec, randomness(2))
	const batch = 100
	for b.Loop() {
		var sum ristretto.Sum
		for i := range uint64(batch) {
			v, err := read(s, sec.commitments, proof)
			if err != nil {
				b.Fatal(err)
			}
			w := weights(i)
			v.AddTo(&sum, &w[0], &w[1], func(j int, k *ristretto.Scalar) { sum.AddElement(sec.commitments[j], k) })
		}
		if !sum.IsIdentity() {
			b.Fatal("refused")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/batch, "µs/proof")
}
