// Package server is a supplier's side of Hushwatt over HTTP: an API that takes
// customers' bills, checks them and answers with receipts, the registry of
// tariffs, meters and authorities, and a portal for the supplier's staff. It
// serves the householder's app as pages that it is given and knows nothing of.
package server

import (
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"hushwatt/prover"
	"hushwatt/server/store"
)

// Config is what a server is made of.
type Config struct {
	Store     store.Store
	Key       *prover.SupplierKey // signs requests, tariffs and receipts
	Name      string              // of the supplier, as people know it
	Token     []byte              // the staff's secret, at least 16 bytes
	PublicURL string              // where people find the server: http(s)://host[:port]
	Pages     http.Handler        // everything outside /api/, /portal/ and /healthz; nil for none
	Now       func() time.Time    // time.Now if nil
	Logger    *slog.Logger        // nil for none

	// Rate is how many requests a second one address may send to the API and
	// portal on average, bursts of ten times as many; 0 for no limit.
	Rate int
	// MaxBill is the largest bill in bytes; 256 kB if 0.
	MaxBill int
}

// MinToken is the least length of a token in bytes.
const MinToken = 16

// Server is the supplier's server as an http.Handler. Close stops its workers.
type Server struct {
	Config
	public   *url.URL
	secure   bool // https: cookies and headers say so
	token    [sha256.Size]byte
	sessions sessions
	limits   *limiter
	logins   *limiter
	intake   *intake
	register *register
	handler  http.Handler
}

// New makes a server and starts its workers.
func New(c Config) (*Server, error) {
	public, err := url.Parse(c.PublicURL)
	if err != nil || public.Host == "" || public.Scheme != "http" && public.Scheme != "https" {
		return nil, fmt.Errorf("public URL %q is not http://host or https://host", c.PublicURL)
	}
	if len(c.Token) < MinToken {
		return nil, fmt.Errorf("a token of %d bytes is too short, at least %d", len(c.Token), MinToken)
	}
	if c.Store == nil || c.Key == nil {
		return nil, errors.New("a server needs a store and a key")
	}
	c.defaults()
	s := &Server{
		Config: c, public: public, secure: public.Scheme == "https",
		token:    sha256.Sum256(c.Token),
		sessions: newSessions(c.Token),
		limits:   newLimiter(float64(c.Rate), 10*float64(c.Rate), c.Now),
		logins:   newLimiter(0.1, 10, c.Now),
		register: &register{store: c.Store},
	}
	s.intake = newIntake(s)
	s.handler = s.front(s.routes())
	return s, nil
}

func (c *Config) defaults() {
	if c.Name == "" {
		c.Name = "Supplier"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Pages == nil {
		c.Pages = http.HandlerFunc(notFound)
	}
	if c.MaxBill == 0 {
		c.MaxBill = 256_000
	}
}

// routes is everything behind the middleware of front.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	api := problems(s.api())
	mux.Handle("/api/", s.limited(api))
	mux.Handle("/healthz", api)
	mux.Handle("/portal/", s.limited(http.MaxBytesHandler(s.portal(), maxForm)))
	mux.Handle("/portal", http.RedirectHandler("/portal/", http.StatusSeeOther))
	mux.Handle("/", s.Pages)
	return mux
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close waits for the bills that are being checked. No request may arrive after it.
func (s *Server) Close() { s.intake.close() }

// HTTP returns an http.Server with this handler, its timeouts set. With TLS it
// speaks version 1.2 and later.
func (s *Server) HTTP() *http.Server {
	return &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       20 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		TLSConfig:         &tls.Config{MinVersion: tls.VersionTLS12},
		ErrorLog:          log.New(io.Discard, "", 0), // its lines name clients' addresses
	}
}
