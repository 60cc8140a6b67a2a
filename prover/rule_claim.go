package prover

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// rulings puts a plan's rules into a claim. Equal sums of readings are committed
// to once, whatever they are multiplied with and compared to.
type rulings struct {
	*ruled
	claim  *Claim
	shapes []shape

	bases  []Linear // of each rule that has a Form: without hidden terms
	groups [][]int  // rules that compare one quantity with several thresholds
	group  []int    // rule → its group
	exact  []bool   // rules that may not be wrong in either direction
	falls  []bool   // rules of which an output falls with what they compare
	clamp  int      // the rule that is proven with the amount, or −1
	values []Linear // what each rule comes to
}

// shape is a sum of readings: weights without common factor, first not negative.
type shape struct {
	first   int // row of the plan
	weights [][]int64
	gcd     int64 // by which weights are still to be divided, with their sign
	sum     Linear
}

// rule adds everything that the plan's rules require.
func (r *ruled) rule(c *Claim) *rulings {
	rules := r.plan.Rules
	b := &rulings{ruled: r, claim: c, values: make([]Linear, len(rules)), bases: make([]Linear, len(rules))}
	for k := range rules {
		if kind := rules[k].Kind; kind == Excess || kind == Step {
			b.bases[k] = b.readings(&rules[k].Of)
		}
	}
	b.findGroups()
	b.findExact()
	b.findClamp()
	for k := range rules {
		if len(c.errs) > 0 {
			break // a claim that is too long must not become much longer
		}
		if k == b.clamp {
			continue
		}
		switch rules[k].Kind {
		case Excess:
			if group := b.groups[b.group[k]]; group[0] == k {
				b.excesses(group)
			}
		case Step:
			b.step(k)
		default:
			b.each(k)
		}
	}
	bits := 0
	for _, q := range c.ranges {
		bits += q.width
	}
	c.wide = bits > maxBits
	return b
}

// maxBits is how long the ranges of rules may be for a Bulletproof, whose work
// grows with every bit; digits take more bytes and a twentieth of the time for a
// month of daily blocks.
const maxBits = 256

// readings returns the part of a form that is no rule's: its sum and constant.
func (r *rulings) readings(f *Form) Linear {
	l := Constant(f.Const)
	first, weights := trim(f.FirstRow, f.Weights)
	if g := content(weights); g != 0 {
		l = l.addScaled(big.NewInt(g), r.sum(first, weights, g))
	}
	return l
}

// hidden adds what the form takes of rules.
func (r *rulings) hidden(l Linear, terms []Term) Linear {
	for _, t := range terms {
		l = l.addScaled(t.Coef, r.values[t.Rule])
	}
	return l
}

// sum returns the functional of weights divided by g.
func (r *rulings) sum(first int, weights [][]int64, g int64) Linear {
	for i := range r.shapes {
		if s := &r.shapes[i]; s.first == first && sameShape(s.weights, s.gcd, weights, g) {
			return s.sum
		}
	}
	l := r.claim.Functional(r.spread(first, weights, g), zero)
	r.shapes = append(r.shapes, shape{first, weights, g, l})
	return l
}

// spread gives each row of the claim its weights, divided by g.
func (r *rulings) spread(first int, weights [][]int64, g int64) [][]int64 {
	divided := make([][]int64, len(weights))
	for i, row := range weights {
		divided[i] = row
		if g != 1 {
			divided[i] = make([]int64, len(row))
			for s, w := range row {
				divided[i][s] = w / g
			}
		}
	}
	zeros := make([]int64, maxSlots)
	out := make([][]int64, len(r.places))
	for i, at := range r.places {
		if k := at - first; k >= 0 && k < len(divided) {
			out[i] = divided[k]
		} else {
			out[i] = zeros[:r.claim.rows[i].N]
		}
	}
	return out
}

const maxSlots = 288 // in a day

// trim leaves out rows of zeros at both ends.
func trim(first int, weights [][]int64) (int, [][]int64) {
	empty := func(row []int64) bool { return !slices.ContainsFunc(row, func(w int64) bool { return w != 0 }) }
	for len(weights) > 0 && empty(weights[0]) {
		first, weights = first+1, weights[1:]
	}
	for len(weights) > 0 && empty(weights[len(weights)-1]) {
		weights = weights[:len(weights)-1]
	}
	return first, weights
}

