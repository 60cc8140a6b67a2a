package source

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hushwatt/internal/testdata"
	"hushwatt/meter/slots"
)

// rowsOf writes n half-hours from a start on, with values that rise and fall.
func rowsOf(n int, start, format string, line func(at string, i int) string) string {
	at, err := time.Parse("2006-01-02 15:04", start)
	if err != nil {
		panic(err)
	}
	var b strings.Builder
	for i := range n {
		b.WriteString(line(at.Add(time.Duration(i)*30*time.Minute).Format(format), i))
	}
	return b.String()
}

// wave is a reading in Wh that rises and falls.
func wave(i int) int { return 100 + i*7919%1499 }

const isoMinutes = "2006-01-02 15:04"

// utc stands for a user who says that a file's clock is on UTC.
var utc = Options{Zone: time.UTC}

func hinted(s string) Options {
	h, err := ParseHints(s)
	if err != nil {
		panic(err)
	}
	return Options{Zone: time.UTC, Hints: h}
}

// What is worked out of a table, and what is said about it.
func TestGeneralWorksOut(t *testing.T) {
	day := func(layout, separator string, comma bool, extra string) string {
		return rowsOf(96, "2024-05-13 00:00", layout, func(at string, i int) string {
			value := kwh(wave(i))
			if comma {
				value = strings.Replace(value, ".", ",", 1)
			}
			return at + separator + value + extra + "\n"
		})
	}
	for name, c := range map[string]struct {
		text    string
		options Options
		notes   string // all of them, one after another
	}{
		"plain": {"time,kWh\n" + day(isoMinutes, ",", false, ""), utc,
			`2 columns divided by commas; dates are ymd: the year comes first; import is "kWh"; decimal point: "0.100" in line 2; unit kWh: in the name "kWh"; ` +
				`values are amounts per interval: they rise 69 times and fall 26 times; times mark the start of the interval: the file begins at 00:00 and ends a slot before midnight`},
		"no header": {day("02.01.2006 15:04", ";", true, ""), hinted("unit=kWh"),
			`2 columns divided by semicolons; no line with names of columns; dates are dmy: "13.05.2024 00:00" in line 1; import is column 2; decimal comma: "0,100" in line 1; unit kWh: as told; ` +
				`values are amounts per interval: they rise 69 times and fall 26 times; times mark the start of the interval: the file begins at 00:00 and ends a slot before midnight`},
		"preamble, unit in a column, other columns": {"Report of 13 May\nMeter,17\n\nWhen,Used,Unit,Cost\n" + day("2006-01-02T15:04:05Z", ",", false, ",kWh,0.20"), Options{},
			`4 columns divided by commas; 2 lines before the table are not part of it; dates are ymd: the year comes first; import is "Used"; not read: "Unit", "Cost"; decimal point: "0.100" in line 5; ` +
				`unit kWh: in "Unit"; values are amounts per interval: they rise 69 times and fall 26 times; times mark the start of the interval: the file begins at 00:00 and ends a slot before midnight`},
		"a plus in a title": {"Zeit von;A+ (kWh);A- (kWh)\n" + day(isoMinutes, ";", false, ";0.5"), hinted(`import="A+ (kWh)" export=none`),
			`3 columns divided by semicolons; dates are ymd: the year comes first; import is "A+ (kWh)"; not read: "A- (kWh)"; decimal point: "0.100" in line 2; unit kWh: in the name "A+ (kWh)"; ` +
				`values are amounts per interval: they rise 69 times and fall 26 times; times mark the start of the interval, as the column is called "Zeit von"`},
		"everything told": {"a|b\n" + day("01/02/2006 15:04", "|", false, ""), hinted("delimiter=| decimal=point order=mdy time=a stamp=start import=b export=none unit=kWh kind=interval"),
			`2 columns divided by bars, as told; dates are mdy: as told; import is "b"; decimal point, as told; unit kWh: as told; ` +
				`values are of kind interval, as told; times mark the start of the interval, as told`},
	} {
		f, err := Read(strings.NewReader(c.text), c.options)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if notes := strings.Join(f.Notes, "; "); notes != c.notes {
			t.Errorf("%s: it says\n%s\nwant\n%s", name, notes, c.notes)
		}
		s := &f.Series[0]
		if f.Format != General || s.Start != 1715558400 || len(s.Wh) != 96 || s.Count(Measured) != 96 {
			t.Errorf("%s: %s from %s, %d slots", name, f.Format, slots.Stamp(s.Start), len(s.Wh))
		}
		for i, wh := range s.Wh {
			if int(wh) != wave(i) {
				t.Fatalf("%s: slot %d holds %d Wh", name, i, wh)
			}
		}
	}
}

