package source

import (
	"fmt"
	"slices"
	"strings"
)

// valuing is where a sheet has its readings and how they are written.
type valuing struct {
	columns  [2][]int // of import and export; several are added up
	comma    bool
	unit     string
	register bool
}

// Words of headers, in the languages seen. Case aside they must match whole.
var (
	importWords = words("import imported consumption consumed usage used use offtake verbruik afname bezug verbrauch consumo prelievo prelievi consommation reading value energy delivered withdrawal")
	exportWords = words("export exported injection injectie teruglevering returned return generation generated production produced feed feedin immissione immissioni einspeisung sold surplus solar pv")
	otherWords  = words("cost costs price rate charge charges amount tariff bill total_cost gas water temperature m3 m³ therms percent carbon id number no nmi mprn mpan ean serial meter account device code gbp eur usd pence cents kvarh kvar kvah kva var voltage current")
)

// findValues settles columns, decimals, unit and kind of the readings.
func (s *sheet) findValues(h *Hints, t *timing) (v valuing, notes []string, err error) {
	if err := s.findColumns(h, t, &v); err != nil {
		return v, nil, err
	}
	all := append(slices.Clone(v.columns[Import]), v.columns[Export]...)
	notes = append(notes, "import is "+s.names(v.columns[Import]))
	if len(v.columns[Export]) > 0 {
		notes = append(notes, "export is "+s.names(v.columns[Export]))
	}
	if left := s.left(t, all); len(left) > 0 {
		notes = append(notes, "not read: "+s.names(left))
	}
	var why string
	if v.comma, why, err = s.findDecimal(h.Decimal, all); err != nil {
		return v, nil, err
	}
	if why != "" {
		notes = append(notes, why)
	}
	if v.unit, why, err = s.findUnit(h.Unit, all); err != nil {
		return v, nil, err
	}
	notes = append(notes, "unit "+v.unit+": "+why)
	if v.register, why, err = s.findKind(h.Kind, &v, t); err != nil {
		return v, nil, err
	}
	return v, append(notes, why), nil
}

// findColumns chooses the columns of readings.
func (s *sheet) findColumns(h *Hints, t *timing, v *valuing) (err error) {
	for c, given := range [2]string{h.Import, h.Export} {
		if given == "" || c == Export && given == "none" {
			continue
		}
		if v.columns[c], err = s.givenColumns(given, t); err != nil {
			return err
		}
	}
	numbers := s.numberColumns(t)
	if len(v.columns[Import]) == 0 {
		found := s.choose(numbers, importWords, exportWords, v.columns[Export])
		if len(found) == 0 && len(numbers) == 1 && len(v.columns[Export]) == 0 && !s.named {
			found = numbers
		}
		switch len(found) {
		case 0:
			return &HintError{0, "import", "no column of numbers is called anything like import, consumption or usage", s.hints(numbers), "say import=, of " + s.names(numbers)}
		case 1:
			v.columns[Import] = found
		default:
			return &HintError{0, "import", "several columns may be the import", s.hints(found), "say import=, one of " + s.names(found) + ", or several joined by +"}
		}
	}
	if h.Export != "" {
		return nil
	}
	switch found := s.choose(numbers, exportWords, nil, v.columns[Import]); len(found) {
	case 0:
	case 1:
		v.columns[Export] = found
	default:
		return &HintError{0, "export", "several columns may be the export", append(s.hints(found), "none"), "say export=, one of " + s.names(found) + ", several joined by +, or none"}
	}
	return nil
}