// content is the greatest common divisor of the weights with the sign of the
// first one, 0 if all are 0.
func content(weights [][]int64) int64 {
	var g, sign int64
	for _, row := range weights {
		for _, w := range row {
			if sign == 0 && w != 0 {
				sign = 1 | w>>63
			}
			for a := w; a != 0; {
				g, a = a, g%a
			}
		}
	}
	if g < 0 {
		g = -g
	}
	return sign * g
}

// sameShape reports whether a/g = b/h.
func sameShape(a [][]int64, g int64, b [][]int64, h int64) bool {
	return slices.EqualFunc(a, b, func(x, y []int64) bool {
		return slices.EqualFunc(x, y, func(v, w int64) bool { return v/g == w/h })
	})
}

// findGroups puts excesses together that differ in their constant only. Any
// other rule is a group by itself.
func (r *rulings) findGroups() {
	rules := r.plan.Rules
	r.group = make([]int, len(rules))
	for k := range rules {
		r.group[k] = slices.IndexFunc(r.groups, func(g []int) bool {
			return rules[k].Kind == Excess && rules[g[0]].Kind == Excess &&
				len(r.bases[k].Sub(r.bases[g[0]]).parts) == 0 && sameTerms(rules[k].Of.Hidden, rules[g[0]].Of.Hidden)
		})
		if r.group[k] < 0 {
			r.group[k] = len(r.groups)
			r.groups = append(r.groups, nil)
		}
		r.groups[r.group[k]] = append(r.groups[r.group[k]], k)
	}
}

func sameTerms(a, b []Term) bool {
	return slices.EqualFunc(a, b, func(x, y Term) bool { return x.Rule == y.Rule && x.Coef.Cmp(y.Coef) == 0 })
}

// findExact finds the rules that must be proven with equality. A rule may be
// one-sided, too large at the customer's own expense, only if no output falls
// when it rises by itself; a group is of one sort. What a group compares may be
// one-sided if no output falls with that. The whole argument is in docs/notes.md.
func (r *rulings) findExact() {
	rules := r.plan.Rules
	r.exact = make([]bool, len(rules))
	r.falls = make([]bool, len(rules))
	moves := make([]struct{ up, down bool }, len(r.groups)) // of outputs, with what the group compares
	use := func(terms []Term, up, down bool) {
		for _, t := range terms {
			r.exact[t.Rule] = r.exact[t.Rule] || t.Coef.Sign() < 0 && up || t.Coef.Sign() > 0 && down
		}
		for g, members := range r.groups {
			rises, falls := r.slopes(members, terms)
			moves[g].up = moves[g].up || rises && up || falls && down
			moves[g].down = moves[g].down || rises && down || falls && up
		}
	}
	for i := range r.plan.Functionals {
		use(r.plan.Functionals[i].Hidden, true, false)
	}
	for k := len(rules) - 1; k >= 0; k-- {
		// All that uses a member of the group stands behind its first.
		if g := r.group[k]; r.groups[g][0] == k {
			use(rules[k].Of.Hidden, moves[g].up, moves[g].down)
		}
	}
	for g, members := range r.groups {
		any := slices.ContainsFunc(members, func(k int) bool { return r.exact[k] })
		for _, k := range members {
			r.exact[k], r.falls[k] = any, moves[g].down
		}
	}
}

// slopes says whether the terms of a group's rules rise or fall somewhere as what
// the group compares rises: beyond each threshold one more of them counts.
func (r *rulings) slopes(members []int, terms []Term) (rises, falls bool) {
	list := slices.DeleteFunc(slices.Clone(terms), func(t Term) bool { return !slices.Contains(members, t.Rule) })
	slices.SortStableFunc(list, func(a, b Term) int { return r.bases[b.Rule].c().Cmp(r.bases[a.Rule].c()) })
	slope := new(big.Int)
	for i, t := range list {
		slope.Add(slope, t.Coef)
		if i+1 < len(list) && r.bases[t.Rule].c().Cmp(r.bases[list[i+1].Rule].c()) == 0 {
			continue
		}
		rises, falls = rises || slope.Sign() > 0, falls || slope.Sign() < 0
	}
	return rises, falls
}

