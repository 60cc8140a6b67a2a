package prover

import (
	"bytes"
	"math/big"
	"testing"

	"hushwatt/prover/ristretto"
)

// stuck is a broken source of randomness: always the same bytes.
type stuck struct{}

func (stuck) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// TestNoncesHangOnTheWholeClaim proves, with a stuck source of randomness, two
// claims of one header and one statement that differ in a requirement only. If
// they shared their first commitment they would share all nonces, and two
// responses to different challenges give the readings away.
func TestNoncesHangOnTheWholeClaim(t *testing.T) {
	h := newHome(days(3, 24), func(d, s int) uint32 { return uint32(d + s) })
	w := weights(h.rows, func(d, s int) int64 { return int64(1 + d*24 + s) })
	x := h.sum(w, 0)
	twice := new(big.Int).Lsh(x, 1)
	claims := map[string]func(c *Claim, f Linear){
		"one reveal":  func(c *Claim, f Linear) { c.Reveal(f, x) },
		"two reveals": func(c *Claim, f Linear) { c.Reveal(f, x); c.Reveal(f.Add(f), twice) },
		"zero":        func(c *Claim, f Linear) { c.Reveal(f, x); c.RequireZero(f.AddConst(new(big.Int).Neg(x))) },
		"product":     func(c *Claim, f Linear) { c.Reveal(f, x); c.Product(f.Scale(x), f, f) },
	}
	first := map[string]string{}
	for name, require := range claims {
		c := NewClaim(h.rows, "tz")
		require(c, c.Functional(w, zero))
		narg, err := c.Prove([]byte("header"), h.seals, h.opened, nil, stuck{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := c.Prove([]byte("header"), h.seals, h.opened, nil, stuck{})
		if err != nil || !bytes.Equal(narg, again) {
			t.Fatalf("%s: the stuck source gives two proofs of one claim (%v)", name, err)
		}
		x := string(narg[:ristretto.ElementSize])
		if other, ok := first[x]; ok {
			t.Errorf("%q and %q share their nonces", name, other)
		}
		first[x] = name
	}
}
