package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A plot shows the times of proving and verifying against one dimension of a bill.
type plot struct{ name, axis, title, file string }

var plots = []plot{
	{"Days", "days", "Cost against days, half-hours at dynamic prices", "benchmarks-days.svg"},
	{"Functionals", "rates", "Cost against functionals: a month in stage line, one a rate", "benchmarks-functionals.svg"},
	{"Slots", "slots a day", "Cost against slots a day: a month at a flat price", "benchmarks-slots.svg"},
}

// along lists the values at which a dimension was measured, ascending.
func (m results) along(name string) []int {
	var xs []int
	for k := range m {
		if rest, ok := strings.CutPrefix(k, native+" "+name+"/verify/"); ok {
			if x, err := strconv.Atoi(strings.Fields(rest)[0]); err == nil && !slices.Contains(xs, x) {
				xs = append(xs, x)
			}
		}
	}
	slices.Sort(xs)
	return xs
}

// Size of a plot, and of the frame inside it.
const (
	width, height            = 520, 260
	left, right, top, bottom = 50, 500, 30, 220
)

// svg draws both lines from zero, so that their slopes can be compared.
func (p plot) svg(m results) string {
	xs := m.along(p.name)
	lines := []struct{ name, colour string }{{"prove", "#b35900"}, {"verify", "#1f5fa8"}}
	most := 0.0
	for _, l := range lines {
		for _, x := range xs {
			most = math.Max(most, m.ms(native, fmt.Sprintf("%s/%s/%d", p.name, l.name, x)))
		}
	}
	if len(xs) == 0 || most == 0 {
		return `<svg xmlns="http://www.w3.org/2000/svg"/>`
	}
	step := tick(most)
	most = math.Ceil(most/step) * step
	atX := func(x int) float64 { return left + (right-left)*float64(x)/float64(xs[len(xs)-1]) }
	atY := func(v float64) float64 { return bottom - (bottom-top)*v/most }

	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif" font-size="11">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/><text x="%d" y="18" font-size="12">%s</text>`+"\n", width, height, left, p.title)
	for v := 0.0; v <= most+step/2; v += step {
		fmt.Fprintf(&b, `<path d="M%d %.1fH%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%g</text>`+"\n", left, atY(v), right, left-5, atY(v)+4, v)
	}
	for _, x := range xs {
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle">%d</text>`+"\n", atX(x), bottom+15, x)
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text><text x="6" y="%d">ms</text>`+"\n", right, bottom+32, p.axis, top-12)
	for i, l := range lines {
		var points []string
		for _, x := range xs {
			v := m.ms(native, fmt.Sprintf("%s/%s/%d", p.name, l.name, x))
			points = append(points, fmt.Sprintf("%.1f,%.1f", atX(x), atY(v)))
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="2.5" fill="%s"/>`+"\n", atX(x), atY(v), l.colour)
		}
		fmt.Fprintf(&b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="1.5"/>`+"\n", strings.Join(points, " "), l.colour)
		fmt.Fprintf(&b, `<text x="%d" y="%d" fill="%s">%s</text>`+"\n", left+10, top+14+15*i, l.colour, l.name)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// tick is a round step that cuts most into about five.
func tick(most float64) float64 {
	base := math.Pow(10, math.Floor(math.Log10(most/5)))
	for _, f := range []float64{1, 2, 5} {
		if f*base*5 >= most {
			return f * base
		}
	}
	return 10 * base
}
