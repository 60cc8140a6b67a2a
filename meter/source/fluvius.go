package source

import (
	"io"
	"slices"
	"strings"
)

// Fluvius, the network operator of Flanders, in English or Dutch:
//
//	From (date);From (time);Until (date);Until (time);EAN code;Meter;Meter type;Register;Volume;Unit;Validation status;Description
//	22/10/2023;00:15:00;22/10/2023;00:30:00;="123456879123456789";1SAG1234567890;Digital meter;Offtake Night;0,173;kWh;Read;
//
// One row per quarter-hour and direction; by day and by night it is another
// register that counts. Local clock without offset; in autumn the quarter-hours
// of both passes stand in turns: 02:00, 02:00, 02:15, 02:15, of which the first
// belongs to the first pass, as the end of the first 02:45, which is 02:00, shows.

// ReadFluvius reads a Fluvius file.
func ReadFluvius(r io.Reader, o Options) (*File, error) { return fluvius.readOne(r, o) }

var fluvius = format{name: Fluvius, recognise: isFluvius, read: readFluvius}

// fluviusHeaders are the columns that matter: from date and time, until date and
// time, meter point, register, volume, unit, status.
var fluviusHeaders = [][]string{
	{"from (date)", "from (time)", "until (date)", "until (time)", "ean code", "register", "volume", "unit", "validation status"},
	{"van (datum)", "van (tijdstip)", "tot (datum)", "tot (tijdstip)", "ean-code", "register", "volume", "eenheid", "validatiestatus"},
	{"van datum", "van tijdstip", "tot datum", "tot tijdstip", "ean", "register", "volume", "eenheid", "validatiestatus"},
}

func isFluvius(b beginning) bool {
	return slices.ContainsFunc(fluviusHeaders, func(names []string) bool { return b.hasHeader(';', names...) })
}

// fluviusStatuses are the words seen; of others the summary speaks.
var fluviusStatuses = map[string]Status{
	"read": Measured, "validated": Measured, "uitgelezen": Measured, "gevalideerd": Measured,
	"estimated": Estimated, "geschat": Estimated,
	"no consumption": Measured, "geen verbruik": Measured, // with a volume; without one it is missing anyway
}

func readFluvius(in *input, t *table) error {
	c := newCells(in, ';')
	if !c.next(0) {
		return orElse(c.err, lineError(1, "the header From (date);From (time)…", ""))
	}
	titles := make([]string, len(c.fields))
	for i, title := range c.fields {
		titles[i] = strings.ToLower(title)
	}
	var at []int
	for _, names := range fluviusHeaders {
		places := make([]int, len(names))
		for i, name := range names {
			places[i] = slices.Index(titles, name)
		}
		if !slices.Contains(places, none) {
			at = places
		}
	}
	if at == nil {
		return lineError(c.line, "the header From (date);From (time)… or Van (datum);Van (tijdstip)…", strings.Join(c.fields, ";"))
	}
	zone, err := t.clockZone("Europe/Brussels")
	if err != nil {
		return err
	}
	t.stamps, t.unit = "start and end", "kWh"
	s := &span{zone: zone}
	for c.next(len(titles)) {
		cell := func(i int) string { return c.fields[at[i]] }
		if err := t.fluviusRow(c.line, cell, s); err != nil {
			return err
		}
	}
	return c.err
}

func (t *table) fluviusRow(line int, cell func(int) string, s *span) error {
	r := row{line: line}
	from, until := cell(0)+" "+cell(1), cell(2)+" "+cell(3)
	var err error
	if r.at, err = parseStamp(line, from, dayMonthYear); err != nil {
		return err
	}
	end, err := parseStamp(line, until, dayMonthYear)
	if err != nil {
		return err
	}
	if err := s.lasts(line, r.at, end, from+" to "+until); err != nil {
		return err
	}
	direction, _, _ := strings.Cut(strings.ToLower(cell(5)), " ")
	channel, ok := map[string]int{"offtake": Import, "afname": Import, "injection": Export, "injectie": Export}[direction]
	if !ok {
		return lineError(line, "the register Offtake or Injection, Afname or Injectie, Day or Night", cell(5))
	}
	if !strings.EqualFold(cell(7), "kWh") {
		return lineError(line, "the unit kWh", cell(7))
	}
	v := &r.value[channel]
	if *v, err = t.reading(line, strings.Replace(cell(6), ",", ".", 1), 3); err != nil {
		return err
	}
	if v.status != Missing {
		if v.status, ok = fluviusStatuses[strings.ToLower(cell(8))]; !ok {
			v.status = Estimated
			t.note("the status %q is not known: such readings count as estimated", clip(cell(8)))
		}
	}
	// Day and night are one register here: each has rows only while it counts.
	f, err := t.feed(line, cell(4), direction, 1<<channel, layout{step: s.step, zone: s.zone, twins: true})
	if err != nil {
		return err
	}
	return f.add(r)
}
