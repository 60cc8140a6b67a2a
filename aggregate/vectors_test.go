package aggregate

import (
	"slices"
	"testing"

	"hushwatt/meter"
	"hushwatt/testvectors"
)

// TestVectorFiles keeps the files of testvectors/aggregate.
func TestVectorFiles(t *testing.T) {
	var l vectorList
	slotVectors(t, &l)
	dayEndVectors(t, &l)
	intakeVectors(t, &l)
	maskedVectors(t, &l)
	aggregatorVectors(t, &l)
	answerVectors(t, &l)
	foundingVectors(t, &l)
	testvectors.Sync(t, "aggregate", l)
}

type vectorList []testvectors.Vector

func (l *vectorList) accept(name, kind, comment string, input any) {
	*l = append(*l, testvectors.Vector{Name: name, Section: "7", Comment: comment, Kind: kind, Expected: testvectors.Accepted, Input: input})
}

func (l *vectorList) refuse(base, name, kind, comment string, input any) {
	*l = append(*l, testvectors.Vector{Name: name, Section: "7", Comment: comment, Kind: kind, Base: base, Expected: testvectors.Refused, Input: input})
}

// hamlet is six meters; four are the east, two the west, which is no set.
var hamlet = townSetup{meters: 6, parties: 2, minSum: 2, minVar: 2, sets: map[string][]int{"all": numbers(0, 6), "east": numbers(0, 4)}}

// openAll is what all authorities together know of records; nobody ever is.
func (w *town) openAll(records ...[]byte) meter.Share {
	w.t.Helper()
	var sum meter.Share
	for i := range w.keys {
		a := w.authority(i, NewMemory())
		for _, r := range records {
			arrival, err := a.Check(r)
			must(w.t, err)
			sum.Add(&arrival.share)
		}
	}
	return sum
}

// change returns a release file with something changed; with resigned, all parties
// sign registry and presence as they then are.
func (w *town) change(f *SlotFile, resigned bool, change func(*SlotFile)) *testvectors.Slot {
	w.t.Helper()
	g, err := ParseSlotFile(f.Bytes())
	must(w.t, err)
	change(g)
	if resigned {
		w.sign(&g.Registry)
		hash := g.Registry.Hash()
		g.Presence.Registry = hash[:]
		w.signPresence(&g.Presence)
	}
	return w.slotInput(g.Bytes())
}

func (w *town) signPresence(p *meter.Presence) {
	p.Signatures = nil
	for _, k := range w.keys {
		p.Signatures = append(p.Signatures, meter.SignPresence(k.signing, p))
	}
}

func (w *town) slotInput(file []byte) *testvectors.Slot {
	return &testvectors.Slot{Authorities: []string{w.issuer.Authority().String()}, File: file}
}

// certify gives a meter of the registry another certificate for the same key.
func (w *town) certify(e *meter.Enrolled, issuer *meter.AuthorityKey, change func(*meter.Certificate)) {
	c := e.Certificate
	change(&c)
	c, err := issuer.Certify(c)
	must(w.t, err)
	e.Certificate = c
}

