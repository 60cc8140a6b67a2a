package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"hushwatt/meter"
	"hushwatt/meter/source"
)

var meterSealCommand = command{
	name:    "meter seal",
	does:    "seal a file of readings for a customer, as a meter would",
	example: `hushwatt meter seal --from readings.csv --recipient "$(cat my.recipient)" --meter-dir my-meter --out my.hushwatt`,
	note: "DIR holds the meter's keys, its certificate and its chain; it is made on first use, with\n" +
		"a test authority whose public key is DIR/authority.pub. Sealing again appends later days.",
	flags: func(f *flags) action {
		var j sealJob
		j.readings.declare(f, f.need("from", "FILE", "readings, in any known format; may be packed with gzip"))
		recipient := flag(f, &option{name: "recipient", value: "STR", help: "the customer's line, from keygen", required: true}, meter.ParseRecipient)
		dir := f.need("meter-dir", "DIR", "the meter")
		out := f.need("out", "FILE", "where to write the export (*.hushwatt)")
		correct := f.text("correct", "REASON", "seal days again that differ: late, estimate, fault, wrong-time or other words")
		installed := flag(f, &option{name: "installed", value: "TIME", help: "when the meter came (RFC 3339): slots before are not its own"}, asTime)
		removed := flag(f, &option{name: "removed", value: "TIME", help: "when it left: slots after are not its own"}, asTime)
		return func(c *console) (answer, error) {
			j.recipient, j.dir, j.out = *recipient, *dir, *out
			j.installed, j.removed = *installed, *removed
			if *correct != "" {
				j.reason = meter.ReasonOf(*correct)
			}
			return j.run(c)
		}
	},
}

// sealJob is one use of `meter seal`.
type sealJob struct {
	readings           readings
	recipient          *meter.Recipient
	dir, out           string
	reason             meter.Reason
	installed, removed int64
}

func (j *sealJob) run(c *console) (answer, error) {
	file, err := j.readings.read(c)
	if err != nil {
		return nil, err
	}
	m, err := j.meter(file)
	if err != nil {
		return nil, err
	}
	s, err := j.seal(m, file)
	return s, errors.Join(err, m.Close())
}

func (j *sealJob) seal(m *meter.Meter, file *source.File) (answer, error) {
	c := m.Certificate()
	if err := j.readings.fit(file, c, j.dir); err != nil {
		return nil, err
	}
	days, err := meter.DaysFromSeries(file.Series, meter.DaysOptions{
		N: int(c.N), Channels: c.Channels, Installed: j.installed, Removed: j.removed})
	if err != nil {
		return nil, err
	}
	if _, err := m.Seal(j.recipient, days, j.reason); err != nil {
		return nil, err
	}
	if err := writeFile(j.out, m.Export().Bytes(), 0o644); err != nil {
		return nil, err
	}
	return sealed(m)
}

// fit refuses readings of another meter, or for slots of another length.
func (r *readings) fit(file *source.File, c *meter.Certificate, dir string) error {
	if point := file.Series[0].Point; point != "" && point != c.Meter {
		return fmt.Errorf("the readings are of %s, and %s holds the meter %s", point, dir, c.Meter)
	}
	if minutes := 24 * 60 / int(c.N); *r.slot != 0 && *r.slot != minutes {
		return fmt.Errorf("the meter seals slots of %d minutes, not %d", minutes, *r.slot)
	}
	return nil
}

// meter opens the meter's directory or makes it for the readings at hand.
func (j *sealJob) meter(file *source.File) (*meter.Meter, error) {
	m, err := meter.OpenMeter(j.dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return m, err
	}
	s := file.Series[0]
	minutes := *j.readings.slot
	if minutes == 0 {
		minutes = s.Step / 60
	}
	if minutes*60 < s.Step {
		return nil, fmt.Errorf("the readings are of %d minutes and cannot be sealed as %d", s.Step/60, minutes)
	}
	name := s.Point
	if name == "" {
		name = "meter-" + strings.ToLower(rand.Text()[:8])
	}
	return meter.CreateMeter(j.dir, meter.Setup{Meter: name, N: 24 * 60 / minutes, Channels: meter.ChannelsOf(file.Series)})
}

// sealed says what the meter has sealed for its present customer.
func sealed(m *meter.Meter) (answer, error) {
	s, err := summarise(m.Export())
	if err != nil {
		return nil, err
	}
	opened, err := m.Opened()
	if err != nil {
		return nil, err
	}
	s.add(opened)
	return s, nil
}

// asTime reads an instant as Unix seconds.
func asTime(s string) (int64, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return 0, misusef("%q is not a time like 2013-03-14T10:00:00Z", s)
	}
	return t.Unix(), nil
}
