package prover

import (
	"encoding/binary"
	"errors"
	"fmt"

	"hushwatt/prover/ristretto"
)

// witness is everything secret about a claim: readings and blindings of the
// rows, the hidden integers, and the blindings of their commitments.
type witness struct {
	opened []Opening
	x, y   []Int // functionals; secrets, substituted ones too

	vectors [][]Int // entries of each vector
	digits  []uint8 // of all vectors and requirements
	bad     uint64  // not 0 if an entry of one is out of its bounds

	ranges []Int              // what each range requirement is about
	values []ristretto.Scalar // of X_1 …, Y_1 …, in order
	blinds []ristretto.Scalar // their blindings
}

// witness computes the hidden integers, in time that does not depend on them.
// Whether the claim holds of them is for check to say.
func (c *Claim) witness(opened []Opening, given []Int) (*witness, error) {
	w := &witness{opened: opened}
	if err := c.checkOpenings(opened); err != nil {
		return nil, err
	}
	readings := make([][]uint32, len(opened))
	for d := range opened {
		readings[d] = opened[d].Values
	}
	if err := c.take(w, given); err != nil {
		return nil, err
	}
	for _, f := range c.functionals {
		if f.total != nil {
			w.x = append(w.x, w.total(f.total))
			continue
		}
		w.x = append(w.x, evaluate(f.weights, f.konst, readings))
	}
	for i, s := range c.secrets {
		if s.value != nil {
			w.y[i] = s.value(w.evaluate)
		}
	}
	for _, r := range c.form.ranges {
		w.ranges = append(w.ranges, w.evaluate(r.l))
	}
	for _, x := range w.x {
		w.values = append(w.values, x.Scalar())
	}
	for _, i := range c.form.sent {
		w.values = append(w.values, w.y[i].Scalar())
	}
	if c.form.vector != nil {
		c.fillDigits(w)
	}
	return w, nil
}

// take distributes what the caller gives.
func (c *Claim) take(w *witness, given []Int) error {
	w.y, w.vectors = make([]Int, len(c.secrets)), make([][]Int, len(c.vectors))
	for _, a := range c.asks {
		n := 1
		if a.vector {
			n = c.vectors[a.i].n
		}
		if len(given) < n {
			return fmt.Errorf("%d values are missing for secrets and vectors", n-len(given))
		}
		if a.vector {
			w.vectors[a.i] = given[:n]
		} else {
			w.y[a.i] = given[0]
		}
		given = given[n:]
	}
	if len(given) > 0 {
		return fmt.Errorf("%d values too many are given for secrets", len(given))
	}
	return nil
}

func (c *Claim) checkOpenings(opened []Opening) error {
	if len(opened) != len(c.rows) {
		return fmt.Errorf("%d openings for %d rows", len(opened), len(c.rows))
	}
	for d, r := range c.rows {
		if len(opened[d].Values) != r.N {
			return fmt.Errorf("row %d: %d readings for %d slots", d, len(opened[d].Values), r.N)
		}
		var over uint32
		for _, v := range opened[d].Values {
			over |= (r.Cap - v) >> 31 // both are below 2^31
			over |= v >> 31
		}
		if over != 0 {
			return fmt.Errorf("row %d: a reading is larger than the meter's certificate allows", d)
		}
	}
	return nil
}

// evaluate computes a linear expression over x and y.
func (w *witness) evaluate(l Linear) Int {
	v := publicInt(l.c())
	for _, p := range l.parts {
		x := w.x
		if p.atom.secret {
			x = w.y
		}
		v = v.Add(x[p.atom.i].Mul(publicInt(p.k)))
	}
	return v
}

// check reports the first requirement that does not hold. Whether all hold is
// no secret, and where they all do the time does not depend on the values.
func (w *witness) check(f *form) error {
	for i, r := range f.ranges {
		v := w.ranges[i]
		if v.Less(Int{})|publicInt(r.bound).Less(v) != 0 {
			return fmt.Errorf("range requirement %d does not hold", i)
		}
	}
	if w.bad != 0 {
		return errors.New("an entry of a vector, or what is required of each, does not hold")
	}
	for i, l := range f.reveals {
		if w.evaluate(l).isZero() == 0 {
			return fmt.Errorf("reveal %d is of another value", i)
		}
	}
	for i, l := range f.zeros {
		if w.evaluate(l).isZero() == 0 {
			return fmt.Errorf("linear requirement %d does not hold", i)
		}
	}
	for i, p := range f.products {
		x, y, z := w.evaluate(p.x), w.evaluate(p.y), w.evaluate(p.z)
		if x.Mul(y).Sub(z).isZero() == 0 {
			return fmt.Errorf("product %d does not hold", i)
		}
	}
	return nil
}

// blinding returns the blinding of Com(l), and value the integer in it, both
// from what is committed to.
func (w *witness) blinding(c *Claim, l Linear) ristretto.Scalar {
	return w.combine(c, l, w.blinds, false)
}

func (w *witness) value(c *Claim, l Linear) ristretto.Scalar { return w.combine(c, l, w.values, true) }

func (w *witness) combine(c *Claim, l Linear, of []ristretto.Scalar, konst bool) (sum ristretto.Scalar) {
	for _, t := range c.commitment(l) {
		switch {
		case t.index > 0:
			sum.MulAdd(&t.k, &of[t.index-1], &sum)
		case konst:
			sum.Add(&sum, &t.k)
		}
	}
	return sum
}

// scalars returns the secret scalars of the relation after those of the fold,
// in order of first use.
func (w *witness) scalars(c *Claim) []ristretto.Scalar {
	var out []ristretto.Scalar
	for _, l := range c.form.reveals {
		out = append(out, w.blinding(c, l))
	}
	for _, l := range c.form.zeros {
		out = append(out, w.blinding(c, l))
	}
	for _, p := range c.form.products {
		out = append(out, w.value(c, p.x), w.blinding(c, p.x))
	}
	for _, p := range c.form.products {
		// Com(z) − x·Com(y) = (blinding of z − x·blinding of y)·H
		x, y, delta := w.value(c, p.x), w.blinding(c, p.y), w.blinding(c, p.z)
		y.Mul(&x, &y)
		out = append(out, *delta.Sub(&delta, &y))
	}
	return out
}

// bytes encodes the witness for the nonces: readings and blinding of each row,
// then the committed integers.
func (w *witness) bytes() []byte {
	var b []byte
	for i := range w.opened {
		for _, v := range w.opened[i].Values {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
		b = w.opened[i].Blinding.Append(b)
	}
	for i := range w.values {
		b = w.values[i].Append(b)
	}
	return append(b, w.digits...)
}
