package ristretto

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"sync"
	"testing"

	"github.com/bwesterb/go-ristretto/edwards25519"
)

// slowMul is the oracle of all multiplications: double and add, bit by bit,
// with nothing but Add.
func slowMul(k *Scalar, p *Element) *Element {
	v, sum := toBig(k), NewElement()
	for i := v.BitLen() - 1; i >= 0; i-- {
		sum.Add(sum, sum)
		if v.Bit(i) == 1 {
			sum.Add(sum, p)
		}
	}
	return sum
}

// element returns an element, now and then the identity or a base.
func (r source) element() *Element {
	switch r.IntN(8) {
	case 0:
		return NewElement()
	case 1:
		return G().Element()
	case 2: // affine, as all that come from messages
		e := NewElement()
		if err := e.Decode(HashToGroup(r.bytes(8)).Bytes()); err != nil {
			panic(err)
		}
		return e
	}
	return HashToGroup(r.bytes(8))
}

func TestZeroValueIsIdentity(t *testing.T) {
	var zero Element
	g := G().Element()
	if !zero.IsIdentity() || !zero.Equal(NewElement()) {
		t.Error("the zero value is not the identity")
	}
	if zero.Equal(g) || g.Equal(&zero) {
		t.Error("the zero value equals G")
	}
	if !new(Element).Add(&zero, g).Equal(g) || !new(Element).Sub(g, &zero).Equal(g) {
		t.Error("adding the zero value changes G")
	}
	if !new(Element).Neg(&zero).IsIdentity() || !new(Element).Mul(new(Scalar).SetUint64(5), &zero).IsIdentity() {
		t.Error("a multiple of the zero value is not the identity")
	}
	if !bytes.Equal(zero.Bytes(), make([]byte, 32)) {
		t.Errorf("the zero value encodes as %x", zero.Bytes())
	}
	var s Sum
	if !s.IsIdentity() || s.Len() != 0 {
		t.Error("the empty sum is not the identity")
	}
	s.AddElement(&zero, new(Scalar).SetUint64(3))
	if !s.IsIdentity() {
		t.Error("a sum over the zero value is not the identity")
	}
}

func TestElementLaws(t *testing.T) {
	r := newSource(10)
	for range 200 {
		p, q, s := r.element(), r.element(), r.element()
		left := NewElement().Add(NewElement().Add(p, q), s)
		right := NewElement().Add(p, NewElement().Add(s, q))
		if !left.Equal(right) || !bytes.Equal(left.Bytes(), right.Bytes()) {
			t.Fatal("addition is not associative and commutative")
		}
		if !NewElement().Sub(p, q).Equal(NewElement().Add(p, NewElement().Neg(q))) {
			t.Fatal("p − q is not p + (−q)")
		}
		if !NewElement().Sub(p, p).IsIdentity() {
			t.Fatal("p − p is not the identity")
		}
		in := NewElement().Set(p)
		if !in.Add(in, in).Equal(NewElement().Mul(new(Scalar).SetUint64(2), p)) {
			t.Fatal("p + p is not 2·p")
		}
		if p.Equal(q) != bytes.Equal(p.Bytes(), q.Bytes()) {
			t.Fatal("equality differs from equality of encodings")
		}
	}
}

// TestTorsion: elements are cosets. Whoever compares coordinates of the curve
// would refuse these, which are equal.
func TestTorsion(t *testing.T) {
	torsion := map[string]func(*edwards25519.ExtendedPoint) *edwards25519.ExtendedPoint{
		"order 2":        (*edwards25519.ExtendedPoint).SetTorsion1,
		"order 4":        (*edwards25519.ExtendedPoint).SetTorsion2,
		"order 4, minus": (*edwards25519.ExtendedPoint).SetTorsion3,
	}
	r := newSource(11)
	for name, set := range torsion {
		twist := NewElement()
		set(twist.out())
		if !twist.IsIdentity() || !bytes.Equal(twist.Bytes(), make([]byte, 32)) {
			t.Errorf("%s: not the identity", name)
		}
		for range 20 {
			p := r.element()
			q := NewElement().Add(p, twist)
			if !p.Equal(q) || !bytes.Equal(p.Bytes(), q.Bytes()) {
				t.Errorf("%s: sum with torsion is another element", name)
			}
			var s Sum
			k := r.scalar()
			s.AddElement(q, &k)
			s.AddElement(p, new(Scalar).Neg(&k))
			if !s.IsIdentity() {
				t.Errorf("%s: sum with torsion is not the identity", name)
			}
		}
	}
}

func TestDecodeLengths(t *testing.T) {
	g := G().Element().Bytes()
	for _, b := range [][]byte{nil, {}, g[:31], append(bytes.Clone(g), 0)} {
		if err := NewElement().Decode(b); err != ErrElementLength {
			t.Errorf("%d bytes: got %v", len(b), err)
		}
	}
	if err := NewElement().Decode(make([]byte, 32)); err != ErrElementIdentity {
		t.Errorf("identity: got %v", err)
	}
}

func TestMul(t *testing.T) {
	r := newSource(12)
	for range 150 {
		k, p := r.scalar(), r.element()
		want := slowMul(&k, p)
		if got := NewElement().Mul(&k, p); !got.Equal(want) {
			t.Fatalf("%v·P is wrong", toBig(&k))
		}
		in := NewElement().Set(p)
		if !in.Mul(&k, in).Equal(want) {
			t.Fatalf("%v·P in place is wrong", toBig(&k))
		}
	}
}

