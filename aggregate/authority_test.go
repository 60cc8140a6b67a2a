package aggregate

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"hushwatt/meter"
	"hushwatt/prover/ristretto"
)

// tree is 14 meters: all of them, ten in the east, of these four in the old town,
// and four in the west, which is not a set.
var tree = townSetup{meters: 14, parties: 2, minSum: 3, minVar: 5, sets: map[string][]int{
	"all": numbers(0, 14), "east": numbers(0, 10), "old-town": numbers(0, 4)}}

// place finds a meter by its number.
func (w *town) place(number int) int {
	for i := range w.registry.Meters {
		if w.registry.Meters[i].Certificate.Meter == meterName(number) {
			return i
		}
	}
	w.t.Fatalf("no meter %d", number)
	return 0
}

func (w *town) places(numbers ...int) []int {
	var list []int
	for _, n := range numbers {
		list = append(list, w.place(n))
	}
	return list
}

// TestTree: which sets are released when some are absent, and that nothing else could
// be computed from them.
func TestTree(t *testing.T) {
	w := newTown(t, "tree", tree)
	for _, c := range []struct {
		absent []int
		want   string
	}{
		{nil, "all east old-town"},
		{[]int{10}, "all east old-town"},       // west: 3 are left
		{[]int{10, 11}, "east old-town"},       // west would be 2 meters: all is withheld
		{numbers(10, 14), "all east old-town"}, // west is empty: all is east
		{[]int{4, 5, 6, 7}, "all old-town"},    // east without the old town would be 2 meters
		{[]int{0, 1}, "all east"},              // the old town has 2
		{numbers(0, 13), ""},
	} {
		present := meter.NewBitmap(14)
		for i := range 14 {
			if !slices.Contains(c.absent, i) {
				present.Set(w.place(i))
			}
		}
		var got []string
		var sums []meter.Bitmap
		for _, s := range Released(w.registry, present) {
			got, sums = append(got, s.Set), append(sums, s.Meters)
		}
		if s := fmt.Sprint(got); s != "["+c.want+"]" {
			t.Errorf("absent %v: %s are released, should be %s", c.absent, s, c.want)
		}
		if n := smallestDerivable(rows(sums, 14), 14, 3); n != 0 {
			t.Errorf("absent %v: a sum of %d meters can be computed", c.absent, n)
		}
	}
}

func TestSlot(t *testing.T) {
	for _, parties := range []int{2, 3} {
		setup := tree
		setup.parties, setup.minVar = parties, 3
		w := newTown(t, fmt.Sprint("slot", parties), setup)
		w.begin(firstDay)
		o := w.slot(firstDay, 0, w.places(3, 11)...)
		f, err := ParseSlotFile(o.file.Bytes())
		must(t, err)
		must(t, f.Verify(w.trusted()))
		if err := f.Verify(nil); err == nil {
			t.Error("an authority that nobody trusts is believed")
		}
		if len(f.Releases) != 3 {
			t.Errorf("%d releases", len(f.Releases))
		}
		for i := range f.Releases {
			r := &f.Releases[i]
			var readings []int64
			for _, n := range tree.sets[r.Set] {
				if p := w.place(n); f.Presence.Meters.Has(p) {
					readings = append(readings, int64(wh(p, firstDay, 0)))
				}
			}
			checkStatistics(t, r, readings, 3)
		}
	}
}

