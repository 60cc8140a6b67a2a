package main

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"hushwatt/internal/testdata"
	"hushwatt/tariffs"
)

// A tariff in another form becomes a document: on standard output, with what it
// does not carry on standard error; what the source does not say is asked for.
func TestTariffImport(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	agile := testdata.Shared(t, "data/tariffs/uk-octopus-rest/agile-2022-10-21_22.json")
	line := "tariff import --prices-include-tax no --tax VAT=0.05 --rounding net,2,half-up --id agile --name Agile "
	doc := d.do(line+"--format octopus", agile)
	d.fields(doc, "format id tariff dropped")
	lost := doc["dropped"].([]any)
	if doc["format"] != "octopus" || len(lost) != 1 {
		t.Errorf("%v", doc)
	}
	d.fields(lost[0].(map[string]any), "path value why count")

	plain := d.try(append(strings.Fields(line), agile)...)
	if plain.code != 0 || plain.stderr != "hushwatt: left out: results[0].value_inc_vat = 16.0965 and 95 more like it: the same with VAT\n" {
		t.Errorf("exit %d, %s", plain.code, plain.stderr)
	}
	d.write("agile.json", []byte(plain.stdout))
	if parsed, err := tariffs.Parse([]byte(plain.stdout)); err != nil || parsed.ID() != doc["id"] {
		t.Errorf("%v, or another id than %v", err, doc["id"])
	}
	if got := d.do("tariff show agile.json")["id"]; got != doc["id"] {
		t.Errorf("%v, want %v", got, doc["id"])
	}

	for words, line := range map[string]string{
		"give --rounding": "--prices-include-tax no --tax VAT=0.05",
		"which of its two prices is meant, with VAT or without: give --prices-include-tax": "--rounding bill,2,half-up --no-tax",
		"give --id": "--rounding bill,2,half-up --tax VAT=0.05 --prices-include-tax no",
		"16.0965 with VAT is not 15.33 and the taxes given": "--rounding bill,2,half-up --tax VAT=0.06 --prices-include-tax no",
		"--choose territory: this source offers no such":    "--id a --name A --rounding bill,2,half-up --tax VAT=0.05 --prices-include-tax no --choose territory=PCB",
		"is in the format octopus, not urdb":                "--format urdb",
	} {
		d.refused(exitRefused, words, "tariff import "+line, agile)
	}
	if help := d.try("tariff", "import", "--help"); !strings.Contains(help.stdout, "\n  urdb          US Utility Rate Database") || !strings.Contains(help.stdout, "FILE… [--format NAME]") {
		t.Error(help.stdout)
	}
	holidays := testdata.Shared(t, "data/tariffs/calendars/england-wales-bank-holidays-2012-2014.csv")
	d.refused(exitRefused, "give it with --holidays", "tariff import", holidays)
	for words, line := range map[string]string{
		"FILE is missing":                        "",
		`"bill" is not a rounding`:               "--rounding bill x.json",
		`"maybe" is neither yes nor no`:          "--prices-include-tax maybe x.json",
		`"VAT" is not a tax like VAT=0.05`:       "--tax VAT --rounding bill,2,half-up x.json",
		"--no-tax stands beside --tax":           "--tax VAT=0.05 --no-tax x.json",
		`"12" is not a number of decimals`:       "--decimals 12 x.json",
		`"FERIEN" is not one of MON`:             "--holidays-as FERIEN x.json",
		`"papyrus" is not one of cdr`:            "--format papyrus x.json",
		"x.json: there is no such file":          "x.json",
		`"a=1" is not one NAME=VALUE`:            "--choose a=1 --choose a=1 x.json",
		"days.csv: there is no such file":        "--holidays days.csv " + agile,
		"standing.json: there is no such file":   "--standing standing.json " + agile,
		`--from: "soon" is not a day`:            "--from soon x.json",
		"--slot: 7 minutes cannot be sealed":     "--slot 7 x.json",
		`--demand-interval: "x" is not a number`: "--demand-interval x x.json",
	} {
		d.refused(exitMisuse, words, "tariff import "+line)
	}
}

