package prover

import (
	"crypto/rand"
	"math/big"
	"slices"
	"testing"

	"hushwatt/prover/ristretto"
)

// smallDemand is a claim with everything that vectors have: a peak over groups,
// the highest days, an exact hidden rounding, a total, single ranges.
func smallDemand(h *home, revealed int64) (*Claim, []Int) {
	c := NewClaim(h.rows, "2026a")
	days := len(h.rows)
	energy := c.Functional(weights(h.rows, func(d, s int) int64 { return int64(1 + s%2) }), big.NewInt(3))
	m := c.Secret("peak", zero, big.NewInt(200), PaysUp)
	theta := c.Secret("theta", zero, big.NewInt(100), PaysUp)
	over := c.Vector("over", days, big.NewInt(100), PaysUp)
	rounded := c.Vector("rounded", days, big.NewInt(20))
	var peaks, tops, rounds []Sum
	var peak, top int64
	given := make([]Int, 2)
	var rest, parts []Int
	ones := make([]int64, days)
	var tens int64
	for d := range h.rows {
		v := h.opened[d].Values
		var of Sum
		day := uint32(0)
		for s := range 6 {
			peak = max(peak, int64(v[s]+v[s+1]))
			day = max(day, v[s])
			peaks = append(peaks, Sum{Cells: []Cell{{d, s, -1}, {d, s + 1, -1}}})
			tops = append(tops, Sum{Cells: []Cell{{d, s, -1}}, Items: []Item{{over, d, 1}}})
		}
		top = max(top, int64(day))
		of = Sum{Cells: []Cell{{d, 2, 3}}, Items: []Item{{rounded, d, -10}}, Const: 5}
		rounds = append(rounds, of)
		r := (3*int64(v[2]) + 5) / 10
		parts, tens = append(parts, NewInt(r)), tens+r
		rest = append(rest, NewInt(0))
		ones[d] = 1
	}
	given[0], given[1] = NewInt(peak), NewInt(top)
	c.RequireEach(m, peaks, big.NewInt(200))
	c.RequireEach(theta, tops, big.NewInt(200))
	c.RequireEach(Linear{}, rounds, big.NewInt(9))
	x := energy.Add(m.Scale(big.NewInt(20))).Add(theta.Scale(big.NewInt(2))).Add(c.Total(over, ones)).Add(c.Total(rounded, ones).Scale(big.NewInt(100)))
	total := h.sum(weights(h.rows, func(d, s int) int64 { return int64(1 + s%2) }), 3).Int64() + 20*peak + 2*top + 100*tens
	c.Rounded(x, big.NewInt(50), HalfEven, oracleRound(big.NewInt(total+revealed), big.NewInt(50), HalfEven))
	return c, slices.Concat(given, rest, parts)
}

func smallHome(days int) *home {
	rng := testRand()
	rows := make([]Row, days)
	for d := range rows {
		rows[d] = Row{N: 24, Cap: 100}
	}
	return newHome(rows, func(d, s int) uint32 { return rng.Uint32N(60) })
}

// TestVectorSlowProver: the prover written from the document is accepted, and so
// neither it nor the real one has its own idea of the bytes.
func TestVectorSlowProver(t *testing.T) {
	for _, days := range []int{1, 2, 3} {
		h := smallHome(days)
		c, secrets := smallDemand(h, 0)
		h.accepts(t, c, secrets...)
		p := &slow{}
		narg := slowly(t, c, h, p, secrets...)
		if !p.all() {
			t.Error("equations of the slow prover do not hold")
		}
		if err := c.Verify(testHeader, h.seals, narg); err != nil {
			t.Errorf("%d days: slow prover: %v", days, err)
		}
	}
}