func (s *sheet) givenColumns(given string, t *timing) (columns []int, err error) {
	names := strings.Split(given, "+")
	if _, err := s.column(given); err == nil {
		names = []string{given} // a title may hold a plus: A+ is import by its OBIS name
	}
	for _, name := range names {
		c, err := s.column(strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		if slices.Contains(columns, c) || t.uses(c) {
			return nil, fmt.Errorf("column %s is used twice", s.name(c))
		}
		columns = append(columns, c)
	}
	return columns, nil
}

func (t *timing) uses(c int) bool {
	return slices.Contains([]int{t.from.date, t.from.time, t.until.date, t.until.time}, c)
}

// numberColumns returns the columns that hold nothing but numbers and gaps, and
// are not called money, gas or the number of a meter.
func (s *sheet) numberColumns(t *timing) (found []int) {
	for c := range s.header {
		some, all := false, true
		for _, r := range s.rows {
			if isGap(r.cells[c]) {
				continue
			}
			if all = isNumber(r.cells[c]); !all {
				break
			}
			some = true
		}
		if some && all && !t.uses(c) && !hasWord(s.header[c], otherWords) {
			found = append(found, c)
		}
	}
	return found
}

// choose returns the columns that have one of the wanted words or, where no
// other word says otherwise, a unit of energy or power in their names.
func (s *sheet) choose(columns []int, wanted, unwanted map[string]bool, taken []int) (found []int) {
	for _, c := range columns {
		name := s.header[c]
		fits := hasWord(name, wanted) || unwanted != nil && unitIn(name) != ""
		if fits && !hasWord(name, unwanted) && !slices.Contains(taken, c) {
			found = append(found, c)
		}
	}
	return found
}

// left returns the columns that are neither times nor readings.
func (s *sheet) left(t *timing, taken []int) (left []int) {
	for c := range s.header {
		if !t.uses(c) && !slices.Contains(taken, c) {
			left = append(left, c)
		}
	}
	return left
}

func isGap(s string) bool { return s == "" || s == "-" || strings.EqualFold(s, "null") }

// isNumber reports whether s is a number with a point, a comma or neither.
func isNumber(s string) bool {
	_, ok := parseEnergy(strings.Replace(strings.TrimPrefix(s, "-"), ",", ".", 1), 0)
	return ok
}

// findDecimal tells a decimal comma from a decimal point over the whole file. A
// sign that is always followed by three digits, and never by a leading zero,
// may divide thousands.
func (s *sheet) findDecimal(given string, columns []int) (comma bool, why string, err error) {
	if given != "" {
		return given == "comma", "decimal " + given + ", as told", nil
	}
	var seen [2]*sheetRow // a row with a point, with a comma
	var cell [2]string
	plain := false // the sign cannot divide thousands
	for i, r := range s.rows {
		for _, c := range columns {
			at := strings.IndexAny(r.cells[c], ".,")
			if at < 0 || isGap(r.cells[c]) {
				continue
			}
			k := strings.IndexByte(".,", r.cells[c][at])
			if seen[k] == nil {
				seen[k], cell[k] = &s.rows[i], r.cells[c]
			}
			number := strings.TrimPrefix(r.cells[c], "-")
			plain = plain || strings.HasPrefix(number, "0") || len(r.cells[c])-at != 4 || len(number)-4 > 3
		}
	}
	switch {
	case seen[0] != nil && seen[1] != nil:
		return false, "", fmt.Errorf("line %d: %q and, in line %d, %q: one of point and comma must divide thousands, which is not read",
			seen[1].line, cell[1], seen[0].line, cell[0])
	case seen[0] == nil && seen[1] == nil:
		return false, "", nil
	case !plain && (seen[1] != nil || s.delimiter != ','):
		k := 0
		if seen[1] != nil {
			k = 1
		}
		return false, "", &HintError{seen[k].line, "decimal", fmt.Sprintf("%q may have decimals or thousands, and no value of the file tells", cell[k]),
			hintValues["decimal"], "say decimal=point or decimal=comma"}
	case seen[1] != nil:
		return true, fmt.Sprintf("decimal comma: %q in line %d", cell[1], seen[1].line), nil
	}
	return false, fmt.Sprintf("decimal point: %q in line %d", cell[0], seen[0].line), nil
}

// unitIn finds a unit in a name; milliwatt-hours are no unit of ours, so that
// MWh must be written so.
func unitIn(name string) string {
	for _, w := range strings.FieldsFunc(name, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') }) {
		for _, unit := range hintValues["unit"] {
			if w == unit || unit != "MWh" && strings.EqualFold(w, unit) {
				return unit
			}
		}
	}
	return ""
}

// findUnit takes the unit from the names of the columns or from a column of its
// own; it must be one for all.
func (s *sheet) findUnit(given string, columns []int) (unit, why string, err error) {
	if given != "" {
		return given, "as told", nil
	}
	for i, c := range columns {
		u := unitIn(s.header[c])
		if i > 0 && u != unit {
			return "", "", &HintError{0, "unit", s.name(columns[0]) + " and " + s.name(c) + " do not say one unit", hintValues["unit"], "say unit=, or choose columns"}
		}
		unit = u
	}
	if unit != "" {
		return unit, "in the name " + s.name(columns[0]), nil
	}
	for c := range s.header {
		u := unitIn(s.rows[0].cells[c])
		if u == "" || len(u) != len(s.rows[0].cells[c]) {
			continue
		}
		for _, r := range s.rows {
			if unitIn(r.cells[c]) != u {
				return "", "", lineError(r.line, "the unit "+u+" as in the rows before", r.cells[c])
			}
		}
		if unit != "" && unit != u {
			return "", "", &HintError{0, "unit", s.name(c) + " and another column say different units", hintValues["unit"], "say unit="}
		}
		unit, why = u, "in "+s.name(c)
	}
	if unit == "" {
		return "", "", &HintError{0, "unit", "nothing tells the unit of " + s.name(columns[0]), hintValues["unit"], "say unit=kWh, Wh, MWh, kW or W"}
	}
	return unit, why, nil
}

// sureOf is how many rises without a fall make a register: a home's use would
// fall sooner, and solar power within the day.
const sureOf = 48

// findKind tells readings of a counter from amounts of energy: a counter never
// falls in time order but when it is replaced, use falls half of the time.
func (s *sheet) findKind(given string, v *valuing, t *timing) (register bool, why string, err error) {
	if given != "" {
		return given == "register", "values are of kind " + given + ", as told", nil
	}
	rises, falls, err := s.changes(v, t)
	switch {
	case err != nil:
		return false, "", err
	case falls == 0 && rises == 0:
		return false, "values are amounts per interval: they never change", nil
	case falls == 0 && rises >= sureOf:
		return true, fmt.Sprintf("values are readings of a register: they rise %d times and never fall", rises), nil
	case falls*10 >= rises && falls > 2:
		return false, fmt.Sprintf("values are amounts per interval: they rise %d times and fall %d times", rises, falls), nil
	}
	return false, "", &HintError{0, "kind", fmt.Sprintf("values rise %d times and fall %d times, so nothing tells amounts from readings of a register", rises, falls),
		hintValues["kind"], "say kind=interval or kind=register"}
}

// changes counts rises and falls of the first import column from earlier to
// later rows, whichever way the file runs. Between rows less than two hours
// apart the file's own direction counts, because a clock may have been put back.
func (s *sheet) changes(v *valuing, t *timing) (rises, falls int, err error) {
	const putBack = 2 * 3600
	c := v.columns[Import][0]
	firstAt, _ := t.wall(s.rows[0], t.from)
	lastAt, _ := t.wall(s.rows[len(s.rows)-1], t.from)
	var before energy
	var at, beforeAt int64
	seen := false
	for _, r := range s.rows {
		if isGap(r.cells[c]) {
			continue
		}
		value, negative, ok := v.number(r.cells[c])
		if !ok {
			return 0, 0, lineError(r.line, "a number in "+s.name(c), r.cells[c])
		}
		if negative {
			falls++ // no register is negative
			continue
		}
		if at, ok = t.wall(r, t.from); !ok {
			return 0, 0, t.notATime(r, t.from)
		}
		if seen && value != before {
			forwards := at >= beforeAt
			if max(at-beforeAt, beforeAt-at) < putBack {
				forwards = lastAt >= firstAt
			}
			if before.less(value) == forwards {
				rises++
			} else {
				falls++
			}
		}
		before, beforeAt, seen = value, at, true
	}
	return rises, falls, nil
}

// number reads a cell as a plain number.
func (v *valuing) number(cell string) (e energy, negative, ok bool) {
	cell, negative = strings.CutPrefix(cell, "-")
	if v.comma {
		if strings.Contains(cell, ".") {
			return e, negative, false
		}
		cell = strings.Replace(cell, ",", ".", 1)
	}
	e, ok = parseEnergy(cell, 0)
	return e, negative, ok
}
