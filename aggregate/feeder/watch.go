package feeder

import "math"

// A shape is the course over time that a trouble gives to what is left over.
type shape int

const (
	level   shape = iota // the same in every slot
	typical              // what the meter used to measure at this time of day
	reading              // as the meter's own readings: more (part is not measured) or less (not fed here)
	later                // the meter's clock is a slot behind: the next reading belongs here
	earlier              // the meter's clock is a slot ahead
	drop                 // what the meter used to measure less what it measures now
	zeros                // what it used to measure, in slots of the day that are 0 now
)

// A hypothesis is a shape of one meter; level is of none (−1).
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

// evidence is what watch found: the logarithm of the factor by which the data
// speak against a clean feeder at its height, and the slot where that is.
type evidence struct {
	log float64
	to  int
}

// bank lists what is watched for. Half of the weight is on energy missing at
// all times, the other half is shared by all shapes of all meters.
func (b *balance) bank() ([]hypothesis, []float64) {
	hs := []hypothesis{{level, -1}}
	for m := range b.meters {
		for _, s := range []shape{typical, reading, later, earlier} {
			hs = append(hs, hypothesis{s, m})
		}
	}
	weights := make([]float64, len(hs))
	for i := range weights {
		weights[i] = -math.Log(2 * float64(len(hs)-1))
	}
	weights[0] = -math.Ln2
	return hs, weights
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
	case later:
		b.neighbours(h.meter, x, 1)
		c.prior = prior{1, 0.1}
	case earlier:
		b.neighbours(h.meter, x, -1)
		c.prior = prior{1, 0.1}
	case typical, drop, zeros:
		p := b.profile(h.meter)
		for t := range x {
			x[t] = p[b.kindOfSlot(t)]
			if h.shape == drop {
				x[t] -= wh[t]
			}
		}
		c.prior = prior{1, 0.5}
	}
	return c
}

// neighbours sets x to the reading one slot on (by 1) or back (by −1) less the
// slot's own; NaN where that reading is not there.
func (b *balance) neighbours(m int, x []float64, by int) {
	for t := range x {
		if x[t] = math.NaN(); t+by >= 0 && t+by < len(x) {
			x[t] = b.Meters[m].Wh[t+by] - b.meters[m].Wh[t]
		}
	}
}

// kindOfSlot numbers the slots of a day, those of weekends after those of
// weekdays. The days are of UTC: an hour does not matter here.
func (b *balance) kindOfSlot(t int) int {
	at := b.at(t)
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

// profile is what a meter measured on average in the clean slots, by
// kindOfSlot.
func (b *balance) profile(m int) []float64 {
	sum, n := make([]float64, 2*b.perDay), make([]float64, 2*b.perDay)
	for t := range b.clean {
		if k := b.kindOfSlot(t); b.usable[t] && !b.silent[m][t] {
			sum[k] += b.meters[m].Wh[t]
			n[k]++
		}
	}
	for k := range sum {
		other := (k + b.perDay) % (2 * b.perDay)
		if n[k] == 0 && n[other] > 0 { // clean slots without a weekend
			sum[k] = sum[other] / n[other]
		} else if n[k] > 0 {
			sum[k] /= n[k]
		}
	}
	return sum
}

// sums of a stretch of slots, for one column.
type sums struct {
	xx, xr float64 // Σ x²/v, Σ x·rest/v
	xb     vector  // Σ x·regressors/v
}

func (s *sums) slot(x, rest, variance float64, regressors vector) {
	if math.IsNaN(x) {
		return
	}
	w := x / variance
	s.xx += w * x
	s.xr += w * rest
	s.xb.add(regressors, w)
}

func (s sums) minus(o sums) sums {
	return sums{s.xx - o.xx, s.xr - o.xr, s.xb.minus(o.xb)}
}

// knowledge is what all slots up to a moment say of the loss model: they share
// in its uncertainty, so a shape that the losses could take too is no evidence.
type knowledge struct {
	inverse matrix
	shift   vector // inverse·Σ regressors·rest/v over the slots after the clean ones
}

func (b *balance) know(info matrix, right vector) knowledge {
	var k knowledge
	n := len(b.terms)
	for i := range n {
		var unit vector
		unit[i] = 1
		k.inverse[i] = info.solve(unit, n)
	}
	k.shift = info.solve(right, n)
	return k
}

// factor returns the logarithm of the Bayes factor of a shape against nothing,
// and the most likely size of the shape. Averaged over the prior it is a
// martingale on a clean feeder, so by Ville's inequality it ever passes 1/α with
// a chance of at most α.
func (k knowledge) factor(s sums, p prior) (log, size float64) {
	var spread vector
	for i := range spread {
		spread[i] = k.inverse[i].dot(s.xb)
	}
	a := math.Max(s.xx-s.xb.dot(spread), 0)
	u := s.xr - s.xb.dot(k.shift)
	v := p.deviation * p.deviation
	log = -math.Log1p(v*a)/2 + (v*u*u+2*u*p.mean-a*p.mean*p.mean)/(2*(1+v*a))
	return log, (u*v + p.mean) / (1 + v*a)
}

// watch runs the sequential test day by day and returns where the evidence
// against a clean feeder is highest: an average over shapes and over the days
// on which trouble may have begun.
func (b *balance) watch() evidence {
	days := (len(b.rest) - b.clean + b.perDay - 1) / b.perDay
	known := make([]knowledge, days)
	info, right := b.info, vector{}
	b.eachDay(func(day, from, to int) {
		for t := from; t < to; t++ {
			if b.usable[t] {
				x := b.regressors(t)
				info.add(x, 1/b.variance[t])
				right.add(x, b.rest[t]/b.variance[t])
			}
		}
		known[day] = b.know(info, right)
	})
	total := make([]float64, days)
	for e := range total { // troubles that have not begun yet
		total[e] = -math.Log(float64(e + 2))
	}
	hs, weights := b.bank()
	for i, h := range hs {
		b.average(b.column(h), weights[i], known, total)
	}
	best := evidence{log: math.Inf(-1), to: len(b.rest)}
	for e, log := range total {
		if log > best.log {
			best = evidence{log, min(b.clean+(e+1)*b.perDay, len(b.rest))}
		}
	}
	if days > 0 && total[days-1] > best.log*4/5 { // it lasts
		best.to = len(b.rest)
	}
	return best
}

// average adds one column's evidence to that of each day, over all beginnings.
func (b *balance) average(c column, weight float64, known []knowledge, total []float64) {
	before := make([]sums, len(known)+1)
	b.eachDay(func(day, from, to int) {
		s := before[day]
		for t := from; t < to; t++ {
			if b.usable[t] {
				s.slot(c.x[t], b.rest[t], b.variance[t], b.regressors(t))
			}
		}
		before[day+1] = s
	})
	for e, k := range known {
		for s := range e + 1 {
			log, _ := k.factor(before[e+1].minus(before[s]), c.prior)
			begin := -math.Log(float64((s + 1) * (s + 2)))
			total[e] = logAdd(total[e], weight+begin+log)
		}
	}
}

func (b *balance) eachDay(do func(day, from, to int)) {
	for day, from := 0, b.clean; from < len(b.rest); day, from = day+1, from+b.perDay {
		do(day, from, min(from+b.perDay, len(b.rest)))
	}
}

// logAdd returns log(eᵃ + eᵇ).
func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	return a + math.Log1p(math.Exp(b-a))
}
