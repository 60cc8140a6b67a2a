package meter

import (
	"bytes"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"testing"
)

// ringTown is a masking registry of meters that have been introduced.
type ringTown struct {
	*parties
	registry *Registry
	houses   []*house // in order of places
	lives    []*Live
	day      uint16
}

func newRingTown(t testing.TB, meters int, degree uint8) *ringTown {
	t.Helper()
	return newRingTownOf(t, meters, degree, 24, true, "")
}

// newRingTownOf keeps the meter M1 in a directory, if there is one.
func newRingTownOf(t testing.TB, meters int, degree uint8, n int, squares bool, dir string) *ringTown {
	t.Helper()
	first := newHouse(t, Setup{Meter: "M0", N: n, Squares: squares})
	charter, p := first.charter(t, 1, Charter{N: uint16(n), Squares: squares, MinSum: 9, MinVariance: 16, Neighbours: degree})
	byName := map[string]*house{}
	var list []*Enrolment
	byID := map[string]*Enrolment{}
	for i := range meters {
		h := first
		if i > 0 {
			setup := Setup{Meter: fmt.Sprintf("M%d", i), N: n, Squares: squares}
			m, err := NewMeter(first.authority, setup)
			if i == 1 && dir != "" {
				m, err = CreateCertifiedMeter(dir, first.authority, setup)
			}
			must(t, err)
			h = &house{first.authority, m, first.key}
		}
		e, err := h.meter.Enrol(charter, firstDay)
		must(t, err)
		hash := e.Hash()
		byID[string(hash[:IDSize])], byName[e.Certificate.Meter] = e, h
		list = append(list, e)
	}
	town := &ringTown{parties: p, registry: p.registry(t, charter, list)}
	var letters []*Introduction
	for i := range town.registry.Meters {
		h := byName[town.registry.Meters[i].Certificate.Meter]
		town.houses = append(town.houses, h)
		sent, err := h.meter.Join(town.registry, func(id []byte) *Enrolment { return byID[string(id)] })
		must(t, err)
		letters = append(letters, sent...)
	}
	for _, l := range letters {
		l, err := DecodeIntroduction(l.Bytes())
		must(t, err)
		must(t, town.houses[town.registry.Index(l.To)].meter.Meet(l))
	}
	town.begin(t, firstDay)
	return town
}

// begin begins a day at every meter.
func (town *ringTown) begin(t testing.TB, day uint16) {
	t.Helper()
	town.day, town.lives = day, nil
	for _, h := range town.houses {
		live, err := h.meter.Live(h.key.Recipient(), day)
		must(t, err)
		town.lives = append(town.lives, live)
	}
}

// open is what the aggregator does with the answer of the meter in a place.
func (town *ringTown) open(t testing.TB, place int, data []byte, p *Presence) (Share, error) {
	t.Helper()
	key, err := town.boxes[0].OpenEnrolment(town.houses[place].meter.memberships[0].enrolled, 0)
	must(t, err)
	key.Forget(town.day)
	a, err := DecodeAnswer(data)
	must(t, err)
	return key.OpenAnswer(a, p.Day, p.Slot, p.Hash(), town.registry.SquaresFor(p.Meters))
}

// measure ends a slot at every meter: place i uses 100·i + slot Wh.
func (town *ringTown) measure(t testing.TB, slot int) {
	t.Helper()
	for i, l := range town.lives {
		_, err := l.Slot(slot, []Reading{{Wh: uint32(100*i + slot)}})
		must(t, err)
	}
}

// presence signs that some are present.
func (town *ringTown) presence(slot int, present Bitmap) *Presence {
	hash := town.registry.Hash()
	p := &Presence{Registry: hash[:], Day: town.day, Slot: uint16(slot), Meters: present, Records: make([]byte, 32)}
	p.Signatures = [][]byte{SignPresence(town.keys[0].key, p)}
	return p
}

func (town *ringTown) all() Bitmap {
	b := NewBitmap(len(town.houses))
	for i := range town.houses {
		b.Set(i)
	}
	return b
}

// leave takes a meter out of those present, unless one that stays would not answer.
func (town *ringTown) leave(place int, present Bitmap) {
	had := present.Has(place)
	present.Clear(place)
	if had && !town.registry.Ring().Connected(present) {
		present.Set(place)
	}
}

