package tariffs

import (
	"fmt"
	"math/big"
	"slices"
)

// An item is one line of the bill before taxes (docs/protocol.md, section
// 6.3.5).
type item struct {
	kind      lineKind
	period    string
	name      string
	component string
	segment   int
	amount    *expr

	line    int       // of energy; −1 of anything else
	wh      []Term    // what to add to the line's Wh: its share of a block's rules
	ofLine  bool      // whether the line's own Wh count
	demands []metered // of a demand
	public  bool      // does not depend on readings
}

// A metered demand is a rule's value times factor, in W, and what is charged for
// it.
type metered struct {
	rule   int
	factor *big.Rat
	share  *big.Rat // how often the amount is charged
}

// itemize makes the lines of the bill, and with them the rules.
func (p *Plan) itemize() error {
	line := 0
	for i, g := range p.segments {
		for j := range g.t.tracks {
			k := &g.t.tracks[j]
			if k.event != nil {
				p.rateItems(i, k, "", &k.event.rate, nil, line)
				line++
			}
			for s := range k.seasons {
				season := &k.seasons[s]
				for r := range season.rates {
					p.rateItems(i, k, season.name, &season.rates[r], season, line)
					line++
					if len(p.Rules) > maxRules {
						return errTooManyRules
					}
				}
				for d := range season.demands {
					if err := p.demandItem(i, k, season, &season.demands[d]); err != nil {
						return err
					}
					if len(p.Rules) > maxRules {
						return errTooManyRules
					}
				}
			}
		}
	}
	for i := range p.segments {
		p.fixedItems(i)
	}
	before := p.items
	for i, g := range p.segments {
		for _, s := range g.t.shares {
			p.shareItem(i, before, s)
		}
	}
	for i := range p.segments[0].t.minimums {
		p.minimumItem(i)
	}
	if len(p.Rules) > maxRules {
		return errTooManyRules
	}
	return nil
}

// maxRules is what a claim can hold (docs/protocol.md, section 4).
const maxRules = 1024

var errTooManyRules = fmt.Errorf("the period needs more than %d comparisons: choose a shorter one", maxRules)

func (p *Plan) addItem(it item) {
	it.public = it.amount.public()
	p.items = append(p.items, it)
}

// rateItems adds the line of a rate, or one for each of its blocks.
func (p *Plan) rateItems(segment int, k *track, period string, r *rate, s *season, line int) {
	it := item{kind: k.kind, period: period, name: r.name, component: k.component, segment: segment, line: line, ofLine: true}
	if len(r.blocks) < 2 {
		it.amount = ofLine(line)
		p.items = append(p.items, it) // a line of energy stays also where it is 0
		return
	}
	amounts := make([]*expr, len(r.blocks))
	wh := make([][]Term, len(r.blocks))
	for i := range amounts {
		amounts[i] = newExpr()
	}
	amounts[0] = ofLine(line)
	for _, u := range p.units(segment, s, r, k, line) {
		for i := 1; i < len(r.blocks); i++ {
			rule := p.addRule(Rule{Name: r.name, Kind: RuleExcess, Of: p.above(u, r, i)})
			// What lies above the block's lower bound moves from the one before it.
			for _, m := range []struct {
				block int
				sign  int64
			}{{i - 1, -1}, {i, 1}} {
				amounts[m.block].addHidden(rule, big.NewInt(m.sign*r.blocks[m.block].price))
				wh[m.block] = append(wh[m.block], Term{rule, big.NewInt(m.sign)})
			}
		}
	}
	for i, amount := range amounts {
		part := it
		part.name = fmt.Sprintf("%s (block %d)", r.name, i+1)
		part.amount, part.wh, part.ofLine = amount, wh[i], i == 0
		p.items = append(p.items, part)
	}
}

// above is what is used in a unit above the lower bound of block i.
func (p *Plan) above(u unit, r *rate, i int) Form {
	bound := int64(0)
	for _, b := range r.blocks[:i] {
		bound += b.width
	}
	f := p.sumOf(u.slots, u.channel, 1)
	switch {
	case r.blocks[0].daily:
		f.Const.Mul(big.NewInt(bound), big.NewInt(int64(u.days)))
	default:
		f.Const = HalfUp.round(new(big.Int).Mul(big.NewInt(bound), big.NewInt(int64(u.days))), big.NewInt(int64(u.of)))
	}
	f.Const.Neg(f.Const)
	return f
}

