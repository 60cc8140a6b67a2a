package fold

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"math/big"
	"os"
	"testing"

	gr "github.com/bwesterb/go-ristretto"

	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

var update = flag.Bool("update", false, "rewrite testdata/three-days.json")

// worked is the worked example of docs/protocol.md 4.1: three days of 24 slots,
// two functionals, every value between. Elements and scalars as on the wire.
type worked struct {
	About     string      `json:"about"`
	Header    string      `json:"header"`
	TimeZones string      `json:"tz_version"`
	N         int         `json:"n"`
	Weights   [][][]int64 `json:"weights"`
	Consts    []*big.Int  `json:"consts"`
	Readings  [][]uint32  `json:"readings"`
	Blindings []string    `json:"rho_d"`
	Gammas    []string    `json:"gamma_j"`
	Seals     []string    `json:"V_d"`
	X         []string    `json:"X_j"`
	SessionID string      `json:"session_id"`
	Statement string      `json:"statement"`
	Omega     string      `json:"omega"`
	K0        string      `json:"K_0"`
	Rounds    []round     `json:"rounds"`
	Eq        []string    `json:"eq_d"`
	P         []string    `json:"p_s"`
	U         []string    `json:"u_s"`
	Rho       string      `json:"rho"`
	Zeta      string      `json:"zeta"`
	Relation  string      `json:"relation"`
	T         []string    `json:"T"`
	E         string      `json:"e"`
	Z         []string    `json:"z"`
	Narg      string      `json:"narg"`
}

type round struct {
	A0 string `json:"A_i0"`
	A2 string `json:"A_i2"`
	R  string `json:"r_i"`
	K  string `json:"K_i"`
}

func hexPoints(ps []sigma.Point) (out []string) {
	for _, p := range ps {
		out = append(out, hex.EncodeToString(p.Append(nil)))
	}
	return out
}

func hexScalars(ks ...ristretto.Scalar) (out []string) {
	for _, k := range ks {
		out = append(out, hex.EncodeToString(k.Bytes()))
	}
	return out
}

// small is a lab whose numbers a reader can follow.
func small() *lab {
	l := newLab(repeat(24, 3), 2, "")
	for d := range l.Rows {
		for s := range 24 {
			l.Readings[d][s] = uint32(100*(d+1) + s)
			l.Weights[0][d][s] = int64(10 + s)
			l.Weights[1][d][s] = int64(-1 + d)
		}
	}
	l.Consts = []*big.Int{big.NewInt(500), big.NewInt(-7)}
	l.seal()
	return l
}

