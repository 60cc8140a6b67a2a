package tariffs

import (
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
)

var allModes = []Mode{HalfUp, HalfAway, HalfEven, Up, Down}

// rounded is the oracle: it tries the integers around x and picks by the words
// of the rule.
func rounded(m Mode, x *big.Rat) *big.Int {
	below := new(big.Int).Quo(x.Num(), x.Denom())
	for new(big.Rat).SetInt(below).Cmp(x) > 0 {
		below.Sub(below, big.NewInt(1))
	}
	above := new(big.Int).Add(below, big.NewInt(1))
	toBelow := new(big.Rat).Sub(x, new(big.Rat).SetInt(below))
	toAbove := new(big.Rat).Sub(new(big.Rat).SetInt(above), x)
	switch {
	case toBelow.Sign() == 0:
		return below
	case m == Up:
		return above
	case m == Down:
		return below
	case toBelow.Cmp(toAbove) < 0:
		return below
	case toBelow.Cmp(toAbove) > 0:
		return above
	case m == HalfUp:
		return above
	case m == HalfEven:
		if below.Bit(0) == 0 {
			return below
		}
		return above
	case x.Sign() < 0:
		return below
	}
	return above
}

func TestRoundingByTable(t *testing.T) {
	// Ties and near ties; the columns are half-up, half-away, half-even, up, down.
	for _, c := range []struct {
		num, den int64
		want     [5]int64
	}{
		{5, 2, [5]int64{3, 3, 2, 3, 2}},
		{7, 2, [5]int64{4, 4, 4, 4, 3}},
		{1, 2, [5]int64{1, 1, 0, 1, 0}},
		{-1, 2, [5]int64{0, -1, 0, 0, -1}},
		{-3, 2, [5]int64{-1, -2, -2, -1, -2}},
		{-5, 2, [5]int64{-2, -3, -2, -2, -3}},
		{-7, 2, [5]int64{-3, -4, -4, -3, -4}},
		{0, 1, [5]int64{0, 0, 0, 0, 0}},
		{-4, 2, [5]int64{-2, -2, -2, -2, -2}},
		{249, 100, [5]int64{2, 2, 2, 3, 2}},
		{-249, 100, [5]int64{-2, -2, -2, -2, -3}},
		{-251, 100, [5]int64{-3, -3, -3, -2, -3}},
		{1, 3, [5]int64{0, 0, 0, 1, 0}},
		{-2, 3, [5]int64{-1, -1, -1, 0, -1}},
	} {
		for i, m := range allModes {
			if got := m.round(big.NewInt(c.num), big.NewInt(c.den)); got.Int64() != c.want[i] {
				t.Errorf("%d/%d %s is %s, want %d", c.num, c.den, m, got, c.want[i])
			}
			if got := rounded(m, big.NewRat(c.num, c.den)); got.Int64() != c.want[i] {
				t.Errorf("the oracle says %d/%d %s is %s, want %d", c.num, c.den, m, got, c.want[i])
			}
		}
	}
}

func TestRoundingAgainstOracle(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		num, den := rng.Int64N(400)-200, 1+rng.Int64N(12)
		for _, m := range allModes {
			got, want := m.round(big.NewInt(num), big.NewInt(den)), rounded(m, big.NewRat(num, den))
			if got.Cmp(want) != 0 {
				t.Fatalf("%d/%d %s is %s, want %s", num, den, m, got, want)
			}
		}
	}
}

func TestDecimal(t *testing.T) {
	for _, c := range []struct {
		n            int64
		scale, least int
		want         string
	}{
		{4317, 2, 2, "43.17"}, {-52, 2, 2, "-0.52"}, {-5, 2, 2, "-0.05"}, {0, 2, 2, "0.00"}, {0, 0, 0, "0"}, {-7, 0, 0, "-7"},
		{1000, 3, 2, "1.00"}, {1230, 3, 2, "1.23"}, {1234, 3, 2, "1.234"}, {100, 3, 0, "0.1"}, {-1000, 3, 0, "-1"},
	} {
		if got := Decimal(big.NewInt(c.n), c.scale, c.least); got != c.want {
			t.Errorf("%d at scale %d is %q, want %q", c.n, c.scale, got, c.want)
		}
	}
}

// home makes readings over the whole UTC days of a plan.
func home(p *Plan, rng *rand.Rand, most uint32) *Series {
	s := &Series{Start: int64(p.FirstDay) * daySeconds, Step: int(p.step()), Wh: make([]uint32, p.Days*p.N)}
	for i := range s.Wh {
		s.Wh[i] = rng.Uint32N(most + 1)
	}
	return s
}

// rat reads a decimal string exactly.
func rat(t testing.TB, s string) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is not a number", s)
	}
	return r
}

// A case of the grid: three rates, one of them possibly negative, a standing
// charge, taxes.
type gridCase struct {
	stage    Stage
	mode     Mode
	digits   int
	included bool
	taxes    []string // rates
	prices   [3]string
	charge   string
}

