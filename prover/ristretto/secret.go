package ristretto

import (
	"sync/atomic"

	"github.com/bwesterb/go-ristretto/edwards25519"
)

// Everything in this file may be given secrets: the sequence of operations and
// of memory addresses depends on the number of bases only. Scalars are cut into
// signed 4-bit digits; each digit picks its multiple by reading the whole table.

type niels = edwards25519.NielsPoint

// The library's field has a second form, ten words of 32 bits, chosen by the
// build tag forcegeneric. It fails the tests of this package (p − p is not the
// identity), so that a build with it is refused here.
var _ = [5]uint64(edwards25519.FieldElement{})

// digits is the number of signed 4-bit digits of a full scalar, of a reading
// below 2^20 and of its square below 2^40. The last digit of the short forms is
// only the carry, 0 or 1.
const (
	digitsFull   = 64
	digitsShort  = 6
	digitsSquare = 11
)

// Commit returns v·G + r·H in constant time.
func Commit(v, r *Scalar) *Element {
	e := G().Mul(v)
	return e.Add(e, H().Mul(r))
}

// Combine returns Σ ks[i]·bases[i] in constant time. It panics if the lengths
// differ.
func Combine(bases []*Base, ks []Scalar) *Element {
	sameLength(len(bases), len(ks))
	digits := make([]int8, len(ks)*digitsFull)
	for i := range ks {
		recodeScalar(digits[i*digitsFull:(i+1)*digitsFull], &ks[i])
	}
	return combine(bases, digits, digitsFull)
}

// CombineShort returns Σ vs[i]·bases[i] for readings vs[i] < 2^20 in constant
// time. It panics if a value is larger or the lengths differ.
func CombineShort(bases []*Base, vs []uint32) *Element {
	sameLength(len(bases), len(vs))
	digits := make([]int8, len(vs)*digitsShort)
	var over uint32
	for i, v := range vs {
		over |= v >> 20
		recodeUint(digits[i*digitsShort:(i+1)*digitsShort], uint64(v))
	}
	if over != 0 {
		panic("ristretto: short scalar is 2^20 or more")
	}
	return combine(bases, digits, digitsShort)
}

// CombineSquares returns Σ vs[i]·bases[i] for squares of readings, vs[i] < 2^40,
// in constant time. It panics if a value is larger or the lengths differ.
func CombineSquares(bases []*Base, vs []uint64) *Element {
	sameLength(len(bases), len(vs))
	digits := make([]int8, len(vs)*digitsSquare)
	var over uint64
	for i, v := range vs {
		over |= v >> 40
		recodeUint(digits[i*digitsSquare:(i+1)*digitsSquare], v)
	}
	if over != 0 {
		panic("ristretto: square is 2^40 or more")
	}
	return combine(bases, digits, digitsSquare)
}

// CombineDigits returns Σ qs[i]·bases[i] for digits qs[i] ≤ 3, one group
// operation each, in constant time. It panics if a value is larger or the
// lengths differ.
func CombineDigits(bases []*Base, qs []uint8) *Element {
	sameLength(len(bases), len(qs))
	sum := NewElement()
	acc := sum.out()
	acc.SetZero()
	var over uint8
	var np niels
	var cp edwards25519.CompletedPoint
	for i, t := range smallTables.tables(bases) {
		over |= qs[i] >> 2
		pickDigit(&np, t, qs[i]&3)
		cp.AddExtendedNiels(acc, &np)
		acc.SetCompleted(&cp)
	}
	if over != 0 {
		panic("ristretto: digit is larger than 3")
	}
	return sum
}

// pickDigit sets out = q·P for q ≤ 3, reading three entries of the table of P.
func pickDigit(out *niels, t []niels, q uint8) {
	one := equalMask(uint64(q), 0) & 1 // the identity in Niels form is (1, 1, 0)
	*out = niels{YPlusX: edwards25519.FieldElement{one}, YMinusX: edwards25519.FieldElement{one}}
	for i := range 3 {
		m, e := equalMask(uint64(q), uint64(i+1)), &t[i]
		for l := range out.XY2D {
			out.YPlusX[l] |= m & e.YPlusX[l]
			out.YMinusX[l] |= m & e.YMinusX[l]
			out.XY2D[l] |= m & e.XY2D[l]
		}
	}
}

func sameLength(bases, scalars int) {
	if bases != scalars {
		panic("ristretto: as many scalars as bases are needed")
	}
}

// combine is Straus's method: all bases share the doublings. digits holds n
// digits per base, lowest first.
func combine(bases []*Base, digits []int8, n int) *Element {
	tables := smallTables.tables(bases)
	sum := NewElement()
	acc := sum.out()
	acc.SetZero()
	var np niels
	var cp edwards25519.CompletedPoint
	for w := n - 1; w >= 0; w-- {
		if w != n-1 {
			times16(acc)
		}
		for i, t := range tables {
			pick(&np, (*[8]niels)(t), digits[i*n+w])
			cp.AddExtendedNiels(acc, &np)
			acc.SetCompleted(&cp)
		}
	}
	return sum
}

// times16 sets p = 16·p.
func times16(p *edwards25519.ExtendedPoint) {
	var pp edwards25519.ProjectivePoint
	var cp edwards25519.CompletedPoint
	pp.SetExtended(p)
	for range 3 {
		cp.DoubleProjective(&pp)
		pp.SetCompleted(&cp)
	}
	cp.DoubleProjective(&pp)
	p.SetCompleted(&cp)
}

// recodeScalar writes k as 64 digits in −8 … 8, Σ digits[i]·16^i = k.
func recodeScalar(digits []int8, k *Scalar) {
	var b [ScalarSize]byte
	k.s.BytesInto(&b)
	for i, x := range b {
		digits[2*i] = int8(x & 15)
		digits[2*i+1] = int8(x >> 4)
	}
	centre(digits)
}

