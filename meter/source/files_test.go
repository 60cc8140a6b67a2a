package source

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hushwatt/internal/testdata"
	"hushwatt/tariffs"
)

// want is one channel of a file: slots measured, estimated and missing, total in
// Wh, and the beginning of SHA-256 over every slot (digest).
type want struct {
	channel                      int
	measured, estimated, missing int
	total                        uint64
	hash                         string
}

// meterFile is a file and what it must be read as.
type meterFile struct {
	name, format string
	options      Options
	point        string
	step         int
	first, last  int64
	series       []want
}

// meterFiles are real files of the formats that are not in realFiles. The numbers
// were worked out apart from this package, by a few dozen lines of Python: exact
// fractions, the carry rule over a dictionary of instants, Python's own time zones.
// First and last are the starts of the first and last slot.
var meterFiles = []meterFile{
	{"nem12/Example_NEM12_actual_interval.csv", NEM12, Options{}, "VABD000163", 1800, 1075507200, 1075678200, []want{{0, 48, 0, 48, 53328, "56bb6337786d5bdf"}}},
	{"nem12/Example_NEM12_different_interval_length.csv", NEM12, Options{}, "C123", 1800, 1080777600, 1080948600, []want{{0, 48, 0, 48, 374000, "47a1873ae6b682a4"}}},
	{"nem12/Example_NEM12_month_solar.csv", NEM12, Options{}, "NMI1234567", 300, 1677542400, 1680306900, []want{{0, 8928, 0, 288, 270738, "cf128d1ab13077a8"}, {1, 8928, 0, 288, 589172, "d7fa70d8e9cb060f"}}},
	{"nem12/Example_NEM12_multiple_quality.csv", NEM12, Options{}, "CCCC123456", 1800, 1082073600, 1082244600, []want{{0, 4, 44, 48, 896990, "76f9d3c46fe3b06d"}}},
	{"nem12/Example_NEM12_no_scheduled_read.csv", NEM12, Options{}, "NMI111", 900, 1567468800, 1567640700, []want{{0, 96, 0, 96, 5840, "214294c93aa9d47b"}}},
	{"nem12/Example_NEM12_partialchannel.csv", NEM12, Options{}, "NMI1234567", 300, 1677542400, 1680306900, []want{{0, 8928, 0, 288, 270738, "cf128d1ab13077a8"}, {1, 288, 0, 8928, 23166, "0740f8f4cf6bdfc4"}}},
	{"nem12/Example_NEM12_substituted_interval.csv", NEM12, Options{}, "VBCD000022", 1800, 1059609600, 1059780600, []want{{0, 0, 48, 48, 110976, "e8b7aa89abe19b77"}}},
	{"nem12/invalid/Example_NEM12_missing_header.csv", NEM12, Options{}, "VABD000163", 1800, 1075507200, 1075678200, []want{{0, 48, 0, 48, 53328, "56bb6337786d5bdf"}}},
	{"nem12/mdp-scenarios/NEM12_03050_05031001_WBAYM_NEMMCO.V01", NEM12, Options{}, "NEM1203050", 1800, 1110326400, 1110756600, []want{{0, 192, 0, 48, 147082340, "1b7d5cf67eec16d9"}}},
	{"nem12/mdp-scenarios/NEM12_06110_05021206_WBAYM_NEMMCO.V01", NEM12, Options{}, "NEM1206110", 1800, 1108080000, 1108510200, []want{{0, 192, 0, 48, 27213680, "0404b9d6dab360b9"}, {1, 192, 0, 48, 0, "878a6d0400725d7a"}}},
	{"nem12/mdp-scenarios/NEM12_08150_05031502_WBAYM_NEMMCO.V01", NEM12, Options{}, "NEM1208150", 1800, 1110758400, 1111015800, []want{{0, 22, 74, 48, 13050265, "d5df398f97f03828"}}},
	{"nem12/mdp-scenarios/NEM12_10190_05031401_WBAYM_NEMMCO.V01", NEM12, Options{}, "NEM1210190", 1800, 1110672000, 1111015800, []want{{0, 144, 0, 48, 9402580, "14672ab1dd366da6"}, {1, 96, 0, 96, 0, "2cdc2e0370d243a9"}}},
	{"nem12/mdp-scenarios/NEM12_SCENARIO105032701_ENERGEXM_NEMMCO.V01", NEM12, Options{}, "NEM1201004", 900, 1111795200, 1112226300, []want{{0, 384, 0, 96, 13685510, "356678deee18127d"}}},
	{"nem12/mdp-scenarios/NEM12_SCENARIO305032701_ENERGEXM_NEMMCO.V01", NEM12, Options{}, "NEM1203044", 900, 1111795200, 1112226300, []want{{0, 0, 384, 96, 1844680, "0fff72056ceec687"}}},
	{"nem12/mdp-scenarios/NEM12_SCENARIO505033001_ENERGEXM_NEMMCO.V01", NEM12, Options{}, "NEM1205084", 1800, 1112054400, 1112484600, []want{{0, 192, 0, 48, 15145820, "268f8b06a16bc411"}}},
	{"nem12/mdp-scenarios/NEM12_SCENARIO805040401_ENERGEXM_NEMMCO.V01", NEM12, Options{}, "NEM1208144", 1800, 1112486400, 1112743800, []want{{0, 50, 46, 48, 3477240, "5db2763e6ab08d8a"}}},
	{"au-customer-downloads/home-b-nem12-30min.csv.gz", NEM12, Options{}, "6400000002", 1800, 1542240000, 1601335800, []want{{0, 32688, 0, 144, 4606820, "3d54428ef3a41770"}}},
	{"au-customer-downloads/home-c-wide-30min.csv.gz", Wide, Options{Choices: []string{"lost-hour=first", "filled-hour=drop"}}, "6000000003", 1800, 1561075200, 1601335800, []want{{0, 22318, 0, 50, 4304627, "dc165770e03ff42c"}}},
	{"au-customer-downloads/home-c-wide-30min.csv.gz", Wide, Options{Choices: []string{"lost-hour=second", "filled-hour=drop"}}, "6000000003", 1800, 1561075200, 1601335800, []want{{0, 22318, 0, 50, 4304627, "7b4ad29740b9d280"}}},
	{"au-customer-downloads/home-c-wide-30min.csv.gz", Wide, Options{Choices: []string{"lost-hour=both", "filled-hour=drop"}}, "6000000003", 1800, 1561075200, 1601335800, []want{{0, 22316, 4, 48, 4304627, "99788e50ea8aecac"}}},
	{"au-customer-downloads/home-c-wide-30min.csv.gz", Wide, Options{Choices: []string{"lost-hour=missing", "filled-hour=drop"}}, "6000000003", 1800, 1561075200, 1601335800, []want{{0, 22316, 0, 52, 4304389, "ea33d3f6ab78f5c5"}}},
	{"sgsc-nsw-halfhour/homes/10006414.csv.gz", SGSC, Options{}, "", 1800, 1328745600, 1393889400, []want{{0, 36061, 0, 131, 6696114, "acf41fdb9fa5d2bd"}}},
	{"sgsc-nsw-halfhour/homes/10006486.csv.gz", SGSC, Options{}, "", 1800, 1360540800, 1393803000, []want{{0, 18432, 0, 48, 2198622, "901811acb40fc7f0"}}},
	{"sgsc-nsw-halfhour/homes/10006630.csv.gz", SGSC, Options{}, "", 1800, 1338508800, 1393803000, []want{{0, 30717, 0, 3, 13091964, "2f157542da126e04"}}},
	{"sgsc-nsw-halfhour/homes/10006704.csv.gz", SGSC, Options{}, "", 1800, 1338508800, 1393889400, []want{{0, 30273, 0, 495, 14177947, "aa3edd4ac8d122f1"}}},
	{"sgsc-nsw-halfhour/homes/10012508.csv.gz", SGSC, Options{}, "", 1800, 1368748800, 1385076600, []want{{0, 9040, 0, 32, 4623622, "826232fa5bfbbc5c"}}},
	{"sgsc-nsw-halfhour/homes/10014564.csv.gz", SGSC, Options{}, "", 1800, 1364169600, 1393803000, []want{{0, 16457, 0, 7, 6514346, "00963b14443a46a9"}}},
	{"sgsc-nsw-halfhour/homes/10014678.csv.gz", SGSC, Options{}, "", 1800, 1363478400, 1393803000, []want{{0, 16799, 0, 49, 10226052, "bf15e26bc477c235"}}},
	{"sgsc-nsw-halfhour/homes/10017462.csv.gz", SGSC, Options{}, "", 1800, 1337904000, 1393889400, []want{{0, 31005, 0, 99, 4874423, "e3f1a33f23cddc9f"}}},
	{"sgsc-nsw-halfhour/homes/10017478.csv.gz", SGSC, Options{}, "", 1800, 1349740800, 1393284600, []want{{0, 24150, 0, 42, 2576740, "099f362e73d1e55f"}}},
	{"sgsc-nsw-halfhour/homes/10017516.csv.gz", SGSC, Options{}, "", 1800, 1337731200, 1393198200, []want{{0, 30783, 0, 33, 9194601, "23bb53a52d48d3eb"}}},
	{"sgsc-nsw-halfhour/homes/10017528.csv.gz", SGSC, Options{}, "", 1800, 1337731200, 1368055800, []want{{0, 16782, 0, 66, 2860406, "4de9db1463acf353"}}},
	{"sgsc-nsw-halfhour/homes/10017562.csv.gz", SGSC, Options{}, "", 1800, 1337731200, 1393111800, []want{{0, 29902, 0, 866, 6003154, "7f46abb976828690"}}},
	{"sgsc-nsw-halfhour/homes/10017572.csv.gz", SGSC, Options{}, "", 1800, 1337904000, 1393198200, []want{{0, 30598, 0, 122, 6745667, "ebf670ac7a563ffd"}}},
	{"sgsc-nsw-halfhour/homes/10017574.csv.gz", SGSC, Options{}, "", 1800, 1337817600, 1393198200, []want{{0, 30729, 0, 39, 5815323, "ff39086b6f062bc4"}}},
	{"sgsc-nsw-halfhour/homes/10017792.csv.gz", SGSC, Options{}, "", 1800, 1335484800, 1391297400, []want{{0, 29477, 0, 1531, 980199, "6ae277c016663d1c"}}},
	{"sgsc-nsw-halfhour/homes/10017884.csv.gz", SGSC, Options{}, "", 1800, 1338336000, 1393803000, []want{{0, 30742, 0, 74, 4606788, "fd7cc1cae0f07314"}}},
	{"sgsc-nsw-halfhour/homes/10017888.csv.gz", SGSC, Options{}, "", 1800, 1338336000, 1393803000, []want{{0, 30382, 0, 434, 3727401, "ce3abb17502b9b47"}}},
	{"sgsc-nsw-halfhour/homes/10017902.csv.gz", SGSC, Options{}, "", 1800, 1341360000, 1393630200, []want{{0, 28598, 0, 442, 7687275, "5f90d5384e865ab1"}}},
	{"sgsc-nsw-halfhour/homes/10017936.csv.gz", SGSC, Options{}, "", 1800, 1338508800, 1393803000, []want{{0, 30652, 0, 68, 10875274, "2c4b61509d02cb5e"}}},
	{"sgsc-nsw-halfhour/homes/10017950.csv.gz", SGSC, Options{}, "", 1800, 1338508800, 1393198200, []want{{0, 28487, 0, 1897, 5855669, "fd839dd414804c90"}}},
	{"sgsc-nsw-halfhour/homes/10017994.csv.gz", SGSC, Options{}, "", 1800, 1338508800, 1393803000, []want{{0, 29913, 0, 807, 3233750, "52b1b1fefb992775"}}},
	{"sgsc-nsw-halfhour/homes/10018002.csv.gz", SGSC, Options{}, "", 1800, 1338508800, 1393803000, []want{{0, 30705, 0, 15, 8971774, "a1b35f8ab071d695"}}},
	{"sgsc-nsw-halfhour/homes/10018004.csv.gz", SGSC, Options{}, "", 1800, 1338508800, 1393198200, []want{{0, 29269, 0, 1115, 4792878, "0ce0049f8003cab5"}}},
	{"sgsc-nsw-halfhour/homes/10018012.csv.gz", SGSC, Options{}, "", 1800, 1338508800, 1393803000, []want{{0, 30672, 0, 48, 5523692, "b39d65dac8539fb2"}}},
	{"sgsc-nsw-halfhour/homes/10018060.csv.gz", SGSC, Options{}, "", 1800, 1338508800, 1393198200, []want{{0, 30373, 0, 11, 5098303, "8ad69d6ada944d31"}}},
	{"sgsc-nsw-halfhour/homes/10018064.csv.gz", SGSC, Options{}, "", 1800, 1338508800, 1393889400, []want{{0, 30722, 0, 46, 2170586, "e0787c08f4da2af6"}}},
	{"sgsc-nsw-halfhour/homes/10018222.csv.gz", SGSC, Options{}, "", 1800, 1340150400, 1376436600, []want{{0, 20106, 0, 54, 57342, "6f75004c6ee3ed0f"}}},
	{"sgsc-nsw-halfhour/homes/10018240.csv.gz", SGSC, Options{}, "", 1800, 1338422400, 1393198200, []want{{0, 30393, 0, 39, 5319235, "f19ae563910f65d8"}}},
	{"sgsc-nsw-halfhour/homes/10018242.csv.gz", SGSC, Options{}, "", 1800, 1338422400, 1393803000, []want{{0, 30713, 0, 55, 6430337, "bf2ffeb3bb11cb91"}}},
	{"sgsc-nsw-halfhour/homes/10018250.csv.gz", SGSC, Options{}, "", 1800, 1341360000, 1393716600, []want{{0, 27905, 0, 1183, 6990887, "0b73970b46e76ba9"}}},
	{"ausgrid-customer12/data_2011-2012.csv.gz", Ausgrid, Options{}, "", 1800, 1309392000, 1341099000, []want{{0, 17568, 0, 48, 11876738, "c203b45e9e3c54ee"}, {1, 17568, 0, 48, 2592808, "b291621ee3dba879"}}},
	{"greenbutton-espi/california_home_hourly_2011.xml.gz", ESPI, Options{}, "", 3600, 1296518400, 1328050800, []want{{0, 8727, 0, 33, 5089595, "118b2d66eecfc400"}}},
	{"greenbutton-espi/coastal_multi_family_2011_customer5.xml.gz", ESPI, Options{}, "1", 3600, 1293840000, 1325458800, []want{{0, 8760, 0, 24, 4425305, "7fd8f3183b1ae3a1"}}},
	{"greenbutton-espi/hourly_nine_days_binned_daily.xml", ESPI, Options{}, "2", 3600, 1388534400, 1389394800, []want{{0, 216, 0, 24, 199563, "4cb79c92cf6640ae"}}},
	{"greenbutton-espi/openespi_usage_data.xml", ESPI, Options{}, "5446AF3F", 900, 1330560000, 1331855100, []want{{0, 1338, 2, 100, 1391666, "10f4e2ad2914fa2b"}}},
	{"greenbutton-espi/openespi_usage_data_01.xml", ESPI, Options{}, "5446AF3F", 900, 1330560000, 1330731900, []want{{0, 94, 2, 96, 93846, "cb75a2a6c540c362"}}},
	{"greenbutton-espi/openespi_usage_data_2.xml", ESPI, Options{}, "5446AF3F", 900, 1330992000, 1331855100, []want{{0, 860, 0, 100, 879978, "cf082807f26429e2"}}},
}

