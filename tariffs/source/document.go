package source

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"

	"hushwatt/tariffs"
)

// An entry is one object of the strict document. The standard library sorts its
// keys; the canonical form is made by package tariffs, from the text.
type entry = map[string]any

// finish writes a draft as a strict document and reads it back.
func (s *sheet) finish(d *draft) *tariffs.Tariff {
	if s.err != nil {
		return nil
	}
	w := &writer{sheet: s, draft: d}
	doc := w.document()
	s.unused()
	if s.err != nil {
		return nil
	}
	text, err := json.Marshal(doc)
	if err != nil {
		s.fail("%w", err)
		return nil
	}
	t, err := tariffs.Parse(text)
	if err != nil {
		s.fail("the document made of it is refused: %w", err)
	}
	return t
}

// A writer makes the document and asks for what is missing.
type writer struct {
	*sheet
	draft *draft
	eight bool // windows name holidays as an eighth weekday
}

func (w *writer) document() entry {
	d, o := w.draft, w.options
	w.standing()
	w.contradictions()
	rules := w.rules()
	contract := entry{"pricingModel": w.model(), "timeZone": "LOCAL"}
	if d.aest {
		contract["timeZone"] = "AEST"
	}
	add := func(key string, list []any) {
		if len(list) > 0 {
			contract[key] = list
		}
	}
	add("tariffPeriod", append(w.periods(), w.demands()...))
	add("solarFeedInTariff", w.feedIn())
	add("fees", w.fees())
	add("discounts", w.discounts())
	add("minimum", w.minimums())
	doc := entry{
		"planId": w.text(o.PlanID, d.id, "id", "the plan's id"), "displayName": w.text(o.Name, d.name, "name", "the plan's name"),
		"brandName": w.text(o.Brand, d.brand, "brand", "whose tariff it is"), "effectiveFrom": w.text(o.From, d.from, "from", "since when it is in force"),
		"electricityContract": contract, "x-hushwatt": rules,
	}
	if to := pick(o.To, d.to); to != "" {
		doc["effectiveTo"] = to
	}
	return doc
}

// contradictions refuses options that say otherwise than the source.
func (w *writer) contradictions() {
	d, o := w.draft, w.options
	for _, x := range []struct {
		flag, given, said string
		wrong             bool
	}{
		{"currency", o.Currency, d.currency, o.Currency != d.currency},
		{"clock", o.Clock, d.clock, o.Clock != d.clock},
		{"from", o.From, d.from, o.From < d.from},
		{"to", o.To, d.to, o.To > d.to},
	} {
		if x.given != "" && x.said != "" && x.wrong {
			w.fail("--%s %s: the source says %s", x.flag, x.given, x.said)
		}
	}
}

// text is what was given, else what the source says.
func (w *writer) text(given, said, flag, what string) string {
	text := pick(given, said)
	if text == "" {
		w.missing(flag, what)
	}
	return clean(text)
}

func (w *writer) rules() entry {
	d, o := w.draft, w.options
	rules := entry{"currency": w.text(o.Currency, d.currency, "currency", "the currency")}
	if d.aest && o.Clock == "" && d.clock == "" {
		d.clock = "Australia/Brisbane" // UTC+10 all year, as AEST
	}
	rules["clock"] = w.text(o.Clock, d.clock, "clock", "the clock of its times")
	if o.Rounding == nil {
		w.missing("rounding", "how bills are rounded")
		return rules
	}
	rules["rounding"] = entry{"stage": o.Rounding.Stage, "digits": o.Rounding.Digits, "mode": o.Rounding.Mode}
	w.taxes(rules)
	w.holidays(rules)
	return rules
}

