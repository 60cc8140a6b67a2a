package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hushwatt/meter"
	"hushwatt/meter/household"
	"hushwatt/meter/source"
	"hushwatt/prover"
	"hushwatt/prover/worker"
	"hushwatt/tariffs"
)

var demoCommand = command{
	name:    "demo",
	does:    "a supplier and a made-up home, to try the app on",
	example: "hushwatt demo --data hushwatt-data",
	note: "Without --cli this is `serve` with tariffs, a made-up home's last full month, and a bill that is asked for.\n" +
		"With --cli the story is told in the terminal.",
	flags: func(f *flags) action {
		listen := f.text("listen", "ADDRESS", "where to listen, localhost:8080 by default")
		data := f.text("data", "DIR", "keep everything there, ./hushwatt-data by default")
		cli := f.toggle("cli", "tell the whole story in the terminal and end")
		out := f.text("out", "DIR", "with --cli: leave the story's files there")
		return func(c *console) (answer, error) {
			switch {
			case *cli && (*listen != "" || *data != ""):
				return nil, misusef("--cli goes without --listen and --data")
			case *cli:
				return demo(c, *out)
			case *out != "":
				return nil, misusef("--out goes with --cli")
			}
			return nil, demoServe(c, *listen, *data)
		}
	},
}

//go:embed demo-tariff.json
var demoTariff []byte

//go:embed demo-spy.json
var spyTariff []byte

// The month of the story, in the clock of its tariff.
const (
	storyStart = "2026-03-01"
	storyEnd   = "2026-04-01"
	storyMonth = "1–31 March 2026"
)

// A story is the demo as it unfolds: each step leaves here what the next needs.
type story struct {
	w    io.Writer
	step int
	told demoAnswer

	start, end tariffs.Date
	series     []source.Series
	tariff     *tariffs.Tariff
	key        *meter.Key
	export     *meter.Export
	authority  meter.Authority
	opened     *meter.Opened
	quote      *tariffs.Bill
	made       *worker.Made
}

// demoAnswer is the story in numbers. It has been told when it is returned.
type demoAnswer struct {
	Currency    string            `json:"currency"`
	Total       string            `json:"total"`
	Slots       int               `json:"slots"`
	ExportBytes int               `json:"export_bytes"`
	BillBytes   int               `json:"bill_bytes"`
	SealMs      float64           `json:"seal_ms"`
	OpenMs      float64           `json:"open_ms"`
	ProveMs     float64           `json:"prove_ms"`
	VerifyMs    float64           `json:"verify_ms"`
	Refused     map[string]string `json:"refused"` // what was tried: why it was refused
}

func (demoAnswer) text(io.Writer) {}

func demo(c *console, dir string) (answer, error) {
	s := &story{w: c.out}
	s.told.Refused = map[string]string{}
	if c.json {
		s.w = io.Discard
	}
	fmt.Fprintln(s.w, "A month of a made-up home, from the meter to the supplier. Times are of this run.")
	for _, tell := range []func() error{
		s.setScene, s.makeKey, s.seal, s.open, s.workOut, s.prove, s.verify, s.cheat, s.spy,
	} {
		if err := tell(); err != nil {
			return nil, fmt.Errorf("step %d: %w", s.step, err)
		}
	}
	if dir != "" {
		return s.told, s.leave(dir)
	}
	return s.told, nil
}

// chapter begins a step of the story.
func (s *story) chapter(title string, took time.Duration) {
	s.step++
	fmt.Fprintln(s.w)
	if took == 0 {
		fmt.Fprintf(s.w, "%d  %s\n", s.step, title)
		return
	}
	fmt.Fprintf(s.w, "%d  %-73s%7.1f ms\n", s.step, title, milliseconds(took))
}

func (s *story) say(format string, args ...any) {
	fmt.Fprintln(s.w, strings.TrimRight("   "+fmt.Sprintf(format, args...), " "))
}

func (s *story) setScene() (err error) {
	if s.start, err = tariffs.ParseDate(storyStart); err != nil {
		return err
	}
	if s.end, err = tariffs.ParseDate(storyEnd); err != nil {
		return err
	}
	if s.tariff, err = tariffs.Parse(demoTariff); err != nil {
		return err
	}
	home, err := household.New(household.Options{Seed: 1, Gaps: true})
	if err != nil {
		return err
	}
	s.series, err = home.Series(int(s.start), int(s.end-s.start))
	return err
}

