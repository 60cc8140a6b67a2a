package endtoend

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hushwatt/internal/testdata"
	"hushwatt/meter"
	"hushwatt/meter/source"
	"hushwatt/prover"
	"hushwatt/prover/plan"
	"hushwatt/tariffs"
)

// Tariffs that compare readings: blocks, demand, netting, rounding in every slot.
// Each has an oracle of its own, which walks the readings with a wall clock and
// rationals and knows nothing of the document but what a customer would be told.

// reading is what both registers say of one slot.
type reading struct {
	at      time.Time // wall clock
	in, out *big.Rat  // kWh
	minutes int64
}

// compared is one tariff and its oracle.
type compared struct {
	name, document string
	events         string // of an addendum, or empty
	channels       int
	total          func(rs []reading) *big.Rat
}

// rules makes a document of a contract. Prices exclude 5 % tax.
func rules(clock, currency, stage, mode, contract string) string {
	return fmt.Sprintf(`{"planId":"rules","displayName":"Rules","brandName":"Test","effectiveFrom":"2011-01-01",
 "electricityContract":{"pricingModel":"FLEXIBLE","timeZone":"LOCAL",%s},
 "x-hushwatt":{"clock":"%s","currency":"%s","pricesIncludeTax":false,"taxes":[{"name":"VAT","rate":"0.05"}],
  "rounding":{"stage":"%s","digits":2,"mode":"%s"}}}`, contract, clock, currency, stage, mode)
}

// year is a tariffPeriod from January to December.
func year(more string) string {
	return `{"displayName":"All year","startDate":"01-01","endDate":"12-31",` + more + `}`
}

const (
	flatRate = `"rateBlockUType":"singleRate","singleRate":{"displayName":"Use","rates":[{"unitPrice":"0.1733"}]}`
	weekdays = `"days":["MON","TUE","WED","THU","FRI"],`
	everyDay = `"days":["MON","TUE","WED","THU","FRI","SAT","SUN"],`
)

func demandCharge(more string) string {
	return `"tariffPeriod":[` + year(flatRate) + `,` +
		year(`"component":"Power","rateBlockUType":"demandCharges","demandCharges":[{"displayName":"Peak",`+more+`}]`) + `]`
}

func rat(s string) *big.Rat {
	x, ok := new(big.Rat).SetString(s)
	if !ok {
		panic(s)
	}
	return x
}

func mul(a, b *big.Rat) *big.Rat   { return new(big.Rat).Mul(a, b) }
func plus(a, b *big.Rat) *big.Rat  { return new(big.Rat).Add(a, b) }
func minus(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }

func most(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) > 0 {
		return a
	}
	return b
}

// halfUp rounds to hundredths, taxed adds 5 % first.
func halfUp(x *big.Rat) *big.Rat { return round(x, 2, "half-up") }
func taxed(x *big.Rat) *big.Rat  { return halfUp(mul(x, rat("1.05"))) }

// energy adds up what the slots used that a clock lets through.
func energy(rs []reading, when func(t time.Time) bool) *big.Rat {
	sum := new(big.Rat)
	for _, r := range rs {
		if when == nil || when(r.at) {
			sum.Add(sum, r.in)
		}
	}
	return sum
}

// inBlocks prices energy block by block: pairs of width and price, the last width
// being empty.
func inBlocks(left *big.Rat, blocks ...string) *big.Rat {
	left = new(big.Rat).Set(left)
	sum := new(big.Rat)
	for i := 0; i < len(blocks); i += 2 {
		part := new(big.Rat).Set(left)
		if blocks[i] != "" && part.Cmp(rat(blocks[i])) > 0 {
			part = rat(blocks[i])
		}
		sum.Add(sum, mul(part, rat(blocks[i+1])))
		left.Sub(left, part)
	}
	return sum
}

// days cuts readings into local days.
func days(rs []reading) (list [][]reading) {
	last := ""
	for _, r := range rs {
		if day := r.at.Format(time.DateOnly); day != last {
			list, last = append(list, nil), day
		}
		list[len(list)-1] = append(list[len(list)-1], r)
	}
	return list
}

