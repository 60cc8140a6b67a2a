package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"hushwatt/meter/source"
)

var meterReadCommand = command{
	name:    "meter read",
	does:    "what a meter file holds, and how it is read, before anything is made of it",
	example: "hushwatt meter read --from readings.csv",
	note:    "Every meter point of the file is shown, or the one that --meter-point names.\nThe rules that --choose takes:\n\n" + waysHelp(),
	flags: func(f *flags) action {
		var r readings
		r.declare(f, f.need("from", "FILE", "readings, in any known format; may be packed with gzip"))
		return func(*console) (answer, error) { return r.look() }
	},
}

// waysHelp lists what --choose takes.
func waysHelp() string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	for _, c := range source.Choices() {
		fmt.Fprintf(t, "  %s\t%s\n", c.Name, c.Meaning)
	}
	t.Flush()
	return strings.TrimRight(b.String(), "\n")
}

// lookAnswer is what is known of a meter file, point by point.
type lookAnswer struct {
	Points []lookPoint `json:"points"`
}

type lookPoint struct {
	Meter string        `json:"meter"`
	Facts []source.Fact `json:"facts"`
}

// look reads the whole file, or the one point that was named.
func (r *readings) look() (answer, error) {
	in, err := openFile(*r.path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	files, err := source.ReadAll(in, r.options())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", *r.path, chooseFlag(err))
	}
	a := lookAnswer{}
	for _, f := range files {
		a.Points = append(a.Points, lookPoint{f.Series[0].Point, f.Summary()})
	}
	return a, nil
}

func (a lookAnswer) text(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	defer t.Flush()
	for i, p := range a.Points {
		if i > 0 {
			fmt.Fprintln(t)
		}
		for _, fact := range p.Facts {
			fmt.Fprintf(t, "%s\t%s\n", fact.Name, fact.Value)
		}
	}
}
