package prover

import (
	"math/big"
)

// step adds value k, 1 if Of ≥ 0 and else 0. With Of ≤ hi it is enough that Of <
// 0 or the value is 1: (hi + 1)·value > Of. Exactly, Of ≥ 0 or the value is 0.
func (r *rulings) step(k int) {
	c, rule := r.claim, &r.plan.Rules[k]
	of := r.hidden(r.bases[k], rule.Of.Hidden)
	v := c.interval(of)
	switch {
	case v.hi.Sign() < 0:
		return
	case v.lo.Sign() >= 0:
		r.values[k] = Constant(one)
		return
	}
	s := secret{name: rule.Name, within: interval{zero, one},
		value: func(ev evaluator) Int { return Int{1 - ev(of).Less(Int{})} }}
	if !r.exact[k] {
		s.pays = PaysUp
	}
	y := c.remember(c.secret(s), of)
	r.values[k] = y
	over := new(big.Int).Add(v.hi, one)
	c.RequireRange(y.Scale(over).AddConst(big.NewInt(-1)).Sub(of), new(big.Int).Sub(v.hi, v.lo))
	if r.exact[k] {
		c.RequireRange(of.AddConst(new(big.Int).Neg(v.lo)).Add(y.Scale(v.lo)), new(big.Int).Sub(v.hi, v.lo))
	}
}

// each adds a rule about every reading. But for Each they are one-sided.
func (r *rulings) each(k int) {
	rule := &r.plan.Rules[k]
	if rule.Kind == Each {
		r.values[k] = r.roundEach(rule)
		return
	}
	if r.falls[k] {
		r.claim.fail("%w: a bill can fall while %s rises", ErrNotProvable, rule.Name)
		return
	}
	switch rule.Kind {
	case Peak:
		r.values[k] = r.peak(rule)
	case Highest:
		r.values[k] = r.highest(rule)
	case Net:
		r.values[k] = r.net(rule)
	}
}

// peak returns a secret that no demand is above.
func (r *rulings) peak(rule *Rule) Linear {
	list, _ := r.demands(rule)
	if len(list) == 0 {
		return Linear{}
	}
	most := r.most(list)
	m := r.claim.Secret(rule.Name, zero, most, PaysUp)
	entries := make([]Sum, len(list))
	for i, d := range list {
		entries[i] = Sum{Cells: d.cells}
	}
	r.claim.RequireEach(m, entries, most)
	return m
}

// highest returns N·θ + Σ e_d, where no demand of day d is above θ + e_d. Its
// least value, over all θ and e_d, is the sum of the N greatest daily peaks.
func (r *rulings) highest(rule *Rule) Linear {
	c := r.claim
	list, days := r.demands(rule)
	if len(list) == 0 {
		return Linear{}
	}
	most := r.most(list)
	theta := c.Secret(rule.Name, zero, most, PaysUp)
	over := c.Vector(rule.Name+", above", days, most, PaysUp)
	entries := make([]Sum, len(list))
	for i, d := range list {
		entries[i] = Sum{Cells: d.cells, Items: []Item{{Of: over, At: d.day, K: 1}}}
	}
	c.RequireEach(theta, entries, new(big.Int).Lsh(most, 1))
	return theta.Scale(big.NewInt(int64(rule.Count))).Add(c.Total(over, ones(days)))
}

func ones(n int) []int64 {
	w := make([]int64, n)
	for i := range w {
		w[i] = 1
	}
	return w
}

// net returns Σ k·e. Where k is positive no e is below max(0, import − export);
// where it is negative none is above: with a bit that says which of the two the
// greater is, e ≤ cap·bit and e ≤ import − export + cap·(1 − bit). Either way a
// wrong e costs the customer.
func (r *rulings) net(rule *Rule) (sum Linear) {
	above, below := r.signs(r.singles(rule))
	if len(above) > 0 {
		sum = sum.Add(r.netAbove(rule.Name, above))
	}
	if len(below) > 0 {
		sum = sum.Add(r.netBelow(rule.Name+", at most", below))
	}
	return sum
}

func (r *rulings) netAbove(name string, list []lone) Linear {
	c := r.claim
	in, out := r.caps(list)
	e := c.Vector(name, len(list), in, PaysUp)
	entries := make([]Sum, len(list))
	for i, s := range list {
		entries[i] = Sum{Cells: s.difference(-1), Items: []Item{{Of: e, At: i, K: 1}}}
	}
	c.RequireEach(Linear{}, entries, new(big.Int).Add(in, out))
	return c.Total(e, factors(list))
}

