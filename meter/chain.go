package meter

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cloudflare/circl/sign/ed25519"

	"hushwatt/internal/wire"
)

// hash is a SHA-256 output: a place in a chain.
type hash = [sha256.Size]byte

// link returns SHA-256(label ‖ u32be length of item ‖ previous ‖ item).
func link(label string, previous hash, item []byte) hash {
	h := sha256.New()
	h.Write([]byte(label))
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(item))))
	h.Write(previous[:])
	h.Write(item)
	return hash(h.Sum(nil))
}

// genesis returns where an epoch's day chain begins.
func genesis(meter string, epoch uint32) hash {
	return sha256.Sum256(binary.BigEndian.AppendUint32([]byte(wire.LabelGenesis+meter), epoch))
}

// A Record is what the day chain holds of one day: seals and statuses, channels
// in ascending order.
type Record struct {
	_        struct{} `cbor:",toarray"`
	Meter    string
	Epoch    uint32
	Day      uint16
	N        uint16
	Channels uint8  // bits, as in the certificate
	Seals    []byte // V, or V ‖ Q, of every channel
	Statuses []byte // n/2 bytes of every channel
}

// A Reason says why a day was sealed again, in one byte.
type Reason uint8

// The reasons of a correction.
const (
	Unstated  Reason = 1 // no reason given
	Estimate  Reason = 2 // an estimate gives way to a reading
	Late      Reason = 3 // readings that came late
	Fault     Reason = 4 // the meter or its installation was at fault
	WrongTime Reason = 5 // the meter's clock was wrong
)

var reasons = []string{Unstated: "unstated", Estimate: "estimate", Late: "late", Fault: "fault", WrongTime: "wrong-time"}

func (r Reason) String() string {
	if r.valid() {
		return reasons[r]
	}
	return fmt.Sprintf("reason %d", uint8(r))
}

func (r Reason) valid() bool { return r >= Unstated && r <= WrongTime }

// ReasonOf returns the reason with the given name, Unstated if there is none.
func ReasonOf(name string) Reason {
	if i := slices.Index(reasons, name); i > 0 {
		return Reason(i)
	}
	return Unstated
}

// A Correction is a day sealed again, an item of the correction chain. The
// record that it corrects stays in the day chain as it is.
type Correction struct {
	_        struct{} `cbor:",toarray"`
	Day      uint16
	Version  uint32 // 1 for a day's first correction
	Reason   Reason
	Seals    []byte // as in a Record
	Statuses []byte // as in a Record
}

// correctionItem is what the correction chain hashes.
type correctionItem struct {
	_          struct{} `cbor:",toarray"`
	Record     Record
	Version    uint32
	ReasonByte Reason
}

// scope is what all records of one segment have in common.
type scope struct {
	certificate *Certificate
	epoch       uint32
}

func (s scope) record(day uint16, seals, statuses []byte) Record {
	c := s.certificate
	return Record{Meter: c.Meter, Epoch: s.epoch, Day: day, N: c.N, Channels: c.Channels, Seals: seals, Statuses: statuses}
}

func (s scope) sealsSize() int {
	size := 32 * len(s.certificate.channels())
	if s.certificate.Squares {
		size *= 2
	}
	return size
}

func (s scope) statusesSize() int { return len(s.certificate.channels()) * int(s.certificate.N) / 2 }

// checkSizes refuses columns that are not days times what a record holds.
func (s scope) checkSizes(days int, seals, statuses []byte) error {
	if len(seals) != days*s.sealsSize() || len(statuses) != days*s.statusesSize() {
		return fmt.Errorf("%d bytes of seals and %d of statuses do not make %d days of meter %s",
			len(seals), len(statuses), days, s.certificate.Meter)
	}
	_, err := unpackStatuses(statuses)
	return err
}

func mustMarshal(v any) []byte {
	b, err := wire.Marshal(v)
	if err != nil {
		panic(err) // a struct of numbers, strings and bytes always encodes
	}
	return b
}

func (s scope) dayLink(previous hash, day uint16, seals, statuses []byte) hash {
	r := s.record(day, seals, statuses)
	return link(wire.LabelDay, previous, mustMarshal(&r))
}

func (s scope) correctionLink(previous hash, c *Correction) hash {
	item := correctionItem{Record: s.record(c.Day, c.Seals, c.Statuses), Version: c.Version, ReasonByte: c.Reason}
	return link(wire.LabelCorrection, previous, mustMarshal(&item))
}

// ciphertextLink appends the hash of a record's ciphertexts, channel by channel.
func ciphertextLink(previous hash, ciphertexts []byte) hash {
	h := sha256.Sum256(ciphertexts)
	return link(wire.LabelCiphertext, previous, h[:])
}

