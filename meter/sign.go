package meter

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/cloudflare/circl/sign/ed25519"

	"hushwatt/internal/wire"
)

// Every signature is over a message that begins with a label of its own, then
// the signer's context. There is one pair of functions per label, so that no
// caller can sign one thing and have it taken for another.

func signCertificate(key ed25519.PrivateKey, body []byte) []byte {
	return sign(key, wire.LabelCertificate, body)
}

func verifyCertificate(key ed25519.PublicKey, body, signature []byte) bool {
	return verify(key, wire.LabelCertificate, body, signature)
}

func signPairing(key ed25519.PrivateKey, body []byte) []byte {
	return sign(key, wire.LabelPairing, body)
}

func verifyPairing(key ed25519.PublicKey, body, signature []byte) bool {
	return verify(key, wire.LabelPairing, body, signature)
}

func signHead(key ed25519.PrivateKey, body []byte) []byte {
	return sign(key, wire.LabelHead, body)
}

func verifyHead(key ed25519.PublicKey, body, signature []byte) bool {
	return verify(key, wire.LabelHead, body, signature)
}

func signCharter(key ed25519.PrivateKey, body []byte) []byte {
	return sign(key, wire.LabelCharter, body)
}

func verifyCharter(key ed25519.PublicKey, body, signature []byte) bool {
	return verify(key, wire.LabelCharter, body, signature)
}

func signEnrolment(key ed25519.PrivateKey, body []byte) []byte {
	return sign(key, wire.LabelEnrolment, body)
}

func verifyEnrolment(key ed25519.PublicKey, body, signature []byte) bool {
	return verify(key, wire.LabelEnrolment, body, signature)
}

func signRegistry(key ed25519.PrivateKey, body []byte) []byte {
	return sign(key, wire.LabelRegistry, body)
}

func verifyRegistry(key ed25519.PublicKey, body, signature []byte) bool {
	return verify(key, wire.LabelRegistry, body, signature)
}

func signSlot(key ed25519.PrivateKey, body []byte) []byte {
	return sign(key, wire.LabelSlots, body)
}

func verifySlot(key ed25519.PublicKey, body, signature []byte) bool {
	return verify(key, wire.LabelSlots, body, signature)
}

func signPresence(key ed25519.PrivateKey, body []byte) []byte {
	return sign(key, wire.LabelPresence, body)
}

func verifyPresence(key ed25519.PublicKey, body, signature []byte) bool {
	return verify(key, wire.LabelPresence, body, signature)
}

func signClosing(key ed25519.PrivateKey, body []byte) []byte {
	return sign(key, wire.LabelClosing, body)
}

func verifyClosing(key ed25519.PublicKey, body, signature []byte) bool {
	return verify(key, wire.LabelClosing, body, signature)
}

func signIntroduction(key ed25519.PrivateKey, body []byte) []byte {
	return sign(key, wire.LabelIntroduction, body)
}

func verifyIntroduction(key ed25519.PublicKey, body, signature []byte) bool {
	return verify(key, wire.LabelIntroduction, body, signature)
}

func sign(key ed25519.PrivateKey, label string, body []byte) []byte {
	return ed25519.Sign(key, append([]byte(label), body...))
}

func verify(key ed25519.PublicKey, label string, body, signature []byte) bool {
	return ed25519.Verify(key, append([]byte(label), body...), signature)
}

// newSigningKey makes an Ed25519 key pair.
func newSigningKey() (ed25519.PrivateKey, error) { return signingKeyFrom(rand.Reader) }

func signingKeyFrom(random io.Reader) (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(random)
	if err != nil {
		return nil, fmt.Errorf("make a signing key: %w", err)
	}
	return key, nil
}

func publicOf(key ed25519.PrivateKey) ed25519.PublicKey {
	return ed25519.PublicKey(key[ed25519.SeedSize:])
}

// Errors of CheckSigningKey.
var (
	ErrKeyLength     = errors.New("signing key is not 32 bytes")
	ErrKeyEncoding   = errors.New("signing key is not canonical")
	ErrKeySmallOrder = errors.New("signing key is of small order")
)

// CheckSigningKey refuses Ed25519 public keys that must never be registered:
// those under which a signature fits any message (the eight points of small
// order), and second encodings of a point, with which one key would pass for two.
// A key that is no point at all verifies nothing and needs no refusal.
func CheckSigningKey(key []byte) error {
	if len(key) != ed25519.PublicKeySize {
		return ErrKeyLength
	}
	y := bytes.Clone(key)
	y[31] &= 0x7f
	if !lessLE(y, fieldPrime[:]) {
		return ErrKeyEncoding
	}
	for _, small := range smallOrder {
		if !bytes.Equal(y, small[:]) {
			continue
		}
		if bytes.Equal(y, smallOrder[1][:]) || bytes.Equal(y, smallOrder[2][:]) {
			if key[31]&0x80 != 0 { // x is 0, which has no sign
				return ErrKeyEncoding
			}
		}
		return ErrKeySmallOrder
	}
	return nil
}

// lessLE compares little-endian numbers of equal length.
func lessLE(a, b []byte) bool {
	for i := len(a) - 1; i >= 0; i-- {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

// fieldPrime is 2^255 − 19, little-endian.
var fieldPrime = func() (p [32]byte) {
	for i := range p {
		p[i] = 0xff
	}
	p[0], p[31] = 0xed, 0x7f
	return p
}()

// smallOrder holds the y coordinates, little-endian, of the points whose order
// divides 8: order 4, order 1, order 2 and the two of order 8. The tests derive
// them from the curve's equation.
var smallOrder = [5][32]byte{
	{},
	{1},
	minusOne(),
	{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
	{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
}

func minusOne() [32]byte {
	p := fieldPrime
	p[0]--
	return p
}
