// Package engine runs aggregation in real time: meters' slot records come over a
// message stream (NATS JetStream, embedded or a cluster's), authorities check and
// store them, sign who is present and give out their sums, and the collector puts
// the sums together and shows them to a network operator. The cryptography and the
// rules are those of package aggregate (docs/design/engine.md).
package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hushwatt/meter"
)

// keptOnStream is how long messages stay: long enough for a party that was down.
const keptOnStream = 72 * time.Hour

// mostMessage bounds a message: the holding of a million meters has 33 MB.
const mostMessage = 48 << 20

// mostRecord bounds a message on the streams of records and answers: a batch of them is in memory at
// once, and whoever can write there could else send 512 of the largest messages.
const mostRecord = 1 << 10

// answerWithin is how long the stream may take for one answer: on a busy machine each
// is a write to a slow disk.
const answerWithin = time.Minute

// Embed starts a NATS server with JetStream in this program, its stream in a
// folder. It listens on address (host:port), and for MQTT on mqtt unless that is
// empty.
func Embed(dir, address, mqtt string) (*server.Server, error) {
	o := &server.Options{ServerName: "hushwatt", JetStream: true, StoreDir: dir, MaxPayload: mostMessage, MaxPending: 4 * mostMessage,
		NoSigs: true, NoLog: true, SyncInterval: time.Second}
	var err error
	if o.Host, o.Port, err = hostPort(address); err != nil {
		return nil, err
	}
	if mqtt != "" {
		if o.MQTT.Host, o.MQTT.Port, err = hostPort(mqtt); err != nil {
			return nil, err
		}
	}
	s, err := server.NewServer(o)
	if err != nil {
		return nil, fmt.Errorf("message stream: %w", err)
	}
	s.Start()
	if !s.ReadyForConnections(answerWithin) {
		s.Shutdown()
		return nil, fmt.Errorf("message stream: no answer on %s", address)
	}
	return s, nil
}

func hostPort(address string) (string, int, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return "", 0, fmt.Errorf("%s: not a port", text)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	return host, port, nil
}

// A Bus carries the messages of one registry: records from meters, what the parties
// tell each other and, if it works by masks, the meters' answers.
type Bus struct {
	js                     jetstream.JetStream
	name                   string // of the registry on the stream
	masking                bool
	most                   int32 // bytes that a party says at once
	records, talk, answers jetstream.Stream
}

// NewBus finds or makes a registry's streams. Records and answers are told apart by
// their hash, so one that a meter sends again is not stored twice; so is what a party says
// of a slot, whose subject ends in its hash. No subject can therefore be taken by a
// stranger before the party that it belongs to.
func NewBus(ctx context.Context, nc *nats.Conn, r *meter.Registry) (*Bus, error) {
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(answerWithin))
	if err != nil {
		return nil, err
	}
	hash := r.Hash()
	b := &Bus{js: js, name: hex.EncodeToString(hash[:8]), masking: r.Charter.Masking(), most: mostSaid(r)}
	return b, b.open(ctx)
}

// open finds or makes the streams.
func (b *Bus) open(ctx context.Context) (err error) {
	b.records, err = b.stream(ctx, jetstream.StreamConfig{
		Name: "records-" + b.name, Subjects: []string{b.subject("record", ">")},
		MaxAge: keptOnStream, Duplicates: 2 * time.Hour, Storage: jetstream.FileStorage, MaxMsgSize: mostRecord,
	})
	if err != nil {
		return fmt.Errorf("stream of records: %w", err)
	}
	b.talk, err = b.stream(ctx, jetstream.StreamConfig{
		Name: "talk-" + b.name, Subjects: []string{b.subject("talk", ">")},
		MaxAge: keptOnStream, Storage: jetstream.FileStorage,
		MaxMsgsPerSubject: 1, Discard: jetstream.DiscardNew, DiscardNewPerSubject: true, MaxMsgSize: b.most,
	})
	if err != nil {
		return fmt.Errorf("stream of parties: %w", err)
	}
	if !b.masking {
		return nil
	}
	b.answers, err = b.stream(ctx, jetstream.StreamConfig{
		Name: "answers-" + b.name, Subjects: []string{b.subject("answer", ">")},
		MaxAge: keptOnStream, Duplicates: 2 * time.Hour, Storage: jetstream.FileStorage, MaxMsgSize: mostRecord,
	})
	if err != nil {
		return fmt.Errorf("stream of answers: %w", err)
	}
	return nil
}

// stream finds or makes a stream. One that is as it should be is left alone: to change it
// while another program joins it is a race in the server.
func (b *Bus) stream(ctx context.Context, c jetstream.StreamConfig) (jetstream.Stream, error) {
	s, err := b.js.CreateStream(ctx, c)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return b.js.UpdateStream(ctx, c) // it was made by another version of this program
	}
	return s, err
}

// mostSaid bounds what a party says at once: a point or two, or a hash, for each meter, a
// name and a share for each set.
func mostSaid(r *meter.Registry) int32 {
	return int32(min(1<<12+80*len(r.Meters)+200*len(r.Sets), mostMessage))
}

