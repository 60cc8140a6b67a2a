package tariffs

import (
	"slices"
	"strings"
	"testing"
)

// The wider tariffs by hand: every amount below was worked out on paper.

// contract is a tariff in UTC, in euros and without tax, whose contract has
// these parts; edits are pairs of old and new text.
func contract(parts string, edits ...string) string {
	text := `{"planId":"w","displayName":"Wide","brandName":"B","effectiveFrom":"2000-01-01",` +
		`"electricityContract":{"pricingModel":"FLEXIBLE","timeZone":"LOCAL",` + parts + `},` +
		`"x-hushwatt":{"clock":"Etc/UTC","currency":"EUR","rounding":{"stage":"bill","digits":2,"mode":"half-up"}}}`
	for i := 0; i < len(edits); i += 2 {
		if !strings.Contains(text, edits[i]) {
			panic(edits[i] + " is not in the document")
		}
		text = strings.Replace(text, edits[i], edits[i+1], 1)
	}
	return text
}

// season is a tariffPeriod for the whole year.
func yearRound(more string) string {
	return `{"displayName":"All year","startDate":"01-01","endDate":"12-31",` + more + `}`
}

func flatRate(rates string) string {
	return `"rateBlockUType":"singleRate","singleRate":{"displayName":"Use",` + rates + `}`
}

const tenCents = `"tariffPeriod":[{"displayName":"All year","startDate":"01-01","endDate":"12-31","rateBlockUType":"singleRate","singleRate":{"displayName":"Use","rates":[{"unitPrice":"0.10"}]}}]`

func feedIn(more string) string {
	return `,"solarFeedInTariff":[{"displayName":"Feed-in","startDate":"01-01","endDate":"12-31",` + more + `}]`
}

func demandPeriod(charge string) string {
	return `"tariffPeriod":[` + yearRound(flatRate(`"rates":[{"unitPrice":"0.10"}]`)) + `,` +
		`{"component":"Power","displayName":"All year","startDate":"01-01","endDate":"12-31","rateBlockUType":"demandCharges","demandCharges":[{"displayName":"Peak",` + charge + `}]}]`
}

const (
	allDays   = `"days":["MON","TUE","WED","THU","FRI","SAT","SUN"]`
	workDays  = `"days":["MON","TUE","WED","THU","FRI"]`
	wholeDay  = allDays + `,"startTime":"00:00","endTime":"24:00","interval":"PT30M","measurementPeriod":"BILL","chargePeriod":"BILL",`
	threeDays = allDays + `,"startTime":"00:00","endTime":"24:00","interval":"PT60M","measurementPeriod":"MONTH","chargePeriod":"MONTH","highestDays":3,`
)

// even uses that many Wh in every slot, more in some: pairs of slot and Wh.
func even(p *Plan, wh uint32, more ...int) *Series {
	s := &Series{Start: int64(p.FirstDay) * daySeconds, Step: int(p.step()), Wh: make([]uint32, p.Days*p.N)}
	for i := range s.Wh {
		s.Wh[i] = wh
	}
	for i := 0; i < len(more); i += 2 {
		s.Wh[more[i]] = uint32(more[i+1])
	}
	return s
}

