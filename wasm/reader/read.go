package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"hushwatt/meter/source"
	"hushwatt/prover/messages"
)

// read reads a file as far as it says what it means, and otherwise returns a
// question, or the name of a zone that it needs the rules of. Errors are
// *messages.Error.
func read(m *messages.ReadFile) (*messages.Reading, error) {
	needs := ""
	o := source.Options{Choices: m.Choices, Point: m.Point, LoadZone: func(name string) (*time.Location, error) {
		if name != m.Clock {
			needs = name
			return nil, errNeeds
		}
		return time.LoadLocationFromTZData(name, m.Rules)
	}}
	for _, h := range m.Hints {
		var err error
		if o.Hints, err = o.Hints.With(h.Name, h.Value); err != nil {
			return nil, refused(m, err)
		}
	}
	if m.Chosen {
		zone, err := o.LoadZone(m.Clock)
		if err != nil {
			return nil, refused(m, err)
		}
		o.Zone = zone
	}
	f, err := source.Read(bytes.NewReader(m.Data), o)
	if err == nil {
		return &messages.Reading{Readings: readings(m, f)}, nil
	}
	if errors.Is(err, errNeeds) {
		return &messages.Reading{Needs: needs}, nil
	}
	if q := question(m, o, err); q != nil {
		return &messages.Reading{Question: q}, nil
	}
	return nil, refused(m, err)
}

var errNeeds = errors.New("the rules of a clock are needed first")

// refused is the error of a file that is not read.
func refused(m *messages.ReadFile, err error) error {
	return &messages.Error{
		Code:     messages.NotAMeterFile,
		Sentence: "“" + m.Name + "” is not a meter file that this app can read.",
		Next:     "Look for a file that ends in .hushwatt, or for a download of half-hourly readings from your supplier or portal (CSV, XML or JSON). If it is one, the details say where reading stopped.",
		Detail:   err.Error(),
	}
}

// question is what the customer has to be asked after an error, nil if asking
// does not help.
func question(m *messages.ReadFile, o source.Options, err error) *messages.Question {
	choice, hint := new(source.ChoiceError), new(source.HintError)
	switch {
	case errors.As(err, &hint):
		q := &messages.Question{Kind: messages.QuestionHint, Sentence: sentence(hint.Question), Line: hint.Line, Hint: hint.Hint}
		for _, v := range hint.Values {
			q.Answers = append(q.Answers, messages.Answer{Name: v, Meaning: inWords(hint.Hint, v)})
		}
		return q
	case errors.As(err, &choice):
		q := &messages.Question{Kind: messages.QuestionChoice, Sentence: sentence(choice.Question), Line: choice.Line}
		for _, c := range choice.Choices {
			q.Answers = append(q.Answers, messages.Answer{Name: c.Name, Meaning: sentence(c.Meaning)})
		}
		return q
	case errors.Is(err, source.ErrZone):
		return &messages.Question{Kind: messages.QuestionZone, Sentence: "By which clock do the times in this file go? Mostly it is that of the place where the meter is."}
	case o.Point == "":
		return whichMeter(m, o)
	}
	return nil
}

// words of hints, where the value alone does not say enough.
var words = map[string]string{
	"order=dmy": "Day, then month", "order=mdy": "Month, then day", "order=ymd": "Year, month, day",
	"stamp=start": "A time is when an interval begins", "stamp=end": "A time is when an interval ends",
	"decimal=point": "A point: 0.25 is a quarter", "decimal=comma": "A comma: 0,25 is a quarter",
	"kind=interval": "Energy of each interval", "kind=register": "The level of a counter that counts up",
	"unit=kW": "kW, the mean power of an interval", "unit=W": "W, the mean power of an interval",
	"export=none": "None of them",
}

func inWords(hint, value string) string {
	if w := words[hint+"="+value]; w != "" {
		return w
	}
	if hint == "import" || hint == "export" || hint == "time" {
		return "The column “" + value + "”"
	}
	return value
}

const mostPoints = 200

// whichMeter asks for one of several meters, if the file holds several.
func whichMeter(m *messages.ReadFile, o source.Options) *messages.Question {
	points, err := source.Points(bytes.NewReader(m.Data), o)
	if err != nil || len(points) < 2 {
		return nil
	}
	q := &messages.Question{Kind: messages.QuestionPoint, Sentence: fmt.Sprintf("The file holds %d meters. Which is yours?", len(points))}
	for _, p := range points[:min(len(points), mostPoints)] {
		q.Answers = append(q.Answers, messages.Answer{Name: p, Meaning: p})
	}
	return q
}

// sentence makes one of a phrase.
func sentence(phrase string) string {
	if phrase == "" {
		return ""
	}
	return plain(strings.ToUpper(phrase[:1]) + phrase[1:] + ".")
}

// facts are the names of a summary, and values of it, that a program would use.
var facts = map[string]string{
	"Stamps": "Each time says", "Step": "One reading each", "Duplicates": "Rows that came twice", "Spread over slots": "Spread evenly",
	"Used: registers": "Used, from columns", "Used: slots": "Used, readings", "Fed in: registers": "Fed in, from columns", "Fed in: slots": "Fed in, readings",
	"Stamps=start": "when a reading begins", "Stamps=end": "when a reading ends",
}

func said(f source.Fact) messages.Said {
	s := messages.Said{Name: f.Name, Value: plain(f.Value)}
	if v := facts[f.Name+"="+f.Value]; v != "" {
		s.Value = v
	}
	if n := facts[f.Name]; n != "" {
		s.Name = n
	}
	return s
}

// plain writes instants such as 2026-09-30T00:00:00Z as "30 September 2026, 00:00 UTC", and
// curls quotation marks.
func plain(text string) string {
	for at := 0; at+20 <= len(text); at++ {
		if t, err := time.Parse(time.RFC3339, text[at:at+20]); err == nil {
			text = text[:at] + t.Format("2 January 2006, 15:04") + " UTC" + text[at+20:]
		}
	}
	var b strings.Builder
	open := false
	for _, r := range text {
		if r != '"' {
			b.WriteRune(r)
			continue
		}
		if open = !open; open {
			b.WriteRune('“')
		} else {
			b.WriteRune('”')
		}
	}
	return b.String()
}

// readings are the series of a file and all that was decided on the way.
func readings(m *messages.ReadFile, f *source.File) *messages.Readings {
	out := &messages.Readings{Name: m.Name, Meter: m.Name, Start: f.Series[0].Start, Step: f.Series[0].Step}
	for _, fact := range f.Summary() {
		out.Said = append(out.Said, said(fact))
	}
	for i := range f.Series {
		s := &f.Series[i]
		if s.Point != "" {
			out.Meter = s.Point
		}
		wh, status := columns(s)
		if s.Channel == source.Export {
			out.Export, out.ExportWh, out.ExportStatus = true, wh, status
		} else {
			out.Import, out.ImportWh, out.ImportStatus = true, wh, status
		}
	}
	return out
}

func columns(s *source.Series) (wh, status []byte) {
	for i, v := range s.Wh {
		wh = binary.LittleEndian.AppendUint32(wh, v)
		status = append(status, byte(s.Status[i]))
	}
	return wh, status
}
