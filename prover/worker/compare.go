package worker

import (
	"math/big"
	"slices"
	"strings"

	"hushwatt/meter"
	"hushwatt/prover/messages"
	"hushwatt/tariffs"
)

// compare works out the same days on every tariff that is known, by the plain
// arithmetic of a quote. Nothing leaves the device for it: all published tariffs
// are fetched, whichever is looked at.
func (d *Desk) compare(j *job, m *messages.Compare) (any, error) {
	exports, err := d.exports(m.Home)
	if err != nil {
		return nil, err
	}
	if m.Home == "" || len(exports) == 0 {
		return nil, fail(messages.NotFound, "That home is not on this device any more.", "")
	}
	if err := j.phase("pricing", "Looking up the tariffs"); err != nil {
		return nil, err
	}
	known, online, err := d.catalogue(j, true)
	if err != nil {
		return nil, err
	}
	present, err := d.usual(known, "", exports[0].Facts.Meter)
	if err != nil {
		return nil, err
	}
	clock, err := d.homeClock()
	if err != nil {
		return nil, err
	}
	start, end := lastMonth(wholeDays(exports[0].Facts.From, exports[len(exports)-1].Facts.To, clock))
	if m.From != "" || m.To != "" {
		if start, end, err = period(m.From, m.To); err != nil {
			return nil, err
		}
	}
	var files []*readings
	n := 0
	for i := range exports {
		n = max(n, int(exports[i].Facts.N))
		if exports[i].Facts.To <= int64(start-1)*day || exports[i].Facts.From >= int64(end+1)*day {
			continue
		}
		r, err := d.readings(j, &exports[i])
		if err != nil {
			return nil, err
		}
		files = append(files, r)
	}
	c := &comparison{desk: d, start: start, end: end, n: n, files: files}
	answer := &messages.Comparison{
		Period: periodWords(start, end), Offline: !online, Options: []messages.Option{}, Skipped: []messages.Unpriced{},
		Caveat: "This is what the same days would have cost if you had used the same amount at the same times.",
	}
	for _, product := range products(known) {
		if err := c.add(answer, product, len(present) > 0 && product[0].PlanID == present[0].PlanID && product[0].supplier == present[0].supplier); err != nil {
			return nil, err
		}
	}
	c.rank(answer)
	return answer, nil
}

// products groups tariffs with their other versions.
func products(known []knownTariff) [][]knownTariff {
	var list [][]knownTariff
	for _, t := range known {
		if !slices.ContainsFunc(list, func(p []knownTariff) bool { return p[0].supplier == t.supplier && p[0].PlanID == t.PlanID }) {
			list = append(list, versions(known, t))
		}
	}
	return list
}

type comparison struct {
	desk       *Desk
	start, end tariffs.Date
	n          int
	files      []*readings
}

// add quotes one product, or says why it cannot.
func (c *comparison) add(answer *messages.Comparison, product []knownTariff, present bool) error {
	told, err := c.desk.describeTariff(&product[len(product)-1])
	if err != nil {
		return err
	}
	skip := func(why string) { answer.Skipped = append(answer.Skipped, messages.Unpriced{Tariff: told, Why: why}) }
	p, err := tariffs.Compile(plainTariffs(product), c.start, c.end, c.n)
	if err != nil {
		skip("It has no prices for all of these days.")
		return nil
	}
	if slices.Contains(p.Channels, meter.ExportChannel) && !slices.ContainsFunc(c.files, gives) {
		skip("It prices what is fed into the grid, of which there are no readings.")
		return nil
	}
	u, err := gather(c.files, p)
	if err != nil {
		return err
	}
	if first, last := u.firstAndLast(p.From, p.To); first != p.From || last != p.To || len(u.holes(p.From, p.To)) > 0 {
		skip("Your meter’s file does not hold all of these days.")
		return nil
	}
	q, err := tariffs.Quote(p, u.channels()...)
	if err != nil {
		skip("It does not allow a bill with missing or estimated readings.")
		return nil
	}
	answer.Options = append(answer.Options, messages.Option{
		Tariff: told, Total: money(q.Currency, q.Total), Present: present, Lines: describeLines(p, q, u),
	})
	return nil
}

const exactScale = 12

// rank sorts by price and compares with the present tariff, or with the cheapest.
func (c *comparison) rank(answer *messages.Comparison) {
	cost := func(o messages.Option) *big.Int { return decimalsOf(o.Total.Amount, exactScale) }
	slices.SortStableFunc(answer.Options, func(a, b messages.Option) int {
		if a.Total.Currency != b.Total.Currency {
			return strings.Compare(a.Total.Currency, b.Total.Currency)
		}
		return cost(a).Cmp(cost(b))
	})
	base := slices.IndexFunc(answer.Options, func(o messages.Option) bool { return o.Present })
	for i := range answer.Options {
		o := &answer.Options[i]
		if base < 0 || o.Total.Currency != answer.Options[base].Total.Currency {
			o.Difference = money(o.Total.Currency, "0.00")
			continue
		}
		diff := new(big.Int).Sub(cost(*o), cost(answer.Options[base]))
		o.Difference = money(o.Total.Currency, tariffs.Decimal(diff, exactScale, 2))
		amount := money(o.Total.Currency, tariffs.Decimal(new(big.Int).Abs(diff), exactScale, 2)).Text
		switch {
		case o.Present:
			o.Words = "your tariff now"
		case diff.Sign() < 0:
			o.Words = amount + " less than now"
		case diff.Sign() > 0:
			o.Words = amount + " more than now"
		default:
			o.Words = "the same as now"
		}
	}
}
