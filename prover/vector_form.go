package prover

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"
	"math/bits"

	"hushwatt/internal/wire"
	"hushwatt/prover/digits"
	"hushwatt/prover/fold"
	"hushwatt/prover/ristretto"
)

// vectorForm is what a claim with vectors compiles to beside its form. There is
// one vector of digits: those of each vector, entry by entry, then those of each
// requirement, the single ranges of the claim being the last of these.
type vectorForm struct {
	shape digits.Shape
	start []int // first digit of each vector, then of each requirement
	eachs []each
	hash  [32]byte
}

// useVectors reports whether the claim has something that needs digits.
func (c *Claim) useVectors() bool { return len(c.vectors)+len(c.eachs) > 0 || c.wide }

// compileVectors lays the digits out and takes the ranges over.
func (c *Claim) compileVectors(f *form) error {
	v := &vectorForm{eachs: append([]each{}, c.eachs...)}
	for _, r := range f.ranges {
		// A secret is an integer by nothing but its own range.
		if _, sent := f.place[r.own-1]; sent && r.own > 0 && new(big.Int).Mod(r.bound, three).Sign() != 0 {
			whole := wholeBound(r.bound)
			v.eachs = append(v.eachs, each{rest: r.l, entries: make([]Sum, 1), within: interval{zero, zero},
				bound: whole, code: newCode(whole, 0)})
		}
		v.eachs = append(v.eachs, each{rest: r.l, entries: make([]Sum, 1), within: interval{zero, zero},
			bound: r.bound, code: newCode(r.bound, codePositions(r.width))})
	}
	f.ranges = nil
	next := 0
	place := func(n int, code *code) {
		v.start = append(v.start, next)
		next = min(next+n*len(code.weights), digits.MaxLength+1)
	}
	for i := range c.vectors {
		place(c.vectors[i].n, &c.vectors[i].code)
	}
	for i := range v.eachs {
		place(len(v.eachs[i].entries), &v.eachs[i].code)
	}
	var err error
	if v.shape, err = digits.NewShape(next, f.columns.n); err != nil {
		return fmt.Errorf("%w: %w", ErrNotProvable, err)
	}
	f.vector = v
	return nil
}

// width returns the number of columns of the fold.
func (f *form) width() int {
	if f.vector == nil {
		return f.columns.n
	}
	return max(f.columns.n, f.vector.shape.Width)
}

// appendStatement appends what the statement says of vectors.
func (v *vectorForm) appendStatement(b []byte) []byte {
	if v == nil {
		return b
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(v.shape.Length))
	b = binary.LittleEndian.AppendUint32(b, uint32(v.shape.Width))
	return append(b, v.hash[:]...)
}

// entriesHash binds everything that is said of vectors and their entries
// (docs/protocol.md, section 4.1.1).
func (c *Claim) entriesHash() [32]byte {
	le, h := binary.LittleEndian, sha256.New()
	b := le.AppendUint32([]byte(wire.LabelEntries), uint32(len(c.vectors)))
	for _, v := range c.vectors {
		b = le.AppendUint32(b, uint32(v.n))
		b = appendUint256(b, v.bound)
	}
	totals := 0
	for _, f := range c.functionals {
		if f.total != nil {
			totals++
		}
	}
	b = le.AppendUint32(b, uint32(totals))
	for j, f := range c.functionals {
		if f.total == nil {
			continue
		}
		b = le.AppendUint32(b, uint32(j))
		b = le.AppendUint32(b, uint32(f.total.vector))
		for _, w := range f.total.weights {
			b = le.AppendUint64(b, uint64(w))
		}
	}
	eachs := c.form.vector.eachs
	b = le.AppendUint32(b, uint32(len(eachs)))
	for i := range eachs {
		e := &eachs[i]
		b = c.appendCommitment(b, e.rest)
		b = appendUint256(b, e.bound)
		b = le.AppendUint32(b, uint32(len(e.code.weights)))
		b = le.AppendUint32(b, uint32(len(e.entries)))
		for t := range e.entries {
			b = e.entries[t].append(b)
			if len(b) > 1<<12 {
				h.Write(b)
				b = b[:0]
			}
		}
	}
	h.Write(b)
	return [32]byte(h.Sum(nil))
}

// append encodes the entry.
func (e *Sum) append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, uint32(len(e.Cells)))
	for _, a := range e.Cells {
		b = le.AppendUint32(b, uint32(a.Row))
		b = le.AppendUint32(b, uint32(a.Slot))
		b = le.AppendUint64(b, uint64(a.K))
	}
	b = le.AppendUint32(b, uint32(len(e.Items)))
	for _, a := range e.Items {
		b = le.AppendUint32(b, uint32(a.Of.i))
		b = le.AppendUint32(b, uint32(a.At))
		b = le.AppendUint64(b, uint64(a.K))
	}
	return le.AppendUint64(b, uint64(e.Const))
}

