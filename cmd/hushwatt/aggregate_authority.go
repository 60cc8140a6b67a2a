package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"hushwatt/aggregate"
	"hushwatt/aggregate/engine"
	"hushwatt/meter"
	"hushwatt/server/store"
)

var aggregateAuthorityCommand = command{
	name:    "aggregate authority",
	does:    "be one of the authorities that open a registry's sums together",
	example: "hushwatt aggregate authority --key consumers.key --registry street.registry --enrolments street.enrolments --database consumers.db --nats nats://127.0.0.1:4222",
	note: "A program with --work only checks and stores records: any number of them share an authority's load and\n" +
		"database. hushwatt aggregate key makes the key.",
	flags: func(f *flags) action {
		var o authority
		o.key = f.need("key", "FILE", "the authority's secret key")
		o.registry = f.need("registry", "FILE", "the registry, signed by its parties")
		o.enrolments = f.text("enrolments", "FILE", "the meters' enrolments, needed on the first start")
		o.database = f.need("database", "PLACE", "the authority's own database: a file, or postgres://…")
		o.nats = f.text("nats", "URL", "the message stream, nats://127.0.0.1:4222 by default")
		o.cutOff = f.text("cut-off", "SECONDS", "how long after its end a slot is cut off, 60 by default")
		o.catchUp = f.text("catch-up", "SECONDS", "how long a cut-off waits for records on the stream that are not stored yet, 15 by default")
		o.erase = f.toggle("erase-mailbox", "once all meters' keys are in the database, take from --key what opens enrolments")
		o.work = f.toggle("work", "share the intake only")
		o.clock = f.text("clock", "FILE", "a clock that runs faster, for trying things out")
		return func(c *console) (answer, error) {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return nil, o.run(ctx, c)
		}
	},
}

// authority is one use of `aggregate authority`.
type authority struct {
	key, registry, enrolments, database, nats, cutOff, catchUp, clock *string
	work, erase                                                       *bool
}

func (o *authority) run(ctx context.Context, c *console) error {
	key, err := readPartyKey(*o.key)
	if err != nil {
		return err
	}
	r, err := readRegistry(*o.registry)
	if err != nil {
		return err
	}
	find, err := readEnrolments(*o.enrolments, r)
	if err != nil {
		return err
	}
	st, err := store.Open(*o.database)
	if err != nil {
		return err
	}
	defer st.Close()
	a, err := o.party(key, r, find, st)
	if err != nil {
		return err
	}
	if *o.erase {
		if err := writeFile(*o.key, []byte(key.WithoutMailbox().String()+"\n"), 0o600); err != nil {
			return err
		}
	}
	address := *o.nats
	if address == "" {
		address = "nats://127.0.0.1:4222"
	}
	bus, done, err := connectBus(ctx, address, r)
	if err != nil {
		return err
	}
	defer done()
	a.Bus, a.Log = bus, slog.New(slog.NewJSONHandler(c.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	c.note("authority %s of %s", r.Charter.Parties[a.Party].Name, r.Charter.Registry)
	if *o.work {
		return a.Work(ctx)
	}
	return a.Run(ctx)
}

// party is the authority without its stream.
func (o *authority) party(key *aggregate.PartyKey, r *meter.Registry, find func([]byte) *meter.Enrolment, st store.Store) (*engine.Authority, error) {
	clock, _, err := openClock(*o.clock)
	if err != nil {
		return nil, err
	}
	cutOff, err := asSeconds(*o.cutOff, 60)
	if err != nil {
		return nil, err
	}
	catchUp, err := asSeconds(*o.catchUp, 15)
	if err != nil {
		return nil, err
	}
	own := key.Party()
	a := &engine.Authority{Registry: r, Party: -1, Key: key, Store: st.Party("authority " + own.Name + " of " + registryName(r)),
		Timing: engine.Timing{Clock: clock, CutOff: cutOff, CatchUp: catchUp, Back: int64(r.Charter.N)}}
	for i := range r.Charter.Parties {
		if string(r.Charter.Parties[i].Key) == string(own.Key) {
			a.Party = i
		}
	}
	a.Rules, err = aggregate.NewAuthority(aggregate.AuthorityConfig{Registry: r, Key: key, Enrolments: find, Store: st.Party("authority " + own.Name + " of " + charterName(r))})
	return a, err
}

// asSeconds reads a number of seconds, or is the usual one.
func asSeconds(text string, usual int) (time.Duration, error) {
	if text == "" {
		return time.Duration(usual) * time.Second, nil
	}
	n, err := asNumber(text)
	return time.Duration(n) * time.Second, err
}

// readEnrolments reads a file of enrolments and returns how to find one.
func readEnrolments(path string, r *meter.Registry) (func(id []byte) *meter.Enrolment, error) {
	byID := map[string]*meter.Enrolment{}
	if path != "" {
		list, err := readEnrolmentFile(path, &r.Charter)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			hash := e.Hash()
			byID[string(hash[:meter.IDSize])] = e
		}
	}
	return func(id []byte) *meter.Enrolment { return byID[string(id)] }, nil
}
