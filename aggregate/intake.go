package aggregate

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"hushwatt/meter"
)

// An Outcome says what became of a record.
type Outcome uint8

// The outcomes of a record that is in order.
const (
	Taken       Outcome = iota // it will be counted if all parties have it
	Duplicate                  // the same bytes came before
	Late                       // after the slot was cut off: stored, never counted
	Contradicts                // another record of this meter and slot came before: both are kept as evidence
)

func (o Outcome) String() string {
	return [...]string{"taken", "duplicate", "late", "contradicts"}[o]
}

// An Arrival is a record that was checked: signed by a meter of the registry, with
// commitments that are elements and, for the last authority, a share that opens.
type Arrival struct {
	Place     int // of the meter in the registry
	Day, Slot uint16
	Hash      [32]byte
	Record    []byte
	share     meter.Share
	stale     bool // of a day whose keys are erased
}

// intake collects the records of slots until they are cut off.
type intake struct {
	mu       sync.Mutex
	registry *meter.Registry
	store    Store
	slots    map[at]*slotIntake
}

type at struct{ day, slot uint16 }

type slotIntake struct {
	arrivals []*Arrival // by place; nil: absent
	closed   bool
}

func newIntake(r *meter.Registry, s Store) *intake {
	return &intake{registry: r, store: s, slots: map[at]*slotIntake{}}
}

// slot returns a slot's intake; one whose presence is stored is closed.
func (i *intake) slot(day, slot uint16) (*slotIntake, error) {
	if s := i.slots[at{day, slot}]; s != nil {
		return s, nil
	}
	stored, err := i.store.Get(slotKey("presence", day, slot))
	if err != nil {
		return nil, fmt.Errorf("presence of the slot: %w", err)
	}
	s := &slotIntake{arrivals: make([]*Arrival, len(i.registry.Meters)), closed: stored != nil}
	i.slots[at{day, slot}] = s
	return s, nil
}

// Take counts a checked record in.
func (i *intake) Take(a *Arrival) (Outcome, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if a.stale && i.slots[at{a.Day, a.Slot}] == nil {
		return Late, i.keep("late", a) // no room for days that are over: a meter could name them all
	}
	s, err := i.slot(a.Day, a.Slot)
	if err != nil {
		return Late, err
	}
	switch before := s.arrivals[a.Place]; {
	case before != nil && before.Hash == a.Hash:
		return Duplicate, nil
	case before != nil:
		return Contradicts, i.keep("contradiction", a)
	}
	if a.stale {
		return Late, i.keep("late", a)
	}
	if !s.closed {
		s.arrivals[a.Place] = a
		return Taken, nil
	}
	// After a restart the records of a slot whose presence is signed come again: they
	// are needed for the sums, and the presence says which of them count.
	if counted, err := i.counted(a); err != nil || counted {
		s.arrivals[a.Place] = a
		return Duplicate, err
	}
	return Late, i.keep("late", a)
}

// counted reports whether the stored presence of a slot has the meter present.
func (i *intake) counted(a *Arrival) (bool, error) {
	p, err := i.stored(a.Day, a.Slot)
	return p != nil && p.Meters.Has(a.Place), err
}

// stored returns the presence that was signed for a slot, nil if none was.
func (i *intake) stored(day, slot uint16) (*meter.Presence, error) {
	data, err := i.store.Get(slotKey("presence", day, slot))
	if err != nil || data == nil {
		return nil, err
	}
	return DecodePresence(data)
}

// keep stores a record that will not be counted; the first of a meter and slot.
func (i *intake) keep(kind string, a *Arrival) error {
	id := i.registry.Meters[a.Place].ID()
	_, err := i.store.Once(fmt.Sprintf("%s/%x", slotKey(kind, a.Day, a.Slot), id), a.Record)
	return err
}

// A Holding is what a party has of a slot at the cut-off: who, and by which records.
type Holding struct {
	Day, Slot uint16
	Meters    meter.Bitmap
	Hashes    [][32]byte // of the records, in order of places
}

