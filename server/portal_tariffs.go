package server

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"hushwatt/server/store"
	"hushwatt/tariffs"
)

// tariffLine is a published tariff as the portal's tables show it.
type tariffLine struct {
	ID, Plan, Name, Brand string
	From, To              string // To exclusive, "" if open
	Currency              string
	Published             int64
	Newest                bool // of its plan
}

func (l tariffLine) InForce() string {
	if l.To == "" {
		return "from " + day(l.From)
	}
	return span(l.From, l.To, "Jan")
}

// tariffLines lists what was published, newest first.
func (p *portal) tariffLines(ctx context.Context) ([]tariffLine, error) {
	list, err := p.Store.Tariffs(ctx)
	if err != nil {
		return nil, err
	}
	var lines []tariffLine
	seen := map[string]bool{}
	for _, stored := range list {
		t, err := p.register.tariff(ctx, stored.ID)
		if err != nil {
			return nil, err
		}
		l := tariffLine{ID: t.ID(), Plan: t.PlanID, Name: t.DisplayName, Brand: t.BrandName,
			From: t.From.String(), Currency: t.Currency, Published: stored.Published, Newest: !seen[t.PlanID]}
		if t.To != tariffs.OpenEnded {
			l.To = t.To.String()
		}
		seen[t.PlanID] = true
		lines = append(lines, l)
	}
	return lines, nil
}

func (p *portal) foundTariffs(r *http.Request) ([]tariffLine, error) {
	lines, err := p.tariffLines(r.Context())
	return some(lines, r.URL.Query().Get("q"), func(l tariffLine) []string { return []string{l.ID, l.Plan, l.Name, l.Brand} }), err
}

type tariffsPage struct {
	Search string
	Rows   []tariffLine
	CSV    string
}

func (p *portal) tariffs(w http.ResponseWriter, r *http.Request) error {
	lines, err := p.foundTariffs(r)
	if err != nil {
		return err
	}
	search := r.URL.Query().Get("q")
	return p.show(w, r, http.StatusOK, "tariffs", page{Title: "Tariffs", Section: "tariffs",
		Body: tariffsPage{search, lines, searched("/portal/tariffs.csv", search)}})
}

func (p *portal) tariffsCSV(w http.ResponseWriter, r *http.Request) error {
	lines, err := p.foundTariffs(r)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, l := range lines {
		rows = append(rows, []string{l.ID, l.Plan, l.Name, l.Brand, l.From, l.To, l.Currency, stamp(l.Published)})
	}
	return writeTable(w, "tariffs.csv", []string{"tariff", "plan", "name", "brand", "from", "to", "currency", "published"}, rows)
}

// tariffView is everything that is shown of a tariff, published or not.
type tariffView struct {
	*tariffs.Tariff
	InForce  string
	Weeks    []week
	Holidays string
	Report   *tariffs.Report // nil if no meter's slots fit
	Before   *tariffLine     // the version before, nil if none
	Old      []week          // its weeks
	Changes  []difference
	More     int    // changes that are not listed
	Document string // as it was published, laid out
}

// viewOf gathers what is shown. before is the version before, nil if none; its
// picture is made if it is to stand beside the new one.
func viewOf(t *tariffs.Tariff, report *tariffs.Report, before *tariffs.Tariff, withOld bool) *tariffView {
	v := &tariffView{Tariff: t, Report: report, Weeks: weeksOf(t), InForce: "from " + dateWords(t.From)}
	if t.To != tariffs.OpenEnded {
		v.InForce = span(t.From.String(), t.To.String(), "Jan")
	}
	if l := leavesOf(t); l["Holidays › Dates"] != "" {
		v.Holidays = fmt.Sprintf("%d days count as %s", strings.Count(l["Holidays › Dates"], ",")+1, l["Holidays › Count as"])
	}
	shown := v.Weeks
	if before != nil {
		var n int
		v.Changes, n = differences(before, t)
		v.More = n - len(v.Changes)
		if withOld {
			v.Old = weeksOf(before)
			shown = append(slices.Clip(shown), v.Old...)
		}
	}
	s := scaleOf(shown)
	s.shade(v.Weeks, t.Currency)
	if v.Old != nil {
		s.shade(v.Old, before.Currency)
	}
	var laid bytes.Buffer
	if json.Indent(&laid, t.Canonical(), "", " ") == nil {
		v.Document = laid.String()
	}
	return v
}

// versionBefore finds what a tariff takes the place of: the latest published one
// of its plan, or the one published before it.
func (p *portal) versionBefore(ctx context.Context, t *tariffs.Tariff) (*tariffs.Tariff, *tariffLine, error) {
	lines, err := p.tariffLines(ctx)
	if err != nil {
		return nil, nil, err
	}
	for i, l := range lines {
		if l.ID == t.ID() {
			lines = lines[i+1:]
			break
		}
	}
	for _, l := range lines {
		if l.Plan != t.PlanID {
			continue
		}
		id, err := hashOf(l.ID)
		if err != nil {
			return nil, nil, err
		}
		before, err := p.register.tariff(ctx, id)
		return before, &l, err
	}
	return nil, nil, nil
}

