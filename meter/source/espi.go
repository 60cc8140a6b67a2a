package source

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"hushwatt/meter/slots"
)

// Green Button is the North American download (NAESB REQ.21, ESPI): an Atom feed
// whose entries hold a UsagePoint, its MeterReadings, their ReadingType and blocks
// of IntervalReadings. Links tie the entries together; elements are told by the
// namespace http://naesb.org/espi, whatever its prefix. Of a ReadingType count:
//
//	uom 72 (Wh)                     with powerOfTenMultiplier; other quantities are not read
//	flowDirection 1, 0, 4           delivered, not said, net: energy to the customer (net may be negative)
//	flowDirection 19                from the customer
//	accumulationBehaviour 4, 0      energy of an interval
//	accumulationBehaviour 1, 2, 3   a register's level at the end of the interval
//
// Quality 7 to 10 and 12 (edited, estimated, questionable, projected) mean
// estimated. timePeriod/start is seconds of UTC by the standard. Some utilities
// write the local clock into it: day blocks that begin at midnight UTC, in a file
// that is not of a place on UTC, leave it open, and the user is asked.

const espiSpace = "http://naesb.org/espi"

// ReadESPI reads a Green Button file.
func ReadESPI(r io.Reader, o Options) (*File, error) { return espi.readOne(r, o) }

var espi = format{name: ESPI, recognise: isESPI, read: readESPI}

func isESPI(b beginning) bool {
	return strings.HasPrefix(b.line, "<") && strings.Contains(b.text, espiSpace)
}

func readESPI(in *input, t *table) error {
	t.zone, t.clock, t.unit, t.stamps = "UTC", "UTC", "Wh", "start"
	e := &espiReader{t: t, xml: xml.NewDecoder(in), types: map[string]*espiType{}, typeOf: map[string]string{}, gas: map[string]bool{}}
	e.xml.CharsetReader = singleByte
	for {
		token, err := e.xml.Token()
		if errors.Is(err, io.EOF) {
			return e.finish()
		}
		if err != nil {
			return e.fail(err)
		}
		if start, ok := token.(xml.StartElement); ok {
			err = e.element(start)
		}
		if err != nil {
			return err
		}
	}
}

// singleByte reads the old encodings of a byte a letter. Only names and titles have
// letters outside ASCII, and nothing is made of those: which they are does not matter.
func singleByte(charset string, src io.Reader) (io.Reader, error) {
	switch strings.ToLower(charset) {
	case "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252":
		return &asciiOnly{src}, nil
	}
	return nil, fmt.Errorf("the encoding %q is not known: save the file as UTF-8", charset)
}

// asciiOnly puts a question mark for every byte that is not ASCII.
type asciiOnly struct{ src io.Reader }

func (a *asciiOnly) Read(p []byte) (int, error) {
	n, err := a.src.Read(p)
	for i, b := range p[:n] {
		if b >= 0x80 {
			p[i] = '?'
		}
	}
	return n, err
}

type espiReader struct {
	t   *table
	xml *xml.Decoder

	self, up string // links of the entry at hand
	related  []string
	types    map[string]*espiType // ReadingTypes by their self link
	typeOf   map[string]string    // self link of a MeterReading → that of its ReadingType
	gas      map[string]bool      // usage points that are not of electricity
	last     *espiType            // the ReadingType before, for files without links
	held     []espiBlock          // blocks of which the type is not known yet
	offset   *int64               // of the local clock from UTC, if the file says
}

// espiType is a ReadingType, as far as it concerns us.
type espiType struct {
	Accumulation int    `xml:"http://naesb.org/espi accumulationBehaviour"`
	Commodity    int    `xml:"http://naesb.org/espi commodity"`
	Quality      int    `xml:"http://naesb.org/espi defaultQuality"`
	Flow         int    `xml:"http://naesb.org/espi flowDirection"`
	Length       int    `xml:"http://naesb.org/espi intervalLength"`
	Power        int    `xml:"http://naesb.org/espi powerOfTenMultiplier"`
	TOU          string `xml:"http://naesb.org/espi tou"`
	Unit         int    `xml:"http://naesb.org/espi uom"`
}

// espiReading is an IntervalReading.
type espiReading struct {
	Duration int64  `xml:"http://naesb.org/espi timePeriod>duration"`
	Start    *int64 `xml:"http://naesb.org/espi timePeriod>start"`
	Value    string `xml:"http://naesb.org/espi value"`
	Quality  []int  `xml:"http://naesb.org/espi ReadingQuality>quality"`
	line     int
}

// espiBlock is an IntervalBlock that waits for its ReadingType.
type espiBlock struct {
	reading  string // self link of its MeterReading
	readings []espiReading
}