func slotVectors(t *testing.T, l *vectorList) {
	w := newTown(t, "vectors/slot", hamlet)
	w.begin(firstDay)
	absent := w.place(0)
	o := w.slot(firstDay, 0, absent)
	f := o.file
	if len(f.Releases) != 2 {
		t.Fatalf("%d sets are released", len(f.Releases))
	}
	l.accept("release", "slot", "Two sets, one inside the other; one meter is absent.", w.slotInput(f.Bytes()))
	no := func(name, comment string, resigned bool, change func(*SlotFile)) {
		l.refuse("release", name, "slot", comment, w.change(f, resigned, change))
	}
	all := func(g *SlotFile) *Release { return &g.Releases[0] }
	east := func(g *SlotFile) *Release { return &g.Releases[1] }
	late := w.openAll(o.sent[absent])
	no("parent-with-late-meter", "The outer set's sum includes a meter that came after the cut-off: less the inner set's it would show that meter.", false, func(g *SlotFile) {
		r := all(g)
		s := w.openAll(o.sent...)
		r.Meters, r.Sum, r.Blinding = 6, s.Wh, s.Blinding.Bytes()
		r.Squares = []Squares{{Sum: s.Squared, Blinding: s.BlindingQ.Bytes()}}
	})
	no("parent-with-late-record", "The late meter's record is among those counted, its bit is not set.", false, func(g *SlotFile) {
		g.Records = slices.Insert(g.Records, absent, o.sent[absent])
		all(g).Sum += late.Wh
	})
	no("variance-other-set", "The outer set has the sum of squares of the inner one.", false, func(g *SlotFile) { all(g).Squares = east(g).Squares })
	no("variance-dropped", "The sum of squares is left out although the rules release it.", false, func(g *SlotFile) { all(g).Squares = nil })
	no("sum-plus-one", "The sum is 1 Wh too large.", false, func(g *SlotFile) { all(g).Sum++ })
	no("sum-squares-plus-one", "The sum of squares is too large by 1.", false, func(g *SlotFile) { all(g).Squares[0].Sum++ })
	no("sum-blinding-of-other-set", "The blinding is that of the other set.", false, func(g *SlotFile) { all(g).Blinding = east(g).Blinding })
	no("sum-blinding-plus-q", "The blinding is not reduced.", false, func(g *SlotFile) { all(g).Blinding = plusOrder(all(g).Blinding) })
	no("sum-of-other-count", "The number of meters is one more than were summed.", false, func(g *SlotFile) { all(g).Meters++ })
	no("set-released-twice", "One set twice in a file.", false, func(g *SlotFile) { g.Releases = append(g.Releases, g.Releases[1]) })
	no("set-not-registered", "A set that the registry does not have.", false, func(g *SlotFile) { east(g).Set = "other" })
	no("sets-out-of-order", "The sets are not in order.", false, func(g *SlotFile) { slices.Reverse(g.Releases) })
	no("presence-bit-dropped", "One meter less is present than all parties have signed.", false, func(g *SlotFile) { g.Presence.Meters.Clear(w.place(1)) })
	no("presence-signed-by-one", "One party has signed the presence twice, the other not at all.", false, func(g *SlotFile) { g.Presence.Signatures[1] = g.Presence.Signatures[0] })
	no("presence-unsigned", "No party has signed the presence.", false, func(g *SlotFile) { g.Presence.Signatures = nil })
	no("presence-of-other-slot", "The presence is of the next slot.", true, func(g *SlotFile) { g.Presence.Slot++ })
	no("presence-bit-beyond", "A bit is set beyond the last meter.", true, func(g *SlotFile) { g.Presence.Meters[0] |= 1 })
	no("records-swapped", "Two records have changed places.", false, func(g *SlotFile) { g.Records[0], g.Records[1] = g.Records[1], g.Records[0] })
	no("record-missing", "A record of a meter that is present is left out.", false, func(g *SlotFile) { g.Records = g.Records[1:] })
	no("record-signature-flipped", "One bit of a record's signature is flipped.", false, func(g *SlotFile) { g.Records[0][len(g.Records[0])-9] ^= 1 })
	no("registry-signed-by-one", "One party has signed the registry twice, the other not at all.", false, func(g *SlotFile) { g.Registry.Signatures[1] = g.Registry.Signatures[0] })
	no("charter-altered", "The parties have changed the charter; its issuer has not signed that.", true, func(g *SlotFile) { g.Registry.Charter.MinVariance++ })
	no("sets-overlap", "Two sets overlap and neither holds the other.", true, func(g *SlotFile) {
		east := g.Registry.Sets[1].Meters
		east.Clear(w.place(3))
		rest := meter.NewBitmap(6)
		rest.Set(w.place(3))
		rest.Set(w.place(2))
		g.Registry.Sets = append(g.Registry.Sets, meter.Set{Name: "north", Meters: rest})
	})
	stranger := newTown(t, "vectors/stranger", townSetup{meters: 2, parties: 2})
	no("uncertified-meter-counted", "A meter with a certificate of its own making is counted; all parties have signed the registry.", true, func(g *SlotFile) {
		w.certify(&g.Registry.Meters[2], stranger.issuer, func(*meter.Certificate) {})
	})
	no("mixed-n", "A meter whose day has 48 slots is in a registry of 24.", true, func(g *SlotFile) {
		w.certify(&g.Registry.Meters[2], w.issuer, func(c *meter.Certificate) { c.N = 48 })
	})
	no("meter-certificate-expired", "A meter's certificate ended the day before the registry began.", true, func(g *SlotFile) {
		w.certify(&g.Registry.Meters[2], w.issuer, func(c *meter.Certificate) { c.Last = firstDay - 1 })
	})
	no("release-trailing-byte", "A byte follows the file.", false, func(*SlotFile) {})
	(*l)[len(*l)-1].Input = w.slotInput(append(f.Bytes(), 0))
	other := w.slotInput(f.Bytes())
	other.Authorities = []string{stranger.issuer.Authority().String()}
	l.refuse("release", "release-of-untrusted-authority", "slot", "The meter authority is not one that the verifier trusts.", other)
	withheldVectors(l, w)
}

