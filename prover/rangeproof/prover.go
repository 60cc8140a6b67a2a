package rangeproof

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"hushwatt/prover/ristretto"
)

// A Next absorbs a message of the prover into the transcript and returns the
// challenge squeezed after it.
type Next func(message []byte) ristretto.Scalar

// A Prover makes one proof: NewProver, AS, T, Finish, each once and in this
// order (anything else panics). Between them the caller runs its transcript:
//
//	absorb AS() → y, z    absorb T(y, z) → x    Finish(x, next)
//
// Until the vectors l and r are formed everything is constant time. From there
// on it need not be: l and r are uniformly random given the rest of the proof
// (docs/notes.md), so that time may depend on them.
type Prover struct {
	s         *Statement
	step      int // messages made; a second answer would give the secrets away
	rand      io.Reader
	blindings []ristretto.Scalar // γ_j of the commitments

	aL, aR     []ristretto.Scalar // the bits, and the bits less 1
	sL, sR     []ristretto.Scalar
	a, s1      *ristretto.Element // A and S
	alpha, rho ristretto.Scalar

	terms          *terms
	l0, l1, r0, r1 []ristretto.Scalar // l = l0 + l1·X, r = r0 + r1·X
	tau1, tau2     ristretto.Scalar
}

// NewProver starts a proof that values[j], committed as values[j]·G +
// blindings[j]·H, keep the requirements of s. It draws randomness from rand, 64
// bytes a scalar, in the order α, ρ, s_L, s_R; T draws τ_1, τ_2. It returns
// ErrValue if a value is out of its range.
func (s *Statement) NewProver(values, blindings []ristretto.Scalar, rand io.Reader) (*Prover, error) {
	if len(values) != len(s.segments) || len(blindings) != len(s.segments) {
		return nil, fmt.Errorf("%d values and %d blindings for %d ranges", len(values), len(blindings), len(s.segments))
	}
	set, ok := s.decompose(values)
	if !ok {
		return nil, ErrValue
	}
	p := &Prover{s: s, rand: rand, blindings: blindings}
	if err := p.draw(&p.alpha); err != nil {
		return nil, err
	}
	p.setBits(set)
	return p, p.blind()
}

// setBits computes a_L, a_R and A = α·H + Σ a_L·g + Σ a_R·h from bits 0 or 1.
func (p *Prover) setBits(set []uint32) {
	n := p.s.positions()
	p.aL, p.aR = make([]ristretto.Scalar, n), make([]ristretto.Scalar, n)
	unset := make([]uint32, n)
	for i, b := range set {
		unset[i] = 1 - b
		p.aL[i].SetUint64(uint64(b))
		p.aR[i].SetInt64(int64(b) - 1)
	}
	g, h := vectorBases(n)
	p.a = ristretto.H().Mul(&p.alpha)
	p.a.Add(p.a, ristretto.CombineShort(g, set))
	p.a.Sub(p.a, ristretto.CombineShort(h, unset))
}

// blind draws s_L, s_R and computes S = ρ·H + Σ s_L·g + Σ s_R·h.
func (p *Prover) blind() error {
	n := p.s.positions()
	if err := p.draw(&p.rho); err != nil {
		return err
	}
	both := make([]ristretto.Scalar, 2*n)
	for i := range both {
		if err := p.draw(&both[i]); err != nil {
			return err
		}
	}
	p.sL, p.sR = both[:n], both[n:]
	p.s1 = ristretto.H().Mul(&p.rho)
	g, h := vectorBases(n)
	p.s1.Add(p.s1, ristretto.Combine(append(g, h...), both))
	return nil
}

// draw reads a scalar from the stream of randomness.
func (p *Prover) draw(k *ristretto.Scalar) error {
	var b [64]byte
	if _, err := io.ReadFull(p.rand, b[:]); err != nil {
		return fmt.Errorf("read randomness: %w", err)
	}
	k.SetWide(b[:])
	return nil
}

// next panics unless exactly so many messages were made, and counts one more.
func (p *Prover) next(made int) {
	if p.step != made {
		panic("rangeproof: messages of a prover out of order")
	}
	p.step++
}

// AS returns the first message, A ‖ S.
func (p *Prover) AS() []byte {
	p.next(0)
	return p.s1.Append(p.a.Append(make([]byte, 0, ASSize)))
}

// T takes the challenges that follow the first message and returns the second,
// T_1 ‖ T_2: commitments to the coefficients of t(X) = ⟨l(X), r(X)⟩.
func (p *Prover) T(y, z *ristretto.Scalar) ([]byte, error) {
	p.next(1)
	var err error
	if p.terms, err = p.s.terms(y, z); err != nil {
		return nil, err
	}
	p.formVectors()
	var t1, t2 ristretto.Scalar
	inner(&t1, p.l0, p.r1)
	inner(&t1, p.l1, p.r0)
	inner(&t2, p.l1, p.r1)
	if err := p.draw(&p.tau1); err != nil {
		return nil, err
	}
	if err := p.draw(&p.tau2); err != nil {
		return nil, err
	}
	out := ristretto.Commit(&t1, &p.tau1).Append(make([]byte, 0, TSize))
	return ristretto.Commit(&t2, &p.tau2).Append(out), nil
}

