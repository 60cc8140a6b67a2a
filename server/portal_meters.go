package server

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"hushwatt/meter"
	"hushwatt/server/store"
	"hushwatt/tariffs"
)

// datesForm are the dates of an entry as a form has them: the last day that
// counts, and the first day that no longer does.
type datesForm struct{ From, Until, Revoked string }

func datesFormOf(v url.Values) datesForm {
	return datesForm{strings.TrimSpace(v.Get("from")), strings.TrimSpace(v.Get("until")), strings.TrimSpace(v.Get("revoked"))}
}

func (f datesForm) validity(bad wrong) store.Validity {
	v := store.Always
	for _, d := range []struct {
		field, what, text string
		day               *uint16
	}{{"from", "the first day", f.From, &v.First}, {"until", "the last day", f.Until, &v.Last}, {"revoked", "the day of revocation", f.Revoked, &v.Revoked}} {
		if d.text == "" {
			continue
		}
		date, err := tariffs.ParseDate(d.text)
		if err != nil || date >= 1<<16 {
			bad[d.field] = "Give " + d.what + " as 2026-03-01, or nothing."
			continue
		}
		*d.day = uint16(date)
	}
	if bad["from"] == "" && bad["until"] == "" && v.Last < v.First {
		bad["until"] = "The last day is before the first."
	}
	return v
}

// validityLine is a validity as a table shows it.
type validityLine struct {
	Dates
	Now string // "counts", "not yet", "ended", "revoked"
}

func validityLineOf(v store.Validity, today int64) validityLine {
	l := validityLine{validityOf(v), "counts"}
	switch {
	case v.Revoked != 0 && today >= int64(v.Revoked):
		l.Now = "revoked"
	case today > int64(v.Last):
		l.Now = "ended"
	case today < int64(v.First):
		l.Now = "not yet"
	}
	return l
}

func (p *portal) today() int64 { return p.Now().Unix() / 86400 }

// meterLine is a meter as the portal shows it.
type meterLine struct {
	Number    string
	Authority string // its name
	Key       string // hushwatt-authority1…
	Slots     int
	validityLine
}

type authorityLine struct {
	Key, Name string
	validityLine
}

func (p *portal) authorityLines(ctx context.Context) ([]authorityLine, map[[32]byte]authorityLine, error) {
	list, err := p.Store.Authorities(ctx)
	if err != nil {
		return nil, nil, err
	}
	var lines []authorityLine
	byHash := map[[32]byte]authorityLine{}
	for _, a := range list {
		l := authorityLine{a.String(), a.Name, validityLineOf(a.Validity, p.today())}
		lines, byHash[a.Hash()] = append(lines, l), l
	}
	return lines, byHash, nil
}

func (p *portal) meterLines(ctx context.Context, search, after string, limit int) ([]meterLine, error) {
	list, err := p.Store.Meters(ctx, search, after, limit)
	if err != nil {
		return nil, err
	}
	_, authorities, err := p.authorityLines(ctx)
	if err != nil {
		return nil, err
	}
	var lines []meterLine
	for _, m := range list {
		a := authorities[m.Authority]
		lines = append(lines, meterLine{m.Number, a.Name, a.Key, m.Slots, validityLineOf(m.Validity, p.today())})
	}
	return lines, nil
}

// meterLine returns one meter, nil if it is not registered.
func (p *portal) meterLine(ctx context.Context, number string) (*meterLine, error) {
	m, err := p.Store.Meter(ctx, number)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	_, authorities, err := p.authorityLines(ctx)
	if err != nil {
		return nil, err
	}
	a := authorities[m.Authority]
	return &meterLine{m.Number, a.Name, a.Key, m.Slots, validityLineOf(m.Validity, p.today())}, nil
}

type metersPage struct {
	Search     string
	Rows       []meterLine
	CSV        string
	Next       string
	Known      bool // whether there is an authority to vouch for a meter
	FirstLines bool // not a later page
	Evidence   int  // pairs of heads that contradict each other
}

