package app

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// Measures of the heat map, in pixels.
const (
	heatLeft  = 48 // names of days
	heatTop   = 36 // price windows and hours
	heatRight = 4
)

func heatRow(w int) int {
	if w >= 560 {
		return 16
	}
	return 14
}

// heat draws one row a day and one cell a half-hour. What depends on the chosen
// slot, pick, is a second drawing above the first, so that moving over the cells
// redraws next to nothing.
func heat(d *messages.Days, m measure, w, pick int) app.UI {
	row, cols := heatRow(w), columns(d.List, d.SlotMinutes)
	cell := float64(w-heatLeft-heatRight) / float64(cols)
	h := heatTop + row*len(d.List) + 2
	var above []app.UI
	if day, ok := dayOf(d, pick); ok {
		slot, place := pick-d.List[day].From, places(d.List[day], d.SlotMinutes)
		above = append(above, strip(d.List[day], place, pricesOf(d), heatLeft, 0, 8, cell))
		x := place(slot)
		y, high := half(turn(d.List[day], d.SlotMinutes, slot), float64(heatTop+day*row), float64(row-1))
		for _, class := range []string{"now-edge", "now"} { // seen on light and on dark cells
			above = append(above, svg("rect", "class", class, "x", short(heatLeft+float64(x)*cell-1), "y", short(y-1),
				"width", short(cell+2), "height", short(high+2)))
		}
	}
	return app.Div().Class("layers").Body(
		app.Raw(heatGround(d, m, w, h, row, cols, cell)),
		picture("heat above", w, h, above...),
	)
}

// heatGround is the drawing of all cells. It is written as text, which a browser
// reads much faster than it is told of elements one by one.
func heatGround(d *messages.Days, m measure, w, h, row, cols int, cell float64) string {
	var b boxes
	b.WriteString(`<svg viewBox="0 0 ` + num(w) + ` ` + num(h) + `" width="` + num(w) + `" height="` + num(h) + `" class="heat" aria-hidden="true" focusable="false">` +
		`<defs><pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0V4"/></pattern></defs>`)
	for _, hour := range hoursAlong(heatLeft, w-heatLeft-heatRight, cols, d.SlotMinutes) {
		b.label(hour.x, heatTop-10, hour.anchor, hour.text)
	}
	b.WriteString(`<path class="weekend" d="`)
	for i, day := range d.List {
		if day.Weekend {
			b.add(0, float64(heatTop+i*row), heatLeft-4, float64(row))
		}
	}
	b.WriteString(`"/>`)
	for i, day := range d.List {
		b.label(2, heatTop+i*row+row-3, "start", shortDay(day))
	}
	heatCells(&b, d, m, row, cell)
	b.WriteString("</svg>")
	return b.String()
}

func (b *boxes) label(x, y int, anchor, text string) {
	b.WriteString(`<text class="label" x="` + num(x) + `" y="` + num(y) + `" text-anchor="` + anchor + `">` + escape.Replace(text) + `</text>`)
}

// heatCells draws the cells, each colour as one path, and joins neighbours of
// the same colour.
func heatCells(b *boxes, d *messages.Days, m measure, row int, cell float64) {
	l := levels(valuesOf(d, m))
	var paths [9]boxes
	var missing, estimated boxes
	for r, day := range d.List {
		place := places(day, d.SlotMinutes)
		y := float64(heatTop + r*row)
		for s := 0; s < day.Slots; {
			class, status := cellClass(d, m, l, day.From+s)
			part := turn(day, d.SlotMinutes, s)
			y, high := half(part, y, float64(row-1))
			end := s + 1
			for end < day.Slots && place(end) == place(s)+end-s && turn(day, d.SlotMinutes, end) == part {
				if c, st := cellClass(d, m, l, day.From+end); c != class || st != status {
					break
				}
				end++
			}
			x, wide := heatLeft+float64(place(s))*cell, float64(end-s)*cell
			switch {
			case status == messages.NotHere:
			case status == messages.Missing:
				missing.add(x, y, wide, high)
			default:
				paths[class].add(x, y, wide, high)
				if status == messages.Estimated {
					estimated.add(x+.5, y+.5, wide-1, high-1)
				}
			}
			s = end
		}
	}
	for k := range paths {
		b.WriteString(`<path class="h` + num(k) + `" shape-rendering="crispEdges" d="` + paths[k].String() + `"/>`)
	}
	b.WriteString(`<path class="missing" fill="url(#hatch)" d="` + missing.String() + `"/><path class="estimated" fill="none" d="` + estimated.String() + `"/>`)
}

// cellClass is the colour of a slot and whether it was measured, estimated,
// missing or not here.
func cellClass(d *messages.Days, m measure, l [8]int64, i int) (class, status int) {
	status = d.StatusAt(i)
	if status == messages.Adjusted {
		status = messages.Measured
	}
	if !there(status) {
		return 0, status
	}
	return level(l, m.at(d, i)), status
}

func valuesOf(d *messages.Days, m measure) []int64 {
	var values []int64
	for i := range d.Count() {
		if there(d.StatusAt(i)) {
			values = append(values, m.at(d, i))
		}
	}
	return values
}

// heatKey is the legend: nine colours with the numbers between them.
func heatKey(d *messages.Days, m measure, w int) app.UI {
	l := levels(valuesOf(d, m))
	wide := w / 9
	var body []app.UI
	for k := range 9 {
		body = append(body, svg("rect", "class", "h"+num(k), "x", num(k*wide), "y", "0", "width", num(wide), "height", "12", "shape-rendering", "crispEdges"))
		if k < 8 {
			body = append(body, label((k+1)*wide, 26, "middle", m.scale(l[k])))
		}
	}
	return app.Div().Class("stack-s").Body(
		app.P().Class("small quiet").Text("Colour: "+m.unit()+" in one "+slotWord(d.SlotMinutes, 1)+", from little to much"),
		picture("scale", wide*9, 30, body...),
	)
}

// heatAt is the slot under a point of the heat map, −1 if there is none.
func heatAt(d *messages.Days, w int, x, y float64) int {
	cols := columns(d.List, d.SlotMinutes)
	cell := float64(w-heatLeft-heatRight) / float64(cols)
	day := int(y-heatTop) / heatRow(w)
	if y < heatTop || day >= len(d.List) || x < heatLeft {
		return -1
	}
	lower := y-heatTop-float64(day*heatRow(w)) > float64(heatRow(w)-1)/2
	return slotIn(d.List[day], places(d.List[day], d.SlotMinutes), int((x-heatLeft)/cell), lower)
}

// slotIn is the slot of a day that is drawn in a column, −1 if there is none. Of
// two it is the first, or the second if the lower half is meant.
func slotIn(day messages.Day, place func(int) int, column int, lower bool) int {
	found := -1
	for s := range day.Slots {
		if place(s) == column && (found < 0 || lower) {
			found = day.From + s
		}
	}
	return found
}

// dayOf is the day that a slot belongs to.
func dayOf(d *messages.Days, slot int) (day int, ok bool) {
	for i, x := range d.List {
		if slot >= x.From && slot < x.From+x.Slots {
			return i, true
		}
	}
	return 0, false
}
