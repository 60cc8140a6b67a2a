// Package digits shows that every entry of a long hidden vector is 0, 1, 2 or 3:
// with rows B_i = Σ_c q[i·W+c]·E_c + β_i·H, it reduces f(q_p) = 0 for all p,
// f(q) = q(q−1)(q−2)(q−3), to one linear functional of the rows, which the day
// fold proves, and four equations for package sigma. It serves claims about every
// slot (base-4 digits of hidden integers). docs/protocol.md, 4.1.1.
package digits

import (
	"fmt"
	"math/bits"

	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// The statement, its transcript and its soundness at a glance. All sums are over
// m-bit positions p, top bit first; eq(τ, p) = Π (τ_i or 1 − τ_i).
//
//	public     rows B_0, B_1, …, absorbed by the caller before Prove or Read
//	claimed    f(q_p) = 0 for every p, q the entries of the rows
//	squeeze    τ_1 … τ_m                          (Σ eq(τ, p)·f(q_p) = 0 is shown)
//	round i    send A_i1 … A_i4, squeeze s_i      claim := claim + Σ_j (s_i^j − τ_i)·α_ij
//	end        send Q, W                          y = q~(s), w = y² − 3y, claim = w(w + 2)
//	caller     sends the rest that hangs on s, proves in the fold that Q holds q~(s), in
//	           the relation the four equations of AddTo, and that every A_ij can be opened
//
// What is absorbed before a challenge, and nothing else, is what the challenge
// may be asked about: q before τ, α_i before s_i.

// MaxLength is the greatest number of digits in a vector.
const MaxLength = 1 << 20

// Shape says how a vector of digits is cut into rows.
type Shape struct {
	Length int // digits, 1 … MaxLength
	Width  int // digits a row, a power of two
}

// NewShape returns the shape of length digits in a proof whose fold has columns
// columns anyway: the power of two for which rows and columns together are
// fewest, the smallest of several.
func NewShape(length, columns int) (Shape, error) {
	if length < 1 || length > MaxLength {
		return Shape{}, fmt.Errorf("%d digits are not within 1 … %d", length, MaxLength)
	}
	best := Shape{length, 1}
	for w := 2; w <= 1<<11; w *= 2 {
		if s := (Shape{length, w}); s.cost(columns) < best.cost(columns) {
			best = s
		}
	}
	return best, nil
}

func (s Shape) cost(columns int) int { return s.Rows() + max(columns, s.Width) }

// Rows returns the number of rows.
func (s Shape) Rows() int { return (s.Length + s.Width - 1) / s.Width }

// Rounds returns m, the number of rounds: positions are m-bit numbers.
func (s Shape) Rounds() int { return max(1, bits.Len(uint(s.Length-1))) }

// perRound is the number of commitments that a round sends: a polynomial of
// degree 4 without its constant term.
const perRound = 4

// Size returns the length in bytes of the messages of the zero-check.
func (s Shape) Size() int { return ristretto.ElementSize * (perRound*s.Rounds() + 2) }

// Commit commits to the digits of one row, in constant time. Missing ones at the
// end are 0.
func Commit(columns []*ristretto.Base, row []uint8, beta *ristretto.Scalar) sigma.Point {
	b := ristretto.CombineDigits(columns[:len(row)], row)
	return sigma.NewPoint(b.Add(b, ristretto.H().Mul(beta)))
}

// Checked is what both sides know after the rounds. Read-only.
type Checked struct {
	Tau, S []ristretto.Scalar // challenges τ_1 … τ_m, s_1 … s_m
	A      []sigma.Point      // A_11 … A_14, A_21, … as sent
	Q, W   sigma.Point        // commitments to y = q~(s) and to w = y² − 3y
}

// What the four equations show is f(y) = 0 on average: with w = y(y−3),
// f(y) = w(w+2) is the last claim of the sum-check.
//
//	Q                             = y·G + γ·H
//	W                             = w·G + γ'·H
//	W                             = y·(Q − 3G) + δ·H
//	Σ_i Σ_j (s_i^j − τ_i)·A_ij    = w·(W + 2G) + δ'·H

// Equations and Scalars are what AddTo adds to a relation.
const (
	Equations = 4
	Scalars   = 6
)

// AddTo adds the elements W, A_11, …, the scalars y, γ, w, γ', δ, δ' and the four
// equations to a relation in which Q and H are elements already. It returns where
// the A are: the caller shows that they can be opened (docs/notes.md).
func (c *Checked) AddTo(rel *sigma.Statement, q, h int) (as []int) {
	const g = 0
	w := rel.AddElement(c.W)
	last := make([]image, len(c.A))
	for i := range c.S {
		for j, k := range roundCoefficients(&c.S[i], &c.Tau[i]) {
			a := rel.AddElement(c.A[perRound*i+j])
			as, last[perRound*i+j] = append(as, a), image{Element: a, Coeff: k}
		}
	}
	var s [Scalars]int
	for i := range s {
		s[i] = rel.AddScalar()
	}
	y, gamma, wv, gamma2, delta, delta2 := s[0], s[1], s[2], s[3], s[4], s[5]
	two, minus3 := number(2), number(-3)
	add := func(im []image, vouched bool, terms ...term) {
		rel.AddEquation(equation{Image: im, Terms: terms, Vouched: vouched})
	}
	times := func(k ristretto.Scalar, scalar, element int) term {
		return term{Scalar: scalar, Element: element, Coeff: k}
	}
	add([]image{{Element: q, Coeff: *one}}, false, times(*one, y, g), times(*one, gamma, h))
	add([]image{{Element: w, Coeff: *one}}, false, times(*one, wv, g), times(*one, gamma2, h))
	add([]image{{Element: w, Coeff: *one}}, false, times(minus3, y, g), times(*one, delta, h), times(*one, y, q))
	// A_m4 is not the identity and s_m came after it: docs/notes.md.
	add(last, true, times(two, wv, g), times(*one, delta2, h), times(*one, wv, w))
	return as
}

type (
	equation = sigma.Equation[ristretto.Scalar]
	image    = sigma.Image[ristretto.Scalar]
	term     = sigma.Term[ristretto.Scalar]
)

// roundCoefficients returns s^j − τ for j = 1 … 4: what α_1 … α_4 of a round add
// to the claim.
func roundCoefficients(s, tau *ristretto.Scalar) (k [perRound]ristretto.Scalar) {
	power := number(1)
	for j := range k {
		power.Mul(&power, s)
		k[j].Sub(&power, tau)
	}
	return k
}

func number(v int64) (k ristretto.Scalar) {
	k.SetInt64(v)
	return k
}

// EqTable returns eq(s, p) = Π_i (s_i if bit m−i of p is 1, else 1 − s_i) for all
// p < 2^m; s_1 belongs to the top bit.
func EqTable(s []ristretto.Scalar) []ristretto.Scalar {
	table := make([]ristretto.Scalar, 1, 1<<len(s))
	table[0].SetUint64(1)
	for i := range s {
		next := make([]ristretto.Scalar, 2*len(table))
		for p := range table {
			next[2*p+1].Mul(&table[p], &s[i])
			next[2*p].Sub(&table[p], &next[2*p+1])
		}
		table = next
	}
	return table
}
