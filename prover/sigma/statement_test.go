package sigma

import (
	"bytes"
	"crypto/sha3"
	"io"
	"slices"
	"strings"
	"testing"

	"hushwatt/prover/ristretto"
)

type (
	equation = Equation[ristretto.Scalar]
	image    = Image[ristretto.Scalar]
	term     = Term[ristretto.Scalar]
)

// stream is an endless seeded stream of bytes.
func stream(seed string) io.Reader {
	s := sha3.NewSHAKE256()
	s.Write([]byte(seed))
	return s
}

func scalar(v int64) (k ristretto.Scalar) { k.SetInt64(v); return k }

func point(label string) Point { return NewPoint(ristretto.HashToGroup([]byte(label))) }

// sample is a statement that uses everything: fixed bases and other elements,
// coefficients, zero coefficients, repeated elements, a constant.
//
//	X − 5·G + 0·B = x·G − 3·y·G + y·H
//	B' + 2·X      = z·B + x·S + 7·x·B + 0·y·B
func sample(t testing.TB) (*Statement, []ristretto.Scalar) {
	t.Helper()
	rng := stream("witness")
	w := make([]ristretto.Scalar, 3)
	for i := range w {
		var err error
		if w[i], err = RandomScalar(rng); err != nil {
			t.Fatal(err)
		}
	}
	x, y, z := w[0], w[1], w[2]
	slot, b := ristretto.Slot(48, 3), point("b")
	g := suite{}
	X := g.Combine([]Point{Fixed(ristretto.G()), Fixed(ristretto.H())}, []ristretto.Scalar{g.MulAdd(scalar(-3), y, g.MulAdd(scalar(1), x, scalar(5))), y})
	right := g.Combine([]Point{b, Fixed(slot)}, []ristretto.Scalar{g.MulAdd(scalar(7), x, z), x})
	two := g.Combine([]Point{X}, []ristretto.Scalar{scalar(-2)})
	prime := NewPoint(right.Element().Add(right.e, two.e))

	s := NewStatement()
	h, bi, si := s.AddElement(Fixed(ristretto.H())), s.AddElement(b), s.AddElement(Fixed(slot))
	xi, pi := s.AddElement(X), s.AddElement(prime)
	sx, sy, sz := s.AddScalar(), s.AddScalar(), s.AddScalar()
	s.AddEquation(equation{
		Image: []image{{xi, scalar(1)}, {0, scalar(-5)}, {bi, scalar(0)}},
		Terms: []term{{sx, 0, scalar(1)}, {sy, 0, scalar(-3)}, {sy, h, scalar(1)}},
	})
	s.AddEquation(equation{
		Image: []image{{pi, scalar(1)}, {xi, scalar(2)}},
		Terms: []term{{sz, bi, scalar(1)}, {sx, si, scalar(1)}, {sx, bi, scalar(7)}, {sy, bi, scalar(0)}},
	})
	return s, w
}

func primed() *Sponge {
	sp := NewSponge(DeriveSessionID([]byte("test")))
	sp.Absorb([]byte("a larger protocol"))
	sp.Squeeze(48)
	return sp
}

func weights(n int, seed string) []ristretto.Scalar {
	ws, rng := make([]ristretto.Scalar, n), stream(seed)
	for i := range ws {
		var b [48]byte
		rng.Read(b[:16])
		ws[i].SetWide(b[:])
	}
	return ws
}

func TestStatement(t *testing.T) {
	s, w := sample(t)
	prover, verifier := primed(), primed()
	proof, err := s.Prove(prover, w, stream("nonces"))
	if err != nil {
		t.Fatal(err)
	}
	if len(proof) != s.ProofSize() || len(proof) != 32*5 {
		t.Errorf("proof of %d bytes", len(proof))
	}
	tr, err := s.Read(verifier, proof)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(tr); err != nil {
		t.Error(err)
	}
	var sum ristretto.Sum
	AddTo(&sum, s, tr, weights(2, "w"))
	if !sum.IsIdentity() {
		t.Error("combined check refuses")
	}
	if !bytes.Equal(prover.Squeeze(32), verifier.Squeeze(32)) {
		t.Error("the sponges differ after the proof")
	}
	compact, err := s.ProveCompact([]byte("CMPT"), w, stream("nonces"))
	if err != nil || len(compact) != 32*4 || s.VerifyCompact([]byte("CMPT"), compact) != nil {
		t.Errorf("compact proof of %d bytes: %v", len(compact), err)
	}
}

