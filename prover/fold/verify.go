package fold

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// Read replays the rounds in sp, from their messages: it squeezes ω and each
// r_i where Prove did. It refuses any length but Size, encodings that are not
// canonical and the identity. What the rounds prove follows only with the
// relation that Relation returns.
func Read(sp *sigma.Sponge, st *Statement, msg []byte) (*Folded, error) {
	if err := st.Check(); err != nil {
		return nil, err
	}
	if len(msg) != st.Size() {
		return nil, errors.New("rounds have the wrong length")
	}
	f := newFolded(st, sp.Challenge())
	for ; len(msg) > 0; msg = msg[2*ristretto.ElementSize:] {
		for i := range 2 {
			p, err := sigma.DecodePoint(msg[i*ristretto.ElementSize : (i+1)*ristretto.ElementSize])
			if err != nil {
				return nil, fmt.Errorf("round %d: %w", len(f.R)+1, err)
			}
			f.A = append(f.A, p)
		}
		sp.Absorb(msg[:2*ristretto.ElementSize])
		f.R = append(f.R, sp.Challenge())
	}
	f.Eq = eqTable(f.R, st.rows())
	f.P = f.foldWeights()
	return f, nil
}

// eqTable returns eq_d = Π_i (r_i if bit a−i of d is set, else 1 − r_i) for the
// rows d < n; r_1 belongs to the top bit.
func eqTable(r []ristretto.Scalar, n int) []ristretto.Scalar {
	table := make([]ristretto.Scalar, 1, 1<<len(r))
	table[0].SetUint64(1)
	for i := range r {
		next := make([]ristretto.Scalar, 2*len(table))
		for d := range table {
			next[2*d+1].Mul(&table[d], &r[i])
			next[2*d].Sub(&table[d], &next[2*d+1])
		}
		table = next
	}
	return table[:n]
}

// foldWeights returns p_s = Σ_j ω^j·Σ_d eq_d·P_j[d][s] for every column. Sums
// over the rows are kept unreduced, so a weight costs five multiplications of
// machine words.
func (f *Folded) foldWeights() []ristretto.Scalar {
	l := f.st.layout()
	p := make([]ristretto.Scalar, len(l.bases))
	limbs := make([][4]uint64, len(f.Eq))
	for d := range f.Eq {
		limbs[d] = toLimbs(&f.Eq[d])
	}
	for j, rows := range f.st.Weights {
		acc := make([]wide, len(p))
		for d, row := range rows {
			columns := acc[l.offset[len(row)]:]
			for s, w := range row {
				if w != 0 {
					columns[s].mulAdd(&limbs[d], w)
				}
			}
		}
		for s := range acc {
			k := acc[s].reduce()
			p[s].MulAdd(&k, &f.powers[j], &p[s])
		}
	}
	if f.st.Vector != nil {
		f.foldVector(p, l)
	}
	return p
}

// foldVector adds to p what the functionals of the vector contribute.
func (f *Folded) foldVector(p []ristretto.Scalar, l layout) {
	v, eq := f.st.Vector, f.Eq[len(f.st.Rows):]
	add := func(first int, weights []ristretto.Scalar, power *ristretto.Scalar) {
		sums := make([]ristretto.Scalar, v.Width)
		for i := range weights {
			at := first + i
			x := &sums[at%v.Width]
			x.MulAdd(&eq[at/v.Width], &weights[i], x)
		}
		for c := range sums {
			p[c].MulAdd(power, &sums[c], &p[c])
		}
	}
	for j, sum := range v.Sums {
		if len(sum.Weights) > 0 {
			add(sum.First, sum.Weights, &f.powers[j])
		}
	}
	evaluation, combination := &f.powers[len(v.Sums)], &f.powers[len(v.Sums)+1]
	add(0, v.Entries, combination)
	var k ristretto.Scalar
	for d, row := range v.Cells {
		k.Mul(combination, &f.Eq[d])
		for s := range row {
			x := &p[l.offset[len(row)]+s]
			x.MulAdd(&k, &row[s], x)
		}
	}
	var rows ristretto.Scalar
	for i := range eq {
		rows.MulAdd(&eq[i], &v.EqRows[i], &rows)
	}
	rows.Mul(&rows, evaluation)
	for c := range v.Width {
		p[c].MulAdd(&rows, &v.EqColumns[c], &p[c])
	}
}

// wide is a signed integer of 384 bits in two's complement, little-endian: room
// for 2^16 products of a scalar and a weight. Public values only.
type wide [6]uint64

func toLimbs(k *ristretto.Scalar) (x [4]uint64) {
	var buf [ristretto.ScalarSize]byte
	k.Append(buf[:0])
	for i := range x {
		x[i] = binary.LittleEndian.Uint64(buf[8*i:])
	}
	return x
}

// mulAdd adds k·w.
func (a *wide) mulAdd(k *[4]uint64, w int64) {
	if w < 0 {
		a.add(k, uint64(-w), ^uint64(0))
	} else {
		a.add(k, uint64(w), 0)
	}
}

// add adds k·w, or subtracts it if flip is all ones: −x = ^x + 1.
func (a *wide) add(k *[4]uint64, w, flip uint64) {
	var lo, hi, high, c, carry uint64
	carry = flip & 1
	for i := range k {
		hi, lo = bits.Mul64(k[i], w)
		lo, c = bits.Add64(lo, high, 0)
		high = hi + c
		a[i], carry = bits.Add64(a[i], lo^flip, carry)
	}
	a[4], carry = bits.Add64(a[4], high^flip, carry)
	a[5], _ = bits.Add64(a[5], flip, carry)
}

// reduce returns the integer modulo q.
func (a wide) reduce() (k ristretto.Scalar) {
	negative := a[5]>>63 == 1
	if negative {
		var zero wide
		var borrow uint64
		for i := range a {
			zero[i], borrow = bits.Sub64(0, a[i], borrow)
		}
		a = zero
	}
	var buf [48]byte
	for i := range a {
		binary.LittleEndian.PutUint64(buf[8*i:], a[i])
	}
	k.SetWide(buf[:])
	if negative {
		k.Neg(&k)
	}
	return k
}
