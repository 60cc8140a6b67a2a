package app

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// receiptPage shows one entry of the history: what became of a bill, and what
// was sent. The address names it: /receipt#ID.
type receiptPage struct {
	app.Compo
	here    place
	id      string
	entry   *messages.FullEntry
	err     *messages.Error
	loading bool
	busy    bool
}

func (p *receiptPage) OnMount(ctx app.Context) {
	p.here.set(ctx)
	state.watch(ctx, p.again)
	p.OnNav(ctx)
}

func (p *receiptPage) OnNav(ctx app.Context) {
	if id := ctx.Page().URL().Fragment; id != "" && id != p.id && id != "main" {
		p.id, p.entry = id, nil
		p.again(ctx)
	}
}

func (p *receiptPage) again(ctx app.Context) {
	if p.id == "" || p.loading {
		return
	}
	p.loading = true
	call(p.here.of(ctx), messages.TypeEntry, &messages.AskEntry{ID: p.id}, func(ctx app.Context, e messages.FullEntry, err *messages.Error) {
		p.loading = false
		if p.err = err; err == nil {
			p.entry = &e
		}
	}, nil)
}

func (p *receiptPage) Render() app.UI {
	switch {
	case p.err != nil:
		return app.Div().Class("stack-l").Body(title("Receipt", ""), trouble(p.err, link("/history", "History", "plain")))
	case p.entry == nil && p.id != "":
		return app.Div().Class("stack-l").Body(title("Receipt", ""), waiting("Looking it up …"))
	case p.entry == nil:
		return app.Div().Class("stack-l").Body(
			title("Receipt", "A receipt appears here once your supplier has accepted a bill."),
			actions(link("/history", "History", ""), link("/", "Start page", "plain")))
	}
	return p.screen(p.entry)
}

func (p *receiptPage) screen(full *messages.FullEntry) app.UI {
	e := full.Entry
	sentence := e.Sentence
	if s := state.sent; s != nil && s.Entry.ID == e.ID && s.Entry.State == e.State && s.Sentence != "" {
		sentence = s.Sentence
	}
	var failed *messages.Error
	if t := state.trouble; t != nil && t.Entry == e.ID && e.State != messages.EntryAccepted {
		failed = t
	}
	return app.Div().Class("stack-l").Body(
		app.Div().Class("no-print stack-l").Body(
			app.Div().Class("stack-s").Body(
				app.Div().Class("row").Body(badge(e.State), app.If(e.Demo, func() app.UI { return app.Span().Class("badge").Text("Made-up home") })),
				title(sentence, e.Title),
			),
			app.If(failed != nil, func() app.UI {
				if e.State == messages.EntryWaiting {
					return toldTrouble(failed, button("Try now", "plain", p.retry))
				}
				return toldTrouble(failed)
			}).
				ElseIf(e.State == messages.EntryWaiting, func() app.UI {
					return note("warn", "Stored on this device, not yet with your supplier", "It is sent by itself when your supplier can be reached. It is sent once, however often it is tried.",
						actions(button("Try now", "plain", p.retry)))
				}).
				ElseIf(e.State == messages.EntryRefused, func() app.UI { return refusal(e) }),
			app.Div().Class("main-and-aside").Body(
				app.Div().Class("card stack").Body(app.Dl().Class("facts").Body(receiptFacts(e)...)),
				p.actions(full),
			),
			whatWasSent(full),
		),
		app.If(full.Bill != nil, func() app.UI {
			return app.Div().Class("only-print").Body(printed(full))
		}),
	)
}

func refusal(e messages.Entry) app.UI {
	return note("bad", "Why it was refused", capital(e.Reason),
		app.P().Text("Call your supplier and quote the reference. You can answer the request again."),
		app.If(e.Reference != "", func() app.UI {
			return app.P().Body(app.Text("Reference: "), app.Strong().Class("bytes").Text(e.Reference))
		}))
}

func receiptFacts(e messages.Entry) []app.UI {
	rows := []app.UI{}
	add := func(name, text string) {
		if text != "" {
			rows = append(rows, fact(name, app.Text(text)))
		}
	}
	if e.Total != nil {
		rows = append(rows, fact("Amount", app.Strong().Text(e.Total.Text)))
	}
	add("Receipt number", e.Number)
	add("Reference", e.Reference)
	add("Supplier", e.Supplier.Name)
	add("Days", e.Period)
	add("Made", e.MadeWords)
	add("Your note", e.Note)
	if e.Size > 0 && e.State != messages.EntryDeclined {
		add("Size", count(e.Size)+" bytes")
	}
	if e.Attempts > 1 {
		add("Tried", plural(e.Attempts, "time", "times"))
	}
	return rows
}

