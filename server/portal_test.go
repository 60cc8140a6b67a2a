package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"hushwatt/meter"
	"hushwatt/prover"
	"hushwatt/server/store"
)

// evening is a tariff document with three rates, weekends and holidays.
func evening(t testing.TB) string {
	t.Helper()
	return string(must(os.ReadFile("testdata/evening.json")))
}

// portalTown has a bill in every state. Request 1 is accepted, 2 replaces it and
// replaced it, 3 is refused, 4 withdrawn, 5 expired, 6 awaited, 7 accepted.
func portalTown(t testing.TB) *town {
	t.Helper()
	w := newTown(t)
	a, b := w.home("meter-1", 1, 120), w.home("meter-2", 2, 40)
	send := func(data []byte) {
		t.Helper()
		if r := w.send(data); r.StatusCode != http.StatusOK {
			t.Fatalf("%d %s", r.StatusCode, body(t, r))
		}
	}
	send(w.answer(a, w.ask(a, 0, 31)).Bytes())
	send(w.answer(a, w.ask(a, 0, 31, func(q *Question) { q.Replaces = 1 })).Bytes())
	bad := must(prover.ParseBill(w.answer(a, w.ask(a, 31, 28)).Bytes()))
	bad.Submission.Proof[len(bad.Submission.Proof)-32] ^= 1
	expectRefused(t, w.send(bad.Bytes()), http.StatusUnprocessableEntity, prover.ReasonProof)
	w.ask(a, 59, 31)
	if err := w.store.Withdraw(context.Background(), 4, w.clock().Unix()); err != nil {
		t.Fatal(err)
	}
	w.ask(a, 59, 31, func(q *Question) { q.AnswerBy = w.clock().Add(time.Hour) })
	w.wait(2 * time.Hour)
	w.ask(a, 59, 31)
	send(w.answer(b, w.ask(b, 0, 31)).Bytes())
	if _, _, err := w.server.Desk().Publish(context.Background(), []byte(evening(t))); err != nil {
		t.Fatal(err)
	}
	return w
}

// browser is someone with a browser: it keeps cookies and says where it came from.
type browser struct {
	*town
	cookie *http.Cookie
}

func (w *town) staffBrowser() *browser {
	w.t.Helper()
	b := &browser{town: w}
	r := b.post("/portal/login", url.Values{"token": {testToken}})
	if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/portal/" || b.cookie == nil {
		w.t.Fatalf("login: %d, to %q, cookie %v: %s", r.StatusCode, r.Header.Get("Location"), b.cookie, body(w.t, r))
	}
	return b
}

func (b *browser) do(r *http.Request) *http.Response {
	b.t.Helper()
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	out := httptest.NewRecorder()
	b.server.ServeHTTP(out, r)
	for _, c := range out.Result().Cookies() {
		b.cookie = c
		if c.MaxAge < 0 {
			b.cookie = nil
		}
	}
	return out.Result()
}

func (b *browser) open(path string) *http.Response {
	b.t.Helper()
	return b.do(httptest.NewRequest(http.MethodGet, publicURL+path, nil))
}

