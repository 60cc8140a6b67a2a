package source

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hushwatt/meter/slots"
)

// register is all that a file has of one register: several grids where its
// slots changed their length.
type register struct {
	name        string
	grids       []*grid
	first, last int64 // when its first slot begins and its last one ends
}

// combined is a point on its way to becoming a File.
type combined struct {
	step      int
	first     int64 // UTC midnights around all rows
	last      int64
	registers [2][]*register // by channel
}

var errNoReadings = errors.New("no readings")

// combine settles the point's feeds and sorts their grids by register.
func (p *point) combine(wanted string) (*combined, error) {
	m := &combined{first: 1 << 62}
	for _, f := range p.feeds {
		if err := f.finish(); err != nil {
			return nil, err
		}
		for channel, c := range f.grids {
			if c == nil || len(c.wh) == 0 || !c.trim() || f.zeros && c.zero() {
				continue
			}
			m.add(channel, f.register, c)
		}
	}
	switch {
	case m.step == 0 && wanted != "":
		return nil, fmt.Errorf("register %q is not in the file, which holds %s", wanted, strings.Join(p.idle, ", "))
	case m.step == 0 && len(p.idle) > 0:
		return nil, fmt.Errorf("%w of energy: the file holds %s", errNoReadings, strings.Join(p.idle, ", "))
	case m.step == 0:
		return nil, errNoReadings
	}
	return m, nil
}

func (m *combined) add(channel int, name string, c *grid) {
	m.step = max(m.step, c.step)
	m.first, m.last = min(m.first, c.start), max(m.last, c.end())
	first, last := c.start+int64(c.begin*c.step), c.start+int64(c.finish*c.step)
	for _, r := range m.registers[channel] {
		if r.name == name {
			r.grids = append(r.grids, c)
			r.first, r.last = min(r.first, first), max(r.last, last)
			return
		}
	}
	m.registers[channel] = append(m.registers[channel], &register{name, []*grid{c}, first, last})
}

// series makes one channel's series, by the carry rule: with T the exact running
// total, a slot's reading is ⌊T_i + ½⌋ − ⌊T_{i−1} + ½⌋ Wh. Rounding never adds up:
// the readings of any stretch differ from the file by less than 1 Wh.
// It returns how many slots had a row, too.
func (m *combined) series(p *point, channel int) (Series, int, error) {
	if s, rows, ok, err := m.inPlace(p, channel); ok {
		return s, rows, err
	}
	n := int((m.last - m.first) / int64(m.step))
	s := Series{Point: p.name, Channel: channel, Start: m.first, Step: m.step, Wh: make([]uint32, n), Status: make([]Status, n)}
	var total carry
	rows := 0
	for i := range s.Wh {
		v, err := m.sum(channel, s.At(i))
		if err != nil {
			return s, 0, err
		}
		if v.status == noRow {
			s.Status[i] = Missing
			continue
		}
		rows++
		if s.Wh[i], err = total.next(v.wh, s.At(i)); err != nil {
			return s, 0, err
		}
		s.Status[i] = v.status
	}
	return s, rows, nil
}

// inPlace turns the only grid of a channel into its series without copying it.
func (m *combined) inPlace(p *point, channel int) (s Series, rows int, ok bool, err error) {
	rs := m.registers[channel]
	if len(rs) != 1 || len(rs[0].grids) != 1 {
		return s, 0, false, nil
	}
	c := rs[0].grids[0]
	if c.step != m.step || c.start != m.first || c.end() != m.last {
		return s, 0, false, nil
	}
	s = Series{Point: p.name, Channel: channel, Start: c.start, Step: c.step, Wh: c.wh, Status: c.status}
	var total carry
	for i, status := range s.Status {
		if status == noRow {
			s.Status[i] = Missing
			continue
		}
		rows++
		if s.Wh[i], err = total.next(c.cell(i).wh, s.At(i)); err != nil {
			return s, 0, true, err
		}
	}
	return s, rows, true, nil
}

// carry is the exact running total of a channel.
type carry struct{ total energy }

// next returns the whole Wh of the next reading.
func (c *carry) next(v energy, at int64) (uint32, error) {
	before := c.total.rounded()
	c.total = c.total.add(v)
	wh := c.total.rounded() - before
	if wh > slots.MaxWh {
		return 0, fmt.Errorf("slot %s: expected at most %d Wh in a slot, found %q", slots.Stamp(at), slots.MaxWh, v.String())
	}
	return uint32(wh), nil
}

// sum adds up a channel's registers in the slot of m.step that begins at.
func (m *combined) sum(channel int, at int64) (reading, error) {
	var all parts
	for _, r := range m.registers[channel] {
		if at+int64(m.step) <= r.first || at >= r.last {
			continue // the register was not there yet, or not any more
		}
		v, err := r.slot(at, m.step)
		if err != nil {
			return v, err
		}
		all.add(v)
	}
	return all.reading(), nil
}

// slot returns the register's energy in the slot of step seconds that begins at.
func (r *register) slot(at int64, step int) (reading, error) {
	found := reading{status: noRow}
	for _, c := range r.grids {
		if at+int64(step) <= c.start || at >= c.end() {
			continue
		}
		var all parts
		for k := 0; k < step; k += c.step {
			all.add(c.at(at + int64(k)))
		}
		v := all.reading()
		switch {
		case v.status == noRow:
		case found.status != noRow:
			return v, fmt.Errorf("register %q has rows of two lengths for %s", r.name, slots.Stamp(at))
		default:
			found = v
		}
	}
	return found, nil
}

// parts adds up readings that make one. Where some are missing, the energy of the
// others is kept and called estimated.
type parts struct {
	wh                           energy
	n, empty, missing, estimated int
}

func (p *parts) add(v reading) {
	p.n++
	switch v.status {
	case noRow:
		p.empty++
	case Missing:
		p.missing++
	case Estimated:
		p.estimated++
	}
	p.wh = p.wh.add(v.wh)
}

func (p *parts) reading() reading {
	switch {
	case p.empty == p.n:
		return reading{status: noRow}
	case p.empty+p.missing == p.n:
		return reading{status: Missing}
	case p.empty+p.missing+p.estimated > 0:
		return reading{wh: p.wh, status: Estimated}
	}
	return reading{wh: p.wh}
}

// registerNames lists the registers of a channel.
func (m *combined) registerNames(channel int) []string {
	var names []string
	for _, r := range m.registers[channel] {
		if r.name != "" {
			names = append(names, r.name)
		}
	}
	slices.Sort(names)
	return names
}
