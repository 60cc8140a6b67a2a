package engine

import (
	"context"
	"testing"

	"hushwatt/internal/wire"
	"hushwatt/meter"
	"hushwatt/server/store"
)

// A party that stops at any moment goes on where it was: slots that end meanwhile
// are released when it is back, each once and whole.
func TestPartiesGoOn(t *testing.T) {
	g := newGrid(t)
	authority, collector := g.start(g.authority(0).Run), g.collector()
	stopCollector := g.start(collector.Run)
	b := g.bus()
	g.measure(b, 0, everyone) // the other authority has not started yet
	stopCollector()
	authority()
	g.measure(b, 1, everyone)
	g.start(g.authority(0).Run)
	g.start(g.authority(1).Run)
	c := g.collector()
	g.start(c.Run)
	p := c.Store.(*store.Party)
	g.measure(b, 2, everyone)
	for slot := range 3 {
		g.expect(g.await(p, slot), slot, everyone)
	}
}

// Records that come twice, to two workers of an authority, count once; one that
// comes after the cut-off does not count at all and opens nothing again.
func TestTwiceAndLate(t *testing.T) {
	g := newGrid(t)
	a := g.authority(0)
	g.start(a.Run)
	g.start(g.authority(0).Work)
	g.start(g.authority(1).Run)
	c := g.collector()
	g.start(c.Run)
	b := g.bus()
	early := func(place int) bool { return place != 2 }
	g.measure(b, 0, early)
	again := must(g.live[0].Record(0, meter.ImportChannel))
	// Another message id, as over MQTT, where there is none: the stream takes it.
	if _, err := b.js.Publish(context.Background(), b.RecordSubject(firstDay, 0), again.Bytes()); err != nil {
		t.Fatal(err)
	}
	p := c.Store.(*store.Party)
	first := g.await(p, 0)
	g.expect(first, 0, early)
	late := must(g.live[2].Slot(0, []meter.Reading{{Wh: g.readings[2][0]}}))[0]
	if err := b.Publish(context.Background(), late); err != nil {
		t.Fatal(err)
	}
	g.measure(b, 1, everyone)
	g.expect(g.await(p, 1), 1, everyone)
	if again := g.await(p, 0); string(again.Bytes()) != string(first.Bytes()) {
		t.Error("a late record changed a release")
	}
	list, err := a.Store.Arrivals(context.Background(), firstDay, 0)
	if err != nil || len(list) != homes {
		t.Errorf("%d records are stored, %v", len(list), err)
	}
}

// A meter with a wrong share is named, nothing is released, and the next slot goes on
// without the meter.
func TestLiarIsNamed(t *testing.T) {
	g := newGrid(t)
	honest, liar := g.authority(0), g.authority(1)
	g.start(honest.Run)
	liar.Store = tampered{liar.Store.(*store.Party)}
	g.start(liar.Run)
	c := g.collector()
	c.Log = quiet
	g.start(c.Run)
	b := g.bus()
	g.measure(b, 0, everyone)
	p := c.Store.(*store.Party)
	lost := func() []store.Value { return must(p.Named(context.Background(), lostName)) }
	g.until("somebody is blamed", func() bool { return len(lost()) == 1 })
	if got := string(lost()[0].Value); got != "meter "+g.registry.Meters[0].Certificate.Meter {
		t.Errorf("blamed: %s", got)
	}
	if _, err := p.File(context.Background(), firstDay, 0); err == nil {
		t.Error("wrong sums were released")
	}
	for _, a := range []*Authority{honest, liar} {
		g.until("the meter is set aside", func() bool { return must(a.Store.Get(asideName)) != nil })
	}
	g.measure(b, 1, everyone)
	g.expect(g.await(p, 1), 1, func(place int) bool { return place != 0 })
}

// tampered gives its authority another share of the first meter than was sent, as if
// the meter had sent a wrong one.
type tampered struct{ *store.Party }

func (s tampered) Arrivals(ctx context.Context, day, slot uint16) ([][]byte, error) {
	list, err := s.Party.Arrivals(ctx, day, slot)
	for i, data := range list {
		var a struct {
			_      struct{} `cbor:",toarray"`
			Place  uint32
			Day    uint16
			Slot   uint16
			Record []byte
			Share  []byte
			Stale  bool
		}
		if err := wire.Unmarshal(data, &a); err != nil {
			return nil, err
		}
		if a.Place == 0 {
			a.Share[0] ^= 1
			if list[i], err = wire.Marshal(&a); err != nil {
				return nil, err
			}
		}
	}
	return list, err
}
