package meter

import (
	"bytes"
	"errors"
	"testing"

	"hushwatt/prover/ristretto"
)

func TestSealedDaysOpenAndCheck(t *testing.T) {
	for _, n := range []int{24, 48, 96, 144, 288} {
		for _, channels := range []uint8{ImportOnly, 2, ImportAndExport} {
			for _, squares := range []bool{false, true} {
				h := newHouse(t, Setup{Meter: "M1", N: n, Channels: channels, Squares: squares})
				days := makeDays(h.meter.Certificate(), firstDay, 3, uint64(n))
				h.seal(t, days, 0)
				e := h.parsed(t)
				opened, err := e.Open(h.key)
				must(t, err)
				sameDays(t, days, opened)
				segment, err := e.Segment(firstDay+1, firstDay+2, 0)
				must(t, err)
				checked, err := segment.Check(h.trusted(), nil)
				must(t, err)
				sameRows(t, opened.Days[1:], checked.Rows, squares)
			}
		}
	}
}

func sameDays(t *testing.T, want []Day, got *Opened) {
	t.Helper()
	if len(got.Days) != len(want) {
		t.Fatalf("%d days opened instead of %d", len(got.Days), len(want))
	}
	for i := range want {
		d := Day{Day: got.Days[i].Day}
		for _, c := range got.Days[i].Channels {
			d.Channels = append(d.Channels, Readings{c.Wh, c.Status})
		}
		if !d.equal(&want[i]) {
			t.Fatalf("day %s opens to other readings", DayText(want[i].Day))
		}
	}
}

// sameRows compares what the supplier sees with what the customer opened, and
// opens every seal with the customer's blinding.
func sameRows(t *testing.T, days []OpenedDay, rows []Row, squares bool) {
	t.Helper()
	k := 0
	for _, d := range days {
		for _, c := range d.Channels {
			r := rows[k]
			k++
			if r.Day != d.Day || r.Channel != c.Channel || r.Version != d.Version || !r.Seal.Equal(c.Seal) {
				t.Fatalf("row %d is of %s channel %d version %d", k, DayText(r.Day), r.Channel, r.Version)
			}
			if squares != (r.Squares != nil) {
				t.Fatalf("row %d: squares seal %v", k, r.Squares)
			}
			v := ristretto.CombineShort(ristretto.Slots(r.N), c.Wh)
			if !v.Add(v, ristretto.H().Mul(&c.Blinding)).Equal(r.Seal) {
				t.Fatalf("row %d does not open", k)
			}
		}
	}
	if k != len(rows) {
		t.Fatalf("%d rows instead of %d", len(rows), k)
	}
}

func TestSealAgain(t *testing.T) {
	h := newHouse(t, smallSetup(ImportOnly))
	c := h.meter.Certificate()
	january := makeDays(c, firstDay, 5, 1)
	if got, want := h.seal(t, january, 0), (Sealing{Sealed: 5}); got != want {
		t.Fatalf("%+v, want %+v", got, want)
	}
	before := h.meter.Export().Bytes()
	if got, want := h.seal(t, january, 0), (Sealing{Skipped: 5}); got != want {
		t.Fatalf("%+v, want %+v", got, want)
	}
	if !bytes.Equal(before, h.meter.Export().Bytes()) {
		t.Fatal("sealing the same days again changed the export")
	}
	changed := makeDays(c, firstDay, 5, 1)
	changed[2].Channels[0].Wh[7] ^= 1
	changed[2].Channels[0].Status[7] = Measured
	if _, err := h.meter.Seal(h.key.Recipient(), changed, 0); !errors.Is(err, ErrSealedBefore) {
		t.Fatalf("other readings: %v", err)
	}
	if !bytes.Equal(before, h.meter.Export().Bytes()) {
		t.Fatal("refused days changed the export")
	}
	if got, want := h.seal(t, changed, Fault), (Sealing{Skipped: 4, Corrected: 1}); got != want {
		t.Fatalf("%+v, want %+v", got, want)
	}
	later := makeDays(c, firstDay+7, 2, 2)
	if got, want := h.seal(t, append(changed, later...), 0), (Sealing{Skipped: 5, Filled: 2, Sealed: 2}); got != want {
		t.Fatalf("%+v, want %+v", got, want)
	}
	opened, err := h.parsed(t).Open(h.key)
	must(t, err)
	want := append(append(append([]Day{}, changed...), missingDay(firstDay+5, c), missingDay(firstDay+6, c)), later...)
	sameDays(t, want, opened)
	if opened.Days[2].Version != 1 || opened.Days[3].Version != 0 {
		t.Fatal("the corrected day is not the one with a version")
	}
}
