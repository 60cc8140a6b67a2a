package prover

import (
	"errors"
	"fmt"
	"math/big"
)

// Mode is a rule for rounding to a whole number.
type Mode string

// The rounding modes of docs/protocol.md, section 4.
const (
	HalfUp   Mode = "half-up"   // to the nearest, ties toward +∞
	HalfDown Mode = "half-down" // to the nearest, ties toward −∞
	HalfAway Mode = "half-away" // to the nearest, ties away from zero
	HalfEven Mode = "half-even" // to the nearest, ties to the even one
	Down     Mode = "down"      // toward −∞
	Up       Mode = "up"        // toward +∞
)

// ErrNotProvable is wrapped by errors about a tariff that no claim of this
// protocol can express. Both sides find it from public inputs alone.
var ErrNotProvable = errors.New("not provable")

func parseMode(s string) (Mode, error) {
	switch m := Mode(s); m {
	case HalfUp, HalfDown, HalfAway, HalfEven, Down, Up:
		return m, nil
	}
	return "", fmt.Errorf("unknown rounding mode %.20q", s)
}

// rule says that b is x/u rounded exactly if 0 ≤ x − b·u + a ≤ bound.
type rule struct{ a, bound *big.Int }

// ruleFor returns the rule of a mode for a public result b. Half-away and
// half-even depend on b, the others do not.
func ruleFor(mode Mode, u, b *big.Int) rule {
	half := new(big.Int).Rsh(u, 1)
	top := new(big.Int).Sub(u, one)
	odd := u.Bit(0) == 1
	// strict leaves both ties of an even unit to the neighbours.
	strict := func() rule { return rule{new(big.Int).Sub(half, one), new(big.Int).Sub(u, big.NewInt(2))} }
	switch mode {
	case HalfDown:
		return rule{new(big.Int).Rsh(top, 1), top}
	case HalfAway:
		switch {
		case b.Sign() < 0:
			return ruleFor(HalfDown, u, b)
		case b.Sign() == 0 && !odd:
			return strict()
		}
	case HalfEven:
		switch {
		case odd:
		case b.Bit(0) == 0:
			return rule{half, new(big.Int).Set(u)}
		default:
			return strict()
		}
	case Down:
		return rule{new(big.Int), top}
	case Up:
		return rule{top, top}
	}
	return rule{half, top} // half-up
}

// width returns the number of bits that a rounding range takes whatever the
// result: that of the largest bound over all results.
func (m Mode) width(u *big.Int) int {
	if m == HalfEven && u.Bit(0) == 0 {
		return u.BitLen()
	}
	return new(big.Int).Sub(u, one).BitLen()
}

// hidden returns the mode by which a hidden result can be proven where x lies
// in v, or an error if there is none. Half-even with an even unit stays as it
// is; it needs the parity of the result.
func (m Mode) hidden(v interval, u *big.Int) (Mode, error) {
	switch {
	case m == HalfAway && v.lo.Sign() >= 0:
		return HalfUp, nil
	case m == HalfAway && v.hi.Sign() <= 0:
		return HalfDown, nil
	case m == HalfAway:
		return "", fmt.Errorf("%w: a hidden amount of either sign, rounded half away from zero", ErrNotProvable)
	case m == HalfEven && u.Bit(0) == 1:
		return HalfUp, nil
	}
	return m, nil
}

// divide returns x/u rounded. Its time does not depend on x.
func (m Mode) divide(x Int, u *big.Int) Int {
	div := func(mode Mode) Int {
		return x.Add(publicInt(ruleFor(mode, u, one).a)).divFloor(publicInt(u))
	}
	switch {
	case m == HalfAway:
		return Select(x.Less(Int{}), div(HalfDown), div(HalfUp))
	case m == HalfEven && u.Bit(0) == 0:
		q := div(HalfUp)
		tie := x.Add(publicInt(new(big.Int).Rsh(u, 1))).Sub(q.Mul(publicInt(u))).isZero()
		return q.Sub(Int{tie & q[0] & 1})
	case m == HalfEven:
		return div(HalfUp)
	}
	return div(m)
}

// bounds returns the smallest and the largest rounded result where x lies in v.
func (m Mode) bounds(v interval, u *big.Int) (lo, hi *big.Int) {
	return m.divide(publicInt(v.lo), u).big(), m.divide(publicInt(v.hi), u).big()
}

// evaluate returns ⟨weights, values⟩ + konst, in time that does not depend on
// the values.
func evaluate(weights [][]int64, konst *big.Int, values [][]uint32) Int {
	x := publicInt(konst)
	for d, row := range weights {
		for s, w := range row {
			x = x.accumulate(w, values[d][s])
		}
	}
	return x
}

