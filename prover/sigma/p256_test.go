package sigma

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/cloudflare/circl/group"
)

// p256 is the group of the CFRG vectors. It is for tests only: circl's scalar
// arithmetic for P-256 is not constant time.
type p256 struct{}

type (
	pScalar = group.Scalar
	pPoint  = group.Element
)

var (
	p256Order, _ = new(big.Int).SetString("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)
	p256Prime, _ = new(big.Int).SetString("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", 16)
)

var _ Group[pScalar, pPoint] = p256{}

func (p256) ScalarSize() int          { return 32 }
func (p256) ElementSize() int         { return 33 }
func (p256) Generator() pPoint        { return group.P256.Generator() }
func (p256) IsIdentity(e pPoint) bool { return e.IsIdentity() }
func (p256) One() pScalar             { return group.P256.NewScalar().SetUint64(1) }
func (p256) Neg(a pScalar) pScalar    { return group.P256.NewScalar().Neg(a) }
func (p256) Mul(a, b pScalar) pScalar { return group.P256.NewScalar().Mul(a, b) }
func (p256) IsZero(a pScalar) bool    { return a.IsZero() }

func (g p256) MulAdd(a, b, c pScalar) pScalar {
	return group.P256.NewScalar().Add(g.Mul(a, b), c)
}

func (p256) Combine(es []pPoint, ks []pScalar) pPoint {
	sum := group.P256.Identity()
	for i := range es {
		sum = sum.Add(sum, group.P256.NewElement().Mul(es[i], ks[i]))
	}
	return sum
}

func (g p256) Vanishes(es []pPoint, ks []pScalar) bool { return g.Combine(es, ks).IsIdentity() }

func (p256) AppendElement(b []byte, e pPoint) []byte {
	c, err := e.MarshalBinaryCompress()
	if err != nil || len(c) != 33 {
		panic("identity has no encoding")
	}
	return append(b, c...)
}

// DecodeElement accepts the compressed form with a reduced x-coordinate only.
func (p256) DecodeElement(b []byte) (pPoint, error) {
	if len(b) != 33 || b[0] != 2 && b[0] != 3 {
		return nil, errors.New("not a compressed point")
	}
	if new(big.Int).SetBytes(b[1:]).Cmp(p256Prime) >= 0 {
		return nil, errors.New("coordinate is not reduced")
	}
	e := group.P256.NewElement()
	if err := e.UnmarshalBinary(b); err != nil {
		return nil, err
	}
	if e.IsIdentity() {
		return nil, errors.New("identity")
	}
	return e, nil
}

func (p256) AppendScalar(b []byte, a pScalar) []byte {
	c, err := a.MarshalBinary()
	if err != nil {
		panic(err)
	}
	return append(b, c...)
}

func (p256) DecodeScalar(b []byte) (pScalar, error) {
	x := new(big.Int).SetBytes(b)
	if len(b) != 32 || x.Cmp(p256Order) >= 0 {
		return nil, errNotCanonical
	}
	return group.P256.NewScalar().SetBigInt(x), nil
}

func (p256) Reduce(b []byte) pScalar {
	return group.P256.NewScalar().SetBigInt(DecodeUint(b, p256Order))
}

func (g p256) RandomScalar(rng io.Reader) (pScalar, error) {
	var b [48]byte
	if _, err := io.ReadFull(rng, b[:]); err != nil {
		return nil, err
	}
	return g.Reduce(b[:]), nil
}

// parseRelation reads a serialized relation, as the vectors carry it. A
// program builds its relations itself, so the library has no such function.
func parseRelation[S, E any](g Group[S, E], b []byte) (*Relation[S, E], error) {
	p := &parser[S, E]{g: g, b: b}
	r := NewRelation(g)
	for n := p.count(8); n > 0 && p.err == nil; n-- {
		var eq Equation[S]
		for m := p.count(4 + g.ScalarSize()); m > 0 && p.err == nil; m-- {
			eq.Image = append(eq.Image, Image[S]{p.index(), p.scalar()})
		}
		for m := p.count(8 + g.ScalarSize()); m > 0 && p.err == nil; m-- {
			eq.Terms = append(eq.Terms, Term[S]{p.index(), p.index(), p.scalar()})
		}
		r.AddEquation(eq)
	}
	for p.err == nil && len(p.b) > 0 {
		e, err := g.DecodeElement(p.take(g.ElementSize()))
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", r.Elements(), err)
		}
		r.AddElement(e)
	}
	return r, p.err
}

type parser[S, E any] struct {
	g   Group[S, E]
	b   []byte
	err error
}

func (p *parser[S, E]) take(n int) []byte {
	if p.err != nil || len(p.b) < n {
		p.err = errShort
		return make([]byte, n)
	}
	out := p.b[:n]
	p.b = p.b[n:]
	return out
}

func (p *parser[S, E]) index() int { return int(binary.LittleEndian.Uint32(p.take(4))) }

// count reads the number of items of at least size bytes each.
func (p *parser[S, E]) count(size int) int {
	n := p.index()
	if n > len(p.b)/size {
		p.err = errShort
	}
	return n
}

func (p *parser[S, E]) scalar() S {
	s, err := p.g.DecodeScalar(p.take(p.g.ScalarSize()))
	if err != nil && p.err == nil {
		p.err = err
	}
	return s
}
