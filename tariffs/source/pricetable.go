package source

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A table of prices by time: a column of times, in GMT or UTC by its name or
// with an offset, and one named price_CUR_per_kwh or price_CUR_per_mwh. The
// length of a row is the commonest step between two; the rows must be in order
// without gaps. A column settlement_period is checked: 1 is the row at midnight.

var (
	priceColumn = regexp.MustCompile(`^price_([a-z]{3})_per_([km])wh$`)
	timeColumns = []string{"datetime_gmt", "datetime_utc", "settlement_start", "datetime"}
)

func isPriceTable(g glance) bool {
	head, _, _ := bytes.Cut(g.data[:min(len(g.data), 500)], []byte("\n"))
	for _, name := range strings.Split(strings.TrimSpace(string(bytes.TrimPrefix(head, []byte("\ufeff")))), ",") {
		if priceColumn.MatchString(name) {
			return true
		}
	}
	return false
}

// A priceTable is where the columns of one are.
type priceTable struct {
	*sheet
	file                string
	time, price, period int
	naiveUTC            bool // stamps without an offset are UTC
	unit                int64
	currency            string
	names               []string
}

func readPriceTable(s *sheet) *draft {
	d := &draft{}
	var rows []row
	for _, f := range s.files {
		t, more := tableRows(s, f)
		if s.err != nil {
			return nil
		}
		if d.currency != "" && d.currency != t.currency {
			s.fail("%s: prices in %s, others in %s", f.Name, t.currency, d.currency)
		}
		d.currency = t.currency
		rows = append(rows, more...)
	}
	if pick(s.options.Clock, "") == "" {
		s.missing("clock", "the clock of the tariff's days")
	}
	d.dynamic(s, rows)
	return d
}

// maxRows bounds a table: two years of five-minute prices.
const maxRows = 1 << 18

func tableRows(s *sheet, f File) (*priceTable, []row) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(f.Data, []byte("\ufeff"))))
	r.ReuseRecord = true
	head, err := r.Read()
	if err != nil {
		s.fail("%s: %w", f.Name, err)
		return nil, nil
	}
	t := newPriceTable(s, f.Name, slices.Clone(head))
	var starts []time.Time
	var prices []money
	for line := 2; s.err == nil; line++ {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || line > maxRows {
			s.fail("%s: line %d: %w", f.Name, line, errors.Join(err, errTooLong(line)))
			return nil, nil
		}
		at, price := t.row(line, record)
		starts, prices = append(starts, at), append(prices, price)
	}
	if s.err != nil {
		return nil, nil
	}
	for i, name := range t.names {
		if i != t.time && i != t.price && i != t.period {
			s.drop(fmt.Sprintf("%s: column %s", f.Name, name), fmt.Sprintf("%d values", len(starts)), noPlace)
		}
	}
	return t, t.join(starts, prices)
}

func errTooLong(line int) error {
	if line > maxRows {
		return fmt.Errorf("more than %d rows", maxRows)
	}
	return nil
}

func newPriceTable(s *sheet, file string, names []string) *priceTable {
	t := &priceTable{sheet: s, file: file, time: -1, price: -1, period: slices.Index(names, "settlement_period"), names: names}
	for i, name := range names {
		if m := priceColumn.FindStringSubmatch(name); m != nil && t.price < 0 {
			t.price, t.currency, t.unit = i, strings.ToUpper(m[1]), map[string]int64{"k": 1, "m": 1000}[m[2]]
		}
		if slices.Contains(timeColumns, name) && t.time < 0 {
			t.time, t.naiveUTC = i, strings.HasSuffix(name, "_gmt") || strings.HasSuffix(name, "_utc")
		}
	}
	if t.time < 0 || t.price < 0 {
		s.fail("%s: line 1: needs a column of times (%s) and one like price_gbp_per_kwh", file, strings.Join(timeColumns, ", "))
	}
	return t
}

func (t *priceTable) row(line int, record []string) (time.Time, money) {
	bad := func(format string, args ...any) (time.Time, money) {
		t.fail("%s: line %d: %s", t.file, line, fmt.Sprintf(format, args...))
		return time.Time{}, money{}
	}
	at, err := time.Parse(time.RFC3339, record[t.time])
	if err != nil && t.naiveUTC {
		at, err = time.Parse("2006-01-02 15:04", record[t.time])
	}
	if err != nil || at.Year() < 1971 || at.Year() > 2148 {
		return bad("%q is not a time (with an offset, unless the column is named GMT or UTC)", shorten(record[t.time]))
	}
	price, ok := decimal(record[t.price])
	if !ok {
		return bad("%q is not a price", shorten(record[t.price]))
	}
	if t.period >= 0 {
		midnight := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, at.Location())
		n, err := strconv.Atoi(record[t.period])
		// The offset may change within the day: two periods more or less then.
		if want := int(at.Sub(midnight)/(30*time.Minute)) + 1; err != nil || n != want && n != want-2 && n != want+2 {
			return bad("settlement period %q at %s", shorten(record[t.period]), record[t.time])
		}
	}
	cell := &node{sheet: t.sheet, name: fmt.Sprintf("%s: line %d", t.file, line), index: -1, kind: isNumber, text: record[t.price]}
	return at, money{value: times(price, rat(1, t.unit)), at: cell}
}

// join gives each row its end: where the next begins, and for the last the
// commonest length.
func (t *priceTable) join(starts []time.Time, prices []money) []row {
	lengths := map[time.Duration]int{}
	step := time.Duration(0)
	for i := 1; i < len(starts); i++ {
		length := starts[i].Sub(starts[i-1])
		if length <= 0 {
			t.fail("%s: line %d: %s does not come after the line before", t.file, i+2, utc(starts[i]))
			return nil
		}
		if lengths[length]++; lengths[length] > lengths[step] {
			step = length
		}
	}
	var rows []row
	for i, at := range starts {
		rows = append(rows, row{utc(at), utc(at.Add(step)), prices[i]})
	}
	return rows
}
