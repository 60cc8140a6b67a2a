package ristretto

import (
	"slices"

	"github.com/bwesterb/go-ristretto/edwards25519"
)

// A Sum is a growing Σ k_i·P_i over public scalars and elements, for verifiers:
// it is evaluated at once, in variable time. Its zero value is the empty sum,
// the identity. Scalars of one Base are merged, so that the fixed bases of a
// thousand bills cost no more than those of one. A Sum must not be shared
// between goroutines.
type Sum struct {
	index map[*Base]int // where a base stands in bases
	bases []*Base
	baseK []Scalar

	points []edwards25519.ExtendedPoint
	pointK []Scalar
}

// AddBase adds k·b to the sum.
func (s *Sum) AddBase(b *Base, k *Scalar) {
	i, ok := s.index[b]
	if !ok {
		if s.index == nil {
			s.index = make(map[*Base]int)
		}
		i = len(s.bases)
		s.index[b] = i
		s.bases = append(s.bases, b)
		s.baseK = append(s.baseK, Scalar{})
	}
	s.baseK[i].Add(&s.baseK[i], k)
}

// AddElement adds k·p to the sum. The sum keeps its own copy of p.
func (s *Sum) AddElement(p *Element, k *Scalar) {
	s.points = append(s.points, *p.point())
	s.pointK = append(s.pointK, *k)
}

// Grow makes room for n more elements, so that a long sum is not copied while it
// grows.
func (s *Sum) Grow(n int) {
	s.points = slices.Grow(s.points, n)
	s.pointK = slices.Grow(s.pointK, n)
}

// AddSum adds weight·other to the sum.
func (s *Sum) AddSum(other *Sum, weight *Scalar) {
	var k Scalar
	for i, b := range other.bases {
		s.AddBase(b, k.Mul(weight, &other.baseK[i]))
	}
	for i := range other.points {
		s.points = append(s.points, other.points[i])
		s.pointK = append(s.pointK, *k.Mul(weight, &other.pointK[i]))
	}
}

// Len returns the number of terms of the multi-scalar multiplication: elements
// and distinct bases.
func (s *Sum) Len() int { return len(s.bases) + len(s.points) }

// IsIdentity evaluates the sum and reports whether it is the identity of the
// group.
func (s *Sum) IsIdentity() bool { return s.Element().IsIdentity() }

// Element evaluates the sum.
func (s *Sum) Element() *Element {
	e := NewElement()
	if straus, c := plan(len(s.bases), len(s.points)); straus {
		s.straus(e.out())
	} else {
		s.pippenger(e.out(), c)
	}
	return e
}
