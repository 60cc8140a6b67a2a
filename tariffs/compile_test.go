package tariffs

import (
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

// prices writes a plan's prices as runs "price×slots" in the order of time,
// in thousandths of the currency per kWh, and counts the slots of the period.
func prices(p *Plan) (runs string, slots int) {
	var out []string
	count := 0
	for s := range p.price {
		if p.line[s] < 0 {
			continue
		}
		slots++
		count++
		if s+1 == len(p.price) || p.line[s+1] < 0 || p.price[s+1] != p.price[s] {
			out = append(out, fmt.Sprintf("%d×%d", p.price[s]/1e6, count))
			count = 0
		}
	}
	return strings.Join(out, " "), slots
}

const nightAndDay = "Night 0.1 ALL 23:30 06:30|Day 0.3 ALL 06:30 23:30"

func windows(blocks string) []string {
	return []string{plainRate, timeOfUse(strings.Split(blocks, "|")...)}
}

func TestClockChanges(t *testing.T) {
	for _, c := range []struct {
		name, zone, blocks, start, end string
		n, slots                       int
		runs                           string
	}{
		{"London, ordinary day", "Europe/London", nightAndDay, "2013-01-10", "2013-01-11", 48, 48, "100×13 300×34 100×1"},
		{"London, spring", "Europe/London", nightAndDay, "2013-03-31", "2013-04-01", 48, 46, "100×11 300×34 100×1"},
		{"London, autumn", "Europe/London", nightAndDay, "2013-10-27", "2013-10-28", 48, 50, "100×15 300×34 100×1"},
		{"London, autumn by the hour", "Europe/London", "N 0.1 ALL 00:00 07:00|D 0.3 ALL 07:00 00:00", "2013-10-27", "2013-10-28", 24, 25, "100×8 300×17"},
		{"London, spring, edge in the lost hour", "Europe/London", "A 0.1 ALL 00:00 01:30|B 0.3 ALL 01:30 24:00", "2013-03-31", "2013-04-01", 48, 46, "100×2 300×44"},
		{"London, autumn, edge in the repeated hour", "Europe/London", "A 0.1 ALL 00:00 01:30|B 0.3 ALL 01:30 24:00", "2013-10-27", "2013-10-28", 48, 50, "100×3 300×1 100×1 300×45"},
		{"London, month of March", "Europe/London", "A 0.1 ALL 00:00 24:00", "2013-03-01", "2013-04-01", 48, 1486, "100×1486"},
		{"London, month of October", "Europe/London", "A 0.1 ALL 00:00 24:00", "2013-10-01", "2013-11-01", 48, 1490, "100×1490"},
		{"Sydney, spring", "Australia/Sydney", nightAndDay, "2013-10-06", "2013-10-07", 48, 46, "100×11 300×34 100×1"},
		{"Sydney, autumn", "Australia/Sydney", nightAndDay, "2013-04-07", "2013-04-08", 48, 50, "100×15 300×34 100×1"},
		{"Lord Howe, spring by half an hour", "Australia/Lord_Howe", nightAndDay, "2013-10-06", "2013-10-07", 48, 47, "100×12 300×34 100×1"},
		{"Lord Howe, autumn by half an hour", "Australia/Lord_Howe", nightAndDay, "2013-04-07", "2013-04-08", 48, 49, "100×14 300×34 100×1"},
		{"Kolkata", "Asia/Kolkata", nightAndDay, "2013-07-01", "2013-07-02", 48, 48, "100×13 300×34 100×1"},
		{"Kathmandu, quarter-hours", "Asia/Kathmandu", nightAndDay, "2013-07-01", "2013-07-02", 96, 96, "100×26 300×68 100×2"},
		{"London, weekend", "Europe/London", "W 0.1 MON,TUE,WED,THU,FRI 00:00 24:00|E 0.3 SAT,SUN 00:00 24:00", "2013-01-04", "2013-01-08", 24, 96, "100×24 300×48 100×24"},
		{"window over midnight belongs to its first day", "Europe/London", "F 0.3 FRI 22:00 04:00|R 0.1 MON,TUE,WED,THU,SUN 00:00 24:00 FRI 00:00 22:00 SAT 04:00 24:00", "2013-01-04", "2013-01-06", 24, 48, "100×22 300×6 100×20"},
		{"Sao Paulo, a day without midnight", "America/Sao_Paulo", "A 0.1 ALL 00:00 03:00|B 0.3 ALL 03:00 24:00", "2013-10-20", "2013-10-21", 24, 23, "100×2 300×21"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tariff := mustParse(t, plain(t, append(windows(c.blocks), "Europe/London", c.zone)...))
			runs, slots := prices(compile(t, tariff, c.start, c.end, c.n))
			if slots != c.slots || runs != c.runs {
				t.Errorf("%d slots: %s, want %d: %s", slots, runs, c.slots, c.runs)
			}
		})
	}
}

