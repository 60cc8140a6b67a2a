package aggregate

import (
	"crypto/rand"
	"fmt"
	"testing"

	"github.com/cloudflare/circl/vdaf/prio3/sum"

	"hushwatt/meter"
)

// benchTown is a town with all records of one slot.
func benchTown(b *testing.B, meters int, plain bool) (*town, *ranSlot) {
	b.Helper()
	w := newTown(b, "bench", townSetup{meters: meters, parties: 2, minSum: 10, minVar: 20, plain: plain})
	w.begin(firstDay)
	return w, w.slot(firstDay, 0)
}

// BenchmarkCheckSlot checks one slot's sum over 1,000 meters' commitments, from the
// records' bytes; signatures were checked when they came. It must take at most 6 ms,
// with squares at most 10 ms.
func BenchmarkCheckSlot(b *testing.B) {
	for _, plain := range []bool{true, false} {
		w, o := benchTown(b, 1000, plain)
		b.Run(map[bool]string{true: "sum", false: "sum+squares"}[plain], func(b *testing.B) {
			for b.Loop() {
				c, err := decodeRecords(w.registry, o.presence, o.records)
				if err == nil {
					err = c.checkReleases(o.file.Releases)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(o.records[0])), "B/record")
		})
	}
}

// BenchmarkArrival is what one authority does for each record: decode, certificate's
// key, signature, both commitments, its share. A core has 360 µs for it if it is to
// keep up with 5,000,000 meters in a half-hour.
func BenchmarkArrival(b *testing.B) {
	w, o := benchTown(b, 100, false)
	for party := range w.keys {
		a := w.authority(party, NewMemory())
		b.Run(w.charter.Parties[party].Name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				arrival, err := a.Check(o.sent[i%100])
				if err == nil {
					_, err = a.Take(arrival)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(1800/b.Elapsed().Seconds()*float64(b.N), "meters/half-hour")
		})
	}
}

// BenchmarkRecord is what a meter does for each slot.
func BenchmarkRecord(b *testing.B) {
	w, _ := benchTown(b, 20, false)
	live := w.meters[0].live
	for b.Loop() {
		if _, err := live.Record(0, meter.ImportChannel); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGrowth is the work of a slot after the arrivals, per meter: one authority's
// sums, the collector's check of commitments. It must not depend on how many there are.
func BenchmarkGrowth(b *testing.B) {
	w, o := benchTown(b, 1000, false)
	for _, n := range []int{1_000, 10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			set := &Releasable{Set: "all", Meters: meter.NewBitmap(n), Count: n, Squares: true}
			for i := range n {
				set.Meters.Set(i)
			}
			r := *w.registry
			r.Meters = make([]meter.Enrolled, n)
			records := make([]*meter.SlotRecord, 1000)
			shares := make([]meter.Share, 1000)
			a := w.authority(0, NewMemory())
			for i := range records {
				var err error
				records[i], err = meter.DecodeSlotRecord(o.records[i], w.charter)
				must(b, err)
				arrival, err := a.Check(o.records[i])
				must(b, err)
				shares[i] = arrival.share
			}
			for i := range r.Meters {
				r.Meters[i] = w.registry.Meters[i%1000]
			}
			for b.Loop() {
				var sum meter.Share
				c := &counted{registry: &r, presence: o.presence}
				for i := range n {
					if err := c.add(i, records[i%1000].Commitments); err != nil {
						b.Fatal(err)
					}
					if set.Meters.Has(i) {
						sum.Add(&shares[i%1000])
					}
				}
				c.totals(set)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/meter")
		})
	}
}

// BenchmarkPrio3Sum sums the same readings with Prio3Sum of two aggregators: what a
// meter does and sends, and what both aggregators do for each reading. It sums what
// meters claim; nothing ties it to what is billed.
func BenchmarkPrio3Sum(b *testing.B) {
	s, err := sum.New(2, meter.MaxCap, []byte("bench"))
	must(b, err)
	params := s.Params()
	random := make([]byte, params.RandSize())
	var nonce sum.Nonce
	var key sum.VerifyKey
	for _, buf := range [][]byte{random, nonce[:], key[:]} {
		_, err := rand.Read(buf)
		must(b, err)
	}
	public, inputs, err := s.Shard(uint64(wh(3, firstDay, 0)), &nonce, random)
	must(b, err)
	bytes := len(nonce)
	if data, err := public.MarshalBinary(); err == nil {
		bytes += len(data)
	}
	for i := range inputs {
		data, err := inputs[i].MarshalBinary()
		must(b, err)
		bytes += len(data)
	}
	b.Run("meter", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, _, err := s.Shard(uint64(wh(i%1000, firstDay, 0)), &nonce, random); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(bytes), "B/record")
	})
	b.Run("both aggregators", func(b *testing.B) {
		totals := []sum.AggShare{s.AggregateInit(), s.AggregateInit()}
		for b.Loop() {
			var states []*sum.PrepState
			var shares []sum.PrepShare
			for i := range inputs {
				state, share, err := s.PrepInit(&key, &nonce, uint8(i), public, inputs[i])
				if err != nil {
					b.Fatal(err)
				}
				states, shares = append(states, state), append(shares, *share)
			}
			message, err := s.PrepSharesToPrep(shares)
			if err != nil {
				b.Fatal(err)
			}
			for i := range states {
				out, err := s.PrepNext(states[i], message)
				if err != nil {
					b.Fatal(err)
				}
				s.AggregateUpdate(&totals[i], out)
			}
		}
	})
}
