package source

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hushwatt/internal/testdata"
	"hushwatt/tariffs"
)

// A real file is imported, with what it does not say, and a bill of made-up
// readings must come to what an independent program made of the source; or it is
// refused, and the message says why.
type real struct {
	file       string
	with       func(o *Options)
	start, end string
	times      uint32 // the readings
	want       string // total
	dropped    int    // kinds of things left out; −1: not looked at
	refused    string
}

func clockOf(name string) func(*Options) { return func(o *Options) { o.Clock, o.NoTax = name, true } }

func both(fs ...func(*Options)) func(*Options) {
	return func(o *Options) {
		for _, f := range fs {
			f(o)
		}
	}
}

func chosenAs(name, value string) func(*Options) {
	return func(o *Options) {
		o.Choices = maps.Clone(o.Choices)
		if o.Choices == nil {
			o.Choices = map[string]string{}
		}
		o.Choices[name] = value
	}
}

func without(name string) func(*Options) { return func(o *Options) { delete(o.Choices, name) } }

func named(o *Options) { o.PlanID, o.Name, o.Brand = "id", "Name", "Brand" }

func since(from string) func(*Options) { return func(o *Options) { o.From = from } }

func plan(id string) func(*Options) { return func(o *Options) { o.Plan = id } }

func us(zone string) func(*Options) {
	return both(clockOf(zone), since("2025-01-01"), named, func(o *Options) { o.DemandMinutes = 30 })
}

func vat(included string) func(*Options) {
	return both(named, func(o *Options) {
		o.Taxes, o.PricesIncludeTax = []Tax{{Name: "VAT", Rate: 5e7}}, included
	})
}

func spain(o *Options) {
	o.Taxes = []Tax{{Name: "Impuesto eléctrico", Rate: 51_127_000}, {Name: "IVA", Rate: 21e7, On: []string{"Impuesto eléctrico"}}}
}

func digits(n int) func(*Options) { return func(o *Options) { o.Rounding.Digits = n } }

func pge(tier string) func(*Options) {
	return both(clockOf("America/Los_Angeles"), chosenAs("baseline", "basic"), chosenAs("territory", "P"), func(o *Options) {
		if tier != "" {
			chosenAs("base", tier)(o)
		} else {
			chosenAs("prices", "totals")(o)
		}
	})
}

