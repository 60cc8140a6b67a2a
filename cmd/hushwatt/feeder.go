package main

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"hushwatt/aggregate/feeder"
)

var aggregateFeederCommand = command{
	name:    "aggregate feeder",
	does:    "does a feeder deliver more than the meters below it count, and what does the gap look like",
	example: "hushwatt aggregate feeder --feeder feeder.csv --meters homes.csv --fit-until 2026-02-01T00:00:00Z",
	note: "FILEs are CSV: a column start (RFC 3339), then wh, or one column per meter named by its header;\n" +
		"an empty cell is a missing reading. The line's losses are learnt from the slots before --fit-until.\n" +
		"On a feeder on which nothing is wrong the chance of any alarm, however long it is watched, is at\n" +
		"most 1 in 100. A meter is named only where no other explains the gap as well; else meter is null.",
	flags: func(f *flags) action {
		feederFile := f.need("feeder", "FILE", "readings of the feeder's own meter")
		meters := f.needList("meters", "FILE", "readings of the meters below it")
		until := f.need("fit-until", "TIME", "the slots before this instant are known to be clean")
		start := f.text("start", "TIME", "leave out what is before")
		end := f.text("end", "TIME", "leave out what is from here on")
		return func(c *console) (answer, error) {
			return checkFeeder(c, *feederFile, *meters, *until, *start, *end)
		}
	},
}

type feederAnswer struct{ *feeder.Report }

func checkFeeder(c *console, feederFile string, meters []string, until, start, end string) (answer, error) {
	var at [3]int64
	for i, text := range []string{until, start, end} {
		name := [...]string{"--fit-until", "--start", "--end"}[i]
		if text == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return nil, misusef("%s: expected an instant like 2026-02-01T00:00:00Z, found %q", name, text)
		}
		at[i] = t.Unix()
	}
	top, err := readTable(feederFile)
	if err != nil {
		return nil, err
	}
	var below []*feeder.Table
	for _, path := range meters {
		t, err := readTable(path)
		if err != nil {
			return nil, err
		}
		below = append(below, t)
	}
	d, err := feeder.Join(top, below, at[1], at[2])
	if err != nil {
		return nil, err
	}
	r, err := feeder.Analyse(d, feeder.Options{FitUntil: at[0]})
	if err != nil {
		return nil, err
	}
	if end := d.Start + int64(len(d.Feeder))*d.Step; end <= at[0] {
		c.note("the readings end at %s: all of them were learnt from, and none was watched", instant(end))
	}
	return feederAnswer{r}, nil
}

func (a feederAnswer) text(w io.Writer) {
	l := a.Loss
	fmt.Fprintf(w, "Losses of a slot: %.1f Wh + %.3g × Wh² of load, give or take %.1f Wh\n", l.Constant, l.Quadratic, l.Sigma)
	if len(a.Alarms) == 0 {
		fmt.Fprintln(w, "Nothing that the losses do not explain.")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	defer t.Flush()
	fmt.Fprintln(t, "since\tlooks like\tmeter\tmissing\tchance if nothing were wrong")
	for _, x := range a.Alarms {
		meter := "nobody named"
		if x.Meter != nil {
			meter = *x.Meter
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%.1f kWh\t%.2g\n", x.From, x.Kind, meter, float64(x.GapWh)/1000, x.PValue)
	}
}

func readTable(path string) (*feeder.Table, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	t, err := feeder.ReadTable(stem(path), bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// stem is a file's name without its folder and endings.
func stem(path string) string {
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	return name
}
