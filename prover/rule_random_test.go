package prover

import (
	"errors"
	"fmt"
	"math/big"
	mrand "math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"hushwatt/meter"
)

// ruleOracle computes a bill with rules from the definitions, in big integers,
// with sorting and branches.
type ruleOracle struct {
	plan     *BillPlan
	readings [][]int64 // by row of the plan
}

func newRuleOracle(p *BillPlan, h *house) *ruleOracle {
	o := &ruleOracle{plan: p}
	for _, r := range p.Rows() {
		row := make([]int64, r.N)
		for _, d := range h.opened.Days {
			for _, c := range d.Channels {
				if int(d.Day) == r.Day && c.Channel == r.Channel {
					for s, wh := range c.Wh {
						row[s] = int64(wh)
					}
				}
			}
		}
		o.readings = append(o.readings, row)
	}
	return o
}

func (o *ruleOracle) form(f Form) *big.Int {
	sum := new(big.Int).Set(f.Const)
	for i, row := range f.Weights {
		for s, w := range row {
			sum.Add(sum, new(big.Int).Mul(big.NewInt(w), big.NewInt(o.readings[f.FirstRow+i][s])))
		}
	}
	for _, t := range f.Hidden {
		sum.Add(sum, new(big.Int).Mul(t.Coef, o.value(t.Rule)))
	}
	return sum
}

func (o *ruleOracle) value(k int) *big.Int {
	r := o.plan.Rules[k]
	switch r.Kind {
	case Excess:
		return greatest(zero, o.form(r.Of))
	case Step:
		return big.NewInt(int64(b2i(o.form(r.Of).Sign() >= 0)))
	case Peak, Highest:
		byDay := map[int]int64{}
		for _, g := range r.Groups {
			var sum int64
			for _, c := range g.Cells {
				sum += o.readings[c.Row][c.Slot]
			}
			byDay[g.Day] = max(byDay[g.Day], sum)
		}
		var peaks []int64
		for _, p := range byDay {
			peaks = append(peaks, p)
		}
		slices.Sort(peaks)
		slices.Reverse(peaks)
		count := max(1, r.Count)
		var sum int64
		for _, p := range peaks[:count] {
			sum += p
		}
		return big.NewInt(sum)
	}
	sum := new(big.Int)
	for i, row := range r.Of.Weights {
		for s, w := range row {
			c := o.readings[r.Of.FirstRow+i][s]
			switch {
			case w == 0:
			case r.Kind == Net:
				sum.Add(sum, new(big.Int).Mul(big.NewInt(w), big.NewInt(max(0, c-o.readings[r.Of.FirstRow+i+1][s]))))
			default:
				sum.Add(sum, oracleRound(new(big.Int).Mul(big.NewInt(w), big.NewInt(c)), r.U, r.Mode))
			}
		}
	}
	return sum
}

// amount is what the bill comes to.
func (o *ruleOracle) amount() *big.Int {
	sum := new(big.Int)
	for _, f := range o.plan.Functionals {
		sum.Add(sum, oracleRound(o.form(f.form()), f.U, Mode(o.plan.Mode)))
	}
	return sum
}

// ruleDice makes plans with rules of every kind.
type ruleDice struct {
	*mrand.Rand
	plan *BillPlan
	rows []PlanRow
}

func (d *ruleDice) form(rules int, size int64) Form {
	first := d.IntN(len(d.rows))
	f := Form{FirstRow: first, Const: big.NewInt(d.Int64N(2_000_001) - 1_500_000)}
	sign := int64(1 - 2*b2i(d.IntN(6) == 0))
	for _, r := range d.rows[first : first+d.IntN(len(d.rows)-first+1)] {
		row := make([]int64, r.N)
		for s := range row {
			row[s] = sign * d.Int64N(size)
		}
		f.Weights = append(f.Weights, row)
	}
	if len(f.Weights) == 0 && rules == 0 {
		return d.form(rules, size)
	}
	for k := range rules {
		if d.IntN(3) == 0 || k == rules-1 && len(f.Weights) == 0 {
			coef := big.NewInt(1 + d.Int64N(1000))
			if d.IntN(5) == 0 {
				coef.Neg(coef)
			}
			f.Hidden = append(f.Hidden, Term{k, coef})
		}
	}
	return f
}

// same is a form that differs from one before it in its constant.
func (d *ruleDice) threshold(k int) Form {
	for range 4 {
		if r := d.plan.Rules[d.IntN(k)]; r.Kind == Excess {
			f := r.Of
			f.Const = big.NewInt(d.Int64N(2_000_001) - 1_900_000)
			return f
		}
	}
	return d.form(k, 3)
}