func TestBases(t *testing.T) {
	labels := map[string]*Base{
		"hushwatt/v1/blinding":                              H(),
		"hushwatt/v1/slot/" + string([]byte{0, 48, 0, 0}):   Slot(48, 0),
		"hushwatt/v1/slot/" + string([]byte{1, 32, 1, 31}):  Slot(288, 287),
		"hushwatt/v1/slot/" + string([]byte{0, 24, 0, 23}):  Slot(24, 23),
		"hushwatt/v1/slot/" + string([]byte{0, 96, 0, 95}):  Slot(96, 95),
		"hushwatt/v1/slot/" + string([]byte{0, 144, 0, 17}): Slot(144, 17),
		"hushwatt/v1/range/u":                               Named("hushwatt/v1/range/u"),
		"hushwatt/v1/vector/" + string([]byte{1, 4}):        Extra(260),
	}
	seen := map[string]bool{hex.EncodeToString(G().Element().Bytes()): true}
	for label, b := range labels {
		if !b.Element().Equal(HashToGroup([]byte(label))) {
			t.Errorf("%q is another element", label)
		}
		seen[hex.EncodeToString(b.Element().Bytes())] = true
	}
	for s := range 48 {
		if Slot(48, s) != Slots(48)[s] {
			t.Fatal("a base is not one pointer")
		}
		seen[hex.EncodeToString(Slot(48, s).Element().Bytes())] = true
	}
	if want := 1 + len(labels) + 47; len(seen) != want {
		t.Errorf("%d different bases, want %d", len(seen), want)
	}
	if x := Named("x"); x != Named("x") || x == Named("y") {
		t.Error("named bases are not kept")
	}
	mustPanic(t, func() { Slot(25, 0) })
	mustPanic(t, func() { Slot(48, 48) })
	mustPanic(t, func() { Slot(48, -1) })
	// A returned element is a copy.
	e := H().Element()
	e.Add(e, e)
	if e.Equal(H().Element()) {
		t.Error("a base was changed")
	}
}

// TestBlindingBase pins H, on which every seal ever made depends.
func TestBlindingBase(t *testing.T) {
	const want = "1ae7c1cf3d91abe1272a7a8bf706a4d364507807d8ef0d2252a869df1fbbd040"
	if got := hex.EncodeToString(H().Element().Bytes()); got != want {
		t.Errorf("H is %s", got)
	}
	const slot = "ee256b447db48ea4f73f7a5b316e1d924cdfb44200bb05a558119af64c873d14"
	if got := hex.EncodeToString(Slot(48, 17).Element().Bytes()); got != slot {
		t.Errorf("slot 17 of 48 is %s", got)
	}
}

func TestBasesConcurrently(t *testing.T) {
	base := newBase(HashToGroup([]byte("concurrent")))
	base.hasFull = true
	k := testScalar(1)
	want := slowMul(&k, base.Element())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if !base.Mul(&k).Equal(want) || !Combine([]*Base{base}, []Scalar{k}).Equal(want) || !sumOf(&k, base).Equal(want) {
				t.Error("wrong multiple")
			}
			Named("concurrent")
		})
	}
	wg.Wait()
}

func FuzzDecode(f *testing.F) {
	for _, s := range multiples {
		f.Add(unhex(f, s))
	}
	for _, group := range invalid {
		for _, s := range group.encodings {
			f.Add(unhex(f, s))
		}
	}
	f.Add([]byte{})
	f.Add(make([]byte, 33))
	f.Fuzz(func(t *testing.T, b []byte) {
		e := NewElement()
		if e.Decode(b) != nil {
			if !e.IsIdentity() {
				t.Fatal("a refused encoding changed the element")
			}
			return
		}
		if e.IsIdentity() {
			t.Fatalf("%x decodes to the identity", b)
		}
		if !bytes.Equal(e.Bytes(), b) {
			t.Fatalf("%x re-encodes as %x", b, e.Bytes())
		}
		// What decodes is on the curve and in the group: q·e = 0.
		minusOne := new(Scalar).SetInt64(-1)
		if !NewElement().Mul(minusOne, e).Equal(NewElement().Neg(e)) {
			t.Fatalf("%x is not of order q", b)
		}
	})
}

// TestFuzzSeeds keeps the seeds honest: so many are accepted, so many refused.
func TestFuzzSeeds(t *testing.T) {
	accepted, refused := 0, 0
	count := func(b []byte) {
		if NewElement().Decode(b) == nil {
			accepted++
		} else {
			refused++
		}
	}
	for _, s := range multiples {
		count(unhex(t, s))
	}
	for _, group := range invalid {
		for _, s := range group.encodings {
			count(unhex(t, s))
		}
	}
	if accepted != 15 || refused != 30 {
		t.Errorf("%d accepted, %d refused, want 15 and 30", accepted, refused)
	}
}

func TestHashToGroupSeparatesLabels(t *testing.T) {
	seen := make(map[string]bool)
	for i := range 300 {
		label := binary.BigEndian.AppendUint16([]byte("label/"), uint16(i))
		seen[string(HashToGroup(label).Bytes())] = true
	}
	if len(seen) != 300 {
		t.Errorf("%d different elements from 300 labels", len(seen))
	}
}
