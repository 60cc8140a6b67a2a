// Command town adds to a demo's data folder what the browser tests need beside
// it: a neighbour's home, a meter that contradicts itself, and requests that a device must not answer. What a
// customer would get by letter is written to a folder.
//
//	go run ./playwright-tests/town --data DIR --url URL --out DIR [--year]
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hushwatt/meter"
	"hushwatt/meter/household"
	"hushwatt/prover"
	"hushwatt/prover/plan"
	"hushwatt/server"
	"hushwatt/server/store"
	"hushwatt/tariffs"
)

// The demo's own meter, and the neighbour's.
const (
	demo      = "DEMO-0042"
	neighbour = "NEXT-0007"
	perDay    = 48
)

// A town is a supplier's books and the month that everything is about.
type town struct {
	*server.Desk
	out        string
	start, end time.Time
	evening    *tariffs.Tariff
}

func main() {
	data := flag.String("data", "", "the demo's data folder")
	url := flag.String("url", "", "where the demo answers")
	out := flag.String("out", "", "where the files go")
	year := flag.Bool("year", false, "make the export of a whole year too")
	flag.Parse()
	if err := run(*data, *url, *out, *year); err != nil {
		fmt.Fprintln(os.Stderr, "town:", err)
		os.Exit(1)
	}
}

func run(data, url, out string, year bool) (err error) {
	if err := os.MkdirAll(out, 0o700); err != nil {
		return err
	}
	t := &town{out: out}
	if t.Desk, err = desk(data, url); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Store.(*store.SQLite).Close()) }()
	month, err := os.ReadFile(filepath.Join(data, "home", "month"))
	if err != nil {
		return err
	}
	if t.start, err = time.Parse(time.DateOnly, strings.TrimSpace(string(month))); err != nil {
		return err
	}
	t.end = t.start.AddDate(0, 1, 0)
	steps := []func() error{t.findTariff, t.settle, t.contradict, t.ask}
	if year {
		steps = append(steps, t.liveAYear)
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return t.list()
}

func desk(data, url string) (*server.Desk, error) {
	file, err := os.ReadFile(filepath.Join(data, "supplier.key"))
	if err != nil {
		return nil, err
	}
	key, err := prover.ParseSupplierKey(file)
	if err != nil {
		return nil, err
	}
	st, err := store.OpenSQLite(filepath.Join(data, "hushwatt.db"))
	if err != nil {
		return nil, err
	}
	return &server.Desk{Store: st, Key: key, PublicURL: url, Now: time.Now}, nil
}

// findTariff finds the tariff that the demo asks about.
func (t *town) findTariff() error {
	list, err := t.Store.Tariffs(context.Background())
	if err != nil {
		return err
	}
	for _, stored := range list {
		parsed, err := tariffs.Parse(stored.Document)
		if err != nil {
			return err
		}
		if parsed.PlanID == "demo-evening" {
			t.evening = parsed
			return nil
		}
	}
	return errors.New("the demo has no tariff demo-evening")
}

func (t *town) write(name string, data []byte) error {
	return os.WriteFile(filepath.Join(t.out, name), data, 0o600)
}

func date(at time.Time) tariffs.Date { return tariffs.Date(at.Unix() / 86400) }

// settle lets the neighbour move in, with a meter that the supplier knows.
func (t *town) settle() error {
	authority, err := t.seal("next", neighbour, t.start.AddDate(0, 0, -1), t.end.AddDate(0, 0, 1), 7)
	if err != nil {
		return err
	}
	ctx := context.Background()
	if err := t.Authorise(ctx, authority, "Meters next door", store.Always); err != nil {
		return err
	}
	if err := t.Register(ctx, neighbour, authority, perDay, store.Always); err != nil {
		return err
	}
	r, err := t.Ask(ctx, server.Question{Meters: []string{neighbour}, Tariffs: [][32]byte{t.evening.Hash()}, Start: date(t.start), End: date(t.end)})
	if err != nil {
		return err
	}
	return t.write("next.request", r.Bytes())
}

// seal makes a home up and seals its days [first, end).
func (t *town) seal(name, number string, first, end time.Time, seed uint64) (a meter.Authority, err error) {
	home, err := household.New(household.Options{Seed: seed, Point: number})
	if err != nil {
		return a, err
	}
	series, err := home.Series(int(date(first)), int(date(end)-date(first)))
	if err != nil {
		return a, err
	}
	key, err := meter.NewKey(meter.XWing)
	if err != nil {
		return a, err
	}
	authority, err := meter.NewAuthorityKey()
	if err != nil {
		return a, err
	}
	device, err := meter.NewMeter(authority, meter.Setup{Meter: number, N: perDay})
	if err != nil {
		return a, err
	}
	days, err := meter.DaysFromSeries(series, meter.DaysOptions{N: perDay, Channels: meter.ImportOnly})
	if err != nil {
		return a, err
	}
	if _, err := device.Seal(key.Recipient(), days, 0); err != nil {
		return a, err
	}
	file, err := key.File()
	if err != nil {
		return a, err
	}
	return authority.Authority(), errors.Join(
		t.write(name+".hushwatt", device.Export().Bytes()),
		t.write(name+".key", file))
}

