package app

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// aboutPage says how it works, and how to check that this app is what it says.
type aboutPage struct{ app.Compo }

func (p *aboutPage) OnMount(ctx app.Context) { state.watch(ctx, nil) }

func (p *aboutPage) Render() app.UI {
	return app.Div().Class("stack-l").Body(
		title("How it works", "Your meter seals its readings and gives them to you. Your device works out the bill and proves that it is right. Your supplier checks the proof and never sees a reading."),
		app.Section().Class("stack").Body(
			app.H2().Text("Step by step"),
			app.Ol().Class("steps").Body(
				app.Li().Text("Your meter measures every half-hour, seals it, and signs the seals. A seal can be checked but not looked through. The file with the readings is locked to your key."),
				app.Li().Text("You open that file here. This device checks every seal again, so nobody can have changed a reading on the way."),
				app.Li().Text("Your supplier asks for the bill of some days and says by which published tariff. This device adds it up and shows you every line."),
				app.Li().Text("If you agree, the amount leaves with a proof: a calculation that comes out only if the amount follows from the sealed readings and the tariff."),
				app.Li().Text("Your supplier checks the proof against the seals and gives you a receipt. It learns the amount, not when you cook, sleep or are away."),
			),
		),
		app.Section().Class("stack").Body(
			app.H2().Text("What an amount can tell"),
			app.P().Text("An amount always says something: more in a cold month, less on holiday. Before anything is sent you see how many bits it can carry at most. A tariff that is made to read single hours is refused on this device, and you are told."),
		),
		app.Section().Class("stack").Body(
			app.H2().Text("What is kept on this device"),
			app.P().Text("Your readings, your key and your history are kept in this browser, locked with a key that the browser does not hand out. Nothing is sent unless you press the button that says so. Clearing the browser’s data removes all of it, so save your recovery file."),
			app.P().Body(app.A().Class("tap").Href("/key").Text("Your key and its recovery file")),
			app.P().Body(app.A().Class("tap").Href("/history").Text("Everything that was ever sent")),
		),
		app.Section().Class("card stack").Body(
			app.H2().Text("Check that this app is what it says"),
			app.Dl().Class("facts").Body(
				fact("Version", app.Text(orNone(state.device.Version))),
				fact("Fingerprint of its files", app.Span().Class("bytes").Text(orNone(build()))),
			),
			app.P().Text("The same program can be built by anyone from its source. Build it, run it, and compare the fingerprint on its own page. The program hushwatt, without a browser, reads and writes the same files as this app."),
			app.P().Class("quiet small").Text("A supplier that serves a different app to you alone is the one thing that no calculation can rule out. This is how you would find out."),
		),
		actions(link("/", "Open my meter’s file", "")),
	)
}

func orNone(s string) string {
	if s == "" {
		return "not known yet"
	}
	return s
}
