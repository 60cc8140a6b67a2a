package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"hushwatt/aggregate/engine"
	"hushwatt/internal/wire"
	"hushwatt/meter"
)

// small is a desk with two authorities, a charter for sums of two meters and variances
// of three, and five meters that have enrolled; registry is put together and signed.
func small(t *testing.T) desk {
	d := newDesk(t)
	d.line("meters.pub", "meter authority --out meters.key", "authority")
	d.line("a.party", "aggregate key --name A --out a.key --kem x25519", "party")
	d.line("b.party", "aggregate key --name B --out b.key --kem x25519", "party")
	d.do(smallCharter)
	for i := range 5 {
		d.do(fmt.Sprintf("meter new --meter M%d --squares --authority-key meters.key --meter-dir m%[1]d", i))
		d.do(fmt.Sprintf("meter enrol --meter-dir m%d --charter street.charter --first 2026-03-02 --out %[1]d.enrolment", i))
	}
	return d
}

const (
	smallCharter  = "aggregate charter --name street --party a.party --party b.party --squares --min-sum 2 --min-variance 3 --authority-key meters.key --out street.charter"
	smallRegistry = "aggregate registry --charter street.charter --first 2026-03-02 --out street.registry --enrolments street.enrolments --from 0.enrolment 1.enrolment 2.enrolment 3.enrolment 4.enrolment"
)

// line keeps what a command prints with --json under a name as a file.
func (d desk) line(path, command, field string) {
	d.Helper()
	d.write(path, []byte(d.do(command)[field].(string)+"\n"))
}

// sign has all authorities sign a registry.
func (d desk) sign(registry string, more ...string) {
	d.Helper()
	for _, key := range []string{"a.key", "b.key"} {
		d.do("aggregate sign --registry "+registry+" --key "+key, more...)
	}
}

func TestRegistryByHand(t *testing.T) {
	t.Parallel()
	d := small(t)
	doc := d.do(smallRegistry + " --set all --set few=M0,M1 --set one-side=M2,M3,M4")
	d.fields(doc, "kind charter first meters sets signed missing hash")
	want := "[map[meters:5 name:all sum:true variance:false] map[inside:all meters:2 name:few sum:true variance:false] map[inside:all meters:3 name:one-side sum:true variance:true]]"
	if got := fmt.Sprint(doc["sets"]); got != want {
		t.Errorf("sets %s", got)
	}
	if _, err := readRegistry(d.path("street.registry")); err == nil {
		t.Error("it counts before it was signed")
	}
	d.do("aggregate sign --registry street.registry --key b.key --enrolments street.enrolments --out b.signature")
	d.spoil("street.enrolments", "spoilt.enrolments")
	d.refused(1, "the meter did not sign it", "aggregate sign --registry street.registry --key b.key --enrolments spoilt.enrolments")
	d.refused(1, "no enrolment of meter M", "aggregate sign --registry street.registry --key b.key --enrolments 0.enrolment")
	if shown := d.do("aggregate show street.registry"); fmt.Sprint(shown["signed"], shown["missing"]) != "[] [A B]" {
		t.Errorf("signed by %v, not by %v", shown["signed"], shown["missing"])
	}
	d.do("aggregate sign --registry street.registry --key a.key --signature b.signature")
	shown := d.do("aggregate show street.registry")
	if fmt.Sprint(shown["signed"], shown["missing"]) != "[A B] []" || shown["hash"] != doc["hash"] {
		t.Errorf("signed by %v, not by %v, hash %v", shown["signed"], shown["missing"], shown["hash"])
	}
	r := must(readRegistry(d.path("street.registry")))
	find := must(readEnrolments(d.path("street.enrolments"), r))
	for i := range r.Meters {
		if find(r.Meters[i].ID()) == nil {
			t.Errorf("no enrolment of %s", r.Meters[i].Certificate.Meter)
		}
	}
	d.line("c.party", "aggregate key --name C --out c.key", "party")
	d.refused(1, "C is not a party of the charter of street", "aggregate sign --registry street.registry --key c.key")
	d.do("aggregate sign --registry street.registry --key a.key --out a.signature")
	d.write("list", []byte("M0\nM1\nM2\n"))
	d.do(smallRegistry + " --set all --set three=@list --force")
	d.refused(1, "no party of the charter has signed this registry so", "aggregate sign --registry street.registry --signature a.signature")
}

