package tariffs

import (
	"errors"
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestBillOfTheFlatExample(t *testing.T) {
	p := compile(t, example(t, "flat.json"), "2013-03-01", "2013-04-01", 48)
	s := &Series{Start: p.From, Step: 1800, Wh: make([]uint32, 31*48)}
	for i := range s.Wh {
		s.Wh[i] = uint32(i % 700)
	}
	bill, err := Quote(p, s)
	if err != nil {
		t.Fatal(err)
	}
	wh := *bill.Lines[0].Wh
	bill.Lines[0].Wh = nil
	want := []Line{
		{Kind: "energy", Name: "Any time", Amount: "70.1376374", Period: "All year", Component: "Energy", Rate: 1},
		{Kind: "fixed", Name: "Standing charge", Amount: "6.7053", Period: "All year", Component: "Energy"},
		{Kind: "tax", Name: "VAT", Amount: "3.84214687"},
		{Kind: "rounding", Name: "Rounding", Amount: "0.00491573"},
	}
	if len(bill.Lines) != len(want) {
		t.Fatalf("lines are %+v", bill.Lines)
	}
	for i := range want {
		if bill.Lines[i] != want[i] {
			t.Errorf("line %d is %+v, want %+v", i, bill.Lines[i], want[i])
		}
	}
	if wh != 492955 || bill.Total != "80.69" || bill.Currency != "GBP" || bill.Slots != 1486 || bill.Missing != 0 || bill.Estimated != 0 {
		t.Errorf("%d Wh, bill %+v", wh, bill)
	}
}

func TestTaxInsideThePrices(t *testing.T) {
	for _, c := range []struct{ stage, total, vat, levy string }{
		// 48 × 1,000 Wh at 0.20 and a day at 0.25 are 9.85 gross; with rates of
		// 5 % and 20 % that holds 9.85·0.05/1.25 and 9.85·0.2/1.25.
		{"bill", "9.85", "0.39", "1.58"},
		{"net", "9.85", "0.39", "1.58"},
		{"line", "9.85", "0.39", "1.58"},
		{"interval", "9.85", "0.39", "1.58"},
	} {
		p := compile(t, mustParse(t, plain(t, `"pricesIncludeTax":false`, `"pricesIncludeTax":true`, `"stage":"bill"`, `"stage":"`+c.stage+`"`,
			`{"name":"VAT","rate":"0.05"}`, `{"name":"VAT","rate":"0.05"},{"name":"Levy","rate":"0.20"}`)), "2013-01-10", "2013-01-11", 48)
		s := &Series{Start: p.From, Step: 1800, Wh: make([]uint32, 48)}
		for i := range s.Wh {
			s.Wh[i] = 1000
		}
		bill, err := Quote(p, s)
		if err != nil {
			t.Fatal(err)
		}
		vat, levy := bill.Lines[2], bill.Lines[3]
		if bill.Total != c.total || vat.Amount != "0.00" || levy.Amount != "0.00" || vat.Included != c.vat || levy.Included != c.levy || len(bill.Lines) != 4 {
			t.Errorf("stage %s: %+v", c.stage, bill)
		}
	}
}

func TestMissingAndEstimated(t *testing.T) {
	plan := func(edits ...string) *Plan {
		return compile(t, mustParse(t, plain(t, edits...)), "2013-07-02", "2013-07-03", 48)
	}
	p := plan()
	// The UTC days 1 to 3 July; the London day begins at 23:00 the evening before.
	s := &Series{Start: int64(date(t, "2013-07-01")) * daySeconds, Step: 1800, Wh: make([]uint32, 3*48), Status: make([]uint8, 3*48)}
	for i := range s.Wh {
		s.Wh[i] = 100
	}
	first := int((p.From - s.Start) / 1800)
	s.Status[first-1] = MissingSlot // just before the period
	s.Status[first] = MissingSlot   // its value, 100, does not count
	s.Status[first+10] = EstimatedSlot
	s.Status[first+11] = ClockAdjusted
	s.Status[first+48] = EstimatedSlot // just after it
	bill, err := Quote(p, s)
	if err != nil {
		t.Fatal(err)
	}
	if bill.Slots != 48 || bill.Missing != 1 || bill.Estimated != 1 || *bill.Lines[0].Wh != 4700 {
		t.Errorf("bill %+v with %d Wh", bill, *bill.Lines[0].Wh)
	}
	_, err = Quote(plan(`"currency"`, `"missingPolicy":"refuse","currency"`), s)
	hasError(t, err, "missingPolicy", "1, the first at 2013-07-02 00:00")
	_, err = Quote(plan(`"currency"`, `"estimatedPolicy":"refuse","currency"`), s)
	hasError(t, err, "estimatedPolicy", "1, the first at 2013-07-02 05:00")
	s.Status[0] = 4
	_, err = Quote(p, s)
	hasError(t, err, "unknown status 4")
}

func TestCoverage(t *testing.T) {
	p := compile(t, mustParse(t, plain(t)), "2013-07-02", "2013-07-03", 48) // 1 July 23:00 to 2 July 23:00 UTC
	day := func(d string) int64 { return int64(date(t, d)) * daySeconds }
	for _, c := range []struct {
		name    string
		start   int64
		count   int
		missing int
		want    string
	}{
		{"whole days", day("2013-07-01"), 96, 0, ""},
		{"one reading on each day", day("2013-07-01") + 46*1800, 3, 45, ""},
		{"last reading of the first day", day("2013-07-01") + 47*1800, 2, 46, ""},
		{"begins a day late", day("2013-07-02"), 96, 0, "readings cover 2013-07-02 to 2013-07-03"},
		{"ends a day early", day("2013-07-01"), 48, 0, "readings cover 2013-07-01 to 2013-07-01"},
		{"nothing", day("2013-07-01"), 0, 0, "no readings"},
		{"off the grid", day("2013-07-01") + 60, 96, 0, "does not begin a slot"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bill, err := Quote(p, &Series{Start: c.start, Step: 1800, Wh: make([]uint32, c.count)})
			if c.want != "" {
				hasError(t, err, c.want)
			} else if err != nil || bill.Missing != c.missing || bill.Slots != 48 {
				t.Errorf("bill %+v, error %v, want %d missing", bill, err, c.missing)
			}
		})
	}
	_, err := Quote(p, &Series{Start: day("2013-07-01"), Step: 3600, Wh: make([]uint32, 48)})
	hasError(t, err, "every 60 minutes, the plan is for every 30")
	_, err = Quote(p, &Series{Start: day("2013-07-01"), Step: 1800, Wh: make([]uint32, 96), Status: make([]uint8, 95)})
	hasError(t, err, "96 readings with 95 statuses")
}

