package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hushwatt/aggregate"
	"hushwatt/meter"
	"hushwatt/server/store"
)

// An Aggregator is the one party of a masking registry at work: it takes announcements,
// says at the cut-off who is present, takes the answers of these and gives out their sum
// once all are there (docs/protocol.md, section 7.8). It does the collector's work too,
// and if it dies at any point it goes on from its store and the stream.
type Aggregator struct {
	Bus       *Bus
	Registry  *meter.Registry
	Key       *aggregate.PartyKey
	Rules     *aggregate.Aggregator
	Store     Files // of this registry; that of the rules is of the charter, whatever registries it has
	Clock     Clock
	CutOff    time.Duration // after the end of a slot
	CatchUp   time.Duration // longest that it waits for what is on the stream, by the machine's clock
	Answering time.Duration // how long after a presence was said its meters have to answer
	Log       *slog.Logger

	intake   *Intake
	answers  group
	deciding sync.Mutex // whether a slot is released or lost; before mu
	mu       sync.Mutex
	asked    map[moment]*asked
	moving   sync.Mutex
	moved    uint16 // keys of the days before are erased
	aged     uint16 // the days before are erased
}

// asked is a slot whose answers are awaited.
type asked struct {
	presence *meter.Presence
	until    time.Time // then it is lost; zero before the presence was said
	again    time.Time // when the presence is said once more
}

const (
	// lookForAnswers is how often it is looked whether all have answered: workers in other
	// programs take answers too.
	lookForAnswers = 100 * time.Millisecond
	// timesSaid is how often a presence is said while somebody is silent. The stream has it
	// once; a meter that listens over MQTT hears only what is said while it listens.
	timesSaid = 4
)

