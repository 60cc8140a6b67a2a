package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"

	"hushwatt/server"
	"hushwatt/server/store"
)

var fsckCommand = command{
	name:    "fsck",
	does:    "verify every stored bill and receipt again, from the stored bytes",
	example: "hushwatt fsck --database hushwatt.db",
	note: "Needs no key. Ends with 0 if all is right, else with 1 and a list of what is wrong. May run while\n" +
		"the server does.",
	flags: func(f *flags) action {
		database := f.need("database", "PLACE", "the database, a file or postgres://…, or a backup of one")
		paths := f.list("tariff", "FILE", "a tariff to be used where the database lacks it or holds a damaged copy")
		addenda := f.list("addendum", "FILE", "an addendum to be used in the same way, beside its --tariff")
		return func(c *console) (answer, error) { return fsck(c, *database, *paths, *addenda) }
	},
}

type fsckAnswer struct{ *server.Report }

func (a fsckAnswer) text(w io.Writer) {
	for _, f := range a.Findings {
		fmt.Fprintf(w, "%s: %s\n", f.Where, f.What)
	}
	fmt.Fprintf(w, "%d tariffs, %d addenda, %d requests, %d accepted bills with their receipts, %d refused bills: ", a.Tariffs, a.Addenda, a.Requests, a.Bills, a.Refused)
	if len(a.Findings) == 0 {
		fmt.Fprintln(w, "all as they should be")
	} else {
		fmt.Fprintf(w, "findings: %d\n", len(a.Findings))
	}
}

func fsck(c *console, database string, paths, addenda []string) (answer, error) {
	ts, err := readTariffs(c, paths, addenda)
	if err != nil {
		return nil, err
	}
	st, err := openDatabase(database)
	if err != nil {
		return nil, err
	}
	report, err := server.Fsck(context.Background(), st, ts)
	if err = errors.Join(err, st.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", named(database), err)
	}
	if report.Findings == nil {
		report.Findings = []server.Finding{}
	}
	if n := len(report.Findings); n > 0 {
		return fsckAnswer{report}, fmt.Errorf("%s: findings: %d", named(database), n)
	}
	return fsckAnswer{report}, nil
}

// named is a database's place without a password.
func named(database string) string {
	if u, err := url.Parse(database); store.IsPostgres(database) && err == nil {
		return u.Redacted()
	}
	return database
}

// openDatabase opens a database that must be there, to read it only.
func openDatabase(path string) (store.Store, error) {
	st, err := store.Inspect(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, misusef("%s: there is no such file", path)
	}
	return st, err
}

var backupCommand = command{
	name:    "backup",
	does:    "copy a database, also while the server runs",
	example: "hushwatt backup --database hushwatt.db --out hushwatt-2026-03-01.db",
	note: "The copy is a file, of one moment and complete, also of a PostgreSQL database; commands\n" +
		"take it in its place. The supplier's key and the staff's token are not in it: keep copies of those elsewhere.",
	flags: func(f *flags) action {
		database := f.need("database", "PLACE", "the database, a file or postgres://…")
		out := f.need("out", "FILE", "where to write the copy; it must not exist")
		return func(*console) (answer, error) { return backup(*database, *out) }
	},
}

type backupAnswer struct {
	Out   string `json:"out"`
	Bytes int64  `json:"bytes"`
}

func (a backupAnswer) text(w io.Writer) {
	fmt.Fprintf(w, "%s: %s\n", a.Out, size(int(a.Bytes)))
}

func backup(database, out string) (answer, error) {
	st, err := openDatabase(database)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(st.Backup(context.Background(), out), st.Close()); err != nil {
		return nil, err
	}
	info, err := os.Stat(out)
	if err != nil {
		return nil, err
	}
	return backupAnswer{out, info.Size()}, nil
}
