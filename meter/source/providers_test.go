package source

import (
	"errors"
	"strings"
	"testing"

	"hushwatt/internal/testdata"
	"hushwatt/meter/slots"
	"hushwatt/tariffs"
)

// known makes options that know the zones of countries.
func known(o Options) Options {
	o.LoadZone = tariffs.Zone
	return o
}

// channelTotals is what one channel of a file must hold.
type channelTotals struct {
	readings  int    // slots with a reading
	estimated int    // of which estimated
	total     uint64 // Wh
	hash      string // as in realFiles
}

// providerFiles are the files of network operators, suppliers and portals. The
// numbers come from a program apart from this package, in another language, which
// took each file by its own description, with exact fractions and another copy of
// the zones' rules: the readings of each instant added up, then the carry rule.
var providerFiles = []struct {
	name, format, point, zone string
	options                   Options
	step                      int
	first, last               int64
	channels                  []channelTotals
}{
	{"uk-ie-format-replicas/n3rgy-consumption-autumn.json", N3rgy, "", "UTC", Options{}, 1800, 1382227200, 1383521400,
		[]channelTotals{{674, 0, 163321, "34cea88925367779"}}},
	{"uk-ie-format-replicas/n3rgy-consumption-spring.json", N3rgy, "", "UTC", Options{}, 1800, 1364169600, 1365377400,
		[]channelTotals{{670, 0, 124202, "6da38538fb3e8e95"}}},
	{"uk-ie-format-replicas/esb-hdf-kw-autumn.csv", ESB, "10000000001", "Europe/Dublin", Options{}, 1800, 1382227200, 1383521400,
		[]channelTotals{{674, 0, 163321, "34cea88925367779"}}},
	{"uk-ie-format-replicas/esb-hdf-kw-spring.csv", ESB, "10000000001", "Europe/Dublin", Options{}, 1800, 1364169600, 1365377400,
		[]channelTotals{{670, 0, 124202, "6da38538fb3e8e95"}}},
	{"eu-provider-exports/be-fluvius-15min-2023.csv.gz", Fluvius, "123456879123456789", "Europe/Brussels", Options{}, 900, 1697846400, 1704066300,
		[]channelTotals{{6819, 0, 1462321, "3c74b30765bccd4e"}, {6819, 0, 124930, "9a15d9851bfd133c"}}},
	{"eu-provider-exports/it-enel-15min-2024-09.csv", Enel, "", "Europe/Rome", Options{}, 900, 1725062400, 1727739900,
		[]channelTotals{{2880, 0, 269281, "866ecfc8a10e7ae9"}}},
	{"eu-provider-exports/nl-dsmr-reader-hourly-2024.csv.gz", DSMRReader, "", "offset", Options{}, 3600, 1703980800, 1735686000,
		[]channelTotals{{8754, 0, 3743131, "7d9cb8ffe997615e"}, {8754, 0, 2128383, "ac497b2558fba66c"}}},
	{"eu-provider-exports/nl-homewizard-15min-cumulative-2022-09.csv", HomeWizard, "", "Europe/Amsterdam", Options{}, 900, 1661904000, 1664581500,
		[]channelTotals{{2879, 0, 1356427, "99e904435c0cada7"}, {2879, 0, 861118, "e8336b4291abca80"}}},
	// The same 35132 quarter-hours with the hour that the file has once taken as
	// the first or the second; the 02:00 of the spring is 03:00 of summer time.
	{"us-utility-csv/us-ameren-15min-2024.csv.gz", Ameren, "70000001", "America/Chicago",
		Options{Choices: []string{"lost-hour=first", "filled-hour=shift"}}, 900, 1711756800, 1743464700,
		[]channelTotals{{35132, 0, 25083350, "c3c6ddb7196996d5"}}},
	{"us-utility-csv/us-ameren-15min-2024.csv.gz", Ameren, "70000001", "America/Chicago",
		Options{Choices: []string{"lost-hour=second", "filled-hour=shift"}}, 900, 1711756800, 1743464700,
		[]channelTotals{{35132, 0, 25083350, "3ce265476bd7b8ed"}}},
	{"swiss-bamberg-15min-2018/elcons_15min_w44.csv.gz", SwissWeek, "4693828", "+01:00",
		Options{Point: "4693828", From: "2018-10-29"}, 900, 1540684800, 1541375100,
		[]channelTotals{{672, 0, 18700, "dd160be2e9c5f519"}}},
	{"swiss-bamberg-15min-2018/elcons_15min_w44.csv.gz", SwissWeek, "9620560", "+01:00",
		Options{Point: "9620560", From: "2018-10-29"}, 900, 1540684800, 1541375100,
		[]channelTotals{{672, 0, 158950, "3b680765cfdd6aa9"}}},
	{"swiss-bamberg-15min-2018/elcons_15min_w44.csv.gz", SwissWeek, "9717902", "+01:00",
		Options{Point: "9717902", From: "2018-10-29", Choices: []string{"negative=missing"}}, 900, 1540684800, 1541375100,
		[]channelTotals{{671, 0, 352890, "2826d26b14d308bc"}}},
}

