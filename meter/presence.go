package meter

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"hushwatt/internal/wire"
)

// Presence is decided once for each slot of a registry: who is counted, and by which
// records. All sums of the slot are over it (docs/protocol.md, section 7.4).
type Presence struct {
	_          struct{} `cbor:",toarray"`
	Registry   []byte   // hash
	Day        uint16
	Slot       uint16
	Meters     Bitmap
	Records    []byte   // hash over the hashes of their records
	Signatures [][]byte // of the charter's parties, in their order
}

// ParsePresence reads a presence and checks its form and all signatures.
func ParsePresence(data []byte, r *Registry) (*Presence, error) {
	var p Presence
	if err := wire.Unmarshal(data, &p); err != nil {
		return nil, fmt.Errorf("presence: %w", err)
	}
	if err := p.Check(r); err != nil {
		return nil, err
	}
	return &p, nil
}

// Bytes returns the form that ParsePresence reads.
func (p *Presence) Bytes() []byte { return mustMarshal(p) }

func (p *Presence) body() []byte {
	unsigned := *p
	unsigned.Signatures = nil
	return mustMarshal(&unsigned)
}

// Hash names the presence: everything but its signatures.
func (p *Presence) Hash() [32]byte {
	return sha256.Sum256(append([]byte(wire.LabelPresenceHash), p.body()...))
}

// CheckUnsigned checks the form: what a party does before it signs.
func (p *Presence) CheckUnsigned(r *Registry) error {
	hash := r.Hash()
	switch {
	case !bytes.Equal(p.Registry, hash[:]):
		return errors.New("presence is of another registry")
	case p.Day < r.First:
		return errors.New("presence is of a day before the registry")
	case p.Slot >= r.Charter.N:
		return fmt.Errorf("presence: slot %d of a day of %d", p.Slot, r.Charter.N)
	case len(p.Records) != sha256.Size:
		return errors.New("presence: hash of the records is not one")
	}
	if err := p.Meters.check(len(r.Meters)); err != nil {
		return fmt.Errorf("presence: %w", err)
	}
	return nil
}

// ErrUnsigned is returned for a presence that not all parties have signed.
var ErrUnsigned = errors.New("not signed by all parties of the charter")

// Check checks the form and all signatures.
func (p *Presence) Check(r *Registry) error {
	if err := p.CheckUnsigned(r); err != nil {
		return err
	}
	if len(p.Signatures) != len(r.Charter.Parties) {
		return fmt.Errorf("presence: %w", ErrUnsigned)
	}
	body := p.body()
	for i := range r.Charter.Parties {
		if !verifyPresence(r.Charter.Parties[i].Key, body, p.Signatures[i]) {
			return fmt.Errorf("presence: %s: %w", r.Charter.Parties[i].Name, ErrUnsigned)
		}
	}
	return nil
}

// SignedBy reports whether a signature of the presence is by the party in a place of
// the charter.
func (p *Presence) SignedBy(r *Registry, party int, signature []byte) bool {
	return party >= 0 && party < len(r.Charter.Parties) && verifyPresence(r.Charter.Parties[party].Key, p.body(), signature)
}

// CountedHash returns the hash over the hashes of the records of those present, in
// order of their places.
func CountedHash(hashes [][32]byte) []byte {
	h := sha256.New()
	h.Write([]byte(wire.LabelCounted))
	for i := range hashes {
		h.Write(hashes[i][:])
	}
	return h.Sum(nil)
}
