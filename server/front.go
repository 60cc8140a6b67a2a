package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
)

// PageCSP is the content security policy of the pages and the portal: nothing
// from elsewhere, no inline script or style.
const PageCSP = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

const apiCSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// front is what every request passes: an id, the log, security headers, the host,
// and the browser's word on where a request comes from.
func (s *Server) front(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	if err := cross.AddTrustedOrigin(s.public.Scheme + "://" + s.public.Host); err != nil {
		panic(err) // New has checked the URL
	}
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.turnAway(w, r, problemOf(problemCrossOrigin, http.StatusForbidden, "a request from another site changes nothing here"))
	}))
	return s.logged(s.headed(s.hosted(cross.Handler(next))))
}

// turnAway refuses a request before it reaches a handler: in the portal with a
// page, elsewhere with a problem.
func (s *Server) turnAway(w http.ResponseWriter, r *http.Request, p *Problem) {
	if !strings.HasPrefix(r.URL.Path, "/portal/") {
		writeProblem(w, r, p)
		return
	}
	w.Header().Set("Content-Security-Policy", portalCSP)
	w.Header().Set("Cache-Control", "no-store")
	(&portal{Server: s}).fail(w, r, p)
}

type contextKey int

const (
	entryKey contextKey = iota
	staffKey
)

// entry is what the log says of one request. Handlers add to it through the
// request's context. Bodies, paths and meters' numbers never enter it.
type entry struct {
	id     string
	route  string
	reason string
	err    error
}

// requestID returns the id of the request that ctx belongs to.
func requestID(ctx context.Context) string { return entryOf(ctx).id }

func entryOf(ctx context.Context) *entry {
	if e, ok := ctx.Value(entryKey).(*entry); ok {
		return e
	}
	return new(entry)
}

// logged gives a request its id and writes one line about it.
func (s *Server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		e := &entry{id: newID(), route: "page"}
		out := &answered{ResponseWriter: w}
		r = r.WithContext(context.WithValue(r.Context(), entryKey, e))
		w.Header().Set("X-Request-Id", e.id)
		defer func() {
			if failure := recover(); failure != nil {
				if failure == http.ErrAbortHandler {
					panic(failure)
				}
				s.Logger.Error("panic", "request", e.id, "failure", failure, "stack", string(debug.Stack()))
				if out.status == 0 {
					writeProblem(out, r, problem(http.StatusInternalServerError, "something went wrong here"))
				}
			}
			s.log(r, e, out, time.Since(began))
		}()
		next.ServeHTTP(out, r)
	})
}

func (s *Server) log(r *http.Request, e *entry, out *answered, took time.Duration) {
	level := slog.LevelInfo
	attrs := []any{"request", e.id, "method", r.Method, "route", e.route, "status", out.status, "bytes", out.bytes, "ms", took.Milliseconds()}
	if e.reason != "" {
		attrs = append(attrs, "reason", e.reason)
	}
	if e.err != nil {
		level, attrs = slog.LevelError, append(attrs, "error", e.err.Error())
	}
	s.Logger.Log(r.Context(), level, "http", attrs...)
}

// newID returns a request's id: 10 letters and digits, easy to read out.
func newID() string {
	var b [5]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// answered remembers what was answered.
type answered struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (a *answered) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answered) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// headed sets the headers that every answer has; handlers may set others after.
func (s *Server) headed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(self), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("Content-Security-Policy", PageCSP)
		if s.secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if inAPI(r) {
			h.Set("Content-Security-Policy", apiCSP)
			h.Set("Cache-Control", "no-store")
		}
		next.ServeHTTP(w, r)
	})
}

func inAPI(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/api/") || r.URL.Path == "/healthz"
}

// hosted refuses requests that were meant for another host, so that no foreign
// name can be made to point here. Names of the machine itself are always right,
// and a health check may come by any.
func (s *Server) hosted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" && !strings.EqualFold(r.Host, s.public.Host) && !loopback(r.Host) {
			writeProblem(w, r, problemOf(problemWrongHost, http.StatusMisdirectedRequest, "this server does not answer for that host"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.EqualFold(host, "localhost") || net.ParseIP(strings.Trim(host, "[]")).IsLoopback()
}

// problems turns the plain texts of an http.ServeMux for unknown paths and
// methods into problems.
func problems(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, pattern := mux.Handler(r)
		if pattern != "" {
			_, route, _ := strings.Cut(pattern, " ")
			entryOf(r.Context()).route = route
			mux.ServeHTTP(w, r) // sets the path's values, which h alone would not
			return
		}
		entryOf(r.Context()).route = "none"
		probe := &refusedByMux{header: http.Header{}}
		h.ServeHTTP(probe, r)
		if probe.status == http.StatusMethodNotAllowed {
			allow := probe.header.Get("Allow")
			writeProblem(w, r, problem(probe.status, "this address takes %s", allow).with("Allow", allow))
			return
		}
		notFound(w, r)
	})
}

// refusedByMux takes what a mux answers where it has no handler.
type refusedByMux struct {
	header http.Header
	status int
}

func (p *refusedByMux) Header() http.Header         { return p.header }
func (p *refusedByMux) Write(b []byte) (int, error) { return len(b), nil }
func (p *refusedByMux) WriteHeader(status int)      { p.status = status }
