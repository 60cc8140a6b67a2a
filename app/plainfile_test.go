package app

import (
	"slices"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

var notOurs = &messages.Error{Code: messages.NotAHushwattFile, Sentence: "Not one of ours.", Next: "Look."}

func lostHour() *messages.Question {
	return &messages.Question{Kind: messages.QuestionChoice, Sentence: "The repeated hour stands once.", Line: 1204, Answers: []messages.Answer{
		{Name: "lost-hour=first", Meaning: "It is the first of the two."}, {Name: "lost-hour=both", Meaning: "It is both."}}}
}

func plainHome() messages.Home {
	h := cannedHome()
	h.ID, h.Sealed, h.Plain, h.Demo, h.Authority, h.File = "home-2", false, true, false, "", "download.csv"
	h.Seal = "Not certified: nobody can verify this bill."
	h.Said = []messages.Said{{Name: "Format", Value: "octopus-csv"}, {Name: "Clock", Value: "each stamp has its offset"}}
	return h
}

// A file that is not ours goes to the reader; what the reader asks is shown and
// nothing is chosen beforehand.
func TestFileOfAnotherMeterIsAskedAbout(t *testing.T) {
	o := &opener{name: "download.csv", data: []byte("start,wh")}
	w := play(t, withHome(), map[messages.Type]any{messages.TypeOpen: notOurs, messages.TypeReadFile: &messages.Reading{Question: lostHour()}}, o.again)
	has(t, o, "One question about this file", "The repeated hour stands once.", "line 1,204", "It is the first of the two.", "It is both.", "Go on with this answer", "Leave this file")
	if strings.Contains(app.HTMLString(o), "checked") && !strings.Contains(app.HTMLString(o), `checked="false"`) {
		t.Error("an answer is chosen already")
	}
	if !slices.Equal(w.asked, []messages.Type{messages.TypeOpen, messages.TypeReadFile}) {
		t.Errorf("asked %v", w.asked)
	}
	o.plain.answer = "lost-hour=both"
	opened := messages.Opened{Kind: messages.KindMeterFile, Sentence: "Read.", Home: func() *messages.Home { h := plainHome(); return &h }()}
	w = play(t, withHome(), map[messages.Type]any{messages.TypeReadFile: &messages.Reading{Readings: &messages.Readings{Name: "download.csv", Start: 86400, Step: 1800}}, messages.TypeTakeReadings: &opened}, o.answered)
	if !slices.Equal(w.asked, []messages.Type{messages.TypeReadFile, messages.TypeTakeReadings}) || !strings.Contains(string(w.bodies[0]), `"lost-hour=both"`) {
		t.Errorf("asked %v, %s", w.asked, w.bodies)
	}
	if o.data != nil || o.plain.question != nil {
		t.Error("the file is still in hand")
	}
}

// Rules of a clock are fetched for the reader; where the file names none, the
// customer does.
func TestClockOfAFile(t *testing.T) {
	o := &opener{name: "download.csv", data: []byte("x")}
	play(t, withHome(), map[messages.Type]any{messages.TypeOpen: notOurs, messages.TypeReadFile: &messages.Reading{Question: &messages.Question{Kind: messages.QuestionZone, Sentence: "Which clock?"}},
		messages.TypeZone: &messages.Zone{Rules: []byte("TZif")}}, o.again)
	has(t, o, "Which clock?", "Choose one", "Europe/Dublin", "Australia/Sydney")
	o.plain.answer = "Europe/Dublin"
	w := play(t, withHome(), map[messages.Type]any{messages.TypeZone: &messages.Zone{Rules: []byte("TZif")}}, o.answered)
	if !slices.Equal(w.asked, []messages.Type{messages.TypeZone, messages.TypeReadFile}) || !strings.Contains(string(w.bodies[1]), `"clock":"Europe/Dublin","chosen":true`) {
		t.Errorf("asked %v, %s", w.asked, w.bodies)
	}
}

func TestFileThatNobodyKnows(t *testing.T) {
	o := &opener{name: "letter.txt", data: []byte("Dear customer")}
	play(t, withHome(), map[messages.Type]any{messages.TypeOpen: notOurs, messages.TypeReadFile: &messages.Error{Code: messages.NotAMeterFile, Sentence: "“letter.txt” is not a meter file.", Next: "Look.", Detail: "line 1: expected"}}, o.again)
	has(t, o, "Not a meter’s file", "“letter.txt” is not a meter file.", "line 1: expected", "Open my meter’s file")
}

// Every screen of such a home bears the mark, and none leads to sending.
func TestNotCertifiedIsSaidEverywhere(t *testing.T) {
	s := withHome()
	s.device.Homes = append(s.device.Homes, plainHome())
	s.home = "home-2"
	old := state
	t.Cleanup(func() { state = old })
	state = s
	const mark = "Nobody can verify this bill"
	has(t, &readPage{}, "Not certified", "nobody can verify this bill", "How the file was read", "octopus-csv", "download.csv")
	d := cannedDays()
	d.Home = "home-2"
	state.days = &d
	has(t, &daysPage{}, mark)
	has(t, &billPage{}, mark, "Work out a bill")
	b := cannedBill()
	b.Plain, b.CanSend, b.CanSave, b.Leaves, b.Stays, b.Request = true, false, false, nil, nil, ""
	b.Problem = &messages.Error{Code: messages.NotCertified, Sentence: "Not certified: nobody can verify this bill."}
	state.bill = &b
	has(t, &billPage{}, mark, "£43.17", "For you alone", "On another tariff")
	hasNot(t, &billPage{}, "See what would be sent", "Send my")
	has(t, &sendPage{}, "There is no bill to send yet")
	hasNot(t, &sendPage{}, "Send my", "Save the bill as a file")
	has(t, comparison(&messages.Comparison{Period: "1–31 March 2026"}), mark)
	if html := app.HTMLString(path("/read")); strings.Contains(html, "/send") {
		t.Errorf("a step leads to sending: %s", html)
	}
	has(t, &startPage{}, "Not certified")
}
