package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"hushwatt/tariffs"
)

var tariffShowCommand = command{
	name:    "tariff show",
	does:    "draw the week of a tariff: the price by hour and weekday, season by season",
	example: "hushwatt tariff show tariff.json",
	note:    "Of prices that differ from day to day it draws seven days, from --week on.",
	flags: func(f *flags) action {
		path := f.arg("FILE")
		addenda := declareAddenda(f)
		week := flag(f, &option{name: "week", value: "DATE", help: "first of the seven days, where prices differ by day"}, asDate)
		return func(c *console) (answer, error) { return showTariff(c, *path, *addenda, *week) }
	},
}

type weekAnswer struct {
	ID          string         `json:"id"`
	PlanID      string         `json:"planId"`
	DisplayName string         `json:"displayName"`
	BrandName   string         `json:"brandName"`
	From        string         `json:"effectiveFrom"`
	To          string         `json:"effectiveTo,omitempty"`
	Clock       string         `json:"clock"`
	Currency    string         `json:"currency"`
	Weeks       []tariffs.Week `json:"weeks"`
	Words       []string       `json:"words"`
}

func showTariff(c *console, path string, addenda []string, week tariffs.Date) (answer, error) {
	t, err := readOneTariff(c, path, addenda)
	if err != nil {
		return nil, err
	}
	weeks, err := t.Weeks(week)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	a := weekAnswer{
		ID: t.ID(), PlanID: t.PlanID, DisplayName: t.DisplayName, BrandName: t.BrandName, From: t.From.String(),
		Clock: t.Clock, Currency: t.Currency, Weeks: weeks, Words: t.Words(),
	}
	if t.To != tariffs.OpenEnded {
		a.To = t.To.String()
	}
	for _, w := range weeks {
		if week != 0 && w.Dynamic && !priced(w) {
			return nil, fmt.Errorf("%s: no prices are known from %s on for seven days", path, week)
		}
	}
	return a, nil
}

func priced(w tariffs.Week) bool {
	return slices.ContainsFunc(w.Days, func(d tariffs.WeekDay) bool { return len(d.Stretches) > 0 })
}

func (a weekAnswer) text(w io.Writer) {
	to := a.To
	if to == "" {
		to = "open"
	}
	fmt.Fprintf(w, "%s, %s (%s)\nin force %s to %s, clock of %s, %s per kWh\n", a.DisplayName, a.BrandName, a.PlanID, a.From, to, a.Clock, a.Currency)
	for _, week := range a.Weeks {
		drawWeek(w, week)
	}
	fmt.Fprintln(w)
	for _, sentence := range a.Words {
		writeFolded(w, sentence)
	}
}

// writeFolded writes a sentence in lines of at most 79 characters.
func writeFolded(w io.Writer, sentence string) {
	line := "·"
	for _, word := range strings.Fields(sentence) {
		if len([]rune(line))+1+len([]rune(word)) > 79 {
			fmt.Fprintln(w, line)
			line = " "
		}
		line += " " + word
	}
	fmt.Fprintln(w, line)
}

// bars are the levels of a picture, the cheapest first.
var bars = []rune("▁▂▃▄▅▆▇█")

// cellMinutes is what one character of a picture stands for.
const cellMinutes = 30

// drawWeek draws one line a day and one bar a half-hour, and says which bar is
// which price.
func drawWeek(w io.Writer, week tariffs.Week) {
	title := week.Component + ", " + week.Season
	if week.Export {
		title += " (paid to you)"
	}
	fmt.Fprintf(w, "\n%s, %s to %s\n", title, week.First, week.Last)
	scale, days := newScale(week), known(week.Days)
	if !week.Dynamic && alike(days) {
		days = days[:1]
		days[0].Name = "every day"
		if len(days[0].Stretches) == 1 {
			fmt.Fprintf(w, "at all times %s  %s\n", days[0].Stretches[0].Price, clip(days[0].Stretches[0].Name, 50))
			return
		}
	}
	minutes := minutesOfDay
	for _, d := range days {
		minutes = max(minutes, d.Minutes)
	}
	fmt.Fprintf(w, "%*s%s\n", labelWidth, "", hours(minutes/cellMinutes))
	for _, d := range days {
		fmt.Fprintf(w, "%-*s%s\n", labelWidth, dayTitle(d), scale.line(d))
	}
	scale.legend(w)
	for _, d := range days {
		if d.Minutes != minutesOfDay {
			fmt.Fprintf(w, "%*s%s has %d hours, drawn as they follow each other\n", labelWidth, "", d.Date, d.Minutes/60)
		}
	}
}

