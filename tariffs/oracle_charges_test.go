package tariffs

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"sort"
	"testing"
	"time"
)

// The second computation's charges beside energy: demand, fees, shares, minimums
// and taxes; and how a quote is compared with it.

// demand is what a demand charge comes to.
func (o *slowBill) demand(d *docTariff, s *docSeason, c *docDemand) *big.Rat {
	var length int
	fmt.Sscanf(c.Interval, "PT%dM", &length)
	type interval struct {
		day    time.Time
		number int
		offset int
	}
	windows := c.TimeOfUse
	if windows == nil {
		windows = []docUse{c.docUse}
	}
	energy := map[interval]int64{}
	for _, u := range o.slots {
		if day := dayOf(u.at); d.inForce(day) && s.holds(day) && slices.ContainsFunc(windows, func(w docUse) bool { return d.within(w, u.at) }) {
			energy[interval{day, (60*u.at.Hour() + u.at.Minute()) / length, u.offset}] += u.imp
		}
	}
	total := new(big.Rat)
	for day := o.start; day.Before(o.end); {
		from, to := o.unitBounds(c.MeasurementPeriod, day)
		peaks := map[time.Time]int64{}
		for i, wh := range energy {
			if !i.day.Before(from) && i.day.Before(to) {
				peaks[i.day] = max(peaks[i.day], wh)
			}
		}
		charged, months := int64(0), new(big.Rat)
		o.days(d, func(day time.Time) bool {
			if s.holds(day) && !day.Before(from) && day.Before(to) {
				a, b := o.unitBounds("MONTH", day)
				months.Add(months, big.NewRat(1, int64(b.Sub(a)/(24*time.Hour))))
				charged++
			}
			return false
		})
		if charged > 0 {
			share := map[string]*big.Rat{"DAY": big.NewRat(charged, 1), "MONTH": months, "BILL": big.NewRat(charged, o.billDays())}[c.ChargePeriod]
			total.Add(total, o.demandCharge(c, peaks, length, share))
		}
		day = to
	}
	return total
}

func (o *slowBill) demandCharge(c *docDemand, peaks map[time.Time]int64, length int, share *big.Rat) *big.Rat {
	var list []int
	for _, wh := range peaks {
		list = append(list, int(wh))
	}
	sort.Sort(sort.Reverse(sort.IntSlice(list)))
	n := max(1, min(max(1, c.HighestDays), len(list)))
	sum := 0
	for i := range min(n, len(list)) {
		sum += list[i]
	}
	kw := new(big.Rat).SetFrac64(int64(sum*60), int64(length*n*1000))
	kilo := func(s string) *big.Rat {
		if s == "" {
			return new(big.Rat)
		}
		return o.rat(s)
	}
	if c.Steps != nil {
		amount := new(big.Rat)
		for _, s := range c.Steps {
			if kw.Cmp(kilo(s.From)) >= 0 {
				amount = toPico(new(big.Rat).Mul(o.rat(s.Amount), share))
			}
		}
		return amount
	}
	if kw.Cmp(kilo(c.Floor)) < 0 {
		kw = kilo(c.Floor)
	}
	if c.MaxDemand != "" && kw.Cmp(kilo(c.MaxDemand)) > 0 {
		kw = kilo(c.MaxDemand)
	}
	if kw.Sub(kw, kilo(c.MinDemand)).Sign() < 0 {
		return new(big.Rat)
	}
	// The price of a W of the sum of n peaks is a whole number of pico units.
	perWatt := toPico(new(big.Rat).Mul(new(big.Rat).Mul(o.rat(c.Amount), share), big.NewRat(1, int64(1000*n))))
	return kw.Mul(kw, perWatt.Mul(perWatt, big.NewRat(int64(1000*n), 1)))
}

