package source

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// These files are made up after the formats' published descriptions, for what no
// real file at hand has.

const nemHead = "100,NEM12,200402020000,MDA1,Ret1\n200,VABD000163,E1Q1,1,E1,N1,METSER123,kWh,30,\n"

// nemDayRecord is a 300 record of one value throughout.
func nemDayRecord(date, value, quality, updated string) string {
	return "300," + date + strings.Repeat(","+value, 48) + "," + quality + ",,," + updated + ",\n"
}

func TestNEM12(t *testing.T) {
	const noon = "20040201120000"
	q := strings.Repeat
	for name, c := range map[string]struct{ file, want string }{
		"a day":                   {nemHead + nemDayRecord("20040201", "0.5", "A", noon) + "900\n", q("500 ", 48)},
		"substituted":             {nemHead + nemDayRecord("20040201", "0.5", "S14", noon) + "900\n", q("500? ", 48)},
		"estimated":               {nemHead + nemDayRecord("20040201", "0.5", "E64", noon) + "900\n", q("500? ", 48)},
		"varies":                  {nemHead + nemDayRecord("20040201", "0.5", "V", noon) + "400,1,2,A,,\n400,3,4,F14,76,\n400,5,6,N,,\n400,7,48,A,,\n500,S,RETNSRVCEORD1,20040201120000,001123.5\n900\n", "500 500 500? 500? - - " + q("500 ", 42)},
		"later time wins":         {nemHead + nemDayRecord("20040201", "2", "A", "20040203000000") + nemDayRecord("20040201", "1", "E64", "20040202000000") + "900\n", q("2000 ", 48)},
		"later place wins":        {nemHead + nemDayRecord("20040201", "2", "A", noon) + nemDayRecord("20040201", "1", "A", noon) + "900\n", q("1000 ", 48)},
		"mangled times":           {nemHead + nemDayRecord("20040201", "2", "A", "2.00402E+13") + nemDayRecord("20040201", "1", "A", "2.00402E+13") + "900\n", q("1000 ", 48)},
		"empty cells are missing": {nemHead + nemDayRecord("20040201", "", "A", noon) + nemDayRecord("20040202", "1", "A", noon) + "900\n", q("1000 ", 48)},
		"trailing commas":         {"200,P,E1,E1,E1,,S,KWH,30,,,,,,\n" + nemDayRecord("20040201", "1", "A", "") + ",,,,,\n", q("1000 ", 48)},
		"MWh and lower case":      {strings.Replace(nemHead, "kWh", "mwh", 1) + nemDayRecord("20040201", ".001", "A", noon) + "900\n", q("1000 ", 48)},
		"two files in one":        {nemHead + nemDayRecord("20040201", "1", "A", noon) + "900\n" + nemHead + nemDayRecord("20040202", "1", "A", noon) + "900\n", q("1000 ", 96)},
	} {
		f, err := Read(strings.NewReader(c.file), Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, want := show(&f.Series[0]), strings.Trim(c.want, " -"); got != want || f.Format != NEM12 {
			t.Errorf("%s: read %q", name, got)
		}
		if f.Series[0].Start != 1075507200 { // 10:00 UTC on 31 January is midnight of 1 February
			t.Errorf("%s: from %d", name, f.Series[0].Start)
		}
	}
	resent, err := Read(strings.NewReader(nemHead+nemDayRecord("20040201", "2", "A", noon)+nemDayRecord("20040201", "1", "A", noon)), Options{})
	if err != nil || resent.Replaced != 48 || len(resent.Notes) != 1 || !strings.Contains(resent.Notes[0], "no 900 record") {
		t.Errorf("a day sent again: %+v, %v", resent, err)
	}
}

func TestNEM12Refused(t *testing.T) {
	day := func(quality string) string { return nemDayRecord("20040201", "1", quality, "") }
	for name, c := range map[string]struct{ file, want string }{
		"no register":      {"100,NEM12,200402020000,A,B\n" + day("A"), "line 2: expected a 200 record before the first 300 record"},
		"no such day":      {nemHead + nemDayRecord("20040230", "1", "A", ""), `line 3: expected a day such as 20040201, found "20040230"`},
		"a value too few":  {nemHead + strings.Replace(day("A"), "1,1,", "1,", 1), `line 3: expected a reading in kWh, found "A" (reading 48 of 48)`},
		"not a number":     {nemHead + strings.Replace(day("A"), ",1,", ",x,", 1), `line 3: expected a reading in kWh, found "x" (reading 1 of 48)`},
		"quality":          {nemHead + day("Q"), `line 3: expected a quality A, S, F, E or N, found "Q"`},
		"not all covered":  {nemHead + day("V") + "400,1,47,A,,\n900\n", "line 3: expected 400 records with the quality of all 48 readings, found \"none for reading 48\""},
		"covered twice":    {nemHead + day("V") + "400,1,40,A,,\n400,40,48,A,,\n900\n", "line 5: expected 400 records that do not overlap"},
		"beyond the day":   {nemHead + day("V") + "400,1,49,A,,\n", "line 4: expected intervals from and to, 1 to 48"},
		"event of nothing": {"100,NEM12,200402020000,A,B\n400,1,48,A,,\n", "line 2: expected a 300 record before a 400 record"},
		"seven minutes":    {strings.Replace(nemHead, ",30,", ",7,", 1), "line 2: expected a length of intervals in minutes"},
		"other record":     {nemHead + "600,1\n", `line 3: expected a record 100, 200, 300, 400, 500 or 900, found "600"`},
		"the other file":   {nemHead + "900\n100,NEM13,200402020000,A,B\n", `line 4: expected a file of NEM12, found "NEM13"`},
		"negative":         {nemHead + strings.Replace(day("A"), ",1,", ",-1,", 1), "line 3: expected a reading in kWh that is not negative"},
	} {
		_, err := Read(strings.NewReader(c.file), Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// Made after AEMO's description of the 250 record, of which the first is its example.
const nem13File = `100,NEM13,200401011030,MDA1,Ret1
250,1234567890,1141,01,11,11,METSER66,E,000021.2,20031001103230,A,,,000534.5,20040201100030,E64,77,,343.5,kWh,20040509,20040202125010,20040203000130
550,N,,A,
250,1234567890,1141,01,11,11,METSER66,E,000534.5,20040201100030,E64,77,,000540.0,20040201160030,A,,,5.5,kWh,20040509,20040502125010,20040503000130
250,1234567890,1141,02,12,12,METSER67,I,0,20031001103230,A,,,10,20031001203230,A,,,0.01,MWh,20040509,20040202125010,
900
`

func TestNEM13(t *testing.T) {
	f, err := Read(strings.NewReader(nem13File), Options{})
	if err != nil {
		t.Fatal(err)
	}
	in, out := &f.Series[0], &f.Series[1]
	// From 00:00 UTC on 1 October to 06:00 UTC on 1 February: 123 days and 6 hours.
	if f.Format != NEM13 || in.Step != 3600 || in.Total() != 349000 || in.Count(Estimated) != 123*24+6 || in.Count(Measured) != 0 {
		t.Errorf("import: %d Wh, %d estimated", in.Total(), in.Count(Estimated))
	}
	if out.Total() != 10000 || out.Count(Estimated) != 10 || f.Spread != 123*24+6+10 || in.Point != "1234567890" {
		t.Errorf("export: %d Wh, %d estimated, %d spread", out.Total(), out.Count(Estimated), f.Spread)
	}
	for cut, want := range map[string]string{
		"20031001103230,A": "line 2: expected the times of two reads",
		"E,000021.2":       "line 2: expected a direction E or I",
		"343.5":            "line 2: expected a reading in kWh",
		"E64,77,,343":      "line 2: expected a quality",
		"550,N":            "line 3: expected a record 100, 250, 550 or 900",
	} {
		if _, err := Read(strings.NewReader(strings.Replace(nem13File, cut, strings.Repeat("x", 1)+cut, 1)), Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", cut, err, want)
		}
	}
}

// telegramText writes a telegram as a meter of DSMR 5 says it, with its CRC.
func telegramText(at time.Time, zoneLetter, meter string, objects ...string) string {
	text := "/ISk5\\2MT382-1000\r\n\r\n1-3:0.2.8(50)\r\n0-0:1.0.0(" + at.Format("060102150405") + zoneLetter + ")\r\n" +
		"0-0:96.1.1(" + fmt.Sprintf("%X", meter) + ")\r\n" + strings.Join(objects, "\r\n") + "\r\n!"
	tg := &telegram{}
	tg.sum(strings.TrimSuffix(text, "!"))
	tg.sum("!")
	return text + fmt.Sprintf("%04X\r\n", tg.crc)
}

// The check value of CRC-16/ARC, from the catalogue of parametrised CRC algorithms.
func TestCRC(t *testing.T) {
	tg := &telegram{}
	if tg.sum("123456789"); tg.crc != 0xbb3d {
		t.Errorf("CRC of 123456789 is %04X, want BB3D", tg.crc)
	}
}

// p1Log is a telegram a minute over the change to winter time of 2013, with steady
// use of 60 Wh a minute, half of it on either register.
func p1Log(from, to int64, meter string) string {
	var log strings.Builder
	for at := from; at <= to; at += 60 {
		letter, offset := "S", int64(2*3600)
		if at >= 1382835600 {
			letter, offset = "W", 3600
		}
		level := (at - from) / 60 * 30
		log.WriteString(telegramText(time.Unix(at+offset, 0).UTC(), letter, meter,
			fmt.Sprintf("1-0:1.8.1(%06d.%03d*kWh)", level/1000, level%1000), fmt.Sprintf("1-0:1.8.2(%09d*Wh)", level),
			"1-0:1.8.0(999999.999*kWh)", "1-0:2.8.1(000000.000*kWh)", "0-1:24.2.1(101209112500W)", "(12785.123*m3)"))
	}
	return log.String()
}

func TestP1(t *testing.T) {
	const start = 1382832000 // 2013-10-27 00:00 UTC
	f, err := Read(strings.NewReader(p1Log(start, start+3*3600, "E001")), Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &f.Series[0]
	if f.Format != P1 || len(f.Series) != 1 || s.Step != 900 || s.Count(Measured) != 12 || s.Total() != 180*60 || s.Start != start {
		t.Errorf("three hours: %d slots of %d s, %d Wh in %d series", s.Count(Measured), s.Step, s.Total(), len(f.Series))
	}
	for i := range 12 {
		if s.Wh[i] != 900 {
			t.Errorf("slot %d: %d Wh", i, s.Wh[i])
		}
	}
	// Half past the minute, and in slots of five minutes.
	f, err = Read(strings.NewReader(p1Log(start+30, start+3600+30, "E001")), Options{Step: 300})
	if err != nil {
		t.Fatal(err)
	}
	if s = &f.Series[0]; show(s) != "240"+strings.Repeat(" 300", 11) { // the first telegram stands for the first edge
		t.Errorf("telegrams between the edges: %q", show(s))
	}
	// Two hours without telegrams, then another meter.
	log := p1Log(start, start+3600, "E001") + p1Log(start+3*3600, start+4*3600, "E002")
	f, err = Read(strings.NewReader(log), Options{Step: 3600})
	if err != nil {
		t.Fatal(err)
	}
	if s = &f.Series[0]; show(s) != "3600 - - 3600" || len(f.Notes) != 1 || !strings.Contains(f.Notes[0], "the meter was replaced") {
		t.Errorf("another meter: %q, %q", show(s), f.Notes)
	}
}

// A silence: registers are taken to have counted evenly between the telegrams.
func TestP1Silence(t *testing.T) {
	const start = 1382832000
	said := func(minute int64, level int64) string {
		return telegramText(time.Unix(start+minute*60+7200, 0).UTC(), "S", "E", fmt.Sprintf("1-0:1.8.1(%06d.%03d*kWh)", level/1000, level%1000))
	}
	f, err := Read(strings.NewReader(said(0, 1000)+said(15, 1100)+said(22, 1150)+said(49, 1500)+said(60, 1600)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := show(&f.Series[0]); got != "100 154? 194? 152?" {
		t.Errorf("read %q", got)
	}
}

// Versions before 4.0 say neither time nor CRC: the log has the time.
func TestP1Old(t *testing.T) {
	const telegram = "/ISk5\\2MT382-1004\r\n\r\n0-0:96.1.1(00000000000000)\r\n1-0:1.8.1(0000%d.001*kWh)\r\n1-0:1.8.2(00001.001*kWh)\r\n" +
		"0-1:24.3.0(161107190000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00001.001)\r\n!\r\n"
	log := "2016-11-07T19:00:00+01:00\r\n" + fmt.Sprintf(telegram, 1) + "2016-11-07T19:15:00+01:00\r\n" + fmt.Sprintf(telegram, 3)
	f, err := Read(strings.NewReader(log), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := show(&f.Series[0]); got != "2000" || f.Series[0].Wh[72] != 2000 {
		t.Errorf("read %q", got)
	}
}

func TestP1Refused(t *testing.T) {
	at := time.Date(2013, 1, 1, 0, 0, 0, 0, time.UTC)
	one := telegramText(at, "W", "E", "1-0:1.8.1(000001.000*kWh)")
	for name, c := range map[string]struct{ log, want string }{
		"one telegram": {one, "one telegram gives the level of registers but no interval"},
		"damaged":      {strings.Replace(one, "000001.000", "000001.001", 1), "line 7: expected the CRC "},
		"cut short":    {strings.SplitAfter(one, "kWh)\r\n")[0], `line 7: expected the end of the telegram, "!"`},
		"no time":      {strings.Replace(one[:strings.Index(one, "!")+1], "0-0:1.0.0", "0-0:1.0.9", 1), "line 1: expected a telegram with its time"},
		"no clock":     {telegramText(at, "X", "E", "1-0:1.8.1(1*kWh)"), "line 4: expected a time such as 101209113020W"},
		"gas alone":    {telegramText(at, "W", "E", "0-1:24.2.1(1)", "1-0:1.8.9(1)") + telegramText(at.Add(time.Hour), "W", "E", "0-1:24.2.1(1)"), "line 1: expected a telegram with a register of energy"},
		"other unit":   {telegramText(at, "W", "E", "1-0:1.8.1(1*GJ)"), "line 6: expected a register in kWh or Wh"},
		"backwards":    {telegramText(at.Add(time.Hour), "W", "E", "1-0:1.8.1(1*kWh)") + one, "line 8: expected telegrams in order of time"},
		"noise":        {one + "garbage\r\n", `line 8: expected a telegram, which begins with "/"`},
	} {
		_, err := Read(strings.NewReader(c.log), Options{Format: P1})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// espiFile writes a Green Button file of one usage point.
func espiFile(prefix, readingType string, readings ...string) string {
	p, ns := "", `xmlns="http://naesb.org/espi"`
	if prefix != "" {
		p, ns = prefix+":", `xmlns:`+prefix+`="http://naesb.org/espi"`
	}
	entry := func(self, up, related, content string) string {
		return `<entry><link rel="self" href="` + self + `"/><link rel="up" href="` + up + `"/>` + related + `<content>` + content + "</content></entry>\n"
	}
	text := `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" ` + ns + ">\n" +
		entry("/R/1/UsagePoint/7", "", "", "<P:UsagePoint><P:ServiceCategory><P:kind>0</P:kind></P:ServiceCategory></P:UsagePoint>") +
		entry("/L/1", "", "", "<P:LocalTimeParameters><P:dstOffset>3600</P:dstOffset><P:tzOffset>-18000</P:tzOffset></P:LocalTimeParameters>") +
		entry("/R/1/UsagePoint/7/MeterReading/1", "", `<link rel="related" href="/ReadingType/1"/>`, "<P:MeterReading/>") +
		entry("/ReadingType/1", "", "", "<P:ReadingType>"+readingType+"</P:ReadingType>") +
		entry("/R/1/UsagePoint/7/MeterReading/1/IntervalBlock/1", "/R/1/UsagePoint/7/MeterReading/1/IntervalBlock", "",
			"<P:IntervalBlock>"+strings.Join(readings, "\n")+"</P:IntervalBlock>") + "</feed>\n"
	text = strings.NewReplacer("<P:", "<"+p, "</P:", "</"+p).Replace(text)
	if prefix == "" {
		// Atom's elements are told from ours by the namespace alone.
		text = strings.NewReplacer(`<feed xmlns="http://www.w3.org/2005/Atom" `+ns, `<a:feed xmlns:a="http://www.w3.org/2005/Atom" `+ns,
			"</feed", "</a:feed", "<entry", "<a:entry", "</entry", "</a:entry", "<link", "<a:link", "<content", "<a:content", "</content", "</a:content").Replace(text)
	}
	return text
}

func espiRead(start, duration int64, value, more string) string {
	return fmt.Sprintf("<P:IntervalReading>%s<P:timePeriod><P:duration>%d</P:duration><P:start>%d</P:start></P:timePeriod><P:value>%s</P:value></P:IntervalReading>",
		more, duration, start, value)
}

const espiWh = "<P:accumulationBehaviour>4</P:accumulationBehaviour><P:flowDirection>1</P:flowDirection><P:intervalLength>1800</P:intervalLength><P:powerOfTenMultiplier>0</P:powerOfTenMultiplier><P:uom>72</P:uom>"

func TestESPI(t *testing.T) {
	const day = 1356998400
	quality := "<P:ReadingQuality><P:quality>8</P:quality></P:ReadingQuality>"
	replace := func(old, with string) string { return strings.Replace(espiWh, old, with, 1) }
	two := []string{espiRead(day, 1800, "5", ""), espiRead(day+1800, 1800, "7", quality)}
	for name, c := range map[string]struct {
		kind     string
		readings []string
		want     string
		export   string
	}{
		"plain":          {kind: espiWh, readings: two, want: "5 7?"},
		"thousands":      {kind: replace("Multiplier>0", "Multiplier>3"), readings: two, want: "5000 7000?"},
		"thousandths":    {kind: replace("Multiplier>0", "Multiplier>-3"), readings: []string{espiRead(day, 1800, "600", ""), espiRead(day+1800, 1800, "600", "")}, want: "1 0"},
		"reversed":       {kind: replace("Direction>1<", "Direction>19<"), readings: two, want: "", export: "5 7?"},
		"levels":         {kind: replace("Behaviour>4", "Behaviour>3"), readings: []string{espiRead(day, 0, "100", ""), espiRead(day+1800, 0, "105", ""), espiRead(day+3600, 0, "112", "")}, want: "5 7"},
		"levels at ends": {kind: replace("Behaviour>4", "Behaviour>1"), readings: []string{espiRead(day, 1800, "100", ""), espiRead(day+1800, 1800, "105", "")}, want: "5"},
		"length unsaid":  {kind: replace("<P:intervalLength>1800</P:intervalLength>", ""), readings: two, want: "5 7?"},
		"a longer one":   {kind: espiWh, readings: []string{two[0], espiRead(day+1800, 3600, "8", "")}, want: "5 4? 4?"},
	} {
		for _, prefix := range []string{"", "espi", "ns0"} {
			f, err := Read(strings.NewReader(espiFile(prefix, c.kind, c.readings...)), Options{})
			if err != nil {
				t.Errorf("%s, prefix %q: %v", name, prefix, err)
				continue
			}
			if got := show(&f.Series[0]); got != c.want || f.Series[0].Point != "7" || f.Format != ESPI {
				t.Errorf("%s, prefix %q: read %q of %q", name, prefix, got, f.Series[0].Point)
			}
			if c.export != "" && (len(f.Series) != 2 || show(&f.Series[1]) != c.export) {
				t.Errorf("%s: export is not %q", name, c.export)
			}
		}
	}
}

// Old encodings, of which only the titles are more than ASCII.
func TestESPIEncoding(t *testing.T) {
	file := espiFile("espi", espiWh, espiRead(1356998400, 1800, "5", ""), espiRead(1356998400+1800, 1800, "7", ""))
	for encoding, want := range map[string]string{"ISO-8859-1": "", "Windows-1252": "", "UTF-8": "invalid UTF-8", "EBCDIC": `the encoding "EBCDIC" is not known`} {
		text := strings.Replace(strings.Replace(file, `version="1.0"`, `version="1.0" encoding="`+encoding+`"`, 1), "<entry>", "<title>Compteur \xe9lectrique</title><entry>", 1)
		f, err := Read(strings.NewReader(text), Options{})
		switch {
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v", encoding, err)
		case want == "" && (err != nil || show(&f.Series[0]) != "5 7"):
			t.Errorf("%s: %v", encoding, err)
		}
	}
}

// A file whose days begin at midnight UTC though its place is elsewhere.
func TestESPILocalEpoch(t *testing.T) {
	const day = 1383436800 // 2013-11-03 00:00 as if UTC; clocks in New York go back at 02:00
	var readings []string
	readings = append(readings, fmt.Sprintf("<P:interval><P:duration>90000</P:duration><P:start>%d</P:start></P:interval>", day))
	for i, hour := range []int64{0, 1, 1, 2, 3} {
		readings = append(readings, espiRead(day+hour*3600, 3600, fmt.Sprint(i+1), ""))
	}
	file := espiFile("espi", strings.Replace(espiWh, ">1800<", ">3600<", 1), readings...)
	_, err := Read(strings.NewReader(file), Options{})
	var question *ChoiceError
	if !errors.As(err, &question) || question.Choices[0].Name != "epoch=utc" {
		t.Fatalf("not asked: %v", err)
	}
	if _, err = Read(strings.NewReader(file), Options{Choices: []string{"epoch=local"}}); err == nil || !strings.Contains(err.Error(), "name the zone") {
		t.Errorf("no zone: %v", err)
	}
	f, err := Read(strings.NewReader(file), Options{Choices: []string{"epoch=local"}, Zone: zone("America/New_York")})
	if err != nil {
		t.Fatal(err)
	}
	if s := &f.Series[0]; show(s) != "1 2 3 4 5" || s.Status[4] != Measured || f.Clock != "local time, the repeated hour stands twice" {
		t.Errorf("read %q, clock %q", show(s), f.Clock)
	}
}

// Several usage points and readings: gas and days are not read, the shortest
// intervals are, and two of a kind are asked about.
func TestESPIRegisters(t *testing.T) {
	const day = 1356998400
	more := func(point, reading, kind, length string, values ...string) string {
		link := "/R/1/UsagePoint/" + point + "/MeterReading/" + reading
		return `<entry><link rel="self" href="/R/1/UsagePoint/` + point + `"/><content><P:UsagePoint><P:ServiceCategory><P:kind>` + kind + `</P:kind></P:ServiceCategory></P:UsagePoint></content></entry>
<entry><link rel="up" href="` + link + `/IntervalBlock"/><content><P:IntervalBlock>` + strings.Join(values, "") + `</P:IntervalBlock></content></entry>
<entry><link rel="self" href="` + link + `"/><link rel="related" href="/ReadingType/` + point + reading + `"/><content><P:MeterReading/></content></entry>
<entry><link rel="self" href="/ReadingType/` + point + reading + `"/><content><P:ReadingType>` + strings.Replace(espiWh, ">1800<", ">"+length+"<", 1) + "</P:ReadingType></content></entry>\n"
	}
	file := func(entries string) string {
		text := espiFile("e", espiWh, espiRead(day, 1800, "5", ""), espiRead(day+1800, 1800, "6", ""))
		return strings.Replace(text, "</feed>", strings.ReplaceAll(strings.ReplaceAll(entries, "<P:", "<e:"), "</P:", "</e:")+"</feed>", 1)
	}
	read := func(entries string, o Options) (*File, error) { return Read(strings.NewReader(file(entries)), o) }

	f, err := read(more("7", "2", "0", "3600", espiRead(day, 3600, "11", ""))+more("7", "3", "0", "86400", espiRead(day, 86400, "500", "")), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := show(&f.Series[0]); got != "5 6" || !slices.Equal(f.Unused, []string{"3", "2"}) {
		t.Errorf("read %q, not read %q", got, f.Unused)
	}
	same := more("7", "2", "0", "1800", espiRead(day, 1800, "1", ""))
	if _, err := read(same, Options{}); err == nil || !strings.Contains(err.Error(), "several registers of energy in one direction, choose one: 1, 2") {
		t.Errorf("two of a kind: %v", err)
	}
	if f, err = read(same, Options{Register: "2"}); err != nil || show(&f.Series[0]) != "1" {
		t.Errorf("the second register: %v", err)
	}
	others := more("8", "1", "0", "1800", espiRead(day, 1800, "8", "")) + more("9", "1", "1", "1800", espiRead(day, 1800, "9", ""))
	if _, err = read(others, Options{}); err == nil || !strings.Contains(err.Error(), "3 meter points, choose one: 7, 8, 9") {
		t.Errorf("three points: %v", err)
	}
	if f, err = read(others, Options{Point: "8"}); err != nil || show(&f.Series[0]) != "8" {
		t.Errorf("the second point: %v", err)
	}
	if _, err = read(others, Options{Point: "9"}); err == nil || !strings.Contains(err.Error(), "no readings of energy") {
		t.Errorf("gas: %v", err)
	}
}
