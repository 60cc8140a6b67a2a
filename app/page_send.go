package app

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// sendPage shows what leaves this device and what stays, and sends.
type sendPage struct {
	app.Compo
	here     place
	proof    *messages.Proof
	proved   string // bill that was proven, or is being
	proving  bool
	sending  bool
	doing    messages.Progress
	stop     func()
	err      *messages.Error
	look     bool // "this looks wrong" is open
	declined *messages.Entry
}

func (p *sendPage) OnMount(ctx app.Context) {
	p.here.set(ctx)
	state.watch(ctx, p.load)
	p.load(ctx)
}

// load makes the proof, so that its exact bytes can be seen before they leave.
func (p *sendPage) load(ctx app.Context) {
	b := state.bill
	if b == nil {
		p.fetch(ctx)
		return
	}
	if p.proved == b.ID || p.sending || p.proving || !(b.CanSend || b.CanSave) {
		return
	}
	p.proved, p.proof, p.proving = b.ID, nil, true
	p.stop = call(p.here.of(ctx), messages.TypeProve, &messages.Prove{Bill: b.ID}, func(ctx app.Context, proof messages.Proof, err *messages.Error) {
		p.proving = false
		if err == nil {
			p.proof = &proof
		} else if err.Code != messages.Stopped {
			p.err = err
		}
	}, p.progress)
}

// fetch computes the bill for those who come here directly.
func (p *sendPage) fetch(ctx app.Context) {
	a := state.askNow()
	if a == nil || state.homeNow() == nil || p.err != nil || p.proving || p.declined != nil {
		return
	}
	p.proving = true
	p.stop = call(p.here.of(ctx), messages.TypeBill, &messages.AskBill{Request: a.ID}, func(ctx app.Context, b messages.Bill, err *messages.Error) {
		p.proving = false
		if p.err = err; err == nil {
			state.bill = &b
			p.load(ctx)
		}
	}, p.progress)
}

func (p *sendPage) progress(ctx app.Context, pr messages.Progress) { p.doing = pr }

func (p *sendPage) Render() app.UI {
	b := state.bill
	switch {
	case p.declined != nil:
		return declinedScreen(*p.declined, state.ask(p.declined.Request))
	case b == nil && p.proving:
		return app.Div().Class("stack-l").Body(path("/send"), title("What leaves this device", ""), working(p.doing, "Working out your bill", nil))
	case b == nil && state.askNow() != nil:
		return p.withoutBill(*state.askNow())
	case b == nil || b.Plain:
		return nothingToSend()
	}
	lead := b.Title + ": " + b.Total.Text + "."
	if blocked(b) {
		lead = "Nothing: this bill cannot be sent."
	}
	return app.Div().Class("stack-l").Body(
		path("/send"),
		title("What leaves this device", lead),
		app.If(b.Problem != nil, func() app.UI { return trouble(b.Problem) }),
		twoColumns(b, p.proof),
		bits(b),
		app.If(p.err != nil, func() app.UI { return trouble(p.err, p.offers(b)...) }),
		p.buttons(b),
		app.If(p.look, func() app.UI { return p.wrongForm(b.Request) }),
	)
}

func nothingToSend() app.UI {
	return app.Div().Class("stack-l").Body(
		title("What leaves this device", "Nothing. There is no bill to send yet."),
		app.P().Text("Open the request of your supplier, or work out a bill first. This screen then shows, in two columns, what would be sent and what stays."),
		actions(link("/bill", "Your bill", ""), link("/", "Start page", "plain")),
	)
}

// withoutBill is a request that is put aside without a bill.
func (p *sendPage) withoutBill(a messages.Ask) app.UI {
	return app.Div().Class("stack-l").Body(
		title("Put this request aside", a.Sentence),
		app.If(p.err != nil, func() app.UI { return trouble(p.err) }),
		app.P().Text("Nothing has been sent. You can put the request aside, and answer it later as long as it is open."),
		p.quiet(a.ID),
		app.If(p.look, func() app.UI { return p.wrongForm(a.ID) }),
	)
}

// blocked tells a bill that is shown, but that no button sends.
func blocked(b *messages.Bill) bool { return b.Problem != nil && !b.CanSend && !b.CanSave }

// twoColumns say with equal weight what leaves and what stays.
func twoColumns(b *messages.Bill, proof *messages.Proof) app.UI {
	leaves := b.Leaves
	if proof != nil && len(proof.Leaves) > 0 {
		leaves = proof.Leaves
	}
	heading := "Leaves this device"
	if blocked(b) {
		heading = "Would have left this device"
	}
	return app.Div().Class("columns").Body(
		app.Section().Class("card leaves").Body(
			app.H2().Text(heading),
			facts(leaves),
			app.If(proof != nil, func() app.UI {
				return app.Div().Class("see").Body(more("See the exact bytes: "+count(proof.Size),
					&bytesView{Name: "bill.hushwatt-bill", Hash: proof.Hash, Pieces: proof.Pieces, Data: proof.Bytes}))
			}),
		),
		app.Section().Class("card stays").Body(
			app.H2().Text("Stays here"),
			facts(b.Stays),
		),
	)
}

func bits(b *messages.Bill) app.UI {
	if b.BitsText == "" {
		return app.Div()
	}
	return app.Div().Body(
		app.P().Body(app.Strong().Text(b.BitsText)),
		app.If(b.BitsMeaning != "", func() app.UI { return more("What does that mean?", app.P().Text(b.BitsMeaning)) }),
	)
}

