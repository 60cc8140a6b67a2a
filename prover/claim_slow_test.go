package prover

import (
	"crypto/rand"
	"crypto/sha3"
	"encoding/binary"
	"math/bits"
	"slices"
	"testing"

	"hushwatt/internal/wire"
	"hushwatt/prover/rangeproof"
	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// slow is a second prover, written from docs/protocol.md alone: its own sponge,
// statement, fold, relation and sigma proof, with plain loops over scalars. It
// checks the transcript of the real one, and it can be told to get the
// transcript wrong, as a cheater would. Only the range proof is borrowed.
type slow struct {
	c *Claim
	h *home
	w *witness

	omit  string        // a part of the transcript that is not absorbed
	wrong string        // another deviation, see below
	tilt  map[int]int64 // G more, so many times, in some equations

	session []byte
	log     []byte // everything absorbed
	at      int    // squeezed since the last absorbed byte
	narg    []byte

	X, Y []sigma.Point
	vec  *slowVector // what there is of vectors, see vector_slow_test.go
	all  statementHolds
}

const (
	omegaBeforeX = "omega-before-X"
	rBeforeA2    = "r-before-A2"
	lowBitFirst  = "low-bit-first"
	sealSum      = "seal-sum-as-one-element"
	notInside    = "prover-commitment-not-in-instance"
	shortSqueeze = "challenge-32-bytes"
	wrongIndex   = "product-wrong-index"
	lateX        = "late-X"
	cancelWithin = "cancel-E1-E2" // G more in one equation, G less in the next
	errorPlus    = "G more"
	errorMinus   = "G less"
)

func (p *slow) absorb(part string, b []byte) {
	if part != p.omit {
		p.log = append(p.log, b...)
		p.at = 0
	}
}

func (p *slow) send(part string, b []byte) {
	p.narg = append(p.narg, b...)
	p.absorb(part, b)
}

// squeeze is SHAKE128(session ‖ zeros to a block ‖ everything absorbed).
func (p *slow) squeeze() (k ristretto.Scalar) {
	x := sha3.NewSHAKE128()
	x.Write(append(append([]byte{}, p.session...), make([]byte, 168-32)...))
	x.Write(p.log)
	out := make([]byte, p.at+48)
	x.Read(out)
	wide := make([]byte, 48)
	copy(wide, out[p.at:])
	if p.wrong == shortSqueeze {
		clear(wide[32:])
	}
	p.at += 48
	k.SetWide(wide)
	return k
}

func le32(v int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(v)) }

// slowProve proves c about h with the given deviation, "" for none.
func slowProve(t *testing.T, c *Claim, h *home, omit, wrong string, secrets ...Int) []byte {
	t.Helper()
	return slowly(t, c, h, &slow{omit: omit, wrong: wrong}, secrets...)
}

// slowly is slowProve for a prover p with more deviations.
func slowly(t *testing.T, c *Claim, h *home, p *slow, secrets ...Int) []byte {
	t.Helper()
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	w, err := c.witness(h.opened, secrets)
	if err != nil {
		t.Fatal(err)
	}
	p.c, p.h, p.w = c, h, w
	tag := []byte(wire.TagClaim + "\x00")
	if p.omit != "session" {
		tag = append(tag, testHeader...)
	}
	p.session = sigma.DeriveSessionID(tag)
	p.statement()
	var omega ristretto.Scalar
	if p.wrong == omegaBeforeX {
		omega = p.squeeze()
	}
	p.commitments()
	ranges, y, z := p.rangesStart(t)
	if c.form.vector != nil {
		p.vector(t)
	}
	if p.wrong != omegaBeforeX {
		omega = p.squeeze()
	}
	eq := p.fold(omega)
	p.relation(eq)
	if ranges != nil {
		msg, err := ranges.T(&y, &z)
		if err != nil {
			t.Fatal(err)
		}
		p.send("T12", msg)
		x := p.squeeze()
		rest, err := ranges.Finish(&x, func(m []byte) ristretto.Scalar {
			p.absorb("rest", m)
			return p.squeeze()
		})
		if err != nil {
			t.Fatal(err)
		}
		p.narg = append(p.narg, rest...)
	}
	return p.narg
}

