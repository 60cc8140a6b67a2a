package prover

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"hushwatt/meter"
	"hushwatt/testvectors"
)

// ruleScene is a home of three days of 24 slots, import and export, and a plan
// for two of them: energy at 7 a Wh, in units of 1000, and one rule.
func (f *billFiles) ruleScene(name string, stage Stage, rules ...Rule) scene {
	seeded(f.t, "home of "+name)
	h := newHouse(f.t, setup{n: 24, days: 3, seed: 71, channels: meter.ImportAndExport})
	t := terms(january+1, 2, MeterSlots{Meter: "meter-1", N: 24})
	t.Stage = stage
	p := &BillPlan{Terms: t, Channels: []int{0, 1}, Rules: rules}
	p.Functionals = []Functional{{Name: "Energy", Weights: imports(p, 7), Const: big.NewInt(12_345), U: big.NewInt(1000)}}
	seeded(f.t, name)
	return scene{house: h, plan: p}
}

// imports prices every reading of import alike, and export not.
func imports(p *BillPlan, price int64) [][]int64 {
	w := weightsLike(p, 0)
	for i, r := range p.Rows() {
		for s := range w[i] {
			w[i][s] = price * int64(1-r.Channel)
		}
	}
	return w
}

// uses adds a multiple of a rule to a functional.
func (s scene) uses(line, rule int, coef int64) scene {
	f := &s.plan.Functionals[line]
	f.Hidden = append(f.Hidden, Term{rule, big.NewInt(coef)})
	return s
}

func excessOf(weights [][]int64, konst int64, hidden ...Term) Rule {
	return Rule{Name: "excess", Kind: Excess, Of: Form{Weights: weights, Const: big.NewInt(konst), Hidden: hidden}}
}

// hours are the groups of a demand of two hours each.
func hours(p *BillPlan) (groups []Group) {
	for i, r := range p.Rows() {
		for s := 0; s < r.N && r.Channel == 0; s += 2 {
			groups = append(groups, Group{Day: r.Day, Cells: []Place{{i, s}, {i, s + 1}}})
		}
	}
	return groups
}

// liar is a customer who proves another amount with other secrets than the true
// ones. Every range and digit that the lie breaks is given some value that fits.
type liar struct {
	plan    *BillPlan        // proven under, if it is not the verifier's
	amount  int64            // added to what the plan comes to
	change  func(*Claim)     // of the claim, before it is compiled
	secrets func([]Int)      // of those that the prover is given
	values  func(i int) *Int // of those that it finds by itself; nil keeps one
	wrong   string           // a deviation of the second prover
}

func (f *billFiles) lie(s scene, l liar) []byte {
	f.t.Helper()
	return forgeWith(f.t, s.house, s.plan, func(d *draft) []byte {
		if l.plan != nil {
			d.underOther(l.plan)
		}
		out := d.submission.Outputs[0].Int()
		d.submission.Outputs[0] = must(newOutput(publicInt(out.Add(out, big.NewInt(l.amount)))))
		c := must(d.plan.build(nil, d.rows, d.submission.Outputs))
		if l.change != nil {
			l.change(c)
		}
		secrets := must(d.plan.secrets(d.rows, readingsOf(d.openings)))
		if l.secrets != nil {
			l.secrets(secrets)
		}
		if l.wrong != "" {
			before := testHeader
			defer func() { testHeader = before }()
			testHeader = d.header()
			return slowProve(f.t, c, &home{rows: c.rows, seals: sealsOf(d.rows), opened: d.openings}, "", l.wrong, secrets...)
		}
		return must(c.prove(d.header(), sealsOf(d.rows), d.openings, secrets, rand.Reader, func(w *witness) { l.adapt(c, w) }, noSteps))
	}).Bytes()
}

// adapt changes the witness and makes it consistent, where it can be.
func (l *liar) adapt(c *Claim, w *witness) {
	if l.values == nil {
		l.values = func(int) *Int { return nil }
	}
	for i := range w.y {
		if v := l.values(i); v != nil {
			w.y[i] = *v
		}
	}
	for i, r := range c.form.ranges {
		v := w.evaluate(r.l).positive()
		w.ranges[i] = Select(publicInt(r.bound).Less(v), publicInt(r.bound), v)
	}
	for i, at := range c.form.sent {
		w.values[len(w.x)+i] = w.y[at].Scalar()
	}
	if c.form.vector != nil {
		w.digits = nil
		c.fillDigits(w)
	}
}

