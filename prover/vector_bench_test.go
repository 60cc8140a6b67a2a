package prover

import (
	"crypto/rand"
	"math/big"
	"testing"

	"hushwatt/prover/rangeproof"
	"hushwatt/prover/ristretto"
)

// BenchmarkDemand is the largest rule over every slot of a month: no half-hour
// of 1,488 is above the demand that is paid for, with readings of 20 bits.
func BenchmarkDemand(b *testing.B) {
	h := month(testRand())
	m := NewInt(int64(h.most()))
	narg := h.prove(b, demandBill(h, h.most()), m)
	b.Run("prove", func(b *testing.B) {
		c := demandBill(h, h.most())
		for b.Loop() {
			if _, err := c.Prove(testHeader, h.seals, h.opened, []Int{m}, rand.Reader); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(c.Size()), "bytes")
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if err := demandBill(h, h.most()).Verify(testHeader, h.seals, narg); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("verify-20", func(b *testing.B) {
		for b.Loop() {
			batch := NewBatch(nil)
			for range 20 {
				batch.Add(demandBill(h, h.most()), testHeader, h.seals, narg)
			}
			for _, err := range batch.Verify() {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/20, "µs/proof")
	})
}

// BenchmarkDemandBulletproof is an eighth of the same statement about the same
// numbers as one Bulletproof over 4,096 bits, the most that package rangeproof
// takes; the time of such proofs is proportional to their length. The commitments
// to each difference, which a claim would need as well, are not counted.
func BenchmarkDemandBulletproof(b *testing.B) {
	h := month(testRand())
	var segments []rangeproof.Segment
	var values, blinds []ristretto.Scalar
	for d := range h.opened {
		for _, v := range h.opened[d].Values {
			if len(values) == 31*48/8 {
				break
			}
			segments = append(segments, rangeproof.Segment{Width: 20, Bound: big.NewInt(1<<20 - 1)})
			values, blinds = append(values, num(int64(h.most()-v))), append(blinds, randomScalar())
		}
	}
	st, err := rangeproof.New(segments)
	if err != nil {
		b.Fatal(err)
	}
	next := func([]byte) ristretto.Scalar { return num(12345) }
	for b.Loop() {
		p, err := st.NewProver(values, blinds, rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		p.AS()
		y, z, x := num(7), num(11), num(13)
		if _, err := p.T(&y, &z); err != nil {
			b.Fatal(err)
		}
		if _, err := p.Finish(&x, next); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(st.Size()), "bytes")
	b.ReportMetric(8*float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/all")
}

// BenchmarkAmountDigits is the commonest bill, one rounded amount, with its range
// as digits: what it would cost to do without Bulletproofs.
func BenchmarkAmountDigits(b *testing.B) {
	h := month(testRand())
	claim := func() *Claim {
		c := NewClaim(h.rows, "2026a")
		w, u, amount := bill(h)
		f := c.Functional(w, big.NewInt(17))
		r := ruleFor(HalfUp, u, amount)
		c.RequireEach(f.addScaled(new(big.Int).Neg(u), Constant(amount)).AddConst(r.a), make([]Sum, 1), r.bound)
		return c
	}
	narg := h.prove(b, claim())
	b.Run("prove", func(b *testing.B) {
		c := claim()
		for b.Loop() {
			if _, err := c.Prove(testHeader, h.seals, h.opened, nil, rand.Reader); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(c.Size()), "bytes")
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if err := claim().Verify(testHeader, h.seals, narg); err != nil {
				b.Fatal(err)
			}
		}
	})
}
