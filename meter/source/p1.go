package source

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"hushwatt/meter/slots"
)

// P1 is the customer's port of Dutch and Belgian meters (DSMR 2.2 to 5). Every few
// seconds it says a telegram:
//
//	/ISk5\2MT382-1000
//
//	1-3:0.2.8(50)
//	0-0:1.0.0(101209113020W)
//	0-0:96.1.1(4B384547303034303436333935353037)
//	1-0:1.8.1(123456.789*kWh)
//	1-0:2.8.1(123456.789*kWh)
//	!EF2F
//
// 1.8.1 and 1.8.2 are registers of energy to the customer by tariff, 2.8.1 and
// 2.8.2 from the customer; 1.8.0 and 2.8.0 are read where those are not there.
// 0-0:1.0.0 is the time on the Dutch clock, S in summer and W in winter, so that
// every telegram stands for itself. Before version 4.0 a telegram has neither time
// nor check: its log must have a line with the time, such as
// 2015-03-01T12:00:00+01:00, before each one. From 4.0 on, what follows the "!"
// is the CRC-16 of everything from "/" to "!", with lines that end in CR LF.
//
// A log becomes slots by the registers at the slots' edges: a telegram within a
// tenth of a slot stands for an edge. Between telegrams that are further off, a
// register is taken to have counted evenly, and the slots are estimated. A single
// telegram has no interval.

// ReadP1 reads a log of P1 telegrams.
func ReadP1(r io.Reader, o Options) (*File, error) { return p1.readOne(r, o) }

var p1 = format{name: P1, recognise: isP1, read: readP1}

func isP1(b beginning) bool {
	line := b.line
	if _, err := time.Parse(time.RFC3339, line); err == nil {
		_, rest, _ := strings.Cut(b.text, "\n")
		line = strings.TrimSpace(rest)
	}
	return len(line) > 4 && line[0] == '/' && strings.Contains(b.text, "1-0:1.8.")
}

// defaultP1Step is the settlement period of the Netherlands and Belgium.
const defaultP1Step = 900

func readP1(in *input, t *table) error {
	t.zone, t.clock, t.unit, t.stamps = "offset", "telegrams say summer or winter time", "kWh", "instant of a register"
	p := &p1Reader{t: t, in: bufio.NewScanner(in), step: defaultP1Step, feeds: map[string]*feed{}}
	if t.o.Step != 0 {
		p.step = t.o.Step
	}
	if !slots.ValidStep(p.step) {
		return fmt.Errorf("slots of %s: 60, 30, 15, 10 or 5 minutes can be sealed", slots.Minutes(p.step))
	}
	for {
		tg, err := p.telegram()
		if err != nil {
			return err
		}
		if tg == nil {
			return p.finish()
		}
		if err := p.take(tg); err != nil {
			return err
		}
	}
}

type p1Reader struct {
	t      *table
	in     *bufio.Scanner
	line   int
	logged int64 // time of the log's own line before a telegram, 0 for none

	step      int
	feeds     map[string]*feed // by code
	telegrams int
	last      *telegram
	edge      int64 // the last edge of slots that was settled
}

// telegram is what a P1 port says of energy at an instant.
type telegram struct {
	line   int
	at     int64
	meter  string
	levels map[string]p1Level // by OBIS code
	crc    uint16
}

type p1Level struct {
	wh     energy
	digits int // before the point of kWh
}

// p1Registers are the codes of energy in the order in which they are read.
var p1Registers = []struct {
	code    string
	channel int
	instead []string // codes of the same energy by tariff
}{
	{"1-0:1.8.1", Import, nil}, {"1-0:1.8.2", Import, nil}, {"1-0:2.8.1", Export, nil}, {"1-0:2.8.2", Export, nil},
	{"1-0:1.8.0", Import, []string{"1-0:1.8.1", "1-0:1.8.2"}}, {"1-0:2.8.0", Export, []string{"1-0:2.8.1", "1-0:2.8.2"}},
}

// telegram reads the next telegram, nil at the end of the log.
func (p *p1Reader) telegram() (*telegram, error) {
	for p.scan() {
		text := strings.TrimSpace(p.in.Text())
		switch at, err := time.Parse(time.RFC3339, text); {
		case text == "":
		case err == nil:
			p.logged = at.Unix()
		case text[0] == '/':
			return p.body()
		default:
			return nil, lineError(p.line, `a telegram, which begins with "/"`, text)
		}
	}
	return nil, p.failed()
}

// failed is what stopped the scanner, nil at the end of the log.
func (p *p1Reader) failed() error {
	if err := p.in.Err(); err != nil {
		return fmt.Errorf("line %d: %w", p.line, err)
	}
	return nil
}

func (p *p1Reader) scan() bool {
	p.line++
	return p.in.Scan()
}

// body reads a telegram of which the first line is at hand.
func (p *p1Reader) body() (*telegram, error) {
	tg := &telegram{line: p.line, at: p.logged, levels: map[string]p1Level{}}
	p.logged = 0
	for more := true; more; more = p.scan() {
		text := strings.TrimRight(p.in.Text(), "\r")
		if text != "" && text[0] == '!' {
			return tg, p.check(tg, strings.TrimSpace(text[1:]))
		}
		tg.sum(text + "\r\n")
		if err := p.object(tg, text); err != nil {
			return nil, err
		}
	}
	if err := p.failed(); err != nil {
		return nil, err
	}
	return nil, lineError(p.line, `the end of the telegram, "!"`, "")
}

