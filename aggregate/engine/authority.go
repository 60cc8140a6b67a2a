package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"hushwatt/aggregate"
	"hushwatt/meter"
	"hushwatt/server/store"
)

// Timing says when slots are cut off.
type Timing struct {
	Clock  Clock
	CutOff time.Duration // after the end of a slot
	Back   int64         // how many slots a party looks back when it starts
}

// keysLive is how long after a day's end its keys are kept for what comes late.
const keysLive = time.Hour

// An Authority is one of a registry's parties at work: it takes records, says what
// it holds at the cut-off, signs one presence and gives out its sums. If it dies at
// any point it goes on from its store and the stream.
type Authority struct {
	Bus      *Bus
	Registry *meter.Registry
	Party    int // place in the charter
	Rules    *aggregate.Authority
	Store    Store
	Timing   Timing
	Log      *slog.Logger

	intake *Intake
	mu     sync.Mutex
	loaded map[moment]bool
}

// Work does the intake alone, for a program that shares it with others.
func (a *Authority) Work(ctx context.Context) error {
	if err := a.open(ctx); err != nil {
		return err
	}
	return a.intake.Run(ctx)
}

func (a *Authority) open(ctx context.Context) error {
	a.loaded = map[moment]bool{}
	a.intake = &Intake{Bus: a.Bus, Party: fmt.Sprintf("authority-%d", a.Party), Store: a.Store, Check: a.check, Log: a.Log}
	return a.intake.Open(ctx)
}

// check is what a worker does with a record.
func (a *Authority) check(record []byte) (store.Arrival, error) {
	r, err := a.Rules.Check(record)
	if err != nil {
		return store.Arrival{}, err
	}
	return store.Arrival{Day: r.Day, Slot: r.Slot, Hash: r.Hash, Data: r.Bytes()}, nil
}

// Run does everything until ctx ends.
func (a *Authority) Run(ctx context.Context) error {
	if err := a.open(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wg sync.WaitGroup
	for _, run := range []func(context.Context) error{a.intake.Run, a.cutOffs, a.answer} {
		wg.Go(func() {
			if err := run(ctx); err != nil {
				stop(err)
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// cutOffs cuts off slot after slot.
func (a *Authority) cutOffs(ctx context.Context) error {
	n := int(a.Registry.Charter.N)
	next := max(at(a.Timing.Clock.Now(), n).count(n)-a.Timing.Back, moment{day: a.Registry.First}.count(n))
	for ; ; next++ {
		m := momentOf(next, n)
		a.Timing.Clock.Until(ctx, momentOf(next+1, n).start(n).Add(a.Timing.CutOff))
		if ctx.Err() != nil {
			return nil
		}
		a.intake.settle(ctx)
		if err := a.cutOff(ctx, m); err != nil {
			return fmt.Errorf("cut off %s, slot %d: %w", meter.DayText(m.day), m.slot, err)
		}
		if err := a.age(ctx); err != nil {
			return err
		}
	}
}

func (a *Authority) cutOff(ctx context.Context, m moment) error {
	if err := a.load(ctx, m); err != nil {
		return err
	}
	h, err := a.Rules.CutOff(m.day, m.slot)
	if err != nil {
		return err
	}
	return a.say(ctx, m, holding, h.Bytes())
}

func (a *Authority) say(ctx context.Context, m moment, w word, data []byte) error {
	return a.Bus.say(ctx, said{m.day, m.slot, w, a.Party, data})
}

// load gives the rules what arrived of a slot.
func (a *Authority) load(ctx context.Context, m moment) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.loaded[m] {
		return nil
	}
	list, err := a.Store.Arrivals(ctx, m.day, m.slot)
	if err != nil {
		return err
	}
	for _, data := range list {
		arrival, err := aggregate.DecodeArrival(data)
		if err != nil {
			return err
		}
		if _, err := a.Rules.Take(arrival); err != nil {
			return err
		}
	}
	a.loaded[m] = true
	return nil
}

// age erases the keys and records of days that are over.
func (a *Authority) age(ctx context.Context) error {
	day := uint16(a.Timing.Clock.Now().Add(-keysLive).Unix() / secondsPerDay)
	a.mu.Lock()
	defer a.mu.Unlock()
	old := false
	for m := range a.loaded {
		if m.day < day {
			old = true
			delete(a.loaded, m)
		}
	}
	if !old {
		return nil
	}
	if err := a.Rules.NextDay(day); err != nil {
		return err
	}
	return a.Store.Forget(ctx, day)
}

// answer does what the collector asks for. What cannot be done is not done: the slot
// is then not released.
func (a *Authority) answer(ctx context.Context) error {
	return a.Bus.listen(ctx, func(s said) {
		if s.party != 0 || s.word != proposal && s.word != presence && s.word != dispute || a.over(s.day) {
			return
		}
		m := moment{s.day, s.slot}
		if err := a.do(ctx, m, s); err != nil && ctx.Err() == nil {
			a.Log.Warn("not answered", "day", meter.DayText(m.day), "slot", m.slot, "asked", string(s.word), "error", err)
		}
	})
}

// over says whether the keys of a day are gone.
func (a *Authority) over(day uint16) bool {
	return int64(day) < a.Timing.Clock.Now().Add(-keysLive).Unix()/secondsPerDay
}

func (a *Authority) do(ctx context.Context, m moment, s said) error {
	if err := a.load(ctx, m); err != nil {
		return err
	}
	p, err := aggregate.DecodePresence(s.data)
	if err != nil {
		return err
	}
	if p.Day != m.day || p.Slot != m.slot {
		return errors.New("a presence of another slot")
	}
	switch s.word {
	case proposal:
		signed, err := a.Rules.Sign(p)
		if err != nil {
			return err
		}
		return a.say(ctx, m, signature, signed)
	case presence:
		c, err := a.Rules.Contribute(p)
		if err != nil {
			return err
		}
		return a.say(ctx, m, contribution, c.Bytes())
	default:
		pts, err := a.Rules.Points(p)
		if err != nil {
			return err
		}
		return a.say(ctx, m, points, pts.Bytes())
	}
}
