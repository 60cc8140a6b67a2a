package rangeproof

import (
	"io"
	"math/big"
	"slices"
	"testing"

	"hushwatt/prover/ristretto"
)

// forger returns a prover that does not care whether its digits are bits:
// digits[i] stands at position i, its partner in the other vector is
// digits[i] − 1 unless given.
func forger(t testing.TB, s *Statement, digits, partners []int64, blindings []ristretto.Scalar, r io.Reader) *Prover {
	t.Helper()
	p := &Prover{s: s, rand: r, blindings: blindings}
	if err := p.draw(&p.alpha); err != nil {
		t.Fatal(err)
	}
	n := s.positions()
	p.aL, p.aR = make([]ristretto.Scalar, n), make([]ristretto.Scalar, n)
	for i := range n {
		if i < len(digits) {
			p.aL[i].SetInt64(digits[i])
		}
		p.aR[i].Sub(&p.aL[i], new(ristretto.Scalar).SetUint64(1))
		if partners != nil && i < len(partners) {
			p.aR[i].SetInt64(partners[i])
		}
	}
	g, h := vectorBases(n)
	p.a = ristretto.H().Mul(&p.alpha)
	p.a.Add(p.a, ristretto.Combine(g, p.aL))
	p.a.Add(p.a, ristretto.Combine(h, p.aR))
	if err := p.blind(); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestForgedDigits: the best that a prover can do with a value out of range, or
// with digits that are no bits. The bound is 5: weights 1, 2, 2, padding from
// position 3 on.
func TestForgedDigits(t *testing.T) {
	for _, c := range []struct {
		name     string
		value    int64
		digits   []int64
		partners []int64
		accept   bool
	}{
		{"honest", 5, []int64{1, 1, 1}, nil, true},
		{"honest, other bits of the same value", 2, []int64{0, 0, 1}, nil, true},
		{"bound plus one, bits of the bound", 6, []int64{1, 1, 1}, nil, false},
		{"bound plus one, digit two", 6, []int64{2, 1, 1}, nil, false},
		{"bound plus one, digit two, product zero", 6, []int64{2, 1, 1}, []int64{0, 0, 0}, false},
		{"bound plus one from the padding", 6, []int64{1, 1, 1, 1}, nil, false},
		{"minus one, no bits", -1, []int64{0, 0, 0}, nil, false},
		{"minus one, digit minus one", -1, []int64{-1, 0, 0}, nil, false},
		{"minus one, digit minus one, product zero", -1, []int64{-1, 0, 0}, []int64{0, -1, -1}, false},
		{"in range, digit two", 2, []int64{2, 0, 0}, nil, false},
		{"in range, wrong bits", 3, []int64{0, 1, 0}, nil, false},
		{"padding set", 1, []int64{1, 0, 0, 1}, nil, true},
		{"padding two", 1, []int64{1, 0, 0, 0, 2}, nil, false},
		{"padding two, product zero", 1, []int64{1, 0, 0, 0, 2}, []int64{0, -1, -1, -1, 0}, false},
		{"padding minus one", 1, []int64{1, 0, 0, 0, 0, 0, 0, -1}, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, r := statement(t, seg(5)), randomness(7)
			sec := commit(scalars(c.value), r)
			proof := run(t, forger(t, s, c.digits, c.partners, sec.blindings, r), sec.commitments)
			if got := accepts(s, sec.commitments, proof); got != c.accept {
				t.Errorf("accepted is %v", got)
			}
		})
	}
}

