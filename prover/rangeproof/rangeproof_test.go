package rangeproof

import (
	"bytes"
	"crypto/sha3"
	"encoding/binary"
	"io"
	"math/big"
	"math/rand/v2"
	"testing"

	"hushwatt/prover/ristretto"
)

// A sponge is the transcript of the tests: everything absorbed so far, hashed.
type sponge struct{ all []byte }

func (s *sponge) absorb(b []byte) { s.all = append(s.all, b...) }

func (s *sponge) challenge() (k ristretto.Scalar) {
	k.SetWide(sha3.SumSHAKE128(s.all, 48))
	s.all = append(s.all, 0)
	return k
}

func (s *sponge) next(message []byte) ristretto.Scalar {
	s.absorb(message)
	return s.challenge()
}

// randomness is a seeded stream.
func randomness(seed uint64) io.Reader {
	h := sha3.NewSHAKE256()
	h.Write(binary.BigEndian.AppendUint64([]byte("test"), seed))
	return h
}

func drawScalar(r io.Reader) (k ristretto.Scalar) {
	var b [64]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		panic(err)
	}
	k.SetWide(b[:])
	return k
}

func statement(t testing.TB, segments ...Segment) *Statement {
	t.Helper()
	s, err := New(segments)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// seg is a segment of the least width.
func seg(bound int64) Segment {
	b := big.NewInt(bound)
	return Segment{Width: b.BitLen(), Bound: b}
}

func pow2(n uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), n) }

func scalars(values ...int64) []ristretto.Scalar {
	out := make([]ristretto.Scalar, len(values))
	for i, v := range values {
		out[i].SetInt64(v)
	}
	return out
}

// secret is what a prover holds, and the commitments to it.
type secret struct {
	values, blindings []ristretto.Scalar
	commitments       []*ristretto.Element
}

func commit(values []ristretto.Scalar, rand io.Reader) *secret {
	c := &secret{values: values}
	for i := range values {
		c.blindings = append(c.blindings, drawScalar(rand))
		c.commitments = append(c.commitments, ristretto.Commit(&values[i], &c.blindings[i]))
	}
	return c
}

// run drives a prover to its end.
func run(t testing.TB, p *Prover, commitments []*ristretto.Element) []byte {
	t.Helper()
	tr := transcript(commitments)
	as := p.AS()
	tr.absorb(as)
	y, z := tr.challenge(), tr.challenge()
	ts, err := p.T(&y, &z)
	if err != nil {
		t.Fatal(err)
	}
	x := tr.next(ts)
	rest, err := p.Finish(&x, tr.next)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Join([][]byte{as, ts, rest}, nil)
}

func transcript(commitments []*ristretto.Element) *sponge {
	tr := new(sponge)
	for _, c := range commitments {
		tr.absorb(c.Bytes())
	}
	return tr
}

func prove(t testing.TB, s *Statement, c *secret, rand io.Reader) []byte {
	t.Helper()
	p, err := s.NewProver(c.values, c.blindings, rand)
	if err != nil {
		t.Fatal(err)
	}
	return run(t, p, c.commitments)
}

// read runs a verifier over a whole proof.
func read(s *Statement, commitments []*ristretto.Element, proof []byte) (*Verifier, error) {
	if len(proof) != s.Size() {
		return nil, ErrLength
	}
	tr := transcript(commitments)
	v := s.NewVerifier()
	as, ts, rest := proof[:ASSize], proof[ASSize:ASSize+TSize], proof[ASSize+TSize:]
	if err := v.AS(as); err != nil {
		return nil, err
	}
	tr.absorb(as)
	y, z := tr.challenge(), tr.challenge()
	if err := v.T(&y, &z, ts); err != nil {
		return nil, err
	}
	x := tr.next(ts)
	return v, v.Finish(&x, rest, tr.next)
}

// weights are two of 128 bits.
func weights(seed uint64) (w [2]ristretto.Scalar) {
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range w {
		b := make([]byte, 48)
		binary.LittleEndian.PutUint64(b, r.Uint64())
		binary.LittleEndian.PutUint64(b[8:], r.Uint64())
		w[i].SetWide(b)
	}
	return w
}

func accepts(s *Statement, commitments []*ristretto.Element, proof []byte) bool {
	v, err := read(s, commitments, proof)
	if err != nil {
		return false
	}
	var sum ristretto.Sum
	w := weights(uint64(len(proof)))
	v.AddTo(&sum, &w[0], &w[1], func(j int, k *ristretto.Scalar) { sum.AddElement(commitments[j], k) })
	return sum.IsIdentity()
}

