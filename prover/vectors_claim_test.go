package prover

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"hushwatt/testvectors"
)

func TestVectorFilesOfClaims(t *testing.T) {
	f := &claimFiles{t: t}
	f.rationals()
	f.bounds()
	f.amounts()
	f.blocks()
	f.demand()
	f.everySlot()
	f.classesAndFlags()
	f.compiler()
	f.transcripts()
	f.bytes()
	testvectors.Sync(t, "claim", f.list)
}

// rationals: a secret without a range may be any fraction modulo q, which
// understates bills whose every remainder is in its range.
func (f *claimFiles) rationals() {
	// With readings up to 200 the secret's range takes one bit, which the padding
	// holds, so that a proof without it has the same length.
	seeded(f.t, "home of rationals")
	h := newHome([]Row{{N: 24, Cap: 200}}, func(d, s int) uint32 { return uint32(b2i(s == 0)) })
	const x0, x1 = 200*1056 - 90, 100 * 1056
	lines := func(total int64) *claimData {
		return with(about(h, hidden(at(h, 0), x0-1), hidden(at(h, 0), x1-1)),
			step{Op: "lines", Lines: []expr{{"f0": "1"}, {"f1": "1"}}, Units: []string{"200", "100"}, Mode: "half-up", Value: decimal(total)})
	}
	f.accept("two-lines", "Two lines in units of 200 and 100 add up to 2112.", lines(2112), h)
	understate := func(w *witness) {
		w.values[2] = sub(num(1056), fraction(9, 10))
		w.ranges[len(w.ranges)-2] = NewInt(x0 - 1056*200 + 200*9/10 + 200/2)
		w.ranges[len(w.ranges)-1] = NewInt(x1 - 1056*100 + 100/10 + 100/2)
		if len(w.ranges) == 3 {
			w.ranges[0] = NewInt(0)
		}
	}
	f.cheatWith("secret-rational-two-lines", "two-lines", "The first line is 0.9 units less and the second 0.1: both remainders are small modulo q, the sum is one too low.",
		lines(2111), h, understate)

	// The same cheat proves the claim without the secret's range.
	seeded(f.t, "claim-without-secret-range")
	bare := NewClaim(h.rows, "2025b")
	f0, f1 := bare.Functional(at(h, 0), big.NewInt(x0-1)), bare.Functional(at(h, 0), big.NewInt(x1-1))
	bare.RoundedLines([]Linear{f0, f1}, ints(200, 100), HalfUp, big.NewInt(2111))
	drop(bare, 0)
	narg, err := bare.prove(testHeader, h.seals, h.opened, nil, rand.Reader, understate, noSteps)
	if err == nil {
		err = bare.Verify(testHeader, h.seals, narg)
	}
	if err != nil {
		f.t.Fatalf("without the secret's range the attack should work: %v", err)
	}
	if len(narg) != build(f.t, lines(2111)).Size() {
		f.t.Error("claim-without-secret-range: refused for its length alone")
	}
	f.refuse("claim-without-secret-range", "4", "two-lines", "A proof of the claim whose secret has no range; there it would be accepted.", lines(2111), h, narg)

	k := slots(f.t, "priced kWh", 1, 7000)
	priced := func(total int64) *claimData {
		return with(about(k, hidden(at(k, 0), 0)),
			step{Op: "roundedSecret", Name: "kWh", L: expr{"f0": "1"}, Units: []string{"1000"}, Mode: "half-up"},
			revealStep(expr{"s0": "30"}, total))
	}
	f.accept("priced-kwh", "Energy rounded to kWh, 30 a kWh.", priced(210), k)
	f.cheatWith("secret-rational-priced-kwh", "priced-kwh", "A tenth of a kWh less keeps the remainder small.", priced(207), k, func(w *witness) {
		w.values[1] = sub(num(7), fraction(1, 10))
		w.ranges[len(w.ranges)-1] = NewInt(100 + 500)
		w.ranges[0] = NewInt(6)
	})
}

