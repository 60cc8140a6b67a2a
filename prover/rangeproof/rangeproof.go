// Package rangeproof shows that hidden integers lie in public ranges 0 … B,
// exact bounds, all in one Bulletproof (Bünz et al. 2018) of a few hundred
// bytes. The proof is interleaved with a caller's transcript, commitments are
// the caller's own linear combinations, and verification adds two equations to
// a ristretto.Sum. See docs/protocol.md, section 4, and docs/notes.md.
package rangeproof

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"math/bits"
	"sync"

	"hushwatt/internal/wire"
	"hushwatt/prover/ristretto"
)

// MaxWidth is the largest width of a segment: bounds are below 2^100.
const MaxWidth = 100

// maxPositions bounds the positions of a statement, so that nobody is made to
// compute without end.
const maxPositions = 4096

// Lengths in bytes of the first two messages. The third follows from the
// statement, see Statement.RestSize.
const (
	ASSize = 2 * ristretto.ElementSize // A ‖ S
	TSize  = 2 * ristretto.ElementSize // T_1 ‖ T_2
)

// Errors of provers and verifiers.
var (
	ErrValue     = errors.New("value is not in its range")
	ErrChallenge = errors.New("challenge is zero")
	ErrLength    = errors.New("range proof has the wrong length")
)

// A Segment is one requirement 0 ≤ v ≤ Bound, 0 ≤ Bound < 2^100. Width, at least
// 1 and the bit length of Bound and at most MaxWidth, is the number of positions
// that it takes; a wider segment hides which bound was chosen from the proof's
// size. Bound 0 says v = 0.
type Segment struct {
	Width int
	Bound *big.Int
}

// A Statement is a list of requirements: everything public but the commitments.
// It is not changed after New and may be shared.
type Statement struct {
	segments []segment
	weights  []ristretto.Scalar // of each position, 0 where unused
	owner    []int              // segment of each position, −1 in the padding
}

// A segment is a requirement in the form that the prover needs.
type segment struct {
	first  int // its first position
	length int // bits of the bound
	bound  uint128
	top    uint128 // weight of the last bit, bound − 2^(length−1) + 1
}

type uint128 struct{ hi, lo uint64 }

// New returns the statement of the given requirements, of which there is at
// least one. Their positions are laid end to end and padded to a power of two.
func New(segments []Segment) (*Statement, error) {
	if len(segments) == 0 {
		return nil, errors.New("range statement is empty")
	}
	s := new(Statement)
	for j, seg := range segments {
		if err := seg.check(); err != nil {
			return nil, fmt.Errorf("range %d: %w", j, err)
		}
		s.lay(j, seg)
		if len(s.weights) > maxPositions {
			return nil, fmt.Errorf("ranges take more than %d bits", maxPositions)
		}
	}
	for size := padded(len(s.weights)); len(s.weights) < size; {
		s.weights = append(s.weights, ristretto.Scalar{})
		s.owner = append(s.owner, -1)
	}
	return s, nil
}

func (seg Segment) check() error {
	switch {
	case seg.Bound == nil || seg.Bound.Sign() < 0:
		return errors.New("bound is negative")
	case seg.Width < 1:
		return errors.New("width is less than 1")
	case seg.Width > MaxWidth:
		return fmt.Errorf("width is more than %d bits", MaxWidth)
	case seg.Bound.BitLen() > seg.Width:
		return errors.New("bound does not fit its width")
	}
	return nil
}

// lay appends the positions of segment j with the weights 1, 2, …, 2^(k−2),
// B − 2^(k−1) + 1, whose subset sums are exactly 0 … B, and zeros up to its
// width.
func (s *Statement) lay(j int, seg Segment) {
	k := seg.Bound.BitLen()
	top := new(big.Int)
	if k > 0 {
		top.Lsh(big.NewInt(1), uint(k-1))
		top.Sub(seg.Bound, top).Add(top, big.NewInt(1))
	}
	s.segments = append(s.segments, segment{
		first: len(s.weights), length: k, bound: toUint128(seg.Bound), top: toUint128(top),
	})
	for i := range seg.Width {
		var w ristretto.Scalar
		switch {
		case i < k-1:
			w.SetBig(new(big.Int).Lsh(big.NewInt(1), uint(i)))
		case i == k-1:
			w.SetBig(top)
		}
		s.weights = append(s.weights, w)
		s.owner = append(s.owner, j)
	}
}

func toUint128(v *big.Int) uint128 {
	var b [16]byte
	v.FillBytes(b[:])
	return uint128{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

// padded returns the power of two, at least 8, that holds n positions.
func padded(n int) int {
	return max(8, 1<<bits.Len(uint(n-1)))
}

// positions is N, the length of all vectors.
func (s *Statement) positions() int { return len(s.weights) }

// rounds is log2 N.
func (s *Statement) rounds() int { return bits.Len(uint(s.positions())) - 1 }

// RestSize returns the length in bytes of the third message,
// τ_x ‖ μ ‖ t̂ ‖ L_1 ‖ R_1 ‖ … ‖ a ‖ b.
func (s *Statement) RestSize() int {
	return 5*ristretto.ScalarSize + 2*s.rounds()*ristretto.ElementSize
}

// Size returns the length in bytes of all three messages.
func (s *Statement) Size() int { return ASSize + TSize + s.RestSize() }

// vectors keeps the bases g_i and h_i of the two bit vectors, as many as were
// ever needed.
var vectors struct {
	sync.Mutex
	g, h []*ristretto.Base
}

// vectorBases returns g_0 … g_(n−1) and h_0 … h_(n−1).
func vectorBases(n int) (g, h []*ristretto.Base) {
	vectors.Lock()
	defer vectors.Unlock()
	for i := len(vectors.g); i < n; i++ {
		vectors.g = append(vectors.g, vectorBase(wire.LabelRangeG, i))
		vectors.h = append(vectors.h, vectorBase(wire.LabelRangeH, i))
	}
	return vectors.g[:n:n], vectors.h[:n:n]
}

func vectorBase(label string, i int) *ristretto.Base {
	return ristretto.Named(string(binary.BigEndian.AppendUint16([]byte(label), uint16(i))))
}

// baseU is the base of the inner product.
func baseU() *ristretto.Base { return ristretto.Named(wire.LabelRangeU) }

// terms are the values that both sides compute from y and z.
type terms struct {
	y, z   ristretto.Scalar
	zj     []ristretto.Scalar // z^(2+j) for segment j
	d      []ristretto.Scalar // z^(2+j)·weight at each position
	yPower []ristretto.Scalar // y^i
}

func (s *Statement) terms(y, z *ristretto.Scalar) (*terms, error) {
	if y.IsZero() || z.IsZero() {
		return nil, ErrChallenge
	}
	t := &terms{y: *y, z: *z, zj: powers(z, len(s.segments)+2)[2:]}
	t.yPower = powers(y, s.positions())
	t.d = make([]ristretto.Scalar, s.positions())
	for i, j := range s.owner {
		if j >= 0 {
			t.d[i].Mul(&t.zj[j], &s.weights[i])
		}
	}
	return t, nil
}

// powers returns x^0 … x^(n−1).
func powers(x *ristretto.Scalar, n int) []ristretto.Scalar {
	out := make([]ristretto.Scalar, n)
	out[0].SetUint64(1)
	for i := 1; i < n; i++ {
		out[i].Mul(&out[i-1], x)
	}
	return out
}
