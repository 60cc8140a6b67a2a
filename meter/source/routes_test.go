package source

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hushwatt/tariffs"
)

// slot is what a made-up file says of one interval.
type slot struct {
	start, end time.Time // on the clock of the file
	in, out    int       // Wh
}

// route is one way that a file may take into this package: how one is written, and
// what must be chosen to read it. All layouts are those of the formats' published
// descriptions and real files; the numbers are made up.
type route struct {
	name, zone string
	step       int
	export     bool
	lost       bool // the file has the repeated hour once
	options    Options
	write      func(slots []slot) string
}

func kwh(wh int) string { return fmt.Sprintf("%d.%03d", wh/1000, wh%1000) }

// listed writes a line per slot.
func listed(head string, all []slot, line func(s slot) string) string {
	var b strings.Builder
	b.WriteString(head)
	for _, s := range all {
		b.WriteString(line(s))
	}
	return b.String()
}

// newestFirst turns slots round.
func newestFirst(all []slot) []slot {
	all = slices.Clone(all)
	slices.Reverse(all)
	return all
}

var routes = []route{
	{name: "octopus-csv", zone: "Europe/London", step: 1800, write: func(all []slot) string {
		return listed(octHead, all, func(s slot) string {
			return fmt.Sprintf("%s, %s, %s\n", kwh(s.in), s.start.Format(time.RFC3339), s.end.Format(time.RFC3339))
		})
	}},
	{name: "octopus-json, a day a page", zone: "Europe/London", step: 1800, write: func(all []slot) string {
		var b strings.Builder
		all = newestFirst(all)
		for len(all) > 0 {
			page := all[:min(48, len(all))]
			all = all[len(page):]
			b.WriteString(`{"count": 146, "next": "https://example.org/?page=2", "previous": null, "results": [`)
			for i, s := range page {
				if i > 0 {
					b.WriteString(",\n")
				}
				fmt.Fprintf(&b, `{"consumption": %s, "interval_start": "%s", "interval_end": "%s"}`, kwh(s.in), s.start.Format(time.RFC3339), s.end.Format(time.RFC3339))
			}
			b.WriteString("]}\n")
		}
		return b.String()
	}},
	{name: "n3rgy, two answers", zone: "Europe/London", step: 1800, export: true, write: func(all []slot) string {
		answer := func(resource string, wh func(slot) int) string {
			var values []string
			for _, s := range all {
				values = append(values, fmt.Sprintf(`{"primaryValue": %s, "timestamp": "%s"}`, kwh(wh(s)), s.end.UTC().Format("2006-01-02 15:04")))
			}
			return `{"resource": "/electricity/` + resource + `/1", "granularity": "halfhour", "values": [` + strings.Join(values, ",\n") + `], "unit": "kWh"}`
		}
		return answer("consumption", func(s slot) int { return s.in }) + "\n" + answer("production", func(s slot) int { return s.out })
	}},
	{name: "esb in kW", zone: "Europe/Dublin", step: 1800, write: func(all []slot) string {
		return listed("MPRN,Meter Serial Number,Read Value,Read Type,Read Date and End Time\n", newestFirst(all), func(s slot) string {
			return fmt.Sprintf("10000000001,01,%s,Active Import Interval (kW),%s\n", kwh(2*s.in), s.end.Format("02-01-2006 15:04"))
		})
	}},
	{name: "esb in kWh with export", zone: "Europe/Dublin", step: 1800, export: true, write: func(all []slot) string {
		return listed("MPRN,Meter Serial Number,Read Value,Read Type,Read Date and End Time\n", newestFirst(all), func(s slot) string {
			end := s.end.Format("02-01-2006 15:04")
			return fmt.Sprintf("10000000001,01,%s,Active Import Interval (kWh),%s\n10000000001,01,%s,Active Export Interval (kWh),%s\n", kwh(s.in), end, kwh(s.out), end)
		})
	}},
	{name: "fluvius in Dutch", zone: "Europe/Brussels", step: 900, export: true, write: func(all []slot) string {
		// Rows in the order of the clock, not of time: both passes in turns.
		all = slices.Clone(all)
		slices.SortStableFunc(all, func(a, b slot) int {
			return strings.Compare(a.start.Format(time.DateTime), b.start.Format(time.DateTime))
		})
		return listed("Van datum;Van tijdstip;Tot datum;Tot tijdstip;EAN;Meter;Metertype;Register;Volume;Eenheid;Validatiestatus\r\n", all, func(s slot) string {
			line := func(register string, wh int) string {
				return fmt.Sprintf(`%s;%s;="541448820000000001";1SAG;Digitale Meter;%s Nacht;%s;kWh;Gevalideerd`+"\r\n",
					s.start.Format("02-01-2006;15:04:05"), s.end.Format("02-01-2006;15:04:05"), register, strings.Replace(kwh(wh), ".", ",", 1))
			}
			return line("Afname", s.in) + line("Injectie", s.out)
		})
	}},
	{name: "enel", zone: "Europe/Rome", step: 900, lost: true, write: func(all []slot) string {
		head := "Giorno"
		for minute := 0; minute < 1440; minute += 15 {
			head += fmt.Sprintf(";%02d:%02d-%02d:%02d", minute/60, minute%60, (minute+15)/60%24, (minute+15)%60)
		}
		days := map[string][]string{}
		var order []string
		for _, s := range all {
			day := s.start.Format("02/01/2006")
			if days[day] == nil {
				days[day] = slices.Repeat([]string{`""`}, 96)
				order = append(order, day)
			}
			days[day][s.start.Hour()*4+s.start.Minute()/15] = `"` + strings.Replace(kwh(s.in), ".", ",", 1) + `"`
		}
		for _, day := range order {
			head += "\n\"" + day + "\";" + strings.Join(days[day], ";") + ";"
		}
		return head
	}},
	{name: "dsmr-reader", zone: "Europe/Amsterdam", step: 3600, export: true, write: func(all []slot) string {
		head := "Hour Start,Electricity 1 (Dutch Users: Low Tariff),Electricity 2 (Dutch Users: Normal Tariff),Electricity 1 Returned (Dutch Users: Low Tariff),Electricity 2 Returned (Dutch Users: Normal Tariff),Gas\n"
		return listed(head, all, func(s slot) string {
			return fmt.Sprintf("%s,%s,0.001,0,%s,0.5\n", s.start.Format(time.RFC3339), kwh(s.in-1), kwh(s.out))
		})
	}},
	{name: "engie", zone: "Europe/Amsterdam", step: 3600, export: true, write: func(all []slot) string {
		return listed(`"Datum","EAN","Verbruik","Type","Piek"`+"\n", all, func(s slot) string {
			at := s.start.Format(time.RFC3339)
			return fmt.Sprintf(`"%s","871687120061402458","%s","Elektriciteit","%t"`+"\n"+`"%s","871687120061402458","%s","Teruglevering","false"`+"\n"+`"%s","871687140013926764","0.4","Gas","0"`+"\n",
				at, kwh(s.in), s.in%2 == 0, at, kwh(s.out), at)
		})
	}},
	{name: "homewizard", zone: "Europe/Amsterdam", step: 900, export: true, write: func(all []slot) string {
		return registers("time,Import T1 kWh,Import T2 kWh,Export T1 kWh,Export T2 kWh\n", all, func(at time.Time, in, out int) string {
			return fmt.Sprintf("%s,%s,4650.277,3095.077,%s\n", at.Format("2006-01-02 15:04"), kwh(8350274+in), kwh(7450128+out))
		})
	}},
	{name: "homewizard kWh meter", zone: "Europe/Amsterdam", step: 900, export: true, write: func(all []slot) string {
		return registers("time,Import kWh,Export kWh,L1 max W,L2 max W,L3 max W\n", all, func(at time.Time, in, out int) string {
			return fmt.Sprintf("%s,%s,%s,0,-16,-18\n", at.Format("2006-01-02 15:04"), kwh(in), kwh(out))
		})
	}},
	{name: "liander with times", zone: "Europe/Amsterdam", step: 3600, export: true, write: func(all []slot) string {
		return registers("eancodeasn,meternummer,meterreadingdate,reading1,usage1,reading2,usage2,reading3,usage3,reading4,usage4     \n", all, func(at time.Time, in, out int) string {
			return fmt.Sprintf("871687120061402458,E0045003866355817,%s,%s,,17771.9,,%s,,0,    \n871687120061402459,G00,%s,1,,,,,,,\n",
				at.Format("02-01-2006 15:04"), kwh(in), kwh(out), at.Format("02-01-2006"))
		})
	}},
	{name: "ameren", zone: "America/Chicago", step: 900, lost: true, write: func(all []slot) string {
		head := "\ufeffName,REDACTED,,,,,,\nMeter Number,70000001,,,,,,\nStart Date,03/30/2024,,,,,,\n,,,,,,,\nStart Interval Date/Time,Meter Id,Usage,Units,Interval,Usage,Units,Interval\n"
		return listed(head, all, func(s slot) string {
			return fmt.Sprintf("%s,70000001,-,-,-,%s,kwh,15min\n", s.start.Format("01/02/2006 15:04"), kwh(s.in))
		})
	}},
	{name: "pge, usage", zone: "America/Los_Angeles", step: 900, options: Options{Zone: zone("America/Los_Angeles")}, write: func(all []slot) string {
		return listed("Name,NOBODY\nAddress,\"1 MAIN ST, SPRINGFIELD CA 94000\"\n\nTYPE,DATE,START TIME,END TIME,USAGE,UNITS,COST,NOTES\n", all, func(s slot) string {
			return fmt.Sprintf("Electric usage,%s,%s,%s,%s,kWh,$0.10,\n", s.start.Format("2006-01-02"), s.start.Format("15:04"), s.end.Add(-time.Minute).Format("15:04"), kwh(s.in))
		})
	}},
	{name: "pge, solar, whole ends", zone: "America/Los_Angeles", step: 3600, export: true, options: Options{Zone: zone("America/Los_Angeles")}, write: func(all []slot) string {
		return listed("TYPE,DATE,START TIME,END TIME,IMPORT (kWh),EXPORT (kWh),COST,NOTES\n", all, func(s slot) string {
			return fmt.Sprintf("Electric usage,%s,%s,%s,%s,%s,$0.10\n", s.start.Format("1/2/2006"), s.start.Format("15:04"), s.end.Format("15:04"), kwh(s.in), kwh(s.out))
		})
	}},
	{name: "au-portal", zone: "Australia/Melbourne", step: 1800, export: true, lost: true, options: Options{Zone: zone("Australia/Melbourne")}, write: func(all []slot) string {
		head := "AccountNumber,NMI,DeviceNumber,DeviceType,RegisterCode,RateTypeDescription,StartDate,EndDate,ProfileReadValue,RegisterReadValue,QualityFlag\n"
		return listed(head, all, func(s slot) string {
			line := func(register string, wh int) string {
				return fmt.Sprintf("7000000000,6000000001,229641,MRIM,29641#%s,Usage,%s,%s,%s,0,A\n", register,
					s.start.Format("2/1/06 15:04"), s.end.Add(-time.Minute).Format("2/1/06 15:04"), kwh(wh))
			}
			return line("E1", s.in-1) + line("E2", 1) + line("B1", s.out)
		})
	}},
	{name: "au-portal, seconds", zone: "Australia/Melbourne", step: 1800, lost: true, options: Options{Zone: zone("Australia/Melbourne")}, write: func(all []slot) string {
		head := "AccountNumber,NMI,DeviceNumber,DeviceType,RegisterCode,RateTypeDescription,StartDate,EndDate,ProfileReadValue,RegisterReadValue,QualityFlag\n"
		return listed(head, all, func(s slot) string {
			return fmt.Sprintf("7000000000,6000000001,000000000789789789,COMMS4D,12345#E1,Generalusage,%s,%s,%s,0,A\n",
				s.start.Format("02/01/2006 03:04:05 PM"), s.end.Add(-time.Second).Format("02/01/2006 03:04:05 PM"), kwh(s.in))
		})
	}},
	{name: "table with offsets", zone: "Europe/London", step: 1800, export: true, write: func(all []slot) string {
		return listed("time start;import (Wh);export (Wh)\n", all, func(s slot) string {
			return fmt.Sprintf("%s;%d;%d\n", s.start.Format("2006-01-02 15:04:05-0700"), s.in, s.out)
		})
	}},
	{name: "table, decimal comma, kW, end, newest first", zone: "Europe/Berlin", step: 900, options: Options{Zone: zone("Europe/Berlin")}, write: func(all []slot) string {
		return listed("Zeit bis;Bezug kW;Bemerkung\n", newestFirst(all), func(s slot) string {
			return fmt.Sprintf("%s;%s;\n", s.end.Format("02.01.2006 15:04"), strings.Replace(kwh(4*s.in), ".", ",", 1))
		})
	}},
	{name: "table, date and two times", zone: "America/New_York", step: 3600, options: Options{Zone: zone("America/New_York"), Hints: Hints{Order: "mdy"}}, write: func(all []slot) string {
		return listed("Account 17\n\nDate,From,To,Usage,UOM,Cost\n", all, func(s slot) string {
			return fmt.Sprintf("%s,%s,%s,%s,kWh,$0.02\n", s.start.Format("1/2/2006"), s.start.Format("3:04 PM"), s.end.Format("3:04 PM"), kwh(s.in))
		})
	}},
	{name: "table of registers", zone: "Europe/Vienna", step: 900, export: true, options: Options{Zone: zone("Europe/Vienna")}, write: func(all []slot) string {
		return registers("timestamp\timport total kWh\texport total kWh\n", all, func(at time.Time, in, out int) string {
			return fmt.Sprintf("%s\t%s\t%s\n", at.Format("2006-01-02 15:04:05"), kwh(120500+in), kwh(90+out))
		})
	}},
}

