package server

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hushwatt/tariffs"
)

// A week is the prices of a tariff as a picture: days as rows, local time along.
type week struct {
	Period string // season of the tariff, "" if it has one
	When   string // what the rows are
	Varies bool   // other weeks have other prices
	Days   []weekDay
	Rates  []rate  // the legend
	Hours  []hours // the same as a table
}

type weekDay struct {
	Name   string
	Blocks []block
}

// A block is a stretch of a day at one price.
type block struct {
	From, To int // minutes of the local day
	Name     string
	Price    int64 // pico-currency per Wh
	Text     string
	Class    int // 0 cheap to 5 dear
}

// Width is the block's width in the picture, a unit a minute.
func (b block) Width() int { return b.To - b.From }

// Time is the block's time of day.
func (b block) Time() string { return clockTime(b.From) + "–" + clockTime(b.To) }

func clockTime(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

// A rate is one price with its name.
type rate struct {
	Name, Text string
	Price      int64
	Class      int
}

// hours are days with the same prices.
type hours struct {
	Days   string
	Blocks []block
}

// steps is how many shades the picture has.
const steps = 6

// scale gives prices their shades. Versions that are compared share one.
type scale []int64

func scaleOf(weeks []week) (s scale) {
	for _, k := range weeks {
		for _, d := range k.Days {
			for _, b := range d.Blocks {
				s = append(s, b.Price)
			}
		}
	}
	slices.Sort(s)
	return slices.Compact(s)
}

// class spreads few prices evenly, and many by what they are.
func (s scale) class(price int64) int {
	if len(s) < 2 {
		return 1
	}
	if len(s) <= steps {
		i, _ := slices.BinarySearch(s, price)
		return i * (steps - 1) / (len(s) - 1)
	}
	low, high := s[0], s[len(s)-1]
	return int(float64(price-low) / float64(high-low) * (steps - 1))
}

// shade gives the blocks of weeks their shades, and makes the legends.
func (s scale) shade(weeks []week, currency string) {
	for i := range weeks {
		k := &weeks[i]
		seen := map[rate]bool{}
		k.Rates = nil
		for _, d := range k.Days {
			for j := range d.Blocks {
				b := &d.Blocks[j]
				b.Class, b.Text = s.class(b.Price), perKWh(b.Price, currency)
				if r := (rate{b.Name, b.Text, b.Price, b.Class}); !seen[r] {
					seen[r], k.Rates = true, append(k.Rates, r)
				}
			}
		}
		slices.SortFunc(k.Rates, func(a, b rate) int {
			return cmp.Or(cmp.Compare(a.Price, b.Price), strings.Compare(a.Name, b.Name))
		})
		if len(k.Rates) > maxLegend {
			k.Rates = perShade(k.Rates)
		}
		k.Hours = hoursOf(k.Days)
	}
}

// maxLegend bounds the prices of a legend; if there are more, it has the shades.
const maxLegend = 12

// perShade makes one entry of all prices of a shade; rates rise.
func perShade(rates []rate) (list []rate) {
	for i := 0; i < len(rates); {
		k := i
		for k+1 < len(rates) && rates[k+1].Class == rates[i].Class {
			k++
		}
		r := rate{Text: rates[i].Text, Class: rates[i].Class}
		if k > i {
			r.Text += " – " + rates[k].Text
		}
		list, i = append(list, r), k+1
	}
	return list
}

// hoursOf puts neighbouring days with the same prices together.
func hoursOf(days []weekDay) (list []hours) {
	for i := 0; i < len(days); {
		k := i
		for k+1 < len(days) && slices.Equal(days[k+1].Blocks, days[i].Blocks) {
			k++
		}
		h := hours{days[i].Name, days[i].Blocks}
		if k > i {
			h.Days += " – " + days[k].Name
		}
		list, i = append(list, h), k+1
	}
	return list
}

// lookedAt is how many days from a tariff's begin are looked through for its
// weeks: a year has all seasons.
const lookedAt = 54 * 7

// weeksOf finds the usual week of every season of a tariff. A tariff whose prices
// are known for less than a week gives the last of those days.
func weeksOf(t *tariffs.Tariff) []week {
	plans := pricing{t: t}
	monday := t.From + tariffs.Date((7-weekday(t.From))%7)
	type candidate struct {
		days   []weekDay
		monday tariffs.Date
		votes  int
	}
	var seasons []string
	bySeason, total := map[string][]*candidate{}, map[string]int{}
	for ; monday+7 <= t.To && monday < t.From+lookedAt; monday += 7 {
		days, season, err := plans.days(monday, 7)
		if err != nil {
			continue
		}
		total[season]++
		list := bySeason[season]
		if list == nil {
			seasons = append(seasons, season)
		}
		i := slices.IndexFunc(list, func(c *candidate) bool { return slices.EqualFunc(c.days, days, sameDay) })
		if i < 0 {
			bySeason[season] = append(list, &candidate{days, monday, 1})
			continue
		}
		list[i].votes++
	}
	var weeks []week
	for _, season := range seasons {
		best := bySeason[season][0]
		for _, c := range bySeason[season] {
			if c.votes > best.votes || c.votes == 1 && best.votes == 1 { // of changing prices the latest
				best = c
			}
		}
		k := week{Period: season, Days: best.days, When: "usual week"}
		if k.Varies = 2*best.votes < total[season]; k.Varies {
			k.When = "week of " + dateWords(best.monday)
		}
		weeks = append(weeks, k)
	}
	if len(weeks) == 0 {
		weeks = plans.lastDays()
	}
	if len(weeks) == 1 {
		weeks[0].Period = ""
	}
	return weeks
}

func sameDay(a, b weekDay) bool { return slices.Equal(a.Blocks, b.Blocks) }

// weekday counts from Monday, 0 to 6. Day 0 was a Thursday.
func weekday(d tariffs.Date) int { return (int(d) + 3) % 7 }

func dateWords(d tariffs.Date) string {
	return time.Unix(int64(d)*86400, 0).UTC().Format("2 January 2006")
}

var weekdays = []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}

