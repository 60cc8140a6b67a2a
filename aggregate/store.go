package aggregate

import (
	"bytes"
	"maps"
	"sync"
)

// A Store is what a party must not forget. It belongs to one party of one charter;
// every call returns only when what it did would survive a crash. An error means that
// it may or may not have been done, and that nothing may go out.
type Store interface {
	// Once stores a value unless there is one under that key, and returns what is
	// stored: of two that race, both see the same one.
	Once(key string, value []byte) (stored []byte, err error)
	// Get returns what is stored, nil if nothing is.
	Get(key string) ([]byte, error)
	// Update stores what change makes of what was there, nil if nothing was. Of two
	// that race, the second sees what the first has stored. An error of change leaves
	// everything as it was.
	Update(key string, change func(old []byte) (value []byte, err error)) error
	// Drop deletes the values whose keys are from ≤ key < to, in order of their bytes.
	Drop(from, to string) error
}

// Memory is a Store for tests and simulations, which survives nothing.
type Memory struct {
	mu sync.Mutex
	m  map[string][]byte
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{m: map[string][]byte{}} }

// Once implements Store.
func (s *Memory) Once(key string, value []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.m[key]; ok {
		return bytes.Clone(old), nil
	}
	s.m[key] = bytes.Clone(value)
	return value, nil
}

// Get implements Store.
func (s *Memory) Get(key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.m[key]), nil
}

// Update implements Store.
func (s *Memory) Update(key string, change func(old []byte) ([]byte, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, err := change(bytes.Clone(s.m[key]))
	if err != nil {
		return err
	}
	s.m[key] = bytes.Clone(value)
	return nil
}

// Drop implements Store.
func (s *Memory) Drop(from, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.m, func(key string, _ []byte) bool { return from <= key && key < to })
	return nil
}
