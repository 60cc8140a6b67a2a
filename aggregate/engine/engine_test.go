package engine

import (
	"context"
	"crypto/sha3"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"hushwatt/aggregate"
	"hushwatt/internal/freeport"
	"hushwatt/internal/pgtest"
	"hushwatt/meter"
	"hushwatt/meter/household"
	"hushwatt/server/store"
)

func TestMain(m *testing.M) {
	redeliver = time.Second
	os.Exit(pgtest.Main(m.Run))
}

const (
	firstDay = 20000
	homes    = 12
	cutOff   = 10 * time.Minute
	longest  = 2 * time.Minute // that anything here takes, on the slowest machine
)

// A grid is a registry with all its parties, homes and message stream.
type grid struct {
	t         testing.TB
	registry  *meter.Registry
	issuer    meter.Authority
	key       *meter.AuthorityKey // of the issuer
	keys      []*aggregate.PartyKey
	byID      map[string]*meter.Enrolment
	live      []*meter.Live // in order of places
	readings  [][]uint32    // likewise, of the first day
	stream    string        // URL
	mqtt      string        // address
	clock     *byHand
	databases []string // of authorities, then of the collector
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newGrid(t testing.TB) *grid { return gridOf(t, false) }

func gridOf(t testing.TB, masking bool) *grid {
	t.Helper()
	key := must(meter.NewAuthorityKey())
	g := &grid{t: t, issuer: key.Authority(), key: key, byID: map[string]*meter.Enrolment{}, clock: standing(firstDay)}
	charter := meter.Charter{Registry: "street", N: 48, Channel: meter.ImportChannel, Squares: true, MinSum: 5, MinVariance: 8}
	parties := []string{"operator", "consumers"}
	if masking {
		parties, charter.Neighbours = parties[:1], 24
	}
	for _, name := range parties {
		k := must(aggregate.NewPartyKey(name, meter.X25519, nil))
		g.keys, charter.Parties = append(g.keys, k), append(charter.Parties, k.Party())
	}
	founded := must(key.SignCharter(charter))
	var enrolments []*meter.Enrolment
	lives, readings := map[string]*meter.Live{}, map[string][]uint32{}
	var names []string
	devices := map[string]*meter.Meter{}
	for i := range homes {
		name := fmt.Sprint("home-", i)
		m, e := g.meter(key, founded, name)
		enrolments, names = append(enrolments, e), append(names, name)
		hash := e.Hash()
		g.byID[string(hash[:meter.IDSize])] = e
		devices[name] = m
		lives[name] = must(m.Live(must(meter.NewKey(meter.X25519)).Recipient(), firstDay))
		readings[name] = must(must(household.New(household.Options{Seed: uint64(i)})).Series(firstDay, 1))[0].Wh
	}
	sets := map[string][]string{"all": names, "east": names[:6]}
	if masking {
		delete(sets, "east")
	}
	g.registry = must(meter.NewRegistry(founded, firstDay, enrolments, sets))
	for _, k := range g.keys {
		g.registry.Signatures = append(g.registry.Signatures, must(k.SignRegistry(g.registry, nil)))
	}
	if err := g.registry.Check(); err != nil {
		t.Fatal(err)
	}
	for i := range g.registry.Meters {
		name := g.registry.Meters[i].Certificate.Meter
		g.live, g.readings = append(g.live, lives[name]), append(g.readings, readings[name])
	}
	if masking {
		g.introduce(devices)
	}
	for range len(g.keys) + 1 {
		g.databases = append(g.databases, pgtest.Place(t))
	}
	g.mqtt = freeport.Address(t)
	s, err := Embed(t.TempDir(), "127.0.0.1:0", g.mqtt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	g.stream = s.ClientURL()
	return g
}

// meter makes a meter of a name and enrols it; the same name gives the same one,
// without a memory.
func (g *grid) meter(key *meter.AuthorityKey, c *meter.Charter, name string) (*meter.Meter, *meter.Enrolment) {
	random := sha3.NewSHAKE128()
	random.Write([]byte(name))
	m := must(meter.NewMeter(key, meter.Setup{Meter: name, N: 48, Squares: true, Rand: random}))
	return m, must(m.Enrol(c, firstDay))
}

func (g *grid) bus() *Bus {
	nc := must(nats.Connect(g.stream, nats.Timeout(longest)))
	g.t.Cleanup(nc.Close)
	return must(NewBus(context.Background(), nc, g.registry))
}

func (g *grid) party(i int) *store.Party {
	st := must(store.Open(g.databases[i]))
	g.t.Cleanup(func() { st.Close() })
	if i < len(g.keys) {
		return st.Party(fmt.Sprint("authority-", i))
	}
	return st.Party("collector")
}

func (g *grid) authority(i int) *Authority {
	return g.over(i, func(p *store.Party) Store { return p })
}

// over is an authority over another store than the party's own.
func (g *grid) over(i int, store func(*store.Party) Store) *Authority {
	st := store(g.party(i))
	rules := must(aggregate.NewAuthority(aggregate.AuthorityConfig{Registry: g.registry, Key: g.keys[i], Store: st,
		Enrolments: func(id []byte) *meter.Enrolment { return g.byID[string(id)] }}))
	return &Authority{Bus: g.bus(), Registry: g.registry, Party: i, Key: g.keys[i], Rules: rules, Store: st,
		Timing: Timing{Clock: g.clock, CutOff: cutOff, CatchUp: longest, Back: 48}, Log: quiet}
}

var quiet = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))

