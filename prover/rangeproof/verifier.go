package rangeproof

import (
	"fmt"

	"hushwatt/prover/ristretto"
)

// A Verifier reads one proof: AS, T, Finish, each once and in this order, with
// the caller running its transcript between them as the prover does, and then
// AddTo. Only when the sum is the identity is the proof right.
type Verifier struct {
	s     *Statement
	terms *terms
	done  bool // all messages were read

	a, s1, t1, t2 ristretto.Element
	x, w          ristretto.Scalar
	tau, mu, t    ristretto.Scalar
	l, r          []ristretto.Element
	u             []ristretto.Scalar
	aEnd, bEnd    ristretto.Scalar
}

// NewVerifier starts to read a proof of s.
func (s *Statement) NewVerifier() *Verifier { return &Verifier{s: s} }

// AS reads the first message.
func (v *Verifier) AS(message []byte) error {
	if len(message) != ASSize {
		return ErrLength
	}
	return decodeElements(message, "A", &v.a, "S", &v.s1)
}

// T takes the challenges that follow the first message and reads the second.
func (v *Verifier) T(y, z *ristretto.Scalar, message []byte) (err error) {
	if v.terms, err = v.s.terms(y, z); err != nil {
		return err
	}
	if len(message) != TSize {
		return ErrLength
	}
	return decodeElements(message, "T_1", &v.t1, "T_2", &v.t2)
}

// Finish takes the challenge that follows the second message and reads the
// third. It calls next as the prover does.
func (v *Verifier) Finish(x *ristretto.Scalar, message []byte, next Next) error {
	if len(message) != v.s.RestSize() {
		return ErrLength
	}
	if v.x = *x; x.IsZero() {
		return ErrChallenge
	}
	const opening = 3 * ristretto.ScalarSize
	if err := decodeScalars(message[:opening], &v.tau, &v.mu, &v.t); err != nil {
		return err
	}
	if v.w = next(message[:opening]); v.w.IsZero() {
		return ErrChallenge
	}
	rest, err := v.readRounds(message[opening:], next)
	if err != nil {
		return err
	}
	if err := decodeScalars(rest, &v.aEnd, &v.bEnd); err != nil {
		return err
	}
	v.done = true
	return nil
}

// readRounds reads L_i ‖ R_i of all rounds and returns what follows them.
func (v *Verifier) readRounds(message []byte, next Next) ([]byte, error) {
	const size = 2 * ristretto.ElementSize
	rounds := v.s.rounds()
	v.l, v.r = make([]ristretto.Element, rounds), make([]ristretto.Element, rounds)
	v.u = make([]ristretto.Scalar, rounds)
	for i := range rounds {
		if err := decodeElements(message[:size], "L", &v.l[i], "R", &v.r[i]); err != nil {
			return nil, fmt.Errorf("round %d: %w", i+1, err)
		}
		if v.u[i] = next(message[:size]); v.u[i].IsZero() {
			return nil, ErrChallenge
		}
		message = message[size:]
	}
	return message, nil
}

func decodeElements(b []byte, name1 string, e1 *ristretto.Element, name2 string, e2 *ristretto.Element) error {
	if err := e1.Decode(b[:ristretto.ElementSize]); err != nil {
		return fmt.Errorf("range proof: %s: %w", name1, err)
	}
	if err := e2.Decode(b[ristretto.ElementSize:]); err != nil {
		return fmt.Errorf("range proof: %s: %w", name2, err)
	}
	return nil
}

func decodeScalars(b []byte, ks ...*ristretto.Scalar) error {
	for i, k := range ks {
		if err := k.SetCanonical(b[i*ristretto.ScalarSize : (i+1)*ristretto.ScalarSize]); err != nil {
			return fmt.Errorf("range proof: %w", err)
		}
	}
	return nil
}

// AddTo adds the two equations of the proof to sum, the one about the values
// times weight1, the one about their bits times weight2: random weights of 128
// bits, different for every equation of whatever is checked together. For each
// requirement j it calls commitment(j, k), which must add k times the
// commitment to value j to the sum. It panics unless Finish has succeeded.
func (v *Verifier) AddTo(sum *ristretto.Sum, weight1, weight2 *ristretto.Scalar, commitment func(j int, k *ristretto.Scalar)) {
	if !v.done {
		panic("rangeproof: the proof was not read to its end")
	}
	v.addValues(sum, weight1, commitment)
	v.addBits(sum, weight2)
}

