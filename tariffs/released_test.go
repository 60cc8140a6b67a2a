package tariffs

import (
	"errors"
	"math/big"
	"strings"
	"testing"
)

// blocked is a flat tariff with a block in a window of every day.
func blocked(from, to, low, high string) string {
	return contract(`"tariffPeriod":[` + yearRound(`"rateBlockUType":"timeOfUseRates","timeOfUseRates":[`+
		`{"displayName":"Window","type":"PEAK","period":"P1M","rates":[{"unitPrice":"`+low+`","volume":"5"},{"unitPrice":"`+high+`"}],"timeOfUse":[{`+allDays+`,"startTime":"`+from+`","endTime":"`+to+`"}]},`+
		`{"displayName":"Else","type":"OFF_PEAK","rates":[{"unitPrice":"0.20"}],"timeOfUse":[{`+allDays+`,"startTime":"`+to+`","endTime":"`+from+`"}]}]`) + `]`)
}

func peaks(charge string) string { return contract(demandPeriod(charge)) }

// Bills that compare readings, month by month: what the rules let pass.
func TestPrivacyOfRules(t *testing.T) {
	const hour = `,"interval":"PT30M","measurementPeriod":"MONTH","chargePeriod":"MONTH","amount":"10"`
	oneEvent := contract(tenCents + `,"events":[{"displayName":"Hot","maximum":5,"period":"EVENT","rates":[{"unitPrice":"0","volume":"0.1"},{"unitPrice":"3"}]}]`)
	for _, c := range []struct {
		name, text string
		event      string
		rule       string // "" if accepted
		why        string
	}{
		{"blocks of a month", contract(`"tariffPeriod":[` + yearRound(flatRate(`"period":"P1M","rates":[{"unitPrice":"0.20","volume":"300"},{"unitPrice":"0.35"}]`)) + `]`), "", "", ""},
		{"blocks of a day", contract(`"tariffPeriod":[` + yearRound(flatRate(`"period":"P1D","rates":[{"unitPrice":"0.20","volume":"5"},{"unitPrice":"0.35"}]`)) + `]`), "", "", ""},
		{"dear block in the evening", blocked("17:00", "20:00", "0.25", "0.50"), "", "", ""},
		{"one day's block at a hundred times the price", contract(`"tariffPeriod":[` + yearRound(flatRate(`"period":"P1D","rates":[{"unitPrice":"0.01","volume":"5"},{"unitPrice":"1"}]`)) + `]`), "", "B", `where only "Use" is beyond its threshold`},
		{"minimum charge", contract(tenCents + `,"minimum":[{"displayName":"Least","term":"MONTHLY","amount":"12"}]`), "", "", ""},
		{"minimum of all but one hour", contract(`"tariffPeriod":[` + yearRound(flatRate(`"rates":[{"unitPrice":"0.2"}]`)) + `],"events":[{"displayName":"Hot","maximum":5,"rates":[{"unitPrice":"0.2"}]}],"minimum":[{"displayName":"Least","term":"BILL","amount":"900","of":["Energy"]}]`),
			"2013-01-10T17:00:00Z 2013-01-10T18:00:00Z", "B", `where only "Least" is beyond its threshold`},
		{"allowance in one hour of the month", oneEvent, "2013-01-10T17:00:00Z 2013-01-10T18:00:00Z", "B", "Thu 10 Jan 2013 17:00 to 18:00"},

		{"demand of a month", peaks(allDays + `,"startTime":"00:00","endTime":"24:00"` + hour), "", "", ""},
		{"demand of working evenings", peaks(workDays + `,"startTime":"17:00","endTime":"20:00"` + hour), "", "", ""},
		{"demand of one hour a day", peaks(allDays + `,"startTime":"17:00","endTime":"18:00"` + hour), "", "", ""},
		{"mean of three days", peaks(allDays + `,"startTime":"06:00","endTime":"22:00","highestDays":3` + hour), "", "", ""},
		{"demand of Sundays' half-hour", peaks(`"days":["SUN"],"startTime":"17:00","endTime":"17:30"` + hour), "", "B", "readable: Sun 6 Jan 2013 17:00 to 17:30, Sun 13 Jan 2013"},
		{"demand of Sundays' evening", peaks(`"days":["SUN"],"startTime":"17:00","endTime":"20:00"` + hour), "", "B", "three hours"},
		{"demand of every day, added up", peaks(allDays + `,"startTime":"00:00","endTime":"24:00","interval":"PT30M","measurementPeriod":"DAY","chargePeriod":"DAY","amount":"0.3"`), "", "", ""},
		{"a ladder", peaks(allDays + `,"startTime":"00:00","endTime":"24:00","highestDays":3,"interval":"PT60M","measurementPeriod":"MONTH","chargePeriod":"MONTH","steps":[{"from":"0","amount":"10"},{"from":"5","amount":"20"}]`), "", "", ""},

		{"export beside import", contract(tenCents + feedIn(`"tariffUType":"singleTariff","singleTariff":{"rates":[{"unitPrice":"0.08"}]}`)), "", "", ""},
		{"export of one half-hour a month", contract(tenCents + feedIn(`"tariffUType":"dynamicRates","dynamicRates":{"rates":[{"valid_from":"2012-01-01T00:00:00Z","valid_to":"2013-01-10T12:00:00Z","value_exc_vat":"0"},`+
			`{"valid_from":"2013-01-10T12:00:00Z","valid_to":"2013-01-10T12:30:00Z","value_exc_vat":"2"},{"valid_from":"2013-01-10T12:30:00Z","valid_to":"2014-01-01T00:00:00Z","value_exc_vat":"0"}]}`)), "", "B", "readable: export of Thu 10 Jan 2013 12:00 to 12:30"},
		{"netted", contract(tenCents + feedIn(`"tariffUType":"singleTariff","singleTariff":{"rates":[{"unitPrice":"0.08"}]}`) + `,"netMetering":"INTERVAL"`), "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			tariff := mustParse(t, c.text)
			if c.event != "" {
				a, err := ParseAddendum([]byte(addendum(tariff, "Hot "+c.event)))
				if err != nil {
					t.Fatal(err)
				}
				if tariff, err = tariff.With(a); err != nil {
					t.Fatal(err)
				}
			}
			p := compile(t, tariff, "2013-01-01", "2013-02-01", 48)
			_, err := p.Private(nil)
			var refused *Refusal
			switch {
			case c.rule == "" && err != nil:
				t.Error(err)
			case c.rule != "" && (!errors.As(err, &refused) || refused.Rule != c.rule || !strings.Contains(err.Error(), c.why)):
				t.Errorf("%v, want rule %s: %s", err, c.rule, c.why)
			}
		})
	}
}

