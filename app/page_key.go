package app

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// keyPage makes, saves and restores the key that opens the meter's file.
type keyPage struct {
	app.Compo
	here     place
	busy     bool
	doing    messages.Progress
	err      *messages.Error
	own      bool   // the customer's own passphrase
	phrase   string // as typed
	recovery *messages.Recovery
	file     []byte // to restore from
	name     string
	secret   string
	told     string // what came of restoring
}

func (p *keyPage) OnMount(ctx app.Context) {
	p.here.set(ctx)
	state.watch(ctx, nil)
	if o := state.passed; o != nil && o.Kind == messages.KindKey {
		p.told = o.Sentence
		state.passed = nil
	}
}

func (p *keyPage) Render() app.UI {
	d := state.device
	lead := "The key opens your meter’s file. It is made on this device and never leaves it, except in the recovery file that you keep."
	return app.Div().Class("stack-l").Body(
		title("Your key", lead),
		app.If(p.told != "", func() app.UI {
			return app.Div().Role("status").Body(note("good", "Done", p.told, actions(goOn())))
		}),
		app.If(p.err != nil, func() app.UI { return trouble(p.err) }),
		app.If(p.busy, func() app.UI { return working(p.doing, "Working", nil) }),
		app.If(!state.known && state.failed == nil, func() app.UI { return waiting("Looking for your key …") }),
		app.If(state.known && d.HasKey, func() app.UI { return p.have(d) }),
		app.If(state.known && !d.HasKey, func() app.UI { return p.none() }),
		// Not before it is known what stands above: nothing that is read moves.
		app.If(state.known || state.failed != nil, func() app.UI { return p.restoreForm() }),
	)
}

// goOn leads to the file that the key has opened, if there is one.
func goOn() app.UI {
	if state.homeNow() != nil {
		return link("/read", "See what was read", "")
	}
	return link("/", "Go on", "")
}

func (p *keyPage) none() app.UI {
	return app.Section().Class("card stack").Body(
		app.H2().Text("Make a key"),
		app.P().Text("You need one before your meter can be paired with this device. If your file was made for a key that you already have, restore that one below instead."),
		actions(app.Button().Type("button").Class("button").Disabled(p.busy).Text("Make my key").OnClick(func(ctx app.Context, e app.Event) { p.make(ctx) })),
	)
}

func (p *keyPage) make(ctx app.Context) {
	if p.busy {
		return
	}
	p.busy, p.err = true, nil
	call(p.here.of(ctx), messages.TypeNewKey, nil, func(ctx app.Context, device messages.State, err *messages.Error) {
		p.busy = false
		if p.err = err; err != nil {
			focusOn(ctx, "trouble")
			return
		}
		keepStorage()
		state.update(device)
	}, nil)
}

func (p *keyPage) have(d messages.State) app.UI {
	return app.Div().Class("side-by-side").Body(
		app.Section().Class("card stack").Body(
			app.H2().Text("Save your recovery file"),
			app.If(d.Saved && p.recovery == nil, func() app.UI {
				return app.P().Body(app.Span().Class("badge good").Text("Saved"), app.Text(" You have a recovery file for what is here now."))
			}),
			app.P().Text("If this device is lost or cleared, the recovery file and its passphrase bring your key back. Keep the two apart."),
			app.If(p.recovery != nil, func() app.UI { return p.saved() }).Else(func() app.UI { return p.saveForm() }),
		),
		app.Section().Class("card stack").Body(
			app.H2().Text("For pairing with your meter"),
			app.P().Text("Your meter needs this text once, to lock its file for you. It is not secret."),
			app.P().Class("bytes recipient").ID("recipient").TabIndex(0).Role("region").Aria("label", "Text for pairing").Text(d.Recipient),
			actions(button("Save it as a file", "plain", func(app.Context) {
				download("hushwatt-pairing.txt", "text/plain", []byte(d.Recipient+"\n"))
			}, d.Recipient)),
		),
	)
}

func (p *keyPage) saveForm() app.UI {
	return app.Form().Class("stack").OnSubmit(func(ctx app.Context, e app.Event) { e.PreventDefault(); p.save(ctx) }).Body(
		app.Label().Class("check").Body(
			app.Input().Type("checkbox").Checked(p.own).OnChange(func(ctx app.Context, e app.Event) { p.own = ctx.JSSrc().Get("checked").Bool() }),
			app.Span().Text("I want to choose the passphrase myself"),
		),
		app.If(p.own, func() app.UI {
			return app.Div().Class("field").Body(
				app.Label().For("phrase").Text("Passphrase"),
				app.Input().ID("phrase").Type("password").AutoComplete(false).Value(p.phrase).Aria("describedby", "phrase-hint").
					OnInput(func(ctx app.Context, e app.Event) { p.phrase = ctx.JSSrc().Get("value").String() }),
				app.P().ID("phrase-hint").Class("hint").Text("12 characters or more. It cannot be reset by anyone."),
			)
		}),
		app.Div().Body(app.Button().Type("submit").Class("button").Disabled(p.busy).Text("Save my recovery file")),
	)
}

