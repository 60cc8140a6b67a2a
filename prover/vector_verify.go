package prover

import (
	"fmt"
	"slices"

	"hushwatt/prover/digits"
	"hushwatt/prover/fold"
	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// checkedVector is what both sides know of a claim's digits after the
// zero-check: the commitments to their rows, where their extension is evaluated,
// and the combination of the requirements with a commitment to its value.
type checkedVector struct {
	rows    []sigma.Point
	checked *digits.Checked
	mix     *mix
	z       sigma.Point
	mu      ristretto.Scalar // combines the Y and A, to show that they can be opened
}

// vectorSize returns the length in bytes of the messages from the rows to Z.
func (c *Claim) vectorSize() int {
	v := c.form.vector
	if v == nil {
		return 0
	}
	return ristretto.ElementSize*(v.shape.Rows()+1) + v.shape.Size()
}

// Equations and scalars that vectors add to the relation.
func (f *form) vectorEquations() (equations, scalars int) {
	if f.vector == nil {
		return 0, 0
	}
	return digits.Equations + 2, digits.Scalars + 3
}

// readVector reads the messages from the rows to Z. Without vectors it returns
// nil.
func (c *Claim) readVector(sp *sigma.Sponge, msg []byte) (*checkedVector, error) {
	if c.form.vector == nil {
		return nil, nil
	}
	v, shape := new(checkedVector), c.form.vector.shape
	rows, rest := msg[:ristretto.ElementSize*shape.Rows()], msg[ristretto.ElementSize*shape.Rows():]
	var err error
	if v.rows, err = decodePoints(rows); err != nil {
		return nil, fmt.Errorf("rows of digits: %w", err)
	}
	sp.Absorb(rows)
	lambda := sp.Challenge()
	v.mix = c.mix(&lambda)
	if v.checked, err = digits.Read(sp, shape, rest[:shape.Size()]); err != nil {
		return nil, err
	}
	last := rest[shape.Size():]
	if v.z, err = sigma.DecodePoint(last); err != nil {
		return nil, fmt.Errorf("combination of the requirements: %w", err)
	}
	sp.Absorb(last)
	v.mu = sp.Challenge()
	return v, nil
}

// elements returns the rows, and the commitments to the two functionals that the
// fold proves of them.
func (v *checkedVector) elements() (rows, sums []sigma.Point) {
	if v == nil {
		return nil, nil
	}
	return v.rows, []sigma.Point{v.checked.Q, v.z}
}

// foldVector is the fold's description of the digits; without v only its size
// matters.
func (c *Claim) foldVector(v *checkedVector) *fold.Vector {
	f := c.form.vector
	out := &fold.Vector{Length: f.shape.Length, Width: f.shape.Width}
	if v != nil {
		out.Sums, out.Cells, out.Entries = c.sums(), v.mix.cells, v.mix.digits
		out.EqRows, out.EqColumns = f.point(v.checked.S)
	}
	return out
}

// combination adds Z + Σ indexed·(G, X, Y) = σ·H: with Z, the commitment to the
// combination's sealed and digit part, all requirements add up to 0.
func (b *builder) combination(z int, m *mix) {
	im := []image{{Element: z, Coeff: b.one}}
	for i, k := range m.indexed {
		if i == 0 || !k.IsZero() {
			im = append(im, image{Element: b.elements[i], Coeff: k})
		}
	}
	slices.SortFunc(im, func(a, b image) int { return a.Element - b.Element })
	s := b.st.AddScalar()
	b.st.AddEquation(equation{Image: im, Terms: []term{{Scalar: s, Element: b.h, Coeff: b.one}}})
}

// opened adds Σ μ^k·E_k = α·G + b·H, from k = 0: whoever can do this for many μ
// can open every one of the elements.
func (b *builder) opened(elements []int, mu *ristretto.Scalar) {
	im, power := make([]image, len(elements)), b.one
	for k, e := range elements {
		im[k] = image{Element: e, Coeff: power}
		power.Mul(&power, mu)
	}
	alpha, blind := b.st.AddScalar(), b.st.AddScalar()
	b.st.AddEquation(equation{Image: im, Vouched: true, Terms: []term{
		{Scalar: alpha, Element: 0, Coeff: b.one},
		{Scalar: blind, Element: b.h, Coeff: b.one},
	}})
}
