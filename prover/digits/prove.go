package digits

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// Witness is the prover's knowledge of a Checked: the scalars of its equations.
type Witness struct {
	Y, Gamma, w, gamma2, delta, delta2 ristretto.Scalar // Q = Y·G + Gamma·H

	Alphas, Blinds []ristretto.Scalar // openings of A_11, A_12, …
}

// Scalars returns the secret scalars of AddTo, in its order.
func (w *Witness) Scalars() []ristretto.Scalar {
	return []ristretto.Scalar{w.Y, w.Gamma, w.w, w.gamma2, w.delta, w.delta2}
}

// Prove runs the zero-check in sp, which already holds the commitments to all
// rows. q are the digits, each at most 3. rng supplies 256 bytes a round and 128
// at the end. step is called before each round and may end the proof with an
// error. The running time does not depend on the digits.
func Prove(sp *sigma.Sponge, q []uint8, rng io.Reader, step func() error) (msg []byte, c *Checked, w *Witness, err error) {
	shape := Shape{Length: len(q), Width: 1}
	var over uint8
	for _, d := range q {
		over |= d >> 2
	}
	if over != 0 {
		return nil, nil, nil, errors.New("a digit is larger than 3")
	}
	c, w = &Checked{}, &Witness{}
	for range shape.Rounds() {
		c.Tau = append(c.Tau, sp.Challenge())
	}
	p := &prover{small: q, eq: EqTable(c.Tau[1:])}
	var blind ristretto.Scalar // of the claim
	for i := range c.Tau {
		if err := step(); err != nil {
			return nil, nil, nil, err
		}
		var sent []byte
		for _, alpha := range p.round() {
			A, b, err := commit(&alpha, rng)
			if err != nil {
				return nil, nil, nil, err
			}
			c.A, sent = append(c.A, A), A.Append(sent)
			w.Alphas, w.Blinds = append(w.Alphas, alpha), append(w.Blinds, b)
		}
		sp.Absorb(sent)
		msg = append(msg, sent...)
		s := sp.Challenge()
		c.S = append(c.S, s)
		p.fold(&s)
		for j, k := range roundCoefficients(&s, &c.Tau[i]) {
			blind.MulAdd(&k, &w.Blinds[perRound*i+j], &blind)
		}
	}
	if err := c.finish(w, &p.q[0], &blind, rng); err != nil {
		return nil, nil, nil, err
	}
	last := c.W.Append(c.Q.Append(nil))
	sp.Absorb(last)
	return append(msg, last...), c, w, nil
}

// finish commits to y and w and solves the equations.
func (c *Checked) finish(w *Witness, y, blind *ristretto.Scalar, rng io.Reader) (err error) {
	w.Y = *y
	minus3 := number(-3)
	var k ristretto.Scalar
	w.w.Mul(y, k.Add(y, &minus3))
	if c.Q, w.Gamma, err = commit(&w.Y, rng); err != nil {
		return err
	}
	if c.W, w.gamma2, err = commit(&w.w, rng); err != nil {
		return err
	}
	w.delta.Sub(&w.gamma2, k.Mul(&w.Y, &w.Gamma))
	w.delta2.Sub(blind, k.Mul(&w.w, &w.gamma2))
	return nil
}

// commit draws a blinding and commits to v.
func commit(v *ristretto.Scalar, rng io.Reader) (p sigma.Point, b ristretto.Scalar, err error) {
	if b, err = sigma.RandomScalar(rng); err != nil {
		return p, b, fmt.Errorf("zero-check: %w", err)
	}
	return sigma.NewPoint(ristretto.Commit(v, &b)), b, nil
}

// prover is the state between rounds: the vector, folded so far, and the table of
// eq over the variables of later rounds. Positions beyond the vector hold 0, for
// which f is 0.
type prover struct {
	small []uint8            // before the first fold
	q     []ristretto.Scalar // after it
	eq    []ristretto.Scalar // half as long as the positions that are left
}

