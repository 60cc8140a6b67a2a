package prover

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	mrand "math/rand/v2"
	"strconv"
	"testing"
)

// randomClaim makes a true claim with a random choice of everything that the
// language has, beside its home, the secrets' values, and the values of all
// names by plain integers.
type randomClaim struct {
	rng     *mrand.Rand
	spec    claimSpec
	home    *home
	secrets []Int
	values  map[string]*big.Int
	names   []string
	n       int
}

func newRandomClaim(rng *mrand.Rand) *randomClaim {
	r := &randomClaim{rng: rng, values: map[string]*big.Int{"1": one}}
	r.spec.TZ = "2026a"
	var rows []Row
	kinds := []int{24, 48, 96}
	for range 1 + rng.IntN(5) {
		row := Row{N: kinds[rng.IntN(1+rng.IntN(3))], Cap: 1 + rng.Uint32N(1<<20-1)}
		if rng.IntN(3) == 0 {
			row.Skip = make([]bool, row.N)
			row.Skip[rng.IntN(row.N)] = true
		}
		rows = append(rows, row)
		r.spec.Rows = append(r.spec.Rows, rowSpec(row))
	}
	r.home = newHome(rows, func(d, s int) uint32 {
		if rng.IntN(20) == 0 {
			return rows[d].Cap
		}
		return rng.Uint32N(min(rows[d].Cap, 3000) + 1)
	})
	for j := range 1 + rng.IntN(4) {
		size := int64(1) << rng.IntN(45)
		w := weights(rows, func(d, s int) int64 { return rng.Int64N(2*size+1) - size })
		k := rng.Int64N(2001) - 1000
		r.spec.Functionals = append(r.spec.Functionals, functionalSpec{w, strconv.FormatInt(k, 10)})
		r.name("f"+strconv.Itoa(j), r.home.sum(w, k))
	}
	for range rng.IntN(4) {
		r.secret()
	}
	for range 1 + rng.IntN(6) {
		r.step()
	}
	r.spec.Steps = append(r.spec.Steps, stepSpec{Op: "reveal", L: exprSpec{"f0": "1"}, Value: r.values["f0"].String()})
	return r
}

func (r *randomClaim) name(name string, v *big.Int) {
	r.values[name] = v
	r.names = append(r.names, name)
}

func (r *randomClaim) returns(v *big.Int) {
	r.name("s"+strconv.Itoa(r.n), v)
	r.n++
}

func (r *randomClaim) secret() {
	v := big.NewInt(r.rng.Int64N(2001) - 1000)
	lo := new(big.Int).Sub(v, big.NewInt(r.rng.Int64N(3)))
	hi := new(big.Int).Add(v, big.NewInt(1+r.rng.Int64N(5000)))
	r.secretOf(v, lo, hi)
}

func (r *randomClaim) secretOf(v, lo, hi *big.Int) string {
	r.spec.Steps = append(r.spec.Steps, stepSpec{Op: "secret", Name: "secret " + strconv.Itoa(r.n), Lo: lo.String(), Hi: hi.String()})
	r.secrets = append(r.secrets, publicInt(v))
	r.returns(v)
	return "s" + strconv.Itoa(r.n-1)
}

// around declares a secret that can be v, between bounds that hang on nothing.
func (r *randomClaim) around(v *big.Int) string {
	reach := new(big.Int).Lsh(one, uint(min(98, v.BitLen()+1)))
	return r.secretOf(v, new(big.Int).Neg(reach), reach)
}

// expr returns a random expression and its value.
func (r *randomClaim) expr() (exprSpec, *big.Int) {
	e, v := exprSpec{}, new(big.Int)
	for range 1 + r.rng.IntN(3) {
		name := r.names[r.rng.IntN(len(r.names))]
		k := big.NewInt(r.rng.Int64N(7) - 3)
		if _, again := e[name]; again || k.Sign() == 0 {
			continue
		}
		e[name] = k.String()
		v.Add(v, k.Mul(k, r.values[name]))
	}
	if r.rng.IntN(2) == 0 {
		e["1"] = "11"
		v.Add(v, big.NewInt(11))
	}
	if len(e) == 0 || len(e) == 1 && e["1"] != "" {
		e, v = exprSpec{"f0": "1"}, r.values["f0"]
	}
	return e, v
}

