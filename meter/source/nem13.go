package source

import (
	"io"
	"strings"
)

// NEM13 holds the reads of accumulation meters, months apart:
//
//	100,NEM13,200401011030,MDA1,Ret1
//	250,1234567890,1141,01,11,11,METSER66,E,000021.2,20031001103230,A,,,000534.5,20040201100030,E64,77,,343.5,kWh,20040509,20040202125010,20040203000130
//	900
//
// A 250 record gives the energy between two reads, with its direction: E is to the
// customer, I from the customer. Nobody knows when it flowed: it is spread evenly
// over hours, of which every one is estimated. Read times are cut to the hour. 550
// records are of the meter reader's business. The same read again takes the place
// of the earlier one.

// ReadNEM13 reads an Australian accumulation meter data file.
func ReadNEM13(r io.Reader, o Options) (*File, error) { return nem13.readOne(r, o) }

var nem13 = format{name: NEM13, recognise: isNEM13, read: readNEM13}

func isNEM13(b beginning) bool { return isNEM(b, "NEM13", "250") }

func readNEM13(in *input, t *table) error {
	t.stamps = "start and end"
	n := newNEMLines(in, t, "NEM13")
	for {
		number, err := n.record()
		switch {
		case err != nil:
			return err
		case number == "":
			return nil
		case number == "250":
			err = n.accumulated()
		case number != "550":
			err = lineError(n.line, "a record 100, 250, 550 or 900", number)
		}
		if err != nil {
			return err
		}
	}
}

// accumulated takes a 250 record.
func (n *nemLines) accumulated() error {
	if err := n.need(20); err != nil {
		return err
	}
	point, suffix, direction, unit := n.field(1), n.field(4), n.field(7), n.field(19)
	channel, known := map[string]int{"E": Import, "I": Export}[direction]
	if !known {
		return lineError(n.line, "a direction E or I", direction)
	}
	scale, energy := energyUnits[strings.ToLower(unit)]
	if !energy {
		return n.t.pass(n.line, point, suffix)
	}
	from, ok1 := parseCompact(n.field(9))
	to, ok2 := parseCompact(n.field(14))
	if !ok1 || !ok2 || to <= from {
		return lineError(n.line, "the times of two reads such as 20031001103230", n.field(9)+" and "+n.field(14))
	}
	const step = 3600
	r := row{line: n.line, at: (from - nemOffset) / step * step, until: (to - nemOffset) / step * step}
	v, err := n.t.reading(n.line, n.field(18), scale)
	if err != nil {
		return err
	}
	if _, err := nemStatus(n.line, n.field(15)); err != nil {
		return err
	}
	if r.value[channel] = v; r.until == r.at {
		return lineError(n.line, "two reads an hour apart at least", n.field(9)+" and "+n.field(14))
	}
	n.t.unit = unit
	n.t.note("an accumulation meter does not say when energy flowed: it is spread evenly between its reads")
	f, err := n.t.feed(n.line, point, suffix, 1<<channel, layout{step: step, later: true})
	if err != nil {
		return err
	}
	return f.add(r)
}
