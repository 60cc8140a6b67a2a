package household

import "math/rand/v2"

// run switches an appliance on at a minute of the local day.
func (p *plan) run(minute, minutes, watts int) {
	p.events = append(p.events, event{p.start + minute, minutes, watts})
}

// switchOn fills a day with what its people use, and with what runs by a timer.
func (h *Household) switchOn(p *plan, day int, r *rand.Rand) {
	t := &h.traits
	h.charge(p, r)
	h.heatWater(p)
	if p.away {
		return
	}
	if t.immersion > 0 {
		p.run(270, 15+15*t.people, t.immersion)
	}
	t.tea(p, r)
	t.showers(p, r)
	t.cook(p, day, r)
	t.wash(p, r)
	if weekend(day) && chance(r, 50) { // vacuum cleaner or iron
		p.ifIn(between(r, 580, 1000), between(r, 15, 40), between(r, 900, 1800))
	}
	if cold := 110 - h.warmth(day); t.heater > 0 && cold > 0 {
		p.ifIn(p.wake+10, between(r, 20, 60), t.heater)
		p.ifIn(between(r, 700, 900), 60+cold, t.heater/2)
		p.ifIn(max(p.back, 1080)+between(r, 0, 120), 90+cold, t.heater/2)
	}
}

// ifIn runs an appliance that somebody has to switch on.
func (p *plan) ifIn(minute, minutes, watts int) {
	if p.in(minute) {
		p.run(minute, minutes, watts)
	}
}

func (t *traits) tea(p *plan, r *rand.Rand) {
	for _, minute := range []int{p.wake + 15, 660, 810, 960, t.dinner + 70, 1260} {
		for range 1 + t.people/3 {
			if chance(r, 65) {
				p.ifIn(minute+between(r, -25, 40), between(r, 2, 4), t.kettle)
			}
		}
	}
	if chance(r, 60) { // toaster
		p.ifIn(p.wake+between(r, 15, 40), 4, 900)
	}
	if chance(r, 50) { // microwave
		p.ifIn(between(r, 720, 840), between(r, 3, 8), 1200)
	}
}

func (t *traits) showers(p *plan, r *rand.Rand) {
	for person := range t.people {
		minute, minutes := p.wake+5+12*person, between(r, 4, 8)
		if chance(r, 25) {
			minute = between(r, 1180, 1320)
		}
		if chance(r, 75) && t.shower > 0 {
			p.ifIn(minute, minutes, t.shower)
		}
	}
}

func (t *traits) cook(p *plan, day int, r *rand.Rand) {
	dinner := t.dinner + between(r, -20, 30)
	if !p.in(dinner) {
		dinner = p.back + between(r, 15, 60)
	}
	hob, oven := between(r, 15, 35), chance(r, 35)
	if t.cooker == 0 {
		p.ifIn(dinner, between(r, 4, 12), 1200) // microwave
		return
	}
	if chance(r, 65) {
		p.ifIn(dinner, hob, t.cooker*between(r, 40, 80)/100)
	}
	if oven {
		p.ifIn(dinner-10, 12, t.cooker)
		p.ifIn(dinner+2, between(r, 20, 40), t.cooker*2/5)
	}
	if sunday(day) && chance(r, 50) { // roast
		p.ifIn(690, 15, t.cooker)
		p.ifIn(705, between(r, 60, 100), t.cooker*2/5)
	}
}

func (t *traits) wash(p *plan, r *rand.Rand) {
	start := p.wake + between(r, 20, 120)
	if p.leave < p.back && chance(r, 50) {
		start = p.back + between(r, 5, 90)
	}
	if r.IntN(7) < t.washesPerWeek {
		p.ifIn(start, 18, 2050)
		p.ifIn(start+18, 52, 180)
		p.ifIn(start+70, 8, 450)
		if t.dryer > 0 && chance(r, 60) {
			p.ifIn(start+85, between(r, 40, 70), t.dryer*3/4)
		}
	}
	if t.dishwasher && chance(r, 70) {
		late := between(r, 1230, 1310)
		p.ifIn(late, 15, 2000)
		p.ifIn(late+15, 40, 60)
		p.ifIn(late+55, 12, 2000)
	}
}

