package app

import (
	"time"

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
	here    place
	view    string
	money   bool
	table   bool
	w       int
	loading bool
	asked   string
	err     *messages.Error
	doing   messages.Progress
	pieces  int // drawn so far
}

// The screen is drawn in pieces, each in a task of its own, so that none holds up
// the window: what is around the picture, the picture, its legend and the bill.
const (
	pieceChart = 1
	pieceRest  = 2
)

// drawn reports whether a piece is to be there. The server draws all at once.
func (p *daysPage) drawn(piece int) bool { return app.IsServer || p.pieces >= piece }

// draw begins with the first piece and goes on with the next ones.
func (p *daysPage) draw(ctx app.Context) {
	p.pieces = 0
	p.next(ctx)
}

func (p *daysPage) next(ctx app.Context) {
	ctx.After(time.Millisecond, func(ctx app.Context) {
		if p.pieces == 0 {
			p.measure() // the place of the picture is there
		}
		if p.pieces++; p.pieces < pieceRest {
			p.next(ctx)
		}
	})
}

func (p *daysPage) OnMount(ctx app.Context) {
	p.here.set(ctx)
	state.watch(ctx, p.load)
	p.view = preference("view")
	p.draw(ctx)
	p.load(ctx)
}

func (p *daysPage) OnNav(ctx app.Context) { p.load(ctx) }

func (p *daysPage) OnResize(ctx app.Context) { p.measure() }

func (p *daysPage) measure() { p.w = min(width("chart"), 900) }

// load asks for the month that is to be shown, unless it is here.
func (p *daysPage) load(ctx app.Context) {
	want, ok := wantedDays()
	if !ok || p.loading {
		return
	}
	key := want.Home + want.From + want.To
	if p.asked == key && (state.days != nil || p.err != nil) {
		return
	}
	p.loading, p.asked, p.err = true, key, nil
	call(p.here.of(ctx), messages.TypeDays, &want, func(ctx app.Context, d messages.Days, err *messages.Error) {
		p.loading, p.err = false, err
		if state.days == nil { // else the picture is there and only changes
			p.draw(ctx)
		}
		if err == nil {
			state.show(&d)
			p.asked = d.Home + state.month.first() + state.month.last()
			p.beside(ctx)
		}
	}, func(ctx app.Context, pr messages.Progress) { p.doing = pr })
}

// beside fetches the bill, where there is room for it beside the days.
func (p *daysPage) beside(ctx app.Context) {
	a := state.askNow()
	if a == nil || state.bill != nil || width("main") < 900 {
		return
	}
	call(p.here.of(ctx), messages.TypeBill, &messages.AskBill{Request: a.ID}, func(ctx app.Context, b messages.Bill, err *messages.Error) {
		if err == nil { // the bill's own screen tells why there is none
			state.bill = &b
		}
	}, nil)
}

// wantedDays are the days to be drawn: of the month that was turned to, else of
// the request, else the worker's choice.
func wantedDays() (want messages.AskDays, ok bool) {
	home := state.homeNow()
	if home == nil {
		return want, false
	}
	want.Home = home.ID
	if state.month != (month{}) {
		want.From, want.To = state.month.first(), state.month.last()
	} else if a := state.askNow(); a != nil && covers(*home, *a) {
		want.From, want.To = a.First, a.Last
	}
	return want, true
}

// show keeps days that have come.
func (s *shared) show(d *messages.Days) {
	s.days = d
	if m, ok := monthOf(d.First); ok {
		s.month = m
	}
	if s.pick == 0 || s.pick >= d.Count() {
		s.pick = firstPick(d)
	}
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
		return noHome("Your days", "Once your meter’s file is open, every half-hour of it is drawn here.")
	}
	d := state.days
	return app.Div().Class("stack-l").Body(
		path("/days"),
		title("Your days", "Every half-hour that your meter measured. This picture is drawn on this device and stays here."),
		uncertified(plainNow()),
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
				app.If(p.drawn(pieceRest), func() app.UI { return daysNext(d) }),
			)
		}),
	)
}

