package meter

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"hushwatt/internal/wire"
)

// A meter's directory holds its keys, each in a file of its own with mode 0600,
// and per epoch the export as the customer gets it and the tenancy key:
//
//	authority.key  authority.pub   the local test authority; of another one only .pub
//	meter.key      certificate     the meter
//	epoch-1.secret epoch-1.hushwatt  the first epoch, and so on
//	today          registries        the day in progress; who sums the readings
//
// Every file is written beside its place, synced and renamed: after a crash the
// old or the new one is there, whole. An epoch begins with its secret; one that
// has no export yet was never seen by anyone and is made anew.
const (
	fileAuthorityKey = "authority.key"
	fileAuthority    = "authority.pub"
	fileMeterKey     = "meter.key"
	fileCertificate  = "certificate" // written last: with it the meter exists
	fileLock         = "lock"

	meterKeyName = "hushwatt-meter-key"
	tenancyName  = "hushwatt-tenancy"
)

type store struct {
	dir    string
	unlock func() error
	failed bool // memory may be ahead of the disk
}

func (s *store) path(name string) string { return filepath.Join(s.dir, name) }

func (s *store) secretPath(number int) string {
	return s.path(fmt.Sprintf("epoch-%d.secret", number))
}

func (s *store) exportPath(number int) string {
	return s.path(fmt.Sprintf("epoch-%d.hushwatt", number))
}

// CreateMeter makes a meter in a directory, which is made if needed, with a local
// test authority of its own. It refuses a directory that holds a meter.
func CreateMeter(dir string, setup Setup) (*Meter, error) {
	return CreateCertifiedMeter(dir, nil, setup)
}

// CreateCertifiedMeter is CreateMeter for a meter that an authority certifies, whose key
// is not kept in the directory.
func CreateCertifiedMeter(dir string, authority *AuthorityKey, setup Setup) (*Meter, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create meter: %w", err)
	}
	s, err := lockStore(dir)
	if err != nil {
		return nil, err
	}
	m, err := s.create(authority, setup)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create meter: %w", err), s.unlock())
	}
	return m, nil
}

func (s *store) create(authority *AuthorityKey, setup Setup) (*Meter, error) {
	if _, err := os.Stat(s.path(fileCertificate)); err == nil {
		return nil, fmt.Errorf("%s holds a meter", s.dir)
	}
	own := authority == nil
	if own {
		var err error
		if authority, err = NewAuthorityKey(); err != nil {
			return nil, err
		}
	}
	m, err := NewMeter(authority, setup)
	if err != nil {
		return nil, err
	}
	m.store = s
	if own {
		if err := writeFile(s.path(fileAuthorityKey), line(authority.String()), 0o600); err != nil {
			return nil, err
		}
	}
	for _, f := range []struct {
		name string
		data []byte
		mode fs.FileMode
	}{
		{fileAuthority, line(authority.Authority().String()), 0o644},
		{fileMeterKey, line(wire.EncodeText(meterKeyName, m.key.Seed())), 0o600},
		{fileCertificate, mustMarshal(&m.certificate), 0o644},
	} {
		if err := writeFile(s.path(f.name), f.data, f.mode); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// OpenMeter opens a meter's directory, checking all that it holds, and locks it
// until Close. The error is fs.ErrNotExist if there is no meter.
func OpenMeter(dir string) (*Meter, error) {
	if _, err := os.Stat(filepath.Join(dir, fileCertificate)); err != nil {
		return nil, fmt.Errorf("open meter: %w", err)
	}
	s, err := lockStore(dir)
	if err != nil {
		return nil, err
	}
	m, err := s.open()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open meter: %w", err), s.unlock())
	}
	return m, nil
}

func (s *store) open() (*Meter, error) {
	data, err := os.ReadFile(s.path(fileCertificate))
	if err != nil {
		return nil, err
	}
	c, err := ParseCertificate(data)
	if err != nil {
		return nil, err
	}
	text, err := readLine(s.path(fileMeterKey))
	if err != nil {
		return nil, err
	}
	m := &Meter{certificate: *c, store: s, rand: rand.Reader}
	if m.key, err = parseSeed(meterKeyName, text); err != nil {
		return nil, fmt.Errorf("meter key %w", err)
	}
	if !bytes.Equal(publicOf(m.key), c.Key) {
		return nil, errors.New("meter key is not that of the certificate")
	}
	for {
		e, err := s.openEpoch(m, len(m.epochs)+1)
		if errors.Is(err, fs.ErrNotExist) {
			return m, errors.Join(s.openMemberships(m), s.openLive(m))
		}
		if err != nil {
			return nil, fmt.Errorf("epoch %d: %w", len(m.epochs)+1, err)
		}
		m.epochs = append(m.epochs, e)
	}
}

// openEpoch returns fs.ErrNotExist if the epoch has no export yet.
func (s *store) openEpoch(m *Meter, number int) (*epoch, error) {
	data, err := os.ReadFile(s.exportPath(number))
	if err != nil {
		return nil, err
	}
	e := &epoch{}
	if e.export, err = ParseExport(data); err != nil {
		return nil, err
	}
	if !bytes.Equal(mustMarshal(e.export.Certificate()), mustMarshal(&m.certificate)) || e.export.Epoch() != uint32(number) {
		return nil, errors.New("export is of another meter or epoch")
	}
	text, err := readLine(s.secretPath(number))
	if err != nil {
		return nil, errors.New("its secret cannot be read: " + err.Error())
	}
	root, err := wire.DecodeText(tenancyName, text)
	if err != nil || len(root) != nodeSize {
		return nil, errors.New("its secret is damaged")
	}
	e.root = node(root)
	return e, nil
}

// save stores the epochs that changed. If that fails, memory is ahead of the
// disk, and sealing on could sign what contradicts the disk: Seal refuses.
func (m *Meter) save() error {
	if m.store == nil {
		return nil
	}
	for i, e := range m.epochs {
		if !e.changed {
			continue
		}
		if err := m.store.saveEpoch(i+1, e); err != nil {
			m.store.failed = true
			return fmt.Errorf("store epoch %d: %w", i+1, err)
		}
		e.changed = false
	}
	return nil
}

func (s *store) saveEpoch(number int, e *epoch) error {
	if _, err := os.Stat(s.exportPath(number)); errors.Is(err, fs.ErrNotExist) {
		// If we crash after this line the epoch has a secret and no export: the
		// next pairing writes over it, and nothing was sealed with it.
		if err := writeFile(s.secretPath(number), line(wire.EncodeText(tenancyName, e.root[:])), 0o600); err != nil {
			return err
		}
	}
	return writeFile(s.exportPath(number), e.export.Bytes(), 0o644)
}

// Close unlocks the meter's directory.
func (m *Meter) Close() error {
	if m.store == nil {
		return nil
	}
	return m.store.unlock()
}

func line(s string) []byte { return []byte(s + "\n") }

// readLine reads a file of one line.
func readLine(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(string(data), "\n"), nil
}

// writeFile replaces a file as a whole: after a crash the old or the new one is
// there.
func writeFile(path string, data []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone after the rename
	err = errors.Join(f.Chmod(mode), write(f, data), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func write(f *os.File, data []byte) error {
	_, err := f.Write(data)
	return err
}
