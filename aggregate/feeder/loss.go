package feeder

import (
	"errors"
	"fmt"
	"math"
)

// Loss is what a feeder loses with E Wh drawn in a slot: Constant + Linear·E +
// Quadratic·E² Wh, give or take Sigma. The linear part is there only where the
// clean slots leave no doubt about it: two meters that measure a little
// differently show as one.
type Loss struct {
	Constant  float64 `json:"constant_wh"`
	Linear    float64 `json:"linear,omitempty"`
	Quadratic float64 `json:"quadratic_per_wh"`
	Sigma     float64 `json:"sigma_wh"`
}

func (l Loss) at(e float64) float64 { return l.Constant + (l.Linear+l.Quadratic*e)*e }

// A balance is a feeder's account while it is worked out: what the meters
// measured, what is explained, and what is left over.
type balance struct {
	*Data
	meters  []Meter // silent days as 0
	perDay  int
	clean   int       // slots before it are clean
	silent  [][]bool  // by meter: its reading is not there for a day or more
	whole   []bool    // all meters' readings are there
	known   []bool    // and the feeder's
	counted []float64 // Wh that the meters count
	habits  []habit   // by meter

	alarming float64       // evidence that makes an alarm
	told     []explanation // troubles that are taken out of the account
	usable   []bool        // known, and no guess
	guess    []float64     // variance of energy where it is a guess
	energy   []float64     // Wh drawn, as far as it is known
	marginal []float64     // Wh that the feeder delivers for one more drawn
	design   []vector      // regressors
	loss     Loss
	terms    []int // powers of E in the loss model
	scale    float64
	variance []float64 // of rest, Wh²; longer memory of the noise counted in
	rest     []float64 // feeder − energy − loss
	info     matrix    // what the clean slots know about the loss model
	usual    float64   // mean square of what is left over in the clean slots, in units of variance
}

func newBalance(d *Data, fitUntil int64) *balance {
	n := len(d.Feeder)
	floats := func() []float64 { return make([]float64, n) }
	b := &balance{Data: d, perDay: int(secondsPerDay / d.Step), habits: make([]habit, len(d.Meters)),
		whole: make([]bool, n), known: make([]bool, n), usable: make([]bool, n), design: make([]vector, n),
		counted: floats(), guess: floats(), energy: floats(), marginal: floats(), rest: floats(), variance: floats()}
	b.clean = int(min(max((fitUntil-d.Start+d.Step-1)/d.Step, 0), int64(n)))
	for t := range b.whole {
		b.whole[t] = true
	}
	for _, m := range d.Meters {
		b.add(m)
	}
	for t := range b.known {
		b.known[t] = b.whole[t] && !math.IsNaN(d.Feeder[t])
	}
	copy(b.usable, b.known)
	copy(b.energy, b.counted)
	return b
}

// add counts a meter in. A slot that it lacks for less than a day cannot be
// balanced; where it is silent for longer it counts as nothing used, but the
// losses are not learnt from such slots unless it is silent in all clean ones.
func (b *balance) add(m Meter) {
	wh := make([]float64, len(m.Wh))
	silent := make([]bool, len(m.Wh))
	for t := 0; t < len(wh); {
		if !math.IsNaN(m.Wh[t]) {
			wh[t] = m.Wh[t]
			t++
			continue
		}
		end := t
		for end < len(wh) && math.IsNaN(m.Wh[end]) {
			end++
		}
		long := end-t >= b.perDay
		for ; t < end; t++ {
			silent[t] = long
			b.whole[t] = b.whole[t] && long
		}
	}
	b.meters = append(b.meters, Meter{m.Name, wh})
	b.silent = append(b.silent, silent)
	for t, x := range wh {
		b.counted[t] += x
	}
}

func (b *balance) at(slot int) int64 { return b.Start + int64(slot)*b.Step }

// learnt says which slots the losses are learnt from.
func (b *balance) learnt() []bool {
	use := make([]bool, len(b.usable))
	copy(use[:b.clean], b.usable)
	for _, silent := range b.silent {
		if count(silent[:b.clean]) == b.clean {
			continue // not on this feeder yet
		}
		for t := range b.clean {
			use[t] = use[t] && !silent[t]
		}
	}
	return use
}

func count(flags []bool) int {
	n := 0
	for _, f := range flags {
		if f {
			n++
		}
	}
	return n
}

// fit learns the loss model and its noise from the clean slots.
func (b *balance) fit() error {
	use := b.learnt()
	if have := count(use); have < cleanDays*b.perDay {
		return fmt.Errorf("%d complete slots before %s; the losses need %d days of them to be learnt from",
			have, instant(b.at(b.clean)), cleanDays)
	}
	sum := 0.0
	for t, u := range use {
		if u {
			sum += b.energy[t]
		}
	}
	if b.scale = sum / float64(count(use)); b.scale <= 0 {
		return errors.New("the meters used nothing in the clean slots")
	}
	for t := range b.variance {
		b.variance[t] = 1
	}
	b.choose(use)
	for range 3 { // noise that grows with load, and a few broken readings
		b.noise(use)
		b.trim(use)
		b.solve(use)
	}
	b.noise(use)
	b.solve(use)
	b.memory(use)
	b.usual = 0
	for t, u := range use {
		if u {
			b.usual += math.Min(b.rest[t]*b.rest[t]/b.variance[t], mostOff) / float64(count(use))
		}
	}
	return nil
}

