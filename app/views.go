package app

import (
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// Pieces that several screens are made of. All are plain functions from data to
// what is shown.

// title is the heading of a screen and the one sentence below it.
func title(heading, lead string) app.UI {
	return app.Div().Class("stack-s").Body(
		app.H1().ID("title").TabIndex(-1).Text(heading),
		app.If(lead != "", func() app.UI { return app.P().Class("lead").Text(lead) }),
	)
}

// held keeps a part of a text on one line.
func held(text, part string) []app.UI {
	before, after, found := strings.Cut(text, part)
	if part == "" || !found {
		return []app.UI{app.Text(text)}
	}
	return []app.UI{app.Text(before), app.Span().Class("held").Text(part), app.Text(after)}
}

// path shows where a screen stands on the way from the meter's file to the
// supplier.
func path(here string) app.UI {
	steps := []struct{ href, name string }{
		{"/read", "Meter"}, {"/days", "Days"}, {"/bill", "Bill"}, {"/send", "Send"},
	}
	if h := state.homeNow(); h != nil && h.Plain {
		steps[3].href, steps[3].name = "/compare", "Compare" // there is nothing to send
	}
	return app.Nav().Class("tabs no-print").Aria("label", "Steps").Body(
		app.Range(steps).Slice(func(i int) app.UI {
			a := app.A().Href(steps[i].href).Text(steps[i].name)
			if steps[i].href == here {
				a = a.Aria("current", "step")
			}
			return a
		}),
	)
}

// link looks like a button and goes to another screen.
func link(href, text, class string) app.UI {
	return app.A().Class("button").Class(class).Href(href).Text(text)
}

// button calls do. What do depends on must be named in scope, or the handler of
// an older rendering stays.
func button(text, class string, do func(app.Context), scope ...any) app.UI {
	return app.Button().Type("button").Class("button").Class(class).Text(text).
		OnClick(func(ctx app.Context, e app.Event) { do(ctx) }, app.EventScope(append([]any{text}, scope...)...))
}

func actions(v ...app.UI) app.UI { return app.Div().Class("actions no-print").Body(v...) }

// note is a sentence with a rule at its left: kind is good, warn, bad or empty.
func note(kind, heading, text string, more ...app.UI) app.UI {
	return app.Section().Class("notice").Class(kind).Body(append([]app.UI{
		app.H2().Text(heading),
		app.If(text != "", func() app.UI { return app.P().Text(text) }),
	}, more...)...)
}

// more hides what only some want to read.
func more(summary string, v ...app.UI) app.UI {
	return app.Details().Class("more").Body(append([]app.UI{app.Summary().Text(summary)}, v...)...)
}

// fact is one row of a list of facts.
func fact(name string, v ...app.UI) app.UI {
	return app.Elem("div").Class("fact").Body(app.Dt().Text(name), app.Dd().Body(v...))
}

// slots names half-hours, one a line.
func slots(list []messages.Slot, of int) app.UI {
	named := 0
	for _, s := range list {
		named += max(s.Slots, 1)
	}
	return app.Ul().Class("slots").Body(
		app.Range(list).Slice(func(i int) app.UI { return app.Li().Text(list[i].Words) }),
		app.If(of > named, func() app.UI { return app.Li().Text("and " + count(of-named) + " more") }),
	)
}

// working says what is being done and offers to stop it. It moves only as far
// as the work does.
func working(p messages.Progress, sentence string, stop func(app.Context)) app.UI {
	if p.Sentence != "" {
		sentence = p.Sentence
	}
	bar := app.Progress().Aria("label", sentence)
	if p.Of > 0 {
		bar = bar.Max(p.Of).Value(p.Done)
	}
	return app.Div().Class("progress").Body(
		app.P().Role("status").Text(sentence+" …"),
		bar,
		app.If(stop != nil, func() app.UI { return app.Div().Body(button("Stop", "plain", stop)) }),
	)
}

// waiting is a screen before the worker has told what is here.
func waiting(what string) app.UI {
	return app.P().Class("quiet").Role("status").Text(what)
}

// facts lists what leaves this device, or what stays.
func facts(list []messages.Fact) app.UI {
	return app.Ul().Body(app.Range(list).Slice(func(i int) app.UI {
		f := list[i]
		return app.Li().Body(
			app.Text(f.Text),
			app.If(f.More != "" || len(f.Slots) > 0, func() app.UI {
				summary := "What is that?"
				if len(f.Slots) > 0 {
					summary = "Which ones?"
				}
				return more(summary,
					app.If(f.More != "", func() app.UI { return app.P().Class("small").Text(f.More) }),
					app.If(len(f.Slots) > 0, func() app.UI { return slots(f.Slots, 0) }),
				)
			}),
		)
	}))
}

// choice is one of a group of joined buttons.
type choice struct{ value, text string }

// choices is a radio group that looks like joined buttons.
func choices(name, legend, chosen string, list []choice, pick func(app.Context, string)) app.UI {
	return app.FieldSet().Class("choices no-print").Body(
		app.Legend().Class("hide").Text(legend),
		app.Range(list).Slice(func(i int) app.UI {
			c := list[i]
			return app.Label().Body(
				app.Input().Type("radio").Name(name).Value(c.value).Checked(c.value == chosen).
					OnChange(func(ctx app.Context, e app.Event) { pick(ctx, c.value) }, app.EventScope(name, c.value)),
				app.Span().Text(c.text),
			)
		}),
	)
}

// homeChoice lets the customer look at another home, if there are several.
func homeChoice(homes []messages.Home, chosen string, pick func(app.Context, string)) app.UI {
	return app.Div().Class("field no-print").Body(
		app.Label().For("home").Text("Meter"),
		app.Select().ID("home").Body(app.Range(homes).Slice(func(i int) app.UI {
			return app.Option().Value(homes[i].ID).Selected(homes[i].ID == chosen).Text(homeName(homes[i]))
		})).OnChange(func(ctx app.Context, e app.Event) { pick(ctx, ctx.JSSrc().Get("value").String()) }),
	)
}

func homeName(h messages.Home) string {
	name := h.Meter + ", " + h.Period
	if h.Demo {
		name += " (made up)"
	}
	if h.Plain {
		name += " (not certified)"
	}
	return name
}

// madeUp marks what belongs to the home that nobody lives in.
func madeUp(demo bool) app.UI {
	return app.If(demo, func() app.UI {
		return app.P().Body(app.Span().Class("badge").Text("Made-up home"),
			app.Span().Class("quiet").Text(" Nobody lives here. Try anything."))
	})
}

// badge is one word for the state of a history entry.
func badge(entry string) app.UI {
	word, class := entry, ""
	switch entry {
	case messages.EntryWaiting:
		word, class = "Waiting", "waiting"
	case messages.EntryAccepted:
		word, class = "Accepted", "good"
	case messages.EntryRefused:
		word, class = "Refused", "bad"
	case messages.EntryDeclined:
		word = "Declined"
	case messages.EntrySaved:
		word = "Saved as a file"
	}
	return app.Span().Class("badge").Class(class).Text(word)
}

// focusOn moves the keyboard and the screen reader to an element, once what is
// being rendered is there.
func focusOn(ctx app.Context, id string) {
	ctx.Defer(func(app.Context) {
		if !app.IsClient {
			return
		}
		if v := app.Window().GetElementByID(id); v.Truthy() {
			v.Call("focus")
		}
	})
}

// width is how many pixels there are for a chart; phones first.
func width(id string) int {
	if app.IsClient {
		if v := app.Window().GetElementByID(id); v.Truthy() {
			if w := v.Get("clientWidth").Int(); w >= 200 {
				return w
			}
		}
	}
	return 328
}

func num(n int) string { return strconv.Itoa(n) }
