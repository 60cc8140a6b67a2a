package prover

import (
	"crypto/rand"
	"math/big"
	"testing"

	"hushwatt/meter"
)

// accepts answers the plan unasked, verifies the bill and returns it.
func accepts(t *testing.T, plan *BillPlan, houses ...*house) (*Bill, *Result) {
	t.Helper()
	var opened []*meter.Opened
	checks := Checks{Plan: func(*Request) (*BillPlan, error) { return plan, nil }}
	for _, h := range houses {
		opened = append(opened, h.opened)
		checks.Authorities = append(checks.Authorities, h.authority.Authority())
	}
	bill, err := Answer(nil, plan, opened, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r, err := VerifyBill(bill.Bytes(), checks)
	if err != nil {
		t.Fatal(err)
	}
	return bill, r
}

func amountIs(t *testing.T, r *Result, want *big.Int) {
	t.Helper()
	if len(r.Outputs) != 1 || r.Outputs[0].Cmp(want) != 0 {
		t.Errorf("amount %v, want %v", r.Outputs, want)
	}
}

func TestBillOfAMonth(t *testing.T) {
	h, plan := houseAndPlan(t, 1)
	for _, stage := range []Stage{StageBill, StageNet} {
		plan.Stage = stage
		bill, r := accepts(t, plan, h)
		amountIs(t, r, oracle(plan, plan.Functionals[0], h))
		if r.Counts != (meter.Counts{Slots: 31 * 48, Measured: 31 * 48}) || r.Bill.Request.Signed() {
			t.Errorf("counts %+v, request signed: %v", r.Counts, r.Bill.Request.Signed())
		}
		if size := len(bill.Bytes()); size > 6000 {
			t.Errorf("a month's bill takes %d bytes, more than 6 kB", size)
		}
	}
}

func TestLineStageRevealsTheSumOfRoundedLines(t *testing.T) {
	h, plan := houseAndPlan(t, 2)
	plan.Stage = StageLine
	plan.Functionals = nil
	want := new(big.Int)
	for i, name := range []string{"Night", "Day", "Evening"} {
		f := plan.functional(name, 7, new(big.Int), big.NewInt(25_000))
		for _, row := range f.Weights {
			for s := range row {
				if s/16 != i {
					row[s] = 0
				}
			}
		}
		plan.Functionals = append(plan.Functionals, f)
		want.Add(want, oracle(plan, f, h))
	}
	bill, r := accepts(t, plan, h)
	amountIs(t, r, want)
	if size := len(bill.Bytes()); size > 6000 {
		t.Errorf("a month's bill takes %d bytes, more than 6 kB", size)
	}
}

func TestExactBillAndRegisters(t *testing.T) {
	h, plan := houseAndPlan(t, 3)
	exact := *plan
	exact.Kind, exact.Stage, exact.Mode = BillExact, "", ""
	_, r := accepts(t, &exact, h)
	f := plan.Functionals[0]
	amountIs(t, r, oracle(plan, Functional{Weights: f.Weights, Const: f.Const, U: one}, h))

	registers := *plan
	registers.Kind, registers.Stage = Registers, ""
	registers.Registers = []Register{{Name: "", Unit: 1000}, {Name: "Day", Unit: 1}}
	registers.Functionals = nil
	for i, u := range []int64{1000, 1} {
		f := registers.functional("", 7, new(big.Int), big.NewInt(u))
		for _, row := range f.Weights {
			for s := range row {
				row[s] = 1
				if i == 1 && s < 14 {
					row[s] = 0
				}
			}
		}
		registers.Functionals = append(registers.Functionals, f)
	}
	_, r = accepts(t, &registers, h)
	for i, f := range registers.Functionals {
		if want := oracle(&registers, f, h); r.Outputs[i].Cmp(want) != 0 {
			t.Errorf("register %d is %v, want %v", i, r.Outputs[i], want)
		}
	}
}

func TestZeroBillAndCredit(t *testing.T) {
	h, plan := houseAndPlan(t, 4)
	zero := *plan
	zero.Functionals = []Functional{plan.functional("Energy", 7, new(big.Int), one)}
	for _, row := range zero.Functionals[0].Weights {
		clear(row)
	}
	_, r := accepts(t, &zero, h)
	amountIs(t, r, new(big.Int))

	credit := *plan
	credit.Functionals = []Functional{plan.functional("Energy", 7, big.NewInt(-1<<50), big.NewInt(2_000_000))}
	_, r = accepts(t, &credit, h)
	amountIs(t, r, oracle(&credit, credit.Functionals[0], h))
	if r.Outputs[0].Sign() >= 0 {
		t.Error("the credit is not one")
	}
}

func TestImportAndExport(t *testing.T) {
	h := newHouse(t, setup{days: 3, seed: 5, channels: meter.ImportAndExport})
	tm := terms(january, 3, MeterSlots{Meter: "meter-1", N: 48})
	for _, channels := range [][]int{{0}, {1}, {0, 1}} {
		plan := dynamicPlan(tm, channels, 7)
		_, r := accepts(t, plan, h)
		amountIs(t, r, oracle(plan, plan.Functionals[0], h))
	}
}

// Local months do not begin at UTC midnights: a British summer month touches 32
// UTC days and prices 23 h and 1 h of the outer ones.
func TestLocalMonth(t *testing.T) {
	const june30 = 15886
	h := newHouse(t, setup{first: june30 - 1, days: 35, seed: 6})
	tm := terms(june30+1, 31, MeterSlots{Meter: "meter-1", N: 48})
	tm.Period.Start -= 3600
	tm.Period.End -= 3600
	tm.Period.Clock = "Europe/London"
	plan := dynamicPlan(tm, []int{0}, 7)
	bill, r := accepts(t, plan, h)
	amountIs(t, r, oracle(plan, plan.Functionals[0], h))
	if r.Counts.Slots != 31*48 {
		t.Errorf("%d slots", r.Counts.Slots)
	}
	if size := len(bill.Bytes()); size > 6000 {
		t.Errorf("a month's bill takes %d bytes, more than 6 kB", size)
	}
}

// A meter is replaced at slot 20 of the second day, by one of another slot length
// and another authority; each marks the slots that are the other's.
func TestMeterReplaced(t *testing.T) {
	const swap = 20
	old := newHouse(t, setup{meter: "old", days: 2, seed: 7, status: func(day, s int) meter.Status {
		if day == january+1 && s >= swap {
			return meter.NotHere
		}
		return meter.Measured
	}})
	fresh := newHouse(t, setup{meter: "young", n: 96, first: january + 1, days: 2, seed: 8, status: func(day, s int) meter.Status {
		if day == january+1 && s < 2*swap {
			return meter.NotHere
		}
		return meter.Measured
	}})
	plan := dynamicPlan(terms(january, 3, MeterSlots{Meter: "old", N: 48}, MeterSlots{Meter: "young", N: 96}), []int{0}, 7)
	bill, r := accepts(t, plan, fresh, old)
	amountIs(t, r, oracle(plan, plan.Functionals[0], old, fresh))
	if len(bill.Submission.Segments) != 2 || r.Counts.Slots != 48+swap+96-2*swap+96 {
		t.Errorf("%d segments, %+v", len(bill.Submission.Segments), r.Counts)
	}
}

// A new tenancy key is a new epoch of the same meter.
func TestMeterPairedAgain(t *testing.T) {
	h := newHouse(t, setup{days: 2, seed: 9})
	before := h.opened
	h.key = must(meter.NewKey(meter.X25519))
	h.seal(t, makeDays(setup{n: 48, first: january + 2, days: 2, seed: 10}, h.device.Certificate()), 0)
	plan := dynamicPlan(terms(january, 4, MeterSlots{Meter: "meter-1", N: 48}), []int{0}, 7)
	bill := must(Answer(nil, plan, []*meter.Opened{h.opened, before}, rand.Reader))
	r, err := VerifyBill(bill.Bytes(), h.checks(plan))
	if err != nil {
		t.Fatal(err)
	}
	first := &house{device: h.device, opened: before}
	amountIs(t, r, oracle(plan, plan.Functionals[0], first, h))
}

// The new device may even carry the old one's name, if another authority
// certified it: nothing of the one is taken for the other's.
func TestMeterReplacedUnderOneName(t *testing.T) {
	old := newHouse(t, setup{n: 24, days: 2, seed: 15})
	fresh := newHouse(t, setup{n: 24, first: january + 2, days: 2, seed: 16})
	plan := dynamicPlan(terms(january, 4, MeterSlots{Meter: "meter-1", N: 24}), []int{0}, 7)
	_, r := accepts(t, plan, fresh, old)
	amountIs(t, r, oracle(plan, plan.Functionals[0], old, fresh))
	s := newShop(old, plan)
	s.Authorities = append(s.Authorities, fresh.authority.Authority())
	bill := must(Answer(s.ask(plan, 1, nil), plan, []*meter.Opened{old.opened, fresh.opened}, rand.Reader))
	if _, err := s.Submit(bill.Bytes()); err != nil {
		t.Fatal(err)
	}
	if len(s.memory.states) != 2 {
		t.Errorf("%d states are kept", len(s.memory.states))
	}
}

func TestStatusPolicies(t *testing.T) {
	h := newHouse(t, setup{days: 3, seed: 11, status: func(day, s int) meter.Status {
		switch {
		case day == january+1 && s == 5:
			return meter.Missing
		case day == january+1 && s == 6:
			return meter.Estimated
		case day == january+2 && s == 7:
			return meter.ClockAdjusted
		}
		return meter.Measured
	}})
	tm := terms(january, 3, MeterSlots{Meter: "meter-1", N: 48})
	plan := dynamicPlan(tm, []int{0}, 7)
	bill, r := accepts(t, plan, h)
	amountIs(t, r, oracle(plan, plan.Functionals[0], h))
	if r.Counts.Missing != 1 || r.Counts.Estimated != 1 {
		t.Errorf("counts %+v", r.Counts)
	}

	tm.Policy.Estimated = PolicyExclude
	excluded := dynamicPlan(tm, []int{0}, 7)
	shorter, r := accepts(t, excluded, h)
	f := dynamicPlan(tm, []int{0}, 7).Functionals[0]
	f.Weights[1][6] = 0
	amountIs(t, r, oracle(excluded, f, h))
	if a, b := len(bill.Submission.Proof), len(shorter.Submission.Proof); a != b {
		t.Errorf("the proof's size depends on the policy: %d and %d", a, b)
	}

	for _, p := range []StatusPolicy{{Missing: PolicyRefuse, Estimated: PolicyBill}, {Missing: PolicyBill, Estimated: PolicyRefuse}} {
		tm.Policy = p
		refused := dynamicPlan(tm, []int{0}, 7)
		_, err := Answer(nil, refused, []*meter.Opened{h.opened}, rand.Reader)
		expect(t, "answer", err, ReasonStatus)
	}
}

// Corrections are carried with the bill, and the newest version counts.
func TestCorrectedDay(t *testing.T) {
	h := newHouse(t, setup{days: 3, seed: 12})
	h.seal(t, makeDays(setup{n: 48, first: january + 1, days: 1, seed: 13}, h.device.Certificate()), meter.Fault)
	plan := dynamicPlan(terms(january, 3, MeterSlots{Meter: "meter-1", N: 48}), []int{0}, 7)
	_, r := accepts(t, plan, h)
	amountIs(t, r, oracle(plan, plan.Functionals[0], h))
}

func TestBatchOfBills(t *testing.T) {
	h, plan := houseAndPlan(t, 14)
	bills := make([][]byte, 8)
	for i := range bills {
		bills[i] = must(Answer(nil, plan, []*meter.Opened{h.opened}, rand.Reader)).Bytes()
	}
	bad := must(ParseBill(bills[3]))
	bad.Submission.Outputs[0][15]++
	bills[3] = bad.Bytes()
	bills[5] = bills[5][:100]
	results, errs := VerifyBills(bills, h.checks(plan))
	for i := range bills {
		want := map[int]Reason{3: ReasonProof, 5: ReasonMalformed}[i]
		expect(t, "bill", errs[i], want)
		if (results[i] != nil) != (want == "") {
			t.Errorf("bill %d: result %v beside %v", i, results[i], errs[i])
		}
	}
}

// The length of a bill says nothing about the home.
func TestEqualLength(t *testing.T) {
	size := 0
	for i := range 50 {
		h := newHouse(t, setup{days: 31, seed: uint64(100 + i)})
		if i%5 == 0 { // an empty home
			h = newHouse(t, setup{days: 31, status: func(int, int) meter.Status { return meter.Missing }})
		}
		plan := dynamicPlan(terms(january, 31, MeterSlots{Meter: "meter-1", N: 48}), []int{0}, 7)
		got := len(must(Answer(nil, plan, []*meter.Opened{h.opened}, rand.Reader)).Bytes())
		if size == 0 {
			size = got
		}
		if got != size {
			t.Fatalf("home %d: %d bytes, others %d", i, got, size)
		}
	}
}
