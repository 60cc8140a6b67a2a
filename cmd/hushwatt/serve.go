package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"hushwatt/prover"
	"hushwatt/server"
	"hushwatt/server/store"
)

var serveCommand = command{
	name:    "serve",
	does:    "a supplier's server: takes bills, gives receipts, and serves the app",
	example: "hushwatt serve --database hushwatt.db --token-file hushwatt.token --public-url https://energy.example --tls-cert cert.pem --tls-key key.pem",
	note: "The database, the staff's token and the supplier's key are made on the first start. The key lies\n" +
		"beside the database as supplier.key unless --key names it: keep a copy of it apart from backups.\n" +
		"A database is a file, or a PostgreSQL database of its own as postgres://user@host/name: then --key is\n" +
		"needed, and the password is best kept in PGPASSWORD or ~/.pgpass.\n" +
		"Ends cleanly on SIGTERM: bills under way get their receipts first.",
	flags: func(f *flags) action {
		var o serving
		o.listen = f.text("listen", "ADDRESS", "where to listen, 127.0.0.1:8080 by default")
		o.database = f.need("database", "PLACE", "the database: a file, or postgres://…")
		o.token = f.need("token-file", "FILE", "holds the staff's token")
		o.public = f.need("public-url", "URL", "where people find the server, https://host, or http://localhost:port to try it")
		o.name = f.text("name", "TEXT", "the supplier's name, as people know it")
		o.key = f.text("key", "FILE", "the supplier's key")
		o.cert = f.text("tls-cert", "FILE", "certificate chain, PEM")
		o.certKey = f.text("tls-key", "FILE", "the certificate's key, PEM")
		o.rate = flag(f, &option{name: "rate", value: "N", help: "requests a second from one address, 20 by default, 0 for no limit"}, asRate)
		return func(c *console) (answer, error) {
			if err := private(*o.public); err != nil {
				return nil, err
			}
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return nil, o.run(ctx, c)
		}
	},
}

// serving is one use of `serve`, or of a command that serves with something
// prepared.
type serving struct {
	listen, database, token, public, name, key, cert, certKey *string

	rate    *rate
	quiet   bool                                      // log only what is wrong
	first   func() error                              // once the address is ours; may be nil
	prepare func(context.Context, *server.Desk) error // before the first request; may be nil
	beside  http.HandlerFunc                          // answers below /demo/; may be nil
	ready   func()                                    // called once requests are answered; may be nil
}

type rate struct {
	given bool
	value int
}

func asRate(s string) (rate, error) {
	n, err := asNumber(s)
	if err == nil && n < 0 {
		err = misusef("a rate is not negative")
	}
	return rate{true, n}, err
}

const defaultRate = 20

// run serves until ctx ends.
func (o *serving) run(ctx context.Context, c *console) error {
	if (*o.cert == "") != (*o.certKey == "") {
		return misusef("--tls-cert and --tls-key go together")
	}
	address := "127.0.0.1:8080"
	if *o.listen != "" {
		address = *o.listen
	}
	// First of all: if somebody else listens there, nothing is made.
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is used by another program: end that one, or choose another port with --listen", address)
	}
	if err != nil {
		return err
	}
	defer l.Close()
	if o.first != nil {
		if err := o.first(); err != nil {
			return err
		}
	}
	st, err := store.Open(*o.database)
	if err != nil {
		return err
	}
	err = o.serve(ctx, c, st, l)
	return errors.Join(err, st.Close())
}

func (o *serving) serve(ctx context.Context, c *console, st store.Store, l net.Listener) error {
	config, err := o.config(c, st)
	if err != nil {
		return err
	}
	if err := st.Supplier(ctx, config.Key.Public()); err != nil {
		return err
	}
	s, err := server.New(config)
	if err != nil {
		return misuse{err}
	}
	if o.prepare != nil {
		if err := o.prepare(ctx, s.Desk()); err != nil {
			return err
		}
	}
	if o.ready != nil {
		o.ready()
	} else {
		c.note("serving %s on %s", config.PublicURL, l.Addr())
	}
	return o.untilDone(ctx, s, l)
}

func (o *serving) config(c *console, st store.Store) (server.Config, error) {
	token, made, err := readToken(*o.token)
	if err != nil {
		return server.Config{}, err
	}
	if made {
		c.note("made a token for the staff in %s", *o.token)
	}
	path := *o.key
	if path == "" {
		if store.IsPostgres(*o.database) {
			return server.Config{}, misusef("--key is missing: a database that is no file has no folder to keep the key in")
		}
		path = filepath.Join(filepath.Dir(*o.database), supplierKeyFile)
	}
	key, err := keyAt(path)
	if err != nil {
		return server.Config{}, err
	}
	level := slog.LevelInfo
	if o.quiet {
		level = slog.LevelWarn
	}
	config := server.Config{
		Store: st, Key: key, Name: *o.name, Token: token, PublicURL: *o.public, Rate: defaultRate,
		Logger: slog.New(slog.NewJSONHandler(c.err, &slog.HandlerOptions{Level: level})),
	}
	if o.rate != nil && o.rate.given {
		config.Rate = o.rate.value
	}
	config.Pages, err = o.pages(c)
	return config, err
}

// pages is the app, and what else is asked for.
func (o *serving) pages(c *console) (http.Handler, error) {
	app, complete, err := pages()
	if err != nil {
		return nil, err
	}
	if !complete {
		c.note("this program was built without the app; `make run` builds both")
	}
	mux := http.NewServeMux()
	mux.Handle("/", app)
	if o.beside != nil {
		mux.HandleFunc("GET /demo/", o.beside)
	}
	return mux, nil
}

// untilDone serves until ctx ends, then lets what is under way finish.
func (o *serving) untilDone(ctx context.Context, s *server.Server, l net.Listener) error {
	h := s.HTTP()
	failed := make(chan error, 1)
	go func() {
		if *o.cert != "" {
			failed <- h.ServeTLS(l, *o.cert, *o.certKey)
		} else {
			failed <- h.Serve(l)
		}
	}()
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	soon, cancel := context.WithTimeout(context.Background(), h.WriteTimeout) // what is under way has no longer anyway
	defer cancel()
	if ended := h.Shutdown(soon); ended != nil {
		ended = errors.Join(ended, h.Close())
		err = errors.Join(err, ended)
	}
	s.Close()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// private refuses a public URL over which others could read along.
func private(public string) error {
	u, err := url.Parse(public)
	if err != nil || u.Scheme != "http" {
		return nil // the server will say what is wrong with it, if anything
	}
	if host := u.Hostname(); strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback() {
		return nil
	}
	return misusef("--public-url %s: bills travel by TLS only; give the address as https://, also behind a proxy that does the TLS", public)
}

// readToken reads the staff's token, or makes one that only its owner can read.
func readToken(path string) (token []byte, made bool, err error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		var b [24]byte
		rand.Read(b[:])
		token = []byte(hex.EncodeToString(b[:]))
		return token, true, writeFile(path, append(token, '\n'), 0o600)
	}
	if err != nil {
		return nil, false, err
	}
	token = []byte(strings.TrimSpace(string(data)))
	if len(token) < server.MinToken {
		return nil, false, fmt.Errorf("%s: a token has at least %d characters", path, server.MinToken)
	}
	return token, false, nil
}

// keyAt reads the supplier's key, or makes one.
func keyAt(path string) (*prover.SupplierKey, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key, err := prover.NewSupplierKey()
		if err != nil {
			return nil, err
		}
		return key, writeFile(path, key.File(), 0o600)
	}
	if err != nil {
		return nil, err
	}
	key, err := prover.ParseSupplierKey(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}
