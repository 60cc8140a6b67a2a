// Package pgtest gives tests a real PostgreSQL: a cluster of their own, made in
// a temporary folder by an unprivileged user, reached over a socket there, and
// gone when the tests end. The programs are those that the machine has
// (install.sh gets Debian's). For tests only.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Main runs a package's tests and then stops the cluster, if one was started. It
// returns the exit code, for TestMain.
func Main(run func() int) int {
	code := run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stop PostgreSQL:", err)
		return 1
	}
	return code
}

// Database returns the URL of a new, empty database. Where the machine has no
// PostgreSQL the test is skipped, loudly; under CI it fails.
func Database(t testing.TB) string {
	t.Helper()
	c, err := cluster()
	if errors.Is(err, exec.ErrNotFound) && os.Getenv("CI") == "" {
		t.Skip("NOT TESTED: this machine has no PostgreSQL (internal/pgtest/install.sh gets it)")
	}
	if err != nil {
		t.Fatal(err)
	}
	made.Lock()
	defer made.Unlock()
	made.n++
	name := fmt.Sprintf("test_%d", made.n)
	conn, err := pgx.Connect(context.Background(), c.url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return c.url(name)
}

// Place returns where a test keeps its database: a new SQLite file, or a new
// PostgreSQL database where HUSHWATT_TEST_DATABASE is postgres. So the same
// tests run over both.
func Place(t testing.TB) string {
	t.Helper()
	if os.Getenv("HUSHWATT_TEST_DATABASE") == "postgres" {
		return Database(t)
	}
	return filepath.Join(t.TempDir(), "hushwatt.db")
}

var made struct {
	sync.Mutex
	n int
}

type postgres struct {
	dir    string
	server *exec.Cmd
}

func (p *postgres) url(database string) string {
	q := url.Values{"host": {p.dir}, "user": {"hushwatt"}, "sslmode": {"disable"}}
	return "postgres:///" + database + "?" + q.Encode()
}

var started *postgres

var cluster = sync.OnceValues(func() (*postgres, error) {
	p, err := start()
	started = p
	return p, err
})

func stop() error {
	if started == nil {
		return nil
	}
	err := started.server.Process.Signal(syscall.SIGINT) // ends sessions, writes all
	return errors.Join(err, started.server.Wait(), os.RemoveAll(started.dir))
}

func start() (*postgres, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "hw-pg-") // short: a socket's name has at most 107 bytes
	if err != nil {
		return nil, err
	}
	as, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	run := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
		cmd.Dir, cmd.Env = dir, []string{"LC_ALL=C", "PATH=" + os.Getenv("PATH")}
		return cmd
	}
	data := filepath.Join(dir, "data")
	if out, err := run("initdb", "-D", data, "-U", "hushwatt", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	// It is thrown away and never cut off from its power, so it need not wait for the
	// disk. Each of our programs takes up to 16 connections. A container's /dev/shm may
	// be small.
	p := &postgres{dir, run("postgres", "-D", data, "-k", dir, "-h", "",
		"-c", "fsync=off", "-c", "max_connections=400", "-c", "dynamic_shared_memory_type=mmap")}
	p.server.Stdout, p.server.Stderr = log, log
	if err := p.server.Start(); err != nil {
		return nil, err
	}
	return p, p.wait()
}

func (p *postgres) wait() error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, p.url("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		if ctx.Err() != nil {
			log, _ := os.ReadFile(filepath.Join(p.dir, "log"))
			return fmt.Errorf("PostgreSQL does not answer: %w: %s", err, log)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// programs returns the folder of initdb and postgres; Debian keeps them out of
// the path, one folder a version.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err == nil && len(found) > 0 {
		slices.Sort(found)
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("postgres")
	return filepath.Dir(path), err
}

// unprivileged makes the folder belong to somebody other than root, who may not
// run PostgreSQL; nil where we are nobody special.
func unprivileged(dir string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, uid, gid)
}