// round returns α_1 … α_4 of h(t) = Σ_p eq[p]·f(lo_p + t·(hi_p − lo_p)).
func (p *prover) round() [perRound]ristretto.Scalar {
	if p.small != nil {
		return p.firstRound()
	}
	var alpha, k [perRound]ristretto.Scalar
	half := len(p.eq)
	minus3 := number(-3)
	var b, w0, w1, w2, two, x ristretto.Scalar
	for i := range min(half, len(p.q)) {
		a := &p.q[i]
		if i+half < len(p.q) {
			b.Sub(&p.q[i+half], a)
		} else {
			b.Neg(a)
		}
		// w = a(a−3) + b(2a−3)·t + b²·t², f = w² + 2w
		x.Add(a, &minus3)
		w0.Mul(a, &x)
		x.Add(a, &x)
		w1.Mul(&b, &x)
		w2.Mul(&b, &b)
		two.Add(&w1, &w1)
		k[3].Mul(&w2, &w2)
		k[2].Mul(&two, &w2)
		x.Add(&w0, one)
		k[0].Mul(&two, &x)
		x.Add(&x, &x) // 2·w0 + 2
		k[1].Mul(&x, &w2)
		k[1].MulAdd(&w1, &w1, &k[1])
		for j := range alpha {
			alpha[j].MulAdd(&p.eq[i], &k[j], &alpha[j])
		}
	}
	return alpha
}

var one = func() *ristretto.Scalar { k := number(1); return &k }()

// firstRound is round while the digits are small. No coefficient is smaller than
// −shift, so with shift added all are of 10 bits; products with words of 32 bits
// are added up in words of 64, for as many pairs as MaxLength has.
func (p *prover) firstRound() (alpha [perRound]ristretto.Scalar) {
	const shift = 512
	half := len(p.eq)
	var sums [perRound][8]uint64
	var total ristretto.Scalar
	for i := range min(half, len(p.small)) {
		a, b := int32(p.small[i]), -int32(p.small[i])
		if i+half < len(p.small) {
			b += int32(p.small[i+half])
		}
		w0, w1, w2 := a*(a-3), b*(2*a-3), b*b
		k := [perRound]int32{2 * w1 * (w0 + 1), w1*w1 + 2*(w0+1)*w2, 2 * w1 * w2, w2 * w2}
		limbs := words(&p.eq[i])
		for j := range sums {
			v := uint64(uint32(k[j] + shift))
			for l := range limbs {
				sums[j][l] += v * uint64(limbs[l])
			}
		}
		total.Add(&total, &p.eq[i])
	}
	minus := number(-shift)
	total.Mul(&total, &minus)
	for j := range alpha {
		alpha[j] = carried(&sums[j])
		alpha[j].Add(&alpha[j], &total)
	}
	return alpha
}

func words(k *ristretto.Scalar) (x [8]uint32) {
	var buf [ristretto.ScalarSize]byte
	k.Append(buf[:0])
	for i := range x {
		x[i] = binary.LittleEndian.Uint32(buf[4*i:])
	}
	return x
}

// carried returns Σ sums[l]·2^(32l) modulo q.
func carried(sums *[8]uint64) (k ristretto.Scalar) {
	var buf [48]byte
	var carry uint64
	for l, v := range sums {
		low := v&(1<<32-1) + carry
		binary.LittleEndian.PutUint32(buf[4*l:], uint32(low))
		carry = v>>32 + low>>32
	}
	binary.LittleEndian.PutUint64(buf[4*len(sums):], carry)
	k.SetWide(buf[:])
	return k
}

// fold binds the top bit of the positions to s.
func (p *prover) fold(s *ristretto.Scalar) {
	half := len(p.eq)
	if p.small != nil {
		p.q = make([]ristretto.Scalar, len(p.small))
		for i, d := range p.small {
			p.q[i].SetUint64(uint64(d))
		}
		p.small = nil
	}
	keep := min(half, len(p.q))
	var rest, diff ristretto.Scalar
	rest.Sub(one, s)
	for i := range keep {
		if i+half < len(p.q) {
			diff.Sub(&p.q[i+half], &p.q[i])
			p.q[i].MulAdd(s, &diff, &p.q[i])
		} else {
			p.q[i].Mul(&rest, &p.q[i])
		}
	}
	p.q = p.q[:keep]
	// Over both values of the next variable eq adds up to eq without it.
	half /= 2
	for i := range half {
		p.eq[i].Add(&p.eq[i], &p.eq[i+half])
	}
	p.eq = p.eq[:half]
}
