package server

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

//go:embed portal
var portalFiles embed.FS

var (
	portalStyle     = fileOf("portal/style.css")
	portalIcon      = fileOf("portal/icon.svg")
	portalStylePath = "/portal/style.css?v=" + fingerprint(portalStyle)
	portalIconPath  = "/portal/icon.svg?v=" + fingerprint(portalIcon)
	portalTemplates = template.Must(template.New("").Funcs(portalWords).ParseFS(portalFiles, "portal/*.html"))
)

// portalCSP lets a page have its own style file and picture, and nothing that runs.
const portalCSP = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func fileOf(name string) []byte {
	data, err := portalFiles.ReadFile(name)
	if err != nil {
		panic(err) // it is embedded
	}
	return data
}

func fingerprint(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// portal is the pages of the supplier's staff under /portal/. They are made
// here, with no script: what one sees is what the server said.
func (s *Server) portal() http.Handler {
	p := &portal{s, http.NewServeMux(), make(chan struct{}, largeForms)}
	p.mux.HandleFunc("GET /portal/style.css", p.file("text/css; charset=utf-8", portalStyle))
	p.mux.HandleFunc("GET /portal/icon.svg", p.file("image/svg+xml", portalIcon))
	p.open("GET /portal/login", p.login)
	p.open("POST /portal/login", p.logsIn)
	p.staff("POST /portal/logout", p.logsOut)
	p.staff("/portal/", p.lost)

	p.staff("GET /portal/{$}", p.bills)
	p.staff("GET /portal/bills.csv", p.billsCSV)
	p.staff("GET /portal/bills/{serial}", p.bill)
	p.staff("POST /portal/bills/{serial}/withdrawal", p.withdraw)
	p.staff("GET /portal/refused/{reference}", p.refusedFile)

	p.staff("GET /portal/requests/new", p.ask)
	p.staff("POST /portal/requests/new", p.asks)
	p.staff("GET /portal/requests/made", p.made)
	p.staff("GET /portal/requests/made.csv", p.madeCSV)

	p.staff("GET /portal/tariffs", p.tariffs)
	p.staff("GET /portal/tariffs.csv", p.tariffsCSV)
	p.staff("GET /portal/tariffs/new", p.publish)
	p.staff("POST /portal/tariffs/new", p.publishes)
	p.staff("GET /portal/tariffs/{id}", p.tariff)

	p.staff("GET /portal/meters", p.meters)
	p.staff("GET /portal/meters.csv", p.metersCSV)
	p.staff("GET /portal/meters/entry", p.meterEntry)
	p.staff("POST /portal/meters/entry", p.saveMeter)
	p.staff("GET /portal/evidence", p.evidence)
	p.staff("GET /portal/authorities", p.authorities)
	p.staff("GET /portal/authorities.csv", p.authoritiesCSV)
	p.staff("GET /portal/authorities/entry", p.authorityEntry)
	p.staff("POST /portal/authorities/entry", p.saveAuthority)
	return p.mux
}

type portal struct {
	*Server
	mux   *http.ServeMux
	large chan struct{} // holds one for each large form of someone not logged in
}

// handler makes a page, or says why not.
type handler func(w http.ResponseWriter, r *http.Request) error

// maxForm bounds what a form sends: a tariff with a year of half-hourly prices
// has 1.7 MB.
const maxForm = 2 << 20

// Without a login, at most largeForms that are larger than smallForm are held at
// a time: each comes back in a page, which may be five times as large.
const (
	smallForm  = 64 << 10
	largeForms = 4
)

// open adds a page that everyone may see.
func (p *portal) open(pattern string, h handler) {
	p.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		_, route, found := strings.Cut(pattern, " ")
		if !found {
			route = pattern
		}
		entryOf(r.Context()).route = route
		w.Header().Set("Content-Security-Policy", portalCSP)
		w.Header().Set("Cache-Control", "no-store")
		if err := h(w, r); err != nil {
			p.fail(w, r, err)
		}
	})
}

// staff adds a page that needs a login.
func (p *portal) staff(pattern string, h handler) {
	p.open(pattern, func(w http.ResponseWriter, r *http.Request) error {
		if !p.isStaff(r) {
			return p.stranger(w, r)
		}
		return h(w, r)
	})
}

// page is what every template gets.
type page struct {
	Supplier  string
	Style     string
	Icon      string
	Title     string
	Section   string // of the navigation
	Staff     bool
	RequestID string
	Trouble   *Problem // shown above the page
	Wrong     wrong    // what is wrong in a form, by field
	Done      string   // a sentence about what has just been done
	Body      any
}

// wrong says what is the matter with fields of a form, by the fields' ids.
type wrong map[string]string

// show writes a page from its template.
func (p *portal) show(w http.ResponseWriter, r *http.Request, status int, name string, pg page) error {
	pg.Supplier, pg.Style, pg.Icon, pg.RequestID = p.Name, portalStylePath, portalIconPath, requestID(r.Context())
	pg.Staff = p.isStaff(r)
	var b bytes.Buffer
	if err := portalTemplates.ExecuteTemplate(&b, name, pg); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b.Bytes()) // an error is the connection's and names its address: not for the log
	return nil
}

