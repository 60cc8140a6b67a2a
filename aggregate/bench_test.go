package aggregate

import (
	"crypto/rand"
	"math"
	"testing"
	"time"

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
		b.Run(w.charter.Parties[party].Name+"/stranger", func(b *testing.B) {
			r, err := meter.DecodeSlotRecord(o.sent[0], w.charter)
			must(b, err)
			r.Share, r.Signature = make([]byte, len(r.Share)), make([]byte, len(r.Signature))
			record := r.Bytes()
			for b.Loop() {
				if _, err := a.Check(record); err == nil {
					b.Fatal("a stranger's record is taken")
				}
			}
		})
	}
}

// BenchmarkRecord is what a meter does for each slot, and what it sends at most: slots
// and days with long numbers take two bytes more.
func BenchmarkRecord(b *testing.B) {
	w, _ := benchTown(b, 20, false)
	live := w.meters[0].live
	var r *meter.SlotRecord
	for b.Loop() {
		var err error
		r, err = live.Record(0, meter.ImportChannel)
		must(b, err)
	}
	r.Day, r.Slot = math.MaxUint16, math.MaxUint16
	b.ReportMetric(float64(len(r.Bytes())), "B/longest")
}

// BenchmarkAnswer is what a meter with 24 neighbours does to answer a presence, what the
// aggregator does when the answer comes, and what the meter sends in the slot at most.
func BenchmarkAnswer(b *testing.B) {
	w := newRingTown(b, "bench answer", 30, 10, 24)
	w.begin(firstDay)
	g := w.aggregator(NewMemory())
	for place := range w.meters {
		arrival, err := g.Check(w.measure(place, firstDay, 0))
		must(b, err)
		_, err = g.Take(arrival)
		must(b, err)
	}
	p, err := g.Present(firstDay, 0, nil)
	must(b, err)
	var a *meter.Answer
	for b.Loop() {
		a, err = w.meters[0].live.Answer(p, meter.ImportChannel)
		must(b, err)
	}
	r, err := w.meters[0].live.Record(0, meter.ImportChannel)
	must(b, err)
	r.Day, r.Slot = math.MaxUint16, math.MaxUint16
	b.ReportMetric(float64(len(r.Bytes())+len(a.Bytes())), "B/longest")
	start, data := time.Now(), a.Bytes()
	const rounds = 1000
	for range rounds {
		_, err := g.CheckAnswer(firstDay, 0, data)
		must(b, err)
	}
	b.ReportMetric(float64(time.Since(start).Nanoseconds())/rounds, "ns/check")
}

// BenchmarkPrio3Sum sums the same readings with Prio3Sum of two aggregators: what a
// meter does and sends, what both aggregators do together for each reading. It sums
// what meters claim; nothing ties it to what is billed.
func BenchmarkPrio3Sum(b *testing.B) {
	s, err := sum.New(2, meter.MaxCap, []byte("bench"))
	must(b, err)
	params := s.Params()
	random := make([]byte, params.RandSize())
	var key sum.VerifyKey
	_, err = rand.Read(key[:])
	must(b, err)
	reports := make([]prioReport, 100)
	for i := range reports {
		r := &reports[i]
		_, err = rand.Read(r.nonce[:])
		must(b, err)
		_, err = rand.Read(random)
		must(b, err)
		r.public, r.inputs, err = s.Shard(uint64(wh(i, firstDay, 0)), &r.nonce, random)
		must(b, err)
	}
	b.Run("shard", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			_, _, err := s.Shard(uint64(wh(i%len(reports), firstDay, 0)), &reports[0].nonce, random)
			must(b, err)
		}
		b.ReportMetric(float64(reports[0].size(b)), "B/record")
	})
	outputs := make([][]*sum.OutShare, len(reports))
	b.Run("prepare", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			outputs[i%len(reports)] = reports[i%len(reports)].prepare(b, s, &key)
		}
	})
	for i := range reports {
		outputs[i] = reports[i].prepare(b, s, &key)
	}
	b.Run("aggregate", func(b *testing.B) {
		totals := []sum.AggShare{s.AggregateInit(), s.AggregateInit()}
		for i := 0; b.Loop(); i++ {
			for j := range totals {
				s.AggregateUpdate(&totals[j], outputs[i%len(reports)][j])
			}
		}
	})
}

// prioReport is a reading cut into shares for two aggregators.
type prioReport struct {
	nonce  sum.Nonce
	public sum.PublicShare
	inputs []sum.InputShare
}

// size is what a meter sends, without encryption and framing.
func (r *prioReport) size(b *testing.B) int {
	data, err := r.public.MarshalBinary()
	must(b, err)
	n := len(r.nonce) + len(data)
	for i := range r.inputs {
		data, err := r.inputs[i].MarshalBinary()
		must(b, err)
		n += len(data)
	}
	return n
}

// prepare checks a report at both aggregators, without the message each sends the other.
func (r *prioReport) prepare(b *testing.B, s *sum.Sum, key *sum.VerifyKey) []*sum.OutShare {
	var states []*sum.PrepState
	var shares []sum.PrepShare
	for i := range r.inputs {
		state, share, err := s.PrepInit(key, &r.nonce, uint8(i), r.public, r.inputs[i])
		must(b, err)
		states, shares = append(states, state), append(shares, *share)
	}
	message, err := s.PrepSharesToPrep(shares)
	must(b, err)
	var out []*sum.OutShare
	for _, state := range states {
		o, err := s.PrepNext(state, message)
		must(b, err)
		out = append(out, o)
	}
	return out
}
