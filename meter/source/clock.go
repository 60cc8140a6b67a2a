package source

import (
	"fmt"
	"slices"
	"time"

	"hushwatt/meter/slots"
)

// A wallClock turns what a clock on the wall showed into instants. Rows pass
// straight through it except near a change of the clock:
//
//   - The hour that clocks repeat is settled as a whole, once the rows on both
//     sides are known: the rows go through that hour twice, forwards or backwards,
//     and the one place where the clock jumps parts the two passes. If it stands
//     only once, nobody can tell which of the two it is, and the user is asked.
//   - The hour that clocks skip has no rows. If it has, the user is asked.
type wallClock struct {
	zone  *time.Location
	ends  bool // stamps mark the end of an interval
	twins bool // rows of the repeated hour come as pairs of equal stamps, first pass first
	o     *Options
	p     *point // told what was found
	emit  func(row) error

	offset, from, to int64 // the clock's offset from UTC within (from, to)

	before int64 // the last settled instant
	any    bool  // there is one
	group  []wallRow
	turn   int64          // when the clock was put back, of the group at hand
	closed map[int64]bool // turns whose group is settled
}

// wallRow is a row of a repeated hour with the two instants that it may mean.
type wallRow struct {
	row
	wall int64
	at   [2]int64
}

// mostRepeated bounds the rows of one repeated hour: a row every second.
const mostRepeated = 2 * 3600

// add takes a row whose at is a reading of the clock, in seconds as if it were UTC.
func (c *wallClock) add(r row) error {
	wall := r.at
	if at := wall - c.offset; at > c.from && at < c.to {
		return c.certain(r, at)
	}
	at := instants(c.zone, wall)
	switch len(at) {
	case 0:
		return c.skipped(r)
	case 2:
		return c.repeated(wallRow{r, wall, [2]int64{at[0], at[1]}})
	}
	c.remember(at[0])
	return c.certain(r, at[0])
}

// certain takes a row of which the instant is plain.
func (c *wallClock) certain(r row, at int64) error {
	if err := c.settle(at, true); err != nil {
		return err
	}
	return c.pass(r, at)
}

// remember keeps the stretch around an instant in which the clock's offset stays
// what it is, so that few rows have to ask the zone. A day is left at either end.
func (c *wallClock) remember(at int64) {
	t := time.Unix(at, 0).In(c.zone)
	_, offset := t.Zone()
	c.offset = int64(offset)
	start, end := t.ZoneBounds()
	if c.from = -1 << 62; !start.IsZero() {
		c.from = start.Unix() + secondsPerDay
	}
	if c.to = 1 << 62; !end.IsZero() {
		c.to = end.Unix() - secondsPerDay
	}
}

// pass hands a row on at its instant.
func (c *wallClock) pass(r row, at int64) error {
	c.before, c.any = at, true
	r.at = at
	return c.emit(r)
}

// instants returns, in order, when the zone's clock shows wall: once, twice in the
// hour that is repeated, never in the one that is skipped.
func instants(zone *time.Location, wall int64) []int64 {
	var found []int64
	// Offsets within a day on either side are all that can apply.
	for _, day := range []int64{-secondsPerDay, secondsPerDay} {
		_, offset := time.Unix(wall+day, 0).In(zone).Zone()
		at := wall - int64(offset)
		if _, then := time.Unix(at, 0).In(zone).Zone(); then == offset && !slices.Contains(found, at) {
			found = append(found, at)
		}
	}
	slices.Sort(found)
	return found
}

// change returns when, within [from, to], the zone's clock is changed.
func change(zone *time.Location, from, to int64) int64 {
	_, old := time.Unix(from, 0).In(zone).Zone()
	for from+1 < to {
		mid := from + (to-from)/2
		if _, offset := time.Unix(mid, 0).In(zone).Zone(); offset == old {
			from = mid
		} else {
			to = mid
		}
	}
	return to
}

// skipped handles a row in an hour that does not exist.
func (c *wallClock) skipped(r row) error {
	if r.absent() {
		return nil // nothing is there, as it should be
	}
	wall := r.at
	_, old := time.Unix(wall-secondsPerDay, 0).In(c.zone).Zone()
	late := wall - int64(old) // what a clock shows that is put forward late
	turn := change(c.zone, wall-secondsPerDay, wall+secondsPerDay)
	if c.ends && late == turn {
		return c.pass(r, turn) // the end of the last interval before the change
	}
	switch c.o.choice("filled-hour") {
	case "drop":
		c.p.drop(filledHour, turn, r)
		return nil
	case "shift":
		c.p.clock(filledHour, turn)
		return c.pass(r, late)
	}
	return ask(r.line, "filled-hour", fmt.Sprintf(
		"expected a time that exists in %s, found %q, in the hour that clocks skip (or the file keeps another clock: name its zone)",
		c.zone, wallText(wall)))
}

