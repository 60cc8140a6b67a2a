// Package source reads real meter files: the download formats that households
// get from suppliers and portals. Each format is one file of this package; all
// of them end in the same Series: whole watt-hours on a grid of UTC slots, in
// whole UTC days, with every slot that the file lacks marked as missing.
// docs/design/sources.md says what is accepted and how kWh become Wh.
package source

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"hushwatt/meter/slots"
)

// The form of what is read; package slots documents it.
type (
	Series = slots.Series
	Status = slots.Status
	Gap    = slots.Gap
)

// Channels, bounds and statuses of a Series.
const (
	Import = slots.Import
	Export = slots.Export
	MaxWh  = slots.MaxWh

	Measured  = slots.Measured
	Missing   = slots.Missing
	Estimated = slots.Estimated
)

const secondsPerDay = 86400

// Options of Read; the zero value detects everything and chooses nothing.
type Options struct {
	Format   string         // one of Formats; "" to detect
	Point    string         // the meter point to read where a file holds several; else its name
	Register string         // the register to read where a point has several; "" adds them up by direction
	Zone     *time.Location // clock of stamps that carry no offset; nil for the format's own
	Choices  []string       // names of Choices: what the user says where the file leaves something open
	Step     int            // seconds of the slots that a log of register levels is cut into; 0 for the format's own
	From     string         // first day, 2018-10-29, of a file that has no dates
	Hints    Hints          // how to read a table of unknown make

	// LoadZone finds a zone by its IANA name, for formats whose stamps are on a
	// known country's clock. Zone rules come from the caller: this package has none.
	LoadZone func(name string) (*time.Location, error)
}

// format is one reader: it recognises its files by how they begin, and puts the
// rows of a file into a table.
type format struct {
	name      string
	recognise func(b beginning) bool
	read      func(in *input, t *table) error
	general   bool // takes whatever the others do not recognise
}

// formats are all readers, in the order in which they are listed.
func formats() []*format {
	return []*format{&lcl, &octopusCSV, &octopusJSON, &plain, &nem12, &nem13, &espi, &p1, &wide, &sgsc, &ausgrid,
		&esb, &n3rgy, &fluvius, &enel, &homeWizard, &dsmrReader, &engie, &liander, &ameren, &pge, &victoria, &swissWeek, &general}
}

// Names of the formats.
const (
	LCL         = "lcl"          // Low Carbon London trial
	OctopusCSV  = "octopus-csv"  // Octopus Energy, download from the account page
	OctopusJSON = "octopus-json" // Octopus Energy, REST API
	CSV         = "csv"          // start,wh with offset stamps
	NEM12       = "nem12"        // Australian interval meter data
	NEM13       = "nem13"        // Australian accumulation meter data
	ESPI        = "espi"         // Green Button XML
	P1          = "p1"           // a log of Dutch or Belgian P1 (DSMR) telegrams
	Wide        = "au-wide"      // Victorian network's table, a day a row
	SGSC        = "sgsc"         // Smart Grid, Smart City trial
	Ausgrid     = "ausgrid"      // Ausgrid solar home
	ESB         = "esb-hdf"      // ESB Networks HDF, Irish meters
	N3rgy       = "n3rgy"        // n3rgy, British meters
	Fluvius     = "fluvius"      // Fluvius, Flanders
	Enel        = "enel"         // e-distribuzione, Italy
	HomeWizard  = "homewizard"   // HomeWizard Energy, registers
	DSMRReader  = "dsmr-reader"  // DSMR-reader, hours
	Engie       = "engie"        // Engie, Netherlands
	Liander     = "liander"      // Liander, registers
	Ameren      = "ameren"       // Ameren, Illinois and Missouri
	PGE         = "pge"          // PG&E and utilities with the same portal
	Victoria    = "au-portal"    // MyUsageData of Australian portals
	SwissWeek   = "swiss-week"   // a week of Swiss homes
	General     = "table"        // any other table
)

// Formats returns the names that Options.Format takes.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

// Read reads one meter point of a file, gzip-compressed or not. An error names the
// line, what was expected there and what was found; a *ChoiceError says what the
// user has to decide.
func Read(r io.Reader, o Options) (*File, error) {
	files, err := read(r, o, onePoint, nil)
	if err != nil {
		return nil, err
	}
	return files[0], nil
}

// ReadAll reads every meter point of a file, in the order in which they come.
func ReadAll(r io.Reader, o Options) ([]*File, error) { return read(r, o, allPoints, nil) }

// Points returns the names of the meter points in a file, in the order in which
// they come; "" where the format has none.
func Points(r io.Reader, o Options) ([]string, error) {
	o.Point = ""
	files, err := read(r, o, noPoint, nil)
	if err != nil {
		return nil, err
	}
	return files[0].Points, nil
}

// readOne is what the exported function of each format does.
func (f *format) readOne(r io.Reader, o Options) (*File, error) {
	files, err := read(r, o, onePoint, f)
	if err != nil {
		return nil, err
	}
	return files[0], nil
}

func read(r io.Reader, o Options, m mode, f *format) ([]*File, error) {
	if err := o.checkChoices(); err != nil {
		return nil, err
	}
	if o.Step != 0 && !slots.ValidStep(o.Step) {
		return nil, fmt.Errorf("slots of %s: 60, 30, 15, 10 or 5 minutes can be sealed", slots.Minutes(o.Step))
	}
	in, err := newInput(r)
	if err != nil {
		return nil, err
	}
	if f == nil {
		if f, err = choose(in.beginning(), o.Format); err != nil {
			return nil, err
		}
	}
	t := &table{o: &o, mode: m, points: map[string]*point{}, text: in.bounded}
	if err := in.failed(f.read(in, t)); err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	files, err := t.files(f.name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	return files, nil
}

// choose finds the named format, or detects one if name is empty.
func choose(b beginning, name string) (*format, error) {
	all := formats()
	var found, general []string
	for _, f := range all {
		switch {
		case name == f.name:
			return f, nil
		case f.general:
			general = append(general, f.name)
		case name == "" && f.recognise(b):
			found = append(found, f.name)
		}
	}
	known := strings.Join(Formats(), ", ")
	switch {
	case name != "":
		return nil, fmt.Errorf("format %q is not one of %s", name, known)
	case strings.TrimSpace(b.text) == "":
		return nil, errors.New("meter file is empty")
	case len(found) > 1:
		return nil, fmt.Errorf("the file may be %s: name its format", strings.Join(found, " or "))
	case len(found) == 0:
		found = general
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("line 1: expected the first line of one of %s, found %q", known, clip(b.line))
	}
	i := slices.IndexFunc(all, func(f *format) bool { return f.name == found[0] })
	return all[i], nil
}

// lineError is how every reader complains about a line.
func lineError(line int, expected, found string) error {
	return fmt.Errorf("line %d: expected %s, found %q", line, expected, clip(found))
}

// clip keeps an error message on one line of a terminal.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
