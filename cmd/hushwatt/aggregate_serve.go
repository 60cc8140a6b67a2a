package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"

	"hushwatt/aggregate/engine"
	"hushwatt/meter"
	"hushwatt/server/store"
)

var aggregateServeCommand = command{
	name:    "aggregate serve",
	does:    "collect the sums of a registry as slots end, and show them to a network operator",
	example: "hushwatt aggregate serve --registry street.registry --database sums.db --feeder all=feeder.csv",
	note: "Records come over NATS JetStream: one inside this program, its stream in --stream DIR, or a cluster's\n" +
		"with --nats URL. The one inside asks nobody who they are: let it listen on this\n" +
		"machine only. Several programs may share a database (postgres://…). The page changes nothing and\n" +
		"shows only what is public. A registry that works by masks has no authorities: with --key this program is\n" +
		"its aggregator. --demo makes up a street with two authorities, or one aggregator with --masking, and plays\n" +
		"it, faster than life, all in this program and in a folder that is removed at the end.",
	flags: func(f *flags) action {
		var o collecting
		o.registry = f.text("registry", "FILE", "the registry, signed by its parties")
		o.database = f.text("database", "PLACE", "the database: a file, or postgres://…")
		o.listen = f.text("listen", "ADDRESS", "where the page is, 127.0.0.1:8081 by default")
		o.nats = f.text("nats", "URL", "a NATS server with JetStream, in place of the one inside")
		o.stream = f.text("stream", "DIR", "where the stream inside is kept, beside the database by default")
		o.streamListen = f.text("stream-listen", "ADDRESS", "where the stream inside listens, 127.0.0.1:4222 by default")
		o.mqtt = f.text("mqtt", "ADDRESS", "where it listens for MQTT too")
		o.feeders = f.list("feeder", "SET=FILE", "the readings of the feeder that a set hangs on, CSV with columns start and wh")
		o.fit = f.text("fit-days", "N", "days at the beginning in which nothing was amiss, 14 by default")
		o.clock = f.text("clock", "FILE", "a clock that runs faster, for trying things out")
		o.demo = f.toggle("demo", "a made-up street, its parties and their sums, to look at")
		o.masking = f.toggle("masking", "with --demo, one aggregator and masks between meters instead of authorities")
		o.party.flags(f)
		return func(c *console) (answer, error) {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			if *o.masking && !*o.demo {
				return nil, misusef("--masking goes with --demo: a registry says itself how it works")
			}
			if *o.demo {
				return nil, o.show(ctx, c)
			}
			if *o.registry == "" || *o.database == "" {
				return nil, misusef("--registry and --database are needed, or --demo")
			}
			return nil, o.run(ctx, c)
		}
	},
}

// collecting is one use of `aggregate serve`.
type collecting struct {
	registry, database, listen, nats, stream, streamListen, mqtt, fit, clock *string
	feeders                                                                  *[]string
	demo, masking                                                            *bool
	party                                                                    aggregating
}

