package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"hushwatt/meter"
	"hushwatt/prover"
)

var ctx = context.Background()

func newStore(t testing.TB) *SQLite {
	t.Helper()
	s, err := OpenSQLite(filepath.Join(t.TempDir(), "a name with ? # % and spaces.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestSettings(t *testing.T) {
	s := newStore(t)
	for setting, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"} {
		var got string
		if err := s.write.QueryRow("PRAGMA " + setting).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, want %s (%v)", setting, got, want, err)
		}
	}
	if _, err := s.read.Exec("DELETE FROM meters"); err == nil {
		t.Error("a reader can write")
	}
	if _, err := InspectSQLite(filepath.Join(t.TempDir(), "none.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a database that is not there: %v", err)
	}
}

func TestFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new.db")
	s, err := OpenSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if info, err := os.Stat(path + suffix); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s%s: %v %v", path, suffix, info.Mode(), err)
		}
	}
}

// Each migration runs once, in order, and none half.
func TestMigrations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	file := func(sql string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(sql)} }
	files := fstest.MapFS{"migrations/0001_a.sql": file("CREATE TABLE supplier (one INTEGER); INSERT INTO supplier VALUES (1)")}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	reopen := func() (sum int, err error) {
		s, err := open(path, files)
		if err != nil {
			return 0, err
		}
		defer s.Close()
		return sum, s.read.QueryRow("SELECT SUM(one) FROM supplier").Scan(&sum)
	}
	expect := func(what string, want int) {
		t.Helper()
		if got, err := reopen(); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", what, got, err, want)
		}
	}
	expect("first", 1)
	expect("again", 1)
	files["migrations/0002_b.sql"] = file("INSERT INTO supplier VALUES (10); INSERT INTO nothing VALUES (1)")
	if _, err := reopen(); err == nil || !strings.Contains(err.Error(), "0002_b.sql") {
		t.Errorf("a migration that fails: %v", err)
	}
	files["migrations/0002_b.sql"] = file("INSERT INTO supplier VALUES (100)")
	expect("second, mended: nothing of the half one is left", 101)
	files["migrations/0004_d.sql"] = file("INSERT INTO supplier VALUES (1000)")
	if _, err := reopen(); err == nil {
		t.Error("a gap in the numbers is accepted")
	}
	delete(files, "migrations/0004_d.sql")
	delete(files, "migrations/0002_b.sql")
	if _, err := reopen(); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("tables of a newer program: %v", err)
	}
}

