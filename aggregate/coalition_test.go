package aggregate

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"hushwatt/meter"
)

// These tests play coalitions that the threat model excludes. They ask honest parties for
// whatever they like, write down as linear equations all that they are given, and see
// whether a combination leaves the sum of fewer honest meters than may be summed.

// TestAllAuthoritiesButOne: all authorities but one, the collector and some meters.
func TestAllAuthoritiesButOne(t *testing.T) {
	for _, parties := range []int{2, 3} {
		for honest := range parties {
			t.Run(fmt.Sprintf("%d of %d", honest+1, parties), func(t *testing.T) {
				w := newTown(t, fmt.Sprint("coalition", parties, honest), townSetup{meters: 18, parties: parties, minSum: 4,
					sets: map[string][]int{"all": numbers(0, 18), "east": numbers(0, 12), "old-town": numbers(0, 6)}})
				w.begin(firstDay)
				for slot := range uint16(6) {
					w.coalition(honest, slot, []int{int(slot) * 3}) // one meter, anywhere
				}
			})
		}
	}
}

// coalition attacks the honest authority in a slot.
func (w *town) coalition(honest int, slot uint16, colluding []int) {
	w.t.Helper()
	rng := rand.New(rand.NewPCG(uint64(slot), 9))
	a := w.authority(honest, NewMemory())
	for place := range w.meters {
		arrival, err := a.Check(w.measure(place, firstDay, slot))
		must(w.t, err)
		_, err = a.Take(arrival)
		must(w.t, err)
	}
	h, err := a.CutOff(firstDay, slot)
	must(w.t, err)
	// Whatever presence they ask for, the others sign it too: they are the coalition.
	var given []Releasable
	for range 40 {
		aside := meter.NewBitmap(len(w.meters))
		for range rng.IntN(6) {
			aside.Set(rng.IntN(len(w.meters)))
		}
		p, err := Propose(w.registry, aside, h)
		must(w.t, err)
		for i, k := range w.keys {
			signature := meter.SignPresence(k.signing, p)
			if i == honest {
				if signature, err = a.Sign(p); err != nil {
					signature = make([]byte, 64)
				}
			}
			p.Signatures = append(p.Signatures, signature)
		}
		c, err := a.Contribute(p)
		if err != nil {
			continue
		}
		given = append(given, Released(w.registry, p.Meters)...)
		if len(c.Sums) == 0 {
			given = append(given, Releasable{Meters: meter.NewBitmap(len(w.meters))})
		}
	}
	if len(given) == 0 {
		w.t.Fatal("the honest authority has given out nothing at all")
	}
	// Unknown are the readings of honest meters and the honest authority's shares of
	// them. Known is every reading less the honest share, and the sums of shares.
	bad := meter.NewBitmap(len(w.meters))
	for _, n := range colluding {
		bad.Set(w.place(n))
	}
	var places []int
	for place := range w.meters {
		if !bad.Has(place) {
			places = append(places, place)
		}
	}
	n := len(places)
	var equations [][]int64
	for i := range places {
		row := make([]int64, 2*n)
		row[i], row[n+i] = 1, -1
		equations = append(equations, row)
	}
	for _, s := range given {
		row := make([]int64, 2*n)
		for i, place := range places {
			if s.Meters.Has(place) {
				row[n+i] = 1
			}
		}
		equations = append(equations, row)
	}
	least := int(w.charter.MinSum) - len(colluding)
	if size := smallestDerivable(equations, n, least); size != 0 {
		w.t.Errorf("slot %d: a sum of %d honest meters follows", slot, size)
	}
}

// TestDerivable: the search finds what is there to be found.
func TestDerivable(t *testing.T) {
	whole, part := []int64{1, 1, 1, 1}, []int64{1, 1, 1, 0}
	if n := smallestDerivable([][]int64{whole, part}, 4, 4); n != 1 {
		t.Errorf("a sum and the sum without one: %d", n)
	}
	if n := smallestDerivable([][]int64{whole, {1, 1, 0, 0}}, 4, 4); n != 2 {
		t.Errorf("two halves: %d", n)
	}
	if n := smallestDerivable([][]int64{whole}, 4, 4); n != 0 {
		t.Errorf("one sum: %d", n)
	}
	if n := smallestDerivable([][]int64{{1, 1, 0}, {0, 1, 1}, {1, 0, 1}}, 3, 2); n != 1 {
		t.Errorf("three pairs: %d", n)
	}
}

