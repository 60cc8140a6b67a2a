package app

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// The ways to look at days.
const (
	viewAll   = "all" // heat map
	viewDay   = "day" // curve
	viewWeek  = "week"
	viewMonth = "month"
)

// daysPage is the picture of the household's days.
type daysPage struct {
	app.Compo
	view    string
	money   bool
	table   bool
	w       int
	loading bool
	asked   string
	err     *messages.Error
	doing   messages.Progress
}

func (p *daysPage) OnMount(ctx app.Context) {
	state.watch(ctx, p.load)
	p.view = preference("view")
	p.measure()
	p.load(ctx)
}

func (p *daysPage) OnNav(ctx app.Context) { p.load(ctx) }

func (p *daysPage) OnResize(ctx app.Context) { p.measure() }

func (p *daysPage) measure() { p.w = min(width("chart"), 900) }

// load asks for the month that is to be shown, unless it is here.
func (p *daysPage) load(ctx app.Context) {
	home := state.homeNow()
	if home == nil || p.loading {
		return
	}
	want := messages.AskDays{Home: home.ID}
	if state.month != (month{}) {
		want.From, want.To = state.month.first(), state.month.last()
	}
	if a := state.askNow(); a != nil && want.From == "" && covers(*home, *a) {
		want.From, want.To = a.First, a.Last
	}
	key := want.Home + want.From + want.To
	if p.asked == key && (state.days != nil || p.err != nil) {
		return
	}
	p.loading, p.asked, p.err = true, key, nil
	call(ctx, messages.TypeDays, &want, func(ctx app.Context, d messages.Days, err *messages.Error) {
		p.loading, p.err = false, err
		if err == nil {
			state.days = &d
			if m, ok := monthOf(d.First); ok {
				state.month = m
			}
			if day, ok := dayOf(&d, state.pick); !ok || d.List[day].From == 0 {
				state.pick = firstPick(&d)
			}
			p.asked = d.Home + state.month.first() + state.month.last()
		}
		ctx.Defer(func(ctx app.Context) { p.measure(); ctx.Update() })
	}, func(ctx app.Context, pr messages.Progress) { p.doing = pr })
}

// covers reports whether a request is about days of this home.
func covers(h messages.Home, a messages.Ask) bool {
	for _, id := range a.Homes {
		if id == h.ID {
			return a.First >= h.First && a.Last <= h.Last
		}
	}
	return false
}

// firstPick is the half-hour that is chosen at first: the highest of all.
func firstPick(d *messages.Days) int {
	best, at := -1, 0
	for i := range d.Count() {
		if there(d.StatusAt(i)) && d.WhAt(i) > best {
			best, at = d.WhAt(i), i
		}
	}
	return at
}

func (p *daysPage) Render() app.UI {
	if state.known && state.homeNow() == nil {
		return noHome("Your days", "Once your meter's file is open, every half-hour of it is drawn here.")
	}
	d := state.days
	return app.Div().Class("stack-l").Body(
		path("/days"),
		title("Your days", "Every half-hour that your meter measured. This picture is drawn on this device and stays here."),
		app.If(len(state.device.Homes) > 1, func() app.UI {
			return homeChoice(state.device.Homes, state.homeNow().ID, func(ctx app.Context, id string) {
				state.chooseHome(id)
				p.load(ctx)
			})
		}),
		app.If(p.err != nil, func() app.UI { return trouble(p.err, button("Try again", "plain", p.load)) }),
		app.If(d == nil && p.err == nil, func() app.UI { return working(p.doing, "Reading your days", nil) }),
		app.If(d != nil, func() app.UI {
			return app.Div().Class("main-and-aside").Body(
				app.Div().Class("stack").Body(p.tools(d), p.chart(d)),
				app.Div().Class("stack").Body(p.chosen(d), daysNext()),
			)
		}),
	)
}

