package feeder

import (
	"math"
	"slices"
)

// A shape is the course over time that a trouble gives to what is left over.
type shape int

const (
	level    shape = iota // the same in every slot
	typical               // what the meter used to measure at this time of day
	reading               // as the meter's own readings: more (part is not measured) or less (not fed here)
	later                 // the meter's clock is a slot behind: the next reading belongs here
	earlier               // the meter's clock is a slot ahead
	zeros                 // what it used to measure, in slots that are 0 now
	less                  // what it used to measure less what it measures now
	replaced              // another home's use less its readings, which are a third's
	weekend               // its own readings at weekends
	load                  // as all that is delivered
	unnamed               // whatever it was
)

// A hypothesis is a shape of one meter; level and load are of none (−1), and a
// clock of none is the feeder's own.
type hypothesis struct {
	shape shape
	meter int
}

// A prior says how large a shape's factor may be: normal, in units of the shape.
type prior struct{ mean, deviation float64 }

// A column is a shape's course with the sums that its evidence needs.
type column struct {
	x     []float64
	prior prior
}

func (b *balance) column(h hypothesis) column {
	x := make([]float64, len(b.rest))
	c := column{x, prior{0, 1}}
	var wh []float64
	if h.meter >= 0 {
		wh = b.meters[h.meter].Wh
	}
	switch h.shape {
	case level:
		for t := range x {
			x[t] = b.scale
		}
		c.prior = prior{0, 0.02}
	case reading:
		copy(x, wh)
	case weekend:
		for t := range x {
			if b.kindOfSlot(t) >= b.perDay {
				x[t] = wh[t]
			}
		}
	case load:
		copy(x, b.counted)
		c.prior = prior{0, 0.03}
	case later:
		b.neighbours(h.meter, x, 1)
		c.prior = prior{1, 0.1}
	case earlier:
		b.neighbours(h.meter, x, -1)
		c.prior = prior{1, 0.1}
	case typical, zeros:
		p := b.habitOf(h.meter)
		for t := range x {
			if h.shape == typical || wh[t] == 0 {
				x[t] = p.mean[b.kindOfSlot(t)]
			}
		}
		c.prior = prior{1, 0.5}
	}
	return c
}

// neighbours sets x to the reading one slot on (by 1) or back (by −1) less the
// slot's own; NaN where that reading is not there. The feeder's own clock is
// that of all meters.
func (b *balance) neighbours(m int, x []float64, by int) {
	for t := range x {
		o := t + by
		switch x[t] = math.NaN(); {
		case o < 0 || o >= len(x):
		case m >= 0:
			x[t] = b.Meters[m].Wh[o] - b.meters[m].Wh[t]
		case b.whole[o]:
			x[t] = b.counted[o] - b.counted[t]
		}
	}
}

// kindOfSlot numbers the slots of a day, those of weekends after those of
// weekdays. Summer time is left out: an hour does not matter here.
func (b *balance) kindOfSlot(t int) int {
	at := b.at(t) + b.East
	slot := int(at%secondsPerDay+secondsPerDay) % secondsPerDay / int(b.Step)
	// 1970-01-01 was a Thursday.
	if weekday := (floorDiv(at, secondsPerDay)%7 + 7) % 7; weekday == 2 || weekday == 3 {
		slot += b.perDay
	}
	return slot
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// A habit is what a meter measured in the clean slots, by kindOfSlot: the mean
// and the variance.
type habit struct{ mean, variance []float64 }

func (b *balance) habitOf(m int) habit {
	if b.habits[m].mean == nil {
		b.habits[m] = b.learnHabit(m)
	}
	return b.habits[m]
}

func (b *balance) learnHabit(m int) habit {
	kinds := 2 * b.perDay
	n, sum, squares := make([]float64, kinds), make([]float64, kinds), make([]float64, kinds)
	for t := range b.clean {
		if k := b.kindOfSlot(t); b.known[t] && !b.silent[m][t] {
			x := b.meters[m].Wh[t]
			n[k], sum[k], squares[k] = n[k]+1, sum[k]+x, squares[k]+x*x
		}
	}
	h := habit{make([]float64, kinds), make([]float64, kinds)}
	all := 0.0
	for k := range n {
		from := k
		if n[k] == 0 { // clean slots without a weekend
			from = (k + b.perDay) % kinds
		}
		count := math.Max(n[from], 1)
		h.mean[k] = sum[from] / count
		h.variance[k] = squares[from]/count - h.mean[k]*h.mean[k]
		all += h.variance[k] / float64(kinds)
	}
	own := slices.Clone(h.variance)
	for k := range own { // few days say little of one slot
		day := k / b.perDay * b.perDay
		before, after := day+(k+b.perDay-1)%b.perDay, day+(k+1)%b.perDay
		h.variance[k] = 0.3*(own[before]+own[k]+own[after]) + 0.1*all
	}
	return h
}
