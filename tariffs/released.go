package tariffs

import (
	"fmt"
	"math/big"
	"slices"
)

// What a bill tells, as rows for the privacy rules. Where it compares readings
// its amount is linear only as long as each comparison comes out the same way,
// so a bill is one row for each of several ways, and one for each demand
// (docs/protocol.md, section 6.6).

// Released returns what a bill of this plan tells, which a device keeps and
// judges later bills with: one number, the money of all slots in units of the
// last decimal, in the regimes Below and Above if they differ; and each demand
// that is charged for. That the lines of stage line (the slots of stage
// interval) are rounded apart only blurs it.
func (p *Plan) Released() ([]Row, error) {
	total := p.total()
	below, err := p.regime(total, p.comparing(nil))
	if err != nil {
		return nil, err
	}
	rows := []Row{below}
	if slices.ContainsFunc(p.Rules, p.switches) {
		all := p.comparing(func(*Rule) bool { return true })
		above, err := p.regime(total, all)
		if err != nil {
			return nil, err
		}
		if !equalRows(below, above) {
			rows[0].Regime, above.Regime = Below, Above
			rows = append(rows, above)
		}
	}
	return append(rows, p.peakRows(true)...), nil
}

// Private applies the privacy rules to what a bill of this plan tells, together
// with what was told before about the same meter (Released of those bills): in
// the regimes Below and Above, with each comparison alone beyond its threshold,
// and with each minimum charge in place of what it covers. It returns the
// greatest shares.
func (p *Plan) Private(before []Row) (*Explained, error) {
	rows, err := p.Released()
	if err != nil {
		return nil, err
	}
	worst, err := Privacy(p.N, p.Clock, append(slices.Clone(rows), before...))
	if err != nil {
		return worst, err
	}
	var beside []Row
	for _, r := range append(p.peakRows(true), before...) {
		if r.Regime != Above {
			r.Regime = Always
			beside = append(beside, r)
		}
	}
	for _, exact := range p.peakRows(false) {
		explained, err := Privacy(p.N, p.Clock, []Row{exact})
		if explained != nil {
			worst.raise(explained)
		}
		if err != nil {
			return worst, err
		}
	}
	return worst, p.eachAlone(func(r *Rule, alone Row) error {
		explained, err := Privacy(p.N, p.Clock, append([]Row{alone}, beside...))
		if explained != nil {
			worst.raise(explained)
		}
		if err != nil {
			return p.aloneError(r, err)
		}
		return nil
	})
}

// switches reports whether a rule changes the weights of a bill, apart from
// minimum charges: rule by rule what lies above a threshold, or net of export.
func (p *Plan) switches(r Rule) bool { return r.Kind == RuleExcess || r.Kind == RuleNet }

// comparing says of each rule whether its comparison holds: minimum charges are
// passed (nothing is topped up) in any case, others where on says so.
func (p *Plan) comparing(on func(*Rule) bool) []bool {
	out := make([]bool, len(p.Rules))
	for i := range p.Rules {
		out[i] = slices.Contains(p.minimumRules, i) || on != nil && on(&p.Rules[i])
	}
	return out
}

// regime returns the weights of an amount while comparisons come out as `on`
// says.
func (p *Plan) regime(e *expr, on []bool) (Row, error) {
	cells, _, err := p.cells(e, on)
	if err != nil {
		return Row{}, err
	}
	row, _, err := p.row(cells, nil)
	return row, err
}

