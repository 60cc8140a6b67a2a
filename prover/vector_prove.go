package prover

import (
	"fmt"
	"io"
	"slices"

	"hushwatt/prover/digits"
	"hushwatt/prover/fold"
	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// total computes Σ weights[t]·v[t].
func (w *witness) total(t *total) (x Int) {
	for i, v := range w.vectors[t.vector] {
		x = x.Add(v.Mul(NewInt(t.weights[i])))
	}
	return x
}

// fillDigits computes the digits of every vector and requirement, in time that
// does not depend on them, and notes whether all are within their bounds.
func (c *Claim) fillDigits(w *witness) {
	within := func(v, bound Int) { w.bad |= v.Less(Int{}) | bound.Less(v) }
	for i := range c.vectors {
		bound := publicInt(c.vectors[i].bound)
		for _, v := range w.vectors[i] {
			within(v, bound)
			w.digits = append(w.digits, c.vectors[i].code.digits(v)...)
		}
	}
	eachs := c.form.vector.eachs
	for i := range eachs {
		e := &eachs[i]
		rest, bound := w.evaluate(e.rest), publicInt(e.bound)
		for t := range e.entries {
			v := rest.Add(w.entry(&e.entries[t]))
			within(v, bound)
			w.digits = append(w.digits, e.code.digits(v)...)
		}
	}
}

// entry computes what an entry comes to.
func (w *witness) entry(e *Sum) Int {
	x := NewInt(e.Const)
	for _, a := range e.Cells {
		x = x.accumulate(a.K, w.opened[a.Row].Values[a.Slot])
	}
	for _, a := range e.Items {
		x = x.Add(w.vectors[a.Of.i][a.At].Mul(NewInt(a.K)))
	}
	return x
}

// hiddenVector is the prover's side of a checkedVector.
type hiddenVector struct {
	*checkedVector
	betas  []ristretto.Scalar // blindings of the rows
	ends   *digits.Witness
	gammaZ ristretto.Scalar
	sigma  ristretto.Scalar // Z and the combination differ by sigma·H

	alpha, blind ristretto.Scalar // opening of the Y and A, combined with μ
}

// proveVector commits to the digits and runs the zero-check. Without vectors it
// returns nil.
func (c *Claim) proveVector(sp *sigma.Sponge, w *witness, rng io.Reader, step func() error) (h *hiddenVector, msg []byte, err error) {
	if c.form.vector == nil {
		return nil, nil, nil
	}
	h = &hiddenVector{checkedVector: new(checkedVector)}
	if msg, err = h.commit(c, w, rng, step); err != nil {
		return nil, nil, err
	}
	sp.Absorb(msg)
	lambda := sp.Challenge()
	if err := step(); err != nil {
		return nil, nil, err
	}
	h.mix = c.mix(&lambda)
	rounds, checked, ends, err := digits.Prove(sp, w.digits, rng, step)
	if err != nil {
		return nil, nil, err
	}
	h.checked, h.ends = checked, ends
	if h.gammaZ, err = sigma.RandomScalar(rng); err != nil {
		return nil, nil, fmt.Errorf("combination of the requirements: %w", err)
	}
	// Σ over cells and digits is minus what G, X and Y contribute.
	var z ristretto.Scalar
	z.Sub(&z, &h.mix.indexed[0])
	var k ristretto.Scalar
	h.sigma = h.gammaZ
	for i := range w.values {
		z.Sub(&z, k.Mul(&h.mix.indexed[1+i], &w.values[i]))
		h.sigma.MulAdd(&h.mix.indexed[1+i], &w.blinds[i], &h.sigma)
	}
	h.z = sigma.NewPoint(ristretto.Commit(&z, &h.gammaZ))
	last := h.z.Append(nil)
	sp.Absorb(last)
	h.mu = sp.Challenge()
	j := len(c.functionals)
	h.alpha = powers(&h.mu, w.values[j:], ends.Alphas)
	h.blind = powers(&h.mu, w.blinds[j:], ends.Blinds)
	return h, slices.Concat(msg, rounds, last), nil
}

// powers returns Σ μ^k·x_k over both lists, one after the other.
func powers(mu *ristretto.Scalar, lists ...[]ristretto.Scalar) (sum ristretto.Scalar) {
	all := slices.Concat(lists...)
	for i := range slices.Backward(all) {
		sum.MulAdd(&sum, mu, &all[i])
	}
	return sum
}

// commit draws the blindings and commits to the rows of digits.
func (h *hiddenVector) commit(c *Claim, w *witness, rng io.Reader, step func() error) (msg []byte, err error) {
	columns := c.foldStatement(nil).Bases()
	for row := range slices.Chunk(w.digits, c.form.vector.shape.Width) {
		if len(h.rows)%16 == 0 {
			if err := step(); err != nil {
				return nil, err
			}
		}
		beta, err := sigma.RandomScalar(rng)
		if err != nil {
			return nil, fmt.Errorf("row of digits: %w", err)
		}
		b := digits.Commit(columns, row, &beta)
		h.betas, h.rows, msg = append(h.betas, beta), append(h.rows, b), b.Append(msg)
	}
	return msg, nil
}

// addTo adds what the fold needs to know.
func (h *hiddenVector) addTo(f *fold.Witness, w *witness) {
	if h == nil {
		return
	}
	f.Blindings = slices.Concat(f.Blindings, h.betas)
	f.Gammas = slices.Concat(f.Gammas, []ristretto.Scalar{h.ends.Gamma, h.gammaZ})
	f.Vector = w.digits
}

// public returns what the verifier sees too, nil without vectors.
func (h *hiddenVector) public() *checkedVector {
	if h == nil {
		return nil
	}
	return h.checkedVector
}

// scalars returns the secret scalars of the relation's last equations.
func (h *hiddenVector) scalars() []ristretto.Scalar {
	if h == nil {
		return nil
	}
	return append(h.ends.Scalars(), h.sigma, h.alpha, h.blind)
}
