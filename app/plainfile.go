package app

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// Files that no meter has sealed: downloads from a supplier or a portal. They are
// read by a worker of its own, which is started with the first of them.

var reader bridge

func readerNow() *bridge {
	if reader.worker == nil && device.worker != nil {
		reader.root(device.ctx)
		reader.start(openReader)
	}
	return &reader
}

// openReader starts the reader; tests have another one.
var openReader = func(hear func(heard)) worker { return newWorkerOf("HUSHWATT_READER", hear) }

// plainFile is such a file while it is being read, with what the customer has said
// about it.
type plainFile struct {
	ask      messages.ReadFile
	question *messages.Question
	answer   string // chosen, not yet given
}

// readPlain has the file in hand read, as far as it goes.
func (o *opener) readPlain(ctx app.Context) {
	o.busy, o.err, o.doing = true, nil, messages.Progress{Sentence: "Reading the file"}
	o.plain.question = nil
	o.plain.ask.Name, o.plain.ask.Data = o.name, o.data
	o.hold()
	o.stop = callOn(readerNow(), o.here.of(ctx), messages.TypeReadFile, &o.plain.ask, func(ctx app.Context, r messages.Reading, err *messages.Error) {
		o.busy, o.stop = false, nil
		switch {
		case err != nil:
			o.opened(ctx, messages.Opened{}, err)
		case r.Needs != "":
			o.fetchRules(ctx, r.Needs, false)
		case r.Question != nil:
			o.plain.question, o.plain.answer = r.Question, ""
			focusOn(ctx, "question")
		default:
			o.busy = true
			o.stop = call(o.here.of(ctx), messages.TypeTakeReadings, r.Readings, o.opened, o.progress)
		}
	}, nil)
}

// fetchRules gets the rules of a clock, which the other worker has, and goes on.
func (o *opener) fetchRules(ctx app.Context, name string, chosen bool) {
	o.busy = true
	call(o.here.of(ctx), messages.TypeZone, &messages.AskZone{Name: name}, func(ctx app.Context, z messages.Zone, err *messages.Error) {
		o.busy = false
		if err != nil {
			o.opened(ctx, messages.Opened{}, err)
			return
		}
		o.plain.ask.Clock, o.plain.ask.Rules, o.plain.ask.Chosen = name, z.Rules, chosen || o.plain.ask.Chosen
		o.readPlain(ctx)
	}, nil)
}

// answered takes the customer's word and goes on.
func (o *opener) answered(ctx app.Context) {
	q, word := o.plain.question, o.plain.answer
	if q == nil || word == "" || o.busy {
		focusOn(ctx, "question")
		return
	}
	switch q.Kind {
	case messages.QuestionPoint:
		o.plain.ask.Point = word
	case messages.QuestionHint:
		o.plain.ask.Hints = append(o.plain.ask.Hints, messages.Hint{Name: q.Hint, Value: word})
	case messages.QuestionZone:
		o.fetchRules(ctx, word, true)
		return
	default:
		o.plain.ask.Choices = append(o.plain.ask.Choices, word)
	}
	o.readPlain(ctx)
}

// few answers are shown as a list, more as a menu.
const few = 6

// questionCard asks what a file leaves open.
func (o *opener) questionCard() app.UI {
	q := o.plain.question
	answers := q.Answers
	if q.Kind == messages.QuestionZone {
		answers = clocks()
	}
	line := ""
	if q.Line > 0 {
		line = "It is about line " + count(q.Line) + " of the file. "
	}
	return app.Form().ID("question").TabIndex(-1).Class("card stack").Aria("labelledby", "question-heading").
		OnSubmit(func(ctx app.Context, e app.Event) { e.PreventDefault(); o.answered(ctx) }, app.EventScope(q.Sentence)).Body(
		app.H2().ID("question-heading").Text("One question about this file"),
		app.P().Text(q.Sentence),
		app.P().Class("quiet small").Text(line+"Nothing is guessed: the file does not say."),
		app.If(len(answers) <= few, func() app.UI { return o.asList(answers) }).Else(func() app.UI { return o.asMenu(answers) }),
		app.Div().Class("actions").Body(
			app.Button().Type("submit").Class("button").Text("Go on with this answer"),
			button("Leave this file", "plain", func(ctx app.Context) {
				o.data, o.plain = nil, plainFile{}
				o.letGo()
			}),
		),
	)
}

func (o *opener) asList(answers []messages.Answer) app.UI {
	return app.FieldSet().Class("answers stack-s").Body(
		app.Legend().Class("hide").Text("Answers"),
		app.Range(answers).Slice(func(i int) app.UI {
			a := answers[i]
			return app.Label().Class("check").Body(
				app.Input().Type("radio").Name("answer").Value(a.Name).Checked(o.plain.answer == a.Name).
					OnChange(func(ctx app.Context, e app.Event) { o.plain.answer = a.Name }, app.EventScope(a.Name)),
				app.Span().Text(a.Meaning),
			)
		}),
	)
}

func (o *opener) asMenu(answers []messages.Answer) app.UI {
	return app.Div().Class("field").Body(
		app.Label().For("answer").Text("Answer"),
		app.Select().ID("answer").Body(
			app.Option().Value(noAnswer).Selected(o.plain.answer == "").Text("Choose one"),
			app.Range(answers).Slice(func(i int) app.UI {
				return app.Option().Value(answers[i].Name).Selected(answers[i].Name == o.plain.answer).Text(answers[i].Meaning)
			}),
		).OnChange(func(ctx app.Context, e app.Event) {
			if o.plain.answer = ctx.JSSrc().Get("value").String(); o.plain.answer == noAnswer {
				o.plain.answer = ""
			}
		}),
	)
}

const noAnswer = "?" // an option needs a value: go-app leaves an empty one out

// clocks to choose from, this device's first.
func clocks() []messages.Answer {
	here := deviceClock()
	list := []messages.Answer{}
	if here != "" {
		list = append(list, messages.Answer{Name: here, Meaning: here + ", as on this device"})
	}
	for _, name := range []string{
		"Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Amsterdam", "Europe/Brussels", "Europe/Paris", "Europe/Madrid", "Europe/Rome",
		"Europe/Zurich", "Europe/Berlin", "Europe/Vienna", "Europe/Stockholm", "Europe/Oslo", "Europe/Copenhagen", "Europe/Helsinki", "Europe/Athens",
		"Australia/Brisbane", "Australia/Sydney", "Australia/Melbourne", "Australia/Adelaide", "Australia/Hobart", "Australia/Perth", "Pacific/Auckland",
		"America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles", "Asia/Taipei", "UTC",
	} {
		if name != here {
			list = append(list, messages.Answer{Name: name, Meaning: name})
		}
	}
	return list
}

// uncertified is the standing mark of all that comes from such a file.
func uncertified(plain bool) app.UI {
	return app.If(plain, func() app.UI {
		return app.P().Class("uncertified").Body(app.Span().Class("badge warn").Text("Not certified"),
			app.Text(" Nobody can verify this bill: no meter has sealed these readings. It is for you alone, and nothing is sent."))
	})
}
