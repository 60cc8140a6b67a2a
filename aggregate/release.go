package aggregate

import (
	"errors"
	"fmt"
	"math/big"
	"strings"

	"hushwatt/meter"
	"hushwatt/prover/ristretto"
)

// A Release is what is published of a set in a slot: a sum, and what shows that it
// is the sum of what the meters committed to.
type Release struct {
	_        struct{} `cbor:",toarray"`
	Set      string
	Meters   uint32    // how many are summed
	Sum      uint64    // S, Wh
	Blinding []byte    // R
	Squares  []Squares // none or one
}

// Squares is the sum of the squares of the same readings.
type Squares struct {
	_        struct{} `cbor:",toarray"`
	Sum      uint64   // T, Wh²
	Blinding []byte   // W
}

// newRelease makes a release of a sum of shares.
func newRelease(s *Releasable, sum *meter.Share) Release {
	r := Release{Set: s.Set, Meters: uint32(s.Count), Sum: sum.Wh, Blinding: sum.Blinding.Bytes()}
	if s.Squares {
		r.Squares = []Squares{{Sum: sum.Squared, Blinding: sum.BlindingQ.Bytes()}}
	}
	return r
}

// ErrWrongSum is returned for a release that does not open the sum of the meters'
// commitments.
var ErrWrongSum = errors.New("the sum is not that of the meters' commitments")

// totals are the sums of a set's commitments and the bounds of what they can hold.
type totals struct {
	c, q            *ristretto.Element
	most, mostSq    uint64 // Σ cap, Σ cap²
	n, slot, meters int
}

// check checks a release against the sums of commitments.
func (t *totals) check(r *Release) error {
	if int(r.Meters) != t.meters {
		return fmt.Errorf("set %s: %d meters are summed, not %d", r.Set, t.meters, r.Meters)
	}
	if err := t.opens(t.c, r.Sum, r.Blinding, t.most); err != nil {
		return fmt.Errorf("set %s: %w", r.Set, err)
	}
	if len(r.Squares) > 0 {
		if err := t.opens(t.q, r.Squares[0].Sum, r.Squares[0].Blinding, t.mostSq); err != nil {
			return fmt.Errorf("set %s: squares: %w", r.Set, err)
		}
	}
	return nil
}

func (t *totals) opens(e *ristretto.Element, sum uint64, blinding []byte, most uint64) error {
	if sum > most {
		return fmt.Errorf("%d is more than all meters together can have used: %w", sum, ErrWrongSum)
	}
	opened, err := opening(t.n, t.slot, sum, blinding)
	if err != nil {
		return err
	}
	if !opened.Element().Equal(e) {
		return ErrWrongSum
	}
	return nil
}

// opening returns v·G_s + r·H, to be evaluated.
func opening(n, slot int, v uint64, blinding []byte) (*ristretto.Sum, error) {
	var s ristretto.Sum
	var k, r ristretto.Scalar
	if err := r.SetCanonical(blinding); err != nil {
		return nil, fmt.Errorf("blinding: %w", err)
	}
	s.AddBase(ristretto.Slot(n, slot), k.SetUint64(v))
	s.AddBase(ristretto.H(), &r)
	return &s, nil
}

// Mean returns S/n in Wh, with six decimals, halves to even.
func (r *Release) Mean() string {
	return decimal(new(big.Int).SetUint64(r.Sum), big.NewInt(int64(r.Meters)))
}

// Variance returns the variance of the readings, (n·T − S²)/n², in Wh² with six
// decimals, halves to even; ok is false if squares were not released.
func (r *Release) Variance() (text string, ok bool) {
	if len(r.Squares) == 0 {
		return "", false
	}
	n, s := big.NewInt(int64(r.Meters)), new(big.Int).SetUint64(r.Sum)
	v := new(big.Int).SetUint64(r.Squares[0].Sum)
	v.Mul(v, n).Sub(v, s.Mul(s, s))
	return decimal(v, n.Mul(n, n)), true
}

// decimal returns a/b, b > 0, with six decimals, halves to even.
func decimal(a, b *big.Int) string {
	million := big.NewInt(1_000_000)
	q, rest := new(big.Int).DivMod(new(big.Int).Mul(a, million), b, new(big.Int))
	half := rest.Lsh(rest, 1).Cmp(b)
	if half > 0 || half == 0 && q.Bit(0) == 1 {
		q.Add(q, big.NewInt(1))
	}
	sign := ""
	if q.Sign() < 0 {
		sign = "-"
	}
	digits := q.Abs(q).String()
	if len(digits) < 7 {
		digits = strings.Repeat("0", 7-len(digits)) + digits
	}
	return sign + digits[:len(digits)-6] + "." + digits[len(digits)-6:]
}
