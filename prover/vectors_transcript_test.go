package prover

import (
	"crypto/rand"
	"math/big"
	"slices"

	"hushwatt/prover/sigma"
	"hushwatt/testvectors"
)

// compiler: claims that both sides refuse from public inputs alone.
func (f *claimFiles) compiler() {
	h := slots(f.t, "compiler", 1, 500)
	plain := func(w [][]int64, konst string) *claimData {
		return about(h, testvectors.Functional{Weights: w, Const: konst})
	}
	reveal := with(plain(at(h, 0), "0"), revealStep(expr{"f0": "1"}, 500))
	narg := f.accept("reveal", "A reading of 500 is revealed.", reveal, h)
	power := func(n uint) string { return new(big.Int).Lsh(one, n).String() }
	refuse := func(name, comment string, d *claimData) {
		f.t.Helper()
		f.notProvable(name, "reveal", comment, d, h, narg)
	}
	refuse("wrap-weight", "A weight of -2^63.", with(plain(pick(h, -1<<63), "0"), revealStep(expr{"f0": "1"}, 500)))
	refuse("wrap-constant", "A constant of 2^127.", with(plain(at(h, 0), power(127)), revealStep(expr{"f0": "1"}, 500)))
	refuse("wrap-expression", "An integer that could exceed 2^200.", with(plain(at(h, 0), "0"), step{Op: "reveal", L: expr{"f0": power(190)}, Value: "0"}))
	refuse("wrap-product", "A product that could exceed 2^200.", with(plain(at(h, 0), "0"), secretStep("y", 0, 1, ""),
		step{Op: "product", L: expr{"s0": "1"}, X: expr{"f0": power(100)}, Y: expr{"f0": power(100)}}))
	refuse("range-bound-zero-required", "A required range of a single value.", with(reveal, rangeStep(expr{"f0": "1"}, 0)))
	refuse("range-bound-2-to-100", "A required range of 2^100.", with(reveal, step{Op: "range", L: expr{"f0": "1"}, Value: power(100)}))
	refuse("secret-of-one-value", "A secret whose range is a single value.", with(reveal, secretStep("y", 1, 1, "")))
	refuse("reveal-of-a-constant", "A reveal of nothing hidden.", with(plain(at(h, 0), "0"), revealStep(expr{"f0": "0", "1": "5"}, 5)))
	refuse("product-with-a-public-factor", "A product whose factor is public.", with(plain(at(h, 0), "0"), step{Op: "product", L: expr{"f0": "1"}, X: expr{"1": "1"}, Y: expr{"f0": "1"}}))
	refuse("unit-zero", "A rounding unit of 0.", with(plain(at(h, 0), "0"), roundedStep(expr{"f0": "1"}, 0, HalfUp, 500)))
	refuse("mode-unknown", "A rounding mode that does not exist.", with(plain(at(h, 0), "0"), roundedStep(expr{"f0": "1"}, 1, "nearest", 500)))
	refuse("amount-of-65-bits", "A rounded amount of 2^63.", with(plain(at(h, 0), "0"), step{Op: "rounded", L: expr{"f0": "1"}, Units: []string{"1"}, Mode: "down", Value: power(63)}))
	refuse("hidden-half-away-of-both-signs", "A hidden amount of either sign, rounded half away from zero.",
		with(plain(at(h, 0), "0"), step{Op: "roundedSecret", L: expr{"f0": "1", "1": "-9"}, Units: []string{"2"}, Mode: "half-away"}))

	skipping := func(skip bool) *claimData {
		d := with(about(h, hidden(pick(h, 1, 1), 0)), revealStep(expr{"f0": "1"}, 500))
		d.Rows = slices.Clone(d.Rows)
		d.Rows[0].Skip = make([]bool, 24)
		d.Rows[0].Skip[1] = true
		if !skip {
			d.Rows[0].Skip = nil
		}
		return d
	}
	narg = f.accept("slot-excluded", "The status policy leaves a slot out: its weight is zero in the proof.", skipping(true), h)
	f.refuse("slot-excluded-counted", "4.3", "slot-excluded", "The slot that was left out counts in the claim.", skipping(false), h, narg)
}

