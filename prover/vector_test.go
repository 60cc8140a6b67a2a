package prover

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"testing"
)

// demandBill is the claim that m is at least every reading of the home, and worth
// the revealed amount beside the energy.
func demandBill(h *home, most uint32) *Claim {
	c := NewClaim(h.rows, "2026a")
	w, u, _ := bill(h)
	f := c.Functional(w, big.NewInt(17))
	m := c.Secret("peak", zero, big.NewInt(int64(h.rows[0].Cap)), PaysUp)
	var sums []Sum
	for d, r := range h.rows {
		for s := range r.N {
			sums = append(sums, Sum{Cells: []Cell{{Row: d, Slot: s, K: -1}}})
		}
	}
	c.RequireEach(m, sums, big.NewInt(int64(h.rows[0].Cap)))
	total := h.sum(w, 17)
	total.Add(total, new(big.Int).Mul(big.NewInt(1_000_000), big.NewInt(int64(most))))
	c.Rounded(f.Add(m.Scale(big.NewInt(1_000_000))), u, HalfUp, oracleRound(total, u, HalfUp))
	return c
}

func (h *home) most() (m uint32) {
	for d := range h.opened {
		for _, v := range h.opened[d].Values {
			m = max(m, v)
		}
	}
	return m
}

// TestVectorShapes: a peak of every shape of home, exact and one too high; one
// too low is not provable.
func TestVectorShapes(t *testing.T) {
	rng := testRand()
	for _, n := range []int{24, 48, 96} {
		for _, d := range []int{1, 28, 31, 62} {
			if d > 1 && n != 48 && testing.Short() {
				continue
			}
			t.Run(fmt.Sprintf("%d days of %d", d, n), func(t *testing.T) {
				rows := days(d, n)
				for i := range rows {
					rows[i].Cap = 1<<14 - 1
				}
				h := newHome(rows, func(d, s int) uint32 { return rng.Uint32N(1 << 14) })
				m := h.most()
				h.accepts(t, demandBill(h, m), NewInt(int64(m)))
				if m < rows[0].Cap {
					h.accepts(t, demandBill(h, m+1), NewInt(int64(m+1)))
				}
				low := demandBill(h, m-1)
				if _, err := low.Prove(testHeader, h.seals, h.opened, []Int{NewInt(int64(m - 1))}, rand.Reader); err == nil {
					t.Error("a peak below the highest reading was proven")
				}
				h.cheats(t, low, func(*witness) {}, NewInt(int64(m-1)))
			})
		}
	}
}
