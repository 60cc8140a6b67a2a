package prover

import (
	"errors"
	"fmt"

	"hushwatt/prover/fold"
	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// ErrProof is wrapped by every error about a proof that is well formed and does
// not hold.
var ErrProof = errors.New("proof does not hold")

// Size returns the length in bytes of a proof of the claim. It is a function of
// the public inputs. A claim that does not pass Check has none, and Size is 0.
func (c *Claim) Size() int {
	if c.Check() != nil {
		return 0
	}
	f := c.form
	equations, scalars := f.vectorEquations()
	equations += 2 + len(f.reveals) + len(f.zeros) + 2*len(f.products)
	scalars += f.width() + 2 + len(f.reveals) + len(f.zeros) + 3*len(f.products)
	first, last := c.rangeSizes()
	return ristretto.ElementSize*(c.commitments()+equations) + ristretto.ScalarSize*scalars +
		c.vectorSize() + c.foldStatement(nil).Size() + first + last
}

// commitments is the number of X_j and Y_j.
func (c *Claim) commitments() int { return len(c.functionals) + len(c.form.sent) }

// Verify checks a proof of the claim about these seals, under this header. Its
// time depends on public values only, and may.
func (c *Claim) Verify(header []byte, seals []sigma.Point, narg []byte) error {
	b := NewBatch(nil)
	b.Add(c, header, seals, narg)
	return b.Verify()[0]
}

// replay is a proof that has been decoded and run through its transcript. What
// is left of it is a number of equations between group elements.
type replay struct {
	session, statement, narg []byte

	relation *sigma.Statement
	proof    *sigma.Proof
	ranges   *rangeCheck // nil if the claim has none
}

// replay decodes a proof: its length first, then every element and scalar, in
// the order in which they are absorbed.
func (c *Claim) replay(header []byte, seals []sigma.Point, narg []byte) (*replay, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if len(seals) != len(c.rows) {
		return nil, fmt.Errorf("%d seals for %d rows", len(seals), len(c.rows))
	}
	if len(narg) != c.Size() {
		return nil, fmt.Errorf("proof is %d bytes, not %d", len(narg), c.Size())
	}
	r := &replay{session: sessionID(header), statement: c.statement(seals), narg: narg}
	sp := sigma.NewSponge(r.session)
	sp.Absorb(r.statement)
	take := func(n int) []byte {
		part := narg[:n]
		narg = narg[n:]
		return part
	}

	msg := take(ristretto.ElementSize * c.commitments())
	points, err := decodePoints(msg)
	if err != nil {
		return nil, err
	}
	sp.Absorb(msg)
	first, last := c.rangeSizes()
	if r.ranges, err = c.readRanges(sp, points, take(first)); err != nil {
		return nil, err
	}
	vector, err := c.readVector(sp, take(c.vectorSize()))
	if err != nil {
		return nil, err
	}
	fs := c.foldStatement(vector)
	folded, err := fold.Read(sp, fs, take(fs.Size()))
	if err != nil {
		return nil, err
	}
	j := len(c.functionals)
	if r.relation, err = c.relation(folded, seals, points[:j], points[j:], vector); err != nil {
		return nil, err
	}
	if r.proof, err = r.relation.Read(sp, take(r.relation.ProofSize())); err != nil {
		return nil, err
	}
	return r, r.ranges.finish(sp, take(last))
}

func decodePoints(b []byte) ([]sigma.Point, error) {
	points := make([]sigma.Point, len(b)/ristretto.ElementSize)
	for i := range points {
		var err error
		if points[i], err = sigma.DecodePoint(b[ristretto.ElementSize*i : ristretto.ElementSize*(i+1)]); err != nil {
			return nil, fmt.Errorf("commitment %d: %w", i, err)
		}
	}
	return points, nil
}

// equations is the number of weights that addTo needs.
func (r *replay) equations() int { return r.relation.Equations() + r.ranges.equations() }

// terms is about how many elements addTo adds.
func (r *replay) terms() int {
	return len(r.narg)/ristretto.ElementSize + r.relation.Elements() - r.relation.Scalars()
}

// addTo adds every equation, times its own weight, to a sum that is the
// identity if all of them hold.
func (r *replay) addTo(sum *ristretto.Sum, weights []ristretto.Scalar) {
	n := r.relation.Equations()
	sigma.AddTo(sum, r.relation, r.proof, weights[:n])
	r.ranges.addTo(sum, weights[n:])
}
