package feeder

import (
	"math"
	"slices"
)

// An explanation is a trouble that accounts for what the losses do not: size·x
// Wh are missing in each slot from one on.
type explanation struct {
	hypothesis
	kind     Kind
	from, to int
	size     float64
	x        []float64 // 0 where it says nothing, NaN where what is missing is not known
	spread   []float64 // variance of x where it is a guess; nil if it is none
	exact    bool      // what is left over of it is noise
	gain     float64   // of the log likelihood, against noise alone
	nobody   bool      // it could be another home as well
}

const (
	together = 3    // troubles at most that are looked for at once
	margin   = 10.0 // by how much, in log likelihood, the best must be better than the next
	asNoise  = 1.5  // the most that is left over, squared, in units of the noise
	mostOff  = 25.0 // more than that in one slot says no more; three hours a week of it are let pass
)

// explain accounts for the trouble whose evidence watch found, as one that goes
// on to the end or else as far as it was plain: by up to three exact troubles at
// once, then by one whose size can only be guessed from what a meter used to
// measure, then as what nobody is named for.
func (b *balance) explain(found evidence) []explanation {
	for _, to := range []int{len(b.rest), found.to} {
		if es := b.search(to); len(es) > 0 {
			return es
		}
		b.account()
		if e, ok := b.replaced(to); ok {
			return []explanation{e}
		}
	}
	return []explanation{b.nameless(found.to)}
}

// search adds troubles one by one until what they leave over is noise.
func (b *balance) search(to int) []explanation {
	var es, enough []explanation
	for range together {
		b.account(es...)
		e, found := b.likeliest(to)
		if !found {
			break
		}
		es = b.polished(b.refit(append(es, e), to))
		if !b.noiseLeft(es, to) {
			continue
		}
		if b.watch().log < b.alarming {
			if es = b.needed(es); enough != nil && b.trimmings(es, enough) {
				es = enough
			}
			return b.judged(es, to)
		}
		if enough == nil {
			enough = slices.Clone(es)
		}
	}
	if enough != nil {
		return b.judged(enough, to)
	}
	return b.before(es, to)
}

// needed drops what nobody is named for where the losses could account for it.
func (b *balance) needed(es []explanation) []explanation {
	for i, e := range es {
		if others := slices.Concat(es[:i], es[i+1:]); e.meter < 0 && len(others) > 0 {
			if b.account(others...); b.watch().log < b.alarming {
				return b.needed(others)
			}
		}
	}
	return es
}

// trimmings says whether all that was added is what nobody is named for, from
// about the same day on: losses that did not change as the model says.
func (b *balance) trimmings(es, enough []explanation) bool {
	return !slices.ContainsFunc(es, func(e explanation) bool {
		known := slices.ContainsFunc(enough, func(o explanation) bool { return o.hypothesis == e.hypothesis })
		late := e.from > enough[0].from+2*b.perDay || e.from < enough[0].from-5*b.perDay
		return !known && (e.meter >= 0 || late)
	})
}

// before returns those troubles that are explained up to where something else
// begins.
func (b *balance) before(es []explanation, to int) []explanation {
	b.account(es...)
	other := b.unsettled(to)
	es = slices.DeleteFunc(es, func(e explanation) bool { return e.from+2*b.perDay > other })
	if es = b.polished(b.refit(es, other)); len(es) == 0 {
		return nil
	}
	if !b.noiseLeft(es, other) {
		return nil
	}
	es = b.judged(es, other)
	for i := range es {
		if es[i].to == other { // as far as is known it goes on
			es[i].to = to
		}
	}
	return es
}

// likeliest returns the trouble that alone explains most of what is left over.
func (b *balance) likeliest(to int) (explanation, bool) {
	best := explanation{gain: margin}
	b.rivals(to, func(e explanation) {
		if e.gain > best.gain {
			best = e
		}
	})
	return best, best.kind != ""
}

// rivals fits every trouble that makes sense.
func (b *balance) rivals(to int, each func(explanation)) {
	for _, h := range b.candidates() {
		if e := b.fitted(h, to); e.kind != "" && !b.wasTold(h) {
			each(e)
		}
	}
	for m := range b.meters {
		for _, z := range b.zeroRuns(m, to) {
			if e := b.silence(m, z, to); e.kind != "" && !b.wasTold(e.hypothesis) {
				each(e)
			}
		}
	}
}

// refit fits each trouble to what the others leave, and drops those that are no
// longer needed.
func (b *balance) refit(es []explanation, to int) []explanation {
	for range 3 {
		for i := 0; i < len(es) && len(es) > 1; i++ {
			others := slices.Concat(es[:i], es[i+1:])
			if es[i].exact {
				b.account(others...)
				es[i] = b.fitted(es[i].hypothesis, to)
			}
			if es[i].gain < margin || es[i].kind == "" {
				es = others
				i--
			}
		}
	}
	return es
}

