package prover

import "math/big"

// ruled is where a plan's rules meet sealed rows: one row of the plan may be
// sealed in two parts, if a meter was replaced or paired again that day.
type ruled struct {
	plan   *BillPlan
	rows   []Row
	places []int         // sealed row → row of the plan
	at     map[int][]int // row of the plan → sealed rows
}

func (p *BillPlan) ruled(rows []Row, places []int) *ruled {
	r := &ruled{plan: p, rows: rows, places: places, at: map[int][]int{}}
	for i, at := range places {
		r.at[at] = append(r.at[at], i)
	}
	return r
}

// lone is a reading that a rule looks at by itself: Cells are those of the
// sealed rows, K its weight. Of kind Net the reading is K times import − export.
type lone struct {
	row, slot int
	beside    int // the row of export, −1 if there is none
	k         int64
}

// singles are the readings that a rule of kind Net or Each looks at.
func (r *ruled) singles(rule *Rule) (list []lone) {
	for i, at := range r.places {
		beside := -1
		if next := i + 1; next < len(r.places) && r.places[next] == at+1 {
			beside = next
		}
		for s, k := range rule.Of.row(at) {
			if k != 0 {
				list = append(list, lone{i, s, beside, k})
			}
		}
	}
	return list
}

// gathering is one demand interval: a day of its rule, counted from 0, and the sealed
// readings that it is made of, each less once.
type gathering struct {
	day   int
	cells []Cell
}

// demands are the intervals of a rule of kind Peak or Highest that are sealed at
// all, and the number of its days.
func (r *ruled) demands(rule *Rule) (list []gathering, days int) {
	for i, g := range rule.Groups {
		if i == 0 || g.Day != rule.Groups[i-1].Day {
			days++
		}
		d := gathering{day: days - 1}
		for _, c := range g.Cells {
			for _, row := range r.at[c.Row] {
				d.cells = append(d.cells, Cell{Row: row, Slot: c.Slot, K: -1})
			}
		}
		if len(d.cells) > 0 {
			list = append(list, d)
		}
	}
	return list, days
}

// most is the greatest demand that the meters can measure.
func (r *ruled) most(list []gathering) *big.Int {
	var most int64 = 1
	for _, d := range list {
		var sum int64
		for _, c := range d.cells {
			sum += int64(r.rows[c.Row].Cap)
		}
		most = max(most, sum)
	}
	return big.NewInt(most)
}

// values computes what every rule comes to, from the readings of the sealed
// rows, and the secrets that a proof needs for it beside those that it finds by
// itself. The time does not depend on the readings.
func (r *ruled) values(readings [][]uint32) (values, secrets []Int) {
	for k := range r.plan.Rules {
		rule := &r.plan.Rules[k]
		var v Int
		var given []Int
		switch rule.Kind {
		case Excess:
			v = rule.Of.value(r.places, readings, values).positive()
		case Step:
			v = Int{1 - rule.Of.value(r.places, readings, values).Less(Int{})}
		case Peak, Highest:
			v, given = r.peaks(rule, readings)
		case Net:
			v, given = r.netted(rule, readings)
		case Each:
			v, given = r.rounded(rule, readings)
		}
		values, secrets = append(values, v), append(secrets, given...)
	}
	return values, secrets
}

// peaks returns the peak and itself as the secret, or the sum of the highest
// daily peaks and, as secrets, the last of them and what each day has above it.
func (r *ruled) peaks(rule *Rule, readings [][]uint32) (v Int, secrets []Int) {
	list, n := r.demands(rule)
	days := make([]Int, n)
	for _, d := range list {
		var sum Int
		for _, c := range d.cells {
			sum = sum.Add(NewInt(int64(readings[c.Row][c.Slot])))
		}
		days[d.day] = Select(days[d.day].Less(sum), sum, days[d.day])
	}
	if rule.Kind == Peak {
		for _, x := range days {
			v = Select(v.Less(x), x, v)
		}
		return v, []Int{v}
	}
	theta := highest(days, rule.Count)
	secrets = []Int{theta}
	v = theta.Mul(NewInt(int64(rule.Count)))
	for _, x := range days {
		over := x.Sub(theta).positive()
		secrets = append(secrets, over)
		v = v.Add(over)
	}
	return v, secrets
}

