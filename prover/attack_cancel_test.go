package prover

import (
	"errors"
	"fmt"
	"testing"

	"hushwatt/prover/ristretto"
)

// sums reports whether the equations of proofs add up to nothing when all weigh
// the same.
func sums(proofs ...*replay) bool {
	var sum ristretto.Sum
	for _, p := range proofs {
		w := make([]ristretto.Scalar, p.equations())
		for i := range w {
			w[i] = num(1)
		}
		p.addTo(&sum, w)
	}
	return sum.IsIdentity()
}

// TestAttackCancelDigits: errors of G and −G in two equations of a claim with
// digits, be they those of the fold, the zero-check, the combination, the openings
// or a product, and in the same equation of two bills.
func TestAttackCancelDigits(t *testing.T) {
	h := smallHome(2)
	claim := func() (*Claim, []Int) {
		c, secrets := smallDemand(h, 0)
		y := c.Secret("factor", zero, ints(9)[0])
		c.ZeroProduct(y, y.AddConst(one))
		return c, append(secrets, NewInt(0))
	}
	c, secrets := claim()
	lean := func(tilt map[int]int64) (narg []byte, r *replay) {
		t.Helper()
		narg = slowly(t, c, h, &slow{tilt: tilt}, secrets...)
		r, err := c.replay(testHeader, h.seals, narg)
		if err != nil {
			t.Fatal(err)
		}
		return narg, r
	}
	narg, r := lean(nil)
	if err := c.Verify(testHeader, h.seals, narg); err != nil {
		t.Fatal(err)
	}
	n := r.equations()
	for i := range n {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			narg, r := lean(map[int]int64{i: 1, (i + 1) % n: -1})
			if !sums(r) {
				t.Fatal("the errors do not cancel")
			}
			h.refuses(t, c, narg)
		})
	}
	plus, r1 := lean(map[int]int64{n - 2: 1})
	minus, r2 := lean(map[int]int64{n - 2: -1})
	if !sums(r1, r2) {
		t.Fatal("the errors do not cancel")
	}
	b := NewBatch(nil)
	b.Add(c, testHeader, h.seals, plus)
	b.Add(c, testHeader, h.seals, minus)
	for _, err := range b.Verify() {
		if !errors.Is(err, ErrProof) {
			t.Error("accepted")
		}
	}
}
