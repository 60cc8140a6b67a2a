package engine

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"hushwatt/aggregate/feeder"
)

// A FeederFile is a feeder's own readings: a CSV file with the columns start and
// wh, read again whenever it changes.
type FeederFile struct {
	Path string
	Fit  int // days at its beginning that are known to be clean

	mu    sync.Mutex
	read  time.Time // the file's time when it was read
	table *feeder.Table

	until time.Time // the last slot's end that was looked at
	last  *watched
	said  []string
}

// watched is a feeder compared with the sums below it.
type watched struct {
	start, step int64
	data        *feeder.Data
	loss        feeder.Loss
	words       string
}

// expected returns what the feeder should deliver, and did, in the slot of an instant.
func (w *watched) expected(at, sum int64) (low, high, delivered int64) {
	low, high = w.loss.Band(sum)
	return low, high, w.data.Delivered(int((at - w.start) / w.step))
}

// load reads the file if it is newer than what is known.
func (f *FeederFile) load() error {
	info, err := os.Stat(f.Path)
	if err != nil {
		return err
	}
	if f.table != nil && info.ModTime().Equal(f.read) {
		return nil
	}
	data, err := os.ReadFile(f.Path)
	if err != nil {
		return err
	}
	t, err := feeder.ReadTable(filepath.Base(f.Path), bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(f.Path), err)
	}
	f.table, f.read, f.last = t, info.ModTime(), nil
	return nil
}

// watch compares a set's sums with its feeder, if it has one, and returns alarms as
// sentences.
func (p *Page) watch(ctx context.Context, set string) (*watched, []string, error) {
	f := p.Feeders[set]
	if f == nil {
		return nil, nil, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.load(); err != nil {
		return nil, nil, err
	}
	n := int(p.Registry.Charter.N)
	list, err := p.Store.Releases(ctx, set, 0, 1<<16-1)
	if err != nil || len(list) == 0 {
		return nil, nil, err
	}
	first := moment{list[0].Day, list[0].Slot}
	newest := moment{list[len(list)-1].Day, list[len(list)-1].Slot}
	if have := newest.count(n) - first.count(n); have < int64((f.Fit+1)*n) {
		return nil, nil, nil // the losses are still being learnt
	}
	if end := newest.start(n); f.last == nil || !end.Equal(f.until) {
		sums := make([]int64, newest.count(n)-first.count(n)+1)
		for i := range sums {
			sums[i] = -1
		}
		for i := range list {
			sums[moment{list[i].Day, list[i].Slot}.count(n)-first.count(n)] = int64(list[i].Sum)
		}
		if err := f.compare(set, first.start(n).Unix(), secondsPerDay/int64(n), sums); err != nil {
			return nil, nil, err
		}
		f.until = end
	}
	return f.last, f.said, nil
}

func (f *FeederFile) compare(set string, start, step int64, sums []int64) error {
	d, err := feeder.OfSums(f.table, start, step, sums)
	if err != nil {
		return err
	}
	r, err := feeder.Analyse(d, feeder.Options{FitUntil: start + int64(f.Fit)*secondsPerDay})
	if err != nil {
		return err
	}
	f.last = &watched{start: start, step: step, data: d, loss: r.Loss, words: r.Loss.Words()}
	f.said = nil
	for _, a := range r.Alarms {
		f.said = append(f.said, fmt.Sprintf("Set %s: %s", set, a.Sentence(d.DeliveredSince(a.From))))
	}
	return nil
}