// highest returns the count-th greatest of the values, none of which is
// negative: it takes away the greatest so many times.
func highest(values []Int, count int) (v Int) {
	left := append([]Int(nil), values...)
	for range count {
		v = NewInt(-1)
		for _, x := range left {
			v = Select(v.Less(x), x, v)
		}
		taken := uint64(0)
		for i, x := range left {
			hit := x.Sub(v).isZero() &^ taken
			left[i] = Select(hit, NewInt(-1), x)
			taken |= hit
		}
	}
	return v
}

// signs parts readings with positive weights from those with negative ones.
func (r *ruled) signs(list []lone) (above, below []lone) {
	for _, s := range list {
		if s.k > 0 {
			above = append(above, s)
		} else {
			below = append(below, s)
		}
	}
	return above, below
}

// netted returns Σ k·max(0, import − export); the secrets are each max, those of
// positive weights first, and then for each negative weight whether it is not 0.
func (r *ruled) netted(rule *Rule, readings [][]uint32) (v Int, secrets []Int) {
	above, below := r.signs(r.singles(rule))
	var bits []Int
	for i, c := range append(above, below...) {
		e := NewInt(int64(readings[c.row][c.slot]))
		if c.beside >= 0 {
			e = e.Sub(NewInt(int64(readings[c.beside][c.slot])))
		}
		bit := Int{(Int{}).Less(e)}
		e = e.positive()
		secrets = append(secrets, e)
		if v = v.Add(e.Mul(NewInt(c.k))); i >= len(above) {
			bits = append(bits, bit)
		}
	}
	return v, append(secrets, bits...)
}

// rounded returns Σ round(k·reading/U); the secrets are each, counted from the
// least that one can be, and split in two if the mode needs their parity.
func (r *ruled) rounded(rule *Rule, readings [][]uint32) (v Int, secrets []Int) {
	list := r.singles(rule)
	lo, _ := r.span(rule, list)
	base := publicInt(lo)
	if rule.U.Cmp(one) == 0 {
		return rule.Of.value(r.places, readings, nil), nil
	}
	split := rule.Mode.parity(rule.U)
	var parities []Int
	for _, c := range list {
		x := rule.Mode.divide(Int{}.accumulate(c.k, readings[c.row][c.slot]), rule.U)
		v = v.Add(x)
		if !split {
			secrets = append(secrets, x.Sub(base))
			continue
		}
		parities = append(parities, Int{x[0] & 1})
		secrets = append(secrets, x.half().Sub(base))
	}
	return v, append(secrets, parities...)
}

// parity reports whether the mode looks at whether the result is even.
func (m Mode) parity(u *big.Int) bool { return m == HalfEven && u.Bit(0) == 0 }

// span returns the least and the greatest that a rounded reading, or its half,
// can be.
func (r *ruled) span(rule *Rule, list []lone) (lo, hi *big.Int) {
	ends := interval{zero, zero}
	for _, c := range list {
		end := new(big.Int).Mul(big.NewInt(c.k), big.NewInt(int64(r.rows[c.row].Cap)))
		ends = interval{least(ends.lo, end), greatest(ends.hi, end)}
	}
	lo, hi = rule.Mode.bounds(ends, rule.U) // rounding never falls
	if rule.Mode.parity(rule.U) {
		lo, hi = new(big.Int).Rsh(lo, 1), new(big.Int).Rsh(hi, 1)
	}
	return lo, hi
}

// value computes the form from readings of the rows at these places of the plan
// and the rules that it uses.
func (f *Form) value(places []int, readings [][]uint32, values []Int) Int {
	x := publicInt(f.Const)
	for i, at := range places {
		for s, w := range f.row(at) {
			x = x.accumulate(w, readings[i][s])
		}
	}
	for _, t := range f.Hidden {
		x = x.Add(values[t.Rule].Mul(publicInt(t.Coef)))
	}
	return x
}

// row returns the weights of the plan's row at, nil if all are 0.
func (f *Form) row(at int) []int64 {
	if i := at - f.FirstRow; i >= 0 && i < len(f.Weights) {
		return f.Weights[i]
	}
	return nil
}

// positive returns max(0, x).
func (x Int) positive() Int { return Select(x.Less(Int{}), Int{}, x) }

// divide rounds a hidden value of the plan to units of u.
func (p *BillPlan) divide(x Int, u *big.Int) Int {
	if p.Kind == BillExact {
		return x
	}
	return Mode(p.Mode).divide(x, u)
}