// TestOtherStatement: a right proof is refused for any other statement.
func TestOtherStatement(t *testing.T) {
	r := randomness(1)
	s := statement(t, seg(100), Segment{Width: 10, Bound: big.NewInt(600)})
	c := commit(scalars(42, 43), r)
	proof := prove(t, s, c, r)
	if !accepts(s, c.commitments, proof) {
		t.Fatal("right proof refused")
	}
	for name, other := range map[string]*Statement{
		"bound changed":          statement(t, seg(101), Segment{Width: 10, Bound: big.NewInt(600)}),
		"second bound changed":   statement(t, seg(100), Segment{Width: 10, Bound: big.NewInt(599)}),
		"segments swapped":       statement(t, Segment{Width: 10, Bound: big.NewInt(600)}, seg(100)),
		"width moved":            statement(t, Segment{Width: 8, Bound: big.NewInt(100)}, Segment{Width: 10, Bound: big.NewInt(600)}),
		"last segment dropped":   statement(t, Segment{Width: 17, Bound: big.NewInt(100)}),
		"segment in the padding": statement(t, seg(100), Segment{Width: 10, Bound: big.NewInt(600)}, seg(1)),
	} {
		commitments := append(slices.Clone(c.commitments), c.commitments[0])
		if name != "segment in the padding" {
			commitments = commitments[:2]
		}
		if other.Size() != s.Size() {
			t.Fatalf("%s: size differs, so the test shows nothing", name)
		}
		if acceptsAs(other, c.commitments, commitments, proof) {
			t.Errorf("%s: accepted", name)
		}
	}
	swapped := []*ristretto.Element{c.commitments[1], c.commitments[0]}
	if acceptsAs(s, c.commitments, swapped, proof) {
		t.Error("commitments swapped: accepted")
	}
	plusG := []*ristretto.Element{ristretto.NewElement().Add(c.commitments[0], ristretto.G().Element()), c.commitments[1]}
	if acceptsAs(s, c.commitments, plusG, proof) {
		t.Error("commitment plus G: accepted")
	}
}

// acceptsAs verifies with one list of commitments in the transcript (so that
// the challenges are right) and another in the equations.
func acceptsAs(s *Statement, absorbed, used []*ristretto.Element, proof []byte) bool {
	v, err := read(s, absorbed, proof)
	if err != nil {
		return false
	}
	var sum ristretto.Sum
	w := weights(1)
	v.AddTo(&sum, &w[0], &w[1], func(j int, k *ristretto.Scalar) { sum.AddElement(used[j], k) })
	return sum.IsIdentity()
}

// TestWeightsMatter: a change that is opposite in the two equations cancels if
// their weights are equal, and must not with the weights of a verifier.
func TestWeightsMatter(t *testing.T) {
	s, r := statement(t, seg(200)), randomness(1)
	c := commit(scalars(100), r)
	v, err := read(s, c.commitments, prove(t, s, c, r))
	if err != nil {
		t.Fatal(err)
	}
	one := scalars(1)[0]
	v.tau.Add(&v.tau, &one) // first equation: −H
	v.mu.Sub(&v.mu, &one)   // second equation: +H
	check := func(w1, w2 *ristretto.Scalar) bool {
		var sum ristretto.Sum
		v.AddTo(&sum, w1, w2, func(j int, k *ristretto.Scalar) { sum.AddElement(c.commitments[j], k) })
		return sum.IsIdentity()
	}
	if !check(&one, &one) {
		t.Error("the errors do not cancel, so the test shows nothing")
	}
	if w := weights(1); check(&w[0], &w[1]) {
		t.Error("errors in two equations cancel")
	}
}

// TestEveryByte: any change of a proof is refused, and so is any other length.
func TestEveryByte(t *testing.T) {
	s, r := statement(t, seg(5)), randomness(1)
	c := commit(scalars(3), r)
	proof := prove(t, s, c, r)
	for i := range proof {
		for _, flip := range []byte{1, 0x80} {
			bad := slices.Clone(proof)
			bad[i] ^= flip
			if accepts(s, c.commitments, bad) {
				t.Fatalf("byte %d changed: accepted", i)
			}
		}
	}
	for n := range proof {
		if accepts(s, c.commitments, proof[:n]) {
			t.Fatalf("%d bytes accepted", n)
		}
	}
	if accepts(s, c.commitments, append(slices.Clone(proof), 0)) {
		t.Error("trailing byte accepted")
	}
	const word = 32
	for i := 0; i+2*word <= len(proof); i += word {
		bad := slices.Clone(proof)
		copy(bad[i:], proof[i+word:i+2*word])
		copy(bad[i+word:], proof[i:i+word])
		if accepts(s, c.commitments, bad) {
			t.Errorf("words %d and %d swapped: accepted", i/word, i/word+1)
		}
	}
}

