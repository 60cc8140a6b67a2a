package source

import (
	"fmt"

	"hushwatt/meter/slots"
)

// levels turns the levels of a register that only counts up, one channel of one
// meter, into the energy between neighbouring rows. A register falls when it
// went through zero or when another meter was put in its place:
//
//   - Where the file names the meter and the name changes, it was replaced: the
//     interval of the change is missing.
//   - Where the register is known to be of so many digits, and the energy through
//     zero is what a household's connection carries, it rolled over.
//   - Otherwise the file does not say, and the user is asked.
//
// Energy over several slots is spread evenly over them, each marked as estimated:
// it is known how much it was, but not when.
type levels struct {
	feed    *feed
	channel int
	last    level
	any     bool
	dir     int // 1 forwards in time, -1 backwards, 0 not known yet
}

// level is a register at an instant.
type level struct {
	at     int64
	line   int
	wh     energy
	status Status
	meter  string
}

// add takes the next row, a neighbour in time of the one before.
func (l *levels) add(v level) error {
	defer func() { l.last, l.any = v, true }()
	if !l.any {
		return nil
	}
	a, b := l.last, v
	dir := 1
	switch {
	case b.at == a.at && b.wh == a.wh && b.meter == a.meter:
		l.feed.repeats[l.channel]++
		return nil
	case b.at == a.at:
		return lineError(v.line, "the register of "+slots.Stamp(a.at)+" again ("+a.wh.String()+" Wh)", v.wh.String()+" Wh")
	case b.at < a.at:
		a, b, dir = b, a, -1
	}
	if l.dir != 0 && l.dir != dir {
		return lineError(v.line, "the levels of a register in order of time", slots.Stamp(v.at))
	}
	l.dir = dir
	between, err := l.between(v.line, a, b)
	if err != nil {
		return err
	}
	r := row{line: v.line, at: a.at, until: b.at, only: l.channel + 1}
	r.value[l.channel] = between
	return l.feed.wait(r)
}

// between returns the energy from a to b, a before b.
func (l *levels) between(line int, a, b level) (reading, error) {
	status := max(a.status, b.status)
	p := l.feed.point
	if a.meter != b.meter {
		p.note("the meter was replaced between %s and %s: that interval is missing", slots.Stamp(a.at), slots.Stamp(b.at))
		return reading{status: Missing}, nil
	}
	if !b.wh.less(a.wh) {
		return reading{wh: b.wh.sub(a.wh), status: status}, nil
	}
	through := l.throughZero(a, b)
	plausible := through.whole <= slots.SpikeWatts*(b.at-a.at)/3600
	switch way := l.feed.t.o.choice("register"); {
	case l.feed.digits > 0 && plausible && way == "", way == "rolled-over":
		p.note("the register went through zero between %s and %s", slots.Stamp(a.at), slots.Stamp(b.at))
		return reading{wh: through, status: status}, nil
	case way == "replaced":
		p.note("the register fell from %s to %s Wh between %s and %s: that interval is missing", a.wh, b.wh, slots.Stamp(a.at), slots.Stamp(b.at))
		return reading{status: Missing}, nil
	}
	return reading{}, ask(line, "register", fmt.Sprintf("the register falls from %s Wh at %s to %s Wh at %s",
		a.wh, slots.Stamp(a.at), b.wh, slots.Stamp(b.at)))
}

// throughZero returns the energy from a to b of a register that rolled over. A
// register of unknown size is taken to be no larger than a needs.
func (l *levels) throughZero(a, b level) energy {
	size := tenTo(3 + l.feed.digits) // digits are those of kWh
	for size.whole <= a.wh.whole {
		size.whole *= 10
	}
	return size.sub(a.wh).add(b.wh)
}
