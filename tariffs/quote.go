package tariffs

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// Statuses of a slot, as the meter signs them (docs/protocol.md, section 3).
const (
	Measured      uint8 = 0
	MissingSlot   uint8 = 1
	EstimatedSlot uint8 = 2
	ClockAdjusted uint8 = 3
)

// A Series is one channel's readings without gaps: reading i is of the slot
// that begins at Start + i·Step seconds since 1970.
type Series struct {
	Start  int64
	Step   int
	Wh     []uint32
	Status []uint8 // as long as Wh, or nil if all are measured
}

// A Bill is a quote: what a bill proven under the same tariffs says too, and
// its lines, which a proof does not show.
type Bill struct {
	Currency  string `json:"currency"`
	Total     string `json:"total"`
	Lines     []Line `json:"lines"`
	Slots     int    `json:"slots"`
	Missing   int    `json:"missing"`
	Estimated int    `json:"estimated"`
}

// A Line is one line of a bill. The amounts of all lines add up to the total
// exactly. Where prices include tax, a tax line has the amount 0 and Included
// says how much of the total it is.
type Line struct {
	Kind      string `json:"kind"` // energy, demand, export, event, fixed, discount, surcharge, minimum, tax or rounding
	Name      string `json:"name"`
	Wh        *int64 `json:"wh"`          // of energy, export and event, else nil
	W         *int64 `json:"w,omitempty"` // of demand: the highest that was measured, rounded down
	Amount    string `json:"amount"`
	Included  string `json:"included,omitempty"`
	Period    string `json:"-"` // displayName of the tariffPeriod
	Component string `json:"-"`
	Rate      int    `json:"-"` // 1 + index into Plan.Energy; 0 for lines of anything else
}

// Quote computes the bill of a plan by plain arithmetic on plain readings, one
// series per channel: import, then export, which may be left out (and import be
// nil) where Plan.Channels does not have it. It refuses a period that is not
// wholly within the whole UTC days, from that of the first reading to that of
// the last, that a series covers; slots that it lacks within these count as
// missing.
func Quote(p *Plan, channels ...*Series) (*Bill, error) {
	for _, c := range p.Channels {
		if c >= len(channels) || channels[c] == nil {
			return nil, fmt.Errorf("quote: the tariff prices %s, of which there are no readings", [2]string{"import", "export"}[c])
		}
		if err := channels[c].check(p); err != nil {
			return nil, fmt.Errorf("quote: %w", err)
		}
	}
	u := p.use(channels)
	if err := p.checkStatuses(u); err != nil {
		return nil, fmt.Errorf("quote: %w", err)
	}
	b := p.settle(u)
	b.Slots, b.Missing, b.Estimated = u.slots, u.missing, u.estimated
	return b, nil
}

func (s *Series) check(p *Plan) error {
	if s.Step != int(p.step()) {
		return fmt.Errorf("readings are every %d minutes, the plan is for every %d", s.Step/60, p.step()/60)
	}
	if len(s.Wh) == 0 {
		return errors.New("no readings")
	}
	if s.Status != nil && len(s.Status) != len(s.Wh) {
		return fmt.Errorf("%d readings with %d statuses", len(s.Wh), len(s.Status))
	}
	if s.Start%int64(s.Step) != 0 {
		return fmt.Errorf("first reading at %s does not begin a slot of %d minutes", utcStamp(s.Start), s.Step/60)
	}
	if i := slices.IndexFunc(s.Status, func(x uint8) bool { return x > ClockAdjusted }); i >= 0 {
		return fmt.Errorf("reading of %s has the unknown status %d", utcStamp(s.Start+int64(i*s.Step)), s.Status[i])
	}
	first := floorDiv(s.Start, daySeconds)
	last := floorDiv(s.Start+int64(len(s.Wh)-1)*int64(s.Step), daySeconds)
	if p.From < first*daySeconds || p.To > (last+1)*daySeconds {
		return fmt.Errorf("readings cover %s to %s (UTC days, both inclusive), not the whole period from %s to %s (exclusive) on the clock of %s",
			Date(first), Date(last), p.Start, p.End, p.Clock)
	}
	return nil
}

