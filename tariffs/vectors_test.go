package tariffs_test

import (
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"hushwatt/tariffs"
	"hushwatt/testvectors"
)

// tariffFiles collects the files of testvectors/tariff.
type tariffFiles struct {
	t    *testing.T
	list []testvectors.Vector
}

func TestVectorFiles(t *testing.T) {
	f := &tariffFiles{t: t}
	f.releases()
	f.documents()
	f.forms()
	f.wider()
	f.compiles()
	testvectors.Sync(t, "tariff", f.list)
}

func (f *tariffFiles) add(name, base, reason, comment, kind string, input any) {
	v := testvectors.Vector{Name: name, Section: "6", Comment: comment, Kind: kind, Expected: testvectors.Accepted, Input: input}
	if base != "" {
		v.Expected, v.Base, v.Reason = testvectors.Refused, base, reason
	}
	f.list = append(f.list, v)
}

const january = 15706 // 2013-01-01

// release adds rows of 24 slots a day, each price given in 1/unit per Wh.
func (f *tariffFiles) release(name, base, reason, comment string, rows ...testvectors.ReleasedRow) {
	f.t.Helper()
	var judged []tariffs.Row
	for _, r := range rows {
		unit, _ := new(big.Int).SetString(r.Unit, 10)
		judged = append(judged, tariffs.Row{FirstDay: r.FirstDay, Weights: r.Weights, U: unit})
	}
	_, err := tariffs.Privacy(24, "Etc/UTC", judged)
	var refused *tariffs.Refusal
	got := ""
	if errors.As(err, &refused) {
		got = "rule-" + strings.ToLower(refused.Rule)
	} else if err != nil {
		f.t.Fatalf("%s: %v", name, err)
	}
	if got != reason {
		f.t.Errorf("%s: %q instead of %q (%v)", name, got, reason, err)
	}
	f.add(name, base, reason, comment, "release", &testvectors.Release{N: 24, Clock: "Etc/UTC", Rows: rows})
}

func row(unit int64, first, days int, price func(slot int) int64) testvectors.ReleasedRow {
	r := testvectors.ReleasedRow{FirstDay: first, Unit: fmt.Sprint(unit), Weights: make([][]int64, days)}
	for d := range r.Weights {
		for s := range 24 {
			r.Weights[d] = append(r.Weights[d], price(24*d+s))
		}
	}
	return r
}

