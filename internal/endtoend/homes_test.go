package endtoend

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hushwatt/internal/testdata"
	"hushwatt/meter/source"
)

// home is one London home, read twice: by the package under test, and by the
// oracle's own reader.
type home struct {
	name        string
	series      *source.Series
	oracle      map[int64]int64 // Wh by start
	first, last int64           // starts of the first and last row
}

// londonHomes reads all sixty, in both ways, and checks that they agree.
func londonHomes(t *testing.T) []*home {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(testdata.Shared(t, "data/lcl-london-2013/homes"), "*.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) != 60 {
		t.Fatalf("%d London homes, want 60", len(paths))
	}
	homes := make([]*home, len(paths))
	inParallel(len(paths), func(i int) { homes[i] = readHome(t, paths[i]) })
	for _, h := range homes {
		if h == nil {
			t.FailNow()
		}
	}
	return homes
}

func readHome(t *testing.T, path string) *home {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
		return nil
	}
	f, err := source.Read(bytes.NewReader(data), source.Options{})
	if err != nil {
		t.Error(err)
		return nil
	}
	h := &home{name: strings.TrimSuffix(filepath.Base(path), ".csv.gz"), series: &f.Series[0], oracle: map[int64]int64{}}
	if !h.readSlowly(t, data) {
		return nil
	}
	for i, wh := range h.series.Wh {
		if want, there := h.oracle[h.series.At(i)]; int64(wh) != want || there != (h.series.Status[i] == source.Measured) {
			t.Errorf("%s, slot %d: read %d Wh, want %d", h.name, i, wh, want)
			return nil
		}
	}
	return h
}

// readSlowly applies the carry rule with rationals.
func (h *home) readSlowly(t *testing.T, data []byte) bool {
	gz, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Error(err)
		return false
	}
	lines := bufio.NewScanner(gz)
	lines.Scan() // header
	total, before := new(big.Rat), new(big.Int)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), ",")
		at, err := time.Parse(time.DateTime, fields[1])
		kwh, ok := new(big.Rat).SetString(strings.TrimSpace(fields[2]))
		if err != nil || !ok || at.Unix() <= h.last {
			t.Errorf("%s: %q", h.name, lines.Text())
			return false
		}
		total.Add(total, kwh.Mul(kwh, big.NewRat(1000, 1)))
		now := floor(new(big.Rat).Add(total, big.NewRat(1, 2)))
		h.oracle[at.Unix()] = new(big.Int).Sub(now, before).Int64()
		before, h.last = now, at.Unix()
		if h.first == 0 {
			h.first = at.Unix()
		}
	}
	return lines.Err() == nil
}

// covers reports whether the whole UTC days of the file hold a period.
func (h *home) covers(from, to int64) bool {
	const day = 86400
	return h.first/day*day <= from && to <= (h.last/day+1)*day
}

// read is the oracle's reading of a slot.
func (h *home) read(at int64) (wh int64, there bool) {
	wh, there = h.oracle[at]
	return wh, there
}
