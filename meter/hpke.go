package meter

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/subtle"
	"encoding/binary"
	"errors"

	"github.com/cloudflare/circl/dh/x25519"
	"github.com/cloudflare/circl/kem"
	"github.com/cloudflare/circl/kem/xwing"
	"golang.org/x/crypto/chacha20poly1305"
)

// HPKE (RFC 9180) as the protocol uses it: mode base, one message, HKDF-SHA256,
// ChaCha20-Poly1305, and one of two KEMs. circl's hpke does the same, and is what
// the tests compare with, but brings P-256, P-384, P-521 and X448 along, a sixth
// of what a customer's browser would have to fetch.

// kemID is a KEM's number in HPKE's registry.
type kemID uint16

const (
	kemX25519 kemID = 0x0020
	kemXWing  kemID = 0x647a
)

// Scheme returns the KEM, nil for one that is not known.
func (id kemID) Scheme() kem.Scheme {
	switch id {
	case kemX25519:
		return dhkem{}
	case kemXWing:
		return wingkem{xwing.Scheme()}
	}
	return nil
}

// hpkeContext says what keys are derived for (RFC 9180, section 5.1, and 4.1 for
// the KEM's own).
type hpkeContext []byte

var dhkemContext = hpkeContext("KEM\x00\x20")

func (id kemID) context() hpkeContext {
	c := binary.BigEndian.AppendUint16([]byte("HPKE"), uint16(id))
	return append(c, 0, 1, 0, 3) // HKDF-SHA256, ChaCha20-Poly1305
}

func (c hpkeContext) extract(salt []byte, label string, ikm []byte) []byte {
	key, err := hkdf.Extract(sha256.New, append([]byte("HPKE-v1"+string(c)+label), ikm...), salt)
	if err != nil {
		panic(err) // SHA-256 is always allowed
	}
	return key
}

func (c hpkeContext) expand(key []byte, label string, info []byte, size int) []byte {
	labelled := binary.BigEndian.AppendUint16(nil, uint16(size))
	labelled = append(append(labelled, "HPKE-v1"+string(c)+label...), info...)
	out, err := hkdf.Expand(sha256.New, key, string(labelled), size)
	if err != nil {
		panic(err) // the sizes are small and fixed
	}
	return out
}

// keys is the key schedule of mode base: AEAD key and nonce of the one message.
func (id kemID) keys(shared, info []byte) (key, nonce []byte) {
	c := id.context()
	schedule := append([]byte{0}, c.extract(nil, "psk_id_hash", nil)...)
	schedule = append(schedule, c.extract(nil, "info_hash", info)...)
	secret := c.extract(shared, "secret", nil)
	return c.expand(secret, "key", schedule, chacha20poly1305.KeySize), c.expand(secret, "base_nonce", schedule, chacha20poly1305.NonceSize)
}

// seal encapsulates a key for public, from a seed of EncapsulationSeedSize
// random bytes, and seals a message under it.
func (id kemID) seal(public kem.PublicKey, seed, info, message, data []byte) (encapsulated, ciphertext []byte, err error) {
	encapsulated, shared, err := id.Scheme().EncapsulateDeterministically(public, seed)
	if err != nil {
		return nil, nil, err
	}
	key, nonce := id.keys(shared, info)
	aead, err := chacha20poly1305.New(key)
	if err != nil {
		return nil, nil, err
	}
	return encapsulated, aead.Seal(nil, nonce, message, data), nil
}

func (id kemID) open(private kem.PrivateKey, encapsulated, info, ciphertext, data []byte) ([]byte, error) {
	shared, err := id.Scheme().Decapsulate(private, encapsulated)
	if err != nil {
		return nil, err
	}
	key, nonce := id.keys(shared, info)
	aead, err := chacha20poly1305.New(key)
	if err != nil {
		return nil, err
	}
	return aead.Open(nil, nonce, ciphertext, data)
}

// wingkem is X-Wing; its keys are derived from seeds of any length.
type wingkem struct{ kem.Scheme }

func (k wingkem) DeriveKeyPair(seed []byte) (kem.PublicKey, kem.PrivateKey) {
	return k.Scheme.DeriveKeyPair(sha3.SumSHAKE256(seed, k.Scheme.SeedSize()))
}

// dhkem is DHKEM(X25519, HKDF-SHA256), RFC 9180, section 4.1.
type dhkem struct{}

type dhPublic struct{ key x25519.Key }

type dhPrivate struct{ key, public x25519.Key }

var errSharedSecret = errors.New("x25519: shared secret is zero")

