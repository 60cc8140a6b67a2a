package tariffs

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"
)

// A second computation of bills, slow and by the words of docs/protocol.md: it
// reads the document with the standard library, asks the clock for every slot,
// and counts in rationals. It shares with the package only Zone and the rounding
// of test tables.

type docRate struct {
	DisplayName string
	Period      string
	Rates       []struct{ UnitPrice, Volume, DailyVolume string }
	TimeOfUse   []docUse
	Variations  []docUse `json:"timeVariations"`
}

type docUse struct {
	Days               []string
	StartTime, EndTime string
}

type docSeason struct {
	Component, DisplayName, StartDate, EndDate, DailySupplyCharge string
	SingleRate, SingleTariff                                      *docRate
	TimeOfUseRates, TimeVaryingTariffs                            []docRate
	DynamicRates                                                  *struct {
		Rates []struct {
			From  time.Time `json:"valid_from"`
			To    time.Time `json:"valid_to"`
			Price string    `json:"value_exc_vat"`
		}
	}
	DemandCharges []docDemand
}

type docDemand struct {
	docUse
	Interval, MeasurementPeriod, ChargePeriod, Amount, Floor, MinDemand, MaxDemand string
	HighestDays                                                                    int
	Steps                                                                          []struct{ From, Amount string }
}

type docCharge struct {
	Component, DisplayName, Term, Amount, Rate string
	Of                                         []string
}

type docTariff struct {
	EffectiveFrom, EffectiveTo string
	Contract                   struct {
		TariffPeriod, SolarFeedInTariff      []docSeason
		NetMetering                          string
		Events                               []docRate
		Fees, Discounts, Surcharges, Minimum []docCharge
	} `json:"electricityContract"`
	X struct {
		Clock            string
		PricesIncludeTax bool
		Taxes            []struct {
			Name, Rate string
			On, Of     []string
		}
		Rounding struct {
			Stage, Mode string
			Digits      int
		}
		Holidays struct {
			Dates   []string
			CountAs string
		}
	} `json:"x-hushwatt"`
}

// A slotUse is one slot of the period with what the clock shows.
type slotUse struct {
	at       time.Time // what the clock shows, as if it were UTC
	start    int64
	offset   int
	imp, exp int64
}

type oracleLine struct {
	kind, component string
	tariff          *docTariff
	exact, amount   *big.Rat
}

type slowBill struct {
	t          testing.TB
	docs       []docTariff // in order of time
	events     map[string][]Event
	start, end time.Time // local midnights as UTC dates
	slots      []slotUse
	lines      []oracleLine
}

func (o *slowBill) rat(s string) *big.Rat { return rat(o.t, s) }

func dayOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

func (d *docTariff) inForce(day time.Time) bool {
	text := day.Format(time.DateOnly)
	return text >= d.EffectiveFrom && (d.EffectiveTo == "" || text < d.EffectiveTo)
}

func (s *docSeason) holds(day time.Time) bool {
	text := day.Format("01-02")
	if s.StartDate <= s.EndDate {
		return s.StartDate <= text && text <= s.EndDate
	}
	return text >= s.StartDate || text <= s.EndDate
}

// dayName is the weekday whose windows begin on a day.
func (d *docTariff) dayName(day time.Time) string {
	if slices.Contains(d.X.Holidays.Dates, day.Format(time.DateOnly)) {
		return d.X.Holidays.CountAs
	}
	return strings.ToUpper(day.Format("Mon"))
}

func clockMinutes(s string) int {
	var h, m int
	fmt.Sscanf(s, "%d:%d", &h, &m)
	return 60*h + m
}

func (d *docTariff) within(u docUse, at time.Time) bool {
	from, to, now := clockMinutes(u.StartTime), clockMinutes(u.EndTime), 60*at.Hour()+at.Minute()
	day := dayOf(at)
	today, before := slices.Contains(u.Days, d.dayName(day)), slices.Contains(u.Days, d.dayName(day.AddDate(0, 0, -1)))
	if from < to {
		return today && from <= now && now < to
	}
	return today && now >= from || before && now < to
}

// days counts the days of the bill on which the tariff is in force and cond holds.
func (o *slowBill) days(d *docTariff, cond func(time.Time) bool) (n int64) {
	for day := o.start; day.Before(o.end); day = day.AddDate(0, 0, 1) {
		if d.inForce(day) && cond(day) {
			n++
		}
	}
	return n
}

