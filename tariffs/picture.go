package tariffs

import (
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
