package app

import (
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// historyPage lists everything ever sent, saved, declined, refused or waiting.
type historyPage struct {
	app.Compo
	here    place
	history *messages.History
	err     *messages.Error
	loading bool
	busy    bool
	sure    bool // the warning was read
	gone    bool
}

func (p *historyPage) OnMount(ctx app.Context) {
	p.here.set(ctx)
	state.watch(ctx, p.load)
	p.load(ctx)
}

func (p *historyPage) load(ctx app.Context) {
	if p.loading || p.gone {
		return
	}
	p.loading = true
	call(p.here.of(ctx), messages.TypeHistory, nil, func(ctx app.Context, h messages.History, err *messages.Error) {
		p.loading = false
		if p.err = err; err == nil {
			p.history = &h
		}
	}, nil)
}

func (p *historyPage) Render() app.UI {
	if p.gone {
		return app.Div().Class("stack-l").Body(
			title("Everything is forgotten", "Nothing of yours is on this device any more: no readings, no key, no history."),
			app.P().Text("Your supplier still has the bills that it accepted. A recovery file, if you saved one, brings back your key and what happened."),
			actions(link("/", "Start page", "")))
	}
	return app.Div().Class("stack-l").Body(
		title("History", "Everything that was ever sent from here, or put aside. It is kept on this device only."),
		app.If(p.err != nil, func() app.UI { return trouble(p.err, button("Try again", "plain", p.load)) }),
		app.If(p.history == nil && p.err == nil, func() app.UI { return waiting("Looking up your history …") }),
		app.If(p.history != nil, func() app.UI {
			return historyList(p.history, app.If(state.device.Waiting > 0, func() app.UI {
				return actions(button("Try to send what is waiting", "plain", p.retry))
			}))
		}),
		p.forget(),
	)
}

func historyList(h *messages.History, waiting app.UI) app.UI {
	if len(h.Entries) == 0 {
		return note("", "Nothing yet", "No bill has been sent or put aside on this device.", actions(link("/", "Start page", "plain")))
	}
	return app.Div().Class("stack").Body(
		app.If(h.Released != "", func() app.UI { return app.P().Text(h.Released) }),
		waiting,
		app.Ul().Class("plain-list entries").Body(app.Range(h.Entries).Slice(func(i int) app.UI {
			e := h.Entries[i]
			return app.Li().Class("card flat stack-s").Body(
				app.Div().Class("row spread").Body(
					app.H2().Class("entry-title").Body(app.A().Class("tap").Href("/receipt#"+e.ID).Text(e.Title)),
					app.Span().Class("row").Body(
						badge(e.State),
						app.If(e.Demo, func() app.UI { return app.Span().Class("badge").Text("Made up") }),
						app.If(e.Total != nil, func() app.UI { return app.Strong().Class("money").Text(e.Total.Text) }),
					),
				),
				app.P().Text(e.Sentence),
				app.P().Class("quiet small").Text(madeOf(e)),
				app.If(e.Reference != "", func() app.UI {
					return app.P().Class("small").Body(app.Text("Reference "), app.Span().Class("bytes").Text(e.Reference))
				}),
			)
		})),
	)
}

// madeOf says when an entry was made, and for whom unless its sentence does.
func madeOf(e messages.Entry) string {
	if strings.Contains(e.Sentence, e.Supplier.Name) {
		return "Made on " + e.MadeWords
	}
	return e.Supplier.Name + ", made on " + e.MadeWords
}

func (p *historyPage) retry(ctx app.Context) {
	if p.busy {
		return
	}
	p.busy = true
	call(p.here.of(ctx), messages.TypeRetry, nil, func(ctx app.Context, r messages.Retried, err *messages.Error) {
		p.busy = false
		if err == nil {
			err = r.Error
		}
		if p.err = err; err != nil {
			focusOn(ctx, "trouble")
		}
		p.load(ctx)
	}, nil)
}

// forget is behind a fold, with what it means, and asks once more.
func (p *historyPage) forget() app.UI {
	return more("Forget everything on this device",
		app.Div().Class("notice bad").Body(
			app.H2().Text("This cannot be undone"),
			app.Ul().Body(
				app.Li().Text("All readings, your key and this history are removed from this device."),
				app.Li().Text("Without your recovery file, nobody can open your meter’s files again, not even your supplier."),
				app.Li().Text("Bills that wait to be sent are never sent."),
				app.Li().Text("Your supplier keeps the bills that it accepted."),
			),
			app.If(!state.device.Saved && state.device.HasKey, func() app.UI {
				return app.P().Body(app.Strong().Text("You have not saved a recovery file. "), app.A().Class("tap").Href("/key").Text("Save it first"))
			}),
			app.Label().Class("check").Body(
				app.Input().Type("checkbox").Checked(p.sure).OnChange(func(ctx app.Context, e app.Event) { p.sure = ctx.JSSrc().Get("checked").Bool() }),
				app.Span().Text("I understand what this means"),
			),
			app.Div().Body(app.Button().Type("button").Class("button danger").Disabled(!p.sure).Text("Forget everything on this device").
				OnClick(func(ctx app.Context, e app.Event) { p.forgetAll(ctx) })),
		),
	)
}

func (p *historyPage) forgetAll(ctx app.Context) {
	if !p.sure || p.busy {
		return
	}
	p.busy = true
	call(p.here.of(ctx), messages.TypeForgetEverything, nil, func(ctx app.Context, device messages.State, err *messages.Error) {
		p.busy = false
		if p.err = err; err != nil {
			focusOn(ctx, "trouble")
			return
		}
		p.gone, p.sure, p.history = true, false, nil
		state.forget()
		state.pasted, state.wrong = "", ""
		state.update(device)
		focusOn(ctx, "title")
	}, nil)
}
