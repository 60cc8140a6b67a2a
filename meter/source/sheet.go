package source

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// sheet is a table of unknown make, cut into cells: what precedes it, its
// header if it has one, and its rows.
type sheet struct {
	delimiter byte
	preamble  int      // lines before the header that are none of the table
	header    []string // as written; empty names if there is no header
	named     bool
	rows      []sheetRow
	dated     []int // columns that hold a date in every row, with a time or without
	counted   bool  // its times were numbers, see counted.go
}

type sheetRow struct {
	line  int
	cells []string
}

// delimiters in the order in which they are tried: no file has been seen that
// two of them would cut into columns with a date in one of them.
const delimiters = ",;\t|"

// openSheet finds the delimiter by the beginning of the text, then the table and
// its columns of dates, or of numbers that count time where there are none.
func openSheet(text string, h *Hints) (*sheet, []string, error) {
	try := delimiters
	if h.Delimiter != "" {
		try = strings.Replace(h.Delimiter, "tab", "\t", 1)
	}
	sample := text
	if len(sample) > beginningSize {
		sample = text[:strings.LastIndexByte(text[:beginningSize], '\n')+1]
	}
	for i := range len(try) {
		if all, _, _ := cutLines(sample, try[i]); hasDates(all) {
			return cutSheet(text, try[i], h, false)
		}
	}
	var open error // what to ask if no delimiter leaves counts for sure
	for i := range len(try) {
		i = len(try) - 1 - i // the comma last: it may be in the numbers
		all, _, _ := cutLines(sample, try[i])
		found, err := findCounted(all, h)
		if len(found) > 0 {
			return cutSheet(text, try[i], h, true)
		}
		open = orElse(open, err)
	}
	line, _, _ := strings.Cut(strings.TrimLeft(text, " \t\r\n"), "\n")
	return nil, nil, orElse(open, fmt.Errorf("line 1: expected the first line of a known format, or a table of which a column holds dates, found %q", clip(strings.TrimSpace(line))))
}

func hasDates(all []sheetRow) bool {
	dated, width := datedColumns(all)
	return len(dated) > 0 && width > 1
}

func (s *sheet) notes(given bool) []string {
	name := map[byte]string{',': "commas", ';': "semicolons", '\t': "tabs", '|': "bars"}[s.delimiter]
	notes := []string{fmt.Sprintf("%d columns divided by %s", len(s.header), name)}
	if given {
		notes[0] += ", as told"
	}
	if s.preamble > 0 {
		notes = append(notes, fmt.Sprintf("%d lines before the table are not part of it", s.preamble))
	}
	if !s.named {
		notes = append(notes, "no line with names of columns")
	}
	return notes
}

// maxSheet bounds the cells of a table, each line counted as two more: ten years
// of five minutes in six columns.
const maxSheet = 1 << 23

// cutLines cuts a text into cells; lines without any are left out. open is the
// first line in which a quote stays open, 0 if there is none; whole is false if
// there are too many cells.
func cutLines(text string, delimiter byte) (all []sheetRow, open int, whole bool) {
	n := 0
	for line := 1; text != ""; line++ {
		var row string
		row, text, _ = strings.Cut(text, "\n")
		if row = strings.TrimRight(row, "\r "); row == "" {
			continue
		}
		cells, closed := splitCells(row, delimiter, nil)
		if !closed && open == 0 {
			open = line
		}
		all = append(all, sheetRow{line, cells})
		if n += len(cells) + 2; n > maxSheet {
			return all, open, false
		}
	}
	return all, open, true
}

// cutSheet finds the table. Its times are counts if no column holds dates, or if
// the hint of the time names a column of counts beside one.
func cutSheet(text string, delimiter byte, h *Hints, isCounted bool) (*sheet, []string, error) {
	all, open, whole := cutLines(text, delimiter)
	if !whole {
		return nil, nil, fmt.Errorf("a table of unknown make has more than %d cells", maxSheet)
	}
	var counts []string
	if isCounted || h.Time != "" {
		found, err := findCounted(all, h)
		if isCounted && err != nil {
			return nil, nil, err
		}
		for _, k := range found {
			if isCounted || k.why == asTold {
				counts = append(counts, k.asDates(all))
			}
		}
	}
	dated, width := datedColumns(all)
	switch {
	case len(dated) == 0:
		return nil, nil, errors.New("no column holds dates in most of the lines")
	case open > 0:
		return nil, nil, fmt.Errorf("line %d: expected every quote to be closed, and a delimiter after it", open)
	}
	s, err := tableOf(all, dated, width, delimiter)
	if err != nil {
		return nil, nil, err
	}
	s.counted = len(counts) > 0
	return s, append(s.notes(h.Delimiter != ""), counts...), nil
}

