package source

import (
	"bytes"
	"math/big"
	"strings"
	"testing"
)

func TestLenientJSON(t *testing.T) {
	s := &sheet{}
	root, err := parseJSON(s, []byte("\ufeff{\"a\": [1.50, Infinity, \"not Infinity\", \"a \\\" Infinity\"], \"b c\": {\"d\": -Infinity, \"e\": NaN}}"))
	if err != nil {
		t.Fatal(err)
	}
	list := root.at("a").list()
	if list[0].text != "1.50" || !list[1].none() || list[2].str() != "not Infinity" || list[3].str() != `a " Infinity` {
		t.Errorf("%+v", list)
	}
	if got := root.at("b c").at("d").path(); got != `"b c".d` {
		t.Error(got)
	}
	if got := list[1].path(); got != "a[1]" {
		t.Error(got)
	}
	for doc, want := range map[string]string{
		`{"a":1,"a":2}`:       `document: "a" stands there twice`,
		`{"x":{"a":1,"a":2}}`: `x: "a" stands there twice`,
		`{"a":1} {}`:          "something follows",
		`{"a":`:               "not JSON",
		"":                    "not JSON",
		strings.Repeat("[", 100) + strings.Repeat("]", 100): "nested more than 64 deep",
		"[" + strings.Repeat("0,", maxNodes) + "0]":         "more than 1048576 values",
	} {
		if _, err := parseJSON(s, []byte(doc)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, want %q", doc, err, want)
		}
	}
}

func TestDecimal(t *testing.T) {
	for text, want := range map[string]string{
		"0.07": "7/100", "1e-3": "1/1000", "12,5": "25/2", "-0.5": "-1/2", " 3 ": "3/1", "1E+2": "100/1", "0.07076899707317352": "884612463414669/12500000000000000",
	} {
		got, ok := decimal(text)
		if !ok || got.RatString() != strings.TrimSuffix(want, "/1") {
			t.Errorf("%q: %v, want %s", text, got, want)
		}
	}
	for _, text := range []string{"", "-", ".", "1/3", "0x10", "1e999", "1e61", "1_000", "1,000.5", "1,2,3", "Inf", "NaN", "1e", "--1", strings.Repeat("1", 61)} {
		if got, ok := decimal(text); ok {
			t.Errorf("%q reads as %v", text, got)
		}
	}
	for _, x := range []struct {
		of   *big.Rat
		n    int
		want string
	}{{rat(25, 1000), 2, "0.02"}, {rat(35, 1000), 2, "0.04"}, {rat(-25, 1000), 2, "-0.02"}, {rat(-26, 1000), 2, "-0.03"}, {rat(1, 3), 9, "0.333333333"}} {
		if got, _ := plain(nearest(x.of, x.n)); got != x.want {
			t.Errorf("%v to %d: %s, want %s", x.of, x.n, got, x.want)
		}
	}
}