// repeated collects the rows of a repeated hour.
func (c *wallClock) repeated(r wallRow) error {
	turn := change(c.zone, r.at[0], r.at[1])
	if len(c.group) > 0 && turn != c.turn {
		if err := c.settle(r.at[0], true); err != nil {
			return err
		}
	}
	if c.closed[turn] || len(c.group) == mostRepeated {
		return lineError(r.line, "rows in order of time around the hour that clocks repeated", wallText(r.wall))
	}
	c.turn = turn
	c.group = append(c.group, r)
	return nil
}

// settle decides the group at hand. after is the instant of the row that comes
// next, if there is one.
func (c *wallClock) settle(after int64, more bool) error {
	if len(c.group) == 0 {
		return nil
	}
	group := c.group
	c.group = nil
	if c.closed == nil {
		c.closed = map[int64]bool{}
	}
	c.closed[c.turn] = true
	if c.backwards(group, after, more) {
		slices.Reverse(group)
	}
	passes, jumps := c.passes(group)
	switch {
	case jumps > 1:
		return lineError(group[0].line, "rows in order of time around the hour that clocks repeated", wallText(group[0].wall))
	case jumps == 0:
		return c.lost(group)
	}
	c.p.clock(repeatedHour, c.turn)
	for i, r := range group {
		if err := c.pass(r.row, r.at[passes[i]]); err != nil {
			return err
		}
	}
	return nil
}

// backwards reports whether the file runs against time at the group.
func (c *wallClock) backwards(group []wallRow, after int64, more bool) bool {
	if c.any && max(c.before-group[0].at[0], group[0].at[0]-c.before) < secondsPerDay {
		return c.before > group[0].at[0]
	}
	return more && after < group[0].at[0]
}

// passes says of each row of a group, which is in order of time, in which of the
// two passes it is, and how often the clock went back.
func (c *wallClock) passes(group []wallRow) (pass []int, jumps int) {
	if c.twins {
		return paired(group)
	}
	pass = make([]int, len(group))
	for i := 1; i < len(group); i++ {
		if group[i].wall <= group[i-1].wall {
			jumps++
		}
		pass[i] = min(jumps, 1)
	}
	return pass, jumps
}

// paired says the same of rows that come as pairs. Beside a pair, a row alone does
// not say in which of the two passes it is.
func paired(group []wallRow) (pass []int, jumps int) {
	pass = make([]int, len(group))
	alone := 0
	for i := 0; i < len(group); i++ {
		if i > 0 && group[i].wall <= group[i-1].wall {
			return pass, 2
		}
		if i+1 < len(group) && group[i+1].wall == group[i].wall {
			i++
			pass[i], jumps = 1, 1
		} else {
			alone++
		}
	}
	if alone > 0 && jumps > 0 {
		return pass, 2
	}
	return pass, jumps
}

// lost handles a repeated hour that stands only once.
func (c *wallClock) lost(group []wallRow) error {
	way := c.o.choice("lost-hour")
	if way == "" {
		return ask(group[0].line, "lost-hour", fmt.Sprintf("the hour that clocks in %s repeated at %s stands only once in the file, at %s",
			c.zone, slots.Stamp(c.turn), wallText(group[0].wall)))
	}
	c.p.clock(lostHour, c.turn)
	for _, r := range group {
		var err error
		switch way {
		case "first":
			err = c.pass(r.row, r.at[0])
		case "second":
			err = c.pass(r.row, r.at[1])
		case "both":
			err = c.halves(r)
		default:
			c.p.drop(lostHour, c.turn, r.row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// halves lays a row into both hours that it may mean.
func (c *wallClock) halves(r wallRow) error {
	rest := r.row
	for ch := range r.value {
		v, w := &r.value[ch], &rest.value[ch]
		if v.status == Missing {
			continue
		}
		v.wh = v.wh.times(1, 2)
		w.wh = w.wh.sub(v.wh)
		v.status, w.status = Estimated, Estimated
	}
	if err := c.pass(r.row, r.at[0]); err != nil {
		return err
	}
	return c.pass(rest, r.at[1])
}

// wallText prints a reading of a clock.
func wallText(wall int64) string { return time.Unix(wall, 0).UTC().Format("2006-01-02 15:04:05") }
