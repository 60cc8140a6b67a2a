package ristretto

import (
	"encoding/binary"
	"math/bits"
	"sync/atomic"

	"github.com/bwesterb/go-ristretto/edwards25519"
)

// The two ways to evaluate a Sum, both in variable time. Straus's method is the
// faster one for single proofs, Pippenger's for batches.

// Widths of the non-adjacent forms: bases keep larger tables, since these are
// made once in the life of the process.
const (
	widthPoint = 5
	widthBase  = 6
	sizePoint  = 1 << (widthPoint - 2)
	sizeBase   = 1 << (widthBase - 2)
)

// oddTables hold 1·P, 3·P, 5·P …
var oddTables = tableKind{
	size: sizeBase,
	fill: oddMultiples,
	slot: func(b *Base) *atomic.Pointer[[]niels] { return &b.odd },
}

// oddMultiples sets out[i] = (2i+1)·p.
func oddMultiples(out []edwards25519.ExtendedPoint, p *edwards25519.ExtendedPoint) {
	var twice edwards25519.ExtendedPoint
	twice.Double(p)
	out[0].Set(p)
	for i := 1; i < len(out); i++ {
		out[i].Add(&out[i-1], &twice)
	}
}

// Costs in field multiplications, near enough to choose by (the last one fitted
// to measurements).
const (
	costMixed  = 7  // extended plus Niels, back to extended
	costAdd    = 9  // extended plus extended
	costAffine = 16 // to Niels form, the inversion shared, and memory
	scalarBits = 253
)

// plan chooses the cheaper method for so many bases and points, and the window
// of Pippenger's.
func plan(bases, points int) (straus bool, window int) {
	perPoint := sizePoint*(costAdd+costAffine) + scalarBits/(widthPoint+1)*costMixed
	strausCost := bases*(scalarBits/(widthBase+1))*costMixed + points*perPoint
	best := 0
	for c := 3; c <= 16; c++ {
		windows := (scalarBits + c) / c
		cost := windows * ((bases+points)*costMixed + 2*costAdd<<(c-1))
		if best == 0 || cost < best {
			best, window = cost, c
		}
	}
	return strausCost <= best, window
}

// straus evaluates the sum into acc with shared doublings and non-adjacent
// forms.
func (s *Sum) straus(acc *edwards25519.ExtendedPoint) {
	tables := append(oddTables.tables(s.bases), s.pointTables()...)
	nafs := make([][256]int8, len(tables))
	for i := range s.bases {
		nonAdjacent(&nafs[i], &s.baseK[i], widthBase)
	}
	for i := range s.points {
		nonAdjacent(&nafs[len(s.bases)+i], &s.pointK[i], widthPoint)
	}
	acc.SetZero()
	var pp edwards25519.ProjectivePoint
	var cp edwards25519.CompletedPoint
	for bit := scalarBits; bit >= 0; bit-- {
		pp.SetExtended(acc)
		cp.DoubleProjective(&pp)
		acc.SetCompleted(&cp)
		for i := range nafs {
			switch d := nafs[i][bit]; {
			case d > 0:
				cp.AddExtendedNiels(acc, &tables[i][d/2])
				acc.SetCompleted(&cp)
			case d < 0:
				cp.SubExtendedNiels(acc, &tables[i][-d/2])
				acc.SetCompleted(&cp)
			}
		}
	}
}

// pointTables returns the odd multiples of all points.
func (s *Sum) pointTables() [][]niels {
	points := make([]edwards25519.ExtendedPoint, len(s.points)*sizePoint)
	for i := range s.points {
		oddMultiples(points[i*sizePoint:(i+1)*sizePoint], &s.points[i])
	}
	affine := make([]niels, len(points))
	toNiels(affine, points)
	tables := make([][]niels, len(s.points))
	for i := range tables {
		tables[i] = affine[i*sizePoint : (i+1)*sizePoint]
	}
	return tables
}

