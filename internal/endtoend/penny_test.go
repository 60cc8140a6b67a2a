package endtoend

import (
	"fmt"
	"math/big"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"hushwatt/meter/source"
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
	plans []*tariffs.Plan
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

func compile(t testing.TB, start, end string, slots int, docs ...[]byte) *tariffs.Plan {
	t.Helper()
	var ts []*tariffs.Tariff
	for _, data := range docs {
		tariff, err := tariffs.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		ts = append(ts, tariff)
	}
	first, err := tariffs.ParseDate(start)
	if err != nil {
		t.Fatal(err)
	}
	last, err := tariffs.ParseDate(end)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := tariffs.Compile(ts, first, last, slots)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// schemesOf compiles the four tariffs for a month, once for each stage.
func schemesOf(t *testing.T, start, end string) []*scheme {
	var all []*scheme
	for _, tariff := range fourTariffs(t) {
		s := &scheme{name: tariff.name}
		for _, stage := range stages {
			data := withRounding(t, tariff.data, stage, "half-up")
			s.docs = append(s.docs, readDocument(t, data))
			s.plans = append(s.plans, compile(t, start, end, 48, data))
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
	if bill.Total != total || bill.Slots != want.slots || bill.Currency != d.Rules.Currency {
		return fmt.Errorf("quote %s %s for %d slots, oracle %s for %d", bill.Total, bill.Currency, bill.Slots, total, want.slots)
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

// Every home, month, tariff and stage: quote and oracle agree to the penny.
func TestQuoteEqualsOracle(t *testing.T) {
	homes := londonHomes(t)
	var bills atomic.Int64
	for _, m := range months {
		schemes := schemesOf(t, m.start, m.end)
		var covered atomic.Int64
		inParallel(len(homes), func(i int) {
			h := homes[i]
			if !h.covers(schemes[0].walk.from, schemes[0].walk.to) {
				return
			}
			covered.Add(1)
			for _, s := range schemes {
				want := s.walk.bill(func(at int64) int64 { return h.oracle[at] })
				for k, plan := range s.plans {
					if err := quoted(plan, h.series, s.docs[k], want, want.total(t, s.docs[k])); err != nil {
						t.Errorf("%s, %s, %s, stage %s: %v", h.name, m.start, s.name, stages[k], err)
					}
					bills.Add(1)
				}
			}
		})
		if int(covered.Load()) != m.homes {
			t.Errorf("%s: %d homes cover the month, want %d", m.start, covered.Load(), m.homes)
		}
	}
	if bills.Load() != 230*4*3 {
		t.Errorf("%d bills, want %d", bills.Load(), 230*4*3)
	}
}