// fee is what a fee comes to in this tariff's part of the bill.
func (o *slowBill) fee(d *docTariff, f docCharge) *big.Rat {
	total := new(big.Rat)
	switch f.Term {
	case "DAILY":
		return total.Mul(o.rat(f.Amount), big.NewRat(o.days(d, func(time.Time) bool { return true }), 1))
	case "BILL":
		if d.inForce(o.start) {
			return o.rat(f.Amount)
		}
		return total
	}
	for day := o.start; day.Before(o.end); {
		from, to := o.unitBounds(f.Term, day)
		n := o.days(d, func(day time.Time) bool { return !day.Before(from) && day.Before(to) })
		total.Add(total, toPico(new(big.Rat).Mul(o.rat(f.Amount), big.NewRat(n, int64(to.Sub(from)/(24*time.Hour))))))
		day = to
	}
	return total
}

func (o *slowBill) fixed(d *docTariff) {
	if o.days(d, func(time.Time) bool { return true }) == 0 {
		return
	}
	for _, list := range []struct {
		seasons []docSeason
		other   string
	}{{d.Contract.TariffPeriod, "Energy"}} {
		var order []string
		for _, s := range list.seasons {
			if !slices.Contains(order, s.Component) {
				order = append(order, s.Component)
			}
		}
		for _, c := range order {
			for _, s := range list.seasons {
				if s.Component == c && s.DailySupplyCharge != "" {
					o.add(d, "fixed", c, list.other, new(big.Rat).Mul(o.rat(s.DailySupplyCharge), big.NewRat(o.days(d, s.holds), 1)), nil)
				}
			}
		}
	}
	for _, f := range d.Contract.Fees {
		o.add(d, "fixed", f.Component, "Fees", o.fee(d, f), nil)
	}
}

func named(of []string, component string) bool { return len(of) == 0 || slices.Contains(of, component) }

func (o *slowBill) shares() {
	before := slices.Clone(o.lines)
	for i := range o.docs {
		d := &o.docs[i]
		for _, list := range []struct {
			kind, other string
			sign        int64
			charges     []docCharge
		}{{"discount", "Discounts", -1, d.Contract.Discounts}, {"surcharge", "Surcharges", 1, d.Contract.Surcharges}} {
			for _, c := range list.charges {
				if o.days(d, func(time.Time) bool { return true }) == 0 {
					continue
				}
				sum := new(big.Rat)
				for _, l := range before {
					if l.tariff == d && named(c.Of, l.component) {
						sum.Add(sum, l.exact)
					}
				}
				sum.Mul(sum, o.rat(c.Rate)).Mul(sum, big.NewRat(list.sign, 1))
				o.add(d, list.kind, c.Component, list.other, sum, nil)
			}
		}
	}
}

func (o *slowBill) minimums() {
	first := &o.docs[slices.IndexFunc(o.docs, func(d docTariff) bool { return o.days(&d, func(time.Time) bool { return true }) > 0 })]
	for i, m := range first.Contract.Minimum {
		least := new(big.Rat)
		for j := range o.docs {
			d := &o.docs[j]
			n := o.days(d, func(time.Time) bool { return true })
			switch {
			case n == 0:
			case m.Term == "BILL":
				least.Add(least, toPico(new(big.Rat).Mul(o.rat(d.Contract.Minimum[i].Amount), big.NewRat(n, o.billDays()))))
			default:
				least.Add(least, o.fee(d, d.Contract.Minimum[i]))
			}
		}
		if s := first.X.Rounding.Stage; s == "line" || s == "interval" {
			least = o.round(first, least)
		}
		for _, l := range o.lines {
			if named(m.Of, l.component) {
				least.Sub(least, l.amount)
			}
		}
		if least.Sign() < 0 {
			least.SetInt64(0)
		}
		component := m.Component
		if component == "" {
			component = "Minimum"
		}
		o.lines = append(o.lines, oracleLine{"minimum", component, first, least, least})
	}
}

