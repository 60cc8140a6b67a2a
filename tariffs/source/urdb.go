package source

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

// The US Utility Rate Database, versions 3 to 8: periods by month and hour in
// two matrices (weekday, weekend), and for each period a list of tiers. Dollars
// per kWh before tax, hours of the local clock, no holidays. Tiers of a month
// with several times of use are shared between these in proportion to use, which
// no sum of blocks can say: such a tariff is refused.

func isURDB(g glance) bool {
	root := g.json
	if items := root.at("items"); items != nil && len(items.items) > 0 {
		root = items.items[0]
	}
	return root.at("energyratestructure") != nil || root.at("energyweekdayschedule") != nil
}

func readURDB(s *sheet) *draft {
	s.single()
	root := s.json()[0]
	if items := root.at("items"); items != nil {
		root = s.plan(items.list(), func(n *node) string { return pick(n.at("label").str(), n.at("name").str()) })
	}
	if s.err != nil {
		return nil
	}
	root.at("country").str()
	d := &draft{
		id: root.at("label").str(), name: root.at("name").str(), brand: root.at("utility").str(),
		currency: "USD", taxed: "no", from: urdbDate(root.at("startdate")), to: urdbDate(root.at("enddate")),
	}
	u := &urdb{sheet: s, root: root, draft: d}
	u.energy()
	u.fixed()
	u.demand()
	u.flatDemand()
	u.rest()
	return d
}

type urdb struct {
	*sheet
	root  *node
	draft *draft
}

// urdbDate reads a date: seconds since 1970, or text that begins with one.
func urdbDate(n *node) string {
	if n == nil {
		return ""
	}
	if n.kind == isNumber {
		return time.Unix(int64(n.count(1<<31-1)), 0).UTC().Format(time.DateOnly)
	}
	text := n.str()
	return text[:min(len(text), len(time.DateOnly))]
}

// A schedule is the period of every hour of a month's weekdays and weekend.
type schedule [2][24]int

// schedules reads the two matrices of 12 × 24; ok is false without them.
func (u *urdb) schedules(weekday, weekend string, periods int) (out [12]schedule, ok bool) {
	for i, name := range []string{weekday, weekend} {
		matrix := u.root.at(name)
		if matrix == nil {
			return out, false
		}
		rows := matrix.list()
		if len(rows) != 12 {
			matrix.fail("has %d rows, must have one for each month", len(rows))
			return out, false
		}
		for m, row := range rows {
			if hours := row.list(); len(hours) != 24 {
				row.fail("has %d numbers, must have one for each hour", len(hours))
				return out, false
			}
			for h, hour := range row.list() {
				if out[m][i][h] = hour.count(1000); out[m][i][h] >= periods {
					hour.fail("period %d has no prices", out[m][i][h])
					return out, false
				}
			}
		}
	}
	return out, u.err == nil
}

// paint returns a month's week.
func (x schedule) paint() *grid {
	g := newGrid()
	for i, days := range [][]int{weekdays, weekend} {
		for h, period := range x[i] {
			for _, d := range days {
				for m := 60 * h; m < 60*(h+1); m++ {
					g[d][m] = int16(period)
				}
			}
		}
	}
	return g
}

