package worker

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"hushwatt/meter"
	"hushwatt/meter/household"
	"hushwatt/prover"
	"hushwatt/prover/messages"
	"hushwatt/prover/plan"
	"hushwatt/tariffs"
	"hushwatt/testvectors"
)

func open(data []byte) *messages.Open { return &messages.Open{Name: "file", Data: data} }

func TestFilesThatAreNotOurs(t *testing.T) {
	w := newTown(t)
	export := w.house.meter.Export().Bytes()
	flipped := append([]byte(nil), export...)
	flipped[len(flipped)/2] ^= 1
	r := w.ask("2026-03-01", "2026-04-01", w.house.slots(), []*tariffs.Tariff{w.two}, nil)
	badRequest := r.Bytes()
	badRequest[len(badRequest)-1] ^= 1
	key, err := meter.NewKey(meter.X25519)
	if err != nil {
		t.Fatal(err)
	}
	file, _ := key.File()
	for name, c := range map[string]struct {
		data []byte
		code messages.Code
	}{
		"empty":                 {nil, messages.NotAHushwattFile},
		"a table":               {[]byte("Start,End,kWh\n2026-03-01,2026-03-02,1.2\n"), messages.NotAHushwattFile},
		"a cut export":          {export[:len(export)-100], messages.DamagedFile},
		"a flipped bit":         {flipped, messages.DamagedFile},
		"more at the end":       {append(append([]byte(nil), export...), 0), messages.DamagedFile},
		"a changed request":     {badRequest, messages.DamagedFile},
		"a link cut off":        {[]byte("https://demo.example/bill#r=AAAA"), messages.DamagedFile},
		"a key with a slip":     {append(file[:len(file)-3:len(file)-3], 'q', 'q', '\n'), messages.DamagedFile},
		"a recovery file":       {[]byte(recoveryMagic + "and more"), messages.NeedsPassphrase},
		"an unsigned request":   {unsigned(t, w), messages.NothingAsked},
		"far too large":         {make([]byte, maxFile+1), messages.NotAHushwattFile},
		"a link without a link": {[]byte("hello r=%%%"), messages.DamagedFile},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(w.vault.records)
			w.device.t = t
			refused[messages.Opened](w.device, c.code, messages.TypeOpen, open(c.data))
			if len(w.vault.records) != before {
				t.Error("something of it was kept")
			}
		})
	}
}

func unsigned(t *testing.T, w *town) []byte {
	plan, err := plan.New([]*tariffs.Tariff{w.two}, date(t, "2026-03-01"), date(t, "2026-04-01"), w.house.slots())
	if err != nil {
		t.Fatal(err)
	}
	r, err := prover.NewRequest(plan.BillPlan)
	if err != nil {
		t.Fatal(err)
	}
	return r.Bytes()
}

func TestWrongKeyThenRightKey(t *testing.T) {
	w := newTown(t)
	key, err := meter.NewKey(meter.X25519)
	if err != nil {
		t.Fatal(err)
	}
	other := w.home("home-2", 1800, key.Recipient())
	file := other.seal("2026-03-01", "2026-03-04")
	refused[messages.Opened](w.device, messages.WrongKey, messages.TypeOpen, open(file))
	if s := call[messages.State](w.device, messages.TypeHello, &messages.Hello{Origin: origin}); len(s.Pending) != 1 || len(s.Homes) != 1 {
		t.Fatalf("pending %v", s.Pending)
	}
	keyFile, err := key.File()
	if err != nil {
		t.Fatal(err)
	}
	o := call[messages.Opened](w.device, messages.TypeOpen, open(keyFile))
	if o.Kind != messages.KindKey || o.Home == nil || o.Home.Meter != "home-2" || len(w.device.state.Pending) != 0 || len(w.device.state.Homes) != 2 {
		t.Errorf("opened %+v", o)
	}
}

func TestNoKeyYet(t *testing.T) {
	w := newTown(t)
	now := *w.now
	fresh := newDevice(t, w.supplier, &now)
	refused[messages.Opened](fresh, messages.NoKey, messages.TypeOpen, open(w.house.meter.Export().Bytes()))
	refused[messages.Recovery](fresh, messages.NoKey, messages.TypeRecoveryFile, &messages.MakeRecovery{})
}

