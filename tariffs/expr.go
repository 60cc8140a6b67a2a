package tariffs

import (
	"fmt"
	"maps"
	"math/big"
	"math/bits"
	"slices"
)

// An expr is an amount of money that depends on readings, exactly, in fine
// units: Σ lines[l]·(price·reading of line l, pico units) + Σ hidden[r]·(value of
// rule r) + konst.
type expr struct {
	lines  map[int]*big.Int
	hidden map[int]*big.Int
	konst  *big.Int
}

func newExpr() *expr {
	return &expr{lines: map[int]*big.Int{}, hidden: map[int]*big.Int{}, konst: new(big.Int)}
}

// ofLine is what a line of energy costs.
func ofLine(line int) *expr {
	e := newExpr()
	e.lines[line] = picoFine
	return e
}

// ofPico is a public amount.
func ofPico(pico *big.Int) *expr {
	e := newExpr()
	e.konst.Mul(pico, picoFine)
	return e
}

// public reports whether the amount depends on no reading.
func (e *expr) public() bool { return len(e.lines) == 0 && len(e.hidden) == 0 }

// add adds o·num/den, which must be whole.
func (e *expr) add(o *expr, num, den *big.Int) {
	scaled := func(x *big.Int) *big.Int {
		x = new(big.Int).Mul(x, num)
		return x.Quo(x, den)
	}
	for _, m := range []struct{ to, from map[int]*big.Int }{{e.lines, o.lines}, {e.hidden, o.hidden}} {
		for k, x := range m.from {
			if y := m.to[k]; y == nil {
				m.to[k] = scaled(x)
			} else {
				m.to[k] = new(big.Int).Add(y, scaled(x))
			}
			if m.to[k].Sign() == 0 {
				delete(m.to, k)
			}
		}
	}
	e.konst.Add(e.konst, scaled(o.konst))
}

// addHidden adds pico·value(rule).
func (e *expr) addHidden(rule int, pico *big.Int) {
	e.add(&expr{hidden: map[int]*big.Int{rule: new(big.Int).Mul(pico, picoFine)}, konst: new(big.Int)}, one, one)
}

var one = big.NewInt(1)

// lowest returns e as unit·form, where unit is what den, the constant, every
// weight and every coefficient share.
func (p *Plan) lowest(name string, e *expr, den *big.Int) (form Form, unit *big.Int, err error) {
	v, err := p.linear(e)
	if err != nil {
		return Form{}, nil, fmt.Errorf("%w: a price of %q has more than 63 bits with its tax in lowest terms", ErrNotProvable, name)
	}
	hidden := maps.Clone(e.hidden)
	if v.netScale.Sign() != 0 {
		rule := p.netRule(v.net)
		hidden[rule] = new(big.Int).Add(v.netScale, coefficient(hidden, rule))
	}
	shared := new(big.Int).GCD(nil, nil, den, new(big.Int).Abs(e.konst))
	shared.GCD(nil, nil, shared, v.scale)
	for _, x := range hidden {
		shared.GCD(nil, nil, shared, new(big.Int).Abs(x))
	}
	form = Form{Const: new(big.Int).Quo(e.konst, shared)}
	for _, rule := range slices.Sorted(maps.Keys(hidden)) {
		if hidden[rule].Sign() != 0 {
			form.Hidden = append(form.Hidden, Term{rule, new(big.Int).Quo(hidden[rule], shared)})
		}
	}
	if form.Const.BitLen() > 127 {
		return form, nil, fmt.Errorf("%w: the public part of %q has more than 127 bits", ErrNotProvable, name)
	}
	var ok bool
	if form.Weights, ok = p.rows(v.weights, new(big.Int).Quo(v.scale, shared)); !ok {
		return form, nil, fmt.Errorf("%w: a price of %q has more than 63 bits with its tax in lowest terms", ErrNotProvable, name)
	}
	return form, shared, nil
}

func coefficient(hidden map[int]*big.Int, rule int) *big.Int {
	if x := hidden[rule]; x != nil {
		return x
	}
	return new(big.Int)
}

// A linear part is scale·weights, the weights sharing no factor; and netScale
// times the prices net of what import exceeds export by. A scale is 0 where all
// weights are.
type linear struct {
	weights  []int64 // row by row
	scale    *big.Int
	net      []int64 // slot by slot
	netScale *big.Int
}

// linear adds up the layers.
func (p *Plan) linear(e *expr) (*linear, error) {
	shared := new(big.Int)
	for _, m := range e.lines {
		shared.GCD(nil, nil, shared, new(big.Int).Abs(m))
	}
	sum := &adder{flat: make([]int64, p.Days*len(p.Channels)*p.N)}
	var net *adder
	if p.netting {
		net = &adder{flat: make([]int64, p.Days*p.N)}
	}
	factors := make([]int64, len(p.Energy))
	for l, m := range e.lines {
		f := new(big.Int).Quo(m, shared)
		if !f.IsInt64() {
			return nil, ErrNotProvable
		}
		factors[l] = f.Int64()
	}
	for _, layer := range p.layers {
		for s, l := range layer.line {
			if l < 0 || factors[l] == 0 || layer.price[s] == 0 {
				continue
			}
			if !p.netting {
				sum.add(p.at(s, layer.channel), layer.price[s], factors[l])
				continue
			}
			net.add(s, layer.price[s], factors[l])
			if layer.channel == exportChannel { // max(0, x − i) = x − i + max(0, i − x)
				sum.add(p.at(s, exportChannel), layer.price[s], factors[l])
				sum.add(p.at(s, importChannel), layer.price[s], -factors[l])
			}
		}
	}
	out := &linear{netScale: new(big.Int)}
	if out.weights, out.scale = sum.lowest(shared); sum.overflow {
		return nil, ErrNotProvable
	}
	if net != nil {
		if out.net, out.netScale = net.lowest(shared); net.overflow {
			return nil, ErrNotProvable
		}
	}
	return out, nil
}

