package source

import (
	"math/big"
	"strings"
)

// amount returns a decimal number exactly as it is written: 0.07, 1e-3, "12,5"
// with a decimal comma. It is 0 for nil.
func (n *node) amount() *big.Rat {
	s := n.str()
	if n == nil {
		return new(big.Rat)
	}
	d, ok := decimal(s)
	if !ok {
		n.fail("%q is not a decimal number", shorten(s))
		return new(big.Rat)
	}
	return d
}

// maxDigits bounds a number's text, and maxExponent its power of ten.
const (
	maxDigits   = 60
	maxExponent = 60
)

// decimal reads a plain decimal number, with a point or a comma and at most a
// small exponent; no fractions, hexadecimals or infinities.
func decimal(s string) (*big.Rat, bool) {
	s = strings.TrimSpace(s)
	if strings.Count(s, ",") == 1 && !strings.Contains(s, ".") {
		s = strings.Replace(s, ",", ".", 1)
	}
	mantissa, exponent, has := strings.Cut(strings.ToLower(s), "e")
	if len(mantissa) > maxDigits || !strings.ContainsAny(mantissa, "0123456789") || strings.Trim(mantissa, "+-.0123456789") != "" {
		return nil, false
	}
	if has {
		e := strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(exponent, "+"), "-"), "0")
		if len(e) > 2 || e != "" && (len(e) == 2 && e > "60" || strings.Trim(e, "0123456789") != "") {
			return nil, false
		}
	}
	return new(big.Rat).SetString(s)
}

// none reports whether a node stands for no limit: absent, null, Infinity, or
// 1e30 and more, which the American forms write.
func (n *node) none() bool {
	if n == nil {
		return true
	}
	if strings.EqualFold(n.text, "infinity") {
		n.read = true
		return true
	}
	return n.amount().Cmp(huge) >= 0
}

var huge = new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(30), nil))

func rat(a, b int64) *big.Rat { return big.NewRat(a, b) }

func times(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }

func plus(a, b *big.Rat) *big.Rat { return new(big.Rat).Add(a, b) }

// plain writes a number without needless digits if nine decimals hold it.
func plain(d *big.Rat) (string, bool) {
	text := d.FloatString(9)
	back, ok := new(big.Rat).SetString(text)
	if !ok || back.Cmp(d) != 0 {
		return text, false
	}
	text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	if text == "-0" {
		text = "0"
	}
	return text, true
}

// nearest rounds to a number of decimals, ties to even.
func nearest(d *big.Rat, decimals int) *big.Rat {
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil)
	scaled := new(big.Rat).Mul(d, new(big.Rat).SetInt(unit))
	q, rest := new(big.Int).DivMod(scaled.Num(), scaled.Denom(), new(big.Int))
	switch twice := rest.Lsh(rest, 1).Cmp(scaled.Denom()); {
	case twice > 0, twice == 0 && q.Bit(0) == 1:
		q.Add(q, big.NewInt(1))
	}
	return new(big.Rat).SetFrac(q, unit)
}
