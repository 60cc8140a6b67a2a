package source

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Names of the formats.
const (
	LCL         = "lcl"          // Low Carbon London trial
	OctopusCSV  = "octopus-csv"  // Octopus Energy, download from the account page
	OctopusJSON = "octopus-json" // Octopus Energy, REST API
	CSV         = "csv"          // start,wh with offset stamps
)

// Options of Read; the zero value detects everything.
type Options struct {
	Format string         // one of Formats; "" to detect
	Zone   *time.Location // clock of stamps that carry no offset; nil for the format's own
	Point  string         // the meter point to read where a file holds several; else its name
}

// File is what Read found.
type File struct {
	Format     string
	Zone       string // clock of the stamps: "offset" if each carries its own, else a zone's name
	Rows       int    // rows on the grid of slots, duplicates apart
	Duplicates int    // rows left out because the same stamp came with the same value before
	Skipped    int    // rows left out because they have no value and are not on the grid
	Series     []Series
}

// format is one reader: it recognises its files by their first line, and turns
// a whole file into rows in the order of the file.
type format struct {
	name      string
	recognise func(first string) bool
	read      func(data []byte, o Options) (*table, error)
}

var formats = []format{
	{LCL, isLCL, readLCL},
	{OctopusCSV, isOctopusCSV, readOctopusCSV},
	{OctopusJSON, isOctopusJSON, readOctopusJSON},
	{CSV, isPlain, readPlain},
}

// Formats returns the names that Options.Format takes.
func Formats() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.name
	}
	return names
}

// maxText bounds a file after decompression: twenty years of five-minute rows.
const maxText = 256 << 20

// Read reads a whole meter file, gzip-compressed or not. An error names the
// line, what was expected there and what was found.
func Read(r io.Reader, o Options) (*File, error) {
	data, err := text(r)
	if err != nil {
		return nil, err
	}
	f, err := choose(data, o.Format)
	if err != nil {
		return nil, err
	}
	t, err := f.read(data, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	file, err := t.file()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	file.Format = f.name
	return file, nil
}

// text returns the whole file, decompressed, without a byte-order mark.
func text(r io.Reader) ([]byte, error) {
	in := bufio.NewReader(r)
	var src io.Reader = in
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		gz, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("read gzip: %w", err)
		}
		src = gz
	}
	data, err := io.ReadAll(io.LimitReader(src, maxText+1))
	if err != nil {
		return nil, fmt.Errorf("read meter file: %w", err)
	}
	if len(data) > maxText {
		return nil, fmt.Errorf("meter file is larger than %d MB", maxText>>20)
	}
	return bytes.TrimPrefix(data, []byte("\ufeff")), nil
}

// choose finds the named format, or detects one if name is empty.
func choose(data []byte, name string) (*format, error) {
	line := firstLine(data)
	for i := range formats {
		f := &formats[i]
		if f.name == name || name == "" && f.recognise(line) {
			return f, nil
		}
	}
	known := strings.Join(Formats(), ", ")
	switch {
	case name != "":
		return nil, fmt.Errorf("format %q is not one of %s", name, known)
	case len(bytes.TrimSpace(data)) == 0:
		return nil, errors.New("meter file is empty")
	}
	return nil, fmt.Errorf("line 1: expected the first line of one of %s, found %q", known, clip(line))
}

func firstLine(data []byte) string {
	line, _, _ := bytes.Cut(bytes.TrimLeft(data, " \t\r\n"), []byte("\n"))
	return strings.TrimSpace(string(line))
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

// stamp prints an instant the way the protocol's documents do.
func stamp(at int64) string { return time.Unix(at, 0).UTC().Format(time.RFC3339) }

func minutes(step int) string {
	if step%60 != 0 {
		return fmt.Sprintf("%d seconds", step)
	}
	return fmt.Sprintf("%d minutes", step/60)
}
