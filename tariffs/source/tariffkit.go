package source

import (
	"math/big"
	"strings"
)

// A tariff book of a Californian utility as TOML: prices by season and period
// from their parts, a baseline by territory whose credit is a price of its own,
// a base charge a day by tier of income. The parts must add up to the totals
// that the book states; where they do not, one of both must be chosen.

func isTariffkit(g glance) bool {
	return g.toml.at("tariff") != nil && g.toml.at("energy") != nil
}

func readTariffkit(s *sheet) *draft {
	s.single()
	root := s.parse(parseTOML)[0]
	if s.err != nil {
		return nil
	}
	if got := root.need("schema").str(); got != "1" {
		s.fail("schema %q is not known", got)
	}
	currency, ok := strings.CutSuffix(root.need("currency").str(), "/kWh")
	if !ok {
		s.fail("currency: %q is not one per kWh", currency)
	}
	k := &kit{sheet: s, root: root, draft: &draft{
		id: root.need("tariff").str(), name: root.need("tariff").str(), brand: root.need("utility").str(),
		currency: currency, from: root.need("effective").str(),
	}}
	k.energy()
	k.baseline()
	k.base()
	root.at("has_baseline").str()
	root.at("cca").skip("for customers of another supplier of energy")
	root.at("medical").skip("for customers with a medical baseline")
	return k.draft
}

type kit struct {
	*sheet
	root  *node
	draft *draft
}

// spans are summer as the book has it and winter between.
func (k *kit) spans() map[string]span {
	seasons := k.root.need("seasons")
	first, last := dayOfYear(seasons.need("summer_start").str()), dayOfYear(seasons.need("summer_end").str())
	if first == 0 || last == 0 || first > last {
		k.fail("seasons: summer is not from one day MM-DD to a later one")
		return nil
	}
	return map[string]span{"summer": {monthDay(first), monthDay(last)}, "winter": {monthDay(last%366 + 1), monthDay((first+364)%366 + 1)}}
}

var kitSeasons = []string{"summer", "winter"}

func (k *kit) energy() {
	spans := k.spans()
	adders := new(big.Rat)
	for _, a := range k.root.at("adders").members() {
		adders = plus(adders, a.amount())
	}
	for _, name := range kitSeasons {
		totals := k.root.need("totals").need(name)
		g, blocks := newGrid(), []block{}
		for _, period := range k.root.need("energy").need(name).few(maxWindows) {
			sum := adders
			for _, part := range period.items {
				sum = plus(sum, part.amount())
			}
			total := read(totals.need(period.name))
			if k.err != nil {
				return
			}
			if sum.Cmp(total.value) != 0 {
				switch k.choose("prices", total.at.path()+" is "+total.at.text+" and its parts add up to "+sum.FloatString(5), []string{"totals", "parts"}) {
				case "totals":
					k.drop("energy."+name+"."+period.name, sum.FloatString(5), "the parts do not add up to the stated total of "+total.at.text+", which was chosen")
				case "parts":
					k.drop(total.at.path(), total.at.text, "not the sum of its parts, which was chosen: "+sum.FloatString(5))
					total.value = sum
				}
			}
			blocks = append(blocks, block{name: strings.ReplaceAll(period.name, "_", " "), steps: []step{{price: total}}})
			k.paint(g, period, len(blocks)-1)
		}
		fill(g, blocks)
		if err := g.gap(); err != nil && k.err == nil {
			k.fail("energy.%s: %w", name, err)
		}
		k.draft.seasons = append(k.draft.seasons, season{name: name, span: spans[name], blocks: timed(blocks, g)})
	}
}

// paint gives a period its hours, the same on all days; off-peak has none.
func (k *kit) paint(g *grid, period *node, block int) {
	for _, stretch := range k.root.need("periods").at(period.name).some(maxWindows) {
		ends := stretch.list()
		if len(ends) != 2 {
			stretch.fail("is not two hours")
			return
		}
		if err := g.paint(allDays, 60*ends[0].count(24), 60*ends[1].count(24), block); err != nil {
			stretch.fail("%v", err)
		}
	}
}

// fill gives what is left of the week to the block named off peak.
func fill(g *grid, blocks []block) {
	for i, b := range blocks {
		if b.name != "off peak" {
			continue
		}
		for d := range g {
			for m := range g[d] {
				if g[d][m] < 0 {
					g[d][m] = int16(i)
				}
			}
		}
	}
}

// baseline is a credit for a first amount a day.
func (k *kit) baseline() {
	n := k.root.at("baseline")
	if n == nil || !k.root.at("has_baseline").yes() {
		return
	}
	kinds := names(n.need("quantities"))
	kind := n.need("quantities").at(k.choose("baseline", "the baseline depends on how a home is heated", kinds))
	territory := kind.at(k.choose("territory", "the baseline depends on the territory", names(kind)))
	if k.err != nil {
		return
	}
	n.at("within_rate").str()
	n.at("over_rate").str()
	credit := read(n.need("credit")).scaled(rat(-1, 1))
	spans := k.spans()
	for _, name := range kitSeasons {
		volume := read(territory.need(name))
		volume.key = "dailyVolume"
		k.draft.seasons = append(k.draft.seasons, season{component: "Baseline", name: name, span: spans[name], blocks: []block{{
			name: "Baseline credit", per: "BILL", steps: []step{{credit, &volume}, {price: money{value: new(big.Rat)}}},
		}}})
	}
	for _, other := range n.at("quantities").items {
		for _, t := range other.items {
			if t != territory {
				t.skip("the baseline of another territory or home")
			}
		}
	}
}

// base is a daily charge by tier.
func (k *kit) base() {
	n := k.root.at("base_services_charge")
	if n == nil {
		return
	}
	if unit := n.need("unit").str(); unit != k.draft.currency+"/day" {
		n.fail("unit %q is not a day's", unit)
	}
	var tiers []string
	for _, name := range names(n) {
		if name != "unit" {
			tiers = append(tiers, name)
		}
	}
	tier := k.choose("base", "the base services charge depends on income", tiers)
	for _, other := range n.items {
		if other.name != tier && other.name != "unit" {
			other.skip("the charge of another tier")
		}
	}
	if c := n.at(tier); c != nil {
		k.draft.charges = append(k.draft.charges, charge{name: "Base services charge", per: "P1D", amount: read(c)})
	}
}

func names(n *node) []string {
	var out []string
	for _, m := range n.members() {
		out = append(out, m.name)
	}
	return out
}
