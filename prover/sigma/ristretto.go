package sigma

import (
	"fmt"
	"io"
	"sync"

	"hushwatt/prover/ristretto"
)

// Statement is a relation over ristretto255, the suite of Hushwatt's claims,
// and Proof a decoded proof of one. Scalars are 32 bytes little-endian,
// elements as in RFC 9496; the drafts define no ristretto255 suite.
type (
	Statement = Relation[ristretto.Scalar, Point]
	Proof     = Transcript[ristretto.Scalar, Point]
)

// NewStatement returns a statement without equations; element 0 is G.
func NewStatement() *Statement { return NewRelation[ristretto.Scalar, Point](suite{}) }

// Point is an element of ristretto255 beside its encoding, and the fixed base
// that it is, if any. Points are immutable; the zero Point is not valid.
type Point struct {
	e    *ristretto.Element
	base *ristretto.Base // nil if the element is not a fixed base
	enc  [ristretto.ElementSize]byte
}

// Fixed returns a base of the protocol as a point.
func Fixed(b *ristretto.Base) Point {
	// Encoding costs as much as an inversion, so it is done once per base.
	p, ok := fixed.Load(b)
	if !ok {
		made := NewPoint(b.Element())
		made.base = b
		p, _ = fixed.LoadOrStore(b, made)
	}
	return p.(Point)
}

var fixed sync.Map // *ristretto.Base → Point

// NewPoint returns an element that the caller has computed as a point.
func NewPoint(e *ristretto.Element) Point {
	p := Point{e: ristretto.NewElement().Set(e)}
	p.e.Append(p.enc[:0])
	return p
}

// PointOf returns an element as a point with the encoding that it was decoded
// from, which spares encoding it again. The caller answers for the two being one,
// and for e not changing any more.
func PointOf(e *ristretto.Element, encoding [ristretto.ElementSize]byte) Point {
	return Point{e: e, enc: encoding}
}

// DecodePoint decodes 32 bytes, which must be canonical and not the identity.
func DecodePoint(b []byte) (Point, error) {
	p := Point{e: ristretto.NewElement()}
	if err := p.e.Decode(b); err != nil {
		return Point{}, err
	}
	copy(p.enc[:], b)
	return p, nil
}

// Element returns a copy of the point's element.
func (p Point) Element() *ristretto.Element { return ristretto.NewElement().Set(p.e) }

// Append appends the encoding of the point, 32 bytes.
func (p Point) Append(b []byte) []byte { return append(b, p.enc[:]...) }

// Equal reports whether p and q are the same element.
func (p Point) Equal(q Point) bool { return p.enc == q.enc }

// RandomScalar draws a scalar from 64 bytes of rng.
func RandomScalar(rng io.Reader) (k ristretto.Scalar, err error) {
	var b [64]byte
	if _, err := io.ReadFull(rng, b[:]); err != nil {
		return k, fmt.Errorf("draw scalar: %w", err)
	}
	k.SetWide(b[:])
	clear(b[:])
	return k, nil
}

// Challenge squeezes 48 bytes, little-endian, and reduces them modulo q.
func (s *Sponge) Challenge() (k ristretto.Scalar) {
	k.SetWide(s.Squeeze(ristretto.ScalarSize + 16))
	return k
}

// AddTo adds the equations of a proof, each times its weight, to a sum that is
// the identity if they all hold. A weight is 128 bits that the prover could not
// foresee; no two equations share one. Everything is public.
func AddTo(sum *ristretto.Sum, r *Statement, t *Proof, weights []ristretto.Scalar) {
	if len(weights) != len(r.equations) {
		panic("sigma: one weight per equation is needed")
	}
	// One scalar per element of the statement: T + e·image − map(z) = 0.
	acc := make([]ristretto.Scalar, len(r.elements))
	var k, minus, we ristretto.Scalar
	one := suite{}.One()
	for i, eq := range r.equations {
		w := &weights[i]
		sum.AddElement(t.Commitment[i].e, w)
		we.Mul(w, &t.Challenge)
		for j := range eq.Image {
			m := &eq.Image[j]
			acc[m.Element].MulAdd(&we, &m.Coeff, &acc[m.Element])
		}
		minus.Neg(w)
		for j := range eq.Terms {
			m, a := &eq.Terms[j], &acc[eq.Terms[j].Element]
			if m.Coeff == one {
				a.MulAdd(&minus, &t.Response[m.Scalar], a)
				continue
			}
			a.MulAdd(&minus, k.Mul(&m.Coeff, &t.Response[m.Scalar]), a)
		}
	}
	for i, p := range r.elements {
		if p.base != nil {
			sum.AddBase(p.base, &acc[i])
		} else {
			sum.AddElement(p.e, &acc[i])
		}
	}
}