// forgeWith is forge for a proof of the forger's own.
func forgeWith(t *testing.T, h *house, plan *BillPlan, prove func(*draft) []byte) *Bill {
	t.Helper()
	d := must(newDraft(nil, plan, []*meter.Opened{h.opened}))
	rand.Read(d.submission.ID[:])
	d.submission.Proof = prove(d)
	return &Bill{d.request, d.submission}
}

// rules: bills with every kind of rule, and those who try to pay less.
func (f *billFiles) rules() {
	accept := func(name, comment string, s scene) scene {
		f.t.Helper()
		want := newRuleOracle(s.plan, s.house).amount()
		b := s.answer()
		if got := b.Submission.Outputs[0].Int(); got.Cmp(want) != 0 {
			f.t.Errorf("%s comes to %v, want %v", name, got, want)
		}
		f.bill(name, "4.5", "", "", comment, s, b.Bytes())
		return s
	}
	refuse := func(name, base, comment string, s scene, l liar) {
		f.t.Helper()
		seeded(f.t, name)
		f.bill(name, "4.5", base, ReasonProof, comment, s, f.lie(s, l))
	}
	value := func(i int, v int64) func(int) *Int {
		return func(k int) *Int {
			if x := NewInt(v); k == i {
				return &x
			}
			return nil
		}
	}

	blocks := f.ruleScene("bill-blocks", StageBill)
	q := imports(blocks.plan, 1)
	blocks.plan.Rules = []Rule{excessOf(q, -40_000), excessOf(q, -100_000)}
	blocks = accept("bill-blocks", "Prices rise at 40 and at 100 kWh.", blocks.uses(0, 0, 3).uses(0, 1, 5))
	total := newRuleOracle(blocks.plan, blocks.house).form(Form{Weights: q, Const: zero}).Int64()
	if total < 110_000 {
		f.t.Fatalf("the home used %d Wh only", total)
	}
	refuse("bill-blocks-third-left-out", "bill-blocks", "What was used in the third block is said to be in none.", blocks,
		liar{amount: -(total - 100_000) * 5 / 1000, values: value(0, 0)})
	refuse("bill-blocks-second-overfull", "bill-blocks", "The second block holds a kWh more than there is room.", blocks,
		liar{amount: -5, values: func(i int) *Int { v := NewInt([]int64{total - 101_000, 61_000}[i]); return &v }})

	falling := f.ruleScene("bill-falling-blocks", StageBill)
	falling.plan.Rules = []Rule{excessOf(q, -60_000), excessOf(q, -200_000)}
	falling = accept("bill-falling-blocks", "Prices fall at 60 and at 200 kWh, which is not reached.", falling.uses(0, 0, -3).uses(0, 1, -2))
	for name, honest := range map[string]liar{"nothing changed": {}, "the second prover": {wrong: "nothing"}} {
		if _, err := VerifyBill(f.lie(falling, honest), falling.checks()); err != nil {
			f.t.Errorf("a liar who tells the truth, %s: %v", name, err)
		}
	}
	skip := NewInt(total - 60_000 + 20_000)
	refuse("falling-block-skipped-in-a-bill", "bill-falling-blocks", "20 kWh of the first block are put into the cheaper second.", falling,
		liar{amount: -60, values: func(i int) *Int { return []*Int{{}, &skip}[i] }})
	refuse("falling-prices-without-product-in-a-bill", "bill-falling-blocks", "The same, with products that say so of another threshold.", falling,
		liar{amount: -60, values: func(i int) *Int { return []*Int{{}, &skip}[i] }, change: func(c *Claim) {
			c.products[0].x = c.products[0].x.AddConst(big.NewInt(20_000))
		}})
	refuse("product-wrong-index-in-a-bill", "bill-falling-blocks", "The prover's own relation names another rule's secret in the first product.", falling,
		liar{wrong: wrongIndex})

	lines := f.ruleScene("bill-blocks-by-line", StageLine)
	lines.plan.Rules = []Rule{excessOf(q, -40_000)}
	lines.plan.Functionals = append(lines.plan.Functionals, Functional{Name: "Second block", Weights: weightsLike(lines.plan, 0), Const: new(big.Int), U: big.NewInt(700)})
	lines = lines.uses(0, 0, -7).uses(1, 0, 5)
	var gain int64 // Wh that, moved to the second block, save a unit
	for konst := int64(0); gain == 0 && konst < 700; konst += 50 {
		lines.plan.Functionals[1].Const = big.NewInt(konst)
		exact := newRuleOracle(lines.plan, lines.house).amount()
		for g := int64(1); gain == 0 && g < 300; g++ {
			over := total - 40_000 + g
			split := oracleRound(big.NewInt(12_345+7*total-7*over), big.NewInt(1000), HalfUp)
			if split.Add(split, oracleRound(big.NewInt(konst+5*over), big.NewInt(700), HalfUp)).Cmp(exact) < 0 {
				gain = g
			}
		}
	}
	if gain == 0 {
		f.t.Fatal("no split is cheaper")
	}
	accept("bill-blocks-by-line", "The second block has a line of its own; each line is rounded.", lines)
	refuse("block-cheaper-split-per-line-in-a-bill", "bill-blocks-by-line",
		fmt.Sprintf("%d Wh more in the second block save one unit by rounding.", gain), lines,
		liar{amount: -1, values: value(0, total-40_000+gain)})

	free := f.ruleScene("bill-allowance", StageLine)
	day, night := imports(free.plan, 1), imports(free.plan, 1)
	for i := range day {
		for s := range day[i] {
			day[i][s] *= int64(b2i(s >= 12))
			night[i][s] *= int64(b2i(s < 12))
		}
	}
	free.plan.Stage = StageBill
	free.plan.Functionals[0].Weights = weightsLike(free.plan, 0)
	free.plan.Rules = []Rule{excessOf(day, -30_000), excessOf(night, 0, Term{0, one})}
	free.plan.Rules[1].Of.Const = new(big.Int)
	free = accept("bill-allowance", "30 kWh a period are free by day.", free.uses(0, 0, 9).uses(0, 1, 5))
	twice := *free.plan
	twice.Rules = slices.Clone(twice.Rules)
	twice.Rules[1] = excessOf(night, -30_000, Term{0, one})
	refuse("allowance-used-twice-in-a-bill", "bill-allowance", "The 30 kWh are taken off the night as well.", free, liar{plan: &twice})

	least := f.ruleScene("bill-minimum", StageBill)
	least.plan.Rules = []Rule{excessOf(q, -40_000), excessOf(imports(least.plan, 7), 12_345-900_000, Term{0, big.NewInt(3)})}
	least.plan.Functionals[0].Weights, least.plan.Functionals[0].Const = weightsLike(least.plan, 0), big.NewInt(900_000)
	least = accept("bill-minimum", "Two blocks, and 900 at least; it is more.", least.uses(0, 1, 1))
	refuse("bill-minimum-said-to-count", "bill-minimum", "The amount is said to be the minimum.", least,
		liar{amount: 900 - newRuleOracle(least.plan, least.house).amount().Int64()})
	refuse("bill-below-minimum", "bill-minimum", "The amount is below the minimum, which no proof can say.", least,
		liar{amount: 900 - newRuleOracle(least.plan, least.house).amount().Int64(), change: nil, plan: lower(least.plan)})
	counts := f.ruleScene("bill-minimum-counts", StageBill)
	counts.plan.Rules = []Rule{excessOf(q, -40_000), excessOf(imports(counts.plan, 7), 12_345-9_000_000, Term{0, big.NewInt(3)})}
	counts.plan.Functionals[0].Weights, counts.plan.Functionals[0].Const = weightsLike(counts.plan, 0), big.NewInt(9_000_000)
	accept("bill-minimum-counts", "Two blocks, and 9000 at least; it is less.", counts.uses(0, 1, 1))

	peak := f.ruleScene("bill-peak", StageBill)
	peak.plan.Rules = []Rule{{Name: "demand", Kind: Peak, Groups: hours(peak.plan)}}
	peak = accept("bill-peak", "The highest demand of two hours costs 50 a Wh.", peak.uses(0, 0, 50))
	refuse("peak-hidden-in-a-bill", "bill-peak", "The demand is said to be a kWh less.", peak,
		liar{amount: -50, secrets: func(s []Int) { s[0] = s[0].Sub(NewInt(1000)) }})
	without := *peak.plan
	without.Rules = []Rule{peak.plan.Rules[0]}
	without.Rules[0].Groups = slices.Delete(hours(peak.plan), highestGroup(peak), highestGroup(peak)+1)
	refuse("event-slot-left-out-in-a-bill", "bill-peak", "The prover never compares the hours of the highest demand.", peak, liar{plan: &without})

	days := f.ruleScene("bill-highest", StageBill)
	days.plan.Rules = []Rule{{Name: "days", Kind: Highest, Groups: hours(days.plan), Count: 2}}
	days = accept("bill-highest", "The mean of the two highest days' demand.", days.uses(0, 0, 25))
	refuse("bill-highest-day-too-low", "bill-highest", "What the higher day has above the other is said to be 400 Wh less.", days,
		liar{amount: -10, secrets: func(s []Int) {
			for i := range s[1:] {
				less := s[1+i].Sub(NewInt(400))
				s[1+i] = Select(less.Less(Int{}), s[1+i], less)
			}
		}})

	net := f.ruleScene("bill-net", StageBill)
	net.plan.Rules = []Rule{{Name: "net", Kind: Net, Of: Form{Weights: imports(net.plan, 5), Const: zero}}}
	net.plan.Functionals[0].Weights = weightsLike(net.plan, 0)
	net = accept("bill-net", "What is used in an hour beyond what is fed in costs 5 a Wh.", net.uses(0, 0, 1))
	refuse("bill-net-slot-too-low", "bill-net", "One hour's use beyond what was fed in is said to be 200 Wh less.", net,
		liar{amount: -1, secrets: func(s []Int) {
			i := slices.IndexFunc(s, func(x Int) bool { return NewInt(1000).Less(x) == 1 })
			s[i] = s[i].Sub(NewInt(200))
		}})

	feed := f.ruleScene("bill-net-at-most", StageBill)
	feed.plan.Rules = []Rule{{Name: "net", Kind: Net, Of: Form{Weights: imports(feed.plan, -3), Const: zero}}}
	feed = accept("bill-net-at-most", "What is used beyond what is fed in costs 3 a Wh less than what is fed in earns.", feed.uses(0, 0, 1))
	refuse("bill-net-slot-too-high", "bill-net-at-most", "One hour's use beyond what was fed in is said to be 400 Wh more.", feed,
		liar{amount: -1, secrets: func(s []Int) {
			i := slices.IndexFunc(s, func(x Int) bool { return NewInt(1000).Less(x) == 1 })
			s[i] = s[i].Add(NewInt(400))
		}})
	refuse("bill-net-bit-without-use", "bill-net-at-most", "An hour in which more was fed in than used counts 400 Wh of use.", feed,
		liar{amount: -1, secrets: func(s []Int) {
			n := len(s) / 2
			i := slices.IndexFunc(s[:n], func(x Int) bool { return x.isZero() == 1 })
			s[i], s[n+i] = NewInt(400), NewInt(1)
		}})

	each := f.ruleScene("bill-interval", StageInterval)
	each.plan.Rules = []Rule{{Name: "slots", Kind: Each, Of: Form{Weights: imports(each.plan, 7), Const: zero}, U: big.NewInt(1000), Mode: HalfUp}}
	each.plan.Functionals = []Functional{{Name: "Energy", Weights: weightsLike(each.plan, 0), Const: zero, U: one}}
	each = accept("bill-interval", "The money of every hour is rounded, half up.", each.uses(0, 0, 1))
	refuse("bill-interval-slot-rounded-down", "bill-interval", "One hour is rounded to one unit less.", each,
		liar{amount: -1, secrets: func(s []Int) { s[3] = s[3].Sub(NewInt(1)) }})
	even := f.ruleScene("bill-interval-half-even", StageInterval)
	even.plan.Rules = []Rule{{Name: "slots", Kind: Each, Of: Form{Weights: imports(even.plan, 500), Const: zero}, U: big.NewInt(1000), Mode: HalfEven}}
	even.plan.Functionals = []Functional{{Name: "Energy", Weights: weightsLike(even.plan, 0), Const: zero, U: one}}
	even = accept("bill-interval-half-even", "Half of the hours are ties; each goes to the even side.", even.uses(0, 0, 1))
	refuse("bill-interval-tie-odd", "bill-interval-half-even", "One tie is rounded down to an odd number.", even,
		liar{amount: -1, secrets: oddTie(even)})

	step := f.ruleScene("bill-step", StageBill)
	step.plan.Rules = []Rule{{Name: "demand", Kind: Peak, Groups: hours(step.plan)},
		{Name: "step", Kind: Step, Of: Form{Const: big.NewInt(-5000), Hidden: []Term{{0, one}}}}}
	step = accept("bill-step", "5 kWh in two hours or more cost 40,000 besides.", step.uses(0, 1, 40_000))
	refuse("bill-step-not-taken", "bill-step", "The demand is said to be below the step.", step,
		liar{amount: -40, secrets: func(s []Int) { s[0] = NewInt(4999) }, values: value(1, 0)})

	tier := f.ruleScene("bill-tier", StageBill)
	tier.plan.Rules = []Rule{{Name: "demand", Kind: Peak, Groups: hours(tier.plan)},
		{Name: "from", Kind: Excess, Of: Form{Const: big.NewInt(-2000), Hidden: []Term{{0, one}}}},
		{Name: "to", Kind: Excess, Of: Form{Const: big.NewInt(-5000), Hidden: []Term{{0, one}}}}}
	tier = accept("bill-tier", "The demand between 2 and 5 kWh in two hours costs 60 a Wh; it is more.", tier.uses(0, 1, 60).uses(0, 2, -60))
	m := newRuleOracle(tier.plan, tier.house).value(0).Int64()
	if m <= 5000 {
		f.t.Fatalf("the demand is %d Wh only", m)
	}
	// Secrets: the demand, what is above the tier, the tier, whether each is used.
	tierOf := func(values ...int64) func(int) *Int {
		return func(i int) *Int { x := NewInt(values[i]); return &x }
	}
	refuse("bill-tier-skipped", "bill-tier", "All of the demand from 2 kWh on is said to be above the tier.", tier,
		liar{amount: -180, values: tierOf(m, m-2000, 0, 1, 1)})
	refuse("bill-tier-said-to-be-unused", "bill-tier", "Neither the tier nor what is above it is said to be used.", tier,
		liar{amount: -180, values: tierOf(m, 0, 0, 0, 0)})

	f.bentRules(blocks, "bill-blocks", map[string]func(*BillPlan){
		"threshold":   func(p *BillPlan) { p.Rules[0].Of.Const = big.NewInt(-41_000) },
		"coefficient": func(p *BillPlan) { p.Functionals[0].Hidden[1].Coef = big.NewInt(4) },
		"term":        func(p *BillPlan) { p.Functionals[0].Hidden = p.Functionals[0].Hidden[:1] },
		"weight":      func(p *BillPlan) { p.Rules[1].Of.Weights[0][7] = 0 },
		"first-row":   func(p *BillPlan) { p.Rules[1].Of.FirstRow, p.Rules[1].Of.Weights = 2, p.Rules[1].Of.Weights[2:] },
		"order":       func(p *BillPlan) { slices.Reverse(p.Rules) },
		"kind":        func(p *BillPlan) { p.Rules[0].Kind = Step },
	})
	f.bentRules(days, "bill-highest", map[string]func(*BillPlan){
		"count": func(p *BillPlan) { p.Rules[0].Count = 1 },
		"group": func(p *BillPlan) { p.Rules[0].Groups = p.Rules[0].Groups[:len(p.Rules[0].Groups)-1] },
		"cell":  func(p *BillPlan) { p.Rules[0].Groups[3].Cells = p.Rules[0].Groups[3].Cells[:1] },
		"day":   func(p *BillPlan) { p.Rules[0].Groups[12].Day-- },
	})
	f.bentRules(each, "bill-interval", map[string]func(*BillPlan){
		"unit": func(p *BillPlan) { p.Rules[0].U = big.NewInt(2000) },
		"mode": func(p *BillPlan) { p.Rules[0].Mode = Down },
	})
}

