package prover

import (
	"errors"
	"fmt"
	"math/big"
)

// BillPlan is everything about a bill or register request that does not depend
// on a household: what is asked, and the prices that each reading meets. Both
// sides make it from the tariff documents, each its own; nothing in it is taken
// from the other side's word.
type BillPlan struct {
	Terms
	Channels    []int // channels that are priced, ascending: 0 import, 1 export
	Functionals []Functional
	Rules       []Rule // what Functionals use besides readings
}

// Functional is one hidden sum x = Σ w·c + Const, and multiples of what rules
// come to, worth x/U units of output.
type Functional struct {
	Name    string
	Weights [][]int64 // by BillPlan.Rows and slot; 0 outside the period; before statuses
	Const   *big.Int
	Hidden  []Term   // of BillPlan.Rules, ascending
	U       *big.Int // > 0; no integer divides U, Const, every weight and every coefficient
}

// PlanRow is one row of weights: the slots of one channel of a meter in a UTC
// day, counted from 1970-01-01.
type PlanRow struct {
	Meter   string
	Day     int
	Channel int
	N       int
}

// Rows returns the rows of every weight matrix of the plan, in order: meters
// ascending, then days, then channels.
func (p *BillPlan) Rows() []PlanRow {
	first, last := p.Period.Days()
	var rows []PlanRow
	for _, m := range p.Meters {
		for day := first; day <= last; day++ {
			for _, ch := range p.Channels {
				rows = append(rows, PlanRow{m.Meter, day, ch, int(m.N)})
			}
		}
	}
	return rows
}

// WeightsHash binds the prices of every row, before statuses
// (docs/protocol.md, section 4.3), and the rules if there are any.
func (p *BillPlan) WeightsHash() [32]byte {
	consts := make([]*big.Int, len(p.Functionals))
	weights := make([][][]int64, len(p.Functionals))
	for j, f := range p.Functionals {
		consts[j], weights[j] = f.Const, f.Weights
	}
	if len(p.Rules) == 0 {
		return WeightsHash(p.TZ, consts, weights)
	}
	return weightsHash(p.TZ, consts, weights, p.rulesBytes())
}

// check reports the first rule that the plan breaks. Plans come from our own
// code, so this catches mistakes of a caller rather than attacks.
func (p *BillPlan) check() error {
	if err := p.Terms.check(); err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	if len(p.Channels) == 0 || len(p.Channels) > 2 || p.Channels[0] > 1 ||
		len(p.Channels) == 2 && (p.Channels[0] != 0 || p.Channels[1] != 1) {
		return errors.New("plan: channels are 0, 1 or both")
	}
	if err := p.checkCount(); err != nil {
		return err
	}
	rows := p.Rows()
	for _, f := range p.Functionals {
		if f.Const == nil || f.U == nil || f.U.Sign() <= 0 {
			return fmt.Errorf("plan: functional %s has no constant or no unit", f.Name)
		}
		if f.Const.BitLen() > 126 || f.U.BitLen() > 99 {
			return fmt.Errorf("plan: functional %s is out of range, not provable", f.Name)
		}
		if err := checkWeights(f, rows); err != nil {
			return err
		}
	}
	return p.checkRules(rows)
}

func checkWeights(f Functional, rows []PlanRow) error {
	if len(f.Weights) != len(rows) {
		return fmt.Errorf("plan: functional %s has %d rows, not %d", f.Name, len(f.Weights), len(rows))
	}
	for i, r := range rows {
		if len(f.Weights[i]) != r.N {
			return fmt.Errorf("plan: functional %s has %d slots in row %d, not %d", f.Name, len(f.Weights[i]), i, r.N)
		}
	}
	return nil
}

// checkCount compares the number of functionals with what is asked.
func (p *BillPlan) checkCount() error {
	n := len(p.Functionals)
	switch {
	case p.Kind == Registers && n == len(p.Registers):
	case p.Kind == BillExact && n == 1:
	case p.Kind == BillRounded && !p.lines() && n == 1:
	case p.Kind == BillRounded && p.lines() && 1 <= n && n <= 64:
	default:
		return fmt.Errorf("plan: %d functionals for %s", n, p.Kind)
	}
	return nil
}

// outputs returns how many integers a submission reveals.
func (p *BillPlan) outputs() int {
	if p.Kind == Registers {
		return len(p.Registers)
	}
	return 1
}
