package meter

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/cloudflare/circl/sign/ed25519"

	"hushwatt/internal/wire"
)

// A Meter is a sealing meter: its keys, its certificate and, per epoch, what it
// has sealed. It lives in memory (NewMeter) or in a directory (CreateMeter,
// OpenMeter), where every call of Seal is stored before it returns.
type Meter struct {
	key         ed25519.PrivateKey
	certificate Certificate
	epochs      []*epoch
	memberships []*membership // registries that sum its readings
	live        *Live         // the day in progress, nil if there is none
	store       *store        // nil in memory
	rand        io.Reader
}

// epoch is a tenancy: one recipient, one secret, one export.
type epoch struct {
	export  *Export
	root    node // K_T
	changed bool // since it was stored
}

// Setup says what a new meter is certified for. Zero values choose the usual.
type Setup struct {
	Meter    string // its name; required
	N        int    // slots in a UTC day: 24, 48, 96, 144 or 288; required
	Channels uint8  // ImportOnly by default
	Cap      uint32 // highest reading of a slot in Wh; MaxCap by default
	First    uint16 // validity of the certificate, days since 1970-01-01;
	Last     uint16 // the years 2000 to 2099 by default
	Squares  bool   // seals over squares as well

	Rand io.Reader // of its keys and secrets; the operating system's by default
}

// Days of the default validity.
const (
	day2000 = 10957 // 2000-01-01
	day2099 = 47481 // 2099-12-31
)

func (s Setup) certificate() Certificate {
	c := Certificate{Meter: s.Meter, N: uint16(s.N), Channels: s.Channels, Cap: s.Cap, First: s.First, Last: s.Last, Squares: s.Squares}
	if c.Channels == 0 {
		c.Channels = ImportOnly
	}
	if c.Cap == 0 {
		c.Cap = MaxCap
	}
	if c.First == 0 && c.Last == 0 {
		c.First, c.Last = day2000, day2099
	}
	return c
}

// NewMeter makes a meter in memory, certified by the authority.
func NewMeter(authority *AuthorityKey, s Setup) (*Meter, error) {
	random := s.Rand
	if random == nil {
		random = rand.Reader
	}
	key, err := signingKeyFrom(random)
	if err != nil {
		return nil, err
	}
	c := s.certificate()
	c.Key = publicOf(key)
	if c, err = authority.Certify(c); err != nil {
		return nil, err
	}
	return &Meter{key: key, certificate: c, rand: random}, nil
}

// Certificate returns the meter's certificate, which the caller must not change.
func (m *Meter) Certificate() *Certificate { return &m.certificate }

// Export returns what was sealed in the newest epoch, nil if nothing was. It grows
// with the next call of Seal; its Bytes do not.
func (m *Meter) Export() *Export {
	if len(m.epochs) == 0 {
		return nil
	}
	return m.epochs[len(m.epochs)-1].export
}

// ExportEpoch returns what was sealed in an epoch, nil if there is none.
func (m *Meter) ExportEpoch(number uint32) *Export {
	if number < 1 || int(number) > len(m.epochs) {
		return nil
	}
	return m.epochs[number-1].export
}

// Opened opens the newest epoch with the meter's own secret: what Export holds, as
// its customer will see it. It is nil if nothing was sealed.
func (m *Meter) Opened() (*Opened, error) {
	if len(m.epochs) == 0 {
		return nil, nil
	}
	e := m.epochs[len(m.epochs)-1]
	return e.export.open(newWalker(e.root, 0, 0), e.export.First(), e.export.Last())
}

// Sealing is what a call of Seal did, in days.
type Sealing struct {
	Sealed    int // new days
	Filled    int // days between, sealed as missing throughout
	Skipped   int // sealed before with the same readings and statuses
	Corrected int // sealed before with others
}

// ErrSealedBefore is returned for a day that was sealed with other readings.
var ErrSealedBefore = errors.New("was sealed before with other readings; sealing it again needs a reason for the correction")

