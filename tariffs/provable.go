package tariffs

import (
	"errors"
	"fmt"
	"math/big"
)

// ErrNotProvable begins the sentence that says why a bill can be quoted but not
// proven: "not provable: …".
var ErrNotProvable = errors.New("not provable")

// Provable says whether a bill of this plan can be proven; the error is one
// sentence that begins with "not provable". The side that bills and the side
// that verifies ask this same function, directly or by Functionals.
func (p *Plan) Provable() error {
	_, err := p.Functionals()
	return err
}

// maxReading is one more than the greatest reading that the protocol allows.
const maxReading = 1 << 20

// extremes returns bounds of the form for readings 0 ≤ c ≤ most, given those of
// the rules before it.
func (f *Form) extremes(most int64, rules []bounds) (lo, hi *big.Int) {
	lo, hi = new(big.Int), new(big.Int)
	w := new(big.Int)
	for _, row := range f.Weights {
		for _, x := range row {
			if x < 0 {
				lo.Add(lo, w.SetInt64(x))
			} else if x > 0 {
				hi.Add(hi, w.SetInt64(x))
			}
		}
	}
	w.SetInt64(most)
	lo.Mul(lo, w).Add(lo, f.Const)
	hi.Mul(hi, w).Add(hi, f.Const)
	for _, t := range f.Hidden {
		b := rules[t.Rule].times(t.Coef)
		lo.Add(lo, b.lo)
		hi.Add(hi, b.hi)
	}
	return lo, hi
}

// bounds are what a value lies between.
type bounds struct{ lo, hi *big.Int }

func (b bounds) times(k *big.Int) bounds {
	lo, hi := new(big.Int).Mul(b.lo, k), new(big.Int).Mul(b.hi, k)
	if k.Sign() < 0 {
		lo, hi = hi, lo
	}
	return bounds{lo, hi}
}

// ruleBounds returns bounds of every rule for readings 0 ≤ c ≤ most.
func (p *Plan) ruleBounds(most int64) []bounds {
	out := p.bounded // for the greatest reading that the protocol allows
	if most != maxReading {
		out = nil
	}
	for i := len(out); i < len(p.Rules); i++ {
		out = append(out, p.Rules[i].bounds(most, out))
	}
	if most == maxReading {
		p.bounded = out
	}
	return out
}

func (r *Rule) bounds(most int64, before []bounds) bounds {
	zero := new(big.Int)
	switch r.Kind {
	case RuleExcess:
		lo, hi := r.Of.extremes(most, before)
		return bounds{atLeast0(lo), atLeast0(hi)}
	case RuleStep:
		return bounds{zero, one}
	case RulePeak, RuleHighest:
		cells := 0
		for _, g := range r.Groups {
			cells = max(cells, len(g.Cells))
		}
		return bounds{zero, new(big.Int).Mul(big.NewInt(most), big.NewInt(int64(cells*max(1, r.N))))}
	case RuleNet:
		f := Form{Weights: r.Price, Const: zero}
		lo, hi := f.extremes(most, nil)
		return bounds{lo, hi}
	}
	lo, hi := new(big.Int), new(big.Int)
	w := new(big.Int)
	for _, row := range r.Of.Weights {
		for _, x := range row {
			v := r.Mode.round(w.Mul(w.SetInt64(x), big.NewInt(most)), r.U)
			if x < 0 {
				lo.Add(lo, v)
			} else {
				hi.Add(hi, v)
			}
		}
	}
	return bounds{lo, hi}
}

func atLeast0(x *big.Int) *big.Int {
	if x.Sign() < 0 {
		return new(big.Int)
	}
	return x
}

// checkOutput refuses a functional whose rounded value might not fit the signed
// 64 bits of an output.
func (p *Plan) checkOutput(f *Functional) error {
	for _, t := range f.Hidden {
		if t.Coef.BitLen() > 126 {
			return fmt.Errorf("%w: a factor of %q has more than 126 bits", ErrNotProvable, f.Name)
		}
	}
	lo, hi := f.extremes(maxReading, p.ruleBounds(maxReading))
	for _, x := range []*big.Int{lo, hi} {
		if new(big.Int).Quo(x, f.U).BitLen() > 62 {
			return fmt.Errorf("%w: %q could reach 2^62 units of the last decimal", ErrNotProvable, f.Name)
		}
	}
	return nil
}

// checkSigns refuses what only stage line cannot do: its amounts stay secret,
// and rounding a secret away from zero needs its sign to be known beforehand.
// (A single line is the revealed sum itself, so its sign is public.)
func (p *Plan) checkSigns(fs []Functional) error {
	if p.Rounding.Mode != HalfAway || len(fs) < 2 {
		return nil
	}
	for i := range fs {
		if lo, hi := fs[i].extremes(maxReading, p.ruleBounds(maxReading)); lo.Sign() < 0 && hi.Sign() > 0 {
			return fmt.Errorf("%w: line %q has prices above and below zero, and the rule rounds each line half away from zero", ErrNotProvable, fs[i].Name)
		}
	}
	return nil
}
