package source

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hushwatt/meter/slots"
	"hushwatt/tariffs"
)

func zoneNamed(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := tariffs.Zone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// lay puts rows through the core the way a format does.
func lay(o Options, l layout, rows []row) (*File, error) {
	t := &table{o: &o, points: map[string]*point{}}
	for i, r := range rows {
		r.line = i + 1
		f, err := t.feed(r.line, "", "", 1<<Import, l)
		if err != nil {
			return nil, err
		}
		if err := f.add(r); err != nil {
			return nil, err
		}
	}
	files, err := t.files("rows")
	if err != nil {
		return nil, err
	}
	return files[0], nil
}

func wh(n int64) [2]reading { return [2]reading{{wh: energy{whole: n}}} }

// wallAt is what the zone's clock shows at an instant, as if it were UTC.
func wallAt(z *time.Location, at int64) int64 {
	_, offset := time.Unix(at, 0).In(z).Zone()
	return at + int64(offset)
}

// A year of local stamps, whatever way they are written, is read as the instants
// that they were made from, with the days of both clock changes exact.
func TestLocalYear(t *testing.T) {
	if testing.Short() {
		t.Skip("LEFT OUT with -short; make unit runs it")
	}
	const start, days = 1356998400, 365 // 2013
	for _, name := range []string{"Europe/London", "Europe/Brussels", "America/Chicago", "Australia/Melbourne", "America/Sao_Paulo", "Australia/Lord_Howe", "UTC"} {
		z := zoneNamed(t, name)
		for _, step := range []int{3600, 1800, 900, 600, 300} {
			switch {
			case name == "Australia/Lord_Howe" && step == 3600:
				continue // its clock changes by half an hour: the hours after are off the grid
			case name != "Europe/London" && step < 900:
				continue // for the sake of time
			}
			var forwards []row
			for at := int64(start); at < start+days*secondsPerDay; at += int64(step) {
				forwards = append(forwards, row{at: wallAt(z, at), value: wh((at / 300) % 1000)})
			}
			backwards := slices.Clone(forwards)
			slices.Reverse(backwards)
			var ends []row
			for at := int64(start); at < start+days*secondsPerDay; at += int64(step) {
				ends = append(ends, row{at: wallAt(z, at+int64(step)), value: wh((at / 300) % 1000)})
			}
			twins := slices.Clone(forwards)
			slices.SortStableFunc(twins, func(a, b row) int { return int(a.at - b.at) })
			for way, c := range map[string]struct {
				rows []row
				l    layout
			}{
				"forwards":  {forwards, layout{step: step, zone: z}},
				"backwards": {backwards, layout{step: step, zone: z}},
				"ends":      {ends, layout{step: step, zone: z, ends: true}},
				"twins":     {twins, layout{step: step, zone: z, twins: true}},
				"unknown":   {forwards, layout{zone: z}},
			} {
				f, err := lay(Options{}, c.l, c.rows)
				if err != nil {
					t.Errorf("%s, %d minutes, %s: %v", name, step/60, way, err)
					continue
				}
				s := &f.Series[0]
				if s.Start != start || len(s.Wh) != days*secondsPerDay/step || s.Count(Measured) != len(s.Wh) {
					t.Errorf("%s, %d minutes, %s: %d of %d slots from %s", name, step/60, way, s.Count(Measured), len(s.Wh), slots.Stamp(s.Start))
				}
				for i, got := range s.Wh {
					if want := (s.At(i) / 300) % 1000; int64(got) != want {
						t.Errorf("%s, %d minutes, %s: %d Wh at %s, want %d", name, step/60, way, got, slots.Stamp(s.At(i)), want)
						break
					}
				}
			}
		}
	}
}

// The slots of local days: 23 and 25 hours, 46 and 50 half-hours.
func TestLocalDays(t *testing.T) {
	z := zoneNamed(t, "Europe/London")
	for _, c := range []struct {
		day        string
		step, want int
	}{{"2013-03-31", 3600, 23}, {"2013-10-27", 3600, 25}, {"2013-03-31", 1800, 46}, {"2013-10-27", 1800, 50}, {"2013-06-01", 1800, 48}} {
		begin, _ := time.ParseInLocation(time.DateOnly, c.day, z)
		end := begin.AddDate(0, 0, 1)
		var rows []row
		for at := begin.Unix(); at < end.Unix(); at += int64(c.step) {
			rows = append(rows, row{at: wallAt(z, at), value: wh(1)})
		}
		f, err := lay(Options{}, layout{step: c.step, zone: z}, rows)
		if err != nil {
			t.Fatal(err)
		}
		if s := &f.Series[0]; f.Rows != c.want || s.Total() != uint64(c.want) || s.Count(Measured) != c.want {
			t.Errorf("%s in %d minutes: %d slots, want %d", c.day, c.step/60, f.Rows, c.want)
		}
	}
}

func wallOf(text string) int64 {
	t, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return t.Unix()
}

// What a file leaves open is asked, and read as the user says.
func TestChoices(t *testing.T) {
	london := zoneNamed(t, "Europe/London")
	var lost, filled []row
	for i, stamp := range []string{"2013-10-27 00:30", "2013-10-27 01:00", "2013-10-27 01:30", "2013-10-27 02:00"} {
		lost = append(lost, row{at: wallOf(stamp), value: wh(int64(1 + 10*i))})
	}
	for i, stamp := range []string{"2013-03-31 00:30", "2013-03-31 01:00", "2013-03-31 01:30", "2013-03-31 02:30"} {
		filled = append(filled, row{at: wallOf(stamp), value: wh(int64(1 + 10*i))})
	}
	for _, c := range []struct {
		choice string
		rows   []row
		want   string
		clock  string
	}{
		{"lost-hour", lost, "", ""},
		{"lost-hour=first", lost, "1 11 21 - - 31", "local time, the repeated hour stands once"},
		{"lost-hour=second", lost, "1 - - 11 21 31", "local time, the repeated hour stands once"},
		{"lost-hour=both", lost, "1 6? 10? 6? 10? 31", "local time, the repeated hour stands once"},
		{"lost-hour=missing", lost, "1 - - - - 31", "local time, the repeated hour stands once"},
		{"filled-hour", filled, "", ""},
		{"filled-hour=drop", filled, "1 - 31", "local time, the skipped hour is filled"},
	} {
		l := layout{step: 1800, zone: london}
		rule, way, chosen := strings.Cut(c.choice, "=")
		o := Options{}
		if chosen {
			o.Choices = []string{rule + "=" + way}
		}
		f, err := lay(o, l, c.rows)
		var question *ChoiceError
		switch {
		case !chosen && !errors.As(err, &question):
			t.Errorf("%s: not asked: %v", c.choice, err)
		case !chosen:
			if question.Line != 2 || len(question.Choices) < 2 || !strings.HasPrefix(question.Choices[0].Name, rule+"=") {
				t.Errorf("%s: asked %+v", c.choice, question)
			}
		case err != nil:
			t.Errorf("%s: %v", c.choice, err)
		case show(&f.Series[0]) != c.want || f.Clock != c.clock:
			t.Errorf("%s: read %q on the clock %q", c.choice, show(&f.Series[0]), f.Clock)
		}
	}
	for _, bad := range [][]string{{"lost-hour"}, {"lost-hour=third"}, {"lost-hour=first", "lost-hour=second"}} {
		if _, err := Read(strings.NewReader(lclHead), Options{Choices: bad}); err == nil || !strings.Contains(err.Error(), "choice") {
			t.Errorf("choices %v: %v", bad, err)
		}
	}
}

// Half of the rows of a repeated hour are enough where the order tells; a jumble is
// refused.
func TestRepeatedHourOrder(t *testing.T) {
	london := zoneNamed(t, "Europe/London")
	for stamps, want := range map[string]string{
		"00:30 01:00 01:30 01:30 02:00": "1 2 3 - 4 5",
		"00:30 01:00 01:00 02:00":       "1 2 - 3 - 4",
		"00:30 01:30 01:00 01:30 02:00": "1 - 2 3 4 5",
		"02:00 01:30 01:00 01:30 00:30": "5 - 4 3 2 1",
		"01:00 01:30 01:00 01:30":       "1 2 3 4",
	} {
		var rows []row
		for i, s := range strings.Fields(stamps) {
			rows = append(rows, row{at: wallOf("2013-10-27 " + s), value: wh(int64(i + 1))})
		}
		f, err := lay(Options{}, layout{step: 1800, zone: london}, rows)
		if err != nil {
			t.Errorf("%s: %v", stamps, err)
		} else if got := show(&f.Series[0]); got != want {
			t.Errorf("%s: read %q, want %q", stamps, got, want)
		}
	}
	for _, stamps := range []string{"00:30 01:00 01:30 01:00 01:30 01:00", "00:30 01:00 02:00 01:30 01:00 02:30"} {
		var rows []row
		for i, s := range strings.Fields(stamps) {
			rows = append(rows, row{at: wallOf("2013-10-27 " + s), value: wh(int64(i + 1))})
		}
		if f, err := lay(Options{}, layout{step: 1800, zone: london}, rows); err == nil {
			t.Errorf("%s: read as %q", stamps, show(&f.Series[0]))
		}
	}
}

func TestNegative(t *testing.T) {
	const file = lclHead + "A,2013-01-01 00:00:00,0.5\nA,2013-01-01 00:30:00,-0.25\nA,2013-01-01 01:00:00,Null\nA,2013-01-01 01:30:00,-0\n"
	_, err := Read(strings.NewReader(file), Options{})
	if err == nil || !strings.Contains(err.Error(), "line 3") || !strings.Contains(err.Error(), "negative=export") {
		t.Errorf("not offered as export: %v", err)
	}
	f, err := Read(strings.NewReader(file), Options{Choices: []string{"negative=export"}})
	if err != nil {
		t.Fatal(err)
	}
	if in, out := show(&f.Series[0]), show(&f.Series[1]); in != "500 0 - 0" || out != "0 250 - 0" {
		t.Errorf("import %q, export %q", in, out)
	}
	const signed = "start,wh,export_wh\n2013-01-01T00:00:00Z,5,-3\n2013-01-01T00:30:00Z,-2,0\n2013-01-01T00:30:00Z,-2,0\n2013-01-01T00:00:00Z,5,-3\n"
	if f, err = Read(strings.NewReader(signed), Options{Choices: []string{"negative=export"}}); err != nil {
		t.Fatal(err)
	}
	if in, out := show(&f.Series[0]), show(&f.Series[1]); in != "5 0" || out != "3 2" || f.Duplicates != 2 {
		t.Errorf("import %q, export %q, %d duplicates", in, out, f.Duplicates)
	}
	f, err = Read(strings.NewReader(file), Options{Choices: []string{"negative=missing"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := show(&f.Series[0]); got != "500 - - 0" || len(f.Series) != 1 || !slices.Contains(f.Notes, "1 negative readings are missing, as chosen") {
		t.Errorf("read %q, notes %q", got, f.Notes)
	}
}

// Registers: what lies between two levels, forwards and backwards, over gaps,
// meters and zero.
func TestLevels(t *testing.T) {
	const base = 1356998400
	level := func(slot int, kwh string, meter string) row {
		e, ok := parseEnergy(kwh, 3)
		if !ok {
			t.Fatal(kwh)
		}
		return row{at: base + int64(slot)*1800, meter: meter, value: [2]reading{{wh: e}}}
	}
	plain := []row{level(0, "100", ""), level(1, "100.5", ""), level(2, "100.5", ""), level(3, "101.7504", ""), level(4, "101.7508", "")}
	backwards := slices.Clone(plain)
	slices.Reverse(backwards)
	for name, c := range map[string]struct {
		rows   []row
		digits int
		choice string
		want   string // an error's words begin with !
	}{
		"plain":             {rows: plain, want: "500 0 1250 1"},
		"backwards":         {rows: backwards, want: "500 0 1250 1"},
		"gap":               {rows: []row{level(0, "1", ""), level(1, "2", ""), level(4, "3", ""), level(5, "4", "")}, want: "1000 333? 333? 334? 1000"},
		"meter replaced":    {rows: []row{level(0, "500", "a"), level(1, "501", "a"), level(2, "0.2", "b"), level(3, "0.5", "b")}, want: "1000 - 300"},
		"replaced, higher":  {rows: []row{level(0, "500", "a"), level(1, "501", "a"), level(2, "501.2", "b"), level(3, "501.5", "b")}, want: "1000 - 300"},
		"through zero":      {rows: []row{level(0, "99998", ""), level(1, "99999.5", ""), level(2, "0.5", ""), level(3, "1", "")}, digits: 5, want: "1500 1000 500"},
		"not through zero":  {rows: []row{level(0, "60000", ""), level(1, "60001", ""), level(2, "0.5", "")}, digits: 5, want: "!register=replaced"},
		"digits not known":  {rows: []row{level(0, "99998", ""), level(1, "99999.5", ""), level(2, "0.5", "")}, want: "!register=rolled-over"},
		"told: through":     {rows: []row{level(0, "99998", ""), level(1, "99999.5", ""), level(2, "0.5", "")}, choice: "register=rolled-over", want: "1500 1000"},
		"told: replaced":    {rows: []row{level(0, "60000", ""), level(1, "60001", ""), level(2, "0.5", ""), level(3, "0.6", "")}, choice: "register=replaced", want: "1000 - 100"},
		"not over the hill": {rows: []row{level(0, "60000", ""), level(1, "60001", ""), level(2, "0.5", "")}, choice: "register=rolled-over", want: "!expected at most 1048575 Wh"},
		"same again":        {rows: []row{level(0, "1", ""), level(1, "2", ""), level(1, "2", ""), level(2, "4", "")}, want: "1000 2000"},
		"other level":       {rows: []row{level(0, "1", ""), level(1, "2", ""), level(1, "3", "")}, want: "!line 3: expected the register of 2013-01-01T00:30:00Z again (2000 Wh)"},
		"jumble":            {rows: []row{level(0, "1", ""), level(2, "3", ""), level(1, "2", "")}, want: "!line 3: expected the levels of a register in order of time"},
	} {
		o := Options{}
		if c.choice != "" {
			o.Choices = []string{c.choice}
		}
		f, err := lay(o, layout{step: 1800, levels: true, digits: c.digits}, c.rows)
		words, refused := strings.CutPrefix(c.want, "!")
		switch {
		case refused && (err == nil || !strings.Contains(err.Error(), words)):
			t.Errorf("%s: %v, want %q", name, err, words)
		case refused:
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case show(&f.Series[0]) != c.want:
			t.Errorf("%s: read %q, want %q", name, show(&f.Series[0]), c.want)
		}
	}
}

// Mean power becomes energy exactly, where the length of a slot allows it.
func TestPower(t *testing.T) {
	for step, want := range map[int]string{3600: "1501", 1800: "750", 900: "375", 600: "250", 300: "125"} {
		v := row{at: 1356998400, value: [2]reading{{wh: energy{1500, 6 * one / 10}}}} // 1.5006 kW
		f, err := lay(Options{}, layout{step: step, power: true}, []row{v})
		if err != nil {
			t.Fatal(err)
		}
		if got := show(&f.Series[0]); got != want {
			t.Errorf("%d seconds: %s Wh, want %s", step, got, want)
		}
	}
	if e := (energy{1, one / 2}).times(1, 4); e != (energy{0, 375 * one / 1000}) {
		t.Errorf("a quarter of 1.5 is %v", e)
	}
}

// Registers of one direction are added up; one that stops while another begins
// takes nothing away.
func TestRegisters(t *testing.T) {
	const head = "100,NEM12,200402020000,A,B\n"
	day := func(point, suffix, date, value string) string {
		return "200," + point + ",E1E2," + suffix + "," + suffix + ",N1,S1,kWh,30,\n300," + date + strings.Repeat(","+value, 48) + ",A,,,20040301000000,\n"
	}
	file := head + day("P", "E1", "20040201", "1") + day("P", "E1", "20040202", "1") + day("P", "E2", "20040202", "0.5") + day("P", "E2", "20040203", "0.5") + "900\n"
	f, err := Read(strings.NewReader(file), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s := &f.Series[0]; s.Total() != 48*(1000+1500+500) || s.Count(Estimated) != 0 || s.Count(Measured) != 3*48 {
		t.Errorf("added up: %d Wh, %d measured", s.Total(), s.Count(Measured))
	}
	if want := [2][]string{{"E1", "E2"}}; !reflect.DeepEqual(f.Registers, want) {
		t.Errorf("registers %v", f.Registers)
	}
	f, err = Read(strings.NewReader(file), Options{Register: "E2"})
	if err != nil {
		t.Fatal(err)
	}
	if s := &f.Series[0]; s.Total() != 48*1000 || !slices.Equal(f.Unused, []string{"E1"}) {
		t.Errorf("E2 alone: %d Wh, not read %v", s.Total(), f.Unused)
	}
	if _, err := Read(strings.NewReader(file), Options{Register: "E3"}); err == nil || !strings.Contains(err.Error(), `register "E3" is not in the file, which holds E1, E2`) {
		t.Errorf("a third register: %v", err)
	}
	two := head + day("P", "E1", "20040201", "1") + day("Q", "E1", "20040201", "2") + "900\n"
	if _, err := Read(strings.NewReader(two), Options{}); err == nil || !strings.Contains(err.Error(), "2 meter points, choose one: P, Q") {
		t.Errorf("two points: %v", err)
	}
	all, err := ReadAll(strings.NewReader(two), Options{})
	if err != nil || len(all) != 2 || all[0].Series[0].Point != "P" || all[1].Series[0].Total() != 96000 {
		t.Errorf("all points: %+v, %v", all, err)
	}
	one, err := Read(strings.NewReader(two), Options{Point: "Q"})
	if err != nil || !reflect.DeepEqual(one, all[1]) {
		t.Errorf("the second point alone differs: %v", err)
	}
	if names, err := Points(strings.NewReader(two), Options{}); err != nil || !slices.Equal(names, []string{"P", "Q"}) {
		t.Errorf("points %v, %v", names, err)
	}
	if _, err := Read(strings.NewReader(two), Options{Point: "R"}); err == nil || !strings.Contains(err.Error(), `"R" is not in the file, which holds P, Q`) {
		t.Errorf("a third point: %v", err)
	}
}

// Steps: a meter that was replaced by one of other intervals.
func TestMixedSteps(t *testing.T) {
	day := func(minutes int, date, value string) string {
		return fmt.Sprintf("200,P,E1,E1,E1,N1,S1,kWh,%d,\n300,%s%s,A,,,20040301000000,\n", minutes, date, strings.Repeat(","+value, 1440/minutes))
	}
	f, err := Read(strings.NewReader("100,NEM12,200402020000,A,B\n"+day(5, "20040201", "0.0001")+day(30, "20040202", "0.0006")+"900\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &f.Series[0]
	if s.Step != 1800 || s.Total() != 58 || !slices.Contains(f.Notes, "rows of 5 minutes were added up to 30 minutes") {
		t.Errorf("step %d, %d Wh, notes %q", s.Step, s.Total(), f.Notes) // 96 · 0.6 Wh = 57.6 Wh
	}
}

func TestSummary(t *testing.T) {
	const file = lclHead + "A,2013-01-01 00:00:00,0.5\nA,2013-01-01 00:00:00,0.5\nA,2013-01-01 01:00:00,30\nA,2013-01-01 01:30:00,0\n"
	f, err := Read(strings.NewReader(file), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, fact := range f.Summary() {
		got = append(got, fact.Name+": "+fact.Value)
	}
	want := []string{"Format: lcl", "Meter point: A", "Clock: GMT all year", "Stamps: start", "Step: 30 minutes", "Unit: kWh",
		"Used: 30.500 kWh from 2013-01-01T00:00:00Z to 2013-01-01T02:00:00Z", "Used: slots: 3 measured, 0 estimated",
		"Used: missing: 1 slots, gaps: 1, the first at 2013-01-01T00:30:00Z",
		"Used: spikes: 1 slots of more than 55200 W, the first at 2013-01-01T01:00:00Z: 30000 Wh", "Duplicates: 1"}
	if !slices.Equal(got, want) {
		t.Errorf("summary\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if f.Spikes() != 1 || f.Estimated() != 0 {
		t.Errorf("%d spikes, %d estimated", f.Spikes(), f.Estimated())
	}
}

// Of many homes, one without energy does not stop the others; a chosen one is read
// alone.
func TestReadAll(t *testing.T) {
	const head = "100,NEM12,200402020000,A,B\n"
	day := func(point, unit string) string {
		return "200," + point + ",E1,E1,E1,N1,S1," + unit + ",30,\n300,20040201" + strings.Repeat(",1", 48) + ",A,,,20040301000000,\n"
	}
	file := head + day("P", "kWh") + day("Q", "kvarh") + day("R", "kWh") + "900\n"
	all, err := ReadAll(strings.NewReader(file), Options{})
	if err != nil || len(all) != 2 || all[1].Series[0].Point != "R" || !slices.Equal(all[0].Points, []string{"P", "Q", "R"}) {
		t.Errorf("all: %+v, %v", all, err)
	}
	if one, err := ReadAll(strings.NewReader(file), Options{Point: "R"}); err != nil || len(one) != 1 || !reflect.DeepEqual(one[0], all[1]) {
		t.Errorf("R: %+v, %v", one, err)
	}
	if _, err := ReadAll(strings.NewReader(file), Options{Point: "S"}); err == nil || !strings.Contains(err.Error(), `"S" is not in the file`) {
		t.Errorf("S: %v", err)
	}
	if _, err := ReadAll(strings.NewReader(head+day("Q", "kvarh")), Options{}); err == nil || !strings.Contains(err.Error(), "no readings") {
		t.Errorf("no energy at all: %v", err)
	}
}

// A short file cannot ask for much memory, whatever dates it has.
func TestHostileDates(t *testing.T) {
	if testing.Short() {
		t.Skip("LEFT OUT with -short; make unit runs it")
	}
	var file strings.Builder
	file.WriteString("100,NEM12,200402020000,A,B\n")
	for i := range 40 {
		fmt.Fprintf(&file, "200,P,E1,1,E%d,N1,S1,kWh,5,\n", i)
		for _, day := range []string{"20000101", "20191231"} {
			file.WriteString("300," + day + strings.Repeat(",1", 288) + ",A,,,,\n")
		}
	}
	if _, err := Read(strings.NewReader(file.String()), Options{}); err == nil || !strings.Contains(err.Error(), "dates that lie so far apart") {
		t.Errorf("forty registers of twenty years in two days each: %v", err)
	}
	two := file.String()[:strings.Index(file.String(), "200,P,E1,1,E2,")]
	if f, err := Read(strings.NewReader(two), Options{}); err != nil || len(f.Series[0].Wh) != 288*7306 {
		t.Errorf("two registers: %v", err)
	}

	long := "100,NEM13,200402020000,A,B\n" + strings.Repeat("250,P,11,01,11,11,S,E,0,20000101000000,A,,,1,20191231000000,A,,,1,kWh,,,\n", 300)
	if _, err := Read(strings.NewReader(long), Options{}); err == nil || !strings.Contains(err.Error(), "fewer long intervals over one another") {
		t.Errorf("twenty years three hundred times: %v", err)
	}
}
