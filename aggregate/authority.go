package aggregate

import (
	"errors"
	"fmt"

	"hushwatt/internal/wire"
	"hushwatt/meter"
)

// An Authority is one of A_1 … A_k: it collects records, signs one presence a slot
// and gives out its sums for it. All its state that matters is in the Store; the
// records come again from the message stream after a restart.
type Authority struct {
	*intake
	key  *PartyKey
	keys *shareKeys
	last bool // A_k, whose shares are in the records
}

// AuthorityConfig is what an authority, or an aggregator, is made of.
type AuthorityConfig struct {
	Registry   *meter.Registry // checked and signed by all parties
	Key        *PartyKey
	Enrolments func(id []byte) *meter.Enrolment // of the registry's meters; asked once, before their keys are stored, for many at once
	Store      Store
}

// NewAuthority starts an authority, or goes on with what the store holds.
func NewAuthority(c AuthorityConfig) (*Authority, error) {
	if err := c.Registry.Check(); err != nil {
		return nil, err
	}
	if c.Registry.Charter.Masking() {
		return nil, errors.New("a masking registry has no authorities")
	}
	keys, err := newShareKeys(&c)
	if err != nil {
		return nil, err
	}
	return &Authority{newIntake(c.Registry, c.Store), c.Key, keys, keys.party == len(c.Registry.Charter.Parties)-1}, nil
}

// Check does all the cryptography of a record's arrival and changes nothing: many may
// run at the same time. What costs least comes first. The last authority opens its share
// before it looks at the signature: nobody but the meter can have encrypted it, so that
// what strangers write in a meter's name is refused without a signature check there.
func (a *Authority) Check(record []byte) (*Arrival, error) {
	r, err := meter.DecodeSlotRecord(record, &a.registry.Charter)
	if err != nil {
		return nil, err
	}
	place, err := a.registry.NamedBy(r)
	if err != nil {
		return nil, err
	}
	share, stale, err := a.shareOf(place, r)
	if err != nil {
		return nil, fmt.Errorf("slot record of meter %s: %w", a.registry.Meters[place].Certificate.Meter, err)
	}
	arrival, err := checkSigned(a.registry, r, record)
	if err != nil {
		return nil, err
	}
	arrival.share, arrival.stale = share, stale
	return arrival, nil
}

// shareOf returns this authority's share of a record; stale: its key is erased.
func (a *Authority) shareOf(place int, r *meter.SlotRecord) (share meter.Share, stale bool, err error) {
	key := a.keys.of(place)
	if a.last {
		share, err = key.Open(r)
	} else {
		share, err = key.Derive(r)
	}
	if errors.Is(err, meter.ErrKeyGone) && r.Day < key.Day() {
		return meter.Share{}, true, nil
	}
	return share, false, err
}

// checkRecord checks what anyone can check of a record.
func checkRecord(reg *meter.Registry, record []byte) (*Arrival, *meter.SlotRecord, error) {
	r, err := meter.DecodeSlotRecord(record, &reg.Charter)
	if err != nil {
		return nil, nil, err
	}
	a, err := checkSigned(reg, r, record)
	return a, r, err
}

// checkSigned checks the signature of a record that was decoded, and its commitments.
func checkSigned(reg *meter.Registry, r *meter.SlotRecord, record []byte) (*Arrival, error) {
	place, err := reg.CheckRecord(r)
	if err != nil {
		return nil, err
	}
	if _, _, err := r.Elements(); err != nil {
		return nil, err
	}
	return &Arrival{Place: place, Day: r.Day, Slot: r.Slot, Hash: meter.RecordHash(record), Record: record}, nil
}

