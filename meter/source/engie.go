package source

import (
	"io"
	"strings"
)

// Engie, a Dutch supplier: hours with the start's offset, kWh, every cell quoted.
//
//	"Datum","EAN","Verbruik","Type","Piek"
//	"2021-12-25T00:00:00+01:00","871687120061402458","0.742","Elektriciteit","false"
//
// Type is Elektriciteit, Teruglevering (fed in) or Gas, which is left out. Piek
// says at which tariff the hour was; each hour stands once.

// ReadEngie reads an Engie export.
func ReadEngie(r io.Reader, o Options) (*File, error) { return engie.readOne(r, o) }

var engie = format{name: Engie, recognise: isEngie, read: readEngie}

var engieHeader = []string{"datum", "ean", "verbruik", "type"}

func isEngie(b beginning) bool { return b.hasHeader(',', engieHeader...) }

func readEngie(in *input, t *table) error {
	c := newCells(in, ',')
	at, err := c.header(engieHeader...)
	if err != nil {
		return err
	}
	width := len(c.fields)
	t.zone, t.unit, t.stamps = "offset", "kWh", "start"
	for c.next(width) {
		kind := strings.ToLower(c.fields[at["type"]])
		channel, ok := map[string]int{"elektriciteit": Import, "teruglevering": Export, "gas": none}[kind]
		if !ok {
			return lineError(c.line, "Elektriciteit, Teruglevering or Gas", c.fields[at["type"]])
		}
		if channel == none {
			t.note("rows of gas are left out")
			continue
		}
		f, err := t.feed(c.line, c.fields[at["ean"]], kind, 1<<channel, layout{})
		if err != nil {
			return err
		}
		r := row{line: c.line}
		if r.at, err = parseOffset(c.line, c.fields[at["datum"]]); err != nil {
			return err
		}
		if r.value[channel], err = t.reading(c.line, c.fields[at["verbruik"]], 3); err != nil {
			return err
		}
		if err := f.add(r); err != nil {
			return err
		}
	}
	return c.err
}
