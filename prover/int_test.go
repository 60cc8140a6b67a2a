package prover

import (
	"math/big"
	mrand "math/rand/v2"
	"testing"
)

// someInts returns integers within ±2^200, weighted to the awkward ones.
func someInts(rng *mrand.Rand, n int) []*big.Int {
	vs := ints(0, 1, -1, 2, -2, 1<<63-1, -1<<63)
	for _, shift := range []uint{63, 64, 65, 127, 128, 192, 200} {
		p := new(big.Int).Lsh(one, shift)
		vs = append(vs, p, new(big.Int).Neg(p), new(big.Int).Sub(p, one))
	}
	for range n {
		v := new(big.Int)
		for range 4 {
			v.Lsh(v, 50).Or(v, new(big.Int).SetUint64(rng.Uint64N(1<<50)))
		}
		v.Rsh(v, uint(rng.IntN(200)))
		if rng.IntN(2) == 0 {
			v.Neg(v)
		}
		vs = append(vs, v)
	}
	return vs
}

func TestIntAgainstBig(t *testing.T) {
	vs := someInts(testRand(), 40)
	same := func(what string, got Int, want *big.Int) {
		t.Helper()
		if got.big().Cmp(want) != 0 {
			t.Fatalf("%s is %v, want %v", what, got.big(), want)
		}
	}
	bit := func(b bool) uint64 {
		if b {
			return 1
		}
		return 0
	}
	for _, v := range vs {
		x := publicInt(v)
		same("value", x, v)
		same("half", x.half(), new(big.Int).Rsh(v, 1))
		if x.isZero() != bit(v.Sign() == 0) {
			t.Fatalf("isZero of %v", v)
		}
		if k, want := x.Scalar(), publicScalar(v); !k.Equal(&want) {
			t.Fatalf("scalar of %v", v)
		}
		if v.IsInt64() {
			same("NewInt", NewInt(v.Int64()), v)
		}
		for _, w := range vs {
			y := publicInt(w)
			same("sum", x.Add(y), new(big.Int).Add(v, w))
			same("difference", x.Sub(y), new(big.Int).Sub(v, w))
			if p := new(big.Int).Mul(v, w); p.BitLen() < 255 {
				same("product", x.Mul(y), p)
			}
			if x.Less(y) != bit(v.Cmp(w) < 0) {
				t.Fatalf("%v < %v", v, w)
			}
			same("first", Select(1, x, y), v)
			same("second", Select(0, x, y), w)
			if w.Sign() > 0 && w.BitLen() <= 100 {
				q := new(big.Int).Div(v, w) // Euclidean, so floor for w > 0
				same("quotient", x.divFloor(y), q)
			}
		}
		for _, weight := range []int64{0, 1, -1, 1<<63 - 1, -(1<<63 - 1)} {
			c := uint32(1<<20 - 1)
			want := new(big.Int).Mul(big.NewInt(weight), big.NewInt(int64(c)))
			same("accumulated", x.accumulate(weight, c), want.Add(want, v))
		}
	}
}
