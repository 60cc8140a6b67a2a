package source

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"hushwatt/meter/slots"
)

// Ameren, a utility in Illinois and Missouri: lines about the customer, then
//
//	Start Interval Date/Time,Meter Id,Usage,Units,Interval,Usage,Units,Interval
//	03/30/2024 00:00,70000001,2.1,kwh,60min,0.56,kwh,15min
//	03/30/2024 00:15,70000001,-,-,-,0.51,kwh,15min
//
// Local clock without offset. The shorter intervals are read; the longer ones are
// their sums. When clocks go forward there is one row at 02:00, which does not
// exist, and a "-" at 03:00, where its reading belongs; the hour that clocks
// repeat stands once. Both are for the user to settle.

// ReadAmeren reads an Ameren file.
func ReadAmeren(r io.Reader, o Options) (*File, error) { return ameren.readOne(r, o) }

var ameren = format{name: Ameren, recognise: isAmeren, read: readAmeren}

var amerenHeader = []string{"start interval date/time", "meter id", "usage", "units", "interval"}

func isAmeren(b beginning) bool { return b.hasLateHeader(',', amerenHeader...) }

func readAmeren(in *input, t *table) error {
	c := newCells(in, ',')
	at, err := c.lateHeader(amerenHeader...)
	if err != nil {
		return err
	}
	stamp, meter, titles := at["start interval date/time"], at["meter id"], slices.Clone(c.fields)
	zone, err := t.clockZone("America/Chicago")
	if err != nil {
		return err
	}
	t.stamps, t.unit = "start", "kWh"
	usage, step, dashes := none, 0, 0
	for c.next(len(titles)) {
		if usage == none {
			if usage, step = shortest(titles, c.fields); usage == none {
				return lineError(c.line, "a Usage with its Units and an Interval such as 15min", strings.Join(c.fields, ","))
			}
		}
		cells := c.fields[usage : usage+3]
		if cells[0] == "-" && cells[1] == "-" && cells[2] == "-" {
			dashes++
			continue // a row of the longer intervals only
		}
		if m, ok := amerenMinutes(cells[2]); !ok || m*60 != step || !strings.EqualFold(cells[1], "kwh") {
			return lineError(c.line, "kwh of the same interval as in the rows before", strings.Join(cells, ","))
		}
		r := row{line: c.line}
		if r.at, err = parseStamp(c.line, c.fields[stamp], monthDayYear); err != nil {
			return err
		}
		if r.value[Import], err = t.reading(c.line, cells[0], 3); err != nil {
			return err
		}
		f, err := t.feed(c.line, c.fields[meter], "", 1<<Import, layout{step: step, zone: zone})
		if err != nil {
			return err
		}
		if err := f.add(r); err != nil {
			return err
		}
	}
	if dashes > 0 {
		t.note("rows without a reading of %d minutes, left out: %d", step/60, dashes)
	}
	return c.err
}

// shortest returns the column of the Usage with the shortest interval in a row.
func shortest(titles, fields []string) (usage, step int) {
	usage = none
	for i := 0; i+2 < len(titles); i++ {
		if !strings.EqualFold(titles[i], "usage") || !strings.EqualFold(titles[i+1], "units") || !strings.EqualFold(titles[i+2], "interval") {
			continue
		}
		if m, ok := amerenMinutes(fields[i+2]); ok && (usage == none || m*60 < step) {
			usage, step = i, m*60
		}
	}
	return usage, step
}

// amerenMinutes reads 15min.
func amerenMinutes(s string) (int, bool) {
	digits, found := strings.CutSuffix(strings.ToLower(s), "min")
	m, err := strconv.Atoi(digits)
	return m, found && err == nil && slots.ValidStep(m*60)
}
