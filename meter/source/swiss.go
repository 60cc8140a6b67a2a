package source

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// The Swiss week matrix of the University of Bamberg's study: a row per home, a
// column per quarter-hour of a week from Monday on, kWh.
//
//	VID,V001,V002,…,V672
//	4693828,0.01,0.01,…,0.02
//
// The clock shows Swiss winter time throughout. A file does not say which week it
// is; the user must. Files of several weeks may follow each other in one.

// ReadSwissWeek reads week matrices; Options.From is the Monday of the first.
func ReadSwissWeek(r io.Reader, o Options) (*File, error) { return swissWeek.readOne(r, o) }

var swissWeek = format{name: SwissWeek, recognise: isSwissWeek, read: readSwissWeek}

const (
	swissStep    = 900
	secondsAWeek = 7 * secondsPerDay
	swissColumns = 1 + secondsAWeek/swissStep
	winterTime   = 3600 // seconds east of UTC
)

func isSwissWeek(b beginning) bool { return strings.HasPrefix(b.line, "VID,V001,V002,") }

func readSwissWeek(in *input, t *table) error {
	monday, err := t.swissMonday()
	if err != nil {
		return err
	}
	t.zone, t.clock, t.unit, t.stamps = "+01:00", "+01:00 all year, Swiss winter time", "kWh", "position in the week"
	c := newCells(in, ',')
	week := int64(-1)
	for c.next(swissColumns) {
		if c.fields[0] == "VID" {
			if c.fields[1] != "V001" || c.fields[swissColumns-1] != "V672" {
				return lineError(c.line, "the header VID,V001,…,V672", strings.Join(c.fields, ","))
			}
			week++
			continue
		}
		if week < 0 {
			return lineError(c.line, "the header VID,V001,…,V672", strings.Join(c.fields, ","))
		}
		if err := t.swissHome(c, monday+week*secondsAWeek); err != nil {
			return err
		}
	}
	if week > 0 {
		t.note("%d weeks, one after another", week+1)
	}
	return c.err
}

// ErrFirstDay refuses a file without dates where Options.From does not say when
// it begins.
var ErrFirstDay = errors.New("the file does not say which week it is of: name the Monday with which it begins")

// swissMonday returns the instant at which the first week begins.
func (t *table) swissMonday() (int64, error) {
	if t.o.From == "" && t.mode == noPoint {
		return 0, nil
	}
	if t.o.From == "" {
		return 0, ErrFirstDay
	}
	day, err := time.Parse(time.DateOnly, t.o.From)
	if err != nil || day.Weekday() != time.Monday {
		return 0, fmt.Errorf("the first day of a week must be a Monday such as 2018-10-29, not %q", clip(t.o.From))
	}
	t.note("the first week begins on %s, as told", t.o.From)
	return day.Unix() - winterTime, nil
}

func (t *table) swissHome(c *cells, monday int64) error {
	f, err := t.feed(c.line, c.fields[0], "", 1<<Import, layout{step: swissStep})
	if err != nil || f == nil {
		return err
	}
	for i, cell := range c.fields[1:] {
		r := row{line: c.line, at: monday + int64(i)*swissStep}
		if r.value[Import], err = t.reading(c.line, cell, 3); err != nil {
			return fmt.Errorf("%w (column V%03d)", err, i+1)
		}
		if err := f.add(r); err != nil {
			return err
		}
	}
	return nil
}
