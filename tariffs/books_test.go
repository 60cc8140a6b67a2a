package tariffs

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/cloudflare/circl/sign/ed25519"
)

// Five dated books in one bill, each replacing the one before from its own
// first day: daily volumes follow the days of each.
func TestFiveBooksInOneBill(t *testing.T) {
	days := []string{"2025-01-01", "2025-01-05", "2025-01-10", "2025-01-20", "2025-01-28"}
	prices := []string{"0.10", "0.20", "0.30", "0.40", "0.50"}
	var ts []*Tariff
	var texts []string
	for i, day := range days {
		text := contract(`"tariffPeriod":[`+yearRound(flatRate(`"period":"BILL","rates":[{"unitPrice":"`+prices[i]+`","dailyVolume":"10"},{"unitPrice":"1"}]`))+`]`, "2000-01-01", day)
		if i > 0 {
			text = strings.Replace(text, `"planId"`, `"replaces":"`+ts[i-1].ID()+`","planId"`, 1)
		}
		ts = append(ts, mustParse(t, text))
		if i+1 < len(days) { // the oracle knows dates only
			text = strings.Replace(text, `"electricityContract"`, `"effectiveTo":"`+days[i+1]+`","electricityContract"`, 1)
		}
		texts = append(texts, text)
	}
	// In any order; the fifth begins when the others have ended.
	p, err := Compile([]*Tariff{ts[3], ts[0], ts[4], ts[2], ts[1]}, date(t, "2025-01-01"), date(t, "2025-02-01"), 48)
	if err != nil {
		t.Fatal(err)
	}
	bill := checkOracle(t, p, texts, nil, even(p, 250)) // 12 kWh a day: 10 cheap, 2 dear
	// 4, 5, 10, 8 and 4 days.
	want := "4.00 8.00 10.00 10.00 30.00 20.00 32.00 16.00 20.00 8.00"
	var got []string
	for _, l := range bill.Lines {
		got = append(got, l.Amount)
	}
	if strings.Join(got, " ") != want || bill.Total != "158.00" {
		t.Errorf("lines %v, total %s, want %s and 158.00", got, bill.Total, want)
	}
	if docs := p.Documents(); len(docs) != 5 || docs[0] != ts[0].Hash() || docs[4] != ts[4].Hash() {
		t.Errorf("bound to %x", docs)
	}
	if id, ok := ts[1].Replaces(); !ok || id != ts[0].Hash() {
		t.Errorf("replaces %x, %v", id, ok)
	}
	if _, ok := ts[0].Replaces(); ok {
		t.Error("the first book replaces something")
	}
	// Without the replacing book the old one goes on; without the old one a gap.
	if p, err := Compile(ts[:1], date(t, "2025-01-01"), date(t, "2025-02-01"), 48); err != nil || len(p.Tariffs) != 1 {
		t.Errorf("the first book alone: %v", err)
	}
	_, err = Compile(ts[1:], date(t, "2025-01-01"), date(t, "2025-02-01"), 48)
	hasError(t, err, "no tariff is in force from 2025-01-01 to 2025-01-05")
	fork := mustParse(t, strings.Replace(string(ts[1].Canonical()), "0.20", "0.21", 1))
	_, err = Compile(append(ts, fork), date(t, "2025-01-01"), date(t, "2025-02-01"), 48)
	hasError(t, err, "both replace")
	signed := mustParse(t, string(ts[0].Signed(testKey(1))))
	_, err = Compile([]*Tariff{signed, ts[1]}, date(t, "2025-01-01"), date(t, "2025-01-20"), 48)
	hasError(t, err, "which another supplier signed")
}

// A bill of two months over Taipower's season edge of 1 October: blocks of two
// months in proportion to the days of each season.
func TestSeasonEdgeInsideABill(t *testing.T) {
	text := contract(`"tariffPeriod":[{"displayName":"Summer","startDate":"06-01","endDate":"09-30",`+flatRate(`"period":"BILL","rates":[{"unitPrice":"1.78","volume":"240"},{"unitPrice":"2.55"}]`)+`},`+
		`{"displayName":"Other","startDate":"10-01","endDate":"05-31",`+flatRate(`"period":"BILL","rates":[{"unitPrice":"1.78","volume":"240"},{"unitPrice":"2.26"}]`)+`}]`, "Etc/UTC", "Asia/Taipei", `"digits":2`, `"digits":0`)
	p := compile(t, mustParse(t, text), "2025-09-01", "2025-11-01", 96)
	bill := checkOracle(t, p, []string{text}, nil, even(p, 125)) // 12 kWh a day
	// 30 and 31 of 61 days: 118033 and 121967 Wh (half up); 360 and 372 kWh used.
	for i, want := range []int64{118033, 360000 - 118033, 121967, 372000 - 121967} {
		if *bill.Lines[i].Wh != want {
			t.Errorf("line %d has %d Wh, want %d", i, *bill.Lines[i].Wh, want)
		}
	}
}

