package source

import (
	"strings"
	"time"
)

// order is the order in which a file writes its dates.
type order uint8

const (
	unknownOrder order = iota
	yearMonthDay
	dayMonthYear
	monthDayYear
)

var orderNames = [...]string{unknownOrder: "", yearMonthDay: "ymd", dayMonthYear: "dmy", monthDayYear: "mdy"}

func (o order) String() string { return orderNames[o] }

// written is a date, a time of day or both as they stand in a cell, before it
// is settled which number is the day.
type written struct {
	date                 [3]int // in the order of the cell
	hasDate, hasTime     bool
	yearFirst, shortYear bool  // 2024-…; a year of two digits, which is then the last number
	named                bool  // the month is a word, see namedDate
	order                order // of a named date, unless it leaves open which number is the day
	clock                int   // seconds since midnight, 86400 for 24:00
	hasOffset            bool
	offset               int // seconds east of UTC
}

// scanStamp takes a cell apart: 2024-03-31T01:30:00+01:00, 31/03/2024 1:30,
// 3/31/24 1:30:00 AM, 31.03.2024, 31 March 2024, 01:30. Fractions of a second must be zero.
func scanStamp(s string) (w written, ok bool) {
	c := cutter{s}
	w.hasDate = c.date(&w) || c.namedDate(&w)
	if w.named {
		c.skip(',')
	}
	if w.hasDate && c.rest != "" && !c.skip('T') && !c.skip(' ') {
		return w, false
	}
	c.rest = strings.TrimLeft(c.rest, " ")
	if c.rest == "" {
		return w, w.hasDate
	}
	if w.hasTime = c.time(&w); !w.hasTime {
		return w, false
	}
	w.hasOffset = c.zone(&w)
	return w, c.rest == "" && (w.hasDate || !w.hasOffset)
}

// wall settles a date as seconds since 1970 on the clock that wrote it, false if
// there is no such day.
func (w *written) wall(o order) (int64, bool) {
	year, month, day := w.date[2], w.date[1], w.date[0]
	switch o {
	case yearMonthDay:
		year, day = w.date[0], w.date[2]
	case monthDayYear:
		month, day = w.date[0], w.date[1]
	}
	if !w.ordered(o) {
		return 0, false
	}
	if w.shortYear {
		year += 2000
	}
	t := time.Date(year, time.Month(month), day, 0, 0, w.clock, 0, time.UTC)
	midnight := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return t.Unix(), midnight.Day() == day && midnight.Month() == time.Month(month) && month >= 1 && day >= 1
}

// cutter takes pieces off the front of a cell.
type cutter struct{ rest string }

func (c *cutter) skip(b byte) bool {
	if c.rest == "" || c.rest[0] != b {
		return false
	}
	c.rest = c.rest[1:]
	return true
}

// number takes least to most digits.
func (c *cutter) number(least, most int) (n, digits int, ok bool) {
	for digits < most && digits < len(c.rest) && c.rest[digits] >= '0' && c.rest[digits] <= '9' {
		n = 10*n + int(c.rest[digits]-'0')
		digits++
	}
	if digits < least {
		return 0, 0, false
	}
	c.rest = c.rest[digits:]
	return n, digits, true
}

// date takes three numbers with one separator twice; nothing is taken if there
// is no date.
func (c *cutter) date(w *written) bool {
	before := c.rest
	first, digits, ok := c.number(1, 4)
	if ok && c.rest != "" && strings.IndexByte("-/.", c.rest[0]) >= 0 {
		separator := c.rest[0]
		c.skip(separator)
		second, _, ok2 := c.number(1, 2)
		between := c.skip(separator)
		third, last, ok3 := c.number(1, 4)
		w.date, w.yearFirst, w.shortYear = [3]int{first, second, third}, digits == 4, digits < 3 && last == 2
		if ok2 && between && ok3 && (digits == 4 && last <= 2 || digits <= 2 && (last == 2 || last == 4)) {
			return true
		}
	}
	c.rest = before
	return false
}

// time takes 1:30, 01:30:00, 01:30:00.000, 1:30 AM or 1:30:00 p.m.
func (c *cutter) time(w *written) bool {
	hour, _, ok := c.number(1, 2)
	if !ok || !c.skip(':') {
		return false
	}
	minute, _, ok := c.number(2, 2)
	if !ok || minute > 59 {
		return false
	}
	second := 0
	if c.skip(':') {
		if second, _, ok = c.number(2, 2); !ok || second > 59 || !c.zeros() {
			return false
		}
	}
	if hour, ok = c.half(hour); !ok {
		return false
	}
	w.clock = 3600*hour + 60*minute + second
	return w.clock <= secondsPerDay
}

// zeros takes a fraction of a second that is nothing.
func (c *cutter) zeros() bool {
	if !c.skip('.') {
		return true
	}
	trimmed := strings.TrimLeft(c.rest, "0")
	found := len(trimmed) < len(c.rest)
	c.rest = trimmed
	return found
}

// half takes AM or PM, if it follows, and returns the hour of the day.
func (c *cutter) half(hour int) (int, bool) {
	text := strings.ToLower(strings.ReplaceAll(strings.TrimLeft(c.rest, " "), ".", ""))
	if text != "am" && text != "pm" {
		return hour, true
	}
	c.rest = ""
	if hour < 1 || hour > 12 {
		return 0, false
	}
	hour %= 12
	if text == "pm" {
		hour += 12
	}
	return hour, true
}

// zone takes Z, +01:00, +0100 or +01.
func (c *cutter) zone(w *written) bool {
	before := c.rest
	c.rest = strings.TrimLeft(c.rest, " ")
	if c.skip('Z') {
		return true
	}
	sign := 1
	switch {
	case c.skip('-'):
		sign = -1
	case !c.skip('+'):
		c.rest = before
		return false
	}
	hour, _, ok := c.number(2, 2)
	minute := 0
	if ok && c.rest != "" {
		c.skip(':')
		minute, _, ok = c.number(2, 2)
	}
	if !ok || hour > 14 || minute > 59 {
		c.rest = before
		return false
	}
	w.offset = sign * (3600*hour + 60*minute)
	return true
}
