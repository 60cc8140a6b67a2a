package server

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hushwatt/server/store"
)

// table reads a CSV answer.
func table(t *testing.T, r *http.Response) [][]string {
	t.Helper()
	if r.StatusCode != http.StatusOK || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/csv") ||
		!strings.HasPrefix(r.Header.Get("Content-Disposition"), "attachment") {
		t.Fatalf("%d %v", r.StatusCode, r.Header)
	}
	return must(csv.NewReader(r.Body).ReadAll())
}

// No cell of any list can be read as a formula.
func TestPortalCSV(t *testing.T) {
	w := portalTown(t)
	b := w.staffBrowser()
	ctx, desk := context.Background(), w.server.Desk()
	for i, number := range []string{"=1+1", "+2", "-3", "@SUM(A1)"} {
		if err := desk.Register(ctx, number, w.authority.Authority(), 48, store.Always); err != nil {
			t.Fatal(err)
		}
		if err := desk.Authorise(ctx, must(newAuthority()).Authority(), number, store.Always); err != nil {
			t.Fatal(err)
		}
		document := strings.Replace(flatTariff, `"displayName":"Flat"`, fmt.Sprintf(`"displayName":%q`, number), 1)
		if _, _, err := desk.Publish(ctx, []byte(document)); err != nil {
			t.Fatal(err)
		}
		w.ask(&home{number: number}, i, 31)
	}
	for path, rows := range map[string]int{
		"/portal/bills.csv": 11, "/portal/meters.csv": 6, "/portal/authorities.csv": 5, "/portal/tariffs.csv": 6,
		"/portal/requests/made.csv?serials=8-11": 4, "/portal/bills.csv?state=refused": 1, "/portal/bills.csv?meter=meter-2": 1,
		"/portal/meters.csv?q=meter": 2, "/portal/authorities.csv?q=sum(": 1, "/portal/tariffs.csv?q=evening": 1,
	} {
		list := table(t, b.open(path))
		if len(list) != rows+1 {
			t.Errorf("%s: %d rows, want %d", path, len(list)-1, rows)
		}
		quoted := 0
		for _, row := range list {
			for _, cell := range row {
				if strings.HasPrefix(cell, "'") {
					quoted++
				}
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@") {
					t.Errorf("%s: a cell is %q", path, cell)
				}
			}
		}
		if rows > 3 && quoted != 4 {
			t.Errorf("%s: %d cells quoted, want 4", path, quoted)
		}
	}
}

// rowsOf lists the bills of a page in its order.
func rowsOf(html string) (list []string) {
	for _, m := range regexp.MustCompile(`href="/portal/bills/(\d+)"`).FindAllStringSubmatch(html, -1) {
		list = append(list, m[1])
	}
	return list
}

func TestPortalFilters(t *testing.T) {
	w := portalTown(t)
	b := w.staffBrowser()
	receipt := must(w.store.Item(context.Background(), 7, w.clock().Unix())).Answer
	refused := must(w.store.Item(context.Background(), 3, w.clock().Unix())).Refusals[0].Reference
	for query, want := range map[string]string{
		"":                         "7 6 5 4 3 2 1",
		"state=accepted":           "7 2",
		"state=accepted&q=meter-2": "7",
		"state=replaced":           "1",
		"state=awaited":            "6",
		"state=withdrawn":          "4",
		"state=expired":            "5",
		"meter=meter-2":            "7",
		"q=" + receipt.Total:       "7",
		"q=" + refused:             "3",
		"q=meter-1&before=3":       "2 1",
		"meter=meter-2&q=meter-1":  "",
	} {
		if got := strings.Join(rowsOf(b.see("/portal/?"+query)), " "); got != want {
			t.Errorf("%q: bills %s, want %s", query, got, want)
		}
	}
	// A tab keeps the search, the search keeps the tab.
	b.see("/portal/?state=accepted&q=meter-1", `href="/portal/?q=meter-1&amp;state=replaced"`, `name="state" value="accepted"`, `Replaced <span class="n">1</span>`)
}

