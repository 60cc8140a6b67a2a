package store

import (
	"context"
	"errors"
	"fmt"
)

// Party is what one party that adds up meters must remember: an authority, or
// the collector of a registry (package aggregate). Several may share a database.
// What a method changed is durable when it returns.
type Party struct {
	*tables
	name string
}

// Parties is where parties remember.
type Parties interface {
	// Party returns the memory of the party of a name, empty at first.
	Party(name string) *Party
}

// Party implements Parties.
func (s *tables) Party(name string) *Party { return &Party{s, name} }

// Once stores a value unless there is one under that name, and returns what is
// stored.
func (p *Party) Once(name string, value []byte) (stored []byte, err error) {
	ctx := context.Background()
	err = p.write.inTx(ctx, func(tx queries) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO party_values (party, name, value) VALUES (?, ?, ?) ON CONFLICT (party, name) DO NOTHING",
			p.name, name, value)
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, "SELECT value FROM party_values WHERE party = ? AND name = ?", p.name, name).Scan(&stored)
	})
	return stored, err
}

// Get returns what is stored, nil if nothing is.
func (p *Party) Get(name string) (value []byte, err error) {
	err = p.read.QueryRowContext(context.Background(), "SELECT value FROM party_values WHERE party = ? AND name = ?", p.name, name).Scan(&value)
	if errors.Is(found(err), ErrNotFound) {
		return nil, nil
	}
	return value, err
}

// Update stores what change makes of what was there, nil if nothing was. Of two that
// race, the second sees what the first has stored. An error of change leaves everything
// as it was.
func (p *Party) Update(name string, change func(old []byte) (value []byte, err error)) error {
	ctx := context.Background()
	return p.write.inTx(ctx, func(tx queries) error {
		var old []byte
		err := tx.QueryRowContext(ctx, "SELECT value FROM party_values WHERE party = ? AND name = ?", p.name, name).Scan(&old)
		if err != nil && !errors.Is(found(err), ErrNotFound) {
			return err
		}
		value, err := change(old)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx,
			"INSERT INTO party_values (party, name, value) VALUES (?, ?, ?) ON CONFLICT (party, name) DO UPDATE SET value = excluded.value",
			p.name, name, value)
		return err
	})
}

// Drop deletes the values whose names are from ≤ name < to.
func (p *Party) Drop(from, to string) error {
	_, err := p.write.ExecContext(context.Background(), "DELETE FROM party_values WHERE party = ? AND name >= ? AND name < ?", p.name, from, to)
	return err
}

// Named returns the values whose names begin with prefix, in order of names.
func (p *Party) Named(ctx context.Context, prefix string) ([]Value, error) {
	return all(ctx, p.read, func(row scanner) (v Value, err error) {
		err = row.Scan(&v.Name, &v.Value)
		return v, err
	}, "SELECT name, value FROM party_values WHERE party = ? AND name >= ? AND name < ? ORDER BY name", p.name, prefix, prefix+"\U0010ffff")
}

// Value is a value with its name.
type Value struct {
	Name  string
	Value []byte
}

// Arrival is a slot record that was checked.
type Arrival struct {
	Day, Slot uint16
	Meter     []byte   // its id
	Hash      [32]byte // of the record
	Data      []byte   // what the party needs of it later
}

