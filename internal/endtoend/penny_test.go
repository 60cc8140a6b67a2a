package endtoend

import (
	"fmt"
	"math/big"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"hushwatt/meter"
	"hushwatt/meter/source"
	"hushwatt/prover"
	"hushwatt/prover/plan"
	"hushwatt/tariffs"
)

// inParallel calls f(0) … f(n−1) on all cores.
func inParallel(n int, f func(i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	all.Wait()
}

// months are the local months that every bill is tried on, and how many of the
// sixty homes' files cover each.
var months = []struct {
	start, end string
	homes      int
}{
	{"2013-01-01", "2013-02-01", 60},
	{"2013-03-01", "2013-04-01", 60},
	{"2013-07-01", "2013-08-01", 57},
	{"2013-10-01", "2013-11-01", 53},
}

var stages = []string{"bill", "net", "line"}

// scheme is one tariff for one month: three documents that differ in the stage
// of rounding, each compiled, and the oracle's walk, which no rounding changes.
type scheme struct {
	name  string
	docs  []*document
	plans []*plan.Plan
	walk  *walk
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// schemesOf compiles the four tariffs for a month, once for each stage.
func schemesOf(t *testing.T, start, end string) []*scheme {
	var all []*scheme
	for _, tariff := range fourTariffs(t) {
		s := &scheme{name: tariff.name}
		for _, stage := range stages {
			data := withRounding(t, tariff.data, stage, "half-up")
			s.docs = append(s.docs, readDocument(t, data))
			s.plans = append(s.plans, newPlan(t, start, end, []prover.MeterSlots{{Meter: "any", N: 48}}, data))
		}
		s.walk = walkPeriod(t, s.docs[:1], start, end, 1800)
		all = append(all, s)
	}
	return all
}

func tariffSeries(s *source.Series) *tariffs.Series {
	status := make([]uint8, len(s.Status))
	for i, st := range s.Status {
		status[i] = uint8(st)
	}
	return &tariffs.Series{Start: s.Start, Step: s.Step, Wh: s.Wh, Status: status}
}

// quoted checks one quote against the oracle, line by line, and returns the total.
func quoted(plan *tariffs.Plan, s *source.Series, d *document, want *oracleBill, total string) error {
	bill, err := tariffs.Quote(plan, tariffSeries(s))
	if err != nil {
		return err
	}
	if bill.Total != total || bill.Slots != want.slots || bill.Missing != want.missing || bill.Currency != d.Rules.Currency {
		return fmt.Errorf("quote %s %s for %d slots, %d missing; oracle %s for %d, %d missing",
			bill.Total, bill.Currency, bill.Slots, bill.Missing, total, want.slots, want.missing)
	}
	sum, energy := new(big.Rat), 0
	for _, line := range bill.Lines {
		amount, ok := new(big.Rat).SetString(line.Amount)
		if !ok {
			return fmt.Errorf("line %q has the amount %q", line.Name, line.Amount)
		}
		sum.Add(sum, amount)
		if line.Kind != "energy" {
			continue
		}
		if err := sameLine(&line, amount, energy, d, want); err != nil {
			return err
		}
		energy++
	}
	if energy != len(want.names) {
		return fmt.Errorf("quote has %d lines of energy, oracle %d", energy, len(want.names))
	}
	if wantSum, _ := new(big.Rat).SetString(total); sum.Cmp(wantSum) != 0 {
		return fmt.Errorf("lines add up to %s, the total is %s", sum.FloatString(9), total)
	}
	return nil
}

// sameLine compares the i-th line of energy.
func sameLine(line *tariffs.Line, amount *big.Rat, i int, d *document, want *oracleBill) error {
	if i >= len(want.names) || line.Name != want.names[i] || line.Wh == nil || *line.Wh != want.wh[i] {
		return fmt.Errorf("line %d is %q: %+v", i, line.Name, line)
	}
	exact := want.energy[i]
	switch r := &d.Rules.Rounding; r.Stage {
	case "line":
		exact = round(exact, r.Digits, r.Mode)
	case "interval":
		exact = want.bySlot[i]
	}
	if amount.Cmp(exact) != 0 {
		return fmt.Errorf("line %q is %s, oracle %s", line.Name, line.Amount, exact.FloatString(12))
	}
	return nil
}

// Every home, month, tariff and stage: the total that the customer proves, and
// that the supplier verifies without seeing a reading, is the quote's and the
// oracle's to the penny.
func TestRightToThePenny(t *testing.T) {
	w := newWorld(t)
	homes := londonHomes(t)
	bills := 0
	for _, m := range months {
		schemes := schemesOf(t, m.start, m.end)
		var mu sync.Mutex
		var proofs []proof
		covered := 0
		inParallel(len(homes), func(i int) {
			h := homes[i]
			if !h.covers(schemes[0].walk.from, schemes[0].walk.to) {
				return
			}
			made, err := w.billMonth(t, h, schemes)
			if err != nil {
				t.Errorf("%s, %s: %v", h.name, m.start, err)
			}
			mu.Lock()
			defer mu.Unlock()
			covered++
			proofs = append(proofs, made...)
		})
		if covered != m.homes {
			t.Errorf("%s: %d homes cover the month, want %d", m.start, covered, m.homes)
		}
		bills += w.verifyAll(t, proofs)
	}
	if want := (60 + 60 + 57 + 53) * 4 * 3; bills != want {
		t.Errorf("%d bills proven, verified and equal to the oracle's, want %d", bills, want)
	}
}

// billMonth seals and opens a home's month once; then it quotes and proves a
// bill for every tariff and stage.
func (w *world) billMonth(t testing.TB, h *home, schemes []*scheme) ([]proof, error) {
	month := cutDays(h.series, schemes[0].walk.from, schemes[0].walk.to)
	opened, err := w.seal(h.name, []source.Series{month}, meter.DaysOptions{N: 48})
	if err != nil {
		return nil, err
	}
	var made []proof
	for _, s := range schemes {
		want := s.walk.bill(h.read)
		for k, plan := range s.plans {
			label := fmt.Sprintf("%s, %s, stage %s", h.name, s.name, stages[k])
			total := want.total(t, s.docs[k])
			if err := quoted(plan.Compiled[0], h.series, s.docs[k], want, total); err != nil {
				return nil, fmt.Errorf("%s: %w", label, err)
			}
			plan = forMeter(plan, h.name)
			bill, err := prove(plan, opened)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", label, err)
			}
			made = append(made, proof{label, bill, plan, total, want.missing})
		}
	}
	return made, nil
}
