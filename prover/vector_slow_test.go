package prover

import (
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	"math/bits"
	"slices"
	"testing"

	"hushwatt/internal/wire"
	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// slowVector is the part of the second prover that is about hidden vectors,
// written from docs/protocol.md 4.1.1 with plain loops. Its digits are any
// scalars, so it can try digits that are none.
type slowVector struct {
	lie func(*slowVector) // changes q before it is committed to

	W     int
	place []slowPlace // of each digit
	q     []ristretto.Scalar
	rows  []sigma.Point
	beta  []ristretto.Scalar

	lambda ristretto.Scalar
	tau, s []ristretto.Scalar
	A      []sigma.Point
	blind  ristretto.Scalar // of the last claim

	cells   [][]ristretto.Scalar
	weights []ristretto.Scalar // of the digits, in the combination
	indexed []ristretto.Scalar

	alphas, bs []ristretto.Scalar // openings of the A
	mu         ristretto.Scalar

	y, w, gammaQ, gammaW, gammaZ ristretto.Scalar
	Q, Wc, Z                     sigma.Point
}

// slowPlace says that a digit belongs to entry t of vector v, or, with v < 0, of
// requirement e, and counts for so much there.
type slowPlace struct {
	v, e, t int
	weight  *big.Int
}

const (
	tauBeforeRows  = "tau-before-rows"
	lambdaFirst    = "lambda-before-rows"
	rowsSwapped    = "digit-rows-swapped"
	lastAlphaLate  = "last-alpha-after-its-challenge"
	lowBitOfDigits = "digits-low-bit-first"
	omegaBeforeZ   = "Z-not-absorbed"
)

// slowCode is the code of protocol.md: factor and weights of a bound.
func slowCode(bound *big.Int, positions int) (factor int64, weights []*big.Int) {
	factor = 3
	third := new(big.Int).Set(bound)
	if new(big.Int).Mod(bound, big.NewInt(3)).Sign() == 0 {
		factor = 1
		third.Div(third, big.NewInt(3))
	}
	k := 0 // least k with (4^k − 1)/3 ≥ third
	full := func(k int) *big.Int {
		v := new(big.Int).Lsh(big.NewInt(1), uint(2*k))
		return v.Div(v.Sub(v, big.NewInt(1)), big.NewInt(3))
	}
	for full(k).Cmp(third) < 0 {
		k++
	}
	for i := range k {
		weights = append(weights, new(big.Int).Lsh(big.NewInt(1), uint(2*i)))
	}
	if k > 0 {
		weights[k-1] = new(big.Int).Sub(third, full(k-1))
	}
	for len(weights) < positions {
		weights = append(weights, new(big.Int))
	}
	return factor, weights
}

// requirements lists what is required of each entry, ranges last.
func (p *slow) requirements() []each { return p.c.form.vector.eachs }

func (p *slow) vectorStatement() {
	c, le := p.c, binary.LittleEndian
	b := le32(len(c.vectors))
	le256 := func(v *big.Int) []byte {
		out := v.FillBytes(make([]byte, 32))
		slices.Reverse(out)
		return out
	}
	for _, v := range c.vectors {
		b = append(append(b, le32(v.n)...), le256(v.bound)...)
	}
	var totals []byte
	n := 0
	for j, f := range c.functionals {
		if f.total == nil {
			continue
		}
		n++
		totals = append(append(totals, le32(j)...), le32(f.total.vector)...)
		for _, w := range f.total.weights {
			totals = le.AppendUint64(totals, uint64(w))
		}
	}
	b = append(append(b, le32(n)...), totals...)
	b = append(b, le32(len(p.requirements()))...)
	digits := 0
	for _, v := range c.vectors {
		_, w := slowCode(v.bound, 0)
		digits += v.n * len(w)
	}
	for _, e := range p.requirements() {
		terms := c.commitment(e.rest)
		b = append(b, le32(len(terms))...)
		for _, t := range terms {
			b = t.k.Append(append(b, le32(t.index)...))
		}
		b = append(append(b, le256(e.bound)...), le32(len(e.code.weights))...)
		b = append(b, le32(len(e.entries))...)
		for _, s := range e.entries {
			b = append(b, le32(len(s.Cells))...)
			for _, a := range s.Cells {
				b = le.AppendUint64(append(append(b, le32(a.Row)...), le32(a.Slot)...), uint64(a.K))
			}
			b = append(b, le32(len(s.Items))...)
			for _, a := range s.Items {
				b = le.AppendUint64(append(append(b, le32(a.Of.i)...), le32(a.At)...), uint64(a.K))
			}
			b = le.AppendUint64(b, uint64(s.Const))
		}
		digits += len(e.entries) * len(e.code.weights)
	}
	// The width for which rows and columns are fewest.
	W, least := 0, 0
	for w := 1; w <= 2048; w *= 2 {
		if cost := (digits+w-1)/w + max(c.form.columns.n, w); W == 0 || cost < least {
			W, least = w, cost
		}
	}
	if p.vec == nil {
		p.vec = new(slowVector)
	}
	p.vec.W = W
	p.absorb("vector sizes", append(le32(digits), le32(W)...))
	h := sha256.Sum256(append([]byte(wire.LabelEntries), b...))
	p.absorb("entries", h[:])
}

// layOut finds the place of each digit and the honest digits.
func (v *slowVector) layOut(p *slow) {
	put := func(at slowPlace, weights []*big.Int) {
		for _, w := range weights {
			at.weight = w
			v.place = append(v.place, at)
		}
	}
	for i, x := range p.c.vectors {
		_, weights := slowCode(x.bound, 0)
		for t := range x.n {
			put(slowPlace{v: i, t: t}, weights)
		}
	}
	for i, e := range p.requirements() {
		_, weights := slowCode(e.bound, len(e.code.weights))
		for t := range e.entries {
			put(slowPlace{v: -1, e: i, t: t}, weights)
		}
	}
	for _, q := range p.w.digits {
		v.q = append(v.q, num(int64(q)))
	}
}

func (p *slow) vector(t *testing.T) {
	v, c := p.vec, p.c
	v.layOut(p)
	if len(v.place) != len(v.q) {
		t.Fatalf("%d digits instead of %d", len(v.q), len(v.place))
	}
	m := max(1, bits.Len(uint(len(v.q)-1)))
	draw := func() {
		for range m {
			v.tau = append(v.tau, p.squeeze())
		}
	}
	switch p.wrong {
	case tauBeforeRows:
		v.lambda = p.squeeze()
		draw()
	case lambdaFirst:
		v.lambda = p.squeeze()
	}
	if v.lie != nil {
		v.lie(v)
	}
	bases := []sigma.Point{}
	for _, n := range c.form.columns.kinds {
		for s := range n {
			bases = append(bases, sigma.Fixed(ristretto.Slot(n, s)))
		}
	}
	for i := 0; len(bases) < v.W; i++ {
		bases = append(bases, sigma.Fixed(ristretto.Extra(i)))
	}
	for row := range slices.Chunk(v.q, v.W) {
		beta := randomScalar()
		B := ristretto.H().Mul(&beta)
		for i := range row {
			B.Add(B, ristretto.NewElement().Mul(&row[i], bases[i].Element()))
		}
		v.beta, v.rows = append(v.beta, beta), append(v.rows, sigma.NewPoint(B))
	}
	if p.wrong == rowsSwapped {
		v.rows[0], v.rows[1] = v.rows[1], v.rows[0]
	}
	for i, B := range v.rows {
		part := "row"
		if i == len(v.rows)-1 {
			part = "last row"
		}
		p.send(part, B.Append(nil))
	}
	switch p.wrong {
	case tauBeforeRows:
	case lambdaFirst:
		draw()
	default:
		v.lambda = p.squeeze()
		draw()
	}
	v.combine(p)
	v.zeroCheck(p, m)
}

// combine makes the weights of the combination of all requirements.
func (v *slowVector) combine(p *slow) {
	c := p.c
	v.cells = make([][]ristretto.Scalar, len(c.rows))
	for d := range v.cells {
		v.cells[d] = make([]ristretto.Scalar, c.rows[d].N)
	}
	v.weights = make([]ristretto.Scalar, len(v.q))
	v.indexed = make([]ristretto.Scalar, 1+len(p.w.values))
	power := num(1)
	for i, e := range p.requirements() {
		factor, _ := slowCode(e.bound, 0)
		for t, s := range e.entries {
			times := mul(power, num(factor))
			for _, a := range s.Cells {
				v.cells[a.Row][a.Slot] = add(v.cells[a.Row][a.Slot], mul(times, num(a.K)))
			}
			for at, pl := range v.place {
				if pl.v < 0 && pl.e == i && pl.t == t {
					v.weights[at] = sub(v.weights[at], mul(power, publicScalar(pl.weight)))
				}
				for _, a := range s.Items {
					if pl.v == a.Of.i && pl.t == a.At {
						v.weights[at] = add(v.weights[at], mul(mul(times, num(a.K)), publicScalar(pl.weight)))
					}
				}
			}
			v.indexed[0] = add(v.indexed[0], mul(times, num(s.Const)))
			for _, x := range c.commitment(e.rest) {
				v.indexed[x.index] = add(v.indexed[x.index], mul(times, x.k))
			}
			power = mul(power, v.lambda)
		}
	}
}

func fOf(q ristretto.Scalar) ristretto.Scalar {
	return mul(mul(q, sub(q, num(1))), mul(sub(q, num(2)), sub(q, num(3))))
}

// interpolate returns the coefficients of the polynomial of degree 4 with the
// values at 0 … 4.
func interpolate(ys [5]ristretto.Scalar) (out [5]ristretto.Scalar) {
	for i := range int64(5) {
		basis := [5]ristretto.Scalar{num(1)}
		scale := num(1)
		for j := range int64(5) {
			if j == i {
				continue
			}
			var next [5]ristretto.Scalar
			for d := range 4 {
				next[d+1] = add(next[d+1], basis[d])
			}
			for d := range 5 {
				next[d] = sub(next[d], mul(num(j), basis[d]))
			}
			basis = next
			scale = mul(scale, num(i-j))
		}
		scale.Invert(&scale)
		for d := range out {
			out[d] = add(out[d], mul(mul(ys[i], scale), basis[d]))
		}
	}
	return out
}

// zeroCheck runs the rounds over all 2^m positions, by evaluation at five points.
func (v *slowVector) zeroCheck(p *slow, m int) {
	q := make([]ristretto.Scalar, 1<<m)
	copy(q, v.q)
	for i := range m {
		half := len(q) / 2
		pair := func(x int) (int, int) { return x, x + half }
		if p.wrong == lowBitOfDigits {
			pair = func(x int) (int, int) { return 2 * x, 2*x + 1 }
		}
		var ys [5]ristretto.Scalar
		for x := range half {
			eq := num(1)
			for j := range m - i - 1 {
				bit := m - i - 2 - j
				if p.wrong == lowBitOfDigits {
					bit = j
				}
				if t := v.tau[i+1+j]; x>>bit&1 == 1 {
					eq = mul(eq, t)
				} else {
					eq = mul(eq, sub(num(1), t))
				}
			}
			lo, hi := pair(x)
			for t := range ys {
				ys[t] = add(ys[t], mul(eq, fOf(add(q[lo], mul(num(int64(t)), sub(q[hi], q[lo]))))))
			}
		}
		alpha := interpolate(ys)
		var b [5]ristretto.Scalar
		var late []byte
		for j := 1; j <= 4; j++ {
			b[j] = randomScalar()
			A := sigma.NewPoint(ristretto.Commit(&alpha[j], &b[j]))
			v.A = append(v.A, A)
			v.alphas, v.bs = append(v.alphas, alpha[j]), append(v.bs, b[j])
			part := "alpha"
			if i == m-1 && j == 4 {
				part = "last alpha"
			}
			if part == "last alpha" && p.wrong == lastAlphaLate {
				late = A.Append(nil)
				continue
			}
			p.send(part, A.Append(nil))
		}
		s := p.squeeze()
		if late != nil {
			p.send("late", late)
		}
		v.s = append(v.s, s)
		power := num(1)
		for j := 1; j <= 4; j++ {
			power = mul(power, s)
			v.blind = add(v.blind, mul(sub(power, v.tau[i]), b[j]))
		}
		for x := range half {
			lo, hi := pair(x)
			q[x] = add(q[lo], mul(s, sub(q[hi], q[lo])))
		}
		q = q[:half]
	}
	v.y = q[0]
	v.w = mul(v.y, sub(v.y, num(3)))
	v.gammaQ, v.gammaW, v.gammaZ = randomScalar(), randomScalar(), randomScalar()
	v.Q = sigma.NewPoint(ristretto.Commit(&v.y, &v.gammaQ))
	v.Wc = sigma.NewPoint(ristretto.Commit(&v.w, &v.gammaW))
	p.send("Q", v.Q.Append(nil))
	p.send("W", v.Wc.Append(nil))
	var z ristretto.Scalar
	for d := range v.cells {
		for s := range v.cells[d] {
			z = add(z, mul(v.cells[d][s], num(int64(p.h.opened[d].Values[s]))))
		}
	}
	z = add(z, dot(v.weights, v.q))
	v.Z = sigma.NewPoint(ristretto.Commit(&z, &v.gammaZ))
	if p.wrong == omegaBeforeZ {
		p.narg = v.Z.Append(p.narg)
	} else {
		p.send("Z", v.Z.Append(nil))
	}
	v.mu = p.squeeze()
}

// fillRow fills row i of the digits for the fold and returns its blinding.
func (v *slowVector) fillRow(p *slow, i int, omegas, P, C []ristretto.Scalar) ristretto.Scalar {
	c, J := p.c, len(p.c.functionals)
	m := len(v.s)
	for col := range v.W {
		at := i*v.W + col
		eq := num(1)
		for k, s := range v.s {
			bit := m - 1 - k
			if p.wrong == lowBitOfDigits {
				bit = k
			}
			if at>>bit&1 == 1 {
				eq = mul(eq, s)
			} else {
				eq = mul(eq, sub(num(1), s))
			}
		}
		P[col] = mul(omegas[J], eq)
		if at >= len(v.q) {
			continue
		}
		C[col] = v.q[at]
		P[col] = add(P[col], mul(omegas[J+1], v.weights[at]))
		for j, f := range c.functionals {
			if f.total != nil && v.place[at].v == f.total.vector {
				k := mul(num(f.total.weights[v.place[at].t]), publicScalar(v.place[at].weight))
				P[col] = add(P[col], mul(omegas[j], k))
			}
		}
	}
	return v.beta[i]
}

// equations adds the four of the zero-check and that of the combination.
func (v *slowVector) equations(p *slow, q int, index map[int]int, scalar func(ristretto.Scalar) int, elements *[]sigma.Point, images, terms *[]side) {
	put := func(im, te side) { *images, *terms = append(*images, im), append(*terms, te) }
	w := len(*elements)
	*elements = append(append(*elements, v.Wc), v.A...)
	y, gammaQ, wv, gammaW := scalar(v.y), scalar(v.gammaQ), scalar(v.w), scalar(v.gammaW)
	delta := scalar(sub(v.gammaW, mul(v.y, v.gammaQ)))
	delta2 := scalar(sub(v.blind, mul(v.w, v.gammaW)))
	var im, te side
	im.put(-1, q, num(1))
	te.put(y, 0, num(1))
	te.put(gammaQ, 1, num(1))
	put(im, te)
	im, te = nil, nil
	im.put(-1, w, num(1))
	te.put(wv, 0, num(1))
	te.put(gammaW, 1, num(1))
	put(im, te)
	te = nil
	te.put(y, 0, num(-3))
	te.put(delta, 1, num(1))
	te.put(y, q, num(1))
	put(im, te)
	im, te = nil, nil
	for i := range v.s {
		power := num(1)
		for j := range 4 {
			power = mul(power, v.s[i])
			im.put(-1, w+1+4*i+j, sub(power, v.tau[i]))
		}
	}
	te.put(wv, 0, num(2))
	te.put(delta2, 1, num(1))
	te.put(wv, w, num(1))
	put(im, te)

	im, te = nil, nil
	im.put(-1, 0, v.indexed[0])
	J := len(p.X)
	sigma := v.gammaZ
	for i, k := range v.indexed[1:] {
		if !k.IsZero() && i < J {
			im.put(-1, index[1+i], k)
		}
		sigma = add(sigma, mul(k, p.w.blinds[i]))
	}
	im.put(-1, q+1, num(1))
	for i, k := range v.indexed[1:] {
		if !k.IsZero() && i >= J {
			im.put(-1, index[1+i], k)
		}
	}
	te.put(scalar(sigma), 1, num(1))
	put(im, te)

	im, te = nil, nil
	var alpha, blind ristretto.Scalar
	power := num(1)
	include := func(element int, value, b ristretto.Scalar) {
		im.put(-1, element, power)
		alpha, blind = add(alpha, mul(power, value)), add(blind, mul(power, b))
		power = mul(power, v.mu)
	}
	for i := range p.Y {
		include(index[1+J+i], p.w.values[J+i], p.w.blinds[J+i])
	}
	for i := range v.A {
		include(w+1+i, v.alphas[i], v.bs[i])
	}
	te.put(scalar(alpha), 0, num(1))
	te.put(scalar(blind), 1, num(1))
	put(im, te)
}
