package source

import (
	"math/big"
)

// The form of a US rate engine: named elements, each of a type, with components
// that have a charge (one, or one for each month), months and hours counted from
// 0. Each element that prices energy is a component of the document.

func isRateEngine(g glance) bool {
	elements := g.json.at("rateElements")
	return elements != nil && len(elements.items) > 0 && elements.items[0].at("rateElementType") != nil
}

func readRateEngine(s *sheet) *draft {
	s.single()
	root := s.json()[0]
	if s.err != nil {
		return nil
	}
	e := &engine{sheet: s, draft: &draft{id: root.need("name").str(), name: pick(root.at("title").str(), root.at("name").str())}}
	for _, n := range root.need("rateElements").some(maxRates) {
		e.element(n)
	}
	if len(e.draft.seasons) == 0 && s.err == nil {
		root.fail("no price for energy")
	}
	return e.draft
}

type engine struct {
	*sheet
	draft *draft
}

func (e *engine) element(n *node) {
	name, parts := n.need("name").str(), n.need("rateComponents").some(maxWindows)
	switch kind := n.need("rateElementType").str(); kind {
	case "FixedPerDay", "FixedPerMonth":
		per := map[string]string{"FixedPerDay": "P1D", "FixedPerMonth": "P1M"}[kind]
		for _, p := range parts {
			if c := p.need("charge"); c != nil && c.kind == isList {
				p.skip("an amount that differs by month has no place among the fees")
				continue
			}
			p.at("name").str()
			e.draft.charges = append(e.draft.charges, charge{name: name, per: per, amount: read(p.at("charge"))})
		}
	case "EnergyTimeOfUse":
		e.draft.seasons = append(e.draft.seasons, e.timeOfUse(n, name, parts)...)
	case "EnergyTiered", "BlockedTiersInMonths":
		e.draft.seasons = append(e.draft.seasons, e.tiers(n, name, parts, "P1M", "volume")...)
	case "BlockedTiersInDays":
		e.draft.seasons = append(e.draft.seasons, e.tiers(n, name, parts, "BILL", "dailyVolume")...)
	default:
		n.skip("elements of the type " + kind + " are not carried")
	}
}

// numbers reads which of 0 … most−1 a list names.
func (e *engine) numbers(n *node, most int) []bool {
	out := make([]bool, most)
	for _, m := range n.list() {
		out[m.count(most-1)] = true
	}
	return out
}

func (e *engine) timeOfUse(n *node, name string, parts []*node) []season {
	months, hours := make([][]bool, len(parts)), make([][]bool, len(parts))
	blocks := make([]block, len(parts))
	for i, p := range parts {
		months[i], hours[i] = e.numbers(p.need("months"), 12), e.numbers(p.need("hourStarts"), 24)
		for d, on := range e.numbers(p.need("daysOfWeek"), 7) {
			if !on {
				p.at("daysOfWeek").fail("day %d is left out, and the form does not say which day 0 is", d)
				return nil
			}
		}
		blocks[i] = block{name: p.need("name").str(), steps: []step{{price: read(p.need("charge"))}}}
	}
	same := func(a, b int) bool {
		for i := range parts {
			if months[i][a] != months[i][b] {
				return false
			}
		}
		return true
	}
	var out []season
	for _, r := range monthRuns(same) {
		g := newGrid()
		for i, p := range parts {
			for h, on := range hours[i] {
				if !on || !months[i][r.first] {
					continue
				}
				if err := g.paint(allDays, 60*h, 60*(h+1), i); err != nil {
					p.fail("%v", err)
				}
			}
		}
		if err := g.gap(); err != nil && e.err == nil {
			n.fail("%s: %v", r.name(), err)
		}
		out = append(out, season{component: name, name: r.name(), span: r.span(), blocks: timed(blocks, g)})
	}
	return out
}

// monthly reads twelve numbers, or one for all months; nil is no limit.
func monthly(n *node) (out [12]*node) {
	for m := range out {
		out[m] = n
	}
	if n == nil || n.kind != isList {
		return out
	}
	if len(n.items) != 12 {
		n.fail("has %d numbers, must have one for each month", len(n.items))
		return [12]*node{}
	}
	for m, item := range n.items {
		if out[m] = item; item.kind == isNull {
			out[m] = nil
		}
	}
	return out
}

func (e *engine) tiers(n *node, name string, parts []*node, per, key string) []season {
	least, most := make([][12]*node, len(parts)), make([][12]*node, len(parts))
	for i, p := range parts {
		least[i], most[i] = monthly(p.at("min")), monthly(p.at("max"))
	}
	same := func(a, b int) bool {
		for i := range parts {
			if text(most[i][a]) != text(most[i][b]) || text(least[i][a]) != text(least[i][b]) {
				return false
			}
		}
		return true
	}
	var out []season
	for _, r := range monthRuns(same) {
		b := block{name: name, per: per}
		before := new(big.Rat)
		for i, p := range parts {
			p.at("name").str()
			if from := least[i][r.first]; from.amount().Cmp(before) != 0 {
				p.fail("begins at %s, the tier before ends at %s", text(from), before.FloatString(3))
			}
			st := step{price: read(p.need("charge"))}
			if limit := most[i][r.first]; limit != nil {
				st.volume = &money{new(big.Rat).Sub(limit.amount(), before), limit, key}
				before = limit.amount()
			}
			if last := i == len(parts)-1; last != (st.volume == nil) {
				p.fail("a tier ends where the last one must not, or the other way round")
			}
			b.steps = append(b.steps, st)
		}
		for m := r.first; ; m = (m + 1) % 12 { // the same numbers in the other months
			for i := range parts {
				least[i][m].str()
				most[i][m].str()
			}
			if m == r.last {
				break
			}
		}
		out = append(out, season{component: name, name: r.name(), span: r.span(), blocks: []block{b}})
	}
	return out
}

func text(n *node) string {
	if n == nil {
		return ""
	}
	return n.text
}
