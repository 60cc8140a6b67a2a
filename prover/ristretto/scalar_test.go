package ristretto

import (
	"bytes"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

// A source gives scalars weighted to the ends of every range that matters,
// where carries and reductions go wrong. It is seeded: a failure repeats.
type source struct{ *rand.Rand }

func newSource(seed uint64) source { return source{rand.New(rand.NewPCG(seed, 25519))} }

// edges are values that the generator prefers.
var edges = func() []*big.Int {
	var out []*big.Int
	for _, bit := range []uint{0, 1, 4, 20, 21, 32, 40, 63, 64, 100, 126, 128, 251, 252} {
		p := new(big.Int).Lsh(big.NewInt(1), bit)
		out = append(out, p, new(big.Int).Sub(p, big.NewInt(1)))
	}
	for _, d := range []int64{1, 2, 8, 16} {
		out = append(out, new(big.Int).Sub(order, big.NewInt(d)))
	}
	return out
}()

// big returns an integer in 0 … q−1.
func (r source) big() *big.Int {
	if r.IntN(2) == 0 {
		return edges[r.IntN(len(edges))]
	}
	return new(big.Int).Mod(new(big.Int).SetBytes(r.bytes(40)), order)
}

func (r source) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// scalar returns a scalar, by its bytes, that SetBig has no part in.
func (r source) scalar() (k Scalar) {
	if err := k.SetCanonical(littleEndian(r.big())); err != nil {
		panic(err)
	}
	return k
}

func littleEndian(v *big.Int) []byte {
	b := v.FillBytes(make([]byte, ScalarSize))
	slices.Reverse(b)
	return b
}

func toBig(k *Scalar) *big.Int {
	b := k.Bytes()
	slices.Reverse(b)
	return new(big.Int).SetBytes(b)
}

// testScalar is a scalar for tests that need only some scalar.
func testScalar(i int) Scalar {
	r := newSource(uint64(i))
	var k Scalar
	k.SetWide(r.bytes(64))
	return k
}

func TestOrder(t *testing.T) {
	if len(edges) != 32 {
		t.Fatalf("%d edge values, want 32", len(edges))
	}
	if want := "7237005577332262213973186563042994240857116359379907606001950938285454250989"; Order().String() != want {
		t.Fatalf("q is %s", Order())
	}
	if !order.ProbablyPrime(20) {
		t.Fatal("q is not prime")
	}
}

func TestScalarArithmetic(t *testing.T) {
	r := newSource(1)
	for range 5_000 {
		a, b, c := r.scalar(), r.scalar(), r.scalar()
		x, y, z := toBig(&a), toBig(&b), toBig(&c)
		check := func(what string, got *Scalar, want *big.Int) {
			t.Helper()
			want = new(big.Int).Mod(want, order)
			if !bytes.Equal(got.Bytes(), littleEndian(want)) {
				t.Fatalf("%s of %v, %v, %v is %v, want %v", what, x, y, z, toBig(got), want)
			}
			if got.IsZero() != (want.Sign() == 0) {
				t.Fatalf("%s of %v, %v, %v: IsZero is wrong", what, x, y, z)
			}
		}
		var s Scalar
		check("sum", s.Add(&a, &b), new(big.Int).Add(x, y))
		check("difference", s.Sub(&a, &b), new(big.Int).Sub(x, y))
		check("negative", s.Neg(&a), new(big.Int).Neg(x))
		product := new(big.Int).Mul(x, y)
		check("product", s.Mul(&a, &b), product)
		check("product and sum", s.MulAdd(&a, &b, &c), new(big.Int).Add(product, z))
		s.Neg(s.Mul(&a, &b))
		check("cancellation", s.MulAdd(&a, &b, &s), new(big.Int))
		check("big", s.SetBig(new(big.Int).Sub(x, product)), new(big.Int).Sub(x, product))
		if a.Equal(&b) != (x.Cmp(y) == 0) {
			t.Fatalf("Equal(%v, %v) is wrong", x, y)
		}
		// Receivers may be operands.
		s = a
		check("square in place", s.Mul(&s, &s), new(big.Int).Mul(x, x))
		s = b
		check("all in place", s.MulAdd(&s, &s, &s), new(big.Int).Add(new(big.Int).Mul(y, y), y))
	}
}

func TestScalarInvert(t *testing.T) {
	r := newSource(2)
	for range 200 {
		a := r.scalar()
		var inv, one Scalar
		one.Mul(inv.Invert(&a), &a)
		switch want := new(Scalar).SetUint64(1); {
		case a.IsZero() && !inv.IsZero():
			t.Fatal("1/0 is not 0")
		case !a.IsZero() && !one.Equal(want):
			t.Fatalf("a·(1/a) is %v for a = %v", toBig(&one), toBig(&a))
		}
	}
}

func TestScalarFromIntegers(t *testing.T) {
	r := newSource(3)
	values := []int64{0, 1, -1, 2, -2, 1<<31 - 1, -1 << 31, 1<<32 - 1, 1 << 32, 1<<63 - 1, -1 << 63, -1<<63 + 1}
	for range 1_000 {
		values = append(values, int64(r.Uint64())>>r.IntN(64))
	}
	for _, v := range values {
		want := new(big.Int).Mod(big.NewInt(v), order)
		if got := new(Scalar).SetInt64(v); toBig(got).Cmp(want) != 0 {
			t.Errorf("SetInt64(%d) is %v", v, toBig(got))
		}
		if got := new(Scalar).SetUint64(uint64(v)); toBig(got).Cmp(new(big.Int).SetUint64(uint64(v))) != 0 {
			t.Errorf("SetUint64(%d) is %v", uint64(v), toBig(got))
		}
		if got := new(Scalar).SetBig(big.NewInt(v)); toBig(got).Cmp(want) != 0 {
			t.Errorf("SetBig(%d) is %v", v, toBig(got))
		}
	}
}

func TestScalarSetWide(t *testing.T) {
	r := newSource(4)
	inputs := [][]byte{make([]byte, 48), make([]byte, 64), bytes.Repeat([]byte{255}, 48), bytes.Repeat([]byte{255}, 64)}
	multiple := new(big.Int).Lsh(order, 255)
	for _, d := range []int64{-1, 0, 1} {
		b := new(big.Int).Add(multiple, big.NewInt(d)).FillBytes(make([]byte, 64))
		slices.Reverse(b)
		inputs = append(inputs, b)
	}
	for range 500 {
		inputs = append(inputs, r.bytes(48), r.bytes(64))
	}
	for _, in := range inputs {
		be := slices.Clone(in)
		slices.Reverse(be)
		want := new(big.Int).Mod(new(big.Int).SetBytes(be), order)
		if got := new(Scalar).SetWide(in); toBig(got).Cmp(want) != 0 {
			t.Fatalf("SetWide(%x) is %v, want %v", in, toBig(got), want)
		}
	}
	for _, n := range []int{0, 32, 47, 49, 63, 65} {
		mustPanic(t, func() { new(Scalar).SetWide(make([]byte, n)) })
	}
}

func mustPanic(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	f()
}

func TestScalarCanonical(t *testing.T) {
	reject := [][]byte{nil, make([]byte, 31), make([]byte, 33), bytes.Repeat([]byte{255}, 32)}
	for _, d := range []int64{0, 1, 2, 1 << 40} {
		reject = append(reject, littleEndian(new(big.Int).Add(order, big.NewInt(d))))
	}
	reject = append(reject,
		littleEndian(new(big.Int).Lsh(order, 1)),
		littleEndian(new(big.Int).Lsh(big.NewInt(1), 253)),
		littleEndian(new(big.Int).Lsh(big.NewInt(1), 255)))
	for _, b := range reject {
		k := testScalar(5)
		if k.SetCanonical(b) != ErrScalar {
			t.Errorf("%x accepted", b)
		}
		if want := testScalar(5); !k.Equal(&want) {
			t.Errorf("a refused encoding changed the scalar")
		}
	}
	for _, v := range append([]*big.Int{new(big.Int)}, edges...) {
		var k Scalar
		if err := k.SetCanonical(littleEndian(v)); err != nil || toBig(&k).Cmp(v) != 0 {
			t.Errorf("%v refused: %v", v, err)
		}
	}
}

func FuzzSetCanonical(f *testing.F) {
	for _, v := range append([]*big.Int{new(big.Int), order, new(big.Int).Add(order, big.NewInt(1))}, edges...) {
		f.Add(littleEndian(v))
	}
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{255}, 33))
	f.Fuzz(func(t *testing.T, b []byte) {
		var k Scalar
		if err := k.SetCanonical(b); err != nil {
			if len(b) == ScalarSize && toBig(new(Scalar).SetWide(append(slices.Clone(b), make([]byte, 32)...))).Cmp(bigEndian(b)) == 0 {
				t.Fatalf("%x is canonical and refused", b)
			}
			return
		}
		if !bytes.Equal(k.Bytes(), b) {
			t.Fatalf("%x re-encodes as %x", b, k.Bytes())
		}
	})
}

func bigEndian(b []byte) *big.Int {
	c := slices.Clone(b)
	slices.Reverse(c)
	return new(big.Int).SetBytes(c)
}
