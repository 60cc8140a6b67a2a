package aggregate

import (
	"bytes"
	"errors"
	"fmt"

	"hushwatt/internal/wire"
	"hushwatt/meter"
	"hushwatt/prover/ristretto"
)

// A DayEnd shows that what was summed in a day is what is billed: the day seals of all
// meters of a set, less the commitments of slots that were in no release, are what the
// day's releases open. It opens nothing itself (docs/protocol.md, section 7.7).
type DayEnd struct {
	_        struct{} `cbor:",toarray"`
	Format   string
	Registry []byte // hash
	Set      string
	Day      uint16
	Slots    []DayEndSlot // those in which the set was released, ascending
	Closings [][]byte     // of all meters of the set, in order of places
}

// DayEndSlot is a release of the day.
type DayEndSlot struct {
	_        struct{} `cbor:",toarray"`
	Presence meter.Presence
	Release  Release
}

// Bytes returns the form that ParseDayEnd reads.
func (d *DayEnd) Bytes(r *meter.Registry) []byte {
	hash := r.Hash()
	out := *d
	out.Format, out.Registry = wire.LabelDayEnd, hash[:]
	return mustMarshal(&out)
}

// ParseDayEnd reads a day's end of a registry; Check says what it is worth.
func ParseDayEnd(data []byte, r *meter.Registry) (*DayEnd, error) {
	var d DayEnd
	if err := wire.Unmarshal(data, &d); err != nil {
		return nil, fmt.Errorf("end of day: %w", err)
	}
	if hash := r.Hash(); d.Format != wire.LabelDayEnd || !bytes.Equal(d.Registry, hash[:]) {
		return nil, errors.New("end of day: not one, or of another registry")
	}
	return &d, nil
}

// Errors of DayEnd.Check.
var (
	ErrOtherSet      = errors.New("closings must be of all meters of the set and of no others")
	ErrSecondOpening = errors.New("a slot is opened twice, out of order or against the rules")
	ErrNotSum        = errors.New("the day's seals are not the sum of its slots")
)

// Check checks a day's end in a registry that was checked. Which meter is at fault if
// the sums differ, CheckSeal says.
func (d *DayEnd) Check(r *meter.Registry) error {
	set, err := findSet(r, d.Set)
	if err != nil {
		return err
	}
	e := &dayEquation{registry: r, day: d}
	if err := e.addReleases(); err != nil {
		return fmt.Errorf("end of %s: %w", meter.DayText(d.Day), err)
	}
	if err := e.addClosings(set); err != nil {
		return fmt.Errorf("end of %s: %w", meter.DayText(d.Day), err)
	}
	if !e.c.IsIdentity() || !e.q.IsIdentity() {
		return fmt.Errorf("end of %s: %w", meter.DayText(d.Day), ErrNotSum)
	}
	return nil
}

func findSet(r *meter.Registry, name string) (*meter.Set, error) {
	for i := range r.Sets {
		if r.Sets[i].Name == name {
			return &r.Sets[i], nil
		}
	}
	return nil, fmt.Errorf("set %s is not registered", name)
}

// dayEquation is Σ V − Σ C of slots in no release − Σ (S·G_s + R·H), and the same for
// squares.
type dayEquation struct {
	registry *meter.Registry
	day      *DayEnd
	slots    []daySlot
	c, q     ristretto.Sum
}

// daySlot says who was in a release of a slot.
type daySlot struct {
	meters  meter.Bitmap // nil: no release
	squares bool
}

func (e *dayEquation) addReleases() error {
	e.slots = make([]daySlot, e.registry.Charter.N)
	for i := range e.day.Slots {
		p, r := &e.day.Slots[i].Presence, &e.day.Slots[i].Release
		if err := p.Check(e.registry); err != nil {
			return err
		}
		if p.Day != e.day.Day || r.Set != e.day.Set || i > 0 && p.Slot <= e.day.Slots[i-1].Presence.Slot {
			return ErrSecondOpening
		}
		var allowed *Releasable
		for _, s := range Released(e.registry, p.Meters) {
			if s.Set == e.day.Set {
				allowed = &s
			}
		}
		if allowed == nil || int(r.Meters) != allowed.Count || len(r.Squares) > 1 || (len(r.Squares) == 1) != allowed.Squares {
			return ErrSecondOpening
		}
		e.slots[p.Slot] = daySlot{allowed.Meters, allowed.Squares}
		if err := subtractOpening(&e.c, int(e.registry.Charter.N), int(p.Slot), r.Sum, r.Blinding); err != nil {
			return err
		}
		if allowed.Squares {
			if err := subtractOpening(&e.q, int(e.registry.Charter.N), int(p.Slot), r.Squares[0].Sum, r.Squares[0].Blinding); err != nil {
				return err
			}
		}
	}
	return nil
}

