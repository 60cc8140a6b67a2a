package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// goOn runs a party until ctx ends. Whatever stops it once it has begun, a stream that
// was emptied or a database that is away, is to it like a crash of its own: it begins
// again from its store and what is on the stream.
func goOn(ctx context.Context, b *Bus, log *slog.Logger, open, run func(context.Context) error) error {
	if err := open(ctx); err != nil {
		return unlessOver(ctx, err)
	}
	for {
		err := untilOneFails(ctx, run, b.stays)
		for err != nil && ctx.Err() == nil {
			log.Error("stopped, and begins again", "error", err)
			pause(ctx, time.Second)
			if err = b.open(ctx); err == nil {
				err = open(ctx)
			}
		}
		if ctx.Err() != nil {
			return nil
		}
	}
}

var errEmptied = errors.New("the message stream was emptied")

// stays returns an error when one of the streams is gone or is another than it was: who
// listens to it would wait for messages with higher numbers than it will have for days.
func (b *Bus) stays(ctx context.Context) error {
	before := map[jetstream.Stream]time.Time{}
	for ; ctx.Err() == nil; pause(ctx, 2*time.Second) {
		for _, s := range []jetstream.Stream{b.records, b.talk, b.answers} {
			if s == nil {
				continue
			}
			info, err := s.Info(ctx)
			switch {
			case errors.Is(err, jetstream.ErrStreamNotFound):
				return errEmptied
			case err != nil:
				continue // the server is away, or ctx has ended
			case before[s].IsZero():
				before[s] = info.Created
			case !info.Created.Equal(before[s]):
				return fmt.Errorf("%w: it is from %s", errEmptied, info.Created)
			}
		}
	}
	return nil
}
