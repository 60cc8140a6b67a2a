package source

import (
	"sort"
	"time"

	"hushwatt/tariffs"
)

func utc(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// instant reads a time with its offset from UTC.
func instant(n *node) (time.Time, bool) {
	text := n.str()
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil && t.Year() >= 1971 && t.Year() < 2149 && t.Nanosecond() == 0 {
			return t, true
		}
	}
	n.fail("%q is not a time with an offset, like 2022-10-21T23:00:00Z", shorten(text))
	return time.Time{}, false
}

// dynamic makes prices by time a draft's only season. Rows are put in order;
// neighbours of one price are joined; two prices at a time are refused. The
// tariff is in force on the whole days of its clock that the rows cover, unless
// the options name others.
func (d *draft) dynamic(s *sheet, rows []row) {
	if s.err != nil {
		return
	}
	if len(rows) == 0 {
		s.fail("no prices")
		return
	}
	sort.SliceStable(rows, func(i, j int) bool { return rows[i].from < rows[j].from })
	joined := rows[:1]
	for _, r := range rows[1:] {
		last := &joined[len(joined)-1]
		switch {
		case r.from == last.from && r.to == last.to && r.price.value.Cmp(last.price.value) == 0:
			// the same row on two pages
		case r.from < last.to:
			r.price.at.fail("a second price from %s", r.from)
			return
		case r.from > last.to:
			s.fail("no price from %s to %s", last.to, r.from)
			return
		case r.price.value.Cmp(last.price.value) == 0 && r.price.key == last.price.key:
			last.to = r.to
		default:
			joined = append(joined, r)
		}
	}
	d.seasons = []season{{name: "All year", span: wholeYear, rows: joined}}
	if clock := pick(s.options.Clock, d.clock); clock != "" {
		d.wholeDays(s, clock, joined[0].from, joined[len(joined)-1].to)
	}
}

// wholeDays sets the dates in force to the local days within two instants.
func (d *draft) wholeDays(s *sheet, clock, from, to string) {
	zone, err := tariffs.Zone(clock)
	if err != nil {
		s.fail("%w", err)
		return
	}
	first, err1 := time.Parse(time.RFC3339, from)
	last, err2 := time.Parse(time.RFC3339, to)
	if err1 != nil || err2 != nil {
		s.fail("prices from %s to %s: no times", from, to)
		return
	}
	first, last = first.In(zone), last.In(zone)
	begin := time.Date(first.Year(), first.Month(), first.Day(), 0, 0, 0, 0, zone)
	if begin.Before(first) {
		begin = begin.AddDate(0, 0, 1)
	}
	end := time.Date(last.Year(), last.Month(), last.Day(), 0, 0, 0, 0, zone)
	if !begin.Before(end) {
		s.fail("prices from %s to %s cover no whole day of %s", from, to, clock)
		return
	}
	d.from, d.to = begin.Format(time.DateOnly), end.Format(time.DateOnly)
}

func pick(first, second string) string {
	if first != "" {
		return first
	}
	return second
}
