package prover

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	mrand "math/rand/v2"
	"testing"

	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// home is a made-up set of sealed rows with its openings.
type home struct {
	rows   []Row
	seals  []sigma.Point
	opened []Opening
}

var testHeader = []byte("header of a test")

// newHome seals the readings that reading gives to each row and slot.
func newHome(rows []Row, reading func(d, s int) uint32) *home {
	h := &home{rows: rows}
	for d, r := range rows {
		o := Opening{Values: make([]uint32, r.N)}
		for s := range o.Values {
			o.Values[s] = reading(d, s)
		}
		o.Blinding = randomScalar()
		h.opened = append(h.opened, o)
		h.seals = append(h.seals, seal(r.N, o))
	}
	return h
}

func seal(n int, o Opening) sigma.Point {
	e := ristretto.CombineShort(ristretto.Slots(n), o.Values)
	return sigma.NewPoint(e.Add(e, ristretto.H().Mul(&o.Blinding)))
}

func randomScalar() ristretto.Scalar {
	k, err := sigma.RandomScalar(rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
}

// days returns rows of n slots each.
func days(d, n int) []Row {
	rows := make([]Row, d)
	for i := range rows {
		rows[i] = Row{N: n, Cap: 1<<20 - 1}
	}
	return rows
}

// month is 31 days of half-hours with readings below 2 kWh.
func month(rng *mrand.Rand) *home {
	return newHome(days(31, 48), func(d, s int) uint32 { return rng.Uint32N(2000) })
}

func testRand() *mrand.Rand { return mrand.New(mrand.NewPCG(1, 2)) }

// weights gives every slot of every row a weight.
func weights(rows []Row, w func(d, s int) int64) [][]int64 {
	m := make([][]int64, len(rows))
	for d, r := range rows {
		m[d] = make([]int64, r.N)
		for s := range m[d] {
			m[d][s] = w(d, s)
		}
	}
	return m
}

// sum is the oracle of a functional: plain integers.
func (h *home) sum(w [][]int64, konst int64) *big.Int {
	x := big.NewInt(konst)
	for d := range w {
		for s := range w[d] {
			if h.rows[d].Skip != nil && h.rows[d].Skip[s] {
				continue
			}
			x.Add(x, new(big.Int).Mul(big.NewInt(w[d][s]), big.NewInt(int64(h.opened[d].Values[s]))))
		}
	}
	return x
}

func (h *home) prove(t testing.TB, c *Claim, secrets ...Int) []byte {
	t.Helper()
	narg, err := c.Prove(testHeader, h.seals, h.opened, secrets, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if len(narg) != c.Size() {
		t.Fatalf("proof is %d bytes, Size says %d", len(narg), c.Size())
	}
	return narg
}

// accepts proves and verifies.
func (h *home) accepts(t testing.TB, c *Claim, secrets ...Int) []byte {
	t.Helper()
	narg := h.prove(t, c, secrets...)
	if err := c.Verify(testHeader, h.seals, narg); err != nil {
		t.Fatal(err)
	}
	return narg
}

// refuses checks that nobody accepts narg for c.
func (h *home) refuses(t testing.TB, c *Claim, narg []byte) {
	t.Helper()
	if err := c.Verify(testHeader, h.seals, narg); !errors.Is(err, ErrProof) {
		t.Fatalf("verdict is %v, want ErrProof", err)
	}
}

// cheats makes a proof with a changed witness and expects its refusal.
func (h *home) cheats(t testing.TB, c *Claim, cheat func(*witness), secrets ...Int) {
	t.Helper()
	narg, err := c.prove(testHeader, h.seals, h.opened, secrets, rand.Reader, cheat, noSteps)
	if err != nil {
		t.Fatalf("no proof to refuse: %v", err)
	}
	h.refuses(t, c, narg)
}

func ints(vs ...int64) []*big.Int {
	out := make([]*big.Int, len(vs))
	for i, v := range vs {
		out[i] = big.NewInt(v)
	}
	return out
}

func TestShapes(t *testing.T) {
	rng := testRand()
	for _, d := range []int{1, 2, 3, 31, 32, 33, 365} {
		for _, j := range []int{1, 6} {
			if testing.Short() && d == 365 {
				continue
			}
			h := newHome(days(d, 24), func(int, int) uint32 { return rng.Uint32N(1 << 20) })
			c := NewClaim(h.rows, "2026a")
			for range j {
				w := weights(h.rows, func(int, int) int64 { return rng.Int64N(1<<40) - 1<<39 })
				k := rng.Int64N(1000) - 500
				c.Reveal(c.Functional(w, big.NewInt(k)), h.sum(w, k))
			}
			h.accepts(t, c)
		}
	}
}

func TestEdgesOfReadings(t *testing.T) {
	for name, tc := range map[string]struct {
		reading func(d, s int) uint32
		weight  func(d, s int) int64
		konst   int64
	}{
		"all weights zero":     {func(d, s int) uint32 { return 7 }, func(d, s int) int64 { return 0 }, 0},
		"all readings zero":    {func(d, s int) uint32 { return 0 }, func(d, s int) int64 { return 5 }, 0},
		"readings at the cap":  {func(d, s int) uint32 { return 1<<20 - 1 }, func(d, s int) int64 { return 1<<63 - 1 }, 0},
		"negative weights":     {func(d, s int) uint32 { return uint32(d + s) }, func(d, s int) int64 { return -(1<<63 - 1) }, -9},
		"bill-zero":            {func(d, s int) uint32 { return 1 }, func(d, s int) int64 { return int64(1 - s%2*2) }, 0},
		"credit-negative":      {func(d, s int) uint32 { return 1 }, func(d, s int) int64 { return -100 }, 0},
		"constant without use": {func(d, s int) uint32 { return 0 }, func(d, s int) int64 { return 0 }, 12345},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(days(3, 48), tc.reading)
			w := weights(h.rows, tc.weight)
			x := h.sum(w, tc.konst)
			exact := NewClaim(h.rows, "tz")
			exact.Reveal(exact.Functional(w, big.NewInt(tc.konst)), x)
			h.accepts(t, exact)

			u := new(big.Int).Lsh(one, 60)
			b := oracleRound(x, u, HalfEven)
			rounded := NewClaim(h.rows, "tz")
			rounded.Rounded(rounded.Functional(w, big.NewInt(tc.konst)), u, HalfEven, b)
			h.accepts(t, rounded)
		})
	}
}

