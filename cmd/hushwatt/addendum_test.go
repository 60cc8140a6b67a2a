package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"hushwatt/internal/testdata"
)

// A tariff with events, whose hours an addendum announces.
const hotDays = `{"planId":"hot-days","displayName":"Hot days","brandName":"Trial Energy","effectiveFrom":"2013-01-01",
 "electricityContract":{"pricingModel":"FLEXIBLE","timeZone":"LOCAL",
  "tariffPeriod":[{"displayName":"All year","startDate":"01-01","endDate":"12-31","rateBlockUType":"singleRate","singleRate":{"displayName":"Use","rates":[{"unitPrice":"0.2265"}]}}],
  "events":[{"displayName":"Hot day","maximum":15,"period":"EVENT","rates":[{"unitPrice":"0","volume":"0.3"},{"unitPrice":"0.61"}]}]},
 "x-hushwatt":{"clock":"Australia/Brisbane","currency":"AUD","pricesIncludeTax":false,"taxes":[{"name":"GST","rate":"0.1"}],
  "rounding":{"stage":"bill","digits":2,"mode":"half-up"}}}`

// trialHome is a home of the Sydney trial: its half-hours in order, and which of
// them were events. Stamps are UTC+10 all year, without daylight saving.
type trialHome struct {
	path  string
	at    []time.Time
	wh    []int64
	event []bool
}

func readTrial(t *testing.T, home string) *trialHome {
	t.Helper()
	h := &trialHome{path: testdata.Shared(t, "data/sgsc-nsw-halfhour/homes/"+home+".csv.gz")}
	data, err := readFile(h.path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(data))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		at, err := time.ParseInLocation(time.DateTime, row[0], time.FixedZone("", 10*3600))
		kWh, ok := new(big.Rat).SetString(row[2])
		if err != nil || !ok {
			t.Fatalf("%v: %v", row, err)
		}
		wh := kWh.Mul(kWh, big.NewRat(1000, 1))
		if !wh.IsInt() {
			t.Fatalf("%v: parts of a Wh", row)
		}
		h.at, h.wh, h.event = append(h.at, at), append(h.wh, wh.Num().Int64()), append(h.event, row[1] != "0")
	}
	return h
}

// total is what a month costs, by the words of the contract: every event of the
// trial has 0.3 kWh free.
func (h *trialHome) total(month string) string {
	used, above, event := int64(0), int64(0), int64(0)
	for i, at := range h.at {
		if h.event[i] && at.Format("2006-01") == month {
			event += h.wh[i]
		} else {
			above, event = above+max(0, event-300), 0
		}
		if at.Format("2006-01") == month {
			used += h.wh[i]
		}
	}
	net := new(big.Rat).Add(big.NewRat(used*2265, 1e7), big.NewRat(above*61, 1e5))
	return net.Mul(net, big.NewRat(11, 10)).FloatString(2) // never half a cent in these months
}

// addendum announces the events of a month.
func (h *trialHome) addendum(tariff, month string) []byte {
	type event struct {
		Name string    `json:"displayName"`
		From time.Time `json:"from"`
		To   time.Time `json:"to"`
	}
	var list []event
	for i, at := range h.at {
		if !h.event[i] || at.Format("2006-01") != month {
			continue
		}
		if n := len(list); n > 0 && list[n-1].To.Equal(at) {
			list[n-1].To = at.Add(30 * time.Minute)
		} else {
			list = append(list, event{"Hot day", at, at.Add(30 * time.Minute)})
		}
	}
	data, err := json.Marshal(map[string]any{"tariff": tariff, "events": list})
	if err != nil {
		panic(err)
	}
	return data
}

// The hours of the trial's events were announced after its tariff. A quote, a
// bill on request and its verification take tariff and addenda, and come to what
// the contract says.
func TestAddendaOfTheTrial(t *testing.T) {
	t.Parallel()
	for _, home := range []string{"10014564", "10006486"} {
		h, d := readTrial(t, home), newDesk(t)
		d.write("tariff.json", []byte(hotDays))
		id := d.do("tariff sign --tariff tariff.json --supplier-dir supplier --out signed.json")["id"].(string)
		documents, named := " --tariff signed.json", ""
		for _, month := range []string{"2013-11", "2013-12", "2014-01", "2014-02"} {
			text := h.addendum(id, month)
			if strings.Contains(string(text), "null") {
				continue // this home was not asked that month
			}
			d.write(month+".json", text)
			doc := d.do("tariff sign --supplier-dir supplier --addendum " + month + ".json --out " + month + ".signed")
			d.fields(doc, "id supplier")
			documents = " --addendum " + month + ".signed" + documents
			if month == "2013-12" {
				named = doc["id"].(string)
			}
		}
		d.do("meter seal --meter-point home --meter-dir meter --out my.hushwatt --from " + h.path + " --recipient " + d.key("my.key"))
		const december = " --start 2013-12-01 --end 2014-01-01"
		want := h.total("2013-12")
		if without := d.do("tariff quote --tariff signed.json --readings " + h.path + december)["total"]; without == want {
			t.Fatalf("%s: events cost nothing", home)
		}
		d.do("request --meter home --supplier-dir supplier --out my.request" + documents + december)
		verify := "verify --bill my.bill --request my.request --authority meter/authority.pub"
		if got := d.same("tariff quote --readings "+h.path+documents+december, "bill --export my.hushwatt --key my.key --request my.request --out my.bill"+documents, verify+documents); got != want {
			t.Errorf("%s: total is %s, want %s", home, got, want)
		}
		if got := d.do(verify + documents)["tariff"]; got != id+" "+named {
			t.Errorf("%s: bill is about %s, want %s and %s", home, got, id, named)
		}
		d.verdict("tariff", verify+" --tariff signed.json")
		d.write("other.json", []byte(strings.Replace(hotDays, "hot-days", "other", 1)))
		compared := d.do("tariff compare --tariff other.json --readings " + h.path + documents + december)
		if n := len(compared["bills"].([]any)); n != 2 {
			t.Errorf("%s: %d bills compared", home, n)
		}
	}
}