// A unit is time over which blocks count: those slots of one line that lie in
// one day, month, quarter, year, bill or event, and how many of its days belong
// to the line's tariff and season in this bill.
type unit struct {
	slots    []int
	channel  int
	days, of int
}

// units cuts the slots of a line.
func (p *Plan) units(segment int, s *season, r *rate, k *track, line int) []unit {
	p.calendar()
	g := p.segments[segment]
	key := func(slot int) int { return unitKey(r.period, p.dates[slot]) }
	if r.period == perEvent {
		occurrences := g.t.occurrences(k.event)
		key = func(slot int) int {
			t := p.FirstDay*daySeconds + slot*int(p.step())
			return slices.IndexFunc(occurrences, func(o Event) bool { return int64(t) < o.To })
		}
	}
	var out []unit
	index := map[int]int{}
	for _, slot := range p.slotsOf(line) {
		at, known := index[key(slot)]
		if !known {
			at = len(out)
			index[key(slot)] = at
			u := unit{channel: k.channel(), days: 1, of: 1}
			if r.period != perEvent {
				u.days, u.of = p.unitDays(g, s, r.period, p.dates[slot])
			}
			out = append(out, u)
		}
		out[at].slots = append(out[at].slots, slot)
	}
	return out
}

// slotsOf returns the slots of a line, ascending.
func (p *Plan) slotsOf(line int) []int {
	if p.lineSlots == nil {
		p.lineSlots = make([][]int, len(p.Energy))
		for _, l := range p.layers {
			for slot, line := range l.line {
				if line >= 0 && p.Energy[line].Blocks != nil {
					p.lineSlots[line] = append(p.lineSlots[line], slot)
				}
			}
		}
	}
	return p.lineSlots[line]
}

// unitKey tells units of one period apart.
func unitKey(period string, d Date) int {
	y, m, _ := d.time().Date()
	switch period {
	case perDay:
		return int(d)
	case perMonth:
		return 12*y + int(m)
	case perQuarter:
		return 4*y + (int(m)-1)/3
	case perYear:
		return y
	}
	return 0
}

// unitDays returns how many days of d's unit the segment and season have in
// this bill, and how many it has in all.
func (p *Plan) unitDays(g segment, s *season, period string, d Date) (days, of int) {
	first, last := p.Start, p.End // of the unit
	y, m, _ := d.time().Date()
	quarter := (int(m)-1)/3*3 + 1
	switch period {
	case perDay:
		first, last = d, d+1
	case perMonth:
		first, last = dateOf(y, int(m), 1), dateOf(y, int(m)+1, 1)
	case perQuarter:
		first, last = dateOf(y, quarter, 1), dateOf(y, quarter+3, 1)
	case perYear:
		first, last = dateOf(y, 1, 1), dateOf(y+1, 1, 1)
	}
	return seasonDays(s, max(first, g.from), min(last, g.to)), int(last - first)
}

// seasonDays counts the days of a season in [from, to); all of them if there is
// none.
func seasonDays(s *season, from, to Date) int {
	n := 0
	for d := from; d < to; d++ {
		if s == nil || s.contains(d.dayOfYear()) {
			n++
		}
	}
	return n
}

// fixedItems adds the standing charges and fees of a segment.
func (p *Plan) fixedItems(segment int) {
	g := p.segments[segment]
	add := func(f FixedLine) {
		p.Fixed = append(p.Fixed, f)
		p.addItem(item{kind: lineFixed, period: f.Period, name: f.Name, component: f.Component, segment: segment, amount: ofPico(f.Amount), line: -1})
	}
	for _, k := range g.t.tracks {
		for i := range k.seasons {
			s := &k.seasons[i]
			if s.supply == nil {
				continue
			}
			days := seasonDays(s, g.from, g.to)
			amount := new(big.Int).Mul(s.supply, big.NewInt(int64(days)))
			add(FixedLine{Period: s.name, Name: "Standing charge", Component: k.component, Days: days, Amount: amount})
		}
	}
	for _, f := range g.t.fees {
		amount := p.prorated(f, g)
		add(FixedLine{Name: f.name, Component: f.component, Days: int(g.to - g.from), Amount: amount})
	}
}

