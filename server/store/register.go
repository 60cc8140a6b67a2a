package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"slices"

	"hushwatt/meter"
	"hushwatt/tariffs"
)

// AddTariff implements Register.
func (s *tables) AddTariff(ctx context.Context, t *tariffs.Tariff, document []byte, at int64) error {
	id := t.Hash()
	_, err := s.write.ExecContext(ctx,
		"INSERT INTO tariffs (id, plan_id, document, published) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
		id[:], t.PlanID, document, at)
	return err
}

// Tariffs implements Register.
func (s *tables) Tariffs(ctx context.Context) ([]Tariff, error) {
	return all(ctx, s.read, scanTariff, "SELECT id, plan_id, document, published FROM tariffs ORDER BY number DESC")
}

// Tariff implements Register.
func (s *tables) Tariff(ctx context.Context, id [32]byte) (*Tariff, error) {
	return one(ctx, s.read, scanTariff, "SELECT id, plan_id, document, published FROM tariffs WHERE id = ?", id[:])
}

func scanTariff(row scanner) (t Tariff, err error) {
	err = row.Scan(fixed(t.ID[:]), &t.PlanID, &t.Document, &t.Published)
	return t, err
}

// AddAddendum implements Register.
func (s *tables) AddAddendum(ctx context.Context, a *tariffs.Addendum, document []byte, at int64, check func([]Addendum) error) error {
	id := a.Hash()
	of, err := hex.DecodeString(a.Tariff())
	if err != nil {
		return err
	}
	return s.write.inTx(ctx, func(tx queries) error {
		before, err := all(ctx, tx, scanAddendum, addendumColumns+"WHERE tariff = ? ORDER BY number", of)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(before, func(b Addendum) bool { return b.ID == id }) {
			return nil
		}
		if err := check(before); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO addenda (id, tariff, document, published) VALUES (?, ?, ?, ?)", id[:], of, document, at)
		return err
	})
}

const addendumColumns = "SELECT id, tariff, document, published FROM addenda "

// Addenda implements Register.
func (s *tables) Addenda(ctx context.Context) ([]Addendum, error) {
	return all(ctx, s.read, scanAddendum, addendumColumns+"ORDER BY number")
}

// AddendaOf implements Register.
func (s *tables) AddendaOf(ctx context.Context, tariff [32]byte) ([]Addendum, error) {
	return all(ctx, s.read, scanAddendum, addendumColumns+"WHERE tariff = ? ORDER BY number", tariff[:])
}

// Addendum implements Register.
func (s *tables) Addendum(ctx context.Context, id [32]byte) (*Addendum, error) {
	return one(ctx, s.read, scanAddendum, addendumColumns+"WHERE id = ?", id[:])
}

func scanAddendum(row scanner) (a Addendum, err error) {
	err = row.Scan(fixed(a.ID[:]), fixed(a.Tariff[:]), &a.Document, &a.Published)
	return a, err
}

// PutAuthority implements Register.
func (s *tables) PutAuthority(ctx context.Context, a Authority) error {
	hash := a.Hash()
	_, err := s.write.ExecContext(ctx,
		`INSERT INTO authorities (hash, text, name, first, last, revoked, added) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (hash) DO UPDATE SET name = excluded.name, first = excluded.first, last = excluded.last, revoked = excluded.revoked`,
		hash[:], a.String(), a.Name, a.First, a.Last, a.Revoked, a.Added)
	return err
}

// Authorities implements Register.
func (s *tables) Authorities(ctx context.Context) ([]Authority, error) {
	return all(ctx, s.read, scanAuthority, "SELECT text, name, first, last, revoked, added FROM authorities ORDER BY added, text")
}

func scanAuthority(row scanner) (a Authority, err error) {
	var text string
	if err := row.Scan(&text, &a.Name, &a.First, &a.Last, &a.Revoked, &a.Added); err != nil {
		return a, err
	}
	a.Authority, err = meter.ParseAuthority(text)
	return a, err
}

// PutMeter implements Register.
func (s *tables) PutMeter(ctx context.Context, m Meter) error {
	return s.write.inTx(ctx, func(tx queries) error {
		var known bool
		if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM authorities WHERE hash = ?)", m.Authority[:]).Scan(&known); err != nil {
			return err
		}
		if !known {
			return fmt.Errorf("%w: the meter's authority is not known", ErrConflict)
		}
		_, err := tx.ExecContext(ctx,
			`INSERT INTO meters (meter, authority, slots, first, last, revoked, added) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (meter) DO UPDATE SET authority = excluded.authority, slots = excluded.slots,
				first = excluded.first, last = excluded.last, revoked = excluded.revoked`,
			m.Number, m.Authority[:], m.Slots, m.First, m.Last, m.Revoked, m.Added)
		return err
	})
}

const meterColumns = "SELECT meter, authority, slots, first, last, revoked, added FROM meters "

// Meter implements Register.
func (s *tables) Meter(ctx context.Context, number string) (*Meter, error) {
	return one(ctx, s.read, scanMeter, meterColumns+"WHERE meter = ?", number)
}

// Meters implements Register.
func (s *tables) Meters(ctx context.Context, search, after string, limit int) ([]Meter, error) {
	return all(ctx, s.read, scanMeter,
		meterColumns+"WHERE meter > ? AND instr(meter, ?) > 0 ORDER BY meter LIMIT ?", after, search, unlimited(limit))
}

func scanMeter(row scanner) (m Meter, err error) {
	err = row.Scan(&m.Number, fixed(m.Authority[:]), &m.Slots, &m.First, &m.Last, &m.Revoked, &m.Added)
	return m, err
}

// unlimited turns a limit of 0 into none.
func unlimited(limit int) int64 {
	if limit <= 0 {
		return math.MaxInt64
	}
	return int64(limit)
}