// TestEveryValue: for small bounds every value 0 … B is proven, and −1 and
// B + 1 are refused by the prover.
func TestEveryValue(t *testing.T) {
	for bound := int64(0); bound <= 9; bound++ {
		s := statement(t, Segment{Width: max(1, big.NewInt(bound).BitLen()), Bound: big.NewInt(bound)})
		for v := int64(-1); v <= bound+1; v++ {
			r := randomness(uint64(100*bound + v))
			c := commit(scalars(v), r)
			if v < 0 || v > bound {
				if _, err := s.NewProver(c.values, c.blindings, r); err != ErrValue {
					t.Errorf("0 ≤ %d ≤ %d: got %v", v, bound, err)
				}
				continue
			}
			if !accepts(s, c.commitments, prove(t, s, c, r)) {
				t.Errorf("0 ≤ %d ≤ %d: proof refused", v, bound)
			}
		}
	}
}

// TestEveryValueAtOnce: all values of larger bounds, one segment each.
func TestEveryValueAtOnce(t *testing.T) {
	for _, bound := range []int64{12, 31, 32} {
		var segments []Segment
		var values []int64
		for v := range bound + 1 {
			segments = append(segments, seg(bound))
			values = append(values, v)
		}
		s, r := statement(t, segments...), randomness(uint64(bound))
		c := commit(scalars(values...), r)
		if !accepts(s, c.commitments, prove(t, s, c, r)) {
			t.Errorf("0 … %d refused", bound)
		}
	}
}

// TestWeightsReachExactly: the subset sums of a segment's weights are 0 … B and
// nothing else, and decompose finds bits for each.
func TestWeightsReachExactly(t *testing.T) {
	for bound := int64(0); bound <= 200; bound++ {
		extra := max(int(bound%3), 1-int(bound))
		s := statement(t, Segment{Width: big.NewInt(bound).BitLen() + extra, Bound: big.NewInt(bound)})
		reached := map[int64]bool{0: true}
		for i := range s.weights {
			w := small(t, &s.weights[i])
			for v := range maps(reached) {
				reached[v+w] = true
			}
		}
		if len(reached) != int(bound)+1 || !reached[bound] {
			t.Fatalf("bound %d: %d sums", bound, len(reached))
		}
		for v := int64(-2); v <= bound+2; v++ {
			set, ok := s.decompose(scalars(v))
			if ok != (v >= 0 && v <= bound) {
				t.Fatalf("bound %d: value %d: ok is %v", bound, v, ok)
			}
			if ok && dot(t, s, set) != v {
				t.Fatalf("bound %d: bits %v of %d", bound, set, v)
			}
		}
	}
}

// maps returns a copy of the keys, so that the set may grow meanwhile.
func maps(set map[int64]bool) map[int64]bool {
	out := make(map[int64]bool, len(set))
	for v := range set {
		out[v] = true
	}
	return out
}

func small(t *testing.T, k *ristretto.Scalar) int64 {
	b := k.Bytes()
	if !bytes.Equal(b[7:], make([]byte, 25)) {
		t.Fatalf("weight %x is not small", b)
	}
	return int64(binary.LittleEndian.Uint64(b))
}

func dot(t *testing.T, s *Statement, set []uint32) (sum int64) {
	for i, b := range set {
		if b > 1 {
			t.Fatalf("bit is %d", b)
		}
		sum += int64(b) * small(t, &s.weights[i])
	}
	return sum
}

// TestDecomposeWide compares with big integers around the limb boundaries.
func TestDecomposeWide(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, bits := range []uint{63, 64, 65, 99, 100} {
		for range 200 {
			bound := new(big.Int).SetUint64(r.Uint64())
			bound.Lsh(bound, 64).Or(bound, new(big.Int).SetUint64(r.Uint64()))
			bound.Rsh(bound, 128-bits).SetBit(bound, int(bits-1), 1)
			s := statement(t, Segment{Width: MaxWidth, Bound: bound})
			for _, v := range around(r, bound, bits) {
				var k ristretto.Scalar
				set, ok := s.decompose([]ristretto.Scalar{*k.SetBig(v)})
				if want := v.Sign() >= 0 && v.Cmp(bound) <= 0; ok != want {
					t.Fatalf("0 ≤ %v ≤ %v: ok is %v", v, bound, ok)
				}
				if !ok {
					continue
				}
				var sum ristretto.Scalar
				for i, b := range set {
					sum.MulAdd(new(ristretto.Scalar).SetUint64(uint64(b)), &s.weights[i], &sum)
				}
				if !sum.Equal(&k) {
					t.Fatalf("bits of %v below %v have another sum", v, bound)
				}
			}
		}
	}
}

