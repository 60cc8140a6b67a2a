package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"strings"
	"testing"

	"hushwatt/meter/household"
	"hushwatt/meter/source"
	"hushwatt/tariffs"
)

// A month of made-up readings, March 2026, and its billing period.
const month = " --start 2026-03-01 --end 2026-04-01 "

// readings writes a made-up month to name and returns it.
func (d desk) readings(name string, o household.Options) []source.Series {
	d.Helper()
	home, err := household.New(o)
	if err != nil {
		d.Fatal(err)
	}
	start, err := tariffs.ParseDate("2026-03-01")
	if err != nil {
		d.Fatal(err)
	}
	series, err := home.Series(int(start), 31)
	if err != nil {
		d.Fatal(err)
	}
	d.writeReadings(name, series)
	return series
}

func (d desk) writeReadings(name string, series []source.Series) {
	d.Helper()
	var b bytes.Buffer
	if err := source.WriteCSV(&b, series); err != nil {
		d.Fatal(err)
	}
	d.write(name, b.Bytes())
}

// key makes a key and returns the recipient.
func (d desk) key(name string) string {
	d.Helper()
	doc := d.do("keygen --out " + name)
	d.fields(doc, "recipient")
	return doc["recipient"].(string)
}

// tariff writes the demo's tariff with the given texts replaced, in pairs.
func (d desk) tariff(name string, replace ...string) {
	d.Helper()
	text := string(demoTariff)
	for i := 0; i+1 < len(replace); i += 2 {
		if !strings.Contains(text, replace[i]) {
			d.Fatalf("the demo's tariff does not say %s", replace[i])
		}
		text = strings.ReplaceAll(text, replace[i], replace[i+1])
	}
	d.write(name, []byte(text))
}

// sealedMonth is a desk with a sealed month: readings.csv, my.key, tariff.json, the
// meter in ./meter and its export my.hushwatt.
func sealedMonth(t *testing.T) desk {
	d := newDesk(t)
	d.readings("readings.csv", household.Options{Seed: 7, Gaps: true})
	d.tariff("tariff.json")
	d.do("meter seal --from readings.csv --meter-dir meter --meter-point home-1 --out my.hushwatt --recipient", d.key("my.key"))
	return d
}

const (
	quoteMonth  = "tariff quote --readings readings.csv --tariff tariff.json" + month
	billMonth   = "bill --export my.hushwatt --key my.key --tariff tariff.json --out my.bill" + month
	verifyMonth = "verify --bill my.bill --tariff tariff.json --authority meter/authority.pub"
)

// billed is sealedMonth with a bill my.bill for the month that was verified; it
// returns the total.
func billed(t *testing.T) (desk, string) {
	d := sealedMonth(t)
	d.do(billMonth)
	return d, d.do(verifyMonth)["total"].(string)
}

// same checks that quote, bill and verification come to one total.
func (d desk) same(quote, bill, verify string) string {
	d.Helper()
	want := d.do(quote)["total"]
	if got := d.do(bill)["total"]; got != want {
		d.Errorf("bill is %v, quote %v", got, want)
	}
	doc := d.do(verify)
	if doc["total"] != want || doc["verdict"] != "accepted" {
		d.Errorf("verified %v, quote %v", doc, want)
	}
	return fmt.Sprint(want)
}

// verdict runs verify on a bill that must be refused for the reason.
func (d desk) verdict(reason, line string) {
	d.Helper()
	o := d.try(append(strings.Fields(line), "--json")...)
	if want := fmt.Sprintf("{\"verdict\":\"refused\",\"reason\":%q}\n", reason); o.code != 1 || o.stdout != want {
		d.Errorf("%s: exit %d, %s (%s), want %s", line, o.code, o.stdout, o.stderr, want)
	}
	if strings.Count(o.stderr, "\n") != 1 {
		d.Errorf("%s: stderr is not one line: %q", line, o.stderr)
	}
}

// zip packs a file.
func (d desk) zip(name string) {
	d.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(d.read(name)); err != nil {
		d.Fatal(err)
	}
	if err := z.Close(); err != nil {
		d.Fatal(err)
	}
	d.write(name+".gz", b.Bytes())
}

// mode is a file's permissions.
func (d desk) mode(name string) os.FileMode {
	d.Helper()
	fi, err := os.Stat(d.path(name))
	if err != nil {
		d.Fatal(err)
	}
	return fi.Mode().Perm()
}
