package tariffs

import (
	"fmt"
	"math/big"
	"slices"
)

// demandItem adds the line of a demand charge: for each day, month or bill the
// peak of its windows, or the sum of the highest daily peaks, as a rule, and what
// is charged for it.
func (p *Plan) demandItem(segment int, k *track, s *season, d *demand) error {
	it := item{kind: lineDemand, period: s.name, name: d.name, component: k.component, segment: segment, amount: newExpr(), line: -1}
	sets, err := p.demandSets(p.segments[segment], s, d)
	if err != nil {
		return err
	}
	for _, set := range sets {
		p.chargeDemand(&it, d, set)
	}
	p.items = append(p.items, it)
	return nil
}

// A demandSet is the demand intervals of one measured day, month or bill, and
// the days that it is charged for.
type demandSet struct {
	groups []Group
	days   []Date // of the measured time
}

// demandSets finds the intervals. An interval begins at a multiple of its length
// on the clock; where the clock is put back the same time of day comes twice.
func (p *Plan) demandSets(g segment, s *season, d *demand) ([]demandSet, error) {
	p.calendar()
	slot := int(p.step() / 60)
	if d.interval < slot {
		return nil, fmt.Errorf("%s.interval: demand is measured every %d minutes, the meter's slots have %d", d.path, d.interval, slot)
	}
	period := map[string]string{"DAY": perDay, "MONTH": perMonth, termBill: perBill}[d.measure]
	var out []demandSet
	index := map[int]int{}
	for day := g.from; day < g.to; day++ {
		if !s.contains(day.dayOfYear()) {
			continue
		}
		at, known := index[unitKey(period, day)]
		if !known {
			at = len(out)
			index[unitKey(period, day)] = at
			out = append(out, demandSet{})
		}
		out[at].days = append(out[at].days, day)
	}
	if len(out) == 0 {
		return nil, nil // the season has no day in this bill
	}
	var last int64
	for t := p.From; t < p.To; t += p.step() {
		i := p.slotAt(t)
		day, minute := p.dates[i], int(p.minutes[i])
		if day < g.from || day >= g.to || !s.contains(day.dayOfYear()) || !d.holds(g.t, day, minute) {
			continue
		}
		if minute%slot != 0 {
			return nil, fmt.Errorf("%s.interval: begins at %s in %s, inside a metering slot of %d minutes", d.path, stamp(p.location(), t), p.Clock, slot)
		}
		set := &out[index[unitKey(period, day)]]
		if n := len(set.groups); n == 0 || minute%d.interval == 0 || t != last+p.step() {
			set.groups = append(set.groups, Group{Day: int(day)})
		}
		last = t
		group := &set.groups[len(set.groups)-1]
		row := p.at(i, importChannel) / p.N
		group.Cells = append(group.Cells, Cell{row, i % p.N})
	}
	return out, nil
}

// holds reports whether a minute of a local day lies in a window; what passes
// midnight belongs to the day on which it begins.
func (d *demand) holds(t *Tariff, day Date, minute int) bool {
	return slices.ContainsFunc(d.windows, func(w demandWindow) bool {
		return w.days[t.countsAs(day)] && w.start <= minute && minute < w.end ||
			w.days[t.countsAs(day-1)] && minute+minutesOfDay < w.end
	})
}

