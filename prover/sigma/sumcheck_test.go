package sigma

import (
	"encoding/json"
	"errors"
	"math/big"
	"testing"
)

// The draft's example protocol over the field of 2³¹ − 1 elements, written
// with the library's sponge and codecs: it tests them in a larger protocol.

var errTrailing = errors.New("bytes are left over")

var twoTo32 = new(big.Int).Lsh(big.NewInt(1), 32)

func sumcheckSponge(sessionID []byte, variables int, sum, p *big.Int) *Sponge {
	s := NewSponge(sessionID)
	s.Absorb(AppendUint(AppendUint(nil, big.NewInt(int64(variables)), twoTo32), sum, p))
	return s
}

// shortChallenge squeezes as many bytes as the field's elements have.
func shortChallenge(s *Sponge, p *big.Int) *big.Int {
	r := littleEndian(s.Squeeze(UintSize(p)))
	return r.Mod(r, p)
}

func sumcheckProve(sessionID []byte, variables int, w []*big.Int, p *big.Int) (narg []byte, final *big.Int) {
	mod := func(x *big.Int) *big.Int { return x.Mod(x, p) }
	sum := new(big.Int)
	for _, x := range w {
		sum.Add(sum, x)
	}
	s := sumcheckSponge(sessionID, variables, mod(sum), p)
	for range variables {
		a0, a1 := new(big.Int), new(big.Int)
		for i := 0; i < len(w); i += 2 {
			a0.Add(a0, w[i])
			a1.Add(a1, w[i+1])
		}
		a1 = mod(a1.Sub(a1, a0))
		msg := AppendField(nil, []*big.Int{mod(a0), a1}, p)
		s.Absorb(msg)
		narg = append(narg, msg...)
		r := shortChallenge(s, p)
		for i := range len(w) / 2 {
			d := new(big.Int).Sub(w[2*i+1], w[2*i])
			w[i] = mod(d.Add(d.Mul(d, r), w[2*i]))
		}
		w = w[:len(w)/2]
	}
	return narg, w[0]
}

// sumcheckVerify returns the evaluation that the caller would have to check.
func sumcheckVerify(sessionID []byte, variables int, sum *big.Int, narg []byte, p *big.Int) (*big.Int, error) {
	s := sumcheckSponge(sessionID, variables, sum, p)
	for range variables {
		a, rest, err := ReadField(narg, p, 2)
		if err != nil {
			return nil, err
		}
		claim := new(big.Int).Add(a[0], a[0])
		if claim.Add(claim, a[1]).Mod(claim, p).Cmp(sum) != 0 {
			return nil, errProof
		}
		s.Absorb(narg[:len(narg)-len(rest)])
		narg = rest
		sum = new(big.Int).Mul(a[1], shortChallenge(s, p))
		sum.Add(sum, a[0]).Mod(sum, p)
	}
	if len(narg) != 0 {
		return nil, errTrailing
	}
	return sum, nil
}

func runSumcheck(t *testing.T, v fsVector) {
	p := &v.Modulus.Int
	final, err := sumcheckVerify(v.SessionID, v.NumVariables, &v.ClaimedSum.Int, v.Narg, p)
	if v.Expected == "reject" {
		mustReject(t, true, err)
		if errors.Is(err, errTrailing) != (v.ID == "fiat-shamir/shake128/sumcheck_reject_trailing_bytes") {
			t.Errorf("refused for another reason: %v", err)
		}
		return
	}
	if err != nil || final.Cmp(&v.FinalEvaluation.Int) != 0 {
		t.Fatalf("refused, or another evaluation: %v", err)
	}
	var witness []int64
	if err := json.Unmarshal(v.Witness, &witness); err != nil {
		t.Fatal(err)
	}
	w := make([]*big.Int, len(witness))
	for i, x := range witness {
		w[i] = big.NewInt(x)
	}
	narg, y := sumcheckProve(v.SessionID, v.NumVariables, w, p)
	mustEqual(t, narg, v.Narg)
	if y.Cmp(final) != 0 {
		t.Error("prover's evaluation differs")
	}
}
