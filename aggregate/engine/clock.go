package engine

import (
	"context"
	"time"
)

// A Clock tells the time by which slots end.
type Clock interface {
	// Now returns the time.
	Now() time.Time
	// Until waits for a time, or until ctx ends.
	Until(ctx context.Context, t time.Time)
}

// Machine is the clock of the machine.
type Machine struct{}

// Now implements Clock.
func (Machine) Now() time.Time { return time.Now() }

// Until implements Clock.
func (c Machine) Until(ctx context.Context, t time.Time) { wait(ctx, c, t, 1) }

// Fast is a clock that said Base when the machine's said Since, and runs Times as fast:
// for demonstrations.
type Fast struct {
	Since, Base time.Time
	Times       int // at least 1
}

// Now implements Clock.
func (c Fast) Now() time.Time { return c.Base.Add(time.Since(c.Since) * time.Duration(c.Times)) }

// Until implements Clock.
func (c Fast) Until(ctx context.Context, t time.Time) { wait(ctx, c, t, c.Times) }

// wait waits for a time of a clock. No longer than a minute at once: the machine's clock
// may be set.
func wait(ctx context.Context, c Clock, t time.Time, times int) {
	for ctx.Err() == nil {
		left := t.Sub(c.Now())
		if left <= 0 {
			return
		}
		pause(ctx, min(left/time.Duration(times)+time.Millisecond, time.Minute))
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