// heardAtOnce is how many messages of parties are in memory before they are looked at.
const heardAtOnce = 16

func (b *Bus) subject(parts ...string) string {
	return "hushwatt." + b.name + "." + strings.Join(parts, ".")
}

// RecordSubject is where a meter publishes the record of a slot: on NATS with
// meter.MessageID as its message id, on MQTT with / for the dots.
func (b *Bus) RecordSubject(day, slot uint16) string {
	return b.subject("record", strconv.Itoa(int(day)), strconv.Itoa(int(slot)))
}

// slotOf returns the slot that the subject of a record or an answer names.
func (b *Bus) slotOf(kind, subject string) (day, slot uint16, ok bool) {
	rest, ok := strings.CutPrefix(subject, b.subject(kind, ""))
	if !ok {
		return 0, 0, false
	}
	first, second, _ := strings.Cut(rest, ".")
	d, err1 := strconv.ParseUint(first, 10, 16)
	s, err2 := strconv.ParseUint(second, 10, 16)
	return uint16(d), uint16(s), err1 == nil && err2 == nil
}

// onStream calls look for every record of a slot that the stream has kept, until it
// returns false.
func (b *Bus) onStream(ctx context.Context, m moment, look func(record []byte) bool) error {
	c, err := b.records.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverAllPolicy, FilterSubjects: []string{b.RecordSubject(m.day, m.slot)}})
	if err != nil {
		return err
	}
	info, err := c.Info(ctx)
	if err != nil || info.NumPending == 0 {
		return err
	}
	it, err := c.Messages()
	if err != nil {
		return err
	}
	defer it.Stop()
	for {
		msg, err := it.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		about, err := msg.Metadata()
		if err != nil || !look(msg.Data()) || about.NumPending == 0 {
			return err
		}
	}
}

// Publish sends a record and returns when the stream has stored it.
func (b *Bus) Publish(ctx context.Context, r *meter.SlotRecord) error {
	data := r.Bytes()
	_, err := b.js.Publish(ctx, b.RecordSubject(r.Day, r.Slot), data, jetstream.WithMsgID(meter.MessageID(data)))
	return published(err)
}

// A word is what a party says of a slot.
type word string

const (
	holding      word = "holding"      // an authority, at the cut-off: what it has, signed
	signature    word = "signature"    // an authority, of the presence that follows from the holdings of all
	contribution word = "contribution" // an authority, when all have signed: Contribution
	dispute      word = "dispute"      // the collector: the sums are wrong
	points       word = "points"       // an authority that finds so too: Points
	presence     word = "presence"     // an aggregator, at the cut-off: who is asked for an answer, signed
)

// said is one message between parties.
type said struct {
	day, slot uint16
	word      word
	party     int // place in the charter; 0 for the collector
	data      []byte
}

// say publishes a message; the same one again changes nothing.
func (b *Bus) say(ctx context.Context, m said) error {
	sum := sha256.Sum256(m.data)
	subject := b.subject("talk", strconv.Itoa(int(m.day)), strconv.Itoa(int(m.slot)), string(m.word), strconv.Itoa(m.party), hex.EncodeToString(sum[:8]))
	_, err := b.js.Publish(ctx, subject, m.data)
	if api := new(jetstream.APIError); errors.As(err, &api) && strings.Contains(api.Description, "maximum messages per subject exceeded") {
		return nil
	}
	if err != nil {
		return fmt.Errorf("say %s: %w", m.word, err)
	}
	return nil
}

// listen calls hear for every message between parties, those that are kept first,
// until ctx ends.
func (b *Bus) listen(ctx context.Context, hear func(said)) error {
	return b.hear(ctx, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy, FilterSubjects: []string{b.subject("talk", ">")}}, hear)
}

// hear is listen for some subjects.
func (b *Bus) hear(ctx context.Context, from jetstream.OrderedConsumerConfig, hear func(said)) error {
	c, err := b.talk.OrderedConsumer(ctx, from)
	if err != nil {
		return err
	}
	it, err := c.Messages(jetstream.PullMaxMessages(heardAtOnce))
	if err != nil {
		return err
	}
	// Either alone may not end it while it looks for a server that is away.
	stop := context.AfterFunc(ctx, it.Stop)
	defer stop()
	for {
		msg, err := it.Next(jetstream.NextContext(ctx))
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("listen to the parties: %w", err)
		}
		if m, ok := b.parse(msg.Subject(), msg.Data()); ok {
			hear(m)
		}
	}
}

// parse reads a message's subject; others may write on the stream, so what does not
// fit is passed over.
func (b *Bus) parse(subject string, data []byte) (said, bool) {
	rest, ok := strings.CutPrefix(subject, b.subject("talk", ""))
	parts := strings.Split(rest, ".")
	if !ok || len(parts) != 5 {
		return said{}, false
	}
	day, err1 := strconv.ParseUint(parts[0], 10, 16)
	slot, err2 := strconv.ParseUint(parts[1], 10, 16)
	party, err3 := strconv.ParseUint(parts[3], 10, 8)
	return said{uint16(day), uint16(slot), word(parts[2]), int(party), data}, err1 == nil && err2 == nil && err3 == nil
}
