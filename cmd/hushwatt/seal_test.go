package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hushwatt/internal/testdata"
	"hushwatt/meter/household"
	"hushwatt/meter/source"
)

const summaryFields = "meter first last slots measured missing estimated import_wh export_wh"

func TestKeygen(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, kem := range []string{"", " --kem x25519", " --kem x-wing"} {
		name := "k" + strings.TrimPrefix(kem, " --kem ")
		doc := d.do("keygen --out " + name + kem)
		d.fields(doc, "recipient")
		if !strings.HasPrefix(doc["recipient"].(string), "hushwatt1") {
			t.Errorf("%s: %v", name, doc)
		}
		if d.mode(name) != 0o600 {
			t.Errorf("%s has mode %o", name, d.mode(name))
		}
	}
	before := d.read("k")
	d.refused(1, "never written over", "keygen --out k")
	if !bytes.Equal(before, d.read("k")) {
		t.Error("key was written over")
	}
	if o := d.try("keygen", "--out", "k2"); !strings.HasPrefix(o.stdout, "hushwatt1") || strings.Count(o.stdout, "\n") != 1 {
		t.Errorf("stdout is %q: not the recipient alone", o.stdout)
	}
}

func TestSealAndShow(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	s := d.readings("readings.csv", household.Options{Seed: 3, Gaps: true, Solar: true})
	doc := d.do("meter seal --from readings.csv --meter-dir meter --meter-point home-1 --out my.hushwatt --recipient", d.key("my.key"))
	d.fields(doc, summaryFields)
	missing := s[0].Count(source.Missing)
	want := map[string]any{
		"meter": "home-1", "first": "2026-03-01T00:00:00Z", "last": "2026-03-31T23:30:00Z",
		"slots": 1488, "measured": 1488 - missing, "missing": missing, "estimated": 0,
		"import_wh": s[0].Total(), "export_wh": s[1].Total(),
	}
	d.equal(doc, want)
	if !strings.HasPrefix(string(d.read("meter/authority.pub")), "hushwatt-authority1") {
		t.Error("no authority.pub")
	}

	shown := d.do("meter show --export my.hushwatt")
	d.fields(shown, summaryFields)
	if shown["import_wh"] != nil {
		t.Errorf("energy without a key: %v", shown["import_wh"])
	}
	opened := d.do("meter show --key my.key --export my.hushwatt")
	d.fields(opened, summaryFields+" readings")
	readings := opened["readings"].([]any)
	delete(opened, "readings")
	d.equal(opened, want)
	if len(readings) != 2*1488 {
		t.Fatalf("%d readings", len(readings))
	}
	sum, gaps := uint64(0), 0
	for _, r := range readings {
		r := r.(map[string]any)
		d.fields(r, "start channel wh status")
		switch {
		case r["status"] == "missing":
			gaps++
			if r["wh"] != nil {
				t.Errorf("missing reading %v", r)
			}
		case r["channel"] == "import":
			n, err := r["wh"].(json.Number).Int64()
			if err != nil {
				t.Fatal(err)
			}
			sum += uint64(n)
		}
	}
	if sum != s[0].Total() || gaps != missing+s[1].Count(source.Missing) {
		t.Errorf("readings come to %d Wh with %d gaps", sum, gaps)
	}
	d.refused(1, "another key", "meter show --export my.hushwatt --key other.key", d.keyArgs("other.key")...)
}

// keyArgs makes a key and returns no further arguments.
func (d desk) keyArgs(name string) []string { d.key(name); return nil }

// equal compares a document with Go values by their JSON.
func (d desk) equal(got, want map[string]any) {
	d.Helper()
	for name, v := range want {
		if fmt.Sprint(got[name]) != fmt.Sprint(v) {
			d.Errorf("%s is %v, want %v", name, got[name], v)
		}
	}
}