func (b *browser) post(path string, form url.Values) *http.Response {
	b.t.Helper()
	r := httptest.NewRequest(http.MethodPost, publicURL+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", publicURL)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

// see opens a page, expects it to be well, and returns it.
func (b *browser) see(path string, texts ...string) string {
	b.t.Helper()
	return seen(b.t, b.open(path), http.StatusOK, texts...)
}

var blanks = regexp.MustCompile(`\s+`)

// seen checks the status of a page, its form, and that texts are in it.
func seen(t testing.TB, r *http.Response, status int, texts ...string) string {
	t.Helper()
	html := blanks.ReplaceAllString(string(body(t, r)), " ")
	if r.StatusCode != status || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
		t.Fatalf("status %d, want %d: %s", r.StatusCode, status, html)
	}
	for _, text := range texts {
		if !strings.Contains(html, text) {
			t.Errorf("the page does not have %q:\n%s", text, html)
		}
	}
	return html
}

// Every page of the portal, and what must be on it.
var portalTour = []struct {
	path  string
	texts []string
}{
	{"/portal/", []string{"<h1>Bills</h1>", `aria-current="page">All <span class="n">7</span>`, `Accepted <span class="n">2</span>`, `Refused <span class="n">1</span>`,
		`Withdrawn <span class="n">1</span>`, `href="/portal/bills/7"`, "1–31 Jan 2013", "£", `href="/portal/bills.csv"`}},
	{"/portal/?state=refused", []string{`value="refused"`, "<b>proof</b>, reference", `href="/portal/bills.csv?state=refused"`}},
	{"/portal/?meter=meter-1", []string{"<h1>Bills of meter meter-1</h1>", "Change this meter", `All <span class="n">6</span>`}},
	{"/portal/?q=meter-2", []string{`value="meter-2"`, `All <span class="n">1</span>`}},
	{"/portal/?q=nowhere", []string{"No bill is like this."}},
	{"/portal/?meter=nobody", []string{"This meter is not registered."}},
	{"/portal/bills/1", []string{"Replaced", `<a href="/portal/bills/2">bill 2</a> counts instead`}},
	{"/portal/bills/2", []string{"Accepted", "for 1–31 January 2013", "ours, and of these bytes", "What was checked, in order", `href="/portal/requests/new?first=2013-01-01&amp;last=2013-01-31&amp;meters=meter-1&amp;replaces=2&amp;tariff=`}},
	{"/portal/bills/3", []string{"Refused", "The proof does not hold.", "In detail", "Bytes as sent", "Link for the customer"}},
	{"/portal/bills/4", []string{"Withdrawn", "Taken back on", "Ask for this bill again"}},
	{"/portal/bills/5", []string{"Expired", "Nobody answered in time."}},
	{"/portal/bills/6", []string{"Awaited", publicURL + "/bill#r=", "Withdraw bill 6"}},
	{"/portal/requests/new", []string{"<h1>Ask for bills</h1>", "Flat", "Evening"}},
	{"/portal/requests/new?meter=meter-1&meter=meter-2", []string{">meter-1 meter-2</textarea>"}},
	{"/portal/requests/made?serials=6", []string{"1 request made", publicURL + "/bill#r="}},
	{"/portal/tariffs", []string{"Flat", "Evening", `href="/portal/tariffs.csv"`}},
	{"/portal/tariffs?q=flat", []string{`<a class="open"`, ">Flat</a>", `href="/portal/tariffs.csv?q=flat"`}},
	{"/portal/evidence", []string{"<h1>Contradictions</h1>", "None: no meter has contradicted itself."}},
	{"/portal/tariffs/new", []string{"<h1>Publish a tariff</h1>", `enctype="multipart/form-data"`}},
	{"/portal/meters", []string{"meter-1", "meter-2", "counts", "Test authority"}},
	{"/portal/meters?q=2", []string{`href="/portal/meters.csv?q=2"`, "meter-2"}},
	{"/portal/meters/entry", []string{"Add a meter", "<option selected>48</option>"}},
	{"/portal/meters/entry?meter=meter-1", []string{"Save meter meter-1"}},
	{"/portal/authorities", []string{"Test authority", "hushwatt-authority1"}},
	{"/portal/authorities/entry", []string{"Add an authority"}},
}

func TestPortalPages(t *testing.T) {
	w := portalTown(t)
	b := w.staffBrowser()
	for _, p := range portalTour {
		t.Run(p.path, func(t *testing.T) {
			r := b.open(p.path)
			if got := r.Header.Get("Content-Security-Policy"); got != portalCSP {
				t.Errorf("policy %q", got)
			}
			if got := r.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("kept: %q", got)
			}
			html := seen(t, r, http.StatusOK, p.texts...)
			sound(t, html)
		})
	}
	for _, m := range []string{"meter-1", "meter-2"} {
		if strings.Contains(w.logs.String(), m) {
			t.Errorf("the log names %s", m)
		}
	}
}

var (
	ids       = regexp.MustCompile(` id="([^"]*)"`)
	labels    = regexp.MustCompile(` for="([^"]*)"`)
	described = regexp.MustCompile(` aria-(?:describedby|labelledby)="([^"]*)"`)
)

