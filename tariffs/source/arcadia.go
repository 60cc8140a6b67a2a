package source

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// Arcadia (formerly Genability): an array of tariffs with rates that add up.
// Rates of one group make one component; those that hold at one time are added.
// An amount that stands elsewhere (variableRateKey, riders), or that depends on
// what the file does not tell of the customer, is listed.

func isArcadia(g glance) bool {
	root := g.json
	if root != nil && root.kind == isList && len(root.items) > 0 {
		root = root.items[0]
	}
	return root.at("masterTariffId") != nil && root.at("rates") != nil
}

func readArcadia(s *sheet) *draft {
	s.single()
	root := s.json()[0]
	if root != nil && root.kind == isList {
		root = s.plan(root.list(), func(n *node) string { return pick(n.at("tariffId").str(), n.at("tariffCode").str()) })
	}
	if s.err != nil {
		return nil
	}
	a := &arcadia{sheet: s, root: root, draft: &draft{
		id: "arcadia-" + root.need("tariffId").str(), name: root.need("tariffName").str(), brand: root.need("lseName").str(),
		currency: root.need("currency").str(), clock: root.need("timeZone").str(), taxed: "no",
		from: root.at("effectiveDate").str(), to: root.at("endDate").str(),
	}}
	for _, r := range root.need("rates").some(maxRates) {
		a.rate(r)
	}
	a.components()
	return a.draft
}

type arcadia struct {
	*sheet
	root   *node
	draft  *draft
	groups []*group
}

// A group is the rates of one name, each a layer of prices.
type group struct {
	name   string
	layers []layer
}

type layer struct {
	name  string
	span  span
	at    *grid
	steps []step
}

// rate sorts one entry: a fixed amount, a price, a minimum, or left out.
func (a *arcadia) rate(n *node) {
	bands := n.need("rateBands").some(maxWindows)
	if why := a.apart(n, bands); why != "" {
		n.skip(why)
		return
	}
	kind := n.at("chargeType").str()
	for _, b := range bands {
		if unit := b.need("rateUnit").str(); unit != "COST_PER_UNIT" && kind != "QUANTITY" {
			b.at("rateUnit").fail("%q is not carried", unit)
		}
	}
	a.times(n)
	name := pick(n.at("rateGroupName").str(), n.at("rateName").str())
	switch kind {
	case "FIXED_PRICE", "MINIMUM":
		if len(bands) != 1 {
			n.fail("%d bands, must be one", len(bands))
			return
		}
		c := charge{name: pick(n.at("rateName").str(), name), per: a.per(n), amount: a.amount(bands[0])}
		if kind == "MINIMUM" {
			a.draft.minimums = append(a.draft.minimums, c)
		} else {
			a.draft.charges = append(a.draft.charges, c)
		}
	case "CONSUMPTION_BASED":
		a.consumption(n, name, bands)
	default:
		n.skip("charges of the kind " + kind + " are not carried")
	}
}

// apart says why an entry does not count; "" if it does.
func (a *arcadia) apart(n *node, bands []*node) string {
	if len(bands) == 0 {
		return "names a rider; its rates stand in entries of their own or in another file"
	}
	if n.at("variableRateKey") != nil && read(bands[0].at("rateAmount")).zero() {
		return "its amount is published elsewhere (variableRateKey)"
	}
	if place := n.at("territory"); place != nil {
		if id := place.at("territoryId").str(); a.choice("territory") != id {
			return "holds in one territory only (--choose territory=" + id + ")"
		}
	}
	if key := n.at("applicabilityKey").str(); key != "" {
		want := bands[0].at("applicabilityValue").str()
		if got := a.property(key); got != want {
			return fmt.Sprintf("holds only where %s is %s (--choose %s=%s)", key, want, key, want)
		}
	}
	if n.at("chargeType").str() == "QUANTITY" {
		return "a share of other charges, or an amount per unit of what the file does not tell"
	}
	switch way := n.at("transactionType").str(); way {
	case "", "BUY":
	case "NET":
		if n.at("variableRateKey") == nil && !zeroBands(bands) {
			a.notes.add(n.at("transactionType"), "export is not credited at this price: only import is carried")
		}
	default:
		return "for " + way
	}
	if zeroBands(bands) {
		return "an amount of zero"
	}
	return ""
}

func zeroBands(bands []*node) bool {
	return !slices.ContainsFunc(bands, func(b *node) bool { return !read(b.at("rateAmount")).zero() })
}

// property is what was chosen of a property, else its default.
func (a *arcadia) property(key string) string {
	if picked := a.choice(key); picked != "" {
		return picked
	}
	for _, p := range a.root.at("properties").members() {
		if p.at("keyName").str() == key {
			return p.at("propertyValue").str()
		}
	}
	return ""
}

var arcadiaTerms = map[string]string{"DAILY": "P1D", "MONTHLY": "P1M", "ANNUALLY": "P1Y"}

func (a *arcadia) per(n *node) string {
	period := n.need("chargePeriod")
	per := arcadiaTerms[period.str()]
	if per == "" && period != nil {
		period.fail("%q is not carried", period.text)
	}
	return per
}

// times refuses a rate that holds during a part of the tariff's time only.
func (a *arcadia) times(n *node) {
	n.at("hasApplicabilityFormula").str()
	from, to := pick(a.options.From, a.draft.from), pick(a.options.To, a.draft.to)
	begin, end := n.at("fromDateTime").str(), n.at("toDateTime").str()
	if len(begin) >= 10 && begin[:10] > from || len(end) >= 10 && (to == "" || end[:10] < to) {
		n.fail("holds from %s to %s only: import the stretches apart, with --from and --to", pick(begin, "ever"), pick(end, "ever"))
	}
}

