package aggregate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"hushwatt/meter"
)

// shareKeys are what a party has in common with each meter of its registry.
type shareKeys struct {
	registry *meter.Registry
	store    Store
	party    int // place in the charter
	key      *PartyKey

	mu   sync.RWMutex
	list []*meter.ShareKey // by place

	moving sync.Mutex // before mu
	moved  uint16     // keys of the days before are erased
}

// newShareKeys returns the keys of the party of a checked registry, if it works for it.
func newShareKeys(c *AuthorityConfig) (*shareKeys, error) {
	party, err := c.Key.place(&c.Registry.Charter)
	if err != nil {
		return nil, err
	}
	if err := inLine(c.Store, c.Registry); err != nil {
		return nil, err
	}
	s := &shareKeys{registry: c.Registry, store: c.Store, party: party, key: c.Key}
	s.list, err = s.open(c.Enrolments)
	return s, err
}

// CheckEnrolments checks, before a registry is signed, that the key opens what all its
// meters have enrolled with: one that it does not open would keep the party from starting.
func (k *PartyKey) CheckEnrolments(r *meter.Registry, enrolments func(id []byte) *meter.Enrolment) error {
	_, err := newShareKeys(&AuthorityConfig{Registry: r, Key: k, Enrolments: enrolments, Store: NewMemory()})
	return err
}

// of returns the key of the meter in a place as it is now.
func (s *shareKeys) of(place int) *meter.ShareKey {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.list[place]
}

// keysName is under what a party's store has the share keys of all meters that its
// charter's registries ever had. They are one value: a day's change is one transaction
// for a million meters, and the keys of a meter that has left move on with the others.
const keysName = "share-keys"

// A stored key is the meter's id ‖ ShareKey.Bytes, which begins with u16be day; they
// stand in ascending order of ids.
const storedKeySize = meter.IDSize + 2 + 32

func storedDay(key []byte) uint16 { return binary.BigEndian.Uint16(key[meter.IDSize:]) }

var errStoredKeys = errors.New("stored share keys are damaged")

// mergeKeys returns the keys of two values, of a meter's two the one that is further on,
// moved on to a day where they were behind it: whoever stores this brings no older key
// back.
func mergeKeys(a, b []byte, day uint16) ([]byte, error) {
	if len(a)%storedKeySize != 0 || len(b)%storedKeySize != 0 {
		return nil, errStoredKeys
	}
	out := make([]byte, 0, max(len(a), len(b)))
	for len(a) > 0 && len(b) > 0 {
		c := bytes.Compare(a[:meter.IDSize], b[:meter.IDSize])
		if c < 0 || c == 0 && storedDay(a) >= storedDay(b) {
			out = append(out, a[:storedKeySize]...)
		} else {
			out = append(out, b[:storedKeySize]...)
		}
		if c <= 0 {
			a = a[storedKeySize:]
		}
		if c >= 0 {
			b = b[storedKeySize:]
		}
	}
	out = append(append(out, a...), b...)
	for at := 0; at < len(out); at += storedKeySize {
		key := out[at:][:storedKeySize]
		if storedDay(key) >= day {
			continue
		}
		k, err := meter.ParseShareKey(key[meter.IDSize:])
		if err != nil {
			return nil, err
		}
		k.Forget(day)
		copy(key[meter.IDSize:], k.Bytes())
	}
	return out, nil
}

// storedKeys returns the keys in the form in which they are stored.
func (s *shareKeys) storedKeys(keys []*meter.ShareKey) []byte {
	out := make([]byte, 0, len(keys)*storedKeySize)
	for i, k := range keys {
		out = append(append(out, s.registry.Meters[i].ID()...), k.Bytes()...)
	}
	return out
}

// takeStored puts those stored keys into the list, by place, that it does not have or
// has of an earlier day.
func (s *shareKeys) takeStored(keys []*meter.ShareKey, stored []byte) error {
	if len(stored)%storedKeySize != 0 {
		return errStoredKeys
	}
	place := 0
	for ; len(stored) > 0; stored = stored[storedKeySize:] {
		for place < len(keys) && bytes.Compare(s.registry.Meters[place].ID(), stored[:meter.IDSize]) < 0 {
			place++
		}
		if place == len(keys) {
			return nil
		}
		if !bytes.Equal(s.registry.Meters[place].ID(), stored[:meter.IDSize]) || keys[place] != nil && keys[place].Day() >= storedDay(stored) {
			continue
		}
		k, err := meter.ParseShareKey(stored[meter.IDSize:storedKeySize])
		if err != nil {
			return err
		}
		keys[place] = k
	}
	return nil
}

// put merges keys into what is stored, all moved on to a day, and takes what is
// further on there.
func (s *shareKeys) put(keys []*meter.ShareKey, day uint16) error {
	ours := s.storedKeys(keys)
	var merged []byte
	err := s.store.Update(keysName, func(stored []byte) (_ []byte, err error) {
		merged, err = mergeKeys(stored, ours, day)
		return merged, err
	})
	if err != nil {
		return fmt.Errorf("store share keys: %w", err)
	}
	return s.takeStored(keys, merged)
}

// open returns the registry's keys: those that the store has, and the others from
// the meters' enrolments, which are stored.
func (s *shareKeys) open(enrolments func(id []byte) *meter.Enrolment) ([]*meter.ShareKey, error) {
	keys := make([]*meter.ShareKey, len(s.registry.Meters))
	stored, err := s.store.Get(keysName)
	if err == nil {
		err = s.takeStored(keys, stored)
	}
	if err != nil {
		return nil, fmt.Errorf("share keys: %w", err)
	}
	var missing []int
	for place, k := range keys {
		if k == nil {
			missing = append(missing, place)
		}
	}
	if len(missing) == 0 {
		return keys, nil
	}
	err = parallel(len(missing), func(i int) (err error) {
		keys[missing[i]], err = s.openOne(enrolments, &s.registry.Meters[missing[i]])
		return err
	})
	if err != nil {
		return nil, err
	}
	return keys, s.put(keys, 0)
}

// openOne opens a meter's enrolment.
func (s *shareKeys) openOne(enrolments func(id []byte) *meter.Enrolment, m *meter.Enrolled) (*meter.ShareKey, error) {
	if s.key.mailbox == nil {
		return nil, fmt.Errorf("no share key of meter %s, and no mailbox to open its enrolment", m.Certificate.Meter)
	}
	e := enrolments(m.ID())
	if e == nil {
		return nil, fmt.Errorf("no enrolment of meter %s", m.Certificate.Meter)
	}
	if h := e.Hash(); string(h[:]) != string(m.Enrolment) {
		return nil, fmt.Errorf("enrolment of meter %s is not that of the registry", m.Certificate.Meter)
	}
	k, err := s.key.mailbox.OpenEnrolment(e, s.party)
	if err != nil {
		return nil, err
	}
	k.Forget(s.registry.First)
	return k, nil
}

// nextDay erases the keys of the days before one, on the disk first. Keys only ever move
// on, also where several programs of a party share a store and one is behind; it takes
// over what the others have moved on.
func (s *shareKeys) nextDay(day uint16) error {
	s.moving.Lock()
	defer s.moving.Unlock()
	if day <= s.moved {
		return nil
	}
	keys := make([]*meter.ShareKey, len(s.list)) // only we change them
	err := parallel(len(keys), func(i int) error {
		k := *s.list[i]
		k.Forget(day)
		keys[i] = &k
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.put(keys, day); err != nil {
		return err
	}
	s.mu.Lock()
	s.list, s.moved = keys, day
	s.mu.Unlock()
	return nil
}
