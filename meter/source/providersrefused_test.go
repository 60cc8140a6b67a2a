package source

import (
	"fmt"
	"strings"
	"testing"
)

// A bad file gets its line, what was expected there and what stands there.
func TestProvidersRefuse(t *testing.T) {
	const (
		esbHead     = "MPRN,Meter Serial Number,Read Value,Read Type,Read Date and End Time\n"
		fluviusHead = "From (date);From (time);Until (date);Until (time);EAN code;Meter;Meter type;Register;Volume;Unit;Validation status;Description\n"
		enelHead    = "Giorno;00:00-01:00;01:00-02:00"
		dsmrHead    = "Hour Start,Electricity 1 (x),Electricity 2 (x),Electricity 1 Returned (x),Electricity 2 Returned (x),Gas\n"
		homeHead    = "time,Import T1 kWh,Import T2 kWh,Export T1 kWh,Export T2 kWh\n"
		engieHead   = `"Datum","EAN","Verbruik","Type","Piek"` + "\n"
		lianderHead = "eancodeasn,meternummer,meterreadingdate,reading1,usage1,reading2,usage2,reading3,usage3,reading4,usage4\n"
		amerenHead  = "Name,X,,,,,,\nStart Interval Date/Time,Meter Id,Usage,Units,Interval,Usage,Units,Interval\n"
		pgeHead     = "TYPE,DATE,START TIME,END TIME,USAGE,UNITS,COST,NOTES\n"
		portalHead  = "AccountNumber,NMI,DeviceNumber,DeviceType,RegisterCode,RateTypeDescription,StartDate,EndDate,ProfileReadValue,RegisterReadValue,QualityFlag\n"
		n3rgyHead   = `{"resource":"/electricity/consumption/1","values":[`
	)
	swissHead, swissRow := "VID,V001", "17,1"
	for i := 2; i < swissColumns-1; i++ {
		swissHead, swissRow = swissHead+fmt.Sprintf(",V%03d", i), swissRow+",1"
	}
	los := Options{Zone: zone("America/Los_Angeles")}
	victorian := Options{Zone: zone("Australia/Melbourne")}
	for name, c := range map[string]struct {
		text    string
		options Options
		want    string
	}{
		"esb, kind":         {esbHead + "1,2,0.5,Active Import Register (kWh),01-03-2024 00:30\n", Options{}, `esb-hdf: line 2: expected Active Import or Export Interval (kW) or (kWh), found "Active Import Register (kWh)"`},
		"esb, kinds":        {esbHead + "1,2,0.5,Active Import Interval (kWh),01-03-2024 00:30\n1,2,0.5,Active Export Interval (kW),01-03-2024 00:30\n", Options{}, `line 3: expected values in kWh as in the rows before, found "Active Export Interval (kW)"`},
		"esb, month first":  {esbHead + "1,2,0.5,Active Import Interval (kWh),03-31-2024 00:30\n", Options{}, `line 2: expected a time such as 31/03/2024 01:30, found "03-31-2024 00:30"`},
		"esb, skipped":      {esbHead + "1,2,0.5,Active Import Interval (kWh),31-03-2024 01:30\n", Options{}, `expected a time that exists in Europe/Dublin, found "2024-03-31 01:30:00"`},
		"esb, two meters":   {esbHead + "1,2,0.5,Active Import Interval (kWh),31-03-2024 03:30\n2,2,0.5,Active Import Interval (kWh),31-03-2024 03:30\n", Options{}, `the file holds 2 meter points, choose one: 1, 2`},
		"esb, twice":        {esbHead + "1,2,0.5,Active Import Interval (kWh),31-03-2024 03:30\n1,2,0.6,Active Import Interval (kWh),31-03-2024 03:30\n", Options{}, `line 3: expected the reading of 2024-03-31T02:00:00Z again (500 Wh), found "600 Wh"`},
		"esb, comma":        {esbHead + "1,2,\"0,5\",Active Import Interval (kWh),31-03-2024 03:30\n", Options{}, `line 2: expected a reading in kWh, found "0,5"`},
		"esb, no zone":      {esbHead, Options{Format: ESB, Point: "x"}, "no readings"},
		"fluvius, register": {fluviusHead + "01/03/2024;00:00:00;01/03/2024;00:15:00;=\"1\";M;D;Total Day;0,1;kWh;Read;\n", Options{}, `fluvius: line 2: expected the register Offtake or Injection, Afname or Injectie, Day or Night, found "Total Day"`},
		"fluvius, gas":      {fluviusHead + "01/03/2024;00:00:00;01/03/2024;01:00:00;=\"1\";M;D;Offtake;0,1;m3;Read;\n", Options{}, `line 2: expected the unit kWh, found "m3"`},
		"fluvius, length":   {fluviusHead + "01/03/2024;00:00:00;01/03/2024;00:15:00;=\"1\";M;D;Offtake Day;0,1;kWh;Read;\n01/03/2024;00:15:00;01/03/2024;01:15:00;=\"1\";M;D;Offtake Day;0,1;kWh;Read;\n", Options{}, `line 3: expected an interval of 15 minutes as in the rows before, found "01/03/2024 00:15:00 to 01/03/2024 01:15:00"`},
		"fluvius, both":     {fluviusHead + "01/03/2024;00:00:00;01/03/2024;00:15:00;=\"1\";M;D;Offtake Day;0,1;kWh;Read;\n01/03/2024;00:00:00;01/03/2024;00:15:00;=\"1\";M;D;Offtake Night;0,2;kWh;Read;\n", Options{}, `line 3: expected the reading of 2024-02-29T23:00:00Z again (100 Wh), found "200 Wh"`},
		"fluvius, cells":    {fluviusHead + "01/03/2024;00:00:00\n", Options{}, `line 2: expected 12 cells, found "01/03/2024;00:00:00"`},
		"fluvius, one pass": {fluviusHead + "27/10/2024;02:00:00;27/10/2024;02:15:00;=\"1\";M;D;Offtake Day;0,1;kWh;Read;\n27/10/2024;02:00:00;27/10/2024;02:15:00;=\"1\";M;D;Offtake Day;0,2;kWh;Read;\n27/10/2024;02:15:00;27/10/2024;02:30:00;=\"1\";M;D;Offtake Day;0,3;kWh;Read;\n", Options{}, `line 2: expected rows in order of time around the hour that clocks repeated, found "2024-10-27 02:00:00"`},
		"fluvius, header":   {"From (date);From (time);EAN code\n", Options{Format: Fluvius}, `fluvius: line 1: expected the header From (date);From (time)… or Van (datum);Van (tijdstip)…`},
		"enel, half a day":  {enelHead + "\n\"01/09/2024\";\"1\";\"2\";\n", Options{}, `enel: line 1: expected columns such as 00:00-00:15 for the whole day`},
		"enel, a gap":       {"Giorno;00:00-00:15;00:30-00:45\n", Options{}, `enel: line 1: expected columns of one length, 60, 30, 15, 10 or 5 minutes, one after another from 00:00 on, found "00:30-00:45"`},
		"enel, a year":      {"Giorno" + enelColumns(24) + "\n\"09/2024\"" + strings.Repeat(`;"0,1"`, 24) + ";\n", Options{}, `enel: line 2: expected a day such as 31/03/2024, found "09/2024"`},
		"dsmr, columns":     {"Hour Start,Electricity 1 (x),Gas\n", Options{}, `dsmr-reader: line 1: expected a column electricity 1 returned…`},
		"dsmr, no offset":   {dsmrHead + "2024-01-01T00:00:00,1,0,0,0,0\n", Options{}, `line 2: expected a time with its offset from UTC`},
		"dsmr, quarters":    {dsmrHead + "2024-01-01T00:00:00Z,1,0,0,0,0\n2024-01-01T00:15:00Z,1,0,0,0,0\n", Options{}, `line 3: expected a start on the UTC grid of 60 minutes`},
		"homewizard, falls": {homeHead + "2022-09-01 00:00,10,1,1,1\n2022-09-01 00:15,11,1,1,1\n2022-09-01 00:30,2,1,1,1\n", Options{}, `the register falls from 11000 Wh at 2022-08-31T22:15:00Z to 2000 Wh at 2022-08-31T22:30:00Z`},
		"homewizard, width": {homeHead + "2022-09-01 00:00,10,1\n", Options{}, `homewizard: line 2: expected 5 cells`},
		"homewizard, gas":   {"time,Total gas used\n2022-09-01 00:00,10\n", Options{Format: HomeWizard}, `homewizard: line 1: expected columns such as Import T1 kWh`},
		"engie, type":       {engieHead + `"2021-12-25T00:00:00+01:00","1","0.7","Warmte","false"` + "\n", Options{}, `engie: line 2: expected Elektriciteit, Teruglevering or Gas, found "Warmte"`},
		"engie, twice":      {engieHead + `"2021-12-25T00:00:00+01:00","1","0.7","Elektriciteit","false"` + "\n" + `"2021-12-25T00:00:00+01:00","1","0.8","Elektriciteit","true"` + "\n" + `"2021-12-25T01:00:00+01:00","1","0.8","Elektriciteit","true"` + "\n", Options{}, `line 3: expected the reading of 2021-12-24T23:00:00Z again`},
		"liander, days":     {lianderHead + "871687120061402458,E0045,05-06-2023,15626.2,,17771.9,,0,,0,\n", Options{}, `liander: line 2: expected a time of day beside the date: one reading a day is too coarse`},
		"ameren, units":     {amerenHead + "03/30/2024 00:00,7,-,-,-,0.5,kwh,15min\n03/30/2024 00:15,7,-,-,-,500,wh,15min\n", Options{}, `ameren: line 4: expected kwh of the same interval as in the rows before, found "500,wh,15min"`},
		"ameren, interval":  {amerenHead + "03/30/2024 00:00,7,-,-,-,0.5,kwh,daily\n", Options{}, `line 3: expected a Usage with its Units and an Interval such as 15min`},
		"ameren, day first": {amerenHead + "30/03/2024 00:00,7,-,-,-,0.5,kwh,15min\n", Options{}, `line 3: expected a time such as 03/31/2024 01:30, found "30/03/2024 00:00"`},
		"pge, no zone":      {pgeHead + "Electric usage,2025-06-01,00:00,00:59,1.5,kWh,,\n", Options{}, `pge: the stamps carry no offset from UTC`},
		"pge, unit":         {pgeHead + "Electric usage,2025-06-01,00:00,00:59,1.5,MWh,,\n", los, `pge: line 2: expected the unit kWh, found "MWh"`},
		"pge, no unit":      {"TYPE,DATE,START TIME,END TIME,USAGE,COST\n", los, `pge: line 1: expected USAGE (kWh), USAGE with UNITS, or IMPORT (kWh), found "none of them"`},
		"pge, days":         {pgeHead + "Electric usage,2025-06-01,00:00,23:59,21.5,kWh,,\n", los, `line 2: expected an interval of 60, 30, 15, 10 or 5 minutes, found "00:00 to 23:59"`},
		"pge, water":        {pgeHead + "Water usage,2025-06-01,00:00,00:59,21.5,kWh,,\n", los, `line 2: expected the type Electric usage or Natural gas usage, found "Water usage"`},
		"pge, negative":     {pgeHead + "Electric usage,2025-06-01,00:00,00:59,-1.5,kWh,,\n", los, `line 2: expected a reading in kWh that is not negative, found "-1.5"`},
		"pge, only gas":     {pgeHead + "Natural gas usage,2025-06-01,00:00,23:59,1.5,therms,,\n", los, `no readings`},
		"portal, no zone":   {portalHead, Options{}, `au-portal: the stamps carry no offset from UTC`},
		"portal, register":  {portalHead + "1,6,7,M,29641#Q1,Use,26/9/18 0:00,26/9/18 0:29,0.8,0,A\n", victorian, `line 2: expected a register code such as 29641#E1 or 29641#B1, found "29641#Q1"`},
		"portal, quality":   {portalHead + "1,6,7,M,29641#E1,Use,26/9/18 0:00,26/9/18 0:29,0.8,0,X\n", victorian, `line 2: expected a quality flag A, S, F, E, V, U or N, found "X"`},
		"portal, month":     {portalHead + "1,6,7,M,29641#E1,Use,9/26/18 0:00,9/26/18 0:29,0.8,0,A\n", victorian, `line 2: expected a time such as 31/03/2024 01:30, found "9/26/18 0:00"`},
		"n3rgy, gas":        {`{"resource":"/gas/consumption/1","values":[{"value":1,"timestamp":"2024-01-01 00:30"}]}`, Options{}, `n3rgy: line 1: expected the resource /electricity/consumption or /electricity/production, found "/gas/consumption/1"`},
		"n3rgy, unit":       {n3rgyHead + `{"value":1,"timestamp":"2024-01-01 00:30"}],"unit":"m3"}`, Options{}, `line 1: expected the unit kWh, found "m3"`},
		"n3rgy, days":       {`{"resource":"/electricity/consumption/1","granularity":"day","values":[{"value":1,"timestamp":"2024-01-01 00:30"}]}`, Options{}, `expected the granularity halfhour, found "day"`},
		"n3rgy, late":       {`{"values":[{"value":1,"timestamp":"2024-01-01 00:30"}],"resource":"/electricity/production/1"}`, Options{}, `expected the resource before its values`},
		"n3rgy, stamp":      {n3rgyHead + "\n{\"value\":1,\n\"timestamp\":\"2024-01-01\"}]}", Options{}, `line 3: expected a time such as 2024-03-31 01:30, found "2024-01-01"`},
		"n3rgy, no values":  {`{"unit":"kWh"}`, Options{Format: N3rgy}, `line 1: expected the keys "resource" and "values", found "not both"`},
		"n3rgy, cut":        {n3rgyHead + "\n{\"value\":1,", Options{Format: N3rgy}, `line 2: the file ends in the middle of a value`},
		"swiss, cells":      {swissHead + ",V672\n17,1,2\n", Options{From: "2018-10-29"}, `swiss-week: line 2: expected 673 cells`},
		"swiss, twice":      {swissHead + ",V672\n" + swissRow + ",1\n" + swissRow + ",2\n", Options{From: "2018-10-29"}, `line 3: expected the reading of 2018-11-04T22:45:00Z again (1000 Wh), found "2000 Wh"`},
		"swiss, no header":  {swissRow + ",1\n", Options{Format: SwissWeek, From: "2018-10-29"}, `line 1: expected the header VID,V001,…,V672`},
		"a workbook":        {"PK\x03\x04\x14", Options{}, "the file is a zip archive or a workbook (xlsx)"},
		"a long line":       {esbHead + strings.Repeat("1", longestLine+1), Options{}, `esb-hdf: line 2: expected a line of at most 1048576 bytes`},
		"an open quote":     {esbHead + "1,\"2\n", Options{}, `esb-hdf: line 2: expected quotes around whole cells`},
	} {
		_, err := Read(strings.NewReader(c.text), known(c.options))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v\nwant %s", name, err, c.want)
		}
	}
}

// enelColumns are the titles of the first n hours.
func enelColumns(n int) string {
	var b strings.Builder
	for hour := range n {
		fmt.Fprintf(&b, ";%02d:00-%02d:00", hour, (hour+1)%24)
	}
	return b.String()
}

// Slots that cannot be sealed are refused, from a file or from a program's user.
func TestUnsealableSlots(t *testing.T) {
	ameren := "Start Interval Date/Time,Meter Id,Usage,Units,Interval\n01/01/2024 00:00,7,1,kwh,1min\n"
	for text, o := range map[string]Options{ameren: {}, "start,wh\n": {Step: 60}} {
		if _, err := Read(strings.NewReader(text), known(o)); err == nil || !strings.Contains(err.Error(), "min") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Rows of registers keep their own distance; coarser slots are made of them later.
func TestRegistersKeepTheirStep(t *testing.T) {
	for _, text := range seeds("homewizard", "table of registers") {
		o := fuzzOptions("")
		o.Step, o.Hints.Kind = 3600, "register"
		if f, err := Read(strings.NewReader(text), o); err != nil || f.Step() != 900 {
			t.Errorf("%.30q: %v", text, err)
		}
	}
}
