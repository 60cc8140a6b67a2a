package aggregate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"hushwatt/meter"
)

// keysName is under what an authority's store has the share keys of all meters that its
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
func (a *Authority) storedKeys(keys []*meter.ShareKey) []byte {
	out := make([]byte, 0, len(keys)*storedKeySize)
	for i, k := range keys {
		out = append(append(out, a.registry.Meters[i].ID()...), k.Bytes()...)
	}
	return out
}

// takeStored puts those stored keys into the list, by place, that it does not have or
// has of an earlier day.
func (a *Authority) takeStored(keys []*meter.ShareKey, stored []byte) error {
	if len(stored)%storedKeySize != 0 {
		return errStoredKeys
	}
	place := 0
	for ; len(stored) > 0; stored = stored[storedKeySize:] {
		for place < len(keys) && bytes.Compare(a.registry.Meters[place].ID(), stored[:meter.IDSize]) < 0 {
			place++
		}
		if place == len(keys) {
			return nil
		}
		if !bytes.Equal(a.registry.Meters[place].ID(), stored[:meter.IDSize]) || keys[place] != nil && keys[place].Day() >= storedDay(stored) {
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

// store merges keys into what is stored, all moved on to a day, and takes what is
// further on there.
func (a *Authority) storeKeys(keys []*meter.ShareKey, day uint16) error {
	ours := a.storedKeys(keys)
	var merged []byte
	err := a.store.Update(keysName, func(stored []byte) (_ []byte, err error) {
		merged, err = mergeKeys(stored, ours, day)
		return merged, err
	})
	if err != nil {
		return fmt.Errorf("store share keys: %w", err)
	}
	return a.takeStored(keys, merged)
}

// openKeys returns the registry's keys: those that the store has, and the others from
// the meters' enrolments, which are stored.
func (a *Authority) openKeys(enrolments func(id []byte) *meter.Enrolment) ([]*meter.ShareKey, error) {
	keys := make([]*meter.ShareKey, len(a.registry.Meters))
	stored, err := a.store.Get(keysName)
	if err == nil {
		err = a.takeStored(keys, stored)
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
		keys[missing[i]], err = a.openKey(enrolments, &a.registry.Meters[missing[i]])
		return err
	})
	if err != nil {
		return nil, err
	}
	return keys, a.storeKeys(keys, 0)
}

// openKey opens a meter's enrolment.
func (a *Authority) openKey(enrolments func(id []byte) *meter.Enrolment, m *meter.Enrolled) (*meter.ShareKey, error) {
	if a.key.mailbox == nil {
		return nil, fmt.Errorf("no share key of meter %s, and no mailbox to open its enrolment", m.Certificate.Meter)
	}
	e := enrolments(m.ID())
	if e == nil {
		return nil, fmt.Errorf("no enrolment of meter %s", m.Certificate.Meter)
	}
	if h := e.Hash(); string(h[:]) != string(m.Enrolment) {
		return nil, fmt.Errorf("enrolment of meter %s is not that of the registry", m.Certificate.Meter)
	}
	k, err := a.key.mailbox.OpenEnrolment(e, a.party)
	if err != nil {
		return nil, err
	}
	k.Forget(a.registry.First)
	return k, nil
}

// NextDay erases the keys of the days before one, on the disk first, and the records
// of those days. Keys only ever move on, also where several programs of an authority
// share a store and one is behind; it takes over what the others have moved on.
func (a *Authority) NextDay(day uint16) error {
	a.moving.Lock()
	defer a.moving.Unlock()
	if day > a.moved {
		keys := make([]*meter.ShareKey, len(a.keys)) // only we change them
		err := parallel(len(keys), func(i int) error {
			k := *a.keys[i]
			k.Forget(day)
			keys[i] = &k
			return nil
		})
		if err != nil {
			return err
		}
		if err := a.storeKeys(keys, day); err != nil {
			return err
		}
		a.keysMu.Lock()
		a.keys, a.moved = keys, day
		a.keysMu.Unlock()
	}
	a.Forget(day)
	return nil
}
