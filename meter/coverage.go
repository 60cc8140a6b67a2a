package meter

import (
	"bytes"
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

// CheckOrder refuses segments that are not in the order of (meter, first day,
// epoch, authority), and two segments of one epoch: each could show a state head of
// its own, and the older one would hide corrections.
func CheckOrder(list []*Checked) error {
	type epoch struct {
		authority [32]byte
		meter     string
		number    uint32
	}
	seen := map[epoch]bool{}
	for i, c := range list {
		if i > 0 && compareSegments(list[i-1], c) >= 0 {
			return fmt.Errorf("%w: segments are not in the order of meter and first day", ErrCoverage)
		}
		id := epoch{c.Authority, c.Meter, c.Epoch}
		if seen[id] {
			return fmt.Errorf("%w: meter %s, epoch %d: two segments of one epoch", ErrCoverage, c.Meter, c.Epoch)
		}
		seen[id] = true
	}
	return nil
}

func compareSegments(a, b *Checked) int {
	return cmp.Or(cmp.Compare(a.Meter, b.Meter), cmp.Compare(a.First, b.First), cmp.Compare(a.Epoch, b.Epoch),
		bytes.Compare(a.Authority[:], b.Authority[:]))
}
