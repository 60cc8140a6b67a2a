package tariffs

import (
	"fmt"
	"iter"
	"math/big"
	"math/bits"
	"slices"
	"time"
)

// Evidence is what several rows tell together about one home (rule B). With W
// the integer weights, one row per released number, and D = diag(1/U), the
// matrix of the rule is F = D·W. Prior: slots independent with σ = 12,000/n Wh
// (500 Wh in an hour); each rounding adds a variance of 1/12. With
//
//	B = 12·12000²·W·Wᵀ + n²·diag(U²)       (integers, positive definite)
//
// D, n and the twelfth cancel out of σ²·(F·v)ᵀ·(σ²·F·Fᵀ + I/12)⁻¹·(F·v)/|g|,
// which becomes 12·12000²·(W·v)ᵀ·B⁻¹·(W·v)/|g|; and B⁻¹ = adj(B)/det(B).
type evidence struct {
	n        int
	loc      *time.Location
	rows     []Row
	firstDay int // the UTC days looked at: those of the rows and one on each side
	days     int
	channels int // 2 if a row speaks of export: its slots come after all those of import
	adjugate [][]*big.Int
	det      *big.Int
	sums     [][]*big.Int // per row, sums of its weights before each slot
	small    [][]int64    // the same where all of them are small, in place of sums
}

// A stretch is the slots [from, to), counted from the first day looked at.
type stretch struct{ from, to int }

// prior is 12·12000².
var prior = big.NewInt(12 * 12000 * 12000)

func newEvidence(n int, loc *time.Location, rows []Row) *evidence {
	first, last := rows[0].FirstDay, rows[0].FirstDay
	for _, r := range rows {
		first, last = min(first, r.FirstDay), max(last, r.FirstDay+len(r.Weights)-1)
	}
	e := &evidence{n: n, loc: loc, rows: rows, firstDay: first - 1, days: last - first + 3, channels: 1}
	if slices.ContainsFunc(rows, func(r Row) bool { return r.Export != nil }) {
		e.channels = 2
	}
	if e.sumSmall() {
		return e
	}
	for _, r := range rows {
		e.sums = append(e.sums, e.prefixSums(r))
	}
	return e
}

// sumSmall makes the sums, if all of them are far below 2^63.
func (e *evidence) sumSmall() bool {
	var all [][]int64
	for i := range e.rows {
		sum := int64(0)
		small := make([]int64, 1, e.channels*e.days*e.n+1)
		for _, day := range e.daysOf(&e.rows[i]) {
			for _, w := range day {
				if sum += w; magnitude(w) >= 1<<40 || magnitude(sum) >= 1<<60 {
					return false
				}
				small = append(small, sum)
			}
		}
		all = append(all, small)
	}
	e.small = all
	return true
}

// daysOf returns the weights of all days looked at, import before export.
func (e *evidence) daysOf(r *Row) [][]int64 {
	none := make([]int64, e.n)
	out := make([][]int64, e.channels*e.days)
	for i := range out {
		weights := r.Weights
		if i >= e.days {
			weights = r.Export
		}
		out[i] = none
		if d := e.firstDay + i%e.days - r.FirstDay; d >= 0 && d < len(weights) {
			out[i] = weights[d]
		}
	}
	return out
}

// slots iterates over all slots looked at.
func (e *evidence) slots() iter.Seq[int] {
	return func(yield func(int) bool) {
		for t := range e.channels * e.days * e.n {
			if !yield(t) {
				return
			}
		}
	}
}

// at returns the row's weight of slot t of the evidence.
func (r *Row) at(e *evidence, t int) int64 {
	weights := r.Weights
	if t >= e.days*e.n {
		t, weights = t-e.days*e.n, r.Export
	}
	if d := e.firstDay + t/e.n - r.FirstDay; d >= 0 && d < len(weights) {
		return weights[d][t%e.n]
	}
	return 0
}

func (e *evidence) prefixSums(r Row) []*big.Int {
	out := []*big.Int{new(big.Int)}
	w := new(big.Int)
	for t := range e.slots() {
		last := out[len(out)-1]
		if x := r.at(e, t); x != 0 {
			last = new(big.Int).Add(last, w.SetInt64(x))
		}
		out = append(out, last) // shared while nothing changes; never written to
	}
	return out
}

// runs returns all stretches of that many slots, of import and of export.
func (e *evidence) runs(length int) []stretch {
	out := make([]stretch, 0, e.channels*e.days*e.n)
	for c := range e.channels {
		for t := 0; t+length <= e.days*e.n; t++ {
			out = append(out, stretch{c*e.days*e.n + t, c*e.days*e.n + t + length})
		}
	}
	return out
}

