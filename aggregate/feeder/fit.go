package feeder

import "math"

// candidates are the troubles whose course is known exactly.
func (b *balance) candidates() []hypothesis {
	hs := []hypothesis{{shape: level, meter: -1}, {shape: load, meter: -1}, {shape: later, meter: -1}, {shape: earlier, meter: -1}}
	for m := range b.meters {
		for _, s := range []shape{reading, weekend, later, earlier} {
			hs = append(hs, hypothesis{s, m})
		}
	}
	return hs
}

// fitted returns an exact trouble with its best size and beginning, to the slot.
func (b *balance) fitted(h hypothesis, to int) explanation {
	best := explanation{hypothesis: h, exact: true, from: to, to: to, x: b.column(h).x}
	for _, p := range sizes(h) {
		var s sums
		for t := to - 1; t >= b.clean; t-- {
			x := best.x[t] * b.marginal[t]
			if x == 0 || !b.usable[t] || math.IsNaN(x) {
				continue
			}
			w := x / b.variance[t]
			s.xx += w * x
			s.xr += w * b.rest[t]
			if gain, size := (knowledge{}).factor(s, p); gain > best.gain {
				best.gain, best.size, best.from = gain, size, t
			}
		}
	}
	b.cut(&best)
	best.kind = kindOf(h, best.size)
	switch best.kind { // there is nothing between
	case ClockShift:
		best.size = 1
	case WrongFeeder:
		best.size = -1
	}
	return best
}

// cut ends a trouble where it speaks against itself from then on.
func (b *balance) cut(e *explanation) {
	sum, best, end := 0.0, 0.0, e.from
	for t := e.from; t < e.to; t++ {
		if sum += b.gainAt(*e, t); sum > best {
			best, end = sum, t+1
		}
	}
	if best < sum+margin || end <= e.from {
		return
	}
	e.to = end
	e.size = b.sizeOf(*e)
	e.gain = b.gainOf(*e)
}

// sizeOf is the size that fits what is left over best.
func (b *balance) sizeOf(e explanation) float64 {
	var s sums
	for t := e.from; t < e.to; t++ {
		if b.usable[t] {
			s.slot(e.x[t]*b.marginal[t], b.rest[t], b.variance[t], vector{})
		}
	}
	return s.xr / math.Max(s.xx, 1e-300)
}

// sizes are narrower than when watching: a clock is one slot off or not, a meter
// is on this feeder or not.
func sizes(h hypothesis) []prior {
	switch h.shape {
	case reading:
		return []prior{{-1, 0.03}, {0, 2}}
	case weekend:
		return []prior{{0, 2}}
	case later, earlier:
		if h.meter < 0 {
			return []prior{{1, 0.03}, {0, 0.1}}
		}
		return []prior{{1, 0.03}}
	case load:
		return []prior{{0, 0.03}}
	}
	return []prior{{0, 0.1}}
}

// kindOf names a fitted shape, "" where the size makes no sense.
func kindOf(h hypothesis, size float64) Kind {
	switch {
	case h.shape == load || h.shape == level && size < 0:
		return Unknown // the feeder's own meter, perhaps
	case h.shape == level:
		return Bypass // somebody draws energy past all meters
	case h.shape == later || h.shape == earlier:
		if math.Abs(size-1) < 0.1 {
			return ClockShift
		}
		if h.meter < 0 {
			return Unknown
		}
	case h.shape == reading && math.Abs(size+1) < 0.1:
		return WrongFeeder
	case size > 0.02:
		return Bypass
	}
	return ""
}

// gainOf is by how much an explanation makes what is left over likelier.
func (b *balance) gainOf(e explanation) float64 {
	sum := 0.0
	for t := e.from; t < e.to; t++ {
		sum += b.gainAt(e, t)
	}
	return sum
}

func (b *balance) gainAt(e explanation, t int) float64 {
	if e.x[t] == 0 || !b.usable[t] || math.IsNaN(e.x[t]) {
		return 0
	}
	v, gap := b.variance[t], b.rest[t]
	miss := gap - e.size*e.x[t]*b.marginal[t]
	noise := gap * gap / (2 * v)
	if e.exact {
		return noise - miss*miss/(2*v)
	}
	// What a home uses is often near its habit and now and then far from it, but
	// never negative.
	near, far := v+e.spread[t], v+25*e.spread[t]
	guess := math.Min((miss*miss/near+math.Log(near/v))/2, (miss*miss/far+math.Log(far/v))/2+math.Log(10))
	if gap < 0 {
		guess = math.Max(guess, noise)
	}
	return noise - guess
}

// gainWithoutBestDay is the gain of an explanation without the day that speaks
// most for it.
func (b *balance) gainWithoutBestDay(e explanation) float64 {
	all, best := 0.0, 0.0
	for from := e.from; from < e.to; from += b.perDay {
		day := 0.0
		for t := from; t < min(from+b.perDay, e.to); t++ {
			day += b.gainAt(e, t)
		}
		all, best = all+day, math.Max(best, day)
	}
	return all - best
}
