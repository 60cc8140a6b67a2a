// Package feeder compares the meter of a feeder with the sum of the homes it
// feeds, for a network operator who looks for energy that nobody is billed for.
// What is missing beyond the losses of the line is followed by a sequential test
// with a stated chance of a false alarm; an alarm says what the gap looks like.
// It works on sums already released, or on meters that their owner shows: the
// only package of aggregate with floating point (docs/design/feeder.md).
package feeder

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"time"
)

// Data is what a feeder's meter and the meters below it say of the same slots.
// NaN is a reading that is not there.
type Data struct {
	Start  int64     // of slot 0, seconds since 1970
	Step   int64     // seconds of a slot; divides a day
	East   int64     // seconds that the homes' clock is ahead of UTC, for days of the week
	Feeder []float64 // Wh of each slot
	Meters []Meter   // at least one
}

// A Meter is one home, or the sum of all where homes are not told apart (Name
// is empty then). A day or more without a reading counts as nothing used.
type Meter struct {
	Name string
	Wh   []float64 // Wh of each slot, as many as Data.Feeder
}

// Options of Analyse.
type Options struct {
	FitUntil   int64   // the slots before this instant are clean; the losses are learnt from them
	FalseAlarm float64 // chance that a clean feeder ever raises an alarm; 0 stands for 0.01
}

// Kind says what a gap looks like.
type Kind string

// The kinds of alarm. A bypass takes energy past a meter. A home on the wrong
// feeder is counted here and fed elsewhere, or counted by readings that are not
// its own; with no meter, it is fed here and not listed.
const (
	Bypass         Kind = "bypass"
	EveningZeroing Kind = "evening-zeroing"
	DeadMeter      Kind = "dead-meter"
	ClockShift     Kind = "clock-shift"
	WrongFeeder    Kind = "wrong-feeder"
	Unknown        Kind = "unknown"
)

// A Report is the loss model and what does not fit it, the earliest alarm first.
type Report struct {
	Loss   Loss    `json:"loss"`
	Alarms []Alarm `json:"alarms"`
}

// An Alarm is one change that the losses do not explain. PValue bounds the
// chance that a feeder on which nothing is wrong ever shows as much, however
// long it is watched.
type Alarm struct {
	From   string  `json:"from"` // RFC 3339, UTC
	Kind   Kind    `json:"kind"`
	Meter  *string `json:"meter"`  // nil where nobody can be named
	GapWh  int64   `json:"gap_wh"` // energy missing since From (negative: too much)
	PValue float64 `json:"p_value"`
}

const (
	secondsPerDay = 86400
	cleanDays     = 7  // the least to learn the losses from
	mostAlarms    = 12 // of one report
)

// Analyse learns the losses from the clean slots and looks for changes in those
// after them.
func Analyse(d *Data, o Options) (*Report, error) {
	if o.FalseAlarm == 0 {
		o.FalseAlarm = 0.01
	}
	if err := d.check(o); err != nil {
		return nil, err
	}
	b := newBalance(d, o.FitUntil)
	b.alarming = -math.Log(o.FalseAlarm)
	if err := b.fit(); err != nil {
		return nil, err
	}
	r := &Report{Alarms: []Alarm{}}
	standing, err := b.standing()
	if err != nil {
		return nil, err
	}
	for _, e := range standing {
		r.Alarms = append(r.Alarms, b.alarm(e, evidence{log: e.gain}))
	}
	r.Loss = b.loss
	for len(b.told) < mostAlarms {
		b.account()
		found := b.watch()
		if found.log < b.alarming {
			break
		}
		es := b.explain(found)
		b.account()
		for _, e := range es {
			if a := b.alarm(e, found); !r.told(a) && !b.trifling(e, a) {
				r.Alarms = append(r.Alarms, a)
			}
		}
		b.remember(es)
	}
	sortAlarms(r.Alarms)
	return r, nil
}

// told says whether a trouble of the same meter is reported already: a second
// one is what the first explanation, which is never perfect, left over.
func (r *Report) told(a Alarm) bool {
	return slices.ContainsFunc(r.Alarms, func(b Alarm) bool {
		return a.Meter != nil && b.Meter != nil && *a.Meter == *b.Meter
	})
}