// daysNext leads on to the bill; on a desk it stands beside the days.
func daysNext() app.UI {
	return app.Section().Class("card stack no-print").Body(
		app.If(state.bill != nil, func() app.UI {
			return app.Div().Class("stack-s").Body(
				app.H2().Text(state.bill.Title),
				app.P().Class("total").Text(state.bill.Total.Text),
			)
		}).Else(func() app.UI { return app.H2().Text("What these days cost") }),
		actions(link("/bill", "See the bill", ""), link("/compare", "On another tariff", "plain")),
	)
}

func (p *daysPage) tools(d *messages.Days) app.UI {
	m := measureOf(d, p.money)
	unit := "kwh"
	if m.money {
		unit = "money"
	}
	return app.Div().Class("stack-s no-print").Body(
		p.turn(d),
		app.Div().Class("row").Body(
			choices("view", "What to draw", p.viewNow(), []choice{{viewAll, "All"}, {viewDay, "Day"}, {viewWeek, "Week"}, {viewMonth, "Month"}},
				func(ctx app.Context, v string) { p.view = v; setPreference("view", v) }),
			app.If(len(d.Price) > 0, func() app.UI {
				return choices("unit", "kWh or money", unit, []choice{{"kwh", "kWh"}, {"money", currencySign(d.Currency)}},
					func(ctx app.Context, v string) { p.money = v == "money" })
			}),
		),
		app.If(d.NoPrices != "", func() app.UI { return app.P().Class("small quiet").Text(d.NoPrices) }),
	)
}

func currencySign(currency string) string {
	switch currency {
	case "GBP":
		return "£"
	case "EUR":
		return "€"
	}
	return currency
}

func (p *daysPage) viewNow() string {
	switch p.view {
	case viewDay, viewWeek, viewMonth:
		return p.view
	}
	return viewAll
}

// turn names the month and turns it over.
func (p *daysPage) turn(d *messages.Days) app.UI {
	first, ok1 := monthOf(d.HomeFirst)
	last, ok2 := monthOf(d.HomeLast)
	go_ := func(by int) func(app.Context) {
		return func(ctx app.Context) {
			state.month, state.pick = state.month.add(by), 0
			p.load(ctx)
		}
	}
	return app.Div().Class("row spread").Body(
		app.H2().Text(d.Period),
		app.If(ok1 && ok2 && first.before(last), func() app.UI {
			return app.Div().Class("row").Body(
				app.If(first.before(state.month), func() app.UI {
					return button("‹ "+state.month.add(-1).String(), "plain", go_(-1), state.month)
				}),
				app.If(state.month.before(last), func() app.UI {
					return button(state.month.add(1).String()+" ›", "plain", go_(1), state.month)
				}),
			)
		}),
	)
}

// chart is the drawing, what is chosen in it, its legend, and its table.
func (p *daysPage) chart(d *messages.Days) app.UI {
	m, w := measureOf(d, p.money), max(p.w, 240)
	day, ok := dayOf(d, state.pick)
	if !ok {
		return app.P().ID("chart").Class("quiet").Text("There are no half-hours in these days.")
	}
	from, to := p.span(d, day)
	var drawing, legend app.UI
	switch p.viewNow() {
	case viewDay:
		drawing, legend = curve(d, day, m, w, state.pick), priceKey(d, d.List[day])
	case viewWeek, viewMonth:
		drawing, legend = bars(d, from, to, m, w, state.pick), barsKey(m)
	default:
		drawing, legend = heat(d, m, w, state.pick), app.Div().Class("stack-s").Body(heatKey(d, m, w), priceKey(d, d.List[day]))
	}
	caption := p.caption(d, m, day, from, to)
	return app.Figure().Class("chart").Body(
		app.FigCaption().ID("caption").Class("small").Text(caption),
		app.Div().ID("chart").Class("drawing").TabIndex(0).Role("slider").
			Aria("label", p.label()).Aria("describedby", "caption").
			Aria("valuemin", 0).Aria("valuemax", max(d.Count()-1, 0)).Aria("valuenow", state.pick).
			Aria("valuetext", tell(d, state.pick)).Aria("orientation", "horizontal").
			OnKeyDown(p.onKey).OnClick(p.onClick).Body(drawing),
		app.Div().Class("row spread no-print").Body(
			button("‹ Earlier", "plain", func(ctx app.Context) { p.move(p.step(-1)) }, p.view),
			button("Later ›", "plain", func(ctx app.Context) { p.move(p.step(1)) }, p.view),
		),
		legend,
		p.tableFold(d, m, day, from, to),
	)
}