// amount is a band's price: a credit is negative, a factor is multiplied.
func (a *arcadia) amount(b *node) money {
	m := read(b.need("rateAmount"))
	if factor := b.at("calculationFactor"); factor != nil {
		m.value = times(m.value, factor.amount())
	}
	if b.at("isCredit").yes() {
		m.value = new(big.Rat).Neg(m.value)
	}
	for _, limit := range []string{"hasDemandLimit", "hasPropertyLimit"} {
		if b.at(limit).yes() {
			b.at(limit).fail("prices that depend on demand or on a property are not carried")
		}
	}
	return m
}

func (a *arcadia) consumption(n *node, name string, bands []*node) {
	l := layer{name: n.at("rateName").str(), span: wholeYear}
	if s := n.at("season"); s != nil {
		day := func(month, date string) string {
			return fmt.Sprintf("%02d-%02d", s.need(month).count(12), s.need(date).count(31))
		}
		l.span = span{day("seasonFromMonth", "seasonFromDay"), day("seasonToMonth", "seasonToDay")}
		if dayOfYear(l.span.first) == 0 || dayOfYear(l.span.last) == 0 {
			s.fail("is not a season: %s to %s", l.span.first, l.span.last)
			return
		}
		s.taken()
	}
	l.at = a.use(n.at("timeOfUse"))
	var before *big.Rat
	for i, b := range bands {
		st := step{price: a.amount(b)}
		if limit := b.at("consumptionUpperLimit"); limit != nil && i < len(bands)-1 {
			width := limit.amount()
			if before != nil {
				width = new(big.Rat).Sub(width, before)
			}
			st.volume, before = &money{width, limit, ""}, limit.amount()
		} else if i < len(bands)-1 {
			b.fail("a band without consumptionUpperLimit before the last")
		}
		b.at("hasConsumptionLimit").str()
		l.steps = append(l.steps, st)
	}
	for _, g := range a.groups {
		if g.name == name {
			g.layers = append(g.layers, l)
			return
		}
	}
	a.groups = append(a.groups, &group{name, []layer{l}})
}

// use paints a time of use; all week where there is none.
func (a *arcadia) use(n *node) *grid {
	g := newGrid()
	if n == nil {
		if err := g.paint(allDays, 0, minutesOfDay, 0); err != nil {
			a.fail("%w", err)
		}
		return g
	}
	for _, p := range n.need("touPeriods").some(maxWindows) {
		first, last := p.need("fromDayOfWeek").count(6), p.need("toDayOfWeek").count(6)
		var days []int
		for d := first; ; d = (d + 1) % 7 {
			if days = append(days, d); d == last {
				break
			}
		}
		from := 60*p.need("fromHour").count(23) + p.need("fromMinute").count(59)
		to := 60*p.need("toHour").count(24) + p.need("toMinute").count(59)
		if err := g.paint(days, from, to, 0); err != nil {
			p.fail("%v", err)
		}
	}
	for _, key := range []string{"touName", "touType"} {
		n.at(key).str()
	}
	n.at("calendarId").skip("holidays of a calendar that is not in the file: --holidays and --holidays-as say them")
	return g
}

// components adds up the layers of each group.
func (a *arcadia) components() {
	for _, g := range a.groups {
		if a.err != nil {
			return
		}
		var spans []span
		for _, l := range g.layers {
			if l.span != wholeYear {
				spans = append(spans, l.span)
			}
		}
		for _, p := range cut(spans) {
			var now []layer
			for _, l := range g.layers {
				if l.span.has(dayOfYear(p.first)) {
					now = append(now, l)
				}
			}
			a.draft.seasons = append(a.draft.seasons, season{component: g.name, name: spanName(p), span: p, blocks: a.sum(now)})
		}
	}
	if len(a.draft.seasons) == 0 && a.err == nil {
		a.fail("no price for energy in the file")
	}
}

// sum gives each set of layers that hold together a block of its own.
func (a *arcadia) sum(layers []layer) []block {
	var sets []string
	var blocks []block
	g := newGrid()
	for d := range allDays {
		for m := range minutesOfDay {
			set := make([]byte, len(layers))
			for i, l := range layers {
				set[i] = '0' + byte(l.at[d][m]+1)
			}
			k := slices.Index(sets, string(set))
			if k < 0 {
				k = len(sets)
				sets = append(sets, string(set))
				blocks = append(blocks, a.together(layers, string(set)))
			}
			g[d][m] = int16(k)
		}
	}
	return timed(blocks, g)
}

func (a *arcadia) together(layers []layer, set string) block {
	b := block{name: "No charge", steps: []step{{price: money{value: new(big.Rat)}}}}
	var names []string
	for i, l := range layers {
		switch {
		case set[i] == '0':
			continue
		case len(names) == 0:
			b.steps, b.per = slices.Clone(l.steps), "P1M"
		case len(b.steps) > 1 || len(l.steps) > 1:
			a.fail("%s: prices in bands beside another price at the same time", l.steps[0].price.at.path())
		default:
			b.steps[0].price.value = plus(b.steps[0].price.value, l.steps[0].price.value)
		}
		names = append(names, l.name)
	}
	if len(names) > 0 {
		b.name = strings.Join(names, " + ")
	}
	return b
}
