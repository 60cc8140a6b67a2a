package prover

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"sync"

	"hushwatt/prover/ristretto"
)

// Row describes one sealed row of a claim: the readings of one channel of one
// meter in one UTC day. A claim's rows stand in record order.
type Row struct {
	N    int    // slots in the day: 24, 48, 96, 144 or 288
	Cap  uint32 // no reading is larger; below 2^20, from the meter's certificate
	Skip []bool // nil, or N long: slots that the status policy excludes, counted as 0
}

// Opening is what a customer knows of one row: the readings, one a slot, and
// the blinding of the seal.
type Opening struct {
	Values   []uint32
	Blinding ristretto.Scalar
}

// Pays is the direction in which a secret may be wrong only at the prover's
// own expense. The zero value is for secrets that the claim pins down exactly.
type Pays int

// Directions of a one-sided secret: PaysUp says that a larger value never
// lowers what is revealed, PaysDown that a smaller one never does.
const (
	PaysUp   Pays = 1
	PaysDown Pays = -1
)

// Claim is a statement about sealed rows, built by customer and supplier with
// the same code from public inputs (docs/protocol.md, section 4). Its methods
// collect errors; Check reports them. Once checked, a claim cannot be extended
// and may be used from several goroutines.
type Claim struct {
	rows []Row
	tz   string
	hash *[32]byte // of the weights after statuses, nil unless known beforehand
	errs []error

	functionals []functional
	secrets     []secret
	ranges      []bounded
	zeros       []Linear
	reveals     []Linear // minus the revealed value: commitments to 0
	products    []product
	vectors     []vector
	eachs       []each
	length      int   // of the digits of vectors and eachs
	asks        []ask // whose values the caller of Prove gives, in order

	wide bool // so many ranges that digits are better, also without vectors

	// What is revealed, for the check of one-sided secrets: each entry is a
	// sum of expressions that are rounded one by one.
	results [][]Linear
	rises   map[atom]Linear // what a hidden integer rises with: rounded amounts, what a rule makes

	once sync.Once
	form *form
	err  error
}

type functional struct {
	weights [][]int64 // by row and slot, skipped slots zeroed
	konst   *big.Int
	within  interval // before slots are skipped
	total   *total   // instead of weights: the functional is of a vector
}

type secret struct {
	name   string
	within interval
	pays   Pays
	value  func(evaluator) Int // nil: the caller of Prove gives it
}

// evaluator computes an expression from the prover's values.
type evaluator func(Linear) Int

// bounded is the requirement 0 ≤ l ≤ bound, proven with width bits.
type bounded struct {
	l     Linear
	bound *big.Int
	width int
	own   int // if it is the range of a secret, its index plus 1
}

// product is the requirement z = x·y; if zero is set, (1 − x)·y = 0 and z = y.
type product struct{ z, x, y Linear }

// NewClaim starts a claim about rows. tz is the version of the time zone data
// from which the weights were made; it enters the weights' hash.
func NewClaim(rows []Row, tz string) *Claim {
	c := &Claim{rows: rows, tz: tz, rises: map[atom]Linear{}}
	if len(rows) == 0 {
		c.fail("claim has no rows")
	}
	for d, r := range rows {
		if !validSlots(r.N) || r.Cap == 0 || r.Cap >= 1<<20 || r.Skip != nil && len(r.Skip) != r.N {
			c.fail("row %d: %d slots, readings to %d, %d statuses", d, r.N, r.Cap, len(r.Skip))
		}
	}
	return c
}

