package source

import (
	"strings"
	"testing"

	"hushwatt/tariffs"
)

// Plans written after the published schema of EnergyPlanDetail (version 1.36.0);
// no real plan lies beside the schema. The totals come from a program of its own.

// Daily blocks, a stepped feed-in tariff, fees that are and are not a bill's.
const cdrBlocks = `{"data":{"planId":"AAA1@VEC","effectiveFrom":"2025-06-30T14:00:00Z","lastUpdated":"2025-06-01T00:00:00Z","displayName":"Simple blocks",
"type":"MARKET","fuelType":"ELECTRICITY","brand":"aaa","brandName":"AAA Energy","customerType":"RESIDENTIAL",
"geography":{"distributors":["CitiPower"],"includedPostcodes":["3000"]},
"meteringCharges":[{"displayName":"Smart meter","minimumValue":"36.50","period":"P1Y"},{"displayName":"Special read","minimumValue":"10.00","maximumValue":"40.00"}],
"electricityContract":{"pricingModel":"SINGLE_RATE_CONT_LOAD","timeZone":"LOCAL","isFixed":false,"variation":"Prices may change.","paymentOption":["DIRECT_DEBIT"],
 "billFrequency":["P1M"],
 "controlledLoad":[{"displayName":"Hot water","rateBlockUType":"singleRate","singleRate":{"displayName":"Hot water","rates":[{"unitPrice":"0.18"}]}}],
 "fees":[{"type":"MEMBERSHIP","term":"MONTHLY","amount":"5.00"},{"type":"LATE_PAYMENT","term":"FIXED","amount":"14.00"}],
 "discounts":[{"displayName":"Always","type":"GUARANTEED","methodUType":"percentOfUse","percentOfUse":{"rate":"0.10"}},
  {"displayName":"On time","type":"CONDITIONAL","category":"PAY_ON_TIME","methodUType":"percentOfBill","percentOfBill":{"rate":"0.03"}}],
 "greenPowerCharges":[{"displayName":"Green","scheme":"GREENPOWER","type":"FIXED_PER_UNIT","tiers":[{"percentGreen":"1.00","amount":"0.05"}]}],
 "solarFeedInTariff":[{"displayName":"Solar","scheme":"CURRENT","payerType":"RETAILER","tariffUType":"singleTariff",
  "singleTariff":{"period":"P1D","rates":[{"unitPrice":"0.12","volume":5},{"unitPrice":"0.03"}]}}],
 "tariffPeriod":[{"displayName":"All year","startDate":"01-01","endDate":"12-31","dailySupplyChargeType":"SINGLE","dailySupplyCharge":"1.0450","rateBlockUType":"singleRate",
  "singleRate":{"displayName":"Usage","period":"P1D","rates":[{"unitPrice":"0.2435","measureUnit":"KWH","volume":15},{"unitPrice":"0.2875"}]}}]}}}`