// formVectors computes l = a_L − z·1 + s_L·X and
// r = y^N∘(a_R + z·1 + s_R·X) + d.
func (p *Prover) formVectors() {
	n, t := p.s.positions(), p.terms
	p.l0, p.r0 = make([]ristretto.Scalar, n), make([]ristretto.Scalar, n)
	p.l1, p.r1 = p.sL, make([]ristretto.Scalar, n)
	for i := range n {
		p.l0[i].Sub(&p.aL[i], &t.z)
		p.r0[i].Add(&p.aR[i], &t.z)
		p.r0[i].MulAdd(&p.r0[i], &t.yPower[i], &t.d[i])
		p.r1[i].Mul(&p.sR[i], &t.yPower[i])
	}
}

// Finish takes the challenge that follows the second message and returns the
// third. It calls next for τ_x ‖ μ ‖ t̂, which gives w, and for each L_i ‖ R_i,
// which gives u_i; the last 64 bytes, a ‖ b, are left for the caller to absorb.
func (p *Prover) Finish(x *ristretto.Scalar, next Next) ([]byte, error) {
	p.next(2)
	if x.IsZero() {
		return nil, ErrChallenge
	}
	out := p.open(x)
	w := next(out)
	if w.IsZero() {
		return nil, ErrChallenge
	}
	l, r := at(p.l0, p.l1, x), at(p.r0, p.r1, x)
	return proveInner(out, l, r, &p.terms.y, &w, next)
}

// open returns τ_x ‖ μ ‖ t̂.
func (p *Prover) open(x *ristretto.Scalar) []byte {
	var tau, mu, t ristretto.Scalar
	tau.MulAdd(&p.tau2, x, &p.tau1)
	tau.Mul(&tau, x)
	for j := range p.blindings {
		tau.MulAdd(&p.terms.zj[j], &p.blindings[j], &tau)
	}
	mu.MulAdd(&p.rho, x, &p.alpha)
	inner(&t, at(p.l0, p.l1, x), at(p.r0, p.r1, x))
	return t.Append(mu.Append(tau.Append(make([]byte, 0, p.s.RestSize()))))
}

// at returns c0 + c1·x.
func at(c0, c1 []ristretto.Scalar, x *ristretto.Scalar) []ristretto.Scalar {
	out := make([]ristretto.Scalar, len(c0))
	for i := range out {
		out[i].MulAdd(&c1[i], x, &c0[i])
	}
	return out
}

// inner adds ⟨a, b⟩ to sum.
func inner(sum *ristretto.Scalar, a, b []ristretto.Scalar) {
	for i := range a {
		sum.MulAdd(&a[i], &b[i], sum)
	}
}

// decompose returns the bit at every position for the given values, in constant
// time, and whether all values are in their ranges.
func (s *Statement) decompose(values []ristretto.Scalar) (set []uint32, ok bool) {
	set = make([]uint32, s.positions())
	var bad uint64
	for j, seg := range s.segments {
		var b [ristretto.ScalarSize]byte
		values[j].Append(b[:0])
		v := uint128{binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b[:])}
		bad |= binary.LittleEndian.Uint64(b[16:]) | binary.LittleEndian.Uint64(b[24:])
		bad |= seg.split(v, set[seg.first:seg.first+seg.length])
	}
	return set, bad == 0
}

// split writes the bits of v to set and returns 0 if v ≤ bound. The last bit is
// set iff v ≥ 2^(k−1); what then remains, v − top, is below 2^(k−1) again.
func (seg segment) split(v uint128, set []uint32) (bad uint64) {
	_, borrow := bits.Sub64(seg.bound.lo, v.lo, 0)
	_, bad = bits.Sub64(seg.bound.hi, v.hi, borrow)
	if seg.length == 0 {
		return bad
	}

	last := v.bit(seg.length - 1)
	mask := -last
	lo, borrow := bits.Sub64(v.lo, seg.top.lo&mask, 0)
	hi, _ := bits.Sub64(v.hi, seg.top.hi&mask, borrow)
	rest := uint128{hi, lo}
	for i := range seg.length - 1 {
		set[i] = uint32(rest.bit(i))
	}
	set[seg.length-1] = uint32(last)
	return bad
}

// bit returns bit i of v; i is public.
func (v uint128) bit(i int) uint64 {
	if i >= 64 {
		return v.hi >> (i - 64) & 1
	}
	return v.lo >> i & 1
}