func TestTOML(t *testing.T) {
	const doc = "a = 1 # note\nb = \"x # y\"\n[t.u]\nlist = [[16, 21], [1,\n 2]]\nday = 2024-01-01\nyes = true\n[t.v]\nw = [\"p\", \"q\"]\n"
	root, err := parseTOML(&sheet{}, []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	u := root.at("t").at("u")
	if root.at("a").str() != "1" || root.at("b").str() != "x # y" || u.at("list").items[1].items[1].str() != "2" || u.at("day").str() != "2024-01-01" || !u.at("yes").yes() ||
		root.at("t").at("v").at("w").items[1].str() != "q" || u.at("list").items[1].items[0].path() != "t.u.list[1][0]" {
		t.Error("not what is written")
	}
	for doc, want := range map[string]string{
		"a = 1\na = 2\n": "line 2: a stands there twice", "a\n": "line 1", "[x\n": "line 1", "a = [1, 2\n": "a list does not end",
		"a = \"x\n": "line 1", "a = 1 2\n": `line 1: "2" follows the value of a`, "a = 1\n[a]\n": "line 2: a is a value and a table", "a =\n": "line 1: a has no value",
		"a = [" + strings.Repeat("1,", maxValue) + "\n": "a value of more than",
		strings.Repeat("#", maxBook+1):                  "a tariff book has at most",
	} {
		if _, err := parseTOML(&sheet{}, []byte(doc)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, want %q", doc, err, want)
		}
	}
}

func TestSpans(t *testing.T) {
	if got := cut([]span{{"06-01", "09-30"}, {"10-01", "05-31"}}); len(got) != 2 || got[0] != (span{"06-01", "09-30"}) || got[1] != (span{"10-01", "05-31"}) {
		t.Error(got)
	}
	if got := cut([]span{{"12-01", "02-29"}}); len(got) != 2 || got[0] != (span{"03-01", "11-30"}) || got[1] != (span{"12-01", "02-29"}) {
		t.Error(got)
	}
	if got := cut(nil); len(got) != 1 || got[0] != wholeYear {
		t.Error(got)
	}
	runs := monthRuns(func(a, b int) bool {
		summer := func(m int) bool { return m >= 5 && m <= 8 }
		return summer(a) == summer(b)
	})
	if len(runs) != 2 || runs[0].name() != "October to May" || runs[1].span() != (span{"06-01", "09-30"}) || runs[0].span() != (span{"10-01", "05-31"}) {
		t.Errorf("%v", runs)
	}
}

func TestHolidays(t *testing.T) {
	for _, name := range []string{"calendars/england-wales-bank-holidays-2012-2014.csv", "calendars/us-pge-holidays-2024-2036.toml"} {
		days, err := Holidays(shared(t, name).Data)
		want := map[bool]int{true: 25, false: 128}[strings.HasSuffix(name, "csv")]
		if err != nil || len(days) != want {
			t.Errorf("%s: %d days, %v", name, len(days), err)
		}
	}
	if _, err := Holidays([]byte("date,name\n")); err == nil {
		t.Error("no holidays are none")
	}
}

// More than any tariff has is refused before it is painted.
func TestBounds(t *testing.T) {
	many := strings.TrimSuffix(strings.Repeat(`"MON",`, 20), ",")
	doc := strings.Replace(cdrTimes, `"days":["MON","TUE","WED","THU","FRI"]`, `"days":[`+many+`]`, 1)
	o := options()
	gst(&o)
	if _, err := Import("", []File{{"plan.json", []byte(doc)}}, o); err == nil || !strings.Contains(err.Error(), "timeOfUse[0].days: has 20 entries, at most 16 are read") {
		t.Error(err)
	}
	if _, err := Import("", []File{{"big", make([]byte, MaxFile+1)}}, o); err == nil || !strings.Contains(err.Error(), "at most 16777216 are read") {
		t.Error(err)
	}
	o.Standing = []File{{"x", nil}}
	if _, err := Import("", []File{{"plan.json", []byte(cdrTimes)}}, o); err == nil || !strings.Contains(err.Error(), "--standing is for octopus alone") {
		t.Error(err)
	}
}

// Whatever the bytes, no reader panics, and what it accepts is a tariff that
// reads again as itself.
func FuzzImport(f *testing.F) {
	for _, r := range reals {
		if data := shared(f, r.file).Data; len(data) < 20000 {
			f.Add(data)
		}
	}
	for _, doc := range []string{cdrBlocks, cdrTimes, cdrDemand, octopusRates, octopusFixed, esiosValues} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o := options()
		named(&o)
		o.NoTax, o.NoHolidays, o.DemandMinutes, o.PricesIncludeTax = true, true, 30, "no"
		o.Clock, o.Currency, o.From, o.To, o.Decimals = "Europe/London", "GBP", "2024-01-01", "2025-01-01", new(6)
		for name, first := range map[string]string{"territory": "PCB", "baseline": "basic", "payment": "DIRECT_DEBIT", "prices": "totals"} {
			if bytes.Contains(data, []byte(first)) {
				chosenAs(name, first)(&o)
			}
		}
		im, err := Import("", []File{{"fuzz", data}}, o)
		if err != nil {
			return
		}
		again, err := Import("", []File{{"fuzz", data}}, o)
		if err != nil || again.Tariff.ID() != im.Tariff.ID() {
			t.Fatalf("read twice, it is another tariff: %v", err)
		}
	})
}

func FuzzTOML(f *testing.F) {
	f.Add([]byte("a = [[1, 2], [\"x\"]]\n[b.c]\nd = true # e\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if root, err := parseTOML(&sheet{}, data); err == nil {
			root.taken()
			var none drops
			if root.left(&none); len(none.list) != 0 {
				t.Fatal("what was taken is left")
			}
		}
	})
}
