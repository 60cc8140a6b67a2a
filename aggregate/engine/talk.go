package engine

import (
	"errors"
	"time"

	"hushwatt/aggregate"
	"hushwatt/meter"
)

// slot is what the parties have said of a slot, by place. Of each party and word the
// first thing that is in order counts, and all hear everything in the order of the
// stream: so what counts for one counts for all, and strangers on the stream are passed
// over.
type slot struct {
	said          map[word]map[int][]byte // what counts; of signatures, themselves
	holdings      map[int]*aggregate.Holding
	presence      *meter.Presence // that follows from all holdings; its signatures are there when all have signed
	counted       [][32]byte      // hashes of its records, in order of places
	seen          mark            // of the stream when a record of these was first missed
	contributions map[int]*aggregate.Contribution
	points        map[int]*aggregate.Points
	disputed      bool
	done          bool // nothing is left to do
}

func newSlot() *slot {
	return &slot{said: map[word]map[int][]byte{}, holdings: map[int]*aggregate.Holding{},
		contributions: map[int]*aggregate.Contribution{}, points: map[int]*aggregate.Points{}}
}

// heard says whether a party's word has come.
func (t *slot) heard(w word, party int) bool {
	_, ok := t.said[w][party]
	return ok
}

// all says whether the words of all parties have come.
func (t *slot) all(w word, r *meter.Registry) bool { return len(t.said[w]) == len(r.Charter.Parties) }

var errEarly = errors.New("what it is about was not said yet")

// add takes in what was said. It returns an error for what does not count.
func (t *slot) add(s said, r *meter.Registry) error {
	if s.word == dispute {
		t.disputed = true // whoever says so: the parties look for themselves
		return nil
	}
	if t.done || t.heard(s.word, s.party) {
		return nil
	}
	if err := t.take(s, r); err != nil {
		return err
	}
	if t.said[s.word] == nil {
		t.said[s.word] = map[int][]byte{}
	}
	t.said[s.word][s.party] = nil
	if s.word == signature {
		t.said[s.word][s.party] = s.data
	}
	return t.follow(s.word, r)
}

// take checks what was said.
func (t *slot) take(s said, r *meter.Registry) error {
	switch s.word {
	case holding:
		h, err := aggregate.DecodeHolding(s.data, r, s.party)
		if err != nil {
			return err
		}
		if h.Day != s.day || h.Slot != s.slot {
			return errors.New("a holding of another slot")
		}
		t.holdings[s.party] = h
	case signature:
		if t.presence == nil {
			return errEarly
		}
		if !t.presence.SignedBy(r, s.party, s.data) {
			return errors.New("not the party's signature of what all hold")
		}
	case contribution:
		if !t.all(signature, r) {
			return errEarly
		}
		c, err := aggregate.DecodeContribution(s.data)
		if err != nil {
			return err
		}
		if err := c.Check(r, t.presence, s.party); err != nil {
			return err
		}
		t.contributions[s.party] = c
	case points:
		if !t.all(contribution, r) {
			return errEarly
		}
		p, err := aggregate.DecodePoints(s.data)
		if err != nil {
			return err
		}
		if err := p.Check(r, t.presence, s.party); err != nil {
			return err
		}
		t.points[s.party] = p
	}
	return nil
}

// follow does what follows once a word is there from all.
func (t *slot) follow(w word, r *meter.Registry) (err error) {
	if !t.all(w, r) {
		return nil
	}
	switch w {
	case holding:
		if t.presence, err = aggregate.Propose(r, nil, inOrder(t.holdings)...); err != nil {
			return err
		}
		t.counted = t.holdings[0].Without(t.holdings[0].Meters.AndNot(t.presence.Meters)).Hashes
		t.holdings = nil
	case signature:
		t.presence.Signatures = inOrder(t.said[signature])
	}
	return nil
}

// without returns how many of the records that count are not in a list.
func (t *slot) without(list map[[32]byte][]byte) int {
	missing := 0
	for _, hash := range t.counted {
		if list[hash] == nil {
			missing++
		}
	}
	return missing
}

func inOrder[T any](by map[int]T) []T {
	list := make([]T, len(by))
	for i := range list {
		list[i] = by[i]
	}
	return list
}

// A conversation is what was said of the slots of a few days.
type conversation struct {
	registry *meter.Registry
	clock    Clock
	slots    map[moment]*slot
}

// daysKept is how many days back a conversation goes.
const daysKept = int64(keptOnStream / (24 * time.Hour))

// of returns the slot that something is about, nil if nothing should be said of it:
// whoever can write on the stream must not fill our memory.
func (c *conversation) of(s said) *slot {
	today := c.clock.Now().Unix() / secondsPerDay
	day := int64(s.day)
	if s.party >= len(c.registry.Charter.Parties) || s.slot >= c.registry.Charter.N || s.day < c.registry.First || day < today-daysKept || day > today+1 {
		return nil
	}
	switch s.word {
	case holding, signature, contribution, dispute, points:
	default:
		return nil
	}
	m := moment{s.day, s.slot}
	if c.slots[m] == nil {
		for old := range c.slots {
			if int64(old.day) < today-daysKept {
				delete(c.slots, old)
			}
		}
		c.slots[m] = newSlot()
	}
	return c.slots[m]
}