func (c gridCase) text(t testing.TB) string {
	var taxes []string
	for i, r := range c.taxes {
		taxes = append(taxes, fmt.Sprintf(`{"name":"tax %d","rate":"%s"}`, i, r))
	}
	return plain(t,
		plainRate, timeOfUse("A "+c.prices[0]+" ALL 00:00 07:00", "B "+c.prices[1]+" ALL 07:00 17:00", "C "+c.prices[2]+" ALL 17:00 24:00"),
		`"0.25"`, `"`+c.charge+`"`,
		`[{"name":"VAT","rate":"0.05"}]`, "["+strings.Join(taxes, ",")+"]",
		`"pricesIncludeTax":false`, fmt.Sprintf(`"pricesIncludeTax":%v`, c.included),
		`"stage":"bill"`, `"stage":"`+string(c.stage)+`"`, `"half-up"`, `"`+string(c.mode)+`"`, `"digits":2`, fmt.Sprintf(`"digits":%d`, c.digits))
}

// expected is the bill by the words of the tariff document, in rationals; for
// each line its exact or rounded amount, and the total.
func (c gridCase) expected(t testing.TB, p *Plan, s *Series) (lines []*big.Rat, total *big.Rat) {
	unit := new(big.Rat).SetFrac(big.NewInt(1), powerOfTen(c.digits))
	round := func(x *big.Rat) *big.Rat {
		n := rounded(c.mode, new(big.Rat).Quo(x, unit))
		return new(big.Rat).Mul(new(big.Rat).SetInt(n), unit)
	}
	energy := []*big.Rat{new(big.Rat), new(big.Rat), new(big.Rat)}
	for i, wh := range s.Wh {
		at := time0(s, i)
		if at < p.From || at >= p.To {
			continue
		}
		line := 0
		switch hour := at % daySeconds / 3600; { // winter in London: UTC
		case hour >= 17:
			line = 2
		case hour >= 7:
			line = 1
		}
		money := new(big.Rat).Mul(rat(t, c.prices[line]), big.NewRat(int64(wh), 1000))
		if c.stage == StageInterval {
			money = round(money)
		}
		energy[line].Add(energy[line], money)
	}
	fixed := new(big.Rat).Mul(rat(t, c.charge), big.NewRat(int64(p.End-p.Start), 1))
	net := new(big.Rat)
	for _, x := range append(energy, fixed) {
		if c.stage == StageLine || c.stage == StageInterval {
			x.Set(round(x))
		}
		net.Add(net, x)
		lines = append(lines, x)
	}
	if c.stage == StageNet {
		total = round(net)
	} else {
		total = new(big.Rat).Set(net)
	}
	base := new(big.Rat).Set(total)
	for _, rate := range c.taxes {
		tax := new(big.Rat).Mul(base, rat(t, rate))
		if c.stage != StageBill {
			tax = round(tax)
		}
		if c.included {
			tax = new(big.Rat)
		}
		lines = append(lines, tax)
		total.Add(total, tax)
	}
	if c.stage == StageBill {
		total = round(total)
	}
	return lines, total
}

func time0(s *Series, i int) int64 { return s.Start + int64(i*s.Step) }

func grid() (cases []gridCase) {
	for _, stage := range []Stage{StageBill, StageNet, StageLine, StageInterval} {
		for _, mode := range allModes {
			for _, included := range []bool{false, true} {
				for _, taxes := range [][]string{nil, {"0.05"}, {"0.051127", "0.21"}, {"0"}} {
					for _, prices := range [][3]string{
						{"0.1", "0.2", "0.3"}, {"0.071655", "0.15311", "-0.312599999"}, {"-0.2", "-0.3", "-0.12345"}, {"0", "0", "0"},
					} {
						for _, charge := range []string{"0.25", "-1.005", "0"} {
							cases = append(cases, gridCase{stage, mode, 2, included, taxes, prices, charge})
						}
					}
				}
			}
		}
	}
	return cases
}

// Every stage, mode and way of taxing: the quote is the bill by the words of the
// document, its lines add up, and the number that a proof would reveal leads to
// the same total.
func TestQuoteByTheWords(t *testing.T) {
	if testing.Short() {
		t.Skip("LEFT OUT with -short; make unit runs it")
	}
	rng := rand.New(rand.NewPCG(3, 4))
	negative, halves := 0, 0
	for i, c := range grid() {
		c.digits = []int{2, 0, 3, 9}[i%4]
		p := compile(t, mustParse(t, c.text(t)), "2013-01-14", "2013-01-18", 24)
		s := home(p, rng, 3000)
		if i%3 == 0 {
			// Multiples of half a unit, so that ties occur.
			for j := range s.Wh {
				s.Wh[j] = s.Wh[j] / 25 * 25
			}
		}
		lines, total := c.expected(t, p, s)
		bill, err := Quote(p, s)
		if err != nil {
			t.Fatal(err)
		}
		if rat(t, bill.Total).Cmp(total) != 0 {
			t.Fatalf("%+v: total %s, want %s", c, bill.Total, total.FloatString(12))
		}
		checkText(t, c, bill, lines)
		if total.Sign() < 0 {
			negative++
		}
		checkRevealed(t, p, s, bill)
		f, err := p.Exact()
		if err != nil {
			t.Fatal(err)
		}
		x := reveal(p, &f, s)
		if new(big.Int).Mod(new(big.Int).Lsh(x, 1), f.U).Sign() == 0 {
			halves++
		}
		checkExact(t, p, s, x)
	}
	if negative < 100 {
		t.Errorf("only %d totals are negative: the test is too easy", negative)
	}
	if halves < 20 {
		t.Errorf("only %d totals are whole or half: the test is too easy", halves)
	}
}