func newDHPrivate(secret []byte) *dhPrivate {
	p := &dhPrivate{key: x25519.Key(secret)}
	x25519.KeyGen(&p.public, &p.key)
	return p
}

// shared derives the KEM's secret of a Diffie-Hellman between own and other.
func (dhkem) shared(own *dhPrivate, other, encapsulated, recipient *x25519.Key) ([]byte, error) {
	var dh x25519.Key
	if !x25519.Shared(&dh, &own.key, other) {
		return nil, errSharedSecret
	}
	context := append(append([]byte(nil), encapsulated[:]...), recipient[:]...)
	return dhkemContext.expand(dhkemContext.extract(nil, "eae_prk", dh[:]), "shared_secret", context, sha256.Size), nil
}

func (k dhkem) EncapsulateDeterministically(public kem.PublicKey, seed []byte) (ct, ss []byte, err error) {
	to, ok := public.(*dhPublic)
	if !ok {
		return nil, nil, kem.ErrTypeMismatch
	}
	if len(seed) != k.EncapsulationSeedSize() {
		return nil, nil, kem.ErrSeedSize
	}
	_, derived := k.DeriveKeyPair(seed)
	ephemeral := derived.(*dhPrivate)
	ss, err = k.shared(ephemeral, &to.key, &ephemeral.public, &to.key)
	return ephemeral.public[:], ss, err
}

func (k dhkem) Encapsulate(public kem.PublicKey) (ct, ss []byte, err error) {
	seed := make([]byte, k.EncapsulationSeedSize())
	rand.Read(seed) // never fails (crypto/rand)
	return k.EncapsulateDeterministically(public, seed)
}

func (k dhkem) Decapsulate(private kem.PrivateKey, ct []byte) ([]byte, error) {
	own, ok := private.(*dhPrivate)
	if !ok {
		return nil, kem.ErrTypeMismatch
	}
	if len(ct) != x25519.Size {
		return nil, kem.ErrCiphertextSize
	}
	from := x25519.Key(ct)
	return k.shared(own, &from, &from, &own.public)
}

func (k dhkem) DeriveKeyPair(seed []byte) (kem.PublicKey, kem.PrivateKey) {
	if len(seed) != k.SeedSize() {
		panic(kem.ErrSeedSize)
	}
	private := newDHPrivate(dhkemContext.expand(dhkemContext.extract(nil, "dkp_prk", seed), "sk", nil, x25519.Size))
	return private.Public(), private
}

func (k dhkem) GenerateKeyPair() (kem.PublicKey, kem.PrivateKey, error) {
	secret := make([]byte, x25519.Size)
	rand.Read(secret) // never fails (crypto/rand)
	private := newDHPrivate(secret)
	return private.Public(), private, nil
}

func (dhkem) UnmarshalBinaryPublicKey(b []byte) (kem.PublicKey, error) {
	if len(b) != x25519.Size {
		return nil, kem.ErrPubKeySize
	}
	return &dhPublic{x25519.Key(b)}, nil
}

func (dhkem) UnmarshalBinaryPrivateKey(b []byte) (kem.PrivateKey, error) {
	if len(b) != x25519.Size {
		return nil, kem.ErrPrivKeySize
	}
	return newDHPrivate(b), nil
}

func (dhkem) Name() string               { return "DHKEM(X25519, HKDF-SHA256)" }
func (dhkem) CiphertextSize() int        { return x25519.Size }
func (dhkem) SharedKeySize() int         { return sha256.Size }
func (dhkem) PrivateKeySize() int        { return x25519.Size }
func (dhkem) PublicKeySize() int         { return x25519.Size }
func (dhkem) SeedSize() int              { return x25519.Size }
func (dhkem) EncapsulationSeedSize() int { return x25519.Size }

func (p *dhPublic) Scheme() kem.Scheme             { return dhkem{} }
func (p *dhPublic) MarshalBinary() ([]byte, error) { return append([]byte(nil), p.key[:]...), nil }
func (p *dhPublic) Equal(other kem.PublicKey) bool {
	o, ok := other.(*dhPublic)
	return ok && p.key == o.key
}

func (p *dhPrivate) Scheme() kem.Scheme             { return dhkem{} }
func (p *dhPrivate) Public() kem.PublicKey          { return &dhPublic{p.public} }
func (p *dhPrivate) MarshalBinary() ([]byte, error) { return append([]byte(nil), p.key[:]...), nil }
func (p *dhPrivate) Equal(other kem.PrivateKey) bool {
	o, ok := other.(*dhPrivate)
	return ok && subtle.ConstantTimeCompare(p.key[:], o.key[:]) == 1
}
