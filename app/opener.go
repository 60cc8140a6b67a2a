package app

import (
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// largest is the size of the largest file that is read: years of half-hours.
const largest = 64_000_000

// opener takes anything of ours, in any way a customer may have it: a file that
// is dropped, picked or pasted, or the text of a link. What was given stays here
// until it is read.
type opener struct {
	app.Compo
	here    place
	Heading string
	Demo    bool // offer the made-up home

	over    bool
	scan    bool // QR codes can be scanned
	busy    bool
	holding bool
	stop    func()
	doing   messages.Progress
	name    string // of the file in hand
	data    []byte
	link    string // the fragment in hand
	secret  string // passphrase, as typed
	err     *messages.Error
	problem string // of reading the file itself
	demo    bool   // the demo is what is being opened
	plain   plainFile
}

func (o *opener) OnMount(ctx app.Context) {
	o.here.set(ctx)
	o.scan = canScan()
	state.watch(ctx, nil)
	o.launched(ctx)
	onLaunched(func() { ctx.Dispatch(o.launched) })
}

// launched takes files that came without a click in here.
func (o *opener) launched(ctx app.Context) {
	if o.busy {
		return // they wait for the next opener
	}
	if files := launchedFiles(); len(files) > 0 {
		o.files(ctx, files)
	}
}

// OnDismount lets go of what the answer would have.
func (o *opener) OnDismount() { o.letGo() }

// hold keeps this opener on the screen from the moment it has a file.
func (o *opener) hold() {
	if !o.holding {
		o.holding = true
		state.hold()
	}
}

func (o *opener) letGo() {
	if o.holding {
		o.holding = false
		state.letGo()
	}
}

func (o *opener) Render() app.UI {
	heading := o.Heading
	if heading == "" {
		heading = "Open my meter’s file"
	}
	return app.Section().ID("open").Class("stack").Aria("labelledby", "open-heading").Body(
		app.H2().ID("open-heading").Class("hide").Text(heading),
		o.zone(heading),
		app.If(o.busy, func() app.UI { return working(o.doing, "Opening", o.cancel()) }),
		app.If(o.problem != "", func() app.UI {
			return app.Div().ID("trouble").TabIndex(-1).Role("alert").Class("notice warn").Body(app.P().Text(o.problem))
		}),
		app.If(o.err != nil, func() app.UI { return o.trouble() }),
		app.If(o.plain.question != nil && !o.busy, func() app.UI { return o.questionCard() }),
	)
}

func (o *opener) cancel() func(app.Context) {
	if o.stop == nil {
		return nil
	}
	return func(app.Context) { o.stop() }
}

func (o *opener) zone(heading string) app.UI {
	class := "drop"
	if o.over {
		class = "drop over"
	}
	return app.Div().Class("stack").Body(
		app.Div().Class(class).
			OnDragOver(func(ctx app.Context, e app.Event) { e.PreventDefault(); o.over = true }).
			OnDragLeave(func(ctx app.Context, e app.Event) { o.over = false }).
			OnDrop(func(ctx app.Context, e app.Event) {
				e.PreventDefault()
				o.over = false
				o.files(ctx, pickedFiles(e))
			}).Body(
			app.Input().Type("file").ID("file").Class("file").Disabled(o.busy).
				OnChange(func(ctx app.Context, e app.Event) {
					files := pickedFiles(e)
					o.files(ctx, files)
					e.Get("target").Set("value", "") // the same file may be picked again
				}),
			app.Label().For("file").Class("button").Text(heading),
			app.P().Class("quiet small").Text("or drop it here. A request or a receipt from your supplier works too, and so does a download of your readings."),
		),
		app.If(o.Demo, func() app.UI {
			return app.Button().Type("button").Class("button plain").Disabled(o.busy).Text("Try it with a made-up home").
				OnClick(func(ctx app.Context, e app.Event) { o.openDemo(ctx) })
		}),
		app.If(o.scan, func() app.UI {
			return app.Div().Class("drop-scan").Body(
				app.Input().Type("file").ID("scan").Class("hide").Accept("image/*").Attr("capture", "environment").Disabled(o.busy).
					OnChange(func(ctx app.Context, e app.Event) {
						o.picture(ctx, pickedFiles(e))
						e.Get("target").Set("value", "")
					}),
				app.Label().For("scan").Class("button plain").Text("Scan the QR code on a letter"),
			)
		}),
		more("Paste a link or a code instead",
			app.Form().Class("stack-s").OnSubmit(o.onPasted).Body(
				app.Div().Class("field").Body(
					app.Label().For("pasted").Text("Link or code from your supplier"),
					app.Textarea().ID("pasted").Rows(3).Spellcheck(false).Text(state.pasted).
						OnInput(func(ctx app.Context, e app.Event) { state.pasted = ctx.JSSrc().Get("value").String() }).
						OnPaste(func(ctx app.Context, e app.Event) {
							if files := pastedFiles(e); len(files) > 0 {
								e.PreventDefault()
								o.files(ctx, files)
							}
						}),
					app.P().Class("hint").Text("It stays here until it is read."),
				),
				app.Div().Body(app.Button().Type("submit").Class("button plain").Text("Open what I pasted")),
			),
		),
	)
}

// pastedFiles are files among what was pasted.
func pastedFiles(e app.Event) []app.Value {
	board := e.Get("clipboardData")
	if !board.Truthy() || !board.Get("files").Truthy() {
		return nil
	}
	var files []app.Value
	for i := range board.Get("files").Length() {
		files = append(files, board.Get("files").Index(i))
	}
	return files
}

// files reads what was picked; of several, one after another.
func (o *opener) files(ctx app.Context, list []app.Value) {
	if len(list) == 0 || o.busy {
		return
	}
	o.err, o.problem, o.busy = nil, "", true
	o.doing = messages.Progress{Sentence: "Reading the file"}
	o.hold()
	readFile(o.here.of(ctx), list[0], largest, func(ctx app.Context, name string, data []byte, err error) {
		o.busy = false
		if err != nil {
			o.problem = err.Error() + "."
			o.letGo()
			focusOn(ctx, "trouble")
			return
		}
		o.name, o.data, o.link, o.demo, o.plain = name, data, "", false, plainFile{}
		o.again(ctx)
		rest := list[1:]
		if len(rest) > 0 {
			o.files(ctx, rest)
		}
	})
}

func (o *opener) onPasted(ctx app.Context, e app.Event) {
	e.PreventDefault()
	text := strings.TrimSpace(state.pasted)
	if text == "" {
		o.problem = "There is nothing to open yet. Paste the link or code first."
		focusOn(ctx, "pasted")
		return
	}
	o.problem = ""
	if r, ok := fragmentOf(text); ok {
		o.name, o.data, o.link = "", nil, r
	} else {
		o.name, o.data, o.link = "what you pasted", []byte(text), ""
	}
	o.demo = false
	o.again(ctx)
}

// fragmentOf finds the request in a link, or in the part of one.
func fragmentOf(text string) (string, bool) {
	if _, f, ok := strings.Cut(text, "#"); ok {
		text = f
	}
	return text, strings.HasPrefix(text, "r=")
}

// picture looks for a request in a photograph.
func (o *opener) picture(ctx app.Context, files []app.Value) {
	if len(files) == 0 || o.busy {
		return
	}
	o.busy, o.err, o.problem, o.doing = true, nil, "", messages.Progress{Sentence: "Looking for a QR code"}
	scan(o.here.of(ctx), files[0], func(ctx app.Context, text string) {
		o.busy = false
		o.scanned(ctx, text)
	})
}

func (o *opener) scanned(ctx app.Context, text string) {
	r, ok := fragmentOf(text)
	if !ok {
		o.problem = "No request was found in the picture. Take it again from nearer, with the whole QR code in view, or paste the link."
		focusOn(ctx, "trouble")
		return
	}
	o.name, o.data, o.link, o.demo = "", nil, r, false
	o.again(ctx)
}

func (o *opener) openDemo(ctx app.Context) {
	o.demo, o.name, o.data, o.link, o.problem = true, "", nil, "", ""
	o.again(ctx)
}

// again opens what is in hand.
func (o *opener) again(ctx app.Context) {
	if o.busy {
		return
	}
	o.busy, o.err, o.doing = true, nil, messages.Progress{}
	o.hold()
	switch {
	case o.demo:
		o.stop = call(o.here.of(ctx), messages.TypeOpenDemo, nil, o.opened, o.progress)
	case o.link != "":
		o.stop = call(o.here.of(ctx), messages.TypeRequest, &messages.TakeRequest{Fragment: o.link}, func(ctx app.Context, a messages.Ask, err *messages.Error) {
			o.opened(ctx, messages.Opened{Kind: messages.KindRequest, Sentence: a.Sentence, Ask: &a}, err)
		}, o.progress)
	default:
		o.stop = call(o.here.of(ctx), messages.TypeOpen, &messages.Open{Name: o.name, Data: o.data}, func(ctx app.Context, opened messages.Opened, err *messages.Error) {
			if err != nil && err.Code == messages.NotAHushwattFile && len(o.data) > 0 {
				o.readPlain(ctx) // then it may be another meter's
				return
			}
			o.opened(ctx, opened, err)
		}, o.progress)
	}
}

func (o *opener) progress(ctx app.Context, p messages.Progress) { o.doing = p }

// opened goes where a file leads, or says why it was not opened.
func (o *opener) opened(ctx app.Context, opened messages.Opened, err *messages.Error) {
	o.busy, o.stop = false, nil
	defer o.letGo()
	if err != nil {
		o.err = err
		focusOn(ctx, "trouble")
		return
	}
	o.data, o.link, state.pasted, o.plain = nil, "", "", plainFile{}
	keepStorage()
	ctx.Navigate(state.took(opened))
}

// trouble shows why it was not opened, with the next step right there.
func (o *opener) trouble() app.UI {
	switch o.err.Code {
	case messages.NeedsPassphrase, messages.WrongPassphrase, messages.WeakPassphrase:
		return app.Div().Class("stack").Body(trouble(o.err), o.passphrase())
	case messages.UnknownSupplier:
		return trouble(o.err, trust(o.here, o.err, func(ctx app.Context) { o.again(ctx) }, func(ctx app.Context) { o.err = nil })...)
	case messages.WrongKey, messages.NoKey, messages.NotAHushwattFile, messages.NotAMeterFile, messages.DamagedFile, messages.NoDemo:
		return trouble(o.err)
	}
	return trouble(o.err, button("Try again", "plain", o.again))
}

// trust asks whether a supplier is the customer's own.
func trust(here place, err *messages.Error, then, no func(app.Context)) []app.UI {
	if err.Supplier == nil {
		return nil
	}
	s := *err.Supplier
	return []app.UI{
		button("Yes, this is my supplier", "", func(ctx app.Context) {
			call(here.of(ctx), messages.TypeTrustSupplier, &messages.TrustSupplier{Key: s.Key, Name: s.Name},
				func(ctx app.Context, device messages.State, err *messages.Error) {
					if err == nil {
						state.update(device)
						then(ctx)
					}
				}, nil)
		}, s.Key),
		button("No, leave it", "plain", no, s.Key),
	}
}

func (o *opener) passphrase() app.UI {
	return app.Form().Class("stack-s").OnSubmit(func(ctx app.Context, e app.Event) {
		e.PreventDefault()
		o.restore(ctx)
	}).Body(
		app.Div().Class("field").Body(
			app.Label().For("secret").Text("Passphrase of the recovery file"),
			app.Input().ID("secret").Type("password").AutoComplete(false).Value(o.secret).
				OnInput(func(ctx app.Context, e app.Event) { o.secret = ctx.JSSrc().Get("value").String() }),
		),
		app.Div().Body(app.Button().Type("submit").Class("button").Disabled(o.busy).Text("Restore from this file")),
	)
}

func (o *opener) restore(ctx app.Context) {
	o.busy, o.doing = true, messages.Progress{}
	call(o.here.of(ctx), messages.TypeRestore, &messages.Restore{Passphrase: o.secret, File: o.data},
		func(ctx app.Context, r messages.Restored, err *messages.Error) {
			o.busy = false
			if err != nil {
				o.err = err
				focusOn(ctx, "secret")
				return
			}
			o.data, o.secret, o.err = nil, "", nil
			state.passed = &messages.Opened{Kind: messages.KindKey, Sentence: r.Sentence}
			ctx.Navigate("/key")
		}, func(ctx app.Context, p messages.Progress) { o.doing = p })
}

// noHome is a screen that has nothing to show before a meter's file is open.
func noHome(heading, lead string) app.UI {
	return app.Div().Class("stack-l").Body(
		title(heading, lead),
		note("", "No meter’s file is open yet", "Your meter’s file ends in .hushwatt. Your supplier or your meter’s app gives it to you."),
		&opener{Demo: true},
	)
}
