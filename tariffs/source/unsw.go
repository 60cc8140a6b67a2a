package source

import (
	"math/big"
	"slices"
	"strings"
)

// The tariffs of UNSW's bill calculator: retail plans, and network tariffs whose
// parts (distribution, transmission …) add up to NUOS, which is the one carried.
// Australian dollars, local clock of the state. Whether GST is included is not
// said.

func isUNSW(g glance) bool {
	root := g.json
	return root != nil && root.kind == isList && len(root.items) > 0 && root.items[0].at("Tariffs") != nil
}

var stateClocks = map[string]string{
	"NSW": "Australia/Sydney", "ACT": "Australia/Sydney", "VIC": "Australia/Melbourne", "QLD": "Australia/Brisbane",
	"SA": "Australia/Adelaide", "TAS": "Australia/Hobart", "WA": "Australia/Perth", "NT": "Australia/Darwin",
}

func readUNSW(s *sheet) *draft {
	s.single()
	var plans []*node
	for _, part := range s.json()[0].list() {
		part.at("Version").str()
		plans = append(plans, part.need("Tariffs").list()...)
	}
	plan := s.plan(plans, func(n *node) string { return n.at("Tariff ID").str() })
	if s.err != nil {
		return nil
	}
	u := &unsw{sheet: s, draft: &draft{
		id: plan.need("Tariff ID").str(), name: plan.need("Name").str(), brand: plan.need("Provider").str(),
		currency: "AUD", clock: stateClocks[plan.at("State").str()],
	}}
	plan.at("Type").str()
	params := plan.need("Parameters")
	if whole := params.at("NUOS"); whole != nil {
		for _, part := range params.items {
			if part != whole {
				part.skip("a part of NUOS")
			}
		}
		params = whole
	}
	u.parameters(params)
	if fit := plan.at("FiT"); fit != nil {
		u.feedIn(fit)
	}
	if off := plan.at("Discount (%)"); off != nil && !read(off).zero() {
		u.draft.discount = &money{times(off.amount(), rat(1, 100)), off, ""}
	}
	return u.draft
}

type unsw struct {
	*sheet
	draft *draft
}

// Blocks by the time after which they begin again.
var unswBlocks = map[string]string{"BlockDaily": "P1D", "BlockMonthly": "P1M", "BlockQuarterly": "P3M", "BlockAnnual": "P1Y"}

func (u *unsw) parameters(params *node) {
	for _, p := range params.members() {
		switch {
		case p.name == "Daily":
			if m := u.value(p, "$/day"); !m.zero() {
				u.draft.charges = append(u.draft.charges, charge{name: "Daily charge", per: "P1D", amount: m})
			}
		case p.name == "FiT":
			u.feedIn(p)
		case p.name == "FiT_TOU":
			u.draft.export = u.seasons(p, "Feed-in ")
		case p.name == "FlatRate":
			u.draft.seasons = []season{{name: "All year", span: wholeYear, blocks: flat("Any time", u.value(p, "$/kWh"))}}
		case p.name == "TOU":
			u.draft.seasons = u.seasons(p, "")
		case unswBlocks[p.name] != "":
			u.draft.seasons = []season{{name: "All year", span: wholeYear, blocks: []block{u.blocks(p)}}}
		case p.name == "Demand":
			u.demand(p)
		default:
			p.skip("a charge of a kind that is not known")
		}
	}
	if len(u.draft.seasons) == 0 {
		params.fail("no price for energy")
	}
}

// value reads {Value, Unit}.
func (u *unsw) value(n *node, unit string) money {
	if got := n.need("Unit").str(); got != unit {
		n.fail("in %q, must be %s", got, unit)
	}
	return read(n.need("Value"))
}

func (u *unsw) feedIn(n *node) {
	if m := u.value(n, "$/kWh"); !m.zero() {
		u.draft.export = []season{{name: "Feed-in", span: wholeYear, blocks: flat("Feed-in", m)}}
	}
}

func (u *unsw) blocks(n *node) block {
	b := block{name: "Any time", per: unswBlocks[n.name]}
	var before *big.Rat
	for i, part := range n.items {
		st := step{price: u.value(part, "$/kWh")}
		if limit := part.need("HighBound"); !limit.none() {
			width := limit.amount()
			if before != nil {
				width = new(big.Rat).Sub(width, before)
			}
			if width.Sign() <= 0 {
				limit.fail("is not above the block before")
			}
			st.volume, before = &money{width, limit, ""}, limit.amount()
		}
		if last := i == len(n.items)-1; last != (st.volume == nil) {
			part.fail("a block ends where the last one must not, or the other way round")
		}
		b.steps = append(b.steps, st)
	}
	return b
}

