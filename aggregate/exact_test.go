package aggregate

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"hushwatt/internal/testdata"
	"hushwatt/meter"
	"hushwatt/meter/source"
)

// everySlot asks for all slots of the real files instead of a sample: `make exact`.
var everySlot = os.Getenv("HUSHWATT_EVERY_SLOT") != ""

// london reads the 60 London homes, half-hours of 2013.
func london(t *testing.T) []Home {
	paths, err := filepath.Glob(filepath.Join(testdata.Shared(t, "data/lcl-london-2013/homes"), "*.csv.gz"))
	if err != nil || len(paths) != 60 {
		t.Fatalf("%d files: %v", len(paths), err)
	}
	var homes []Home
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := source.Read(bytes.NewReader(data), source.Options{Format: source.LCL})
		if err != nil {
			t.Fatal(err)
		}
		s := &f.Series[0]
		homes = append(homes, Home{Name: s.Point, Start: s.Start, Wh: s.Wh, Status: s.Status})
	}
	return homes
}

// swiss reads the 336 Swiss homes, quarter-hours of seven weeks from 2018-10-29, local
// time being UTC+1. The negative readings of one home are missing.
func swiss(t *testing.T) []Home {
	start := time.Date(2018, 10, 28, 23, 0, 0, 0, time.UTC).Unix()
	place := map[string]int{}
	var homes []Home
	for week := 44; week <= 50; week++ {
		first := start + int64(week-44)*7*secondsPerDay
		for _, row := range swissWeek(t, week) {
			h := Home{Name: row[0], Start: first}
			for _, cell := range row[1:] {
				wh, status := swissWh(t, cell)
				h.Wh, h.Status = append(h.Wh, wh), append(h.Status, status)
			}
			i, known := place[h.Name]
			if !known {
				place[h.Name] = len(homes)
				homes = append(homes, h)
			} else if err := homes[i].Join(&h, 900); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(homes) != 336 {
		t.Fatalf("%d homes", len(homes))
	}
	return homes
}

func swissWeek(t *testing.T, week int) [][]string {
	f, err := os.Open(testdata.Shared(t, fmt.Sprintf("data/swiss-bamberg-15min-2018/elcons_15min_w%d.csv.gz", week)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if cells := strings.Split(lines.Text(), ","); cells[0] != "VID" {
			rows = append(rows, cells)
		}
	}
	if lines.Err() != nil || len(rows[0]) != 673 {
		t.Fatalf("week %d: %d columns, %v", week, len(rows[0]), lines.Err())
	}
	return rows
}

// swissWh reads kWh with at most three decimals.
func swissWh(t *testing.T, cell string) (uint32, meter.Status) {
	whole, decimals, _ := strings.Cut(cell, ".")
	if len(decimals) > 3 {
		t.Fatalf("%q has more than three decimals", cell)
	}
	wh, err := strconv.Atoi(whole + (decimals + "000")[:3])
	if err != nil {
		t.Fatal(err)
	}
	if wh < 0 || strings.HasPrefix(cell, "-") {
		return 0, meter.Missing
	}
	return uint32(wh), meter.Measured
}

// TestExact: what is released of real homes is plain arithmetic, in both modes, with
// all who have a reading present and with random presence.
func TestExact(t *testing.T) {
	at := func(year int, month time.Month, day, hour int) int64 {
		return time.Date(year, month, day, hour, 0, 0, 0, time.UTC).Unix()
	}
	for _, c := range []struct {
		name       string
		homes      func(*testing.T) []Home
		n          int
		start, end int64 // all
		sample     int64 // where the sample starts
		slots      int64 // of the sample
	}{
		{"London", london, 48, at(2013, 1, 1, 0), at(2014, 1, 1, 0), at(2013, 10, 26, 18), 24},
		{"Switzerland", swiss, 96, at(2018, 10, 28, 23), at(2018, 12, 16, 23), at(2018, 11, 7, 23), 4},
	} {
		homes := c.homes(t)
		for _, mode := range []struct {
			authorities int
			drop, late  int
		}{{2, 0, 0}, {3, 150_000, 20_000}, {0, 0, 0}, {0, 150_000, 20_000}} {
			if !everySlot && mode.drop == 0 && (mode.authorities == 0 || c.n == 96) {
				continue // the sample: all present once, each mode with random presence
			}
			start, end := c.sample, c.sample+c.slots*secondsPerDay/int64(c.n)
			if everySlot {
				start, end = c.start, c.end
			}
			t.Run(fmt.Sprintf("%s/%d authorities/%d ppm", c.name, mode.authorities, mode.drop), func(t *testing.T) {
				s := Simulation{Homes: homes, N: c.n, Start: start, End: end, Authorities: mode.authorities,
					MinSum: 10, MinVariance: 20, DropPPM: mode.drop, LatePPM: mode.late, Seed: 3}
				checkExact(t, &s)
			})
		}
	}
}

func checkExact(t *testing.T, s *Simulation) {
	byName := map[string]*Home{}
	for i := range s.Homes {
		byName[s.Homes[i].Name] = &s.Homes[i]
	}
	slots, meters := 0, 0
	err := s.Run(func(o SimulatedSlot) error {
		day, slot := uint16(o.Start/secondsPerDay), int(o.Start%secondsPerDay*int64(s.N)/secondsPerDay)
		var readings []int64
		have := 0
		for i := range s.Homes {
			r, ok := s.Homes[i].at(day, slot, s.N)
			if ok {
				have++
			}
			if ok && o.File != nil && counts(o.File, s.Homes[i].Name) {
				readings = append(readings, int64(r.Wh))
			}
		}
		if o.File == nil {
			if have >= s.MinSum && s.DropPPM == 0 {
				t.Errorf("slot %d: %d meters and no release", o.Start, have)
			}
			return nil
		}
		r := &o.File.Releases[0]
		if s.DropPPM == 0 && len(readings) != have || len(readings) != o.File.Presence.Meters.Count() {
			t.Errorf("slot %d: %d meters are counted, %d have readings", o.Start, len(readings), have)
		}
		checkStatistics(t, r, readings, s.MinVariance)
		slots, meters = slots+1, meters+len(readings)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if slots == 0 {
		t.Error("nothing was released")
	}
	t.Logf("%d slots, %d readings, no difference", slots, meters)
}

func counts(f *SlotFile, name string) bool {
	for place := range f.Registry.Meters {
		if f.Registry.Meters[place].Certificate.Meter == name {
			return f.Presence.Meters.Has(place)
		}
	}
	return false
}

// checkStatistics compares a release with sums, mean and the mean of squared
// deviations, in fractions.
func checkStatistics(t testing.TB, r *Release, readings []int64, minVariance int) {
	t.Helper()
	n := big.NewRat(int64(len(readings)), 1)
	sum := new(big.Rat)
	for _, c := range readings {
		sum.Add(sum, big.NewRat(c, 1))
	}
	if sum.Cmp(new(big.Rat).SetInt(new(big.Int).SetUint64(r.Sum))) != 0 || int(r.Meters) != len(readings) {
		t.Errorf("sum %d of %d meters, should be %s of %d", r.Sum, r.Meters, sum.RatString(), len(readings))
	}
	mean := new(big.Rat).Quo(sum, n)
	isRounded(t, r.Mean(), mean)
	text, ok := r.Variance()
	if ok != (len(readings) >= minVariance) {
		t.Errorf("variance of %d meters is released: %v", len(readings), ok)
	}
	if !ok {
		return
	}
	deviations := new(big.Rat)
	for _, c := range readings {
		d := new(big.Rat).Sub(big.NewRat(c, 1), mean)
		deviations.Add(deviations, d.Mul(d, d))
	}
	isRounded(t, text, deviations.Quo(deviations, n))
}

// isRounded checks that text is exact rounded to six decimals, halves to even.
func isRounded(t testing.TB, text string, exact *big.Rat) {
	t.Helper()
	got, ok := new(big.Rat).SetString(text)
	if _, decimals, _ := strings.Cut(text, "."); !ok || len(decimals) != 6 {
		t.Fatalf("%q is not a number of six decimals", text)
	}
	off := new(big.Rat).Sub(got, exact)
	switch off.Abs(off).Cmp(big.NewRat(1, 2_000_000)) {
	case 1:
		t.Errorf("%s instead of %s", text, exact.FloatString(9))
	case 0:
		if (text[len(text)-1]-'0')%2 != 0 {
			t.Errorf("%s is a half rounded to an odd digit", text)
		}
	}
}

func TestDecimal(t *testing.T) {
	for _, c := range []struct {
		a, b int64
		want string
	}{
		{0, 7, "0.000000"}, {1, 3, "0.333333"}, {2, 3, "0.666667"}, {1, 2_000_000, "0.000000"}, {3, 2_000_000, "0.000002"},
		{5, 2_000_000, "0.000002"}, {1_999_999, 2_000_000, "1.000000"}, {123456789, 1000, "123456.789000"},
	} {
		if got := decimal(big.NewInt(c.a), big.NewInt(c.b)); got != c.want {
			t.Errorf("%d/%d is %s, should be %s", c.a, c.b, got, c.want)
		}
	}
}
