package source

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"hushwatt/meter/slots"
)

// The plain format is our own, for files that someone makes with a spreadsheet
// or a script:
//
//	start,wh
//	2013-03-31T00:30:00+00:00,219
//	2013-03-31T02:00:00+01:00,
//
// in any order of rows and columns. An empty wh is a missing reading. Optional
// columns: export_wh, and status and export_status, which hold measured (or
// nothing), missing or estimated. No other column is allowed: a column that we
// do not know might change what the others mean.

const plainHeader = "start,wh"

var (
	whColumns     = [2]string{"wh", "export_wh"}
	statusColumns = [2]string{"status", "export_status"}
	statusNames   = [...]string{Measured: "measured", Missing: "missing", Estimated: "estimated"}
)

// ReadCSV reads a plain file, as WriteCSV writes it.
func ReadCSV(r io.Reader, o Options) (*File, error) { return plain.readOne(r, o) }

var plain = format{name: CSV, recognise: isPlain, read: readPlain}

func isPlain(b beginning) bool {
	header := splitHeader(b.line)
	return column(header, "start") >= 0 && column(header, "wh") >= 0
}

// plainColumns says where each column of a plain file is, -1 for nowhere.
type plainColumns struct {
	start      int
	wh, status [2]int
}

func readPlain(data *input, t *table) error {
	in := newLines(data)
	header, err := in.header(plainHeader)
	if err != nil {
		return err
	}
	at, err := findPlainColumns(in.line, header)
	if err != nil {
		return err
	}
	t.zone, t.unit, t.stamps = "offset", "Wh", "start"
	channels := 1 << Import
	if at.wh[Export] >= 0 {
		channels |= 1 << Export
	}
	f, err := t.feed(in.line, "", "", channels, layout{})
	if err != nil {
		return err
	}
	for in.next(len(header)) {
		r, err := at.row(in, t)
		if err != nil {
			return err
		}
		if err := f.add(r); err != nil {
			return err
		}
	}
	return in.err
}

func findPlainColumns(line int, header []string) (plainColumns, error) {
	at := plainColumns{start: column(header, "start")}
	known := 1
	for c := range at.wh {
		at.wh[c] = column(header, whColumns[c])
		at.status[c] = column(header, statusColumns[c])
		for _, i := range []int{at.wh[c], at.status[c]} {
			if i >= 0 {
				known++
			}
		}
	}
	if at.start < 0 || at.wh[Import] < 0 || known != len(header) || at.status[Export] >= 0 && at.wh[Export] < 0 {
		return at, lineError(line, "the header start,wh, with export_wh, status and export_status if need be",
			strings.Join(header, ","))
	}
	return at, nil
}

func (at *plainColumns) row(in *lines, t *table) (r row, err error) {
	r.line = in.line
	if r.at, err = parseOffset(in.line, in.fields[at.start]); err != nil {
		return r, err
	}
	for c := range at.wh {
		if at.wh[c] < 0 {
			continue
		}
		if r.value[c], err = t.reading(in.line, in.fields[at.wh[c]], 0); err != nil {
			return r, err
		}
		if at.status[c] < 0 {
			continue
		}
		if err = r.value[c].setStatus(in.line, in.fields[at.status[c]]); err != nil {
			return r, err
		}
	}
	return r, nil
}

// setStatus applies the word of a status column. The word and the reading must
// not contradict each other.
func (v *reading) setStatus(line int, word string) error {
	status := Status(max(0, slices.Index(statusNames[:], strings.ToLower(word))))
	switch {
	case word == "":
		return nil
	case statusNames[status] != strings.ToLower(word):
		return lineError(line, "measured, missing or estimated", word)
	case (status == Missing) != (v.status == Missing):
		return lineError(line, "a reading, or else the status missing", word)
	}
	v.status = status
	return nil
}

// WriteCSV writes a series of each channel, import first, as a plain file that
// Read turns into the same series.
func WriteCSV(w io.Writer, series []Series) error {
	if len(series) == 0 || len(series) > len(whColumns) {
		return fmt.Errorf("%d series: import, or import and export, can be written", len(series))
	}
	out := csv.NewWriter(w)
	record := []string{"start"}
	for c, s := range series {
		if s.Channel != c || s.Start != series[0].Start || s.Step != series[0].Step || len(s.Wh) != len(series[0].Wh) {
			return fmt.Errorf("series %d: expected channel %d of the same slots", c, c)
		}
		record = append(record, whColumns[c], statusColumns[c])
	}
	out.Write(record) // an error stays in out
	for i := range series[0].Wh {
		record = append(record[:0], slots.Stamp(series[0].At(i)))
		for _, s := range series {
			if int(s.Status[i]) >= len(statusNames) {
				return fmt.Errorf("slot %s: status %d has no name in a plain file", slots.Stamp(s.At(i)), s.Status[i])
			}
			wh := ""
			if s.Status[i] != Missing {
				wh = strconv.FormatUint(uint64(s.Wh[i]), 10)
			}
			record = append(record, wh, statusNames[s.Status[i]])
		}
		out.Write(record)
	}
	out.Flush()
	return out.Error()
}