func TestWiderTariffsByHand(t *testing.T) {
	const wholeApril = "2023-04-01 2023-05-01" // 30 days, 1440 half-hours
	for _, c := range []struct {
		name, text, period string
		use, feed          uint32 // Wh in every half-hour
		more               []int  // slots with another use
		want               string // "kind amount" of each line; total
	}{
		// 1440 × 500 Wh = 720 kWh.
		{"two blocks a month", contract(`"tariffPeriod":[` + yearRound(flatRate(`"period":"P1M","rates":[{"unitPrice":"0.20","volume":"300"},{"unitPrice":"0.25"}]`)) + `]`), wholeApril, 500, 0, nil,
			"energy 60.00, energy 105.00; 165.00"},
		{"falling blocks", contract(`"tariffPeriod":[` + yearRound(flatRate(`"period":"P1M","rates":[{"unitPrice":"0.25","volume":"300"},{"unitPrice":"0.20"}]`)) + `]`), wholeApril, 500, 0, nil,
			"energy 75.00, energy 84.00; 159.00"},
		{"three blocks, the last one not reached", contract(`"tariffPeriod":[` + yearRound(flatRate(`"period":"P1M","rates":[{"unitPrice":"0.1","volume":"300"},{"unitPrice":"0.2","volume":"500"},{"unitPrice":"0.3"}]`)) + `]`), wholeApril, 500, 0, nil,
			"energy 30.00, energy 84.00, energy 0.00; 114.00"},
		{"free allowance", contract(`"tariffPeriod":[` + yearRound(flatRate(`"period":"BILL","rates":[{"unitPrice":"0","volume":"100"},{"unitPrice":"0.25"}]`)) + `]`), wholeApril, 500, 0, nil,
			"energy 0.00, energy 155.00; 155.00"},
		// 24 kWh a day, of which 10 cheap: 30 × 10 and 30 × 14.
		{"blocks of a day", contract(`"tariffPeriod":[` + yearRound(flatRate(`"period":"P1D","rates":[{"unitPrice":"0.20","volume":"10"},{"unitPrice":"0.25"}]`)) + `]`), wholeApril, 500, 0, nil,
			"energy 60.00, energy 105.00; 165.00"},
		// PG&E's manner: 11 kWh a day × 30 days.
		{"block by days of the bill", contract(`"tariffPeriod":[` + yearRound(flatRate(`"period":"BILL","rates":[{"unitPrice":"0.20","dailyVolume":"11"},{"unitPrice":"0.25"}]`)) + `]`), wholeApril, 500, 0, nil,
			"energy 66.00, energy 97.50; 163.50"},
		// 91 days of the second quarter, 30 of them here: 910 kWh × 30/91 = 300.
		{"part of a quarter", contract(`"tariffPeriod":[` + yearRound(flatRate(`"period":"P3M","rates":[{"unitPrice":"0.20","volume":"910"},{"unitPrice":"0.25"}]`)) + `]`), wholeApril, 500, 0, nil,
			"energy 60.00, energy 105.00; 165.00"},
		// 3660 kWh × 29/366 = 290 kWh of February 2024; 1392 half-hours = 696 kWh.
		{"part of a leap year", contract(`"tariffPeriod":[` + yearRound(flatRate(`"period":"P1Y","rates":[{"unitPrice":"0.20","volume":"3660"},{"unitPrice":"0.25"}]`)) + `]`), "2024-02-01 2024-03-01", 500, 0, nil,
			"energy 58.00, energy 101.50; 159.50"},
		// 16 March to 15 April: 16/31 of 310 kWh and 15/30 of 300 kWh; 384 and 360 kWh used.
		{"months cut by the bill", contract(`"tariffPeriod":[` + yearRound(flatRate(`"period":"P1M","rates":[{"unitPrice":"0.20","volume":"310"},{"unitPrice":"0.25"}]`)) + `]`), "2023-03-16 2023-04-16", 500, 0, nil,
			"energy 63.00, energy 107.25; 170.25"}, // 160 + 155 kWh; 224 + 205 kWh
		// 2 h a day in the window: 4 slots × 500 Wh × 30 = 60 kWh, 40 of them free.
		{"allowance inside a window", contract(`"tariffPeriod":[` + yearRound(`"rateBlockUType":"timeOfUseRates","timeOfUseRates":[`+
			`{"displayName":"Solar","type":"SOLAR_SPONGE","period":"P1M","rates":[{"unitPrice":"0","volume":"40"},{"unitPrice":"0.30"}],"timeOfUse":[{`+allDays+`,"startTime":"12:00","endTime":"14:00"}]},`+
			`{"displayName":"Else","type":"PEAK","rates":[{"unitPrice":"0.20"}],"timeOfUse":[{`+allDays+`,"startTime":"14:00","endTime":"12:00"}]}]`) + `]`), wholeApril, 500, 0, nil,
			"energy 0.00, energy 6.00, energy 132.00; 138.00"},

		{"network beside energy", contract(`"tariffPeriod":[` + yearRound(flatRate(`"rates":[{"unitPrice":"0.20"}]`)) + `,` +
			`{"component":"Network","displayName":"Summer","startDate":"04-16","endDate":"10-15",` + flatRate(`"rates":[{"unitPrice":"0.05"}]`) + `},` +
			`{"component":"Network","displayName":"Winter","startDate":"10-16","endDate":"04-15","dailySupplyCharge":"1",` + flatRate(`"rates":[{"unitPrice":"0.10"}]`) + `}]`), wholeApril, 500, 0, nil,
			"energy 144.00, energy 18.00, energy 36.00, fixed 15.00; 213.00"},

		{"feed-in", contract(tenCents + feedIn(`"tariffUType":"singleTariff","singleTariff":{"rates":[{"unitPrice":"0.08"}]}`)), wholeApril, 500, 250, nil, "energy 72.00, export -28.80; 43.20"},
		{"feed-in in blocks of a day", contract(tenCents + feedIn(`"tariffUType":"singleTariff","singleTariff":{"period":"P1D","rates":[{"unitPrice":"0.12","volume":"8"},{"unitPrice":"0.05"}]}`)), wholeApril, 500, 250, nil,
			"energy 72.00, export -28.80, export -6.00; 37.20"},
		{"bill below zero", contract(tenCents + feedIn(`"tariffUType":"singleTariff","singleTariff":{"rates":[{"unitPrice":"0.08"}]}`)), wholeApril, 100, 500, nil, "energy 14.40, export -57.60; -43.20"},
		{"credit floor", contract(tenCents + feedIn(`"tariffUType":"singleTariff","singleTariff":{"rates":[{"unitPrice":"0.08"}]}`) + `,"minimum":[{"displayName":"Floor","term":"BILL","amount":"0"}]`), wholeApril, 100, 500, nil,
			"energy 14.40, export -57.60, minimum 43.20; 0.00"},
		{"netted", contract(tenCents + feedIn(`"tariffUType":"singleTariff","singleTariff":{"rates":[{"unitPrice":"0.08"}]}`) + `,"netMetering":"INTERVAL"`), wholeApril, 500, 250, []int{0, 0, 1, 1250},
			"energy 36.05, export -0.02; 36.03"}, // 1438 × 250 + 1000 Wh; slot 0 exports 250
		{"exported only", contract(strings.TrimPrefix(feedIn(`"tariffUType":"singleTariff","singleTariff":{"rates":[{"unitPrice":"0.08"}]}`), ",")), wholeApril, 0, 250, nil, "export -28.80; -28.80"},

		{"minimum charge", contract(tenCents + `,"minimum":[{"displayName":"Least","term":"MONTHLY","amount":"12"}]`), wholeApril, 50, 0, nil, "energy 7.20, minimum 4.80; 12.00"},
		{"minimum charge, exceeded", contract(tenCents + `,"minimum":[{"displayName":"Least","term":"MONTHLY","amount":"12"}]`), wholeApril, 500, 0, nil, "energy 72.00, minimum 0.00; 72.00"},
		{"minimum of a part", contract(tenCents + `,"fees":[{"displayName":"Meter","term":"BILL","amount":"5"}],"minimum":[{"displayName":"Least","term":"DAILY","amount":"0.3","of":["Energy"]}]`), wholeApril, 50, 0, nil,
			"energy 7.20, fixed 5.00, minimum 1.80; 14.00"},

		{"fees", contract(tenCents + `,"fees":[{"displayName":"A","term":"DAILY","amount":"0.1"},{"displayName":"B","term":"MONTHLY","amount":"3"},{"displayName":"C","term":"ANNUAL","amount":"36.5"},{"displayName":"D","term":"BILL","amount":"7"}]`), wholeApril, 0, 0, nil,
			"energy 0.00, fixed 3.00, fixed 3.00, fixed 3.00, fixed 7.00; 16.00"},
		{"yearly fee, 366 days", contract(tenCents + `,"fees":[{"displayName":"C","term":"ANNUAL","amount":"36.60"}]`), "2024-02-01 2024-03-01", 0, 0, nil, "energy 0.00, fixed 2.90; 2.90"},
		{"yearly fee over the new year", contract(tenCents + `,"fees":[{"displayName":"C","term":"ANNUAL","amount":"365"}]`), "2023-12-31 2024-01-02", 0, 0, nil, "energy 0.00, fixed 1.997267759563; 2.00"},
		{"monthly fee from mid-month", contract(tenCents + `,"fees":[{"displayName":"B","term":"MONTHLY","amount":"9.30"}]`), "2023-03-16 2023-04-16", 0, 0, nil, "energy 0.00, fixed 9.45; 9.45"}, // 16/31 · 9.30 + 15/30 · 9.30

		{"discount on a part", contract(tenCents + `,"fees":[{"displayName":"A","term":"DAILY","amount":"0.1"}],"discounts":[{"displayName":"Online","rate":"0.15","of":["Energy"]}],"surcharges":[{"displayName":"City","rate":"0.01"}]`), wholeApril, 500, 0, nil,
			"energy 72.00, fixed 3.00, discount -10.80, surcharge 0.75; 64.95"},

		// 3 kWh in half an hour is 6 kW.
		{"demand", contract(demandPeriod(wholeDay + `"amount":"2.5"`)), wholeApril, 500, 0, []int{700, 3000}, "energy 72.25, demand 15.00; 87.25"},
		{"demand below its floor", contract(demandPeriod(wholeDay + `"amount":"2.5","floor":"2.5"`)), wholeApril, 500, 0, nil, "energy 72.00, demand 6.25; 78.25"},
		{"demand above its floor", contract(demandPeriod(wholeDay + `"amount":"2.5","floor":"2.5"`)), wholeApril, 500, 0, []int{700, 3000}, "energy 72.25, demand 15.00; 87.25"},
		{"demand between bounds", contract(demandPeriod(wholeDay + `"amount":"2.5","minDemand":"2","maxDemand":"5"`)), wholeApril, 500, 0, []int{700, 3000}, "energy 72.25, demand 7.50; 79.75"},
		{"rising tiers of demand", contract(demandPeriod(wholeDay + `"amount":"2.5","maxDemand":"2"},{"displayName":"Above",` + wholeDay + `"amount":"3","minDemand":"2"`)), wholeApril, 500, 0, []int{700, 3000}, "energy 72.25, demand 5.00, demand 12.00; 89.25"},
		{"demand outside the window", contract(demandPeriod(workDays + `,"startTime":"16:00","endTime":"20:00","interval":"PT30M","measurementPeriod":"BILL","chargePeriod":"DAY","amount":"0.1"`)), wholeApril, 500, 0, []int{31, 3000}, "energy 72.25, demand 3.00; 75.25"},
		{"demand of an hour", contract(demandPeriod(strings.Replace(wholeDay, "PT30M", "PT60M", 1) + `"amount":"2.5"`)), wholeApril, 500, 0, []int{700, 3000}, "energy 72.25, demand 8.75; 81.00"},
		// Hours of 5, 4 and 3.5 kWh on three days, and a second high one on the first.
		{"three highest days", contract(demandPeriod(threeDays + `"amount":"3"`)), wholeApril, 500, 0, []int{2, 4500, 10, 4400, 50, 3500, 98, 3000}, "energy 73.34, demand 12.50; 85.84"},
		{"ladder", contract(demandPeriod(threeDays + `"steps":[{"from":"0","amount":"130"},{"from":"2","amount":"206"},{"from":"5","amount":"250"}]`)), wholeApril, 500, 0, []int{2, 4500, 50, 3500, 98, 3000}, "energy 72.95, demand 206.00; 278.95"},
		{"ladder, lowest step", contract(demandPeriod(threeDays + `"steps":[{"from":"0","amount":"130"},{"from":"2","amount":"206"}]`)), wholeApril, 500, 0, nil, "energy 72.00, demand 130.00; 202.00"},
		{"ladder, at the edge", contract(demandPeriod(threeDays + `"steps":[{"from":"0","amount":"130"},{"from":"2","amount":"206"}]`)), wholeApril, 1000, 0, nil, "energy 144.00, demand 206.00; 350.00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			from, to, _ := strings.Cut(c.period, " ")
			p := compile(t, mustParse(t, c.text), from, to, 48)
			bill := checkOracle(t, p, []string{c.text}, nil, even(p, c.use, c.more...), even(p, c.feed))
			var lines []string
			for _, l := range bill.Lines {
				if l.Kind != "rounding" {
					lines = append(lines, l.Kind+" "+l.Amount)
				}
			}
			if got := strings.Join(lines, ", ") + "; " + bill.Total; got != c.want {
				t.Errorf("bill is %s, want %s", got, c.want)
			}
		})
	}
}

