package ristretto

import (
	"fmt"
	"testing"

	"github.com/bwesterb/go-ristretto/edwards25519"
)

// someBases returns n bases, the special ones among them.
func someBases(n int) []*Base {
	return append([]*Base{G(), H()}, Slots(144)...)[:n]
}

func slowSum(bases []*Base, ks []Scalar) *Element {
	sum := NewElement()
	for i, b := range bases {
		sum.Add(sum, slowMul(&ks[i], b.Element()))
	}
	return sum
}

func TestBaseMul(t *testing.T) {
	r := newSource(20)
	for _, b := range []*Base{G(), H(), Slot(24, 7)} {
		for range 60 {
			k := r.scalar()
			if !b.Mul(&k).Equal(slowMul(&k, b.Element())) {
				t.Fatalf("%v·B is wrong", toBig(&k))
			}
		}
	}
}

func TestCommit(t *testing.T) {
	r := newSource(21)
	for range 40 {
		v, blind := r.scalar(), r.scalar()
		want := slowSum([]*Base{G(), H()}, []Scalar{v, blind})
		if !Commit(&v, &blind).Equal(want) {
			t.Fatalf("Commit(%v, %v) is wrong", toBig(&v), toBig(&blind))
		}
	}
}

func TestCombine(t *testing.T) {
	r := newSource(22)
	for _, n := range []int{0, 1, 2, 49, 50} {
		for range 3 {
			ks := make([]Scalar, n)
			for i := range ks {
				ks[i] = r.scalar()
			}
			if !Combine(someBases(n), ks).Equal(slowSum(someBases(n), ks)) {
				t.Fatalf("combination of %d bases is wrong", n)
			}
		}
	}
	mustPanic(t, func() { Combine(someBases(2), make([]Scalar, 1)) })
}

func TestCombineShort(t *testing.T) {
	r := newSource(23)
	special := []uint32{0, 1, 7, 8, 9, 15, 16, 0x77777, 0x78888, 0x88888, 1<<19 - 1, 1 << 19, 1<<20 - 1}
	for n := range 50 {
		values, squares, ks := make([]uint32, n), make([]uint64, n), make([]Scalar, n)
		for i := range values {
			values[i] = special[r.IntN(len(special))]
			if r.IntN(2) == 0 {
				values[i] = r.Uint32() >> 12
			}
			ks[i].SetUint64(uint64(values[i]))
		}
		want := slowSum(someBases(n), ks)
		if !CombineShort(someBases(n), values).Equal(want) {
			t.Fatalf("short combination of %v is wrong", values)
		}
		for i, v := range values {
			squares[i] = uint64(v) * uint64(v)
			if r.IntN(4) == 0 {
				squares[i] = 1<<40 - 1 - uint64(v)
			}
			ks[i].SetUint64(squares[i])
		}
		if !CombineSquares(someBases(n), squares).Equal(slowSum(someBases(n), ks)) {
			t.Fatalf("combination of squares %v is wrong", squares)
		}
	}
	mustPanic(t, func() { CombineShort(someBases(1), []uint32{1 << 20}) })
	mustPanic(t, func() { CombineShort(someBases(1), []uint32{1<<32 - 1}) })
	mustPanic(t, func() { CombineShort(someBases(2), []uint32{1}) })
	mustPanic(t, func() { CombineSquares(someBases(1), []uint64{1 << 40}) })
	mustPanic(t, func() { CombineSquares(someBases(2), []uint64{1}) })
}

// TestPick compares every entry of a table with repeated addition.
func TestPick(t *testing.T) {
	table := smallTables.tables([]*Base{H()})[0]
	for d := int8(-8); d <= 8; d++ {
		var np niels
		pick(&np, (*[8]niels)(table), d)
		var cp edwards25519.CompletedPoint
		got := NewElement()
		cp.AddExtendedNiels(&identityPoint, &np)
		got.out().SetCompleted(&cp)
		k := new(Scalar).SetInt64(int64(d))
		if !got.Equal(slowMul(k, H().Element())) {
			t.Errorf("table entry %d is wrong", d)
		}
	}
}

// randomSum returns a sum and its value by the oracle.
func randomSum(r source, bases, points int) (*Sum, *Element) {
	var s Sum
	want := NewElement()
	add := func(k *Scalar, p *Element) { want.Add(want, NewElement().Mul(k, p)) }
	for i := range bases {
		k, b := r.scalar(), someBases(60)[i%60]
		s.AddBase(b, &k)
		add(&k, b.Element())
	}
	for range points {
		k, p := r.scalar(), r.element()
		s.AddElement(p, &k)
		add(&k, p)
	}
	return &s, want
}

func TestSum(t *testing.T) {
	r := newSource(24)
	for _, n := range [][2]int{{0, 0}, {1, 0}, {0, 1}, {2, 3}, {60, 0}, {52, 40}, {0, 90}, {300, 5}} {
		s, want := randomSum(r, n[0], n[1])
		if s.Len() != min(n[0], 60)+n[1] {
			t.Fatalf("%v: %d terms", n, s.Len())
		}
		if !s.Element().Equal(want) {
			t.Fatalf("sum of %v is wrong", n)
		}
		got := NewElement()
		if s.straus(got.out()); !got.Equal(want) {
			t.Fatalf("%v by Straus is wrong", n)
		}
		for c := 3; c <= 16; c++ {
			if s.pippenger(got.out(), c); !got.Equal(want) {
				t.Fatalf("%v by Pippenger with windows of %d is wrong", n, c)
			}
		}
		s.AddElement(want, new(Scalar).SetInt64(-1))
		if !s.IsIdentity() {
			t.Fatalf("sum of %v less its value is not the identity", n)
		}
		s.AddBase(G(), new(Scalar).SetUint64(1))
		if s.IsIdentity() {
			t.Fatalf("sum of %v less its value and G is the identity", n)
		}
	}
}