func TestZeroBill(t *testing.T) {
	for _, stage := range []string{"bill", "net", "line"} {
		// Nothing is charged and something is fed in for nothing.
		p := compile(t, mustParse(t, plain(t, `"0.20"`, `"-0.00"`, `"dailySupplyCharge":"0.25",`, "", `"stage":"bill"`, `"stage":"`+stage+`"`)), "2013-01-01", "2013-02-01", 48)
		bill, err := Quote(p, home(p, rand.New(rand.NewPCG(1, 1)), 1000))
		if err != nil || bill.Total != "0.00" || len(bill.Lines) != 2 {
			t.Errorf("stage %s: bill %+v, %v", stage, bill, err)
		}
		fs, err := p.Functionals()
		if err != nil || len(fs) != 1 || fs[0].U.Int64() != 1 || fs[0].Const.Sign() != 0 {
			t.Errorf("stage %s: functionals of a free tariff %+v, %v", stage, fs, err)
		}
	}
}

func TestFunctionalsOfTheFlatExample(t *testing.T) {
	p := compile(t, example(t, "flat.json"), "2013-03-01", "2013-04-01", 48)
	fs, err := p.Functionals()
	if err != nil {
		t.Fatal(err)
	}
	// 0.14228 · 1.05 a kWh in pennies per Wh is 0.0149394 = 74697/5000000; the
	// charges are 31 · 21.63 · 1.05 = 704.0565 pennies.
	f := fs[0]
	if len(fs) != 1 || f.U.Int64() != 5_000_000 || f.Const.Int64() != 3_520_282_500 || len(f.Weights) != 31 {
		t.Errorf("U %s, const %s, %d rows", f.U, f.Const, len(f.Weights))
	}
	for d, row := range f.Weights {
		for s, w := range row {
			want := int64(74697)
			if d == 30 && s >= 46 { // 1 April begins on the clock
				want = 0
			}
			if w != want {
				t.Fatalf("weight of day %d, slot %d is %d, want %d", d, s, w, want)
			}
		}
	}
}

