package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hushwatt/meter"
	"hushwatt/prover"
	"hushwatt/prover/worker"
	"hushwatt/server"
	"hushwatt/server/store"
	"hushwatt/tariffs"
)

// A demoDay is one start of the demo on a data folder.
type demoDay struct {
	*testing.T
	home *madeUp
	desk *server.Desk
	http *httptest.Server
}

// startDemo opens a data folder at a moment, as `hushwatt demo` does.
func startDemo(t *testing.T, dir string, now time.Time) *demoDay {
	t.Helper()
	st, err := store.OpenSQLite(filepath.Join(dir, "hushwatt.db"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := keyAt(filepath.Join(dir, supplierKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	home := &madeUp{dir: dir, now: now}
	o := serving{beside: home.serve}
	handler, err := o.pages(&console{out: io.Discard, err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(server.Config{Store: st, Key: key, Name: "Demo Energy", Token: []byte("0123456789abcdef"),
		PublicURL: "http://localhost:8080", Pages: handler, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	if err := home.prepare(context.Background(), s.Desk()); err != nil {
		t.Fatal(err)
	}
	d := &demoDay{T: t, home: home, desk: s.Desk(), http: httptest.NewServer(s)}
	t.Cleanup(func() { d.http.Close(); s.Close(); st.Close() })
	return d
}

func (d *demoDay) get(path string) (*http.Response, []byte) {
	d.Helper()
	r, err := http.Get(d.http.URL + path)
	if err != nil {
		d.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		d.Fatal(err)
	}
	return r, body
}

// Whoever starts the demo twice is told so before anything is made.
func TestDemoSaysThatItsPortIsTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := filepath.Join(t.TempDir(), "data")
	err = demoServe(&console{out: io.Discard, err: io.Discard}, l.Addr().String(), dir)
	if err == nil || !strings.Contains(err.Error(), "is used by another program") || !strings.Contains(err.Error(), "--listen") {
		t.Errorf("says %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the data folder was made: %v", err)
	}
}

// The demo's home can answer the demo's request, and the supplier accepts it.
func TestDemoBillIsAccepted(t *testing.T) {
	t.Parallel()
	for _, now := range []time.Time{
		time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), // October: the clocks go back
		time.Date(2027, 1, 1, 0, 30, 0, 0, time.UTC),   // the year before
		time.Date(2027, 7, 31, 23, 0, 0, 0, time.UTC),  // June: local days end at 23:00 UTC
	} {
		d := startDemo(t, t.TempDir(), now)
		if want := time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly); d.home.start.String() != want {
			t.Errorf("the month begins on %s, not %s", d.home.start, want)
		}
		_, export := d.get("/demo/home.hushwatt")
		_, keyFile := d.get("/demo/home.key")
		_, asked := d.get("/demo/home.request")
		key, err := meter.ParseKey(keyFile)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := worker.Open(export, key)
		if err != nil {
			t.Fatal(err)
		}
		request, err := prover.ParseRequest(asked)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := d.desk.Store.Tariff(context.Background(), request.Terms.Tariffs[0])
		if err != nil {
			t.Fatal(err)
		}
		tariff, err := tariffs.Parse(stored.Document)
		if err != nil {
			t.Fatal(err)
		}
		made, err := worker.Make(worker.Job{Opened: []*meter.Opened{opened}, Tariffs: []*tariffs.Tariff{tariff}, Request: request}, now)
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.Post(d.http.URL+"/api/v1/bills", prover.MediaType, bytes.NewReader(made.Bill))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || r.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s %v", now, r.StatusCode, answer, err)
		}
	}
}

// A restart, even months later, finds the same home, tariffs and request.
func TestDemoStaysAsItWas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := startDemo(t, dir, time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC))
	meterNow, err := first.desk.Store.Meter(context.Background(), demoMeter)
	if err != nil {
		t.Fatal(err)
	}
	revoked := *meterNow
	revoked.Revoked = revoked.Last
	if err := first.desk.Store.PutMeter(context.Background(), revoked); err != nil {
		t.Fatal(err)
	}
	again := startDemo(t, dir, time.Date(2027, 2, 1, 10, 0, 0, 0, time.UTC))
	for _, same := range []bool{
		bytes.Equal(first.home.export, again.home.export), bytes.Equal(first.home.key, again.home.key),
		bytes.Equal(first.home.request, again.home.request), first.home.link == again.home.link,
	} {
		if !same {
			t.Error("something of the home changed")
		}
	}
	list, err := again.desk.Store.Tariffs(context.Background())
	if err != nil || len(list) != 4 {
		t.Errorf("%d tariffs, %v", len(list), err)
	}
	if m, err := again.desk.Store.Meter(context.Background(), demoMeter); err != nil || m.Revoked != revoked.Revoked {
		t.Errorf("what staff changed was undone: %+v, %v", m, err)
	}
}

func TestDemoLinkHoldsTheRequest(t *testing.T) {
	t.Parallel()
	d := startDemo(t, t.TempDir(), time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC))
	text, ok := strings.CutPrefix(d.home.link, "http://localhost:8080/bill#r=")
	request, err := base64.RawURLEncoding.DecodeString(text)
	if !ok || err != nil || !bytes.Equal(request, d.home.request) {
		t.Errorf("link %s: %v", d.home.link, err)
	}
	if !strings.Contains(welcome("http://localhost:8080", "data", d.home), d.home.link) {
		t.Error("the link is not told")
	}
}

// Every screen is readable before any program runs, and nothing on it is refused
// by its own content security policy.
func TestPagesWithoutPrograms(t *testing.T) {
	t.Parallel()
	d := startDemo(t, t.TempDir(), time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC))
	for _, at := range []string{"/", "/days", "/bill", "/history", "/key", "/about"} {
		r, body := d.get(at)
		page := string(body)
		if r.StatusCode != 200 || r.Header.Get("Content-Security-Policy") != server.PageCSP {
			t.Errorf("%s: %d, %s", at, r.StatusCode, r.Header.Get("Content-Security-Policy"))
		}
		if !strings.Contains(page, "<h1") || !strings.Contains(page, `<meta name="description"`) {
			t.Errorf("%s has no heading or description", at)
		}
		for _, bad := range []string{" style=", "<style", "onclick=", "<script>", "http://", "app-wasm-loader"} {
			if strings.Contains(strings.ReplaceAll(page, "http://www.w3.org", ""), bad) {
				t.Errorf("%s holds %q", at, bad)
			}
		}
	}
	if !strings.Contains(string(second(d.get("/"))), "It does not need to know when you sleep") {
		t.Error("the start page does not say what this is")
	}
}