func (p *keyPage) save(ctx app.Context) {
	if p.busy {
		return
	}
	want := messages.MakeRecovery{}
	if p.own {
		if want.Passphrase = p.phrase; want.Passphrase == "" {
			p.err = &messages.Error{Code: messages.WeakPassphrase, Sentence: "There is no passphrase yet.", Next: "Type one of 12 characters or more, or let this app make one."}
			focusOn(ctx, "phrase")
			return
		}
	}
	p.busy, p.err, p.doing = true, nil, messages.Progress{}
	call(p.here.of(ctx), messages.TypeRecoveryFile, &want, func(ctx app.Context, r messages.Recovery, err *messages.Error) {
		p.busy = false
		if p.err = err; err != nil {
			focusOn(ctx, "trouble")
			return
		}
		p.recovery, p.phrase = &r, ""
		download(r.Name, "application/octet-stream", r.File)
		focusOn(ctx, "passphrase")
	}, func(ctx app.Context, pr messages.Progress) { p.doing = pr })
}

// saved shows the passphrase that was made, to be written down.
func (p *keyPage) saved() app.UI {
	r := p.recovery
	return app.Div().Class("stack").Body(
		app.If(r.Passphrase != "", func() app.UI {
			return app.Div().ID("passphrase").TabIndex(-1).Class("notice warn").Body(
				app.H3().Text("Write this passphrase down on paper"),
				app.P().Class("phrase").Text(r.Passphrase),
				app.P().Class("small").Text("It is shown once. Without it the file opens nothing."),
			)
		}).Else(func() app.UI {
			return app.P().ID("passphrase").TabIndex(-1).Text("The file opens with the passphrase you chose.")
		}),
		app.P().Text(r.Holds),
		actions(
			button("Save the file again", "plain", func(app.Context) { download(r.Name, "application/octet-stream", r.File) }, r.Name),
			button("I have both", "", func(ctx app.Context) { p.recovery = nil }),
		),
	)
}

func (p *keyPage) restoreForm() app.UI {
	return app.Section().ID("restore").Class("card stack").Body(
		app.H2().Text("Restore a key"),
		app.P().Text("From a recovery file that you saved before, here or on another device."),
		app.Div().Class("drop").
			OnDragOver(func(ctx app.Context, e app.Event) { e.PreventDefault() }).
			OnDrop(func(ctx app.Context, e app.Event) { e.PreventDefault(); p.pick(ctx, pickedFiles(e)) }).Body(
			app.Input().Type("file").ID("recovery").OnChange(func(ctx app.Context, e app.Event) { p.pick(ctx, pickedFiles(e)) }),
			app.Label().For("recovery").Class("button plain").Text("Choose my recovery file"),
			app.If(p.name != "", func() app.UI { return app.P().Role("status").Text("Chosen: " + p.name) }),
		),
		app.Form().Class("stack").OnSubmit(func(ctx app.Context, e app.Event) { e.PreventDefault(); p.restore(ctx) }).Body(
			app.Div().Class("field").Body(
				app.Label().For("secret").Text("Its passphrase"),
				app.Input().ID("secret").Type("password").AutoComplete(false).Value(p.secret).
					OnInput(func(ctx app.Context, e app.Event) { p.secret = ctx.JSSrc().Get("value").String() }),
			),
			app.Div().Body(app.Button().Type("submit").Class("button plain").Disabled(p.busy || len(p.file) == 0).Text("Restore my key")),
		),
	)
}

func (p *keyPage) pick(ctx app.Context, files []app.Value) {
	if len(files) == 0 {
		return
	}
	readFile(p.here.of(ctx), files[0], largest, func(ctx app.Context, name string, data []byte, err error) {
		if err != nil {
			p.err = &messages.Error{Code: messages.DamagedFile, Sentence: err.Error() + ".", Next: "Choose another file."}
			return
		}
		p.name, p.file, p.err = name, data, nil
		focusOn(ctx, "secret")
	})
}

func (p *keyPage) restore(ctx app.Context) {
	if p.busy || len(p.file) == 0 {
		return
	}
	p.busy, p.err, p.doing = true, nil, messages.Progress{}
	call(p.here.of(ctx), messages.TypeRestore, &messages.Restore{Passphrase: p.secret, File: p.file}, func(ctx app.Context, r messages.Restored, err *messages.Error) {
		p.busy = false
		if p.err = err; err != nil {
			focusOn(ctx, "trouble")
			return
		}
		p.told, p.file, p.name, p.secret = r.Sentence, nil, "", ""
		keepStorage()
		focusOn(ctx, "title")
	}, func(ctx app.Context, pr messages.Progress) { p.doing = pr })
}
