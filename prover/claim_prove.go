package prover

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"hushwatt/prover/fold"
	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// Prove proves the claim. header is the canonical encoding of every public
// input (docs/protocol.md, section 4.2); seals and opened stand in the order of
// the claim's rows; secrets gives a value to each call of Secret and to each entry
// of each call of Vector, in order. rand supplies 32 bytes. It is an error if a requirement does not hold of what was
// given. Whether the openings are those of the seals is for the caller to have
// checked: a proof about others is made and refused. The time taken does not
// depend on readings, blindings or secrets.
func (c *Claim) Prove(header []byte, seals []sigma.Point, opened []Opening, secrets []Int, rand io.Reader) ([]byte, error) {
	return c.ProveInSteps(noSteps, header, seals, opened, secrets, rand)
}

// ProveInSteps is Prove for a caller who wants to say how far it is, to let
// others run or to stop it: step is called between parts of the work, a hundred
// milliseconds apart at most for a month, and ends it with its error.
func (c *Claim) ProveInSteps(step func() error, header []byte, seals []sigma.Point, opened []Opening, secrets []Int, rand io.Reader) ([]byte, error) {
	return c.prove(header, seals, opened, secrets, rand, nil, step)
}

func noSteps() error { return nil }

// prove is Prove. Tests of what a verifier refuses give a cheat, which changes
// the witness at will; then requirements are not checked.
func (c *Claim) prove(header []byte, seals []sigma.Point, opened []Opening, secrets []Int, rand io.Reader, cheat func(*witness), step func() error) ([]byte, error) {
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("prove claim: %w", err)
	}
	if len(seals) != len(c.rows) {
		return nil, fmt.Errorf("prove claim: %d seals for %d rows", len(seals), len(c.rows))
	}
	w, err := c.witness(opened, secrets)
	if err == nil && cheat == nil {
		err = w.check(c.form)
	}
	if err != nil {
		return nil, fmt.Errorf("prove claim: %w", err)
	}
	if cheat != nil {
		cheat(w)
	}
	session, statement := sessionID(header), c.statement(seals)
	rng, err := c.nonces(w, session, statement, rand)
	if err != nil {
		return nil, fmt.Errorf("prove claim: %w", err)
	}
	sp := sigma.NewSponge(session)
	sp.Absorb(statement)
	narg, err := c.proveIn(sp, seals, w, rng, step)
	if err != nil {
		return nil, fmt.Errorf("prove claim: %w", err)
	}
	if len(narg) != c.Size() {
		return nil, errors.New("prove claim: proof has not the length that its statement gives it")
	}
	return narg, nil
}

// proveIn is the prover's side of the transcript after the statement.
func (c *Claim) proveIn(sp *sigma.Sponge, seals []sigma.Point, w *witness, rng io.Reader, step func() error) ([]byte, error) {
	points, narg, err := w.commit(rng)
	if err != nil {
		return nil, err
	}
	sp.Absorb(narg)
	ranges, msg, err := c.startRanges(sp, w, rng)
	if err != nil {
		return nil, err
	}
	narg = append(narg, msg...)
	vector, msg, err := c.proveVector(sp, w, rng, step)
	if err != nil {
		return nil, err
	}
	narg = append(narg, msg...)
	if err := step(); err != nil {
		return nil, err
	}

	j := len(c.functionals)
	fw := w.fold(j)
	vector.addTo(fw, w)
	msg, folded, secrets, err := fold.Prove(sp, c.foldStatement(vector.public()), fw, rng)
	if err != nil {
		return nil, err
	}
	narg = append(narg, msg...)
	if err := step(); err != nil {
		return nil, err
	}

	st, err := c.relation(folded, seals, points[:j], points[j:], vector.public())
	if err != nil {
		return nil, err
	}
	msg, err = st.Prove(sp, slices.Concat(secrets, w.scalars(c), vector.scalars()), rng)
	if err != nil {
		return nil, err
	}
	narg = append(narg, msg...)
	msg, err = ranges.finish(sp)
	return append(narg, msg...), err
}

// commit draws the blindings and commits to X_1 … and Y_1 … in order.
func (w *witness) commit(rng io.Reader) (points []sigma.Point, msg []byte, err error) {
	w.blinds = make([]ristretto.Scalar, len(w.values))
	for i := range w.values {
		if w.blinds[i], err = sigma.RandomScalar(rng); err != nil {
			return nil, nil, err
		}
		p := sigma.NewPoint(ristretto.Commit(&w.values[i], &w.blinds[i]))
		points, msg = append(points, p), p.Append(msg)
	}
	return points, msg, nil
}

// fold returns the part of the witness that the day fold is about.
func (w *witness) fold(functionals int) *fold.Witness {
	f := &fold.Witness{Gammas: w.blinds[:functionals]}
	for i := range w.opened {
		f.Readings = append(f.Readings, w.opened[i].Values)
		f.Blindings = append(f.Blindings, w.opened[i].Blinding)
	}
	return f
}
