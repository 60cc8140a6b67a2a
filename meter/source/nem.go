package source

import (
	"fmt"
	"strings"
	"time"
)

// NEM12 and NEM13 are the meter data files of the Australian market, described in
// AEMO's "Meter data file format specification": lines of comma-separated fields,
// the first of which is the number of the record. All times are Eastern Standard
// Time, ten hours ahead of UTC all year, in every state.

const (
	nemOffset = 10 * 3600
	nemClock  = "UTC+10 all year"
)

// isNEM reports whether a file begins as one of the two: with its 100 record, or
// without one, as customers' downloads are, with the first record of a meter.
func isNEM(b beginning, name, first string) bool {
	head, rest, _ := strings.Cut(b.line, ",")
	if head == "100" {
		kind, _, _ := strings.Cut(rest, ",")
		return strings.TrimSpace(kind) == name
	}
	return head == first
}

// nemLines walks the records and checks their order.
type nemLines struct {
	*lines
	t     *table
	name  string
	begun bool // the 100 record is there
	ended bool // the 900 record is there
}

func newNEMLines(in *input, t *table, name string) *nemLines {
	t.zone, t.clock = "UTC+10", nemClock
	l := newLines(in)
	l.csv.LazyQuotes = true // reasons are free text
	return &nemLines{lines: l, t: t, name: name}
}

// record reads the next record and returns its number, "" at the end.
func (n *nemLines) record() (string, error) {
	for n.next(0) {
		switch number := n.fields[0]; number {
		case "100":
			if n.field(1) != n.name {
				return "", lineError(n.line, "a file of "+n.name, n.field(1))
			}
			n.begun, n.ended = true, false
		case "900":
			n.ended = true
		case "": // a blank line of a spreadsheet
		default:
			return number, nil
		}
	}
	if n.err == nil && !n.begun {
		n.t.note("the file has no 100 record: it is not as a meter data provider sends it")
	}
	if n.err == nil && !n.ended {
		n.t.note("the file has no 900 record at its end: it may be cut short")
	}
	return "", n.err
}

// field returns a field, "" where a record is shorter.
func (n *nemLines) field(i int) string {
	if i < len(n.fields) {
		return n.fields[i]
	}
	return ""
}

// need refuses a record with fewer than count fields.
func (n *nemLines) need(count int) error {
	if len(n.fields) < count {
		return lineError(n.line, fmt.Sprintf("a %s record of at least %d fields", n.fields[0], count), strings.Join(n.fields, ","))
	}
	return nil
}

// energyUnits are units of energy; other quantities (kvarh, V) are not read.
var energyUnits = map[string]int{"wh": 0, "kwh": 3, "mwh": 6}

// nemStatus says what a quality method stands for: A actual, S substituted,
// F finally substituted, E estimated, N nothing. V, which refers to 400 records,
// is none of them.
func nemStatus(line int, method string) (Status, error) {
	if method != "" {
		switch method[0] {
		case 'A':
			return Measured, nil
		case 'S', 'F', 'E':
			return Estimated, nil
		case 'N':
			return Missing, nil
		}
	}
	return 0, lineError(line, "a quality A, S, F, E or N", method)
}

// parseCompact reads 20040201 or 20040201103500 as the seconds of a clock on the
// wall as if it were UTC.
func parseCompact(s string) (int64, bool) {
	layout := "20060102150405"
	if len(s) > len(layout) || !isDigits(s) {
		return 0, false
	}
	at, err := time.Parse(layout[:len(s)], s)
	return at.Unix(), err == nil && (len(s) == 8 || len(s) == 12 || len(s) == 14)
}
