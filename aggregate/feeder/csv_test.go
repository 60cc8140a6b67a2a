package feeder

import (
	"math"
	"strings"
	"testing"
	"time"
)

func table(t *testing.T, name, text string) *Table {
	t.Helper()
	tab, err := ReadTable(name, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func TestJoin(t *testing.T) {
	top := table(t, "feeder", "start,wh\n2026-01-01T00:00:00Z,100\n2026-01-01T00:30:00Z,110\n2026-01-01T01:30:00Z,130\n")
	homes := table(t, "homes", "\ufeffstart,a,b\n2026-01-01T01:30:00+01:00,7,\n2026-01-01T02:00:00+01:00,8,9\n")
	alone := table(t, "c", "start,wh\n2026-01-01T00:00:00Z,1\n2026-01-01T00:30:00Z,2.5\n")
	d, err := Join(top, []*Table{homes, alone}, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	want := []Meter{{"", []float64{100, 110, nan, 130}}, {"a", []float64{nan, 7, 8, nan}}, {"b", []float64{nan, nan, 9, nan}}, {"c", []float64{1, 2.5, nan, nan}}}
	for i, m := range append([]Meter{{"", d.Feeder}}, d.Meters...) {
		if m.Name != want[i].Name || len(m.Wh) != len(want[i].Wh) {
			t.Fatalf("%d: %v, want %v", i, m, want[i])
		}
		for k, x := range m.Wh {
			if x != want[i].Wh[k] && !(math.IsNaN(x) && math.IsNaN(want[i].Wh[k])) {
				t.Errorf("%d: %v, want %v", i, m, want[i])
			}
		}
	}
	if d, err := Join(top, []*Table{alone}, d.Start+1800, d.Start+3600); err != nil || d.Meters[0].Name != "" || len(d.Feeder) != 1 || d.Feeder[0] != 110 {
		t.Errorf("the sum of all in one slot: %v, %v", d, err)
	}
}

// Clocks that change, a start between two slots, an end within one, and slots
// that do not begin on the hour.
func TestJoinAtTheEdges(t *testing.T) {
	top := table(t, "feeder", "start,wh\n2025-10-26T01:15:00+01:00,1\n2025-10-26T01:45:00+01:00,2\n2025-10-26T01:15:00Z,3\n2025-10-26T01:45:00Z,4\n")
	for _, c := range []struct {
		start, end  string
		first, last float64
	}{
		{"", "", 1, 4},
		{"2025-10-26T00:16:00Z", "", 2, 4},
		{"2025-10-26T00:45:00Z", "2025-10-26T01:45:00Z", 2, 3},
		{"2025-10-25T00:00:00Z", "2025-10-26T01:46:00Z", 1, 4},
	} {
		d, err := Join(top, []*Table{top}, unix(t, c.start), unix(t, c.end))
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Feeder; got[0] != c.first || got[len(got)-1] != c.last || len(got) != int(c.last-c.first)+1 || d.East != 3600 {
			t.Errorf("%s to %s: %v, %d seconds east", c.start, c.end, got, d.East)
		}
	}
	if _, err := Join(top, []*Table{top}, unix(t, "2025-10-26T02:00:00Z"), 0); err == nil {
		t.Error("nothing is left, and nothing said")
	}
}

func unix(t *testing.T, text string) int64 {
	t.Helper()
	if text == "" {
		return 0
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.Unix()
}

func TestTablesThatAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "empty",
		"time,wh\n":                            "line 1: expected columns start and wh",
		"start\n":                              "line 1: expected columns start and wh",
		"start,a,a\n":                          "there twice",
		"start,wh\n2026-01-01,1\n":             "line 2: expected an instant",
		"start,wh\n2026-01-01T00:00:00Z,x":     `line 2: column wh: expected Wh, found "x"`,
		"start,wh\n2026-01-01T00:00:00Z,NaN":   "expected Wh",
		"start,wh\n2026-01-01T00:00:00Z,1e300": "expected Wh",
		"start,wh\n2026-01-01T00:00:00Z,1\n2026-01-01T00:00:00Z,1\n": "line 3: 2026-01-01T00:00:00Z is not after",
		"start,wh\n2026-01-01T00:00:00Z,1,2\n":                       "wrong number of fields",
		"start,wh\n2026-01-01T00:00:00Z,1\n":                         "fewer than two rows",
	} {
		if _, err := ReadTable("t", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestOptionsThatAreRefused(t *testing.T) {
	d := &Data{Step: 1800, Feeder: make([]float64, 48*8), Meters: []Meter{{"a", make([]float64, 48*8)}}}
	for name, o := range map[string]Options{
		"the losses need 7 days": {FitUntil: 6 * secondsPerDay},
		"used nothing":           {FitUntil: 7 * secondsPerDay},
		"is not between 0 and 1": {FalseAlarm: 1},
	} {
		if _, err := Analyse(d, o); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want %q", err, name)
		}
	}
}

func FuzzTable(f *testing.F) {
	f.Add("start,a,b\n2026-01-01T00:00:00Z,1,\n2026-01-01T00:30:00Z,2,3\n")
	f.Fuzz(func(t *testing.T, text string) {
		tab, err := ReadTable("t", strings.NewReader(text))
		if err != nil {
			return
		}
		d, err := Join(&Table{Name: "f", Columns: []string{"wh"}, Starts: tab.Starts, Wh: first(tab.Wh)}, []*Table{tab}, 0, 0)
		if err != nil {
			return
		}
		if len(d.Meters) != len(tab.Columns) {
			t.Errorf("%d meters of %d columns", len(d.Meters), len(tab.Columns))
		}
	})
}

func first(rows [][]float64) [][]float64 {
	one := make([][]float64, len(rows))
	for i, r := range rows {
		one[i] = r[:1]
	}
	return one
}