func example(t *testing.T, name string) string {
	return testdata.Shared(t, filepath.Join("design", "tariff-examples", name+".json"))
}

// The picture of a week: a bar a half-hour, a line a day, eighty columns.
func TestTariffShow(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	evening := d.try("tariff", "show", example(t, "evening"))
	for _, want := range []string{
		"\n               00    03    06    09    12    15    18    21\n",
		"\nFRI            ▁▁▁▁▁▁▁▁▁▁▁▁▁▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄██████▄▄▄▄▄▄▄▁\n",
		"\nSAT            ▁▁▁▁▁▁▁▁▁▁▁▁▁▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▁\n",
		"\n               ▁ 0.0716  Night\n               ▄ 0.1531  Day\n               █ 0.3125  Evening\n",
		"\n· Standing charge: 26.3p a day\n· VAT: 5%\n",
	} {
		if !strings.Contains(evening.stdout, want) {
			t.Errorf("no %q in\n%s", want, evening.stdout)
		}
	}
	if flat := d.try("tariff", "show", example(t, "flat")); !strings.Contains(flat.stdout, "\nat all times 0.14228  Any time\n") {
		t.Error(flat.stdout)
	}
	dynamic := d.try("tariff", "show", example(t, "dynamic-two-days"), "--week", "2013-03-31")
	if !strings.Contains(dynamic.stdout, "\nSUN 2013-03-31 ▁▁▁▁██████████████████████████████████████████\n") ||
		!strings.Contains(dynamic.stdout, "2013-03-31 has 23 hours") {
		t.Error(dynamic.stdout)
	}
	d.refused(exitRefused, "no prices are known from 2013-06-01 on", "tariff show --week 2013-06-01", example(t, "dynamic-two-days"))

	doc := d.do("tariff show", example(t, "evening"))
	d.fields(doc, "id planId displayName brandName effectiveFrom effectiveTo clock currency weeks words")
	week := doc["weeks"].([]any)[0].(map[string]any)
	d.fields(week, "component season first last export dynamic days")
	day := week["days"].([]any)[4].(map[string]any)
	d.fields(day, "name minutes stretches")
	if stretches := day["stretches"].([]any); len(stretches) != 5 || stretches[2].(map[string]any)["price"] != "0.3125" {
		t.Errorf("%v", stretches)
	}
}

// Whatever a tariff has, its picture fits a terminal.
func TestTariffShowFits(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for file, line := range map[string]string{
		"us-urdb/multi_tier.json":                             "--clock America/Chicago --from 2025-01-01 --id i --name n --brand b --demand-interval 15 --no-tax",
		"us-arcadia/psegli_residential_2025-01.json":          "--no-tax",
		"us-pge/tariffkit/etouc-2026-03-01.toml":              "--no-tax --clock America/Los_Angeles --choose baseline=basic --choose territory=P --choose base=tier_1",
		"ie-smart/ie-smart-plans-2025.json":                   "--plan bord-gais-standard --choose export=untaxed",
		"tw-taipower/plans.json":                              "--plan high_voltage_three_stage --from 2025-10-01 --no-tax --holidays none",
		"es-pvpc/PVPC_CURV_DD_2021_10_31.json":                "--choose territory=PCB --no-tax",
		"au-unsw/AllTariffs_Retail.json":                      "--plan TRSample1 --from 2019-01-01 --no-tax --decimals 7",
		"uk-octopus-rest/agile-2026-03-28_29-spring-dst.json": "--prices-include-tax yes --no-tax --id i --name n",
	} {
		o := d.try(append(strings.Fields("tariff import --rounding bill,2,half-up "+line), testdata.Shared(t, "data/tariffs/"+file))...)
		if o.code != 0 {
			t.Errorf("%s: %s", file, o.stderr)
			continue
		}
		name := strings.ReplaceAll(file, "/", "-")
		d.write(name, []byte(o.stdout))
		shown := d.try("tariff", "show", name)
		if shown.code != 0 || !strings.Contains(shown.stdout, "· Rounded once") {
			t.Errorf("%s: exit %d: %s", file, shown.code, shown.stderr)
		}
		for line := range strings.Lines(shown.stdout) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
				t.Errorf("%s: %d columns: %s", file, n, line)
			}
		}
	}
}

