package aggregate

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"

	"hushwatt/internal/wire"
	"hushwatt/meter"
)

// Answered is an answer that was checked: of a meter that is present, with a tag that is
// right.
type Answered struct {
	Place     int // of the meter in the registry
	Day, Slot uint16
	share     meter.Share // under its masks
}

// asked is a slot of which those present are to answer. What they have answered is a
// log in the Store, to which each program of the aggregator appends batches: the first
// answer in it is a meter's, for all programs alike.
type asked struct {
	presence [32]byte // hash
	meters   meter.Bitmap
	squares  bool

	mu      sync.Mutex
	read    int            // batches of the log
	missing int            // meters that have not answered in these
	answers []*meter.Share // by place, of these batches
}

// ErrNotAsked is returned for an answer of a slot without a presence.
var ErrNotAsked = errors.New("nobody was asked to answer for this slot")

// asked returns a slot whose presence is stored.
func (g *Aggregator) asked(day, slot uint16) (*asked, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if q := g.slots[at{day, slot}]; q != nil {
		return q, nil
	}
	p, err := g.stored(day, slot)
	if err != nil {
		return nil, fmt.Errorf("presence of the slot: %w", err)
	}
	if p == nil || p.CheckUnsigned(g.registry) != nil { // none, or of another registry
		return nil, ErrNotAsked
	}
	q := &asked{presence: p.Hash(), meters: p.Meters, squares: g.registry.SquaresFor(p.Meters),
		missing: p.Meters.Count(), answers: make([]*meter.Share, len(g.registry.Meters))}
	g.slots[at{day, slot}] = q
	return q, nil
}

// Asked reports whether a presence was signed for a slot of this registry.
func (g *Aggregator) Asked(day, slot uint16) (bool, error) {
	_, err := g.asked(day, slot)
	if errors.Is(err, ErrNotAsked) {
		return false, nil
	}
	return err == nil, err
}

// CheckAnswer does the cryptography of an answer's arrival and changes nothing: many may
// run at the same time. Day and slot are those for which it is said to be.
func (g *Aggregator) CheckAnswer(day, slot uint16, data []byte) (*Answered, error) {
	a, err := meter.DecodeAnswer(data)
	if err != nil {
		return nil, err
	}
	place := g.registry.Index(a.Meter)
	if place < 0 {
		return nil, fmt.Errorf("answer: %w", meter.ErrNotEnrolled)
	}
	key := g.keys.of(place)
	if first := key.Day(); day < first || int(day) > int(first)+1 {
		return nil, fmt.Errorf("answer: %w", meter.ErrKeyGone)
	}
	q, err := g.asked(day, slot)
	if err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	if !q.meters.Has(place) {
		return nil, fmt.Errorf("answer: %w", meter.ErrNotPresent)
	}
	share, err := key.OpenAnswer(a, day, slot, q.presence, q.squares)
	if err != nil {
		return nil, err
	}
	return &Answered{place, day, slot, share}, nil
}

// TakeAnswers stores checked answers, one write for each slot, and counts them. Only
// when it has returned may they be acknowledged; after an error none may, and all
// should come again. Another answer of a meter that has answered Contradicts: it is not
// kept, for nobody could find out which one is right.
func (g *Aggregator) TakeAnswers(list []*Answered) ([]Outcome, error) {
	outcomes := make([]Outcome, len(list))
	bySlot := map[at][]int{}
	for i, a := range list {
		if a.Day < g.keys.of(a.Place).Day() {
			outcomes[i] = Late // since it was checked its day has ended
			continue
		}
		k := at{a.Day, a.Slot}
		bySlot[k] = append(bySlot[k], i)
	}
	for k, indices := range bySlot {
		q, err := g.asked(k.day, k.slot)
		if err != nil {
			return nil, err
		}
		if err := q.take(g.store, k, list, indices, outcomes); err != nil {
			return nil, err
		}
	}
	return outcomes, nil
}

