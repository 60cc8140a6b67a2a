package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Postgres is a Store in a PostgreSQL database of its own. Writing transactions
// take turns, as they do in SQLite, so several servers may share a database.
type Postgres struct {
	tables
	place string // for messages, without the password
}

var _ Store = (*Postgres)(nil)

// writers is the advisory lock that every writing transaction takes.
const writers = 0x48757368

// OpenPostgres opens the database that a URL names, postgres://…, and brings its
// tables up to date. A commit is durable when it returns, whatever the server's
// configuration says (synchronous_commit).
func OpenPostgres(address string) (*Postgres, error) {
	s, err := connect(address, map[string]string{"synchronous_commit": "on"})
	if err != nil {
		return nil, err
	}
	if err := s.migrate(context.Background()); err != nil {
		return nil, errors.Join(fmt.Errorf("database %s: %w", s.place, err), s.Close())
	}
	return s, nil
}

// InspectPostgres opens a database that has our tables, to be read only.
func InspectPostgres(address string) (*Postgres, error) {
	s, err := connect(address, map[string]string{"default_transaction_read_only": "on"})
	if err != nil {
		return nil, err
	}
	names, done, err := s.migrations(context.Background())
	switch {
	case err != nil:
	case done == 0:
		err = errNotOurs
	case done < len(names):
		err = fmt.Errorf("made by an older version of this program (tables %d, known %d): start the server once", done, len(names))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("database %s: %w", s.place, err), s.Close())
	}
	return s, nil
}