// Sign signs the presence of a slot, after the cut-off and if every record that it
// counts is here. One presence of a slot is ever signed; it is stored first.
func (a *Authority) Sign(p *meter.Presence) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := p.CheckUnsigned(a.registry); err != nil {
		return nil, err
	}
	s, err := a.slot(p.Day, p.Slot)
	if err != nil {
		return nil, err
	}
	if !s.closed {
		return nil, errors.New("presence: the slot is not cut off yet")
	}
	if before, err := a.stored(p.Day, p.Slot); err != nil {
		return nil, err
	} else if before != nil && before.Hash() != p.Hash() {
		return nil, ErrSecondPresence
	} else if before == nil {
		if err := holdsOn(a.store, a.registry, p.Day); err != nil {
			return nil, err
		}
	}
	if _, err := a.counting(p); err != nil {
		return nil, err
	}
	if err := a.fix(p); err != nil {
		return nil, err
	}
	return meter.SignPresence(a.key.signing, p), nil
}

// A Contribution is an authority's sums for all sets that are released in a slot.
type Contribution struct {
	_         struct{} `cbor:",toarray"`
	Presence  []byte   // hash
	Party     uint8    // place in the charter
	Sums      []SetShare
	Signature []byte
}

// SetShare is the sum of one authority's shares over the present meters of a set.
type SetShare struct {
	_     struct{} `cbor:",toarray"`
	Set   string
	Share []byte // as in Share.Bytes, with squares if they are released
}

// Bytes returns the form that DecodeContribution reads.
func (c *Contribution) Bytes() []byte { return mustMarshal(c) }

// DecodeContribution reads a contribution; Combine checks it.
func DecodeContribution(data []byte) (*Contribution, error) {
	var c Contribution
	if err := wire.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("contribution: %w", err)
	}
	return &c, nil
}

func (c *Contribution) body() []byte {
	unsigned := *c
	unsigned.Signature = nil
	return mustMarshal(&unsigned)
}

// Contribute gives out this authority's sums for a presence that all parties have
// signed: one contribution for a slot, stored before it is returned.
func (a *Authority) Contribute(p *meter.Presence) (*Contribution, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := p.Check(a.registry); err != nil {
		return nil, err
	}
	if err := a.fix(p); err != nil {
		return nil, err
	}
	name := slotKey("contribution", p.Day, p.Slot)
	stored, err := a.store.Get(name)
	if err != nil {
		return nil, fmt.Errorf("contribution: %w", err)
	}
	if stored == nil {
		c, err := a.contribution(p)
		if err != nil {
			return nil, err
		}
		if stored, err = a.store.Once(name, c.Bytes()); err != nil {
			return nil, fmt.Errorf("store the contribution: %w", err)
		}
	}
	return DecodeContribution(stored)
}

func (a *Authority) contribution(p *meter.Presence) (*Contribution, error) {
	arrivals, err := a.counting(p)
	if err != nil {
		return nil, err
	}
	hash := p.Hash()
	c := &Contribution{Presence: hash[:], Party: uint8(a.keys.party)}
	for _, s := range Released(a.registry, p.Meters) {
		var sum meter.Share
		for _, r := range arrivals {
			if s.Meters.Has(r.Place) {
				sum.Add(&r.share)
			}
		}
		c.Sums = append(c.Sums, SetShare{Set: s.Set, Share: sum.Bytes(s.Squares)})
	}
	c.Signature = signContribution(a.key.signing, c)
	return c, nil
}

// NextDay erases the keys and the records of the days before one.
func (a *Authority) NextDay(day uint16) error {
	if err := a.keys.nextDay(day); err != nil {
		return err
	}
	a.Forget(day)
	return nil
}

func mustMarshal(v any) []byte {
	b, err := wire.Marshal(v)
	if err != nil {
		panic(err) // a struct of numbers, strings and bytes always encodes
	}
	return b
}

// DecodePresence reads a presence without checking it, for parties that are to sign it.
func DecodePresence(data []byte) (*meter.Presence, error) {
	var p meter.Presence
	if err := wire.Unmarshal(data, &p); err != nil {
		return nil, fmt.Errorf("presence: %w", err)
	}
	return &p, nil
}