// Times of use with inclusive last minutes, holidays, and feed-in by time.
const cdrTimes = `{"planId":"BBB2@EME","effectiveFrom":"2025-07-01","displayName":"Times","type":"MARKET","fuelType":"ELECTRICITY","brand":"bbb","brandName":"BBB Power",
"lastUpdated":"2025-06-01T00:00:00Z","electricityContract":{"pricingModel":"TIME_OF_USE","timeZone":"LOCAL","isFixed":true,"paymentOption":["BPAY"],"billFrequency":["P3M"],
 "solarFeedInTariff":[{"displayName":"Solar","scheme":"VARIABLE","payerType":"RETAILER","tariffUType":"timeVaryingTariffs","timeVaryingTariffs":[
   {"displayName":"Evening","type":"PEAK","rates":[{"unitPrice":"0.10"}],"timeVariations":[{"days":["MON","TUE","WED","THU","FRI","SAT","SUN","PUBLIC_HOLIDAYS"],"startTime":"16:00","endTime":"20:59"}]},
   {"displayName":"Else","rates":[{"unitPrice":"0.02"}],"timeVariations":[{"days":["MON","TUE","WED","THU","FRI","SAT","SUN","PUBLIC_HOLIDAYS"],"startTime":"21:00","endTime":"15:59"}]}]}],
 "tariffPeriod":[{"type":"RETAIL_SERVICE","displayName":"All year","startDate":"01-01","endDate":"12-31","dailySupplyCharge":"0.99","rateBlockUType":"timeOfUseRates","timeOfUseRates":[
  {"displayName":"Peak","type":"PEAK","rates":[{"unitPrice":"0.51"}],"timeOfUse":[{"days":["MON","TUE","WED","THU","FRI"],"startTime":"15:00","endTime":"20:59"}]},
  {"displayName":"Shoulder","type":"SHOULDER","rates":[{"unitPrice":"0.29"}],"timeOfUse":[{"days":["MON","TUE","WED","THU","FRI"],"startTime":"07:00","endTime":"14:59"},
   {"days":["MON","TUE","WED","THU","FRI"],"startTime":"21:00","endTime":"21:59"},{"days":["SAT","SUN","PUBLIC_HOLIDAYS"],"startTime":"07:00","endTime":"21:59"}]},
  {"displayName":"Off peak","type":"OFF_PEAK","rates":[{"unitPrice":"0.19"}],"timeOfUse":[{"days":["SUN","MON","TUE","WED","THU","FRI","SAT","PUBLIC_HOLIDAYS"],"startTime":"22:00","endTime":"06:59"}]}]}]}}`

// Two components, the network's with demand by season, on AEST.
const cdrDemand = `{"planId":"CCC3@EME","displayName":"Demand","type":"MARKET","fuelType":"ELECTRICITY","brand":"ccc","brandName":"CCC","lastUpdated":"2025-06-01T00:00:00Z",
"electricityContract":{"pricingModel":"SINGLE_RATE","isFixed":true,"paymentOption":["BPAY"],"billFrequency":["P1M"],"tariffPeriod":[
 {"displayName":"Energy","startDate":"01-01","endDate":"12-31","dailySupplyCharge":"1.20","rateBlockUType":"singleRate","singleRate":{"displayName":"Any time","rates":[{"unitPrice":"0.22"}]}},
 {"type":"NETWORK","displayName":"Network","startDate":"01-01","endDate":"12-31","rateBlockUType":"singleRate","singleRate":{"displayName":"Network use","rates":[{"unitPrice":"0.03"}]}},
 {"type":"NETWORK","displayName":"Summer demand","startDate":"11-01","endDate":"03-31","rateBlockUType":"demandCharges","demandCharges":[{"displayName":"Summer peak","amount":"0.40","measureUnit":"KW",
  "startTime":"15:00","endTime":"20:59","days":["MON","TUE","WED","THU","FRI"],"minDemand":"0.5","measurementPeriod":"MONTH","chargePeriod":"DAY"}]},
 {"type":"NETWORK","displayName":"Winter demand","startDate":"04-01","endDate":"10-31","rateBlockUType":"demandCharges","demandCharges":[{"displayName":"Winter peak","amount":"6.10","measureUnit":"KW",
  "startTime":"17:00","endTime":"19:59","measurementPeriod":"MONTH","chargePeriod":"MONTH"},
  {"displayName":"Apparent power","amount":"3.00","measureUnit":"KVA","startTime":"17:00","endTime":"19:59","measurementPeriod":"MONTH","chargePeriod":"MONTH"}]}]}}`

func gst(o *Options) { o.Taxes, o.Clock = []Tax{{Name: "GST", Rate: 1e8}}, "Australia/Melbourne" }

