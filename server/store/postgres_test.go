package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"hushwatt/internal/pgtest"
	"hushwatt/prover"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m.Run)) }

func newPostgres(t testing.TB) *Postgres {
	t.Helper()
	s, err := OpenPostgres(pgtest.Database(t))
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

// every runs a test over each kind of database.
func every(t *testing.T, test func(t *testing.T, s Store)) {
	t.Run("SQLite", func(t *testing.T) { test(t, newStore(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, newPostgres(t)) })
}

func TestSayPostgres(t *testing.T) {
	for query, want := range map[string]string{
		"SELECT ?, ? FROM t WHERE a = ?": "SELECT $1, $2 FROM t WHERE a = $3",
		"SELECT ?2, ?1, ?":               "SELECT $2, $1, $3",
		"SELECT ?12x":                    "SELECT $12x",
		"SELECT group_concat(a, ' ') WHERE instr(a, ?1) > 0": "SELECT string_agg(a, ' ') WHERE strpos(a, $1) > 0",
	} {
		if got := sayPostgres(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

func TestPostgresSettings(t *testing.T) {
	address := pgtest.Database(t)
	s, err := OpenPostgres(address)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var commit string
	if err := s.write.QueryRow("SHOW synchronous_commit").Scan(&commit); err != nil || commit != "on" {
		t.Errorf("synchronous_commit is %s, %v", commit, err)
	}
	again, err := OpenPostgres(address)
	if err != nil {
		t.Fatalf("a second server: %v", err)
	}
	defer again.Close()
	key := newKey(t)
	if err := s.Supplier(ctx, key); err != nil {
		t.Fatal(err)
	}
	i, err := InspectPostgres(address)
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	if got, err := i.SupplierKey(ctx); err != nil || got != key {
		t.Errorf("%v %v", got, err)
	}
	if err := i.PutAuthority(ctx, Authority{Name: "A"}); err == nil {
		t.Error("a database that is inspected can be written")
	}
}

func TestPostgresRefuses(t *testing.T) {
	for name, c := range map[string]struct{ change, want string }{
		"another program's": {"DROP TABLE hushwatt", "not a Hushwatt database"},
		"a newer one":       {"UPDATE hushwatt SET tables = 1000", "newer version"},
	} {
		address := pgtest.Database(t)
		s, err := OpenPostgres(address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.write.Exec(c.change); err != nil {
			t.Fatal(err)
		}
		s.Close()
		if _, err := OpenPostgres(address); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, by the server: %v", name, err)
		}
		if _, err := InspectPostgres(address); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := InspectPostgres(pgtest.Database(t)); !errors.Is(err, errNotOurs) {
		t.Errorf("an empty one: %v", err)
	}
	_, err := OpenPostgres("postgres://me:secret-word@localhost:1/none")
	if err == nil || strings.Contains(err.Error(), "secret-word") {
		t.Errorf("no server there: %v", err)
	}
	if _, err := Open("postgres://me:secret-word@loc alhost/none"); err == nil || strings.Contains(err.Error(), "secret-word") {
		t.Errorf("no URL: %v", err)
	}
}

// Programs that start together on a new database all find their tables, and one of
// them fixes the supplier for all.
func TestStartedTogether(t *testing.T) {
	for name, place := range map[string]string{"SQLite": filepath.Join(t.TempDir(), "new.db"), "PostgreSQL": pgtest.Database(t)} {
		t.Run(name, func(t *testing.T) {
			secret, err := prover.NewSupplierKey()
			if err != nil {
				t.Fatal(err)
			}
			key := secret.Public()
			var together sync.WaitGroup
			for range 6 {
				together.Go(func() {
					s, err := Open(place)
					if err != nil {
						t.Error(err)
						return
					}
					if err := errors.Join(s.Supplier(t.Context(), key), s.Close()); err != nil {
						t.Error(err)
					}
				})
			}
			together.Wait()
		})
	}
}
