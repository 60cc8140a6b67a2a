package feeder

import (
	"math"
	"sort"
)

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
		i := sort.SearchInts(starts, middle-b.perDay)
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

// silence asks whether what a run of zeros hides is what the feeder misses: not
// more or less than the meter used to measure in these slots of the day, as far
// as that can be said.
func (b *balance) silence(m int, z zeroRun, to int) explanation {
	e := explanation{hypothesis: hypothesis{zeros, m}, kind: DeadMeter, from: z.from, to: to, size: 1}
	if z.slots != nil {
		e.kind = EveningZeroing
	}
	h := b.habitOf(m)
	e.x, e.spread = make([]float64, len(b.rest)), make([]float64, len(b.rest))
	missing, usual := 0.0, 0.0
	for t := z.from; t < len(e.x); t++ {
		k := b.kindOfSlot(t)
		if z.slots == nil || z.slots[k%b.perDay] {
			e.x[t], e.spread[t] = math.Max(h.mean[k], 1), h.variance[k]
			if t < to && b.usable[t] {
				missing += b.rest[t]
				usual += e.x[t]
			}
		}
	}
	// The home may live otherwise by now than in the clean slots.
	switch e.size = missing / math.Max(usual, 1); {
	case e.size < 0.1 || e.size > 10:
		e.kind = ""
	case e.size > 1:
		for t := range e.spread {
			e.spread[t] *= e.size * e.size
		}
	}
	e.gain = b.gainOf(e) + margin // that the meter says 0 just then is evidence too
	if z.slots == nil && b.worst(e) < -margin {
		e.kind = "" // the zeros began before the gap: nobody was at home
	}
	e.to = b.zerosEnd(m, z, to)
	return e
}

// worst is how far the first slots of an explanation speak against it.
func (b *balance) worst(e explanation) float64 {
	sum, least := 0.0, 0.0
	for t := e.from; t < e.to; t++ {
		sum += b.gainAt(e, t)
		least = math.Min(least, sum)
	}
	return least
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