// London's day of 25 hours: hour rows over two half-hours each, one of two hours
// over the change, one price below zero.
func TestRowsOverTheLongDay(t *testing.T) {
	text := plain(t, plainRate, dynamic("2023-10-28T23:00:00Z 2023-10-29T00:00:00Z 0.1", "2023-10-29T00:00:00Z 2023-10-29T02:00:00Z -0.2",
		"2023-10-29T02:00:00Z 2023-10-29T03:00:00Z 0.3", "2023-10-29T03:00:00Z 2023-10-30T00:00:00Z 0.4"))
	p := compile(t, mustParse(t, text), "2023-10-29", "2023-10-30", 48)
	if runs, slots := prices(p); slots != 50 || runs != "100×2 -200×4 300×2 400×42" {
		t.Errorf("%d slots: %s", slots, runs)
	}
}

// Demand on the days of the clock changes: the repeated hour is two intervals,
// blocks of a day are for 23 and for 25 hours.
func TestDemandAndBlocksOverClockChanges(t *testing.T) {
	text := contract(`"tariffPeriod":[`+yearRound(flatRate(`"period":"P1D","rates":[{"unitPrice":"0.20","volume":"10"},{"unitPrice":"0.30"}]`))+
		`,{"component":"Power","displayName":"Night","startDate":"01-01","endDate":"12-31","rateBlockUType":"demandCharges","demandCharges":[{"displayName":"Night",`+
		allDays+`,"startTime":"23:00","endTime":"03:00","interval":"PT60M","measurementPeriod":"DAY","chargePeriod":"DAY","amount":"1"}]}]`, "Etc/UTC", "Europe/London")
	for _, c := range []struct {
		day    string
		groups int
		total  string // 10 kWh at 0.20, the rest at 0.30, 1 for each kW of the highest hour
	}{
		{"2023-03-26", 3, "6.90"}, // 23 kWh: 2 + 3.90; hours from 00:00 but for that from 01:00, and from 23:00
		{"2023-10-29", 5, "7.50"}, // 25 kWh: 2 + 4.50
		{"2023-11-29", 4, "7.20"},
	} {
		p := compile(t, mustParse(t, text), c.day, (date(t, c.day) + 1).String(), 48)
		bill := checkOracle(t, p, []string{text}, nil, even(p, 500))
		if bill.Total != c.total {
			t.Errorf("%s: total %s, want %s", c.day, bill.Total, c.total)
		}
		for _, r := range p.Rules {
			if r.Kind == RulePeak && len(r.Groups) != c.groups {
				t.Errorf("%s: %d intervals, want %d", c.day, len(r.Groups), c.groups)
			}
		}
	}
	_, err := Compile([]*Tariff{mustParse(t, strings.Replace(text, "PT60M", "PT15M", 1))}, date(t, "2023-11-29"), date(t, "2023-11-30"), 48)
	hasError(t, err, "demandCharges[0].interval", "every 15 minutes, the meter's slots have 30")
}

func addendum(tariff *Tariff, events ...string) string {
	var list []string
	for _, e := range events {
		f := strings.Fields(e)
		list = append(list, fmt.Sprintf(`{"displayName":"%s","from":"%s","to":"%s"}`, f[0], f[1], f[2]))
	}
	return fmt.Sprintf(`{"tariff":"%s","events":[%s]}`, tariff.ID(), strings.Join(list, ","))
}

const hotDay = tenCents + `,"events":[{"displayName":"Hot","maximum":2,"period":"EVENT","rates":[{"unitPrice":"0","volume":"1"},{"unitPrice":"0.60"}]}]`

