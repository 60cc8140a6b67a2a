package source

import (
	"io"
	"strings"

	"hushwatt/meter/slots"
)

// e-distribuzione, the network operator of most of Italy: a row per day, a column
// per quarter-hour, decimal comma, local clock:
//
//	Giorno;00:00-00:15;00:15-00:30;…;23:45-00:00
//	"01/09/2024";"0,139";"0,258";…;"0,101";
//
// kWh. What the file does when clocks change has not been seen: an hour of the
// header that does not exist on a day, or exists twice, is for the user to settle.

// ReadEnel reads an e-distribuzione file.
func ReadEnel(r io.Reader, o Options) (*File, error) { return enel.readOne(r, o) }

var enel = format{name: Enel, recognise: isEnel, read: readEnel}

func isEnel(b beginning) bool { return strings.HasPrefix(b.line, "Giorno;00:00-") }

func readEnel(in *input, t *table) error {
	c := newCells(in, ';')
	if !c.next(0) || c.fields[0] != "Giorno" {
		return orElse(c.err, lineError(max(c.line, 1), "the header Giorno;00:00-00:15;…", strings.Join(c.fields, ";")))
	}
	starts, step, err := dayColumns(c.line, c.fields[1:])
	if err != nil {
		return err
	}
	zone, err := t.clockZone("Europe/Rome")
	if err != nil {
		return err
	}
	t.stamps, t.unit = "position in the day", "kWh"
	f, err := t.feed(c.line, "", "", 1<<Import, layout{step: step, zone: zone})
	if err != nil {
		return err
	}
	for c.next(len(starts) + 1) {
		midnight, err := parseStamp(c.line, c.fields[0]+" 00:00", dayMonthYear)
		if err != nil {
			return lineError(c.line, "a day such as 31/03/2024", c.fields[0])
		}
		for i, start := range starts {
			r := row{line: c.line, at: midnight + int64(start)}
			if r.value[Import], err = t.reading(c.line, strings.Replace(c.fields[i+1], ",", ".", 1), 3); err != nil {
				return err
			}
			if err := f.add(r); err != nil {
				return err
			}
		}
	}
	return c.err
}

// dayColumns reads titles such as 00:00-00:15 as seconds since midnight. They
// must cover the day from midnight on without gaps.
func dayColumns(line int, titles []string) (starts []int, step int, err error) {
	for len(titles) > 0 && titles[len(titles)-1] == "" {
		titles = titles[:len(titles)-1]
	}
	for i, title := range titles {
		from, until, found := strings.Cut(title, "-")
		a, ok := scanStamp(strings.TrimSpace(from))
		b, ok2 := scanStamp(strings.TrimSpace(until))
		if !found || !ok || !ok2 || a.hasDate || b.hasDate {
			return nil, 0, lineError(line, "a column such as 00:00-00:15", title)
		}
		if b.clock == 0 {
			b.clock = secondsPerDay
		}
		if i == 0 {
			step = b.clock - a.clock
		}
		if !slots.ValidStep(step) || b.clock-a.clock != step || i == 0 && a.clock != 0 || i > 0 && a.clock > starts[i-1]+step {
			return nil, 0, lineError(line, "columns of one length, 60, 30, 15, 10 or 5 minutes, one after another from 00:00 on", title)
		}
		starts = append(starts, a.clock)
	}
	if len(starts) == 0 || len(starts) < secondsPerDay/step {
		return nil, 0, lineError(line, "columns such as 00:00-00:15 for the whole day", strings.Join(titles, ";"))
	}
	return starts, step, nil
}

// orElse returns the first error that there is.
func orElse(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
