package app

import (
	"sort"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// Charts are SVG made of few elements: all cells of one colour are one path.
// One unit is one pixel, so letters are the same size on a phone and a desk.

// svg makes an SVG element. Attributes are given in pairs.
func svg(tag string, attrs ...string) app.HTMLElem {
	e := app.Elem(tag).XMLNS("http://www.w3.org/2000/svg")
	for i := 0; i+1 < len(attrs); i += 2 {
		e = e.Attr(attrs[i], attrs[i+1])
	}
	return e
}

// picture is the outermost element of a chart of so many pixels. The chart is
// described by the element around it.
func picture(class string, w, h int, body ...app.UI) app.UI {
	return svg("svg", "viewBox", "0 0 "+num(w)+" "+num(h), "width", num(w), "height", num(h), "class", class, "aria-hidden", "true", "focusable", "false").
		Body(body...)
}

// hatching fills what the meter missed.
func hatching() app.UI {
	return svg("defs").Body(
		svg("pattern", "id", "hatch", "width", "4", "height", "4", "patternUnits", "userSpaceOnUse", "patternTransform", "rotate(45)").Body(
			svg("path", "class", "hatch", "d", "M0 0V4"),
		),
	)
}

func label(x, y int, anchor, text string) app.UI {
	return svg("text", "class", "label", "x", num(x), "y", num(y), "text-anchor", anchor).Text(text)
}

// boxes is a path of rectangles.
type boxes struct{ strings.Builder }

func (b *boxes) add(x, y, w, h float64) {
	b.WriteByte('M')
	b.number(x)
	b.WriteByte(' ')
	b.number(y)
	b.WriteByte('h')
	b.number(w)
	b.WriteByte('v')
	b.number(h)
	b.WriteByte('h')
	b.number(-w)
	b.WriteByte('z')
}

func (b *boxes) number(v float64) { b.WriteString(short(v)) }

// short writes a coordinate with at most two places.
func short(v float64) string {
	s := strconv.FormatFloat(v, 'f', 2, 64)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// measure is what a chart shows: watt-hours, or money.
type measure struct {
	money    bool
	currency string
	days     bool // of whole days: money in the large unit
}

func measureOf(d *messages.Days, money bool) measure {
	return measure{money: money && len(d.Price) > 0, currency: d.Currency}
}

// at is the height of slot i: Wh, or pico-currency.
func (m measure) at(d *messages.Days, i int) int64 {
	wh := int64(d.WhAt(i))
	if !m.money {
		return wh
	}
	price, _ := d.PriceAt(i)
	return wh * price
}

// scale writes a value of a scale, where the unit stands elsewhere.
func (m measure) scale(v int64) string {
	if !m.money {
		return kWhShort(v)
	}
	one := unitOf(m.currency).pico
	if m.days {
		one = 1e12
	}
	s := decimals(v, one, 2)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

func (m measure) unit() string {
	if !m.money {
		return "kWh"
	}
	if m.days {
		return currencySign(m.currency)
	}
	u := unitOf(m.currency)
	switch u.after {
	case "p":
		return "pence"
	case "":
		return strings.TrimSpace(u.before)
	}
	return strings.TrimSpace(u.after)
}

// sums adds up a day: of all slots that are there.
func (m measure) sum(d *messages.Days, day messages.Day) int64 {
	var sum int64
	for i := day.From; i < day.From+day.Slots; i++ {
		if there(d.StatusAt(i)) {
			sum += m.at(d, i)
		}
	}
	return sum
}

func there(status int) bool { return status != messages.Missing && status != messages.NotHere }

// nice is the next number up that people like: 1, 2 or 5 and zeros.
func nice(v int64) int64 {
	for one := int64(1); ; one *= 10 {
		for _, k := range [...]int64{1, 2, 5} {
			if one*k >= v {
				return one * k
			}
		}
	}
}

// ticks are the numbers beside an axis from 0 up to at least top.
func ticks(top int64) []int64 {
	if top <= 0 {
		top = 1
	}
	step := nice((top + 3) / 4)
	var t []int64
	for v := int64(0); ; v += step {
		t = append(t, v)
		if v >= top {
			return t
		}
	}
}

// levels are the eight borders between the nine colours, found so that small
// readings can be told apart as well as large ones.
func levels(values []int64) [8]int64 {
	sort.Slice(values, func(i, j int) bool { return values[i] < values[j] })
	var l [8]int64
	if len(values) == 0 || values[len(values)-1] <= 0 {
		for k := range l {
			l[k] = int64(k + 1)
		}
		return l
	}
	top := values[len(values)-1]
	for k := range l {
		// Half by rank and half by size: a night of 0.1 kWh and an oven of 2 kWh
		// are both seen.
		rank := values[(len(values)-1)*(k+1)/9]
		size := top * int64(k+1) / 9
		l[k] = rounded((rank + size) / 2)
		if k > 0 && l[k] <= l[k-1] {
			l[k] = l[k-1] + 1
		}
	}
	return l
}

// rounded keeps two digits.
func rounded(v int64) int64 {
	one := int64(1)
	for v/one >= 100 {
		one *= 10
	}
	return (v + one/2) / one * one
}

func level(l [8]int64, v int64) int {
	for k, border := range l {
		if v < border {
			return k
		}
	}
	return 8
}

// prices tells five classes of prices apart, from cheap to dear.
type prices struct{ low, high int64 }

func pricesOf(d *messages.Days) prices {
	var p prices
	for i := range d.Count() {
		v, ok := d.PriceAt(i)
		if !ok {
			return p
		}
		if i == 0 || v < p.low {
			p.low = v
		}
		if i == 0 || v > p.high {
			p.high = v
		}
	}
	return p
}

func (p prices) class(v int64) int {
	if p.high <= p.low {
		return 2
	}
	return int((v - p.low) * 4 / (p.high - p.low))
}

// strip draws a day's price windows as a thin band.
func strip(day messages.Day, place func(int) int, p prices, x0, y, h int, slot float64) app.UI {
	var list []app.UI
	for _, w := range day.Windows {
		x := place(w.From)
		list = append(list, svg("rect", "class", "p"+num(p.class(w.Pico)),
			"x", short(float64(x0)+float64(x)*slot), "y", num(y),
			"width", short(float64(max(1, place(w.From+w.Slots-1)-x+1))*slot), "height", num(h)).
			Body(svg("title").Text(w.Start+" to "+w.End+": "+w.Rate+", "+w.Price)))
	}
	return svg("g", "class", "windows", "shape-rendering", "crispEdges").Body(list...)
}

// places says in which column a slot of a day is drawn where days stand below
// each other: by local time. The hour that is left out in spring is an empty one,
// and the hour that comes twice in autumn shares its columns (see turn).
func places(day messages.Day, step int) func(slot int) int {
	gap := 24*60/max(step, 1) - day.Slots
	if day.ChangeSlot == 0 {
		return func(slot int) int { return slot }
	}
	return func(slot int) int {
		if slot >= day.ChangeSlot {
			return slot + gap
		}
		return slot
	}
}

// turn says which half of its cell a slot has: 1 the upper one, if its hour comes
// for the first time of two, 2 the lower one, if for the second, else 0.
func turn(day messages.Day, step, slot int) int {
	extra := day.Slots - 24*60/max(step, 1)
	switch {
	case day.ChangeSlot == 0 || extra <= 0:
		return 0
	case slot >= day.ChangeSlot-extra && slot < day.ChangeSlot:
		return 1
	case slot >= day.ChangeSlot && slot < day.ChangeSlot+extra:
		return 2
	}
	return 0
}

// half is the part of a cell's height that a slot has.
func half(turn int, y, h float64) (float64, float64) {
	switch turn {
	case 1:
		return y, h/2 - .5
	case 2:
		return y + h/2 + .5, h/2 - .5
	}
	return y, h
}

// along says in which column a slot is drawn where a day stands alone: one after
// another, with a gap in spring only.
func along(day messages.Day, step int) func(slot int) int {
	if day.Slots > 24*60/max(step, 1) {
		return func(slot int) int { return slot }
	}
	return places(day, step)
}

// columns is how many columns the days need below each other, and long how many
// a day alone.
func columns(list []messages.Day, step int) int {
	n := 24 * 60 / max(step, 1)
	for _, d := range list {
		if d.ChangeSlot == 0 {
			n = max(n, d.Slots)
		}
	}
	return n
}

func long(day messages.Day, step int) int { return max(24*60/max(step, 1), day.Slots) }

// hour is a label along the top or bottom.
type hour struct {
	x            int
	anchor, text string
}

// hoursAlong are the hours below each other's days; hoursOf those of a day alone,
// where an hour that came twice has moved the later ones on.
func hoursAlong(x0, w, cols, step int) []hour {
	return hoursAt(x0, w, cols, func(minutes int) int { return minutes / max(step, 1) })
}

func hoursOf(day messages.Day, x0, w, step int) []hour {
	extra := max(0, day.Slots-24*60/max(step, 1))
	return hoursAt(x0, w, long(day, step), func(minutes int) int {
		if c := minutes / max(step, 1); day.ChangeSlot == 0 || c <= day.ChangeSlot-extra {
			return c
		}
		return minutes/max(step, 1) + extra
	})
}

func hoursAt(x0, w, cols int, column func(minutes int) int) []hour {
	every := 6
	if w >= 500 {
		every = 3
	}
	var list []hour
	for h := 0; h <= 24; h += every {
		anchor := "middle"
		if h == 24 {
			anchor = "end"
		}
		list = append(list, hour{x0 + w*column(h*60)/cols, anchor, clock(h * 60)[:2]})
	}
	return list
}

func hours(y int, all []hour) app.UI {
	var list []app.UI
	for _, h := range all {
		list = append(list, label(h.x, y, h.anchor, h.text))
	}
	return svg("g").Body(list...)
}
