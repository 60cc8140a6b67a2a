package prover

import (
	"crypto/rand"
	"fmt"
	"io"

	"hushwatt/internal/wire"
	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// Batch verifies many claims with one multi-scalar multiplication. Every
// equation of every proof gets a weight of its own, 128 bits that no prover
// could foresee, so errors of different equations or proofs do not cancel. A
// batch that fails is halved until the bad proofs are found.
type Batch struct {
	rand  io.Reader
	items []item
}

type item struct {
	proof   *replay
	weights []ristretto.Scalar
	err     error
}

// NewBatch returns an empty batch. rand supplies the verifier's own 32 random
// bytes; nil stands for crypto/rand.
func NewBatch(random io.Reader) *Batch {
	if random == nil {
		random = rand.Reader
	}
	return &Batch{rand: random}
}

// Add decodes a proof of a claim and adds it to the batch. A proof that cannot
// be decoded gets its error in the result of Verify; the others are not touched
// by it.
func (b *Batch) Add(c *Claim, header []byte, seals []sigma.Point, narg []byte) {
	r, err := c.replay(header, seals, narg)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrProof, err)
	}
	b.items = append(b.items, item{proof: r, err: err})
}

// Verify returns one verdict per proof, in the order in which they were added:
// nil, or an error that wraps ErrProof.
func (b *Batch) Verify() []error {
	var good []*item
	for i := range b.items {
		if b.items[i].err == nil {
			good = append(good, &b.items[i])
		}
	}
	if err := b.weigh(good); err != nil {
		for _, it := range good {
			it.err = err
		}
	} else {
		settle(good)
	}
	verdicts := make([]error, len(b.items))
	for i := range b.items {
		verdicts[i] = b.items[i].err
	}
	return verdicts
}

// weigh draws the weights from a sponge that holds every proof with what it is
// about, and fresh randomness.
func (b *Batch) weigh(items []*item) error {
	var fresh [32]byte
	if _, err := io.ReadFull(b.rand, fresh[:]); err != nil {
		return fmt.Errorf("randomness for verification: %w", err)
	}
	sp := sigma.NewSponge(sigma.DeriveSessionID([]byte(wire.LabelBatch)))
	for _, it := range items {
		sp.Absorb(it.proof.session)
		sp.Absorb(it.proof.statement)
		sp.Absorb(it.proof.narg)
	}
	sp.Absorb(fresh[:])
	var wide [48]byte
	for _, it := range items {
		it.weights = make([]ristretto.Scalar, it.proof.equations())
		for i := range it.weights {
			copy(wide[:], sp.Squeeze(16))
			it.weights[i].SetWide(wide[:])
		}
	}
	return nil
}

// settle finds the items that do not hold. Nothing is said of an item but by a
// sum that it was part of: a sum that vanishes clears all its items, one item
// whose sum does not vanish is refused.
func settle(items []*item) {
	var sum ristretto.Sum
	terms := 0
	for _, it := range items {
		terms += it.proof.terms()
	}
	sum.Grow(terms)
	for _, it := range items {
		it.proof.addTo(&sum, it.weights)
	}
	switch {
	case sum.IsIdentity():
	case len(items) == 1:
		items[0].err = ErrProof
	default:
		settle(items[:len(items)/2])
		settle(items[len(items)/2:])
	}
}
