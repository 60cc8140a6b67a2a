package meter

import (
	"os"
	"strings"
	"testing"

	"hushwatt/internal/testdata"
	"hushwatt/meter/source"
)

// makeSeries has one Wh more in every slot than in the one before.
func makeSeries(channel, step, days int, start int64) source.Series {
	n := days * secondsPerDay / step
	s := source.Series{Channel: channel, Start: start, Step: step, Wh: make([]uint32, n), Status: make([]Status, n)}
	for i := range s.Wh {
		s.Wh[i] = uint32(i)
	}
	return s
}

func TestDaysFromSeries(t *testing.T) {
	const start = firstDay * secondsPerDay
	imported := makeSeries(ImportChannel, 1800, 3, start)
	exported := makeSeries(ExportChannel, 900, 2, start+secondsPerDay)
	days, err := DaysFromSeries([]source.Series{imported, exported}, DaysOptions{N: 24, Channels: ImportAndExport})
	must(t, err)
	if len(days) != 3 {
		t.Fatalf("%d days", len(days))
	}
	for i, d := range days {
		if d.Day != uint16(firstDay+i) {
			t.Fatalf("day %d is %s", i, DayText(d.Day))
		}
		for s := range 24 {
			first := uint32(i*48 + 2*s)
			if got := d.Channels[0].Wh[s]; got != 2*first+1 {
				t.Fatalf("day %d slot %d: import %d", i, s, got)
			}
			wantStatus, want := Missing, uint32(0)
			if i > 0 {
				first := uint32((i-1)*96 + 4*s)
				wantStatus, want = Measured, 4*first+6
			}
			if got := d.Channels[1]; got.Wh[s] != want || got.Status[s] != wantStatus {
				t.Fatalf("day %d slot %d: export %d, status %d", i, s, got.Wh[s], got.Status[s])
			}
		}
	}
}

func TestDaysFromSeriesRefuses(t *testing.T) {
	const start = firstDay * secondsPerDay
	imported, exported := makeSeries(0, 1800, 1, start), makeSeries(1, 1800, 1, start)
	for name, c := range map[string]struct {
		series []source.Series
		o      DaysOptions
		say    string
	}{
		"coarser file":    {[]source.Series{imported}, DaysOptions{N: 96, Channels: ImportOnly}, "cannot be made from"},
		"other channel":   {[]source.Series{imported, exported}, DaysOptions{N: 48, Channels: ImportOnly}, "not certified for export"},
		"two points":      {[]source.Series{imported, imported}, DaysOptions{N: 48, Channels: ImportOnly}, "choose one meter point"},
		"part of a day":   {[]source.Series{makeSeries(0, 1800, 1, start+1800)}, DaysOptions{N: 48, Channels: ImportOnly}, "whole UTC days"},
		"no series":       {nil, DaysOptions{N: 48, Channels: ImportOnly}, "no readings"},
		"slots a day":     {[]source.Series{imported}, DaysOptions{N: 50, Channels: ImportOnly}, "50 slots"},
		"before 1970":     {[]source.Series{makeSeries(0, 1800, 1, -secondsPerDay)}, DaysOptions{N: 48, Channels: ImportOnly}, "1970"},
		"unknown channel": {[]source.Series{makeSeries(2, 1800, 1, start)}, DaysOptions{N: 48, Channels: ImportOnly}, "channel 2"},
	} {
		if _, err := DaysFromSeries(c.series, c.o); err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPresence: an old meter and the one that replaces it share the day of the
// change, each slot being of exactly one of them.
func TestPresence(t *testing.T) {
	const start = firstDay * secondsPerDay
	const change = start + secondsPerDay + 10*3600 + 600 // inside a half-hour
	series := []source.Series{makeSeries(0, 1800, 3, start)}
	old, err := DaysFromSeries(series, DaysOptions{N: 48, Channels: ImportOnly, Removed: change})
	must(t, err)
	fresh, err := DaysFromSeries(series, DaysOptions{N: 48, Channels: ImportOnly, Installed: change})
	must(t, err)
	if len(old) != 2 || len(fresh) != 2 || old[1].Day != fresh[0].Day {
		t.Fatalf("%d and %d days", len(old), len(fresh))
	}
	a, b := old[1].Channels[0], fresh[0].Channels[0]
	for s := range 48 {
		// The half-hour of the change is the old meter's, which saw its beginning.
		if here, there := s <= 20, s > 20; (a.Status[s] == Measured) != here || (b.Status[s] == Measured) != there {
			t.Fatalf("slot %d: statuses %d and %d", s, a.Status[s], b.Status[s])
		}
		if (a.Status[s] == NotHere && a.Wh[s] != 0) || (b.Status[s] == NotHere && b.Wh[s] != 0) {
			t.Fatalf("slot %d: energy while not here", s)
		}
	}
}

// TestRealHome seals a real file and opens it again.
func TestRealHome(t *testing.T) {
	homes, err := os.ReadDir(testdata.Shared(t, "data/lcl-london-2013/homes"))
	must(t, err)
	if len(homes) == 0 {
		t.Fatal("no homes")
	}
	f, err := os.Open(testdata.Shared(t, "data/lcl-london-2013/homes/"+homes[0].Name()))
	must(t, err)
	defer f.Close()
	file, err := source.Read(f, source.Options{})
	must(t, err)
	h := newHouse(t, Setup{Meter: file.Series[0].Point, N: 48, Channels: ChannelsOf(file.Series)})
	days, err := DaysFromSeries(file.Series, DaysOptions{N: 48, Channels: ImportOnly})
	must(t, err)
	h.seal(t, days, 0)
	opened, err := h.parsed(t).Open(h.key)
	must(t, err)
	sameDays(t, days, opened)
	if got, want := opened.Total(ImportChannel), file.Series[0].Total(); got != want || want == 0 {
		t.Fatalf("%d Wh opened, the file has %d", got, want)
	}
	counts, err := opened.Export.Counts()
	must(t, err)
	s := &file.Series[0]
	if counts.Slots != len(s.Wh) || counts.Missing != s.Count(Missing) || counts.Estimated != s.Count(Estimated) {
		t.Fatalf("%+v, the file has %d slots, %d missing", counts, len(s.Wh), s.Count(Missing))
	}
}