var reals = []real{
	{file: "au-unsw/AllTariffs_Retail.json", with: both(plan("TR0009"), since("2019-01-01"), func(o *Options) { o.NoTax = true }), refused: "FlatRate.Value: 0.24097499999999997000 has more than nine decimals: --decimals N"},
	{file: "au-cdr-energy/cds-energy-plan-schema.json", refused: "is the description of an interface (OpenAPI), not a tariff"},
	{file: "calendars/england-wales-bank-holidays-2012-2014.csv", refused: "is a list of holidays, not a tariff: give it with --holidays"},
	{file: "calendars/us-pge-holidays-2024-2036.toml", refused: "is a list of holidays, not a tariff: give it with --holidays"},
	{file: "es-pvpc/PVPC_CURV_DD_2021_06_01.json", refused: "give --choose territory=…, one of PCB, CYM"},
	{file: "es-pvpc/PVPC_CURV_DD_2021_06_01.json", with: both(spain, digits(6), chosenAs("territory", "PCB")), start: "2021-06-01", end: "2021-06-02", want: "5.866620", dropped: 20},
	{file: "es-pvpc/PVPC_CURV_DD_2021_06_01.json", with: both(spain, digits(6), chosenAs("territory", "CYM")), start: "2021-06-01", end: "2021-06-02", want: "5.793889", dropped: 20},
	{file: "es-pvpc/PVPC_CURV_DD_2021_10_31.json", with: both(spain, digits(6), chosenAs("territory", "PCB")), start: "2021-10-31", end: "2021-11-01", want: "3.920573", dropped: 20},
	{file: "gb-imbalance-2018/system-price-2018-h1.csv.gz", with: both(clockOf("Europe/London"), named), start: "2018-01-01", end: "2018-07-01", want: "259.2626", dropped: 1},
	{file: "ie-smart/ie-smart-plans-2025.json", refused: "the file holds 3 plans: give --plan, one of energia-smart-15, electric-ireland-standard, bord-gais-standard"},
	{file: "ie-smart/ie-smart-plans-2025.json", with: plan("bord-gais-standard"), refused: "give --choose export=…, one of taxed, untaxed"},
	{file: "ie-smart/ie-smart-plans-2025.json", with: both(plan("energia-smart-15"), chosenAs("export", "untaxed")), start: "2025-07-01", end: "2025-08-01", want: "158.5521"},
	{file: "ie-smart/ie-smart-plans-2025.json", with: both(plan("electric-ireland-standard"), chosenAs("export", "untaxed")), start: "2025-07-01", end: "2025-08-01", want: "206.5524"},
	{file: "ie-smart/ie-smart-plans-2025.json", with: both(plan("bord-gais-standard"), chosenAs("export", "untaxed")), start: "2025-07-01", end: "2025-08-01", want: "180.6586"},
	{file: "uk-lcl-dtou-2013/dtou-2013.csv", with: both(clockOf("Europe/London"), named), start: "2013-01-01", end: "2014-01-01", want: "1303.6766"},
	{file: "uk-octopus-rest/agile-2022-10-21_22.json", with: both(vat("no"), digits(6)), start: "2022-10-21", end: "2022-10-23", want: "12.594785", dropped: 1},
	{file: "uk-octopus-rest/agile-2022-10-21_22.json", with: both(vat("yes"), digits(6)), start: "2022-10-21", end: "2022-10-23", want: "12.594785", dropped: 1},
	{file: "uk-octopus-rest/agile-2026-03-28_29-spring-dst.json", with: both(vat("no"), digits(6)), start: "2026-03-29", end: "2026-03-30", want: "3.555282", dropped: 1},
	{file: "uk-octopus-rest/go-2022-10-07_10.json", with: both(vat("no"), digits(6)), start: "2022-10-08", end: "2022-10-11", want: "30.723129", dropped: 1},
	{file: "uk-octopus-rest/go-2022-10-07_10.json", refused: "which of its two prices is meant, with VAT or without: give --prices-include-tax"},
	{file: "us-arcadia/bge_residential_2025-01.json", with: func(o *Options) { o.NoTax = true }, start: "2025-02-01", end: "2025-03-01", want: "49.8256", dropped: -1},
	{file: "us-arcadia/bge_residential_2025-01.json", with: both(func(o *Options) { o.NoTax = true }, chosenAs("competitiveBilling", "true")), start: "2025-02-01", end: "2025-03-01", want: "49.2056", dropped: -1},
	{file: "tw-taipower/plans.json", with: both(plan("residential_simple_2_tier"), since("2025-10-01"), func(o *Options) { o.NoTax, o.Holidays = true, []string{"2026-07-01"} }),
		start: "2026-07-01", end: "2026-08-01", times: 4, want: "12589.6760", dropped: -1},
	{file: "tw-taipower/plans.json", with: both(plan("residential_simple_2_tier"), since("2025-10-01"), func(o *Options) { o.NoTax = true }), refused: "give --holidays FILE (or --holidays none)"},
	{file: "us-arcadia/pepco_residential_2025-01.json", with: func(o *Options) { o.NoTax = true }, refused: "has more than nine decimals: --decimals"},
	{file: "us-arcadia/pepco_residential_2025-01.json", with: func(o *Options) { o.NoTax, o.Decimals = true, new(9) }, start: "2025-07-01", end: "2025-08-01", want: "85.2679", dropped: -1},
	{file: "us-arcadia/psegli_residential_2025-01.json", with: func(o *Options) { o.NoTax = true }, start: "2025-07-01", end: "2025-08-01", want: "214.7224", dropped: -1},
	{file: "us-pge/e-1.json", with: both(us("America/Los_Angeles"), func(o *Options) { o.Currency = "USD" }), start: "2025-07-01", end: "2025-08-01", want: "235.0465", dropped: 1},
	{file: "us-pge/e-tou-c.json", with: both(us("America/Los_Angeles"), func(o *Options) { o.Currency = "USD" }), start: "2025-07-01", end: "2025-08-01", want: "267.9110", dropped: 1},
	{file: "us-pge/e-1.json", with: us("America/Los_Angeles"), refused: "the source does not say the currency: give --currency"},
	{file: "us-pge/tariffkit/e1-2026-03-01.toml", with: pge("tier_3"), start: "2026-07-01", end: "2026-08-01", want: "323.2651", dropped: -1},
	{file: "us-pge/tariffkit/etouc-2025-01-01.toml", refused: "totals.winter.peak is 0.49312 and its parts add up to 0.49313: give --choose prices=…, one of totals, parts"},
	{file: "us-pge/tariffkit/etouc-2025-01-01.toml", with: pge(""), start: "2026-07-01", end: "2026-08-01", want: "386.6553", dropped: -1},
	{file: "us-pge/tariffkit/etouc-2025-03-01.toml", with: pge(""), start: "2026-07-01", end: "2026-08-01", want: "387.9173", dropped: -1},
	{file: "us-pge/tariffkit/etouc-2025-09-01.toml", with: both(pge(""), without("prices")), start: "2026-07-01", end: "2026-08-01", want: "379.7348", dropped: -1},
	{file: "us-pge/tariffkit/etouc-2026-01-01.toml", with: pge(""), start: "2026-07-01", end: "2026-08-01", want: "361.3507", dropped: -1},
	{file: "us-pge/tariffkit/etouc-2026-03-01.toml", with: pge("tier_3"), start: "2026-07-01", end: "2026-08-01", want: "337.1178", dropped: -1},
	{file: "us-pge/tariffkit/smartrate-2022-05-01.toml", refused: "is a program beside a tariff"},
	{file: "us-urdb/bge_default.json", with: us("America/New_York"), start: "2025-07-01", end: "2025-08-01", want: "76.4330", dropped: -1},
	{file: "us-urdb/ct_eversource_tou.json", with: us("America/New_York"), start: "2025-04-15", end: "2025-05-15", want: "73.6976", dropped: -1},
	{file: "us-urdb/multi_tier.json", with: us("America/Chicago"), start: "2025-01-01", end: "2025-02-01", times: 40, want: "4070.9522", dropped: 1},
	{file: "us-urdb/multi_tier.json", with: us("America/Chicago"), start: "2025-06-01", end: "2025-07-01", times: 40, want: "4328.0746", dropped: 1},
	{file: "us-urdb/multi_tier.json", with: both(us("America/Chicago"), func(o *Options) { o.DemandMinutes = 0 }), refused: "give --demand-interval MINUTES"},
	{file: "us-urdb/urdb_v7_two_season_demand.json", with: us("America/Denver"), refused: "energyratestructure[0]: tiers that are shared between the times of use of May to October in proportion to use"},
}

