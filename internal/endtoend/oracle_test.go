package endtoend

import (
	"archive/zip"
	"encoding/json"
	"io"
	"math/big"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The oracle computes a bill the slow and obvious way: it walks the period slot
// by slot, looks at the wall clock in each, finds the price in the document's
// JSON and adds up rationals. It shares no code with the packages it checks:
// JSON by encoding/json, zone rules from the Go distribution, money in big.Rat.

// document is as much of a tariff as the oracle needs.
type document struct {
	EffectiveFrom, EffectiveTo string
	ElectricityContract        struct {
		TimeZone     string
		TariffPeriod []season
	}
	Rules struct {
		Clock            string
		Currency         string
		PricesIncludeTax bool
		Taxes            []struct{ Name, Rate string }
		Rounding         struct {
			Stage, Mode string
			Digits      int
		}
		Holidays struct {
			Dates   []string
			CountAs string
		}
	} `json:"x-hushwatt"`
}

type season struct {
	StartDate, EndDate string
	DailySupplyCharge  string
	SingleRate         *rate
	TimeOfUseRates     []rate
	DynamicRates       *struct {
		DisplayName string
		Rates       []struct {
			From  time.Time `json:"valid_from"`
			To    time.Time `json:"valid_to"`
			Price string    `json:"value_exc_vat"`
		}
	}
}

type rate struct {
	DisplayName string
	Rates       []struct{ UnitPrice string }
	TimeOfUse   []window
}

type window struct {
	Days               []string
	StartTime, EndTime string
}

// oracleBill is a bill's lines before rounding, and its total for one rule.
type oracleBill struct {
	names  []string
	wh     []int64
	energy []*big.Rat
	fixed  []*big.Rat
	bySlot []*big.Rat // energy, each slot's money rounded by itself

	slots, missing int
}

func readDocument(t testing.TB, data []byte) *document {
	t.Helper()
	var d document
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	return &d
}

func rational(t testing.TB, decimal string) *big.Rat {
	t.Helper()
	x, ok := new(big.Rat).SetString(decimal)
	if !ok {
		t.Fatalf("%q is not a number", decimal)
	}
	return x
}

// clock returns the wall clock of a tariff.
func (d *document) clock(t testing.TB) *time.Location {
	if d.ElectricityContract.TimeZone == "AEST" {
		return time.FixedZone("AEST", 10*3600)
	}
	return zone(t, d.Rules.Clock)
}

var zoneFile = sync.OnceValues(func() (*zip.ReadCloser, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	return zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
})

// zone loads the rules of a zone from the Go distribution, which is another
// copy than the one that bills use.
func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	archive, err := zoneFile()
	if err != nil {
		t.Fatal(err)
	}
	f, err := archive.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	loc, err := time.LoadLocationFromTZData(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// slot is one step of the walk.
type slot struct {
	at    int64
	line  int
	price *big.Rat // per kWh
}

// walk is a period's prices and public charges under one or several tariffs.
type walk struct {
	rules *document
	from  int64
	to    int64
	names []string
	slots []slot
	fixed []*big.Rat
}

// walkPeriod walks from the first moment of the local date start to that of
// end, in steps of so many seconds. docs are in order and follow each other.
func walkPeriod(t testing.TB, docs []*document, start, end string, step int64) *walk {
	t.Helper()
	loc := docs[0].clock(t)
	w := &walk{rules: docs[0], from: midnight(t, start, loc), to: midnight(t, end, loc)}
	first := map[*season]int{}
	for _, d := range docs {
		if d.EffectiveFrom >= end || d.EffectiveTo != "" && d.EffectiveTo <= start {
			continue
		}
		for i := range d.ElectricityContract.TariffPeriod {
			s := &d.ElectricityContract.TariffPeriod[i]
			first[s] = len(w.names)
			w.names = append(w.names, s.lineNames()...)
			if s.DailySupplyCharge != "" {
				w.fixed = append(w.fixed, d.standing(t, s, start, end))
			}
		}
	}
	for at := w.from; at < w.to; at += step {
		local := time.Unix(at, 0).In(loc)
		d := inForce(t, docs, local.Format(time.DateOnly))
		s := d.season(t, local.Format("01-02"))
		line, price := s.price(t, d, local)
		w.slots = append(w.slots, slot{at, first[s] + line, price})
	}
	return w
}

func midnight(t testing.TB, date string, loc *time.Location) int64 {
	t.Helper()
	at, err := time.ParseInLocation(time.DateOnly, date, loc)
	if err != nil {
		t.Fatal(err)
	}
	return at.Unix()
}

func inForce(t testing.TB, docs []*document, date string) *document {
	t.Helper()
	for _, d := range docs {
		if d.EffectiveFrom <= date && (d.EffectiveTo == "" || date < d.EffectiveTo) {
			return d
		}
	}
	t.Fatalf("no tariff on %s", date)
	return nil
}

// season finds the part of the tariff for a day MM-DD; a season may wrap the new year.
func (d *document) season(t testing.TB, day string) *season {
	t.Helper()
	for i := range d.ElectricityContract.TariffPeriod {
		s := &d.ElectricityContract.TariffPeriod[i]
		if s.StartDate <= s.EndDate && s.StartDate <= day && day <= s.EndDate ||
			s.StartDate > s.EndDate && (s.StartDate <= day || day <= s.EndDate) {
			return s
		}
	}
	t.Fatalf("no season on %s", day)
	return nil
}

// standing counts the days of a season between two dates, one by one.
func (d *document) standing(t testing.TB, s *season, start, end string) *big.Rat {
	sum := new(big.Rat)
	day, err := time.Parse(time.DateOnly, start)
	if err != nil {
		t.Fatal(err)
	}
	for ; day.Format(time.DateOnly) < end; day = day.AddDate(0, 0, 1) {
		date := day.Format(time.DateOnly)
		if date < d.EffectiveFrom || d.EffectiveTo != "" && date >= d.EffectiveTo {
			continue
		}
		if d.season(t, day.Format("01-02")) == s {
			sum.Add(sum, rational(t, s.DailySupplyCharge))
		}
	}
	return sum
}

// lineNames are the names of a season's lines of energy.
func (s *season) lineNames() []string {
	switch {
	case s.SingleRate != nil:
		return []string{s.SingleRate.DisplayName}
	case s.DynamicRates != nil:
		if s.DynamicRates.DisplayName == "" {
			return []string{"Energy"}
		}
		return []string{s.DynamicRates.DisplayName}
	}
	var names []string
	for _, r := range s.TimeOfUseRates {
		names = append(names, r.DisplayName)
	}
	return names
}

// price finds what a kWh costs at a moment: the line within the season, and the price.
func (s *season) price(t testing.TB, d *document, local time.Time) (int, *big.Rat) {
	t.Helper()
	switch {
	case s.SingleRate != nil:
		return 0, rational(t, s.SingleRate.Rates[0].UnitPrice)
	case s.DynamicRates != nil:
		rows := s.DynamicRates.Rates
		i, _ := slices.BinarySearchFunc(rows, local, func(r struct {
			From  time.Time `json:"valid_from"`
			To    time.Time `json:"valid_to"`
			Price string    `json:"value_exc_vat"`
		}, at time.Time) int {
			if r.To.After(at) {
				return 1
			}
			return -1
		})
		if i == len(rows) || rows[i].From.After(local) {
			t.Fatalf("no price at %s", local)
		}
		return 0, rational(t, rows[i].Price)
	}
	for i, r := range s.TimeOfUseRates {
		for _, w := range r.TimeOfUse {
			if d.within(w, local) {
				return i, rational(t, r.Rates[0].UnitPrice)
			}
		}
	}
	t.Fatalf("no window at %s", local)
	return 0, nil
}

// within reports whether a moment lies in a window. One over midnight belongs
// to the weekday on which it starts.
func (d *document) within(w window, local time.Time) bool {
	now := local.Format("15:04")
	if w.StartTime < w.EndTime {
		return w.StartTime <= now && now < w.EndTime && slices.Contains(w.Days, d.weekday(local))
	}
	if now >= w.StartTime {
		return slices.Contains(w.Days, d.weekday(local))
	}
	// Noon of the day before, so that no change of clocks comes between.
	y, m, day := local.Date()
	before := time.Date(y, m, day-1, 12, 0, 0, 0, local.Location())
	return now < w.EndTime && slices.Contains(w.Days, d.weekday(before))
}

// weekday is MON … SUN, with the holidays counted as the document says.
func (d *document) weekday(local time.Time) string {
	if slices.Contains(d.Rules.Holidays.Dates, local.Format(time.DateOnly)) {
		return d.Rules.Holidays.CountAs
	}
	return strings.ToUpper(local.Format("Mon"))
}

// bill adds up the readings. A missing one counts as nothing.
func (w *walk) bill(read func(at int64) (wh int64, there bool)) *oracleBill {
	b := &oracleBill{names: w.names, wh: make([]int64, len(w.names)), fixed: w.fixed, slots: len(w.slots)}
	for range w.names {
		b.energy, b.bySlot = append(b.energy, new(big.Rat)), append(b.bySlot, new(big.Rat))
	}
	interval := w.rules.Rules.Rounding.Stage == "interval"
	for _, s := range w.slots {
		used, there := read(s.at)
		if !there {
			b.missing++
		}
		b.wh[s.line] += used
		money := new(big.Rat).Mul(s.price, big.NewRat(used, 1000))
		b.energy[s.line].Add(b.energy[s.line], money)
		if interval {
			r := &w.rules.Rules.Rounding
			b.bySlot[s.line].Add(b.bySlot[s.line], round(money, r.Digits, r.Mode))
		}
	}
	return b
}

// total rounds a bill as its tariff says and prints it.
func (b *oracleBill) total(t testing.TB, d *document) string {
	r := &d.Rules.Rounding
	rounded := func(x *big.Rat) *big.Rat { return round(x, r.Digits, r.Mode) }
	energy, fixed := sum(b.energy), sum(b.fixed)
	switch r.Stage {
	case "line":
		energy, fixed = sumOf(b.energy, rounded), sumOf(b.fixed, rounded)
	case "interval":
		energy, fixed = sum(b.bySlot), sumOf(b.fixed, rounded)
	}
	net := new(big.Rat).Add(energy, fixed)
	if r.Stage == "net" {
		net = rounded(net)
	}
	total := new(big.Rat).Set(net)
	for _, tax := range d.Rules.Taxes {
		amount := new(big.Rat).Mul(net, rational(t, tax.Rate))
		if d.Rules.PricesIncludeTax {
			break
		}
		if r.Stage != "bill" {
			amount = rounded(amount)
		}
		total.Add(total, amount)
	}
	return rounded(total).FloatString(r.Digits)
}

func sum(xs []*big.Rat) *big.Rat { return sumOf(xs, func(x *big.Rat) *big.Rat { return x }) }

func sumOf(xs []*big.Rat, f func(*big.Rat) *big.Rat) *big.Rat {
	total := new(big.Rat)
	for _, x := range xs {
		total.Add(total, f(x))
	}
	return total
}

// round rounds to so many decimals.
func round(x *big.Rat, digits int, mode string) *big.Rat {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	scaled := new(big.Rat).Mul(x, new(big.Rat).SetInt(scale))
	return new(big.Rat).SetFrac(roundInt(scaled, mode), scale)
}

func roundInt(x *big.Rat, mode string) *big.Int {
	half := big.NewRat(1, 2)
	switch mode {
	case "down":
		return floor(x)
	case "up":
		return new(big.Int).Neg(floor(new(big.Rat).Neg(x)))
	case "half-away":
		if x.Sign() < 0 {
			return new(big.Int).Neg(roundInt(new(big.Rat).Neg(x), "half-up"))
		}
	case "half-even":
		below := floor(x)
		rest := new(big.Rat).Sub(x, new(big.Rat).SetInt(below))
		if rest.Cmp(half) == 0 && below.Bit(0) == 0 {
			return below
		}
	}
	return floor(new(big.Rat).Add(x, half)) // half-up
}

// floor: Div of big.Int rounds toward −∞ for a positive divisor.
func floor(x *big.Rat) *big.Int { return new(big.Int).Div(x.Num(), x.Denom()) }