// seasons reads times of use: each entry has its months, kinds of day and
// intervals.
func (u *unsw) seasons(n *node, prefix string) []season {
	entries := n.few(maxWindows)
	months := make([][12]bool, len(entries))
	blocks := make([]block, len(entries))
	for i, e := range entries {
		months[i] = [12]bool{true, true, true, true, true, true, true, true, true, true, true, true}
		if m := e.at("Month"); m != nil {
			months[i] = monthSet(m)
		}
		blocks[i] = block{name: prefix + e.name, steps: []step{{price: u.value(e, "$/kWh")}}}
	}
	same := func(a, b int) bool {
		return !slices.ContainsFunc(months, func(set [12]bool) bool { return set[a] != set[b] })
	}
	var out []season
	for _, r := range monthRuns(same) {
		g := newGrid()
		for i, e := range entries {
			if months[i][r.first] {
				u.paint(g, e, i)
			}
		}
		if err := g.gap(); err != nil && u.err == nil {
			n.fail("%s: %v", r.name(), err)
		}
		out = append(out, season{name: r.name(), span: r.span(), blocks: timed(blocks, g)})
	}
	return out
}

// kinds returns the days of an entry.
func kinds(e *node) []int {
	var days []int
	if on := e.at("Weekday"); on == nil || on.yes() {
		days = append(days, weekdays...)
	}
	if on := e.at("Weekend"); on == nil || on.yes() {
		days = append(days, weekend...)
	}
	return days
}

func (u *unsw) paint(g *grid, e *node, block int) {
	days := kinds(e)
	times := e.at("TimeIntervals")
	if times == nil {
		if err := g.paint(days, 0, minutesOfDay, block); err != nil {
			e.fail("%v", err)
		}
		return
	}
	for _, t := range times.few(maxWindows) {
		if ends := t.list(); len(ends) != 2 {
			t.fail("is not two times")
		} else if err := g.paint(days, minuteOf(ends[0]), minuteOf(ends[1]), block); err != nil {
			t.fail("%v", err)
		}
	}
}

// demand reads the charges for power. Two that hold at one time are a mistake of
// the source.
func (u *unsw) demand(n *node) {
	var months [][12]bool
	for i, e := range n.few(maxWindows) {
		months = append(months, monthSet(e.need("Month")))
		for j := range i {
			if m := commonMonth(months[i], months[j]); m >= 0 && overlap(e, n.items[j]) {
				e.fail("holds in %s together with %q", monthNames[m], n.items[j].name)
				return
			}
		}
		u.power(e, months[i])
	}
}

// commonMonth returns the first month of both, −1 if there is none.
func commonMonth(a, b [12]bool) int {
	for m := range a {
		if a[m] && b[m] {
			return m
		}
	}
	return -1
}

// overlap reports whether two entries hold at one time of one day.
func overlap(a, b *node) bool {
	g := newGrid()
	s := &unsw{sheet: &sheet{}}
	s.paint(g, a, 0)
	for d := range g {
		for _, e := range kinds(b) {
			if d != e {
				continue
			}
			h := newGrid()
			s.paint(h, b, 0)
			for m := range h[d] {
				if g[d][m] == 0 && h[d][m] == 0 {
					return true
				}
			}
		}
	}
	return false
}

func (u *unsw) power(e *node, months [12]bool) {
	per := map[string]string{"$/kW/Month": "MONTH", "$/kW/Day": "DAY"}[e.need("Unit").str()]
	g := newGrid()
	u.paint(g, e, 0)
	d := demand{name: e.name, price: read(e.need("Value")), per: per, windows: g.windows(0), peaks: e.at("Number of Peaks").count(31),
		minutes: 30 * e.at("Demand Window Length").count(48)}
	if least := e.at("Min Demand (kW)"); least != nil && !read(least).zero() {
		least.read = false
		least.skip("a least power whose charge is given as 0")
	}
	why := d.carriable()
	switch {
	case e.at("Based on Network Peak").yes():
		why = "power at the peak of the network"
	case e.at("Day Average").yes():
		why = "the mean power of a window, not its peak"
	case !read(e.at("Min Demand Charge ($)")).zero():
		why = "with a least charge"
	case e.at("Group") != nil:
		why = "a peak over several entries"
	case per == "":
		why = "per " + strings.TrimPrefix(text(e.at("Unit")), "$/")
	}
	if why != "" {
		e.skip(why)
		return
	}
	same := func(a, b int) bool { return months[a] == months[b] }
	for _, r := range monthRuns(same) {
		if months[r.first] {
			d.span = r.span()
			u.draft.demands = append(u.draft.demands, d)
		}
	}
}
