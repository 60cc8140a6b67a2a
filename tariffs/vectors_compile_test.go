package tariffs_test

import (
	"fmt"
	"slices"
	"strings"

	"hushwatt/tariffs"
	"hushwatt/testvectors"
)

// compileFiles: what documents compile to, where implementations go wrong:
// clock changes, season edges, holidays, versions, leap years, and every rule.

// compiled adds a file of kind "compile". Its plan, or that there is none, is
// what this package makes of it.
func (f *tariffFiles) compiled(name, base, comment, start, end string, n int, documents []string, addenda ...string) {
	f.t.Helper()
	in := &testvectors.Compile{Documents: documents, Addenda: addenda, Start: start, End: end, N: n}
	reason := ""
	plan, err := testvectors.CompileDocuments(in)
	if (err != nil) != (base != "") {
		f.t.Errorf("%s: %v", name, err)
	}
	if in.Plan = plan; err != nil {
		reason = "malformed"
	}
	f.add(name, base, reason, comment, "compile", in)
}

// london is a tariff on London's clock, in force from the year 2000 on.
func london(rates string, edits ...string) string {
	return document(rates, append([]string{`"Etc/UTC"`, `"Europe/London"`, `"2013-01-01","effectiveTo":"2013-02-01"`, `"2000-01-01"`}, edits...)...)
}

const everyDay = `"MON","TUE","WED","THU","FRI","SAT","SUN"`

func vectorWindows(days string, list ...string) string {
	var parts []string
	for i, w := range list {
		from, to, _ := strings.Cut(w, "-")
		parts = append(parts, fmt.Sprintf(`{"displayName":"Rate %d","rates":[{"unitPrice":"0.%d"}],"timeOfUse":[{"days":[%s],"endTime":"%s","startTime":"%s"}],"type":"PEAK"}`, i, i+1, days, to, from))
	}
	return `"rateBlockUType":"timeOfUseRates","timeOfUseRates":[` + strings.Join(parts, ",") + `]`
}

func vectorRows(list ...string) string {
	var rows []string
	for _, r := range list {
		w := strings.Fields(r)
		rows = append(rows, fmt.Sprintf(`{"valid_from":"%s","valid_to":"%s","value_exc_vat":"%s"}`, w[0], w[1], w[2]))
	}
	return `"dynamicRates":{"rates":[` + strings.Join(rows, ",") + `]},"rateBlockUType":"dynamicRates"`
}

