package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A group takes messages from a stream, together with others of its name.
type group struct {
	stream   jetstream.Stream
	consumer jetstream.Consumer
	log      *slog.Logger
	take     func(context.Context, []jetstream.Msg) error // stores a batch and acknowledges it
}

const (
	batch     = 512
	batchWait = 100 * time.Millisecond
)

// redeliver is how long after a worker was lost its messages go to another; tests are
// less patient.
var redeliver = 5 * time.Second

// join joins a group, or founds it.
func join(ctx context.Context, stream jetstream.Stream, name string, log *slog.Logger, take func(context.Context, []jetstream.Msg) error) (group, error) {
	c, err := stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: name, AckPolicy: jetstream.AckExplicitPolicy, AckWait: redeliver, MaxAckPending: 16 * batch,
	})
	if err != nil {
		return group{}, fmt.Errorf("join the workers of %s: %w", name, err)
	}
	return group{stream, c, log, take}, nil
}

// Run takes messages until ctx ends.
func (g *group) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		msgs, err := g.consumer.Fetch(batch, jetstream.FetchMaxWait(batchWait))
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			g.log.Warn("messages do not come", "error", err)
			pause(ctx, time.Second)
			continue
		}
		var list []jetstream.Msg
		for m := range msgs.Messages() {
			list = append(list, m)
		}
		if err := msgs.Error(); err != nil && ctx.Err() == nil {
			g.log.Warn("messages do not come", "error", err)
			pause(ctx, time.Second)
		}
		// What was fetched is stored, also if the program is to end.
		if err := g.take(context.WithoutCancel(ctx), list); err != nil {
			// Nothing was acknowledged: the messages come again.
			g.log.Error("messages could not be stored", "error", err)
			pause(ctx, time.Second)
		}
	}
	return nil
}

// settle waits until the messages that are on the stream now are stored, those of a
// worker that was lost too, but no longer than it may. It does not wait for what comes
// meanwhile. It returns whether they are stored.
func (g *group) settle(ctx context.Context, longest time.Duration) bool {
	var now mark
	for end := time.Now().Add(longest); ctx.Err() == nil && time.Now().Before(end); pause(ctx, 50*time.Millisecond) {
		if done, err := g.passed(ctx, &now); err == nil && done {
			return true
		}
	}
	return false
}

// A mark is the end of a stream at some time.
type mark struct {
	set  bool
	last uint64 // number of the last message, 0 if there is none
}

// passed says whether the group is done with all up to a mark, which is set if it is not
// yet. How many messages wait for the group the server learns a little after it has
// stored them: 0 says nothing.
func (g *group) passed(ctx context.Context, m *mark) (bool, error) {
	if !m.set {
		stream, err := g.stream.Info(ctx)
		if err != nil {
			return false, err
		}
		m.set = true
		if stream.State.Msgs > 0 {
			m.last = stream.State.LastSeq
		}
	}
	own, err := g.consumer.Info(ctx)
	return err == nil && own.AckFloor.Stream >= m.last, err
}

// taken checks a batch, stores what is in order at once, and then tells the stream. If
// we crash before that, the messages come again and are stored already.
func taken[T any](list []jetstream.Msg, log *slog.Logger, check func(jetstream.Msg) (T, error), keep func([]T) error) error {
	found, errs := make([]T, len(list)), make([]error, len(list))
	each(len(list), func(k int) { found[k], errs[k] = check(list[k]) })
	var good []T
	for k := range list {
		if errs[k] == nil {
			good = append(good, found[k])
		}
	}
	if len(good) > 0 {
		if err := keep(good); err != nil {
			return err
		}
	}
	if refused := len(list) - len(good); refused > 0 { // one line a batch: a flood must not fill the log
		log.Warn("messages were refused", "how_many", refused, "error", firstOf(errs))
	}
	for k, m := range list {
		if errs[k] != nil {
			errs[k] = m.Term()
		} else {
			errs[k] = m.Ack()
		}
	}
	return errors.Join(errs...)
}

// firstOf returns the first error of a list that has one.
func firstOf(errs []error) error {
	return errs[slices.IndexFunc(errs, func(err error) bool { return err != nil })]
}
