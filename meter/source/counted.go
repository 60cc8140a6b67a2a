package source

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"hushwatt/meter/slots"
)

// Times written as counts: seconds since 1970, or their thousandths and finer, as
// programs write them, and days since 1900, as a spreadsheet does that shows a
// time as a number. Years from 2000 to 2099 alone are taken for times, of which no
// two kinds have numbers in common. Still a number may be anything: a column of
// counts needs a title that speaks of time, or rows that are whole minutes and
// mostly a slot apart. Such cells become dates as anybody writes them, and all
// that follows sees only those.

// counting is what the numbers of a column count.
type counting struct {
	name  string // for notes
	hint  string // that asks for it
	scale int64  // units of a second; 0 for days of a spreadsheet
	from  int64  // in seconds, or days, since 1970: what 0 stands for
}

var countings = []counting{
	{"seconds since 1970, of UTC", "unix", 1, 0},
	{"thousandths of a second since 1970, of UTC", "unix", 1e3, 0},
	{"millionths of a second since 1970, of UTC", "unix", 1e6, 0},
	{"billionths of a second since 1970, of UTC", "unix", 1e9, 0},
	{"days since 1900, as spreadsheets do", "excel", 0, -25569},
	{"days since 1904, as some spreadsheets do", "excel1904", 0, -24107},
}

const (
	firstCounted = 946684800  // 2000-01-01
	lastCounted  = 4102444800 // 2100-01-01
)