func connect(address string, settings map[string]string) (*Postgres, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, errors.New("the database's address is not a URL like postgres://user:password@host/database")
	}
	for name, value := range settings {
		config.RuntimeParams[name] = value
	}
	config.RuntimeParams["application_name"] = "hushwatt"
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(8)
	d := database{db, dialect{say: sayPostgres, lock: fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", writers)}}
	s := &Postgres{tables{d, d}, config.Host + "/" + config.Database}
	if err := db.Ping(); err != nil {
		return nil, errors.Join(fmt.Errorf("database %s: %w", s.place, err), db.Close())
	}
	return s, nil
}

// sayPostgres turns SQLite's words into PostgreSQL's.
func sayPostgres(query string) string {
	if said, ok := saidBefore.Load(query); ok {
		return said.(string)
	}
	said := numbered(words.Replace(query))
	saidBefore.Store(query, said)
	return said
}

// The statements are a fixed set but for filters, which have few forms.
var saidBefore sync.Map

var words = strings.NewReplacer(
	"group_concat(", "string_agg(",
	"instr(", "strpos(",
	"hex(hash)", "encode(hash, 'hex')",
)

// numbered writes the places ? and ?3 of a query as $1 and $3. As in SQLite, a
// bare one takes the number after the highest so far. No text in our statements
// holds a question mark.
func numbered(query string) string {
	var b strings.Builder
	highest := 0
	for i := 0; i < len(query); i++ {
		if query[i] != '?' {
			b.WriteByte(query[i])
			continue
		}
		digits := 0
		for i+1+digits < len(query) && '0' <= query[i+1+digits] && query[i+1+digits] <= '9' {
			digits++
		}
		n := highest + 1
		if digits > 0 {
			n, _ = strconv.Atoi(query[i+1 : i+1+digits])
		}
		highest = max(highest, n)
		fmt.Fprintf(&b, "$%d", n)
		i += digits
	}
	return b.String()
}

// migrations returns the numbered files in order, and how many have run. A
// database with tables but not ours is refused.
func (s *Postgres) migrations(ctx context.Context) (names []string, done int, err error) {
	if names, err = fs.Glob(migrations, "migrations/postgres/*.sql"); err != nil {
		return nil, 0, err
	}
	slices.Sort(names)
	var others int
	var ours bool
	err = s.read.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(bool_or(table_name = 'hushwatt'), FALSE)
		FROM information_schema.tables WHERE table_schema = current_schema()`).Scan(&others, &ours)
	switch {
	case err != nil:
		return nil, 0, err
	case others > 0 && !ours:
		return nil, 0, errNotOurs
	case ours:
		err = s.read.QueryRowContext(ctx, "SELECT tables FROM hushwatt").Scan(&done)
	}
	if err == nil && done > len(names) {
		err = fmt.Errorf("made by a newer version of this program (tables %d, known %d)", done, len(names))
	}
	return names, done, err
}

// migrate runs what has not run yet. Of several servers that start together one
// does it and the others wait.
func (s *Postgres) migrate(ctx context.Context) error {
	return s.write.inTx(ctx, func(tx queries) error {
		names, done, err := s.migrations(ctx)
		if err != nil {
			return err
		}
		if done == 0 {
			if _, err := tx.ExecContext(ctx, "CREATE TABLE hushwatt (tables INTEGER NOT NULL)"); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "INSERT INTO hushwatt VALUES (0)"); err != nil {
				return err
			}
		}
		for _, name := range names[done:] {
			text, err := fs.ReadFile(migrations, name)
			if err != nil {
				return err
			}
			// Several statements in one text need the simple protocol.
			if _, err := tx.ExecContext(ctx, string(text), pgx.QueryExecModeSimpleProtocol); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		_, err = tx.ExecContext(ctx, "UPDATE hushwatt SET tables = ?", len(names))
		return err
	})
}

// stored are the tables in an order in which rows can be copied.
var stored = []string{"supplier", "authorities", "meters", "tariffs", "addenda", "requests", "request_meters", "bills", "periods", "states", "refusals", "evidence",
	"party_values", "party_arrivals", "slot_files", "releases"}

// Check reads every row, so that a checksum that does not hold shows.
func (s *Postgres) Check(ctx context.Context) error {
	for _, table := range stored {
		var rows, size int64
		err := s.read.QueryRowContext(ctx, "SELECT COUNT(*), COALESCE(SUM(length(t::text)), 0) FROM "+table+" t").Scan(&rows, &size)
		if err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
	}
	return nil
}

// Backup implements Store: the copy is an SQLite file, of one moment, that every
// command takes in place of the database.
func (s *Postgres) Backup(ctx context.Context, path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", path, fs.ErrExist)
	}
	dir, err := os.MkdirTemp("", "hushwatt-backup-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	copied, err := OpenSQLite(dir + "/copy.db")
	if err != nil {
		return err
	}
	defer copied.Close()
	if err := s.copyTo(ctx, copied); err != nil {
		return err
	}
	return copied.Backup(ctx, path)
}

func (s *Postgres) copyTo(ctx context.Context, to *SQLite) error {
	moment, err := s.read.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return err
	}
	defer moment.Rollback()
	return to.write.inTx(ctx, func(tx queries) error {
		// A bill names the later one that replaces it.
		if _, err := tx.ExecContext(ctx, "PRAGMA defer_foreign_keys = 1"); err != nil {
			return err
		}
		for _, table := range stored {
			if err := copyTable(ctx, moment, tx, table); err != nil {
				return fmt.Errorf("copy %s: %w", table, err)
			}
		}
		return nil
	})
}

func copyTable(ctx context.Context, from *sql.Tx, to queries, table string) error {
	rows, err := from.QueryContext(ctx, "SELECT * FROM "+table)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	insert := fmt.Sprintf("INSERT INTO %s (%s) VALUES (?%s)", table, strings.Join(columns, ", "), strings.Repeat(", ?", len(columns)-1))
	values, places := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		places[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return err
		}
		if _, err := to.ExecContext(ctx, insert, values...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// IsPostgres tells a database's URL from a file's name.
func IsPostgres(place string) bool {
	return strings.HasPrefix(place, "postgres://") || strings.HasPrefix(place, "postgresql://")
}

// Open opens or makes the database at a place: a file's name, or a URL
// postgres://….
func Open(place string) (Store, error) {
	if IsPostgres(place) {
		return OpenPostgres(place)
	}
	return OpenSQLite(place)
}

// Inspect opens a database that must be there, to be read only.
func Inspect(place string) (Store, error) {
	if IsPostgres(place) {
		return InspectPostgres(place)
	}
	return InspectSQLite(place)
}
