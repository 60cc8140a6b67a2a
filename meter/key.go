package meter

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cloudflare/circl/kem"

	"hushwatt/internal/wire"
)

const (
	recipientName = "hushwatt"
	keyName       = "hushwatt-key"
	secretSize    = 32 // of a private key of either KEM, of n_C, n_M and K_T
)

// A KEM is how a meter hands a tenancy's secret to its customer.
type KEM string

// The two KEMs of docs/protocol.md, section 2.
const (
	XWing  KEM = "x-wing" // X25519 and ML-KEM-768 together: holds against a quantum computer
	X25519 KEM = "x25519" // for meters too weak for it
)

// id returns the KEM's number in HPKE's registry.
func (k KEM) id() (kemID, error) {
	switch k {
	case XWing:
		return kemXWing, nil
	case X25519:
		return kemX25519, nil
	}
	return 0, fmt.Errorf("key encapsulation %q is neither %s nor %s", string(k), XWing, X25519)
}

func kemOf(id kemID) (KEM, error) {
	switch id {
	case kemXWing:
		return XWing, nil
	case kemX25519:
		return X25519, nil
	}
	return "", fmt.Errorf("key encapsulation %#04x is not known", uint16(id))
}

// A Recipient is the public side of a customer's key: what a meter is paired with.
type Recipient struct {
	id    kemID
	nonce [secretSize]byte // n_C
	key   kem.PublicKey
	text  string
}

// ParseRecipient reads a string hushwatt1…: Bech32m of u16be KEM ‖ n_C ‖ public key.
func ParseRecipient(s string) (*Recipient, error) {
	data, err := wire.DecodeText(recipientName, s)
	if err != nil {
		return nil, fmt.Errorf("recipient %w", err)
	}
	if len(data) < 2+secretSize {
		return nil, errors.New("recipient is too short")
	}
	r := &Recipient{id: kemID(binary.BigEndian.Uint16(data)), text: s}
	if _, err := kemOf(r.id); err != nil {
		return nil, fmt.Errorf("recipient: %w", err)
	}
	copy(r.nonce[:], data[2:])
	public := data[2+secretSize:]
	if r.key, err = r.id.Scheme().UnmarshalBinaryPublicKey(public); err != nil {
		return nil, fmt.Errorf("recipient: public key: %w", err)
	}
	if again, err := r.key.MarshalBinary(); err != nil || !bytes.Equal(again, public) {
		return nil, errors.New("recipient: public key is not canonical")
	}
	return r, nil
}

// String returns the form that ParseRecipient reads.
func (r *Recipient) String() string { return r.text }

// Hash returns SHA-256(label ‖ recipient string), by which a pairing names it.
func (r *Recipient) Hash() [32]byte {
	return sha256.Sum256([]byte(wire.LabelRecipient + r.text))
}

// A Key is a customer's key: who has it can read what was sealed for it.
type Key struct {
	recipient *Recipient
	private   kem.PrivateKey
}

// NewKeyFrom makes a key of what is read from random, for keys that are kept as a
// seed; it must be as good as the operating system's randomness.
func NewKeyFrom(k KEM, random io.Reader) (*Key, error) {
	id, err := k.id()
	if err != nil {
		return nil, err
	}
	seed := make([]byte, id.Scheme().SeedSize())
	var nonce [secretSize]byte
	for _, b := range [][]byte{seed, nonce[:]} {
		if _, err := io.ReadFull(random, b); err != nil {
			return nil, fmt.Errorf("make a key: %w", err)
		}
	}
	_, private := id.Scheme().DeriveKeyPair(seed)
	return newKey(id, nonce, private)
}

// NewKey makes a key.
func NewKey(k KEM) (*Key, error) {
	id, err := k.id()
	if err != nil {
		return nil, err
	}
	_, private, err := id.Scheme().GenerateKeyPair()
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	var nonce [secretSize]byte
	rand.Read(nonce[:]) // never fails (crypto/rand)
	return newKey(id, nonce, private)
}

