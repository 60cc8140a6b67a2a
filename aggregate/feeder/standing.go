package feeder

import (
	"math"
	"slices"
)

// surely is the gain in log likelihood, over all clean slots, at which an operator
// who calls them clean is contradicted.
const surely = 30.0

// standing finds what was wrong in the clean slots already, since before them: a
// meter that is not fed here and a clock that is one slot off leave a mark that
// no loss can. The losses are learnt again without it.
func (b *balance) standing() ([]explanation, error) {
	var es []explanation
	for range mostAlarms {
		e, found := b.oneStanding()
		if !found {
			break
		}
		es = append(es, e)
		b.told = slices.Clone(es)
		b.account()
		if err := b.fit(); err != nil {
			return nil, err
		}
	}
	return es, nil
}

func (b *balance) oneStanding() (explanation, bool) {
	var best explanation
	next := 0.0
	for m := -1; m < len(b.meters); m++ {
		for _, s := range []shape{reading, later, earlier} {
			h := hypothesis{s, m}
			if m < 0 && s == reading || b.wasTold(h) {
				continue
			}
			switch e := b.since(h); {
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
	return best, best.kind != "" && best.gain > surely && best.gain > next+margin
}

// since tries a trouble that lasts from the first slot to the last.
func (b *balance) since(h hypothesis) explanation {
	e := explanation{hypothesis: h, to: len(b.rest), exact: true, x: b.column(h).x, size: 1}
	if h.shape == reading {
		e.size = -1
	}
	var s sums
	n, left := 0.0, 0.0
	for t := range b.clean {
		if b.usable[t] && !math.IsNaN(e.x[t]) {
			s.slot(e.x[t]*b.marginal[t], b.rest[t], b.variance[t], b.design[t])
			n, left = n+1, left+b.rest[t]*b.rest[t]/b.variance[t]
		}
	}
	known := b.know(b.info, vector{})
	free := s.xx - s.xb.dot(vector{known.inverse[0].dot(s.xb), known.inverse[1].dot(s.xb), known.inverse[2].dot(s.xb)})
	if free < s.xx/1e6 || free <= 0 {
		return e
	}
	if size := s.xr / free; math.Abs(size-e.size) < 0.15 {
		e.kind = map[bool]Kind{true: WrongFeeder, false: ClockShift}[h.shape == reading]
		e.gain = n / 2 * math.Log(left/math.Max(left-size*s.xr, left/1e9))
	}
	return e
}
