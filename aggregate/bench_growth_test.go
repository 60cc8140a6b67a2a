package aggregate

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"hushwatt/meter"
	"hushwatt/server/store"
)

// BenchmarkGrowth is a slot of registries of 1,000 to 1,000,000 meters on one core:
// what it costs for each meter to check its record as it comes (ns/arrival; the last
// authority, which decrypts shares), and for everything after that (ns/meter), at that
// authority and at the collector. Neither may depend on how many there are.
func BenchmarkGrowth(b *testing.B) {
	w, o := benchTown(b, 1000, false)
	for _, n := range []int{1_000, 10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := newCity(b, w, o, n)
			runtime.GC() // not to be paid for later
			const rounds = 5
			var arrival, rest time.Duration
			for b.Loop() {
				a := c.authority(b)
				start := time.Now()
				for i := range rounds * len(o.sent) {
					_, err := a.Check(o.sent[i%len(o.sent)])
					must(b, err)
				}
				checked := time.Now()
				c.slot(b, a)
				arrival, rest = arrival+checked.Sub(start), rest+time.Since(checked)
			}
			b.ReportMetric(float64(arrival.Nanoseconds())/float64(b.N)/float64(rounds*len(o.sent)), "ns/arrival")
			b.ReportMetric(float64(rest.Nanoseconds())/float64(b.N)/float64(n), "ns/meter")
		})
	}
}

// city is a registry of any number of meters, made from a town of few: the town's own
// meters, and others that have a name, a record and an arrival of their own, with the
// commitments and shares of one of the town's. Those records are not signed by
// anybody; nobody looks at a signature after the arrival.
type city struct {
	town     *town
	registry meter.Registry
	keys     []*meter.ShareKey // of the last authority; nil of meters that are not the town's
	arrivals []Arrival
	first    meter.Share // what all meters together share with the first authority
}

func newCity(b *testing.B, w *town, o *ranSlot, n int) *city {
	c := &city{town: w, registry: *w.registry, keys: make([]*meter.ShareKey, n), arrivals: make([]Arrival, n)}
	c.registry.Meters = spread(w.registry.Meters, n)
	all := meter.NewBitmap(n)
	for i := range n {
		all.Set(i)
	}
	c.registry.Sets = []meter.Set{{Name: "all", Meters: all}}

	first, last := w.authority(0, NewMemory()), w.authority(1, NewMemory())
	var firsts, lasts []*Arrival // of the town's meters
	for _, record := range o.sent {
		one, err := first.Check(record)
		must(b, err)
		two, err := last.Check(record)
		must(b, err)
		firsts, lasts = append(firsts, one), append(lasts, two)
	}
	for place := range c.registry.Meters {
		id := c.registry.Meters[place].ID()
		j := w.registry.Index(id)
		if j < 0 {
			j = place % len(o.sent)
		} else {
			c.keys[place] = last.keys.of(j)
		}
		a := *lasts[j]
		a.Place, a.Record = place, bytes.Replace(a.Record, w.registry.Meters[j].ID(), id, 1)
		a.Hash = meter.RecordHash(a.Record)
		c.arrivals[place] = a
		c.first.Add(&firsts[j].share)
	}
	return c
}

// spread adds meters to a registry's until there are n, in order.
func spread(meters []meter.Enrolled, n int) []meter.Enrolled {
	list := slices.Grow(slices.Clone(meters), n-len(meters))
	for i := len(list); i < n; i++ {
		m := meters[i%len(meters)]
		m.Enrolment = binary.BigEndian.AppendUint64(make([]byte, 0, 32), uint64(i)*0x9e3779b97f4a7c15)[:32]
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b meter.Enrolled) int { return bytes.Compare(a.Enrolment, b.Enrolment) })
	return list
}

// authority is the city's last authority, to which nothing has come yet.
func (c *city) authority(b *testing.B) *Authority {
	s := NewMemory()
	must(b, inLine(s, &c.registry))
	return &Authority{newIntake(&c.registry, s), c.town.keys[1], &shareKeys{registry: &c.registry, store: s, party: 1, list: c.keys}, true}
}

// slot counts all arrivals in and does what follows: cut-off, presence, contribution,
// and the collector's check of the sums against the meters' commitments.
func (c *city) slot(b *testing.B, a *Authority) {
	for i := range c.arrivals {
		_, err := a.Take(&c.arrivals[i])
		must(b, err)
	}
	h, err := a.CutOff(c.arrivals[0].Day, c.arrivals[0].Slot)
	must(b, err)
	p, err := Propose(&c.registry, nil, h)
	must(b, err)
	signature, err := a.Sign(p)
	must(b, err)
	p.Signatures = [][]byte{meter.SignPresence(c.town.keys[0].signing, p), signature}
	last, err := a.Contribute(p)
	must(b, err)
	hash := p.Hash()
	first := &Contribution{Presence: hash[:], Party: 0, Sums: []SetShare{{Set: "all", Share: c.first.Bytes(true)}}}
	first.Signature = signContribution(c.town.keys[0].signing, first)
	records, err := a.Records(p)
	must(b, err)
	f, err := Combine(&c.registry, p, records, []*Contribution{first, last})
	must(b, err)
	if int(f.Releases[0].Meters) != len(c.arrivals) {
		b.Fatalf("%d meters were summed", f.Releases[0].Meters)
	}
}

// BenchmarkNextDay is a day's change of an authority with 100,000 meters, its keys in a
// SQLite database: one transaction.
func BenchmarkNextDay(b *testing.B) {
	const n = 100_000
	w := newTown(b, "next day", townSetup{meters: 10, parties: 2})
	r := *w.registry
	r.Meters = spread(r.Meters, n)
	db, err := store.OpenSQLite(b.TempDir() + "/authority.db")
	must(b, err)
	defer db.Close()
	keys := &shareKeys{registry: &r, store: db.Party("a"), list: make([]*meter.ShareKey, n)}
	for i := range keys.list {
		keys.list[i], err = meter.ParseShareKey(binary.BigEndian.AppendUint64(make([]byte, 26), uint64(i)))
		must(b, err)
	}
	day := uint16(0)
	for b.Loop() {
		day++
		must(b, keys.nextDay(day))
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/day")
}
