package main

import (
	"context"
	"fmt"
	"hushwatt/aggregate/engine"
	"hushwatt/meter"
	"sync"
	"time"
)

// measuring is a meter at work.
type measuring struct {
	meter         *meter.Meter
	clock         engine.Clock
	to            []sending
	patience      time.Duration // with the stream
	sent, missing int
}

// sending is where the records of a channel go.
type sending struct {
	registry *meter.Registry
	channel  int
	bus      *engine.Bus
}

// run measures a day and seals it. Slots that an earlier run measured are sent again, as
// they were: whether it came to that is not known.
func (o *measuring) run(ctx context.Context, r *meter.Recipient, d *meter.Day) error {
	live, err := o.meter.Live(r, d.Day)
	if err != nil {
		return err
	}
	day := &measured{measuring: o, live: live, day: d.Day, decided: map[decision]bool{}}
	parts := []func(context.Context) error{func(ctx context.Context) error { return day.measure(ctx, d) }}
	for _, to := range o.to {
		if to.registry.Charter.Masking() {
			day.open += len(d.Channels[0].Wh)
			parts = append(parts, func(ctx context.Context) error { return day.answer(ctx, to) })
		}
	}
	if err := together(ctx, parts...); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return day.stopped()
	}
	_, err = live.Seal()
	return err
}

// measured is a day in progress.
type measured struct {
	*measuring
	mu      sync.Mutex // live is asked from two sides in a registry of masks
	live    *meter.Live
	day     uint16
	open    int // slots to be answered for
	decided map[decision]bool
}

// decision is a slot of a channel of which there is nothing more to say.
type decision struct {
	channel int
	slot    uint16
}

func (d *measured) stopped() error {
	return fmt.Errorf("stopped before %s was sealed: started again, it goes on", meter.DayText(d.day))
}

// measure lets slot after slot end.
func (d *measured) measure(ctx context.Context, day *meter.Day) error {
	n := len(day.Channels[0].Wh)
	for slot := range n {
		if slot >= d.live.Next() {
			d.clock.Until(ctx, time.Unix(int64(d.day)*86400+int64(slot+1)*86400/int64(n), 0))
			if ctx.Err() != nil {
				return d.stopped()
			}
		}
		if err := d.end(ctx, slot, readingsAt(day, slot)); err != nil {
			return fmt.Errorf("%s, slot %d: %w; started again, the meter goes on from here", meter.DayText(d.day), slot, err)
		}
	}
	d.awaitAnswers(ctx)
	return nil
}

// end ends a slot: the reading is stored, then its records go out.
func (d *measured) end(ctx context.Context, slot int, readings []meter.Reading) error {
	d.mu.Lock()
	var err error
	if slot >= d.live.Next() {
		_, err = d.live.Slot(slot, readings)
	}
	d.mu.Unlock()
	if err != nil {
		return err
	}
	for _, to := range d.to {
		d.mu.Lock()
		record, err := d.live.Record(slot, to.channel)
		d.mu.Unlock()
		if err != nil {
			return err
		}
		if record == nil {
			d.missing++
			d.decide(to, uint16(slot))
			continue
		}
		if err := d.patiently(ctx, func() error { return to.bus.Publish(ctx, record) }); err != nil {
			return err
		}
		d.sent++
	}
	return nil
}

// answer answers whenever it is heard who is present. A meter that must not answer says
// nothing: not to two presences of a slot, nor if too few are there.
func (d *measured) answer(ctx context.Context, to sending) error {
	return to.bus.HearPresences(ctx, to.registry, func(p *meter.Presence) {
		if p.Day != d.day {
			return
		}
		d.mu.Lock()
		a, err := d.live.Answer(p, to.channel)
		d.mu.Unlock()
		if err == nil && to.bus.PublishAnswer(ctx, p, a) != nil {
			return // stopped; started again it hears the presence again
		}
		d.decide(to, p.Slot)
	})
}

// decide notes that there is nothing more to say of a slot.
func (d *measured) decide(to sending, slot uint16) {
	if !to.registry.Charter.Masking() {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.decided[decision{to.channel, slot}] = true
}

// awaitAnswers waits until every slot was answered for that can be, and no longer than
// until the next day's first slot has ended.
func (d *measured) awaitAnswers(ctx context.Context) {
	n := int64(d.to[0].registry.Charter.N)
	last := time.Unix(int64(d.day+1)*86400+86400/n, 0)
	for ctx.Err() == nil && d.clock.Now().Before(last) {
		d.mu.Lock()
		done := len(d.decided) >= d.open
		d.mu.Unlock()
		if done {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// readingsAt returns what all channels measured in a slot.
func readingsAt(d *meter.Day, slot int) []meter.Reading {
	var list []meter.Reading
	for _, ch := range d.Channels {
		list = append(list, meter.Reading{Wh: ch.Wh[slot], Status: ch.Status[slot]})
	}
	return list
}
