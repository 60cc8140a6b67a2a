package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"hushwatt/aggregate"
	"hushwatt/aggregate/engine"
	"hushwatt/meter"
	"hushwatt/meter/household"
)

var aggregatePlayCommand = command{
	name:    "aggregate play",
	does:    "make up a street with its meters and authorities, and let its half-hours end on a message stream",
	example: "hushwatt aggregate play --dir street --nats nats://127.0.0.1:4222 --homes 40 --times 600",
	note: "For trying things out: DIR gets the registry, the enrolments, a key for each party, a faster clock, and\n" +
		"the readings of the feeder that the street hangs on, which the other commands take. From the tenth day on\n" +
		"one home has a load wired past its meter. Meters are in memory: a street ends with the program.",
	flags: func(f *flags) action {
		dir := f.need("dir", "DIR", "where to write what the parties need; made if it is not there")
		address := f.need("nats", "URL", "the message stream")
		homes := flag(f, &option{name: "homes", value: "N", help: "how many, 40 by default"}, asNumber)
		times := flag(f, &option{name: "times", value: "N", help: "how many times as fast as life, 600 by default"}, asNumber)
		masking := f.toggle("masking", "one aggregator and masks between meters instead of authorities")
		return func(c *console) (answer, error) {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			s, err := makeStreet(*dir, orElse(*homes, 40), orElse(*times, 600), *masking)
			if err != nil {
				return nil, err
			}
			c.note("made up a street of %d homes in %s", len(s.homes), *dir)
			return nil, s.play(ctx, *address)
		}
	},
}

func orElse(n, other int) int {
	if n == 0 {
		return other
	}
	return n
}

// street is a made-up registry, all of whose meters are in memory.
type street struct {
	dir      string
	registry *meter.Registry
	clock    engine.Clock
	feeder   *os.File
	rng      *rand.Rand

	mu    sync.Mutex    // in a masking registry meters are asked at any time
	homes []*playedHome // in order of places
}

type playedHome struct {
	device    *meter.Meter
	recipient *meter.Recipient
	readings  *household.Household
	live      *meter.Live
	wh        []uint32 // of the day
}

const (
	streetSlots  = 48
	tamperedHome = 5
	tamperedFrom = 9 // days after the first
)

// files of a street's folder.
const (
	registryFile   = "street.registry"
	enrolmentsFile = "street.enrolments"
	clockName      = "clock.json"
	feederName     = "feeder.csv"
)

func authorityFile(i int) string { return fmt.Sprintf("authority-%d.key", i+1) }

// newStreet is makeStreet with two authorities.
func newStreet(dir string, homes, times int) (*street, error) {
	return makeStreet(dir, homes, times, false)
}

// makeStreet makes a street whose first day begins now, by a clock that says it is a
// Monday's midnight and runs so many times as fast (0: stands), and writes what its
// parties need.
func makeStreet(dir string, homes, times int, masking bool) (*street, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	issuer, err := meter.NewAuthorityKey()
	if err != nil {
		return nil, err
	}
	base := time.Now().UTC().Truncate(24 * time.Hour)
	for base.Weekday() != time.Monday {
		base = base.Add(-24 * time.Hour)
	}
	first := uint16(base.Unix() / 86400)
	s := &street{dir: dir, rng: rand.New(rand.NewPCG(1, 1))}
	charter := meter.Charter{Registry: "made-up-street", N: streetSlots, Channel: meter.ImportChannel, Squares: true, MinSum: 10, MinVariance: 20}
	parties := []string{"network-operator", "consumer-body"}
	if masking {
		parties, charter.Neighbours = parties[:1], aggregate.Degree
	}
	var keys []*aggregate.PartyKey
	for _, name := range parties {
		k, err := aggregate.NewPartyKey(name, meter.XWing, nil)
		if err != nil {
			return nil, err
		}
		keys, charter.Parties = append(keys, k), append(charter.Parties, k.Party())
	}
	founded, err := issuer.SignCharter(charter)
	if err != nil {
		return nil, err
	}
	enrolments, byName, err := s.enrol(issuer, founded, first, homes)
	if err != nil {
		return nil, err
	}
	if err := s.found(founded, keys, enrolments, byName, first); err != nil {
		return nil, err
	}
	s.clock = sharedClock{filepath.Join(dir, clockName)}
	return s, s.write(issuer, keys, enrolments, clockFile{time.Now(), base, times})
}