func TestMeterFiles(t *testing.T) {
	for _, c := range slices.Concat(meterFiles, providerFiles) {
		o := c.options
		o.LoadZone = tariffs.Zone
		f := readFile(t, testdata.Shared(t, "data/"+c.name), o)
		if f.Format != c.format || f.Step() != c.step || len(f.Series) != len(c.series) {
			t.Errorf("%s: format %s, step %d, %d series", c.name, f.Format, f.Step(), len(f.Series))
			continue
		}
		for i, w := range c.series {
			s := &f.Series[i]
			checkSeries(t, s)
			if s.Point != c.point || s.Channel != w.channel {
				t.Errorf("%s: point %q, channel %d", c.name, s.Point, s.Channel)
			}
			if s.Start != c.first || s.At(len(s.Wh)-1) != c.last {
				t.Errorf("%s: from %d to %d", c.name, s.Start, s.At(len(s.Wh)-1))
			}
			got := want{w.channel, s.Count(Measured), s.Count(Estimated), s.Count(Missing), s.Total(), digest(s)}
			if got != w {
				t.Errorf("%s: read %+v, want %+v", c.name, got, w)
			}
		}
	}
}

// refusedFiles are real files that must not be read, and the reason.
var refusedFiles = []struct{ name, reason string }{
	{"nem12/invalid/Example_NEM12_15min_200_30min_300.csv", `line 3: expected 96 readings of 15 minutes and their quality, found "`},
	{"nem12/invalid/Example_NEM12_empty.csv", `no readings`},
	{"nem12/invalid/Example_NEM12_incomplete_interval.csv", `line 3: expected 48 readings of 30 minutes and their quality, found "`},
	{"dsmr-p1/p1-example-3.0.txt", `line 1: expected a telegram with its time`},
	{"dsmr-p1/p1-example-4.0.txt", `line 30: expected the CRC 6412 of the telegram from line 1 on`},
	{"dsmr-p1/p1-example-5.0.txt", `line 38: expected the CRC E47C of the telegram from line 1 on`},
	{"au-customer-downloads/home-c-wide-30min.csv.gz", `in the hour that clocks skip`},
	{"nem12/mdp-scenarios/NEM12_07130_05021202_WBAYM_NEMMCO.V01", `no readings of energy: the file holds K1, Q1`},
	{"nem12/mdp-scenarios/NEM12_SCENARIO705033001_ENERGEXM_NEMMCO.V01", `no readings of energy: the file holds K1, Q1`},
	{"nem12/mdp-scenarios/NEM12_01010_05030502_WBAYM_NEMMCO.V01", `expected at most 1048575 Wh in a slot`},
	{"nem12/mdp-scenarios/NEM12_02030_05030501_WBAYM_NEMMCO.V01", `expected at most 1048575 Wh in a slot`},
	{"nem12/mdp-scenarios/NEM12_05090_05031401_WBAYM_NEMMCO.V01", `expected at most 1048575 Wh in a slot`},
	{"nem12/mdp-scenarios/NEM12_SCENARIO1005032705_ENERGEXM_NEMMCO.V05", `expected at most 1048575 Wh in a slot`},
	{"nem12/mdp-scenarios/NEM12_SCENARIO205032701_ENERGEXM_NEMMCO.V01", `expected at most 1048575 Wh in a slot`},
	{"nem12/mdp-scenarios/NEM12_SCENARIO605033001_ENERGEXM_NEMMCO.V01", `expected at most 1048575 Wh in a slot`},
	{"us-utility-csv/us-ameren-15min-2024.csv.gz", `line 20944: the hour that clocks in America/Chicago repeated at 2024-11-03T07:00:00Z stands only once in the file`},
	{"swiss-bamberg-15min-2018/elcons_15min_w44.csv.gz", `the file does not say which week it is of`},
	{"swiss-bamberg-15min-2018/household_survey.csv", `a table of which a column holds dates, found "VID,household_type,`}, // answers, no readings
	{"lcl-london-2013/homes.csv", `a table of which a column holds dates, found "home,tariff_2013,`},
	{"au-lv-feeder-n/customers_kw.csv", `a table of which a column holds dates, found "customer,bus,phase,`}, // one day without its date
}