// withheldVectors are of a slot in which the outer set must be withheld.
func withheldVectors(l *vectorList, w *town) {
	o := w.slot(firstDay, 1, w.place(5))
	l.accept("release-withheld", "slot", "One meter of the west is absent, so that the outer set is withheld: less the inner set it would show the other.", w.slotInput(o.file.Bytes()))
	l.refuse("release-withheld", "complement-below-minimum", "slot", "The outer set is released all the same.", w.change(o.file, false, func(g *SlotFile) {
		s := w.openAll(g.Records...)
		r := Release{Set: "all", Meters: 5, Sum: s.Wh, Blinding: s.Blinding.Bytes(), Squares: []Squares{{Sum: s.Squared, Blinding: s.BlindingQ.Bytes()}}}
		g.Releases = append([]Release{r}, g.Releases...)
	}))
}

// order is q, little-endian.
var order = [32]byte{0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 31: 0x10}

func plusOrder(scalar []byte) []byte {
	sum := make([]byte, 32)
	carry := 0
	for i := range sum {
		carry += int(scalar[i]) + int(order[i])
		sum[i] = byte(carry)
		carry >>= 8
	}
	return sum
}

func dayEndVectors(t *testing.T, l *vectorList) {
	w := newTown(t, "vectors/day", hamlet)
	w.begin(firstDay)
	end := &DayEnd{Set: "east", Day: firstDay}
	released := make([][]bool, 6)
	for i := range released {
		released[i] = make([]bool, 24)
	}
	// The last two meters of the east are absent in slot 2, which is withheld.
	for slot, absent := range [][]int{{0}, nil, {1, 2, 3}} {
		o := w.slot(firstDay, uint16(slot), w.places(absent...)...)
		for i := range o.file.Releases {
			r := &o.file.Releases[i]
			if r.Set != "east" {
				continue
			}
			end.Slots = append(end.Slots, DayEndSlot{Presence: *o.presence, Release: *r})
			for place := range released {
				released[place][slot] = o.presence.Meters.Has(place) && len(r.Squares) > 0
			}
		}
	}
	closings := make([][]byte, 6)
	for place, m := range w.meters {
		_, err := m.live.Seal()
		must(t, err)
		c, err := m.Closing(firstDay, meter.ImportChannel, released[place])
		must(t, err)
		closings[place] = c.Bytes()
	}
	east := w.registry.Sets[1].Meters
	for place := range w.meters {
		if east.Has(place) {
			end.Closings = append(end.Closings, closings[place])
		}
	}
	input := func(d *DayEnd) *testvectors.DayEnd {
		return &testvectors.DayEnd{Registry: w.registry.Bytes(), DayEnd: d.Bytes(w.registry)}
	}
	l.accept("day-end", "day-end", "Two slots of a day were released, one with an absent meter; the seals of the set say the same.", input(end))
	no := func(name, comment string, change func(*DayEnd)) {
		d := *end
		d.Slots, d.Closings = slices.Clone(end.Slots), slices.Clone(end.Closings)
		change(&d)
		l.refuse("day-end", name, "day-end", comment, input(&d))
	}
	no("day-end-other-set", "The closings are those of all meters, the releases those of four of them.", func(d *DayEnd) { d.Closings = closings })
	no("day-end-meter-missing", "One meter of the set has no closing.", func(d *DayEnd) { d.Closings = d.Closings[1:] })
	no("day-end-second-opening", "A slot is opened twice.", func(d *DayEnd) { d.Slots = slices.Insert(d.Slots, 1, d.Slots[0]) })
	no("day-end-withheld-slot-opened", "A slot in which the set was withheld is opened.", func(d *DayEnd) {
		s := d.Slots[1]
		s.Presence.Slot = 2
		for _, p := range w.places(1, 2, 3) {
			s.Presence.Meters = s.Presence.Meters.AndNot(bit(p))
		}
		s.Release.Meters = 1
		w.signPresence(&s.Presence)
		d.Slots = append(d.Slots, s)
	})
	no("day-end-sum-altered", "One slot's sum is larger by 1 Wh.", func(d *DayEnd) { d.Slots[1].Release.Sum++ })
	no("day-end-slot-left-out", "A release is left out; the closings still count it.", func(d *DayEnd) { d.Slots = d.Slots[:1] })
	no("seal-not-sum-of-slots", "One meter has sealed another reading than it had sent.", func(d *DayEnd) {
		first := 0
		for !east.Has(first) {
			first++
		}
		d.Closings[0] = w.otherSeal(first, released[first])
	})
	no("closing-of-other-day", "One meter's closing is altered to say the next day.", func(d *DayEnd) {
		c, err := meter.DecodeClosing(d.Closings[0])
		must(t, err)
		c.Day++
		d.Closings[0] = c.Bytes()
	})
}