func TestOlderFileDoesNotTakeTheNewersPlace(t *testing.T) {
	w := newTown(t)
	before := w.house.meter.Export().Bytes()
	newer := w.house.seal("2026-05-02", "2026-05-10")
	if o := call[messages.Opened](w.device, messages.TypeOpen, open(newer)); o.Known || o.Home.Last != "2026-05-09" {
		t.Errorf("newer: %+v", o.Home)
	}
	if o := call[messages.Opened](w.device, messages.TypeOpen, open(before)); !o.Known || o.Home.Last != "2026-05-09" {
		t.Errorf("older: known %v, %+v", o.Known, o.Home)
	}
}

func TestPeriodNotCovered(t *testing.T) {
	w := newTown(t)
	for _, p := range [][2]string{{"2026-05-01", "2026-06-01"}, {"2026-02-01", "2026-03-01"}, {"2026-07-01", "2026-08-01"}} {
		request := w.month(p[0], p[1], nil)
		refused[messages.Bill](w.device, messages.PeriodNotCovered, messages.TypeBill, &messages.AskBill{Request: request})
	}
}

func TestOtherMeter(t *testing.T) {
	w := newTown(t)
	r := w.ask("2026-03-01", "2026-04-01", []prover.MeterSlots{{Meter: "neighbour", N: 48}}, []*tariffs.Tariff{w.two}, nil)
	a := call[messages.Ask](w.device, messages.TypeRequest, &messages.TakeRequest{Data: r.Bytes()})
	if a.Problem == nil || a.Problem.Code != messages.OtherMeter {
		t.Errorf("ask is %+v", a)
	}
	refused[messages.Bill](w.device, messages.OtherMeter, messages.TypeBill, &messages.AskBill{Request: a.ID})
}

// missing makes the slots of a day missing.
func missing(on tariffs.Date, slots ...int) func([]meter.Day) {
	return func(days []meter.Day) {
		for i := range days {
			if days[i].Day == uint16(on) {
				for _, s := range slots {
					days[i].Channels[0].Wh[s], days[i].Channels[0].Status[s] = 0, meter.Missing
				}
			}
		}
	}
}

func TestMissingHalfHoursAreNamed(t *testing.T) {
	w := newTown(t)
	strict := w.publish(strings.Replace(document2("Strict", "strict", "bill", "0.1", "0.2"), `"currency": "GBP"`, `"currency": "GBP", "missingPolicy": "refuse"`, 1))
	state := call[messages.State](w.device, messages.TypeHello, &messages.Hello{Origin: origin})
	key, err := meter.ParseRecipient(state.Recipient)
	if err != nil {
		t.Fatal(err)
	}
	house := w.home("home-gaps", 1800, key)
	house.adjust = missing(date(t, "2026-04-07"), 3, 4, 10)
	o := call[messages.Opened](w.device, messages.TypeOpen, open(house.seal("2026-03-31", "2026-05-01")))
	if o.Home.Missing != 3 || len(o.Home.MissingSlots) != 2 || o.Home.MissingSlots[0].Words != "Tuesday 7 April, 02:30 to 03:30" {
		t.Errorf("missing %d: %+v", o.Home.Missing, o.Home.MissingSlots)
	}
	for _, c := range []struct {
		tariff *tariffs.Tariff
		fits   bool
	}{{w.two, true}, {strict, false}} {
		r := w.ask("2026-04-01", "2026-05-01", house.slots(), []*tariffs.Tariff{c.tariff}, nil)
		a := call[messages.Ask](w.device, messages.TypeRequest, &messages.TakeRequest{Data: r.Bytes()})
		if !c.fits {
			e := refused[messages.Bill](w.device, messages.DaysMissing, messages.TypeBill, &messages.AskBill{Request: a.ID})
			if len(e.Missing) != 2 {
				t.Errorf("named: %+v", e.Missing)
			}
			continue
		}
		b := call[messages.Bill](w.device, messages.TypeBill, &messages.AskBill{Request: a.ID})
		if b.Missing != 3 || len(b.MissingSlots) != 2 || b.Problem != nil {
			t.Errorf("bill: missing %d, %+v, %v", b.Missing, b.MissingSlots, b.Problem)
		}
	}
}

