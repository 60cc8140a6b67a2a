// Package household makes up a home and its meter readings, for demonstrations
// and tests: people who get up, cook, wash and go away, a fridge that cycles,
// long winter evenings, and on request a heat pump, a car and a roof of solar
// panels. A seed fixes everything; a day is the same in whatever range it is
// asked for. docs/design/household.md says what is modelled and how well.
package household

import (
	"fmt"
	"math/rand/v2"

	"hushwatt/meter/slots"
)

// Options describe a home; the zero value is an ordinary one with half-hours.
type Options struct {
	Seed     uint64
	Step     int    // seconds in a slot: 3600, 1800 (also for 0), 900, 600 or 300
	Point    string // meter point; "" for made-up-SEED
	Solar    bool   // a roof with panels, and so an export channel
	HeatPump bool
	Car      bool // an electric car that is charged at night
	Gaps     bool // a few slots a year are missing, as in real files
}

// Household is a home whose habits are settled.
type Household struct {
	options Options
	traits  traits
}

// New settles the habits of a home. It refuses a Step that cannot be sealed.
func New(o Options) (*Household, error) {
	if o.Step == 0 {
		o.Step = 1800
	}
	switch o.Step {
	case 3600, 1800, 900, 600, 300:
	default:
		return nil, fmt.Errorf("a slot of %d s cannot be sealed", o.Step)
	}
	if o.Point == "" {
		o.Point = fmt.Sprintf("made-up-%d", o.Seed)
	}
	h := &Household{options: o}
	h.traits = drawTraits(h.rand(0, topicTraits))
	return h, nil
}

// maxDay is the last day that a day record can carry (docs/protocol.md, section 2).
const maxDay = 1<<16 - 1

// Series returns the readings of the UTC days first … first+days−1, counted
// from 1970-01-01: import, and export if the home has panels.
func (h *Household) Series(first, days int) ([]slots.Series, error) {
	if first < 0 || days < 1 || days > maxDay || first+days-1 > maxDay {
		return nil, fmt.Errorf("%d days from day %d: not within 1970 to 2149", days, first)
	}
	channels := 1
	if h.options.Solar {
		channels = 2
	}
	series := make([]slots.Series, channels)
	for c := range series {
		series[c] = slots.Series{Point: h.options.Point, Channel: c, Start: int64(first) * 86400, Step: h.options.Step}
	}
	before, today := h.plan(first-1), h.plan(first)
	for day := first; day < first+days; day++ {
		after := h.plan(day + 1)
		h.addDay(series, day, []*plan{before, today, after})
		before, today = today, after
	}
	return series, nil
}

const minutesPerDay = 1440

// addDay appends one UTC day, from the local days around it.
func (h *Household) addDay(series []slots.Series, day int, around []*plan) {
	load := h.load(day, around)
	var sun [minutesPerDay]int
	if h.options.Solar {
		sun = h.sun(day)
	}
	var in, out [minutesPerDay]int
	for t := range load {
		in[t], out[t] = max(0, load[t]-sun[t]), max(0, sun[t]-load[t])
	}
	missing := h.gap(day)
	appendDay(&series[slots.Import], in[:], missing)
	if h.options.Solar {
		appendDay(&series[slots.Export], out[:], missing)
	}
}

// appendDay turns watts per minute into Wh per slot by carrying the rest, so that
// finer slots always add up to coarser ones. missing is a slot to leave out, or −1.
func appendDay(s *slots.Series, watts []int, missing int) {
	length := s.Step / 60
	total := 0 // watt-minutes since midnight
	for slot := range s.PerDay() {
		before := (total + 30) / 60
		for _, w := range watts[slot*length : (slot+1)*length] {
			total += w
		}
		wh, status := uint32((total+30)/60-before), slots.Measured
		if slot == missing {
			wh, status = 0, slots.Missing
		}
		s.Wh, s.Status = append(s.Wh, wh), append(s.Status, status)
	}
}

// gap returns the slot that is missing on a day, −1 for none.
func (h *Household) gap(day int) int {
	r := h.rand(day, topicGap)
	if !h.options.Gaps || r.IntN(60) != 0 {
		return -1
	}
	return r.IntN(86400 / h.options.Step)
}

// Topics keep the random streams of a day apart, so that one more cup of tea
// does not change the weather.
const (
	topicTraits = iota
	topicPlan
	topicYear
	topicWeekend
	topicWeather
	topicClouds
	topicFridge
	topicGap
)

// rand returns the random stream of a topic on a day (or in a year).
func (h *Household) rand(day, topic int) *rand.Rand {
	return rand.New(rand.NewPCG(mix(h.options.Seed), mix(uint64(day)<<8|uint64(topic))))
}

// mix is the finaliser of SplitMix64: neighbouring days must not look alike.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// between returns a number from lo to hi, both included.
func between(r *rand.Rand, lo, hi int) int { return lo + r.IntN(hi-lo+1) }

// chance is true in percent of all cases.
func chance(r *rand.Rand, percent int) bool { return r.IntN(100) < percent }
