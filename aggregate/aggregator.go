package aggregate

import (
	"bytes"
	"errors"
	"fmt"

	"hushwatt/meter"
)

// An Aggregator runs a masking registry alone: it collects announcements (slot records
// without shares), signs who is present, collects one answer of each, and has the sum.
// If one stays silent the slot is lost: there is no recovery and no second try, for
// either would take the masks off a meter.
type Aggregator struct {
	*intake
	key     *PartyKey
	ring    *meter.Ring
	answers map[at]map[int]meter.Share
}

// NewAggregator starts an aggregator, or goes on with what the store holds.
func NewAggregator(r *meter.Registry, key *PartyKey, s Store) (*Aggregator, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	if !r.Charter.Masking() {
		return nil, errors.New("the registry has authorities, no aggregator")
	}
	if _, err := key.place(&r.Charter); err != nil {
		return nil, err
	}
	return &Aggregator{newIntake(r, s), key, r.Ring(), map[at]map[int]meter.Share{}}, nil
}

// Check does the cryptography of an announcement's arrival and changes nothing.
func (g *Aggregator) Check(record []byte) (*Arrival, error) {
	a, _, err := checkRecord(g.registry, record)
	return a, err
}

// Present cuts a slot off and signs its presence: those who have announced, without
// those of whose neighbours fewer than MinNeighbours are left. It returns nil if what
// is left is too few or falls into parts. The same presence comes again if asked.
func (g *Aggregator) Present(day, slot uint16, aside meter.Bitmap) (*meter.Presence, error) {
	h, err := g.CutOff(day, slot)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	p, err := g.stored(day, slot)
	if err != nil {
		return nil, err
	}
	if p == nil {
		if p, err = g.propose(h, aside); p == nil || err != nil {
			return nil, err
		}
		if err := g.fix(p); err != nil {
			return nil, err
		}
	}
	p.Signatures = [][]byte{meter.SignPresence(g.key.signing, p)}
	return p, nil
}

func (g *Aggregator) propose(h *Holding, aside meter.Bitmap) (*meter.Presence, error) {
	if aside == nil {
		aside = meter.NewBitmap(len(g.registry.Meters))
	}
	left := h.Meters.AndNot(aside)
	for again := true; again; {
		again = false
		for i := range g.registry.Meters {
			if left.Has(i) && g.ring.Present(i, left) < meter.MinNeighbours {
				left.Clear(i)
				again = true
			}
		}
	}
	if left.Count() < int(g.registry.Charter.MinSum) || !g.ring.Connected(left) {
		return nil, nil
	}
	return Propose(g.registry, h.Meters.AndNot(left), h)
}

// Answer takes a meter's answer to the presence of a slot.
func (g *Aggregator) Answer(p *meter.Presence, data []byte) error {
	place, share, err := g.registry.CheckAnswer(data, p)
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	k := at{p.Day, p.Slot}
	if g.answers[k] == nil {
		g.answers[k] = map[int]meter.Share{}
	}
	if before, ok := g.answers[k][place]; ok {
		if !bytes.Equal(before.Bytes(true), share.Bytes(true)) {
			return fmt.Errorf("answer: %w", meter.ErrAnswered)
		}
		return nil
	}
	g.answers[k][place] = share
	return nil
}

// ErrSilent is returned for a slot that is lost because a meter did not answer.
var ErrSilent = errors.New("a meter that is present did not answer")

// Release adds up the answers of a slot and returns the file, checked.
func (g *Aggregator) Release(p *meter.Presence) (*SlotFile, error) {
	if err := p.Check(g.registry); err != nil {
		return nil, err
	}
	records, err := g.Records(p)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	answers := g.answers[at{p.Day, p.Slot}]
	g.mu.Unlock()
	if len(answers) != p.Meters.Count() {
		return nil, ErrSilent
	}
	var sum meter.Share
	for _, s := range answers {
		sum.Add(&s)
	}
	sets := Released(g.registry, p.Meters)
	sums := make([]meter.Share, len(sets))
	for i := range sums {
		sums[i] = sum // there is one set, of all meters
	}
	return release(g.registry, p, records, sets, sums)
}