// everything is a claim that uses the whole language, about three days.
func (f *claimFiles) everything() (*claimData, *home, []int64) {
	seeded(f.t, "home of everything")
	h := newHome([]Row{{N: 24, Cap: 5000}, {N: 24, Cap: 4000}, {N: 24, Cap: 5000}}, func(d, s int) uint32 { return uint32(100*d + 3*s) })
	w0 := weights(h.rows, func(d, s int) int64 { return int64(s + 1) })
	w1 := weights(h.rows, func(d, s int) int64 { return int64(5 - d*s) })
	x0, x1 := h.sum(w0, 0).Int64(), h.sum(w1, -7)
	d := with(about(h, hidden(w0, 0), hidden(w1, -7)),
		secretStep("y", 0, 1<<40, ""), secretStep("z", -1<<60, 1<<60, ""), secretStep("v", 0, 1<<40, ""), secretStep("bit", 0, 1, ""),
		step{Op: "zero", L: expr{"s0": "1", "s2": "1", "f0": "-1"}},
		step{Op: "zero", L: expr{"s1": "2", "s0": "-6"}},
		step{Op: "product", L: expr{"s1": "1"}, X: expr{"s0": "1"}, Y: expr{"1": "3", "s3": "1"}},
		step{Op: "zeroProduct", X: expr{"s3": "1"}, Y: expr{"s0": "1"}},
		revealStep(expr{"f0": "1", "f1": "1"}, x0+x1.Int64()),
		rangeStep(expr{"f0": "1", "s0": "-1"}, 1<<40),
		roundedStep(expr{"f1": "1"}, 12, HalfEven, oracleRound(x1, big.NewInt(12), HalfEven).Int64()))
	return d, h, []int64{x0 / 2, x0 / 2 * 3, x0 - x0/2, 0}
}

// transcripts: the proofs of provers who follow another transcript, in the parts
// that only claims have.
func (f *claimFiles) transcripts() {
	d, h, secrets := f.everything()
	f.accept("everything", "Every construct of the claim language.", d, h, secrets...)
	c := build(f.t, d)
	seeded(f.t, "everything-by-hand")
	if err := c.Verify(testHeader, h.seals, slowProve(f.t, c, h, "", "", whole(secrets)...)); err != nil {
		f.t.Fatal(err)
	}
	add := func(name, comment, omit, wrong string) {
		f.t.Helper()
		seeded(f.t, name)
		f.refuse(name, "4.2", "everything", comment, d, h, slowProve(f.t, c, h, omit, wrong, whole(secrets)...))
	}
	add("omits-Y", "The commitments to secrets are not absorbed.", "Y", "")
	add("omits-ranges", "The range statement is not absorbed.", "ranges", "")
	add("omits-A-S", "The range proof's A and S are not absorbed.", "AS", "")
	add("omits-relation", "The relation is not absorbed.", "relation", "")
	add("omits-responses", "The responses are not absorbed before the range proof goes on.", "responses", "")
	add("omits-T12", "The range proof's T_1 and T_2 are not absorbed.", "T12", "")
	add("omits-rest", "The rest of the range proof is not absorbed.", "rest", "")
	add("omits-session-of-claim", "The header is left out of the session id.", "session", "")
	add("seal-sum-as-one-element", "The relation names one element, the combination of all seals, instead of the seals.", "", sealSum)
	add("prover-commitment-not-in-instance", "Commitments to secrets that occur in equations are no elements of the relation.", "", notInside)
}

