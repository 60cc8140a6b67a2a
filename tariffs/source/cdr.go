package source

import (
	"slices"
	"strings"
	"time"

	"hushwatt/tariffs"
)

// The Australian Consumer Data Right's EnergyPlanDetail. Our document is a strict
// profile of it; what differs: published windows name their last minute (05:59,
// 23:59), so that one is added; prices are without GST; the rounding, the
// calendar and the holidays stand nowhere.

func isCDR(g glance) bool {
	root := g.json
	if data := root.at("data"); data != nil {
		root = data
	}
	return root.at("electricityContract").at("tariffPeriod") != nil && root.at("x-hushwatt") == nil ||
		root.at("gasContract") != nil
}

func readCDR(s *sheet) *draft {
	s.single()
	root := s.json()[0]
	if s.err != nil {
		return nil
	}
	for _, wrapping := range []string{"links", "meta"} {
		root.at(wrapping).taken()
	}
	if data := root.at("data"); data != nil {
		root = data
	}
	contract := root.at("electricityContract")
	if contract == nil {
		root.fail("is no plan for electricity")
		return nil
	}
	root.at("gasContract").skip("gas")
	c := &cdr{sheet: s, contract: contract, draft: &draft{
		id: root.need("planId").str(), brand: root.need("brandName").str(), currency: "AUD", taxed: "no",
	}}
	if c.draft.name = root.at("displayName").str(); c.draft.name == "" {
		c.draft.name = c.draft.id
	}
	c.clock()
	c.draft.from, c.draft.to = c.day(root.at("effectiveFrom"), s.options.From), c.day(root.at("effectiveTo"), s.options.To)
	for _, p := range contract.need("tariffPeriod").some(maxRates) {
		c.period(p)
	}
	c.feedIns()
	c.discounts()
	c.fees(contract.at("fees"))
	c.metering(root.at("meteringCharges"))
	c.rest(root)
	return c.draft
}

type cdr struct {
	*sheet
	contract *node
	draft    *draft
}

// clock reads timeZone; the standard's default is AEST.
func (c *cdr) clock() {
	switch zone := c.contract.at("timeZone"); zone.str() {
	case "", "AEST":
		c.draft.aest = true
	case "LOCAL":
	default:
		zone.fail("%q is neither LOCAL nor AEST", zone.text)
	}
}

// day turns the instant at which a plan begins or ends into a day of its clock.
func (c *cdr) day(n *node, given string) string {
	text := n.str()
	if len(text) <= len(time.DateOnly) || given != "" {
		return text
	}
	name := c.options.Clock
	if c.draft.aest {
		name = "AEST"
	}
	zone, err := tariffs.Zone(name)
	at, ok := instant(n)
	if err != nil || !ok {
		return ""
	}
	local := at.In(zone)
	if local.Format("15:04:05") != "00:00:00" {
		n.fail("%s is %s on the clock of %s, not the beginning of a day: give --from or --to", text, local.Format("2006-01-02 15:04"), name)
	}
	return local.Format(time.DateOnly)
}

// component names what a period belongs to: its type, if it has one.
func (c *cdr) component(n *node) string {
	switch kind := n.at("type").str(); kind {
	case "", "OTHER", "RETAIL_SERVICE":
		return ""
	default:
		word := strings.ToLower(strings.ReplaceAll(kind, "_", " "))
		return strings.ToUpper(word[:1]) + word[1:]
	}
}

func (c *cdr) span(n *node) span {
	p := span{pick(n.at("startDate").str(), "01-01"), pick(n.at("endDate").str(), "12-31")}
	if dayOfYear(p.first) == 0 || dayOfYear(p.last) == 0 {
		n.fail("startDate %q or endDate %q is not a day MM-DD", p.first, p.last)
		return wholeYear
	}
	if p.last == "02-28" {
		p.last = "02-29" // the last of February, in leap years too
	}
	return p
}

func (c *cdr) period(n *node) {
	p := season{component: c.component(n), name: n.need("displayName").str(), span: c.span(n)}
	if zone := n.at("timeZone"); zone != nil && (zone.str() == "AEST") != c.draft.aest {
		zone.fail("%s, and %s in the contract: a document has one clock", zone.text, pick(c.contract.at("timeZone").str(), "AEST"))
	}
	n.at("dailySupplyChargeType").str()
	if supply := n.at("dailySupplyCharge"); supply != nil {
		m := read(supply)
		p.supply = &m
	}
	if banded := n.at("bandedDailySupplyCharges"); banded != nil {
		banded.skip("a supply charge in bands of what the plan does not tell")
	}
	switch kind := n.need("rateBlockUType"); kind.str() {
	case "singleRate":
		rate := n.need("singleRate")
		if rate.at("generalUnitPrice") != nil {
			rate.at("generalUnitPrice").fail("a quota's price includes GST and the others do not: it is not carried")
		}
		p.blocks = []block{c.block(rate, "Any time")}
	case "timeOfUseRates":
		p.blocks = c.timeOfUse(n.need("timeOfUseRates"), "timeOfUse")
	case "demandCharges":
		for _, d := range n.need("demandCharges").some(maxRates) {
			c.demand(d, p.span)
		}
		if p.supply != nil {
			c.draft.charges = append(c.draft.charges, charge{name: p.name, per: "P1D", amount: *p.supply})
		}
		return
	default:
		kind.fail("%q is not carried", text(kind))
	}
	c.draft.seasons = append(c.draft.seasons, p)
}

