package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"modernc.org/sqlite" // also the driver
	sqlite3 "modernc.org/sqlite/lib"
)

// SQLite is a Store in one file. Writes go through one connection, so they never
// wait for each other inside SQLite; reads have connections of their own and see
// the last commit (write-ahead log). A commit is on the disk when it returns
// (synchronous=FULL).
type SQLite struct{ tables }

var _ Store = (*SQLite)(nil)

// OpenSQLite opens the database in a file, makes it if it is not there (readable
// by its owner only: it names meters), and brings its tables up to date.
func OpenSQLite(path string) (*SQLite, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	return open(path, migrations)
}

// InspectSQLite opens a database that must be there, to be read only: nothing in
// it changes, and writes through the Store are errors. A server may use it
// meanwhile. Tables of another version than this program's are refused.
func InspectSQLite(path string) (*SQLite, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dataSource(path, "ro"))
	if err != nil {
		return nil, err
	}
	s := &SQLite{tables{database{DB: db}, database{DB: db}}}
	if err := upToDate(context.Background(), db, migrations); err != nil {
		return nil, errors.Join(fmt.Errorf("database %s: %w", path, err), s.Close())
	}
	return s, nil
}

func open(path string, files fs.FS) (*SQLite, error) {
	write, err := sql.Open("sqlite", dataSource(path, "rw", "journal_mode(WAL)", "secure_delete(1)")+"&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", dataSource(path, "rw", "query_only(1)"))
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(8)
	read.SetMaxIdleConns(8)
	s := &SQLite{tables{database{DB: read}, database{DB: write, dialect: dialect{erase: emptyLog}}}}
	if err := migrate(context.Background(), write, files); err != nil {
		return nil, errors.Join(fmt.Errorf("database %s: %w", path, err), s.Close())
	}
	return s, nil
}

// emptyLog moves the write-ahead log into the database and empties it. What was
// deleted or replaced before, and overwritten in the database (secure_delete), is then
// in neither file.
func emptyLog(ctx context.Context, db *sql.DB) error {
	var busy, log, moved int
	if err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved); err != nil {
		return err
	}
	if busy != 0 {
		return errors.New("the database is being read: its log could not be emptied")
	}
	return nil
}

func dataSource(path, mode string, more ...string) string {
	q := url.Values{"mode": {mode}, "_pragma": append([]string{
		"busy_timeout(60000)", "synchronous(FULL)", "foreign_keys(1)", "cell_size_check(1)", "trusted_schema(0)",
	}, more...)}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

//go:embed migrations
var migrations embed.FS

// applicationID marks a file as ours (PRAGMA application_id): "Hush" in ASCII.
const applicationID = 0x48757368

var errNotOurs = errors.New("not a Hushwatt database")

// migrationsOf returns the numbered files in order, and how many have run in a
// database. An empty database is one in which none has.
func migrationsOf(ctx context.Context, db queries, files fs.FS) (names []string, done int, err error) {
	if names, err = fs.Glob(files, "migrations/*.sql"); err != nil {
		return nil, 0, err
	}
	slices.Sort(names)
	var id, tables int
	err = db.QueryRowContext(ctx, `SELECT application_id, user_version, (SELECT COUNT(*) FROM sqlite_schema)
		FROM pragma_application_id, pragma_user_version`).Scan(&id, &done, &tables)
	if e := new(sqlite.Error); errors.As(err, &e) && e.Code() == sqlite3.SQLITE_NOTADB {
		return nil, 0, errNotOurs
	}
	if err != nil {
		return nil, 0, err
	}
	if id != applicationID && (id != 0 || done != 0 || tables != 0) {
		return nil, 0, errNotOurs
	}
	if done > len(names) {
		return nil, 0, fmt.Errorf("made by a newer version of this program (tables %d, known %d)", done, len(names))
	}
	return names, done, nil
}

// upToDate refuses a database in which not all files have run.
func upToDate(ctx context.Context, db *sql.DB, files fs.FS) error {
	names, done, err := migrationsOf(ctx, db, files)
	switch {
	case err != nil:
		return err
	case done == 0:
		return errNotOurs
	case done < len(names):
		return fmt.Errorf("made by an older version of this program (tables %d, known %d): start the server once", done, len(names))
	}
	return nil
}

// migrate runs the numbered files that have not run yet, each in one transaction
// with the note that it has.
func migrate(ctx context.Context, db *sql.DB, files fs.FS) error {
	names, done, err := migrationsOf(ctx, db, files)
	if err != nil {
		return err
	}
	for i, name := range names {
		number, _, _ := strings.Cut(filepath.Base(name), "_")
		if n, err := strconv.Atoi(number); err != nil || n != i+1 {
			return fmt.Errorf("%s: migrations are numbered without a gap", name)
		}
		if i < done {
			continue
		}
		if err := (database{DB: db}).inTx(ctx, func(tx queries) error { return migrateOne(ctx, tx, files, name, i+1) }); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// migrateOne runs a file unless another program that started together with this one
// has done so meanwhile.
func migrateOne(ctx context.Context, tx queries, files fs.FS, name string, number int) error {
	if _, done, err := migrationsOf(ctx, tx, files); err != nil || done >= number {
		return err
	}
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, string(text)); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, number))
	return err
}

// Check looks for damage of the file itself; an error names the first few places.
func (s *SQLite) Check(ctx context.Context) error {
	rows, err := s.read.QueryContext(ctx, "PRAGMA integrity_check(5)")
	if err != nil {
		return err
	}
	defer rows.Close()
	var found []error
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		if line != "ok" {
			found = append(found, errors.New(line))
		}
	}
	return errors.Join(append(found, rows.Err())...)
}

// Backup implements Store. The copy is of one moment; others may write meanwhile.
func (s *SQLite) Backup(ctx context.Context, path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", path, fs.ErrExist)
	}
	// If we crash before the rename, only the file .part is left.
	part := path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(part, nil, 0o600); err != nil {
		return err
	}
	if _, err := s.write.ExecContext(ctx, "VACUUM INTO ?", part); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if err := settle(part); err != nil {
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return err
	}
	return settle(filepath.Dir(path))
}

// settle waits until a file or folder is on the disk.
func settle(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