// bounds of secrets and of range requirements.
func (f *claimFiles) bounds() {
	h := slots(f.t, "bounds", 1, 500)
	parts := with(about(h, hidden(at(h, 0), 0)),
		secretStep("y", 100, 200, ""), secretStep("v", -1000, 1000, ""),
		step{Op: "zero", L: expr{"s0": "1", "s1": "1", "f0": "-1"}}, revealStep(expr{"f0": "1"}, 500))
	f.accept("secret-in-bounds", "A reading is the sum of two secrets, the first at its upper bound.", parts, h, 200, 300)
	f.cheat("secret-out-of-bounds-high", "secret-in-bounds", "The first secret is one above its range.", parts, h, map[int]int64{0: 100}, 201, 299)
	f.cheat("secret-out-of-bounds-negative", "secret-in-bounds", "The first secret is one below its range.", parts, h, map[int]int64{0: 0}, 99, 401)

	between := func(konst, bound int64) *claimData {
		return with(about(h, hidden(at(h, 0), konst)), rangeStep(expr{"f0": "1"}, bound))
	}
	f.accept("requirement-at-bound", "A reading of 500 is at most 500.", between(0, 500), h)
	f.accept("requirement-at-zero", "A reading of 500 is at least 500.", between(-500, 12), h)
	f.cheat("requirement-value-equals-bound-plus-one", "requirement-at-bound", "A reading of 500 and one is at most 500.", between(1, 500), h, map[int]int64{0: 500})
	f.cheat("requirement-minus-one", "requirement-at-zero", "A reading of 500 is at least 501.", between(-501, 12), h, map[int]int64{0: 0})

	two := func(first, second, b0, b1 int64) *claimData {
		return with(about(h, hidden(at(h, 0), first), hidden(at(h, 0), second)), rangeStep(expr{"f0": "1"}, b0), rangeStep(expr{"f1": "1"}, b1))
	}
	narg := f.accept("requirements-two", "Two requirements of one claim.", two(0, -490, 1000, 12), h)
	f.refuse("requirement-bound-changed", "4", "requirements-two", "The first bound is one more than was proven.", two(0, -490, 1001, 12), h, narg)
	f.refuse("requirement-segment-swapped", "4", "requirements-two", "The two requirements are exchanged.", two(-490, 0, 12, 1000), h, narg)
}

// amounts: a revealed amount is the rounded value, ties included.
func (f *claimFiles) amounts() {
	for _, a := range []struct {
		base, comment string
		x, unit       int64
		mode          Mode
		right         int64
		wrong         map[string]int64
	}{
		{"amount", "12.34 rounds to 12.", 1234, 100, HalfUp, 12, map[string]int64{"amount-plus-one": 13, "amount-minus-one": 11, "amount-zero": 0, "amount-negated": -12}},
		{"tie-half-up", "12.5 rounds to 13 half up.", 1250, 100, HalfUp, 13, map[string]int64{"tie-rounded-down": 12}},
		{"tie-half-down", "12.5 rounds to 12 half down.", 1250, 100, HalfDown, 12, map[string]int64{"tie-rounded-up": 13}},
		{"tie-half-even", "12.5 rounds to 12 half to even.", 1250, 100, HalfEven, 12, map[string]int64{"tie-odd": 13}},
		{"tie-half-even-upward", "13.5 rounds to 14 half to even.", 1350, 100, HalfEven, 14, map[string]int64{"tie-odd-from-below": 13}},
		{"tie-half-even-unit-two", "2.5 rounds to 2 half to even; the bound is 0 for an odd amount.", 5, 2, HalfEven, 2, map[string]int64{"tie-odd-unit-two": 3}},
		{"tie-away-from-zero", "-12.5 rounds to -13 half away from zero.", -1250, 100, HalfAway, -13, map[string]int64{"negative-tie-wrong-way": -12}},
		{"tie-negative-half-up", "-12.5 rounds to -12 half up.", -1250, 100, HalfUp, -12, map[string]int64{"negative-tie-down": -13}},
		{"tie-away-unit-two", "0.5 rounds to 1 half away from zero; the bound is 0 for an amount of 0.", 1, 2, HalfAway, 1, map[string]int64{"tie-away-to-zero": 0}},
		{"rounded-down", "12.01 rounds down to 12.", 1201, 100, Down, 12, map[string]int64{"rounded-down-as-up": 13}},
		{"rounded-up", "12.01 rounds up to 13.", 1201, 100, Up, 13, map[string]int64{"rounded-up-as-down": 12}},
		{"bill-zero", "A bill of zero.", 0, 100, HalfUp, 0, map[string]int64{"bill-zero-as-one": 1}},
		{"credit-negative", "A credit of 0.52.", -52, 1, HalfUp, -52, map[string]int64{"credit-larger": -53}},
	} {
		h := slots(f.t, a.base, 1)
		claim := func(b int64) *claimData {
			return with(about(h, hidden(at(h, 0), a.x)), roundedStep(expr{"f0": "1"}, a.unit, a.mode, b))
		}
		f.accept(a.base, a.comment, claim(a.right), h)
		for _, name := range sortedKeys(a.wrong) {
			lies := map[int]int64{}
			if ranges := build(f.t, claim(a.wrong[name])).form.ranges; len(ranges) > 0 {
				lies[0] = ranges[0].bound.Int64()
			}
			f.cheat(name, a.base, fmt.Sprintf("The amount is said to be %d.", a.wrong[name]), claim(a.wrong[name]), h, lies)
		}
	}
	h := slots(f.t, "hidden ties", 1, 1250, 1350)
	lines := func(total int64) *claimData {
		return with(about(h, hidden(at(h, 0), 0), hidden(at(h, 1), 0)),
			step{Op: "lines", Lines: []expr{{"f0": "1"}, {"f1": "1"}}, Units: []string{"100", "100"}, Mode: "half-even", Value: decimal(total)})
	}
	f.accept("lines-half-even", "12.5 and 13.5 round to 12 and 14; each amount is hidden.", lines(26), h)
	f.cheatWith("lines-tie-odd", "lines-half-even", "The second line is rounded to 13 = 2*6 + 1.", lines(25), h, func(w *witness) {
		w.values[4] = num(6)
		last := w.ranges[len(w.ranges)-4:]
		last[0] = last[0].Sub(NewInt(1))
		last[1], last[2], last[3] = NewInt(1), NewInt(99), NewInt(0) // the last of them is -1 in truth
	})
}