const minutesOfDay = 24 * 60

// labelWidth is that of the names of days.
const labelWidth = len("MON 2013-03-30 ")

// known cuts the days at the end of which no price is known.
func known(days []tariffs.WeekDay) []tariffs.WeekDay {
	for len(days) > 0 && len(days[len(days)-1].Stretches) == 0 {
		days = days[:len(days)-1]
	}
	return slices.Clone(days)
}

// alike reports whether all days have the same prices.
func alike(days []tariffs.WeekDay) bool {
	return len(days) > 0 && !slices.ContainsFunc(days, func(d tariffs.WeekDay) bool { return !slices.Equal(d.Stretches, days[0].Stretches) })
}

// hours is the line of hours above a picture.
func hours(cells int) string {
	var b strings.Builder
	for c := 0; c+6 <= cells; c += 6 {
		fmt.Fprintf(&b, "%-6s", fmt.Sprintf("%02d", c/2))
	}
	return strings.TrimRight(b.String(), " ")
}

func dayTitle(d tariffs.WeekDay) string {
	if d.Date != "" {
		return d.Name[:3] + " " + d.Date
	}
	if d.Name == "PUBLIC_HOLIDAYS" {
		return "holidays"
	}
	return d.Name
}

// A scale gives prices their bars: each its own where there are few, else by
// size.
type scale struct {
	prices []int64 // ascending, each once
	names  map[int64][]string
	text   map[int64]string
}

func newScale(week tariffs.Week) *scale {
	s := &scale{names: map[int64][]string{}, text: map[int64]string{}}
	for _, d := range week.Days {
		for _, x := range d.Stretches {
			if !slices.Contains(s.names[x.Nano], x.Name) {
				s.names[x.Nano] = append(s.names[x.Nano], x.Name)
			}
			s.text[x.Nano] = x.Price
		}
	}
	for price := range s.names {
		s.prices = append(s.prices, price)
	}
	slices.Sort(s.prices)
	return s
}

func (s *scale) few() bool { return len(s.prices) <= len(bars) }

// bar returns the bar of a price: spread over the bars by rank where there are
// few prices, by size where there are many.
func (s *scale) bar(price int64) rune {
	last := int64(len(bars) - 1)
	if s.few() {
		rank, _ := slices.BinarySearch(s.prices, price)
		if len(s.prices) == 1 {
			return bars[last/2]
		}
		return bars[int64(rank)*last/int64(len(s.prices)-1)]
	}
	low, high := s.prices[0], s.prices[len(s.prices)-1]
	return bars[(price-low)*last/(high-low)]
}

// line draws a day: each cell shows the price that holds longest in it.
func (s *scale) line(d tariffs.WeekDay) string {
	var b strings.Builder
	end := 0
	for _, x := range d.Stretches {
		end = max(end, x.To)
	}
	for from := 0; from < end; from += cellMinutes {
		longest, mark := 0, ' '
		for _, x := range d.Stretches {
			if shared := min(x.To, from+cellMinutes) - max(x.From, from); shared > longest {
				longest, mark = shared, s.bar(x.Nano)
			}
		}
		b.WriteRune(mark)
	}
	return strings.TrimRight(b.String(), " ")
}

func (s *scale) legend(w io.Writer) {
	switch {
	case len(s.prices) == 0:
		fmt.Fprintf(w, "%*sno prices are known for these days\n", labelWidth, "")
	case !s.few():
		low, high := s.prices[0], s.prices[len(s.prices)-1]
		fmt.Fprintf(w, "%*s%c %s to %c %s\n", labelWidth, "", bars[0], s.text[low], bars[len(bars)-1], s.text[high])
	default:
		width := 0
		for _, text := range s.text {
			width = max(width, len(text))
		}
		for _, price := range s.prices {
			fmt.Fprintf(w, "%*s%c %*s  %s\n", labelWidth, "", s.bar(price), width, s.text[price], clip(strings.Join(s.names[price], ", "), 60-width))
		}
	}
}

// clip cuts a text to n characters.
func clip(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return text
}