// TestVectorTranscripts: whoever leaves a part out of the transcript, or draws a
// challenge before what it is about, is refused, although its own equations hold.
func TestVectorTranscripts(t *testing.T) {
	h := smallHome(2)
	c, secrets := smallDemand(h, 0)
	omit := []string{"vector sizes", "entries", "row", "last row", "alpha", "last alpha", "Q", "W", "Z", "X", "Y", "weights", "sizes", "seal"}
	wrong := []string{tauBeforeRows, lambdaFirst, lastAlphaLate, lowBitOfDigits, omegaBeforeZ, omegaBeforeX, lowBitFirst, rBeforeA2, shortSqueeze}
	try := func(name string, p *slow) {
		t.Run(name, func(t *testing.T) {
			narg := slowly(t, c, h, p, secrets...)
			if !p.all() {
				t.Error("refused for another reason: its equations do not hold")
			}
			h.refuses(t, c, narg)
		})
	}
	for _, part := range omit {
		try("omits "+part, &slow{omit: part})
	}
	for _, what := range wrong {
		try(what, &slow{wrong: what})
	}
	t.Run(rowsSwapped, func(t *testing.T) {
		h.refuses(t, c, slowly(t, c, h, &slow{wrong: rowsSwapped}, secrets...))
	})
}

// find returns the position of digit k of entry t of requirement e, or of vector
// v if e < 0.
func (v *slowVector) find(e, vec, t, k int) int {
	for at, p := range v.place {
		if (e < 0 && p.v == vec || e >= 0 && p.v < 0 && p.e == e) && p.t == t {
			return at + k
		}
	}
	panic("no such digit")
}

// TestVectorLies: digits that are none, and digits of something else. In each
// case the prover keeps everything else as consistent as it can.
func TestVectorLies(t *testing.T) {
	h := smallHome(3)
	claim := func() (*Claim, []Int) { return smallDemand(h, 0) }
	shift := func(v *slowVector, at int, by int64) { // the value of its entry stays
		v.q[at] = add(v.q[at], num(4*by))
		v.q[at+1] = sub(v.q[at+1], num(by))
	}
	lies := map[string]func(*slowVector){
		"digit-4": func(v *slowVector) {
			at := v.find(0, -1, 0, 0)
			v.q[at], v.q[at+1] = add(v.q[at], num(4)), sub(v.q[at+1], num(1))
		},
		"digit-minus-1":  func(v *slowVector) { shift(v, v.find(1, -1, 2, 0), -1) },
		"digit-fraction": func(v *slowVector) { at := v.find(0, -1, 1, 0); v.q[at] = fraction(1, 2) },
		"digit-of-other-row": func(v *slowVector) {
			a, b := v.find(0, -1, 0, 0), v.find(0, -1, 16, 1)
			v.q[a], v.q[b] = num(1), num(2)
		},
		"digit-of-range":   func(v *slowVector) { at := v.find(3, -1, 0, 0); v.q[at] = add(v.q[at], num(1)) },
		"digit-of-vector":  func(v *slowVector) { at := v.find(-1, 1, 0, 0); v.q[at] = add(v.q[at], num(1)) },
		"digit-beyond-any": func(v *slowVector) { v.q[len(v.q)-1] = num(1 << 40) },
		"all-digits-fractions": func(v *slowVector) {
			for i := range v.q {
				v.q[i] = fraction(1, int64(i+2))
			}
		},
	}
	for name, lie := range lies {
		t.Run(name, func(t *testing.T) {
			c, secrets := claim()
			p := &slow{vec: &slowVector{lie: lie}}
			narg := slowly(t, c, h, p, secrets...)
			if p.all() {
				t.Error("no lie: all equations hold")
			}
			h.refuses(t, c, narg)
		})
	}
}

