package prover

import (
	"math/big"
	"testing"
)

// kWh prices every slot of the plan alike.
func kWh(p *BillPlan, price int64) [][]int64 {
	return p.functional("", 7, new(big.Int), one).each(func(int64) int64 { return price })
}

func (f Functional) each(change func(int64) int64) [][]int64 {
	for _, row := range f.Weights {
		for s, w := range row {
			if w != 0 {
				row[s] = change(w)
			}
		}
	}
	return f.Weights
}

// blockPlan is a month with a price per block: prices[0] up to the first threshold
// in Wh and so on, and a minimum charge if it is above 0.
func blockPlan(t testing.TB, seed uint64, prices, thresholds []int64, minimum int64) (*house, *BillPlan) {
	h, p := houseAndPlan(t, seed)
	total := Form{Weights: kWh(p, prices[0]), Const: big.NewInt(3_520_282_500)}
	for k, at := range thresholds {
		p.Rules = append(p.Rules, Rule{Name: "block", Kind: Excess, Of: Form{Weights: kWh(p, 1), Const: big.NewInt(-at)}})
		if d := prices[k+1] - prices[k]; d != 0 {
			total.Hidden = append(total.Hidden, Term{k, big.NewInt(d)})
		}
	}
	f := &p.Functionals[0]
	f.Weights, f.Const, f.Hidden, f.U = total.Weights, total.Const, total.Hidden, big.NewInt(5_000_000)
	if minimum > 0 {
		total.Const = new(big.Int).Sub(total.Const, big.NewInt(minimum))
		p.Rules = append(p.Rules, Rule{Name: "minimum", Kind: Excess, Of: total})
		f.Weights = kWh(p, 0)
		f.Const, f.Hidden = big.NewInt(minimum), []Term{{len(p.Rules) - 1, one}}
	}
	return h, p
}

// used is the energy of the plan's period.
func used(h *house, p *BillPlan) int64 {
	var sum int64
	for _, d := range h.opened.Days {
		for _, wh := range d.Channels[0].Wh {
			sum += int64(wh)
		}
	}
	return sum
}

// tiered is the oracle of blockPlan: watt-hour by watt-hour in blocks.
func tiered(h *house, p *BillPlan, prices, thresholds []int64, minimum int64) *big.Int {
	left, money := used(h, p), int64(3_520_282_500)
	for k, price := range prices {
		here := left
		if k < len(thresholds) {
			width := thresholds[k]
			if k > 0 {
				width -= thresholds[k-1]
			}
			here = min(left, width)
		}
		money += here * price
		left -= here
	}
	return oracleRound(big.NewInt(max(money, minimum)), p.Functionals[0].U, Mode(p.Mode))
}

func TestBlocks(t *testing.T) {
	for name, c := range map[string]struct {
		prices, thresholds []int64
		minimum            int64
	}{
		"rising":               {[]int64{74_697, 90_000, 120_000}, []int64{1_000_000, 2_000_000}, 0},
		"not reached":          {[]int64{74_697, 90_000, 120_000}, []int64{1_000_000, 200_000_000}, 0},
		"falling":              {[]int64{120_000, 90_000, 70_000}, []int64{1_000_000, 2_000_000}, 0},
		"mixed":                {[]int64{70_000, 120_000, 60_000, 130_000}, []int64{1_000_000, 2_000_000, 3_000_000}, 0},
		"mixed, not reached":   {[]int64{70_000, 120_000, 60_000, 130_000}, []int64{1_000_000, 200_000_000, 300_000_000}, 0},
		"allowance":            {[]int64{0, 90_000}, []int64{1_500_000}, 0},
		"allowance not spent":  {[]int64{0, 90_000}, []int64{150_000_000}, 0},
		"minimum":              {[]int64{74_697, 90_000, 120_000}, []int64{1_000_000, 2_000_000}, 10_000_000_000},
		"minimum counts":       {[]int64{74_697, 90_000, 120_000}, []int64{1_000_000, 2_000_000}, 1_000_000_000_000},
		"minimum of falling":   {[]int64{120_000, 90_000, 70_000}, []int64{1_000_000, 2_000_000}, 10_000_000_000},
		"minimum of mixed":     {[]int64{70_000, 120_000, 60_000, 130_000}, []int64{1_000_000, 2_000_000, 3_000_000}, 10_000_000_000},
		"same threshold twice": {[]int64{70_000, 90_000, 130_000}, []int64{1_000_000, 1_000_000}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			for _, stage := range []Stage{StageBill, StageNet} {
				h, p := blockPlan(t, 21, c.prices, c.thresholds, c.minimum)
				p.Stage = stage
				bill, r := accepts(t, p, h)
				amountIs(t, r, tiered(h, p, c.prices, c.thresholds, c.minimum))
				t.Logf("%d bytes", len(bill.Submission.Bytes()))
			}
		})
	}
}

