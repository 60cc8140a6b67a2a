package prover

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
)

// RuleKind says how a rule makes one hidden integer of the readings
// (docs/protocol.md, section 4.5).
type RuleKind string

// The kinds of rules.
const (
	Excess RuleKind = "excess" // max(0, Of)
)

// A Form is the hidden integer Σ Weights[i][s]·c[FirstRow+i][s] + Const +
// Σ Hidden[k].Coef · (value of rule Hidden[k].Rule), with rows of BillPlan.Rows
// and weights before statuses.
type Form struct {
	FirstRow int
	Weights  [][]int64
	Const    *big.Int
	Hidden   []Term
}

// Term is a multiple of what a rule comes to.
type Term struct {
	Rule int // its place in BillPlan.Rules
	Coef *big.Int
}

// A Rule is one hidden integer of a bill that is not a fixed combination of
// readings. It may use the rules before it.
type Rule struct {
	Name string
	Kind RuleKind
	Of   Form // of kind Excess
}

// maxRules bounds the rules of a plan.
const maxRules = 1 << 10

// form is the functional without its unit.
func (f *Functional) form() Form { return Form{Weights: f.Weights, Const: f.Const, Hidden: f.Hidden} }

// checkRules reports the first mistake in the plan's rules.
func (p *BillPlan) checkRules(rows []PlanRow) error {
	switch {
	case len(p.Rules) > maxRules:
		return fmt.Errorf("plan: %d rules are too many, not provable", len(p.Rules))
	case len(p.Rules) > 0 && p.Kind == Registers:
		return errors.New("plan: registers have no rules")
	case len(p.Rules) == 0 && !slices.ContainsFunc(p.Functionals, func(f Functional) bool { return len(f.Hidden) > 0 }):
		return nil
	}
	for k := range p.Rules {
		r := &p.Rules[k]
		var err error
		switch r.Kind {
		case Excess:
			err = r.Of.check(rows, k)
		default:
			err = fmt.Errorf("kind %q is unknown", r.Kind)
		}
		if err != nil {
			return fmt.Errorf("plan: rule %s: %w", r.Name, err)
		}
	}
	for i := range p.Functionals {
		f := p.Functionals[i].form()
		if err := f.check(rows, len(p.Rules)); err != nil {
			return fmt.Errorf("plan: functional %s: %w", p.Functionals[i].Name, err)
		}
	}
	return nil
}

// check reports what is wrong with a form that may use the rules before k.
func (f *Form) check(rows []PlanRow, k int) error {
	if f.FirstRow < 0 || len(f.Weights) > len(rows) || f.FirstRow > len(rows)-len(f.Weights) {
		return fmt.Errorf("rows %d … are not all there", f.FirstRow)
	}
	for i, w := range f.Weights {
		if n := rows[f.FirstRow+i].N; len(w) != n {
			return fmt.Errorf("%d weights in row %d, not %d", len(w), f.FirstRow+i, n)
		}
		if slices.Contains(w, math.MinInt64) {
			return fmt.Errorf("weight −2^63 in row %d, not provable", f.FirstRow+i)
		}
	}
	if f.Const == nil || f.Const.BitLen() > 126 {
		return errors.New("no constant, or one out of range, not provable")
	}
	return checkTerms(f.Hidden, k)
}

// checkTerms wants terms ascending, each once, of the first rules.
func checkTerms(terms []Term, rules int) error {
	for i, t := range terms {
		if t.Rule < 0 || t.Rule >= rules || i > 0 && terms[i-1].Rule >= t.Rule {
			return fmt.Errorf("rule %d cannot be used here", t.Rule)
		}
		if t.Coef == nil || t.Coef.Sign() == 0 || t.Coef.BitLen() > 126 {
			return fmt.Errorf("rule %d has no coefficient, or one out of range, not provable", t.Rule)
		}
	}
	return nil
}

// rulesBytes encodes what of the plan the weights alone do not say: terms of the
// functionals and rules, in order (docs/protocol.md, section 4.3).
func (p *BillPlan) rulesBytes() []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(p.Rules)))
	for i := range p.Functionals {
		b = appendTerms(b, p.Functionals[i].Hidden)
	}
	for k := range p.Rules {
		r := &p.Rules[k]
		b = append(b, ruleCodes[r.Kind])
		b = r.Of.append(b)
	}
	return b
}

// ruleCodes are the kinds in the encoding.
var ruleCodes = map[RuleKind]byte{Excess: 1}

func (f *Form) append(b []byte) []byte {
	b = appendMatrix(b, f.FirstRow, f.Weights)
	b = appendInt128(b, f.Const)
	return appendTerms(b, f.Hidden)
}

func appendMatrix(b []byte, first int, weights [][]int64) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(first))
	b = binary.BigEndian.AppendUint32(b, uint32(len(weights)))
	for _, row := range weights {
		b = binary.BigEndian.AppendUint32(b, uint32(len(row)))
		for _, w := range row {
			b = binary.BigEndian.AppendUint64(b, uint64(w))
		}
	}
	return b
}

func appendTerms(b []byte, terms []Term) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(terms)))
	for _, t := range terms {
		b = binary.BigEndian.AppendUint32(b, uint32(t.Rule))
		b = appendInt128(b, t.Coef)
	}
	return b
}