// trifling says whether what nobody is named for is next to no energy: the
// feeder's clock drifts by seconds, say.
func (b *balance) trifling(e explanation, a Alarm) bool {
	delivered := 0.0
	for t := max(0, min(e.from, e.to-b.perDay)); t < e.to; t++ {
		if b.known[t] {
			delivered += b.Feeder[t]
		}
	}
	return a.Meter == nil && a.Kind != ClockShift && math.Abs(float64(a.GapWh)) < delivered/2000
}

func (d *Data) check(o Options) error {
	switch {
	case d.Step <= 0 || secondsPerDay%d.Step != 0:
		return fmt.Errorf("slots of %d seconds from %s do not divide a day", d.Step, instant(d.Start))
	case len(d.Meters) == 0:
		return errors.New("no meters below the feeder")
	case o.FalseAlarm <= 0 || o.FalseAlarm >= 1:
		return fmt.Errorf("a chance of false alarms of %g is not between 0 and 1", o.FalseAlarm)
	}
	for _, m := range d.Meters {
		if len(m.Wh) != len(d.Feeder) {
			return fmt.Errorf("meter %s has %d slots, the feeder %d", m.Name, len(m.Wh), len(d.Feeder))
		}
	}
	return nil
}

// alarm reports an explanation.
func (b *balance) alarm(e explanation, found evidence) Alarm {
	a := Alarm{
		From:   instant(b.at(e.from)),
		Kind:   e.kind,
		PValue: math.Min(1, math.Max(math.Exp(-found.log), 1e-300)),
	}
	if e.meter >= 0 && !e.nobody && b.meters[e.meter].Name != "" {
		a.Meter = &b.meters[e.meter].Name
	}
	gap := 0.0
	for t := e.from; t < e.to; t++ {
		switch {
		case !b.usable[t] || e.x[t] == 0 || math.IsNaN(e.x[t]):
		case e.exact:
			gap += e.size * e.x[t]
		default:
			gap += b.rest[t] / b.marginal[t]
		}
	}
	a.GapWh = int64(math.Round(gap))
	return a
}

// remember takes explanations out of the account. Where they leave more than
// noise the slots tell nothing any more.
func (b *balance) remember(es []explanation) {
	b.account(es...)
	for i := range es {
		if e := &es[i]; e.exact && !b.clear(*e) {
			e.exact, e.spread = false, make([]float64, len(e.x))
		}
	}
	b.told = append(b.told, es...)
}

// clear says whether an exact explanation leaves no more than the noise, of slots
// and of days.
func (b *balance) clear(e explanation) bool {
	about, n, left := b.leaves(e)
	return n == 0 || left/n*b.dayFactor(e.from, e.to, about) < b.usual*(1+4*math.Sqrt(2/n))
}

// settled says whether what an exact explanation leaves could be noise.
func (b *balance) settled(e explanation) bool {
	_, n, left := b.leaves(e)
	return n == 0 || left/n < b.usual*(1.1+6*math.Sqrt(2/n))
}

// leaves sums what is left over in the slots that an explanation is about.
func (b *balance) leaves(e explanation) (about []bool, n, left float64) {
	about = make([]bool, len(e.x))
	for t := e.from; t < e.to; t++ {
		if about[t] = b.usable[t] && e.x[t] != 0; about[t] {
			n, left = n+1, left+math.Min(b.rest[t]*b.rest[t]/(b.variance[t]+b.guess[t]), mostOff)
		}
	}
	return about, n, left
}

func (b *balance) wasTold(h hypothesis) bool {
	return slices.ContainsFunc(b.told, func(e explanation) bool { return e.hypothesis == h })
}

func sortAlarms(alarms []Alarm) {
	sort.SliceStable(alarms, func(i, j int) bool { return alarms[i].From < alarms[j].From })
}

func instant(at int64) string { return time.Unix(at, 0).UTC().Format(time.RFC3339) }
