package meter

import (
	"bytes"
	"errors"
	"fmt"

	"hushwatt/internal/wire"
)

// Masking sums without authorities (after Kursawe, Danezis and Kohlweiss): every two
// neighbours share a key, one adds what it gives, the other takes it off, and only the
// sum over all who are present is left. A meter announces its record, learns who is
// present, and answers once or never (docs/protocol.md, section 7.8).

// masks are a meter's keys in a masking registry.
type masks struct {
	registry *Registry
	ring     *Ring
	place    int
	keys     map[int]*ShareKey // by the neighbour's place
}

func (k *masks) forget(day uint16) {
	for _, key := range k.keys {
		key.Forget(day)
	}
}

// An Introduction hands a key from a meter to a neighbour that stands after it in the
// registry.
type Introduction struct {
	_         struct{} `cbor:",toarray"`
	Registry  []byte   // hash
	From, To  []byte   // ids
	Envelope  []byte   // HPKE encapsulation ‖ ciphertext
	Signature []byte   // of From
}

// Bytes returns the form that DecodeIntroduction reads.
func (i *Introduction) Bytes() []byte { return mustMarshal(i) }

// DecodeIntroduction reads an introduction, which Meet checks.
func DecodeIntroduction(data []byte) (*Introduction, error) {
	var i Introduction
	if err := wire.Unmarshal(data, &i); err != nil {
		return nil, fmt.Errorf("introduction: %w", err)
	}
	return &i, nil
}

func (i *Introduction) body() []byte {
	unsigned := *i
	unsigned.Signature = nil
	return mustMarshal(&unsigned)
}

func (i *Introduction) context() []byte {
	return mustMarshal(&Introduction{Registry: i.Registry, From: i.From, To: i.To})
}

// Join takes the meter into a masking registry that it has enrolled in. enrolments
// returns that of a meter of the registry, by id. It returns introductions for the
// neighbours that stand after it; those before send theirs to Meet.
func (m *Meter) Join(r *Registry, enrolments func(id []byte) *Enrolment) ([]*Introduction, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	charter := r.Charter.Hash()
	p := m.membershipOf(int(r.Charter.Channel))
	if p == nil || !p.charter.Masking() || p.charter.Hash() != charter {
		return nil, errors.New("the meter is not enrolled under the charter of this registry")
	}
	own, ring := r.Index(p.id), r.Ring()
	if own < 0 {
		return nil, ErrNotEnrolled
	}
	k := &masks{registry: r, ring: ring, place: own, keys: map[int]*ShareKey{}}
	hash := r.Hash()
	var list []*Introduction
	for _, j := range ring.Neighbours(own) {
		if j < own {
			continue
		}
		e := enrolments(r.Meters[j].ID())
		if e == nil {
			return nil, fmt.Errorf("no enrolment of meter %s", r.Meters[j].Certificate.Meter)
		}
		if err := e.check(&r.Charter); err != nil {
			return nil, err
		}
		if h := e.Hash(); !bytes.Equal(h[:], r.Meters[j].Enrolment) {
			return nil, fmt.Errorf("enrolment of meter %s is not that of the registry", e.Certificate.Meter)
		}
		to, err := ParseRecipient(e.Recipient)
		if err != nil {
			return nil, err
		}
		i := &Introduction{Registry: hash[:], From: p.id, To: r.Meters[j].ID()}
		if k.keys[j], i.Envelope, err = sealShareKey(m.rand, to, i.context(), r.First); err != nil {
			return nil, err
		}
		i.Signature = signIntroduction(m.key, i.body())
		list = append(list, i)
	}
	p.masks = k
	return list, m.saveMemberships()
}

