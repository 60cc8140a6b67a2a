package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hushwatt/meter"
	"hushwatt/meter/household"
	"hushwatt/meter/source"
	"hushwatt/server"
	"hushwatt/server/store"
	"hushwatt/tariffs"
)

//go:embed demo-tariffs
var demoTariffs embed.FS

const (
	demoClock  = "Europe/London"
	demoMeter  = "DEMO-0042"
	demoAsked  = "evening" // the tariff of the demo's request
	demoExport = "home.hushwatt"
	demoKey    = "home.key"
	demoMonth  = "month" // first day of the month that the home's file covers
)

// madeUp is the demo's home: the last full month before the first start, sealed
// once and kept in the folder home.
type madeUp struct {
	dir string
	now time.Time

	start, end  tariffs.Date // the month, end exclusive
	export, key []byte       // files
	asked       [32]byte     // id of the tariff of the request
	request     []byte
	link        string // opens the request
}

// moveIn reads the home's files, or makes them. They appear in one step, so that
// a demo that is stopped half way starts anew.
func (m *madeUp) moveIn(context.Context, *server.Desk) error {
	home := filepath.Join(m.dir, "home")
	if _, err := os.Stat(home); errors.Is(err, fs.ErrNotExist) {
		fresh := filepath.Join(m.dir, ".home")
		if err := errors.Join(os.RemoveAll(fresh), os.Mkdir(fresh, 0o700)); err != nil {
			return err
		}
		if err := errors.Join(m.build(fresh), os.Rename(fresh, home)); err != nil {
			return err
		}
	}
	month, err := os.ReadFile(filepath.Join(home, demoMonth))
	if err != nil {
		return err
	}
	if m.start, err = tariffs.ParseDate(strings.TrimSpace(string(month))); err != nil {
		return err
	}
	m.end = nextMonth(m.start)
	if m.export, err = os.ReadFile(filepath.Join(home, demoExport)); err != nil {
		return err
	}
	m.key, err = os.ReadFile(filepath.Join(home, demoKey))
	return err
}

// build makes the home's key and has a meter seal its month.
func (m *madeUp) build(dir string) error {
	first := time.Date(m.now.Year(), m.now.Month()-1, 1, 0, 0, 0, 0, time.UTC)
	start := tariffs.Date(first.Unix() / 86400)
	series, err := lived(start, nextMonth(start))
	if err != nil {
		return err
	}
	key, err := meter.NewKey(meter.XWing)
	if err != nil {
		return err
	}
	authority, err := meter.NewAuthorityKey()
	if err != nil {
		return err
	}
	device, err := meter.NewMeter(authority, meter.Setup{Meter: demoMeter, N: series[0].PerDay()})
	if err != nil {
		return err
	}
	days, err := meter.DaysFromSeries(series, meter.DaysOptions{N: series[0].PerDay(), Channels: meter.ImportOnly})
	if err != nil {
		return err
	}
	if _, err := device.Seal(key.Recipient(), days, 0); err != nil {
		return err
	}
	keyFile, err := key.File()
	if err != nil {
		return err
	}
	return errors.Join(
		writeFile(filepath.Join(dir, demoExport), device.Export().Bytes(), 0o600),
		writeFile(filepath.Join(dir, demoKey), keyFile, 0o600),
		writeFile(filepath.Join(dir, demoMonth), []byte(start.String()+"\n"), 0o600),
	)
}

// lived makes up the readings of the UTC days that a month of the demo's clock
// touches. Of a hundred homes it takes the first whose meter missed a few
// half-hours, because the app has something to say about those.
func lived(start, end tariffs.Date) ([]source.Series, error) {
	zone, err := tariffs.Zone(demoClock)
	if err != nil {
		return nil, err
	}
	first, last, err := meter.DaysOf(midnight(start, zone), midnight(end, zone))
	if err != nil {
		return nil, err
	}
	var series []source.Series
	for seed := range uint64(100) {
		home, err := household.New(household.Options{Seed: seed + 1, Point: demoMeter, Gaps: true})
		if err != nil {
			return nil, err
		}
		if series, err = home.Series(int(first), int(last-first)+1); err != nil {
			return nil, err
		}
		if missing := series[0].Count(source.Missing); missing > 1 && missing < 6 {
			break
		}
	}
	return series, nil
}

func midnight(d tariffs.Date, zone *time.Location) int64 {
	y, month, day := time.Unix(int64(d)*86400, 0).UTC().Date()
	return time.Date(y, month, day, 0, 0, 0, 0, zone).Unix()
}