// plans of the files that hold many.
func manyPlans() []real {
	var all []real
	for _, many := range []struct {
		file string
		want map[string]string
	}{
		{"au-unsw/AllTariffs_Retail.json", unswRetail}, {"au-unsw/AllTariffs_network.json.gz", unswNetwork},
	} {
		for _, id := range slices.Sorted(maps.Keys(many.want)) {
			r := real{file: many.file, with: both(plan(id), since("2019-01-01"), func(o *Options) { o.NoTax, o.Decimals = true, new(9) }), start: "2019-07-01", end: "2019-08-01", want: many.want[id], dropped: -1}
			if why := unswRefused[id]; why != "" {
				r.refused = why
			}
			all = append(all, r)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(taipowerPlans)) {
		r := real{file: "tw-taipower/plans.json", with: both(plan(id), since("2025-10-01"), func(o *Options) { o.NoTax, o.NoHolidays = true, true }),
			start: "2026-07-01", end: "2026-08-01", times: 4, want: taipowerPlans[id], dropped: -1}
		if strings.Contains(id, "tiered") || strings.Contains(id, "non_tou") {
			r.start = "2026-06-01"
		}
		all = append(all, r)
	}
	return all
}

// What the source itself has wrong.
var unswRefused = map[string]string{
	"TN0034": `Demand.Winter: holds in March together with "Summer"`,
}

func TestRealFiles(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range append(slices.Clone(reals), manyPlans()...) {
		seen[r.file] = true
		o := options()
		if r.with != nil {
			r.with(&o)
		}
		im, err := Import("", []File{shared(t, r.file)}, o)
		switch {
		case r.refused != "":
			if err == nil || !strings.Contains(err.Error(), r.refused) {
				t.Errorf("%s %s: %v, want %q", r.file, o.Plan, err, r.refused)
			}
			continue
		case err != nil:
			t.Errorf("%s %s: %v", r.file, o.Plan, err)
			continue
		}
		if got := quoted(t, im.Tariff, r); got != r.want {
			t.Errorf("%s %s: total %s, want %s", r.file, o.Plan, got, r.want)
		}
		again, err := tariffs.Parse(im.Tariff.Canonical())
		if err != nil || again.ID() != im.Tariff.ID() {
			t.Errorf("%s %s: printed, it does not read as the same tariff: %v", r.file, o.Plan, err)
		}
		if r.dropped >= 0 && len(im.Dropped) != r.dropped {
			t.Errorf("%s %s: dropped %d kinds, want %d: %v", r.file, o.Plan, len(im.Dropped), r.dropped, im.Dropped)
		}
	}
	for _, file := range realFiles(t) {
		if !seen[file] {
			t.Errorf("%s is in no test", file)
		}
	}
}

// A bill of fifteen months under five books of one utility, each imported until
// the next came: the baseline of each season counts apart under each book.
func TestBooksFollowEachOther(t *testing.T) {
	var all []*tariffs.Tariff
	dates := []string{"2025-01-01", "2025-03-01", "2025-09-01", "2026-01-01", "2026-03-01", ""}
	for i, from := range dates[:5] {
		o := options()
		tier := ""
		if i == 4 {
			tier = "tier_3"
		}
		pge(tier)(&o)
		if i == 2 {
			without("prices")(&o) // in this book the parts add up
		}
		o.To = dates[i+1]
		im, err := Import("", []File{shared(t, "us-pge/tariffkit/etouc-"+from+".toml")}, o)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, im.Tariff)
	}
	if got, want := bill(t, all, real{start: "2025-01-01", end: "2026-04-01"}), "5192.4137"; got != want {
		t.Errorf("total %s, want %s", got, want)
	}
}