func TestPortalPages100(t *testing.T) {
	w := newTown(t)
	b := w.staffBrowser()
	for i := range portalPage + 5 {
		number := fmt.Sprintf("m%03d", i)
		if err := w.server.Desk().Register(context.Background(), number, w.authority.Authority(), 48, store.Always); err != nil {
			t.Fatal(err)
		}
		w.ask(&home{number: number}, 0, 31)
	}
	first := b.see("/portal/?q=m", `href="/portal/?before=6&amp;q=m" rel="next"`)
	second := b.see("/portal/?before=6&q=m", `href="/portal/?q=m"`)
	all := append(rowsOf(first), rowsOf(second)...)
	if len(all) != portalPage+5 || all[0] != "105" || all[104] != "1" || strings.Contains(second, `rel="next"`) {
		t.Errorf("%d bills: %v", len(all), all)
	}
	list := b.see("/portal/meters", `after=m099`)
	if strings.Contains(list, ">m100<") || !strings.Contains(b.see("/portal/meters?after=m099"), ">m100<") {
		t.Error("meters do not follow each other")
	}
}

func TestPortalWithdraw(t *testing.T) {
	w := portalTown(t)
	b := w.staffBrowser()
	r := b.post("/portal/bills/6/withdrawal", nil)
	if r.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", r.StatusCode, body(t, r))
	}
	b.see(r.Header.Get("Location"), "The request is withdrawn.", "Taken back on")
	seen(t, b.post("/portal/bills/2/withdrawal", nil), http.StatusConflict, "The request was answered.", "Request id", "for 1–31 January 2013")
	if r := b.post("/portal/bills/99/withdrawal", nil); r.StatusCode != http.StatusNotFound {
		t.Errorf("nothing withdrawn: %d", r.StatusCode)
	}
}

// form is a filled-in form for requests.
func (w *town) form(meters string) url.Values {
	return url.Values{"meters": {meters}, "first": {"2013-04-01"}, "last": {"2013-04-30"}, "tariff": {w.tariff.ID()}}
}

// press posts a form as the page that was shown would, with its hidden field.
func (b *browser) press(path string, form url.Values, button, hidden string, page string) *http.Response {
	b.t.Helper()
	form = url.Values(http.Header(form).Clone())
	form.Set("do", button)
	m := regexp.MustCompile(` name="` + hidden + `" value="([^"]*)"`).FindStringSubmatch(page)
	if m == nil {
		b.t.Fatalf("no field %s", hidden)
	}
	form.Set(hidden, m[1])
	return b.post(path, form)
}

func TestPortalAsk(t *testing.T) {
	w := portalTown(t)
	b := w.staffBrowser()
	form := w.form("meter-1\r\nmeter-2\r\n")
	preview := seen(t, b.post("/portal/requests/new", form), http.StatusOK, "1–30 April 2013 under", "Ask for 2 bills",
		">meter-1 meter-2 </textarea>", `value="2013-04-30"`, `value="`+w.tariff.ID()+`" checked`)
	sound(t, preview)
	if n := len(must(w.store.Items(context.Background(), store.Filter{}))); n != 7 {
		t.Fatalf("a preview left %d requests", n)
	}
	changed := w.form("meter-2")
	seen(t, b.press("/portal/requests/new", changed, "ask", "seal", preview), http.StatusOK, "The form has changed since the preview.", "Ask for 1 bill<")

	r := b.press("/portal/requests/new", form, "ask", "seal", preview)
	if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/portal/requests/made?serials=8-9" {
		t.Fatalf("%d to %q: %s", r.StatusCode, r.Header.Get("Location"), body(t, r))
	}
	sound(t, b.see(r.Header.Get("Location"), "2 requests made", "Bill 8", "Bill 9"))
	for _, line := range table(t, b.open("/portal/requests/made.csv?serials=8-9"))[1:] {
		if !strings.HasPrefix(line[5], publicURL+"/bill#r=") || line[2] != "2013-04-01" || line[3] != "2013-05-01" {
			t.Errorf("%v", line)
		}
	}
	it := must(w.store.Item(context.Background(), 8, w.clock().Unix()))
	if want := w.clock().Add(answerWithin).Unix(); it.NotAfter != want {
		t.Errorf("answer by %d, want %d", it.NotAfter, want)
	}
}

