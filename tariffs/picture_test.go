package tariffs

import (
	"slices"
	"strings"
	"testing"
)

// Every kind of thing that a week cannot show, and a holiday of its own.
const pictured = `{"planId":"p","displayName":"P","brandName":"B","effectiveFrom":"2025-01-01","electricityContract":{"pricingModel":"TIME_OF_USE","timeZone":"LOCAL",
"tariffPeriod":[
 {"displayName":"Winter","startDate":"10-01","endDate":"05-31","dailySupplyCharge":"0.5","rateBlockUType":"timeOfUseRates","timeOfUseRates":[
  {"displayName":"Night","type":"OFF_PEAK","rates":[{"unitPrice":"0.1"}],"timeOfUse":[{"days":["MON","TUE","WED","THU","FRI","SAT","SUN","PUBLIC_HOLIDAYS"],"startTime":"22:00","endTime":"06:00"}]},
  {"displayName":"Day","type":"PEAK","period":"P1M","rates":[{"unitPrice":"0.3","volume":"100"},{"unitPrice":"0.25"}],"timeOfUse":[{"days":["MON","TUE","WED","THU","FRI","SAT","SUN"],"startTime":"06:00","endTime":"22:00"}]},
  {"displayName":"Holiday","type":"SHOULDER","rates":[{"unitPrice":"0.2"}],"timeOfUse":[{"days":["PUBLIC_HOLIDAYS"],"startTime":"06:00","endTime":"22:00"}]}]},
 {"displayName":"Summer","startDate":"06-01","endDate":"09-30","rateBlockUType":"singleRate","singleRate":{"displayName":"Any time","rates":[{"unitPrice":"0.15"}]}},
 {"component":"Network","displayName":"All year","startDate":"01-01","endDate":"12-31","rateBlockUType":"demandCharges","demandCharges":[
  {"displayName":"Peak","days":["MON","TUE","WED","THU","FRI"],"startTime":"16:00","endTime":"21:00","interval":"PT30M","measurementPeriod":"MONTH","chargePeriod":"MONTH","amount":"12.5","highestDays":3,"floor":"2.5"}]}],
"solarFeedInTariff":[{"displayName":"Feed-in","startDate":"01-01","endDate":"12-31","tariffUType":"singleTariff","singleTariff":{"rates":[{"unitPrice":"0.08"}]}}],
"fees":[{"displayName":"Meter","term":"ANNUAL","amount":"36.6"}],"discounts":[{"displayName":"Online","rate":"0.15","of":["Energy"]}],
"minimum":[{"displayName":"Minimum","term":"MONTHLY","amount":"12"}],"events":[{"displayName":"Hot day","rates":[{"unitPrice":"0.6"}],"maximum":15}]},
"x-hushwatt":{"clock":"Europe/London","currency":"GBP","pricesIncludeTax":false,"taxes":[{"name":"VAT","rate":"0.05"}],"rounding":{"stage":"bill","digits":2,"mode":"half-up"},
"holidays":{"dates":["2025-12-25"],"countAs":"PUBLIC_HOLIDAYS"}}}`

func TestPicture(t *testing.T) {
	tariff, err := Parse([]byte(pictured))
	if err != nil {
		t.Fatal(err)
	}
	weeks, err := tariff.Weeks(0)
	if err != nil {
		t.Fatal(err)
	}
	if len(weeks) != 3 {
		t.Fatalf("%d weeks, want winter, summer and export", len(weeks))
	}
	winter, export := weeks[0], weeks[2]
	if winter.Season != "Winter" || winter.First != "10-01" || len(winter.Days) != 8 || winter.Export || !export.Export {
		t.Errorf("%+v", weeks)
	}
	want := []Stretch{{0, 360, "Night", "0.10", 1e8}, {360, 1320, "Day", "0.30", 3e8}, {1320, 1440, "Night", "0.10", 1e8}}
	if got := winter.Days[0]; got.Name != "MON" || !slices.Equal(got.Stretches, want) {
		t.Errorf("%+v", got)
	}
	want[1] = Stretch{360, 1320, "Holiday", "0.20", 2e8}
	if got := winter.Days[7]; got.Name != "PUBLIC_HOLIDAYS" || !slices.Equal(got.Stretches, want) {
		t.Errorf("%+v", got)
	}
	if len(weeks[1].Days) != 7 || !slices.Equal(export.Days[6].Stretches, []Stretch{{0, 1440, "Feed-in", "0.08", 8e7}}) {
		t.Errorf("%+v", weeks[1:])
	}
	words := strings.Join(tariff.Words(), "\n")
	for _, want := range []string{
		"Energy, Day (1 October to 31 May): 30p per kWh for the first 100 kWh of a month, then 25p per kWh above that",
		"Standing charge (1 October to 31 May): 50p a day",
		"Network, Peak: £12.50 per kW a month for the average of the 3 days of a month with the highest power over 30 minutes, Monday to Friday, 16:00 to 21:00, at least 2.5 kW",
		"Events, Hot day: 60p per kWh in hours that are announced beforehand, at most 15 times a year",
		"Meter: £36.60 a year", "Online: −15% of Energy", "Minimum: at least £12.00 a month", "VAT: 5%", "Rounded once, the total with tax, to 2 decimals, half-up",
	} {
		if !strings.Contains(words, want) {
			t.Errorf("no %q in\n%s", want, words)
		}
	}
}

// Days of dynamic prices are real days, of 23 and 25 hours too.
func TestPictureOfDynamicPrices(t *testing.T) {
	weeks, err := example(t, "dynamic-two-days.json").Weeks(0)
	if err != nil {
		t.Fatal(err)
	}
	days := weeks[0].Days
	if !weeks[0].Dynamic || days[0].Date != "2013-03-30" || days[0].Minutes != 1440 || days[1].Name != "SUN" || days[1].Minutes != 1380 {
		t.Fatalf("%+v", days[:2])
	}
	// 02:00 UTC is 120 minutes into Sunday, which ends at 23:00 UTC.
	if want := []Stretch{{0, 120, "Energy", "-0.0399", -39900000}, {120, 1380, "Energy", "0.1176", 117600000}}; !slices.Equal(days[1].Stretches, want) {
		t.Errorf("%+v", days[1])
	}
	if len(days) != 7 || len(days[2].Stretches) != 1 || days[2].Stretches[0].To != 60 || len(days[3].Stretches) != 0 {
		t.Errorf("%+v", days[2:4])
	}
}
