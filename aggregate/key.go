package aggregate

import (
	"crypto/rand"
	"crypto/sha3"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/cloudflare/circl/sign/ed25519"

	"hushwatt/internal/wire"
	"hushwatt/meter"
)

// A PartyKey is what an authority or an aggregator keeps secret: a seed, from which
// its signing key and the key come to which meters seal its share keys. It is made
// for one charter. Once all share keys are opened the seed is needed for signing
// only, and who wants yesterday safe from it keeps the signing key and erases the
// rest (docs/design/aggregate.md).
type PartyKey struct {
	name    string
	kem     meter.KEM
	seed    [32]byte
	signing ed25519.PrivateKey
	mailbox *meter.Key
}

const partyKeyName = "hushwatt-party-key"

// NewPartyKey makes a key from what is read from random, crypto/rand if it is nil.
func NewPartyKey(name string, kem meter.KEM, random io.Reader) (*PartyKey, error) {
	if random == nil {
		random = rand.Reader
	}
	var seed [32]byte
	if _, err := io.ReadFull(random, seed[:]); err != nil {
		return nil, fmt.Errorf("party key: %w", err)
	}
	return newPartyKey(name, kem, seed)
}

func newPartyKey(name string, kem meter.KEM, seed [32]byte) (*PartyKey, error) {
	stream := sha3.NewSHAKE256()
	stream.Write([]byte(wire.LabelParty))
	stream.Write(seed[:])
	sign := make([]byte, ed25519.SeedSize)
	stream.Read(sign)
	mailbox, err := meter.NewKeyFrom(kem, stream)
	if err != nil {
		return nil, fmt.Errorf("party key: %w", err)
	}
	return &PartyKey{name, kem, seed, ed25519.NewKeyFromSeed(sign), mailbox}, nil
}

var kems = []meter.KEM{meter.XWing, meter.X25519}

// ParsePartyKey reads what String wrote.
func ParsePartyKey(s string) (*PartyKey, error) {
	data, err := wire.DecodeText(partyKeyName, s)
	if err != nil {
		return nil, fmt.Errorf("party key %w", err)
	}
	if len(data) < 33 || int(data[0]) >= len(kems) {
		return nil, errors.New("party key is damaged")
	}
	return newPartyKey(string(data[33:]), kems[data[0]], [32]byte(data[1:33]))
}

// String returns the key as text, for a file that only its owner reads: Bech32m of
// u8 KEM (0 X-Wing, 1 X25519) ‖ seed ‖ name.
func (k *PartyKey) String() string {
	data := []byte{0}
	for i, kem := range kems {
		if kem == k.kem {
			data[0] = byte(i)
		}
	}
	data = append(append(data, k.seed[:]...), k.name...)
	return wire.EncodeText(partyKeyName, data)
}

// Party returns the public side for a charter. An aggregator has no recipient.
func (k *PartyKey) Party(masking bool) meter.Party {
	p := meter.Party{Name: k.name, Key: ed25519.PublicKey(k.signing[ed25519.SeedSize:])}
	if !masking {
		p.Recipient = k.mailbox.Recipient().String()
	}
	return p
}

// SignRegistry checks a registry and returns this party's signature of it.
func (k *PartyKey) SignRegistry(r *meter.Registry) ([]byte, error) {
	if err := r.CheckUnsigned(); err != nil {
		return nil, err
	}
	return meter.SignRegistry(k.signing, r), nil
}

// place returns the party's place in the charter.
func (k *PartyKey) place(c *meter.Charter) (int, error) {
	public := k.signing[ed25519.SeedSize:]
	for i := range c.Parties {
		if string(c.Parties[i].Key) == string(public) {
			return i, nil
		}
	}
	return -1, fmt.Errorf("%s is not a party of the charter of %s", k.name, c.Registry)
}

func signContribution(key ed25519.PrivateKey, c *Contribution) []byte {
	return ed25519.Sign(key, append([]byte(wire.LabelContribution), c.body()...))
}

func verifyContribution(key ed25519.PublicKey, c *Contribution) bool {
	return ed25519.Verify(key, append([]byte(wire.LabelContribution), c.body()...), c.Signature)
}

func signPoints(key ed25519.PrivateKey, p *Points) []byte {
	return ed25519.Sign(key, append([]byte(wire.LabelPoints), p.body()...))
}

func verifyPoints(key ed25519.PublicKey, p *Points) bool {
	return ed25519.Verify(key, append([]byte(wire.LabelPoints), p.body()...), p.Signature)
}

// slotKey names a slot in a Store, in order of time.
func slotKey(kind string, day, slot uint16) string {
	b := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, day), slot)
	return fmt.Sprintf("%s/%x", kind, b)
}
