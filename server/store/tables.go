package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"hushwatt/prover"
)

// tables holds every statement of the store, in words that SQLite and
// PostgreSQL share; what they say differently a database translates.
type tables struct {
	read, write database
}

// A database speaks one dialect of SQL.
type database struct {
	*sql.DB
	dialect
}

// A dialect is what a database says or needs differently from SQLite.
type dialect struct {
	say  func(query string) string // nil if the same
	lock string                    // first statement of a writing transaction, "" for none

	erase func(context.Context, *sql.DB) error // overwrites what was deleted; nil if it cannot be
}

func (d dialect) said(query string) string {
	if d.say == nil {
		return query
	}
	return d.say(query)
}

func (d database) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return d.DB.QueryContext(ctx, d.said(query), args...)
}

func (d database) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return d.DB.QueryRowContext(ctx, d.said(query), args...)
}

func (d database) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return d.DB.ExecContext(ctx, d.said(query), args...)
}

// A transaction speaks the dialect of its database.
type transaction struct {
	*sql.Tx
	dialect
}

func (t transaction) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.Tx.QueryContext(ctx, t.said(query), args...)
}

func (t transaction) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return t.Tx.QueryRowContext(ctx, t.said(query), args...)
}

func (t transaction) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return t.Tx.ExecContext(ctx, t.said(query), args...)
}

// inTx runs f in a writing transaction: all of it or nothing. Writers take turns.
func (d database) inTx(ctx context.Context, f func(queries) error) error {
	tx, err := d.DB.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	if d.lock != "" {
		if _, err := tx.ExecContext(ctx, d.lock); err != nil {
			return err
		}
	}
	if err := f(transaction{tx, d.dialect}); err != nil {
		return err
	}
	return tx.Commit()
}

// Supplier implements Store.
func (s *tables) Supplier(ctx context.Context, key prover.Supplier) error {
	stored, err := s.SupplierKey(ctx)
	if errors.Is(err, ErrNotFound) {
		if _, err := s.write.ExecContext(ctx, "INSERT INTO supplier (one, key) VALUES (1, ?) ON CONFLICT DO NOTHING", key[:]); err != nil {
			return err
		}
		stored, err = s.SupplierKey(ctx) // a server that started together with this one may have been first
	}
	if err == nil && stored != key {
		err = fmt.Errorf("%w: the database belongs to %s", ErrConflict, stored)
	}
	return err
}

// SupplierKey returns the key that the first call of Supplier has fixed.
func (s *tables) SupplierKey(ctx context.Context) (prover.Supplier, error) {
	var key []byte
	err := s.read.QueryRowContext(ctx, "SELECT key FROM supplier").Scan(&key)
	if err != nil {
		return prover.Supplier{}, found(err)
	}
	return prover.NewSupplier(key)
}

// Ping implements Store.
func (s *tables) Ping(ctx context.Context) error {
	var one int
	return s.read.QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

// Close implements Store. The two may be one (a database that is inspected): a
// second close does nothing.
func (s *tables) Close() error { return errors.Join(s.read.Close(), s.write.Close()) }

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

// found turns the driver's word for an empty result into ours.
func found(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}