// Rounded requires that l/u, rounded by mode, is b. The unit u is positive and
// below 2^100, in lowest terms with l.
func (c *Claim) Rounded(l Linear, u *big.Int, mode Mode, b *big.Int) {
	if !c.unit(u, mode) {
		return
	}
	if !b.IsInt64() {
		c.fail("%w: rounded amount is beyond 64 bits", ErrNotProvable)
		return
	}
	if u.Cmp(one) == 0 {
		c.Reveal(l, b)
		return
	}
	r := ruleFor(mode, u, b)
	e := l.addScaled(new(big.Int).Neg(u), Constant(b))
	c.addRange(e.AddConst(r.a), r.bound, mode.width(u))
	c.results = append(c.results, []Linear{l})
}

// RoundedSecret returns l/u, rounded by mode, as a secret of the claim. The
// prover derives its value; nothing is given for it.
func (c *Claim) RoundedSecret(name string, l Linear, u *big.Int, mode Mode) Linear {
	if !c.unit(u, mode) || u.Cmp(one) == 0 {
		return l
	}
	v := c.interval(l)
	lo, hi := mode.bounds(v, u)
	m, err := mode.hidden(v, u)
	if err != nil {
		c.fail("%s: %w", name, err)
		return Linear{}
	}
	value := func(ev evaluator) Int { return m.divide(ev(l), u) }
	if m == HalfEven {
		b := c.split(name, lo, hi, value)
		c.roundEven(l, u, b)
		return c.remember(b, l)
	}
	b := c.derived(name, lo, hi, value)
	c.roundPlain(l, u, m, b)
	return c.remember(b, l)
}

// RoundedLines requires that lines[i]/us[i], each rounded by mode, add up to
// total; the rounded amounts stay hidden. The last one needs no commitment of
// its own and no range: it is what the others leave of the total.
func (c *Claim) RoundedLines(lines []Linear, us []*big.Int, mode Mode, total *big.Int) {
	if len(lines) == 0 || len(lines) != len(us) {
		c.fail("%d lines with %d units", len(lines), len(us))
		return
	}
	if !total.IsInt64() {
		c.fail("%w: sum of rounded amounts is beyond 64 bits", ErrNotProvable)
		return
	}
	end := len(lines) - 1
	if end == 0 {
		c.Rounded(lines[0], us[0], mode, total)
		return
	}
	rest := Constant(total)
	for i, l := range lines[:end] {
		rest = rest.Sub(c.RoundedSecret(fmt.Sprintf("line %d", i), l, us[i], mode))
	}
	c.roundTo(lines[end], us[end], mode, rest)
	c.results = append(c.results, lines)
}

// roundTo requires that l/u, rounded by mode, is the hidden integer b.
func (c *Claim) roundTo(l Linear, u *big.Int, mode Mode, b Linear) {
	if !c.unit(u, mode) {
		return
	}
	if u.Cmp(one) == 0 {
		c.RequireZero(l.Sub(b))
		return
	}
	v := c.interval(l)
	m, err := mode.hidden(v, u)
	if err != nil {
		c.fail("last line: %w", err)
		return
	}
	if m == HalfEven {
		value := func(ev evaluator) Int { return m.divide(ev(l), u) }
		lo, hi := mode.bounds(v, u)
		parts := c.split("last line", lo, hi, value)
		c.RequireZero(parts.Sub(b))
		c.roundEven(l, u, parts)
		return
	}
	c.roundPlain(l, u, m, b)
}

// roundPlain adds the range of a mode that does not look at the result.
func (c *Claim) roundPlain(l Linear, u *big.Int, mode Mode, b Linear) {
	r := ruleFor(mode, u, one)
	e := l.addScaled(new(big.Int).Neg(u), b)
	c.addRange(e.AddConst(r.a), r.bound, mode.width(u))
}

// roundEven adds the ranges of half-even with an even unit for the hidden
// result b = 2h + p: t = e + u/2 − p, and both t and u − 2p − t lie in 0 … u.
// For p = 0 these are one range, for p = 1 they say 0 ≤ t ≤ u − 2.
func (c *Claim) roundEven(l Linear, u *big.Int, b Linear) {
	p := single(b.parts[len(b.parts)-1].atom)
	e := l.addScaled(new(big.Int).Neg(u), b)
	t := e.AddConst(new(big.Int).Rsh(u, 1)).Sub(p)
	width := HalfEven.width(u)
	c.addRange(t, u, width)
	c.addRange(Constant(u).addScaled(big.NewInt(-2), p).Sub(t), u, width)
}

// split declares h and p with lo ≤ 2h + p ≤ hi (nearly) and p ∈ {0, 1}, and
// returns 2h + p.
func (c *Claim) split(name string, lo, hi *big.Int, value func(evaluator) Int) Linear {
	floorHalf := func(v *big.Int) *big.Int { return new(big.Int).Rsh(v, 1) }
	h := c.derived(name+" half", floorHalf(lo), floorHalf(hi), func(ev evaluator) Int { return value(ev).half() })
	p := c.derived(name+" parity", zero, one, func(ev evaluator) Int { return Int{value(ev)[0] & 1} })
	return h.Add(h).Add(p)
}