func TestLineFunctionalsKeepZeroLines(t *testing.T) {
	// A season that the period does not touch keeps its line.
	text := plain(t, `{"displayName":"All year","startDate":"01-01","endDate":"12-31","dailySupplyCharge":"0.25",`+plainRate+`}`,
		`{"displayName":"Summer","startDate":"04-01","endDate":"09-30",`+plainRate+`},
		 {"displayName":"Winter","startDate":"10-01","endDate":"03-31",`+plainRate+`}`, `"stage":"bill"`, `"stage":"line"`)
	p := compile(t, mustParse(t, text), "2013-01-01", "2013-02-01", 48)
	fs, err := p.Functionals()
	if err != nil || len(fs) != 2 {
		t.Fatalf("%d functionals, %v", len(fs), err)
	}
	for _, w := range weightsOf(&fs[0]) {
		if w.Sign() != 0 {
			t.Fatal("the line of summer has a weight in January")
		}
	}
	if fs[0].U.Int64() != 1 || fs[1].U.Int64() != 50 || fs[1].Weights[0][0] != 1 {
		t.Errorf("units are %s and %s", fs[0].U, fs[1].U)
	}
	bill, err := Quote(p, home(p, rand.New(rand.NewPCG(1, 1)), 1000))
	if err != nil || bill.Lines[0].Amount != "0.00" || *bill.Lines[0].Wh != 0 || bill.Lines[0].Period != "Summer" {
		t.Errorf("bill %+v, %v", bill, err)
	}
}

const leastCharge = `"minimum":[{"displayName":"Least","term":"BILL","amount":"5"}]`

func TestNotProvable(t *testing.T) {
	two := func(a, b string) []string {
		return []string{plainRate, timeOfUse("A "+a+" ALL 00:00 12:00", "B "+b+" ALL 12:00 24:00")}
	}
	mixed := []string{plainRate, dynamic("2013-01-01T00:00:00Z 2013-01-15T00:00:00Z 0.1", "2013-01-15T00:00:00Z 2013-02-01T00:00:00Z -0.1")}
	line := []string{`"stage":"bill"`, `"stage":"line"`}
	away := []string{`"half-up"`, `"half-away"`}
	for _, c := range []struct {
		name  string
		edits [][]string
		want  string // "" if provable
	}{
		{"bill", nil, ""},
		{"interval", [][]string{{`"stage":"bill"`, `"stage":"interval"`}}, ""},
		{"interval, net of export", [][]string{{`"stage":"bill"`, `"stage":"interval"`, `"timeZone"`, `"netMetering":"INTERVAL","timeZone"`}}, "not provable: the rule rounds the money of every slot"},
		{"minimum of rounded lines", [][]string{line, {`"timeZone"`, leastCharge + `,"timeZone"`}}, "not provable: \"Least\" is a minimum of lines"},
		{"half-away, prices of one sign each", [][]string{two("0.1", "-0.2"), line, away}, ""},
		{"half-away, one line of both signs", [][]string{mixed, line, away}, ""},
		{"half-away on the bill", [][]string{mixed, away}, ""},
		{"price beyond 63 bits", [][]string{{`"0.20"`, `"17592.186044415"`, `"0.05"`, `"0.051127123"`}}, "not provable: a price of"},
		{"digits beyond 62 bits", [][]string{{`"0.20"`, `"17592"`, `"digits":2`, `"digits":9`}}, "not provable: \"Total\" could reach"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var edits []string
			for _, e := range c.edits {
				edits = append(edits, e...)
			}
			p := compile(t, mustParse(t, plain(t, edits...)), "2013-01-01", "2013-02-01", 48)
			err := p.Provable()
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			hasError(t, err, c.want)
			if !errors.Is(err, ErrNotProvable) {
				t.Errorf("%v is not ErrNotProvable", err)
			}
		})
	}
	// Two tariffs, so two dynamic lines, each with prices of both signs.
	one := mustParse(t, plain(t, append(append(mixed, append(line, away...)...), "2050-01-01", "2013-01-20")...))
	next := mustParse(t, plain(t, append(append(mixed, append(line, away...)...), "2000-01-01", "2013-01-20")...))
	p, err := Compile([]*Tariff{one, next}, date(t, "2013-01-01"), date(t, "2013-02-01"), 48)
	if err != nil {
		t.Fatal(err)
	}
	hasError(t, p.Provable(), `not provable: line "Energy" has prices above and below zero`)
}

func TestTotalRefuses(t *testing.T) {
	p := compile(t, mustParse(t, plain(t)), "2013-01-01", "2013-02-01", 48)
	for _, revealed := range [][]*big.Int{nil, {nil}, {big.NewInt(1), big.NewInt(2)}} {
		if _, err := p.Total(revealed); err == nil {
			t.Errorf("%v makes a total", revealed)
		}
	}
}
