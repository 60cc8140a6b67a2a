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

// A Collector puts the parties' words together: it proposes who is present, and
// makes and checks the release of every slot. It holds no key and no share; it can
// keep a release from being made, and nothing else.
type Collector struct {
	Bus      *Bus
	Registry *meter.Registry
	Store    Files
	Log      *slog.Logger

	intake *Intake
	mu     sync.Mutex
	slots  map[moment]*slot
	again  map[moment]bool // to be tried again: records were missing
}

// slot is what was said of a slot so far, by place of the party.
type slot struct {
	holdings      map[int]*aggregate.Holding
	proposal      *meter.Presence
	signatures    map[int][]byte
	contributions map[int]*aggregate.Contribution
	points        map[int]*aggregate.Points
	done          bool
}

// Run collects until ctx ends.
func (c *Collector) Run(ctx context.Context) error {
	c.slots, c.again = map[moment]*slot{}, map[moment]bool{}
	c.intake = &Intake{Bus: c.Bus, Party: "collector", Store: c.Store, Check: c.check, Log: c.Log}
	if err := c.intake.Open(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wg sync.WaitGroup
	hear := func(ctx context.Context) error {
		return c.Bus.listen(ctx, func(s said) { c.hear(ctx, s) })
	}
	for _, run := range []func(context.Context) error{c.intake.Run, hear, c.retry} {
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
	return store.Arrival{Day: r.Day, Slot: r.Slot, Hash: meter.RecordHash(record), Data: record}, nil
}

// hear takes in what was said and does what follows from it.
func (c *Collector) hear(ctx context.Context, s said) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := moment{s.day, s.slot}
	t := c.slots[m]
	if t == nil {
		t = &slot{holdings: map[int]*aggregate.Holding{}, signatures: map[int][]byte{},
			contributions: map[int]*aggregate.Contribution{}, points: map[int]*aggregate.Points{}}
		_, err := c.Store.File(ctx, s.day, s.slot)
		t.done = err == nil
		c.slots[m] = t
	}
	if err := t.add(s, c.Registry); err != nil {
		c.Log.Warn("not understood", "day", meter.DayText(m.day), "slot", m.slot, "said", string(s.word), "party", s.party, "error", err)
		return
	}
	c.step(ctx, m, t)
}

func (t *slot) add(s said, r *meter.Registry) (err error) {
	if s.party >= len(r.Charter.Parties) {
		return errors.New("not a party")
	}
	switch s.word {
	case holding:
		var h *aggregate.Holding
		if h, err = aggregate.DecodeHolding(s.data, r); err == nil {
			t.holdings[s.party] = h
		}
	case proposal:
		var p *meter.Presence
		if p, err = aggregate.DecodePresence(s.data); err == nil {
			t.proposal = p
		}
	case signature:
		t.signatures[s.party] = s.data
	case contribution:
		var c *aggregate.Contribution
		if c, err = aggregate.DecodeContribution(s.data); err == nil {
			t.contributions[s.party] = c
		}
	case points:
		var p *aggregate.Points
		if p, err = aggregate.DecodePoints(s.data); err == nil {
			t.points[s.party] = p
		}
	}
	return err
}

// step does the next thing that a slot is ready for. What was done before a crash is
// done again with the same bytes.
func (c *Collector) step(ctx context.Context, m moment, t *slot) {
	k := len(c.Registry.Charter.Parties)
	var err error
	switch {
	case t.done:
	case t.proposal == nil && len(t.holdings) == k:
		err = c.propose(ctx, m, t)
	case t.proposal != nil && len(t.contributions) == k:
		err = c.release(ctx, m, t)
	case t.proposal != nil && len(t.signatures) == k:
		signed := *t.proposal
		signed.Signatures = inOrder(t.signatures)
		err = c.say(ctx, m, presence, signed.Bytes())
	}
	if err != nil && ctx.Err() == nil {
		c.Log.Error("slot not released", "day", meter.DayText(m.day), "slot", m.slot, "error", err)
		c.again[m] = !errors.As(err, new(unfit))
	}
}

func (c *Collector) say(ctx context.Context, m moment, w word, data []byte) error {
	return c.Bus.say(ctx, said{m.day, m.slot, w, 0, data})
}

func (c *Collector) propose(ctx context.Context, m moment, t *slot) error {
	p, err := aggregate.Propose(c.Registry, nil, inOrder(t.holdings)...)
	if err != nil {
		return err
	}
	return c.say(ctx, m, proposal, p.Bytes())
}

func inOrder[T any](by map[int]T) []T {
	list := make([]T, len(by))
	for i := range list {
		list[i] = by[i]
	}
	return list
}

// release makes the file of a slot. If the sums are wrong the slot is lost, and the
// parties are asked for points.
func (c *Collector) release(ctx context.Context, m moment, t *slot) error {
	p := *t.proposal
	p.Signatures = inOrder(t.signatures)
	records, err := c.counted(ctx, m, t)
	if err != nil {
		return err
	}
	f, err := aggregate.Combine(c.Registry, &p, records, inOrder(t.contributions))
	if errors.Is(err, aggregate.ErrWrongSum) {
		return c.dispute(ctx, m, t, &p, records)
	}
	if err != nil {
		return unfit{err}
	}
	var list []store.Release
	for i := range f.Releases {
		r := &f.Releases[i]
		row := store.Release{Set: r.Set, Day: m.day, Slot: m.slot, Meters: r.Meters, Sum: r.Sum}
		if len(r.Squares) > 0 {
			row.Squares = fmt.Sprint(r.Squares[0].Sum)
		}
		list = append(list, row)
	}
	if err := c.Store.AddFile(ctx, m.day, m.slot, f.Bytes(), list); err != nil {
		return err
	}
	c.finish(m, t)
	return nil
}

// unfit is what is wrong with what was said; to try again would not help.
type unfit struct{ error }

// finish keeps no more of a slot than that it is done.
func (c *Collector) finish(m moment, t *slot) {
	*t = slot{done: true, holdings: map[int]*aggregate.Holding{}, signatures: map[int][]byte{},
		contributions: map[int]*aggregate.Contribution{}, points: map[int]*aggregate.Points{}}
	delete(c.again, m)
}

// counted returns the records that a presence counts, in order of places.
func (c *Collector) counted(ctx context.Context, m moment, t *slot) ([][]byte, error) {
	list, err := c.Store.Arrivals(ctx, m.day, m.slot)
	if err != nil {
		return nil, err
	}
	here := map[[32]byte][]byte{}
	for _, record := range list {
		here[meter.RecordHash(record)] = record
	}
	h := t.holdings[0]
	if h == nil {
		return nil, errors.New("what the first authority holds is not known")
	}
	var records [][]byte
	next := 0
	for place := range c.Registry.Meters {
		if !h.Meters.Has(place) {
			continue
		}
		hash := h.Hashes[next]
		next++
		if !t.proposal.Meters.Has(place) {
			continue
		}
		if here[hash] == nil {
			return nil, errors.New("a record that is counted has not come yet")
		}
		records = append(records, here[hash])
	}
	return records, nil
}

// lostName is under what a lost slot is stored, with who was to blame.
const lostName = "lost/"

func (c *Collector) dispute(ctx context.Context, m moment, t *slot, p *meter.Presence, records [][]byte) error {
	if len(t.points) < len(c.Registry.Charter.Parties) {
		return c.say(ctx, m, dispute, p.Bytes())
	}
	who, err := aggregate.Blame(c.Registry, p, records, inOrder(t.contributions), inOrder(t.points))
	if err != nil {
		return err
	}
	var names []string
	for _, w := range who {
		if w.Party != "" {
			names = append(names, "authority "+w.Party)
		} else {
			names = append(names, "meter "+w.Meter)
		}
	}
	if _, err := c.Store.Once(fmt.Sprintf("%s%05d/%03d", lostName, m.day, m.slot), []byte(strings.Join(names, ", "))); err != nil {
		return err
	}
	c.Log.Error("slot lost: wrong sums", "day", meter.DayText(m.day), "slot", m.slot, "by", strings.Join(names, ", "))
	c.finish(m, t)
	return nil
}

// retry comes back to slots whose records were missing.
func (c *Collector) retry(ctx context.Context) error {
	for ctx.Err() == nil {
		pause(ctx, 500*time.Millisecond)
		c.mu.Lock()
		for m, try := range c.again {
			delete(c.again, m)
			if try {
				c.step(ctx, m, c.slots[m])
			}
		}
		c.mu.Unlock()
	}
	return nil
}
