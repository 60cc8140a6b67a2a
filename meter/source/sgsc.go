package source

import (
	"io"
	"slices"
	"strings"
)

// The Smart Grid, Smart City trial in New South Wales, one home a file:
//
//	reading_datetime,event_key,general_supply_kwh,controlled_load_kwh,gross_generation_kwh,net_generation_kwh,other_kwh
//	2012-02-10 08:00:00,0,0.141,0,0,0,0
//
// Half-hours; the stamp is the start, in Eastern Standard Time all year. General
// supply and controlled load are energy to the customer, generation is energy from
// the customer. A column of zeros throughout is no register. What other_kwh is
// nobody has written down: a file that has some is refused. event_key marks the
// trial's events of critical peak price, which are the tariff's business.

var sgscHeader = []string{"reading_datetime", "event_key", "general_supply_kwh", "controlled_load_kwh",
	"gross_generation_kwh", "net_generation_kwh", "other_kwh"}

// sgscColumns say which column is which register.
var sgscColumns = []struct {
	at, channel int
	name        string
}{{2, Import, "general-supply"}, {3, Import, "controlled-load"}, {4, Export, "gross-generation"}, {5, Export, "net-generation"}}

// ReadSGSC reads a home of the Smart Grid, Smart City trial.
func ReadSGSC(r io.Reader, o Options) (*File, error) { return sgsc.readOne(r, o) }

var sgsc = format{name: SGSC, recognise: isSGSC, read: readSGSC}

func isSGSC(b beginning) bool { return slices.Equal(splitHeader(b.line), sgscHeader) }

func readSGSC(data *input, t *table) error {
	in := newLines(data)
	expected := strings.Join(sgscHeader, ",")
	header, err := in.header(expected)
	if err != nil {
		return err
	}
	if !slices.Equal(header, sgscHeader) {
		return lineError(in.line, "the header "+expected, strings.Join(header, ","))
	}
	l := t.standardTime("start", 1800)
	for in.next(len(header)) {
		wall, err := parseWall(in.line, in.fields[0])
		if err != nil {
			return err
		}
		if other, err := t.reading(in.line, in.fields[6], 3); err != nil {
			return err
		} else if other.wh != (energy{}) {
			return lineError(in.line, "no energy in other_kwh, of which nobody knows what it is", in.fields[6])
		}
		for _, c := range sgscColumns {
			l.zeros = c.at != 2
			if err := t.addCell(in.line, wall, in.fields[c.at], c.name, c.channel, l); err != nil {
				return err
			}
		}
	}
	return in.err
}

// standardTime describes rows of kWh on the clock that is ten hours ahead of UTC
// all year, unless the user names another.
func (t *table) standardTime(stamps string, step int) layout {
	t.unit, t.stamps = "kWh", stamps
	l := layout{step: step}
	if t.zone, t.clock = "UTC+10", nemClock; t.o.Zone != nil {
		t.zone, t.clock, l.zone = t.o.Zone.String(), "", t.o.Zone
	}
	return l
}

// addCell adds a cell of kWh to its register. Wall is the clock's reading.
func (t *table) addCell(line int, wall int64, cell, register string, channel int, l layout) error {
	v, err := t.reading(line, cell, 3)
	if err != nil {
		return err
	}
	f, err := t.feed(line, "", register, 1<<channel, l)
	if err != nil {
		return err
	}
	if l.zone == nil {
		wall -= nemOffset
	}
	r := row{line: line, at: wall}
	r.value[channel] = v
	return f.add(r)
}
