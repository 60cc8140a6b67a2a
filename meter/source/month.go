package source

import "strings"

// Months by their names, whole or as they are shortened, in the languages of the
// files seen: English, Dutch, German, French, Spanish, Italian. No name is of two
// months.
var months = monthNames(
	"january jan januari januar janvier janv enero ene gennaio gen",
	"february feb februari februar février févr fév fevrier fev febrero febbraio",
	"march mar maart mrt märz mär maerz mars marzo",
	"april apr avril avr abril abr aprile",
	"may mei mai mayo maggio mag",
	"june jun juni juin junio giugno giu",
	"july jul juli juillet juil julio luglio lug",
	"august aug augustus août aout agosto ago",
	"september sep sept septembre septiembre settembre set",
	"october oct oktober okt octobre octubre ottobre ott",
	"november nov novembre noviembre",
	"december dec dezember dez décembre déc decembre diciembre dic dicembre",
)

func monthNames(lists ...string) map[string]int {
	all := map[string]int{}
	for i, list := range lists {
		for _, name := range strings.Fields(list) {
			all[name] = i + 1
		}
	}
	return all
}

// month takes a month's name off the front of a cell.
func (c *cutter) month() (int, bool) {
	n := 0
	for n < len(c.rest) && (c.rest[n]|0x20 >= 'a' && c.rest[n]|0x20 <= 'z' || c.rest[n] > 127) {
		n++
	}
	month, ok := months[strings.ToLower(c.rest[:n])]
	if ok {
		c.rest = c.rest[n:]
	}
	return month, ok
}

// namedDate takes a date whose month is a word: 3 Jan 2024, 03-JAN-24, 2024-Jan-03
// or Jan 3, 2024; nothing is taken if there is none. Only of 03-Jan-24 it is open
// which number is the day.
func (c *cutter) namedDate(w *written) bool {
	before := c.rest
	between := func() { c.rest = strings.TrimLeft(c.rest, " -/.,") }
	first, digits, ok := c.number(1, 4)
	between()
	month, ok2 := c.month()
	between()
	if !ok {
		first, digits, ok = c.number(1, 2)
		ok = ok && c.rest != "" && strings.IndexByte(" -/.,", c.rest[0]) >= 0
		between()
		w.order = monthDayYear
	}
	last, lastDigits, ok3 := c.number(1, 4)
	switch {
	case !ok || !ok2 || !ok3 || digits == 3 || lastDigits == 3:
	case w.order == monthDayYear && lastDigits != 1:
		w.date, w.named, w.shortYear = [3]int{month, first, last}, true, lastDigits == 2
	case w.order == monthDayYear:
	case digits == 4 && lastDigits <= 2:
		w.order, w.date, w.named, w.yearFirst = yearMonthDay, [3]int{first, month, last}, true, true
	case digits <= 2 && lastDigits == 4:
		w.order, w.date, w.named = dayMonthYear, [3]int{first, month, last}, true
	case digits == 1 && lastDigits == 2: // a year has two digits at least
		w.order, w.date, w.named, w.shortYear = dayMonthYear, [3]int{first, month, last}, true, true
	case digits == 2 && lastDigits == 2:
		w.date, w.named, w.shortYear = [3]int{first, month, last}, true, true
	}
	if !w.named {
		c.rest, w.order = before, unknownOrder
	}
	return w.named
}

// ordered reports whether a date can be of an order: one whose month is a word
// shows most of it, one in numbers only whether the year comes first.
func (w *written) ordered(o order) bool {
	switch {
	case !w.named:
		return w.yearFirst == (o == yearMonthDay)
	case w.order == unknownOrder:
		return o == dayMonthYear || o == yearMonthDay
	}
	return w.order == o
}

// namedOrder settles the order of dates whose months are words. Where both
// numbers have two digits, the one that changes within a month is the day.
func (s *sheet) namedOrder(columns []int) (order, string, error) {
	var changed [2]bool // a row whose first, or last, number alone is another than that of the row before
	found := unknownOrder
	for _, c := range columns {
		if c == none {
			continue
		}
		var before written
		for i, r := range s.rows {
			w, _ := scanStamp(r.cells[c])
			if !w.named || found != unknownOrder && !w.ordered(found) {
				return 0, "", lineError(r.line, "a date as in the rows before, its month a word", r.cells[c])
			}
			if w.order != unknownOrder {
				found = w.order
			}
			if i > 0 && w.date[1] == before.date[1] {
				changed[0] = changed[0] || w.date[0] != before.date[0] && w.date[2] == before.date[2]
				changed[1] = changed[1] || w.date[2] != before.date[2] && w.date[0] == before.date[0]
			}
			before = w
		}
	}
	switch {
	case found != unknownOrder:
		return found, "the month is a word", nil
	case changed[0] && !changed[1]:
		return dayMonthYear, "within a month the first number changes, the last does not", nil
	case changed[1] && !changed[0]:
		return yearMonthDay, "within a month the last number changes, the first does not", nil
	}
	r := s.rows[0]
	return 0, "", &HintError{r.line, "order", r.cells[columns[0]] + " has two numbers that may be the day, and no other row tells",
		[]string{"dmy", "ymd"}, "say order=dmy or order=ymd"}
}