// taxes writes the taxes: the source's own, else those given.
func (w *writer) taxes(rules entry) {
	d, o := w.draft, w.options
	taxes := d.taxes
	switch given := len(o.Taxes) > 0 || o.NoTax; {
	case given && len(taxes) > 0:
		w.fail("--tax, --no-tax: the source says its taxes, %s", taxes[0].Name)
	case given:
		taxes = o.Taxes
	case len(taxes) == 0:
		w.missing("tax NAME=SHARE (or --no-tax)", "which taxes there are")
	}
	if len(taxes) == 0 {
		return
	}
	included := d.taxed
	if asked := o.PricesIncludeTax; asked != "" {
		if included != "" && included != asked {
			w.fail("--prices-include-tax %s: the source says %s", asked, included)
		}
		included = asked
	}
	if included == "" {
		w.missing("prices-include-tax yes|no", "whether prices include tax")
	}
	rules["pricesIncludeTax"] = included == "yes"
	var list []any
	for _, t := range taxes {
		share, _ := plain(rat(t.Rate, 1e9))
		e := entry{"name": clean(t.Name), "rate": share}
		if len(t.On) > 0 {
			e["on"] = t.On
		}
		if included == "no" && len(d.export) > 0 {
			switch w.choose("export", "the source has a price for export, and taxes", []string{"taxed", "untaxed"}) {
			case "untaxed":
				e["of"] = w.components()
			}
		}
		list = append(list, e)
	}
	rules["taxes"] = list
}

// components returns the names of all that is charged.
func (w *writer) components() []string {
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, p := range w.draft.seasons {
		add(component(p.component))
	}
	if len(w.draft.demands) > 0 {
		add(demandComponent)
	}
	if len(w.draft.charges) > 0 {
		add("Fees")
	}
	if w.draft.discount != nil {
		add("Discounts")
	}
	if len(w.draft.minimums) > 0 {
		add("Minimum")
	}
	return names
}

func component(name string) string { return pick(clean(name), "Energy") }

const demandComponent = "Demand"

// holidays writes the calendar. Where the source has rules for holidays these
// are an eighth weekday.
func (w *writer) holidays(rules entry) {
	d, o := w.draft, w.options
	switch {
	case o.NoHolidays && d.holidays:
		w.drop("holidays", "rules for public holidays", "left out by --holidays none")
		return
	case len(o.Holidays) == 0 && d.holidays:
		w.missing("holidays FILE (or --holidays none)", "on which days its rules for public holidays apply")
		return
	case len(o.Holidays) == 0:
		return
	}
	as := o.HolidaysAs
	switch {
	case d.holidays && as != "":
		w.fail("--holidays-as %s: the source says what holds on holidays", as)
	case d.holidays:
		as, w.eight = "PUBLIC_HOLIDAYS", true
	case as == "":
		w.missing("holidays-as MON…SUN", "as what holidays count")
	}
	rules["holidays"] = entry{"dates": o.Holidays, "countAs": as}
}

func (w *writer) model() string {
	model := "SINGLE_RATE"
	for _, p := range w.draft.seasons {
		if len(p.rows) > 0 {
			return "FLEXIBLE"
		}
		if len(p.blocks) > 1 {
			model = "TIME_OF_USE"
		}
	}
	return model
}

func (w *writer) periods() []any {
	var list []any
	for _, p := range w.draft.seasons {
		e := entry{"displayName": clean(p.name), "startDate": p.span.first, "endDate": p.span.last}
		if p.component != "" {
			e["component"] = clean(p.component)
		}
		if p.supply != nil {
			e["dailySupplyCharge"] = w.money(*p.supply)
		}
		switch {
		case len(p.rows) > 0:
			e["rateBlockUType"], e["dynamicRates"] = "dynamicRates", w.dynamic(p)
		case len(p.blocks) == 1:
			single := w.steps(p.blocks[0])
			single["displayName"] = clean(p.blocks[0].name)
			e["rateBlockUType"], e["singleRate"] = "singleRate", single
		default:
			e["rateBlockUType"], e["timeOfUseRates"] = "timeOfUseRates", w.timeOfUse(p.blocks)
		}
		list = append(list, e)
	}
	return list
}