// trouble is what may be said of an error. What went wrong inside is logged only.
func (p *portal) trouble(r *http.Request, err error) *Problem {
	err = storeProblem(err)
	known := new(Problem)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &known):
		known.RequestID = requestID(r.Context())
		return known
	case errors.As(err, &large):
		known = problem(http.StatusRequestEntityTooLarge, "that is more than %d bytes", large.Limit)
	default:
		if r.Context().Err() == nil {
			entryOf(r.Context()).err = err
		}
		known = problem(http.StatusServiceUnavailable, "something went wrong here; nothing was changed")
	}
	known.RequestID = requestID(r.Context())
	return known
}

// fail shows an error as a page of its own.
func (p *portal) fail(w http.ResponseWriter, r *http.Request, err error) {
	t := p.trouble(r, err)
	for name, values := range t.headers {
		w.Header()[name] = values
	}
	if err := p.show(w, r, t.Status, "trouble", page{Title: t.Title, Trouble: t}); err != nil {
		panic(err) // the template itself
	}
}

func (p *portal) lost(http.ResponseWriter, *http.Request) error {
	return problem(http.StatusNotFound, "there is no such page")
}

// file serves an embedded file, which its address names by its content.
func (p *portal) file(media string, data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		entryOf(r.Context()).route = "/portal/file"
		w.Header().Set("Content-Type", media)
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		w.Write(data)
	}
}

// loginPage carries what a form held when its session had ended, so that nothing
// typed is lost.
type loginPage struct {
	Next string // where to go then
	Kept []field
}

type field struct{ Name, Value string }

// keptPrefix marks the fields of a form that waits behind the login.
const keptPrefix = "kept."

// stranger asks for the token and keeps what was asked for.
func (p *portal) stranger(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		next := "/portal/login"
		if r.URL.RequestURI() != "/portal/" {
			next += "?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
		}
		http.Redirect(w, r, next, http.StatusSeeOther)
		return nil
	}
	done, err := p.hold(r)
	if err != nil {
		return err
	}
	defer done()
	form, err := formOf(r)
	if err != nil {
		return err
	}
	body := loginPage{Next: r.URL.RequestURI()}
	for name, values := range form {
		for _, v := range values {
			body.Kept = append(body.Kept, field{keptPrefix + name, v})
		}
	}
	t := problem(http.StatusUnauthorized, "you were logged out; what you typed is kept")
	t.RequestID = requestID(r.Context())
	return p.show(w, r, t.Status, "login", page{Title: "Log in", Trouble: t, Body: body})
}

// hold takes a place for a form that comes back in the answer. It is given up by
// done, once the answer is written: someone who reads slowly keeps it.
func (p *portal) hold(r *http.Request) (done func(), err error) {
	if p.isStaff(r) || r.ContentLength >= 0 && r.ContentLength <= smallForm {
		return func() {}, nil
	}
	select {
	case p.large <- struct{}{}:
		return func() { <-p.large }, nil
	default:
		return nil, problem(http.StatusServiceUnavailable, "too many large forms wait for a login; go back and send it again").with("Retry-After", "10")
	}
}

func (p *portal) login(w http.ResponseWriter, r *http.Request) error {
	return p.show(w, r, http.StatusOK, "login", page{Title: "Log in", Body: loginPage{Next: nextOf(r.URL.Query().Get("next"))}})
}

func (p *portal) logsIn(w http.ResponseWriter, r *http.Request) error {
	done, err := p.hold(r)
	if err != nil {
		return err
	}
	defer done()
	form, err := formOf(r)
	if err != nil {
		return err
	}
	body := loginPage{Next: nextOf(form.Get("next"))}
	for name, values := range form {
		for _, v := range values {
			if strings.HasPrefix(name, keptPrefix) {
				body.Kept = append(body.Kept, field{name, v})
			}
		}
	}
	if t := p.logIn(w, r, form.Get("token")); t != nil {
		t = p.trouble(r, t)
		return p.show(w, r, t.Status, "login", page{Title: "Log in", Trouble: t, Body: body})
	}
	if body.Kept == nil {
		http.Redirect(w, r, body.Next, http.StatusSeeOther)
		return nil
	}
	for i := range body.Kept {
		body.Kept[i].Name = strings.TrimPrefix(body.Kept[i].Name, keptPrefix)
	}
	return p.show(w, r, http.StatusOK, "goon", page{Title: "Logged in", Body: body})
}

func (p *portal) logsOut(w http.ResponseWriter, r *http.Request) error {
	p.logOut(w)
	http.Redirect(w, r, "/portal/login", http.StatusSeeOther)
	return nil
}

// nextOf keeps an address within the portal.
func nextOf(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(u.Path, "/portal/") || strings.HasPrefix(u.Path, "/portal/login") {
		return "/portal/"
	}
	return u.RequestURI()
}

// formOf reads a form. A file takes the place of the text field of its name.
func formOf(r *http.Request) (url.Values, error) {
	const inMemory = maxForm
	err := r.ParseForm() // whose error the next would hide
	if err == nil {
		err = r.ParseMultipartForm(inMemory)
	}
	if errors.Is(err, http.ErrNotMultipart) {
		return r.PostForm, nil
	}
	if err != nil {
		if errors.As(err, new(*http.MaxBytesError)) {
			return nil, err
		}
		return nil, problem(http.StatusBadRequest, "the form did not arrive whole")
	}
	for name, files := range r.MultipartForm.File {
		if files[0].Size == 0 {
			continue
		}
		f, err := files[0].Open()
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		_, err = b.ReadFrom(f)
		f.Close()
		if err != nil {
			return nil, err
		}
		r.PostForm.Set(name, b.String())
	}
	return r.PostForm, nil
}