// What cannot be worked out is asked for; each of these would pass silently if
// it were guessed.
func TestGeneralAsks(t *testing.T) {
	if testing.Short() {
		t.Skip("LEFT OUT with -short; make unit runs it")
	}
	rows := func(n int, start, layout, line string) string {
		return rowsOf(n, start, layout, func(at string, i int) string { return fmt.Sprintf(line, at, kwh(wave(i))) })
	}
	for name, c := range map[string]struct {
		text    string
		options Options
		want    string
	}{
		"no zone":           {"time,kWh\n" + rows(96, "2024-05-13 00:00", isoMinutes, "%s,%s\n"), Options{}, "name the zone of their clock"},
		"day or month":      {"time,kWh\n" + rows(96, "2024-03-01 00:00", "02/01/2006 15:04", "%s,%s\n"), utc, `line 2: "01/03/2024 00:00" may be day/month or month/day, and no date of the file tells`},
		"day and month":     {"time,kWh\n13/01/2024 00:00,1.5\n01/13/2024 00:30,1.25\n", utc, `line 3: "13/01/2024 00:00" in line 2 and "01/13/2024 00:30" in line 3 cannot both be dates of one order`},
		"told the wrong":    {"time,kWh\n" + rows(48, "2024-05-13 00:00", "02/01/2006 15:04", "%s,%s\n"), hinted("order=mdy stamp=start"), `line 2: expected a time in the order mdy, found "13/05/2024 00:00`},
		"start or end":      {"time,kWh\n" + rows(90, "2024-05-13 01:00", isoMinutes, "%s,%s\n"), utc, "nothing tells whether the times mark the start or the end"},
		"unit":              {"time,used\n" + rows(96, "2024-05-13 00:00", isoMinutes, "%s,%s\n"), utc, `nothing tells the unit of "used": say unit=kWh`},
		"units differ":      {"time,used,unit\n2024-05-13 00:00,1.5,kWh\n2024-05-13 00:30,1.25,Wh\n", utc, `line 3: expected the unit kWh as in the rows before, found "Wh"`},
		"thousands":         {"time;Wh\n" + rowsOf(96, "2024-05-13 00:00", isoMinutes, func(at string, i int) string { return fmt.Sprintf("%s;1,%03d\n", at, wave(i)%900+100) }), utc, `may have decimals or thousands, and no value of the file tells: say decimal=`},
		"both signs":        {"time;Wh\n2024-05-13 00:00;1.234,5\n2024-05-13 00:30;17,5\n2024-05-13 01:00;17,5\n", utc, `no column of numbers is called anything like import`},
		"point and comma":   {"time;Wh\n2024-05-13 00:00;1234.5\n2024-05-13 00:30;17,5\n", utc, `line 3: "17,5" and, in line 2, "1234.5": one of point and comma must divide thousands`},
		"two imports":       {"time,Energy Produced (Wh),Energy Consumed (Wh),Exported to Grid (Wh),Imported from Grid (Wh)\n2024-05-13 00:00,1,2,3,4\n2024-05-13 01:00,1,3,3,4\n", utc, `several columns may be the import: say import=, one of "Energy Consumed (Wh)", "Imported from Grid (Wh)"`},
		"two exports":       {"time,import kWh,export kWh,solar kWh\n2024-05-13 00:00,1,2,3\n2024-05-13 01:00,1,3,3\n", utc, `several columns may be the export: say export=`},
		"no import":         {"time,temperature,wind\n2024-05-13 00:00,1,2\n2024-05-13 01:00,1,3\n", hinted("unit=kWh stamp=start"), `no column of numbers is called anything like import, consumption or usage: say import=, of "wind"`},
		"short rise":        {"time,kWh\n2024-05-13 00:00,1.5\n2024-05-13 00:30,1.6\n2024-05-13 01:00,1.7\n", utc, "values rise 2 times and fall 0 times, so nothing tells amounts from readings of a register"},
		"replaced register": {"time,kWh\n" + rowsOf(96, "2024-05-13 00:00", isoMinutes, func(at string, i int) string { return fmt.Sprintf("%s,%d.5\n", at, (i+40)%96) }), utc, "values rise 94 times and fall 1 times, so nothing tells"},
		"days":              {"date,kWh\n2024-05-13,8.5\n2024-05-14,7.25\n", utc, "line 2: expected a time of day beside the date; values of whole days cannot be sealed"},
		"many times":        {"read,sent,stored,kWh\n2024-05-13 00:00,2024-05-13 00:00,2024-05-13 00:00,1\n2024-05-13 01:00,2024-05-13 01:00,2024-05-13 01:00,2\n", utc, `line 2: "read", "sent", "stored" hold times: choose with time=`},
		"two times, no end": {"read,sent,kWh\n2024-05-13 00:00,2024-05-13 00:07,1.5\n2024-05-13 00:30,2024-05-13 00:37,2.5\n", hinted("kind=interval"), "line 2: expected an interval of 60, 30, 15, 10 or 5 minutes"},
		"sums at the end":   {"time,kWh\n" + rows(96, "2024-05-13 00:00", isoMinutes, "%s,%s\n") + "Total,77.1\n", utc, `line 98: expected a date as in the rows before, found "Total,77.1"`},
		"another table":     {"time,kWh\n" + rows(96, "2024-05-13 00:00", isoMinutes, "%s,%s\n") + "a,b,c\n", utc, "line 98: expected 2 cells, as in line 2"},
		"some offsets":      {"time,kWh\n2024-05-13 00:00Z,1.5\n2024-05-13 00:30,2.5\n", utc, "line 3: expected offsets from UTC in all stamps or in none"},
		"open quote":        {"time,kWh\n" + rows(96, "2024-05-13 00:00", isoMinutes, "%s,%s\n") + "\"2024-05-15 00:00,1\n", utc, "line 98: expected every quote to be closed"},
		"no such column":    {"time,kWh\n2024-05-13 00:00,1.5\n", hinted("import=Usage"), `column "Usage" is not in the file, which has "time", "kWh"`},
		"same name":         {"time,kWh,kWh\n2024-05-13 00:00,1.5,2.5\n", hinted("import=kWh"), `columns 2 and 3 are both called "kWh": say the number`},
		"too many cells":    {"time,kWh\n" + rows(3000, "2024-05-13 00:00", isoMinutes, "%s,%s\n") + strings.Repeat(",\n", maxSheet/4), utc, "a table of unknown make has more than 8388608 cells"},
		"no word for start": {"Fecha de lectura,kWh\n" + rows(90, "2024-05-13 01:00", isoMinutes, "%s,%s\n"), utc, "nothing tells whether the times mark the start or the end"},
		"short year":        {"time,kWh\n24/03/05 00:00,1.5\n24/03/05 00:30,1.25\n", utc, `line 2: "24/03/05 00:00" has a year of two digits, which any of its numbers may be: say order=`},
		"gas":               {"Consumption (m³),Start,End\n1.5,2024-05-13T00:00:00Z,2024-05-13T00:30:00Z\n", utc, "no column of numbers is called anything like import"},
		"a bill":            {"Bill Date,Electric Charges,Electric Usage (kWh)\n\"09/24/2025\",\"89.45\",\"450\"\n\"08/26/2025\",\"102.34\",\"520\"\n", utc, "line 2: expected a time of day beside the date; values of whole days cannot be sealed"},
		"used twice":        {"time,kWh\n2024-05-13 00:00,1.5\n", hinted("import=kWh+kWh"), `column "kWh" is used twice`},
		"time as a value":   {"time,kWh\n2024-05-13 00:00,1.5\n", hinted("import=time"), `column "time" is used twice`},
		"no table":          {"hello\nworld\n", utc, `line 1: expected the first line of a known format, or a table of which a column holds dates, found "hello"`},
	} {
		_, err := Read(strings.NewReader(c.text), c.options)
		if err == nil || !strings.HasPrefix(err.Error(), "table: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v\nwant %s", name, err, c.want)
		}
	}
}

