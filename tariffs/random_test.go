package tariffs

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// randomTariff writes a tariff of all that a document can say.
type randomTariff struct {
	*rand.Rand
	stage string
	exact bool // no blocks (stage interval)
}

func (r randomTariff) one(of ...string) string { return of[r.IntN(len(of))] }

func (r randomTariff) maybe(text string) string {
	if r.IntN(2) == 0 {
		return text
	}
	return ""
}

func (r randomTariff) price() string {
	return r.one("0.1423", "0.30", "0.05125", "0", "-0.031", "0.27000001", "1")
}

// rates is one price, or blocks with a period.
func (r randomTariff) rates(periods ...string) string {
	if r.exact || r.IntN(3) == 0 {
		return fmt.Sprintf(`"rates":[{"unitPrice":"%s"}]`, r.price())
	}
	period := r.one(periods...)
	key := "volume"
	if period != "P1D" && period != "EVENT" && r.IntN(2) == 0 {
		key = "dailyVolume"
	}
	volumes := map[string][]string{"P1D": {"3", "0.5", "7.123"}, "EVENT": {"0.2", "1.5"}}[period]
	if volumes == nil {
		volumes = []string{"40", "100.5", "12.345", "300"}
	}
	if key == "dailyVolume" {
		volumes = []string{"3.5", "1.234", "9"}
	}
	var list []string
	for range 1 + r.IntN(2) {
		list = append(list, fmt.Sprintf(`{"unitPrice":"%s","%s":"%s"}`, r.price(), key, r.one(volumes...)))
	}
	return fmt.Sprintf(`"period":"%s","rates":[%s,{"unitPrice":"%s"}]`, period, strings.Join(list, ","), r.price())
}

var randomPeriods = []string{"P1D", "P1M", "P3M", "P1Y", "BILL"}

// season is the prices of one tariffPeriod or feed-in tariff.
func (r randomTariff) season(export bool) string {
	kinds := [3]string{`"rateBlockUType":"singleRate","singleRate":{"displayName":"Any time",%s}`, `"rateBlockUType":"timeOfUseRates","timeOfUseRates":[%s]`, "timeOfUse"}
	if export {
		kinds = [3]string{`"tariffUType":"singleTariff","singleTariff":{%s}`, `"tariffUType":"timeVaryingTariffs","timeVaryingTariffs":[%s]`, "timeVariations"}
	}
	switch r.IntN(4) {
	case 0:
		return fmt.Sprintf(kinds[0], r.rates(randomPeriods...))
	case 1:
		return r.dynamic(export)
	}
	all := `"MON","TUE","WED","THU","FRI","SAT","SUN","PUBLIC_HOLIDAYS"`
	var blocks []string
	for i, w := range [][2]string{{"21:30", "06:00"}, {"06:00", "16:30"}, {"16:30", "21:30"}} {
		blocks = append(blocks, fmt.Sprintf(`{"displayName":"Rate %d","type":"PEAK",%s,"%s":[{"days":[%s],"startTime":"%s","endTime":"%s"}]}`,
			i, r.rates(randomPeriods...), kinds[2], all, w[0], w[1]))
	}
	return fmt.Sprintf(kinds[1], strings.Join(blocks, ","))
}

// dynamic prices every three hours, and now and then for longer.
func (r randomTariff) dynamic(export bool) string {
	var rows []string
	at := time.Date(2023, 9, 1, 0, 0, 0, 0, time.UTC)
	for at.Before(time.Date(2024, 4, 1, 0, 0, 0, 0, time.UTC)) {
		next := at.Add(time.Duration(1+r.IntN(60)) * time.Hour)
		rows = append(rows, fmt.Sprintf(`{"valid_from":"%s","valid_to":"%s","value_exc_vat":"%s"}`, at.Format(time.RFC3339), next.Format(time.RFC3339), r.price()))
		at = next
	}
	key := map[bool]string{false: "rateBlockUType", true: "tariffUType"}[export]
	return fmt.Sprintf(`"%s":"dynamicRates","dynamicRates":{"rates":[%s]}`, key, strings.Join(rows, ","))
}

