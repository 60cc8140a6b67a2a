package feeder

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// A Table is one file: rows of an instant and one reading per column. The first
// column is called start, RFC 3339; the others are named after their meters, or
// one alone is called wh. An empty cell is a reading that is not there.
type Table struct {
	Name    string
	Columns []string
	Starts  []int64 // ascending
	East    int64   // seconds that the first row's clock is ahead of UTC
	Wh      [][]float64
}

// most is the largest reading taken: 1 GWh in a slot.
const most = 1e9

// ReadTable reads a table. Errors name the line.
func ReadTable(name string, in io.Reader) (*Table, error) {
	r := csv.NewReader(in)
	r.TrimLeadingSpace = true
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty; its first line names the columns, start and wh or one per meter")
	}
	if err != nil {
		return nil, err
	}
	head[0] = strings.TrimPrefix(head[0], "\ufeff")
	t := &Table{Name: name}
	if strings.TrimSpace(head[0]) != "start" || len(head) < 2 {
		return nil, fmt.Errorf("line 1: expected columns start and wh, or start and one per meter, found %q", strings.Join(head, ","))
	}
	seen := map[string]bool{}
	for _, c := range head[1:] {
		c = strings.TrimSpace(c)
		if c == "" || seen[c] {
			return nil, fmt.Errorf("line 1: column %q has no name or one that is there twice", c)
		}
		seen[c] = true
		t.Columns = append(t.Columns, c)
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return t, t.check()
		}
		if err != nil {
			return nil, err
		}
		line, _ := r.FieldPos(0)
		if err := t.add(row); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
}

func (t *Table) add(row []string) error {
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(row[0]))
	if err != nil {
		return fmt.Errorf("expected an instant like 2026-01-31T00:30:00Z, found %q", row[0])
	}
	if n := len(t.Starts); n > 0 && at.Unix() <= t.Starts[n-1] {
		return fmt.Errorf("%s is not after the row before it", row[0])
	}
	wh := make([]float64, len(t.Columns))
	for i, text := range row[1:] {
		if text = strings.TrimSpace(text); text == "" {
			wh[i] = math.NaN()
			continue
		}
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(x) || math.Abs(x) > most {
			return fmt.Errorf("column %s: expected Wh, found %q", t.Columns[i], text)
		}
		wh[i] = x
	}
	if len(t.Starts) == 0 {
		_, east := at.Zone()
		t.East = int64(east)
	}
	t.Starts = append(t.Starts, at.Unix())
	t.Wh = append(t.Wh, wh)
	return nil
}

func (t *Table) check() error {
	if len(t.Starts) < 2 {
		return errors.New("fewer than two rows")
	}
	return nil
}

// Join lays a feeder's table and those of the meters below it on one grid, from
// start to end (exclusive; 0 for as far as the feeder's table goes). A table of
// a single column wh is one meter, named after its file; if it is the only one
// it is taken as the sum of all.
func Join(feeder *Table, meters []*Table, start, end int64) (*Data, error) {
	if len(feeder.Columns) != 1 {
		return nil, fmt.Errorf("%s: the feeder's file has %d columns of readings; it must have one", feeder.Name, len(feeder.Columns))
	}
	d := &Data{East: feeder.East, Step: step(append([]*Table{feeder}, meters...))}
	from, to := feeder.Starts[0], feeder.Starts[len(feeder.Starts)-1]+d.Step
	if start > from && d.Step > 0 { // from the first whole slot on
		from += (start - from + d.Step - 1) / d.Step * d.Step
	}
	if end != 0 {
		to = min(to, end)
	}
	if d.Start = from; to <= from {
		return nil, errors.New("no readings of the feeder between start and end")
	}
	if d.Step > secondsPerDay || d.Step <= 0 || (to-from)/d.Step > 1<<20 {
		return nil, fmt.Errorf("%s: rows are %d seconds apart over %d days, which is no series of slots", feeder.Name, d.Step, (to-from)/secondsPerDay)
	}
	n := int((to - from + d.Step - 1) / d.Step)
	var err error
	if d.Feeder, err = feeder.column(0, from, d.Step, n); err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, t := range meters {
		for c, name := range t.Columns {
			switch {
			case len(t.Columns) == 1 && name == "wh" && len(meters) == 1:
				name = ""
			case len(t.Columns) == 1 && name == "wh":
				name = t.Name
			}
			if names[name] {
				return nil, fmt.Errorf("%s: meter %q is there twice", t.Name, name)
			}
			names[name] = true
			wh, err := t.column(c, from, d.Step, n)
			if err != nil {
				return nil, err
			}
			d.Meters = append(d.Meters, Meter{name, wh})
		}
	}
	return d, nil
}

// step is the shortest time between two rows.
func step(tables []*Table) int64 {
	var s int64 = math.MaxInt64
	for _, t := range tables {
		for i := 1; i < len(t.Starts); i++ {
			s = min(s, t.Starts[i]-t.Starts[i-1])
		}
	}
	return s
}

func (t *Table) column(c int, from, step int64, n int) ([]float64, error) {
	wh := make([]float64, n)
	for i := range wh {
		wh[i] = math.NaN()
	}
	for i, at := range t.Starts {
		k := at - from
		if k < 0 || k >= int64(n)*step {
			continue
		}
		if k%step != 0 {
			return nil, fmt.Errorf("%s: %s is not a slot of %d seconds counted from %s", t.Name, instant(at), step, instant(from))
		}
		wh[k/step] = t.Wh[i][c]
	}
	return wh, nil
}
