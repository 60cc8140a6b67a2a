package engine

import (
	"context"
	"time"
)

// A Clock tells the time by which slots end. The zero Clock is that of the machine;
// another one runs faster from a moment on, for demonstrations and tests.
type Clock struct {
	since time.Time // when it was started
	base  time.Time // what it said then
	times int       // how many times as fast
}

// Fast returns a clock that says base now and runs times as fast from here on.
func Fast(base time.Time, times int) Clock { return Clock{time.Now(), base, times} }

// FastSince is Fast for a clock that was started before, maybe by another program.
func FastSince(since, base time.Time, times int) Clock { return Clock{since, base, times} }

// Scaled returns how long a stretch of the clock's time takes.
func (c Clock) Scaled(d time.Duration) time.Duration { return d / time.Duration(max(c.times, 1)) }

// Now returns the time.
func (c Clock) Now() time.Time {
	if c.times == 0 {
		return time.Now()
	}
	return c.base.Add(time.Since(c.since) * time.Duration(c.times))
}

// Until waits for a time, or until ctx ends.
func (c Clock) Until(ctx context.Context, t time.Time) {
	for ctx.Err() == nil {
		wait := t.Sub(c.Now())
		if wait <= 0 {
			return
		}
		// No longer than a minute at once: the machine's clock may be set.
		pause(ctx, min(wait/time.Duration(max(c.times, 1))+time.Millisecond, time.Minute))
	}
}

const secondsPerDay = 86400

// moment is a slot: a UTC day since 1970 and its place there.
type moment struct{ day, slot uint16 }

// slots counts slots of a day of n since 1970.
func (m moment) count(n int) int64 { return int64(m.day)*int64(n) + int64(m.slot) }

func momentOf(count int64, n int) moment {
	return moment{uint16(count / int64(n)), uint16(count % int64(n))}
}

// start returns when a slot begins; its end is the start of the next.
func (m moment) start(n int) time.Time {
	return time.Unix(m.count(n)*secondsPerDay/int64(n), 0).UTC()
}

// at returns the slot of a time.
func at(t time.Time, n int) moment { return momentOf(t.Unix()*int64(n)/secondsPerDay, n) }
