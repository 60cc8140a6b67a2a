package source

import (
	"io"
	"strings"
)

// Liander, a Dutch network operator, answers customers with registers that only
// count up, in kWh, on the local clock:
//
//	eancodeasn,meternummer,meterreadingdate,reading1,usage1,reading2,usage2,reading3,usage3,reading4,usage4
//	871687120061402458,E0045003866355817,06-06-2023,15630.4,4.2,17779.3,7.4,0,0,0,0
//
// 1 and 2 are import at normal and low tariff, 3 and 4 what was fed in; a meter
// whose number begins with G is for gas and left out. The files seen have one
// reading a day, which is too coarse to be sealed; times are read where they are.

// ReadLiander reads a Liander file of registers.
func ReadLiander(r io.Reader, o Options) (*File, error) { return liander.readOne(r, o) }

var liander = format{name: Liander, recognise: isLiander, read: readLiander}

var lianderHeader = []string{"eancodeasn", "meternummer", "meterreadingdate", "reading1", "reading2", "reading3", "reading4"}

func isLiander(b beginning) bool { return b.hasHeader(',', lianderHeader...) }

func readLiander(in *input, t *table) error {
	c := newCells(in, ',')
	at, err := c.header(lianderHeader...)
	if err != nil {
		return err
	}
	width := len(c.fields)
	zone, err := t.clockZone("Europe/Amsterdam")
	if err != nil {
		return err
	}
	t.stamps, t.unit = "instant of a register", "kWh"
	for c.next(width) {
		if strings.HasPrefix(c.fields[at["meternummer"]], "G") {
			t.note("rows of a gas meter are left out")
			continue
		}
		stamp := c.fields[at["meterreadingdate"]]
		if w, ok := scanStamp(stamp); ok && w.hasDate && !w.hasTime {
			return lineError(c.line, "a time of day beside the date: one reading a day is too coarse, 60, 30, 15, 10 or 5 minutes can be sealed", stamp)
		}
		wall, err := parseStamp(c.line, stamp, dayMonthYear)
		if err != nil {
			return err
		}
		for tariff, columns := range [][2]int{{at["reading1"], at["reading3"]}, {at["reading2"], at["reading4"]}} {
			name := []string{"normal tariff", "low tariff"}[tariff]
			f, err := t.feed(c.line, c.fields[at["eancodeasn"]], name, 1<<Import|1<<Export, layout{zone: zone, levels: true})
			if err != nil {
				return err
			}
			if err := t.addLevels(f, c, wall, columns); err != nil {
				return err
			}
		}
	}
	return c.err
}
