package ristretto

import (
	"fmt"
	"testing"
)

func BenchmarkDecode(b *testing.B) {
	in := H().Element().Bytes()
	e := NewElement()
	for b.Loop() {
		if err := e.Decode(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	e := NewElement().Add(H().Element(), G().Element())
	for b.Loop() {
		e.Bytes()
	}
}

func BenchmarkHashToGroup(b *testing.B) {
	for b.Loop() {
		HashToGroup([]byte("hushwatt/v1/benchmark"))
	}
}

func BenchmarkScalarMulAdd(b *testing.B) {
	x, y, z := testScalar(1), testScalar(2), testScalar(3)
	for b.Loop() {
		z.MulAdd(&x, &y, &z)
	}
}

func BenchmarkScalarInvert(b *testing.B) {
	x := testScalar(1)
	for b.Loop() {
		x.Invert(&x)
	}
}

func BenchmarkMul(b *testing.B) {
	k, p := testScalar(1), H().Element()
	for b.Loop() {
		NewElement().Mul(&k, p)
	}
}

func BenchmarkCommit(b *testing.B) {
	v, r := testScalar(1), testScalar(2)
	Commit(&v, &r)
	for b.Loop() {
		Commit(&v, &r)
	}
}

// BenchmarkSeal is what a meter does for a day of half-hours.
func BenchmarkSeal(b *testing.B) {
	bases, values, r := Slots(48), make([]uint32, 48), testScalar(1)
	for i := range values {
		values[i] = uint32(i * 20_000)
	}
	for b.Loop() {
		e := CombineShort(bases, values)
		e.Add(e, H().Mul(&r)).Bytes()
	}
}

func BenchmarkCombine49(b *testing.B) {
	bases := append([]*Base{H()}, Slots(48)...)
	ks := make([]Scalar, len(bases))
	for i := range ks {
		ks[i] = testScalar(i)
	}
	for b.Loop() {
		Combine(bases, ks)
	}
}

// BenchmarkTables is what the first seal of a process pays once.
func BenchmarkTables(b *testing.B) {
	for b.Loop() {
		smallTables.tables(makeSlots(48))
	}
}

func BenchmarkSum(b *testing.B) {
	for _, n := range []int{0, 10, 44, 100, 400, 4_000, 44_000} {
		b.Run(fmt.Sprintf("points=%d", n), func(b *testing.B) {
			var s Sum
			for i, base := range append([]*Base{G(), H()}, Slots(48)...) {
				k := testScalar(i)
				s.AddBase(base, &k)
			}
			p := NewElement()
			if err := p.Decode(HashToGroup([]byte("a point")).Bytes()); err != nil {
				b.Fatal(err)
			}
			for i := range n {
				k := testScalar(100 + i)
				s.AddElement(p, &k)
			}
			b.ResetTimer()
			for b.Loop() {
				s.IsIdentity()
			}
		})
	}
}
