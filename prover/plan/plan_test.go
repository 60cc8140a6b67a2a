package plan

import (
	"math/big"
	"strings"
	"testing"

	"hushwatt/prover"
	"hushwatt/tariffs"
)

const document = `{
 "planId": "flat", "displayName": "Flat", "brandName": "Test", "effectiveFrom": "2026-01-01",
 "electricityContract": {"pricingModel": "SINGLE_RATE", "timeZone": "LOCAL", "tariffPeriod": [{
  "displayName": "All year", "startDate": "01-01", "endDate": "12-31", "dailySupplyCharge": "0.25",
  "rateBlockUType": "singleRate", "singleRate": {"displayName": "Any time", "rates": [{"unitPrice": "0.21"}]}}]},
 "x-hushwatt": {"clock": "Europe/London", "currency": "GBP", "pricesIncludeTax": false,
  "taxes": [{"name": "VAT", "rate": "0.05"}], "rounding": {"stage": "STAGE", "digits": 2, "mode": "half-up"}}}`

func tariff(t *testing.T, stage string) []*tariffs.Tariff {
	t.Helper()
	doc, err := tariffs.Parse([]byte(strings.Replace(document, "STAGE", stage, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return []*tariffs.Tariff{doc}
}

func march(t *testing.T) (start, end tariffs.Date) {
	t.Helper()
	start, err := tariffs.ParseDate("2026-03-01")
	if err != nil {
		t.Fatal(err)
	}
	return start, start + 31
}

var meters = []prover.MeterSlots{{Meter: "b", N: 48}, {Meter: "a", N: 96}}

// Whatever one side asks for, the other compiles from the request to the same.
func TestForIsWhatWasAsked(t *testing.T) {
	start, end := march(t)
	for _, stage := range []string{"bill", "net", "line"} {
		for _, kind := range []prover.Kind{prover.BillRounded, prover.BillExact} {
			asked, err := compile(kind, tariff(t, stage), start, end, meters)
			if err != nil {
				t.Fatal(err)
			}
			r, err := prover.NewRequest(asked.BillPlan)
			if err != nil {
				t.Fatal(err)
			}
			again, err := For(r, tariff(t, stage))
			if err != nil {
				t.Fatal(err)
			}
			if err := again.Matches(r); err != nil {
				t.Errorf("%s, %s: %v", kind, stage, err)
			}
			if rows := again.Rows(); len(rows) != 62 || rows[0].Meter != "a" || len(again.Functionals[0].Weights[0]) != 96 {
				t.Errorf("%s, %s: %d rows, first of %s", kind, stage, len(rows), rows[0].Meter)
			}
		}
	}
}

// Outputs become money by the tariff's own arithmetic: 1,000 minor units net are
// 10.00 and 5 % tax.
func TestTotal(t *testing.T) {
	start, end := march(t)
	for stage, want := range map[string]string{"bill": "10.00", "net": "10.50", "line": "18.64"} {
		p, err := New(tariff(t, stage), start, end, meters)
		if err != nil {
			t.Fatal(err)
		}
		// Stage line reveals the energy lines: 31 days at 0.25 come on top.
		got, err := p.Total([]*big.Int{big.NewInt(1000)})
		if err != nil || got != want {
			t.Errorf("%s: %s %v, want %s", stage, got, err, want)
		}
	}
}

// A request's dates are text; if they are not the days of its instants they must
// not cost a compilation of two centuries.
func TestHostileDates(t *testing.T) {
	r := &prover.Request{Terms: prover.Terms{
		Kind:   prover.BillRounded,
		Period: prover.Period{Start: 0, End: 31 * 86400, First: "1970-01-02", Last: "2149-06-01"},
		Meters: []prover.MeterSlots{{Meter: "m", N: 288}},
	}}
	if _, err := For(r, tariff(t, "bill")); err == nil || !strings.Contains(err.Error(), "not its instants") {
		t.Errorf("error is %v", err)
	}
	r.Terms.Period.First = "yesterday"
	if _, err := For(r, tariff(t, "bill")); err == nil {
		t.Error("a date in words was understood")
	}
}

func TestRefused(t *testing.T) {
	start, end := march(t)
	if _, err := New(tariff(t, "bill"), start, end, nil); err == nil {
		t.Error("a bill without a meter")
	}
	if _, err := compile(prover.Registers, tariff(t, "bill"), start, end, meters); err == nil {
		t.Error("registers out of a tariff")
	}
	least := strings.Replace(strings.Replace(document, "STAGE", "line", 1), `"timeZone": "LOCAL"`, `"timeZone": "LOCAL", "minimum": [{"displayName": "Least", "term": "BILL", "amount": "5"}]`, 1)
	doc, err := tariffs.Parse([]byte(least))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New([]*tariffs.Tariff{doc}, start, end, meters); err == nil || !strings.Contains(err.Error(), "not provable") {
		t.Errorf("a minimum of rounded lines: %v", err)
	}
}

// A rounded bill of a month is private; the same amount unrounded is not.
func TestPrivate(t *testing.T) {
	start, end := march(t)
	for kind, private := range map[prover.Kind]bool{prover.BillRounded: true, prover.BillExact: false} {
		p, err := compile(kind, tariff(t, "bill"), start, end, meters)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Private(); (err == nil) != private {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
