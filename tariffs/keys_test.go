package tariffs

import (
	"errors"
	"strconv"
	"strings"
	"testing"
)

// wideDocument has every key that a document can have.
func wideDocument(edits ...string) string {
	text := `{"planId":"w","displayName":"Wide","brandName":"B","effectiveFrom":"2000-01-01","replaces":"` + strings.Repeat("0f", 32) + `",
"electricityContract":{"pricingModel":"TIME_OF_USE","timeZone":"LOCAL","netMetering":"INTERVAL","tariffPeriod":[
{"displayName":"All year","startDate":"01-01","endDate":"12-31","dailySupplyCharge":"0.3","rateBlockUType":"timeOfUseRates","timeOfUseRates":[
 {"displayName":"Holiday","type":"OFF_PEAK","rates":[{"unitPrice":"0.1"}],"timeOfUse":[{"days":["PUBLIC_HOLIDAYS"],"startTime":"00:00","endTime":"24:00"}]},
 {"displayName":"Else","type":"PEAK","period":"P1M","rates":[{"unitPrice":"0.2","volume":"300.5"},{"unitPrice":"0.3"}],"timeOfUse":[{` + allDays + `,"startTime":"00:00","endTime":"24:00"}]}]},
{"component":"Network","displayName":"All year","startDate":"01-01","endDate":"12-31","rateBlockUType":"singleRate","singleRate":{"displayName":"Net","period":"BILL","rates":[{"unitPrice":"0.01","dailyVolume":"5"},{"unitPrice":"0.02"}]}},
{"component":"Power","displayName":"All year","startDate":"01-01","endDate":"12-31","rateBlockUType":"demandCharges","demandCharges":[
 {"displayName":"Peak",` + workDays + `,"startTime":"16:00","endTime":"20:00","interval":"PT30M","measurementPeriod":"MONTH","chargePeriod":"DAY","amount":"0.1","highestDays":3,"floor":"2.5"},
 {"displayName":"Tier",` + workDays + `,"startTime":"16:00","endTime":"20:00","interval":"PT30M","measurementPeriod":"MONTH","chargePeriod":"DAY","amount":"0.1","minDemand":"1","maxDemand":"4"},
 {"displayName":"Ladder",` + workDays + `,"startTime":"16:00","endTime":"20:00","interval":"PT30M","measurementPeriod":"BILL","chargePeriod":"BILL","steps":[{"from":"0","amount":"1"},{"from":"2","amount":"3"}]},
 {"displayName":"Twice a day","timeOfUse":[{` + workDays + `,"startTime":"07:00","endTime":"09:00"},{"days":["SAT"],"startTime":"22:00","endTime":"01:00"}],"interval":"PT30M","measurementPeriod":"MONTH","chargePeriod":"MONTH","amount":"2"}]}],
"solarFeedInTariff":[{"displayName":"Feed-in","startDate":"01-01","endDate":"12-31","tariffUType":"timeVaryingTariffs","timeVaryingTariffs":[
 {"displayName":"Sun","type":"PEAK","rates":[{"unitPrice":"0.05"}],"timeVariations":[{` + strings.Replace(allDays, "]", `,"PUBLIC_HOLIDAYS"]`, 1) + `,"startTime":"00:00","endTime":"24:00"}]}]},
 {"component":"Premium","displayName":"State","startDate":"01-01","endDate":"12-31","tariffUType":"singleTariff","singleTariff":{"rates":[{"unitPrice":"0.4"}]}}],
"events":[{"component":"Hot","displayName":"Hot","maximum":9,"period":"EVENT","rates":[{"unitPrice":"0","volume":"1"},{"unitPrice":"0.6"}]}],
"fees":[{"component":"Meter","displayName":"Meter","term":"MONTHLY","amount":"1.5"}],
"discounts":[{"component":"Less","displayName":"Online","rate":"0.1","of":["Energy","Network"]}],
"surcharges":[{"displayName":"City","rate":"0.01"}],
"minimum":[{"displayName":"Least","term":"BILL","amount":"5","of":["Energy","Less"]}]},
"x-hushwatt":{"clock":"Europe/London","currency":"GBP","pricesIncludeTax":false,
"taxes":[{"name":"Levy","rate":"0.05","of":["Energy"]},{"name":"VAT","rate":"0.2","on":["Levy"]}],
"rounding":{"stage":"bill","digits":2,"mode":"half-up"},"holidays":{"dates":["2013-01-01"],"countAs":"PUBLIC_HOLIDAYS"}}}`
	for i := 0; i < len(edits); i += 2 {
		if !strings.Contains(text, edits[i]) {
			panic(edits[i] + " is not in the document")
		}
		text = strings.Replace(text, edits[i], edits[i+1], 1)
	}
	return text
}

