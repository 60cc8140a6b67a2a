package worker

import (
	"fmt"
	"math/big"
	"slices"

	"hushwatt/meter"
	"hushwatt/prover/messages"
	"hushwatt/tariffs"
)

// describeBill works the bill out in the open and puts it into words.
func (d *Desk) describeBill(b *draft) error {
	p := b.compiled
	quote, err := tariffs.Quote(p, &b.use.series)
	if err != nil {
		return err
	}
	t := b.told
	t.ID, t.First, t.Last, t.Period = b.id, p.Start.String(), (p.End - 1).String(), periodWords(p.Start, p.End)
	t.Title = "Your bill for " + t.Period
	for _, used := range p.Tariffs {
		i := slices.IndexFunc(b.tariffs, func(k knownTariff) bool { return k.Tariff == used })
		m, err := d.describeTariff(&b.tariffs[i])
		if err != nil {
			return err
		}
		t.Tariffs = append(t.Tariffs, m)
	}
	t.Supplier = t.Tariffs[0].Supplier
	t.Total = money(p.Currency, quote.Total)
	t.Lines = describeLines(p, quote, b.use)
	t.Rounding = roundingWords(p.Rounding, p.Currency)
	c := b.use.count
	t.Slots, t.Missing, t.Estimated = c.Slots, c.Missing, c.Estimated
	t.MissingSlots, t.EstimatedSlots = b.use.named(meter.Missing, p.Clock), b.use.named(meter.Estimated, p.Clock)
	if b.plain() {
		t.Plain = true
		return nil
	}
	b.sayBits()
	t.Leaves, t.Stays = b.leaves(), b.stays()
	t.SendText, t.SaveText = fmt.Sprintf("Send my bill for %s to %s", t.Period, t.Supplier.Name), "Save the bill as a file"
	if m := monthWords(p.Start, p.End); m != "" {
		t.SendText = fmt.Sprintf("Send my %s bill to %s", m, t.Supplier.Name)
	}
	return nil
}

// priced is the energy at one price.
type priced struct {
	price int64
	wh    int64
	slots int
}

// energyByPrice returns, for every energy line, its prices in order of time of
// first use.
func energyByPrice(p *tariffs.Plan, u *use) [][]priced {
	lines := make([][]priced, len(p.Energy))
	for t := p.From; t < p.To; t += u.step {
		line, price := p.At(t)
		if line < 0 {
			continue
		}
		at := slices.IndexFunc(lines[line], func(x priced) bool { return x.price == price })
		if at < 0 {
			at = len(lines[line])
			lines[line] = append(lines[line], priced{price: price})
		}
		x := &lines[line][at]
		x.slots++
		x.wh += int64(u.series.Wh[(t-u.series.Start)/u.step])
	}
	return lines
}

// describeLines puts the lines of a quote into words. They stand in the order of
// the plan: energy, standing charges, taxes, rounding.
func describeLines(p *tariffs.Plan, q *tariffs.Bill, u *use) []messages.Line {
	used := energyByPrice(p, u)
	seasons := severalSeasons(p)
	out := []messages.Line{}
	fixed, tax := 0, 0
	net := netOf(p, q)
	for _, l := range q.Lines {
		m := messages.Line{Kind: l.Kind, Name: l.Name, Amount: money(q.Currency, l.Amount), Steps: []messages.Step{}}
		if seasons {
			m.Period = l.Period
		}
		switch l.Kind {
		case "energy":
			m.KWh = kWh(*l.Wh)
			m.Price, m.Steps = energySteps(p, used[l.Rate-1], l.Amount)
		case "fixed":
			m.Steps = fixedSteps(p, &p.Fixed[fixed], l.Amount)
			fixed++
		case "tax":
			m.Steps = taxSteps(p, p.Taxes[tax], net, &l)
			if l.Included != "" {
				inside := money(q.Currency, l.Included)
				m.Included = &inside
			}
			tax++
		case "rounding":
			m.Steps = append(m.Steps, messages.Step{Left: "So that the total is a whole number of " + pennies(p), Right: m.Amount.Text, Note: roundingWords(p.Rounding, p.Currency)})
		default:
			m.Steps = append(m.Steps, messages.Step{Left: l.Name, Right: m.Amount.Text})
		}
		out = append(out, m)
	}
	return out
}

func pennies(p *tariffs.Plan) string {
	switch s := smallest(p.Rounding.Digits, p.Currency); s {
	case "penny":
		return "pence"
	case "cent":
		return "cents"
	default:
		return "steps of " + s
	}
}

func severalSeasons(p *tariffs.Plan) bool {
	for _, e := range p.Energy {
		if e.Period != p.Energy[0].Period {
			return true
		}
	}
	return false
}

const mostSteps = 8

