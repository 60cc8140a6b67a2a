package tariffs

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
)

func TestCheckAcceptsTheExamples(t *testing.T) {
	for _, c := range []struct {
		name                  string
		months, bits          int
		slot, threeHours, day string
	}{
		{"flat.json", 12, 21, "0.000745", "0.004465", "0.035715"},
		{"evening.json", 12, 21, "0.002939", "0.017633", "0.032179"},
		{"dynamic-two-days.json", 1, 21, "0.018851", "0.084139", "0.038856"},
	} {
		r, err := Check(example(t, c.name))
		if err != nil {
			t.Fatal(err)
		}
		if !r.Accepted || r.Provable != "yes" || r.Signed || r.SlotMinutes != 30 || r.Refused != nil {
			t.Errorf("%s: %+v", c.name, r)
		}
		if r.Months != c.months || r.Bits != c.bits || r.Slot != c.slot || r.ThreeHours != c.threeHours || r.Day != c.day {
			t.Errorf("%s: %+v, want %+v", c.name, r, c)
		}
		if filled := strings.Contains(r.Assumes, "mean of"); filled != (c.months == 1) {
			t.Errorf("%s: assumes %s", c.name, r.Assumes)
		}
	}
}

func TestCheckOfTheTrialPrices(t *testing.T) {
	r, err := Check(trialTariff(t, "2000-01-01", "2013-01-01", "2050-01-01", "2014-01-01"))
	if err != nil || !r.Accepted || r.Months != 12 || strings.Contains(r.Assumes, "mean of") {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestCheckRefusesInPlainWords(t *testing.T) {
	// Half an hour on Sundays costs 125 times as much as the rest of the week.
	text := plain(t, plainRate, timeOfUse("N 0.02 MON,TUE,WED,THU,FRI,SAT 00:00 24:00 SUN 00:00 18:00 SUN 18:30 24:00", "S 2.50 SUN 18:00 18:30"),
		"2000-01-01", "2013-01-01", "2050-01-01", "2013-03-01")
	r, err := Check(mustParse(t, text))
	if err != nil {
		t.Fatal(err)
	}
	if r.Accepted || len(r.Refused) == 0 || !strings.Contains(r.Refused[0], "Sun 6 Jan 2013 18:00 to 18:30") || !strings.Contains(r.Refused[0], "bill from 2013-01-01 to 2013-02-01") {
		t.Errorf("%+v", r)
	}
	out, err := json.Marshal(r)
	if err != nil || !strings.Contains(string(out), `"accepted":false`) {
		t.Errorf("%s, %v", out, err)
	}
}

func TestCheckFindsTheSlotLength(t *testing.T) {
	for _, c := range []struct {
		edge, clock string
		minutes     int
		want        string
	}{
		{"06:30", "Europe/London", 30, ""},
		{"06:15", "Europe/London", 15, ""},
		{"06:10", "Europe/London", 10, ""},
		{"06:05", "Europe/London", 5, ""},
		{"06:00", "Asia/Kathmandu", 15, ""},
		{"06:01", "Europe/London", 0, "inside a metering slot of 5 minutes"},
	} {
		r, err := Check(mustParse(t, plain(t, append(windows("A 0.1 ALL 00:00 "+c.edge+"|B 0.2 ALL "+c.edge+" 24:00"), "Europe/London", c.clock, "2000-01-01", "2013-01-01", "2050-01-01", "2014-01-01")...)))
		if c.want != "" {
			hasError(t, err, c.want)
		} else if err != nil || r.SlotMinutes != c.minutes {
			t.Errorf("%s: %+v, %v, want slots of %d minutes", c.edge, r, err, c.minutes)
		}
	}
}

func TestCheckSaysWhatIsNotProvable(t *testing.T) {
	if testing.Short() {
		t.Skip("LEFT OUT with -short; make unit runs it")
	}
	r, err := Check(mustParse(t, plain(t, `"stage":"bill"`, `"stage":"line"`, `"timeZone"`, leastCharge+`,"timeZone"`)))
	if err != nil || !strings.HasPrefix(r.Provable, "not provable: ") || !r.Accepted {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestMonthsLookedAt(t *testing.T) {
	for _, c := range []struct {
		name  string
		edits []string
		want  int
	}{
		{"whole years", nil, 120},
		{"part of a month", []string{"2000-01-01", "2013-01-20", "2050-01-01", "2013-02-02"}, 2},
		{"no end", []string{`,"effectiveTo":"2050-01-01"`, ""}, 24},
		{"no end, a holiday later", []string{`,"effectiveTo":"2050-01-01"`, "", `"currency"`, `"holidays":{"dates":["2002-03-01"],"countAs":"SUN"},"currency"`}, 27},
		{"first month there is", []string{"2000-01-01", "1970-01-02", "2050-01-01", "1970-02-01"}, 1},
		{"last month there is", []string{"2000-01-01", "2149-05-01", "2050-01-01", "2149-06-05"}, 1},
	} {
		if got := len(mustParse(t, plain(t, c.edits...)).months()); got != c.want {
			t.Errorf("%s: %d months, want %d", c.name, got, c.want)
		}
	}
}

func TestFilledRows(t *testing.T) {
	rows := []row{{10, 20, 600}, {30, 60, 200}}
	got := fmt.Sprint(fill(rows, 0, 100)) // the mean, 300, to a multiple of 200
	if want := "[{0 10 400} {10 20 600} {20 30 400} {30 60 200} {60 100 400}]"; got != want {
		t.Errorf("rows %s, want %s", got, want)
	}
	if got := fmt.Sprint(fill(rows, 15, 55)); got != "[{10 20 600} {20 30 400} {30 60 200}]" {
		t.Errorf("rows %s", got)
	}
	if got := fmt.Sprint(fill([]row{{10, 20, 0}}, 0, 30)); got != "[{0 10 0} {10 20 0} {20 30 0}]" {
		t.Errorf("rows %s", got)
	}
	if got := meanPrice([]row{{0, 1 << 32, maxPrice - 1}}); got != maxPrice-1 {
		t.Errorf("mean %d", got)
	}
}

// Two days of prices are enough to see what they are for.
func TestCheckOfShortDynamicTariffs(t *testing.T) {
	const rest = "2013-03-30T16:30:00Z 2013-04-01T00:00:00Z "
	for _, c := range []struct {
		name, normal, hot string
		accepted          bool
	}{
		{"one-hot", "0", "0.2", false},
		{"spike", "0.02", "2", false},
		{"dear half-hour", "0.12", "0.67", true},
		{"flat", "0.12", "0.12", true},
	} {
		text := plain(t, plainRate, dynamic("2013-03-30T00:00:00Z 2013-03-30T16:00:00Z "+c.normal, "2013-03-30T16:00:00Z 2013-03-30T16:30:00Z "+c.hot, rest+c.normal),
			"2000-01-01", "2013-01-01", "2050-01-01", "2014-01-01")
		r, err := Check(mustParse(t, text))
		if err != nil || r.Accepted != c.accepted || r.Months != 1 {
			t.Errorf("%s: %+v, %v", c.name, r, err)
		} else if !c.accepted && !strings.Contains(r.Refused[0], "Sat 30 Mar 2013 16:00 to 16:30") {
			t.Errorf("%s: %s", c.name, r.Refused)
		}
	}
}

// The bits are counted from what a home of nothing and a home at the bound pay.
func TestBits(t *testing.T) {
	for _, stage := range []string{"bill", "net", "line", "interval"} {
		text := plain(t, plainRate, timeOfUse("A -0.013 ALL 00:00 07:00", "B 0.31 ALL 07:00 24:00"), `"stage":"bill"`, `"stage":"`+stage+`"`, `"rate":"0.05"`, `"rate":"0"`)
		p := compile(t, mustParse(t, text), "2013-01-01", "2013-02-01", 48)
		const most = 3000
		least, greatest := nobody(p), nobody(p)
		for i := range least.Wh {
			if p.price[i] < 0 {
				least.Wh[i] = most
			} else {
				greatest.Wh[i] = most
			}
		}
		lo, hi := quoteMinor(t, p, least), quoteMinor(t, p, greatest)
		count := hi.Sub(hi, lo).Add(hi, big.NewInt(1))
		want := 0
		for new(big.Int).Lsh(big.NewInt(1), uint(want)).Cmp(count) < 0 {
			want++
		}
		if got := p.Bits(most); got != want {
			t.Errorf("stage %s: %d bits, want %d for %s amounts", stage, got, want, count)
		}
	}
}

func quoteMinor(t testing.TB, p *Plan, s *Series) *big.Int {
	t.Helper()
	bill, err := Quote(p, s)
	if err != nil {
		t.Fatal(err)
	}
	minor := rat(t, bill.Total)
	return minor.Mul(minor, big.NewRat(100, 1)).Num()
}

// nobody is a home that uses nothing, over the whole UTC days of a plan.
func nobody(p *Plan) *Series {
	return &Series{Start: int64(p.FirstDay) * daySeconds, Step: int(p.step()), Wh: make([]uint32, p.Days*p.N)}
}
