package digits

import (
	"errors"
	"fmt"

	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// Read replays the zero-check in sp, from its messages: it squeezes the τ and
// each s_i where Prove did. It refuses any length but Size, encodings that are
// not canonical and the identity. What the rounds prove follows only with the
// equations of AddTo and the functional q~(s) = y of the rows.
func Read(sp *sigma.Sponge, shape Shape, msg []byte) (*Checked, error) {
	if len(msg) != shape.Size() {
		return nil, errors.New("zero-check has the wrong length")
	}
	c := &Checked{}
	for range shape.Rounds() {
		c.Tau = append(c.Tau, sp.Challenge())
	}
	read := func(n int) ([]sigma.Point, error) {
		ps := make([]sigma.Point, n)
		for i := range ps {
			var err error
			if ps[i], err = sigma.DecodePoint(msg[i*ristretto.ElementSize : (i+1)*ristretto.ElementSize]); err != nil {
				return nil, err
			}
		}
		sp.Absorb(msg[:n*ristretto.ElementSize])
		msg = msg[n*ristretto.ElementSize:]
		return ps, nil
	}
	for i := range c.Tau {
		as, err := read(perRound)
		if err != nil {
			return nil, fmt.Errorf("round %d of the zero-check: %w", i+1, err)
		}
		c.A = append(c.A, as...)
		c.S = append(c.S, sp.Challenge())
	}
	last, err := read(2)
	if err != nil {
		return nil, fmt.Errorf("end of the zero-check: %w", err)
	}
	c.Q, c.W = last[0], last[1]
	return c, nil
}
