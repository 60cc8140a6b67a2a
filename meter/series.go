package meter

import (
	"errors"
	"fmt"

	"hushwatt/meter/slots"
)

// DaysOptions say how a file's series become days.
type DaysOptions struct {
	N         int   // slots in a UTC day; finer series are added up, coarser ones refused
	Channels  uint8 // those of the certificate; one without a series is missing throughout
	Installed int64 // when the meter came, Unix seconds; 0: always there
	Removed   int64 // when it left; 0: still there
}

// DaysFromSeries turns the series of one meter point into whole UTC days, from
// the day of the first slot of any series to that of the last. What no series has
// is missing. A slot that begins before the meter came or after it left is NotHere,
// so that one meter leaving at the instant when another comes loses no slot and
// counts none twice. Days on which the meter was not there at all are left out.
func DaysFromSeries(series []slots.Series, o DaysOptions) ([]Day, error) {
	if !ValidSlots(o.N) {
		return nil, fmt.Errorf("%d slots a day cannot be sealed: 24, 48, 96, 144 or 288 can", o.N)
	}
	byChannel, err := arrange(series, o)
	if err != nil {
		return nil, err
	}
	first, last := span(byChannel)
	if first > last || first < 0 || last > 1<<16-1 {
		return nil, errors.New("no readings between 1970 and 2149")
	}
	shape := &Certificate{N: uint16(o.N), Channels: o.Channels}
	var days []Day
	for day := first; day <= last; day++ {
		d := missingDay(uint16(day), shape)
		for i, ch := range shape.channels() {
			if s := byChannel[ch]; s != nil {
				d.Channels[i].copyFrom(s, day)
			}
		}
		if d.clip(o) {
			days = append(days, d)
		}
	}
	return days, nil
}

// ChannelsOf returns the channels for which there are series, as bits.
func ChannelsOf(series []slots.Series) uint8 {
	var channels uint8
	for i := range series {
		channels |= 1 << series[i].Channel
	}
	return channels
}

// arrange coarsens the series and sorts them by channel.
func arrange(series []slots.Series, o DaysOptions) (byChannel [2]*slots.Series, err error) {
	for i := range series {
		s := &series[i]
		if s.Channel != ImportChannel && s.Channel != ExportChannel {
			return byChannel, fmt.Errorf("channel %d is not known", s.Channel)
		}
		switch {
		case o.Channels>>s.Channel&1 == 0:
			return byChannel, fmt.Errorf("the meter is not certified for %s", channelText(s.Channel))
		case byChannel[s.Channel] != nil:
			return byChannel, fmt.Errorf("two series for %s: choose one meter point", channelText(s.Channel))
		case s.Start%secondsPerDay != 0 || len(s.Wh)%s.PerDay() != 0 || len(s.Wh) != len(s.Status):
			return byChannel, errors.New("a series does not hold whole UTC days")
		}
		coarse, err := s.Coarsen(secondsPerDay / o.N)
		if err != nil {
			return byChannel, err
		}
		byChannel[s.Channel] = &coarse
	}
	return byChannel, nil
}

// span returns the first and last day of any series.
func span(byChannel [2]*slots.Series) (first, last int64) {
	first, last = 1<<62, -1
	for _, s := range byChannel {
		if s != nil && len(s.Wh) > 0 {
			first = min(first, s.Start/secondsPerDay)
			last = max(last, s.At(len(s.Wh))/secondsPerDay-1)
		}
	}
	return first, last
}

// copyFrom takes over the slots that the series has of a day.
func (r *Readings) copyFrom(s *slots.Series, day int64) {
	n := len(r.Wh)
	at := int((day*secondsPerDay - s.Start) / int64(s.Step))
	if at < 0 || at+n > len(s.Wh) {
		return
	}
	copy(r.Wh, s.Wh[at:at+n])
	copy(r.Status, s.Status[at:at+n])
}

// clip marks the slots outside the meter's presence and reports whether any slot
// is left.
func (d *Day) clip(o DaysOptions) bool {
	here := false
	for i := range d.Channels {
		r := &d.Channels[i]
		step := int64(secondsPerDay / len(r.Wh))
		for s := range r.Wh {
			start := int64(d.Day)*secondsPerDay + int64(s)*step
			if o.Installed != 0 && start < o.Installed || o.Removed != 0 && start >= o.Removed {
				r.Wh[s], r.Status[s] = 0, NotHere
				continue
			}
			here = true
		}
	}
	return here
}
