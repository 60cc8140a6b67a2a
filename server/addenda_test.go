package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"hushwatt/meter"
	"hushwatt/prover"
	"hushwatt/prover/plan"
	"hushwatt/server/store"
	"hushwatt/tariffs"
)

// hotTariff has events, whose hours addenda say.
var hotTariff = strings.Replace(strings.Replace(flatTariff, `"planId":"flat","displayName":"Flat"`, `"planId":"hot","displayName":"Hot days"`, 1),
	`"timeZone":"LOCAL",`, `"timeZone":"LOCAL","events":[{"displayName":"Hot day","rates":[{"unitPrice":"0.3"}],"maximum":3}],`, 1)

// announcement is an addendum of one event of three hours.
func announcement(of *tariffs.Tariff, day string) string {
	return fmt.Sprintf(`{"tariff":%q,"events":[{"displayName":"Hot day","from":"%sT15:00:00Z","to":"%sT18:00:00Z"}]}`, of.ID(), day, day)
}

// hotTown has published the tariff.
func hotTown(t *testing.T) (*town, *tariffs.Tariff) {
	w := newTown(t)
	hot, _, err := w.server.Desk().Publish(context.Background(), []byte(hotTariff))
	if err != nil {
		t.Fatal(err)
	}
	return w, hot
}

