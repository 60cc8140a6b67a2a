package prover

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/cloudflare/circl/sign/ed25519"

	"hushwatt/internal/wire"
	"hushwatt/meter"
)

const (
	supplierName    = "hushwatt-supplier"
	supplierKeyName = "hushwatt-supplier-key"
)

// Supplier is a supplier's public Ed25519 key. The zero value stands for none.
type Supplier [ed25519.PublicKeySize]byte

// ParseSupplier reads a string hushwatt-supplier1…: Bech32m of the key.
func ParseSupplier(text string) (Supplier, error) {
	b, err := wire.DecodeText(supplierName, text)
	if err != nil {
		return Supplier{}, fmt.Errorf("supplier %w", err)
	}
	return NewSupplier(b)
}

// NewSupplier takes the 32 bytes of a public key.
func NewSupplier(key []byte) (Supplier, error) {
	if len(key) != ed25519.PublicKeySize {
		return Supplier{}, fmt.Errorf("supplier: key of %d bytes", len(key))
	}
	s := Supplier(key)
	return s, s.check()
}

func (s Supplier) check() error {
	if err := meter.CheckSigningKey(s[:]); err != nil {
		return fmt.Errorf("supplier: %w", err)
	}
	return nil
}

// String returns the form that ParseSupplier reads.
func (s Supplier) String() string { return wire.EncodeText(supplierName, s[:]) }

// Hash returns SHA-256(label ‖ key), by which a claim names a supplier; for no
// supplier it is 32 zero bytes.
func (s Supplier) Hash() [32]byte {
	if s == (Supplier{}) {
		return [32]byte{}
	}
	return sha256.Sum256(append([]byte(wire.LabelSupplier), s[:]...))
}

// SupplierKey signs requests and receipts.
type SupplierKey struct {
	key ed25519.PrivateKey
}

// NewSupplierKey makes a key.
func NewSupplierKey() (*SupplierKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a supplier key: %w", err)
	}
	return &SupplierKey{key}, nil
}

// SupplierKeyFromSeed returns the key of an Ed25519 seed, 32 bytes.
func SupplierKeyFromSeed(seed []byte) (*SupplierKey, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("supplier key of %d bytes", len(seed))
	}
	return &SupplierKey{ed25519.NewKeyFromSeed(seed)}, nil
}

// A key file has two lines: the public side as a comment, then the secret.
const supplierFilePublic = "# supplier: "

// ParseSupplierKey reads a key file, exactly as File writes it.
func ParseSupplierKey(file []byte) (*SupplierKey, error) {
	lines := strings.Split(string(file), "\n")
	if len(lines) != 3 || lines[2] != "" {
		return nil, fmt.Errorf("not a hushwatt supplier key file")
	}
	seed, err := wire.DecodeText(supplierKeyName, lines[1])
	if err != nil {
		return nil, fmt.Errorf("supplier key %w", err)
	}
	k, err := SupplierKeyFromSeed(seed)
	if err != nil {
		return nil, err
	}
	if string(k.File()) != string(file) {
		return nil, fmt.Errorf("supplier key file: the public key is not that of the secret")
	}
	return k, nil
}

// File returns the key as the text of a key file, to be stored with mode 0600.
func (k *SupplierKey) File() []byte {
	secret := wire.EncodeText(supplierKeyName, k.key.Seed())
	return []byte(supplierFilePublic + k.Public().String() + "\n" + secret + "\n")
}

// Public returns the public key.
func (k *SupplierKey) Public() Supplier { return Supplier(k.key[ed25519.SeedSize:]) }

// Ed25519 returns the private key, for signing tariffs.
func (k *SupplierKey) Ed25519() ed25519.PrivateKey { return k.key }

// A signature is over its own label, the hash of the signer's key, and the
// message with an empty signature. There is one pair of functions per label.

func signRequest(k *SupplierKey, body []byte) []byte {
	return ed25519.Sign(k.key, signed(wire.LabelRequest, k.Public(), body))
}

func verifyRequest(s Supplier, body, signature []byte) bool {
	return ed25519.Verify(s[:], signed(wire.LabelRequest, s, body), signature)
}

func signReceipt(k *SupplierKey, body []byte) []byte {
	return ed25519.Sign(k.key, signed(wire.LabelReceipt, k.Public(), body))
}

func verifyReceipt(s Supplier, body, signature []byte) bool {
	return ed25519.Verify(s[:], signed(wire.LabelReceipt, s, body), signature)
}

func signed(label string, s Supplier, body []byte) []byte {
	hash := s.Hash()
	return append(append([]byte(label), hash[:]...), body...)
}
