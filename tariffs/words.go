package tariffs

import (
	"fmt"
	"math/big"
	"strings"
	"time"
)

// Words says in sentences what a picture of the week cannot: blocks, power,
// charges, discounts, minimums, taxes and, last, rounding, in the order of a bill.
func (t *Tariff) Words() []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, k := range t.tracks {
		for i := range k.seasons {
			s := &k.seasons[i]
			in := inSeason(k, s)
			for _, r := range s.rates {
				if r.blocks != nil {
					say("%s, %s%s: %s", k.component, r.name, in, r.inWords(t.Currency, k.kind == lineExport))
				}
			}
			for _, d := range s.demands {
				if d.amount == 0 && len(d.steps) == 0 {
					continue // a season without a charge for power
				}
				say("%s, %s%s: %s", k.component, d.name, in, d.inWords(t.Currency))
			}
			if s.supply != nil {
				say("Standing charge%s: %s a day", in, inMoney(s.supply, 12, t.Currency))
			}
		}
		if e := k.event; e != nil {
			say("%s, %s: %s in hours that are announced beforehand, at most %d times a year", k.component, e.rate.name, e.rate.inWords(t.Currency, false), e.maximum)
			if told := t.announced(e); told != "" {
				say("%s: %s", e.rate.name, told)
			}
		}
	}
	for _, f := range t.fees {
		say("%s: %s", f.name, f.inWords(t.Currency))
	}
	for _, s := range t.shares {
		say("%s: %s%s", s.name, inPercent(s.rate), ofComponents(s.of))
	}
	for _, m := range t.minimums {
		say("%s: at least %s%s", m.name, m.inWords(t.Currency), ofComponents(m.of))
	}
	if t.netting {
		say("What is taken and what is fed in during the same interval are set against each other before they are priced")
	}
	for _, x := range t.Taxes {
		included := ""
		if t.PricesIncludeTax {
			included = ", included in the prices"
		}
		say("%s: %s%s%s", x.Name, inPercent(x.Rate), ofComponents(x.Of), included)
	}
	say("%s, to %d decimals, %s", stageInWords[t.Rounding.Stage], t.Rounding.Digits, t.Rounding.Mode)
	return out
}

// announced says how often an event was announced, and when it is last.
func (t *Tariff) announced(e *event) string {
	all := t.occurrences(e)
	loc, err := Zone(t.Clock)
	if len(all) == 0 || err != nil {
		return ""
	}
	last := all[len(all)-1]
	at := func(unix int64) string { return time.Unix(unix, 0).In(loc).Format("2006-01-02 15:04") }
	return fmt.Sprintf("announced %d times, last from %s to %s", len(all), at(last.From), at(last.To))
}

var stageInWords = map[Stage]string{
	StageBill:     "Rounded once, the total with tax",
	StageNet:      "Rounded once before tax, then each tax",
	StageLine:     "Each line is rounded, and each tax",
	StageInterval: "The money of every single reading is rounded, then each line and each tax",
}

var currencySigns = map[string]string{"GBP": "£", "EUR": "€", "USD": "$", "AUD": "A$", "NZD": "NZ$", "CAD": "C$"}

// inMoney writes n·10^−scale of a currency as people say it: "26.3p", "£36.60",
// "€0.25", "CHF 0.25".
func inMoney(n *big.Int, scale int, currency string) string {
	minus, size := "", new(big.Int).Abs(n)
	if n.Sign() < 0 {
		minus = "−"
	}
	if currency == "GBP" && size.Sign() > 0 && size.Cmp(powerOfTen(scale)) < 0 {
		return minus + Decimal(size, scale-2, 0) + "p"
	}
	if sign, ok := currencySigns[currency]; ok {
		return minus + sign + Decimal(size, scale, 2)
	}
	return minus + currency + " " + Decimal(size, scale, 2)
}

func inPercent(rate int64) string {
	return strings.Replace(Decimal(big.NewInt(rate), 7, 0), "-", "−", 1) + "%"
}

