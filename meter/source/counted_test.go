package source

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// half-hours of one day, made up after what spreadsheets and home servers export,
// each cell as write says.
func countedDay(head string, write func(at time.Time, i int) string) string {
	var b strings.Builder
	b.WriteString(head)
	for i := range 96 {
		b.WriteString(write(time.Date(2024, 5, 13, 0, 30*i, 0, 0, time.UTC), i) + "\n")
	}
	return b.String()
}

// serial is a time as a spreadsheet counts it, to so many decimals.
func serial(at time.Time, epoch, decimals int) string {
	return fmt.Sprintf("%.*f", decimals, float64(at.Unix())/86400+float64(epoch))
}

// Whatever way the times are written in, the same readings come out, and it is said
// what was decided and why.
func TestGeneralReadsDatesOfAnyKind(t *testing.T) {
	with := func(layout, separator string) func(time.Time, int) string {
		return func(at time.Time, i int) string { return at.Format(layout) + separator + kwh(wave(i)) }
	}
	for name, c := range map[string]struct {
		text    string
		options Options
		note    string
	}{
		"day, month, year": {countedDay("time,kWh\n", with("02 Jan 2006 15:04", ",")), utc, "dates are dmy: the month is a word"},
		"dashes": {countedDay("time;kWh\n", func(at time.Time, i int) string {
			return strings.ToUpper(at.Format("02-Jan-2006 15:04:05;")) + kwh(wave(i))
		}), utc, "dates are dmy: the month is a word"},
		"short year": {countedDay("time,kWh\n", with("2-Jan-06 15:04", ",")), utc, "dates are dmy: within a month the first number changes, the last does not"},
		"year first": {countedDay("time,kWh\n", with("2006-Jan-02 15:04", ",")), utc, "dates are ymd: the month is a word"},
		"month first": {countedDay("time,kWh\n", func(at time.Time, i int) string {
			return `"` + at.Format("January 2, 2006 3:04 PM") + `",` + kwh(wave(i))
		}), utc,
			"dates are mdy: the month is a word"},
		"date and time apart": {countedDay("Datum;Zeit;kWh\n", func(at time.Time, i int) string {
			return strings.Replace(at.Format("2. Jan 2006;15:04;"), "May", "Mai", 1) + kwh(wave(i))
		}), utc, "dates are dmy: the month is a word"},

		"seconds": {countedDay("ts,kWh\n", func(at time.Time, i int) string { return fmt.Sprintf("%d,%s", at.Unix(), kwh(wave(i))) }), Options{},
			`column 1 counts seconds since 1970, of UTC (as the column is called): "1715558400" in line 2 is 2024-05-13T00:00:00Z`},
		"thousandths": {countedDay("x,kWh\n", func(at time.Time, i int) string { return fmt.Sprintf("%d,%s", at.UnixMilli(), kwh(wave(i))) }), Options{},
			`column 1 counts thousandths of a second since 1970, of UTC (they are mostly 30 minutes apart): "1715558400000" in line 2 is 2024-05-13T00:00:00Z`},
		"billionths, no header": {countedDay("", func(at time.Time, i int) string { return fmt.Sprintf("%d,%s", at.UnixNano(), kwh(wave(i))) }), hinted("unit=kWh"),
			`column 1 counts billionths of a second since 1970, of UTC (they are mostly 30 minutes apart): "1715558400000000000" in line 1 is 2024-05-13T00:00:00Z`},
		"seconds with a point": {countedDay("time|kWh\n", func(at time.Time, i int) string { return fmt.Sprintf("%d.0|%s", at.Unix(), kwh(wave(i))) }), Options{},
			`"1715558400.0" in line 2 is 2024-05-13T00:00:00Z`},
		"spreadsheet": {countedDay("Date,kWh\n", func(at time.Time, i int) string { return serial(at, 25569, 7) + "," + kwh(wave(i)) }), utc,
			`column 1 counts days since 1900, as spreadsheets do (as the column is called): "45425.0000000" in line 2 is 2024-05-13 00:00:00`},
		"spreadsheet, long": {countedDay("a,kWh\n", func(at time.Time, i int) string { return serial(at, 25569, 12) + "," + kwh(wave(i)) }), utc,
			`days since 1900, as spreadsheets do (they are mostly 30 minutes apart)`},
		"spreadsheet with commas": {countedDay("Zeit;kWh\n", func(at time.Time, i int) string {
			return strings.Replace(serial(at, 25569, 4)+";"+kwh(wave(i)), ".", ",", 2)
		}), utc, `"45425,0000" in line 2 is 2024-05-13 00:00:00`},
		"spreadsheet since 1904": {countedDay("Date,kWh\n", func(at time.Time, i int) string { return serial(at, 24107, 7) + "," + kwh(wave(i)) }), hinted("count=excel1904"),
			`days since 1904, as some spreadsheets do (as the column is called): "43963.0000000" in line 2 is 2024-05-13 00:00:00`},
		"days and times of day": {countedDay("Date,Time,kWh\n", func(at time.Time, i int) string {
			return serial(at.Truncate(24*time.Hour), 25569, 0) + at.Format(",15:04,") + kwh(wave(i))
		}), utc, `"45425" in line 2 is 2024-05-13`},
		"start and end": {countedDay("start,end,kWh\n", func(at time.Time, i int) string {
			return fmt.Sprintf("%d,%d,%s", at.Unix(), at.Unix()+1800, kwh(wave(i)))
		}), Options{}, `column 2 counts seconds since 1970`},
		"told, beside dates": {countedDay("date,counted,kWh\n", func(at time.Time, i int) string {
			return at.Add(time.Hour).Format("2006-01-02,") + fmt.Sprint(at.Unix()) + "," + kwh(wave(i))
		}), hinted("time=counted"), `column 2 counts seconds since 1970, of UTC (as told)`},
	} {
		f, err := Read(strings.NewReader(c.text), c.options)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if notes := strings.Join(f.Notes, "; "); !strings.Contains(notes, c.note) {
			t.Errorf("%s: it says\n%s\nwant\n%s", name, notes, c.note)
		}
		s := &f.Series[0]
		if f.Format != General || s.Start != 1715558400 || len(s.Wh) != 96 || s.Count(Measured) != 96 {
			t.Errorf("%s: %s from %d, %d slots", name, f.Format, s.Start, len(s.Wh))
			continue
		}
		for i, wh := range s.Wh {
			if int(wh) != wave(i) {
				t.Fatalf("%s: slot %d holds %d Wh", name, i, wh)
			}
		}
	}
}

