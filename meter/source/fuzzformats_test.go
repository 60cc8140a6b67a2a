package source

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func FuzzNEM12(f *testing.F) {
	day := nemHead + nemDayRecord("20040201", "0.5", "A", "20040201120000")
	fuzzRoute(f, fuzzOptions(NEM12), day+"900\n",
		nemHead+nemDayRecord("20040201", "-.5", "V", "")+"400,1,20,F14,76,\n400,21,24,N,,\n400,25,48,S14,1,\n500,S,R,20040201120000,1\n900\n",
		day+"200,VABD000163,E1B1,1,B1,N1,METSER123,wh,15,\n300,20040202"+strings.Repeat(",7", 96)+",E64,,,,\n",
		day+nemDayRecord("20040201", "1", "A", "2.00402E+13"))
}

func FuzzNEM13(f *testing.F) {
	head, rest, _ := strings.Cut(nem13File, "550")
	// Months are slow to write and to read again: hours will do.
	head = strings.Replace(head, "20040201100030", "20031001120030", 1)
	fuzzRoute(f, fuzzOptions(NEM13), head+"900\n", strings.Split(rest, "\n")[2]+"\n")
}

func FuzzESPI(f *testing.F) {
	const day = 1356998400
	quality := "<P:ReadingQuality><P:quality>8</P:quality></P:ReadingQuality>"
	seed := func(prefix, kind string, readings ...string) string { return espiFile(prefix, kind, readings...) }
	levels := strings.Replace(espiWh, "Behaviour>4", "Behaviour>3", 1)
	o := fuzzOptions(ESPI)
	o.Choices = append(o.Choices, "epoch=utc")
	fuzzRoute(f, o,
		seed("", espiWh, espiRead(day, 1800, "5", ""), espiRead(day+1800, 1800, "-7", quality)),
		seed("espi", levels, espiRead(day, 0, "5", ""), espiRead(day+1800, 0, "7", ""), espiRead(day+3600, 0, "6", "")),
		seed("ns0", espiWh, fmt.Sprintf("<P:interval><P:duration>86400</P:duration><P:start>%d</P:start></P:interval>", day), espiRead(day, 3600, "5", "")))
}

func FuzzP1(f *testing.F) {
	at := time.Date(2013, 10, 27, 2, 0, 0, 0, time.UTC)
	said := func(minutes int, letter, level string) string {
		return telegramText(at.Add(time.Duration(minutes)*time.Minute), letter, "E", "1-0:1.8.1("+level+"*kWh)", "1-0:2.8.2(000000.001*kWh)")
	}
	const old = "/ISk5\\2MT382-1004\n\n1-0:1.8.1(00001.001*kWh)\n!\n"
	fuzzRoute(f, fuzzOptions(P1), said(0, "S", "000001.5")+said(15, "S", "000001.75")+said(0, "W", "000002.0"),
		"2016-11-07T19:00:00+01:00\n"+old+"2016-11-07T20:00:00+01:00\n"+old,
		said(0, "S", "999999.5")+said(15, "S", "000000.75"))
}

func FuzzWide(f *testing.F) {
	head := "NMI,METER SERIAL NUMBER,CON/GEN,DATE,ESTIMATED?"
	for h := range 24 {
		head += fmt.Sprintf(",%02d:00 - %02d:00", h, (h+1)%24)
	}
	o := fuzzOptions(Wide)
	o.Zone = zone("Australia/Melbourne")
	fuzzRoute(f, o, head+"\n6,1,Consumption,6/10/19,No"+strings.Repeat(",0.5", 24)+"\n6,1,Generation,5/4/2020,Yes"+strings.Repeat(",.25", 24)+"\n")
}

func FuzzSGSC(f *testing.F) {
	o := fuzzOptions(SGSC)
	o.Zone = nil
	fuzzRoute(f, o, strings.Join(sgscHeader, ",")+"\n2012-02-10 08:00:00,0,0.141,0,0.1,0,0\n2012-02-10 08:30:00,3,0.088,1,0,0,0\n")
}

func FuzzAusgrid(f *testing.F) {
	o := fuzzOptions(Ausgrid)
	o.Zone = nil
	fuzzRoute(f, o, ",GC,CL,GG\n2011-07-01 00:00:00,0.392,1,0.0\n2011-07-01 00:30:00,0.48200000000000004,0,.5\n")
}
