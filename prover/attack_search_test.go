package prover

import (
	"errors"
	"fmt"
	"math/big"
	mrand "math/rand/v2"
	"slices"
	"testing"

	"hushwatt/meter"
)

// search is the cheating prover who knows no group and needs none: it looks for
// any integers at all that satisfy what a claim requires. What it finds for a
// smaller amount than the true one is a bill that is too low, whatever the proofs
// around it are worth.
type search struct {
	lo, hi []int64 // of each unknown: secrets that are sent, then entries of vectors
	all    []linearRange
	prods  [][3]affine
	left   int // steps
}

// affine is Σ k·unknown + konst.
type affine struct {
	at    []int
	k     []int64
	konst int64
}

// linearRange is 0 ≤ affine ≤ bound.
type linearRange struct {
	affine
	bound int64
}

// newSearch takes a checked claim and the readings of its rows.
func newSearch(c *Claim, readings [][]uint32) *search {
	s := &search{left: 300_000}
	secrets := map[int]int{}
	for _, i := range c.form.sent {
		secrets[i] = len(s.lo)
		w := c.secrets[i].within
		s.lo, s.hi = append(s.lo, w.lo.Int64()), append(s.hi, w.hi.Int64())
	}
	entries := make([]int, len(c.vectors))
	for i, v := range c.vectors {
		entries[i] = len(s.lo)
		for range v.n {
			s.lo, s.hi = append(s.lo, 0), append(s.hi, v.bound.Int64())
		}
	}
	of := func(l Linear) (a affine) {
		a.konst = l.c().Int64()
		for _, p := range l.parts {
			k := p.k.Int64()
			switch f := c.functionals; {
			case p.atom.secret:
				a.add(secrets[p.atom.i], k)
			case f[p.atom.i].total != nil:
				for t, w := range f[p.atom.i].total.weights {
					a.add(entries[f[p.atom.i].total.vector]+t, k*w)
				}
			default:
				a.konst += k * evaluate(f[p.atom.i].weights, f[p.atom.i].konst, readings).big().Int64()
			}
		}
		return a
	}
	require := func(a affine, bound int64) { s.all = append(s.all, linearRange{a, bound}) }
	for _, r := range c.form.ranges {
		require(of(r.l), r.bound.Int64())
	}
	for _, l := range slices.Concat(c.form.reveals, c.form.zeros) {
		require(of(l), 0)
	}
	for _, p := range c.form.products {
		s.prods = append(s.prods, [3]affine{of(p.z), of(p.x), of(p.y)})
	}
	if c.form.vector == nil {
		return s
	}
	for _, e := range c.form.vector.eachs {
		rest := of(e.rest)
		for _, sum := range e.entries {
			a := affine{slices.Clone(rest.at), slices.Clone(rest.k), rest.konst + sum.Const}
			for _, cell := range sum.Cells {
				a.konst += cell.K * int64(readings[cell.Row][cell.Slot])
			}
			for _, item := range sum.Items {
				a.add(entries[item.Of.i]+item.At, item.K)
			}
			require(a, e.bound.Int64())
		}
	}
	return s
}

func (a *affine) add(at int, k int64) {
	if i := slices.Index(a.at, at); i >= 0 {
		a.k[i] += k
		return
	}
	a.at, a.k = append(a.at, at), append(a.k, k)
}

func (a *affine) span(lo, hi []int64) (least, most int64) {
	least, most = a.konst, a.konst
	for i, at := range a.at {
		x, y := a.k[i]*lo[at], a.k[i]*hi[at]
		least, most = least+min(x, y), most+max(x, y)
	}
	return least, most
}

