package prover

import (
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"

	"hushwatt/prover/ristretto"
)

// miniClaim is a quick claim about one day, and its home.
func miniClaim(reading uint32) (*Claim, *home) {
	h, w := oneReading(reading)
	c := NewClaim(h.rows, "tz")
	c.Rounded(c.Functional(w, zero), big.NewInt(10), HalfUp, oracleRound(big.NewInt(int64(reading)), big.NewInt(10), HalfUp))
	return c, h
}

func TestBatchOneBadOf1000(t *testing.T) {
	const n, bad, broken = 1000, 617, 3
	c, h := miniClaim(123)
	narg := h.accepts(t, c)
	other, g := miniClaim(124) // another home's proof
	otherProof := g.accepts(t, other)

	b := NewBatch(nil)
	for i := range n {
		switch i {
		case bad:
			b.Add(c, testHeader, h.seals, otherProof)
		case broken:
			b.Add(c, testHeader, h.seals, narg[1:])
		case 5, 900:
			b.Add(other, testHeader, g.seals, otherProof)
		default:
			b.Add(c, testHeader, h.seals, narg)
		}
	}
	for i, err := range b.Verify() {
		if isBad := i == bad || i == broken; isBad != errors.Is(err, ErrProof) || !isBad && err != nil {
			t.Fatalf("verdict %d is %v", i, err)
		}
	}
}

func TestBatchEdges(t *testing.T) {
	if got := NewBatch(nil).Verify(); len(got) != 0 {
		t.Fatal("empty batch has verdicts")
	}
	c, h := miniClaim(5)
	narg := h.accepts(t, c)
	b := NewBatch(strings.NewReader("no 32 bytes"))
	b.Add(c, testHeader, h.seals, narg)
	if err := b.Verify()[0]; err == nil {
		t.Fatal("accepted without randomness")
	}
	all := NewBatch(nil)
	for range 5 {
		all.Add(c, testHeader, h.seals, narg[:len(narg)-32])
	}
	for _, err := range all.Verify() {
		if !errors.Is(err, ErrProof) {
			t.Fatal(err)
		}
	}
}

// TestBatchErrorsThatCancel: errors of G and −G in two equations, of one proof
// or of two. They cancel when all weights are equal, and are refused.
func TestBatchErrorsThatCancel(t *testing.T) {
	c, h := miniClaim(55)
	d, g := miniClaim(66)
	unit := func(proofs ...*replay) bool {
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
	read := func(c *Claim, h *home, narg []byte) *replay {
		t.Helper()
		r, err := c.replay(testHeader, h.seals, narg)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	t.Run("cancel-E1-E2", func(t *testing.T) {
		narg := slowProve(t, c, h, "", cancelWithin)
		if !unit(read(c, h, narg)) {
			t.Fatal("the errors do not cancel")
		}
		h.refuses(t, c, narg)
	})
	plus, minus := slowProve(t, c, h, "", errorPlus), slowProve(t, d, g, "", errorMinus)
	if !unit(read(c, h, plus), read(d, g, minus)) {
		t.Fatal("the errors do not cancel")
	}
	for _, name := range []string{"batch-two-errors-cancel", "cancel-across-bills"} {
		t.Run(name, func(t *testing.T) {
			b := NewBatch(nil)
			b.Add(c, testHeader, h.seals, plus)
			b.Add(d, testHeader, g.seals, minus)
			for _, err := range b.Verify() {
				if !errors.Is(err, ErrProof) {
					t.Fatal("accepted")
				}
			}
		})
	}
}

// TestTorsion: elements decode to representatives whose sums are the identity
// of the group without being that of the curve. About half of all honest proofs
// are such, and all must be accepted.
func TestTorsion(t *testing.T) {
	for i := range 24 {
		c, h := miniClaim(uint32(i))
		h.accepts(t, c)
	}
}

// TestWeightsOfABatch: no two equations share a weight, and other proofs or
// other randomness give other weights.
func TestWeightsOfABatch(t *testing.T) {
	c, h := miniClaim(9)
	first, second := h.accepts(t, c), h.accepts(t, c)
	draw := func(seed string, nargs ...[]byte) (all []string) {
		b := NewBatch(strings.NewReader(strings.Repeat(seed, 32)))
		for _, narg := range nargs {
			b.Add(c, testHeader, h.seals, narg)
		}
		var items []*item
		for i := range b.items {
			items = append(items, &b.items[i])
		}
		if err := b.weigh(items); err != nil {
			t.Fatal(err)
		}
		for _, it := range items {
			for _, w := range it.weights {
				all = append(all, string(w.Bytes()))
			}
		}
		return all
	}
	weights := slices.Concat(draw("a", first, second), draw("a", second, first), draw("b", first, second))
	slices.Sort(weights)
	if n := len(weights); len(slices.Compact(weights)) != n {
		t.Fatal("a weight occurs twice")
	}
	if a, b := draw("a", first), draw("a", first); !slices.Equal(a, b) {
		t.Fatal("weights are not a function of proofs and randomness")
	}
	for _, w := range weights {
		if strings.Trim(w[16:], "\x00") != "" {
			t.Fatal("a weight is longer than 128 bits")
		}
	}
}
