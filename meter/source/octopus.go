package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"hushwatt/meter/slots"
)

// Octopus Energy gives the same readings in two layouts. The download:
//
//	Consumption (kwh), Start, End
//	0.247000, 2013-10-21T00:00:00+01:00, 2013-10-21T00:30:00+01:00
//
// where newer files have columns of cost besides, and the REST API, newest
// first:
//
//	{"count": 2, "next": null, "previous": null, "results": [
//	  {"consumption": 0.268, "interval_start": "2013-11-03T23:30:00Z", "interval_end": "2013-11-04T00:00:00Z"}]}
//
// Stamps are local times with their offset. A half-hour that the supplier does
// not have is left out, or null. Neither layout names the meter point.

// ReadOctopusCSV reads a download from an Octopus Energy account.
func ReadOctopusCSV(r io.Reader, o Options) (*File, error) { return octopusCSV.readOne(r, o) }

// ReadOctopusJSON reads answers of Octopus Energy's REST API.
func ReadOctopusJSON(r io.Reader, o Options) (*File, error) { return octopusJSON.readOne(r, o) }

var (
	octopusCSV  = format{name: OctopusCSV, recognise: isOctopusCSV, read: readOctopusCSV}
	octopusJSON = format{name: OctopusJSON, recognise: isOctopusJSON, read: readOctopusJSON}
)

func isOctopusCSV(b beginning) bool {
	header := splitHeader(b.line)
	return column(header, "consumption (kwh)") >= 0 && column(header, "start") >= 0 && column(header, "end") >= 0
}

func isOctopusJSON(b beginning) bool {
	return strings.HasPrefix(b.line, "{") && strings.Contains(b.text, `"results"`)
}

func readOctopusCSV(data *input, t *table) error {
	in := newLines(data)
	const expected = "Consumption (kwh), Start, End"
	header, err := in.header(expected)
	if err != nil {
		return err
	}
	consumption, start, end := column(header, "consumption (kwh)"), column(header, "start"), column(header, "end")
	if consumption < 0 || start < 0 || end < 0 {
		return lineError(in.line, "the header "+expected, strings.Join(header, ","))
	}
	rows := newIntervals(t)
	for in.next(len(header)) {
		err := rows.add(in.line, in.fields[consumption], in.fields[start], in.fields[end])
		if err != nil {
			return err
		}
	}
	return in.err
}

// intervals takes rows that give start and end; all are of one length.
type intervals struct {
	t    *table
	step int
}

func newIntervals(t *table) *intervals {
	t.zone, t.unit, t.stamps = "offset", "kWh", "start and end"
	return &intervals{t: t}
}

func (n *intervals) add(line int, kwh, start, end string) (err error) {
	r := row{line: line}
	if r.at, err = parseOffset(line, start); err != nil {
		return err
	}
	until, err := parseOffset(line, end)
	if err != nil {
		return err
	}
	length := until - r.at
	if n.step == 0 && slots.ValidStep(int(length)) {
		n.step = int(length)
	}
	if length != int64(n.step) {
		expected := "an interval of 60, 30, 15, 10 or 5 minutes"
		if n.step > 0 {
			expected = "an interval of " + slots.Minutes(n.step) + " as in the rows before"
		}
		return lineError(line, expected, start+" to "+end)
	}
	if r.value[Import], err = n.t.reading(line, kwh, 3); err != nil {
		return err
	}
	f, err := n.t.feed(line, "", "", 1<<Import, layout{step: n.step})
	if err != nil {
		return err
	}
	return f.add(r)
}

func readOctopusJSON(data *input, t *table) error {
	p := newPages(data)
	rows := newIntervals(t)
	for {
		err := p.page(rows)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// pages walks the API's answers, one after another: longer periods come in
// several, which people save into one file.
type pages struct {
	*jsonLines
}

func newPages(r io.Reader) *pages { return &pages{newJSONLines(r)} }

// page reads one answer; io.EOF says that there is none.
func (p *pages) page(rows *intervals) error {
	token, err := p.dec.Token()
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	if err != nil {
		return p.fail(err)
	}
	if token != json.Delim('{') {
		return lineError(p.line(), `an object with "results"`, fmt.Sprint(token))
	}
	found := false
	for p.dec.More() {
		key, err := p.dec.Token()
		if err != nil {
			return p.fail(err)
		}
		if key != "results" {
			var other json.RawMessage
			if err := p.dec.Decode(&other); err != nil {
				return p.fail(err)
			}
			continue
		}
		if err := p.results(rows); err != nil {
			return err
		}
		found = true
	}
	if _, err := p.dec.Token(); err != nil { // the closing brace
		return p.fail(err)
	}
	if !found {
		return lineError(p.line(), `the key "results"`, "none")
	}
	return nil
}

// results reads the array of readings.
func (p *pages) results(rows *intervals) error {
	token, err := p.dec.Token()
	if err != nil {
		return p.fail(err)
	}
	if token != json.Delim('[') {
		return lineError(p.line(), "an array of results", fmt.Sprint(token))
	}
	for p.dec.More() {
		var result struct {
			Consumption *json.Number `json:"consumption"`
			Start       string       `json:"interval_start"`
			End         string       `json:"interval_end"`
		}
		if err := p.dec.Decode(&result); err != nil {
			return p.fail(err)
		}
		kwh := ""
		if result.Consumption != nil {
			kwh = result.Consumption.String()
		}
		// The line of a result's closing brace: its opening one is not known here.
		if err := rows.add(p.line(), kwh, result.Start, result.End); err != nil {
			return err
		}
	}
	if _, err := p.dec.Token(); err != nil { // the closing bracket
		return p.fail(err)
	}
	return nil
}