// Seal seals days, in order, for a recipient. Days after the last sealed one are
// appended, with those left out in between as missing; a day that was sealed
// before is skipped if its readings and statuses are the same, corrected if a
// reason is given (0 means none), and refused otherwise. A recipient other than
// the last one begins a new epoch. Nothing is changed if days are refused; if they
// cannot be stored the meter must be opened again.
func (m *Meter) Seal(r *Recipient, days []Day, reason Reason) (Sealing, error) {
	if m.store != nil && m.store.failed {
		return Sealing{}, errors.New("an earlier sealing could not be stored: open the meter again")
	}
	if reason != 0 && !reason.valid() {
		return Sealing{}, fmt.Errorf("%s is not known", reason)
	}
	if m.live != nil && len(days) > 0 && days[len(days)-1].Day >= m.live.readings.Day {
		return Sealing{}, fmt.Errorf("day %s is in progress", DayText(m.live.readings.Day))
	}
	var done Sealing
	later, wrong, err := m.sort(days, reason, &done)
	if err != nil {
		return Sealing{}, err
	}
	target, err := m.target(r, later)
	if err != nil {
		return Sealing{}, err
	}
	for _, d := range wrong {
		m.epochOf(d.Day).correct(d, reason)
	}
	for _, e := range m.epochs {
		e.signHead(m.key) // of all corrections together
	}
	m.extend(target, later, &done)
	done.Corrected = len(wrong)
	return done, m.save()
}

// extend appends days to an epoch, which it enters if it is new.
func (m *Meter) extend(target *epoch, later []*Day, done *Sealing) {
	if len(later) > 0 && !slices.Contains(m.epochs, target) {
		target.export.file.First = later[0].Day
		m.epochs = append(m.epochs, target)
	}
	for _, d := range later {
		for next := target.next(); next < int(d.Day); next++ {
			target.append(missingDay(uint16(next), &m.certificate), m.key)
			done.Filled++
		}
		target.append(*d, m.key)
	}
	done.Sealed = len(later)
}

// sort tells new days from those to be corrected.
func (m *Meter) sort(days []Day, reason Reason, done *Sealing) (later, wrong []*Day, err error) {
	last := -1
	if e := m.Export(); e != nil {
		last = int(e.Last())
	}
	for i := range days {
		d := &days[i]
		if i > 0 && d.Day <= days[i-1].Day {
			return nil, nil, fmt.Errorf("day %s comes after %s", DayText(d.Day), DayText(days[i-1].Day))
		}
		if err := d.check(&m.certificate); err != nil {
			return nil, nil, err
		}
		if int(d.Day) > last {
			later = append(later, d)
			continue
		}
		same, err := m.sealedSame(d)
		switch {
		case err != nil:
			return nil, nil, err
		case same:
			done.Skipped++
		case reason == 0:
			return nil, nil, fmt.Errorf("day %s %w", DayText(d.Day), ErrSealedBefore)
		default:
			wrong = append(wrong, d)
		}
	}
	return later, wrong, nil
}

// sealedSame reports whether a day was sealed with the same readings.
func (m *Meter) sealedSame(d *Day) (bool, error) {
	e := m.epochOf(d.Day)
	if e == nil {
		return false, fmt.Errorf("day %s lies before the first sealed day, and a chain cannot grow backwards", DayText(d.Day))
	}
	opened, err := e.export.openLatest(newWalker(e.root, 0, 0), d.Day)
	if err != nil {
		return false, fmt.Errorf("own state: %w", err)
	}
	before := Day{Day: d.Day}
	for _, c := range opened.Channels {
		before.Channels = append(before.Channels, Readings{c.Wh, c.Status})
	}
	return before.equal(d), nil
}

func (m *Meter) epochOf(day uint16) *epoch {
	for _, e := range m.epochs {
		if e.export.First() <= day && day <= e.export.Last() {
			return e
		}
	}
	return nil
}

// target returns the epoch that new days go to: the newest one if it has this
// recipient, else a new one, which is not entered in m.epochs yet.
func (m *Meter) target(r *Recipient, later []*Day) (*epoch, error) {
	recipient := r.Hash()
	if len(m.epochs) > 0 {
		newest := m.epochs[len(m.epochs)-1]
		if string(newest.export.file.Pairing.Recipient) == string(recipient[:]) {
			return newest, nil
		}
		if len(later) == 0 {
			return nil, errors.New("all these days were sealed for another recipient; a new one begins with a later day")
		}
	}
	return m.pair(r)
}

