package worker

import (
	"slices"
	"strings"

	"hushwatt/prover/messages"
	"hushwatt/tariffs"
)

// tariff draws a known tariff: its weeks, and the rest in words.
func (d *Desk) tariff(j *job, m *messages.AskTariff) (any, error) {
	known, _, err := d.catalogue(j, false)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(known, func(t knownTariff) bool { return t.ID() == m.ID })
	if i < 0 {
		return nil, fail(messages.TariffNotFound, "That tariff is not known on this device.", "")
	}
	t := &known[i]
	told, err := d.describeTariff(t)
	if err != nil {
		return nil, err
	}
	weeks, err := t.Weeks(0)
	if err != nil {
		return nil, err
	}
	answer := &messages.TariffPicture{Tariff: told, Weeks: []messages.Week{}}
	for _, w := range weeks {
		answer.Weeks = append(answer.Weeks, describeWeek(t, w, len(weeks) > 1))
	}
	words := t.Words()
	for _, w := range words[:len(words)-1] { // the last is of rounding
		answer.Words = append(answer.Words, w+".")
	}
	answer.Words = append(answer.Words, roundingWords(t.Rounding, t.Currency))
	return answer, nil
}

var dayNames = map[string]string{"MON": "Mon", "TUE": "Tue", "WED": "Wed", "THU": "Thu", "FRI": "Fri", "SAT": "Sat", "SUN": "Sun", "PUBLIC_HOLIDAYS": "Holiday"}

func describeWeek(t *knownTariff, w tariffs.Week, several bool) messages.Week {
	out := messages.Week{Title: "Prices of a week", Days: []messages.WeekDay{}}
	if several {
		out.Title = w.Component
		if w.Season != "" {
			out.Title += ", " + w.Season
		}
	}
	if w.Export {
		out.Title += ", paid to you"
	}
	first := true
	for _, day := range w.Days {
		told := messages.WeekDay{Name: dayNames[day.Name], Minutes: day.Minutes, Stretches: []messages.Stretch{}}
		if day.Date != "" {
			told.Name += " " + strings.TrimPrefix(day.Date[8:], "0")
		}
		for _, s := range day.Stretches {
			told.Stretches = append(told.Stretches, messages.Stretch{From: s.From, To: s.To, Name: s.Name, Price: perKWh(t.Currency, s.Nano), Pico: s.Nano})
			if first || s.Nano < out.Low {
				out.Low = s.Nano
			}
			if first || s.Nano > out.High {
				out.High = s.Nano
			}
			first = false
		}
		out.Days = append(out.Days, told)
	}
	return out
}