func makeWorked(t *testing.T) worked {
	t.Helper()
	l := small()
	w := newSlow(l, stream("nonces"))
	narg := w.prove()
	sizes, weights, seals := l.public()
	out := worked{
		About:  "the day fold, three days of 24 slots; randomness: 64 bytes a scalar from SHAKE256(\"nonces\"): b_10, b_12, b_20, b_22, then the nonces of u_s, rho, zeta",
		Header: hex.EncodeToString([]byte(l.session)), TimeZones: timeZones, N: 24,
		Weights: l.Weights, Consts: l.Consts, Readings: l.Readings,
		Blindings: hexScalars(l.Blindings...), Gammas: hexScalars(l.Gammas...),
		Seals: hexPoints(l.seals), X: hexPoints(l.xs),
		SessionID: hex.EncodeToString(sessionID(l.session)),
		Statement: hex.EncodeToString(append(append(append(sizes, weights...), seals...), make([]byte, 8)...)),
		Narg:      hex.EncodeToString(narg),
	}
	sp := l.sponge()
	sp.Absorb(l.commitments())
	f, err := Read(sp, &l.Statement, narg[64:64+l.Size()])
	if err != nil {
		t.Fatal(err)
	}
	out.Omega = hexScalars(f.Omega)[0]
	out.Eq, out.P = hexScalars(f.Eq...), hexScalars(f.P...)

	// K_i by the rule of the document, in big integers.
	K, omega := ristretto.NewElement(), big.NewInt(1)
	for j, x := range l.xs {
		term := sum(x.Element(), times(new(big.Int).Neg(l.Consts[j]), ristretto.G().Element()))
		K = sum(K, times(omega, term))
		omega = mod(mul(omega, toBig(f.Omega)))
	}
	out.K0 = hex.EncodeToString(K.Bytes())
	for i := range f.R {
		r := toBig(f.R[i])
		k0, k2 := sub(big.NewInt(1), add(r, r)), sub(mul(r, r), r)
		K = sum(times(r, K), times(mod(k0), f.A[2*i].Element()), times(mod(k2), f.A[2*i+1].Element()))
		as := hexPoints(f.A[2*i : 2*i+2])
		out.Rounds = append(out.Rounds, round{as[0], as[1], hexScalars(f.R[i])[0], hex.EncodeToString(K.Bytes())})
	}
	sp = l.sponge()
	sp.Absorb(l.commitments())
	_, _, secrets, err := Prove(sp, &l.Statement, &l.Witness, stream("nonces"))
	if err != nil {
		t.Fatal(err)
	}
	out.U, out.Rho, out.Zeta = hexScalars(secrets[:24]...), hexScalars(secrets[24])[0], hexScalars(secrets[25])[0]
	rel, proof, err := l.read(narg, false)
	if err != nil {
		t.Fatal(err)
	}
	out.Relation = hex.EncodeToString(rel.Serialize())
	out.T, out.E, out.Z = hexPoints(proof.Commitment), hexScalars(proof.Challenge)[0], hexScalars(proof.Response...)

	// The last K is the left side of the second equation.
	p, u := new(big.Int), f.P
	for s := range u {
		p = add(p, mul(toBig(u[s]), toBig(secrets[s])))
	}
	if !commit(mod(p), toBig(secrets[25])).Equal(K) {
		t.Error("K_a does not open to the sum of p_s·u_s under zeta")
	}
	return out
}

// TestWorkedExample keeps the example of the document true.
func TestWorkedExample(t *testing.T) {
	got, err := json.MarshalIndent(makeWorked(t), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	const file = "testdata/three-days.json"
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("the worked example has changed; run the test with -update and change the document")
	}
}

// TestAcceptTorsion: in accepted proofs the second equation, added up with
// coordinates of the curve, is some point of order 1, 2 or 4. Whoever wants
// the curve's neutral point refuses most honest proofs; ristretto255 has one
// identity for all of them.
func TestAcceptTorsion(t *testing.T) {
	l, torsion := small(), 0
	for _, seed := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		narg, err := l.prove(stream(seed))
		if err != nil {
			t.Fatal(err)
		}
		if err := l.verify(narg); err != nil {
			t.Errorf("%s: refused: %v", seed, err)
		}
		w := newSlow(l, stream(seed))
		w.prove()
		es, eqs := w.relation()
		rel, proof, err := l.read(narg, false)
		if err != nil || len(es) != rel.Elements() {
			t.Fatal(err)
		}
		left := curvePoint(proof.Commitment[1].Append(nil))
		for _, m := range eqs[1].image {
			addTimes(left, mul(m[0], toBig(proof.Challenge)), es[m[1].Int64()])
		}
		for _, m := range eqs[1].terms {
			addTimes(left, mul(new(big.Int).Neg(m[0]), toBig(proof.Response[m[2].Int64()])), es[m[1].Int64()])
		}
		if left.X.IsNonZeroI() == 1 || !left.Y.Equals(&left.Z) {
			torsion++
		}
	}
	if torsion == 0 {
		t.Error("no proof of eight ends in a torsion point: the test shows nothing")
	}
}

func curvePoint(b []byte) *gr.Point {
	p := new(gr.Point)
	if !p.SetBytes((*[32]byte)(b)) {
		panic("not an element")
	}
	return p
}

func addTimes(sum *gr.Point, k *big.Int, e *ristretto.Element) {
	p := curvePoint(e.Bytes())
	sum.Add(sum, p.ScalarMult(p, new(gr.Scalar).SetBigInt(mod(k))))
}
