package app

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// startPage says what this is and takes the first file. Who has been here before
// finds what waits for an answer.
type startPage struct{ app.Compo }

func (p *startPage) OnMount(ctx app.Context) { state.watch(ctx, nil) }

func (p *startPage) Render() app.UI {
	if state.known && (len(state.device.Homes) > 0 || len(state.device.Asks) > 0) {
		return p.back()
	}
	return app.Div().Class("stack-l").Body(
		app.Div().Class("hero").Body(
			app.Div().Class("stack").Body(
				app.H1().ID("title").TabIndex(-1).Text(sentence),
				app.P().Class("lead").Text("Your bill is worked out on this device and sent with a proof that it is right. Your readings stay here."),
				app.Div().Class("stack").Body(&opener{Demo: true}, p.troubles()),
			),
			dayAndBill(),
		),
		app.Section().Class("stack").Body(
			app.H2().Text("How it works"),
			app.Ol().Class("steps").Body(
				app.Li().Text("Your meter seals each half-hour and gives the file to you, not to your supplier."),
				app.Li().Text("This device adds up your bill. You see every line, and what would be sent."),
				app.Li().Text("Your supplier gets the amount and checks the proof. It never sees a half-hour."),
			),
			app.P().Class("small").Body(app.A().Class("tap").Href("/about").Text("Check that this app is what it says")),
		),
	)
}

// troubles tells what keeps the app from working, and which files wait for a key.
func (p *startPage) troubles() app.UI {
	if state.failed == nil && len(state.device.Pending) == 0 {
		return nil
	}
	return app.Div().Class("stack").Body(
		app.If(state.failed != nil, func() app.UI {
			return trouble(state.failed, button("Load this page again", "plain", func(ctx app.Context) { ctx.Reload() }))
		}),
		app.If(len(state.device.Pending) > 0, func() app.UI {
			return note("warn", "A file waits for its key", "It opens by itself once the key is here.",
				app.Ul().Body(app.Range(state.device.Pending).Slice(func(i int) app.UI { return app.Li().Text(state.device.Pending[i]) })),
				actions(link("/key", "Make or restore a key", "plain")))
		}),
	)
}

// back is the start for those who have been here before.
func (p *startPage) back() app.UI {
	open := state.openAsks()
	lead := "Nothing waits for your answer."
	if len(open) == 1 {
		lead = open[0].Sentence
	} else if len(open) > 1 {
		lead = count(len(open)) + " requests wait for your answer."
	}
	return app.Div().Class("stack-l").Body(
		title("Your bills", lead),
		app.Div().Class("stack-l").Body(p.news(open)...),
		// What was opened last is told there, so it stays where it is.
		app.Section().Class("stack").Body(app.H2().Text("Open something new"), &opener{Heading: "Open a file"}),
	)
}

// news is what has come and what is here.
func (p *startPage) news(open []messages.Ask) []app.UI {
	return []app.UI{
		p.troubles(),
		app.If(state.device.Waiting > 0, func() app.UI {
			return note("warn", plural(state.device.Waiting, "bill waits", "bills wait")+" to be sent", "It is sent by itself when your supplier can be reached.",
				actions(link("/history", "See what is waiting", "plain")))
		}),
		app.Range(open).Slice(func(i int) app.UI { return p.ask(open[i], i == 0, len(open) > 1) }),
		p.aside(),
		app.If(len(state.device.Homes) > 0, func() app.UI { return p.homes() }),
		app.If(!state.device.Saved && state.device.HasKey, func() app.UI { return saveKey() }),
	}
}

func (p *startPage) ask(a messages.Ask, first, several bool) app.UI {
	class := "plain"
	if first {
		class = ""
	}
	return app.Section().Class("card stack").Body(
		app.H2().Text(a.Supplier.Name+": "+a.Period),
		app.If(several, func() app.UI { return app.P().Text(a.Sentence) }),
		app.P().Class("quiet small").Text("Request "+a.Serial+", "+a.Due),
		madeUp(a.Demo),
		app.If(a.Problem != nil, func() app.UI { return app.P().Body(app.Strong().Text(a.Problem.Sentence)) }),
		actions(button("See the bill for "+a.Period, class, func(ctx app.Context) {
			state.chooseAsk(a)
			ctx.Navigate("/bill")
		}, a.ID)),
	)
}