func TestAESTKeepsStandardTime(t *testing.T) {
	edits := append(windows(nightAndDay), "Europe/London", "Australia/Sydney")
	local := mustParse(t, plain(t, edits...))
	aest := mustParse(t, plain(t, append(edits, `"LOCAL"`, `"AEST"`)...))
	if aest.Clock != "AEST" || local.Clock != "Australia/Sydney" {
		t.Errorf("clocks are %s and %s", aest.Clock, local.Clock)
	}
	// In January Sydney is an hour ahead of its standard time.
	a, b := compile(t, aest, "2013-01-10", "2013-01-11", 48), compile(t, local, "2013-01-10", "2013-01-11", 48)
	if a.From-b.From != 3600 {
		t.Errorf("a day of AEST begins %d s after one of Sydney's clock, want 3600", a.From-b.From)
	}
	_, slots := prices(compile(t, aest, "2013-10-06", "2013-10-07", 48))
	if slots != 48 {
		t.Errorf("AEST has %d slots on the day the clocks of Sydney change, want 48", slots)
	}
}

func TestHolidaysTakeTheWindowsOfAnotherDay(t *testing.T) {
	blocks := "W 0.2 MON,TUE,WED,THU,FRI 06:00 23:00|WN 0.1 MON,TUE,WED,THU,FRI 23:00 06:00|S 0.4 SAT,SUN 06:00 23:00|SN 0.3 SAT,SUN 23:00 06:00"
	tariff := mustParse(t, plain(t, append(windows(blocks), `"currency"`, `"holidays":{"dates":["2013-05-01"],"countAs":"SUN"},"currency"`)...))
	runs, _ := prices(compile(t, tariff, "2013-04-30", "2013-05-03", 24))
	// Tuesday's night still reaches into the holiday; the holiday's own night, a
	// Sunday's, reaches into Thursday.
	if want := "100×6 200×17 100×7 400×17 300×7 200×17 100×1"; runs != want {
		t.Errorf("prices are %s, want %s", runs, want)
	}
}

func TestSeasonsAndTariffChange(t *testing.T) {
	season := func(name, start, end, charge, price string) string {
		return fmt.Sprintf(`{"displayName":"%s","startDate":"%s","endDate":"%s","dailySupplyCharge":"%s","rateBlockUType":"singleRate",
			"singleRate":{"displayName":"Any time","rates":[{"unitPrice":"%s"}]}}`, name, start, end, charge, price)
	}
	text := plain(t, `{"displayName":"All year","startDate":"01-01","endDate":"12-31","dailySupplyCharge":"0.25",`+plainRate+`}`,
		season("Summer", "04-01", "09-30", "0.5", "0.3")+","+season("Winter", "10-01", "03-31", "1", "0.1"))
	p := compile(t, mustParse(t, text), "2013-09-29", "2013-10-03", 24)
	if runs, _ := prices(p); runs != "300×48 100×48" {
		t.Errorf("prices are %s", runs)
	}
	if len(p.Energy) != 2 || p.Energy[0].Period != "Summer" || p.Energy[1].Period != "Winter" || p.Energy[1].Name != "Any time" {
		t.Errorf("lines are %+v", p.Energy)
	}
	if p.Fixed[0].Days != 2 || p.Fixed[1].Days != 2 || p.Fixed[0].Amount.Int64() != 1e12 || p.Fixed[1].Amount.Int64() != 2e12 {
		t.Errorf("standing charges are %+v", p.Fixed)
	}
	// Winter alone, over the new year and 29 February: the line of summer stays.
	p = compile(t, mustParse(t, text), "2011-12-31", "2012-03-02", 24)
	if p.Fixed[0].Days != 0 || p.Fixed[1].Days != 62 || len(p.Energy) != 2 {
		t.Errorf("standing charges are %+v, lines %+v", p.Fixed, p.Energy)
	}

	// A new price list in mid-month, given in the wrong order, and one that has
	// nothing to do with the month.
	old := mustParse(t, plain(t, "2050-01-01", "2013-10-17"))
	next := mustParse(t, plain(t, "2000-01-01", "2013-10-17", "0.20", "0.30", `"p"`, `"q"`))
	early := mustParse(t, plain(t, "2000-01-01", "1999-01-01", "2050-01-01", "2000-01-01"))
	p, err := Compile([]*Tariff{next, early, old}, date(t, "2013-10-01"), date(t, "2013-11-01"), 48)
	if err != nil {
		t.Fatal(err)
	}
	if runs, _ := prices(p); runs != "200×768 300×722" { // 16 days; 15 days and an hour
		t.Errorf("prices are %s", runs)
	}
	if len(p.Tariffs) != 2 || p.Tariffs[0] != old || p.Fixed[0].Days != 16 || p.Fixed[1].Days != 15 {
		t.Errorf("%d tariffs, standing charges %+v", len(p.Tariffs), p.Fixed)
	}
}

