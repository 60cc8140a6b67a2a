package worker

import (
	"slices"
	"strings"
	"testing"

	"hushwatt/prover"
	"hushwatt/prover/messages"
	"hushwatt/tariffs"
)

// hotTown is a town whose supplier also has a tariff with events.
func hotTown(t *testing.T) (*town, *tariffs.Tariff) {
	w := newTown(t)
	text := strings.Replace(document2("Hot days", "hot", "bill", "0.09", "0.21"), `"timeZone": "LOCAL",`,
		`"timeZone": "LOCAL", "events": [{"displayName": "Hot day", "rates": [{"unitPrice": "0.3"}], "maximum": 9}],`, 1)
	return w, w.publish(text)
}

// hot asks for March with addenda and takes the request in.
func (w *town) hot(of *tariffs.Tariff, as ...*tariffs.Addendum) *prover.Request {
	w.supplier.t.Helper()
	t, err := of.With(as...)
	if err != nil {
		w.supplier.t.Fatal(err)
	}
	r := w.ask("2026-03-01", "2026-04-01", w.house.slots(), []*tariffs.Tariff{t}, nil)
	call[messages.Ask](w.device, messages.TypeRequest, &messages.TakeRequest{Data: r.Bytes()})
	return r
}

// The device fetches the addenda that a request names, and works the bill out
// with these alone. What is published later changes what other tariffs would cost.
func TestBillWithAddenda(t *testing.T) {
	w, hot := hotTown(t)
	first, april := w.announce(hot, "2026-03-11"), w.announce(hot, "2026-04-02")
	r := w.hot(hot, first, april)
	if len(r.Terms.Tariffs) != 2 {
		t.Fatalf("the request names %x", r.Terms.Tariffs)
	}
	plain := w.bill(idOf(w.hot(hot)))
	w.announce(hot, "2026-03-20")
	b := w.bill(idOf(r))
	if b.Problem != nil || b.Total.Amount <= plain.Total.Amount || !slices.Contains(w.gets, "/api/v1/tariffs/"+idOfAddendum(first)) {
		t.Fatalf("total %s, without the event %s, problem %+v", b.Total.Text, plain.Total.Text, b.Problem)
	}
	if !slices.ContainsFunc(b.Lines, func(l messages.Line) bool { return l.Name == "Hot day" }) {
		t.Errorf("lines %+v", b.Lines)
	}
	sent := w.send(idOf(r))
	if sent.Entry.Total.Amount != b.Total.Amount {
		t.Errorf("sent %+v", sent.Entry)
	}
	c := call[messages.Comparison](w.device, messages.TypeCompare, &messages.Compare{Home: w.opens.Home.ID, From: "2026-03-01", To: "2026-03-31"})
	i := slices.IndexFunc(c.Options, func(o messages.Option) bool { return o.Tariff.ID == hot.ID() })
	if i < 0 || !c.Options[i].Present || c.Options[i].Total.Amount <= b.Total.Amount {
		t.Errorf("compared %+v", c.Options)
	}
	p := call[messages.TariffPicture](w.device, messages.TypeTariff, &messages.AskTariff{ID: hot.ID()})
	if !strings.Contains(strings.Join(p.Words, " "), "announced 3 times") {
		t.Errorf("words %q", p.Words)
	}
}

func TestAddendaThatCannotBeHad(t *testing.T) {
	t.Run("not published", func(t *testing.T) {
		w, hot := hotTown(t)
		r := w.hot(hot, w.announce(hot, "2026-03-11"))
		delete(w.documents, idOfAddendum(w.addenda[0]))
		e := refused[messages.Bill](w.device, messages.TariffNotFound, messages.TypeBill, &messages.AskBill{Request: idOf(r)})
		if !strings.Contains(e.Sentence, "does not publish") {
			t.Error(e.Sentence)
		}
	})
	t.Run("offline", func(t *testing.T) {
		w, hot := hotTown(t)
		r := w.hot(hot, w.announce(hot, "2026-03-11"))
		w.supplier.offline = true
		refused[messages.Bill](w.device, messages.SupplierOffline, messages.TypeBill, &messages.AskBill{Request: idOf(r)})
	})
	t.Run("signed by another", func(t *testing.T) {
		w, hot := hotTown(t)
		a := w.announce(hot, "2026-03-11")
		r := w.hot(hot, a)
		key, err := prover.NewSupplierKey()
		if err != nil {
			t.Fatal(err)
		}
		w.documents[idOfAddendum(a)] = a.Signed(key.Ed25519())
		e := refused[messages.Bill](w.device, messages.TariffNotFound, messages.TypeBill, &messages.AskBill{Request: idOf(r)})
		if !strings.Contains(e.Sentence, "not signed by it") {
			t.Error(e.Sentence)
		}
	})
	t.Run("of another tariff", func(t *testing.T) {
		w, hot := hotTown(t)
		stray := w.announce(w.two, "2026-03-11")
		r := w.hot(hot)
		r.Terms.Tariffs = append(r.Terms.Tariffs, stray.Hash())
		if err := r.Sign(w.supplier.key); err != nil {
			t.Fatal(err)
		}
		call[messages.Ask](w.device, messages.TypeRequest, &messages.TakeRequest{Data: r.Bytes()})
		refused[messages.Bill](w.device, messages.TariffNotFound, messages.TypeBill, &messages.AskBill{Request: idOf(r)})
	})
}

// Hours that are announced to one customer only, or chosen for one from what is
// announced to all, are refused before anything is proven.
func TestAddendaForOneCustomer(t *testing.T) {
	for name, c := range map[string]struct {
		unlisted bool
		takes    []int // of three that are announced; the last is in April
		refused  bool
	}{
		"all":                 {false, []int{0, 1}, false},
		"the first":           {false, []int{0}, false},
		"none":                {false, nil, false},
		"the second only":     {false, []int{1}, true},
		"one not on the list": {true, []int{0, 1}, true},
	} {
		t.Run(name, func(t *testing.T) {
			w, hot := hotTown(t)
			w.announce(hot, "2026-04-03")
			all := []*tariffs.Addendum{w.announce(hot, "2026-03-11"), w.announce(hot, "2026-03-20")}
			if c.unlisted {
				w.unlisted = map[string]bool{idOfAddendum(all[1]): true}
			}
			var takes []*tariffs.Addendum
			for _, i := range c.takes {
				takes = append(takes, all[i])
			}
			r := w.hot(hot, takes...)
			b := w.bill(idOf(r))
			if refused := b.Problem != nil && b.Problem.Code == messages.TariffRefusedPrivacy; refused != c.refused || b.CanSend == c.refused {
				t.Errorf("problem is %+v", b.Problem)
			}
		})
	}
}