func TestWiderDocumentIsAccepted(t *testing.T) {
	tariff := mustParse(t, wideDocument())
	p := compile(t, tariff, "2013-01-01", "2013-02-01", 48)
	if err := p.Provable(); err != nil && !errors.Is(err, ErrNotProvable) {
		t.Error(err)
	}
	if len(p.Channels) != 2 || len(p.Prices(p.From)) != 4 || p.Prices(p.To) != nil {
		t.Errorf("channels %v, prices %v", p.Channels, p.Prices(p.From))
	}
}

func TestWiderKeysRefuse(t *testing.T) {
	const contract, demand = "electricityContract.", "electricityContract.tariffPeriod[2].demandCharges[0]."
	for _, c := range []struct{ name, old, new, want string }{
		{"replaces no id", strings.Repeat("0f", 32), strings.Repeat("0F", 32), "replaces: "},
		{"replaces a short id", strings.Repeat("0f", 32), strings.Repeat("0f", 31), "replaces: "},
		{"net metering by month", `"INTERVAL"`, `"MONTH"`, contract + "netMetering"},
		{"controlled load", `"events":`, `"controlledLoad":[],"events":`, contract + "controlledLoad: a controlled load has a meter of its own"},
		{"component blank", `"component":"Network"`, `"component":" "`, "tariffPeriod[1].component: is empty"},
		{"component that leaves out a day", `"component":"Network","displayName":"All year","startDate":"01-01"`, `"component":"Network","displayName":"All year","startDate":"01-02"`, `component "Network": no entry holds on 01-01`},
		{"demand in a component of prices", `"component":"Power"`, `"component":"Network"`, "both hold on 01-01"},
		{"blocks without period", `"period":"P1M",`, ``, "timeOfUseRates[1].rates: has 2 prices: period must say"},
		{"period of a week", `"P1M"`, `"P7D"`, "timeOfUseRates[1].period"},
		{"period of one price", `"rates":[{"unitPrice":"0.1"}]`, `"period":"P1M","rates":[{"unitPrice":"0.1"}]`, "timeOfUseRates[0].period: unknown key"},
		{"block without volume", `"unitPrice":"0.2","volume":"300.5"`, `"unitPrice":"0.2"`, "rates[0].volume: is missing"},
		{"last block with volume", `{"unitPrice":"0.3"}`, `{"unitPrice":"0.3","volume":"1"}`, "rates[1].volume: unknown key"},
		{"volume twice", `"volume":"300.5"`, `"volume":"300.5","dailyVolume":"1"`, "rates[0].volume: unknown key"},
		{"volume as number", `"volume":"300.5"`, `"volume":300`, "rates[0].volume: is a number, must be a string"},
		{"volume of nothing", `"300.5"`, `"0"`, "rates[0].volume: is 0"},
		{"volume below zero", `"300.5"`, `"-1"`, "rates[0].volume: -1 is out of range"},
		{"volume in parts of a Wh", `"300.5"`, `"300.0005"`, "more than 3 decimals"},
		{"daily volume of a day", `"period":"P1M","rates":[{"unitPrice":"0.2","volume"`, `"period":"P1D","rates":[{"unitPrice":"0.2","dailyVolume"`, "rates[0].dailyVolume: must be volume"},
		{"name of blocks used twice", `"displayName":"Holiday"`, `"displayName":"Else"`, `"Else" is used twice`},
		{"blocks of an event in prices", `"period":"P1M"`, `"period":"EVENT"`, "timeOfUseRates[1].period"},
		{"blocks and rounded slots", `"stage":"bill"`, `"stage":"interval"`, "rounding.stage interval cannot be"},
		{"holiday windows without holidays of their own", `"countAs":"PUBLIC_HOLIDAYS"`, `"countAs":"SUN"`, "days[0]: is PUBLIC_HOLIDAYS"},
		{"no windows for holidays", `["PUBLIC_HOLIDAYS"]`, `["MON"]`, "two prices on MON"},
		{"demand interval", `"interval":"PT30M"`, `"interval":"PT20M"`, demand + "interval"},
		{"demand window off the interval", `"startTime":"16:00","endTime":"20:00"`, `"startTime":"16:15","endTime":"20:00"`, demand + "interval: the window from 16:15"},
		{"demand windows beside a window", `"startTime":"16:00","endTime":"20:00"`, `"startTime":"16:00","endTime":"20:00","timeOfUse":[]`, demand + "days: stands beside timeOfUse"},
		{"demand without amount", `"amount":"0.1","highestDays"`, `"highestDays"`, demand + "amount: is missing"},
		{"demand of months", `"measurementPeriod":"MONTH"`, `"measurementPeriod":"TARIFF_PERIOD"`, demand + "measurementPeriod"},
		{"demand over several months", `"highestDays":3`, `"months":12`, demand + "months: unknown key"},
		{"no highest day", `"highestDays":3`, `"highestDays":0`, demand + "highestDays: 0 is out of range"},
		{"highest days of a day", `"measurementPeriod":"MONTH","chargePeriod":"DAY","amount":"0.1","highestDays"`, `"measurementPeriod":"DAY","chargePeriod":"DAY","amount":"0.1","highestDays"`, demand + "highestDays"},
		{"floor beside bounds", `"floor":"2.5"`, `"floor":"2.5","maxDemand":"9"`, demand + "floor: stands beside"},
		{"bounds in the wrong order", `"maxDemand":"4"`, `"maxDemand":"1"`, "maxDemand: is not above minDemand"},
		{"steps beside an amount", `"steps":`, `"amount":"1","steps":`, "amount: stands beside steps"},
		{"first step above 0", `{"from":"0","amount":"1"}`, `{"from":"1","amount":"1"}`, "steps[0].from: of the first step must be 0"},
		{"steps out of order", `{"from":"2","amount":"3"}`, `{"from":"0","amount":"3"}`, "steps[1].from: is not above"},
		{"feed-in by its window names", `"timeVariations"`, `"timeOfUse"`, "timeVariations: is missing"},
		{"feed-in kind", `"tariffUType":"singleTariff"`, `"tariffUType":"timeVaryingTariffs"`, "singleTariff: stands beside"},
		{"feed-in with a gap", `"PUBLIC_HOLIDAYS"],"startTime":"00:00","endTime":"24:00"}]}]},`, `"PUBLIC_HOLIDAYS"],"startTime":"00:00","endTime":"23:00"}]}]},`, "no price on MON from 23:00"},
		{"events without a maximum", `"maximum":9,`, ``, "events[0].maximum: is missing"},
		{"too many events", `"maximum":9`, `"maximum":367`, "events[0].maximum: 367 is out of range"},
		{"event with its hours", `"maximum":9`, `"startTime":"16:00","maximum":9`, "events[0].startTime: unknown key"},
		{"event blocks by month", `"period":"EVENT"`, `"period":"P1M"`, "events[0].period"},
		{"fee without a term", `"term":"MONTHLY",`, ``, "fees[0].term: is missing"},
		{"fee by the week", `"MONTHLY"`, `"WEEKLY"`, "fees[0].term"},
		{"discount of more than all", `"rate":"0.1"`, `"rate":"1.1"`, "discounts[0].rate: 1.1 is out of range"},
		{"discount below zero", `"rate":"0.1"`, `"rate":"-0.1"`, "discounts[0].rate: -0.1 is out of range"},
		{"discount of nothing", `["Energy","Network"]`, `[]`, "discounts[0].of: is empty"},
		{"discount of an unknown component", `["Energy","Network"]`, `["Energy","Netwerk"]`, `electricityContract.discounts[0].of[1]: no component "Netwerk"`},
		{"discount of a discount", `["Energy","Network"]`, `["Less"]`, `discounts[0].of[0]: no component "Less"`},
		{"discount of a component twice", `["Energy","Network"]`, `["Energy","Energy"]`, "discounts[0].of[1]"},
		{"minimum of an unknown component", `["Energy","Less"]`, `["More"]`, `minimum[0].of[0]: no component "More"`},
		{"tax of an unknown component", `"of":["Energy"]}`, `"of":["More"]}`, `x-hushwatt.taxes[0].of[0]: no component "More"`},
		{"tax on a part, rounded by line", `"stage":"bill"`, `"stage":"line"`, "x-hushwatt.taxes[0].of: a tax on a part"},
		{"tax on a part inside the prices", `"pricesIncludeTax":false`, `"pricesIncludeTax":true`, "x-hushwatt.taxes[0].of: a tax on a part"},
		{"first tax on itself", `"rate":"0.05","of":["Energy"]`, `"rate":"0.05","on":["Levy"]`, `taxes[0].on[0]: "Levy" is not a tax above`},
		{"tax on itself", `"on":["Levy"]`, `"on":["VAT"]`, `taxes[1].on[0]: "VAT" is not a tax above`},
		{"four taxes deep", `{"name":"VAT","rate":"0.2","on":["Levy"]}`, `{"name":"b","rate":"0.2","on":["Levy"]},{"name":"c","rate":"0.2","on":["b"]},{"name":"d","rate":"0.2","on":["c"]}`, "taxes[3].on"},
		{"customer", `"planId"`, `"customer":"12","planId"`, "customer: unknown key"},
		{"meter", `"timeZone"`, `"meter":"x","timeZone"`, "electricityContract.meter: unknown key"},
		{"banded charge", `"dailySupplyCharge"`, `"bandedDailySupplyCharges":[],"dailySupplyCharge"`, "bandedDailySupplyCharges: unknown key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(wideDocument(c.old, c.new)))
			hasError(t, err, c.want)
		})
	}
}