// datedColumns returns the columns that hold a date in at least half of all
// lines, as many as in the column that has most, and the commonest number of
// cells of such lines.
func datedColumns(all []sheetRow) (dated []int, width int) {
	var counts []int
	for _, r := range all {
		for c, cell := range r.cells {
			if c == len(counts) {
				counts = append(counts, 0)
			}
			if w, ok := scanStamp(cell); ok && w.hasDate {
				counts[c]++
			}
		}
	}
	most := 0
	for _, n := range counts {
		most = max(most, n)
	}
	if 2*most < len(all) || most == 0 {
		return nil, 0
	}
	for c, n := range counts {
		if n >= most-most/20 {
			dated = append(dated, c)
		}
	}
	widths := map[int]int{}
	for _, r := range all {
		if isDated(r, dated) {
			widths[len(r.cells)]++
		}
	}
	for w, n := range widths {
		if n > widths[width] || n == widths[width] && w > width {
			width = w
		}
	}
	return dated, width
}

func isDated(r sheetRow, dated []int) bool {
	for _, c := range dated {
		if c >= len(r.cells) {
			return false
		}
		if w, ok := scanStamp(r.cells[c]); !ok || !w.hasDate {
			return false
		}
	}
	return true
}

// tableOf takes the rows from the first that has its dates and its width, and
// the line before it as the header. Whatever is not such a row after that is
// refused: it may be a sum, or another table.
func tableOf(all []sheetRow, dated []int, width int, delimiter byte) (*sheet, error) {
	first := slices.IndexFunc(all, func(r sheetRow) bool { return len(r.cells) == width && isDated(r, dated) })
	s := &sheet{delimiter: delimiter, rows: all[first:], dated: dated, header: make([]string, width), preamble: first}
	if first > 0 && isHeader(all[first-1].cells, width) {
		copy(s.header, all[first-1].cells)
		s.named, s.preamble = true, first-1
	}
	for _, r := range all[:s.preamble] {
		if line := strings.Join(r.cells, string(delimiter)); isReadings(line) {
			return nil, lineError(r.line, fmt.Sprintf("no readings before the table of line %d", s.rows[0].line), line)
		}
	}
	for i, r := range s.rows {
		cells := r.cells
		for len(cells) > width && cells[len(cells)-1] == "" { // a delimiter at the end of the line
			cells = cells[:len(cells)-1]
		}
		if len(cells) != width {
			return nil, lineError(r.line, fmt.Sprintf("%d cells, as in line %d", width, s.rows[0].line), strings.Join(r.cells, string(delimiter)))
		}
		if !isDated(r, dated) {
			return nil, lineError(r.line, "a date as in the rows before", strings.Join(r.cells, string(delimiter)))
		}
		s.rows[i].cells = cells
	}
	return s, nil
}

// isHeader reports whether cells are names: as many as the table is wide, or
// one less where rows end with a delimiter, and hardly a number among them.
func isHeader(cells []string, width int) bool {
	if len(cells) != width && len(cells) != width-1 {
		return false
	}
	names := 0
	for _, c := range cells {
		if c == "" {
			continue
		}
		if _, ok := parseEnergy(strings.Replace(strings.TrimPrefix(c, "-"), ",", ".", 1), 0); ok {
			return false
		}
		if w, ok := scanStamp(c); ok && w.hasDate {
			return false
		}
		names++
	}
	return names > 0
}

// name is a column as it is called in notes and errors.
func (s *sheet) name(c int) string {
	if s.header[c] != "" {
		return fmt.Sprintf("%q", s.header[c])
	}
	return fmt.Sprintf("column %d", c+1)
}

// column returns the column of a name, or of a number. A name that stands twice
// is not enough.
func (s *sheet) column(name string) (int, error) {
	found := none
	for c, title := range s.header {
		switch {
		case fmt.Sprint(c+1) == name:
			return c, nil
		case title == "" || !strings.EqualFold(title, name):
		case found != none:
			return 0, fmt.Errorf("columns %d and %d are both called %q: say the number", found+1, c+1, title)
		default:
			found = c
		}
	}
	if found != none {
		return found, nil
	}
	names := make([]string, len(s.header))
	for c := range names {
		names[c] = s.name(c)
	}
	return 0, fmt.Errorf("column %q is not in the file, which has %s", name, strings.Join(names, ", "))
}
