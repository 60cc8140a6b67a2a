package aggregate

import (
	"crypto/rand"
	"crypto/sha3"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/cloudflare/circl/sign/ed25519"

	"hushwatt/internal/wire"
	"hushwatt/meter"
)

// A PartyKey is what an authority or an aggregator keeps secret for one charter: the
// key with which it signs, and the mailbox, to which meters seal share keys. The
// mailbox opens the share keys of the first day, and so all days: once every share key
// is opened it should be erased (WithoutMailbox).
type PartyKey struct {
	name    string
	signing ed25519.PrivateKey
	kem     meter.KEM
	seed    [32]byte // of the mailbox
	mailbox *meter.Key
}

const partyKeyName = "hushwatt-party-key"

// NewPartyKey makes a key from what is read from random, crypto/rand if it is nil.
func NewPartyKey(name string, kem meter.KEM, random io.Reader) (*PartyKey, error) {
	if random == nil {
		random = rand.Reader
	}
	var signing, seed [32]byte
	for _, b := range []*[32]byte{&signing, &seed} {
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return nil, fmt.Errorf("party key: %w", err)
		}
	}
	k := &PartyKey{name: name, signing: ed25519.NewKeyFromSeed(signing[:]), kem: kem, seed: seed}
	return k, k.openMailbox()
}

func (k *PartyKey) openMailbox() (err error) {
	stream := sha3.NewSHAKE256()
	stream.Write([]byte(wire.LabelParty))
	stream.Write(k.seed[:])
	if k.mailbox, err = meter.NewKeyFrom(k.kem, stream); err != nil {
		return fmt.Errorf("party key: %w", err)
	}
	return nil
}

// WithoutMailbox returns a key that only signs. With it an authority goes on from the
// share keys in its Store, and nobody can open enrolments again.
func (k *PartyKey) WithoutMailbox() *PartyKey {
	return &PartyKey{name: k.name, signing: k.signing}
}

var kems = []meter.KEM{meter.XWing, meter.X25519}

const noMailbox = 0xff

// ParsePartyKey reads what String wrote.
func ParsePartyKey(s string) (*PartyKey, error) {
	data, err := wire.DecodeText(partyKeyName, s)
	if err != nil {
		return nil, fmt.Errorf("party key %w", err)
	}
	if len(data) < 33 {
		return nil, errors.New("party key is too short")
	}
	k := &PartyKey{signing: ed25519.NewKeyFromSeed(data[1:33]), name: string(data[33:])}
	if data[0] == noMailbox {
		return k, nil
	}
	if int(data[0]) >= len(kems) || len(data) < 65 {
		return nil, errors.New("party key is damaged")
	}
	k.kem, k.seed, k.name = kems[data[0]], [32]byte(data[33:65]), string(data[65:])
	return k, k.openMailbox()
}

// String returns the key as text, for a file that only its owner reads: Bech32m of u8
// KEM (0 X-Wing, 1 X25519, 255 no mailbox) ‖ seed of the signing key ‖ seed of the
// mailbox, if there is one ‖ name.
func (k *PartyKey) String() string {
	data := append([]byte{noMailbox}, k.signing.Seed()...)
	if k.mailbox != nil {
		data[0] = byte(slices.Index(kems, k.kem))
		data = append(data, k.seed[:]...)
	}
	return wire.EncodeText(partyKeyName, append(data, k.name...))
}

// Party returns the public side for a charter, without a recipient if the key no longer
// has its mailbox.
func (k *PartyKey) Party() meter.Party {
	p := meter.Party{Name: k.name, Key: ed25519.PublicKey(k.signing[ed25519.SeedSize:])}
	if k.mailbox != nil {
		p.Recipient = k.mailbox.Recipient().String()
	}
	return p
}

// SignRegistry checks a registry and returns this party's signature of it. before is the
// registry that it replaces, nil for the first one of a charter. Of several that it has
// signed in one place an authority works for one at most (ErrSecondRegistry).
func (k *PartyKey) SignRegistry(r, before *meter.Registry) ([]byte, error) {
	if err := r.CheckUnsigned(); err != nil {
		return nil, err
	}
	if before != nil {
		if err := before.Check(); err != nil {
			return nil, err
		}
		if err := meter.CheckSuccessor(before, r); err != nil {
			return nil, err
		}
	} else if len(r.Before) > 0 {
		return nil, errors.New("the registry replaces another, which is needed to check it")
	}
	if _, err := k.place(&r.Charter); err != nil {
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

func signHolding(key ed25519.PrivateKey, s *sentHolding) []byte {
	return ed25519.Sign(key, append([]byte(wire.LabelHolding), s.body()...))
}

func verifyHolding(key ed25519.PublicKey, s *sentHolding) bool {
	return ed25519.Verify(key, append([]byte(wire.LabelHolding), s.body()...), s.Signature)
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
