package prover

import (
	"fmt"
	"io"

	"hushwatt/prover/rangeproof"
	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// One range proof carries every range requirement of a claim. It begins before
// the fold and ends after the relation, in the same sponge.

// rangeStatement returns what the range proof is about, nil without ranges.
func rangeStatement(ranges []bounded) (*rangeproof.Statement, error) {
	if len(ranges) == 0 {
		return nil, nil
	}
	segments := make([]rangeproof.Segment, len(ranges))
	for i, r := range ranges {
		segments[i] = rangeproof.Segment{Width: r.width, Bound: r.bound}
	}
	s, err := rangeproof.New(segments)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotProvable, err)
	}
	return s, nil
}

// rangeSizes returns the lengths in bytes of the two parts of the range proof.
func (c *Claim) rangeSizes() (first, last int) {
	if c.form.segments == nil {
		return 0, 0
	}
	return rangeproof.ASSize, rangeproof.TSize + c.form.segments.RestSize()
}

// rangeProver is a range proof between its two parts.
type rangeProver struct {
	p    *rangeproof.Prover
	y, z ristretto.Scalar
}

// startRanges sends A ‖ S and draws y and z. Without ranges it does nothing.
func (c *Claim) startRanges(sp *sigma.Sponge, w *witness, rng io.Reader) (*rangeProver, []byte, error) {
	if c.form.segments == nil {
		return nil, nil, nil
	}
	values := make([]ristretto.Scalar, len(w.ranges))
	blinds := make([]ristretto.Scalar, len(w.ranges))
	for i, r := range c.form.ranges {
		values[i], blinds[i] = w.ranges[i].Scalar(), w.blinding(c, r.l)
	}
	p, err := c.form.segments.NewProver(values, blinds, rng)
	if err != nil {
		return nil, nil, err
	}
	msg := p.AS()
	sp.Absorb(msg)
	return &rangeProver{p, sp.Challenge(), sp.Challenge()}, msg, nil
}

// finish sends the rest, from T_1 to b.
func (r *rangeProver) finish(sp *sigma.Sponge) ([]byte, error) {
	if r == nil {
		return nil, nil
	}
	msg, err := r.p.T(&r.y, &r.z)
	if err != nil {
		return nil, err
	}
	next := follow(sp)
	x := next(msg)
	rest, err := r.p.Finish(&x, next)
	if err != nil {
		return nil, err
	}
	sp.Absorb(rest[len(rest)-2*ristretto.ScalarSize:])
	return append(msg, rest...), nil
}

// follow absorbs a message and draws the challenge that it gives.
func follow(sp *sigma.Sponge) rangeproof.Next {
	return func(message []byte) ristretto.Scalar {
		sp.Absorb(message)
		return sp.Challenge()
	}
}

// rangeCheck is a range proof that has been read. A nil rangeCheck is that of a
// claim without ranges.
type rangeCheck struct {
	v        *rangeproof.Verifier
	y, z     ristretto.Scalar
	values   [][]committed // the commitment that each requirement is about
	elements []sigma.Point // X_1 …, Y_1 …
}

// readRanges reads A ‖ S and draws y and z.
func (c *Claim) readRanges(sp *sigma.Sponge, points []sigma.Point, msg []byte) (*rangeCheck, error) {
	if c.form.segments == nil {
		return nil, nil
	}
	r := &rangeCheck{v: c.form.segments.NewVerifier(), elements: points}
	if err := r.v.AS(msg); err != nil {
		return nil, err
	}
	for _, q := range c.form.ranges {
		r.values = append(r.values, c.commitment(q.l))
	}
	sp.Absorb(msg)
	r.y, r.z = sp.Challenge(), sp.Challenge()
	return r, nil
}

// finish reads the rest, from T_1 to b.
func (r *rangeCheck) finish(sp *sigma.Sponge, msg []byte) error {
	if r == nil {
		return nil
	}
	t, rest := msg[:rangeproof.TSize], msg[rangeproof.TSize:]
	if err := r.v.T(&r.y, &r.z, t); err != nil {
		return err
	}
	next := follow(sp)
	x := next(t)
	if err := r.v.Finish(&x, rest, next); err != nil {
		return err
	}
	sp.Absorb(rest[len(rest)-2*ristretto.ScalarSize:])
	return nil
}

func (r *rangeCheck) equations() int {
	if r == nil {
		return 0
	}
	return 2
}

// addTo adds the proof's two equations to sum. What a requirement is about is
// put together here, from the elements that the relation names.
func (r *rangeCheck) addTo(sum *ristretto.Sum, weights []ristretto.Scalar) {
	if r == nil {
		return
	}
	ks := make([]ristretto.Scalar, 1+len(r.elements))
	r.v.AddTo(sum, &weights[0], &weights[1], func(j int, k *ristretto.Scalar) {
		for _, t := range r.values[j] {
			ks[t.index].MulAdd(k, &t.k, &ks[t.index])
		}
	})
	sum.AddBase(ristretto.G(), &ks[0])
	for i, p := range r.elements {
		sum.AddElement(p.Element(), &ks[1+i])
	}
}
