package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hushwatt/aggregate"
	"hushwatt/server/store"
)

// Store is what the engine keeps of one party; *store.Party implements it.
type Store interface {
	aggregate.Store
	Arrive(ctx context.Context, list []store.Arrival) error
	Arrivals(ctx context.Context, day, slot uint16) ([][]byte, error)
	Forget(ctx context.Context, before uint16) error
}

// An Intake takes a party's records from the stream, checks and stores them. Any
// number of workers, in any number of programs, share a party's records: each goes
// to one of them, and to another if that one does not say in time that it is stored.
type Intake struct {
	Bus   *Bus
	Party string // names the group of workers
	Store Store
	Check func(record []byte) (store.Arrival, error) // safe for many at once
	Log   *slog.Logger

	consumer jetstream.Consumer
}

const (
	batch     = 512
	batchWait = 100 * time.Millisecond
	redeliver = 5 * time.Second  // after a worker was lost
	catchUp   = 15 * time.Second // longest that a cut-off waits for what is on the stream
)

// Open joins the group of workers.
func (i *Intake) Open(ctx context.Context) (err error) {
	i.consumer, err = i.Bus.records.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: i.Party, AckPolicy: jetstream.AckExplicitPolicy, AckWait: redeliver, MaxAckPending: 16 * batch,
	})
	if err != nil {
		return fmt.Errorf("join the workers of %s: %w", i.Party, err)
	}
	return nil
}

// Run takes records until ctx ends.
func (i *Intake) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		msgs, err := i.consumer.Fetch(batch, jetstream.FetchMaxWait(batchWait))
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			i.Log.Warn("records do not come", "error", err)
			pause(ctx, time.Second)
			continue
		}
		var list []jetstream.Msg
		for m := range msgs.Messages() {
			list = append(list, m)
		}
		// What was fetched is stored, also if the program is to end.
		if err := i.take(context.WithoutCancel(ctx), list); err != nil {
			// Nothing was acknowledged: the records come again.
			i.Log.Error("records could not be stored", "error", err)
			pause(ctx, time.Second)
		}
	}
	return nil
}

// take checks a batch, stores what is in order with one commit, and then tells the
// stream. If we crash before that, the records come again and are stored already.
func (i *Intake) take(ctx context.Context, list []jetstream.Msg) error {
	arrivals, errs := make([]store.Arrival, len(list)), make([]error, len(list))
	each(len(list), func(k int) { arrivals[k], errs[k] = i.Check(list[k].Data()) })
	var good []store.Arrival
	for k := range list {
		if errs[k] == nil {
			good = append(good, arrivals[k])
		}
	}
	if len(good) > 0 {
		if err := i.Store.Arrive(ctx, good); err != nil {
			return err
		}
	}
	if refused := len(list) - len(good); refused > 0 { // one line a batch: a flood must not fill the log
		i.Log.Warn("records were refused", "how_many", refused, "error", firstOf(errs))
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

// Behind returns how many records wait on the stream or with a worker.
func (i *Intake) Behind(ctx context.Context) (int, error) {
	info, err := i.consumer.Info(ctx)
	if err != nil {
		return 0, err
	}
	return int(info.NumPending) + info.NumAckPending, nil
}

// settle waits until the records that are on the stream now are stored, those of a
// worker that was lost too.
func (i *Intake) settle(ctx context.Context) {
	for end := time.Now().Add(catchUp); ctx.Err() == nil && time.Now().Before(end); pause(ctx, 50*time.Millisecond) {
		if n, err := i.Behind(ctx); err == nil && n == 0 {
			return
		}
	}
}

// each calls f for 0 … n−1 on all processors.
func each(n int, f func(int)) {
	var wg sync.WaitGroup
	workers := min(n, runtime.GOMAXPROCS(0))
	for w := range workers {
		wg.Go(func() {
			for k := w; k < n; k += workers {
				f(k)
			}
		})
	}
	wg.Wait()
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