func (f *tariffFiles) compiles() {
	one := func(text string) []string { return []string{text} }
	part := func(text string) []string { return []string{`"timeZone":"LOCAL"`, text + `,"timeZone":"LOCAL"`} }
	night := vectorWindows(everyDay, "23:30-06:30", "06:30-23:30")
	f.compiled("compile-day-of-23-hours", "", "A night rate over the hour that is lost.", "2013-03-30", "2013-04-01", 48, one(london(night)))
	f.compiled("compile-day-of-25-hours", "", "A night rate over the hour that comes twice.", "2013-10-26", "2013-10-28", 48, one(london(night)))
	f.compiled("compile-rows-over-25-hours", "", "Rows of one and two hours, one below zero, on a day of 50 half-hours.", "2013-10-27", "2013-10-28", 48, one(london(vectorRows(
		"2013-10-26T23:00:00Z 2013-10-27T00:00:00Z 0.1", "2013-10-27T00:00:00Z 2013-10-27T02:00:00Z -0.2", "2013-10-27T02:00:00Z 2013-10-27T03:00:00Z 0.3", "2013-10-27T03:00:00Z 2013-10-28T00:00:00Z 0.4"))))
	f.compiled("compile-holiday", "", "Christmas counts as a Sunday; the night before goes on.", "2012-12-24", "2012-12-27", 24, one(london(
		`"rateBlockUType":"timeOfUseRates","timeOfUseRates":[{"displayName":"Day","rates":[{"unitPrice":"0.3"}],"timeOfUse":[{"days":["MON","TUE","WED","THU","FRI","SAT"],"endTime":"22:00","startTime":"06:00"}],"type":"PEAK"},`+
			`{"displayName":"Night","rates":[{"unitPrice":"0.1"}],"timeOfUse":[{"days":[`+everyDay+`],"endTime":"06:00","startTime":"22:00"},{"days":["SUN"],"endTime":"22:00","startTime":"06:00"}],"type":"OFF_PEAK"}]`,
		`"currency"`, `"holidays":{"countAs":"SUN","dates":["2012-12-25"]},"currency"`)))
	f.compiled("compile-windows-not-on-the-hour", "", "Prices change at ten past and at twenty to.", "2013-01-01", "2013-01-02", 144, one(london(vectorWindows(everyDay, "22:40-07:10", "07:10-22:40"))))
	f.compiled("compile-windows-inside-a-slot", "compile-windows-not-on-the-hour", "The same for a meter of quarter-hours.", "2013-01-01", "2013-01-02", 96, one(london(vectorWindows(everyDay, "22:40-07:10", "07:10-22:40"))))

	blocks := func(period, volume string) string {
		return `"rateBlockUType":"singleRate","singleRate":{"displayName":"Use","period":"` + period + `","rates":[{"unitPrice":"0.2",` + volume + `},{"unitPrice":"0.3"}]}`
	}
	taipei := document(blocks("BILL", `"volume":"240"`), `"Etc/UTC"`, `"Asia/Taipei"`, `"2013-01-01","effectiveTo":"2013-02-01"`, `"2000-01-01"`,
		`"endDate":"12-31"`, `"endDate":"09-30"`, `"startDate":"01-01"}`, `"startDate":"06-01"},{"displayName":"Other","endDate":"05-31",`+blocks("BILL", `"volume":"240"`)+`,"startDate":"10-01"}`)
	f.compiled("compile-season-edge", "", "A bill of two months over 1 October: blocks by the days of each season.", "2025-09-01", "2025-11-01", 24, one(taipei))
	var books []string
	for i, day := range []string{"2025-01-01", "2025-01-03", "2025-01-04", "2025-01-08", "2025-01-09"} {
		edits := []string{`"2000-01-01"`, `"` + day + `"`, `"0.2"`, fmt.Sprintf(`"0.2%d"`, i)}
		if i > 0 {
			edits = append(edits, `"x-hushwatt"`, `"replaces":"`+idOf(f, books[i-1])+`","x-hushwatt"`)
		}
		books = append(books, london(blocks("BILL", `"dailyVolume":"10"`), edits...))
	}
	f.compiled("compile-five-books", "", "Five versions in one bill, each replacing the one before.", "2025-01-01", "2025-01-11", 24, books)
	f.compiled("compile-gap-between-versions", "compile-five-books", "The first version is not there.", "2025-01-01", "2025-01-11", 24, books[1:])
	f.compiled("compile-two-replace-one", "compile-five-books", "Two versions that replace the same one.", "2025-01-01", "2025-01-11", 24, append(slices.Clone(books), strings.Replace(books[1], "0.21", "0.22", 1)))
	f.compiled("compile-rounding-differs", "compile-five-books", "The last version rounds to other digits.", "2025-01-01", "2025-01-11", 24, append(slices.Clone(books[:4]), strings.Replace(books[4], `"digits":2`, `"digits":3`, 1)))
	fee := func(term string) []string {
		return part(`"fees":[{"amount":"36.60","displayName":"Meter","term":"` + term + `"}]`)
	}
	f.compiled("compile-yearly-fee-2024", "", "A 366th of a year's fee for each day.", "2024-02-28", "2024-03-02", 24, one(london(single, fee("ANNUAL")...)))
	f.compiled("compile-monthly-fee", "", "A fee for a month, from 29 March to 3 April.", "2013-03-29", "2013-04-04", 24, one(london(single, fee("MONTHLY")...)))

	f.compiled("compile-blocks-of-a-day", "", "Daily blocks on the days of the clock change.", "2013-03-30", "2013-04-01", 24, one(london(blocks("P1D", `"volume":"10.5"`))))
	f.compiled("compile-blocks-of-months", "", "Monthly blocks, in proportion to days.", "2013-03-29", "2013-04-04", 24, one(london(blocks("P1M", `"volume":"310"`))))
	demand := func(charge string) []string {
		return []string{`"tariffPeriod":[`, `"tariffPeriod":[{"component":"Power","demandCharges":[{"days":["MON","TUE","WED","THU","FRI"],"displayName":"Peak","endTime":"02:00","interval":"PT60M","startTime":"22:00",` + charge +
			`}],"displayName":"Power","endDate":"12-31","rateBlockUType":"demandCharges","startDate":"01-01"},`}
	}
	f.compiled("compile-demand", "", "Demand in hours, in a window over midnight and the hour that comes twice.", "2013-10-25", "2013-10-29", 48, one(london(single, demand(`"amount":"12.5","chargePeriod":"MONTH","measurementPeriod":"BILL","floor":"2.5"`)...)))
	several := `"timeOfUse":[{"days":["MON","TUE","WED","THU","FRI"],"endTime":"02:00","startTime":"22:00"},{"days":["SAT","SUN"],"endTime":"12:00","startTime":"10:00"}],`
	f.compiled("compile-demand-windows", "", "Demand in several windows, one of them over midnight.", "2013-10-25", "2013-10-29", 48, one(london(single, append(
		demand(`"amount":"12.5","chargePeriod":"MONTH","measurementPeriod":"BILL","floor":"2.5"`),
		`"days":["MON","TUE","WED","THU","FRI"],`, several, `"endTime":"02:00","interval":"PT60M","startTime":"22:00",`, `"interval":"PT60M",`)...)))
	f.compiled("compile-demand-ladder", "", "Steps by the mean of the three highest days.", "2013-10-21", "2013-10-29", 24, one(london(single, demand(`"chargePeriod":"BILL","highestDays":3,"measurementPeriod":"MONTH","steps":[{"amount":"130","from":"0"},{"amount":"206.5","from":"2"}]`)...)))
	f.compiled("compile-demand-shorter-than-slots", "compile-demand", "Demand is of half-hours, the meter's slots have an hour.", "2013-10-25", "2013-10-29", 24,
		one(london(single, append(demand(`"amount":"12.5","chargePeriod":"MONTH","measurementPeriod":"BILL","floor":"2.5"`), "PT60M", "PT30M")...)))
	feedIn := `"solarFeedInTariff":[{"displayName":"Feed-in","endDate":"12-31","singleTariff":{"rates":[{"unitPrice":"0.08"}]},"startDate":"01-01","tariffUType":"singleTariff"}]`
	f.compiled("compile-feed-in", "", "Rows of import and export.", "2013-01-01", "2013-01-03", 24, one(london(single, part(feedIn)...)))
	f.compiled("compile-netted", "", "Prices of what import exceeds export by, and the other way round.", "2013-01-01", "2013-01-02", 24, one(london(single, part(feedIn+`,"netMetering":"INTERVAL"`)...)))
	f.compiled("compile-minimum", "", "A minimum of energy, after a discount, with a tax on a tax.", "2013-01-01", "2013-01-03", 24, one(london(single, append(
		part(`"discounts":[{"displayName":"Online","rate":"0.125"}],"minimum":[{"amount":"12.01","displayName":"Least","of":["Energy","Discounts"],"term":"MONTHLY"}]`),
		`[{"name":"VAT","rate":"0.05"}]`, `[{"name":"Levy","of":["Energy"],"rate":"0.051127"},{"name":"VAT","on":["Levy"],"rate":"0.21"}]`)...)))
	f.compiled("compile-rounded-slots", "", "Every slot is rounded by itself.", "2013-01-01", "2013-01-02", 24, one(london(night, `"06:30"`, `"06:00"`, `"23:30"`, `"23:00"`, `"06:30"`, `"06:00"`, `"23:30"`, `"23:00"`, `"stage":"bill"`, `"stage":"interval"`)))

	hot := london(single, part(`"events":[{"displayName":"Hot","maximum":2,"period":"EVENT","rates":[{"unitPrice":"0","volume":"1"},{"unitPrice":"0.6"}]}]`)...)
	announce := func(of string, events ...string) string {
		var list []string
		for _, e := range events {
			w := strings.Fields(e)
			list = append(list, fmt.Sprintf(`{"displayName":"Hot","from":"%s","to":"%s"}`, w[0], w[1]))
		}
		return `{"events":[` + strings.Join(list, ",") + `],"tariff":"` + idOf(f, of) + `"}`
	}
	const first, second = "2013-07-10T16:00:00+01:00 2013-07-10T20:00:00+01:00", "2013-07-11T15:00:00Z 2013-07-11T18:00:00Z"
	f.compiled("compile-events", "", "Two events, announced apart.", "2013-07-09", "2013-07-13", 24, one(hot), announce(hot, second), announce(hot, first))
	f.compiled("compile-event-inside-slot", "compile-events", "An event begins inside a slot.", "2013-07-09", "2013-07-13", 24, one(hot), announce(hot, "2013-07-10T15:30:00Z 2013-07-10T18:00:00Z"))
	f.compiled("addendum-of-other-tariff", "compile-events", "An addendum of a tariff that is not there.", "2013-07-09", "2013-07-13", 24, one(hot), announce(london(single), first))
	f.compiled("addendum-events-overlap", "compile-events", "Two events at the same time.", "2013-07-09", "2013-07-13", 24, one(hot), announce(hot, first, "2013-07-10T18:00:00Z 2013-07-10T20:00:00Z"))
	f.compiled("addendum-too-many-events", "compile-events", "More events in a year than the tariff allows.", "2013-07-09", "2013-07-13", 24, one(hot), announce(hot, first, second, "2013-12-31T15:00:00Z 2013-12-31T18:00:00Z"))
}

func idOf(f *tariffFiles, text string) string {
	f.t.Helper()
	t, err := tariffs.Parse([]byte(text))
	if err != nil {
		f.t.Fatal(err)
	}
	return t.ID()
}