func (w *writer) dynamic(p season) entry {
	rates := make([]entry, len(p.rows))
	for i, r := range p.rows {
		rates[i] = entry{"valid_from": r.from, "valid_to": r.to, "value_exc_vat": w.money(r.price)}
	}
	return entry{"rates": rates}
}

// steps writes rates and, where there are several, their period.
func (w *writer) steps(b block) entry {
	var rates []entry
	for i, st := range b.steps {
		e := entry{"unitPrice": w.money(st.price)}
		if st.volume != nil && i < len(b.steps)-1 {
			e[pick(st.volume.key, "volume")] = w.energy(*st.volume)
		}
		rates = append(rates, e)
	}
	out := entry{"rates": rates}
	if len(rates) > 1 {
		out["period"] = b.per
	}
	return out
}

func (w *writer) timeOfUse(blocks []block) []entry {
	w.everyDay(blocks)
	kinds := ranked(blocks)
	var out []entry
	for i, b := range blocks {
		windows := w.windows(b.windows)
		if len(windows) == 0 {
			continue // of holidays, which were left out
		}
		e := w.steps(b)
		e["displayName"], e["type"] = clean(b.name), pick(b.kind, kinds[i])
		e["timeOfUse"] = windows
		out = append(out, e)
	}
	return out
}

// everyDay lets holidays, where they are a day of their own, be as all days are
// in a price list that does not name them and has the same times every day.
func (w *writer) everyDay(blocks []block) {
	if !w.eight {
		return
	}
	var all []*window
	for _, b := range blocks {
		for i := range b.windows {
			all = append(all, &b.windows[i])
		}
	}
	if slices.ContainsFunc(all, func(x *window) bool { return slices.Contains(x.days, holiday) }) {
		return
	}
	for _, x := range all {
		if len(x.days) < len(allDays) {
			w.fail("%q says nothing of holidays, and its days differ", blocks[0].name)
			return
		}
		x.days = append(slices.Clone(x.days), holiday)
	}
}

// ranked names the dearest block peak and the cheapest off-peak; nothing is
// computed from it.
func ranked(blocks []block) []string {
	order := make([]int, len(blocks))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool {
		return blocks[order[i]].steps[0].price.value.Cmp(blocks[order[j]].steps[0].price.value) < 0
	})
	kinds := make([]string, len(blocks))
	for rank, i := range order {
		switch rank {
		case 0:
			kinds[i] = "OFF_PEAK"
		case len(order) - 1:
			kinds[i] = "PEAK"
		default:
			kinds[i] = "SHOULDER"
		}
	}
	return kinds
}

func (w *writer) windows(list []window) []entry {
	var out []entry
	for _, x := range list {
		days := w.days(x.days)
		if len(days) > 0 {
			w.onSlot(x.from)
			w.onSlot(x.to)
			out = append(out, entry{"days": days, "startTime": clockTime(x.from), "endTime": clockTime(x.to)})
		}
	}
	return out
}

func (w *writer) days(list []int) []string {
	var names []string
	for _, d := range list {
		switch {
		case d < holiday:
			names = append(names, dayNames[d])
		case w.eight:
			names = append(names, "PUBLIC_HOLIDAYS")
		}
	}
	return names
}

func (w *writer) onSlot(minute int) {
	slot := w.options.SlotMinutes
	if slot == 0 {
		slot = 30
	}
	if minute%slot != 0 {
		w.fail("a price changes at %s, inside a metering slot of %d minutes (--slot)", clockTime(minute), slot)
	}
}

// money writes an amount; more than nine decimals are refused or rounded.
func (w *writer) money(m money) string {
	text, exact := plain(m.value)
	if n := w.options.Decimals; n != nil {
		if less := nearest(m.value, *n); less.Cmp(m.value) != 0 {
			text, _ = plain(less)
			w.rounded(m, text)
		}
		return text
	}
	if !exact {
		w.fail("%s: %s has more than nine decimals: --decimals N rounds prices to N", m.at.path(), m.value.FloatString(20))
	}
	return text
}