func TestCompileRefuses(t *testing.T) {
	parse := func(edits ...string) *Tariff { return mustParse(t, plain(t, edits...)) }
	plainTariff := parse()
	for _, c := range []struct {
		name       string
		tariffs    []*Tariff
		start, end string
		n          int
		want       []string
	}{
		{"no tariff", nil, "2013-01-01", "2013-02-01", 48, []string{"no tariff"}},
		{"slots", []*Tariff{plainTariff}, "2013-01-01", "2013-02-01", 36, []string{"36 slots"}},
		{"empty period", []*Tariff{plainTariff}, "2013-01-01", "2013-01-01", 48, []string{"period from 2013-01-01 to 2013-01-01"}},
		{"backwards", []*Tariff{plainTariff}, "2013-02-01", "2013-01-01", 48, []string{"period"}},
		{"too long", []*Tariff{plainTariff}, "2001-01-01", "2013-01-01", 48, []string{"period"}},
		{"not yet in force", []*Tariff{parse("2000-01-01", "2013-01-02")}, "2013-01-01", "2013-02-01", 48, []string{"no tariff is in force from 2013-01-01 to 2013-01-02"}},
		{"no longer in force", []*Tariff{parse("2050-01-01", "2013-01-31")}, "2013-01-01", "2013-02-01", 48, []string{"no tariff is in force from 2013-01-31 to 2013-02-01"}},
		{"gap between tariffs", []*Tariff{parse("2050-01-01", "2013-01-10"), parse("2000-01-01", "2013-01-12")}, "2013-01-01", "2013-02-01", 48, []string{"no tariff is in force from 2013-01-10 to 2013-01-12"}},
		{"overlap of tariffs", []*Tariff{parse("2050-01-01", "2013-01-10"), parse("2000-01-01", "2013-01-09", `"p"`, `"q"`)}, "2013-01-01", "2013-02-01", 48, []string{`"p" and "q" are both in force on 2013-01-09`}},
		{"same tariff twice", []*Tariff{plainTariff, plainTariff}, "2013-01-01", "2013-02-01", 48, []string{"both in force"}},
		{"Kolkata by the hour", []*Tariff{parse("Europe/London", "Asia/Kolkata")}, "2013-07-01", "2013-08-01", 24, []string{"period starts at midnight of 2013-07-01 in Asia/Kolkata", "2013-06-30T18:30:00Z", "60 minutes"}},
		{"Lord Howe by the hour, ends inside", []*Tariff{parse("Europe/London", "Australia/Lord_Howe")}, "2013-02-01", "2013-05-01", 24, []string{"period ends at midnight of 2013-05-01", "60 minutes"}},
		{"Kathmandu by the half-hour", []*Tariff{parse("Europe/London", "Asia/Kathmandu")}, "2013-07-01", "2013-08-01", 48, []string{"inside a metering slot of 30 minutes"}},
		{"window edge inside a slot", []*Tariff{parse(windows(nightAndDay)...)}, "2013-07-01", "2013-08-01", 24, []string{`from "Night" to "Day" at 2013-07-01 06:30 in Europe/London`, "60 minutes"}},
		{"window edge at five past", []*Tariff{parse(windows("A 0.1 ALL 00:00 06:05|B 0.2 ALL 06:05 24:00")...)}, "2013-07-01", "2013-08-01", 144, []string{"06:05", "10 minutes"}},
		{"dynamic row inside a slot", []*Tariff{parse(plainRate, dynamic("2013-01-01T00:00:00Z 2013-01-01T00:45:00Z 0.1", "2013-01-01T00:45:00Z 2013-01-02T00:00:00Z 0.2"))}, "2013-01-01", "2013-01-02", 48, []string{"2013-01-01 00:45"}},
		{"dynamic gap", []*Tariff{parse(plainRate, dynamic("2013-01-01T00:00:00Z 2013-01-01T12:00:00Z 0.1", "2013-01-01T12:30:00Z 2013-01-02T00:00:00Z 0.2"))}, "2013-01-01", "2013-01-02", 48, []string{"tariffPeriod[0].dynamicRates.rates: no price from 2013-01-01T12:00:00Z"}},
		{"dynamic ends early", []*Tariff{parse(plainRate, dynamic("2013-01-01T00:00:00Z 2013-01-01T23:30:00Z 0.1"))}, "2013-01-01", "2013-01-02", 48, []string{"no price from 2013-01-01T23:30:00Z"}},
		{"dynamic begins late", []*Tariff{parse(plainRate, dynamic("2013-01-01T00:30:00Z 2013-01-02T00:00:00Z 0.1"))}, "2013-01-01", "2013-01-02", 48, []string{"no price from 2013-01-01T00:00:00Z"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Compile(c.tariffs, date(t, c.start), date(t, c.end), c.n)
			hasError(t, err, c.want...)
		})
	}
	for key, edits := range map[string][]string{
		"currency":         {`"GBP"`, `"EUR"`},
		"clock":            {"Europe/London", "Europe/Lisbon"},
		"rounding":         {`"half-up"`, `"half-even"`},
		"taxes":            {`"0.05"`, `"0.06"`},
		"pricesIncludeTax": {`"pricesIncludeTax":false`, `"pricesIncludeTax":true`},
		"missingPolicy":    {`"currency"`, `"missingPolicy":"refuse","currency"`},
		"estimatedPolicy":  {`"currency"`, `"estimatedPolicy":"refuse","currency"`},
	} {
		ts := []*Tariff{parse("2050-01-01", "2013-01-10"), parse(append(edits, "2000-01-01", "2013-01-10")...)}
		_, err := Compile(ts, date(t, "2013-01-01"), date(t, "2013-02-01"), 48)
		t.Run("tariffs differ in "+key, func(t *testing.T) { hasError(t, err, "cannot share a bill: "+key) })
	}
}

