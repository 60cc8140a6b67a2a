package tariffs

import (
	"fmt"
	"math/big"
	"slices"
)

// checkSides refuses bills in which a rule about every slot would have to be
// proven with equality. Demand and netting can only be proven to be at least so
// much, which is enough if no bill falls with them; blocks and steps can be proven
// exactly (docs/protocol.md, section 4.5.2).
func (p *Plan) checkSides(fs []Functional) error {
	s := sides{rules: p.Rules}
	s.group()
	s.up, s.down = make([]bool, len(s.groups)), make([]bool, len(s.groups))
	for i := range fs {
		s.use(fs[i].Hidden, true, false)
	}
	for k, r := range slices.Backward(p.Rules) {
		g := s.of[k]
		if s.groups[g][0] != k {
			continue // what uses a group stands behind its first rule
		}
		s.use(r.Of.Hidden, s.up[g], s.down[g])
		if every := r.Kind == RulePeak || r.Kind == RuleHighest || r.Kind == RuleNet; every && s.down[g] {
			return fmt.Errorf("%w: the bill can fall while %q rises", ErrNotProvable, r.Name)
		}
	}
	return nil
}

// sides finds whether a bill rises or falls with what its rules compare. Excesses
// of one quantity over several thresholds are looked at together.
type sides struct {
	rules    []Rule
	groups   [][]int
	of       []int // rule → its group
	up, down []bool
}

func (s *sides) group() {
	for k := range s.rules {
		at := slices.IndexFunc(s.groups, func(g []int) bool { return sameQuantity(&s.rules[g[0]], &s.rules[k]) })
		if at < 0 {
			at = len(s.groups)
			s.groups = append(s.groups, nil)
		}
		s.groups[at] = append(s.groups[at], k)
		s.of = append(s.of, at)
	}
}

func sameQuantity(a, b *Rule) bool {
	term := func(x, y Term) bool { return x.Rule == y.Rule && x.Coef.Cmp(y.Coef) == 0 }
	return a.Kind == RuleExcess && b.Kind == RuleExcess && a.Of.FirstRow == b.Of.FirstRow &&
		slices.EqualFunc(a.Of.Hidden, b.Of.Hidden, term) && slices.EqualFunc(a.Of.Weights, b.Of.Weights, slices.Equal)
}

// use notes that something with which the bill rises or falls has these terms.
func (s *sides) use(terms []Term, up, down bool) {
	for g, members := range s.groups {
		rises, falls := s.slopes(members, terms)
		s.up[g] = s.up[g] || rises && up || falls && down
		s.down[g] = s.down[g] || rises && down || falls && up
	}
}

// slopes says whether the terms of a group's rules rise or fall somewhere as what
// the group compares rises: beyond each threshold one more of them counts.
func (s *sides) slopes(members []int, terms []Term) (rises, falls bool) {
	list := slices.DeleteFunc(slices.Clone(terms), func(t Term) bool { return !slices.Contains(members, t.Rule) })
	compare := func(a, b Term) int {
		x, y := s.rules[a.Rule].Of.Const, s.rules[b.Rule].Of.Const
		if x == nil || y == nil {
			return 0
		}
		return y.Cmp(x)
	}
	slices.SortStableFunc(list, compare)
	slope := new(big.Int)
	for i, t := range list {
		if slope.Add(slope, t.Coef); i+1 < len(list) && compare(t, list[i+1]) == 0 {
			continue
		}
		rises, falls = rises || slope.Sign() > 0, falls || slope.Sign() < 0
	}
	return rises, falls
}
