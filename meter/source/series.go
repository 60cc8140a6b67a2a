// Package source reads real meter files: the download formats that households
// get from suppliers and portals. Each format is one file of this package; all
// of them end in the same Series: whole watt-hours on a grid of UTC slots, in
// whole UTC days, with every slot that the file lacks marked as missing.
// docs/design/sources.md says what is accepted and how kWh become Wh.
package source

import (
	"fmt"
	"slices"
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

// validStep reports whether slots of step seconds can be sealed: 24, 48, 96,
// 144 or 288 to a day.
func validStep(step int) bool {
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
	if !validStep(step) {
		return Series{}, fmt.Errorf("slots of %s cannot be sealed: 60, 30, 15, 10 or 5 minutes can", minutes(step))
	}
	if step%s.Step != 0 {
		return Series{}, fmt.Errorf("slots of %s cannot be made from slots of %s", minutes(step), minutes(s.Step))
	}
	k := step / s.Step
	out := Series{Point: s.Point, Channel: s.Channel, Start: s.Start, Step: step,
		Wh: make([]uint32, len(s.Wh)/k), Status: make([]Status, len(s.Wh)/k)}
	for i := range out.Wh {
		sum, status := merge(s.Wh[i*k:(i+1)*k], s.Status[i*k:(i+1)*k])
		if sum > MaxWh {
			return Series{}, fmt.Errorf("slot %s: %d Wh, more than %d", stamp(out.At(i)), sum, MaxWh)
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
