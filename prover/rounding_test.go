package prover

import (
	"errors"
	"math/big"
	"testing"
)

var modes = []Mode{HalfUp, HalfDown, HalfAway, HalfEven, Down, Up}

// TestRoundingRules: for every small x and unit exactly one b keeps the rule of
// each mode, it is the one of the definition, and it fits the public width.
func TestRoundingRules(t *testing.T) {
	for _, mode := range modes {
		for u := int64(2); u <= 13; u++ {
			U := big.NewInt(u)
			for x := int64(-40); x <= 40; x++ {
				X := big.NewInt(x)
				want := oracleRound(X, U, mode)
				if got := mode.divide(NewInt(x), U).big(); got.Cmp(want) != 0 {
					t.Fatalf("%s: %d/%d gives %v, want %v", mode, x, u, got, want)
				}
				for b := int64(-50); b <= 50; b++ {
					r := ruleFor(mode, U, big.NewInt(b))
					v := new(big.Int).Add(big.NewInt(x-b*u), r.a)
					holds := v.Sign() >= 0 && v.Cmp(r.bound) <= 0
					if holds != (b == want.Int64()) {
						t.Fatalf("%s: %d/%d = %d is %v", mode, x, u, b, holds)
					}
					if r.bound.BitLen() > mode.width(U) {
						t.Fatalf("%s, unit %d, result %d: bound %v is wider than %d bits", mode, u, b, r.bound, mode.width(U))
					}
				}
			}
		}
	}
}

// TestHiddenRounding: the claim with a hidden amount holds for the right amount
// and for no other, in every mode that can be proven.
func TestHiddenRounding(t *testing.T) {
	rows := []Row{{N: 24, Cap: 40}}
	w := weights(rows, func(d, s int) int64 {
		if s == 0 {
			return 1
		}
		return 0
	})
	for _, mode := range modes {
		for _, u := range ints(2, 3, 4, 6, 7) {
			for konst := int64(-60); konst <= 20; konst += 20 { // x from −60, −40 … 20 to 40 more
				c := NewClaim(rows, "tz")
				f := c.Functional(w, big.NewInt(konst))
				c.Reveal(c.RoundedSecret("b", f, u, mode), zero)
				if mode == HalfAway && konst == -20 {
					if err := c.Check(); !errors.Is(err, ErrNotProvable) {
						t.Fatalf("half away over both signs: %v", err)
					}
					continue
				}
				if err := c.Check(); err != nil {
					t.Fatal(err)
				}
				for reading := range uint32(41) {
					checkHidden(t, c, reading, konst, u, mode)
				}
			}
		}
	}
}

// checkHidden tries every amount near the right one.
func checkHidden(t *testing.T, c *Claim, reading uint32, konst int64, u *big.Int, mode Mode) {
	t.Helper()
	values := make([]uint32, 24)
	values[0] = reading
	w, err := c.witness([]Opening{{Values: values}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	x := big.NewInt(int64(reading) + konst)
	want := oracleRound(x, u, mode)
	amount := func() *big.Int {
		b := w.evaluate(c.reveals[0]).big()
		return b
	}
	if amount().Cmp(want) != 0 {
		t.Fatalf("%s: prover rounds %v/%v to %v, want %v", mode, x, u, amount(), want)
	}
	set := func(b *big.Int) {
		if len(w.y) == 1 {
			w.y[0] = publicInt(b)
		} else {
			w.y[0], w.y[1] = publicInt(b).half(), Int{publicInt(b)[0] & 1}
		}
		for i, r := range c.form.ranges {
			w.ranges[i] = w.evaluate(r.l)
		}
	}
	for d := int64(-3); d <= 3; d++ {
		set(new(big.Int).Add(want, big.NewInt(d)))
		holds := true
		for i, r := range c.form.ranges {
			v := w.ranges[i].big()
			holds = holds && v.Sign() >= 0 && v.Cmp(r.bound) <= 0
		}
		if holds != (d == 0) {
			t.Fatalf("%s: %v/%v may be %v: %v", mode, x, u, amount(), holds)
		}
	}
}

func TestAmount(t *testing.T) {
	h := month(testRand())
	w := weights(h.rows, func(d, s int) int64 { return int64(7*d - 3*s) })
	for _, mode := range modes {
		for _, u := range ints(1, 2, 1000, 999) {
			var values [][]uint32
			for _, o := range h.opened {
				values = append(values, o.Values)
			}
			got := mode.divide(evaluate(w, big.NewInt(-5), values), u).big()
			if want := oracleRound(h.sum(w, -5), u, mode); got.Cmp(want) != 0 {
				t.Fatalf("%s, unit %v: %v, want %v", mode, u, got, want)
			}
		}
	}
}
