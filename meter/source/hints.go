package source

import (
	"fmt"
	"strings"
)

// Hints says how a table of unknown make is to be read; what is left empty is
// worked out from the file. It is written as words: "order=dmy unit=kWh stamp=end".
type Hints struct {
	Delimiter string // "," ";" "|" or "tab"
	Decimal   string // "point" or "comma"
	Order     string // of dates: "ymd", "dmy" or "mdy"
	Count     string // what numbers count that are times: "unix" seconds or finer, "excel" days since 1900, "excel1904"
	Time      string // column with the time, or with date+time; "from" columns where there are two
	Stamp     string // what the time marks of an interval: "start" or "end"
	Import    string // column of what was taken from the grid; several, joined by +, are added up
	Export    string // column of what was fed into it; "none" to leave it
	Unit      string // "Wh", "kWh", "MWh", or mean power: "W", "kW"
	Kind      string // "interval", or "register" for readings of a counter
}

// fields names the parts of hints.
func (h *Hints) fields() map[string]*string {
	return map[string]*string{"delimiter": &h.Delimiter, "decimal": &h.Decimal, "order": &h.Order, "count": &h.Count, "time": &h.Time, "stamp": &h.Stamp,
		"import": &h.Import, "export": &h.Export, "unit": &h.Unit, "kind": &h.Kind}
}

// hintValues are the values that are words of ours; columns are the file's.
var hintValues = map[string][]string{
	"delimiter": {",", ";", "|", "tab"},
	"decimal":   {"point", "comma"},
	"order":     {"ymd", "dmy", "mdy"},
	"count":     {"unix", "excel", "excel1904"},
	"stamp":     {"start", "end"},
	"unit":      {"Wh", "kWh", "MWh", "W", "kW"},
	"kind":      {"interval", "register"},
}

// ParseHints reads words like order=dmy, or import="Usage (kWh)" where a
// column's name has spaces.
func ParseHints(s string) (Hints, error) {
	var h Hints
	fields := h.fields()
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		name, rest, found := strings.Cut(s, "=")
		field := fields[name]
		if !found || field == nil {
			return h, fmt.Errorf("hint: expected delimiter=, decimal=, order=, count=, time=, stamp=, import=, export=, unit= or kind=, found %q", clip(s))
		}
		if *field != "" {
			return h, fmt.Errorf("hint: %s is given twice", name)
		}
		if quoted, ok := strings.CutPrefix(rest, `"`); ok {
			if *field, s, ok = cutQuoted(quoted); !ok {
				return h, fmt.Errorf("hint: the quote of %s stays open", name)
			}
		} else {
			*field, s, _ = strings.Cut(rest, " ")
		}
		if *field == "" {
			return h, fmt.Errorf("hint: %s is empty", name)
		}
	}
	return h, h.check()
}

// A HintError refuses a table that leaves open what a hint would settle.
type HintError struct {
	Line     int      // 0 if it is about the whole file
	Hint     string   // its name: "order"
	Question string   // what the file leaves open, a phrase
	Values   []string // that the hint may take: words of ours, or columns of the file

	advice string
}

func (e *HintError) Error() string {
	text := e.Question + ": " + e.advice
	if e.Line > 0 {
		text = fmt.Sprintf("line %d: %s", e.Line, text)
	}
	return text
}

// With returns the hints and one more, such as a HintError asks for.
func (h Hints) With(name, value string) (Hints, error) {
	field := h.fields()[name]
	if field == nil {
		return h, fmt.Errorf("hint: there is no %s=", clip(name))
	}
	*field = value
	return h, h.check()
}

// check refuses values that mean nothing.
func (h *Hints) check() error {
	for name, field := range h.fields() {
		allowed := hintValues[name]
		if *field == "" || allowed == nil {
			continue
		}
		known := false
		for _, a := range allowed {
			known = known || a == *field
		}
		if !known {
			return fmt.Errorf("hint: %s=%s, expected one of %s", name, clip(*field), strings.Join(allowed, " "))
		}
	}
	return nil
}
