package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// n3rgy, a British service that hands customers their smart meter's readings:
//
//	{"resource": "/electricity/consumption/1", "granularity": "halfhour", "unit": "kWh",
//	 "values": [{"value": 0.247, "timestamp": "2013-10-20 23:30"}]}
//
// Stamps are UTC and mark the end of the half-hour. Older answers call the value
// primaryValue. What was fed in comes as a resource of its own, …/production/1.

// ReadN3rgy reads answers of n3rgy, one after another.
func ReadN3rgy(r io.Reader, o Options) (*File, error) { return n3rgy.readOne(r, o) }

var n3rgy = format{name: N3rgy, recognise: isN3rgy, read: readN3rgy}

func isN3rgy(b beginning) bool {
	return strings.HasPrefix(b.line, "{") && strings.Contains(b.text, `"resource"`) && strings.Contains(b.text, `"values"`)
}

func readN3rgy(in *input, t *table) error {
	t.zone, t.clock, t.unit, t.stamps = "UTC", "UTC all year", "kWh", "end"
	p := &n3rgyAnswers{newJSONLines(in), t}
	for {
		err := p.answer()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

var n3rgyResources = [2]string{Import: "consumption", Export: "production"}

// n3rgyAnswers walks answers; people save several into one file.
type n3rgyAnswers struct {
	*jsonLines
	t *table
}

// answer reads one; io.EOF says that there is none.
func (p *n3rgyAnswers) answer() error {
	token, err := p.dec.Token()
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	if err != nil {
		return p.fail(err)
	}
	if token != json.Delim('{') {
		return lineError(p.line(), `an object with "values"`, fmt.Sprint(token))
	}
	channel, named, settled, found := Import, false, false, false
	for p.dec.More() {
		key, err := p.dec.Token()
		if err != nil {
			return p.fail(err)
		}
		if key == "values" {
			if err := p.values(channel); err != nil {
				return err
			}
			found, settled = true, true
			continue
		}
		var value any
		if err := p.dec.Decode(&value); err != nil {
			return p.fail(err)
		}
		if channel, err = p.about(key, fmt.Sprint(value), channel, settled); err != nil {
			return err
		}
		named = named || key == "resource"
	}
	if _, err := p.dec.Token(); err != nil { // the closing brace
		return p.fail(err)
	}
	if !found || !named {
		return lineError(p.line(), `the keys "resource" and "values"`, "not both")
	}
	return nil
}

// about checks what an answer says about itself, and returns the channel. Once
// values were read it must not turn out to be another.
func (p *n3rgyAnswers) about(key any, value string, channel int, settled bool) (int, error) {
	switch key {
	case "resource":
		now := slices.IndexFunc(n3rgyResources[:], func(name string) bool { return strings.HasPrefix(value, "/electricity/"+name) })
		if now < 0 {
			return 0, lineError(p.line(), "the resource /electricity/consumption or /electricity/production", value)
		}
		if settled && now != channel {
			return 0, lineError(p.line(), "the resource before its values", value)
		}
		return now, nil
	case "unit":
		if value != "kWh" {
			return 0, lineError(p.line(), "the unit kWh", value)
		}
	case "granularity":
		if value != "halfhour" {
			return 0, lineError(p.line(), "the granularity halfhour", value)
		}
	}
	return channel, nil
}

func (p *n3rgyAnswers) values(channel int) error {
	f, err := p.t.feed(p.line(), "", n3rgyResources[channel], 1<<channel, layout{step: 1800, ends: true})
	if err != nil {
		return err
	}
	token, err := p.dec.Token()
	if err != nil {
		return p.fail(err)
	}
	if token != json.Delim('[') {
		return lineError(p.line(), "an array of values", fmt.Sprint(token))
	}
	for p.dec.More() {
		var v struct {
			Value     *json.Number `json:"value"`
			Primary   *json.Number `json:"primaryValue"`
			Timestamp string       `json:"timestamp"`
		}
		if err := p.dec.Decode(&v); err != nil {
			return p.fail(err)
		}
		r := row{line: p.line()} // of the closing brace: the opening one's is not known here
		if r.at, err = parseStamp(r.line, v.Timestamp, yearMonthDay); err != nil {
			return err
		}
		if v.Value == nil {
			v.Value = v.Primary
		}
		kwh := ""
		if v.Value != nil {
			kwh = v.Value.String()
		}
		if r.value[channel], err = p.t.reading(r.line, kwh, 3); err != nil {
			return err
		}
		if err := f.add(r); err != nil {
			return err
		}
	}
	if _, err := p.dec.Token(); err != nil { // the closing bracket
		return p.fail(err)
	}
	return nil
}