// A slot whose price changes within it is refused, but not one that the clock
// changes within.
func TestClockChangeInsideASlot(t *testing.T) {
	lordHowe := mustParse(t, plain(t, append(windows("A 0.1 ALL 00:00 01:30|B 0.3 ALL 01:30 24:00"), "Europe/London", "Australia/Lord_Howe")...))
	runs, slots := prices(compile(t, lordHowe, "2013-07-01", "2013-07-02", 48))
	if slots != 48 || runs != "100×3 300×45" {
		t.Errorf("%d slots: %s", slots, runs)
	}
	// On 6 October the clock goes from 02:00 to 02:30, inside an hour of UTC.
	one := mustParse(t, plain(t, "Europe/London", "Australia/Lord_Howe"))
	if _, slots := prices(compile(t, one, "2013-10-06", "2013-10-07", 48)); slots != 47 {
		t.Errorf("%d slots, want 47", slots)
	}
}

// oracle finds the price of an instant from the clock's reading, window by
// window, with nothing prepared.
func oracle(blocks string, loc *time.Location, at int64) (price string) {
	local := time.Unix(at, 0).In(loc)
	minute := 60*local.Hour() + local.Minute()
	today := weekdayNames[(int(local.Weekday())+6)%7]
	yesterday := weekdayNames[(int(local.Weekday())+5)%7]
	for _, b := range strings.Split(blocks, "|") {
		f := strings.Fields(b)
		for i := 2; i < len(f); i += 3 {
			on := func(day string) bool { return f[i] == "ALL" || strings.Contains(f[i], day) }
			start, _ := minuteOfDay(f[i+1])
			end, _ := minuteOfDay(f[i+2])
			if start < end && on(today) && start <= minute && minute < end ||
				start > end && (on(today) && minute >= start || on(yesterday) && minute < end) {
				return f[1]
			}
		}
	}
	return "none"
}