// sound checks what holds for every page: one heading, ids that are there and
// there once, nothing that the policy would block.
func sound(t *testing.T, html string) {
	t.Helper()
	if n := strings.Count(html, "<h1>"); n != 1 {
		t.Errorf("%d main headings", n)
	}
	have := map[string]bool{}
	for _, m := range ids.FindAllStringSubmatch(html, -1) {
		if have[m[1]] {
			t.Errorf("id %q twice", m[1])
		}
		have[m[1]] = true
	}
	for _, m := range append(labels.FindAllStringSubmatch(html, -1), described.FindAllStringSubmatch(html, -1)...) {
		for _, id := range strings.Fields(m[1]) {
			if !have[id] {
				t.Errorf("nothing has the id %q", id)
			}
		}
	}
	for _, bad := range []string{"<script", " style=", " onclick=", "<style", "ZgotmplZ", "http://", "<no value>"} {
		if strings.Contains(html, bad) {
			t.Errorf("%q is in the page:\n%s", bad, html)
		}
	}
}

// What a new supplier sees.
func TestPortalEmpty(t *testing.T) {
	w := newTown(t)
	b := w.staffBrowser()
	for path, text := range map[string]string{
		"/portal/": "Nothing was asked yet.", "/portal/?state=accepted": "No bill is like this.", "/portal/?q=1": "No bill is like this.",
		"/portal/meters": "No meter is registered yet.", "/portal/meters?q=1": "No meter’s number has this in it.",
		"/portal/tariffs?q=x": "No tariff is like this.", "/portal/authorities?q=nobody": "No authority is like this.",
	} {
		sound(t, b.see(path, text))
	}
	w.server.Store = bare{w.store}
	for path, text := range map[string]string{
		"/portal/meters": "First add the authority", "/portal/authorities": "No authority is registered yet", "/portal/tariffs": "No tariff is published yet.",
		"/portal/requests/new": "No tariff is published yet.",
	} {
		sound(t, b.see(path, text))
	}
}

// bare is a store without tariffs and authorities.
type bare struct{ store.Store }

func (bare) Tariffs(context.Context) ([]store.Tariff, error)        { return nil, nil }
func (bare) Authorities(context.Context) ([]store.Authority, error) { return nil, nil }

// The tick of every check, in the order of the checks.
func TestPortalChecks(t *testing.T) {
	b := portalTown(t).staffBrowser()
	results := func(path string) string {
		var got []string
		for _, m := range regexp.MustCompile(`<span class="result">([a-z ]*)</span>`).FindAllStringSubmatch(b.see(path), -1) {
			got = append(got, m[1])
		}
		return strings.Join(got, ",")
	}
	if got, want := results("/portal/bills/2"), strings.TrimSuffix(strings.Repeat("passed,", 8), ","); got != want {
		t.Errorf("accepted: %s", got)
	}
	if got, want := results("/portal/bills/3"), strings.Repeat("passed,", 7)+"failed"; got != want {
		t.Errorf("refused for its proof: %s", got)
	}
	for i, c := range checksInOrder {
		list := checks(c.reason)
		for k, l := range list {
			want := "passed"
			if k == i {
				want = "failed"
			} else if k > i {
				want = "not reached"
			}
			if l.Result != want {
				t.Errorf("refused for %s: check %d is %q, want %q", c.reason, k, l.Result, want)
			}
		}
		if reasonSentence[c.reason] == "" {
			t.Errorf("%s has no sentence", c.reason)
		}
	}
	if len(checksInOrder) != len(reasonSentence) {
		t.Errorf("%d checks, %d reasons", len(checksInOrder), len(reasonSentence))
	}
}

// What is shown of an accepted bill is what is stored.
func TestPortalShowsStoredBytes(t *testing.T) {
	w := portalTown(t)
	b := w.staffBrowser()
	bill, receipt, err := w.store.BillBytes(context.Background(), 2)
	if err != nil {
		t.Fatal(err)
	}
	one, two := sha256.Sum256(bill), sha256.Sum256(receipt)
	b.see("/portal/bills/2", hex.EncodeToString(one[:]), hex.EncodeToString(two[:]))
	if got := body(t, b.open("/api/v1/bills/2/file")); !bytes.Equal(got, bill) {
		t.Error("the file is another")
	}
	it := must(w.store.Item(context.Background(), 3, w.clock().Unix()))
	r := b.open("/portal/refused/" + it.Refusals[0].Reference)
	got := sha256.Sum256(body(t, r))
	if got != it.Refusals[0].Hash || r.Header.Get("Content-Type") != BillType {
		t.Errorf("refused bytes: %x, %s", got, r.Header.Get("Content-Type"))
	}
}

