package prover

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"testing"
)

// roundedBill is the claim of the commonest bill: a month of half-hours, each
// with its own price, one rounded amount.
func roundedBill(h *home) *Claim {
	w, u, amount := bill(h)
	c := NewClaim(h.rows, "2026a")
	c.Rounded(c.Functional(w, big.NewInt(17)), u, HalfUp, amount)
	return c
}

func bill(h *home) (w [][]int64, u, amount *big.Int) {
	w = weights(h.rows, func(d, s int) int64 { return int64(1_000_000 + 977*s + 13*d) })
	u = big.NewInt(100_000_000)
	return w, u, oracleRound(h.sum(w, 17), u, HalfUp)
}

func threeLines(h *home) *Claim {
	c := NewClaim(h.rows, "2026a")
	u := big.NewInt(100_000_000)
	var lines []Linear
	var us []*big.Int
	total := new(big.Int)
	for i := range 3 {
		w := weights(h.rows, func(d, s int) int64 {
			if s*3/48 != i {
				return 0
			}
			return int64(1_000_000 * (i + 1))
		})
		lines, us = append(lines, c.Functional(w, zero)), append(us, u)
		total.Add(total, oracleRound(h.sum(w, 0), u, HalfUp))
	}
	c.RoundedLines(lines, us, HalfUp, total)
	return c
}

func BenchmarkProve(b *testing.B) {
	h := month(testRand())
	for name, make := range map[string]func(*home) *Claim{"bill": roundedBill, "lines": threeLines} {
		c := make(h)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := c.Prove(testHeader, h.seals, h.opened, nil, rand.Reader); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(c.Size()), "bytes")
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	h := month(testRand())
	for name, make := range map[string]func(*home) *Claim{"bill": roundedBill, "lines": threeLines} {
		narg := h.prove(b, make(h))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				c := make(h)
				b.StartTimer()
				if err := c.Verify(testHeader, h.seals, narg); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	h := month(testRand())
	w := weights(h.rows, func(d, s int) int64 { return int64(1_000_000 + 977*s + 13*d) })
	for b.Loop() {
		c := NewClaim(h.rows, "2026a")
		c.Rounded(c.Functional(w, zero), big.NewInt(100_000_000), HalfUp, big.NewInt(1))
		if err := c.Check(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReplay(b *testing.B) {
	h := month(testRand())
	c := roundedBill(h)
	narg := h.prove(b, c)
	for b.Loop() {
		if _, err := c.replay(testHeader, h.seals, narg); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyBatch(b *testing.B) {
	h := month(testRand())
	narg := h.prove(b, roundedBill(h))
	w, u, amount := bill(h)
	var bytes []byte
	for _, v := range h.seals {
		bytes = v.Append(bytes)
	}
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				batch := NewBatch(nil)
				for range n {
					// As it comes in: seals are decoded and the claim is built
					// anew for every bill.
					seals, err := decodePoints(bytes)
					if err != nil {
						b.Fatal(err)
					}
					c := NewClaim(h.rows, "2026a")
					c.Rounded(c.Functional(w, big.NewInt(17)), u, HalfUp, amount)
					batch.Add(c, testHeader, seals, narg)
				}
				for _, err := range batch.Verify() {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/bill")
		})
	}
}

// BenchmarkVerifyYear is a month and a year from bytes: seals decoded, the claim
// built, the proof verified. A year may cost four months.
func BenchmarkVerifyYear(b *testing.B) {
	for name, d := range map[string]int{"month": 31, "year": 365} {
		rng := testRand()
		h := newHome(days(d, 48), func(d, s int) uint32 { return rng.Uint32N(2000) })
		narg := h.prove(b, roundedBill(h))
		w, u, amount := bill(h)
		var enc []byte
		for _, v := range h.seals {
			enc = v.Append(enc)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				seals, err := decodePoints(enc)
				if err != nil {
					b.Fatal(err)
				}
				c := NewClaim(h.rows, "2026a")
				c.Rounded(c.Functional(w, big.NewInt(17)), u, HalfUp, amount)
				if err := c.Verify(testHeader, seals, narg); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