// prorated returns what a fee comes to on a segment's days, in pico units: a
// month's and a year's share is rounded half up to a whole one.
func (p *Plan) prorated(f fee, g segment) *big.Int {
	whole := pico(f.amount)
	total := new(big.Int)
	switch f.term {
	case termDaily:
		return total.Mul(whole, big.NewInt(int64(g.to-g.from)))
	case termBill:
		if g.from == p.Start {
			return whole
		}
		return total
	}
	for d := g.from; d < g.to; {
		first, next := unitOf(f.term, d)
		days := min(next, g.to) - d
		part := new(big.Int).Mul(whole, big.NewInt(int64(days)))
		total.Add(total, HalfUp.round(part, big.NewInt(int64(next-first))))
		d = next
	}
	return total
}

// unitOf returns the month or year that holds a date.
func unitOf(term string, d Date) (first, next Date) {
	y, m, _ := d.time().Date()
	if term == termAnnual {
		return dateOf(y, 1, 1), dateOf(y+1, 1, 1)
	}
	return dateOf(y, int(m), 1), dateOf(y, int(m)+1, 1)
}

// in reports whether a component is among those that `of` names.
func in(of []string, component string) bool { return of == nil || slices.Contains(of, component) }

// shareItem adds a discount or surcharge on the lines before it.
func (p *Plan) shareItem(segment int, before []item, s share) {
	it := item{kind: s.kind, name: s.name, component: s.component, segment: segment, amount: newExpr(), line: -1}
	for _, b := range before {
		if b.segment == segment && in(s.of, b.component) {
			it.amount.add(b.amount, big.NewInt(s.rate), nano)
		}
	}
	p.addItem(it)
}

// minimumItem adds what lifts lines to a minimum: least − x + max(0, x − least).
func (p *Plan) minimumItem(i int) {
	m := p.segments[0].t.minimums[i]
	least := newExpr()
	for _, g := range p.segments {
		amount := p.prorated(g.t.minimums[i].fee, g)
		if m.term == termBill { // shared out by days
			amount = new(big.Int).Mul(pico(g.t.minimums[i].amount), big.NewInt(int64(g.to-g.from)))
			amount = HalfUp.round(amount, big.NewInt(int64(p.End-p.Start)))
		}
		least.add(ofPico(amount), one, one)
	}
	above := newExpr() // x − least
	for _, b := range p.items {
		if in(m.of, b.component) {
			above.add(b.amount, one, one)
		}
	}
	above.add(least, big.NewInt(-1), one)
	it := item{kind: lineMinimum, name: m.name, component: m.component, amount: newExpr(), line: -1}
	p.minimums = append(p.minimums, leastAmount{m.of, least.konst})
	if p.perLine() {
		p.unprovable = fmt.Errorf("%w: %q is a minimum of lines that are rounded apart (rounding.stage %s)", ErrNotProvable, m.name, p.Rounding.Stage)
		p.items = append(p.items, it)
		return
	}
	if above.public() {
		if above.konst.Sign() < 0 {
			it.amount.konst.Neg(above.konst)
		}
		p.addItem(it)
		return
	}
	form, unit, err := p.lowest(m.name, above, new(big.Int))
	if err != nil {
		p.unprovable = err
		p.items = append(p.items, it)
		return
	}
	rule := p.addRule(Rule{Name: m.name, Kind: RuleExcess, Of: form})
	it.amount.add(above, big.NewInt(-1), one)
	it.amount.hidden[rule] = unit
	p.minimumRules = append(p.minimumRules, rule)
	p.items = append(p.items, it)
}

// perLine reports whether every line is rounded.
func (p *Plan) perLine() bool {
	return p.Rounding.Stage == StageLine || p.Rounding.Stage == StageInterval
}

// A leastAmount is what the lines of some components must come to, in fine
// units.
type leastAmount struct {
	of    []string
	least *big.Int
}