// spoil copies a file with its last byte changed.
func (d desk) spoil(from, to string) {
	data := d.read(from)
	data[len(data)-1] ^= 1
	d.write(to, data)
}

func TestRegistryRefusals(t *testing.T) {
	t.Parallel()
	d := small(t)
	d.do("meter new --meter M9 --squares --authority-key meters.key --meter-dir m9")
	d.do("meter enrol --meter-dir m9 --charter street.charter --first 2026-03-09 --out late.enrolment")
	d.do(strings.Replace(smallCharter, "--out street.charter", "--out other.charter --slot 15", 1))
	d.do(strings.Replace(smallCharter, "--min-variance 3 --authority-key meters.key --out street", "--min-variance 4 --authority-key meters.key --out again", 1))
	for words, line := range map[string]string{
		"set lone: 1 meters, fewer than 2":                              smallRegistry + " --set all --set lone=M1",
		"sets x and y overlap and neither holds the other":              smallRegistry + " --set x=M0,M1,M2 --set y=M2,M3,M4",
		"set x: meter M7 is not enrolled":                               smallRegistry + " --set x=M0,M7",
		"meter M0 is out of order or enrolled twice":                    smallRegistry + " 0.enrolment --set all",
		"meter M9 is enrolled from 2026-03-09 on, after the registry's": smallRegistry + " late.enrolment --set all",
		"enrolment of meter M0: it is for another charter":              strings.Replace(smallRegistry, "street.charter", "again.charter", 1) + " --set all",
		"meter M0: slots of another length":                             strings.Replace(smallRegistry, "street.charter", "other.charter", 1) + " --set all",
		"charter: ":                                                     strings.Replace(smallRegistry, "street.charter", "0.enrolment", 1) + " --set all",
	} {
		d.refused(1, words, line)
	}
	d.refused(2, "a set has a name of its own", smallRegistry+" --set all --set all")
	if _, err := os.Stat(d.path("street.registry")); err == nil {
		t.Error("a refused registry was written")
	}
	d.refused(1, "is there already and holds something else", strings.Replace(smallCharter, "--min-variance 3", "--min-variance 5", 1))
	d.do(smallCharter) // the same bytes
	d.refused(2, "--neighbours is for a registry of masks", smallCharter+" --neighbours 8")
	d.refused(1, "A and A are one", strings.Replace(smallCharter, "b.party", "a.party", 1))
	d.refused(1, "never written over", "aggregate key --name A --out a.key")
	d.refused(1, "never written over", "meter authority --out meters.key")
	d.refused(1, "m0 holds a meter", "meter new --meter M0 --authority-key meters.key --meter-dir m0")
	d.refused(1, "authority key", "meter new --meter M8 --authority-key a.key --meter-dir m8")
	d.refused(2, "m7 holds no meter", "meter enrol --meter-dir m7 --charter street.charter --first 2026-03-02 --out e")
}

// A registry that replaces another is signed beside that one, and by the rules for it.
func TestRegistrySuccessor(t *testing.T) {
	t.Parallel()
	d := small(t)
	d.do(smallRegistry + " --set all=M0,M1,M2,M3,M4 --set few=M0,M1")
	next := strings.NewReplacer("2026-03-02", "2026-03-09", "--out street.", "--out next.", "--enrolments street.", "--enrolments next.").Replace(smallRegistry) + " --before street.registry --set all"
	d.refused(1, "0 signatures of 2 parties", next)
	d.sign("street.registry")
	d.refused(1, "set few loses 0 meters and gains 1", next+" --set few=M0,M1,M2")
	d.refused(1, "must begin on a later day", strings.Replace(next, "2026-03-09", "2026-03-02", 1)+" --set few=M0,M1")
	doc := d.do(next + " --set few=M0,M1,M2,M3")
	if before := d.do("aggregate show street.registry")["hash"]; doc["before"] != before {
		t.Errorf("replaces %v, not %v", doc["before"], before)
	}
	d.refused(1, "--before says which", "aggregate sign --registry next.registry --key a.key")
	d.sign("next.registry", "--before", "street.registry")
	must(readRegistry(d.path("next.registry")))
}

