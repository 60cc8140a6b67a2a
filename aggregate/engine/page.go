package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"hushwatt/aggregate"
	"hushwatt/meter"
	"hushwatt/server/store"
)

// Reads is what the operator's page needs of the collector's store.
type Reads interface {
	File(ctx context.Context, day, slot uint16) ([]byte, error)
	Releases(ctx context.Context, set string, first, last uint16) ([]store.Release, error)
	Named(ctx context.Context, prefix string) ([]store.Value, error)
	Slots(ctx context.Context, first, last uint16) ([]store.Slot, error)
}

// Page is the network operator's page: sums, presence, what is amiss. It changes
// nothing and shows nothing that is not public, so it asks nobody who they are.
type Page struct {
	Registry *meter.Registry
	Store    Reads
	Clock    Clock
	Feeders  map[string]*FeederFile // by set
	Refresh  time.Duration          // of the page in a browser
	Log      *slog.Logger

	Collector *Collector // at work in this program: it knows for whom slots wait; may be nil
}

//go:embed page
var pageFiles embed.FS

var (
	pageTemplate = template.Must(template.New("page.html").Funcs(template.FuncMap{"when": clockOf, "tenths": tenths}).ParseFS(pageFiles, "page/page.html"))
	pageStyle    = must1(pageFiles.ReadFile("page/style.css"))
	pageScript   = must1(pageFiles.ReadFile("page/live.js"))
	stylePath    = "/style.css?v=" + fingerprint(pageStyle)
	scriptPath   = "/live.js?v=" + fingerprint(pageScript)
)

func clockOf(stamp string) string {
	t, _ := time.Parse(time.RFC3339, stamp)
	return t.Format("2 January, 15:04")
}

// tenths is a decimal number with one decimal, half up: the exact one is in the
// release and in the JSON.
func tenths(exact string) string {
	n, ok := new(big.Rat).SetString(exact)
	if !ok {
		return exact
	}
	return n.FloatString(1)
}

func must1(data []byte, err error) []byte {
	if err != nil {
		panic(err) // it is embedded
	}
	return data
}

func fingerprint(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

const pageCSP = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler answers the page and what hangs on it.
func (p *Page) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.show)
	mux.HandleFunc("GET /style.css", fixed("text/css; charset=utf-8", pageStyle))
	mux.HandleFunc("GET /live.js", fixed("text/javascript; charset=utf-8", pageScript))
	mux.HandleFunc("GET /registry", p.registry)
	mux.HandleFunc("GET /sets/{set}", p.set)
	mux.HandleFunc("GET /slots/{day}/{slot}", p.file)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "ok") })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pageCSP)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		mux.ServeHTTP(w, r)
	})
}

// fixed answers a file whose address changes with it.
func fixed(kind string, data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		w.Write(data)
	}
}

// problem answers an error as RFC 9457 has it.
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"title": http.StatusText(status), "status": status, "detail": detail})
}

func (p *Page) fail(w http.ResponseWriter, err error) {
	p.Log.Error("page", "error", err)
	problem(w, http.StatusInternalServerError, "the sums cannot be read at the moment")
}

func (p *Page) registry(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/vnd.hushwatt.registry+cbor")
	w.Write(p.Registry.Bytes())
}