// aside lists requests that were declined and can still be answered.
func (p *startPage) aside() app.UI {
	var list []messages.Ask
	for _, a := range state.device.Asks {
		if a.State == messages.AskDeclined {
			list = append(list, a)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return app.Section().Class("stack").Body(
		app.H2().Text("Put aside"),
		app.Ul().Class("plain-list").Body(app.Range(list).Slice(func(i int) app.UI {
			a := list[i]
			return app.Li().Class("row spread").Body(
				app.Span().Text(a.Supplier.Name+", "+a.Period+", "+a.Due),
				button("Look at it again", "plain", func(ctx app.Context) {
					state.chooseAsk(a)
					ctx.Navigate("/bill")
				}, a.ID),
			)
		})),
	)
}

func (p *startPage) homes() app.UI {
	return app.Section().Class("stack").Body(
		app.H2().Text("Your meters"),
		app.Ul().Class("plain-list").Body(app.Range(state.device.Homes).Slice(func(i int) app.UI {
			h := state.device.Homes[i]
			return app.Li().Class("row spread").Body(
				app.Span().Body(app.Strong().Text(h.Meter), app.Text(" "+h.Period+" "),
					app.If(h.Demo, func() app.UI { return app.Span().Class("badge").Text("Made up") }),
					app.If(h.Plain, func() app.UI { return app.Span().Class("badge warn").Text("Not certified") })),
				button("See its days", "plain", func(ctx app.Context) {
					state.chooseHome(h.ID)
					ctx.Navigate("/days")
				}, h.ID),
			)
		})),
	)
}

// saveKey reminds of the recovery file.
func saveKey() app.UI {
	return note("warn", "Save your recovery file", "Without it, nobody can open your meter’s file again if this device is lost.",
		actions(link("/key", "Save a recovery file", "plain")))
}

// dayAndBill is the picture of what this is: a day's curve stays, one amount
// leaves.
func dayAndBill() app.UI {
	return app.Figure().Class("chart").Body(
		app.Div().Role("img").Aria("label", "Left: the curve of a day, which stays on your device. Right: one amount, which goes to your supplier.").Body(
			picture("curve", 344, 196,
				svg("text", "class", "caption", "x", "1", "y", "14").Text("Stays with you"),
				svg("rect", "class", "sheet", "x", "1", "y", "24", "width", "196", "height", "170", "rx", "3"),
				svg("path", "class", "area", "d", dayCurve+"V168H12z"),
				svg("path", "class", "line", "d", dayCurve),
				svg("line", "class", "axis", "x1", "12", "x2", "186", "y1", "168", "y2", "168"),
				label(12, 184, "start", "00"), label(99, 184, "middle", "12"), label(186, 184, "end", "24"),
				svg("path", "class", "line", "d", "M202 108h20M217 103l6 5l-6 5"),
				svg("text", "class", "caption", "x", "228", "y", "54").Text("Is sent"),
				svg("rect", "class", "sheet", "x", "228", "y", "64", "width", "115", "height", "90", "rx", "3"),
				label(238, 84, "start", "Bill for March"),
				svg("text", "class", "amount", "x", "238", "y", "114").Text("£43.17"),
				svg("line", "class", "grid", "x1", "238", "x2", "333", "y1", "126", "y2", "126"),
				label(238, 144, "start", "proven right"),
			),
		),
	)
}

// dayCurve is a day as a line: asleep, breakfast, noon, dinner.
const dayCurve = "M12 158h40v-5h4v-46h4v-16h4v34h4v26h14v6h14v-20h4v-24h4v32h4v13h22v-6h8v-42h4v-54h4v-18h4v32h4v38h8v20h8v14h8v16h8"