func (x schedule) periods() []int {
	var out []int
	for _, hours := range x {
		for _, p := range hours {
			if !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	slices.Sort(out)
	return out
}

func (u *urdb) energy() {
	structure := u.root.need("energyratestructure")
	periods := structure.some(maxRates)
	months, ok := u.schedules("energyweekdayschedule", "energyweekendschedule", len(periods))
	if !ok {
		u.fail("%s: energyweekdayschedule or energyweekendschedule is missing", u.root.path())
		return
	}
	u.unused(periods, months)
	sells := u.root.at("dgrules").str() == "Net Billing Instantaneous"
	for _, r := range monthRuns(func(a, b int) bool { return months[a] == months[b] }) {
		used := months[r.first].periods()
		blocks := make([]block, len(periods))
		for _, p := range used {
			if len(used) > 1 && len(periods[p].list()) > 1 {
				periods[p].fail("tiers that are shared between the times of use of %s in proportion to use", r.name())
				return
			}
			blocks[p] = u.tiers(periods[p], fmt.Sprintf("Period %d", p+1))
		}
		if u.err != nil {
			return
		}
		if sells {
			u.draft.export = append(u.draft.export, season{name: "Export, " + r.name(), span: r.span(), blocks: timed(u.sold(periods, used), months[r.first].paint())})
		}
		u.draft.seasons = append(u.draft.seasons, season{name: r.name(), span: r.span(), blocks: timed(blocks, months[r.first].paint())})
	}
}

// unused leaves out the periods that no hour has.
func (u *urdb) unused(periods []*node, months [12]schedule) {
	for p, n := range periods {
		if !slices.ContainsFunc(months[:], func(x schedule) bool { return slices.Contains(x.periods(), p) }) {
			n.skip("no hour has this period")
		}
	}
}

// sold are the prices for export, one for each period.
func (u *urdb) sold(periods []*node, used []int) []block {
	blocks := make([]block, len(periods))
	for _, p := range used {
		price := read(periods[p].list()[0].at("sell"))
		for _, tier := range periods[p].list()[1:] {
			if tier.at("sell").amount().Cmp(price.value) != 0 {
				tier.fail("a price for export that differs by tier is not carried")
			}
		}
		blocks[p] = block{name: fmt.Sprintf("Export, period %d", p+1), steps: []step{{price: price}}}
	}
	return blocks
}

// tiers reads the tiers of a period as a block.
func (u *urdb) tiers(period *node, name string) block {
	b := block{name: name, per: "P1M"}
	var before *big.Rat
	for i, tier := range period.list() {
		switch unit := strings.ToLower(tier.at("unit").str()); unit {
		case "", "kwh":
		case "kwh daily":
			b.per = "P1D"
		default:
			tier.at("unit").fail("tiers in %s are not carried", unit)
		}
		price := read(tier.need("rate"))
		if adjust := tier.at("adj"); adjust != nil {
			price.value = plus(price.value, adjust.amount())
		}
		if sell := tier.at("sell"); sell != nil && !read(sell).zero() && u.root.at("dgrules").str() != "Net Billing Instantaneous" {
			sell.skip("what is paid for export depends on dgrules")
		}
		st := step{price: price}
		if limit := tier.at("max"); !limit.none() {
			width := limit.amount()
			if before != nil {
				width = new(big.Rat).Sub(width, before)
			}
			if width.Sign() <= 0 {
				limit.fail("is not above the tier before")
			}
			st.volume, before = &money{width, limit, ""}, limit.amount()
		}
		if last := i == len(period.list())-1; last != (st.volume == nil) {
			tier.fail("a tier ends where the last one must not, or the other way round")
		}
		b.steps = append(b.steps, st)
	}
	if len(b.steps) == 0 {
		period.fail("no price")
	}
	return b
}

var urdbTerms = map[string]string{"$/month": "P1M", "$/day": "P1D", "$/year": "P1Y"}

// fixed reads fixed and minimum charges under their old and new names.
func (u *urdb) fixed() {
	for _, c := range []struct {
		key, units, per, name string
		minimum               bool
	}{
		{"fixedchargefirstmeter", "fixedchargeunits", "P1M", "Fixed charge", false},
		{"fixedmonthlycharge", "", "P1M", "Fixed charge", false},
		{"mincharge", "minchargeunits", "P1M", "Minimum charge", true},
		{"minmonthlycharge", "", "P1M", "Minimum charge", true},
		{"annualmincharge", "", "P1Y", "Minimum charge of a year", true},
	} {
		n := u.root.at(c.key)
		per := c.per
		if unit := u.root.at(c.units); unit != nil {
			if per = urdbTerms[unit.str()]; per == "" {
				unit.fail("%q is none of $/month, $/day, $/year", unit.text)
			}
		}
		switch {
		case n == nil || read(n).zero():
		case c.minimum && per == "P1Y":
			n.skip("a minimum over a year, which no single bill can say")
		case c.minimum:
			u.draft.minimums = append(u.draft.minimums, charge{name: c.name, per: per, amount: read(n)})
		default:
			u.draft.charges = append(u.draft.charges, charge{name: c.name, per: per, amount: read(n)})
		}
	}
}

// demand reads the charges for power in windows.
func (u *urdb) demand() {
	structure := u.root.at("demandratestructure")
	if structure == nil {
		return
	}
	periods := structure.some(maxRates)
	months, ok := u.schedules("demandweekdayschedule", "demandweekendschedule", len(periods))
	if !ok {
		structure.skip("demand without its two schedules")
		return
	}
	per := u.demandUnit(structure)
	if per == "" {
		return
	}
	u.unused(periods, months)
	for _, r := range monthRuns(func(a, b int) bool { return months[a] == months[b] }) {
		g := months[r.first].paint()
		for _, p := range months[r.first].periods() {
			u.power(periods[p], fmt.Sprintf("Demand, period %d", p+1), per, r.span(), g.windows(p))
		}
	}
}

// flatDemand reads the charges for power at any time.
func (u *urdb) flatDemand() {
	structure, months := u.root.at("flatdemandstructure"), u.root.at("flatdemandmonths").list()
	if structure == nil {
		return
	}
	if len(months) != 12 {
		structure.skip("flat demand without its months")
		return
	}
	periods := structure.some(maxRates)
	var of [12]int
	for m, n := range months {
		if of[m] = n.count(1000); of[m] >= len(periods) {
			n.fail("period %d has no prices", of[m])
			return
		}
	}
	per := u.demandUnit(structure)
	if per == "" {
		return
	}
	for _, r := range monthRuns(func(a, b int) bool { return of[a] == of[b] }) {
		u.power(periods[of[r.first]], fmt.Sprintf("Demand at any time, period %d", of[r.first]+1), per, r.span(), []window{{allDays, 0, minutesOfDay}})
	}
}

// demandUnit returns the charge period of demand prices; "" where their unit is
// not carried.
func (u *urdb) demandUnit(structure *node) string {
	unit := u.root.at("flatdemandunit")
	if structure.name == "demandratestructure" {
		unit = u.root.at("demandrateunit")
	}
	switch strings.ToLower(unit.str()) {
	case "", "kw":
		return "MONTH"
	case "kw daily":
		return "DAY"
	}
	structure.skip("power in " + unit.text + " is not carried")
	return ""
}

// power adds the tiers of one period of demand, or leaves them out as a whole.
func (u *urdb) power(period *node, name, per string, span span, windows []window) {
	d := demand{name: name, per: per, span: span, windows: windows, minutes: u.root.at("demandwindow").count(1440)}
	if why := d.carriable(); why != "" && u.charged(period) {
		period.skip(why)
		return
	}
	var before *money
	for i, tier := range period.list() {
		tier.at("unit").str()
		d.price, d.above, d.upto = read(tier.need("rate")), before, nil
		if adjust := tier.at("adj"); adjust != nil {
			d.price.value = plus(d.price.value, adjust.amount())
		}
		if limit := tier.at("max"); !limit.none() && i < len(period.list())-1 {
			m := read(limit)
			d.upto, before = &m, &m
		}
		if !d.price.zero() {
			u.draft.demands = append(u.draft.demands, d)
		}
	}
}

func (u *urdb) charged(period *node) bool {
	for _, tier := range period.list() {
		if !read(tier.at("rate")).zero() || !read(tier.at("adj")).zero() {
			return true
		}
	}
	return false
}

// rest says of what is left why it is not carried, where that can be said
// better than by its name.
func (u *urdb) rest() {
	for key, why := range map[string]string{
		"dgrules":              "net metering of a month or more, or export under rules that the prices do not say",
		"fixedchargeeaaddl":    "for further meters",
		"fuelAdjustmentsFixed": "an adjustment that is published elsewhere",
	} {
		if n := u.root.at(key); len(u.draft.export) == 0 || key != "dgrules" {
			n.skip(why)
		}
	}
	for _, key := range []string{"demandratchetpercentage", "lookbackPercent", "coincidentratestructure", "reactivepowercharge"} {
		n := u.root.at(key)
		switch {
		case n == nil:
		case n.kind == isNumber && read(n).zero(), n.kind == isList && allZero(n):
			n.taken()
		default:
			n.skip("demand of several months, of the network or of another kind is not carried")
		}
	}
}

func allZero(n *node) bool {
	for _, m := range n.items {
		if m.kind != isNumber || !read(m).zero() {
			return false
		}
	}
	return true
}
