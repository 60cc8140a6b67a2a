package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"hushwatt/aggregate"
	"hushwatt/aggregate/engine"
	"hushwatt/internal/freeport"
	"hushwatt/internal/pgtest"
	"hushwatt/meter"
	"hushwatt/server/store"
)

// playedReadings is what a street's homes used in a slot, and how many were present.
type playedReadings struct{ sum, squares, meters uint64 }

// Parties that are killed at any moment, workers of an authority too, lose no record
// and count none twice: every slot that is released is what the meters sent.
func TestKillParties(t *testing.T) {
	k := newKilled(t, false)
	for i := range 2 {
		args := k.with("aggregate", "authority", "--key", k.at(authorityFile(i)), "--enrolments", k.at(enrolmentsFile),
			"--database", pgtest.Place(t), "--cut-off", "600", "--catch-up", "600")
		k.add(args...)
		k.add(append(args, "--work")...)
	}
	k.add(k.with("aggregate", "serve", "--database", k.sums, "--listen", k.page)...)
	k.run(12)
}

// So it is with an aggregator that asks for masked answers: none is lost, no meter is asked
// twice, and no slot is lost because its program was killed.
func TestKillAggregator(t *testing.T) {
	k := newKilled(t, true)
	args := k.with("aggregate", "serve", "--database", k.sums, "--key", k.at(aggregatorFile), "--enrolments", k.at(enrolmentsFile),
		"--cut-off", "600", "--catch-up", "600", "--answer-within", "86400")
	k.add(append(args, "--listen", k.page)...)
	k.add(append(args, "--work")...)
	asked := map[uint16][32]byte{}
	k.heard = func(p *meter.Presence) {
		if hash, again := asked[p.Slot]; again && hash != p.Hash() {
			t.Errorf("slot %d: two presences", p.Slot)
		}
		asked[p.Slot] = p.Hash()
	}
	k.run(8)
	st := must(store.Open(k.sums))
	defer st.Close()
	if lost := must(st.Party("collector "+registryName(k.street.registry)).Named(t.Context(), "lost/")); len(lost) > 0 {
		t.Errorf("lost: %v", lost)
	}
}

// killed is a street whose parties' programs are killed all the time.
type killed struct {
	t               *testing.T
	street          *street
	dir, sums, page string
	stream          string                  // address
	heard           func(p *meter.Presence) // with masks: what the meters hear
	parties         []*party
	kills           atomic.Int64
}

func newKilled(t *testing.T, masking bool) *killed {
	const homes = 30
	k := &killed{t: t, dir: t.TempDir(), sums: pgtest.Place(t), page: freeport.Address(t)}
	k.street = must(makeStreet(k.dir, homes, 0, masking)) // slots end when all homes have sent
	stream := must(engine.Embed(t.TempDir(), "127.0.0.1:0", ""))
	t.Cleanup(func() { stream.Shutdown(); stream.WaitForShutdown() })
	k.stream = stream.ClientURL()
	return k
}

func (k *killed) at(name string) string { return filepath.Join(k.dir, name) }

// with adds what all programs are told.
func (k *killed) with(args ...string) []string {
	return slices.Clip(append(args, "--registry", k.at(registryFile), "--nats", k.stream, "--clock", k.at(clockName)))
}

func (k *killed) add(args ...string) {
	k.parties = append(k.parties, &party{t: k.t, args: args, log: k.at(fmt.Sprint("log-", len(k.parties)))})
}

