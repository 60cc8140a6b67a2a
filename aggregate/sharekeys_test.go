package aggregate

import (
	"bytes"
	"slices"
	"testing"

	"hushwatt/meter"
)

// daysOfKeys returns how many keys of which first day a store has.
func daysOfKeys(t *testing.T, s Store) map[uint16]int {
	t.Helper()
	stored, err := s.Get(keysName)
	must(t, err)
	days := map[uint16]int{}
	for key := range slices.Chunk(stored, storedKeySize) {
		days[storedDay(key)]++
	}
	return days
}

// counting counts what is written.
type countingStore struct {
	*Memory
	writes int
}

func (s *countingStore) Once(key string, value []byte) ([]byte, error) {
	s.writes++
	return s.Memory.Once(key, value)
}

func (s *countingStore) Update(key string, change func([]byte) ([]byte, error)) error {
	s.writes++
	return s.Memory.Update(key, change)
}

// TestKeysMoveTogether: a day's change is one write for all meters, those that have left
// the registry too; a program that is behind brings nothing back, and takes over what
// another has moved on.
func TestKeysMoveTogether(t *testing.T) {
	w := newTown(t, "keys together", tree)
	w.begin(firstDay)
	s := &countingStore{Memory: NewMemory()}
	a, behind := w.authority(0, s), w.authority(0, s)
	before, err := s.Get(keysName)
	must(t, err)
	s.writes = 0
	must(t, a.NextDay(firstDay+3))
	must(t, a.NextDay(firstDay+3))
	if days := daysOfKeys(t, s); s.writes != 1 || len(days) != 1 || days[firstDay+3] != 14 {
		t.Errorf("%d writes, keys from %v", s.writes, days)
	}
	// A step back by one that is behind, then one of the same length as the first.
	must(t, behind.NextDay(firstDay+1))
	if days := daysOfKeys(t, s); days[firstDay+3] != 14 {
		t.Errorf("older keys are back: %v", days)
	}
	arrival, err := behind.Check(w.measure(0, firstDay, 0))
	must(t, err)
	if got, err := behind.Take(arrival); err != nil || got != Late {
		t.Errorf("a day whose keys are erased elsewhere: %s, %v", got, err)
	}

	// A successor with four meters fewer; its program moves the keys of those on too.
	next := w.successor(t, firstDay+4, numbers(0, 10)...)
	b, err := NewAuthority(AuthorityConfig{next, w.keys[0].WithoutMailbox(), w.find, s})
	must(t, err)
	must(t, b.NextDay(firstDay+5))
	if days := daysOfKeys(t, s); len(days) != 1 || days[firstDay+5] != 14 {
		t.Errorf("keys of meters that left stay behind: %v", days)
	}
	// All by the same ratchet as if each had gone alone.
	after, err := s.Get(keysName)
	must(t, err)
	for i := 0; i < len(before); i += storedKeySize {
		k, err := meter.ParseShareKey(before[i+meter.IDSize : i+storedKeySize])
		must(t, err)
		k.Forget(firstDay + 5)
		if !bytes.Equal(k.Bytes(), after[i+meter.IDSize:i+storedKeySize]) {
			t.Fatal("another key than the ratchet's")
		}
	}
}

// TestDamagedKeys: a value that is cut is not taken for fewer keys.
func TestDamagedKeys(t *testing.T) {
	w := newTown(t, "damaged keys", tree)
	s := NewMemory()
	a := w.authority(0, s)
	must(t, s.Update(keysName, func(b []byte) ([]byte, error) { return b[:len(b)-1], nil }))
	if err := a.NextDay(firstDay + 1); err == nil {
		t.Error("damaged keys were moved on")
	}
	if _, err := NewAuthority(AuthorityConfig{w.registry, w.keys[0], w.find, s}); err == nil {
		t.Error("damaged keys were taken")
	}
}

// successor is a registry that replaces the town's, of the meters with some numbers.
func (w *town) successor(t *testing.T, first uint16, numbers ...int) *meter.Registry {
	t.Helper()
	return w.another(t, w.registry, first, numbers...)
}

// another is a registry of some meters that all parties have signed, nil before for a
// first one.
func (w *town) another(t *testing.T, before *meter.Registry, first uint16, numbers ...int) *meter.Registry {
	t.Helper()
	var list []*meter.Enrolment
	var names []string
	for _, n := range numbers {
		list = append(list, w.find(w.meters[w.place(n)].id))
		names = append(names, meterName(n))
	}
	r, err := meter.NewRegistry(w.charter, first, list, map[string][]string{"all": names})
	must(t, err)
	if before != nil {
		hash := before.Hash()
		r.Before = hash[:]
	}
	w.sign(r)
	must(t, r.Check())
	return r
}
