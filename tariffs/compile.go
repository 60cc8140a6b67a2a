package tariffs

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sort"
)

// A Plan is the compiled bill of one period: integers only. Money is in pico
// units, 10⁻¹² of the currency.
type Plan struct {
	Tariffs []*Tariff // those in force in the period, in order of time

	// Start and End are dates of the clock, From and To the same midnights in
	// seconds since 1970; End and To are exclusive.
	Start, End Date
	From, To   int64

	// The UTC days that the period touches, days since 1970, N slots each.
	FirstDay, Days, N int

	Clock              string
	Currency           string
	PricesIncludeTax   bool
	Taxes              []Tax
	Rounding           Rounding
	Missing, Estimated Policy

	// Channels are those that are priced: 0 import, 1 export, ascending.
	Channels []int

	Energy []EnergyLine
	Fixed  []FixedLine
	Rules  []Rule // what compares readings; nil for a plan of prices alone

	segments []segment
	netting  bool
	layers   []layer // at least one
	items    []item
	minimums []leastAmount

	minimumRules []int // the rules of minimums

	// What the first layer says: per slot of the UTC days its price and the index
	// of its line in Energy, which is −1 outside the period.
	price []int64
	line  []int32

	lineSlots [][]int // of lines with blocks; made by slotsOf

	dates   []Date  // of the clock, per slot; made by calendar
	minutes []int16 // of the local day

	bounded     []bounds // of the rules so far
	functionals []Functional
	unprovable  error
}

// A segment is the days of a period on which one tariff is in force.
type segment struct {
	t        *Tariff
	from, to Date
}

// A layer is prices that stand beside those of other layers: of one component
// of each tariff. Its price and line are as in Plan.
type layer struct {
	channel int
	price   []int64
	line    []int32
}

// An EnergyLine is one rate of one component in one season, whether it is used
// or not. A rate in blocks has several lines on a bill.
type EnergyLine struct {
	Period    string // displayName of the tariffPeriod
	Name      string // displayName of the rate
	Component string
	Kind      string  // energy, export or event
	Channel   int     // whose readings are priced
	Blocks    []int64 // prices of its blocks, pico-currency per Wh; nil for one price
}

// A FixedLine is a charge that does not depend on readings.
type FixedLine struct {
	Period    string
	Name      string
	Component string
	Days      int      // local days of the period that it was charged for
	Amount    *big.Int // pico-currency
}

const maxPeriod = 3660 // days

// SlotLengths are the allowed numbers of slots in a UTC day.
var SlotLengths = []int{24, 48, 96, 144, 288}

// Compile works out the bill of the local days [start, end) for a meter with n
// slots in a UTC day. Several tariffs follow each other; each is used on the
// days it is in force, and those not in force at all in the period are left
// out. A period or a price whose edge lies inside a slot is refused.
func Compile(ts []*Tariff, start, end Date, n int) (*Plan, error) {
	if len(ts) == 0 {
		return nil, errors.New("compile: no tariff")
	}
	if !slices.Contains(SlotLengths, n) {
		return nil, fmt.Errorf("compile: %d slots a day; must be one of %v", n, SlotLengths)
	}
	if start < firstDate || end > lastDate || end <= start || end-start > maxPeriod {
		return nil, fmt.Errorf("compile: period from %s to %s (exclusive) is not 1 to %d days", start, end, maxPeriod)
	}
	used, err := inForce(ts, start, end)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	p, err := newPlan(used, start, end, n)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	if err := p.fill(); err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	if err := p.itemize(); err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	p.functionals, p.unprovable = p.makeFunctionals()
	return p, nil
}

// inForce returns the tariffs of a period in order of time, each day having
// exactly one, all of one kind of bill. A tariff that another one replaces ends
// where that one begins.
func inForce(ts []*Tariff, start, end Date) ([]segment, error) {
	var used []segment
	for _, t := range ts {
		to, err := endOf(t, ts)
		if err != nil {
			return nil, err
		}
		if t.From < end && to > start && t.From < to {
			used = append(used, segment{t, t.From, to})
		}
	}
	sort.SliceStable(used, func(i, j int) bool { return used[i].from < used[j].from })
	at := start
	for i, s := range used {
		if s.from > at {
			return nil, fmt.Errorf("no tariff is in force from %s to %s (exclusive)", at, s.from)
		}
		if i > 0 && s.from < at {
			return nil, fmt.Errorf("tariffs %q and %q are both in force on %s", used[i-1].t.PlanID, s.t.PlanID, s.from)
		}
		if err := agree(used[0].t, s.t); err != nil {
			return nil, err
		}
		at = s.to
	}
	if at < end {
		return nil, fmt.Errorf("no tariff is in force from %s to %s (exclusive)", at, end)
	}
	for i := range used {
		used[i].from, used[i].to = max(used[i].from, start), min(used[i].to, end)
	}
	return used, nil
}

// endOf returns the first day on which a tariff is no longer in force among ts.
func endOf(t *Tariff, ts []*Tariff) (Date, error) {
	end, by := t.To, (*Tariff)(nil)
	for _, other := range ts {
		if other.replaces == nil {
			continue
		}
		if id := t.Hash(); !bytes.Equal(other.replaces, id[:]) {
			continue
		}
		if by != nil {
			return 0, fmt.Errorf("tariffs %q and %q both replace %q", by.PlanID, other.PlanID, t.PlanID)
		}
		if !bytes.Equal(other.supplier, t.supplier) {
			return 0, fmt.Errorf("tariff %q replaces %q, which another supplier signed", other.PlanID, t.PlanID)
		}
		end, by = min(end, other.From), other
	}
	return end, nil
}