// suite is the Group of ristretto255.
type suite struct{}

func (suite) ScalarSize() int         { return ristretto.ScalarSize }
func (suite) ElementSize() int        { return ristretto.ElementSize }
func (suite) Generator() Point        { return Fixed(ristretto.G()) }
func (suite) IsIdentity(p Point) bool { return p.enc == [ristretto.ElementSize]byte{} }

// Combine uses the tables of fixed bases; G and H have the largest ones.
func (suite) Combine(ps []Point, ks []ristretto.Scalar) Point {
	sum := ristretto.NewElement()
	var bases []*ristretto.Base
	var baseKs []ristretto.Scalar
	for i, p := range ps {
		switch {
		case p.base == ristretto.G() || p.base == ristretto.H():
			sum.Add(sum, p.base.Mul(&ks[i]))
		case p.base != nil:
			bases, baseKs = append(bases, p.base), append(baseKs, ks[i])
		default:
			sum.Add(sum, ristretto.NewElement().Mul(&ks[i], p.e))
		}
	}
	if len(bases) > 0 {
		sum.Add(sum, ristretto.Combine(bases, baseKs))
	}
	return NewPoint(sum)
}

// Vanishes evaluates short images, such as X − b·G of a reveal, with the tables
// of G and H, which is several times faster than a sum of anything.
func (suite) Vanishes(ps []Point, ks []ristretto.Scalar) bool {
	var sum ristretto.Sum
	easy, one := ristretto.NewElement(), suite{}.One()
	for i, p := range ps {
		switch {
		case p.base == ristretto.G() || p.base == ristretto.H():
			easy.Add(easy, p.base.Mul(&ks[i]))
		case ks[i] == one:
			easy.Add(easy, p.e)
		case p.base != nil:
			sum.AddBase(p.base, &ks[i])
		default:
			sum.AddElement(p.e, &ks[i])
		}
	}
	if sum.Len() == 0 {
		return easy.IsIdentity()
	}
	sum.AddElement(easy, &one)
	return sum.IsIdentity()
}

func (suite) One() (k ristretto.Scalar)                      { k.SetUint64(1); return k }
func (suite) Neg(a ristretto.Scalar) (k ristretto.Scalar)    { k.Neg(&a); return k }
func (suite) Mul(a, b ristretto.Scalar) (k ristretto.Scalar) { k.Mul(&a, &b); return k }
func (suite) IsZero(a ristretto.Scalar) bool                 { return a.IsZero() }

func (suite) MulAdd(a, b, c ristretto.Scalar) (k ristretto.Scalar) {
	k.MulAdd(&a, &b, &c)
	return k
}

func (suite) AppendElement(b []byte, p Point) []byte           { return p.Append(b) }
func (suite) DecodeElement(b []byte) (Point, error)            { return DecodePoint(b) }
func (suite) AppendScalar(b []byte, a ristretto.Scalar) []byte { return a.Append(b) }

func (suite) DecodeScalar(b []byte) (k ristretto.Scalar, err error) {
	err = k.SetCanonical(b)
	return k, err
}

func (suite) Reduce(b []byte) (k ristretto.Scalar) { k.SetWide(b); return k }

func (suite) RandomScalar(rng io.Reader) (ristretto.Scalar, error) { return RandomScalar(rng) }