func (r *randomClaim) step() {
	add := func(s stepSpec) { r.spec.Steps = append(r.spec.Steps, s) }
	e, v := r.expr()
	u := big.NewInt(1 + r.rng.Int64N(1<<r.rng.IntN(30)))
	mode := modes[r.rng.IntN(len(modes))]
	switch r.rng.IntN(7) {
	case 0:
		b := new(big.Int).Abs(v)
		e["1"] = add2(e["1"], new(big.Int).Sub(b, v)) // now it is |v|
		add(stepSpec{Op: "range", L: e, Value: new(big.Int).Add(b, one).String()})
	case 1: // 3·e − 3·y = 0: an equation
		y := r.around(v)
		l := exprSpec{y: "-3"}
		for n, k := range e {
			l[n] = add2("0", new(big.Int).Mul(big.NewInt(3), mustInt(k)))
		}
		add(stepSpec{Op: "zero", L: l})
	case 2: // e − y = 0: substituted
		y := r.around(v)
		e[y] = "-1"
		add(stepSpec{Op: "zero", L: e})
	case 3:
		f, w := r.expr()
		if p := new(big.Int).Mul(v, w); p.BitLen() < 97 {
			z := r.around(p)
			add(stepSpec{Op: "product", L: exprSpec{z: "1"}, X: e, Y: f})
		}
	case 4:
		z := r.around(new(big.Int))
		add(stepSpec{Op: "zeroProduct", X: exprSpec{z: "1"}, Y: e})
	case 5:
		if b := oracleRound(v, u, mode); b.IsInt64() {
			add(stepSpec{Op: "rounded", L: e, Units: []string{u.String()}, Mode: string(mode), Value: b.String()})
		}
	case 6:
		if mode == HalfAway { // both signs, mostly
			mode = HalfEven
		}
		total := oracleRound(v, u, mode)
		total.Add(total, oracleRound(r.values["f0"], big.NewInt(2), mode))
		if total.IsInt64() {
			add(stepSpec{Op: "lines", Lines: []exprSpec{e, {"f0": "1"}}, Units: []string{u.String(), "2"}, Mode: string(mode), Value: total.String()})
		}
	}
}

func mustInt(s string) *big.Int {
	v, ok := new(big.Int).SetString(s, 10)
	if !ok {
		panic(s)
	}
	return v
}

func add2(s string, v *big.Int) string {
	if s == "" {
		s = "0"
	}
	return new(big.Int).Add(mustInt(s), v).String()
}

// TestRandomClaims: true claims are proven and accepted, also from JSON, and
// the same proof is refused for a claim that differs in one revealed value.
func TestRandomClaims(t *testing.T) {
	count := 60
	if testing.Short() {
		count = 30
	}
	ops, cancelled := map[string]int{}, 0
	for i := range count {
		r := newRandomClaim(mrand.New(mrand.NewPCG(7, uint64(i))))
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			c, err := r.spec.claim()
			if errors.Is(err, errPublic) { // the dice cancelled an expression
				cancelled++
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			narg := r.home.accepts(t, c, r.secrets...)
			for _, s := range r.spec.Steps {
				ops[s.Op]++
			}
			file, err := json.Marshal(r.spec)
			if err != nil {
				t.Fatal(err)
			}
			spec, err := parseClaimSpec(file)
			if err != nil {
				t.Fatal(err)
			}
			again, err := spec.claim()
			if err != nil {
				t.Fatal(err)
			}
			if err := again.Verify(testHeader, r.home.seals, narg); err != nil {
				t.Fatalf("from JSON: %v", err)
			}
			last := &spec.Steps[len(spec.Steps)-1]
			last.Value = add2(last.Value, one)
			other, err := spec.claim()
			if err != nil {
				t.Fatal(err)
			}
			r.home.refuses(t, other, narg)
			if _, err := other.Prove(testHeader, r.home.seals, r.home.opened, r.secrets, rand.Reader); err == nil {
				t.Fatal("false claim proven")
			}
		})
	}
	if cancelled > count/10 {
		t.Errorf("%d of %d claims cancelled", cancelled, count)
	}
	for _, op := range []string{"secret", "range", "zero", "product", "zeroProduct", "reveal", "rounded", "lines"} {
		if ops[op] == 0 {
			t.Errorf("no claim had a step %s", op)
		}
	}
}
