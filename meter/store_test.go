package meter

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

func createTestMeter(t *testing.T, dir string) *Meter {
	t.Helper()
	m, err := CreateMeter(dir, smallSetup(ImportOnly))
	must(t, err)
	return m
}

func TestStoredMeterComesBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "meter")
	if _, err := OpenMeter(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("no meter yet: %v", err)
	}
	m := createTestMeter(t, dir)
	key := newTestKey(t)
	_, err := m.Seal(key.Recipient(), makeDays(m.Certificate(), firstDay, 3, 1), 0)
	must(t, err)
	before := m.Export().Bytes()
	must(t, m.Close())

	m, err = OpenMeter(dir)
	must(t, err)
	if !bytes.Equal(m.Export().Bytes(), before) {
		t.Fatal("the export comes back changed")
	}
	_, err = m.Seal(key.Recipient(), makeDays(m.Certificate(), firstDay+1, 4, 2), WrongTime)
	must(t, err)
	second := newTestKey(t)
	_, err = m.Seal(second.Recipient(), makeDays(m.Certificate(), firstDay+5, 2, 3), 0)
	must(t, err)
	must(t, m.Close())

	m, err = OpenMeter(dir)
	must(t, err)
	defer m.Close()
	if len(m.epochs) != 2 {
		t.Fatalf("%d epochs", len(m.epochs))
	}
	for i, k := range []*Key{key, second} {
		e, err := ParseExport(m.ExportEpoch(uint32(i + 1)).Bytes())
		must(t, err)
		must(t, e.CheckHeads())
		_, err = e.Open(k)
		must(t, err)
		if _, err := e.Open(newTestKey(t)); !errors.Is(err, ErrWrongKey) {
			t.Fatalf("a stranger's key: %v", err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, fileAuthority))
	must(t, err)
	authority, err := ParseAuthority(strings.TrimSuffix(string(text), "\n"))
	must(t, err)
	if hash := m.Certificate().AuthorityHash(); authority.Hash() != hash {
		t.Fatal("authority.pub is not the certificate's authority")
	}
	if _, err := CreateMeter(dir, smallSetup(ImportOnly)); err == nil {
		t.Fatal("a second meter was made in the same directory")
	}
}

func TestSecretsAreTheOwnersOnly(t *testing.T) {
	if runtime.GOOS == "js" || runtime.GOOS == "windows" {
		t.Skip("no file modes on " + runtime.GOOS)
	}
	dir := t.TempDir()
	m := createTestMeter(t, dir)
	defer m.Close()
	_, err := m.Seal(newTestKey(t).Recipient(), makeDays(m.Certificate(), firstDay, 1, 1), 0)
	must(t, err)
	for _, name := range []string{fileAuthorityKey, fileMeterKey, "epoch-1.secret"} {
		info, err := os.Stat(filepath.Join(dir, name))
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", name, info.Mode().Perm())
		}
	}
}

func TestOneProgramAtATime(t *testing.T) {
	if runtime.GOOS == "js" || runtime.GOOS == "windows" {
		t.Skip("directories are not locked on " + runtime.GOOS)
	}
	dir := t.TempDir()
	m := createTestMeter(t, dir)
	if _, err := OpenMeter(dir); err == nil {
		t.Fatal("opened twice")
	}
	must(t, m.Close())
	m, err := OpenMeter(dir)
	must(t, err)
	must(t, m.Close())
}

// TestLeftovers: what a crash can leave behind is not in the way.
func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	m := createTestMeter(t, dir)
	must(t, m.Close())
	// A crash before the certificate: the meter does not exist and is made again.
	must(t, os.Remove(filepath.Join(dir, fileCertificate)))
	m = createTestMeter(t, dir)
	// A crash between the first epoch's secret and its export.
	must(t, os.WriteFile(filepath.Join(dir, "epoch-1.secret"), []byte("hushwatt-tenancy1"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, ".new-123"), []byte("half"), 0o600))
	must(t, m.Close())
	m, err := OpenMeter(dir)
	must(t, err)
	defer m.Close()
	key := newTestKey(t)
	_, err = m.Seal(key.Recipient(), makeDays(m.Certificate(), firstDay, 2, 1), 0)
	must(t, err)
	_, err = m.Export().Open(key)
	must(t, err)
}