// lower is a plan whose minimum is smaller.
func lower(p *BillPlan) *BillPlan {
	q := *p
	q.Functionals = slices.Clone(p.Functionals)
	q.Functionals[0].Const = big.NewInt(800_000)
	q.Rules = slices.Clone(p.Rules)
	q.Rules[1].Of.Const = big.NewInt(12_345 - 800_000)
	return &q
}

// highestGroup is the place of the group with the highest demand.
func highestGroup(s scene) (at int) {
	o := newRuleOracle(s.plan, s.house)
	var most int64
	for i, g := range s.plan.Rules[0].Groups {
		if sum := o.readings[g.Cells[0].Row][g.Cells[0].Slot] + o.readings[g.Cells[1].Row][g.Cells[1].Slot]; sum > most {
			at, most = i, sum
		}
	}
	return at
}

// oddTie takes one off a tie that was rounded up to an even number: b = 2h + 0
// becomes 2(h − 1) + 1.
func oddTie(s scene) func([]Int) {
	return func(secrets []Int) {
		o := newRuleOracle(s.plan, s.house)
		n := len(secrets) / 2
		for i := range n {
			wh := o.readings[2*(i/24)][i%24] // rows of import and export take turns
			if wh%4 == 3 {
				secrets[i], secrets[n+i] = secrets[i].Sub(NewInt(1)), NewInt(1)
				return
			}
		}
	}
}

