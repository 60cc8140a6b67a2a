package meter

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"hushwatt/internal/wire"
)

// IDSize is the length of the name by which records call a meter: the first bytes
// of its enrolment's hash.
const IDSize = 8

// An Enrolment is a meter's entry into a registry: it hands every party a key of its
// own, sealed, and in a masking registry names the recipient to which neighbours seal
// theirs.
type Enrolment struct {
	_           struct{} `cbor:",toarray"`
	Certificate Certificate
	Charter     []byte   // hash
	First       uint16   // first day of its share keys
	Envelopes   [][]byte // HPKE encapsulation ‖ ciphertext for each party
	Recipient   string   // of the meter, in a masking registry; else empty
	Signature   []byte   // of the meter
}

// ParseEnrolment reads an enrolment and checks it against the charter that it names.
func ParseEnrolment(data []byte, c *Charter) (*Enrolment, error) {
	var e Enrolment
	if err := wire.Unmarshal(data, &e); err != nil {
		return nil, fmt.Errorf("enrolment: %w", err)
	}
	if err := e.check(c); err != nil {
		return nil, err
	}
	return &e, nil
}

// Bytes returns the form that ParseEnrolment reads.
func (e *Enrolment) Bytes() []byte { return mustMarshal(e) }

// Hash returns the hash by which a registry holds the enrolment.
func (e *Enrolment) Hash() [32]byte {
	return sha256.Sum256(append([]byte(wire.LabelEnrolmentHash), e.Bytes()...))
}

func (e *Enrolment) body() []byte {
	unsigned := *e
	unsigned.Signature = nil
	return mustMarshal(&unsigned)
}

// context is what the envelope for one party authenticates.
func (e *Enrolment) context(party int) []byte {
	bare := *e
	bare.Envelopes, bare.Signature = nil, nil
	return append(mustMarshal(&bare), byte(party))
}

func (e *Enrolment) check(c *Charter) error {
	if err := e.Certificate.Check(); err != nil {
		return fmt.Errorf("enrolment: %w", err)
	}
	if err := c.admits(&e.Certificate); err != nil {
		return fmt.Errorf("enrolment: %w", err)
	}
	hash, name := c.Hash(), e.Certificate.Meter
	switch {
	case string(e.Charter) != string(hash[:]):
		return fmt.Errorf("enrolment of meter %s: it is for another charter", name)
	case len(e.Envelopes) != len(c.Parties):
		return fmt.Errorf("enrolment of meter %s: %d envelopes for %d parties", name, len(e.Envelopes), len(c.Parties))
	case !e.Certificate.validOn(e.First, e.First):
		return fmt.Errorf("enrolment of meter %s: its certificate is not valid on %s", name, DayText(e.First))
	case c.Masking() != (e.Recipient != ""):
		return fmt.Errorf("enrolment of meter %s: a recipient is for masking registries, and they need one", name)
	}
	if c.Masking() {
		if _, err := ParseRecipient(e.Recipient); err != nil {
			return fmt.Errorf("enrolment of meter %s: %w", name, err)
		}
	}
	if !verifyEnrolment(e.Certificate.Key, e.body(), e.Signature) {
		return fmt.Errorf("enrolment of meter %s: the meter did not sign it", name)
	}
	return nil
}

// A membership is a meter's part in one registry.
type membership struct {
	charter  *Charter
	id       []byte      // IDSize bytes
	keys     []*ShareKey // of the parties, in their order
	masks    *masks      // in a masking registry, once it was joined
	mailbox  *Key        // in a masking registry: what neighbours seal to
	enrolled *Enrolment
}