// TestEncodings: identities and scalars of q or more are refused wherever they
// stand, before any equation is looked at.
func TestEncodings(t *testing.T) {
	s, r := statement(t, seg(5)), randomness(1)
	c := commit(scalars(3), r)
	proof := prove(t, s, c, r)
	order := ristretto.Order().FillBytes(make([]byte, 32))
	slices.Reverse(order)
	scalarAt := map[int]bool{4: true, 5: true, 6: true, 13: true, 14: true}
	if len(proof) != 15*32 {
		t.Fatalf("proof is %d bytes", len(proof))
	}
	for word := range 15 {
		bad := slices.Clone(proof)
		if scalarAt[word] {
			copy(bad[32*word:], order)
		} else {
			clear(bad[32*word : 32*word+32])
		}
		if _, err := read(s, c.commitments, bad); err == nil {
			t.Errorf("word %d: read", word)
		}
	}
}

// TestZeroChallenges: y, z, x, w or u_i equal to 0 stop both sides.
func TestZeroChallenges(t *testing.T) {
	s := statement(t, seg(5))
	c := commit(scalars(3), randomness(1))
	names := []string{"y", "z", "x", "w", "u_1", "u_2", "u_3", "none"}
	for zero, name := range names {
		calls := 0
		challenge := func() (k ristretto.Scalar) {
			if calls != zero {
				k.SetUint64(uint64(1000 + calls))
			}
			calls++
			return k
		}
		next := func([]byte) ristretto.Scalar { return challenge() }
		if err := proveWith(s, c, challenge, next); (err == ErrChallenge) != (name != "none") {
			t.Errorf("prover with %s = 0: %v", name, err)
		}
		calls = 0
		proof := fixedChallenges(t, s, c)
		if err := readWith(s, proof, challenge, next); (err == ErrChallenge) != (name != "none") {
			t.Errorf("verifier with %s = 0: %v", name, err)
		}
	}
}

func proveWith(s *Statement, c *secret, challenge func() ristretto.Scalar, next Next) error {
	p, err := s.NewProver(c.values, c.blindings, randomness(2))
	if err != nil {
		return err
	}
	p.AS()
	y, z := challenge(), challenge()
	if _, err := p.T(&y, &z); err != nil {
		return err
	}
	x := challenge()
	_, err = p.Finish(&x, next)
	return err
}

// fixedChallenges makes some proof of the right form.
func fixedChallenges(t *testing.T, s *Statement, c *secret) []byte {
	return prove(t, s, c, randomness(2))
}

func readWith(s *Statement, proof []byte, challenge func() ristretto.Scalar, next Next) error {
	v := s.NewVerifier()
	if err := v.AS(proof[:ASSize]); err != nil {
		return err
	}
	y, z := challenge(), challenge()
	if err := v.T(&y, &z, proof[ASSize:ASSize+TSize]); err != nil {
		return err
	}
	x := challenge()
	return v.Finish(&x, proof[ASSize+TSize:], next)
}

// FuzzVerifier: no bytes crash the reader, and what it reads is what an encoder
// would write.
func FuzzVerifier(f *testing.F) {
	s, r := statement(f, seg(5)), randomness(1)
	c := commit(scalars(3), r)
	proof := prove(f, s, c, r)
	f.Add(proof)
	f.Add(proof[:100])
	f.Add(make([]byte, len(proof)))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := read(s, c.commitments, b)
		if err != nil {
			return
		}
		if again := v.encode(); !slices.Equal(again, b) {
			t.Fatalf("%x re-encodes as %x", b, again)
		}
		var sum ristretto.Sum
		w := weights(1)
		v.AddTo(&sum, &w[0], &w[1], func(j int, k *ristretto.Scalar) { sum.AddElement(c.commitments[j], k) })
		if sum.IsIdentity() && !slices.Equal(b, proof) {
			t.Fatalf("another proof accepted: %x", b)
		}
	})
}

// encode writes what the verifier has read.
func (v *Verifier) encode() (b []byte) {
	for _, e := range []*ristretto.Element{&v.a, &v.s1, &v.t1, &v.t2} {
		b = e.Append(b)
	}
	for _, k := range []*ristretto.Scalar{&v.tau, &v.mu, &v.t} {
		b = k.Append(b)
	}
	for i := range v.l {
		b = v.r[i].Append(v.l[i].Append(b))
	}
	return v.bEnd.Append(v.aEnd.Append(b))
}
