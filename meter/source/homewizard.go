package source

import (
	"io"
	"strings"
)

// HomeWizard Energy, a reader on the customer's port of Dutch and Belgian meters.
// Registers in kWh that only count up, on the local clock without offset:
//
//	time,Import T1 kWh,Import T2 kWh,Export T1 kWh,Export T2 kWh
//	2022-09-01 00:00,8350.274,4650.277,3095.077,7450.128
//
// A kWh meter of its own has one register each way: time,Import kWh,Export kWh,
// and peaks of the phases, which are not energy.

// ReadHomeWizard reads a HomeWizard Energy export of registers.
func ReadHomeWizard(r io.Reader, o Options) (*File, error) { return homeWizard.readOne(r, o) }

var homeWizard = format{name: HomeWizard, recognise: isHomeWizard, read: readHomeWizard}

// isHomeWizard wants these titles and no others: a table of hours might be called
// import kWh, too, and it is not of registers.
func isHomeWizard(b beginning) bool {
	const titles = "|time|import t1 kwh|import t2 kwh|export t1 kwh|export t2 kwh|import kwh|export kwh|l1 max w|l2 max w|l3 max w|"
	for _, title := range splitHeader(b.line) {
		if !strings.Contains(titles, "|"+title+"|") {
			return false
		}
	}
	return b.hasHeader(',', "time", "import t1 kwh") || b.hasHeader(',', "time", "import kwh", "l1 max w")
}

// homeWizardRegisters are the registers of one meter by the columns of their two
// directions.
var homeWizardRegisters = []struct {
	name    string
	columns [2]string
}{
	{"T1", [2]string{"import t1 kwh", "export t1 kwh"}},
	{"T2", [2]string{"import t2 kwh", "export t2 kwh"}},
	{"", [2]string{"import kwh", "export kwh"}},
}

func readHomeWizard(in *input, t *table) error {
	c := newCells(in, ',')
	at, err := c.header("time")
	if err != nil {
		return err
	}
	width := len(c.fields)
	zone, err := t.clockZone("Europe/Amsterdam")
	if err != nil {
		return err
	}
	t.stamps, t.unit = "instant of a register", "kWh"
	var feeds []*feed
	var columns [][2]int
	for _, register := range homeWizardRegisters {
		channels, places := 0, [2]int{none, none}
		for channel, name := range register.columns {
			if i, ok := at[name]; ok {
				channels, places[channel] = channels|1<<channel, i
			}
		}
		if channels == 0 {
			continue
		}
		f, err := t.feed(c.line, "", register.name, channels, layout{zone: zone, levels: true})
		if err != nil {
			return err
		}
		feeds, columns = append(feeds, f), append(columns, places)
	}
	if len(feeds) == 0 {
		return lineError(c.line, "columns such as Import T1 kWh", strings.Join(c.fields, ","))
	}
	for c.next(width) {
		wall, err := parseStamp(c.line, c.fields[at["time"]], yearMonthDay)
		if err != nil {
			return err
		}
		for i, f := range feeds {
			if err := t.addLevels(f, c, wall, columns[i]); err != nil {
				return err
			}
		}
	}
	return c.err
}

// addLevels adds the levels of one row, in kWh; a column may be none.
func (t *table) addLevels(f *feed, c *cells, at int64, columns [2]int) (err error) {
	r := row{line: c.line, at: at}
	for channel, column := range columns {
		r.value[channel] = reading{status: Missing}
		if column == none {
			continue
		}
		if r.value[channel], err = parseReading(c.line, c.fields[column], 3); err != nil {
			return err
		}
	}
	return f.add(r)
}
