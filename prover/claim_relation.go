package prover

import (
	"slices"

	"hushwatt/prover/fold"
	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

type (
	equation = sigma.Equation[ristretto.Scalar]
	image    = sigma.Image[ristretto.Scalar]
	term     = sigma.Term[ristretto.Scalar]
)

// foldStatement is what the day fold proves: every functional of the claim, and
// with vectors what v says of them.
func (c *Claim) foldStatement(v *checkedVector) *fold.Statement {
	f := new(fold.Statement)
	for _, r := range c.rows {
		f.Rows = append(f.Rows, r.N)
	}
	for _, x := range c.functionals {
		f.Weights = append(f.Weights, x.weights)
		f.Consts = append(f.Consts, x.konst)
	}
	if c.form.vector != nil {
		f.Vector = c.foldVector(v)
	}
	return f
}

// relation returns the one relation that ends a claim: the two equations of the
// fold, then reveals, linear requirements, the openings of the products' first
// factors, and the products, each in order of declaration. Every commitment is
// an element by itself, never a sum. What v says of vectors comes last; it is
// nil if there are none.
func (c *Claim) relation(folded *fold.Folded, seals, xs, ys []sigma.Point, v *checkedVector) (*sigma.Statement, error) {
	rows, sums := v.elements()
	st, at, err := folded.Relation(slices.Concat(seals, rows), slices.Concat(xs, sums))
	if err != nil {
		return nil, err
	}
	// elements maps the indices of commitment() to those of the relation.
	elements := make([]int, 1+len(xs)+len(ys))
	copy(elements[1:], at.X[:len(xs)])
	for _, place := range c.form.inside {
		elements[1+len(xs)+place] = st.AddElement(ys[place])
	}
	b := builder{c: c, st: st, h: at.H, elements: elements}
	b.one.SetUint64(1)
	for _, l := range c.form.reveals {
		b.opensToZero(l, true)
	}
	for _, l := range c.form.zeros {
		b.opensToZero(l, false)
	}
	factors := make([]int, len(c.form.products))
	for i, p := range c.form.products {
		factors[i] = b.opening(p.x)
	}
	for i, p := range c.form.products {
		b.product(p, factors[i])
	}
	if v != nil {
		as := v.checked.AddTo(st, at.X[len(xs)], at.H)
		b.combination(at.X[len(xs)+1], v.mix)
		b.opened(slices.Concat(elements[1+len(xs):], as), &v.mu)
	}
	return st, nil
}

// builder adds equations over the commitments of a claim.
type builder struct {
	c        *Claim
	st       *sigma.Statement
	h        int // element H
	elements []int
	one      ristretto.Scalar
}

// image returns Com(l), element by element. keepG keeps G where its coefficient
// is 0, so that a reveal has one shape whatever is revealed.
func (b *builder) image(l Linear, keepG bool) []image {
	var im []image
	ts := b.c.commitment(l)
	if keepG && (len(ts) == 0 || ts[0].index != 0) {
		im = append(im, image{Element: 0})
	}
	for _, t := range ts {
		im = append(im, image{Element: b.elements[t.index], Coeff: t.k})
	}
	return im
}

// opensToZero adds Com(l) = σ·H: the hidden integer l is 0.
func (b *builder) opensToZero(l Linear, keepG bool) {
	s := b.st.AddScalar()
	b.st.AddEquation(equation{Image: b.image(l, keepG), Terms: []term{{Scalar: s, Element: b.h, Coeff: b.one}}})
}

// opening adds Com(x) = x·G + γ·H and returns the scalar x.
func (b *builder) opening(l Linear) (x int) {
	x, gamma := b.st.AddScalar(), b.st.AddScalar()
	b.st.AddEquation(equation{Image: b.image(l, false), Terms: []term{
		{Scalar: x, Element: 0, Coeff: b.one},
		{Scalar: gamma, Element: b.h, Coeff: b.one},
	}})
	return x
}

// product adds Com(z) = x·Com(y) + δ·H, with terms in order of elements.
func (b *builder) product(p product, x int) {
	delta := b.st.AddScalar()
	onH := term{Scalar: delta, Element: b.h, Coeff: b.one}
	var terms []term
	ts := b.c.commitment(p.y)
	if ts[0].index == 0 {
		terms = append(terms, term{Scalar: x, Element: 0, Coeff: ts[0].k})
		ts = ts[1:]
	}
	terms = append(terms, onH)
	for _, t := range ts {
		terms = append(terms, term{Scalar: x, Element: b.elements[t.index], Coeff: t.k})
	}
	b.st.AddEquation(equation{Image: b.image(p.z, false), Terms: terms})
}
