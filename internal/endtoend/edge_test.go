package endtoend

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"hushwatt/meter"
	"hushwatt/meter/household"
	"hushwatt/meter/source"
	"hushwatt/prover"
	"hushwatt/tariffs"
)

// installation is one meter of a bill: what it sealed, and when it was there.
type installation struct {
	name               string
	series             source.Series
	installed, removed time.Time // zero: always there
}

// occasion is a bill that is out of the ordinary.
type occasion struct {
	docs       [][]byte
	start, end string
	meters     []installation
	quote      *source.Series // what the quote reads
}

// single is a bill of one meter that was always there.
func single(s source.Series, start, end string, docs ...[]byte) *occasion {
	return &occasion{docs: docs, start: start, end: end, meters: []installation{{name: "meter-1", series: s}}, quote: &s}
}

// run quotes, proves and verifies an occasion, compares all with the oracle, and
// returns what the oracle says.
func (o *occasion) run(t *testing.T) (*oracleBill, string) {
	t.Helper()
	var docs []*document
	for _, data := range o.docs {
		docs = append(docs, readDocument(t, data))
	}
	walk := walkPeriod(t, docs, o.start, o.end, int64(o.quote.Step))
	want := walk.bill(readSeries(o.quote))
	total := want.total(t, docs[0])
	plan := newPlan(t, o.start, o.end, o.slots(), o.docs...)
	if err := quoted(quotePlan(t, o.start, o.end, o.quote.PerDay(), o.docs...), o.quote, docs[0], want, total); err != nil {
		t.Errorf("quote: %v", err)
	}
	w := newWorld(t)
	bill, err := prove(plan, o.open(t, w)...)
	if err != nil {
		t.Fatal(err)
	}
	if w.verifyAll(t, []proof{{"proven", bill, plan, total, want.missing}}) != 1 {
		t.Errorf("the proven bill is not the oracle's %s", total)
	}
	return want, total
}

func (o *occasion) slots() []prover.MeterSlots {
	var list []prover.MeterSlots
	for _, m := range o.meters {
		list = append(list, prover.MeterSlots{Meter: m.name, N: uint16(m.series.PerDay())})
	}
	return list
}

func (o *occasion) open(t *testing.T, w *world) []*meter.Opened {
	t.Helper()
	unix := func(at time.Time) int64 {
		if at.IsZero() {
			return 0
		}
		return at.Unix()
	}
	var opened []*meter.Opened
	for _, m := range o.meters {
		e, err := w.seal(m.name, []source.Series{m.series},
			meter.DaysOptions{N: m.series.PerDay(), Installed: unix(m.installed), Removed: unix(m.removed)})
		if err != nil {
			t.Fatal(err)
		}
		opened = append(opened, e)
	}
	return opened
}

// readSeries is how the oracle reads what no file holds.
func readSeries(s *source.Series) func(at int64) (int64, bool) {
	return func(at int64) (int64, bool) {
		i := (at - s.Start) / int64(s.Step)
		if at < s.Start || i >= int64(len(s.Wh)) || s.Status[i] == source.Missing {
			return 0, false
		}
		return int64(s.Wh[i]), true
	}
}

// made returns a made-up home's import from the day before start, for so many days.
func made(t testing.TB, o household.Options, start string, days int) source.Series {
	t.Helper()
	h, err := household.New(o)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse(time.DateOnly, start)
	if err != nil {
		t.Fatal(err)
	}
	s, err := h.Series(int(at.Unix()/86400)-1, days)
	if err != nil {
		t.Fatal(err)
	}
	return s[source.Import]
}

