package main

import (
	"fmt"
	"testing"
	"time"

	"hushwatt/meter/household"
	"hushwatt/meter/source"
	"hushwatt/tariffs"
)

// One charge for the highest half-hour of two windows: quoted, billed and verified
// as the month's highest reading in them comes to.
func TestDemandOverSeveralWindows(t *testing.T) {
	t.Parallel()
	d := sealedMonth(t)
	series := d.readings("readings.csv", household.Options{Seed: 7, Gaps: true})
	d.tariff("tariff.json", `"tariffPeriod": [`, `"tariffPeriod": [{"component": "Power", "displayName": "All year", "startDate": "01-01", "endDate": "12-31",
  "rateBlockUType": "demandCharges", "demandCharges": [{"displayName": "Peak", "timeOfUse": [
   {"days": ["MON", "TUE", "WED", "THU", "FRI"], "startTime": "06:00", "endTime": "09:30"}, {"days": ["SAT"], "startTime": "22:00", "endTime": "01:00"}],
   "interval": "PT30M", "measurementPeriod": "BILL", "chargePeriod": "BILL", "amount": "4"}]},`)
	peak := highest(series, func(at time.Time) bool {
		clock := at.Hour()*60 + at.Minute()
		switch at.Weekday() {
		case time.Saturday:
			return clock >= 22*60
		case time.Sunday:
			return clock < 60
		}
		return clock >= 6*60 && clock < 9*60+30
	})
	d.same(quoteMonth, billMonth, verifyMonth)
	for _, l := range d.do(quoteMonth)["lines"].([]any) {
		if l := l.(map[string]any); l["kind"] == "demand" {
			if want := fmt.Sprintf("%.2f", float64(peak)*2*4/1000); l["amount"] != want {
				t.Errorf("the peak of %d Wh costs %v, want %s", peak, l["amount"], want)
			}
			return
		}
	}
	t.Error("no line of demand")
}

// highest is the highest half-hour of London's times that count.
func highest(series []source.Series, counts func(time.Time) bool) (peak uint32) {
	london, err := tariffs.Zone("Europe/London")
	if err != nil {
		panic(err)
	}
	for i, wh := range series[0].Wh {
		if counts(time.Unix(series[0].Start+int64(i*series[0].Step), 0).In(london)) {
			peak = max(peak, wh)
		}
	}
	return peak
}
