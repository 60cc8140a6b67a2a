package worker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"hushwatt/meter"
	"hushwatt/prover/messages"
	"hushwatt/tariffs"
)

const mostDays = 400

// days makes the picture of some local days.
func (d *Desk) days(j *job, m *messages.AskDays) (any, error) {
	exports, err := d.exports(m.Home)
	if err != nil {
		return nil, err
	}
	if m.Home == "" || len(exports) == 0 {
		return nil, fail(messages.NotFound, "That home is not on this device any more.", "")
	}
	known, _, err := d.catalogue(j, false)
	if err != nil {
		return nil, err
	}
	chosen, err := d.usual(known, m.Tariff, exports[0].Facts.Meter)
	if err != nil {
		return nil, err
	}
	clock, err := d.homeClock()
	if err != nil {
		return nil, err
	}
	if len(chosen) > 0 {
		clock = chosen[0].Clock
	}
	from, to := exports[0].Facts.From, exports[0].Facts.To
	for _, h := range exports {
		from, to = min(from, h.Facts.From), max(to, h.Facts.To)
	}
	homeStart, homeEnd := wholeDays(from, to, clock)
	start, end := lastMonth(homeStart, homeEnd)
	if m.From != "" || m.To != "" {
		if start, end, err = period(m.From, m.To); err != nil {
			return nil, err
		}
	}
	if end-start > mostDays {
		return nil, fail(messages.BadCall, fmt.Sprintf("At most %d days can be shown at once.", mostDays), "Choose a shorter period.")
	}
	p := &picture{clock: clock, loc: clockOf(clock), start: start, end: end}
	if err := p.read(d, j, exports); err != nil {
		return nil, err
	}
	p.price(chosen)
	answer, err := p.draw(d, chosen)
	if err != nil {
		return nil, err
	}
	answer.Home, answer.HomeFirst, answer.HomeLast = m.Home, homeStart.String(), (homeEnd - 1).String()
	return answer, nil
}

// lastMonth is the last whole calendar month of [start, end), or its last 31 days.
func lastMonth(start, end tariffs.Date) (tariffs.Date, tariffs.Date) {
	t := timeOf(end)
	last := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	first := last.AddDate(0, -1, 0)
	a, b := tariffs.Date(first.Unix()/day), tariffs.Date(last.Unix()/day)
	if a >= start {
		return a, b
	}
	return max(start, end-31), end
}

