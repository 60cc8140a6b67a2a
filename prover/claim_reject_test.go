package prover

import (
	"crypto/rand"
	"errors"
	"math/big"
	"slices"
	"testing"

	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// A test here makes a false claim with the best witness a cheater could hold,
// and expects the verifier to refuse it; where one requirement stands between
// the cheater and the gain, the claim without that requirement is accepted,
// which shows that the attack is real. Names are those of docs/protocol.md.

// oneReading is a home of one day whose first slot holds v.
func oneReading(v uint32) (*home, [][]int64) {
	rows := days(1, 24)
	h := newHome(rows, func(d, s int) uint32 {
		if s == 0 {
			return v
		}
		return 0
	})
	return h, weights(rows, func(d, s int) int64 {
		if s == 0 {
			return 1
		}
		return 0
	})
}

func fraction(a, b int64) ristretto.Scalar {
	k, m := num(a), num(b)
	m.Invert(&m)
	return mul(k, m)
}

// drop removes range i of a claim that has not been checked yet.
func drop(c *Claim, i int) { c.ranges = slices.Delete(c.ranges, i, i+1) }

// TestRejectSecretRationalTwoLines: two lines in units of 200 and 100, honest
// sum 21.12, proven as 21.11. The first amount is 0.9 units less, the second
// 0.1 less; both remainders are small integers modulo q.
func TestRejectSecretRationalTwoLines(t *testing.T) {
	h, w := oneReading(1)
	const u0, u1, x0, x1 = 200, 100, 200*1056 - 90, 100 * 1056
	claim := func(total int64, without bool) *Claim {
		c := NewClaim(h.rows, "tz")
		f0 := c.Functional(w, big.NewInt(x0-1))
		f1 := c.Functional(w, big.NewInt(x1-1))
		c.RoundedLines([]Linear{f0, f1}, ints(u0, u1), HalfUp, big.NewInt(total))
		if without {
			drop(c, 0)
		}
		return c
	}
	h.accepts(t, claim(2112, false))
	cheat := func(w *witness) {
		w.values[2] = sub(num(1056), fraction(9, 10)) // y of the first line, the only secret
		e := w.ranges[len(w.ranges)-2:]
		e[0] = NewInt(x0 - 1056*u0 + u0*9/10 + u0/2)
		e[1] = NewInt(x1 - 1056*u1 + u1/10 + u1/2)
		if len(w.ranges) == 3 {
			w.ranges[0] = NewInt(0)
		}
	}
	h.cheats(t, claim(2111, false), cheat)
	narg, err := claim(2111, true).prove(testHeader, h.seals, h.opened, nil, rand.Reader, cheat, noSteps)
	if err != nil {
		t.Fatal(err)
	}
	if err := claim(2111, true).Verify(testHeader, h.seals, narg); err != nil {
		t.Fatalf("without the secret's range the attack should work: %v", err)
	}
	t.Run("claim-without-secret-range", func(t *testing.T) { h.refuses(t, claim(2111, false), narg) })
}

// TestRejectSecretRationalPricedKWh: energy is rounded to kWh, then priced at 30
// a kWh. A tenth of a kWh less keeps both remainders small.
func TestRejectSecretRationalPricedKWh(t *testing.T) {
	h, w := oneReading(7000)
	claim := func(total int64, without bool) *Claim {
		c := NewClaim(h.rows, "tz")
		kwh := c.RoundedSecret("kwh", c.Functional(w, zero), big.NewInt(1000), HalfUp)
		c.Reveal(kwh.Scale(big.NewInt(30)), big.NewInt(total))
		if without {
			drop(c, 0)
		}
		return c
	}
	h.accepts(t, claim(210, false))
	cheat := func(w *witness) {
		w.values[1] = sub(num(7), fraction(1, 10))
		w.ranges[len(w.ranges)-1] = NewInt(100 + 500)
		if len(w.ranges) == 2 {
			w.ranges[0] = NewInt(6)
		}
	}
	h.cheats(t, claim(207, false), cheat)
	h.acceptsCheat(t, claim(207, true), cheat)
}

// acceptsCheat proves with a changed witness and expects acceptance.
func (h *home) acceptsCheat(t *testing.T, c *Claim, cheat func(*witness), secrets ...Int) {
	t.Helper()
	narg, err := c.prove(testHeader, h.seals, h.opened, secrets, rand.Reader, cheat, noSteps)
	if err == nil {
		err = c.Verify(testHeader, h.seals, narg)
	}
	if err != nil {
		t.Fatalf("without the requirement the attack should work: %v", err)
	}
}

// TestRejectSecretOutOfBounds: one more than the upper bound, one less than the
// lower.
func TestRejectSecretOutOfBounds(t *testing.T) {
	h, w := oneReading(500)
	claim := func(without bool) *Claim {
		c := NewClaim(h.rows, "tz")
		f := c.Functional(w, zero)
		y := c.Secret("y", big.NewInt(100), big.NewInt(200))
		v := c.Secret("v", big.NewInt(-1000), big.NewInt(1000))
		c.RequireZero(y.Add(v).Sub(f))
		c.Reveal(f, big.NewInt(500))
		if without {
			drop(c, 0)
		}
		return c
	}
	h.accepts(t, claim(false), NewInt(200), NewInt(300))
	for name, y := range map[string]int64{"secret-out-of-bounds-high": 201, "secret-out-of-bounds-negative": 99} {
		t.Run(name, func(t *testing.T) {
			if _, err := claim(false).Prove(testHeader, h.seals, h.opened, []Int{NewInt(y), NewInt(500 - y)}, rand.Reader); err == nil {
				t.Fatal("proven")
			}
			h.cheats(t, claim(false), func(w *witness) { w.ranges[0] = NewInt(100) }, NewInt(y), NewInt(500-y))
			h.acceptsCheat(t, claim(true), func(w *witness) {}, NewInt(y), NewInt(500-y))
		})
	}
}

// TestRejectAmounts: every amount but the right one, at ties too.
func TestRejectAmounts(t *testing.T) {
	for _, tc := range []struct {
		name  string
		x, u  int64
		mode  Mode
		right int64
		wrong int64
	}{
		{"amount-plus-one", 1234, 100, HalfUp, 12, 13},
		{"amount-minus-one", 1234, 100, HalfUp, 12, 11},
		{"tie-rounded-down", 1250, 100, HalfUp, 13, 12},
		{"tie-odd", 1250, 100, HalfEven, 12, 13},
		{"tie-odd-from-below", 1350, 100, HalfEven, 14, 13},
		{"tie-odd-unit-two", 5, 2, HalfEven, 2, 3}, // bound 0
		{"zero-unit-two", 1, 2, HalfAway, 1, 0},    // bound 0
		{"negative-tie-wrong-way", -1250, 100, HalfAway, -13, -12},
		{"negative-tie-wrong-way-up", -1250, 100, HalfUp, -12, -13},
		{"down-as-up", 1201, 100, Down, 12, 13},
		{"up-as-down", 1201, 100, Up, 13, 12},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h, w := oneReading(0)
			claim := func(b int64) *Claim {
				c := NewClaim(h.rows, "tz")
				c.Rounded(c.Functional(w, big.NewInt(tc.x)), big.NewInt(tc.u), tc.mode, big.NewInt(b))
				return c
			}
			narg := h.accepts(t, claim(tc.right))
			h.refuses(t, claim(tc.wrong), narg)
			if _, err := claim(tc.wrong).Prove(testHeader, h.seals, h.opened, nil, rand.Reader); err == nil {
				t.Fatal("proven")
			}
			wrong := claim(tc.wrong)
			if err := wrong.Check(); err != nil {
				t.Fatal(err)
			}
			for _, v := range []*big.Int{zero, wrong.form.ranges[0].bound} {
				h.cheats(t, claim(tc.wrong), func(w *witness) { w.ranges[0] = publicInt(v) })
			}
		})
	}
}

