package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"hushwatt/internal/pgtest"
	"hushwatt/meter"
	"hushwatt/server/store"
)

// An authority dies around each thing that it stores before it says it: what it holds,
// the presence, its sums. Meanwhile a meter says something else. The slot is released
// all the same, by what was there at the cut-off.
func TestDiesBetweenStoringAndSaying(t *testing.T) {
	g := newGrid(t)
	g.start(g.authority(0).Run)
	c := g.collector()
	g.start(c.Run)
	b, slot := g.bus(), 0
	for _, name := range []string{store.HeldName, "presence/", "contribution/"} {
		for _, done := range []bool{false, true} {
			l := &life{until: fmt.Sprintf("Once %s%04x%04x", name, firstDay, slot), done: done}
			stop := g.start(g.over(1, func(p *store.Party) Store { return mortal{p, l} }).Run)
			g.measure(b, slot, everyone)
			g.until("it dies at "+l.until, l.ended)
			stop()
			if err := b.Publish(context.Background(), g.twin(2, slot, 999)); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Store.File(context.Background(), firstDay, uint16(slot)); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: released without it: %v", name, err)
			}
			stop = g.start(g.authority(1).Run)
			g.expect(g.await(c.Store.(*store.Party), slot), slot, everyone)
			stop()
			slot++
		}
	}
}

// record is a home's record of a slot of any day: place + day + slot, in Wh.
func (g *grid) record(place int, day, slot uint16) *meter.SlotRecord {
	m, _ := g.meter(g.key, &g.registry.Charter, g.registry.Meters[place].Certificate.Meter)
	l := must(m.Live(must(meter.NewKey(meter.X25519)).Recipient(), day))
	return must(l.Slot(int(slot), []meter.Reading{{Wh: uint32(place) + uint32(day) + uint32(slot)}}))[0]
}

// sendOn lets all homes send their records of a slot.
func (g *grid) sendOn(b *Bus, day, slot uint16) {
	g.t.Helper()
	for place := range homes {
		if err := b.Publish(context.Background(), g.record(place, day, slot)); err != nil {
			g.t.Fatal(err)
		}
	}
}

// An authority whose machine has slept for days gets records of today before the first
// cut-off moves its keys on: they are taken.
func TestRecordsAfterASleep(t *testing.T) {
	for party := range 2 {
		g := newGrid(t)
		a := g.authority(party)
		if err := a.open(t.Context()); err != nil {
			t.Fatal(err)
		}
		g.clock.set(moment{firstDay + 5, 3}.start(48))
		arrival, err := a.check(g.record(4, firstDay+5, 2).Bytes())
		if err != nil || arrival.Day != firstDay+5 {
			t.Errorf("party %d: %v", party, err)
		}
		if _, err := a.check(g.record(4, firstDay+7, 2).Bytes()); !errors.Is(err, meter.ErrKeyGone) {
			t.Errorf("party %d, of a day to come: %v", party, err)
		}
	}
}

// sent is the sum of what sendOn sends.
func sent(day, slot uint16) uint64 {
	return homes*(uint64(day)+uint64(slot)) + homes*(homes-1)/2
}

// allSum returns what was released of set all in a slot, ok is false if nothing was.
func (g *grid) allSum(p *store.Party, day, slot uint16) (sum uint64, ok bool) {
	g.t.Helper()
	for _, r := range must(p.Releases(context.Background(), "all", day, day)) {
		if r.Slot == slot {
			return r.Sum, r.Meters == homes
		}
	}
	return 0, false
}

// keysOf returns the first days of the keys that a party has stored.
func keysOf(t *testing.T, p *store.Party) (days []uint16) {
	t.Helper()
	stored := must(p.Get("share-keys"))
	if len(stored) == 0 || len(stored)%42 != 0 {
		t.Fatalf("%d bytes of keys", len(stored))
	}
	for k := range slices.Chunk(stored, 42) {
		days = append(days, uint16(k[8])<<8|uint16(k[9]))
	}
	slices.Sort(days)
	return slices.Compact(days)
}

