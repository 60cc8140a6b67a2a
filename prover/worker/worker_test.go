package worker

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hushwatt/meter"
	"hushwatt/meter/household"
	"hushwatt/prover"
	"hushwatt/prover/plan"
	"hushwatt/tariffs"
)

const document = `{
 "planId": "two", "displayName": "Two rates", "brandName": "Test", "effectiveFrom": "2026-01-01",
 "electricityContract": {"pricingModel": "TIME_OF_USE", "timeZone": "LOCAL", "tariffPeriod": [{
  "displayName": "All year", "startDate": "01-01", "endDate": "12-31", "dailySupplyCharge": "0.25",
  "rateBlockUType": "timeOfUseRates", "timeOfUseRates": [
   {"displayName": "Night", "type": "OFF_PEAK", "rates": [{"unitPrice": "0.09"}],
    "timeOfUse": [{"days": ["MON","TUE","WED","THU","FRI","SAT","SUN"], "startTime": "23:00", "endTime": "07:00"}]},
   {"displayName": "Day", "type": "PEAK", "rates": [{"unitPrice": "0.21"}],
    "timeOfUse": [{"days": ["MON","TUE","WED","THU","FRI","SAT","SUN"], "startTime": "07:00", "endTime": "23:00"}]}]}]},
 "x-hushwatt": {"clock": "Europe/London", "currency": "GBP", "pricesIncludeTax": false,
  "taxes": [{"name": "VAT", "rate": "0.05"}], "rounding": {"stage": "STAGE", "digits": 2, "mode": "half-up"}}}`

func tariff(t *testing.T, stage string) *tariffs.Tariff {
	t.Helper()
	doc, err := tariffs.Parse([]byte(strings.Replace(document, "STAGE", stage, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func date(t *testing.T, s string) tariffs.Date {
	t.Helper()
	d, err := tariffs.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// home is a month of made-up readings, opened by its customer, and the series it
// was sealed from.
func home(t *testing.T, name string, step int, shape meter.DaysOptions) (*meter.Opened, *tariffs.Series) {
	t.Helper()
	h, err := household.New(household.Options{Seed: 11, Step: step, Point: name})
	if err != nil {
		t.Fatal(err)
	}
	series, err := h.Series(int(date(t, "2026-03-01")), 31)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := meter.NewAuthorityKey()
	if err != nil {
		t.Fatal(err)
	}
	m, err := meter.NewMeter(ca, meter.Setup{Meter: name, N: series[0].PerDay()})
	if err != nil {
		t.Fatal(err)
	}
	shape.N, shape.Channels = series[0].PerDay(), meter.ImportOnly
	days, err := meter.DaysFromSeries(series, shape)
	if err != nil {
		t.Fatal(err)
	}
	key, err := meter.NewKey(meter.X25519)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Seal(key.Recipient(), days, 0); err != nil {
		t.Fatal(err)
	}
	opened, err := Open(m.Export().Bytes(), key)
	if err != nil {
		t.Fatal(err)
	}
	return opened, &tariffs.Series{Start: series[0].Start, Step: series[0].Step, Wh: series[0].Wh}
}

func march(t *testing.T, tariff *tariffs.Tariff, opened ...*meter.Opened) Job {
	return Job{Opened: opened, Tariffs: []*tariffs.Tariff{tariff}, Start: date(t, "2026-03-01"), End: date(t, "2026-04-01")}
}

func TestMakeIsTheQuote(t *testing.T) {
	opened, series := home(t, "home", 1800, meter.DaysOptions{})
	for _, stage := range []string{"bill", "net", "line"} {
		doc := tariff(t, stage)
		plan, err := tariffs.Compile([]*tariffs.Tariff{doc}, date(t, "2026-03-01"), date(t, "2026-04-01"), 48)
		if err != nil {
			t.Fatal(err)
		}
		quote, err := tariffs.Quote(plan, series)
		if err != nil {
			t.Fatal(err)
		}
		made, err := Make(march(t, doc, opened), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if made.Total != quote.Total || made.Currency != quote.Currency {
			t.Errorf("%s: bill %s %s, quote %s %s", stage, made.Total, made.Currency, quote.Total, quote.Currency)
		}
	}
}

// A meter of half-hours gives way to one of quarter-hours: one tariff, one bill.
func TestMetersWithSlotsOfTwoLengths(t *testing.T) {
	noon := date(t, "2026-03-10")
	at := int64(noon)*86400 + 12*3600
	old, _ := home(t, "old", 1800, meter.DaysOptions{Removed: at})
	fresh, _ := home(t, "fresh", 900, meter.DaysOptions{Installed: at})
	doc := tariff(t, "line")
	made, err := Make(march(t, doc, old, fresh), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if len(made.Plan.Meters) != 2 || made.Plan.Meters[0].N != 96 || made.Plan.Meters[1].N != 48 {
		t.Errorf("meters are %v", made.Plan.Meters)
	}
	_, err = Make(march(t, doc, old), time.Now())
	if !errors.Is(err, meter.ErrCoverage) {
		t.Errorf("old meter alone: %v", err)
	}
}

func TestRequestIsAnsweredInTime(t *testing.T) {
	opened, _ := home(t, "home", 1800, meter.DaysOptions{})
	doc := tariff(t, "bill")
	key, err := prover.NewSupplierKey()
	if err != nil {
		t.Fatal(err)
	}
	job := march(t, doc, opened)
	asked, err := plan.New(job.Tariffs, job.Start, job.End, job.meters())
	if err != nil {
		t.Fatal(err)
	}
	r, err := prover.NewRequest(asked.BillPlan)
	if err != nil {
		t.Fatal(err)
	}
	r.Serial, r.NotAfter = 1, 1000
	if err := r.Sign(key); err != nil {
		t.Fatal(err)
	}
	job.Request = r
	if _, err := Make(job, time.Unix(1000, 0)); err != nil {
		t.Errorf("in time: %v", err)
	}
	if _, err := Make(job, time.Unix(1001, 0)); err == nil || !strings.Contains(err.Error(), "was to be answered by") {
		t.Errorf("too late: %v", err)
	}
}