func (p *portal) meters(w http.ResponseWriter, r *http.Request) error {
	search, after := r.URL.Query().Get("q"), r.URL.Query().Get("after")
	list, err := p.meterLines(r.Context(), search, after, portalPage+1)
	if err != nil {
		return err
	}
	body := metersPage{Search: search, Rows: list, CSV: searched("/portal/meters.csv", search), FirstLines: after == ""}
	if len(list) > portalPage {
		body.Rows = list[:portalPage]
		body.Next = "/portal/meters?" + url.Values{"q": {search}, "after": {list[portalPage-1].Number}}.Encode()
	}
	authorities, err := p.Store.Authorities(r.Context())
	if err != nil {
		return err
	}
	body.Known = len(authorities) > 0
	evidence, err := p.Store.Evidence(r.Context())
	if err != nil {
		return err
	}
	body.Evidence = len(evidence)
	return p.show(w, r, http.StatusOK, "meters", page{Title: "Meters", Section: "meters", Body: body, Done: saved(r)})
}

// searched adds a search to an address, if there is one.
func searched(path, search string) string {
	if search == "" {
		return path
	}
	return path + "?" + url.Values{"q": {search}}.Encode()
}

func saved(r *http.Request) string {
	if r.URL.Query().Get("done") == "saved" {
		return "Saved."
	}
	return ""
}

func (p *portal) metersCSV(w http.ResponseWriter, r *http.Request) error {
	list, err := p.meterLines(r.Context(), r.URL.Query().Get("q"), "", 0)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, m := range list {
		rows = append(rows, []string{m.Number, m.Authority, m.Key, strconv.Itoa(m.Slots), m.From, m.Until, m.Revoked, m.Now})
	}
	return writeTable(w, "meters.csv", []string{"meter", "authority_name", "authority", "slots", "from", "until", "revoked", "today"}, rows)
}

// meterForm is the entry of a meter as it was filled in.
type meterForm struct {
	Number, Authority, Slots string
	datesForm
}

type meterPage struct {
	New         bool
	Form        meterForm
	Authorities []authorityLine
	Lengths     []int
}

func (p *portal) meterEntry(w http.ResponseWriter, r *http.Request) error {
	number := r.URL.Query().Get("meter")
	body := meterPage{New: number == "", Form: meterForm{Slots: "48"}}
	if !body.New {
		m, err := p.meterLine(r.Context(), number)
		if err != nil {
			return err
		}
		if m == nil {
			return problem(http.StatusNotFound, "this meter is not registered")
		}
		body.Form = meterForm{m.Number, m.Key, strconv.Itoa(m.Slots), datesForm(m.Dates)}
	}
	return p.showMeter(w, r, http.StatusOK, body, page{})
}

func (p *portal) showMeter(w http.ResponseWriter, r *http.Request, status int, body meterPage, pg page) error {
	var err error
	if body.Authorities, _, err = p.authorityLines(r.Context()); err != nil {
		return err
	}
	body.Lengths = tariffs.SlotLengths
	pg.Title, pg.Section, pg.Body = "Add a meter", "meters", body
	if !body.New {
		pg.Title = "Meter " + r.URL.Query().Get("meter")
	}
	return p.show(w, r, status, "meter", pg)
}

func (p *portal) saveMeter(w http.ResponseWriter, r *http.Request) error {
	v, err := formOf(r)
	if err != nil {
		return err
	}
	known := r.URL.Query().Get("meter")
	f := meterForm{strings.TrimSpace(v.Get("number")), v.Get("authority"), v.Get("slots"), datesFormOf(v)}
	if known != "" {
		f.Number = known
	}
	body, bad := meterPage{New: known == "", Form: f}, wrong{}
	validity := f.validity(bad)
	if f.Number == "" || len(f.Number) > maxQuery || strings.ContainsFunc(f.Number, func(c rune) bool { return c <= ' ' || c > '~' }) {
		bad["number"] = "A number has 1 to 64 letters, digits and signs without blanks."
	}
	authority, err := meter.ParseAuthority(f.Authority)
	if err != nil {
		bad["authority"] = "Choose an authority."
	}
	slots, err := strconv.Atoi(f.Slots)
	if err != nil || !meter.ValidSlots(slots) {
		bad["slots"] = "Choose a length."
	}
	if body.New && bad["number"] == "" {
		if there, err := p.meterLine(r.Context(), f.Number); err != nil {
			return err
		} else if there != nil {
			bad["number"] = "This meter is registered already; open it in the list to change it."
		}
	}
	if len(bad) > 0 {
		return p.showMeter(w, r, http.StatusUnprocessableEntity, body, page{Wrong: bad})
	}
	if err := p.Desk().Register(r.Context(), f.Number, authority, slots, validity); err != nil {
		t := p.trouble(r, err)
		return p.showMeter(w, r, t.Status, body, page{Trouble: t})
	}
	http.Redirect(w, r, "/portal/meters?"+url.Values{"q": {f.Number}, "done": {"saved"}}.Encode(), http.StatusSeeOther)
	return nil
}