func (r randomTariff) seasons(component string, export bool) string {
	if component != "" {
		component = fmt.Sprintf(`"component":"%s",`, component)
	}
	supply := ""
	if !export {
		supply = r.maybe(`"dailySupplyCharge":"0.3217",`)
	}
	edges := [][2]string{{"01-01", "12-31"}}
	if r.IntN(2) == 0 {
		edges = [][2]string{{"10-01", "02-29"}, {"03-01", "09-30"}}
	}
	var out []string
	for i, e := range edges {
		out = append(out, fmt.Sprintf(`{%s"displayName":"Season %d","startDate":"%s","endDate":"%s",%s%s}`, component, i, e[0], e[1], supply, r.season(export)))
	}
	return strings.Join(out, ",")
}

func (r randomTariff) demand() string {
	charge := r.one(`"amount":"4.21"`, `"amount":"3.7","floor":"2.5"`, `"amount":"2","minDemand":"0.5"`, `"amount":"2.001","minDemand":"0.5","maxDemand":"1.75"`,
		`"amount":"2","maxDemand":"1"`, `"steps":[{"from":"0","amount":"130"},{"from":"0.5","amount":"206.5"},{"from":"1.333","amount":"250"}]`)
	measure := r.one("DAY", "MONTH", "BILL")
	highest := ""
	if measure != "DAY" {
		highest = r.maybe(`"highestDays":3,`)
	}
	windows := fmt.Sprintf(`"days":["MON","TUE","WED","THU","FRI"],"startTime":"%s","endTime":"%s"`, r.one("16:00", "22:00"), r.one("20:00", "03:00"))
	if r.IntN(2) == 0 {
		windows = fmt.Sprintf(`"timeOfUse":[{%s},{"days":["MON","SAT"],"startTime":"%s","endTime":"09:00"}]`, windows, r.one("02:00", "07:00", "18:00"))
	}
	return fmt.Sprintf(`{"component":"Demand","displayName":"Power","startDate":"01-01","endDate":"12-31","rateBlockUType":"demandCharges","demandCharges":[{%s"displayName":"Peak",
		%s,"interval":"PT60M","measurementPeriod":"%s","chargePeriod":"%s",%s}]}`,
		highest, windows, measure, r.one("DAY", "MONTH", "BILL"), charge)
}

func (r randomTariff) text(from, to string) string {
	periods := []string{r.seasons("", false)}
	if r.IntN(2) == 0 {
		periods = append(periods, r.seasons("Network", false))
	}
	if r.IntN(2) == 0 {
		periods = append(periods, r.demand())
	}
	contract := fmt.Sprintf(`"pricingModel":"FLEXIBLE","timeZone":"LOCAL","tariffPeriod":[%s]`, strings.Join(periods, ","))
	if r.IntN(2) == 0 {
		contract += fmt.Sprintf(`,"solarFeedInTariff":[%s]`, r.seasons("", true))
	}
	contract += fmt.Sprintf(`,"events":[{"displayName":"Hot day","maximum":9,%s}]`, r.rates("EVENT", "BILL"))
	contract += `,"fees":[{"displayName":"Rental","term":"` + r.one("DAILY", "MONTHLY", "ANNUAL", "BILL") + `","amount":"36.61"}]`
	contract += r.maybe(`,"discounts":[{"displayName":"Online","rate":"0.125","of":["Energy"]},{"displayName":"All","rate":"0.011"}]`)
	contract += r.maybe(`,"surcharges":[{"displayName":"City","rate":"0.0333","of":["Fees","Energy"]}]`)
	countAs := "SUN"
	if strings.Contains(contract, holidaysDayName) {
		countAs = holidaysDayName
	}
	end := ""
	if to != "" {
		end = fmt.Sprintf(`"effectiveTo":"%s",`, to)
	}
	return fmt.Sprintf(`{"planId":"r","displayName":"Random","brandName":"B","effectiveFrom":"%s",%s"electricityContract":{%s,SHARED},"x-hushwatt":{"clock":"Europe/London","currency":"EUR",
		"holidays":{"dates":["2023-12-25","2024-01-01"],"countAs":"%s"},RULES}}`, from, end, contract, countAs)
}