// fallingBlocks is a tariff of 30 for the first 100 and 10 for what follows:
// the second block may be used only when the first is full.
func fallingBlocks(h *home, w [][]int64, total int64, exact bool) *Claim {
	c := NewClaim(h.rows, "tz")
	f := c.Functional(w, zero)
	x1 := c.Secret("first block", zero, big.NewInt(100))
	x2 := c.Secret("second block", zero, big.NewInt(1<<20))
	c.RequireZero(f.Sub(x1).Sub(x2))
	if exact {
		c.ZeroProduct(Constant(big.NewInt(100)).Sub(x1), x2)
	}
	c.Reveal(x1.Scale(big.NewInt(30)).Add(x2.Scale(big.NewInt(10))), big.NewInt(total))
	return c
}

func TestRejectFallingBlockSkipped(t *testing.T) {
	h, w := oneReading(150)
	h.accepts(t, fallingBlocks(h, w, 3500, true), NewInt(100), NewInt(50))
	few, wFew := oneReading(80)
	few.accepts(t, fallingBlocks(few, wFew, 2400, true), NewInt(80), NewInt(0))
	skipped := []Int{NewInt(20), NewInt(130)}
	if _, err := fallingBlocks(h, w, 1900, true).Prove(testHeader, h.seals, h.opened, skipped, rand.Reader); err == nil {
		t.Fatal("proven")
	}
	h.cheats(t, fallingBlocks(h, w, 1900, true), func(*witness) {}, skipped...)
	h.acceptsCheat(t, fallingBlocks(h, w, 1900, false), func(*witness) {}, skipped...)
}