// findClamp finds a rule that is all there is to a single rounded amount, as a
// minimum charge is: amount = round((Const + Coef·max(0, Of))/U). The amount then
// says on which side of the threshold it is, and nothing need be hidden.
func (r *rulings) findClamp() {
	p := r.plan
	r.clamp = -1
	if p.Kind != BillRounded || p.lines() || len(p.Functionals) != 1 {
		return
	}
	f := &p.Functionals[0]
	if len(f.Hidden) != 1 || f.Hidden[0].Coef.Sign() < 0 || content(f.Weights) != 0 {
		return
	}
	k := f.Hidden[0].Rule
	uses := func(rule Rule) bool {
		return slices.ContainsFunc(rule.Of.Hidden, func(t Term) bool { return t.Rule == k })
	}
	if p.Rules[k].Kind == Excess && len(r.groups[r.group[k]]) == 1 && !slices.ContainsFunc(p.Rules, uses) {
		r.clamp = k
	}
}

// excesses adds max(0, Of) for the rules of a group: Q − t_1, Q − t_2, … with
// thresholds ascending. What is committed to is the part of each between its
// threshold and the next, x_k ∈ 0 … t_(k+1) − t_k, the last one without a next:
// then value k is x_k + x_(k+1) + …, not below 0, and it is enough that the first
// is not below Q − t_1 for none to be below its own.
func (r *rulings) excesses(group []int) {
	c, rules := r.claim, r.plan.Rules
	of := make(map[int]Linear, len(group))
	for _, k := range group {
		of[k] = r.hidden(r.bases[k], rules[k].Of.Hidden)
	}
	group = slices.Clone(group)
	slices.SortStableFunc(group, func(i, j int) int { return of[j].c().Cmp(of[i].c()) })
	// Where readings cannot reach a threshold, or not stay below it, nothing is
	// to be proven.
	for len(group) > 0 && c.interval(of[group[0]]).lo.Sign() >= 0 {
		r.values[group[0]] = of[group[0]]
		group = group[1:]
	}
	for len(group) > 0 && c.interval(of[group[len(group)-1]]).hi.Sign() <= 0 {
		group = group[:len(group)-1]
	}
	var above Linear
	for i, k := range slices.Backward(group) {
		if i+1 < len(group) && of[k].c().Cmp(of[group[i+1]].c()) == 0 {
			r.values[k] = above
			continue
		}
		above = above.Add(r.part(rules[k].Name, of, group[i:], r.exact[k]))
		r.values[k] = above
	}
	if len(group) == 0 {
		return
	}
	first := of[group[0]]
	c.RequireRange(above.Sub(first), new(big.Int).Neg(c.interval(first).lo))
	if !r.exact[group[0]] {
		return
	}
	group = slices.CompactFunc(group, func(i, j int) bool { return of[i].c().Cmp(of[j].c()) == 0 })
	if c.loose(first) {
		r.fill(group, of)
		return
	}
	for _, k := range group {
		c.ZeroProduct(r.values[k].Sub(of[k]), r.values[k])
	}
}

// fill makes the parts of a group exact without products, in which one-sided
// secrets cannot stand: bit k says whether part k is used. A part that is not is
// 0, one that is leaves none before it that is not full; if the first is used,
// the parts add up to no more than what is compared.
func (r *rulings) fill(group []int, of map[int]Linear) {
	c, next := r.claim, Linear{}
	for i, k := range slices.Backward(group) {
		mine := of[k]
		bit := c.secret(secret{name: r.plan.Rules[k].Name + ", used", within: interval{zero, one},
			value: func(ev evaluator) Int { return Int{(Int{}).Less(ev(mine))} }})
		part, width := r.values[k], c.interval(mine).hi
		if i+1 < len(group) {
			above := group[i+1]
			part, width = part.Sub(r.values[above]), new(big.Int).Sub(mine.c(), of[above].c())
			c.RequireRange(part.addScaled(new(big.Int).Neg(width), next), width)
		}
		c.RequireRange(bit.Scale(width).Sub(part), width)
		if next = bit; i == 0 {
			least := c.interval(mine).lo
			c.RequireRange(mine.Sub(r.values[k]).AddConst(new(big.Int).Neg(least)).Add(bit.Scale(least)), new(big.Int).Neg(least))
		}
	}
}

