package prover

import (
	"cmp"
	"math/big"
	"slices"
)

// atom names a hidden integer of a claim: functional i, or secret i.
type atom struct {
	secret bool
	i      int
}

// compare orders functionals before secrets, each by index.
func (a atom) compare(b atom) int {
	if a.secret != b.secret {
		if b.secret {
			return -1
		}
		return 1
	}
	return cmp.Compare(a.i, b.i)
}

type part struct {
	atom atom
	k    *big.Int // not zero
}

// Linear is a linear expression with integer coefficients over the functionals
// and secrets of one claim. It is immutable; the zero value is 0.
type Linear struct {
	konst *big.Int // nil is 0
	parts []part   // ascending by atom
}

// Constant returns the expression that is always k.
func Constant(k *big.Int) Linear { return Linear{konst: new(big.Int).Set(k)} }

func single(a atom) Linear { return Linear{parts: []part{{a, big.NewInt(1)}}} }

// c returns the constant term, not to be changed.
func (l Linear) c() *big.Int {
	if l.konst == nil {
		return zero
	}
	return l.konst
}

var zero, one = new(big.Int), big.NewInt(1)

// coefficient returns that of a, not to be changed.
func (l Linear) coefficient(a atom) *big.Int {
	for _, p := range l.parts {
		if p.atom == a {
			return p.k
		}
	}
	return zero
}

// Add returns l + m.
func (l Linear) Add(m Linear) Linear { return l.addScaled(one, m) }

// Sub returns l − m.
func (l Linear) Sub(m Linear) Linear { return l.addScaled(big.NewInt(-1), m) }

// AddConst returns l + k.
func (l Linear) AddConst(k *big.Int) Linear { return l.Add(Constant(k)) }

// Scale returns k·l.
func (l Linear) Scale(k *big.Int) Linear { return Linear{}.addScaled(k, l) }

// addScaled returns l + k·m.
func (l Linear) addScaled(k *big.Int, m Linear) Linear {
	sum := Linear{konst: new(big.Int).Mul(k, m.c())}
	sum.konst.Add(sum.konst, l.c())
	put := func(a atom, v *big.Int) {
		if v.Sign() != 0 {
			sum.parts = append(sum.parts, part{a, v})
		}
	}
	i, j := 0, 0
	for i < len(l.parts) || j < len(m.parts) {
		switch order := next(l.parts[i:], m.parts[j:]); {
		case order < 0:
			sum.parts = append(sum.parts, l.parts[i])
			i++
		case order > 0:
			put(m.parts[j].atom, new(big.Int).Mul(k, m.parts[j].k))
			j++
		default:
			v := new(big.Int).Mul(k, m.parts[j].k)
			put(l.parts[i].atom, v.Add(v, l.parts[i].k))
			i, j = i+1, j+1
		}
	}
	return sum
}

// next says whose first part comes next: −1 a's, 1 b's, 0 both.
func next(a, b []part) int {
	switch {
	case len(a) == 0:
		return 1
	case len(b) == 0:
		return -1
	}
	return a[0].atom.compare(b[0].atom)
}

// replace returns l with the expression by in place of a.
func (l Linear) replace(a atom, by Linear) Linear {
	k := l.coefficient(a)
	if k.Sign() == 0 {
		return l
	}
	rest := Linear{konst: l.konst, parts: slices.DeleteFunc(slices.Clone(l.parts), func(p part) bool { return p.atom == a })}
	return rest.addScaled(k, by)
}

// last returns the secret of highest index with coefficient 1 or −1.
func (l Linear) last() (a atom, found bool) {
	for _, p := range slices.Backward(l.parts) {
		if p.atom.secret && p.k.IsInt64() && (p.k.Int64() == 1 || p.k.Int64() == -1) {
			return p.atom, true
		}
	}
	return atom{}, false
}

// interval is a range of integers, both ends included.
type interval struct{ lo, hi *big.Int }

// times returns k·v.
func (v interval) times(k *big.Int) interval {
	a, b := new(big.Int).Mul(k, v.lo), new(big.Int).Mul(k, v.hi)
	if k.Sign() < 0 {
		a, b = b, a
	}
	return interval{a, b}
}

// product returns the range of products of a value of v and one of w.
func (v interval) product(w interval) interval {
	a, b := v.times(w.lo), v.times(w.hi)
	return interval{least(a.lo, b.lo), greatest(a.hi, b.hi)}
}

func least(a, b *big.Int) *big.Int {
	if a.Cmp(b) < 0 {
		return a
	}
	return b
}

func greatest(a, b *big.Int) *big.Int {
	if a.Cmp(b) > 0 {
		return a
	}
	return b
}

// limit is the size that no hidden integer of a claim may exceed. It is far
// below q/2, so an equation modulo q is one between integers.
var limit = new(big.Int).Lsh(one, 200)

// bounded reports whether v lies within ±2^200.
func (v interval) bounded() bool {
	return v.lo.CmpAbs(limit) <= 0 && v.hi.CmpAbs(limit) <= 0
}