// choose settles which powers of E the losses have.
func (b *balance) choose(use []bool) {
	b.terms = []int{0, 1, 2}
	b.solve(use)
	b.noise(use)
	full := b.misfit(use)
	b.terms = []int{0, 2}
	b.solve(use)
	if b.misfit(use)-full > 40 && b.loss.Quadratic >= 0 {
		b.terms = []int{0, 1, 2} // far beyond chance: χ² with one degree of freedom
		b.solve(use)
	}
	for _, power := range []int{2, 0} { // no line gives energy back
		if len(b.terms) == 2 && b.coefficient(power) < 0 {
			b.terms = without(b.terms, power)
			b.solve(use)
		}
	}
}

func without(terms []int, power int) []int {
	var kept []int
	for _, t := range terms {
		if t != power {
			kept = append(kept, t)
		}
	}
	return kept
}

func (b *balance) coefficient(power int) float64 {
	return [...]float64{b.loss.Constant, b.loss.Linear, b.loss.Quadratic}[power]
}

// solve fits the loss model to the slots in use by weighted least squares.
func (b *balance) solve(use []bool) {
	var right vector
	b.info = matrix{}
	for t, u := range use {
		if u {
			x := b.regressors(b.energy[t] / b.scale)
			b.info.add(x, 1/b.variance[t])
			right.add(x, (b.Feeder[t]-b.energy[t])/b.variance[t])
		}
	}
	found := b.info.solve(right, len(b.terms))
	b.loss = Loss{Sigma: b.loss.Sigma}
	for i, power := range b.terms {
		*[...]*float64{&b.loss.Constant, &b.loss.Linear, &b.loss.Quadratic}[power] = found[i] / math.Pow(b.scale, float64(power))
	}
	b.settle()
}

// settle works out what is left over under the loss model; design holds its terms
// at each slot, of order 1 in size.
func (b *balance) settle() {
	for t, e := range b.energy {
		b.rest[t] = b.Feeder[t] - e - b.loss.at(e)
		b.marginal[t] = math.Max(1+b.loss.Linear+2*b.loss.Quadratic*e, 0.5)
		b.design[t] = b.regressors(e / b.scale)
	}
}

func (b *balance) regressors(load float64) vector {
	var v vector
	powers := [3]float64{1, load, load * load}
	for i, power := range b.terms {
		v[i] = powers[power]
	}
	return v
}

func (b *balance) misfit(use []bool) float64 {
	sum := 0.0
	for t, u := range use {
		if u {
			sum += b.rest[t] * b.rest[t] / b.variance[t]
		}
	}
	return sum
}

// leastVariance is what no meter is better than: 0.05 % of the mean load.
func (b *balance) leastVariance() float64 { return max(1, b.scale*b.scale*25e-8) }

// noise fits the variance of what is left over: a constant and a part that grows
// as the square of the load, as the error of a meter does.
func (b *balance) noise(use []bool) {
	var m matrix
	var right vector
	n := 0.0
	for t, u := range use {
		if u {
			load := b.energy[t] / b.scale
			x := vector{1, load * load}
			m.add(x, 1)
			right.add(x, b.rest[t]*b.rest[t])
			n++
		}
	}
	least := b.leastVariance()
	mean := math.Max(right[0]/n, least)
	v := m.solve(right, 2)
	if v[1] < 0 {
		v = vector{mean, 0}
	}
	v[0] = math.Max(v[0], math.Max(least, mean/20))
	for t := range b.variance {
		load := b.energy[t] / b.scale
		b.variance[t] = v[0] + v[1]*load*load
	}
	b.loss.Sigma = math.Sqrt(mean)
}

// trim leaves out readings that no noise explains.
func (b *balance) trim(use []bool) {
	for t, u := range use {
		use[t] = u && b.rest[t]*b.rest[t] < 36*b.variance[t]
	}
}

// memory raises the variance by what days have in common: noise that stays for
// hours adds up faster than noise that does not.
func (b *balance) memory(use []bool) {
	factor := b.dayFactor(0, b.clean, use)
	for t := range b.variance {
		b.variance[t] *= factor
	}
	b.info.scale(1 / factor)
}

// dayFactor compares the variance of days' sums with that of slots, at least 1.
func (b *balance) dayFactor(from, to int, use []bool) float64 {
	sum, days := 0.0, 0.0
	for d := from; d+b.perDay <= to; d += b.perDay {
		z, n := 0.0, 0.0
		for t := d; t < d+b.perDay; t++ {
			if use[t] {
				z += b.rest[t] / math.Sqrt(b.variance[t])
				n++
			}
		}
		if n > 0 {
			sum += z * z / n
			days++
		}
	}
	if days < 2 {
		return 1
	}
	// Few days say little: the factor is taken two standard errors up once it is
	// more than chance.
	ratio, spread := sum/days, math.Sqrt(2/days)
	if ratio < 1+2*spread {
		return 1
	}
	return ratio * (1 + 2*spread)
}
