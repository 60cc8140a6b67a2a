package server

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hushwatt/prover"
	"hushwatt/server/store"
	"hushwatt/tariffs"
)

// busyTown has accepted, replaced, refused and awaited bills of two homes, and
// a correction.
func busyTown(t *testing.T) *town {
	w := newTown(t)
	for i := range 2 {
		h := w.home(fmt.Sprint("meter-", i), uint64(i), 70)
		for _, p := range [][2]int{{0, 31}, {31, 28}} {
			r := w.ask(h, p[0], p[1])
			bad := w.answer(h, r)
			bad.Submission.Proof[len(bad.Submission.Proof)-32] ^= 1
			expectRefused(t, w.send(bad.Bytes()), 422, prover.ReasonProof)
			expectAccepted(t, w, w.answer(h, r))
		}
		w.ask(h, 59, 5)
	}
	h := w.home("meter-3", 3, 40)
	r := w.ask(h, 0, 31)
	expectAccepted(t, w, w.answer(h, r))
	again := w.ask(h, 0, 31, func(q *Question) { q.Replaces = r.Serial })
	expectAccepted(t, w, w.answer(h, again))
	return w
}

func expectAccepted(t testing.TB, w *town, b *prover.Bill) {
	t.Helper()
	if got := w.send(b.Bytes()); got.StatusCode != 200 {
		t.Fatalf("%d %s", got.StatusCode, body(t, got))
	}
}

func check(t *testing.T, s store.Store, more ...*tariffs.Tariff) *Report {
	t.Helper()
	return must(Fsck(context.Background(), s, more))
}

func TestFsckOfASoundStore(t *testing.T) {
	w := busyTown(t)
	r := check(t, w.store)
	if len(r.Findings) != 0 || r.Bills != 6 || r.Requests != 8 || r.Refused != 4 || r.Tariffs != 1 {
		t.Fatalf("%+v", r)
	}
	copied := filepath.Join(t.TempDir(), "backup.db")
	if err := w.store.Backup(context.Background(), copied); err != nil {
		t.Fatal(err)
	}
	backup := must(store.InspectSQLite(copied))
	defer backup.Close()
	if again := check(t, backup); fmt.Sprint(again) != fmt.Sprint(r) {
		t.Errorf("backup: %+v", again)
	}
	// A register that changed since does not make old bills wrong.
	v := store.Always
	v.Revoked = 1
	if err := w.server.Desk().Register(context.Background(), "meter-0", w.authority.Authority(), 48, v); err != nil {
		t.Fatal(err)
	}
	if r := check(t, w.store); len(r.Findings) != 0 {
		t.Errorf("after a revocation: %+v", r)
	}
}

