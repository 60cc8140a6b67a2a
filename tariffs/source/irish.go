package source

import "math/big"

// Irish smart plans: day, peak and night prices before VAT and discount. The
// windows are those that the form's note states, all days of the week.

func isIrish(g glance) bool {
	root := g.json
	plans := root.at("plans")
	return plans != nil && len(plans.items) > 0 && plans.items[0].at("night") != nil && plans.items[0].at("vat") != nil
}

var irishTimes = []struct {
	key, name, kind string
	from, to        int
}{
	{"night", "Night", "OFF_PEAK", 23 * 60, 8 * 60},
	{"peak", "Peak", "PEAK", 17 * 60, 19 * 60},
	{"day", "Day", "SHOULDER", 8 * 60, 17 * 60},
	{"day", "Day", "SHOULDER", 19 * 60, 23 * 60},
}

func readIrish(s *sheet) *draft {
	s.single()
	root := s.json()[0]
	plan := s.plan(root.need("plans").list(), func(n *node) string { return n.at("shortname").str() })
	if s.err != nil {
		return nil
	}
	root.at("note").taken()
	d := &draft{
		id: plan.need("shortname").str(), name: plan.need("plan").str(), brand: plan.need("provider").str(),
		currency: root.need("currency").str(), clock: "Europe/Dublin", from: plan.need("effective_date").str(), taxed: "no",
	}
	if vat := plan.need("vat").amount(); vat.Cmp(rat(1, 1)) >= 0 {
		d.taxes = []Tax{{Name: "VAT", Rate: nanos(plan.at("vat"), new(big.Rat).Sub(vat, rat(1, 1)))}}
	} else {
		plan.at("vat").fail("%s is no factor of 1 or more", text(plan.at("vat")))
	}
	if off := new(big.Rat).Sub(rat(1, 1), plan.need("discount").amount()); off.Sign() != 0 {
		d.discount = &money{off, plan.at("discount"), "discount"}
	}
	g, blocks := newGrid(), []block{}
	for i, t := range irishTimes {
		if t.key != "day" || i == 2 {
			blocks = append(blocks, block{name: t.name, kind: t.kind, steps: []step{{price: read(plan.need(t.key))}}})
		}
		if err := g.paint(allDays, t.from, t.to, len(blocks)-1); err != nil {
			s.fail("%w", err)
		}
	}
	d.seasons = []season{{name: "All year", span: wholeYear, blocks: timed(blocks, g)}}
	if n := plan.at("microgeneration"); n != nil {
		d.export = []season{{name: "Microgeneration", span: wholeYear, blocks: flat("Export", read(n))}}
	}
	return d
}

// nanos is a share in units of 10⁻⁹.
func nanos(n *node, share *big.Rat) int64 {
	scaled := times(share, rat(1e9, 1))
	if !scaled.IsInt() || scaled.Sign() < 0 || scaled.Num().BitLen() > 40 {
		n.fail("%s is no share between 0 and 1 of at most nine decimals", share.FloatString(10))
		return 0
	}
	return scaled.Num().Int64()
}
