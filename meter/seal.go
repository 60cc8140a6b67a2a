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

// A seal is V = Σ c_s·G_s + (Σ r_s)·H over the n slots of a day: the sum of the
// slots' commitments, made at once. All work on readings is constant time.

// sealed is a channel's seals and the blindings that open them.
type sealed struct {
	v         *ristretto.Element
	blinding  ristretto.Scalar
	q         *ristretto.Element // over squares; nil if not certified
	blindingQ ristretto.Scalar
}

// sealReadings computes the seal of one channel's readings and, if squares is
// set, Q = Σ c_s²·G_s + (Σ t_s)·H.
func sealReadings(key *node, channel int, version uint32, wh []uint32, squares bool) sealed {
	bases := ristretto.Slots(len(wh))
	s := sealed{blinding: blinding(wire.LabelBlind, key, channel, version, wh)}
	s.v = ristretto.CombineShort(bases, wh)
	s.v.Add(s.v, ristretto.H().Mul(&s.blinding))
	if !squares {
		return s
	}
	sq := make([]uint64, len(wh))
	for i, c := range wh {
		sq[i] = uint64(c) * uint64(c)
	}
	s.blindingQ = blinding(wire.LabelBlindSq, key, channel, version, wh)
	s.q = ristretto.CombineSquares(bases, sq)
	s.q.Add(s.q, ristretto.H().Mul(&s.blindingQ))
	return s
}

// bytes returns V, or V ‖ Q.
func (s *sealed) bytes() []byte {
	b := s.v.Bytes()
	if s.q != nil {
		b = s.q.Append(b)
	}
	return b
}

// blinding returns Σ r_s (or Σ t_s under the other label).
func blinding(label string, key *node, channel int, version uint32, wh []uint32) ristretto.Scalar {
	var sum, r ristretto.Scalar
	slots := newSlotBlinding(label, key, channel, version)
	for s, c := range wh {
		sum.Add(&sum, slots.at(&r, s, c))
	}
	return sum
}

// slotBlinding derives r_s = SHAKE256(label ‖ K_d ‖ u8 channel ‖ u16be s ‖ u32be
// version ‖ u32be c_s)[0:64] mod q. With the reading in it, sealing the same slot
// twice with different readings, after a rollback of the meter's memory say, never
// uses one blinding for both.
type slotBlinding struct {
	shake *sha3.SHAKE
	input []byte
	slot  int // where in input the slot number stands
}

func newSlotBlinding(label string, key *node, channel int, version uint32) *slotBlinding {
	b := &slotBlinding{shake: sha3.NewSHAKE256()}
	b.input = append(append([]byte(label), key[:]...), byte(channel))
	b.slot = len(b.input)
	b.input = append(b.input, 0, 0)
	b.input = binary.BigEndian.AppendUint32(b.input, version)
	b.input = append(b.input, 0, 0, 0, 0)
	return b
}

func (b *slotBlinding) at(r *ristretto.Scalar, s int, c uint32) *ristretto.Scalar {
	binary.BigEndian.PutUint16(b.input[b.slot:], uint16(s))
	binary.BigEndian.PutUint32(b.input[len(b.input)-4:], c)
	var wide [64]byte
	b.shake.Reset()
	b.shake.Write(b.input)
	b.shake.Read(wide[:])
	return r.SetWide(wide[:])
}

// readingsAEAD returns the cipher of one channel of one record. Its key depends
// on the seal, so that it encrypts one plaintext only and the nonce can be zero.
func readingsAEAD(key *node, channel int, version uint32, v []byte) cipher.AEAD {
	info := binary.BigEndian.AppendUint32([]byte{byte(channel)}, version)
	derived, err := hkdf.Expand(sha256.New, key[:], wire.LabelReadings+string(info)+string(v), chacha20poly1305.KeySize)
	if err != nil {
		panic(err) // the length is fixed and allowed
	}
	aead, err := chacha20poly1305.New(derived)
	if err != nil {
		panic(err) // the key has the right length
	}
	return aead
}

// readingsHeader is what a reading ciphertext authenticates besides the readings.
type readingsHeader struct {
	_       struct{} `cbor:",toarray"`
	Meter   string
	Epoch   uint32
	Day     uint16
	N       uint16
	Channel uint8
	Version uint32
}

func (h *readingsHeader) bytes() []byte {
	b, err := wire.Marshal(h)
	if err != nil {
		panic(err) // a struct of numbers and one string always encodes
	}
	return b
}

// ciphertextSize is the length of n encrypted readings.
func ciphertextSize(n int) int { return 4*n + chacha20poly1305.Overhead }

var zeroNonce [chacha20poly1305.NonceSize]byte

func encryptReadings(key *node, h *readingsHeader, v []byte, wh []uint32) []byte {
	plain := make([]byte, 0, ciphertextSize(len(wh)))
	for _, c := range wh {
		plain = binary.BigEndian.AppendUint32(plain, c)
	}
	aead := readingsAEAD(key, int(h.Channel), h.Version, v)
	return aead.Seal(plain[:0], zeroNonce[:], plain, h.bytes())
}

var errCiphertext = errors.New("the readings do not decrypt: they belong to another day, version or seal")

// decryptReadings returns the n readings. Key and nonce are fixed by the record,
// so that a ciphertext which opens is the only one for its readings.
func decryptReadings(key *node, h *readingsHeader, v, ciphertext []byte) ([]uint32, error) {
	aead := readingsAEAD(key, int(h.Channel), h.Version, v)
	plain, err := aead.Open(nil, zeroNonce[:], ciphertext, h.bytes())
	if err != nil {
		return nil, errCiphertext
	}
	if len(plain) != 4*int(h.N) {
		return nil, fmt.Errorf("%d bytes of readings instead of %d", len(plain), 4*h.N)
	}
	wh := make([]uint32, h.N)
	for s := range wh {
		wh[s] = binary.BigEndian.Uint32(plain[4*s:])
	}
	return wh, nil
}
