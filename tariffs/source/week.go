package source

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const minutesOfDay = 1440

var dayNames = [...]string{"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"}

// holiday is the row of a grid for public holidays, after the seven weekdays.
const holiday = 7

var (
	weekdays = []int{0, 1, 2, 3, 4}
	weekend  = []int{5, 6}
	allDays  = []int{0, 1, 2, 3, 4, 5, 6}
)

// A grid is a week painted minute by minute: which block holds when, −1 where
// none does. Sources name times of day in many ways; painted they all look the
// same, and gaps and overlaps show.
type grid [8][minutesOfDay]int16

func newGrid() *grid {
	g := &grid{}
	for d := range g {
		for m := range g[d] {
			g[d][m] = -1
		}
	}
	return g
}

// paint gives the minutes from … to of some days to a block. Where to is not
// after from the stretch goes around midnight on the same day: 22:00 to 07:00 on
// Saturday are Saturday's first seven and last two hours.
func (g *grid) paint(days []int, from, to, block int) error {
	if to <= from {
		if err := g.paint(days, from, minutesOfDay, block); err != nil || to == 0 {
			return err
		}
		from = 0
	}
	for _, d := range days {
		for m := from; m < to; m++ {
			if was := g[d][m]; was >= 0 && int(was) != block {
				return fmt.Errorf("two prices on %s at %s", dayName(d), clockTime(m))
			}
			g[d][m] = int16(block)
		}
	}
	return nil
}

// gap returns the first minute of the seven weekdays that no block has.
func (g *grid) gap() error {
	for d := range allDays {
		if m := slices.Index(g[d][:], -1); m >= 0 {
			end := m
			for end < minutesOfDay && g[d][end] < 0 {
				end++
			}
			return fmt.Errorf("no price on %s from %s to %s", dayName(d), clockTime(m), clockTime(end))
		}
	}
	return nil
}

func dayName(d int) string {
	if d == holiday {
		return "holidays"
	}
	return dayNames[d]
}

// A window is a stretch of the day on some weekdays.
type window struct {
	days     []int
	from, to int // minutes; to is at most 1440 and after from
}

// windows returns where a block holds, days of equal times together.
func (g *grid) windows(block int) []window {
	var out []window
	done := [8]bool{}
	for d := range g {
		runs := g.runs(d, block)
		if done[d] || len(runs) == 0 {
			continue
		}
		var same []int
		for e := d; e < len(g); e++ {
			if !done[e] && slices.Equal(g.runs(e, block), runs) {
				same, done[e] = append(same, e), true
			}
		}
		for _, r := range runs {
			out = append(out, window{same, r[0], r[1]})
		}
	}
	return out
}

func (g *grid) runs(day, block int) [][2]int {
	var out [][2]int
	for m := 0; m < minutesOfDay; m++ {
		if int(g[day][m]) != block {
			continue
		}
		from := m
		for m < minutesOfDay && int(g[day][m]) == block {
			m++
		}
		out = append(out, [2]int{from, m})
	}
	return out
}

// minuteOf reads a time of day.
func minuteOf(n *node) int {
	text := n.str()
	m, ok := clock(text)
	if !ok {
		n.fail("%q is not a time of day like 07:30", text)
	}
	return m
}

// clock reads H:MM, HH:MM and HH:MM:00, up to 24:00.
func clock(s string) (int, bool) {
	parts := strings.Split(strings.ReplaceAll(s, " ", ""), ":")
	if len(parts) < 2 || len(parts) > 3 || len(parts) == 3 && parts[2] != "00" {
		return 0, false
	}
	hour, err1 := strconv.Atoi(parts[0])
	minute, err2 := strconv.Atoi(parts[1])
	m := 60*hour + minute
	return m, err1 == nil && err2 == nil && len(parts[1]) == 2 && hour >= 0 && minute >= 0 && minute < 60 && m <= minutesOfDay
}

func clockTime(m int) string { return fmt.Sprintf("%02d:%02d", m/60, m%60) }
