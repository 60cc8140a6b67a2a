package prover

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"hushwatt/prover/ristretto"
)

// TestAttackEveryWord: no 32 bytes of a proof with digits can be exchanged for
// anything, be it another element or scalar of the same proof, of another proof
// of the same claim, the inverse, zeros, or one bit of them.
func TestAttackEveryWord(t *testing.T) {
	h := smallHome(1)
	c, secrets := smallDemand(h, 0)
	narg, other := h.accepts(t, c, secrets...), h.accepts(t, c, secrets...)
	words := slices.Collect(slices.Chunk(narg, 32))
	change := map[string]func(i int) []byte{
		"the next":           func(i int) []byte { return words[(i+1)%len(words)] },
		"of another proof":   func(i int) []byte { return other[32*i : 32*i+32] },
		"zeros":              func(int) []byte { return make([]byte, 32) },
		"one bit":            func(i int) []byte { w := bytes.Clone(words[i]); w[i%31] ^= 4; return w },
		"inverse element":    func(i int) []byte { return inverseElement(words[i]) },
		"inverse scalar":     func(i int) []byte { return inverseScalar(words[i]) },
		"more than it seems": func(i int) []byte { w := bytes.Clone(words[i]); w[31] |= 0x80; return w },
	}
	for name, word := range change {
		t.Run(name, func(t *testing.T) {
			b, changed := NewBatch(nil), 0
			for i := range words {
				bad := slices.Concat(narg[:32*i], word(i), narg[32*i+32:])
				if bytes.Equal(bad, narg) {
					continue
				}
				changed++
				b.Add(c, testHeader, h.seals, bad)
			}
			for i, err := range b.Verify() {
				if !errors.Is(err, ErrProof) {
					t.Errorf("proof %d is accepted: %v", i, err)
				}
			}
			if changed < len(words)/4 {
				t.Errorf("%d words of %d were changed", changed, len(words))
			}
		})
	}
}

// inverseElement returns −P, or what it is given if that is no element.
func inverseElement(b []byte) []byte {
	var p ristretto.Element
	if p.Decode(b) != nil {
		return b
	}
	return ristretto.NewElement().Neg(&p).Bytes()
}

// inverseScalar returns −k, or what it is given if that is no scalar.
func inverseScalar(b []byte) []byte {
	var k ristretto.Scalar
	if k.SetCanonical(b) != nil {
		return b
	}
	return k.Neg(&k).Bytes()
}