// agree refuses two tariffs that cannot stand on one bill.
func agree(a, b *Tariff) error {
	differ := func(key string, x, y any) error {
		return fmt.Errorf("tariffs %q and %q cannot share a bill: %s is %v in one and %v in the other", a.PlanID, b.PlanID, key, x, y)
	}
	switch {
	case a.Currency != b.Currency:
		return differ("currency", a.Currency, b.Currency)
	case a.Clock != b.Clock:
		return differ("clock", a.Clock, b.Clock)
	case a.Rounding != b.Rounding:
		return differ("rounding", a.Rounding, b.Rounding)
	case !slices.EqualFunc(a.Taxes, b.Taxes, Tax.equal):
		return differ("taxes", a.Taxes, b.Taxes)
	case a.PricesIncludeTax != b.PricesIncludeTax:
		return differ("pricesIncludeTax", a.PricesIncludeTax, b.PricesIncludeTax)
	case a.netting != b.netting:
		return differ("netMetering", a.netting, b.netting)
	case !slices.EqualFunc(a.minimums, b.minimums, minimum.like):
		return fmt.Errorf("tariffs %q and %q cannot share a bill: their minimum differs by more than the amount", a.PlanID, b.PlanID)
	case a.Missing != b.Missing:
		return differ("missingPolicy", a.Missing, b.Missing)
	case a.Estimated != b.Estimated:
		return differ("estimatedPolicy", a.Estimated, b.Estimated)
	}
	return nil
}

func (t Tax) equal(o Tax) bool {
	return t.Name == o.Name && t.Rate == o.Rate && slices.Equal(t.On, o.On) && slices.Equal(t.Of, o.Of) && (t.Of == nil) == (o.Of == nil)
}

// like reports whether two minimum charges can differ in their amount only.
func (m minimum) like(o minimum) bool {
	return m.name == o.name && m.component == o.component && m.term == o.term && slices.Equal(m.of, o.of) && (m.of == nil) == (o.of == nil)
}

// newPlan sets all of a plan but its prices.
func newPlan(used []segment, start, end Date, n int) (*Plan, error) {
	t := used[0].t
	loc, err := Zone(t.Clock)
	if err != nil {
		return nil, err
	}
	p := &Plan{
		segments: used, Start: start, End: end, From: midnight(loc, start), To: midnight(loc, end), N: n,
		Clock: t.Clock, Currency: t.Currency, PricesIncludeTax: t.PricesIncludeTax, Taxes: t.Taxes,
		Rounding: t.Rounding, Missing: t.Missing, Estimated: t.Estimated, netting: t.netting,
	}
	if p.From >= p.To {
		return nil, fmt.Errorf("period from %s to %s does not exist on the clock of %s", start, end, p.Clock)
	}
	for _, edge := range []struct {
		name string
		date Date
		at   int64
	}{{"starts", start, p.From}, {"ends", end, p.To}} {
		if edge.at%p.step() != 0 {
			return nil, fmt.Errorf("period %s at midnight of %s in %s, which is %s and lies inside a metering slot of %d minutes",
				edge.name, edge.date, p.Clock, utcStamp(edge.at), p.step()/60)
		}
	}
	p.FirstDay = int(p.From / daySeconds)
	p.Days = int((p.To-1)/daySeconds) - p.FirstDay + 1
	for _, s := range used {
		p.Tariffs = append(p.Tariffs, s.t)
	}
	p.Channels = p.pricedChannels()
	return p, nil
}

// pricedChannels returns whose readings the tariffs speak of.
func (p *Plan) pricedChannels() (out []int) {
	for _, channel := range []int{importChannel, exportChannel} {
		priced := p.netting
		for _, s := range p.segments {
			priced = priced || slices.ContainsFunc(s.t.tracks, func(k track) bool { return k.channel() == channel })
		}
		if priced {
			out = append(out, channel)
		}
	}
	return out
}

// step is the length of a slot in seconds.
func (p *Plan) step() int64 { return int64(daySeconds / p.N) }

// slotAt returns the index of the slot that begins at t.
func (p *Plan) slotAt(t int64) int {
	return int((t - int64(p.FirstDay)*daySeconds) / p.step())
}

// A Price is that of one component in one slot.
type Price struct {
	Line int   // index into Energy
	Pico int64 // pico units per Wh; a credit for export is below 0
}

// Prices returns all prices of the slot that begins at t, seconds since 1970:
// those of import, then those of export; none outside the period.
func (p *Plan) Prices(t int64) (out []Price) {
	if t < p.From || t >= p.To {
		return nil
	}
	s := p.slotAt(t)
	for _, l := range p.layers {
		if l.line[s] >= 0 {
			out = append(out, Price{int(l.line[s]), l.price[s]})
		}
	}
	return out
}

// At returns the line in Energy of the slot that begins at t, seconds since
// 1970, and its price in pico units per Wh, of the first component that prices
// energy (Prices has all of them); line is −1 outside the period.
func (p *Plan) At(t int64) (line int, price int64) {
	if t < p.From || t >= p.To {
		return -1, 0
	}
	s := p.slotAt(t)
	return int(p.line[s]), p.price[s]
}
