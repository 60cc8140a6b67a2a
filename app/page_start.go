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
				p.troubles(),
				&opener{Demo: true},
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
			app.P().Class("small").Body(app.A().Href("/about").Text("Check that this app is what it says")),
		),
	)
}

// troubles tells what keeps the app from working, and which files wait for a key.
func (p *startPage) troubles() app.UI {
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
		p.troubles(),
		app.If(state.device.Waiting > 0, func() app.UI {
			return note("warn", plural(state.device.Waiting, "bill waits", "bills wait")+" to be sent", "It is sent by itself when your supplier can be reached.",
				actions(link("/history", "See what is waiting", "plain")))
		}),
		app.Range(open).Slice(func(i int) app.UI { return p.ask(open[i], i == 0) }),
		app.If(len(state.device.Homes) > 0, func() app.UI { return p.homes() }),
		app.If(!state.device.Saved && state.device.HasKey, func() app.UI { return saveKey() }),
		app.Section().Class("stack").Body(app.H2().Text("Open something new"), &opener{Heading: "Open a file"}),
	)
}

func (p *startPage) ask(a messages.Ask, first bool) app.UI {
	class := "plain"
	if first {
		class = ""
	}
	return app.Section().Class("card stack").Body(
		app.H2().Text(a.Supplier.Name+": "+a.Period),
		app.P().Text(a.Sentence),
		app.P().Class("quiet small").Text("Request "+a.Serial+", "+a.Due),
		madeUp(a.Demo),
		app.If(a.Problem != nil, func() app.UI { return app.P().Body(app.Strong().Text(a.Problem.Sentence)) }),
		actions(button("See the bill for "+a.Period, class, func(ctx app.Context) {
			state.chooseAsk(a)
			ctx.Navigate("/bill")
		}, a.ID)),
	)
}

func (p *startPage) homes() app.UI {
	return app.Section().Class("stack").Body(
		app.H2().Text("Your meters"),
		app.Ul().Class("plain-list").Body(app.Range(state.device.Homes).Slice(func(i int) app.UI {
			h := state.device.Homes[i]
			return app.Li().Class("row spread").Body(
				app.Span().Body(app.Strong().Text(h.Meter), app.Text(" "+h.Period+", "+h.KWh+" kWh "),
					app.If(h.Demo, func() app.UI { return app.Span().Class("badge").Text("Made up") })),
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
	return note("warn", "Save your recovery file", "Without it, nobody can open your meter's file again if this device is lost.",
		actions(link("/key", "Save a recovery file", "plain")))
}

// dayAndBill is the picture of what this is: a day's curve stays, one amount
// leaves.
func dayAndBill() app.UI {
	return app.Figure().Class("chart").Body(
		app.Div().Role("img").Aria("label", "Left: the curve of a day, which stays on your device. Right: one amount, which goes to your supplier.").Body(
			picture("curve", 480, 260,
				svg("rect", "class", "sheet", "x", "1", "y", "20", "width", "278", "height", "200", "rx", "4"),
				svg("path", "class", "area", "d", dayCurve+"V196H20z"),
				svg("path", "class", "line", "d", dayCurve),
				svg("line", "class", "axis", "x1", "20", "x2", "260", "y1", "196", "y2", "196"),
				label(20, 212, "start", "midnight"), label(140, 212, "middle", "noon"), label(260, 212, "end", "midnight"),
				svg("path", "class", "line", "d", "M292 120H328M320 112l9 8l-9 8"),
				svg("rect", "class", "sheet", "x", "341", "y", "60", "width", "138", "height", "120", "rx", "4"),
				label(356, 84, "start", "Bill for March"),
				svg("text", "class", "amount", "x", "356", "y", "130").Text("£43.17"),
				svg("line", "class", "grid", "x1", "356", "x2", "464", "y1", "150", "y2", "150"),
				label(356, 168, "start", "proven right"),
				label(140, 246, "middle", "Stays with you"), label(410, 246, "middle", "Goes to your supplier"),
			),
		),
	)
}

// dayCurve is a day as a line: asleep, breakfast, noon, dinner.
const dayCurve = "M20 184h50v-6h5v-58h5v-18h5v40h5v30h20v8h20v-24h5v-30h5v40h5v16h35v-8h10v-52h5v-66h5v-22h5v38h5v48h10v26h10v16h10v22h25"