// TestOnce: one presence, one contribution, whatever is asked, also after a restart.
func TestOnce(t *testing.T) {
	w := newTown(t, "once", tree)
	w.begin(firstDay)
	store := NewMemory()
	a, b := w.authority(0, store), w.authority(1, NewMemory())
	var records [][]byte
	feed := func(a *Authority, want Outcome) {
		for i, r := range records {
			arrival, err := a.Check(r)
			must(t, err)
			if got, err := a.Take(arrival); err != nil || got != want {
				t.Fatalf("record %d is %s, should be %s (%v)", i, got, want, err)
			}
		}
	}
	for place := range w.meters {
		records = append(records, w.measure(place, firstDay, 0))
	}
	lateOne := records[13]
	records = records[:13]
	feed(a, Taken)
	feed(b, Taken)
	feed(a, Duplicate)
	hash := w.registry.Hash()
	early := &meter.Presence{Registry: hash[:], Day: firstDay, Meters: meter.NewBitmap(14), Records: meter.CountedHash(nil)}
	if _, err := a.Sign(early); err == nil {
		t.Error("signed before the cut-off")
	}
	ha, err := a.CutOff(firstDay, 0)
	must(t, err)
	hb, err := b.CutOff(firstDay, 0)
	must(t, err)
	p, err := Propose(w.registry, nil, ha, hb)
	must(t, err)
	late, err := a.Check(lateOne)
	must(t, err)
	if got, err := a.Take(late); err != nil || got != Late {
		t.Errorf("a late record is %s (%v)", got, err)
	}
	if kept, _ := store.Get(fmt.Sprintf("%s/%x", slotKey("late", firstDay, 0), w.meters[13].id)); !bytes.Equal(kept, lateOne) {
		t.Error("a late record is not kept")
	}
	first, err := a.Sign(p)
	must(t, err)
	aside := meter.NewBitmap(14)
	aside.Set(0)
	second, err := Propose(w.registry, aside, ha, hb)
	must(t, err)
	if _, err := a.Sign(second); !errors.Is(err, ErrSecondPresence) {
		t.Errorf("second presence: %v", err)
	}
	p.Signatures = [][]byte{first, first}
	if _, err := a.Contribute(p); !errors.Is(err, meter.ErrUnsigned) {
		t.Errorf("contribution to what is not signed: %v", err)
	}
	// The second authority is deceived and signs another presence: the slot is lost.
	other, err := b.Sign(second)
	must(t, err)
	for _, q := range []*meter.Presence{p, second} {
		q.Signatures = [][]byte{first, other}
		for _, x := range []*Authority{a, b} {
			if _, err := x.Contribute(q); err == nil {
				t.Error("two presences, and a contribution")
			}
		}
	}
	// After a restart it is the same.
	a = w.authority(0, store)
	feed(a, Duplicate)
	again, err := a.Sign(p)
	must(t, err)
	if !bytes.Equal(first, again) {
		t.Error("another signature after a restart")
	}
	if _, err := a.Sign(second); !errors.Is(err, ErrSecondPresence) {
		t.Errorf("second presence after a restart: %v", err)
	}
	if got, err := a.Take(late); err != nil || got != Late {
		t.Errorf("a late record is %s after a restart (%v)", got, err)
	}
}

// brokenStore fails when it is told to.
type brokenStore struct {
	*Memory
	broken bool
}

var errBroken = errors.New("disk full")

func (s *brokenStore) Once(key string, value []byte) ([]byte, error) {
	if s.broken {
		return nil, errBroken
	}
	return s.Memory.Once(key, value)
}

// TestNothingGoesOutUnstored: what cannot be stored is not said.
func TestNothingGoesOutUnstored(t *testing.T) {
	w := newTown(t, "unstored", tree)
	w.begin(firstDay)
	s := &brokenStore{Memory: NewMemory()}
	a, b := w.authority(0, s), w.authority(1, NewMemory())
	for place := range w.meters {
		r := w.measure(place, firstDay, 0)
		for _, x := range []*Authority{a, b} {
			arrival, err := x.Check(r)
			must(t, err)
			_, err = x.Take(arrival)
			must(t, err)
		}
	}
	ha, _ := a.CutOff(firstDay, 0)
	hb, _ := b.CutOff(firstDay, 0)
	p, err := Propose(w.registry, nil, ha, hb)
	must(t, err)
	s.broken = true
	if _, err := a.Sign(p); !errors.Is(err, errBroken) {
		t.Errorf("signed: %v", err)
	}
	s.broken = false
	for _, x := range []*Authority{a, b} {
		signature, err := x.Sign(p)
		must(t, err)
		p.Signatures = append(p.Signatures, signature)
	}
	s.broken = true
	if _, err := a.Contribute(p); !errors.Is(err, errBroken) {
		t.Errorf("contributed: %v", err)
	}
}

// TestBlame: a wrong sum is not released, and who made it wrong is named.
func TestBlame(t *testing.T) {
	for _, parties := range []int{2, 3} {
		setup := tree
		setup.parties = parties
		w := newTown(t, fmt.Sprint("blame", parties), setup)
		w.begin(firstDay)
		for slot, c := range []struct {
			want  Culprit
			meter func(*meter.Share) // what a lying meter changes
			party func(*meter.Share) // what a lying authority changes in its sums
		}{
			{Culprit{Meter: w.registry.Meters[2].Certificate.Meter}, func(s *meter.Share) { s.Wh++ }, nil},
			{Culprit{Meter: w.registry.Meters[2].Certificate.Meter}, func(s *meter.Share) { s.Squared-- }, nil},
			{Culprit{Meter: w.registry.Meters[2].Certificate.Meter}, func(s *meter.Share) { s.Blinding.Add(&s.Blinding, &s.BlindingQ) }, nil},
			{Culprit{Party: "A2"}, nil, func(s *meter.Share) { s.Wh += 1000 }},
			{Culprit{Party: "A2"}, nil, func(s *meter.Share) { s.Squared++ }},
		} {
			o := w.wrongSlot(firstDay, uint16(slot), c.meter, c.party)
			if _, err := Combine(w.registry, o.presence, o.records, o.contributions); !errors.Is(err, ErrWrongSum) {
				t.Fatalf("case %d: %v", slot, err)
			}
			var points []*Points
			for _, a := range o.authorities {
				p, err := a.Points(o.presence)
				must(t, err)
				p, err = DecodePoints(p.Bytes())
				must(t, err)
				points = append(points, p)
			}
			got, err := Blame(w.registry, o.presence, o.records, o.contributions, points)
			must(t, err)
			if len(got) != 1 || got[0] != c.want {
				t.Errorf("case %d: %+v are named, should be %+v", slot, got, c.want)
			}
		}
	}
}