func TestProviderFiles(t *testing.T) {
	for _, want := range providerFiles {
		f := readFile(t, testdata.Shared(t, "data/"+want.name), known(want.options))
		if f.Format != want.format || f.Zone != want.zone || f.Step() != want.step || len(f.Series) != len(want.channels) {
			t.Errorf("%s: read as %s, %s, %d s, %d channels", want.name, f.Format, f.Zone, f.Step(), len(f.Series))
			continue
		}
		for c, channel := range want.channels {
			s := &f.Series[c]
			checkSeries(t, s)
			got := channelTotals{s.Count(Measured) + s.Count(Estimated), s.Count(Estimated), s.Total(), digest(s)}
			if got != channel || s.Point != want.point || s.Channel != c {
				t.Errorf("%s, channel %d of %q: %+v, want %+v", want.name, s.Channel, s.Point, got, channel)
			}
			if s.Start != want.first || s.At(len(s.Wh)-1) != want.last {
				t.Errorf("%s: from %s to %s", want.name, slots.Stamp(s.Start), slots.Stamp(s.At(len(s.Wh)-1)))
			}
		}
	}
}

// What a provider's file leaves open is refused, at the line and in words that
// say what to do.
func TestProviderFilesAsk(t *testing.T) {
	ameren, swiss := "us-utility-csv/us-ameren-15min-2024.csv.gz", "swiss-bamberg-15min-2018/elcons_15min_w47.csv.gz"
	for _, c := range []struct {
		name    string
		options Options
		want    string
		choices int
	}{
		{ameren, Options{}, "ameren: line 20944: the hour that clocks in America/Chicago repeated at 2024-11-03T07:00:00Z stands only once in the file, at 2024-11-03 01:00:00", 4},
		{ameren, Options{Choices: []string{"lost-hour=both"}}, `ameren: line 33044: expected a time that exists in America/Chicago, found "2025-03-09 02:00:00"`, 2},
		{swiss, Options{Point: "9717902"}, "swiss-week: the file does not say which week it is of: name the Monday", 0},
		{swiss, Options{Point: "9717902", From: "2018-11-20"}, "swiss-week: the first day of a week must be a Monday", 0},
		{swiss, Options{From: "2018-11-19"}, "swiss-week: the file holds 336 meter points, choose one: ", 0},
		{swiss, Options{Point: "9717902", From: "2018-11-19"}, `swiss-week: line 188: expected a reading in kWh that is not negative, found "-0.95"; if it is energy fed to the grid, choose negative=export`, 0},
	} {
		data := gunzip(t, testdata.Shared(t, "data/"+c.name))
		_, err := Read(strings.NewReader(data), known(c.options))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v\nwant %s", c.name, err, c.want)
			continue
		}
		var open *ChoiceError
		if errors.As(err, &open); open != nil && len(open.Choices) != c.choices || open == nil && c.choices > 0 {
			t.Errorf("%s: choices of %v", c.name, err)
		}
	}
}

// Seven weeks of Swiss homes, one file after another.
func TestSwissWeeksInTurn(t *testing.T) {
	var all strings.Builder
	for _, week := range []string{"44", "45", "46", "47", "48", "49", "50"} {
		all.WriteString(gunzip(t, testdata.Shared(t, "data/swiss-bamberg-15min-2018/elcons_15min_w"+week+".csv.gz")))
	}
	for _, want := range []struct {
		point    string
		choice   string
		channels []channelTotals
	}{
		{"4693828", "negative=missing", []channelTotals{{4704, 0, 155240, "3fc3b6a018f20a1b"}}},
		{"9620560", "negative=missing", []channelTotals{{4704, 0, 1286480, "c8efa69e64f1afcb"}}},
		{"9717902", "negative=missing", []channelTotals{{4689, 0, 2631951, "ad79c3885cce9287"}}},
	} {
		f, err := Read(strings.NewReader(all.String()), Options{Point: want.point, From: "2018-10-29", Choices: []string{want.choice}})
		if err != nil {
			t.Fatal(err)
		}
		for c, channel := range want.channels {
			s := &f.Series[c]
			if got := (channelTotals{s.Count(Measured) + s.Count(Estimated), s.Count(Estimated), s.Total(), digest(s)}); got != channel {
				t.Errorf("home %s, channel %d: %+v, want %+v", want.point, c, got, channel)
			}
		}
	}
	names, err := Points(strings.NewReader(all.String()), Options{})
	if err != nil || len(names) != 336 || names[0] != "4693828" {
		t.Errorf("%d homes, %v", len(names), err)
	}
}
