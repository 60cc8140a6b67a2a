package meter

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha3"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"

	"hushwatt/internal/wire"
	"hushwatt/prover/ristretto"
)

// A Share is one authority's part of what opens a slot's commitments: the parts of
// all authorities add up to the reading, its square (both mod 2^64) and the
// blindings of both. All but one of them say nothing.
type Share struct {
	Wh        uint64 // of c
	Blinding  ristretto.Scalar
	Squared   uint64 // of c²; 0 in a registry without squares
	BlindingQ ristretto.Scalar
}

// Add adds another share.
func (s *Share) Add(o *Share) {
	s.Wh += o.Wh
	s.Squared += o.Squared
	s.Blinding.Add(&s.Blinding, &o.Blinding)
	s.BlindingQ.Add(&s.BlindingQ, &o.BlindingQ)
}

// Sub takes another share off.
func (s *Share) Sub(o *Share) {
	s.Wh -= o.Wh
	s.Squared -= o.Squared
	s.Blinding.Sub(&s.Blinding, &o.Blinding)
	s.BlindingQ.Sub(&s.BlindingQ, &o.BlindingQ)
}

const (
	plainShareSize   = 8 + ristretto.ScalarSize // u64be ‖ scalar
	squaresShareSize = plainShareSize
	sealedShareSize  = plainShareSize + chacha20poly1305.Overhead
)

// Bytes returns u64be c ‖ blinding, and the same for the square if squares is set.
func (s *Share) Bytes(squares bool) []byte {
	b := make([]byte, 0, 2*plainShareSize+chacha20poly1305.Overhead)
	b = s.Blinding.Append(binary.BigEndian.AppendUint64(b, s.Wh))
	if squares {
		b = s.BlindingQ.Append(binary.BigEndian.AppendUint64(b, s.Squared))
	}
	return b
}

var errShare = errors.New("share has the wrong length or a scalar that is not canonical")

// ParseShare reads what Bytes wrote.
func ParseShare(b []byte, squares bool) (s Share, err error) {
	want := plainShareSize
	if squares {
		want += squaresShareSize
	}
	if len(b) != want {
		return s, errShare
	}
	s.Wh = binary.BigEndian.Uint64(b)
	if s.Blinding.SetCanonical(b[8:plainShareSize]) != nil {
		return s, errShare
	}
	if squares {
		s.Squared = binary.BigEndian.Uint64(b[plainShareSize:])
		if s.BlindingQ.SetCanonical(b[plainShareSize+8:]) != nil {
			return s, errShare
		}
	}
	return s, nil
}

// A ShareKey is what a meter has in common with one party, or with one neighbour. It changes every day, and none can be found from a later one: whoever
// takes an authority's keys today cannot read yesterday's records.
type ShareKey struct {
	chain node    // of day
	use   [2]node // of day and of the one after it
	day   uint16  // the first day that it reaches
}

func newShareKey(secret []byte, first uint16) *ShareKey {
	k := &ShareKey{chain: node(secret), day: first}
	k.derive()
	return k
}

// derive sets the keys of two days: a day's last records come when the next one has
// begun.
func (k *ShareKey) derive() {
	next := expand(&k.chain, wire.LabelRatchet)
	k.use = [2]node{useOf(&k.chain, k.day), useOf(&next, k.day+1)}
}

func expand(key *node, info string) node {
	out, err := hkdf.Expand(sha256.New, key[:], info, nodeSize)
	if err != nil {
		panic(err) // the length is fixed and allowed
	}
	return node(out)
}

func useOf(chain *node, day uint16) node {
	return expand(chain, wire.LabelShareDay+string(binary.BigEndian.AppendUint16(nil, day)))
}

// Day returns the first day for which the key is still there.
func (k *ShareKey) Day() uint16 { return k.day }

// Forget moves on to a day; what came before is gone. It is not safe beside other
// calls.
func (k *ShareKey) Forget(before uint16) {
	if before <= k.day {
		return
	}
	for k.day < before {
		k.chain = expand(&k.chain, wire.LabelRatchet)
		k.day++
	}
	k.derive()
}

// ErrKeyGone is returned for a day whose key was erased or is too far ahead.
var ErrKeyGone = errors.New("no share key for this day")