// narrow takes what no range allows from the bounds until nothing changes.
func (s *search) narrow(lo, hi []int64) bool {
	for changed := true; changed; {
		changed = false
		for i := range s.all {
			r := &s.all[i]
			least, most := r.span(lo, hi)
			if most < 0 || least > r.bound {
				return false
			}
			for j, at := range r.at {
				k := r.k[j]
				if k == 0 {
					continue
				}
				x, y := k*lo[at], k*hi[at]
				// k·v ≥ −(most of the others), k·v ≤ bound − (least of the others)
				from, to := max(x, y)-most, r.bound-least+min(x, y)
				if k < 0 {
					from, to, k = -to, -from, -k
				}
				from, to = -floorDiv(-from, k), floorDiv(to, k)
				if from > lo[at] {
					lo[at], changed = from, true
				}
				if to < hi[at] {
					hi[at], changed = to, true
				}
				if lo[at] > hi[at] {
					return false
				}
				least, most = r.span(lo, hi)
			}
		}
	}
	return true
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// find reports whether the claim can be satisfied, or gives up.
func (s *search) find(lo, hi []int64) (values []int64, err error) {
	if s.left--; s.left < 0 {
		return nil, errors.New("too many")
	}
	if !s.narrow(lo, hi) {
		return nil, nil
	}
	free, size := -1, int64(0)
	for i := range lo {
		if w := hi[i] - lo[i]; w > 0 && (free < 0 || w < size) {
			free, size = i, w
		}
	}
	if free < 0 {
		for _, p := range s.prods {
			z, _ := p[0].span(lo, hi)
			x, _ := p[1].span(lo, hi)
			y, _ := p[2].span(lo, hi)
			if z != x*y {
				return nil, nil
			}
		}
		return append([]int64{}, lo...), nil
	}
	mid := lo[free] + floorDiv(hi[free]-lo[free], 2)
	for half := range 2 {
		l, h := slices.Clone(lo), slices.Clone(hi)
		if half == 0 {
			h[free] = mid
		} else {
			l[free] = mid + 1
		}
		if values, err = s.find(l, h); values != nil || err != nil {
			return values, err
		}
	}
	return nil, nil
}

// tiny makes plans small enough to be searched: a few slots with weights, readings
// up to 3, small constants, in which thresholds are met exactly again and again.
type tiny struct {
	*mrand.Rand
	plan  *BillPlan
	rows  []PlanRow
	slots []Place
}

func (d *tiny) small(n int) int64 { return int64(d.IntN(2*n+1) - n) }

func (d *tiny) weights(from, to int) [][]int64 {
	w := make([][]int64, len(d.rows))
	for i, r := range d.rows {
		w[i] = make([]int64, r.N)
	}
	for _, p := range d.slots {
		w[p.Row][p.Slot] = int64(from + d.IntN(to-from+1))
	}
	return w
}

func (d *tiny) form(rules int) Form {
	f := Form{Weights: d.weights(-1, 2), Const: big.NewInt(d.small(6))}
	if d.IntN(3) == 0 {
		f.Weights = d.weights(0, 1)
	}
	if rules > 0 && d.IntN(3) == 0 {
		f.Weights = d.weights(0, 0)
	}
	for k := range rules {
		if d.IntN(2) == 0 {
			coef := 1 + int64(d.IntN(3))
			if d.IntN(3) == 0 {
				coef = -coef
			}
			f.Hidden = append(f.Hidden, Term{k, big.NewInt(coef)})
		}
	}
	return f
}

func (d *tiny) rule(k int) Rule {
	kinds := []RuleKind{Excess, Excess, Excess, Step, Peak, Highest, Net, Each}
	r := Rule{Name: fmt.Sprint("rule ", k), Kind: kinds[d.IntN(len(kinds))]}
	if r.Kind == Net && len(d.plan.Channels) == 1 {
		r.Kind = Excess
	}
	switch r.Kind {
	case Excess:
		r.Of = d.form(k)
		if i := slices.IndexFunc(d.plan.Rules, func(r Rule) bool { return r.Kind == Excess }); i >= 0 && d.IntN(2) == 0 {
			r.Of = d.plan.Rules[i].Of
			r.Of.Const = big.NewInt(d.small(8))
		}
	case Step:
		r.Of = d.form(k)
	case Peak, Highest:
		for i, row := range d.rows {
			g := Group{Day: row.Day}
			for _, p := range d.slots {
				if p.Row == i && row.Channel == 0 {
					g.Cells = append(g.Cells, p)
					if d.IntN(2) == 0 {
						r.Groups, g.Cells = append(r.Groups, g), nil
					}
				}
			}
			if len(g.Cells) > 0 {
				r.Groups = append(r.Groups, g)
			}
		}
		slices.SortStableFunc(r.Groups, func(a, b Group) int { return a.Day - b.Day })
		if len(r.Groups) == 0 {
			r.Groups = []Group{{Day: d.rows[0].Day, Cells: []Place{{0, 0}}}}
		}
		if r.Kind == Highest {
			r.Count = 1
			if r.Groups[0].Day != r.Groups[len(r.Groups)-1].Day {
				r.Count += d.IntN(2)
			}
		}
	case Net, Each:
		r.Of = Form{Weights: d.weights(-2, 3), Const: zero}
		if r.Kind == Each {
			r.U, r.Mode = big.NewInt(1+int64(d.IntN(5))), modes[d.IntN(len(modes))]
			break
		}
		for i, row := range d.rows {
			if row.Channel == 1 {
				clear(r.Of.Weights[i])
			}
		}
	}
	return r
}

// tiers puts thresholds on the last rule, and makes all of a bill of them.
func (d *tiny) tiers() {
	at := len(d.plan.Rules) - 1
	for range 2 + d.IntN(2) {
		of := Form{Const: big.NewInt(-int64(d.IntN(5))), Hidden: []Term{{at, one}}}
		d.plan.Rules = append(d.plan.Rules, Rule{Name: "tier", Kind: Excess, Of: of})
	}
}

func newTiny(seed uint64) (*BillPlan, []meter.Row, [][]uint32) {
	d := &tiny{Rand: mrand.New(mrand.NewPCG(7, seed))}
	days, channels := 1+d.IntN(2), []int{0, 1}[:1+d.IntN(2)]
	meters := []MeterSlots{{Meter: "meter-1", N: 24}, {Meter: "meter-2", N: 24}}
	t := terms(january, days, meters[:1+d.IntN(5)/4]...)
	t.Stage = []Stage{StageBill, StageNet, StageLine, StageInterval}[d.IntN(4)]
	t.Mode = string(modes[d.IntN(len(modes))])
	t.Policy.Missing = []string{PolicyBill, PolicyExclude}[d.IntN(2)]
	d.plan = &BillPlan{Terms: t, Channels: channels}
	d.rows = d.plan.Rows()
	for range 1 + d.IntN(3) {
		row := d.IntN(len(d.rows))
		if p := (Place{row, d.IntN(2)}); !slices.Contains(d.slots, p) {
			d.slots = append(d.slots, p)
		}
	}
	slices.SortFunc(d.slots, func(a, b Place) int { return 100*(a.Row-b.Row) + a.Slot - b.Slot })
	var rows []meter.Row
	var readings [][]uint32
	sealed := d.rows
	if d.IntN(4) == 0 { // the last day is sealed in two parts
		sealed = slices.Concat(sealed, sealed[len(sealed)-len(channels):])
	}
	for _, r := range sealed {
		row := meter.Row{Meter: r.Meter, Day: uint16(r.Day), Channel: r.Channel, N: r.N, Cap: uint32(1 + d.IntN(3)), Statuses: make([]meter.Status, r.N)}
		wh := make([]uint32, r.N)
		for s := range wh {
			wh[s] = uint32(d.IntN(int(row.Cap) + 1))
			switch first := len(rows) < len(d.rows); {
			case len(sealed) > len(d.rows) && r.Day == d.rows[len(d.rows)-1].Day && (s == 0) != first:
				wh[s], row.Statuses[s] = 0, meter.NotHere
			case d.IntN(5) == 0:
				row.Statuses[s] = meter.Missing
			}
		}
		rows, readings = append(rows, row), append(readings, wh)
	}
	for k := range 1 + d.IntN(4) {
		d.plan.Rules = append(d.plan.Rules, d.rule(k))
	}
	if d.IntN(4) == 0 {
		d.tiers()
	}
	lines := 1
	if d.plan.lines() {
		lines += d.IntN(3)
	}
	for i := range lines {
		form := d.form(len(d.plan.Rules))
		f := Functional{Name: fmt.Sprint("line ", i), Weights: form.Weights, Const: form.Const, Hidden: form.Hidden, U: big.NewInt(1 + int64(d.IntN(5)))}
		d.plan.Functionals = append(d.plan.Functionals, f)
	}
	if n := len(d.plan.Rules); d.plan.Rules[n-1].Name == "tier" {
		f := &d.plan.Functionals[0]
		f.Hidden = nil
		for k, r := range d.plan.Rules {
			if coef := int64(d.IntN(5) - 1); coef != 0 && r.Name == "tier" {
				f.Hidden = append(f.Hidden, Term{k, big.NewInt(coef)})
			}
		}
	} else if d.IntN(4) == 0 && lines == 1 { // a minimum
		f := &d.plan.Functionals[0]
		f.Weights, f.Hidden = d.weights(0, 0), []Term{{len(d.plan.Rules) - 1, big.NewInt(1 + int64(d.IntN(3)))}}
	}
	return d.plan, rows, readings
}

// tinyOracle adds up what was sealed in two parts.
func tinyOracle(p *BillPlan, counted [][]uint32) *ruleOracle {
	o := &ruleOracle{plan: p}
	for i, row := range counted {
		if n := len(p.Rows()); i >= n {
			for s, v := range row {
				o.readings[i-len(p.Channels)][s] += int64(v)
			}
			continue
		}
		wide := make([]int64, len(row))
		for s, v := range row {
			wide[s] = int64(v)
		}
		o.readings = append(o.readings, wide)
	}
	return o
}

// TestAttackSearch: of what the rules of a plan require, no integers satisfy less
// than the true amount, and the true ones satisfy it.
func TestAttackSearch(t *testing.T) {
	count := 1500
	if testing.Short() {
		count = 200
	}
	proven, unknown, kinds := 0, 0, map[RuleKind]int{}
	for i := range count {
		p, rows, readings := newTiny(uint64(i))
		counted := p.counted(rows, readings)
		amount := tinyOracle(p, counted).amount()
		claim := func(b *big.Int) (*Claim, error) { return p.claim(rows, []Output{must(newOutput(publicInt(b)))}) }
		c, err := claim(amount)
		if err != nil {
			if !errors.Is(err, ErrNotProvable) {
				t.Errorf("plan %d: %v", i, err)
			}
			continue
		}
		proven++
		for _, r := range p.Rules {
			kinds[r.Kind]++
		}
		s := newSearch(c, readings)
		values, err := s.find(slices.Clone(s.lo), slices.Clone(s.hi))
		if values == nil && err == nil {
			t.Errorf("plan %d: the true amount %v cannot be proven", i, amount)
		}
		for below := int64(1); below <= 12; below++ {
			b := new(big.Int).Sub(amount, big.NewInt(below))
			c, err := claim(b)
			if errors.Is(err, errImpossible) {
				continue
			}
			if err != nil {
				t.Errorf("plan %d: %v says another shape: %v", i, b, err)
				break
			}
			s := newSearch(c, readings)
			values, err := s.find(slices.Clone(s.lo), slices.Clone(s.hi))
			if err != nil {
				unknown++
			}
			if values != nil {
				t.Errorf("plan %d: %v instead of %v can be proven, with %v", i, b, amount, values)
				break
			}
		}
	}
	t.Logf("%d of %d plans are provable, %d searches given up, rules %v", proven, count, unknown, kinds)
	if proven < count/5 || len(kinds) < 6 || unknown > count/10 {
		t.Errorf("%d of %d plans are provable, %d searches given up, rules %v", proven, count, unknown, kinds)
	}
}
