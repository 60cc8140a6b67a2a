package sigma

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Group is what the proofs need of a group of prime order. S is its scalar, E
// its element type, both treated as immutable values.
type Group[S, E any] interface {
	ScalarSize() int  // bytes of an encoded scalar
	ElementSize() int // bytes of an encoded element

	Generator() E
	IsIdentity(e E) bool
	// Combine returns Σ ks[i]·es[i]. Its running time does not depend on ks.
	Combine(es []E, ks []S) E
	// Vanishes reports whether Σ ks[i]·es[i] is the identity. All is public.
	Vanishes(es []E, ks []S) bool

	One() S
	Neg(a S) S
	Mul(a, b S) S
	MulAdd(a, b, c S) S // a·b + c, constant time
	IsZero(a S) bool

	AppendElement(b []byte, e E) []byte
	DecodeElement(b []byte) (E, error) // canonical; never the identity
	AppendScalar(b []byte, a S) []byte
	DecodeScalar(b []byte) (S, error) // canonical
	// Reduce maps ScalarSize()+16 bytes, a little-endian integer, to a scalar.
	Reduce(b []byte) S
	// RandomScalar draws a uniform scalar from rng, without rejection.
	RandomScalar(rng io.Reader) (S, error)
}

// Image is a term without a secret: Coeff times the element of that index.
type Image[S any] struct {
	Element int
	Coeff   S
}

// Term is Coeff times a secret scalar times an element, both by index.
type Term[S any] struct {
	Scalar, Element int
	Coeff           S
}

// Equation states Σ image = Σ terms.
type Equation[S any] struct {
	Image []Image[S]
	Terms []Term[S]

	// Vouched says that the caller has its own reason why the image is not the
	// identity (probability of the contrary below 2⁻²⁰⁰, whoever chose the
	// elements), so that Validate need not add it up. The prover's choice of
	// elements must have come before a challenge among the coefficients.
	Vouched bool
}

// Relation is an instance: the elements and equations of a statement, in the
// order in which the caller added them. Element 0 is the group's generator.
type Relation[S, E any] struct {
	g         Group[S, E]
	elements  []E
	equations []Equation[S]
	scalars   int
}

// NewRelation returns a relation without equations.
func NewRelation[S, E any](g Group[S, E]) *Relation[S, E] {
	elements := make([]E, 1, 128) // a month's claim has about a hundred
	elements[0] = g.Generator()
	return &Relation[S, E]{g: g, elements: elements}
}

// AddElement adds an element of the statement and returns its index. Every
// element that the statement depends on is added by itself, never as a sum.
func (r *Relation[S, E]) AddElement(e E) int {
	r.elements = append(r.elements, e)
	return len(r.elements) - 1
}

// AddScalar adds a secret scalar and returns its index.
func (r *Relation[S, E]) AddScalar() int {
	r.scalars++
	return r.scalars - 1
}

// AddEquation adds an equation. Terms may name scalars that AddScalar has not
// given out; Validate finds the gaps.
func (r *Relation[S, E]) AddEquation(eq Equation[S]) {
	for _, t := range eq.Terms {
		r.scalars = max(r.scalars, t.Scalar+1)
	}
	r.equations = append(r.equations, eq)
}

// Elements, Equations and Scalars are the dimensions of the relation.
func (r *Relation[S, E]) Elements() int  { return len(r.elements) }
func (r *Relation[S, E]) Equations() int { return len(r.equations) }
func (r *Relation[S, E]) Scalars() int   { return r.scalars }

// Serialize returns the encoding of the relation that enters the sponge:
// per equation the counted image terms and the counted terms, then the
// elements from index 1. Counts and indices are 4 bytes, little-endian.
func (r *Relation[S, E]) Serialize() []byte {
	le, ns := binary.LittleEndian, r.g.ScalarSize()
	size := 4 + r.g.ElementSize()*(len(r.elements)-1)
	for _, eq := range r.equations {
		size += 8 + len(eq.Image)*(4+ns) + len(eq.Terms)*(8+ns)
	}
	b := le.AppendUint32(make([]byte, 0, size), uint32(len(r.equations)))
	for _, eq := range r.equations {
		b = le.AppendUint32(b, uint32(len(eq.Image)))
		for _, t := range eq.Image {
			b = le.AppendUint32(b, uint32(t.Element))
			b = r.g.AppendScalar(b, t.Coeff)
		}
		b = le.AppendUint32(b, uint32(len(eq.Terms)))
		for _, t := range eq.Terms {
			b = le.AppendUint32(b, uint32(t.Scalar))
			b = le.AppendUint32(b, uint32(t.Element))
			b = r.g.AppendScalar(b, t.Coeff)
		}
	}
	for _, e := range r.elements[1:] {
		b = r.g.AppendElement(b, e)
	}
	return b
}

