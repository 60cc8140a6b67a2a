// Package fold proves linear functionals of sealed days: with day seals
// V_d = Σ_s c[d][s]·G_s + ρ_d·H and commitments X_j = x_j·G + γ_j·H, it shows
// x_j = Σ P_j[d][s]·c[d][s] + const_j for all j at once. A sum-check over the
// rows folds all days into one; the two equations that remain are proven by
// package sigma, beside whatever else a claim states. docs/protocol.md, 4.1.
package fold

import (
	"errors"
	"fmt"
	"math/big"
	"math/bits"
	"slices"

	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

const (
	maxRows        = 1 << 16
	maxFunctionals = 1 << 10
	maxConstBits   = 127 // |const| < 2^127, docs/protocol.md 4.3
	maxWidth       = 1 << 12
)

// Statement is the public side of a fold, apart from seals and commitments.
type Statement struct {
	// Rows holds the slots per day n of each row, in the order of the seals.
	Rows []int
	// Weights[j][d][s] multiplies slot s, 0 ≤ s < Rows[d], of row d in
	// functional j. Weights[j] is nil if the functional has no part there.
	Weights [][][]int64
	// Consts[j] is added to functional j.
	Consts []*big.Int
	// Vector is what else is folded, nil if nothing is.
	Vector *Vector
}

// Vector describes a hidden vector that is committed to in rows of its own,
// which follow the sealed ones, and the functionals that it takes part in. Two
// of them follow those of Weights: an evaluation of the vector's multilinear
// extension, and a combination of everything; their constants are 0.
type Vector struct {
	Length, Width int // entries, entries a row

	// Sums[j] is what the vector adds to functional j.
	Sums []Sum
	// EqRows[i]·EqColumns[c] multiplies entry i·Width + c in the evaluation, in
	// which the last row counts to its end.
	EqRows, EqColumns []ristretto.Scalar
	// Cells[d][s] multiplies a slot of the sealed rows in the combination, and
	// Entries[p] an entry of the vector. A nil row of cells is one of zeros.
	Cells   [][]ristretto.Scalar
	Entries []ristretto.Scalar
}

// Sum is Weights[i] times entry First + i, for all i. It is as long as the part of
// the vector that a functional is about: there may be many.
type Sum struct {
	First   int
	Weights []ristretto.Scalar
}

func (v *Vector) rows() int {
	if v == nil {
		return 0
	}
	return (v.Length + v.Width - 1) / v.Width
}

// check reports shapes that do not fit.
func (v *Vector) check(st *Statement) error {
	switch {
	case v == nil:
		return nil
	case v.Length < 1 || v.Width < 1 || v.Width > maxWidth || v.rows() > maxRows:
		return fmt.Errorf("vector of %d entries in rows of %d", v.Length, v.Width)
	case len(v.Sums) != len(st.Weights) || len(v.Cells) != len(st.Rows) || len(v.Entries) != v.Length:
		return errors.New("weights of the vector do not fit")
	case len(v.EqRows) < v.rows() || len(v.EqColumns) != v.Width:
		return errors.New("point of the vector's evaluation is too short")
	}
	for j, sum := range v.Sums {
		if sum.First < 0 || sum.First > v.Length || len(sum.Weights) > v.Length-sum.First {
			return fmt.Errorf("functional %d has %d weights of the vector from %d", j, len(sum.Weights), sum.First)
		}
	}
	for d, row := range v.Cells {
		if row != nil && len(row) != st.Rows[d] {
			return fmt.Errorf("combination: row %d has %d weights", d, len(row))
		}
	}
	return nil
}

// Check reports whether the statement can be proven: at least one row and one
// functional, shapes that agree, |weight| < 2^63, |const| < 2^127.
func (st *Statement) Check() error {
	switch {
	case len(st.Rows) == 0 || len(st.Rows) > maxRows:
		return errors.New("no rows, or too many")
	case len(st.Weights) == 0 && st.Vector == nil || len(st.Weights) > maxFunctionals:
		return errors.New("no functionals, or too many")
	case len(st.Consts) != len(st.Weights):
		return errors.New("one constant per functional is needed")
	}
	for d, n := range st.Rows {
		if !slices.Contains(dayLengths, n) {
			return fmt.Errorf("row %d has %d slots", d, n)
		}
	}
	for j, rows := range st.Weights {
		if st.Consts[j] == nil || st.Consts[j].BitLen() > maxConstBits {
			return fmt.Errorf("constant of functional %d is out of range", j)
		}
		if rows == nil && st.Vector != nil {
			continue
		}
		if len(rows) != len(st.Rows) {
			return fmt.Errorf("functional %d has %d rows, want %d", j, len(rows), len(st.Rows))
		}
		for d, row := range rows {
			if len(row) != st.Rows[d] {
				return fmt.Errorf("functional %d row %d has %d slots, want %d", j, d, len(row), st.Rows[d])
			}
			if slices.Contains(row, -1<<63) {
				return fmt.Errorf("functional %d row %d has a weight out of range", j, d)
			}
		}
	}
	return st.Vector.check(st)
}

var dayLengths = []int{24, 48, 96, 144, 288}

// Columns returns the distinct slot counts of the rows, ascending: the columns
// of the fold are their slots, concatenated.
func (st *Statement) Columns() []int {
	ns := slices.Clone(st.Rows)
	slices.Sort(ns)
	return slices.Compact(ns)
}

// rows returns the number of all rows, sealed and of the vector.
func (st *Statement) rows() int { return len(st.Rows) + st.Vector.rows() }

// functionals returns the number of commitments that the fold is about.
func (st *Statement) functionals() int {
	if st.Vector == nil {
		return len(st.Weights)
	}
	return len(st.Weights) + 2
}

// Rounds returns a = ⌈log2 D⌉ for D rows.
func (st *Statement) Rounds() int { return bits.Len(uint(st.rows() - 1)) }

// Size returns the length in bytes of the messages of the rounds, 64·a.
func (st *Statement) Size() int { return 2 * ristretto.ElementSize * st.Rounds() }

// layout says where the columns of each n begin. Rows of a vector begin at the
// first column; where they are longer than all slots there are more columns.
type layout struct {
	offset map[int]int // slot count → first column
	bases  []*ristretto.Base
}

// Bases returns the base of each column.
func (st *Statement) Bases() []*ristretto.Base { return st.layout().bases }

func (st *Statement) layout() layout {
	l := layout{offset: map[int]int{}}
	for _, n := range st.Columns() {
		l.offset[n] = len(l.bases)
		l.bases = append(l.bases, ristretto.Slots(n)...)
	}
	if st.Vector != nil {
		for i := 0; len(l.bases) < st.Vector.Width; i++ {
			l.bases = append(l.bases, ristretto.Extra(i))
		}
	}
	return l
}

// Folded is what both sides know after the rounds. Read-only.
type Folded struct {
	Omega ristretto.Scalar   // combines the functionals
	R     []ristretto.Scalar // challenges r_1 … r_a
	A     []sigma.Point      // A_10, A_12, A_20, … as sent
	Eq    []ristretto.Scalar // eq_d of each row
	P     []ristretto.Scalar // folded weight p_s of each column

	st     *Statement
	powers []ristretto.Scalar // ω^0, ω^1, … of each functional
}

func newFolded(st *Statement, omega ristretto.Scalar) *Folded {
	f := &Folded{Omega: omega, st: st, powers: make([]ristretto.Scalar, st.functionals())}
	f.powers[0].SetUint64(1)
	for j := 1; j < len(f.powers); j++ {
		f.powers[j].Mul(&f.powers[j-1], &omega)
	}
	return f
}

// Layout says where in the relation other equations find the commitments.
type Layout struct {
	H int   // element index of H; that of G is 0
	X []int // element index of each X_j
}

// Relation returns a new relation that holds the elements G, H, G_s, V_d, X_j,
// A_i0, A_i2, the scalars u_s, ρ, ζ, and the two equations of the fold, all in
// the order of docs/protocol.md 4.3:
//
//	Σ_d eq_d·V_d                         = Σ_s u_s·G_s + ρ·H
//	Σ_j ω^j·Πr·X_j + Σ_i A terms − …·G   = Σ_s p_s·u_s·G + ζ·H
//
// seals are the V_d in the order of the rows, those of the vector last. The
// caller adds what else it states.
func (f *Folded) Relation(seals, xs []sigma.Point) (*sigma.Statement, Layout, error) {
	if len(seals) != f.st.rows() || len(xs) != f.st.functionals() {
		return nil, Layout{}, errors.New("one seal per row and one commitment per functional are needed")
	}
	rel, at := sigma.NewStatement(), Layout{}
	at.H = rel.AddElement(sigma.Fixed(ristretto.H()))
	bases := f.st.layout().bases
	slots := addAll(rel, fixedPoints(bases))
	vs := addAll(rel, seals)
	at.X = addAll(rel, xs)
	as := addAll(rel, f.A)
	us := make([]int, len(bases))
	for s := range us {
		us[s] = rel.AddScalar()
	}
	rho, zeta := rel.AddScalar(), rel.AddScalar()

	var one ristretto.Scalar
	one.SetUint64(1)
	rows := equation{ // vouched for, docs/notes.md: eq is random after every V_d is fixed
		Image: make([]image, 0, len(vs)), Terms: make([]term, 0, len(us)+1), Vouched: true,
	}
	for d, v := range vs {
		rows.Image = append(rows.Image, image{Element: v, Coeff: f.Eq[d]})
	}
	for s, u := range us {
		rows.Terms = append(rows.Terms, term{Scalar: u, Element: slots[s], Coeff: one})
	}
	rows.Terms = append(rows.Terms, term{Scalar: rho, Element: at.H, Coeff: one})
	rel.AddEquation(rows)

	// A_a0 is not the identity and r_a came after it; without rounds there is
	// no such reason and the image is added up.
	value := equation{
		Image: f.image(at.X, as), Terms: make([]term, 0, len(us)+1), Vouched: len(f.R) > 0,
	}
	for s, u := range us {
		value.Terms = append(value.Terms, term{Scalar: u, Element: 0, Coeff: f.P[s]})
	}
	value.Terms = append(value.Terms, term{Scalar: zeta, Element: at.H, Coeff: one})
	rel.AddEquation(value)
	return rel, at, nil
}

type (
	equation = sigma.Equation[ristretto.Scalar]
	image    = sigma.Image[ristretto.Scalar]
	term     = sigma.Term[ristretto.Scalar]
)

func fixedPoints(bases []*ristretto.Base) []sigma.Point {
	ps := make([]sigma.Point, len(bases))
	for i, b := range bases {
		ps[i] = sigma.Fixed(b)
	}
	return ps
}

func addAll(rel *sigma.Statement, ps []sigma.Point) []int {
	at := make([]int, len(ps))
	for i, p := range ps {
		at[i] = rel.AddElement(p)
	}
	return at
}

// image unrolls K_a = r_a·K_{a−1} + (1−2r_a)·A_a0 + (r_a²−r_a)·A_a2 down to
// K_0 = Σ ω^j·(X_j − const_j·G). Terms stand in the order of the elements.
func (f *Folded) image(xs, as []int) []image {
	a := len(f.R)
	coeffs := make([]ristretto.Scalar, 2*a)
	var rest ristretto.Scalar // r_{i+1} ⋯ r_a
	rest.SetUint64(1)
	for i := a - 1; i >= 0; i-- {
		k0, k2 := roundCoefficients(&f.R[i])
		coeffs[2*i].Mul(&k0, &rest)
		coeffs[2*i+1].Mul(&k2, &rest)
		rest.Mul(&rest, &f.R[i])
	}
	var onG, k ristretto.Scalar
	for j, konst := range f.st.Consts {
		onG.MulAdd(&f.powers[j], k.SetBig(konst), &onG)
	}
	im := []image{{Element: 0, Coeff: *onG.Neg(onG.Mul(&onG, &rest))}}
	for j, x := range xs {
		im = append(im, image{Element: x, Coeff: *k.Mul(&f.powers[j], &rest)})
	}
	for i, e := range as {
		im = append(im, image{Element: e, Coeff: coeffs[i]})
	}
	return im
}

// roundCoefficients returns 1 − 2r and r² − r.
func roundCoefficients(r *ristretto.Scalar) (k0, k2 ristretto.Scalar) {
	k0.SetUint64(1)
	k0.Sub(&k0, r)
	k2.Mul(r, &k0) // r − r²
	k2.Neg(&k2)
	k0.Sub(&k0, r)
	return k0, k2
}
