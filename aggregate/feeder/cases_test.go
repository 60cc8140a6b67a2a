package feeder

import (
	"math"
	"slices"
)

// A study is a trouble and what must be said of it.
type study struct {
	name  string
	kind  Kind // "" for no alarm
	named bool
	build func(w *world, m int) // changes readings or truth, then delivers

	pair        Kind // the next meter has this trouble too
	stranger    bool // a home that is not listed may be told as well
	weekends    bool // nothing can be seen before a weekend
	silence     bool // no alarm is right too
	coincidence bool // an innocent's readings look guilty on the same day
}

// days is how far off an alarm may say that it began.
func (c study) days() float64 {
	if c.weekends {
		return 7
	}
	return 2
}

func meterSays(change func(w *world, wh []float64)) func(w *world, m int) {
	return func(w *world, m int) {
		w.deliver(nil)
		change(w, w.d.Meters[m].Wh)
	}
}

var studies = []study{
	{name: "clean", kind: "", build: func(w *world, m int) { w.deliver(nil) }},
	{name: "bypass 20-90 %", kind: Bypass, named: true, build: meterSays(func(w *world, wh []float64) {
		share := 0.2 + 0.7*w.rng.Float64()
		for t := w.from; t < len(wh); t++ {
			wh[t] = math.Round(wh[t] * (1 - share))
		}
	})},
	{name: "bypass at weekends", kind: Bypass, named: true, weekends: true, build: meterSays(func(w *world, wh []float64) {
		share := 0.2 + 0.7*w.rng.Float64()
		for t := w.from; t < len(wh); t++ {
			if t/48%7 >= 5 {
				wh[t] = math.Round(wh[t] * (1 - share))
			}
		}
	})},
	{name: "evening zeros", kind: EveningZeroing, named: true, build: meterSays(func(w *world, wh []float64) {
		first := 32 + w.rng.IntN(8)
		last := min(first+4+w.rng.IntN(9), 48)
		for t := w.from; t < len(wh); t++ {
			if k := t % 48; k >= first && k < last {
				wh[t] = 0
			}
		}
	})},
	{name: "dead, zeros", kind: DeadMeter, named: true, build: meterSays(func(w *world, wh []float64) {
		for t := w.from; t < len(wh); t++ {
			wh[t] = 0
		}
	})},
	{name: "dead, empty", kind: DeadMeter, named: true, build: meterSays(func(w *world, wh []float64) {
		for t := w.from; t < len(wh); t++ {
			wh[t] = math.NaN()
		}
	})},
	{name: "clock", kind: ClockShift, named: true, build: meterSays(func(w *world, wh []float64) {
		was, by := slices.Clone(wh), 2*w.rng.IntN(2)-1
		for t := w.from; t < len(wh); t++ {
			wh[t] = was[min(t+by, len(wh)-1)]
		}
	})},
	{name: "fed elsewhere", kind: WrongFeeder, named: true, build: func(w *world, m int) {
		gone := make([]float64, len(w.truth[m]))
		for t := w.from; t < len(gone); t++ {
			gone[t] = -w.truth[m][t]
		}
		w.deliver(gone)
	}},
	{name: "fed elsewhere always", kind: WrongFeeder, named: true, build: func(w *world, m int) {
		w.from = 0
		gone := make([]float64, len(w.truth[m]))
		for t := w.from; t < len(gone); t++ {
			gone[t] = -w.truth[m][t]
		}
		w.deliver(gone)
	}},
	{name: "not listed", kind: WrongFeeder, build: func(w *world, m int) {
		more := make([]float64, len(w.truth[0]))
		for t := w.from; t < len(more); t++ {
			if more[t] = w.strangers[0].Wh[t]; math.IsNaN(more[t]) {
				more[t] = 100
			}
		}
		w.deliver(more)
	}},
	{name: "swapped", kind: WrongFeeder, named: true, stranger: true, build: meterSays(func(w *world, wh []float64) {
		copy(wh[w.from:], w.strangers[0].Wh[w.from:])
	})},
	{name: "fixed load", kind: Bypass, build: func(w *world, m int) {
		more := make([]float64, len(w.truth[0]))
		for t := w.from; t < len(more); t++ {
			more[t] = 0.02 * mean(w.truth[m]) * float64(len(w.truth))
		}
		w.deliver(more)
	}},
	{name: "holiday", kind: "", build: func(w *world, m int) {
		for t := w.from; t < len(w.truth[m]); t++ {
			x := math.Round(w.truth[m][t] / 10)
			w.truth[m][t] = x
			w.d.Meters[m].Wh[t] = x
		}
		w.deliver(nil)
	}},
	{name: "empty home", kind: "", build: func(w *world, m int) {
		for t := w.from; t < len(w.truth[m]); t++ {
			w.truth[m][t], w.d.Meters[m].Wh[t] = 0, 0
		}
		w.deliver(nil)
	}},
	{name: "new car", kind: "", build: func(w *world, m int) {
		for t := w.from; t < len(w.truth[m]); t++ {
			if k := t % 48; k < 8 && t/48%2 == 0 {
				w.truth[m][t] += 3500
				w.d.Meters[m].Wh[t] += 3500
			}
		}
		w.deliver(nil)
	}},
	{name: "heat wave", kind: "", build: func(w *world, m int) {
		for i := range w.truth {
			hot := w.rng.Float64()
			for t := w.from; t < min(w.from+5*48, len(w.truth[i])); t++ {
				if k := t % 48; k > 22 && k < 44 {
					more := math.Round(hot * 800)
					w.truth[i][t] += more
					w.d.Meters[i].Wh[t] += more
				}
			}
		}
		w.deliver(nil)
	}},
	{name: "gaps", kind: "", build: func(w *world, m int) {
		w.deliver(nil)
		for range 20 {
			wh := w.d.Meters[w.rng.IntN(len(w.d.Meters))].Wh
			at := w.rng.IntN(len(wh) - 30)
			for t := at; t < at+1+w.rng.IntN(29); t++ {
				wh[t] = math.NaN()
			}
		}
		for t := w.from; t < w.from+7; t++ {
			w.d.Feeder[t] = math.NaN()
		}
	}},
	{name: "steps of 100 Wh", kind: "", build: func(w *world, m int) { w.deliver(nil); w.coarse(100) }},
	{name: "steps of 1 kWh", kind: "", build: func(w *world, m int) { w.deliver(nil); w.coarse(1000) }},
	{name: "steps of 1 kWh, bypass", kind: Bypass, named: true, build: func(w *world, m int) {
		w.deliver(nil)
		w.coarse(1000)
		for t := w.from; t < len(w.truth[m]); t++ {
			w.d.Meters[m].Wh[t] = math.Round(w.d.Meters[m].Wh[t] * 0.4)
		}
	}},
	{name: "solar", kind: Unknown, build: func(w *world, m int) {
		w.deliver(nil)
		for t := w.from; t < len(w.truth[m]); t++ {
			sun := math.Max(0, math.Sin((float64(t%48)-14)/20*math.Pi)) * 1500 * w.rng.Float64()
			if k := t % 48; k < 14 || k > 34 {
				sun = 0
			}
			w.d.Feeder[t] -= math.Round(sun)
			w.d.Meters[m].Wh[t] = math.Max(w.d.Meters[m].Wh[t]-math.Round(sun), 0)
		}
	}},
	{name: "solar, net readings", kind: "", build: func(w *world, m int) {
		for t := w.from; t < len(w.truth[m]); t++ {
			sun := math.Max(0, math.Sin((float64(t%48)-14)/20*math.Pi)) * 1500 * w.rng.Float64()
			if k := t % 48; k < 14 || k > 34 {
				sun = 0
			}
			w.truth[m][t] -= math.Round(sun)
			w.d.Meters[m].Wh[t] -= math.Round(sun)
		}
		w.deliver(nil)
	}},
	{name: "feeder 1 % high", kind: Unknown, build: func(w *world, m int) {
		w.deliver(nil)
		for t := w.from; t < len(w.d.Feeder); t++ {
			w.d.Feeder[t] = math.Round(w.d.Feeder[t] * 1.01)
		}
	}},
	{name: "feeder 1 % low", kind: Unknown, build: func(w *world, m int) {
		w.deliver(nil)
		for t := w.from; t < len(w.d.Feeder); t++ {
			w.d.Feeder[t] = math.Round(w.d.Feeder[t] * 0.99)
		}
	}},
	{name: "feeder's clock off", kind: ClockShift, build: func(w *world, m int) {
		w.deliver(nil)
		copy(w.d.Feeder[w.from+1:], slices.Clone(w.d.Feeder[w.from:]))
	}},
	{name: "feeder's clock drifts", kind: "", build: func(w *world, m int) {
		w.deliver(nil)
		was := slices.Clone(w.d.Feeder)
		for t := 1; t < len(was); t++ {
			off := 20 / 1800.0 * float64(t) / float64(len(was))
			w.d.Feeder[t] = math.Round(was[t] + off*(was[t-1]-was[t]))
		}
	}},
	{name: "empty home, other's bypass", kind: Bypass, named: true, build: func(w *world, m int) {
		gone := w.next(m)
		for t := w.from - w.rng.IntN(48); t < len(w.truth[gone]); t++ {
			w.truth[gone][t], w.d.Meters[gone].Wh[t] = 0, 0
		}
		w.deliver(nil)
		for t := w.from; t < len(w.truth[m]); t++ {
			w.d.Meters[m].Wh[t] = math.Round(w.d.Meters[m].Wh[t] * 0.5)
		}
	}},
	{name: "empty home, one not listed", kind: WrongFeeder, coincidence: true, build: func(w *world, m int) {
		gone := w.next(m)
		more := make([]float64, len(w.truth[0]))
		for t := w.from - w.rng.IntN(48); t < w.from; t++ {
			w.truth[gone][t], w.d.Meters[gone].Wh[t] = 0, 0
		}
		for t := w.from; t < len(more); t++ {
			w.truth[gone][t], w.d.Meters[gone].Wh[t] = 0, 0
			if more[t] = w.strangers[0].Wh[t]; math.IsNaN(more[t]) {
				more[t] = 100
			}
		}
		w.deliver(more)
	}},
	{name: "holiday, one not listed", kind: WrongFeeder, build: func(w *world, m int) {
		more := make([]float64, len(w.truth[0]))
		for t := w.from; t < len(more); t++ {
			x := math.Round(w.truth[m][t] / 10)
			w.truth[m][t], w.d.Meters[m].Wh[t] = x, x
			if more[t] = w.strangers[0].Wh[t]; math.IsNaN(more[t]) {
				more[t] = 100
			}
		}
		w.deliver(more)
	}},
	{name: "bypass since the first watched slot", kind: Bypass, named: true, build: meterSays(func(w *world, wh []float64) {
		w.from = w.until
		for t := w.from; t < len(wh); t++ {
			wh[t] = math.Round(wh[t] * 0.5)
		}
	})},
	{name: "bypass of nine days", kind: Bypass, named: true, build: meterSays(func(w *world, wh []float64) {
		for t := w.from; t < min(w.from+9*48, len(wh)); t++ {
			wh[t] = math.Round(wh[t] * 0.5)
		}
	})},
	{name: "bypass and a clock", kind: Bypass, named: true, pair: ClockShift, build: func(w *world, m int) {
		w.deliver(nil)
		wh, o := w.d.Meters[m].Wh, w.d.Meters[w.next(m)].Wh
		for t := w.from; t < len(wh); t++ {
			wh[t] = math.Round(wh[t] * 0.5)
		}
		copy(o[w.from+1:], slices.Clone(o[w.from:]))
	}},
	{name: "feeder reads 0 for hours", kind: Unknown, silence: true, build: func(w *world, m int) {
		w.deliver(nil)
		for t := w.from; t < w.from+10; t++ {
			w.d.Feeder[t] = 0
		}
	}},
	{name: "two bypasses", kind: Bypass, named: true, pair: Bypass, build: func(w *world, m int) {
		w.deliver(nil)
		o := w.next(m)
		later := w.from + w.rng.IntN(5*48)
		for t := w.from; t < len(w.d.Feeder); t++ {
			w.d.Meters[m].Wh[t] = math.Round(w.d.Meters[m].Wh[t] * 0.5)
			if t >= later {
				w.d.Meters[o].Wh[t] = math.Round(w.d.Meters[o].Wh[t] * 0.3)
			}
		}
	}},
	{name: "constant meters", kind: "", build: func(w *world, m int) { w.lamp(); w.deliver(nil) }},
	{name: "constant meters, fixed load", kind: Bypass, build: func(w *world, m int) {
		at := w.lamp()
		more := make([]float64, len(w.truth[0]))
		for t := w.from; t < len(more); t++ {
			more[t] = 2 * w.truth[at][t]
		}
		w.deliver(more)
	}},
}