// Of many, those that can be asked are asked; the others stay in the form.
func TestPortalAsksWhatItCan(t *testing.T) {
	w := portalTown(t)
	b := w.staffBrowser()
	form := w.form("meter-2\nmeter-1\nnobody")
	form.Set("first", "2013-01-01")
	form.Set("last", "2013-03-31")
	preview := seen(t, b.post("/portal/requests/new", form), http.StatusOK, "Bill 7 of this time was accepted; name it under Replaces.",
		"Bill 6 of this time is awaited already.", "Meter nobody is not registered.")
	if strings.Contains(preview, "Ask for ") && strings.Contains(preview, `value="ask"`) {
		t.Error("a button for nothing")
	}
	form.Set("first", "2013-04-01")
	form.Set("last", "2013-04-30")
	preview = seen(t, b.post("/portal/requests/new", form), http.StatusOK, "Ask for 2 bills")
	seen(t, b.press("/portal/requests/new", form, "ask", "seal", preview), http.StatusConflict, "1 of 3 requests could not be made",
		`href="/portal/requests/made?serials=8-9"`, ">nobody</textarea>", "Request id")
}

// A correction: the bill is asked for again and takes the other's place.
func TestPortalReplaces(t *testing.T) {
	w := portalTown(t)
	b := w.staffBrowser()
	form := w.form("meter-2")
	form.Set("first", "2013-01-01")
	form.Set("last", "2013-01-31")
	form.Set("replaces", "7")
	form.Set("answer_by", "2013-07-01")
	preview := seen(t, b.post("/portal/requests/new", form), http.StatusOK, "Ask for 1 bill<", `value="7"`)
	r := b.press("/portal/requests/new", form, "ask", "seal", preview)
	if r.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", r.StatusCode, body(t, r))
	}
	it := must(w.store.Item(context.Background(), 8, w.clock().Unix()))
	if it.Replaces != 7 || it.NotAfter != time.Date(2013, 7, 1, 23, 59, 59, 0, time.UTC).Unix() {
		t.Errorf("%+v", it)
	}
	b.see("/portal/bills/8", `<a href="/portal/bills/7">bill 7</a>`)
}

func TestPortalAskMistakes(t *testing.T) {
	w := portalTown(t)
	b := w.staffBrowser()
	for name, c := range map[string]struct {
		change func(url.Values)
		want   string
	}{
		"no meter":       {func(v url.Values) { v.Set("meters", " ") }, "Give at least one meter."},
		"too many":       {func(v url.Values) { v.Set("meters", strings.Repeat("m\n", 201)) }, "at most 200 at once"},
		"no first day":   {func(v url.Values) { v.Del("first") }, "Give the first day"},
		"last day":       {func(v url.Values) { v.Set("last", "30.4.2013") }, "Give the last day"},
		"wrong order":    {func(v url.Values) { v.Set("last", "2013-03-31") }, "The last day is before the first."},
		"too late":       {func(v url.Values) { v.Set("answer_by", "2013-05-31") }, "The day to answer by is over."},
		"no tariff":      {func(v url.Values) { v.Del("tariff") }, "Choose at least one tariff."},
		"not a tariff":   {func(v url.Values) { v.Set("tariff", "x") }, "One of these is not a tariff."},
		"bad serial":     {func(v url.Values) { v.Set("replaces", "x") }, "Give the number of a bill."},
		"many, replaces": {func(v url.Values) { v.Set("meters", "a\nb"); v.Set("replaces", "1") }, "Only one request can replace a bill"},
	} {
		form := w.form("kept-<1>")
		form.Set("answer_by", "2013-12-24")
		c.change(form)
		html := seen(t, b.post("/portal/requests/new", form), http.StatusUnprocessableEntity, c.want, "-wrong", "Request id")
		for _, kept := range []string{"meters", "first", "last", "answer_by", "replaces"} {
			if v := form.Get(kept); v != "" && len(v) < 100 && !strings.Contains(html, strings.Join(strings.Fields(escaped(v)), " ")) {
				t.Errorf("%s: %q is lost", name, v)
			}
		}
		sound(t, html)
	}
	short := w.form("meter-2")
	short.Set("last", "2013-04-01")
	seen(t, b.post("/portal/requests/new", short), http.StatusOK, "Customers’ devices would refuse")
}

