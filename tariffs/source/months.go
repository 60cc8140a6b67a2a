package source

import (
	"fmt"
	"strconv"
	"strings"
)

var monthNames = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}

var monthDays = [...]int{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// A span is a stretch of the year, both days inclusive, MM-DD; it may go over
// the new year.
type span struct{ first, last string }

var wholeYear = span{"01-01", "12-31"}

// A run is months that follow each other, 0 … 11, first to last, maybe over the
// new year.
type run struct{ first, last int }

func (r run) span() span {
	return span{fmt.Sprintf("%02d-01", r.first+1), fmt.Sprintf("%02d-%02d", r.last+1, monthDays[r.last])}
}

func (r run) name() string {
	switch {
	case r.first == r.last:
		return monthNames[r.first]
	case (r.last+1)%12 == r.first:
		return "All year"
	}
	return monthNames[r.first] + " to " + monthNames[r.last]
}

// monthRuns groups the months for which same says that nothing changes; the
// first run is the one that January belongs to, which may begin in autumn.
func monthRuns(same func(a, b int) bool) []run {
	var out []run
	for m := 0; m < 12; m++ {
		if n := len(out); n > 0 && same(out[n-1].last, m) {
			out[n-1].last = m
		} else {
			out = append(out, run{m, m})
		}
	}
	if n := len(out); n > 1 && same(11, 0) {
		out[0].first = out[n-1].first
		return out[:n-1]
	}
	return out
}

// monthSet reads a list of months 1 … 12.
func monthSet(n *node) (set [12]bool) {
	for _, m := range n.list() {
		switch k := m.count(12); {
		case k == 0:
			m.fail("%q is not a month from 1 to 12", m.text)
		default:
			set[k-1] = true
		}
	}
	return set
}

// dayOfYear counts 1 … 366 as in a leap year; 0 for what is no day.
func dayOfYear(s string) int {
	month, day, ok := strings.Cut(s, "-")
	m, err1 := strconv.Atoi(month)
	d, err2 := strconv.Atoi(day)
	if !ok || err1 != nil || err2 != nil || len(month) != 2 || len(day) != 2 || m < 1 || m > 12 || d < 1 || d > monthDays[m-1] {
		return 0
	}
	for _, n := range monthDays[:m-1] {
		d += n
	}
	return d
}

// monthDay is the inverse of dayOfYear.
func monthDay(n int) string {
	m := 0
	for n > monthDays[m] {
		n -= monthDays[m]
		m++
	}
	return fmt.Sprintf("%02d-%02d", m+1, n)
}

// has reports whether a day of the year lies in the span.
func (p span) has(day int) bool {
	first, last := dayOfYear(p.first), dayOfYear(p.last)
	if first <= last {
		return first <= day && day <= last
	}
	return day >= first || day <= last
}

// cut returns the spans into which the edges of some spans divide the year; the
// first may begin in the old year.
func cut(spans []span) []span {
	edges := map[int]bool{}
	for _, p := range spans {
		edges[dayOfYear(p.first)] = true
		edges[dayOfYear(p.last)%366+1] = true
	}
	var firsts []int
	for day := 1; day <= 366; day++ {
		if edges[day] {
			firsts = append(firsts, day)
		}
	}
	if len(firsts) < 2 {
		return []span{wholeYear}
	}
	var out []span
	for i, first := range firsts {
		next := firsts[(i+1)%len(firsts)]
		out = append(out, span{monthDay(first), monthDay((next+364)%366 + 1)})
	}
	return out
}
