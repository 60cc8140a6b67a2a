package worker

import (
	"bytes"
	"fmt"
	"slices"

	"hushwatt/meter"
	"hushwatt/prover/messages"
	"hushwatt/tariffs"
)

// use is the readings of a period, from as many meters as it had, in the slots of
// the plan. Readings of longer slots stand in the first of the short
// ones that they span; the prices there are the same.
type use struct {
	series  tariffs.Series  // import
	export  *tariffs.Series // nil if no meter counts it
	status  []meter.Status  // NotHere where no meter was
	twice   bool
	step    int64
	longest int64 // of the meters' own slots, seconds
	most    uint32
	odd     []oddSlots // missing and estimated ones of the period
	count   meter.Counts
}

// readings are those of one file, opened.
type readings struct {
	meter  string
	n      int    // slots a day
	most   uint32 // that the meter can count in one, 0 if that is not known
	days   []meter.OpenedDay
	export *meter.Opened // nil: not sealed
}

// gather lays out the readings that files have of a plan's UTC days.
func gather(files []*readings, p *tariffs.Plan) (*use, error) {
	return gatherDays(files, p.FirstDay, p.Days, p.N, p.From, p.To)
}

func gatherDays(files []*readings, firstDay, days, n int, from, to int64) (*use, error) {
	u := &use{step: int64(day / n)}
	u.series = tariffs.Series{Start: int64(firstDay) * day, Step: day / n, Wh: make([]uint32, days*n), Status: make([]uint8, days*n)}
	u.status = make([]meter.Status, days*n)
	for i := range u.status {
		u.status[i] = meter.NotHere
	}
	for _, f := range files {
		if n%f.n != 0 {
			return nil, fmt.Errorf("meter %s has %d slots a day, others %d", f.meter, f.n, n)
		}
		u.most, u.longest = max(u.most, f.most), max(u.longest, int64(day/f.n))
		for i := range f.days {
			if at := int(f.days[i].Day) - firstDay; at >= 0 && at < days {
				u.day(&f.days[i], at*n, n/f.n, f.n, from, to)
			}
		}
	}
	for i, st := range u.status {
		if u.series.Status[i] = uint8(st); st == meter.NotHere {
			u.series.Status[i] = tariffs.MissingSlot
		}
	}
	return u, nil
}

// gives reports whether a file has readings of what was fed into the grid.
func gives(r *readings) bool {
	return slices.ContainsFunc(r.days, func(d meter.OpenedDay) bool { return channelOf(&d, meter.ExportChannel) != nil })
}

// of returns the readings of a channel; there are some of every priced one.
func (u *use) of(channel int) *tariffs.Series {
	if channel == meter.ExportChannel && u.export != nil {
		return u.export
	}
	return &u.series
}

// channels are what a quote takes.
func (u *use) channels() []*tariffs.Series {
	if u.export == nil {
		return []*tariffs.Series{&u.series}
	}
	return []*tariffs.Series{&u.series, u.export}
}

// day lays out one day whose slots span so many short ones each.
func (u *use) day(d *meter.OpenedDay, at, spans, n int, from, to int64) {
	if ch := channelOf(d, meter.ExportChannel); ch != nil {
		u.exported(ch, at, spans)
	}
	ch := channelOf(d, meter.ImportChannel)
	if ch == nil {
		return
	}
	for s := range n {
		st := ch.Status[s]
		if st == meter.NotHere {
			continue
		}
		first := at + s*spans
		u.twice = u.twice || u.status[first] != meter.NotHere
		u.series.Wh[first] = ch.Wh[s]
		for k := range spans {
			u.status[first+k] = st
		}
		start := u.series.Start + int64(first)*u.step
		if start >= from && start < to {
			u.counted(start, st, u.step*int64(spans))
		}
	}
}