func TestCDR(t *testing.T) {
	kings := func(o *Options) { o.Holidays = []string{"2025-07-16"} } // a Wednesday, for the test
	for _, x := range []struct {
		name, doc  string
		with       func(*Options)
		start, end string
		want       string
		left       []string
	}{
		{"blocks", cdrBlocks, both(gst, chosenAs("export", "untaxed")), "2025-07-01", "2025-08-01", "234.1963",
			[]string{"controlledLoad[0]", "fees[1]", "discounts[1]", "greenPowerCharges[0]", "meteringCharges[1]", "geography"}},
		{"times", cdrTimes, both(gst, kings, chosenAs("export", "taxed")), "2025-07-01", "2025-08-01", "285.6669", nil},
		{"demand in winter", cdrDemand, both(gst, since("2025-07-01"), func(o *Options) { o.DemandMinutes = 30 }), "2025-07-01", "2025-08-01", "279.1479",
			[]string{"tariffPeriod[3].demandCharges[1]"}},
		{"demand in summer", cdrDemand, both(gst, since("2025-07-01"), func(o *Options) { o.DemandMinutes = 30 }), "2026-01-01", "2026-02-01", "286.1023", nil},
	} {
		o := options()
		x.with(&o)
		im, err := Import("cdr", []File{{"plan.json", []byte(x.doc)}}, o)
		if err != nil {
			t.Errorf("%s: %v", x.name, err)
			continue
		}
		if got := quoted(t, im.Tariff, real{start: x.start, end: x.end}); got != x.want {
			t.Errorf("%s: total %s, want %s\n%s", x.name, got, x.want, im.Tariff.Canonical())
		}
		for _, path := range x.left {
			if !leaves(im, path) {
				t.Errorf("%s: %s is not listed in %v", x.name, path, im.Dropped)
			}
		}
	}
}

func leaves(im *Imported, path string) bool {
	for _, d := range im.Dropped {
		if strings.Contains(d.Path, strings.TrimSuffix(path, "[0]")) {
			return true
		}
	}
	return false
}

// Without holidays a plan's rules for them are left out, and that is said.
func TestCDRWithoutHolidays(t *testing.T) {
	only := strings.Replace(cdrTimes, `{"displayName":"Off peak"`, `{"displayName":"Holiday","type":"SHOULDER1","rates":[{"unitPrice":"0.01"}],"timeOfUse":[{"days":["PUBLIC_HOLIDAYS"],"startTime":"07:00","endTime":"21:59"}]},
		{"displayName":"Off peak"`, 1)
	only = strings.Replace(only, `"days":["SAT","SUN","PUBLIC_HOLIDAYS"]`, `"days":["SAT","SUN"]`, 1)
	o := options()
	both(gst, chosenAs("export", "taxed"))(&o)
	o.NoHolidays = true
	im, err := Import("", []File{{"plan.json", []byte(only)}}, o)
	if err != nil {
		t.Fatal(err)
	}
	if doc := string(im.Tariff.Canonical()); strings.Contains(doc, "HOLIDAYS") || strings.Contains(doc, `"Holiday"`) || !leaves(im, "holidays") {
		t.Errorf("%s\n%v", doc, im.Dropped)
	}
	o.NoHolidays, o.Holidays = false, []string{"2025-07-16"}
	if im, err = Import("", []File{{"plan.json", []byte(only)}}, o); err != nil {
		t.Fatal(err)
	}
	weeks, err := im.Tariff.Weeks(0)
	if err != nil {
		t.Fatal(err)
	}
	if day := weeks[0].Days[7]; day.Name != "PUBLIC_HOLIDAYS" || priceAt(day, 600) != "0.01" || priceAt(day, 1400) != "0.19" {
		t.Errorf("%+v", day)
	}
}

