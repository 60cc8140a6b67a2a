package prover

import (
	"math/big"
	"math/bits"
	"slices"

	"hushwatt/prover/ristretto"
)

// Int is a signed integer of 256 bits in two's complement, least significant
// limb first. Hidden integers are computed in it: every operation takes the
// same time for all values, which math/big does not promise. Claims keep all
// integers within ±2^200, so nothing overflows. The zero value is 0.
type Int [4]uint64

// NewInt returns v.
func NewInt(v int64) Int {
	s := uint64(v >> 63)
	return Int{uint64(v), s, s, s}
}

// publicInt returns v mod 2^256. Its time depends on v: for public values.
func publicInt(v *big.Int) Int {
	var buf [32]byte
	new(big.Int).And(v, maxUint256).FillBytes(buf[:])
	var x Int
	for i := range x {
		for j := range 8 {
			x[i] |= uint64(buf[31-8*i-j]) << (8 * j)
		}
	}
	return x
}

// big converts back. Its time depends on x: for public values.
func (x Int) big() *big.Int {
	var buf [32]byte
	x.Add(offset).put(buf[:])
	slices.Reverse(buf[:])
	v := new(big.Int).SetBytes(buf[:])
	return v.Sub(v, new(big.Int).Lsh(one, 255))
}

var maxUint256 = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))

// Add returns x + y.
func (x Int) Add(y Int) Int {
	var c uint64
	for i := range x {
		x[i], c = bits.Add64(x[i], y[i], c)
	}
	return x
}

// count adds v in place, the sum being below 2^128.
func (x *Int) count(v uint64) {
	var c uint64
	x[0], c = bits.Add64(x[0], v, 0)
	x[1] += c
}

// Sub returns x − y.
func (x Int) Sub(y Int) Int {
	d, _ := x.sub(y)
	return d
}

// sub returns x − y and the borrow, 1 if x < y as unsigned integers.
func (x Int) sub(y Int) (d Int, borrow uint64) {
	for i := range x {
		d[i], borrow = bits.Sub64(x[i], y[i], borrow)
	}
	return d, borrow
}

// Mul returns x·y.
func (x Int) Mul(y Int) Int {
	var z Int
	for i := range x {
		var carry uint64
		for j := 0; i+j < len(z); j++ {
			hi, lo := bits.Mul64(x[i], y[j])
			var c uint64
			lo, c = bits.Add64(lo, z[i+j], 0)
			hi += c
			z[i+j], c = bits.Add64(lo, carry, 0)
			carry = hi + c
		}
	}
	return z
}

// Less returns 1 if x < y, else 0.
func (x Int) Less(y Int) uint64 {
	d := x.Sub(y)
	return d[3] >> 63
}

// Select returns x if c is 1 and y if c is 0.
func Select(c uint64, x, y Int) Int {
	mask := -c
	for i := range x {
		x[i] = x[i]&mask | y[i]&^mask
	}
	return x
}

// flip returns x with every bit xored with the mask, which is 0 or ^0. The
// complement of x is −1 − x.
func (x Int) flip(mask uint64) Int {
	for i := range x {
		x[i] ^= mask
	}
	return x
}

// half returns ⌊x/2⌋.
func (x Int) half() Int {
	for i := range 3 {
		x[i] = x[i]>>1 | x[i+1]<<63
	}
	x[3] = uint64(int64(x[3]) >> 1)
	return x
}

// isZero returns 1 if x is 0, else 0.
func (x Int) isZero() uint64 {
	v := x[0] | x[1] | x[2] | x[3]
	return 1 - (v|-v)>>63
}

// divFloor returns ⌊x/u⌋ for u > 0. Bit by bit: slow and the same for every x.
func (x Int) divFloor(u Int) Int {
	// ⌊x/u⌋ = ~⌊~x/u⌋ for negative x.
	mask := -(x[3] >> 63)
	x = x.flip(mask)
	var q, r Int
	for i := 255; i >= 0; i-- {
		r = r.Add(r)
		r[0] |= x[i/64] >> (i % 64) & 1
		d, borrow := r.sub(u)
		r = Select(borrow, r, d)
		q[i/64] |= (1 - borrow) << (i % 64)
	}
	return q.flip(mask)
}

// offset makes every Int non-negative: 2^255.
var offset = Int{0, 0, 0, 1 << 63}

var offsetScalar = new(ristretto.Scalar).SetBig(new(big.Int).Lsh(big.NewInt(1), 255))

// Scalar returns x mod q.
func (x Int) Scalar() ristretto.Scalar {
	var wide [48]byte
	x.Add(offset).put(wide[:32])
	var s ristretto.Scalar
	s.SetWide(wide[:])
	s.Sub(&s, offsetScalar)
	return s
}

// put writes the four limbs little-endian into b, 32 bytes.
func (x Int) put(b []byte) {
	for i, limb := range x {
		for j := range 8 {
			b[8*i+j] = byte(limb >> (8 * j))
		}
	}
}

// accumulate adds w·c to x for a public weight w and a secret reading c.
func (x Int) accumulate(w int64, c uint32) Int {
	sign := uint64(w >> 63)
	hi, lo := bits.Mul64((uint64(w)^sign)-sign, uint64(c))
	if sign == 0 {
		return x.Add(Int{lo, hi})
	}
	return x.Sub(Int{lo, hi})
}