// Periods of blocks that a document has.
var cdrPeriods = []string{"P1D", "P1M", "P3M", "P1Y"}

// block reads rates and their period. volume is the width of a block.
func (c *cdr) block(n *node, name string) block {
	b := block{name: pick(n.at("displayName").str(), name)}
	rates := n.need("rates").some(maxWindows)
	for i, r := range rates {
		if unit := r.at("measureUnit"); unit != nil && unit.str() != "KWH" {
			unit.fail("prices per %s are not carried", unit.text)
		}
		st := step{price: read(r.need("unitPrice"))}
		if volume := r.at("volume"); volume != nil {
			if i == len(rates)-1 {
				volume.skip("the last block has no end in a document")
			} else {
				m := read(volume)
				st.volume = &m
			}
		} else if i < len(rates)-1 {
			r.fail("a block without a volume before the last")
		}
		b.steps = append(b.steps, st)
	}
	if len(rates) == 0 {
		n.fail("no price")
	}
	if per := n.at("period").str(); len(rates) > 1 {
		if b.per = pick(per, "P1Y"); !slices.Contains(cdrPeriods, b.per) {
			n.at("period").fail("blocks per %s are not carried, only %s", b.per, listed(cdrPeriods))
		}
	}
	return b
}

// timeOfUse paints the windows of a list of rates.
func (c *cdr) timeOfUse(n *node, windows string) []block {
	var blocks []block
	var all []*node
	var of []int
	for i, rate := range n.some(maxWindows) {
		b := c.block(rate, "Energy")
		if b.kind = rate.at("type").str(); windows != "timeOfUse" {
			b.kind = ""
		}
		if len(blocks) > 0 && slices.ContainsFunc(blocks, func(x block) bool { return x.name == b.name }) && len(b.steps) > 1 {
			rate.fail("a second rate in blocks named %q", b.name)
		}
		blocks = append(blocks, b)
		for _, w := range rate.need(windows).some(maxWindows) {
			all, of = append(all, w), append(of, i)
		}
	}
	g := c.paint(n, all, of)
	if g == nil {
		return nil
	}
	return timed(blocks, g)
}

// paint tries both meanings of a window over midnight: as belonging to the days
// on which it starts, and as the early and the late hours of its days. One that
// gives every minute of the week one price is meant; where both do and differ,
// the user must say.
func (c *cdr) paint(n *node, windows []*node, of []int) *grid {
	start, err1 := c.grid(windows, of, true)
	same, err2 := c.grid(windows, of, false)
	switch {
	case c.err != nil:
		return nil
	case err1 != nil && err2 != nil:
		n.fail("%v", err1)
		return nil
	case err1 != nil:
		return same
	case err2 != nil || *start == *same:
		return start
	}
	switch c.choose("midnight", "windows over midnight can be meant in two ways", []string{"start-day", "same-day"}) {
	case "start-day":
		return start
	case "same-day":
		return same
	}
	return nil
}

func (c *cdr) grid(windows []*node, of []int, onStart bool) (*grid, error) {
	g := newGrid()
	for i, w := range windows {
		days := c.days(w.at("days"))
		from, to := c.start(w.at("startTime")), c.end(w.at("endTime"))
		if c.err != nil {
			return nil, c.err
		}
		if to <= from && onStart {
			if err := g.paint(days, from, minutesOfDay, of[i]); err != nil {
				return nil, err
			}
			next := make([]int, 0, len(days))
			for _, d := range days {
				if d != holiday {
					next = append(next, (d+1)%7)
				}
			}
			if slices.Contains(days, holiday) { // and into the day after, which is any day
				next = append(next, holiday)
			}
			days, from = next, 0
			if to == 0 {
				continue
			}
		}
		if err := g.paint(days, from, to, of[i]); err != nil {
			return nil, err
		}
	}
	return g, g.gap()
}

func (c *cdr) days(n *node) []int {
	if n == nil {
		return allDays
	}
	var days []int
	for _, d := range n.some(maxDays) {
		k := slices.Index(dayNames[:], d.str())
		switch {
		case k >= 0:
			days = append(days, k)
		case d.text == "PUBLIC_HOLIDAYS":
			c.draft.holidays = true
			days = append(days, holiday)
		default:
			d.fail("%q is no day", d.text)
		}
	}
	return days
}

func (c *cdr) start(n *node) int {
	if n == nil {
		return 0
	}
	return minuteOf(n)
}