func TestPortalNeedsALogin(t *testing.T) {
	w := portalTown(t)
	stranger := &browser{town: w}
	for _, path := range []string{"/portal/", "/portal/?meter=meter-1", "/portal/bills.csv", "/portal/bills/2", "/portal/refused/x", "/portal/requests/new",
		"/portal/requests/made?serials=6", "/portal/requests/made.csv?serials=6", "/portal/tariffs", "/portal/tariffs.csv", "/portal/tariffs/new",
		"/portal/tariffs/" + w.tariff.ID(), "/portal/meters", "/portal/meters.csv", "/portal/meters/entry", "/portal/authorities",
		"/portal/authorities.csv", "/portal/authorities/entry", "/portal/nowhere"} {
		r := stranger.open(path)
		to := must(url.Parse(r.Header.Get("Location")))
		if r.StatusCode != http.StatusSeeOther || to.Path != "/portal/login" || path != "/portal/" && to.Query().Get("next") != path {
			t.Errorf("%s: %d to %q", path, r.StatusCode, to)
		}
		if got := body(t, r); bytes.Contains(got, []byte("meter-")) && !strings.Contains(path, "meter-") {
			t.Errorf("%s tells a stranger %s", path, got)
		}
	}
	for _, path := range []string{"/portal/bills/6/withdrawal", "/portal/requests/new", "/portal/tariffs/new", "/portal/meters/entry", "/portal/authorities/entry", "/portal/logout"} {
		html := seen(t, stranger.post(path, url.Values{"meters": {"meter-1"}}), http.StatusUnauthorized, "Log in", "Request id",
			`name="kept.meters" value="meter-1"`, `name="next" value="`+path+`"`)
		sound(t, html)
	}
	if it := must(w.store.Item(context.Background(), 6, w.clock().Unix())); it.State != store.Awaited {
		t.Errorf("a stranger withdrew: %s", it.State)
	}
	seen(t, stranger.open("/portal/login"), http.StatusOK, "Token")
	seen(t, stranger.post("/portal/login", url.Values{"token": {"wrong token, long enough"}, "next": {"/portal/meters"}}), http.StatusUnauthorized,
		"This is not the token.", "Request id", `value="/portal/meters"`)
	forged := &browser{town: w, cookie: &http.Cookie{Name: w.server.cookieName(), Value: "AAAA"}}
	if r := forged.open("/portal/"); r.StatusCode != http.StatusSeeOther {
		t.Errorf("a forged cookie: %d", r.StatusCode)
	}
}

func TestPortalLogin(t *testing.T) {
	w := newTown(t)
	b := w.staffBrowser()
	if c := b.cookie; !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Name != "__Host-hushwatt" || c.Path != "/" {
		t.Errorf("%+v", c)
	}
	b.see("/portal/")
	w.wait(13 * time.Hour)
	if r := b.open("/portal/"); r.StatusCode != http.StatusSeeOther {
		t.Errorf("13 hours later: %d", r.StatusCode)
	}
	b = w.staffBrowser()
	if r := b.post("/portal/logout", nil); r.StatusCode != http.StatusSeeOther || b.cookie != nil {
		t.Errorf("logout: %d, %v", r.StatusCode, b.cookie)
	}
	for next, want := range map[string]string{
		"/portal/meters?q=1": "/portal/meters?q=1", "": "/portal/", "https://evil.example/portal/": "/portal/", "//evil.example/portal/": "/portal/",
		"/portal/login": "/portal/", "/bill": "/portal/", `/\evil.example`: "/portal/", "javascript:alert(1)": "/portal/",
	} {
		r := (&browser{town: w}).post("/portal/login", url.Values{"token": {testToken}, "next": {next}})
		if got := r.Header.Get("Location"); r.StatusCode != http.StatusSeeOther || got != want {
			t.Errorf("next %q: %d to %q, want %q", next, r.StatusCode, got, want)
		}
	}
}

// A form that was sent after its session had ended waits behind the login.
func TestPortalKeepsAFormThroughTheLogin(t *testing.T) {
	w := newTown(t)
	b := &browser{town: w}
	kept := url.Values{"token": {testToken}, "next": {"/portal/meters/entry"}, "kept.number": {"kept-1 <&>"}}
	html := seen(t, b.post("/portal/login", kept), http.StatusOK, `action="/portal/meters/entry"`, `name="number" value="kept-1 &lt;&amp;&gt;"`)
	sound(t, html)
	if b.cookie == nil {
		t.Error("not logged in")
	}
}