// Enrol enters the meter into the registry of a charter from a day on, in place of
// the one that summed this channel before: with two, the difference of two sums
// could be one home. The charter must be signed by the authority that certified the
// meter. Its keys are stored before this returns.
func (m *Meter) Enrol(c *Charter, first uint16) (*Enrolment, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if err := c.admits(&m.certificate); err != nil {
		return nil, err
	}
	if m.live != nil {
		return nil, fmt.Errorf("day %s is in progress", DayText(m.live.readings.Day))
	}
	hash := c.Hash()
	e := &Enrolment{Certificate: m.certificate, Charter: hash[:], First: first}
	if !e.Certificate.validOn(first, first) {
		return nil, fmt.Errorf("the certificate of meter %s is not valid on %s", m.certificate.Meter, DayText(first))
	}
	p := &membership{charter: c, enrolled: e}
	var err error
	if c.Masking() {
		if p.mailbox, err = NewKeyFrom(XWing, m.rand); err != nil {
			return nil, err
		}
		e.Recipient = p.mailbox.recipient.text
	}
	if err := p.sealKeys(m.rand, first); err != nil {
		return nil, err
	}
	e.Signature = signEnrolment(m.key, e.body())
	id := e.Hash()
	p.id = id[:IDSize]
	kept := []*membership{p}
	for _, o := range m.memberships {
		if o.charter.Channel != c.Channel {
			kept = append(kept, o)
		}
	}
	m.memberships = kept
	return e, m.saveMemberships()
}

// Enrolled returns the meter's enrolment for the registry that sums a channel, and its
// charter; nil if none does.
func (m *Meter) Enrolled(channel int) (*Enrolment, *Charter) {
	if p := m.membershipOf(channel); p != nil {
		return p.enrolled, p.charter
	}
	return nil, nil
}

// sealKeys draws a key for each party.
func (p *membership) sealKeys(random io.Reader, first uint16) error {
	for i := range p.charter.Parties {
		r, err := ParseRecipient(p.charter.Parties[i].Recipient)
		if err != nil {
			return err
		}
		key, envelope, err := sealShareKey(random, r, p.enrolled.context(i), first)
		if err != nil {
			return err
		}
		p.keys = append(p.keys, key)
		p.enrolled.Envelopes = append(p.enrolled.Envelopes, envelope)
	}
	return nil
}

// sealShareKey draws a share key and seals it for a recipient.
func sealShareKey(random io.Reader, r *Recipient, context []byte, first uint16) (*ShareKey, []byte, error) {
	secret := make([]byte, nodeSize)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, nil, fmt.Errorf("share key: %w", err)
	}
	key := newShareKey(secret, first)
	envelope, err := key.sealFor(random, r, context)
	return key, envelope, err
}

// sealFor seals a share key, from its first day on, for a recipient.
func (k *ShareKey) sealFor(random io.Reader, r *Recipient, context []byte) ([]byte, error) {
	seed := make([]byte, r.id.Scheme().EncapsulationSeedSize())
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, fmt.Errorf("share key: %w", err)
	}
	encapsulated, ciphertext, err := r.id.seal(r.key, seed, []byte(wire.LabelEnrolmentSecret), k.chain[:], context)
	if err != nil {
		return nil, fmt.Errorf("share key: %w", err)
	}
	return append(encapsulated, ciphertext...), nil
}

// openShareKey opens what sealShareKey sealed.
func (k *Key) openShareKey(envelope, context []byte, first uint16) (*ShareKey, error) {
	size := k.recipient.id.Scheme().CiphertextSize()
	if len(envelope) <= size {
		return nil, errors.New("share key: the envelope is too short")
	}
	secret, err := k.recipient.id.open(k.private, envelope[:size], []byte(wire.LabelEnrolmentSecret), envelope[size:], context)
	if err != nil || len(secret) != nodeSize {
		return nil, errors.New("share key: the envelope was not made for this key")
	}
	return newShareKey(secret, first), nil
}

// OpenEnrolment returns the share key that an enrolment holds for the party in a place
// 0 … k−1 of the charter, whose key this is.
func (k *Key) OpenEnrolment(e *Enrolment, party int) (*ShareKey, error) {
	if party < 0 || party >= len(e.Envelopes) {
		return nil, fmt.Errorf("enrolment of meter %s: no envelope %d", e.Certificate.Meter, party)
	}
	key, err := k.openShareKey(e.Envelopes[party], e.context(party), e.First)
	if err != nil {
		return nil, fmt.Errorf("enrolment of meter %s: %w", e.Certificate.Meter, err)
	}
	return key, nil
}