// inSeason names the days of a season, where there are several: " (1 October to 31 May)".
func inSeason(k track, s *season) string {
	if len(k.seasons) < 2 {
		return ""
	}
	day := func(n int) string { return (dateOf(2000, 1, 1) + Date(n-1)).time().Format("2 January") }
	return fmt.Sprintf(" (%s to %s)", day(s.first), day(s.last))
}

func ofComponents(of []string) string {
	if of == nil {
		return ""
	}
	return " of " + strings.Join(of, ", ")
}

// Times over which something counts, in words.
var inTime = map[string]string{
	perDay: "day", perMonth: "month", perQuarter: "quarter", perYear: "year", perBill: "bill", perEvent: "event",
	termDaily: "day", termMonthly: "month", termAnnual: "year", "DAY": "day", "MONTH": "month",
}

func (r *rate) inWords(currency string, export bool) string {
	var parts []string
	for i, b := range r.blocks {
		price := b.price
		if export {
			price = -price
		}
		text := inMoney(big.NewInt(price), 9, currency) + " per kWh"
		which := "the first"
		if i > 0 {
			which = "the next"
		}
		kWh := Decimal(big.NewInt(b.width), 3, 0)
		switch {
		case len(r.blocks) == 1:
		case i == len(r.blocks)-1:
			text += " above that"
		case b.daily:
			text += fmt.Sprintf(" for %s %s kWh times the days of a %s", which, kWh, inTime[r.period])
		case r.period == perEvent:
			text += fmt.Sprintf(" for %s %s kWh of an event", which, kWh)
		default:
			text += fmt.Sprintf(" for %s %s kWh of a %s", which, kWh, inTime[r.period])
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", then ")
}

func (f *fee) inWords(currency string) string {
	return fmt.Sprintf("%s a %s", inMoney(big.NewInt(f.amount), 9, currency), inTime[f.term])
}

func (d *demand) inWords(currency string) string {
	measure := inTime[d.measure]
	what := fmt.Sprintf("the highest average power over %d minutes in a %s", d.interval, measure)
	if d.highest > 1 {
		what = fmt.Sprintf("the average of the %d days of a %s with the highest power over %d minutes", d.highest, measure, d.interval)
	}
	money := func(n int64) string { return inMoney(big.NewInt(n), 9, currency) }
	price := fmt.Sprintf("%s per kW a %s", money(d.amount), inTime[d.charge])
	if len(d.steps) > 0 {
		price = fmt.Sprintf("%s to %s a %s, in steps,", money(d.steps[0].amount), money(d.steps[len(d.steps)-1].amount), inTime[d.charge])
	}
	var times []string
	for _, w := range d.windows {
		times = append(times, fmt.Sprintf("%s, %s to %s", dayList(w.days), clockTime(w.start), clockTime(w.end)))
	}
	out := fmt.Sprintf("%s for %s, %s", price, what, strings.Join(times, ", or "))
	kW := func(watts int64) string { return Decimal(big.NewInt(watts), 3, 0) + " kW" }
	if d.floor > 0 {
		out += ", at least " + kW(d.floor)
	}
	if d.least > 0 {
		out += ", what is above " + kW(d.least)
	}
	if d.most > 0 {
		out += ", up to " + kW(d.most)
	}
	return out
}

// dayList names days of the week, neighbours as "Monday to Friday".
func dayList(days [dayKinds]bool) string {
	var parts []string
	for w := 0; w < 7; w++ {
		first := w
		for w < 7 && days[w] {
			w++
		}
		switch name := func(w int) string { return time.Weekday((w + 1) % 7).String() }; {
		case w-first == 7:
			parts = append(parts, "all days")
		case w-first > 2:
			parts = append(parts, name(first)+" to "+name(w-1))
		default:
			for ; first < w; first++ {
				parts = append(parts, name(first))
			}
		}
	}
	for w := weekday(7); int(w) < len(days); w++ {
		if days[w] {
			parts = append(parts, "public holidays")
		}
	}
	return strings.Join(parts, ", ")
}
