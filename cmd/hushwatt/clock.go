package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"hushwatt/aggregate/engine"
)

// clockFile is a clock that several programs share, for trying things out: one that
// runs faster, or, with no times, one that stands at its base until the file says
// something else.
type clockFile struct {
	Since time.Time `json:"since"` // when it was started
	Base  time.Time `json:"base"`  // what it said then
	Times int       `json:"times"`
}

// lookAgain is how long a clock that stands is not looked at.
const lookAgain = 20 * time.Millisecond

// sharedClock is the clock of a file, which is whole whenever it is read.
type sharedClock struct{ path string }

func (c sharedClock) read() (f clockFile, err error) {
	data, err := os.ReadFile(c.path)
	if err == nil {
		err = json.Unmarshal(data, &f)
	}
	if err != nil || f.Times < 0 || f.Base.IsZero() {
		return f, fmt.Errorf("%s: not a clock", c.path)
	}
	return f, nil
}

func (c sharedClock) Now() time.Time {
	f, err := c.read()
	switch {
	case err != nil: // it was one when the program started
		return time.Time{}
	case f.Times == 0:
		return f.Base
	}
	return engine.Fast(f).Now()
}

func (c sharedClock) Until(ctx context.Context, t time.Time) {
	for ctx.Err() == nil && c.Now().Before(t) {
		wait := lookAgain
		if f, err := c.read(); err == nil && f.Times > 0 {
			wait = t.Sub(engine.Fast(f).Now())/time.Duration(f.Times) + time.Millisecond
		}
		select {
		case <-ctx.Done():
		case <-time.After(max(wait, time.Millisecond)):
		}
	}
}

// openClock returns the clock of a file, that of the machine without one, and how many
// times as fast it runs.
func openClock(path string) (clock engine.Clock, times int, err error) {
	if path == "" {
		return engine.Machine{}, 1, nil
	}
	f, err := sharedClock{path}.read()
	return sharedClock{path}, max(f.Times, 1), err
}