// highestKW is the highest mean kW over intervals of so many minutes that begin
// when a clock lets them.
func highestKW(rs []reading, minutes int64, when func(t time.Time) bool) *big.Rat {
	top := new(big.Rat)
	for i := 0; i < len(rs); i++ {
		if when != nil && !when(rs[i].at) || int64(rs[i].at.Minute())%minutes != 0 {
			continue
		}
		sum := new(big.Rat)
		for j := i; j < len(rs) && int64(j-i)*rs[i].minutes < minutes; j++ {
			sum.Add(sum, rs[j].in)
		}
		top = most(top, mul(sum, big.NewRat(60, minutes)))
	}
	return top
}

// meanOfHighest is the mean of the three highest daily peaks.
func meanOfHighest(rs []reading) *big.Rat {
	var peaks []*big.Rat
	for _, day := range days(rs) {
		peaks = append(peaks, highestKW(day, 60, nil))
	}
	sum := new(big.Rat)
	for range 3 { // take the highest away, three times
		at := 0
		for i := range peaks {
			if peaks[i].Cmp(peaks[at]) > 0 {
				at = i
			}
		}
		sum.Add(sum, peaks[at])
		peaks[at] = big.NewRat(-1, 1)
	}
	return mul(sum, big.NewRat(1, 3))
}

func afternoon(t time.Time) bool {
	return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday && t.Hour() >= 16 && t.Hour() < 20
}

func nightTime(t time.Time) bool { return t.Hour() >= 23 || t.Hour() < 7 }