// A minimum to the last Wh: the amount says on which side the home is.
func TestMinimumAtTheEdge(t *testing.T) {
	prices, thresholds := []int64{74_697, 90_000, 120_000}, []int64{1_000_000, 2_000_000}
	for _, mode := range modes {
		for by := int64(-1); by <= 1; by++ {
			for _, u := range []int64{1, 2, 5_000_000} {
				h, p := blockPlan(t, 22, prices, thresholds, 1)
				p.Mode = string(mode)
				p.Functionals[0].U = big.NewInt(u)
				all := tiered(h, &BillPlan{Terms: Terms{Mode: "half-up"}, Functionals: []Functional{{U: one}}}, prices, thresholds, 0).Int64()
				minimum := all + by*max(1, u/2)
				p.Rules[2].Of.Const = big.NewInt(3_520_282_500 - minimum)
				p.Functionals[0].Const = big.NewInt(minimum)
				_, r := accepts(t, p, h)
				amountIs(t, r, tiered(h, p, prices, thresholds, minimum))
			}
		}
	}
}

// Tiers of demand: what is between two thresholds is charged, and above less.
func TestTiersOfDemand(t *testing.T) {
	for name, c := range map[string]struct {
		coefs    []int64 // per Wh beyond 1,000, 3,000 and 4,500 Wh
		provable bool
	}{
		"a tier": {[]int64{40, -40, 0}, true}, "less": {[]int64{40, -30, 25}, true}, "not reached": {[]int64{0, 0, 30}, true},
		"falling": {[]int64{40, -50, 0}, false}, "falling first": {[]int64{-1, 60, 0}, false},
	} {
		t.Run(name, func(t *testing.T) {
			h, p := houseAndPlan(t, 23)
			var groups []Group
			for i, r := range p.Rows() {
				for s := range r.N {
					groups = append(groups, Group{Day: r.Day, Cells: []Place{{i, s}}})
				}
			}
			p.Rules = []Rule{{Name: "demand", Kind: Peak, Groups: groups}}
			for k, at := range []int64{1000, 3000, 4500} {
				p.Rules = append(p.Rules, Rule{Name: "tier", Kind: Excess, Of: Form{Const: big.NewInt(-at), Hidden: []Term{{0, one}}}})
				if c.coefs[k] != 0 {
					p.Functionals[0].Hidden = append(p.Functionals[0].Hidden, Term{k + 1, big.NewInt(c.coefs[k])})
				}
			}
			if err := p.Provable(); (err == nil) != c.provable {
				t.Fatal(err)
			}
			if c.provable {
				_, r := accepts(t, p, h)
				amountIs(t, r, newRuleOracle(p, h).amount())
			}
		})
	}
}

// Blocks by day: a rule for every day, whose ranges are written in digits.
func TestBlocksByDay(t *testing.T) {
	h, p := houseAndPlan(t, 24)
	for d := range 31 {
		p.Rules = append(p.Rules, Rule{Name: "day", Kind: Excess, Of: Form{FirstRow: d, Weights: kWh(p, 1)[d : d+1], Const: big.NewInt(-110_000)}})
		p.Functionals[0].Hidden = append(p.Functionals[0].Hidden, Term{d, big.NewInt(500)})
	}
	bill, r := accepts(t, p, h)
	amountIs(t, r, newRuleOracle(p, h).amount())
	if size := len(bill.Submission.Bytes()); size > 12_000 {
		t.Errorf("%d bytes", size)
	}
	for d := range 31 { // falling: with products as well
		p.Functionals[0].Hidden[d].Coef = big.NewInt(-500)
	}
	_, r = accepts(t, p, h)
	amountIs(t, r, newRuleOracle(p, h).amount())
}