// contradict puts two heads of one meter into the books that cannot both be true.
// They are made up, and so are their signatures: how such are found is tested elsewhere.
func (t *town) contradict() error {
	head := func(b byte) *meter.Head {
		fill := func(n int) []byte { return bytes.Repeat([]byte{b, 7 * b, 31 * b, 113 * b}, n/4) }
		return &meter.Head{Authority: bytes.Repeat([]byte{9}, 32), Meter: neighbour, Day: uint16(date(t.end)) - 1,
			DayTip: fill(32), Correction: make([]byte, 32), Ciphertext: bytes.Repeat([]byte{3}, 32), Signature: fill(64)}
	}
	return t.Store.AddEvidence(&meter.TwoHeads{A: head(1), B: head(2)}, time.Now().Unix())
}

// liveAYear seals a year of days that ends with the month.
func (t *town) liveAYear() error {
	_, err := t.seal("year", "YEAR-0365", t.end.AddDate(0, 0, -365), t.end, 9)
	return err
}

// ask writes requests that are not in the books, which would not take them: all
// but whole, whose bill is rounded once, are such that a device must not answer.
func (t *town) ask() error {
	text := string(t.evening.Canonical())
	strict, err := t.publish(strings.NewReplacer(`"demo-evening"`, `"strict"`, `"Evenings and Weekends"`, `"Strict"`,
		`"currency":"GBP"`, `"currency":"GBP","missingPolicy":"refuse"`).Replace(text))
	if err != nil {
		return err
	}
	spy, err := t.publish(fmt.Sprintf(spyTariff, t.start.Format(time.DateOnly), t.end.Format(time.DateOnly),
		stamp(t.start.AddDate(0, 0, -2)), stamp(t.start.Add(11*24*time.Hour+18*time.Hour)),
		stamp(t.start.Add(11*24*time.Hour+18*time.Hour)), stamp(t.start.Add(11*24*time.Hour+18*time.Hour+30*time.Minute)),
		stamp(t.start.Add(11*24*time.Hour+18*time.Hour+30*time.Minute)), stamp(t.end.AddDate(0, 0, 2))))
	if err != nil {
		return err
	}
	whole, err := t.publish(strings.NewReplacer(`"demo-evening"`, `"whole"`, `"Evenings and Weekends"`, `"Rounded once"`,
		`"stage":"line"`, `"stage":"bill"`).Replace(text))
	if err != nil {
		return err
	}
	before := t.start.AddDate(0, -1, 0)
	for name, q := range map[string]struct {
		tariff *tariffs.Tariff
		start  time.Time
		change func(*prover.Request)
	}{
		"early":   {t.evening, before, nil},
		"strict":  {strict, t.start, nil},
		"whole":   {whole, t.start, nil},
		"spy":     {spy, t.start, nil},
		"weights": {t.evening, t.start, func(r *prover.Request) { r.Weights[0] ^= 1 }},
		"expired": {t.evening, t.start, func(r *prover.Request) { r.NotAfter = time.Now().Unix() - 60 }},
	} {
		if err := t.request(name, q.tariff, q.start, q.change); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// publish signs a tariff and puts it into the books without the desk's checks.
func (t *town) publish(document string) (*tariffs.Tariff, error) {
	parsed, err := tariffs.Parse([]byte(document))
	if err != nil {
		return nil, err
	}
	return parsed, t.Store.AddTariff(context.Background(), parsed, parsed.Signed(t.Key.Ed25519()), time.Now().Unix())
}

// request signs a request about the demo's meter.
func (t *town) request(name string, tariff *tariffs.Tariff, start time.Time, change func(*prover.Request)) error {
	p, err := plan.New([]*tariffs.Tariff{tariff}, date(start), date(start.AddDate(0, 1, 0)), []prover.MeterSlots{{Meter: demo, N: perDay}})
	if err != nil {
		return err
	}
	r, err := prover.NewRequest(p.BillPlan)
	if err != nil {
		return err
	}
	r.Serial, r.NotAfter, r.ReturnTo = 77, time.Now().Add(24*time.Hour).Unix(), t.PublicURL
	if change != nil {
		change(r)
	}
	if err := r.Sign(t.Key); err != nil {
		return err
	}
	return t.write(name+".request", r.Bytes())
}

// list tells which link opens each request.
func (t *town) list() error {
	links := map[string]string{}
	files, err := filepath.Glob(filepath.Join(t.out, "*.request"))
	if err != nil {
		return err
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		links[strings.TrimSuffix(filepath.Base(f), ".request")] = t.Link(data)
	}
	return json.NewEncoder(os.Stdout).Encode(links)
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// spyTariff has one half-hour that costs twenty times as much: its bill would
// tell what was used in it.
const spyTariff = `{
 "planId": "spy", "displayName": "One half-hour", "brandName": "Demo Energy", "effectiveFrom": "%s", "effectiveTo": "%s",
 "electricityContract": {"pricingModel": "FLEXIBLE", "timeZone": "LOCAL", "tariffPeriod": [{
  "displayName": "The month", "startDate": "01-01", "endDate": "12-31", "dailySupplyCharge": "0.263",
  "rateBlockUType": "dynamicRates", "dynamicRates": {"rates": [
   {"valid_from": "%s", "valid_to": "%s", "value_exc_vat": "0.15"},
   {"valid_from": "%s", "valid_to": "%s", "value_exc_vat": "3"},
   {"valid_from": "%s", "valid_to": "%s", "value_exc_vat": "0.15"}]}}]},
 "x-hushwatt": {"clock": "Europe/London", "currency": "GBP", "pricesIncludeTax": false,
  "taxes": [{"name": "VAT", "rate": "0.05"}], "rounding": {"stage": "bill", "digits": 2, "mode": "half-up"}}}`
