package fold

import (
	"fmt"
	"math/big"
	"slices"
	"testing"

	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// month is the proof that the rejects below mutate.
func month(t *testing.T) (*lab, []byte) {
	t.Helper()
	l := newLab(repeat(24, 31), 2, "")
	narg, err := l.prove(stream("nonces"))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.verify(narg); err != nil {
		t.Fatalf("honest proof refused: %v", err)
	}
	return l, narg
}

func plus(p sigma.Point, b *ristretto.Base) sigma.Point {
	e := p.Element()
	return sigma.NewPoint(e.Add(e, b.Element()))
}

var identity = sigma.NewPoint(ristretto.NewElement())

// lies are statements that differ from the one that the witness satisfies.
var lies = map[string]func(l *lab){
	"weight-plus-one-first":   func(l *lab) { l.Weights[0][0][0]++ },
	"weight-plus-one-last":    func(l *lab) { l.Weights[1][30][23]++ },
	"weight-sign":             func(l *lab) { l.Weights[0][4][7] *= -1 },
	"weights-rows-swapped":    func(l *lab) { w := l.Weights[0]; w[3], w[4] = w[4], w[3] },
	"weights-slots-swapped":   func(l *lab) { w := l.Weights[0][3]; w[3], w[4] = w[4], w[3] },
	"weights-functional-swap": func(l *lab) { w := l.Weights; w[0], w[1] = w[1], w[0] },
	"constant-plus-one":       func(l *lab) { l.Consts[1] = add(l.Consts[1], big.NewInt(1)) },
	"seal-swapped":            func(l *lab) { v := l.seals; v[3], v[4] = v[4], v[3] },
	"seal-repeated":           func(l *lab) { l.seals[4] = l.seals[3] },
	"seal-plus-G":             func(l *lab) { l.seals[0] = plus(l.seals[0], ristretto.G()) },
	"seal-plus-other-slot":    func(l *lab) { l.seals[30] = plus(l.seals[30], ristretto.Slot(48, 0)) },
	"seal-plus-own-slot":      func(l *lab) { l.seals[30] = plus(l.seals[30], ristretto.Slot(24, 0)) },
	// An honest prover of another total: A_i1 is derived, so it cannot be bent.
	"X-plus-G":                 func(l *lab) { l.xs[0] = plus(l.xs[0], ristretto.G()) },
	"X-plus-H":                 func(l *lab) { l.xs[1] = plus(l.xs[1], ristretto.H()) },
	"X-swapped":                func(l *lab) { l.xs[0], l.xs[1] = l.xs[1], l.xs[0] },
	"X-with-a-slot-base":       func(l *lab) { l.xs[0] = plus(l.xs[0], ristretto.Slot(24, 5)) },
	"X-of-the-sum":             func(l *lab) { x := l.xs[0].Element(); l.xs[0] = sigma.NewPoint(x.Add(x, l.xs[1].Element())) },
	"seal-identity":            func(l *lab) { l.seals[9] = identity },
	"X-identity":               func(l *lab) { l.xs[1] = identity },
	"X-identity-in-the-middle": func(l *lab) { l.xs[0] = identity },
}

// TestRejectStatement verifies the honest proof against each other statement,
// and the proof of a prover who runs the protocol on the other statement.
func TestRejectStatement(t *testing.T) {
	base, narg := month(t)
	for name, lie := range lies {
		l := base.clone()
		lie(l)
		patched := slices.Concat(l.commitments(), narg[64:])
		if l.verify(patched) == nil {
			t.Errorf("%s: honest proof accepted", name)
		}
		lied := newSlow(l, stream("nonces")).prove()
		if l.verify(lied) == nil {
			t.Errorf("%s: proof on the false statement accepted", name)
		}
	}
	for _, field := range []string{"period", "meter", "tariff", "output", "kind"} {
		l := base.clone()
		l.session = "session of another " + field
		if l.verify(narg) == nil {
			t.Errorf("session-other-%s: accepted", field)
		}
	}
}

// TestRejectShape changes the number of rows, where lengths may still agree:
// 31 and 32 rows both take five rounds.
func TestRejectShape(t *testing.T) {
	base, narg := month(t)
	resize := func(l *lab, from, to int, last sigma.Point) {
		l.Rows = repeat(24, to)
		l.seals = l.seals[:min(from, to)]
		for j := range l.Weights {
			l.Weights[j] = l.Weights[j][:min(from, to)]
			for len(l.Weights[j]) < to {
				l.Weights[j] = append(l.Weights[j], make([]int64, 24))
			}
		}
		for len(l.seals) < to {
			l.seals = append(l.seals, last)
		}
	}
	for name, change := range map[string]func(l *lab){
		"seal-missing":           func(l *lab) { resize(l, 31, 30, identity) },
		"seal-identity-appended": func(l *lab) { resize(l, 31, 32, identity) },
		"seal-appended":          func(l *lab) { resize(l, 31, 32, l.seals[0]) },
		"too-many-rows":          func(l *lab) { resize(l, 31, 33, l.seals[0]) },
	} {
		l := base.clone()
		change(l)
		if l.verify(narg) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestRejectBytes changes the proof.
func TestRejectBytes(t *testing.T) {
	l, narg := month(t)
	const xs, element = 64, 32
	rounds, T := xs, xs+l.Size()
	z := T + 64
	swap := func(b []byte, i, j, n int) {
		for k := range n {
			b[i+k], b[j+k] = b[j+k], b[i+k]
		}
	}
	q := make([]byte, 32)
	slices.Reverse(ristretto.Order().FillBytes(q))
	addLE := func(b, k []byte) {
		var carry int
		for i := range b {
			carry += int(b[i]) + int(k[i])
			b[i], carry = byte(carry), carry>>8
		}
	}
	one := make([]byte, 32)
	one[0] = 1
	cases := map[string]func(b []byte) []byte{
		"round-dropped":  func(b []byte) []byte { return slices.Delete(b, rounds, rounds+64) },
		"round-added":    func(b []byte) []byte { return slices.Insert(b, rounds, b[rounds:rounds+64]...) },
		"A-swapped-0-2":  func(b []byte) []byte { swap(b, rounds, rounds+element, element); return b },
		"rounds-swapped": func(b []byte) []byte { swap(b, rounds, rounds+64, 64); return b },
		"A-identity":     func(b []byte) []byte { clear(b[rounds : rounds+element]); return b },
		"A-noncanonical": func(b []byte) []byte { b[rounds+31] |= 0x80; return b },
		"A-negative":     func(b []byte) []byte { b[rounds] ^= 1; return b },
		"T-swapped":      func(b []byte) []byte { swap(b, T, T+element, element); return b },
		"T-identity":     func(b []byte) []byte { clear(b[T : T+element]); return b },
		"X-swapped":      func(b []byte) []byte { swap(b, 0, element, element); return b },
		"truncated":      func(b []byte) []byte { return b[:len(b)-1] },
		"trailing":       func(b []byte) []byte { return append(b, 0) },
		"empty":          func(b []byte) []byte { return nil },
		"all-zero":       func(b []byte) []byte { clear(b); return b },
		"all-zero-proof": func(b []byte) []byte { clear(b[xs:]); return b },
		// challenge ‖ responses instead of T ‖ responses, and the same padded.
		"compact-flavour-offered": func(b []byte) []byte { return slices.Delete(b, T, T+element) },
		"compact-padded":          func(b []byte) []byte { copy(b[T:], b[z:z+element]); return b },
	}
	for name, at := range map[string]int{"first-slot": 0, "last-slot": 23, "rho": 24, "zeta": 25} {
		from := z + 32*at
		cases["z-plus-one-"+name] = func(b []byte) []byte { addLE(b[from:from+32], one); return b }
		cases["z-plus-q-"+name] = func(b []byte) []byte { addLE(b[from:from+32], q); return b }
	}
	for name, change := range cases {
		if l.verify(change(slices.Clone(narg))) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestRejectEveryByte flips one bit in every byte of a one-day proof.
func TestRejectEveryByte(t *testing.T) {
	l := newLab(repeat(24, 1), 1, "")
	narg, err := l.prove(stream("nonces"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range narg {
		b := slices.Clone(narg)
		b[i] ^= 1 << (i % 8)
		if l.verify(b) == nil {
			t.Errorf("byte %d: accepted", i)
		}
	}
}

// TestRejectTranscript: provers who know the witness but follow another
// transcript.
func TestRejectTranscript(t *testing.T) {
	l, honest := month(t)
	if got := newSlow(l, stream("nonces")).prove(); !slices.Equal(got, honest) {
		t.Fatal("the untwisted prover must be the honest one")
	}
	for name, w := range map[string]twist{
		"omits-session":      {omitSession: true},
		"omits-sizes":        {omitSizes: true},
		"omits-weights":      {omitWeights: true},
		"omits-seal":         {omitSeal: true},
		"omits-X":            {omitX: true},
		"omits-last-A":       {omitLastA: true},
		"omits-T1":           {omitT1: true},
		"omits-T2":           {omitT2: true},
		"omega-before-X":     {omegaBeforeX: true},
		"r-before-A2":        {rBeforeA2: true},
		"low-bit-first":      {lowBitFirst: true},
		"columns-first":      {columnsFirst: true},
		"challenge-32-bytes": {shortChallenge: true},
		"late-X":             {lateX: true},
		"late-T2":            {lateT2: true},
	} {
		if l.verify((&slow{lab: l.clone(), twist: w, rng: stream("nonces")}).prove()) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestRejectLateX shows the forgery and that order alone stops it: functional
// 1 is claimed 1,000 too low and X_0 is solved for at the end. A verifier that
// leaves the X_j out of the transcript accepts the false bill; ours does not.
func TestRejectLateX(t *testing.T) {
	base, _ := month(t)
	l := base.clone()
	lower := times(big.NewInt(-1000), ristretto.G().Element())
	l.xs[1] = sigma.NewPoint(sum(l.xs[1].Element(), lower))
	forged := (&slow{lab: l, twist: twist{lateX: true}, rng: stream("nonces")}).prove()
	rel, proof, err := base.read(forged, true)
	if err != nil || rel.Check(proof) != nil {
		t.Errorf("the weak verifier should accept the forgery: %v", err)
	}
	if base.verify(forged) == nil {
		t.Error("late-X: accepted")
	}
}

// TestRejectLateT2: a response changed at will and T2 solved for; only the
// absorption of T2 before the challenge stops it.
func TestRejectLateT2(t *testing.T) {
	l, _ := month(t)
	late := &slow{lab: l.clone(), twist: twist{lateT2: true}, rng: stream("nonces")}
	late.xs[1] = plus(l.xs[1], ristretto.G()) // a lie about functional 1
	if late.verify(late.prove()) == nil {
		t.Error("late-T2: accepted")
	}
}

// TestRejectCancel: errors in the two equations of one proof, or in those of
// two bills, cancel if their weights are equal; with weights of their own they
// do not.
func TestRejectCancel(t *testing.T) {
	l, _ := month(t)
	d := sigma.NewPoint(ristretto.HashToGroup([]byte("an error")))
	w := &slow{lab: l.clone(), twist: twist{shiftT: &d}, rng: stream("nonces")}
	rel, proof, err := l.read(w.prove(), false)
	if err != nil {
		t.Fatal(err)
	}
	var one ristretto.Scalar
	one.SetUint64(1)
	var same ristretto.Sum
	sigma.AddTo(&same, rel, proof, []ristretto.Scalar{one, one})
	if !same.IsIdentity() {
		t.Error("equal weights should let the errors cancel")
	}
	var own ristretto.Sum
	sigma.AddTo(&own, rel, proof, randomWeights(2))
	if own.IsIdentity() || rel.Check(proof) == nil {
		t.Error("cancel-E1-E2: accepted")
	}

	minus := sigma.NewPoint(ristretto.NewElement().Neg(d.Element()))
	var sameBills, ownBills ristretto.Sum
	for i, shift := range []*sigma.Point{&d, &minus} {
		// T1 + D, T2 − D in one bill; T1 − D, T2 + D in the other.
		w := &slow{lab: l.clone(), twist: twist{shiftT: shift}, rng: stream(fmt.Sprint(i))}
		rel, proof, err := l.read(w.prove(), false)
		if err != nil {
			t.Fatal(err)
		}
		sigma.AddTo(&sameBills, rel, proof, randomFrom("equation weights"))
		sigma.AddTo(&ownBills, rel, proof, randomWeights(2))
	}
	if !sameBills.IsIdentity() {
		t.Error("equal weights in both bills should let the errors cancel")
	}
	if ownBills.IsIdentity() {
		t.Error("cancel-across-bills: accepted")
	}
}

func randomFrom(seed string) []ristretto.Scalar {
	s := stream(seed)
	return []ristretto.Scalar{mustScalar(s), mustScalar(s)}
}

// TestRejectWrongWitness: provers who are honest about everything but one
// secret.
func TestRejectWrongWitness(t *testing.T) {
	base, _ := month(t)
	for name, change := range map[string]func(l *lab){
		"reading-plus-one": func(l *lab) {
			l.Readings[7] = slices.Clone(l.Readings[7])
			l.Readings[7][3] ^= 1
		},
		"readings-of-other-day": func(l *lab) { l.Readings[7] = l.Readings[8] },
		"blinding-of-seal":      func(l *lab) { l.Blindings[30].SetUint64(5) },
		"blinding-of-X":         func(l *lab) { l.Gammas[1].SetUint64(5) },
	} {
		l := base.clone()
		change(l) // seals and X_j stay
		narg, err := l.prove(stream("nonces"))
		if err != nil {
			t.Fatal(err)
		}
		if base.verify(narg) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// FuzzRead feeds bytes to the verifier: nothing panics, only the seed that is
// a proof is accepted, and what decodes is what the proof says.
func FuzzRead(f *testing.F) {
	l := newLab(repeat(24, 3), 1, "")
	narg, err := l.prove(stream("nonces"))
	if err != nil {
		f.Fatal(err)
	}
	if err := l.verify(narg); err != nil {
		f.Fatal(err)
	}
	f.Add(narg)
	for _, bad := range [][]byte{narg[:len(narg)-1], make([]byte, len(narg)), append(slices.Clone(narg), 0)} {
		if l.verify(bad) == nil {
			f.Fatalf("seed of %d bytes accepted", len(bad))
		}
		f.Add(bad)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, proof, err := l.read(b, false)
		if err != nil {
			return
		}
		again := slices.Clone(b[:32+l.Size()])
		for _, p := range proof.Commitment {
			again = p.Append(again)
		}
		for _, z := range proof.Response {
			again = z.Append(again)
		}
		if !slices.Equal(again, b) {
			t.Fatal("re-encodes to other bytes")
		}
		if l.verify(b) == nil && !slices.Equal(b, narg) {
			t.Fatal("a second proof is accepted")
		}
	})
}
