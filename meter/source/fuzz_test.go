package source

import (
	"bytes"
	"compress/gzip"
	"reflect"
	"strings"
	"testing"
)

// What any reader accepts is a well-formed series that, written as a plain file,
// is read back the same.
func checkRead(t *testing.T, data []byte, format string) {
	f, err := Read(bytes.NewReader(data), Options{Format: format})
	if err != nil {
		if strings.ContainsAny(err.Error(), "\n") {
			t.Fatalf("the error has several lines: %q", err)
		}
		return
	}
	for i := range f.Series {
		checkSeries(t, &f.Series[i])
	}
	if len(f.Series[0].Wh) > 5000 {
		return // two distant rows make years of missing slots: nothing new, and slow
	}
	var plain bytes.Buffer
	if err := WriteCSV(&plain, f.Series); err != nil {
		t.Fatal(err)
	}
	again, err := Read(&plain, Options{Format: CSV, Point: f.Series[0].Point})
	if err != nil {
		t.Fatalf("what was written is not read: %v", err)
	}
	if !reflect.DeepEqual(again.Series, f.Series) {
		t.Fatalf("written and read again: %+v, before %+v", again.Series, f.Series)
	}
}

// fuzz runs one reader; each seed must be accepted as it stands.
func fuzz(f *testing.F, format string, seeds ...string) {
	for _, seed := range seeds {
		if _, err := Read(strings.NewReader(seed), Options{Format: format}); err != nil {
			f.Fatalf("seed is refused: %v", err)
		}
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkRead(t, data, format) })
}

func FuzzLCL(f *testing.F) {
	fuzz(f, LCL,
		lclHead+"A,2013-01-01 00:00:00, 0.219 \nA,2013-01-01 00:30:00,5.1719999\n",
		lclHead+"A,2013-01-01 00:00:00,0\nA,2013-01-01 00:00:00,0.000\nA,2013-01-01 12:13:14,Null\n")
}

func FuzzOctopusCSV(f *testing.F) {
	fuzz(f, OctopusCSV,
		octHead+"0.247000, 2013-10-21T00:00:00+01:00, 2013-10-21T00:30:00+01:00\n",
		"Consumption (kWh),Start,End,Price\n0.311000,2023-08-09T00:30:00+01:00,2023-08-09T01:00:00+01:00,13.93\n")
}

func FuzzOctopusJSON(f *testing.F) {
	const result = `{"consumption":0.268,"interval_start":"2013-11-03T23:30:00Z","interval_end":"2013-11-04T00:00:00Z"}`
	fuzz(f, OctopusJSON,
		`{"count":1,"next":null,"previous":null,"results":[`+result+`]}`,
		`{"results":[]}{"results":[`+result+`]}`)
}

func FuzzCSV(f *testing.F) {
	fuzz(f, CSV,
		"start,wh\n2013-01-01T00:00:00Z,1\n2013-01-01T00:15:00Z,\n",
		"start,export_wh,wh,status,export_status\n2013-01-01T01:00:00+01:00,1,2.5,,estimated\n2013-01-01T01:00:00Z,1e2,2.5,estimated,measured\n")
}

// Detection and decompression, on whatever comes.
func FuzzDetect(f *testing.F) {
	var packed bytes.Buffer
	gz := gzip.NewWriter(&packed)
	gz.Write([]byte("start,wh\n2013-01-01T00:00:00Z,1\n2013-01-01T00:15:00Z,2\n"))
	gz.Close()
	fuzz(f, "", packed.String(), "\ufeffstart,wh\r\n2013-01-01T00:00:00Z,1\r\n2013-01-01T00:15:00Z,2\r\n")
}

// The decimal arithmetic is exact: printing and reading again changes nothing.
func FuzzEnergy(f *testing.F) {
	for _, s := range []string{"0", "5.1719999", "1e-3", "000.500", "12345.678900"} {
		if _, ok := parseEnergy(s, 3); !ok {
			f.Fatalf("seed %q is refused", s)
		}
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, s string, scale int) {
		e, ok := parseEnergy(s, scale%4)
		if !ok {
			return
		}
		if e.whole < 0 || e.part >= one {
			t.Fatalf("%q is %+v", s, e)
		}
		if again, ok := parseEnergy(e.String(), 0); !ok || again != e {
			t.Fatalf("%q is %s, read again %+v", s, e, again)
		}
	})
}