func (p *slow) statement() {
	f := p.c.form
	p.absorb("sizes", le32(len(f.columns.kinds)))
	for _, n := range f.columns.kinds {
		p.absorb("sizes", le32(n))
	}
	p.absorb("sizes", append(le32(len(p.c.rows)), le32(len(p.c.functionals))...))
	hash := p.c.weightsHash()
	p.absorb("weights", hash[:])
	for d, v := range p.h.seals {
		part := "seal"
		if d > 0 {
			part = "other seals"
		}
		p.absorb(part, v.Append(nil))
	}
	p.absorb("ranges", append(le32(len(f.sent)), le32(len(f.ranges))...))
	for _, r := range f.ranges {
		var terms []byte
		n := 0
		if r.l.c().Sign() != 0 {
			k := publicScalar(r.l.c())
			terms = k.Append(append(terms, le32(0)...))
			n++
		}
		for j := range p.c.functionals {
			if k := r.l.coefficient(atom{i: j}); k.Sign() != 0 {
				s := publicScalar(k)
				terms = s.Append(append(terms, le32(1+j)...))
				n++
			}
		}
		for at, i := range f.sent {
			if k := r.l.coefficient(atom{secret: true, i: i}); k.Sign() != 0 {
				s := publicScalar(k)
				terms = s.Append(append(terms, le32(1+len(p.c.functionals)+at)...))
				n++
			}
		}
		bound := r.bound.FillBytes(make([]byte, 32))
		slices.Reverse(bound)
		p.absorb("ranges", slices.Concat(le32(n), terms, bound, le32(r.width)))
	}
	if f.vector != nil {
		p.vectorStatement()
	}
}

func (p *slow) commitments() {
	for i := range p.w.values {
		p.w.blinds = append(p.w.blinds, randomScalar())
		e := sigma.NewPoint(ristretto.Commit(&p.w.values[i], &p.w.blinds[i]))
		if i < len(p.c.functionals) {
			p.X = append(p.X, e)
			if p.wrong == lateX { // sent, but bound by nothing before e
				p.narg = e.Append(p.narg)
				continue
			}
			p.send("X", e.Append(nil))
		} else {
			p.Y = append(p.Y, e)
			p.send("Y", e.Append(nil))
		}
	}
}

