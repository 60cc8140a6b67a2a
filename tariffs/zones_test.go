package tariffs

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A change of the embedded rules changes prices, so it must be meant: the
// version and the bytes are written down here.
func TestZonesAreIntact(t *testing.T) {
	const version, sum = "2025c", "1b116588e50dc4ee542074162f41354efb55c53e77e76d76b66ad09cf652c428"
	if got := sha256.Sum256(zoneArchive); hex.EncodeToString(got[:]) != sum {
		t.Errorf("zones.bin has the SHA-256 %x, want %s", got, sum)
	}
	if TZVersion() != version {
		t.Errorf("version %s, want %s", TZVersion(), version)
	}
	if n := len(zoneArchive); n > 400_000 {
		t.Errorf("zones.bin has %d bytes, must stay below 400,000", n)
	}
	for name := range zoneIndex().files {
		if _, err := Zone(name); err != nil {
			t.Error(err)
		}
	}
}

func TestZoneRefusesUnknownNames(t *testing.T) {
	for _, name := range []string{"", "Local", "Europe/Londinium", "../Europe/London", "europe/london", "hushwatt zones"} {
		if _, err := Zone(name); err == nil {
			t.Errorf("%q is a zone", name)
		}
	}
	aest, err := Zone("AEST")
	if err != nil {
		t.Fatal(err)
	}
	if _, offset := time.Unix(1372636800, 0).In(aest).Zone(); offset != 36000 {
		t.Errorf("AEST is %d s ahead of UTC, want 36000", offset)
	}
}

// toolchainZones reads all zone files that come with the Go toolchain.
func toolchainZones(t *testing.T) map[string]*time.Location {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skipf("NOT COMPARED: no Go toolchain here (%v)", err)
	}
	dir := filepath.Join(strings.TrimSpace(string(root)), "lib", "time")
	script, err := os.ReadFile(filepath.Join(dir, "update.bash"))
	if err != nil || !strings.Contains(string(script), "DATA="+TZVersion()+"\n") {
		t.Skipf("NOT COMPARED: %s does not hold the zone data %s", dir, TZVersion())
	}
	archive, err := zip.OpenReader(filepath.Join(dir, "zoneinfo.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	zones := map[string]*time.Location{}
	for _, f := range archive.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if zones[f.Name], err = time.LoadLocationFromTZData(f.Name, data); err != nil {
			t.Fatal(err)
		}
	}
	return zones
}

func TestZonesEqualTheToolchains(t *testing.T) {
	zones := toolchainZones(t)
	if len(zones) != len(zoneIndex().files) {
		t.Errorf("%d zones embedded, the toolchain has %d", len(zoneIndex().files), len(zones))
	}
	const step = 13*3600 + 900 // meets every hour of the day in time
	for name, want := range zones {
		got, err := Zone(name)
		if err != nil {
			t.Error(err)
			continue
		}
		for at := int64(0); at < 2_600_000_000; at += 7 * step {
			a, b := time.Unix(at, 0).In(got), time.Unix(at, 0).In(want)
			nameA, offsetA := a.Zone()
			nameB, offsetB := b.Zone()
			if nameA != nameB || offsetA != offsetB || a.IsDST() != b.IsDST() {
				t.Errorf("%s at %s: %s %d, the toolchain says %s %d", name, utcStamp(at), nameA, offsetA, nameB, offsetB)
				break
			}
		}
	}
}

// spans must find every change of every clock, whatever Go says about the
// bounds of a zone's validity.
func TestSpansMissNoChange(t *testing.T) {
	for name := range zoneIndex().files {
		loc, err := Zone(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, years := range [][2]int{{2012, 2014}, {2024, 2026}, {2040, 2041}} {
			from, to := int64(dateOf(years[0], 1, 1))*daySeconds, int64(dateOf(years[1], 1, 1))*daySeconds
			all := spans(loc, from, to)
			at := from
			for i, s := range all {
				if s.from != at || s.to <= s.from {
					t.Fatalf("%s: span %d is %d to %d, want it to begin at %d", name, i, s.from, s.to, at)
				}
				for _, x := range []int64{s.from, s.from + 899, (s.from + s.to) / 2, s.to - 1} {
					if _, offset := time.Unix(x, 0).In(loc).Zone(); int64(offset) != s.offset {
						t.Errorf("%s at %s: offset %d, span says %d", name, utcStamp(x), offset, s.offset)
					}
				}
				at = s.to
			}
			if at != to {
				t.Errorf("%s: spans end at %d, want %d", name, at, to)
			}
			for x := from; x < to; x += 6 * 3600 {
				for all[0].to <= x {
					all = all[1:]
				}
				if _, offset := time.Unix(x, 0).In(loc).Zone(); int64(offset) != all[0].offset {
					t.Errorf("%s at %s: offset %d, span says %d", name, utcStamp(x), offset, all[0].offset)
					break
				}
			}
		}
	}
}

func TestMidnight(t *testing.T) {
	for _, c := range []struct{ zone, date, want string }{
		{"Europe/London", "2013-01-31", "2013-01-31T00:00:00Z"},
		{"Europe/London", "2013-03-31", "2013-03-31T00:00:00Z"},
		{"Europe/London", "2013-04-01", "2013-03-31T23:00:00Z"},
		{"Europe/London", "2013-10-27", "2013-10-26T23:00:00Z"},
		{"Europe/London", "2013-10-28", "2013-10-28T00:00:00Z"},
		{"Europe/London", "2012-12-31", "2012-12-31T00:00:00Z"}, // last day of a leap year
		{"Europe/London", "2013-01-01", "2013-01-01T00:00:00Z"},
		{"Australia/Sydney", "2013-10-06", "2013-10-05T14:00:00Z"},
		{"Australia/Sydney", "2013-10-07", "2013-10-06T13:00:00Z"},
		{"Australia/Lord_Howe", "2013-10-06", "2013-10-05T13:30:00Z"},
		{"Australia/Lord_Howe", "2013-10-07", "2013-10-06T13:00:00Z"},
		{"Asia/Kolkata", "2013-07-01", "2013-06-30T18:30:00Z"},
		{"America/Sao_Paulo", "2013-10-20", "2013-10-20T03:00:00Z"}, // the clock jumps from 00:00 to 01:00
		{"America/Sao_Paulo", "2014-02-16", "2014-02-16T03:00:00Z"}, // 24:00 became 23:00 once
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"},      // a date that was left out
		{"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"},
	} {
		loc, err := Zone(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := utcStamp(midnight(loc, date(t, c.date))); got != c.want {
			t.Errorf("midnight of %s in %s is %s, want %s", c.date, c.zone, got, c.want)
		}
	}
}

func TestDates(t *testing.T) {
	for d := firstDate; d <= lastDate; d += 1 {
		read, err := ParseDate(d.String())
		if err != nil || read != d {
			t.Fatalf("%s is read as %s (%v)", d, read, err)
		}
		if want := (int(d.time().Weekday()) + 6) % 7; int(d.weekday()) != want {
			t.Fatalf("%s is weekday %d, want %d", d, d.weekday(), want)
		}
		if monthDayName(d.dayOfYear()) != d.String()[5:] {
			t.Fatalf("%s is day %d of the year, which is %s", d, d.dayOfYear(), monthDayName(d.dayOfYear()))
		}
	}
}