// buttons are the one that sends, and the quiet ones below it.
func (p *sendPage) buttons(b *messages.Bill) app.UI {
	if p.sending {
		return working(p.doing, b.SendText, p.halt)
	}
	var main app.UI
	switch {
	case b.CanSend:
		main = button(b.SendText, "wide", p.send, b.ID)
	case b.CanSave:
		main = button(b.SaveText, "wide", p.save, b.ID)
	}
	return app.Div().Class("stack").Body(
		app.If(main != nil, func() app.UI { return actions(main) }),
		app.If(p.proving, func() app.UI { return working(p.doing, "Making the proof", p.halt) }),
		app.If(b.Request != "", func() app.UI { return p.quiet(b.Request) }),
	)
}

// quiet are the ways not to send.
func (p *sendPage) quiet(request string) app.UI {
	return app.Div().Class("row no-print").Body(
		button("Not now", "text", func(ctx app.Context) { p.decline(ctx, request, messages.NotNow) }, request),
		app.Button().Type("button").Class("button text").Aria("expanded", p.look).Text("This looks wrong").
			OnClick(func(ctx app.Context, e app.Event) {
				if p.look = !p.look; p.look {
					focusOn(ctx, "wrong")
				}
			}),
	)
}

// wrongForm takes a note for oneself; nothing is sent.
func (p *sendPage) wrongForm(request string) app.UI {
	return app.Form().Class("card stack").OnSubmit(func(ctx app.Context, e app.Event) {
		e.PreventDefault()
		p.decline(ctx, request, messages.LooksWrong)
	}, app.EventScope(request)).Body(
		app.H2().Text("This looks wrong"),
		app.P().Text("Nothing is sent. The request is put aside with your note, and you get what to quote when you call your supplier."),
		app.Div().Class("field").Body(
			app.Label().For("wrong").Text("What looks wrong? (for yourself, stays here)"),
			app.Textarea().ID("wrong").Rows(3).Text(state.wrong).
				OnInput(func(ctx app.Context, e app.Event) { state.wrong = ctx.JSSrc().Get("value").String() }),
		),
		app.Div().Body(app.Button().Type("submit").Class("button plain").Text("Put the request aside, send nothing")),
	)
}

func (p *sendPage) decline(ctx app.Context, request, why string) {
	note := ""
	if why == messages.LooksWrong {
		note = state.wrong
	}
	call(p.here.of(ctx), messages.TypeDecline, &messages.Decline{Request: request, Why: why, Note: note}, func(ctx app.Context, e messages.Entry, err *messages.Error) {
		if p.err = err; err != nil {
			focusOn(ctx, "trouble")
			return
		}
		p.declined, p.look, state.wrong, state.bill, state.request = &e, false, "", nil, ""
		focusOn(ctx, "title")
	}, nil)
}

// declinedScreen is what follows: nothing was sent, and what to do next.
func declinedScreen(e messages.Entry, a *messages.Ask) app.UI {
	lead := "Nothing was sent. You can still answer later, from the start page or your history."
	rows := []app.UI{fact("Request", app.Text(e.Title)), fact("Supplier", app.Text(e.Supplier.Name))}
	if a != nil {
		rows = append(rows, fact("Request number", app.Strong().Text(a.Serial)), fact("Open until", app.Text(a.Due)))
	}
	if e.Note != "" {
		rows = append(rows, fact("Your note", app.Text(e.Note)))
	}
	heading, next := "Put aside", ""
	if e.Why == messages.LooksWrong {
		heading, next = "Put aside: this looks wrong", "Call your supplier and quote the request number. They can send a corrected request, which replaces this one."
	}
	return app.Div().Class("stack-l").Body(
		title(heading, lead),
		app.If(next != "", func() app.UI { return note("", "Next", next) }),
		app.Div().Class("card").Body(app.Dl().Class("facts").Body(rows...)),
		actions(link("/", "Start page", ""), link("/history", "History", "plain")),
	)
}

// offers are what can be done about a failure to send.
func (p *sendPage) offers(b *messages.Bill) []app.UI {
	switch p.err.Code {
	case messages.SupplierOffline, messages.BillRefused, messages.AlreadyAnswered, messages.ReceiptWrong, messages.RequestExpired:
		return nil
	case messages.NoWayToSend, messages.NothingAsked:
		return []app.UI{button(b.SaveText, "plain", p.save, b.ID)}
	}
	return []app.UI{button("Try again", "plain", func(ctx app.Context) {
		p.err, p.proved = nil, ""
		p.load(ctx)
	})}
}

func (p *sendPage) halt(app.Context) {
	if p.stop != nil {
		p.stop()
	}
}

func (p *sendPage) send(ctx app.Context) {
	if p.sending {
		return
	}
	p.sending, p.err, p.doing = true, nil, messages.Progress{}
	p.stop = call(p.here.of(ctx), messages.TypeSend, &messages.Send{Bill: state.bill.ID}, p.sent, p.progress)
}

func (p *sendPage) sent(ctx app.Context, s messages.Sent, err *messages.Error) {
	p.sending = false
	if err != nil {
		if err.Entry != "" {
			state.bill, state.request, state.trouble = nil, "", err
			ctx.Navigate("/receipt#" + err.Entry)
			return
		}
		p.err = err
		focusOn(ctx, "trouble")
		return
	}
	state.bill, state.request, state.trouble, state.sent = nil, "", nil, &s
	ctx.Navigate("/receipt#" + s.Entry.ID)
}

func (p *sendPage) save(ctx app.Context) {
	if p.sending {
		return
	}
	p.sending, p.err, p.doing = true, nil, messages.Progress{}
	p.stop = call(p.here.of(ctx), messages.TypeSave, &messages.Save{Bill: state.bill.ID}, func(ctx app.Context, s messages.Sent, err *messages.Error) {
		if err == nil {
			download(s.Name, "application/octet-stream", s.File)
		}
		p.sent(ctx, s, err)
	}, p.progress)
}
