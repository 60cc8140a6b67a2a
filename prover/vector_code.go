package prover

import (
	"math/big"

	"hushwatt/prover/ristretto"
)

var three = big.NewInt(3)

// code writes the integers 0 … bound, and no others, with digits 0 … 3: v is one
// of them exactly if factor·v = Σ weights[k]·digit k for some digits. The weights
// are 1, 4, 16, … and a last one that makes 3·Σ weights = factor·bound; factor is
// 1 if 3 divides bound, else 3. Positions after that have weight 0.
type code struct {
	factor  int64
	weights []*big.Int // one a position
	used    int        // positions before those of weight 0
}

// newCode returns the code of a bound ≥ 0 with at least so many positions.
func newCode(bound *big.Int, positions int) code {
	c := code{factor: 1}
	third, rest := new(big.Int).QuoRem(bound, three, new(big.Int))
	if rest.Sign() != 0 {
		c.factor, third = 3, bound
	}
	// Σ weights = third: as many powers of 4 as fit with a last weight > 0.
	sum, power := new(big.Int), big.NewInt(1)
	for next := new(big.Int); third.Cmp(sum) > 0; c.used++ {
		if next.Add(sum, power).Cmp(third) >= 0 {
			power = new(big.Int).Sub(third, sum)
		}
		c.weights = append(c.weights, new(big.Int).Set(power))
		sum.Add(sum, power)
		power.Lsh(power, 2)
	}
	for len(c.weights) < positions {
		c.weights = append(c.weights, zero)
	}
	return c
}

// wholeBound returns the least multiple of 3 that is not below bound: its code
// has factor 1, so that what it is a code of is an integer. A factor of 3 says of
// v only that 3·v is one.
func wholeBound(bound *big.Int) *big.Int {
	v := new(big.Int).Add(bound, big.NewInt(2))
	return v.Sub(v, new(big.Int).Mod(v, three))
}

// codePositions returns how many positions any bound below 2^width takes: a
// number that does not depend on which of them was met.
func codePositions(width int) int { return (width + 3) / 2 }

// digits returns the digits of an integer within the bound, in time that does not
// depend on it. Of others it returns some digits.
func (c *code) digits(v Int) []uint8 {
	out := make([]uint8, len(c.weights))
	if c.used == 0 {
		return out
	}
	v = v.Mul(NewInt(c.factor))
	// The last digit is as small as it can be: j if v is at least 4^(K−1) + (j−1)
	// times its weight.
	last := c.used - 1
	w := publicInt(c.weights[last])
	threshold := publicInt(new(big.Int).Lsh(one, uint(2*last)))
	low := v
	for range 3 {
		reached := 1 - v.Less(threshold)
		out[last] += uint8(reached)
		low = Select(reached, low.Sub(w), low)
		threshold = threshold.Add(w)
	}
	for k := range last {
		out[k] = uint8(low[k/32] >> (2 * (k % 32)) & 3)
	}
	return out
}

// scalars returns the weights times k, to be multiplied with digits.
func (c *code) scalars(k *ristretto.Scalar) []ristretto.Scalar {
	out := make([]ristretto.Scalar, len(c.weights))
	for i := range c.used {
		switch {
		case i == 0 || i == c.used-1:
			w := publicScalar(c.weights[i])
			out[i].Mul(k, &w)
		default:
			out[i].Add(&out[i-1], &out[i-1])
			out[i].Add(&out[i], &out[i])
		}
	}
	return out
}
