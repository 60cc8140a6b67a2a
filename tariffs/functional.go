package tariffs

import (
	"fmt"
	"math/big"
	"math/bits"
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
// energy line (all of them, also those that are 0 everywhere). It depends on
// nothing but the tariff and the period. The error is that of Provable.
func (p *Plan) Functionals() ([]Functional, error) {
	if p.Rounding.Stage == StageInterval {
		return nil, fmt.Errorf("%w: the rule rounds the money of every slot (rounding.stage interval); proofs cover bill, net and line", ErrNotProvable)
	}
	var fs []Functional
	if p.Rounding.Stage == StageLine {
		for i, e := range p.Energy {
			f, err := p.lineFunctional(i, e.Name)
			if err != nil {
				return nil, err
			}
			fs = append(fs, f)
		}
		return fs, p.checkSigns(fs)
	}
	num, den := big.NewInt(1), powerOfTen(12-p.Rounding.Digits)
	if p.Rounding.Stage == StageBill && !p.PricesIncludeTax {
		num, den = p.taxFactor(), den.Mul(den, nano)
	}
	f, err := p.functional("Total", p.price, p.fixedSum(), num, den)
	if err != nil {
		return nil, err
	}
	return []Functional{f}, nil
}

// Exact returns the whole bill, taxes in it, without any rounding: the number
// x = Σ w·c + Const is revealed as it is and ExactTotal(x) is the money.
func (p *Plan) Exact() (Functional, error) {
	num, den := big.NewInt(1), powerOfTen(12)
	if !p.PricesIncludeTax {
		num, den = p.taxFactor(), powerOfTen(finest)
	}
	return p.functional("Total", p.price, p.fixedSum(), num, den)
}

// ExactTotal writes the money x/U of Exact with all its decimals.
func (p *Plan) ExactTotal(x *big.Int) (string, error) {
	f, err := p.Exact()
	if err != nil {
		return "", err
	}
	// U divides 10^21.
	fine := new(big.Int).Mul(x, new(big.Int).Div(powerOfTen(finest), f.U))
	return Decimal(fine, finest, p.Rounding.Digits), nil
}

// fixedSum returns the public charges before tax, in pico units.
func (p *Plan) fixedSum() *big.Int {
	total := new(big.Int)
	for _, f := range p.Fixed {
		total.Add(total, f.Amount)
	}
	return total
}

func (p *Plan) lineFunctional(i int, name string) (Functional, error) {
	prices := make([]int64, len(p.price))
	for s, l := range p.line {
		if l == int32(i) {
			prices[s] = p.price[s]
		}
	}
	return p.functional(name, prices, new(big.Int), big.NewInt(1), powerOfTen(12-p.Rounding.Digits))
}

// functional brings (Σ prices·c + konst)·num/den to lowest terms.
func (p *Plan) functional(name string, prices []int64, konst, num, den *big.Int) (Functional, error) {
	g := new(big.Int).GCD(nil, nil, num, den)
	num, den = new(big.Int).Div(num, g), new(big.Int).Div(den, g)
	// num and den share no factor now, so what the weights num·price, the
	// constant num·konst and den share is what prices, konst and den share.
	var common uint64
	for _, w := range prices {
		if common = gcd(common, magnitude(w)); common == 1 {
			break
		}
	}
	shared := new(big.Int).SetUint64(common)
	shared.GCD(nil, nil, shared, new(big.Int).Abs(konst)).GCD(nil, nil, shared, den)
	f := Functional{
		Name: name,
		Form: Form{Const: new(big.Int).Div(new(big.Int).Mul(konst, num), shared)},
		U:    new(big.Int).Div(den, shared),
	}
	if f.Const.BitLen() > 127 {
		return f, fmt.Errorf("%w: the public part of %q has more than 127 bits", ErrNotProvable, name)
	}
	if !num.IsUint64() {
		return f, fmt.Errorf("%w: the tax rates have too many decimals", ErrNotProvable)
	}
	var ok bool
	if f.Weights, ok = p.weights(prices, num.Uint64(), shared); !ok {
		return f, fmt.Errorf("%w: a price of %q has more than 63 bits with its tax in lowest terms", ErrNotProvable, name)
	}
	return f, p.checkOutput(&f)
}

// weights returns num·price/shared row by row, false where one does not fit.
func (p *Plan) weights(prices []int64, num uint64, shared *big.Int) ([][]int64, bool) {
	// shared divides every price unless all are 0; it fits where it matters.
	divisor := int64(1)
	if shared.IsInt64() {
		divisor = shared.Int64()
	}
	flat := make([]int64, len(prices))
	for i, w := range prices {
		hi, lo := bits.Mul64(magnitude(w)/uint64(divisor), num)
		if hi != 0 || lo >= 1<<63 {
			return nil, false
		}
		if flat[i] = int64(lo); w < 0 {
			flat[i] = -int64(lo)
		}
	}
	rows := make([][]int64, p.Days)
	for d := range rows {
		rows[d] = flat[d*p.N : (d+1)*p.N : (d+1)*p.N]
	}
	return rows, true
}

func magnitude(w int64) uint64 {
	if w < 0 {
		return uint64(-w)
	}
	return uint64(w)
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
