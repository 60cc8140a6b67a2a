package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"hushwatt/tariffs"
	tariffsource "hushwatt/tariffs/source"
)

var tariffImportCommand = command{
	name:    "tariff import",
	does:    "make a tariff of one that a supplier or a regulator publishes in another form",
	example: `hushwatt tariff import unit-rates.json --prices-include-tax no --tax VAT=0.05 --rounding bill,2,half-up --id agile --name Agile > tariff.json`,
	note: "The tariff goes to standard output. What it has no place for is listed on standard error, with\n" +
		"the reason. What the source does not say (rounding, taxes, clock …) is asked for by flag.\n" +
		"Formats:" + importFormats(),
	flags: func(f *flags) action {
		j := declareImport(f)
		return func(c *console) (answer, error) { return j.run(c) }
	},
}

// importFormats lists the formats with what they are, a line each.
func importFormats() string {
	var b strings.Builder
	for _, name := range tariffsource.Formats() {
		fmt.Fprintf(&b, "\n  %-12s  %s", name, tariffsource.Says(name))
	}
	return b.String()
}

// importJob is one use of `tariff import`.
type importJob struct {
	files, standing, taxes, choices *[]string
	format, plan                    *string
	id, name, brand, currency       *string
	clock, from, to                 *string
	rounding                        **tariffs.Rounding
	included, holidays, holidaysAs  *string
	noTax                           *bool
	decimals                        **int
	slot, demand                    *int
}

func declareImport(f *flags) *importJob {
	j := &importJob{files: f.rest("FILE")}
	j.format = flag(f, &option{name: "format", value: "NAME", help: strings.Join(tariffsource.Formats(), ", ") + "; detected by default"}, asTariffFormat)
	j.plan = f.text("plan", "ID", "the plan to take where a file holds several")
	j.choices = f.list("choose", "NAME=VALUE", "which of a plan's variants, such as territory=PCB")
	j.standing = f.list("standing", "FILE", "Octopus standing charges")
	j.rounding = flag(f, &option{name: "rounding", value: "STAGE,DIGITS,MODE", help: "how bills are rounded, such as bill,2,half-up"}, asRounding)
	j.taxes = f.list("tax", "NAME=SHARE", `a tax, such as VAT=0.05; "IVA=0.21 on IEE" for a tax on another`)
	j.noTax = f.toggle("no-tax", "there is no tax on the prices")
	j.included = flag(f, &option{name: "prices-include-tax", value: "yes|no", help: "whether prices include the taxes"}, asYesNo)
	j.clock = f.text("clock", "ZONE", "clock of the tariff, such as Europe/London")
	j.currency = f.text("currency", "CODE", "three capitals, such as GBP")
	j.from = flag(f, &option{name: "from", value: "DATE", help: "first day in force"}, asDay)
	j.to = flag(f, &option{name: "to", value: "DATE", help: "the day after the last in force"}, asDay)
	j.id = f.text("id", "ID", "the plan's id")
	j.name = f.text("name", "TEXT", "the plan's name")
	j.brand = f.text("brand", "TEXT", "whose tariff it is")
	j.holidays = f.text("holidays", "FILE|none", "public holidays, a date YYYY-MM-DD a line")
	j.holidaysAs = flag(f, &option{name: "holidays-as", value: "DAY", help: "as what holidays count, MON to SUN, where the source has no rule"}, asWeekday)
	j.decimals = flag(f, &option{name: "decimals", value: "N", help: "round prices to so many decimals, half to even"}, asDecimals)
	j.slot = flag(f, &option{name: "slot", value: "MINUTES", help: "length of the metering slots, 30 by default"}, asSlot)
	j.demand = flag(f, &option{name: "demand-interval", value: "MINUTES", help: "over how long power is measured"}, asNumber)
	return j
}

func asTariffFormat(s string) (string, error) {
	if !slices.Contains(tariffsource.Formats(), s) {
		return "", misusef("%q is not one of %s", s, strings.Join(tariffsource.Formats(), ", "))
	}
	return s, nil
}

