package tariffs

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

func dailyBlocks(low, high string) string {
	return contract(`"tariffPeriod":[` + yearRound(flatRate(`"period":"P1D","rates":[{"unitPrice":"`+low+`","volume":"15"},{"unitPrice":"`+high+`"}]`)) + `]`)
}

func dailyDemand(window string) string {
	return peaks(allDays + window + `,"interval":"PT30M","measurementPeriod":"DAY","chargePeriod":"DAY","amount":"0.3"`)
}

// The rows made from the one below every threshold are those made from scratch.
func TestEachAloneIsItsRegime(t *testing.T) {
	seen := 0
	for seed := range uint64(40) {
		r := randomTariff{Rand: rand.New(rand.NewPCG(12, seed)), stage: "bill"}
		shared, rules := r.together()
		text := strings.NewReplacer("SHARED", shared, "RULES", rules).Replace(r.text("2020-01-01", ""))
		p, err := Compile([]*Tariff{mustParse(t, text)}, date(t, "2024-03-25"), date(t, "2024-04-01"), 48)
		if err != nil {
			t.Fatal(err)
		}
		err = p.eachAlone(func(r *Rule, alone Row) error {
			on := p.comparing(nil)
			for k := range p.Rules {
				on[k] = on[k] != (&p.Rules[k] == r)
			}
			want, err := p.regime(p.total(), on)
			if err == nil && !sameRatio(&alone, &want) {
				t.Errorf("seed %d: %q alone has another row", seed, r.Name)
			}
			seen++
			return err
		})
		if err != nil && !errors.Is(err, ErrNotProvable) {
			t.Fatal(err)
		}
	}
	if seen < 50 {
		t.Errorf("only %d rules were looked at", seen)
	}
}

// A demand of every day passes in the months in which the clock is changed, as in
// every other: with a flat price and with others, told once and told again.
func TestDailyDemandOverClockChanges(t *testing.T) {
	for _, window := range []string{
		`,"startTime":"00:00","endTime":"24:00"`, `,"startTime":"00:00","endTime":"07:00"`, `,"startTime":"16:00","endTime":"21:00"`,
	} {
		r, err := Check(mustParse(t, dailyDemand(window)))
		if err != nil || !r.Accepted || r.Months < 12 {
			t.Errorf("%s: %+v, %v", window, r, err)
		}
	}
	p := compile(t, mustParse(t, dailyDemand(`,"startTime":"00:00","endTime":"24:00"`)), "2013-10-01", "2013-11-01", 48)
	if _, err := p.Private(released(t, p)); err != nil {
		t.Errorf("the same bill again: %v", err)
	}
}

// One half-hour of each Sunday is the reading itself, four or five times.
func TestDailyDemandOfOneHalfHour(t *testing.T) {
	text := peaks(`"days":["SUN"],"startTime":"17:00","endTime":"17:30","interval":"PT30M","measurementPeriod":"DAY","chargePeriod":"DAY","amount":"0.3"`)
	r, err := Check(mustParse(t, text))
	if err != nil || r.Accepted {
		t.Errorf("one half-hour of each Sunday: %+v, %v", r, err)
	}
}

// What blocks of a day may cost: a dearer second block passes up to about three
// times the first, a free allowance does not, and the refusal says why.
func TestDailyBlocks(t *testing.T) {
	for _, c := range []struct {
		low, high string
		accepted  bool
	}{
		{"0.20", "0.25", true}, {"0.20", "0.40", true}, {"0.20", "0.60", true}, {"0.40", "0.20", true}, {"0.20", "0", true},
		{"0.20", "0.70", false}, {"0", "0.30", false},
	} {
		r, err := Check(mustParse(t, dailyBlocks(c.low, c.high)))
		if err != nil || r.Accepted != c.accepted {
			t.Errorf("%s then %s: %+v, %v", c.low, c.high, r, err)
		}
		if !c.accepted && (len(r.Refused) == 0 || !strings.Contains(r.Refused[0], `where only "Use" is beyond its threshold, on 2000-01-01 and on no other day, the amount says mostly what was used that day`)) {
			t.Errorf("%s then %s: %v", c.low, c.high, r.Refused)
		}
	}
}

// Hundreds of thresholds are judged quickly, since what their rows have in common is
// worked out once: all together take less than a tenth of the allocations that they
// would take one by one, and so of the time.
func TestManyThresholdsShareTheirRows(t *testing.T) {
	p := compile(t, mustParse(t, dailyBlocks("0.20", "0.35")), "2013-01-01", "2014-01-01", 48)
	rows := 0
	together := testing.AllocsPerRun(1, func() {
		rows = 0
		if err := p.eachAlone(func(*Rule, Row) error { rows++; return nil }); err != nil {
			t.Error(err)
		}
	})
	total, on := p.total(), p.comparing(func(r *Rule) bool { return r == &p.Rules[0] })
	one := testing.AllocsPerRun(1, func() {
		if _, err := p.regime(total, on); err != nil {
			t.Error(err)
		}
	})
	if rows < 365 || together > float64(rows)*one/10 {
		t.Errorf("%d rows take %.0f allocations, one alone %.0f", rows, together, one)
	}
	t.Logf("%d rows take %.0f allocations, one alone %.0f", rows, together, one)
	if _, err := p.Private(nil); err != nil {
		t.Error(err)
	}
}