func (g *grid) collector() *Collector {
	return &Collector{Bus: g.bus(), Registry: g.registry, Store: g.party(len(g.keys)), Clock: g.clock, Log: quiet}
}

// start runs something until the test ends, or until stop is called.
func (g *grid) start(run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := run(ctx); err != nil {
			g.t.Error(err)
		}
	})
	stop = func() { cancel(); wg.Wait() }
	g.t.Cleanup(stop)
	return stop
}

// measure lets a slot end in every home that present accepts, sends the records, and
// lets the slot be cut off.
func (g *grid) measure(b *Bus, slot int, present func(place int) bool) {
	end := moment{firstDay, uint16(slot)}.start(48).Add(30 * time.Minute)
	g.clock.set(end)
	for place, l := range g.live {
		if !present(place) {
			continue
		}
		for _, r := range must(l.Slot(slot, []meter.Reading{{Wh: g.readings[place][slot], Status: meter.Measured}})) {
			if err := b.Publish(context.Background(), r); err != nil {
				g.t.Fatal(err)
			}
		}
	}
	g.clock.set(end.Add(cutOff))
}

// await returns the file of a slot, verified.
func (g *grid) await(p *store.Party, slot int) *aggregate.SlotFile {
	g.t.Helper()
	var data []byte
	g.until(fmt.Sprintf("slot %d is released", slot), func() bool {
		var err error
		if data, err = p.File(context.Background(), firstDay, uint16(slot)); err != nil && !errors.Is(err, store.ErrNotFound) {
			g.t.Fatal(err)
		}
		return err == nil
	})
	f := must(aggregate.ParseSlotFile(data))
	if err := f.Verify([]meter.Authority{g.issuer}); err != nil {
		g.t.Fatal(err)
	}
	return f
}

// until waits for something to become true.
func (g *grid) until(what string, is func() bool) {
	g.t.Helper()
	for end := time.Now().Add(longest); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			g.t.Fatalf("it did not happen that %s", what)
		}
	}
}

// expect compares a slot's releases with plain arithmetic.
func (g *grid) expect(f *aggregate.SlotFile, slot int, present func(place int) bool) {
	g.t.Helper()
	released := map[string]aggregate.Release{}
	for _, r := range f.Releases {
		released[r.Set] = r
	}
	for i := range g.registry.Sets {
		s := &g.registry.Sets[i]
		var n, sum, squares uint64
		for place := range g.live {
			if s.Meters.Has(place) && present(place) {
				wh := uint64(g.readings[place][slot])
				n, sum, squares = n+1, sum+wh, squares+wh*wh
			}
		}
		r, ok := released[s.Name]
		if !ok {
			if s.Name == "all" && n >= 5 {
				g.t.Errorf("slot %d: set %s of %d meters was not released", slot, s.Name, n)
			}
			continue
		}
		if uint64(r.Meters) != n || r.Sum != sum || len(r.Squares) > 0 && r.Squares[0].Sum != squares {
			g.t.Errorf("slot %d, set %s: %d meters, %d Wh, %v; want %d, %d, %d", slot, s.Name, r.Meters, r.Sum, r.Squares, n, sum, squares)
		}
	}
}

func everyone(int) bool { return true }

func TestSlotsAreReleased(t *testing.T) {
	g := newGrid(t)
	g.start(g.authority(0).Run)
	g.start(g.authority(1).Run)
	c := g.collector()
	g.start(c.Run)
	b := g.bus()
	without3 := func(place int) bool { return place != 3 }
	for slot, present := range []func(int) bool{everyone, without3, everyone} {
		g.measure(b, slot, present)
		g.expect(g.await(c.Store.(*store.Party), slot), slot, present)
	}
}
