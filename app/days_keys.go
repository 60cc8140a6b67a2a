package app

import (
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// Moving over the picture by keys and fingers, and its table.

// step is where so many steps lead: half-hours, or days in a chart of days.
func (p *daysPage) step(by int) int {
	if v := p.viewNow(); v == viewWeek || v == viewMonth {
		return p.days(by)
	}
	return state.pick + by
}

// days is the same time so many days on.
func (p *daysPage) days(by int) int {
	d := state.days
	day, ok := dayOf(d, state.pick)
	if !ok || day+by < 0 || day+by >= len(d.List) {
		return state.pick
	}
	to := d.List[day+by]
	return to.From + min(state.pick-d.List[day].From, to.Slots-1)
}

func (p *daysPage) move(to int) {
	if state.days == nil || to < 0 || to >= state.days.Count() {
		return
	}
	if _, ok := dayOf(state.days, to); ok {
		state.pick = to
	}
}

func (p *daysPage) onKey(ctx app.Context, e app.Event) {
	if state.days == nil || e.Get("ctrlKey").Bool() || e.Get("metaKey").Bool() || e.Get("altKey").Bool() {
		return
	}
	if to, ok := p.key(e.Get("key").String()); ok {
		e.PreventDefault()
		p.move(to)
	}
}

// key is where a key leads.
func (p *daysPage) key(name string) (to int, ok bool) {
	d := state.days
	day, known := dayOf(d, state.pick)
	if !known {
		return 0, false
	}
	vertical := p.viewNow() == viewDay
	switch name {
	case "ArrowLeft":
		return p.step(-1), true
	case "ArrowRight":
		return p.step(1), true
	case "ArrowUp":
		if vertical {
			return p.step(1), true
		}
		return p.days(-1), true
	case "ArrowDown":
		if vertical {
			return p.step(-1), true
		}
		return p.days(1), true
	case "PageUp":
		return p.days(-1), true
	case "PageDown":
		return p.days(1), true
	case "Home":
		return d.List[day].From, true
	case "End":
		return d.List[day].From + d.List[day].Slots - 1, true
	}
	return 0, false
}

func (p *daysPage) onClick(ctx app.Context, e app.Event) {
	box := app.Window().GetElementByID("chart").Get("firstElementChild").Call("getBoundingClientRect")
	across := box.Get("width").Float()
	if across <= 0 || state.days == nil {
		return
	}
	scale := float64(max(p.w, 240)) / across
	p.touch((e.Get("clientX").Float()-box.Get("left").Float())*scale, (e.Get("clientY").Float()-box.Get("top").Float())*scale)
}

// touch chooses what is drawn at a point.
func (p *daysPage) touch(x, y float64) {
	d, w := state.days, max(p.w, 240)
	day, ok := dayOf(d, state.pick)
	if !ok {
		return
	}
	switch p.viewNow() {
	case viewAll:
		p.move(heatAt(d, w, x, y))
	case viewDay:
		if c := plotAt(w, long(d.List[day], d.SlotMinutes), x); c >= 0 {
			p.move(slotIn(d.List[day], along(d.List[day], d.SlotMinutes), c, false))
		}
	default:
		from, to := p.span(d, day)
		if c := plotAt(w, to-from, x); c >= 0 {
			p.move(p.days(from + c - day))
		}
	}
}

// tableFold is the table with the same numbers. It is only made when asked for.
func (p *daysPage) tableFold(d *messages.Days, m measure, day, from, to int) app.UI {
	word := "Show as a table"
	if p.table {
		word = "Hide the table"
	}
	return app.Div().Class("stack-s").Body(
		app.Div().Class("no-print").Body(
			app.Button().Type("button").Class("button plain").Aria("expanded", p.table).Text(word).
				OnClick(func(ctx app.Context, e app.Event) { p.table = !p.table })),
		app.If(p.table, func() app.UI {
			var html string
			switch p.viewNow() {
			case viewDay:
				html = dayTable(d, d.List[day])
			case viewWeek, viewMonth:
				html = daysTable(d, from, to)
			default:
				html = allTable(d, m)
			}
			return app.Div().Class("table-scroll").TabIndex(0).Role("region").Aria("label", "The same numbers as a table").Body(app.Raw(html))
		}),
	)
}

// page writes a table as one piece: fifteen hundred cells are too many elements
// to be kept one by one.
type page struct{ strings.Builder }

func (t *page) cell(tag, class, text string) {
	t.WriteString("<" + tag)
	if class != "" {
		t.WriteString(" class=\"" + class + "\"")
	}
	switch {
	case tag == "th" && class == "":
		t.WriteString(" scope=\"row\"")
	case tag == "th":
		t.WriteString(" scope=\"col\"")
	}
	t.WriteString(">" + escape.Replace(text) + "</" + tag + ">")
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\"", "&quot;", "'", "&#39;")

func (t *page) head(caption string, names ...string) {
	t.WriteString("<table class=\"list small\"><caption>" + escape.Replace(caption) + "</caption><thead><tr>")
	for i, n := range names {
		class := "num"
		if i == 0 {
			class = "first"
		}
		t.cell("th", class, n)
	}
	t.WriteString("</tr></thead><tbody>")
}

func (t *page) end() string {
	t.WriteString("</tbody></table>")
	return t.String()
}

// dayTable has a row for every half-hour of a day.
func dayTable(d *messages.Days, day messages.Day) string {
	var t page
	names := []string{"Time", "kWh"}
	if len(d.Price) > 0 {
		names = append(names, "Price", "Cost")
	}
	t.head(day.Name, names...)
	for s := range day.Slots {
		t.WriteString("<tr>")
		t.cell("th", "", slotTime(day, s, d.SlotMinutes))
		t.cell("td", "num", slotText(d, measure{}, day.From+s))
		if price, ok := d.PriceAt(day.From + s); ok {
			w, _ := windowOf(day, s)
			t.cell("td", "num", w.Price)
			cost := "–"
			if there(d.StatusAt(day.From + s)) {
				cost = small(price*int64(d.WhAt(day.From+s)), d.Currency)
			}
			t.cell("td", "num", cost)
		}
		t.WriteString("</tr>")
	}
	return t.end()
}

// slotText is a half-hour in a table.
func slotText(d *messages.Days, m measure, i int) string {
	switch d.StatusAt(i) {
	case messages.Missing:
		return "missing"
	case messages.NotHere:
		return "–"
	}
	text := kWhNumber(int64(d.WhAt(i)))
	if m.money {
		text = m.scale(m.at(d, i))
	}
	if d.StatusAt(i) == messages.Estimated {
		text += " est."
	}
	return text
}

// daysTable has a row for every day.
func daysTable(d *messages.Days, from, to int) string {
	var t page
	names := []string{"Day", "kWh"}
	if len(d.Price) > 0 {
		names = append(names, "Cost")
	}
	t.head("Days", append(names, "Missing")...)
	for _, day := range d.List[from:to] {
		t.WriteString("<tr>")
		t.cell("th", "", day.Name)
		t.cell("td", "num", kWhNumber(day.Wh))
		if len(d.Price) > 0 {
			cost := "–"
			if day.Money != nil {
				cost = dayMoney(d, day)
			}
			t.cell("td", "num", cost)
		}
		t.cell("td", "num", count(day.Missing))
		t.WriteString("</tr>")
	}
	return t.end()
}

// allTable has a row for every day and a column for every half-hour.
func allTable(d *messages.Days, m measure) string {
	var t page
	cols := columns(d.List, d.SlotMinutes)
	names := []string{"Day"}
	for c := range cols {
		if at := c * d.SlotMinutes; at < 24*60 {
			names = append(names, clock(at))
		} else {
			names = append(names, "+"+clock(at - 24*60)[1:])
		}
	}
	t.head("Each half-hour in "+m.unit()+", named by when it begins", names...)
	for _, day := range d.List {
		place, next := places(day, d.SlotMinutes), 0
		t.WriteString("<tr>")
		t.cell("th", "", day.Name)
		for s := range day.Slots {
			for ; next < place(s); next++ {
				t.cell("td", "num", "–")
			}
			text := slotText(d, m, day.From+s)
			switch turn(day, d.SlotMinutes, s) {
			case 1: // and the same hour again
				text += ", then " + slotText(d, m, day.From+s+day.Slots-24*60/d.SlotMinutes)
			case 2:
				continue
			}
			t.cell("td", "num", text)
			next++
		}
		for ; next < cols; next++ {
			t.cell("td", "num", "")
		}
		t.WriteString("</tr>")
	}
	return t.end()
}
