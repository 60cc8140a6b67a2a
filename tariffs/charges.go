package tariffs

import (
	"fmt"
	"slices"
)

// Reading of what stands beside the prices of energy: demand, events, fees,
// discounts, surcharges and minimum charges (docs/protocol.md, section 6.2).

// maxEntries bounds lists that cost time by their length, and components.
const maxEntries = 64

func (t *Tariff) readCharges(o object) {
	for _, item := range o.atMost(maxEntries, "events", false) {
		t.tracks = append(t.tracks, t.readEvent(item))
	}
	for _, item := range o.atMost(maxEntries, "fees", false) {
		t.fees = append(t.fees, readFee(item, componentFees))
		item.done()
	}
	for _, item := range o.atMost(maxEntries, "discounts", false) {
		t.shares = append(t.shares, readShare(item, lineDiscount, componentDiscount, -1))
	}
	for _, item := range o.atMost(maxEntries, "surcharges", false) {
		t.shares = append(t.shares, readShare(item, lineSurcharge, componentSurcharge, 1))
	}
	for _, item := range o.atMost(maxEntries, "minimum", false) {
		t.minimums = append(t.minimums, minimum{readFee(item, componentMinimum), item.names("of")})
		item.done()
	}
	for i, k := range t.tracks {
		if k.event != nil && slices.ContainsFunc(t.tracks[:i], func(other track) bool { return other.event != nil && other.event.rate.name == k.event.rate.name }) {
			o.fail("events", "%q is used twice", k.event.rate.name)
		}
	}
}

func (t *Tariff) readEvent(o object) track {
	k := track{component: o.textOr("component", componentEvents), kind: lineEvent, event: &event{}}
	var price int64
	k.event.rate, price = t.readRate(o, o.text("displayName"), 1, []string{perEvent, perBill})
	if r := &k.event.rate; r.blocks == nil {
		r.blocks, r.period = []block{{price: price}}, perEvent
	}
	k.event.maximum = o.count("maximum", 1, daysOfYear)
	o.done()
	return k
}

// The terms of a fee.
const (
	termDaily   = "DAILY"
	termMonthly = "MONTHLY"
	termAnnual  = "ANNUAL"
	termBill    = "BILL"
)

func readFee(o object, component string) fee {
	return fee{
		name:      o.text("displayName"),
		component: o.textOr("component", component),
		term:      o.oneOf("term", true, termDaily, termMonthly, termAnnual, termBill),
		amount:    o.money("amount"),
	}
}

func readShare(o object, kind lineKind, component string, sign int64) share {
	s := share{
		name:      o.text("displayName"),
		component: o.textOr("component", component),
		kind:      kind,
		rate:      sign * o.share("rate"),
		of:        o.names("of"),
	}
	o.done()
	return s
}

// The lengths of a demand interval, in minutes.
var demandIntervals = map[string]int{"PT5M": 5, "PT10M": 10, "PT15M": 15, "PT30M": 30, "PT60M": 60}

const maxSteps = 32

func (t *Tariff) readDemand(o object) demand {
	d := demand{path: o.path, name: o.text("displayName"), highest: 1}
	d.windows = t.readDemandWindows(o)
	d.interval = demandIntervals[o.oneOf("interval", true, "PT5M", "PT10M", "PT15M", "PT30M", "PT60M")]
	for _, w := range d.windows {
		if d.interval > 0 && (w.start%d.interval != 0 || w.end%d.interval != 0) {
			o.fail("interval", "the window from %s to %s does not begin and end at multiples of %d minutes", clockTime(w.start), clockTime(w.end), d.interval)
		}
	}
	d.measure = o.oneOf("measurementPeriod", true, "DAY", "MONTH", termBill)
	d.charge = o.oneOf("chargePeriod", true, "DAY", "MONTH", termBill)
	if o.has("highestDays") {
		if d.highest = o.count("highestDays", 1, 31); d.highest > 1 && d.measure == "DAY" {
			o.fail("highestDays", "is more than 1, but measurementPeriod is a day")
		}
	}
	if d.readSteps(o) {
		o.done()
		return d
	}
	d.amount = o.money("amount")
	if o.has("floor") {
		d.floor = o.thousandths("floor", "kW")
	}
	if o.has("minDemand") {
		d.least = o.thousandths("minDemand", "kW")
	}
	if o.has("maxDemand") {
		if d.most = o.thousandths("maxDemand", "kW"); d.most <= d.least {
			o.fail("maxDemand", "is not above minDemand")
		}
	}
	if d.floor > 0 && (d.least > 0 || d.most > 0) {
		o.fail("floor", "stands beside minDemand or maxDemand")
	}
	o.done()
	return d
}

// readDemandWindows reads the times in which demand is measured: one window, or a
// list of them.
func (t *Tariff) readDemandWindows(o object) (list []demandWindow) {
	read := func(o object) {
		w := demandWindow{days: t.readDays(o)}
		w.start, w.end = readTimes(o)
		list = append(list, w)
	}
	if !o.has("timeOfUse") {
		read(o)
		return list
	}
	for _, other := range []string{"days", "startTime", "endTime"} {
		if o.has(other) {
			o.fail(other, "stands beside timeOfUse")
			o.used[other] = true
		}
	}
	for _, item := range o.atMost(maxEntries, "timeOfUse", true) {
		read(item)
		item.done()
	}
	return list
}

// readSteps reads a ladder of charges, which stands in place of amount; false
// if there is none.
func (d *demand) readSteps(o object) bool {
	if !o.has("steps") {
		return false
	}
	for _, other := range []string{"amount", "floor", "minDemand", "maxDemand"} {
		if o.has(other) {
			o.fail(other, "stands beside steps")
			o.used[other] = true
		}
	}
	for i, item := range o.atMost(maxSteps, "steps", true) {
		s := step{item.thousandths("from", "kW"), item.money("amount")}
		if i == 0 && s.from != 0 {
			item.fail("from", "of the first step must be 0")
		}
		if i > 0 && s.from <= d.steps[i-1].from {
			item.fail("from", "is not above that of the step before")
		}
		item.done()
		d.steps = append(d.steps, s)
	}
	return true
}

// checkComponents refuses an `of` that names no component of the document, and
// taxes on parts of a bill where the total does not say them.
func (t *Tariff) checkComponents(rules object) {
	if *rules.err != nil {
		return
	}
	known := map[string]bool{}
	check := func(key string, i int, of []string) {
		for j, name := range of {
			if !known[name] && *rules.err == nil {
				*rules.err = fmt.Errorf("%s[%d].of[%d]: no component %q comes before it", key, i, j, name)
			}
		}
	}
	for _, k := range t.tracks {
		known[k.component] = true
	}
	for _, f := range t.fees {
		known[f.component] = true
	}
	discounts := 0
	for _, s := range t.shares {
		if s.kind == lineDiscount {
			check("electricityContract.discounts", discounts, s.of)
			discounts++
		}
	}
	for i, s := range t.shares[discounts:] {
		check("electricityContract.surcharges", i, s.of)
	}
	for _, s := range t.shares {
		known[s.component] = true
	}
	for i, m := range t.minimums {
		check("electricityContract.minimum", i, m.of)
		known[m.component] = true
	}
	for i, tax := range t.Taxes {
		check("x-hushwatt.taxes", i, tax.Of)
		if tax.Of != nil && (t.PricesIncludeTax || t.Rounding.Stage != StageBill) {
			rules.fail(fmt.Sprintf("taxes[%d].of", i), "a tax on a part of the bill must be added (pricesIncludeTax false) to a bill that is rounded once (rounding.stage bill)")
		}
	}
}