// Another site's page can neither log in nor write, whatever cookies go with it.
func TestPortalCrossOrigin(t *testing.T) {
	w := portalTown(t)
	b := w.staffBrowser()
	for _, path := range []string{"/portal/login", "/portal/logout", "/portal/bills/6/withdrawal", "/portal/requests/new", "/portal/tariffs/new", "/portal/meters/entry", "/portal/authorities/entry"} {
		for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
			r := httptest.NewRequest(http.MethodPost, publicURL+path, nil)
			r.Header.Set(name, value)
			if got := b.do(r); got.StatusCode != http.StatusForbidden {
				t.Errorf("%s with %s: %d", path, name, got.StatusCode)
			}
		}
	}
	if it := must(w.store.Item(context.Background(), 6, w.clock().Unix())); it.State != store.Awaited {
		t.Errorf("withdrawn from elsewhere: %s", it.State)
	}
}

func TestPortalErrors(t *testing.T) {
	w := portalTown(t)
	b := w.staffBrowser()
	for path, status := range map[string]int{
		"/portal/nowhere": 404, "/portal/bills/99": 404, "/portal/bills/x": 404, "/portal/refused/nothing": 404, "/portal/tariffs/" + strings.Repeat("0", 64): 404,
		"/portal/tariffs/x": 404, "/portal/meters/entry?meter=nobody": 404, "/portal/authorities/entry?authority=x": 404, "/portal/requests/made": 404,
		"/portal/requests/made?serials=1-99999999": 404, "/portal/requests/made?serials=99": 404,
		"/portal/?state=lost": 400, "/portal/?before=x": 400, "/portal/?q=" + strings.Repeat("x", 65): 400, "/portal/bills.csv?state=lost": 400,
	} {
		r := b.open(path)
		id := r.Header.Get("X-Request-Id")
		sound(t, seen(t, r, status, "Request id <code>"+id+"</code>"))
	}
	// What went wrong inside is in the log, not on the page.
	w.server.Store = broken{w.store}
	r := b.open("/portal/")
	html := seen(t, r, http.StatusServiceUnavailable, "Something went wrong here", r.Header.Get("X-Request-Id"))
	if strings.Contains(html, "disk") || !strings.Contains(w.logs.String(), "the disk is full") {
		t.Errorf("page %s, log %s", html, w.logs)
	}
}

// broken is a store that cannot read.
type broken struct{ store.Store }

func (broken) Items(context.Context, store.Filter) ([]store.Item, error) {
	return nil, errors.New("the disk is full")
}

// slow is a reader who takes nothing until told to.
type slow struct {
	*httptest.ResponseRecorder
	reading, read chan struct{}
}

func (s slow) Write(b []byte) (int, error) {
	s.reading <- struct{}{}
	<-s.read
	return s.ResponseRecorder.Write(b)
}

// Large forms of strangers come back in pages; only a few of them are held at once.
func TestPortalHoldsFewLargeForms(t *testing.T) {
	w := newTown(t)
	post := func(path string, size, length int64) *http.Request {
		r := httptest.NewRequest(http.MethodPost, publicURL+path, strings.NewReader("kept.a="+strings.Repeat("x", int(size))))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.ContentLength = length
		return r
	}
	reading, read := make(chan struct{}), make(chan struct{})
	var wait sync.WaitGroup
	for i := range largeForms {
		path := []string{"/portal/meters/entry", "/portal/login"}[i%2]
		wait.Go(func() {
			out := slow{httptest.NewRecorder(), reading, read}
			w.server.ServeHTTP(out, post(path, smallForm, smallForm+7))
			if out.Code != http.StatusUnauthorized {
				t.Errorf("a slow reader of %s: %d", path, out.Code)
			}
		})
		<-reading
	}
	stranger := &browser{town: w}
	for _, path := range []string{"/portal/meters/entry", "/portal/login"} {
		for _, length := range []int64{smallForm + 7, -1} {
			r := stranger.do(post(path, smallForm, length))
			seen(t, r, http.StatusServiceUnavailable, "go back and send it again")
			if r.Header.Get("Retry-After") == "" {
				t.Error("when to try again is not said")
			}
		}
		seen(t, stranger.do(post(path, 1000, 1007)), http.StatusUnauthorized, strings.Repeat("x", 1000))
	}
	close(read)
	wait.Wait()
	seen(t, stranger.do(post("/portal/meters/entry", smallForm, -1)), http.StatusUnauthorized, strings.Repeat("x", smallForm))
}

