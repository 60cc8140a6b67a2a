package prover

import "math/big"

// values computes what every rule comes to, from the readings of the rows at
// these places of the plan, in time that does not depend on the readings.
func (p *BillPlan) values(places []int, readings [][]uint32) []Int {
	values := make([]Int, len(p.Rules))
	for k := range p.Rules {
		values[k] = p.Rules[k].Of.value(places, readings, values).positive()
	}
	return values
}

// value computes the form, given the rules that it uses.
func (f *Form) value(places []int, readings [][]uint32, values []Int) Int {
	x := publicInt(f.Const)
	for i, at := range places {
		if w := f.row(at); w != nil {
			x = x.Add(evaluate([][]int64{w}, zero, readings[i:i+1]))
		}
	}
	for _, t := range f.Hidden {
		x = x.Add(values[t.Rule].Mul(publicInt(t.Coef)))
	}
	return x
}

// row returns the weights of the plan's row at, nil if all are 0.
func (f *Form) row(at int) []int64 {
	if i := at - f.FirstRow; i >= 0 && i < len(f.Weights) {
		return f.Weights[i]
	}
	return nil
}

// positive returns max(0, x).
func (x Int) positive() Int { return Select(x.Less(Int{}), Int{}, x) }

// divide rounds a hidden value of the plan to units of u.
func (p *BillPlan) divide(x Int, u *big.Int) Int {
	if p.Kind == BillExact {
		return x
	}
	return Mode(p.Mode).divide(x, u)
}
