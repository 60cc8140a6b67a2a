package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"hushwatt/meter"
)

// A summary says what an export holds. Without the customer's key nobody knows
// how much energy that is.
type summary struct {
	Meter     string  `json:"meter"`
	First     string  `json:"first"` // start of the first slot, RFC 3339 UTC
	Last      string  `json:"last"`  // start of the last slot
	Slots     int     `json:"slots"` // measured + missing + estimated
	Measured  int     `json:"measured"`
	Missing   int     `json:"missing"`
	Estimated int     `json:"estimated"`
	ImportWh  *uint64 `json:"import_wh"` // null without the key
	ExportWh  *uint64 `json:"export_wh"`

	minutes, bytes, corrections int
}

// summarise reads the sealed side of an export.
func summarise(e *meter.Export) (*summary, error) {
	counts, err := e.Counts()
	if err != nil {
		return nil, err
	}
	c := e.Certificate()
	s := &summary{
		Meter: c.Meter, Slots: counts.Slots, Measured: counts.Measured, Missing: counts.Missing, Estimated: counts.Estimated,
		minutes: 24 * 60 / int(c.N), bytes: len(e.Bytes()), corrections: e.Corrections(),
	}
	first, last, err := ends(e)
	s.First, s.Last = stamp(first), stamp(last)
	return s, err
}

// ends returns the starts of the first and last slot that belong to the epoch:
// on its first and last day the meter may have been there for a part only.
func ends(e *meter.Export) (first, last int64, err error) {
	length := int64(24*60*60) / int64(e.Certificate().N)
	first, last = -1, -1
	for _, day := range []uint16{e.First(), e.Last()} {
		channels, err := e.Statuses(day)
		if err != nil {
			return 0, 0, err
		}
		for s, status := range channels[0] {
			if status == meter.NotHere {
				continue
			}
			last = int64(day)*24*60*60 + int64(s)*length
			if first < 0 {
				first = last
			}
		}
	}
	return first, last, nil
}

// add fills in the energy of an opened export.
func (s *summary) add(o *meter.Opened) {
	in, out := o.Total(meter.ImportChannel), o.Total(meter.ExportChannel)
	s.ImportWh, s.ExportWh = &in, &out
}

func (s *summary) text(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	defer t.Flush()
	fmt.Fprintf(t, "Meter\t%s\n", s.Meter)
	fmt.Fprintf(t, "From\t%s\n", s.First)
	fmt.Fprintf(t, "Last slot\t%s\n", s.Last)
	fmt.Fprintf(t, "Slots\t%d of %d minutes: %d measured, %d missing, %d estimated\n",
		s.Slots, s.minutes, s.Measured, s.Missing, s.Estimated)
	if s.corrections > 0 {
		fmt.Fprintf(t, "Corrections\t%d\n", s.corrections)
	}
	if s.ImportWh == nil {
		fmt.Fprintf(t, "Energy\tsealed; the customer's key opens it\n")
	} else {
		fmt.Fprintf(t, "Used\t%s\n", kWh(*s.ImportWh))
		if *s.ExportWh > 0 {
			fmt.Fprintf(t, "Fed in\t%s\n", kWh(*s.ExportWh))
		}
	}
	fmt.Fprintf(t, "Export\t%s\n", size(s.bytes))
}

// stamp writes an instant as RFC 3339 in UTC.
func stamp(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }

// kWh writes watt-hours as kilowatt-hours with three decimals.
func kWh[T int | int64 | uint32 | uint64](wh T) string {
	return fmt.Sprintf("%d.%03d kWh", wh/1000, wh%1000)
}

// size writes a number of bytes, with a comma between thousands.
func size(n int) string { return thousands(n) + " bytes" }

func thousands(n int) string {
	digits := fmt.Sprint(n)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}
