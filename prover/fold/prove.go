package fold

import (
	"encoding/binary"
	"errors"
	"io"
	"math/bits"

	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// Witness is the secret side of a fold.
type Witness struct {
	Readings  [][]uint32         // Readings[d][s], below 2^20
	Blindings []ristretto.Scalar // ρ_d of each row's seal, those of the vector last
	Gammas    []ristretto.Scalar // γ_j of each X_j
	Vector    []uint8            // entries of the vector
}

func (w *Witness) check(st *Statement) error {
	if len(w.Readings) != len(st.Rows) || len(w.Blindings) != st.rows() || len(w.Gammas) != st.functionals() ||
		st.Vector != nil && len(w.Vector) != st.Vector.Length {
		return errors.New("witness does not fit the statement")
	}
	var over uint32
	for d, row := range w.Readings {
		if len(row) != st.Rows[d] {
			return errors.New("witness does not fit the statement")
		}
		for _, c := range row {
			over |= c >> 20
		}
	}
	if over != 0 {
		return errors.New("a reading is 2^20 or more")
	}
	return nil
}

// Prove runs the rounds in sp, which already holds the statement and every
// prover commitment, and returns the messages, what both sides know, and the
// secret scalars u_s …, ρ, ζ of the relation, in its order. rng supplies 128
// bytes a round. The running time does not depend on the witness.
func Prove(sp *sigma.Sponge, st *Statement, w *Witness, rng io.Reader) (msg []byte, f *Folded, secrets []ristretto.Scalar, err error) {
	if err := st.Check(); err != nil {
		return nil, nil, nil, err
	}
	if err := w.check(st); err != nil {
		return nil, nil, nil, err
	}
	f = newFolded(st, sp.Challenge())
	p := newProver(f, w)
	for i := range st.Rounds() {
		half := 1 << (st.Rounds() - 1 - i)
		a0, a2 := p.products(half)
		var b [2]ristretto.Scalar
		for i := range b {
			if b[i], err = sigma.RandomScalar(rng); err != nil {
				return nil, nil, nil, err
			}
		}
		A0, A2 := sigma.NewPoint(ristretto.Commit(&a0, &b[0])), sigma.NewPoint(ristretto.Commit(&a2, &b[1]))
		sent := A2.Append(A0.Append(nil))
		sp.Absorb(sent)
		msg = append(msg, sent...)
		f.A = append(f.A, A0, A2)
		f.R = append(f.R, sp.Challenge())
		p.fold(half, &f.R[i], &b)
	}
	f.Eq, f.P = eqTable(f.R, st.rows()), p.weights[0]
	return msg, f, append(p.readings[0], p.blindings[0], p.zeta), nil
}

// prover is the state between rounds. Rows are dense: every row has all
// columns, zero outside its own. A row that is not there is a zero row.
type prover struct {
	weights   [][]ristretto.Scalar // P = Σ ω^j P_j, public
	readings  [][]ristretto.Scalar // C
	blindings []ristretto.Scalar   // ρ
	zeta      ristretto.Scalar     // blinding of K

	first *integers // the readings while they are small, before the first fold
}

func newProver(f *Folded, w *Witness) *prover {
	st, l := f.st, f.st.layout()
	p := &prover{
		weights:   matrix(st.rows(), len(l.bases)),
		readings:  matrix(st.rows(), len(l.bases)),
		blindings: append([]ristretto.Scalar(nil), w.Blindings...),
	}
	if st.Vector == nil {
		p.first = &integers{st: st, powers: f.powers, offset: l.offset, readings: w.Readings}
	}
	var k ristretto.Scalar
	for d, n := range st.Rows {
		off := l.offset[n]
		for s, c := range w.Readings[d] {
			p.readings[d][off+s].SetUint64(uint64(c))
		}
		for j := range st.Weights {
			if st.Weights[j] == nil {
				continue
			}
			for s, weight := range st.Weights[j][d] {
				x := &p.weights[d][off+s]
				if k.SetInt64(weight); j == 0 {
					x.Set(&k) // ω^0 = 1
				} else {
					x.MulAdd(&f.powers[j], &k, x)
				}
			}
		}
	}
	for j := range w.Gammas {
		p.zeta.MulAdd(&f.powers[j], &w.Gammas[j], &p.zeta)
	}
	if st.Vector != nil {
		p.addVector(f, l, w.Vector)
	}
	return p
}

// addVector fills the rows of the vector, and adds the weights of its
// functionals everywhere.
func (p *prover) addVector(f *Folded, l layout, entries []uint8) {
	v, d0 := f.st.Vector, len(f.st.Rows)
	for i, q := range entries {
		p.readings[d0+i/v.Width][i%v.Width].SetUint64(uint64(q))
	}
	for j, sum := range v.Sums {
		for i := range sum.Weights {
			at := sum.First + i
			x := &p.weights[d0+at/v.Width][at%v.Width]
			x.MulAdd(&f.powers[j], &sum.Weights[i], x)
		}
	}
	evaluation, combination := &f.powers[len(v.Sums)], &f.powers[len(v.Sums)+1]
	var k ristretto.Scalar
	for i := range v.rows() {
		k.Mul(evaluation, &v.EqRows[i])
		for c := range v.Width {
			x := &p.weights[d0+i][c]
			x.MulAdd(&k, &v.EqColumns[c], x)
		}
	}
	for i := range v.Entries {
		x := &p.weights[d0+i/v.Width][i%v.Width]
		x.MulAdd(combination, &v.Entries[i], x)
	}
	for d, row := range v.Cells {
		for s := range row {
			x := &p.weights[d][l.offset[len(row)]+s]
			x.MulAdd(combination, &row[s], x)
		}
	}
}

func matrix(rows, columns int) [][]ristretto.Scalar {
	m, cells := make([][]ristretto.Scalar, rows), make([]ristretto.Scalar, rows*columns)
	for i := range m {
		m[i] = cells[i*columns : (i+1)*columns : (i+1)*columns]
	}
	return m
}

// products returns α0 = Σ P[d]·C[d] and α2 = Σ (P[d+h] − P[d])·(C[d+h] − C[d])
// over the pairs d, d+h of a round.
func (p *prover) products(h int) (a0, a2 ristretto.Scalar) {
	if p.first != nil {
		return p.first.products(h)
	}
	var dp, dc ristretto.Scalar
	for d := range min(h, len(p.readings)) {
		lo, high := d, d+h
		for s := range p.readings[lo] {
			P, C := &p.weights[lo][s], &p.readings[lo][s]
			a0.MulAdd(P, C, &a0)
			if high < len(p.readings) {
				dp.Sub(&p.weights[high][s], P)
				dc.Sub(&p.readings[high][s], C)
				a2.MulAdd(&dp, &dc, &a2)
			} else {
				a2.MulAdd(P, C, &a2)
			}
		}
	}
	return a0, a2
}

// fold replaces row d by row d + r·(row d+h − row d), in weights, readings and
// blindings, and moves ζ on to the blinding of K_i.
func (p *prover) fold(h int, r *ristretto.Scalar, b *[2]ristretto.Scalar) {
	p.first = nil
	var rest, diff ristretto.Scalar // 1 − r
	rest.SetUint64(1)
	rest.Sub(&rest, r)
	line := func(lo, high *ristretto.Scalar) {
		lo.MulAdd(r, diff.Sub(high, lo), lo)
	}
	for d := range p.readings[:min(h, len(p.readings))] {
		absent := d+h >= len(p.readings)
		for s := range p.readings[d] {
			if absent {
				p.weights[d][s].Mul(&rest, &p.weights[d][s])
				p.readings[d][s].Mul(&rest, &p.readings[d][s])
				continue
			}
			line(&p.weights[d][s], &p.weights[d+h][s])
			line(&p.readings[d][s], &p.readings[d+h][s])
		}
		if absent {
			p.blindings[d].Mul(&rest, &p.blindings[d])
		} else {
			line(&p.blindings[d], &p.blindings[d+h])
		}
	}
	keep := min(h, len(p.readings))
	p.weights, p.readings, p.blindings = p.weights[:keep], p.readings[:keep], p.blindings[:keep]

	k0, k2 := roundCoefficients(r)
	p.zeta.Mul(r, &p.zeta)
	p.zeta.MulAdd(&k0, &b[0], &p.zeta)
	p.zeta.MulAdd(&k2, &b[1], &p.zeta)
}

// integers computes the products of the first round on machine words: the
// readings are still small there, and it is the longest round.
type integers struct {
	st       *Statement
	powers   []ristretto.Scalar
	offset   map[int]int
	readings [][]uint32
}

// products sums each functional by itself and combines the sums with ω.
func (in *integers) products(h int) (a0, a2 ristretto.Scalar) {
	for j := range in.powers {
		s0, s2 := in.sums(in.st.Weights[j], h)
		a0.MulAdd(&in.powers[j], &s0, &a0)
		a2.MulAdd(&in.powers[j], &s2, &a2)
	}
	return a0, a2
}

// sums returns α0 and α2 of one functional. Rows of different n share no
// column, so their products with each other vanish.
func (in *integers) sums(weights [][]int64, h int) (a0, a2 ristretto.Scalar) {
	var s0, s2 int128
	rows := in.st.Rows
	for d := range min(h, len(rows)) {
		lo, cLo := weights[d], in.readings[d]
		for s, c := range cLo {
			s0.mulAdd(lo[s], int64(c))
		}
		if d+h >= len(rows) || rows[d+h] != rows[d] {
			for s, c := range cLo {
				s2.mulAdd(lo[s], int64(c))
			}
		}
		if d+h >= len(rows) {
			continue
		}
		high, cHigh := weights[d+h], in.readings[d+h]
		for s, c := range cHigh {
			if rows[d+h] != rows[d] {
				s2.mulAdd(high[s], int64(c))
				continue
			}
			// The difference of two weights may not fit a word.
			diff := int64(c) - int64(cLo[s])
			s2.mulAdd(high[s], diff)
			s2.mulAdd(lo[s], -diff)
		}
	}
	return s0.scalar(), s2.scalar()
}

// int128 is a signed integer in two's complement. A sum of 2^26 products of a
// weight below 2^63 and a reading below 2^20 stays below 2^109. Constant time.
type int128 struct{ hi, lo uint64 }

// mulAdd adds a·b.
func (x *int128) mulAdd(a, b int64) {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	hi -= uint64(a>>63)&uint64(b) + uint64(b>>63)&uint64(a)
	var carry uint64
	x.lo, carry = bits.Add64(x.lo, lo, 0)
	x.hi, _ = bits.Add64(x.hi, hi, carry)
}

// scalar returns x modulo q: x + 2^127 is not negative, 2^127 is taken off
// again as a scalar.
func (x int128) scalar() (k ristretto.Scalar) {
	var buf, offset [48]byte
	binary.LittleEndian.PutUint64(buf[:], x.lo)
	binary.LittleEndian.PutUint64(buf[8:], x.hi+1<<63)
	offset[15] = 0x80
	var o ristretto.Scalar
	k.SetWide(buf[:])
	return *k.Sub(&k, o.SetWide(offset[:]))
}
