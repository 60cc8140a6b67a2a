package meter

import (
	"errors"
	"fmt"

	"github.com/cloudflare/circl/sign/ed25519"

	"hushwatt/internal/wire"
)

// MediaType is that of an export file, *.hushwatt.
const MediaType = "application/vnd.hushwatt.export+cbor"

// exportFile is an export as it stands in a file: columns of bytes, which decode
// several times faster than rows.
type exportFile struct {
	_           struct{} `cbor:",toarray"`
	Format      string
	Certificate Certificate
	Pairing     Pairing
	First       uint16 // day of the first record; no day is left out after it
	Seals       []byte // of every day, as in a Record
	Statuses    []byte
	Ciphertexts []byte // of every day and channel, 4n + 16 bytes each
	Corrections []exportCorrection
	HeadDays    []uint16 // one entry a head, in the order they were signed
	HeadCounts  []uint32 // corrections by then
	Signatures  []byte   // 64 bytes a head
}

type exportCorrection struct {
	_           struct{} `cbor:",toarray"`
	Correction  Correction
	Ciphertexts []byte
}

// An Export is all that a meter has sealed in one epoch: it can be given to the
// customer, who alone can open it. Its chains have been checked.
type Export struct {
	file    exportFile
	scope   scope
	tips    tips     // after the last head
	before  []hash   // before[i] is the day chain's value before day First+i
	heads   []Head   // in the order they were signed
	current []uint32 // per day the highest version
}

// ParseExport reads an export file and checks certificate, pairing, both chains
// and the last head, which signs them: everything that needs no key. The heads of
// the days between say nothing more, and checking 365 signatures takes longer than
// opening the seals, so each is checked when a segment ends with it; CheckHeads
// checks all. Whether the authority is to be trusted is for the caller to say.
func ParseExport(data []byte) (*Export, error) {
	e, err := decodeExport(data)
	if err != nil {
		return nil, err
	}
	if err := e.verify(); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return e, nil
}

// decodeExport checks encoding and sizes, and nothing that is signed.
func decodeExport(data []byte) (*Export, error) {
	e := &Export{}
	if err := wire.Unmarshal(data, &e.file); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	f := &e.file
	if f.Format != wire.LabelExport {
		return nil, errors.New("export: not a hushwatt export file")
	}
	if err := f.Certificate.check(); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	e.scope = scope{&f.Certificate, f.Pairing.Epoch}
	days := len(f.Seals) / e.scope.sealsSize()
	if days == 0 || int(f.First)+days > 1<<16 {
		return nil, errors.New("export: holds no day")
	}
	if err := e.scope.checkSizes(days, f.Seals, f.Statuses); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	if len(f.Ciphertexts) != days*e.scope.ciphertextsSize() {
		return nil, errors.New("export: ciphertexts have the wrong length")
	}
	for i := range f.Corrections {
		c := &f.Corrections[i]
		if err := e.scope.checkCorrection(&c.Correction); err != nil {
			return nil, fmt.Errorf("export: %w", err)
		}
		if len(c.Ciphertexts) != e.scope.ciphertextsSize() {
			return nil, errors.New("export: ciphertexts have the wrong length")
		}
	}
	heads := len(f.HeadDays)
	if heads == 0 || len(f.HeadCounts) != heads || len(f.Signatures) != heads*ed25519.SignatureSize {
		return nil, errors.New("export: columns of heads are not of one length")
	}
	return e, nil
}

// Bytes returns the form that ParseExport reads.
func (e *Export) Bytes() []byte { return mustMarshal(&e.file) }

// verify replays what the meter did and checks what it signed.
func (e *Export) verify() error {
	f := &e.file
	if err := f.Certificate.Check(); err != nil {
		return err
	}
	if err := f.Pairing.check(&f.Certificate); err != nil {
		return err
	}
	if !f.Certificate.validOn(f.First, e.Last()) {
		return fmt.Errorf("certificate of meter %s is not valid on all days from %s to %s",
			f.Certificate.Meter, DayText(f.First), DayText(e.Last()))
	}
	if err := e.replay(); err != nil {
		return err
	}
	return e.heads[len(e.heads)-1].check(e.scope)
}

// CheckHeads checks the signature of every head.
func (e *Export) CheckHeads() error {
	for i := range e.heads {
		if err := e.heads[i].check(e.scope); err != nil {
			return err
		}
	}
	return nil
}

// replay rebuilds chains and heads from the columns. Between two heads the day's
// record comes first, then corrections in their order.
func (e *Export) replay() error {
	f := &e.file
	e.start()
	for i, day := range f.HeadDays {
		switch {
		case e.sealedDays() > 0 && day == e.tips.day && f.HeadCounts[i] > e.tips.corrections:
		case int(day) == int(f.First)+e.sealedDays() && day <= e.Last() && f.HeadCounts[i] >= e.tips.corrections:
			e.linkDay()
		default:
			return fmt.Errorf("head of %s does not follow the one before", DayText(day))
		}
		if int(f.HeadCounts[i]) > len(f.Corrections) {
			return fmt.Errorf("head of %s counts corrections that are not there", DayText(day))
		}
		for e.tips.corrections < f.HeadCounts[i] {
			if err := e.linkCorrection(); err != nil {
				return err
			}
		}
		h := e.tips.head(e.scope)
		h.Signature = f.Signatures[i*ed25519.SignatureSize:][:ed25519.SignatureSize:ed25519.SignatureSize]
		e.heads = append(e.heads, h)
	}
	if e.sealedDays() != e.days() || int(e.tips.corrections) != len(f.Corrections) {
		return errors.New("the last head does not cover all that was sealed")
	}
	return nil
}

