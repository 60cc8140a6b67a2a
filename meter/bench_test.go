package meter

import (
	"crypto/rand"
	"testing"
	"time"

	"hushwatt/internal/wire"
	"hushwatt/prover/ristretto"
)

// A household's usual meter: half-hours, import only.
func benchHouse(b *testing.B, days int) (*house, []Day) {
	h := newHouse(b, Setup{Meter: "MAC000002", N: 48})
	ds := makeDays(h.meter.Certificate(), firstDay, days, 1)
	h.seal(b, ds, 0)
	return h, ds
}

func BenchmarkSealMonth(b *testing.B) {
	h, days := benchHouse(b, 31)
	for b.Loop() {
		h.meter.epochs = nil
		h.seal(b, days, 0)
	}
}

// sealsOnly leaves out pairing, signatures and chains: what the baseline is to be
// compared with.
func sealsOnly(root node, days []Day) {
	keys := newWalker(root, 0, 0)
	for _, d := range days {
		key, _ := keys.dayKey(d.Day)
		s := sealReadings(&key, 0, 0, d.Channels[0].Wh, false)
		s.bytes()
	}
}

// perReading is the baseline: one Pedersen commitment to each of the 1,488
// readings, with blindings derived in the same way.
func perReading(root node, days []Day) {
	keys := newWalker(root, 0, 0)
	for _, d := range days {
		key, _ := keys.dayKey(d.Day)
		slots := newSlotBlinding(wire.LabelBlind, &key, 0, 0)
		var v, r ristretto.Scalar
		for s, c := range d.Channels[0].Wh {
			ristretto.Commit(v.SetUint64(uint64(c)), slots.at(&r, s, c)).Bytes()
		}
	}
}

// BenchmarkSealAgainstBaseline seals a month both ways, turn by turn, and fails
// if the day seals are not at least 8 times cheaper.
func BenchmarkSealAgainstBaseline(b *testing.B) {
	h, days := benchHouse(b, 31)
	root := h.meter.epochs[0].root
	sealsOnly(root, days) // makes the tables
	perReading(root, days[:1])
	var seals, baseline time.Duration
	for b.Loop() {
		start := time.Now()
		sealsOnly(root, days)
		seals += time.Since(start)
		start = time.Now()
		perReading(root, days)
		baseline += time.Since(start)
	}
	b.ReportMetric(float64(seals.Microseconds())/float64(b.N), "µs/seals")
	b.ReportMetric(float64(baseline.Microseconds())/float64(b.N), "µs/baseline")
	b.ReportMetric(float64(baseline)/float64(seals), "ratio")
	if baseline < 8*seals {
		b.Errorf("sealing a month takes %v, the baseline %v: less than 8 times as long", seals, baseline)
	}
}

func benchOpen(b *testing.B, days int) {
	h, _ := benchHouse(b, days)
	data := h.meter.Export().Bytes()
	b.ReportMetric(float64(len(data)), "bytes")
	for b.Loop() {
		e, err := ParseExport(data)
		must(b, err)
		_, err = e.Open(h.key)
		must(b, err)
	}
}

func BenchmarkOpenMonth(b *testing.B) { benchOpen(b, 31) }
func BenchmarkOpenYear(b *testing.B)  { benchOpen(b, 365) }

func BenchmarkParseYear(b *testing.B) {
	h, _ := benchHouse(b, 365)
	data := h.meter.Export().Bytes()
	for b.Loop() {
		_, err := ParseExport(data)
		must(b, err)
	}
}

func BenchmarkCheckSegmentMonth(b *testing.B) {
	h, _ := benchHouse(b, 31)
	s, err := h.meter.Export().Segment(firstDay, firstDay+30, 0)
	must(b, err)
	b.ReportMetric(float64(len(s.Bytes())), "bytes")
	for b.Loop() {
		_, err := s.Check(h.trusted(), nil)
		must(b, err)
	}
}

func BenchmarkOpenEnvelopeXWing(b *testing.B) {
	key, err := NewKey(XWing)
	must(b, err)
	secret := make([]byte, secretSize)
	rand.Read(secret)
	enc, ct, err := key.Recipient().envelope(rand.Reader, nil, secret)
	must(b, err)
	for b.Loop() {
		_, err := key.openEnvelope(nil, enc, ct)
		must(b, err)
	}
}
