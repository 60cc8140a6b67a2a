package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"hushwatt/meter"
)

var meterAuthorityCommand = command{
	name:    "meter authority",
	does:    "make the key of an authority that certifies meters and signs charters",
	example: "hushwatt meter authority --out meters.key > meters.pub",
	note: "Who makes or installs meters has one. FILE is its secret; the line on standard output is what others\n" +
		"check certificates and charters with.",
	flags: func(f *flags) action {
		out := f.need("out", "FILE", "where to write the key (mode 0600; a key is never written over)")
		return func(*console) (answer, error) { return makeAuthority(*out) }
	},
}

type authorityAnswer struct {
	Authority string `json:"authority"`
}

func (a authorityAnswer) text(w io.Writer) { fmt.Fprintln(w, a.Authority) }

func makeAuthority(out string) (answer, error) {
	if err := absent(out); err != nil {
		return nil, err
	}
	key, err := meter.NewAuthorityKey()
	if err != nil {
		return nil, err
	}
	if err := writeFile(out, []byte(key.String()+"\n"), 0o600); err != nil {
		return nil, err
	}
	return authorityAnswer{key.Authority().String()}, nil
}

// readAuthorityKey reads the secret key of a meter authority.
func readAuthorityKey(path string) (*meter.AuthorityKey, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	key, err := meter.ParseAuthorityKey(strings.TrimSuffix(string(data), "\n"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

var meterNewCommand = command{
	name:    "meter new",
	does:    "make a meter that an authority certifies, with nothing sealed yet",
	example: "hushwatt meter new --meter house-01 --authority-key meters.key --squares --meter-dir house-01",
	note: "DIR then holds the meter's keys and its certificate, and later what it seals; the authority's key stays\n" +
		"where it is. Meters whose readings are to be summed together need one authority and slots of one length.",
	flags: func(f *flags) action {
		var o newMeter
		o.name = f.need("meter", "NAME", "its name, 1 to 64 printable characters without a space")
		o.dir = f.need("meter-dir", "DIR", "where to make it")
		o.key = f.need("authority-key", "FILE", "the secret key of the authority, from hushwatt meter authority")
		o.slot = flag(f, &option{name: "slot", value: "MINUTES", help: "5, 10, 15, 30 or 60; 30 by default"}, asSlot)
		o.squares = f.toggle("squares", "it may be summed with the squares of its readings, for variance")
		o.export = f.toggle("export", "it measures what goes into the grid as well")
		return func(*console) (answer, error) { return o.run() }
	},
}

// newMeter is one use of `meter new`.
type newMeter struct {
	name, dir, key  *string
	slot            *int
	squares, export *bool
}

type newMeterAnswer struct {
	Meter     string   `json:"meter"`
	Slot      int      `json:"slot_minutes"`
	Channels  []string `json:"channels"`
	Squares   bool     `json:"squares"`
	Authority string   `json:"authority"`
}

func (a newMeterAnswer) text(w io.Writer) {
	fmt.Fprintf(w, "meter %s, slots of %d minutes, %s, certified by %s\n", a.Meter, a.Slot, strings.Join(a.Channels, " and "), a.Authority)
}

func (o *newMeter) run() (answer, error) {
	key, err := readAuthorityKey(*o.key)
	if err != nil {
		return nil, err
	}
	s := meter.Setup{Meter: *o.name, N: 24 * 60 / orElse(*o.slot, 30), Squares: *o.squares}
	a := newMeterAnswer{*o.name, orElse(*o.slot, 30), []string{"import"}, *o.squares, key.Authority().String()}
	if *o.export {
		s.Channels, a.Channels = meter.ImportAndExport, []string{"import", "export"}
	}
	m, err := meter.CreateCertifiedMeter(*o.dir, key, s)
	if err != nil {
		return nil, err
	}
	return a, m.Close()
}

// openMeter opens a meter that must be there.
func openMeter(dir string) (*meter.Meter, error) {
	m, err := meter.OpenMeter(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, misusef("%s holds no meter", dir)
	}
	return m, err
}

func channelName(channel uint8) string {
	if channel == meter.ExportChannel {
		return "export"
	}
	return "import"
}

func asChannel(s string) (uint8, error) {
	switch s {
	case "import":
		return meter.ImportChannel, nil
	case "export":
		return meter.ExportChannel, nil
	}
	return 0, misusef("%q is neither import nor export", s)
}

// keepFile writes a file that others rely on: one that is there already is written over
// only by force, or by the same bytes.
func keepFile(path string, data []byte, mode fs.FileMode, force bool) error {
	if before, err := readFile(path); !force && err == nil && string(before) != string(data) {
		return fmt.Errorf("%s is there already and holds something else: --force writes over it", path)
	}
	return writeFile(path, data, mode)
}