// twoProducts is a claim of two products with factors x1, x2.
func twoProducts(h *home, w [][]int64) *Claim {
	c := NewClaim(h.rows, "tz")
	f := c.Functional(w, zero)
	bound := big.NewInt(1 << 40)
	x1, x2 := c.Secret("x1", zero, bound), c.Secret("x2", zero, bound)
	z1, z2 := c.Secret("z1", zero, bound), c.Secret("z2", zero, bound)
	c.Product(z1, x1, f)
	c.Product(z2, x2, f)
	c.Reveal(f, big.NewInt(9))
	return c
}

func TestRejectProductWrongIndex(t *testing.T) {
	h, w := oneReading(9)
	h.accepts(t, twoProducts(h, w), NewInt(3), NewInt(5), NewInt(27), NewInt(45))
	wrong := []Int{NewInt(3), NewInt(5), NewInt(45), NewInt(45)}
	h.cheats(t, twoProducts(h, w), func(*witness) {}, wrong...)
	// The prover writes the index of x2 where that of x1 belongs: true of its
	// own relation, which is not the claim's.
	h.refuses(t, twoProducts(h, w), slowProve(t, twoProducts(h, w), h, "", wrongIndex, wrong...))
	right := slowProve(t, twoProducts(h, w), h, "", "", NewInt(3), NewInt(5), NewInt(27), NewInt(45))
	if err := twoProducts(h, w).Verify(testHeader, h.seals, right); err != nil {
		t.Fatal(err)
	}
}

func TestRejectRangeSwaps(t *testing.T) {
	h, w := oneReading(500)
	claim := func(b0, b1 int64, swap bool) *Claim {
		c := NewClaim(h.rows, "tz")
		f := c.Functional(w, zero)
		g := c.Functional(w, big.NewInt(-490))
		if swap {
			f, g = g, f
		}
		c.RequireRange(f, big.NewInt(b0))
		c.RequireRange(g, big.NewInt(b1))
		return c
	}
	narg := h.accepts(t, claim(1000, 12, false))
	t.Run("range-segment-swapped", func(t *testing.T) { h.refuses(t, claim(12, 1000, true), narg) })
	t.Run("range-bound-changed", func(t *testing.T) { h.refuses(t, claim(1001, 12, false), narg) })
	t.Run("range-minus-one", func(t *testing.T) {
		h.cheats(t, claimRange(h, w, -501, 12), func(w *witness) { w.ranges[0] = NewInt(0) })
	})
	t.Run("range-value-equals-bound-plus-one", func(t *testing.T) {
		h.accepts(t, claimRange(h, w, 0, 500))
		h.cheats(t, claimRange(h, w, 1, 500), func(w *witness) { w.ranges[0] = NewInt(500) })
	})
}