// wrongSlot runs a slot in which the meter in place 2 or the second authority lies.
func (w *town) wrongSlot(day, slot uint16, lie, sum func(*meter.Share)) *ranSlot {
	w.t.Helper()
	o := &ranSlot{}
	for i := range w.keys {
		o.authorities = append(o.authorities, w.authority(i, NewMemory()))
	}
	for place := range w.meters {
		record := w.measure(place, day, slot)
		if lie != nil && place == 2 {
			record = w.withShare(place, record, lie)
		}
		for _, a := range o.authorities {
			arrival, err := a.Check(record)
			must(w.t, err)
			_, err = a.Take(arrival)
			must(w.t, err)
		}
	}
	w.decide(o, day, slot)
	if sum != nil {
		w.lie(o.contributions[1], sum)
	}
	return o
}

// lie changes all sums of the second authority, which signs them.
func (w *town) lie(c *Contribution, sum func(*meter.Share)) {
	for i := range c.Sums {
		squares := len(c.Sums[i].Share) > 40
		s, err := meter.ParseShare(c.Sums[i].Share, squares)
		must(w.t, err)
		sum(&s)
		c.Sums[i].Share = s.Bytes(squares)
	}
	c.Signature = signContribution(w.keys[1].signing, c)
}

// TestNextDay: keys of days that are over are gone, from memory and store; records of
// the last slot can still be taken after midnight, later ones are late.
func TestNextDay(t *testing.T) {
	w := newTown(t, "next day", tree)
	w.begin(firstDay)
	store := NewMemory()
	a := w.authority(0, store)
	old := w.measure(0, firstDay, 22)
	last := w.measure(0, firstDay, 23)
	_, err := w.meters[0].live.Seal()
	must(t, err)
	customer, err := meter.NewKeyFrom(meter.X25519, stream("next day", "customer"))
	must(t, err)
	w.meters[0].live, err = w.meters[0].Live(customer.Recipient(), firstDay+1)
	must(t, err)
	next := w.measure(0, firstDay+1, 0)
	for _, r := range [][]byte{next, last} {
		arrival, err := a.Check(r)
		must(t, err)
		if got, err := a.Take(arrival); err != nil || got != Taken {
			t.Errorf("%s, %v", got, err)
		}
	}
	must(t, a.NextDay(firstDay+1))
	arrival, err := a.Check(old)
	must(t, err)
	if got, err := a.Take(arrival); err != nil || got != Late {
		t.Errorf("yesterday's record is %s, %v", got, err)
	}
	if days := daysOfKeys(t, store); len(days) != 1 || days[firstDay+1] != 14 {
		t.Errorf("yesterday's keys are still stored: %v", days)
	}
}

// TestBounds: a sum that opens the commitments and is more than all caps together is
// refused: some meter has committed to more than it may.
func TestBounds(t *testing.T) {
	var k ristretto.Scalar
	five := sharePoint(ristretto.Slot(24, 3), 5, k.SetUint64(9))
	sums := totals{c: five, q: five, most: 5, mostSq: 4, n: 24, slot: 3, meters: 7}
	r := &Release{Set: "all", Meters: 7, Sum: 5, Blinding: k.Bytes()}
	must(t, sums.check(r))
	r.Squares = []Squares{{Sum: 5, Blinding: k.Bytes()}}
	if err := sums.check(r); !errors.Is(err, ErrWrongSum) {
		t.Errorf("squares above their bound: %v", err)
	}
	sums.most = 4
	r.Squares = nil
	if err := sums.check(r); !errors.Is(err, ErrWrongSum) {
		t.Errorf("a sum above its bound: %v", err)
	}
}

