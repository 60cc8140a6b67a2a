package prover

import (
	"errors"
	"fmt"
	"math/big"
	"slices"

	"hushwatt/prover/rangeproof"
)

// Limits of one claim, those of package fold.
const (
	maxFunctionals = 1 << 10
	maxRows        = 1 << 16
)

var errPublic = fmt.Errorf("%w: expression is about no hidden integer", ErrNotProvable)

// form is a compiled claim: what is committed to and what is proven about it,
// after substitution. It holds nothing private.
type form struct {
	columns columns
	hash    [32]byte // of the weights, after statuses

	sent   []int       // secrets that are committed to: Y_1, Y_2, … in order
	place  map[int]int // secret → its place in sent
	inside []int       // places in sent of the Y that some equation names

	ranges   []bounded
	reveals  []Linear
	zeros    []Linear // linear requirements that remain as equations
	products []product

	segments *rangeproof.Statement // of ranges; nil if there are none
	vector   *vectorForm           // of vectors, then of all ranges; nil if there are none
}

// compile checks a claim and brings it into its one form.
func (c *Claim) compile() (*form, error) {
	if len(c.functionals) == 0 && !c.useVectors() {
		return nil, errors.New("claim has no functional")
	}
	if len(c.functionals) > maxFunctionals || len(c.rows) > maxRows {
		return nil, fmt.Errorf("%w: %d functionals of %d rows", ErrNotProvable, len(c.functionals), len(c.rows))
	}
	for _, l := range c.expressions() {
		if err := c.known(*l); err != nil {
			return nil, err
		}
	}
	if err := c.checkIntervals(); err != nil {
		return nil, err
	}
	gone, err := c.substitute()
	if err != nil {
		return nil, err
	}
	if err := c.checkIntervals(); err != nil {
		return nil, err
	}
	if err := c.checkHidden(); err != nil {
		return nil, err
	}
	if err := c.checkPays(); err != nil {
		return nil, err
	}
	f := &form{columns: newColumns(c.rows), ranges: c.ranges, reveals: c.reveals, zeros: c.zeros, products: c.products}
	if c.hash != nil {
		f.hash = *c.hash
	} else {
		f.hash = c.weightsHash()
	}
	f.place = make(map[int]int)
	for i := range c.secrets {
		if !gone[i] {
			f.place[i] = len(f.sent)
			f.sent = append(f.sent, i)
		}
	}
	if c.useVectors() {
		if err := c.compileVectors(f); err != nil {
			return nil, err
		}
	}
	f.inside = f.named()
	if f.segments, err = rangeStatement(f.ranges); err != nil {
		return nil, err
	}
	return f, nil
}

// expressions lists every expression of the claim, to be read or replaced.
func (c *Claim) expressions() []*Linear {
	var all []*Linear
	for i := range c.ranges {
		all = append(all, &c.ranges[i].l)
	}
	for i := range c.reveals {
		all = append(all, &c.reveals[i])
	}
	for i := range c.zeros {
		all = append(all, &c.zeros[i])
	}
	for i := range c.products {
		p := &c.products[i]
		all = append(all, &p.z, &p.x, &p.y)
	}
	for i := range c.eachs {
		all = append(all, &c.eachs[i].rest)
	}
	for i := range c.results {
		for j := range c.results[i] {
			all = append(all, &c.results[i][j])
		}
	}
	return all
}

// known refuses expressions over another claim's functionals and secrets.
func (c *Claim) known(l Linear) error {
	for _, p := range l.parts {
		if _, ok := c.within(p.atom); !ok {
			return errors.New("expression is not of this claim")
		}
	}
	return nil
}

// substitute removes from every expression the secrets that linear requirements
// determine, and leaves in c.zeros those that determine none. Each requirement
// gives up the last declared secret with coefficient 1 or −1.
func (c *Claim) substitute() (gone map[int]bool, err error) {
	gone = make(map[int]bool)
	zeros := c.zeros
	var kept []Linear
	for i := range zeros {
		l := zeros[i]
		if len(l.parts) == 0 {
			return nil, fmt.Errorf("linear requirement %d: %w", i, errPublic)
		}
		y, found := l.last()
		if !found {
			kept = append(kept, l)
			continue
		}
		// k·y + rest = 0 with k = ±1, so y = −k·rest.
		k := l.coefficient(y)
		by := l.replace(y, Linear{}).Scale(new(big.Int).Neg(k))
		gone[y.i] = true
		for _, e := range c.expressions() {
			*e = e.replace(y, by)
		}
		for i := range kept {
			kept[i] = kept[i].replace(y, by)
		}
		for a, r := range c.rises {
			c.rises[a] = r.replace(y, by)
		}
	}
	c.zeros = kept
	return gone, nil
}

