package engine

import (
	"fmt"
	"math/big"
	"strings"

	"hushwatt/server/store"
)

// A chart is a set's curve with its band and presence, drawn in whole units of SVG.
type chart struct {
	Curve, Band, Feeder string // paths
	Presence            []bar
	Lines               []line
	Hours               []line
	Alt                 string
	BandIs              string // what the band shows
}

type bar struct{ X, Y, Width, Height int64 }

type line struct {
	At   int64
	Text string
}

// The drawing: a curve above, a strip for presence below.
const (
	chartWidth, chartTop, chartBottom = 960, 16, 240
	stripTop, stripHeight             = 262, 22
	left                              = 100
)

// point is one slot of a chart; low, high and delivered are −1 where not known.
type point struct {
	slot                      int64
	sum, low, high, delivered int64
	meters                    uint32
}

func draw(list []store.Release, n, size int, w *watched) *chart {
	c := &chart{BandIs: "The band is two standard deviations of the sum, if homes use power independently of each other."}
	if w != nil {
		c.BandIs = "The band is what the feeder should deliver for this sum, with losses; the thin line is what it delivers."
	}
	points := make([]point, len(list))
	var top int64 = 1
	for i := range list {
		r := &list[i]
		m := moment{r.Day, r.Slot}
		q := point{slot: m.count(n), sum: int64(r.Sum), meters: r.Meters, delivered: -1}
		q.low, q.high = spread(r)
		if w != nil {
			q.low, q.high, q.delivered = w.expected(m.start(n).Unix(), q.sum)
		}
		q.low = max(q.low, 0)
		top = max(top, q.sum, q.high, q.delivered)
		points[i] = q
	}
	first, slots := points[0].slot, points[len(points)-1].slot-points[0].slot+1
	x := func(slot int64) int64 { return left + (slot-first)*(chartWidth-left)/slots }
	y := func(v int64) int64 { return chartBottom - v*(chartBottom-chartTop)/top }
	c.paths(points, x, y)
	for _, q := range points {
		height := max(int64(q.meters)*stripHeight/int64(size), 1)
		c.Presence = append(c.Presence, bar{x(q.slot), stripTop + stripHeight - height, max(x(q.slot+1)-x(q.slot)-1, 1), height})
	}
	c.scale(top, y)
	c.hours(first, slots, n, x)
	newest := points[len(points)-1]
	c.Alt = fmt.Sprintf("Sum of the set over %d slots; highest %s kWh, last %s kWh.", slots, decimals(highest(points)), decimals(newest.sum))
	return c
}

func highest(points []point) int64 {
	var top int64
	for _, q := range points {
		top = max(top, q.sum)
	}
	return top
}

// paths draws the curves; a slot that was not released leaves a gap.
func (c *chart) paths(points []point, x, y func(int64) int64) {
	var curve, feeder strings.Builder
	for i, q := range points {
		to := "L"
		if i == 0 || points[i-1].slot+1 != q.slot {
			to = "M"
		}
		fmt.Fprintf(&curve, "%s%d %dH%d", to, x(q.slot), y(q.sum), x(q.slot+1))
		if q.delivered >= 0 {
			if i > 0 && points[i-1].delivered < 0 {
				to = "M"
			}
			fmt.Fprintf(&feeder, "%s%d %dH%d", to, x(q.slot), y(q.delivered), x(q.slot+1))
		}
		if q.high >= 0 {
			c.Band += fmt.Sprintf("M%d %dH%dV%dH%dZ", x(q.slot), y(q.low), x(q.slot+1), y(q.high), x(q.slot))
		}
	}
	c.Curve, c.Feeder = curve.String(), feeder.String()
}

// spread returns S ± 2√(n·variance) where squares were released, else −1.
func spread(r *store.Release) (low, high int64) {
	t, ok := new(big.Int).SetString(r.Squares, 10)
	if !ok || r.Meters == 0 {
		return -1, -1
	}
	n, s := big.NewInt(int64(r.Meters)), new(big.Int).SetUint64(r.Sum)
	v := new(big.Int).Mul(n, t)
	v.Sub(v, new(big.Int).Mul(s, s))
	if v.Sign() < 0 {
		return -1, -1
	}
	d := v.Div(v, n).Sqrt(v).Int64() * 2
	return int64(r.Sum) - d, int64(r.Sum) + d
}

// scale draws two to five lines at round numbers.
func (c *chart) scale(top int64, y func(int64) int64) {
	step := int64(1)
	for i := 0; top/step >= 5; i++ { // 1, 2, 5, 10, 20, 50 …
		step = step * [...]int64{2, 5, 2}[i%3] / [...]int64{1, 2, 1}[i%3]
	}
	for v := int64(0); v <= top; v += step {
		text := fmt.Sprintf("%d Wh", v)
		if step >= 100 {
			text = decimals(v) + " kWh"
		}
		c.Lines = append(c.Lines, line{y(v), text})
	}
}

// hours names the hours along the bottom.
func (c *chart) hours(first, slots int64, n int, x func(int64) int64) {
	every := int64(n) / 24 * 3
	for slots/every > 12 {
		every *= 2
	}
	for s := (first + every - 1) / every * every; s < first+slots; s += every {
		c.Hours = append(c.Hours, line{x(s), momentOf(s, n).start(n).Format("15:04")})
	}
}
