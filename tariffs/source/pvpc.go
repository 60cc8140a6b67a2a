package source

import (
	"fmt"
	"slices"
	"time"

	"hushwatt/tariffs"
)

// Spain's regulated hourly price, PVPC, as the grid operator publishes it: the
// daily file with one row an hour, and the answer of the ESIOS service. Euro per
// MWh before electricity tax and VAT. The hours of a day are numbered, so that a
// day of 25 hours has a row 24-25.

func isPVPC(g glance) bool {
	root := g.json
	return root.at("PVPC") != nil || root.at("indicator").at("values") != nil
}

const madrid = "Europe/Madrid"

// Columns that are a territory's price, new and old.
var pvpcTerritories = []string{"PCB", "CYM", "GEN", "NOC", "VHC"}

func readPVPC(s *sheet) *draft {
	d := &draft{id: "pvpc", name: "PVPC", brand: "Comercializador de referencia", currency: "EUR", clock: madrid, taxed: "no"}
	var rows []row
	for _, root := range s.json() {
		if hours := root.at("PVPC"); hours != nil {
			rows = append(rows, pvpcDays(s, hours)...)
		} else {
			rows = append(rows, esios(s, root.at("indicator"))...)
		}
	}
	d.dynamic(s, rows)
	return d
}

// pvpcDays reads the rows of one or more days.
func pvpcDays(s *sheet, list *node) []row {
	zone, err := tariffs.Zone(madrid)
	if err != nil {
		s.fail("%w", err)
		return nil
	}
	column := pvpcColumn(s, list.list())
	byDay := map[string]int{}
	var rows []row
	for _, hour := range list.list() {
		if s.err != nil {
			return nil
		}
		day := hour.need("Dia").str()
		start, err := time.ParseInLocation("02/01/2006", day, zone)
		if err != nil {
			hour.fail("Dia %q is not a day DD/MM/YYYY", day)
			return nil
		}
		n := byDay[day]
		if got, want := hour.need("Hora").str(), fmt.Sprintf("%02d-%02d", n, n+1); got != want {
			hour.fail("hour %q where %q was expected", got, want)
			return nil
		}
		byDay[day]++
		for _, other := range hour.items {
			if !slices.Contains([]string{"Dia", "Hora", column}, other.name) {
				other.skip(pvpcWhy(other.name))
			}
		}
		at := start.Add(time.Duration(n) * time.Hour)
		rows = append(rows, row{utc(at), utc(at.Add(time.Hour)), read(hour.need(column)).scaled(rat(1, 1000))})
	}
	for day, n := range byDay {
		start, _ := time.ParseInLocation("02/01/2006", day, zone)
		if want := int(start.AddDate(0, 0, 1).Sub(start) / time.Hour); n != want {
			s.fail("%s: %s has %d hours, the day has %d", list.path(), day, n, want)
		}
	}
	return rows
}

func pvpcWhy(name string) string {
	if slices.Contains(pvpcTerritories, name) {
		return "the price of another territory"
	}
	return "a part of the price, which is the sum, or a load profile"
}

// pvpcColumn finds the column of the territory: the only one, or the chosen one.
func pvpcColumn(s *sheet, hours []*node) string {
	if len(hours) == 0 {
		s.fail("PVPC: no hours")
		return ""
	}
	var present []string
	for _, name := range pvpcTerritories {
		if hours[0].at(name) != nil {
			present = append(present, name)
		}
	}
	if len(present) == 0 {
		hours[0].fail("none of the prices %s", listed(pvpcTerritories))
		return ""
	}
	return s.choose("territory", "prices differ by territory or tariff", present)
}

// esios reads indicator.values of the service's answer, which may be of several
// places.
func esios(s *sheet, indicator *node) []row {
	var places []string
	values := indicator.need("values").list()
	for _, v := range values {
		if place := v.at("geo_name").str(); place != "" && !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	place := ""
	if len(places) > 0 {
		place = s.choose("territory", "prices are of several places", places)
	}
	var rows []row
	for _, v := range values {
		if v.at("geo_name").str() != place {
			v.skip("the price of another territory")
			continue
		}
		at, ok := instant(v.need("datetime_utc"))
		if !ok {
			return nil
		}
		for _, same := range []string{"datetime", "tz_time", "geo_id"} {
			v.at(same).taken() // says the same again
		}
		rows = append(rows, row{utc(at), utc(at.Add(time.Hour)), read(v.need("value")).scaled(rat(1, 1000))})
	}
	return rows
}
