package app

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// comparePage prices the same days on each tariff that the supplier publishes.
type comparePage struct {
	app.Compo
	here    place
	result  *messages.Comparison
	asked   string
	loading bool
	stop    func()
	doing   messages.Progress
	err     *messages.Error
}

func (p *comparePage) OnMount(ctx app.Context) {
	p.here.set(ctx)
	state.watch(ctx, p.load)
	p.load(ctx)
}

func (p *comparePage) load(ctx app.Context) {
	home := state.homeNow()
	if home == nil || p.loading {
		return
	}
	want := messages.Compare{Home: home.ID}
	if b := state.bill; b != nil {
		want.From, want.To = b.First, b.Last
	} else if d := state.days; d != nil && d.Home == home.ID {
		want.From, want.To = d.First, d.Last
	}
	key := want.Home + want.From + want.To
	if p.asked == key {
		return
	}
	p.asked, p.loading, p.err = key, true, nil
	p.stop = call(p.here.of(ctx), messages.TypeCompare, &want, func(ctx app.Context, c messages.Comparison, err *messages.Error) {
		p.loading = false
		if p.err = err; err == nil {
			p.result = &c
		} else {
			focusOn(ctx, "trouble")
		}
	}, func(ctx app.Context, pr messages.Progress) { p.doing = pr })
}

func (p *comparePage) Render() app.UI {
	if state.homeNow() == nil && (state.known || state.failed != nil) {
		return noHome("On another tariff", "Once your meter’s file is open, the same days are priced on each tariff, on this device.")
	}
	return app.Div().Class("stack-l").Body(
		app.If(p.result == nil, func() app.UI { return title("On another tariff", "The same days on each tariff of your supplier.") }),
		app.If(p.err != nil, func() app.UI {
			return trouble(p.err, button("Try again", "plain", func(ctx app.Context) { p.asked = ""; p.load(ctx) }))
		}),
		app.If(p.loading, func() app.UI {
			return working(p.doing, "Pricing the same days on each tariff", func(app.Context) {
				if p.stop != nil {
					p.stop()
				}
			})
		}),
		app.If(p.result != nil, func() app.UI { return comparison(p.result) }),
	)
}

func comparison(c *messages.Comparison) app.UI {
	return app.Div().Class("stack-l").Body(
		title("On another tariff", c.Period+". "+c.Caveat),
		uncertified(plainNow()),
		app.If(c.Offline, func() app.UI {
			return note("", "Tariffs from before", "Your supplier could not be asked just now. These are the tariffs that this device knows.")
		}),
		app.If(len(c.Options) == 0, func() app.UI { return note("", "No tariff fits these days", "") }),
		app.Ol().Class("plain-list options").Body(app.Range(c.Options).Slice(func(i int) app.UI { return option(c.Options[i]) })),
		app.If(len(c.Skipped) > 0, func() app.UI {
			return more(plural(len(c.Skipped), "tariff has", "tariffs have")+" no price for these days",
				app.Ul().Body(app.Range(c.Skipped).Slice(func(i int) app.UI {
					return app.Li().Text(c.Skipped[i].Tariff.Name + ": " + c.Skipped[i].Why)
				})))
		}),
		app.P().Class("quiet").Text("Nothing of this was sent. Your supplier does not know that you looked."),
		actions(link("/bill", "Back to your bill", "plain")),
	)
}

func option(o messages.Option) app.UI {
	return app.Li().Class("card flat stack-s").Body(
		app.Div().Class("row spread").Body(
			app.H2().Class("entry-title").Text(o.Tariff.Name),
			app.Strong().Class("money price").Text(o.Total.Text),
		),
		app.P().Body(
			app.If(o.Present, func() app.UI { return app.Span().Class("badge good").Text("Your tariff") }).
				Else(func() app.UI { return app.Span().Text(o.Words) }),
		),
		app.If(len(o.Lines) > 0, func() app.UI {
			return more("Line by line", lines(&messages.Bill{Title: o.Tariff.Name, Lines: o.Lines, Total: o.Total}))
		}),
		&weekView{Tariff: o.Tariff.ID},
	)
}