// Meet takes a neighbour's key. The first one counts.
func (m *Meter) Meet(i *Introduction) error {
	for _, p := range m.memberships {
		k := p.masks
		if k == nil || !bytes.Equal(i.To, p.id) {
			continue
		}
		hash, from := k.registry.Hash(), k.registry.Index(i.From)
		switch {
		case !bytes.Equal(i.Registry, hash[:]) || from < 0 || from >= k.place || !contains(k.ring.Neighbours(k.place), from):
			return errors.New("introduction: not from a neighbour that stands before")
		case k.keys[from] != nil:
			return errors.New("introduction: the neighbour has introduced itself before")
		case !verifyIntroduction(k.registry.Meters[from].Certificate.Key, i.body(), i.Signature):
			return errors.New("introduction: the neighbour did not sign it")
		}
		key, err := p.mailbox.openShareKey(i.Envelope, i.context(), k.registry.First)
		if err != nil {
			return fmt.Errorf("introduction: %w", err)
		}
		k.keys[from] = key
		return m.saveMemberships()
	}
	return errors.New("introduction: for another meter")
}

func contains(list []int, x int) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}

// An Answer is a meter's reading under its masks.
type Answer struct {
	_         struct{} `cbor:",toarray"`
	Meter     []byte   // id
	Day       uint16
	Slot      uint16
	Presence  []byte // hash of the presence for which it is masked
	Masked    []byte // a share: with the square only if enough meters are present for variance
	Signature []byte // of the meter
}

// Bytes returns the form that Registry.CheckAnswer reads.
func (a *Answer) Bytes() []byte { return mustMarshal(a) }

func (a *Answer) body() []byte {
	unsigned := *a
	unsigned.Signature = nil
	return mustMarshal(&unsigned)
}

// CheckAnswer reads an answer to a presence and returns the place of its meter and
// what it sends.
func (r *Registry) CheckAnswer(data []byte, p *Presence) (int, Share, error) {
	var a Answer
	if err := wire.Unmarshal(data, &a); err != nil {
		return -1, Share{}, fmt.Errorf("answer: %w", err)
	}
	hash := p.Hash()
	i := -1
	if len(a.Meter) == IDSize {
		i = r.Index(a.Meter)
	}
	switch {
	case i < 0 || !p.Meters.Has(i):
		return -1, Share{}, fmt.Errorf("answer: %w", ErrNotPresent)
	case a.Day != p.Day || a.Slot != p.Slot || !bytes.Equal(a.Presence, hash[:]):
		return -1, Share{}, errors.New("answer: to another presence")
	case !verifyAnswer(r.Meters[i].Certificate.Key, a.body(), a.Signature):
		return -1, Share{}, errors.New("answer: the meter did not sign it")
	}
	s, err := ParseShare(a.Masked, r.SquaresFor(p.Meters))
	return i, s, err
}

// SquaresFor reports whether squares are summed over these meters.
func (r *Registry) SquaresFor(present Bitmap) bool {
	return r.Charter.Squares && present.Count() >= int(r.Charter.MinVariance)
}

// Errors of Live.Answer: a meter that returns one has said nothing.
var (
	ErrAnswered       = errors.New("this slot was answered before")
	ErrSecondPresence = errors.New("another presence was signed for this slot")
	ErrBelowMinimum   = errors.New("fewer meters are present than may be summed")
	ErrFewNeighbours  = errors.New("too few neighbours are present")
	ErrNotConnected   = errors.New("those present fall into parts")
	ErrNotPresent     = errors.New("the meter is not among those present")
)

// Answer returns the masked reading of a slot for a signed presence. It is given once:
// that the slot was answered is stored first, and there is no second answer, for
// this presence or another, whatever was lost on the way.
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
	opening := slotOpening(&l.key, channel, int(p.Slot), wh, k.registry.SquaresFor(p.Meters))
	if err := k.mask(&opening, p, hash); err != nil {
		return nil, err
	}
	l.answered[at] = hash
	if err := l.save(); err != nil {
		return nil, err // stored or not: it was not sent, and will not be
	}
	a := &Answer{Meter: member.id, Day: p.Day, Slot: p.Slot, Presence: hash[:], Masked: opening.Bytes(k.registry.SquaresFor(p.Meters))}
	a.Signature = signAnswer(l.m.key, a.body())
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
	case answered != nil && bytes.Equal(answered, hash[:]):
		return ErrAnswered
	case answered != nil:
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
