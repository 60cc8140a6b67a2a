package engine

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hushwatt/meter"
)

// This file is a meter's side of the stream in a masking registry: it hears who is
// present and answers (docs/protocol.md, section 7.8).

// PresenceSubject is where a meter hears who is present, of all slots: on NATS as it
// is, on MQTT with / for the dots, + for * and # for >. Anybody may write there: what
// counts is signed by the aggregator (meter.ParsePresence).
func (b *Bus) PresenceSubject() string { return b.subject("talk", "*", "*", string(presence), ">") }

// AnswerSubject is where a meter publishes its answer, as it does a record.
func (b *Bus) AnswerSubject(day, slot uint16) string {
	return b.subject("answer", strconv.Itoa(int(day)), strconv.Itoa(int(slot)))
}

// heardFrom is how far back a meter listens: no further than a day that is in progress.
const heardFrom = 26 * time.Hour

// HearPresences calls hear for every presence that the aggregator of a registry has
// signed, those of the last day that the stream has kept first, until ctx ends. If the
// stream is emptied it listens to what comes then.
func (b *Bus) HearPresences(ctx context.Context, r *meter.Registry, hear func(*meter.Presence)) error {
	since := time.Now().Add(-heardFrom)
	for {
		err := untilOneFails(ctx, b.stays, func(ctx context.Context) error {
			return b.hear(ctx, jetstream.OrderedConsumerConfig{
				DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &since, FilterSubjects: []string{b.PresenceSubject()},
			}, func(s said) {
				p, err := meter.ParsePresence(s.data, r)
				if err == nil && p.Day == s.day && p.Slot == s.slot {
					hear(p)
				}
			})
		})
		for err != nil && ctx.Err() == nil {
			pause(ctx, time.Second)
			b.talk, err = b.js.Stream(ctx, "talk-"+b.name)
		}
		if ctx.Err() != nil {
			return nil
		}
	}
}

// PublishAnswer sends an answer, the same bytes again and again until the stream has
// stored them or ctx ends: without it the slot is lost.
func (b *Bus) PublishAnswer(ctx context.Context, p *meter.Presence, a *meter.Answer) error {
	data := a.Bytes()
	for {
		_, err := b.js.Publish(ctx, b.AnswerSubject(p.Day, p.Slot), data, jetstream.WithMsgID(meter.MessageID(data)))
		if err == nil {
			return nil
		}
		if pause(ctx, time.Second); ctx.Err() != nil {
			return fmt.Errorf("publish the answer: %w", err)
		}
	}
}
