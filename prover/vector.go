package prover

import (
	"fmt"
	"math"
	"math/big"

	"hushwatt/prover/digits"
)

// Vector is a list of hidden integers of one claim, committed to digit by digit.
// Rules over every slot use it: what is required of each entry costs a few
// commitments together, not one each (docs/protocol.md, section 4.1.1).
type Vector struct {
	i int // in Claim.vectors
	n int
}

// Len returns the number of entries.
func (v Vector) Len() int { return v.n }

type vector struct {
	name  string
	n     int
	pays  Pays
	bound *big.Int // a multiple of 3
	code  code
}

// Sum is one hidden integer among many: Σ K·reading + Σ K·entry of a vector +
// Const.
type Sum struct {
	Cells []Cell
	Items []Item
	Const int64
}

// Cell is K times a reading. It is given whatever its status: a slot that its
// Row skips counts as 0.
type Cell struct {
	Row, Slot int
	K         int64
}

// Item is K times entry At of a vector.
type Item struct {
	Of Vector
	At int
	K  int64
}

// public reports whether nothing hidden is in the sum.
func (s Sum) public() bool { return len(s.Cells)+len(s.Items) == 0 }

// each is the requirement 0 ≤ rest + entries[t] ≤ bound for every t.
type each struct {
	rest    Linear
	entries []Sum // skipped cells have K = 0
	within  interval
	bound   *big.Int
	code    code
}

// total is the functional Σ weights[t]·v[t].
type total struct {
	vector  int
	weights []int64
}

// Limits of what is said of one vector or requirement.
const maxEntries = 1 << 20

// Vector adds n ≥ 1 integers, 0 ≤ v[t] ≤ bound, and returns them. The bound, 1 or
// more and below 2^100, is rounded up to a multiple of 3; where it has to be
// exact, RequireEach says so.
func (c *Claim) Vector(name string, n int, bound *big.Int, pays ...Pays) Vector {
	v := vector{name: name, n: n}
	for _, p := range pays {
		v.pays = p
	}
	if n < 1 || n > maxEntries || bound.Sign() <= 0 || bound.Cmp(maxBound) >= 0 {
		c.fail("%w: vector %s of %d integers up to %v", ErrNotProvable, name, n, bound)
		n, bound = 1, one
	}
	v.bound = wholeBound(bound)
	v.code = newCode(v.bound, 0)
	c.count(n, &v.code)
	c.asks = append(c.asks, ask{vector: true, i: len(c.vectors)})
	c.vectors = append(c.vectors, v)
	return Vector{i: len(c.vectors) - 1, n: n}
}

// Total adds the hidden integer Σ weights[t]·v[t] and returns it. Like a
// functional it is committed to.
func (c *Claim) Total(v Vector, weights []int64) Linear {
	j := len(c.functionals)
	f := functional{konst: zero, total: &total{v.i, weights}}
	if !c.has(v) || len(weights) != v.n {
		c.fail("functional %d: %d weights for a vector of %d", j, len(weights), v.n)
		c.functionals = append(c.functionals, functional{})
		return single(atom{i: j})
	}
	var plus, minus Int
	for _, w := range weights {
		switch {
		case w == math.MinInt64:
			c.fail("functional %d: %w: weight is −2^63", j, ErrNotProvable)
		case w < 0:
			minus.count(uint64(-w))
		default:
			plus.count(uint64(w))
		}
	}
	bound := publicInt(c.vectors[v.i].bound)
	f.within = interval{Int{}.Sub(minus.Mul(bound)).big(), plus.Mul(bound).big()}
	c.functionals = append(c.functionals, f)
	return single(atom{i: j})
}

// RequireEach requires 0 ≤ rest + entries[t] ≤ bound of every t, with
// 1 ≤ bound < 2^100 and at least one entry. The entries must not be changed
// afterwards.
func (c *Claim) RequireEach(rest Linear, entries []Sum, bound *big.Int) {
	if bound.Sign() <= 0 || bound.Cmp(maxBound) >= 0 || len(entries) == 0 || len(entries) > maxEntries {
		c.fail("%w: %d entries up to %v are required", ErrNotProvable, len(entries), bound)
		return
	}
	e := each{rest: rest, bound: bound, code: newCode(bound, 0)}
	if !c.count(len(entries), &e.code) {
		return
	}
	var err error
	if e.entries, e.within, err = c.entries(entries); err != nil {
		c.fail("requirement %d of each entry: %w", len(c.eachs), err)
		return
	}
	c.eachs = append(c.eachs, e)
}

// count counts the digits of n integers and reports whether the claim has room for
// them, before memory is taken for what cannot be proven anyway.
func (c *Claim) count(n int, code *code) bool {
	if c.length += n * len(code.weights); c.length > digits.MaxLength {
		c.fail("%w: more than %d digits", ErrNotProvable, digits.MaxLength)
		return false
	}
	return true
}

// entries checks a list of entries and returns it with skipped cells at 0, and
// the interval in which all of them lie, skipped or not.
func (c *Claim) entries(list []Sum) ([]Sum, interval, error) {
	bounds := make([]Int, len(c.vectors))
	for i, v := range c.vectors {
		bounds[i] = publicInt(v.bound)
	}
	out := list
	var least, greatest Int
	for t := range list {
		e := &list[t]
		lo := NewInt(e.Const)
		hi := lo
		reach := func(k int64, most Int) error {
			if k == math.MinInt64 {
				return fmt.Errorf("%w: coefficient is −2^63", ErrNotProvable)
			}
			x := NewInt(k).Mul(most)
			neg := x.Less(Int{})
			lo, hi = lo.Add(Select(neg, x, Int{})), hi.Add(Select(neg, Int{}, x))
			return nil
		}
		skipped := false
		for _, a := range e.Cells {
			if a.Row < 0 || a.Row >= len(c.rows) || a.Slot < 0 || a.Slot >= c.rows[a.Row].N {
				return nil, interval{}, fmt.Errorf("entry %d: no slot %d in row %d", t, a.Slot, a.Row)
			}
			r := &c.rows[a.Row]
			if err := reach(a.K, NewInt(int64(r.Cap))); err != nil {
				return nil, interval{}, err
			}
			skipped = skipped || r.Skip != nil && r.Skip[a.Slot]
		}
		for _, a := range e.Items {
			if !c.has(a.Of) || a.At < 0 || a.At >= a.Of.n {
				return nil, interval{}, fmt.Errorf("entry %d: no entry %d in its vector", t, a.At)
			}
			if err := reach(a.K, bounds[a.Of.i]); err != nil {
				return nil, interval{}, err
			}
		}
		if t == 0 {
			least, greatest = lo, hi
		}
		least, greatest = Select(lo.Less(least), lo, least), Select(greatest.Less(hi), hi, greatest)
		if skipped {
			if &out[0] == &list[0] {
				out = append([]Sum{}, list...)
			}
			out[t].Cells = c.unskipped(e.Cells)
		}
	}
	return out, interval{least.big(), greatest.big()}, nil
}

// unskipped returns cells with coefficient 0 where their row skips the slot.
func (c *Claim) unskipped(cells []Cell) []Cell {
	out := append([]Cell{}, cells...)
	for i := range out {
		if skip := c.rows[out[i].Row].Skip; skip != nil && skip[out[i].Slot] {
			out[i].K = 0
		}
	}
	return out
}

// has reports whether v is a vector of this claim.
func (c *Claim) has(v Vector) bool { return v.n > 0 && v.i < len(c.vectors) && v.n == c.vectors[v.i].n }

// ask says whose value the caller of Prove gives next.
type ask struct {
	vector bool
	i      int
}
