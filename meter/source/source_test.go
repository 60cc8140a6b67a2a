package source

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"hushwatt/internal/testdata"
	"hushwatt/meter/slots"
)

func readFile(t testing.TB, path string, o Options) *File {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	file, err := Read(f, o)
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(path), err)
	}
	return file
}

func digest(s *Series) string {
	h := sha256.New()
	for i, wh := range s.Wh {
		if s.Status[i] == Missing {
			wh = 1<<32 - 1
		}
		h.Write(binary.BigEndian.AppendUint32(nil, wh))
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func TestRealFiles(t *testing.T) {
	homes := 0
	for _, want := range realFiles {
		path := testdata.Shared(t, "data/"+want.name)
		f := readFile(t, path, Options{})
		if f.Format != want.format || f.Duplicates != 0 || f.Skipped != 0 || f.Rows != want.readings || len(f.Series) != 1 {
			t.Errorf("%s: read as %+v", want.name, *f)
			continue
		}
		s := &f.Series[0]
		checkSeries(t, s)
		if s.Point != want.point || s.Channel != Import || s.Step != 1800 {
			t.Errorf("%s: point %q channel %d step %d", want.name, s.Point, s.Channel, s.Step)
		}
		if got := s.Count(Measured); got != want.readings || s.Count(Missing) != want.slots-want.readings {
			t.Errorf("%s: %d measured, %d missing, want %d of %d", want.name, got, s.Count(Missing), want.readings, want.slots)
		}
		if s.Start != want.first || s.At(len(s.Wh)-1) != want.last {
			t.Errorf("%s: from %s to %s", want.name, slots.Stamp(s.Start), slots.Stamp(s.At(len(s.Wh)-1)))
		}
		if s.Total() != want.total || digest(s) != want.hash {
			t.Errorf("%s: total %d Wh, hash %s; want %d, %s", want.name, s.Total(), digest(s), want.total, want.hash)
		}
		if f.Format == LCL {
			homes++
		}
	}
	if homes != 60 || len(realFiles) != 65 {
		t.Errorf("%d homes in %d files, want 60 in 65", homes, len(realFiles))
	}
}

// The folders hold nothing that the table leaves out.
func TestRealFilesAreAll(t *testing.T) {
	listed := map[string]bool{}
	for _, f := range realFiles {
		listed[f.name] = true
	}
	for _, pattern := range []string{"lcl-london-2013/homes/*", "uk-ie-format-replicas/octopus-*"} {
		paths, err := filepath.Glob(filepath.Join(testdata.Shared(t, "data"), pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(paths), err)
		}
		for _, path := range paths {
			name := filepath.Base(filepath.Dir(path)) + "/" + filepath.Base(path)
			if strings.Contains(pattern, "homes") {
				name = "lcl-london-2013/" + name
			}
			if !listed[name] {
				t.Errorf("%s is in no row of the table", name)
			}
		}
	}
}

// The download and the API's answer were made from one London home: read back,
// they must be that home's half-hours, one for one.
func TestReplicasEqualLondonHome(t *testing.T) {
	home := gunzip(t, testdata.Shared(t, "data/lcl-london-2013/homes/MAC000002.csv.gz"))
	for _, season := range []string{"spring", "autumn"} {
		download := readFile(t, testdata.Shared(t, "data/uk-ie-format-replicas/octopus-download-"+season+".csv"), Options{})
		rest := readFile(t, testdata.Shared(t, "data/uk-ie-format-replicas/octopus-rest-consumption-"+season+".json"), Options{})
		if !reflect.DeepEqual(download.Series, rest.Series) {
			t.Errorf("%s: download and API differ", season)
		}
		s := &download.Series[0]
		lcl, err := Read(strings.NewReader(cut(home, s)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		lcl.Series[0].Point = ""
		if !reflect.DeepEqual(lcl.Series[0], *s) {
			t.Errorf("%s: the London file and the download differ", season)
		}
		if n := s.Count(Measured); n != map[string]int{"spring": 670, "autumn": 674}[season] {
			t.Errorf("%s: %d half-hours", season, n)
		}
	}
}

// cut keeps the header and the rows of an LCL file that have a reading in s.
func cut(file string, s *Series) string {
	lines := strings.SplitAfter(file, "\n")
	kept := lines[0]
	for _, line := range lines[1:] {
		if line == "" {
			continue
		}
		at, err := time.Parse(time.DateTime, strings.Split(line, ",")[1])
		if err != nil {
			continue
		}
		if i := (at.Unix() - s.Start) / int64(s.Step); at.Unix() >= s.Start && i < int64(len(s.Wh)) && s.Status[i] == Measured {
			kept += line
		}
	}
	return kept
}

func gunzip(t testing.TB, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	gz, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(gz)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// checkSeries checks what the documentation of Series promises.
func checkSeries(t testing.TB, s *Series) {
	t.Helper()
	if !slots.ValidStep(s.Step) || s.Start%86400 != 0 || len(s.Wh)%s.PerDay() != 0 || len(s.Wh) == 0 || len(s.Status) != len(s.Wh) {
		t.Fatalf("series of %d slots, %d statuses, step %d, start %d", len(s.Wh), len(s.Status), s.Step, s.Start)
	}
	for i, wh := range s.Wh {
		if wh > MaxWh || s.Status[i] > Estimated || s.Status[i] == Missing && wh != 0 {
			t.Fatalf("slot %d: %d Wh, status %d", i, wh, s.Status[i])
		}
	}
}

const (
	lclHead = "LCLid,tstp,energy(kWh/hh)\n"
	octHead = "Consumption (kwh), Start, End\n"
)

// Oddities that real files have.
func TestOddities(t *testing.T) {
	for name, c := range map[string]struct {
		file    string
		options Options
		want    string // readings from the first one on, - for missing, ? for estimated
		file2   File   // Rows, Duplicates, Skipped
	}{
		"spaces, null, repeated row": {
			file:  lclHead + "A,2013-01-01 00:00:00, 0.219 \nA,2013-01-01 00:30:00,Null\nA,2013-01-01 00:00:00,0.2190\nA,2013-01-01 01:00:00, 1\n",
			want:  "219 - 1000",
			file2: File{Rows: 3, Duplicates: 1},
		},
		"null off the grid": {
			file:  lclHead + "A,2012-12-18 15:13:41,Null\nA,2012-12-18 15:00:00,0.1\nA,2012-12-18 15:30:00,0.2\n",
			want:  "100 200",
			file2: File{Rows: 2, Skipped: 1},
		},
		"carriage returns and a byte-order mark": {
			file:  "\ufeffLCLid,tstp,energy(kWh/hh)\r\nA,2013-01-01 00:00:00,0.001\r\nA,2013-01-01 00:30:00,0.002\r\n",
			want:  "1 2",
			file2: File{Rows: 2},
		},
		"one of two homes": {
			file:    lclHead + "A,2013-01-01 00:00:00,0.001\nB,2013-01-01 00:00:00,0.002\nB,2013-01-01 00:30:00,0.003\n",
			options: Options{Point: "B"},
			want:    "2 3",
			file2:   File{Rows: 2},
		},
		"float noise carries": {
			file:  lclHead + "A,2013-01-01 00:00:00,5.1719999\nA,2013-01-01 00:30:00,0.0004\nA,2013-01-01 01:00:00,0.0002\nA,2013-01-01 01:30:00,0.0004\n",
			want:  "5172 0 1 0", // totals 5171.9999, 5172.3999, 5172.5999, 5172.9999
			file2: File{Rows: 4},
		},
		"ties go up": {
			file:  "start,wh\n2013-01-01T00:00:00Z,0.5\n2013-01-01T00:30:00Z,0.5\n2013-01-01T01:00:00Z,0.499999999999999999\n",
			want:  "1 0 0",
			file2: File{Rows: 3},
		},
		"newest first carries from the oldest": {
			file:  "start,wh\n2013-01-01T01:00:00Z,0.4\n2013-01-01T00:30:00Z,0.4\n2013-01-01T00:00:00Z,0.4\n",
			want:  "0 1 0",
			file2: File{Rows: 3},
		},
		"offsets of two clocks": {
			file:  "start,wh\n2013-10-27T01:30:00+01:00,1\n2013-10-27T01:00:00Z,2\n2013-10-27T01:30:00+00:00,3\n",
			want:  "1 2 3",
			file2: File{Rows: 3},
		},
		"empty reading": {
			file:  "start,wh\n2013-01-01T00:00:00Z,1\n2013-01-01T00:15:00Z,\n2013-01-01T00:30:00Z,3\n",
			want:  "1 - 3",
			file2: File{Rows: 3},
		},
		"statuses": {
			file:  "start,wh,status\n2013-01-01T00:00:00Z,1,measured\n2013-01-01T00:30:00Z,2,Estimated\n2013-01-01T01:00:00Z,,missing\n2013-01-01T01:30:00Z,4,\n",
			want:  "1 2? - 4",
			file2: File{Rows: 4},
		},
		"columns of cost": {
			file:  "Consumption (kWh), Estimated Cost Inc. Tax (p), Standing Charge Inc. Tax (p), Start, End\n0.250, 1, 2, 2024-01-01T00:00:00Z, 2024-01-01T00:30:00Z\n",
			want:  "250",
			file2: File{Rows: 1},
		},
		"two pages, an exponent and a null": {
			file: `{"results":[{"consumption":1e-3,"interval_start":"2024-01-01T01:00:00Z","interval_end":"2024-01-01T01:30:00Z"},` +
				`{"consumption":null,"interval_start":"2024-01-01T00:30:00Z","interval_end":"2024-01-01T01:00:00Z"}]}` + "\n" +
				`{"count":3,"results":[{"interval_start":"2024-01-01T00:00:00Z","interval_end":"2024-01-01T00:30:00Z","consumption":2.5E-1}]}`,
			want:  "250 - 1",
			file2: File{Rows: 3},
		},
		"the highest reading": {
			file:  "start,wh\n2013-01-01T00:00:00Z,1048575\n2013-01-01T00:30:00Z,1048575.4\n",
			want:  "1048575 1048575",
			file2: File{Rows: 2},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Read(strings.NewReader(c.file), c.options)
			if err != nil {
				t.Fatal(err)
			}
			s := &f.Series[0]
			checkSeries(t, s)
			if got := show(s); got != c.want {
				t.Errorf("read %q, want %q", got, c.want)
			}
			if f.Rows != c.file2.Rows || f.Duplicates != c.file2.Duplicates || f.Skipped != c.file2.Skipped {
				t.Errorf("%d rows, %d duplicates, %d skipped", f.Rows, f.Duplicates, f.Skipped)
			}
		})
	}
}

// show prints the slots of a series without the missing ones at both ends.
func show(s *Series) string {
	var out []string
	for i, wh := range s.Wh {
		out = append(out, map[Status]string{Measured: fmt.Sprint(wh), Missing: "-", Estimated: fmt.Sprint(wh) + "?"}[s.Status[i]])
	}
	return strings.Trim(strings.Join(out, " "), " -")
}

func TestRefused(t *testing.T) {
	many := lclHead
	for i := range 25 {
		many += fmt.Sprintf("H%02d,2013-01-01 00:00:00,1\n", i)
	}
	for name, c := range map[string]struct {
		file    string
		options Options
		want    string
	}{
		"empty":                  {"", Options{}, "meter file is empty"},
		"no rows":                {"start,wh\n", Options{}, "csv: no readings"},
		"unknown header":         {"time;kWh\n1;2\n", Options{}, `table: line 1: expected the first line of a known format, or a table of which a column holds dates, found "time;kWh"`},
		"unknown format":         {"start,wh\n", Options{Format: "papyrus"}, `format "papyrus" is not one of lcl, octopus-csv, octopus-json, csv`},
		"other format":           {"start,wh\n", Options{Format: LCL}, `lcl: line 1: expected the header LCLid,tstp,energy(kWh/hh), found "start,wh"`},
		"several homes":          {many, Options{}, "lcl: the file holds 25 meter points, choose one: H00, H01, "},
		"list is cut":            {many, Options{}, "H19 and 5 more"},
		"other home":             {lclHead + "A,2013-01-01 00:00:00,1\n", Options{Point: "B"}, `lcl: meter point "B" is not in the file, which holds A`},
		"no home":                {lclHead + ",2013-01-01 00:00:00,1\n", Options{}, "line 2: expected the name of a home"},
		"not a number":           {lclHead + "A,2013-01-01 00:00:00,1\nA,2013-01-01 00:30:00,zero\n", Options{}, `lcl: line 3: expected a reading in kWh, found "zero"`},
		"decimal comma":          {"start,wh\n2013-01-01T00:00:00Z,\"1,5\"\n", Options{}, `line 2: expected a reading in Wh, found "1,5"`},
		"no digits":              {"start,wh\n2013-01-01T00:00:00Z,.\n", Options{}, `line 2: expected a reading in Wh, found "."`},
		"too many decimals":      {"start,wh\n2013-01-01T00:00:00Z,0.0000000000000000001\n", Options{}, "line 2: expected a reading in Wh"},
		"negative":               {lclHead + "A,2013-01-01 00:00:00,-0.5\n", Options{}, `lcl: line 2: expected a reading in kWh that is not negative, found "-0.5"`},
		"negative in JSON":       {`{"results":[` + "\n" + `{"consumption":-1,"interval_start":"2024-01-01T00:00:00Z","interval_end":"2024-01-01T00:30:00Z"}]}`, Options{}, `octopus-json: line 2: expected a reading in kWh that is not negative, found "-1"`},
		"too high":               {"start,wh\n2013-01-01T00:00:00Z,1\n2013-01-01T00:30:00Z,1048576\n", Options{}, `csv: line 3: expected at most 1048575 Wh in a slot, found "1048576"`},
		"too high by carry":      {"start,wh\n2013-01-01T00:00:00Z,0.4\n2013-01-01T00:30:00Z,1048575.2\n", Options{}, `slot 2013-01-01T00:30:00Z: expected at most 1048575 Wh`},
		"off the grid":           {lclHead + "A,2013-01-01 00:00:01,1\n", Options{}, `lcl: line 2: expected a start on the UTC grid of 30 minutes, found "2013-01-01T00:00:01Z"`},
		"stray row":              {"start,wh\n2013-01-01T00:00:00Z,1\n2013-01-01T00:30:00Z,1\n2013-01-01T00:40:00Z,1\n2013-01-01T01:00:00Z,1\n2013-01-01T01:30:00Z,1\n", Options{}, `line 4: expected a start on the UTC grid of 30 minutes`},
		"hours in India":         {"start,wh\n2013-01-01T00:00:00+05:30,1\n2013-01-01T01:00:00+05:30,1\n", Options{}, "line 2: expected a start on the UTC grid of 60 minutes"},
		"other value again":      {"start,wh\n2013-01-01T00:00:00Z,1\n2013-01-01T00:30:00Z,1\n2013-01-01T00:30:00Z,1.5\n", Options{}, `csv: line 4: expected the reading of 2013-01-01T00:30:00Z again (1 Wh), found "1.5 Wh"`},
		"missing, then measured": {lclHead + "A,2013-01-01 00:00:00,Null\nA,2013-01-01 00:00:00,1\n", Options{}, `(none), found "1000 Wh"`},
		"single row":             {"start,wh\n2013-01-01T00:00:00Z,1\n", Options{}, "csv: a slot's length cannot be told from a single row"},
		"seven minutes":          {"start,wh\n2013-01-01T00:00:00Z,1\n2013-01-01T00:07:00Z,1\n", Options{}, "csv: rows are 7 minutes apart"},
		"no offset":              {"start,wh\n2013-01-01T00:00:00,1\n", Options{}, `csv: line 2: expected a time with its offset from UTC, such as 2013-03-31T01:30:00+01:00, found "2013-01-01T00:00:00"`},
		"no such day":            {lclHead + "A,2013-02-29 00:00:00,1\n", Options{}, `lcl: line 2: expected a time such as 2013-01-31 23:30:00, found "2013-02-29 00:00:00"`},
		"unknown column":         {"start,wh,kWh\n2013-01-01T00:00:00Z,1,1\n", Options{}, `csv: line 1: expected the header start,wh, with`},
		"column twice":           {"start,wh,wh\n2013-01-01T00:00:00Z,1,1\n", Options{}, `csv: line 1: expected the header start,wh, with`},
		"fields":                 {"start,wh\n2013-01-01T00:00:00Z,1,2\n", Options{}, `csv: line 2: expected 2 fields, found "2013-01-01T00:00:00Z,1,2"`},
		"status word":            {"start,wh,status\n2013-01-01T00:00:00Z,1,guessed\n", Options{}, `line 2: expected measured, missing or estimated, found "guessed"`},
		"status without reading": {"start,wh,status\n2013-01-01T00:00:00Z,,estimated\n", Options{}, `line 2: expected a reading, or else the status missing, found "estimated"`},
		"missing with reading":   {"start,wh,status\n2013-01-01T00:00:00Z,1,missing\n", Options{}, `line 2: expected a reading, or else the status missing, found "missing"`},
		"quotes":                 {"start,wh\n\"2013-01-01T00:00:00Z,1\n", Options{}, "line 2"},
		"interval of a day":      {octHead + "1,2013-01-01T00:00:00Z,2013-01-02T00:00:00Z\n", Options{}, "octopus-csv: line 2: expected an interval of 60, 30, 15, 10 or 5 minutes"},
		"interval backwards":     {octHead + "1,2013-01-01T00:30:00Z,2013-01-01T00:00:00Z\n", Options{}, "octopus-csv: line 2: expected an interval of"},
		"intervals differ":       {octHead + "1,2013-01-01T00:00:00Z,2013-01-01T00:30:00Z\n1,2013-01-01T00:30:00Z,2013-01-01T01:30:00Z\n", Options{}, "octopus-csv: line 3: expected an interval of 30 minutes as in the rows before"},
		"JSON without results":   {`{"count":0}`, Options{Format: OctopusJSON}, `octopus-json: line 1: expected the key "results"`},
		"JSON array":             {`[1]`, Options{Format: OctopusJSON}, `octopus-json: line 1: expected an object with "results", found "["`},
		"JSON truncated":         {"{\"results\":[\n{\"consumption\":1,", Options{}, "octopus-json: line 2: the file ends in the middle of a value"},
		"JSON syntax":            {"{\n\"results\":[\n}", Options{}, "octopus-json: line 3: invalid character"},
		"JSON trailing":          {"{\"results\":[]}\n]", Options{}, "octopus-json: line"},
		"two centuries on":       {lclHead + "A,2150-01-01 00:00:00,1\n", Options{}, `line 2: expected a date from 1970 to 2149, found "2150-01-01T00:00:00Z"`},
		"before 1970":            {lclHead + "A,1969-12-31 23:30:00,1\n", Options{}, `line 2: expected a date from 1970 to 2149`},
		"three decades":          {lclHead + "A,1990-01-01 00:00:00,1\nA,2020-01-01 00:00:00,1\n", Options{}, "more than twenty years in one file"},
		"bad gzip":               {"\x1f\x8b\x00\x00", Options{}, "read gzip"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Read(strings.NewReader(c.file), c.options)
			if err == nil {
				t.Fatalf("accepted: %+v", f)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %q\n        want %q", err, c.want)
			}
		})
	}
}

// A clock without offsets: the repeated hour is told by order, the skipped one
// does not exist.
func TestWallClock(t *testing.T) {
	const rule = "Local/Zone"
	zone := londonLike(t)
	f, err := Read(strings.NewReader(lclHead+
		"A,2013-10-27 00:30:00,0.001\nA,2013-10-27 01:00:00,0.002\nA,2013-10-27 01:30:00,0.003\n"+
		"A,2013-10-27 01:00:00,0.004\nA,2013-10-27 01:30:00,0.005\nA,2013-10-27 02:00:00,0.006\n"), Options{Zone: zone})
	if err != nil {
		t.Fatal(err)
	}
	if got := show(&f.Series[0]); got != "1 2 3 4 5 6" || f.Zone != rule {
		t.Errorf("read %q on the clock %q", got, f.Zone)
	}
	if first := f.Series[0].Gaps()[0]; first.Slots != 47 {
		t.Errorf("first reading after %d slots, want 47", first.Slots)
	}
	if _, err = Read(strings.NewReader(lclHead+"A,2013-03-31 01:30:00,1\n"), Options{Zone: zone}); err == nil ||
		!strings.Contains(err.Error(), "line 2: expected a time that exists in "+rule) {
		t.Errorf("an hour that was skipped: %v", err)
	}
}

// londonLike makes London's zone of 2013 from bytes, so that no zone files are
// needed: GMT, BST from 31 March 01:00 UTC to 27 October 01:00 UTC.
func londonLike(t *testing.T) *time.Location {
	t.Helper()
	data := []byte("TZif\x00" + strings.Repeat("\x00", 15))
	for _, n := range []uint32{0, 0, 0, 2, 2, 8} {
		data = binary.BigEndian.AppendUint32(data, n)
	}
	data = binary.BigEndian.AppendUint32(data, 1364691600)
	data = binary.BigEndian.AppendUint32(data, 1382835600)
	data = append(data, 1, 0)
	data = append(data, "\x00\x00\x00\x00\x00\x00\x00\x00\x0e\x10\x01\x04GMT\x00BST\x00"...)
	zone, err := time.LoadLocationFromTZData("Local/Zone", data)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestExport(t *testing.T) {
	const file = "start,wh,export_wh\n2013-06-01T12:00:00Z,0.4,700\n2013-06-01T12:30:00Z,0.4,\n2013-06-01T13:00:00Z,,0.5\n"
	f, err := Read(strings.NewReader(file), Options{Point: "roof"})
	if err != nil {
		t.Fatal(err)
	}
	in, out := &f.Series[0], &f.Series[1]
	if show(in) != "0 1" || show(out) != "700 - 1" || out.Channel != Export || out.Point != "roof" {
		t.Errorf("import %q, export %q on channel %d of %q", show(in), show(out), out.Channel, out.Point)
	}
	if in.Start != out.Start || len(in.Wh) != len(out.Wh) {
		t.Error("the channels have other slots")
	}
}

func TestWriteRefuses(t *testing.T) {
	day := func() Series { return Series{Step: 1800, Wh: make([]uint32, 48), Status: make([]Status, 48)} }
	odd, later, export := day(), day(), day()
	odd.Status[7], later.Start, later.Channel, export.Channel = 4, 86400, Export, Export
	for name, series := range map[string][]Series{
		"no series": nil, "three": {day(), export, export}, "export first": {export, day()}, "export alone": {export},
		"other days": {day(), later}, "status of a meter": {odd},
	} {
		if err := WriteCSV(io.Discard, series); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

func TestGzip(t *testing.T) {
	var packed bytes.Buffer
	gz := gzip.NewWriter(&packed)
	io.WriteString(gz, "start,wh\n2013-01-01T00:00:00Z,1\n2013-01-01T00:05:00Z,2\n")
	gz.Close()
	f, err := Read(&packed, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if f.Series[0].Step != 300 || show(&f.Series[0]) != "1 2" {
		t.Errorf("step %d, readings %q", f.Series[0].Step, show(&f.Series[0]))
	}
	if _, err := Read(bytes.NewReader(packed.Bytes()[:20]), Options{}); err == nil {
		t.Error("a truncated gzip file was accepted")
	}
}

func TestCoarsen(t *testing.T) {
	fine := Series{Step: 900, Wh: make([]uint32, 96), Status: make([]Status, 96)}
	copy(fine.Wh, []uint32{1, 2, 3, 4, 0, 5, 0, 0, 7, 8})
	fine.Status[4], fine.Status[6], fine.Status[7], fine.Status[9] = Missing, Missing, Missing, Estimated
	half, err := fine.Coarsen(1800)
	if err != nil {
		t.Fatal(err)
	}
	checkSeries(t, &half)
	if got := show(&half); !strings.HasPrefix(got, "3 7 5? - 15? 0 0") || half.Total() != fine.Total() {
		t.Errorf("coarser slots are %q", got)
	}
	if same, err := half.Coarsen(1800); err != nil || !reflect.DeepEqual(same, half) {
		t.Errorf("slots of the same length changed: %v", err)
	}
	if _, err := half.Coarsen(900); err == nil {
		t.Error("finer slots were made")
	}
	if _, err := half.Coarsen(2 * 3600); err == nil {
		t.Error("slots of two hours were made")
	}
	fine.Wh[0], fine.Wh[1] = MaxWh, 1
	if _, err := fine.Coarsen(1800); err == nil {
		t.Error("a sum above the highest reading was made")
	}
}

func TestGaps(t *testing.T) {
	f, err := Read(strings.NewReader("start,wh\n2013-01-01T00:00:00Z,1\n2013-01-01T01:00:00Z,1\n2013-01-01T04:00:00Z,1\n2013-01-01T05:00:00Z,1\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	start := f.Series[0].Start
	want := []Gap{{Start: start + 2*3600, Slots: 2}, {Start: start + 6*3600, Slots: 18}}
	if got := f.Series[0].Gaps(); !reflect.DeepEqual(got, want) {
		t.Errorf("gaps %v, want %v", got, want)
	}
}
