package app

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// Measures of the curve and of the bars, in pixels.
const (
	plotLeft   = 40
	plotTop    = 24
	plotBottom = 24
	plotHeight = 220
)

// plot is the ground of a chart: where a value stands, and the lines behind it.
type plot struct {
	w, inner, height int
	top              int64
	marks            []int64
}

func newPlot(w int, top int64) plot {
	t := ticks(top)
	return plot{w: w, inner: w - plotLeft - 4, height: plotHeight - plotTop - plotBottom, top: t[len(t)-1], marks: t}
}

func (p plot) y(v int64) float64 {
	if v < 0 {
		v = 0
	}
	return float64(plotTop+p.height) - float64(v)*float64(p.height)/float64(p.top)
}

func (p plot) ground(m measure) []app.UI {
	var body []app.UI
	for i, v := range p.marks {
		class, y := "grid", short(p.y(v))
		if i == 0 {
			class = "axis"
		}
		body = append(body, svg("line", "class", class, "x1", num(plotLeft), "x2", num(p.w-4), "y1", y, "y2", y),
			label(plotLeft-6, int(p.y(v))+4, "end", m.scale(v)))
	}
	return body
}

// curve draws one day as steps, one a half-hour.
func curve(d *messages.Days, day int, m measure, w, pick int) app.UI {
	x := d.List[day]
	cols := long(x, d.SlotMinutes)
	p := newPlot(w, maxOf(d, m))
	cell := float64(p.inner) / float64(cols)
	place := along(x, d.SlotMinutes)
	var line, area pen
	var missing boxes
	down := true
	for s := range x.Slots {
		left := plotLeft + float64(place(s))*cell
		if !there(d.StatusAt(x.From + s)) {
			if d.StatusAt(x.From+s) == messages.Missing {
				missing.add(left, plotTop, cell, float64(p.height))
			}
			area.end(p.y(0))
			down = true
			continue
		}
		y := p.y(m.at(d, x.From+s))
		if s > 0 && place(s) != place(s-1)+1 && !down {
			area.end(p.y(0))
			down = true
		}
		if down {
			line.move(left, y)
			area.move(left, p.y(0))
			area.line(left, y)
		} else {
			line.line(left, y)
			area.line(left, y)
		}
		line.line(left+cell, y)
		area.line(left+cell, y)
		down = false
	}
	area.end(p.y(0))
	body := []app.UI{hatching(), strip(x, place, pricesOf(d), plotLeft, 0, 8, cell)}
	for s := range x.Slots { // the hour that comes for the second time
		if turn(x, d.SlotMinutes, s) == 2 {
			body = append(body, svg("rect", "class", "weekend", "x", short(plotLeft+float64(s)*cell), "y", num(plotTop), "width", short(cell), "height", num(p.height)))
		}
	}
	body = append(body, p.ground(m)...)
	body = append(body, hours(plotHeight-6, hoursOf(x, plotLeft, p.inner, d.SlotMinutes)),
		svg("path", "class", "area", "d", area.String()),
		svg("path", "class", "line", "d", line.String()),
		svg("path", "class", "missing", "fill", "url(#hatch)", "d", missing.String()))
	if pick >= x.From && pick < x.From+x.Slots {
		body = append(body, svg("rect", "class", "now", "x", short(plotLeft+float64(place(pick-x.From))*cell), "y", num(plotTop),
			"width", short(cell), "height", num(p.height)))
	}
	return picture("curve", w, plotHeight, body...)
}

// pen writes a path of straight lines.
type pen struct {
	boxes
	x    float64
	open bool
}

func (p *pen) move(x, y float64) { p.point('M', x, y) }
func (p *pen) line(x, y float64) { p.point('L', x, y) }

func (p *pen) point(letter byte, x, y float64) {
	p.WriteByte(letter)
	p.number(x)
	p.WriteByte(' ')
	p.number(y)
	p.x, p.open = x, true
}

// end closes an area down to the ground.
func (p *pen) end(y float64) {
	if p.open {
		p.line(p.x, y)
		p.WriteByte('z')
		p.open = false
	}
}

func maxOf(d *messages.Days, m measure) int64 {
	var top int64
	for i := range d.Count() {
		if there(d.StatusAt(i)) {
			top = max(top, m.at(d, i))
		}
	}
	return top
}

// bars draws days from .. to, one bar each.
func bars(d *messages.Days, from, to int, m measure, w, pick int) app.UI {
	list := d.List[from:to]
	var top int64
	for _, day := range list {
		top = max(top, m.sum(d, day))
	}
	p := newPlot(w, top)
	wide := float64(p.inner) / float64(max(len(list), 1))
	var weekend, missing boxes
	var body, names []app.UI
	for i, day := range list {
		x, sum := plotLeft+float64(i)*wide, m.sum(d, day)
		if day.Weekend {
			weekend.add(x, plotTop, wide, float64(p.height))
		}
		class := "b"
		if pick >= day.From && pick < day.From+day.Slots {
			class = "b chosen"
		}
		y, edge := p.y(sum), min(3, wide/6)
		body = append(body, svg("rect", "class", class, "x", short(x+edge), "y", short(y), "width", short(wide-2*edge), "height", short(p.y(0)-y)))
		if day.Missing > 0 {
			missing.add(x+edge, y-8, wide-2*edge, 6)
		}
		switch {
		case wide >= 52:
			names = append(names, label(int(x+wide/2), plotHeight-6, "middle", shortDay(day)))
		case wide >= 36:
			names = append(names, label(int(x+wide/2), plotHeight-6, "middle", day.Name[:min(2, len(day.Name))]+" "+dayNumber(day.Date)))
		case wide >= 18, i == 0, (i+1)%5 == 0:
			names = append(names, label(int(x+wide/2), plotHeight-6, "middle", dayNumber(day.Date)))
		}
	}
	all := []app.UI{hatching(), svg("path", "class", "weekend", "d", weekend.String())}
	all = append(all, p.ground(m)...)
	all = append(all, body...)
	all = append(all, svg("path", "class", "missing", "fill", "url(#hatch)", "d", missing.String()))
	return picture("bars", w, plotHeight, append(all, names...)...)
}

// plotAt is the column, of so many, under a point of a curve or of bars.
func plotAt(w, cols int, x float64) int {
	c := int((x - plotLeft) * float64(cols) / float64(w-plotLeft-4))
	if x < plotLeft || c >= cols {
		return -1
	}
	return c
}