func options() Options {
	return Options{Rounding: &tariffs.Rounding{Stage: tariffs.StageBill, Digits: 4, Mode: tariffs.HalfUp}}
}

// quoted is the bill of made-up half-hours: which of them they are decides what
// they are, so that every window has another mean.
func quoted(t *testing.T, tariff *tariffs.Tariff, r real) string {
	t.Helper()
	return bill(t, []*tariffs.Tariff{tariff}, r)
}

func bill(t *testing.T, all []*tariffs.Tariff, r real) string {
	t.Helper()
	start, err1 := tariffs.ParseDate(r.start)
	end, err2 := tariffs.ParseDate(r.end)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	p, err := tariffs.Compile(all, start, end, 48)
	if err != nil {
		return err.Error()
	}
	in, out := &tariffs.Series{Step: 1800, Start: int64(p.FirstDay) * 86400}, &tariffs.Series{Step: 1800, Start: int64(p.FirstDay) * 86400}
	for i := range p.Days * 48 {
		k := uint32(in.Start/1800) + uint32(i)
		in.Wh = append(in.Wh, max(1, r.times)*(100+k*37%900))
		out.Wh = append(out.Wh, k*53%400)
	}
	b, err := tariffs.Quote(p, in, out)
	if err != nil {
		return err.Error()
	}
	return b.Total
}

func shared(t testing.TB, name string) File {
	t.Helper()
	data, err := os.ReadFile(testdata.Shared(t, "data/tariffs/"+name))
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(name, ".gz") {
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if data, err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return File{Name: filepath.Base(name), Data: data}
}

// realFiles returns all files of the folder but those that say where the others
// come from.
func realFiles(t *testing.T) []string {
	root := testdata.Shared(t, "data/tariffs")
	var names []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "ORIGIN.md" {
			name, relErr := filepath.Rel(root, path)
			names = append(names, filepath.ToSlash(name))
			return relErr
		}
		return err
	})
	if err != nil || len(names) == 0 {
		t.Fatal(fmt.Errorf("no files: %w", err))
	}
	return names
}
