package main

import (
	"strings"
	"testing"
)

func TestMisuseEndsWithTwo(t *testing.T) {
	t.Parallel()
	d := sealedMonth(t)
	for line, words := range map[string]string{
		"":                         "no command",
		"fly":                      `unknown command "fly"`,
		"meter":                    "needs one of: read, seal, show, authority, new, enrol, join, meet, publish, close",
		"tariff melt":              "needs one of: import, show, check, sign, quote, compare",
		"keygen":                   "flag --out is missing",
		"keygen --out k --nope":    "unknown flag --nope",
		"keygen --out k extra":     `unexpected argument "extra"`,
		"keygen --out k --kem rsa": `"rsa" is neither`,
		"keygen --out nowhere/k":   "no such folder",
		"meter show":               "flag --export is missing",
		"meter show --export gone": "gone: there is no such file",
		"meter show --export my.hushwatt --key gone": "gone: there is no such file",
		"tariff check":           "FILE is missing",
		"tariff check gone.json": "gone.json: there is no such file",
		"tariff quote --tariff tariff.json --readings gone.csv" + month:                            "gone.csv: there is no such file",
		"tariff quote --tariff tariff.json --readings readings.csv --start today --end 2026-04-01": `--start: "today" is not a date`,
		"tariff quote --tariff tariff.json --readings readings.csv --format xls" + month:           `"xls" is not one of`,
		"tariff quote --tariff tariff.json --readings readings.csv --zone Mars/One" + month:        "--zone:",
		"tariff quote --tariff tariff.json --readings readings.csv --slot 7" + month:               "7 minutes cannot be sealed",
		"meter seal --from gone.csv --recipient x --meter-dir m --out o":                           "--recipient:",
		"bill --export my.hushwatt --key my.key --tariff tariff.json --out b":                      "flag --start is missing (or --request)",
		"bill --export my.hushwatt --key my.key --tariff tariff.json --out b --start 2026-03-01":   "flag --end is missing (or --request)",
		"bill --export my.hushwatt --key my.key --tariff tariff.json --out b --request r" + month:  "--request names the period",
		"bill --export gone --key my.key --tariff tariff.json --out b" + month:                     "gone: there is no such file",
		"bill --export my.hushwatt --key my.key --tariff tariff.json --out b --request gone":       "gone: there is no such file",
		"verify --bill gone --tariff tariff.json --authority meter/authority.pub":                  "gone: there is no such file",
		"verify --bill my.hushwatt --tariff tariff.json":                                           "flag --authority is missing",
		"request --tariff tariff.json --meter m --supplier-dir s --out o --start 2026-03-01":       "flag --end is missing",
		"aggregate": "needs one of: simulate, feeder, key, charter, registry, sign, show, serve, authority, releases, verify, day-end, play",
		"meter new --meter m --meter-dir m --authority-key gone":                                        "gone: there is no such file",
		"meter new --meter m --meter-dir m --authority-key k --slot 7":                                  "7 minutes cannot be sealed",
		"meter enrol --meter-dir m --charter gone --first 2026-03-02 --out e":                           "gone: there is no such file",
		"meter enrol --meter-dir m --charter c --first today --out e":                                   `--first: "today" is not a day`,
		"meter enrol --meter-dir m --charter c --first 1969-12-31 --out e":                              "is not a day",
		"meter publish --meter-dir m --from gone --day 2026-03-02 --registry r --recipient x":           "--recipient:",
		"meter join --meter-dir m --registry gone --enrolments e --out o":                               "gone: there is no such file",
		"meter meet --meter-dir m --registry r":                                                         "flag --from is missing",
		"aggregate key --name operator":                                                                 "flag --out is missing",
		"aggregate key --name operator --out k --kem rsa":                                               `"rsa" is neither`,
		"aggregate charter --name street --party gone --authority-key k --out c":                        "gone: there is no such file",
		"aggregate charter --name street --party p --authority-key k --out c --min-sum 1":               "shows a reading",
		"aggregate charter --name street --party p --authority-key k --out c --channel both":            `"both" is neither import nor export`,
		"aggregate registry --charter gone --from e --set s --first 2026-03-02 --out r --enrolments es": "gone: there is no such file",
		"aggregate registry --charter c --set s --first 2026-03-02 --out r --enrolments es":             "flag --from is missing",
		"aggregate sign --registry r":                                                                   "--key or --signature is needed",
		"aggregate sign --registry r --signature s --out o":                                             "--out goes with --key",
		"aggregate sign --registry r --key k --signature s --out o":                                     "--out leaves as it is",
		"aggregate sign --registry gone --key k":                                                        "gone: there is no such file",
		"aggregate verify":                                                                              "either --release or --day-end is needed",
		"aggregate verify --day-end d":                                                                  "--registry goes with --day-end",
		"aggregate show":                                                                                "FILE is missing",
		"aggregate show gone":                                                                           "gone: there is no such file",
		"aggregate authority --key k --registry r":                                                      "flag --database is missing",
		"aggregate releases --registry gone --database d --day 2026-03-02 --out o":                      "gone: there is no such file",
		"aggregate day-end --registry gone --set s --day 2026-03-02 --releases r --closing c":           "gone: there is no such file",
		"demo --out files":    "--out goes with --cli",
		"demo --cli --data d": "--cli goes without",
	} {
		d.refused(2, words, line)
	}
}

func TestMisuseInWords(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	o := d.try("keygen", "--nope")
	if o.code != 2 || o.stdout != "" || o.stderr != "hushwatt: unknown flag --nope (see hushwatt keygen --help)\n" {
		t.Errorf("exit %d, stdout %q, stderr %q", o.code, o.stdout, o.stderr)
	}
}

func TestHelpShowsAnExample(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	recipient := d.key("my.key")
	overview := d.try("--help")
	if overview.code != 0 {
		t.Fatalf("exit %d", overview.code)
	}
	if o := d.try("meter", "--help"); o != overview {
		t.Errorf("meter --help: exit %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	for _, c := range commands {
		if !strings.Contains(overview.stdout, "hushwatt "+c.name+" ") {
			t.Errorf("overview lacks %s", c.name)
		}
		o := d.try(append(strings.Fields(c.name), "--help")...)
		if o.code != 0 || o.stderr != "" || !strings.Contains(o.stdout, "\nExample:\n  hushwatt "+c.name) {
			t.Errorf("%s --help: exit %d\n%s%s", c.name, o.code, o.stdout, o.stderr)
		}
		f := &flags{}
		c.flags(f)
		f.toggle("json", "")
		example, _, _ := strings.Cut(strings.TrimPrefix(c.example, "hushwatt "+c.name), ">")
		example = strings.Replace(example, `"$(cat my.recipient)"`, recipient, 1)
		if _, err := f.parse(strings.Fields(example)); err != nil {
			t.Errorf("example of %s: %v", c.name, err)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	doc := d.do("version")
	d.fields(doc, "version revision go suite")
	if !strings.HasPrefix(doc["go"].(string), "go1.") {
		t.Errorf("go is %v", doc["go"])
	}
}
