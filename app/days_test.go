package app

import (
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

func withDays() shared {
	s, d := withHome(), cannedDays()
	s.days, s.month = &d, month{2026, 3}
	s.pick = firstPick(&d)
	return s
}

func TestDaysAreDrawn(t *testing.T) {
	d := cannedDays()
	p := &daysPage{}
	w := play(t, withHome(), map[messages.Type]any{messages.TypeDays: &d}, p.load)
	if !strings.Contains(string(w.bodies[0]), `"from":"2026-03-01","to":"2026-03-31"`) {
		t.Errorf("asked %s, not for the days of the request", w.bodies[0])
	}
	has(t, p, "Your days", "1–31 March 2026", "31 days", "3 half-hours missing", "Night, 9.00p per kWh", "Day, 24.50p per kWh", "missing", "weekend", "Sun 1", "Tue 31", "Show as a table", "See the bill")
	got := app.HTMLString(p)
	for _, want := range []string{`class="h0"`, `class="h8"`, `fill="url(#hatch)"`, `class="weekend"`, `class="now"`, `role="slider"`, `aria-valuetext="`, `class="p0"`, `class="p4"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not drawn", want)
		}
	}
	if strings.Contains(got, "style=") {
		t.Error("a style attribute, which the page’s policy forbids")
	}
	if n := strings.Count(got, "<rect") + strings.Count(got, "<path"); n > 60 {
		t.Errorf("%d shapes for 1,486 cells", n)
	}
}

func TestDaysRefused(t *testing.T) {
	p := &daysPage{}
	play(t, withHome(), map[messages.Type]any{messages.TypeDays: &messages.Error{Code: messages.StorageDamaged, Sentence: "It does not open.", Next: "Restore."}}, p.load)
	has(t, p, "It does not open.", "Restore.", "Try again")
	state.days, p.err = nil, nil
	has(t, p, "Reading your days")
}

func TestHalfHoursAreTold(t *testing.T) {
	d := cannedDays()
	missing, estimated := d.List[4].From+4, d.List[10].From+32
	if got := tell(&d, missing); got != "Missing: your meter has no reading" {
		t.Error(got)
	}
	if got := tell(&d, estimated); !strings.Contains(got, "estimated by your meter at 24.50p per kWh (Day) = ") {
		t.Error(got)
	}
	if got := when(&d, d.List[28].From+2); got != "Sunday 29 March, 02:00 to 02:30" {
		t.Error(got)
	}
	d.Status[3] = messages.NotHere
	if got := tell(&d, 3); got != "Not in your meter’s file" {
		t.Error(got)
	}
	d.Price = nil
	for i := range d.List {
		d.List[i].Windows = nil
	}
	if got := tell(&d, 0); got != kWh(int64(d.WhAt(0))) {
		t.Error(got)
	}
}

// The keys of the picture lead where a person expects, and never out of it.
func TestKeysMoveOverThePicture(t *testing.T) {
	play(t, withDays(), nil, func(app.Context) {})
	d := state.days
	at := func(day, slot int) int { return d.List[day].From + slot }
	for _, c := range []struct {
		view, key string
		from, to  int
	}{
		{viewAll, "ArrowRight", at(2, 5), at(2, 6)}, {viewAll, "ArrowLeft", at(2, 0), at(1, 47)}, {viewAll, "ArrowDown", at(2, 5), at(3, 5)},
		{viewAll, "ArrowUp", at(2, 5), at(1, 5)}, {viewAll, "ArrowUp", at(0, 5), at(0, 5)}, {viewAll, "ArrowDown", at(30, 5), at(30, 5)},
		{viewAll, "Home", at(2, 5), at(2, 0)}, {viewAll, "End", at(28, 5), at(28, 45)}, {viewAll, "ArrowDown", at(27, 47), at(28, 45)},
		{viewAll, "ArrowLeft", 0, 0}, {viewAll, "ArrowRight", d.Count() - 1, d.Count() - 1},
		{viewWeek, "ArrowRight", at(2, 5), at(3, 5)}, {viewMonth, "ArrowLeft", at(2, 5), at(1, 5)},
		{viewDay, "ArrowUp", at(2, 5), at(2, 6)}, {viewDay, "PageDown", at(2, 5), at(3, 5)},
	} {
		p := &daysPage{view: c.view}
		state.pick = c.from
		to, ok := p.key(c.key)
		if !ok {
			t.Errorf("%s %s does nothing", c.view, c.key)
		}
		p.move(to)
		if state.pick != c.to {
			t.Errorf("%s %s leads from %d to %d, want %d", c.view, c.key, c.from, state.pick, c.to)
		}
	}
	if _, ok := (&daysPage{}).key("Tab"); ok {
		t.Error("the tabulator is caught")
	}
}

// A finger on a cell chooses just that cell.
func TestTouchFindsTheCell(t *testing.T) {
	play(t, withDays(), nil, func(app.Context) {})
	p := &daysPage{w: 376}
	cell, row := float64(376-heatLeft-heatRight)/48, heatRow(376)
	touch := func(day, column int) int {
		p.touch(heatLeft+(float64(column)+.5)*cell, float64(heatTop+day*row+row/2))
		return state.pick
	}
	if got, want := touch(7, 20), state.days.List[7].From+20; got != want {
		t.Errorf("slot %d, want %d", got, want)
	}
	if got, want := touch(28, 4), state.days.List[28].From+2; got != want {
		t.Errorf("after the clocks went forward: slot %d, want %d", got, want)
	}
	was := state.pick
	if touch(28, 2) != was {
		t.Error("an hour that there was not can be chosen")
	}
	p.touch(10, 10)
	p.touch(100, 10000)
	if state.pick != was {
		t.Error("a touch beside the cells moves")
	}
}

func TestWeeks(t *testing.T) {
	d := cannedDays() // 1 March 2026 is a Sunday
	for _, c := range []struct{ day, from, to int }{{0, 0, 1}, {1, 1, 8}, {7, 1, 8}, {8, 8, 15}, {30, 29, 31}} {
		if from, to := weekOf(d.List, c.day); from != c.from || to != c.to {
			t.Errorf("day %d: %d to %d, want %d to %d", c.day, from, to, c.from, c.to)
		}
	}
}

// The tables hold the numbers of the picture.
func TestTablesHoldTheNumbers(t *testing.T) {
	d := cannedDays()
	all := allTable(&d, measure{})
	if n := strings.Count(all, "<td"); n != 31*48 {
		t.Errorf("%d cells", n)
	}
	for i := range d.Count() {
		if d.StatusAt(i) != messages.Missing && !strings.Contains(all, ">"+kWhNumber(int64(d.WhAt(i)))) {
			t.Fatalf("half-hour %d is not in the table", i)
		}
	}
	if strings.Count(all, "missing") != 3 || strings.Count(all, "est.") != 1 {
		t.Error("missing or estimated half-hours are not told")
	}
	if day := dayTable(&d, d.List[0]); strings.Count(day, "<tr>") != 49 || !strings.Contains(day, "07:30 to 08:00") || !strings.Contains(day, "24.50p per kWh") {
		t.Error(day)
	}
	if days := daysTable(&d, 0, 31); strings.Count(days, "<tr>") != 32 || !strings.Contains(days, d.List[30].Money.Text) {
		t.Error(days)
	}
	d.List[0].Name = "<b>&"
	if strings.Contains(daysTable(&d, 0, 1), "<b>") {
		t.Error("a name is taken for a tag")
	}
}

// A day may be longer, and other meters count quarters of hours.
func TestOddDays(t *testing.T) {
	day := messages.Day{Date: "2026-10-25", Name: "Sunday 25 October", Slots: 100, ChangeSlot: 8, Weekend: true, Change: "The clocks went back at 02:00."}
	d := messages.Days{SlotMinutes: 15, List: []messages.Day{day}, Wh: make([]byte, 400), Status: make([]byte, 100), Period: "25 October 2026"}
	if n := columns(d.List, 15); n != 96 {
		t.Errorf("%d columns", n)
	}
	play(t, shared{known: true, device: cannedState(), days: &d}, nil, func(app.Context) {})
	for _, view := range []string{viewAll, viewDay, viewWeek, viewMonth} {
		p := &daysPage{view: view, table: true}
		has(t, p, "25 October", "The clocks went back")
	}
	if got := slotTime(day, 8, 15); got != "01:00 to 01:15, for the second time" {
		t.Error(got)
	}
	d = messages.Days{SlotMinutes: 30, Period: "nothing"}
	has(t, &daysPage{}, "There are no half-hours in these days.")
}

// The hour that comes twice shares its cells, the first time above the second,
// and everything after it stands where its local time stands on other days.
func TestTheHourThatComesTwice(t *testing.T) {
	autumn := messages.Day{Name: "Sunday 25 October", Date: "2026-10-25", Slots: 50, ChangeSlot: 4}
	after := messages.Day{Name: "Monday 26 October", Date: "2026-10-26", From: 50, Slots: 48}
	d := messages.Days{SlotMinutes: 30, List: []messages.Day{autumn, after}, Wh: make([]byte, 4*98), Status: make([]byte, 98)}
	for i := range 98 {
		d.Wh[4*i] = byte(i + 1)
	}
	place := places(autumn, 30)
	for slot, want := range map[int]struct{ column, turn int }{0: {0, 0}, 1: {1, 0}, 2: {2, 1}, 3: {3, 1}, 4: {2, 2}, 5: {3, 2}, 6: {4, 0}, 49: {47, 0}} {
		if place(slot) != want.column || turn(autumn, 30, slot) != want.turn || minuteOf(autumn, slot, 30) != 30*want.column {
			t.Errorf("slot %d: column %d, turn %d, minute %d", slot, place(slot), turn(autumn, 30, slot), minuteOf(autumn, slot, 30))
		}
	}
	if columns(d.List, 30) != 48 || long(autumn, 30) != 50 {
		t.Errorf("%d columns, %d alone", columns(d.List, 30), long(autumn, 30))
	}
	// Each slot is found again where it is drawn.
	const w = 52 + 48*12
	row := float64(heatRow(w))
	for slot := range 98 {
		day, _ := dayOf(&d, slot)
		x := d.List[day]
		y, h := half(turn(x, 30, slot-x.From), heatTop+float64(day)*row, row-1)
		if got := heatAt(&d, w, heatLeft+(float64(places(x, 30)(slot-x.From))+.5)*12, y+h/2); got != slot {
			t.Errorf("slot %d is found as %d", slot, got)
		}
	}
	if got := slotIn(autumn, along(autumn, 30), 30, false); got != 30 {
		t.Errorf("column 30 of the day alone is slot %d", got)
	}
	if got := hoursOf(autumn, 0, 50, 30); got[0].x != 0 || got[1].x != 14 || got[4].x != 50 {
		t.Errorf("hours stand at %+v", got)
	}
	if table := allTable(&d, measure{}); !strings.Contains(table, ">0.003, then 0.005<") || !strings.Contains(table, ">0.004, then 0.006<") || strings.Count(table, "<td") != 2*48 {
		t.Error(table)
	}
	// Spring leaves an hour out.
	spring := messages.Day{Slots: 46, ChangeSlot: 2}
	if p := places(spring, 30); p(1) != 1 || p(2) != 4 || turn(spring, 30, 2) != 0 {
		t.Errorf("spring: %d, %d", p(1), p(2))
	}
}

func TestLevelsRise(t *testing.T) {
	for _, values := range [][]int64{nil, {0}, {5}, {1, 1, 1, 1}, {0, 0, 0, 9000}, {-5, 3, 2000}, {100, 200, 300, 4000}} {
		l := levels(values)
		for k := 1; k < len(l); k++ {
			if l[k] <= l[k-1] {
				t.Errorf("%v: %v", values, l)
			}
		}
	}
	d := cannedDays()
	used := map[int]bool{}
	l := levels(valuesOf(&d, measure{}))
	for i := range d.Count() {
		used[level(l, int64(d.WhAt(i)))] = true
	}
	if len(used) < 8 {
		t.Errorf("only %d of 9 colours are used", len(used))
	}
}

func TestTicks(t *testing.T) {
	for top, want := range map[int64]int64{0: 1, 7: 8, 1296: 1500, 20000: 20000, 1: 1} {
		list := ticks(top)
		if last := list[len(list)-1]; last != want || len(list) > 8 {
			t.Errorf("up to %d: %v", top, list)
		}
	}
}

// BenchmarkDrawing draws a month; a browser takes some ten times as long as this.
func BenchmarkDrawing(b *testing.B) {
	d := cannedDays()
	for b.Loop() {
		heat(&d, measure{}, 360, firstPick(&d))
	}
}

func TestBytesAreShownExactly(t *testing.T) {
	proof := cannedProof()
	v := &bytesView{Pieces: proof.Pieces, Data: proof.Bytes, Hash: proof.Hash}
	has(t, v, "512 of 5,312 shown", "00000 68757368 77617474 hushwatt", "Show more", "Save these bytes", proof.Hash)
	v.shown = len(proof.Bytes)
	has(t, v, "5,312 of 5,312 shown", "014b8")
	hasNot(t, v, "Show more")
	sum := 0
	for _, p := range proof.Pieces {
		sum += p.Size
	}
	if sum != len(proof.Bytes) {
		t.Error("the parts do not add up: the canned proof is wrong")
	}
}
