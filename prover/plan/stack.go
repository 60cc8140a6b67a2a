package plan

import (
	"fmt"
	"math/big"
	"slices"

	"hushwatt/prover"
	"hushwatt/tariffs"
)

var errDiffer = fmt.Errorf("%w: meters with slots of different length meet different prices", tariffs.ErrNotProvable)

// stack puts the next meter's rows below those of the meters before it. What is
// no reading's comes from the tariff, so all meters must agree on it; they could
// differ only where slots of two lengths meet different prices.
func (p *Plan) stack(c *tariffs.Plan, fs []tariffs.Functional) error {
	before := len(p.Compiled) > 0
	if before && (len(fs) != len(p.Functionals) || len(c.Rules) != len(p.Rules) || !slices.Equal(c.Channels, p.Channels)) {
		return errDiffer
	}
	p.Channels = c.Channels
	s := stacker{p: p, above: len(p.Compiled) * c.Days * len(c.Channels)}
	for j := range fs {
		if !before {
			p.Functionals = append(p.Functionals, prover.Functional{Name: fs[j].Name, U: fs[j].U})
		}
		f := &p.Functionals[j]
		form := prover.Form{Weights: f.Weights, Const: f.Const, Hidden: f.Hidden}
		if err := s.form(&form, &fs[j].Form); err != nil {
			return err
		}
		if f.U.Cmp(fs[j].U) != 0 {
			return errDiffer
		}
		f.Weights, f.Const, f.Hidden = form.Weights, form.Const, form.Hidden
	}
	for k := range c.Rules {
		if !before {
			p.Rules = append(p.Rules, prover.Rule{})
		}
		if err := s.rule(&p.Rules[k], &c.Rules[k], c); err != nil {
			return err
		}
	}
	return nil
}

// stacker puts what is of one meter below what is of the meters before it.
type stacker struct {
	p     *Plan
	above int // rows of the meters before
}

// form adds rows to f, and fills in the rest if this is the first meter.
func (s *stacker) form(f *prover.Form, from *tariffs.Form) error {
	var hidden []prover.Term
	for _, t := range from.Hidden {
		hidden = append(hidden, prover.Term(t))
	}
	if s.above == 0 {
		*f = prover.Form{FirstRow: from.FirstRow, Weights: from.Weights, Const: from.Const, Hidden: hidden}
		return nil
	}
	same := func(a, b prover.Term) bool { return a.Rule == b.Rule && a.Coef.Cmp(b.Coef) == 0 }
	if f.Const.Cmp(from.Const) != 0 || !slices.EqualFunc(f.Hidden, hidden, same) {
		return errDiffer
	}
	first := s.above + from.FirstRow
	if len(f.Weights) == 0 {
		f.FirstRow = first
	}
	f.Weights = slices.Clip(f.Weights)
	for at := f.FirstRow + len(f.Weights); at < first; at++ {
		f.Weights = append(f.Weights, make([]int64, s.slots(at)))
	}
	f.Weights = append(f.Weights, from.Weights...)
	return nil
}

// slots are those of a row of the plan.
func (s *stacker) slots(row int) int {
	c := s.p.Compiled[0]
	return s.p.Compiled[row/(c.Days*len(c.Channels))].N
}

var kinds = map[tariffs.RuleKind]prover.RuleKind{
	tariffs.RuleExcess: prover.Excess, tariffs.RuleStep: prover.Step, tariffs.RulePeak: prover.Peak,
	tariffs.RuleHighest: prover.Highest, tariffs.RuleNet: prover.Net, tariffs.RuleRounded: prover.Each,
}

// rule adds what a rule is of one meter.
func (s *stacker) rule(r *prover.Rule, from *tariffs.Rule, c *tariffs.Plan) error {
	of, groups := from.Of, s.groups(from)
	if from.Kind == tariffs.RuleNet {
		of = netForm(from, len(c.Channels))
	}
	if of.Const == nil {
		of.Const = new(big.Int)
	}
	if s.above == 0 {
		*r = prover.Rule{Name: from.Name, Kind: kinds[from.Kind], Groups: groups, Count: from.N, U: from.U, Mode: prover.Mode(from.Mode)}
		return s.form(&r.Of, &of)
	}
	sameDay := func(a, b prover.Group) bool { return a.Day == b.Day }
	if r.Kind != kinds[from.Kind] || r.Count != from.N || r.Mode != prover.Mode(from.Mode) ||
		from.U != nil && r.U.Cmp(from.U) != 0 || !slices.EqualFunc(groups, r.Groups, sameDay) {
		return errDiffer
	}
	for i := range groups {
		r.Groups[i].Cells = append(r.Groups[i].Cells, groups[i].Cells...)
	}
	return s.form(&r.Of, &of)
}

// groups are a rule's demand intervals with this meter's rows.
func (s *stacker) groups(from *tariffs.Rule) []prover.Group {
	list := make([]prover.Group, len(from.Groups))
	for i, g := range from.Groups {
		list[i].Day = g.Day
		for _, c := range g.Cells {
			list[i].Cells = append(list[i].Cells, prover.Place{Row: s.above + c.Row, Slot: c.Slot})
		}
	}
	return list
}

// netForm gives the rows of import the prices of a rule of netting.
func netForm(from *tariffs.Rule, channels int) tariffs.Form {
	f := tariffs.Form{FirstRow: from.FirstDay * channels}
	for _, prices := range from.Price {
		f.Weights = append(f.Weights, prices)
		for range channels - 1 {
			f.Weights = append(f.Weights, make([]int64, len(prices)))
		}
	}
	return f
}
