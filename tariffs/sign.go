package tariffs

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"

	"github.com/cloudflare/circl/sign/ed25519"
)

// ErrSignature is returned for a signed tariff whose signature does not match.
var ErrSignature = errors.New("signature does not match the tariff and its supplier")

// Supplier returns the Ed25519 public key (32 bytes) that signed the tariff,
// nil if the document was bare.
func (t *Tariff) Supplier() []byte { return bytes.Clone(t.supplier) }

// Signed returns the signed form of the tariff, in canonical layout:
// {"signature":…,"supplier":…,"tariff":…}, key and signature in base64url
// without padding. The signature is Ed25519 over the label "hushwatt/v1/tariff"
// and the canonical form.
func (t *Tariff) Signed(key ed25519.PrivateKey) []byte {
	public := key.Public().(ed25519.PublicKey)
	return appendCanonical(nil, &value{kind: kindObject, members: []member{
		{"supplier", base64Value(public)},
		{"signature", base64Value(ed25519.Sign(key, t.message()))},
		{"tariff", t.root},
	}})
}

func (t *Tariff) checkSignature() error {
	if weakKey(t.supplier) {
		return errors.New("supplier: not a safe Ed25519 key")
	}
	if !ed25519.Verify(t.supplier, t.message(), t.signature) {
		return ErrSignature
	}
	return nil
}

func base64Value(b []byte) *value {
	return &value{kind: kindString, text: base64.RawURLEncoding.EncodeToString(b)}
}

// base64Bytes reads base64url without padding, exactly n bytes, one spelling.
func base64Bytes(n int) func(string) ([]byte, bool) {
	return func(s string) ([]byte, bool) {
		b, err := base64.RawURLEncoding.Strict().DecodeString(s)
		return b, err == nil && len(b) == n && len(s) == base64.RawURLEncoding.EncodedLen(n)
	}
}

// Encodings of the points of small order, without the sign bit; any message
// verifies under such a key.
var smallOrder = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

// weakKey reports whether a key is of small order or not canonical.
func weakKey(key []byte) bool {
	y := bytes.Clone(key)
	y[31] &= 0x7f
	if slices.Contains(smallOrder, hex.EncodeToString(y)) {
		return true
	}
	slices.Reverse(y)
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	return new(big.Int).SetBytes(y).Cmp(p) >= 0
}