func (o *slowBill) billDays() int64 { return int64(o.end.Sub(o.start) / (24 * time.Hour)) }

// unitBounds is the first day of a unit of time and of the next one.
func (o *slowBill) unitBounds(period string, day time.Time) (from, to time.Time) {
	first := day.AddDate(0, 0, 1-day.Day())
	switch period {
	case "P1D", "DAY":
		return day, day.AddDate(0, 0, 1)
	case "P1M", "MONTH", "MONTHLY":
		return first, first.AddDate(0, 1, 0)
	case "P3M":
		for first.Month()%3 != 1 {
			first = first.AddDate(0, -1, 0)
		}
		return first, first.AddDate(0, 3, 0)
	case "P1Y", "ANNUAL":
		from = time.Date(day.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
		return from, from.AddDate(1, 0, 0)
	}
	return o.start, o.end
}

// usedAs is what the slot counts for import and for export.
func (o *slowBill) usedAs(d *docTariff, s slotUse, export bool) int64 {
	a, b := s.imp, s.exp
	if export {
		a, b = b, a
	}
	if d.Contract.NetMetering != "" {
		return max(0, a-b)
	}
	return a
}

func (o *slowBill) round(d *docTariff, x *big.Rat) *big.Rat {
	unit := new(big.Rat).SetFrac(big.NewInt(1), powerOfTen(d.X.Rounding.Digits))
	n := rounded(Mode(d.X.Rounding.Mode), new(big.Rat).Quo(x, unit))
	return unit.Mul(unit, new(big.Rat).SetInt(n))
}

// add notes a line; slots is its money rounded slot by slot, nil if that is not
// asked for.
func (o *slowBill) add(d *docTariff, kind, component, other string, exact, slots *big.Rat) {
	if component == "" {
		component = other
	}
	amount := exact
	if s := d.X.Rounding.Stage; s == "line" || s == "interval" {
		amount = o.round(d, exact)
	}
	if slots != nil {
		amount = slots
	}
	o.lines = append(o.lines, oracleLine{kind, component, d, exact, amount})
}

// toPico rounds half up to 10⁻¹², as the shares of months and years are.
func toPico(x *big.Rat) *big.Rat {
	pico := new(big.Rat).SetFrac(big.NewInt(1), powerOfTen(12))
	return pico.Mul(pico, new(big.Rat).SetInt(rounded(HalfUp, new(big.Rat).Quo(x, pico))))
}

func (o *slowBill) bill() (total *big.Rat) {
	for i := range o.docs {
		d := &o.docs[i]
		if o.days(d, func(time.Time) bool { return true }) == 0 {
			continue
		}
		o.components(d, d.Contract.TariffPeriod, "energy", "Energy")
		o.components(d, d.Contract.SolarFeedInTariff, "export", "Export")
		for j := range d.Contract.Events {
			o.event(d, &d.Contract.Events[j])
		}
	}
	for i := range o.docs {
		o.fixed(&o.docs[i])
	}
	o.shares()
	o.minimums()
	return o.taxed()
}

// components goes through the seasons of each component in turn.
func (o *slowBill) components(d *docTariff, list []docSeason, kind, other string) {
	var order []string
	for _, s := range list {
		if !slices.Contains(order, s.Component) {
			order = append(order, s.Component)
		}
	}
	for _, c := range order {
		for i := range list {
			s := &list[i]
			if s.Component != c {
				continue
			}
			o.season(d, s, kind, other)
		}
	}
}

func (o *slowBill) season(d *docTariff, s *docSeason, kind, other string) {
	var rates []docRate
	switch {
	case s.SingleRate != nil:
		rates = []docRate{*s.SingleRate}
	case s.SingleTariff != nil:
		rates = []docRate{*s.SingleTariff}
	case s.DynamicRates != nil:
		rates = []docRate{{}}
	}
	rates = append(append(rates, s.TimeOfUseRates...), s.TimeVaryingTariffs...)
	mine := func(at time.Time) bool { return d.inForce(dayOf(at)) && s.holds(dayOf(at)) }
	var names []string
	sums := map[string][][2]*big.Rat{}
	for i := range rates {
		r := &rates[i]
		use := func(at time.Time) bool {
			windows := append(slices.Clone(r.TimeOfUse), r.Variations...)
			return mine(at) && (windows == nil || slices.ContainsFunc(windows, func(u docUse) bool { return d.within(u, at) }))
		}
		var amounts [][2]*big.Rat
		switch {
		case s.DynamicRates != nil:
			amounts = [][2]*big.Rat{o.bySlot(d, kind, mine, func(u slotUse) string {
				for _, row := range s.DynamicRates.Rates {
					if u.start >= row.From.Unix() && u.start < row.To.Unix() {
						return row.Price
					}
				}
				o.t.Fatal("no price")
				return ""
			})}
		case len(r.Rates) == 1:
			amounts = [][2]*big.Rat{o.bySlot(d, kind, use, func(slotUse) string { return r.Rates[0].UnitPrice })}
		default:
			for _, a := range o.rate(d, s, r, kind, use) {
				amounts = append(amounts, [2]*big.Rat{a, nil})
			}
		}
		if sums[r.DisplayName] == nil {
			names = append(names, r.DisplayName)
			sums[r.DisplayName] = amounts
		} else {
			for k, x := range amounts[0] {
				sums[r.DisplayName][0][k].Add(sums[r.DisplayName][0][k], x)
			}
		}
	}
	for _, n := range names {
		for _, a := range sums[n] {
			if d.X.Rounding.Stage != "interval" {
				a[1] = nil
			}
			o.add(d, kind, s.Component, other, a[0], a[1])
		}
	}
	for i := range s.DemandCharges {
		o.add(d, "demand", s.Component, other, o.demand(d, s, &s.DemandCharges[i]), nil)
	}
}

// bySlot adds up slots: what they cost, and the same rounded one by one.
func (o *slowBill) bySlot(d *docTariff, kind string, use func(time.Time) bool, price func(slotUse) string) [2]*big.Rat {
	out := [2]*big.Rat{new(big.Rat), new(big.Rat)}
	for _, u := range o.slots {
		if use(u.at) {
			money := new(big.Rat).Mul(o.rat(price(u)), big.NewRat(o.usedAs(d, u, kind == "export"), 1000))
			if kind == "export" {
				money.Neg(money)
			}
			out[0].Add(out[0], money)
			out[1].Add(out[1], o.round(d, money))
		}
	}
	return out
}

// rate is what a rate costs, by block.
func (o *slowBill) rate(d *docTariff, s *docSeason, r *docRate, kind string, use func(time.Time) bool) []*big.Rat {
	out := make([]*big.Rat, len(r.Rates))
	for i := range out {
		out[i] = new(big.Rat)
	}
	used := map[time.Time]int64{}
	for _, u := range o.slots {
		if use(u.at) {
			from, _ := o.unitBounds(r.Period, dayOf(u.at))
			used[from] += o.usedAs(d, u, kind == "export")
		}
	}
	for from, wh := range used {
		first, next := o.unitBounds(r.Period, from)
		days := o.days(d, func(day time.Time) bool { return s.holds(day) && !day.Before(first) && day.Before(next) })
		o.fillBlocks(out, r, wh, big.NewRat(days, int64(next.Sub(first)/(24*time.Hour))), days)
	}
	if kind == "export" {
		for _, a := range out {
			a.Neg(a)
		}
	}
	return out
}

// fillBlocks pours a quantity into the blocks, one after another.
func (o *slowBill) fillBlocks(out []*big.Rat, r *docRate, wh int64, share *big.Rat, days int64) {
	bound, poured := new(big.Rat), int64(0)
	for i, b := range r.Rates {
		upTo := wh
		if i+1 < len(r.Rates) {
			if b.DailyVolume != "" {
				bound.Add(bound, new(big.Rat).Mul(o.rat(b.DailyVolume), big.NewRat(1000*days, 1)))
			} else {
				bound.Add(bound, new(big.Rat).Mul(o.rat(b.Volume), big.NewRat(1000, 1)))
			}
			limit := bound
			if b.DailyVolume == "" {
				limit = new(big.Rat).Mul(bound, share)
			}
			upTo = min(wh, rounded(HalfUp, limit).Int64())
		}
		part := max(0, upTo-poured)
		poured += part
		out[i].Add(out[i], new(big.Rat).Mul(o.rat(b.UnitPrice), big.NewRat(part, 1000)))
	}
}

func (o *slowBill) event(d *docTariff, r *docRate) {
	out := make([]*big.Rat, len(r.Rates))
	for i := range out {
		out[i] = new(big.Rat)
	}
	var whole int64
	perSlot := new(big.Rat)
	for _, e := range o.events[r.DisplayName] {
		var wh int64
		for _, u := range o.slots {
			if d.inForce(dayOf(u.at)) && u.start >= e.From && u.start < e.To {
				wh += o.usedAs(d, u, false)
				perSlot.Add(perSlot, o.round(d, new(big.Rat).Mul(o.rat(r.Rates[0].UnitPrice), big.NewRat(o.usedAs(d, u, false), 1000))))
			}
		}
		if whole += wh; r.Period == "EVENT" || len(r.Rates) == 1 {
			o.fillBlocks(out, r, wh, big.NewRat(1, 1), 1)
		}
	}
	if r.Period == "BILL" {
		days := o.days(d, func(time.Time) bool { return true })
		o.fillBlocks(out, r, whole, big.NewRat(days, o.billDays()), days)
	}
	for _, a := range out {
		var slots *big.Rat
		if d.X.Rounding.Stage == "interval" {
			slots = perSlot
		}
		o.add(d, "event", "", "Events", a, slots)
	}
}

// demand is what a demand charge comes to.
func (o *slowBill) demand(d *docTariff, s *docSeason, c *docDemand) *big.Rat {
	var length int
	fmt.Sscanf(c.Interval, "PT%dM", &length)
	type interval struct {
		day    time.Time
		number int
		offset int
	}
	energy := map[interval]int64{}
	for _, u := range o.slots {
		if day := dayOf(u.at); d.inForce(day) && s.holds(day) && d.within(c.docUse, u.at) {
			energy[interval{day, (60*u.at.Hour() + u.at.Minute()) / length, u.offset}] += u.imp
		}
	}
	total := new(big.Rat)
	for day := o.start; day.Before(o.end); {
		from, to := o.unitBounds(c.MeasurementPeriod, day)
		peaks := map[time.Time]int64{}
		for i, wh := range energy {
			if !i.day.Before(from) && i.day.Before(to) {
				peaks[i.day] = max(peaks[i.day], wh)
			}
		}
		charged, months := int64(0), new(big.Rat)
		o.days(d, func(day time.Time) bool {
			if s.holds(day) && !day.Before(from) && day.Before(to) {
				a, b := o.unitBounds("MONTH", day)
				months.Add(months, big.NewRat(1, int64(b.Sub(a)/(24*time.Hour))))
				charged++
			}
			return false
		})
		if charged > 0 {
			share := map[string]*big.Rat{"DAY": big.NewRat(charged, 1), "MONTH": months, "BILL": big.NewRat(charged, o.billDays())}[c.ChargePeriod]
			total.Add(total, o.demandCharge(c, peaks, length, share))
		}
		day = to
	}
	return total
}

func (o *slowBill) demandCharge(c *docDemand, peaks map[time.Time]int64, length int, share *big.Rat) *big.Rat {
	var list []int
	for _, wh := range peaks {
		list = append(list, int(wh))
	}
	sort.Sort(sort.Reverse(sort.IntSlice(list)))
	n := max(1, min(max(1, c.HighestDays), len(list)))
	sum := 0
	for i := range min(n, len(list)) {
		sum += list[i]
	}
	kw := new(big.Rat).SetFrac64(int64(sum*60), int64(length*n*1000))
	kilo := func(s string) *big.Rat {
		if s == "" {
			return new(big.Rat)
		}
		return o.rat(s)
	}
	if c.Steps != nil {
		amount := new(big.Rat)
		for _, s := range c.Steps {
			if kw.Cmp(kilo(s.From)) >= 0 {
				amount = toPico(new(big.Rat).Mul(o.rat(s.Amount), share))
			}
		}
		return amount
	}
	if kw.Cmp(kilo(c.Floor)) < 0 {
		kw = kilo(c.Floor)
	}
	if c.MaxDemand != "" && kw.Cmp(kilo(c.MaxDemand)) > 0 {
		kw = kilo(c.MaxDemand)
	}
	if kw.Sub(kw, kilo(c.MinDemand)).Sign() < 0 {
		return new(big.Rat)
	}
	// The price of a W of the sum of n peaks is a whole number of pico units.
	perWatt := toPico(new(big.Rat).Mul(new(big.Rat).Mul(o.rat(c.Amount), share), big.NewRat(1, int64(1000*n))))
	return kw.Mul(kw, perWatt.Mul(perWatt, big.NewRat(int64(1000*n), 1)))
}

// fee is what a fee comes to in this tariff's part of the bill.
func (o *slowBill) fee(d *docTariff, f docCharge) *big.Rat {
	total := new(big.Rat)
	switch f.Term {
	case "DAILY":
		return total.Mul(o.rat(f.Amount), big.NewRat(o.days(d, func(time.Time) bool { return true }), 1))
	case "BILL":
		if d.inForce(o.start) {
			return o.rat(f.Amount)
		}
		return total
	}
	for day := o.start; day.Before(o.end); {
		from, to := o.unitBounds(f.Term, day)
		n := o.days(d, func(day time.Time) bool { return !day.Before(from) && day.Before(to) })
		total.Add(total, toPico(new(big.Rat).Mul(o.rat(f.Amount), big.NewRat(n, int64(to.Sub(from)/(24*time.Hour))))))
		day = to
	}
	return total
}

func (o *slowBill) fixed(d *docTariff) {
	if o.days(d, func(time.Time) bool { return true }) == 0 {
		return
	}
	for _, list := range []struct {
		seasons []docSeason
		other   string
	}{{d.Contract.TariffPeriod, "Energy"}} {
		var order []string
		for _, s := range list.seasons {
			if !slices.Contains(order, s.Component) {
				order = append(order, s.Component)
			}
		}
		for _, c := range order {
			for _, s := range list.seasons {
				if s.Component == c && s.DailySupplyCharge != "" {
					o.add(d, "fixed", c, list.other, new(big.Rat).Mul(o.rat(s.DailySupplyCharge), big.NewRat(o.days(d, s.holds), 1)), nil)
				}
			}
		}
	}
	for _, f := range d.Contract.Fees {
		o.add(d, "fixed", f.Component, "Fees", o.fee(d, f), nil)
	}
}

func named(of []string, component string) bool { return len(of) == 0 || slices.Contains(of, component) }

func (o *slowBill) shares() {
	before := slices.Clone(o.lines)
	for i := range o.docs {
		d := &o.docs[i]
		for _, list := range []struct {
			kind, other string
			sign        int64
			charges     []docCharge
		}{{"discount", "Discounts", -1, d.Contract.Discounts}, {"surcharge", "Surcharges", 1, d.Contract.Surcharges}} {
			for _, c := range list.charges {
				if o.days(d, func(time.Time) bool { return true }) == 0 {
					continue
				}
				sum := new(big.Rat)
				for _, l := range before {
					if l.tariff == d && named(c.Of, l.component) {
						sum.Add(sum, l.exact)
					}
				}
				sum.Mul(sum, o.rat(c.Rate)).Mul(sum, big.NewRat(list.sign, 1))
				o.add(d, list.kind, c.Component, list.other, sum, nil)
			}
		}
	}
}

func (o *slowBill) minimums() {
	first := &o.docs[slices.IndexFunc(o.docs, func(d docTariff) bool { return o.days(&d, func(time.Time) bool { return true }) > 0 })]
	for i, m := range first.Contract.Minimum {
		least := new(big.Rat)
		for j := range o.docs {
			d := &o.docs[j]
			n := o.days(d, func(time.Time) bool { return true })
			switch {
			case n == 0:
			case m.Term == "BILL":
				least.Add(least, toPico(new(big.Rat).Mul(o.rat(d.Contract.Minimum[i].Amount), big.NewRat(n, o.billDays()))))
			default:
				least.Add(least, o.fee(d, d.Contract.Minimum[i]))
			}
		}
		if s := first.X.Rounding.Stage; s == "line" || s == "interval" {
			least = o.round(first, least)
		}
		for _, l := range o.lines {
			if named(m.Of, l.component) {
				least.Sub(least, l.amount)
			}
		}
		if least.Sign() < 0 {
			least.SetInt64(0)
		}
		component := m.Component
		if component == "" {
			component = "Minimum"
		}
		o.lines = append(o.lines, oracleLine{"minimum", component, first, least, least})
	}
}

// taxed adds the taxes and returns the total.
func (o *slowBill) taxed() *big.Rat {
	d := &o.docs[0]
	net := new(big.Rat)
	for _, l := range o.lines {
		net.Add(net, l.amount)
	}
	once := d.X.Rounding.Stage == "bill"
	total := o.round(d, net)
	if once {
		total.Set(net)
	}
	taxes := map[string]*big.Rat{}
	for _, tax := range d.X.Taxes {
		base := new(big.Rat).Set(total)
		if tax.Of != nil {
			base.SetInt64(0)
			for _, l := range o.lines {
				if named(tax.Of, l.component) {
					base.Add(base, l.amount)
				}
			}
		} else if once {
			base.Set(net)
		} else {
			base = o.round(d, net)
		}
		for _, on := range tax.On {
			base.Add(base, taxes[on])
		}
		amount := base.Mul(base, o.rat(tax.Rate))
		if !once {
			amount = o.round(d, amount)
		}
		if d.X.PricesIncludeTax {
			amount = new(big.Rat)
		}
		taxes[tax.Name] = amount
	}
	for _, amount := range taxes {
		total.Add(total, amount)
	}
	return o.round(d, total)
}

// oracleOf reads documents for a plan and its readings.
func oracleOf(t testing.TB, p *Plan, texts []string, events []Event, channels ...*Series) *slowBill {
	t.Helper()
	o := &slowBill{t: t, events: map[string][]Event{}, start: p.Start.time(), end: p.End.time()}
	for _, text := range texts {
		var d docTariff
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Fatal(err)
		}
		o.docs = append(o.docs, d)
	}
	for _, e := range events {
		o.events[e.Name] = append(o.events[e.Name], e)
	}
	loc, err := Zone(p.Clock)
	if err != nil {
		t.Fatal(err)
	}
	read := func(c int, at int64) int64 {
		if c >= len(channels) || channels[c] == nil {
			return 0
		}
		s := channels[c]
		i := (at - s.Start) / int64(s.Step)
		if at < s.Start || i >= int64(len(s.Wh)) || s.Status != nil && s.Status[i] == MissingSlot {
			return 0
		}
		return int64(s.Wh[i])
	}
	step := int64(daySeconds / p.N)
	for at := p.From; at < p.To; at += step {
		_, offset := time.Unix(at, 0).In(loc).Zone()
		o.slots = append(o.slots, slotUse{time.Unix(at+int64(offset), 0).UTC(), at, offset, read(0, at), read(1, at)})
	}
	return o
}

