package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"hushwatt/meter/source"
	"hushwatt/prover/messages"
	"hushwatt/tariffs"
)

// plainCSV is a file of half-hours with offsets: [from, to), each of the same Wh.
func plainCSV(from, to time.Time, wh int) []byte {
	var b strings.Builder
	b.WriteString("start,wh\n")
	for t := from; t.Before(to); t = t.Add(30 * time.Minute) {
		fmt.Fprintf(&b, "%s,%d\n", t.Format(time.RFC3339), wh)
	}
	return []byte(b.String())
}

var (
	march1 = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	march3 = time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)
)

func TestReadingsComeAsColumns(t *testing.T) {
	r, err := read(&messages.ReadFile{Name: "flat.csv", Data: plainCSV(march1, march3, 250)})
	if err != nil || r.Readings == nil {
		t.Fatalf("%+v, %v", r, err)
	}
	got := r.Readings
	if got.Meter != "flat.csv" || got.Start != march1.Unix() || got.Step != 1800 || !got.Import || got.Export || len(got.ImportStatus) != 96 || len(got.ImportWh) != 4*96 {
		t.Errorf("readings are %+v", got)
	}
	if wh := binary.LittleEndian.Uint32(got.ImportWh[4*50:]); wh != 250 {
		t.Errorf("%d Wh", wh)
	}
	said := map[string]bool{}
	for _, s := range got.Said {
		said[s.Name] = true
		if strings.Contains(s.Value, "T00:00:00Z") {
			t.Errorf("%s: %s is for programs", s.Name, s.Value)
		}
	}
	if !said["Format"] || !said["Clock"] || !said["Each time says"] || !said["One reading each"] {
		t.Errorf("said %+v", got.Said)
	}
}

func TestWhatIsNoMeterFile(t *testing.T) {
	for name, data := range map[string][]byte{
		"letter.txt": []byte("Dear customer,\nyour readings are late.\n"),
		"empty":      nil,
		"photo.jpg":  {0xff, 0xd8, 0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F'},
		"cut.csv":    []byte("start,wh\n2026-03-01T00:00:00Z,x\n"),
	} {
		_, err := read(&messages.ReadFile{Name: name, Data: data})
		e := new(messages.Error)
		if !errors.As(err, &e) || e.Code != messages.NotAMeterFile || e.Detail == "" || e.Next == "" || !strings.Contains(e.Sentence, name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestQuestions(t *testing.T) {
	m := &messages.ReadFile{Name: "x"}
	choice := &source.ChoiceError{Line: 7, Question: "the hour stands once", Choices: []source.Choice{{Name: "lost-hour=first", Meaning: "it is the first"}}}
	q := question(m, source.Options{}, fmt.Errorf("csv: %w", choice))
	if q == nil || q.Kind != messages.QuestionChoice || q.Line != 7 || q.Sentence != "The hour stands once." || len(q.Answers) != 1 || q.Answers[0].Name != "lost-hour=first" || q.Answers[0].Meaning != "It is the first." {
		t.Errorf("question is %+v", q)
	}
	if q := question(m, source.Options{}, fmt.Errorf("csv: %w", source.ErrZone)); q == nil || q.Kind != messages.QuestionZone {
		t.Errorf("question is %+v", q)
	}
	if q := question(m, source.Options{Point: "a"}, errors.New("line 3: no number")); q != nil {
		t.Errorf("question is %+v", q)
	}
}

// Which number of a date is the day is asked for, and then taken as told.
func TestDayOrMonth(t *testing.T) {
	m := &messages.ReadFile{Name: "portal.csv", Clock: "UTC", Chosen: true}
	var err error
	if m.Rules, err = tariffs.ZoneFile("UTC"); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("Start,Usage (kWh)\n")
	for day := range 3 {
		for s := range 48 {
			fmt.Fprintf(&b, "%02d/02/2026 %02d:%02d,0.%d\n", day+1, s/2, s%2*30, 1+s%7)
		}
	}
	m.Data = []byte(b.String())
	r, err := read(m)
	if err != nil || r.Question == nil || r.Question.Kind != messages.QuestionHint || r.Question.Hint != "order" || len(r.Question.Answers) != 2 || r.Question.Answers[0].Meaning != "Day, then month" {
		t.Fatalf("%+v, %v", r, err)
	}
	m.Hints = append(m.Hints, messages.Hint{Name: "order", Value: "dmy"})
	if r, err = read(m); err != nil || r.Readings == nil || r.Readings.Start != time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC).Unix() {
		t.Errorf("%+v, %v", r, err)
	}
	m.Hints[0].Name = "colour"
	if _, err = read(m); err == nil {
		t.Error("a hint of no name was taken")
	}
}

// A file of several meters is asked about, and then read.
func TestWhichMeter(t *testing.T) {
	var b strings.Builder
	b.WriteString("LCLid,tstp,energy(kWh/hh)\n")
	for _, id := range []string{"MAC000002", "MAC000003"} {
		for s := range 48 {
			fmt.Fprintf(&b, "%s,2013-01-05 %02d:%02d:00, 0.2\n", id, s/2, s%2*30)
		}
	}
	m := &messages.ReadFile{Name: "homes.csv", Data: []byte(b.String())}
	r, err := read(m)
	if err != nil || r.Question == nil || r.Question.Kind != messages.QuestionPoint || len(r.Question.Answers) != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	m.Point = r.Question.Answers[1].Name
	if r, err = read(m); err != nil || r.Readings == nil || r.Readings.Meter != "MAC000003" {
		t.Errorf("%+v, %v", r, err)
	}
}

// The rules of a clock come from whoever has them; this program has none.
func TestRulesOfAChosenClock(t *testing.T) {
	rules, err := tariffs.ZoneFile("Europe/Dublin")
	if err != nil {
		t.Fatal(err)
	}
	m := &messages.ReadFile{Name: "flat.csv", Data: plainCSV(march1, march3, 1), Clock: "Europe/Dublin", Rules: rules, Chosen: true}
	if r, err := read(m); err != nil || r.Readings == nil {
		t.Errorf("%+v, %v", r, err)
	}
	m.Rules = []byte("TZif?")
	if _, err := read(m); err == nil {
		t.Error("damaged rules were used")
	}
}
