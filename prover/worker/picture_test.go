package worker

import (
	"math/big"
	"testing"

	"hushwatt/meter"
	"hushwatt/prover/messages"
	"hushwatt/tariffs"
)

func TestDaysOfTheClock(t *testing.T) {
	w := newTown(t)
	w.march(nil)
	call[messages.Tariffs](w.device, messages.TypeTariffs, &messages.AskTariffs{})
	home := w.opens.Home.ID
	d := call[messages.Days](w.device, messages.TypeDays, &messages.AskDays{Home: home, From: "2026-03-28", To: "2026-03-30"})
	if len(d.List) != 3 || d.Count() != 48+46+48 || len(d.Wh) != 4*d.Count() || len(d.Price) != 8*d.Count() || d.Clock != "Europe/London" {
		t.Fatalf("%d days, %d slots", len(d.List), d.Count())
	}
	change := d.List[1]
	if change.Slots != 46 || change.Name != "Sunday 29 March" || !change.Weekend || change.Change != "The clocks went forward at 01:00." || change.ChangeSlot != 2 || change.From != 48 {
		t.Errorf("day is %+v", change)
	}
	// Night until 07:00 on the clock: 12 half-hours here, not 14.
	if len(change.Windows) != 3 || change.Windows[0].Slots != 12 || change.Windows[0].End != "07:00" || change.Windows[0].Rate != "Night" || change.Windows[0].Price != "9.00p per kWh" || change.Windows[2].End != "24:00" {
		t.Errorf("windows are %+v", change.Windows)
	}
	if d.List[0].Change != "" || d.List[0].ChangeSlot != 0 || d.List[0].Weekend != true || d.List[2].Weekend {
		t.Errorf("days are %+v", d.List)
	}
	autumn := call[messages.Days](w.device, messages.TypeDays, &messages.AskDays{Home: home, From: "2026-10-25", To: "2026-10-25"})
	if autumn.Count() != 50 || autumn.List[0].Change != "The clocks went back at 02:00." || autumn.StatusAt(0) != messages.NotHere {
		t.Errorf("autumn: %d slots, %+v", autumn.Count(), autumn.List[0])
	}
	last := call[messages.Days](w.device, messages.TypeDays, &messages.AskDays{Home: home})
	if last.First != "2026-04-01" || last.Last != "2026-04-30" || last.HomeFirst != "2026-02-28" {
		t.Errorf("by default %s to %s of %s", last.First, last.Last, last.HomeFirst)
	}
}

// The money of the picture, the bill and the comparison is the same money.
func TestOneMoneyEverywhere(t *testing.T) {
	w := newTown(t)
	b := w.bill(w.march(nil))
	d := call[messages.Days](w.device, messages.TypeDays, &messages.AskDays{Home: w.opens.Home.ID, From: "2026-03-01", To: "2026-03-31"})
	picture, perDay, energy := new(big.Int), new(big.Int), new(big.Int)
	for i := range d.Count() {
		price, ok := d.PriceAt(i)
		if !ok {
			t.Fatal("no price")
		}
		picture.Add(picture, product(price, int64(d.WhAt(i))))
	}
	for _, x := range d.List {
		perDay.Add(perDay, decimalsOf(x.Money.Amount, 12))
	}
	for _, l := range b.Lines {
		if l.Kind == "energy" {
			energy.Add(energy, decimalsOf(l.Amount.Amount, 12))
		}
	}
	if picture.Cmp(energy) != 0 || perDay.Cmp(energy) != 0 {
		t.Errorf("slots %s, days %s, lines %s", picture, perDay, energy)
	}
	c := call[messages.Comparison](w.device, messages.TypeCompare, &messages.Compare{Home: w.opens.Home.ID, From: "2026-03-01", To: "2026-03-31"})
	if len(c.Options) != 2 || len(c.Skipped) != 0 || c.Offline {
		t.Fatalf("comparison is %+v", c)
	}
	present := 0
	for i, o := range c.Options {
		if o.Present {
			present++
			if o.Total != b.Total || o.Words != "your tariff now" || o.Difference.Amount != "0.00" {
				t.Errorf("present tariff is %+v, bill %+v", o.Total, b.Total)
			}
		}
		if i > 0 && decimalsOf(c.Options[i-1].Total.Amount, 2).Cmp(decimalsOf(o.Total.Amount, 2)) > 0 {
			t.Error("not sorted")
		}
		sum := new(big.Int).Add(decimalsOf(b.Total.Amount, 4), decimalsOf(o.Difference.Amount, 4))
		if sum.Cmp(decimalsOf(o.Total.Amount, 4)) != 0 {
			t.Errorf("difference %s of %s", o.Difference.Amount, o.Total.Amount)
		}
	}
	if present != 1 {
		t.Errorf("%d present tariffs", present)
	}
	for _, g := range w.gets {
		if g != "/api/v1/supplier" && g != "/api/v1/tariffs" && g != "/api/v1/tariffs/"+w.two.ID() && g != "/api/v1/tariffs/"+w.flat.ID() {
			t.Errorf("looking at bills fetched %s", g)
		}
	}
	if w.posted != nil {
		t.Error("looking at bills posted something")
	}
}