// loose reports whether a one-sided secret or vector stands in the expression.
func (c *Claim) loose(l Linear) bool {
	return slices.ContainsFunc(l.parts, func(p part) bool {
		if p.atom.secret {
			return c.secrets[p.atom.i].pays != 0
		}
		t := c.functionals[p.atom.i].total
		return t != nil && c.vectors[t.vector].pays != 0
	})
}

// part declares the secret max(0, Of of the first rule) − max(0, Of of the next
// one with another threshold).
func (r *rulings) part(name string, of map[int]Linear, from []int, exact bool) Linear {
	c, mine := r.claim, of[from[0]]
	hi := c.interval(mine).hi
	value := func(ev evaluator) Int { return ev(mine).positive() }
	if len(from) > 1 {
		next := of[from[1]]
		hi = new(big.Int).Sub(mine.c(), next.c())
		value = func(ev evaluator) Int { return ev(mine).positive().Sub(ev(next).positive()) }
	}
	s := secret{name: name, within: interval{zero, hi}, value: value}
	if !exact {
		s.pays = PaysUp
	}
	return c.remember(c.secret(s), mine)
}

// functional returns a functional of the plan as an expression of the claim.
func (r *rulings) functional(f *Functional) Linear {
	form := f.form()
	l := r.hidden(r.readings(&form), f.Hidden)
	if len(l.parts) == 0 { // caps so low that it is public; a claim is about something
		l = r.claim.Functional(r.spread(0, nil, 1), zero).AddConst(l.c())
	}
	return l
}

// clamped requires that the amount b is Const + Coef·max(0, Of) in units of U,
// rounded. Rounding never falls, so the least amount is that of Const, which it
// is as long as Of is below some public number; above it, the amount is that of
// Const + Coef·Of. Which of the two is proven follows from b; their ranges have
// one width.
func (r *rulings) clamped(f *Functional, mode Mode, b *big.Int) error {
	c, rule := r.claim, &r.plan.Rules[r.clamp]
	if !c.unit(f.U, mode) {
		return nil
	}
	of := r.hidden(r.bases[r.clamp], rule.Of.Hidden)
	sum := Constant(f.Const).addScaled(f.Hidden[0].Coef, of)
	lo, hi := c.interval(of).lo, c.interval(of).hi
	if lo.Sign() >= 0 || hi.Sign() <= 0 {
		r.excesses([]int{r.clamp})
		c.Rounded(r.functional(f), f.U, mode, b)
		return nil
	}
	least := mode.divide(publicInt(f.Const), f.U).big()
	coef := f.Hidden[0].Coef
	// Const + Coef·v rounds to least as long as Const + Coef·v − least·U + a ≤ bound.
	at := ruleFor(mode, f.U, least)
	most := new(big.Int).Mul(least, f.U)
	most.Add(most, at.bound).Sub(most, at.a).Sub(most, f.Const)
	most.Div(most, coef)
	below := new(big.Int).Sub(most, lo)
	if below.Cmp(maxBound) >= 0 {
		return fmt.Errorf("%w: threshold of %s is 2^100 or more away", ErrNotProvable, rule.Name)
	}
	width := max(mode.width(f.U), below.BitLen())
	switch b.Cmp(least) {
	case -1:
		return errImpossible
	case 0:
		c.addRange(Constant(most).Sub(of), below, width)
	default:
		e := sum.addScaled(new(big.Int).Neg(f.U), Constant(b))
		at = ruleFor(mode, f.U, b)
		c.addRange(e.AddConst(at.a), at.bound, width)
	}
	c.results = append(c.results, []Linear{sum})
	return nil
}

var errImpossible = errors.New("amount is below what the tariff charges at least")