func newKey(id kemID, nonce [secretSize]byte, private kem.PrivateKey) (*Key, error) {
	public, err := private.Public().MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("encode public key: %w", err)
	}
	data := binary.BigEndian.AppendUint16(nil, uint16(id))
	data = append(append(data, nonce[:]...), public...)
	r, err := ParseRecipient(wire.EncodeText(recipientName, data))
	if err != nil {
		return nil, err
	}
	return &Key{r, private}, nil
}

// Recipient returns the public side.
func (k *Key) Recipient() *Recipient { return k.recipient }

// A key file has three lines: a warning, the recipient, and the secret as Bech32m
// of u16be KEM ‖ n_C ‖ private key.
const (
	keyFileWarning   = "# Hushwatt customer key: who has this file can read your meter, without it nobody can.\n"
	keyFileRecipient = "# recipient: "
)

// File returns the key as the text of a key file, to be stored with mode 0600.
func (k *Key) File() ([]byte, error) {
	private, err := k.private.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("encode private key: %w", err)
	}
	data := binary.BigEndian.AppendUint16(nil, uint16(k.recipient.id))
	data = append(append(data, k.recipient.nonce[:]...), private...)
	return []byte(keyFileWarning + keyFileRecipient + k.recipient.text + "\n" + wire.EncodeText(keyName, data) + "\n"), nil
}

// ParseKey reads a key file, exactly as File writes it.
func ParseKey(file []byte) (*Key, error) {
	rest, ok := strings.CutPrefix(string(file), keyFileWarning+keyFileRecipient)
	lines := strings.Split(rest, "\n")
	if !ok || len(lines) != 3 || lines[2] != "" {
		return nil, errors.New("not a hushwatt key file")
	}
	data, err := wire.DecodeText(keyName, lines[1])
	if err != nil {
		return nil, fmt.Errorf("key file: secret %w", err)
	}
	if len(data) != 2+2*secretSize {
		return nil, errors.New("key file: secret has the wrong length")
	}
	k, err := parseSecret(data)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	if k.recipient.text != lines[0] {
		return nil, errors.New("key file: the recipient is not that of the secret")
	}
	if again, err := k.File(); err != nil || !bytes.Equal(again, file) {
		return nil, errors.New("key file: secret is not canonical")
	}
	return k, nil
}

func parseSecret(data []byte) (*Key, error) {
	id := kemID(binary.BigEndian.Uint16(data))
	if _, err := kemOf(id); err != nil {
		return nil, err
	}
	private, err := id.Scheme().UnmarshalBinaryPrivateKey(data[2+secretSize:])
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	return newKey(id, [secretSize]byte(data[2:]), private)
}

// envelope seals the meter's half n_M of a tenancy's secret for the recipient.
func (r *Recipient) envelope(random io.Reader, context, secret []byte) (encapsulated, ciphertext []byte, err error) {
	seed := make([]byte, r.id.Scheme().EncapsulationSeedSize())
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, nil, fmt.Errorf("seal for recipient: %w", err)
	}
	encapsulated, ciphertext, err = r.id.seal(r.key, seed, []byte(wire.LabelEnvelope), secret, context)
	if err != nil {
		return nil, nil, fmt.Errorf("seal for recipient: %w", err)
	}
	return encapsulated, ciphertext, nil
}

// openEnvelope returns n_M.
func (k *Key) openEnvelope(context, encapsulated, ciphertext []byte) ([]byte, error) {
	secret, err := k.recipient.id.open(k.private, encapsulated, []byte(wire.LabelEnvelope), ciphertext, context)
	if err != nil || len(secret) != secretSize {
		return nil, errors.New("open pairing secret: it was not made for this key")
	}
	return secret, nil
}

// tenancyKey derives K_T. Both halves enter, so that neither the meter's maker
// nor anyone who knows only the recipient string can choose or know it.
func tenancyKey(r *Recipient, secret []byte, meter string, epoch uint32) node {
	info := wire.LabelTenancy + meter
	info += string(binary.BigEndian.AppendUint32(nil, epoch))
	hash := r.Hash()
	key, err := hkdf.Key(sha256.New, secret, r.nonce[:], info+string(hash[:]), nodeSize)
	if err != nil {
		panic(err) // the length is fixed and allowed
	}
	return node(key)
}