func (p *daysPage) label() string {
	if v := p.viewNow(); v == viewWeek || v == viewMonth {
		return "Days. Arrow keys move by a day"
	}
	return "Half-hours. Left and right move by one, up and down by a day"
}

// span is which days are drawn.
func (p *daysPage) span(d *messages.Days, day int) (from, to int) {
	switch p.viewNow() {
	case viewDay:
		return day, day + 1
	case viewWeek:
		return weekOf(d.List, day)
	}
	return 0, len(d.List)
}

// weekOf is the week, Monday to Sunday, of a day, as far as it is here. A week
// ends after the second of two days at a weekend.
func weekOf(list []messages.Day, day int) (from, to int) {
	monday := func(i int) bool { return i > 0 && list[i-1].Weekend && !list[i].Weekend }
	for from = day; from > 0 && !monday(from); from-- {
	}
	for to = day + 1; to < len(list) && !monday(to); to++ {
	}
	return from, to
}

// caption is the picture in words.
func (p *daysPage) caption(d *messages.Days, m measure, day, from, to int) string {
	if p.viewNow() == viewDay {
		x := d.List[day]
		text := x.Name + ": " + kWh(x.Wh)
		if x.Money != nil {
			text += ", " + x.Money.Text
		}
		if x.Missing > 0 {
			text += ", " + plural(x.Missing, slotWord(d.SlotMinutes, 1), slotWord(d.SlotMinutes, 2)) + " missing"
		}
		text += "."
		if x.Change != "" {
			text += " " + x.Change
		}
		return text
	}
	var sum, top int64
	var missing, best int
	for i := from; i < to; i++ {
		v := m.sum(d, d.List[i])
		sum += v
		missing += d.List[i].Missing
		if v > top {
			top, best = v, i
		}
	}
	if from >= to {
		return ""
	}
	text := plural(to-from, "day", "days") + ", " + m.total(sum) + " of energy; most on " + d.List[best].Name + " with " + m.total(top)
	if missing > 0 {
		text += "; " + plural(missing, slotWord(d.SlotMinutes, 1), slotWord(d.SlotMinutes, 2)) + " missing"
	}
	return text + "."
}

// total writes a large value: money in the large unit.
func (m measure) total(v int64) string {
	if !m.money {
		return decimals(v, 1000, 1) + " kWh"
	}
	if sign := currencySign(m.currency); sign != m.currency {
		return sign + decimals(v, 1e12, 2)
	}
	return m.currency + " " + decimals(v, 1e12, 2)
}

// tell says what a half-hour is: time, kWh, price, money.
func tell(d *messages.Days, i int) string {
	day, ok := dayOf(d, i)
	if !ok {
		return ""
	}
	x := d.List[day]
	text := x.Name + ", " + slotTime(x, i-x.From, d.SlotMinutes) + ": "
	switch d.StatusAt(i) {
	case messages.Missing:
		return text + "missing. Your meter has no reading."
	case messages.NotHere:
		return text + "not in your meter's file."
	}
	text += kWh(int64(d.WhAt(i)))
	if price, ok := d.PriceAt(i); ok {
		if w, ok := windowOf(x, i-x.From); ok {
			text += ", " + w.Rate + " at " + w.Price
		}
		text += ", " + small(price*int64(d.WhAt(i)), d.Currency)
	}
	if d.StatusAt(i) == messages.Estimated {
		text += " (estimated by your meter)"
	}
	return text
}

func windowOf(day messages.Day, slot int) (messages.Window, bool) {
	for _, w := range day.Windows {
		if slot >= w.From && slot < w.From+w.Slots {
			return w, true
		}
	}
	return messages.Window{}, false
}

