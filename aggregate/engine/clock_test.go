package engine

import (
	"context"
	"sync"
	"time"
)

// byHand is a clock that stands still until it is set, so that no test depends on how
// fast the machine is.
type byHand struct {
	mu    sync.Mutex
	now   time.Time
	moved chan struct{} // closed when the clock is set
}

// standing returns a clock that stands at the beginning of a day.
func standing(day uint16) *byHand {
	return &byHand{now: moment{day: day}.start(48), moved: make(chan struct{})}
}

func (c *byHand) Now() time.Time {
	now, _ := c.look()
	return now
}

func (c *byHand) look() (time.Time, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now, c.moved
}

func (c *byHand) Until(ctx context.Context, t time.Time) {
	for {
		now, moved := c.look()
		if !now.Before(t) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-moved:
		}
	}
}

// set moves the clock to a time, never back.
func (c *byHand) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.now) {
		c.now = t
		close(c.moved)
		c.moved = make(chan struct{})
	}
}
