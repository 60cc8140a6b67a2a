package source

import (
	"fmt"
	"strings"
	"testing"

	"hushwatt/tariffs"
)

// Forms of which no file is at hand, made after their published description.

const (
	octopusRates = `{"count":3,"next":"https://api.octopus.energy/v1/products/P/electricity-tariffs/E/standard-unit-rates/?page=2","previous":null,"results":[
	 {"value_exc_vat":20.0,"value_inc_vat":21.0,"valid_from":"2024-02-01T00:00:00Z","valid_to":null,"payment_method":"DIRECT_DEBIT"},
	 {"value_exc_vat":22.0,"value_inc_vat":23.1,"valid_from":"2024-02-01T00:00:00Z","valid_to":null,"payment_method":"NON_DIRECT_DEBIT"}]}`
	octopusMore = `{"count":3,"next":null,"previous":"https://api.octopus.energy/v1/products/P/electricity-tariffs/E/standard-unit-rates/","results":[
	 {"value_exc_vat":18.5,"value_inc_vat":19.425,"valid_from":"2024-01-01T00:00:00Z","valid_to":"2024-02-01T00:00:00Z","payment_method":"DIRECT_DEBIT"}]}`
	octopusStanding = `{"count":2,"next":null,"previous":null,"results":[
	 {"value_exc_vat":48.2,"value_inc_vat":50.61,"valid_from":"2023-10-01T00:00:00Z","valid_to":null,"payment_method":null},
	 {"value_exc_vat":40.0,"value_inc_vat":42.0,"valid_from":"2023-01-01T00:00:00Z","valid_to":"2023-10-01T00:00:00Z","payment_method":null}]}`
	octopusFixed = `{"count":1,"next":null,"previous":null,"results":[
	 {"value_exc_vat":24.118,"value_inc_vat":25.3239,"valid_from":"2024-03-31T23:00:00Z","valid_to":null,"payment_method":null}]}`
	esiosValues = `{"indicator":{"name":"Término de facturación de energía activa del PVPC 2.0TD","short_name":"PVPC","id":1001,"values":[
	 {"value":116.33,"datetime":"2021-06-01T00:00:00.000+02:00","datetime_utc":"2021-05-31T22:00:00Z","tz_time":"2021-05-31T22:00:00.000Z","geo_id":8741,"geo_name":"Península"},
	 {"value":100.00,"datetime":"2021-06-01T00:00:00.000+02:00","datetime_utc":"2021-05-31T22:00:00Z","tz_time":"2021-05-31T22:00:00.000Z","geo_id":8744,"geo_name":"Ceuta"}%s]}}`
)

func octopusOptions(included string) Options {
	o := options()
	both(vat(included), chosenAs("payment", "DIRECT_DEBIT"))(&o)
	o.To = "2024-04-01"
	return o
}

