package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"hushwatt/aggregate"
	"hushwatt/aggregate/engine"
	"hushwatt/internal/wire"
	"hushwatt/meter"
	"hushwatt/server/store"
)

var aggregateAuthorityCommand = command{
	name:    "aggregate authority",
	does:    "be one of the authorities that open a registry's sums together",
	example: "hushwatt aggregate authority --key consumers.key --registry street.registry --enrolments street.enrolments --database consumers.db --nats nats://127.0.0.1:4222",
	note: "With --name NAME alone it makes the key and prints the public side, for the registry's charter. A program\n" +
		"with --work only checks and stores records: any number of them share an authority's load and database.",
	flags: func(f *flags) action {
		var o authority
		o.key = f.need("key", "FILE", "the authority's secret key")
		o.name = f.text("name", "NAME", "make the key, for an authority of this name")
		o.registry = f.text("registry", "FILE", "the registry, signed by its parties")
		o.enrolments = f.text("enrolments", "FILE", "the meters' enrolments, needed on the first start")
		o.database = f.text("database", "PLACE", "the authority's own database: a file, or postgres://…")
		o.nats = f.text("nats", "URL", "the message stream, nats://127.0.0.1:4222 by default")
		o.cutOff = f.text("cut-off", "SECONDS", "how long after its end a slot is cut off, 60 by default")
		o.catchUp = f.text("catch-up", "SECONDS", "how long a cut-off waits for records on the stream that are not stored yet, 15 by default")
		o.erase = f.toggle("erase-mailbox", "once all meters' keys are in the database, take from --key what opens enrolments")
		o.work = f.toggle("work", "share the intake only")
		o.clock = f.text("clock", "FILE", "a clock that runs faster, for trying things out")
		return func(c *console) (answer, error) {
			if *o.name != "" {
				return makePartyKey(*o.key, *o.name)
			}
			if *o.registry == "" || *o.database == "" {
				return nil, misusef("--registry and --database are needed, or --name to make a key")
			}
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return nil, o.run(ctx, c)
		}
	},
}

// authority is one use of `aggregate authority`.
type authority struct {
	key, name, registry, enrolments, database, nats, cutOff, catchUp, clock *string
	work, erase                                                             *bool
}

type partyAnswer struct {
	Name      string `json:"name"`
	Key       []byte `json:"key"`
	Recipient string `json:"recipient"`
}

func (a partyAnswer) text(w io.Writer) { fmt.Fprintf(w, "%s\n%x\n%s\n", a.Name, a.Key, a.Recipient) }

func makePartyKey(path, name string) (answer, error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: a key is never written over", path)
	}
	k, err := aggregate.NewPartyKey(name, meter.XWing, nil)
	if err != nil {
		return nil, err
	}
	p := k.Party()
	return partyAnswer{p.Name, p.Key, p.Recipient}, writeFile(path, []byte(k.String()+"\n"), 0o600)
}

func readPartyKey(path string) (*aggregate.PartyKey, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	k, err := aggregate.ParsePartyKey(strings.TrimSuffix(string(data), "\n"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return k, nil
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

// readEnrolments reads a file of enrolments, one array of byte strings in CBOR, and
// returns how to find one.
func readEnrolments(path string, r *meter.Registry) (func(id []byte) *meter.Enrolment, error) {
	byID := map[string]*meter.Enrolment{}
	if path != "" {
		data, err := readFile(path)
		if err != nil {
			return nil, err
		}
		var list [][]byte
		if err := wire.Unmarshal(data, &list); err != nil {
			return nil, fmt.Errorf("%s: not a file of enrolments: %w", path, err)
		}
		for _, b := range list {
			e, err := meter.ParseEnrolment(b, &r.Charter)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			hash := e.Hash()
			byID[string(hash[:meter.IDSize])] = e
		}
	}
	return func(id []byte) *meter.Enrolment { return byID[string(id)] }, nil
}
