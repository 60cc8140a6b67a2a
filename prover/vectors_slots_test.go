package prover

import (
	"slices"
	"testing"

	"hushwatt/prover/ristretto"
	"hushwatt/testvectors"
)

// cellsOf returns one sum per listed cell of rows of 24 slots, k times each.
func cellsOf(k int64, cells ...int) (out []testvectors.Sum) {
	for _, at := range cells {
		out = append(out, testvectors.Sum{Cells: [][3]int64{{int64(at / 24), int64(at % 24), k}}})
	}
	return out
}

func eachStep(l expr, bound int64, sums ...testvectors.Sum) step {
	return step{Op: "each", L: l, Value: decimal(bound), Sums: sums}
}

func vectorStep(name string, n int, hi int64, pays string) step {
	return step{Op: "vector", Name: name, Entries: n, Hi: decimal(hi), Pays: pays}
}

func totalStep(vector int, weights ...int64) step {
	return step{Op: "total", Vector: vector, Weights: weights}
}

// slowRefuse adds the proof of the second prover with a deviation.
func (f *claimFiles) slowRefuse(name, base, comment string, d *claimData, h *home, p *slow, secrets ...int64) {
	f.t.Helper()
	seeded(f.t, name)
	f.refuse(name, "4.1.1", base, comment, d, h, slowly(f.t, build(f.t, d), h, p, whole(secrets)...))
}

// window is a home of two days of 24 slots with readings in slots 6 to 9.
func window(t *testing.T) (*home, []int) {
	h := slots(t, "window", 2)
	readings := [2][4]uint32{{700, 900, 800, 100}, {650, 90, 899, 0}}
	var cells []int
	for d := range readings {
		for s, v := range readings[d] {
			h.opened[d].Values[6+s] = v
			cells = append(cells, 24*d+6+s)
		}
		h.seals[d] = seal(24, h.opened[d])
	}
	return h, cells
}

func allSlots(h *home) [][]int64 { return weights(h.rows, func(d, s int) int64 { return 1 }) }

// everySlot: rules over every slot of a window.
func (f *claimFiles) everySlot() {
	h, cells := window(f.t)
	peak := func(total int64, cells []int) *claimData {
		return with(about(h, hidden(allSlots(h), 0)), secretStep("peak", 0, 1<<16-1, "up"),
			eachStep(expr{"s0": "1"}, 1<<16-1, cellsOf(-1, cells...)...),
			roundedStep(expr{"f0": "1", "s0": "20"}, 10, HalfUp, total))
	}
	const base = "peak-of-window"
	right := peak(2214, cells)
	f.accept(base, "Energy, and 20 a Wh of the highest of eight slots in a window of two days.", right, h, 900)
	f.accept("peak-of-window-too-high", "A customer may pay for a higher peak than its own.", peak(2234, cells), h, 910)
	f.cheat("peak-hidden-in-a-window", base, "The peak is said to be 899, what the other day's highest slot holds.", peak(2212, cells), h, nil, 899)
	seeded(f.t, "masked-slot-skipped")
	others := slices.Delete(slices.Clone(cells), 1, 2)
	f.refuse("masked-slot-skipped", "4.1.1", base, "The prover compares seven of the eight slots, all but the highest.", peak(2212, cells), h,
		h.prove(f.t, build(f.t, peak(2212, others)), NewInt(899)))
	seeded(f.t, "event-slot-left-out-of-window")
	twice := slices.Clone(cells)
	twice[1] = twice[0]
	f.refuse("event-slot-left-out-of-window", "4.1.1", base, "The prover compares the first slot twice and the second, the highest, never.", peak(2212, cells), h,
		h.prove(f.t, build(f.t, peak(2212, twice)), NewInt(899)))

	f.lies(base, right, h)
	f.vectorTranscripts(base, right, h)
	f.vectorBytes(base, right, h)
	f.otherRules(h, cells)
}

// understated returns the claim with another amount.
func understated(d *claimData, amount int64) *claimData {
	c := with(d)
	c.Steps[len(c.Steps)-1].Value = decimal(amount)
	return c
}

