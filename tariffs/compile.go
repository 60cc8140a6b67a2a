package tariffs

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sort"
	"time"
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

	// Per slot of the UTC days: its price and the index of its line in Energy,
	// which is −1 outside the period.
	price []int64
	line  []int32
}

// An EnergyLine is one rate of one tariffPeriod, whether it is used or not.
type EnergyLine struct {
	Period string // displayName of the tariffPeriod
	Name   string // displayName of the rate
}

// A FixedLine is the standing charge of one tariffPeriod.
type FixedLine struct {
	Period string
	Name   string
	Days   int      // local days of the period that it was charged for
	Amount *big.Int // pico-currency
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
	return p, nil
}

// inForce returns the tariffs of a period in order of time, each day having
// exactly one, all of one kind of bill.
func inForce(ts []*Tariff, start, end Date) ([]*Tariff, error) {
	var used []*Tariff
	for _, t := range ts {
		if t.From < end && t.To > start {
			used = append(used, t)
		}
	}
	sort.SliceStable(used, func(i, j int) bool { return used[i].From < used[j].From })
	at := start
	for i, t := range used {
		if t.From > at {
			return nil, fmt.Errorf("no tariff is in force from %s to %s (exclusive)", at, t.From)
		}
		if i > 0 && t.From < at {
			return nil, fmt.Errorf("tariffs %q and %q are both in force on %s", used[i-1].PlanID, t.PlanID, t.From)
		}
		if err := agree(used[0], t); err != nil {
			return nil, err
		}
		at = t.To
	}
	if at < end {
		return nil, fmt.Errorf("no tariff is in force from %s to %s (exclusive)", at, end)
	}
	return used, nil
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
	case !slices.Equal(a.Taxes, b.Taxes):
		return differ("taxes", a.Taxes, b.Taxes)
	case a.PricesIncludeTax != b.PricesIncludeTax:
		return differ("pricesIncludeTax", a.PricesIncludeTax, b.PricesIncludeTax)
	case a.Missing != b.Missing:
		return differ("missingPolicy", a.Missing, b.Missing)
	case a.Estimated != b.Estimated:
		return differ("estimatedPolicy", a.Estimated, b.Estimated)
	}
	return nil
}

