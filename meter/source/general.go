package source

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Any other table: what a spreadsheet, a home server or a portal that we do not
// know writes. How it is to be read is worked out from the whole file, said in
// the File's notes, and can be overruled by Options.Hints, part by part. What
// cannot be worked out is refused: which number of a date is the day, what a
// stamp marks, in what unit values are. The clock of stamps without offset is
// never guessed.

// ReadGeneral reads a table of unknown make.
func ReadGeneral(r io.Reader, o Options) (*File, error) { return general.readOne(r, o) }

var general = format{name: General, read: readGeneral, general: true}

// maxGeneral bounds a table of unknown make, which is held in memory.
const maxGeneral = 64 << 20

func readGeneral(in *input, t *table) error {
	h := &t.o.Hints
	if err := h.check(); err != nil {
		return err
	}
	data, err := io.ReadAll(io.LimitReader(in, maxGeneral+1))
	if err != nil {
		return err
	}
	if len(data) > maxGeneral {
		return fmt.Errorf("a table of unknown make is larger than %d MB", maxGeneral>>20)
	}
	s, notes, err := openSheet(string(data), h)
	if err != nil {
		return err
	}
	when, whenNotes, err := s.findTiming(h)
	if err != nil {
		return err
	}
	what, whatNotes, err := s.findValues(h, &when)
	if err != nil {
		return err
	}
	for _, note := range slices.Concat(notes, whenNotes, whatNotes) {
		t.note("%s", note)
	}
	if !what.register { // a register's level is of an instant
		why, err := when.findEnd(s, h.Stamp)
		if err != nil {
			return err
		}
		t.note("%s", why)
	}
	g := &generalTable{table: t, sheet: s, when: when, what: what}
	return g.read()
}

// generalTable is a table of which everything is known.
type generalTable struct {
	*table
	sheet *sheet
	when  timing
	what  valuing

	l     layout
	span  span
	feeds []generalFeed
}

// generalFeed is one column of readings.
type generalFeed struct {
	*feed
	channel, column int
}

func (g *generalTable) read() error {
	if err := g.begin(); err != nil {
		return err
	}
	for _, r := range g.sheet.rows {
		at, err := g.start(r)
		if err != nil {
			return err
		}
		for _, f := range g.feeds {
			out := row{line: r.line, at: at}
			if out.value[f.channel], err = g.value(r.line, r.cells[f.column]); err != nil {
				return err
			}
			if err := f.add(out); err != nil {
				return err
			}
		}
	}
	return nil
}

// begin settles the clock and makes a feed for every column.
func (g *generalTable) begin() error {
	g.unit, g.stamps = g.what.unit, startOrEnd(g.when.end)
	g.l = layout{ends: g.when.end, levels: g.what.register, power: g.what.unit == "kW" || g.what.unit == "W"}
	if g.what.register {
		g.l.ends = false
		g.stamps = "instant of a register"
	}
	if g.when.offsets {
		g.zone = "offset"
	} else {
		zone, err := g.clockZone("")
		if err != nil {
			return err
		}
		g.l.zone, g.span.zone = zone, zone
	}
	if g.when.until.time != none {
		g.stamps = "start and end"
		if _, err := g.start(g.sheet.rows[0]); err != nil {
			return err
		}
		g.l.step = g.span.step
	}
	for channel, columns := range g.what.columns {
		for _, c := range columns {
			f, err := g.feed(g.sheet.rows[0].line, "", clip(strings.Trim(g.sheet.name(c), `"`)), 1<<channel, g.l)
			if err != nil {
				return err
			}
			g.feeds = append(g.feeds, generalFeed{f, channel, c})
		}
	}
	return nil
}

// start returns where a row begins: an instant, or what the clock showed.
func (g *generalTable) start(r sheetRow) (int64, error) {
	at, err := g.at(r, g.when.from)
	if err != nil || g.when.until.time == none {
		return at, err
	}
	m := g.when.until
	if m.date == none {
		m.date = g.when.from.date
	}
	until, err := g.at(r, m)
	if err != nil {
		return 0, err
	}
	if g.when.until.date == none && until < at && until%secondsPerDay == 0 {
		until += secondsPerDay
	}
	return at, g.span.lasts(r.line, at, until, r.cells[g.when.from.time]+" to "+r.cells[m.time])
}

func (g *generalTable) at(r sheetRow, m moment) (int64, error) {
	wall, ok := g.when.wall(r, m)
	if !ok {
		return 0, g.when.notATime(r, m)
	}
	w, _ := scanStamp(r.cells[m.time])
	return wall - int64(w.offset), nil
}

// value reads a cell in the unit of the table.
func (g *generalTable) value(line int, cell string) (reading, error) {
	if isGap(cell) {
		return reading{status: Missing}, nil
	}
	if g.what.comma {
		if strings.Contains(cell, ".") {
			return reading{}, lineError(line, "a number with a decimal comma", cell)
		}
		cell = strings.Replace(cell, ",", ".", 1)
	}
	return g.reading(line, cell, unitScale[g.what.unit])
}

// unitScale is the power of ten of a unit, in Wh or W.
var unitScale = map[string]int{"W": 0, "Wh": 0, "kW": 3, "kWh": 3, "MWh": 6}
