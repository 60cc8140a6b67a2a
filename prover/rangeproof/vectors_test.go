package rangeproof

import (
	"crypto/sha3"
	"io"
	"math/big"
	"slices"
	"testing"

	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
	"hushwatt/testvectors"
)

// vectorFiles collects the files of testvectors/range: range proofs in a sponge of
// their own, absorbed and squeezed as in a claim.
type vectorFiles struct {
	t    *testing.T
	list []testvectors.Vector
}

func vectorSponge(commitments []*ristretto.Element) *sigma.Sponge {
	sp := sigma.NewSponge(sigma.DeriveSessionID([]byte(testvectors.RangeTag)))
	for _, c := range commitments {
		sp.Absorb(c.Bytes())
	}
	return sp
}

func following(sp *sigma.Sponge) Next {
	return func(message []byte) ristretto.Scalar {
		sp.Absorb(message)
		return sp.Challenge()
	}
}

// drive runs a prover to its end.
func (v *vectorFiles) drive(p *Prover, commitments []*ristretto.Element) []byte {
	v.t.Helper()
	sp := vectorSponge(commitments)
	as := p.AS()
	sp.Absorb(as)
	y, z := sp.Challenge(), sp.Challenge()
	ts, err := p.T(&y, &z)
	if err != nil {
		v.t.Fatal(err)
	}
	x := following(sp)(ts)
	rest, err := p.Finish(&x, following(sp))
	if err != nil {
		v.t.Fatal(err)
	}
	return slices.Concat(as, ts, rest)
}

func (v *vectorFiles) add(name, base, comment string, s []Segment, commitments []*ristretto.Element, proof []byte) {
	in := &testvectors.Range{Proof: proof}
	for _, g := range s {
		in.Segments = append(in.Segments, testvectors.Segment{Width: g.Width, Bound: g.Bound.String()})
	}
	for _, c := range commitments {
		in.Commitments = append(in.Commitments, c.Bytes())
	}
	w := testvectors.Vector{Name: name, Section: "4", Comment: comment, Kind: "range", Base: base, Expected: testvectors.Accepted, Input: in}
	if base != "" {
		w.Expected, w.Reason = testvectors.Refused, "proof"
	}
	v.list = append(v.list, w)
}

// accept proves values within their segments.
func (v *vectorFiles) accept(name, comment string, s []Segment, values ...int64) (*secret, []byte) {
	v.t.Helper()
	r := vectorStream(name)
	c := commit(scalars(values...), r)
	p, err := statement(v.t, s...).NewProver(c.values, c.blindings, r)
	if err != nil {
		v.t.Fatalf("%s: %v", name, err)
	}
	proof := v.drive(p, c.commitments)
	v.add(name, "", comment, s, c.commitments, proof)
	return c, proof
}

// forge proves with digits that need not be bits.
func (v *vectorFiles) forge(name, base, comment string, value int64, digits, partners []int64) {
	v.t.Helper()
	r := vectorStream(name)
	s := []Segment{seg(5)}
	c := commit(scalars(value), r)
	proof := v.drive(forger(v.t, statement(v.t, s...), digits, partners, c.blindings, r), c.commitments)
	v.add(name, base, comment, s, c.commitments, proof)
}

func vectorStream(name string) io.Reader {
	h := sha3.NewSHAKE256()
	h.Write([]byte("vector " + name))
	return h
}

