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

// The kinds of rules. Peak, Highest, Net and Each compare every reading; they
// are in Wh but for Net and Each, whose weights say what.
const (
	Excess  RuleKind = "excess"  // max(0, Of)
	Step    RuleKind = "step"    // 1 if Of ≥ 0, else 0
	Peak    RuleKind = "peak"    // the greatest sum of a group, 0 if there is none
	Highest RuleKind = "highest" // the sum of the Count greatest daily peaks
	Net     RuleKind = "net"     // Σ w·max(0, import − export), weights those of the rows of import
	Each    RuleKind = "rounded" // Σ w·reading/U, each summand rounded by Mode
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
	Name   string
	Kind   RuleKind
	Of     Form     // Excess, Step, Net, Each; the last two without Const and Hidden
	Groups []Group  // Peak, Highest: ascending by day
	Count  int      // Highest: at least 1, at most the days of Groups
	U      *big.Int // Each: > 0
	Mode   Mode     // Each
}

// A Group is the cells of one demand interval: their readings are added up.
type Group struct {
	Day   int // of the tariff's clock, counted from 1970-01-01
	Cells []Place
}

// A Place is the reading of a slot in a row of BillPlan.Rows.
type Place struct{ Row, Slot int }

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
		if err := p.Rules[k].check(rows, k); err != nil {
			return fmt.Errorf("plan: rule %s: %w", p.Rules[k].Name, err)
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

// check reports what is wrong with rule k.
func (r *Rule) check(rows []PlanRow, k int) error {
	switch r.Kind {
	case Excess, Step:
		return r.Of.check(rows, k)
	case Peak, Highest:
		return r.checkGroups(rows)
	case Net, Each:
		if len(r.Of.Hidden) > 0 || r.Of.Const == nil || r.Of.Const.Sign() != 0 {
			return errors.New("constant or hidden terms in a rule of single readings")
		}
		if r.Kind == Each && (r.U == nil || r.U.Sign() <= 0 || r.U.BitLen() > 62) {
			return errors.New("no unit, or one out of range, not provable")
		}
		if _, err := parseMode(string(r.Mode)); r.Kind == Each && err != nil {
			return err
		}
		return errors.Join(r.Of.check(rows, k), r.checkNet(rows))
	}
	return fmt.Errorf("kind %q is unknown", r.Kind)
}

// checkNet wants an export row beside every row of import with a weight.
func (r *Rule) checkNet(rows []PlanRow) error {
	if r.Kind != Net {
		return nil
	}
	for i, w := range r.Of.Weights {
		at := r.Of.FirstRow + i
		if at >= len(rows) || content([][]int64{w}) == 0 {
			continue
		}
		if rows[at].Channel != 0 || at+1 == len(rows) || rows[at+1].Channel != 1 || rows[at+1].Day != rows[at].Day {
			return fmt.Errorf("row %d is not import beside export", at)
		}
	}
	return nil
}

func (r *Rule) checkGroups(rows []PlanRow) error {
	days := 0
	for i, g := range r.Groups {
		if i == 0 || g.Day != r.Groups[i-1].Day {
			days++
		}
		if i > 0 && g.Day < r.Groups[i-1].Day {
			return errors.New("groups are not in order of days")
		}
		for _, c := range g.Cells {
			if c.Row < 0 || c.Row >= len(rows) || c.Slot < 0 || c.Slot >= rows[c.Row].N {
				return fmt.Errorf("no slot %d in row %d", c.Slot, c.Row)
			}
		}
	}
	if days == 0 || r.Kind == Highest && (r.Count < 1 || r.Count > days) {
		return fmt.Errorf("%d highest of %d days", r.Count, days)
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
		b = p.Rules[k].append(b)
	}
	return b
}

// ruleCodes are the kinds in the encoding.
var ruleCodes = map[RuleKind]byte{Excess: 1, Step: 2, Peak: 3, Highest: 4, Net: 5, Each: 6}

func (r *Rule) append(b []byte) []byte {
	be := binary.BigEndian
	b = append(b, ruleCodes[r.Kind])
	switch r.Kind {
	case Peak, Highest:
		b = be.AppendUint32(b, uint32(r.Count))
		b = be.AppendUint32(b, uint32(len(r.Groups)))
		for _, g := range r.Groups {
			b = be.AppendUint32(b, uint32(g.Day))
			b = be.AppendUint32(b, uint32(len(g.Cells)))
			for _, c := range g.Cells {
				b = be.AppendUint32(b, uint32(c.Row))
				b = be.AppendUint32(b, uint32(c.Slot))
			}
		}
		return b
	case Each:
		b = appendInt128(b, r.U)
		b = be.AppendUint32(b, uint32(len(r.Mode)))
		b = append(b, r.Mode...)
	}
	return r.Of.append(b)
}

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
