package endtoend

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"testing"
	"time"

	"hushwatt/internal/testdata"
)

// twoRate has a window over midnight whose end depends on the day on which it
// began: Friday's and Saturday's nights are two hours longer.
const twoRate = `{
 "planId": "test-two-rate", "displayName": "Two rates", "brandName": "Test",
 "effectiveFrom": "2013-01-01", "effectiveTo": "2014-01-01",
 "electricityContract": {"pricingModel": "TIME_OF_USE", "timeZone": "LOCAL", "tariffPeriod": [{
  "displayName": "All year", "startDate": "01-01", "endDate": "12-31", "dailySupplyCharge": "0.3301",
  "rateBlockUType": "timeOfUseRates", "timeOfUseRates": [
   {"displayName": "Night", "type": "OFF_PEAK", "rates": [{"unitPrice": "0.06937"}], "timeOfUse": [
    {"days": ["SUN", "MON", "TUE", "WED", "THU"], "startTime": "22:30", "endTime": "06:30"},
    {"days": ["FRI", "SAT"], "startTime": "22:30", "endTime": "08:30"}]},
   {"displayName": "Day", "type": "PEAK", "rates": [{"unitPrice": "0.17891"}], "timeOfUse": [
    {"days": ["MON", "TUE", "WED", "THU", "FRI"], "startTime": "06:30", "endTime": "22:30"},
    {"days": ["SAT", "SUN"], "startTime": "08:30", "endTime": "22:30"}]}]}]},
 "x-hushwatt": {"clock": "Europe/London", "currency": "GBP", "pricesIncludeTax": false,
  "taxes": [{"name": "VAT", "rate": "0.05"}], "rounding": {"stage": "bill", "digits": 2, "mode": "half-up"}}}`

type namedTariff struct {
	name string
	data []byte
}

// fourTariffs are those that the months are billed on.
func fourTariffs(t testing.TB) []namedTariff {
	return []namedTariff{
		{"flat", example(t, "flat")},
		{"two-rate", []byte(twoRate)},
		{"evening", example(t, "evening")},
		{"dynamic", dynamicTariff(t)},
	}
}

func example(t testing.TB, name string) []byte {
	return readFile(t, testdata.Shared(t, "design/tariff-examples/"+name+".json"))
}

type object = map[string]any

// dynamicTariff makes a document of the London trial's prices for 2013, taken
// as GMT; neighbouring half-hours of one price become one row.
func dynamicTariff(t testing.TB) []byte {
	t.Helper()
	f, err := os.Open(testdata.Shared(t, "data/tariffs/uk-lcl-dtou-2013/dtou-2013.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil || len(records) != 17521 {
		t.Fatalf("%d rows of prices, %v", len(records), err)
	}
	var rates []object
	for _, r := range records[1:] {
		at, err := time.Parse("2006-01-02 15:04", r[0])
		if err != nil {
			t.Fatal(err)
		}
		until := at.Add(30 * time.Minute).Format(time.RFC3339)
		if n := len(rates); n > 0 && rates[n-1]["value_exc_vat"] == r[1] {
			rates[n-1]["valid_to"] = until
			continue
		}
		rates = append(rates, object{"valid_from": at.Format(time.RFC3339), "valid_to": until, "value_exc_vat": r[1]})
	}
	doc := decode(t, example(t, "dynamic-two-days"))
	contract := doc["electricityContract"].(object)
	season := contract["tariffPeriod"].([]any)[0].(object)
	season["dynamicRates"] = object{"rates": rates}
	return encode(t, doc)
}

func decode(t testing.TB, data []byte) object {
	t.Helper()
	var doc object
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func encode(t testing.TB, doc object) []byte {
	t.Helper()
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// withRounding returns a document with another rule of rounding.
func withRounding(t testing.TB, data []byte, stage, mode string) []byte {
	t.Helper()
	doc := decode(t, data)
	rounding := doc["x-hushwatt"].(object)["rounding"].(object)
	rounding["stage"], rounding["mode"] = stage, mode
	return encode(t, doc)
}

// withPrice returns a document of a single rate with other prices.
func withPrice(t testing.TB, data []byte, price, standing string) []byte {
	t.Helper()
	doc := decode(t, data)
	season := doc["electricityContract"].(object)["tariffPeriod"].([]any)[0].(object)
	season["dailySupplyCharge"] = standing
	season["singleRate"].(object)["rates"] = []any{object{"unitPrice": price}}
	return encode(t, doc)
}

// withDates returns a document that is in force on other days.
func withDates(t testing.TB, data []byte, from, to string) []byte {
	t.Helper()
	doc := decode(t, data)
	doc["effectiveFrom"], doc["effectiveTo"] = from, to
	return encode(t, doc)
}

func withoutTax(t testing.TB, data []byte) []byte {
	t.Helper()
	doc := decode(t, data)
	rules := doc["x-hushwatt"].(object)
	delete(rules, "taxes")
	delete(rules, "pricesIncludeTax")
	return encode(t, doc)
}