// Work does the intake alone, for a program that shares it with others.
func (g *Aggregator) Work(ctx context.Context) error {
	return goOn(ctx, g.Bus, g.Log, g.open, func(ctx context.Context) error {
		return untilOneFails(ctx, g.intake.Run, g.answers.Run, func(ctx context.Context) error {
			for ctx.Err() == nil {
				g.Clock.Until(ctx, g.Clock.Now().Add(keysLive))
				if err := g.moveOn(); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// Run does everything until ctx ends.
func (g *Aggregator) Run(ctx context.Context) error {
	return goOn(ctx, g.Bus, g.Log, g.begin, func(ctx context.Context) error {
		return untilOneFails(ctx, g.intake.Run, g.answers.Run, g.cutOffs, g.collect)
	})
}

// begin goes on with what the store holds.
func (g *Aggregator) begin(ctx context.Context) error {
	g.asked = map[moment]*asked{}
	if err := g.closeOld(ctx); err != nil {
		return err
	}
	if err := g.age(ctx); err != nil {
		return err
	}
	return g.open(ctx)
}

// unlessOver returns an error that is not just that ctx has ended.
func unlessOver(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (g *Aggregator) open(ctx context.Context) (err error) {
	if err := g.moveOn(); err != nil {
		return err
	}
	g.intake = &Intake{Bus: g.Bus, Party: "aggregator", Store: g.Store, Check: g.check, Wants: g.wants, Log: g.Log}
	if err := g.intake.Open(ctx); err != nil {
		return err
	}
	g.answers, err = join(ctx, g.Bus.answers, "aggregator", g.Log, g.takeAnswers)
	return err
}

// check is what a worker does with an announcement.
func (g *Aggregator) check(record []byte) (store.Arrival, error) {
	if err := g.moveOn(); err != nil {
		return store.Arrival{}, err
	}
	a, err := g.Rules.Check(record)
	if err != nil {
		return store.Arrival{}, err
	}
	return store.Arrival{Day: a.Day, Slot: a.Slot, Meter: g.Registry.Meters[a.Place].ID(), Hash: a.Hash, Data: a.Bytes()}, nil
}

// wants says of which slots announcements and answers are taken: whoever can write on the
// stream must not fill the store.
func (g *Aggregator) wants(day, slot uint16) bool {
	return day >= g.keysFrom() && moment{day, slot}.ended(g.Clock.Now(), int(g.Registry.Charter.N))
}

// takeAnswers is what a worker does with answers.
func (g *Aggregator) takeAnswers(_ context.Context, list []jetstream.Msg) error {
	if err := g.moveOn(); err != nil {
		return err
	}
	// An answer is refused for good. If the store cannot be read, none is.
	slots := map[moment]bool{}
	for _, m := range list {
		if day, slot, ok := g.Bus.slotOf("answer", m.Subject()); ok && g.wants(day, slot) {
			slots[moment{day, slot}] = true
		}
	}
	for m := range slots {
		var err error
		if slots[m], err = g.Rules.Asked(m.day, m.slot); err != nil {
			return err
		}
	}
	return taken(list, g.Log, func(msg jetstream.Msg) (*aggregate.Answered, error) {
		day, slot, ok := g.Bus.slotOf("answer", msg.Subject())
		if !ok || !slots[moment{day, slot}] {
			return nil, aggregate.ErrNotAsked
		}
		return g.Rules.CheckAnswer(day, slot, msg.Data())
	}, func(good []*aggregate.Answered) error {
		_, err := g.Rules.TakeAnswers(good)
		return err
	})
}

// moveOn erases keys of days that are over. If we slept into another day, what is of today
// may come before its first cut-off.
func (g *Aggregator) moveOn() error {
	g.moving.Lock()
	defer g.moving.Unlock()
	day := g.keysFrom()
	if day <= g.moved {
		return nil
	}
	if err := g.Rules.NextDay(day); err != nil {
		return err
	}
	g.moved = day
	return nil
}

// keysFrom is the first day whose keys are still needed.
func (g *Aggregator) keysFrom() uint16 {
	return uint16(max(g.Clock.Now().Add(-keysLive).Unix(), 0) / secondsPerDay)
}

// cutOffs cuts off slot after slot.
func (g *Aggregator) cutOffs(ctx context.Context) error {
	n := int(g.Registry.Charter.N)
	for next := int64(0); ; next++ {
		next = max(next, moment{day: max(g.keysFrom(), g.Registry.First)}.count(n))
		m := momentOf(next, n)
		g.Clock.Until(ctx, momentOf(next+1, n).start(n).Add(g.CutOff))
		if ctx.Err() != nil {
			return nil
		}
		if m.day >= g.keysFrom() { // the machine did not sleep until its records are erased
			g.intake.settle(ctx, g.CatchUp)
			if err := g.cutOff(ctx, m); err != nil {
				return fmt.Errorf("cut off %s, slot %d: %w", meter.DayText(m.day), m.slot, err)
			}
		}
		if err := g.age(ctx); err != nil {
			return err
		}
	}
}

// cutOff ends the intake of a slot and decides who is present. What was decided stands:
// after a crash it is said again, whatever has come since.
func (g *Aggregator) cutOff(ctx context.Context, m moment) error {
	if over, err := g.over(ctx, m); over || err != nil {
		return err
	}
	if err := g.load(ctx, m); err != nil {
		return err
	}
	h, err := g.Rules.CutOff(m.day, m.slot)
	if err != nil {
		return err
	}
	// If we crash from here on, what comes meanwhile is late all the same.
	if _, err := g.Store.Once(heldName(m), g.Key.SignHolding(g.Registry, h)); err != nil {
		return err
	}
	aside, err := g.aside(m)
	if err != nil {
		return err
	}
	p, err := g.Rules.Present(m.day, m.slot, aside)
	if errors.Is(err, aggregate.ErrSecondPresence) || errors.Is(err, aggregate.ErrReplaced) {
		return g.lose(m, lostElsewhere)
	}
	if err != nil {
		return err
	}
	if p == nil {
		return g.lose(m, whyNot(g.Registry, h.Meters.AndNot(aside)))
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked[m] = &asked{presence: p}
	return nil
}

// load gives the rules what was announced of a slot; if it was cut off before, what was
// there then.
func (g *Aggregator) load(ctx context.Context, m moment) error {
	held, err := g.held(m)
	if err != nil {
		return err
	}
	counts := map[[32]byte]bool{}
	if held != nil {
		for _, hash := range held.Hashes {
			counts[hash] = true
		}
	}
	list, err := g.Store.Arrivals(ctx, m.day, m.slot)
	if err != nil {
		return err
	}
	for _, data := range list {
		a, err := aggregate.DecodeArrival(data)
		if err != nil {
			return err
		}
		if held != nil && !counts[a.Hash] {
			continue
		}
		if _, err := g.Rules.Take(a); err != nil {
			return err
		}
	}
	return nil
}

// held returns what was announced when a slot was cut off, nil if it was not.
func (g *Aggregator) held(m moment) (*aggregate.Holding, error) {
	data, err := g.Store.Get(heldName(m))
	if err != nil || data == nil {
		return nil, err
	}
	return aggregate.DecodeHolding(data, g.Registry, 0)
}

// collect releases slots as their answers come, and gives those up whose do not.
func (g *Aggregator) collect(ctx context.Context) error {
	for pause(ctx, lookForAnswers); ctx.Err() == nil; pause(ctx, lookForAnswers) {
		for m, a := range g.awaited() {
			if err := g.step(ctx, m, a); err != nil && ctx.Err() == nil {
				g.Log.Warn("slot not released yet", "day", meter.DayText(m.day), "slot", m.slot, "error", err)
				pause(ctx, time.Second)
			}
		}
	}
	return nil
}

// awaited returns the slots whose answers are awaited.
func (g *Aggregator) awaited() map[moment]*asked {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.asked)
}

// step does the next thing that is to be done for a slot.
func (g *Aggregator) step(ctx context.Context, m moment, a *asked) error {
	g.deciding.Lock()
	defer g.deciding.Unlock()
	switch {
	case g.awaited()[m] == nil:
		return nil // the day was ended
	case m.day < g.keysFrom():
		return g.lose(m, lostClosed) // it is about to be
	}
	now := g.Clock.Now()
	if !now.Before(a.again) {
		if err := g.Bus.say(ctx, said{m.day, m.slot, presence, 0, a.presence.Bytes()}); err != nil {
			return err
		}
		if a.until.IsZero() {
			a.until = now.Add(g.Answering)
		}
		a.again = now.Add(g.Answering / timesSaid)
	}
	over := !now.Before(a.until)
	f, err := g.Rules.Release(a.presence)
	if errors.Is(err, aggregate.ErrSilent) && over {
		if !g.answers.settle(ctx, g.CatchUp) {
			return nil // what has come is not stored yet: nobody is silent by our fault
		}
		f, err = g.Rules.Release(a.presence)
	}
	switch {
	case errors.Is(err, aggregate.ErrSilent) && over:
		return g.giveUp(m, a.presence)
	case errors.Is(err, aggregate.ErrSilent):
		return nil
	case errors.Is(err, aggregate.ErrWrongSum):
		return g.lose(m, lostWrong)
	case err != nil:
		return err
	}
	if err := addFile(ctx, g.Store, m, f); err != nil {
		return err
	}
	g.finish(m)
	return g.rest(m, meter.NewBitmap(len(g.Registry.Meters)), a.presence.Meters)
}

// giveUp ends a slot some of whose meters were silent. There is no second try: either
// would take the masks off a meter.
func (g *Aggregator) giveUp(m moment, p *meter.Presence) error {
	silent, err := g.Rules.Silent(p)
	if err != nil {
		return err
	}
	if err := g.lose(m, lostSilent(g.Registry, silent)); err != nil {
		return err
	}
	return g.rest(m, silent, p.Meters)
}

func (g *Aggregator) finish(m moment) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.asked, m)
}

// over says whether a slot was released or lost.
func (g *Aggregator) over(ctx context.Context, m moment) (bool, error) {
	if _, err := g.Store.File(ctx, m.day, m.slot); !errors.Is(err, store.ErrNotFound) {
		return err == nil, err
	}
	lost, err := g.Store.Get(lostAt(m))
	return lost != nil, err
}

// lose gives a slot up for good.
func (g *Aggregator) lose(m moment, why string) error {
	if why != lostNobody {
		g.Log.Warn("slot lost", "day", meter.DayText(m.day), "slot", m.slot, "why", why)
	}
	if _, err := g.Store.Once(lostAt(m), []byte(why)); err != nil {
		return err
	}
	g.finish(m)
	return nil
}

// age ends the days that are over: slots that still wait are lost, keys, records and
// answers are erased. What could not be erased is tried again after the next slot.
func (g *Aggregator) age(ctx context.Context) error {
	g.deciding.Lock()
	defer g.deciding.Unlock()
	day := g.keysFrom()
	if day <= g.aged {
		return nil
	}
	for m := range g.awaited() {
		if m.day < day {
			if err := g.lose(m, lostClosed); err != nil {
				return err
			}
		}
	}
	if err := g.moveOn(); err != nil {
		return err
	}
	if err := g.Store.Forget(ctx, day); err != nil {
		g.Log.Warn("records of days that are over are not erased yet", "error", err)
		return nil
	}
	g.aged = day
	return nil
}

// closeOld loses the slots of days that ended while no program ran.
func (g *Aggregator) closeOld(ctx context.Context) error {
	n := int(g.Registry.Charter.N)
	day := g.keysFrom()
	for c := (moment{day: max(g.Registry.First, day-min(day, uint16(daysKept)))}).count(n); c < (moment{day: day}).count(n); c++ {
		m := momentOf(c, n)
		held, err := g.held(m)
		if err != nil {
			return err
		}
		if held == nil || len(held.Hashes) == 0 {
			continue
		}
		over, err := g.over(ctx, m)
		if err == nil && !over {
			err = g.lose(m, lostClosed)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
