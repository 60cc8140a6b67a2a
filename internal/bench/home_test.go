package bench

import (
	"crypto/rand"
	"fmt"
	"sync"
	"testing"

	"hushwatt/meter"
	"hushwatt/meter/household"
	"hushwatt/prover"
	"hushwatt/prover/plan"
	"hushwatt/tariffs"
)

const (
	january = 15706 // 2013-01-01 as days since 1970-01-01
	month   = 31
	year    = 365
)

// authority certifies all meters.
var authority = sync.OnceValue(func() *meter.AuthorityKey {
	a, err := meter.NewAuthorityKey()
	if err != nil {
		panic(err)
	}
	return a
})

// home is a made-up household whose readings were sealed from 2013-01-01 on.
type home struct {
	name   string
	n      int
	key    *meter.Key
	export []byte
	opened *meter.Opened
}

func newHome(b testing.TB, seed uint64, n, days int) *home {
	b.Helper()
	h := &home{name: fmt.Sprintf("19000113543%02d", seed), n: n}
	house, err := household.New(household.Options{Seed: seed, Step: 86400 / n, Point: h.name})
	must(b, err)
	series, err := house.Series(january, days)
	must(b, err)
	m, err := meter.NewMeter(authority(), meter.Setup{Meter: h.name, N: n, Cap: 65535})
	must(b, err)
	sealed, err := meter.DaysFromSeries(series, meter.DaysOptions{N: n, Channels: meter.ImportOnly})
	must(b, err)
	h.key, err = meter.NewKey(meter.XWing)
	must(b, err)
	_, err = m.Seal(h.key.Recipient(), sealed, 0)
	must(b, err)
	h.export = m.Export().Bytes()
	h.opened = openExport(b, h.export, h.key)
	return h
}

// openExport is what a customer's device does with a meter file: every signature
// and every seal is checked.
func openExport(b testing.TB, export []byte, key *meter.Key) *meter.Opened {
	e, err := meter.ParseExport(export)
	must(b, err)
	must(b, e.CheckHeads())
	opened, err := e.Open(key)
	must(b, err)
	return opened
}

// the usual home, with a year of half-hours.
var usual = sync.OnceValue(func() *home { return newHome(panics{}, 1, 48, year) })

func (h *home) plan(b testing.TB, document string, days int) *plan.Plan {
	b.Helper()
	t, err := tariffs.Parse([]byte(document))
	must(b, err)
	p, err := plan.New([]*tariffs.Tariff{t}, january, january+tariffs.Date(days),
		[]prover.MeterSlots{{Meter: h.name, N: uint16(h.n)}})
	must(b, err)
	return p
}

func (h *home) answer(b testing.TB, p *plan.Plan) *prover.Bill {
	bill, err := prover.Answer(nil, p.BillPlan, []*meter.Opened{h.opened}, rand.Reader)
	must(b, err)
	return bill
}

// checks are those of a supplier that compiles a tariff once for a period, and not
// again for every customer.
func checks(p *plan.Plan) prover.Checks {
	return prover.Checks{
		Authorities: []meter.Authority{authority().Authority()},
		Plan: func(r *prover.Request) (*prover.BillPlan, error) {
			theirs := *p.BillPlan
			theirs.Meters = r.Terms.Meters
			return &theirs, nil
		},
	}
}

func must(b testing.TB, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// panics is for what is made once and shared by benchmarks.
type panics struct{ testing.TB }

func (panics) Helper()           {}
func (panics) Fatal(args ...any) { panic(fmt.Sprint(args...)) }