func escaped(s string) string { return strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(s) }

func TestPortalPublish(t *testing.T) {
	w := portalTown(t)
	b := w.staffBrowser()
	document := strings.Replace(evening(t), "0.3125", "0.2500", 1)
	form := url.Values{"document": {document}}
	preview := seen(t, b.post("/portal/tariffs/new", form), http.StatusOK, "Preview: Evening", "<h3 id=\"new\">Now</h3>", "<h3 id=\"old\">Before</h3>",
		"All year › Evening › Price per kWh", "<del>0.3125</del>", "<ins>0.2500</ins>", "−20.0", "Within the privacy rules", "Sign and publish Evening", "8 days count as SUN")
	sound(t, preview)
	if n := len(must(w.store.Tariffs(context.Background()))); n != 2 {
		t.Fatalf("a preview left %d tariffs", n)
	}
	other := url.Values{"document": {strings.Replace(document, "0.2500", "0.2600", 1)}}
	seen(t, b.press("/portal/tariffs/new", other, "publish", "seen", preview), http.StatusOK, "The document has changed since the preview.", "0.2600")
	r := b.press("/portal/tariffs/new", form, "publish", "seen", preview)
	if r.StatusCode != http.StatusSeeOther || !strings.HasPrefix(r.Header.Get("Location"), "/portal/tariffs/") {
		t.Fatalf("%d %s", r.StatusCode, body(t, r))
	}
	html := b.see(r.Header.Get("Location"), "Published and signed.", "Versions of this plan", "<del>0.3125</del>")
	sound(t, html)
	seen(t, b.post("/portal/tariffs/new", form), http.StatusOK, "This very tariff is published already.")
	id, _, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Location"), "/portal/tariffs/"), "?")
	b.see("/portal/tariffs/new?from="+id, "&#34;unitPrice&#34;: &#34;0.2500&#34;")

	for name, c := range map[string]struct{ document, want string }{
		"nothing":  {"  ", "Choose a file, or paste a document."},
		"no JSON":  {"kept <this>", "Tariff: "},
		"spy":      {spyTariff(evening(t)), "<li>Bill from 2013-01-01 to 2013-02-01 (exclusive): privacy rule A"},
		"unproven": {strings.Replace(document, `"timeZone": "LOCAL"`, `"timeZone": "LOCAL", "minimum": [{"displayName": "Least", "term": "BILL", "amount": "5"}]`, 1), "Not provable"},
	} {
		html := seen(t, b.post("/portal/tariffs/new", url.Values{"document": {c.document}}), http.StatusUnprocessableEntity, c.want, "Request id")
		if strings.Contains(html, `value="publish"`) {
			t.Errorf("%s: can be published", name)
		}
		if kept := escaped(c.document); name == "no JSON" && !strings.Contains(html, kept) {
			t.Errorf("%s: %q is lost", name, kept)
		}
	}
}

// spyTariff makes one hour of the week so dear that a bill would tell of it.
func spyTariff(document string) string {
	return strings.NewReplacer(`"0.3125"`, `"99"`, `"17:00"`, `"19:30"`).Replace(document)
}

// A file takes the place of the text.
func TestPortalPublishFromAFile(t *testing.T) {
	w := newTown(t)
	b := w.staffBrowser()
	var data bytes.Buffer
	m := multipart.NewWriter(&data)
	m.WriteField("document", "old text")
	m.WriteField("do", "preview")
	f := must(m.CreateFormFile("document", "evening.json"))
	f.Write([]byte(evening(t)))
	m.Close()
	r := httptest.NewRequest(http.MethodPost, publicURL+"/portal/tariffs/new", &data)
	r.Header.Set("Content-Type", m.FormDataContentType())
	html := seen(t, b.do(r), http.StatusOK, "Preview: Evening", "This is the first version of plan demo-evening.", "&#34;planId&#34;")
	if strings.Contains(html, "old text") {
		t.Error("the text was taken")
	}
	large := httptest.NewRequest(http.MethodPost, publicURL+"/portal/tariffs/new", strings.NewReader("document="+strings.Repeat("x", maxForm)))
	large.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	seen(t, b.do(large), http.StatusRequestEntityTooLarge, "Request id")
}