func (c *Claim) fail(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

// Functional adds the hidden integer Σ weights[d][s]·c[d][s] + konst, rows and
// slots in the order of the claim's rows, and returns it. Weights are those
// before statuses: what a row skips is left out of the sum but not out of the
// bounds, so that no size depends on which readings are missing. Every
// functional is committed to, in order.
func (c *Claim) Functional(weights [][]int64, konst *big.Int) Linear {
	j := len(c.functionals)
	f, err := newFunctional(c.rows, weights, konst)
	if err != nil {
		c.fail("functional %d: %w", j, err)
	}
	c.functionals = append(c.functionals, f)
	return single(atom{i: j})
}

// Secret adds an integer that the prover commits to, lo ≤ y ≤ hi, and returns
// it. There is no secret without a range: otherwise it could be any fraction
// modulo q. The range is less than 2^100 wide and not empty or a single value.
func (c *Claim) Secret(name string, lo, hi *big.Int, pays ...Pays) Linear {
	l := c.secret(secret{name: name, within: interval{lo, hi}})
	for _, p := range pays {
		c.secrets[l.parts[0].atom.i].pays = p
	}
	return l
}

// derived adds a secret whose value the prover computes by itself. Bounds that
// leave no choice are widened, since equality is proven elsewhere.
func (c *Claim) derived(name string, lo, hi *big.Int, value func(evaluator) Int) Linear {
	if hi.Cmp(lo) <= 0 {
		hi = new(big.Int).Add(lo, one)
	}
	return c.secret(secret{name: name, within: interval{lo, hi}, value: value})
}

func (c *Claim) secret(s secret) Linear {
	l := single(atom{secret: true, i: len(c.secrets)})
	if s.value == nil {
		c.asks = append(c.asks, ask{i: len(c.secrets)})
	}
	c.secrets = append(c.secrets, s)
	before := len(c.ranges)
	c.RequireRange(l.Sub(Constant(s.within.lo)), new(big.Int).Sub(s.within.hi, s.within.lo))
	if len(c.ranges) > before {
		c.ranges[before].own = len(c.secrets)
	}
	return l
}

// maxBound is the size that no bound of a range or rounding unit reaches.
var maxBound = new(big.Int).Lsh(one, 100)

// RequireRange requires 0 ≤ l ≤ bound, with 1 ≤ bound < 2^100.
func (c *Claim) RequireRange(l Linear, bound *big.Int) {
	if bound.Sign() <= 0 || bound.Cmp(maxBound) >= 0 {
		c.fail("%w: range bound %v is not within 1 … 2^100 − 1", ErrNotProvable, bound)
		return
	}
	c.addRange(l, bound, bound.BitLen())
}

func (c *Claim) addRange(l Linear, bound *big.Int, width int) {
	c.ranges = append(c.ranges, bounded{l: l, bound: bound, width: width})
}

// RequireZero requires l = 0. If a secret occurs in it with coefficient 1 or
// −1, the last declared one is computed from the rest instead of committed to.
// It is no way to show a value: the check of one-sided secrets looks at what
// goes through Reveal and the Rounded methods.
func (c *Claim) RequireZero(l Linear) { c.zeros = append(c.zeros, l) }

// Reveal shows the hidden integer l, which is value.
func (c *Claim) Reveal(l Linear, value *big.Int) {
	c.reveals = append(c.reveals, l.Sub(Constant(value)))
	c.results = append(c.results, []Linear{l})
}

// Product requires z = x·y.
func (c *Claim) Product(z, x, y Linear) { c.products = append(c.products, product{z, x, y}) }

// ZeroProduct requires a·y = 0, written as y = (1 − a)·y.
func (c *Claim) ZeroProduct(a, y Linear) {
	c.products = append(c.products, product{y, Constant(one).Sub(a), y})
}

// remember notes that the hidden amount b never falls when l rises.
func (c *Claim) remember(b, l Linear) Linear {
	for _, p := range b.parts {
		c.rises[p.atom] = l
	}
	return b
}

// unit checks a rounding unit and mode.
func (c *Claim) unit(u *big.Int, mode Mode) bool {
	if _, err := parseMode(string(mode)); err != nil {
		c.fail("%w", err)
		return false
	}
	if u.Sign() <= 0 || u.Cmp(maxBound) >= 0 {
		c.fail("%w: rounding unit %v is not within 1 … 2^100 − 1", ErrNotProvable, u)
		return false
	}
	return true
}

// interval returns the integers that l can be by the bounds of what it holds.
func (c *Claim) interval(l Linear) interval {
	v := interval{new(big.Int).Set(l.c()), new(big.Int).Set(l.c())}
	for _, p := range l.parts {
		w, ok := c.within(p.atom)
		if !ok {
			continue // Check reports it
		}
		t := w.times(p.k)
		v.lo.Add(v.lo, t.lo)
		v.hi.Add(v.hi, t.hi)
	}
	return v
}

func (c *Claim) within(a atom) (interval, bool) {
	switch {
	case !a.secret && a.i < len(c.functionals):
		return c.functionals[a.i].within, c.functionals[a.i].konst != nil
	case a.secret && a.i < len(c.secrets):
		return c.secrets[a.i].within, true
	}
	return interval{}, false
}

// newFunctional checks weights and finds the bounds of the sum.
func newFunctional(rows []Row, weights [][]int64, konst *big.Int) (functional, error) {
	f := functional{weights: weights}
	if len(weights) != len(rows) {
		return f, fmt.Errorf("%d rows of weights for %d rows", len(weights), len(rows))
	}
	if konst.BitLen() > 127 {
		return f, fmt.Errorf("%w: constant is 2^127 or more", ErrNotProvable)
	}
	var below, above Int
	for d, r := range rows {
		if len(weights[d]) != r.N {
			return f, fmt.Errorf("%d weights in row %d of %d slots", len(weights[d]), d, r.N)
		}
		var plus, minus Int
		for _, w := range weights[d] {
			switch {
			case w == math.MinInt64:
				return f, fmt.Errorf("%w: weight is −2^63", ErrNotProvable)
			case w < 0:
				minus.count(uint64(-w))
			default:
				plus.count(uint64(w))
			}
		}
		most := NewInt(int64(r.Cap))
		above, below = above.Add(plus.Mul(most)), below.Sub(minus.Mul(most))
	}
	lo, hi := below.big(), above.big()
	f.konst, f.within = konst, interval{lo.Add(lo, konst), hi.Add(hi, konst)}
	f.weights = skip(rows, weights)
	return f, nil
}

// skip returns weights with 0 in the slots that a row leaves out. Rows without
// such slots are shared, not copied.
func skip(rows []Row, weights [][]int64) [][]int64 {
	out := weights
	for d, r := range rows {
		if r.Skip == nil {
			continue
		}
		if &out[0] == &weights[0] {
			out = append([][]int64{}, weights...)
		}
		row := append([]int64{}, weights[d]...)
		for s, left := range r.Skip {
			if left {
				row[s] = 0
			}
		}
		out[d] = row
	}
	return out
}

// Check compiles the claim on first use and reports everything that is wrong
// with it. Customer and supplier get the same answer.
func (c *Claim) Check() error {
	c.once.Do(func() {
		if c.err = errors.Join(c.errs...); c.err == nil {
			c.form, c.err = c.compile()
			if c.err == nil && c.form.vector != nil {
				c.form.vector.hash = c.entriesHash()
			}
		}
	})
	return c.err
}
