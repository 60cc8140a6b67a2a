package tariffs

import (
	"fmt"
	"math"
	"time"
)

// A Date is a day of the calendar: days since 1970-01-01.
type Date int32

// OpenEnded is the end of a tariff that names none.
const OpenEnded Date = math.MaxInt32

// The dates a period can have: day numbers are 16 bits wide on the wire, and a
// clock's midnight may lie a day off in UTC.
const (
	firstDate Date = 1
	lastDate  Date = 1<<16 - 2
)

const daySeconds = 86400

// ParseDate reads YYYY-MM-DD, 1970-01-02 to 2149-06-05.
func ParseDate(s string) (Date, error) {
	var d Date
	ok := len(s) == 10 && s[4] == '-' && s[7] == '-'
	if ok {
		year, okY := digits(s[:4])
		month, okM := digits(s[5:7])
		day, okD := digits(s[8:])
		if ok = okY && okM && okD && month >= 1 && month <= 12; ok {
			d = dateOf(year, month, day)
			ok = day >= 1 && d < dateOf(year, month+1, 1) && d >= firstDate && d <= lastDate
		}
	}
	if !ok {
		return 0, fmt.Errorf("%q is not a date YYYY-MM-DD between %s and %s", s, firstDate, lastDate)
	}
	return d, nil
}

// dateOf accepts a month of 13 for the January that follows.
func dateOf(year, month, day int) Date {
	return Date(time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix() / daySeconds)
}

func (d Date) time() time.Time { return time.Unix(int64(d)*daySeconds, 0).UTC() }

// String returns YYYY-MM-DD, or "open" for OpenEnded.
func (d Date) String() string {
	if d == OpenEnded {
		return "open"
	}
	return d.time().Format(time.DateOnly)
}

// A weekday counts from Monday; holidays may be an eighth.
type weekday int

const (
	dayKinds        = 8
	publicHoliday   = weekday(7)
	holidaysDayName = "PUBLIC_HOLIDAYS"
)

var weekdayNames = [dayKinds]string{"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN", holidaysDayName}

func (w weekday) String() string { return weekdayNames[w] }

// weekday of a date: 1970-01-01 was a Thursday.
func (d Date) weekday() weekday { return weekday((int(d)%7 + 7 + 3) % 7) }

// dayOfYear counts 1 … 366 as in a leap year, so that 1 March is always 61.
func (d Date) dayOfYear() int {
	_, m, day := d.time().Date()
	return leapDay(int(m), day)
}

func leapDay(month, day int) int { return int(dateOf(2000, month, day)-dateOf(2000, 1, 1)) + 1 }

// monthDay reads MM-DD, 29 February included, as a day of a leap year.
func monthDay(s string) (int, bool) {
	if len(s) != 5 || s[2] != '-' {
		return 0, false
	}
	month, okM := digits(s[:2])
	day, okD := digits(s[3:])
	if !okM || !okD || month < 1 || month > 12 || day < 1 || dateOf(2000, month, day) >= dateOf(2000, month+1, 1) {
		return 0, false
	}
	return leapDay(month, day), true
}

// monthDayName is the inverse of monthDay.
func monthDayName(n int) string { return (dateOf(2000, 1, 1) + Date(n-1)).String()[5:] }

// minuteOfDay reads HH:MM, 24:00 included.
func minuteOfDay(s string) (int, bool) {
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	hour, okH := digits(s[:2])
	minute, okM := digits(s[3:])
	n := 60*hour + minute
	return n, okH && okM && minute < 60 && n <= 1440
}

// clockTime is the inverse of minuteOfDay; minutes beyond a day are those of
// the next.
func clockTime(minute int) string {
	if minute > 1440 {
		minute -= 1440
	}
	return fmt.Sprintf("%02d:%02d", minute/60, minute%60)
}

// instant reads RFC 3339 with whole seconds and Z or a numeric offset, as
// seconds since 1970.
func instant(s string) (int64, bool) {
	if len(s) != 20 && len(s) != 25 || s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return 0, false
	}
	d, err := ParseDate(s[:10])
	minute, okM := minuteOfDay(s[11:16])
	second, okS := digits(s[17:19])
	if err != nil || !okM || minute == 1440 || !okS || second > 59 {
		return 0, false
	}
	t := int64(d)*daySeconds + int64(60*minute+second)
	if len(s) == 20 {
		return t, s[19] == 'Z'
	}
	offset, ok := minuteOfDay(s[20:])
	switch {
	case !ok || offset > 15*60:
		return 0, false
	case s[19] == '+':
		return t - int64(60*offset), true
	case s[19] == '-':
		return t + int64(60*offset), true
	}
	return 0, false
}

// digits reads a string of decimal digits only.
func digits(s string) (int, bool) {
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, s != ""
}
