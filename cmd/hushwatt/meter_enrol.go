package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"hushwatt/meter"
)

var meterEnrolCommand = command{
	name:    "meter enrol",
	does:    "enter a meter under a charter, with a key for each of its parties",
	example: "hushwatt meter enrol --meter-dir house-01 --charter street.charter --first 2026-03-02 --out house-01.enrolment",
	note: "The meter keeps what it shares with each party, and serves one registry for import and one for export. To be\n" +
		"asked again for the same enrolment changes nothing. --again enrols it anew, under this charter or another:\n" +
		"a registry that has the enrolment before counts the meter no more.",
	flags: func(f *flags) action {
		var o enrolling
		o.dir = f.need("meter-dir", "DIR", "the meter")
		o.charter = f.need("charter", "FILE", "the registry's charter, signed by the authority that certified the meter")
		o.first = flag(f, &option{name: "first", value: "DATE", help: "first day to be summed, UTC", required: true}, asDayNumber)
		o.out = f.need("out", "FILE", "where to write the enrolment (*.enrolment)")
		o.again = f.toggle("again", "give up the enrolment that the meter has for this channel")
		o.force = f.toggle("force", "write over an enrolment that is there")
		return func(*console) (answer, error) { return o.run() }
	},
}

// enrolling is one use of `meter enrol`.
type enrolling struct {
	dir, charter, out *string
	first             *uint16
	again, force      *bool
}

func (o *enrolling) run() (a answer, err error) {
	c, err := readCharter(*o.charter)
	if err != nil {
		return nil, err
	}
	m, err := openMeter(*o.dir)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	e, err := o.enrol(m, c)
	if err != nil {
		return nil, err
	}
	if err := keepFile(*o.out, e.Bytes(), 0o644, *o.force || *o.again); err != nil {
		return nil, err
	}
	return describeEnrolment(e, c), nil
}

// enrol enrols the meter, or gives out what it has enrolled with before.
func (o *enrolling) enrol(m *meter.Meter, c *meter.Charter) (*meter.Enrolment, error) {
	e, under := m.Enrolled(int(c.Channel))
	if e == nil || *o.again {
		return m.Enrol(c, *o.first)
	}
	if under.Hash() == c.Hash() && e.First == *o.first {
		return e, nil
	}
	return nil, fmt.Errorf("meter %s is enrolled in %s from %s on already: --again gives that up", e.Certificate.Meter, under.Registry, meter.DayText(e.First))
}

// asDayNumber reads a day of UTC.
func asDayNumber(s string) (uint16, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Unix() < 0 || t.Unix()/86400 > 1<<16-1 {
		return 0, misusef("%q is not a day like 2026-03-02", s)
	}
	return uint16(t.Unix() / 86400), nil
}

// enrolmentAnswer is an enrolment in words.
type enrolmentAnswer struct {
	Kind     string   `json:"kind"` // enrolment
	Meter    string   `json:"meter"`
	ID       string   `json:"id"`
	First    string   `json:"first"`
	Registry string   `json:"registry,omitempty"` // if the charter is at hand
	Parties  []string `json:"parties,omitempty"`
	Charter  string   `json:"charter"`
	Hash     string   `json:"hash"`
	Checked  bool     `json:"checked"` // against the charter
}

func describeEnrolment(e *meter.Enrolment, c *meter.Charter) enrolmentAnswer {
	hash := e.Hash()
	a := enrolmentAnswer{Kind: "enrolment", Meter: e.Certificate.Meter, ID: fmt.Sprintf("%x", hash[:meter.IDSize]), First: meter.DayText(e.First),
		Charter: fmt.Sprintf("%x", e.Charter), Hash: fmt.Sprintf("%x", hash), Checked: c != nil}
	if c != nil {
		a.Registry = c.Registry
		for i := range c.Parties {
			a.Parties = append(a.Parties, c.Parties[i].Name)
		}
	}
	return a
}

func (a enrolmentAnswer) text(w io.Writer) {
	if a.Checked {
		fmt.Fprintf(w, "meter %s is enrolled in %s from %s on, with %s\n", a.Meter, a.Registry, a.First, strings.Join(a.Parties, " and "))
	} else {
		fmt.Fprintf(w, "enrolment of meter %s from %s on; not checked: --charter says for whom it is\n", a.Meter, a.First)
	}
	fmt.Fprintf(w, "id           %s\n", a.ID)
}
