package source

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"hushwatt/meter/slots"
)

// NEM12 holds interval readings:
//
//	100,NEM12,200405011135,MDA1,Ret1
//	200,VABD000163,E1Q1,1,E1,N1,METSER123,kWh,30,
//	300,20040201,1.111, … 48 values …,V,,,20040202120025,
//	400,1,20,F14,76,
//	400,21,48,A,,
//	900
//
// A 200 record opens a register of a meter point: E is energy to the customer, B
// energy from the customer, other letters (Q, K: reactive) are not read. A 300
// record is a day, of which value k is slot k. Quality V sends to the 400 records
// behind it, which say the quality of slots from … to. 500 records are of the
// meter reader's business. A day that comes again takes the place of the earlier
// one: the later by its update time, or by its place where that is not legible, as
// after a spreadsheet had made it 2.01811E+13.

// ReadNEM12 reads an Australian interval meter data file.
func ReadNEM12(r io.Reader, o Options) (*File, error) { return nem12.readOne(r, o) }

var nem12 = format{name: NEM12, recognise: isNEM12, read: readNEM12}

func isNEM12(b beginning) bool { return isNEM(b, "NEM12", "200") }

func readNEM12(in *input, t *table) error {
	t.unit, t.stamps = "kWh", "position in the day"
	n := &nem12Reader{nemLines: newNEMLines(in, t, "NEM12"), updated: map[nemDayKey]int64{}}
	for {
		number, err := n.record()
		if err != nil {
			return err
		}
		if number != "400" && number != "500" {
			if err := n.flush(); err != nil {
				return err
			}
		}
		switch number {
		case "":
			return nil
		case "200":
			err = n.open()
		case "300":
			err = n.day()
		case "400":
			err = n.event()
		case "500":
		default:
			err = lineError(n.line, "a record 100, 200, 300, 400, 500 or 900", number)
		}
		if err != nil {
			return err
		}
	}
}

type nem12Reader struct {
	*nemLines
	opened bool
	feed   *feed // of the 200 record at hand; nil if its register is not read
	scale  int
	step   int
	serial string

	today   nemDay
	updated map[nemDayKey]int64
}

// nemDay is a 300 record that waits for its 400 records.
type nemDay struct {
	line    int
	start   int64 // 0: none is waiting
	values  []reading
	varies  bool
	covered []bool // slots that a 400 record is about
}

type nemDayKey struct {
	feed  *feed
	start int64
}

// open takes a 200 record.
func (n *nem12Reader) open() (err error) {
	if err := n.need(9); err != nil {
		return err
	}
	n.opened, n.feed = true, nil
	point, suffix, serial, unit := n.field(1), n.field(4), n.field(6), n.field(7)
	minutes, err := strconv.Atoi(n.field(8))
	if err != nil || minutes <= 0 || 24*60%minutes != 0 {
		return lineError(n.line, "a length of intervals in minutes", n.field(8))
	}
	n.step = minutes * 60
	scale, energy := energyUnits[strings.ToLower(unit)]
	n.scale = scale
	channel, known := nemChannel(suffix)
	if !known || !energy {
		return n.t.pass(n.line, point, suffix)
	}
	if !slots.ValidStep(n.step) {
		return lineError(n.line, "intervals of 5, 10, 15, 30 or 60 minutes", n.field(8))
	}
	n.serial = serial
	n.t.unit = unit
	n.feed, err = n.t.feed(n.line, point, suffix, 1<<channel, layout{step: n.step, later: true})
	return err
}

// nemChannel tells the direction from the first letter of a register's suffix.
func nemChannel(suffix string) (channel int, known bool) {
	if suffix == "" {
		return 0, false
	}
	switch suffix[0] {
	case 'E', 'e':
		return Import, true
	case 'B', 'b':
		return Export, true
	}
	return 0, false
}

// day takes a 300 record.
func (n *nem12Reader) day() error {
	if !n.opened {
		return lineError(n.line, "a 200 record before the first 300 record", "300")
	}
	start, ok := parseCompact(n.field(1))
	if !ok || len(n.field(1)) != 8 {
		return lineError(n.line, "a day such as 20040201", n.field(1))
	}
	count := secondsPerDay / n.step
	if err := n.need(count + 3); err != nil {
		return lineError(n.line, fmt.Sprintf("%d readings of %s and their quality", count, slots.Minutes(n.step)),
			fmt.Sprintf("%d fields", len(n.fields)))
	}
	if n.feed == nil {
		return nil
	}
	n.today.line, n.today.start = n.line, start-nemOffset
	if n.older(n.field(count + 5)) {
		n.feed.replaces[n.channel()] += count
		n.today.start = 0
		return nil
	}
	n.today.values = n.today.values[:0]
	for i, cell := range n.fields[2 : 2+count] {
		v, err := n.t.reading(n.line, cell, n.scale)
		if err != nil {
			return fmt.Errorf("%w (reading %d of %d)", err, i+1, count)
		}
		n.today.values = append(n.today.values, v)
	}
	return n.quality(n.field(count + 2))
}

func (n *nem12Reader) channel() int {
	if n.feed.grids[Import] != nil {
		return Import
	}
	return Export
}

// older reports whether the day has come already with a later update time, and
// keeps the time otherwise.
func (n *nem12Reader) older(updated string) bool {
	at, legible := parseCompact(updated)
	key := nemDayKey{n.feed, n.today.start}
	before, again := n.updated[key]
	if again && legible && at < before {
		return true
	}
	if legible || again {
		n.updated[key] = at
	}
	return false
}

// quality applies a day's own quality method.
func (n *nem12Reader) quality(method string) error {
	d := &n.today
	d.covered = append(d.covered[:0], make([]bool, len(d.values))...)
	if d.varies = method != "" && method[0] == 'V'; d.varies {
		return nil
	}
	status, err := nemStatus(n.line, method)
	if err != nil {
		return err
	}
	for i := range d.values {
		d.values[i] = d.values[i].as(status)
	}
	return nil
}

// event takes a 400 record.
func (n *nem12Reader) event() error {
	if !n.opened {
		return lineError(n.line, "a 300 record before a 400 record", "400")
	}
	if n.feed == nil || n.today.start == 0 {
		return nil
	}
	if err := n.need(4); err != nil {
		return err
	}
	d := &n.today
	from, err1 := strconv.Atoi(n.field(1))
	to, err2 := strconv.Atoi(n.field(2))
	if err1 != nil || err2 != nil || from < 1 || to < from || to > len(d.values) {
		return lineError(n.line, fmt.Sprintf("intervals from and to, 1 to %d", len(d.values)), n.field(1)+","+n.field(2))
	}
	status, err := nemStatus(n.line, n.field(3))
	if err != nil {
		return err
	}
	for i := from - 1; i < to; i++ {
		if d.covered[i] {
			return lineError(n.line, "400 records that do not overlap", n.field(1)+","+n.field(2))
		}
		d.covered[i] = true
		d.values[i] = d.values[i].as(status)
	}
	return nil
}

// flush adds the day that waited for its 400 records.
func (n *nem12Reader) flush() error {
	d := &n.today
	if d.start == 0 {
		return nil
	}
	start := d.start
	d.start = 0
	for i, v := range d.values {
		if d.varies && !d.covered[i] {
			return lineError(d.line, fmt.Sprintf("400 records with the quality of all %d readings", len(d.values)), fmt.Sprintf("none for reading %d", i+1))
		}
		r := row{line: d.line, at: start + int64(i*n.step)}
		r.value[n.channel()] = v
		if err := n.feed.add(r); err != nil {
			return err
		}
	}
	return nil
}
