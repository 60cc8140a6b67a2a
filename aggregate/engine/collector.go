package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"hushwatt/aggregate"
	"hushwatt/meter"
	"hushwatt/server/store"
)

// Files is what a collector keeps beside its records.
type Files interface {
	Store
	AddFile(ctx context.Context, day, slot uint16, file []byte, releases []store.Release) error
	File(ctx context.Context, day, slot uint16) ([]byte, error)
}

// A Collector puts the parties' words together: it makes and checks the release of
// every slot. It holds no key and no share, and decides nothing: it can keep a release
// from being shown, and nothing else.
type Collector struct {
	Bus      *Bus
	Registry *meter.Registry
	Store    Files
	Clock    Clock
	Log      *slog.Logger

	intake *Intake
	mu     sync.Mutex
	talk   conversation
	again  map[moment]bool // to be tried again: records were missing
}

// Run collects until ctx ends.
func (c *Collector) Run(ctx context.Context) error {
	return goOn(ctx, c.Bus, c.Log, c.open, func(ctx context.Context) error {
		return untilOneFails(ctx, c.intake.Run, c.retry, c.tidy, func(ctx context.Context) error {
			return c.Bus.listen(ctx, func(s said) { c.hear(ctx, s) })
		})
	})
}

func (c *Collector) open(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.talk, c.again = conversation{c.Registry, c.Clock, map[moment]*slot{}}, map[moment]bool{}
	c.intake = &Intake{Bus: c.Bus, Party: "collector", Store: c.Store, Check: c.check, Wants: c.wants, Log: c.Log}
	return c.intake.Open(ctx)
}