// registers writes the levels before, between and after the slots.
func registers(head string, all []slot, line func(at time.Time, in, out int) string) string {
	in, out := 0, 0
	head += line(all[0].start, in, out)
	for _, s := range all {
		in, out = in+s.in, out+s.out
		head += line(s.end, in, out)
	}
	return head
}

func zone(name string) *time.Location {
	z, err := tariffs.Zone(name)
	if err != nil {
		panic(err)
	}
	return z
}

// Days of 23 and of 25 hours on every path: five days around each change of the
// clock, written as the format does and read again, are the same readings. Where
// a file has the repeated hour once, each choice does what it says.
func TestClockChangesOnEveryPath(t *testing.T) {
	for _, p := range routes {
		z := zone(p.zone)
		for _, day := range changes(z, 2024) {
			all := slotsAround(z, day, p.step)
			if hours := int(all[len(all)-1].end.Sub(all[0].start).Hours()); hours != 5*24+1 && hours != 5*24-1 {
				t.Fatalf("%s: %d hours around %s", p.name, hours, day)
			}
			t.Run(fmt.Sprintf("%s %s", p.name, day.Format(time.DateOnly)), func(t *testing.T) { p.check(t, z, all) })
		}
	}
}

func (p *route) check(t *testing.T, z *time.Location, all []slot) {
	autumn := len(all)*p.step > 5*86400
	if !p.lost || !autumn {
		p.expect(t, all, all, nil)
		return
	}
	once := slices.DeleteFunc(slices.Clone(all), func(s slot) bool { // the first pass
		return s.start.Add(-time.Hour).Format("15:04") != s.start.Format("15:04") && s.start.Add(time.Hour).Format("15:04") == s.start.Format("15:04")
	})
	if len(all)-len(once) != 3600/p.step {
		t.Fatalf("%d slots of the repeated hour", len(all)-len(once))
	}
	_, err := Read(strings.NewReader(p.write(once)), known(p.options))
	if err == nil || !strings.Contains(err.Error(), "stands only once") {
		t.Errorf("without a choice: %v", err)
	}
	first := slices.Clone(once)
	for i, s := range first {
		if early := s.start.Add(-time.Hour); early.Format("15:04") == s.start.Format("15:04") {
			first[i].start = early
		}
	}
	p.expect(t, once, once, []string{"lost-hour=second"})
	p.expect(t, once, first, []string{"lost-hour=first"})
	p.expect(t, once, slices.DeleteFunc(slices.Clone(once), func(s slot) bool {
		return s.start.Add(-time.Hour).Format("15:04") == s.start.Format("15:04")
	}), []string{"lost-hour=missing"})
}