func (w *town) announce(of *tariffs.Tariff, day string) *tariffs.Addendum {
	w.t.Helper()
	a, _, err := w.server.Desk().PublishAddendum(context.Background(), []byte(announcement(of, day)))
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// answerWith is a customer's bill, made of the tariff with some addenda.
func (w *town) answerWith(h *home, r *prover.Request, of *tariffs.Tariff, as ...*tariffs.Addendum) *prover.Bill {
	w.t.Helper()
	signed := must(tariffs.Parse(of.Signed(w.key.Ed25519())))
	p, err := plan.For(r, []*tariffs.Tariff{must(signed.With(as...))})
	if err != nil {
		w.t.Fatal(err)
	}
	return must(prover.Answer(r, p.BillPlan, []*meter.Opened{h.opened}, rand.Reader))
}

// A request names the addenda that were published before it and announce anything
// in its period. Later ones change nothing for it; a request that replaces it
// names them too.
func TestBillsWithAddenda(t *testing.T) {
	w, hot := hotTown(t)
	h := w.home("meter-1", 1, 70)
	first, february := w.announce(hot, "2013-01-10"), w.announce(hot, "2013-02-03")
	ofHot := func(q *Question) { q.Tariffs = [][32]byte{hot.Hash()} }
	r := w.ask(h, 0, 31, ofHot)
	if got := r.Terms.Tariffs; len(got) != 2 || got[0] != hot.Hash() || got[1] != first.Hash() {
		t.Fatalf("the request names %x", got)
	}
	late := w.announce(hot, "2013-01-20")
	bill := w.answerWith(h, r, hot, first, late, february)
	expectAccepted(t, w, bill)

	again := w.ask(h, 0, 31, func(q *Question) { ofHot(q); q.Replaces = r.Serial })
	if len(again.Terms.Tariffs) != 3 {
		t.Fatalf("the second request names %x", again.Terms.Tariffs)
	}
	dearer := w.answerWith(h, again, hot, first, late)
	if dearer.Submission.Outputs[0].Int().Cmp(bill.Submission.Outputs[0].Int()) <= 0 {
		t.Error("the later event costs nothing")
	}
	expectAccepted(t, w, dearer)

	report := check(t, w.store)
	if len(report.Findings) != 0 || report.Bills != 2 || report.Addenda != 3 || report.Tariffs != 2 {
		t.Fatalf("%+v", report)
	}
	copied := filepath.Join(t.TempDir(), "backup.db")
	if err := w.store.Backup(context.Background(), copied); err != nil {
		t.Fatal(err)
	}
	s := must(store.Open(copied))
	defer s.Close()
	if again := check(t, s); len(again.Findings) != 0 || again.Addenda != 3 {
		t.Errorf("backup: %+v", again)
	}
}

func TestAddendaAreRefused(t *testing.T) {
	w, hot := hotTown(t)
	w.announce(hot, "2013-01-10")
	signed := must(tariffs.ParseAddendum([]byte(announcement(hot, "2013-01-11")))).Signed(must(prover.NewSupplierKey()).Ed25519())
	for name, c := range map[string]struct{ document, want string }{
		"another supplier's":    {string(signed), "not signed by the supplier"},
		"tariff not published":  {strings.Replace(announcement(hot, "2013-01-11"), hot.ID(), strings.Repeat("ab", 32), 1), "is not published"},
		"the same hours again":  {strings.Replace(announcement(hot, "2013-01-10"), "T15", "T17", 1), "two events"},
		"unknown event":         {strings.Replace(announcement(hot, "2013-01-11"), "Hot day", "Cold day", 1), "does not have"},
		"four in a year of 3":   {strings.Replace(announcement(hot, "2013-03-11"), `"events":[`, `"events":[`+strings.Join(eventsOn("2013-03-12", "2013-03-13"), ",")+",", 1), "more than 3"},
		"not an addendum's key": {strings.Replace(announcement(hot, "2013-01-11"), `"tariff"`, `"meter":"1","tariff"`, 1), "meter"},
	} {
		if got := w.call(call{method: "POST", path: "/api/v1/tariffs", media: jsonType, staff: true, body: []byte(c.document)}); got.StatusCode != 422 {
			t.Errorf("%s: status %d", name, got.StatusCode)
		} else if p := problemIn(t, got); !strings.Contains(p.Detail, c.want) {
			t.Errorf("%s: %s", name, p.Detail)
		}
	}
	if list := must(w.store.Addenda(context.Background())); len(list) != 1 {
		t.Errorf("%d addenda are stored", len(list))
	}
}

func eventsOn(days ...string) (list []string) {
	for _, day := range days {
		list = append(list, fmt.Sprintf(`{"displayName":"Hot day","from":"%sT15:00:00Z","to":"%sT18:00:00Z"}`, day, day))
	}
	return list
}

func TestAddendaAreListedAndServed(t *testing.T) {
	w, hot := hotTown(t)
	got := w.call(call{method: "POST", path: "/api/v1/tariffs", media: jsonType, staff: true, body: []byte(announcement(hot, "2013-01-10"))})
	var told struct{ ID, Addendum string }
	decode(t, got, &told)
	if got.StatusCode != http.StatusCreated || told.ID != hot.ID() || len(told.Addendum) != 64 {
		t.Fatalf("status %d, %+v", got.StatusCode, told)
	}
	var list struct {
		Tariffs []struct {
			ID      string
			Addenda []struct {
				ID     string
				Events []struct{ DisplayName, From, To string }
			}
		}
	}
	decode(t, w.call(call{path: "/api/v1/tariffs"}), &list)
	if len(list.Tariffs) != 2 || list.Tariffs[0].ID != hot.ID() || len(list.Tariffs[0].Addenda) != 1 || list.Tariffs[0].Addenda[0].ID != told.Addendum ||
		list.Tariffs[0].Addenda[0].Events[0].From != "2013-01-10T15:00:00Z" || list.Tariffs[1].Addenda == nil || len(list.Tariffs[1].Addenda) != 0 {
		t.Fatalf("%+v", list)
	}
	served := must(tariffs.ParseAddendum(body(t, w.call(call{path: "/api/v1/tariffs/" + told.Addendum}))))
	public := w.key.Public()
	hash := served.Hash()
	if hex.EncodeToString(hash[:]) != told.Addendum || string(served.Supplier()) != string(public[:]) {
		t.Error("what is served is not what was published, signed")
	}
	asked := fmt.Sprintf(`{"meters":["meter-1"],"tariffs":[%q],"start":"2013-01-01","end":"2013-02-01"}`, told.Addendum)
	w.home("meter-1", 1, 40)
	if p := problemIn(t, w.call(call{method: "POST", path: "/api/v1/requests", media: jsonType, staff: true, body: []byte(asked)})); !strings.Contains(p.Detail, "is an addendum") {
		t.Errorf("asked for an addendum: %s", p.Detail)
	}
}

func TestFsckFindsDamagedAddenda(t *testing.T) {
	w, hot := hotTown(t)
	h := w.home("meter-1", 1, 40)
	a := w.announce(hot, "2013-01-10")
	r := w.ask(h, 0, 31, func(q *Question) { q.Tariffs = [][32]byte{hot.Hash()} })
	expectAccepted(t, w, w.answerWith(h, r, hot, a))
	signed := must(tariffs.Parse(hot.Signed(w.key.Ed25519())))
	for name, c := range map[string]struct{ damage, want string }{
		"gone":              {"DELETE FROM addenda", "is not stored"},
		"a byte":            {flip("addenda", "document", "number = 1", "length(document) - 5"), "addendum: "},
		"of another tariff": {"UPDATE addenda SET tariff = (SELECT id FROM tariffs WHERE number = 1)", "of another tariff"},
	} {
		path := filepath.Join(t.TempDir(), "damaged.db")
		if err := w.store.Backup(context.Background(), path); err != nil {
			t.Fatal(err)
		}
		change(t, path, c.damage)
		s := must(store.Open(path))
		if report := check(t, s); len(report.Findings) == 0 || !strings.Contains(report.Findings[0].What, c.want) {
			t.Errorf("%s: %+v", name, report.Findings)
		}
		for _, f := range check(t, s, must(signed.With(a))).Findings {
			if strings.HasPrefix(f.Where, "bill") {
				t.Errorf("%s, with the document at hand: %+v", name, f)
			}
		}
		s.Close()
	}
}

func TestPortalPublishesAddenda(t *testing.T) {
	w, hot := hotTown(t)
	b := w.staffBrowser()
	form := url.Values{"document": {announcement(hot, "2013-07-10")}}
	preview := seen(t, b.post("/portal/tariffs/new", form), http.StatusOK, "Preview: hours of Hot days", "Hot day, 10 July 2013 16:00 to 19:00", "Sign and publish these hours")
	sound(t, preview)
	if list := must(w.store.Addenda(context.Background())); len(list) != 0 {
		t.Fatal("a preview has published")
	}
	other := url.Values{"document": {announcement(hot, "2013-07-11")}}
	seen(t, b.press("/portal/tariffs/new", other, "publish", "seen", preview), http.StatusOK, "The document has changed since the preview.")
	r := b.press("/portal/tariffs/new", form, "publish", "seen", preview)
	b.see(r.Header.Get("Location"), "The hours are published and signed.", "Announced hours", "Hot day, 10 July 2013 16:00 to 19:00")
	seen(t, b.post("/portal/tariffs/new", form), http.StatusOK, "These hours are published already.")
}