// londonRules are tariffs of every rule kind for a half-hourly meter.
var londonRules = []compared{
	{name: "rising blocks, minimum", channels: 1,
		document: rules("Europe/London", "GBP", "bill", "half-up", `"tariffPeriod":[`+year(`"dailySupplyCharge":"0.2063","rateBlockUType":"singleRate","singleRate":{"displayName":"Use","period":"P1M",
   "rates":[{"unitPrice":"0.1231","volume":"120"},{"unitPrice":"0.1817","volume":"150"},{"unitPrice":"0.2503"}]}`)+`],"minimum":[{"displayName":"Least","term":"BILL","amount":"30.50"}]`),
		total: func(rs []reading) *big.Rat {
			net := plus(inBlocks(energy(rs, nil), "120", "0.1231", "150", "0.1817", "", "0.2503"), mul(big.NewRat(int64(len(days(rs))), 1), rat("0.2063")))
			return taxed(most(net, rat("30.50")))
		}},
	{name: "falling blocks by line", channels: 1,
		document: rules("Europe/London", "GBP", "line", "half-up", `"tariffPeriod":[`+year(`"dailySupplyCharge":"0.2063","rateBlockUType":"singleRate","singleRate":{"displayName":"Use","period":"P1M",
   "rates":[{"unitPrice":"0.2503","volume":"200"},{"unitPrice":"0.1231"}]}`)+`]`),
		total: func(rs []reading) *big.Rat {
			net := plus(halfUp(inBlocks(energy(rs, nil), "200", "0.2503", "", "0.1231")), halfUp(mul(big.NewRat(int64(len(days(rs))), 1), rat("0.2063"))))
			return plus(net, halfUp(mul(net, rat("0.05"))))
		}},
	{name: "free hours in a window", channels: 1,
		document: rules("Europe/London", "GBP", "bill", "half-up", `"tariffPeriod":[`+year(`"rateBlockUType":"timeOfUseRates","timeOfUseRates":[
   {"displayName":"Night","type":"OFF_PEAK","period":"P1M","rates":[{"unitPrice":"0","volume":"20.5"},{"unitPrice":"0.0731"}],"timeOfUse":[{`+everyDay+`"startTime":"23:00","endTime":"07:00"}]},
   {"displayName":"Day","type":"PEAK","rates":[{"unitPrice":"0.2117"}],"timeOfUse":[{`+everyDay+`"startTime":"07:00","endTime":"23:00"}]}]`)+`]`),
		total: func(rs []reading) *big.Rat {
			day := energy(rs, func(t time.Time) bool { return !nightTime(t) })
			return taxed(plus(inBlocks(energy(rs, nightTime), "20.5", "0", "", "0.0731"), mul(day, rat("0.2117"))))
		}},
	{name: "demand", channels: 1,
		document: rules("Europe/London", "GBP", "bill", "half-up", demandCharge(weekdays+`"startTime":"16:00","endTime":"20:00","interval":"PT30M","measurementPeriod":"MONTH","chargePeriod":"MONTH","amount":"3.17"`)),
		total: func(rs []reading) *big.Rat {
			return taxed(plus(mul(energy(rs, nil), rat("0.1733")), mul(highestKW(rs, 30, afternoon), rat("3.17"))))
		}},
	{name: "tier of a demand", channels: 1,
		document: rules("Europe/London", "GBP", "bill", "half-up", demandCharge(weekdays+`"startTime":"16:00","endTime":"20:00","interval":"PT30M","measurementPeriod":"MONTH","chargePeriod":"MONTH","amount":"3.17","minDemand":"0.5","maxDemand":"2"`)),
		total: func(rs []reading) *big.Rat {
			kw := highestKW(rs, 30, afternoon)
			if kw.Cmp(rat("2")) > 0 {
				kw = rat("2")
			}
			return taxed(plus(mul(energy(rs, nil), rat("0.1733")), mul(most(minus(kw, rat("0.5")), new(big.Rat)), rat("3.17"))))
		}},
	{name: "three highest days, at least 2.5 kW", channels: 1,
		document: rules("Europe/London", "GBP", "bill", "half-up", demandCharge(everyDay+`"startTime":"00:00","endTime":"24:00","interval":"PT60M","measurementPeriod":"MONTH","chargePeriod":"MONTH","amount":"4.41","highestDays":3,"floor":"2.5"`)),
		total: func(rs []reading) *big.Rat {
			return taxed(plus(mul(energy(rs, nil), rat("0.1733")), mul(most(meanOfHighest(rs), rat("2.5")), rat("4.41"))))
		}},
	{name: "ladder", channels: 1,
		document: rules("Europe/London", "GBP", "net", "half-up", demandCharge(everyDay+`"startTime":"00:00","endTime":"24:00","interval":"PT60M","measurementPeriod":"MONTH","chargePeriod":"MONTH","highestDays":3,
   "steps":[{"from":"0","amount":"11.30"},{"from":"1.5","amount":"20.60"},{"from":"3","amount":"35.10"}]`)),
		total: func(rs []reading) *big.Rat {
			step := rat("11.30")
			if kw := meanOfHighest(rs); kw.Cmp(rat("3")) >= 0 {
				step = rat("35.10")
			} else if kw.Cmp(rat("1.5")) >= 0 {
				step = rat("20.60")
			}
			net := halfUp(plus(mul(energy(rs, nil), rat("0.1733")), step))
			return plus(net, halfUp(mul(net, rat("0.05"))))
		}},
	{name: "every half-hour rounded", channels: 1,
		document: rules("Europe/London", "GBP", "interval", "half-even", `"tariffPeriod":[`+year(flatRate)+`]`),
		total: func(rs []reading) *big.Rat {
			net := new(big.Rat)
			for _, r := range rs {
				net.Add(net, round(mul(r.in, rat("0.1733")), 2, "half-even"))
			}
			return plus(net, round(mul(net, rat("0.05")), 2, "half-even"))
		}},
}

