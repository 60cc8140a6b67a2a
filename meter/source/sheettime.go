package source

import (
	"fmt"
	"strconv"
	"strings"

	"hushwatt/meter/slots"
)

// moment is where a row says a time: one column, or one for the date and one
// for the time of day. Without a date of its own an end is on the day of its
// start, or just after midnight.
type moment struct{ date, time int }

const none = -1

// timing is how a sheet tells when.
type timing struct {
	from, until moment // until.time is none where rows have one time only
	order       order
	offsets     bool // each stamp carries its offset from UTC
	end         bool // the only time is the end of the interval
}

// findTiming settles the columns of time and the order of dates.
func (s *sheet) findTiming(h *Hints) (t timing, notes []string, err error) {
	if t.from, t.until, err = s.timeColumns(h.Time); err != nil {
		return t, nil, err
	}
	t.offsets, err = s.offsets(t.from)
	if err != nil {
		return t, nil, err
	}
	var why string
	if t.order, why, err = s.findOrder(h.Order, t.from.date, t.until.date); err != nil {
		return t, nil, err
	}
	if s.counted {
		return t, nil, nil // said already
	}
	return t, []string{"dates are " + t.order.String() + ": " + why}, nil
}

// timeColumns settles the columns.
func (s *sheet) timeColumns(given string) (from, until moment, err error) {
	until = moment{none, none}
	if given != "" {
		if from, err = s.givenTime(given); err != nil {
			return from, until, err
		}
		return from, until, nil
	}
	var whole, clocks []int // columns of date and time, and of a time of day alone
	for _, c := range s.dated {
		if w, _ := scanStamp(s.rows[0].cells[c]); w.hasTime {
			whole = append(whole, c)
		}
	}
	for c := range s.header {
		if w, ok := scanStamp(s.rows[0].cells[c]); ok && !w.hasDate {
			clocks = append(clocks, c)
		}
	}
	switch dates := len(s.dated); {
	case len(whole) == dates && dates == 1 && len(clocks) == 0:
		return moment{whole[0], whole[0]}, until, nil
	case len(whole) == dates && dates == 2 && len(clocks) == 0:
		return moment{whole[0], whole[0]}, moment{whole[1], whole[1]}, nil
	case len(whole) == 0 && dates == 1 && len(clocks) == 1:
		return moment{s.dated[0], clocks[0]}, until, nil
	case len(whole) == 0 && dates == 1 && len(clocks) == 2:
		return moment{s.dated[0], clocks[0]}, moment{none, clocks[1]}, nil
	case len(whole) == 0 && dates == 2 && len(clocks) == 2:
		return moment{s.dated[0], clocks[0]}, moment{s.dated[1], clocks[1]}, nil
	case len(whole) == 0 && len(clocks) == 0:
		return from, until, lineError(s.rows[0].line, "a time of day beside the date; values of whole days cannot be sealed", strings.Join(s.rows[0].cells, " "))
	}
	times := append(s.dated, clocks...)
	return from, until, &HintError{s.rows[0].line, "time", s.names(times) + " hold times", s.hints(times), "choose with time="}
}

// givenTime reads "Date" or "Date+Time".
func (s *sheet) givenTime(given string) (m moment, err error) {
	date, clock, two := strings.Cut(given, "+")
	if _, err := s.column(given); err == nil {
		date, two = given, false
	}
	if m.date, err = s.column(date); err != nil {
		return m, err
	}
	m.time = m.date
	if two {
		m.time, err = s.column(clock)
	}
	return m, err
}

func (s *sheet) names(columns []int) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = s.name(c)
	}
	return strings.Join(list, ", ")
}

// hints are the columns as a hint names them: by title, or else by number.
func (s *sheet) hints(columns []int) []string {
	list := make([]string, len(columns))
	for i, c := range columns {
		if list[i] = s.header[c]; list[i] == "" || strings.Contains(list[i], "+") {
			list[i] = strconv.Itoa(c + 1)
		}
	}
	return list
}

// offsets reports whether stamps carry offsets: all or none.
func (s *sheet) offsets(m moment) (bool, error) {
	first := false
	for i, r := range s.rows {
		w, ok := scanStamp(r.cells[m.time])
		if !ok || !w.hasTime {
			return false, lineError(r.line, "a time in "+s.name(m.time), r.cells[m.time])
		}
		if i == 0 {
			first = w.hasOffset
		}
		if w.hasOffset != first {
			return false, lineError(r.line, "offsets from UTC in all stamps or in none", r.cells[m.time])
		}
	}
	return first, nil
}

