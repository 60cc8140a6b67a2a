package source

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"hushwatt/meter/slots"
)

// The wide table that Victorian networks give their customers, a day a row:
//
//	NMI,METER SERIAL NUMBER,CON/GEN,DATE,ESTIMATED?,00:00 - 00:30,00:30 - 01:00, …
//	6000000003,6003,Consumption,22/6/19,No,0.7,0.688, …
//
// kWh on Melbourne's clock. Every day has the same columns: the hour that clocks
// skip is filled with zeros and the hour that they repeat has one column, so a
// file over a change of the clock is read only as the user says.

var wideHeader = []string{"nmi", "meter serial number", "con/gen", "date", "estimated?"}

// ReadWide reads a Victorian wide table.
func ReadWide(r io.Reader, o Options) (*File, error) { return wide.readOne(r, o) }

var wide = format{name: Wide, recognise: isWide, read: readWide}

func isWide(b beginning) bool {
	header := splitHeader(b.line)
	return len(header) > len(wideHeader) && slices.Equal(header[:len(wideHeader)], wideHeader)
}

func readWide(data *input, t *table) error {
	in := newLines(data)
	expected := strings.ToUpper(strings.Join(wideHeader, ",")) + ",00:00 - 00:30, …"
	header, err := in.header(expected)
	if err != nil {
		return err
	}
	if len(header) <= len(wideHeader) || !slices.Equal(header[:len(wideHeader)], wideHeader) {
		return lineError(in.line, "the header "+expected, strings.Join(header, ","))
	}
	step, err := wideStep(in.line, header[len(wideHeader):])
	if err != nil {
		return err
	}
	zone, err := t.localZone("Australia/Melbourne")
	if err != nil {
		return err
	}
	t.zone, t.unit, t.stamps = zone.String(), "kWh", "start and end"
	for in.next(len(header)) {
		if err := t.addWideDay(in, layout{step: step, zone: zone}); err != nil {
			return err
		}
	}
	return in.err
}

// wideStep checks the columns of a day, each named from – to, and returns their
// length in seconds.
func wideStep(line int, columns []string) (int, error) {
	step := secondsPerDay / len(columns)
	if step*len(columns) != secondsPerDay || !slots.ValidStep(step) {
		return 0, lineError(line, "24, 48, 96, 144 or 288 columns of a day", fmt.Sprint(len(columns)))
	}
	clock := func(s int) string { return fmt.Sprintf("%02d:%02d", s/3600%24, s/60%60) }
	for i, name := range columns {
		want := clock(i*step) + " - " + clock((i+1)*step)
		if name != want && name != strings.Replace(want, "- 00:00", "- 24:00", 1) {
			return 0, lineError(line, "a column "+want, name)
		}
	}
	return step, nil
}

// addWideDay adds a row, which is a day of one register.
func (t *table) addWideDay(in *lines, l layout) error {
	channel, known := map[string]int{"consumption": Import, "generation": Export}[strings.ToLower(in.fields[2])]
	if !known {
		return lineError(in.line, "Consumption or Generation", in.fields[2])
	}
	day, err := parseDayMonthYear(in.line, in.fields[3])
	if err != nil {
		return err
	}
	status := Measured
	switch strings.ToLower(in.fields[4]) {
	case "yes":
		status = Estimated
	case "no":
	default:
		return lineError(in.line, "Yes or No for ESTIMATED?", in.fields[4])
	}
	f, err := t.feed(in.line, in.fields[0], "", 1<<channel, l)
	if f == nil || err != nil {
		return err
	}
	for i, cell := range in.fields[len(wideHeader):] {
		v, err := t.reading(in.line, cell, 3)
		if err != nil {
			return err
		}
		r := row{line: in.line, at: day + int64(i*l.step)}
		r.value[channel] = v.as(status)
		if err := f.add(r); err != nil {
			return err
		}
	}
	return nil
}

// parseDayMonthYear reads 22/6/19 or 22/06/2019 as a midnight as if it were UTC.
func parseDayMonthYear(line int, s string) (int64, error) {
	for _, form := range []string{"2/1/06", "2/1/2006"} {
		if at, err := time.Parse(form, s); err == nil {
			return at.Unix(), nil
		}
	}
	return 0, lineError(line, "a day such as 22/6/19, day before month", s)
}