// sydney has two seasons of which one wraps the new year, a holiday, and
// prices that include tax or not.
const sydney = `{
 "planId": "test-sydney", "displayName": "Sydney", "brandName": "Test", "effectiveFrom": "2013-01-01",
 "electricityContract": {"pricingModel": "TIME_OF_USE", "timeZone": "%s", "tariffPeriod": [
  {"displayName": "Summer", "startDate": "10-15", "endDate": "04-10", "dailySupplyCharge": "0.9234",
   "rateBlockUType": "timeOfUseRates", "timeOfUseRates": [
    {"displayName": "Peak", "type": "PEAK", "rates": [{"unitPrice": "0.5197"}], "timeOfUse": [
     {"days": ["MON", "TUE", "WED", "THU", "FRI"], "startTime": "14:00", "endTime": "20:00"}]},
    {"displayName": "Other", "type": "OFF_PEAK", "rates": [{"unitPrice": "0.1309"}], "timeOfUse": [
     {"days": ["MON", "TUE", "WED", "THU", "FRI"], "startTime": "00:00", "endTime": "14:00"},
     {"days": ["MON", "TUE", "WED", "THU", "FRI"], "startTime": "20:00", "endTime": "24:00"},
     {"days": ["SAT", "SUN"], "startTime": "00:00", "endTime": "24:00"}]}]},
  {"displayName": "Winter", "startDate": "04-11", "endDate": "10-14", "dailySupplyCharge": "0.8",
   "rateBlockUType": "singleRate", "singleRate": {"displayName": "Any time", "rates": [{"unitPrice": "0.2718"}]}}]},
 "x-hushwatt": {"clock": "Australia/Sydney", "currency": "AUD", "pricesIncludeTax": %s,
  "taxes": [{"name": "GST", "rate": "0.1"}], "rounding": {"stage": "line", "digits": 2, "mode": "half-up"},
  "holidays": {"dates": ["2013-04-01"], "countAs": "SUN"}}}`

// Summer time of the south: a day of April has 25 hours, one of October 23; a
// document that keeps to standard time has neither.
func TestSydney(t *testing.T) {
	for _, month := range []struct{ start, end string }{{"2013-04-01", "2013-05-01"}, {"2013-10-01", "2013-11-01"}} {
		s := made(t, household.Options{Seed: 11}, month.start, 33)
		for _, zone := range []string{"LOCAL", "AEST"} {
			for _, includes := range []string{"true", "false"} {
				doc := fmt.Appendf(nil, sydney, zone, includes)
				for _, stage := range stages {
					t.Run(fmt.Sprint(month.start, zone, includes, stage), func(t *testing.T) {
						bill, _ := single(s, month.start, month.end, withRounding(t, doc, stage, "half-up")).run(t)
						hours := map[string]int{"2013-04-01LOCAL": 30*24 + 1, "2013-10-01LOCAL": 31*24 - 1,
							"2013-04-01AEST": 30 * 24, "2013-10-01AEST": 31 * 24}[month.start+zone]
						if bill.slots != 2*hours {
							t.Errorf("%d half-hours, want %d", bill.slots, 2*hours)
						}
					})
				}
			}
		}
	}
}

// Every mode of rounding, on prices of both signs and amounts that fall on the tie.
func TestModes(t *testing.T) {
	s := made(t, household.Options{Seed: 12}, "2013-02-01", 30)
	const even = "0.0001" // 10⁻⁷ a Wh: thousandths of a penny
	for _, mode := range []string{"half-up", "half-away", "half-even", "up", "down"} {
		for _, price := range []string{even, "-" + even, "0.15", "-0.15"} {
			for _, stage := range stages {
				t.Run(fmt.Sprint(mode, price, stage), func(t *testing.T) {
					doc := withPrice(t, example(t, "flat"), price, "0")
					single(s, "2013-02-01", "2013-03-01", withRounding(t, doc, stage, mode)).run(t)
				})
			}
		}
	}
}

