package prover

import (
	"bytes"
	"crypto/rand"
	"errors"
	"math/big"
	"testing"
)

// TestCode: the sums of weights times digits 0 … 3 are 0 … factor·bound, each of
// them, and a number's digits come back to it.
func TestCode(t *testing.T) {
	for bound := int64(0); bound <= 300; bound++ {
		for _, positions := range []int{0, codePositions(9)} {
			c := newCode(big.NewInt(bound), positions)
			factor, weights := slowCode(big.NewInt(bound), positions)
			if c.factor != factor || len(c.weights) != len(weights) || positions > 0 && len(weights) != positions {
				t.Fatalf("bound %d: factor %d and %d weights", bound, c.factor, len(c.weights))
			}
			sums := map[int64]bool{0: true}
			for k, w := range weights {
				if c.weights[k].Cmp(w) != 0 {
					t.Fatalf("bound %d: weight %d is %v, not %v", bound, k, c.weights[k], w)
				}
				next := map[int64]bool{}
				for v := range sums {
					for q := range int64(4) {
						next[v+q*w.Int64()] = true
					}
				}
				sums = next
			}
			if int64(len(sums)) != factor*bound+1 || !sums[factor*bound] {
				t.Fatalf("bound %d: %d sums", bound, len(sums))
			}
			for v := range bound + 1 {
				var sum int64
				for k, q := range c.digits(NewInt(v)) {
					if q > 3 {
						t.Fatalf("bound %d: %d has the digit %d", bound, v, q)
					}
					sum += int64(q) * weights[k].Int64()
				}
				if sum != factor*v {
					t.Fatalf("bound %d: digits of %d come to %d", bound, v, sum)
				}
			}
		}
	}
	for width := 1; width <= 100; width++ {
		most := new(big.Int).Sub(new(big.Int).Lsh(one, uint(width)), one)
		for _, less := range []int64{0, 1, 2} {
			bound := new(big.Int).Sub(most, big.NewInt(less))
			if c := newCode(bound, codePositions(width)); bound.Sign() >= 0 && len(c.weights) != codePositions(width) {
				t.Errorf("%v takes %d positions, not %d", bound, len(c.weights), codePositions(width))
			}
		}
		c := newCode(most, 0)
		sum := new(big.Int)
		for k, q := range c.digits(publicInt(most)) {
			sum.Add(sum, new(big.Int).Mul(big.NewInt(int64(q)), c.weights[k]))
		}
		if sum.Cmp(new(big.Int).Mul(most, big.NewInt(c.factor))) != 0 {
			t.Errorf("digits of %v come to %v", most, sum)
		}
	}
}

// peakBill reveals energy + 20·m where m ≥ every listed cell of day 0.
func peakBill(h *home, m int64, cells ...int) *Claim {
	c := NewClaim(h.rows, "tz")
	w := weights(h.rows, func(d, s int) int64 { return 1 })
	f := c.Functional(w, zero)
	peak := c.Secret("peak", zero, big.NewInt(100), PaysUp)
	var sums []Sum
	for _, s := range cells {
		sums = append(sums, Sum{Cells: []Cell{{Row: 0, Slot: s, K: -1}}})
	}
	c.RequireEach(peak, sums, big.NewInt(100))
	c.Reveal(f.Add(peak.Scale(big.NewInt(20))), new(big.Int).Add(h.sum(w, 0), big.NewInt(20*m)))
	return c
}

// TestVectorEdges: all readings zero, at the cap, and the exact bounds on both
// sides of each.
func TestVectorEdges(t *testing.T) {
	rows := []Row{{N: 24, Cap: 100}}
	flat := func(v uint32) *home { return newHome(rows, func(d, s int) uint32 { return v }) }
	all := make([]int, 24)
	for s := range all {
		all[s] = s
	}
	for _, v := range []int64{0, 1, 99, 100} {
		h := flat(uint32(v))
		h.accepts(t, peakBill(h, v, all...), NewInt(v))
		h.accepts(t, peakBill(h, 100, all...), NewInt(100))
		if v > 0 {
			h.cheats(t, peakBill(h, v-1, all...), func(*witness) {}, NewInt(v-1))
		}
		h.cheats(t, peakBill(h, 101, all...), func(*witness) {}, NewInt(101))
		h.cheats(t, peakBill(h, -1, all...), func(*witness) {}, NewInt(-1))
	}
	// A single entry with the smallest bound: one digit.
	h := newHome(rows, func(d, s int) uint32 { return uint32(s) })
	bit := func(slot int) *Claim {
		c := NewClaim(h.rows, "tz")
		c.RequireEach(Linear{}, []Sum{{Cells: []Cell{{0, slot, 1}}}}, one)
		return c
	}
	h.accepts(t, bit(0))
	h.accepts(t, bit(1))
	h.cheats(t, bit(2), func(*witness) {})
	h.cheats(t, bit(3), func(*witness) {})
}