// An authority is down for two days and more, and the others go on. Nothing is signed or
// released of the days whose keys are erased meanwhile, and never will be; its own keys
// of those days are erased when it comes back; the day on which it comes back is released
// whole.
func TestDownForDays(t *testing.T) {
	g := newGrid(t)
	at := func(day, slot uint16) moment { return moment{firstDay + day, slot} }
	one := g.authority(0)
	g.start(one.Run)
	stop := g.start(g.authority(1).Run)
	c := g.collector()
	g.start(c.Run)
	b, p := g.bus(), c.Store.(*store.Party)
	g.sendOn(b, firstDay, 0)
	g.clock.set(at(0, 1).start(48).Add(cutOff))
	g.until("the first slot", func() bool { _, ok := g.allSum(p, firstDay, 0); return ok })
	stop()
	for day := range uint16(3) {
		m := at(day+1, 0)
		g.clock.set(at(day+1, 1).start(48)) // half an hour is over: yesterday's keys are there still
		g.sendOn(b, m.day, 0)
		g.clock.set(at(day+1, 1).start(48).Add(cutOff))
		g.until("what the other one holds", func() bool { return must(one.Store.Get(heldName(m))) != nil })
		g.clock.set(at(day+1, 4).start(48).Add(cutOff)) // and now they are not
		g.until("keys are erased", func() bool { return slices.Equal(keysOf(t, one.Store.(*store.Party)), []uint16{m.day}) })
	}
	back := g.authority(1)
	if days := keysOf(t, back.Store.(*store.Party)); !slices.Equal(days, []uint16{firstDay}) {
		t.Errorf("its keys are from %v", days)
	}
	g.start(back.Run)
	g.until("the day of its return", func() bool { _, ok := g.allSum(p, firstDay+3, 0); return ok })
	g.until("its last slot", func() bool { return len(must(p.Slots(t.Context(), firstDay+3, firstDay+3))) == 4 })
	if sum, _ := g.allSum(p, firstDay+3, 0); sum != sent(firstDay+3, 0) {
		t.Errorf("%d Wh instead of %d", sum, sent(firstDay+3, 0))
	}
	if days := keysOf(t, back.Store.(*store.Party)); !slices.Equal(days, []uint16{firstDay + 3}) {
		t.Errorf("its keys are from %v", days)
	}
	if list := must(p.Slots(t.Context(), firstDay, firstDay+2)); len(list) != 1 {
		t.Errorf("released of the days without it: %v", list)
	}
	for i, s := range []Store{one.Store, back.Store} {
		for _, v := range must(s.(*store.Party).Named(t.Context(), "presence/")) {
			if first := fmt.Sprintf("presence/%04x0000", firstDay); v.Name != first && v.Name < fmt.Sprintf("presence/%04x", firstDay+3) {
				t.Errorf("authority %d has signed %s", i, v.Name)
			}
		}
		for day := range uint16(3) {
			if list := must(s.Arrivals(t.Context(), firstDay+day, 0)); len(list) > 0 {
				t.Errorf("authority %d has %d records of a day that is over", i, len(list))
			}
		}
	}
}

// A collector that starts two days after the authorities has all sums that the stream
// has kept.
func TestCollectorStartsDaysLater(t *testing.T) {
	g := newGrid(t)
	one, two := g.authority(0), g.authority(1)
	g.start(one.Run)
	g.start(two.Run)
	b := g.bus()
	for day := range uint16(3) {
		end := moment{firstDay + day, 1}.start(48)
		g.clock.set(end)
		g.sendOn(b, firstDay+day, 0)
		g.clock.set(end.Add(cutOff))
		g.until("the sums", func() bool {
			return must(two.Store.Get(fmt.Sprintf("contribution/%04x0000", firstDay+day))) != nil && must(one.Store.Get(fmt.Sprintf("contribution/%04x0000", firstDay+day))) != nil
		})
	}
	c := g.collector()
	g.start(c.Run)
	p := c.Store.(*store.Party)
	g.until("all days", func() bool {
		for day := range uint16(3) {
			if _, ok := g.allSum(p, firstDay+day, 0); !ok {
				return false
			}
		}
		return true
	})
	for day := range uint16(3) {
		if sum, _ := g.allSum(p, firstDay+day, 0); sum != sent(firstDay+day, 0) {
			t.Errorf("day %d: %d Wh", day, sum)
		}
	}
}