// start sets the chains to where the epoch begins.
func (e *Export) start() {
	e.tips = tips{dayTip: e.file.Pairing.before()}
	e.before, e.heads, e.current = nil, nil, nil
}

// sealedDays counts the days linked so far.
func (e *Export) sealedDays() int { return len(e.before) }

// linkDay moves the chains over the next day of the columns.
func (e *Export) linkDay() {
	i := e.sealedDays()
	day := e.file.First + uint16(i)
	seals, statuses, ciphertexts := e.day(i)
	e.before = append(e.before, e.tips.dayTip)
	e.current = append(e.current, 0)
	e.tips.day = day
	e.tips.dayTip = e.scope.dayLink(e.tips.dayTip, day, seals, statuses)
	e.tips.ciphertext = ciphertextLink(e.tips.ciphertext, ciphertexts)
}

// linkCorrection moves the chains over the next correction.
func (e *Export) linkCorrection() error {
	c := &e.file.Corrections[e.tips.corrections]
	i := int(c.Correction.Day) - int(e.file.First)
	if i < 0 || i >= e.sealedDays() {
		return fmt.Errorf("correction of %s, a day that is not sealed", DayText(c.Correction.Day))
	}
	if c.Correction.Version != e.current[i]+1 {
		return fmt.Errorf("correction of %s is version %d after %d", DayText(c.Correction.Day), c.Correction.Version, e.current[i])
	}
	e.current[i]++
	e.tips.corrections++
	e.tips.correction = e.scope.correctionLink(e.tips.correction, &c.Correction)
	e.tips.ciphertext = ciphertextLink(e.tips.ciphertext, c.Ciphertexts)
	return nil
}

// day returns the parts of record i, views into the columns.
func (e *Export) day(i int) (seals, statuses, ciphertexts []byte) {
	return part(e.file.Seals, i, e.scope.sealsSize()),
		part(e.file.Statuses, i, e.scope.statusesSize()),
		part(e.file.Ciphertexts, i, e.scope.ciphertextsSize())
}

// part returns item i of a column of items of one size.
func part(column []byte, i, size int) []byte { return column[i*size : (i+1)*size : (i+1)*size] }

func (s scope) ciphertextsSize() int {
	return len(s.certificate.channels()) * ciphertextSize(int(s.certificate.N))
}

func (s scope) checkCorrection(c *Correction) error {
	if !c.Reason.valid() || c.Version == 0 {
		return fmt.Errorf("correction of %s: version %d, reason %d", DayText(c.Day), c.Version, c.Reason)
	}
	return s.checkSizes(1, c.Seals, c.Statuses)
}

func (e *Export) days() int { return len(e.file.Seals) / e.scope.sealsSize() }

// Certificate returns the meter's certificate, which the caller must not change.
func (e *Export) Certificate() *Certificate { return &e.file.Certificate }

// Epoch returns the epoch, counted from 1.
func (e *Export) Epoch() uint32 { return e.file.Pairing.Epoch }

// First returns the first sealed day.
func (e *Export) First() uint16 { return e.file.First }

// Last returns the last sealed day.
func (e *Export) Last() uint16 { return e.file.First + uint16(e.days()-1) }

// Corrections returns how many corrections there are.
func (e *Export) Corrections() int { return len(e.file.Corrections) }

// Statuses returns the current statuses of a day, n per channel.
func (e *Export) Statuses(day uint16) ([][]Status, error) {
	if day < e.First() || day > e.Last() {
		return nil, fmt.Errorf("day %s is not in the export", DayText(day))
	}
	_, packed := e.latest(day)
	return splitStatuses(packed, int(e.scope.certificate.N))
}

// latest returns seals and statuses of a day's highest version.
func (e *Export) latest(day uint16) (seals, statuses []byte) {
	for i := len(e.file.Corrections) - 1; i >= 0; i-- {
		if c := &e.file.Corrections[i].Correction; c.Day == day {
			return c.Seals, c.Statuses
		}
	}
	seals, statuses, _ = e.day(int(day - e.file.First))
	return seals, statuses
}

// splitStatuses unpacks a record's statuses, channel by channel.
func splitStatuses(packed []byte, n int) ([][]Status, error) {
	var list [][]Status
	for i := range len(packed) / (n / 2) {
		statuses, err := unpackStatuses(part(packed, i, n/2))
		if err != nil {
			return nil, err
		}
		list = append(list, statuses)
	}
	return list, nil
}

// ErrEpochReused is returned for two pairings of one epoch: the meter, or someone
// with its key, made two secrets for what must be one tenancy.
var ErrEpochReused = errors.New("one epoch of a meter was paired twice")

// CheckEpochs refuses exports of one epoch with different pairings.
func CheckEpochs(exports ...*Export) error {
	type epoch struct {
		authority [32]byte
		meter     string
		number    uint32
	}
	seen := map[epoch]string{}
	for _, e := range exports {
		id := epoch{e.file.Certificate.AuthorityHash(), e.file.Certificate.Meter, e.Epoch()}
		body := string(e.file.Pairing.body())
		if before, ok := seen[id]; ok && before != body {
			return fmt.Errorf("meter %s, epoch %d: %w", id.meter, id.number, ErrEpochReused)
		}
		seen[id] = body
	}
	return nil
}