func TestPortalMeters(t *testing.T) {
	w := newTown(t)
	b := w.staffBrowser()
	ctx := context.Background()
	key := w.authority.Authority().String()
	form := url.Values{"number": {"=7"}, "authority": {key}, "slots": {"96"}, "until": {"2014-12-31"}, "revoked": {"2013-05-01"}}
	r := b.post("/portal/meters/entry", form)
	if r.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", r.StatusCode, body(t, r))
	}
	b.see(r.Header.Get("Location"), "Saved.", "=7", "revoked", "2014-12-31")
	m := must(w.store.Meter(ctx, "=7"))
	if m.Slots != 96 || validityOf(m.Validity) != (Dates{"", "2014-12-31", "2013-05-01"}) {
		t.Errorf("%+v", m)
	}
	seen(t, b.post("/portal/meters/entry", form), http.StatusUnprocessableEntity, "registered already", `value="=7"`, `value="2014-12-31"`)
	form.Del("revoked")
	form.Set("number", "other") // the address says which meter it is
	if r := b.post("/portal/meters/entry?meter=%3D7", form); r.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", r.StatusCode, body(t, r))
	}
	if m := must(w.store.Meter(ctx, "=7")); m.Revoked != 0 {
		t.Errorf("still revoked: %+v", m)
	}
	for field, bad := range map[string]string{"number": "a b", "authority": "x", "slots": "47", "from": "tomorrow", "until": "2013", "revoked": "x"} {
		form := url.Values{"number": {"kept-1"}, "authority": {key}, "slots": {"48"}, "from": {"2013-02-03"}}
		form.Set(field, bad)
		html := seen(t, b.post("/portal/meters/entry", form), http.StatusUnprocessableEntity, `<li><a href="#`+field+`">`, "Request id", `id="`+field+`-wrong"`)
		if field != "number" && !strings.Contains(html, `value="kept-1"`) || field != "from" && !strings.Contains(html, `value="2013-02-03"`) {
			t.Errorf("%s: the form is lost: %s", field, html)
		}
		sound(t, html)
	}
	if _, err := w.store.Meter(ctx, "kept-1"); err == nil {
		t.Error("a form with a mistake was saved")
	}
}

func TestPortalAuthorities(t *testing.T) {
	w := newTown(t)
	b := w.staffBrowser()
	key := must(newAuthority()).Authority().String()
	form := url.Values{"key": {key}, "name": {"<b>New</b>"}, "from": {"2013-07-01"}}
	if r := b.post("/portal/authorities/entry", form); r.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", r.StatusCode, body(t, r))
	}
	b.see("/portal/authorities?q=new", "&lt;b&gt;New&lt;/b&gt;", "not yet", key)
	seen(t, b.post("/portal/authorities/entry", form), http.StatusUnprocessableEntity, "registered already")
	form = url.Values{"name": {"New"}, "revoked": {"2013-05-01"}}
	if r := b.post("/portal/authorities/entry?authority="+key, form); r.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", r.StatusCode, body(t, r))
	}
	b.see("/portal/authorities?q="+key, "revoked", "2013-05-01")
	if n := len(must(w.store.Authorities(context.Background()))); n != 2 {
		t.Errorf("%d authorities", n)
	}
	seen(t, b.post("/portal/authorities/entry", url.Values{"key": {"kept"}, "name": {""}}), http.StatusUnprocessableEntity,
		"Give a name", "This is not an authority", `value="kept"`)
}

func TestSerialText(t *testing.T) {
	for _, list := range [][]uint64{{1}, {1, 2}, {4, 5, 6, 9}, {1, 3, 5}, {7, 8, 10, 11, 12}} {
		text := serialText(list)
		if got := must(serialsIn(text)); !slices.Equal(got, list) {
			t.Errorf("%v as %s is %v", list, text, got)
		}
	}
	if got := serialText([]uint64{4, 5, 6, 9}); got != "4-6,9" {
		t.Error(got)
	}
	for _, bad := range []string{"", "a", "1-", "2-1", "1-999", "1,,2", "-1"} {
		if list, err := serialsIn(bad); err == nil {
			t.Errorf("%q is %v", bad, list)
		}
	}
}
