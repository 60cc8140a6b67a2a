package prover

import (
	"crypto/rand"
	"errors"
	"math/big"
	"strings"
	"testing"

	"hushwatt/prover/sigma"
)

// TestNotProvable: claims that the compiler refuses, each with a word of why.
func TestNotProvable(t *testing.T) {
	h, w := oneReading(5)
	big100 := new(big.Int).Lsh(one, 100)
	for name, tc := range map[string]struct {
		build func(c *Claim, f Linear)
		word  string
	}{
		"no requirement on secret": {func(c *Claim, f Linear) { c.Secret("y", one, one) }, "range bound"},
		"range bound 0":            {func(c *Claim, f Linear) { c.RequireRange(f, zero) }, "range bound"},
		"range bound 2^100":        {func(c *Claim, f Linear) { c.RequireRange(f, big100) }, "range bound"},
		"secret too wide":          {func(c *Claim, f Linear) { c.Secret("y", zero, big100) }, "range bound"},
		"integer beyond 2^200":     {func(c *Claim, f Linear) { c.Reveal(f.Scale(new(big.Int).Lsh(one, 190)), zero) }, "2^200"},
		"product beyond 2^200": {func(c *Claim, f Linear) {
			y := c.Secret("y", zero, one)
			s := f.Scale(new(big.Int).Lsh(one, 100))
			c.Product(y, s, s)
		}, "2^200"},
		"reveal of a constant":           {func(c *Claim, f Linear) { c.Reveal(f.Sub(f), zero) }, "no hidden"},
		"range of a constant":            {func(c *Claim, f Linear) { c.RequireRange(Constant(one), one) }, "no hidden"},
		"zero of a constant":             {func(c *Claim, f Linear) { c.RequireZero(Constant(zero)) }, "no hidden"},
		"product with a public factor":   {func(c *Claim, f Linear) { c.Product(f, Constant(one), f) }, "no hidden"},
		"product with a public result":   {func(c *Claim, f Linear) { c.Product(Constant(one), f, f) }, "no hidden"},
		"unit 0":                         {func(c *Claim, f Linear) { c.Rounded(f, zero, HalfUp, zero) }, "unit"},
		"unit 2^100":                     {func(c *Claim, f Linear) { c.Rounded(f, big100, HalfUp, zero) }, "unit"},
		"unknown mode":                   {func(c *Claim, f Linear) { c.Rounded(f, one, "nearest", zero) }, "mode"},
		"amount of 65 bits":              {func(c *Claim, f Linear) { c.Rounded(f, one, Down, new(big.Int).Lsh(one, 63)) }, "64 bits"},
		"hidden half-away of both signs": {func(c *Claim, f Linear) { c.RoundedSecret("b", f.AddConst(big.NewInt(-9)), big.NewInt(2), HalfAway) }, "either sign"},
		"weight −2^63":                   {func(c *Claim, f Linear) { c.Functional([][]int64{append([]int64{-1 << 63}, w[0][1:]...)}, zero) }, "−2^63"},
		"constant 2^127":                 {func(c *Claim, f Linear) { c.Functional(w, new(big.Int).Lsh(one, 127)) }, "2^127"},
		"rows missing":                   {func(c *Claim, f Linear) { c.Functional(nil, zero) }, "rows"},
		"slots missing":                  {func(c *Claim, f Linear) { c.Functional([][]int64{{1}}, zero) }, "weights in row"},
		"too many ranges": {func(c *Claim, f Linear) {
			for range 50 {
				c.RequireRange(f, new(big.Int).Sub(big100, one))
			}
		}, "4096 bits"},
	} {
		c := NewClaim(h.rows, "tz")
		f := c.Functional(w, zero)
		tc.build(c, f)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), tc.word) {
			t.Errorf("%s: error %v should speak of %q", name, err, tc.word)
		}
		if c.Size() != 0 {
			t.Errorf("%s: has a size", name)
		}
		if err := c.Verify(testHeader, h.seals, nil); !errors.Is(err, ErrProof) {
			t.Errorf("%s: verdict %v", name, err)
		}
	}
	for name, rows := range map[string][]Row{
		"no rows": nil, "25 slots": {{N: 25, Cap: 1}}, "cap 0": {{N: 24}}, "cap 2^20": {{N: 24, Cap: 1 << 20}}, "statuses short": {{N: 24, Cap: 1, Skip: make([]bool, 23)}},
	} {
		if err := NewClaim(rows, "tz").Check(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if NewClaim(h.rows, "tz").Check() == nil {
		t.Error("claim without functionals accepted")
	}
	other := NewClaim(h.rows, "tz")
	other.Functional(w, zero)
	alien := other.Secret("y", zero, one)
	c := NewClaim(h.rows, "tz")
	c.Reveal(c.Functional(w, zero).Add(alien), zero)
	if c.Check() == nil {
		t.Error("another claim's secret accepted")
	}
}

// TestOneSided: rules in which the prover could be wrong to its own gain.
func TestOneSided(t *testing.T) {
	h, w := oneReading(150)
	ten := big.NewInt(10)
	for name, tc := range map[string]struct {
		build func(c *Claim, f Linear)
		ok    bool
	}{
		"rising blocks": {func(c *Claim, f Linear) {
			x1, x2 := blocks(c, f, PaysDown)
			c.Rounded(x1.Scale(ten).Add(x2.Scale(big.NewInt(30))), big.NewInt(7), HalfUp, zero)
		}, true},
		"falling-prices-without-product": {func(c *Claim, f Linear) {
			x1, x2 := blocks(c, f, PaysDown)
			c.Rounded(x1.Scale(big.NewInt(30)).Add(x2.Scale(ten)), big.NewInt(7), HalfUp, zero)
		}, false},
		"block-cheaper-split-per-line": {func(c *Claim, f Linear) {
			x1, x2 := blocks(c, f, PaysDown)
			c.RoundedLines([]Linear{x1.Scale(ten), x2.Scale(big.NewInt(30))}, ints(7, 7), HalfUp, zero)
		}, false},
		"block split over hidden amounts": {func(c *Claim, f Linear) {
			x1, x2 := blocks(c, f, PaysDown)
			b1 := c.RoundedSecret("b1", x1.Scale(ten), big.NewInt(8), HalfEven)
			b2 := c.RoundedSecret("b2", x2.Scale(big.NewInt(30)), big.NewInt(7), HalfUp)
			c.Reveal(b1.Add(b2), zero)
		}, false},
		"peak pays up": {func(c *Claim, f Linear) {
			peak := c.Secret("peak", zero, big.NewInt(1<<20), PaysUp)
			c.RequireRange(peak.Sub(f), big.NewInt(1<<20))
			c.RoundedLines([]Linear{f, peak.Scale(ten)}, ints(7, 9), HalfUp, zero)
		}, true},
		"peak-hidden": {func(c *Claim, f Linear) {
			peak := c.Secret("peak", zero, big.NewInt(1<<20), PaysUp)
			c.RequireRange(peak.Sub(f), big.NewInt(1<<20))
			c.Reveal(f.Sub(peak), zero)
		}, false},
		"peak in a credit line": {func(c *Claim, f Linear) {
			peak := c.Secret("peak", zero, big.NewInt(1<<20), PaysUp)
			b := c.RoundedSecret("credit", peak, big.NewInt(7), HalfUp)
			c.Reveal(f.Sub(b), zero)
		}, false},
		"allowance-used-twice": {func(c *Claim, f Linear) {
			free := c.Secret("free", zero, big.NewInt(100), PaysDown)
			c.RoundedLines([]Linear{f.Sub(free), f.Add(free)}, ints(7, 9), HalfUp, zero)
		}, false},
		"one-sided factor": {func(c *Claim, f Linear) {
			peak := c.Secret("peak", zero, big.NewInt(1<<20), PaysUp)
			z := c.Secret("z", zero, big.NewInt(1<<30))
			c.Product(z, peak, f)
			c.Reveal(f.Sub(z), zero)
		}, false},
		"one-sided in an equation": {func(c *Claim, f Linear) {
			peak := c.Secret("peak", zero, big.NewInt(1<<20), PaysUp)
			z := c.Secret("z", zero, big.NewInt(1<<30))
			c.RequireZero(peak.Scale(ten).Sub(z.Scale(big.NewInt(3))))
			c.Reveal(f.Sub(z), zero)
		}, false},
		"allowance": {func(c *Claim, f Linear) {
			free := c.Secret("free", zero, big.NewInt(100), PaysDown)
			c.RequireRange(f.Sub(free), big.NewInt(1<<30))
			c.Reveal(f.Sub(free), zero)
		}, true},
	} {
		c := NewClaim(h.rows, "tz")
		tc.build(c, c.Functional(w, zero))
		if err := c.Check(); (err == nil) != tc.ok {
			t.Errorf("%s: %v", name, err)
		} else if err != nil && !strings.Contains(err.Error(), "gain") && !strings.Contains(err.Error(), "freedom") {
			t.Errorf("%s: refused for another reason: %v", name, err)
		}
	}
}

// blocks splits f into a block of at most 100 and the rest.
func blocks(c *Claim, f Linear, pays Pays) (x1, x2 Linear) {
	x1 = c.Secret("first block", zero, big.NewInt(100), pays)
	x2 = c.Secret("second block", zero, big.NewInt(1<<30), pays)
	c.RequireZero(f.Sub(x1).Sub(x2))
	return x1, x2
}

func TestProveRefuses(t *testing.T) {
	h, w := oneReading(5)
	claim := func() *Claim {
		c := NewClaim(h.rows, "tz")
		f := c.Functional(w, zero)
		y := c.Secret("y", zero, big.NewInt(9))
		c.RequireZero(f.Sub(y.Scale(big.NewInt(5))))
		c.Product(y, y, y)
		c.Reveal(f, big.NewInt(5))
		return c
	}
	try := func(seals []sigma.Point, opened []Opening, secrets ...Int) error {
		_, err := claim().Prove(testHeader, seals, opened, secrets, rand.Reader)
		return err
	}
	if err := try(h.seals, h.opened, NewInt(1)); err != nil {
		t.Fatal(err)
	}
	tooLarge := []Opening{{Values: append([]uint32{1 << 20}, make([]uint32, 23)...)}}
	for name, err := range map[string]error{
		"no secret":       try(h.seals, h.opened),
		"too many":        try(h.seals, h.opened, NewInt(1), NewInt(1)),
		"wrong secret":    try(h.seals, h.opened, NewInt(2)),
		"out of range":    try(h.seals, h.opened, NewInt(-1)),
		"no seals":        try(nil, h.opened, NewInt(1)),
		"no openings":     try(h.seals, nil, NewInt(1)),
		"short opening":   try(h.seals, []Opening{{Values: make([]uint32, 23)}}, NewInt(1)),
		"reading too big": try(h.seals, tooLarge, NewInt(1)),
		"no randomness": func() error {
			_, err := claim().Prove(testHeader, h.seals, h.opened, []Int{NewInt(1)}, strings.NewReader("short"))
			return err
		}(),
	} {
		if err == nil {
			t.Errorf("%s: proven", name)
		}
	}
}