// newPlan sets all of a plan but its prices.
func newPlan(ts []*Tariff, start, end Date, n int) (*Plan, error) {
	t := ts[0]
	loc, err := Zone(t.Clock)
	if err != nil {
		return nil, err
	}
	p := &Plan{
		Tariffs: ts, Start: start, End: end, From: midnight(loc, start), To: midnight(loc, end), N: n,
		Clock: t.Clock, Currency: t.Currency, PricesIncludeTax: t.PricesIncludeTax, Taxes: t.Taxes,
		Rounding: t.Rounding, Missing: t.Missing, Estimated: t.Estimated,
		Channels: []int{0},
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
	for _, t := range ts {
		from, to := max(start, t.From), min(end, t.To)
		for i := range t.seasons {
			p.addLines(t, i, from, to)
		}
	}
	return p, nil
}

func (p *Plan) addLines(t *Tariff, i int, from, to Date) {
	s := &t.seasons[i]
	for _, r := range s.rates {
		p.Energy = append(p.Energy, EnergyLine{Period: s.name, Name: r.name})
	}
	if s.supply == nil {
		return
	}
	days := 0
	for d := from; d < to; d++ {
		if s.contains(d.dayOfYear()) {
			days++
		}
	}
	amount := new(big.Int).Mul(s.supply, big.NewInt(int64(days)))
	p.Fixed = append(p.Fixed, FixedLine{Period: s.name, Name: "Standing charge", Days: days, Amount: amount})
}

// step is the length of a slot in seconds.
func (p *Plan) step() int64 { return int64(daySeconds / p.N) }

// slotAt returns the index of the slot that begins at t.
func (p *Plan) slotAt(t int64) int {
	return int((t - int64(p.FirstDay)*daySeconds) / p.step())
}

// At returns the line in Energy of the slot that begins at t, seconds since
// 1970, and its price in pico units per Wh; line is −1 outside the period.
func (p *Plan) At(t int64) (line int, price int64) {
	if t < p.From || t >= p.To {
		return -1, 0
	}
	s := p.slotAt(t)
	return int(p.line[s]), p.price[s]
}

// A piece is a stretch of time with one price on one line.
type piece struct {
	from, to int64
	line     int32
	price    int64
}

// fill sets price and line of every slot. It works by pieces, not by slots:
// where the clock's offset is constant, local days are plain arithmetic.
func (p *Plan) fill() error {
	loc, err := Zone(p.Clock)
	if err != nil {
		return err
	}
	var pieces []piece
	for _, s := range spans(loc, p.From, p.To) {
		first, last := Date(floorDiv(s.from+s.offset, daySeconds)), Date(floorDiv(s.to+s.offset-1, daySeconds))
		for d := first; d <= last; d++ {
			if pieces, err = p.dayPieces(pieces, d, s); err != nil {
				return err
			}
		}
	}
	p.price = make([]int64, p.Days*p.N)
	p.line = make([]int32, p.Days*p.N)
	for i := range p.line {
		p.line[i] = -1
	}
	for i, c := range pieces {
		if c.from%p.step() != 0 {
			return fmt.Errorf("price changes from %q to %q at %s in %s, inside a metering slot of %d minutes",
				p.Energy[pieces[i-1].line].Name, p.Energy[c.line].Name, stamp(loc, c.from), p.Clock, p.step()/60)
		}
	}
	for _, c := range pieces {
		for s := p.slotAt(c.from); s < p.slotAt(c.to); s++ {
			p.price[s], p.line[s] = c.price, c.line
		}
	}
	return nil
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// dayPieces appends the prices of local day d as far as it lies in span s.
func (p *Plan) dayPieces(out []piece, d Date, s span) ([]piece, error) {
	base, t := p.tariffOf(d)
	if t == nil {
		return nil, fmt.Errorf("no tariff is in force on %s", d)
	}
	i := t.seasonOf(d)
	for _, before := range t.seasons[:i] {
		base += len(before.rates)
	}
	season := &t.seasons[i]
	dayStart := int64(d)*daySeconds - s.offset
	from, to := max(dayStart, s.from), min(dayStart+daySeconds, s.to)
	if len(season.rows) > 0 {
		return season.dynamicPieces(out, from, to, int32(base))
	}
	for _, w := range season.dayWindows(t.countsAs(d-1), t.countsAs(d)) {
		c := piece{
			from: max(from, dayStart+int64(w.start)*60), to: min(to, dayStart+int64(w.end)*60),
			line: int32(base + w.rate), price: w.price,
		}
		if c.from < c.to {
			out = appendPiece(out, c)
		}
	}
	return out, nil
}

// tariffOf returns the tariff in force on a local day and the index of its
// first line.
func (p *Plan) tariffOf(d Date) (first int, of *Tariff) {
	for _, t := range p.Tariffs {
		if d >= t.From && d < t.To {
			return first, t
		}
		for _, s := range t.seasons {
			first += len(s.rates)
		}
	}
	return 0, nil
}

// dynamicPieces appends the rows between two instants, which they must cover.
func (s *season) dynamicPieces(out []piece, from, to int64, line int32) ([]piece, error) {
	i := sort.Search(len(s.rows), func(i int) bool { return s.rows[i].to > from })
	for ; from < to; i++ {
		if i == len(s.rows) || s.rows[i].from > from {
			return nil, fmt.Errorf("%s.dynamicRates.rates: no price from %s", s.path, utcStamp(from))
		}
		r := s.rows[i]
		out = appendPiece(out, piece{from, min(r.to, to), line, r.price})
		from = r.to
	}
	return out, nil
}

// appendPiece joins a piece to the one before if nothing changes between them.
func appendPiece(out []piece, c piece) []piece {
	if n := len(out); n > 0 && out[n-1].to == c.from && out[n-1].line == c.line && out[n-1].price == c.price {
		out[n-1].to = c.to
		return out
	}
	return append(out, c)
}

// location returns the clock of a plan that has been compiled.
func (p *Plan) location() *time.Location {
	loc, err := Zone(p.Clock)
	if err != nil {
		panic(err) // Compile has loaded it already
	}
	return loc
}
