package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"hushwatt/aggregate"
	"hushwatt/aggregate/engine"
	"hushwatt/internal/pgtest"
	"hushwatt/meter"
	"hushwatt/server/store"
)

// playedReadings is what a street's homes used in a slot, and how many were present.
type playedReadings struct{ sum, squares, meters uint64 }

// Parties that are killed at any moment, workers of an authority too, lose no record
// and count none twice: every slot that is released is what the meters sent.
func TestKillParties(t *testing.T) {
	const homes, slots = 30, 12
	dir := t.TempDir()
	s := must(newStreet(dir, homes, 0)) // slots end when all homes have sent
	stream := must(engine.Embed(t.TempDir(), "127.0.0.1:0", ""))
	defer func() { stream.Shutdown(); stream.WaitForShutdown() }()
	at := func(name string) string { return filepath.Join(dir, name) }
	page := freeAddress(t)
	var parties []*party
	for i := range 2 {
		args := []string{"aggregate", "authority", "--key", at(authorityFile(i)), "--registry", at(registryFile), "--enrolments", at(enrolmentsFile),
			"--database", pgtest.Place(t), "--nats", stream.ClientURL(), "--clock", at(clockName), "--cut-off", "600"}
		parties = append(parties, &party{t: t, args: args}, &party{t: t, args: append(args[:len(args):len(args)], "--work")})
	}
	sums := pgtest.Place(t)
	parties = append(parties, &party{t: t, args: []string{"aggregate", "serve", "--registry", at(registryFile), "--database", sums,
		"--nats", stream.ClientURL(), "--clock", at(clockName), "--listen", page}})
	for _, p := range parties {
		p.start()
		defer p.kill()
	}
	ctx, cancel := context.WithCancel(context.Background())
	sent := map[int]playedReadings{}
	played := make(chan error)
	go func() { played <- s.playSlots(ctx, stream.ClientURL(), slots, sent) }()
	rng := rand.New(rand.NewPCG(1, 2))
	kills := 0
	for done := false; !done; {
		select {
		case err := <-played:
			if err != nil {
				t.Fatal(err)
			}
			done = true
		case <-time.After(time.Duration(300+rng.IntN(500)) * time.Millisecond):
			p := parties[rng.IntN(len(parties))]
			p.kill()
			p.start()
			kills++
		}
	}
	cancel()
	st := must(store.Open(sums))
	defer st.Close()
	memory := st.Party("collector " + registryName(s.registry))
	released := 0
	for slot := range slots {
		f := awaitSlot(t, memory, s.registry.First, uint16(slot))
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
	t.Logf("%d kills, %d slots of %d homes", kills, released, homes)
	var answer struct {
		Releases []json.RawMessage `json:"releases"`
	}
	body := get(t, "http://"+page+"/sets/street")
	if err := json.Unmarshal(body, &answer); err != nil || len(answer.Releases) != released {
		t.Errorf("the page has %d releases, %v", len(answer.Releases), err)
	}
}

// playSlots is play for a number of slots, two seconds or more each, noting what was
// sent. The clock passes a slot's cut-off when everything was sent, however long it took.
func (s *street) playSlots(ctx context.Context, address string, slots int, sent map[int]playedReadings) error {
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
		time.Sleep(2 * time.Second) // in which parties are killed
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
	for range 900 {
		if data, err := p.File(context.Background(), day, slot); err == nil {
			f := must(aggregate.ParseSlotFile(data))
			if err := f.Verify([]meter.Authority{}); err == nil {
				t.Error("a release was believed without trust in its meter authority")
			}
			if err := f.VerifyIn(&f.Registry); err != nil {
				t.Error(err)
			}
			return f
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
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
	process *exec.Cmd
}

func (p *party) start() {
	p.t.Helper()
	p.process = exec.Command(program, p.args...)
	p.process.Stderr = io.Discard
	if err := p.process.Start(); err != nil {
		p.t.Fatal(err)
	}
}

func (p *party) kill() {
	p.process.Process.Kill()
	p.process.Wait()
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	defer l.Close()
	return l.Addr().String()
}

func get(t *testing.T, url string) []byte {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Fatal(fmt.Sprint(url, ": ", r.Status))
	}
	return must(io.ReadAll(r.Body))
}