// claimRange is 0 ≤ reading + konst ≤ bound.
func claimRange(h *home, w [][]int64, konst, bound int64) *Claim {
	c := NewClaim(h.rows, "tz")
	c.RequireRange(c.Functional(w, big.NewInt(konst)), big.NewInt(bound))
	return c
}

// TestRejectBytes changes a proof in every field.
func TestRejectBytes(t *testing.T) {
	c, h, secrets := everyConstruct(t)
	narg := h.accepts(t, c, secrets...)
	scalarsAt := fields(c)
	refused := func(name string, change func(b []byte) []byte) {
		t.Run(name, func(t *testing.T) {
			b := change(slices.Clone(narg))
			if slices.Equal(b, narg) {
				t.Fatal("nothing changed")
			}
			h.refuses(t, c, b)
		})
	}
	refused("narg-trailing", func(b []byte) []byte { return append(b, 0) })
	refused("narg-truncated", func(b []byte) []byte { return b[:len(b)-1] })
	refused("narg-one-field-short", func(b []byte) []byte { return b[:len(b)-32] })
	refused("narg-empty", func(b []byte) []byte { return nil })
	refused("all-zero", func(b []byte) []byte { return make([]byte, len(b)) })
	for i := 0; i < len(narg); i += 32 {
		what := "element"
		if scalarsAt[i/32] {
			what = "scalar"
		}
		field := func(b []byte) []byte { return b[i : i+32] }
		refused(what+"-other-"+big.NewInt(int64(i/32)).String(), func(b []byte) []byte {
			if scalarsAt[i/32] {
				var k ristretto.Scalar
				if err := k.SetCanonical(field(b)); err != nil {
					t.Fatal(err)
				}
				k = add(k, num(1))
				copy(field(b), k.Bytes())
				return b
			}
			p, err := sigma.DecodePoint(field(b))
			if err != nil {
				t.Fatal(err)
			}
			copy(field(b), ristretto.NewElement().Add(p.Element(), ristretto.G().Element()).Bytes())
			return b
		})
		if scalarsAt[i/32] {
			refused("scalar-plus-q", func(b []byte) []byte { return plusQ(b, i) })
		} else {
			refused("identity", func(b []byte) []byte { clear(field(b)); return b })
			refused("element-noncanonical", func(b []byte) []byte { b[i] ^= 1; return b }) // negative, or another one
		}
	}
	swap := func(b []byte, i, j int) []byte {
		x, y := slices.Clone(b[32*i:32*i+32]), slices.Clone(b[32*j:32*j+32])
		copy(b[32*i:], y)
		copy(b[32*j:], x)
		return b
	}
	n := c.commitments()
	refused("X-swapped", func(b []byte) []byte { return swap(b, 0, 1) })
	refused("A-S-swapped", func(b []byte) []byte { return swap(b, n, n+1) })
	refused("A-swapped-0-2", func(b []byte) []byte { return swap(b, n+2, n+3) })
	refused("rounds-swapped", func(b []byte) []byte { return swap(swap(b, n+2, n+4), n+3, n+5) })
	refused("T-swapped", func(b []byte) []byte { return swap(b, n+6, n+7) })
}