// A meter gives out one enrolment, and a second one only if it is told to give up the
// first.
func TestEnrolAgain(t *testing.T) {
	t.Parallel()
	d := small(t)
	const again = "meter enrol --meter-dir m0 --charter street.charter --first 2026-03-02 --out copy.enrolment"
	d.fields(d.do(again), "kind meter id first registry parties charter hash checked")
	if !bytes.Equal(d.read("copy.enrolment"), d.read("0.enrolment")) {
		t.Error("asked twice, the meter enrolled twice")
	}
	d.refused(1, "meter M0 is enrolled in street from 2026-03-02 on already", strings.Replace(again, "2026-03-02", "2026-03-03", 1))
	d.do(again + " --again")
	if bytes.Equal(d.read("copy.enrolment"), d.read("0.enrolment")) {
		t.Error("it did not enrol anew")
	}
	d.do(smallRegistry + " --set all")
	d.sign("street.registry")
	d.readings2026()
	publish := "meter publish --meter-dir m0 --from m.csv --day 2026-03-02 --registry street.registry --wait 1 --nats nats://127.0.0.1:1 --recipient"
	d.refused(1, "the registry does not have the enrolment of meter M0", publish, d.key("my.key"))
	d.refused(1, "it begins on 2026-03-02", strings.NewReplacer("m0", "m1", "2026-03-02", "2026-03-01").Replace(publish), d.key("her.key"))
	d.write("strangers.key", []byte(must(meter.NewAuthorityKey()).String()))
	d.do("meter new --meter S --squares --authority-key strangers.key --meter-dir s")
	d.refused(1, "certified by another authority than the issuer of the charter", "meter enrol --meter-dir s --charter street.charter --first 2026-03-02 --out s.enrolment")
	d.refused(1, "not certified for squares", "meter enrol --meter-dir plain --charter street.charter --first 2026-03-02 --out s.enrolment", d.plainMeter()...)
}

func (d desk) plainMeter() []string {
	d.do("meter new --meter P --authority-key meters.key --meter-dir plain")
	return nil
}

// readings2026 writes readings of 2026-03-02, slot s of s Wh, the fourth missing.
func (d desk) readings2026() {
	var b strings.Builder
	b.WriteString("start,wh\n2026-03-01T23:30:00Z,1\n")
	for s := range 48 {
		if s != 3 {
			fmt.Fprintf(&b, "2026-03-02T%02d:%02d:00Z,%d\n", s/2, s%2*30, s)
		}
	}
	d.write("m.csv", []byte(b.String()))
}