// A usage is what a bill needs of the readings.
type usage struct {
	readings [][]int64 // by row of the plan; 0 outside the period and where missing

	wh      []int64    // per energy line, net of export where that is netted
	exact   []*big.Int // per energy line, pico units
	rounded []*big.Int // per energy line, minor units, each slot rounded (stage interval)
	values  []*big.Int // per rule

	slots, missing, estimated int
	firstMissing              int64 // instants, meaningful if there is one
	firstEstimated            int64
}

// at returns the reading of a slot; a missing one is 0.
func (s *Series) at(t int64) (wh uint32, status uint8) {
	i := (t - s.Start) / int64(s.Step)
	if t < s.Start || i >= int64(len(s.Wh)) {
		return 0, MissingSlot
	}
	if s.Status != nil {
		status = s.Status[i]
	}
	if status == MissingSlot {
		return 0, MissingSlot
	}
	return s.Wh[i], status
}

func (p *Plan) use(channels []*Series) *usage {
	u := &usage{wh: make([]int64, len(p.Energy))}
	for range p.Energy {
		u.exact = append(u.exact, new(big.Int))
		u.rounded = append(u.rounded, new(big.Int))
	}
	for range p.Days * len(p.Channels) {
		u.readings = append(u.readings, make([]int64, p.N))
	}
	money, reading := new(big.Int), new(big.Int)
	for t := p.From; t < p.To; t += p.step() {
		slot := p.slotAt(t)
		used := u.read(p, channels, t, slot)
		for i := range p.layers {
			l := &p.layers[i]
			if l.line[slot] < 0 {
				continue
			}
			wh := used[l.channel]
			if p.netting {
				wh = max(0, wh-used[1-l.channel])
			}
			line := l.line[slot]
			u.wh[line] += wh
			money.Mul(money.SetInt64(l.price[slot]), reading.SetInt64(wh))
			u.exact[line].Add(u.exact[line], money)
			if p.Rounding.Stage == StageInterval {
				u.rounded[line].Add(u.rounded[line], p.Rounding.minor(money))
			}
		}
	}
	u.values = p.values(u.readings)
	return u
}

// read notes the readings of a slot and returns them by channel. A slot counts
// as missing (or else as estimated) if a reading of one channel is.
func (u *usage) read(p *Plan, channels []*Series, t int64, slot int) (wh [2]int64) {
	worst := Measured
	for _, c := range p.Channels {
		x, status := channels[c].at(t)
		wh[c] = int64(x)
		i := p.at(slot, c)
		u.readings[i/p.N][i%p.N] = wh[c]
		if status == MissingSlot || status == EstimatedSlot && worst != MissingSlot {
			worst = status
		}
	}
	u.slots++
	switch worst {
	case MissingSlot:
		if u.missing++; u.missing == 1 {
			u.firstMissing = t
		}
	case EstimatedSlot:
		if u.estimated++; u.estimated == 1 {
			u.firstEstimated = t
		}
	}
	return wh
}

func (p *Plan) checkStatuses(u *usage) error {
	if p.Missing == PolicyRefuse && u.missing > 0 {
		return fmt.Errorf("tariff refuses a bill with missing slots (missingPolicy): %d, the first at %s", u.missing, stamp(p.location(), u.firstMissing))
	}
	if p.Estimated == PolicyRefuse && u.estimated > 0 {
		return fmt.Errorf("tariff refuses a bill with estimated slots (estimatedPolicy): %d, the first at %s", u.estimated, stamp(p.location(), u.firstEstimated))
	}
	return nil
}

