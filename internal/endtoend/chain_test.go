package endtoend

import (
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"hushwatt/meter"
	"hushwatt/meter/source"
	"hushwatt/prover"
	"hushwatt/prover/plan"
	"hushwatt/tariffs"
)

// world is who takes part besides the supplier: an authority that certifies
// meters, and a customer.
type world struct {
	authority *meter.AuthorityKey
	key       *meter.Key
}

var theWorld = sync.OnceValues(func() (*world, error) {
	authority, err := meter.NewAuthorityKey()
	if err != nil {
		return nil, err
	}
	key, err := meter.NewKey(meter.X25519)
	return &world{authority, key}, err
})

func newWorld(t testing.TB) *world {
	t.Helper()
	w, err := theWorld()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// seal seals readings by a new meter and opens its export as the customer does.
func (w *world) seal(name string, series []source.Series, o meter.DaysOptions) (*meter.Opened, error) {
	o.Channels = meter.ChannelsOf(series)
	days, err := meter.DaysFromSeries(series, o)
	if err != nil {
		return nil, err
	}
	m, err := meter.NewMeter(w.authority, meter.Setup{Meter: name, N: o.N, Channels: o.Channels})
	if err != nil {
		return nil, err
	}
	if _, err := m.Seal(w.key.Recipient(), days, 0); err != nil {
		return nil, err
	}
	export, err := meter.ParseExport(m.Export().Bytes())
	if err != nil {
		return nil, err
	}
	return export.Open(w.key)
}

// cutDays returns the UTC days of a series that a period touches.
func cutDays(s *source.Series, from, to int64) source.Series {
	const day = 86400
	n := s.PerDay()
	first, last := int((from/day*day-s.Start)/day), int(((to+day-1)/day*day-s.Start)/day)
	out := *s
	out.Start = from / day * day
	out.Wh, out.Status = s.Wh[first*n:last*n], s.Status[first*n:last*n]
	return out
}

// readTariffs parses documents and the dates of a period.
func readTariffs(t testing.TB, start, end string, docs [][]byte) (ts []*tariffs.Tariff, first, last tariffs.Date) {
	t.Helper()
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
	if last, err = tariffs.ParseDate(end); err != nil {
		t.Fatal(err)
	}
	return ts, first, last
}

// tryPlan compiles a provable bill of the local days from start to end, exclusive.
func tryPlan(t testing.TB, start, end string, meters []prover.MeterSlots, docs ...[]byte) (*plan.Plan, error) {
	t.Helper()
	ts, first, last := readTariffs(t, start, end, docs)
	return plan.New(ts, first, last, meters)
}

// quotePlan compiles a bill that is only quoted, on slots of a series.
func quotePlan(t testing.TB, start, end string, slots int, docs ...[]byte) *tariffs.Plan {
	t.Helper()
	ts, first, last := readTariffs(t, start, end, docs)
	plan, err := tariffs.Compile(ts, first, last, slots)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func newPlan(t testing.TB, start, end string, meters []prover.MeterSlots, docs ...[]byte) *plan.Plan {
	t.Helper()
	plan, err := tryPlan(t, start, end, meters, docs...)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// forMeter is a plan for another meter of the same slots: its prices are shared.
func forMeter(p *plan.Plan, name string) *plan.Plan {
	bill := *p.BillPlan
	bill.Meters = []prover.MeterSlots{{Meter: name, N: p.Meters[0].N}}
	return &plan.Plan{BillPlan: &bill, Compiled: p.Compiled}
}

// proof is a proven bill and what it must say.
type proof struct {
	label   string
	bill    []byte
	plan    *plan.Plan
	total   string
	missing int
}

// prove proves a bill of opened exports.
func prove(plan *plan.Plan, opened ...*meter.Opened) ([]byte, error) {
	bill, err := prover.Answer(nil, plan.BillPlan, opened, rand.Reader)
	if err != nil {
		return nil, err
	}
	return bill.Bytes(), nil
}

// verifyAll verifies bills in batches, as a supplier does, and compares what
// they say; it returns how many are right.
func (w *world) verifyAll(t *testing.T, proofs []proof) int {
	const batch = 120
	var right atomic.Int64
	chunks := slices.Collect(slices.Chunk(proofs, batch))
	inParallel(len(chunks), func(i int) {
		var bills [][]byte
		plans := map[string]*prover.BillPlan{}
		for _, p := range chunks[i] {
			bills = append(bills, p.bill)
			plans[planKey(&p.plan.Terms)] = p.plan.BillPlan
		}
		results, errs := prover.VerifyBills(bills, w.checks(plans))
		for k, p := range chunks[i] {
			if err := p.check(results[k], errs[k]); err != nil {
				t.Errorf("%s: %v", p.label, err)
				continue
			}
			right.Add(1)
		}
	})
	return int(right.Load())
}

func (w *world) checks(plans map[string]*prover.BillPlan) prover.Checks {
	return prover.Checks{
		Authorities: []meter.Authority{w.authority.Authority()},
		Plan: func(r *prover.Request) (*prover.BillPlan, error) {
			if p := plans[planKey(&r.Terms)]; p != nil {
				return p, nil
			}
			return nil, fmt.Errorf("no plan for %v", r.Terms)
		},
	}
}

// planKey tells the plans of a test apart: meters, period and tariffs.
func planKey(t *prover.Terms) string { return fmt.Sprint(t.Meters, t.Period.First, t.Tariffs) }

func (p *proof) check(r *prover.Result, err error) error {
	if err != nil {
		return err
	}
	total, err := p.plan.Total(r.Outputs)
	if err != nil {
		return err
	}
	if total != p.total || r.Counts.Missing != p.missing {
		return fmt.Errorf("proven %s with %d missing, oracle %s with %d", total, r.Counts.Missing, p.total, p.missing)
	}
	return nil
}
