// Package slots is the form in which readings leave every meter file: whole
// watt-hours on a grid of UTC slots, gapless, in whole UTC days, each slot with a
// status. It is for what reads meter files (meter/source), for what makes readings
// up (meter/household) and for what seals them (meter); it knows no file format,
// so that a program which only seals or opens links none.
package slots

import (
	"fmt"
	"slices"
	"time"
)

// Channels of a Series. A reading is never negative: energy that flows to the
// grid is a channel of its own.
const (
	Import = 0
	Export = 1
)

// MaxWh is the highest reading of one slot, in Wh (docs/protocol.md, section 1).
const MaxWh = 1<<20 - 1

// Status says how a slot's reading came about. The numbers are those of a day
// record (docs/protocol.md, section 3).
type Status uint8

// The statuses that a meter file can give.
const (
	Measured  Status = 0
	Missing   Status = 1 // no reading: Wh is 0
	Estimated Status = 2
)

// Series is one channel of one meter point: a gapless array of slots from Start
// on. Start is a midnight and the array holds whole days, both of UTC.
type Series struct {
	Point   string   // the meter point's name, "" if the file has none
	Channel int      // Import or Export
	Start   int64    // start of slot 0, seconds since 1970-01-01 UTC
	Step    int      // length of a slot in seconds: 3600, 1800, 900, 600 or 300
	Wh      []uint32 // energy per slot, 0 … MaxWh
	Status  []Status // as long as Wh
}

// Gap is a run of missing slots.
type Gap struct {
	Start int64 // start of the first missing slot, Unix seconds
	Slots int
}

const secondsPerDay = 86400

// ValidStep reports whether slots of step seconds can be sealed: 24, 48, 96,
// 144 or 288 to a day.
func ValidStep(step int) bool {
	return slices.Contains([]int{3600, 1800, 900, 600, 300}, step)
}

// PerDay returns the number of slots in a UTC day.
func (s *Series) PerDay() int { return secondsPerDay / s.Step }

// Days returns the number of UTC days.
func (s *Series) Days() int { return len(s.Wh) / s.PerDay() }

// At returns the start of slot i in Unix seconds; At(len(s.Wh)) is the end.
func (s *Series) At(i int) int64 { return s.Start + int64(i)*int64(s.Step) }

// Total returns the sum of all readings in Wh.
func (s *Series) Total() uint64 {
	var sum uint64
	for _, wh := range s.Wh {
		sum += uint64(wh)
	}
	return sum
}

// Count returns how many slots have the given status.
func (s *Series) Count(status Status) int {
	n := 0
	for _, st := range s.Status {
		if st == status {
			n++
		}
	}
	return n
}

// Gaps returns the runs of missing slots in time order.
func (s *Series) Gaps() []Gap {
	var gaps []Gap
	for i, st := range s.Status {
		switch {
		case st != Missing:
		case i > 0 && s.Status[i-1] == Missing:
			gaps[len(gaps)-1].Slots++
		default:
			gaps = append(gaps, Gap{Start: s.At(i), Slots: 1})
		}
	}
	return gaps
}

// Coarsen adds finer slots up to slots of step seconds. A slot that lacks some
// of its parts keeps the energy of the others and becomes Estimated; one that
// lacks all of them is Missing. It refuses a finer step than the series has,
// and a sum above MaxWh.
func (s *Series) Coarsen(step int) (Series, error) {
	if !ValidStep(step) {
		return Series{}, fmt.Errorf("slots of %s cannot be sealed: 60, 30, 15, 10 or 5 minutes can", Minutes(step))
	}
	if step%s.Step != 0 {
		return Series{}, fmt.Errorf("slots of %s cannot be made from slots of %s", Minutes(step), Minutes(s.Step))
	}
	k := step / s.Step
	out := Series{Point: s.Point, Channel: s.Channel, Start: s.Start, Step: step,
		Wh: make([]uint32, len(s.Wh)/k), Status: make([]Status, len(s.Wh)/k)}
	for i := range out.Wh {
		sum, status := merge(s.Wh[i*k:(i+1)*k], s.Status[i*k:(i+1)*k])
		if sum > MaxWh {
			return Series{}, fmt.Errorf("slot %s: %d Wh, more than %d", Stamp(out.At(i)), sum, MaxWh)
		}
		out.Wh[i], out.Status[i] = uint32(sum), status
	}
	return out, nil
}

// merge adds the parts of one coarser slot up.
func merge(wh []uint32, status []Status) (sum uint64, _ Status) {
	missing, estimated := 0, false
	for i := range wh {
		sum += uint64(wh[i])
		switch status[i] {
		case Missing:
			missing++
		case Estimated:
			estimated = true
		}
	}
	switch {
	case missing == len(wh):
		return 0, Missing
	case missing > 0 || estimated:
		return sum, Estimated
	}
	return sum, Measured
}

// SpikeWatts is the most that a household's connection carries for long: three
// phases of 80 A at 230 V. A higher mean over a slot is not impossible (a large
// building, a correction by the operator), but somebody should look at it.
const SpikeWatts = 3 * 80 * 230

// Spikes returns the slots whose mean power is above 55.2 kW, three phases of
// 80 A at 230 V: nothing that a household's connection carries for long.
func (s *Series) Spikes() []int {
	var spikes []int
	for i, wh := range s.Wh {
		if int(wh)*3600 > SpikeWatts*s.Step {
			spikes = append(spikes, i)
		}
	}
	return spikes
}

// Stamp prints an instant as RFC 3339 in UTC, the way the protocol's documents do.
func Stamp(at int64) string { return time.Unix(at, 0).UTC().Format(time.RFC3339) }

// Minutes prints a length of time given in seconds.
func Minutes(step int) string {
	if step%60 != 0 {
		return fmt.Sprintf("%d seconds", step)
	}
	return fmt.Sprintf("%d minutes", step/60)
}
