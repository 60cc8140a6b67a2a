package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestErased: what a party has replaced or forgotten is in no file of the database: a
// share key of yesterday opens the records of yesterday.
func TestErased(t *testing.T) {
	path := filepath.Join(t.TempDir(), "party.db")
	s, err := OpenSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p := s.Party("a")
	secret, later := bytes.Repeat([]byte("yesterday's key "), 4), bytes.Repeat([]byte("key of the day  "), 4)
	replace := func(name string, value []byte) error {
		return p.Update(name, func([]byte) ([]byte, error) { return value, nil })
	}
	shares := bytes.Repeat([]byte("an opened share "), 300)
	for i := range byte(50) {
		name := string([]byte{'k', i})
		for _, v := range [][]byte{secret, later} {
			if err := errors.Join(replace(name, v), replace("keys of a city", bytes.Repeat(v, 2000))); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Arrive(ctx, []Arrival{{Day: 1, Meter: []byte{i}, Hash: [32]byte{i}, Data: shares}, {Day: 2, Meter: []byte{i}, Hash: [32]byte{i}, Data: []byte("stays")}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Forget(ctx, 2); err != nil {
		t.Fatal(err)
	}
	if list, err := p.Arrivals(ctx, 2, 0); err != nil || len(list) != 50 {
		t.Errorf("%d of 50 are left, %v", len(list), err)
	}
	for _, name := range []string{path, path + "-wal"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, gone := range []string{string(secret[:32]), string(shares[:32])} {
			if n := bytes.Count(data, []byte(gone)); n > 0 {
				t.Errorf("%q is in %s %d times", gone[:16], filepath.Base(name), n)
			}
		}
	}
}
