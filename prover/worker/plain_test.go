package worker

import (
	"encoding/binary"
	"strings"
	"testing"

	"hushwatt/meter/slots"
	"hushwatt/prover/messages"
)

// unsealed is what the page's reader makes of a file: the made-up home's readings.
func (w *town) unsealed(start, end string) *messages.Readings {
	w.device.t.Helper()
	first, last := date(w.device.t, start), date(w.device.t, end)
	s, err := w.house.made.Series(int(first), int(last-first))
	if err != nil {
		w.device.t.Fatal(err)
	}
	r := &messages.Readings{Name: "download.csv", Meter: "my flat", Start: int64(first) * day, Step: 1800, Said: []messages.Said{{Name: "Format", Value: "csv"}}}
	for i := range s {
		if s[i].Channel != slots.Import {
			continue
		}
		r.Import = true
		for k, wh := range s[i].Wh {
			r.ImportWh = binary.LittleEndian.AppendUint32(r.ImportWh, wh)
			r.ImportStatus = append(r.ImportStatus, byte(s[i].Status[k]))
		}
	}
	return r
}

// Readings that nobody has sealed are drawn, priced and compared by the same
// arithmetic as sealed ones, and nothing of them can be sent.
func TestUnsealedReadingsStayHere(t *testing.T) {
	w := newTown(t)
	call[messages.Tariffs](w.device, messages.TypeTariffs, &messages.AskTariffs{})
	ask := w.march(nil)
	sealed := w.bill(ask)
	opened := call[messages.Opened](w.device, messages.TypeTakeReadings, w.unsealed("2026-02-28", "2026-05-02"))
	h := opened.Home
	if h == nil || !h.Plain || h.Sealed || h.Authority != "" || h.File != "download.csv" || len(h.Said) != 1 || h.Meter != "my flat" || !strings.HasPrefix(h.Seal, notCertified) {
		t.Fatalf("home is %+v", h)
	}
	if h.KWh != w.opens.Home.KWh || h.Slots != w.opens.Home.Slots || h.Period != w.opens.Home.Period {
		t.Errorf("%s kWh in %d slots, %s; sealed: %s in %d, %s", h.KWh, h.Slots, h.Period, w.opens.Home.KWh, w.opens.Home.Slots, w.opens.Home.Period)
	}
	w.restart() // it is kept
	if len(w.state.Homes) != 0 && len(w.state.Homes) != 2 {
		t.Errorf("%d homes", len(w.state.Homes))
	}
	d := call[messages.Days](w.device, messages.TypeDays, &messages.AskDays{Home: h.ID, From: "2026-03-01", To: "2026-03-31"})
	if d.Count() != 1486 || len(d.Price) == 0 {
		t.Errorf("%d slots, %d prices", d.Count(), len(d.Price)/8)
	}
	bill := call[messages.Bill](w.device, messages.TypeBill, &messages.AskBill{Homes: []string{h.ID}, Tariff: w.two.ID(), From: "2026-03-01", To: "2026-03-31"})
	if !bill.Plain || bill.Total != sealed.Total || len(bill.Lines) != len(sealed.Lines) {
		t.Errorf("bill of %s, sealed: %s", bill.Total.Text, sealed.Total.Text)
	}
	if bill.CanSend || bill.CanSave || bill.Problem == nil || bill.Problem.Code != messages.NotCertified || len(bill.Leaves) != 0 {
		t.Errorf("bill may leave: %+v", bill)
	}
	compared := call[messages.Comparison](w.device, messages.TypeCompare, &messages.Compare{Home: h.ID, From: "2026-03-01", To: "2026-03-31"})
	if len(compared.Options) != 2 {
		t.Errorf("%d tariffs", len(compared.Options))
	}
	for _, kind := range []messages.Type{messages.TypeProve, messages.TypeSend, messages.TypeSave} {
		refused[messages.Sent](w.device, messages.NotCertified, kind, &messages.Send{Bill: bill.ID})
	}
	if len(w.posted) != 0 {
		t.Error("something was posted")
	}
	call[messages.State](w.device, messages.TypeForgetHome, &messages.ForgetHome{Home: h.ID})
	refused[messages.Days](w.device, messages.NotFound, messages.TypeDays, &messages.AskDays{Home: h.ID})
	if len(w.state.Homes) != 1 || w.state.Homes[0].Plain {
		t.Errorf("homes are %+v", w.state.Homes)
	}
}