// Ties: 5 Wh at 1 a kWh are half a penny, in every mode and of both signs.
func TestTies(t *testing.T) {
	for _, c := range []struct {
		wh          uint32
		price, mode string
		want        string
	}{
		{5, "1", "half-up", "0.01"}, {5, "-1", "half-up", "0.00"},
		{5, "1", "half-away", "0.01"}, {5, "-1", "half-away", "-0.01"},
		{5, "1", "half-even", "0.00"}, {5, "-1", "half-even", "0.00"},
		{15, "1", "half-up", "0.02"}, {15, "-1", "half-up", "-0.01"},
		{15, "1", "half-away", "0.02"}, {15, "-1", "half-away", "-0.02"},
		{15, "1", "half-even", "0.02"}, {15, "-1", "half-even", "-0.02"},
		{1, "1", "up", "0.01"}, {1, "-1", "up", "0.00"}, {1, "1", "down", "0.00"}, {1, "-1", "down", "-0.01"},
	} {
		for _, stage := range stages {
			t.Run(fmt.Sprint(c.wh, c.price, c.mode, stage), func(t *testing.T) {
				s := zeros("2013-02-01", 30)
				s.Wh[500] = c.wh
				doc := withoutTax(t, withPrice(t, example(t, "flat"), c.price, "0"))
				_, total := single(s, "2013-02-01", "2013-03-01", withRounding(t, doc, stage, c.mode)).run(t)
				if total != c.want {
					t.Errorf("total %s, want %s", total, c.want)
				}
			})
		}
	}
}

// zeros is a home where nothing runs, from the day before start.
func zeros(start string, days int) source.Series {
	at, err := time.Parse(time.DateOnly, start)
	if err != nil {
		panic(err)
	}
	return source.Series{Start: at.Unix() - 86400, Step: 1800, Wh: make([]uint32, 48*days), Status: make([]source.Status, 48*days)}
}

// A missing half-hour is billed as nothing, counted and shown; where the tariff
// refuses it, quote and proof do too.
func TestMissingHalfHour(t *testing.T) {
	s := made(t, household.Options{Seed: 13}, "2013-07-01", 33)
	at := 48*14 + 37
	s.Wh, s.Status = slices.Clone(s.Wh), slices.Clone(s.Status)
	s.Wh[at], s.Status[at] = 0, source.Missing
	for _, stage := range stages {
		doc := withRounding(t, example(t, "evening"), stage, "half-up")
		bill, _ := single(s, "2013-07-01", "2013-08-01", doc).run(t)
		if bill.missing != 1 {
			t.Errorf("%d half-hours missing, want 1", bill.missing)
		}
	}
	strict := decode(t, example(t, "evening"))
	strict["x-hushwatt"].(object)["missingPolicy"] = "refuse"
	o := single(s, "2013-07-01", "2013-08-01", encode(t, strict))
	plan := newPlan(t, o.start, o.end, o.slots(), o.docs...)
	if _, err := tariffs.Quote(plan.Compiled[0], tariffSeries(&s)); err == nil {
		t.Error("a half-hour is missing, which the tariff refuses, and it was quoted")
	}
	_, err := prove(plan, o.open(t, newWorld(t))...)
	if r := new(prover.Refusal); !errors.As(err, &r) || r.Reason != prover.ReasonStatus {
		t.Errorf("a half-hour is missing, which the tariff refuses; the proof says: %v", err)
	}
}

// A new tariff within the month, also on the day on which clocks change.
func TestTariffChange(t *testing.T) {
	s := made(t, household.Options{Seed: 14}, "2013-03-01", 33)
	for _, day := range []string{"2013-03-02", "2013-03-16", "2013-03-31"} {
		for _, stage := range stages {
			t.Run(day+stage, func(t *testing.T) {
				before := withRounding(t, withDates(t, example(t, "flat"), "2013-01-01", day), stage, "half-up")
				after := withRounding(t, withDates(t, example(t, "evening"), day, "2014-01-01"), stage, "half-up")
				bill, _ := single(s, "2013-03-01", "2013-04-01", before, after).run(t)
				if len(bill.names) != 4 || bill.wh[0] == 0 || bill.wh[1] == 0 {
					t.Errorf("lines %q with %d Wh", bill.names, bill.wh)
				}
			})
		}
	}
}