func TestProblemsOfARequest(t *testing.T) {
	for name, c := range map[string]struct {
		code   messages.Code
		change func(*town, *prover.Request)
	}{
		"prices of its own": {messages.WeightsDiffer, func(_ *town, r *prover.Request) { r.Weights[0] ^= 1 }},
		"other rounding":    {messages.WeightsDiffer, func(_ *town, r *prover.Request) { r.Terms.Mode = "up" }},
		"too late":          {messages.RequestExpired, func(w *town, r *prover.Request) { r.NotAfter = w.now.Unix() - 1 }},
		"other address": {messages.SupplierOffline, func(w *town, r *prover.Request) {
			r.ReturnTo = "https://elsewhere.example" // our supplier all the same: it goes to this page's origin
			w.supplier.offline = true
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			call[messages.Tariffs](w.device, messages.TypeTariffs, &messages.AskTariffs{})
			request := w.march(func(r *prover.Request) { c.change(w, r) })
			b := w.bill(request)
			if c.code == messages.SupplierOffline {
				if b.Problem != nil {
					t.Errorf("problem is %+v", b.Problem)
				}
				return
			}
			if b.Problem == nil || b.Problem.Code != c.code || b.CanSend || b.CanSave || b.Total.Text == "" {
				t.Fatalf("problem is %+v", b.Problem)
			}
			refused[messages.Sent](w.device, c.code, messages.TypeSend, &messages.Send{Bill: request})
			refused[messages.Sent](w.device, c.code, messages.TypeSave, &messages.Save{Bill: request})
			refused[messages.Proof](w.device, c.code, messages.TypeProve, &messages.Prove{Bill: request})
			if len(w.posted) != 0 {
				t.Error("it was sent")
			}
		})
	}
}

func TestExpiresWhileLooking(t *testing.T) {
	w := newTown(t)
	request := w.march(nil)
	w.bill(request)
	*w.now = w.now.Add(60 * 24 * time.Hour)
	refused[messages.Sent](w.device, messages.RequestExpired, messages.TypeSend, &messages.Send{Bill: request})
	if s := call[messages.State](w.device, messages.TypeHello, &messages.Hello{Origin: origin}); s.Asks[0].State != messages.AskExpired || s.Asks[0].Problem == nil {
		t.Errorf("ask is %+v", s.Asks[0])
	}
}

func TestPeriodsFollowEachOther(t *testing.T) {
	w := newTown(t)
	w.send(w.march(nil))
	for name, c := range map[string]struct {
		start, end string
		code       messages.Code
	}{
		"the last day again": {"2026-03-31", "2026-04-30", messages.PeriodOverlaps},
		"a day left out":     {"2026-04-02", "2026-05-01", messages.PeriodGap},
	} {
		b := w.bill(w.month(c.start, c.end, nil))
		if b.Problem == nil || b.Problem.Code != c.code {
			t.Errorf("%s: problem is %+v", name, b.Problem)
		}
	}
	w.send(w.month("2026-04-01", "2026-05-01", nil))
}

// A second bill for a period, said to replace the first, with one price changed:
// the difference of the two would be a reading.
func TestLedgerJudgesBillsTogether(t *testing.T) {
	w := newTown(t)
	request := w.march(nil)
	first := w.send(request)
	other := w.publish(wednesdays("Spy", "0.09", "0.21", "0.50"))
	alone, err := plan.New([]*tariffs.Tariff{other}, date(t, "2026-03-01"), date(t, "2026-04-01"), w.house.slots())
	if err != nil {
		t.Fatal(err)
	}
	if err := alone.Private(); err != nil {
		t.Fatalf("by itself it is harmless: %v", err)
	}
	r := w.ask("2026-03-01", "2026-04-01", w.house.slots(), []*tariffs.Tariff{other}, func(r *prover.Request) {
		hash := mustHash(t, first.Entry.Request)
		r.Replaces = hash
	})
	a := call[messages.Ask](w.device, messages.TypeRequest, &messages.TakeRequest{Data: r.Bytes()})
	if a.Replaces != first.Entry.ID {
		t.Errorf("replaces %q", a.Replaces)
	}
	b := w.bill(a.ID)
	if b.Problem == nil || b.Problem.Code != messages.TariffRefusedPrivacy || !strings.Contains(b.Problem.Sentence, "together with what you sent before") {
		t.Fatalf("problem is %+v", b.Problem)
	}
	// The memory outlives the device: it is in the recovery file.
	rec := call[messages.Recovery](w.device, messages.TypeRecoveryFile, &messages.MakeRecovery{Passphrase: "correct horse battery"})
	now := *w.now
	fresh := newDevice(t, w.supplier, &now)
	call[messages.Restored](fresh, messages.TypeRestore, &messages.Restore{Passphrase: "correct horse battery", File: rec.File})
	call[messages.Opened](fresh, messages.TypeOpen, open(w.house.meter.Export().Bytes()))
	call[messages.Ask](fresh, messages.TypeRequest, &messages.TakeRequest{Data: r.Bytes()})
	if b := call[messages.Bill](fresh, messages.TypeBill, &messages.AskBill{Request: a.ID}); b.Problem == nil || b.Problem.Code != messages.TariffRefusedPrivacy {
		t.Errorf("on another device: %+v", b.Problem)
	}
}

