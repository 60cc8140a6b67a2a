package sigma

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

var (
	errLength  = errors.New("proof has the wrong length")
	errWitness = errors.New("witness has the wrong length")
	errProof   = errors.New("proof does not hold")
	errNeutral = errors.New("commitment is the identity")
)

// Transcript is a decoded proof: commitments T, one per equation, the
// challenge e, and responses z, one per scalar. It holds for a relation when
// T + e·image = map(z) in every equation.
type Transcript[S, E any] struct {
	Commitment []E
	Challenge  S
	Response   []S
}

// ProofSize is the length in bytes of what Prove returns.
func (r *Relation[S, E]) ProofSize() int {
	return r.g.ElementSize()*len(r.equations) + r.g.ScalarSize()*r.scalars
}

// Prove proves the relation inside sp, which may already hold a protocol: it
// absorbs relation and commitments, squeezes the challenge, absorbs the
// responses, and returns commitments ‖ responses. Nonces are drawn from rng,
// one per scalar, in order; rng must never repeat for another statement. The
// running time does not depend on the witness.
func (r *Relation[S, E]) Prove(sp *Sponge, witness []S, rng io.Reader) ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	commitment, nonces, err := r.commit(witness, rng)
	if err != nil {
		return nil, err
	}
	response := r.respond(witness, nonces, r.challenge(sp, commitment))
	sp.Absorb(response)
	return append(commitment, response...), nil
}

// Read decodes a proof made by Prove for this relation and replays it in sp.
// It refuses an invalid relation, any length but ProofSize, and encodings that
// are not canonical; it does not check the equations.
func (r *Relation[S, E]) Read(sp *Sponge, proof []byte) (*Transcript[S, E], error) {
	if len(proof) != r.ProofSize() {
		return nil, errLength
	}
	if err := r.Validate(); err != nil {
		return nil, err
	}
	commitment, response := proof[:r.g.ElementSize()*len(r.equations)], proof[r.g.ElementSize()*len(r.equations):]
	t := new(Transcript[S, E])
	var err error
	if t.Commitment, err = r.readElements(commitment); err != nil {
		return nil, err
	}
	if t.Response, err = r.readScalars(response); err != nil {
		return nil, err
	}
	t.Challenge = r.challenge(sp, commitment)
	sp.Absorb(response)
	return t, nil
}

// Check verifies the equations of a transcript one by one.
func (r *Relation[S, E]) Check(t *Transcript[S, E]) error {
	for i, eq := range r.equations {
		es, ks := []E{t.Commitment[i]}, []S{r.g.One()}
		for _, m := range eq.Image {
			es, ks = append(es, r.elements[m.Element]), append(ks, r.g.Mul(t.Challenge, m.Coeff))
		}
		for _, m := range eq.Terms {
			k := r.g.Neg(r.g.Mul(t.Response[m.Scalar], m.Coeff))
			es, ks = append(es, r.elements[m.Element]), append(ks, k)
		}
		if !r.g.Vanishes(es, ks) {
			return errProof
		}
	}
	return nil
}

// ProveBatchable is the draft's non-interactive proof under a tag, which must
// contain the flavour marker DSFS and the suite's name.
func (r *Relation[S, E]) ProveBatchable(tag []byte, witness []S, rng io.Reader) ([]byte, error) {
	return r.Prove(NewSponge(DeriveSessionID(tag)), witness, rng)
}

// VerifyBatchable verifies a proof made by ProveBatchable under the same tag.
func (r *Relation[S, E]) VerifyBatchable(tag, proof []byte) error {
	t, err := r.Read(NewSponge(DeriveSessionID(tag)), proof)
	if err != nil {
		return err
	}
	return r.Check(t)
}

// ProveCompact is ProveBatchable with challenge ‖ responses as the proof,
// shorter where there are several equations. Its tag must contain CMPT.
func (r *Relation[S, E]) ProveCompact(tag []byte, witness []S, rng io.Reader) ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	commitment, nonces, err := r.commit(witness, rng)
	if err != nil {
		return nil, err
	}
	e := r.challenge(NewSponge(DeriveSessionID(tag)), commitment)
	return append(r.g.AppendScalar(nil, e), r.respond(witness, nonces, e)...), nil
}