// at returns where in a plan's rows, laid end to end, the slot of a channel is.
func (p *Plan) at(slot, channel int) int {
	row := slot/p.N*len(p.Channels) + slices.Index(p.Channels, channel)
	return row*p.N + slot%p.N
}

// An adder adds up products of 64 bits.
type adder struct {
	flat     []int64
	overflow bool
}

func (a *adder) add(i int, price, factor int64) {
	hi, lo := bits.Mul64(magnitude(price), magnitude(factor))
	x := int64(lo)
	if hi != 0 || x < 0 {
		a.overflow = true
		return
	}
	if (price < 0) != (factor < 0) {
		x = -x
	}
	y := a.flat[i] + x
	if (x > 0) != (y > a.flat[i]) {
		a.overflow = true
	}
	a.flat[i] = y
}

// lowest divides the sums by what they share and returns that times shared.
func (a *adder) lowest(shared *big.Int) ([]int64, *big.Int) {
	var common uint64
	for _, w := range a.flat {
		if common = gcd(common, magnitude(w)); common == 1 {
			break
		}
	}
	if common > 1 && common < 1<<63 {
		for i := range a.flat {
			a.flat[i] /= int64(common)
		}
	}
	return a.flat, new(big.Int).Mul(shared, new(big.Int).SetUint64(common))
}

// rows returns factor·flat row by row, false where one does not fit.
func (p *Plan) rows(flat []int64, factor *big.Int) ([][]int64, bool) {
	out := make([][]int64, p.Days*len(p.Channels))
	scaled := make([]int64, len(flat))
	if factor.Sign() != 0 {
		if !factor.IsUint64() {
			return nil, false
		}
		for i, w := range flat {
			hi, lo := bits.Mul64(magnitude(w), factor.Uint64())
			if hi != 0 || lo >= 1<<63 {
				return nil, false
			}
			if scaled[i] = int64(lo); w < 0 {
				scaled[i] = -int64(lo)
			}
		}
	}
	for r := range out {
		out[r] = scaled[r*p.N : (r+1)*p.N : (r+1)*p.N]
	}
	return out, true
}

// netRule returns the rule that prices what import exceeds export by, slot by
// slot; equal prices share a rule.
func (p *Plan) netRule(prices []int64) int {
	first, last := -1, -1
	for s, w := range prices {
		if w != 0 {
			if last = s / p.N; first < 0 {
				first = last
			}
		}
	}
	r := Rule{Name: "Net of export", Kind: RuleNet, FirstDay: first}
	for d := first; d <= last; d++ {
		r.Price = append(r.Price, slices.Clone(prices[d*p.N:(d+1)*p.N]))
	}
	same := func(o Rule) bool {
		return o.Kind == RuleNet && o.FirstDay == r.FirstDay && slices.EqualFunc(o.Price, r.Price, slices.Equal)
	}
	if i := slices.IndexFunc(p.Rules, same); i >= 0 {
		return i
	}
	return p.addRule(r)
}

func (p *Plan) addRule(r Rule) int {
	p.Rules = append(p.Rules, r)
	return len(p.Rules) - 1
}

// sumOf returns the readings of some slots of a channel, ascending, times
// factor; where export is netted, what the channel has more than the other.
func (p *Plan) sumOf(slots []int, channel int, factor int64) Form {
	f := Form{Const: new(big.Int)}
	if p.netting {
		ones := make([]int64, p.Days*p.N)
		for _, s := range slots {
			ones[s] = 1
		}
		f.Hidden = []Term{{p.netRule(ones), big.NewInt(factor)}}
		if channel == importChannel {
			return f
		}
	}
	first, last := slots[0]/p.N, slots[len(slots)-1]/p.N
	f.FirstRow = first * len(p.Channels)
	f.Weights = make([][]int64, (last-first+1)*len(p.Channels))
	for i := range f.Weights {
		f.Weights[i] = make([]int64, p.N)
	}
	for _, s := range slots {
		i := p.at(s, channel)
		f.Weights[i/p.N-f.FirstRow][i%p.N] = factor
		if p.netting { // max(0, x − i) = x − i + max(0, i − x)
			i = p.at(s, importChannel)
			f.Weights[i/p.N-f.FirstRow][i%p.N] = -factor
		}
	}
	return f
}

func magnitude(w int64) uint64 {
	if w < 0 {
		return uint64(-w)
	}
	return uint64(w)
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