// Refusals name the place in the document, or the flag that is missing.
func TestCDRRefused(t *testing.T) {
	for _, x := range []struct {
		doc, old, new string
		with          func(*Options)
		want          string
	}{
		{cdrTimes, `"endTime":"20:59"}]},` + "\n" + `  {"displayName":"Shoulder"`, `"endTime":"20:58"}]},` + "\n" + `  {"displayName":"Shoulder"`, nil,
			`electricityContract.tariffPeriod[0].timeOfUseRates[0].timeOfUse[0].endTime: "20:58" is a last minute, so the window ends at 20:59, inside a metering slot of 30 minutes`},
		{cdrTimes, `"endTime":"14:59"`, `"endTime":"15:00"`, nil, `timeOfUseRates[1].timeOfUse[0].endTime: "15:00" is a last minute, so the window ends at 15:01`},
		{cdrTimes, `"startTime":"07:00","endTime":"14:59"`, `"startTime":"07:00","endTime":"15:29"`, nil, "tariffPeriod[0].timeOfUseRates: two prices on MON at 15:00"},
		{cdrTimes, `"startTime":"21:00","endTime":"21:59"`, `"startTime":"21:30","endTime":"21:59"`, nil, "tariffPeriod[0].timeOfUseRates: no price on MON from 21:00 to 21:30"},
		{cdrTimes, `"days":["SAT","SUN","PUBLIC_HOLIDAYS"]`, `"days":["SAT","SUN","BOXING_DAY"]`, nil, `timeOfUse[2].days[2]: "BOXING_DAY" is no day`},
		{cdrTimes, "", "", func(o *Options) { o.Holidays = nil }, "give --holidays FILE (or --holidays none)"},
		{cdrTimes, "", "", func(o *Options) { o.Clock = "" }, "give --clock"},
		{cdrTimes, "", "", func(o *Options) { o.Taxes = nil }, "give --tax"},
		{cdrTimes, "", "", func(o *Options) { o.Rounding = nil }, "give --rounding"},
		{cdrTimes, "", "", func(o *Options) { o.Choices = nil }, "give --choose export=…, one of taxed, untaxed"},
		{cdrTimes, "", "", chosenAs("territory", "P"), "--choose territory: this source offers no such choice"},
		{cdrTimes, "", "", func(o *Options) { o.HolidaysAs = "SUN" }, "--holidays-as SUN: the source says what holds on holidays"},
		{cdrTimes, `"unitPrice":"0.51"`, `"unitPrice":"0,5,1"`, nil, `timeOfUseRates[0].rates[0].unitPrice: "0,5,1" is not a decimal number`},
		{cdrTimes, `"unitPrice":"0.51"`, `"unitPrice":"0.5112345678"`, nil, "timeOfUseRates[0].rates[0].unitPrice: 0.51123456780000000000 has more than nine decimals"},
		{cdrTimes, `"unitPrice":"0.51"`, `"unitPrice":"0.51","measureUnit":"KVA"`, nil, "rates[0].measureUnit: prices per KVA are not carried"},
		{cdrTimes, `"timeZone":"LOCAL"`, `"timeZone":"UTC"`, nil, `timeZone: "UTC" is neither LOCAL nor AEST`},
		{cdrTimes, `"effectiveFrom":"2025-07-01"`, `"effectiveFrom":"2025-07-01T03:00:00Z"`, nil, "effectiveFrom: 2025-07-01T03:00:00Z is 2025-07-01 13:00 on the clock of Australia/Melbourne"},
		{cdrTimes, `"endDate":"12-31"`, `"endDate":"12-32"`, nil, `tariffPeriod[0]: startDate "01-01" or endDate "12-32" is not a day MM-DD`},
		{cdrBlocks, `"period":"P1D","rates":[{"unitPrice":"0.2435"`, `"period":"P2M","rates":[{"unitPrice":"0.2435"`, chosenAs("export", "taxed"), "singleRate.period: blocks per P2M are not carried"},
		{cdrBlocks, `"singleRate":{"displayName":"Usage",`, `"singleRate":{"displayName":"Usage","generalUnitPrice":"0.3",`, chosenAs("export", "taxed"), "singleRate.generalUnitPrice: a quota's price includes GST"},
		{cdrDemand, "", "", since("2025-07-01"), "give --demand-interval MINUTES"},
		{cdrDemand, "", "", func(o *Options) { o.DemandMinutes = 30 }, "give --from"},
		{`{"planId":"g","gasContract":{}}`, "", "", nil, "document: is no plan for electricity"},
	} {
		o := options()
		gst(&o)
		if x.doc == cdrTimes {
			o.Holidays = []string{"2025-07-16"}
			chosenAs("export", "taxed")(&o)
		}
		if x.with != nil {
			x.with(&o)
		}
		if !strings.Contains(x.doc, x.old) {
			t.Fatalf("%q is not in the plan", x.old)
		}
		_, err := Import("cdr", []File{{"plan.json", []byte(strings.Replace(x.doc, x.old, x.new, 1))}}, o)
		if err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%q for %q: %v\nwant %q", x.new, x.old, err, x.want)
		}
	}
}