// TestStoringFails: a meter that could not store what it signed signs no more.
func TestStoringFails(t *testing.T) {
	dir := t.TempDir()
	m := createTestMeter(t, dir)
	key := newTestKey(t)
	days := makeDays(m.Certificate(), firstDay, 4, 1)
	_, err := m.Seal(key.Recipient(), days[:2], 0)
	must(t, err)
	path := filepath.Join(dir, "epoch-1.hushwatt")
	stored, err := os.ReadFile(path)
	must(t, err)
	must(t, os.Remove(path))
	must(t, os.MkdirAll(filepath.Join(path, "in the way"), 0o700))
	if _, err := m.Seal(key.Recipient(), days[2:3], 0); err == nil {
		t.Fatal("stored over a directory")
	}
	must(t, os.RemoveAll(path))
	must(t, os.WriteFile(path, stored, 0o600))
	if _, err := m.Seal(key.Recipient(), days[2:4], 0); err == nil {
		t.Fatal("sealed on after a failure")
	}
	must(t, m.Close())
	m, err = OpenMeter(dir)
	must(t, err)
	defer m.Close()
	done, err := m.Seal(key.Recipient(), days, 0)
	must(t, err)
	if want := (Sealing{Skipped: 2, Sealed: 2}); done != want {
		t.Fatalf("%+v, want %+v", done, want)
	}
}

func TestDamagedStateIsRefused(t *testing.T) {
	dir := t.TempDir()
	m := createTestMeter(t, dir)
	_, err := m.Seal(newTestKey(t).Recipient(), makeDays(m.Certificate(), firstDay, 2, 1), 0)
	must(t, err)
	must(t, m.Close())
	for _, name := range []string{fileMeterKey, fileCertificate, "epoch-1.secret", "epoch-1.hushwatt"} {
		path := filepath.Join(dir, name)
		good, err := os.ReadFile(path)
		must(t, err)
		must(t, os.WriteFile(path, flipByte(good, len(good)/2), 0o600))
		if m, err := OpenMeter(dir); err == nil {
			m.Close()
			t.Errorf("%s altered: opened", name)
		}
		must(t, os.WriteFile(path, good, 0o600))
	}
	m, err = OpenMeter(dir)
	must(t, err)
	must(t, m.Close())
}

// TestKilledMeter kills a sealing program at random moments; what it left behind
// must open, hold whole days only and take the next ones.
func TestKilledMeter(t *testing.T) {
	if dir := os.Getenv("HUSHWATT_TEST_SEAL_DIR"); dir != "" {
		sealForever(t, dir)
		return
	}
	if runtime.GOOS == "js" || runtime.GOOS == "windows" {
		t.Skip("no processes to kill on " + runtime.GOOS)
	}
	dir := t.TempDir()
	must(t, createTestMeter(t, dir).Close())
	file, err := newTestKey(t).File()
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "customer.key"), file, 0o600))
	acknowledged := filepath.Join(dir, "acknowledged")
	for round := range 5 {
		before := readNumber(acknowledged)
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledMeter$")
		cmd.Env = append(os.Environ(), "HUSHWATT_TEST_SEAL_DIR="+dir)
		must(t, cmd.Start())
		for start := time.Now(); readNumber(acknowledged) <= before; time.Sleep(time.Millisecond) {
			if time.Since(start) > time.Minute {
				t.Fatal("the program seals nothing")
			}
		}
		time.Sleep(time.Duration(7*round) * time.Millisecond)
		must(t, cmd.Process.Kill())
		cmd.Wait()
		m, err := OpenMeter(dir)
		must(t, err)
		e := m.Export()
		must(t, e.CheckHeads())
		if day := readNumber(acknowledged); day > int(e.Last()) {
			t.Fatalf("day %d was acknowledged, the meter knows days up to %d", day, e.Last())
		}
		key, err := ParseKey(file)
		must(t, err)
		_, err = e.Open(key)
		must(t, err)
		must(t, m.Close())
	}
}

// readNumber returns 0 if there is none yet, or only half of it.
func readNumber(path string) int {
	data, _ := os.ReadFile(path)
	n, _ := strconv.Atoi(strings.TrimSuffix(string(data), "."))
	if !strings.HasSuffix(string(data), ".") {
		return 0
	}
	return n
}

// sealForever is the program to be killed.
func sealForever(t *testing.T, dir string) {
	file, err := os.ReadFile(filepath.Join(dir, "customer.key"))
	must(t, err)
	key, err := ParseKey(file)
	must(t, err)
	m, err := OpenMeter(dir)
	must(t, err)
	next := uint16(firstDay)
	if e := m.Export(); e != nil {
		next = e.Last() + 1
	}
	for ; ; next++ {
		_, err := m.Seal(key.Recipient(), makeDays(m.Certificate(), next, 1, 1), 0)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, "acknowledged"), []byte(strconv.Itoa(int(next))+"."), 0o600))
	}
}