// What may be a time or may not is asked for, and numbers that are none are not
// taken for times.
func TestGeneralAsksWhatNumbersAre(t *testing.T) {
	oneDay := rowsOf(48, "2024-03-13 00:00", "02-Jan-06 15:04", func(at string, i int) string { return at + "," + kwh(wave(i)) + "\n" })
	odd := countedDay("a,kWh\n", func(at time.Time, i int) string { return fmt.Sprintf("%d,%s", at.Unix()+int64(i*i), kwh(wave(i))) })
	for name, c := range map[string]struct {
		text, hint string
		values     []string
		want       string
	}{
		"day or year":      {"time,kWh\n" + oneDay, "order", []string{"dmy", "ymd"}, "13-Mar-24 00:00 has two numbers that may be the day, and no other row tells"},
		"odd seconds":      {odd, "time", []string{"a"}, "no column holds dates; numbers may be times"},
		"months and not":   {"time,kWh\n13 Mar 2024 00:00,1.5\n13/03/2024 00:30,1.25\n", "", nil, "line 3: expected a date as in the rows before, its month a word"},
		"wrong order told": {"", "", nil, "expected a time in the order mdy"},
		"a register":       {countedDay("n,Wh\n", func(_ time.Time, i int) string { return fmt.Sprintf("%d,%d", i, 45000+17*i) }), "time", []string{"Wh"}, "no column holds dates"},
		"meter numbers":    {countedDay("meter,kWh\n", func(_ time.Time, i int) string { return "1715558400," + kwh(wave(i)) }), "", nil, "line 1: expected the first line of a known format"},
		"two decimals":     {countedDay("Date,kWh\n", func(at time.Time, i int) string { return serial(at, 25569, 2) + "," + kwh(wave(i)) }), "", nil, "line 1: expected the first line of a known format"},
		"another century":  {countedDay("Date,kWh\n", func(at time.Time, i int) string { return serial(at, 125569, 6) + "," + kwh(wave(i)) }), "", nil, "line 1: expected the first line of a known format"},
		"seconds in one":   {"time,kWh\n1715558400,1\n1715560200,2\n1715562000000,1\n1715563800,2\n", "", nil, "line 1: expected the first line of a known format"},
		"a sum below":      {countedDay("ts,kWh\n", func(at time.Time, i int) string { return fmt.Sprintf("%d,%s", at.Unix(), kwh(wave(i))) }) + "Total,77.1\n", "", nil, `line 98: expected a date as in the rows before, found "Total,77.1"`},
	} {
		o := utc
		if name == "wrong order told" {
			c.text, o = "time,kWh\n"+oneDay, hinted("order=mdy")
		}
		_, err := Read(strings.NewReader(c.text), o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v\nwant %s", name, err, c.want)
			continue
		}
		var ask *HintError
		if errors.As(err, &ask) != (c.hint != "") || c.hint != "" && (ask.Hint != c.hint || !slices.Equal(ask.Values, c.values)) {
			t.Errorf("%s: asks %+v", name, ask)
		}
	}
}

// Decimals of a day are a minute only where nothing else is as near.
func TestMinutesOfADay(t *testing.T) {
	for part, want := range map[string]int64{"": 0, "5": 720, "25": 360, "125": 180, "0625": 90, "5208": 750, "5208333": 750, "520833333336": 750, "5208333333333333333": 750, "99999999": 1440, "520": -1, "52": -1, "5213": -1, "52083444": -1, "x": -1} {
		got, ok := minutesOf(part)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("0.%s of a day is minute %d, want %d", part, got, want)
		}
	}
}