// solarRules are for a meter of import and export.
var solarRules = []compared{
	{name: "netted by half-hour", channels: 2,
		document: rules("Australia/Sydney", "AUD", "bill", "half-up", `"netMetering":"INTERVAL","tariffPeriod":[`+year(flatRate)+`],"solarFeedInTariff":[`+year(`"tariffUType":"singleTariff","singleTariff":{"rates":[{"unitPrice":"0.0812"}]}`)+`]`),
		total: func(rs []reading) *big.Rat {
			net := new(big.Rat)
			for _, r := range rs {
				if d := minus(r.in, r.out); d.Sign() > 0 {
					net.Add(net, mul(d, rat("0.1733")))
				} else {
					net.Add(net, mul(d, rat("0.0812")))
				}
			}
			return taxed(net)
		}},
	{name: "netted, export dearer", channels: 2,
		document: rules("Australia/Sydney", "AUD", "bill", "half-up", `"netMetering":"INTERVAL","tariffPeriod":[`+year(flatRate)+`],"solarFeedInTariff":[`+year(`"tariffUType":"singleTariff","singleTariff":{"rates":[{"unitPrice":"0.2212"}]}`)+`]`),
		total: func(rs []reading) *big.Rat {
			net := new(big.Rat)
			for _, r := range rs {
				if d := minus(r.in, r.out); d.Sign() > 0 {
					net.Add(net, mul(d, rat("0.1733")))
				} else {
					net.Add(net, mul(d, rat("0.2212")))
				}
			}
			return taxed(net)
		}},
	{name: "credit, not below nothing", channels: 2,
		document: rules("Australia/Sydney", "AUD", "bill", "half-up", `"tariffPeriod":[`+year(flatRate)+`],"solarFeedInTariff":[`+year(`"tariffUType":"singleTariff","singleTariff":{"rates":[{"unitPrice":"0.66"}]}`)+`],
   "minimum":[{"displayName":"Not below","term":"BILL","amount":"0"}]`),
		total: func(rs []reading) *big.Rat {
			net := mul(energy(rs, nil), rat("0.1733"))
			for _, r := range rs {
				net.Sub(net, mul(r.out, rat("0.66")))
			}
			return taxed(most(net, new(big.Rat)))
		}},
}

// swissRules are for quarter-hours and a bill of a week.
var swissRules = []compared{
	{name: "quarter-hour demand", channels: 1,
		document: rules("Europe/Zurich", "CHF", "bill", "half-up", demandCharge(everyDay+`"startTime":"06:00","endTime":"22:00","interval":"PT15M","measurementPeriod":"BILL","chargePeriod":"BILL","amount":"2.17"`)),
		total: func(rs []reading) *big.Rat {
			return taxed(plus(mul(energy(rs, nil), rat("0.1733")), mul(highestKW(rs, 15, func(t time.Time) bool { return t.Hour() >= 6 && t.Hour() < 22 }), rat("2.17"))))
		}},
	{name: "blocks by day", channels: 1,
		document: rules("Europe/Zurich", "CHF", "bill", "half-even", `"tariffPeriod":[`+year(`"rateBlockUType":"singleRate","singleRate":{"displayName":"Use","period":"P1D",
   "rates":[{"unitPrice":"0.12","volume":"6"},{"unitPrice":"0.1733"}]}`)+`]`),
		total: func(rs []reading) *big.Rat {
			net := new(big.Rat)
			for _, day := range days(rs) {
				net.Add(net, inBlocks(energy(day, nil), "6", "0.12", "", "0.1733"))
			}
			return round(mul(net, rat("1.05")), 2, "half-even")
		}},
}

// subject is a home of some readings, billed for one period.
type subject struct {
	name       string
	series     []source.Series
	zone       string
	start, end string
}

// readings are those of the period, by the wall clock of a zone.
func (s *subject) readings(t testing.TB) (rs []reading) {
	loc := zone(t, s.zone)
	step := int64(s.series[0].Step)
	for at := midnight(t, s.start, loc); at < midnight(t, s.end, loc); at += step {
		r := reading{at: time.Unix(at, 0).In(loc), in: new(big.Rat), out: new(big.Rat), minutes: step / 60}
		for i := range s.series {
			if wh, there := readSeries(&s.series[i])(at); there {
				*[]*big.Rat{r.in, r.out}[s.series[i].Channel] = *big.NewRat(wh, 1000)
			}
		}
		rs = append(rs, r)
	}
	return rs
}