// The body of a request for the login page is not read.
func TestPortalLoginPageIgnoresABody(t *testing.T) {
	w := newTown(t)
	form := "--b\r\nContent-Disposition: form-data; name=\"next\"\r\n\r\n/portal/meters\r\n--b--\r\n"
	r := httptest.NewRequest(http.MethodGet, publicURL+"/portal/login", strings.NewReader(form))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	if html := seen(t, (&browser{town: w}).do(r), http.StatusOK, "Token"); strings.Contains(html, "/portal/meters") {
		t.Error("it comes back")
	}
}

// Wrong tokens are slowed down; the right one always counts.
func TestPortalStrangersDoNotLockOutStaff(t *testing.T) {
	w := newTown(t)
	statuses := map[int]int{}
	for range 30 {
		statuses[(&browser{town: w}).post("/portal/login", url.Values{"token": {"a wrong token, long"}}).StatusCode]++
	}
	if statuses[401] != 10 || statuses[429] != 20 {
		t.Errorf("%v", statuses)
	}
	w.staffBrowser()
}

// gone is a connection that is lost.
type gone struct{ *httptest.ResponseRecorder }

func (gone) Write([]byte) (int, error) { return 0, errors.New("write tcp 192.0.2.9:443: broken pipe") }

func TestLostConnectionsAreNotLogged(t *testing.T) {
	w := newTown(t)
	w.server.ServeHTTP(gone{httptest.NewRecorder()}, httptest.NewRequest(http.MethodGet, publicURL+"/portal/login", nil))
	w.server.HTTP().ErrorLog.Print("http: TLS handshake error from 192.0.2.9:1")
	if log := w.logs.String(); !strings.Contains(log, `"status":200`) || strings.Contains(log, "192.0.2.9") {
		t.Errorf("the log: %s", log)
	}
}

// Two heads that contradict each other are told, with both as they were signed.
func TestPortalEvidence(t *testing.T) {
	w := newTown(t)
	tip := func(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }
	head := func(b byte) *meter.Head {
		return &meter.Head{Authority: tip(9), Meter: "meter-1", Day: 15796, DayTip: tip(b), Correction: tip(0), Ciphertext: tip(3), Signature: bytes.Repeat([]byte{b}, 64)}
	}
	e := &meter.TwoHeads{A: head(1), B: head(2)}
	if err := w.server.Store.AddEvidence(e, w.server.Now().Unix()); err != nil {
		t.Fatal(err)
	}
	b := w.staffBrowser()
	b.see("/portal/meters", "One meter has signed what cannot both be true", `href="/portal/evidence"`)
	html := b.see("/portal/evidence", "meter-1</a>, epoch 0", "1 April 2013", "The first account", "The second account", strings.Repeat("01", 32), strings.Repeat("02", 32))
	for _, h := range []*meter.Head{e.A, e.B} {
		if !strings.Contains(html, hex.EncodeToString(h.Bytes())) {
			t.Error("a signed head is not there whole")
		}
	}
}

// Who is turned away before any page of the portal is made gets a page all the same.
func TestPortalTurnsAwayWithPages(t *testing.T) {
	w := newTown(t)
	r := httptest.NewRequest(http.MethodPost, publicURL+"/portal/meters/entry", strings.NewReader("number=m"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://elsewhere.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	out := httptest.NewRecorder()
	w.server.ServeHTTP(out, r)
	seen(t, out.Result(), http.StatusForbidden, "A request from another site changes nothing here", "Request id")
	w.server.limits = newLimiter(1, 1, w.server.Now)
	for range 2 {
		out = httptest.NewRecorder()
		w.server.ServeHTTP(out, httptest.NewRequest(http.MethodGet, publicURL+"/portal/login", nil))
	}
	seen(t, out.Result(), http.StatusTooManyRequests, "Too many requests from this address", "Request id")
	if out.Header().Get("Retry-After") != "1" || out.Header().Get("Content-Security-Policy") != portalCSP {
		t.Errorf("headers are %v", out.Header())
	}
}
