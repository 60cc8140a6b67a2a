package prover

import (
	"crypto/rand"
	"crypto/sha3"
	"encoding/json"
	"slices"
	"strconv"
	"testing"

	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
	"hushwatt/testvectors"
)

// seeded makes everything random in the rest of the test a function of a name:
// keys, blindings, nonces.
func seeded(t *testing.T, name string) {
	h := sha3.NewSHAKE256()
	h.Write([]byte("vector " + name))
	before := rand.Reader
	rand.Reader = h
	t.Cleanup(func() { rand.Reader = before })
}

// claimFiles collects the files of testvectors/claim.
type claimFiles struct {
	t    *testing.T
	list []testvectors.Vector
}

// build makes the claim that d describes, without checking it.
func build(t *testing.T, d *claimData) *Claim {
	t.Helper()
	b, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := parseClaimSpec(b)
	if err != nil {
		t.Fatal(err)
	}
	c, err := spec.claim()
	if c == nil {
		t.Fatal(err)
	}
	return c
}

func (f *claimFiles) add(name, section, base, reason, comment string, d *claimData, h *home, narg []byte) {
	c := *d
	c.Header, c.Proof, c.Seals = testHeader, narg, nil
	for _, v := range h.seals {
		c.Seals = append(c.Seals, v.Append(nil))
	}
	v := testvectors.Vector{Name: name, Section: section, Comment: comment, Kind: "claim", Expected: testvectors.Accepted, Input: &c}
	if base != "" {
		v.Expected, v.Base, v.Reason = testvectors.Refused, base, reason
	}
	f.list = append(f.list, v)
}

// accept proves d about h, and checks that the second prover's proof is
// accepted too, so that its mistakes are what its proofs are refused for.
func (f *claimFiles) accept(name, comment string, d *claimData, h *home, secrets ...int64) []byte {
	f.t.Helper()
	seeded(f.t, name)
	narg := h.accepts(f.t, build(f.t, d), whole(secrets)...)
	f.add(name, "4", "", "", comment, d, h, narg)
	return narg
}

// refuse adds a proof for a claim that it does not prove.
func (f *claimFiles) refuse(name, section, base, comment string, d *claimData, h *home, narg []byte) {
	f.t.Helper()
	h.refuses(f.t, build(f.t, d), narg)
	f.add(name, section, base, "proof", comment, d, h, narg)
}

// cheat proves a false claim with the secrets given and, for each range in lies,
// another value than the witness has there.
func (f *claimFiles) cheat(name, base, comment string, d *claimData, h *home, lies map[int]int64, secrets ...int64) {
	f.t.Helper()
	f.cheatWith(name, base, comment, d, h, func(w *witness) {
		for i, v := range lies {
			w.ranges[i] = NewInt(v)
		}
	}, secrets...)
}

func (f *claimFiles) cheatWith(name, base, comment string, d *claimData, h *home, cheat func(*witness), secrets ...int64) {
	f.t.Helper()
	seeded(f.t, name)
	narg, err := build(f.t, d).prove(testHeader, h.seals, h.opened, whole(secrets), rand.Reader, cheat, noSteps)
	if err != nil {
		f.t.Fatalf("%s: no proof to refuse: %v", name, err)
	}
	f.refuse(name, "4", base, comment, d, h, narg)
}

// notProvable adds a claim that both sides refuse before any proof; it carries
// the proof of its base.
func (f *claimFiles) notProvable(name, base, comment string, d *claimData, h *home, narg []byte) {
	f.t.Helper()
	if build(f.t, d).Check() == nil {
		f.t.Errorf("%s: provable", name)
	}
	f.add(name, "4", base, "not-provable", comment, d, h, narg)
}

func whole(values []int64) []Int {
	var out []Int
	for _, v := range values {
		out = append(out, NewInt(v))
	}
	return out
}

// steps of a claim, as data.
type (
	claimData = testvectors.Claim
	step      = testvectors.Step
	expr      = testvectors.Expr
)

func decimal(v int64) string { return strconv.FormatInt(v, 10) }

// about returns a claim over the rows of h with a functional per pair of weights
// and constant.
func about(h *home, functionals ...testvectors.Functional) *claimData {
	d := &claimData{TZ: "2025b", Functionals: functionals, Steps: []step{}}
	for _, r := range h.rows {
		d.Rows = append(d.Rows, testvectors.Row{N: r.N, Cap: r.Cap, Skip: r.Skip})
	}
	return d
}

func hidden(w [][]int64, konst int64) testvectors.Functional {
	return testvectors.Functional{Weights: w, Const: decimal(konst)}
}

// with returns the claim and further steps.
func with(d *claimData, steps ...step) *claimData {
	c := *d
	c.Steps = slices.Concat(d.Steps, steps)
	return &c
}

func secretStep(name string, lo, hi int64, pays string) step {
	return step{Op: "secret", Name: name, Lo: decimal(lo), Hi: decimal(hi), Pays: pays}
}
func rangeStep(l expr, bound int64) step { return step{Op: "range", L: l, Value: decimal(bound)} }
func revealStep(l expr, value int64) step {
	return step{Op: "reveal", L: l, Value: decimal(value)}
}
func roundedStep(l expr, unit int64, mode Mode, value int64) step {
	return step{Op: "rounded", L: l, Units: []string{decimal(unit)}, Mode: string(mode), Value: decimal(value)}
}

// slots is a home of days of 24 slots whose first slots hold the given readings,
// and the weights that pick slot s of day 0.
func slots(t *testing.T, name string, days int, readings ...uint32) *home {
	seeded(t, "home of "+name)
	rows := make([]Row, days)
	for d := range rows {
		rows[d] = Row{N: 24, Cap: 1<<16 - 1}
	}
	return newHome(rows, func(d, s int) uint32 {
		if i := 24*d + s; i < len(readings) {
			return readings[i]
		}
		return 0
	})
}

// pick gives weight w[i] to slot i, counted over all days, and 0 to others.
func pick(h *home, w ...int64) [][]int64 {
	return weights(h.rows, func(d, s int) int64 {
		if i := 24*d + s; i < len(w) {
			return w[i]
		}
		return 0
	})
}

// at gives weight 1 to slot s of day 0.
func at(h *home, s int) [][]int64 {
	w := make([]int64, s+1)
	w[s] = 1
	return pick(h, w...)
}

func scalarPlus(b []byte, field int, k int64) []byte {
	b = slices.Clone(b)
	var v ristretto.Scalar
	if err := v.SetCanonical(b[32*field : 32*field+32]); err != nil {
		panic(err)
	}
	v = add(v, num(k))
	copy(b[32*field:], v.Bytes())
	return b
}

// cancelling checks that proofs of one claim would pass together if every
// equation had the same weight: else a vector of cancelling errors shows nothing.
func cancelling(t *testing.T, c *Claim, seals []sigma.Point, nargs ...[]byte) {
	t.Helper()
	var sum ristretto.Sum
	for _, narg := range nargs {
		r, err := c.replay(testHeader, seals, narg)
		if err != nil {
			t.Fatal(err)
		}
		r.addTo(&sum, slices.Repeat([]ristretto.Scalar{num(1)}, r.equations()))
	}
	if !sum.IsIdentity() {
		t.Error("the errors do not cancel")
	}
}
