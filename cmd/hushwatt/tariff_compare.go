package main

import (
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"time"

	"hushwatt/meter/source"
	"hushwatt/tariffs"
)

var tariffCompareCommand = command{
	name:    "tariff compare",
	does:    "work out the same readings under several tariffs, the cheapest first",
	example: "hushwatt tariff compare --readings readings.csv --tariff flat.json --tariff evening.json",
	note: "Nothing is sent anywhere. Without --start and --end it takes all whole days of the readings.\n" +
		"A tariff that cannot price them is named with the reason.",
	flags: func(f *flags) action {
		paths := f.needList("tariff", "FILE", "a tariff")
		addenda := declareAddenda(f)
		var r readings
		r.declare(f, f.need("readings", "FILE", "readings, in any known format; may be packed with gzip"))
		p := declarePeriod(f, false)
		return func(c *console) (answer, error) { return compare(c, *paths, *addenda, r, p) }
	},
}

// compareAnswer is a table of bills.
type compareAnswer struct {
	Start   string     `json:"start"`
	End     string     `json:"end"`
	Bills   []compared `json:"bills"` // the cheapest first, those of one currency together
	Refused []unpriced `json:"refused"`
}

type compared struct {
	Tariff string        `json:"tariff"` // the file
	PlanID string        `json:"planId"`
	ID     string        `json:"id"`
	Bill   *tariffs.Bill `json:"bill"`
	More   string        `json:"more"` // than the cheapest of its currency

	total *big.Rat
}

// unpriced is a tariff that cannot price the readings.
type unpriced struct {
	Tariff string `json:"tariff"`
	Reason string `json:"reason"`
}

func compare(c *console, paths, addenda []string, r readings, p period) (answer, error) {
	d, err := readDocuments(paths, addenda)
	if err != nil {
		return nil, err
	}
	d.note(c)
	file, err := r.read(c)
	if err != nil {
		return nil, err
	}
	start, end, err := wholeDays(file, d.tariffs[0].Clock, p)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", *r.path, err)
	}
	a := &compareAnswer{Start: start.String(), End: end.String(), Bills: []compared{}, Refused: []unpriced{}}
	for i, t := range d.tariffs {
		b, err := quoteFile([]*tariffs.Tariff{t}, file, *r.slot, start, end)
		if err != nil {
			a.Refused = append(a.Refused, unpriced{d.tariffFiles[i], reason(err)})
			continue
		}
		total, _ := new(big.Rat).SetString(b.Total)
		a.Bills = append(a.Bills, compared{Tariff: d.tariffFiles[i], PlanID: t.PlanID, ID: t.ID(), Bill: b, total: total})
	}
	a.order()
	if len(a.Bills) == 0 {
		err = fmt.Errorf("none of the tariffs can price these readings: %s", a.Refused[0].Reason)
	}
	return a, err
}

// reason is what an error says, without the name of the work that met it.
func reason(err error) string {
	text := oneLine(err)
	for _, work := range []string{"compile: ", "quote: "} {
		text = strings.TrimPrefix(text, work)
	}
	return text
}

// wholeDays is the period asked for, else all days of a clock that the readings
// cover wholly.
func wholeDays(file *source.File, clock string, p period) (start, end tariffs.Date, err error) {
	if *p.start != 0 && *p.end != 0 {
		return *p.start, *p.end, nil
	}
	zone, err := tariffs.Zone(clock)
	if err != nil {
		return 0, 0, err
	}
	s := file.Series[0]
	first, last := s.Start, s.Start+int64(s.Step)*int64(len(s.Wh))
	day := func(at int64, up bool) (tariffs.Date, error) {
		local := time.Unix(at, 0).In(zone)
		d, err := tariffs.ParseDate(local.Format(time.DateOnly))
		if err != nil {
			return 0, err
		}
		if begin, err := tariffs.Midnight(clock, d); err != nil || !up || begin >= at {
			return d, err
		}
		return d + 1, nil
	}
	if start, err = day(first, true); err == nil {
		end, err = day(last, false)
	}
	if *p.start != 0 {
		start = *p.start
	}
	if *p.end != 0 {
		end = *p.end
	}
	if err == nil && start >= end {
		err = fmt.Errorf("no whole day on the clock of %s", clock)
	}
	return start, end, err
}

// order sorts the bills by currency and total, and says how much more each is.
func (a *compareAnswer) order() {
	slices.SortStableFunc(a.Bills, func(x, y compared) int {
		if by := strings.Compare(x.Bill.Currency, y.Bill.Currency); by != 0 {
			return by
		}
		return x.total.Cmp(y.total)
	})
	least := map[string]*big.Rat{}
	for i, b := range a.Bills {
		if least[b.Bill.Currency] == nil {
			least[b.Bill.Currency] = b.total
		}
		more := new(big.Rat).Sub(b.total, least[b.Bill.Currency])
		_, decimals, _ := strings.Cut(b.Bill.Total, ".")
		a.Bills[i].More = more.FloatString(len(decimals))
	}
}

func (a *compareAnswer) text(w io.Writer) {
	fmt.Fprintf(w, "%s to %s (exclusive)\n\n", a.Start, a.End)
	for i, b := range a.Bills {
		more := "the cheapest"
		if i > 0 && a.Bills[i-1].Bill.Currency == b.Bill.Currency {
			more = b.More + " " + b.Bill.Currency + " more"
		}
		fmt.Fprintf(w, "%s: %s %s, %s\n", b.Tariff, b.Bill.Total, b.Bill.Currency, more)
		writeLines(w, "    ", b.Bill)
		fmt.Fprintln(w)
	}
	if len(a.Bills) > 0 {
		b := a.Bills[0].Bill
		fmt.Fprintf(w, "%d slots, %d missing, %d estimated\n", b.Slots, b.Missing, b.Estimated)
	}
	for _, x := range a.Refused {
		fmt.Fprintf(w, "%s cannot price them: %s\n", x.Tariff, x.Reason)
	}
}
