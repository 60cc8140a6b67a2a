package engine

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hushwatt/server/store"
)

// BenchmarkIntake is what an authority's worker does in all: a batch of records taken
// from the embedded stream, checked, stored in a new SQLite database and acknowledged.
// Stream and worker share the processors; meters' publishing is not in it.
func BenchmarkIntake(b *testing.B) {
	g := newGrid(b)
	bus := g.bus()
	sent := 0
	for slot := 0; sent < batch; slot++ {
		count := min(homes, batch-sent)
		g.measure(bus, slot, func(place int) bool { return place < count })
		sent += count
	}
	a := g.authority(1)
	ctx := context.Background()
	spent := time.Duration(0)
	for i := 0; b.Loop(); i++ {
		st := must(store.Open(b.TempDir() + "/records.db"))
		intake := &Intake{Bus: bus, Party: fmt.Sprint("bench-", i), Store: st.Party("bench"), Check: a.check, Log: quiet}
		if err := intake.Open(ctx); err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		var list []jetstream.Msg
		for len(list) < batch {
			msgs := must(intake.consumer.Fetch(batch-len(list), jetstream.FetchMaxWait(time.Second)))
			for m := range msgs.Messages() {
				list = append(list, m)
			}
		}
		if err := intake.take(ctx, list); err != nil {
			b.Fatal(err)
		}
		spent += time.Since(start)
		for slot := range uint16(batch / homes) {
			if stored := must(intake.Store.Arrivals(ctx, firstDay, slot)); len(stored) != homes {
				b.Fatalf("slot %d: %d records were stored", slot, len(stored))
			}
		}
		st.Close()
	}
	b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N*batch), "ns/record")
}
