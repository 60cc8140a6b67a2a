package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"hushwatt/server"
)

// demoServe is a supplier's server with something in it: tariffs, a made-up
// home, and a bill that is asked for. Everything is in one folder and stays
// there when the demo ends.
func demoServe(c *console, listen, dir string) error {
	if listen == "" {
		listen = "localhost:8080"
	}
	if dir == "" {
		dir = "hushwatt-data"
	}
	made := &madeUp{dir: dir, now: time.Now().UTC()}
	public := "http://" + reachable(listen)
	file := func(name string) *string { path := filepath.Join(dir, name); return &path }
	name, none := "Demo Energy", ""
	o := serving{
		listen: &listen, public: &public, name: &name,
		database: file("hushwatt.db"), token: file("staff.token"), key: file(supplierKeyFile),
		cert: &none, certKey: &none,
		quiet:   true,
		first:   func() error { return os.MkdirAll(dir, 0o700) },
		prepare: made.prepare,
		beside:  made.serve,
		ready:   func() { c.say(welcome(public, dir, made)) },
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return o.run(ctx, c)
}

// reachable is the address to open for an address to listen on: the machine's
// own name for itself where the latter names no machine.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen // the server will say what is wrong with it
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

func welcome(public, dir string, m *madeUp) string {
	lines := []string{
		"",
		"  Hushwatt is running, with a made-up home and its supplier, Demo Energy.",
		"",
		"  Open       " + public + "   and tap “Try it with a made-up home”",
		"  or answer  " + m.link,
		"  Supplier   " + public + "/portal/   token in " + filepath.Join(dir, "staff.token"),
		"",
		"  Everything is kept in " + dir + ". Stop with Ctrl-C.",
		"",
	}
	return strings.Join(lines, "\n")
}

// say prints what a person at the terminal should read now.
func (c *console) say(text string) {
	w := c.out
	if c.json {
		w = io.Discard
	}
	fmt.Fprintln(w, text)
}

// prepare fills the supplier's books, as far as they are not filled already.
func (m *madeUp) prepare(ctx context.Context, d *server.Desk) error {
	for _, step := range []func(context.Context, *server.Desk) error{m.moveIn, m.publish, m.register, m.ask} {
		if err := step(ctx, d); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	return nil
}

// serve answers for the made-up home's files.
func (m *madeUp) serve(w http.ResponseWriter, r *http.Request) {
	files := map[string]struct {
		mediaType string
		data      []byte
	}{
		"/demo/home.hushwatt": {"application/vnd.hushwatt.export+cbor", m.export},
		"/demo/home.key":      {"application/octet-stream", m.key},
		"/demo/home.request":  {"application/vnd.hushwatt.request+cbor", m.request},
	}
	f, ok := files[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", f.mediaType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", "attachment; filename="+filepath.Base(r.URL.Path))
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(f.data)))
}