// recodeUint writes v as signed digits; the last takes only the carry.
func recodeUint(digits []int8, v uint64) {
	for i := range digits {
		digits[i] = int8(v & 15)
		v >>= 4
	}
	centre(digits)
}

// centre turns digits 0 … 15 into −8 … 7 by carrying upwards. The top digit
// keeps its carry: at most 2 for scalars below q, 1 for the short forms.
func centre(digits []int8) {
	last := len(digits) - 1
	var carry int8
	for i := range last {
		d := digits[i] + carry
		carry = (d + 8) >> 4
		digits[i] = d - carry<<4
	}
	digits[last] += carry
}

// smallTables hold 1·P … 8·P.
var smallTables = tableKind{
	size: 8,
	fill: multiplesOf,
	slot: func(b *Base) *atomic.Pointer[[]niels] { return &b.small },
}

// multiplesOf sets out[i] = (i+1)·p.
func multiplesOf(out []edwards25519.ExtendedPoint, p *edwards25519.ExtendedPoint) {
	out[0].Set(p)
	for i := 1; i < len(out); i++ {
		out[i].Add(&out[i-1], p)
	}
}

// pick sets out = d·P for −8 ≤ d ≤ 8, reading the whole table of P.
func pick(out *niels, t *[8]niels, d int8) {
	sign := int64(d) >> 63
	abs := uint64((int64(d) ^ sign) - sign)
	var masks [8]uint64
	zero := equalMask(abs, 0)
	for i := range masks {
		masks[i] = equalMask(abs, uint64(i+1))
	}
	// The identity in Niels form is (1, 1, 0).
	plus := edwards25519.FieldElement{zero & 1}
	minus := plus
	var xy edwards25519.FieldElement
	for i, m := range masks {
		e := &t[i]
		for l := range plus {
			plus[l] |= m & e.YPlusX[l]
			minus[l] |= m & e.YMinusX[l]
			xy[l] |= m & e.XY2D[l]
		}
	}
	// −P swaps y+x with y−x and negates the product.
	var negXY edwards25519.FieldElement
	negXY.Neg(&xy)
	neg := uint64(sign)
	for l := range plus {
		swap := neg & (plus[l] ^ minus[l])
		out.YPlusX[l] = plus[l] ^ swap
		out.YMinusX[l] = minus[l] ^ swap
		out.XY2D[l] = xy[l] ^ neg&(xy[l]^negXY[l])
	}
}

// equalMask returns all ones if a = b, else zero, for a, b < 2^63.
func equalMask(a, b uint64) uint64 {
	return uint64(int64((a^b)-1) >> 63)
}

// A fullTable holds 1 … 8 times 16^(2i)·P for i = 0 … 31, so that a
// multiplication needs no doublings but four.
type fullTable [32][8]niels

func newFullTable(p *edwards25519.ExtendedPoint) *fullTable {
	var t fullTable
	points := make([]edwards25519.ExtendedPoint, 8*len(t))
	q := *p
	for i := range t {
		multiplesOf(points[8*i:8*i+8], &q)
		times16(&q)
		times16(&q)
	}
	affine := make([]niels, len(points))
	toNiels(affine, points)
	for i := range t {
		t[i] = [8]niels(affine[8*i:])
	}
	return &t
}

// mul returns k·P in constant time.
func (t *fullTable) mul(k *Scalar) *Element {
	var digits [digitsFull]int8
	recodeScalar(digits[:], k)
	e := NewElement()
	acc := e.out()
	acc.SetZero()
	t.addDigits(acc, digits[1:])
	times16(acc)
	t.addDigits(acc, digits[:])
	return e
}

// addDigits adds every second digit, from the first on, times its position.
func (t *fullTable) addDigits(acc *edwards25519.ExtendedPoint, digits []int8) {
	var np niels
	var cp edwards25519.CompletedPoint
	for i := range t {
		pick(&np, &t[i], digits[2*i])
		cp.AddExtendedNiels(acc, &np)
		acc.SetCompleted(&cp)
	}
}

// toNiels sets out[i] to the affine form of points[i], all with one inversion.
func toNiels(out []niels, points []edwards25519.ExtendedPoint) {
	if len(points) == 0 {
		return // no inversion for nothing
	}
	prefix := make([]edwards25519.FieldElement, len(points)+1)
	prefix[0].SetOne()
	for i := range points {
		prefix[i+1].Mul(&prefix[i], &points[i].Z)
	}
	var inv, zInv edwards25519.FieldElement
	inv.Inverse(&prefix[len(points)])
	for i := len(points) - 1; i >= 0; i-- {
		zInv.Mul(&inv, &prefix[i])
		inv.Mul(&inv, &points[i].Z)
		var x, y edwards25519.FieldElement
		x.Mul(&points[i].X, &zInv)
		y.Mul(&points[i].Y, &zInv)
		setNiels(&out[i], &x, &y)
	}
}

// setNiels sets out to the Niels form (y+x, y−x, 2d·x·y) of the affine point.
func setNiels(out *niels, x, y *edwards25519.FieldElement) {
	out.YPlusX.Add(y, x)
	out.YMinusX.Sub(y, x)
	out.XY2D.Mul(x, y)
	out.XY2D.Mul(&out.XY2D, &twoD)
}

// twoD is 2d of the curve −x² + y² = 1 + d·x²·y², d = −121665/121666.
var twoD = func() (d2 edwards25519.FieldElement) {
	n := edwards25519.FieldElement{121665}
	m := edwards25519.FieldElement{121666}
	m.Inverse(&m)
	d2.Mul(&n, &m)
	d2.Neg(&d2)
	d2.Add(&d2, &d2)
	return
}()
