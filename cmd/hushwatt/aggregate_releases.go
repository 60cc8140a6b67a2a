package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"hushwatt/aggregate"
	"hushwatt/aggregate/engine"
	"hushwatt/meter"
	"hushwatt/server/store"
)

var aggregateReleasesCommand = command{
	name:    "aggregate releases",
	does:    "write the release files of a day out of the collector's database",
	example: "hushwatt aggregate releases --registry street.registry --database sums.db --day 2026-03-02 --out releases",
	note: "Every file holds all that is public about a slot, and is enough for hushwatt aggregate verify. A slot in which\n" +
		"too few meters were present has a file without sums; a slot that is lost has none.",
	flags: func(f *flags) action {
		var o collected
		o.registry = f.need("registry", "FILE", "the registry, signed by its parties")
		o.database = f.need("database", "PLACE", "the database of hushwatt aggregate serve: a file, or postgres://…")
		o.day = flag(f, &option{name: "day", value: "DATE", help: "the day, UTC", required: true}, asDayNumber)
		o.out = f.need("out", "DIR", "where to write the files; made if it is not there")
		o.wait = f.toggle("wait", "until every slot of the day is released or lost")
		return func(*console) (answer, error) {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return o.run(ctx)
		}
	},
}

// collected is one use of `aggregate releases`.
type collected struct {
	registry, database, out *string
	day                     *uint16
	wait                    *bool
}

type collectedAnswer struct {
	Day     string   `json:"day"`
	Written int      `json:"written"`
	Open    []string `json:"open"` // starts of slots that are not decided yet
	Lost    []string `json:"lost"`
}

func (a collectedAnswer) text(w io.Writer) {
	fmt.Fprintf(w, "%s: %d slots written, %d not decided yet, %d lost\n", a.Day, a.Written, len(a.Open), len(a.Lost))
}

func (o *collected) run(ctx context.Context) (answer, error) {
	r, err := readRegistry(*o.registry)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(*o.database); err != nil && !store.IsPostgres(*o.database) {
		return nil, misusef("%s: there is no such file", *o.database)
	}
	st, err := store.Open(*o.database)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	written := map[int]bool{}
	for {
		a, err := o.look(ctx, r, st.Party("collector "+registryName(r)), written)
		if err != nil {
			return nil, err
		}
		if !*o.wait || len(a.Open) == 0 {
			return a, nil
		}
		select {
		case <-ctx.Done():
			return a, errors.New("stopped before all slots were decided")
		case <-time.After(time.Second):
		}
	}
}

// look writes what is there and not written yet.
func (o *collected) look(ctx context.Context, r *meter.Registry, p *store.Party, written map[int]bool) (*collectedAnswer, error) {
	lost, err := engine.LostSlots(ctx, p, *o.day)
	if err != nil {
		return nil, err
	}
	a := &collectedAnswer{Day: meter.DayText(*o.day), Open: []string{}, Lost: []string{}}
	for slot := range int(r.Charter.N) {
		start := instant(int64(*o.day)*86400 + int64(slot)*86400/int64(r.Charter.N))
		if lost[uint16(slot)] {
			a.Lost = append(a.Lost, start)
			continue
		}
		if !written[slot] {
			data, err := p.File(ctx, *o.day, uint16(slot))
			if errors.Is(err, store.ErrNotFound) {
				a.Open = append(a.Open, start)
				continue
			}
			if err != nil {
				return nil, err
			}
			f, err := aggregate.ParseSlotFile(data)
			if err != nil {
				return nil, err
			}
			if err := releaseFolder(*o.out).keep(f); err != nil {
				return nil, err
			}
			written[slot] = true
		}
		a.Written++
	}
	return a, nil
}
