package household

import (
	"math/rand/v2"
	"time"
)

// traits are what stays the same in a home. Powers are in watts, times in
// minutes after midnight of the home's clock.
type traits struct {
	people          int
	atHome          bool // somebody is in during the day
	wake, bed       int
	dinner          int
	standby         int
	fridge, freezer int // 0: none
	always          int // what else is never off: a fish tank, an old computer
	immersion       int // 0, or a hot-water tank that is heated before dawn
	light, screen   int
	kettle          int
	shower          int // 0: hot water comes from a boiler
	cooker          int // 0: gas
	washesPerWeek   int
	dryer           int // 0: a line in the garden
	dishwasher      bool
	pump            int // heating pump of a gas boiler
	heater          int // 0, or an electric heater for cold evenings
	panels          int // peak power of the roof
	heatLoss        int // of a home with a heat pump: electric watts per degree
}

func drawTraits(r *rand.Rand) traits {
	t := traits{people: [...]int{1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 4, 5}[r.IntN(12)]}
	t.atHome = chance(r, 75)
	t.wake, t.bed = between(r, 370, 460), between(r, 1330, 1425)
	t.dinner = between(r, 1050, 1270)
	if t.atHome && chance(r, 35) {
		t.dinner = between(r, 700, 800)
	}
	t.standby = between(r, 25, 90) + t.people*between(r, 5, 30)
	t.always = pick(r, 40, between(r, 30, 180))
	t.immersion = pick(r, 12, between(r, 1800, 3000))
	t.fridge = between(r, 70, 120)
	t.freezer = pick(r, 40, between(r, 80, 130))
	t.light = between(r, 25, 80) + 15*t.people
	t.screen = between(r, 40, 130) + 30*t.people
	t.kettle = between(r, 2200, 3000)
	t.shower = pick(r, 40, between(r, 7500, 9500))
	t.cooker = pick(r, 60, between(r, 1700, 2600))
	t.washesPerWeek = t.people + between(r, 1, 2)
	t.dryer = pick(r, 35, between(r, 2000, 2600))
	t.dishwasher = t.people > 1 && chance(r, 55)
	t.pump = between(r, 40, 110)
	t.heater = pick(r, 45, between(r, 600, 2400))
	t.panels = between(r, 2400, 4600)
	t.heatLoss = between(r, 45, 85)
	return t
}

// pick returns value in percent of all cases, else 0.
func pick(r *rand.Rand, percent, value int) int {
	if chance(r, percent) {
		return value
	}
	return 0
}

// plan is a day as the home's clock counts it.
type plan struct {
	start       int // local midnight, minutes since 1970-01-01 UTC
	away        bool
	wake, bed   int
	leave, back int // nobody is in between these; equal if somebody stays
	events      []event
}

// event is an appliance that runs: from is in minutes since 1970-01-01 UTC.
type event struct{ from, minutes, watts int }

// in reports whether somebody is at home and awake.
func (p *plan) in(minute int) bool {
	return !p.away && minute >= p.wake && minute < p.bed && (minute < p.leave || minute >= p.back)
}

// plan settles a local day: when people get up and leave, and what they switch on.
func (h *Household) plan(day int) *plan {
	r := h.rand(day, topicPlan)
	t := &h.traits
	p := &plan{start: day*minutesPerDay - summerTime(day), away: h.away(day)}
	p.wake, p.bed = t.wake+between(r, -15, 25), min(t.bed+between(r, -40, 40), minutesPerDay)
	if weekend(day) {
		p.wake += between(r, 30, 120)
	}
	switch {
	case weekend(day) && chance(r, 55):
		p.leave = between(r, 600, 840)
		p.back = p.leave + between(r, 60, 300)
	case !weekend(day) && !t.atHome:
		p.leave = p.wake + between(r, 60, 100)
		p.back = between(r, 1000, 1240)
	case chance(r, 60):
		p.leave = between(r, 560, 900)
		p.back = p.leave + between(r, 40, 200)
	}
	h.switchOn(p, day, r)
	return p
}

// away reports whether the home is empty all day: holidays, or a weekend.
func (h *Household) away(day int) bool {
	year := dateOf(day).Year()
	for _, y := range []int{year - 1, year} {
		for _, trip := range h.holidays(y) {
			if day >= trip[0] && day < trip[0]+trip[1] {
				return true
			}
		}
	}
	week := day + 3 - (day+3)%7 // counted from its Monday
	return weekend(day) && chance(h.rand(week, topicWeekend), 8)
}

// holidays returns a year's trips as first day and length.
func (h *Household) holidays(year int) (trips [][2]int) {
	r := h.rand(year, topicYear)
	at := func(month time.Month, dom int) int {
		return int(time.Date(year, month, dom, 0, 0, 0, 0, time.UTC).Unix() / 86400)
	}
	if chance(r, 85) {
		trips = append(trips, [2]int{at(time.July, 1) + between(r, 0, 50), between(r, 6, 15)})
	}
	if chance(r, 45) {
		trips = append(trips, [2]int{at(time.April, 1) + between(r, 0, 50), between(r, 3, 8)})
	}
	if chance(r, 30) {
		trips = append(trips, [2]int{at(time.December, 22) + between(r, 0, 4), between(r, 3, 10)})
	}
	return trips
}