// charge fills the car's battery after half past midnight, every other night or so.
func (h *Household) charge(p *plan, r *rand.Rand) {
	night, minutes := chance(r, 45), between(r, 60, 240)
	if h.options.Car && night && !p.away {
		p.run(30, minutes, 7200)
	}
}

// heatWater runs the heat pump for the tank in the early afternoon.
func (h *Household) heatWater(p *plan) {
	if h.options.HeatPump && !p.away {
		p.run(13*60, 25+10*h.traits.people, 1500)
	}
}

// load returns the watts that a home uses in each minute of a UTC day, from the
// local days around it.
func (h *Household) load(day int, around []*plan) (watts [minutesPerDay]int) {
	first := day * minutesPerDay
	h.steady(day, around, &watts)
	for _, p := range around {
		for _, e := range p.events {
			for t := max(e.from, first); t < min(e.from+e.minutes, first+minutesPerDay); t++ {
				watts[t-first] += e.watts
			}
		}
	}
	return watts
}

// steady adds what runs by itself or for hours: fridge, standby, light, screens, heating.
func (h *Household) steady(day int, around []*plan, watts *[minutesPerDay]int) {
	t := &h.traits
	r := h.rand(day, topicFridge)
	warm := h.warmth(day)
	dawn, dusk := seasonal(&sunrise, day)+25, seasonal(&sunset, day)-25
	fridge := newCycle(r, 48, 16+max(0, warm-100)/20)
	freezer := newCycle(r, 61, 22)
	compressor := newCycle(r, 40, 26)
	light, screen := between(r, 70, 130), between(r, 60, 140)
	for m := range watts {
		p, minute := localMinute(day*minutesPerDay+m, around)
		w := t.standby + t.always + fridge.on(m)*t.fridge + freezer.on(m)*t.freezer
		if p.in(minute) {
			if m < dawn || m > dusk {
				w += t.light * light / 100
			}
			if minute >= 1140 {
				w += t.screen * screen / 100
			} else if weekend(day) || t.atHome {
				w += t.screen * screen / 150
			}
		}
		watts[m] = w + h.heating(warm, p, minute, compressor.on(m))
	}
}

// heating is a gas boiler's pump, or the compressor of a heat pump.
func (h *Household) heating(warm int, p *plan, minute, compressor int) int {
	const comfort = 155 // tenths of a degree outside above which nothing is heated
	lack := max(0, comfort-warm)
	if !h.options.HeatPump {
		if lack > 0 && p.in(minute) && (minute < 540 || minute >= 990) {
			return h.traits.pump
		}
		return 0
	}
	demand := h.traits.heatLoss * lack / 10
	if p.away {
		demand /= 2
	} else if minute < p.wake-60 || minute >= p.bed {
		demand = demand * 3 / 5 // set back at night
	}
	return compressor * demand * 40 / 26
}

// localMinute finds the local day of an instant, in minutes since 1970-01-01 UTC.
func localMinute(at int, around []*plan) (*plan, int) {
	p := around[0]
	for _, q := range around[1:] {
		if at >= q.start {
			p = q
		}
	}
	return p, at - p.start
}

// cycle is a compressor: on for some minutes of every period.
type cycle struct{ period, run, phase int }

func newCycle(r *rand.Rand, period, run int) cycle {
	period += between(r, -5, 5)
	return cycle{period, min(run, period), r.IntN(period)}
}

// on is 1 while the compressor runs, else 0.
func (c cycle) on(minute int) int {
	if (minute+c.phase)%c.period < c.run {
		return 1
	}
	return 0
}
