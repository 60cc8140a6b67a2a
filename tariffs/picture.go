package tariffs

import (
	"fmt"
	"math/big"
	"sort"
	"time"
)

// A Week is the price of one component in one season as people want to see it:
// through the hours of seven days.
type Week struct {
	Component string `json:"component"`
	Season    string `json:"season"`
	First     string `json:"first"` // MM-DD, both inclusive
	Last      string `json:"last"`
	Export    bool   `json:"export"` // prices are paid to the customer
	Dynamic   bool   `json:"dynamic"`

	// Days are Monday to Sunday and, where holidays have windows of their own,
	// holidays; of dynamic prices seven dates.
	Days []WeekDay `json:"days"`
}

// A WeekDay is one day's prices in order of time.
type WeekDay struct {
	Name      string    `json:"name"` // MON … SUN, PUBLIC_HOLIDAYS
	Date      string    `json:"date,omitempty"`
	Minutes   int       `json:"minutes"` // 1440, but 1380 or 1500 where a clock is moved
	Stretches []Stretch `json:"stretches"`
}

// A Stretch is a price for the minutes [From, To) since the day began; on a day
// whose clock is moved these are not what the clock shows. Price is money per
// kWh, of the first block where there are several; positive is paid by the
// customer for import, to the customer for export.
type Stretch struct {
	From  int    `json:"from"`
	To    int    `json:"to"`
	Name  string `json:"name"`
	Price string `json:"price"`

	Nano int64 `json:"-"` // Price in units of 10⁻⁹
}

// Weeks returns the weeks of every component and season. Of dynamic prices it
// returns the seven days from a date of the clock, as far as they are known; if
// the date is 0 they begin with the first whole day that has a price.
func (t *Tariff) Weeks(from Date) ([]Week, error) {
	loc, err := Zone(t.Clock)
	if err != nil {
		return nil, err
	}
	var out []Week
	for _, k := range t.tracks {
		for i := range k.seasons {
			s := &k.seasons[i]
			if len(s.rates) == 0 {
				continue
			}
			w := Week{Component: k.component, Season: s.name, First: monthDayName(s.first), Last: monthDayName(s.last), Export: k.kind == lineExport}
			if len(s.rows) > 0 {
				w.Dynamic, w.Days = true, s.dates(loc, from, w.Export)
			} else {
				w.Days = t.weekOf(s, w.Export)
			}
			out = append(out, w)
		}
	}
	return out, nil
}

// weekOf returns a season's week, each day following the one before.
func (t *Tariff) weekOf(s *season, export bool) []WeekDay {
	var days []WeekDay
	for w := weekday(0); int(w) < len(s.week); w++ {
		before := (w + 6) % 7
		if w == publicHoliday {
			if !s.namesHolidays() {
				continue
			}
			before = 6
		}
		day := WeekDay{Name: w.String(), Minutes: minutesOfDay}
		pieces := s.dayWindows(before, w)
		sort.Slice(pieces, func(i, j int) bool { return pieces[i].start < pieces[j].start })
		for _, p := range pieces {
			day.add(p.start, p.end, s.rates[p.rate].name, p.price, export)
		}
		days = append(days, day)
	}
	return days
}

// dates returns seven days of dynamic prices.
func (s *season) dates(loc *time.Location, from Date, export bool) []WeekDay {
	if from == 0 {
		first := time.Unix(s.rows[0].from, 0).In(loc)
		from = dateOf(first.Year(), int(first.Month()), first.Day())
		if midnight(loc, from) < s.rows[0].from {
			from++
		}
	}
	var days []WeekDay
	for d := from; d < from+7; d++ {
		begin, end := midnight(loc, d), midnight(loc, d+1)
		day := WeekDay{Name: d.weekday().String(), Date: d.String(), Minutes: int(end-begin) / 60}
		for _, r := range s.rows {
			if a, b := max(r.from, begin), min(r.to, end); a < b {
				day.add(int(a-begin)/60, int(b-begin)/60, s.rates[0].name, r.price, export)
			}
		}
		days = append(days, day)
	}
	return days
}

// add appends a stretch, or makes the one before longer.
func (d *WeekDay) add(from, to int, name string, pico int64, export bool) {
	nano := pico
	if export {
		nano = -pico // credits are negative prices in a tariff
	}
	if n := len(d.Stretches); n > 0 {
		last := &d.Stretches[n-1]
		if last.To == from && last.Name == name && last.Nano == nano {
			last.To = to
			return
		}
	}
	d.Stretches = append(d.Stretches, Stretch{From: from, To: to, Name: name, Price: pricePerKWh(nano), Nano: nano})
}

// pricePerKWh writes pico units per Wh, which are nano units per kWh.
func pricePerKWh(nano int64) string { return Decimal(big.NewInt(nano), 9, 2) }

