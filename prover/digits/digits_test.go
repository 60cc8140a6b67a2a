package digits

import (
	"bytes"
	"crypto/sha3"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

func stream(name string) io.Reader {
	h := sha3.NewSHAKE256()
	h.Write([]byte(name))
	return h
}

func steps() error { return nil }

func vector(n int) []uint8 {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	q := make([]uint8, n)
	for i := range q {
		q[i] = uint8(r.UintN(4))
	}
	return q
}

func sponge() *sigma.Sponge { return sigma.NewSponge(make([]byte, sigma.SessionSize)) }

// extension evaluates the multilinear extension of q at the point s.
func extension(q []uint8, s []ristretto.Scalar) (y ristretto.Scalar) {
	eq := EqTable(s)
	for p, d := range q {
		k := number(int64(d))
		y.MulAdd(&eq[p], &k, &y)
	}
	return y
}

// TestZeroCheck: for vectors of all lengths the reader meets the prover's
// challenges, y is q~(s), and the four equations hold.
func TestZeroCheck(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 65, 100, 300} {
		q := vector(n)
		shape, err := NewShape(n, 24)
		if err != nil {
			t.Fatal(err)
		}
		at := sponge()
		msg, c, w, err := Prove(at, q, stream("prover"), steps)
		if err != nil {
			t.Fatal(err)
		}
		if len(msg) != shape.Size() {
			t.Fatalf("%d digits: %d bytes, not %d", n, len(msg), shape.Size())
		}
		if y := extension(q, c.S); !y.Equal(&w.Y) {
			t.Fatalf("%d digits: y is not the extension at s", n)
		}
		sp := sponge()
		read, err := Read(sp, shape, msg)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(sp.Squeeze(32), at.Squeeze(32)) || !slices.Equal(read.S, c.S) || !slices.Equal(read.Tau, c.Tau) {
			t.Fatalf("%d digits: two transcripts", n)
		}
		if err := holds(read, w); err != nil {
			t.Fatalf("%d digits: %v", n, err)
		}
		for i := range w.Scalars() {
			wrong := *w
			for _, s := range []*ristretto.Scalar{&wrong.Y, &wrong.Gamma, &wrong.w, &wrong.gamma2, &wrong.delta, &wrong.delta2}[i : i+1] {
				s.Add(s, one)
			}
			if holds(read, &wrong) == nil {
				t.Errorf("%d digits: scalar %d may be another", n, i)
			}
		}
	}
}

// holds proves and checks the relation of c.
func holds(c *Checked, w *Witness) error {
	rel := func() *sigma.Statement {
		st := sigma.NewStatement()
		h := st.AddElement(sigma.Fixed(ristretto.H()))
		c.AddTo(st, st.AddElement(c.Q), h)
		return st
	}
	if rel().Equations() != Equations || rel().Scalars() != Scalars {
		return errors.New("not as many equations and scalars as said")
	}
	proof, err := rel().Prove(sponge(), w.Scalars(), stream("nonces"))
	if err != nil {
		return err
	}
	p, err := rel().Read(sponge(), proof)
	if err != nil {
		return err
	}
	return rel().Check(p)
}

// TestRounds: the round on small numbers and the general one give the same
// polynomial, which is that of f on the line through every pair.
func TestRounds(t *testing.T) {
	for _, n := range []int{1, 2, 3, 6, 8, 13, 16} {
		q := vector(n)
		m := Shape{Length: n, Width: 1}.Rounds()
		var tau []ristretto.Scalar
		for range m {
			k, err := sigma.RandomScalar(stream("tau"))
			if err != nil {
				t.Fatal(err)
			}
			tau = append(tau, k)
		}
		small := &prover{small: q, eq: EqTable(tau[1:])}
		large := &prover{q: make([]ristretto.Scalar, n), eq: EqTable(tau[1:])}
		for i, d := range q {
			large.q[i] = number(int64(d))
		}
		a, b := small.round(), large.round()
		if a != b {
			t.Fatalf("%d digits: two polynomials", n)
		}
		// At t = 2: Σ eq·f(2·hi − lo), and the constant term is 0, as f is 0
		// at digits.
		var want, got ristretto.Scalar
		for i, eq := range EqTable(tau[1:]) {
			at := func(p int) int64 {
				if p < n {
					return int64(q[p])
				}
				return 0
			}
			x := 2*at(i+1<<(m-1)) - at(i)
			k := number(x * (x - 1) * (x - 2) * (x - 3))
			want.MulAdd(&eq, &k, &want)
		}
		for j, k := range []int64{2, 4, 8, 16} {
			k := number(k)
			got.MulAdd(&k, &a[j], &got)
		}
		if !got.Equal(&want) {
			t.Fatalf("%d digits: the polynomial is not f on the lines", n)
		}
	}
}

func TestShape(t *testing.T) {
	for _, c := range []struct{ length, columns, width, rows, rounds int }{
		{1, 24, 1, 1, 1}, {2, 24, 2, 1, 1}, {3, 24, 4, 1, 2}, {24, 24, 16, 2, 5}, {310, 48, 32, 10, 9},
		{14880, 48, 128, 117, 14}, {14880, 96, 128, 117, 14}, {29760, 96, 128, 233, 15}, {1 << 20, 48, 1024, 1024, 20},
	} {
		s, err := NewShape(c.length, c.columns)
		if err != nil || s.Width != c.width || s.Rows() != c.rows || s.Rounds() != c.rounds {
			t.Errorf("%d digits, %d columns: %d rows of %d, %d rounds, %v", c.length, c.columns, s.Rows(), s.Width, s.Rounds(), err)
		}
		if s.Rows()*s.Width > 1<<s.Rounds() && s.Rows() > 1 {
			t.Errorf("%d digits: rows are longer than the positions", c.length)
		}
	}
	for _, n := range []int{0, -1, MaxLength + 1} {
		if _, err := NewShape(n, 48); err == nil {
			t.Errorf("%d digits have a shape", n)
		}
	}
}

func TestRefusals(t *testing.T) {
	if _, _, _, err := Prove(sponge(), []uint8{0, 4}, stream("a"), steps); err == nil {
		t.Error("the digit 4 was taken")
	}
	if _, _, _, err := Prove(sponge(), []uint8{0, 3}, bytes.NewReader(make([]byte, 100)), steps); err == nil {
		t.Error("too little randomness was enough")
	}
	stop := errors.New("stop")
	if _, _, _, err := Prove(sponge(), []uint8{0, 3}, stream("a"), func() error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v instead of a stop", err)
	}
	shape := Shape{Length: 5, Width: 1}
	msg, _, _, err := Prove(sponge(), vector(5), stream("a"), steps)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"shorter":      msg[:len(msg)-32],
		"longer":       append(slices.Clone(msg), 0),
		"identity":     append(make([]byte, 32), msg[32:]...),
		"no element":   append(bytes.Repeat([]byte{255}, 32), msg[32:]...),
		"identity Q":   slices.Concat(msg[:len(msg)-64], make([]byte, 32), msg[len(msg)-32:]),
		"no element W": slices.Concat(msg[:len(msg)-32], bytes.Repeat([]byte{255}, 32)),
	} {
		if _, err := Read(sponge(), shape, b); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}
