package feeder

import (
	"math"
	"sort"
)

// An explanation is the hypothesis that fits best, with its size and the slots
// it is about.
type explanation struct {
	hypothesis
	kind     Kind
	from, to int
	size     float64
	x        []float64 // size·x Wh are missing in a slot
	log      float64   // evidence for it
}

// explain names the trouble whose evidence watch found. A meter that has begun
// to say 0 is asked first: others' readings can resemble what it hides.
func (b *balance) explain(found evidence) explanation {
	known := b.knowUntil(found.to)
	best := explanation{hypothesis: hypothesis{level, -1}, kind: Unknown, from: b.clean, to: found.to, log: math.Inf(-1)}
	for m := range b.meters {
		for _, z := range b.zeroRuns(m, found.to) {
			e := b.silence(m, z, found.to, known)
			if e.log < 5 || e.size < 0.2 || e.size > 4 || e.log < best.log || b.done[e.hypothesis] {
				continue
			}
			// A load that bypasses the meter leaves zeros too, at night, but the gap
			// is there at other times as well.
			if z.slots == nil || b.fitted(hypothesis{drop, m}, found.to, known).log < e.log {
				best = e
			}
		}
	}
	if !math.IsInf(best.log, -1) {
		return best
	}
	for _, h := range b.candidates() {
		if b.done[h] {
			continue
		}
		if e := b.fitted(h, found.to, known); e.log > best.log && e.kind != "" {
			best = e
		}
	}
	if best.x == nil { // nothing fits: all of it
		best.x, best.size = b.rest, 1
	}
	return best
}

// candidates are what explain chooses from where no meter fell silent.
func (b *balance) candidates() []hypothesis {
	hs := []hypothesis{{level, -1}}
	for m := range b.meters {
		for _, s := range []shape{reading, later, earlier, drop} {
			hs = append(hs, hypothesis{s, m})
		}
	}
	return hs
}

func (b *balance) knowUntil(to int) knowledge {
	info, right := b.info, vector{}
	for t := b.clean; t < to; t++ {
		if b.usable[t] {
			x := b.regressors(t)
			info.add(x, 1/b.variance[t])
			right.add(x, b.rest[t]/b.variance[t])
		}
	}
	return b.know(info, right)
}

// fitted returns a hypothesis with its best beginning, to the slot.
func (b *balance) fitted(h hypothesis, to int, known knowledge) explanation {
	c := b.column(h)
	best := explanation{hypothesis: h, log: math.Inf(-1), to: to, x: c.x}
	for _, p := range b.priors(h) {
		var s sums
		for t := to - 1; t >= b.clean; t-- {
			if !b.usable[t] {
				continue
			}
			s.slot(c.x[t], b.rest[t], b.variance[t], b.regressors(t))
			if log, size := known.factor(s, p); log > best.log {
				best.log, best.size, best.from = log, size, t
			}
		}
	}
	best.kind = b.kindOf(h, best)
	switch best.kind { // there is nothing between
	case ClockShift:
		best.size = 1
	case WrongFeeder:
		best.size = -1
	}
	return best
}

// priors are narrower than when watching: a clock is one slot off or not, a
// meter is on this feeder or not.
func (b *balance) priors(h hypothesis) []prior {
	switch h.shape {
	case reading:
		return []prior{{-1, 0.03}, {0, 2}}
	case later, earlier:
		return []prior{{1, 0.03}}
	case drop:
		return []prior{{1, 0.3}}
	}
	return []prior{{0, 0.1}}
}

// kindOf names a fitted shape, "" where the size makes no sense.
func (b *balance) kindOf(h hypothesis, e explanation) Kind {
	switch h.shape {
	case later, earlier:
		return ClockShift
	case reading:
		if math.Abs(e.size+1) < 0.1 {
			return WrongFeeder
		}
		if e.size > 0.02 && b.unexplained(e) < 2 {
			return Bypass
		}
		return ""
	case drop:
		if e.size > 0.2 && b.missing(e) > 0 && b.left(e) < 0.5 {
			return Bypass
		}
		return ""
	}
	if e.size > 0 {
		return Bypass // somebody draws energy past all meters
	}
	return Unknown
}

// unexplained is what an explanation leaves of the gap, squared, in units of the
// noise: 1 a slot if it is exact.
func (b *balance) unexplained(e explanation) float64 {
	n, sum := 0.0, 0.0
	for t := e.from; t < e.to; t++ {
		if r := b.rest[t] - e.size*e.x[t]; b.usable[t] && !math.IsNaN(r) {
			n, sum = n+1, sum+r*r/b.variance[t]
		}
	}
	return sum / math.Max(n, 1)
}

// left returns what share of the gap's ups and downs an explanation leaves. Homes
// change their ways without anything amiss: one is named only if the gap moves with
// what it measures less.
func (b *balance) left(e explanation) float64 {
	var n, sum, squares, rest float64
	for t := e.from; t < e.to; t++ {
		if b.usable[t] {
			g := b.rest[t]
			n, sum, squares, rest = n+1, sum+g, squares+g*g, rest+(g-e.size*e.x[t])*(g-e.size*e.x[t])
		}
	}
	return rest / math.Max(squares-sum*sum/math.Max(n, 1), 1)
}

