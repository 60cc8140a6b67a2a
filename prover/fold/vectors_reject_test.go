package fold

import (
	"math/big"
	"slices"

	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
	"hushwatt/testvectors"
)

// falsehood is a statement that differs from the one that the witness satisfies.
type falsehood struct {
	name, comment string
	tell          func(l *lab)
}

var falsehoods = []falsehood{
	{"weight-plus-one-first", "The first weight is one more than in the proven claim.", func(l *lab) { l.Weights[0][0][0]++ }},
	{"weight-plus-one-last", "The last weight is one more than in the proven claim.", func(l *lab) { l.Weights[1][2][23]++ }},
	{"weight-sign", "One weight has the other sign.", func(l *lab) { l.Weights[0][1][7] *= -1 }},
	{"weights-rows-swapped", "Two days have each other's weights.", func(l *lab) { w := l.Weights[0]; w[0], w[1] = w[1], w[0] }},
	{"weights-slots-swapped", "Two slots have each other's weights.", func(l *lab) { w := l.Weights[0][2]; w[3], w[4] = w[4], w[3] }},
	{"weights-functional-swapped", "Two functionals have each other's weights.", func(l *lab) { w := l.Weights; w[0], w[1] = w[1], w[0] }},
	{"constant-plus-one", "The constant of a functional is one more.", func(l *lab) { l.Consts[1] = add(l.Consts[1], big.NewInt(1)) }},
	{"seal-swapped", "Two days have each other's seals.", func(l *lab) { v := l.seals; v[1], v[2] = v[2], v[1] }},
	{"seal-repeated", "A day's seal stands where the next day's belongs.", func(l *lab) { l.seals[2] = l.seals[1] }},
	{"seal-plus-G", "G, the base of no slot, is added to a seal.", func(l *lab) { l.seals[0] = plus(l.seals[0], ristretto.G()) }},
	{"seal-plus-other-slot-base", "A slot base of another number of slots is added to a seal.", func(l *lab) { l.seals[2] = plus(l.seals[2], ristretto.Slot(48, 0)) }},
	{"seal-plus-own-slot-base", "One Wh is added to a seal.", func(l *lab) { l.seals[2] = plus(l.seals[2], ristretto.Slot(24, 0)) }},
	{"X-plus-G", "A commitment to a functional holds one more than the readings give.", func(l *lab) { l.xs[0] = plus(l.xs[0], ristretto.G()) }},
	{"X-plus-H", "A commitment to a functional has another blinding.", func(l *lab) { l.xs[1] = plus(l.xs[1], ristretto.H()) }},
	{"X-swapped", "The commitments to two functionals are exchanged.", func(l *lab) { l.xs[0], l.xs[1] = l.xs[1], l.xs[0] }},
	{"X-with-a-slot-base", "A commitment to a functional has a component in a slot base.", func(l *lab) { l.xs[0] = plus(l.xs[0], ristretto.Slot(24, 5)) }},
}

// statements adds each falsehood twice: with the honest proof, and with that of a
// prover who runs the protocol on the false statement.
func (v *vectors) statements(l *lab, narg []byte) {
	for _, f := range falsehoods {
		other := l.clone()
		f.tell(other)
		v.refuse(f.name, threeDays, f.comment, other, slices.Concat(other.commitments(), narg[64:]))
		adapted := f.name + "-adapted"
		if f.name == "X-plus-G" {
			adapted = "wrong-A1"
		}
		v.refuse(adapted, threeDays, f.comment+" The prover runs the protocol on the false statement.",
			other, newSlow(other, stream("vector "+adapted)).prove())
	}
	other := l.clone()
	other.session = "\x81\x00"
	v.refuse("session-other", threeDays, "The proof was made under another header.", other, narg)
}

// shapes changes the number of rows; three and four rows take as many rounds.
func (v *vectors) shapes(l *lab, narg []byte) {
	resize := func(to int, last sigma.Point) *lab {
		m := l.clone()
		m.Rows, m.seals = repeat(24, to), append(m.seals[:min(3, to)], slices.Repeat([]sigma.Point{last}, max(0, to-3))...)
		for j := range m.Weights {
			m.Weights[j] = append(m.Weights[j][:min(3, to)], slices.Repeat([][]int64{make([]int64, 24)}, max(0, to-3))...)
		}
		return m
	}
	v.refuse("seal-missing", threeDays, "The claim has one day less than was proven.", resize(2, identity), narg)
	v.refuse("seal-appended", threeDays, "The claim has a fourth day, of weight zero, with the seal of the first.", resize(4, l.seals[0]), narg)
	v.refuse("seal-identity-appended", threeDays, "An absent row is given as a fourth seal that is the identity.", resize(4, identity), narg)
	v.list[len(v.list)-1].Reason = "malformed" // a seal that is the identity does not decode
}