// One byte in any stored message, one row too few, one number changed: each is
// found, and named.
func TestFsckFindsDamage(t *testing.T) {
	w := busyTown(t)
	for _, c := range []struct{ name, damage, where string }{
		{"first byte of a bill", flip("bills", "bill", "serial = 2", "1"), "bill 2 (request 2)"},
		{"a byte of a seal", flip("bills", "bill", "serial = 3", "length(bill) / 2"), "bill 3"},
		{"last byte of a proof", flip("bills", "bill", "serial = 4", "length(bill)"), "bill 4"},
		{"a byte of a receipt", flip("bills", "receipt", "serial = 2", "100"), "bill 2"},
		{"signature of a receipt", flip("bills", "receipt", "serial = 1", "length(receipt)"), "bill 1"},
		{"receipts exchanged", "UPDATE bills SET receipt = (SELECT b.receipt FROM bills b WHERE b.serial = 3 - bills.serial) WHERE serial < 3", "bill 1"},
		{"a bill's id", flip("bills", "id", "serial = 1", "1"), "bill 1"},
		{"a bill's hash", flip("bills", "submission", "serial = 1", "1"), "bill 1"},
		{"a total", "UPDATE bills SET total = '0.01' WHERE serial = 1", "bill 1"},
		{"a count", "UPDATE bills SET missing = missing + 1 WHERE serial = 1", "bill 1"},
		{"a time", "UPDATE bills SET accepted = accepted + 1 WHERE serial = 1", "bill 1"},
		{"a bill is gone", "DELETE FROM bills WHERE serial = 2", "bill 3"},
		{"the last bill is gone", "DELETE FROM bills WHERE serial = 4", "bill 5"},
		{"a replacement undone", "UPDATE bills SET replaced_by = NULL", "replacements"},
		{"a request", flip("requests", "bytes", "serial = 2", "length(bytes)"), "request 2"},
		{"a request's hash", flip("requests", "hash", "serial = 6", "1"), "request 6"},
		{"an unanswered request", flip("requests", "bytes", "serial = 6", "200"), "request 6"},
		{"a tariff", flip("tariffs", "document", "number = 1", "length(document) - 5"), "tariff"},
		{"an authority is gone", "DELETE FROM authorities", "bill 1"},
		{"a period", "UPDATE periods SET period_end = period_end + 1 WHERE bill = 1", "periods"},
		{"a period is gone", "DELETE FROM periods WHERE bill = 1", "periods"},
		{"a state is gone", "DELETE FROM states WHERE meter = 'meter-1'", "states"},
		{"a state", flip("states", "head", "meter = 'meter-1'", "length(head)"), "states"},
		{"a refused bill", flip("refusals", "bill", "request = 1", "7"), "refused bill for request 1"},
		{"another supplier", flip("supplier", "key", "1", "1"), ""},
		{"no supplier", "DELETE FROM supplier", "supplier"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "damaged.db")
			if err := w.store.Backup(context.Background(), path); err != nil {
				t.Fatal(err)
			}
			change(t, path, c.damage)
			s := must(store.InspectSQLite(path))
			defer s.Close()
			r := check(t, s)
			for _, f := range r.Findings {
				if strings.HasPrefix(f.Where, c.where) && f.What != "" {
					return
				}
			}
			t.Errorf("nothing about %q is found: %+v", c.where, r.Findings)
		})
	}
}

// flip is an SQL command that flips the lowest bit of a byte, counted from 1.
func flip(table, column, where, at string) string {
	byteAt := fmt.Sprintf("(instr('0123456789ABCDEF', substr(hex(%[1]s), 2 * (%[2]s), 1)) - 1)", column, at)
	digit := fmt.Sprintf("substr('1032547698BADCFE', %s + 1, 1)", byteAt)
	return fmt.Sprintf("UPDATE %[1]s SET %[2]s = unhex(substr(hex(%[2]s), 1, 2 * (%[3]s) - 1) || %[4]s || substr(hex(%[2]s), 2 * (%[3]s) + 1)) WHERE %[5]s",
		table, column, at, digit, where)
}

func change(t *testing.T, path, command string) {
	t.Helper()
	db := must(sql.Open("sqlite", "file:"+path))
	defer db.Close()
	result, err := db.Exec(command)
	if err != nil {
		t.Fatal(err)
	}
	if n := must(result.RowsAffected()); n == 0 {
		t.Fatalf("%s changes nothing", command)
	}
}

// A page of the file that is overwritten is named as damage of the storage.
func TestFsckOfADamagedFile(t *testing.T) {
	w := busyTown(t)
	path := filepath.Join(t.TempDir(), "damaged.db")
	if err := w.store.Backup(context.Background(), path); err != nil {
		t.Fatal(err)
	}
	data := must(os.ReadFile(path))
	for at := 10 * 4096; at < 10*4096+64; at++ {
		data[at] ^= 0x55
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s := must(store.InspectSQLite(path))
	defer s.Close()
	r, err := Fsck(context.Background(), s, nil)
	if err == nil && len(r.Findings) == 0 {
		t.Error("nothing is found")
	}
}

// A tariff that the store lost can be given from elsewhere.
func TestFsckWithTariffs(t *testing.T) {
	w := busyTown(t)
	path := filepath.Join(t.TempDir(), "no-tariff.db")
	if err := w.store.Backup(context.Background(), path); err != nil {
		t.Fatal(err)
	}
	change(t, path, "DELETE FROM tariffs")
	s := must(store.InspectSQLite(path))
	defer s.Close()
	if r := check(t, s); len(r.Findings) == 0 {
		t.Error("a missing tariff is not found")
	}
	if r := check(t, s, w.tariff); len(r.Findings) != 0 {
		t.Errorf("%+v", r.Findings)
	}
}