// chargeDemand adds what one set costs. Demand is counted in W·n, n being the
// number of daily peaks that are averaged: a Wh of their sum is 60/interval.
func (p *Plan) chargeDemand(it *item, d *demand, set demandSet) {
	peakDays := 0
	for i, g := range set.groups {
		if i == 0 || set.groups[i-1].Day != g.Day {
			peakDays++
		}
	}
	n := int64(max(1, min(d.highest, peakDays)))
	perWh := int64(60 / d.interval)
	share := d.chargeShare(p, set.days)
	var sum *Form
	if len(set.groups) > 0 {
		rule := Rule{Name: d.name, Kind: RulePeak, Groups: set.groups}
		if n > 1 {
			rule.Kind, rule.N = RuleHighest, int(n)
		}
		at := p.demandRule(rule)
		it.demands = append(it.demands, metered{at, big.NewRat(perWh, n), share})
		sum = &Form{Const: new(big.Int), Hidden: []Term{{at, one}}}
	}
	price := func(nano, per int64) *big.Int { // pico, per unit; rounded half up
		x := new(big.Rat).Mul(share, new(big.Rat).SetFrac(pico(nano), big.NewInt(per)))
		return HalfUp.round(x.Num(), x.Denom())
	}
	if d.steps != nil {
		p.chargeSteps(it, d, sum, n, perWh, price)
		return
	}
	// Of 1 W·n, or of perWh of them at once.
	perUnit := price(d.amount, 1000*n)
	if sum == nil {
		it.amount.konst.Add(it.amount.konst, new(big.Int).Mul(perUnit, new(big.Int).Mul(big.NewInt(d.floor*n), picoFine)))
		return
	}
	excess := func(watts int64) int {
		of := Form{Const: big.NewInt(-watts * n), Hidden: []Term{{sum.Hidden[0].Rule, big.NewInt(perWh)}}}
		return p.demandRule(Rule{Name: d.name, Kind: RuleExcess, Of: of})
	}
	switch {
	case d.floor > 0:
		it.amount.addHidden(excess(d.floor), perUnit)
		it.amount.konst.Add(it.amount.konst, new(big.Int).Mul(perUnit, new(big.Int).Mul(big.NewInt(d.floor*n), picoFine)))
	case d.least > 0:
		it.amount.addHidden(excess(d.least), perUnit)
	default:
		it.amount.addHidden(sum.Hidden[0].Rule, new(big.Int).Mul(perUnit, big.NewInt(perWh)))
	}
	if d.most > 0 {
		it.amount.addHidden(excess(d.most), new(big.Int).Neg(perUnit))
	}
}

// demandRule adds a rule about demand, unless there is the same one already:
// tiers of one demand share it and their edges, so that what a bill gains at an
// edge is the difference of their prices.
func (p *Plan) demandRule(r Rule) int {
	sameCell := func(a, b Group) bool { return a.Day == b.Day && slices.Equal(a.Cells, b.Cells) }
	sameTerm := func(a, b Term) bool { return a.Rule == b.Rule && a.Coef.Cmp(b.Coef) == 0 }
	for i := range p.Rules {
		o := &p.Rules[i]
		if o.Kind != r.Kind || o.N != r.N || len(o.Of.Weights) > 0 || !slices.EqualFunc(o.Groups, r.Groups, sameCell) {
			continue
		}
		if r.Of.Const == nil || o.Of.Const.Cmp(r.Of.Const) == 0 && slices.EqualFunc(o.Of.Hidden, r.Of.Hidden, sameTerm) {
			return i
		}
	}
	return p.addRule(r)
}

// chargeSteps adds the charge of the last step that the demand reaches.
func (p *Plan) chargeSteps(it *item, d *demand, sum *Form, n, perWh int64, price func(nano, per int64) *big.Int) {
	before := new(big.Int)
	for i, s := range d.steps {
		amount := price(s.amount, 1)
		rise := new(big.Int).Sub(amount, before)
		before = amount
		switch {
		case i == 0:
			it.amount.konst.Add(it.amount.konst, rise.Mul(rise, picoFine))
		case sum != nil:
			least := (s.from*n + perWh - 1) / perWh // Wh of the sum
			of := Form{Const: big.NewInt(-least), Hidden: slices.Clone(sum.Hidden)}
			it.amount.addHidden(p.demandRule(Rule{Name: d.name, Kind: RuleStep, Of: of}), rise)
		}
	}
}

// chargeShare returns how often the amount is charged for some days: by days,
// by months, of which a part counts by its days, or as the set's share of the
// days of the bill.
func (d *demand) chargeShare(p *Plan, days []Date) *big.Rat {
	switch d.charge {
	case "DAY":
		return big.NewRat(int64(len(days)), 1)
	case "MONTH":
		total := new(big.Rat)
		for _, day := range days {
			first, next := unitOf(termMonthly, day)
			total.Add(total, big.NewRat(1, int64(next-first)))
		}
		return total
	}
	return big.NewRat(int64(len(days)), int64(p.End-p.Start))
}
