package source

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// cells walks the lines of a table, whatever divides its cells.
type cells struct {
	in        *input
	delimiter byte
	fields    []string
	line      int
	err       error
}

// longestLine bounds a line: a year of five-minute values fits.
const longestLine = 1 << 20

func newCells(in *input, delimiter byte) *cells { return &cells{in: in, delimiter: delimiter} }

// next reads a line that is not blank, of n cells, or of any number if n is 0.
// One empty cell more, after a delimiter that ends the line, does not count.
// False at the end and on an error, which stays in err.
func (c *cells) next(n int) bool {
	for c.err == nil {
		text, more := c.text()
		if text == "" {
			if more {
				continue
			}
			return false
		}
		var closed bool
		if c.fields, closed = splitCells(text, c.delimiter, c.fields); !closed {
			c.err = lineError(c.line, "quotes around whole cells", text)
			return false
		}
		if n > 0 && len(c.fields) == n+1 && c.fields[n] == "" {
			c.fields = c.fields[:n]
		}
		if n > 0 && len(c.fields) != n {
			c.err = lineError(c.line, fmt.Sprintf("%d cells", n), text)
			return false
		}
		return true
	}
	return false
}

// text returns the next line without its end, and whether there was one.
func (c *cells) text() (string, bool) {
	var long []byte
	for {
		part, err := c.in.ReadSlice('\n')
		long = append(long, part...)
		if errors.Is(err, io.EOF) && len(long) == 0 {
			return "", false
		}
		if len(long) > longestLine {
			c.err = fmt.Errorf("line %d: expected a line of at most %d bytes", c.line+1, longestLine)
			return "", false
		}
		if err == nil || errors.Is(err, io.EOF) {
			c.line++
			return strings.TrimSpace(string(long)), true
		}
	}
}

// header reads the line with the titles of columns and returns where they are.
func (c *cells) header(names ...string) (map[string]int, error) {
	if c.next(0) {
		if at := titlesAt(c.fields); hasAll(at, names) {
			return at, nil
		}
		return nil, lineError(c.line, "a header with "+strings.Join(names, ", "), strings.Join(c.fields, string(c.delimiter)))
	}
	return nil, c.noHeader(names)
}

// lateHeader is header for files that begin with lines about the customer. None
// of them may be a row of readings: those would be of another table.
func (c *cells) lateHeader(names ...string) (map[string]int, error) {
	for c.next(0) {
		if at := titlesAt(c.fields); hasAll(at, names) {
			return at, nil
		}
		if line := strings.Join(c.fields, string(c.delimiter)); isReadings(line) {
			return nil, lineError(c.line, "a header with "+strings.Join(names, ", ")+" before rows of readings", line)
		}
	}
	return nil, c.noHeader(names)
}

func (c *cells) noHeader(names []string) error {
	return orElse(c.err, lineError(max(c.line, 1), "a header with "+strings.Join(names, ", "), "the end of the file"))
}

// titlesAt returns where titles are, in lower case; of equal ones the first.
func titlesAt(titles []string) map[string]int {
	at := map[string]int{}
	for i, title := range titles {
		title = strings.ToLower(title)
		if _, twice := at[title]; !twice && title != "" {
			at[title] = i
		}
	}
	return at
}

func hasAll(at map[string]int, names []string) bool {
	for _, name := range names {
		if _, ok := at[name]; !ok {
			return false
		}
	}
	return true
}

// hasHeader reports whether the first line of a file holds the titles.
func (b *beginning) hasHeader(delimiter byte, names ...string) bool {
	titles, _ := splitCells(b.line, delimiter, nil)
	return hasAll(titlesAt(titles), names)
}

// hasLateHeader reports the same of the first line that could be a header, after
// lines about the customer.
func (b *beginning) hasLateHeader(delimiter byte, names ...string) bool {
	rest := b.text
	for more := true; more; {
		var line string
		line, rest, more = strings.Cut(rest, "\n")
		titles, _ := splitCells(strings.TrimSpace(line), delimiter, nil)
		if hasAll(titlesAt(titles), names) {
			return true
		}
		if isReadings(line) {
			return false
		}
	}
	return false
}

// isReadings reports whether a line has a time and a number beside it, whatever
// divides its cells.
func isReadings(line string) bool {
	for i := range len(delimiters) {
		var time, number bool
		cells, _ := splitCells(strings.TrimSpace(line), delimiters[i], nil)
		for _, cell := range cells {
			if w, ok := scanStamp(cell); ok && w.hasTime {
				time = true
			} else if isNumber(cell) {
				number = true
			}
		}
		if time && number {
			return true
		}
	}
	return false
}

// splitCells cuts one line at a delimiter into cells without the spaces around
// them, reusing the slice into. A cell in double quotes may hold the delimiter,
// and a doubled quote for a quote; ="0012", by which spreadsheets are told to
// leave digits alone, is 0012. False if a quote stays open.
func splitCells(line string, delimiter byte, into []string) (cells []string, closed bool) {
	cells = into[:0]
	for {
		line = strings.TrimLeft(line, " ")
		quoted, found := strings.CutPrefix(line, `="`)
		if !found {
			quoted, found = strings.CutPrefix(line, `"`)
		}
		if !found {
			i := strings.IndexByte(line, delimiter)
			if i < 0 {
				return append(cells, strings.TrimSpace(line)), true
			}
			cells = append(cells, strings.TrimSpace(line[:i]))
			line = line[i+1:]
			continue
		}
		cell, rest, ok := cutQuoted(quoted)
		if !ok {
			return cells, false
		}
		cells = append(cells, strings.TrimSpace(cell))
		rest = strings.TrimLeft(rest, " ")
		if rest == "" {
			return cells, true
		}
		if rest[0] != delimiter {
			return cells, false
		}
		line = rest[1:]
	}
}

// cutQuoted takes a cell up to its closing quote off the front of s.
func cutQuoted(s string) (cell, rest string, ok bool) {
	end := strings.IndexByte(s, '"')
	if end < 0 {
		return "", "", false
	}
	if !strings.HasPrefix(s[end+1:], `"`) {
		return s[:end], s[end+1:], true
	}
	var b strings.Builder
	for {
		b.WriteString(s[:end])
		s = s[end+1:]
		if !strings.HasPrefix(s, `"`) {
			return b.String(), s, true
		}
		b.WriteByte('"')
		s = s[1:]
		if end = strings.IndexByte(s, '"'); end < 0 {
			return "", "", false
		}
	}
}
