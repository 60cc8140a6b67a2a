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
	Clock   Clock
	CutOff  time.Duration // after the end of a slot
	CatchUp time.Duration // longest that a cut-off waits for what is on the stream, by the machine's clock
	Back    int64         // how many slots a party looks back when it starts
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
	Key      *aggregate.PartyKey
	Rules    *aggregate.Authority
	Store    Store // of this registry; that of the rules is of the charter, whatever registries it has
	Timing   Timing
	Log      *slog.Logger

	intake  *Intake
	mu      sync.Mutex
	loaded  map[moment]bool
	aged    uint16     // the days before are erased
	talking sync.Mutex // before mu
	talk    conversation
	again   map[moment]bool // something failed that may not fail the next time
}

// Work does the intake alone, for a program that shares it with others.
func (a *Authority) Work(ctx context.Context) error {
	return goOn(ctx, a.Bus, a.Log, a.open, func(ctx context.Context) error {
		return untilOneFails(ctx, a.intake.Run, a.moveOn)
	})
}

// moveOn erases keys of days that are over from memory.
func (a *Authority) moveOn(ctx context.Context) error {
	for ctx.Err() == nil {
		a.Timing.Clock.Until(ctx, a.Timing.Clock.Now().Add(keysLive))
		if err := a.Rules.NextDay(a.keysFrom()); err != nil {
			return err
		}
	}
	return nil
}

func (a *Authority) open(ctx context.Context) error {
	a.loaded, a.talk, a.again = map[moment]bool{}, conversation{a.Registry, a.Timing.Clock, map[moment]*slot{}}, map[moment]bool{}
	// After a long sleep the keys are those of another day: records of today would be refused.
	if err := a.Rules.NextDay(a.keysFrom()); err != nil {
		return err
	}
	a.intake = &Intake{Bus: a.Bus, Party: fmt.Sprintf("authority-%d", a.Party), Store: a.Store, Check: a.check, Wants: a.wants, Log: a.Log}
	return a.intake.Open(ctx)
}

// check is what a worker does with a record.
func (a *Authority) check(record []byte) (store.Arrival, error) {
	r, err := a.Rules.Check(record)
	if errors.Is(err, meter.ErrKeyGone) {
		// We slept into another day, and this comes before its first cut-off.
		if err := a.Rules.NextDay(a.keysFrom()); err != nil {
			return store.Arrival{}, err
		}
		r, err = a.Rules.Check(record)
	}
	if err != nil {
		return store.Arrival{}, err
	}
	return store.Arrival{Day: r.Day, Slot: r.Slot, Meter: a.Registry.Meters[r.Place].ID(), Hash: r.Hash, Data: r.Bytes()}, nil
}

// wants bounds what a meter can make its authority store: two records for every slot of
// two days.
func (a *Authority) wants(day, slot uint16) bool {
	return day >= a.keysFrom() && moment{day, slot}.ended(a.Timing.Clock.Now(), int(a.Registry.Charter.N))
}

// Run does everything until ctx ends.
func (a *Authority) Run(ctx context.Context) error {
	return goOn(ctx, a.Bus, a.Log, a.open, func(ctx context.Context) error {
		return untilOneFails(ctx, a.intake.Run, a.cutOffs, a.retry, func(ctx context.Context) error {
			return a.Bus.listen(ctx, func(s said) { a.hear(ctx, s) })
		})
	})
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
		if m.day < a.keysFrom() {
			continue // we were not there, and it can be opened no more
		}
		a.intake.settle(ctx, a.Timing.CatchUp)
		if err := a.cutOff(ctx, m); err != nil {
			return fmt.Errorf("cut off %s, slot %d: %w", meter.DayText(m.day), m.slot, err)
		}
		if err := a.age(ctx); err != nil {
			return err
		}
	}
}

// cutOff ends the intake of a slot and says what is there. What was said stands: after
// a crash it is said again, whatever has come since.
func (a *Authority) cutOff(ctx context.Context, m moment) error {
	if err := a.load(ctx, m); err != nil {
		return err
	}
	h, err := a.Rules.CutOff(m.day, m.slot)
	if err != nil {
		return err
	}
	aside, err := a.aside()
	if err != nil {
		return err
	}
	data, err := a.Store.Once(heldName(m), a.Key.SignHolding(a.Registry, h.Without(aside)))
	if err != nil {
		return err
	}
	return a.say(ctx, m, holding, data)
}

func (a *Authority) say(ctx context.Context, m moment, w word, data []byte) error {
	return a.Bus.say(ctx, said{m.day, m.slot, w, a.Party, data})
}

// asideName is under what the store has the meters that were to blame for a wrong sum.
const asideName = "aside"

// heldName is under what it has what was said of a slot at its cut-off.
func heldName(m moment) string { return fmt.Sprintf("%s%04x%04x", store.HeldName, m.day, m.slot) }

// aside returns the meters that are left out from now on.
func (a *Authority) aside() (meter.Bitmap, error) {
	stored, err := a.Store.Get(asideName)
	if err != nil {
		return nil, err
	}
	return a.parseAside(stored)
}

func (a *Authority) parseAside(stored []byte) (meter.Bitmap, error) {
	aside := meter.NewBitmap(len(a.Registry.Meters))
	if stored != nil && len(stored) != len(aside) {
		return nil, errors.New("the list of meters set aside is of another registry")
	}
	copy(aside, stored)
	return aside, nil
}