// sortedKeys keeps generators in one order.
func sortedKeys(m map[string]int64) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// blocks, allowances: rules in which the customer splits energy.
func (f *claimFiles) blocks() {
	h := slots(f.t, "blocks", 1, 150)
	base := about(h, hidden(at(h, 0), 0))
	split := func(pays string) []step {
		return []step{secretStep("first block", 0, 100, pays), secretStep("second block", 0, 1<<20, pays),
			{Op: "zero", L: expr{"f0": "1", "s0": "-1", "s1": "-1"}}}
	}
	falling := func(total int64) *claimData {
		return with(with(base, split("")...), step{Op: "zeroProduct", X: expr{"1": "100", "s0": "-1"}, Y: expr{"s1": "1"}},
			revealStep(expr{"s0": "30", "s1": "10"}, total))
	}
	narg := f.accept("falling-blocks", "30 for the first 100 Wh, 10 after them; the second block is used only if the first is full.", falling(3500), h, 100, 50)
	f.cheat("falling-block-skipped", "falling-blocks", "Most of the energy is put into the cheap second block while the first is not full.", falling(1900), h, nil, 20, 130)
	f.notProvable("falling-prices-without-product", "falling-blocks", "Falling prices with one-sided secrets: the split would be to the customer's gain.",
		with(with(base, split("down")...), revealStep(expr{"s0": "30", "s1": "10"}, 3500)), h, narg)

	rising := func(total int64) *claimData {
		return with(with(base, split("down")...), roundedStep(expr{"s0": "10", "s1": "30"}, 7, HalfUp, total))
	}
	narg = f.accept("rising-blocks", "10 for the first 100 Wh, 30 after them, rounded once.", rising(357), h, 100, 50)
	f.cheat("rising-block-overfull", "rising-blocks", "The cheap first block holds 101 Wh.", rising(354), h, map[int]int64{0: 100}, 101, 49)
	f.notProvable("block-cheaper-split-per-line", "rising-blocks", "The blocks are rounded one by one: some wrong split is cheaper by the rounding.",
		with(with(base, split("down")...), step{Op: "lines", Lines: []expr{{"s0": "10"}, {"s1": "30"}}, Units: []string{"7", "7"}, Mode: "half-up", Value: "357"}), h, narg)

	two := slots(f.t, "allowance", 1, 80, 90)
	shared := func(total int64) *claimData {
		return with(about(two, hidden(at(two, 0), 0), hidden(at(two, 1), 0)),
			secretStep("free by day", 0, 100, "down"), secretStep("free by night", 0, 100, "down"),
			rangeStep(expr{"1": "100", "s0": "-1", "s1": "-1"}, 100),
			rangeStep(expr{"f0": "1", "s0": "-1"}, 1<<20), rangeStep(expr{"f1": "1", "s1": "-1"}, 1<<20),
			revealStep(expr{"f0": "30", "s0": "-30", "f1": "10", "s1": "-10"}, total))
	}
	narg = f.accept("allowance", "100 Wh are free, to be spread over two rates.", shared(0*30+70*10), two, 80, 20)
	f.cheat("allowance-used-twice", "allowance", "80 Wh are taken off the first rate and 90 off the second.", shared(0), two, map[int]int64{2: 0}, 80, 90)
	f.notProvable("allowance-used-twice-in-rounded-lines", "allowance", "What the allowance takes off one line it adds to another that is rounded by itself.",
		with(about(two, hidden(at(two, 0), 0), hidden(at(two, 1), 0)), secretStep("free", 0, 100, "down"),
			step{Op: "lines", Lines: []expr{{"f0": "1", "s0": "-1"}, {"f1": "1", "s0": "1"}}, Units: []string{"7", "9"}, Mode: "half-up", Value: "0"}), two, narg)

	p := slots(f.t, "products", 1, 9)
	products := with(about(p, hidden(at(p, 0), 0)), secretStep("x1", 0, 1<<40, ""), secretStep("x2", 0, 1<<40, ""), secretStep("z1", 0, 1<<40, ""), secretStep("z2", 0, 1<<40, ""),
		step{Op: "product", L: expr{"s2": "1"}, X: expr{"s0": "1"}, Y: expr{"f0": "1"}},
		step{Op: "product", L: expr{"s3": "1"}, X: expr{"s1": "1"}, Y: expr{"f0": "1"}}, revealStep(expr{"f0": "1"}, 9))
	f.accept("products-two", "Two products with one reading.", products, p, 3, 5, 27, 45)
	f.cheat("product-false", "products-two", "3 times 9 is said to be 28.", products, p, nil, 3, 5, 28, 45)
	seeded(f.t, "product-wrong-index")
	f.refuse("product-wrong-index", "4", "products-two", "The prover's own relation names the second factor in the first product.", products, p,
		slowProve(f.t, build(f.t, products), p, "", wrongIndex, whole([]int64{3, 5, 45, 45})...))
}