// What go-app's own handler would answer dangerously is answered here, and a
// request under another host's name not at all.
func TestTrapsAreAnswered(t *testing.T) {
	t.Parallel()
	d := startDemo(t, t.TempDir(), time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC))
	codes := map[string]int{"/robots.txt": 200, "/sitemap.xml": 404, "/ads.txt": 404, "/app-worker.js": 404, "/goapp.js": 404, "/demo/": 404, "/demo/../home/home.key": 404, "/sw.js": 200}
	for at, want := range codes {
		if r, _ := d.get(at); r.StatusCode != want {
			t.Errorf("%s: %d", at, r.StatusCode)
		}
	}
	for _, at := range []string{"/", "/robots.txt", "/demo/home.key", "/sw.js"} {
		r, err := http.NewRequest("GET", d.http.URL+at, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "attacker.example"
		w, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		w.Body.Close()
		if w.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("%s under another name: %d", at, w.StatusCode)
		}
	}
}

// The demo's half-hourly prices stay within what a home would believe.
func TestPricesAreBelievable(t *testing.T) {
	t.Parallel()
	var all []string
	for at := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC); at.Month() == time.October; at = at.Add(30 * time.Minute) {
		all = append(all, price(at))
	}
	if low, high := slices.Min(all), slices.Max(all); low < "0.0900" || high > "0.4500" || len(slices.Compact(slices.Sorted(slices.Values(all)))) < 100 {
		t.Errorf("prices from %s to %s", low, high)
	}
}

func second(_ *http.Response, body []byte) []byte { return body }
