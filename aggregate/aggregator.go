package aggregate

import (
	"errors"
	"fmt"

	"hushwatt/meter"
)

// An Aggregator runs a masking registry alone: it collects announcements (slot records
// without shares), signs who is present, collects one answer of each, and has the sum.
// If one stays silent the slot is lost: there is no recovery and no second try, for
// either would take the masks off a meter. Presences and answers are in the Store; the
// announcements come again from the message stream after a restart.
type Aggregator struct {
	*intake
	key   *PartyKey
	ring  *meter.Ring
	keys  *shareKeys // with which meters authenticate answers
	slots map[at]*asked
}

// NewAggregator starts an aggregator, or goes on with what the store holds.
func NewAggregator(c AuthorityConfig) (*Aggregator, error) {
	if err := c.Registry.Check(); err != nil {
		return nil, err
	}
	if !c.Registry.Charter.Masking() {
		return nil, errors.New("the registry has authorities, no aggregator")
	}
	keys, err := newShareKeys(&c)
	if err != nil {
		return nil, err
	}
	return &Aggregator{newIntake(c.Registry, c.Store), c.Key, c.Registry.Ring(), keys, map[at]*asked{}}, nil
}

// Check does the cryptography of an announcement's arrival and changes nothing: many may
// run at the same time. Days are those of the keys, as for an authority.
func (g *Aggregator) Check(record []byte) (*Arrival, error) {
	r, err := meter.DecodeSlotRecord(record, &g.registry.Charter)
	if err != nil {
		return nil, err
	}
	place, err := g.registry.NamedBy(r)
	if err != nil {
		return nil, err
	}
	first := g.keys.of(place).Day()
	if int(r.Day) > int(first)+1 {
		return nil, fmt.Errorf("slot record of meter %s: %w", g.registry.Meters[place].Certificate.Meter, meter.ErrKeyGone)
	}
	a, err := checkSigned(g.registry, r, record)
	if err != nil {
		return nil, err
	}
	a.stale = r.Day < first
	return a, nil
}

// Present cuts a slot off and signs its presence: those who have announced and are not
// set aside. It returns nil if nobody would answer it, because they are too few or hang
// together too loosely. The same presence comes again if asked.
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
	if p != nil && p.CheckUnsigned(g.registry) != nil {
		return nil, ErrSecondPresence // of another registry of the charter
	}
	if p == nil {
		if err := holdsOn(g.store, g.registry, day); err != nil {
			return nil, err
		}
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
	if left.Count() < max(int(g.registry.Charter.MinSum), meter.MinNeighbours+1) || !g.ring.Connected(left) {
		return nil, nil
	}
	return Propose(g.registry, aside, h)
}

// ErrSilent is returned for a slot that is lost unless the meters that are present and
// did not answer still do.
var ErrSilent = errors.New("a meter that is present did not answer")

// Release adds up the answers of a slot and returns the file, checked. As long as some
// are missing it costs little.
func (g *Aggregator) Release(p *meter.Presence) (*SlotFile, error) {
	q, err := g.heard(p)
	if err != nil {
		return nil, err
	}
	sum, err := q.sum()
	if err != nil {
		return nil, err
	}
	if err := p.Check(g.registry); err != nil {
		return nil, err
	}
	records, err := g.Records(p)
	if err != nil {
		return nil, err
	}
	sets := Released(g.registry, p.Meters)
	sums := make([]meter.Share, len(sets))
	for i := range sums {
		sums[i] = sum // there is one set, of all meters
	}
	f, err := release(g.registry, p, records, sets, sums)
	if err == nil {
		g.done(p)
	}
	return f, err
}

// NextDay erases the keys, announcements and answers of the days before one.
func (g *Aggregator) NextDay(day uint16) error {
	if err := g.keys.nextDay(day); err != nil {
		return err
	}
	g.Forget(day)
	return g.forgetAnswers(day)
}