// checkOracle compares a quote with the oracle's bill: total, and the lines one
// by one where they are not rounded away; and what a proof would reveal.
func checkOracle(t testing.TB, p *Plan, texts []string, events []Event, channels ...*Series) *Bill {
	t.Helper()
	bill, err := Quote(p, channels...)
	if err != nil {
		t.Fatal(err)
	}
	o := oracleOf(t, p, texts, events, channels...)
	total := o.bill()
	var got []Line
	sum := new(big.Rat)
	for _, l := range bill.Lines {
		sum.Add(sum, rat(t, l.Amount))
		if l.Kind != "tax" && l.Kind != "rounding" {
			got = append(got, l)
		}
	}
	if len(got) != len(o.lines) {
		t.Fatalf("%d lines, want %d\n%+v\n%s", len(got), len(o.lines), got, texts)
	}
	for i, l := range got {
		if want := o.lines[i]; l.Kind != want.kind || l.Component != want.component || rat(t, l.Amount).Cmp(want.amount) != 0 {
			t.Fatalf("line %d is %+v, want %s %s %s\n%s", i, l, want.kind, want.component, want.amount.FloatString(15), texts)
		}
	}
	if rat(t, bill.Total).Cmp(total) != 0 || sum.Cmp(total) != 0 {
		t.Fatalf("total %s, lines add up to %s, want %s\n%s", bill.Total, sum.FloatString(12), total.FloatString(12), texts)
	}
	fs, err := p.Functionals()
	if err != nil {
		return bill
	}
	revealed := new(big.Int)
	for i := range fs {
		revealed.Add(revealed, p.Rounding.Mode.round(reveal(p, &fs[i], channels...), fs[i].U))
	}
	x, err := p.Total([]*big.Int{revealed})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Rounding.Money(x); got != bill.Total {
		t.Fatalf("a proof would lead to %s, the quote is %s\n%s", got, bill.Total, texts)
	}
	return bill
}
