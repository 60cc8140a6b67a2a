package meter

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"hushwatt/prover/ristretto"
)

// parties are signing keys of a charter's authorities with the keys to which meters
// seal share keys.
type parties struct {
	keys  []*AuthorityKey // only their Ed25519 keys are used
	boxes []*Key
}

// charter founds a registry with k authorities, or an aggregator if k is 1.
func (h *house) charter(t testing.TB, k int, c Charter) (*Charter, *parties) {
	t.Helper()
	p := &parties{}
	for i := range k {
		key, err := NewAuthorityKey()
		must(t, err)
		box := newTestKey(t)
		p.keys, p.boxes = append(p.keys, key), append(p.boxes, box)
		party := Party{Name: string(rune('A' + i)), Key: publicOf(key.key), Recipient: box.Recipient().String()}
		c.Parties = append(c.Parties, party)
	}
	c.Registry, c.MinSum, c.MinVariance = "town", max(c.MinSum, 2), max(c.MinSum, c.MinVariance, 2)
	charter, err := h.authority.SignCharter(c)
	must(t, err)
	return charter, p
}

func (p *parties) registry(t testing.TB, c *Charter, enrolments []*Enrolment) *Registry {
	t.Helper()
	var names []string
	for _, e := range enrolments {
		names = append(names, e.Certificate.Meter)
	}
	r, err := NewRegistry(c, firstDay, enrolments, map[string][]string{"all": names})
	must(t, err)
	for _, k := range p.keys {
		r.Signatures = append(r.Signatures, SignRegistry(k.key, r))
	}
	must(t, r.Check())
	return r
}

// channelReadings splits a day into readings by slot.
func channelReadings(d *Day, slot int) []Reading {
	var list []Reading
	for i := range d.Channels {
		list = append(list, Reading{d.Channels[i].Wh[slot], d.Channels[i].Status[slot]})
	}
	return list
}

// TestSlotsAddUpToSeals: what is summed is what is billed. The commitments that a
// meter sends in real time, and those of missing slots, add up to the seals of the
// day; and the authorities' shares open them.
func TestSlotsAddUpToSeals(t *testing.T) {
	for _, k := range []int{2, 3} {
		for _, squares := range []bool{false, true} {
			h := newHouse(t, Setup{Meter: "M1", N: 48, Channels: ImportAndExport, Squares: squares})
			charter, p := h.charter(t, k, Charter{N: 48, Channel: ExportChannel, Squares: squares})
			e, err := h.meter.Enrol(charter, firstDay)
			must(t, err)
			e, err = ParseEnrolment(e.Bytes(), charter)
			must(t, err)
			var keys []*ShareKey
			for i, box := range p.boxes {
				key, err := box.OpenEnrolment(e, i)
				must(t, err)
				keys = append(keys, key)
			}
			for _, day := range makeDays(h.meter.Certificate(), firstDay, 2, 5) {
				day.Channels[1].Wh[7], day.Channels[1].Status[7] = MaxCap, Measured
				checkLiveDay(t, h, charter, keys, &day)
				for _, key := range keys {
					key.Forget(day.Day + 1)
				}
			}
		}
	}
}

func checkLiveDay(t *testing.T, h *house, charter *Charter, keys []*ShareKey, day *Day) {
	live, err := h.meter.Live(h.key.Recipient(), day.Day)
	must(t, err)
	v, q := ristretto.NewElement(), ristretto.NewElement()
	released := make([]bool, 48)
	for s := range 48 {
		records, err := live.Slot(s, channelReadings(day, s))
		must(t, err)
		if day.Channels[1].Status[s] == Missing {
			if len(records) != 0 {
				t.Fatal("a missing slot has a record")
			}
			continue
		}
		data := records[0].Bytes()
		if len(data) > 250 {
			t.Errorf("a record of %d bytes", len(data))
		}
		again, err := live.Record(s, ExportChannel)
		must(t, err)
		if !bytes.Equal(again.Bytes(), data) {
			t.Error("made again, a record is another one")
		}
		r, err := DecodeSlotRecord(data, charter)
		must(t, err)
		if id, commitments, err := PeekSlotRecord(data, charter); err != nil || !bytes.Equal(id, r.Meter) || !bytes.Equal(commitments, r.Commitments) {
			t.Fatal("a peek sees something else")
		}
		c, sq, err := r.Elements()
		must(t, err)
		v.Add(v, c)
		if sq != nil {
			q.Add(q, sq)
		}
		checkOpens(t, charter, keys, r, day.Channels[1].Wh[s])
		released[s] = true
	}
	_, err = live.Seal()
	must(t, err)
	closing, err := h.meter.Closing(day.Day, ExportChannel, released)
	must(t, err)
	size := charter.commitmentsSize()
	for i := range closing.Slots {
		r := &SlotRecord{Commitments: part(closing.Commitments, i, size)}
		c, sq, err := r.Elements()
		must(t, err)
		v.Add(v, c)
		if sq != nil {
			q.Add(q, sq)
		}
	}
	// The export is what the customer opens and bills: its seal, recomputed there.
	opened, err := h.parsed(t).Open(h.key)
	must(t, err)
	last := opened.Days[len(opened.Days)-1].Channels[1]
	if !v.Equal(last.Seal) {
		t.Error("the slots do not add up to the seal")
	}
	if charter.Squares {
		seals, _, _ := h.meter.Export().day(int(day.Day - firstDay))
		if sealed, err := element(seals[96:]); err != nil || !q.Equal(sealed) {
			t.Error("the squares do not add up to their seal")
		}
	}
	if !slices.Equal(last.Wh, day.Channels[1].Wh) || !slices.Equal(last.Status, day.Channels[1].Status) {
		t.Error("other readings were sealed")
	}
}

