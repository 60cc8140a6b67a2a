package fold

import (
	"encoding/binary"
	"io"
	"math/big"
	"slices"

	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// slow proves the same claim as lab.prove in another way: big integers, rows
// padded to a power of two, round polynomials by evaluation, its own encoding
// of the relation. Its twists are the mistakes a prover can make.
type slow struct {
	*lab
	twist
	rng io.Reader

	omega, zeta *big.Int
	r           []*big.Int
	a           []sigma.Point
}

// twist names mistakes in the transcript and lies in the values.
type twist struct {
	omitSession, omitSizes, omitWeights, omitSeal, omitX bool
	omitLastA, omitT1, omitT2                            bool
	omegaBeforeX, rBeforeA2, lowBitFirst, columnsFirst   bool
	shortChallenge                                       bool
	lateX                                                bool           // X solved for at the end
	lateT2                                               bool           // T2 solved for at the end
	shiftT                                               *sigma.Point   // T1 + D, T2 − D
	response                                             func(z []byte) // changes the responses
}

func newSlow(l *lab, rng io.Reader) *slow { return &slow{lab: l, rng: rng} }

func add(a, b *big.Int) *big.Int { return new(big.Int).Add(a, b) }
func sub(a, b *big.Int) *big.Int { return new(big.Int).Sub(a, b) }
func mul(a, b *big.Int) *big.Int { return new(big.Int).Mul(a, b) }
func mod(a *big.Int) *big.Int    { return new(big.Int).Mod(a, ristretto.Order()) }

func toBig(k ristretto.Scalar) *big.Int {
	b := k.Bytes()
	slices.Reverse(b)
	return new(big.Int).SetBytes(b)
}

func times(k *big.Int, p *ristretto.Element) *ristretto.Element {
	return ristretto.NewElement().Mul(new(ristretto.Scalar).SetBig(k), p)
}

func sum(ps ...*ristretto.Element) *ristretto.Element {
	s := ristretto.NewElement()
	for _, p := range ps {
		s.Add(s, p)
	}
	return s
}

func (w *slow) random() *big.Int { return toBig(mustScalar(w.rng)) }

func (w *slow) challenge(sp *sigma.Sponge) *big.Int {
	n := 48
	if w.shortChallenge {
		n = 32
	}
	b := sp.Squeeze(n)
	slices.Reverse(b)
	return mod(new(big.Int).SetBytes(b))
}

func commit(v, r *big.Int) *ristretto.Element {
	return sum(times(v, ristretto.G().Element()), times(r, ristretto.H().Element()))
}

// start absorbs the statement, squeezes ω and absorbs the commitments, in the
// order that the twist wants.
func (w *slow) start() *sigma.Sponge {
	session := w.session
	if w.omitSession {
		session = ""
	}
	sp := sigma.NewSponge(sessionID(session))
	sizes, weights, seals := w.public()
	if w.columnsFirst {
		weights = w.transposed()
	}
	if !w.omitSizes {
		sp.Absorb(sizes)
	}
	if !w.omitWeights {
		sp.Absorb(weights)
	}
	if w.omitSeal {
		seals = seals[:len(seals)-32]
	}
	sp.Absorb(seals)
	sp.Absorb(make([]byte, 8))
	if w.omegaBeforeX {
		w.omega = w.challenge(sp)
	}
	if !w.omitX && !w.lateX {
		sp.Absorb(w.commitments())
	}
	if !w.omegaBeforeX {
		w.omega = w.challenge(sp)
	}
	return sp
}

// transposed is the hash of the weights taken column by column.
func (w *slow) transposed() []byte {
	t := w.clone()
	for _, p := range t.Weights {
		flat := slices.Concat(p...)
		for i := range flat {
			p[i%len(p)][i/len(p)] = flat[i]
		}
	}
	_, hash, _ := t.public()
	return hash
}

// tables returns P and C, padded to 2^a rows of all columns.
func (w *slow) tables() (p, c [][]*big.Int) {
	width, offset := 0, map[int]int{}
	for _, n := range w.Columns() {
		offset[n] = width
		width += n
	}
	for d := range 1 << w.Rounds() {
		p, c = append(p, make([]*big.Int, width)), append(c, make([]*big.Int, width))
		for s := range width {
			p[d][s], c[d][s] = new(big.Int), new(big.Int)
		}
		if d >= len(w.Rows) {
			continue
		}
		for s, reading := range w.Readings[d] {
			at := offset[w.Rows[d]] + s
			c[d][at] = big.NewInt(int64(reading))
			omega := big.NewInt(1)
			for j := range w.Weights {
				p[d][at] = mod(add(p[d][at], mul(omega, big.NewInt(w.Weights[j][d][s]))))
				omega = mod(mul(omega, w.omega))
			}
		}
	}
	return p, c
}

// pair returns the rows of pair d in a round with h pairs.
func (w *slow) pair(d, h int) (lo, high int) {
	if w.lowBitFirst {
		return 2 * d, 2*d + 1
	}
	return d, d + h
}

// at is the point t of the line through rows lo and high.
func at(m [][]*big.Int, lo, high int, t *big.Int) []*big.Int {
	row := make([]*big.Int, len(m[lo]))
	for s := range row {
		row[s] = mod(add(m[lo][s], mul(t, sub(m[high][s], m[lo][s]))))
	}
	return row
}

// value is the round polynomial at t.
func (w *slow) value(p, c [][]*big.Int, t int64) *big.Int {
	sum, h := new(big.Int), len(p)/2
	for d := range h {
		lo, high := w.pair(d, h)
		x, y := at(p, lo, high, big.NewInt(t)), at(c, lo, high, big.NewInt(t))
		for s := range x {
			sum = add(sum, mul(x[s], y[s]))
		}
	}
	return mod(sum)
}

func (w *slow) rounds(sp *sigma.Sponge) (u []*big.Int) {
	p, c := w.tables()
	w.zeta = new(big.Int)
	omega := big.NewInt(1)
	for j := range w.Gammas {
		w.zeta = add(w.zeta, mul(omega, toBig(w.Gammas[j])))
		omega = mod(mul(omega, w.omega))
	}
	half := new(big.Int).ModInverse(big.NewInt(2), ristretto.Order())
	for i := range w.Rounds() {
		g0, g1, g2 := w.value(p, c, 0), w.value(p, c, 1), w.value(p, c, 2)
		lead := mod(mul(half, add(sub(g2, add(g1, g1)), g0)))
		b0, b2 := w.random(), w.random()
		A0, A2 := sigma.NewPoint(commit(g0, b0)), sigma.NewPoint(commit(lead, b2))
		w.a = append(w.a, A0, A2)
		var r *big.Int
		sp.Absorb(A0.Append(nil))
		if w.rBeforeA2 {
			r = w.challenge(sp)
		}
		if !w.omitLastA || i < w.Rounds()-1 {
			sp.Absorb(A2.Append(nil))
		}
		if !w.rBeforeA2 {
			r = w.challenge(sp)
		}
		w.r = append(w.r, r)
		rr := sub(mul(r, r), r)
		w.zeta = mod(add(mul(r, w.zeta), add(mul(sub(big.NewInt(1), add(r, r)), b0), mul(rr, b2))))
		var np, nc [][]*big.Int
		for d := range len(p) / 2 {
			lo, high := w.pair(d, len(p)/2)
			np, nc = append(np, at(p, lo, high, r)), append(nc, at(c, lo, high, r))
		}
		p, c = np, nc
	}
	return c[0]
}

// eqOf is eq_d by its definition.
func eqOf(r []*big.Int, d int, lowFirst bool) *big.Int {
	eq := big.NewInt(1)
	for i := range r {
		bit := d >> (len(r) - 1 - i) & 1
		if lowFirst {
			bit = d >> i & 1
		}
		if bit == 1 {
			eq = mod(mul(eq, r[i]))
		} else {
			eq = mod(mul(eq, sub(big.NewInt(1), r[i])))
		}
	}
	return eq
}

// slowEquation is an equation in big integers.
type slowEquation struct{ image, terms [][3]*big.Int } // coefficient, element, scalar

// relation returns the elements and the two equations.
func (w *slow) relation() (es []*ristretto.Element, eqs [2]slowEquation) {
	es = append(es, ristretto.G().Element(), ristretto.H().Element())
	for _, n := range w.Columns() {
		for s := range n {
			es = append(es, ristretto.Slot(n, s).Element())
		}
	}
	width := int64(len(es) - 2)
	for d, v := range w.seals {
		eqs[0].image = append(eqs[0].image, [3]*big.Int{eqOf(w.r, d, w.lowBitFirst), big.NewInt(int64(len(es)))})
		es = append(es, v.Element())
	}
	p, _ := w.tables()
	one := big.NewInt(1)
	for s := range width {
		ps := new(big.Int)
		for d := range w.Rows {
			ps = mod(add(ps, mul(eqOf(w.r, d, w.lowBitFirst), p[d][s])))
		}
		eqs[0].terms = append(eqs[0].terms, [3]*big.Int{one, big.NewInt(2 + s), big.NewInt(s)})
		eqs[1].terms = append(eqs[1].terms, [3]*big.Int{ps, new(big.Int), big.NewInt(s)})
	}
	eqs[0].terms = append(eqs[0].terms, [3]*big.Int{one, one, big.NewInt(width)})
	eqs[1].terms = append(eqs[1].terms, [3]*big.Int{one, one, big.NewInt(width + 1)})

	tail := func(i int) *big.Int { // r_{i+1} ⋯ r_a, 0 ≤ i ≤ a
		x := big.NewInt(1)
		for _, r := range w.r[i:] {
			x = mod(mul(x, r))
		}
		return x
	}
	onG, omega := new(big.Int), big.NewInt(1)
	var onX [][3]*big.Int
	for j, x := range w.xs {
		onG = mod(sub(onG, mul(tail(0), mul(omega, w.Consts[j]))))
		onX = append(onX, [3]*big.Int{mod(mul(omega, tail(0))), big.NewInt(int64(len(es)))})
		es, omega = append(es, x.Element()), mod(mul(omega, w.omega))
	}
	eqs[1].image = append([][3]*big.Int{{onG, new(big.Int)}}, onX...)
	for i, a := range w.a {
		r := w.r[i/2]
		k := sub(one, add(r, r))
		if i%2 == 1 {
			k = sub(mul(r, r), r)
		}
		eqs[1].image = append(eqs[1].image, [3]*big.Int{mod(mul(k, tail(i/2+1))), big.NewInt(int64(len(es)))})
		es = append(es, a.Element())
	}
	return es, eqs
}

func encodeRelation(es []*ristretto.Element, eqs [2]slowEquation) []byte {
	u32 := func(b []byte, n int) []byte { return binary.LittleEndian.AppendUint32(b, uint32(n)) }
	b := u32(nil, len(eqs))
	for _, eq := range eqs {
		b = u32(b, len(eq.image))
		for _, t := range eq.image {
			b = sigma.AppendUint(u32(b, int(t[1].Int64())), t[0], ristretto.Order())
		}
		b = u32(b, len(eq.terms))
		for _, t := range eq.terms {
			b = u32(u32(b, int(t[2].Int64())), int(t[1].Int64()))
			b = sigma.AppendUint(b, t[0], ristretto.Order())
		}
	}
	for _, e := range es[1:] {
		b = e.Append(b)
	}
	return b
}

func evaluate(es []*ristretto.Element, terms [][3]*big.Int, scalars []*big.Int) *ristretto.Element {
	total := ristretto.NewElement()
	for _, t := range terms {
		k := t[0]
		if scalars != nil {
			k = mod(mul(k, scalars[t[2].Int64()]))
		}
		total.Add(total, times(k, es[t[1].Int64()]))
	}
	return total
}

// prove returns the proof, or what the twist makes of it.
func (w *slow) prove() []byte {
	sp := w.start()
	witness := w.rounds(sp)
	rho := new(big.Int)
	for d := range w.Blindings {
		rho = mod(add(rho, mul(eqOf(w.r, d, w.lowBitFirst), toBig(w.Blindings[d]))))
	}
	witness = append(witness, rho, w.zeta)
	if w.lateX {
		w.solveX(witness)
	}
	es, eqs := w.relation()
	sp.Absorb(encodeRelation(es, eqs))

	nonces := make([]*big.Int, len(witness))
	for i := range nonces {
		nonces[i] = w.random()
	}
	T := [2]*ristretto.Element{evaluate(es, eqs[0].terms, nonces), evaluate(es, eqs[1].terms, nonces)}
	if w.shiftT != nil {
		T[0].Add(T[0], w.shiftT.Element())
		T[1].Sub(T[1], w.shiftT.Element())
	}
	if !w.omitT1 {
		sp.Absorb(T[0].Bytes())
	}
	if !w.omitT2 && !w.lateT2 {
		sp.Absorb(T[1].Bytes())
	}
	e := w.challenge(sp)
	for i := range nonces {
		nonces[i] = mod(add(nonces[i], mul(e, witness[i])))
	}
	if w.lateT2 {
		T[1] = evaluate(es, eqs[1].terms, nonces)
		T[1].Sub(T[1], times(e, evaluate(es, eqs[1].image, nil)))
	}
	narg := w.commitments()
	for _, a := range w.a {
		narg = a.Append(narg)
	}
	narg = T[1].Append(T[0].Append(narg))
	from := len(narg)
	for _, z := range nonces {
		narg = sigma.AppendUint(narg, z, ristretto.Order())
	}
	if w.response != nil {
		w.response(narg[from:])
	}
	return narg
}

// solveX sets X_0 so that the second equation holds for the A's as sent,
// whatever they commit to.
func (w *slow) solveX(witness []*big.Int) {
	es, eqs := w.relation()
	first := slices.IndexFunc(eqs[1].image, func(t [3]*big.Int) bool { return t[1].Sign() > 0 })
	k := eqs[1].image[first][0]
	others := slices.Delete(slices.Clone(eqs[1].image), first, first+1)
	x := evaluate(es, eqs[1].terms, witness)
	x.Sub(x, evaluate(es, others, nil))
	w.xs[0] = sigma.NewPoint(times(new(big.Int).ModInverse(k, ristretto.Order()), x))
}