// on returns the key of the first day, or of the one after it.
func (k *ShareKey) on(day uint16) (*node, error) {
	if ahead := int(day) - int(k.day); ahead == 0 || ahead == 1 {
		return &k.use[ahead], nil
	}
	return nil, ErrKeyGone
}

// Bytes returns u16be day ‖ chain key, for its owner to store. It is secret.
func (k *ShareKey) Bytes() []byte {
	return append(binary.BigEndian.AppendUint16(nil, k.day), k.chain[:]...)
}

// ParseShareKey reads what Bytes wrote.
func ParseShareKey(b []byte) (*ShareKey, error) {
	if len(b) != 2+nodeSize {
		return nil, errors.New("share key has the wrong length")
	}
	return newShareKey(b[2:], binary.BigEndian.Uint16(b)), nil
}

// Derive returns the share of an authority A_1 … A_{k−1}, which is never sent:
// SHAKE256(label ‖ key of the day ‖ id ‖ u16be day ‖ u16be slot ‖ commitments). With
// the commitments in it a slot that is measured again after a rollback of the
// meter's memory has another share, so that nobody sees a difference.
func (k *ShareKey) Derive(r *SlotRecord) (Share, error) {
	key, err := k.on(r.Day)
	if err != nil {
		return Share{}, err
	}
	s := pad(wire.LabelShare, key, r.Meter, r.Day, r.Slot, r.Commitments)
	if len(r.Commitments) == ristretto.ElementSize {
		s.withoutSquares()
	}
	return s, nil
}

// padSize is two integers of 64 bits and two scalars before reduction.
const padSize = 2*8 + 2*48

// pad draws a share that looks uniform: u64be ‖ u64be ‖ two times 48 bytes, little-
// endian, mod q. Short labels and inputs keep it to one permutation.
func pad(label string, key *node, id []byte, day, slot uint16, context []byte) (s Share) {
	stream := keyed(label, key, id, day, slot, context, padSize)
	s.Wh = binary.BigEndian.Uint64(stream)
	s.Squared = binary.BigEndian.Uint64(stream[8:])
	s.Blinding.SetWide(stream[16:64])
	s.BlindingQ.SetWide(stream[64:])
	return s
}

// keyed is SHAKE256(label ‖ key ‖ id ‖ u16be day ‖ u16be slot ‖ context).
func keyed(label string, key *node, id []byte, day, slot uint16, context []byte, size int) []byte {
	input := make([]byte, 0, 256)
	input = append(append(append(input, label...), key[:]...), id...)
	input = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(input, day), slot)
	return sha3.SumSHAKE256(append(input, context...), size)
}

// withoutSquares clears what a registry without squares does not sum.
func (s *Share) withoutSquares() {
	s.Squared, s.BlindingQ = 0, ristretto.Scalar{}
}

// recordCipher encrypts one record's share for A_k. Its key depends on the
// commitments, so that it encrypts one plaintext only and the nonce can be zero.
func (k *ShareKey) recordCipher(r *SlotRecord) (cipher.AEAD, error) {
	key, err := k.on(r.Day)
	if err != nil {
		return nil, err
	}
	info := append([]byte(wire.LabelSealedShare), r.Meter...)
	info = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(info, r.Day), r.Slot)
	derived := expand(key, string(append(info, r.Commitments...)))
	aead, err := chacha20poly1305.New(derived[:])
	if err != nil {
		panic(err) // the key has the right length
	}
	return aead, nil
}

// seal encrypts the share of A_k into the record.
func (k *ShareKey) seal(r *SlotRecord, s *Share, squares bool) error {
	aead, err := k.recordCipher(r)
	if err != nil {
		return err
	}
	plain := s.Bytes(squares)
	r.Share = aead.Seal(plain[:0], zeroNonce[:], plain, r.header())
	return nil
}

// Open returns the share that a record carries for A_k.
func (k *ShareKey) Open(r *SlotRecord) (Share, error) {
	aead, err := k.recordCipher(r)
	if err != nil {
		return Share{}, err
	}
	plain, err := aead.Open(nil, zeroNonce[:], r.Share, r.header())
	if err != nil {
		return Share{}, errors.New("the share does not decrypt: it is another record's or was altered")
	}
	s, err := ParseShare(plain, len(r.Commitments) == 64)
	if err != nil {
		return Share{}, fmt.Errorf("the share of A_k: %w", err)
	}
	return s, nil
}