// checkOpens adds up the shares of all authorities and opens the commitments.
func checkOpens(t *testing.T, c *Charter, keys []*ShareKey, r *SlotRecord, wh uint32) {
	t.Helper()
	last := len(keys) - 1
	sum, err := keys[last].Open(r)
	must(t, err)
	for _, k := range keys[:last] {
		s, err := k.Derive(r)
		must(t, err)
		sum.Add(&s)
	}
	if sum.Wh != uint64(wh) || c.Squares && sum.Squared != uint64(wh)*uint64(wh) {
		t.Fatalf("shares add up to %d and %d instead of %d", sum.Wh, sum.Squared, wh)
	}
	if !bytes.Equal(commitSlot(int(c.N), int(r.Slot), &sum, c.Squares), r.Commitments) {
		t.Fatal("shares do not open the commitments")
	}
}

// TestMeasuredAgain: a meter whose memory was rolled back measures a slot again.
// Nothing of what it then sends is like what it sent before, so that nobody learns
// the difference of the readings.
func TestMeasuredAgain(t *testing.T) {
	st := newStage(t, "measured again", Setup{Meter: "M1", N: 48, Squares: true})
	charter, p := st.charter(t, 2, Charter{N: 48, Squares: true})
	_, err := st.meter.Enrol(charter, firstDay)
	must(t, err)
	live, err := st.meter.Live(st.key.Recipient(), firstDay)
	must(t, err)
	first, err := live.Slot(0, []Reading{{Wh: 100}})
	must(t, err)
	live.next = 0
	second, err := live.Slot(0, []Reading{{Wh: 101}})
	must(t, err)
	key, err := p.boxes[0].OpenEnrolment(st.meter.memberships[0].enrolled, 0)
	must(t, err)
	a, err := key.Derive(first[0])
	must(t, err)
	b, err := key.Derive(second[0])
	must(t, err)
	if a.Wh == b.Wh || a.Blinding.Equal(&b.Blinding) {
		t.Error("one share for two readings")
	}
	if bytes.Equal(first[0].Share[:8], second[0].Share[:8]) {
		t.Error("one key stream for two shares")
	}
}

// TestLiveIsStored: a meter that is opened again in the middle of a day goes on with
// it, makes the same records and answers no slot twice; keys of earlier days are gone.
func TestLiveIsStored(t *testing.T) {
	dir := t.TempDir()
	m, err := CreateMeter(dir, Setup{Meter: "M1", N: 24, Squares: true})
	must(t, err)
	text, err := readLine(dir + "/" + fileAuthorityKey)
	must(t, err)
	authority, err := ParseAuthorityKey(text)
	must(t, err)
	h := &house{authority, m, newTestKey(t)}
	charter, _ := h.charter(t, 2, Charter{N: 24, Squares: true})
	_, err = m.Enrol(charter, firstDay)
	must(t, err)
	live, err := m.Live(h.key.Recipient(), firstDay+3)
	must(t, err)
	before, err := live.Slot(4, []Reading{{Wh: 77}})
	must(t, err)
	must(t, m.Close())

	m, err = OpenMeter(dir)
	must(t, err)
	if _, err := m.Live(h.key.Recipient(), firstDay+4); err == nil {
		t.Error("another day begins while one is in progress")
	}
	if _, err := m.Seal(h.key.Recipient(), makeDays(m.Certificate(), firstDay+4, 1, 1), 0); err == nil {
		t.Error("another day is sealed while one is in progress")
	}
	live, err = m.Live(h.key.Recipient(), firstDay+3)
	must(t, err)
	again, err := live.Record(4, ImportChannel)
	must(t, err)
	if !bytes.Equal(again.Bytes(), before[0].Bytes()) {
		t.Error("another record after a restart")
	}
	if _, err := live.Slot(4, []Reading{{Wh: 78}}); err == nil {
		t.Error("a slot is measured twice")
	}
	if k := m.memberships[0].keys[0]; k.Day() != firstDay+3 {
		t.Error("keys of earlier days are still there")
	}
	if _, err := live.Seal(); err != nil {
		t.Fatal(err)
	}
	must(t, m.Close())
	m, err = OpenMeter(dir)
	must(t, err)
	defer m.Close()
	opened, err := m.Opened()
	must(t, err)
	if len(opened.Days) != 1 || opened.Days[0].Channels[0].Wh[4] != 77 {
		t.Error("the day was not sealed as it was sent")
	}
	if m.live != nil {
		t.Error("the day is still in progress")
	}
}

