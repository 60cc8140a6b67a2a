package household

import "time"

// The seasons of southern England, by month: values hold for the middle of the
// month and are joined by straight lines.
var (
	temperature = [12]int{52, 53, 76, 99, 133, 162, 187, 185, 157, 120, 80, 55}       // mean of the day, tenths of °C
	sunrise     = [12]int{480, 435, 375, 307, 250, 223, 242, 288, 336, 385, 438, 479} // minutes after midnight UTC
	sunset      = [12]int{980, 1035, 1085, 1137, 1185, 1220, 1212, 1162, 1095, 1028, 972, 952}
	clearSky    = [12]int{330, 450, 600, 740, 810, 830, 820, 770, 670, 510, 370, 290} // noon power of panels, ‰ of their peak
)

// seasonal reads a table on a day.
func seasonal(table *[12]int, day int) int {
	date := dateOf(day)
	// Months of 30 days are near enough.
	position := (int(date.Month())-1)*30 + min(date.Day(), 30) - 15 + 360
	month, part := position/30, position%30
	from, to := table[month%12], table[(month+1)%12]
	return from + (to-from)*part/30
}

func dateOf(day int) time.Time { return time.Unix(int64(day)*86400, 0).UTC() }

// weekend reports whether a day is a Saturday or Sunday; 1970-01-01 was a Thursday.
func weekend(day int) bool { return (day+3)%7 >= 5 }

func sunday(day int) bool { return (day+3)%7 == 6 }

// summerTime is how far the home's clock is ahead of UTC at noon of a day, in
// minutes: an hour from the last Sunday of March to the day before the last
// Sunday of October. People keep to the clock, so their mornings move with it.
func summerTime(day int) int {
	year := dateOf(day).Year()
	if day >= lastSunday(year, time.March) && day < lastSunday(year, time.October) {
		return 60
	}
	return 0
}

// lastSunday returns the day number of a month's last Sunday, for months of 31 days.
func lastSunday(year int, month time.Month) int {
	last := int(time.Date(year, month, 31, 0, 0, 0, 0, time.UTC).Unix() / 86400)
	return last - (last+4)%7
}

// warmth is a day's mean temperature in tenths of a degree. Weather lasts for
// days, so the noise of the days before goes into it too.
func (h *Household) warmth(day int) int {
	noise := 0
	for back, weight := range [...]int{5, 4, 3, 2, 1} {
		if day >= back {
			noise += weight * between(h.rand(day-back, topicWeather), -70, 70)
		}
	}
	return seasonal(&temperature, day) + noise/9
}

// sun returns the watts of the panels in each minute of a UTC day: a hump from
// sunrise to sunset, as high as the season allows, with the day's clouds and
// those of each quarter of an hour.
func (h *Household) sun(day int) (watts [minutesPerDay]int) {
	r := h.rand(day, topicClouds)
	from, to := seasonal(&sunrise, day), seasonal(&sunset, day)
	noon := h.traits.panels * seasonal(&clearSky, day) / 1000
	haze := between(r, 15, 100)
	quarter := 0
	for t := range watts {
		if t%15 == 0 {
			quarter = between(r, max(10, haze-40), haze)
		}
		if t > from && t < to {
			hump := 4000 * (t - from) / (to - from) * (to - t) / (to - from) // ‰, 1000 at noon
			watts[t] = noon * hump / 1000 * hump / 1000 * quarter / 100
		}
	}
	return watts
}
