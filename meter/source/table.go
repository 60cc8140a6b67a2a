package source

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// table takes a file's rows and lays them on the grid, point by point. It keeps
// no rows: what it holds is the series that come out of it.
type table struct {
	o    *Options
	mode mode

	// For the File, set by the format's reader.
	zone   string // clock of the stamps
	clock  string // File.Clock, where it is neither offset nor local
	unit   string
	stamps string
	notes  []string

	negatives int // readings that are missing on the user's word

	points map[string]*point // every point in the file; nil where it is not read
	order  []string          // their names as they come
	cells  int               // of all grids
	spread int               // slots of rows that are longer than a slot
	text   *bounded          // what is read of the file
}

// mode says which points of a file are read.
type mode int

const (
	onePoint mode = iota
	allPoints
	noPoint // only their names are wanted
)

const (
	maxDay    = 1<<16 - 1 // days are 16 bits (docs/protocol.md, section 2)
	maxDays   = 20 * 366
	maxPoints = 1 << 16
	maxCells  = 1 << 26 // slots of all points together: 300 MB
	fewCells  = 1 << 23 // slots that any file may have, however short: 40 MB, four registers of 20 years in five minutes
)

// point is one meter point.
type point struct {
	name   string
	feeds  []*feed
	idle   []string // registers that were not chosen
	notes  []string
	found  [3][]int64 // by changeKind: changes of the clock
	left   int        // rows left out on the user's word
	leftWh energy
}

// changeKind says how a file went through a change of the clock.
type changeKind int

const (
	repeatedHour changeKind = iota // the hour stands twice
	lostHour                       // it stands once
	filledHour                     // an hour that does not exist has rows
)

// unused remembers a register that was not chosen.
func (p *point) unused(register string) {
	if len(p.idle) < maxFeeds && !slices.Contains(p.idle, register) {
		p.idle = append(p.idle, strings.Clone(register))
	}
}

// note keeps what the user must know, once.
func (p *point) note(format string, args ...any) {
	const most = 50
	if n := fmt.Sprintf(format, args...); len(p.notes) < most && !slices.Contains(p.notes, n) {
		p.notes = append(p.notes, n)
	}
}

// note keeps what the user must know about the whole file, once.
func (t *table) note(format string, args ...any) {
	if n := fmt.Sprintf(format, args...); !slices.Contains(t.notes, n) {
		t.notes = append(t.notes, n)
	}
}

func (p *point) clock(kind changeKind, turn int64) {
	if !slices.Contains(p.found[kind], turn) {
		p.found[kind] = append(p.found[kind], turn)
	}
}

// drop counts a row that is left out.
func (p *point) drop(kind changeKind, turn int64, r row) {
	p.clock(kind, turn)
	p.left++
	for _, v := range r.value {
		p.leftWh = p.leftWh.add(v.wh)
	}
}

// at returns the point of a name, nil if it is not to be read.
func (t *table) at(line int, name string) (*point, error) {
	if name == "" { // the format has no names: the user may give one
		name = t.o.Point
	}
	if p, seen := t.points[name]; seen {
		return p, nil
	}
	switch {
	case !isName(name) && name != t.o.Point:
		return nil, lineError(line, "the name of a meter point", name)
	case len(t.points) == maxPoints:
		return nil, lineError(line, fmt.Sprintf("at most %d meter points", maxPoints), name)
	}
	name = strings.Clone(name)
	chosen := name == t.o.Point || t.o.Point == ""
	wanted := chosen && (t.mode == allPoints || t.mode == onePoint && len(t.order) == 0) || name == t.o.Point && t.mode == onePoint
	if t.mode == onePoint && t.o.Point == "" && len(t.order) == 1 {
		t.points[t.order[0]] = nil // two points and no choice: only the names are of use now
	}
	t.order = append(t.order, name)
	t.points[name] = nil
	if wanted {
		t.points[name] = &point{name: name}
	}
	return t.points[name], nil
}

// feed returns where to put the rows of a register, nil (to which rows may be
// added in vain) if they are not wanted. Channels are bits: 1<<Import, 1<<Export.
func (t *table) feed(line int, name, register string, channels int, l layout) (*feed, error) {
	p, err := t.at(line, name)
	if err != nil || p == nil {
		return nil, err
	}
	if t.o.Register != "" && register != "" && register != t.o.Register {
		p.unused(register)
		return nil, nil
	}
	for _, f := range p.feeds {
		if f.register == register && f.channels == channels && f.layout == l {
			return f, nil
		}
	}
	if len(p.feeds) == maxFeeds {
		return nil, lineError(line, fmt.Sprintf("at most %d registers of a meter point", maxFeeds), register)
	}
	f := newFeed(t, p, strings.Clone(register), channels, l)
	p.feeds = append(p.feeds, f)
	return f, nil
}

// room reports whether the file may have so many slots more: a few, and then in
// proportion to its text, of which a reading takes two bytes at least. A short file
// with distant dates cannot take much memory.
func (t *table) room(slots int) bool {
	most := fewCells
	if t.text != nil {
		most = min(maxCells, fewCells+2*(maxText-t.text.left))
	}
	return t.cells+slots <= most
}

// pass notes a register that is not read at all: it holds something else than
// energy, or goes in no known direction.
func (t *table) pass(line int, name, register string) error {
	p, err := t.at(line, name)
	if p != nil {
		p.unused(register)
	}
	return err
}

// maxFeeds bounds the registers of a point, each of them with another layout
// where a meter was replaced.
const maxFeeds = 64

// localZone returns the zone of stamps that carry no offset: the one that the
// user named, or else the format's own.
func (t *table) localZone(name string) (*time.Location, error) {
	if t.o.Zone != nil {
		return t.o.Zone, nil
	}
	if name == "" || t.o.LoadZone == nil {
		return nil, ErrZone
	}
	return t.o.LoadZone(name)
}

// reading reads a cell in units of 10^scale Wh.
func (t *table) reading(line int, cell string, scale int) (reading, error) {
	digits, negative := strings.CutPrefix(cell, "-")
	if !negative {
		return parseReading(line, cell, scale)
	}
	v, err := parseReading(line, digits, scale)
	switch way := t.o.choice("negative"); {
	case err != nil || v.status == Missing: // as a lone dash is
		return parseReading(line, cell, scale)
	case v.wh == energy{}, way == "export":
		v.negative = v.wh != energy{}
		return v, nil
	case way == "missing":
		t.negatives++
		return reading{status: Missing}, nil
	}
	return v, ask(line, "negative", fmt.Sprintf("expected a reading in %s that is not negative, found %q", unitOf[scale], clip(cell)))
}
