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

// extremes returns the least and the greatest value of Σ w·c + Const for
// readings 0 ≤ c ≤ most.
func (f *Functional) extremes(most int64) (lo, hi *big.Int) {
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
	return lo, hi
}

// checkOutput refuses a functional whose rounded value might not fit the signed
// 64 bits of an output.
func (p *Plan) checkOutput(f *Functional) error {
	lo, hi := f.extremes(maxReading)
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
		if lo, hi := fs[i].extremes(1); lo.Sign() < 0 && hi.Sign() > 0 {
			return fmt.Errorf("%w: line %q has prices above and below zero, and the rule rounds each line half away from zero", ErrNotProvable, fs[i].Name)
		}
	}
	return nil
}