// together is what the tariffs of one bill must agree in.
func (r randomTariff) together() (shared, rules string) {
	shared = r.one(`"minimum":[{"displayName":"Least","term":"MONTHLY","amount":"31.07"}]`, `"minimum":[]`, `"minimum":[{"displayName":"Floor","term":"BILL","amount":"0"}]`,
		`"minimum":[{"displayName":"Part","term":"DAILY","amount":"1.05","of":["Energy"]},{"displayName":"Least","term":"BILL","amount":"90.13"}]`)
	if r.IntN(4) == 0 {
		shared += `,"netMetering":"INTERVAL"`
	}
	taxes, included := `{"name":"Electricity tax","rate":"0.0511269632"}`, "false"
	taxes = `{"name":"Electricity tax","rate":"0.051127"},{"name":"VAT","rate":"0.21","on":["Electricity tax"]}`
	if r.stage == "bill" && r.IntN(2) == 0 {
		taxes = `{"name":"Levy","rate":"0.051127","of":["Energy"]},{"name":"VAT","rate":"0.21","on":["Levy"]}`
	} else if r.IntN(3) == 0 {
		included = "true"
	}
	rules = fmt.Sprintf(`"pricesIncludeTax":%s,"taxes":[%s],"rounding":{"stage":"%s","digits":%d,"mode":"%s"}`, included, taxes, r.stage, r.IntN(4), r.one("half-up", "half-away", "half-even", "up", "down"))
	return shared, rules
}

// Random tariffs, one or two in a bill, with events, over clock changes, the new
// year and 29 February: every line as the oracle has it.
func TestRandomTariffs(t *testing.T) {
	if testing.Short() {
		t.Skip("LEFT OUT with -short; make unit runs it")
	}
	rng := rand.New(rand.NewPCG(41, 42))
	provable, rules := 0, map[RuleKind]int{}
	for i := range 100 {
		r := randomTariff{Rand: rng, stage: []string{"bill", "net", "line", "interval"}[i%4]}
		r.exact = r.stage == "interval"
		shared, agreed := r.together()
		periods := [][2]string{{"2023-10-20", "2023-11-05"}, {"2024-02-20", "2024-03-12"}, {"2024-03-25", "2024-04-01"}, {"2023-12-11", "2024-01-19"}}
		period := periods[rng.IntN(len(periods))]
		var texts []string
		var ts []*Tariff
		change := (date(t, period[0]) + 5).String()
		for _, span := range [][2]string{{"2020-01-01", change}, {change, ""}} {
			text := r.text(span[0], span[1])
			text = strings.Replace(strings.Replace(text, "SHARED", shared, 1), "RULES", agreed, 1)
			texts = append(texts, text)
			ts = append(ts, mustParse(t, text))
		}
		var events []Event
		for day := date(t, period[0]) + 1; day < date(t, period[1]); day += 5 {
			from := int64(day)*daySeconds + int64(rng.IntN(20))*3600
			events = append(events, Event{"Hot day", from, from + 3600*int64(1+rng.IntN(6))})
		}
		for j := range ts {
			ts[j] = announced(t, ts[j], events)
		}
		n := []int{48, 96}[rng.IntN(2)]
		p, err := Compile(ts, date(t, period[0]), date(t, period[1]), n)
		if err != nil {
			t.Fatalf("%v\n%s", err, texts)
		}
		for _, rule := range p.Rules {
			rules[rule.Kind]++
		}
		imp, exp := home(p, rng, 1500), home(p, rng, 1200)
		checkOracle(t, p, texts, events, imp, exp)
		if p.Provable() == nil {
			provable++
		}
	}
	for _, kind := range []RuleKind{RuleExcess, RuleStep, RulePeak, RuleHighest, RuleNet, RuleRounded} {
		if rules[kind] < 5 {
			t.Errorf("only %d rules of kind %s: the test is too easy", rules[kind], kind)
		}
	}
	if provable < 20 {
		t.Errorf("only %d of 100 are provable", provable)
	}
}

// announced attaches an addendum with these events.
func announced(t testing.TB, tariff *Tariff, events []Event) *Tariff {
	t.Helper()
	var list []string
	for _, e := range events {
		list = append(list, fmt.Sprintf(`{"displayName":"%s","from":"%s","to":"%s"}`, e.Name, utcStamp(e.From), utcStamp(e.To)))
	}
	a, err := ParseAddendum([]byte(fmt.Sprintf(`{"tariff":"%s","events":[%s]}`, tariff.ID(), strings.Join(list, ","))))
	if err != nil {
		t.Fatal(err)
	}
	out, err := tariff.With(a)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
