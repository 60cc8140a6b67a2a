package engine

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"hushwatt/aggregate"
	"hushwatt/meter"
	"hushwatt/server/store"
)

// Whoever can write on the stream says things in the parties' names before they do:
// garbage, well-formed words signed by somebody else, the parties' own words of another
// slot, words about slots of other years. Slots are released all the same, by what the
// parties themselves have said.
func TestStrangersAreNotHeard(t *testing.T) {
	g := newGrid(t)
	b := g.bus()
	stranger := must(aggregate.NewPartyKey("operator", meter.X25519, nil))
	nobody := &aggregate.Holding{Day: firstDay, Meters: meter.NewBitmap(homes)}
	hash := g.registry.Hash()
	empty := (&meter.Presence{Registry: hash[:], Day: firstDay, Meters: meter.NewBitmap(homes), Records: meter.CountedHash(nil)}).Bytes()
	publish := func(subject string, data []byte) {
		if _, err := b.js.Publish(context.Background(), subject, data); err != nil {
			t.Fatal(err)
		}
	}
	shout := func(slot uint16) {
		nobody.Slot = slot
		for party := range 2 {
			for w, data := range map[word][]byte{holding: stranger.SignHolding(g.registry, nobody), signature: make([]byte, 64), contribution: {0x84}, points: empty, dispute: nil, "proposal": empty} {
				subject := b.subject("talk", fmt.Sprint(firstDay), fmt.Sprint(slot), string(w), fmt.Sprint(party))
				publish(subject, data)
				publish(subject+".x", data)
				publish(subject+".y", []byte("garbage"))
			}
		}
	}
	for slot := range uint16(3) {
		shout(slot)
	}
	for year := range 40 {
		publish(b.subject("talk", fmt.Sprint(year*365), "0", "dispute", "0", "x"), nil)
		publish(b.subject("talk", fmt.Sprint(firstDay), fmt.Sprint(48+year), "dispute", "0", "x"), nil)
		publish(b.subject("talk", fmt.Sprint(firstDay), "0", "dispute", fmt.Sprint(2+year), "x"), nil)
		publish(b.subject("talk", fmt.Sprint(firstDay), "0", fmt.Sprint("word", year), "0", "x"), nil)
	}
	a, c := g.authority(0), g.collector()
	g.start(a.Run)
	g.start(g.authority(1).Run)
	stop := g.start(c.Run)
	p := c.Store.(*store.Party)
	for slot := range 3 {
		g.measure(b, slot, everyone)
		g.expect(g.await(p, slot), slot, everyone)
		if slot == 0 { // what the parties said of one slot is no word of the next
			for i, k := range g.keys {
				publish(b.subject("talk", fmt.Sprint(firstDay), "1", "holding", fmt.Sprint(i), "z"), k.SignHolding(g.registry, &aggregate.Holding{Day: firstDay, Meters: meter.NewBitmap(homes)}))
			}
		}
	}
	stop()
	if n := len(c.talk.slots); n > 4 {
		t.Errorf("the collector remembers %d slots", n)
	}
	if lost, err := p.Named(context.Background(), lostName); err != nil || len(lost) != 0 {
		t.Errorf("lost: %v, %v", lost, err)
	}
}

// A meter that sends another record of the same slot after the cut-off, and an authority
// that crashes just then: it goes on with the record that it has said it holds.
func TestSecondRecordAndRestart(t *testing.T) {
	g := newGrid(t)
	b := g.bus()
	a := g.authority(0)
	stop := g.start(a.Run) // without the other one there is nothing to sign yet
	g.measure(b, 0, everyone)
	g.until("the slot is cut off", func() bool { return must(a.Store.Get(heldName(moment{firstDay, 0}))) != nil })
	var twins [][]byte
	for place := range homes {
		twin, _ := g.meter(g.key, &g.registry.Charter, g.registry.Meters[place].Certificate.Meter)
		l := must(twin.Live(must(meter.NewKey(meter.X25519)).Recipient(), firstDay))
		r := must(l.Slot(0, []meter.Reading{{Wh: 7}}))[0]
		if err := b.Publish(context.Background(), r); err != nil {
			t.Fatal(err)
		}
		twins = append(twins, r.Bytes())
	}
	g.until("the second records are stored", func() bool {
		return len(must(a.Store.Arrivals(context.Background(), firstDay, 0))) == 2*homes
	})
	stop()
	g.start(g.authority(0).Run)
	// The other authority saw only the first ones: its store is filled by hand.
	other := g.authority(1)
	for place, l := range g.live {
		arrival := must(other.check(must(l.Record(0, meter.ImportChannel)).Bytes()))
		if err := other.Store.Arrive(context.Background(), []store.Arrival{arrival}); err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(must(l.Record(0, meter.ImportChannel)).Bytes(), twins[place]) {
			t.Fatal("the twin says the same")
		}
	}
	must(0, other.cutOffNow(b))
	g.start(other.Run)
	c := g.collector()
	g.start(c.Run)
	g.expect(g.await(c.Store.(*store.Party), 0), 0, everyone)
}

// cutOffNow cuts the first slot off by what is in the store.
func (a *Authority) cutOffNow(b *Bus) error {
	a.loaded = map[moment]bool{}
	return a.cutOff(context.Background(), moment{firstDay, 0})
}

// Names of registries and sets may hold any printable character: none becomes a part of
// the page. A slot of a day that does not exist is not that of another day.
func TestPageOfHostileNames(t *testing.T) {
	g := newGrid(t)
	r := *g.registry
	evil := `"><script>alert(1)</script>`
	r.Charter.Registry = evil
	r.Sets = []meter.Set{{Name: evil, Meters: g.registry.Sets[0].Meters}}
	p := g.party(2)
	if _, err := p.Once(lostName+"20000/001", []byte("meter "+evil)); err != nil {
		t.Fatal(err)
	}
	if err := p.AddFile(context.Background(), firstDay, 0, []byte("file"), []store.Release{{Set: evil, Day: firstDay, Meters: 9, Sum: 100}}); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer((&Page{Registry: &r, Store: p, Clock: g.clock, Log: quiet}).Handler())
	defer s.Close()
	if _, page := fetch(t, s.URL+"/", 200); strings.Contains(page, "<script>alert") || !strings.Contains(page, "&lt;script&gt;alert") {
		t.Error("a name is a part of the page")
	}
	if _, list := fetch(t, s.URL+"/sets/"+url.PathEscape(evil), 200); strings.Contains(list, "<script>") {
		t.Error("a name is HTML in the list")
	}
	day := time.Unix(firstDay*secondsPerDay, 0).UTC()
	fetch(t, s.URL+"/slots/"+day.Format(time.DateOnly)+"/0", 200)
	fetch(t, s.URL+"/slots/"+day.AddDate(0, 0, 1<<16).Format(time.DateOnly)+"/0", 404)
}