// pricing compiles a tariff for days of its clock.
type pricing struct {
	t *tariffs.Tariff
	n int // slots a day that its prices fit, 0 if not known yet
}

var errUneven = errors.New("a day on which the clock changes, or between seasons")

// days returns the prices of days from first on, which must be of one season and
// of 24 hours.
func (p *pricing) days(first tariffs.Date, count int) (days []weekDay, season string, err error) {
	plan, err := p.compile(first, first+tariffs.Date(count))
	if err != nil {
		return nil, "", err
	}
	const day = 86400
	if plan.To-plan.From != int64(count)*day {
		return nil, "", errUneven
	}
	slot := int64(day / plan.N)
	for d := range count {
		at := first + tariffs.Date(d)
		out := weekDay{Name: weekdays[weekday(at)]}
		for s := range plan.N {
			line, price := plan.At(plan.From + int64(d)*day + int64(s)*slot)
			if line < 0 {
				return nil, "", errUneven
			}
			e := plan.Energy[line]
			if season == "" {
				season = e.Period
			}
			if season != e.Period {
				return nil, "", errUneven
			}
			out.add(block{From: s * 1440 / plan.N, To: (s + 1) * 1440 / plan.N, Name: e.Name, Price: price})
		}
		days = append(days, out)
	}
	return days, season, nil
}

// add appends a block, or makes the last one longer.
func (d *weekDay) add(b block) {
	if last := len(d.Blocks) - 1; last >= 0 && d.Blocks[last].Name == b.Name && d.Blocks[last].Price == b.Price {
		d.Blocks[last].To = b.To
		return
	}
	d.Blocks = append(d.Blocks, b)
}

func (p *pricing) compile(start, end tariffs.Date) (plan *tariffs.Plan, err error) {
	if p.n != 0 {
		return tariffs.Compile([]*tariffs.Tariff{p.t}, start, end, p.n)
	}
	for _, n := range tariffs.SlotLengths {
		if plan, err = tariffs.Compile([]*tariffs.Tariff{p.t}, start, end, n); err == nil {
			p.n = n
			return plan, nil
		}
	}
	return nil, err
}

// lastDays returns the last days, at most a week, whose prices are known.
func (p *pricing) lastDays() []week {
	var all []weekDay
	for d := p.t.From; d < p.t.To && d < p.t.From+lookedAt; d++ {
		day, _, err := p.days(d, 1)
		if err != nil {
			continue
		}
		day[0].Name = time.Unix(int64(d)*86400, 0).UTC().Format("2 Jan")
		all = append(all, day[0])
	}
	if len(all) == 0 {
		return nil
	}
	all = all[max(0, len(all)-7):]
	return []week{{Days: all, When: "last days with prices", Varies: true}}
}