// file is what anyone needs to check a slot's sums.
func (p *Page) file(w http.ResponseWriter, r *http.Request) {
	n := int(p.Registry.Charter.N)
	day, err := time.Parse(time.DateOnly, r.PathValue("day"))
	slot, err2 := strconv.ParseUint(r.PathValue("slot"), 10, 16)
	if err != nil || err2 != nil || int(slot) >= n || day.Unix() < 0 || day.Unix() >= 1<<16*secondsPerDay {
		problem(w, http.StatusNotFound, "a slot is named by its day and number, like /slots/2026-01-31/17")
		return
	}
	m := at(day, n)
	data, err := p.Store.File(r.Context(), m.day, uint16(slot))
	if errors.Is(err, store.ErrNotFound) {
		problem(w, http.StatusNotFound, "nothing was released of this slot")
		return
	}
	if err != nil {
		p.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/vnd.hushwatt.release+cbor")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%02d.release"`, r.PathValue("day"), slot))
	w.Write(data)
}

// released is a release in the page's JSON.
type released struct {
	Start    string  `json:"start"`
	Meters   uint32  `json:"meters"`
	SumWh    uint64  `json:"sum_wh"`
	MeanWh   string  `json:"mean_wh"`
	Variance *string `json:"variance"`
	File     string  `json:"file"`
}

func (p *Page) set(w http.ResponseWriter, r *http.Request) {
	if !p.registered(r.PathValue("set")) {
		problem(w, http.StatusNotFound, "there is no such set")
		return
	}
	first, last := p.days(r)
	list, err := p.Store.Releases(r.Context(), r.PathValue("set"), first, last)
	if err != nil {
		p.fail(w, err)
		return
	}
	out := []released{}
	for i := range list {
		out = append(out, p.released(&list[i]))
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	json.NewEncoder(w).Encode(map[string]any{"set": r.PathValue("set"), "releases": out})
}

func (p *Page) released(r *store.Release) released {
	start := moment{r.Day, r.Slot}.start(int(p.Registry.Charter.N))
	full := releaseOf(r)
	out := released{Start: start.Format(time.RFC3339), Meters: r.Meters, SumWh: r.Sum, MeanWh: full.Mean(),
		File: fmt.Sprintf("/slots/%s/%d", start.Format(time.DateOnly), r.Slot)}
	if v, ok := full.Variance(); ok {
		out.Variance = &v
	}
	return out
}

// releaseOf is a stored row as package aggregate knows it, without blindings.
func releaseOf(r *store.Release) *aggregate.Release {
	full := &aggregate.Release{Set: r.Set, Meters: r.Meters, Sum: r.Sum}
	if t, err := strconv.ParseUint(r.Squares, 10, 64); err == nil {
		full.Squares = []aggregate.Squares{{Sum: t}}
	}
	return full
}

func (p *Page) registered(name string) bool {
	return slices.ContainsFunc(p.Registry.Sets, func(s meter.Set) bool { return s.Name == name })
}

// days are the days that a request is about: ?day=, or today and yesterday.
func (p *Page) days(r *http.Request) (first, last uint16) {
	if day, err := time.Parse(time.DateOnly, r.FormValue("day")); err == nil && day.Unix() >= 0 && day.Unix() < 1<<16*secondsPerDay {
		d := uint16(day.Unix() / secondsPerDay)
		return d, d
	}
	today := at(p.Clock.Now(), int(p.Registry.Charter.N)).day
	return max(today, 1) - 1, today
}

// view is what the template shows.
type view struct {
	Name, Style, Script string
	MinSum, MinVariance uint32
	Refresh             int
	Alarms              []string
	Sets                []setView
	Parties             []string
	Masking             bool
	Now                 string
}

// setView is one set's part of the page.
type setView struct {
	Name         string
	Size, Here   int
	Last         string // "14:30 to 15:00"
	Energy, Load string
	Chart        *chart
	Rows         []released
	Losses       string
	Note         string
}

func (p *Page) show(w http.ResponseWriter, r *http.Request) {
	v, err := p.view(r)
	if err != nil {
		p.fail(w, err)
		return
	}
	var page bytes.Buffer
	if err := pageTemplate.Execute(&page, v); err != nil {
		p.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.Write(page.Bytes())
}

func (p *Page) view(r *http.Request) (*view, error) {
	c := &p.Registry.Charter
	v := &view{Name: c.Registry, Style: stylePath, Script: scriptPath, MinSum: c.MinSum, MinVariance: c.MinVariance, Masking: c.Masking(),
		Refresh: int(max(p.Refresh, time.Second) / time.Second), Now: p.Clock.Now().UTC().Format("2 January 2006, 15:04 UTC")}
	for i := range c.Parties {
		v.Parties = append(v.Parties, c.Parties[i].Name)
	}
	lost, err := p.Store.Named(r.Context(), lostName)
	if err != nil {
		return nil, err
	}
	lost = slices.DeleteFunc(lost, func(l store.Value) bool { return string(l.Value) == lostNobody })
	for _, l := range lost[max(0, len(lost)-5):] {
		v.Alarms = append(v.Alarms, p.lost(l))
	}
	waits, err := p.waits(r.Context())
	if err != nil {
		return nil, err
	}
	v.Alarms = append(v.Alarms, waits...)
	first, last := p.days(r)
	for i := range p.Registry.Sets {
		s, alarms, err := p.setView(r.Context(), &p.Registry.Sets[i], first, last)
		if err != nil {
			return nil, err
		}
		v.Sets = append(v.Sets, *s)
		v.Alarms = append(v.Alarms, alarms...)
	}
	return v, nil
}

// lostSlot returns the slot of a value under lostName.
func lostSlot(name string) (m moment) {
	fmt.Sscanf(strings.TrimPrefix(name, lostName), "%05d/%03d", &m.day, &m.slot)
	return m
}

func (p *Page) lost(l store.Value) string {
	start := lostSlot(l.Name).start(int(p.Registry.Charter.N))
	return lostWords(start.Format("2 January 15:04 UTC"), string(l.Value))
}

func (p *Page) setView(ctx context.Context, s *meter.Set, first, last uint16) (*setView, []string, error) {
	list, err := p.Store.Releases(ctx, s.Name, first, last)
	if err != nil {
		return nil, nil, err
	}
	v := &setView{Name: s.Name, Size: s.Meters.Count()}
	if len(list) == 0 {
		v.Note = fmt.Sprintf("Nothing was released in this time. A sum needs at least %d meters of the set, and as many beside any smaller set inside it.", p.Registry.Charter.MinSum)
		return v, nil, nil
	}
	n := int(p.Registry.Charter.N)
	newest := &list[len(list)-1]
	m := moment{newest.Day, newest.Slot}
	v.Here = int(newest.Meters)
	v.Last = m.start(n).Format("15:04") + " to " + momentOf(m.count(n)+1, n).start(n).Format("15:04 UTC, 2 January")
	v.Energy = decimals(int64(newest.Sum)) + " kWh"
	v.Load = decimals(int64(newest.Sum)*int64(n)/24) + " kW"
	watched, alarms, err := p.watch(ctx, s.Name)
	if err != nil {
		alarms = []string{fmt.Sprintf("Set %s: the feeder’s readings cannot be used: %v.", s.Name, err)}
	}
	if watched != nil {
		v.Losses = watched.words
	} else if f := p.Feeders[s.Name]; f != nil && err == nil {
		v.Losses = fmt.Sprintf("The feeder is not compared yet: its losses are learnt from the first %d days.", f.Fit)
	}
	v.Chart = draw(list, n, v.Size, watched)
	for i := len(list) - 1; i >= 0; i-- {
		v.Rows = append(v.Rows, p.released(&list[i]))
	}
	return v, alarms, nil
}

// decimals writes thousandths with one decimal.
func decimals(milli int64) string {
	tenths := (milli + 50) / 100
	return fmt.Sprintf("%d.%d", tenths/10, tenths%10)
}