// Validate makes the draft's ten checks of an instance (section "Instance
// validation"); check 7 holds by construction.
func (r *Relation[S, E]) Validate() error {
	if len(r.equations) == 0 {
		return errors.New("relation has no equation")
	}
	for i, e := range r.elements {
		if r.g.IsIdentity(e) {
			return fmt.Errorf("element %d is the identity", i)
		}
	}
	if err := r.checkIndices(); err != nil {
		return err
	}
	for i, eq := range r.equations {
		if !eq.Vouched && r.imageVanishes(eq) {
			return fmt.Errorf("image of equation %d is the identity", i)
		}
	}
	return r.checkColumns()
}

// checkIndices makes checks 2 to 6: nothing empty, every index in range, every
// element and scalar used.
func (r *Relation[S, E]) checkIndices() error {
	terms := 0
	for _, eq := range r.equations {
		terms += len(eq.Terms)
	}
	if r.scalars > terms { // before anything of that size is allocated
		return errors.New("a scalar is in no equation")
	}
	usedElement, usedScalar := make([]bool, len(r.elements)), make([]bool, r.scalars)
	usedElement[0] = true
	for i, eq := range r.equations {
		if len(eq.Image) == 0 || len(eq.Terms) == 0 {
			return fmt.Errorf("equation %d has an empty side", i)
		}
		for _, t := range eq.Image {
			if t.Element < 0 || t.Element >= len(r.elements) {
				return fmt.Errorf("equation %d names an element that is not there", i)
			}
			usedElement[t.Element] = true
		}
		for _, t := range eq.Terms {
			if t.Element < 0 || t.Element >= len(r.elements) || t.Scalar < 0 {
				return fmt.Errorf("equation %d names an element or scalar that is not there", i)
			}
			usedElement[t.Element], usedScalar[t.Scalar] = true, true
		}
	}
	for i, used := range usedElement {
		if !used {
			return fmt.Errorf("element %d is in no equation", i)
		}
	}
	for i, used := range usedScalar {
		if !used {
			return fmt.Errorf("scalar %d is in no equation", i)
		}
	}
	return nil
}

// imageVanishes reports whether the left side of eq adds up to the identity.
func (r *Relation[S, E]) imageVanishes(eq Equation[S]) bool {
	var es []E
	var ks []S
	for _, t := range eq.Image {
		if !r.g.IsZero(t.Coeff) {
			es, ks = append(es, r.elements[t.Element]), append(ks, t.Coeff)
		}
	}
	return r.vanishes(es, ks)
}

// vanishes is Vanishes for non-zero coefficients of elements that are not the
// identity, where zero and one term need no arithmetic.
func (r *Relation[S, E]) vanishes(es []E, ks []S) bool {
	if len(es) < 2 {
		return len(es) == 0
	}
	return r.g.Vanishes(es, ks)
}

// checkColumns makes check 10: every scalar stands, in some equation, before a
// sum of elements that is not the identity.
func (r *Relation[S, E]) checkColumns() error {
	bound := make([]bool, r.scalars)
	count := make([]int, r.scalars)
	for _, eq := range r.equations {
		clear(count)
		for _, t := range eq.Terms {
			count[t.Scalar]++
		}
		for _, t := range eq.Terms {
			if count[t.Scalar] == 1 && !r.g.IsZero(t.Coeff) {
				bound[t.Scalar] = true // one term is not the identity
			}
		}
	}
	for i, ok := range bound {
		if !ok && !r.columnHolds(i) {
			return fmt.Errorf("scalar %d is bound by no equation", i)
		}
	}
	return nil
}

// columnHolds adds up the elements behind one scalar, equation by equation,
// and reports whether some sum is not the identity.
func (r *Relation[S, E]) columnHolds(scalar int) bool {
	for _, eq := range r.equations {
		var es []E
		var ks []S
		for _, t := range eq.Terms {
			if t.Scalar == scalar && !r.g.IsZero(t.Coeff) {
				es, ks = append(es, r.elements[t.Element]), append(ks, t.Coeff)
			}
		}
		if !r.vanishes(es, ks) {
			return true
		}
	}
	return false
}
