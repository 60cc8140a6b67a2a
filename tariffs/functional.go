package tariffs

import (
	"fmt"
	"math/big"
)

// A Functional is one number that a proof computes from the readings: Form/U, in
// lowest terms: the greatest common divisor of all weights, Const, U and the
// coefficients of hidden values is 1. It has every row of the plan (FirstRow is
// 0); weights are 0 outside the period.
type Functional struct {
	Name string
	Form
	U *big.Int
}

// Functionals returns what a bill of the plan's stage rounds to minor units by
// Rounding.Mode: stage bill the total with tax, net the net total, line each
// line that depends on readings (all of them, also those that are 0
// everywhere), interval the sums of rounded slots and the other such lines. It
// depends on nothing but the tariff and the period. The error is that of
// Provable.
func (p *Plan) Functionals() ([]Functional, error) { return p.functionals, p.unprovable }

func (p *Plan) makeFunctionals() ([]Functional, error) {
	if p.unprovable != nil {
		return nil, p.unprovable
	}
	if !p.perLine() {
		f, err := p.functional("Total", p.total(), p.minorUnit())
		if err != nil {
			return nil, err
		}
		fs := []Functional{f}
		return fs, p.checkSides(fs)
	}
	var fs []Functional
	if p.Rounding.Stage == StageInterval {
		if p.netting {
			return nil, fmt.Errorf("%w: the rule rounds the money of every slot (rounding.stage interval), which is net of export", ErrNotProvable)
		}
		for i := range p.layers {
			f, err := p.roundedLayer(&p.layers[i])
			if err != nil {
				return nil, err
			}
			fs = append(fs, f)
		}
	}
	for _, it := range p.items {
		if it.public || p.Rounding.Stage == StageInterval && it.line >= 0 {
			continue
		}
		f, err := p.functional(it.name, it.amount, p.minorUnit())
		if err != nil {
			return nil, err
		}
		fs = append(fs, f)
	}
	if err := p.checkSigns(fs); err != nil {
		return nil, err
	}
	return fs, p.checkSides(fs)
}

// minorUnit is one minor unit in fine units.
func (p *Plan) minorUnit() *big.Int { return powerOfTen(finest - p.Rounding.Digits) }

// total is what is rounded once: the net amount, with its taxes in stage bill.
func (p *Plan) total() *expr { return p.sum(p.Rounding.Stage == StageBill) }

// sum adds up the lines, with the taxes that are not in the prices or without.
func (p *Plan) sum(taxed bool) *expr {
	e := newExpr()
	for _, it := range p.items {
		factor := wholeFactor
		if taxed && !p.PricesIncludeTax {
			factor = p.taxFactor(it.component)
		}
		e.add(it.amount, factor, wholeFactor)
	}
	return e
}

// functional brings e/den to lowest terms.
func (p *Plan) functional(name string, e *expr, den *big.Int) (Functional, error) {
	form, unit, err := p.lowest(name, e, den)
	if err != nil {
		return Functional{}, err
	}
	f := Functional{Name: name, Form: form, U: new(big.Int).Quo(den, unit)}
	return f, p.checkOutput(&f)
}

// roundedLayer is the sum of a layer's slots, each rounded.
func (p *Plan) roundedLayer(l *layer) (Functional, error) {
	a := &adder{flat: make([]int64, p.Days*len(p.Channels)*p.N)}
	name := "Energy"
	for s, line := range l.line {
		if line >= 0 {
			a.add(p.at(s, l.channel), l.price[s], 1)
			name = p.Energy[line].Component
		}
	}
	den := powerOfTen(12 - p.Rounding.Digits)
	flat, scale := a.lowest(one)
	shared := new(big.Int).GCD(nil, nil, scale, den)
	weights, ok := p.rows(flat, new(big.Int).Quo(scale, shared))
	if !ok {
		return Functional{}, fmt.Errorf("%w: a price of %q has more than 63 bits", ErrNotProvable, name)
	}
	rule := p.addRule(Rule{
		Name: name, Kind: RuleRounded, Of: Form{Weights: weights, Const: new(big.Int)},
		U: new(big.Int).Quo(den, shared), Mode: p.Rounding.Mode,
	})
	zero, _ := p.rows(make([]int64, len(flat)), new(big.Int))
	f := Functional{Name: name, Form: Form{Weights: zero, Const: new(big.Int), Hidden: []Term{{rule, one}}}, U: one}
	return f, p.checkOutput(&f)
}

// Exact returns the whole bill, taxes in it, without any rounding: the number
// x = Form is revealed as it is and ExactTotal(x) is the money.
func (p *Plan) Exact() (Functional, error) {
	if p.unprovable != nil && p.Rounding.Stage != StageInterval {
		return Functional{}, p.unprovable
	}
	if p.netting && p.Rounding.Stage != StageBill {
		return Functional{}, fmt.Errorf("%w: readings net of export make an exact bill in rounding.stage bill only", ErrNotProvable)
	}
	return p.functional("Total", p.sum(true), powerOfTen(finest))
}

// ExactTotal writes the money x/U of Exact with all its decimals.
func (p *Plan) ExactTotal(x *big.Int) (string, error) {
	f, err := p.Exact()
	if err != nil {
		return "", err
	}
	// U divides 10^48.
	fine := new(big.Int).Mul(x, new(big.Int).Div(powerOfTen(finest), f.U))
	return Decimal(fine, finest, p.Rounding.Digits), nil
}