// What is inspected stays as it is, whether a server uses it, has stopped, or it
// is a copy.
func TestInspect(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s, err := OpenSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	key := newKey(t)
	if err := s.Supplier(ctx, key); err != nil {
		t.Fatal(err)
	}
	inspect := func(name, path string) {
		t.Helper()
		before, _ := os.ReadFile(path)
		i, err := InspectSQLite(path)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := i.SupplierKey(ctx); err != nil || got != key {
			t.Errorf("%s: %v %v", name, got, err)
		}
		if err := i.PutAuthority(ctx, Authority{Name: "A"}); err == nil {
			t.Errorf("%s can be written", name)
		}
		if err := errors.Join(i.Check(ctx), i.Backup(ctx, filepath.Join(t.TempDir(), "copy")), i.Close()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
			t.Errorf("%s was changed", name)
		}
	}
	copied := filepath.Join(t.TempDir(), "copy")
	if err := s.Backup(ctx, copied); err != nil {
		t.Fatal(err)
	}
	inspect("a database in use", path)
	if err := s.Supplier(ctx, key); err != nil {
		t.Errorf("after it was inspected: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	inspect("a database at rest", path)
	inspect("a copy", copied)
	if left, _ := filepath.Glob(copied + "?*"); left != nil {
		t.Errorf("beside the copy there are %q", left)
	}
}

// Files that are no database of ours, or of another version, are told apart and
// left alone.
func TestInspectRefuses(t *testing.T) {
	for _, c := range []struct{ change, want string }{
		{"PRAGMA application_id = 0", "not a Hushwatt database"},
		{"PRAGMA application_id = 7", "not a Hushwatt database"},
		{"PRAGMA user_version = 0", "not a Hushwatt database"},
		{"PRAGMA user_version = 1000", "newer version"},
	} {
		path := filepath.Join(t.TempDir(), "db")
		s, err := OpenSQLite(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.write.Exec(c.change); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := InspectSQLite(path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.change, err)
		}
		if strings.Contains(c.change, "application_id") {
			if _, err := OpenSQLite(path); !errors.Is(err, errNotOurs) {
				t.Errorf("%s, by the server: %v", c.change, err)
			}
		}
	}
	for _, content := range []string{"", "this is a text, not a database, and long enough to look at it"} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := InspectSQLite(path); !errors.Is(err, errNotOurs) {
			t.Errorf("a file with %q: %v", content, err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != content {
			t.Errorf("it now holds %q, %v", got, err)
		}
	}
	s := newStore(t)
	known, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for i := range len(known) + 1 {
		files[fmt.Sprintf("migrations/%04d_x.sql", i+1)] = &fstest.MapFile{}
	}
	if err := upToDate(ctx, s.read.DB, files); err == nil || !strings.Contains(err.Error(), "older version") {
		t.Errorf("older tables: %v", err)
	}
}

func TestSupplierIsFixed(t *testing.T) {
	every(t, supplierIsFixed)
}

func supplierIsFixed(t *testing.T, s Store) {
	if _, err := s.SupplierKey(ctx); !errors.Is(err, ErrNotFound) {
		t.Errorf("before the first start: %v", err)
	}
	first, second := newKey(t), newKey(t)
	for range 2 {
		if err := s.Supplier(ctx, first); err != nil {
			t.Error(err)
		}
	}
	if err := s.Supplier(ctx, second); !errors.Is(err, ErrConflict) {
		t.Errorf("another supplier: %v", err)
	}
	if got, err := s.SupplierKey(ctx); err != nil || got != first {
		t.Errorf("%v %v", got, err)
	}
}

func newKey(t testing.TB) prover.Supplier {
	t.Helper()
	k, err := prover.NewSupplierKey()
	if err != nil {
		t.Fatal(err)
	}
	return k.Public()
}

func TestMeters(t *testing.T) {
	every(t, meters)
}

func meters(t *testing.T, s Store) {
	key, err := meter.NewAuthorityKey()
	if err != nil {
		t.Fatal(err)
	}
	a := key.Authority()
	m := Meter{Number: "m-0", Authority: a.Hash(), Slots: 48, Validity: Always}
	if err := s.PutMeter(ctx, m); !errors.Is(err, ErrConflict) {
		t.Errorf("meter of an unknown authority: %v", err)
	}
	if err := s.PutAuthority(ctx, Authority{Authority: a, Name: "A", Validity: Always, Added: 5}); err != nil {
		t.Fatal(err)
	}
	for i := range 7 {
		m.Number = fmt.Sprint("m-", i)
		if err := s.PutMeter(ctx, m); err != nil {
			t.Fatal(err)
		}
	}
	m.Revoked = 15706
	if err := s.PutMeter(ctx, m); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Meter(ctx, "m-6"); err != nil || *got != m {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := s.Meter(ctx, "m-7"); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown meter: %v", err)
	}
	page, err := s.Meters(ctx, "m-", "m-2", 2)
	if err != nil || len(page) != 2 || page[0].Number != "m-3" {
		t.Errorf("%+v %v", page, err)
	}
	if some, err := s.Meters(ctx, "5", "", 0); err != nil || len(some) != 1 {
		t.Errorf("%+v %v", some, err)
	}
	list, err := s.Authorities(ctx)
	if err != nil || len(list) != 1 || list[0].String() != a.String() || list[0].Name != "A" {
		t.Errorf("%+v %v", list, err)
	}
}

func TestValidity(t *testing.T) {
	for _, c := range []struct {
		v           Validity
		first, last uint16
		want        bool
	}{
		{Always, 0, 1<<16 - 1, true},
		{Validity{First: 10, Last: 20}, 10, 20, true},
		{Validity{First: 10, Last: 20}, 9, 20, false},
		{Validity{First: 10, Last: 20}, 10, 21, false},
		{Validity{First: 0, Last: 20, Revoked: 15}, 3, 14, true},
		{Validity{First: 0, Last: 20, Revoked: 15}, 3, 15, false},
		{Validity{First: 0, Last: 20, Revoked: 15}, 16, 17, false},
	} {
		if got := c.v.Covers(c.first, c.last); got != c.want {
			t.Errorf("%+v covers %d to %d: %v", c.v, c.first, c.last, got)
		}
	}
}

// A copy is complete, though others write while it is made, and never overwrites.
func TestBackup(t *testing.T) {
	every(t, backup)
}

func backup(t *testing.T, s Store) {
	if err := s.Supplier(ctx, newKey(t)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(path+".part", []byte("left by a crash"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(ctx, path); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(ctx, path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over an older copy: %v", err)
	}
	c, err := InspectSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Check(ctx); err != nil {
		t.Error(err)
	}
	want, _ := s.SupplierKey(ctx)
	if got, err := c.SupplierKey(ctx); err != nil || got != want {
		t.Errorf("%v %v", got, err)
	}
}

// Evidence is kept once, whichever head came first.
func TestEvidence(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { evidence(t, &newStore(t).tables) })
	t.Run("PostgreSQL", func(t *testing.T) { evidence(t, &newPostgres(t).tables) })
}

func evidence(t *testing.T, s *tables) {
	a, b := &meter.Head{Meter: "m", Day: 1}, &meter.Head{Meter: "m", Day: 1, Corrections: 1}
	for i, e := range []*meter.TwoHeads{{A: a, B: b}, {A: b, B: a}, {A: a, B: b}} {
		if err := s.AddEvidence(e, int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	var n, at int
	if err := s.read.QueryRow("SELECT COUNT(*), MIN(at) FROM evidence").Scan(&n, &at); err != nil || n != 1 || at != 0 {
		t.Errorf("%d rows, of %d, %v", n, at, err)
	}
	list, err := s.Evidence(context.Background())
	if err != nil || len(list) != 1 || list[0].At != 0 || !bytes.Equal(slices.Concat(list[0].A, list[0].B), slices.Concat(a.Bytes(), b.Bytes())) && !bytes.Equal(slices.Concat(list[0].A, list[0].B), slices.Concat(b.Bytes(), a.Bytes())) {
		t.Errorf("%+v, %v", list, err)
	}
}