// What costs time by its length is bounded.
func TestLongListsAreRefused(t *testing.T) {
	repeat := func(n int, format string) string {
		var list []string
		for i := range n {
			list = append(list, strings.ReplaceAll(format, "%", strconv.Itoa(i)))
		}
		return strings.Join(list, ",")
	}
	component := `{"component":"C%","displayName":"N","startDate":"01-01","endDate":"12-31","rateBlockUType":"singleRate","singleRate":{"displayName":"Net","rates":[{"unitPrice":"0.01"}]}}`
	for _, c := range []struct{ name, good, bad, want string }{
		{"components", `"tariffPeriod":[` + repeat(64, component) + `]`, `"tariffPeriod":[` + repeat(65, component) + `]`, "tariffPeriod: more than 64 components"},
		{"fees", tenCents + `,"fees":[` + repeat(64, `{"displayName":"F%","term":"BILL","amount":"1"}`) + `]`, tenCents + `,"fees":[` + repeat(65, `{"displayName":"F%","term":"BILL","amount":"1"}`) + `]`, "fees: has 65 entries"},
		{"of", tenCents + `,"discounts":[{"displayName":"D","rate":"0.1","of":["Energy"]}]`, tenCents + `,"discounts":[{"displayName":"D","rate":"0.1","of":[` + repeat(65, `"C%"`) + `]}]`, "discounts[0].of: has 65 entries"},
		{"blocks", `"tariffPeriod":[` + yearRound(flatRate(`"period":"P1M","rates":[`+repeat(15, `{"unitPrice":"0.%","volume":"1"}`)+`,{"unitPrice":"1"}]`)) + `]`,
			`"tariffPeriod":[` + yearRound(flatRate(`"period":"P1M","rates":[`+repeat(16, `{"unitPrice":"0.%","volume":"1"}`)+`,{"unitPrice":"1"}]`)) + `]`, "rates: has 17 entries"},
		{"steps", demandPeriod(wholeDay + `"steps":[{"from":"0","amount":"1"}]`), demandPeriod(wholeDay + `"steps":[` + repeat(33, `{"from":"%","amount":"1"}`) + `]`), "steps: has 33 entries"},
	} {
		mustParse(t, contract(c.good))
		_, err := Parse([]byte(contract(c.bad)))
		t.Run(c.name, func(t *testing.T) { hasError(t, err, c.want) })
	}
	// Four blocks a day for a year.
	days := mustParse(t, contract(`"tariffPeriod":[`+yearRound(flatRate(`"period":"P1D","rates":[`+repeat(3, `{"unitPrice":"0.%","volume":"1"}`)+`,{"unitPrice":"1"}]`))+`]`))
	_, err := Compile([]*Tariff{days}, date(t, "2023-01-01"), date(t, "2024-01-01"), 24)
	hasError(t, err, "more than 1024 comparisons")
}

// Tariffs of one bill may differ in all but what the bill is made by.
func TestWiderTariffsThatCannotShareABill(t *testing.T) {
	old := mustParse(t, wideDocument(`"2000-01-01"`, `"2000-01-01","effectiveTo":"2013-01-15"`))
	for _, c := range []struct{ old, new, want string }{
		{`"amount":"5"`, `"amount":"6"`, ""},
		{`"rate":"0.1"`, `"rate":"0.2"`, ""},
		{`"netMetering":"INTERVAL",`, ``, "netMetering"},
		{`"displayName":"Least"`, `"displayName":"Last"`, "their minimum differs"},
		{`"on":["Levy"]`, `"of":["Network"]`, "taxes is"},
		{`"digits":2`, `"digits":3`, "rounding is"},
	} {
		next := mustParse(t, wideDocument(`"2000-01-01"`, `"2013-01-15"`, c.old, c.new))
		_, err := Compile([]*Tariff{old, next}, date(t, "2013-01-01"), date(t, "2013-02-01"), 48)
		if c.want == "" && err == nil {
			continue
		}
		t.Run(c.want, func(t *testing.T) { hasError(t, err, "cannot share a bill", c.want) })
	}
}