// fields says of each 32 bytes of a proof whether they are a scalar.
func fields(c *Claim) []bool {
	f := c.form
	var out []bool
	put := func(n int, scalar bool) {
		for range n {
			out = append(out, scalar)
		}
	}
	first, last := c.rangeSizes()
	equations := 2 + len(f.reveals) + len(f.zeros) + 2*len(f.products)
	put(c.commitments()+first/32+c.foldStatement(nil).Size()/32+equations, false)
	put((c.Size()-last)/32-len(out), true)
	if last > 0 {
		put(2, false)
		put(3, true)
		put(last/32-7, false)
		put(2, true)
	}
	return out
}

// plusQ adds the group's order to the scalar at i, if it still fits 32 bytes.
func plusQ(b []byte, i int) []byte {
	le := slices.Clone(b[i : i+32])
	slices.Reverse(le)
	v := new(big.Int).SetBytes(le)
	v.Add(v, ristretto.Order())
	le = v.FillBytes(make([]byte, 32))
	slices.Reverse(le)
	copy(b[i:], le)
	return b
}

func TestRejectSeals(t *testing.T) {
	rng := testRand()
	h := newHome(days(3, 24), func(d, s int) uint32 { return rng.Uint32N(1000) })
	w := weights(h.rows, func(d, s int) int64 { return int64(1 + d*24 + s) })
	bill := func(rows []Row, w [][]int64) *Claim {
		c := NewClaim(rows, "tz")
		c.Reveal(c.Functional(w, zero), h.sum(weights(h.rows, func(d, s int) int64 { return int64(1 + d*24 + s) }), 0))
		return c
	}
	c := bill(h.rows, w)
	narg := h.accepts(t, c)
	shifted := func(by *ristretto.Element) sigma.Point {
		return sigma.NewPoint(by.Add(by, h.seals[0].Element()))
	}
	for name, seals := range map[string][]sigma.Point{
		"seal-swapped":              {h.seals[1], h.seals[0], h.seals[2]},
		"seal-missing":              h.seals[:2],
		"seal-repeated":             {h.seals[0], h.seals[0], h.seals[2]},
		"seal-identity-appended":    append(slices.Clone(h.seals), sigma.NewPoint(ristretto.NewElement())),
		"seal-plus-G":               {shifted(ristretto.G().Element()), h.seals[1], h.seals[2]},
		"seal-plus-other-slot-base": {shifted(ristretto.Slot(24, 1).Element()), h.seals[1], h.seals[2]},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.Verify(testHeader, seals, narg); !errors.Is(err, ErrProof) {
				t.Fatal(err)
			}
		})
	}
	for name, change := range map[string]func(d, s int) int64{
		"weight-plus-one":       func(d, s int) int64 { return w[d][s] + int64(b2i(d == 2 && s == 23)) },
		"weights-rows-swapped":  func(d, s int) int64 { return w[(d+1)%3][s] },
		"weights-slots-swapped": func(d, s int) int64 { return w[d][s^1] },
		"weight-sign":           func(d, s int) int64 { return w[d][s] * int64(1-2*b2i(d == 0 && s == 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			if err := bill(h.rows, weights(h.rows, change)).Verify(testHeader, h.seals, narg); !errors.Is(err, ErrProof) {
				t.Fatal(err)
			}
		})
	}
	t.Run("weights-functional-swapped", func(t *testing.T) {
		two := func(swap bool) *Claim {
			c := NewClaim(h.rows, "tz")
			w2 := weights(h.rows, func(d, s int) int64 { return 5 })
			a, b := w, w2
			if swap {
				a, b = b, a
			}
			fa, fb := c.Functional(a, zero), c.Functional(b, zero)
			c.Reveal(fa.Add(fb), new(big.Int).Add(h.sum(w, 0), h.sum(w2, 0)))
			return c
		}
		h.refuses(t, two(true), h.accepts(t, two(false)))
	})
	t.Run("other-time-zone-data", func(t *testing.T) {
		other := NewClaim(h.rows, "tz2")
		other.Reveal(other.Functional(w, zero), h.sum(w, 0))
		h.refuses(t, other, narg)
	})
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
