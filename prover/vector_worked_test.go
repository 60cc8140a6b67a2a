package prover

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"hushwatt/internal/testdata"
	"hushwatt/prover/digits"
	"hushwatt/prover/fold"
	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// workedVectorClaim is the example of docs/protocol.md 4.4.1: one day of 24 slots
// with readings s and blinding 1, and a peak m of the first five slots.
func workedVectorClaim() (*Claim, *home) {
	h := &home{rows: []Row{{N: 24, Cap: 30}}}
	o := Opening{Values: make([]uint32, 24), Blinding: num(1)}
	for s := range o.Values {
		o.Values[s] = uint32(s)
	}
	h.opened, h.seals = []Opening{o}, append(h.seals, seal(24, o))
	c := NewClaim(h.rows, "2026a")
	f := c.Functional(weights(h.rows, func(d, s int) int64 { return 1 }), zero)
	m := c.Secret("m", zero, big.NewInt(30), PaysUp)
	var sums []Sum
	for s := range 5 {
		sums = append(sums, Sum{Cells: []Cell{{Row: 0, Slot: s, K: -1}}})
	}
	c.RequireEach(m, sums, big.NewInt(30))
	c.Reveal(f.Add(m.Scale(big.NewInt(10))), big.NewInt(276+40))
	return c, h
}

func workedVectorBytes(t *testing.T) string {
	c, h := workedVectorClaim()
	narg, err := c.Prove([]byte(workedHeader), h.seals, h.opened, []Int{NewInt(4)}, bytes.NewReader(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Verify([]byte(workedHeader), h.seals, narg); err != nil {
		t.Fatal(err)
	}
	whole := narg
	var out strings.Builder
	line := func(name string, b []byte) { fmt.Fprintf(&out, "%-12s %x\n", name, b) }
	scalar := func(name string, k ristretto.Scalar) { line(name, k.Bytes()) }
	v := c.form.vector
	w, err := c.witness(h.opened, []Int{NewInt(4)})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&out, "%-12s %d, %d, %d, %d\n", "N, W, R, m", v.shape.Length, v.shape.Width, v.shape.Rows(), v.shape.Rounds())
	for i, name := range []string{"each", "range of m"} {
		code := &v.eachs[i].code
		fmt.Fprintf(&out, "%-12s f = %d, w = %v\n", name, code.factor, code.weights)
	}
	fmt.Fprintf(&out, "%-12s %v\n", "q", w.digits)
	line("weights hash", c.form.hash[:])
	line("entries hash", v.hash[:])
	line("V_0", h.seals[0].Append(nil))
	statement := c.statement(h.seals)
	line("statement", statement)

	sp := sigma.NewSponge(sessionID([]byte(workedHeader)))
	sp.Absorb(statement)
	take := func(n int) []byte {
		part := narg[:n]
		narg = narg[n:]
		return part
	}
	xy := take(64)
	line("X_0", xy[:32])
	line("Y_0", xy[32:])
	sp.Absorb(xy)
	rows := take(32 * v.shape.Rows())
	line("B_0", rows[:32])
	line("B_1", rows[32:])
	sp.Absorb(rows)
	lambda := sp.Challenge()
	scalar("lambda", lambda)
	rounds := take(v.shape.Size())
	checked, err := digits.Read(sp, v.shape, rounds)
	if err != nil {
		t.Fatal(err)
	}
	scalar("tau_1", checked.Tau[0])
	scalar("tau_5", checked.Tau[4])
	for i := range 5 {
		for j := range 4 {
			if i == 0 || i == 4 {
				line(fmt.Sprintf("A_%d%d", i+1, j+1), checked.A[4*i+j].Append(nil))
			}
		}
		scalar(fmt.Sprintf("s_%d", i+1), checked.S[i])
	}
	line("Q", checked.Q.Append(nil))
	line("W", checked.W.Append(nil))
	zs := take(32)
	line("Z", zs)
	sp.Absorb(zs)
	z, err := decodePoints(zs)
	if err != nil {
		t.Fatal(err)
	}
	cv := &checkedVector{checked: checked, z: z[0], mix: c.mix(&lambda), mu: sp.Challenge()}
	scalar("mu", cv.mu)
	if cv.rows, err = decodePoints(rows); err != nil {
		t.Fatal(err)
	}
	scalar("on c[0][1]", cv.mix.cells[0][1])
	scalar("on q_3", cv.mix.digits[3])
	scalar("on q_17", cv.mix.digits[17])
	scalar("on G", cv.mix.indexed[0])
	scalar("on Y_0", cv.mix.indexed[2])
	st := c.foldStatement(cv)
	f, err := fold.Read(sp, st, take(st.Size()))
	if err != nil {
		t.Fatal(err)
	}
	scalar("omega", f.Omega)
	scalar("p_0", f.P[0])
	scalar("p_15", f.P[15])
	scalar("p_23", f.P[23])
	points, err := decodePoints(xy)
	if err != nil {
		t.Fatal(err)
	}
	rel, err := c.relation(f, h.seals, points[:1], points[1:], cv)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(rel.Serialize())
	fmt.Fprintf(&out, "%-12s %d bytes, SHA-256 %x\n", "relation", len(rel.Serialize()), sum)
	proof, err := rel.Read(sp, take(rel.ProofSize()))
	if err != nil {
		t.Fatal(err)
	}
	scalar("e", proof.Challenge)
	n := len(proof.Response)
	scalar("z of y", proof.Response[n-9])
	scalar("z of sigma", proof.Response[n-3])
	scalar("z of alpha", proof.Response[n-2])
	scalar("z of b", proof.Response[n-1])
	sum = sha256.Sum256(whole)
	fmt.Fprintf(&out, "%-12s %d bytes, SHA-256 %x\n", "proof", len(whole), sum)
	return out.String()
}

func TestWorkedVector(t *testing.T) { testdata.Shows(t, "vector", workedVectorBytes(t)) }

// FuzzVectorProof: no bytes but the honest proof are accepted, and none panic.
func FuzzVectorProof(f *testing.F) {
	c, h := workedVectorClaim()
	narg, err := c.Prove([]byte(workedHeader), h.seals, h.opened, []Int{NewInt(4)}, bytes.NewReader(make([]byte, 32)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(narg)
	f.Add(narg[:len(narg)-1])
	f.Add(make([]byte, len(narg)))
	swapped := bytes.Clone(narg)
	copy(swapped[64:], narg[96:128]) // the rows of digits
	copy(swapped[96:], narg[64:96])
	f.Add(swapped)
	f.Fuzz(func(t *testing.T, b []byte) {
		err := c.Verify([]byte(workedHeader), h.seals, b)
		if (err == nil) != bytes.Equal(b, narg) {
			t.Fatalf("verdict %v on %d bytes", err, len(b))
		}
	})
}