// bytes changes the proof X_1 ‖ X_2 ‖ A_10 ‖ A_12 ‖ A_20 ‖ A_22 ‖ T_1 ‖ T_2 ‖ z.
func (v *vectors) bytes(l *lab, narg []byte) {
	const xs, rounds, T, z = 0, 64, 192, 256
	q := ristretto.Order().FillBytes(make([]byte, 32))
	slices.Reverse(q)
	one := append([]byte{1}, make([]byte, 31)...)
	change := func(name, comment string, f func(b []byte) []byte) {
		v.t.Helper()
		b := f(slices.Clone(narg))
		if slices.Equal(b, narg) {
			v.t.Errorf("%s changes nothing", name)
		}
		v.refuse(name, threeDays, comment, l, b)
	}
	exchange := func(i, j, n int) func([]byte) []byte {
		return func(b []byte) []byte {
			for k := range n {
				b[i+k], b[j+k] = b[j+k], b[i+k]
			}
			return b
		}
	}
	set := func(at int, element []byte) func([]byte) []byte {
		return func(b []byte) []byte { copy(b[at:], element); return b }
	}
	plus := func(at int, k []byte) func([]byte) []byte {
		return func(b []byte) []byte { addLE(b[at:at+32], k); return b }
	}
	change("round-dropped", "The first round is left out.", func(b []byte) []byte { return slices.Delete(b, rounds, rounds+64) })
	change("round-added", "The first round is sent twice.", func(b []byte) []byte { return slices.Insert(b, rounds, b[rounds:rounds+64]...) })
	change("rounds-swapped", "The two rounds are exchanged.", exchange(rounds, rounds+64, 64))
	change("A-swapped-0-2", "A_10 and A_12 are exchanged.", exchange(rounds, rounds+32, 32))
	change("A-identity", "A_10 is the identity.", set(rounds, make([]byte, 32)))
	change("A-noncanonical", "A_10 has the top bit set.", func(b []byte) []byte { b[rounds+31] |= 0x80; return b })
	change("A-negative", "A_10 is the other square root, or none.", func(b []byte) []byte { b[rounds] ^= 1; return b })
	change("T-swapped", "T_1 and T_2 are exchanged.", exchange(T, T+32, 32))
	change("T-identity", "T_1 is the identity.", set(T, make([]byte, 32)))
	change("X-identity", "X_1 is the identity.", set(xs, make([]byte, 32)))
	change("X-sent-in-other-order", "X_1 and X_2 are exchanged in the proof alone.", exchange(xs, xs+32, 32))
	fresh := l.clone()
	fresh.Gammas = []ristretto.Scalar{mustScalar(stream("vector γ_1")), mustScalar(stream("vector γ_2"))}
	fresh.seal()
	again, err := fresh.prove(stream("vector X-of-other-omega"))
	if err != nil {
		v.t.Fatal(err)
	}
	change("X-of-other-omega", "The X_j of one honest proof stand before the rest of another.", set(xs, again[:64]))
	change("z-of-other-proof", "The responses of another honest proof.", set(z, again[z:]))
	change("all-zero", "Every byte is zero.", func(b []byte) []byte { clear(b); return b })
	change("all-zero-after-X", "Every byte after the X_j is zero.", func(b []byte) []byte { clear(b[rounds:]); return b })
	change("proof-empty", "There is no proof.", func([]byte) []byte { return nil })
	change("proof-cut-to-first-half", "Half of the proof.", func(b []byte) []byte { return b[:len(b)/2] })
	for at, name := range []string{0: "first-slot", 23: "last-slot", 24: "rho", 25: "zeta"} {
		if name != "" {
			change("z-plus-one-"+name, "The response of "+name+" is one more.", plus(z+32*at, one))
			change("z-plus-q-"+name, "The response of "+name+" is encoded as itself plus q.", plus(z+32*at, q))
		}
	}
	section := func(name, comment string, f func(b []byte) []byte) {
		change(name, comment, f)
		v.list[len(v.list)-1].Section = "4.2"
	}
	section("narg-trailing", "One byte follows the proof.", func(b []byte) []byte { return append(b, 0) })
	section("narg-truncated", "The last byte is left out.", func(b []byte) []byte { return b[:len(b)-1] })
	section("compact-flavour-offered", "The challenge is sent in place of the T.", func(b []byte) []byte {
		return slices.Replace(b, T, z, v.challenge(l, narg)...)
	})
	section("compact-form-as-batchable", "The challenge in place of T_1, zeros for T_2.", func(b []byte) []byte {
		clear(b[T:z])
		copy(b[T:], v.challenge(l, narg))
		return b
	})
}

func addLE(b, k []byte) {
	carry := 0
	for i := range b {
		carry += int(b[i]) + int(k[i])
		b[i], carry = byte(carry), carry>>8
	}
}

func (v *vectors) challenge(l *lab, narg []byte) []byte {
	_, proof, err := l.read(narg, false)
	if err != nil {
		v.t.Fatal(err)
	}
	return proof.Challenge.Bytes()
}