// bytes: changes of a proof with a range.
func (f *claimFiles) bytes() {
	h := slots(f.t, "bytes", 3, 900, 800, 700, 600)
	d := func(total int64) *claimData {
		return with(about(h, hidden(pick(h, 1000, 2000, 3000), 17)), roundedStep(expr{"f0": "1"}, 100_000, HalfUp, total))
	}
	const right = 46
	narg := f.accept("rounded", "Three days, an amount rounded half up.", d(right), h)
	c := build(f.t, d(right))
	first, last := c.rangeSizes()
	// Fields of 32 bytes: X, A, S, four A_i, two T, the responses, T_1, T_2, τ_x, …
	const X, A, S = 0, 1, 2
	tau := (len(narg)-last)/32 + 2
	if first != 64 || c.commitments() != 1 {
		f.t.Fatal("the layout of the proof is not what this test thinks")
	}
	change := func(name, comment string, b []byte) {
		f.t.Helper()
		if slices.Equal(b, narg) {
			f.t.Errorf("%s changes nothing", name)
		}
		f.refuse(name, "4.2", "rounded", comment, d(right), h, b)
	}
	zeroed := func(field int) []byte {
		b := slices.Clone(narg)
		clear(b[32*field : 32*field+32])
		return b
	}
	swapped := func(i, j int) []byte {
		b := slices.Clone(narg)
		copy(b[32*i:], narg[32*j:32*j+32])
		copy(b[32*j:], narg[32*i:32*i+32])
		return b
	}
	change("A-S-swapped", "A and S of the range proof are exchanged.", swapped(A, S))
	change("identity-X", "The commitment to the amount before rounding is the identity.", zeroed(X))
	change("identity-A", "A of the range proof is the identity.", zeroed(A))
	change("identity-S", "S of the range proof is the identity.", zeroed(S))
	change("tau-plus-q", "τ_x is encoded as itself plus q.", plusQ(slices.Clone(narg), 32*tau))
	change("tau-plus-one", "τ_x is one more.", scalarPlus(narg, tau, 1))
	change("mu-plus-one", "μ is one more.", scalarPlus(narg, tau+1, 1))
	change("t-plus-one", "The value of t(X) at x is one more.", scalarPlus(narg, tau+2, 1))
	change("inner-a-plus-one", "The end a of the inner product argument is one more.", scalarPlus(narg, len(narg)/32-2, 1))
	change("inner-b-plus-one", "The end b of the inner product argument is one more.", scalarPlus(narg, len(narg)/32-1, 1))
	change("range-proof-of-other-claim", "The range proof of another honest proof of the claim.", f.grafted(c, h, narg, len(narg)-last))
	change("range-proof-dropped", "The part of the range proof after the relation is left out.", narg[:len(narg)-last])
	f.refuse("output-plus-one", "4.2", "rounded", "The proof stays, the revealed amount is one more.", d(right+1), h, narg)
	f.refuse("output-minus-one", "4.2", "rounded", "The proof stays, the revealed amount is one less.", d(right-1), h, narg)
	other := h.seals
	h.seals = []sigma.Point{other[0], other[2], other[1]}
	f.refuse("seals-of-empty-days-swapped", "4.2", "rounded", "Two days of no use have each other's seals.", d(right), h, narg)
	h.seals = other
	zones := d(right)
	zones.TZ = "2025c"
	f.refuse("time-zone-data-other", "4.3", "rounded", "The weights were made from another version of the time zone data.", zones, h, narg)
	f.batches(d(right), h, narg)
}

// grafted is narg up to a place, and another proof from there on.
func (f *claimFiles) grafted(c *Claim, h *home, narg []byte, from int) []byte {
	seeded(f.t, "another proof of rounded")
	again, err := c.Prove(testHeader, h.seals, h.opened, nil, rand.Reader)
	if err != nil {
		f.t.Fatal(err)
	}
	return slices.Concat(narg[:from], again[from:])
}

// batches: two proofs whose errors are opposite in the range proofs' equations.
// The scalar a is the last but one of a proof, and no challenge follows it.
func (f *claimFiles) batches(d *claimData, h *home, narg []byte) {
	a := len(narg)/32 - 2
	up, down := scalarPlus(narg, a, 1), scalarPlus(narg, a, -1)
	cancelling(f.t, build(f.t, d), h.seals, up, narg, down)
	claim := func(b []byte) testvectors.Claim {
		in := *d
		in.Header, in.Proof = testHeader, b
		for _, v := range h.seals {
			in.Seals = append(in.Seals, v.Append(nil))
		}
		return in
	}
	item := func(b []byte, verdict string) testvectors.Item {
		return testvectors.Item{Repeat: 1, Verdict: verdict, Claim: claim(b)}
	}
	const yes, no = testvectors.Accepted, testvectors.Refused
	f.list = append(f.list,
		testvectors.Vector{Name: "batch-rounded", Section: "4.2", Comment: "Three proofs of a rounded amount together.", Kind: "batch", Expected: yes,
			Input: &testvectors.Batch{Items: []testvectors.Item{item(narg, yes), item(narg, yes), item(narg, yes)}}},
		testvectors.Vector{Name: "batch-two-errors-cancel", Section: "4.2", Kind: "batch", Base: "batch-rounded", Expected: no, Reason: "proof",
			Comment: "Two proofs with opposite errors, and a good one between them.",
			Input:   &testvectors.Batch{Items: []testvectors.Item{item(up, no), item(narg, yes), item(down, no)}}})
}