// chosen is the half-hour, or the day, that is chosen, in large.
func (p *daysPage) chosen(d *messages.Days) app.UI {
	day, ok := dayOf(d, state.pick)
	if !ok {
		return app.Div()
	}
	x := d.List[day]
	if v := p.viewNow(); v == viewWeek || v == viewMonth {
		rows := []app.UI{fact("Used", app.Text(kWh(x.Wh)))}
		if x.Money != nil {
			rows = append(rows, fact("Energy costs", app.Text(x.Money.Text)))
		}
		if x.Missing > 0 {
			rows = append(rows, fact("Missing", app.Text(plural(x.Missing, slotWord(d.SlotMinutes, 1), slotWord(d.SlotMinutes, 2)))))
		}
		return app.Section().Class("card stack-s").Body(app.H2().Text(x.Name), app.Dl().Class("facts").Body(rows...),
			app.If(x.Change != "", func() app.UI { return app.P().Class("small quiet").Text(x.Change) }))
	}
	i := state.pick
	var rows []app.UI
	switch d.StatusAt(i) {
	case messages.Missing:
		rows = append(rows, fact("Used", app.Text("Missing: your meter has no reading")))
	case messages.NotHere:
		rows = append(rows, fact("Used", app.Text("Not in your meter's file")))
	default:
		used := kWh(int64(d.WhAt(i)))
		if d.StatusAt(i) == messages.Estimated {
			used += ", estimated"
		}
		rows = append(rows, fact("Used", app.Text(used)))
	}
	if w, ok := windowOf(x, i-x.From); ok {
		rows = append(rows, fact("Price", app.Text(w.Price+", "+w.Rate)))
	}
	if price, ok := d.PriceAt(i); ok && there(d.StatusAt(i)) {
		rows = append(rows, fact("Costs", app.Text(small(price*int64(d.WhAt(i)), d.Currency))))
	}
	return app.Section().Class("card stack-s").Body(
		app.H2().Text(x.Name), app.P().Text(slotTime(x, i-x.From, d.SlotMinutes)),
		app.Dl().Class("facts").Body(rows...),
		app.If(len(d.Price) > 0, func() app.UI {
			text := "Costs are before tax."
			if d.WithTax {
				text = "Costs include tax."
			}
			return app.P().Class("small quiet").Text(text)
		}),
		app.If(x.Change != "", func() app.UI { return app.P().Class("small quiet").Text(x.Change) }),
	)
}

// priceKey names the prices of a day.
func priceKey(d *messages.Days, day messages.Day) app.UI {
	if len(day.Windows) == 0 {
		return missingKey()
	}
	p, seen := pricesOf(d), map[string]bool{}
	var items []app.UI
	for _, w := range day.Windows {
		name := w.Rate + ", " + w.Price
		if !seen[name] {
			seen[name] = true
			items = append(items, app.Li().Body(swatch("p"+num(p.class(w.Pico))), app.Text(name)))
		}
	}
	if len(items) > 4 {
		low, high := day.Windows[0], day.Windows[0]
		for _, w := range day.Windows {
			if w.Pico < low.Pico {
				low = w
			}
			if w.Pico > high.Pico {
				high = w
			}
		}
		items = []app.UI{
			app.Li().Body(swatch("p"+num(p.class(low.Pico))), app.Text("cheapest "+low.Price)),
			app.Li().Body(swatch("p"+num(p.class(high.Pico))), app.Text("dearest "+high.Price)),
		}
	}
	return app.Div().Class("stack-s").Body(
		app.P().Class("small quiet").Text("Band at the top: prices on "+day.Name),
		app.Ul().Class("key").Body(items...),
		missingKey(),
	)
}

func missingKey() app.UI {
	return app.Ul().Class("key").Body(
		app.Li().Body(swatch("missing"), app.Text("missing")),
		app.Li().Body(swatch("weekend"), app.Text("weekend")),
	)
}

func barsKey(m measure) app.UI {
	return app.Div().Class("stack-s").Body(
		app.P().Class("small quiet").Text("Height: "+m.unit()+" in a day; a hatched cap where half-hours are missing"), missingKey())
}

func swatch(class string) app.UI { return app.Span().Class("swatch").Class(class).Aria("hidden", true) }