// bill quotes and proves one bill, and compares both with the oracle's.
func (s *subject) bill(t testing.TB, w *world, c *compared, opened *meter.Opened) (proof, error) {
	want := c.total(s.readings(t)).FloatString(2)
	ts, first, last := readTariffs(t, s.start, s.end, [][]byte{[]byte(c.document)})
	if c.events != "" {
		a, err := tariffs.ParseAddendum([]byte(strings.Replace(c.events, "TARIFF", ts[0].ID(), 1)))
		if err != nil {
			return proof{}, err
		}
		if ts[0], err = ts[0].With(a); err != nil {
			return proof{}, err
		}
	}
	p, err := plan.New(ts, first, last, []prover.MeterSlots{{Meter: s.name, N: uint16(s.series[0].PerDay())}})
	if err != nil {
		return proof{}, err
	}
	if err := plan.Provable(p.Compiled[0]); err != nil {
		return proof{}, err
	}
	var channels []*tariffs.Series
	for i := range s.series[:c.channels] {
		channels = append(channels, tariffSeries(&s.series[i]))
	}
	q, err := tariffs.Quote(p.Compiled[0], channels...)
	if err != nil {
		return proof{}, err
	}
	if q.Total != want {
		return proof{}, fmt.Errorf("quote is %s, oracle says %s", q.Total, want)
	}
	bill, err := prove(p, opened)
	return proof{s.name + ", " + c.name, bill, p, want, q.Missing}, err
}

// run bills every subject on every tariff and returns how many are right.
func runRules(t *testing.T, subjects []*subject, cs []compared) int {
	w := newWorld(t)
	var mu sync.Mutex
	var proofs []proof
	inParallel(len(subjects), func(i int) {
		s := subjects[i]
		loc := zone(t, s.zone)
		var cut []source.Series
		for k := range s.series {
			cut = append(cut, cutDays(&s.series[k], midnight(t, s.start, loc), midnight(t, s.end, loc)))
		}
		opened, err := w.seal(s.name, cut, meter.DaysOptions{N: s.series[0].PerDay()})
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			return
		}
		for k := range cs {
			p, err := s.bill(t, w, &cs[k], opened)
			if err != nil {
				t.Errorf("%s, %s: %v", s.name, cs[k].name, err)
				continue
			}
			mu.Lock()
			proofs = append(proofs, p)
			mu.Unlock()
		}
	})
	return w.verifyAll(t, proofs)
}

// HUSHWATT_ALL_HOMES bills every home instead of some.
func some(most, n int) int {
	if os.Getenv("HUSHWATT_ALL_HOMES") != "" {
		return n
	}
	return min(most, n)
}

func TestRulesOfLondonHomes(t *testing.T) {
	homes := londonHomes(t)
	var subjects []*subject
	for _, h := range homes[:some(12, len(homes))] {
		m := months[1] // the clocks change
		s := &subject{h.name, []source.Series{*h.series}, "Europe/London", m.start, m.end}
		if loc := zone(t, s.zone); h.covers(midnight(t, s.start, loc), midnight(t, s.end, loc)) {
			subjects = append(subjects, s)
		}
	}
	if n, want := runRules(t, subjects, londonRules), len(subjects)*len(londonRules); n != want || n < 60 {
		t.Errorf("%d bills are right, want %d", n, want)
	}
}