// ringTown is a masking town whose meters know each other.
func newRingTown(t testing.TB, seed string, meters int, minSum uint32, degree uint8) *town {
	t.Helper()
	w := newTown(t, seed, townSetup{meters: meters, parties: 1, minSum: minSum, minVar: minSum, neighbours: degree})
	w.introduce()
	return w
}

// introduce makes neighbours share their keys.
func (w *town) introduce() {
	w.t.Helper()
	var letters []*meter.Introduction
	for _, m := range w.meters {
		sent, err := m.Join(w.registry, w.find)
		must(w.t, err)
		letters = append(letters, sent...)
	}
	for _, l := range letters {
		must(w.t, w.meters[w.registry.Index(l.To)].Meet(l))
	}
}

// TestLyingAggregator: the aggregator and some meters. It signs as many presences as it
// likes and shows each meter another one; meters answer once or not at all.
func TestLyingAggregator(t *testing.T) {
	for _, c := range []struct {
		meters, minSum int
		degree         uint8
		colluding      []int
	}{
		{12, 10, 24, nil},         // everybody is a neighbour of everybody
		{12, 10, 24, []int{3, 7}}, // and two collude
		{12, 10, 24, numbers(0, 8)},
		{20, 10, 12, nil}, // a ring
		{20, 10, 12, []int{1, 5, 6, 11}},
	} {
		w := newRingTown(t, fmt.Sprint("lying aggregator", c.meters, c.colluding), c.meters, uint32(c.minSum), c.degree)
		w.begin(firstDay)
		rng := rand.New(rand.NewPCG(uint64(c.meters), 3))
		answers := 0
		for slot := range uint16(8) {
			for place := range w.meters {
				w.measure(place, firstDay, slot)
			}
			answers += w.unmask(rng, slot, c.minSum, c.colluding)
		}
		if answers < 20 {
			t.Errorf("%d meters have given %d answers: the attack was none", c.meters, answers)
		}
	}
}

// unmask attacks a slot and returns how many honest meters have answered.
func (w *town) unmask(rng *rand.Rand, slot uint16, minSum int, colluding []int) int {
	w.t.Helper()
	bad := meter.NewBitmap(len(w.meters))
	for _, n := range colluding {
		bad.Set(w.place(n))
	}
	ring := w.registry.Ring()
	unknown := map[string]int{} // masks between honest meters: column
	var equations [][]int64
	answers := 0
	// The fewer presences it shows, the more masks they share: one, two or many.
	shown := []int{1, 2, 10}[rng.IntN(3)]
	var presences []*meter.Presence
	for range shown {
		present := meter.NewBitmap(len(w.meters))
		for i := range w.meters {
			if rng.IntN(8) > 0 || bad.Has(i) {
				present.Set(i)
			}
		}
		hash := w.registry.Hash()
		p := &meter.Presence{Registry: hash[:], Day: firstDay, Slot: slot, Meters: present, Records: meter.CountedHash(nil)}
		p.Signatures = [][]byte{meter.SignPresence(w.keys[0].signing, p)}
		presences = append(presences, p)
	}
	for _, place := range rng.Perm(len(w.meters)) {
		if bad.Has(place) {
			continue
		}
		for _, at := range rng.Perm(shown) {
			p := presences[at]
			a, err := w.meters[place].live.Answer(p, meter.ImportChannel)
			if err != nil {
				continue
			}
			again, err := w.meters[place].live.Answer(p, meter.ImportChannel)
			must(w.t, err)
			if !bytes.Equal(a.Bytes(), again.Bytes()) {
				w.t.Fatal("two answers to one presence")
			}
			// The tag adds no equation: whoever has the share can make it.
			if made := w.tag(place, a, p); !bytes.Equal(made, a.Tag) {
				w.t.Fatal("a tag is made of more than the aggregator knows")
			}
			answers++
			row := make([]int64, len(w.meters)+2000)
			row[place] = 1
			for _, j := range ring.Neighbours(place) {
				if !p.Meters.Has(j) || bad.Has(j) {
					continue
				}
				name := fmt.Sprint(at, min(place, j), max(place, j))
				if _, ok := unknown[name]; !ok {
					unknown[name] = len(w.meters) + len(unknown)
				}
				row[unknown[name]] = 1
				if place > j {
					row[unknown[name]] = -1
				}
			}
			equations = append(equations, row)
		}
	}
	for i := range equations {
		equations[i] = equations[i][:len(w.meters)+len(unknown)]
	}
	least := min(minSum-len(colluding), 3) // groups of two at most: the search is slow
	if n := smallestDerivable(equations, len(w.meters), least); n != 0 {
		w.t.Errorf("slot %d: a sum of %d honest meters follows", slot, n)
	}
	return answers
}

