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
	if r.exact[k] {
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

// net returns Σ k·e, where no e is below its import − export.
func (r *rulings) net(rule *Rule) Linear {
	c := r.claim
	list := r.singles(rule)
	if len(list) == 0 {
		return Linear{}
	}
	var caps, most int64
	weights := make([]int64, len(list))
	for i, s := range list {
		if s.k < 0 {
			c.fail("%w: %s pays for more than is used", ErrNotProvable, rule.Name)
			return Linear{}
		}
		weights[i] = s.k
		in := int64(r.rows[s.row].Cap)
		caps, most = max(caps, in), max(most, 2*in)
		if s.beside >= 0 {
			most = max(most, in+int64(r.rows[s.beside].Cap))
		}
	}
	e := c.Vector(rule.Name, len(list), big.NewInt(caps), PaysUp)
	entries := make([]Sum, len(list))
	for i, s := range list {
		entries[i] = Sum{Cells: []Cell{{Row: s.row, Slot: s.slot, K: -1}}, Items: []Item{{Of: e, At: i, K: 1}}}
		if s.beside >= 0 {
			entries[i].Cells = append(entries[i].Cells, Cell{Row: s.beside, Slot: s.slot, K: 1})
		}
	}
	c.RequireEach(Linear{}, entries, big.NewInt(most))
	return c.Total(e, weights)
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
