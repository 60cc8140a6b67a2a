package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

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

var _ = store.Always