// CutOff ends the intake of a slot and returns what is there; what comes later is
// late.
func (i *intake) CutOff(day, slot uint16) (*Holding, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	s, err := i.slot(day, slot)
	if err != nil {
		return nil, err
	}
	s.closed = true
	h := &Holding{Day: day, Slot: slot, Meters: meter.NewBitmap(len(i.registry.Meters))}
	for place, a := range s.arrivals {
		if a != nil {
			h.Meters.Set(place)
			h.Hashes = append(h.Hashes, a.Hash)
		}
	}
	return h, nil
}

// Propose returns the unsigned presence of a slot: the meters of which all parties hold
// the same record, without those set aside (nil: none are).
func Propose(r *meter.Registry, aside meter.Bitmap, holdings ...*Holding) (*meter.Presence, error) {
	if len(holdings) == 0 {
		return nil, errors.New("presence: nobody holds anything")
	}
	first := holdings[0]
	hash := r.Hash()
	p := &meter.Presence{Registry: hash[:], Day: first.Day, Slot: first.Slot, Meters: meter.NewBitmap(len(r.Meters))}
	at := make([]int, len(holdings))
	var hashes [][32]byte
	for place := range r.Meters {
		same := aside == nil || !aside.Has(place)
		for i, h := range holdings {
			if h.Day != first.Day || h.Slot != first.Slot || len(h.Meters) != len(p.Meters) {
				return nil, errors.New("presence: holdings of different slots")
			}
			same = same && h.Meters.Has(place) && h.Hashes[at[i]] == first.Hashes[at[0]]
		}
		if same {
			p.Meters.Set(place)
			hashes = append(hashes, first.Hashes[at[0]])
		}
		for i, h := range holdings {
			if h.Meters.Has(place) {
				at[i]++
			}
		}
	}
	p.Records = meter.CountedHash(hashes)
	return p, nil
}

// Errors of Sign and Contribute.
var (
	// ErrSecondPresence is returned for a presence other than the one signed before.
	ErrSecondPresence = errors.New("another presence was signed for this slot")
	// ErrLacks is returned where a record is missing that a presence counts.
	ErrLacks = errors.New("a record that the presence counts is not here")
)

// counting returns the arrivals that a presence counts, in order of places.
func (i *intake) counting(p *meter.Presence) ([]*Arrival, error) {
	s, err := i.slot(p.Day, p.Slot)
	if err != nil {
		return nil, err
	}
	var list []*Arrival
	var hashes [][32]byte
	for place, a := range s.arrivals {
		if !p.Meters.Has(place) {
			continue
		}
		if a == nil {
			return nil, fmt.Errorf("meter %s: %w", i.registry.Meters[place].Certificate.Meter, ErrLacks)
		}
		list, hashes = append(list, a), append(hashes, a.Hash)
	}
	if !bytes.Equal(meter.CountedHash(hashes), p.Records) {
		return nil, ErrLacks
	}
	return list, nil
}

// fix stores the one presence of a slot that is ever signed.
func (i *intake) fix(p *meter.Presence) error {
	unsigned := *p
	unsigned.Signatures = nil
	body := unsigned.Bytes()
	stored, err := i.store.Once(slotKey("presence", p.Day, p.Slot), body)
	if err != nil {
		return fmt.Errorf("store the presence: %w", err)
	}
	if !bytes.Equal(stored, body) {
		return ErrSecondPresence
	}
	return nil
}

// Records returns the records that a presence counts, in order of places.
func (i *intake) Records(p *meter.Presence) ([][]byte, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	list, err := i.counting(p)
	if err != nil {
		return nil, err
	}
	records := make([][]byte, len(list))
	for j, a := range list {
		records[j] = a.Record
	}
	return records, nil
}

// Forget drops the records of the days before one.
func (i *intake) Forget(before uint16) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for k := range i.slots {
		if k.day < before {
			delete(i.slots, k)
		}
	}
}