// checkIntervals refuses claims in which an integer could leave ±2^200.
func (c *Claim) checkIntervals() error {
	for _, l := range c.expressions() {
		if !c.interval(*l).bounded() {
			return fmt.Errorf("%w: an integer of the claim could exceed 2^200", ErrNotProvable)
		}
	}
	for i, p := range c.products {
		if !c.interval(p.x).product(c.interval(p.y)).bounded() {
			return fmt.Errorf("%w: product %d could exceed 2^200", ErrNotProvable, i)
		}
	}
	for i := range c.eachs {
		if !c.entriesBounded(i) {
			return fmt.Errorf("%w: an entry of requirement %d could exceed 2^200", ErrNotProvable, i)
		}
	}
	return nil
}

// checkHidden refuses requirements that are about public integers only: they
// have no commitment to be proven of.
func (c *Claim) checkHidden() error {
	for i, r := range c.ranges {
		if len(r.l.parts) == 0 {
			return fmt.Errorf("range %d: %w", i, errPublic)
		}
	}
	for i, l := range c.reveals {
		if len(l.parts) == 0 {
			return fmt.Errorf("reveal %d: %w", i, errPublic)
		}
	}
	for i, l := range c.zeros {
		if len(l.parts) == 0 {
			return fmt.Errorf("linear requirement %d: %w", i, errPublic)
		}
	}
	for i := range c.eachs {
		if e := &c.eachs[i]; len(e.rest.parts) == 0 && slices.ContainsFunc(e.entries, Sum.public) {
			return fmt.Errorf("requirement %d of each entry: %w", i, errPublic)
		}
	}
	for i, p := range c.products {
		if len(p.x.parts) == 0 || len(p.y.parts) == 0 || len(p.z.parts) == 0 {
			return fmt.Errorf("factor or result of product %d: %w", i, errPublic)
		}
	}
	return nil
}

// checkPays refuses claims in which a one-sided secret could be wrong to the
// prover's gain: every revealed value must be monotone in it. A sum of values
// that are rounded one by one is known to be monotone only if each of them is.
// The check is necessary for a rule to be safe, not sufficient: that the honest
// value is the extreme one follows from the rule's own ranges.
func (c *Claim) checkPays() error {
	for i, s := range c.secrets {
		y := atom{secret: true, i: i}
		if err := c.checkSide(s.name, s.pays, func(a atom) (up, down bool) { return a == y, false }); err != nil {
			return err
		}
	}
	for i, v := range c.vectors {
		if err := c.checkSide(v.name, v.pays, func(a atom) (up, down bool) { return c.movesTotal(a, i) }); err != nil {
			return err
		}
	}
	return nil
}

// moves says whether a hidden integer, by what it is made of, rises or falls with
// a one-sided one.
type moves func(atom) (up, down bool)

// movesTotal is moves for the entries of vector i.
func (c *Claim) movesTotal(a atom, i int) (up, down bool) {
	if a.secret || c.functionals[a.i].total == nil || c.functionals[a.i].total.vector != i {
		return false, false
	}
	for _, w := range c.functionals[a.i].total.weights {
		up, down = up || w > 0, down || w < 0
	}
	return up, down
}

func (c *Claim) checkSide(name string, pays Pays, y moves) error {
	if pays == 0 {
		return nil
	}
	if c.tied(y) {
		return fmt.Errorf("%w: one-sided secret %s stands in a product or in an equation: it passes its freedom on", ErrNotProvable, name)
	}
	for _, sum := range c.results {
		for _, l := range sum {
			if up, down := c.directions(l, y); up && pays == PaysDown || down && pays == PaysUp {
				return fmt.Errorf("%w: secret %s can be wrong to the prover's gain: the exact form with a product is needed", ErrNotProvable, name)
			}
		}
	}
	return nil
}

// tied reports whether y determines other integers by a product or by a linear
// requirement that stays an equation. What is revealed could then move with y
// in ways that directions does not see.
func (c *Claim) tied(y moves) bool {
	in := func(l Linear) bool {
		return slices.ContainsFunc(l.parts, func(p part) bool {
			up, down := y(p.atom)
			return up || down
		})
	}
	return slices.ContainsFunc(c.zeros, in) ||
		slices.ContainsFunc(c.products, func(p product) bool { return in(p.x) || in(p.y) || in(p.z) })
}

// directions says whether l rises or falls with y, directly or through hidden
// integers that rise with an expression with y.
func (c *Claim) directions(l Linear, y moves) (up, down bool) {
	for _, p := range l.parts {
		u, d := y(p.atom)
		if from, ok := c.rises[p.atom]; ok && !u && !d {
			u, d = c.directions(from, y)
		}
		if p.k.Sign() < 0 {
			u, d = d, u
		}
		up, down = up || u, down || d
	}
	return up, down
}

// named returns the places of the secrets that some equation names.
func (f *form) named() []int {
	var places []int
	note := func(l Linear) {
		for _, p := range l.parts {
			if p.atom.secret {
				places = append(places, f.place[p.atom.i])
			}
		}
	}
	for _, l := range slices.Concat(f.reveals, f.zeros) {
		note(l)
	}
	if f.vector != nil {
		for i := range f.vector.eachs {
			note(f.vector.eachs[i].rest)
		}
	}
	for _, p := range f.products {
		note(p.z)
		note(p.x)
		note(p.y)
	}
	slices.Sort(places)
	return slices.Compact(places)
}
