package meter

import (
	"crypto/subtle"
	"errors"
	"fmt"

	"hushwatt/internal/wire"
)

// An Answer is a meter's reading under its masks. Together with the record that has
// announced the slot it has at most 250 bytes, so it says neither the slot nor the
// presence for which it is masked: both are in its tag.
type Answer struct {
	_      struct{} `cbor:",toarray"`
	Meter  []byte   // id
	Masked []byte   // a share: with the square only if enough meters are present for variance
	Tag    []byte   // TagSize bytes
}

// TagSize is the length of an answer's tag. Only whoever asks the aggregator can try
// one, and gains a lost slot at most (docs/notes.md, "Masks").
const TagSize = 8

// DecodeAnswer reads an answer; whether it is right is for ShareKey.OpenAnswer.
func DecodeAnswer(data []byte) (*Answer, error) {
	var a Answer
	if err := wire.Unmarshal(data, &a); err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	if len(a.Meter) != IDSize || len(a.Tag) != TagSize || len(a.Masked) != plainShareSize && len(a.Masked) != plainShareSize+squaresShareSize {
		return nil, errors.New("answer: a field has the wrong length")
	}
	return &a, nil
}

// Bytes returns the form that DecodeAnswer reads.
func (a *Answer) Bytes() []byte { return mustMarshal(a) }

// ErrTag is returned for an answer that its meter did not make, or not for this slot
// and presence.
var ErrTag = errors.New("answer: not the meter's to this presence")

// OpenAnswer checks an answer to the presence of a hash with the key that its meter and
// the aggregator share, and returns what it sends; with squares if they are summed over
// those present.
func (k *ShareKey) OpenAnswer(a *Answer, day, slot uint16, presence [32]byte, squares bool) (Share, error) {
	tag, err := k.tag(a, day, slot, presence)
	if err != nil {
		return Share{}, fmt.Errorf("answer: %w", err)
	}
	if subtle.ConstantTimeCompare(tag, a.Tag) != 1 {
		return Share{}, ErrTag
	}
	s, err := ParseShare(a.Masked, squares)
	if err != nil {
		return Share{}, fmt.Errorf("answer: %w", err)
	}
	return s, nil
}

// tag returns SHAKE256(label ‖ key of the day ‖ id ‖ u16be day ‖ u16be slot ‖ presence
// hash ‖ masked share).
func (k *ShareKey) tag(a *Answer, day, slot uint16, presence [32]byte) ([]byte, error) {
	key, err := k.on(day)
	if err != nil {
		return nil, err
	}
	return keyed(wire.LabelAnswer, key, a.Meter, day, slot, append(presence[:], a.Masked...), TagSize), nil
}

// SquaresFor reports whether squares are summed over these meters.
func (r *Registry) SquaresFor(present Bitmap) bool {
	return r.Charter.Squares && present.Count() >= int(r.Charter.MinVariance)
}

// Errors of Live.Answer: a meter that returns one has said nothing.
var (
	ErrSecondPresence = errors.New("another presence was signed for this slot")
	ErrBelowMinimum   = errors.New("fewer meters are present than may be summed")
	ErrFewNeighbours  = errors.New("too few neighbours are present")
	ErrNotConnected   = errors.New("those present fall into parts, or would without a few")
	ErrNotPresent     = errors.New("the meter is not among those present")
)

// Answer returns the masked reading of a slot for a signed presence. A slot has one
// answer: for which presence it is given is stored first, the same presence has the
// same bytes again, and there is none for another, whatever was lost on the way.
func (l *Live) Answer(p *Presence, channel int) (*Answer, error) {
	member := l.m.membershipOf(channel)
	if member == nil || member.masks == nil {
		return nil, errors.New("the meter has joined no masking registry")
	}
	if l.m.live != l {
		return nil, errOver // what was answered is forgotten with the day
	}
	k := member.masks
	at, hash := answeredAt{uint8(channel), p.Slot}, p.Hash()
	var answered []byte
	if before, ok := l.answered[at]; ok {
		answered = before[:]
	}
	if err := k.mayAnswer(p, answered); err != nil {
		return nil, err
	}
	if p.Day != l.readings.Day || int(p.Slot) >= l.next {
		return nil, errors.New("presence is not of a slot of this day that is over")
	}
	wh, ok := l.reading(int(p.Slot), channel)
	if !ok {
		return nil, ErrNotPresent
	}
	squares := k.registry.SquaresFor(p.Meters)
	opening := slotOpening(&l.key, channel, int(p.Slot), wh, squares)
	if err := k.mask(&opening, p, hash); err != nil {
		return nil, err
	}
	a := &Answer{Meter: member.id, Masked: opening.Bytes(squares)}
	var err error
	if a.Tag, err = member.keys[0].tag(a, p.Day, p.Slot, hash); err != nil {
		return nil, err
	}
	if answered != nil && !l.unstored {
		return a, nil // a presence that comes again and again does not wear the memory out
	}
	l.answered[at], l.unstored = hash, true
	if err := l.save(); err != nil {
		return nil, err // stored or not: it was not sent, and another will not be
	}
	l.unstored = false
	return a, nil
}

// MayAnswer says whether the meter in a place of a masking registry may answer a
// presence, after it has answered for the slot to the presence of a hash (nil: it has
// not). Everything else that Live.Answer checks is in the meter's memory.
func (r *Registry) MayAnswer(place int, p *Presence, answered []byte) error {
	return (&masks{registry: r, ring: r.Ring(), place: place}).mayAnswer(p, answered)
}

func (k *masks) mayAnswer(p *Presence, answered []byte) error {
	if err := p.Check(k.registry); err != nil {
		return err
	}
	hash := p.Hash()
	switch {
	case answered != nil && string(answered) != string(hash[:]):
		return ErrSecondPresence
	case !p.Meters.Has(k.place):
		return ErrNotPresent
	case p.Meters.Count() < int(k.registry.Charter.MinSum):
		return ErrBelowMinimum
	case k.ring.Present(k.place, p.Meters) < MinNeighbours:
		return ErrFewNeighbours
	case !k.ring.Connected(p.Meters):
		return ErrNotConnected
	}
	return nil
}

// mask adds what the meter shares with each neighbour that is present, or takes it
// off if the neighbour stands before it.
func (k *masks) mask(s *Share, p *Presence, hash hash) error {
	squares := k.registry.SquaresFor(p.Meters)
	for _, j := range k.ring.Neighbours(k.place) {
		if !p.Meters.Has(j) {
			continue
		}
		key := k.keys[j]
		if key == nil {
			return fmt.Errorf("meter %s has not introduced itself", k.registry.Meters[j].Certificate.Meter)
		}
		use, err := key.on(p.Day)
		if err != nil {
			return err
		}
		m := pad(wire.LabelMask, use, nil, p.Day, p.Slot, hash[:])
		if !squares {
			m.withoutSquares()
		}
		if k.place < j {
			s.Add(&m)
		} else {
			s.Sub(&m)
		}
	}
	return nil
}
