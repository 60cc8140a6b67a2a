package prover

import (
	"fmt"
	"math/big"
	"slices"

	"hushwatt/meter"
	"hushwatt/prover/sigma"
)

// claim builds the claim that rows under the plan's prices come to outputs.
// Customer and supplier call it with the same arguments, each with its own plan
// (docs/protocol.md, section 4).
func (p *BillPlan) claim(rows []meter.Row, outputs []Output) (*Claim, error) {
	return p.claimKnowing(nil, rows, outputs)
}

// claimKnowing is claim for a caller who knows the plan's weights hash already.
func (p *BillPlan) claimKnowing(hash *[32]byte, rows []meter.Row, outputs []Output) (*Claim, error) {
	c, err := p.build(hash, rows, outputs)
	if err == nil {
		err = c.Check()
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// build makes the claim without checking it.
func (p *BillPlan) build(hash *[32]byte, rows []meter.Row, outputs []Output) (*Claim, error) {
	if len(outputs) != p.outputs() {
		return nil, fmt.Errorf("%d outputs instead of %d", len(outputs), p.outputs())
	}
	places, err := p.places(rows)
	if err != nil {
		return nil, err
	}
	list := p.sealed(rows)
	whole := hash != nil && len(rows) == len(p.Functionals[0].Weights) && len(p.Rules) == 0
	for i := range rows {
		whole = whole && places[i] == i && list[i].Skip == nil
	}
	c := NewClaim(list, p.TZ)
	if whole { // the claim's weights are those of the plan
		c.hash = hash
	}
	return c, p.require(c, places, outputs)
}

// Provable reports whether a claim can express the plan, for meters of any cap:
// an error wraps ErrNotProvable or says what is wrong with the plan.
func (p *BillPlan) Provable() error {
	if err := p.check(); err != nil {
		return err
	}
	rows, readings := []meter.Row{}, [][]uint32{}
	for _, r := range p.Rows() {
		rows = append(rows, meter.Row{Meter: r.Meter, Day: uint16(r.Day), Channel: r.Channel, N: r.N, Cap: meter.MaxCap})
		readings = append(readings, make([]uint32, r.N))
	}
	outputs, err := p.reveal(rows, readings)
	if err == nil {
		_, err = p.claim(rows, outputs)
	}
	return err
}

// sealed describes rows to a claim.
func (p *BillPlan) sealed(rows []meter.Row) []Row {
	list := make([]Row, len(rows))
	for i := range rows {
		list[i] = Row{N: rows[i].N, Cap: rows[i].Cap, Skip: p.Policy.skips(&rows[i])}
	}
	return list
}

// require states how the outputs follow from the functionals.
func (p *BillPlan) require(c *Claim, places []int, outputs []Output) error {
	sums := make([]Linear, len(p.Functionals))
	if len(p.Rules) > 0 {
		r := p.ruled(c.rows, places).rule(c)
		if r.clamp >= 0 {
			return r.clamped(&p.Functionals[0], Mode(p.Mode), outputs[0].Int())
		}
		for j := range p.Functionals {
			sums[j] = r.functional(&p.Functionals[j])
		}
	} else {
		for j, f := range p.Functionals {
			sums[j] = c.Functional(f.rows(places), f.Const)
		}
	}
	p.reveals(c, sums, outputs)
	return nil
}

// reveals states which rounded sums are shown.
func (p *BillPlan) reveals(c *Claim, sums []Linear, outputs []Output) {
	switch {
	case p.Kind == BillExact:
		c.Reveal(sums[0], outputs[0].Int())
	case p.lines():
		us := make([]*big.Int, len(p.Functionals))
		for j, f := range p.Functionals {
			us[j] = f.U
		}
		if len(p.Rules) > 0 {
			sums, us = wholeFirst(sums, us)
		}
		c.RoundedLines(sums, us, Mode(p.Mode), outputs[0].Int())
	default:
		for j, x := range sums {
			c.Rounded(x, p.Functionals[j].U, Mode(p.Mode), outputs[j].Int())
		}
	}
}

// wholeFirst adds up the lines in units of 1 and puts them first: a last line
// without rounding would be an equation, in which one-sided secrets cannot stand.
func wholeFirst(sums []Linear, us []*big.Int) ([]Linear, []*big.Int) {
	lines, units := []Linear{{}}, []*big.Int{one}
	for j, l := range sums {
		if us[j].Cmp(one) == 0 {
			lines[0] = lines[0].Add(l)
			continue
		}
		lines, units = append(lines, l), append(units, us[j])
	}
	if len(lines) > len(sums) { // there are none
		return sums, us
	}
	return lines, units
}

// reveal computes the outputs from the readings of rows, in time that does not
// depend on the readings.
func (p *BillPlan) reveal(rows []meter.Row, readings [][]uint32) ([]Output, error) {
	places, err := p.places(rows)
	if err != nil {
		return nil, err
	}
	counted := p.counted(rows, readings)
	values, _ := p.ruled(p.sealed(rows), places).values(counted)
	sums := make([]Int, len(p.Functionals))
	for j := range p.Functionals {
		form := p.Functionals[j].form()
		sums[j] = p.divide(form.value(places, counted, values), p.Functionals[j].U)
	}
	if p.lines() {
		var total Int
		for _, x := range sums {
			total = total.Add(x)
		}
		sums = []Int{total}
	}
	outputs := make([]Output, len(sums))
	for i, x := range sums {
		if outputs[i], err = newOutput(x); err != nil {
			return nil, err
		}
	}
	return outputs, nil
}

// secrets are what a proof needs to be given, in the order of the claim.
func (p *BillPlan) secrets(rows []meter.Row, readings [][]uint32) ([]Int, error) {
	places, err := p.places(rows)
	if err != nil || len(p.Rules) == 0 {
		return nil, err
	}
	_, secrets := p.ruled(p.sealed(rows), places).values(p.counted(rows, readings))
	return secrets, nil
}

// counted returns the readings with those that the claim leaves out as 0.
func (p *BillPlan) counted(rows []meter.Row, readings [][]uint32) [][]uint32 {
	values := make([][]uint32, len(rows))
	for i := range rows {
		values[i] = slices.Clone(readings[i])
		for s, skip := range p.Policy.skips(&rows[i]) {
			if skip {
				values[i][s] = 0
			}
		}
	}
	return values
}

// places returns which of the plan's rows each sealed row meets.
func (p *BillPlan) places(rows []meter.Row) ([]int, error) {
	first, last := p.Period.Days()
	places := make([]int, len(rows))
	for i := range rows {
		r := &rows[i]
		m := slices.IndexFunc(p.Meters, func(m MeterSlots) bool { return m.Meter == r.Meter })
		c := slices.Index(p.Channels, r.Channel)
		if m < 0 || c < 0 || int(p.Meters[m].N) != r.N || int(r.Day) < first || int(r.Day) > last {
			return nil, fmt.Errorf("meter %s, day %s: not a row that is priced", r.Meter, meter.DayText(r.Day))
		}
		places[i] = (m*(last-first+1)+int(r.Day)-first)*len(p.Channels) + c
	}
	return places, nil
}

// rows returns the functional's weights for the rows at places of the plan.
func (f Functional) rows(places []int) [][]int64 {
	w := make([][]int64, len(places))
	for i, at := range places {
		w[i] = f.Weights[at]
	}
	return w
}

func sealsOf(rows []meter.Row) []sigma.Point {
	seals := make([]sigma.Point, len(rows))
	for i := range rows {
		seals[i] = sigma.PointOf(rows[i].Seal, rows[i].SealBytes)
	}
	return seals
}
