package source

import (
	"io"
	"time"
)

// ESB Networks' "HDF", the file of an Irish smart meter, newest row first:
//
//	MPRN,Meter Serial Number,Read Value,Read Type,Read Date and End Time
//	10000000001,000000000010000001,0.536000,Active Import Interval (kW),04-11-2013 00:00
//
// Stamps mark the end of the half-hour on the local clock, without offset: in
// autumn 01:00 and 01:30 stand twice. Values are mean kW, in files since 2024 kWh
// where the customer asked for that; the type of each row says which, and whether
// it is import or export.

// ReadESB reads an ESB Networks HDF file.
func ReadESB(r io.Reader, o Options) (*File, error) { return esb.readOne(r, o) }

var esb = format{name: ESB, recognise: isESB, read: readESB}

var esbHeader = []string{"mprn", "read value", "read type", "read date and end time"}

func isESB(b beginning) bool { return b.hasHeader(',', esbHeader...) }

// esbTypes are the types of rows: a channel, and kW or kWh.
var esbTypes = map[string]struct {
	channel int
	unit    string
}{
	"Active Import Interval (kW)":  {Import, "kW"},
	"Active Import Interval (kWh)": {Import, "kWh"},
	"Active Export Interval (kW)":  {Export, "kW"},
	"Active Export Interval (kWh)": {Export, "kWh"},
}

func readESB(in *input, t *table) error {
	c := newCells(in, ',')
	at, err := c.header(esbHeader...)
	if err != nil {
		return err
	}
	width := len(c.fields)
	zone, err := t.clockZone("Europe/Dublin")
	if err != nil {
		return err
	}
	t.stamps = "end"
	for c.next(width) {
		if err := t.esbRow(c, at, zone); err != nil {
			return err
		}
	}
	return c.err
}

func (t *table) esbRow(c *cells, at map[string]int, zone *time.Location) error {
	cell := c.fields[at["read type"]]
	kind, ok := esbTypes[cell]
	if !ok {
		return lineError(c.line, "Active Import or Export Interval (kW) or (kWh)", cell)
	}
	if t.unit != "" && t.unit != kind.unit {
		return lineError(c.line, "values in "+t.unit+" as in the rows before", cell)
	}
	t.unit = kind.unit
	f, err := t.feed(c.line, c.fields[at["mprn"]], cell, 1<<kind.channel, layout{step: 1800, zone: zone, ends: true, power: kind.unit == "kW"})
	if err != nil || f == nil {
		return err
	}
	r := row{line: c.line}
	if r.at, err = parseStamp(c.line, c.fields[at["read date and end time"]], dayMonthYear); err != nil {
		return err
	}
	if r.value[kind.channel], err = t.reading(c.line, c.fields[at["read value"]], 3); err != nil {
		return err
	}
	return f.add(r)
}