// A meter that is replaced in the middle of a day, by one of the same slots or of
// finer ones.
func TestMeterReplaced(t *testing.T) {
	const start, end = "2013-03-01", "2013-04-01"
	at := time.Date(2013, 3, 12, 10, 30, 0, 0, time.UTC)
	old := made(t, household.Options{Seed: 15}, start, 33)
	for _, step := range []int{1800, 900} {
		next := made(t, household.Options{Seed: 16, Step: step}, start, 33)
		both := old
		coarse, err := next.Coarsen(1800)
		if err != nil {
			t.Fatal(err)
		}
		cut := (at.Unix() - old.Start) / 1800
		both.Wh = slices.Concat(old.Wh[:cut], coarse.Wh[cut:])
		both.Status = slices.Concat(old.Status[:cut], coarse.Status[cut:])
		for _, name := range []string{"flat", "evening"} {
			for _, stage := range stages {
				t.Run(fmt.Sprint(step, name, stage), func(t *testing.T) {
					o := single(both, start, end, withRounding(t, example(t, name), stage, "half-up"))
					o.meters = []installation{{name: "new-meter", series: next, installed: at}, {name: "old-meter", series: old, removed: at}}
					o.run(t)
				})
			}
		}
	}
}

// A credit: prices below zero, on all of the bill or most of it.
func TestCredit(t *testing.T) {
	s := made(t, household.Options{Seed: 17}, "2013-03-30", 4)
	for _, stage := range stages {
		for _, standing := range []string{"0.25", "0"} {
			dynamic := decode(t, example(t, "dynamic-two-days"))
			season := dynamic["electricityContract"].(object)["tariffPeriod"].([]any)[0].(object)
			season["dailySupplyCharge"] = standing
			for _, r := range season["dynamicRates"].(object)["rates"].([]any) {
				if row := r.(object); row["value_exc_vat"] == "0.1176" {
					row["value_exc_vat"] = "-0.3172"
				}
			}
			_, total := single(s, "2013-03-30", "2013-04-01", withRounding(t, encode(t, dynamic), stage, "half-up")).run(t)
			if total[0] != '-' {
				t.Errorf("stage %s: total %s is no credit", stage, total)
			}
		}
	}
}

// The two days of the example as it stands, over the spring change of clocks.
func TestDynamicExample(t *testing.T) {
	s := made(t, household.Options{Seed: 18}, "2013-03-30", 4)
	bill, _ := single(s, "2013-03-30", "2013-04-01", example(t, "dynamic-two-days")).run(t)
	if bill.slots != 48+46 {
		t.Errorf("%d half-hours, want 94", bill.slots)
	}
}

// A zero bill: nothing used, or nothing to pay; never "-0.00".
func TestZeroBill(t *testing.T) {
	for name, c := range map[string]struct {
		series source.Series
		price  string
	}{
		"nothing used":      {zeros("2013-02-01", 30), "0.14228"},
		"nothing to pay":    {made(t, household.Options{Seed: 19}, "2013-02-01", 30), "0"},
		"a trace of credit": {oneWh(), "-0.0001"},
	} {
		for _, stage := range stages {
			t.Run(name+", "+stage, func(t *testing.T) {
				doc := withRounding(t, withPrice(t, example(t, "flat"), c.price, "0"), stage, "half-up")
				if _, total := single(c.series, "2013-02-01", "2013-03-01", doc).run(t); total != "0.00" {
					t.Errorf("total %s, want 0.00", total)
				}
			})
		}
	}
}

func oneWh() source.Series {
	s := zeros("2013-02-01", 30)
	s.Wh[700] = 1
	return s
}

// Rounding slot by slot, in every mode.
func TestInterval(t *testing.T) {
	s := made(t, household.Options{Seed: 20}, "2013-10-01", 33)
	for _, mode := range []string{"half-up", "half-even", "down", "up", "half-away"} {
		t.Run(mode, func(t *testing.T) {
			single(s, "2013-10-01", "2013-11-01", withRounding(t, example(t, "evening"), "interval", mode)).run(t)
		})
	}
}