func (r *rulings) netBelow(name string, list []lone) Linear {
	c := r.claim
	in, out := r.caps(list)
	e := c.Vector(name, len(list), in, PaysDown)
	bit := c.Vector(name+", which", len(list), one)
	bits, first, second := make([]Sum, len(list)), make([]Sum, len(list)), make([]Sum, len(list))
	for i, s := range list {
		bits[i] = Sum{Items: []Item{{Of: bit, At: i, K: 1}}}
		first[i] = Sum{Items: []Item{{Of: e, At: i, K: -1}, {Of: bit, At: i, K: in.Int64()}}}
		second[i] = Sum{Cells: s.difference(1), Items: []Item{{Of: e, At: i, K: -1}, {Of: bit, At: i, K: -out.Int64()}}, Const: out.Int64()}
	}
	c.RequireEach(Linear{}, bits, one)
	c.RequireEach(Linear{}, first, in)
	c.RequireEach(Linear{}, second, out)
	return c.Total(e, factors(list))
}

// difference is k·(import − export).
func (s *lone) difference(k int64) []Cell {
	cells := []Cell{{Row: s.row, Slot: s.slot, K: k}}
	if s.beside >= 0 {
		cells = append(cells, Cell{Row: s.beside, Slot: s.slot, K: -k})
	}
	return cells
}

// caps are the greatest readings of import and of export; the latter counts as
// that of import where there is none.
func (r *rulings) caps(list []lone) (in, out *big.Int) {
	var a, b int64
	for _, s := range list {
		a = max(a, int64(r.rows[s.row].Cap))
		if s.beside >= 0 {
			b = max(b, int64(r.rows[s.beside].Cap))
		}
	}
	if b == 0 {
		b = a
	}
	return big.NewInt(a), big.NewInt(b)
}

func factors(list []lone) []int64 {
	weights := make([]int64, len(list))
	for i, s := range list {
		weights[i] = s.k
	}
	return weights
}

// roundEach returns Σ round(k·reading/U). What each is rounded to is unique, so
// there is no side to be wrong on.
func (r *rulings) roundEach(rule *Rule) Linear {
	c := r.claim
	list := r.singles(rule)
	if rule.U.Cmp(one) == 0 || len(list) == 0 {
		return r.readings(&rule.Of)
	}
	lo, hi := r.span(rule, list)
	b := c.Vector(rule.Name, len(list), greatest(one, new(big.Int).Sub(hi, lo)))
	value := c.Total(b, ones(len(list))).AddConst(new(big.Int).Mul(lo, big.NewInt(int64(len(list)))))
	if rule.Mode.parity(rule.U) {
		p := c.Vector(rule.Name+", parity", len(list), one)
		r.roundEachEven(rule, list, b, p, new(big.Int).Mul(lo, rule.U))
		return value.Scale(big.NewInt(2)).Add(c.Total(p, ones(len(list))))
	}
	entries, u := make([]Sum, len(list)), rule.U.Int64()
	for i, s := range list {
		mode := rule.Mode
		if mode == HalfAway && s.k < 0 {
			mode = HalfDown
		}
		entries[i] = Sum{
			Cells: []Cell{{Row: s.row, Slot: s.slot, K: s.k}},
			Items: []Item{{Of: b, At: i, K: -u}},
			Const: ruleFor(mode, rule.U, one).a.Int64(),
		}
	}
	c.RequireEach(Constant(lo.Neg(lo.Mul(lo, rule.U))), entries, new(big.Int).Sub(rule.U, one))
	return value
}

// roundEachEven is roundEven for every reading: each is rounded to 2(h + lo) + p,
// base being lo·U.
func (r *rulings) roundEachEven(rule *Rule, list []lone, h, p Vector, base *big.Int) {
	c, u := r.claim, rule.U.Int64()
	bits, low, high := make([]Sum, len(list)), make([]Sum, len(list)), make([]Sum, len(list))
	for i, s := range list {
		at := Cell{Row: s.row, Slot: s.slot, K: s.k}
		bits[i] = Sum{Items: []Item{{Of: p, At: i, K: 1}}}
		low[i] = Sum{Cells: []Cell{at}, Items: []Item{{Of: h, At: i, K: -2 * u}, {Of: p, At: i, K: -u - 1}}, Const: u / 2}
		at.K = -at.K
		high[i] = Sum{Cells: []Cell{at}, Items: []Item{{Of: h, At: i, K: 2 * u}, {Of: p, At: i, K: u - 1}}, Const: u / 2}
	}
	twice := new(big.Int).Lsh(base, 1)
	c.RequireEach(Linear{}, bits, one)
	c.RequireEach(Constant(new(big.Int).Neg(twice)), low, rule.U)
	c.RequireEach(Constant(twice), high, rule.U)
}
