package tariffs

import (
	"fmt"
	"math/big"
	"strings"
)

// Money is big integers throughout. A pico unit is 10⁻¹² of the currency; a
// fine unit is 10⁻⁴⁸, in which a pico amount times a discount's rate and those
// of three taxes that follow each other is still whole; a minor unit is
// 10^−digits, what a rounded amount counts.

var (
	nano   = big.NewInt(1e9)
	two    = big.NewInt(2)
	finest = 48

	picoFine    = powerOfTen(36)              // fine units of a pico unit
	wholeFactor = powerOfTen(9 * maxTaxDepth) // a factor of 1
)

func powerOfTen(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// round returns num/den as an integer, den > 0.
func (m Mode) round(num, den *big.Int) *big.Int {
	q, rest := new(big.Int).DivMod(num, den, new(big.Int)) // q = ⌊num/den⌋, 0 ≤ rest < den
	up := false
	switch half := new(big.Int).Mul(rest, two).Cmp(den); {
	case m == Down:
	case m == Up:
		up = rest.Sign() > 0
	case half != 0:
		up = half > 0
	default: // a tie
		up = m == HalfUp || m == HalfAway && num.Sign() > 0 || m == HalfEven && q.Bit(0) == 1
	}
	if up {
		q.Add(q, big.NewInt(1))
	}
	return q
}

// minor rounds a pico amount to minor units.
func (r Rounding) minor(pico *big.Int) *big.Int { return r.Mode.round(pico, powerOfTen(12-r.Digits)) }

// fine turns minor units into fine units.
func (r Rounding) fine(minor *big.Int) *big.Int {
	return new(big.Int).Mul(minor, powerOfTen(finest-r.Digits))
}

// Money writes an amount of minor units with exactly Digits decimals.
func (r Rounding) Money(minor *big.Int) string { return Decimal(minor, r.Digits, r.Digits) }

// Decimal writes n·10^−scale with all its decimals, but not fewer than least.
func Decimal(n *big.Int, scale, least int) string {
	text := new(big.Int).Abs(n).String()
	if len(text) <= scale {
		text = strings.Repeat("0", scale+1-len(text)) + text
	}
	whole, decimals := text[:len(text)-scale], text[len(text)-scale:]
	for len(decimals) > least && decimals[len(decimals)-1] == '0' {
		decimals = decimals[:len(decimals)-1]
	}
	if decimals != "" {
		whole += "." + decimals
	}
	if n.Sign() < 0 {
		return "-" + whole
	}
	return whole
}

// taxFactors returns what each tax adds to a net unit of a component, taxes on
// taxes in it, in units of 10⁻²⁷.
func (p *Plan) taxFactors(component string) []*big.Int {
	var out []*big.Int
	for _, t := range p.Taxes {
		base := new(big.Int)
		if in(t.Of, component) {
			base.Set(wholeFactor)
		}
		for _, j := range t.On {
			base.Add(base, out[j])
		}
		base.Mul(base, big.NewInt(t.Rate))
		out = append(out, base.Quo(base, nano)) // whole: at most three rates of nine decimals
	}
	return out
}

// taxFactor returns a net unit of a component with its taxes, in units of 10⁻²⁷.
func (p *Plan) taxFactor(component string) *big.Int {
	return new(big.Int).Add(wholeFactor, sum(p.taxFactors(component)))
}

// roundedTaxes returns each tax on a rounded net amount and on the rounded
// taxes that it is raised on, in minor units; none where the prices include
// them.
func (p *Plan) roundedTaxes(net *big.Int) []*big.Int {
	if p.PricesIncludeTax {
		return nil
	}
	var out []*big.Int
	for _, t := range p.Taxes {
		base := new(big.Int).Set(net)
		for _, j := range t.On {
			base.Add(base, out[j])
		}
		out = append(out, p.Rounding.Mode.round(base.Mul(base, big.NewInt(t.Rate)), nano))
	}
	return out
}

// included returns what of a total is tax i where the prices include it, in
// minor units. It is information: nothing is added up from it.
func (p *Plan) included(i int, total *big.Int) *big.Int {
	part := new(big.Int).Mul(total, p.taxFactors("")[i])
	return p.Rounding.Mode.round(part, p.taxFactor(""))
}

// roundedPublic returns the sum of the lines that do not depend on readings,
// each rounded, in minor units, as the stages line and interval have it.
func (p *Plan) roundedPublic() *big.Int {
	total := new(big.Int)
	for _, it := range p.items {
		if it.public {
			total.Add(total, p.Rounding.Mode.round(it.amount.konst, p.minorUnit()))
		}
	}
	return total
}

func sum(ns []*big.Int) *big.Int {
	total := new(big.Int)
	for _, n := range ns {
		total.Add(total, n)
	}
	return total
}

// Total turns what a proof reveals into the total of the bill, in minor units
// (Rounding.Money writes it). Every stage reveals one number, in minor units:
// bill the total itself; net the rounded net total, to which the taxes are
// added here; line and interval the sum of the rounded lines that depend on
// readings, to which the other lines and the taxes are added here.
func (p *Plan) Total(revealed []*big.Int) (*big.Int, error) {
	if len(revealed) != 1 || revealed[0] == nil {
		return nil, fmt.Errorf("total: %d numbers revealed, a bill of stage %q reveals 1", len(revealed), p.Rounding.Stage)
	}
	total := new(big.Int).Set(revealed[0])
	if p.Rounding.Stage == StageBill {
		return total, nil
	}
	if p.perLine() {
		total.Add(total, p.roundedPublic())
	}
	return total.Add(total, sum(p.roundedTaxes(total))), nil
}