// rounded lists a price that was rounded, all alike as one.
func (w *writer) rounded(m money, text string) {
	why := fmt.Sprintf("rounded to %d decimals: %s", *w.options.Decimals, text)
	if m.at == nil {
		w.drop("(computed)", m.value.FloatString(20), why)
		return
	}
	w.notes.list = append(w.notes.list, Dropped{m.at.path(), m.at.brief(), why, 1})
}

// energy writes kWh or kW, whole thousandths.
func (w *writer) energy(m money) string {
	if w.options.Decimals != nil {
		if less := nearest(m.value, 3); less.Cmp(m.value) != 0 {
			w.notes.list = append(w.notes.list, Dropped{m.at.path(), m.at.brief(), "rounded to whole Wh: " + less.FloatString(3), 1})
			m.value = less
		}
	}
	if !times(m.value, rat(1000, 1)).IsInt() || m.value.Sign() < 0 {
		w.fail("%s: %s must be 0 or more with at most three decimals (--decimals N rounds it)", m.at.path(), m.value.FloatString(6))
	}
	text, _ := plain(m.value)
	return text
}

func (w *writer) feedIn() []any {
	var list []any
	for _, p := range w.draft.export {
		e := entry{"displayName": clean(p.name), "startDate": p.span.first, "endDate": p.span.last}
		switch {
		case len(p.rows) > 0:
			e["tariffUType"], e["dynamicRates"] = "dynamicRates", w.dynamic(p)
		case len(p.blocks) == 1:
			e["tariffUType"], e["singleTariff"] = "singleTariff", w.steps(p.blocks[0])
		default:
			var rates []entry
			w.everyDay(p.blocks)
			for _, b := range p.blocks {
				if windows := w.windows(b.windows); len(windows) > 0 {
					r := w.steps(b)
					r["displayName"], r["timeVariations"] = clean(b.name), windows
					rates = append(rates, r)
				}
			}
			e["tariffUType"], e["timeVaryingTariffs"] = "timeVaryingTariffs", rates
		}
		list = append(list, e)
	}
	return list
}

// terms are the names of a charge's period.
var terms = map[string]string{"P1D": "DAILY", "P1M": "MONTHLY", "P1Y": "ANNUAL"}

func (w *writer) fees() []any {
	var list []any
	for _, c := range w.draft.charges {
		list = append(list, entry{"displayName": clean(c.name), "term": terms[c.per], "amount": w.money(c.amount)})
	}
	return list
}

// standing moves a supply charge among the fees where a discount is on the
// prices of energy alone, since it would count as one of them.
func (w *writer) standing() {
	d := w.draft
	if d.discount == nil {
		return
	}
	for i, p := range d.seasons {
		switch {
		case p.supply == nil:
			continue
		case p.span != wholeYear:
			w.fail("%s: a supply charge by season beside a discount on the prices is not carried", p.supply.at.path())
			return
		}
		d.charges = append(d.charges, charge{name: "Standing charge", per: "P1D", amount: *p.supply})
		d.seasons[i].supply = nil
	}
}

func (w *writer) minimums() []any {
	var list []any
	for _, c := range w.draft.minimums {
		list = append(list, entry{"displayName": clean(c.name), "term": terms[c.per], "amount": w.money(c.amount)})
	}
	return list
}

func (w *writer) discounts() []any {
	m := w.draft.discount
	if m == nil {
		return nil
	}
	text, exact := plain(m.value)
	if !exact {
		w.fail("%s: a share of more than nine decimals", m.at.path())
	}
	var of []string
	for _, p := range w.draft.seasons {
		if name := component(p.component); !slices.Contains(of, name) {
			of = append(of, name)
		}
	}
	return []any{entry{"displayName": "Discount", "rate": text, "of": of}}
}