// wednesdays is a tariff with a price of its own for one half-hour a week.
func wednesdays(name, night, dayPrice, price string) string {
	s := strings.Replace(document2(name, strings.ToLower(name), "bill", night, dayPrice), `"startTime": "07:00", "endTime": "23:00"}`,
		`"startTime": "07:00", "endTime": "18:00"}, {"days": ["MON","TUE","THU","FRI","SAT","SUN"], "startTime": "18:00", "endTime": "18:30"},
     {"days": ["MON","TUE","WED","THU","FRI","SAT","SUN"], "startTime": "18:30", "endTime": "23:00"}`, 1)
	return strings.Replace(s, `{"displayName": "Day", "type": "PEAK"`, `{"displayName": "Wednesday", "type": "PEAK", "rates": [{"unitPrice": "`+price+`"}],
    "timeOfUse": [{"days": ["WED"], "startTime": "18:00", "endTime": "18:30"}]}, {"displayName": "Day", "type": "PEAK"`, 1)
}

func mustHash(t *testing.T, id string) []byte {
	t.Helper()
	b := make([]byte, 32)
	for i := range b {
		var v byte
		for _, c := range []byte(id[2*i : 2*i+2]) {
			v = v<<4 | byte(strings.IndexByte("0123456789abcdef", c))
		}
		b[i] = v
	}
	return b
}

func TestSpyTariffIsRefused(t *testing.T) {
	w := newTown(t)
	bad := w.publish(wednesdays("Spike", "0.0001", "0.0001", "3"))
	r := w.ask("2026-03-01", "2026-04-01", w.house.slots(), []*tariffs.Tariff{bad}, nil)
	a := call[messages.Ask](w.device, messages.TypeRequest, &messages.TakeRequest{Data: r.Bytes()})
	b := w.bill(a.ID)
	if b.Problem == nil || b.Problem.Code != messages.TariffRefusedPrivacy || !strings.Contains(b.Problem.Sentence, "18:00") {
		t.Errorf("problem is %+v", b.Problem)
	}
	if e := call[messages.Entry](w.device, messages.TypeDecline, &messages.Decline{Request: a.ID, Why: messages.LooksWrong, Note: "18:00?"}); e.State != messages.EntryDeclined || e.Note != "18:00?" {
		t.Errorf("entry is %+v", e)
	}
	if s := w.device.state.Asks[0]; s.State != messages.AskDeclined {
		t.Errorf("ask is %+v", s)
	}
	if len(w.posted) != 0 {
		t.Error("something was sent")
	}
}

// A minimum of rounded lines: a bill to look at, not one to prove.
func TestTariffThatCannotBeProven(t *testing.T) {
	w := newTown(t)
	w.publish(strings.Replace(document2("By reading", "by-reading", "line", "0.1", "0.2"), `"timeZone": "LOCAL"`, `"timeZone": "LOCAL", "minimum": [{"displayName": "Least", "term": "BILL", "amount": "5"}]`, 1))
	list := call[messages.Tariffs](w.device, messages.TypeTariffs, &messages.AskTariffs{Refresh: true})
	for _, tariff := range list.List {
		b := call[messages.Bill](w.device, messages.TypeBill, &messages.AskBill{Tariff: tariff.ID, From: "2026-03-01", To: "2026-03-31"})
		checkLinesAddUp(t, b)
		want := messages.NothingAsked
		if tariff.Name == "By reading" {
			want = messages.TariffNotProvable
		}
		if b.Problem == nil || b.Problem.Code != want || b.CanSend || b.CanSave != (want == messages.NothingAsked) {
			t.Errorf("%s: problem %+v", tariff.Name, b.Problem)
		}
	}
}

func TestExactAmountIsRefused(t *testing.T) {
	w := newTown(t)
	plan, err := plan.New([]*tariffs.Tariff{w.two}, date(t, "2026-03-01"), date(t, "2026-04-01"), w.house.slots())
	if err != nil {
		t.Fatal(err)
	}
	plan.Kind = prover.BillExact
	if e := tell(w.judge(plan)); e.Code != messages.TariffRefusedPrivacy {
		t.Errorf("error is %v", e)
	}
}

