package engine

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hushwatt/meter"
	"hushwatt/server/store"
)

// pageOf serves a page over a store with days of made-up releases of set all: 1,000 Wh
// and a little more in the evening, none in slot 5 of any day.
func pageOf(t *testing.T, days int, feeders map[string]*FeederFile) (*httptest.Server, *store.Party) {
	t.Helper()
	g := newGrid(t)
	g.clock = standing(firstDay + uint16(days))
	p := g.party(len(g.keys))
	for day := range days {
		for slot := range uint16(48) {
			if slot == 5 {
				continue
			}
			r := store.Release{Set: "all", Meters: 12, Sum: sumAt(slot), Squares: "200000"}
			if err := p.AddFile(t.Context(), firstDay+uint16(day), slot, fmt.Appendf(nil, "file %d/%d", day, slot), []store.Release{r}); err != nil {
				t.Fatal(err)
			}
		}
	}
	page := &Page{Registry: g.registry, Store: p, Clock: g.clock, Feeders: feeders, Refresh: 30 * time.Second, Log: quiet}
	s := httptest.NewServer(page.Handler())
	t.Cleanup(s.Close)
	return s, p
}

func sumAt(slot uint16) uint64 {
	if slot >= 34 && slot < 44 {
		return 1500 + uint64(slot)
	}
	return 1000 + uint64(slot)
}

func fetch(t *testing.T, url string, status int) (*http.Response, string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body := must(io.ReadAll(r.Body))
	if r.StatusCode != status {
		t.Errorf("%s: %s, want %d", url, r.Status, status)
	}
	return r, string(body)
}

func TestPage(t *testing.T) {
	s, p := pageOf(t, 2, nil)
	if _, err := p.Once(fmt.Sprintf("%s%05d/%03d", lostName, firstDay, 5), []byte("authority consumers")); err != nil {
		t.Fatal(err)
	}
	r, body := fetch(t, s.URL+"/", 200)
	for _, want := range []string{"Nothing about one home exists here", "12 of 12 meters", "23:30 to 00:00 UTC", "1.0 kWh", "2.1 kW",
		"it is the fault of authority consumers", "Nothing was released in this time", ">9054.1<"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(body, "home-") {
		t.Error("the page names a home")
	}
	if csp := r.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(body, "<script>") || strings.Contains(body, "style=") {
		t.Errorf("policy %q, or the page does what it forbids", csp)
	}
	if gaps := strings.Count(body[strings.Index(body, `class="curve" d="`):], "M"); gaps < 3 {
		t.Errorf("a slot that was not released leaves no gap")
	}
	if r, _ := fetch(t, s.URL+stylePath, 200); !strings.HasPrefix(r.Header.Get("Content-Type"), "text/css") {
		t.Error("no style")
	}
}

func TestPageData(t *testing.T) {
	s, _ := pageOf(t, 2, nil)
	day := moment{day: firstDay}.start(48).Format(time.DateOnly)
	_, body := fetch(t, s.URL+"/sets/all?day="+day, 200)
	var answer struct {
		Releases []released `json:"releases"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || len(answer.Releases) != 47 {
		t.Fatalf("%d releases, %v", len(answer.Releases), err)
	}
	first := answer.Releases[0]
	if first.Start != day+"T00:00:00Z" || first.SumWh != 1000 || first.MeanWh != "83.333333" || first.Variance == nil {
		t.Errorf("%+v", first)
	}
	if _, file := fetch(t, s.URL+first.File, 200); file != "file 0/0" {
		t.Errorf("%q", file)
	}
	if _, data := fetch(t, s.URL+"/registry", 200); must(meter.ParseRegistry([]byte(data))).Charter.Registry != "street" {
		t.Error("another registry")
	}
	for _, path := range []string{"/sets/none", "/slots/" + day + "/5", "/slots/" + day + "/48", "/slots/x/1", "/slots/1969-12-31/1"} {
		r, body := fetch(t, s.URL+path, 404)
		if r.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(body, `"detail"`) {
			t.Errorf("%s: %s", path, body)
		}
	}
}

// The feeder's file is compared with the sums; what is missing is said in a sentence.
func TestPageWatchesFeeder(t *testing.T) {
	const days = 20
	var csv strings.Builder
	csv.WriteString("start,wh\n")
	for day := range days {
		for slot := range uint16(48) {
			wh := sumAt(slot) + 30 + uint64(day+int(slot))%5
			if day >= 15 {
				wh += 200
			}
			fmt.Fprintf(&csv, "%s,%d\n", moment{firstDay + uint16(day), slot}.start(48).Format(time.RFC3339), wh)
		}
	}
	path := filepath.Join(t.TempDir(), "feeder.csv")
	if err := os.WriteFile(path, []byte(csv.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	s, _ := pageOf(t, days, map[string]*FeederFile{"all": {Path: path, Fit: 10}})
	_, body := fetch(t, s.URL+"/", 200)
	want := "Set all: 47.0 kWh missing since " + moment{day: firstDay + 15}.start(48).Format("2 January") + " 00:00 UTC"
	if !strings.Contains(body, want) {
		t.Errorf("no %q in %s", want, body[strings.Index(body, "Alarms"):][:600])
	}
	if !strings.Contains(body, "Losses: ") || !strings.Contains(body, "what the feeder should deliver") {
		t.Error("the band is not that of the feeder")
	}
	if err := os.WriteFile(path, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, time.Now(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, body := fetch(t, s.URL+"/", 200); !strings.Contains(body, "readings cannot be used: feeder.csv: line 1") {
		t.Error("a damaged file is not named")
	}
}
