package source

import (
	"fmt"
	"slices"
	"time"

	"hushwatt/meter/slots"
)

// row is one line of a file: a start and, per channel, a reading.
type row struct {
	line  int
	at    int64 // start of the interval: an instant, or what the clock on the wall showed as if it were UTC
	until int64 // where the row is longer than a slot, its end, an instant; else 0
	value [2]reading
	meter string // the meter's name, where a register's levels have one

	only int // 0 for all channels of the feed, else 1 + the channel that the row is about
}

// absent reports whether no channel of the row has a reading.
func (r *row) absent() bool {
	for c, v := range r.value {
		if (r.only == 0 || r.only == c+1) && v.status != Missing {
			return false
		}
	}
	return true
}

// layout says what the rows of a feed mean.
type layout struct {
	step   int            // seconds of an interval; 0 to work it out from the rows
	zone   *time.Location // set where stamps carry no offset: row.at is the wall clock's
	ends   bool           // stamps mark the end of the interval
	twins  bool           // rows of the repeated hour come as pairs of equal stamps, first pass first
	levels bool           // readings are those of a register that only counts up
	digits int            // of such a register in kWh, before the point; 0 if not known
	power  bool           // readings are mean power: W and kW stand where Wh and kWh do
	zeros  bool           // a register of zeros throughout is none
	later  bool           // a row takes the place of an earlier one of the same slot
}

// feed takes the rows of one register, or of the two registers that share rows.
type feed struct {
	layout
	t        *table
	point    *point
	register string
	channels int  // bits
	widened  bool // export is in no row: it is what import has of negative energy

	clock    *wallClock
	levelOf  [2]*levels
	waiting  []row // until the length of a slot is known
	learnt   bool
	grids    [2]*grid
	repeats  [2]int // rows left out because the same stamp came with the same value before
	replaces [2]int // readings that later rows took the place of
	skips    [2]int // rows left out because they have no reading and are not on the grid
	spread   int    // slots that got an even part of a longer row
}

// mostWaiting is how many rows settle the length of a slot.
const mostWaiting = 1 << 13

func newFeed(t *table, p *point, register string, channels int, l layout) *feed {
	f := &feed{layout: l, t: t, point: p, register: register, channels: channels, learnt: l.step > 0}
	if channels == 1<<Import && t.o.choice("negative") == "export" {
		channels, f.widened = 1<<Import|1<<Export, true
	}
	if l.zone != nil {
		f.clock = &wallClock{zone: l.zone, ends: l.ends, twins: l.twins, o: t.o, p: p, emit: f.instant}
	}
	for c := range f.grids {
		if channels>>c&1 == 1 {
			f.grids[c] = &grid{step: l.step}
			f.levelOf[c] = &levels{feed: f, channel: c}
		}
	}
	return f
}

// add takes the next row of the file.
func (f *feed) add(r row) error {
	if f == nil {
		return nil
	}
	f.tidy(&r)
	if f.clock != nil {
		return f.clock.add(r)
	}
	return f.instant(r)
}

// tidy makes negative energy energy of the other direction, and empties the
// channels that the feed does not have.
func (f *feed) tidy(r *row) {
	in, out := &r.value[Import], &r.value[Export]
	if f.widened {
		*out = reading{status: in.status}
	}
	if in.negative {
		out.wh = out.wh.add(in.wh)
		*in = reading{status: in.status}
	}
	out.negative = false // a negative reading of export is export written with its sign
	for c := range r.value {
		if f.grids[c] == nil {
			r.value[c] = reading{status: Missing}
		}
	}
}

// instant takes a row whose stamp is an instant.
func (f *feed) instant(r row) error {
	if !f.levels {
		return f.wait(r)
	}
	for c, l := range f.levelOf {
		v := r.value[c]
		if l == nil || v.status == Missing {
			continue
		}
		if err := l.add(level{r.at, r.line, v.wh, v.status, r.meter}); err != nil {
			return err
		}
	}
	return nil
}

// wait keeps the first rows back until they tell how long a slot is.
func (f *feed) wait(r row) error {
	if f.learnt {
		return f.place(r)
	}
	f.waiting = append(f.waiting, r)
	if len(f.waiting) < mostWaiting {
		return nil
	}
	return f.learn()
}

// learn takes the commonest distance between neighbouring rows where the format
// does not say how long a slot is: a stray row then stands off the grid and is
// refused, instead of making every other slot missing.
func (f *feed) learn() error {
	if f.learnt {
		return nil
	}
	rows := f.waiting
	f.waiting, f.learnt = nil, true
	if len(rows) == 0 {
		return nil
	}
	best := commonest(rows)
	if best == 0 {
		return fmt.Errorf("a slot's length cannot be told from a single row")
	}
	f.step = int(min(best, 2*secondsPerDay))
	if !slots.ValidStep(f.step) {
		return fmt.Errorf("rows are %s apart: 60, 30, 15, 10 or 5 minutes can be sealed", slots.Minutes(f.step))
	}
	for _, c := range f.grids {
		if c != nil {
			c.step = f.step
		}
	}
	for _, r := range rows {
		if err := f.place(r); err != nil {
			return err
		}
	}
	return nil
}

