package app

import (
	"strconv"
	"strings"

	"hushwatt/prover/messages"
)

// Numbers and times as people write them. Sentences about bills and errors come
// from the worker ready made; what is here fills charts and tables.

// count writes a whole number with commas between thousands: "1,488".
func count(n int) string {
	s := strconv.Itoa(n)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural writes a number and its noun: "1 half-hour", "3 half-hours".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

// slotWord names slots of so many minutes: "half-hour", "half-hours".
func slotWord(minutes, n int) string {
	one, many := strconv.Itoa(minutes)+"-minute reading", strconv.Itoa(minutes)+"-minute readings"
	switch minutes {
	case 30, 0:
		one, many = "half-hour", "half-hours"
	case 60:
		one, many = "hour", "hours"
	case 15:
		one, many = "quarter-hour", "quarter-hours"
	}
	if n == 1 {
		return one
	}
	return many
}

// kWh writes watt-hours as kilowatt-hours with all three places: "0.412 kWh".
func kWh(wh int64) string { return kWhNumber(wh) + " kWh" }

func kWhNumber(wh int64) string {
	sign := ""
	if wh < 0 {
		sign, wh = "−", -wh
	}
	f := strconv.FormatInt(wh%1000, 10)
	return sign + count(int(wh/1000)) + "." + strings.Repeat("0", 3-len(f)) + f
}

// kWhShort leaves out zeros at the end: "0.4", "12". It is for scales.
func kWhShort(wh int64) string {
	s := strings.TrimRight(kWhNumber(wh), "0")
	return strings.TrimSuffix(s, ".")
}

// unit of a currency in which half-hours are told: a hundredth of it where
// people have a word for that.
type unit struct {
	pico          int64 // 10⁻¹² of the currency in one
	before, after string
}

func unitOf(currency string) unit {
	switch currency {
	case "GBP":
		return unit{1e10, "", "p"}
	case "EUR":
		return unit{1e10, "", " ct"}
	case "USD", "AUD", "CAD", "NZD":
		return unit{1e10, "", "¢"}
	case "":
		return unit{1e12, "", ""}
	}
	return unit{1e12, currency + " ", ""}
}

// small writes pico-currency with two decimals of the small unit, a half
// rounded away from zero: "2.48p".
func small(pico int64, currency string) string {
	u := unitOf(currency)
	return u.before + decimals(pico, u.pico, 2) + u.after
}

// decimals writes v/one with so many places after the point.
func decimals(v, one int64, places int) string {
	sign := ""
	if v < 0 {
		sign, v = "−", -v
	}
	scale := int64(1)
	for range places {
		scale *= 10
	}
	step := one / scale // one is a power of ten, at least scale
	v = (v + step/2) / step
	if v == 0 {
		sign = ""
	}
	s := sign + count(int(v/scale))
	if places > 0 {
		f := strconv.FormatInt(v%scale, 10)
		s += "." + strings.Repeat("0", places-len(f)) + f
	}
	return s
}

// clock writes minutes after midnight: "07:30".
func clock(minutes int) string {
	h, m := strconv.Itoa(minutes/60), strconv.Itoa(minutes%60)
	if len(h) < 2 {
		h = "0" + h
	}
	if len(m) < 2 {
		m = "0" + m
	}
	return h + ":" + m
}

// minuteOf returns the local time at which a slot of a day begins, in minutes
// after midnight. Where the clocks went back, an hour comes twice.
func minuteOf(d messages.Day, slot, step int) int {
	if d.ChangeSlot == 0 || slot < d.ChangeSlot {
		return slot * step
	}
	return slot*step + 24*60 - d.Slots*step
}

// slotTime writes from when to when a slot is: "07:30 to 08:00".
func slotTime(d messages.Day, slot, step int) string {
	from := minuteOf(d, slot, step)
	again := ""
	if d.ChangeSlot > 0 && slot >= d.ChangeSlot && from < d.ChangeSlot*step {
		again = ", for the second time"
	}
	return clock(from) + " to " + clock(from+step) + again
}

// shortDay is "Sun 1" of "Sunday 1 March", and dayNumber its "1".
func shortDay(d messages.Day) string {
	if len(d.Name) < 3 {
		return d.Name
	}
	return d.Name[:3] + " " + dayNumber(d.Date)
}

func dayNumber(date string) string {
	if len(date) < 10 {
		return date
	}
	return strings.TrimPrefix(date[8:10], "0")
}

var monthNames = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}

// month is a month of the calendar, by which the pictures are turned over.
type month struct{ year, number int }

// monthOf reads the month of a date such as "2026-03-01"; ok is false for
// anything else.
func monthOf(date string) (m month, ok bool) {
	if len(date) != 10 || date[4] != '-' || date[7] != '-' {
		return m, false
	}
	y, err1 := strconv.Atoi(date[:4])
	n, err2 := strconv.Atoi(date[5:7])
	if err1 != nil || err2 != nil || n < 1 || n > 12 {
		return m, false
	}
	return month{y, n}, true
}

func (m month) String() string { return monthNames[m.number-1] + " " + strconv.Itoa(m.year) }

// add goes so many months on.
func (m month) add(n int) month {
	i := m.year*12 + m.number - 1 + n
	return month{i / 12, i%12 + 1}
}

func (m month) before(o month) bool { return m.year*12+m.number < o.year*12+o.number }

// first and last are its days, as dates.
func (m month) first() string { return m.date(1) }

func (m month) last() string {
	days := 31
	switch m.number {
	case 4, 6, 9, 11:
		days = 30
	case 2:
		days = 28
		if m.year%4 == 0 && (m.year%100 != 0 || m.year%400 == 0) {
			days = 29
		}
	}
	return m.date(days)
}

func (m month) date(day int) string {
	two := func(n int) string { return clock(n)[3:] }
	return strconv.Itoa(m.year) + "-" + two(m.number) + "-" + two(day)
}

// hex writes bytes in lines of per: where, the bytes, and what of them is text.
func hex(data []byte, from, to, per int) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	b.Grow((to - from) * 6)
	for at := from; at < to; at += per {
		for shift := 16; shift >= 0; shift -= 4 {
			b.WriteByte(digits[at>>shift&15])
		}
		b.WriteByte(' ')
		end := min(at+per, to)
		for i := at; i < at+per; i++ {
			if (i-at)%4 == 0 {
				b.WriteByte(' ')
			}
			if i < end {
				b.WriteByte(digits[data[i]>>4])
				b.WriteByte(digits[data[i]&15])
			} else {
				b.WriteString("  ")
			}
		}
		b.WriteString("  ")
		for i := at; i < end; i++ {
			if c := data[i]; c >= 0x20 && c < 0x7f {
				b.WriteByte(c)
			} else {
				b.WriteByte('.')
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