// TestSumLarge takes the multiplication through the window sizes of a batch,
// with scalars that add up to nothing.
func TestSumLarge(t *testing.T) {
	r := newSource(25)
	for _, n := range []int{600, 5_000} {
		var s Sum
		total := new(Scalar)
		for i := range n {
			k, l := r.scalar(), r.scalar()
			p := someBases(60)[i%60].Mul(&l) // l·B, so k·l less in the end
			s.AddElement(p, &k)
			k.Mul(&k, &l)
			s.AddBase(someBases(60)[i%60], k.Neg(&k))
			total.Add(total, &k)
		}
		if straus, _ := plan(60, n); straus {
			t.Fatalf("%d points are left to Straus", n)
		}
		if !s.IsIdentity() {
			t.Fatalf("sum of %d is not the identity", n)
		}
		s.AddElement(H().Element(), new(Scalar).SetUint64(1))
		if s.IsIdentity() {
			t.Fatalf("sum of %d and H is the identity", n)
		}
	}
}

func TestAddSum(t *testing.T) {
	r := newSource(26)
	for range 10 {
		a, wantA := randomSum(r, 10, 5)
		b, wantB := randomSum(r, 15, 3)
		weight := r.scalar()
		before := b.Element()
		a.AddSum(b, &weight)
		want := NewElement().Add(wantA, NewElement().Mul(&weight, wantB))
		if !a.Element().Equal(want) {
			t.Fatal("weighted sum of sums is wrong")
		}
		if a.Len() != 15+8 {
			t.Fatalf("%d terms after merging, want 23", a.Len())
		}
		if !b.Element().Equal(before) {
			t.Fatal("the added sum was changed")
		}
	}
}

// TestSumKeepsCopies: what happens to an operand later does not matter.
func TestSumKeepsCopies(t *testing.T) {
	var s Sum
	p, k := H().Element(), *new(Scalar).SetUint64(5)
	s.AddElement(p, &k)
	s.AddBase(G(), &k)
	p.Add(p, p)
	k.SetUint64(7)
	five := new(Scalar).SetUint64(5)
	if want := Commit(five, five); !s.Element().Equal(want) {
		t.Error("a sum changed with its operands")
	}
}

func TestPlan(t *testing.T) {
	for n, want := range map[int]string{10: "straus", 100: "straus", 200: "pippenger 6", 2_000: "pippenger 8", 50_000: "pippenger 13"} {
		straus, c := plan(50, n)
		got := fmt.Sprintf("pippenger %d", c)
		if straus {
			got = "straus"
		}
		if got != want {
			t.Errorf("%d points: %s, want %s", n, got, want)
		}
	}
}

func TestNonAdjacent(t *testing.T) {
	r := newSource(27)
	for range 300 {
		k := r.scalar()
		for _, w := range []int{widthPoint, widthBase} {
			var naf [256]int8
			nonAdjacent(&naf, &k, w)
			sum, last := new(Scalar), -w
			two := new(Scalar).SetUint64(2)
			for i := 255; i >= 0; i-- {
				sum.MulAdd(sum, two, new(Scalar).SetInt64(int64(naf[i])))
			}
			for i, d := range naf {
				if d == 0 {
					continue
				}
				if d&1 == 0 || int(d) >= 1<<(w-1) || int(d) <= -1<<(w-1) || i-last < w {
					t.Fatalf("digit %d at %d is out of form", d, i)
				}
				last = i
			}
			if !sum.Equal(&k) {
				t.Fatalf("form of %v has another value", toBig(&k))
			}
		}
	}
}

func TestCombineDigits(t *testing.T) {
	r := newSource(27)
	for _, n := range []int{0, 1, 4, 60} {
		for range 4 {
			qs, ks := make([]uint8, n), make([]Scalar, n)
			for i := range qs {
				k := r.scalar()
				qs[i] = k.Bytes()[0] & 3
				ks[i].SetUint64(uint64(qs[i]))
			}
			if !CombineDigits(someBases(n), qs).Equal(slowSum(someBases(n), ks)) {
				t.Fatalf("combination of %d digits is wrong", n)
			}
		}
	}
	all := CombineDigits(someBases(5)[:4], []uint8{0, 1, 2, 3})
	if want := slowSum(someBases(4), []Scalar{scalarOf(0), scalarOf(1), scalarOf(2), scalarOf(3)}); !all.Equal(want) {
		t.Error("one of the four digits is wrong")
	}
	mustPanic(t, func() { CombineDigits(someBases(1), []uint8{4}) })
	mustPanic(t, func() { CombineDigits(someBases(2), []uint8{1}) })
}

func scalarOf(v uint64) (k Scalar) {
	k.SetUint64(v)
	return k
}