func (p *slow) rangesStart(t *testing.T) (rp *rangeproof.Prover, y, z ristretto.Scalar) {
	f := p.c.form
	if len(f.ranges) == 0 {
		return nil, y, z
	}
	var vs, rs []ristretto.Scalar
	for i, r := range f.ranges {
		vs, rs = append(vs, p.w.ranges[i].Scalar()), append(rs, p.w.blinding(p.c, r.l))
	}
	prover, err := f.segments.NewProver(vs, rs, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p.send("AS", prover.AS())
	return prover, p.squeeze(), p.squeeze()
}

// folded is what is left of the rows after the rounds.
type folded struct {
	eq, P, u  []ristretto.Scalar
	rho, zeta ristretto.Scalar
	A         []sigma.Point
	r, omegas []ristretto.Scalar
}

func num(v int64) (k ristretto.Scalar) { k.SetInt64(v); return k }

func add(a, b ristretto.Scalar) (k ristretto.Scalar) { k.Add(&a, &b); return k }
func sub(a, b ristretto.Scalar) (k ristretto.Scalar) { k.Sub(&a, &b); return k }
func mul(a, b ristretto.Scalar) (k ristretto.Scalar) { k.Mul(&a, &b); return k }

func dot(a, b []ristretto.Scalar) (k ristretto.Scalar) {
	for i := range a {
		k = add(k, mul(a[i], b[i]))
	}
	return k
}

func diff(a, b []ristretto.Scalar) []ristretto.Scalar {
	out := make([]ristretto.Scalar, len(a))
	for i := range a {
		out[i] = sub(a[i], b[i])
	}
	return out
}

// fold runs the rounds over all 2^a rows, absent ones zero.
func (p *slow) fold(omega ristretto.Scalar) *folded {
	c, cols := p.c, p.c.form.columns
	count, width, more := len(c.rows), cols.n, 0
	if p.vec != nil {
		count, width, more = count+len(p.vec.rows), max(width, p.vec.W), 2
	}
	a := bits.Len(uint(count - 1))
	f := &folded{}
	k := num(1)
	for range len(c.functionals) + more {
		f.omegas = append(f.omegas, k)
		k = mul(k, omega)
	}
	P, C, rho := make([][]ristretto.Scalar, 1<<a), make([][]ristretto.Scalar, 1<<a), make([]ristretto.Scalar, 1<<a)
	for d := range P {
		P[d], C[d] = make([]ristretto.Scalar, width), make([]ristretto.Scalar, width)
		if d >= len(c.rows) {
			if d < count {
				rho[d] = p.vec.fillRow(p, d-len(c.rows), f.omegas, P[d], C[d])
			}
			continue
		}
		rho[d] = p.h.opened[d].Blinding
		start := cols.start[c.rows[d].N]
		for s := range c.rows[d].N {
			C[d][start+s] = num(int64(p.h.opened[d].Values[s]))
			for j, x := range c.functionals {
				if x.total == nil {
					P[d][start+s] = add(P[d][start+s], mul(f.omegas[j], num(x.weights[d][s])))
				}
			}
			if p.vec != nil {
				P[d][start+s] = add(P[d][start+s], mul(f.omegas[len(c.functionals)+1], p.vec.cells[d][s]))
			}
		}
	}
	for j := range c.functionals {
		f.zeta = add(f.zeta, mul(f.omegas[j], p.w.blinds[j]))
	}
	if p.vec != nil {
		J := len(c.functionals)
		f.zeta = add(f.zeta, add(mul(f.omegas[J], p.vec.gammaQ), mul(f.omegas[J+1], p.vec.gammaZ)))
	}
	for i := range a {
		h := len(P) / 2
		pair := func(d int) (int, int) { return d, d + h }
		if p.wrong == lowBitFirst {
			pair = func(d int) (int, int) { return 2 * d, 2*d + 1 }
		}
		var a0, a2 ristretto.Scalar
		for d := range h {
			lo, hi := pair(d)
			a0 = add(a0, dot(P[lo], C[lo]))
			a2 = add(a2, dot(diff(P[hi], P[lo]), diff(C[hi], C[lo])))
		}
		b0, b2 := randomScalar(), randomScalar()
		A0, A2 := sigma.NewPoint(ristretto.Commit(&a0, &b0)), sigma.NewPoint(ristretto.Commit(&a2, &b2))
		f.A = append(f.A, A0, A2)
		p.send("A0", A0.Append(nil))
		var r ristretto.Scalar
		if p.wrong == rBeforeA2 {
			r = p.squeeze()
		}
		part := "A2"
		if i == a-1 {
			part = "last A"
		}
		p.send(part, A2.Append(nil))
		if p.wrong != rBeforeA2 {
			r = p.squeeze()
		}
		f.r = append(f.r, r)
		for d := range h {
			lo, hi := pair(d)
			for s := range P[lo] {
				P[d][s] = add(P[lo][s], mul(r, sub(P[hi][s], P[lo][s])))
				C[d][s] = add(C[lo][s], mul(r, sub(C[hi][s], C[lo][s])))
			}
			rho[d] = add(rho[lo], mul(r, sub(rho[hi], rho[lo])))
		}
		P, C, rho = P[:h], C[:h], rho[:h]
		f.zeta = add(mul(r, f.zeta), add(mul(sub(num(1), add(r, r)), b0), mul(sub(mul(r, r), r), b2)))
	}
	for d := range count {
		e := num(1)
		for i, r := range f.r {
			bit := a - 1 - i
			if p.wrong == lowBitFirst {
				bit = i
			}
			if d>>bit&1 == 1 {
				e = mul(e, r)
			} else {
				e = mul(e, sub(num(1), r))
			}
		}
		f.eq = append(f.eq, e)
	}
	f.P, f.u, f.rho = P[0], C[0], rho[0]
	return f
}

// side is one side of an equation: terms of scalar (−1: none), element, factor.
type side []struct {
	scalar, element int
	k               ristretto.Scalar
}

func (s *side) put(scalar, element int, k ristretto.Scalar) {
	*s = append(*s, struct {
		scalar, element int
		k               ristretto.Scalar
	}{scalar, element, k})
}

// relation writes the instance and proves it.
func (p *slow) relation(f *folded) {
	c, J := p.c, len(p.c.functionals)
	elements := []sigma.Point{sigma.Fixed(ristretto.G()), sigma.Fixed(ristretto.H())}
	for _, n := range c.form.columns.kinds {
		for s := range n {
			elements = append(elements, sigma.Fixed(ristretto.Slot(n, s)))
		}
	}
	for i := 0; p.vec != nil && len(elements)-2 < p.vec.W; i++ {
		elements = append(elements, sigma.Fixed(ristretto.Extra(i)))
	}
	firstV := len(elements)
	if p.wrong == sealSum {
		sum := ristretto.NewElement()
		for d, v := range p.h.seals {
			sum.Add(sum, ristretto.NewElement().Mul(&f.eq[d], v.Element()))
		}
		elements = append(elements, sigma.NewPoint(sum))
	} else {
		elements = append(elements, p.h.seals...)
	}
	if p.vec != nil {
		elements = append(elements, p.vec.rows...)
	}
	firstX := len(elements)
	elements = append(elements, p.X...)
	if p.vec != nil {
		elements = append(elements, p.vec.Q, p.vec.Z)
	}
	firstA := len(elements)
	elements = append(elements, f.A...)
	index := map[int]int{}
	for j := range p.X {
		index[1+j] = firstX + j
	}
	if p.wrong != notInside {
		for i, place := range c.form.inside {
			index[1+J+place] = firstA + len(f.A) + i
			elements = append(elements, p.Y[place])
		}
	}

	var images, terms []side
	var secrets []ristretto.Scalar
	scalar := func(k ristretto.Scalar) int { secrets = append(secrets, k); return len(secrets) - 1 }

	var im, te side
	for s := range f.u {
		te.put(scalar(f.u[s]), 2+s, num(1))
	}
	te.put(scalar(f.rho), 1, num(1))
	if p.wrong == sealSum {
		im.put(-1, firstV, num(1))
	} else {
		for d := range f.eq {
			im.put(-1, firstV+d, f.eq[d])
		}
	}
	images, terms = append(images, im), append(terms, te)

	after := func(i int) ristretto.Scalar { // Π_{k>i} r_k, rounds from 0
		k := num(1)
		for _, r := range f.r[i:] {
			k = mul(k, r)
		}
		return k
	}
	im, te = nil, nil
	var konst ristretto.Scalar
	for j, x := range c.functionals {
		konst = add(konst, mul(f.omegas[j], publicScalar(x.konst)))
	}
	im.put(-1, 0, sub(num(0), mul(after(0), konst)))
	for j := range f.omegas {
		im.put(-1, firstX+j, mul(f.omegas[j], after(0)))
	}
	for i, r := range f.r {
		im.put(-1, firstA+2*i, mul(sub(num(1), add(r, r)), after(i+1)))
		im.put(-1, firstA+2*i+1, mul(sub(mul(r, r), r), after(i+1)))
	}
	for s := range f.u {
		te.put(s, 0, f.P[s])
	}
	te.put(scalar(f.zeta), 1, num(1))
	images, terms = append(images, im), append(terms, te)

	com := func(l Linear, keepG bool) (s side) {
		if k := publicScalar(l.c()); keepG || !k.IsZero() {
			s.put(-1, 0, k)
		}
		for _, t := range c.commitment(l) {
			if t.index > 0 {
				s.put(-1, index[t.index], t.k)
			}
		}
		return s
	}
	for i, l := range slices.Concat(c.form.reveals, c.form.zeros) {
		im, te = com(l, i < len(c.form.reveals)), nil
		te.put(scalar(p.w.blinding(c, l)), 1, num(1))
		images, terms = append(images, im), append(terms, te)
	}
	var xs []int
	for _, q := range c.form.products {
		im, te = com(q.x, false), nil
		xs = append(xs, scalar(p.w.value(c, q.x)))
		te.put(xs[len(xs)-1], 0, num(1))
		te.put(scalar(p.w.blinding(c, q.x)), 1, num(1))
		images, terms = append(images, im), append(terms, te)
	}
	if p.wrong == wrongIndex {
		xs[0] = xs[1]
	}
	for i, q := range c.form.products {
		im, te = com(q.z, false), nil
		delta := sub(p.w.blinding(c, q.z), mul(secrets[xs[i]], p.w.blinding(c, q.y)))
		for _, t := range com(q.y, false) {
			te.put(xs[i], t.element, t.k)
		}
		te.put(scalar(delta), 1, num(1))
		slices.SortStableFunc(te, func(a, b struct {
			scalar, element int
			k               ristretto.Scalar
		}) int {
			return a.element - b.element
		})
		images, terms = append(images, im), append(terms, te)
	}
	if p.vec != nil {
		p.vec.equations(p, firstX+len(p.X), index, scalar, &elements, &images, &terms)
	}
	p.sigma(elements, images, terms, secrets)
}

// sigma serializes the instance as the CFRG draft says and proves it.
func (p *slow) sigma(elements []sigma.Point, images, terms []side, secrets []ristretto.Scalar) {
	b := le32(len(images))
	for i := range images {
		b = append(b, le32(len(images[i]))...)
		for _, t := range images[i] {
			b = t.k.Append(append(b, le32(t.element)...))
		}
		b = append(b, le32(len(terms[i]))...)
		for _, t := range terms[i] {
			b = t.k.Append(append(append(b, le32(t.scalar)...), le32(t.element)...))
		}
	}
	for _, e := range elements[1:] {
		if p.wrong == lateX && slices.ContainsFunc(p.X, e.Equal) {
			continue
		}
		b = e.Append(b)
	}
	p.absorb("relation", b)
	nonces := make([]ristretto.Scalar, len(secrets))
	for i := range nonces {
		nonces[i] = randomScalar()
	}
	for i, te := range terms {
		T := ristretto.NewElement()
		switch {
		case i == 0 && (p.wrong == cancelWithin || p.wrong == errorPlus):
			T.Add(T, ristretto.G().Element())
		case i == 1 && p.wrong == cancelWithin, i == 0 && p.wrong == errorMinus:
			T.Sub(T, ristretto.G().Element())
		}
		if k := num(p.tilt[i]); !k.IsZero() {
			T.Add(T, ristretto.NewElement().Mul(&k, ristretto.G().Element()))
		}
		for _, t := range te {
			k := mul(t.k, nonces[t.scalar])
			T.Add(T, ristretto.NewElement().Mul(&k, elements[t.element].Element()))
		}
		p.send("T", T.Bytes())
	}
	e := p.squeeze()
	var responses []ristretto.Scalar
	for i := range secrets {
		z := add(nonces[i], mul(e, secrets[i]))
		responses = append(responses, z)
		p.send("responses", z.Bytes())
	}
	p.all = func() bool {
		for i, te := range terms {
			sum := ristretto.NewElement()
			for _, t := range te {
				k := sub(mul(t.k, responses[t.scalar]), mul(t.k, nonces[t.scalar]))
				sum.Add(sum, ristretto.NewElement().Mul(&k, elements[t.element].Element()))
			}
			for _, t := range images[i] {
				k := mul(e, t.k)
				sum.Sub(sum, ristretto.NewElement().Mul(&k, elements[t.element].Element()))
			}
			if !sum.IsIdentity() {
				return false
			}
		}
		return true
	}
}

// statementHolds says whether the equations of a proof hold, for a verifier who
// makes the same transcript as the prover, mistakes included.
type statementHolds func() bool