// TestMasksCancel: over those present the answers add up to what was measured, and
// no single answer is its reading.
func TestMasksCancel(t *testing.T) {
	town := newRingTown(t, 24, 16)
	rng := rand.New(rand.NewPCG(1, 1))
	for slot := range 4 {
		town.measure(t, slot)
		present := town.all()
		for range 3 * slot {
			town.leave(rng.IntN(24), present)
		}
		p, err := ParsePresence(town.presence(slot, present).Bytes(), town.registry)
		must(t, err)
		var sum Share
		want, squares := uint64(0), uint64(0)
		for i, l := range town.lives {
			a, err := l.Answer(p, ImportChannel)
			if !present.Has(i) {
				if !errors.Is(err, ErrNotPresent) {
					t.Errorf("absent meter: %v", err)
				}
				continue
			}
			must(t, err)
			s, err := town.open(t, i, a.Bytes(), p)
			must(t, err)
			if !bytes.Equal(a.Meter, town.registry.Meters[i].ID()) {
				t.Errorf("answer of %x instead of place %d", a.Meter, i)
			}
			wh := uint64(100*i + slot)
			if s.Wh == wh {
				t.Error("an answer is its reading")
			}
			sum.Add(&s)
			want += wh
			squares += wh * wh
		}
		if sum.Wh != want || town.registry.SquaresFor(present) && sum.Squared != squares {
			t.Errorf("slot %d: %d and %d instead of %d and %d", slot, sum.Wh, sum.Squared, want, squares)
		}
	}
}

// TestMeterRefusesToAnswer: what a lying aggregator might ask.
func TestMeterRefusesToAnswer(t *testing.T) {
	town := newRingTown(t, 20, MinNeighbours)
	town.measure(t, 0)
	ring := town.registry.Ring()
	keep := func(places ...int) Bitmap {
		b := NewBitmap(20)
		for _, i := range places {
			b.Set(i)
		}
		return b
	}
	near := append([]int{0}, ring.Neighbours(0)...)
	far := town.all()
	far.Clear(near[1])
	ask := func(present Bitmap) error {
		_, err := town.lives[0].Answer(town.presence(0, present), ImportChannel)
		return err
	}
	if err := ask(keep(near[:8]...)); !errors.Is(err, ErrBelowMinimum) {
		t.Errorf("below the minimum: %v", err)
	}
	if err := ask(far); !errors.Is(err, ErrFewNeighbours) {
		t.Errorf("few neighbours: %v", err)
	}
	unsigned := town.presence(0, town.all())
	unsigned.Signatures[0] = make([]byte, 64)
	if _, err := town.lives[0].Answer(unsigned, ImportChannel); !errors.Is(err, ErrUnsigned) {
		t.Errorf("not signed: %v", err)
	}
	must(t, ask(town.all()))
	must(t, ask(town.all())) // the same bytes: TestAnswerAgain
	other := town.all()
	other.Clear(ring.order[(ring.at[0]+10)%20]) // opposite, no neighbour
	if err := ask(other); !errors.Is(err, ErrSecondPresence) {
		t.Errorf("second presence: %v", err)
	}
}

// TestRing: the graph is regular and symmetric.
func TestRing(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for _, n := range []int{2, 9, 10, 17, 40} {
		g := circle(rng.Perm(n), 8)
		for i := range n {
			list := g.Neighbours(i)
			if len(list) != g.degree {
				t.Fatalf("%d of %d: %d neighbours", i, n, len(list))
			}
			for _, j := range list {
				if j == i || !contains(g.Neighbours(j), i) {
					t.Fatalf("%d and %d of %d are not neighbours of each other", i, j, n)
				}
			}
		}
	}
}

func circle(order []int, degree int) *Ring {
	g := &Ring{degree: min(degree, len(order)-1), order: order, at: make([]int, len(order))}
	for at, place := range order {
		g.at[place] = at
	}
	return g
}

// TestConnected: a set that hangs together does so without any seven of its meters, by
// a search through all of them; and those that do not are not all that there is.
func TestConnected(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	for _, c := range []struct{ n, degree int }{{10, 8}, {16, 12}, {17, 10}, {18, 12}} {
		g := circle(rng.Perm(c.n), c.degree)
		near := make([]uint32, c.n)
		for i := range near {
			for _, j := range g.Neighbours(i) {
				near[i] |= 1 << j
			}
		}
		seen := map[bool]int{}
		for range 40 {
			set, here := NewBitmap(c.n), uint32(0)
			for i := range c.n {
				if rng.IntN(6) > 0 {
					set.Set(i)
					here |= 1 << i
				}
			}
			connected := g.Connected(set)
			seen[connected]++
			if connected && parted(near, here, 0, MinNeighbours-1) {
				t.Fatalf("%d of %d meters fall into parts without seven of them", set.Count(), c.n)
			}
		}
		if seen[true] == 0 || seen[false] == 0 {
			t.Errorf("%d meters: %v", c.n, seen)
		}
	}
}

// parted tries to part a set by taking out so many of the meters from one on.
func parted(near []uint32, set uint32, from, out int) bool {
	if out == 0 {
		reached := set & -set
		for next := reached; next != 0; {
			i := bits.TrailingZeros32(next)
			next &^= 1 << i
			next |= near[i] & set &^ reached
			reached |= near[i] & set
		}
		return reached != set
	}
	for i := from; i < len(near); i++ {
		if set>>i&1 == 1 && parted(near, set&^(1<<i), i+1, out-1) {
			return true
		}
	}
	return false
}