// take stores the answers of one slot that are new.
func (q *asked) take(s Store, k at, list []*Answered, indices []int, outcomes []Outcome) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		fresh := map[int]int{} // by place
		var batch []storedAnswer
		for _, i := range indices {
			place := list[i].Place
			if _, ok := fresh[place]; !ok && q.answers[place] == nil {
				fresh[place] = i
				batch = append(batch, storedAnswer{Place: uint32(place), Masked: list[i].share.Bytes(q.squares)})
			}
		}
		if len(batch) > 0 {
			value := mustMarshal(batch)
			stored, err := s.Once(answersName(k, q.read), value)
			if err != nil {
				return fmt.Errorf("store answers: %w", err)
			}
			if err := q.add(stored); err != nil {
				return err
			}
			if !bytes.Equal(stored, value) {
				continue // another program was first: its answers count
			}
		}
		for _, i := range indices {
			first, ok := fresh[list[i].Place]
			switch before := q.answers[list[i].Place]; {
			case ok && first == i:
				outcomes[i] = Taken
			case bytes.Equal(before.Bytes(true), list[i].share.Bytes(true)):
				outcomes[i] = Duplicate
			default:
				outcomes[i] = Contradicts
			}
		}
		return nil
	}
}

// storedAnswer is an answer in a batch of the log.
type storedAnswer struct {
	_      struct{} `cbor:",toarray"`
	Place  uint32
	Masked []byte
}

// answersName is under what the store has a batch of a slot's answers.
func answersName(k at, batch int) string {
	return fmt.Sprintf("%s/%08x", slotKey("answers", k.day, k.slot), batch)
}

// add counts the next batch of the log.
func (q *asked) add(batch []byte) error {
	var list []storedAnswer
	if err := wire.Unmarshal(batch, &list); err != nil {
		return fmt.Errorf("stored answers: %w", err)
	}
	for i := range list {
		s, err := meter.ParseShare(list[i].Masked, q.squares)
		if err != nil || int(list[i].Place) >= len(q.answers) || !q.meters.Has(int(list[i].Place)) {
			return errors.Join(errors.New("stored answers are damaged"), err)
		}
		if place := list[i].Place; q.answers[place] == nil {
			q.answers[place] = &s
			q.missing--
		}
	}
	q.read++
	return nil
}

// catchUp reads what the log has by now.
func (q *asked) catchUp(s Store, k at) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		batch, err := s.Get(answersName(k, q.read))
		if err != nil {
			return fmt.Errorf("stored answers: %w", err)
		}
		if batch == nil {
			return nil
		}
		if err := q.add(batch); err != nil {
			return err
		}
	}
}

// heard returns the slot of a presence with all that was answered so far.
func (g *Aggregator) heard(p *meter.Presence) (*asked, error) {
	q, err := g.asked(p.Day, p.Slot)
	if err != nil {
		return nil, err
	}
	if q.presence != p.Hash() {
		return nil, ErrSecondPresence
	}
	return q, q.catchUp(g.store, at{p.Day, p.Slot})
}

// Silent returns the meters that are present and have not answered. Set aside in the
// presences to come, one that is broken does not spoil every slot.
func (g *Aggregator) Silent(p *meter.Presence) (meter.Bitmap, error) {
	q, err := g.heard(p)
	if err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	silent := slices.Clone(q.meters)
	for place, s := range q.answers {
		if s != nil {
			silent.Clear(place)
		}
	}
	return silent, nil
}

// sum adds up the answers, if all are there.
func (q *asked) sum() (sum meter.Share, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.missing > 0 {
		return sum, ErrSilent
	}
	for _, s := range q.answers {
		if s != nil {
			sum.Add(s)
		}
	}
	return sum, nil
}

// done forgets a slot's answers; if they are needed again they are read again.
func (g *Aggregator) done(p *meter.Presence) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.slots, at{p.Day, p.Slot})
}

// forgetAnswers deletes the answers of the days before one.
func (g *Aggregator) forgetAnswers(before uint16) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for k := range g.slots {
		if k.day < before {
			delete(g.slots, k)
		}
	}
	if err := g.store.Drop("answers/", slotKey("answers", before, 0)); err != nil {
		return fmt.Errorf("delete answers: %w", err)
	}
	return nil
}
