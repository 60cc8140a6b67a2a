package engine

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hushwatt/aggregate"
	"hushwatt/meter"
	"hushwatt/server/store"
)

// twin is another record of a slot by a meter, signed by it; wh tells several apart.
func (g *grid) twin(place, slot int, wh uint32) *meter.SlotRecord {
	m, _ := g.meter(g.key, &g.registry.Charter, g.registry.Meters[place].Certificate.Meter)
	l := must(m.Live(must(meter.NewKey(meter.X25519)).Recipient(), firstDay))
	return must(l.Slot(slot, []meter.Reading{{Wh: wh}}))[0]
}

// A meter that says ever more things of one slot is kept twice by each party, and counts
// by what it said first. A collector that has kept two others finds that one on the
// stream.
func TestManyRecordsOfAMeter(t *testing.T) {
	g := newGrid(t)
	b, ctx := g.bus(), context.Background()
	c := g.collector()
	for wh := range uint32(2) {
		arrival := must(c.check(g.twin(2, 0, 900+wh).Bytes()))
		if err := c.Store.Arrive(ctx, []store.Arrival{arrival}); err != nil {
			t.Fatal(err)
		}
	}
	a := g.authority(0)
	g.start(a.Run)
	g.start(g.authority(1).Run)
	g.start(c.Run)
	end := moment{firstDay, 1}.start(48)
	g.clock.set(end)
	for place, l := range g.live {
		for _, r := range must(l.Slot(0, []meter.Reading{{Wh: g.readings[place][0], Status: meter.Measured}})) {
			if err := b.Publish(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
		for wh := range uint32(9) {
			if place == 2 {
				if err := b.Publish(ctx, g.twin(place, 0, 100+wh)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	g.clock.set(end.Add(cutOff))
	g.expect(g.await(c.Store.(*store.Party), 0), 0, everyone)
	for _, s := range []Store{a.Store, c.Store} {
		if list := must(s.Arrivals(ctx, firstDay, 0)); len(list) != homes+1 {
			t.Errorf("%d records are kept of %d meters", len(list), homes)
		}
	}
}

// What no party of the registry can have to say the stream does not keep: a few messages
// of the greatest size that it has for others would be all that fits into memory.
func TestTalkIsAsLongAsNeeded(t *testing.T) {
	g := newGrid(t)
	b, ctx := g.bus(), context.Background()
	if err := b.say(ctx, said{firstDay, 0, holding, 0, make([]byte, mostSaid(g.registry)+1)}); err == nil {
		t.Error("more than anybody has to say is kept")
	}
	all := meter.NewBitmap(homes)
	h := &aggregate.Holding{Day: firstDay, Meters: all, Hashes: make([][32]byte, homes)}
	for place := range homes {
		all.Set(place)
	}
	if err := b.say(ctx, said{firstDay, 0, holding, 0, g.keys[0].SignHolding(g.registry, h)}); err != nil {
		t.Error(err)
	}
}

// What a stranger or a meter writes under subjects of other slots, of days that are
// over, or of slots that have not ended costs a look at the subject and is not kept.
func TestIntakeLooksAtTheSubject(t *testing.T) {
	g := newGrid(t)
	b := g.bus()
	a := g.authority(0)
	g.clock.set(moment{firstDay + 3, 5}.start(48))
	checked := 0
	i := &Intake{Bus: b, Wants: a.wants, Check: func(record []byte) (store.Arrival, error) {
		checked++
		r, err := meter.DecodeSlotRecord(record, &g.registry.Charter)
		if err != nil {
			return store.Arrival{}, err
		}
		return store.Arrival{Day: r.Day, Slot: r.Slot}, nil
	}}
	of := func(day, slot uint16) []byte {
		r := *g.twin(0, 0, 1)
		r.Day, r.Slot = day, slot
		return r.Bytes()
	}
	for _, c := range []struct {
		subject string
		record  []byte
		checked int
		want    error
	}{
		{b.RecordSubject(firstDay+3, 4), of(firstDay+3, 4), 1, nil},
		{b.RecordSubject(firstDay+3, 6), of(firstDay+3, 6), 1, nil}, // ends within the hour
		{b.RecordSubject(firstDay+3, 4), of(firstDay+3, 3), 1, errSubject},
		{b.RecordSubject(firstDay+3, 7), of(firstDay+3, 7), 0, errUnwanted},
		{b.RecordSubject(firstDay+4, 0), of(firstDay+4, 0), 0, errUnwanted},
		{b.RecordSubject(firstDay+2, 47), of(firstDay+2, 47), 0, errUnwanted}, // its keys are erased
		{b.RecordSubject(firstDay+3, 48), nil, 0, errUnwanted},
		{b.RecordSubject(1<<16-1, 47), nil, 0, errUnwanted},
		{b.RecordSubject(firstDay+3, 4) + ".more", nil, 0, errSubject},
		{b.subject("record", "x", "4"), nil, 0, errSubject},
		{b.subject("record", "20003"), nil, 0, errSubject},
		{b.subject("talk", "20003", "4"), nil, 0, errSubject},
	} {
		checked = 0
		if _, err := i.check(c.subject, c.record); !errors.Is(err, c.want) || checked != c.checked {
			t.Errorf("%s: %v, %d checked", c.subject, err, checked)
		}
	}
}

// A cut-off waits for what was on the stream, whatever comes meanwhile.
func TestCutOffDoesNotWaitForAFlood(t *testing.T) {
	g := newGrid(t)
	b, ctx := g.bus(), context.Background()
	i := &Intake{Bus: b, Party: "x", Store: g.party(0), Log: quiet, Check: func([]byte) (store.Arrival, error) { return store.Arrival{}, errors.New("rubbish") }}
	if err := i.Open(ctx); err != nil {
		t.Fatal(err)
	}
	flood := func(n int) {
		for range n {
			if _, err := b.js.Publish(ctx, b.RecordSubject(firstDay, 0), []byte("rubbish")); err != nil {
				t.Fatal(err)
			}
		}
	}
	flood(5)
	var m mark
	if done, err := i.passed(ctx, &m); err != nil || done {
		t.Fatalf("%v %v", done, err)
	}
	flood(50)
	for taken := 0; taken < 5; {
		var list []jetstream.Msg
		for msg := range must(i.consumer.Fetch(5-taken, jetstream.FetchMaxWait(time.Second))).Messages() {
			list = append(list, msg)
		}
		if err := i.take(ctx, list); err != nil {
			t.Fatal(err)
		}
		taken += len(list)
	}
	// The stream hears of it a little later.
	g.until("it does not wait for the flood", func() bool { return must(i.passed(ctx, &m)) })
}
