package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"

	"hushwatt/aggregate/engine"
	"hushwatt/meter"
)

var meterPublishCommand = command{
	name:    "meter publish",
	does:    "be a meter for a day: publish each slot's record as it ends, and seal the day of the same readings",
	example: `hushwatt meter publish --meter-dir house-01 --from readings.csv --day 2026-03-02 --registry street.registry --recipient "$(cat my.recipient)" --out house-01.hushwatt`,
	note: "A slot goes out when it has ended, so those of a day that is over go at once; a slot that the file does not have\n" +
		"is missing, and has no record. Every reading is stored in DIR before its record leaves: stopped at any point and\n" +
		"started again, the program sends the same records again and goes on. The day is sealed when its last slot is out;\n" +
		"nothing is sent of a day that was sealed before. In a registry of masks the meter answers when it hears who is\n" +
		"present, and seals the day when it has answered for every slot, or when the next day's first slot has ended.",
	flags: func(f *flags) action {
		var o publishing
		o.readings.declare(f, f.need("from", "FILE", "readings, in any known format; may be packed with gzip"))
		o.dir = f.need("meter-dir", "DIR", "the meter, enrolled")
		o.day = flag(f, &option{name: "day", value: "DATE", help: "the day, UTC", required: true}, asDayNumber)
		o.days = flag(f, &option{name: "days", value: "N", help: "go on for so many days, 1 by default"}, asNumber)
		o.registries = f.needList("registry", "FILE", "the registry, signed by its parties; one for each channel that is summed")
		o.recipient = flag(f, &option{name: "recipient", value: "STR", help: "the customer's line, from keygen", required: true}, meter.ParseRecipient)
		o.nats = f.text("nats", "URL", "the message stream, nats://127.0.0.1:4222 by default")
		o.patience = flag(f, &option{name: "wait", value: "SECONDS", help: "how long to wait for the stream, 60 by default"}, asNumber)
		o.out = f.text("out", "FILE", "where to write the export (*.hushwatt)")
		o.clock = f.text("clock", "FILE", "another clock, for trying things out")
		return func(c *console) (answer, error) {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return o.run(ctx, c)
		}
	},
}

// publishing is one use of `meter publish`.
type publishing struct {
	readings
	dir, nats, out, clock *string
	registries            *[]string
	day                   *uint16
	days, patience        *int
	recipient             **meter.Recipient
}

type publishedAnswer struct {
	Meter   string `json:"meter"`
	First   string `json:"first"` // day
	Last    string `json:"last"`
	Sent    int    `json:"sent"`    // slots of a registry whose record is on the stream
	Missing int    `json:"missing"` // slots without a reading
}

func (a publishedAnswer) text(w io.Writer) {
	days := a.First
	if a.Last != a.First {
		days += " to " + a.Last
	}
	fmt.Fprintf(w, "meter %s: %s sealed; %d slots sent, %d missing\n", a.Meter, days, a.Sent, a.Missing)
}

func (o *publishing) run(ctx context.Context, c *console) (answer, error) {
	clock, _, err := openClock(*o.clock)
	if err != nil {
		return nil, err
	}
	m, err := openMeter(*o.dir)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	days, err := o.read(c, m.Certificate())
	if err != nil {
		return nil, err
	}
	day := &measuring{meter: m, clock: clock}
	stop, err := o.connect(ctx, day)
	if err != nil {
		return nil, err
	}
	defer stop()
	for i := range days {
		if err := day.run(ctx, *o.recipient, &days[i]); err != nil {
			return nil, err
		}
		if *o.out != "" {
			if err := writeFile(*o.out, m.Export().Bytes(), 0o644); err != nil {
				return nil, err
			}
		}
	}
	return publishedAnswer{m.Certificate().Meter, meter.DayText(days[0].Day), meter.DayText(days[len(days)-1].Day), day.sent, day.missing}, nil
}

// read returns the days to measure, those of which the file has nothing too.
func (o *publishing) read(c *console, cert *meter.Certificate) ([]meter.Day, error) {
	file, err := o.readings.read(c)
	if err != nil {
		return nil, err
	}
	if err := o.readings.fit(file, cert, *o.dir); err != nil {
		return nil, err
	}
	all, err := meter.DaysFromSeries(file.Series, meter.DaysOptions{N: int(cert.N), Channels: cert.Channels})
	if err != nil {
		return nil, err
	}
	count := orElse(*o.days, 1)
	if count < 1 {
		return nil, misusef("--days %d: at least one", count)
	}
	first := int(*o.day) - int(all[0].Day)
	if first < 0 || first+count > len(all) {
		return nil, fmt.Errorf("the readings are of %s to %s", meter.DayText(all[0].Day), meter.DayText(all[len(all)-1].Day))
	}
	return all[first : first+count], nil
}

// connect connects the meter to the stream, for every registry.
func (o *publishing) connect(ctx context.Context, day *measuring) (stop func(), err error) {
	var list []*meter.Registry
	for _, path := range *o.registries {
		r, err := readRegistry(path)
		if err != nil {
			return nil, err
		}
		if err := inRegistry(day.meter, r); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if *o.day < r.First {
			return nil, fmt.Errorf("%s: it begins on %s", path, meter.DayText(r.First))
		}
		list = append(list, r)
	}
	address := *o.nats
	if address == "" {
		address = "nats://127.0.0.1:4222"
	}
	day.patience = time.Duration(orElse(*o.patience, 60)) * time.Second
	var nc *nats.Conn
	err = day.patiently(ctx, func() error {
		nc, err = nats.Connect(address, nats.Name("hushwatt meter"), nats.MaxReconnects(-1), nats.Timeout(30*time.Second))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("message stream %s: %w", address, err)
	}
	for _, r := range list {
		to := sending{registry: r, channel: int(r.Charter.Channel)}
		err := day.patiently(ctx, func() error {
			to.bus, err = engine.NewSender(ctx, nc, r)
			return err
		})
		if err != nil {
			nc.Close()
			return nil, err
		}
		day.to = append(day.to, to)
	}
	return nc.Close, nil
}

// patiently tries again and again, for a meter may start before the stream does.
func (o *measuring) patiently(ctx context.Context, try func() error) error {
	for end := time.Now().Add(o.patience); ; {
		err := try()
		if err == nil || !time.Now().Before(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// inRegistry refuses a meter that a registry does not count.
func inRegistry(m *meter.Meter, r *meter.Registry) error {
	e, c := m.Enrolled(int(r.Charter.Channel))
	if e == nil {
		return fmt.Errorf("meter %s is not enrolled for %s", m.Certificate().Meter, channelName(r.Charter.Channel))
	}
	if hash := e.Hash(); r.Index(hash[:meter.IDSize]) < 0 || c.Hash() != r.Charter.Hash() {
		return fmt.Errorf("the registry does not have the enrolment of meter %s", m.Certificate().Meter)
	}
	return nil
}