// VerifyCompact verifies a proof made by ProveCompact under the same tag: the
// commitments follow from challenge and responses, the challenge from them.
func (r *Relation[S, E]) VerifyCompact(tag, proof []byte) error {
	if len(proof) != r.g.ScalarSize()*(r.scalars+1) {
		return errLength
	}
	if err := r.Validate(); err != nil {
		return err
	}
	scalars, err := r.readScalars(proof)
	if err != nil {
		return err
	}
	commitment, err := r.simulate(scalars[0], scalars[1:])
	if err != nil {
		return err
	}
	e := r.challenge(NewSponge(DeriveSessionID(tag)), commitment)
	if !bytes.Equal(r.g.AppendScalar(nil, e), proof[:r.g.ScalarSize()]) {
		return errProof
	}
	return nil
}

// commit draws the nonces and returns them and the encoded commitments, the
// relation's map at the nonces.
func (r *Relation[S, E]) commit(witness []S, rng io.Reader) (commitment []byte, nonces []S, err error) {
	if len(witness) != r.scalars {
		return nil, nil, errWitness
	}
	nonces = make([]S, r.scalars)
	for i := range nonces {
		if nonces[i], err = r.g.RandomScalar(rng); err != nil {
			return nil, nil, fmt.Errorf("draw nonce: %w", err)
		}
	}
	for _, eq := range r.equations {
		t := r.g.Combine(r.collect(eq, nonces))
		if r.g.IsIdentity(t) {
			return nil, nil, errNeutral
		}
		commitment = r.g.AppendElement(commitment, t)
	}
	return commitment, nonces, nil
}

// collect returns the right side of eq at the given scalars, one scalar for
// each element that occurs. Which element occurs where is public.
func (r *Relation[S, E]) collect(eq Equation[S], scalars []S) (es []E, ks []S) {
	place := make([]int, len(r.elements)) // 1 + place in es, 0 if not there yet
	for _, t := range eq.Terms {
		if i := place[t.Element] - 1; i >= 0 {
			ks[i] = r.g.MulAdd(t.Coeff, scalars[t.Scalar], ks[i])
			continue
		}
		es, ks = append(es, r.elements[t.Element]), append(ks, r.g.Mul(t.Coeff, scalars[t.Scalar]))
		place[t.Element] = len(es)
	}
	return es, ks
}

// simulate solves the verification equations for the commitments.
func (r *Relation[S, E]) simulate(e S, response []S) (commitment []byte, err error) {
	for _, eq := range r.equations {
		es, ks := r.collect(eq, response)
		for _, m := range eq.Image {
			es, ks = append(es, r.elements[m.Element]), append(ks, r.g.Neg(r.g.Mul(e, m.Coeff)))
		}
		t := r.g.Combine(es, ks)
		if r.g.IsIdentity(t) {
			return nil, errNeutral
		}
		commitment = r.g.AppendElement(commitment, t)
	}
	return commitment, nil
}

// challenge absorbs the relation and the commitments and squeezes e.
func (r *Relation[S, E]) challenge(sp *Sponge, commitment []byte) S {
	sp.Absorb(r.Serialize())
	sp.Absorb(commitment)
	return r.g.Reduce(sp.Squeeze(r.g.ScalarSize() + 16))
}

// respond returns the encoded responses, nonce + e·witness for each scalar.
func (r *Relation[S, E]) respond(witness, nonces []S, e S) []byte {
	var b []byte
	for i := range witness {
		b = r.g.AppendScalar(b, r.g.MulAdd(witness[i], e, nonces[i]))
	}
	return b
}

func (r *Relation[S, E]) readElements(b []byte) ([]E, error) {
	out := make([]E, 0, len(b)/r.g.ElementSize())
	for n := r.g.ElementSize(); len(b) > 0; b = b[n:] {
		e, err := r.g.DecodeElement(b[:n])
		if err != nil {
			return nil, fmt.Errorf("commitment %d: %w", len(out), err)
		}
		out = append(out, e)
	}
	return out, nil
}

func (r *Relation[S, E]) readScalars(b []byte) ([]S, error) {
	out := make([]S, 0, len(b)/r.g.ScalarSize())
	for n := r.g.ScalarSize(); len(b) > 0; b = b[n:] {
		s, err := r.g.DecodeScalar(b[:n])
		if err != nil {
			return nil, fmt.Errorf("scalar %d of the proof: %w", len(out), err)
		}
		out = append(out, s)
	}
	return out, nil
}
