package meter

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"testing"
)

// TestBytesOfASlot: whatever the length of slots, the day and the slot, a meter sends at
// most 250 bytes: its record, or announcement and answer. An answer says no day.
func TestBytesOfASlot(t *testing.T) {
	const lastDay = 1<<16 - 1
	for _, n := range []int{24, 48, 96, 144, 288} {
		for _, squares := range []bool{true, false} {
			most := make([]int, mostAuthority+1) // by number of parties
			for parties := 1; parties <= mostAuthority; parties++ {
				h := newHouse(t, Setup{Meter: "M1", N: n, Squares: squares, Last: lastDay})
				c := Charter{N: uint16(n), Squares: squares}
				if parties == 1 {
					c.Neighbours = MinNeighbours
				}
				charter, _ := h.charter(t, parties, c)
				_, err := h.meter.Enrol(charter, lastDay)
				must(t, err)
				live, err := h.meter.Live(h.key.Recipient(), lastDay)
				must(t, err)
				records, err := live.Slot(n-1, []Reading{{Wh: h.meter.Certificate().Cap}})
				must(t, err)
				most[parties] = len(records[0].Bytes())
			}
			town := newRingTownOf(t, 17, 64, n, squares, "")
			_, err := town.lives[0].Slot(n-1, []Reading{{Wh: town.houses[0].meter.Certificate().Cap}})
			must(t, err)
			a, err := town.lives[0].Answer(town.presence(n-1, town.all()), ImportChannel)
			must(t, err)
			most[1] += len(a.Bytes())
			for parties, size := range most {
				if size > 250 {
					t.Errorf("n %d, squares %v, %d parties: %d bytes", n, squares, parties, size)
				}
			}
			if squares && n == 288 && (most[1] != 250 || most[2] != 246) {
				t.Errorf("at most %d bytes with masks, %d with authorities", most[1], most[2])
			}
		}
	}
}

// TestAnswerAgain: the same presence has the same bytes again, also after a restart and
// after an answer that could not be stored; another presence has no answer any more.
func TestAnswerAgain(t *testing.T) {
	dir := t.TempDir() + "/meter"
	town := newRingTownOf(t, 20, MinNeighbours, 24, true, dir)
	place := slices.IndexFunc(town.houses, func(h *house) bool { return h.meter.Certificate().Meter == "M1" })
	h := town.houses[place]
	town.measure(t, 0)
	whole := town.presence(0, town.all())
	less := town.all()
	less.Clear(town.registry.Ring().order[(town.registry.Ring().at[place]+10)%20])
	must(t, os.Rename(dir, dir+"-gone"))
	if _, err := town.lives[place].Answer(whole, ImportChannel); err == nil {
		t.Fatal("an answer that could not be stored is given")
	}
	if _, err := town.lives[place].Answer(town.presence(0, less), ImportChannel); !errors.Is(err, ErrSecondPresence) {
		t.Errorf("another answer after one that may be stored: %v", err)
	}
	must(t, os.Rename(dir+"-gone", dir))
	first, err := town.lives[place].Answer(whole, ImportChannel)
	must(t, err)
	must(t, os.Rename(dir, dir+"-gone"))
	again, err := town.lives[place].Answer(whole, ImportChannel) // what is stored is not stored again
	must(t, err)
	must(t, os.Rename(dir+"-gone", dir))
	if !bytes.Equal(first.Bytes(), again.Bytes()) {
		t.Error("another answer to the same presence")
	}
	must(t, h.meter.Close())
	m, err := OpenMeter(dir)
	must(t, err)
	defer m.Close()
	live, err := m.Live(h.key.Recipient(), firstDay)
	must(t, err)
	again, err = live.Answer(whole, ImportChannel)
	must(t, err)
	if !bytes.Equal(first.Bytes(), again.Bytes()) {
		t.Error("another answer to the same presence after a restart")
	}
	if _, err := live.Answer(town.presence(0, less), ImportChannel); !errors.Is(err, ErrSecondPresence) {
		t.Errorf("a second presence after a restart: %v", err)
	}
	if _, err := live.Seal(); err != nil {
		t.Fatal(err)
	}
	if _, err := live.Answer(whole, ImportChannel); err == nil {
		t.Error("an answer after the day was sealed")
	}
}