// A block of one hour is safe below its threshold and above it on all days alike;
// what must not be is a home above it on one day alone.
func TestBlockInOneHourIsRefused(t *testing.T) {
	w := newTown(t)
	var v struct {
		Document string `json:"document"`
	}
	for name, refused := range map[string]bool{"tariff-block-in-one-hour": true, "tariff-block-in-an-hour-a-day": false} {
		if err := json.Unmarshal(testvectors.Load(t)[name].Input.(json.RawMessage), &v); err != nil {
			t.Fatal(err)
		}
		one, err := tariffs.Parse([]byte(strings.ReplaceAll(v.Document, `"effectiveTo":"2013-02-01",`, "")))
		if err != nil {
			t.Fatal(err)
		}
		p, err := plan.New([]*tariffs.Tariff{one}, date(t, "2026-03-01"), date(t, "2026-04-01"), w.house.slots())
		if err != nil {
			t.Fatal(err)
		}
		if err := w.judge(p); (err != nil) != refused || refused && tell(err).Code != messages.TariffRefusedPrivacy {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUnknownSupplier(t *testing.T) {
	w := newTown(t)
	call[messages.Tariffs](w.device, messages.TypeTariffs, &messages.AskTariffs{})
	stranger := newSupplier(t, w.supplier.now)
	tariff := stranger.publish(document2("Theirs", "theirs", "bill", "0.1", "0.2"))
	r := stranger.ask("2026-03-01", "2026-04-01", w.house.slots(), []*tariffs.Tariff{tariff}, func(r *prover.Request) { r.ReturnTo = "https://elsewhere.example" })
	e := refused[messages.Ask](w.device, messages.UnknownSupplier, messages.TypeRequest, &messages.TakeRequest{Data: r.Bytes()})
	if e.Supplier == nil || e.Supplier.Key != stranger.key.Public().String() || e.Supplier.Known {
		t.Fatalf("asked about %+v", e.Supplier)
	}
	call[messages.State](w.device, messages.TypeTrustSupplier, &messages.TrustSupplier{Key: e.Supplier.Key, Name: "Else Power"})
	a := call[messages.Ask](w.device, messages.TypeRequest, &messages.TakeRequest{Data: r.Bytes()})
	if a.Supplier.Name != "Else Power" || a.Supplier.Own {
		t.Errorf("supplier is %+v", a.Supplier)
	}
	refused[messages.Bill](w.device, messages.TariffNotFound, messages.TypeBill, &messages.AskBill{Request: a.ID})
	w.supplier.documents[tariff.ID()] = stranger.documents[tariff.ID()]
	b := w.bill(a.ID)
	if b.Problem == nil || b.Problem.Code != messages.NoWayToSend || b.CanSend || !b.CanSave {
		t.Errorf("problem is %+v", b.Problem)
	}
	call[messages.Sent](w.device, messages.TypeSave, &messages.Save{Bill: a.ID})
}

// The key of the page's own supplier is kept from the first meeting.
func TestSupplierIsPinned(t *testing.T) {
	w := newTown(t)
	w.send(w.march(nil))
	impostor, err := prover.NewSupplierKey()
	if err != nil {
		t.Fatal(err)
	}
	w.supplier.key = impostor
	r := w.ask("2026-04-01", "2026-05-01", w.house.slots(), []*tariffs.Tariff{w.two}, nil)
	refused[messages.Ask](w.device, messages.UnknownSupplier, messages.TypeRequest, &messages.TakeRequest{Data: r.Bytes()})
}

func TestTariffSwappedOnTheWay(t *testing.T) {
	w := newTown(t)
	r := w.ask("2026-03-01", "2026-04-01", w.house.slots(), []*tariffs.Tariff{w.two}, nil)
	a := call[messages.Ask](w.device, messages.TypeRequest, &messages.TakeRequest{Data: r.Bytes()})
	w.documents[w.two.ID()] = w.documents[w.flat.ID()]
	refused[messages.Bill](w.device, messages.TariffNotFound, messages.TypeBill, &messages.AskBill{Request: a.ID})
	w.documents[w.two.ID()] = []byte(w.two.Canonical())
	refused[messages.Bill](w.device, messages.TariffNotFound, messages.TypeBill, &messages.AskBill{Request: a.ID})
	w.supplier.offline = true
	refused[messages.Bill](w.device, messages.SupplierOffline, messages.TypeBill, &messages.AskBill{Request: a.ID})
}

func TestDamagedStorage(t *testing.T) {
	w := newTown(t)
	request := w.march(nil)
	for _, prefix := range []string{keyPrefix, exportPrefix, askPrefix, supplierPrefix} {
		names, _ := w.vault.Names(prefix)
		if len(names) == 0 {
			t.Fatalf("nothing stored under %s", prefix)
		}
		w.vault.damaged[names[0]] = true
		w.Desk = NewDesk(w.Desk.host)
		refused[messages.State](w.device, messages.StorageDamaged, messages.TypeHello, &messages.Hello{Origin: origin})
		delete(w.vault.damaged, names[0])
		good := w.vault.records[names[0]]
		w.vault.records[names[0]] = good[:len(good)-1]
		refused[messages.State](w.device, messages.StorageDamaged, messages.TypeHello, &messages.Hello{Origin: origin})
		w.vault.records[names[0]] = good
	}
	w.restart()
	w.bill(request)
}

func TestCallsThatMakeNoSense(t *testing.T) {
	w := newTown(t)
	refused[messages.State](w.device, messages.BadCall, "dance", nil)
	refused[messages.Days](w.device, messages.BadCall, messages.TypeDays, &messages.AskDays{Home: w.opens.Home.ID, From: "soon", To: "later"})
	refused[messages.Days](w.device, messages.NotFound, messages.TypeDays, &messages.AskDays{})
	refused[messages.Comparison](w.device, messages.NotFound, messages.TypeCompare, &messages.Compare{})
	refused[messages.Bill](w.device, messages.NotFound, messages.TypeBill, &messages.AskBill{Request: "00"})
	refused[messages.Bill](w.device, messages.TariffNotFound, messages.TypeBill, &messages.AskBill{Tariff: "none", From: "2026-03-01", To: "2026-03-31"})
	refused[messages.FullEntry](w.device, messages.NotFound, messages.TypeEntry, &messages.AskEntry{})
	refused[messages.State](w.device, messages.NotFound, messages.TypeForgetHome, &messages.ForgetHome{})
	refused[messages.Entry](w.device, messages.BadCall, messages.TypeDecline, &messages.Decline{Why: "bored"})
	refused[messages.State](w.device, messages.BadCall, messages.TypeTrustSupplier, &messages.TrustSupplier{Key: "me"})
	refused[messages.Opened](w.device, messages.NoDemo, messages.TypeOpenDemo, nil)
	w.supplier.offline = true
	refused[messages.Opened](w.device, messages.SupplierOffline, messages.TypeOpenDemo, nil)
}

func TestDemoHome(t *testing.T) {
	w := newTown(t)
	key, err := meter.NewKey(meter.XWing)
	if err != nil {
		t.Fatal(err)
	}
	file, _ := key.File()
	house := w.home("demo-1", 1800, key.Recipient())
	house.made, _ = household.New(household.Options{Seed: 3, Point: "demo-1"})
	w.files["/demo/home.key"], w.files["/demo/home.hushwatt"] = file, house.seal("2026-03-31", "2026-05-01")
	r := w.ask("2026-04-01", "2026-05-01", house.slots(), []*tariffs.Tariff{w.two}, nil)
	w.files["/demo/home.request"] = r.Bytes()
	o := call[messages.Opened](w.device, messages.TypeOpenDemo, nil)
	if o.Home == nil || !o.Home.Demo || o.Ask == nil || !o.Ask.Demo || o.Ask.State != messages.AskOpen {
		t.Fatalf("opened %+v", o)
	}
	w.bill(o.Ask.ID)
	call[messages.Sent](w.device, messages.TypeSend, &messages.Send{Bill: o.Ask.ID})
	// A made-up home's key is not the customer's.
	now := *w.now
	fresh := newDevice(t, w.supplier, &now)
	call[messages.Opened](fresh, messages.TypeOpenDemo, nil)
	if fresh.state.HasKey || fresh.state.Recipient != "" {
		t.Error("the demo’s key passes for the customer’s")
	}
}

// No sentence for people holds a word of the trade.
func TestSentencesArePlain(t *testing.T) {
	for code, advice := range next {
		if advice == "" {
			t.Errorf("%s: no advice", code)
		}
		for _, word := range []string{"commitment", "payload", "claim", "WASM", "hash", "CBOR", "nonce", "IndexedDB", "invalid"} {
			if strings.Contains(strings.ToLower(advice), strings.ToLower(word)) {
				t.Errorf("%s: %q holds %q", code, advice, word)
			}
		}
	}
	if _, err := json.Marshal(next); err != nil {
		t.Error(err)
	}
}