func minusOne() *ristretto.Scalar {
	var one ristretto.Scalar
	return new(ristretto.Scalar).Neg(one.SetUint64(1))
}

func subtractOpening(sum *ristretto.Sum, n, slot int, v uint64, blinding []byte) error {
	o, err := opening(n, slot, v, blinding)
	if err != nil {
		return err
	}
	sum.AddSum(o, minusOne())
	return nil
}

// addClosings adds seals and takes off what was in no release.
func (e *dayEquation) addClosings(set *meter.Set) error {
	c, q := ristretto.NewElement(), ristretto.NewElement()
	at := 0
	for place := range e.registry.Meters {
		if !set.Meters.Has(place) {
			continue
		}
		if at >= len(e.day.Closings) {
			return ErrOtherSet
		}
		closing, err := meter.DecodeClosing(e.day.Closings[at])
		if err != nil {
			return err
		}
		at++
		closed, err := e.registry.CheckClosing(closing)
		if err != nil {
			return err
		}
		if closed.Place != place || closing.Day != e.day.Day {
			return ErrOtherSet
		}
		if err := e.addClosed(closed, c, q); err != nil {
			return err
		}
	}
	if at != len(e.day.Closings) {
		return ErrOtherSet
	}
	var one ristretto.Scalar
	one.SetUint64(1)
	e.c.AddElement(c, &one)
	e.q.AddElement(q, &one)
	return nil
}

// addClosed adds one meter's seals. Its closing holds exactly the slots that were not
// in a release with all that the registry sums.
func (e *dayEquation) addClosed(o *meter.Closed, c, q *ristretto.Element) error {
	squares := e.registry.Charter.Squares
	c.Add(c, o.Seal)
	if squares {
		q.Add(q, o.Squares)
	}
	at := 0
	for s := range e.slots {
		summed := e.slots[s].meters != nil && e.slots[s].meters.Has(o.Place)
		if summed && (e.slots[s].squares || !squares) {
			continue
		}
		if at >= len(o.Slots) || int(o.Slots[at]) != s {
			return fmt.Errorf("meter %s: its closing is of other slots", e.registry.Meters[o.Place].Certificate.Meter)
		}
		if !summed {
			c.Sub(c, o.C[at])
		}
		if squares {
			q.Sub(q, o.Q[at])
		}
		at++
	}
	if at != len(o.Slots) {
		return fmt.Errorf("meter %s: its closing is of other slots", e.registry.Meters[o.Place].Certificate.Meter)
	}
	return nil
}

// CheckSeal checks that a meter's slots of a day add up to its seals: its closing, and
// its records of all other slots. It opens nothing and needs no release; it names the
// meter where DayEnd.Check finds that something is wrong.
func CheckSeal(r *meter.Registry, closing *meter.Closing, records [][]byte) error {
	o, err := r.CheckClosing(closing)
	if err != nil {
		return err
	}
	name := r.Meters[o.Place].Certificate.Meter
	c, q := ristretto.NewElement(), ristretto.NewElement()
	seen := map[uint16]bool{}
	for i, s := range o.Slots {
		seen[s] = true
		c.Add(c, o.C[i])
		if r.Charter.Squares {
			q.Add(q, o.Q[i])
		}
	}
	for _, b := range records {
		a, record, err := checkRecord(r, b)
		if err != nil {
			return err
		}
		if a.Place != o.Place || a.Day != closing.Day {
			return fmt.Errorf("meter %s: a record of another meter or day", name)
		}
		if seen[a.Slot] {
			continue // the closing has it, or it came twice
		}
		seen[a.Slot] = true
		e, sq, err := record.Elements()
		if err != nil {
			return err
		}
		c.Add(c, e)
		if sq != nil {
			q.Add(q, sq)
		}
	}
	if len(seen) != int(r.Charter.N) {
		return fmt.Errorf("meter %s: %d slots of %d", name, len(seen), r.Charter.N)
	}
	if !c.Equal(o.Seal) || r.Charter.Squares && !q.Equal(o.Squares) {
		return fmt.Errorf("meter %s: %w", name, ErrNotSum)
	}
	return nil
}