// exported lays out what was fed into the grid. Where there is nothing it counts
// as missing.
func (u *use) exported(ch *meter.OpenedChannel, at, spans int) {
	if u.export == nil {
		e := u.series
		e.Wh, e.Status = make([]uint32, len(e.Wh)), bytes.Repeat([]byte{tariffs.MissingSlot}, len(e.Wh))
		u.export = &e
	}
	for s, st := range ch.Status {
		if st == meter.NotHere {
			continue
		}
		u.export.Wh[at+s*spans] = ch.Wh[s]
		for k := range spans {
			u.export.Status[at+s*spans+k] = uint8(st)
		}
	}
}

func (u *use) counted(at int64, st meter.Status, length int64) {
	u.count.Add([]meter.Status{st})
	if st != meter.Missing && st != meter.Estimated {
		return
	}
	if k := len(u.odd) - 1; k >= 0 && u.odd[k].Status == uint8(st) && u.odd[k].From+int64(u.odd[k].Slots)*length == at {
		u.odd[k].Slots++
	} else {
		u.odd = append(u.odd, oddSlots{From: at, Slots: 1, Status: uint8(st)})
	}
}

func channelOf(d *meter.OpenedDay, channel int) *meter.OpenedChannel {
	for i := range d.Channels {
		if d.Channels[i].Channel == channel {
			return &d.Channels[i]
		}
	}
	return nil
}

// named lists the stretches of a status, on a clock.
func (u *use) named(st meter.Status, clock string) []messages.Slot {
	list := []messages.Slot{}
	for _, o := range u.odd {
		if o.Status == uint8(st) && len(list) < maxNamed {
			list = append(list, nameSlots(o.From, o.Slots, u.longest, clockOf(clock)))
		}
	}
	return list
}

// covered refuses a period of which a slot is in no file, and what the tariff's
// policy refuses.
func (u *use) covered(p *tariffs.Plan) error {
	first, last := u.firstAndLast(p.From, p.To)
	period := periodWords(p.Start, p.End)
	if first < 0 {
		return fail(messages.PeriodNotCovered, "Your meter’s file holds nothing of "+period+".", "")
	}
	loc := clockOf(p.Clock)
	if first > p.From || last < p.To {
		return fail(messages.PeriodNotCovered, fmt.Sprintf("Your meter’s file holds %s to %s, and the bill is for %s.",
			momentWords(first, loc), momentWords(last, loc), period), "")
	}
	if holes := u.holes(first, last); len(holes) > 0 {
		e := fail(messages.DaysMissing, "Your meter’s files leave out part of "+period+".", "")
		for _, h := range holes {
			e.Missing = append(e.Missing, nameSlots(h.From, h.Slots, u.step, loc))
		}
		return e
	}
	if p.Missing == tariffs.PolicyRefuse && u.count.Missing > 0 {
		e := fail(messages.DaysMissing, "Your meter missed "+slotsWords(u.count.Missing, int(u.longest/60))+", and this tariff does not allow a bill without them.", "")
		e.Missing = u.named(meter.Missing, p.Clock)
		return e
	}
	if p.Estimated == tariffs.PolicyRefuse && u.count.Estimated > 0 {
		e := fail(messages.DaysMissing, "Your meter estimated "+slotsWords(u.count.Estimated, int(u.longest/60))+", and this tariff does not allow a bill with estimates.", "")
		e.Missing = u.named(meter.Estimated, p.Clock)
		return e
	}
	return nil
}

// firstAndLast returns when the readings of a period begin and end, −1 if there
// are none.
func (u *use) firstAndLast(from, to int64) (first, last int64) {
	first = -1
	for t := from; t < to; t += u.step {
		if u.status[(t-u.series.Start)/u.step] != meter.NotHere {
			if first < 0 {
				first = t
			}
			last = t + u.step
		}
	}
	return first, last
}

// holes are the stretches of [from, to) in no file.
func (u *use) holes(from, to int64) []oddSlots {
	var list []oddSlots
	for t := from; t < to; t += u.step {
		if u.status[(t-u.series.Start)/u.step] != meter.NotHere {
			continue
		}
		if k := len(list) - 1; k >= 0 && list[k].From+int64(list[k].Slots)*u.step == t {
			list[k].Slots++
		} else if len(list) < maxNamed {
			list = append(list, oddSlots{From: t, Slots: 1})
		}
	}
	return list
}
