package fold

import (
	"crypto/sha3"
	"math/big"
	"testing"

	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// vectorCase is a fold of two kinds of sealed rows, a vector, and all three ways
// in which weights meet it.
func vectorCase(t *testing.T) (*Statement, *Witness, []sigma.Point, []sigma.Point) {
	t.Helper()
	rng := sha3.NewSHAKE256()
	rng.Write([]byte(t.Name()))
	draw := func() ristretto.Scalar {
		k, err := sigma.RandomScalar(rng)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	many := func(n int) []ristretto.Scalar {
		out := make([]ristretto.Scalar, n)
		for i := range out {
			out[i] = draw()
		}
		return out
	}
	const length, width = 70, 32 // the last of three rows is not full
	st := &Statement{
		Rows: []int{24, 48}, Consts: []*big.Int{big.NewInt(5), new(big.Int)},
		Weights: [][][]int64{{make([]int64, 24), make([]int64, 48)}, nil},
		Vector: &Vector{Length: length, Width: width, Sums: []Sum{{}, {17, many(length - 17)}},
			EqRows: many(4), EqColumns: many(width), Cells: [][]ristretto.Scalar{nil, many(48)}, Entries: many(length)},
	}
	w := &Witness{Readings: [][]uint32{make([]uint32, 24), make([]uint32, 48)}, Vector: make([]uint8, length)}
	for d, row := range w.Readings {
		for s := range row {
			row[s] = uint32(7*d + s)
			st.Weights[0][d][s] = int64(s - 9)
		}
	}
	for i := range w.Vector {
		w.Vector[i] = uint8(i % 4)
	}
	w.Blindings, w.Gammas = many(5), many(4)

	// Seals and functionals with plain loops.
	bases := st.Bases()
	var xs [4]ristretto.Scalar
	plus := func(x *ristretto.Scalar, a ristretto.Scalar, v int64) {
		var k ristretto.Scalar
		x.MulAdd(&a, k.SetInt64(v), x)
	}
	one := *new(ristretto.Scalar).SetUint64(1)
	plus(&xs[0], one, 5)
	var seals, commitments []sigma.Point
	for d, row := range w.Readings {
		sum := ristretto.H().Mul(&w.Blindings[d])
		for s, c := range row {
			k := new(ristretto.Scalar).SetUint64(uint64(c))
			sum.Add(sum, ristretto.NewElement().Mul(k, ristretto.Slot(len(row), s).Element()))
			plus(&xs[0], one, st.Weights[0][d][s]*int64(c))
			if d == 1 {
				plus(&xs[3], st.Vector.Cells[1][s], int64(c))
			}
		}
		seals = append(seals, sigma.NewPoint(sum))
	}
	for i := range 3 {
		sum := ristretto.H().Mul(&w.Blindings[2+i])
		for c := range width {
			at := i*width + c
			if at >= length {
				continue
			}
			q := int64(w.Vector[at])
			sum.Add(sum, ristretto.NewElement().Mul(new(ristretto.Scalar).SetInt64(q), bases[c].Element()))
			var eq ristretto.Scalar
			eq.Mul(&st.Vector.EqRows[i], &st.Vector.EqColumns[c])
			if sum := st.Vector.Sums[1]; at >= sum.First {
				plus(&xs[1], sum.Weights[at-sum.First], q)
			}
			plus(&xs[2], eq, q)
			plus(&xs[3], st.Vector.Entries[at], q)
		}
		seals = append(seals, sigma.NewPoint(sum))
	}
	for j := range xs {
		commitments = append(commitments, sigma.NewPoint(ristretto.Commit(&xs[j], &w.Gammas[j])))
	}
	return st, w, seals, commitments
}

// TestVector: the fold proves all functionals of a vector and of sealed rows, and
// none that is wrong.
func TestVector(t *testing.T) {
	st, w, seals, xs := vectorCase(t)
	if n := len(st.Bases()); n != 72 {
		t.Fatalf("%d columns", n)
	}
	try := func(st *Statement, w *Witness, seals, xs []sigma.Point) error {
		rng := sha3.NewSHAKE256()
		at := sigma.NewSponge(make([]byte, 32))
		msg, f, secrets, err := Prove(at, st, w, rng)
		if err != nil {
			return err
		}
		rel, _, err := f.Relation(seals, xs)
		if err != nil {
			return err
		}
		proof, err := rel.Prove(at, secrets, rng)
		if err != nil {
			return err
		}
		sp := sigma.NewSponge(make([]byte, 32))
		if f, err = Read(sp, st, msg); err != nil {
			return err
		}
		if rel, _, err = f.Relation(seals, xs); err != nil {
			return err
		}
		p, err := rel.Read(sp, proof)
		if err != nil {
			return err
		}
		return rel.Check(p)
	}
	if err := try(st, w, seals, xs); err != nil {
		t.Fatal(err)
	}
	for j := range xs {
		wrong := append([]sigma.Point{}, xs...)
		e := wrong[j].Element()
		wrong[j] = sigma.NewPoint(e.Add(e, ristretto.G().Element()))
		if try(st, w, seals, wrong) == nil {
			t.Errorf("functional %d may be one more", j)
		}
	}
	seals[3], seals[4] = seals[4], seals[3]
	if try(st, w, seals, xs) == nil {
		t.Error("rows of the vector may be swapped")
	}
}

// TestVectorWider: a vector with longer rows than all slots brings its own bases.
func TestVectorWider(t *testing.T) {
	st := &Statement{Rows: []int{24}, Vector: &Vector{Length: 100, Width: 64}}
	bases := st.Bases()
	if len(bases) != 64 || bases[23] != ristretto.Slot(24, 23) || bases[24] != ristretto.Extra(0) || bases[63] != ristretto.Extra(39) {
		t.Error("columns are not the slots and then the bases of vectors")
	}
	if st.Rounds() != 2 {
		t.Errorf("%d rounds for three rows", st.Rounds())
	}
}

func TestVectorRefusals(t *testing.T) {
	for name, change := range map[string]func(*Vector){
		"no entries": func(v *Vector) { v.Length = 0 }, "width": func(v *Vector) { v.Width = 1 << 13 },
		"sums": func(v *Vector) { v.Sums = v.Sums[:1] }, "sum": func(v *Vector) { v.Sums[1].First++ },
		"cells": func(v *Vector) { v.Cells = nil }, "row of cells": func(v *Vector) { v.Cells[1] = v.Cells[1][:5] },
		"entries": func(v *Vector) { v.Entries = v.Entries[:5] }, "rows of eq": func(v *Vector) { v.EqRows = v.EqRows[:2] },
		"columns of eq": func(v *Vector) { v.EqColumns = v.EqColumns[:31] },
	} {
		st, _, _, _ := vectorCase(t)
		change(st.Vector)
		if st.Check() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	st, w, _, _ := vectorCase(t)
	w.Vector = w.Vector[:5]
	if w.check(st) == nil {
		t.Error("a vector too short was taken")
	}
}
