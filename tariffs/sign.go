package tariffs

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"

	"github.com/cloudflare/circl/sign/ed25519"

	"hushwatt/internal/wire"
)

// supplierName begins the text of a supplier's key, as in the bill exchange.
const supplierName = "hushwatt-supplier"

// ErrSignature is returned for a signed tariff whose signature does not match.
var ErrSignature = errors.New("signature does not match the tariff and its supplier")

// Supplier returns the Ed25519 public key (32 bytes) that signed the tariff,
// nil if the document was bare.
func (t *Tariff) Supplier() []byte { return bytes.Clone(t.supplier) }

// Signed returns the signed form of the tariff, in canonical layout:
// {"signature":…,"supplier":…,"tariff":…}. The supplier is its public key as
// text, hushwatt-supplier1…, the signature base64url without padding: Ed25519
// over the label "hushwatt/v1/tariff" and the canonical form.
func (t *Tariff) Signed(key ed25519.PrivateKey) []byte {
	return signedForm("tariff", t.root, t.message(), key)
}

func signedForm(name string, root *value, message []byte, key ed25519.PrivateKey) []byte {
	public := key.Public().(ed25519.PublicKey)
	return appendCanonical(nil, &value{kind: kindObject, members: []member{
		{"supplier", stringValue(wire.EncodeText(supplierName, public))},
		{"signature", stringValue(base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, message)))},
		{name, root},
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

func stringValue(text string) *value { return &value{kind: kindString, text: text} }

// supplierKey reads the text of a supplier's key.
func supplierKey(s string) ([]byte, bool) {
	key, err := wire.DecodeText(supplierName, s)
	return key, err == nil && len(key) == ed25519.PublicKeySize
}

// signatureBytes reads base64url without padding, one spelling only.
func signatureBytes(s string) ([]byte, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return b, err == nil && len(b) == ed25519.SignatureSize && len(s) == base64.RawURLEncoding.EncodedLen(len(b))
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