func TestOctopusPages(t *testing.T) {
	pages := []File{{"1.json", []byte(octopusRates)}, {"2.json", []byte(octopusMore)}}
	o := octopusOptions("no")
	o.Standing = []File{{"standing.json", []byte(octopusStanding)}}
	im, err := Import("octopus", pages, o)
	if err != nil {
		t.Fatal(err)
	}
	// January at 18.5 p, February and March (begun in winter time, ended in
	// summer time) at 20 p, 91 days at 48.2 p; VAT 5 %.
	wh := func(start, end string) (sum int64) {
		p := compiled(t, im.Tariff, start, end)
		for at := p.From; at < p.To; at += 1800 {
			sum += 100 + at/1800*37%900
		}
		return sum
	}
	micro := wh("2024-01-01", "2024-02-01")*185 + wh("2024-02-01", "2024-04-01")*200 + 91*482000
	micro = micro * 105 / 100 // in 10⁻⁶ pounds, exact to the last but one digit
	got := quoted(t, im.Tariff, real{start: "2024-01-01", end: "2024-04-01"})
	if want := fmt.Sprintf("%d.%04d", micro/1e6, (micro%1e6+50)/100); got != want {
		t.Errorf("total %s, want %s", got, want)
	}
	for _, x := range []struct {
		files []File
		with  func(*Options)
		want  string
	}{
		{pages[:1], nil, "2 rows of 3 are there: give all pages, each once"},
		{[]File{pages[0], pages[1], pages[1]}, nil, "4 rows of 3 are there"},
		{pages, func(o *Options) { o.To = "" }, "until when its last price holds: give --to"},
		{pages, func(o *Options) { delete(o.Choices, "payment") }, "give --choose payment=…, one of DIRECT_DEBIT, NON_DIRECT_DEBIT"},
		{pages, func(o *Options) { o.Taxes[0].Rate = 2e8 }, "1.json: results[0]: 21.0 with VAT is not 20.0 and the taxes given"},
		{pages, func(o *Options) { o.Standing = pages }, "this is a page of unit-rates"},
		{pages, func(o *Options) {
			o.Standing[0].Data = []byte(strings.ReplaceAll(octopusStanding, "2023-10-01", "2024-02-01"))
		}, "results[0].value_exc_vat: the standing charge holds from 2024-02-01T00:00:00Z to now only"},
		{[]File{{"s.json", []byte(strings.ReplaceAll(octopusRates, "standard-unit-rates", "standing-charges"))}}, nil, "this is a page of standing-charges"},
		{[]File{{"1.json", []byte(strings.Replace(octopusRates, "2024-02-01T00:00:00Z", "yesterday", 1))}, pages[1]}, nil, `1.json: results[0].valid_from: "yesterday" is not a time with an offset`},
		{[]File{{"1.json", []byte(strings.Replace(octopusRates, "2024-02-01T00:00:00Z", "2024-02-01T00:30:00Z", 1))}, pages[1]}, nil, "no price from 2024-02-01T00:00:00Z to 2024-02-01T00:30:00Z"},
	} {
		o := octopusOptions("no")
		o.Standing = []File{{"standing.json", []byte(octopusStanding)}}
		if x.with != nil {
			x.with(&o)
		}
		if _, err := Import("octopus", x.files, o); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%v, want %q", err, x.want)
		}
	}
}

func compiled(t *testing.T, tariff *tariffs.Tariff, start, end string) *tariffs.Plan {
	t.Helper()
	from, err1 := tariffs.ParseDate(start)
	to, err2 := tariffs.ParseDate(end)
	p, err := tariffs.Compile([]*tariffs.Tariff{tariff}, from, to, 48)
	if err1 != nil || err2 != nil || err != nil {
		t.Fatal(err1, err2, err)
	}
	return p
}

// One row without an end is a fixed price, with VAT or without.
func TestOctopusFixed(t *testing.T) {
	for included, want := range map[string]string{"no": `{"unitPrice":"0.24118"}`, "yes": `{"unitPrice":"0.253239"}`} {
		o := options()
		vat(included)(&o)
		im, err := Import("", []File{{"rates.json", []byte(octopusFixed)}}, o)
		if err != nil {
			t.Fatal(err)
		}
		doc := string(im.Tariff.Canonical())
		if !strings.Contains(doc, want) || !strings.Contains(doc, `"effectiveFrom":"2024-04-01"`) || strings.Contains(doc, "effectiveTo") {
			t.Errorf("%s: %s", included, doc)
		}
	}
}