// read reads a cell as seconds since 1970, on the clock that counted.
func (k *counting) read(cell string) (at int64, ok bool) {
	whole, part, _ := strings.Cut(strings.Replace(cell, ",", ".", 1), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	part = strings.TrimRight(part, "0")
	switch {
	case err != nil || whole[0] == '+' || n < 0:
		return 0, false
	case k.scale > 0:
		at, ok = n/k.scale, n%k.scale == 0 && part == ""
	case n < 1e6:
		minutes, whole := minutesOf(part)
		at, ok = (n+k.from)*secondsPerDay+60*minutes, whole
	}
	return at, ok && at >= firstCounted && at < lastCounted
}

// minutesOf reads decimals of a day as minutes. They must come to a whole minute
// but for what was cut off after the last decimal and a tenth of a second; less than four
// must be exact, because they would be near to some minute whatever they are.
func minutesOf(part string) (int64, bool) {
	const most = 15
	part = part[:min(len(part), most)]
	if part == "" {
		return 0, true
	}
	n, err := strconv.ParseUint(part, 10, 64)
	if err != nil {
		return 0, false
	}
	scale := int64(1)
	for range part {
		scale *= 10
	}
	of := int64(n) * 1440
	minutes := (of + scale/2) / scale
	off := max(of-minutes*scale, minutes*scale-of)
	return minutes, off == 0 || len(part) >= 4 && off <= 1440*max(1, scale/1e6)
}

// counted is a column of counts.
type counted struct {
	column int
	kind   *counting
	row    *sheetRow // the first
	why    string    // it counts time; empty if that is open
}

// countedColumn says what a column counts; nil if half of the lines or fewer do, if
// they differ in kind, or never change.
func countedColumn(all []sheetRow, c int, h *Hints) *counted {
	var found *counted
	rows, changes, minutes := 0, 0, true
	steps, before := map[int64]int{}, int64(0)
	for i := range all {
		r := &all[i]
		if c >= len(r.cells) {
			continue
		}
		kind, at := countOf(r.cells[c], h.Count)
		switch {
		case kind == nil:
			continue
		case found == nil:
			found = &counted{column: c, kind: kind, row: r}
			if i > 0 && c < len(all[i-1].cells) && hasWord(all[i-1].cells[c], timeWords) {
				found.why = "as the column is called"
			}
		case kind != found.kind:
			return nil
		case at != before:
			changes++
			steps[max(at-before, before-at)]++
		}
		minutes = minutes && at%60 == 0
		rows, before = rows+1, at
	}
	if 2*rows <= len(all) || changes == 0 {
		return nil
	}
	if step := commonestStep(steps); found.why == "" && minutes && slots.ValidStep(step) {
		found.why = "they are mostly " + slots.Minutes(step) + " apart"
	}
	return found
}

// countOf returns what a cell counts; since 1904 only if a hint says so.
func countOf(cell, hint string) (*counting, int64) {
	if cell == "" || cell[0] < '0' || cell[0] > '9' {
		return nil, 0
	}
	for i := range countings {
		k := &countings[i]
		if hint != "" && k.hint != hint || hint == "" && k.hint == "excel1904" {
			continue
		}
		if at, ok := k.read(cell); ok {
			return k, at
		}
	}
	return nil, 0
}

// commonestStep returns the step that occurs most often, of equal ones the shortest;
// 0 if it is longer than a day.
func commonestStep(steps map[int64]int) int {
	best := int64(0)
	for d, n := range steps {
		if n > steps[best] || n == steps[best] && d < best {
			best = d
		}
	}
	if best > secondsPerDay {
		return 0
	}
	return int(best)
}

var timeWords = words("time times timestamp timestamps date dates datetime epoch unix unixtime ts when instant stamp " +
	"zeit uhrzeit zeitpunkt zeitstempel tijd tijdstip tijdstempel datum data ora orario fecha hora date heure horodatage " +
	"start begin beginning from van von dal da desde début inizio inicio anfang end ending until to till tot bis al hasta fin fine ende einde")

const asTold = "as told"

// findCounted returns the columns of counts: the one that was told, else all of
// which it is sure. If it is sure of none but some may be, it asks.
func findCounted(all []sheetRow, h *Hints) (sure []counted, err error) {
	width := 0
	for _, r := range all {
		width = max(width, len(r.cells))
	}
	if width < 2 {
		return nil, nil
	}
	var open []string
	for c := range width {
		k := countedColumn(all, c, h)
		if k == nil {
			continue
		}
		title := k.title(all)
		switch {
		case strings.EqualFold(h.Time, title) && title != "" || h.Time == fmt.Sprint(c+1):
			k.why = asTold
			return []counted{*k}, nil
		case k.why != "":
			sure = append(sure, *k)
		case title != "" && !strings.Contains(title, "+"):
			open = append(open, title)
		default:
			open = append(open, fmt.Sprint(c+1))
		}
	}
	if len(sure) == 0 && len(open) > 0 {
		err = &HintError{0, "time", "no column holds dates; numbers may be times that are counted in seconds or days", open, "say time=, of " + strings.Join(open, ", ")}
	}
	return sure, err
}

// title is what stands above the first count, if that is none itself.
func (k *counted) title(all []sheetRow) string {
	for i := range all {
		if &all[i] == k.row && i > 0 && k.column < len(all[i-1].cells) {
			return all[i-1].cells[k.column]
		}
	}
	return ""
}

// asDates writes counts as dates, and says so. Days of a spreadsheet are dates
// without a time of day if none of them has decimals.
func (k *counted) asDates(all []sheetRow) (note string) {
	layout := "2006-01-02T15:04:05Z"
	if k.kind.scale == 0 {
		layout = time.DateOnly
		for _, r := range all {
			if k.column < len(r.cells) && strings.ContainsAny(r.cells[k.column], ".,") {
				layout = time.DateTime
			}
		}
	}
	before, line := k.row.cells[k.column], k.row.line
	for _, r := range all {
		if k.column < len(r.cells) {
			if at, ok := k.kind.read(r.cells[k.column]); ok {
				r.cells[k.column] = time.Unix(at, 0).UTC().Format(layout)
			}
		}
	}
	return fmt.Sprintf("column %d counts %s (%s): %q in line %d is %s", k.column+1, k.kind.name, k.why, before, line, k.row.cells[k.column])
}