// transcripts adds the proofs of provers who know the witness and follow another
// transcript.
func (v *vectors) transcripts(l *lab) {
	for _, w := range []struct {
		name, comment string
		twist         twist
	}{
		{"omits-session", "The header is left out of the session id.", twist{omitSession: true}},
		{"omits-sizes", "The numbers of columns, rows and functionals are not absorbed.", twist{omitSizes: true}},
		{"omits-weights", "The weights' hash is not absorbed.", twist{omitWeights: true}},
		{"omits-seal", "The last seal is not absorbed.", twist{omitSeal: true}},
		{"omits-X", "The X_j are not absorbed.", twist{omitX: true}},
		{"omits-last-A", "The last A_i2 is not absorbed.", twist{omitLastA: true}},
		{"omits-T1", "T_1 is not absorbed.", twist{omitT1: true}},
		{"omits-T2", "T_2 is not absorbed.", twist{omitT2: true}},
		{"omega-before-X", "ω is squeezed before the X_j are absorbed.", twist{omegaBeforeX: true}},
		{"r-before-A2", "r_i is squeezed between A_i0 and A_i2.", twist{rBeforeA2: true}},
		{"low-bit-first", "Rounds pair rows 2d and 2d + 1.", twist{lowBitFirst: true}},
		{"columns-first", "The weights are hashed column by column.", twist{columnsFirst: true}},
		{"challenge-32-bytes", "Challenges are 32 squeezed bytes.", twist{shortChallenge: true}},
		{"late-T2", "T_2 is solved for after the challenge.", twist{lateT2: true}},
	} {
		v.refuse(w.name, threeDays, w.comment, l, (&slow{lab: l.clone(), twist: w.twist, rng: stream("vector " + w.name)}).prove())
	}
	lied := l.clone()
	lied.xs[1] = sigma.NewPoint(sum(lied.xs[1].Element(), times(big.NewInt(-1000), ristretto.G().Element())))
	forged := (&slow{lab: lied, twist: twist{lateX: true}, rng: stream("vector late-X")}).prove()
	if rel, proof, err := l.read(forged, true); err != nil || rel.Check(proof) != nil {
		v.t.Errorf("late-X: a verifier that does not absorb the X_j should accept: %v", err)
	}
	v.refuse("late-X", threeDays, "X_2 is 1,000 too low and X_1 is solved for at the end; without the X_j in the transcript it would be accepted.", l, forged)
}

// batches adds proofs that are verified together, and errors that cancel unless
// every equation has a weight of its own.
func (v *vectors) batches() {
	l := lean(repeat(24, 1), 1, "")
	item := func(seed string, shift *sigma.Point) []byte {
		return (&slow{lab: l.clone(), twist: twist{shiftT: shift}, rng: stream("vector batch " + seed)}).prove()
	}
	base := v.accept("one-day", "One day of 24 slots, one functional.", l)
	d := sigma.NewPoint(ristretto.HashToGroup([]byte("an error")))
	minus := sigma.NewPoint(ristretto.NewElement().Neg(d.Element()))
	up, down := item("up", &d), item("down", &minus)
	v.cancels(l, up)
	v.cancels(l, up, down)
	v.refuse("cancel-E1-E2", "one-day", "T_1 + D and T_2 - D: the errors cancel if both equations have one weight.", l, up)

	items := func(parts ...testvectors.Item) *testvectors.Batch { return &testvectors.Batch{Items: parts} }
	part := func(repeat int, narg []byte, verdict string) testvectors.Item {
		return testvectors.Item{Repeat: repeat, Verdict: verdict, Claim: *l.claim(narg)}
	}
	const yes, no = testvectors.Accepted, testvectors.Refused
	v.add("batch", "4.2", "", "Two proofs of one claim are verified together.", "batch", items(part(1, base, yes), part(1, item("other", nil), yes)))
	v.add("cancel-across-bills", "4.1", "batch", "The errors of two proofs cancel if their equations have the same weights.", "batch",
		items(part(1, up, no), part(1, down, no)))
	v.add("batch-of-1000", "4.2", "", "One proof a thousand times.", "batch", items(part(1000, base, yes)))
	v.add("batch-one-bad-of-1000", "4.2", "batch-of-1000", "The 613th of a thousand proofs is bad; only that one is refused.", "batch",
		items(part(612, base, yes), part(1, up, no), part(387, base, yes)))
}

// cancels checks that the errors of some proofs do cancel if all equations have
// one weight: else the vector would show nothing.
func (v *vectors) cancels(l *lab, nargs ...[]byte) {
	v.t.Helper()
	var one ristretto.Scalar
	one.SetUint64(1)
	var sum ristretto.Sum
	for _, narg := range nargs {
		rel, proof, err := l.read(narg, false)
		if err != nil {
			v.t.Fatal(err)
		}
		sigma.AddTo(&sum, rel, proof, []ristretto.Scalar{one, one})
	}
	if !sum.IsIdentity() {
		v.t.Error("the errors do not cancel")
	}
}
