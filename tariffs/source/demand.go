package source

import (
	"maps"
	"slices"
)

// demands writes the charges for power: a component of its own whose periods
// must tile the year, so that the edges of all of them cut it; where none holds
// one of amount zero stands.
func (w *writer) demands() []any {
	list := w.draft.demands
	if len(list) == 0 {
		return nil
	}
	var spans []span
	for _, d := range list {
		if d.span != wholeYear {
			spans = append(spans, d.span)
		}
	}
	var out []any
	for _, p := range cut(spans) {
		var charges []entry
		for _, d := range list {
			if d.span.has(dayOfYear(p.first)) {
				charges = append(charges, w.demand(d))
			}
		}
		if len(charges) == 0 {
			none := list[0]
			none.name, none.price, none.above, none.upto, none.minimum = "None", money{value: rat(0, 1)}, nil, nil, nil
			charges = append(charges, w.demand(none))
		}
		out = append(out, entry{
			"component": demandComponent, "displayName": spanName(p), "startDate": p.first, "endDate": p.last,
			"rateBlockUType": "demandCharges", "demandCharges": charges,
		})
	}
	return out
}

func spanName(p span) string {
	if p == wholeYear {
		return "All year"
	}
	return p.first + " to " + p.last
}

var intervals = map[int]string{5: "PT5M", 10: "PT10M", 15: "PT15M", 30: "PT30M", 60: "PT60M"}

func (w *writer) demand(d demand) entry {
	minutes := d.minutes
	if minutes == 0 {
		minutes = w.options.DemandMinutes
	}
	if minutes == 0 {
		w.missing("demand-interval MINUTES", "over how long power is measured for the demand charge")
	} else if intervals[minutes] == "" {
		w.fail("a demand interval of %d minutes: must be 5, 10, 15, 30 or 60", minutes)
	}
	e := entry{
		"displayName": clean(d.name),
		"interval":    intervals[minutes], "amount": w.money(d.price),
		"measurementPeriod": "MONTH", "chargePeriod": d.per,
	}
	if windows := w.demandWindows(d.windows); len(windows) == 1 {
		maps.Copy(e, windows[0])
	} else {
		e["timeOfUse"] = windows
	}
	for key, m := range map[string]*money{"floor": d.minimum, "minDemand": d.above, "maxDemand": d.upto} {
		if m != nil {
			e[key] = w.energy(*m)
		}
	}
	if d.peaks > 1 {
		e["highestDays"] = d.peaks
	}
	return e
}

// demandWindows writes when demand is measured; a window of all days is one of
// holidays too.
func (w *writer) demandWindows(list []window) []entry {
	var out []entry
	for _, x := range list {
		if w.eight && len(x.days) == len(allDays) && !slices.Contains(x.days, holiday) {
			x.days = append(slices.Clone(x.days), holiday)
		}
		if days := w.days(x.days); len(days) > 0 {
			out = append(out, entry{"days": days, "startTime": clockTime(x.from), "endTime": clockTime(x.to)})
		}
	}
	return out
}

// carriable says why a demand charge cannot be carried; "" if it can.
func (d demand) carriable() string {
	if len(d.windows) == 0 {
		return "its peak is never measured: no hour is in its window"
	}
	return ""
}
