package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"hushwatt/server"
)

// The server is stopped while it takes bills: it ends with 0, every bill that was
// answered is there, and a backup made meanwhile is sound by itself.
func TestServeStopsCleanly(t *testing.T) {
	v := newVictim(t, 10)
	v.start()
	var wait sync.WaitGroup
	wait.Go(func() { v.finish(0) }) // until it is stopped
	if !within(longest, func() bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		return v.accepted > 0
	}) {
		t.Fatal("no bill was accepted")
	}
	copied := filepath.Join(v.dir, "copy")
	if code, out := try(t, "backup", "--database", v.database, "--out", copied); code != exitDone {
		t.Errorf("backup: %d %s", code, out)
	}
	if err := v.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := v.process.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
	v.process = nil
	wait.Wait()
	for _, path := range []string{copied, v.database} {
		if code, out := try(t, "fsck", "--database", path); code != exitDone {
			t.Errorf("fsck of %s: %d %s", path, code, out)
		}
	}
	for _, path := range []string{filepath.Join(v.dir, "token"), filepath.Join(v.dir, supplierKeyFile), v.database, copied} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", path, info.Mode(), err)
		}
	}
	token := must(os.ReadFile(filepath.Join(v.dir, "token")))
	v.start()
	v.finish(longest)
	v.kill()
	v.fsck()
	if again := must(os.ReadFile(filepath.Join(v.dir, "token"))); !bytes.Equal(token, again) || len(token) < 40 {
		t.Error("the second start made another token")
	}
	if log := string(must(os.ReadFile(filepath.Join(v.dir, "log")))); strings.Contains(log, "meter-") || strings.Contains(log, strings.TrimSpace(string(token))) {
		t.Error("the log holds a meter's number or the token")
	}
}

func try(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out, errors bytes.Buffer
	code := run(args, &out, &errors)
	return code, out.String() + errors.String()
}

func TestFsckCommand(t *testing.T) {
	v := newVictim(t, 3)
	v.start()
	v.finish(longest)
	v.kill()
	path := v.database
	db := must(sql.Open("sqlite", "file:"+path))
	must(db.Exec("UPDATE bills SET total = '0.00' WHERE serial = 7"))
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	code, out := try(t, "fsck", "--database", path)
	if code != exitRefused || !strings.Contains(out, "bill 7 (request ") {
		t.Errorf("%d %s", code, out)
	}
	var stdout, stderr bytes.Buffer
	code = run([]string{"fsck", "--json", "--database", path}, &stdout, &stderr)
	var report server.Report
	if err := json.Unmarshal(stdout.Bytes(), &report); err != nil || code != exitRefused || len(report.Findings) != 1 || report.Bills != 80 {
		t.Errorf("%d %v %+v", code, err, report)
	}
}

func TestServeMisuse(t *testing.T) {
	dir := t.TempDir()
	db, token := filepath.Join(dir, "db"), filepath.Join(dir, "token")
	none := filepath.Join(dir, "none")
	for _, c := range []struct {
		name string
		args []string
		code int
	}{
		{"no database", []string{"serve", "--listen", "127.0.0.1:0", "--token-file", token, "--public-url", "http://localhost"}, exitMisuse},
		{"no URL", []string{"serve", "--listen", "127.0.0.1:0", "--database", db, "--token-file", token}, exitMisuse},
		{"a strange URL", []string{"serve", "--listen", "127.0.0.1:0", "--database", db, "--token-file", token, "--public-url", "localhost"}, exitMisuse},
		{"a URL without TLS", []string{"serve", "--listen", "127.0.0.1:0", "--database", none, "--token-file", token, "--public-url", "http://supplier.example:8080"}, exitMisuse},
		{"half of TLS", []string{"serve", "--listen", "127.0.0.1:0", "--database", db, "--token-file", token, "--public-url", "https://localhost", "--tls-cert", none}, exitMisuse},
		{"a rate in words", []string{"serve", "--listen", "127.0.0.1:0", "--database", db, "--token-file", token, "--public-url", "http://localhost", "--rate", "many"}, exitMisuse},
		{"nowhere to listen", []string{"serve", "--database", db, "--token-file", token, "--public-url", "http://localhost", "--listen", "256.0.0.1:1"}, exitRefused},
		{"fsck of nothing", []string{"fsck", "--database", none}, exitMisuse},
		{"backup of nothing", []string{"backup", "--database", none, "--out", token + "2"}, exitMisuse},
		{"backup over the token", []string{"backup", "--database", db, "--out", token}, exitRefused},
	} {
		if code, out := try(t, c.args...); code != c.code {
			t.Errorf("%s: %d %s", c.name, code, out)
		}
	}
	if err := os.WriteFile(token, []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := try(t, "serve", "--listen", "127.0.0.1:0", "--database", db, "--token-file", token, "--public-url", "http://localhost"); code != exitRefused {
		t.Errorf("a short token: %d %s", code, out)
	}
	if err := os.Remove(filepath.Join(dir, supplierKeyFile)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(token); err != nil {
		t.Fatal(err)
	}
	// "nowhere to listen" has fixed the supplier; another key is not its key.
	if code, out := try(t, "serve", "--listen", "127.0.0.1:0", "--database", db, "--token-file", token, "--public-url", "http://localhost"); code != exitRefused || !strings.Contains(out, "belongs to") {
		t.Errorf("another supplier's key: %d %s", code, out)
	}
}
