package prover

import "testing"

// everyConstruct is a claim that uses the whole language, about few rows.
func everyConstruct(t *testing.T) (*Claim, *home, []Int) {
	rows := []Row{{N: 24, Cap: 5000}, {N: 48, Cap: 4000}, {N: 24, Cap: 5000}}
	h := newHome(rows, func(d, s int) uint32 { return uint32(100*d + 3*s) })
	w0 := weights(rows, func(d, s int) int64 { return int64(s + 1) })
	w1 := weights(rows, func(d, s int) int64 { return int64(5 - d*s) })
	x0, x1 := h.sum(w0, 0).Int64(), h.sum(w1, -7).Int64()
	c := NewClaim(rows, "2026a")
	f0, f1 := c.Functional(w0, zero), c.Functional(w1, ints(-7)[0])
	y := c.Secret("y", zero, ints(1 << 40)[0])
	z := c.Secret("z", ints(-1 << 60)[0], ints(1 << 60)[0])
	v := c.Secret("v", zero, ints(1 << 40)[0])
	bit := c.Secret("bit", zero, one)
	c.RequireZero(y.Add(v).Sub(f0))                                 // v = f0 − y, substituted
	c.RequireZero(z.Scale(ints(2)[0]).Sub(y.Scale(ints(2 * 3)[0]))) // 2z = 6y, stays
	c.Product(z, y, Constant(ints(3)[0]).Add(bit))
	c.ZeroProduct(bit, y)
	c.Reveal(f1.Add(f0), ints(x0 + x1)[0])
	c.RequireRange(f0.Sub(y), ints(1 << 40)[0])
	c.Rounded(f1, ints(12)[0], HalfEven, oracleRound(ints(x1)[0], ints(12)[0], HalfEven))
	return c, h, []Int{NewInt(x0 / 2), NewInt(x0 / 2 * 3), NewInt(x0 - x0/2), NewInt(0)}
}

func TestSlowProverAgrees(t *testing.T) {
	c, h, secrets := everyConstruct(t)
	h.accepts(t, c, secrets...)
	narg := slowProve(t, c, h, "", "", secrets...)
	if err := c.Verify(testHeader, h.seals, narg); err != nil {
		t.Fatal(err)
	}
}

func TestRejectTranscripts(t *testing.T) {
	c, h, secrets := everyConstruct(t)
	for _, part := range []string{"session", "sizes", "weights", "seal", "ranges", "X", "Y", "AS", "A0", "A2", "last A", "relation", "T", "responses", "T12", "rest"} {
		t.Run("omits-"+part, func(t *testing.T) { h.refuses(t, c, slowProve(t, c, h, part, "", secrets...)) })
	}
	for _, wrong := range []string{omegaBeforeX, rBeforeA2, lowBitFirst, sealSum, notInside, shortSqueeze, lateX} {
		t.Run(wrong, func(t *testing.T) { h.refuses(t, c, slowProve(t, c, h, "", wrong, secrets...)) })
	}
}
