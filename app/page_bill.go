package app

import (
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// billPage is the bill, as on paper. It is where a request link leads.
type billPage struct {
	app.Compo
	here    place
	loading bool
	asked   string
	doing   messages.Progress
	stop    func()
	err     *messages.Error
	link    string // fragment of the link that led here
	choose  bool   // pick days and a tariff by hand
	tariffs []messages.Tariff
	tariff  string
	from    string
	to      string
}

func (p *billPage) OnMount(ctx app.Context) {
	p.here.set(ctx)
	state.watch(ctx, p.load)
	p.load(ctx)
	if state.bill != nil {
		p.beside(ctx)
	}
}

func (p *billPage) OnNav(ctx app.Context) {
	if f := ctx.Page().URL().Fragment; strings.HasPrefix(f, "r=") {
		p.link = f
		p.request(ctx)
		return
	}
	p.load(ctx)
}

// request reads the request in the link.
func (p *billPage) request(ctx app.Context) {
	if p.loading {
		return
	}
	p.loading, p.err, p.doing = true, nil, messages.Progress{}
	p.stop = call(p.here.of(ctx), messages.TypeRequest, &messages.TakeRequest{Fragment: p.link}, func(ctx app.Context, a messages.Ask, err *messages.Error) {
		p.loading = false
		if err != nil {
			p.err = err
			focusOn(ctx, "trouble")
			return
		}
		p.link = ""
		state.chooseAsk(a)
		ctx.Navigate("/bill")
		p.load(ctx)
	}, func(ctx app.Context, pr messages.Progress) { p.doing = pr })
}

// load computes the bill of the chosen request, unless it is here.
func (p *billPage) load(ctx app.Context) {
	a := state.askNow()
	if p.loading || p.link != "" || a == nil || state.homeNow() == nil || state.bill != nil || p.asked == a.ID && p.err != nil {
		return
	}
	p.asked = a.ID
	p.compute(ctx, messages.AskBill{Request: a.ID})
}

func (p *billPage) compute(ctx app.Context, want messages.AskBill) {
	p.loading, p.err, p.doing = true, nil, messages.Progress{}
	p.stop = call(p.here.of(ctx), messages.TypeBill, &want, func(ctx app.Context, b messages.Bill, err *messages.Error) {
		p.loading = false
		if p.err = err; err != nil {
			focusOn(ctx, "trouble")
			return
		}
		state.bill = &b
		p.choose = false
		focusOn(ctx, "title")
		p.beside(ctx)
	}, func(ctx app.Context, pr messages.Progress) { p.doing = pr })
}

// beside fetches the picture of the days, where there is room for it.
func (p *billPage) beside(ctx app.Context) {
	want, ok := wantedDays()
	if !ok || state.days != nil || width("main") < 900 {
		return
	}
	call(p.here.of(ctx), messages.TypeDays, &want, func(ctx app.Context, d messages.Days, err *messages.Error) {
		if err == nil { // without it the bill stands alone
			state.show(&d)
		}
	}, nil)
}

func (p *billPage) Render() app.UI {
	a := state.askNow()
	switch {
	case p.loading:
		return app.Div().Class("stack-l").Body(path("/bill"), title("Your bill", ""),
			working(p.doing, "Working out your bill", func(ctx app.Context) {
				if p.stop != nil {
					p.stop()
				}
			}))
	case p.err != nil:
		return p.problem(a)
	case state.bill != nil && !p.choose:
		return billScreen(state.bill, button("Other days or another tariff", "text no-print", func(ctx app.Context) {
			p.choose = true
			p.prepare(ctx)
		}))
	case !state.known && state.failed == nil:
		return app.Div().Class("stack-l").Body(title("Your bill", "Every line, and why it is what it is."), waiting("Looking for what is on this device …"))
	case state.homeNow() == nil && a != nil:
		return askWithoutHome(*a)
	case state.homeNow() == nil:
		return noHome("Your bill", "Open your meter’s file, or the request of your supplier, to see your bill.")
	}
	return p.chooser()
}

// problem shows why there is no bill, and what helps.
func (p *billPage) problem(a *messages.Ask) app.UI {
	var offers []app.UI
	var below, aside app.UI = app.Div(), app.Div()
	again := func(ctx app.Context) {
		if p.link != "" {
			p.request(ctx)
			return
		}
		p.err = nil
		p.load(ctx)
	}
	switch p.err.Code {
	case messages.UnknownSupplier:
		offers = trust(p.here, p.err, again, func(ctx app.Context) {
			p.err, p.link = nil, ""
			ctx.Navigate("/")
		})
	case messages.OtherMeter, messages.PeriodNotCovered, messages.DaysMissing, messages.NotFound:
		below = &opener{Heading: "Open a file"}
	case messages.TariffNotFound, messages.SupplierOffline, messages.StorageFull, messages.StorageDamaged, messages.StorageUnavailable, messages.Stopped, messages.BadCall, messages.Internal:
		offers = []app.UI{button("Try again", "plain", again)}
	}
	lead := ""
	if a != nil {
		lead = a.Sentence
		aside = actions(button("Put this request aside", "text", func(ctx app.Context) {
			state.chooseAsk(*a)
			ctx.Navigate("/send")
		}, a.ID))
	}
	return app.Div().Class("stack-l").Body(path("/bill"), title("Your bill", lead), trouble(p.err, offers...), below, aside)
}

// askWithoutHome is a request whose meter's file is not here yet.
func askWithoutHome(a messages.Ask) app.UI {
	return app.Div().Class("stack-l").Body(
		title("Your supplier asks for a bill", a.Sentence),
		app.Div().Class("card").Body(app.Dl().Class("facts").Body(
			fact("Supplier", app.Text(a.Supplier.Name)),
			fact("Days", app.Text(a.Period)),
			fact("Meter", app.Text(strings.Join(a.Meters, ", "))),
			fact("Answer", app.Text(a.Due)),
			fact("Request number", app.Text(a.Serial)),
		)),
		app.P().Text("To work out the bill, open the file of this meter. Nothing is sent before you have seen it."),
		&opener{},
	)
}

// billScreen shows a bill, with the days beside it on a desk.
func billScreen(b *messages.Bill, extra app.UI) app.UI {
	if b.Plain {
		return plainBill(b, extra)
	}
	return app.Div().Class("stack-l").Body(
		path("/bill"),
		app.If(b.Problem != nil, func() app.UI { return app.Div().Class("no-print").Body(trouble(b.Problem)) }),
		app.Div().Class("main-and-aside").Body(
			app.Div().Class("stack").Body(paper(b), app.Div().Body(extra)),
			app.Div().Class("stack no-print").Body(nextCard(b), daysBeside()),
		),
	)
}

// nextCard leads on from a bill: to what would be sent or, where that is nothing,
// to what can be done instead.
func nextCard(b *messages.Bill) app.UI {
	what, next := "Next, see exactly what would leave this device. You decide there.", "See what would be sent"
	if blocked(b) {
		what, next = "This bill cannot be sent. Next, put the request aside, or say that it looks wrong.", "Answer without a bill"
	}
	return app.Section().Class("card stack").Body(
		app.H2().Text("Nothing has been sent"),
		app.P().Text(what),
		actions(
			link("/send", next, ""),
			link("/compare", "On another tariff", "plain"),
			button("Print the bill", "plain", func(app.Context) { printPage() }),
		),
	)
}

// plainBill is a bill of readings that nobody has sealed: for the customer alone.
func plainBill(b *messages.Bill, extra app.UI) app.UI {
	return app.Div().Class("stack-l").Body(
		path("/bill"),
		app.Div().Class("main-and-aside").Body(
			app.Div().Class("stack").Body(paper(b), app.Div().Body(extra)),
			app.Div().Class("stack no-print").Body(
				app.Section().Class("card stack").Body(
					app.H2().Text("For you alone"),
					app.P().Text("This is plain arithmetic on your file. It stays on this device, and there is nothing to send: your supplier could not verify it."),
					actions(
						link("/compare", "On another tariff", ""),
						button("Print the bill", "plain", func(app.Context) { printPage() }),
					),
				),
				daysBeside(),
			),
		),
	)
}

// daysBeside is the picture of the days in small, where there is room for it.
func daysBeside() app.UI {
	d := state.days
	if d == nil {
		return app.P().Body(app.A().Class("tap").Href("/days").Text("See these days as a picture"))
	}
	return app.Section().Class("card stack desk-only").Body(
		app.H2().Text("Your days"),
		app.Div().Class("chart").Role("img").Aria("label", d.Period+", "+kWh(d.TotalWh)+", one row a day. The days screen has every number.").
			Body(heat(d, measure{}, 380, -1)),
		app.P().Body(app.A().Class("tap").Href("/days").Text("Look closer")),
	)
}

// paper is the bill itself.
func paper(b *messages.Bill) app.UI {
	return app.Article().Class("card stack paper").Body(
		app.Div().Class("stack-s").Body(
			app.H1().ID("title").TabIndex(-1).Body(held(b.Title, b.Period)...),
			uncertified(b.Plain),
			app.P().Class("quiet").Text(billFor(b)),
			app.P().Class("total").Text(b.Total.Text),
		),
		lines(b),
		app.If(b.Rounding != "", func() app.UI { return app.P().Class("small quiet").Text(b.Rounding) }),
		app.If(b.Missing+b.Estimated > 0, func() app.UI { return missed(b) }),
		app.P().Class("only-print").Text("Worked out by Hushwatt on the customer’s own device."),
	)
}

func billFor(b *messages.Bill) string {
	var names []string
	for _, t := range b.Tariffs {
		names = append(names, t.Name)
	}
	text := b.Supplier.Name
	if len(names) > 0 {
		text += ", " + strings.Join(names, " then ")
	}
	word := "Meter "
	if len(b.Meters) > 1 {
		word = "Meters "
	}
	return text + ". " + word + strings.Join(b.Meters, ", ") + "."
}

func missed(b *messages.Bill) app.UI {
	word := func(n int) string { return plural(n, "half-hour", "half-hours") }
	return more("What your meter missed",
		app.If(b.Missing > 0, func() app.UI {
			return app.Div().Body(app.P().Text(word(b.Missing)+" missing, counted as your tariff says:"), slots(b.MissingSlots, b.Missing))
		}),
		app.If(b.Estimated > 0, func() app.UI {
			return app.Div().Body(app.P().Text(word(b.Estimated)+" estimated by your meter:"), slots(b.EstimatedSlots, b.Estimated))
		}),
	)
}

// lines is the table of a bill: name, kWh, price, amount, and below each line
// its arithmetic. On a phone kWh and price stand below the name.
func lines(b *messages.Bill) app.UI {
	cols := func(name, kwh, price, amount string) app.UI {
		return app.Tr().Body(
			app.Th().Scope("col").Text(name),
			app.Th().Scope("col").Class("num desk-cell").Text(kwh),
			app.Th().Scope("col").Class("num desk-cell").Text(price),
			app.Th().Scope("col").Class("num").Text(amount),
		)
	}
	return app.Table().Class("bill").Body(
		app.Caption().Class("hide").Text(b.Title+", line by line"),
		app.THead().Body(cols("What", "kWh", "Price", "Amount")),
		app.TBody().Body(
			app.Range(b.Lines).Slice(func(i int) app.UI { return line(b.Lines[i]) }),
			app.Tr().Class("total").Body(
				app.Th().Scope("row").Text("Total"),
				app.Td().Class("desk-cell"), app.Td().Class("desk-cell"),
				app.Td().Class("num").Text(b.Total.Text),
			),
		),
	)
}

// shortLines are the lines without prices and arithmetic, for beside the days.
func shortLines(b *messages.Bill) app.UI {
	return app.Table().Class("bill").Body(
		app.Caption().Class("hide").Text(b.Title),
		app.TBody().Body(app.Range(b.Lines).Slice(func(i int) app.UI {
			l := b.Lines[i]
			return app.Tr().Class(l.Kind).Body(app.Th().Scope("row").Text(lineName(l)), app.Td().Class("num money").Text(l.Amount.Text))
		})),
	)
}

func lineName(l messages.Line) string {
	if l.Period != "" {
		return l.Name + ", " + l.Period
	}
	return l.Name
}

func line(l messages.Line) app.UI {
	phone := l.Price
	if l.KWh != "" {
		phone = l.KWh + "\u00a0kWh at " + l.Price
	}
	phone = strings.ReplaceAll(phone, " per kWh", "\u00a0per\u00a0kWh")
	return app.Tr().Class(l.Kind).Body(
		app.Th().Scope("row").Body(
			app.Text(lineName(l)),
			app.If(phone != "", func() app.UI { return app.Div().Class("small quiet phone-only").Text(phone) }),
			app.If(l.Included != nil, func() app.UI {
				return app.Div().Class("small quiet").Text(l.Included.Text + " is already in the prices")
			}),
			app.If(len(l.Steps) > 0, func() app.UI { return why(l.Steps) }),
		),
		app.Td().Class("num desk-cell").Text(l.KWh),
		app.Td().Class("num desk-cell").Text(l.Price),
		app.Td().Class("num money").Text(l.Amount.Text),
	)
}

// why is the arithmetic of a line.
func why(steps []messages.Step) app.UI {
	return app.Details().Class("more small no-print").Body(
		app.Summary().Text("Why this much?"),
		app.Ul().Class("sums").Body(app.Range(steps).Slice(func(i int) app.UI {
			s := steps[i]
			text := s.Left
			if s.Right != "" {
				text += " = " + s.Right
			}
			return app.Li().Body(
				app.Span().Class("figures").Text(text),
				app.If(s.Note != "", func() app.UI { return app.Div().Class("quiet").Text(s.Note) }),
			)
		})),
	)
}

// prepare fetches what can be chosen from.
func (p *billPage) prepare(ctx app.Context) {
	if h := state.homeNow(); h != nil && p.from == "" {
		p.from, p.to = h.First, h.Last
	}
	call(p.here.of(ctx), messages.TypeTariffs, &messages.AskTariffs{Refresh: true}, func(ctx app.Context, t messages.Tariffs, err *messages.Error) {
		if p.err = err; err == nil {
			p.tariffs = t.List
			if p.tariff == "" && len(t.List) > 0 {
				p.tariff = t.List[0].ID
			}
		}
	}, nil)
}

// chooser works out a bill that nobody asked for yet.
func (p *billPage) chooser() app.UI {
	home := state.homeNow()
	from, to := p.from, p.to
	if from == "" {
		from, to = home.First, home.Last
	}
	date := func(id, name, value string, set *string) app.UI {
		return app.Div().Class("field").Body(
			app.Label().For(id).Text(name),
			app.Input().Type("date").ID(id).Min(home.First).Max(home.Last).Value(value).
				OnInput(func(ctx app.Context, e app.Event) { *set = ctx.JSSrc().Get("value").String() }, app.EventScope(id)),
		)
	}
	return app.Div().Class("stack-l").Body(
		path("/bill"),
		title("Work out a bill", "See what any of your days would cost. A bill that your supplier has not asked for is not sent."),
		uncertified(home.Plain),
		app.If(len(state.openAsks()) > 0, func() app.UI {
			return actions(link("/", "See the requests that are open", "plain"))
		}),
		app.If(len(p.tariffs) == 0, func() app.UI {
			return actions(button("Choose a tariff", "", p.prepare))
		}).Else(func() app.UI {
			return app.Form().Class("card stack").OnSubmit(func(ctx app.Context, e app.Event) {
				e.PreventDefault()
				p.asked = ""
				state.bill = nil
				p.compute(ctx, messages.AskBill{Homes: []string{home.ID}, Tariff: p.tariff, From: from, To: to})
			}, app.EventScope(home.ID, from, to)).Body(
				app.Div().Class("field").Body(
					app.Label().For("tariff").Text("Tariff"),
					app.Select().ID("tariff").Body(app.Range(p.tariffs).Slice(func(i int) app.UI {
						t := p.tariffs[i]
						return app.Option().Value(t.ID).Selected(t.ID == p.tariff).Text(t.Name + ", " + t.Supplier.Name)
					})).OnChange(func(ctx app.Context, e app.Event) { p.tariff = ctx.JSSrc().Get("value").String() }),
				),
				app.Div().Class("row").Body(date("from", "First day", from, &p.from), date("to", "Last day", to, &p.to)),
				app.Div().Body(app.Button().Type("submit").Class("button").Text("Work out this bill")),
			)
		}),
		actions(link("/compare", "Compare all tariffs", "plain"), link("/#open", "Open a request from my supplier", "plain")),
	)
}