// around returns values at the ends of the range and of the last bit.
func around(r *rand.Rand, bound *big.Int, bits uint) []*big.Int {
	half, one := pow2(bits-1), big.NewInt(1)
	inside := new(big.Int).Rsh(bound, uint(r.IntN(64)))
	return []*big.Int{
		new(big.Int), one, big.NewInt(-1), inside,
		half, new(big.Int).Sub(half, one), new(big.Int).Add(half, one),
		bound, new(big.Int).Sub(bound, one), new(big.Int).Add(bound, one),
		new(big.Int).Add(bound, pow2(128)), new(big.Int).Add(bound, pow2(192)),
	}
}

func TestStatements(t *testing.T) {
	for name, bad := range map[string][]Segment{
		"empty":          nil,
		"width 0":        {{Width: 0, Bound: big.NewInt(0)}},
		"bound negative": {{Width: 3, Bound: big.NewInt(-1)}},
		"no bound":       {{Width: 3}},
		"too narrow":     {{Width: 3, Bound: big.NewInt(8)}},
		"too wide":       {{Width: 101, Bound: big.NewInt(8)}},
		"2^100":          {{Width: 101, Bound: pow2(100)}},
		"second bad":     {seg(5), {Width: 3, Bound: big.NewInt(-2)}},
		"too many":       many(seg(1), maxPositions+1),
	} {
		if _, err := New(bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for _, c := range []struct {
		segments []Segment
		n, size  int
	}{
		{[]Segment{seg(1)}, 8, 480},
		{[]Segment{seg(255)}, 8, 480},
		{[]Segment{{Width: 3, Bound: big.NewInt(0)}, seg(5)}, 8, 480},
		{[]Segment{seg(256)}, 16, 544},
		{[]Segment{{Width: 17, Bound: big.NewInt(1)}}, 32, 608},
		{[]Segment{{Width: 27, Bound: big.NewInt(1e8)}}, 32, 608},
		{[]Segment{{Width: 16, Bound: big.NewInt(1)}, {Width: 16, Bound: big.NewInt(2)}}, 32, 608},
		{[]Segment{{Width: 100, Bound: new(big.Int).Sub(pow2(100), big.NewInt(1))}}, 128, 736},
		{many(seg(1), maxPositions), maxPositions, 1056},
	} {
		s := statement(t, c.segments...)
		if s.positions() != c.n || s.Size() != c.size || ASSize+TSize+s.RestSize() != c.size {
			t.Errorf("%d positions and %d bytes, want %d and %d", s.positions(), s.Size(), c.n, c.size)
		}
	}
}

func many(s Segment, n int) []Segment {
	out := make([]Segment, n)
	for i := range out {
		out[i] = s
	}
	return out
}

// TestManySegments: random bounds, widths and values against the plain rule.
func TestManySegments(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for round := range 12 {
		var segments []Segment
		var values []ristretto.Scalar
		for range 1 + r.IntN(5) {
			bound := new(big.Int).Add(new(big.Int).SetUint64(r.Uint64()>>r.IntN(64)), big.NewInt(1))
			v := new(big.Int).Mod(new(big.Int).SetUint64(r.Uint64()), bound)
			if r.IntN(3) == 0 {
				v = bound
			}
			segments = append(segments, Segment{Width: bound.BitLen() + r.IntN(3), Bound: bound})
			values = append(values, *new(ristretto.Scalar).SetBig(v))
		}
		s, rnd := statement(t, segments...), randomness(uint64(round))
		c := commit(values, rnd)
		proof := prove(t, s, c, rnd)
		if len(proof) != s.Size() {
			t.Fatalf("%d bytes, want %d", len(proof), s.Size())
		}
		if !accepts(s, c.commitments, proof) {
			t.Fatalf("round %d refused", round)
		}
	}
}

// TestCommitmentsAreCombinations: the verifier may know the commitments only as
// combinations of other elements.
func TestCommitmentsAreCombinations(t *testing.T) {
	s, r := statement(t, seg(1000)), randomness(1)
	parts := commit(scalars(30, 7), r) // value 3·30 − 7 + 100
	value := scalars(183)
	var blinding ristretto.Scalar
	three := scalars(3)[0]
	blinding.MulAdd(&three, &parts.blindings[0], new(ristretto.Scalar).Neg(&parts.blindings[1]))
	p, err := s.NewProver(value, []ristretto.Scalar{blinding}, r)
	if err != nil {
		t.Fatal(err)
	}
	proof := run(t, p, nil)
	v, err := read(s, nil, proof)
	if err != nil {
		t.Fatal(err)
	}
	for constant, want := range map[int64]bool{100: true, 101: false} {
		var sum ristretto.Sum
		w := weights(9)
		v.AddTo(&sum, &w[0], &w[1], func(_ int, k *ristretto.Scalar) {
			var c ristretto.Scalar
			sum.AddElement(parts.commitments[0], c.Mul(k, &three))
			sum.AddElement(parts.commitments[1], c.Neg(k))
			sum.AddBase(ristretto.G(), c.Mul(k, &scalars(constant)[0]))
		})
		if sum.IsIdentity() != want {
			t.Errorf("constant %d: accepted is %v", constant, !want)
		}
	}
}

// TestBatch: proofs of several statements share one sum, and errors of opposite
// sign in two of them do not cancel.
func TestBatch(t *testing.T) {
	var sum ristretto.Sum
	for i := range 5 {
		s, r := statement(t, seg(int64(10*i+2)), seg(77)), randomness(uint64(i))
		c := commit(scalars(int64(10*i), 76), r)
		v, err := read(s, c.commitments, prove(t, s, c, r))
		if err != nil {
			t.Fatal(err)
		}
		w := weights(uint64(i))
		v.AddTo(&sum, &w[0], &w[1], func(j int, k *ristretto.Scalar) { sum.AddElement(c.commitments[j], k) })
	}
	if !sum.IsIdentity() {
		t.Error("five right proofs refused")
	}
	if want := 5*(4+2*4+2) + 2 + 2*16 + 1; sum.Len() != want {
		t.Errorf("%d terms, want %d: bases are not merged", sum.Len(), want)
	}
}

func TestProverOrder(t *testing.T) {
	s := statement(t, seg(5))
	c := commit(scalars(3), randomness(1))
	start := func() *Prover {
		p, err := s.NewProver(c.values, c.blindings, randomness(2))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	one := scalars(1)[0]
	next := func([]byte) ristretto.Scalar { return one }
	for name, misuse := range map[string]func(p *Prover){
		"T first":      func(p *Prover) { p.T(&one, &one) },
		"Finish first": func(p *Prover) { p.Finish(&one, next) },
		"AS twice":     func(p *Prover) { p.AS(); p.AS() },
		"T twice":      func(p *Prover) { p.AS(); p.T(&one, &one); p.T(&one, &one) },
		"Finish twice": func(p *Prover) { p.AS(); p.T(&one, &one); p.Finish(&one, next); p.Finish(&one, next) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			misuse(start())
		})
	}
	defer func() {
		if recover() == nil {
			t.Error("no panic for a verifier that read nothing")
		}
	}()
	s.NewVerifier().AddTo(new(ristretto.Sum), &one, &one, nil)
}

func TestProverArguments(t *testing.T) {
	s := statement(t, seg(5), seg(6))
	if _, err := s.NewProver(scalars(1), scalars(1, 2), randomness(1)); err == nil {
		t.Error("one value for two ranges accepted")
	}
	if _, err := s.NewProver(scalars(1, 2), scalars(1), randomness(1)); err == nil {
		t.Error("one blinding for two ranges accepted")
	}
	// 64 bytes a scalar: α, ρ, 2·8 of S, then τ_1 and τ_2.
	for _, n := range []int{0, 64, 64*18 - 1} {
		if _, err := s.NewProver(scalars(1, 2), scalars(3, 4), bytes.NewReader(make([]byte, n))); err == nil {
			t.Errorf("%d bytes of randomness are enough", n)
		}
	}
	stream := bytes.NewReader(make([]byte, 64*20))
	p, err := s.NewProver(scalars(1, 2), scalars(3, 4), stream)
	if err != nil || stream.Len() != 64*2 {
		t.Fatalf("%d bytes left after S: %v", stream.Len(), err)
	}
	p.AS()
	y, z := scalars(5)[0], scalars(6)[0]
	if _, err := p.T(&y, &z); err != nil || stream.Len() != 0 {
		t.Errorf("%d bytes left after T: %v", stream.Len(), err)
	}
}

// TestDeterministic: the stream of randomness fixes the proof.
func TestDeterministic(t *testing.T) {
	s := statement(t, seg(99))
	c := commit(scalars(42), randomness(1))
	a, b, other := prove(t, s, c, randomness(2)), prove(t, s, c, randomness(2)), prove(t, s, c, randomness(3))
	if !bytes.Equal(a, b) || bytes.Equal(a, other) {
		t.Error("proof is not a function of the randomness")
	}
}