func bit(place int) meter.Bitmap {
	b := meter.NewBitmap(6)
	b.Set(place)
	return b
}

// otherSeal is a closing of a meter that has sealed 1 Wh more in slot 1.
func (w *town) otherSeal(place int, released []bool) []byte {
	m, _ := w.newMeter(w.registry.Meters[place].Certificate.Meter)
	customer, err := meter.NewKeyFrom(meter.X25519, stream(w.seed, "customer"))
	must(w.t, err)
	live, err := m.Live(customer.Recipient(), firstDay)
	must(w.t, err)
	for slot := range 3 {
		more := uint32(0)
		if slot == 1 {
			more = 1
		}
		_, err := live.Slot(slot, []meter.Reading{{Wh: wh(place, firstDay, slot) + more}})
		must(w.t, err)
	}
	_, err = live.Seal()
	must(w.t, err)
	c, err := m.Closing(firstDay, meter.ImportChannel, released)
	must(w.t, err)
	return c.Bytes()
}

func intakeVectors(t *testing.T, l *vectorList) {
	w := newTown(t, "vectors/intake", townSetup{meters: 3, parties: 2})
	w.begin(firstDay)
	ask := func(party int, steps ...testvectors.Ask) *testvectors.Intake {
		in := &testvectors.Intake{Registry: w.registry.Bytes(), Key: w.keys[party].String(), Steps: steps}
		for i := range w.registry.Meters {
			in.Enrolments = append(in.Enrolments, w.find(w.registry.Meters[i].ID()).Bytes())
		}
		return in
	}
	var first, second [][]byte
	for place := range w.meters {
		first = append(first, w.measure(place, firstDay, 0))
	}
	for place := range w.meters {
		second = append(second, w.measure(place, firstDay, 1))
	}
	record := func(data []byte) testvectors.Ask { return testvectors.Ask{Op: "record", Data: data} }
	l.accept("intake-record", "intake", "The last authority takes a meter's records of two slots.", ask(1, record(first[0]), record(second[0])))
	no := func(base, name, comment string, in *testvectors.Intake) { l.refuse(base, name, "intake", comment, in) }
	r, err := meter.DecodeSlotRecord(second[0], w.charter)
	must(t, err)
	before, err := meter.DecodeSlotRecord(first[0], w.charter)
	must(t, err)
	r.Share = before.Share
	no("intake-record", "share-replayed", "A meter's second record carries the share of its first, signed.", ask(1, record(first[0]), record(w.meters[0].resign(r))))
	no("intake-record", "record-replayed", "The same bytes again: nothing is counted twice.", ask(1, record(first[0]), record(first[0])))
	no("intake-record", "record-second-of-slot", "Another record of the same meter and slot, signed.", ask(1, record(first[0]), record(w.withShare(0, first[0], func(s *meter.Share) { s.Wh++ }))))
	no("intake-record", "record-of-other-meter", "A meter signs a record in another's name.", ask(1, record(first[0]), record(renamed(t, w, second[0]))))
	no("intake-record", "record-after-cut-off", "The second record comes after its slot was cut off.", ask(1, record(first[0]), testvectors.Ask{Op: "cut-off", Day: firstDay, Slot: 1}, record(second[0])))
	no("intake-record", "record-of-erased-day", "The second record comes when the keys of its day are erased.", ask(1, record(first[0]), testvectors.Ask{Op: "next-day", Day: firstDay + 1}, record(second[0])))
	no("intake-record", "record-trailing-byte", "A byte follows the record.", ask(1, record(first[0]), record(append(slices.Clone(second[0]), 0))))
	no("intake-record", "record-identity", "The second record commits with the identity, signed.", ask(1, record(first[0]), record(identity(t, w, second[0]))))
	exchanged := ask(1, record(first[0]), record(second[0]))
	again, err := newTown(t, "vectors/intake", townSetup{meters: 3, parties: 2}).meters[0].Enrol(w.charter, firstDay)
	must(t, err)
	exchanged.Enrolments[0] = again.Bytes()
	no("intake-record", "enrolment-exchanged", "The meter has enrolled again, with other keys, and the registry has the first enrolment.", exchanged)

	// One presence of all three, one without the first, both signed by both parties.
	presence := func(places ...int) []byte {
		hash := w.registry.Hash()
		p := &meter.Presence{Registry: hash[:], Day: firstDay, Meters: meter.NewBitmap(3)}
		var hashes [][32]byte
		for _, i := range places {
			p.Meters.Set(i)
			hashes = append(hashes, meter.RecordHash(first[i]))
		}
		p.Records = meter.CountedHash(hashes)
		w.signPresence(p)
		return p.Bytes()
	}
	start := []testvectors.Ask{record(first[0]), record(first[1]), record(first[2]), {Op: "cut-off", Day: firstDay}}
	with := func(steps ...testvectors.Ask) *testvectors.Intake {
		return ask(0, append(slices.Clone(start), steps...)...)
	}
	sign := func(data []byte) testvectors.Ask { return testvectors.Ask{Op: "sign", Data: data} }
	contribute := func(data []byte) testvectors.Ask { return testvectors.Ask{Op: "contribute", Data: data} }
	whole, less := presence(0, 1, 2), presence(1, 2)
	l.accept("intake-contribute", "intake", "An authority signs a slot's presence, again when asked again, and contributes.", with(sign(whole), sign(whole), contribute(whole)))
	no("intake-contribute", "second-release-same-slot", "After one presence another is to be signed, and released.", with(sign(whole), contribute(whole), sign(less)))
	no("intake-contribute", "second-contribution-same-slot", "The other parties have signed another presence, and this one's signature is there too: it keeps to the first.", with(sign(whole), contribute(whole), contribute(less)))
	no("intake-contribute", "presence-before-cut-off", "A presence is to be signed while records are still taken.", ask(0, record(first[0]), record(first[1]), record(first[2]), sign(whole)))
	no("intake-contribute", "presence-of-unknown-record", "The presence counts a record that this authority does not have.", ask(0, record(first[0]), record(first[1]), testvectors.Ask{Op: "cut-off", Day: firstDay}, sign(whole)))
	unsigned, err := DecodePresence(whole)
	must(t, err)
	unsigned.Signatures[1] = unsigned.Signatures[0]
	no("intake-contribute", "contribution-to-unsigned", "The other authority has not signed.", with(sign(whole), sign(whole), contribute(unsigned.Bytes())))
}