// pair begins an epoch. Its number has never been used: each pairing takes the
// next one, and a pairing is stored with its first day or not at all.
func (m *Meter) pair(r *Recipient) (*epoch, error) {
	number := uint32(len(m.epochs) + 1)
	secret := make([]byte, secretSize) // n_M
	if _, err := io.ReadFull(m.rand, secret); err != nil {
		return nil, fmt.Errorf("pairing secret: %w", err)
	}
	authority, recipient := m.certificate.AuthorityHash(), r.Hash()
	p := Pairing{Authority: authority[:], Meter: m.certificate.Meter, Epoch: number, Recipient: recipient[:]}
	var err error
	if p.Encapsulated, p.Ciphertext, err = r.envelope(m.rand, p.context(), secret); err != nil {
		return nil, err
	}
	p.Signature = signPairing(m.key, p.body())
	e := &Export{file: exportFile{Format: wire.LabelExport, Certificate: m.certificate, Pairing: p}}
	e.scope = scope{&e.file.Certificate, number}
	e.start()
	return &epoch{export: e, root: tenancyKey(r, secret, p.Meter, number)}, nil
}

// next returns the day after the last sealed one.
func (e *epoch) next() int { return int(e.export.file.First) + e.export.sealedDays() }

// append seals the next day and signs the head of its end.
func (e *epoch) append(d Day, key ed25519.PrivateKey) {
	seals, statuses, ciphertexts := e.seal(&d, 0)
	f := &e.export.file
	f.Seals = append(f.Seals, seals...)
	f.Statuses = append(f.Statuses, statuses...)
	f.Ciphertexts = append(f.Ciphertexts, ciphertexts...)
	e.export.linkDay()
	e.signHead(key)
}

// correct appends a day to the correction chain; a head must be signed after.
func (e *epoch) correct(d *Day, reason Reason) {
	f := &e.export.file
	version := e.export.current[d.Day-f.First] + 1
	seals, statuses, ciphertexts := e.seal(d, version)
	f.Corrections = append(f.Corrections, exportCorrection{
		Correction:  Correction{Day: d.Day, Version: version, Reason: reason, Seals: seals, Statuses: statuses},
		Ciphertexts: ciphertexts})
	if err := e.export.linkCorrection(); err != nil {
		panic(err) // the version is the next one and the day is sealed
	}
}

// seal returns a record's parts, all channels one after another.
func (e *epoch) seal(d *Day, version uint32) (seals, statuses, ciphertexts []byte) {
	c := &e.export.file.Certificate
	key := descend(e.root, 0, treeDepth, d.Day)
	for i, ch := range c.channels() {
		r := &d.Channels[i]
		s := sealReadings(&key, ch, version, r.Wh, c.Squares)
		b := s.bytes()
		h := &readingsHeader{Meter: c.Meter, Epoch: e.export.Epoch(), Day: d.Day, N: c.N, Channel: uint8(ch), Version: version}
		seals = append(seals, b...)
		statuses = packStatuses(statuses, r.Status)
		ciphertexts = append(ciphertexts, encryptReadings(&key, h, b[:32], r.Wh)...)
	}
	return seals, statuses, ciphertexts
}

// signHead signs the chains as they are, unless the last head already did.
func (e *epoch) signHead(key ed25519.PrivateKey) {
	f, t := &e.export.file, &e.export.tips
	if k := len(e.export.heads); k > 0 && e.export.heads[k-1].Day == t.day && e.export.heads[k-1].Corrections == t.corrections {
		return
	}
	h := t.head(e.export.scope)
	h.Signature = signHead(key, h.body())
	e.export.heads = append(e.export.heads, h)
	f.HeadDays = append(f.HeadDays, t.day)
	f.HeadCounts = append(f.HeadCounts, t.corrections)
	f.Signatures = append(f.Signatures, h.Signature...)
	e.changed = true
}