func (s *street) enrol(issuer *meter.AuthorityKey, c *meter.Charter, first uint16, homes int) ([]*meter.Enrolment, map[string]*playedHome, error) {
	var enrolments []*meter.Enrolment
	byName := map[string]*playedHome{}
	for i := range homes {
		name := fmt.Sprintf("house-%02d", i+1)
		device, err := meter.NewMeter(issuer, meter.Setup{Meter: name, N: streetSlots, Squares: true})
		if err != nil {
			return nil, nil, err
		}
		e, err := device.Enrol(c, first)
		if err != nil {
			return nil, nil, err
		}
		key, err := meter.NewKey(meter.X25519)
		if err != nil {
			return nil, nil, err
		}
		readings, err := household.New(household.Options{Seed: uint64(i + 1), HeatPump: i%7 == 3, Car: i%5 == 2})
		if err != nil {
			return nil, nil, err
		}
		enrolments = append(enrolments, e)
		byName[name] = &playedHome{device: device, recipient: key.Recipient(), readings: readings}
	}
	return enrolments, byName, nil
}

func (s *street) found(c *meter.Charter, keys []*aggregate.PartyKey, enrolments []*meter.Enrolment, byName map[string]*playedHome, first uint16) error {
	var names []string
	for _, e := range enrolments {
		names = append(names, e.Certificate.Meter)
	}
	sets := map[string][]string{"street": names}
	if half := len(names) / 2; half >= int(c.MinVariance) && !c.Masking() {
		sets["even-side"], sets["odd-side"] = names[:half], names[half:]
	}
	r, err := meter.NewRegistry(c, first, enrolments, sets)
	if err != nil {
		return err
	}
	for _, k := range keys {
		signature, err := k.SignRegistry(r, nil)
		if err != nil {
			return err
		}
		r.Signatures = append(r.Signatures, signature)
	}
	if err := r.Check(); err != nil {
		return err
	}
	for i := range r.Meters {
		s.homes = append(s.homes, byName[r.Meters[i].Certificate.Meter])
	}
	s.registry = r
	if c.Masking() {
		return s.introduce(enrolments)
	}
	return nil
}

func (s *street) write(issuer *meter.AuthorityKey, keys []*aggregate.PartyKey, enrolments []*meter.Enrolment, clock clockFile) error {
	enrolled, err := enrolmentFile(enrolments)
	if err != nil {
		return err
	}
	fast, err := json.Marshal(clock)
	if err != nil {
		return err
	}
	files := map[string][]byte{enrolmentsFile: enrolled, clockName: fast,
		"issuer.pub": []byte(issuer.Authority().String() + "\n"), registryFile: s.registry.Bytes()}
	for i, k := range keys {
		name := authorityFile(i)
		if s.registry.Charter.Masking() {
			name = aggregatorFile
		}
		files[name] = []byte(k.String() + "\n")
	}
	for name, data := range files {
		if err := writeFile(filepath.Join(s.dir, name), data, 0o600); err != nil {
			return err
		}
	}
	s.feeder, err = os.Create(filepath.Join(s.dir, feederName))
	if err == nil {
		_, err = s.feeder.WriteString("start,wh\n")
	}
	return err
}

// play lets one slot after the other end, until ctx ends.
func (s *street) play(ctx context.Context, address string) error {
	bus, done, err := connectBus(ctx, address, s.registry)
	if err != nil {
		return err
	}
	defer done()
	defer s.feeder.Close()
	parts := []func(context.Context) error{func(ctx context.Context) error { return s.measure(ctx, bus) }}
	if s.registry.Charter.Masking() {
		parts = append(parts, func(ctx context.Context) error { return s.answer(ctx, bus) })
	}
	return together(ctx, parts...)
}