// usual returns the tariff to show prices of, with its other versions: the one
// asked for, else that of the newest request for the meter, else the first.
func (d *Desk) usual(known []knownTariff, id, meterName string) ([]knownTariff, error) {
	if id == "" {
		taken := int64(-1)
		err := d.each(askPrefix, func(name string, data []byte) error {
			a, r, err := d.heldAsk(name[len(askPrefix):])
			if err != nil {
				return err
			}
			for _, m := range r.Terms.Meters {
				if m.Meter != meterName || a.Taken < taken {
					continue
				}
				for _, hash := range r.Terms.Tariffs { // the last of the tariffs; addenda stand among them
					named := fmt.Sprintf("%x", hash)
					if _, err := d.host.Vault.Get(addendumPrefix + named); errors.Is(err, ErrNoRecord) {
						id, taken = named, a.Taken
					}
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	i := slices.IndexFunc(known, func(t knownTariff) bool { return t.ID() == id })
	if i < 0 && id == "" && len(known) > 0 {
		i = 0
	}
	if i < 0 {
		return nil, nil
	}
	return versions(known, known[i]), nil
}

// A picture is days while they are being drawn.
type picture struct {
	clock      string
	loc        *time.Location
	start, end tariffs.Date
	from, to   int64
	n          int
	use        *use
	plan       *tariffs.Plan // nil without prices
	noPrices   string
}

func (p *picture) read(d *Desk, j *job, exports []heldExport) error {
	p.from, p.to = begins(p.clock, p.start), begins(p.clock, p.end)
	var files []*readings
	for i := range exports {
		f := &exports[i].Facts
		p.n = max(p.n, int(f.N))
		if f.To <= p.from || f.From >= p.to {
			continue
		}
		r, err := d.readings(j, &exports[i])
		if err != nil {
			return err
		}
		files = append(files, r)
	}
	firstDay := int(p.from / day)
	days := int((p.to-1)/day) - firstDay + 1
	var err error
	p.use, err = gatherDays(files, firstDay, days, p.n, p.from, p.to)
	return err
}

// price compiles the prices; a picture without them is a picture still.
func (p *picture) price(chosen []knownTariff) {
	if len(chosen) == 0 {
		p.noPrices = "No tariff is known on this device yet."
		return
	}
	plan, err := tariffs.Compile(plainTariffs(chosen), p.start, p.end, p.n)
	if err != nil {
		p.noPrices = chosen[0].DisplayName + " has no prices for all of these days."
		return
	}
	p.plan = plan
}

func (p *picture) draw(d *Desk, chosen []knownTariff) (*messages.Days, error) {
	m := &messages.Days{
		Clock: p.clock, SlotMinutes: int(p.use.step / 60), Period: periodWords(p.start, p.end),
		First: p.start.String(), Last: (p.end - 1).String(), Start: p.from,
		List: []messages.Day{}, Tariffs: []messages.Tariff{}, Rates: []messages.Rate{}, NoPrices: p.noPrices,
	}
	if p.plan != nil {
		m.Currency, m.WithTax = p.plan.Currency, p.plan.PricesIncludeTax
		for _, e := range p.plan.Energy {
			m.Rates = append(m.Rates, messages.Rate{Name: e.Name, Period: e.Period})
		}
		for _, t := range p.plan.Tariffs {
			i := slices.IndexFunc(chosen, func(k knownTariff) bool { return k.Tariff == t })
			told, err := d.describeTariff(&chosen[i])
			if err != nil {
				return nil, err
			}
			m.Tariffs = append(m.Tariffs, told)
		}
	}
	p.columns(m)
	for date := p.start; date < p.end; date++ {
		m.List = append(m.List, p.day(m, date))
	}
	return m, nil
}

// columns writes the slots of all days.
func (p *picture) columns(m *messages.Days) {
	for t := p.from; t < p.to; t += p.use.step {
		i := (t - p.use.series.Start) / p.use.step
		wh := p.use.series.Wh[i]
		m.Wh = binary.LittleEndian.AppendUint32(m.Wh, wh)
		m.Status = append(m.Status, byte(p.use.status[i]))
		m.Max, m.TotalWh = max(m.Max, int(wh)), m.TotalWh+int64(wh)
		if p.plan != nil {
			line, price := p.at(t)
			m.Price = binary.LittleEndian.AppendUint64(m.Price, uint64(price))
			m.Rate = append(m.Rate, byte(max(0, min(line, 255))))
		}
	}
}

// at is the price of using one Wh more in a slot, of all components together, and
// the line of the first of them. Blocks count at their first price.
func (p *picture) at(t int64) (line int, price int64) {
	line = -1
	for _, x := range p.plan.Prices(t) {
		e := &p.plan.Energy[x.Line]
		if e.Channel != meter.ImportChannel {
			continue
		}
		if line < 0 {
			line = x.Line
		}
		if x.Pico != 0 || len(e.Blocks) == 0 {
			price += x.Pico
		} else {
			price += e.Blocks[0]
		}
	}
	return line, price
}

// day sums up one local day and cuts it into stretches of one price.
func (p *picture) day(m *messages.Days, date tariffs.Date) messages.Day {
	from, to := begins(p.clock, date), begins(p.clock, date+1)
	at := timeOf(date)
	out := messages.Day{
		Date: date.String(), Name: at.Format("Monday 2 January"), Weekend: at.Weekday() == time.Saturday || at.Weekday() == time.Sunday,
		From: int((from - p.from) / p.use.step), Slots: int((to - from) / p.use.step), Windows: []messages.Window{},
	}
	cost := new(big.Int)
	for s := range out.Slots {
		i := out.From + s
		wh := int64(m.WhAt(i))
		out.Wh += wh
		if m.StatusAt(i) == messages.Missing {
			out.Missing++
		}
		price, priced := m.PriceAt(i)
		if !priced {
			continue
		}
		cost.Add(cost, product(price, wh))
		rate := m.Rates[m.Rate[i]].Name
		if k := len(out.Windows) - 1; k >= 0 && out.Windows[k].Pico == price && out.Windows[k].Rate == rate {
			out.Windows[k].Slots++
		} else {
			out.Windows = append(out.Windows, messages.Window{From: s, Slots: 1, Rate: rate, Pico: price, Price: perKWh(m.Currency, price)})
		}
	}
	for k := range out.Windows {
		w := &out.Windows[k]
		w.Start, w.End = p.wall(m.TimeAt(out.From+w.From)), p.wall(m.TimeAt(out.From+w.From+w.Slots))
		if w.From+w.Slots == out.Slots {
			w.End = "24:00"
		}
	}
	if p.plan != nil {
		money := pico(m.Currency, cost)
		out.Money = &money
	}
	p.change(&out, m)
	return out
}

func (p *picture) wall(t int64) string { return time.Unix(t, 0).In(p.loc).Format("15:04") }

// change finds where in a day the clocks are put forward or back.
func (p *picture) change(out *messages.Day, m *messages.Days) {
	offset := func(t int64) int {
		_, o := time.Unix(t, 0).In(p.loc).Zone()
		return o
	}
	for s := range out.Slots {
		t := m.TimeAt(out.From + s)
		before, after := offset(t-1), offset(t)
		if before == after || s == 0 {
			continue
		}
		out.ChangeSlot = s
		shown := time.Unix(t, 0).UTC().Add(time.Duration(before) * time.Second).Format("15:04")
		out.Change = "The clocks went back at " + shown + "."
		if after > before {
			out.Change = "The clocks went forward at " + shown + "."
		}
		return
	}
}