func (s *story) makeKey() (err error) {
	began := time.Now()
	s.key, err = meter.NewKey(meter.XWing)
	if err != nil {
		return err
	}
	s.chapter("The customer makes a key", time.Since(began))
	s.say("It stays on this device. The meter gets its public side.")
	return nil
}

func (s *story) seal() error {
	in := &s.series[0]
	ca, err := meter.NewAuthorityKey()
	if err != nil {
		return err
	}
	s.authority = ca.Authority()
	m, err := meter.NewMeter(ca, meter.Setup{Meter: in.Point, N: in.PerDay()})
	if err != nil {
		return err
	}
	days, err := meter.DaysFromSeries(s.series, meter.DaysOptions{N: in.PerDay(), Channels: meter.ImportOnly})
	if err != nil {
		return err
	}
	began := time.Now()
	if _, err := m.Seal(s.key.Recipient(), days, 0); err != nil {
		return err
	}
	took := time.Since(began)
	s.export = m.Export()
	s.told.SealMs, s.told.ExportBytes = milliseconds(took), len(s.export.Bytes())
	s.chapter("The meter seals the month for the customer", took)
	s.say("Each day of %d half-hours becomes one seal of 32 bytes; %d seals are chained and signed.", in.PerDay(), len(days))
	s.say("The export, %s, holds the readings too, readable for the customer only.", size(s.told.ExportBytes))
	return nil
}

func (s *story) open() (err error) {
	began := time.Now()
	if s.opened, err = worker.Open(s.export.Bytes(), s.key); err != nil {
		return err
	}
	took := time.Since(began)
	sum, err := summarise(s.export)
	if err != nil {
		return err
	}
	s.told.OpenMs, s.told.Slots = milliseconds(took), sum.Slots
	s.chapter("The customer opens the export", took)
	s.say("%s half-hours, %d of them missing, %s. Every seal is computed again: all hold.",
		thousands(sum.Slots), sum.Missing, kWh(s.opened.Total(meter.ImportChannel)))
	s.say("A mean day:  0h %s 24h", s.meanDay())
	return nil
}

// meanDay draws the mean use by the hour of the local day.
func (s *story) meanDay() string {
	loc, err := tariffs.Zone(s.tariff.Clock)
	if err != nil {
		return ""
	}
	var hours [24]int
	in := &s.series[0]
	for i, wh := range in.Wh {
		hours[time.Unix(in.At(i), 0).In(loc).Hour()] += int(wh)
	}
	top := 1
	for _, h := range hours {
		top = max(top, h)
	}
	bars := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, h := range hours {
		b.WriteRune(bars[h*(len(bars)-1)/top])
	}
	return b.String()
}

func (s *story) workOut() error {
	in := &s.series[0]
	status := make([]uint8, len(in.Status))
	for i, st := range in.Status {
		status[i] = uint8(st)
	}
	plan, err := tariffs.Compile([]*tariffs.Tariff{s.tariff}, s.start, s.end, in.PerDay())
	if err != nil {
		return err
	}
	began := time.Now()
	s.quote, err = tariffs.Quote(plan, &tariffs.Series{Start: in.Start, Step: in.Step, Wh: in.Wh, Status: status})
	if err != nil {
		return err
	}
	s.chapter("The bill, by plain arithmetic", time.Since(began))
	s.say("")
	writeLines(s.w, "     ", s.quote)
	return nil
}

func (s *story) job(t *tariffs.Tariff) worker.Job {
	return worker.Job{Opened: []*meter.Opened{s.opened}, Tariffs: []*tariffs.Tariff{t}, Start: s.start, End: s.end}
}