// TestMaskedSlot: an honest aggregator, a silent meter, and what it may not do then.
func TestMaskedSlot(t *testing.T) {
	w := newRingTown(t, "masked", 12, 10, 24)
	w.begin(firstDay)
	store := NewMemory()
	g := w.aggregator(store)
	for slot := range uint16(3) {
		for place := range w.meters {
			record := w.measure(place, firstDay, slot)
			if slot == 1 && place == 5 {
				continue // does not announce
			}
			a, err := g.Check(record)
			must(t, err)
			_, err = g.Take(a)
			must(t, err)
		}
		p, err := g.Present(firstDay, slot, nil)
		must(t, err)
		silent := -1
		if slot == 2 {
			silent = 4
		}
		for place, m := range w.meters {
			if !p.Meters.Has(place) || place == silent {
				continue
			}
			a, err := m.live.Answer(p, meter.ImportChannel)
			must(t, err)
			for _, want := range []Outcome{Taken, Duplicate} { // the network says it twice
				if got := w.answer(g, p, a.Bytes()); got != want {
					t.Errorf("an answer is %s, not %s", got, want)
				}
			}
		}
		f, err := g.Release(p)
		if slot == 2 {
			if err != ErrSilent {
				t.Errorf("one is silent: %v", err)
			}
			aside, err := g.Silent(p)
			must(t, err)
			if aside.Count() != 1 || !aside.Has(silent) {
				t.Errorf("%x are silent", aside)
			}
			if again, err := g.Present(firstDay, slot, aside); err != nil || again.Hash() != p.Hash() {
				t.Errorf("another presence for the slot: %v", err)
			}
			continue
		}
		must(t, err)
		must(t, f.Verify(w.trusted()))
		var readings []int64
		for place := range w.meters {
			if f.Presence.Meters.Has(place) {
				readings = append(readings, int64(wh(place, firstDay, int(slot))))
			}
		}
		checkStatistics(t, &f.Releases[0], readings, 10)
	}
}

// TestCollusionOnTheCircle: an aggregator declares whom it likes absent, to part some
// homes from the others by places in which only meters collude with it. With fewer than
// eight it gets no answer of them; what eight can do the threat model says.
func TestCollusionOnTheCircle(t *testing.T) {
	w := newRingTown(t, "collusion on the circle", 40, 20, 16)
	w.begin(firstDay)
	for place := range w.meters {
		w.measure(place, firstDay, 0)
	}
	ring := w.registry.Ring()
	order := []int{0}
	for len(order) < 40 {
		order = append(order, ring.Neighbours(order[len(order)-1])[0]) // the next one around
	}
	for _, c := range []struct {
		left, homes, right int // around the circle, in the middle honest ones
		answers            bool
	}{
		{0, 9, 1, false}, // nine homes have eight neighbours each among themselves
		{3, 2, 4, false},
		{4, 1, 4, true},
	} {
		present := meter.NewBitmap(40)
		for i := range c.left {
			present.Set(order[7-i])
		}
		for i := range c.homes + c.right {
			present.Set(order[8+i])
		}
		for _, place := range order[16+c.homes:] {
			present.Set(place)
		}
		hash := w.registry.Hash()
		p := &meter.Presence{Registry: hash[:], Day: firstDay, Meters: present, Records: meter.CountedHash(nil)}
		p.Signatures = [][]byte{meter.SignPresence(w.keys[0].signing, p)}
		for _, place := range order[8 : 8+c.homes] {
			if _, err := w.meters[place].live.Answer(p, meter.ImportChannel); (err == nil) != c.answers {
				t.Errorf("%d homes between %d and %d colluding neighbours: %v", c.homes, c.left, c.right, err)
			}
		}
	}
}
