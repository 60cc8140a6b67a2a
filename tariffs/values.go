package tariffs

import "math/big"

// values computes the value of every rule from the readings, by rows of the
// plan: each by its definition.
func (p *Plan) values(readings [][]int64) []*big.Int {
	out := make([]*big.Int, 0, len(p.Rules))
	for i := range p.Rules {
		out = append(out, p.value(&p.Rules[i], readings, out))
	}
	return out
}

func (p *Plan) value(r *Rule, readings [][]int64, before []*big.Int) *big.Int {
	switch r.Kind {
	case RuleExcess:
		if x := r.Of.value(readings, before); x.Sign() > 0 {
			return x
		}
		return new(big.Int)
	case RuleStep:
		if r.Of.value(readings, before).Sign() >= 0 {
			return big.NewInt(1)
		}
		return new(big.Int)
	case RulePeak:
		return big.NewInt(highest(r.Groups, 1, readings))
	case RuleHighest:
		return big.NewInt(highest(r.Groups, r.N, readings))
	case RuleNet:
		return p.netValue(r, readings)
	}
	return r.roundedValue(readings)
}

// value computes a form.
func (f *Form) value(readings [][]int64, values []*big.Int) *big.Int {
	total, w, x := new(big.Int).Set(f.Const), new(big.Int), new(big.Int)
	for i, row := range f.Weights {
		for s, weight := range row {
			if c := readings[f.FirstRow+i][s]; weight != 0 && c != 0 {
				total.Add(total, w.Mul(w.SetInt64(weight), x.SetInt64(c)))
			}
		}
	}
	for _, t := range f.Hidden {
		total.Add(total, x.Mul(t.Coef, values[t.Rule]))
	}
	return total
}

// highest returns the sum of the n greatest daily peaks.
func highest(groups []Group, n int, readings [][]int64) int64 {
	peaks := map[int]int64{}
	for _, g := range groups {
		sum := int64(0)
		for _, c := range g.Cells {
			sum += readings[c.Row][c.Slot]
		}
		peaks[g.Day] = max(peaks[g.Day], sum)
	}
	if n == 1 {
		most := int64(0)
		for _, x := range peaks {
			most = max(most, x)
		}
		return most
	}
	total := int64(0)
	for range n {
		at, most := 0, int64(-1)
		for day, x := range peaks {
			if x > most {
				at, most = day, x
			}
		}
		total += max(0, most)
		delete(peaks, at)
	}
	return total
}

func (p *Plan) netValue(r *Rule, readings [][]int64) *big.Int {
	total, w, x := new(big.Int), new(big.Int), new(big.Int)
	for d, row := range r.Price {
		day := (r.FirstDay + d) * len(p.Channels)
		for s, price := range row {
			if net := readings[day][s] - readings[day+1][s]; net > 0 && price != 0 {
				total.Add(total, w.Mul(w.SetInt64(price), x.SetInt64(net)))
			}
		}
	}
	return total
}

func (r *Rule) roundedValue(readings [][]int64) *big.Int {
	total, w, x := new(big.Int), new(big.Int), new(big.Int)
	for i, row := range r.Of.Weights {
		for s, weight := range row {
			if c := readings[r.Of.FirstRow+i][s]; weight != 0 && c != 0 {
				total.Add(total, r.Mode.round(w.Mul(w.SetInt64(weight), x.SetInt64(c)), r.U))
			}
		}
	}
	return total
}