// bentRules proves bills under plans of which one thing differs: under the hash of
// the verifier's, and under their own.
func (f *billFiles) bentRules(s scene, base string, bends map[string]func(*BillPlan)) {
	var names []string
	for name := range bends {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		other := cloneRules(s.plan)
		bends[name](other)
		seeded(f.t, base+"-other-"+name)
		f.bill(base+"-other-"+name, "4.5", base, ReasonProof, "Proven under rules of which one thing differs: "+name+".", s, f.lie(s, liar{plan: other}))
		own := scene{house: s.house, plan: other}.answer()
		f.bill(base+"-other-"+name+"-own-hash", "4.3", base, ReasonTariff, "The same. The request's hash says so.", s, own.Bytes())
	}
}

func cloneRules(p *BillPlan) *BillPlan {
	q := *p
	q.Functionals = slices.Clone(p.Functionals)
	for i := range q.Functionals {
		q.Functionals[i].Hidden = slices.Clone(q.Functionals[i].Hidden)
	}
	q.Rules = slices.Clone(p.Rules)
	for k := range q.Rules {
		r := &q.Rules[k]
		r.Of.Weights, r.Groups = slices.Clone(r.Of.Weights), slices.Clone(r.Groups)
		for i := range r.Of.Weights {
			r.Of.Weights[i] = slices.Clone(r.Of.Weights[i])
		}
	}
	return &q
}

func termsData(terms []Term) (list []testvectors.Term) {
	for _, t := range terms {
		list = append(list, testvectors.Term{Rule: t.Rule, Coef: t.Coef.String()})
	}
	return list
}

func ruleData(r *Rule) testvectors.Rule {
	d := testvectors.Rule{Kind: string(r.Kind), Name: r.Name, FirstRow: r.Of.FirstRow, Weights: r.Of.Weights, Hidden: termsData(r.Of.Hidden), Count: r.Count, Mode: string(r.Mode)}
	if r.Of.Const != nil {
		d.Const = r.Of.Const.String()
	}
	if r.U != nil {
		d.Unit = r.U.String()
	}
	for _, g := range r.Groups {
		cells := [][2]int{}
		for _, c := range g.Cells {
			cells = append(cells, [2]int{c.Row, c.Slot})
		}
		d.Groups = append(d.Groups, testvectors.Group{Day: g.Day, Cells: cells})
	}
	return d
}
