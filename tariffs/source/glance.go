package source

import (
	"bytes"
	"errors"
)

// A glance is a file as detection sees it: parsed as JSON or as TOML where that
// is possible.
type glance struct {
	data       []byte
	json, toml *node
	err        error // why what looks like JSON is none
}

func look(f File) glance {
	g := glance{data: f.Data}
	switch text := bytes.TrimSpace(bytes.TrimPrefix(f.Data, []byte("\ufeff"))); {
	case len(text) > 0 && (text[0] == '{' || text[0] == '['):
		g.json, g.err = parseJSON(&sheet{}, f.Data)
		if g.err == nil {
			return g
		}
		if root, err := parseTOML(&sheet{}, f.Data); err == nil {
			g.toml = root // a book that begins with a table
		}
	default:
		if root, err := parseTOML(&sheet{}, f.Data); err == nil {
			g.toml = root
		}
	}
	return g
}

// otherwise says what a file is that no format reads, if it can be told.
func (g glance) otherwise() string {
	switch {
	case g.json.at("openapi") != nil:
		return "is the description of an interface (OpenAPI), not a tariff"
	case g.json.at("tariff") != nil || g.json.at("x-hushwatt") != nil:
		return "is a tariff document of ours already"
	case g.json != nil:
		return "is JSON, but no tariff in a known form"
	case g.toml.at("program") != nil:
		return "is a program beside a tariff (its events are named later), not a tariff"
	case isHolidays(g.data):
		return "is a list of holidays, not a tariff: give it with --holidays"
	case g.err != nil && g.toml == nil:
		return g.err.Error()
	}
	return "is no tariff in a known form"
}

var errNoHolidays = errors.New("no holidays found: expected lines or lists with dates YYYY-MM-DD")
