package meter

import (
	"crypto/sha256"
	"fmt"

	"github.com/cloudflare/circl/sign/ed25519"

	"hushwatt/internal/wire"
	"hushwatt/meter/slots"
)

const (
	authorityName    = "hushwatt-authority"
	authorityKeyName = "hushwatt-authority-key"
)

// An Authority vouches for meters: that this key is inside a certified device
// which measures what it seals.
type Authority struct {
	key [ed25519.PublicKeySize]byte
}

// ParseAuthority reads a string hushwatt-authority1…: Bech32m of the authority's
// Ed25519 public key. A file holds it as one line; the reader takes that end off.
func ParseAuthority(s string) (Authority, error) {
	key, err := wire.DecodeText(authorityName, s)
	if err != nil {
		return Authority{}, fmt.Errorf("authority %w", err)
	}
	return newAuthority(key)
}

func newAuthority(key []byte) (Authority, error) {
	if err := CheckSigningKey(key); err != nil {
		return Authority{}, fmt.Errorf("authority: %w", err)
	}
	return Authority{[ed25519.PublicKeySize]byte(key)}, nil
}

// String returns the form that ParseAuthority reads.
func (a Authority) String() string { return wire.EncodeText(authorityName, a.key[:]) }

// Hash returns SHA-256(label ‖ key), by which heads and claims name an authority.
func (a Authority) Hash() [32]byte {
	return sha256.Sum256(append([]byte(wire.LabelAuthority), a.key[:]...))
}

// An AuthorityKey signs meters' certificates.
type AuthorityKey struct {
	key ed25519.PrivateKey
}

// NewAuthorityKey makes a key.
func NewAuthorityKey() (*AuthorityKey, error) {
	key, err := newSigningKey()
	if err != nil {
		return nil, err
	}
	return &AuthorityKey{key}, nil
}

// ParseAuthorityKey reads what String wrote.
func ParseAuthorityKey(s string) (*AuthorityKey, error) {
	key, err := parseSeed(authorityKeyName, s)
	if err != nil {
		return nil, fmt.Errorf("authority key %w", err)
	}
	return &AuthorityKey{key}, nil
}

// String returns the private key as text, for a file that only its owner reads.
func (k *AuthorityKey) String() string { return wire.EncodeText(authorityKeyName, k.key.Seed()) }

// Authority returns the public side.
func (k *AuthorityKey) Authority() Authority {
	return Authority{[ed25519.PublicKeySize]byte(publicOf(k.key))}
}

// Certify signs a certificate after checking it; its fields Authority and
// Signature are set here.
func (k *AuthorityKey) Certify(c Certificate) (Certificate, error) {
	c.Authority = publicOf(k.key)
	if err := c.check(); err != nil {
		return Certificate{}, err
	}
	body, err := c.body()
	if err != nil {
		return Certificate{}, err
	}
	c.Signature = signCertificate(k.key, body)
	return c, nil
}

func parseSeed(name, s string) (ed25519.PrivateKey, error) {
	seed, err := wire.DecodeText(name, s)
	if err != nil {
		return nil, err
	}
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("holds %d bytes instead of %d", len(seed), ed25519.SeedSize)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// MaxCap is the highest bound of a reading that a certificate may set, in Wh.
const MaxCap = 1<<20 - 1

// Channels of a meter, as bits of Certificate.Channels and in the order of a
// day record. A channel's number is the bit's place: 0 import, 1 export.
const (
	ImportChannel = slots.Import
	ExportChannel = slots.Export

	ImportOnly      = 1 << ImportChannel
	ImportAndExport = 1<<ImportChannel | 1<<ExportChannel
)

// A Certificate says which key belongs to a meter and what the meter does
// (docs/protocol.md, section 2).
type Certificate struct {
	_         struct{} `cbor:",toarray"`
	Authority []byte   // Ed25519 key of the authority
	Meter     string   // 1 to 64 printable ASCII characters without a space
	Key       []byte   // Ed25519 key of the meter
	First     uint16   // first day on which it is valid, days since 1970-01-01 UTC
	Last      uint16   // last day
	N         uint16   // slots in a UTC day: 24, 48, 96, 144 or 288
	Cap       uint32   // highest reading of a slot in Wh, 1 … MaxCap
	Channels  uint8    // bits: ImportOnly, 2 (export only) or ImportAndExport
	Squares   bool     // day records carry a second seal, over squares
	Signature []byte   // of the authority
}

// ParseCertificate reads a certificate and checks its fields and its signature,
// not whether its authority is trusted.
func ParseCertificate(data []byte) (*Certificate, error) {
	var c Certificate
	if err := wire.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	return &c, nil
}

// Check checks the fields and the authority's signature.
func (c *Certificate) Check() error {
	if err := c.check(); err != nil {
		return err
	}
	body, err := c.body()
	if err != nil {
		return err
	}
	if !verifyCertificate(c.Authority, body, c.Signature) {
		return fmt.Errorf("certificate of meter %s: its authority did not sign it", c.Meter)
	}
	return nil
}

// check looks at the fields alone.
func (c *Certificate) check() error {
	if err := checkMeterName(c.Meter); err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	for _, key := range [][]byte{c.Authority, c.Key} {
		if err := CheckSigningKey(key); err != nil {
			return fmt.Errorf("certificate of meter %s: %w", c.Meter, err)
		}
	}
	switch {
	case c.First > c.Last:
		return fmt.Errorf("certificate of meter %s: ends before it begins", c.Meter)
	case !ValidSlots(int(c.N)):
		return fmt.Errorf("certificate of meter %s: %d slots a day", c.Meter, c.N)
	case c.Cap < 1 || c.Cap > MaxCap:
		return fmt.Errorf("certificate of meter %s: cap of %d Wh", c.Meter, c.Cap)
	case c.Channels < 1 || c.Channels > ImportAndExport:
		return fmt.Errorf("certificate of meter %s: channels %d", c.Meter, c.Channels)
	}
	return nil
}

// body returns what is signed: the certificate with an empty signature.
func (c *Certificate) body() ([]byte, error) {
	unsigned := *c
	unsigned.Signature = nil
	return wire.Marshal(&unsigned)
}

// AuthorityHash returns the hash by which heads name the authority.
func (c *Certificate) AuthorityHash() [32]byte {
	return sha256.Sum256(append([]byte(wire.LabelAuthority), c.Authority...))
}

// Issuer returns the authority that the certificate names; whether to trust it is
// for the caller.
func (c *Certificate) Issuer() (Authority, error) { return newAuthority(c.Authority) }

// validOn reports whether the certificate is valid on every day from first to last.
func (c *Certificate) validOn(first, last uint16) bool { return c.First <= first && last <= c.Last }

// channels returns the numbers of the certified channels in ascending order.
func (c *Certificate) channels() []int {
	var list []int
	for ch := ImportChannel; ch <= ExportChannel; ch++ {
		if c.Channels>>ch&1 == 1 {
			list = append(list, ch)
		}
	}
	return list
}

// ValidSlots reports whether a UTC day can have n slots.
func ValidSlots(n int) bool {
	return n == 24 || n == 48 || n == 96 || n == 144 || n == 288
}

func checkMeterName(name string) error {
	if len(name) < 1 || len(name) > 64 {
		return fmt.Errorf("meter name %q is not 1 to 64 characters long", name)
	}
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' {
			return fmt.Errorf("meter name %q: only printable ASCII without spaces", name)
		}
	}
	return nil
}