// TestOneRegistryForAChannel: with two, the difference of their sums could be a home.
func TestOneRegistryForAChannel(t *testing.T) {
	h := newHouse(t, Setup{Meter: "M1", N: 24})
	for range 2 {
		charter, _ := h.charter(t, 2, Charter{N: 24})
		_, err := h.meter.Enrol(charter, firstDay)
		must(t, err)
	}
	live, err := h.meter.Live(h.key.Recipient(), firstDay)
	must(t, err)
	records, err := live.Slot(0, []Reading{{Wh: 1}})
	must(t, err)
	if len(records) != 1 {
		t.Errorf("%d records for one channel", len(records))
	}
}

func TestEnrolRefuses(t *testing.T) {
	h, other := newHouse(t, Setup{Meter: "M1", N: 24}), newHouse(t, Setup{Meter: "M2", N: 24})
	for name, charter := range map[string]func() *Charter{
		"of another issuer":  func() *Charter { c, _ := other.charter(t, 2, Charter{N: 24}); return c },
		"of other slots":     func() *Charter { c, _ := h.charter(t, 2, Charter{N: 48}); return c },
		"of another channel": func() *Charter { c, _ := h.charter(t, 2, Charter{N: 24, Channel: ExportChannel}); return c },
		"with squares":       func() *Charter { c, _ := h.charter(t, 2, Charter{N: 24, Squares: true}); return c },
		"altered":            func() *Charter { c, _ := h.charter(t, 2, Charter{N: 24}); c.MinSum++; c.MinVariance++; return c },
	} {
		if _, err := h.meter.Enrol(charter(), firstDay); err == nil {
			t.Errorf("the meter enrols under a charter %s", name)
		}
	}
	key := publicOf(h.authority.key)
	for name, c := range map[string]Charter{
		"of one meter":           {MinSum: 1},
		"with one party twice":   {MinSum: 2, MinVariance: 2, Parties: []Party{{Name: "A", Key: key, Recipient: h.key.Recipient().String()}, {Name: "B", Key: key, Recipient: other.key.Recipient().String()}}},
		"variance of fewer":      {MinSum: 3, MinVariance: 2},
		"masks without a number": {MinSum: 2, MinVariance: 2, Parties: []Party{{Name: "A", Key: key, Recipient: h.key.Recipient().String()}}},
		"masks, no recipient":    {MinSum: 2, MinVariance: 2, Neighbours: 8, Parties: []Party{{Name: "A", Key: key}}},
	} {
		c.Registry, c.N = "town", 24
		if _, err := h.authority.SignCharter(c); err == nil {
			t.Errorf("a charter %s is signed", name)
		}
	}
}

func TestShareKeyForgets(t *testing.T) {
	k := newShareKey(bytes.Repeat([]byte{7}, nodeSize), firstDay)
	r := &SlotRecord{Meter: make([]byte, IDSize), Day: firstDay + 1, Commitments: make([]byte, 32)}
	ahead, err := k.Derive(r)
	must(t, err)
	k.Forget(firstDay + 1)
	same, err := k.Derive(r)
	must(t, err)
	if ahead != same {
		t.Error("a day's key depends on when it is derived")
	}
	stored, err := ParseShareKey(k.Bytes())
	must(t, err)
	if again, err := stored.Derive(r); err != nil || again != same {
		t.Error("a stored key is another one")
	}
	k.Forget(firstDay)
	for _, day := range []uint16{firstDay, firstDay + 3} {
		r.Day = day
		if _, err := k.Derive(r); !errors.Is(err, ErrKeyGone) {
			t.Errorf("day %d: %v", day, err)
		}
	}
}