// localDays returns the days of the clock; a slot belongs to the one in which
// it begins.
func (e *evidence) localDays() []stretch {
	var out []stretch
	step := int64(daySeconds / e.n)
	origin := int64(e.firstDay) * daySeconds
	date := int64(-1 << 62)
	for _, s := range spans(e.loc, origin, origin+int64(e.days)*daySeconds) {
		for t := (s.from - origin + step - 1) / step; t < (s.to-origin+step-1)/step; t++ {
			if d := floorDiv(origin+t*step+s.offset, daySeconds); d != date {
				date = d
				out = append(out, stretch{int(t), int(t)})
			}
			out[len(out)-1].to = int(t) + 1
		}
	}
	if e.channels == 2 {
		for _, d := range slices.Clone(out) {
			out = append(out, stretch{d.from + e.days*e.n, d.to + e.days*e.n})
		}
	}
	return out
}

// explain finds the greatest share among the stretches and returns those
// beyond the limit.
func (e *evidence) explain(sets []stretch, limit *big.Rat, most *Share) (over []stretch) {
	if e.small != nil {
		// Many stretches say the same, or less: if those that say most are within the
		// limit, all are.
		some := e.distinct
		if len(e.rows) == 1 {
			some = e.greatest
		}
		if over = e.explainAll(some(sets), limit, most); over == nil {
			return nil
		}
	}
	return e.explainAll(sets, limit, most)
}

// greatest returns of each length the first stretch with the greatest sum of the
// only row.
func (e *evidence) greatest(sets []stretch) (out []stretch) {
	small := e.small[0]
	last, i := -1, -1
	for _, g := range sets {
		if length := g.to - g.from; length != last {
			last = length
			i = slices.IndexFunc(out, func(o stretch) bool { return o.to-o.from == length })
			if i < 0 {
				i = len(out)
				out = append(out, g)
				continue
			}
		}
		if magnitude(small[g.to]-small[g.from]) > magnitude(small[out[i].to]-small[out[i].from]) {
			out[i] = g
		}
	}
	slices.SortFunc(out, func(a, b stretch) int { return a.from - b.from })
	return out
}

// distinct returns the first stretch of each length and sums.
func (e *evidence) distinct(sets []stretch) (out []stretch) {
	type said struct {
		length int
		sums   [maxRows]int64
	}
	known := map[said]bool{}
	var last said
	for _, g := range sets {
		s := said{length: g.to - g.from}
		for i, small := range e.small {
			s.sums[i] = small[g.to] - small[g.from]
		}
		if s != last && !known[s] {
			known[s] = true
			out = append(out, g)
		}
		last = s
	}
	return out
}

func (e *evidence) explainAll(sets []stretch, limit *big.Rat, most *Share) (over []stretch) {
	e.invert()
	most.Value = new(big.Rat)
	best, bestSize := new(big.Int), big.NewInt(1)
	// 12·12000²·q/(det·|g|) > limit  ⇔  q·scale > bound·|g|
	scale := new(big.Int).Mul(prior, limit.Denom())
	bound := new(big.Int).Mul(e.det, limit.Num())
	left, right := new(big.Int), new(big.Int)
	for _, g := range sets {
		q := e.quadratic(g)
		if q.Sign() == 0 {
			continue
		}
		size := big.NewInt(int64(g.to - g.from))
		if left.Mul(q, bestSize).Cmp(right.Mul(best, size)) > 0 {
			best, bestSize = q, size
			most.From, most.To = e.instant(g.from), e.end(g)
		}
		if left.Mul(q, scale).Cmp(right.Mul(bound, size)) > 0 {
			over = append(over, g)
		}
	}
	most.Value.SetFrac(best.Mul(best, prior), new(big.Int).Mul(e.det, bestSize))
	return over
}

// quadratic returns (W·v)ᵀ·adj(B)·(W·v) for the slots of g.
func (e *evidence) quadratic(g stretch) *big.Int {
	z := make([]*big.Int, len(e.rows))
	for i, s := range e.small {
		if s[g.to] != s[g.from] {
			z[i] = big.NewInt(s[g.to] - s[g.from])
		}
	}
	for i, s := range e.sums {
		if s[g.to] != s[g.from] {
			z[i] = new(big.Int).Sub(s[g.to], s[g.from])
		}
	}
	total, inner, term := new(big.Int), new(big.Int), new(big.Int)
	for i := range z {
		if z[i] == nil {
			continue
		}
		// adj(B) is symmetric: the diagonal once, what is beside it twice.
		inner.Mul(e.adjugate[i][i], z[i])
		for j := range i {
			if z[j] != nil {
				term.Mul(e.adjugate[i][j], z[j])
				inner.Add(inner, term.Lsh(term, 1))
			}
		}
		total.Add(total, term.Mul(inner, z[i]))
	}
	return total
}

