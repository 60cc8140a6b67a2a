package ristretto

import (
	"errors"
	"math/big"
	"slices"

	gr "github.com/bwesterb/go-ristretto"
)

// ScalarSize is the length of an encoded scalar in bytes.
const ScalarSize = 32

// ErrScalar is returned by SetCanonical for bytes that are not the one encoding
// of a scalar.
var ErrScalar = errors.New("scalar encoding is not canonical")

// order is q, the prime order of the group.
var order, _ = new(big.Int).SetString("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed", 16)

// Order returns q, the order of the group.
func Order() *big.Int { return new(big.Int).Set(order) }

// A Scalar is an integer modulo q. Its zero value is 0. Every operation but
// SetBig and Invert takes the same time for all values.
type Scalar struct {
	s gr.Scalar // always fully reduced
}

// SetUint64 sets s = v and returns s.
func (s *Scalar) SetUint64(v uint64) *Scalar {
	s.s = gr.Scalar{uint32(v), uint32(v >> 32)}
	return s
}

// SetInt64 sets s = v, a negative v standing for q + v, and returns s. It is
// constant time.
func (s *Scalar) SetInt64(v int64) *Scalar {
	sign := v >> 63 // 0 or −1
	var neg Scalar
	s.SetUint64(uint64((v ^ sign) - sign))
	neg.s.Neg(&s.s)
	s.s.ConditionalSet(&neg.s, int32(sign&1))
	return s
}

// SetBig sets s = v mod q, any sign, and returns s. It is not constant time:
// for public values only.
func (s *Scalar) SetBig(v *big.Int) *Scalar {
	if v.BitLen() > 512 {
		v = new(big.Int).Mod(v, order)
	}
	var buf [64]byte
	v.FillBytes(buf[:])
	slices.Reverse(buf[:])
	s.SetWide(buf[:])
	if v.Sign() < 0 {
		s.Neg(s)
	}
	return s
}

// SetCanonical sets s to the scalar that b encodes: 32 bytes, little-endian,
// less than q. On error s is unchanged.
func (s *Scalar) SetCanonical(b []byte) error {
	if len(b) != ScalarSize {
		return ErrScalar
	}
	buf := [ScalarSize]byte(b)
	if !s.s.SetBytesStrict(&buf) {
		return ErrScalar
	}
	return nil
}

// SetWide sets s to b mod q, b being little-endian and 48 or 64 bytes long, as
// squeezed from a sponge, and returns s. It panics on any other length.
func (s *Scalar) SetWide(b []byte) *Scalar {
	if len(b) != 48 && len(b) != 64 {
		panic("ristretto: a wide scalar is 48 or 64 bytes")
	}
	var buf [64]byte
	copy(buf[:], b)
	s.s.SetReduced(&buf)
	return s
}

// Set sets s = a and returns s.
func (s *Scalar) Set(a *Scalar) *Scalar {
	*s = *a
	return s
}

// Add sets s = a + b and returns s.
func (s *Scalar) Add(a, b *Scalar) *Scalar {
	s.s.Add(&a.s, &b.s)
	return s
}

// Sub sets s = a − b and returns s.
func (s *Scalar) Sub(a, b *Scalar) *Scalar {
	s.s.Sub(&a.s, &b.s)
	return s
}

// Neg sets s = −a and returns s.
func (s *Scalar) Neg(a *Scalar) *Scalar {
	s.s.Neg(&a.s)
	return s
}

// Mul sets s = a·b and returns s.
func (s *Scalar) Mul(a, b *Scalar) *Scalar {
	s.s.Mul(&a.s, &b.s)
	return s
}

// MulAdd sets s = a·b + c and returns s.
func (s *Scalar) MulAdd(a, b, c *Scalar) *Scalar {
	s.s.MulAdd(&a.s, &b.s, &c.s)
	return s
}

// Invert sets s = 1/a, or 0 if a is 0, and returns s. It is not constant time,
// and thirty times faster for it: for public values only, such as challenges.
func (s *Scalar) Invert(a *Scalar) *Scalar {
	if a.IsZero() {
		*s = Scalar{}
		return s
	}
	v := a.s.BigInt()
	return s.SetBig(v.ModInverse(v, order))
}

// IsZero reports whether s is 0.
func (s *Scalar) IsZero() bool { return s.s.IsNonZeroI() == 0 }

// Equal reports whether s = a.
func (s *Scalar) Equal(a *Scalar) bool { return s.s.EqualsI(&a.s) == 1 }

// Bytes returns the canonical encoding of s: 32 bytes, little-endian, less
// than q.
func (s *Scalar) Bytes() []byte { return s.Append(make([]byte, 0, ScalarSize)) }

// Append appends the canonical encoding of s to b.
func (s *Scalar) Append(b []byte) []byte {
	var buf [ScalarSize]byte
	s.s.BytesInto(&buf)
	return append(b, buf[:]...)
}