// object reads a line such as 1-0:1.8.1(123456.789*kWh); others are none of ours.
func (p *p1Reader) object(tg *telegram, text string) error {
	code, rest, found := strings.Cut(text, "(")
	value, _, closed := strings.Cut(rest, ")")
	if !found || !closed {
		return nil
	}
	switch code {
	case "0-0:1.0.0":
		at, err := parseP1Time(p.line, value)
		tg.at = at
		return err
	case "0-0:96.1.1":
		if name, err := hex.DecodeString(value); err == nil && isName(string(name)) {
			tg.meter = string(name)
		}
		return nil
	}
	for _, r := range p1Registers {
		if r.code != code {
			continue
		}
		number, unit, _ := strings.Cut(value, "*")
		scale, known := energyUnits[strings.ToLower(unit)]
		if !known {
			return lineError(p.line, "a register in kWh or Wh", value)
		}
		v, err := p.t.reading(p.line, number, scale)
		if err != nil || v.status == Missing {
			return lineError(p.line, "a register in kWh or Wh", value)
		}
		whole, _, _ := strings.Cut(number, ".")
		tg.levels[code] = p1Level{v.wh, max(0, len(whole)+scale-3)}
	}
	return nil
}

// parseP1Time reads 101209113020W.
func parseP1Time(line int, s string) (int64, error) {
	if len(s) == 13 {
		wall, err := time.Parse("060102150405", s[:12])
		offset, known := map[byte]int64{'S': 2 * 3600, 'W': 3600}[s[12]]
		if err == nil && known {
			return wall.Unix() - offset, nil
		}
	}
	return 0, lineError(line, "a time such as 101209113020W, with S or W for summer or winter", s)
}

// check compares the telegram's CRC with the one behind its "!".
func (p *p1Reader) check(tg *telegram, written string) error {
	tg.sum("!")
	if written == "" {
		return nil // before version 4.0 there is none
	}
	want, err := strconv.ParseUint(written, 16, 16)
	if err != nil || len(written) != 4 {
		return lineError(p.line, `four digits of a CRC after "!"`, written)
	}
	if uint16(want) != tg.crc {
		return lineError(p.line, fmt.Sprintf("the CRC %04X of the telegram from line %d on: it was damaged", tg.crc, tg.line), written)
	}
	return nil
}

// sum carries the CRC-16 (polynomial x^16+x^15+x^2+1, reflected, from zero) on.
func (tg *telegram) sum(s string) {
	for i := range len(s) {
		tg.crc ^= uint16(s[i])
		for range 8 {
			low := tg.crc & 1
			tg.crc >>= 1
			if low != 0 {
				tg.crc ^= 0xa001
			}
		}
	}
}

// take settles the edges between the telegram before and this one.
func (p *p1Reader) take(tg *telegram) error {
	p.telegrams++
	if tg.at == 0 {
		return lineError(tg.line, "a telegram with its time, 0-0:1.0.0, or before it a line of the log with the time", "none")
	}
	step, near := int64(p.step), int64(p.step)/10
	before := p.last
	p.last = tg
	if before == nil {
		p.edge = tg.at - tg.at%step // the first edge that a telegram may stand for
		if tg.at-p.edge > near {
			return nil
		}
		return p.emit(tg, p.edge, Measured)
	}
	if tg.at < before.at {
		return lineError(tg.line, "telegrams in order of time", slots.Stamp(tg.at))
	}
	for edge := p.edge + step; edge <= tg.at; edge += step {
		p.edge = edge
		nearest, off := before, edge-before.at
		if tg.at-edge < off {
			nearest, off = tg, tg.at-edge
		}
		var err error
		switch {
		case off <= near:
			err = p.emit(nearest, edge, Measured)
		case tg.meter == before.meter:
			err = p.emit(between(before, tg, edge), edge, Estimated)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// between makes up what the meter would have said at an instant between two
// telegrams, had its registers counted evenly. One that fell is left out.
func between(a, b *telegram, at int64) *telegram {
	made := &telegram{line: b.line, at: at, meter: b.meter, levels: map[string]p1Level{}}
	for code, to := range b.levels {
		from, there := a.levels[code]
		if there && !to.wh.less(from.wh) {
			part := to.wh.sub(from.wh).times(uint64(at-a.at), uint64(b.at-a.at))
			made.levels[code] = p1Level{from.wh.add(part), to.digits}
		}
	}
	return made
}

// finish settles the edge that the last telegram is close to.
func (p *p1Reader) finish() error {
	if p.telegrams == 1 {
		return errors.New("one telegram gives the level of registers but no interval: log telegrams for an hour at least")
	}
	if p.last == nil {
		return nil
	}
	if step := int64(p.step); p.edge+step-p.last.at <= step/10 {
		return p.emit(p.last, p.edge+step, Measured)
	}
	return nil
}

// emit adds a telegram's registers as their levels at an edge.
func (p *p1Reader) emit(tg *telegram, edge int64, status Status) error {
	read := 0
	for _, r := range p1Registers {
		level, there := tg.levels[r.code]
		for _, code := range r.instead {
			if _, by := tg.levels[code]; by {
				there = false
			}
		}
		if !there {
			continue
		}
		read++
		f, err := p.feed(tg.line, r.code, r.channel, level.digits)
		if err != nil {
			return err
		}
		row := row{line: tg.line, at: edge, meter: tg.meter}
		row.value[r.channel] = reading{wh: level.wh, status: status}
		if err := f.add(row); err != nil {
			return err
		}
	}
	if read == 0 && status == Measured {
		return lineError(tg.line, "a telegram with a register of energy, such as 1-0:1.8.1", "none")
	}
	return nil
}

// feed returns a register's feed; its first telegram says how many digits it has.
func (p *p1Reader) feed(line int, code string, channel, digits int) (*feed, error) {
	if f, there := p.feeds[code]; there {
		return f, nil
	}
	f, err := p.t.feed(line, "", code, 1<<channel, layout{step: p.step, levels: true, zeros: channel == Export, digits: digits})
	p.feeds[code] = f
	return f, err
}
