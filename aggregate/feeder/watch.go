package feeder

import (
	"math"
	"slices"
)

// evidence is what watch found: the logarithm of the factor by which the data
// speak against a clean feeder at its height, and the slot where that is.
type evidence struct {
	log float64
	to  int
}

// bank lists what is watched for. Half of the weight is on energy missing at
// all times, the other half is shared by all shapes of all meters.
func (b *balance) bank() ([]hypothesis, []float64) {
	hs := []hypothesis{{level, -1}, {load, -1}, {later, -1}, {earlier, -1}}
	for m := range b.meters {
		for _, s := range []shape{typical, reading, later, earlier, zeros} {
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
	known, doubted := make([]knowledge, days), b.doubted()
	info, right := b.info, vector{}
	b.eachDay(func(day, from, to int) {
		for t := from; t < to; t++ {
			if b.usable[t] {
				x := b.design[t]
				info.add(x, 1/doubted[t])
				right.add(x, b.rest[t]/doubted[t])
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
		b.average(b.column(h), weights[i], doubted, known, total)
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

// beginning is the i-th day on which trouble may have begun: every day of the
// first four weeks, then every fourth, which is soon enough after a month.
func beginning(i int) int {
	const daily = 28
	return i + 3*max(i-daily, 0)
}

// average adds one column's evidence to that of each day, over all beginnings.
func (b *balance) average(c column, weight float64, doubted []float64, known []knowledge, total []float64) {
	before := make([]sums, len(known)+1)
	b.eachDay(func(day, from, to int) {
		s := before[day]
		for t := from; t < to; t++ {
			if b.usable[t] {
				s.slot(c.x[t]*b.marginal[t], b.rest[t], doubted[t], b.design[t])
			}
		}
		before[day+1] = s
	})
	for e, k := range known {
		for i := 0; beginning(i) <= e; i++ {
			log, _ := k.factor(before[e+1].minus(before[beginning(i)]), c.prior)
			total[e] = logAdd(total[e], weight-math.Log(float64((i+1)*(i+2)))+log)
		}
	}
}

// doubted is the variance of slots in the sequential test: a day that is much out
// of order weighs no more than one that is somewhat, and no slot of it more than
// one that is four standard deviations off. A few hours alone are no trouble.
func (b *balance) doubted() []float64 {
	v := slices.Clone(b.variance)
	for t := range v {
		v[t] += b.guess[t]
	}
	b.eachDay(func(_, from, to int) {
		n, sum := 0.0, 0.0
		for t := from; t < to; t++ {
			if b.usable[t] {
				n, sum = n+1, sum+b.rest[t]*b.rest[t]/v[t]
			}
		}
		for t := from; t < to; t++ {
			v[t] = math.Max(v[t]*math.Max(sum/(2*n), 1), b.rest[t]*b.rest[t]/16)
		}
	})
	return v
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
	if a-b > 40 {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}