// polished takes what exact troubles of a size leave into their sizes: losses do
// not grow in proportion.
func (b *balance) polished(es []explanation) []explanation {
	for range 2 {
		for i := range es {
			b.account(es...)
			if e := &es[i]; e.exact && e.kind != ClockShift && e.kind != WrongFeeder {
				e.size += b.sizeOf(*e)
			}
		}
	}
	b.account(es...)
	return es
}

// account works out what is left over with troubles taken out, after those that
// were told before. A guess leaves slots that nothing can be said of.
func (b *balance) account(es ...explanation) {
	copy(b.energy, b.counted)
	copy(b.usable, b.known)
	clear(b.guess)
	for _, e := range slices.Concat(b.told, es) {
		for t := e.from; t < e.to; t++ {
			switch {
			case e.x[t] == 0:
			case math.IsNaN(e.x[t]):
				b.usable[t] = false
			case e.exact:
				b.energy[t] = math.Max(b.energy[t]+e.size*e.x[t], 0)
				b.guess[t] += e.size * e.size / 12 // readings are whole Wh
			default:
				b.energy[t] = math.Max(b.energy[t]+e.size*e.x[t], 0)
				b.guess[t] = 9 * e.spread[t] // habits change
				b.usable[t] = false
			}
		}
	}
	b.settle()
}

// noiseLeft is the rule for all kinds of trouble: at no time, before the troubles
// or since, is what is left over larger than in the clean slots, or what a single
// trouble leaves is nothing beside the gap.
func (b *balance) noiseLeft(es []explanation, to int) bool {
	cuts := []int{b.clean, to}
	for _, e := range es {
		cuts = append(cuts, e.from)
	}
	slices.Sort(cuts)
	if !b.isNoise(cuts[0], cuts[1]) {
		return false
	}
	for i := range cuts[2:] {
		if !b.isNoise(cuts[i+1], cuts[i+2]) {
			return len(es) == 1 && b.nearlyAll(es[0], to)
		}
	}
	return true
}

// nearlyAll says whether what a trouble leaves is nothing beside the gap.
func (b *balance) nearlyAll(e explanation, to int) bool {
	left, gap := 0.0, 0.0
	for t := e.from; t < to; t++ {
		if b.usable[t] && !math.IsNaN(e.x[t]) {
			r := b.rest[t]
			left += r * r / b.variance[t]
			if t < e.to {
				r += e.size * e.x[t] * b.marginal[t]
			}
			gap += r * r / b.variance[t]
		}
	}
	return e.exact && left < gap/100
}

func (b *balance) isNoise(from, to int) bool {
	week := 7 * b.perDay
	for first := from; from < to; from += week {
		end := min(from+week, to)
		n, left := b.leftOver(max(first, end-week), end)
		if left > asNoise*b.usual*n+mostOff*(1+n/float64(week)*float64(b.perDay)/8) {
			return false
		}
	}
	return true
}

// leftOver sums what is left over in slots, squared, in units of the noise.
func (b *balance) leftOver(from, to int) (n, left float64) {
	for t := from; t < to; t++ {
		if b.known[t] && !math.IsNaN(b.rest[t]) {
			most := mostOff
			if !b.usable[t] { // homes are far from their habits more often than noise is
				most = 9
			}
			n++
			left += math.Min(b.rest[t]*b.rest[t]/(b.variance[t]+b.guess[t]), most)
		}
	}
	return n, left
}

// unsettled returns the slot from which on what is left over is more than noise:
// where noise of another size and mean is most likely to have begun.
func (b *balance) unsettled(to int) int {
	n, sum, squares, best, from := 0.0, 0.0, 0.0, margin, to
	for t := to - 1; t >= b.clean; t-- {
		if !b.usable[t] {
			continue
		}
		z := max(-4, min(4, b.rest[t]/math.Sqrt(b.variance[t])))
		n, sum, squares = n+1, sum+z, squares+z*z
		spread := math.Max(squares/n-sum*sum/(n*n), 1)
		if gain := (squares - n - n*math.Log(spread)) / 2; gain > best {
			best, from = gain, t
		}
	}
	return from
}

// judged takes the name from a trouble that another home explains nearly as
// well, or that rests on a single day.
func (b *balance) judged(es []explanation, to int) []explanation {
	for i := range es {
		e := &es[i]
		b.account(es...)
		if e.meter < 0 {
			if e.kind != ClockShift && !b.settled(*e) {
				b.account(slices.Concat(es[:i], es[i+1:])...)
				e.kind = b.kindOfNameless(e.from, e.to)
			}
			continue
		}
		vague := e.exact && !b.settled(*e) && !b.nearlyAll(*e, to)
		b.account(slices.Concat(es[:i], es[i+1:])...)
		if vague || b.gainWithoutBestDay(*e) < margin {
			e.nobody, e.kind = true, Unknown
			continue
		}
		kind := e.kind
		b.rivals(to, func(o explanation) {
			enough := margin
			if e.shape == zeros && o.shape != zeros {
				enough = 0 // that it says 0 has been counted
			}
			if o.meter != e.meter && o.gain > e.gain-enough {
				e.nobody = true
				if o.kind != kind {
					e.kind = Unknown
				}
			}
		})
	}
	b.account(es...)
	return es
}
