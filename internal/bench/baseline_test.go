package bench

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"math/big"
	"testing"

	"github.com/cloudflare/circl/sign/ed25519"

	"hushwatt/meter"
	"hushwatt/prover"
	"hushwatt/prover/rangeproof"
	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// baseline is the obvious way to prove a bill: the meter commits to every reading,
// C = c·G + r·H, and signs what it committed to. The verifier computes Σ w·C + const
// by itself, so nothing but the rounding is left to be proven, by the same range
// proof in the same transcript. Certificate and head are checked as in a bill.
type baseline struct {
	functional *prover.Functional
	weights    []ristretto.Scalar // of every reading
	ranges     *rangeproof.Statement
	hash       [32]byte // of the weights
	offset     *big.Int // of a rounded bill: the rounding rule's

	values    []uint32
	blindings []ristretto.Scalar

	// what is sent
	commitments []byte
	amount      *big.Int
	proof       []byte

	key        ed25519.PublicKey
	signatures [2][]byte // certificate, head
}

var errBaseline = errors.New("baseline: refused")

// signed stands for a certificate or a head, which are as long.
var signed = make([]byte, 160)

// newBaseline commits to the readings of opened days under a plan's weights.
func newBaseline(b testing.TB, p *prover.BillPlan, days []meter.OpenedDay) *baseline {
	b.Helper()
	f := &p.Functionals[0]
	bound := new(big.Int).Sub(f.U, big.NewInt(1))
	s := &baseline{functional: f, hash: p.WeightsHash(), offset: new(big.Int).Rsh(f.U, 1)}
	var err error
	s.ranges, err = rangeproof.New([]rangeproof.Segment{{Width: bound.BitLen(), Bound: bound}})
	must(b, err)
	for d, row := range f.Weights {
		for i, w := range row {
			var k ristretto.Scalar
			s.weights = append(s.weights, *k.SetInt64(w))
			s.values = append(s.values, days[d].Channels[0].Wh[i])
		}
	}
	s.commit(b)
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(b, err)
	s.key = public
	s.signatures = [2][]byte{ed25519.Sign(private, signed), ed25519.Sign(private, signed)}
	s.prove(b)
	must(b, s.verify())
	return s
}

func (s *baseline) commit(b testing.TB) {
	s.commitments, s.blindings = nil, make([]ristretto.Scalar, len(s.values))
	for i, c := range s.values {
		r, err := sigma.RandomScalar(rand.Reader)
		must(b, err)
		var v ristretto.Scalar
		s.blindings[i] = r
		s.commitments = ristretto.Commit(v.SetUint64(uint64(c)), &r).Append(s.commitments)
	}
}

// size is what has to be sent, without names and dates.
func (s *baseline) size() int {
	return len(s.commitments) + len(s.values)/2 + len(s.proof) + 2*(len(signed)+ed25519.SignatureSize)
}

// sponge starts the transcript: everything public.
func (s *baseline) sponge() *sigma.Sponge {
	sp := sigma.NewSponge(sigma.DeriveSessionID([]byte("baseline")))
	sp.Absorb(s.hash[:])
	sp.Absorb(s.commitments)
	sp.Absorb(s.amount.Bytes())
	return sp
}

func follow(sp *sigma.Sponge) rangeproof.Next {
	return func(message []byte) ristretto.Scalar {
		sp.Absorb(message)
		return sp.Challenge()
	}
}

// shift is what the public part adds: x + shift is the number in the range.
func (s *baseline) shift() *ristretto.Scalar {
	v := new(big.Int).Mul(s.amount, s.functional.U)
	v.Sub(s.offset, v)
	return new(ristretto.Scalar).SetBig(v.Add(v, s.functional.Const))
}

func (s *baseline) prove(b testing.TB) {
	x := new(big.Int)
	var value, blinding ristretto.Scalar
	for i := range s.values {
		var c ristretto.Scalar
		value.MulAdd(&s.weights[i], c.SetUint64(uint64(s.values[i])), &value)
		blinding.MulAdd(&s.weights[i], &s.blindings[i], &blinding)
		x.Add(x, new(big.Int).Mul(big.NewInt(s.functional.Weights[i/48][i%48]), big.NewInt(int64(s.values[i]))))
	}
	x.Add(x, s.functional.Const)
	s.amount = new(big.Int).Div(x.Add(x, s.offset), s.functional.U)
	value.Add(&value, s.shift())

	p, err := s.ranges.NewProver([]ristretto.Scalar{value}, []ristretto.Scalar{blinding}, rand.Reader)
	must(b, err)
	sp := s.sponge()
	s.proof = p.AS()
	sp.Absorb(s.proof)
	y, z := sp.Challenge(), sp.Challenge()
	t, err := p.T(&y, &z)
	must(b, err)
	next := follow(sp)
	challenge := next(t)
	rest, err := p.Finish(&challenge, next)
	must(b, err)
	s.proof = append(append(s.proof, t...), rest...)
}

// verify checks one bill.
func (s *baseline) verify() error {
	var sum ristretto.Sum
	if err := s.addTo(&sum); err != nil {
		return err
	}
	if !sum.IsIdentity() {
		return errBaseline
	}
	return nil
}

// addTo checks everything but the equations of the range proof, which it adds to
// sum with weights of their own. Weights of readings are short, so the sum of the
// commitments is faster by itself than inside the long one.
func (s *baseline) addTo(sum *ristretto.Sum) error {
	for _, signature := range s.signatures {
		if !ed25519.Verify(s.key, signed, signature) {
			return errBaseline
		}
	}
	sha256.Sum256(s.commitments) // the head signs this
	var committed ristretto.Sum
	committed.Grow(len(s.weights))
	e := ristretto.NewElement()
	for i := range s.weights {
		if err := e.Decode(s.commitments[32*i : 32*i+32]); err != nil {
			return err
		}
		committed.AddElement(e, &s.weights[i])
	}
	x := committed.Element()

	v, sp := s.ranges.NewVerifier(), s.sponge()
	as, t, rest := s.proof[:rangeproof.ASSize], s.proof[rangeproof.ASSize:rangeproof.ASSize+rangeproof.TSize], s.proof[rangeproof.ASSize+rangeproof.TSize:]
	if err := v.AS(as); err != nil {
		return err
	}
	sp.Absorb(as)
	y, z := sp.Challenge(), sp.Challenge()
	if err := v.T(&y, &z, t); err != nil {
		return err
	}
	next := follow(sp)
	challenge := next(t)
	if err := v.Finish(&challenge, rest, next); err != nil {
		return err
	}
	var wide [48]byte
	var w1, w2, onG ristretto.Scalar
	rand.Read(wide[:16])
	w1.SetWide(wide[:])
	rand.Read(wide[:16])
	w2.SetWide(wide[:])
	v.AddTo(sum, &w1, &w2, func(_ int, k *ristretto.Scalar) {
		sum.AddElement(x, k)
		sum.AddBase(ristretto.G(), onG.Mul(k, s.shift()))
	})
	return nil
}