// Words says in sentences what a picture of the week cannot: blocks, power,
// charges, discounts, minimums, taxes and rounding, in the order of a bill.
func (t *Tariff) Words() []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, k := range t.tracks {
		for i := range k.seasons {
			s := &k.seasons[i]
			in := inSeason(k, s)
			for _, r := range s.rates {
				if r.blocks != nil {
					say("%s, %s%s: %s", k.component, r.name, in, r.inWords(t.Currency, k.kind == lineExport))
				}
			}
			for _, d := range s.demands {
				if d.amount == 0 && len(d.steps) == 0 {
					continue // a season without a charge for power
				}
				say("%s, %s%s: %s", k.component, d.name, in, d.inWords(t.Currency))
			}
			if s.supply != nil {
				say("Standing charge%s: %s %s a day", in, Decimal(s.supply, 12, 2), t.Currency)
			}
		}
		if e := k.event; e != nil {
			say("%s, %s: %s in hours that are announced, at most %d times a year", k.component, e.rate.name, e.rate.inWords(t.Currency, false), e.maximum)
			if told := t.announced(e); told != "" {
				say("%s: %s", e.rate.name, told)
			}
		}
	}
	for _, f := range t.fees {
		say("%s: %s", f.name, f.inWords(t.Currency))
	}
	for _, s := range t.shares {
		say("%s: %s %%%s", s.name, Decimal(big.NewInt(s.rate), 7, 0), ofComponents(s.of))
	}
	for _, m := range t.minimums {
		say("%s: at least %s%s", m.name, m.inWords(t.Currency), ofComponents(m.of))
	}
	if t.netting {
		say("Import and export of one slot are netted before they are priced")
	}
	for _, x := range t.Taxes {
		included := ""
		if t.PricesIncludeTax {
			included = ", included in the prices"
		}
		say("%s: %s %%%s%s", x.Name, Decimal(big.NewInt(x.Rate), 7, 0), ofComponents(x.Of), included)
	}
	say("Rounded by stage %s to %d decimals, %s", t.Rounding.Stage, t.Rounding.Digits, t.Rounding.Mode)
	return out
}

// announced says how often an event was announced, and when it is last.
func (t *Tariff) announced(e *event) string {
	all := t.occurrences(e)
	loc, err := Zone(t.Clock)
	if len(all) == 0 || err != nil {
		return ""
	}
	last := all[len(all)-1]
	at := func(unix int64) string { return time.Unix(unix, 0).In(loc).Format("2006-01-02 15:04") }
	return fmt.Sprintf("announced %d times, last from %s to %s", len(all), at(last.From), at(last.To))
}

func inSeason(k track, s *season) string {
	if len(k.seasons) < 2 {
		return ""
	}
	return fmt.Sprintf(" (%s to %s)", monthDayName(s.first), monthDayName(s.last))
}

func ofComponents(of []string) string {
	if of == nil {
		return ""
	}
	out := " of "
	for i, name := range of {
		if i > 0 {
			out += ", "
		}
		out += name
	}
	return out
}

// Times over which something counts, in words.
var inTime = map[string]string{
	perDay: "day", perMonth: "month", perQuarter: "quarter", perYear: "year", perBill: "bill", perEvent: "event",
	termDaily: "day", termMonthly: "month", termAnnual: "year", "DAY": "day", "MONTH": "month",
}

func (r *rate) inWords(currency string, export bool) string {
	out := ""
	for i, b := range r.blocks {
		price := b.price
		if export {
			price = -price
		}
		text := pricePerKWh(price) + " " + currency + " per kWh"
		kWh := Decimal(big.NewInt(b.width), 3, 0)
		switch {
		case len(r.blocks) == 1:
		case i == len(r.blocks)-1:
			text += " above"
		case b.daily:
			text += fmt.Sprintf(" for %s kWh × days of the %s", kWh, inTime[r.period])
		case r.period == perEvent:
			text += fmt.Sprintf(" for %s kWh an event", kWh)
		default:
			text += fmt.Sprintf(" for %s kWh a %s", kWh, inTime[r.period])
		}
		if i > 0 {
			out += ", then "
		}
		out += text
	}
	return out
}

func (f *fee) inWords(currency string) string {
	return fmt.Sprintf("%s %s a %s", Decimal(big.NewInt(f.amount), 9, 2), currency, inTime[f.term])
}

func (d *demand) inWords(currency string) string {
	what := fmt.Sprintf("highest mean power of %d minutes", d.interval)
	if d.highest > 1 {
		what = fmt.Sprintf("mean of the %d highest days' power over %d minutes", d.highest, d.interval)
	}
	price := fmt.Sprintf("%s %s per kW a %s", Decimal(big.NewInt(d.amount), 9, 2), currency, inTime[d.charge])
	if len(d.steps) > 0 {
		price = fmt.Sprintf("%s to %s %s a %s by steps", Decimal(big.NewInt(d.steps[0].amount), 9, 2),
			Decimal(big.NewInt(d.steps[len(d.steps)-1].amount), 9, 2), currency, inTime[d.charge])
	}
	out := fmt.Sprintf("%s for the %s in a %s, %s, %s to %s", price, what, inTime[d.measure], dayList(d.days), clockTime(d.start), clockTime(d.end))
	kW := func(watts int64) string { return Decimal(big.NewInt(watts), 3, 0) + " kW" }
	if d.floor > 0 {
		out += ", at least " + kW(d.floor)
	}
	if d.least > 0 {
		out += ", what is above " + kW(d.least)
	}
	if d.most > 0 {
		out += ", up to " + kW(d.most)
	}
	return out
}

func dayList(days [dayKinds]bool) string {
	out := ""
	for w := weekday(0); int(w) < len(days); w++ {
		if days[w] {
			if out != "" {
				out += " "
			}
			out += w.String()
		}
	}
	if out == "MON TUE WED THU FRI SAT SUN" {
		return "all days"
	}
	return out
}
