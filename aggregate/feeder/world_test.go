package feeder

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"hushwatt/internal/testdata"
	"hushwatt/meter/source"
)

// The study makes feeders at random, with other choices than the scenes of
// feeder_test.go: 10 to 60 homes of both trials from any season, two to four
// clean weeks, noise of four sorts from 0.05 to 1 % of the load, a trouble of
// any size that begins in any slot. Every feeder is made from its number alone.

var homes struct {
	once sync.Once
	all  []Meter
}

// allHomes reads the readings of both trials once, whole weeks from Monday on.
func allHomes(t *testing.T) []Meter {
	t.Helper()
	homes.once.Do(func() {
		for _, trial := range []string{"lcl-london-2013", "sgsc-nsw-halfhour"} {
			files, err := filepath.Glob(filepath.Join(testdata.Shared(t, "data/"+trial+"/homes"), "*.csv.gz"))
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range files {
				homes.all = append(homes.all, wholeHome(t, name))
			}
		}
	})
	return homes.all
}

func wholeHome(t *testing.T, name string) Meter {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	file, err := source.Read(f, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &file.Series[0]
	const week, monday = 7 * secondsPerDay, 4 * secondsPerDay
	skip := int((week - (s.Start-monday)%week) % week / halfHour)
	m := Meter{Name: filepath.Base(name)}
	for t := skip; t < len(s.Wh); t++ {
		x := float64(s.Wh[t])
		if s.Status[t] == source.Missing {
			x = math.NaN()
		}
		m.Wh = append(m.Wh, x)
	}
	return m
}

// A world is one made-up feeder, before and after something went wrong.
type world struct {
	rng       *rand.Rand
	d         *Data
	truth     [][]float64 // what the homes draw
	until     int         // slots before it are clean
	from      int         // slot in which the trouble begins
	average   float64     // load of a slot
	sigma     float64     // of the average
	strangers []Meter     // homes of other feeders
}

// draw picks the homes of a feeder. The hard ones have 60 and noise of 1 %.
func draw(t *testing.T, seed uint64, hard bool) *world {
	t.Helper()
	all := allHomes(t)
	rng := rand.New(rand.NewPCG(seed, 2718))
	w := &world{rng: rng}
	n := 10 + rng.IntN(51)
	if hard {
		n = 60
	}
	fit, watch := 14+rng.IntN(15), 14+rng.IntN(22)
	slots := (fit + watch) * 48
	season := rng.IntN(40)
	var picked []Meter
	for _, i := range rng.Perm(len(all)) {
		at := season * 7 * 48
		if at+slots > len(all[i].Wh) {
			continue
		}
		m := Meter{all[i].Name, all[i].Wh[at : at+slots]}
		if missing(m) < slots/100 {
			picked = append(picked, m)
		}
	}
	n = min(n, len(picked)-3)
	w.d = &Data{Start: 1672617600, Step: halfHour} // 2023-01-02, a Monday
	for i, m := range picked[:n] {
		m := Meter{fmt.Sprintf("m%02d", i), slices.Clone(m.Wh)}
		w.d.Meters = append(w.d.Meters, m)
		w.truth = append(w.truth, slices.Clone(m.Wh))
		for t, x := range w.truth[i] {
			if math.IsNaN(x) {
				w.truth[i][t] = w.truth[i][max(t-48, 0)]
				if t < 48 || math.IsNaN(w.truth[i][t]) {
					w.truth[i][t] = 150
				}
			}
		}
	}
	w.strangers = picked[n:]
	w.until = fit * 48
	w.from = w.until + 48 + rng.IntN(6*48)
	if w.sigma = 0.0005 * math.Pow(20, rng.Float64()); hard {
		w.sigma = 0.01
	}
	return w
}

// deliver works out the feeder's meter from what the homes draw.
func (w *world) deliver(extra []float64) {
	rng, n := w.rng, len(w.truth[0])
	total := make([]float64, n)
	for _, wh := range w.truth {
		for t, x := range wh {
			total[t] += x
		}
	}
	w.average = mean(total)
	for t := range extra {
		total[t] += extra[t]
	}
	constant := w.average * (0.001 + 0.009*rng.Float64())
	square := 0.005 + 0.045*rng.Float64()
	sort, memory, kept := rng.IntN(4), 0.5+0.4*rng.Float64(), 0.0
	w.d.Feeder = make([]float64, n)
	for t, e := range total {
		z := rng.NormFloat64()
		switch sort {
		case 1: // a share of the load
			z *= e / w.average
		case 2: // stays for hours
			kept = memory*kept + math.Sqrt(1-memory*memory)*z
			z = kept
		case 3: // now and then much larger
			if rng.IntN(50) == 0 {
				z *= 4
			}
		}
		w.d.Feeder[t] = math.Round(e + constant + square*e*e/w.average + w.sigma*w.average*z)
	}
}

// lamp makes some meters constant, and returns the first of them.
func (w *world) lamp() int {
	for i := range 3 {
		for t := range w.truth[i] {
			w.truth[i][t], w.d.Meters[i].Wh[t] = 200+100*float64(i), 200+100*float64(i)
		}
	}
	return 0
}

// coarse lets the feeder's meter tell whole steps of its register only.
func (w *world) coarse(wh float64) {
	register, told := 0.0, 0.0
	for t, x := range w.d.Feeder {
		register += x
		now := math.Floor(register/wh) * wh
		w.d.Feeder[t], told = now-told, now
	}
}

func (w *world) next(m int) int { return (m + 1) % len(w.d.Meters) }

func parse(s string) int64 {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return at.Unix()
}