// TestTagSaysSlotAndPresence: what an answer does not say itself is in its tag.
func TestTagSaysSlotAndPresence(t *testing.T) {
	town := newRingTown(t, 20, MinNeighbours)
	town.measure(t, 0)
	p := town.presence(0, town.all())
	a, err := town.lives[0].Answer(p, ImportChannel)
	must(t, err)
	b, err := town.lives[1].Answer(p, ImportChannel)
	must(t, err)
	if _, err := town.open(t, 0, a.Bytes(), p); err != nil {
		t.Fatal(err)
	}
	other := *p
	other.Records = bytes.Repeat([]byte{1}, 32)
	key, err := town.boxes[0].OpenEnrolment(town.houses[0].meter.memberships[0].enrolled, 0)
	must(t, err)
	altered := func(change func(*Answer)) *Answer {
		c := Answer{Meter: bytes.Clone(a.Meter), Masked: bytes.Clone(a.Masked), Tag: bytes.Clone(a.Tag)}
		change(&c)
		return &c
	}
	for name, c := range map[string]struct {
		answer    *Answer
		day, slot uint16
		presence  [32]byte
	}{
		"another slot":     {a, p.Day, 1, p.Hash()},
		"another day":      {a, p.Day + 1, 0, p.Hash()},
		"another presence": {a, p.Day, 0, other.Hash()},
		"another meter":    {b, p.Day, 0, p.Hash()},
		"another's name":   {altered(func(c *Answer) { c.Meter = b.Meter }), p.Day, 0, p.Hash()},
		"another share":    {altered(func(c *Answer) { c.Masked[7] ^= 1 }), p.Day, 0, p.Hash()},
		"another tag":      {altered(func(c *Answer) { c.Tag[7] ^= 1 }), p.Day, 0, p.Hash()},
		"shorter":          {altered(func(c *Answer) { c.Masked = c.Masked[:40] }), p.Day, 0, p.Hash()},
		"no tag":           {altered(func(c *Answer) { c.Tag = nil }), p.Day, 0, p.Hash()},
	} {
		if _, err := key.OpenAnswer(c.answer, c.day, c.slot, c.presence, true); !errors.Is(err, ErrTag) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := key.OpenAnswer(a, p.Day+2, 0, p.Hash(), true); !errors.Is(err, ErrKeyGone) {
		t.Errorf("a day without a key: %v", err)
	}
}

// TestJoinAgain: a meter that joins again introduces itself with the same keys, until
// they are gone, and a neighbour takes them again but no others.
func TestJoinAgain(t *testing.T) {
	town := newRingTown(t, 20, MinNeighbours)
	find := func(id []byte) *Enrolment { return town.houses[town.registry.Index(id)].meter.memberships[0].enrolled }
	first := town.houses[0].meter
	letters, err := first.Join(town.registry, find)
	must(t, err)
	if len(letters) != MinNeighbours {
		t.Fatalf("%d introductions", len(letters))
	}
	to := town.houses[town.registry.Index(letters[0].To)].meter
	before := *to.memberships[0].masks.keys[0]
	must(t, to.Meet(letters[0]))
	if *to.memberships[0].masks.keys[0] != before {
		t.Error("another key after the same introduction")
	}
	masks := first.memberships[0].masks
	first.memberships[0].masks = nil
	letters, err = first.Join(town.registry, find) // as if it had forgotten
	must(t, err)
	if err := to.Meet(letters[0]); err == nil {
		t.Error("a second key of a neighbour is taken")
	}
	first.memberships[0].masks = masks
	other := *town.registry
	other.First, other.sum = firstDay+5, nil
	other.Signatures = [][]byte{SignRegistry(town.keys[0].key, &other)}
	if _, err := first.Join(&other, find); err == nil {
		t.Error("masks change in the middle of a day")
	}
	for _, l := range town.lives {
		_, err := l.Seal()
		must(t, err)
	}
	town.begin(t, firstDay+1)
	if _, err := first.Join(town.registry, find); !errors.Is(err, ErrJoined) {
		t.Errorf("joined again when the first keys are gone: %v", err)
	}
}