// TestVectorEntries: the entries are part of what is proven. A proof that
// compares one slot twice and another never is none of the claim about all.
func TestVectorEntries(t *testing.T) {
	h := newHome([]Row{{N: 24, Cap: 100}}, func(d, s int) uint32 { return []uint32{7, 9, 8, 1}[s%4] })
	all := peakBill(h, 8, 0, 1, 2, 3)
	for name, cells := range map[string][]int{"other": {0, 0, 2, 3}, "order": {1, 0, 2, 3}, "fewer": {0, 2, 3}} {
		m := int64(8)
		if name == "order" {
			m = 9
		}
		narg := h.prove(t, peakBill(h, m, cells...), NewInt(m))
		if name == "order" {
			all = peakBill(h, 9, 0, 1, 2, 3)
		}
		t.Run(name, func(t *testing.T) { h.refuses(t, all, narg) })
	}
	vector := func(bound, weight, k, konst int64) *Claim {
		c := NewClaim(h.rows, "tz")
		v := c.Vector("v", 2, big.NewInt(bound), PaysUp)
		c.RequireEach(Linear{}, []Sum{{Cells: []Cell{{0, 0, -1}}, Items: []Item{{v, 0, k}}, Const: konst}, {Items: []Item{{v, 1, 1}}}}, big.NewInt(200))
		c.Reveal(c.Total(v, []int64{weight, 1}), big.NewInt(7))
		return c
	}
	narg := h.accepts(t, vector(100, 1, 1, 0), NewInt(7), NewInt(0))
	for name, c := range map[string]*Claim{"bound": vector(103, 1, 1, 0), "weight": vector(100, 2, 1, 0), "coefficient": vector(100, 1, 2, 0), "constant": vector(100, 1, 1, 1)} {
		t.Run(name, func(t *testing.T) { h.refuses(t, c, narg) })
	}
}

// TestVectorSkips: a slot that the status policy leaves out counts as 0, and
// nobody can tell from the proof's length.
func TestVectorSkips(t *testing.T) {
	h := newHome([]Row{{N: 24, Cap: 100}}, func(d, s int) uint32 { return []uint32{7, 9, 8, 1}[s%4] })
	whole := peakBill(h, 9, 0, 1, 2, 3)
	h.rows[0].Skip = make([]bool, 24)
	h.rows[0].Skip[1] = true
	skipped := peakBill(h, 8, 0, 1, 2, 3)
	narg := h.accepts(t, skipped, NewInt(8))
	if len(narg) != whole.Size() {
		t.Errorf("%d bytes instead of %d", len(narg), whole.Size())
	}
	h.rows[0].Skip[1] = false
	h.refuses(t, peakBill(h, 8, 0, 1, 2, 3), narg)
}

// TestVectorSize: the length of a proof hangs on nothing hidden.
func TestVectorSize(t *testing.T) {
	a, b := smallHome(3), newHome(smallHome(3).rows, func(d, s int) uint32 { return 0 })
	ca, _ := smallDemand(a, 0)
	cb, sb := smallDemand(b, 0)
	if ca.Size() != cb.Size() || ca.Size() == 0 {
		t.Errorf("%d and %d bytes", ca.Size(), cb.Size())
	}
	b.accepts(t, cb, sb...)
}

// TestVectorBitFlips: no bit of a proof may be another.
func TestVectorBitFlips(t *testing.T) {
	h := newHome([]Row{{N: 24, Cap: 100}}, func(d, s int) uint32 { return uint32(s) })
	c := peakBill(h, 9, 4, 9)
	narg := h.prove(t, c, NewInt(9))
	step := 1
	if testing.Short() {
		step = 13
	}
	for i := 0; i < 8*len(narg); i += step {
		b := bytes.Clone(narg)
		b[i/8] ^= 1 << (i % 8)
		if err := c.Verify(testHeader, h.seals, b); !errors.Is(err, ErrProof) {
			t.Fatalf("bit %d: %v", i, err)
		}
	}
	for _, b := range [][]byte{nil, narg[:len(narg)-1], append(bytes.Clone(narg), 0)} {
		h.refuses(t, c, b)
	}
}