// ownStream gives a grid a stream that can be stopped and started again.
func (g *grid) ownStream(dir, address string) *server.Server {
	g.t.Helper()
	s := must(Embed(dir, address, ""))
	g.stream = s.ClientURL()
	g.t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

// The message stream is stopped and started again under running parties, once as it was
// and once empty. They go on by themselves: what they hold is said again, so that also
// the slot is released that one authority had not heard of, and the collector has its
// records; no slot has two presences.
func TestStreamIsLost(t *testing.T) {
	for _, emptied := range []bool{false, true} {
		t.Run(map[bool]string{true: "emptied", false: "restarted"}[emptied], func(t *testing.T) {
			g := newGrid(t)
			dir := t.TempDir()
			s := g.ownStream(dir, "127.0.0.1:0")
			address := s.Addr().String()
			mute := slog.New(slog.DiscardHandler)
			one, c := g.authority(0), g.collector()
			one.Log, c.Log = mute, mute
			g.start(one.Run)
			two := g.authority(1)
			two.Log = mute
			stop := g.start(two.Run)
			g.start(c.Run)
			p, b := c.Store.(*store.Party), g.bus()
			g.measure(b, 0, everyone)
			first := g.await(p, 0)
			g.clock.set(moment{firstDay, 2}.start(48))
			for place, l := range g.live {
				for _, r := range must(l.Slot(1, []meter.Reading{{Wh: g.readings[place][1], Status: meter.Measured}})) {
					if err := b.Publish(t.Context(), r); err != nil {
						t.Fatal(err)
					}
				}
			}
			g.until("the other one's records", func() bool { return len(must(two.Store.Arrivals(t.Context(), firstDay, 1))) == homes })
			stop()
			g.clock.set(moment{firstDay, 2}.start(48).Add(cutOff))
			g.until("what the one holds", func() bool { return must(one.Store.Get(heldName(moment{firstDay, 1}))) != nil })
			g.until("the collector's records", func() bool { return len(must(p.Arrivals(t.Context(), firstDay, 1))) == homes })
			s.Shutdown()
			s.WaitForShutdown()
			if emptied {
				dir = t.TempDir()
			}
			g.ownStream(dir, address)
			two = g.authority(1)
			two.Log = mute
			g.start(two.Run)
			g.expect(g.await(p, 1), 1, everyone)
			b = g.bus() // meters that were on the line send on when it is back
			g.measure(b, 2, everyone)
			g.expect(g.await(p, 2), 2, everyone)
			if again := g.await(p, 0); string(again.Bytes()) != string(first.Bytes()) {
				t.Error("another release of the first slot")
			}
		})
	}
}

// One key at work over two databases, on one stream: the two sign the same presence of a
// slot or one of them none, and only one release comes of it. (They share the records
// between them, so meters are missing.)
func TestOneKeyTwoStores(t *testing.T) {
	g := newGrid(t)
	g.start(g.authority(0).Run)
	first := g.authority(1)
	st := must(store.Open(pgtest.Place(t)))
	t.Cleanup(func() { st.Close() })
	var other *store.Party
	second := g.over(1, func(*store.Party) Store { other = st.Party("copy"); return other })
	g.start(first.Run)
	g.start(second.Run)
	c := g.collector()
	g.start(c.Run)
	b := g.bus()
	for slot := range 4 {
		g.measure(b, slot, everyone)
		g.await(c.Store.(*store.Party), slot)
	}
	signed := 0
	for slot := range 4 {
		name := fmt.Sprintf("presence/%04x%04x", firstDay, slot)
		one, two := must(first.Store.Get(name)), must(other.Get(name))
		if one != nil && two != nil && string(one) != string(two) {
			t.Errorf("slot %d has two presences", slot)
		}
		if one != nil || two != nil {
			signed++
		}
	}
	if signed != 4 {
		t.Errorf("%d slots were signed", signed)
	}
}