func TestParseHints(t *testing.T) {
	h, err := ParseHints(`order=dmy  import="Usage (kWh)" export=none delimiter=; unit=kWh time=Date+Time`)
	want := Hints{Order: "dmy", Import: "Usage (kWh)", Export: "none", Delimiter: ";", Unit: "kWh", Time: "Date+Time"}
	if err != nil || h != want {
		t.Errorf("%+v, %v", h, err)
	}
	if h, err := ParseHints(""); err != nil || !reflect.DeepEqual(h, Hints{}) {
		t.Errorf("%+v, %v", h, err)
	}
	for text, want := range map[string]string{
		"order":               "expected delimiter=, decimal=",
		"colour=red":          "expected delimiter=, decimal=",
		"order=ymd order=dmy": "order is given twice",
		"order=":              "order is empty",
		"order=year":          "order=year, expected one of ymd dmy mdy",
		`import="a`:           "the quote of import stays open",
	} {
		if _, err := ParseHints(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// The general reader and the readers of known layouts agree about real files.
func TestGeneralAgreesWithReaders(t *testing.T) {
	for _, c := range []struct{ name, hints, zone string }{
		{"uk-ie-format-replicas/octopus-download-spring.csv", "", ""},
		{"uk-ie-format-replicas/octopus-download-autumn.csv", "", ""},
		{"octopus-agile-home/octopus-import-2023-08-09_13.csv", "", ""},
		{"eu-provider-exports/nl-homewizard-15min-cumulative-2022-09.csv", `import="Import T1 kWh+Import T2 kWh" export="Export T1 kWh+Export T2 kWh"`, "Europe/Amsterdam"},
		{"eu-provider-exports/nl-dsmr-reader-hourly-2024.csv.gz", `unit=kWh import=2+3 export=4+5`, ""},
		{"uk-ie-format-replicas/esb-hdf-kw-autumn.csv", "unit=kW", "Europe/Dublin"},
		{"uk-ie-format-replicas/esb-hdf-kw-spring.csv", "unit=kW", "Europe/Dublin"},
	} {
		path := testdata.Shared(t, "data/"+c.name)
		h, err := ParseHints(c.hints)
		if err != nil {
			t.Fatal(err)
		}
		o := known(Options{Format: General, Hints: h})
		if c.zone != "" {
			o.Zone = zone(c.zone)
		}
		got, want := readFile(t, path, o), readFile(t, path, known(Options{}))
		for i := range want.Series {
			want.Series[i].Point = ""
		}
		if !reflect.DeepEqual(got.Series, want.Series) {
			t.Errorf("%s: read as %s and as %s, the series differ", c.name, got.Format, want.Format)
		}
	}
}

// What a hint would settle is told apart from what is wrong, so that a page can
// ask for it, and the hint that was asked for settles it.
func TestHintErrorsAskForTheirHint(t *testing.T) {
	for _, c := range []struct {
		hint, value string
		text        string
	}{
		{"order", "dmy", "start,kWh\n01/02/2026 00:00,1\n01/02/2026 00:30,1\n01/02/2026 01:00,1\n"},
		{"unit", "Wh", "start,usage\n2026-02-01 00:00,1\n2026-02-01 00:30,1\n2026-02-01 01:00,1\n"},
		{"stamp", "end", "time,kWh\n2026-02-01 10:00,1\n2026-02-01 10:30,1\n2026-02-01 11:00,1\n"},
	} {
		o := Options{Zone: time.UTC}
		_, err := Read(strings.NewReader(c.text), o)
		var ask *HintError
		if !errors.As(err, &ask) || ask.Hint != c.hint || !slices.Contains(ask.Values, c.value) {
			t.Errorf("%s: %v", c.hint, err)
			continue
		}
		if o.Hints, err = o.Hints.With(ask.Hint, c.value); err != nil {
			t.Fatal(err)
		}
		if _, err = Read(strings.NewReader(c.text), o); errors.As(err, &ask) && ask.Hint == c.hint {
			t.Errorf("%s=%s: %v", c.hint, c.value, err)
		}
	}
	if _, err := (Hints{}).With("colour", "red"); err == nil {
		t.Error("a hint of no name was taken")
	}
	if _, err := (Hints{}).With("order", "myd"); err == nil {
		t.Error("an order that is none was taken")
	}
}
