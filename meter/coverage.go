package meter

import (
	"cmp"
	"fmt"
)

// finest is the number of slots of a day on the finest grid, of which every
// other is a multiple.
const finest = 288

// CheckCoverage checks that rows of one channel cover every slot of the period
// from start to end (Unix seconds, end exclusive) exactly once. A slot whose
// status is NotHere is not covered by its row; a missing one is covered. The
// error is of kind ErrCoverage.
func CheckCoverage(rows []Row, channel int, start, end int64) error {
	first, last, err := DaysOf(start, end)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCoverage, err)
	}
	times := make([]uint8, (int(last-first)+1)*finest)
	for i := range rows {
		r := &rows[i]
		if r.Channel != channel || r.Day < first || r.Day > last {
			continue
		}
		each := finest / r.N
		at := times[int(r.Day-first)*finest:]
		for s, status := range r.Statuses {
			if status == NotHere {
				continue
			}
			for k := s * each; k < (s+1)*each; k++ {
				at[k] = min(at[k]+1, 2)
			}
		}
	}
	return checkOnce(times, int64(first)*secondsPerDay, start, end, channel)
}

// checkOnce looks at the finest slots that lie inside the period or touch it.
func checkOnce(times []uint8, base, start, end int64, channel int) error {
	const step = secondsPerDay / finest
	for i, n := range times {
		at := base + int64(i)*step
		if at+step <= start || at >= end || n == 1 {
			continue
		}
		word := "by no record"
		if n > 1 {
			word = "twice"
		}
		return fmt.Errorf("%w: %s at %s is covered %s", ErrCoverage, channelText(channel), timeText(at), word)
	}
	return nil
}

// CheckOrder refuses segments that are not in the order of (meter, first day), or
// of which one meter's days go back, or two cover one day of one epoch.
func CheckOrder(list []*Checked) error {
	for i := 1; i < len(list); i++ {
		a, b := list[i-1], list[i]
		order := cmp.Or(cmp.Compare(a.Meter, b.Meter), cmp.Compare(a.First, b.First), cmp.Compare(a.Epoch, b.Epoch))
		if order >= 0 {
			return fmt.Errorf("%w: segments are not in the order of meter and first day", ErrCoverage)
		}
		if a.Meter == b.Meter && a.Epoch == b.Epoch && b.First <= a.Last {
			return fmt.Errorf("%w: meter %s, epoch %d: day %s comes twice", ErrCoverage, b.Meter, b.Epoch, DayText(b.First))
		}
	}
	return nil
}