func (o *collecting) run(ctx context.Context, c *console) error {
	r, err := readRegistry(*o.registry)
	if err != nil {
		return err
	}
	clock, times, err := openClock(*o.clock)
	if err != nil {
		return err
	}
	if err := o.party.check(r); err != nil {
		return err
	}
	feeders, err := o.feederFiles(r)
	if err != nil {
		return err
	}
	st, err := store.Open(*o.database)
	if err != nil {
		return err
	}
	defer st.Close()
	address, stopStream, err := o.openStream()
	if err != nil {
		return err
	}
	defer stopStream()
	bus, done, err := connectBus(ctx, address, r)
	if err != nil {
		return err
	}
	defer done()
	log := slog.New(slog.NewJSONHandler(c.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	party := st.Party("collector " + registryName(r))
	page := &engine.Page{Registry: r, Store: party, Clock: clock, Feeders: feeders, Refresh: 30 * time.Second / time.Duration(times), Log: log}
	collector := &engine.Collector{Bus: bus, Registry: r, Store: party, Clock: clock, Log: log}
	collect := collector.Run
	if r.Charter.Masking() {
		a, err := o.party.aggregator(r, st, party)
		if err != nil {
			return err
		}
		a.Bus, a.Clock, a.Log = bus, clock, log
		if collect = a.Run; *o.party.work {
			return a.Work(ctx)
		}
	} else {
		page.Collector = collector
	}
	return together(ctx, collect, func(ctx context.Context) error {
		return o.servePage(ctx, c, page, address)
	})
}

// openStream starts the stream inside this program unless another one is named.
func (o *collecting) openStream() (address string, stop func(), err error) {
	if *o.nats != "" {
		return *o.nats, func() {}, nil
	}
	dir, listen := *o.stream, *o.streamListen
	if dir == "" {
		if store.IsPostgres(*o.database) {
			return "", nil, misusef("--stream or --nats is missing: a database that is no file has no folder beside it")
		}
		dir = filepath.Join(filepath.Dir(*o.database), "hushwatt-stream")
	}
	if listen == "" {
		listen = "127.0.0.1:4222"
	}
	s, err := engine.Embed(dir, listen, *o.mqtt)
	if err != nil {
		return "", nil, err
	}
	return s.ClientURL(), func() { s.Shutdown(); s.WaitForShutdown() }, nil
}

func (o *collecting) servePage(ctx context.Context, c *console, p *engine.Page, stream string) error {
	address := "127.0.0.1:8081"
	if *o.listen != "" {
		address = *o.listen
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	c.note("sums of %s on http://%s, stream on %s", p.Registry.Charter.Registry, l.Addr(), stream)
	s := &http.Server{Handler: p.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute}
	stop := context.AfterFunc(ctx, func() {
		closing, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		s.Shutdown(closing)
	})
	defer stop()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// feederFiles reads --feeder SET=FILE.
func (o *collecting) feederFiles(r *meter.Registry) (map[string]*engine.FeederFile, error) {
	days := 14
	if *o.fit != "" {
		var err error
		if days, err = asNumber(*o.fit); err != nil {
			return nil, err
		}
	}
	files := map[string]*engine.FeederFile{}
	for _, text := range *o.feeders {
		set, path, ok := strings.Cut(text, "=")
		known := false
		for i := range r.Sets {
			known = known || r.Sets[i].Name == set
		}
		if !ok || !known {
			return nil, misusef("--feeder %s: expected SET=FILE with a set of the registry", text)
		}
		files[set] = &engine.FeederFile{Path: path, Fit: days}
	}
	return files, nil
}

func readRegistry(path string) (*meter.Registry, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	r, err := meter.ParseRegistry(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// registryName tells registries of one name apart.
func registryName(r *meter.Registry) string {
	hash := r.Hash()
	return fmt.Sprintf("%s %x", r.Charter.Registry, hash[:8])
}

// charterName names what all registries of a charter have in common: share keys, and
// the one presence of a slot. Two registries must not each have one.
func charterName(r *meter.Registry) string {
	hash := r.Charter.Hash()
	return fmt.Sprintf("charter %x", hash[:8])
}

func connectBus(ctx context.Context, address string, r *meter.Registry) (*engine.Bus, func(), error) {
	nc, err := nats.Connect(address, nats.Name("hushwatt"), nats.MaxReconnects(-1), nats.Timeout(30*time.Second))
	if err != nil {
		return nil, nil, fmt.Errorf("message stream %s: %w", address, err)
	}
	bus, err := engine.NewBus(ctx, nc, r)
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	return bus, nc.Close, nil
}

// together runs parts of a program until one fails or ctx ends.
func together(ctx context.Context, parts ...func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	errs := make(chan error, len(parts))
	for _, run := range parts {
		go func() { errs <- run(ctx) }()
	}
	var all []error
	for range parts {
		all = append(all, <-errs)
		stop()
	}
	return errors.Join(all...)
}