// untilOneFails runs parts of a party until ctx ends or one fails.
func untilOneFails(ctx context.Context, parts ...func(context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wg sync.WaitGroup
	for _, run := range parts {
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

// check is what anyone can check of a record.
func (c *Collector) check(record []byte) (store.Arrival, error) {
	r, err := meter.DecodeSlotRecord(record, &c.Registry.Charter)
	if err != nil {
		return store.Arrival{}, err
	}
	if _, err := c.Registry.CheckRecord(r); err != nil {
		return store.Arrival{}, err
	}
	if _, _, err := r.Elements(); err != nil {
		return store.Arrival{}, err
	}
	return store.Arrival{Day: r.Day, Slot: r.Slot, Meter: r.Meter, Hash: meter.RecordHash(record), Data: record}, nil
}

// wants says of which slots records may still be needed: a collector may be days behind.
func (c *Collector) wants(day, slot uint16) bool {
	return day >= c.oldest() && moment{day, slot}.ended(c.Clock.Now(), int(c.Registry.Charter.N))
}

// oldest is the first day of which the stream may still have something.
func (c *Collector) oldest() uint16 {
	return uint16(max(c.Clock.Now().Unix()/secondsPerDay-daysKept, 0))
}

// hear takes in what was said and does what follows from it.
func (c *Collector) hear(ctx context.Context, s said) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := moment{s.day, s.slot}
	known := c.talk.slots[m] != nil
	t := c.talk.of(s)
	if t == nil {
		return
	}
	if !known {
		_, err := c.Store.File(ctx, s.day, s.slot)
		t.done = err == nil
	}
	if err := t.add(s, c.Registry); err != nil {
		c.Log.Warn("passed over", "day", meter.DayText(m.day), "slot", m.slot, "said", string(s.word), "party", s.party, "error", err)
		return
	}
	c.step(ctx, m, t)
}

// step makes the release of a slot once all have contributed.
func (c *Collector) step(ctx context.Context, m moment, t *slot) {
	if t.done || !t.all(contribution, c.Registry) {
		return
	}
	if err := c.release(ctx, m, t); err != nil && ctx.Err() == nil {
		c.Log.Error("slot not released", "day", meter.DayText(m.day), "slot", m.slot, "error", err)
		c.again[m] = !errors.As(err, new(unfit))
	}
}

// release makes the file of a slot. If the sums are wrong the slot is lost, and the
// parties are asked for points.
func (c *Collector) release(ctx context.Context, m moment, t *slot) error {
	records, err := c.counted(ctx, m, t)
	if errors.Is(err, errGone) {
		c.Log.Error("slot lost: records that are counted came neither to us nor are on the stream any more", "day", meter.DayText(m.day), "slot", m.slot)
		return c.lose(m, t, lostGone)
	}
	if err != nil {
		return err
	}
	f, err := aggregate.Combine(c.Registry, t.presence, records, inOrder(t.contributions))
	if errors.Is(err, aggregate.ErrWrongSum) {
		return c.dispute(ctx, m, t, records)
	}
	if err != nil {
		return unfit{err}
	}
	if err := addFile(ctx, c.Store, m, f); err != nil {
		return err
	}
	c.finish(m, t)
	return nil
}

// addFile stores what is released of a slot.
func addFile(ctx context.Context, s Files, m moment, f *aggregate.SlotFile) error {
	var list []store.Release
	for i := range f.Releases {
		r := &f.Releases[i]
		row := store.Release{Set: r.Set, Day: m.day, Slot: m.slot, Meters: r.Meters, Sum: r.Sum}
		if len(r.Squares) > 0 {
			row.Squares = fmt.Sprint(r.Squares[0].Sum)
		}
		list = append(list, row)
	}
	return s.AddFile(ctx, m.day, m.slot, f.Bytes(), list)
}

// unfit is what is wrong with what was said; to try again would not help.
type unfit struct{ error }

// finish keeps no more of a slot than that it is done.
func (c *Collector) finish(m moment, t *slot) {
	*t = slot{done: true}
	delete(c.again, m)
}

// counted returns the records that a slot's presence counts, in order of places. Those
// that the collector has not kept, because their meter has said other things too, are
// read from the stream once the intake has seen all that was on it.
func (c *Collector) counted(ctx context.Context, m moment, t *slot) ([][]byte, error) {
	list, err := c.Store.Arrivals(ctx, m.day, m.slot)
	if err != nil {
		return nil, err
	}
	here := map[[32]byte][]byte{}
	for _, record := range list {
		here[meter.RecordHash(record)] = record
	}
	if missing := t.without(here); missing > 0 {
		if done, err := c.intake.passed(ctx, &t.seen); err != nil || !done {
			return nil, errors.Join(errors.New("a record that is counted has not come yet"), err)
		}
		wanted := map[[32]byte]bool{}
		for _, hash := range t.counted {
			wanted[hash] = here[hash] == nil
		}
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		err := c.Bus.onStream(ctx, m, func(record []byte) bool {
			if hash := meter.RecordHash(record); wanted[hash] && here[hash] == nil {
				if _, err := c.check(record); err == nil {
					here[hash] = record
					missing--
				}
			}
			return missing > 0
		})
		if err != nil {
			return nil, fmt.Errorf("a record that is counted: %w", err)
		}
		if missing > 0 {
			return nil, errGone
		}
	}
	records := make([][]byte, len(t.counted))
	for i, hash := range t.counted {
		records[i] = here[hash]
	}
	return records, nil
}

// errGone is returned for a record that is counted and nowhere any more.
var errGone = errors.New("a record that is counted is not on the stream any more")

func (c *Collector) dispute(ctx context.Context, m moment, t *slot, records [][]byte) error {
	if !t.all(points, c.Registry) {
		return c.Bus.say(ctx, said{m.day, m.slot, dispute, 0, nil})
	}
	who, err := aggregate.Blame(c.Registry, t.presence, records, inOrder(t.contributions), inOrder(t.points))
	if err != nil {
		return unfit{err}
	}
	var names []string
	for _, w := range who {
		if w.Party != "" {
			names = append(names, "authority "+w.Party)
		} else {
			names = append(names, "meter "+w.Meter)
		}
	}
	if len(names) == 0 {
		return c.outOfRange(ctx, m, t, records)
	}
	c.Log.Error("slot lost: wrong sums", "day", meter.DayText(m.day), "slot", m.slot, "by", strings.Join(names, ", "))
	return c.lose(m, t, strings.Join(names, ", "))
}

// outOfRange releases what is right of a slot that a meter has spoilt whom nobody can
// name. If we crash after it is said why the rest is lost, it is said and done again.
func (c *Collector) outOfRange(ctx context.Context, m moment, t *slot, records [][]byte) error {
	f, among, err := aggregate.Remaining(c.Registry, t.presence, records, inOrder(t.contributions))
	if err != nil {
		return unfit{err}
	}
	c.Log.Error("sums lost: a meter's commitment is out of range, and none can be named; the shares are right, and to look further would be to open readings",
		"day", meter.DayText(m.day), "slot", m.slot, "among_the_meters_of", strings.Join(among, ", "))
	if _, err := c.Store.Once(lostAt(m), []byte(lostRange+" "+strings.Join(among, ", "))); err != nil {
		return err
	}
	if err := addFile(ctx, c.Store, m, f); err != nil {
		return err
	}
	c.finish(m, t)
	return nil
}

// lose stores that a slot is lost, and by whose fault, if that is known.
func (c *Collector) lose(m moment, t *slot, by string) error {
	if _, err := c.Store.Once(lostAt(m), []byte(by)); err != nil {
		return err
	}
	c.finish(m, t)
	return nil
}

// tidy deletes the records of days that are over for good: released slots have theirs in
// their files.
func (c *Collector) tidy(ctx context.Context) error {
	for ctx.Err() == nil {
		day := c.oldest()
		if err := c.Store.Forget(ctx, day); err != nil && ctx.Err() == nil {
			c.Log.Warn("records of days that are over are not deleted yet", "error", err)
		}
		c.Clock.Until(ctx, c.Clock.Now().Add(time.Hour))
	}
	return nil
}

// retry comes back to slots whose records were missing.
func (c *Collector) retry(ctx context.Context) error {
	for ctx.Err() == nil {
		pause(ctx, 500*time.Millisecond)
		c.mu.Lock()
		for m, try := range c.again {
			delete(c.again, m)
			if try && c.talk.slots[m] != nil {
				c.step(ctx, m, c.talk.slots[m])
			}
		}
		c.mu.Unlock()
	}
	return nil
}