// A request about a meter is not answered with readings of the same name that
// nobody has sealed.
func TestUnsealedReadingsAnswerNoRequest(t *testing.T) {
	w := newTown(t)
	ask := w.march(nil)
	call[messages.State](w.device, messages.TypeForgetHome, &messages.ForgetHome{Home: w.opens.Home.ID})
	r := w.unsealed("2026-02-28", "2026-05-02")
	r.Meter = w.house.name
	call[messages.Opened](w.device, messages.TypeTakeReadings, r)
	refused[messages.Bill](w.device, messages.OtherMeter, messages.TypeBill, &messages.AskBill{Request: ask})
	for _, a := range w.state.Asks {
		if len(a.Homes) != 0 || a.Problem == nil || a.Problem.Code != messages.OtherMeter {
			t.Errorf("request is %+v", a)
		}
	}
}

// The same meter's newer readings take the place of the older ones; what is not
// in the file at its ends is not missing.
func TestUnsealedReadingsAreReplacedAndTrimmed(t *testing.T) {
	w := newTown(t)
	call[messages.Opened](w.device, messages.TypeTakeReadings, w.unsealed("2026-03-01", "2026-03-10"))
	r := w.unsealed("2026-03-01", "2026-03-20")
	for i := range 10 {
		r.ImportStatus[i], r.ImportStatus[len(r.ImportStatus)-1-i] = messages.Missing, messages.Missing
	}
	r.ImportStatus[100] = messages.Missing
	binary.LittleEndian.PutUint32(r.ImportWh[400:], 0)
	h := call[messages.Opened](w.device, messages.TypeTakeReadings, r).Home
	if len(w.state.Homes) != 2 || h.Slots != 19*48-20 || h.Missing != 1 || h.Span == "" || h.Period != "2–18 March 2026" {
		t.Errorf("%d homes; %d slots, %d missing, %q, %s", len(w.state.Homes), h.Slots, h.Missing, h.Span, h.Period)
	}
}

func TestReadingsThatDoNotFitTogether(t *testing.T) {
	w := newTown(t)
	for name, change := range map[string]func(*messages.Readings){
		"step":     func(r *messages.Readings) { r.Step = 1700 },
		"no step":  func(r *messages.Readings) { r.Step = 0 },
		"start":    func(r *messages.Readings) { r.Start += 1800 },
		"before":   func(r *messages.Readings) { r.Start = -day },
		"columns":  func(r *messages.Readings) { r.ImportWh = r.ImportWh[4:] },
		"half day": func(r *messages.Readings) { r.ImportWh, r.ImportStatus = r.ImportWh[4:], r.ImportStatus[1:] },
		"status":   func(r *messages.Readings) { r.ImportStatus[7] = messages.NotHere },
		"nothing":  func(r *messages.Readings) { r.ImportWh, r.ImportStatus = nil, nil },
	} {
		r := w.unsealed("2026-03-01", "2026-03-03")
		change(r)
		if _, e := try[messages.Opened](w.device, messages.TypeTakeReadings, r); e == nil || e.Code != messages.BadCall {
			t.Errorf("%s: %v", name, e)
		}
	}
	r := w.unsealed("2026-03-01", "2026-03-03")
	for i := range r.ImportStatus {
		r.ImportStatus[i] = messages.Missing
	}
	refused[messages.Opened](w.device, messages.NotAMeterFile, messages.TypeTakeReadings, r)
}

func TestRulesOfAClock(t *testing.T) {
	w := newTown(t)
	if z := call[messages.Zone](w.device, messages.TypeZone, &messages.AskZone{Name: "Europe/Dublin"}); string(z.Rules[:4]) != "TZif" {
		t.Errorf("rules begin with %q", z.Rules[:4])
	}
	refused[messages.Zone](w.device, messages.NotFound, messages.TypeZone, &messages.AskZone{Name: "../etc/passwd"})
}
