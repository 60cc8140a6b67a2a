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
	Kind     string `json:"kind"` // energy, fixed, tax or rounding
	Name     string `json:"name"`
	Wh       *int64 `json:"wh"` // nil unless energy
	Amount   string `json:"amount"`
	Included string `json:"included,omitempty"`
	Period   string `json:"-"` // displayName of the tariffPeriod, of energy and fixed
}

// Quote computes the bill of a plan by plain arithmetic on plain readings. It
// refuses a period that is not wholly within the whole UTC days, from that of
// the first reading to that of the last, that the series covers; slots that it
// lacks within these count as missing.
func Quote(p *Plan, s *Series) (*Bill, error) {
	if err := s.check(p); err != nil {
		return nil, fmt.Errorf("quote: %w", err)
	}
	u := p.use(s)
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
	wh      []int64    // per energy line
	exact   []*big.Int // per energy line, pico units
	rounded []*big.Int // per energy line, minor units, each slot rounded (stage interval)

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

func (p *Plan) use(s *Series) *usage {
	u := &usage{wh: make([]int64, len(p.Energy))}
	for range p.Energy {
		u.exact = append(u.exact, new(big.Int))
		u.rounded = append(u.rounded, new(big.Int))
	}
	money, reading := new(big.Int), new(big.Int)
	for t := p.From; t < p.To; t += p.step() {
		wh, status := s.at(t)
		u.slots++
		switch status {
		case MissingSlot:
			if u.missing++; u.missing == 1 {
				u.firstMissing = t
			}
		case EstimatedSlot:
			if u.estimated++; u.estimated == 1 {
				u.firstEstimated = t
			}
		}
		slot := p.slotAt(t)
		line := p.line[slot]
		u.wh[line] += int64(wh)
		money.Mul(money.SetInt64(p.price[slot]), reading.SetUint64(uint64(wh)))
		u.exact[line].Add(u.exact[line], money)
		if p.Rounding.Stage == StageInterval {
			u.rounded[line].Add(u.rounded[line], p.Rounding.minor(money))
		}
	}
	return u
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
	perLine := r.Stage == StageLine || r.Stage == StageInterval
	listed := new(big.Int) // sum of the lines so far
	add := func(l Line, fine *big.Int) {
		l.Amount = Decimal(fine, finest, r.Digits)
		listed.Add(listed, fine)
		b.Lines = append(b.Lines, l)
	}
	for i, e := range p.Energy {
		amount := new(big.Int).Mul(u.exact[i], nano)
		switch r.Stage {
		case StageLine:
			amount = r.fine(r.minor(u.exact[i]))
		case StageInterval:
			amount = r.fine(u.rounded[i])
		}
		add(Line{Kind: "energy", Name: e.Name, Period: e.Period, Wh: &u.wh[i]}, amount)
	}
	for _, f := range p.Fixed {
		amount := new(big.Int).Mul(f.Amount, nano)
		if perLine {
			amount = r.fine(r.minor(f.Amount))
		}
		add(Line{Kind: "fixed", Name: f.Name, Period: f.Period}, amount)
	}

	// net is exact in stages bill and net, a whole number of minor units in the
	// others, where rounding it again changes nothing.
	net := new(big.Int).Set(listed)
	unit := powerOfTen(finest - r.Digits)
	total := r.Mode.round(net, unit)
	taxes := p.roundedTaxes(total)
	switch {
	case p.PricesIncludeTax:
	case r.Stage == StageBill:
		total = r.Mode.round(new(big.Int).Mul(net, p.taxFactor()), new(big.Int).Mul(unit, nano))
	default:
		total.Add(total, sum(taxes))
	}
	for i, t := range p.Taxes {
		line := Line{Kind: "tax", Name: t.Name}
		amount := new(big.Int)
		switch {
		case p.PricesIncludeTax:
			line.Included = r.Money(p.included(i, total))
		case r.Stage == StageBill:
			amount.Div(amount.Mul(net, big.NewInt(t.Rate)), nano) // net is a multiple of 10⁹ fine units
		default:
			amount = r.fine(taxes[i])
		}
		add(line, amount)
	}
	if rest := new(big.Int).Sub(r.fine(total), listed); rest.Sign() != 0 {
		add(Line{Kind: "rounding", Name: "Rounding"}, rest)
	}
	b.Total = r.Money(total)
	return b
}