// findOrder works the order of dates out over the whole file: a first number
// above 12 is a day, and so is a second one; if neither occurs nothing tells.
// Beside a year of two digits nothing tells either: 24/03/05.
func (s *sheet) findOrder(given string, columns ...int) (order, string, error) {
	for o := yearMonthDay; o <= monthDayYear; o++ {
		if given == o.String() {
			return o, "as told", nil
		}
	}
	if w, _ := scanStamp(s.rows[0].cells[columns[0]]); w.named {
		return s.namedOrder(columns)
	}
	var high [2]*sheetRow // a row whose first, or second, number is above 12
	for i := range s.rows {
		for _, c := range columns {
			if c == none {
				continue
			}
			w, _ := scanStamp(s.rows[i].cells[c])
			if w.yearFirst {
				return yearMonthDay, "the year comes first", nil
			}
			if w.shortYear {
				return 0, "", &HintError{s.rows[i].line, "order", fmt.Sprintf("%q has a year of two digits, which any of its numbers may be", s.rows[i].cells[c]),
					[]string{"dmy", "mdy"}, "say order=dmy or order=mdy"}
			}
			for k := range high {
				if w.date[k] > 12 && high[k] == nil {
					high[k] = &s.rows[i]
				}
			}
		}
	}
	cell := func(r *sheetRow) string { return fmt.Sprintf("%q in line %d", r.cells[columns[0]], r.line) }
	switch {
	case high[0] != nil && high[1] != nil:
		return 0, "", fmt.Errorf("line %d: %s and %s cannot both be dates of one order", high[1].line, cell(high[0]), cell(high[1]))
	case high[0] != nil:
		return dayMonthYear, cell(high[0]), nil
	case high[1] != nil:
		return monthDayYear, cell(high[1]), nil
	}
	return 0, "", &HintError{s.rows[0].line, "order", fmt.Sprintf("%q may be day/month or month/day, and no date of the file tells", s.rows[0].cells[columns[0]]),
		[]string{"dmy", "mdy"}, "say order=dmy or order=mdy"}
}

// Words of headers that say what a time marks, in the languages seen.
var (
	startWords = words("start begin beginning from van von dal da desde début inizio inicio anfang")
	endWords   = words("end ending until to till tot bis al hasta fin fine ende einde")
)

// findEnd settles what a single time marks.
func (t *timing) findEnd(s *sheet, given string) (why string, err error) {
	if t.until.time != none {
		return "each row says from when until when", nil
	}
	if given != "" {
		t.end = given == "end"
		return "times mark the " + given + " of the interval, as told", nil
	}
	header := s.header[t.from.time] + " " + s.header[t.from.date]
	isStart, isEnd := hasWord(header, startWords), hasWord(header, endWords)
	if isStart != isEnd {
		t.end = isEnd
		return fmt.Sprintf("times mark the %s of the interval, as the column is called %s", startOrEnd(isEnd), s.name(t.from.time)), nil
	}
	first, last, step := s.daySpan(t)
	switch {
	case step == 0:
	case first == 0 && last == secondsPerDay-step:
		return "times mark the start of the interval: the file begins at 00:00 and ends a slot before midnight", nil
	case first == step && (last == 0 || last == secondsPerDay):
		t.end = true
		return "times mark the end of the interval: the file begins a slot after midnight and ends at 00:00", nil
	}
	return "", &HintError{0, "stamp", "nothing tells whether the times mark the start or the end of an interval", []string{"start", "end"}, "say stamp=start or stamp=end"}
}

func startOrEnd(end bool) string {
	if end {
		return "end"
	}
	return "start"
}

// daySpan returns the times of day of the earliest and latest row, and the
// commonest step between rows that differ.
func (s *sheet) daySpan(t *timing) (first, last, step int) {
	steps := map[int64]int{}
	var low, high, before int64
	for i, r := range s.rows {
		at, ok := t.wall(r, t.from)
		if !ok {
			return 0, 0, 0
		}
		if i == 0 || at < low {
			low = at
		}
		if i == 0 || at > high {
			high = at
		}
		if d := max(at-before, before-at); i > 0 && d > 0 {
			steps[d]++
		}
		before = at
	}
	best := commonestStep(steps)
	if !slots.ValidStep(best) {
		return 0, 0, 0
	}
	return int(((low % secondsPerDay) + secondsPerDay) % secondsPerDay), int(((high % secondsPerDay) + secondsPerDay) % secondsPerDay), best
}

// wall returns what the clock showed, false if that is no time.
func (t *timing) wall(r sheetRow, m moment) (int64, bool) {
	w, ok := scanStamp(r.cells[m.date])
	if m.time != m.date {
		clock, ok2 := scanStamp(r.cells[m.time])
		if !ok2 || clock.hasDate || w.hasTime {
			return 0, false
		}
		w.clock, w.hasTime = clock.clock, true
	}
	at, ok2 := w.wall(t.order)
	return at, ok && ok2 && w.hasTime
}

func (t *timing) notATime(r sheetRow, m moment) error {
	cell := r.cells[m.date]
	if m.time != m.date {
		cell += " " + r.cells[m.time]
	}
	return lineError(r.line, "a time in the order "+t.order.String(), cell)
}

// words makes a set of a list.
func words(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

// hasWord reports whether a name holds one of the words, whole.
func hasWord(name string, set map[string]bool) bool {
	for _, w := range strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !(r >= 'a' && r <= 'z' || r > 127 || r >= '0' && r <= '9') }) {
		if set[w] {
			return true
		}
	}
	return false
}