// load gives the rules what arrived of a slot; if it was cut off before, what was
// there then, of two records of a meter the one that was said.
func (a *Authority) load(ctx context.Context, m moment) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.loaded[m] {
		return nil
	}
	held, err := a.held(m)
	if err != nil {
		return err
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
		if held != nil && !held[arrival.Hash] {
			continue
		}
		if _, err := a.Rules.Take(arrival); err != nil {
			return err
		}
	}
	a.loaded[m] = true
	return nil
}

// held returns the records that were there when a slot was cut off, nil if it was not.
func (a *Authority) held(m moment) (map[[32]byte]bool, error) {
	data, err := a.Store.Get(heldName(m))
	if err != nil || data == nil {
		return nil, err
	}
	h, err := aggregate.DecodeHolding(data, a.Registry, a.Party)
	if err != nil {
		return nil, err
	}
	held := make(map[[32]byte]bool, len(h.Hashes))
	for _, hash := range h.Hashes {
		held[hash] = true
	}
	return held, nil
}

// keysFrom is the first day whose keys are still needed.
func (a *Authority) keysFrom() uint16 {
	return uint16(max(a.Timing.Clock.Now().Add(-keysLive).Unix(), 0) / secondsPerDay)
}

// age erases the keys and records of days that are over; what could not be erased is
// tried again after the next slot.
func (a *Authority) age(ctx context.Context) error {
	day := a.keysFrom()
	if day <= a.aged {
		return nil
	}
	if err := a.Rules.NextDay(day); err != nil {
		return err
	}
	a.mu.Lock()
	for m := range a.loaded {
		if m.day < day {
			delete(a.loaded, m)
		}
	}
	a.mu.Unlock()
	if err := a.Store.Forget(ctx, day); err != nil {
		a.Log.Warn("records of days that are over are not erased yet", "error", err)
		return nil
	}
	a.aged = day
	return nil
}

// hear takes in what was said and does what follows from it.
func (a *Authority) hear(ctx context.Context, s said) {
	a.talking.Lock()
	defer a.talking.Unlock()
	t := a.talk.of(s)
	if t == nil || s.day < a.keysFrom() { // then the keys are gone
		return
	}
	if err := t.add(s, a.Registry); err != nil {
		a.Log.Warn("passed over", "day", meter.DayText(s.day), "slot", s.slot, "said", string(s.word), "party", s.party, "error", err)
		return
	}
	a.step(ctx, moment{s.day, s.slot}, t)
}

// retry comes back to slots where something failed.
func (a *Authority) retry(ctx context.Context) error {
	for ctx.Err() == nil {
		pause(ctx, time.Second)
		a.talking.Lock()
		for m := range a.again {
			delete(a.again, m)
			if t := a.talk.slots[m]; t != nil && m.day >= a.keysFrom() {
				a.step(ctx, m, t)
			}
		}
		a.talking.Unlock()
	}
	return nil
}

// step says the next thing that this party has to say of a slot. What cannot be said
// is not: the slot is then not released.
func (a *Authority) step(ctx context.Context, m moment, t *slot) {
	if err := a.next(ctx, m, t); err != nil && ctx.Err() == nil {
		a.Log.Warn("not said", "day", meter.DayText(m.day), "slot", m.slot, "error", err)
		if !errors.Is(err, aggregate.ErrSecondPresence) && !errors.Is(err, aggregate.ErrLacks) {
			a.again[m] = true
		}
	}
}

func (a *Authority) next(ctx context.Context, m moment, t *slot) error {
	if t.presence == nil || t.done {
		return nil
	}
	if err := a.load(ctx, m); err != nil {
		return err
	}
	switch {
	case !t.heard(signature, a.Party):
		// All have said what they hold, so we have cut the slot off; after a restart the
		// rules do not know yet.
		if _, err := a.Rules.CutOff(m.day, m.slot); err != nil {
			return err
		}
		signed, err := a.Rules.Sign(t.presence)
		if err != nil {
			return err
		}
		return a.say(ctx, m, signature, signed)
	case t.all(signature, a.Registry) && !t.heard(contribution, a.Party):
		c, err := a.Rules.Contribute(t.presence)
		if err != nil {
			return err
		}
		return a.say(ctx, m, contribution, c.Bytes())
	case t.all(points, a.Registry):
		return a.blame(t)
	case t.disputed && t.all(contribution, a.Registry) && !t.heard(points, a.Party):
		return a.show(ctx, m, t)
	}
	return nil
}

// show says this party's points if the sums are wrong indeed. It looks once.
func (a *Authority) show(ctx context.Context, m moment, t *slot) error {
	records, err := a.Rules.Records(t.presence)
	if err != nil {
		return err
	}
	if _, err := aggregate.Combine(a.Registry, t.presence, records, inOrder(t.contributions)); !errors.Is(err, aggregate.ErrWrongSum) {
		t.done = true
		return err
	}
	p, err := a.Rules.Points(t.presence)
	if err != nil {
		return err
	}
	return a.say(ctx, m, points, p.Bytes())
}

// blame leaves those meters out from now on that have made a sum wrong. An authority
// that did is left to people.
func (a *Authority) blame(t *slot) error {
	records, err := a.Rules.Records(t.presence)
	if err != nil {
		return err
	}
	t.done = true
	culprits, err := aggregate.Blame(a.Registry, t.presence, records, inOrder(t.contributions), inOrder(t.points))
	if err != nil {
		return err
	}
	return a.Store.Update(asideName, func(stored []byte) ([]byte, error) {
		aside, err := a.parseAside(stored)
		if err != nil {
			return nil, err
		}
		for i := range a.Registry.Meters {
			for _, c := range culprits {
				if c.Meter == a.Registry.Meters[i].Certificate.Meter {
					aside.Set(i)
				}
			}
		}
		return aside, nil
	})
}