// maxShown bounds the documents that a page shows whole; the others are linked.
const maxShown = 100_000

type tariffPage struct {
	*tariffView
	Published int64
	Versions  []tariffLine
	Announced []addendumView
}

func (p *portal) tariff(w http.ResponseWriter, r *http.Request) error {
	id, err := hashOf(r.PathValue("id"))
	if err != nil {
		return store.ErrNotFound
	}
	t, err := p.register.tariff(r.Context(), id)
	if err != nil {
		return err
	}
	current, err := p.register.current(r.Context(), id)
	if err != nil {
		return err
	}
	report, err := tariffs.Check(current)
	if err != nil {
		report = nil // it was published unchecked; the page shows what there is
	}
	before, line, err := p.versionBefore(r.Context(), t)
	if err != nil {
		return err
	}
	body := tariffPage{tariffView: viewOf(t, report, before, false)}
	body.Before = line
	if body.Announced, err = p.announced(r.Context(), t); err != nil {
		return err
	}
	if len(body.Document) > maxShown {
		body.Document = ""
	}
	lines, err := p.tariffLines(r.Context())
	if err != nil {
		return err
	}
	for _, l := range lines {
		if l.Plan == t.PlanID {
			body.Versions = append(body.Versions, l)
		}
		if l.ID == t.ID() {
			body.Published = l.Published
		}
	}
	pg := page{Title: t.DisplayName, Section: "tariffs", Body: body}
	if r.URL.Query().Get("done") == "published" {
		pg.Done = "Published and signed. Customers’ devices can read it now."
	}
	if r.URL.Query().Get("done") == "announced" {
		pg.Done = "The hours are published and signed. They count in bills that are asked for from now on."
	}
	return p.show(w, r, http.StatusOK, "tariff", pg)
}

type publishPage struct {
	Document string
	Seen     string // id of the tariff in the preview
	View     *tariffView
	Known    bool // it is published already

	Announced *addendumView // in the place of View if the document is an addendum
}

func (p *portal) publish(w http.ResponseWriter, r *http.Request) error {
	var body publishPage
	if id, err := hashOf(r.URL.Query().Get("from")); err == nil {
		t, err := p.register.tariff(r.Context(), id)
		if err != nil {
			return err
		}
		body.Document = viewOf(t, nil, nil, false).Document
	}
	return p.showPublish(w, r, http.StatusOK, body, page{})
}

func (p *portal) showPublish(w http.ResponseWriter, r *http.Request, status int, body publishPage, pg page) error {
	pg.Title, pg.Section, pg.Body = "Publish a tariff", "tariffs", body
	return p.show(w, r, status, "publish", pg)
}

// publishes shows a preview, or publishes the tariff of the preview that was shown.
func (p *portal) publishes(w http.ResponseWriter, r *http.Request) error {
	form, err := formOf(r)
	if err != nil {
		return err
	}
	body := publishPage{Document: form.Get("document")}
	if strings.TrimSpace(body.Document) == "" {
		return p.showPublish(w, r, http.StatusUnprocessableEntity, body, page{Wrong: wrong{"document": "Choose a file, or paste a document."}})
	}
	if _, a, err := tariffs.Read([]byte(body.Document)); a != nil && err == nil {
		return p.publishesAddendum(w, r, body, form.Get("do"), form.Get("seen"))
	}
	t, report, err := p.Desk().CheckTariff([]byte(body.Document))
	if t != nil {
		before, line, err := p.versionBefore(r.Context(), t)
		if err != nil {
			return err
		}
		body.View = viewOf(t, report, before, true)
		body.View.Before = line
		_, missing := p.Store.Tariff(r.Context(), t.Hash())
		body.Known = missing == nil
	}
	if err != nil {
		t := p.trouble(r, err)
		if body.View != nil && report != nil { // the preview says why at length
			t.Detail = "this tariff cannot be published: no customer’s device would answer for its bills"
		}
		return p.showPublish(w, r, t.Status, body, page{Trouble: t})
	}
	body.Seen = t.ID()
	switch {
	case form.Get("do") != "publish":
		return p.showPublish(w, r, http.StatusOK, body, page{})
	case form.Get("seen") != body.Seen:
		return p.showPublish(w, r, http.StatusOK, body, page{Done: "The document has changed since the preview. Here is the new one; nothing was published yet."})
	}
	if _, _, err := p.Desk().Publish(r.Context(), []byte(body.Document)); err != nil {
		t := p.trouble(r, err)
		return p.showPublish(w, r, t.Status, body, page{Trouble: t})
	}
	id := t.Hash()
	http.Redirect(w, r, "/portal/tariffs/"+hex.EncodeToString(id[:])+"?done=published", http.StatusSeeOther)
	return nil
}
