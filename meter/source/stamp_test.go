package source

import (
	"testing"
	"time"
)

func TestScanStamp(t *testing.T) {
	for _, c := range []struct {
		cell  string
		order order
		want  string // the clock's reading, "" if refused
		zone  string // its offset
	}{
		{"2024-03-31T01:30:00+01:00", yearMonthDay, "2024-03-31 01:30:00", "1h0m0s"},
		{"2024-03-31 01:30:00-0530", yearMonthDay, "2024-03-31 01:30:00", "-5h30m0s"},
		{"2024-03-31T01:30:00.000Z", yearMonthDay, "2024-03-31 01:30:00", "0s"},
		{"2024-03-31 01:30 +01", yearMonthDay, "2024-03-31 01:30:00", "1h0m0s"},
		{"2024/3/1 1:30", yearMonthDay, "2024-03-01 01:30:00", ""},
		{"31-03-2013 00:30", dayMonthYear, "2013-03-31 00:30:00", ""},
		{"31.03.2024", dayMonthYear, "2024-03-31 00:00:00", ""},
		{"26/9/18 0:29", dayMonthYear, "2018-09-26 00:29:00", ""},
		{"03/30/2024 00:15", monthDayYear, "2024-03-30 00:15:00", ""},
		{"21/05/2024 12:29:59 AM", dayMonthYear, "2024-05-21 00:29:59", ""},
		{"21/05/2024 12:00:00 p.m.", dayMonthYear, "2024-05-21 12:00:00", ""},
		{"05/21/2024 11:30 pm", monthDayYear, "2024-05-21 23:30:00", ""},
		{"29/02/2024 24:00", dayMonthYear, "2024-03-01 00:00:00", ""},
		{"31 March 2024 1:30", dayMonthYear, "2024-03-31 01:30:00", ""},
		{"3-Jan-24", dayMonthYear, "2024-01-03 00:00:00", ""},
		{"03-JAN-24 01:30", dayMonthYear, "2024-01-03 01:30:00", ""},
		{"03-Jan-24", yearMonthDay, "2003-01-24 00:00:00", ""},
		{"03Jan2024 01:30", dayMonthYear, "2024-01-03 01:30:00", ""},
		{"2024-Jan-03T01:30:00Z", yearMonthDay, "2024-01-03 01:30:00", "0s"},
		{"Jan. 3, 2024, 1:30 PM", monthDayYear, "2024-01-03 13:30:00", ""},
		{"1. März 2024", dayMonthYear, "2024-03-01 00:00:00", ""},
		{"1 août 2024 00:30", dayMonthYear, "2024-08-01 00:30:00", ""},

		{"3 Jan 2024", monthDayYear, "", ""}, // the word shows the order
		{"3 Jan 2024", yearMonthDay, "", ""},
		{"Jan 3 2024", dayMonthYear, "", ""},
		{"3-Jan-24", yearMonthDay, "", ""}, // a year of one digit
		{"03-Jan-24", monthDayYear, "", ""},
		{"31 Feb 2024", dayMonthYear, "", ""},
		{"3 Jam 2024", dayMonthYear, "", ""},
		{"3 Jan", dayMonthYear, "", ""},
		{"Jan 2024", monthDayYear, "", ""},
		{"3 Jan 202", dayMonthYear, "", ""},
		{"3 Jan 01:30", dayMonthYear, "", ""},
		{"Jan 3 2", monthDayYear, "", ""},

		{"30-02-2024", dayMonthYear, "", ""}, // no such day
		{"29/02/2023 24:00", dayMonthYear, "", ""},
		{"03/30/2024 00:15", dayMonthYear, "", ""},
		{"2024-03-31", dayMonthYear, "", ""}, // another order than the file's
		{"31/03/2024", yearMonthDay, "", ""},
		{"0/3/2024", dayMonthYear, "", ""},
		{"2024-03/31", yearMonthDay, "", ""}, // two separators
		{"2024-03-31 25:00", yearMonthDay, "", ""},
		{"2024-03-31 24:30", yearMonthDay, "", ""},
		{"2024-03-31 01:60", yearMonthDay, "", ""},
		{"2024-03-31 13:00 PM", yearMonthDay, "", ""},
		{"2024-03-31 0:00 AM", yearMonthDay, "", ""},
		{"2024-03-31 01:30:00.5", yearMonthDay, "", ""},
		{"2024-03-31 01:30 XX", yearMonthDay, "", ""},
		{"2024-03-31 01:30 +1", yearMonthDay, "", ""},
		{"2024-03-31x01:30", yearMonthDay, "", ""},
		{"24-03-31-", yearMonthDay, "", ""},
		{"1.25", dayMonthYear, "", ""},
		{"", dayMonthYear, "", ""},
	} {
		got, zone := "", ""
		w, ok := scanStamp(c.cell)
		if ok && w.hasDate {
			if at, ok := w.wall(c.order); ok {
				got = time.Unix(at, 0).UTC().Format(time.DateTime)
			}
		}
		if w.hasOffset {
			zone = (time.Duration(w.offset) * time.Second).String()
		}
		if got != c.want || got != "" && zone != c.zone {
			t.Errorf("%q as %s: %q offset %q, want %q offset %q", c.cell, c.order, got, zone, c.want, c.zone)
		}
	}
	for cell, want := range map[string]int{"00:30": 1800, "0:00": 0, "12:30 AM": 1800, "24:00": 86400, "23:59:59": 86399} {
		if w, ok := scanStamp(cell); !ok || w.hasDate || w.clock != want {
			t.Errorf("%q: %+v, %v, want %d seconds after midnight", cell, w, ok, want)
		}
	}
}