// addValues adds
//
//	Σ z^(2+j)·V_j + (δ − t̂)·G − τ_x·H + x·T_1 + x²·T_2 = 0,
//	δ = (z − z²)·⟨1, y^N⟩ − z·⟨1, d⟩.
func (v *Verifier) addValues(sum *ristretto.Sum, weight *ristretto.Scalar, commitment func(j int, k *ristretto.Scalar)) {
	t := v.terms
	var k, onG ristretto.Scalar
	for j := range t.zj {
		commitment(j, k.Mul(weight, &t.zj[j]))
	}
	var sumY, sumD ristretto.Scalar
	for i := range t.d {
		sumY.Add(&sumY, &t.yPower[i])
		sumD.Add(&sumD, &t.d[i])
	}
	// δ = z·(⟨1, y^N⟩ − z·⟨1, y^N⟩ − ⟨1, d⟩)
	onG.Sub(&sumY, k.Mul(&t.z, &sumY))
	onG.Sub(&onG, &sumD)
	onG.Mul(&onG, &t.z)
	onG.Sub(&onG, &v.t)
	sum.AddBase(ristretto.G(), k.Mul(weight, &onG))
	k.Mul(weight, &v.tau)
	sum.AddBase(ristretto.H(), k.Neg(&k))
	k.Mul(weight, &v.x)
	sum.AddElement(&v.t1, &k)
	sum.AddElement(&v.t2, k.Mul(&k, &v.x))
}

// addBits adds, with a and b the ends of the inner product argument and s_i as
// in foldedWeights,
//
//	A + x·S − μ·H + w·(t̂ − a·b)·U + Σ u_r²·L_r + Σ u_r^(−2)·R_r
//	  + Σ (−z − a·s_i)·g_i + Σ (z + y^(−i)·(d_i − b/s_i))·h_i = 0.
func (v *Verifier) addBits(sum *ristretto.Sum, weight *ristretto.Scalar) {
	inverses := invertAll(append(v.u[:len(v.u):len(v.u)], v.terms.y))
	uInv, yInv := inverses[:len(v.u)], &inverses[len(v.u)]

	var k ristretto.Scalar
	sum.AddElement(&v.a, weight)
	sum.AddElement(&v.s1, k.Mul(weight, &v.x))
	k.Mul(weight, &v.mu)
	sum.AddBase(ristretto.H(), k.Neg(&k))
	k.Mul(&v.aEnd, &v.bEnd)
	k.Sub(&v.t, &k)
	k.Mul(&k, &v.w)
	sum.AddBase(baseU(), k.Mul(&k, weight))
	for r := range v.u {
		sum.AddElement(&v.l[r], k.Mul(weight, k.Mul(&v.u[r], &v.u[r])))
		sum.AddElement(&v.r[r], k.Mul(weight, k.Mul(&uInv[r], &uInv[r])))
	}
	v.addVectorBases(sum, weight, foldedWeights(v.u, uInv), yInv)
}

// addVectorBases adds the terms of g_i and h_i.
func (v *Verifier) addVectorBases(sum *ristretto.Sum, weight *ristretto.Scalar, s []ristretto.Scalar, yInv *ristretto.Scalar) {
	n := len(s)
	g, h := vectorBases(n)
	var wz, wa, k ristretto.Scalar
	wz.Mul(weight, &v.terms.z)
	wa.Mul(weight, &v.aEnd)
	wy := *weight // weight·y^(−i)
	for i := range n {
		k.MulAdd(&wa, &s[i], &wz)
		sum.AddBase(g[i], k.Neg(&k))

		k.Mul(&v.bEnd, &s[n-1-i])
		k.Sub(&v.terms.d[i], &k)
		sum.AddBase(h[i], k.MulAdd(&k, &wy, &wz))
		wy.Mul(&wy, yInv)
	}
}