// Arrive stores arrivals with one commit. Of a meter and slot two are kept: the first,
// and one that contradicts it; a meter that says more things is not listened to. One
// that is there already stays as it is: a record that comes again, to whichever worker,
// counts once.
func (p *Party) Arrive(ctx context.Context, list []Arrival) error {
	return p.write.inTx(ctx, func(tx queries) error {
		for i := range list {
			a := &list[i]
			_, err := tx.ExecContext(ctx, `INSERT INTO party_arrivals (party, day, slot, meter, nth, hash, data)
				SELECT ?, ?, ?, ?, COUNT(*), ?, ? FROM party_arrivals WHERE party = ? AND day = ? AND slot = ? AND meter = ?
				HAVING COUNT(*) < ? AND COUNT(CASE WHEN hash = ? THEN 1 END) = 0`,
				p.name, a.Day, a.Slot, a.Meter, a.Hash[:], a.Data, p.name, a.Day, a.Slot, a.Meter, keptOfMeter, a.Hash[:])
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// keptOfMeter is how many records of a meter and slot are kept.
const keptOfMeter = 2

// Arrivals returns what arrived of a slot; of two records of a meter the first one first.
func (p *Party) Arrivals(ctx context.Context, day, slot uint16) ([][]byte, error) {
	return all(ctx, p.read, func(row scanner) (data []byte, err error) {
		err = row.Scan(&data)
		return data, err
	}, "SELECT data FROM party_arrivals WHERE party = ? AND day = ? AND slot = ? ORDER BY meter, nth", p.name, day, slot)
}

// Forget deletes the arrivals of the days before one and what was held of their slots.
// In a SQLite database these, and values that were replaced before, are in none of its
// files afterwards; PostgreSQL leaves that to its administrator.
func (p *Party) Forget(ctx context.Context, before uint16) error {
	err := p.write.inTx(ctx, func(tx queries) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM party_arrivals WHERE party = ? AND day < ?", p.name, before); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM party_values WHERE party = ? AND name >= ? AND name < ?", p.name, HeldName, fmt.Sprintf("%s%04x", HeldName, before))
		return err
	})
	if err != nil || p.write.erase == nil {
		return err
	}
	return p.write.erase(ctx, p.write.DB)
}

// HeldName begins the names of what an authority held of a slot: u16be day ‖ u16be slot
// in hexadecimal follow.
const HeldName = "holding/"

// Release is the sum of a set in a slot.
type Release struct {
	Set       string
	Day, Slot uint16
	Meters    uint32
	Sum       uint64 // Wh, below 2^63
	Squares   string // decimal; empty if not released
}

// AddFile stores what was released of a slot. A second file of a slot is an
// ErrConflict, the same bytes again are not.
func (p *Party) AddFile(ctx context.Context, day, slot uint16, file []byte, releases []Release) error {
	return p.write.inTx(ctx, func(tx queries) error {
		var stored []byte
		err := tx.QueryRowContext(ctx, "SELECT file FROM slot_files WHERE party = ? AND day = ? AND slot = ?", p.name, day, slot).Scan(&stored)
		switch {
		case err == nil && string(stored) == string(file):
			return nil
		case err == nil:
			return ErrConflict
		case !errors.Is(found(err), ErrNotFound):
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO slot_files (party, day, slot, file) VALUES (?, ?, ?, ?)", p.name, day, slot, file); err != nil {
			return err
		}
		for i := range releases {
			r := &releases[i]
			_, err := tx.ExecContext(ctx, "INSERT INTO releases (party, name, day, slot, meters, sum, squares) VALUES (?, ?, ?, ?, ?, ?, ?)",
				p.name, r.Set, day, slot, r.Meters, r.Sum, r.Squares)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// File returns what was released of a slot.
func (p *Party) File(ctx context.Context, day, slot uint16) (file []byte, err error) {
	err = p.read.QueryRowContext(ctx, "SELECT file FROM slot_files WHERE party = ? AND day = ? AND slot = ?", p.name, day, slot).Scan(&file)
	return file, found(err)
}

// Releases returns the releases of a set on the days from first to last, in order
// of time.
func (p *Party) Releases(ctx context.Context, set string, first, last uint16) ([]Release, error) {
	return all(ctx, p.read, func(row scanner) (r Release, err error) {
		r.Set = set
		err = row.Scan(&r.Day, &r.Slot, &r.Meters, &r.Sum, &r.Squares)
		return r, err
	}, "SELECT day, slot, meters, sum, squares FROM releases WHERE party = ? AND name = ? AND day >= ? AND day <= ? ORDER BY day, slot",
		p.name, set, first, last)
}

// Slot is a slot that has a file.
type Slot struct{ Day, Slot uint16 }

// Slots returns the slots that have a file on the days from first to last, in order of
// time.
func (p *Party) Slots(ctx context.Context, first, last uint16) ([]Slot, error) {
	return all(ctx, p.read, func(row scanner) (s Slot, err error) {
		err = row.Scan(&s.Day, &s.Slot)
		return s, err
	}, "SELECT day, slot FROM slot_files WHERE party = ? AND day >= ? AND day <= ? ORDER BY day, slot", p.name, first, last)
}
