package rangeproof

import "hushwatt/prover/ristretto"

// The inner product argument of Bünz et al., section 3: given the sum
// Σ a_i·g_i + Σ b_i·h'_i + ⟨a, b⟩·w·U with h'_i = y^(−i)·h_i, it shows knowledge of a
// and b with two elements per halving. In each round, n' being half the length,
//
//	L = Σ a_lo·g_hi + Σ b_hi·h'_lo + ⟨a_lo, b_hi⟩·w·U
//	R = Σ a_hi·g_lo + Σ b_lo·h'_hi + ⟨a_hi, b_lo⟩·w·U
//	a ← u·a_lo + a_hi/u     g ← g_lo/u + u·g_hi
//	b ← b_lo/u + u·b_hi     h' ← u·h'_lo + h'_hi/u
//
// and the sum becomes u²·L + sum + R/u². Bases are never folded: what each of
// them counts for is kept as a scalar, so that L and R are sums over the fixed
// bases, whose tables exist already.

// proveInner appends L_i ‖ R_i for every round and a ‖ b to out. The vectors a
// and b are overwritten. It is variable time in a and b.
func proveInner(out []byte, a, b []ristretto.Scalar, y, w *ristretto.Scalar, next Next) ([]byte, error) {
	n := len(a)
	g, h := vectorBases(n)
	var yInv ristretto.Scalar
	inG, inH := powers(yInv.SetUint64(1), n), powers(yInv.Invert(y), n)
	for half := n / 2; half >= 1; half /= 2 {
		left := cross(g, inG, a[:half], half, half)
		left.addCross(h, inH, b[half:], 0, half)
		left.addProduct(a[:half], b[half:], w)
		right := cross(g, inG, a[half:], 0, half)
		right.addCross(h, inH, b[:half], half, half)
		right.addProduct(a[half:], b[:half], w)

		start := len(out)
		out = right.Element().Append(left.Element().Append(out))
		u := next(out[start:])
		if u.IsZero() {
			return nil, ErrChallenge
		}
		var uInv ristretto.Scalar
		uInv.Invert(&u)
		a = fold(a, &u, &uInv)
		b = fold(b, &uInv, &u)
		for i := range n {
			if i&half == 0 {
				inG[i].Mul(&inG[i], &uInv)
				inH[i].Mul(&inH[i], &u)
			} else {
				inG[i].Mul(&inG[i], &u)
				inH[i].Mul(&inH[i], &uInv)
			}
		}
	}
	return b[0].Append(a[0].Append(out)), nil
}

// fold returns lo·v_lo + hi·v_hi.
func fold(v []ristretto.Scalar, lo, hi *ristretto.Scalar) []ristretto.Scalar {
	half := len(v) / 2
	for i := range half {
		v[i].Mul(&v[i], lo)
		v[i].MulAdd(&v[half+i], hi, &v[i])
	}
	return v[:half]
}

// A crossSum is one of L and R in the making.
type crossSum struct{ ristretto.Sum }

// cross returns Σ v_k times the folded base k of the lower half (side 0) or the
// upper half (side = half). Original base i is part of folded base i mod 2·half.
func cross(bases []*ristretto.Base, in, v []ristretto.Scalar, side, half int) *crossSum {
	s := new(crossSum)
	s.addCross(bases, in, v, side, half)
	return s
}

func (s *crossSum) addCross(bases []*ristretto.Base, in, v []ristretto.Scalar, side, half int) {
	var k ristretto.Scalar
	for i, b := range bases {
		if i&half == side {
			s.AddBase(b, k.Mul(&in[i], &v[i&(half-1)]))
		}
	}
}

func (s *crossSum) addProduct(a, b []ristretto.Scalar, w *ristretto.Scalar) {
	var c ristretto.Scalar
	inner(&c, a, b)
	s.AddBase(baseU(), c.Mul(&c, w))
}

// foldedWeights returns s_i, what base g_i counts for after all rounds: the
// product of u_r where i lies in an upper half in round r, of 1/u_r where in a
// lower. For h_i it is 1/s_i = s_(n−1−i).
func foldedWeights(u, uInv []ristretto.Scalar) []ristretto.Scalar {
	s := make([]ristretto.Scalar, 1<<len(u))
	s[0].SetUint64(1)
	for r := range u {
		s[0].Mul(&s[0], &uInv[r])
	}
	for k := range u {
		var square ristretto.Scalar
		round := len(u) - 1 - k // bit k of i was decided in this round
		square.Mul(&u[round], &u[round])
		for i := range 1 << k {
			s[1<<k+i].Mul(&s[i], &square)
		}
	}
	return s
}

// invertAll returns 1/x for every x, none of which is 0, with one inversion.
func invertAll(xs []ristretto.Scalar) []ristretto.Scalar {
	out := make([]ristretto.Scalar, len(xs))
	var acc ristretto.Scalar
	acc.SetUint64(1)
	for i := range xs {
		out[i] = acc
		acc.Mul(&acc, &xs[i])
	}
	acc.Invert(&acc)
	for i := len(xs) - 1; i >= 0; i-- {
		out[i].Mul(&out[i], &acc)
		acc.Mul(&acc, &xs[i])
	}
	return out
}
