package server

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestHost(t *testing.T) {
	w := newTown(t)
	for host, want := range map[string]int{
		"supplier.example": 200, "SUPPLIER.example": 200, "localhost:8080": 200, "127.0.0.1": 200, "[::1]:80": 200,
		"evil.example": 421, "supplier.example.evil.example": 421, "supplier.example:8080": 421, "192.0.2.7": 421, "": 421,
	} {
		got := w.call(call{path: "/api/v1/supplier", header: map[string]string{"Host": host}})
		if got.StatusCode != want {
			t.Errorf("host %q: %d, want %d", host, got.StatusCode, want)
		}
	}
	if got := w.call(call{path: "/healthz", header: map[string]string{"Host": "10.0.0.1"}}); got.StatusCode != 200 {
		t.Errorf("a health check by address: %d", got.StatusCode)
	}
}

// Another site's page cannot make a browser write here.
func TestCrossOrigin(t *testing.T) {
	w := newTown(t)
	for _, c := range []struct {
		name   string
		header map[string]string
		want   int
	}{
		{"another site", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"a sister site", map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
		{"another origin, old browser", map[string]string{"Origin": "https://evil.example"}, 403},
		{"same origin", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": publicURL}, 400},
		{"typed by the user", map[string]string{"Sec-Fetch-Site": "none"}, 400},
		{"no browser", nil, 400},
	} {
		got := w.call(call{method: "POST", path: "/api/v1/bills", header: c.header})
		if p := problemIn(t, got); p.Status != c.want || c.want == 403 && p.Type != problemPrefix+problemCrossOrigin {
			t.Errorf("%s: %+v", c.name, p)
		}
	}
	if got := w.call(call{path: "/api/v1/supplier", header: map[string]string{"Sec-Fetch-Site": "cross-site"}}); got.StatusCode != 200 {
		t.Errorf("reading from another site: %d", got.StatusCode)
	}
}

func TestStaff(t *testing.T) {
	w := newTown(t)
	as := func(header, value string) int {
		w.wait(time.Minute)
		return w.call(call{path: "/api/v1/meters", header: map[string]string{header: value}}).StatusCode
	}
	out := httptest.NewRecorder()
	if p := w.server.logIn(out, httptest.NewRequest("POST", "/", nil), testToken); p != nil {
		t.Fatal(p)
	}
	cookie := out.Result().Cookies()[0]
	if !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || cookie.Name != "__Host-hushwatt" {
		t.Errorf("%+v", cookie)
	}
	flipped := []byte(cookie.Value)
	flipped[3] ^= 1
	for _, c := range []struct {
		name, header, value string
		want                int
	}{
		{"token", "Authorization", "Bearer " + testToken, 200},
		{"scheme in capitals", "Authorization", "BEARER " + testToken, 200},
		{"no token", "Authorization", "Bearer ", 401},
		{"prefix of the token", "Authorization", "Bearer " + testToken[:10], 401},
		{"token and more", "Authorization", "Bearer " + testToken + "x", 401},
		{"other scheme", "Authorization", "Basic " + testToken, 401},
		{"session", "Cookie", cookie.Name + "=" + cookie.Value, 200},
		{"flipped session", "Cookie", cookie.Name + "=" + string(flipped), 401},
		{"cut session", "Cookie", cookie.Name + "=" + cookie.Value[:20], 401},
		{"session of a plain host", "Cookie", "hushwatt=" + cookie.Value, 401},
		{"session under another token", "Cookie", cookie.Name + "=" + newSessions([]byte("another token here")).make(w.clock().Add(time.Hour)), 401},
		{"nothing", "Cookie", "", 401},
	} {
		if got := as(c.header, c.value); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	w.wait(sessionLength)
	if got := as("Cookie", cookie.Name+"="+cookie.Value); got != 401 {
		t.Errorf("session after its end: %d", got)
	}
	if p := w.server.logIn(out, httptest.NewRequest("POST", "/", nil), "wrong"); p == nil || p.Status != 401 {
		t.Errorf("wrong token: %v", p)
	}
}

func TestTokenCannotBeGuessedFast(t *testing.T) {
	w := newTown(t)
	statuses := map[int]int{}
	for i := range 30 {
		got := w.call(call{path: "/api/v1/meters", header: map[string]string{"Authorization": fmt.Sprint("Bearer guess ", i)}, address: "192.0.2.9:1"})
		statuses[got.StatusCode]++
	}
	if statuses[401] != 10 || statuses[429] != 20 {
		t.Errorf("%v", statuses)
	}
	if got := w.call(call{path: "/api/v1/meters", staff: true, address: "192.0.2.9:1"}); got.StatusCode != 200 {
		t.Errorf("the right token from there: %d", got.StatusCode)
	}
}

func TestRate(t *testing.T) {
	w := newTown(t, func(c *Config) { c.Rate = 2 })
	from := func(address string, n int) (ok int) {
		for range n {
			got := w.call(call{path: "/api/v1/supplier", address: address})
			if got.StatusCode == 200 {
				ok++
			} else if p := problemIn(t, got); p.Status != 429 || got.Header.Get("Retry-After") == "" {
				t.Errorf("%+v", p)
			}
		}
		return ok
	}
	if n := from("192.0.2.1:1000", 30); n != 20 {
		t.Errorf("%d of 30 at once, want the burst of 20", n)
	}
	if n := from("192.0.2.1:2000", 5); n != 0 {
		t.Errorf("%d from another port", n)
	}
	if n := from("192.0.2.2:1000", 5); n != 5 {
		t.Errorf("%d from another address", n)
	}
	if a, b := from("[2001:db8::1]:1", 30), from("[2001:db8::ffff]:1", 30); a != 20 || b != 0 {
		t.Errorf("%d and %d from one /64", a, b)
	}
	w.wait(3 * time.Second)
	if n := from("192.0.2.1:1000", 30); n != 6 {
		t.Errorf("%d after three seconds, want 6", n)
	}
	for _, path := range []string{"/api/v1/openapi.json", "/api/v1/openapi.yaml", "/api/v1/nowhere"} {
		got := w.call(call{path: path, address: "192.0.2.1:1"})
		if got.StatusCode != 429 || got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s is not limited: %d", path, got.StatusCode)
		}
	}
	if got := w.call(call{path: "/healthz", address: "192.0.2.1:1"}); got.StatusCode != 200 {
		t.Errorf("health is limited: %d", got.StatusCode)
	}
}

// However many addresses there are, a limiter's memory is bounded, and so is what
// newcomers may do.
func TestLimiterIsBounded(t *testing.T) {
	now := townTime
	l := newLimiter(1, 10, func() time.Time { return now })
	allowed := 0
	for i := range 3 * maxBuckets {
		if l.allow(fmt.Sprintf("10.%d.%d.%d:1", i>>16, i>>8&255, i&255)) {
			allowed++
		}
	}
	if len(l.buckets) > maxBuckets+1 || allowed > maxBuckets+10 {
		t.Errorf("%d buckets, %d allowed", len(l.buckets), allowed)
	}
	now = now.Add(time.Minute)
	if !l.allow("192.0.2.1:1") || len(l.buckets) > 2 {
		t.Errorf("after a minute of rest %d buckets are left", len(l.buckets))
	}
}

// The log names requests, never what was in them.
func TestLog(t *testing.T) {
	w := newTown(t)
	w.call(call{path: "/api/v1/meters?q=secret-meter", staff: true})
	w.call(call{path: "/nothing/secret-path"})
	w.call(call{path: "/api/v1/requests/4711", staff: true})
	p := problemIn(t, w.call(call{method: "POST", path: "/api/v1/bills", media: BillType, body: []byte("secret-body")}))
	log := w.logs.String()
	for _, want := range []string{p.RequestID, `"reason":"malformed"`, `"route":"/api/v1/requests/{request}"`, `"status":404`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s", want)
		}
	}
	for _, never := range []string{"secret", "4711", testToken, "192.0.2"} {
		if strings.Contains(log, never) {
			t.Errorf("the log holds %s:\n%s", never, log)
		}
	}
}

func TestPagesAndPanics(t *testing.T) {
	w := newTown(t, func(c *Config) {
		c.Pages = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/panic" {
				panic("a mistake")
			}
			fmt.Fprint(w, "page")
		})
	})
	if got := w.call(call{path: "/"}); string(body(t, got)) != "page" || got.Header.Get("Content-Security-Policy") != PageCSP {
		t.Errorf("%d %s", got.StatusCode, got.Header)
	}
	if p := problemIn(t, w.call(call{path: "/panic"})); p.Status != 500 || strings.Contains(p.Detail, "mistake") {
		t.Errorf("%+v", p)
	}
	if !strings.Contains(w.logs.String(), "a mistake") {
		t.Error("the panic is not in the log")
	}
}

func TestNewRefuses(t *testing.T) {
	w := newTown(t)
	for name, change := range map[string]func(*Config){
		"no scheme":   func(c *Config) { c.PublicURL = "supplier.example" },
		"other":       func(c *Config) { c.PublicURL = "ftp://supplier.example" },
		"short token": func(c *Config) { c.Token = []byte("short") },
		"no store":    func(c *Config) { c.Store = nil },
		"no key":      func(c *Config) { c.Key = nil },
	} {
		c := w.server.Config
		change(&c)
		if s, err := New(c); err == nil {
			s.Close()
			t.Errorf("%s: accepted", name)
		}
	}
}