// A meter that is killed in the middle of the day goes on where it was, and what it sends
// again is what it has sent: the stream has one record of every slot, and the seals are
// of the same commitments.
func TestPublishAfterKill(t *testing.T) {
	t.Parallel()
	d := small(t)
	d.do(smallRegistry + " --set all")
	d.sign("street.registry")
	d.readings2026()
	recipient := d.key("my.key")
	stream := must(engine.Embed(t.TempDir(), "127.0.0.1:0", ""))
	defer func() { stream.Shutdown(); stream.WaitForShutdown() }()
	args := append(strings.Fields("meter publish --meter-dir m0 --from m.csv --day 2026-03-02 --registry street.registry --clock clock.json --out m.hushwatt --nats"),
		stream.ClientURL(), "--recipient", recipient)
	d.clock("2026-03-02T10:00:00Z")
	d.refused(1, "nobody takes records of this registry", strings.Join(args, " ")+" --wait 1")

	r := must(readRegistry(d.path("street.registry")))
	_, done, err := connectBus(context.Background(), stream.ClientURL(), r)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	hash := r.Hash()
	nc := must(nats.Connect(stream.ClientURL(), nats.Timeout(longest)))
	defer nc.Close()
	heard := make(chan []byte, 200)
	must(nc.Subscribe(fmt.Sprintf("hushwatt.%x.record.>", hash[:8]), func(m *nats.Msg) { heard <- m.Data }))
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	sent := map[uint16][]byte{}
	hear := func(until int) {
		for len(sent) < until {
			select {
			case data := <-heard:
				s := must(meter.DecodeSlotRecord(data, &r.Charter))
				if before := sent[s.Slot]; before != nil && !bytes.Equal(before, data) {
					t.Fatalf("slot %d was sent with other bytes", s.Slot)
				}
				sent[s.Slot] = data
			case <-time.After(longest):
				t.Fatalf("%d slots of %d", len(sent), until)
			}
		}
	}
	meters := exec.Command(program, args...)
	meters.Dir = d.dir
	if err := meters.Start(); err != nil {
		t.Fatal(err)
	}
	hear(19) // of the 20 that are over by ten o'clock
	meters.Process.Kill()
	meters.Wait()
	d.clock("2026-03-03T00:00:00Z")
	if doc := d.do(strings.Join(args, " ")); fmt.Sprintf("%v %v", doc["sent"], doc["missing"]) != "47 1" {
		t.Errorf("published %v", doc)
	}
	hear(47)
	d.refused(1, "was sealed before", strings.Join(args, " "))
	if opened := d.do("meter show --export m.hushwatt --key my.key"); fmt.Sprintf("%v %v", opened["import_wh"], opened["missing"]) != "1125 1" {
		t.Errorf("sealed %v Wh, %v missing", opened["import_wh"], opened["missing"])
	}
}

// clock sets the clock of all programs on the desk.
func (d desk) clock(now string) {
	d.write("clock.new", []byte(`{"base":"`+now+`"}`))
	if err := os.Rename(d.path("clock.new"), d.path("clock.json")); err != nil {
		d.Fatal(err)
	}
}

// aggregate show tells kinds apart by content alone, and shows nothing that is damaged.
func TestAggregateShow(t *testing.T) {
	t.Parallel()
	d := small(t)
	d.do(smallRegistry + " --set all")
	for path, kind := range map[string]string{"street.charter": "charter", "0.enrolment": "enrolment", "street.enrolments": "enrolments",
		"street.registry": "registry", "a.party": "party", "meters.pub": "authority"} {
		if doc := d.do("aggregate show " + path); doc["kind"] != kind {
			t.Errorf("%s: %v", path, doc)
		}
		data := d.read(path)
		data[len(data)-2] ^= 1 // of the last signature, or a letter
		d.write("damaged", data)
		if strings.HasPrefix(kind, "enrolment") {
			d.refused(1, "the meter did not sign it", "aggregate show damaged --charter street.charter")
		} else if kind != "registry" { // nobody has signed it
			d.refused(1, "damaged: ", "aggregate show damaged")
		}
	}
	if doc := d.do("aggregate show 0.enrolment --charter street.charter"); doc["checked"] != true || doc["registry"] != "street" {
		t.Errorf("enrolment: %v", doc)
	}
	d.refused(1, "a key or a signature", "aggregate show a.key")
	d.write("other", must(wire.Marshal([]string{"something", "else"})))
	d.refused(1, "neither a charter nor", "aggregate show other")
	for _, path := range must(filepath.Glob(d.path("*"))) {
		if strings.HasSuffix(path, ".key") && must(os.Stat(path)).Mode().Perm() != 0o600 {
			t.Errorf("%s can be read by others", path)
		}
	}
}