// The example of docs/protocol.md, section 6.5.1.
func TestWorkedRules(t *testing.T) {
	text := contract(`"tariffPeriod":[` + yearRound(flatRate(`"period":"P1M","rates":[{"unitPrice":"0.20","volume":"300"},{"unitPrice":"0.25"}]`)) + `],"minimum":[{"displayName":"Least","term":"MONTHLY","amount":"12"}]`)
	p := compile(t, mustParse(t, text), "2023-04-01", "2023-05-01", 48)
	every := func(f Form, weight int64) bool {
		return len(f.Weights) == 30 && !slices.ContainsFunc(slices.Concat(f.Weights...), func(w int64) bool { return w != weight })
	}
	term := func(f Form, rule int) bool {
		return len(f.Hidden) == 1 && f.Hidden[0].Rule == rule && f.Hidden[0].Coef.Int64() == 1
	}
	if r := p.Rules[0]; r.Kind != RuleExcess || !every(r.Of, 1) || r.Of.Const.Int64() != -300000 || r.Of.Hidden != nil {
		t.Errorf("rule 0 is %s of %v and %v", r.Kind, r.Of.Const, r.Of.Hidden)
	}
	if r := p.Rules[1]; r.Kind != RuleExcess || !every(r.Of, 4) || r.Of.Const.Int64() != -240000 || !term(r.Of, 0) {
		t.Errorf("rule 1 is %s of %v and %v", r.Kind, r.Of.Const, r.Of.Hidden)
	}
	if f := p.functionals[0]; !every(f.Form, 0) || f.Const.Int64() != 240000 || f.U.Int64() != 200 || !term(f.Form, 1) {
		t.Errorf("functional is %v + %v over %v", f.Hidden, f.Const, f.U)
	}
}

// Tiers of one demand share its rule and the edge between them: a bill that
// rises with the demand has no falling part.
func TestTiersOfDemandShareRules(t *testing.T) {
	text := contract(demandPeriod(wholeDay + `"amount":"2.5","maxDemand":"2"},{"displayName":"Above",` + wholeDay + `"amount":"3","minDemand":"2"`))
	p := compile(t, mustParse(t, text), "2023-04-01", "2023-05-01", 48)
	if len(p.Rules) != 2 || p.Rules[0].Kind != RulePeak || p.Rules[1].Kind != RuleExcess {
		t.Fatalf("%d rules", len(p.Rules))
	}
	for _, term := range p.functionals[0].Hidden {
		if term.Coef.Sign() < 0 {
			t.Errorf("a falling part %+v", term)
		}
	}
	if rows := released(t, p); len(rows) != 2 {
		t.Errorf("%d rows are told", len(rows))
	}
}
