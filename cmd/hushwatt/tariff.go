package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/cloudflare/circl/sign/ed25519"

	"hushwatt/meter/source"
	"hushwatt/tariffs"
)

var tariffCheckCommand = command{
	name:    "tariff check",
	does:    "is a tariff well-formed, can its bills be proven, what could they tell about a home",
	example: "hushwatt tariff check tariff.json",
	note: "A bill may explain at most 0.10 of the variance of any slot, 0.20 of any three hours and\n" +
		"0.25 of any day (docs/protocol.md, section 6). A tariff that would tell more is refused.",
	flags: func(f *flags) action {
		path := f.arg("FILE")
		addenda := declareAddenda(f)
		return func(c *console) (answer, error) {
			t, err := readOneTariff(c, *path, *addenda)
			if err != nil {
				return nil, err
			}
			r, err := tariffs.Check(t)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", *path, err)
			}
			if !r.Accepted {
				err = fmt.Errorf("%s: refused by the privacy rules: %s", *path, strings.Join(r.Refused, "; "))
			}
			return checkAnswer{r}, err
		}
	},
}

type checkAnswer struct{ *tariffs.Report }

func (a checkAnswer) text(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	defer t.Flush()
	to := a.To
	if to == "" {
		to = "open"
	}
	fmt.Fprintf(t, "Tariff\t%s, %s (%s)\n", a.DisplayName, a.BrandName, a.PlanID)
	fmt.Fprintf(t, "Id\t%s\n", a.ID)
	fmt.Fprintf(t, "In force\t%s to %s (exclusive)\n", a.From, to)
	fmt.Fprintf(t, "Signed\t%s\n", yesNo(a.Signed))
	fmt.Fprintf(t, "Provable\t%s\n", a.Provable)
	fmt.Fprintf(t, "A bill tells\tat most %d bits (%s)\n", a.Bits, a.Assumes)
	if a.Slot != "" {
		fmt.Fprintf(t, "\tof any slot %s (at most 0.10), of three hours %s (0.20), of a day %s (0.25)\n", a.Slot, a.ThreeHours, a.Day)
	}
	if a.LeastSlots > 0 {
		fmt.Fprintf(t, "Slots at one price\tat least %d in a month\n", a.LeastSlots)
	}
	if a.Accepted {
		fmt.Fprintf(t, "Verdict\taccepted\n")
	} else {
		fmt.Fprintf(t, "Verdict\trefused\n")
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

var tariffSignCommand = command{
	name:    "tariff sign",
	does:    "sign a tariff, or an addendum to one, as its supplier",
	example: "hushwatt tariff sign --tariff tariff.json --supplier-dir supplier --out signed.json",
	note:    "DIR holds the supplier's key; it is made on first use.",
	flags: func(f *flags) action {
		path := f.text("tariff", "FILE", "the tariff")
		addendum := f.text("addendum", "FILE", "the hours of a tariff's events, in place of a tariff")
		dir := f.need("supplier-dir", "DIR", "the supplier")
		out := f.need("out", "FILE", "where to write what was signed")
		return func(*console) (answer, error) {
			if err := oneOf(*path, "--tariff", *addendum, "--addendum"); err != nil {
				return nil, err
			}
			d, err := readUnsigned(*path, *addendum)
			if err != nil {
				return nil, err
			}
			return sign(d, *dir, *out)
		}
	},
}

type signAnswer struct {
	ID       string `json:"id"`
	Supplier string `json:"supplier"`
}

func (a signAnswer) text(w io.Writer) {
	fmt.Fprintf(w, "%s\nsigned by %s\n", a.ID, a.Supplier)
}

// A signable is a tariff or an addendum.
type signable interface {
	Hash() [32]byte
	Signed(ed25519.PrivateKey) []byte
}

// readUnsigned reads what is to be signed: a tariff, or an addendum without its
// tariff, one of them by its name.
func readUnsigned(path, addendum string) (signable, error) {
	if path != "" {
		ts, err := readOnlyTariffs([]string{path})
		if err != nil {
			return nil, err
		}
		return ts[0], nil
	}
	as, err := readAddenda([]string{addendum})
	if err != nil {
		return nil, err
	}
	return as[0], nil
}

// sign signs a document as its supplier.
func sign(d signable, dir, out string) (answer, error) {
	key, err := supplierKey(dir)
	if err != nil {
		return nil, err
	}
	id := d.Hash()
	if err := writeFile(out, append(d.Signed(key.Ed25519()), '\n'), 0o644); err != nil {
		return nil, err
	}
	return signAnswer{hex.EncodeToString(id[:]), key.Public().String()}, nil
}

var tariffQuoteCommand = command{
	name:    "tariff quote",
	does:    "work out a bill from plain readings, by plain arithmetic",
	example: "hushwatt tariff quote --tariff tariff.json --readings readings.csv --start 2026-03-01 --end 2026-04-01",
	note:    "Several tariffs that follow each other split the period.",
	flags: func(f *flags) action {
		paths := f.needList("tariff", "FILE", "a tariff")
		addenda := declareAddenda(f)
		var r readings
		r.declare(f, f.need("readings", "FILE", "readings, in any known format; may be packed with gzip"))
		p := declarePeriod(f, true)
		return func(c *console) (answer, error) { return quote(c, *paths, *addenda, r, p) }
	},
}

// quoteAnswer is a bill in the open.
type quoteAnswer struct{ *tariffs.Bill }

func quote(c *console, paths, addenda []string, r readings, p period) (answer, error) {
	ts, err := readTariffs(c, paths, addenda)
	if err != nil {
		return nil, err
	}
	file, err := r.read(c)
	if err != nil {
		return nil, err
	}
	b, err := quoteFile(ts, file, *r.slot, *p.start, *p.end)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", *r.path, err)
	}
	return quoteAnswer{b}, nil
}

// quoteFile works out one bill of a file's readings.
func quoteFile(ts []*tariffs.Tariff, file *source.File, slot int, start, end tariffs.Date) (*tariffs.Bill, error) {
	channels := make([]*tariffs.Series, 2)
	perDay := 0
	for _, s := range file.Series {
		if slot != 0 {
			var err error
			if s, err = s.Coarsen(slot * 60); err != nil {
				return nil, err
			}
		}
		status := make([]uint8, len(s.Status))
		for i, st := range s.Status {
			status[i] = uint8(st)
		}
		perDay = s.PerDay()
		channels[s.Channel] = &tariffs.Series{Start: s.Start, Step: s.Step, Wh: s.Wh, Status: status}
	}
	plan, err := tariffs.Compile(ts, start, end, perDay)
	if err != nil {
		return nil, err
	}
	for _, c := range plan.Channels {
		if channels[c] == nil {
			return nil, fmt.Errorf("tariff %q has a price for %s, and the file has no readings of it", ts[0].PlanID, []string{"import", "export"}[c])
		}
	}
	return tariffs.Quote(plan, channels...)
}

func (a quoteAnswer) text(w io.Writer) {
	writeLines(w, "  ", a.Bill)
	fmt.Fprintf(w, "\n%d slots, %d missing, %d estimated\n", a.Slots, a.Missing, a.Estimated)
}

// writeLines sets a bill as on paper: names left, numbers under one another.
func writeLines(w io.Writer, indent string, b *tariffs.Bill) {
	name, whole, part := len("Total"), 0, 0
	for _, l := range append(b.Lines, tariffs.Line{Amount: b.Total}) {
		name = max(name, utf8.RuneCountInString(l.Name))
		i, f, _ := strings.Cut(l.Amount, ".")
		whole, part = max(whole, len(i)), max(part, len(f))
	}
	row := func(title, energy, amount, after string) {
		i, f, _ := strings.Cut(amount, ".")
		if f != "" {
			f = "." + f
		}
		line := fmt.Sprintf("%s%-*s  %14s  %*s%-*s  %s", indent, name, title, energy, whole, i, part+1, f, after)
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
	for _, l := range b.Lines {
		energy, included := "", ""
		if l.Wh != nil {
			energy = kWh(*l.Wh)
		}
		if l.Included != "" {
			included = "(" + l.Included + " included)"
		}
		row(l.Name, energy, l.Amount, included)
	}
	row("Total", "", b.Total, b.Currency)
}

// period is a pair of flags: local dates of the tariff's clock.
type period struct{ start, end *tariffs.Date }

func declarePeriod(f *flags, required bool) period {
	return period{
		flag(f, &option{name: "start", value: "DATE", help: "first day, YYYY-MM-DD of the tariff's clock", required: required}, asDate),
		flag(f, &option{name: "end", value: "DATE", help: "the day after the last", required: required}, asDate),
	}
}

func asDate(s string) (tariffs.Date, error) { return tariffs.ParseDate(s) }
