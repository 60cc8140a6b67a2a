package app

import (
	"strings"
	"testing"

	"hushwatt/prover/messages"
)

func TestNumbers(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{count(0), "0"}, {count(999), "999"}, {count(1488), "1,488"}, {count(1234567), "1,234,567"}, {count(-1488), "-1,488"}, {count(-100), "-100"},
		{kWh(0), "0.000 kWh"}, {kWh(412), "0.412 kWh"}, {kWh(1234567), "1,234.567 kWh"}, {kWh(-5), "−0.005 kWh"},
		{kWhShort(400), "0.4"}, {kWhShort(12000), "12"}, {kWhShort(0), "0"},
		{small(24_800_000_000, "GBP"), "2.48p"}, {small(-24_800_000_000, "GBP"), "−2.48p"}, {small(49_999_999, "GBP"), "0.00p"}, {small(50_000_000, "GBP"), "0.01p"},
		{small(24_800_000_000, "EUR"), "2.48 ct"}, {small(24_800_000_000, "CHF"), "CHF 0.02"}, {small(-1, "GBP"), "0.00p"},
		{plural(1, "day", "days"), "1 day"}, {plural(1488, "day", "days"), "1,488 days"},
		{slotWord(30, 2), "half-hours"}, {slotWord(15, 1), "quarter-hour"}, {slotWord(60, 2), "hours"}, {slotWord(5, 2), "5-minute readings"},
		{clock(0), "00:00"}, {clock(450), "07:30"}, {clock(1440), "24:00"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestMonths(t *testing.T) {
	m, ok := monthOf("2026-02-17")
	if !ok || m.first() != "2026-02-01" || m.last() != "2026-02-28" || m.String() != "February 2026" {
		t.Errorf("February is %v %v %v", m, m.first(), m.last())
	}
	if got := m.add(11).String(); got != "January 2027" {
		t.Errorf("eleven months on is %s", got)
	}
	if got := m.add(-2).String(); got != "December 2025" {
		t.Errorf("two months back is %s", got)
	}
	for year, last := range map[int]string{2024: "2024-02-29", 1900: "1900-02-28", 2000: "2000-02-29"} {
		if got := (month{year, 2}).last(); got != last {
			t.Errorf("%s, want %s", got, last)
		}
	}
	if _, ok := monthOf("2026-13-01"); ok {
		t.Error("a thirteenth month")
	}
	if !m.before(month{2026, 3}) || m.before(m) {
		t.Error("months are ordered wrongly")
	}
}

func TestLocalTimesWhereClocksChange(t *testing.T) {
	spring := messages.Day{Slots: 46, ChangeSlot: 2}
	autumn := messages.Day{Slots: 50, ChangeSlot: 4}
	for _, c := range []struct{ got, want string }{
		{slotTime(messages.Day{Slots: 48}, 15, 30), "07:30 to 08:00"},
		{slotTime(spring, 1, 30), "00:30 to 01:00"}, {slotTime(spring, 2, 30), "02:00 to 02:30"}, {slotTime(spring, 45, 30), "23:30 to 24:00"},
		{slotTime(autumn, 3, 30), "01:30 to 02:00"}, {slotTime(autumn, 4, 30), "01:00 to 01:30, for the second time"},
		{slotTime(autumn, 6, 30), "02:00 to 02:30"}, {slotTime(autumn, 49, 30), "23:30 to 24:00"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestHexShowsEveryByte(t *testing.T) {
	data := []byte("Hushwatt\x00\xffz")
	got := hex(data, 0, len(data), 8)
	want := "00000  48757368 77617474  Hushwatt\n00008  00ff7a             ..z\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if long := hex(make([]byte, 4096), 0, 4096, 16); strings.Count(long, "\n") != 256 || !strings.Contains(long, "00ff0  ") {
		t.Error("lines are missing from a long dump")
	}
}
