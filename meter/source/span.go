package source

import (
	"time"

	"hushwatt/meter/slots"
)

// parseStamp reads a clock's date and time in the order of the format, as if the
// clock were on UTC.
func parseStamp(line int, s string, o order) (int64, error) {
	w, ok := scanStamp(s)
	at, ok2 := w.wall(o)
	if !ok || !ok2 || !w.hasDate || !w.hasTime || w.hasOffset {
		example := map[order]string{yearMonthDay: "2024-03-31 01:30", dayMonthYear: "31/03/2024 01:30", monthDayYear: "03/31/2024 01:30"}[o]
		return 0, lineError(line, "a time such as "+example, s)
	}
	return at, nil
}

// span settles how long the rows of a file are that say from when until when: as
// long as the first, all of them. Some files write the last minute or second of
// an interval instead of its end.
type span struct {
	zone *time.Location // of the clock that wrote the rows, nil where stamps are instants
	step int
}

// lasts reports whether a row is as long as those before, across a change of the
// clock too.
func (s *span) lasts(line int, from, until int64, cell string) error {
	for _, short := range []int64{0, 60, 1} {
		length := until + short - from
		if s.step == 0 && slots.ValidStep(int(length)) {
			s.step = int(length)
		}
		if s.step != 0 && (length == int64(s.step) || s.changed(from, until+short)) {
			return nil
		}
	}
	expected := "an interval of 60, 30, 15, 10 or 5 minutes"
	if s.step > 0 {
		expected = "an interval of " + slots.Minutes(s.step) + " as in the rows before"
	}
	return lineError(line, expected, cell)
}

// changed reports whether a clock that shows from shows until a step later.
func (s *span) changed(from, until int64) bool {
	if s.zone == nil {
		return false
	}
	for _, at := range instants(s.zone, from) {
		_, offset := time.Unix(at+int64(s.step), 0).In(s.zone).Zone()
		if at+int64(s.step)+int64(offset) == until {
			return true
		}
	}
	return false
}

// clockZone names the zone of a format's stamps, unless the user named another.
func (t *table) clockZone(name string) (*time.Location, error) {
	zone, err := t.localZone(name)
	if err != nil {
		return nil, err
	}
	t.zone = zone.String()
	return zone, nil
}