// energySteps shows how a line comes from its prices, and the price in one phrase.
func energySteps(p *tariffs.Plan, used []priced, amount string) (price string, steps []messages.Step) {
	steps = []messages.Step{}
	total := new(big.Int)
	low, high, wh, slots := int64(0), int64(0), int64(0), 0
	for i, x := range used {
		total.Add(total, product(x.price, x.wh))
		if i == 0 || x.price < low {
			low = x.price
		}
		if i == 0 || x.price > high {
			high = x.price
		}
		wh, slots = wh+x.wh, slots+x.slots
		if len(used) <= mostSteps {
			steps = append(steps, messages.Step{
				Left:  fmt.Sprintf("%s kWh × %s", kWh(x.wh), unitPrice(p.Currency, x.price)),
				Right: pico(p.Currency, product(x.price, x.wh)).Text,
				Note:  slotsWords(x.slots, 1440/p.N),
			})
		}
	}
	switch {
	case len(used) == 0:
		steps = append(steps, messages.Step{Left: "Not used in this period", Right: money(p.Currency, amount).Text})
		return "", steps
	case len(used) == 1:
		price = perKWh(p.Currency, low)
	default:
		price = unitPrice(p.Currency, low) + " to " + perKWh(p.Currency, high)
	}
	if len(used) > mostSteps {
		steps = append(steps, messages.Step{
			Left:  fmt.Sprintf("%s kWh in %s, each at its own price", kWh(wh), slotsWords(slots, 1440/p.N)),
			Right: pico(p.Currency, total).Text,
			Note:  "from " + unitPrice(p.Currency, low) + " to " + perKWh(p.Currency, high),
		})
	} else if len(used) > 1 {
		steps = append(steps, messages.Step{Left: "Together", Right: pico(p.Currency, total).Text})
	}
	return price, append(steps, roundStep(p, total, amount)...)
}

// product is money of pico units per Wh times Wh.
func product(price, wh int64) *big.Int {
	return new(big.Int).Mul(big.NewInt(price), big.NewInt(wh))
}

// roundStep is the last step of a line that is rounded by itself.
func roundStep(p *tariffs.Plan, exact *big.Int, amount string) []messages.Step {
	if decimalsOf(amount, 12).Cmp(exact) == 0 {
		return nil
	}
	note := ""
	if p.Rounding.Stage == tariffs.StageInterval {
		note = "each reading's money was rounded by itself"
	}
	return []messages.Step{{Left: pico(p.Currency, exact).Text + ", rounded", Right: money(p.Currency, amount).Text, Note: note}}
}

func fixedSteps(p *tariffs.Plan, f *tariffs.FixedLine, amount string) []messages.Step {
	steps := []messages.Step{}
	if f.Days > 0 {
		daily := new(big.Int).Div(f.Amount, big.NewInt(int64(f.Days))) // exact: the sum of equal days
		steps = append(steps, messages.Step{
			Left:  fmt.Sprintf("%s × %s", counted(f.Days, "day", "days"), pico(p.Currency, daily).Text),
			Right: pico(p.Currency, f.Amount).Text,
		})
	}
	return append(steps, roundStep(p, f.Amount, amount)...)
}

// netOf is what taxes are taken of, in units of 10⁻¹²: the lines before tax, as
// they are where only the bill is rounded, else rounded as the rule has it.
func netOf(p *tariffs.Plan, q *tariffs.Bill) *big.Int {
	net := new(big.Int)
	if p.Rounding.Stage != tariffs.StageBill {
		net = decimalsOf(q.Total, 12)
	}
	for _, l := range q.Lines {
		switch {
		case p.Rounding.Stage == tariffs.StageBill && (l.Kind == "energy" || l.Kind == "fixed"):
			net.Add(net, decimalsOf(l.Amount, 12))
		case p.Rounding.Stage != tariffs.StageBill && l.Kind == "tax":
			net.Sub(net, decimalsOf(l.Amount, 12))
		}
	}
	return net
}

func taxSteps(p *tariffs.Plan, t tariffs.Tax, net *big.Int, l *tariffs.Line) []messages.Step {
	rate := tariffs.Decimal(big.NewInt(t.Rate), 7, 0) + " %"
	if p.PricesIncludeTax {
		return []messages.Step{{Left: fmt.Sprintf("%s at %s is inside the prices", t.Name, rate), Right: money(p.Currency, l.Included).Text, Note: "nothing is added for it"}}
	}
	exact := tariffs.Decimal(new(big.Int).Mul(net, big.NewInt(t.Rate)), 21, 2)
	steps := []messages.Step{{Left: fmt.Sprintf("%s of %s", rate, pico(p.Currency, net).Text), Right: money(p.Currency, exact).Text}}
	if p.Rounding.Stage == tariffs.StageNet {
		steps[0].Note = "of the total before tax, rounded"
	}
	if decimalsOf(exact, 21).Cmp(decimalsOf(l.Amount, 21)) != 0 {
		steps = append(steps, messages.Step{Left: money(p.Currency, exact).Text + ", rounded", Right: money(p.Currency, l.Amount).Text})
	}
	return steps
}
