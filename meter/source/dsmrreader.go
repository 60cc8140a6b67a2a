package source

import (
	"io"
	"strings"
)

// DSMR-reader, a program that many Dutch homes run beside their meter, exports
// hours with the start's offset:
//
//	Hour Start,Electricity 1 (Dutch Users: Low Tariff),Electricity 2 (…),Electricity 1 Returned (…),Electricity 2 Returned (…),Gas
//	2024-01-01T00:00:00+01:00,0.196,0,0,0,0.032
//
// kWh of the hour, low and normal tariff; gas is left out.

// ReadDSMRReader reads a DSMR-reader export of hours.
func ReadDSMRReader(r io.Reader, o Options) (*File, error) { return dsmrReader.readOne(r, o) }

var dsmrReader = format{name: DSMRReader, recognise: isDSMRReader, read: readDSMRReader}

func isDSMRReader(b beginning) bool {
	return strings.HasPrefix(b.line, "Hour Start,Electricity 1")
}

// dsmrColumns are the beginnings of the columns' names, by tariff and channel.
var dsmrColumns = [2][2]string{
	{"electricity 1 (", "electricity 1 returned"},
	{"electricity 2 (", "electricity 2 returned"},
}

func readDSMRReader(in *input, t *table) error {
	c := newCells(in, ',')
	if !c.next(0) {
		return orElse(c.err, lineError(1, "the header Hour Start,Electricity 1…", ""))
	}
	width, places := len(c.fields), [2][2]int{}
	for tariff, names := range dsmrColumns {
		for channel, name := range names {
			place := none
			for i, title := range c.fields {
				if strings.HasPrefix(strings.ToLower(title), name) {
					place = i
				}
			}
			if place == none {
				return lineError(c.line, "a column "+name+"…", strings.Join(c.fields, ","))
			}
			places[tariff][channel] = place
		}
	}
	t.zone, t.unit, t.stamps = "offset", "kWh", "start"
	var feeds [2]*feed
	for tariff, name := range []string{"low tariff", "normal tariff"} {
		var err error
		if feeds[tariff], err = t.feed(c.line, "", name, 1<<Import|1<<Export, layout{step: 3600}); err != nil {
			return err
		}
	}
	for c.next(width) {
		at, err := parseOffset(c.line, c.fields[0])
		if err != nil {
			return err
		}
		for tariff, f := range feeds {
			r := row{line: c.line, at: at}
			for channel, place := range places[tariff] {
				if r.value[channel], err = t.reading(c.line, c.fields[place], 3); err != nil {
					return err
				}
			}
			if err := f.add(r); err != nil {
				return err
			}
		}
	}
	return c.err
}