func (b *balance) missing(e explanation) float64 {
	sum := 0.0
	for t := e.from; t < e.to; t++ {
		if b.usable[t] && !math.IsNaN(e.x[t]) {
			sum += e.size * e.x[t]
		}
	}
	return sum
}

// A zeroRun is a meter that has said 0 since a slot, always (slots nil) or in
// some slots of the day.
type zeroRun struct {
	from  int
	slots []bool
}

// zeroRuns finds the runs of zeros up to a slot that the meter's own past makes
// unlikely.
func (b *balance) zeroRuns(m, to int) []zeroRun {
	wh, least := b.meters[m].Wh, 2*b.perDay
	past := b.zeroShares(m)
	from := to
	for from > b.clean && wh[from-1] == 0 {
		from--
	}
	if to-from >= least && mean(past) < 0.5 {
		return []zeroRun{{from: from}}
	}
	var runs []zeroRun
	slots := make([]bool, b.perDay)
	starts := []int{}
	for k := range slots {
		days, first := b.trailingZeros(wh, k, to)
		if days >= 3 && past[k] < 0.3 && float64(days)*math.Log(math.Max(past[k], 0.02)) < -9 {
			slots[k] = true
			starts = append(starts, first)
		}
	}
	if len(starts) >= 2 && len(starts) <= b.perDay*2/3 {
		sort.Ints(starts)
		middle := starts[len(starts)/2]
		i := sort.SearchInts(starts, middle-b.perDay/2)
		runs = append(runs, zeroRun{starts[i], slots})
	}
	return runs
}

// zeroShares is how often each slot of the day was 0 in the clean slots.
func (b *balance) zeroShares(m int) []float64 {
	zero, n := make([]float64, b.perDay), make([]float64, b.perDay)
	for t := range b.clean {
		k := b.kindOfSlot(t) % b.perDay
		n[k]++
		if b.meters[m].Wh[t] == 0 {
			zero[k]++
		}
	}
	for k := range zero {
		zero[k] /= math.Max(n[k], 1)
	}
	return zero
}

// trailingZeros counts the days up to a slot on which slot k of the day was 0,
// and returns the first of these slots.
func (b *balance) trailingZeros(wh []float64, k, to int) (days, first int) {
	first = to
	for t := to - 1; t >= b.clean; t-- {
		if b.kindOfSlot(t)%b.perDay != k {
			continue
		}
		if wh[t] != 0 {
			break
		}
		days, first = days+1, t
	}
	return days, first
}

func mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / float64(len(xs))
}

// silence asks whether what a run of zeros hides is what the feeder misses.
func (b *balance) silence(m int, z zeroRun, to int, known knowledge) explanation {
	c := b.column(hypothesis{zeros, m})
	e := explanation{hypothesis: hypothesis{zeros, m}, kind: DeadMeter, from: z.from, to: to, x: c.x}
	if z.slots != nil {
		e.kind = EveningZeroing
	}
	var s sums
	for t := range c.x {
		switch {
		case z.slots != nil && !z.slots[b.kindOfSlot(t)%b.perDay]:
			c.x[t] = 0
		case t >= z.from && t < to && b.usable[t]:
			s.slot(c.x[t], b.rest[t], b.variance[t], b.regressors(t))
		}
	}
	e.log, e.size = known.factor(s, c.prior)
	e.to = b.zerosEnd(m, z, to)
	return e
}

// zerosEnd returns how far a run of zeros goes on.
func (b *balance) zerosEnd(m int, z zeroRun, from int) int {
	wh := b.meters[m].Wh
	for t := from; t < len(wh); t++ {
		if wh[t] != 0 && (z.slots == nil || z.slots[b.kindOfSlot(t)%b.perDay]) {
			return t
		}
	}
	return len(wh)
}

// remove takes an explanation out of what is left over, and returns the energy
// that it accounts for. Where it explains the gap in part only, as what a dead
// meter used to measure does, the slots it is about tell nothing any more.
func (b *balance) remove(e explanation) float64 {
	b.done[e.hypothesis] = true
	about := make([]bool, len(b.rest))
	explained, gap := 0.0, 0.0
	for t := e.from; t < e.to; t++ {
		if math.IsNaN(e.x[t]) {
			b.usable[t] = false // what belongs here is not known
		}
		if e.x[t] != 0 && b.usable[t] {
			about[t] = true
			gap += b.rest[t]
			explained += e.size * e.x[t]
		}
	}
	for t := e.from; t < e.to; t++ {
		if about[t] {
			b.energy[t] = math.Max(b.energy[t]+e.size*e.x[t], 0)
		}
	}
	b.settle()
	n := float64(max(count(about), 1))
	misfit := b.misfit(about) / n * b.dayFactor(e.from, e.to, about)
	if misfit < 1+4*math.Sqrt(2/n) {
		return explained
	}
	for t := range about {
		b.usable[t] = b.usable[t] && !about[t]
	}
	return gap
}

func sortAlarms(alarms []Alarm) {
	sort.SliceStable(alarms, func(i, j int) bool { return alarms[i].From < alarms[j].From })
}
