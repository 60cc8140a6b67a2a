package meter

import (
	"crypto/rand"
	"testing"

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

// BenchmarkSealMonthSealsOnly leaves out pairing, signatures and chains: what
// the baseline below is to be compared with.
func BenchmarkSealMonthSealsOnly(b *testing.B) {
	h, days := benchHouse(b, 31)
	root := h.meter.epochs[0].root
	for b.Loop() {
		keys := newWalker(root, 0, 0)
		for _, d := range days {
			key, _ := keys.dayKey(d.Day)
			s := sealReadings(&key, 0, 0, d.Channels[0].Wh, false)
			s.bytes()
		}
	}
}

// BenchmarkSealMonthPerReading is the baseline: one Pedersen commitment to each
// of the 1,488 readings, with blindings derived in the same way.
func BenchmarkSealMonthPerReading(b *testing.B) {
	h, days := benchHouse(b, 31)
	root := h.meter.epochs[0].root
	for b.Loop() {
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