// readShared reads a file of real readings.
func readShared(t *testing.T, path string, o source.Options) *source.File {
	t.Helper()
	o.LoadZone = tariffs.Zone
	f, err := source.Read(bytes.NewReader(readFile(t, testdata.Shared(t, filepath.Join("data", path)))), o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRulesOfSolarHome(t *testing.T) {
	f := readShared(t, "ausgrid-customer12/data_2011-2012.csv.gz", source.Options{})
	var subjects []*subject
	for i, m := range [][2]string{{"2011-10-01", "2011-11-01"}, {"2011-12-01", "2012-01-01"}, {"2012-04-01", "2012-05-01"}} {
		subjects = append(subjects, &subject{fmt.Sprint("solar-", i), f.Series, "Australia/Sydney", m[0], m[1]})
	}
	if n := runRules(t, subjects, solarRules); n != len(subjects)*len(solarRules) {
		t.Errorf("%d bills are right", n)
	}
}

func TestRulesOfSwissHomes(t *testing.T) {
	weeks := map[string][2]string{"w45": {"2018-11-05", "2018-11-12"}, "w47": {"2018-11-19", "2018-11-26"}}
	var subjects []*subject
	for week, period := range weeks {
		for _, id := range []string{"9717902", "4693828", "9620560"} {
			f := readShared(t, "swiss-bamberg-15min-2018/elcons_15min_"+week+".csv.gz", source.Options{Point: id, From: period[0], Choices: []string{"negative=missing"}})
			subjects = append(subjects, &subject{id + "-" + week, f.Series, "Europe/Zurich", period[0], period[1]})
		}
	}
	if n := runRules(t, subjects, swissRules); n != len(subjects)*len(swissRules) {
		t.Errorf("%d bills are right", n)
	}
}

// event is an announced time of the trial, as its file marks it.
type event struct{ from, to time.Time }

// trialEvents reads which half-hours of a home's file were events; its stamps
// are UTC+10 all year.
func trialEvents(t *testing.T, path string) (list []event) {
	t.Helper()
	f, err := os.Open(testdata.Shared(t, path))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	gz, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(gz).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		if row[1] == "0" {
			continue
		}
		at, err := time.ParseInLocation(time.DateTime, row[0], time.FixedZone("", 10*3600))
		if err != nil {
			t.Fatal(err)
		}
		if n := len(list); n > 0 && list[n-1].to.Equal(at) {
			list[n-1].to = at.Add(30 * time.Minute)
			continue
		}
		list = append(list, event{at, at.Add(30 * time.Minute)})
	}
	return list
}

// Announced hours of the trial cost more, after an allowance for each event.
func TestRulesOfTrialEvents(t *testing.T) {
	bills := 0
	for home, months := range map[string][]string{"10014564": {"2013-11", "2013-12", "2014-01", "2014-02"}, "10006486": {"2013-12", "2014-01"}} {
		path := "data/sgsc-nsw-halfhour/homes/" + home + ".csv.gz"
		events := trialEvents(t, path)
		var told []string
		for _, e := range events {
			told = append(told, fmt.Sprintf(`{"displayName":"Hot day","from":"%s","to":"%s"}`, e.from.Format(time.RFC3339), e.to.Format(time.RFC3339)))
		}
		c := compared{name: "events", channels: 1,
			events: `{"tariff":"TARIFF","events":[` + strings.Join(told, ",") + `]}`,
			document: rules("Australia/Brisbane", "AUD", "bill", "half-up", `"tariffPeriod":[`+year(flatRate)+`],
   "events":[{"displayName":"Hot day","maximum":60,"period":"EVENT","rates":[{"unitPrice":"0","volume":"1.2"},{"unitPrice":"0.61"}]}]`),
			total: func(rs []reading) *big.Rat {
				net := mul(energy(rs, nil), rat("0.1733"))
				for _, e := range events {
					used := energy(rs, func(at time.Time) bool { return !at.Before(e.from) && at.Before(e.to) })
					net.Add(net, inBlocks(used, "1.2", "0", "", "0.61"))
				}
				return taxed(net)
			}}
		f := readShared(t, strings.TrimPrefix(path, "data/"), source.Options{})
		var subjects []*subject
		for _, m := range months {
			first, err := time.Parse("2006-01", m)
			if err != nil {
				t.Fatal(err)
			}
			subjects = append(subjects, &subject{home + "-" + m, f.Series, "Australia/Brisbane", first.Format(time.DateOnly), first.AddDate(0, 1, 0).Format(time.DateOnly)})
		}
		bills += runRules(t, subjects, []compared{c})
	}
	if bills != 6 {
		t.Errorf("%d bills are right, want 6", bills)
	}
}
