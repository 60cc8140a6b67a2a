package worker

import (
	"context"
	"encoding/base64"
	"errors"
	"testing"

	"hushwatt/prover/messages"
	"hushwatt/tariffs"
)

// compares has blocks, the highest demand of the month, and a minimum charge.
const compares = `{
 "planId": "compares", "displayName": "Blocks and power", "brandName": "Test", "effectiveFrom": "2026-01-01",
 "electricityContract": {"pricingModel": "FLEXIBLE", "timeZone": "LOCAL", "tariffPeriod": [
  {"displayName": "All year", "startDate": "01-01", "endDate": "12-31", "dailySupplyCharge": "0.25",
   "rateBlockUType": "singleRate", "singleRate": {"displayName": "Use", "period": "P1M", "rates": [
    {"unitPrice": "0.14", "volume": "100"}, {"unitPrice": "0.19", "volume": "100"}, {"unitPrice": "0.25"}]}},
  {"component": "Power", "displayName": "All year", "startDate": "01-01", "endDate": "12-31", "rateBlockUType": "demandCharges", "demandCharges": [
   {"displayName": "Peak", "days": ["MON","TUE","WED","THU","FRI","SAT","SUN"], "startTime": "00:00", "endTime": "24:00",
    "interval": "PT30M", "measurementPeriod": "MONTH", "chargePeriod": "MONTH", "amount": "2.17"}]}],
  "minimum": [{"displayName": "Least", "term": "BILL", "amount": "20"}]},
 "x-hushwatt": {"clock": "Europe/London", "currency": "GBP", "pricesIncludeTax": false,
  "taxes": [{"name": "VAT", "rate": "0.05"}], "rounding": {"stage": "bill", "digits": 2, "mode": "half-up"}}}`

// A bill that compares every half-hour is shown, proven in steps, stopped in the
// middle, and sent.
func TestBillThatCompares(t *testing.T) {
	w := newTown(t)
	doc := w.supplier.publish(compares)
	r := w.ask("2026-03-01", "2026-04-01", w.house.slots(), []*tariffs.Tariff{doc}, nil)
	ask := call[messages.Ask](w.device, messages.TypeRequest, &messages.TakeRequest{Fragment: "#r=" + base64.RawURLEncoding.EncodeToString(r.Bytes())})
	b := w.bill(ask.ID)
	if b.Problem != nil || !b.CanSend {
		t.Fatalf("bill is %+v, problem %v", b, b.Problem)
	}
	kinds := map[string]int{}
	for _, l := range b.Lines {
		kinds[l.Kind]++
	}
	if kinds["energy"] == 0 || kinds["demand"] != 1 || kinds["fixed"] != 1 || kinds["tax"] != 1 {
		t.Errorf("lines are %v", kinds)
	}

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	seen := 0
	text, _, _ := messages.Encode(&messages.Prove{Bill: b.ID})
	_, _, err := w.Call(ctx, messages.TypeProve, text, nil, func(p messages.Progress) {
		if p.Phase == "proving" {
			seen++
		}
		if seen == 4 {
			stop()
		}
	})
	var e *messages.Error
	if !errors.As(err, &e) || e.Code != messages.Stopped || seen != 4 {
		t.Fatalf("stopped after %d steps: %v", seen, err)
	}
	w.seen = nil
	call[messages.Proof](w.device, messages.TypeProve, &messages.Prove{Bill: b.ID})
	if len(w.seen) < 6 {
		t.Errorf("%d messages of progress", len(w.seen))
	}
	sent := call[messages.Sent](w.device, messages.TypeSend, &messages.Send{Bill: b.ID})
	if sent.Entry.State != messages.EntryAccepted {
		t.Errorf("sent is %+v", sent)
	}
}