// Events that are announced later: 4 kWh in each, of which 1 is free.
func TestEvents(t *testing.T) {
	text := contract(hotDay)
	tariff := mustParse(t, text)
	const july10, july12 = "Hot 2023-07-10T16:00:00+02:00 2023-07-10T20:00:00+02:00", "Hot 2023-07-12T14:00:00Z 2023-07-12T18:00:00Z"
	key := testKey(9)
	parse := func(s string) *Addendum {
		t.Helper()
		a, err := ParseAddendum([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	one, two := parse(addendum(tariff, july10)), parse(addendum(tariff, july12))
	with, err := tariff.With(two, one)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		tariff     *Tariff
		total      string
		documents  int
		occurrence []Event
	}{
		{tariff, "74.40", 1, nil},
		{with, "78.00", 3, with.occurrences(with.tracks[1].event)},
	} {
		p := compile(t, c.tariff, "2023-07-01", "2023-08-01", 48)
		bill := checkOracle(t, p, []string{text}, c.occurrence, even(p, 500))
		if bill.Total != c.total || len(p.Documents()) != c.documents {
			t.Errorf("total %s, want %s; %d documents", bill.Total, c.total, len(p.Documents()))
		}
	}
	if with.Hash() != tariff.Hash() || one.Hash() == two.Hash() || one.Tariff() != tariff.ID() {
		t.Error("ids are mixed up")
	}

	signed := mustParse(t, string(tariff.Signed(key)))
	official := parse(string(one.Signed(key)))
	if _, err := signed.With(official); err != nil {
		t.Error(err)
	}
	if string(official.Canonical()) != string(one.Canonical()) || hex.EncodeToString(official.Supplier()) != hex.EncodeToString(key.Public().(ed25519.PublicKey)) {
		t.Error("signing changes an addendum")
	}
	for _, c := range []struct {
		name   string
		tariff *Tariff
		list   []*Addendum
		want   string
	}{
		{"of another tariff", mustParse(t, contract(hotDay, "Wide", "Other")), []*Addendum{one}, "is of the tariff"},
		{"not signed", signed, []*Addendum{one}, "addendum is not signed, and its tariff is"},
		{"signed by another", signed, []*Addendum{parse(string(one.Signed(testKey(8))))}, "not signed by the supplier"},
		{"twice", tariff, []*Addendum{one, one}, "there twice"},
		{"unknown event", tariff, []*Addendum{parse(addendum(tariff, "Cold 2023-07-10T16:00:00Z 2023-07-10T20:00:00Z"))}, `"Cold", which the tariff does not have`},
		{"overlapping", tariff, []*Addendum{one, parse(addendum(tariff, "Hot 2023-07-10T17:00:00Z 2023-07-10T20:00:00Z"))}, "two events"},
		{"too many", tariff, []*Addendum{one, two, parse(addendum(tariff, "Hot 2023-12-31T23:00:00Z 2024-01-01T03:00:00Z"))}, "more than 2 events"},
	} {
		_, err := c.tariff.With(c.list...)
		t.Run(c.name, func(t *testing.T) { hasError(t, err, c.want) })
	}
	inside := mustParse(t, text)
	inside, err = inside.With(parse(addendum(inside, "Hot 2023-07-10T14:10:00Z 2023-07-10T18:00:00Z")))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Compile([]*Tariff{inside}, date(t, "2023-07-01"), date(t, "2023-08-01"), 48)
	hasError(t, err, `price of "Hot" begins or ends at 2023-07-10 14:10`, "inside a metering slot")
}

func TestAddendumRefuses(t *testing.T) {
	tariff := mustParse(t, contract(hotDay))
	good := addendum(tariff, "Hot 2023-07-10T14:00:00Z 2023-07-10T18:00:00Z")
	for _, c := range []struct{ old, new, want string }{
		{`"tariff"`, `"note":"x","tariff"`, "note: unknown key"},
		{`"displayName"`, `"price":"1","displayName"`, "events[0].price: unknown key"},
		{tariff.ID(), tariff.ID()[1:], "tariff: "},
		{tariff.ID(), strings.ToUpper(tariff.ID()), "tariff: "},
		{"T18:00:00Z", "T14:00:00Z", "events[0].to"},
		{"2023-07-10T18", "2023-07-12T18", "events[0].to"},
		{"T18:00:00Z", "T18:00:00", "events[0].to"},
		{`"Hot"`, `7`, "events[0].displayName: is a number"},
		{good, `{"tariff":"` + tariff.ID() + `","events":[]}`, "events: is empty"},
		{good, `[]`, "must be an object"},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		_, err := ParseAddendum([]byte(text))
		t.Run(c.want, func(t *testing.T) { hasError(t, err, "addendum: ", c.want) })
	}
	a, err := ParseAddendum([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	signed := string(a.Signed(testKey(1)))
	_, err = ParseAddendum([]byte(strings.Replace(signed, "T18:00", "T19:00", 1)))
	hasError(t, err, "signature does not match")
}
