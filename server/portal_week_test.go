package server

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"hushwatt/tariffs"
)

func parsed(t *testing.T, document string) *tariffs.Tariff {
	t.Helper()
	return must(tariffs.Parse([]byte(document)))
}

// drawn writes a week as text: a line for neighbouring days of the same prices.
func drawn(weeks []week) string {
	var b strings.Builder
	for _, k := range weeks {
		fmt.Fprintf(&b, "[%s|%s|%v]", k.Period, k.When, k.Varies)
		for _, h := range k.Hours {
			fmt.Fprintf(&b, " %s:", h.Days)
			for _, p := range h.Blocks {
				fmt.Fprintf(&b, " %s %s %s p%d", p.Time(), p.Name, p.Text, p.Class)
			}
			b.WriteByte(';')
		}
	}
	return b.String()
}

func shaded(t *tariffs.Tariff) []week {
	weeks := weeksOf(t)
	scaleOf(weeks).shade(weeks, t.Currency)
	return weeks
}

// The usual week leaves out holidays and the days on which clocks change.
func TestWeekOfThreeRates(t *testing.T) {
	got := drawn(shaded(parsed(t, evening(t))))
	want := "[|usual week|false]" +
		" Mon – Fri: 00:00–06:30 Night £0.0716 p0 06:30–17:00 Day £0.1531 p2 17:00–20:00 Evening £0.3125 p5 20:00–23:30 Day £0.1531 p2 23:30–24:00 Night £0.0716 p0;" +
		" Sat – Sun: 00:00–06:30 Night £0.0716 p0 06:30–23:30 Day £0.1531 p2 23:30–24:00 Night £0.0716 p0;"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWeekOfOnePrice(t *testing.T) {
	got := drawn(shaded(parsed(t, flatTariff)))
	if want := "[|usual week|false] Mon – Sun: 00:00–24:00 Energy £0.1531 p1;"; got != want {
		t.Errorf("got %s", got)
	}
}

// Two seasons are two pictures, on one scale.
func TestWeekOfSeasons(t *testing.T) {
	winter := `{"displayName":"Winter","startDate":"10-01","endDate":"03-31","dailySupplyCharge":"0.3","rateBlockUType":"singleRate","singleRate":{"displayName":"Energy","rates":[{"unitPrice":"0.30"}]}}`
	document := strings.NewReplacer(`"displayName":"All year","startDate":"01-01","endDate":"12-31"`, `"displayName":"Summer","startDate":"04-01","endDate":"09-30"`,
		`"rates":[{"unitPrice":"0.1531"}]}}]`, `"rates":[{"unitPrice":"0.1531"}]}},`+winter+`]`).Replace(flatTariff)
	tariff := parsed(t, document)
	got := drawn(shaded(tariff))
	want := "[Winter|usual week|false] Mon – Sun: 00:00–24:00 Energy £0.3000 p5;[Summer|usual week|false] Mon – Sun: 00:00–24:00 Energy £0.1531 p0;"
	if got != want {
		t.Errorf("got %s", got)
	}
	words := strings.Join(tariff.Words(), "; ")
	for _, charge := range []string{"Standing charge (1 October to 31 March): 30p a day", "Standing charge (1 April to 30 September): 25p a day"} {
		if !strings.Contains(words, charge) {
			t.Errorf("no %q in %s", charge, words)
		}
	}
}

// Where prices are known for two days, one of them of 23 hours, one is drawn.
func TestWeekOfDynamicPrices(t *testing.T) {
	got := drawn(shaded(parsed(t, string(must(os.ReadFile("testdata/dynamic.json"))))))
	want := "[|last days with prices|true] 30 Mar: 00:00–16:00 Energy £0.1176 p2 16:00–18:30 Energy £0.6720 p5 18:30–24:00 Energy −£0.0399 p0;"
	if got != want {
		t.Errorf("got %s", got)
	}
}

// Of many prices the legend has a range for every shade.
func TestLegendOfManyPrices(t *testing.T) {
	var rates []rate
	for i := range int64(48) {
		rates = append(rates, rate{"Energy", perKWh(i*1e7, "GBP"), i, int(i / 8)})
	}
	list := perShade(rates)
	if len(list) != steps || list[0].Text != "£0.0000 – £0.0700" || list[5].Text != "£0.4000 – £0.4700" || list[5].Class != 5 {
		t.Errorf("%+v", list)
	}
	if one := perShade(rates[:1]); len(one) != 1 || one[0].Text != "£0.0000" {
		t.Errorf("%+v", one)
	}
}

func TestScale(t *testing.T) {
	many := scale{}
	for p := range int64(48) {
		many = append(many, p*p)
	}
	last := 0
	for _, p := range many {
		c := many.class(p)
		if c < last || c >= steps {
			t.Errorf("price %d has shade %d after %d", p, c, last)
		}
		last = c
	}
	if many.class(0) != 0 || last != steps-1 {
		t.Errorf("from %d to %d", many.class(0), last)
	}
}

// What is listed as different is all that is different.
func TestDifferences(t *testing.T) {
	before := evening(t)
	for _, c := range []struct{ from, to, want string }{
		{`"0.0716"`, `"0.0801"`, "All year › Night › Price per kWh: 0.0716 → 0.0801 (+11.9\u00a0%)"},
		{`"0.263"`, `"0.2"`, "All year › Standing charge per day: 0.263 → 0.2 (−24.0\u00a0%)"},
		{`"2014-01-01"`, `"2015-01-01"`, "In force until (exclusive): 2014-01-01 → 2015-01-01 ()"},
		{`"stage": "line"`, `"stage": "bill"`, "Rounding › Stage: line → bill ()"},
		{`"rate": "0.05"`, `"rate": "0.2"`, "Tax › VAT › Rate: 0.05 → 0.2 (+300.0\u00a0%)"},
		{`"countAs": "SUN"`, `"countAs": "SAT"`, "Holidays › Count as: SUN → SAT ()"},
		{`"type": "PEAK"`, `"type": "SHOULDER"`, "All year › Evening › Type: PEAK → SHOULDER ()"},
		{`"Evening",
      "type"`, `"Teatime",
      "type"`, "All year › Evening › Hours: Mon–Fri 17:00–20:00 →  ()\nAll year › Evening › Name: Evening →  ()\n" +
			"All year › Evening › Price per kWh: 0.3125 →  ()\nAll year › Evening › Type: PEAK →  ()\n" +
			"All year › Teatime › Hours:  → Mon–Fri 17:00–20:00 ()\nAll year › Teatime › Name:  → Teatime ()\n" +
			"All year › Teatime › Price per kWh:  → 0.3125 ()\nAll year › Teatime › Type:  → PEAK ()"},
	} {
		after := strings.Replace(before, c.from, c.to, 1)
		if after == before {
			t.Fatalf("%q is not in the document", c.from)
		}
		list, n := differences(parsed(t, before), parsed(t, after))
		var got []string
		for _, d := range list {
			got = append(got, fmt.Sprintf("%s: %s → %s (%s)", d.Path, d.Before, d.After, d.By))
		}
		if strings.Join(got, "\n") != c.want || n != len(list) {
			t.Errorf("%s to %s:\n%s", c.from, c.to, strings.Join(got, "\n"))
		}
	}
	if list, n := differences(parsed(t, before), parsed(t, before)); len(list) != 0 || n != 0 {
		t.Errorf("a tariff differs from itself: %v", list)
	}
}

func TestWords(t *testing.T) {
	for _, c := range [][2]string{
		{span("2013-01-01", "2013-02-01", "January"), "1–31 January 2013"},
		{span("2013-01-01", "2013-01-02", "January"), "1 January 2013"},
		{span("2013-01-15", "2013-02-15", "Jan"), "15 Jan – 14 Feb 2013"},
		{span("2012-12-15", "2013-01-15", "Jan"), "15 Dec 2012 – 14 Jan 2013"},
		{amount("43.17", "GBP"), "£43.17"}, {amount("-3.10", "EUR"), "−€3.10"}, {amount("5.00", "AUD"), "5.00\u00a0AUD"},
		{perKWh(153100000, "GBP"), "£0.1531"}, {perKWh(-39900000, "GBP"), "−£0.0399"}, {perKWh(142280000, "GBP"), "£0.14228"}, {perKWh(1, "GBP"), "£0.000000001"},
		{grouped(5), "5"}, {grouped(1234), "1,234"}, {grouped(-1234567), "-1,234,567"}, {grouped(-123), "-123"},
		{sentence("a bill"), "A bill."}, {sentence("Done."), "Done."}, {sentence(""), ""},
		{daysText([]any{"SUN", "MON", "TUE", "WED", "FRI"}), "Mon–Wed Fri Sun"}, {daysText([]any{"SAT", "SUN"}), "Sat Sun"},
		{daysText([]any{"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"}), "Mon–Sun"}, {daysText([]any{"MON"}), "Mon"},
	} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}
}