// demand: a peak, the highest days, announced hours.
func (f *claimFiles) demand() {
	h := slots(f.t, "demand", 1, 700, 900, 800, 100)
	claim := func(h *home, read [4]int, total int64) *claimData {
		c := about(h, hidden(pick(h, 1, 1, 1, 1), 0))
		for _, s := range read {
			c.Functionals = append(c.Functionals, hidden(at(h, s), 0))
		}
		c = with(c, secretStep("peak", 0, 1<<16, "up"))
		for j := range read {
			c = with(c, rangeStep(expr{"s0": "1", "f" + decimal(int64(j)+1): "-1"}, 1<<17))
		}
		return with(c, roundedStep(expr{"f0": "1", "s0": "20"}, 100, HalfUp, total))
	}
	all := [4]int{0, 1, 2, 3}
	narg := f.accept("peak", "Energy, and 20 a Wh of the highest of four slots.", claim(h, all, 205), h, 900)
	f.accept("peak-too-high", "A customer may pay for a higher peak than its own.", claim(h, all, 207), h, 910)
	f.cheat("peak-hidden", "peak", "The peak is said to be 800.", claim(h, all, 185), h, map[int]int64{2: 0}, 800)
	f.notProvable("peak-hidden-in-a-credit", "peak", "The peak lowers what is revealed although it pays up.",
		with(about(h, hidden(at(h, 0), 0)), secretStep("peak", 0, 1<<16, "up"), rangeStep(expr{"s0": "1", "f0": "-1"}, 1<<17), revealStep(expr{"f0": "1", "s0": "-1"}, 0)), h, narg)
	seeded(f.t, "event-slot-left-out")
	left := claim(h, [4]int{0, 2, 2, 3}, 185)
	f.refuse("event-slot-left-out", "4", "peak", "The prover compares the third slot twice and the second, the highest, never.", claim(h, all, 185), h, h.prove(f.t, build(f.t, left), NewInt(800)))

	days := slots(f.t, "days", 3)
	for d, v := range []uint32{500, 900, 700} {
		days.opened[d].Values[3] = v
		days.seals[d] = seal(24, days.opened[d])
	}
	highest := about(days)
	for d := range 3 {
		w := make([]int64, 24*(d+1))
		for s := range 24 {
			w[24*d+s] = 1
		}
		highest.Functionals = append(highest.Functionals, hidden(pick(days, w...), 0))
	}
	highest = with(highest, secretStep("theta", 0, 1<<21, "up"), secretStep("e0", 0, 1<<21, "up"), secretStep("e1", 0, 1<<21, "up"), secretStep("e2", 0, 1<<21, "up"))
	for d := range int64(3) {
		highest = with(highest, rangeStep(expr{"s" + decimal(d+1): "1", "s0": "1", "f" + decimal(d): "-1"}, 1<<22))
	}
	sum := func(total int64) *claimData {
		return with(highest, revealStep(expr{"s0": "2", "s1": "1", "s2": "1", "s3": "1"}, total))
	}
	f.accept("highest-days", "The sum of the two highest of three days, without sorting.", sum(1600), days, 700, 0, 200, 0)
	f.cheat("highest-days-too-low", "highest-days", "The second highest day, of 700, is counted as 600.", sum(1500), days, map[int]int64{6: 0}, 600, 0, 300, 0)

	energy := func(surcharge int64, total int64) *claimData {
		return with(about(h, hidden(pick(h, 10, 10, 10+surcharge, 10), 0)), roundedStep(expr{"f0": "1"}, 1000, HalfUp, total))
	}
	f.accept("event-surcharge", "The third slot is an announced event with a surcharge of 60.", energy(60, 73), h)
	seeded(f.t, "event-without-surcharge")
	f.refuse("event-without-surcharge", "4", "event-surcharge", "The bill is proven without the surcharge.", energy(60, 25), h, h.prove(f.t, build(f.t, energy(0, 25))))
}