func TestTwoSlotCountsInOneClaim(t *testing.T) {
	rng := testRand()
	rows := []Row{{N: 96, Cap: 5000}, {N: 48, Cap: 4000}, {N: 96, Cap: 5000}, {N: 24, Cap: 9000}, {N: 48, Cap: 4000}}
	h := newHome(rows, func(d, s int) uint32 { return rng.Uint32N(4000) })
	w := weights(rows, func(d, s int) int64 { return rng.Int64N(2000) - 1000 })
	c := NewClaim(rows, "tz")
	c.Reveal(c.Functional(w, big.NewInt(3)), h.sum(w, 3))
	narg := h.accepts(t, c)
	if want := 32 * (1 + 2*3 + 2 + 24 + 48 + 96 + 2 + 2); len(narg) != want {
		t.Fatalf("%d bytes, want %d", len(narg), want)
	}
}

func TestRoundedBill(t *testing.T) {
	h := month(testRand())
	w := weights(h.rows, func(d, s int) int64 { return int64(100000 + 977*s + d) })
	x, u := h.sum(w, 17), big.NewInt(10_000_000)
	c := NewClaim(h.rows, "tz")
	c.Rounded(c.Functional(w, big.NewInt(17)), u, HalfUp, oracleRound(x, u, HalfUp))
	narg := h.accepts(t, c)
	if want := 1984 + 32 + 608; len(narg) != want {
		t.Fatalf("%d bytes, want %d", len(narg), want)
	}
	// The same proof for another amount, header or seal is refused.
	for _, d := range []int64{-1, 1} {
		other := NewClaim(h.rows, "tz")
		b := oracleRound(x, u, HalfUp)
		other.Rounded(other.Functional(w, big.NewInt(17)), u, HalfUp, b.Add(b, big.NewInt(d)))
		h.refuses(t, other, narg)
	}
	if err := c.Verify([]byte("other header"), h.seals, narg); !errors.Is(err, ErrProof) {
		t.Fatal("other header accepted", err)
	}
}

func TestLines(t *testing.T) {
	h := month(testRand())
	for _, mode := range []Mode{HalfUp, HalfDown, HalfAway, HalfEven, Up, Down} {
		for _, us := range [][]*big.Int{ints(1000, 1001, 1024), ints(1000, 1, 7), ints(9, 6, 1), ints(1, 1), ints(2, 2, 2), ints(12)} {
			t.Run(fmt.Sprint(mode, us), func(t *testing.T) {
				c := NewClaim(h.rows, "tz")
				var lines []Linear
				total := new(big.Int)
				for i, u := range us {
					w := weights(h.rows, func(d, s int) int64 {
						if s%len(us) != i {
							return 0
						}
						return int64(3 + s)
					})
					lines = append(lines, c.Functional(w, big.NewInt(int64(i))))
					total.Add(total, oracleRound(h.sum(w, int64(i)), u, mode))
				}
				c.RoundedLines(lines, us, mode, total)
				h.accepts(t, c)
			})
		}
	}
}

// oracleRound rounds with big rationals, from the definition of each mode.
func oracleRound(x, u *big.Int, mode Mode) *big.Int {
	r := new(big.Rat).SetFrac(x, u)
	below := new(big.Int).Div(r.Num(), r.Denom()) // Euclidean: floor for a positive divisor
	diff := new(big.Rat).Sub(r, new(big.Rat).SetInt(below))
	above := new(big.Int).Set(below)
	if diff.Sign() != 0 {
		above.Add(above, one)
	}
	switch mode {
	case Down:
		return below
	case Up:
		return above
	}
	switch diff.Cmp(big.NewRat(1, 2)) {
	case -1:
		return below
	case 1:
		return above
	}
	switch mode {
	case HalfDown:
		return below
	case HalfUp:
		return above
	case HalfAway:
		if r.Sign() < 0 {
			return below
		}
		return above
	}
	if below.Bit(0) == 0 {
		return below
	}
	return above
}