// commonest returns the commonest length of rows, the shortest of several, 0 if
// there is none.
func commonest(rows []row) int64 {
	seen := map[int64]int{}
	var starts []int64
	for _, r := range rows {
		if r.until != 0 {
			seen[r.until-r.at]++
		} else {
			starts = append(starts, r.at)
		}
	}
	slices.Sort(starts)
	for i := 1; i < len(starts); i++ {
		if d := starts[i] - starts[i-1]; d > 0 {
			seen[d]++
		}
	}
	best := int64(0)
	for d, n := range seen {
		if n > seen[best] || n == seen[best] && d < best {
			best = d
		}
	}
	return best
}

// place lays a row on the grid.
func (f *feed) place(r row) error {
	step := int64(f.step)
	if f.ends {
		r.at -= step
	}
	if r.until == 0 {
		r.until = r.at + step
	}
	if r.at%step != 0 || r.until%step != 0 {
		return f.offGrid(r)
	}
	if r.at < 0 || (r.until-1)/secondsPerDay > maxDay {
		return lineError(r.line, "a date from 1970 to 2149", slots.Stamp(r.at))
	}
	for c, g := range f.grids {
		if g == nil || r.only != 0 && r.only != c+1 {
			continue
		}
		if err := f.fill(c, r, r.value[c]); err != nil {
			return err
		}
	}
	return nil
}

func (f *feed) offGrid(r row) error {
	if !r.absent() {
		return lineError(r.line, "a start on the UTC grid of "+slots.Minutes(f.step), slots.Stamp(r.at))
	}
	for c := range f.skips {
		f.skips[c]++
	}
	return nil
}

// fill puts a reading into the slots of its row.
func (f *feed) fill(channel int, r row, v reading) error {
	n := (r.until - r.at) / int64(f.step)
	if n <= 0 || n > maxDays*secondsPerDay/int64(f.step) {
		return lineError(r.line, "an interval that ends after its start", slots.Stamp(r.at)+" to "+slots.Stamp(r.until))
	}
	if f.power && r.until-r.at > 3600 {
		return lineError(r.line, "mean power over an hour at most", slots.Stamp(r.at)+" to "+slots.Stamp(r.until))
	}
	if f.power {
		v.wh = v.wh.times(uint64(r.until-r.at), 3600)
	}
	if n > 1 {
		if f.t.spread += int(n); f.t.spread > maxCells/2 {
			return lineError(r.line, "fewer long intervals over one another", slots.Stamp(r.at)+" to "+slots.Stamp(r.until))
		}
	}
	if n > 1 && v.status != Missing {
		f.spread += int(n)
		v.status = Estimated
	}
	each, rest := v.wh.whole/n, v.wh.whole%n
	for i := range n {
		part := v
		if n > 1 {
			part.wh.whole = each + rest*(i+1)/n - rest*i/n
			if i < n-1 {
				part.wh.part = 0
			}
		}
		if err := f.put(channel, r.line, r.at+i*int64(f.step), part); err != nil {
			return err
		}
	}
	return nil
}

// put lays a reading into a slot.
func (f *feed) put(channel, line int, at int64, v reading) error {
	c := f.grids[channel]
	if v.wh.whole > slots.MaxWh {
		return lineError(line, fmt.Sprintf("at most %d Wh in a slot", slots.MaxWh), v.wh.String())
	}
	if err := f.room(c, line, at); err != nil {
		return err
	}
	switch c.put(at, v, f.later) {
	case same:
		f.repeats[channel]++
	case replaced:
		f.replaces[channel]++
	case other:
		return lineError(line, fmt.Sprintf("the reading of %s again (%s)", slots.Stamp(at), shown(c.at(at))), shown(v))
	}
	return nil
}

// room checks that a grid may grow to hold a slot.
func (f *feed) room(c *grid, line int, at int64) error {
	first, last := c.days(at)
	grown := int(last-first)*(secondsPerDay/c.step) - len(c.wh)
	switch {
	case grown == 0:
		return nil
	case last-first > maxDays:
		return lineError(line, "no more than twenty years in one file", slots.Stamp(at))
	case !f.t.room(grown):
		return lineError(line, "fewer slots without a row between dates that lie so far apart", slots.Stamp(at))
	}
	f.t.cells += grown
	return nil
}

// shown prints a reading in an error.
func shown(v reading) string {
	if v.status == Missing {
		return "none"
	}
	return v.wh.String() + " Wh"
}

// finish settles what waits for more rows.
func (f *feed) finish() error {
	if f.clock != nil {
		if err := f.clock.settle(0, false); err != nil {
			return err
		}
	}
	return f.learn()
}