func (e *espiReader) line() int {
	line, _ := e.xml.InputPos()
	return line
}

func (e *espiReader) fail(err error) error {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("line %d: %s", syntax.Line, syntax.Msg)
	}
	return fmt.Errorf("line %d: %w", e.line(), err)
}

// decode reads an element into v.
func (e *espiReader) decode(v any, start xml.StartElement) error {
	if err := e.xml.DecodeElement(v, &start); err != nil {
		return e.fail(err)
	}
	return nil
}

// element handles the beginning of an element of which the parents do not matter.
func (e *espiReader) element(start xml.StartElement) error {
	switch name := start.Name.Local; {
	case name == "entry":
		e.self, e.up, e.related = "", "", nil
	case name == "link":
		e.link(start)
	case start.Name.Space != espiSpace:
	case name == "UsagePoint":
		return e.usagePoint(start)
	case name == "LocalTimeParameters":
		return e.localTime(start)
	case name == "MeterReading":
		for _, href := range e.related {
			if strings.Contains(href, "/ReadingType/") {
				e.typeOf[e.self] = href
			}
		}
	case name == "ReadingType":
		kind := &espiType{}
		if err := e.decode(kind, start); err != nil {
			return err
		}
		e.last, e.types[e.self] = kind, kind
	case name == "IntervalBlock":
		return e.block()
	}
	return nil
}

func (e *espiReader) link(start xml.StartElement) {
	var rel, href string
	for _, a := range start.Attr {
		switch a.Name.Local {
		case "rel":
			rel = a.Value
		case "href":
			href = a.Value
		}
	}
	switch rel {
	case "self":
		e.self = href
	case "up":
		e.up = href
	case "related":
		if len(e.related) < maxFeeds {
			e.related = append(e.related, href)
		}
	}
}

func (e *espiReader) usagePoint(start xml.StartElement) error {
	var point struct {
		Kind int `xml:"http://naesb.org/espi ServiceCategory>kind"`
	}
	err := e.decode(&point, start)
	e.gas[espiName(e.self, "UsagePoint")] = point.Kind != 0
	return err
}

func (e *espiReader) localTime(start xml.StartElement) error {
	var local struct {
		Offset int64 `xml:"http://naesb.org/espi tzOffset"`
	}
	err := e.decode(&local, start)
	e.offset = &local.Offset
	return err
}

