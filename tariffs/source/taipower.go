package source

import (
	"math/big"
	"slices"
)

// The plans of the Taiwan Power Company in the form of a public calculator:
// seasons by name, schedules by kind of day, tiers per month, fees. What depends
// on the contracted power is listed.

func isTaipower(g glance) bool {
	root := g.json
	return root.at("plans") != nil && root.at("definitions").at("day_types") != nil
}

var taipowerDays = map[string][]int{"weekday": weekdays, "saturday": {5}, "sunday_holiday": {6, holiday}}

func readTaipower(s *sheet) *draft {
	s.single()
	root := s.json()[0]
	plan := s.plan(root.need("plans").list(), func(n *node) string { return n.at("id").str() })
	if s.err != nil {
		return nil
	}
	root.at("version").str()
	definitions := root.at("definitions")
	definitions.taken()
	t := &taipower{sheet: s, plan: plan, draft: &draft{
		id: plan.need("id").str(), name: plan.need("name").str(), brand: "Taiwan Power Company", currency: "TWD", clock: "Asia/Taipei",
	}}
	plan.at("type").str()
	plan.at("category").str()
	for _, season := range definitions.need(plan.need("season_strategy").str()).some(12) {
		t.season(season)
	}
	t.fees()
	return t.draft
}

type taipower struct {
	*sheet
	plan  *node
	draft *draft
}

func (t *taipower) season(n *node) {
	name := n.need("name").str()
	p := season{name: name, span: span{n.need("start").str(), n.need("end").str()}}
	if dayOfYear(p.span.first) == 0 || dayOfYear(p.span.last) == 0 {
		n.fail("start or end is not a day MM-DD")
		return
	}
	switch {
	case t.plan.at("tiers") != nil:
		p.blocks = []block{t.tiers(name)}
	case len(t.plan.at("schedules").members()) > 0:
		p.blocks = t.schedule(name)
	default:
		p.blocks = flat("Energy", read(t.rate(name, "", "flat")))
	}
	t.draft.seasons = append(t.draft.seasons, p)
}

// tiers are bounds per month; a bill of several months has them so many times.
func (t *taipower) tiers(season string) block {
	rules := t.plan.at("billing_rules")
	months := rat(1, 1)
	b := block{name: "Energy", per: "P1M"}
	if cycle := rules.at("billing_cycle_months"); cycle != nil {
		months, b.per = cycle.amount(), "BILL"
	}
	before := new(big.Rat)
	list := t.plan.at("tiers").some(maxWindows)
	for i, tier := range list {
		if least := tier.need("min").amount(); i > 0 && least.Cmp(plus(before, rat(1, 1))) != 0 {
			tier.at("min").fail("%s does not follow the tier before, which ends at %s", least.FloatString(0), before.FloatString(0))
		}
		st := step{price: read(tier.need(season))}
		if most := tier.at("max"); !most.none() {
			st.volume = &money{times(months, new(big.Rat).Sub(most.amount(), before)), most, ""}
			before = most.amount()
		}
		if last := i == len(list)-1; last != (st.volume == nil) {
			tier.fail("a tier ends where the last one must not, or the other way round")
		}
		b.steps = append(b.steps, st)
	}
	return b
}

// rate finds the price of a season, kind of day and period.
func (t *taipower) rate(season, day, period string) *node {
	for _, r := range t.plan.need("rates").some(maxRates) {
		same := r.at("season").str() == season && r.at("period").str() == period
		if kind := r.at("day_type").str(); same && (kind == "" || kind == day) {
			return r.need("cost")
		}
	}
	t.plan.fail("no rate for %s, %s, %s", season, day, period)
	return nil
}

func (t *taipower) schedule(season string) []block {
	g := newGrid()
	var blocks []block
	for _, x := range t.plan.at("schedules").some(maxRates) {
		day := x.need("day_type").str()
		if x.need("season").str() != season {
			continue
		}
		if taipowerDays[day] == nil {
			x.at("day_type").fail("%q is no known kind of day", day)
			return nil
		}
		period := x.need("period").str()
		price := t.rate(season, day, period)
		if t.err != nil {
			return nil
		}
		name := period
		if t.priced(season, period) {
			name = period + ", " + day
		}
		i := slices.IndexFunc(blocks, func(b block) bool { return b.name == name })
		if i < 0 {
			i = len(blocks)
			blocks = append(blocks, block{name: name, steps: []step{{price: read(price)}}})
		}
		if err := g.paint(taipowerDays[day], minuteOf(x.need("start")), minuteOf(x.need("end")), i); err != nil {
			x.fail("%v", err)
			return nil
		}
	}
	if err := g.gap(); err != nil && t.err == nil {
		t.plan.fail("schedules of %s: %v", season, err)
	}
	t.draft.holidays = true
	return timed(blocks, g)
}

// priced reports whether a period's price differs by the kind of day.
func (t *taipower) priced(season, period string) bool {
	var prices []string
	for _, r := range t.plan.at("rates").list() {
		if cost := r.at("cost").str(); r.at("season").str() == season && r.at("period").str() == period && !slices.Contains(prices, cost) {
			prices = append(prices, cost)
		}
	}
	return len(prices) > 1
}

// fees reads what is not a price: fees and the bill's rules.
func (t *taipower) fees() {
	if fee := t.plan.at("basic_fee"); fee != nil {
		t.draft.charges = append(t.draft.charges, charge{name: "Basic fee", per: "P1M", amount: read(fee)})
	}
	t.plan.at("basic_fees").skip("depends on the contracted power and the kind of connection")
	rules := t.plan.at("billing_rules")
	for _, rule := range rules.members() {
		switch rule.name {
		case "min_monthly_fee":
			t.draft.minimums = append(t.draft.minimums, charge{name: "Minimum fee", per: "P1M", amount: read(rule)})
		case "billing_cycle_months":
		case "over_2000_kwh_surcharge":
			t.surcharge(rule)
		case "minimum_usage_rules_ref":
			rule.skip("a minimum use that depends on the size of the connection")
		default:
			rule.skip("depends on the contracted power")
		}
	}
}

// surcharge is a price beside the others for what is above a monthly use.
func (t *taipower) surcharge(rule *node) {
	t.plan.at("over_2000_kwh_surcharge").str() // the same price again
	limit := read(rule.need("threshold_kwh"))
	t.draft.seasons = append(t.draft.seasons, season{component: "Surcharge", name: "All year", span: wholeYear, blocks: []block{{
		name: "Surcharge above " + rule.at("threshold_kwh").str() + " kWh a month", per: "P1M",
		steps: []step{{price: money{value: new(big.Rat)}, volume: &limit}, {price: read(rule.need("cost_per_kwh"))}},
	}}})
}