// cells returns these weights in fine units, row by row, and by how much the
// amount rises with each rule's value.
func (p *Plan) cells(e *expr, on []bool) (cells, factors []*big.Int, err error) {
	v, err := p.linear(e)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: a price has more than 63 bits", ErrNotProvable)
	}
	cells = make([]*big.Int, len(v.weights))
	add := func(i int, weight int64, factor *big.Int) {
		if weight == 0 {
			return
		}
		if cells[i] == nil {
			cells[i] = new(big.Int)
		}
		cells[i].Add(cells[i], new(big.Int).Mul(big.NewInt(weight), factor))
	}
	for i, w := range v.weights {
		add(i, w, v.scale)
	}
	addNet := func(first int, prices []int64, factor *big.Int) {
		for s, w := range prices {
			add(p.at(first*p.N+s, importChannel), w, factor)
			add(p.at(first*p.N+s, exportChannel), -w, factor)
		}
	}
	factors = make([]*big.Int, len(p.Rules))
	for i := range factors {
		factors[i] = coefficient(e.hidden, i)
	}
	netOn := false
	for i := len(p.Rules) - 1; i >= 0; i-- {
		r := &p.Rules[i]
		netOn = netOn || r.Kind == RuleNet && on[i]
		if !on[i] || factors[i].Sign() == 0 {
			continue
		}
		switch r.Kind {
		case RuleExcess:
			for row, weights := range r.Of.Weights {
				for s, w := range weights {
					add((r.Of.FirstRow+row)*p.N+s, w, factors[i])
				}
			}
			for _, t := range r.Of.Hidden {
				x := new(big.Int).Mul(factors[i], t.Coef)
				factors[t.Rule] = x.Add(x, factors[t.Rule])
			}
		case RuleNet:
			for d, prices := range r.Price {
				addNet(r.FirstDay+d, prices, factors[i])
			}
		}
	}
	if netOn {
		addNet(0, v.net, v.netScale)
	}
	return cells, factors, nil
}

// row makes a row of fine units: in units of the last decimal, in lowest terms
// but for what the weights and U do not share with more. It returns how many
// fine units a weight of 1 is.
func (p *Plan) row(cells, more []*big.Int) (Row, *big.Int, error) {
	shared := new(big.Int).Set(p.minorUnit())
	for _, list := range [][]*big.Int{cells, more} {
		var last *big.Int
		for _, x := range list {
			if x != nil && (last == nil || x.Cmp(last) != 0) { // most are like the one before
				shared.GCD(nil, nil, shared, new(big.Int).Abs(x))
				last = x
			}
		}
	}
	r := Row{FirstDay: p.FirstDay, U: new(big.Int).Quo(p.minorUnit(), shared)}
	for i := range p.Days * len(p.Channels) {
		day := make([]int64, p.N)
		for s := range day {
			if x := cells[i*p.N+s]; x != nil {
				if x = new(big.Int).Quo(x, shared); !x.IsInt64() {
					return Row{}, nil, fmt.Errorf("%w: a price has more than 63 bits", ErrNotProvable)
				}
				day[s] = x.Int64()
			}
		}
		if p.Channels[i%len(p.Channels)] == importChannel {
			r.Weights = append(r.Weights, day)
		} else {
			r.Export = append(r.Export, day)
		}
	}
	if r.Weights == nil {
		for range p.Days {
			r.Weights = append(r.Weights, make([]int64, p.N))
		}
	}
	return r, shared, nil
}

func (r *Row) zero() bool {
	any := func(day []int64) bool { return slices.ContainsFunc(day, func(w int64) bool { return w != 0 }) }
	return !slices.ContainsFunc(r.Weights, any) && !slices.ContainsFunc(r.Export, any)
}

func equalRows(a, b Row) bool {
	return a.FirstDay == b.FirstDay && a.Peak == b.Peak && a.U.Cmp(b.U) == 0 &&
		slices.EqualFunc(a.Weights, b.Weights, slices.Equal) && slices.EqualFunc(a.Export, b.Export, slices.Equal)
}

// LeastSlots returns the least number of slots that share a price, import and
// export apart: the fewer, the more a bill tells of each.
func (p *Plan) LeastSlots() (int, error) {
	row, err := p.regime(p.total(), p.comparing(nil))
	if err != nil {
		return 0, err
	}
	least := p.Days * p.N
	for c, weights := range [][][]int64{row.Weights, row.Export} {
		if !slices.Contains(p.Channels, c) {
			continue
		}
		count := map[int64]int{}
		for t := p.From; t < p.To; t += p.step() {
			s := p.slotAt(t)
			count[weights[s/p.N][s%p.N]]++
		}
		for _, n := range count {
			least = min(least, n)
		}
	}
	return least, nil
}