// espiName returns what follows KIND/ in a link, "" if nothing does.
func espiName(href, kind string) string {
	_, rest, _ := strings.Cut(href, "/"+kind+"/")
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// block reads an IntervalBlock, reading by reading.
func (e *espiReader) block() error {
	reading := e.up
	if path.Base(reading) == "IntervalBlock" {
		reading = path.Dir(reading)
	}
	kind := e.kind(reading)
	var held []espiReading
	for {
		token, err := e.xml.Token()
		if err != nil {
			return e.fail(err)
		}
		start, ok := token.(xml.StartElement)
		if end, over := token.(xml.EndElement); over && end.Name.Local == "IntervalBlock" {
			break
		}
		switch {
		case !ok || start.Name.Space != espiSpace:
		case start.Name.Local == "interval":
			err = e.interval(start)
		case start.Name.Local == "IntervalReading":
			r := espiReading{line: e.line()}
			if err = e.decode(&r, start); err == nil && kind != nil {
				err = e.add(reading, kind, r)
			} else if err == nil {
				held = append(held, r)
			}
		}
		if err != nil {
			return err
		}
	}
	if len(held) > 0 {
		e.held = append(e.held, espiBlock{reading, held})
	}
	return nil
}

// kind returns the ReadingType of a MeterReading, nil if it is not known yet.
func (e *espiReader) kind(reading string) *espiType {
	if href, linked := e.typeOf[reading]; linked {
		return e.types[href]
	}
	if reading == "" {
		return e.last // no links: the type is the one before
	}
	return nil
}

// interval looks at a block's own period, which may show that its clock is local.
func (e *espiReader) interval(start xml.StartElement) error {
	var period struct {
		Duration int64 `xml:"http://naesb.org/espi duration"`
		Start    int64 `xml:"http://naesb.org/espi start"`
	}
	line := e.line()
	if err := e.decode(&period, start); err != nil {
		return err
	}
	day := period.Duration >= secondsPerDay-3600 && period.Duration <= secondsPerDay+3600
	open := day && period.Start%secondsPerDay == 0 && (e.offset == nil || *e.offset != 0)
	if open && e.t.o.choice("epoch") == "" {
		return ask(line, "epoch", "days begin at midnight UTC, though the file is not said to be of a place on UTC")
	}
	return nil
}

// add puts a reading into its register.
func (e *espiReader) add(reading string, kind *espiType, r espiReading) error {
	point := espiName(reading, "UsagePoint")
	register := espiName(reading, "MeterReading")
	channel, l, ok := kind.layout()
	if !ok || e.gas[point] {
		if register == "" {
			register = fmt.Sprintf("uom %d", kind.Unit)
		}
		return e.t.pass(r.line, point, register)
	}
	if r.Start == nil {
		return lineError(r.line, "an IntervalReading with timePeriod and start", "none")
	}
	if kind.TOU != "" && kind.TOU != "0" {
		register += " tou " + kind.TOU
	}
	v, err := e.t.reading(r.line, strings.TrimSpace(r.Value), kind.Power)
	if err != nil {
		return err
	}
	if e.t.o.choice("epoch") == "local" {
		if l.zone, err = e.t.localZone(""); err != nil {
			return err
		}
		e.t.zone, e.t.clock = l.zone.String(), ""
	}
	f, err := e.t.feed(r.line, point, register, 1<<channel, l)
	if err != nil {
		return err
	}
	line := row{line: r.line, at: *r.Start}
	switch {
	case l.levels:
		line.at += r.Duration
	case l.zone == nil && int(r.Duration) != l.step:
		line.until = line.at + r.Duration
	case int(r.Duration) != l.step:
		return lineError(r.line, fmt.Sprintf("a duration of %d seconds", l.step), strconv.FormatInt(r.Duration, 10))
	}
	line.value[channel] = v.as(kind.status(r.Quality))
	return f.add(line)
}

// layout says what readings of a type mean; !ok if they are not read.
func (k *espiType) layout() (channel int, l layout, ok bool) {
	const wattHours, electricity, primary, secondary = 72, 0, 1, 2
	if k.Unit != wattHours || k.Commodity < electricity || k.Commodity > secondary || k.Power < -18 || k.Power > 12 {
		return 0, l, false
	}
	switch k.Flow {
	case 0, 1, 4:
		channel = Import
	case 19:
		channel = Export
	default:
		return 0, l, false
	}
	switch k.Accumulation {
	case 0, 4:
		if l.step = k.Length; l.step != 0 && !slots.ValidStep(l.step) {
			return 0, l, false // days or months
		}
	case 1, 2, 3:
		l.levels = true
	default:
		return 0, l, false
	}
	return channel, l, true
}

// finish reads the blocks that waited for their types, and settles which registers
// make up a direction.
func (e *espiReader) finish() error {
	for _, b := range e.held {
		kind := e.kind(b.reading)
		if kind == nil && len(e.types) == 1 {
			kind = e.last
		}
		if kind == nil {
			return lineError(b.readings[0].line, "an IntervalReading of which the ReadingType is in the file", b.reading)
		}
		for _, r := range b.readings {
			if err := e.add(b.reading, kind, r); err != nil {
				return err
			}
		}
	}
	for _, name := range e.t.order {
		if p := e.t.points[name]; p != nil {
			for channel := range 2 {
				if err := p.oneRegister(channel); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// oneRegister keeps, of several MeterReadings of one direction, those that say
// most: energy of intervals rather than levels, and the shortest intervals. What is
// left must be parts of one whole, by time of use.
func (p *point) oneRegister(channel int) error {
	best := func(better func(a, b *feed) bool) {
		for _, a := range p.feeds {
			for _, b := range p.feeds {
				if a.grids[channel] != nil && b.grids[channel] != nil && better(a, b) {
					p.unused(b.register)
					b.grids[channel] = nil
				}
			}
		}
	}
	best(func(a, b *feed) bool { return !a.levels && b.levels })
	for _, f := range p.feeds {
		if err := f.finish(); err != nil {
			return err
		}
	}
	best(func(a, b *feed) bool { return a.step < b.step && a.register != b.register })
	var whole []string
	parts := 0
	for _, f := range p.feeds {
		if f.grids[channel] == nil || slices.Contains(whole, f.register) {
			continue
		}
		if strings.Contains(f.register, " tou ") {
			parts++
		} else {
			whole = append(whole, f.register)
		}
	}
	if len(whole) > 1 || len(whole) == 1 && parts > 0 {
		return fmt.Errorf("usage point %s has several registers of energy in one direction, choose one: %s", p.name, strings.Join(whole, ", "))
	}
	return nil
}

// status is what quality codes come to.
func (k *espiType) status(codes []int) Status {
	if len(codes) == 0 {
		codes = []int{k.Quality}
	}
	for _, code := range codes {
		if code >= 7 && code <= 10 || code == 12 {
			return Estimated
		}
	}
	return Measured
}
