package tariffs

import (
	"fmt"
	"sort"
	"time"
)

const (
	minutesOfDay = 1440
	daysOfYear   = 366 // every year has its 29 February here
)

func utcStamp(t int64) string { return time.Unix(t, 0).UTC().Format(time.RFC3339) }

// checkYear refuses seasons that leave out a day of the year or share one.
func checkYear(seasons []season) error {
	var of [daysOfYear + 1]int // season + 1
	for i, s := range seasons {
		for day, n := s.first, (s.last-s.first+daysOfYear)%daysOfYear; n >= 0; n-- {
			if of[day] != 0 {
				return fmt.Errorf("%q and %q both hold on %s", seasons[of[day]-1].name, s.name, monthDayName(day))
			}
			of[day] = i + 1
			day = day%daysOfYear + 1
		}
	}
	for day := 1; day <= daysOfYear; day++ {
		if of[day] == 0 {
			return fmt.Errorf("no entry holds on %s", monthDayName(day))
		}
	}
	return nil
}

// contains reports whether the season holds on that day of the year.
func (s *season) contains(day int) bool {
	if s.first <= s.last {
		return s.first <= day && day <= s.last
	}
	return day >= s.first || day <= s.last
}

// checkWeek refuses windows that leave a minute of the week without a price or
// give it two. A window past midnight goes on into the next day.
func (s *season) checkWeek() error {
	for w := range weekday(7) {
		before := (w + 6) % 7
		if err := s.checkDay(before, w, w.String()); err != nil {
			return err
		}
	}
	return nil
}

// checkDay checks the 24 hours of a day that counts as weekday `on` and follows
// one that counts as `before`.
func (s *season) checkDay(before, on weekday, name string) error {
	pieces := s.dayWindows(before, on)
	sort.SliceStable(pieces, func(i, j int) bool { return pieces[i].start < pieces[j].start })
	at := 0
	for _, p := range pieces {
		if p.start > at {
			return fmt.Errorf("no price on %s from %s to %s", name, clockTime(at), clockTime(p.start))
		}
		if p.start < at {
			return fmt.Errorf("two prices on %s from %s to %s", name, clockTime(p.start), clockTime(min(at, p.end)))
		}
		at = p.end
	}
	if at < minutesOfDay {
		return fmt.Errorf("no price on %s from %s to 24:00", name, clockTime(at))
	}
	return nil
}

// dayWindows returns the windows that meet a day of weekday `on`, cut to its 24
// hours: what is left of those that began the day before, then its own.
func (s *season) dayWindows(before, on weekday) []window {
	var out []window
	for _, w := range s.week[before] {
		if w.end > minutesOfDay {
			out = append(out, window{0, w.end - minutesOfDay, w.rate, w.price})
		}
	}
	for _, w := range s.week[on] {
		w.end = min(w.end, minutesOfDay)
		out = append(out, w)
	}
	return out
}

// countsAs returns the weekday whose windows begin on a date.
func (t *Tariff) countsAs(d Date) weekday {
	if t.holidays[d] {
		return t.countAs
	}
	return d.weekday()
}

// seasonOf returns the season of a date; the seasons tile the year.
func seasonOf(seasons []season, d Date) int {
	day := d.dayOfYear()
	for i := range seasons {
		if seasons[i].contains(day) {
			return i
		}
	}
	panic("tariffs: seasons do not tile the year")
}

// checkHolidays refuses holidays at whose edges the windows past midnight of
// one weekday do not meet those of another.
func (t *Tariff) checkHolidays(seasons []season) error {
	days := make([]Date, 0, 2*len(t.holidays))
	for d := range t.holidays {
		days = append(days, d, d+1)
	}
	sort.Slice(days, func(i, j int) bool { return days[i] < days[j] })
	for _, d := range days {
		s := &seasons[seasonOf(seasons, d)]
		if len(s.rates) == 0 || len(s.rows) > 0 {
			continue
		}
		if err := s.checkDay(t.countsAs(d-1), t.countsAs(d), d.String()); err != nil {
			return fmt.Errorf("x-hushwatt.holidays: with %s in place of a weekday there is %w", t.countAs, err)
		}
	}
	return nil
}
