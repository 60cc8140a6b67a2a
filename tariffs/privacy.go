package tariffs

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// A Row is one number that a supplier has been told, or asks for: the readings
// of whole UTC days from FirstDay on, weighted, divided by U and rounded.
// Weights and U may be in lowest terms or not.
type Row struct {
	FirstDay int
	Weights  [][]int64 // of import, day × slot
	Export   [][]int64 // of export, of as many days; nil for 0
	U        *big.Int

	Regime Regime // when the row is what is told
	Peak   bool   // a demand: the mean of what it is the highest of; rule A is not for it
}

// A Regime says for which home a row stands, where a bill compares readings: its
// weights depend on how the comparisons come out.
type Regime uint8

// The regimes. Rows of Below and of Above are judged apart.
const (
	Always Regime = iota
	Below         // nothing is above its threshold
	Above         // everything is
)

// maxRows bounds the rows that are judged together (docs/protocol.md, section 6).
const maxRows = 16

// Explained says how much of the variance of a home's readings the rows explain
// together: the greatest share of a single slot, of three hours, of a local day.
type Explained struct {
	Slot, ThreeHours, Day Share
}

// A Share is exact. From and To are the stretch of time it belongs to, seconds
// since 1970.
type Share struct {
	Value    *big.Rat
	From, To int64
}

// Decimal writes the share with six decimals, rounded up.
func (s Share) Decimal() string {
	million := big.NewInt(1e6)
	n := Up.round(new(big.Int).Mul(s.Value.Num(), million), s.Value.Denom())
	return Decimal(n, 6, 6)
}

// What rows may explain at most of the use in a slot, in any three hours, in a
// local day.
var (
	LimitSlot       = big.NewRat(10, 100)
	LimitThreeHours = big.NewRat(20, 100)
	LimitDay        = big.NewRat(25, 100)
)

// A Refusal says that rows would tell too much, by which rule, and in plain
// words which hours could be read.
type Refusal struct {
	Rule     string // "A" or "B"
	Why      string
	Readable []string
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("privacy rule %s: %s; readable: %s", r.Rule, r.Why, strings.Join(r.Readable, ", "))
}

// Privacy applies rules A and B of docs/protocol.md, section 6, to all rows
// about one meter together, at most 16; clock says where its days begin. The
// error is a *Refusal where a rule is broken. The shares are returned then too,
// unless rule A was broken already.
func Privacy(n int, clock string, rows []Row) (*Explained, error) {
	loc, err := Zone(clock)
	if err != nil {
		return nil, fmt.Errorf("privacy: %w", err)
	}
	var worst *Explained
	for _, regime := range regimes(rows) {
		some := slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return r.Regime != Always && r.Regime != regime })
		if err := checkRows(n, some); err != nil {
			return nil, fmt.Errorf("privacy: %w", err)
		}
		e := newEvidence(n, loc, some)
		if refusal := e.ruleA(); refusal != nil {
			return nil, refusal
		}
		explained, refusal := e.ruleB()
		if worst == nil {
			worst = explained
		}
		worst.raise(explained)
		if refusal != nil {
			return worst, refusal
		}
	}
	return worst, nil
}

// regimes returns which ones to judge.
func regimes(rows []Row) []Regime {
	if slices.ContainsFunc(rows, func(r Row) bool { return r.Regime != Always }) {
		return []Regime{Below, Above}
	}
	return []Regime{Always}
}

func (e *Explained) raise(other *Explained) {
	e.Slot.raise(other.Slot)
	e.ThreeHours.raise(other.ThreeHours)
	e.Day.raise(other.Day)
}

func checkRows(n int, rows []Row) error {
	if !slices.Contains(SlotLengths, n) {
		return fmt.Errorf("%d slots a day; must be one of %v", n, SlotLengths)
	}
	if len(rows) == 0 || len(rows) > maxRows {
		return fmt.Errorf("%d rows; 1 to %d can be judged together", len(rows), maxRows)
	}
	for i, r := range rows {
		if r.U == nil || r.U.Sign() <= 0 || len(r.Weights) == 0 {
			return fmt.Errorf("row %d has no weights or no unit", i)
		}
		for _, day := range r.Weights {
			if len(day) != n {
				return fmt.Errorf("row %d has %d slots in a day, must have %d", i, len(day), n)
			}
		}
		if r.Export != nil && len(r.Export) != len(r.Weights) {
			return fmt.Errorf("row %d has %d days of export, must have %d", i, len(r.Export), len(r.Weights))
		}
		for _, day := range r.Export {
			if len(day) != n {
				return fmt.Errorf("row %d has %d slots in a day of export, must have %d", i, len(day), n)
			}
		}
	}
	return nil
}

// ruleA: one Wh never moves an output by more than half a unit, U ≥ 2·max|w|.
func (e *evidence) ruleA() *Refusal {
	halves := make([]*big.Int, len(e.rows)) // nil where nothing is too fine
	for i := range e.rows {
		r := &e.rows[i]
		half := new(big.Int).Rsh(r.U, 1)
		if w := new(big.Int).SetUint64(r.most()); !r.Peak && w.Cmp(half) > 0 {
			halves[i] = half
		}
	}
	if !slices.ContainsFunc(halves, func(x *big.Int) bool { return x != nil }) {
		return nil
	}
	var found []stretch
	for t := range e.slots() {
		for i := range e.rows {
			if halves[i] != nil && new(big.Int).SetUint64(magnitude(e.rows[i].at(e, t))).Cmp(halves[i]) > 0 {
				found = append(found, stretch{t, t + 1})
				break
			}
		}
	}
	return &Refusal{
		Rule:     "A",
		Why:      "the amount is too fine: a single Wh can move it by more than half a unit of its last decimal, so its digits could carry readings",
		Readable: e.describe(found),
	}
}

// most is the greatest weight, without its sign.
func (r *Row) most() (most uint64) {
	for _, weights := range [][][]int64{r.Weights, r.Export} {
		for _, day := range weights {
			for _, w := range day {
				most = max(most, magnitude(w))
			}
		}
	}
	return most
}

// ruleB: no slot, three hours or local day is explained beyond its limit.
func (e *evidence) ruleB() (*Explained, *Refusal) {
	out := &Explained{}
	var why []string
	var found []stretch
	for _, class := range []struct {
		name  string
		sets  []stretch
		limit *big.Rat
		share *Share
	}{
		{"a single slot", e.runs(1), LimitSlot, &out.Slot},
		{"three hours", e.runs(e.n / 8), LimitThreeHours, &out.ThreeHours},
		{"a day", e.localDays(), LimitDay, &out.Day},
	} {
		over := e.explain(class.sets, class.limit, class.share)
		if over == nil {
			continue
		}
		why = append(why, fmt.Sprintf("%s of the use in %s would be known (at most %s is allowed)",
			percent(class.share.Value), class.name, percent(class.limit)))
		// The smallest stretches say it best: those of later classes hold them.
		if found == nil {
			found = over
		}
	}
	if why == nil {
		return out, nil
	}
	return out, &Refusal{Rule: "B", Why: strings.Join(why, " and "), Readable: e.describe(found)}
}

// percent rounds up to a whole one.
func percent(share *big.Rat) string {
	n := Up.round(new(big.Int).Mul(share.Num(), big.NewInt(100)), share.Denom())
	return n.String() + "%"
}
