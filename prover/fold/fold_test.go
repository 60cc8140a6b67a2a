package fold

import (
	"bytes"
	"fmt"
	"math/big"
	"testing"

	"hushwatt/prover/ristretto"
)

// shapes are the accepted proofs of docs/protocol.md 4.1.
func shapes(short bool) map[string]*lab {
	m := map[string]*lab{}
	for _, d := range []int{1, 2, 3, 28, 31, 32, 33, 365} {
		for _, j := range []int{1, 6} {
			if short && d == 365 && j == 6 {
				continue
			}
			m[fmt.Sprintf("D=%d J=%d", d, j)] = newLab(repeat(48, d), j, "")
		}
	}
	for _, kind := range []string{"zero weights", "zero readings", "full readings", "large weights"} {
		m[kind] = newLab(repeat(24, 5), 2, kind)
	}
	m["two slot counts"] = newLab([]int{96, 48, 48, 96, 96}, 2, "")
	m["three slot counts"] = newLab([]int{24, 288, 48}, 1, "")
	return m
}

// TestComplete proves and verifies every shape, and compares the proof byte
// for byte with that of the slow prover. Many proofs pass here whose sum is a
// torsion point of the curve rather than its neutral point: both are the
// identity of ristretto255.
func TestComplete(t *testing.T) {
	for name, l := range shapes(testing.Short()) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			narg, err := l.prove(stream("nonces"))
			if err != nil {
				t.Fatal(err)
			}
			if len(narg) != l.size() {
				t.Errorf("%d bytes, want %d", len(narg), l.size())
			}
			if err := l.verify(narg); err != nil {
				t.Errorf("refused: %v", err)
			}
			if slow := newSlow(l, stream("nonces")).prove(); !bytes.Equal(slow, narg) {
				t.Error("the slow prover makes another proof")
			}
		})
	}
}

func TestSizeOfAMonth(t *testing.T) {
	l := newLab(repeat(48, 31), 1, "")
	if got := l.size() - 32; got != 1984 {
		t.Errorf("fold of a month is %d bytes, want 1984", got)
	}
}

// TestFolded compares eq_d and p_s with their definitions.
func TestFolded(t *testing.T) {
	l := newLab([]int{48, 24, 48, 24, 24, 48}, 3, "large weights")
	narg, err := l.prove(stream("nonces"))
	if err != nil {
		t.Fatal(err)
	}
	sp := l.sponge()
	sp.Absorb(l.commitments())
	f, err := Read(sp, &l.Statement, narg[32*3:32*3+l.Size()])
	if err != nil {
		t.Fatal(err)
	}
	r := make([]*big.Int, len(f.R))
	for i := range r {
		r[i] = toBig(f.R[i])
	}
	p := make([]*big.Int, 72)
	for s := range p {
		p[s] = new(big.Int)
	}
	for d, n := range l.Rows {
		eq := eqOf(r, d, false)
		if toBig(f.Eq[d]).Cmp(eq) != 0 {
			t.Errorf("eq of row %d differs", d)
		}
		omega := big.NewInt(1)
		for j := range l.Weights {
			for s, w := range l.Weights[j][d] {
				column := s
				if n == 48 {
					column += 24
				}
				p[column] = mod(add(p[column], mul(mul(eq, omega), big.NewInt(w))))
			}
			omega = mod(mul(omega, toBig(f.Omega)))
		}
	}
	for s := range p {
		if toBig(f.P[s]).Cmp(p[s]) != 0 {
			t.Errorf("folded weight of column %d differs", s)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	base := newLab(repeat(24, 2), 2, "")
	for name, change := range map[string]func(l *lab){
		"no rows":             func(l *lab) { l.Rows = nil },
		"no functionals":      func(l *lab) { l.Weights, l.Consts = nil, nil },
		"slot count":          func(l *lab) { l.Rows[1] = 25 },
		"missing row":         func(l *lab) { l.Weights[1] = l.Weights[1][:1] },
		"short row":           func(l *lab) { l.Weights[0][1] = l.Weights[0][1][:23] },
		"weight out of range": func(l *lab) { l.Weights[1][1][23] = -1 << 63 },
		"constants missing":   func(l *lab) { l.Consts = l.Consts[:1] },
		"constant nil":        func(l *lab) { l.Consts[0] = nil },
		// A constant of 2^127 or more could wrap around q in a sum.
		"wrap": func(l *lab) { l.Consts[1] = new(big.Int).Lsh(big.NewInt(-1), 127) },
	} {
		l := base.clone()
		change(l)
		if l.Check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := base.Check(); err != nil {
		t.Error(err)
	}
}

func TestProveRefusesWitness(t *testing.T) {
	base := newLab(repeat(24, 2), 1, "")
	for name, change := range map[string]func(l *lab){
		"reading too large": func(l *lab) { l.Readings[1] = append([]uint32{1 << 20}, l.Readings[1][1:]...) },
		"row too short":     func(l *lab) { l.Readings[0] = l.Readings[0][:23] },
		"row missing":       func(l *lab) { l.Readings = l.Readings[:1] },
		"blinding missing":  func(l *lab) { l.Blindings = l.Blindings[:1] },
		"gamma missing":     func(l *lab) { l.Gammas = nil },
	} {
		l := base.clone()
		change(l)
		if _, err := l.prove(stream("nonces")); err == nil {
			t.Errorf("%s: proven", name)
		}
	}
}

// TestInt128 compares the machine arithmetic of the first round with big
// integers at the edges of its range.
func TestInt128(t *testing.T) {
	edges := []int64{0, 1, -1, 2, 1<<20 - 1, 1 - 1<<20, 1 << 44, 1<<63 - 1, 1 - 1<<63}
	var acc int128
	want := new(big.Int)
	for _, a := range edges {
		for _, b := range edges[:6] {
			acc.mulAdd(a, b)
			want = add(want, mul(big.NewInt(a), big.NewInt(b)))
			if toBig(acc.scalar()).Cmp(mod(want)) != 0 {
				t.Fatalf("after %d·%d: differs from %v", a, b, want)
			}
			acc.mulAdd(a, b) // unbalance the sum
			want = add(want, mul(big.NewInt(a), big.NewInt(b)))
		}
	}
}

func TestWide(t *testing.T) {
	keys := []*big.Int{big.NewInt(0), big.NewInt(1), sub(ristretto.Order(), big.NewInt(1)), mod(new(big.Int).Lsh(big.NewInt(7), 250))}
	var acc wide
	want := new(big.Int)
	for range 50 {
		for _, k := range keys {
			for _, w := range []int64{0, 1, -1, 1<<63 - 1, 1 - 1<<63, -12345678901, -1 << 62} {
				limbs := toLimbs(new(ristretto.Scalar).SetBig(k))
				acc.mulAdd(&limbs, w)
				want = add(want, mul(k, big.NewInt(w)))
				if toBig(acc.reduce()).Cmp(mod(want)) != 0 {
					t.Fatalf("after %v·%d: differs from %v", k, w, want)
				}
			}
		}
	}
}
