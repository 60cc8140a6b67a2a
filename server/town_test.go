package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"hushwatt/internal/pgtest"
	"hushwatt/meter"
	"hushwatt/meter/household"
	"hushwatt/prover"
	"hushwatt/prover/plan"
	"hushwatt/server/store"
	"hushwatt/tariffs"
)

// A town is a supplier with its server and database, and homes to be billed.
type town struct {
	t         testing.TB
	server    *Server
	store     store.Store
	path      string // of the database: a file's name or a URL
	key       *prover.SupplierKey
	authority *meter.AuthorityKey
	tariff    *tariffs.Tariff
	logs      *logs

	mu  sync.Mutex
	now time.Time
}

const (
	testToken = "a token for the tests"
	publicURL = "https://supplier.example"
)

var townTime = time.Date(2013, 6, 1, 9, 0, 0, 0, time.UTC)

// logs is a buffer that several goroutines write.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// flatTariff is a document for tests: one price, rounded once.
const flatTariff = `{"planId":"flat","displayName":"Flat","brandName":"Test Energy","effectiveFrom":"2013-01-01",
"electricityContract":{"pricingModel":"SINGLE_RATE","timeZone":"LOCAL","tariffPeriod":[{"displayName":"All year","startDate":"01-01","endDate":"12-31",
"dailySupplyCharge":"0.25","rateBlockUType":"singleRate","singleRate":{"displayName":"Energy","rates":[{"unitPrice":"0.1531"}]}}]},
"x-hushwatt":{"clock":"Europe/London","currency":"GBP","pricesIncludeTax":false,"taxes":[{"name":"VAT","rate":"0.05"}],
"rounding":{"stage":"bill","digits":2,"mode":"half-up"}}}`

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m.Run)) }

func newTown(t testing.TB, change ...func(*Config)) *town {
	t.Helper()
	w := &town{t: t, path: pgtest.Place(t), now: townTime, logs: new(logs),
		key: must(prover.NewSupplierKey()), authority: must(meter.NewAuthorityKey())}
	w.store = must(store.Open(w.path))
	c := Config{Store: w.store, Key: w.key, Name: "Test Energy", Token: []byte(testToken), PublicURL: publicURL,
		Now: w.clock, Logger: slog.New(slog.NewJSONHandler(w.logs, nil))}
	for _, f := range change {
		f(&c)
	}
	w.server = must(New(c))
	t.Cleanup(func() {
		w.server.Close()
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	ctx := context.Background()
	if err := w.store.Supplier(ctx, w.key.Public()); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.tariff, _, err = w.server.Desk().Publish(ctx, []byte(flatTariff)); err != nil {
		t.Fatal(err)
	}
	if err := w.server.Desk().Authorise(ctx, w.authority.Authority(), "Test authority", store.Always); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *town) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *town) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A home has a meter, and its sealed days from January to April 2013.
type home struct {
	number string
	device *meter.Meter
	key    *meter.Key
	opened *meter.Opened
}

var january = must(tariffs.ParseDate("2013-01-01"))

// home makes a home and registers its meter.
func (w *town) home(number string, seed uint64, days int) *home {
	w.t.Helper()
	h := &home{number: number, key: must(meter.NewKey(meter.X25519)),
		device: must(meter.NewMeter(w.authority, meter.Setup{Meter: number, N: 48}))}
	series := must(must(household.New(household.Options{Seed: seed, Point: number})).Series(int(january), days))
	sealed := must(meter.DaysFromSeries(series, meter.DaysOptions{N: 48, Channels: h.device.Certificate().Channels}))
	h.seal(w.t, sealed)
	if err := w.server.Desk().Register(context.Background(), number, w.authority.Authority(), 48, store.Always); err != nil {
		w.t.Fatal(err)
	}
	return h
}

func (h *home) seal(t testing.TB, days []meter.Day) {
	t.Helper()
	if _, err := h.device.Seal(h.key.Recipient(), days, 0); err != nil {
		t.Fatal(err)
	}
	h.opened = must(must(meter.ParseExport(h.device.Export().Bytes())).Open(h.key))
}

// ask makes a request for days of 2013, counted from 1 January.
func (w *town) ask(h *home, first, days int, change ...func(*Question)) *prover.Request {
	w.t.Helper()
	q := Question{Meters: []string{h.number}, Tariffs: [][32]byte{w.tariff.Hash()},
		Start: january + tariffs.Date(first), End: january + tariffs.Date(first+days)}
	for _, f := range change {
		f(&q)
	}
	r, err := w.server.Desk().Ask(context.Background(), q)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// answer makes the bill that a request asks for.
func (w *town) answer(h *home, r *prover.Request) *prover.Bill {
	w.t.Helper()
	p, err := plan.For(r, []*tariffs.Tariff{w.tariff})
	if err != nil {
		w.t.Fatal(err)
	}
	return must(prover.Answer(r, p.BillPlan, []*meter.Opened{h.opened}, rand.Reader))
}

// call is one request to the server, by default of a stranger.
type call struct {
	method, path string
	body         []byte
	media        string // of the body
	header       map[string]string
	staff        bool
	address      string
}

func (w *town) call(c call) *http.Response {
	w.t.Helper()
	if c.method == "" {
		c.method = http.MethodGet
	}
	r := httptest.NewRequest(c.method, publicURL+c.path, bytes.NewReader(c.body))
	if c.address != "" {
		r.RemoteAddr = c.address
	}
	if c.media != "" {
		r.Header.Set("Content-Type", c.media)
	}
	if c.staff {
		r.Header.Set("Authorization", "Bearer "+testToken)
	}
	for name, value := range c.header {
		r.Header.Set(name, value)
		if name == "Host" {
			r.Host = value
		}
	}
	out := httptest.NewRecorder()
	w.server.ServeHTTP(out, r)
	return out.Result()
}

// send posts a bill.
func (w *town) send(bill []byte) *http.Response {
	w.t.Helper()
	return w.call(call{method: "POST", path: "/api/v1/bills", body: bill, media: BillType})
}

func body(t testing.TB, r *http.Response) []byte {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// problemIn reads a problem and checks its form.
func problemIn(t testing.TB, r *http.Response) Problem {
	t.Helper()
	var p Problem
	data := body(t, r)
	if got := r.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Fatalf("status %d, media type %q, body %q: not a problem", r.StatusCode, got, data)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	if p.Status != r.StatusCode || p.RequestID == "" || p.RequestID != r.Header.Get("X-Request-Id") ||
		!strings.HasPrefix(p.Type, problemPrefix) || p.Title == "" {
		t.Errorf("status %d, request id %q: %+v", r.StatusCode, r.Header.Get("X-Request-Id"), p)
	}
	return p
}

func dates(n int) tariffs.Date { return tariffs.Date(n) }

func newAuthority() (*meter.AuthorityKey, error) { return meter.NewAuthorityKey() }