// One home's year under several tariffs, the cheapest first; those that cannot
// price it say why.
func TestTariffCompare(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	home := testdata.Shared(t, "data/lcl-london-2013/homes/MAC000002.csv.gz")
	flat, evening, dynamic := example(t, "flat"), example(t, "evening"), example(t, "dynamic-two-days")
	exporting := d.try("tariff", "import", "--rounding", "bill,2,half-up", "--plan", "TR0001", "--from", "2012-01-01", "--no-tax", testdata.Shared(t, "data/tariffs/au-unsw/AllTariffs_Retail.json"))
	d.write("export.json", []byte(exporting.stdout))

	o := d.try("tariff", "compare", "--readings", home, "--tariff", evening, "--tariff", dynamic, "--tariff", flat, "--tariff", "export.json", "--json")
	doc := d.document(o.stdout)
	d.fields(doc, "start end bills refused")
	bills, refused := doc["bills"].([]any), doc["refused"].([]any)
	if o.code != 0 || doc["start"] != "2013-01-01" || doc["end"] != "2014-01-01" || len(bills) != 2 || len(refused) != 2 {
		t.Fatalf("exit %d: %s %s", o.code, o.stdout, o.stderr)
	}
	first, second := bills[0].(map[string]any), bills[1].(map[string]any)
	d.fields(first, "tariff planId id bill more")
	if first["planId"] != "demo-flat" || first["more"] != "0.00" || second["planId"] != "demo-evening" || second["more"] != "58.46" {
		t.Errorf("%v %v, %v %v", first["planId"], first["more"], second["planId"], second["more"])
	}
	// The same as a quote of each.
	for i, path := range []string{flat, evening} {
		quote := d.try("tariff", "quote", "--tariff", path, "--readings", home, "--start", "2013-01-01", "--end", "2014-01-01", "--json")
		if got, want := bills[i].(map[string]any)["bill"].(map[string]any)["total"], d.document(quote.stdout)["total"]; got != want {
			t.Errorf("%s: %v, and the quote is %v", path, got, want)
		}
	}
	for i, want := range []string{"no price from 2013-01-01T00:00:00Z", `tariff "TR0001" has a price for export, and the file has no readings of it`} {
		if reason := refused[i].(map[string]any)["reason"].(string); !strings.Contains(reason, want) || strings.HasPrefix(reason, "compile") {
			t.Errorf("%q, want %q", reason, want)
		}
	}

	text := d.try("tariff", "compare", "--readings", home, "--tariff", evening, "--tariff", flat, "--start", "2013-02-01", "--end", "2013-03-01")
	for _, want := range []string{"2013-02-01 to 2013-03-01 (exclusive)", " GBP, the cheapest\n", " GBP more\n", "Evening", "1344 slots, 0 missing, 0 estimated"} {
		if !strings.Contains(text.stdout, want) {
			t.Errorf("no %q in\n%s", want, text.stdout)
		}
	}
	none := d.try("tariff", "compare", "--readings", home, "--tariff", dynamic)
	if none.code != exitRefused || !strings.Contains(none.stderr, "none of the tariffs can price these readings: electricityContract") {
		t.Errorf("exit %d: %s", none.code, none.stderr)
	}
	late := d.try("tariff", "compare", "--readings", home, "--tariff", flat, "--start", "2014-01-01", "--end", "2014-02-01")
	if late.code != exitRefused || !strings.Contains(late.stdout, "flat.json cannot price them: no tariff is in force from 2014-01-01 to 2014-02-01") {
		t.Errorf("exit %d: %s", late.code, late.stdout)
	}
}