// An addendum counts beside its own tariff, of its own supplier.
func TestAddendumBesideItsTariff(t *testing.T) {
	t.Parallel()
	d := sealedMonth(t)
	d.write("tariff.json", []byte(hotDays))
	id := d.do("tariff sign --tariff tariff.json --supplier-dir supplier --out signed.json")["id"].(string)
	announce := func(name, day string) {
		d.write(name, fmt.Appendf(nil, `{"events":[{"displayName":"Hot day","from":"2026-03-%sT15:00:00+10:00","to":"2026-03-%sT17:30:00+10:00"}],"tariff":"%s"}`, day, day, id))
	}
	announce("bare.json", "11")
	d.do("tariff sign --addendum bare.json --supplier-dir supplier --out event.json")
	d.do("tariff sign --addendum bare.json --supplier-dir rival --out rival.json")
	announce("later.json", "12")
	d.do("tariff sign --addendum later.json --supplier-dir supplier --out later.signed")
	if got := d.do("tariff check signed.json --addendum event.json"); got["id"] != id || got["accepted"] != true {
		t.Errorf("check says %v", got)
	}
	shown := d.do("tariff show signed.json --addendum event.json --addendum later.signed")
	if words := fmt.Sprint(shown["words"]); !strings.Contains(words, "announced 2 times, last from 2026-03-12 15:00 to 2026-03-12 17:30") {
		t.Errorf("words are %s", words)
	}
	for line, want := range map[string]string{
		"tariff show signed.json --addendum rival.json":                        "rival.json: addendum is not signed by the supplier of its tariff",
		"tariff check signed.json --addendum bare.json":                        "bare.json: addendum is not signed, and its tariff is",
		"tariff check tariff.json --addendum event.json":                       "event.json: addendum is signed, and its tariff is not",
		"tariff check signed.json --addendum event.json --addendum event.json": "there twice",
		quoteMonth + " --addendum rival.json":                                  "addendum is signed, and its tariff is not",
	} {
		d.refused(1, want, line)
	}
	d.refused(exitMisuse, "tariff.json is a tariff, not an addendum", "tariff check signed.json --addendum tariff.json")
	d.refused(exitMisuse, "signed.json is a tariff, not an addendum", "tariff sign --addendum signed.json --supplier-dir supplier --out x")

	const ask = "request --meter home-1 --supplier-dir supplier --tariff signed.json --addendum event.json --out first.request --start 2026-03-02 --end 2026-04-01"
	const bill = "bill --export my.hushwatt --key my.key --out my.bill --tariff signed.json "
	d.do(ask)
	first := d.do(bill + "--request first.request --addendum event.json")["total"]
	if later := d.do(bill + "--request first.request --addendum event.json --addendum later.signed")["total"]; later != first {
		t.Errorf("an addendum that came later makes %v of %v", later, first)
	}
	d.refused(1, "which is not there", bill+"--request first.request --addendum later.signed")
	d.verdict("tariff", "verify --bill my.bill --authority meter/authority.pub --tariff signed.json --addendum later.signed")
}

// An addendum has one flag in all commands; who gives it as a tariff is told.
func TestAddendumIsNoTariff(t *testing.T) {
	t.Parallel()
	d := sealedMonth(t)
	d.write("tariff.json", []byte(hotDays))
	d.write("event.json", fmt.Appendf(nil, `{"tariff":"%064x","events":[{"displayName":"Hot day","from":"2026-03-11T05:00:00Z","to":"2026-03-11T07:30:00Z"}]}`, 1))
	for _, line := range []string{
		"tariff check event.json",
		"tariff show event.json",
		"tariff sign --supplier-dir supplier --out x --tariff event.json",
		quoteMonth + " --tariff event.json",
		"tariff compare --readings readings.csv --tariff tariff.json --tariff event.json",
		"request --meter m --supplier-dir supplier --out x --tariff event.json" + month,
		billMonth + " --tariff event.json",
		"verify --bill tariff.json --authority tariff.json --tariff tariff.json --tariff event.json",
		"fsck --database x --tariff event.json",
	} {
		d.refused(exitMisuse, "event.json is an addendum, not a tariff: give it as --addendum ", line)
	}
	d.refused(1, "event.json: an addendum is of the tariff", "fsck --database x --tariff tariff.json --addendum event.json")
}
