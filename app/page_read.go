package app

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// readPage tells what was read of the meter's file, before anything else.
type readPage struct {
	app.Compo
	here place
	err  *messages.Error
}

func (p *readPage) OnMount(ctx app.Context) {
	p.here.set(ctx)
	state.watch(ctx, nil)
}

func (p *readPage) Render() app.UI {
	home := state.homeNow()
	if home == nil {
		if !state.known && state.failed == nil {
			return app.Div().Class("stack-l").Body(title("What we read", "Your meter’s file, before anything is done with it."), waiting("Looking for what is on this device …"))
		}
		return noHome("What we read", "Nothing has been read yet. Whatever you open stays on this device.")
	}
	lead, demo := home.Period, home.Demo
	if o := state.passed; o != nil && o.Home != nil && o.Home.ID == home.ID {
		lead, demo = o.Sentence, false // the sentence says so
	}
	return app.Div().Class("stack-l").Body(
		path("/read"),
		title("What we read", lead),
		madeUp(demo),
		app.If(len(state.device.Homes) > 1, func() app.UI {
			return homeChoice(state.device.Homes, home.ID, func(ctx app.Context, id string) { state.chooseHome(id) })
		}),
		app.Div().Class("main-and-aside").Body(
			app.Div().Class("stack").Body(
				app.Div().Class("card stack").Body(seal(*home), readFacts(*home)),
				app.If(home.Plain, func() app.UI { return howRead(*home) }),
			),
			app.Div().Class("stack").Body(
				actions(link("/days", "See my days", ""), link("/bill", "Straight to the bill", "plain")),
				app.P().Class("quiet").Text("Nothing has been sent. All of this is on this device only."),
				app.If(p.err != nil, func() app.UI { return trouble(p.err) }),
				p.forget(*home),
			),
		),
	)
}

// seal is green only if every seal was computed again and the meter's signature
// holds.
func seal(h messages.Home) app.UI {
	if h.Plain {
		return note("warn", "Not certified", h.Seal)
	}
	if !h.Sealed {
		return note("bad", "Not sealed by your meter", h.Seal)
	}
	return app.Div().Class("seal").Body(
		svg("svg", "viewBox", "0 0 40 40", "aria-hidden", "true", "focusable", "false").Body(
			svg("circle", "cx", "20", "cy", "20", "r", "18", "fill", "none", "stroke", "currentColor", "stroke-width", "3"),
			svg("path", "d", "M12 20l6 6 10-12", "fill", "none", "stroke", "currentColor", "stroke-width", "3"),
		),
		app.P().Text(h.Seal),
	)
}

func readFacts(h messages.Home) app.UI {
	word := func(n int) string { return slotWord(h.SlotMinutes, n) }
	named := func(n int, list []messages.Slot) []app.UI {
		if n == 0 {
			return []app.UI{app.Text("0")}
		}
		return []app.UI{app.Text(count(n)), more("Which ones?", slots(list, n))}
	}
	// A file in days of UTC reaches over the local days that it holds whole. What
	// is counted is counted in the file, and then says so.
	days, used := "Days", "Used"
	if h.Span != "" {
		days, used = "Whole days", "Used in the file"
	}
	rows := []app.UI{
		fact("Meter", app.Strong().Text(h.Meter)),
		fact(days, app.Text(h.Period)),
	}
	if h.Span != "" {
		rows = append(rows, fact("The file", app.Text(h.Span)))
	}
	rows = append(rows,
		fact(capital(word(2))+inFile(h), app.Text(count(h.Slots))),
		fact("Missing", named(h.Missing, h.MissingSlots)...),
		fact("Estimated", named(h.Estimated, h.EstimatedSlots)...),
		fact(used, app.Strong().Text(h.KWh+" kWh")),
	)
	if h.ExportKWh != "" {
		rows = append(rows, fact("Given back", app.Text(h.ExportKWh+" kWh")))
	}
	if h.Corrected > 0 {
		rows = append(rows, fact("Corrected by the meter", app.Text(plural(h.Corrected, "day", "days"))))
	}
	if h.Authority != "" {
		rows = append(rows, fact("Vouched for by", app.Text(h.Authority)))
	}
	return app.Dl().Class("facts").Body(rows...)
}

func inFile(h messages.Home) string {
	if h.Span != "" {
		return " in the file"
	}
	return ""
}

// howRead is what was decided on the way from a file that is not sealed.
func howRead(h messages.Home) app.UI {
	return app.Section().Class("card stack").Body(
		app.H2().Text("How the file was read"),
		app.P().Class("quiet").Text("If something here is wrong, the numbers are wrong. Then do not rely on them."),
		app.Dl().Class("facts").Body(
			fact("File", app.Text(h.File)),
			app.Range(h.Said).Slice(func(i int) app.UI { return fact(h.Said[i].Name, app.Text(h.Said[i].Value)) }),
		),
	)
}

func capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

func (p *readPage) forget(h messages.Home) app.UI {
	return more("Forget this meter’s readings",
		app.P().Text("The readings of meter "+h.Meter+" are removed from this device. Your history and your key stay. You can open the file again at any time."),
		button("Forget the readings of "+h.Meter, "danger", func(ctx app.Context) {
			call(p.here.of(ctx), messages.TypeForgetHome, &messages.ForgetHome{Home: h.ID}, func(ctx app.Context, device messages.State, err *messages.Error) {
				if p.err = err; err == nil {
					state.forget()
					state.update(device)
					ctx.Navigate("/")
				}
			}, nil)
		}, h.ID),
	)
}
