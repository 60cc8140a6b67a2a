package engine

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"hushwatt/aggregate"
	"hushwatt/server/store"
)

// A life ends at a write: nothing is read or written after it. Whether the write was done
// is what nobody can know.
type life struct {
	mu    sync.Mutex
	until string // the write at which it ends: method, space, how the name begins
	times int    // how many of these it survives
	done  bool   // whether the last one is done
	over  bool
}

var errDead = errors.New("the program is dead")

func (l *life) ended() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.over
}

func (l *life) write(what string, do func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return errDead
	}
	if !strings.HasPrefix(what, l.until) {
		return do()
	}
	if l.times--; l.times >= 0 {
		return do()
	}
	if l.over = true; l.done {
		do()
	}
	return errDead
}

// mortal is the store of a program with one life.
type mortal struct {
	*store.Party
	*life
}

func (m mortal) Once(name string, value []byte) (stored []byte, err error) {
	err = m.write("Once "+name, func() error { stored, err = m.Party.Once(name, value); return err })
	return stored, err
}

func (m mortal) Update(name string, change func([]byte) ([]byte, error)) error {
	return m.write("Update "+name, func() error { return m.Party.Update(name, change) })
}

func (m mortal) Arrive(ctx context.Context, list []store.Arrival) error {
	return m.write("Arrive", func() error { return m.Party.Arrive(ctx, list) })
}

func (m mortal) AddFile(ctx context.Context, day, slot uint16, file []byte, releases []store.Release) error {
	return m.write("AddFile", func() error { return m.Party.AddFile(ctx, day, slot, file, releases) })
}

func (m mortal) Get(name string) ([]byte, error) {
	if m.ended() {
		return nil, errDead
	}
	return m.Party.Get(name)
}

// A program that dies at any of its writes, done or not, is followed by one that goes on:
// one presence and one release of each slot.
func TestMaskedDiesAtEveryWrite(t *testing.T) {
	g := gridOf(t, true)
	b := g.bus()
	s := newSpeakers(g)
	s.listen(g.bus(), always)
	p := g.party(1)
	slot := 0
	for _, until := range []string{"Arrive", "Once " + store.HeldName, "Once presence/", "Once answers/", "Once answers/", "AddFile"} {
		for _, done := range []bool{false, true} {
			l := &life{until: until, done: done}
			if slot%2 == 1 && until == "Once answers/" {
				l.times = 1
			}
			a := g.aggregator()
			rules, kept := mortal{g.party(0), l}, mortal{g.party(1), l}
			a.Rules = must(aggregate.NewAggregator(aggregate.AuthorityConfig{Registry: g.registry, Key: g.keys[0], Store: rules, Enrolments: g.find}))
			a.Store = kept
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			wg.Go(func() { a.Run(ctx) }) // it may fail of its death
			s.end(b, slot, everyone)
			g.until("dead at "+until, func() bool {
				_, err := p.File(ctx, firstDay, uint16(slot))
				return l.ended() || err == nil
			})
			cancel()
			wg.Wait()
			if !l.ended() && l.times < 0 {
				t.Errorf("%s was not reached", until)
			}
			stop := g.start(g.aggregator().Run)
			g.expect(g.await(p, slot), slot, everyone)
			stop()
			slot++
		}
	}
	s.oneEach(slot)
	if lost, err := p.Named(t.Context(), lostName); err != nil || len(lost) != 0 {
		t.Errorf("lost: %v, %v", lost, err)
	}
}