// lies: digits that are none, beside an otherwise honest proof.
func (f *claimFiles) lies(base string, right *claimData, h *home) {
	lower := understated(right, 2212)
	lie := func(name, comment string, secret int64, change func(*slowVector)) {
		d := right
		if secret < 900 {
			d = lower
		}
		f.slowRefuse(name, base, comment, d, h, &slow{vec: &slowVector{lie: change}}, secret)
	}
	move := func(v *slowVector, t int, by int64) {
		at := v.find(0, -1, t, 0)
		v.q[at], v.q[at+1] = add(v.q[at], num(4*by)), sub(v.q[at+1], num(by))
	}
	lie("digit-4", "The difference in the second day's third slot, 1, has the digits 5, −1 instead of 1, 0.", 900, func(v *slowVector) { move(v, 6, 1) })
	lie("digit-minus-1", "A difference of −1 has the lowest digit −1: the peak is said to be 899.", 899, func(v *slowVector) {
		at := v.find(0, -1, 1, 0)
		copy(v.q[at:at+8], make([]ristretto.Scalar, 8))
		v.q[at] = num(-1)
	})
	lie("digit-fraction", "A digit is 1/2, the next one makes up for it.", 900, func(v *slowVector) {
		at := v.find(0, -1, 0, 0)
		v.q[at], v.q[at+1] = add(v.q[at], fraction(1, 2)), sub(v.q[at+1], fraction(1, 8))
	})
	lie("digit-of-other-row", "The digits of a negative difference are those of another entry.", 899, func(v *slowVector) {
		to, from := v.find(0, -1, 1, 0), v.find(0, -1, 2, 0)
		copy(v.q[to:to+8], v.q[from:from+8])
	})
	lie("digit-of-range", "A digit of the rounding range is 4 more.", 900, func(v *slowVector) { at := v.find(2, -1, 0, 0); v.q[at] = add(v.q[at], num(4)) })
}

// vectorTranscripts: what is left out of the transcript or comes too late. The
// prover's own equations hold in each.
func (f *claimFiles) vectorTranscripts(base string, right *claimData, h *home) {
	for _, w := range []struct{ name, omit, wrong, comment string }{
		{"omits-digit-row", "row", "", "The first rows of digits are not in the prover's transcript."},
		{"omits-last-digit-row", "last row", "", "The last row of digits is not in the prover's transcript."},
		{"omits-entries", "entries", "", "The hash of what is required is not in the prover's transcript."},
		{"omits-vector-sizes", "vector sizes", "", "Number and width of the digits are not in the prover's transcript."},
		{"omits-last-alpha", "last alpha", "", "The last commitment of the last round is not in the prover's transcript."},
		{"omits-Q", "Q", "", "The commitment to y is not in the prover's transcript."},
		{"omits-W", "W", "", "The commitment to w is not in the prover's transcript."},
		{"omits-Z", "Z", "", "The commitment to the combination is not in the prover's transcript."},
		{"lambda-before-rows", "", lambdaFirst, "λ is squeezed before the rows of digits are absorbed."},
		{"last-alpha-after-its-challenge", "", lastAlphaLate, "The last commitment of the last round is absorbed after s_m."},
		{"digits-low-bit-first", "", lowBitOfDigits, "The zero-check binds the lowest bit of the positions first."},
	} {
		p := &slow{omit: w.omit, wrong: w.wrong}
		f.slowRefuse(w.name, base, w.comment, right, h, p, 900)
		if !p.all() {
			f.t.Errorf("%s: refused for another reason", w.name)
		}
	}
	f.slowRefuse(rowsSwapped, base, "The first two rows of digits are sent in the other order.", right, h, &slow{wrong: rowsSwapped}, 900)
	p := &slow{wrong: tauBeforeRows, vec: &slowVector{lie: f.forgeRows}}
	f.slowRefuse("tau-before-rows", base, "τ is squeezed before the rows are absorbed; the peak is said to be 700, and a digit of weight 0 is solved for so that the zero-check holds.",
		understated(right, 1814), h, p, 700)
	if !p.all() {
		f.t.Error("tau-before-rows: the forgery does not work")
	}
}

// forgeRows gives negative differences one "digit" each, and solves for one of
// weight 0.
func (f *claimFiles) forgeRows(v *slowVector) {
	h, cells := window(f.t)
	low, free := -1, -1
	for i, c := range cells {
		d := 700 - int64(h.opened[c/24].Values[c%24])
		if d >= 0 {
			continue
		}
		low = v.find(0, -1, i, 0)
		copy(v.q[low:low+8], make([]ristretto.Scalar, 8))
		v.q[low] = num(d)
	}
	for at, pl := range v.place {
		if pl.weight.Sign() == 0 {
			free = at
		}
	}
	if free < 0 {
		f.t.Fatal("no digit of weight 0")
	}
	v.solve(f.t, low, free)
}