// invert makes B and, by elimination without fractions (Bareiss), its
// determinant and adjugate. B is positive definite, so no pivot is ever 0.
func (e *evidence) invert() {
	if e.det != nil {
		return
	}
	m := e.matrix()
	size := len(m)
	for i := range m {
		for j := range size {
			m[i] = append(m[i], big.NewInt(0))
			if i == j {
				m[i][size+j].SetInt64(1)
			}
		}
	}
	before, term := big.NewInt(1), new(big.Int)
	for k := range size {
		pivot := new(big.Int).Set(m[k][k])
		for i := range size {
			if i == k {
				continue
			}
			factor := new(big.Int).Set(m[i][k])
			for j := range m[i] {
				m[i][j].Mul(m[i][j], pivot)
				m[i][j].Sub(m[i][j], term.Mul(factor, m[k][j]))
				m[i][j].Quo(m[i][j], before) // exact
			}
		}
		before = pivot
	}
	e.det = before
	for i := range m {
		e.adjugate = append(e.adjugate, m[i][size:])
	}
}

// matrix returns B.
func (e *evidence) matrix() [][]*big.Int {
	m := make([][]*big.Int, len(e.rows))
	for i := range m {
		m[i] = make([]*big.Int, len(e.rows))
	}
	for i := range e.rows {
		for j := range i + 1 {
			b := e.product(&e.rows[i], &e.rows[j])
			b.Mul(b, prior)
			if i == j {
				unit := new(big.Int).Mul(e.rows[i].U, big.NewInt(int64(e.n)))
				b.Add(b, unit.Mul(unit, unit))
			}
			m[i][j], m[j][i] = b, new(big.Int).Set(b)
		}
	}
	return m
}

// product returns Σ a·b over all slots.
func (e *evidence) product(a, b *Row) *big.Int {
	if e.small != nil {
		return e.smallProduct(a, b)
	}
	total, x, y := new(big.Int), new(big.Int), new(big.Int)
	for t := range e.slots() {
		if v, w := a.at(e, t), b.at(e, t); v != 0 && w != 0 {
			total.Add(total, x.Mul(x.SetInt64(v), y.SetInt64(w)))
		}
	}
	return total
}

// smallProduct is product of weights below 2^40: what is positive and what is
// negative apart, in 128 bits each.
func (e *evidence) smallProduct(a, b *Row) *big.Int {
	var sums [2]struct{ hi, lo uint64 }
	other := e.daysOf(b)
	for i, day := range e.daysOf(a) {
		for s, v := range day {
			w := other[i][s]
			if v == 0 || w == 0 {
				continue
			}
			sum := &sums[0]
			if (v < 0) != (w < 0) {
				sum = &sums[1]
			}
			h, l := bits.Mul64(magnitude(v), magnitude(w))
			var carry uint64
			sum.lo, carry = bits.Add64(sum.lo, l, 0)
			sum.hi += h + carry
		}
	}
	var out [2]*big.Int
	for i, sum := range sums {
		x := new(big.Int).SetUint64(sum.hi)
		out[i] = x.Lsh(x, 64).Add(x, new(big.Int).SetUint64(sum.lo))
	}
	return out[0].Sub(out[0], out[1])
}

func (e *evidence) instant(slot int) int64 {
	return int64(e.firstDay)*daySeconds + int64(slot%(e.days*e.n))*int64(daySeconds/e.n)
}

func (e *evidence) end(g stretch) int64 { return e.instant(g.to-1) + int64(daySeconds/e.n) }

// describe names stretches in local time, those that touch as one, the first
// few of many.
func (e *evidence) describe(found []stretch) []string {
	const most = 4
	var joined []stretch
	for _, g := range found {
		if n := len(joined); n > 0 && g.from <= joined[n-1].to {
			joined[n-1].to = max(joined[n-1].to, g.to)
		} else {
			joined = append(joined, g)
		}
	}
	var out []string
	for i, g := range joined {
		if i == most {
			return append(out, fmt.Sprintf("and %d more", len(joined)-most))
		}
		from, to := time.Unix(e.instant(g.from), 0).In(e.loc), time.Unix(e.end(g), 0).In(e.loc)
		until := to.Format("15:04")
		if from.Format(time.DateOnly) != to.Format(time.DateOnly) {
			until = to.Format("2 Jan 2006 15:04")
		}
		what := ""
		if g.from >= e.days*e.n {
			what = "export of "
		}
		out = append(out, what+from.Format("Mon 2 Jan 2006 15:04")+" to "+until)
	}
	return out
}
