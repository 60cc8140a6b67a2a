package meter

import (
	"bytes"
	"crypto/rand"
	"testing"

	"github.com/cloudflare/circl/hpke"
	"github.com/cloudflare/circl/kem"
)

// Ours and circl's open what the other has sealed, and from the same randomness
// make the same bytes.
func TestHPKEIsCircls(t *testing.T) {
	for _, id := range []kemID{kemX25519, kemXWing} {
		theirs := hpke.KEM(id)
		suite := hpke.NewSuite(theirs, hpke.KDF_HKDF_SHA256, hpke.AEAD_ChaCha20Poly1305)
		seed := make([]byte, theirs.Scheme().SeedSize())
		for round := range 8 {
			rand.Read(seed)
			theirPublic, theirPrivate := theirs.Scheme().DeriveKeyPair(seed)
			public, private := id.Scheme().DeriveKeyPair(seed)
			if !bytes.Equal(encoded(t, public), encoded(t, theirPublic)) || !bytes.Equal(encoded(t, private), encoded(t, theirPrivate)) {
				t.Fatalf("%#x: keys of one seed differ", id)
			}
			info, message, data := []byte("info"), bytes.Repeat([]byte{byte(round)}, 32), []byte("data")
			random := make([]byte, id.Scheme().EncapsulationSeedSize())
			rand.Read(random)

			encapsulated, ciphertext, err := id.seal(public, random, info, message, data)
			must(t, err)
			sender, err := suite.NewSender(theirPublic, info)
			must(t, err)
			theirEncapsulated, sealer, err := sender.Setup(bytes.NewReader(random))
			must(t, err)
			theirCiphertext, err := sealer.Seal(message, data)
			must(t, err)
			if !bytes.Equal(encapsulated, theirEncapsulated) || !bytes.Equal(ciphertext, theirCiphertext) {
				t.Fatalf("%#x: sealed differently", id)
			}
			got, err := id.open(private, theirEncapsulated, info, theirCiphertext, data)
			if err != nil || !bytes.Equal(got, message) {
				t.Fatalf("%#x: opened %x, %v", id, got, err)
			}
			for name, open := range map[string]func() ([]byte, error){
				"info":         func() ([]byte, error) { return id.open(private, encapsulated, []byte("other"), ciphertext, data) },
				"data":         func() ([]byte, error) { return id.open(private, encapsulated, info, ciphertext, []byte("other")) },
				"ciphertext":   func() ([]byte, error) { return id.open(private, encapsulated, info, ciphertext[1:], data) },
				"encapsulated": func() ([]byte, error) { return id.open(private, encapsulated[1:], info, ciphertext, data) },
			} {
				if _, err := open(); err == nil {
					t.Errorf("%#x: opens with another %s", id, name)
				}
			}
		}
	}
}

type marshaler interface{ MarshalBinary() ([]byte, error) }

func encoded(t *testing.T, k marshaler) []byte {
	t.Helper()
	b, err := k.MarshalBinary()
	must(t, err)
	return b
}

func TestHPKERefusesOddKeys(t *testing.T) {
	k := kemX25519.Scheme()
	if kemID(1).Scheme() != nil {
		t.Error("there is a KEM of number 1")
	}
	zero, err := k.UnmarshalBinaryPublicKey(make([]byte, 32))
	must(t, err)
	if _, _, err := k.Encapsulate(zero); err == nil {
		t.Error("a shared secret of zero is taken")
	}
	public, private, err := k.GenerateKeyPair()
	must(t, err)
	wing, wingPrivate, err := kemXWing.Scheme().GenerateKeyPair()
	must(t, err)
	if _, _, err := k.Encapsulate(wing); err != kem.ErrTypeMismatch {
		t.Errorf("key of the other KEM: %v", err)
	}
	if _, err := k.Decapsulate(wingPrivate, make([]byte, 32)); err != kem.ErrTypeMismatch {
		t.Errorf("key of the other KEM: %v", err)
	}
	if _, err := k.UnmarshalBinaryPublicKey(make([]byte, 31)); err == nil {
		t.Error("31 bytes are a public key")
	}
	if _, err := k.UnmarshalBinaryPrivateKey(make([]byte, 33)); err == nil {
		t.Error("33 bytes are a private key")
	}
	ct, ss, err := k.Encapsulate(public)
	must(t, err)
	again, err := k.Decapsulate(private, ct)
	if err != nil || !bytes.Equal(ss, again) || !private.Public().Equal(public) || private.Equal(wingPrivate) || !private.Equal(private) {
		t.Errorf("secrets %x and %x, %v", ss, again, err)
	}
}
