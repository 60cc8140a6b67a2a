package tariffs

import (
	"fmt"
	"math/big"
	"slices"
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
	TimeOfUse                                                                      []docUse
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
