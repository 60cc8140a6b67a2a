package source

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// lines walks a file of comma-separated values.
type lines struct {
	csv    *csv.Reader
	fields []string
	line   int
	err    error
}

func newLines(data io.Reader) *lines {
	r := csv.NewReader(data)
	r.ReuseRecord = true
	r.FieldsPerRecord = -1 // checked by next, which names both counts
	return &lines{csv: r}
}

// next reads a line of n fields, or of any number if n is 0, without the spaces
// around them; false at the end and on an error, which stays in err.
func (l *lines) next(n int) bool {
	fields, err := l.csv.Read()
	if err != nil {
		if !errors.Is(err, io.EOF) {
			l.err = err // a csv.ParseError names the line
		}
		return false
	}
	l.line, _ = l.csv.FieldPos(0)
	if n > 0 && len(fields) != n {
		l.err = lineError(l.line, fmt.Sprintf("%d fields", n), strings.Join(fields, ","))
		return false
	}
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	l.fields = fields
	return true
}

// header reads the first line and returns it in lower case.
func (l *lines) header(expected string) ([]string, error) {
	if !l.next(0) {
		if l.err == nil {
			l.err = lineError(1, "the header "+expected, "")
		}
		return nil, l.err
	}
	return strings.Split(strings.ToLower(strings.Join(l.fields, "\x00")), "\x00"), nil
}

// column returns the place of a name in a header, -1 if it is not there.
func column(header []string, name string) int {
	for i, h := range header {
		if h == name {
			return i
		}
	}
	return -1
}

// splitHeader is the header for recognising a format by its first line.
func splitHeader(first string) []string {
	header := strings.Split(strings.ToLower(first), ",")
	for i := range header {
		header[i] = strings.TrimSpace(header[i])
	}
	return header
}

// parseReading reads a cell in units of 10^scale Wh. An empty cell and the word
// null, which some portals write, are a missing reading.
func parseReading(line int, s string, scale int) (reading, error) {
	if s == "" || strings.EqualFold(s, "null") {
		return reading{status: Missing}, nil
	}
	wh, ok := parseEnergy(s, scale)
	if ok {
		return reading{wh: wh}, nil
	}
	expected := "a reading in " + unitOf[scale]
	if strings.HasPrefix(s, "-") {
		expected += " that is not negative"
	}
	return reading{}, lineError(line, expected, s)
}

// unitOf names units by their power of ten of a Wh.
var unitOf = map[int]string{-3: "mWh", 0: "Wh", 3: "kWh", 6: "MWh"}

// parseOffset reads an RFC 3339 stamp, which carries its offset from UTC.
func parseOffset(line int, s string) (int64, error) {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil || at.Nanosecond() != 0 {
		return 0, lineError(line, "a time with its offset from UTC, such as 2013-03-31T01:30:00+01:00", s)
	}
	return at.Unix(), nil
}