func TestVectorFiles(t *testing.T) {
	v := &vectorFiles{t: t}
	v.accept("range-zero", "The least value of 0 … 5.", []Segment{seg(5)}, 0)
	v.accept("range-bound", "The greatest value of 0 … 5.", []Segment{seg(5)}, 5)
	v.accept("range-one-bit", "A bound of 1.", []Segment{seg(1)}, 1)
	v.accept("range-bound-zero", "A bound of 0, one position of weight 0.", []Segment{{Width: 1, Bound: new(big.Int)}}, 0)
	v.accept("range-wide", "A bound of 2^62 and a spare position.", []Segment{{Width: 64, Bound: pow2(62)}}, 1<<62)
	two := []Segment{seg(100), {Width: 10, Bound: big.NewInt(600)}}
	c, proof := v.accept("range-two", "Two requirements in one proof.", two, 42, 43)

	v.forge("range-value-equals-bound-plus-one", "range-bound", "Six, with the bits of five.", 6, []int64{1, 1, 1}, nil)
	v.forge("range-value-equals-bound-plus-one-digit-two", "range-bound", "Six, with a digit of two.", 6, []int64{2, 1, 1}, nil)
	v.forge("range-value-equals-bound-plus-one-from-padding", "range-bound", "Six, with a bit set in the padding.", 6, []int64{1, 1, 1, 1}, nil)
	v.forge("range-minus-one", "range-zero", "Minus one, with the bits of zero.", -1, []int64{0, 0, 0}, nil)
	v.forge("range-minus-one-digit", "range-zero", "Minus one, with a digit of minus one whose product with its partner is zero.", -1, []int64{-1, 0, 0}, []int64{0, -1, -1})
	v.forge("range-digit-two", "range-bound", "A value in its range, written with a digit of two.", 2, []int64{2, 0, 0}, nil)
	v.forge("range-padding-bit-two", "range-zero", "A value in its range; a position of the padding holds two.", 1, []int64{1, 0, 0, 0, 2}, nil)
	v.forge("range-padding-bit-two-partner-zero", "range-zero", "The same, with a partner that makes the product zero.", 1, []int64{1, 0, 0, 0, 2}, []int64{0, -1, -1, -1, 0})

	refuse := func(name, comment string, s []Segment, commitments []*ristretto.Element) {
		t.Helper()
		if statement(t, s...).Size() != len(proof) {
			t.Fatalf("%s: the size differs, so the vector shows nothing", name)
		}
		v.add(name, "range-two", comment, s, commitments, proof)
	}
	refuse("range-bound-changed", "The first bound is one more than was proven.", []Segment{seg(101), two[1]}, c.commitments)
	refuse("range-segment-swapped", "The two requirements are exchanged.", []Segment{two[1], two[0]}, c.commitments)
	refuse("range-width-moved", "A position belongs to the second requirement instead of the first.", []Segment{{Width: 8, Bound: big.NewInt(100)}, seg(600)}, c.commitments)
	refuse("range-commitments-swapped", "The two commitments are exchanged.", two, []*ristretto.Element{c.commitments[1], c.commitments[0]})
	plusG := ristretto.NewElement().Add(c.commitments[0], ristretto.G().Element())
	refuse("range-commitment-plus-G", "A commitment holds one more.", two, []*ristretto.Element{plusG, c.commitments[1]})

	change := func(name, comment string, f func(b []byte)) {
		b := slices.Clone(proof)
		f(b)
		v.add(name, "range-two", comment, two, c.commitments, b)
	}
	order := ristretto.Order().FillBytes(make([]byte, 32))
	slices.Reverse(order)
	for word, name := range []string{4: "tau", 5: "mu", 6: "t"} {
		if name == "" {
			continue
		}
		change("range-"+name+"-plus-q", "A scalar is encoded as itself plus q.", func(b []byte) {
			carry := 0
			for i, k := range order {
				carry += int(b[32*word+i]) + int(k)
				b[32*word+i], carry = byte(carry), carry>>8
			}
		})
		change("range-"+name+"-plus-one", "A scalar is one more.", func(b []byte) {
			var k, one ristretto.Scalar
			if err := k.SetCanonical(b[32*word : 32*word+32]); err != nil {
				t.Fatal(err)
			}
			one.SetUint64(1)
			copy(b[32*word:], k.Add(&k, &one).Bytes())
		})
	}
	change("range-A-S-swapped", "A and S are exchanged.", func(b []byte) { copy(b, slices.Concat(b[32:64], b[:32])) })
	change("range-T-swapped", "T_1 and T_2 are exchanged.", func(b []byte) { copy(b[64:], slices.Concat(b[96:128], b[64:96])) })
	change("range-A-identity", "A is the identity.", func(b []byte) { clear(b[:32]) })
	change("range-L-R-swapped", "L_1 and R_1 are exchanged.", func(b []byte) { copy(b[7*32:], slices.Concat(b[8*32:9*32], b[7*32:8*32])) })
	testvectors.Sync(t, "range", v.list)
}
