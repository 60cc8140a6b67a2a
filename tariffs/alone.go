package tariffs

import (
	"fmt"
	"math/big"
	"slices"
)

// eachAlone calls see with the row of a bill in which one comparison alone comes
// out the other way than below every threshold, for each whose row differs, until
// see returns an error. A year has hundreds of daily blocks: most of these rows
// are the one below every threshold but for the slots of one rule.
func (p *Plan) eachAlone(see func(*Rule, Row) error) error {
	total := p.total()
	below := p.comparing(nil)
	cells, factors, err := p.cells(total, below)
	if err != nil {
		return err
	}
	simple := func(i int) bool {
		return p.Rules[i].Kind == RuleExcess && len(p.Rules[i].Of.Hidden) == 0 && !below[i]
	}
	var shared []*big.Int
	for i, x := range factors {
		if simple(i) {
			shared = append(shared, x)
		}
	}
	base, unit, err := p.row(cells, shared)
	fits := err == nil
	if !fits {
		if base, unit, err = p.row(cells, nil); err != nil {
			return err
		}
	}
	for i := range p.Rules {
		r := &p.Rules[i]
		if r.Kind != RuleExcess && r.Kind != RuleNet || p.ofPeaks(r) {
			continue
		}
		alone, ok := Row{}, false
		if fits && simple(i) {
			alone, ok = p.raised(&base, r, new(big.Int).Quo(factors[i], unit))
		}
		if !ok {
			on := slices.Clone(below)
			on[i] = !on[i]
			if alone, err = p.regime(total, on); err != nil {
				return err
			}
		}
		if sameRatio(&alone, &base) || alone.zero() {
			continue
		}
		if err := see(r, alone); err != nil {
			return err
		}
	}
	return nil
}

// ofPeaks reports whether a rule compares demands alone: no reading has a weight.
func (p *Plan) ofPeaks(r *Rule) bool {
	return r.Kind == RuleExcess && len(r.Of.Weights) == 0 && !slices.ContainsFunc(r.Of.Hidden, func(t Term) bool {
		of := &p.Rules[t.Rule]
		return of.Kind != RulePeak && of.Kind != RuleHighest && !p.ofPeaks(of)
	})
}

// raised returns base with factor times a rule's form added. Days that are not
// touched are shared; false if a weight would not fit.
func (p *Plan) raised(base *Row, r *Rule, factor *big.Int) (Row, bool) {
	if !factor.IsInt64() {
		return Row{}, false
	}
	out := *base
	out.Weights, out.Export = slices.Clone(base.Weights), slices.Clone(base.Export)
	for i, weights := range r.Of.Weights {
		row := r.Of.FirstRow + i
		days := out.Weights
		if p.Channels[row%len(p.Channels)] == exportChannel {
			days = out.Export
		}
		day := row / len(p.Channels)
		sum := adder{flat: slices.Clone(days[day])}
		for s, w := range weights {
			if w != 0 {
				sum.add(s, factor.Int64(), w)
			}
		}
		if sum.overflow {
			return Row{}, false
		}
		days[day] = sum.flat
	}
	return out, true
}

// sameRatio reports whether two rows weigh all readings alike: w/U of each.
func sameRatio(a, b *Row) bool {
	if a.U.Cmp(b.U) == 0 {
		return equalRows(*a, *b)
	}
	x, y := new(big.Int), new(big.Int)
	same := func(v, w int64) bool {
		return x.Mul(x.SetInt64(v), b.U).Cmp(y.Mul(y.SetInt64(w), a.U)) == 0
	}
	days := func(v, w []int64) bool { return slices.EqualFunc(v, w, same) }
	return slices.EqualFunc(a.Weights, b.Weights, days) && slices.EqualFunc(a.Export, b.Export, days)
}

// aloneError says of a refusal for which home it is one.
func (p *Plan) aloneError(r *Rule, err error) error {
	if day, single := p.dayOf(r); single {
		return fmt.Errorf("where only %q is beyond its threshold, on %s and on no other day, the amount says mostly what was used that day: %w", r.Name, day, err)
	}
	return fmt.Errorf("where only %q is beyond its threshold: %w", r.Name, err)
}

// dayOf returns the day of a rule that weighs readings of a single one.
func (p *Plan) dayOf(r *Rule) (day Date, single bool) {
	p.calendar()
	for i, weights := range r.Of.Weights {
		for s, w := range weights {
			if w == 0 {
				continue
			}
			d := p.dates[(r.Of.FirstRow+i)/len(p.Channels)*p.N+s]
			if single && d != day {
				return 0, false
			}
			day, single = d, true
		}
	}
	return day, single
}
