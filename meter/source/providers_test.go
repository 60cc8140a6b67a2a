package source

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"hushwatt/internal/testdata"
	"hushwatt/tariffs"
)

// known makes options that know the zones of countries.
func known(o Options) Options {
	o.LoadZone = tariffs.Zone
	return o
}

// providerFiles are the files of network operators, suppliers and portals. Their
// numbers come from Python, too, which took each file by its own description: the
// readings of each instant added up as exact fractions, then the carry rule.
var providerFiles = []meterFile{
	{"uk-ie-format-replicas/n3rgy-consumption-autumn.json", N3rgy, Options{}, "", 1800, 1382227200, 1383521400, []want{{0, 674, 0, 46, 163321, "34cea88925367779"}}},
	{"uk-ie-format-replicas/n3rgy-consumption-spring.json", N3rgy, Options{}, "", 1800, 1364169600, 1365377400, []want{{0, 670, 0, 2, 124202, "6da38538fb3e8e95"}}},
	{"uk-ie-format-replicas/esb-hdf-kw-autumn.csv", ESB, Options{}, "10000000001", 1800, 1382227200, 1383521400, []want{{0, 674, 0, 46, 163321, "34cea88925367779"}}},
	{"uk-ie-format-replicas/esb-hdf-kw-spring.csv", ESB, Options{}, "10000000001", 1800, 1364169600, 1365377400, []want{{0, 670, 0, 2, 124202, "6da38538fb3e8e95"}}},
	{"eu-provider-exports/be-fluvius-15min-2023.csv.gz", Fluvius, Options{}, "123456879123456789", 900, 1697846400, 1704066300, []want{{0, 6819, 0, 93, 1462321, "3c74b30765bccd4e"}, {1, 6819, 0, 93, 124930, "9a15d9851bfd133c"}}},
	{"eu-provider-exports/it-enel-15min-2024-09.csv", Enel, Options{}, "", 900, 1725062400, 1727739900, []want{{0, 2880, 0, 96, 269281, "866ecfc8a10e7ae9"}}},
	{"eu-provider-exports/nl-dsmr-reader-hourly-2024.csv.gz", DSMRReader, Options{}, "", 3600, 1703980800, 1735686000, []want{{0, 8754, 0, 54, 3743131, "7d9cb8ffe997615e"}, {1, 8754, 0, 54, 2128383, "ac497b2558fba66c"}}},
	{"eu-provider-exports/nl-homewizard-15min-cumulative-2022-09.csv", HomeWizard, Options{}, "", 900, 1661904000, 1664581500, []want{{0, 2879, 0, 97, 1356427, "99e904435c0cada7"}, {1, 2879, 0, 97, 861118, "e8336b4291abca80"}}},
	// The same 35132 quarter-hours with the hour that the file has once taken as the first
	// or as the second; the 02:00 of the spring is 03:00 of summer time.
	{"us-utility-csv/us-ameren-15min-2024.csv.gz", Ameren, Options{Choices: []string{"lost-hour=first", "filled-hour=shift"}}, "70000001", 900, 1711756800, 1743464700, []want{{0, 35132, 0, 100, 25083350, "c3c6ddb7196996d5"}}},
	{"us-utility-csv/us-ameren-15min-2024.csv.gz", Ameren, Options{Choices: []string{"lost-hour=second", "filled-hour=shift"}}, "70000001", 900, 1711756800, 1743464700, []want{{0, 35132, 0, 100, 25083350, "3ce265476bd7b8ed"}}},
	{"swiss-bamberg-15min-2018/elcons_15min_w44.csv.gz", SwissWeek, Options{Point: "4693828", From: "2018-10-29"}, "4693828", 900, 1540684800, 1541375100, []want{{0, 672, 0, 96, 18700, "dd160be2e9c5f519"}}},
	{"swiss-bamberg-15min-2018/elcons_15min_w44.csv.gz", SwissWeek, Options{Point: "9620560", From: "2018-10-29"}, "9620560", 900, 1540684800, 1541375100, []want{{0, 672, 0, 96, 158950, "3b680765cfdd6aa9"}}},
	{"swiss-bamberg-15min-2018/elcons_15min_w44.csv.gz", SwissWeek, Options{Point: "9717902", From: "2018-10-29", Choices: []string{"negative=missing"}}, "9717902", 900, 1540684800, 1541375100, []want{{0, 671, 0, 97, 352890, "2826d26b14d308bc"}}},
	{"swiss-bamberg-15min-2018/elcons_15min_w45.csv.gz", SwissWeek, Options{Point: "4693828", From: "2018-11-05"}, "4693828", 900, 1541289600, 1541979900, []want{{0, 672, 0, 96, 22690, "3c80f3dc87776ffc"}}},
	{"swiss-bamberg-15min-2018/elcons_15min_w46.csv.gz", SwissWeek, Options{Point: "4693828", From: "2018-11-12"}, "4693828", 900, 1541894400, 1542584700, []want{{0, 672, 0, 96, 24020, "129ad6cbd0613dc2"}}},
	{"swiss-bamberg-15min-2018/elcons_15min_w47.csv.gz", SwissWeek, Options{Point: "4693828", From: "2018-11-19"}, "4693828", 900, 1542499200, 1543189500, []want{{0, 672, 0, 96, 21800, "87bef97aae0460a9"}}},
	{"swiss-bamberg-15min-2018/elcons_15min_w48.csv.gz", SwissWeek, Options{Point: "4693828", From: "2018-11-26"}, "4693828", 900, 1543104000, 1543794300, []want{{0, 672, 0, 96, 20240, "c0454b8464eb01a8"}}},
	{"swiss-bamberg-15min-2018/elcons_15min_w49.csv.gz", SwissWeek, Options{Point: "4693828", From: "2018-12-03"}, "4693828", 900, 1543708800, 1544399100, []want{{0, 672, 0, 96, 22450, "f469e36e69868297"}}},
	{"swiss-bamberg-15min-2018/elcons_15min_w50.csv.gz", SwissWeek, Options{Point: "4693828", From: "2018-12-10"}, "4693828", 900, 1544313600, 1545003900, []want{{0, 672, 0, 96, 25340, "58c3460a19b4f28c"}}},
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
		{swiss, Options{Point: "9717902", From: "2018-11-19"}, `swiss-week: line 188: expected a reading in kWh that is not negative, found "-0.95"; choose negative=export (`, 2},
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

// Seven weeks of Swiss homes, one file after another, and every home of a week.
func TestSwissWeeks(t *testing.T) {
	if testing.Short() {
		t.Skip("LEFT OUT with -short; make unit runs it")
	}
	var all strings.Builder
	for week, total := range []uint64{99887254, 87446737, 104296402, 126262301, 120249306, 105974894, 147234270} {
		data := gunzip(t, testdata.Shared(t, fmt.Sprintf("data/swiss-bamberg-15min-2018/elcons_15min_w%d.csv.gz", 44+week)))
		all.WriteString(data)
		monday := time.Date(2018, 10, 29+7*week, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		homes, err := ReadAll(strings.NewReader(data), Options{From: monday, Choices: []string{"negative=missing"}})
		if err != nil {
			t.Fatal(err)
		}
		var sum uint64
		for _, f := range homes {
			sum += f.Series[0].Total()
		}
		if len(homes) != 336 || sum != total {
			t.Errorf("week of %s: %d homes, %d Wh, want %d", monday, len(homes), sum, total)
		}
	}
	for point, wanted := range map[string]want{
		"4693828": {Import, 4704, 0, 96, 155240, "3fc3b6a018f20a1b"},
		"9620560": {Import, 4704, 0, 96, 1286480, "c8efa69e64f1afcb"},
		"9717902": {Import, 4689, 0, 111, 2631951, "ad79c3885cce9287"},
	} {
		f, err := Read(strings.NewReader(all.String()), Options{Point: point, From: "2018-10-29", Choices: []string{"negative=missing"}})
		if err != nil {
			t.Fatal(err)
		}
		s := &f.Series[0]
		if got := (want{Import, s.Count(Measured), s.Count(Estimated), s.Count(Missing), s.Total(), digest(s)}); got != wanted {
			t.Errorf("home %s: %+v, want %+v", point, got, wanted)
		}
	}
	names, err := Points(strings.NewReader(all.String()), Options{})
	if err != nil || len(names) != 336 || names[0] != "4693828" {
		t.Errorf("%d homes, %v", len(names), err)
	}
}
