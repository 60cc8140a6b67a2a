package prover

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"hushwatt/internal/testdata"
	"hushwatt/prover/fold"
	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// The worked example of docs/protocol.md 4: three days of 24 slots, two
// functionals, one rounded and one revealed. Nothing in it is random, so the
// document can be compared with what the code makes.
func workedClaim() (*Claim, *home) {
	h := &home{rows: []Row{{N: 24, Cap: 1000}, {N: 24, Cap: 1000}, {N: 24, Cap: 1000}}}
	for d := range h.rows {
		o := Opening{Values: make([]uint32, 24), Blinding: num(int64(d + 1))}
		for s := range o.Values {
			o.Values[s] = uint32(10*d + s)
		}
		h.opened = append(h.opened, o)
		h.seals = append(h.seals, seal(24, o))
	}
	w0 := weights(h.rows, func(d, s int) int64 { return int64(s + 1) })
	w1 := weights(h.rows, func(d, s int) int64 { return int64(-d) })
	c := NewClaim(h.rows, "2026a")
	f0, f1 := c.Functional(w0, big.NewInt(7)), c.Functional(w1, zero)
	u, x := big.NewInt(1000), h.sum(w0, 7)
	c.Rounded(f0, u, HalfEven, oracleRound(x, u, HalfEven))
	c.Reveal(f1, h.sum(w1, 0))
	return c, h
}

const workedHeader = "worked example"

func workedProof(t testing.TB) (*Claim, *home, []byte) {
	t.Helper()
	c, h := workedClaim()
	narg, err := c.Prove([]byte(workedHeader), h.seals, h.opened, nil, bytes.NewReader(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Verify([]byte(workedHeader), h.seals, narg); err != nil {
		t.Fatal(err)
	}
	return c, h, narg
}

// workedBytes lists every value of the example that an implementation meets.
func workedBytes(t testing.TB) string {
	c, h, narg := workedProof(t)
	var out strings.Builder
	line := func(name string, b []byte) { fmt.Fprintf(&out, "%-12s %x\n", name, b) }
	scalar := func(name string, k ristretto.Scalar) { line(name, k.Bytes()) }

	session, statement := sessionID([]byte(workedHeader)), c.statement(h.seals)
	fmt.Fprintf(&out, "%-12s %v, %v\n", "x_0, x_1", h.sum(c.functionals[0].weights, 7), h.sum(c.functionals[1].weights, 0))
	line("session id", session)
	line("weights hash", c.form.hash[:])
	for d, v := range h.seals {
		line(fmt.Sprintf("V_%d", d), v.Append(nil))
	}
	line("statement", statement)

	sp := sigma.NewSponge(session)
	sp.Absorb(statement)
	take := func(n int) []byte {
		part := narg[:n]
		narg = narg[n:]
		return part
	}
	elements := func(b []byte, names ...string) {
		for i, name := range names {
			line(name, b[32*i:32*i+32])
		}
	}
	xs := take(64)
	elements(xs, "X_0", "X_1")
	sp.Absorb(xs)
	as := take(64)
	elements(as, "A", "S")
	sp.Absorb(as)
	scalar("y", sp.Challenge())
	scalar("z", sp.Challenge())
	rounds := take(128)
	f, err := fold.Read(sp, c.foldStatement(nil), rounds)
	if err != nil {
		t.Fatal(err)
	}
	points, err := decodePoints(xs)
	if err != nil {
		t.Fatal(err)
	}
	scalar("omega", f.Omega)
	k := ristretto.NewElement()
	minus7 := num(-7)
	k.Add(points[0].Element(), ristretto.NewElement().Mul(&minus7, ristretto.G().Element()))
	k.Add(k, ristretto.NewElement().Mul(&f.Omega, points[1].Element()))
	line("K_0", k.Bytes())
	for i := range f.R {
		elements(rounds[64*i:], fmt.Sprintf("A_%d0", i+1), fmt.Sprintf("A_%d2", i+1))
		r := f.R[i]
		scalar(fmt.Sprintf("r_%d", i+1), r)
		k0, k2 := sub(num(1), add(r, r)), sub(mul(r, r), r)
		k.Mul(&r, k)
		k.Add(k, ristretto.NewElement().Mul(&k0, f.A[2*i].Element()))
		k.Add(k, ristretto.NewElement().Mul(&k2, f.A[2*i+1].Element()))
		line(fmt.Sprintf("K_%d", i+1), k.Bytes())
	}
	for d := range f.Eq {
		scalar(fmt.Sprintf("eq_%d", d), f.Eq[d])
	}
	for _, s := range []int{0, 1, 23} {
		scalar(fmt.Sprintf("p_%d", s), f.P[s])
	}
	st, err := c.relation(f, h.seals, points, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(st.Serialize())
	fmt.Fprintf(&out, "%-12s %d bytes, SHA-256 %x\n", "relation", len(st.Serialize()), sum)
	proof, err := st.Read(sp, take(st.ProofSize()))
	if err != nil {
		t.Fatal(err)
	}
	for i := range proof.Commitment {
		line(fmt.Sprintf("T_%d", i+1), proof.Commitment[i].Append(nil))
	}
	scalar("e", proof.Challenge)
	n := len(proof.Response)
	scalar("z of u_0", proof.Response[0])
	scalar("z of rho", proof.Response[n-3])
	scalar("z of zeta", proof.Response[n-2])
	scalar("z of sigma", proof.Response[n-1])
	ts := take(64)
	elements(ts, "T_1 (range)", "T_2 (range)")
	sp.Absorb(ts)
	scalar("x", sp.Challenge())
	elements(take(96), "tau_x", "mu", "t^")
	rest := take(len(narg))
	elements(rest[len(rest)-64:], "a", "b")

	_, _, whole := workedProof(t)
	sum = sha256.Sum256(whole)
	fmt.Fprintf(&out, "%-12s %d bytes, SHA-256 %x\n", "proof", len(whole), sum)
	return out.String()
}

func TestWorkedClaim(t *testing.T) { testdata.Shows(t, "claim", workedBytes(t)) }

// FuzzClaimProof: no bytes but the honest proof are accepted, and none panic.
func FuzzClaimProof(f *testing.F) {
	c, h, narg := workedProof(f)
	f.Add(narg)
	f.Add(narg[:len(narg)-1])
	f.Add(make([]byte, len(narg)))
	swapped := bytes.Clone(narg)
	copy(swapped, narg[32:64])
	copy(swapped[32:], narg[:32])
	f.Add(swapped)
	f.Fuzz(func(t *testing.T, b []byte) {
		err := c.Verify([]byte(workedHeader), h.seals, b)
		if (err == nil) != bytes.Equal(b, narg) {
			t.Fatalf("verdict %v on %d bytes", err, len(b))
		}
	})
}