func TestSealAppendsSkipsCorrects(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	s := d.readings("all.csv", household.Options{Seed: 4})
	s[0].Point = ""
	d.writeReadings("ten.csv", []source.Series{head(s[0], 10)})
	recipient := d.key("my.key")
	const seal = "meter seal --meter-dir meter --out my.hushwatt --from "
	first := d.do(seal+"ten.csv --recipient", recipient)
	if first["slots"].(json.Number) != "480" {
		t.Errorf("ten days: %v", first)
	}
	d.writeReadings("all.csv", s)
	all := d.do(seal+"all.csv --recipient", recipient)
	if all["slots"].(json.Number) != "1488" || all["meter"] != first["meter"] {
		t.Errorf("all days: %v", all)
	}
	again := d.read("my.hushwatt")
	d.do(seal+"all.csv --recipient", recipient)
	if !bytes.Equal(again, d.read("my.hushwatt")) {
		t.Error("sealing the same days again changed the export")
	}

	s[0].Wh[100] += 7
	d.writeReadings("late.csv", s)
	d.refused(1, "2026-03-03 was sealed before", seal+"late.csv --recipient", recipient)
	corrected := d.do(seal+"late.csv --correct late --recipient", recipient)
	d.equal(corrected, map[string]any{"import_wh": s[0].Total(), "slots": 1488})
	d.equal(d.do("meter show --export my.hushwatt --key my.key"), map[string]any{"import_wh": s[0].Total()})

	d.tariff("tariff.json")
	d.same("tariff quote --readings late.csv --tariff tariff.json"+month, billMonth, verifyMonth)

	// A new tenant has a new key: the next days are a new epoch, the old ones stay shut.
	d.refused(1, "another recipient", seal+"late.csv --recipient", d.key("tenant.key"))
}

// head is the first days of a series.
func head(s source.Series, days int) source.Series {
	n := days * s.PerDay()
	s.Wh, s.Status = slices.Clone(s.Wh[:n]), slices.Clone(s.Status[:n])
	return s
}

func TestSealRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.readings("hourly.csv", household.Options{Seed: 5, Step: 3600})
	d.readings("half.csv", household.Options{Seed: 5, Step: 1800})
	d.readings("quarter.csv", household.Options{Seed: 5, Step: 900})
	recipient := d.key("my.key")
	const seal = "meter seal --out my.hushwatt --from "
	d.refused(1, "60 minutes and cannot be sealed as 30", seal+"hourly.csv --slot 30 --meter-dir a --recipient", recipient)
	d.do(seal+"quarter.csv --slot 30 --meter-dir a --meter-point one --recipient", recipient)
	d.refused(1, "slots of 30 minutes, not 15", seal+"quarter.csv --slot 15 --meter-dir a --recipient", recipient)
	d.refused(1, "holds the meter one", seal+"half.csv --meter-point two --meter-dir a --recipient", recipient)
	d.refused(1, "", seal+"hourly.csv --meter-dir a --recipient", recipient)
	d.write("broken.csv", []byte("start,wh\n2026-03-01T00:00:00Z,12\n2026-03-01T00:30:00Z,much\n"))
	d.refused(1, "line 3: expected a reading in Wh", seal+"broken.csv --meter-dir b --recipient", recipient)
	d.write("my.hushwatt", append(d.read("my.hushwatt"), 0))
	d.refused(1, "my.hushwatt: ", "meter show --export my.hushwatt")
}

func TestRealHome(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	home := testdata.Shared(t, "data/lcl-london-2013/homes/MAC000002.csv.gz")
	evening := testdata.Shared(t, "design/tariff-examples/evening.json")
	doc := d.do("meter seal --meter-dir meter --out my.hushwatt --format lcl --from", home, "--recipient", d.key("my.key"))
	d.equal(doc, map[string]any{"meter": "MAC000002", "first": "2013-01-01T00:00:00Z", "last": "2013-12-31T23:30:00Z", "slots": 17520})
	for _, period := range []string{" --start 2013-03-01 --end 2013-04-01 ", " --start 2013-10-01 --end 2013-11-01 "} {
		d.same("tariff quote --readings "+home+" --tariff "+evening+period,
			"bill --export my.hushwatt --key my.key --out my.bill --tariff "+evening+period,
			"verify --bill my.bill --authority meter/authority.pub --tariff "+evening)
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	recipient := d.key("my.key")
	for i, file := range [][2]string{
		{"octopus-csv", "octopus-download-autumn.csv"},
		{"octopus-json", "octopus-rest-consumption-autumn.json"},
		{"octopus-csv", "octopus-download-spring.csv"},
		{"octopus-json", "octopus-rest-consumption-spring.json"},
	} {
		path := testdata.Shared(t, "data/uk-ie-format-replicas/"+file[1])
		dir := fmt.Sprintf("meter%d", i)
		named := d.do("meter seal --format "+file[0]+" --out a.hushwatt --meter-dir "+dir+"a --recipient", recipient, "--from", path)
		found := d.do("meter seal --out b.hushwatt --meter-dir "+dir+"b --recipient", recipient, "--from", path)
		delete(named, "meter")
		delete(found, "meter")
		if fmt.Sprint(named) != fmt.Sprint(found) {
			t.Errorf("%s: named %v, detected %v", file, named, found)
		}
	}
}