func (d *ruleDice) rule(k int, kinds []RuleKind) Rule {
	r := Rule{Name: fmt.Sprint("rule ", k), Kind: kinds[d.IntN(len(kinds))]}
	switch r.Kind {
	case Excess:
		if r.Of = d.form(k, 3); k > 0 && d.IntN(2) == 0 {
			r.Of = d.threshold(k)
		}
	case Step:
		r.Of = d.form(k, 3)
	case Peak, Highest:
		for i, row := range d.rows {
			size := 1 + d.IntN(3)
			if row.Channel == meter.ExportChannel {
				continue
			}
			for s := 0; s+size <= row.N; s += size {
				g := Group{Day: row.Day}
				for j := range size {
					g.Cells = append(g.Cells, Place{i, s + j})
				}
				r.Groups = append(r.Groups, g)
			}
		}
		if r.Kind == Highest {
			r.Count = 1 + d.IntN(len(d.rows)/len(d.plan.Channels))
		}
	case Net, Each:
		r.Of = Form{Const: zero}
		for _, row := range d.rows {
			w := make([]int64, row.N)
			for s := range w {
				if r.Kind == Each || row.Channel == meter.ImportChannel {
					w[s] = d.Int64N(1000)
				}
				if d.IntN(8) == 0 {
					w[s] = -w[s]
				}
			}
			r.Of.Weights = append(r.Of.Weights, w)
		}
		if r.Kind == Each {
			r.U, r.Mode = big.NewInt(1+d.Int64N(100_000)), modes[d.IntN(len(modes))]
		}
	}
	return r
}

func randomRules(seed uint64) *BillPlan {
	d := &ruleDice{Rand: mrand.New(mrand.NewPCG(99, seed))}
	channels, n := []int{0, 1}, 24
	kinds := []RuleKind{Excess, Excess, Excess, Step, Peak, Highest, Net, Each}
	switch d.IntN(3) {
	case 0:
		kinds = []RuleKind{Excess, Step}
	case 1:
		channels = []int{0}
		kinds = slices.DeleteFunc(kinds, func(k RuleKind) bool { return k == Net })
	}
	t := terms(january, 1+d.IntN(3), MeterSlots{Meter: "meter-1", N: uint16(n)})
	t.Stage = []Stage{StageBill, StageNet, StageLine}[d.IntN(3)]
	t.Mode = string(modes[d.IntN(len(modes))])
	d.plan = &BillPlan{Terms: t, Channels: channels}
	d.rows = d.plan.Rows()
	for k := range 1 + d.IntN(5) {
		d.plan.Rules = append(d.plan.Rules, d.rule(k, kinds))
	}
	lines := 1
	if t.Stage == StageLine {
		lines += d.IntN(2)
	}
	for i := range lines {
		form := d.form(len(d.plan.Rules), 2000)
		if len(form.Hidden) == 0 || d.IntN(3) == 0 {
			form.Weights, form.Hidden = nil, []Term{{len(d.plan.Rules) - 1, big.NewInt(1 + d.Int64N(1000))}}
		}
		f := Functional{Name: fmt.Sprint("line ", i), Const: form.Const, Hidden: form.Hidden, U: big.NewInt(1 + d.Int64N(1<<d.IntN(24)))}
		for at, row := range d.rows {
			w := form.row(at)
			if w == nil {
				w = make([]int64, row.N)
			}
			f.Weights = append(f.Weights, w)
		}
		d.plan.Functionals = append(d.plan.Functionals, f)
	}
	return d.plan
}

// TestRandomRules: whatever rules a plan has, it is proven to what the
// definitions say, or both sides find that it cannot be.
func TestRandomRules(t *testing.T) {
	count := 100
	if testing.Short() || runtime.GOARCH == "wasm" {
		count = 30
	}
	homes := []*house{
		newHouse(t, setup{n: 24, days: 3, seed: 61, channels: meter.ImportAndExport}),
		newHouse(t, setup{n: 24, days: 3, seed: 62, channels: meter.ImportAndExport, status: func(int, int) meter.Status { return meter.Missing }}),
	}
	proven, kinds := 0, map[RuleKind]int{}
	for i := range count {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			p := randomRules(uint64(i))
			if err := p.Provable(); err != nil {
				if !errors.Is(err, ErrNotProvable) {
					t.Fatal(err)
				}
				return
			}
			proven++
			for _, r := range p.Rules {
				kinds[r.Kind]++
			}
			for _, h := range homes {
				_, r := accepts(t, p, h)
				amountIs(t, r, newRuleOracle(p, h).amount())
			}
		})
	}
	t.Logf("%d of %d plans are provable, with rules %v", proven, count, kinds)
	if proven < count/2 || len(kinds) < 6 {
		t.Errorf("%d of %d plans are provable, with rules %v", proven, count, kinds)
	}
}
