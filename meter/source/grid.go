package source

import "slices"

// grid is one register's readings on a grid of slots: whole Wh, and what is
// left below a Wh only where a file has it. It grows at both ends by whole UTC
// days, so that it can become a Series without being copied.
type grid struct {
	step   int
	start  int64 // of cell 0, a UTC midnight; meaningless while there are no cells
	wh     []uint32
	part   []uint64 // as long as wh, in 10^-18 Wh; nil while every reading is whole
	status []Status // noRow where the file has no row

	begin, finish int // after trim: the cells that have rows lie in [begin, finish)
}

// noRow marks a slot that no row has filled. It never leaves this package.
const noRow Status = 255

// outcome says what became of a reading.
type outcome int

const (
	fresh    outcome = iota // the slot was empty
	same                    // it held the same reading
	other                   // it holds another reading and keeps it
	replaced                // it held another reading, which is gone
)

// put lays a reading of at most slots.MaxWh whole Wh into the slot that begins
// at. Where later is set it takes the place of another reading.
func (c *grid) put(at int64, v reading, later bool) outcome {
	c.reach(at)
	i := int(at-c.start) / c.step
	result := fresh
	if c.status[i] != noRow {
		switch {
		case c.cell(i) == v:
			return same
		case !later:
			return other
		}
		result = replaced
	}
	if v.wh.part != 0 && c.part == nil {
		c.part = make([]uint64, len(c.wh), cap(c.wh))
	}
	if c.part != nil {
		c.part[i] = v.wh.part
	}
	c.wh[i], c.status[i] = uint32(v.wh.whole), v.status
	return result
}

// cell returns what slot i holds; its status may be noRow.
func (c *grid) cell(i int) reading {
	v := reading{wh: energy{whole: int64(c.wh[i])}, status: c.status[i]}
	if c.part != nil {
		v.wh.part = c.part[i]
	}
	return v
}

// at returns what the slot that begins at holds.
func (c *grid) at(at int64) reading {
	i := (at - c.start) / int64(c.step)
	if at < c.start || i >= int64(len(c.wh)) {
		return reading{status: noRow}
	}
	return c.cell(int(i))
}

// end returns when the last cell ends.
func (c *grid) end() int64 { return c.start + int64(len(c.wh))*int64(c.step) }

// days returns the UTC days, [first, last), that the grid would hold with at.
func (c *grid) days(at int64) (first, last int64) {
	day := at / secondsPerDay
	if len(c.wh) == 0 {
		return day, day + 1
	}
	return min(day, c.start/secondsPerDay), max(day+1, c.end()/secondsPerDay)
}

// reach makes it cover at. In front it grows by a quarter at least, as
// append does behind: a file may run either way.
func (c *grid) reach(at int64) {
	first, last := c.days(at)
	perDay := secondsPerDay / c.step
	have := len(c.wh) / perDay
	before, after := 0, int(last-first)-have
	switch {
	case after == 0:
		return
	case have == 0:
		c.start = first * secondsPerDay
	case at < c.start:
		before, after = min(max(after, have/4), maxDays-have, int(c.start/secondsPerDay)), 0
		c.start -= int64(before) * secondsPerDay
	}
	before, after = before*perDay, after*perDay
	c.wh = grow(c.wh, before, after)
	if c.part != nil {
		c.part = grow(c.part, before, after)
	}
	c.status = grow(c.status, before, after)
	blank(c.status[:before])
	blank(c.status[len(c.status)-after:])
}

// trim cuts off the days at both ends that have no row, and says whether
// anything is left.
func (c *grid) trim() bool {
	perDay := secondsPerDay / c.step
	empty := func(day []Status) bool {
		return !slices.ContainsFunc(day, func(s Status) bool { return s != noRow })
	}
	from, to := 0, len(c.wh)
	for from < to && empty(c.status[from:from+perDay]) {
		from += perDay
	}
	for from < to && empty(c.status[to-perDay:to]) {
		to -= perDay
	}
	c.start += int64(from/perDay) * secondsPerDay
	c.wh, c.status = c.wh[from:to], c.status[from:to]
	if c.part != nil {
		c.part = c.part[from:to]
	}
	has := func(s Status) bool { return s != noRow }
	c.begin = max(0, slices.IndexFunc(c.status, has))
	c.finish = len(c.status)
	for c.finish > 0 && !has(c.status[c.finish-1]) {
		c.finish--
	}
	return from < to
}

// zero reports whether there is no energy at all.
func (c *grid) zero() bool {
	energy := func(wh uint32) bool { return wh != 0 }
	return c.part == nil && !slices.ContainsFunc(c.wh, energy)
}

func blank(s []Status) {
	for i := range s {
		s[i] = noRow
	}
}

// grow returns s with zeros before and after it.
func grow[T any](s []T, before, after int) []T {
	if before == 0 {
		return append(s, make([]T, after)...)
	}
	out := make([]T, before+len(s)+after)
	copy(out[before:], s)
	return out
}

// reading is one cell. A missing one holds no energy.
type reading struct {
	wh       energy
	status   Status
	negative bool // energy the other way; only where the user said that it is export
}

// as returns the reading with a status that its file gives it: a missing one loses
// its energy, a reading that is not there stays missing.
func (v reading) as(status Status) reading {
	if v.status == Missing || status == Missing {
		return reading{status: Missing}
	}
	v.status = status
	return v
}
