package source

import (
	"io"
	"slices"
	"strings"
)

// Ausgrid's solar homes, as published in cleaned form, one home and year a file:
//
//	,GC,GG
//	2011-07-01 00:00:00,0.392,0.0
//
// Half-hours; the stamp is the start, in Eastern Standard Time all year. GC is
// general consumption, CL, where there is one, controlled load. GG is what the
// roof generates, metered apart and sold as a whole: a channel of its own, from
// which nothing is netted.

// ReadAusgrid reads a home of Ausgrid's solar home data.
func ReadAusgrid(r io.Reader, o Options) (*File, error) { return ausgrid.readOne(r, o) }

var ausgrid = format{name: Ausgrid, recognise: isAusgrid, read: readAusgrid}

var ausgridColumns = map[string]int{"gc": Import, "cl": Import, "gg": Export}

func isAusgrid(b beginning) bool { return isAusgridHeader(splitHeader(b.line)) }

func isAusgridHeader(header []string) bool {
	if len(header) < 2 || header[0] != "" || !slices.Contains(header, "gc") {
		return false
	}
	for i, name := range header[1:] {
		if _, known := ausgridColumns[name]; !known || slices.Contains(header[1:1+i], name) {
			return false
		}
	}
	return true
}

func readAusgrid(data *input, t *table) error {
	in := newLines(data)
	header, err := in.header(",GC,GG")
	if err != nil {
		return err
	}
	if !isAusgridHeader(header) {
		return lineError(in.line, "the header ,GC,GG", strings.Join(header, ","))
	}
	l := t.standardTime("start", 1800)
	for in.next(len(header)) {
		wall, err := parseWall(in.line, in.fields[0])
		if err != nil {
			return err
		}
		for i, name := range header[1:] {
			if err := t.addCell(in.line, wall, in.fields[1+i], strings.ToUpper(name), ausgridColumns[name], l); err != nil {
				return err
			}
		}
	}
	return in.err
}
