package tariffs

import (
	"math/big"
	"slices"
)

// peakRows returns a row for every demand that is charged for: those of one
// line that are charged for alike are one number, their sum. In place of the
// highest stands the mean of what it is the highest of; with alike, a day on
// which the clock is changed is one of as many intervals as the others.
func (p *Plan) peakRows(alike bool) (out []Row) {
	for i := range p.items {
		it := &p.items[i]
		var shares []*big.Rat
		var sets [][]int // rules charged for alike
		for _, d := range it.demands {
			at := slices.IndexFunc(shares, func(x *big.Rat) bool { return x.Cmp(d.share) == 0 })
			if at < 0 {
				at = len(shares)
				shares, sets = append(shares, d.share), append(sets, nil)
			}
			sets[at] = append(sets[at], d.rule)
		}
		for _, rules := range sets {
			if row := p.peakRow(rules, alike); !slices.ContainsFunc(out, func(o Row) bool { return equalRows(o, row) }) {
				out = append(out, row)
			}
		}
	}
	return out
}

func (p *Plan) peakRow(rules []int, alike bool) Row {
	candidates := p.candidates(rules, alike)
	unit := int64(1)
	for _, k := range candidates {
		unit = unit / int64(gcd(uint64(unit), uint64(k))) * k
	}
	r := Row{FirstDay: p.FirstDay, U: big.NewInt(unit), Peak: true}
	for range p.Days {
		r.Weights = append(r.Weights, make([]int64, p.N))
	}
	for at, i := range rules {
		rule := &p.Rules[i]
		weight := unit / candidates[at] * int64(max(1, rule.N))
		for _, g := range rule.Groups {
			for _, c := range g.Cells {
				r.Weights[c.Row/len(p.Channels)][c.Slot] += weight
			}
		}
	}
	return r
}

// candidates returns how many intervals each demand is the highest of. An hour
// more or less of a day on which the clock is changed does not count if there is
// a day in the bill that has neither.
func (p *Plan) candidates(rules []int, alike bool) []int64 {
	out := make([]int64, len(rules))
	usual := map[int64]bool{}
	for at, i := range rules {
		out[at] = int64(len(p.Rules[i].Groups))
		if !p.changesClock(&p.Rules[i]) {
			usual[out[at]] = true
		}
	}
	if !alike {
		return out
	}
	for at, i := range rules {
		if !p.changesClock(&p.Rules[i]) || usual[out[at]] {
			continue
		}
		for by := int64(1); by <= int64(p.N/24); by++ { // an interval is a slot at least
			if k := out[at] + by; usual[k] {
				out[at] = k
				break
			} else if k = out[at] - by; usual[k] {
				out[at] = k
				break
			}
		}
	}
	return out
}

// changesClock reports whether a demand is of one day alone, and the clock is
// changed on it.
func (p *Plan) changesClock(r *Rule) bool {
	day := Date(r.Groups[0].Day)
	if r.Groups[len(r.Groups)-1].Day != int(day) {
		return false
	}
	return midnight(p.location(), day+1)-midnight(p.location(), day) != daySeconds
}