// measure is play without answers. A day is sealed when the first slot of the next one
// ends: until then its last one can be answered for.
func (s *street) measure(ctx context.Context, bus *engine.Bus) error {
	for slot := 0; ; slot++ {
		day := s.registry.First + uint16(slot/streetSlots)
		end := time.Unix(int64(day)*86400+int64(slot%streetSlots+1)*1800, 0)
		s.clock.Until(ctx, end)
		if ctx.Err() != nil {
			return nil
		}
		if slot%streetSlots == 0 {
			if err := s.begin(day); err != nil {
				return err
			}
		}
		if err := s.end(ctx, bus, slot%streetSlots, end.Add(-1800*time.Second)); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// begin begins a day in every home.
func (s *street) begin(day uint16) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.homes {
		if h.live != nil {
			if _, err := h.live.Seal(); err != nil {
				return err
			}
		}
		var err error
		if h.live, err = h.device.Live(h.recipient, day); err != nil {
			return err
		}
		series, err := h.readings.Series(int(day), 1)
		if err != nil {
			return err
		}
		h.wh = series[0].Wh
	}
	return nil
}

// end ends a slot: every home that is not cut off sends its record, and the feeder's
// meter writes what it delivered.
func (s *street) end(ctx context.Context, bus *engine.Bus, slot int, start time.Time) error {
	var delivered int64
	tampered := start.Unix()/86400 >= int64(s.registry.First)+tamperedFrom
	for i, h := range s.homes {
		wh := h.wh[slot]
		delivered += int64(wh)
		if tampered && i == tamperedHome%len(s.homes) {
			wh /= 4
		}
		if s.rng.IntN(200) == 0 {
			delivered -= int64(wh)
			continue // nothing was used and nothing is said: a power cut
		}
		s.mu.Lock()
		records, err := h.live.Slot(slot, []meter.Reading{{Wh: wh, Status: meter.Measured}})
		s.mu.Unlock()
		if err != nil {
			return err
		}
		for _, r := range records {
			if err := bus.Publish(ctx, r); err != nil {
				return err
			}
		}
	}
	delivered += 60 + delivered*delivered/int64(len(s.homes))/12000 + int64(s.rng.IntN(41)) - 20
	_, err := fmt.Fprintf(s.feeder, "%s,%d\n", start.UTC().Format(time.RFC3339), delivered)
	return err
}

// show runs a whole street in this program.
func (o *collecting) show(ctx context.Context, c *console) error {
	dir, err := os.MkdirTemp("", "hushwatt-street-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, err := makeStreet(dir, 40, 1800, *o.masking)
	if err != nil {
		return err
	}
	in := func(name string) *string { path := filepath.Join(dir, name); return &path }
	none, listen := "", "127.0.0.1:0"
	o.registry, o.database, o.clock, o.stream, o.streamListen = in(registryFile), in("sums.db"), in(clockName), in("stream"), &listen
	o.feeders = &[]string{"street=" + *in(feederName)}
	week := "7"
	o.fit = &week
	address, stop, err := o.openStream()
	if err != nil {
		return err
	}
	defer stop()
	o.nats = &address
	parts := []func(context.Context) error{
		func(ctx context.Context) error { return o.run(ctx, c) },
		func(ctx context.Context) error { return s.play(ctx, address) },
	}
	if *o.masking {
		cutOff, answering := "300", "900" // half a second is enough for this street
		o.party.key, o.party.enrolments, o.party.cutOff, o.party.answering = in(aggregatorFile), in(enrolmentsFile), &cutOff, &answering
		return together(ctx, parts...)
	}
	quiet := &console{out: c.out, err: io.Discard, json: c.json}
	for i := range s.registry.Charter.Parties {
		a := &authority{key: in(authorityFile(i)), registry: o.registry, enrolments: in(enrolmentsFile),
			database: in(fmt.Sprintf("authority-%d.db", i+1)), nats: &address, cutOff: &none, catchUp: &none, clock: o.clock, work: new(bool), erase: new(bool)}
		parts = append(parts, func(ctx context.Context) error { return a.run(ctx, quiet) })
	}
	return together(ctx, parts...)
}