func nextMonth(first tariffs.Date) tariffs.Date {
	y, month, _ := time.Unix(int64(first)*86400, 0).UTC().Date()
	return tariffs.Date(time.Date(y, month+1, 1, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// publish publishes the demo's tariffs. Doing it again changes nothing.
func (m *madeUp) publish(ctx context.Context, d *server.Desk) error {
	for _, name := range []string{"flat", "night", "evening", "half-hourly"} {
		document, err := demoTariffs.ReadFile("demo-tariffs/" + name + ".json")
		if err != nil {
			return err
		}
		if name == "half-hourly" {
			if document, err = m.priced(document); err != nil {
				return err
			}
		}
		t, err := tariffs.Parse(document)
		if err != nil {
			return fmt.Errorf("tariff %s: %w", name, err)
		}
		if name == demoAsked {
			m.asked = t.Hash()
		}
		if _, err := d.Store.Tariff(ctx, t.Hash()); !errors.Is(err, store.ErrNotFound) {
			if err != nil {
				return err
			}
			continue
		}
		if _, _, err := d.Publish(ctx, document); err != nil {
			return fmt.Errorf("tariff %s: %w", name, err)
		}
	}
	return nil
}

// priced puts a price for every half-hour of the month into a tariff.
func (m *madeUp) priced(document []byte) ([]byte, error) {
	zone, err := tariffs.Zone(demoClock)
	if err != nil {
		return nil, err
	}
	type row struct {
		From  string `json:"valid_from"`
		To    string `json:"valid_to"`
		Price string `json:"value_exc_vat"`
	}
	var rows []row
	const halfHour = 1800
	for at := midnight(m.start, zone); at < midnight(m.end, zone); at += halfHour {
		rows = append(rows, row{stampOf(at), stampOf(at + halfHour), price(time.Unix(at, 0).In(zone))})
	}
	list, err := json.Marshal(rows)
	if err != nil {
		return nil, err
	}
	document = bytes.Replace(document, []byte(`"rates": []`), append([]byte(`"rates": `), list...), 1)
	span := fmt.Sprintf(`"effectiveFrom": %q, "effectiveTo": %q`, m.start, m.end)
	return bytes.Replace(document, []byte(`"effectiveFrom": "2025-01-01"`), []byte(span), 1), nil
}

func stampOf(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }

// price makes up what a half-hour costs per kWh: little at night, most at tea
// time, and all of it more on some days than on others.
func price(at time.Time) string {
	day := at.YearDay() + 366*at.Year()
	mood := 80 + rand.New(rand.NewPCG(uint64(day), 1)).IntN(45)                                 // per cent
	noise := rand.New(rand.NewPCG(uint64(day), uint64(2+at.Hour()*2+at.Minute()/30))).IntN(220) // 1/10000
	base := 1900
	switch h := at.Hour(); {
	case h < 6 || h == 23:
		base = 1250
	case h >= 16 && h < 19:
		base = 3350
	case h >= 11 && h < 15:
		base = 1600
	}
	return fmt.Sprintf("0.%04d", base*mood/100+noise)
}

// register puts the home's meter and its authority into the books, unless they
// are there: staff may have changed the entries.
func (m *madeUp) register(ctx context.Context, d *server.Desk) error {
	_, err := d.Store.Meter(ctx, demoMeter)
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	export, err := meter.ParseExport(m.export)
	if err != nil {
		return err
	}
	authority, err := export.Certificate().Issuer()
	if err != nil {
		return err
	}
	if err := d.Authorise(ctx, authority, "Demo Meters", store.Always); err != nil {
		return err
	}
	return d.Register(ctx, demoMeter, authority, int(export.Certificate().N), store.Always)
}

// ask asks for the month's bill, unless somebody asked this meter for one before.
func (m *madeUp) ask(ctx context.Context, d *server.Desk) error {
	items, err := d.Store.Items(ctx, store.Filter{Meter: demoMeter, Limit: 100, Now: d.Now().Unix()})
	if err != nil {
		return err
	}
	if len(items) > 0 {
		m.request, err = d.Store.RequestBytes(ctx, items[len(items)-1].Request)
	} else {
		request, asked := d.Ask(ctx, server.Question{Meters: []string{demoMeter}, Tariffs: [][32]byte{m.asked}, Start: m.start, End: m.end})
		if asked != nil {
			return asked
		}
		m.request = request.Bytes()
	}
	m.link = d.Link(m.request)
	return err
}