// mix is the combination of all requirements with powers of λ:
//
//	Σ_t λ^t·(factor·(rest + entry_t) − Σ_k weight_k·digit_(t,k)) = 0
//
// as weights of sealed cells, of digits, of what is committed to, and a constant.
type mix struct {
	cells   [][]ristretto.Scalar
	digits  []ristretto.Scalar
	indexed []ristretto.Scalar // of G, X_j, Y_i, by the indices of commitment
}

func (c *Claim) mix(lambda *ristretto.Scalar) *mix {
	v := c.form.vector
	m := &mix{
		cells:   make([][]ristretto.Scalar, len(c.rows)),
		digits:  make([]ristretto.Scalar, v.shape.Length),
		indexed: make([]ristretto.Scalar, 1+c.commitments()),
	}
	items := make([][]ristretto.Scalar, len(c.vectors))
	for i := range items {
		items[i] = make([]ristretto.Scalar, c.vectors[i].n)
	}
	var power, times, k, minus ristretto.Scalar // λ^t, factor·λ^t
	power.SetUint64(1)
	for i := range v.eachs {
		e := &v.eachs[i]
		var sum ristretto.Scalar // of factor·λ^t over the entries
		for t := range e.entries {
			entry := &e.entries[t]
			times.Mul(&power, k.SetInt64(e.code.factor))
			sum.Add(&sum, &times)
			for _, a := range entry.Cells {
				if m.cells[a.Row] == nil {
					m.cells[a.Row] = make([]ristretto.Scalar, c.rows[a.Row].N)
				}
				addTimes(&m.cells[a.Row][a.Slot], &times, a.K)
			}
			for _, a := range entry.Items {
				addTimes(&items[a.Of.i][a.At], &times, a.K)
			}
			addTimes(&m.indexed[0], &times, entry.Const)
			minus.Neg(&power)
			n := len(e.code.weights)
			copy(m.digits[v.start[len(c.vectors)+i]+t*n:], e.code.scalars(&minus))
			power.Mul(&power, lambda)
		}
		for _, x := range c.commitment(e.rest) {
			m.indexed[x.index].MulAdd(&sum, &x.k, &m.indexed[x.index])
		}
	}
	for i := range items {
		c.vectors[i].code.spread(m.digits[v.start[i]:], items[i])
	}
	return m
}

// addTimes adds k·a to x.
func addTimes(x, a *ristretto.Scalar, k int64) {
	switch k {
	case 0:
	case 1:
		x.Add(x, a)
	case -1:
		x.Sub(x, a)
	default:
		var s ristretto.Scalar
		x.MulAdd(a, s.SetInt64(k), x)
	}
}

// spread writes weights of entries as weights of their digits.
func (c *code) spread(out, weights []ristretto.Scalar) {
	for t := range weights {
		copy(out[t*len(c.weights):], c.scalars(&weights[t]))
	}
}

// sums returns, for each functional, its weights of the digits.
func (c *Claim) sums() []fold.Sum {
	out := make([]fold.Sum, len(c.functionals))
	for j, f := range c.functionals {
		if f.total == nil {
			continue
		}
		weights := make([]ristretto.Scalar, len(f.total.weights))
		for t, w := range f.total.weights {
			weights[t].SetInt64(w)
		}
		code := &c.vectors[f.total.vector].code
		out[j].First = c.form.vector.start[f.total.vector]
		out[j].Weights = make([]ristretto.Scalar, len(weights)*len(code.weights))
		code.spread(out[j].Weights, weights)
	}
	return out
}

// point splits the point of the zero-check into the tables of eq for rows and
// columns: a position is the number of its row followed by that of its column.
func (v *vectorForm) point(s []ristretto.Scalar) (rows, columns []ristretto.Scalar) {
	cut := len(s) - bits.TrailingZeros(uint(v.shape.Width))
	return digits.EqTable(s[:cut]), digits.EqTable(s[cut:])
}

// entriesBounded reports whether every integer of requirement i stays within
// ±2^200.
func (c *Claim) entriesBounded(i int) bool {
	e := &c.eachs[i]
	w := c.interval(e.rest)
	return interval{new(big.Int).Add(w.lo, e.within.lo), new(big.Int).Add(w.hi, e.within.hi)}.bounded()
}
