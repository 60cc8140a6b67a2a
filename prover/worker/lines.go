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
	quote, err := tariffs.Quote(p, b.use.channels()...)
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

// energyByPrice returns, for every line of Plan.Energy, its prices in order of
// time of first use, before blocks and netting.
func energyByPrice(p *tariffs.Plan, u *use) [][]priced {
	lines := make([][]priced, len(p.Energy))
	for t := p.From; t < p.To; t += u.step {
		i := (t - u.series.Start) / u.step
		for _, x := range p.Prices(t) {
			e := &p.Energy[x.Line]
			at := slices.IndexFunc(lines[x.Line], func(have priced) bool { return have.price == x.Pico })
			if at < 0 {
				at = len(lines[x.Line])
				lines[x.Line] = append(lines[x.Line], priced{price: x.Pico})
			}
			have := &lines[x.Line][at]
			have.slots++
			have.wh += int64(u.of(e.Channel).Wh[i])
		}
	}
	return lines
}

// describeLines puts the lines of a quote into words, in the order of the quote.
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
		switch {
		case l.Rate > 0:
			m.KWh = kWh(*l.Wh)
			m.Price, m.Steps = energySteps(p, used[l.Rate-1], &l)
		case l.Kind == "fixed" && fixed < len(p.Fixed):
			m.Steps = fixedSteps(p, &p.Fixed[fixed], l.Amount)
			fixed++
		case l.Kind == "tax":
			m.Steps = taxSteps(p, p.Taxes[tax], net, &l)
			if l.Included != "" {
				inside := money(q.Currency, l.Included)
				m.Included = &inside
			}
			tax++
		case l.Kind == "rounding":
			m.Steps = append(m.Steps, messages.Step{Left: "So that the total is a whole number of " + pennies(p), Right: m.Amount.Text, Note: roundingWords(p.Rounding, p.Currency)})
		default:
			m.Price, m.Steps = ruleSteps(&l, m.Amount.Text)
		}
		out = append(out, m)
	}
	return out
}

// ruleSteps tells of lines that compare readings or other lines.
func ruleSteps(l *tariffs.Line, amount string) (price string, steps []messages.Step) {
	step := messages.Step{Left: l.Name, Right: amount}
	switch l.Kind {
	case "demand":
		price = kWh(*l.W) + " kW" // W have three decimals as Wh have
		step.Left = "Your highest demand that counts: " + price
	case "minimum":
		step.Left = "What lacks to the least that is charged"
	case "discount":
		step.Left = "Taken off the lines above"
	case "surcharge":
		step.Left = "Added to the lines above"
	}
	return price, []messages.Step{step}
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
		if e.Component == p.Energy[0].Component && e.Period != p.Energy[0].Period {
			return true
		}
	}
	return false
}

const mostSteps = 8

// energySteps shows how a line comes from its prices, and the price in one phrase.
func energySteps(p *tariffs.Plan, used []priced, l *tariffs.Line) (price string, steps []messages.Step) {
	steps = []messages.Step{}
	amount := l.Amount
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
	if e := &p.Energy[l.Rate-1]; len(used) > 0 && (e.Blocks != nil || wh != *l.Wh) {
		return blockSteps(p, e, l)
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

// blockSteps is a line of which only some of the energy is charged, or at prices
// that hang on how much there was.
func blockSteps(p *tariffs.Plan, e *tariffs.EnergyLine, l *tariffs.Line) (price string, steps []messages.Step) {
	exact := decimalsOf(l.Amount, 12)
	for _, block := range e.Blocks {
		if exact.Cmp(product(block, *l.Wh)) == 0 && *l.Wh != 0 {
			price = perKWh(p.Currency, block)
			return price, []messages.Step{{Left: fmt.Sprintf("%s kWh × %s", kWh(*l.Wh), unitPrice(p.Currency, block)), Right: money(p.Currency, l.Amount).Text}}
		}
	}
	note := ""
	if e.Blocks == nil {
		note = "of each reading only what was not balanced by the other direction"
	}
	return "", []messages.Step{{Left: kWh(*l.Wh) + " kWh", Right: money(p.Currency, l.Amount).Text, Note: note}}
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
		note = "each reading’s money was rounded by itself"
	}
	return []messages.Step{{Left: pico(p.Currency, exact).Text + ", rounded", Right: money(p.Currency, amount).Text, Note: note}}
}

func fixedSteps(p *tariffs.Plan, f *tariffs.FixedLine, amount string) []messages.Step {
	steps := []messages.Step{}
	daily, rest := new(big.Int), new(big.Int)
	if f.Days > 0 {
		daily.QuoRem(f.Amount, big.NewInt(int64(f.Days)), rest)
	}
	if f.Days > 0 && rest.Sign() == 0 {
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
		case p.Rounding.Stage == tariffs.StageBill && l.Kind != "tax" && l.Kind != "rounding":
			net.Add(net, decimalsOf(l.Amount, 12))
		case p.Rounding.Stage != tariffs.StageBill && l.Kind == "tax":
			net.Sub(net, decimalsOf(l.Amount, 12))
		}
	}
	return net
}

func taxSteps(p *tariffs.Plan, t tariffs.Tax, net *big.Int, l *tariffs.Line) []messages.Step {
	rate := tariffs.Decimal(big.NewInt(t.Rate), 7, 0) + "%"
	if p.PricesIncludeTax {
		return []messages.Step{{Left: fmt.Sprintf("%s at %s is inside the prices", t.Name, rate), Right: money(p.Currency, l.Included).Text, Note: "nothing is added for it"}}
	}
	if len(t.On) > 0 || len(t.Of) > 0 {
		return []messages.Step{{Left: t.Name + " at " + rate, Right: money(p.Currency, l.Amount).Text, Note: onWhat(p, t)}}
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

// onWhat names what a tax is raised on where that is not simply everything.
func onWhat(p *tariffs.Plan, t tariffs.Tax) string {
	words := slices.Clone(t.Of)
	if len(words) == 0 {
		words = append(words, "everything before tax")
	}
	for _, i := range t.On {
		words = append(words, p.Taxes[i].Name)
	}
	return "of " + list(words)
}
