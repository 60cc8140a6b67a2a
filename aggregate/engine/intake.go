package engine

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
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
	Wants func(day, slot uint16) bool                // of which slots it takes records; nil: of all
	Log   *slog.Logger

	group
}

// Open joins the group of workers.
func (i *Intake) Open(ctx context.Context) (err error) {
	i.group, err = join(ctx, i.Bus.records, i.Party, i.Log, i.take)
	return err
}

// take checks a batch, stores what is in order with one commit, and then tells the
// stream.
func (i *Intake) take(ctx context.Context, list []jetstream.Msg) error {
	return taken(list, i.Log, func(m jetstream.Msg) (store.Arrival, error) { return i.check(m.Subject(), m.Data()) },
		func(good []store.Arrival) error { return i.Store.Arrive(ctx, good) })
}

// What is about no slot of interest is refused before anything else: whoever can write
// on the stream can write a million records that are none.
var (
	errSubject  = errors.New("not under the subject of its slot")
	errUnwanted = errors.New("of a slot that is over for good or has not ended yet")
)

// check checks a record that came under a subject.
func (i *Intake) check(subject string, record []byte) (store.Arrival, error) {
	day, slot, ok := i.Bus.slotOf("record", subject)
	if !ok {
		return store.Arrival{}, errSubject
	}
	if i.Wants != nil && !i.Wants(day, slot) {
		return store.Arrival{}, errUnwanted
	}
	a, err := i.Check(record)
	if err == nil && (a.Day != day || a.Slot != slot) {
		err = errSubject
	}
	return a, err
}

// early is how much before a slot's end its records are taken, for clocks that differ.
const early = time.Hour

// ended says whether a slot is one of n a day whose records can be there.
func (m moment) ended(now time.Time, n int) bool {
	return int(m.slot) < n && (m.count(n)+1)*secondsPerDay/int64(n) <= now.Add(early).Unix()
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
