package source

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// energy is an exact amount of Wh, never negative: whole + part/10^18. Eighteen
// places of a Wh are 21 of a kWh; files have been seen with 20, nearly all zero.
type energy struct {
	whole int64
	part  uint64 // below one
}

const (
	places = 18
	one    = 1_000_000_000_000_000_000 // 10^places

	// A single reading has at most 15 digits before the point, so that no sum
	// of a file's rows overflows; the bound of a slot is checked later.
	maxDigits = 15
)

// add returns a + b.
func (a energy) add(b energy) energy {
	sum := energy{a.whole + b.whole, a.part + b.part}
	if sum.part >= one {
		sum.whole, sum.part = sum.whole+1, sum.part-one
	}
	return sum
}

// sub returns a − b for b ≤ a.
func (a energy) sub(b energy) energy {
	if a.part < b.part {
		return energy{a.whole - b.whole - 1, a.part + one - b.part}
	}
	return energy{a.whole - b.whole, a.part - b.part}
}

// less reports whether a < b.
func (a energy) less(b energy) bool {
	return a.whole < b.whole || a.whole == b.whole && a.part < b.part
}

// times returns a·num/den, cut to the last of the decimals: mean power over step
// seconds is times(step, 3600), exact for hours, half-hours and quarter-hours.
// num ≤ den < 2^32.
func (a energy) times(num, den uint64) energy {
	high, low := bits.Mul64(uint64(a.whole), num)
	whole, rest := bits.Div64(high, low, den)
	high, low = bits.Mul64(a.part, num)
	rh, rl := bits.Mul64(rest, one)
	low, carry := bits.Add64(low, rl, 0)
	high, _ = bits.Add64(high, rh, carry)
	part, _ := bits.Div64(high, low, den)
	return energy{int64(whole), 0}.add(energy{int64(part / one), part % one})
}

// tenTo returns 10^n Wh.
func tenTo(n int) energy {
	e := energy{whole: 1}
	for range n {
		e.whole *= 10
	}
	return e
}

// rounded returns ⌊a + ½⌋.
func (a energy) rounded() int64 {
	if a.part >= one/2 {
		return a.whole + 1
	}
	return a.whole
}

// String gives all decimals in Wh and no more.
func (a energy) String() string {
	if a.part == 0 {
		return strconv.FormatInt(a.whole, 10)
	}
	return strings.TrimRight(fmt.Sprintf("%d.%0*d", a.whole, places, a.part), "0")
}

// parseEnergy reads a decimal, with an exponent or without, as units of
// 10^scale Wh: scale 3 for kWh, 0 for Wh.
func parseEnergy(s string, scale int) (energy, bool) {
	mantissa, exponent, hasExp := cutAny(s, "eE")
	if hasExp {
		e, err := strconv.Atoi(exponent)
		if err != nil || e < -40 || e > 40 {
			return energy{}, false
		}
		scale += e
	}
	whole, fraction, hasPoint := strings.Cut(mantissa, ".")
	if hasPoint && whole == "" {
		whole = "0" // .048
	}
	if !isDigits(whole) || hasPoint && !isDigits(fraction) {
		return energy{}, false
	}
	return shift(whole+fraction, len(whole)+scale)
}

// shift reads 0.DIGITS × 10^point.
func shift(digits string, point int) (energy, bool) {
	trimmed := strings.TrimLeft(digits, "0")
	point -= len(digits) - len(trimmed)
	trimmed = strings.TrimRight(trimmed, "0")
	if trimmed == "" {
		return energy{}, true
	}
	if point > maxDigits || len(trimmed)-point > places {
		return energy{}, false
	}
	if point < 0 {
		trimmed, point = strings.Repeat("0", -point)+trimmed, 0
	}
	trimmed += strings.Repeat("0", max(0, point-len(trimmed)))
	part := trimmed[point:]
	part += strings.Repeat("0", places-len(part))
	// Both halves are digits and short enough: neither call can fail.
	w, _ := strconv.ParseInt("0"+trimmed[:point], 10, 64)
	p, _ := strconv.ParseUint(part, 10, 64)
	return energy{w, p}, true
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// cutAny cuts s around the first byte that is one of chars.
func cutAny(s, chars string) (before, after string, found bool) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}