// The answer of the ESIOS service, of two places.
func TestESIOS(t *testing.T) {
	var more strings.Builder
	for h := 1; h < 24; h++ {
		fmt.Fprintf(&more, `,{"value":%d.5,"datetime_utc":"2021-0%sZ","geo_name":"Península"}`, 50+h, []string{"5-31T22:00:00", "5-31T23:00:00"}[min(h, 1)])
		if h > 1 {
			s := strings.TrimSuffix(more.String(), `"2021-05-31T23:00:00Z","geo_name":"Península"}`)
			more.Reset()
			fmt.Fprintf(&more, `%s"2021-06-01T%02d:00:00Z","geo_name":"Península"}`, s, h-2)
		}
	}
	o := options()
	both(spain, chosenAs("territory", "Península"))(&o)
	im, err := Import("", []File{{"esios.json", fmt.Appendf(nil, esiosValues, more.String())}}, o)
	if err != nil {
		t.Fatal(err)
	}
	weeks, err := im.Tariff.Weeks(0)
	if err != nil {
		t.Fatal(err)
	}
	if d := weeks[0].Days[0]; d.Date != "2021-06-01" || priceAt(d, 59) != "0.11633" || priceAt(d, 60) != "0.0515" || priceAt(d, 1439) != "0.0735" {
		t.Errorf("%+v", d)
	}
	if !leaves(im, "indicator.values[1]") {
		t.Errorf("the other place is not listed: %v", im.Dropped)
	}
}

// Names of the older versions, daily tiers, an adjustment, export that is not
// carried, and demand with one window and with several.
func TestURDBForms(t *testing.T) {
	matrix := func(row string) string {
		return "[" + strings.TrimSuffix(strings.Repeat("["+row+"],", 12), ",") + "]"
	}
	zeros := strings.TrimSuffix(strings.Repeat("0,", 24), ",")
	evening := strings.TrimSuffix(strings.Repeat("0,", 16)+strings.Repeat("1,", 4)+strings.Repeat("0,", 4), ",")
	doc := `{"label":"x","name":"Old","utility":"U","startdate":1577836800,"fixedmonthlycharge":7.5,"minmonthlycharge":12,"annualmincharge":100,
	 "energyratestructure":[[{"max":10,"rate":0.10,"adj":0.005,"unit":"kWh daily","sell":0.04},{"rate":0.2,"unit":"kWh daily"}]],
	 "energyweekdayschedule":` + matrix(zeros) + `,"energyweekendschedule":` + matrix(zeros) + `,
	 "demandratestructure":[[{"rate":3}],[{"rate":9,"max":5},{"rate":8}]],"demandweekdayschedule":` + matrix(evening) + `,"demandweekendschedule":` + matrix(zeros) + `,
	 "demandratchetpercentage":[0,0,0,0,0,0,0,0,0,0,0,0],"dgrules":"Net Metering","demandwindow":30}`
	o := options()
	clockOf("America/Chicago")(&o)
	im, err := Import("", []File{{"old.json", []byte(doc)}}, o)
	if err != nil {
		t.Fatal(err)
	}
	got := string(im.Tariff.Canonical())
	for _, want := range []string{
		`"period":"P1D","rates":[{"unitPrice":"0.105","volume":"10"},{"unitPrice":"0.2"}]`,
		`{"amount":"7.5","displayName":"Fixed charge","term":"MONTHLY"}`, `"minimum":[{"amount":"12"`, `"effectiveFrom":"2020-01-01"`,
		`"amount":"9","chargePeriod":"MONTH","days":["MON","TUE","WED","THU","FRI"],"displayName":"Demand, period 2","endTime":"20:00","interval":"PT30M","maxDemand":"5"`,
		`"minDemand":"5"`,
		`"amount":"3","chargePeriod":"MONTH","displayName":"Demand, period 1","interval":"PT30M","measurementPeriod":"MONTH","timeOfUse":[` +
			`{"days":["MON","TUE","WED","THU","FRI"],"endTime":"16:00","startTime":"00:00"},{"days":["MON","TUE","WED","THU","FRI"],"endTime":"24:00","startTime":"20:00"},` +
			`{"days":["SAT","SUN"],"endTime":"24:00","startTime":"00:00"}]`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	for _, path := range []string{"annualmincharge", "energyratestructure[0][0].sell", "dgrules"} {
		if !leaves(im, path) {
			t.Errorf("%s is not listed: %v", path, im.Dropped)
		}
	}
	netted := strings.Replace(doc, "Net Metering", "Net Billing Instantaneous", 1)
	if _, err := Import("", []File{{"old.json", []byte(netted)}}, o); err == nil || !strings.Contains(err.Error(), "energyratestructure[0][1]: a price for export that differs by tier") {
		t.Error(err)
	}
	netted = strings.Replace(netted, `{"rate":0.2,`, `{"rate":0.2,"sell":0.04,`, 1)
	im, err = Import("", []File{{"old.json", []byte(netted)}}, o)
	if err != nil || !strings.Contains(string(im.Tariff.Canonical()), `"singleTariff":{"rates":[{"unitPrice":"0.04"}]}`) || leaves(im, "dgrules") {
		t.Errorf("%v", err)
	}
	for flag, with := range map[string]func(*Options){
		"--currency EUR: the source says USD":           func(o *Options) { o.Currency = "EUR" },
		"--from 2019-12-31: the source says 2020-01-01": func(o *Options) { o.From = "2019-12-31" },
	} {
		o := o
		with(&o)
		if _, err := Import("", []File{{"old.json", []byte(doc)}}, o); err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("%v, want %q", err, flag)
		}
	}
	for old, x := range map[string][2]string{
		`"max":10,`:           {`"max":"ten",`, `energyratestructure[0][0].max: "ten" is not a decimal number`},
		`"rate":0.2,`:         {`"rate":0.2,"max":5,`, "energyratestructure[0][1].max: is not above the tier before"},
		`"kWh daily","sell"`:  {`"kWh/kW","sell"`, "energyratestructure[0][0].unit: tiers in kwh/kw are not carried"},
		`"energyweekdaysched`: {`"x`, "energyweekdayschedule or energyweekendschedule is missing"},
		`[[0,0,0,0,0`:         {`[[7,0,0,0,0`, "energyweekdayschedule[0][0]: period 7 has no prices"},
	} {
		if _, err := Import("urdb", []File{{"old.json", []byte(strings.Replace(doc, old, x[0], 1))}}, o); err == nil || !strings.Contains(err.Error(), x[1]) {
			t.Errorf("%s: %v, want %q", x[0], err, x[1])
		}
	}
}

