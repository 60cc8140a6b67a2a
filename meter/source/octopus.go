package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
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

func isOctopusCSV(first string) bool {
	header := splitHeader(first)
	return column(header, "consumption (kwh)") >= 0 && column(header, "start") >= 0 && column(header, "end") >= 0
}

func isOctopusJSON(first string) bool { return strings.HasPrefix(first, "{") }

func readOctopusCSV(data []byte, o Options) (*table, error) {
	in := newLines(data)
	const expected = "Consumption (kwh), Start, End"
	header, err := in.header(expected)
	if err != nil {
		return nil, err
	}
	consumption, start, end := column(header, "consumption (kwh)"), column(header, "start"), column(header, "end")
	if consumption < 0 || start < 0 || end < 0 {
		return nil, lineError(in.line, "the header "+expected, strings.Join(header, ","))
	}
	t := &table{zone: "offset", point: o.Point, channels: 1}
	for in.next(len(header)) {
		err := t.addInterval(in.line, in.fields[consumption], in.fields[start], in.fields[end])
		if err != nil {
			return nil, err
		}
	}
	return t, in.err
}

// addInterval adds a row that gives start and end; all are of one length.
func (t *table) addInterval(line int, kwh, start, end string) (err error) {
	r := row{line: line}
	if r.at, err = parseOffset(line, start); err != nil {
		return err
	}
	until, err := parseOffset(line, end)
	if err != nil {
		return err
	}
	length := until - r.at
	if t.step == 0 && validStep(int(length)) {
		t.step = int(length)
	}
	if length != int64(t.step) {
		expected := "an interval of 60, 30, 15, 10 or 5 minutes"
		if t.step > 0 {
			expected = "an interval of " + minutes(t.step) + " as in the rows before"
		}
		return lineError(line, expected, start+" to "+end)
	}
	if r.value[Import], err = parseReading(line, kwh, 3); err != nil {
		return err
	}
	t.rows = append(t.rows, r)
	return nil
}

func readOctopusJSON(data []byte, o Options) (*table, error) {
	p := &pages{data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	t := &table{zone: "offset", point: o.Point, channels: 1}
	for {
		err := p.page(t)
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// pages walks the API's answers, one after another: longer periods come in
// several, which people save into one file.
type pages struct {
	data  []byte
	dec   *json.Decoder
	seen  int // bytes whose lines are counted
	lines int
}

// line returns the line of the byte at offset; offsets must not go back.
func (p *pages) line(offset int64) int {
	upTo := min(int(offset), len(p.data))
	if upTo > p.seen {
		p.lines += bytes.Count(p.data[p.seen:upTo], []byte("\n"))
		p.seen = upTo
	}
	return p.lines + 1
}

// fail names the line of a decoding error.
func (p *pages) fail(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = errors.New("the file ends in the middle of a value")
	}
	return fmt.Errorf("line %d: %w", p.line(p.dec.InputOffset()), err)
}

// page reads one answer; io.EOF says that there is none.
func (p *pages) page(t *table) error {
	token, err := p.dec.Token()
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	if err != nil {
		return p.fail(err)
	}
	if token != json.Delim('{') {
		return lineError(p.line(p.dec.InputOffset()), `an object with "results"`, fmt.Sprint(token))
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
		if err := p.results(t); err != nil {
			return err
		}
		found = true
	}
	if _, err := p.dec.Token(); err != nil { // the closing brace
		return p.fail(err)
	}
	if !found {
		return lineError(p.line(p.dec.InputOffset()), `the key "results"`, "none")
	}
	return nil
}

// results reads the array of readings.
func (p *pages) results(t *table) error {
	token, err := p.dec.Token()
	if err != nil {
		return p.fail(err)
	}
	if token != json.Delim('[') {
		return lineError(p.line(p.dec.InputOffset()), "an array of results", fmt.Sprint(token))
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
		if err := t.addInterval(p.line(p.dec.InputOffset()), kwh, result.Start, result.End); err != nil {
			return err
		}
	}
	if _, err := p.dec.Token(); err != nil { // the closing bracket
		return p.fail(err)
	}
	return nil
}
