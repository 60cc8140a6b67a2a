package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"hushwatt/meter"
	"hushwatt/tariffs"
)

// AddTariff implements Register.
func (s *SQLite) AddTariff(ctx context.Context, t *tariffs.Tariff, document []byte, at int64) error {
	id := t.Hash()
	_, err := s.write.ExecContext(ctx,
		"INSERT INTO tariffs (id, plan_id, document, published) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
		id[:], t.PlanID, document, at)
	return err
}

// Tariffs implements Register.
func (s *SQLite) Tariffs(ctx context.Context) ([]Tariff, error) {
	return all(ctx, s.read, scanTariff, "SELECT id, plan_id, document, published FROM tariffs ORDER BY number DESC")
}

// Tariff implements Register.
func (s *SQLite) Tariff(ctx context.Context, id [32]byte) (*Tariff, error) {
	return one(ctx, s.read, scanTariff, "SELECT id, plan_id, document, published FROM tariffs WHERE id = ?", id[:])
}

func scanTariff(row scanner) (t Tariff, err error) {
	err = row.Scan(fixed(t.ID[:]), &t.PlanID, &t.Document, &t.Published)
	return t, err
}

// PutAuthority implements Register.
func (s *SQLite) PutAuthority(ctx context.Context, a Authority) error {
	hash := a.Hash()
	_, err := s.write.ExecContext(ctx,
		`INSERT INTO authorities (hash, text, name, first, last, revoked, added) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (hash) DO UPDATE SET name = excluded.name, first = excluded.first, last = excluded.last, revoked = excluded.revoked`,
		hash[:], a.String(), a.Name, a.First, a.Last, a.Revoked, a.Added)
	return err
}

// Authorities implements Register.
func (s *SQLite) Authorities(ctx context.Context) ([]Authority, error) {
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
func (s *SQLite) PutMeter(ctx context.Context, m Meter) error {
	return inTx(ctx, s.write, func(tx *sql.Tx) error {
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
func (s *SQLite) Meter(ctx context.Context, number string) (*Meter, error) {
	return one(ctx, s.read, scanMeter, meterColumns+"WHERE meter = ?", number)
}

// Meters implements Register.
func (s *SQLite) Meters(ctx context.Context, search, after string, limit int) ([]Meter, error) {
	return all(ctx, s.read, scanMeter,
		meterColumns+"WHERE meter > ? AND instr(meter, ?) > 0 ORDER BY meter LIMIT ?", after, search, unlimited(limit))
}

func scanMeter(row scanner) (m Meter, err error) {
	err = row.Scan(&m.Number, fixed(m.Authority[:]), &m.Slots, &m.First, &m.Last, &m.Revoked, &m.Added)
	return m, err
}

// unlimited turns a limit of 0 into none.
func unlimited(limit int) int {
	if limit <= 0 {
		return -1
	}
	return limit
}

// scanner is a row of a result.
type scanner interface{ Scan(dest ...any) error }

// queries is what a database and a transaction have in common.
type queries interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func one[T any](ctx context.Context, db queries, scan func(scanner) (T, error), query string, args ...any) (*T, error) {
	v, err := scan(db.QueryRowContext(ctx, query, args...))
	if err != nil {
		return nil, found(err)
	}
	return &v, nil
}

func all[T any](ctx context.Context, db queries, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// fixed scans bytes of exactly the length of b into b.
func fixed(b []byte) sql.Scanner { return fixedBytes(b) }

type fixedBytes []byte

func (b fixedBytes) Scan(v any) error {
	data, ok := v.([]byte)
	if !ok || len(data) != len(b) {
		return errors.New("a stored hash or id has the wrong length")
	}
	copy(b, data)
	return nil
}