func TestRefusedFiles(t *testing.T) {
	for _, c := range refusedFiles {
		data, err := os.ReadFile(testdata.Shared(t, "data/"+c.name))
		if err != nil {
			t.Fatal(err)
		}
		f, err := Read(bytes.NewReader(data), Options{LoadZone: tariffs.Zone})
		if err == nil {
			t.Errorf("%s: read as %+v", c.name, f.Summary())
		} else if !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%s: refused because %v\n want %s", c.name, err, c.reason)
		}
	}
}

// Every file of the shared folder is in one of the tables.
func TestNoFileIsLeftOut(t *testing.T) {
	listed := map[string]bool{}
	for _, c := range realFiles {
		listed[c.name] = true
	}
	for _, c := range slices.Concat(meterFiles, providerFiles) {
		listed[c.name] = true
	}
	for _, c := range refusedFiles {
		listed[c.name] = true
	}
	root := testdata.Shared(t, "data")
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		switch {
		case err != nil:
			return err
		case name == "tariffs":
			return fs.SkipDir
		case d.IsDir() || d.Name() == "ORIGIN.md":
			return nil
		}
		if files++; !listed[name] {
			t.Errorf("%s is in no table", name)
		}
		return nil
	})
	if err != nil || files < 140 {
		t.Errorf("%d files, %v", files, err)
	}
}
