package source

import (
	"io"
	"slices"
	"strings"
	"time"
)

// The Low Carbon London trial, as published and as often cut up since:
//
//	LCLid,tstp,energy(kWh/hh)
//	MAC000002,2013-01-01 00:00:00, 0.219
//
// Half-hours; the stamp is the start, in GMT all year (the morning ramp moves by
// an hour against it when the clocks change). Files may hold several homes.
// "Null" stands where a logger wrote a row without a reading, often at an odd
// second of the clock.

var lclHeader = []string{"lclid", "tstp", "energy(kwh/hh)"}

// ReadLCL reads a file of the Low Carbon London trial.
func ReadLCL(r io.Reader, o Options) (*File, error) { return lcl.readOne(r, o) }

var lcl = format{name: LCL, recognise: isLCL, read: readLCL}

func isLCL(b beginning) bool { return slices.Equal(splitHeader(b.line), lclHeader) }

func readLCL(data *input, t *table) error {
	in := newLines(data)
	const expected = "LCLid,tstp,energy(kWh/hh)"
	header, err := in.header(expected)
	if err != nil {
		return err
	}
	if !slices.Equal(header, lclHeader) {
		return lineError(in.line, "the header "+expected, strings.Join(header, ","))
	}
	l := layout{step: 1800}
	t.zone, t.clock, t.unit, t.stamps = "GMT", "GMT all year", "kWh", "start"
	if t.o.Zone != nil {
		t.zone, t.clock, l.zone = t.o.Zone.String(), "", t.o.Zone
	}
	for in.next(len(header)) {
		id := in.fields[0]
		if !isName(id) {
			return lineError(in.line, "the name of a home", id)
		}
		f, err := t.feed(in.line, id, "", 1<<Import, l)
		if err != nil {
			return err
		}
		if f == nil {
			continue
		}
		r := row{line: in.line}
		if r.at, err = parseWall(in.line, in.fields[1]); err != nil {
			return err
		}
		if r.value[Import], err = t.reading(in.line, in.fields[2], 3); err != nil {
			return err
		}
		if err := f.add(r); err != nil {
			return err
		}
	}
	return in.err
}

// parseWall reads what a clock on the wall showed, 2013-01-01 00:00:00, as if it
// were UTC.
func parseWall(line int, s string) (int64, error) {
	wall, err := time.Parse(time.DateTime, s)
	if err != nil || wall.Nanosecond() != 0 {
		return 0, lineError(line, "a time such as 2013-01-31 23:30:00", s)
	}
	return wall.Unix(), nil
}

// isName keeps what is printed and put into other documents on one line.
func isName(s string) bool {
	const longest = 64
	return s != "" && len(s) <= longest && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