func (p *receiptPage) actions(full *messages.FullEntry) app.UI {
	e := full.Entry
	var list []app.UI
	if len(full.Receipt) > 0 {
		list = append(list, button("Save receipt", "", func(ctx app.Context) { download(full.ReceiptName, "application/octet-stream", full.Receipt) }, e.ID))
	}
	if full.Bill != nil && full.Bill.Title != "" {
		list = append(list, button("Print bill", "plain", func(app.Context) { printPage() }))
	}
	if e.State == messages.EntrySaved && len(full.Bytes) > 0 {
		list = append(list, button("Save the bill again", "", func(ctx app.Context) { download(full.FileName, "application/octet-stream", full.Bytes) }, e.ID))
	}
	if (e.State == messages.EntryDeclined || e.State == messages.EntryRefused) && state.ask(e.Request) != nil {
		list = append(list, button("Look at the request again", "plain", func(ctx app.Context) {
			if a := state.ask(e.Request); a != nil {
				state.chooseAsk(*a)
				ctx.Navigate("/bill")
			}
		}, e.ID))
	}
	list = append(list, link("/history", "History", "text"))
	return app.Div().Class("stack").Body(
		actions(list...),
		app.If(!state.device.Saved && state.device.HasKey, saveKey),
	)
}

// whatWasSent is what left the device, to the byte.
func whatWasSent(full *messages.FullEntry) app.UI {
	e := full.Entry
	heading, left, right := "What was sent", "Left this device", "Stayed here"
	switch e.State {
	case messages.EntryDeclined:
		return app.P().Text("Nothing was sent.")
	case messages.EntryWaiting:
		heading, left, right = "What will be sent", "Leaves this device", "Stays here"
	case messages.EntrySaved:
		heading, left = "What the file holds", "In the file"
	}
	return app.Section().Class("stack").Body(
		app.H2().Text(heading),
		app.If(!e.Whole, func() app.UI {
			return app.P().Class("quiet").Text("This entry came from your recovery file, which keeps what happened but not the bytes.")
		}),
		app.If(full.Bill != nil && len(full.Bill.Leaves) > 0, func() app.UI {
			return app.Div().Class("columns").Body(
				app.Section().Class("card leaves").Body(app.H3().Class("column-head").Text(left), facts(full.Bill.Leaves)),
				app.Section().Class("card stays").Body(app.H3().Class("column-head").Text(right), facts(full.Bill.Stays)),
			)
		}),
		app.If(len(full.Bytes) > 0, func() app.UI {
			return more("See the exact bytes: "+count(len(full.Bytes)),
				&bytesView{Name: full.FileName, Hash: full.Hash, Pieces: full.Pieces, Data: full.Bytes})
		}),
		app.If(full.Bill != nil && len(full.Bill.Lines) > 0, func() app.UI {
			return more("The bill, line by line (only you have this)", paperBody(full.Bill))
		}),
	)
}

// paperBody is a bill inside another screen.
func paperBody(b *messages.Bill) app.UI {
	return app.Div().Class("stack").Body(lines(b), app.If(b.Rounding != "", func() app.UI {
		return app.P().Class("small quiet").Text(b.Rounding)
	}))
}

// printed is the bill on one page, with what became of it.
func printed(full *messages.FullEntry) app.UI {
	b, e := full.Bill, full.Entry
	return app.Article().Class("stack paper").Body(
		app.H2().Text(b.Title),
		app.P().Text(billFor(b)),
		app.P().Class("total").Text(b.Total.Text),
		lines(b),
		app.P().Class("small").Text(b.Rounding),
		app.P().Text(e.Sentence),
		app.If(e.Number != "", func() app.UI { return app.P().Text("Receipt number " + e.Number) }),
	)
}

func (p *receiptPage) retry(ctx app.Context) {
	if p.busy {
		return
	}
	p.busy = true
	call(p.here.of(ctx), messages.TypeRetry, nil, func(ctx app.Context, r messages.Retried, err *messages.Error) {
		p.busy = false
		if err == nil {
			err = r.Error
		}
		if err != nil && err.Entry == "" {
			err.Entry = p.id
		}
		state.trouble = err
		p.again(ctx)
	}, nil)
}