// A Pairing opens an epoch: it is the first item of the epoch's day chain, names
// the recipient and carries the meter's half of the tenancy's secret, sealed.
type Pairing struct {
	_            struct{} `cbor:",toarray"`
	Authority    []byte   // hash of the authority's key
	Meter        string
	Epoch        uint32
	Recipient    []byte // hash of the recipient string
	Encapsulated []byte // HPKE
	Ciphertext   []byte // HPKE: n_M
	Signature    []byte // of the meter
}

// body returns what is signed and chained: the pairing with an empty signature.
func (p *Pairing) body() []byte {
	unsigned := *p
	unsigned.Signature = nil
	return mustMarshal(&unsigned)
}

// context is what the envelope of n_M authenticates.
func (p *Pairing) context() []byte {
	return mustMarshal(&Pairing{Authority: p.Authority, Meter: p.Meter, Epoch: p.Epoch, Recipient: p.Recipient})
}

// before returns the hash before the epoch's first day record.
func (p *Pairing) before() hash {
	return link(wire.LabelDay, genesis(p.Meter, p.Epoch), p.body())
}

func (p *Pairing) check(c *Certificate) error {
	authority := c.AuthorityHash()
	switch {
	case p.Meter != c.Meter || string(p.Authority) != string(authority[:]):
		return fmt.Errorf("pairing is of meter %s, the certificate of meter %s", p.Meter, c.Meter)
	case p.Epoch == 0:
		return errors.New("pairing: epochs are counted from 1")
	case len(p.Recipient) != sha256.Size:
		return errors.New("pairing: recipient hash is not 32 bytes")
	case !verifyPairing(c.Key, p.body(), p.Signature):
		return fmt.Errorf("pairing of meter %s, epoch %d: the meter did not sign it", p.Meter, p.Epoch)
	}
	return nil
}

// A Head is a meter's signed word on its chains at the end of a UTC day.
type Head struct {
	_           struct{} `cbor:",toarray"`
	Authority   []byte   // hash of the authority's key
	Meter       string
	Epoch       uint32
	Day         uint16 // last day in the day chain
	DayTip      []byte // h_day
	Corrections uint32 // how many there are
	Correction  []byte // tip of the correction chain, 32 zero bytes at 0
	Ciphertext  []byte // tip of the ciphertext chain
	Signature   []byte // of the meter
}

func (h *Head) body() []byte {
	unsigned := *h
	unsigned.Signature = nil
	return mustMarshal(&unsigned)
}

// Bytes returns the encoding of the head with its signature.
func (h *Head) Bytes() []byte { return mustMarshal(h) }

// ParseHead reads a signed head; the signature is not checked.
func ParseHead(data []byte) (*Head, error) {
	var h Head
	if err := wire.Unmarshal(data, &h); err != nil {
		return nil, fmt.Errorf("head: %w", err)
	}
	if err := h.checkSizes(); err != nil {
		return nil, err
	}
	return &h, nil
}

func (h *Head) checkSizes() error {
	for _, b := range [][]byte{h.Authority, h.DayTip, h.Correction, h.Ciphertext} {
		if len(b) != sha256.Size {
			return errors.New("head: a hash is not 32 bytes")
		}
	}
	if len(h.Signature) != ed25519.SignatureSize {
		return errors.New("head: signature is not 64 bytes")
	}
	return nil
}

// check refuses a head that is not the signed word of this meter and epoch.
func (h *Head) check(s scope) error {
	if err := h.checkSizes(); err != nil {
		return err
	}
	authority := s.certificate.AuthorityHash()
	switch {
	case h.Meter != s.certificate.Meter || string(h.Authority) != string(authority[:]):
		return fmt.Errorf("head of %s is of meter %s, the certificate of meter %s", DayText(h.Day), h.Meter, s.certificate.Meter)
	case h.Epoch != s.epoch:
		return fmt.Errorf("head of %s is of epoch %d instead of %d", DayText(h.Day), h.Epoch, s.epoch)
	case !verifyHead(s.certificate.Key, h.body(), h.Signature):
		return fmt.Errorf("head of %s: the meter did not sign it", DayText(h.Day))
	}
	return nil
}

// tips are the ends of an epoch's three chains.
type tips struct {
	day         uint16
	dayTip      hash
	corrections uint32
	correction  hash
	ciphertext  hash
}

func (t *tips) head(s scope) Head {
	authority := s.certificate.AuthorityHash()
	return Head{Authority: authority[:], Meter: s.certificate.Meter, Epoch: s.epoch, Day: t.day,
		DayTip: bytes.Clone(t.dayTip[:]), Corrections: t.corrections,
		Correction: bytes.Clone(t.correction[:]), Ciphertext: bytes.Clone(t.ciphertext[:])}
}