// settle writes the lines and the total. Amounts are kept in fine units, in
// which all of them are whole.
func (p *Plan) settle(u *usage) *Bill {
	b := &Bill{Currency: p.Currency}
	r := p.Rounding
	listed := new(big.Int)         // sum of the lines so far
	parts := map[string]*big.Int{} // the same by component
	amounts := make([]*big.Int, len(p.items))
	minimums := 0
	add := func(l Line, fine *big.Int) {
		l.Amount = Decimal(fine, finest, r.Digits)
		listed.Add(listed, fine)
		b.Lines = append(b.Lines, l)
	}
	for i := range p.items {
		it := &p.items[i]
		amount := it.evaluate(u)
		if p.perLine() {
			amount = r.fine(r.Mode.round(amount, p.minorUnit()))
		}
		if r.Stage == StageInterval && it.line >= 0 {
			amount = r.fine(u.rounded[it.line])
		}
		if it.kind == lineMinimum {
			amount = p.topUp(p.minimums[minimums], p.items[:i], amounts)
			minimums++
		}
		amounts[i] = amount
		if parts[it.component] == nil {
			parts[it.component] = new(big.Int)
		}
		parts[it.component].Add(parts[it.component], amount)
		add(it.describe(u), amount)
	}

	// listed is exact in stages bill and net, a whole number of minor units in the
	// others, where rounding it again changes nothing.
	unit := p.minorUnit()
	total := r.Mode.round(listed, unit)
	taxes := p.taxes(total, parts)
	switch {
	case p.PricesIncludeTax:
	case r.Stage == StageBill:
		total = r.Mode.round(new(big.Int).Add(listed, sum(taxes)), unit)
	default:
		total.Quo(new(big.Int).Add(r.fine(total), sum(taxes)), unit)
	}
	for i, t := range p.Taxes {
		line := Line{Kind: string(lineTax), Name: t.Name}
		if p.PricesIncludeTax {
			line.Included = r.Money(p.included(i, total))
		}
		add(line, taxes[i])
	}
	if rest := new(big.Int).Sub(r.fine(total), listed); rest.Sign() != 0 {
		add(Line{Kind: string(lineRounding), Name: "Rounding"}, rest)
	}
	b.Total = r.Money(total)
	return b
}

// taxes returns what each tax comes to, in fine units: exactly in stage bill, on
// the amounts of the components; else on the rounded net. It is 0 where the
// prices include it.
func (p *Plan) taxes(net *big.Int, parts map[string]*big.Int) []*big.Int {
	out := make([]*big.Int, len(p.Taxes))
	for i := range out {
		out[i] = new(big.Int)
	}
	if p.PricesIncludeTax {
		return out
	}
	if p.Rounding.Stage != StageBill {
		for i, x := range p.roundedTaxes(net) {
			out[i] = p.Rounding.fine(x)
		}
		return out
	}
	for component, amount := range parts {
		for i, f := range p.taxFactors(component) {
			x := new(big.Int).Mul(amount, f)
			out[i].Add(out[i], x.Quo(x, wholeFactor)) // whole: amounts are multiples of 10²⁷
		}
	}
	return out
}

// topUp returns what is lacking for a minimum, which stage line rounds before
// it compares.
func (p *Plan) topUp(m leastAmount, before []item, amounts []*big.Int) *big.Int {
	lack := new(big.Int).Set(m.least)
	if p.perLine() {
		lack = p.Rounding.fine(p.Rounding.Mode.round(lack, p.minorUnit()))
	}
	for i, it := range before {
		if in(m.of, it.component) {
			lack.Sub(lack, amounts[i])
		}
	}
	if lack.Sign() < 0 {
		lack.SetInt64(0)
	}
	return lack
}

// evaluate returns the amount in fine units.
func (it *item) evaluate(u *usage) *big.Int {
	total := new(big.Int).Set(it.amount.konst)
	x := new(big.Int)
	for l, m := range it.amount.lines {
		total.Add(total, x.Mul(m, u.exact[l]))
	}
	for r, m := range it.amount.hidden {
		total.Add(total, x.Mul(m, u.values[r]))
	}
	return total
}

// describe writes a line without its amount.
func (it *item) describe(u *usage) Line {
	l := Line{Kind: string(it.kind), Name: it.name, Period: it.period, Component: it.component}
	if it.line >= 0 {
		wh := int64(0)
		if it.ofLine {
			wh = u.wh[it.line]
		}
		for _, t := range it.wh {
			wh += t.Coef.Int64() * u.values[t.Rule].Int64()
		}
		l.Wh, l.Rate = &wh, it.line+1
	}
	if it.kind == lineDemand {
		w := int64(0)
		for _, d := range it.demands {
			x := new(big.Int).Mul(u.values[d.rule], d.factor.Num())
			w = max(w, x.Quo(x, d.factor.Denom()).Int64())
		}
		l.W = &w
	}
	return l
}