// TestStatementRejects: the combined check refuses what the single checks
// refuse, each response and each commitment matters.
func TestStatementRejects(t *testing.T) {
	s, w := sample(t)
	proof, err := s.Prove(primed(), w, stream("nonces"))
	if err != nil {
		t.Fatal(err)
	}
	other := primed()
	other.Absorb([]byte{0})
	refused := func(name string, sp *Sponge, b []byte) {
		tr, err := s.Read(sp, b)
		if err != nil {
			return
		}
		var sum ristretto.Sum
		AddTo(&sum, s, tr, weights(2, "w"))
		if sum.IsIdentity() || s.Check(tr) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	refused("other-sponge", other, proof)
	for i := range len(proof) / 32 {
		b := slices.Clone(proof)
		b[32*i+1] ^= 1
		refused("bit flipped", primed(), b)
		clear(b[32*i : 32*i+32])
		refused("zeroed", primed(), b)
	}
	for i := range w {
		lie := slices.Clone(w)
		one := scalar(1)
		lie[i].Add(&lie[i], &one)
		b, err := s.Prove(primed(), lie, stream("nonces"))
		if err != nil {
			t.Fatal(err)
		}
		refused("witness plus one", primed(), b)
	}
	for name, b := range map[string][]byte{
		"empty": nil, "truncated": proof[:len(proof)-1], "trailing": append(slices.Clone(proof), 0),
	} {
		if _, err := s.Read(primed(), b); err != errLength {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOrderIsBound: the same equations in another order are another statement.
func TestOrderIsBound(t *testing.T) {
	s, w := sample(t)
	proof, err := s.ProveBatchable([]byte("DSFS"), w, stream("nonces"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.VerifyBatchable([]byte("DSFS"), proof); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(s.equations[0].Image)
	if s.VerifyBatchable([]byte("DSFS"), proof) == nil {
		t.Error("accepted with image terms in another order")
	}
}

func TestProveRefuses(t *testing.T) {
	s, w := sample(t)
	if _, err := s.Prove(primed(), w[:2], stream("nonces")); err != errWitness {
		t.Errorf("short witness: %v", err)
	}
	if _, err := s.Prove(primed(), w, strings.NewReader("too few bytes")); err == nil {
		t.Error("proven without randomness")
	}
	if _, err := s.Prove(primed(), w, zeros{}); err != errNeutral {
		t.Errorf("nonces of zero: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestValidate(t *testing.T) {
	valid := func() *Statement {
		s := NewStatement()
		x := s.AddElement(point("x"))
		k := s.AddScalar()
		s.AddEquation(equation{Image: []image{{x, scalar(1)}}, Terms: []term{{k, 0, scalar(1)}}})
		return s
	}
	if err := valid().Validate(); err != nil {
		t.Fatal(err)
	}
	one, minus := scalar(1), scalar(-1)
	for name, change := range map[string]func(s *Statement){
		"no equation":          func(s *Statement) { s.equations = nil },
		"image empty":          func(s *Statement) { s.equations[0].Image = nil },
		"terms empty":          func(s *Statement) { s.equations[0].Terms = nil },
		"element out of range": func(s *Statement) { s.equations[0].Image[0].Element = 2 },
		"element negative":     func(s *Statement) { s.equations[0].Image[0].Element = -1 },
		"base out of range":    func(s *Statement) { s.equations[0].Terms[0].Element = 2 },
		"element unused":       func(s *Statement) { s.AddElement(point("y")) },
		"scalar unused":        func(s *Statement) { s.AddScalar() },
		"scalar skipped":       func(s *Statement) { s.AddEquation(equation{[]image{{1, one}}, []term{{2, 0, one}}, false}) },
		"scalar enormous":      func(s *Statement) { s.AddEquation(equation{[]image{{1, one}}, []term{{1 << 40, 0, one}}, false}) },
		"element identity":     func(s *Statement) { s.elements[1] = NewPoint(ristretto.NewElement()) },
		"image X - X":          func(s *Statement) { s.equations[0].Image = []image{{1, one}, {1, minus}} },
		"image of zeros":       func(s *Statement) { s.equations[0].Image = []image{{1, scalar(0)}} },
		"image cancels": func(s *Statement) {
			s.elements[1] = Fixed(ristretto.G())
			s.equations[0].Image = []image{{1, one}, {0, minus}}
		},
		"column x*H - x*H": func(s *Statement) { s.equations[0].Terms = []term{{0, 0, one}, {0, 0, minus}} },
		"column of zeros":  func(s *Statement) { s.equations[0].Terms = []term{{0, 0, scalar(0)}} },
		"second column vanishes": func(s *Statement) {
			s.equations[0].Terms = append(s.equations[0].Terms, term{s.AddScalar(), 1, scalar(0)})
		},
	} {
		s := valid()
		change(s)
		if s.Validate() == nil {
			t.Errorf("%s: valid", name)
		}
	}
	for name, change := range map[string]func(s *Statement){
		"zero coefficient beside another": func(s *Statement) { s.equations[0].Image = append(s.equations[0].Image, image{0, scalar(0)}) },
		"scalar twice":                    func(s *Statement) { s.equations[0].Terms = append(s.equations[0].Terms, term{0, 1, one}) },
		// The caller of Vouched answers for the image.
		"vouched": func(s *Statement) {
			s.equations[0] = equation{[]image{{1, one}, {1, minus}}, s.equations[0].Terms, true}
		},
	} {
		s := valid()
		change(s)
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPoint(t *testing.T) {
	p := Fixed(ristretto.G())
	if got := Fixed(ristretto.G()); !got.Equal(p) || got.e != p.e {
		t.Error("a fixed point is made twice")
	}
	q, err := DecodePoint(p.Append(nil))
	if err != nil || !q.Equal(p) || !q.Element().Equal(ristretto.G().Element()) {
		t.Errorf("does not read back: %v", err)
	}
	for name, b := range map[string][]byte{
		"identity": make([]byte, 32), "short": make([]byte, 31), "not reduced": bytes.Repeat([]byte{0xff}, 32),
	} {
		if _, err := DecodePoint(b); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSpongeRefusesLength(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a session identifier of 31 bytes was taken")
		}
	}()
	NewSponge(make([]byte, 31))
}

func BenchmarkSerialize(b *testing.B) {
	s, _ := sample(b)
	for b.Loop() {
		s.Serialize()
	}
}
