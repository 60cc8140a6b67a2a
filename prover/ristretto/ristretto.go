// Package ristretto is the prime-order group of the protocol, ristretto255
// (RFC 9496), and all point arithmetic of Hushwatt. It offers scalars and
// elements, fixed bases with tables, constant-time combinations of fixed bases
// for those who hold secrets, and Sum, one variable-time multi-scalar
// multiplication for those who verify. See docs/design/ristretto.md.
package ristretto

import (
	"crypto/sha3"
	"errors"

	"github.com/bwesterb/go-ristretto/edwards25519"
)

// ElementSize is the length of an encoded element in bytes.
const ElementSize = 32

// Errors of Decode.
var (
	ErrElementLength   = errors.New("element is not 32 bytes")
	ErrElementEncoding = errors.New("element encoding is not canonical")
	ErrElementIdentity = errors.New("element is the identity")
)

// An Element is an element of the group. Its zero value is the identity, ready
// to use. Elements are compared with Equal, never with ==: one element has many
// representations.
type Element struct {
	_ [0]func() // not comparable with ==

	// The library's zero point is no point at all (it would equal everything),
	// so a fresh Element is told apart and read as the identity.
	set bool
	p   edwards25519.ExtendedPoint
}

// NewElement returns the identity.
func NewElement() *Element { return new(Element) }

var identityPoint = func() (p edwards25519.ExtendedPoint) { p.SetZero(); return }()

// point returns e's representation for reading only.
func (e *Element) point() *edwards25519.ExtendedPoint {
	if !e.set {
		return &identityPoint
	}
	return &e.p
}

// out returns e's representation for writing. Operands are read through point
// first, so a receiver may be an operand.
func (e *Element) out() *edwards25519.ExtendedPoint {
	e.set = true
	return &e.p
}

// Set sets e = p and returns e.
func (e *Element) Set(p *Element) *Element {
	*e = *p
	return e
}

// Add sets e = p + q and returns e.
func (e *Element) Add(p, q *Element) *Element {
	a, b := p.point(), q.point()
	e.out().Add(a, b)
	return e
}

// Sub sets e = p − q and returns e.
func (e *Element) Sub(p, q *Element) *Element {
	a, b := p.point(), q.point()
	e.out().Sub(a, b)
	return e
}

// Neg sets e = −p and returns e.
func (e *Element) Neg(p *Element) *Element {
	a := p.point()
	e.out().Neg(a)
	return e
}

// Mul sets e = k·p in constant time and returns e. For fixed bases Base.Mul is
// several times faster.
func (e *Element) Mul(k *Scalar, p *Element) *Element {
	var kb [32]byte
	k.s.BytesInto(&kb)
	a := *p.point()
	e.out().ScalarMult(&a, &kb)
	return e
}

// Equal reports whether e and p are the same element of the group.
func (e *Element) Equal(p *Element) bool {
	return e.point().RistrettoEqualsI(p.point()) == 1
}

// IsIdentity reports whether e is the identity.
func (e *Element) IsIdentity() bool {
	return e.point().RistrettoEqualsI(&identityPoint) == 1
}

// Bytes returns the canonical encoding of e, 32 bytes. The identity encodes to
// 32 zero bytes, which Decode refuses.
func (e *Element) Bytes() []byte { return e.Append(make([]byte, 0, ElementSize)) }

// Append appends the canonical encoding of e to b.
func (e *Element) Append(b []byte) []byte {
	var buf [ElementSize]byte
	e.point().RistrettoInto(&buf)
	return append(b, buf[:]...)
}

// Decode sets e to the element that b encodes. It refuses anything but the 32
// bytes that Bytes would write, and the identity, which no message of the
// protocol may carry. On error e is unchanged.
func (e *Element) Decode(b []byte) error {
	if len(b) != ElementSize {
		return ErrElementLength
	}
	buf := [ElementSize]byte(b)
	if buf == [ElementSize]byte{} {
		return ErrElementIdentity
	}
	var p edwards25519.ExtendedPoint
	if !p.SetRistretto(&buf) {
		return ErrElementEncoding
	}
	e.p, e.set = p, true
	return nil
}

// HashToGroup returns the element H2G(label) of the protocol: the one-way map
// of RFC 9496 section 4.3.4 applied to the first 64 bytes of SHAKE256(label).
// Nobody knows a discrete logarithm between two such elements.
func HashToGroup(label []byte) *Element {
	var uniform [64]byte
	copy(uniform[:], sha3.SumSHAKE256(label, len(uniform)))
	return oneWayMap(&uniform)
}

// oneWayMap is the function of RFC 9496 section 4.3.4.
func oneWayMap(uniform *[64]byte) *Element {
	a := elligator((*[32]byte)(uniform[:32]))
	b := elligator((*[32]byte)(uniform[32:]))
	return a.Add(a, b)
}

// elligator is MAP of RFC 9496: the top bit of t is ignored.
func elligator(t *[32]byte) *Element {
	var fe edwards25519.FieldElement
	var cp edwards25519.CompletedPoint
	cp.SetRistrettoElligator2(fe.SetBytes(t))
	e := NewElement()
	e.out().SetCompleted(&cp)
	return e
}