func asRounding(s string) (*tariffs.Rounding, error) {
	parts := strings.Split(s, ",")
	if len(parts) == 3 {
		if digits, err := strconv.Atoi(parts[1]); err == nil {
			return &tariffs.Rounding{Stage: tariffs.Stage(parts[0]), Digits: digits, Mode: tariffs.Mode(parts[2])}, nil
		}
	}
	return nil, misusef("%q is not a rounding like bill,2,half-up", s)
}

func asYesNo(s string) (string, error) {
	if s != "yes" && s != "no" {
		return "", misusef("%q is neither yes nor no", s)
	}
	return s, nil
}

func asWeekday(s string) (string, error) {
	days := []string{"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"}
	if !slices.Contains(days, s) {
		return "", misusef("%q is not one of %s", s, strings.Join(days, ", "))
	}
	return s, nil
}

func asDecimals(s string) (*int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 9 {
		return nil, misusef("%q is not a number of decimals, 0 to 9", s)
	}
	return &n, nil
}

func (j *importJob) run(c *console) (answer, error) {
	o, err := j.options()
	if err != nil {
		return nil, err
	}
	files, err := sources(*j.files)
	if err != nil {
		return nil, err
	}
	im, err := tariffsource.Import(*j.format, files, o)
	if err != nil {
		return nil, err
	}
	if !c.json {
		for _, d := range im.Dropped {
			c.note("left out: %s", left(d))
		}
	}
	return importAnswer{Format: im.Format, ID: im.Tariff.ID(), Tariff: im.Tariff.Canonical(), Dropped: append([]tariffsource.Dropped{}, im.Dropped...)}, nil
}

// left is one line on what was left out.
func left(d tariffsource.Dropped) string {
	line := fmt.Sprintf("%s = %s", d.Path, d.Value)
	if d.Count > 1 {
		line += fmt.Sprintf(" and %d more like it", d.Count-1)
	}
	return line + ": " + d.Why
}

func sources(paths []string) ([]tariffsource.File, error) {
	data, err := readFiles(paths)
	if err != nil {
		return nil, err
	}
	files := make([]tariffsource.File, len(paths))
	for i, path := range paths {
		files[i] = tariffsource.File{Name: path, Data: data[i]}
	}
	return files, nil
}

func (j *importJob) options() (o tariffsource.Options, err error) {
	o = tariffsource.Options{
		PlanID: *j.id, Name: *j.name, Brand: *j.brand, Currency: *j.currency, Clock: *j.clock, From: *j.from, To: *j.to,
		Rounding: *j.rounding, NoTax: *j.noTax, PricesIncludeTax: *j.included, HolidaysAs: *j.holidaysAs, Plan: *j.plan,
		Decimals: *j.decimals, SlotMinutes: *j.slot, DemandMinutes: *j.demand, Choices: map[string]string{},
	}
	for _, text := range *j.taxes {
		tax, err := tariffsource.ParseTax(text)
		if err != nil {
			return o, misusef("--tax: %w", err)
		}
		o.Taxes = append(o.Taxes, tax)
	}
	if o.NoTax && len(o.Taxes) > 0 {
		return o, misusef("--no-tax stands beside --tax")
	}
	for _, choice := range *j.choices {
		name, value, ok := strings.Cut(choice, "=")
		if !ok || o.Choices[name] != "" {
			return o, misusef("--choose: %q is not one NAME=VALUE, each name once", choice)
		}
		o.Choices[name] = value
	}
	if o.Standing, err = sources(*j.standing); err != nil {
		return o, err
	}
	if o.NoHolidays = *j.holidays == "none"; *j.holidays != "" && !o.NoHolidays {
		data, err := readFile(*j.holidays)
		if err != nil {
			return o, err
		}
		if o.Holidays, err = tariffsource.Holidays(data); err != nil {
			return o, fmt.Errorf("%s: %w", *j.holidays, err)
		}
	}
	return o, nil
}

type importAnswer struct {
	Format  string                 `json:"format"`
	ID      string                 `json:"id"`
	Tariff  json.RawMessage        `json:"tariff"`
	Dropped []tariffsource.Dropped `json:"dropped"`
}

func (a importAnswer) text(w io.Writer) { fmt.Fprintf(w, "%s\n", a.Tariff) }
