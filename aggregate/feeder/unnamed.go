package feeder

import "math"

// replaced finds the meter whose readings are another feeder's, or that measures
// less than its home draws by no fixed share: the gap moves against its readings,
// and what is left over is a home's load. These explain the gap in part only, so
// they are asked last.
func (b *balance) replaced(to int) (explanation, bool) {
	var best explanation
	next := 0.0
	for m := range b.meters {
		for _, s := range []shape{replaced, less} {
			e := b.inPart(hypothesis{s, m}, to)
			switch {
			case e.kind == "" || b.wasTold(e.hypothesis):
			case e.gain > best.gain:
				if best.meter != m {
					next = best.gain
				}
				best = e
			case best.meter != m:
				next = math.Max(next, e.gain)
			}
		}
	}
	return best, best.kind != "" && best.gain > 2*margin && best.gain > next+margin
}

// inPart fits a trouble that leaves a load nobody measures; its gain is by how
// much that load is steadier than the gap.
func (b *balance) inPart(h hypothesis, to int) explanation {
	e := explanation{hypothesis: h, size: 1, x: make([]float64, len(b.rest)), to: to, from: to, spread: b.variance}
	usual := b.habitOf(h.meter).mean
	var n, gap, gaps, left, lefts, most, cross float64
	for t := to - 1; t >= b.clean; t-- {
		if e.x[t] = -b.meters[h.meter].Wh[t]; h.shape == less {
			e.x[t] += usual[b.kindOfSlot(t)]
		}
		if !b.usable[t] {
			continue
		}
		deviation := math.Sqrt(b.variance[t])
		z, y := b.rest[t]/deviation, (b.rest[t]-e.x[t]*b.marginal[t])/deviation
		n, gap, gaps, left, lefts = n+1, gap+z, gaps+z*z, left+y, lefts+y*y
		cross += z * y
		varies := math.Max(lefts/n-left*left/(n*n), 1)
		if likelier := gaps - n - n*math.Log(varies); likelier > most && n > float64(2*b.perDay) {
			most, e.from = likelier, t
			before := math.Max(gaps/n-gap*gap/(n*n), 1)
			e.gain = n * math.Log(before/varies) / 2
		}
	}
	e.kind = b.kindInPart(e)
	return e
}

// kindInPart says what a partial explanation is, "" if it is none. A load is never
// negative; a gap that is must come from readings that do not belong here.
func (b *balance) kindInPart(e explanation) Kind {
	if e.from == e.to {
		return ""
	}
	var n, negative, impossible, missing float64
	for t := e.from; t < e.to; t++ {
		if !b.usable[t] {
			continue
		}
		few := -4 * math.Sqrt(b.variance[t])
		n++
		missing += b.rest[t]
		if b.rest[t] < few {
			negative++
		}
		if b.rest[t]+b.meters[e.meter].Wh[t]*b.marginal[t] < few {
			impossible++
		}
	}
	switch {
	case impossible > n/50:
		return ""
	case e.shape == replaced && math.Abs(b.follows(e)-1) > 0.3:
		return ""
	case e.shape == replaced && negative > n/100:
		return WrongFeeder
	case e.shape == less && negative < n/50 && missing > 0 && e.gain > n*math.Log(2)/2:
		return Bypass
	}
	return ""
}

// follows returns how many Wh of the gap's change from day to day go with one of
// an explanation's.
func (b *balance) follows(e explanation) float64 {
	both, own := 0.0, 0.0
	for t := e.from + b.perDay; t < e.to; t++ {
		if o := t - b.perDay; b.usable[t] && b.usable[o] {
			change := e.x[t]*b.marginal[t] - e.x[o]*b.marginal[o]
			both += change * (b.rest[t] - b.rest[o])
			own += change * change
		}
	}
	return both / math.Max(own, 1)
}

// nameless is what nobody is named for.
func (b *balance) nameless(to int) explanation {
	e := explanation{hypothesis: hypothesis{unnamed, -1}, size: 1, to: to, spread: b.variance, x: make([]float64, len(b.rest))}
	e.from = min(b.unsettled(to), to-1)
	last := e.from
	for t := e.from; t < to; t++ {
		e.x[t] = 1e-9 // the slot is part of it
		if b.usable[t] && b.rest[t]*b.rest[t] > 16*b.variance[t] {
			last = t
		}
	}
	if last > e.from && last+b.perDay < to {
		e.to = last + 1
	}
	e.kind = b.kindOfNameless(e.from, e.to)
	return e
}

// kindOfNameless tells a load that is always there and changes as a home's does,
// a home that is not listed here, from one that comes and goes, or is steadier.
// From sums alone it could as well be part of a listed home's.
func (b *balance) kindOfNameless(from, to int) Kind {
	const parts = 8 // of a day
	var n, less, missing, varies float64
	var hours, sums [parts]float64
	for t := from; t < to; t++ {
		if b.usable[t] {
			part := b.kindOfSlot(t) % b.perDay * parts / b.perDay
			n++
			missing += b.rest[t]
			varies += b.rest[t]*b.rest[t] - b.variance[t]
			hours[part]++
			sums[part] += b.rest[t]
			if b.rest[t] < -3*math.Sqrt(b.variance[t]) {
				less++
			}
		}
	}
	if to-from < 2*b.perDay || missing <= 0 || less > n/50 {
		return Unknown
	}
	if average := missing / n; len(b.meters) == 1 || varies/n < 1.25*average*average {
		return Bypass
	}
	for part := range sums {
		if sums[part]/math.Max(hours[part], 1) < 0.15*missing/n {
			return Bypass
		}
	}
	return WrongFeeder
}
