package bench

import (
	"fmt"
	"strings"
	"time"
)

const document = `{
 "planId": "bench", "displayName": "Bench", "brandName": "Bench",
 "effectiveFrom": "2013-01-01", "effectiveTo": "2014-01-01",
 "electricityContract": {"pricingModel": "%s", "timeZone": "LOCAL", "tariffPeriod": [{
  "displayName": "All year", "startDate": "01-01", "endDate": "12-31", "dailySupplyCharge": "0.263",
  %s}]},
 "x-hushwatt": {"clock": "Europe/London", "currency": "GBP", "pricesIncludeTax": false,
  "taxes": [{"name": "VAT", "rate": "0.05"}], "rounding": {"stage": "%s", "digits": 2, "mode": "half-up"}}}`

// rates shares the hours of a day out among count rates.
func rates(count int, stage string) string {
	if count == 1 {
		return fmt.Sprintf(document, "SINGLE_RATE", `"rateBlockUType": "singleRate", "singleRate": {"displayName": "Flat", "rates": [{"unitPrice": "0.1531"}]}`, stage)
	}
	clock := func(i int) string { m := i * 48 / count % 48 * 30; return fmt.Sprintf("%02d:%02d", m/60, m%60) }
	var list []string
	for i := range count {
		list = append(list, fmt.Sprintf(`{"displayName": "Rate %d", "type": "SHOULDER", "rates": [{"unitPrice": "0.%04d"}],
   "timeOfUse": [{"days": ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"], "startTime": "%s", "endTime": "%s"}]}`,
			i+1, 716+531*i, clock(i), clock(i+1)))
	}
	return fmt.Sprintf(document, "TIME_OF_USE", `"rateBlockUType": "timeOfUseRates", "timeOfUseRates": [`+strings.Join(list, ",\n")+`]`, stage)
}

// blocks has three blocks a month and a minimum charge.
func blocks() string {
	s := fmt.Sprintf(document, "SINGLE_RATE", `"rateBlockUType": "singleRate", "singleRate": {"displayName": "Blocks", "period": "P1M", "rates": [
   {"unitPrice": "0.1231", "volume": "120"}, {"unitPrice": "0.1817", "volume": "150"}, {"unitPrice": "0.2503"}]}`, "bill")
	return strings.Replace(s, "]},\n \"x-hushwatt\"", `], "minimum": [{"displayName": "Least", "term": "BILL", "amount": "30.50"}]},
 "x-hushwatt"`, 1)
}

// demand has a charge for the highest of all the month's half-hours.
func demand() string {
	return strings.Replace(rates(1, "bill"), "]},\n \"x-hushwatt\"", `,
  {"component": "Power", "displayName": "All year", "startDate": "01-01", "endDate": "12-31", "rateBlockUType": "demandCharges", "demandCharges": [
   {"displayName": "Peak", "days": ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"], "startTime": "00:00", "endTime": "24:00",
    "interval": "PT30M", "measurementPeriod": "MONTH", "chargePeriod": "MONTH", "amount": "3.17"}]}]},
 "x-hushwatt"`, 1)
}

// dynamic gives each of the year's 17,520 half-hours a price of its own.
func dynamic() string {
	var list []string
	at := time.Date(2013, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range year * 48 {
		from := at.Add(time.Duration(i) * 30 * time.Minute)
		list = append(list, fmt.Sprintf(`{"valid_from": "%s", "valid_to": "%s", "value_exc_vat": "0.%06d"}`,
			from.Format(time.RFC3339), from.Add(30*time.Minute).Format(time.RFC3339), 100_000+(i*7919)%300_000))
	}
	return fmt.Sprintf(document, "FLEXIBLE", `"rateBlockUType": "dynamicRates", "dynamicRates": {"rates": [`+strings.Join(list, ",\n")+`]}`, "bill")
}