// A price table says in which line it is wrong.
func TestPriceTable(t *testing.T) {
	const head = "datetime_utc,price_gbp_per_kwh\n"
	o := options()
	both(clockOf("Europe/London"), named)(&o)
	for rows, want := range map[string]string{
		head + "2024-01-01 00:00,0.1\n2024-01-01 00:00,0.2\n": "line 3: 2024-01-01T00:00:00Z does not come after the line before",
		head + "2024-01-01 00:00,ten\n":                       `line 2: "ten" is not a price`,
		head + "yesterday,0.1\n":                              `line 2: "yesterday" is not a time`,
		head + "2024-01-01 00:00,0.1\n2024-01-01 01:00,0.1\n2024-01-01 02:00,0.1\n2024-01-01 04:00,0.1\n": "no price from 2024-01-01T03:00:00Z to 2024-01-01T04:00:00Z",
		"datetime,price_gbp_per_kwh\n2024-01-01 00:00,0.1\n":                                              "line 2: \"2024-01-01 00:00\" is not a time (with an offset",
		"when,price_gbp_per_kwh\n": "line 1: needs a column of times",
		"settlement_start,settlement_period,price_gbp_per_mwh\n2018-01-01T00:00:00+00:00,2,55.94\n":                   `line 2: settlement period "2" at 2018-01-01T00:00:00+00:00`,
		head + "2024-01-01 00:00,0.1\n2024-01-01 00:30,0.1\n":                                                         "cover no whole day of Europe/London",
		head + "2024-01-01 00:00,0.1,x\n":                                                                             "wrong number of fields",
		"datetime_utc,price_gbp_per_kwh,price_eur_per_kwh\n2024-01-01 00:00,0.1,1\n2024-01-02 00:00,0.1234567891,1\n": "line 3: 0.12345678910000000000 has more than nine decimals",
	} {
		_, err := Import("", []File{{"t.csv", []byte(rows)}}, o)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", rows, err, want)
		}
	}
}
