package tariffs

import "math/big"

// A Form is an integer made of readings and of hidden values:
//
//	Σ Weights[i][s]·c[FirstRow+i][s] + Const + Σ Hidden[k].Coef·value(Rules[Hidden[k].Rule])
//
// c[row][s] is the reading in Wh of slot s of a row, and a row is one channel of
// one UTC day of the plan: row = day·len(Channels) + place of the channel in
// Channels, days counted from Plan.FirstDay.
type Form struct {
	FirstRow int
	Weights  [][]int64
	Const    *big.Int // never nil
	Hidden   []Term
}

// A Term is a multiple of the value of one of the plan's rules.
type Term struct {
	Rule int // index into Plan.Rules
	Coef *big.Int
}

// A Rule is one integer that is not a fixed sum of readings: it compares them.
// A rule uses only those before it. Which fields count is said by Kind
// (docs/protocol.md, section 6.5).
type Rule struct {
	Name string // what it is about, for messages
	Kind RuleKind

	Of Form // excess, step, rounded

	Groups []Group // peak, highest: by day, then by time
	N      int     // highest

	FirstDay int       // net: UTC day of Price[0], counted from Plan.FirstDay
	Price    [][]int64 // net

	U    *big.Int // rounded: > 0
	Mode Mode     // rounded
}

// RuleKind says how the value of a rule comes about.
type RuleKind string

// The kinds of rules.
const (
	RuleExcess  RuleKind = "excess"  // max(0, Of)
	RuleStep    RuleKind = "step"    // 1 where Of ≥ 0, else 0
	RulePeak    RuleKind = "peak"    // the greatest sum of a group, in Wh
	RuleHighest RuleKind = "highest" // the sum of the N greatest daily peaks, in Wh
	RuleNet     RuleKind = "net"     // Σ Price[d][s]·max(0, import − export)
	RuleRounded RuleKind = "rounded" // Σ over cells of Of, each weight·reading/U rounded by Mode
)

// A Group is one demand interval: its cells' readings are added up.
type Group struct {
	Day   int // of the clock, days since 1970
	Cells []Cell
}

// A Cell is one reading of a plan, Row as in Form.
type Cell struct{ Row, Slot int }
