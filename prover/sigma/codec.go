package sigma

import (
	"encoding/binary"
	"errors"
	"math/big"
	"slices"
)

// The codecs of draft-irtf-cfrg-fiat-shamir. They serve public values: integer
// arithmetic here is not constant time. Each Read function returns what it
// decoded and the unread rest of its input.

var (
	errShort        = errors.New("input is too short")
	errNotCanonical = errors.New("integer is not below its modulus")
)

// UintSize is the length in bytes of an integer modulo m: the smallest n with
// 256ⁿ ≥ m.
func UintSize(m *big.Int) int {
	return (new(big.Int).Sub(m, big.NewInt(1)).BitLen() + 7) / 8
}

// AppendUint appends x, 0 ≤ x < m, little-endian in UintSize(m) bytes. It
// panics if x is out of range.
func AppendUint(b []byte, x, m *big.Int) []byte {
	if x.Sign() < 0 || x.Cmp(m) >= 0 {
		panic("sigma: integer out of range")
	}
	be := x.FillBytes(make([]byte, UintSize(m)))
	slices.Reverse(be)
	return append(b, be...)
}

// ReadUint reads what AppendUint wrote and refuses integers of m or more.
func ReadUint(b []byte, m *big.Int) (x *big.Int, rest []byte, err error) {
	n := UintSize(m)
	if len(b) < n {
		return nil, nil, errShort
	}
	x = littleEndian(b[:n])
	if x.Cmp(m) >= 0 {
		return nil, nil, errNotCanonical
	}
	return x, b[n:], nil
}

// AppendField appends an element of the field of order p^len(a), given by its
// coordinates, least significant first.
func AppendField(b []byte, a []*big.Int, p *big.Int) []byte {
	for _, x := range a {
		b = AppendUint(b, x, p)
	}
	return b
}

// ReadField reads an element of the field of order p^m.
func ReadField(b []byte, p *big.Int, m int) (a []*big.Int, rest []byte, err error) {
	a = make([]*big.Int, m)
	for i := range a {
		if a[i], b, err = ReadUint(b, p); err != nil {
			return nil, nil, err
		}
	}
	return a, b, nil
}

// AppendString appends s behind its length in 4 bytes, little-endian.
func AppendString(b, s []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

// ReadString reads what AppendString wrote.
func ReadString(b []byte) (s, rest []byte, err error) {
	if len(b) < 4 {
		return nil, nil, errShort
	}
	n, b := uint64(binary.LittleEndian.Uint32(b)), b[4:]
	if uint64(len(b)) < n {
		return nil, nil, errShort
	}
	return b[:n], b[n:], nil
}

// DecodeUint maps squeezed bytes, UintSize(m)+16 of them, to an integer below
// m that is uniform up to a bias of 2⁻¹²⁸. It cannot fail.
func DecodeUint(b []byte, m *big.Int) *big.Int {
	if len(b) != UintSize(m)+16 {
		panic("sigma: wrong number of squeezed bytes")
	}
	x := littleEndian(b)
	return x.Mod(x, m)
}

func littleEndian(b []byte) *big.Int {
	be := slices.Clone(b)
	slices.Reverse(be)
	return new(big.Int).SetBytes(be)
}
