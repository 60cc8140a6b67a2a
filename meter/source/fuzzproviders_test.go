package source

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// fuzzRoute runs one reader from files as the routes write them: what is accepted
// is a well-formed series, and written as a plain file and read again it is the
// same. Errors are one line.
func fuzzRoute(f *testing.F, o Options, seeds ...string) {
	for _, seed := range seeds {
		if _, err := Read(strings.NewReader(seed), o); err != nil {
			f.Fatalf("seed is refused: %v", err)
		}
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Read(bytes.NewReader(data), o)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("the error has several lines: %q", err)
			}
			return
		}
		for i := range file.Series {
			checkSeries(t, &file.Series[i])
		}
		if len(file.Series[0].Wh) > 5000 || file.Series[0].Channel != Import {
			return // nothing new, and slow; export alone is no plain file
		}
		var plain bytes.Buffer
		if err := WriteCSV(&plain, file.Series); err != nil {
			t.Fatal(err)
		}
		again, err := Read(&plain, Options{Format: CSV, Point: file.Series[0].Point})
		if err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		if !reflect.DeepEqual(again.Series, file.Series) {
			t.Fatalf("written and read again: %+v, before %+v", again.Series, file.Series)
		}
	})
}

// seeds writes a few slots before noon as the routes of a format do.
func seeds(names ...string) (texts []string) {
	for _, name := range names {
		found := false
		for _, r := range routes {
			if !strings.HasPrefix(r.name, name) {
				continue
			}
			found = true
			z := zone(r.zone)
			day := time.Date(2024, 6, 13, 0, 0, 0, 0, z)
			texts = append(texts, r.write(slotsAround(z, day, r.step)[:14400/r.step]))
		}
		if !found {
			panic(name)
		}
	}
	return texts
}

func fuzzOptions(format string) Options {
	return known(Options{Format: format, Zone: zone("Europe/Amsterdam"), Choices: []string{"lost-hour=both", "filled-hour=shift", "negative=export", "register=rolled-over"}})
}

func FuzzESB(f *testing.F)        { fuzzRoute(f, fuzzOptions(ESB), seeds("esb")...) }
func FuzzN3rgy(f *testing.F)      { fuzzRoute(f, fuzzOptions(N3rgy), seeds("n3rgy")...) }
func FuzzFluvius(f *testing.F)    { fuzzRoute(f, fuzzOptions(Fluvius), seeds("fluvius")...) }
func FuzzEnel(f *testing.F)       { fuzzRoute(f, fuzzOptions(Enel), seeds("enel")...) }
func FuzzDSMRReader(f *testing.F) { fuzzRoute(f, fuzzOptions(DSMRReader), seeds("dsmr-reader")...) }
func FuzzEngie(f *testing.F)      { fuzzRoute(f, fuzzOptions(Engie), seeds("engie")...) }
func FuzzHomeWizard(f *testing.F) { fuzzRoute(f, fuzzOptions(HomeWizard), seeds("homewizard")...) }
func FuzzLiander(f *testing.F)    { fuzzRoute(f, fuzzOptions(Liander), seeds("liander")...) }
func FuzzAmeren(f *testing.F)     { fuzzRoute(f, fuzzOptions(Ameren), seeds("ameren")...) }
func FuzzPGE(f *testing.F)        { fuzzRoute(f, fuzzOptions(PGE), seeds("pge")...) }
func FuzzVictoria(f *testing.F)   { fuzzRoute(f, fuzzOptions(Victoria), seeds("au-portal")...) }

func FuzzSwissWeek(f *testing.F) {
	o := fuzzOptions(SwissWeek)
	o.Point, o.From = "17", "2018-10-29"
	head, row := "VID", "17"
	for i := range swissColumns - 1 {
		head += fmt.Sprintf(",V%03d", i+1)
		row += fmt.Sprintf(",0.%d", i%10)
	}
	fuzzRoute(f, o, head+"\n"+row+"\n")
}

// A table of unknown make: as it comes, and with everything told.
func FuzzGeneral(f *testing.F) {
	o := fuzzOptions(General)
	row := func(at string, i int) string { return at + "," + kwh(wave(i)) + "\n" }
	fuzzRoute(f, o,
		"time,kWh\n"+rowsOf(48, "2024-05-13 00:00", isoMinutes, row),
		"time,kWh\n"+rowsOf(96, "2024-05-13 00:00", "02-Jan-06 15:04", row),
		countedDay("ts,kWh\n", func(at time.Time, i int) string { return row(fmt.Sprint(at.Unix()), i) }),
		countedDay("Date,kWh\n", func(at time.Time, i int) string { return row(serial(at, 25569, 7), i) }))
}

func FuzzGeneralTold(f *testing.F) {
	o := fuzzOptions(General)
	o.Hints = Hints{Delimiter: ";", Decimal: "comma", Order: "dmy", Time: "1", Stamp: "end", Import: "2", Export: "3", Unit: "kW", Kind: "interval"}
	fuzzRoute(f, o, "13/05/2024 00:30;0,5;0\n13/05/2024 01:00;0,5;0,25\n", "a;b;c\n13.5.24 12:15 AM;-0,5;\n13.5.24 12:30 AM;0,5;-\n")
}

func FuzzScanStamp(f *testing.F) {
	for _, s := range []string{"2024-03-31T01:30:00+01:00", "31.3.24 1:30 PM", "24:00", "2024-03-31 24:00Z", "03-Jan-24", "Jan 3, 2024 1:30 PM"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		w, ok := scanStamp(s)
		if !ok {
			return
		}
		if !w.hasDate && !w.hasTime || w.clock < 0 || w.clock > secondsPerDay {
			t.Fatalf("%q is %+v", s, w)
		}
		for o := yearMonthDay; o <= monthDayYear; o++ {
			if at, ok := w.wall(o); ok && w.hasDate && time.Unix(at, 0).UTC().Year() > 10000 {
				t.Fatalf("%q is the year %d", s, time.Unix(at, 0).UTC().Year())
			}
		}
	})
}

func FuzzHints(f *testing.F) {
	f.Add(`order=dmy import="Usage (kWh)" unit=kWh`)
	f.Fuzz(func(t *testing.T, s string) {
		if h, err := ParseHints(s); err == nil && h.check() != nil {
			t.Fatalf("%q is %+v", s, h)
		}
	})
}