// renamed is a record of the first meter in the second one's name.
func renamed(t *testing.T, w *town, data []byte) []byte {
	r, err := meter.DecodeSlotRecord(data, w.charter)
	must(t, err)
	r.Meter = w.meters[1].id
	return w.meters[0].resign(r)
}

// identity is a record whose C is the identity.
func identity(t *testing.T, w *town, data []byte) []byte {
	r, err := meter.DecodeSlotRecord(data, w.charter)
	must(t, err)
	clear(r.Commitments[:32])
	return w.meters[0].resign(r)
}

func maskedVectors(t *testing.T, l *vectorList) {
	w := newTown(t, "vectors/masked", townSetup{meters: 36, parties: 1, minSum: 10, minVar: 20, neighbours: 16})
	ring := w.registry.Ring()
	place := w.place(0)
	around := ring.Neighbours(place) // one after, one before, two after, two before …
	presence := func(out ...int) testvectors.Hex {
		hash := w.registry.Hash()
		p := &meter.Presence{Registry: hash[:], Day: firstDay, Meters: meter.NewBitmap(36), Records: meter.CountedHash(nil)}
		for i := range w.meters {
			if !slices.Contains(out, i) {
				p.Meters.Set(i)
			}
		}
		w.signPresence(p)
		return p.Bytes()
	}
	input := func(presences ...testvectors.Hex) *testvectors.Masked {
		return &testvectors.Masked{Registry: w.registry.Bytes(), Place: place, Presences: presences}
	}
	l.accept("masked", "masked", "A meter of a masking registry is asked with half of its neighbours present.", input(presence(around[:8]...)))
	no := func(name, comment string, presences ...testvectors.Hex) {
		l.refuse("masked", name, "masked", comment, input(presences...))
	}
	everybody := presence()
	l.accept("masked-again", "masked", "The same presence is shown again: the answer is sent again, the same bytes.", input(everybody, everybody))
	no("two-bitmaps-one-slot", "Another presence is signed for a slot that was answered.", everybody, presence(around[0]))
	no("few-neighbours", "Seven of its neighbours are present.", presence(around[:9]...))
	var far []int
	for i := range w.meters {
		if i != place && !slices.Contains(around, i) {
			far = append(far, i)
		}
	}
	no("bitmap-below-minimum", "It and eight of its neighbours are present: nine, where ten are the fewest.", presence(append(far, around[8:]...)...))
	no("not-among-those-present", "The meter is not among those present.", presence(place))
	// Around the circle: the meter and eight after it, eight absent, the rest but eight.
	circle := []int{place}
	for at := place; len(circle) < 36; {
		at = ring.Neighbours(at)[0]
		circle = append(circle, at)
	}
	no("present-in-two-parts", "Those present are two parts without neighbours in each other: each part's masks cancel by themselves.",
		presence(append(slices.Clone(circle[9:17]), circle[28:]...)...))
	no("present-tied-by-one", "The same with one meter between the two parts: if it colludes, each part's masks cancel by themselves.",
		presence(slices.Concat(circle[9:12], circle[13:17], circle[28:])...))
	p, err := DecodePresence(everybody)
	must(t, err)
	p.Signatures[0] = make([]byte, 64)
	no("masked-presence-unsigned", "The aggregator has not signed.", p.Bytes())
}