// checkText checks the lines of a bill as printed.
func checkText(t testing.TB, c gridCase, bill *Bill, lines []*big.Rat) {
	t.Helper()
	sum := new(big.Rat)
	for i, l := range bill.Lines {
		amount := rat(t, l.Amount)
		sum.Add(sum, amount)
		if strings.Trim(l.Amount, "-0.") == "" && strings.HasPrefix(l.Amount, "-") {
			t.Fatalf("%+v: line %d is %s", c, i, l.Amount)
		}
		if (l.Wh != nil) != (l.Kind == "energy") {
			t.Fatalf("%+v: line %d of kind %s has wh %v", c, i, l.Kind, l.Wh)
		}
		if l.Kind == "rounding" {
			if i != len(bill.Lines)-1 || amount.Sign() == 0 {
				t.Fatalf("%+v: a needless rounding line %+v", c, l)
			}
			if c.stage == StageLine || c.stage == StageInterval {
				t.Fatalf("%+v: lines are rounded and need no rounding line", c)
			}
			continue
		}
		if amount.Cmp(lines[i]) != 0 {
			t.Fatalf("%+v: line %d is %s, want %s", c, i, l.Amount, lines[i].FloatString(12))
		}
		perLine := c.stage == StageLine || c.stage == StageInterval || c.stage == StageNet && l.Kind == "tax"
		if _, decimals, _ := strings.Cut(l.Amount, "."); perLine && len(decimals) != c.digits {
			t.Fatalf("%+v: line %d is %s, want %d decimals", c, i, l.Amount, c.digits)
		}
		if included := l.Included != ""; included != (c.included && l.Kind == "tax") {
			t.Fatalf("%+v: line %+v", c, l)
		}
	}
	if sum.Cmp(rat(t, bill.Total)) != 0 {
		t.Fatalf("%+v: lines add up to %s, total %s", c, sum.FloatString(21), bill.Total)
	}
	if _, decimals, _ := strings.Cut(bill.Total, "."); len(decimals) != c.digits || strings.Trim(bill.Total, "-0.") == "" && bill.Total[0] == '-' {
		t.Fatalf("%+v: total is written %s", c, bill.Total)
	}
}

// reveal is what a functional makes of readings.
func reveal(p *Plan, f *Functional, channels ...*Series) *big.Int {
	u := p.use(channels)
	return f.value(u.readings, u.values)
}

// checkRevealed does what a claim does: rounds the functionals, reveals their
// sum, and lets Total finish the bill.
func checkRevealed(t testing.TB, p *Plan, s *Series, bill *Bill) {
	t.Helper()
	fs, err := p.Functionals()
	if errors.Is(err, ErrNotProvable) {
		if p.Rounding.Mode != HalfAway || p.Rounding.Stage != StageLine {
			t.Fatal(err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	revealed := new(big.Int)
	for i := range fs {
		revealed.Add(revealed, p.Rounding.Mode.round(reveal(p, &fs[i], s), fs[i].U))
		checkLowestTerms(t, &fs[i])
	}
	total, err := p.Total([]*big.Int{revealed})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Rounding.Money(total); got != bill.Total {
		t.Fatalf("the revealed number %s leads to %s, the quote is %s", revealed, got, bill.Total)
	}
}

// checkExact compares the unrounded bill with the lines of stage bill: all of
// them but the rounding.
func checkExact(t testing.TB, p *Plan, s *Series, x *big.Int) {
	t.Helper()
	q := *p
	q.Rounding.Stage = StageBill
	bill, err := Quote(&q, s)
	if err != nil {
		t.Fatal(err)
	}
	want := new(big.Rat)
	for _, l := range bill.Lines {
		if l.Kind != "rounding" {
			want.Add(want, rat(t, l.Amount))
		}
	}
	text, err := p.ExactTotal(x)
	if err != nil {
		t.Fatal(err)
	}
	if rat(t, text).Cmp(want) != 0 {
		t.Fatalf("exact total %s, the lines add up to %s", text, want.FloatString(21))
	}
}

func checkLowestTerms(t testing.TB, f *Functional) {
	t.Helper()
	g := new(big.Int).Set(f.U)
	for _, x := range append([]*big.Int{f.Const}, weightsOf(f)...) {
		g.GCD(nil, nil, g, new(big.Int).Abs(x))
	}
	if g.Cmp(big.NewInt(1)) != 0 || f.U.Sign() <= 0 {
		t.Fatalf("functional %q is not in lowest terms: %s divides all, U is %s", f.Name, g, f.U)
	}
}

func weightsOf(f *Functional) (out []*big.Int) {
	for _, day := range f.Weights {
		for _, w := range day {
			out = append(out, big.NewInt(w))
		}
	}
	return out
}
