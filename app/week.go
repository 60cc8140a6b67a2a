package app

import (
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// weekView shows a tariff's prices through a week. It is asked for when somebody
// opens it.
type weekView struct {
	app.Compo
	Tariff string

	here    place
	open    bool
	picture *messages.TariffPicture
	err     *messages.Error
}

func (v *weekView) OnMount(ctx app.Context) { v.here.set(ctx) }

func (v *weekView) toggle(ctx app.Context) {
	v.open = !v.open
	if !v.open || v.picture != nil {
		return
	}
	call(v.here.of(ctx), messages.TypeTariff, &messages.AskTariff{ID: v.Tariff}, func(ctx app.Context, p messages.TariffPicture, err *messages.Error) {
		if v.err = err; err == nil {
			v.picture = &p
		}
	}, nil)
}

func (v *weekView) Render() app.UI {
	word := "Show its prices"
	if v.open {
		word = "Hide its prices"
	}
	return app.Div().Class("stack-s").Body(
		app.Div().Body(app.Button().Type("button").Class("button text").Aria("expanded", v.open).Text(word).
			OnClick(func(ctx app.Context, e app.Event) { v.toggle(ctx) }, app.EventScope(v.Tariff))),
		app.If(v.open && v.err != nil, func() app.UI { return toldTrouble(v.err) }),
		app.If(v.open && v.picture == nil && v.err == nil, func() app.UI { return waiting("Drawing the prices …") }),
		app.If(v.open && v.picture != nil, func() app.UI { return tariffPicture(v.picture) }),
	)
}

func tariffPicture(p *messages.TariffPicture) app.UI {
	return app.Div().Class("stack").Body(
		app.Range(p.Weeks).Slice(func(i int) app.UI { return week(p.Weeks[i]) }),
		app.Ul().Class("small").Body(app.Range(p.Words).Slice(func(i int) app.UI { return app.Li().Text(p.Words[i]) })),
	)
}

// Measures of a week, in pixels.
const (
	weekWide = 344
	weekLeft = 56
	weekTop  = 18
	weekRow  = 18
)

// week draws one row a day, coloured from cheap to dear.
func week(w messages.Week) app.UI {
	inner := weekWide - weekLeft - 4
	scale := prices{w.Low, w.High}
	var body []app.UI
	for _, h := range hoursAlong(weekLeft, inner, 24, 60) {
		body = append(body, label(h.x, 12, h.anchor, h.text))
	}
	for i, day := range w.Days {
		y := weekTop + i*weekRow
		body = append(body, label(2, y+13, "start", day.Name))
		for _, s := range day.Stretches {
			x := func(minute int) float64 { return weekLeft + float64(minute*inner)/float64(max(day.Minutes, 1)) }
			body = append(body, svg("rect", "class", "p"+num(scale.class(s.Pico)), "x", short(x(s.From)), "y", num(y),
				"width", short(x(s.To)-x(s.From)), "height", num(weekRow-2), "shape-rendering", "crispEdges"))
		}
	}
	lines := weekLines(w)
	return app.Figure().Class("chart").Body(
		app.FigCaption().Class("small").Text(w.Title),
		app.Div().Role("img").Aria("label", w.Title+": "+strings.Join(lines, " ")).Body(
			picture("windows", weekWide, weekTop+weekRow*len(w.Days), body...)),
		weekKey(w, scale),
		more("The same in words", app.Ul().Class("small").Body(app.Range(lines).Slice(func(i int) app.UI { return app.Li().Text(lines[i]) }))),
	)
}

// weekKey names the prices, or the ends of many.
func weekKey(w messages.Week, scale prices) app.UI {
	var items []app.UI
	seen := map[string]bool{}
	for _, day := range w.Days {
		for _, s := range day.Stretches {
			if name := s.Name + ", " + s.Price; !seen[name] {
				seen[name] = true
				items = append(items, app.Li().Body(swatch("p"+num(scale.class(s.Pico))), app.Text(name)))
			}
		}
	}
	if len(items) > 6 {
		low, high := extremes(w)
		items = []app.UI{
			app.Li().Body(swatch("p0"), app.Text("cheapest "+low)),
			app.Li().Body(swatch("p4"), app.Text("dearest "+high)),
		}
	}
	return app.Ul().Class("key").Body(items...)
}

func extremes(w messages.Week) (low, high string) {
	for _, day := range w.Days {
		for _, s := range day.Stretches {
			if s.Pico == w.Low {
				low = s.Price
			}
			if s.Pico == w.High {
				high = s.Price
			}
		}
	}
	return low, high
}

// weekLines tells a week, days of the same prices together.
func weekLines(w messages.Week) (lines []string) {
	for i := 0; i < len(w.Days); {
		told, end := dayWords(w.Days[i]), i+1
		for end < len(w.Days) && dayWords(w.Days[end]) == told {
			end++
		}
		name := w.Days[i].Name
		if end-1 > i {
			name += " to " + w.Days[end-1].Name
		}
		lines = append(lines, name+": "+told+".")
		i = end
	}
	return lines
}

const mostStretches = 8

func dayWords(day messages.WeekDay) string {
	if len(day.Stretches) > mostStretches {
		low, high := extremes(messages.Week{Days: []messages.WeekDay{day}, Low: least(day), High: greatest(day)})
		return strings.TrimSuffix(low, " per kWh") + " to " + high
	}
	text := ""
	for k, s := range day.Stretches {
		if k > 0 {
			text += "; "
		}
		text += clock(s.From) + " to " + clock(s.To) + " " + s.Name + ", " + s.Price
	}
	return text
}

func least(day messages.WeekDay) int64 {
	v := day.Stretches[0].Pico
	for _, s := range day.Stretches {
		v = min(v, s.Pico)
	}
	return v
}

func greatest(day messages.WeekDay) int64 {
	v := day.Stretches[0].Pico
	for _, s := range day.Stretches {
		v = max(v, s.Pico)
	}
	return v
}
