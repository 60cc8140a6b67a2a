package aggregate

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"

	"hushwatt/meter"
	"hushwatt/prover/ristretto"
)

// outOfRange is a record of a certified meter that commits to any number and shares it as
// the protocol says: whoever looks at the shares finds them right.
func (w *town) outOfRange(place int, record []byte, wh int64) []byte {
	w.t.Helper()
	m, last := w.meters[place], len(w.keys)-1
	r, err := meter.DecodeSlotRecord(record, w.charter)
	must(w.t, err)
	rest := meter.Share{Wh: uint64(wh)}
	rest.Blinding.SetUint64(12345)
	rest.BlindingQ.SetUint64(6789)
	base := ristretto.Slot(int(w.charter.N), int(r.Slot))
	var k ristretto.Scalar
	if wh < 0 {
		k.Neg(k.SetUint64(uint64(-wh)))
	} else {
		k.SetUint64(uint64(wh))
	}
	c := base.Mul(&k)
	r.Commitments = ristretto.H().Mul(&rest.BlindingQ).Append(c.Add(c, ristretto.H().Mul(&rest.Blinding)).Append(nil))
	for i := range last {
		key, err := w.keys[i].mailbox.OpenEnrolment(w.find(m.id), i)
		must(w.t, err)
		key.Forget(r.Day)
		s, err := key.Derive(r)
		must(w.t, err)
		rest.Sub(&s)
	}
	key, err := w.keys[last].mailbox.OpenEnrolment(w.find(m.id), last)
	must(w.t, err)
	key.Forget(r.Day)
	aead, err := chacha20poly1305.New(recordKey(w.t, key.Bytes()[2:], r))
	must(w.t, err)
	bare := *r
	bare.Share, bare.Signature = nil, nil
	r.Share = aead.Seal(nil, make([]byte, 12), rest.Bytes(true), bare.Bytes())
	return m.resign(r)
}

// TestOutOfRange: meters that commit to what no meter can measure spoil the sums in which
// they are. Nobody can be named; the sums of other sets are released, and the smallest
// sets with a fault are told.
func TestOutOfRange(t *testing.T) {
	setup := tree
	setup.sets = map[string][]int{"all": numbers(0, 14), "east": numbers(0, 7), "old-town": numbers(0, 4), "west": numbers(7, 14)}
	for i, c := range []struct {
		wh              map[int]int64 // by number
		released, among string
	}{
		{map[int]int64{5: 1 << 40}, "[old-town west]", "[east]"},
		{map[int]int64{5: -1 << 40}, "[old-town west]", "[east]"},
		{map[int]int64{2: 1 << 40}, "[west]", "[old-town]"},
		{map[int]int64{2: 1 << 40, 9: -1 << 41}, "[]", "[old-town west]"},
		{map[int]int64{2: 1 << 40, 3: -1 << 40, 9: 1 << 40}, "[east old-town]", "[west]"}, // two hide each other
	} {
		setup.parties, setup.minVar = 2+i%2, 14
		w := newTown(t, fmt.Sprint("range", i), setup)
		w.begin(firstDay)
		o := &ranSlot{}
		for i := range w.keys {
			o.authorities = append(o.authorities, w.authority(i, NewMemory()))
		}
		for place := range w.meters {
			record := w.measure(place, firstDay, 0)
			for number, wh := range c.wh {
				if place == w.place(number) {
					record = w.outOfRange(place, record, wh)
				}
			}
			for _, a := range o.authorities {
				arrival, err := a.Check(record)
				must(t, err)
				_, err = a.Take(arrival)
				must(t, err)
			}
		}
		w.decide(o, firstDay, 0)
		if _, err := Combine(w.registry, o.presence, o.records, o.contributions); !errors.Is(err, ErrWrongSum) {
			t.Fatalf("case %d: %v", i, err)
		}
		var points []*Points
		for _, a := range o.authorities {
			p, err := a.Points(o.presence)
			must(t, err)
			points = append(points, p)
		}
		if who, err := Blame(w.registry, o.presence, o.records, o.contributions, points); err != nil || len(who) > 0 {
			t.Errorf("case %d: %v are named, %v", i, who, err)
		}
		f, among, err := Remaining(w.registry, o.presence, o.records, o.contributions)
		must(t, err)
		released := []string{}
		for i := range f.Releases {
			released = append(released, f.Releases[i].Set)
		}
		if fmt.Sprint(released) != c.released || fmt.Sprint(among) != c.among {
			t.Errorf("case %d: released %v, the fault is in %v", i, released, among)
		}
		f, err = ParseSlotFile(f.Bytes())
		must(t, err)
		must(t, f.Verify(w.trusted()))
		if n := smallestDerivable(rows(releasedMeters(w.registry, f), 14), 14, 3); n != 0 {
			t.Errorf("case %d: a sum of %d meters can be computed", i, n)
		}
	}
}

// releasedMeters returns who is in each release of a file.
func releasedMeters(r *meter.Registry, f *SlotFile) (list []meter.Bitmap) {
	for _, s := range Released(r, f.Presence.Meters) {
		if slices.ContainsFunc(f.Releases, func(o Release) bool { return o.Set == s.Set }) {
			list = append(list, s.Meters)
		}
	}
	return list
}