// end reads the last minute of a window and returns the first after it, which
// must begin a metering slot.
func (c *cdr) end(n *node) int {
	if n == nil {
		return minutesOfDay
	}
	text := strings.TrimSuffix(n.str(), ":59")
	if strings.Count(n.text, ":") == 1 {
		text = n.text // 23:59, not 23:59:59
	}
	last, ok := clock(text)
	if !ok || last >= minutesOfDay {
		n.fail("%q is not a last minute like 05:59", n.text)
		return 0
	}
	slot := c.options.SlotMinutes
	if slot == 0 {
		slot = 30
	}
	if (last+1)%slot != 0 {
		n.fail("%q is a last minute, so the window ends at %s, inside a metering slot of %d minutes", n.text, clockTime(last+1), slot)
	}
	return last + 1
}

func (c *cdr) demand(n *node, span span) {
	d := demand{name: n.need("displayName").str(), price: read(n.need("amount")), span: span, per: n.need("chargePeriod").str()}
	from, to := c.start(n.at("startTime")), c.end(n.at("endTime"))
	d.windows = []window{{c.days(n.at("days")), from, to}}
	if least := n.at("minDemand"); least != nil && !read(least).zero() {
		m := read(least)
		d.above = &m
	}
	if most := n.at("maxDemand"); most != nil {
		m := read(most)
		d.upto = &m
	}
	why := ""
	switch unit := n.at("measureUnit").str(); {
	case unit != "KW":
		why = "per " + pick(unit, "KWH (the default)") + ", which is no power"
	case to <= from:
		why = "a window over midnight"
	case n.at("measurementPeriod").str() != "MONTH" || !slices.Contains([]string{"DAY", "MONTH"}, d.per):
		why = "measured per " + n.at("measurementPeriod").str() + " and charged per " + d.per
	}
	if why != "" {
		n.skip(why)
		return
	}
	c.draft.demands = append(c.draft.demands, d)
}

// feedIns reads what is paid for export. Several are schemes for different
// customers, of which one is chosen.
func (c *cdr) feedIns() {
	list := c.contract.at("solarFeedInTariff").members()
	if len(list) == 0 {
		return
	}
	var all []string
	for _, n := range list {
		all = append(all, n.at("displayName").str())
	}
	picked := all[0]
	if len(all) > 1 {
		picked = c.choose("feed-in", "there are several tariffs for export", append(slices.Clone(all), "none"))
	}
	for i, n := range list {
		if all[i] != picked {
			n.skip("another tariff for export (--choose feed-in=…)")
			continue
		}
		n.at("scheme").str()
		n.at("payerType").str()
		p := season{name: all[i], span: c.span(n)}
		switch kind := n.need("tariffUType"); kind.str() {
		case "singleTariff":
			p.blocks = []block{c.block(n.need("singleTariff"), all[i])}
		case "timeVaryingTariffs":
			p.blocks = c.timeOfUse(n.need("timeVaryingTariffs"), "timeVariations")
		default:
			kind.fail("%q is not carried", text(kind))
		}
		if p.span != wholeYear {
			n.at("startDate").fail("a tariff for export of a part of the year is not carried")
		}
		c.draft.export = append(c.draft.export, p)
	}
}

// discounts carries one that every customer has, a share of the prices.
func (c *cdr) discounts() {
	for _, n := range c.contract.at("discounts").list() {
		switch kind := n.at("type").str(); {
		case kind != "GUARANTEED":
			n.skip("on conditions that a bill cannot see")
		case n.at("endDate") != nil:
			n.skip("ends while the tariff goes on")
		case n.at("methodUType").str() != "percentOfUse":
			n.skip("a discount by " + n.at("methodUType").str() + " is not carried")
		case c.draft.discount != nil:
			n.skip("a second discount: whether of the price or of what is left is not said")
		default:
			m := read(n.need("percentOfUse").need("rate"))
			c.draft.discount = &m
			n.taken()
		}
	}
}

// fees are charged when something happens, but for membership.
func (c *cdr) fees(list *node) {
	per := map[string]string{"DAILY": "P1D", "MONTHLY": "P1M", "ANNUAL": "P1Y"}
	for _, n := range list.list() {
		kind, term := n.at("type").str(), n.at("term").str()
		switch {
		case kind != "MEMBERSHIP":
			n.skip("charged when it happens")
		case per[term] == "" || n.at("amount") == nil:
			n.skip("a fee of the term " + term + " is not carried")
		default:
			c.draft.charges = append(c.draft.charges, charge{name: "Membership", per: per[term], amount: read(n.at("amount"))})
			n.taken()
		}
	}
}

func (c *cdr) metering(list *node) {
	for _, n := range list.list() {
		per := n.at("period").str()
		if n.at("maximumValue") != nil || terms[per] == "" {
			n.skip("a charge whose amount or time is not certain")
			continue
		}
		c.draft.charges = append(c.draft.charges, charge{name: n.need("displayName").str(), per: per, amount: read(n.need("minimumValue"))})
		n.taken()
	}
}

// rest says why the other parts are not carried.
func (c *cdr) rest(root *node) {
	c.contract.at("pricingModel").str()
	for key, why := range map[string]string{
		"controlledLoad":    "a load on a meter of its own is billed by a document of its own",
		"greenPowerCharges": "green power is an option of the customer's",
		"incentives":        "an incentive is no part of a bill",
		"eligibility":       "who may have the plan",
	} {
		c.contract.at(key).skip(why)
	}
	root.at("geography").skip("where the plan is offered")
}