// A window over midnight can mean the days on which it starts or the early and
// late hours of its days. Where only one gives every minute one price, it is
// that one; where both do and differ, the user says.
func TestWindowsOverMidnight(t *testing.T) {
	night := func(days, price string) string {
		return `{"displayName":"N` + price + `","type":"OFF_PEAK","rates":[{"unitPrice":"` + price + `"}],"timeOfUse":[{"days":[` + days + `],"startTime":"22:00","endTime":"06:59"}]}`
	}
	day := func(days, from, to, price string) string {
		return `{"displayName":"D` + price + `","type":"PEAK","rates":[{"unitPrice":"` + price + `"}],"timeOfUse":[{"days":[` + days + `],"startTime":"` + from + `","endTime":"` + to + `"}]}`
	}
	const work, free = `"MON","TUE","WED","THU","FRI"`, `"SAT","SUN"`
	doc := func(rates ...string) string {
		return `{"planId":"m","effectiveFrom":"2025-07-01","brandName":"M","electricityContract":{"timeZone":"LOCAL","tariffPeriod":[{"displayName":"All year","startDate":"01-01","endDate":"12-31",
		"rateBlockUType":"timeOfUseRates","timeOfUseRates":[` + strings.Join(rates, ",") + `]}]}}`
	}
	ambiguous := doc(night(work, "0.1"), night(free, "0.2"), day(work, "07:00", "21:59", "0.3"), day(free, "07:00", "21:59", "0.4"))
	for _, x := range []struct {
		doc, choose    string
		monday, friday string // prices at 03:00 on Monday and at 03:00 on Saturday
		want           string
	}{
		{doc(night(work, "0.1"), day(work, "07:00", "21:59", "0.3"), day(free, "00:00", "23:59", "0.4")), "", "0.1", "0.4", ""}, // only as hours of the day
		{doc(night(work, "0.1"), day(work, "07:00", "21:59", "0.3"), day(`"SAT"`, "07:00", "23:59", "0.4"), day(`"SUN"`, "00:00", "23:59", "0.5"),
			day(`"MON"`, "00:00", "06:59", "0.6")), "", "0.6", "0.1", ""}, // only as begun the day before
		{ambiguous, "", "", "", "windows over midnight can be meant in two ways: give --choose midnight=…, one of start-day, same-day"},
		{ambiguous, "start-day", "0.2", "0.1", ""},
		{ambiguous, "same-day", "0.1", "0.2", ""},
	} {
		o := options()
		gst(&o)
		if x.choose != "" {
			chosenAs("midnight", x.choose)(&o)
		}
		im, err := Import("", []File{{"plan.json", []byte(x.doc)}}, o)
		if x.want != "" {
			if err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("%v, want %q", err, x.want)
			}
			continue
		}
		if err != nil {
			t.Error(err)
			continue
		}
		weeks, err := im.Tariff.Weeks(0)
		if err != nil {
			t.Fatal(err)
		}
		if got := priceAt(weeks[0].Days[0], 180) + " " + priceAt(weeks[0].Days[5], 180); got != x.monday+"0 "+x.friday+"0" {
			t.Errorf("%s: Monday and Saturday at 03:00 %s, want %s %s", x.choose, got, x.monday, x.friday)
		}
	}
}

func priceAt(d tariffs.WeekDay, minute int) string {
	for _, s := range d.Stretches {
		if s.From <= minute && minute < s.To {
			return s.Price
		}
	}
	return "none"
}