// classesAndFlags: the nearest of public profiles, a threshold.
func (f *claimFiles) classesAndFlags() {
	profiles := [3][3]int64{{4, 1, 0}, {0, 3, 3}, {4, 0, 1}} // equal lengths squared but for the second
	claim := func(h *home, k int) *claimData {
		c := about(h)
		for _, p := range profiles {
			var norm int64
			for _, v := range p {
				norm += v * v
			}
			c.Functionals = append(c.Functionals, hidden(pick(h, norm-2*p[0], norm-2*p[1], norm-2*p[2]), 0))
		}
		for j := range profiles {
			if j == k {
				continue
			}
			l := expr{"f" + decimal(int64(j)): "1", "f" + decimal(int64(k)): "-1"}
			if j < k {
				l["1"] = "-1"
			}
			c = with(c, rangeStep(l, 1<<24))
		}
		return c
	}
	near := slots(f.t, "class", 1, 10, 300, 280)
	f.accept("class-nearest", "The second of three profiles has the lowest score.", claim(near, 1), near)
	f.cheat("class-not-nearest", "class-nearest", "The third profile is said to be the nearest.", claim(near, 2), near, map[int]int64{0: 0, 1: 0})
	tie := slots(f.t, "class tie", 1, 300, 50, 50)
	f.accept("class-tie", "The first and the third profile have the same score: the first is the class.", claim(tie, 0), tie)
	f.cheat("class-tie-higher-index", "class-tie", "The third profile is said to be the class.", claim(tie, 2), tie, map[int]int64{0: 0})

	h := slots(f.t, "flag", 1, 250, 250)
	flag := func(set bool) *claimData {
		l := expr{"f0": "1", "1": "-500"}
		if !set {
			l = expr{"f0": "-1", "1": "499"}
		}
		return with(about(h, hidden(pick(h, 1, 1), 0)), rangeStep(l, 1<<17-1))
	}
	f.accept("flag-at-threshold", "A use of 500 reaches the threshold of 500.", flag(true), h)
	f.cheat("flag-at-threshold-zero", "flag-at-threshold", "A use of 500 is said to be below the threshold of 500.", flag(false), h, map[int]int64{0: 0})
}
