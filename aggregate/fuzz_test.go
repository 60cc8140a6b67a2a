package aggregate

import (
	"bytes"
	"hushwatt/meter"
	"testing"
)

// What parses re-encodes to the same bytes, and nothing that was altered verifies.
func FuzzSlotFile(f *testing.F) {
	w := newTown(f, "fuzz", hamlet)
	w.begin(firstDay)
	o := w.slot(firstDay, 0)
	good := o.file.Bytes()
	f.Add(good)
	f.Add(o.contributions[0].Bytes())
	points, err := o.authorities[0].Points(o.presence)
	must(f, err)
	f.Add(points.Bytes())
	end := &DayEnd{Set: "east", Day: firstDay, Slots: []DayEndSlot{{Presence: *o.presence, Release: o.file.Releases[1]}}}
	f.Add(end.Bytes(w.registry))
	f.Fuzz(func(t *testing.T, data []byte) {
		if file, err := ParseSlotFile(data); err == nil {
			if !bytes.Equal(file.Bytes(), data) {
				t.Fatal("release file: another encoding parses")
			}
			if file.Verify(w.trusted()) == nil && len(file.Releases) == len(o.file.Releases) && !bytes.Equal(data, good) {
				t.Fatal("an altered release file verifies")
			}
		}
		if c, err := DecodeContribution(data); err == nil && !bytes.Equal(c.Bytes(), data) {
			t.Fatal("contribution: another encoding parses")
		}
		if p, err := DecodePoints(data); err == nil && !bytes.Equal(p.Bytes(), data) {
			t.Fatal("points: another encoding parses")
		}
		if d, err := ParseDayEnd(data, w.registry); err == nil {
			_ = d.Check(w.registry)
		}
	})
}

// Of a slot's answers only those that their meters made are taken.
func FuzzAnswer(f *testing.F) {
	w := newRingTown(f, "fuzz answer", 9, 9, meter.MinNeighbours)
	w.begin(firstDay)
	g := w.aggregator(NewMemory())
	for place := range w.meters {
		a, err := g.Check(w.measure(place, firstDay, 0))
		must(f, err)
		_, err = g.Take(a)
		must(f, err)
	}
	p, err := g.Present(firstDay, 0, nil)
	must(f, err)
	good := map[string]bool{}
	for place := range w.meters {
		a := w.answered(place, p, same)
		good[string(a)] = true
		f.Add(a)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if a, err := meter.DecodeAnswer(data); err == nil && !bytes.Equal(a.Bytes(), data) {
			t.Fatal("another encoding parses")
		}
		if _, err := g.CheckAnswer(firstDay, 0, data); (err == nil) != good[string(data)] {
			t.Fatalf("an altered answer is taken, or one that is not altered is not: %v", err)
		}
	})
}