// limbs returns k as five 64-bit limbs, the last one 0.
func (s *Scalar) limbs() (x [5]uint64) {
	var b [ScalarSize]byte
	s.s.BytesInto(&b)
	for i := range 4 {
		x[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return x
}

// window returns the c bits of x from position pos on, c ≤ 16.
func window(x *[5]uint64, pos, c int) int {
	i, shift := pos/64, pos%64
	v := x[i] >> shift
	if shift+c > 64 {
		v |= x[i+1] << (64 - shift)
	}
	return int(v & (1<<c - 1))
}

// nonAdjacent writes k as digits that are 0 or odd and less than 2^(w−1) in
// size, at least w−1 zeros after each.
func nonAdjacent(naf *[256]int8, k *Scalar, w int) {
	x := k.limbs()
	carry := 0
	for pos := 0; pos <= scalarBits; {
		d := window(&x, pos, w) + carry
		if d&1 == 0 {
			pos++
			continue
		}
		carry = d >> (w - 1)
		naf[pos] = int8(d - carry<<w)
		pos += w
	}
}

// pippenger evaluates the sum into acc with windows of c bits.
func (s *Sum) pippenger(acc *edwards25519.ExtendedPoint, c int) {
	points := s.allNiels()
	digits, windows := s.allDigits(c)
	buckets := make([]bucket, 1<<(c-1))
	acc.SetZero()
	for w := windows - 1; w >= 0; w-- {
		if w != windows-1 {
			doubleTimes(acc, c)
		}
		clear(buckets)
		for i, d := range digits[w*len(points) : (w+1)*len(points)] {
			if d > 0 {
				buckets[d-1].add(&points[i])
			} else if d < 0 {
				buckets[-d-1].sub(&points[i])
			}
		}
		addBuckets(acc, buckets)
	}
}

// allNiels returns the affine Niels forms of all bases, then of all points.
func (s *Sum) allNiels() []niels {
	out := make([]niels, s.Len())
	for i, t := range smallTables.tables(s.bases) {
		out[i] = t[0]
	}
	toNiels(out[len(s.bases):], s.points)
	return out
}

// allDigits cuts all scalars into signed digits −2^(c−1) … 2^(c−1)−1, window by
// window. Half a window is added everywhere first and taken off each digit.
func (s *Sum) allDigits(c int) (digits []int32, windows int) {
	windows = (scalarBits + c) / c
	n := s.Len()
	digits = make([]int32, windows*n)
	var half [5]uint64
	for w := range windows {
		half[(w*c+c-1)/64] |= 1 << ((w*c + c - 1) % 64)
	}
	cut := func(i int, k *Scalar) {
		x := k.limbs()
		var carry uint64
		for l := range x {
			x[l], carry = bits.Add64(x[l], half[l], carry)
		}
		for w := range windows {
			digits[w*n+i] = int32(window(&x, w*c, c) - 1<<(c-1))
		}
	}
	for i := range s.baseK {
		cut(i, &s.baseK[i])
	}
	for i := range s.pointK {
		cut(len(s.baseK)+i, &s.pointK[i])
	}
	return digits, windows
}

// doubleTimes sets p = 2^c·p.
func doubleTimes(p *edwards25519.ExtendedPoint, c int) {
	var pp edwards25519.ProjectivePoint
	var cp edwards25519.CompletedPoint
	pp.SetExtended(p)
	for range c - 1 {
		cp.DoubleProjective(&pp)
		pp.SetCompleted(&cp)
	}
	cp.DoubleProjective(&pp)
	p.SetCompleted(&cp)
}

// A bucket collects the points of one digit of a window.
type bucket struct {
	used bool
	p    edwards25519.ExtendedPoint
}

func (b *bucket) add(p *niels) {
	if !b.used {
		b.used = true
		b.p.SetZero()
	}
	var cp edwards25519.CompletedPoint
	cp.AddExtendedNiels(&b.p, p)
	b.p.SetCompleted(&cp)
}

func (b *bucket) sub(p *niels) {
	if !b.used {
		b.used = true
		b.p.SetZero()
	}
	var cp edwards25519.CompletedPoint
	cp.SubExtendedNiels(&b.p, p)
	b.p.SetCompleted(&cp)
}

// addBuckets adds Σ (i+1)·buckets[i] to acc by running sums from the top.
func addBuckets(acc *edwards25519.ExtendedPoint, buckets []bucket) {
	var running edwards25519.ExtendedPoint
	running.SetZero()
	seen := false
	for i := len(buckets) - 1; i >= 0; i-- {
		if buckets[i].used {
			running.Add(&running, &buckets[i].p)
			seen = true
		}
		if seen {
			acc.Add(acc, &running)
		}
	}
}