// run plays a number of slots and compares what is released with what was sent.
func (k *killed) run(slots int) {
	for _, p := range k.parties {
		p.start()
		defer p.end()
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	sent := map[int]playedReadings{}
	played := make(chan error, 1)
	if k.heard != nil {
		go func() { played <- k.answer(ctx) }()
	}
	go func() { played <- k.street.playSlots(ctx, k.stream, slots, sent, &k.kills) }()
	rng := rand.New(rand.NewPCG(1, 2))
	for done := false; !done; {
		select {
		case err := <-played:
			if err != nil {
				k.t.Fatal(err)
			}
			done = true
		case <-time.After(time.Duration(300+rng.IntN(500)) * time.Millisecond):
			p := k.parties[rng.IntN(len(k.parties))]
			p.kill()
			p.start()
			k.kills.Add(1)
		}
	}
	k.compare(slots, sent)
}

// answer is answer that hears too.
func (k *killed) answer(ctx context.Context) error {
	bus, done, err := connectBus(ctx, k.stream, k.street.registry)
	if err != nil {
		return err
	}
	defer done()
	return together(ctx, func(ctx context.Context) error { return k.street.answer(ctx, bus) },
		func(ctx context.Context) error { return bus.HearPresences(ctx, k.street.registry, k.heard) })
}

func (k *killed) compare(slots int, sent map[int]playedReadings) {
	t := k.t
	st := must(store.Open(k.sums))
	defer st.Close()
	memory := st.Party("collector " + registryName(k.street.registry))
	released := 0
	for slot := range slots {
		f := awaitSlot(t, memory, k.street.registry.First, uint16(slot))
		if f == nil {
			continue
		}
		released++
		r := streetRelease(f)
		if want := sent[slot]; r == nil || uint64(r.Meters) != want.meters || r.Sum != want.sum ||
			len(r.Squares) != 1 || r.Squares[0].Sum != want.squares {
			t.Errorf("slot %d: released %+v, sent %+v", slot, r, want)
		}
	}
	if released < slots {
		t.Errorf("%d of %d slots were released", released, slots)
	}
	t.Logf("%d kills, %d slots of %d homes", k.kills.Load(), released, len(k.street.homes))
	var answer struct {
		Releases []json.RawMessage `json:"releases"`
	}
	body := getOnceUp(t, "http://"+k.page+"/sets/street") // it may just have been started again
	if err := json.Unmarshal(body, &answer); err != nil || len(answer.Releases) != released {
		t.Errorf("the page has %d releases, %v", len(answer.Releases), err)
	}
}

// killsPerSlot parties are killed before the next slot ends.
const killsPerSlot = 4

// playSlots is play for a number of slots, noting what was sent. The clock passes a
// slot's cut-off when everything was sent, however long it took, and then waits for the
// slot's kills.
func (s *street) playSlots(ctx context.Context, address string, slots int, sent map[int]playedReadings, kills *atomic.Int64) error {
	bus, done, err := connectBus(ctx, address, s.registry)
	if err != nil {
		return err
	}
	defer done()
	if err := s.begin(s.registry.First); err != nil {
		return err
	}
	for slot := range slots {
		start := time.Unix(int64(s.registry.First)*86400+int64(slot)*1800, 0)
		if err := s.setClock(start.Add(30 * time.Minute)); err != nil {
			return err
		}
		if err := s.end(ctx, bus, slot, start); err != nil {
			return err
		}
		if err := s.setClock(start.Add(40 * time.Minute)); err != nil {
			return err
		}
		for ctx.Err() == nil && kills.Load() < int64(killsPerSlot*(slot+1)) {
			time.Sleep(20 * time.Millisecond)
		}
		var r playedReadings
		for _, h := range s.homes {
			if record, err := h.live.Record(slot, meter.ImportChannel); err != nil {
				return err
			} else if record != nil {
				wh := uint64(h.wh[slot])
				r = playedReadings{r.sum + wh, r.squares + wh*wh, r.meters + 1}
			}
		}
		sent[slot] = r
	}
	return nil
}

// setClock sets the clock of all programs, which stands.
func (s *street) setClock(now time.Time) error {
	data, err := json.Marshal(clockFile{Base: now})
	if err != nil {
		return err
	}
	path := filepath.Join(s.dir, clockName)
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// awaitSlot returns the release file of a slot, checked.
func awaitSlot(t *testing.T, p *store.Party, day, slot uint16) *aggregate.SlotFile {
	t.Helper()
	var data []byte
	if !within(longest, func() (here bool) {
		var err error
		data, err = p.File(context.Background(), day, slot)
		return err == nil
	}) {
		return nil
	}
	f := must(aggregate.ParseSlotFile(data))
	if err := f.Verify([]meter.Authority{}); err == nil {
		t.Error("a release was believed without trust in its meter authority")
	}
	if err := f.VerifyIn(&f.Registry); err != nil {
		t.Error(err)
	}
	return f
}

func streetRelease(f *aggregate.SlotFile) *aggregate.Release {
	for i := range f.Releases {
		if f.Releases[i].Set == "street" {
			return &f.Releases[i]
		}
	}
	return nil
}

// party is one of the street's programs.
type party struct {
	t       *testing.T
	args    []string
	log     string // file
	process *exec.Cmd
}

func (p *party) start() {
	p.t.Helper()
	log := must(os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600))
	defer log.Close()
	p.process = exec.Command(program, p.args...)
	p.process.Stderr = log
	if err := p.process.Start(); err != nil {
		p.t.Fatal(err)
	}
}

// kill kills the program, which must not have ended by itself.
func (p *party) kill() {
	p.process.Process.Kill()
	if p.process.Wait(); p.process.ProcessState.Exited() {
		p.t.Errorf("%v ended by itself: %v", p.args[:2], p.process.ProcessState)
	}
}

// end kills the program and, if the test has failed, shows what it said.
func (p *party) end() {
	p.kill()
	if p.t.Failed() {
		p.t.Logf("%v:\n%s", p.args, must(os.ReadFile(p.log)))
	}
}

// getOnceUp gets a page, as soon as there is a server.
func getOnceUp(t *testing.T, url string) []byte {
	t.Helper()
	var r *http.Response
	if !within(longest, func() bool {
		var err error
		r, err = http.Get(url)
		return err == nil
	}) {
		t.Fatal("no server at ", url)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Fatal(fmt.Sprint(url, ": ", r.Status))
	}
	return must(io.ReadAll(r.Body))
}
