package source

import (
	"io"
	"strings"
)

// Pacific Gas & Electric, and other utilities of the United States whose portal
// is by the same maker: lines about the customer, then
//
//	TYPE,DATE,START TIME,END TIME,USAGE (kWh),COST,NOTES
//	Electric usage,2025-06-01,00:00,00:59,1.50,$0.45
//
// with USAGE,UNITS for the usage in older files, or IMPORT (kWh),EXPORT (kWh) in
// those of homes with solar power. Dates are year-month-day, or month/day/year.
// The end is the last minute of the interval. Local clock without offset, of
// whichever state the utility is in, which the user must name; the last cells of
// a row may be absent. Notes say where a value was estimated.

// ReadPGE reads a file of PG&E or a utility with the same portal.
func ReadPGE(r io.Reader, o Options) (*File, error) { return pge.readOne(r, o) }

var pge = format{name: PGE, recognise: isPGE, read: readPGE}

var pgeHeader = []string{"type", "date", "start time", "end time"}

func isPGE(b beginning) bool { return b.hasLateHeader(',', pgeHeader...) }

// pgeColumns are the columns of values; none where a file has no such column.
type pgeColumns struct {
	at     map[string]int
	value  [2]int
	units  int
	notes  int
	most   int // cells that a row must have
	titles int
}

func readPGE(in *input, t *table) error {
	c := newCells(in, ',')
	at, err := c.lateHeader(pgeHeader...)
	if err != nil {
		return err
	}
	columns, err := findPGEColumns(c.line, at, len(c.fields))
	if err != nil {
		return err
	}
	zone, err := t.clockZone("")
	if err != nil {
		return err
	}
	t.stamps, t.unit = "start and end", "kWh"
	s := &span{zone: zone}
	for c.next(0) {
		if len(c.fields) <= columns.most || len(c.fields) > columns.titles {
			return lineError(c.line, "as many cells as the header has, but for the last", strings.Join(c.fields, ","))
		}
		if strings.EqualFold(c.fields[at["type"]], "Natural gas usage") {
			t.note("rows of gas are left out")
			continue
		}
		if !strings.EqualFold(c.fields[at["type"]], "Electric usage") {
			return lineError(c.line, "the type Electric usage or Natural gas usage", c.fields[at["type"]])
		}
		if err := t.pgeRow(c, columns, s); err != nil {
			return err
		}
	}
	return c.err
}

func findPGEColumns(line int, at map[string]int, titles int) (*pgeColumns, error) {
	place := func(names ...string) int {
		for _, name := range names {
			if i, ok := at[name]; ok {
				return i
			}
		}
		return none
	}
	p := &pgeColumns{at: at, notes: place("notes"), units: place("units"), titles: titles,
		value: [2]int{place("usage (kwh)", "import (kwh)", "usage"), place("export (kwh)")}}
	p.most = max(at["type"], at["date"], at["start time"], at["end time"], p.value[Import], p.value[Export], p.units)
	if _, bare := at["usage"]; p.value[Import] == none || bare && p.units == none {
		return nil, lineError(line, "USAGE (kWh), USAGE with UNITS, or IMPORT (kWh)", "none of them")
	}
	return p, nil
}

func (t *table) pgeRow(c *cells, p *pgeColumns, s *span) (err error) {
	if p.units != none && !strings.EqualFold(c.fields[p.units], "kWh") {
		return lineError(c.line, "the unit kWh", c.fields[p.units])
	}
	date := c.fields[p.at["date"]]
	o := monthDayYear
	if w, _ := scanStamp(date); w.yearFirst {
		o = yearMonthDay
	}
	r := row{line: c.line}
	start, end := c.fields[p.at["start time"]], c.fields[p.at["end time"]]
	if r.at, err = parseStamp(c.line, date+" "+start, o); err != nil {
		return err
	}
	until, err := parseStamp(c.line, date+" "+end, o)
	if err != nil {
		return err
	}
	if until < r.at && until%secondsPerDay == 0 {
		until += secondsPerDay
	}
	if err := s.lasts(c.line, r.at, until, start+" to "+end); err != nil {
		return err
	}
	channels := 0
	for channel, place := range p.value {
		if place == none {
			continue
		}
		channels |= 1 << channel
		v := &r.value[channel]
		if *v, err = t.reading(c.line, c.fields[place], 3); err != nil {
			return err
		}
		if p.notes != none && p.notes < len(c.fields) && v.status != Missing && strings.Contains(strings.ToLower(c.fields[p.notes]), "estimat") {
			v.status = Estimated
		}
	}
	f, err := t.feed(c.line, "", "", channels, layout{step: s.step, zone: s.zone})
	if err != nil {
		return err
	}
	return f.add(r)
}
