package source

import (
	"errors"
	"fmt"
	"slices"
)

// table is a file's rows before they are laid on the grid.
type table struct {
	zone     string // for File.Zone
	point    string
	step     int // seconds; 0 to work it out from the rows
	channels int // 1, or 2 with export
	rows     []row
}

// row is one line: a start and, per channel, a reading.
type row struct {
	at    int64 // Unix seconds
	line  int
	value [2]reading
}

// reading is one cell. A missing one holds no energy.
type reading struct {
	wh     energy
	status Status
}

// absent reports whether no channel of the row has a reading.
func (t *table) absent(r *row) bool {
	for _, v := range r.value[:t.channels] {
		if v.status != Missing {
			return false
		}
	}
	return true
}

const (
	maxDay  = 1<<16 - 1 // days are 16 bits (docs/protocol.md, section 2)
	maxDays = 20 * 366
)

// file sorts the rows, lays them on the grid of whole UTC days and turns exact
// energies into whole Wh.
func (t *table) file() (*File, error) {
	f := &File{Zone: t.zone}
	if len(t.rows) == 0 {
		return nil, errors.New("no readings")
	}
	slices.SortStableFunc(t.rows, func(a, b row) int {
		switch {
		case a.at < b.at:
			return -1
		case a.at > b.at:
			return 1
		}
		return 0
	})
	if err := t.findStep(); err != nil {
		return nil, err
	}
	if err := t.clean(f); err != nil {
		return nil, err
	}
	f.Rows = len(t.rows)
	if f.Rows == 0 {
		return nil, errors.New("no readings")
	}
	for channel := range t.channels {
		s, err := t.series(channel)
		if err != nil {
			return nil, err
		}
		f.Series = append(f.Series, s)
	}
	return f, nil
}

// findStep takes the commonest distance between neighbouring rows where the
// format does not say how long a slot is: a stray row then stands off the grid
// and is refused, instead of making every other slot missing.
func (t *table) findStep() error {
	if t.step == 0 {
		seen := map[int64]int{}
		for i := 1; i < len(t.rows); i++ {
			if d := t.rows[i].at - t.rows[i-1].at; d > 0 {
				seen[d]++
			}
		}
		best := int64(0)
		for d, n := range seen {
			if n > seen[best] || n == seen[best] && d < best {
				best = d
			}
		}
		if best == 0 {
			return errors.New("a slot's length cannot be told from a single row")
		}
		t.step = int(min(best, 2*secondsPerDay))
	}
	if !validStep(t.step) {
		return fmt.Errorf("rows are %s apart: 60, 30, 15, 10 or 5 minutes can be sealed", minutes(t.step))
	}
	return nil
}

// clean takes out repeated rows, and empty rows that are not on the grid; any
// other row that is not on the grid, or that contradicts one before, is refused.
func (t *table) clean(f *File) error {
	kept := t.rows[:0]
	for _, r := range t.rows {
		switch {
		case r.at%int64(t.step) != 0 && t.absent(&r):
			f.Skipped++
		case r.at%int64(t.step) != 0:
			return lineError(r.line, "a start on the UTC grid of "+minutes(t.step), stamp(r.at))
		case len(kept) > 0 && kept[len(kept)-1].at == r.at:
			if before := kept[len(kept)-1]; before.value != r.value {
				return lineError(r.line, fmt.Sprintf("the readings of line %d again for %s (%s)",
					before.line, stamp(r.at), t.show(&before)), t.show(&r))
			}
			f.Duplicates++
		default:
			kept = append(kept, r)
		}
	}
	t.rows = kept
	return nil
}

// show prints a row's readings in an error.
func (t *table) show(r *row) string {
	text := ""
	for i, v := range r.value[:t.channels] {
		if i > 0 {
			text += ", "
		}
		if v.status == Missing {
			text += "none"
		} else {
			text += v.wh.String() + " Wh"
		}
	}
	return text
}

// series lays one channel on the grid by the carry rule: with T the exact
// running total, a row's reading is ⌊T_i + ½⌋ − ⌊T_{i−1} + ½⌋ Wh. Rounding never
// adds up: the readings of any stretch differ from the file by less than 1 Wh.
func (t *table) series(channel int) (Series, error) {
	s, err := t.empty(channel)
	if err != nil {
		return Series{}, err
	}
	var total energy
	for _, r := range t.rows {
		v := r.value[channel]
		before := total.rounded()
		total = total.add(v.wh)
		wh := total.rounded() - before
		if wh > MaxWh {
			return Series{}, lineError(r.line, fmt.Sprintf("at most %d Wh in a slot", MaxWh), v.wh.String())
		}
		i := (r.at - s.Start) / int64(s.Step)
		s.Wh[i], s.Status[i] = uint32(wh), v.status
	}
	return s, nil
}

// empty returns the whole UTC days of the table's rows with every slot missing.
func (t *table) empty(channel int) (Series, error) {
	for _, r := range []row{t.rows[0], t.rows[len(t.rows)-1]} {
		if r.at < 0 || r.at/secondsPerDay > maxDay {
			return Series{}, lineError(r.line, "a date from 1970 to 2149", stamp(r.at))
		}
	}
	first, last := t.rows[0].at/secondsPerDay, t.rows[len(t.rows)-1].at/secondsPerDay
	if last-first >= maxDays {
		return Series{}, fmt.Errorf("rows from %s to %s: more than twenty years in one file",
			stamp(t.rows[0].at), stamp(t.rows[len(t.rows)-1].at))
	}
	n := int(last-first+1) * (secondsPerDay / t.step)
	s := Series{Point: t.point, Channel: channel, Start: first * secondsPerDay, Step: t.step,
		Wh: make([]uint32, n), Status: make([]Status, n)}
	for i := range s.Status {
		s.Status[i] = Missing
	}
	return s, nil
}