// taxed adds the taxes and returns the total.
func (o *slowBill) taxed() *big.Rat {
	d := &o.docs[0]
	net := new(big.Rat)
	for _, l := range o.lines {
		net.Add(net, l.amount)
	}
	once := d.X.Rounding.Stage == "bill"
	total := o.round(d, net)
	if once {
		total.Set(net)
	}
	taxes := map[string]*big.Rat{}
	for _, tax := range d.X.Taxes {
		base := new(big.Rat).Set(total)
		if tax.Of != nil {
			base.SetInt64(0)
			for _, l := range o.lines {
				if named(tax.Of, l.component) {
					base.Add(base, l.amount)
				}
			}
		} else if once {
			base.Set(net)
		} else {
			base = o.round(d, net)
		}
		for _, on := range tax.On {
			base.Add(base, taxes[on])
		}
		amount := base.Mul(base, o.rat(tax.Rate))
		if !once {
			amount = o.round(d, amount)
		}
		if d.X.PricesIncludeTax {
			amount = new(big.Rat)
		}
		taxes[tax.Name] = amount
	}
	for _, amount := range taxes {
		total.Add(total, amount)
	}
	return o.round(d, total)
}

// oracleOf reads documents for a plan and its readings.
func oracleOf(t testing.TB, p *Plan, texts []string, events []Event, channels ...*Series) *slowBill {
	t.Helper()
	o := &slowBill{t: t, events: map[string][]Event{}, start: p.Start.time(), end: p.End.time()}
	for _, text := range texts {
		var d docTariff
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Fatal(err)
		}
		o.docs = append(o.docs, d)
	}
	for _, e := range events {
		o.events[e.Name] = append(o.events[e.Name], e)
	}
	loc, err := Zone(p.Clock)
	if err != nil {
		t.Fatal(err)
	}
	read := func(c int, at int64) int64 {
		if c >= len(channels) || channels[c] == nil {
			return 0
		}
		s := channels[c]
		i := (at - s.Start) / int64(s.Step)
		if at < s.Start || i >= int64(len(s.Wh)) || s.Status != nil && s.Status[i] == MissingSlot {
			return 0
		}
		return int64(s.Wh[i])
	}
	step := int64(daySeconds / p.N)
	for at := p.From; at < p.To; at += step {
		_, offset := time.Unix(at, 0).In(loc).Zone()
		o.slots = append(o.slots, slotUse{time.Unix(at+int64(offset), 0).UTC(), at, offset, read(0, at), read(1, at)})
	}
	return o
}

// checkOracle compares a quote with the oracle's bill: total, and the lines one
// by one where they are not rounded away; and what a proof would reveal.
func checkOracle(t testing.TB, p *Plan, texts []string, events []Event, channels ...*Series) *Bill {
	t.Helper()
	bill, err := Quote(p, channels...)
	if err != nil {
		t.Fatal(err)
	}
	o := oracleOf(t, p, texts, events, channels...)
	total := o.bill()
	var got []Line
	sum := new(big.Rat)
	for _, l := range bill.Lines {
		sum.Add(sum, rat(t, l.Amount))
		if l.Kind != "tax" && l.Kind != "rounding" {
			got = append(got, l)
		}
	}
	if len(got) != len(o.lines) {
		t.Fatalf("%d lines, want %d\n%+v\n%s", len(got), len(o.lines), got, texts)
	}
	for i, l := range got {
		if want := o.lines[i]; l.Kind != want.kind || l.Component != want.component || rat(t, l.Amount).Cmp(want.amount) != 0 {
			t.Fatalf("line %d is %+v, want %s %s %s\n%s", i, l, want.kind, want.component, want.amount.FloatString(15), texts)
		}
	}
	if rat(t, bill.Total).Cmp(total) != 0 || sum.Cmp(total) != 0 {
		t.Fatalf("total %s, lines add up to %s, want %s\n%s", bill.Total, sum.FloatString(12), total.FloatString(12), texts)
	}
	fs, err := p.Functionals()
	if err != nil {
		return bill
	}
	revealed := new(big.Int)
	for i := range fs {
		revealed.Add(revealed, p.Rounding.Mode.round(reveal(p, &fs[i], channels...), fs[i].U))
	}
	x, err := p.Total([]*big.Int{revealed})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Rounding.Money(x); got != bill.Total {
		t.Fatalf("a proof would lead to %s, the quote is %s\n%s", got, bill.Total, texts)
	}
	return bill
}