// daysNext leads on to the bill; on a desk the bill itself stands beside the
// days.
func daysNext(d *messages.Days) app.UI {
	b := state.bill
	return app.Div().Class("stack no-print").Body(
		app.Section().Class("card stack").Body(
			app.If(b != nil, func() app.UI {
				return app.Div().Class("stack-s").Body(app.H2().Text(b.Title), app.P().Class("total").Text(b.Total.Text))
			}).Else(func() app.UI { return app.H2().Text("What these days cost") }),
			app.If(b != nil && len(b.Lines) > 0, func() app.UI { return app.Div().Class("desk-only").Body(shortLines(b)) }),
			app.If(len(d.Price) > 0, func() app.UI {
				text := "Prices in the picture are before tax."
				if d.WithTax {
					text = "Prices in the picture include tax."
				}
				return app.P().Class("small quiet").Text(text)
			}),
			actions(link("/bill", "See the bill", ""), link("/compare", "On another tariff", "plain")),
		),
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
	if !p.drawn(pieceChart) {
		return app.Figure().Class("chart").Body(app.Div().ID("chart").Class("drawing"))
	}
	from, to := p.span(d, day)
	var drawing, legend app.UI
	switch p.viewNow() {
	case viewDay:
		drawing, legend = curve(d, day, m, w, state.pick), app.Div().Class("stack-s").Body(
			app.P().Class("small quiet").Text("Height: "+m.unit()+" in one "+slotWord(d.SlotMinutes, 1)), priceKey(d, d.List[day]))
	case viewWeek, viewMonth:
		m.days = true
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
			Aria("valuetext", when(d, state.pick)).Aria("orientation", "horizontal").
			OnKeyDown(p.onKey).OnClick(p.onClick).Body(drawing),
		p.chosen(d),
		app.Div().Class("row spread no-print").Body(
			button("‹ Earlier", "plain", func(ctx app.Context) { p.move(p.step(-1)) }, p.view),
			button("Later ›", "plain", func(ctx app.Context) { p.move(p.step(1)) }, p.view),
		),
		app.If(p.drawn(pieceRest), func() app.UI {
			return app.Div().Class("stack").Body(legend, p.tableFold(d, m, day, from, to))
		}),
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
			text += ", " + dayMoney(d, x)
		}
		if x.Missing > 0 {
			text += ", " + plural(x.Missing, slotWord(d.SlotMinutes, 1), slotWord(d.SlotMinutes, 2)) + " missing"
		}
		text += "."
		if x.Change != "" {
			text += " " + x.Change
		}
		if x.Slots > 24*60/max(d.SlotMinutes, 1) && x.ChangeSlot > 0 {
			text += " The shaded hour came for the second time."
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

// dayMoney is the money of a day's energy, rounded for reading.
func dayMoney(d *messages.Days, day messages.Day) string {
	m := measureOf(d, true)
	return m.total(m.sum(d, day))
}

// tell says what a half-hour holds: kWh, price, money.
func tell(d *messages.Days, i int) string {
	day, ok := dayOf(d, i)
	if !ok {
		return ""
	}
	switch d.StatusAt(i) {
	case messages.Missing:
		return "Missing: your meter has no reading"
	case messages.NotHere:
		return "Not in your meter’s file"
	}
	text := kWh(int64(d.WhAt(i)))
	if d.StatusAt(i) == messages.Estimated {
		text += ", estimated by your meter"
	}
	if w, ok := windowOf(d.List[day], i-d.List[day].From); ok {
		text += " at " + w.Price + " (" + w.Rate + ")"
	}
	if price, ok := d.PriceAt(i); ok {
		text += " = " + small(price*int64(d.WhAt(i)), d.Currency)
	}
	return text
}

// when names a half-hour.
func when(d *messages.Days, i int) string {
	day, ok := dayOf(d, i)
	if !ok {
		return ""
	}
	return d.List[day].Name + ", " + slotTime(d.List[day], i-d.List[day].From, d.SlotMinutes)
}

func windowOf(day messages.Day, slot int) (messages.Window, bool) {
	for _, w := range day.Windows {
		if slot >= w.From && slot < w.From+w.Slots {
			return w, true
		}
	}
	return messages.Window{}, false
}

// chosen is the half-hour, or the day, that is chosen: below the drawing, so
// that it is seen beside the finger.
func (p *daysPage) chosen(d *messages.Days) app.UI {
	day, ok := dayOf(d, state.pick)
	if !ok {
		return app.Div()
	}
	x := d.List[day]
	head, text := x.Name, kWh(x.Wh)
	if v := p.viewNow(); v == viewWeek || v == viewMonth {
		if x.Money != nil {
			text += ", " + dayMoney(d, x)
		}
		if x.Missing > 0 {
			text += ", " + plural(x.Missing, slotWord(d.SlotMinutes, 1), slotWord(d.SlotMinutes, 2)) + " missing"
		}
	} else {
		head += ", " + slotTime(x, state.pick-x.From, d.SlotMinutes)
		text = tell(d, state.pick)
	}
	return app.Div().Class("tip").Aria("live", "polite").Body(
		app.Strong().Text(head), app.Br(), app.Text(text),
		app.If(x.Change != "", func() app.UI { return app.Div().Class("small quiet").Text(x.Change) }),
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