// vectorBytes: single changes of the bytes.
func (f *claimFiles) vectorBytes(base string, right *claimData, h *home) {
	seeded(f.t, base)
	c := build(f.t, right)
	narg := h.prove(f.t, c, NewInt(900))
	const rows = 2 // X_0 and Y come first
	first := rows + c.form.vector.shape.Rows()
	last := first + 4*c.form.vector.shape.Rounds()
	swap := func(a, b int) []byte {
		out := slices.Clone(narg)
		copy(out[32*a:], narg[32*b:32*b+32])
		copy(out[32*b:], narg[32*a:32*a+32])
		return out
	}
	put := func(at int, e []byte) []byte {
		out := slices.Clone(narg)
		copy(out[32*at:], e)
		return out
	}
	plusG := func(at int) []byte {
		p, err := decodePoints(narg[32*at : 32*at+32])
		if err != nil {
			f.t.Fatal(err)
		}
		e := p[0].Element()
		return put(at, e.Add(e, ristretto.G().Element()).Bytes())
	}
	for _, w := range []struct {
		name, comment string
		narg          []byte
	}{
		{"alphas-swapped", "Two commitments of the first round are swapped.", swap(first, first+1)},
		{"alpha-rounds-swapped", "The commitments of two rounds are swapped, one each.", swap(first, first+4)},
		{"alpha-identity", "A commitment of the zero-check is the identity.", put(first, make([]byte, 32))},
		{"digit-row-identity", "A row of digits is the identity.", put(rows, make([]byte, 32))},
		{"digit-row-plus-G", "G is added to a row of digits.", plusG(rows)},
		{"Q-plus-G", "G is added to Q.", plusG(last)},
		{"W-plus-G", "G is added to W.", plusG(last + 1)},
		{"Z-plus-G", "G is added to Z.", plusG(last + 2)},
		{"Q-W-swapped", "Q and W are swapped.", swap(last, last+1)},
		{"vector-narg-truncated", "The last scalar is missing.", narg[:len(narg)-32]},
		{"vector-narg-trailing", "A zero byte follows.", append(slices.Clone(narg), 0)},
	} {
		f.refuse(w.name, "4.1.1", base, w.comment, right, h, w.narg)
	}
	for i, what := range []string{"b", "alpha", "sigma", "delta2", "delta", "gamma-of-W", "w", "gamma-of-Q", "y"} {
		f.refuse("vector-z-plus-one-"+what, "4.1.1", base, "The response for "+what+" is one more.", right, h, scalarPlus(narg, len(narg)/32-1-i, 1))
	}
	wider := with(right)
	wider.Steps = slices.Clone(right.Steps)
	wider.Steps[1].Value = decimal(1 << 16)
	f.refuse("each-bound-changed", "4.1.1", base, "The bound of each entry is one more, which is no power of 4: other weights, another factor.", wider, h, narg)
}

