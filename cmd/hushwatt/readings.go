package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"hushwatt/meter"
	"hushwatt/meter/source"
	"hushwatt/tariffs"
)

// readings are the flags that choose and read a meter file, the same for every
// command that takes one.
type readings struct {
	path, format, point, register *string
	zone                          **time.Location
	slot                          *int
	firstDay                      *string
	choices                       *[]string
	hints                         *source.Hints
}

func (r *readings) declare(f *flags, path *string) {
	r.path = path
	r.format = flag(f, &option{name: "format", value: "NAME", help: strings.Join(source.Formats(), ", ") + "; detected by default"}, asFormat)
	r.zone = flag(f, &option{name: "zone", value: "ZONE", help: "clock of stamps without an offset, such as Europe/London, or +10:00 for one that is never changed"}, asZone)
	r.slot = flag(f, &option{name: "slot", value: "MINUTES", help: "add finer readings up to 5, 10, 15, 30 or 60 minutes"}, asSlot)
	r.point = f.text("meter-point", "ID", "the meter point to take where a file holds several, else its name")
	r.register = f.text("register", "NAME", "the register to take where a meter point has several; all of one direction are added up by default")
	r.choices = f.checkedList("choose", "RULE=WAY", "what you say where the file leaves something open; the refusal lists the ways", asChoice)
	r.firstDay = flag(f, &option{name: "first-day", value: "DATE", help: "first day of a file that has no dates"}, asDay)
	r.hints = flag(f, &option{name: "hints", value: "WORDS", help: `how to read a table of unknown make: "order=dmy unit=kWh stamp=end decimal=comma …"`}, asHints)
}

// read reads the file and says on the console what was found in it.
func (r *readings) read(c *console) (*source.File, error) {
	in, err := openFile(*r.path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	file, err := source.Read(in, r.options())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", *r.path, chooseFlag(err))
	}
	if !c.json { // `meter read` gives it as JSON
		for _, fact := range file.Summary() {
			c.note("%s: %s: %s", *r.path, strings.ToLower(fact.Name), fact.Value)
		}
	}
	return file, nil
}

func (r *readings) options() source.Options {
	return source.Options{Format: *r.format, Zone: *r.zone, Point: *r.point, Register: *r.register, Choices: *r.choices,
		Step: *r.slot * 60, From: *r.firstDay, Hints: *r.hints, LoadZone: tariffs.Zone}
}

// chooseFlag says which flag answers the question of a file that leaves something open.
func chooseFlag(err error) error {
	switch {
	case errors.As(err, new(*source.ChoiceError)):
		return fmt.Errorf("%w: say --choose", err)
	case errors.As(err, new(*source.HintError)):
		return fmt.Errorf("%w, in --hints", err)
	case errors.Is(err, source.ErrFirstDay):
		return fmt.Errorf("%w: say --first-day", err)
	}
	return err
}

func asFormat(s string) (string, error) {
	for _, name := range source.Formats() {
		if s == name {
			return s, nil
		}
	}
	return "", misusef("%q is not one of %s", s, strings.Join(source.Formats(), ", "))
}

// asZone reads a zone's name, or an offset from UTC such as +10:00.
func asZone(s string) (*time.Location, error) {
	if t, err := time.Parse("-07:00", s); err == nil {
		_, offset := t.Zone()
		return time.FixedZone("UTC"+s, offset), nil
	}
	return tariffs.Zone(s)
}

func asChoice(s string) error {
	var known []string
	for _, c := range source.Choices() {
		if c.Name == s {
			return nil
		}
		known = append(known, c.Name)
	}
	return misusef("%q is not one of %s", s, strings.Join(known, ", "))
}

func asDay(s string) (string, error) {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", misusef("%q is not a day like 2018-10-29", s)
	}
	return s, nil
}

func asHints(s string) (source.Hints, error) {
	h, err := source.ParseHints(s)
	if err != nil {
		err = misuse{err}
	}
	return h, err
}

func asSlot(s string) (int, error) {
	n, err := asNumber(s)
	if err == nil && (n <= 0 || 24*60%n != 0 || !meter.ValidSlots(24*60/n)) {
		err = misusef("%d minutes cannot be sealed: 5, 10, 15, 30 or 60 can", n)
	}
	return n, err
}