func (s *story) prove() (err error) {
	report, err := tariffs.Check(s.tariff)
	if err != nil {
		return err
	}
	if s.made, err = worker.Make(s.job(s.tariff), time.Now()); err != nil {
		return err
	}
	if s.made.Total != s.quote.Total {
		return fmt.Errorf("the proven total is %s and the quote %s", s.made.Total, s.quote.Total)
	}
	s.told.Currency, s.told.Total = s.made.Currency, s.made.Total
	s.told.BillBytes, s.told.ProveMs = len(s.made.Bill), milliseconds(s.made.Proving)
	s.chapter("The customer proves the bill", s.made.Proving)
	s.say("The same %s %s, with a proof that it is right.", s.made.Total, s.made.Currency)
	s.say("")
	for _, row := range [][2]string{
		{"Leaves this device, " + size(len(s.made.Bill)), "Stays here"},
		{"──────────────────────────────────", "──────────────────────────────"},
		{s.made.Total + " " + s.made.Currency + " for " + storyMonth, "all " + thousands(s.told.Slots) + " readings"},
		{"which tariff", "which hours they use power"},
		{"the meter's number and its seals", "each line of the bill"},
		{fmt.Sprintf("half-hours the meter missed: %d", s.quote.Missing), "the key"},
		{"the proof", ""},
	} {
		s.say("  %-38s%s", row[0], row[1])
	}
	s.say("")
	s.say("At most %d bits about the home can be in such a bill; of any half-hour it explains %s,", report.Bits, report.Slot)
	s.say("of any three hours %s, of any day %s (1 would be all there is to know).", report.ThreeHours, report.Day)
	return nil
}

// checks are the supplier's own: its tariff and the authority that it trusts.
func (s *story) checks() prover.Checks {
	c := worker.Checks([]*tariffs.Tariff{s.tariff})
	c.Authorities = []meter.Authority{s.authority}
	return c
}

func (s *story) verify() error {
	began := time.Now()
	if _, err := prover.VerifyBill(s.made.Bill, s.checks()); err != nil {
		return err
	}
	took := time.Since(began)
	s.told.VerifyMs = milliseconds(took)
	s.chapter("The supplier verifies it", took)
	s.say("Accepted: signatures, chain, coverage, its own tariff, proof. %s %s is right.", s.made.Total, s.made.Currency)
	return nil
}

func (s *story) cheat() error {
	s.chapter("Somebody tries to cheat", 0)
	for _, f := range forgeries {
		bill, checks, err := f.make(s)
		if err != nil {
			return err
		}
		_, err = prover.VerifyBill(bill, checks)
		r, ok := err.(*prover.Refusal)
		if !ok {
			return fmt.Errorf("%s: not refused (%v)", f.name, err)
		}
		s.told.Refused[f.name] = string(r.Reason)
		s.say("%-45s refused: %s", f.name, r.Reason)
	}
	return nil
}

// spy shows the rule that protects the customer from the supplier.
func (s *story) spy() error {
	t, err := tariffs.Parse(spyTariff)
	if err != nil {
		return err
	}
	_, err = worker.Make(s.job(t), time.Now())
	if err == nil {
		return fmt.Errorf("a tariff that spies was billed")
	}
	s.told.Refused["a tariff made to spy"] = err.Error()
	s.chapter("The supplier tries to spy: one half-hour at twenty times the price", 0)
	s.say("The customer's device refuses to bill it:")
	for _, line := range wrap(err.Error(), 84) {
		s.say("  %s", line)
	}
	return nil
}

// wrap breaks text into lines of at most width characters.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(lines, line)
}

// leave writes the story's files, for the commands to be tried on.
func (s *story) leave(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var csv bytes.Buffer
	if err := source.WriteCSV(&csv, s.series); err != nil {
		return err
	}
	key, err := s.key.File()
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		data []byte
		mode os.FileMode
	}{
		{"readings.csv", csv.Bytes(), 0o644},
		{"tariff.json", demoTariff, 0o644},
		{"demo.key", key, 0o600},
		{"demo.hushwatt", s.export.Bytes(), 0o644},
		{"demo.authority", []byte(s.authority.String() + "\n"), 0o644},
		{"demo.bill", s.made.Bill, 0o644},
	} {
		if err := writeFile(filepath.Join(dir, f.name), f.data, f.mode); err != nil {
			return err
		}
	}
	fmt.Fprintf(s.w, "\nThe files of the story are in %s.\n", dir)
	return nil
}
