package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hushwatt/internal/freeport"
	"hushwatt/internal/wire"
	"hushwatt/server/store"
)

// A registry of masks from the shell, over real homes: an aggregator, and a program for
// every meter, which announces its slots, answers and seals. What is released is what
// plain arithmetic on the files says, and what the meters have sealed.
func TestMaskingByHand(t *testing.T) {
	t.Parallel()
	const day, count = "2013-02-17", 21
	d := newDesk(t)
	homes := d.londonHomes(count, "homes")
	var names, enrolments, introductions []string
	for name := range homes {
		names = append(names, name)
	}
	slices.Sort(names)
	d.line("meters.pub", "meter authority --out meters.key", "authority")
	d.line("operator.party", "aggregate key --name operator --out operator.key --kem x25519", "party")
	if doc := d.do("aggregate charter --name street --party operator.party --squares --neighbours 12 --authority-key meters.key --out street.charter"); doc["mode"] != "masking" {
		t.Errorf("charter: %v", doc)
	}
	for _, n := range names {
		d.do("meter new --squares --authority-key meters.key --meter " + n + " --meter-dir " + n)
		d.do("meter enrol --charter street.charter --first " + day + " --meter-dir " + n + " --out " + n + ".enrolment")
		enrolments, introductions = append(enrolments, n+".enrolment"), append(introductions, n+".introductions")
	}
	const registry = "aggregate registry --charter street.charter --first " + day + " --out street.registry --enrolments street.enrolments"
	d.refused(1, "one set of all meters", registry+" --set half="+strings.Join(names[:10], ",")+" --from", enrolments...)
	d.do(registry+" --set street --from", enrolments...)
	d.do("aggregate sign --registry street.registry --key operator.key")
	for _, n := range names {
		d.do("meter join --registry street.registry --enrolments street.enrolments --meter-dir " + n + " --out " + n + ".introductions")
	}
	forged, to := d.forged(introductions)
	if a, err := meet(d.path(to), d.path("street.registry"), append([]string{forged}, d.paths(introductions)...)); err == nil || !strings.Contains(err.Error(), "did not sign it") || len(a.(meetAnswer).Missing) != 0 {
		t.Errorf("a forged introduction among the others: %v, %v", a, err)
	}
	for _, n := range names {
		if doc := d.do("meter meet --registry street.registry --meter-dir "+n+" --from", introductions...); fmt.Sprint(doc["missing"]) != "[]" {
			t.Errorf("%s lacks %v", n, doc["missing"])
		}
	}
	if doc := d.do("meter meet --registry street.registry --meter-dir "+names[0]+" --from", introductions[0]); len(doc["met"].([]any)) != 0 {
		t.Errorf("a meter has met %v in its own file", doc["met"])
	}

	d.clock(day + "T00:00:00Z")
	stream := freeport.Address(t)
	serve := &party{t: t, log: d.path("log"), args: []string{"aggregate", "serve", "--registry", d.path("street.registry"), "--database", d.path("sums.db"), "--key", d.path("operator.key"),
		"--enrolments", d.path("street.enrolments"), "--clock", d.path("clock.json"), "--catch-up", "600", "--listen", freeport.Address(t), "--stream-listen", stream, "--stream", d.path("stream")}}
	serve.start()
	defer serve.end()
	recipient := d.key("customer.key")
	sealed := make(chan string, count)
	for _, n := range names {
		go func() {
			cmd := exec.CommandContext(t.Context(), program, "meter", "publish", "--meter-dir", n, "--from", filepath.Join("homes", n+".csv.gz"), "--day", day,
				"--registry", "street.registry", "--recipient", recipient, "--nats", "nats://"+stream, "--clock", "clock.json", "--json")
			cmd.Dir = d.dir
			said, _ := cmd.CombinedOutput() // what it says tells whether it failed
			sealed <- string(said)
		}()
	}
	d.slots(day, "nats://"+stream, homes)
	for range count {
		if said := <-sealed; !strings.Contains(said, `"sent":48,"missing":0`) && !strings.Contains(said, `"sent":43,"missing":5`) {
			t.Errorf("a meter published %s", said)
		}
	}
	d.do("aggregate releases --registry street.registry --database sums.db --out releases --wait --day " + day)
	if lacking := d.plain(day, homes); lacking != 5 {
		t.Errorf("%d half-hours lack a meter: the day was chosen for five", lacking)
	}
	var closings []string
	for _, n := range names {
		d.do("meter close --registry street.registry --set street --releases releases --meter-dir " + n + " --out " + n + ".closing --day " + day)
		closings = append(closings, n+".closing")
	}
	if doc := d.do("aggregate day-end --registry street.registry --set street --releases releases --day "+day+" --closing", closings...); doc["verdict"] != "accepted" {
		t.Errorf("end of the day: %v", doc)
	}
}

// forged writes an introduction that its meter has not signed, and returns for whom it is.
func (d desk) forged(introductions []string) (path, to string) {
	r := must(readRegistry(d.path("street.registry")))
	for _, from := range d.paths(introductions) {
		if list := must(readIntroductions(from)); len(list) > 0 {
			i := list[0]
			i.Signature[0] ^= 1
			path = d.path("forged.introductions")
			must(0, os.WriteFile(path, must(wire.Marshal([][]byte{i.Bytes()})), 0o600))
			return path, r.Meters[r.Index(i.To)].Certificate.Meter
		}
	}
	d.Fatal("nobody introduces itself")
	return "", ""
}

func (d desk) paths(names []string) (list []string) {
	for _, n := range names {
		list = append(list, d.path(n))
	}
	return list
}

// slots lets a day's slots end, one when all that can be said of the last one was said.
func (d desk) slots(day, stream string, homes map[string]map[string]uint64) {
	d.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*longest)
	defer cancel()
	r := must(readRegistry(d.path("street.registry")))
	var js jetstream.JetStream
	d.until(ctx, "the stream is there", func() bool {
		nc, err := nats.Connect(stream, nats.Timeout(longest))
		if err == nil {
			d.Cleanup(nc.Close)
			js = must(jetstream.New(nc))
		}
		return err == nil
	})
	st := must(store.Open(d.path("sums.db")))
	defer st.Close()
	sums := st.Party("collector " + registryName(r))
	hash := r.Hash()
	name := fmt.Sprintf("%x", hash[:8])
	start := must(time.Parse(time.DateOnly, day))
	number := uint16(start.Unix() / 86400)
	for slot := range uint16(48) {
		here := 0
		for _, wh := range homes {
			if _, ok := wh[start.Format(time.RFC3339)]; ok {
				here++
			}
		}
		start = start.Add(30 * time.Minute)
		d.clock(start.Format(time.RFC3339))
		subject := fmt.Sprintf("hushwatt.%s.record.%d.%d", name, number, slot)
		d.until(ctx, "all have announced "+subject, func() bool {
			s, err := js.Stream(ctx, "records-"+name)
			if err != nil {
				return false
			}
			info, err := s.Info(ctx, jetstream.WithSubjectFilter(subject))
			return err == nil && int(info.State.Subjects[subject]) == here
		})
		d.clock(start.Add(2 * time.Minute).Format(time.RFC3339))
		d.until(ctx, fmt.Sprintf("slot %d is released", slot), func() bool {
			_, err := sums.File(ctx, number, slot)
			return !errors.Is(err, store.ErrNotFound)
		})
	}
}

// until waits for a condition.
func (d desk) until(ctx context.Context, what string, is func() bool) {
	d.Helper()
	for !is() {
		if ctx.Err() != nil {
			d.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
