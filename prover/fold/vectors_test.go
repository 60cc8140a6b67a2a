package fold

import (
	"fmt"
	"math/big"
	"testing"

	gr "github.com/bwesterb/go-ristretto"

	"hushwatt/testvectors"
)

// vectors collects the files of testvectors/fold: claims that hold nothing but
// functionals, so that their proofs are day folds.
type vectors struct {
	t    *testing.T
	list []testvectors.Vector
}

func (v *vectors) add(name, section, base, comment, kind string, input any) {
	w := testvectors.Vector{Name: name, Section: section, Comment: comment, Kind: kind, Base: base, Expected: testvectors.Accepted, Input: input}
	if base != "" {
		w.Expected, w.Reason = testvectors.Refused, "proof"
	}
	v.list = append(v.list, w)
}

// accept adds an honest proof, which must be accepted here too.
func (v *vectors) accept(name, comment string, l *lab) []byte {
	v.t.Helper()
	narg, err := l.prove(stream("vector " + name))
	if err == nil {
		err = l.verify(narg)
	}
	if err != nil {
		v.t.Fatalf("%s: %v", name, err)
	}
	v.add(name, "4.1", "", comment, "claim", l.claim(narg))
	return narg
}

// refuse adds a proof that must be refused.
func (v *vectors) refuse(name, base, comment string, l *lab, narg []byte) {
	v.t.Helper()
	if l.verify(narg) == nil {
		v.t.Errorf("%s: accepted", name)
	}
	v.add(name, "4.1", base, comment, "claim", l.claim(narg))
}

// claim describes a lab and a proof as others see it.
func (l *lab) claim(narg []byte) *testvectors.Claim {
	c := &testvectors.Claim{TZ: timeZones, Steps: []testvectors.Step{}, Header: []byte(l.session), Proof: narg}
	for _, n := range l.Rows {
		c.Rows = append(c.Rows, testvectors.Row{N: n, Cap: 1<<20 - 1})
	}
	for j, w := range l.clone().Weights {
		c.Functionals = append(c.Functionals, testvectors.Functional{Weights: w, Const: l.Consts[j].String()})
	}
	for _, p := range l.seals {
		c.Seals = append(c.Seals, p.Append(nil))
	}
	return c
}

// lean is a lab with weights of few digits, which keeps files small.
func lean(rows []int, functionals int, kind string) *lab {
	l := newLab(rows, functionals, kind)
	for _, p := range l.Weights {
		for _, row := range p {
			for s := range row {
				row[s] %= 1000
			}
		}
	}
	l.seal()
	return l
}

// differing is the small lab with weights that differ from day to day.
func differing() *lab {
	l := small()
	for d, row := range l.Weights[0] {
		for s := range row {
			row[s] += int64(7 * d)
		}
	}
	l.seal()
	return l
}

const threeDays = "three-days"

func TestVectorFiles(t *testing.T) {
	v := &vectors{t: t}
	l := differing()
	narg := v.accept(threeDays, "Three days of 24 slots, two functionals.", l)
	v.accepts()
	v.torsion()
	v.statements(l, narg)
	v.shapes(l, narg)
	v.bytes(l, narg)
	v.transcripts(l)
	v.batches()
	testvectors.Sync(t, "fold", v.list)
}

func (v *vectors) accepts() {
	for _, d := range []int{1, 2, 31, 32, 33, 365} {
		v.accept(fmt.Sprintf("days-%d", d), fmt.Sprintf("%d rows: rows are folded without padding.", d), lean(repeat(24, d), 1, ""))
	}
	v.accept("functionals-6", "Six functionals share one fold.", lean(repeat(24, 3), 6, ""))
	v.accept("slot-counts-mixed", "Rows of 24, 48 and 96 slots stand in columns of their own.", lean([]int{48, 24, 96, 24}, 1, ""))
	v.accept("weights-zero", "A functional whose weights are all zero.", newLab(repeat(24, 3), 1, "zero weights"))
	v.accept("readings-zero", "Every reading is zero.", lean(repeat(24, 3), 1, "zero readings"))
	v.accept("readings-at-the-cap", "Every reading is 2^20 - 1.", lean(repeat(24, 3), 1, "full readings"))
	v.accept("weights-negative", "Weights are 2^63 - 1 and its negative.", newLab(repeat(24, 2), 1, "large weights"))
}

// torsion adds an honest proof whose second equation, summed up in the affine
// coordinates of the curve, ends in a torsion point that is not the neutral one.
func (v *vectors) torsion() {
	l := small()
	for i := range 64 {
		seed := fmt.Sprintf("vector torsion %d", i)
		narg, err := l.prove(stream(seed))
		if err != nil {
			v.t.Fatal(err)
		}
		if !endsInTorsion(v.t, l, narg, seed) {
			continue
		}
		if err := l.verify(narg); err != nil {
			v.t.Fatal(err)
		}
		v.add("torsion", "4.1", "", "Left and right of the second equation differ by a torsion point of the curve: compare ristretto elements, never coordinates.", "claim", l.claim(narg))
		return
	}
	v.t.Fatal("no proof ends in a torsion point")
}

func endsInTorsion(t *testing.T, l *lab, narg []byte, seed string) bool {
	w := newSlow(l, stream(seed))
	w.prove()
	es, eqs := w.relation()
	_, proof, err := l.read(narg, false)
	if err != nil {
		t.Fatal(err)
	}
	left := curvePoint(proof.Commitment[1].Append(nil))
	for _, m := range eqs[1].image {
		addTimes(left, mul(m[0], toBig(proof.Challenge)), es[m[1].Int64()])
	}
	for _, m := range eqs[1].terms {
		addTimes(left, mul(new(big.Int).Neg(m[0]), toBig(proof.Response[m[2].Int64()])), es[m[1].Int64()])
	}
	neutral := new(gr.Point).SetZero()
	return left.Equals(neutral) && (left.X.IsNonZeroI() == 1 || !left.Y.Equals(&left.Z))
}
