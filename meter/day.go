package meter

import (
	"errors"
	"fmt"
	"time"

	"hushwatt/meter/slots"
)

// Status says how a slot's reading came about (docs/protocol.md, section 3).
type Status = slots.Status

// The statuses of a day record; others are refused.
const (
	Measured      = slots.Measured
	Missing       = slots.Missing   // sealed as 0 and signed as missing
	Estimated     = slots.Estimated // by the meter or its operator
	ClockAdjusted = Status(3)       // measured while the clock was being set
	NotHere       = Status(4)       // not in this epoch: before the meter came or after it left; sealed as 0
)

// Readings are one channel's slots of a UTC day.
type Readings struct {
	Wh     []uint32 // n readings, 0 … cap; 0 where the status is Missing or NotHere
	Status []Status // n statuses
}

// A Day is what a meter seals: all channels of a UTC day.
type Day struct {
	Day      uint16     // days since 1970-01-01
	Channels []Readings // per certified channel, ascending
}

// missingDay returns a day without a single reading.
func missingDay(day uint16, c *Certificate) Day {
	d := Day{Day: day}
	for range c.channels() {
		r := Readings{Wh: make([]uint32, c.N), Status: make([]Status, c.N)}
		for s := range r.Status {
			r.Status[s] = Missing
		}
		d.Channels = append(d.Channels, r)
	}
	return d
}

// check refuses what the certificate does not allow to be sealed.
func (d *Day) check(c *Certificate) error {
	if !c.validOn(d.Day, d.Day) {
		return fmt.Errorf("day %s: the certificate of meter %s is not valid", DayText(d.Day), c.Meter)
	}
	channels := c.channels()
	if len(d.Channels) != len(channels) {
		return fmt.Errorf("day %s: %d channels instead of %d", DayText(d.Day), len(d.Channels), len(channels))
	}
	for i, r := range d.Channels {
		if err := r.check(int(c.N), c.Cap); err != nil {
			return fmt.Errorf("day %s, %s: %w", DayText(d.Day), channelText(channels[i]), err)
		}
	}
	return nil
}

func (r *Readings) check(n int, highest uint32) error {
	if len(r.Wh) != n || len(r.Status) != n {
		return fmt.Errorf("%d readings and %d statuses instead of %d", len(r.Wh), len(r.Status), n)
	}
	for s, wh := range r.Wh {
		status := r.Status[s]
		switch {
		case status > NotHere:
			return fmt.Errorf("slot %d: status %d is not known", s, status)
		case wh > highest:
			return fmt.Errorf("slot %d: %d Wh, more than the certified %d", s, wh, highest)
		case (status == Missing || status == NotHere) && wh != 0: // the public part first
			return fmt.Errorf("slot %d: a reading where there is none", s)
		}
	}
	return nil
}

// equal reports whether two days hold the same readings and statuses.
func (d *Day) equal(other *Day) bool {
	if d.Day != other.Day || len(d.Channels) != len(other.Channels) {
		return false
	}
	for i := range d.Channels {
		a, b := &d.Channels[i], &other.Channels[i]
		for s := range a.Wh {
			if a.Wh[s] != b.Wh[s] || a.Status[s] != b.Status[s] {
				return false
			}
		}
	}
	return true
}

// packStatuses writes four bits a slot, the earlier slot in the high half.
func packStatuses(b []byte, statuses []Status) []byte {
	for s := 0; s < len(statuses); s += 2 {
		b = append(b, byte(statuses[s])<<4|byte(statuses[s+1]))
	}
	return b
}

var errStatus = errors.New("a status is not known")

func unpackStatuses(b []byte) ([]Status, error) {
	statuses := make([]Status, 0, 2*len(b))
	for _, pair := range b {
		if pair>>4 > byte(NotHere) || pair&15 > byte(NotHere) {
			return nil, errStatus
		}
		statuses = append(statuses, Status(pair>>4), Status(pair&15))
	}
	return statuses, nil
}

const secondsPerDay = 86400

// DayText returns a day number as 2013-01-31.
func DayText(day uint16) string {
	return time.Unix(int64(day)*secondsPerDay, 0).UTC().Format(time.DateOnly)
}

// timeText returns an instant as 2013-01-31T23:30:00Z.
func timeText(at int64) string { return time.Unix(at, 0).UTC().Format(time.RFC3339) }

// DaysOf returns the first and last UTC day that an interval of instants, Unix
// seconds, end exclusive, touches.
func DaysOf(start, end int64) (first, last uint16, err error) {
	if start < 0 || end <= start || (end-1)/secondsPerDay > 1<<16-1 {
		return 0, 0, errors.New("a period must end after it begins and lie between 1970 and 2149")
	}
	return uint16(start / secondsPerDay), uint16((end - 1) / secondsPerDay), nil
}

func channelText(ch int) string {
	if ch == ExportChannel {
		return "export"
	}
	return "import"
}