// TestPartyKey: as text and back, and without the mailbox an authority goes on from
// its store alone.
func TestPartyKey(t *testing.T) {
	w := newTown(t, "party key", tree)
	store := NewMemory()
	w.authority(0, store)
	for _, k := range []*PartyKey{w.keys[0], w.keys[0].WithoutMailbox()} {
		again, err := ParsePartyKey(k.String())
		must(t, err)
		if again.String() != k.String() || again.name != "A1" {
			t.Error("another key comes back")
		}
		if _, err := NewAuthority(AuthorityConfig{w.registry, again, w.find, store}); err != nil {
			t.Error(err)
		}
	}
	if _, err := NewAuthority(AuthorityConfig{w.registry, w.keys[0].WithoutMailbox(), w.find, NewMemory()}); err == nil {
		t.Error("share keys are opened without a mailbox")
	}
}

func TestRegistryRefuses(t *testing.T) {
	w := newTown(t, "registry", tree)
	again := func(change func(*meter.Registry)) error {
		r, err := meter.ParseRegistry(w.registry.Bytes())
		must(t, err)
		fresh := *r
		fresh = meter.Registry{Charter: r.Charter, First: r.First, Before: r.Before, Meters: r.Meters, Sets: r.Sets}
		change(&fresh)
		w.sign(&fresh)
		return fresh.Check()
	}
	must(t, again(func(*meter.Registry) {}))
	stranger := newTown(t, "stranger", townSetup{meters: 3, parties: 2})
	overlap := meter.NewBitmap(14)
	for _, p := range w.places(9, 10, 11) {
		overlap.Set(p)
	}
	for name, change := range map[string]func(*meter.Registry){
		"an uncertified meter": func(r *meter.Registry) { r.Meters[3].Certificate = stranger.registry.Meters[0].Certificate },
		"meters out of order":  func(r *meter.Registry) { r.Meters[0], r.Meters[1] = r.Meters[1], r.Meters[0] },
		"a meter twice":        func(r *meter.Registry) { r.Meters[1].Certificate = r.Meters[0].Certificate },
		"overlapping sets":     func(r *meter.Registry) { r.Sets[2].Meters = overlap },
		"a bit too many":       func(r *meter.Registry) { r.Sets[0].Meters[1] |= 1 },
		"a small set":          func(r *meter.Registry) { r.Sets[2].Meters = meter.Bitmap{0xc0, 0} },
		"another charter":      func(r *meter.Registry) { r.Charter.MinSum++ },
	} {
		if again(change) == nil {
			t.Errorf("a registry with %s is accepted", name)
		}
	}
	r := *w.registry
	r.Signatures = [][]byte{w.registry.Signatures[0], w.registry.Signatures[0]}
	if r.Check() == nil {
		t.Error("a registry that one party signed twice is accepted")
	}
}

// TestSuccessor: a set changes by none or by enough meters.
func TestSuccessor(t *testing.T) {
	big := newTown(t, "successor", townSetup{meters: 10, parties: 2, minSum: 3})
	hash := big.registry.Hash()
	with := func(name string, numbers ...int) *meter.Registry {
		var list []*meter.Enrolment
		var names []string
		for _, n := range numbers {
			list = append(list, big.find(big.meters[big.place(n)].id))
			names = append(names, meterName(n))
		}
		r, err := meter.NewRegistry(big.charter, firstDay+1, list, map[string][]string{name: names})
		must(t, err)
		r.Before = hash[:]
		return r
	}
	must(t, meter.CheckSuccessor(big.registry, with("all", numbers(0, 10)...)))
	must(t, meter.CheckSuccessor(big.registry, with("all", numbers(0, 7)...)))
	must(t, meter.CheckSuccessor(big.registry, with("others", numbers(0, 9)...)))
	for _, r := range []*meter.Registry{with("all", numbers(0, 9)...), with("all", numbers(0, 8)...)} {
		if err := meter.CheckSuccessor(big.registry, r); !errors.Is(err, meter.ErrFewChanged) {
			t.Errorf("%d meters left: %v", 10-len(r.Meters), err)
		}
	}
	for _, c := range []struct {
		before *meter.Registry
		after  *meter.Registry
		ok     bool
	}{
		{big.registry, with("all", numbers(0, 7)...), true},
		{big.registry, with("all", numbers(0, 9)...), false},
		{nil, with("all", numbers(0, 7)...), false}, // it says that it replaces one
		{nil, big.registry, true},
		{big.registry, big.registry, false},
	} {
		if _, err := big.keys[0].SignRegistry(c.after, c.before); (err == nil) != c.ok {
			t.Errorf("a party is asked to sign: %v", err)
		}
	}
	same := with("all", numbers(0, 10)...)
	same.First = firstDay
	if meter.CheckSuccessor(big.registry, same) == nil {
		t.Error("a registry changes in the middle of its first day")
	}
}