// TestVectorLateRows is the forgery that a verifier invites who draws τ before
// the rows are absorbed: an entry below 0 gets "digits" that make it up, and a
// digit of weight 0 is chosen so that the sum of eq(τ, p)·f(q_p) is 0 all the
// same. For that verifier every equation holds.
func TestVectorLateRows(t *testing.T) {
	h := smallHome(2)
	_, secrets := smallDemand(h, 0)
	c, _ := smallDemand(h, -60) // the peak, at 20 each, understated by 3
	secrets[0] = secrets[0].Sub(NewInt(3))
	forge := func(v *slowVector) {
		low, free := -1, -1
		for at, pl := range v.place {
			if pl.weight.Sign() == 0 {
				free = at
			}
			if pl.v >= 0 || pl.e != 0 || at > 0 && v.place[at-1] == (slowPlace{-1, 0, pl.t, v.place[at-1].weight}) {
				continue
			}
			d, s := pl.t/6, pl.t%6
			value := secrets[0].Sub(NewInt(int64(h.opened[d].Values[s] + h.opened[d].Values[s+1])))
			if value.Less(Int{}) == 1 {
				low = at
				copy(v.q[at:], make([]ristretto.Scalar, 5))
				v.q[at] = mul(value.Scalar(), num(3)) // 200 is no multiple of 3
			}
		}
		v.solve(t, low, free)
	}
	p := &slow{wrong: tauBeforeRows, vec: &slowVector{lie: forge}}
	narg := slowly(t, c, h, p, secrets...)
	if !p.all() {
		t.Error("the forgery does not work")
	}
	h.refuses(t, c, narg)
}

func (v *slowVector) eqTau(at int) ristretto.Scalar {
	e, m := num(1), len(v.tau)
	for k, tau := range v.tau {
		if at>>(m-1-k)&1 == 1 {
			e = mul(e, tau)
		} else {
			e = mul(e, sub(num(1), tau))
		}
	}
	return e
}

// TestVectorSecretThird: the exact code of a bound that 3 does not divide speaks
// of 3·y. If that were all, y could be 1/3.
func TestVectorSecretThird(t *testing.T) {
	h := newHome([]Row{{N: 24, Cap: 100}}, func(d, s int) uint32 { return 0 })
	claim := func(own bool) *Claim {
		c := NewClaim(h.rows, "tz")
		y := c.Secret("y", zero, big.NewInt(100))
		c.RequireEach(Linear{}, []Sum{{Cells: []Cell{{0, 0, 1}}}}, one)
		c.Reveal(y.Scale(big.NewInt(3)), one)
		if !own {
			c.ranges[0].own = 0
		}
		return c
	}
	third := func(c *Claim) func(*witness) {
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		at := c.form.vector.start[len(c.form.vector.start)-1] // the exact range
		return func(w *witness) {
			w.values[0] = fraction(1, 3)
			w.digits[at] = 1 // 3·y = 1
		}
	}
	bare := claim(false)
	narg, err := bare.prove(testHeader, h.seals, h.opened, []Int{{}}, rand.Reader, third(bare), noSteps)
	if err != nil {
		t.Fatal(err)
	}
	if err := bare.Verify(testHeader, h.seals, narg); err != nil {
		t.Errorf("the attack does not work: %v", err)
	}
	c := claim(true)
	h.cheats(t, c, third(c), Int{})
}

// rootOfF returns q with q(q−1)(q−2)(q−3) = v: (w+1)² = v + 1, (2q−3)² = 9 + 4w.
func rootOfF(v ristretto.Scalar) (ristretto.Scalar, bool) {
	order := ristretto.Order()
	root := func(a ristretto.Scalar) (ristretto.Scalar, bool) {
		b := a.Bytes()
		slices.Reverse(b)
		r := new(big.Int).ModSqrt(new(big.Int).SetBytes(b), order)
		if r == nil {
			return ristretto.Scalar{}, false
		}
		return publicScalar(r), true
	}
	u, ok := root(add(v, num(1)))
	if !ok {
		return u, false
	}
	for _, w := range []ristretto.Scalar{sub(u, num(1)), sub(sub(num(0), u), num(1))} {
		if x, ok := root(add(num(9), mul(num(4), w))); ok {
			return mul(add(x, num(3)), fraction(1, 2)), true
		}
	}
	return u, false
}
