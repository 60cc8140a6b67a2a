package meter

import (
	"bytes"
	"crypto/subtle"
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
// neighbours that stand after it; those before send theirs to Meet. Joining again
// introduces it with the same keys, as long as it has them.
func (m *Meter) Join(r *Registry, enrolments func(id []byte) *Enrolment) ([]*Introduction, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	charter := r.Charter.Hash()
	p := m.membershipOf(int(r.Charter.Channel))
	if p == nil || !p.charter.Masking() || p.charter.Hash() != charter {
		return nil, errors.New("the meter is not enrolled under the charter of this registry")
	}
	own, enrolled := r.Index(p.id), p.enrolled.Hash()
	if own < 0 || !bytes.Equal(r.Meters[own].Enrolment, enrolled[:]) {
		return nil, ErrNotEnrolled
	}
	hash, k := r.Hash(), p.masks
	if k == nil || k.registry.Hash() != hash {
		if k != nil && m.live != nil {
			return nil, fmt.Errorf("day %s is in progress with the masks of another registry", DayText(m.live.readings.Day))
		}
		k = &masks{registry: r, ring: r.Ring(), place: own, keys: map[int]*ShareKey{}}
	}
	var list []*Introduction
	for _, j := range k.ring.Neighbours(own) {
		if j < own {
			continue
		}
		e := enrolments(r.Meters[j].ID())
		if e == nil {
			return nil, fmt.Errorf("no enrolment of meter %s", r.Meters[j].Certificate.Meter)
		}
		i, err := m.introduce(p.id, k, j, e)
		if err != nil {
			return nil, err
		}
		list = append(list, i)
	}
	p.masks = k
	m.catchUp(p)
	return list, m.saveMemberships()
}

// catchUp moves keys that came late to the day in progress.
func (m *Meter) catchUp(p *membership) {
	if m.live != nil {
		p.forget(m.live.readings.Day)
	}
}

// ErrJoined is returned to a meter that joins a registry again when the keys of its
// first day are gone.
var ErrJoined = errors.New("the meter has joined this registry before, and can no longer introduce itself")

// introduce makes the introduction for the neighbour in place j: of a new key, or of
// the one that it has already.
func (m *Meter) introduce(own []byte, k *masks, j int, e *Enrolment) (*Introduction, error) {
	if err := e.check(&k.registry.Charter); err != nil {
		return nil, err
	}
	if h := e.Hash(); !bytes.Equal(h[:], k.registry.Meters[j].Enrolment) {
		return nil, fmt.Errorf("enrolment of meter %s is not that of the registry", e.Certificate.Meter)
	}
	to, err := ParseRecipient(e.Recipient)
	if err != nil {
		return nil, err
	}
	hash := k.registry.Hash()
	i := &Introduction{Registry: hash[:], From: own, To: k.registry.Meters[j].ID()}
	if key := k.keys[j]; key == nil {
		k.keys[j], i.Envelope, err = sealShareKey(m.rand, to, i.context(), k.registry.First)
	} else if key.Day() == k.registry.First {
		i.Envelope, err = key.sealFor(m.rand, to, i.context())
	} else {
		err = ErrJoined
	}
	if err != nil {
		return nil, err
	}
	i.Signature = signIntroduction(m.key, i.body())
	return i, nil
}

// Meet takes a neighbour's key. The first one counts; the same one may come again.
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
		case !verifyIntroduction(k.registry.Meters[from].Certificate.Key, i.body(), i.Signature):
			return errors.New("introduction: the neighbour did not sign it")
		}
		key, err := p.mailbox.openShareKey(i.Envelope, i.context(), k.registry.First)
		if err != nil {
			return fmt.Errorf("introduction: %w", err)
		}
		if known := k.keys[from]; known != nil {
			if key.Forget(known.day); subtle.ConstantTimeCompare(key.chain[:], known.chain[:]) != 1 {
				return errors.New("introduction: the neighbour has introduced itself before, with another key")
			}
			return nil
		}
		k.keys[from] = key
		m.catchUp(p)
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