// expect writes slots and reads others from them.
func (p *route) expect(t *testing.T, write, want []slot, choices []string) {
	t.Helper()
	o := known(p.options)
	o.Choices = choices
	f, err := Read(strings.NewReader(p.write(write)), o)
	if err != nil {
		t.Fatal(err)
	}
	if f.Step() != p.step || len(f.Series) != 1 && !p.export || len(f.Series) != 2 && p.export {
		t.Fatalf("read as %s: %d seconds, %d channels", f.Format, f.Step(), len(f.Series))
	}
	for c := range f.Series {
		s := &f.Series[c]
		checkSeries(t, s)
		if got := s.Count(Measured); got != len(want) || s.Count(Estimated) != 0 {
			t.Errorf("%v, channel %d: %d measured, %d estimated, want %d", choices, c, got, s.Count(Estimated), len(want))
		}
		for _, w := range want {
			i := int(w.start.Unix()-s.Start) / p.step
			wh := w.in
			if c == Export {
				wh = w.out
			}
			if i < 0 || i >= len(s.Wh) || int(s.Wh[i]) != wh || s.Status[i] != Measured {
				t.Fatalf("%v, channel %d: %s is not %d Wh", choices, c, w.start, wh)
			}
		}
	}
}

// changes returns the days of a year that are not of 24 hours.
func changes(z *time.Location, year int) (days []time.Time) {
	for day := time.Date(year, 1, 1, 0, 0, 0, 0, z); day.Year() == year; day = day.AddDate(0, 0, 1) {
		if day.AddDate(0, 0, 1).Sub(day) != 24*time.Hour {
			days = append(days, day)
		}
	}
	return days
}

// slotsAround makes up five days around a day, no two neighbours alike.
func slotsAround(z *time.Location, day time.Time, step int) (all []slot) {
	from, to := day.AddDate(0, 0, -2), day.AddDate(0, 0, 3)
	for at, i := from, 0; at.Before(to); i++ {
		end := time.Unix(at.Unix()+int64(step), 0).In(z)
		all = append(all, slot{at, end, 2 + i*7919%1499, i * 104729 % 997})
		at = end
	}
	return all
}