type authoritiesPage struct {
	Search string
	Rows   []authorityLine
	CSV    string
}

func (p *portal) foundAuthorities(r *http.Request) ([]authorityLine, error) {
	lines, _, err := p.authorityLines(r.Context())
	return some(lines, r.URL.Query().Get("q"), func(a authorityLine) []string { return []string{a.Name, a.Key} }), err
}

func (p *portal) authorities(w http.ResponseWriter, r *http.Request) error {
	list, err := p.foundAuthorities(r)
	if err != nil {
		return err
	}
	search := r.URL.Query().Get("q")
	return p.show(w, r, http.StatusOK, "authorities", page{Title: "Authorities", Section: "authorities",
		Body: authoritiesPage{search, list, searched("/portal/authorities.csv", search)}, Done: saved(r)})
}

func (p *portal) authoritiesCSV(w http.ResponseWriter, r *http.Request) error {
	list, err := p.foundAuthorities(r)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, a := range list {
		rows = append(rows, []string{a.Key, a.Name, a.From, a.Until, a.Revoked, a.Now})
	}
	return writeTable(w, "authorities.csv", []string{"authority", "name", "from", "until", "revoked", "today"}, rows)
}

// authorityForm is the entry of an authority as it was filled in.
type authorityForm struct {
	Key, Name string
	datesForm
}

type authorityPage struct {
	New  bool
	Form authorityForm
}

func (p *portal) authorityEntry(w http.ResponseWriter, r *http.Request) error {
	key := r.URL.Query().Get("authority")
	body := authorityPage{New: key == ""}
	if !body.New {
		a, err := p.authorityLine(r.Context(), key)
		if err != nil {
			return err
		}
		if a == nil {
			return problem(http.StatusNotFound, "this authority is not registered")
		}
		body.Form = authorityForm{a.Key, a.Name, datesForm(a.Dates)}
	}
	return p.showAuthority(w, r, http.StatusOK, body, page{})
}

// authorityLine returns one authority, nil if it is not registered.
func (p *portal) authorityLine(ctx context.Context, key string) (*authorityLine, error) {
	lines, _, err := p.authorityLines(ctx)
	for i := range lines {
		if lines[i].Key == key {
			return &lines[i], err
		}
	}
	return nil, err
}

func (p *portal) showAuthority(w http.ResponseWriter, r *http.Request, status int, body authorityPage, pg page) error {
	pg.Title, pg.Section, pg.Body = "Add an authority", "authorities", body
	if !body.New {
		pg.Title = "Authority"
	}
	return p.show(w, r, status, "authority", pg)
}

func (p *portal) saveAuthority(w http.ResponseWriter, r *http.Request) error {
	v, err := formOf(r)
	if err != nil {
		return err
	}
	known := r.URL.Query().Get("authority")
	f := authorityForm{strings.TrimSpace(v.Get("key")), strings.TrimSpace(v.Get("name")), datesFormOf(v)}
	if known != "" {
		f.Key = known
	}
	body, bad := authorityPage{New: known == "", Form: f}, wrong{}
	validity := f.validity(bad)
	if f.Name == "" || len(f.Name) > 100 {
		bad["name"] = "Give a name of 1 to 100 bytes."
	}
	authority, err := meter.ParseAuthority(f.Key)
	if err != nil {
		bad["key"] = "This is not an authority’s key, hushwatt-authority1…"
	} else if body.New {
		if there, err := p.authorityLine(r.Context(), authority.String()); err != nil {
			return err
		} else if there != nil {
			bad["key"] = "This authority is registered already; open it in the list to change it."
		}
	}
	if len(bad) > 0 {
		return p.showAuthority(w, r, http.StatusUnprocessableEntity, body, page{Wrong: bad})
	}
	if err := p.Desk().Authorise(r.Context(), authority, f.Name, validity); err != nil {
		t := p.trouble(r, err)
		return p.showAuthority(w, r, t.Status, body, page{Trouble: t})
	}
	http.Redirect(w, r, "/portal/authorities?done=saved", http.StatusSeeOther)
	return nil
}
