package worker

import (
	"math/big"
	"strings"
	"testing"

	"hushwatt/prover/messages"
)

// ruled is a tariff that compares: blocks, a highest demand, a discount, a least
// charge.
func ruled() string {
	s := document2("Blocks and peak", "ruled", "bill", "0.09", "0.21")
	from, to := strings.Index(s, `"rateBlockUType"`), strings.Index(s, `}]},
 "x-hushwatt"`)
	return s[:from] + `"rateBlockUType": "singleRate", "singleRate": {"displayName": "Any time", "period": "P1M",
	  "rates": [{"unitPrice": "0.30", "volume": "100"}, {"unitPrice": "0.25"}]}},
	  {"component": "Network", "displayName": "All year", "startDate": "01-01", "endDate": "12-31", "rateBlockUType": "demandCharges", "demandCharges": [
	   {"displayName": "Evening demand", "days": ["MON","TUE","WED","THU","FRI"], "startTime": "16:00", "endTime": "21:00", "interval": "PT30M",
	    "measurementPeriod": "MONTH", "chargePeriod": "MONTH", "amount": "2.50"}]}],
	  "discounts": [{"displayName": "Online", "rate": "0.10", "of": ["Energy"]}],
	  "minimum": [{"displayName": "Minimum charge", "term": "MONTHLY", "amount": "400.00"}]` + s[to+len("}]"):]
}

// Every line of a tariff that compares readings is told, with its arithmetic,
// and the lines add up to the total that the proof reveals.
func TestLinesOfATariffThatCompares(t *testing.T) {
	w := newTown(t)
	w.two = w.publish(ruled())
	ask := w.march(nil)
	b := w.bill(ask)
	sum := new(big.Int)
	kinds := map[string]messages.Line{}
	for _, l := range b.Lines {
		sum.Add(sum, decimalsOf(l.Amount.Amount, 30))
		kinds[l.Kind] = l
		if len(l.Steps) == 0 {
			t.Errorf("%s %q has no arithmetic", l.Kind, l.Name)
		}
		for _, s := range l.Steps {
			if s.Left == "" {
				t.Errorf("%s %q: %+v", l.Kind, l.Name, l.Steps)
			}
		}
	}
	if sum.Cmp(decimalsOf(b.Total.Amount, 30)) != 0 {
		t.Errorf("lines add up to %s, total %s", sum, b.Total.Amount)
	}
	for _, kind := range []string{"energy", "demand", "fixed", "discount", "minimum", "tax"} {
		if kinds[kind].Name == "" {
			t.Errorf("no line of kind %s in %+v", kind, b.Lines)
		}
	}
	if d := kinds["demand"]; !strings.HasSuffix(d.Price, " kW") || !strings.Contains(d.Steps[0].Left, d.Price) {
		t.Errorf("demand is %+v", d)
	}
	if b.Problem != nil {
		t.Fatalf("%+v", b.Problem)
	}
	proof := call[messages.Proof](w.device, messages.TypeProve, &messages.Prove{Bill: b.ID})
	if proof.Size == 0 {
		t.Error("no proof")
	}
	call[messages.Sent](w.device, messages.TypeSend, &messages.Send{Bill: b.ID})
}

// The picture of a tariff with blocks has the price of the first one.
func TestPictureOfATariffThatCompares(t *testing.T) {
	w := newTown(t)
	w.two = w.publish(ruled())
	w.march(nil)
	d := call[messages.Days](w.device, messages.TypeDays, &messages.AskDays{Home: w.opens.Home.ID, From: "2026-03-01", To: "2026-03-31", Tariff: w.two.ID()})
	if price, ok := d.PriceAt(100); !ok || price != 300_000_000 {
		t.Errorf("price is %d, %v", price, ok)
	}
}

// A tariff's week is drawn, and what a week cannot show is said.
func TestTariffAsAPicture(t *testing.T) {
	w := newTown(t)
	ruled := w.publish(ruled())
	w.march(nil)
	call[messages.Tariffs](w.device, messages.TypeTariffs, &messages.AskTariffs{Refresh: true})
	p := call[messages.TariffPicture](w.device, messages.TypeTariff, &messages.AskTariff{ID: w.two.ID()})
	if len(p.Weeks) != 1 || len(p.Weeks[0].Days) != 7 || p.Weeks[0].Low != 90_000_000 || p.Weeks[0].High != 210_000_000 || p.Weeks[0].Days[0].Name != "Mon" {
		t.Fatalf("%+v", p.Weeks)
	}
	minutes := 0
	for _, s := range p.Weeks[0].Days[6].Stretches {
		minutes += s.To - s.From
	}
	if minutes != 1440 || p.Weeks[0].Days[0].Stretches[0].Price != "9.00p per kWh" {
		t.Errorf("%+v", p.Weeks[0].Days[6])
	}
	words := strings.Join(call[messages.TariffPicture](w.device, messages.TypeTariff, &messages.AskTariff{ID: ruled.ID()}).Words, " ")
	for _, want := range []string{"100", "Evening demand", "Online", "Minimum charge", "VAT", "rounded once"} {
		if !strings.Contains(words, want) {
			t.Errorf("%q is not in %q", want, words)
		}
	}
	refused[messages.TariffPicture](w.device, messages.TariffNotFound, messages.TypeTariff, &messages.AskTariff{ID: "no"})
}

// A tariff that is not on the supplier's public list is refused: it may be made
// for one customer.
func TestTariffForOneCustomerIsRefused(t *testing.T) {
	w := newTown(t)
	w.two = w.publish(document2("Just for you", "you", "bill", "0.10", "0.20"))
	ask := w.march(nil)
	listed := w.supplier.tariffs
	w.supplier.tariffs = listed[:len(listed)-1]
	b := w.bill(ask)
	if b.Problem == nil || b.Problem.Code != messages.TariffRefusedPrivacy || !strings.Contains(b.Problem.Sentence, "publishes to everybody") || b.CanSend || b.CanSave {
		t.Fatalf("%+v", b.Problem)
	}
	refused[messages.Sent](w.device, messages.TariffRefusedPrivacy, messages.TypeSend, &messages.Send{Bill: b.ID})
	w.supplier.tariffs = listed
	if b = w.bill(ask); b.Problem != nil {
		t.Fatalf("%+v", b.Problem)
	}
	w.offline = true // what was once on the list stays everybody's
	if b = w.bill(ask); b.Problem != nil {
		t.Errorf("%+v", b.Problem)
	}
}