// The rows of a bill are its derivatives: what one more Wh changes where nothing
// and where everything is above its threshold.
func TestReleasedAreMarginalPrices(t *testing.T) {
	text := contract(`"tariffPeriod":[`+yearRound(flatRate(`"period":"P1M","rates":[{"unitPrice":"0.20","volume":"1"},{"unitPrice":"0.35"}]`))+
		`,{"component":"Network","displayName":"N","startDate":"01-01","endDate":"12-31",`+flatRate(`"period":"P1M","rates":[{"unitPrice":"0.03","volume":"2"},{"unitPrice":"0.01"}]`)+`}]`+
		feedIn(`"tariffUType":"singleTariff","singleTariff":{"rates":[{"unitPrice":"0.08"}]}`)+`,"discounts":[{"displayName":"D","rate":"0.5","of":["Network"]}]`,
		`"digits":2`, `"digits":6`)
	p := compile(t, mustParse(t, text), "2013-01-01", "2013-02-01", 48)
	rows := released(t, p)
	if len(rows) != 2 || rows[0].Regime != Below || rows[1].Regime != Above {
		t.Fatalf("rows %+v", rows)
	}
	for i, used := range []uint32{0, 500} {
		before, after := even(p, used), even(p, used)
		after.Wh[777]++
		fed := even(p, 100)
		more := even(p, 100)
		more.Wh[777]++
		price := func(imp, exp *Series) *big.Rat {
			x := reveal(p, &p.functionals[0], imp, exp)
			return new(big.Rat).SetFrac(x, p.functionals[0].U)
		}
		base := price(before, fed)
		for name, c := range map[string]struct {
			got  *big.Rat
			want *big.Rat
		}{
			"import": {new(big.Rat).Sub(price(after, fed), base), new(big.Rat).SetFrac(big.NewInt(rows[i].Weights[16][9]), rows[i].U)},
			"export": {new(big.Rat).Sub(price(before, more), base), new(big.Rat).SetFrac(big.NewInt(rows[i].Export[16][9]), rows[i].U)},
		} {
			if c.got.Cmp(c.want) != 0 {
				t.Errorf("%s of a home that uses %d: %s, the row says %s", name, used, c.got, c.want)
			}
		}
	}
	if n, err := p.LeastSlots(); err != nil || n != 31*48 {
		t.Errorf("%d slots share a price, %v", n, err)
	}
}

// A later bill of the same days is judged in both regimes with what was told.
func TestPrivacyOfRulesWithTheLedger(t *testing.T) {
	text := func(price string) string {
		return contract(`"tariffPeriod":[` + yearRound(flatRate(`"period":"P1M","rates":[{"unitPrice":"0.20","volume":"300"},{"unitPrice":"`+price+`"}]`)) + `]`)
	}
	first := compile(t, mustParse(t, text("0.35")), "2013-01-01", "2013-02-01", 48)
	again := compile(t, mustParse(t, text("0.36")), "2013-01-01", "2013-02-01", 48)
	if _, err := again.Private(released(t, first)); err != nil {
		t.Errorf("a re-bill at another price: %v", err)
	}
	short := compile(t, mustParse(t, text("0.35")), "2013-01-01", "2013-01-31", 48)
	var refused *Refusal
	if _, err := short.Private(released(t, first)); !errors.As(err, &refused) || refused.Rule != "B" || !strings.Contains(err.Error(), "Thu 31 Jan 2013") {
		t.Errorf("a month less a day after the month: %v", err)
	}
}