// releases: what several numbers tell together about one home.
func (f *tariffFiles) releases() {
	const evening = 14*24 + 17
	flat := func(int) int64 { return 14 }
	except := func(usual, there int64) func(int) int64 {
		return func(slot int) int64 {
			if slot == evening {
				return there
			}
			return usual
		}
	}
	rng := rand.New(rand.NewPCG(6, 1))
	month := func(price func(int) int64) testvectors.ReleasedRow { return row(1000, january, 31, price) }
	f.release("release-flat", "", "", "A month at one price.", month(flat))
	f.release("release-hourly", "", "", "A month at a price an hour.", month(func(int) int64 { return 5 + rng.Int64N(30) }))
	f.release("release-evening", "", "", "A month with a dear evening.", month(func(slot int) int64 { return 7 + 24*b2i(slot%24 >= 17 && slot%24 < 20) }))
	f.release("release-edge-of-rule-a", "", "", "A Wh moves the number by half a unit and no more.", row(28, january, 31, flat))
	f.release("release-again", "", "", "One bill twice: the second tells nothing.", month(flat), month(flat))
	f.release("release-two-months", "", "", "A month and the next one.", month(flat), row(1000, january+31, 28, flat))

	f.release("release-one-hot", "release-flat", "rule-b", "Only one hour of the month has a price.", month(except(0, 14)))
	f.release("release-super-increasing", "release-flat", "rule-b", "Every price is twice the one before: the number is a list of readings.",
		row(1<<40, january, 31, func(slot int) int64 { return 1 << 38 >> min(62, 31*24-1-slot) }))
	f.release("release-marker-digits", "release-flat", "rule-a", "The last digits of a fine number count the Wh of one hour.", row(20000, january, 31, except(20000, 20001)))
	f.release("release-one-slot-spike", "release-flat", "rule-b", "One hour at a hundred times the price.", month(except(4, 400)))
	f.release("release-one-evening", "release-flat", "rule-b", "Three hours of one day have nearly all of the price.", month(func(slot int) int64 {
		return 1 + 100*b2i(slot >= evening && slot < evening+3)
	}))
	f.release("release-beyond-rule-a", "release-flat", "rule-a", "A Wh moves the number by a little more than half a unit.", row(27, january, 31, flat))
	f.release("rebill-differs-one-slot", "release-again", "rule-b", "A bill and a re-bill that differs in the price of one hour.", month(flat), month(except(14, 24)))
	f.release("month-and-month-less-a-day", "release-again", "rule-b", "A month and the same month without its last day.", month(flat), row(1000, january, 30, flat))
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// document is a tariff of January 2013 in UTC with the given rates and edits of
// its text, pairs of old and new.
func document(rates string, edits ...string) string {
	text := `{"brandName":"Demo Energy","displayName":"Vector","effectiveFrom":"2013-01-01","effectiveTo":"2013-02-01","electricityContract":` +
		`{"pricingModel":"` + map[bool]string{true: "FLEXIBLE", false: "SINGLE_RATE"}[strings.Contains(rates, "dynamic")] + `","tariffPeriod":[{"dailySupplyCharge":"0.25","displayName":"All year","endDate":"12-31",` +
		rates + `,"startDate":"01-01"}],"timeZone":"LOCAL"},"planId":"vector","x-hushwatt":{"clock":"Etc/UTC","currency":"GBP","pricesIncludeTax":false,` +
		`"rounding":{"digits":2,"mode":"half-up","stage":"bill"},"taxes":[{"name":"VAT","rate":"0.05"}]}}`
	for i := 0; i < len(edits); i += 2 {
		if !strings.Contains(text, edits[i]) {
			panic(edits[i] + " is not in the document")
		}
		text = strings.Replace(text, edits[i], edits[i+1], 1)
	}
	return text
}

const single = `"rateBlockUType":"singleRate","singleRate":{"displayName":"Any time","rates":[{"unitPrice":"0.14228"}]}`

// dynamic writes rows of prices: hours since the start of 2013 and a price from
// then on, until the end of January.
func dynamic(from []int, prices []string) string {
	at := func(hour int) string {
		return time.Unix(january*86400+int64(hour)*3600, 0).UTC().Format(time.RFC3339)
	}
	var rows []string
	for i, p := range prices {
		to := 31 * 24
		if i+1 < len(from) {
			to = from[i+1]
		}
		rows = append(rows, fmt.Sprintf(`{"valid_from":"%s","valid_to":"%s","value_exc_vat":"%s"}`, at(from[i]), at(to), p))
	}
	return `"dynamicRates":{"rates":[` + strings.Join(rows, ",") + `]},"rateBlockUType":"dynamicRates"`
}

func (f *tariffFiles) document(name, base, reason, comment, text string) {
	f.t.Helper()
	tariff, err := tariffs.Parse([]byte(text))
	var report *tariffs.Report
	if err == nil {
		report, err = tariffs.Check(tariff)
	}
	switch {
	case err != nil && reason != "malformed":
		f.t.Errorf("%s: %v", name, err)
	case err == nil && (reason == "malformed" || report.Accepted != (base == "" || reason == "not-provable")):
		f.t.Errorf("%s: %+v", name, report)
	}
	f.add(name, base, reason, comment, "tariff", &testvectors.Tariff{Document: text})
}

// documents: tariffs that are well formed, and made to read a home.
func (f *tariffFiles) documents() {
	f.document("tariff-flat", "", "", "One price.", document(single))
	f.document("tariff-dynamic", "", "", "Dynamic prices that change every six hours.", document(dynamic(every(6, 124), cycle(124, "0.11", "0.14", "0.17", "0.24"))))
	const evening = 14*24 + 17
	f.document("tariff-one-hot", "tariff-dynamic", "rule-b", "Only one hour of the month has a price.",
		document(dynamic([]int{0, evening, evening + 1}, []string{"0", "0.14", "0"})))
	var doubling []string
	for i := range 24 {
		doubling = append(doubling, fmt.Sprintf("0.%09d", 1<<(i+4)))
	}
	f.document("tariff-super-increasing", "tariff-dynamic", "rule-b", "Every price of the last day is twice the one before.",
		document(dynamic(append([]int{0}, hours(30*24, 24)...), append([]string{"0"}, doubling...))))
	f.document("tariff-marker-digits", "tariff-dynamic", "rule-a", "Seven digits of the total, of which the last count the Wh of one hour.",
		document(dynamic([]int{0, evening, evening + 1}, []string{"0.2", "0.20001", "0.2"}), `"digits":2`, `"digits":7`))
	f.document("tariff-one-slot-spike", "tariff-dynamic", "rule-b", "One hour at a hundred times the price.",
		document(dynamic([]int{0, evening, evening + 1}, []string{"0.02", "2", "0.02"})))
	f.document("tariff-rounded-by-interval", "", "", "Every slot is rounded by itself.", document(single, `"stage":"bill"`, `"stage":"interval"`))
	f.document("tariff-minimum-of-rounded-lines", "tariff-flat", "not-provable", "A minimum charge on lines that are rounded apart.",
		document(single, `"stage":"bill"`, `"stage":"line"`, `"pricingModel"`, `"minimum":[{"amount":"5","displayName":"Least","term":"BILL"}],"pricingModel"`))
}

func hours(first, count int) (list []int) {
	for i := range count {
		list = append(list, first+i)
	}
	return list
}

func every(step, count int) (list []int) {
	for i := range count {
		list = append(list, step*i)
	}
	return list
}

func cycle(count int, prices ...string) (list []string) {
	for i := range count {
		list = append(list, prices[i%len(prices)])
	}
	return list
}

// forms: documents that are not what the format says.
func (f *tariffFiles) forms() {
	windows := func(list ...string) string {
		var parts []string
		for i, w := range list {
			from, to, _ := strings.Cut(w, "-")
			parts = append(parts, fmt.Sprintf(`{"displayName":"Rate %d","rates":[{"unitPrice":"0.%d"}],"timeOfUse":[{"days":["MON","TUE","WED","THU","FRI","SAT","SUN"],"endTime":"%s","startTime":"%s"}],"type":"PEAK"}`, i, i+1, to, from))
		}
		return `"rateBlockUType":"timeOfUseRates","timeOfUseRates":[` + strings.Join(parts, ",") + `]`
	}
	of := func(list ...string) string { return document(windows(list...), "SINGLE_RATE", "TIME_OF_USE") }
	f.document("tariff-two-rates", "", "", "A night rate over midnight.", of("23:30-06:30", "06:30-23:30"))
	f.document("tariff-window-gap", "tariff-two-rates", "malformed", "Half an hour belongs to no rate.", of("23:30-06:30", "07:00-23:30"))
	f.document("tariff-window-overlap", "tariff-two-rates", "malformed", "Half an hour belongs to two rates.", of("23:30-06:30", "06:00-23:30"))
	f.document("tariff-window-inclusive-end", "tariff-two-rates", "malformed", "Windows end on their last minute, as published plans write.", of("23:30-06:29", "06:30-23:29"))
	f.document("tariff-window-inside-every-slot", "tariff-two-rates", "malformed", "A window ends seven minutes past.", of("23:30-06:37", "06:37-23:30"))
	for _, c := range []struct{ name, comment, old, new string }{
		{"tariff-unknown-key", "A key that the format does not know.", `"planId":"vector"`, `"planId":"vector","extra":1`},
		{"tariff-key-twice", "A key stands twice.", `"planId":"vector"`, `"planId":"vector","planId":"vector"`},
		{"tariff-price-as-number", "A price is a number instead of a string.", `"0.14228"`, `0.14228`},
		{"tariff-price-with-ten-decimals", "A price has ten decimals.", `"0.14228"`, `"0.1422800001"`},
		{"tariff-price-with-exponent", "A price has an exponent.", `"0.14228"`, `"1.4228e-1"`},
		{"tariff-price-too-large", "A price is beyond 2^44 pico-currency per Wh.", `"0.14228"`, `"17593"`},
		{"tariff-without-rounding", "There is no rounding rule.", `"rounding":{"digits":2,"mode":"half-up","stage":"bill"},`, ``},
		{"tariff-rounding-mode-unknown", "A rounding mode that does not exist.", `"half-up"`, `"nearest"`},
		{"tariff-ends-before-it-begins", "The last date is before the first.", `"2013-02-01"`, `"2012-02-01"`},
		{"tariff-clock-unknown", "A clock that does not exist.", `"Etc/UTC"`, `"Etc/Nowhere"`},
		{"tariff-trailing-value", "A second value follows.", `"rate":"0.05"}]}}`, `"rate":"0.05"}]}}{}`},
		{"tariff-date-that-is-none", "The thirtieth of February.", `"2013-02-01"`, `"2013-02-30"`},
	} {
		f.document(c.name, "tariff-flat", "malformed", c.comment, document(single, c.old, c.new))
	}
	f.document("tariff-dynamic-overlap", "tariff-dynamic", "malformed", "Two dynamic rows share an hour.",
		document(dynamic([]int{0, 6, 12}, []string{"0.11", "0.14", "0.17"}), `"valid_from":"2013-01-01T06:00:00Z"`, `"valid_from":"2013-01-01T05:00:00Z"`))
}

// wider: one document of each thing that tariffs can say beyond a price list,
// and what is refused of its keys.
func (f *tariffFiles) wider() {
	const blocks = `"rateBlockUType":"singleRate","singleRate":{"displayName":"Use","period":"P1M","rates":[{"unitPrice":"0.2","volume":"300"},{"unitPrice":"0.3"}]}`
	malformed := func(name, base, comment, rates string, edits ...string) {
		f.document(name, base, "malformed", comment, document(rates, edits...))
	}
	contract := func(part string) []string { return []string{`"pricingModel"`, part + `,"pricingModel"`} }

	f.document("tariff-blocks", "", "", "Two blocks a month.", document(blocks))
	malformed("tariff-blocks-without-period", "tariff-blocks", "Blocks that do not say over what time they count.", blocks, `"period":"P1M",`, ``)
	malformed("tariff-block-without-volume", "tariff-blocks", "A block without an end before the last one.", blocks, `,"volume":"300"`, ``)
	malformed("tariff-volume-finer-than-wh", "tariff-blocks", "A volume that is no whole number of Wh.", blocks, `"300"`, `"300.0005"`)

	network := func(from string) string {
		return `{"component":"Network","displayName":"Network","endDate":"12-31","rateBlockUType":"singleRate","singleRate":{"displayName":"Net","rates":[{"unitPrice":"0.05"}]},"startDate":"` + from + `"}`
	}
	f.document("tariff-two-components", "", "", "Energy and network, each with its own prices.", document(single, `"tariffPeriod":[`, `"tariffPeriod":[`+network("01-01")+`,`))
	malformed("tariff-component-with-gap", "tariff-two-components", "The network has no price on 1 January.", single, `"tariffPeriod":[`, `"tariffPeriod":[`+network("01-02")+`,`)

	demand := func(days, from, to, charge string) []string {
		return []string{`"tariffPeriod":[`, `"tariffPeriod":[{"component":"Power","demandCharges":[{"chargePeriod":"MONTH","days":[` + days + `],"displayName":"Peak","endTime":"` + to +
			`","interval":"PT30M","measurementPeriod":"MONTH","startTime":"` + from + `",` + charge + `}],"displayName":"Power","endDate":"12-31","rateBlockUType":"demandCharges","startDate":"01-01"},`}
	}
	const working = `"MON","TUE","WED","THU","FRI"`
	steps := func(list ...string) string {
		var out []string
		for i, from := range list {
			out = append(out, fmt.Sprintf(`{"amount":"%d","from":"%s"}`, 10*(i+1), from))
		}
		return `"highestDays":3,"steps":[` + strings.Join(out, ",") + `]`
	}
	f.document("tariff-demand", "", "", "The highest half-hour of working evenings.", document(single, demand(working, "16:00", "20:00", `"amount":"12.5"`)...))
	beside := strings.Replace(demand(working, "16:00", "20:00", `"amount":"12.5"`)[1], `"startTime":"16:00",`, `"startTime":"16:00","timeOfUse":[{"days":["SAT"],"endTime":"12:00","startTime":"10:00"}],`, 1)
	malformed("tariff-demand-window-beside-list", "tariff-demand", "A window beside a list of windows.", single, `"tariffPeriod":[`, beside)
	f.document("tariff-demand-steps", "", "", "A ladder for the mean of the three highest days.", document(single, demand(working, "00:00", "24:00", steps("0", "2", "5"))...))
	malformed("tariff-demand-off-interval", "tariff-demand", "The window begins inside a demand interval.", single, demand(working, "16:15", "20:00", `"amount":"12.5"`)...)
	malformed("tariff-demand-steps-descending", "tariff-demand-steps", "Steps that are out of order.", single, demand(working, "00:00", "24:00", steps("0", "5", "2"))...)
	f.document("tariff-demand-of-four-half-hours", "tariff-demand", "rule-b", "The highest of four half-hours a month.", document(single, demand(`"SUN"`, "16:00", "16:30", `"amount":"12.5"`)...))

	f.document("tariff-feed-in", "", "", "Export is paid for.", document(single, contract(`"solarFeedInTariff":[{"displayName":"Feed-in","endDate":"12-31","singleTariff":{"rates":[{"unitPrice":"0.08"}]},"startDate":"01-01","tariffUType":"singleTariff"}]`)...))
	f.document("tariff-charges", "", "", "Fees, a discount, a surcharge, a minimum charge, a tax on a tax and one on a part.", document(single, append(contract(
		`"discounts":[{"displayName":"Online","of":["Energy"],"rate":"0.1"}],"fees":[{"amount":"36.5","displayName":"Meter","term":"ANNUAL"}],"minimum":[{"amount":"12","displayName":"Least","term":"MONTHLY"}]`),
		`"timeZone":"LOCAL"`, `"surcharges":[{"displayName":"City","rate":"0.01"}],"timeZone":"LOCAL"`,
		`[{"name":"VAT","rate":"0.05"}]`, `[{"name":"Levy","of":["Energy"],"rate":"0.051127"},{"name":"VAT","on":["Levy"],"rate":"0.21"}]`)...))
	malformed("tariff-tax-on-later-tax", "tariff-charges", "A tax on one that comes after it.", single, `[{"name":"VAT","rate":"0.05"}]`, `[{"name":"VAT","on":["Levy"],"rate":"0.21"},{"name":"Levy","rate":"0.05"}]`)
	malformed("tariff-discount-of-unknown-component", "tariff-charges", "A discount on what the tariff does not have.", single, contract(`"discounts":[{"displayName":"Online","of":["Netwerk"],"rate":"0.1"}]`)...)

	event := func(more string) []string {
		return contract(`"events":[{"displayName":"Hot day","maximum":9,"rates":[{"unitPrice":"0.6"}]` + more + `}]`)
	}
	f.document("tariff-events", "", "", "An extra price in hours that are announced later.", document(single, event("")...))
	malformed("tariff-event-with-hours", "tariff-events", "Hours of an event stand in an addendum, not in the tariff.", single, event(`,"startTime":"16:00"`)...)
	malformed("tariff-controlled-load", "tariff-flat", "A controlled load needs a document of its own.", single, contract(`"controlledLoad":[]`)...)
	malformed("tariff-names-customer", "tariff-flat", "A tariff for one customer.", single, `"planId"`, `"customer":"12","planId"`)

	window := func(days, at string) string {
		return `{"displayName":"` + at + `","rates":[{"unitPrice":"0.2"}],"timeOfUse":[{"days":[` + days + `],"endTime":"24:00","startTime":"00:00"}],"type":"PEAK"}`
	}
	holidays := []string{`"currency"`, `"holidays":{"countAs":"PUBLIC_HOLIDAYS","dates":["2013-01-01"]},"currency"`, "SINGLE_RATE", "TIME_OF_USE"}
	week := window(working+`,"SAT","SUN"`, "Any day")
	f.document("tariff-holidays", "", "", "Holidays have prices of their own.", document(`"rateBlockUType":"timeOfUseRates","timeOfUseRates":[`+week+`,`+window(`"PUBLIC_HOLIDAYS"`, "Holiday")+`]`, holidays...))
	malformed("tariff-holiday-without-windows", "tariff-holidays", "Holidays are a day of their own that no window names.", `"rateBlockUType":"timeOfUseRates","timeOfUseRates":[`+week+`]`, holidays...)

	hour := func(more string) string {
		return `"rateBlockUType":"timeOfUseRates","timeOfUseRates":[{"displayName":"Hour","period":"P1D","rates":[{"unitPrice":"0.1","volume":"0.5"},{"unitPrice":"` + more + `"}],"timeOfUse":[{"days":[` + working +
			`,"SAT","SUN"],"endTime":"18:00","startTime":"17:00"}],"type":"PEAK"},{"displayName":"Else","rates":[{"unitPrice":"0.1"}],"timeOfUse":[{"days":[` + working + `,"SAT","SUN"],"endTime":"17:00","startTime":"18:00"}],"type":"OFF_PEAK"}]`
	}
	f.document("tariff-block-in-an-hour-a-day", "", "", "What is used in one hour above half a kWh is dearer.", document(hour("0.3"), "SINGLE_RATE", "TIME_OF_USE"))
	f.document("tariff-block-in-one-hour", "tariff-block-in-an-hour-a-day", "rule-b", "A bill of the block alone: on a day above its threshold the hour could be read.", document(hour("2.9"), "SINGLE_RATE", "TIME_OF_USE"))
}
