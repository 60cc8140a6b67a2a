package source

import (
	"io"
	"strings"
)

// The customer portals of AGL and others in Victoria and further Australian
// states, "MyUsageData":
//
//	AccountNumber,NMI,DeviceNumber,DeviceType,RegisterCode,RateTypeDescription,StartDate,EndDate,ProfileReadValue,RegisterReadValue,QualityFlag
//	7046396094,6001340461,229641,MRIM,29641#E1,Generalusage,26/9/18 0:00,26/9/18 0:29,0.813,0,A
//
// Day before month, or 21/05/2024 12:00:00 AM; the end is the last minute or
// second. kWh. Registers E1, E2 … are import, B1 … what was fed in. Local clock
// without offset; which state's, the file does not say, so that the user must
// name the zone. The hour that clocks repeat stands once.

// ReadVictoria reads a MyUsageData file of an Australian customer portal.
func ReadVictoria(r io.Reader, o Options) (*File, error) { return victoria.readOne(r, o) }

var victoria = format{name: Victoria, recognise: isVictoria, read: readVictoria}

var victoriaHeader = []string{"nmi", "registercode", "startdate", "enddate", "profilereadvalue", "qualityflag"}

func isVictoria(b beginning) bool { return b.hasHeader(',', victoriaHeader...) }

func readVictoria(in *input, t *table) error {
	c := newCells(in, ',')
	at, err := c.header(victoriaHeader...)
	if err != nil {
		return err
	}
	width := len(c.fields)
	zone, err := t.clockZone("")
	if err != nil {
		return err
	}
	t.stamps, t.unit = "start and end", "kWh"
	s := &span{zone: zone}
	for c.next(width) {
		if err := t.victoriaRow(c, at, s); err != nil {
			return err
		}
	}
	return c.err
}

func (t *table) victoriaRow(c *cells, at map[string]int, s *span) error {
	cell := func(name string) string { return c.fields[at[name]] }
	_, register, _ := strings.Cut(cell("registercode"), "#")
	channel := none
	switch {
	case len(register) == 2 && register[0] == 'E':
		channel = Import
	case len(register) == 2 && register[0] == 'B':
		channel = Export
	default:
		return lineError(c.line, "a register code such as 29641#E1 or 29641#B1", cell("registercode"))
	}
	r := row{line: c.line}
	var err error
	if r.at, err = parseStamp(c.line, cell("startdate"), dayMonthYear); err != nil {
		return err
	}
	until, err := parseStamp(c.line, cell("enddate"), dayMonthYear)
	if err != nil {
		return err
	}
	if err := s.lasts(c.line, r.at, until, cell("startdate")+" to "+cell("enddate")); err != nil {
		return err
	}
	v := &r.value[channel]
	if *v, err = t.reading(c.line, cell("profilereadvalue"), 3); err != nil {
		return err
	}
	if err := v.setQuality(c.line, cell("qualityflag")); err != nil {
		return err
	}
	f, err := t.feed(c.line, cell("nmi"), register, 1<<channel, layout{step: s.step, zone: s.zone})
	if err != nil {
		return err
	}
	return f.add(r)
}

// setQuality applies a quality flag of the Australian market: A actual; S, F
// substituted, E estimated, V several; N no data.
func (v *reading) setQuality(line int, flag string) error {
	switch {
	case v.status == Missing || flag == "A":
	case flag == "N":
		*v = reading{status: Missing}
	case len(flag) == 1 && strings.Contains("SFEVU", flag):
		v.status = Estimated
	default:
		return lineError(line, "a quality flag A, S, F, E, V, U or N", flag)
	}
	return nil
}
