package app

import (
	"slices"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

func nightAndDay(name string) messages.WeekDay {
	return messages.WeekDay{Name: name, Minutes: 1440, Stretches: []messages.Stretch{
		{From: 0, To: 420, Name: "Night", Price: "9.00p per kWh", Pico: 90_000_000},
		{From: 420, To: 1440, Name: "Day", Price: "24.50p per kWh", Pico: 245_000_000},
	}}
}

// A week has its prices as a picture, as a legend and as words, days of the same
// prices together; what it cannot show stands below.
func TestWeekOfATariff(t *testing.T) {
	w := messages.Week{Title: "Prices of a week", Low: 90_000_000, High: 245_000_000}
	for _, name := range []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"} {
		w.Days = append(w.Days, nightAndDay(name))
	}
	w.Days[6].Stretches = w.Days[6].Stretches[:1]
	w.Days[6].Stretches[0].To = 1440
	p := messages.TariffPicture{Tariff: nightDay, Weeks: []messages.Week{w}, Words: []string{"Standing charge: 25p a day."}}
	v := &weekView{Tariff: "ab12"}
	asked := play(t, withHome(), map[messages.Type]any{messages.TypeTariff: &p}, v.toggle)
	if !slices.Equal(asked.asked, []messages.Type{messages.TypeTariff}) {
		t.Errorf("asked %v", asked.asked)
	}
	has(t, v, "Hide its prices", "Night, 9.00p per kWh", "Day, 24.50p per kWh", "Mon to Sat: 00:00 to 07:00 Night, 9.00p per kWh; 07:00 to 24:00 Day", "Sun: 00:00 to 24:00 Night", "Standing charge: 25p a day.")
	html := app.HTMLString(tariffPicture(&p))
	if strings.Count(html, "<rect") != 13 || !strings.Contains(html, `class="p0"`) || !strings.Contains(html, `class="p4"`) || strings.Contains(html, "style=") {
		t.Error(html)
	}
	many := messages.Week{Title: "Energy", Low: 1, High: 48, Days: []messages.WeekDay{{Name: "Mon 3", Minutes: 1440}}}
	for i := range 48 {
		many.Days[0].Stretches = append(many.Days[0].Stretches, messages.Stretch{From: 30 * i, To: 30*i + 30, Name: "Each half-hour", Price: num(i+1) + "p", Pico: int64(i + 1)})
	}
	has(t, week(many), "cheapest 1p", "dearest 48p", "Mon 3: 1p to 48p.")
}