func TestAYearAgainstTheClock(t *testing.T) {
	blocks := "A 0.1 MON,TUE,WED,THU,SUN 22:30 05:00|B 0.2 FRI,SAT 22:30 07:30|C 0.3 MON,TUE,WED,THU,FRI 05:00 13:00 MON,TUE,WED,THU,FRI 17:30 22:30|" +
		"D 0.4 MON,TUE,WED,THU,FRI 13:00 17:30|E 0.5 SAT,SUN 07:30 22:30"
	for _, zone := range []string{"Europe/London", "Australia/Sydney", "Australia/Lord_Howe", "Asia/Kolkata", "America/New_York", "Africa/Casablanca", "Europe/Dublin", "America/Havana"} {
		tariff := mustParse(t, plain(t, append(windows(blocks), "Europe/London", zone)...))
		p := compile(t, tariff, "2012-02-01", "2013-12-01", 48)
		for s, line := range p.line {
			at := int64(p.FirstDay)*daySeconds + int64(s)*p.step()
			if at < p.From || at >= p.To {
				if line != -1 || p.price[s] != 0 {
					t.Fatalf("%s: slot %s outside the period has a price", zone, utcStamp(at))
				}
				continue
			}
			want := oracle(blocks, p.location(), at)
			if got := Decimal(big.NewInt(p.price[s]), 9, 1); got != want {
				t.Fatalf("%s: price %s at %s, want %s", zone, got, stamp(p.location(), at), want)
			}
		}
	}
}

// The prices of the London trial, every half-hour of 2013, as one document.
func trialTariff(t testing.TB, edits ...string) *Tariff {
	t.Helper()
	var rows []string
	for _, line := range strings.Split(strings.TrimSpace(string(readShared(t, "data/tariffs/uk-lcl-dtou-2013/dtou-2013.csv"))), "\n")[1:] {
		f := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" ,\r", r) })
		from, ok := instant(f[0] + "T" + f[1] + ":00Z")
		if !ok {
			t.Fatalf("line %q", line)
		}
		rows = append(rows, utcStamp(from)+" "+utcStamp(from+1800)+" "+f[2])
	}
	return mustParse(t, plain(t, append(edits, plainRate, dynamic(rows...))...))
}

func TestTrialPrices(t *testing.T) {
	p := compile(t, trialTariff(t), "2013-01-01", "2014-01-01", 48)
	count := map[int64]int{}
	for _, price := range p.price {
		count[price]++
	}
	if len(p.price) != 17520 || len(count) != 3 || count[39900000]+count[117600000]+count[672000000] != 17520 {
		t.Errorf("%d half-hours of %v", len(p.price), count)
	}
}

func BenchmarkCompileYear(b *testing.B) {
	tariff := trialTariff(b)
	for b.Loop() {
		p, err := Compile([]*Tariff{tariff}, 15706, 15706+365, 48)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.Functionals(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseYear(b *testing.B) {
	data := trialTariff(b).Canonical()
	for b.Loop() {
		if _, err := Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}

func TestPriceOfASlot(t *testing.T) {
	p := compile(t, mustParse(t, plain(t, windows(nightAndDay)...)), "2013-03-30", "2013-04-01", 48)
	if line, _ := p.At(p.From - 1); line != -1 {
		t.Errorf("before the period: line %d", line)
	}
	if line, _ := p.At(p.To); line != -1 {
		t.Errorf("after the period: line %d", line)
	}
	if line, price := p.At(p.From); line != int(p.line[p.slotAt(p.From)]) || price != p.price[p.slotAt(p.From)] || line < 0 {
		t.Errorf("first slot: line %d, price %d", line, price)
	}
	from, err := Midnight(p.Clock, p.Start)
	if err != nil || from != p.From {
		t.Errorf("midnight is %d, %v; the plan begins at %d", from, err, p.From)
	}
	if _, err := Midnight("Nowhere/Land", p.Start); err == nil {
		t.Error("midnight of a place that is not there")
	}
}