// TestVectorNotProvable: what Check refuses.
func TestVectorNotProvable(t *testing.T) {
	rows := days(1, 24)
	huge := new(big.Int).Lsh(one, 100)
	for name, f := range map[string]func(*Claim){
		"empty vector":       func(c *Claim) { c.Vector("v", 0, one) },
		"bound 0":            func(c *Claim) { c.Vector("v", 1, zero) },
		"bound 2^100":        func(c *Claim) { c.Vector("v", 1, huge) },
		"no entries":         func(c *Claim) { c.RequireEach(Linear{}, nil, one) },
		"required bound":     func(c *Claim) { c.RequireEach(Linear{}, make([]Sum, 1), huge) },
		"required bound 0":   func(c *Claim) { c.RequireEach(Linear{}, make([]Sum, 1), zero) },
		"slot":               func(c *Claim) { c.RequireEach(Linear{}, []Sum{{Cells: []Cell{{0, 24, 1}}}}, one) },
		"row":                func(c *Claim) { c.RequireEach(Linear{}, []Sum{{Cells: []Cell{{1, 0, 1}}}}, one) },
		"coefficient":        func(c *Claim) { c.RequireEach(Linear{}, []Sum{{Cells: []Cell{{0, 0, -1 << 63}}}}, one) },
		"place":              func(c *Claim) { c.RequireEach(Linear{}, []Sum{{Items: []Item{{c.Vector("v", 1, one), 1, 1}}}}, one) },
		"vector of no claim": func(c *Claim) { c.RequireEach(Linear{}, []Sum{{Items: []Item{{Vector{}, 0, 1}}}}, one) },
		"weights of a total": func(c *Claim) { c.Total(c.Vector("v", 2, one), []int64{1}) },
		"weight of a total":  func(c *Claim) { c.Total(c.Vector("v", 1, one), []int64{-1 << 63}) },
		"total of no claim":  func(c *Claim) { c.Total(Vector{}, nil) },
		"too many digits":    func(c *Claim) { c.Vector("v", 1<<20, big.NewInt(1000)) },
		"public":             func(c *Claim) { c.RequireEach(Constant(one), make([]Sum, 2), one) },
		"pays, but falls":    func(c *Claim) { v := c.Vector("v", 2, one, PaysUp); c.Reveal(c.Total(v, []int64{1, -1}), one) },
		"pays, but scaled": func(c *Claim) {
			v := c.Vector("v", 1, one, PaysUp)
			c.Reveal(c.Total(v, []int64{1}).Scale(big.NewInt(-1)), one)
		},
		"pays in an equation": func(c *Claim) { v := c.Vector("v", 1, one, PaysUp); c.RequireZero(c.Total(v, []int64{1})) },
		"beyond 2^200": func(c *Claim) {
			y := c.Secret("y", zero, new(big.Int).Lsh(one, 99))
			c.RequireEach(y.Scale(new(big.Int).Lsh(one, 102)), make([]Sum, 1), one)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := NewClaim(rows, "tz")
			f(c)
			if err := c.Check(); err == nil {
				t.Error("no error")
			}
			if c.Size() != 0 {
				t.Error("a claim that cannot be proven has a size")
			}
		})
	}
	h := smallHome(2)
	c, secrets := smallDemand(h, 0)
	for _, s := range [][]Int{nil, secrets[1:], append(secrets[:len(secrets):len(secrets)], Int{})} {
		if _, err := c.Prove(testHeader, h.seals, h.opened, s, rand.Reader); err == nil {
			t.Errorf("proven with %d values", len(s))
		}
	}
}

// TestProveInSteps: the caller is asked often, and can stop the proof each time.
func TestProveInSteps(t *testing.T) {
	h := smallHome(2)
	c, secrets := smallDemand(h, 0)
	stop := errors.New("stop")
	for after := 0; ; after++ {
		n := 0
		_, err := c.ProveInSteps(func() error {
			if n++; n > after {
				return stop
			}
			return nil
		}, testHeader, h.seals, h.opened, secrets, rand.Reader)
		if err == nil {
			if after < 8 {
				t.Errorf("only %d steps", after)
			}
			return
		}
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
	}
}