func TestCompareSkipsWhatDoesNotFit(t *testing.T) {
	w := newTown(t)
	call[messages.Tariffs](w.device, messages.TypeTariffs, &messages.AskTariffs{})
	c := call[messages.Comparison](w.device, messages.TypeCompare, &messages.Compare{Home: w.opens.Home.ID, From: "2025-12-01", To: "2025-12-31"})
	if len(c.Options) != 0 || len(c.Skipped) != 2 || c.Skipped[0].Why == "" {
		t.Errorf("comparison is %+v", c)
	}
}

// A quarter-hour meter takes over from a half-hour one: one bill of both.
func TestBillOfTwoMeters(t *testing.T) {
	w := newTown(t)
	noon := int64(date(t, "2026-03-10"))*day + 12*3600
	key, err := meter.ParseRecipient(w.device.state.Recipient)
	if err != nil {
		t.Fatal(err)
	}
	old, fresh := w.home("old", 1800, key), w.home("fresh", 900, key)
	old.adjust = notHere(func(t int64) bool { return t >= noon })
	fresh.adjust = notHere(func(t int64) bool { return t < noon })
	call[messages.Opened](w.device, messages.TypeOpen, open(old.seal("2026-02-28", "2026-03-11")))
	r := w.ask("2026-03-01", "2026-04-01", append(fresh.slots(), old.slots()...), []*tariffs.Tariff{w.two}, nil)
	a := call[messages.Ask](w.device, messages.TypeRequest, &messages.TakeRequest{Data: r.Bytes()})
	refused[messages.Bill](w.device, messages.PeriodNotCovered, messages.TypeBill, &messages.AskBill{Request: a.ID})
	call[messages.Opened](w.device, messages.TypeOpen, open(fresh.seal("2026-03-10", "2026-04-01")))
	b := w.bill(a.ID)
	if b.Problem != nil || len(b.Meters) != 2 || b.Slots != 9*48+24+(22*48-24-2)*2 {
		t.Fatalf("bill of %v, %d slots, problem %+v", b.Meters, b.Slots, b.Problem)
	}
	checkLinesAddUp(t, b)
	call[messages.Sent](w.device, messages.TypeSend, &messages.Send{Bill: a.ID})
}

func notHere(when func(int64) bool) func([]meter.Day) {
	return func(days []meter.Day) {
		for i := range days {
			ch := &days[i].Channels[0]
			for s := range ch.Wh {
				if when(int64(days[i].Day)*day + int64(s)*int64(day/len(ch.Wh))) {
					ch.Wh[s], ch.Status[s] = 0, meter.NotHere
				}
			}
		}
	}
}