// otherRules: intervals of several slots, highest days, netting and rounding slot
// by slot.
func (f *claimFiles) otherRules(h *home, cells []int) {
	var groups []testvectors.Sum
	for i := 0; i < len(cells); i += 2 {
		groups = append(groups, testvectors.Sum{Cells: [][3]int64{{int64(cells[i] / 24), int64(cells[i] % 24), -1}, {int64(cells[i] / 24), int64(cells[i]%24 + 1), -1}}})
	}
	group := func(total int64) *claimData {
		return with(about(h, hidden(allSlots(h), 0)), secretStep("peak", 0, 1<<17-1, "up"), eachStep(expr{"s0": "1"}, 1<<17-1, groups...),
			revealStep(expr{"f0": "1", "s0": "20"}, total))
	}
	f.accept("peak-of-intervals", "Energy, and 20 a Wh of the highest hour, of two slots each.", group(4139+20*1600), h, 1600)
	f.cheat("peak-of-intervals-by-slot", "peak-of-intervals", "The peak is said to be 900, the highest slot.", group(4139+20*900), h, nil, 900)

	var tops []testvectors.Sum
	for _, c := range cells {
		tops = append(tops, testvectors.Sum{Cells: [][3]int64{{int64(c / 24), int64(c % 24), -1}}, Items: [][3]int64{{0, int64(c / 24), 1}}})
	}
	highest := func(total int64) *claimData {
		return with(about(h, hidden(allSlots(h), 0)), secretStep("theta", 0, 1<<16-1, "up"), vectorStep("over", 2, 1<<16-1, "up"),
			eachStep(expr{"s0": "1"}, 1<<17, tops...), totalStep(0, 1, 1), revealStep(expr{"s0": "1", "s1": "1"}, total))
	}
	f.accept("highest-day-of-window", "The highest of two days: the mean of the n highest days, n = 1.", highest(900), h, 899, 1, 0)
	f.cheat("highest-day-of-window-too-low", "highest-day-of-window", "The highest day is said to have 899.", highest(899), h, nil, 899, 0, 0)
	f.notProvable("highest-days-in-a-credit", "highest-day-of-window", "What is over the threshold lowers the revealed value although it pays up.",
		with(about(h, hidden(allSlots(h), 0)), vectorStep("over", 1, 9, "up"), totalStep(0, -1), revealStep(expr{"s0": "1"}, 0)), h, nil)

	// Day 0 is import, day 1 export.
	var nets []testvectors.Sum
	for i := range int64(4) {
		nets = append(nets, testvectors.Sum{Cells: [][3]int64{{0, 6 + i, -1}, {1, 6 + i, 1}}, Items: [][3]int64{{0, i, 1}}})
	}
	net := func(total int64) *claimData {
		return with(about(h), vectorStep("net", 4, 1<<16-1, "up"), eachStep(nil, 1<<17, nets...), totalStep(0, 10, 20, 10, 20), revealStep(expr{"s0": "1"}, total))
	}
	f.accept("net-by-slot", "Import less export slot by slot, never below 0, at 10 and 20.", net(10*50+20*810+20*100), h, 50, 810, 0, 100)
	f.cheat("net-by-slot-over-the-window", "net-by-slot", "What one slot exports is taken off another.", net(10*50+20*711+20*100), h, nil, 50, 711, 0, 100)

	// round(3·c / 7) slot by slot.
	var rounds []testvectors.Sum
	var amounts []int64
	var sum int64
	for i, c := range cells {
		v := int64(h.opened[c/24].Values[c%24])
		amounts = append(amounts, (3*v+3)/7)
		sum += (3*v + 3) / 7
		rounds = append(rounds, testvectors.Sum{Cells: [][3]int64{{int64(c / 24), int64(c % 24), 3}}, Items: [][3]int64{{0, int64(i), -7}}, Const: 3})
	}
	rounded := func(total int64) *claimData {
		return with(about(h), vectorStep("rounded", 8, 1<<16-1, ""), eachStep(nil, 6, rounds...), totalStep(0, 1, 1, 1, 1, 1, 1, 1, 1), revealStep(expr{"s0": "1"}, total))
	}
	f.accept("rounded-by-slot", "Three sevenths of each reading, each rounded to the nearest whole number.", rounded(sum), h, amounts...)
	for name, by := range map[string]int64{"rounded-by-slot-minus-one": -1, "rounded-by-slot-plus-one": 1} {
		wrong := slices.Clone(amounts)
		wrong[2] += by
		f.cheat(name, "rounded-by-slot", "One slot is rounded to the neighbouring number.", rounded(sum+by), h, nil, wrong...)
	}
	f.cheat("vector-entry-negative", "rounded-by-slot", "An amount is said to be −1, another is larger.", rounded(sum), h, nil,
		append([]int64{amounts[0] + amounts[7] + 1}, append(slices.Clone(amounts[1:7]), -1)...)...)

	thirds := func(amount int64) *claimData {
		return with(about(h), secretStep("y", 0, 100, ""), eachStep(nil, 1<<16-1, cellsOf(1, cells...)...), revealStep(expr{"s0": "3"}, amount))
	}
	f.accept("secret-with-digits", "A secret of 1 in a claim with digits; three times it is revealed.", thirds(3), h, 1)
	f.cheatWith("secret-third-with-digits", "secret-with-digits", "The secret is 1/3: three times it has digits, it itself has none.", thirds(1), h, func(w *witness) {
		w.values[0] = fraction(1, 3)
		w.digits[len(w.digits)-codePositions(7)] = 1
	}, 0)

	h.rows[0].Skip = make([]bool, 24)
	h.rows[0].Skip[7] = true
	skipped := with(about(h, hidden(allSlots(h), 0)), secretStep("peak", 0, 1<<16-1, "up"), eachStep(expr{"s0": "1"}, 1<<16-1, cellsOf(-1, cells...)...),
		revealStep(expr{"f0": "1", "s0": "1"}, 3239+899))
	narg := f.accept("peak-slot-excluded", "The highest slot is excluded by its status: it counts as 0.", skipped, h, 899)
	h.rows[0].Skip = nil
	counted := with(about(h, hidden(allSlots(h), 0)), skipped.Steps...)
	f.refuse("peak-slot-excluded-counted", "4.1.1", "peak-slot-excluded", "The supplier's policy counts that slot.", counted, h, narg)
}

// solve changes the digits at low and low + 1, whose entry keeps its value, until
// a digit at free, of weight 0, makes Σ eq(τ, p)·f(q_p) = 0.
func (v *slowVector) solve(t *testing.T, low, free int) {
	if low < 0 || free < 0 {
		t.Fatal("nothing to forge, or with nothing")
	}
	for {
		var sum ristretto.Scalar
		for at := range v.q {
			if at != free {
				sum = add(sum, mul(v.eqTau(at), fOf(v.q[at])))
			}
		}
		e := v.eqTau(free)
		e.Invert(&e)
		if root, ok := rootOfF(sub(num(0), mul(sum, e))); ok {
			v.q[free] = root
			return
		}
		v.q[low], v.q[low+1] = sub(v.q[low], num(4)), add(v.q[low+1], num(1))
	}
}