func TestRoundingInWords(t *testing.T) {
	for _, c := range []struct {
		r    tariffs.Rounding
		in   string
		want string
	}{
		{tariffs.Rounding{Stage: tariffs.StageBill, Digits: 2, Mode: tariffs.HalfUp}, "GBP", "Nothing is rounded on the way. The total, with tax, is rounded once, to the nearest penny; exactly half goes up."},
		{tariffs.Rounding{Stage: tariffs.StageLine, Digits: 2, Mode: tariffs.Down}, "EUR", "Each line is rounded by itself, and then each tax, down to the last whole cent."},
		{tariffs.Rounding{Stage: tariffs.StageNet, Digits: 3, Mode: tariffs.HalfEven}, "GBP", "The total before tax is rounded once, and then each tax, to the nearest 0.001; exactly half goes to the even one."},
	} {
		if got := roundingWords(c.r, c.in); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		periodWords(date(t, "2026-03-01"), date(t, "2026-04-01")):               "1–31 March 2026",
		periodWords(date(t, "2026-03-28"), date(t, "2026-04-04")):               "28 March – 3 April 2026",
		periodWords(date(t, "2025-12-28"), date(t, "2026-01-04")):               "28 December 2025 – 3 January 2026",
		periodWords(date(t, "2026-03-01"), date(t, "2026-03-02")):               "1 March 2026",
		monthWords(date(t, "2026-02-01"), date(t, "2026-03-01")):                "February",
		monthWords(date(t, "2026-02-01"), date(t, "2026-02-28")):                "",
		money("GBP", "-0.52").Text:                                              "−£0.52",
		money("CHF", "3.00").Text:                                               "CHF 3.00",
		perKWh("GBP", 245000000):                                                "24.50p per kWh",
		perKWh("GBP", -39900000):                                                "−3.99p per kWh",
		perKWh("EUR", 245000000):                                                "€0.245 per kWh",
		perKWh("GBP", 3000000000):                                               "£3.00 per kWh",
		count(1486):                                                             "1,486",
		count(-1234567):                                                         "-1,234,567",
		kWh(132412):                                                             "132.412",
		kWhRough(214349):                                                        "214.3",
		list([]string{"a", "b", "c"}):                                           "a, b and c",
		abbreviate("hushwatt-supplier1abcdefghijkl"):                            "abcd efgh ijkl",
		slotWords(1774742400, 1774749600, clockOf("UTC")):                       "Sunday 29 March, 00:00 to 02:00",
		slotWords(1774742400+79200, 1774742400+86400, clockOf("UTC")):           "Sunday 29 March, 22:00 to 24:00",
		slotWords(1774742400+79200, 1774742400+2*86400, clockOf("not a clock")): "Sunday 29 March, 22:00 to Tuesday 31 March, 00:00",
		cleanName(" Demo\u202e\nEnergy "):                                       "DemoEnergy",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestTogetherFindsNeighboursAndChains(t *testing.T) {
	row := func(first, days int) releasedRow {
		return releasedRow{Meter: "m", N: 48, FirstDay: first, Days: days, Unit: []byte{1}, Runs: []weightRun{{Slots: uint32(days * 48), Weight: 1}}}
	}
	other := row(0, 31)
	other.Meter = "n"
	before := []releasedRow{other, row(0, 31), row(31, 30), row(50, 30), row(100, 30), row(0, 31)}
	if got := together(row(10, 31), before); len(got) != 5 { // itself, twice 0–30, 31–60 and through it 50–79
		t.Errorf("%d rows together", len(got))
	}
	if got := together(row(61, 5), before[:3]); len(got) != 2 { // the month before it touches
		t.Errorf("%d rows together", len(got))
	}
	if got := together(row(0, 31), before[:2]); len(got) != 1 { // the same number again is no news
		t.Errorf("%d rows together", len(got))
	}
}

// The arithmetic of a line ends at its amount, whatever the rule rounds.
func TestStepsEndAtTheAmount(t *testing.T) {
	w := newTown(t)
	for _, stage := range []string{"bill", "net", "line", "interval"} {
		w.publish(document2("Stage "+stage, stage, stage, "0.0912345", "0.21"))
	}
	taxes := 0
	for _, tariff := range call[messages.Tariffs](w.device, messages.TypeTariffs, &messages.AskTariffs{Refresh: true}).List {
		b := call[messages.Bill](w.device, messages.TypeBill, &messages.AskBill{Tariff: tariff.ID, From: "2026-03-01", To: "2026-03-31"})
		checkLinesAddUp(t, b)
		for _, l := range b.Lines {
			if last := l.Steps[len(l.Steps)-1]; last.Right != l.Amount.Text {
				t.Errorf("%s, %s: %+v does not end at %s", tariff.Name, l.Name, l.Steps, l.Amount.Text)
			}
			if l.Kind == "tax" {
				taxes++
			}
		}
	}
	if taxes != 6 {
		t.Errorf("%d lines of tax", taxes)
	}
}
