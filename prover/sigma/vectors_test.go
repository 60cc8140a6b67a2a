package sigma

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"strings"
	"testing"

	"hushwatt/internal/testdata"
)

// hexBytes decodes the vectors' byte strings.
type hexBytes []byte

func (h *hexBytes) UnmarshalJSON(b []byte) (err error) {
	*h, err = hex.DecodeString(strings.Trim(string(b), `"`))
	return err
}

// hexInt decodes the vectors' integers, "0x…".
type hexInt struct{ big.Int }

func (h *hexInt) UnmarshalJSON(b []byte) error {
	return h.UnmarshalText(bytes.Trim(b, `"`))
}

func readVectors(t *testing.T, name string, v any) {
	t.Helper()
	b, err := os.ReadFile(testdata.Shared(t, "vectors/cfrg/"+name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}

// fsVector is one vector of the Fiat–Shamir draft: sponge or codec.
type fsVector struct {
	ID              string `json:"Id"`
	Function        string
	ByteOrder       string
	Expected        string
	SessionID       hexBytes `json:"SessionId"`
	Input, Output   hexBytes
	Narg            hexBytes
	Tag             json.RawMessage
	Modulus, Value  *hexInt
	Challenge       *hexInt
	ClaimedSum      *hexInt
	FinalEvaluation *hexInt
	ExtensionDegree int
	NumVariables    int
	Coordinates     []hexInt
	Witness         json.RawMessage
	Operations      []struct {
		Type   string
		Data   hexBytes
		Length int
	}
}

func TestFiatShamirVectors(t *testing.T) {
	for _, file := range []string{"fiatShamirShake128Vectors.json", "fiatShamirCodecVectors.json"} {
		var vs []fsVector
		readVectors(t, file, &vs)
		if len(vs) != 13 {
			t.Fatalf("%s holds %d vectors, want 13", file, len(vs))
		}
		for _, v := range vs {
			t.Run(v.ID, func(t *testing.T) { runFiatShamir(t, v) })
		}
	}
}

func runFiatShamir(t *testing.T, v fsVector) {
	reject := v.Expected == "reject"
	switch v.Function {
	case "DuplexSponge", "DecodeUint":
		out := []byte(v.Input)
		if v.SessionID != nil {
			out = replay(v)
			mustEqual(t, out, v.Output)
		}
		if v.Function == "DecodeUint" && DecodeUint(out, &v.Modulus.Int).Cmp(&v.Challenge.Int) != 0 {
			t.Error("challenge differs")
		}
	case "DeriveSessionID":
		var tag hexBytes
		if err := json.Unmarshal(v.Tag, &tag); err != nil {
			t.Fatal(err)
		}
		mustEqual(t, DeriveSessionID(tag), v.Output)
	case "SerializeVarLenString":
		mustEqual(t, AppendString(nil, v.Input), v.Output)
		if s, rest, err := ReadString(v.Output); err != nil || len(rest) != 0 || !bytes.Equal(s, v.Input) {
			t.Error("does not read back")
		}
	case "DeserializeVarLenString":
		mustReject(t, reject, second(ReadString(v.Input)))
	case "SerializeUint":
		mustEqual(t, AppendUint(nil, &v.Value.Int, &v.Modulus.Int), v.Output)
	case "SerializeField":
		// The P-256 scalar field has a standard encoding of its own.
		s := p256{}.Reduce(append(AppendUint(nil, &v.Value.Int, &v.Modulus.Int), make([]byte, 16)...))
		mustEqual(t, p256{}.AppendScalar(nil, s), v.Output)
	case "DeserializeUint":
		mustReject(t, reject, second(ReadUint(v.Input, &v.Modulus.Int)))
	case "DeserializeField":
		a, rest, err := ReadField(v.Input, &v.Modulus.Int, v.ExtensionDegree)
		if reject {
			mustReject(t, true, err)
			return
		}
		if err != nil || len(rest) != 0 || len(a) != len(v.Coordinates) {
			t.Fatalf("refused: %v", err)
		}
		for i := range a {
			if a[i].Cmp(&v.Coordinates[i].Int) != 0 {
				t.Errorf("coordinate %d differs", i)
			}
		}
		mustEqual(t, AppendField(nil, a, &v.Modulus.Int), v.Input)
	case "Sumcheck":
		runSumcheck(t, v)
	default:
		t.Fatalf("unknown function %q", v.Function)
	}
}

func second[A, B any](_ A, _ B, err error) error { return err }

func mustReject(t *testing.T, reject bool, err error) {
	t.Helper()
	if !reject {
		t.Fatal("vector is not a reject")
	}
	if err == nil {
		t.Error("accepted, must be refused")
	}
}

func mustEqual(t *testing.T, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
}

func replay(v fsVector) (out []byte) {
	s := NewSponge(v.SessionID)
	for _, op := range v.Operations {
		if op.Type == "absorb" {
			s.Absorb(op.Data)
		} else {
			out = append(out, s.Squeeze(op.Length)...)
		}
	}
	return out
}

// sigmaVector is one vector of the sigma draft.
type sigmaVector struct {
	ID         string `json:"Id"`
	BaseID     string `json:"BaseId"`
	Flavor     string
	Tag        string
	Instance   hexBytes
	Witness    hexBytes
	SessionID  hexBytes `json:"SessionId"`
	NargString hexBytes
	Relation   string
	Expected   string
}

// verify reads instance and proof of a vector and verifies it.
func (v sigmaVector) verify() error {
	r, err := parseRelation(p256{}, v.Instance)
	if err != nil {
		return err
	}
	if v.Flavor == "compact" {
		return r.VerifyCompact([]byte(v.Tag), v.NargString)
	}
	return r.VerifyBatchable([]byte(v.Tag), v.NargString)
}

func TestSigmaVectorsValid(t *testing.T) {
	vs := validVectors(t)
	relations := map[string]int{}
	for id, v := range vs {
		relations[v.Relation]++
		if err := v.verify(); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		mustEqual(t, DeriveSessionID([]byte(v.Tag)), v.SessionID)

		r, err := parseRelation(p256{}, v.Instance)
		if err != nil {
			t.Fatal(err)
		}
		mustEqual(t, r.Serialize(), v.Instance)
		mustEqual(t, proveAgain(t, v, r), v.NargString)
	}
	if len(relations) != 7 {
		t.Errorf("%d relations, want 7", len(relations))
	}
}

// proveAgain makes the vector's proof from its witness and the draft's seeded
// generator of nonces.
func proveAgain(t *testing.T, v sigmaVector, r *Relation[pScalar, pPoint]) []byte {
	t.Helper()
	witness, err := r.readScalars(v.Witness)
	if err != nil {
		t.Fatal(err)
	}
	flavour, prove := "DSFS", r.ProveBatchable
	if v.Flavor == "compact" {
		flavour, prove = "CMPT", r.ProveCompact
	}
	seed := "TestDRNG-SIGMA-PROOFS-" + flavour + "-sigma-proofs_Shake128_P256-" + v.Relation
	proof, err := prove([]byte(v.Tag), witness, spongeReader{NewSponge(DeriveSessionID([]byte(seed)))})
	if err != nil {
		t.Fatalf("%s: %v", v.ID, err)
	}
	return proof
}

// spongeReader is the vectors' seeded generator: a stream of squeezed bytes.
type spongeReader struct{ s *Sponge }

func (r spongeReader) Read(b []byte) (int, error) { return copy(b, r.s.Squeeze(len(b))), nil }

func validVectors(t *testing.T) map[string]sigmaVector {
	t.Helper()
	var vs []sigmaVector
	readVectors(t, "sigma-proofs_Shake128_P256.json", &vs)
	if len(vs) != 14 {
		t.Fatalf("%d valid proofs, want 14", len(vs))
	}
	out := map[string]sigmaVector{}
	for _, v := range vs {
		if v.Expected != "accept" {
			t.Errorf("%s is not an accept vector", v.ID)
		}
		out[v.ID] = v
	}
	return out
}

// TestSigmaVectorsAdversarial checks all 33: each of 29 is refused while
// the proof that it was made from is accepted; 4 are accepted.
func TestSigmaVectorsAdversarial(t *testing.T) {
	valid := validVectors(t)
	var vs []sigmaVector
	readVectors(t, "sigma-proofs-invalid_Shake128_P256.json", &vs)
	if len(vs) != 33 {
		t.Fatalf("%d adversarial vectors, want 33", len(vs))
	}
	accepts, rejects := 0, 0
	for _, v := range vs {
		err := v.verify()
		switch v.Expected {
		case "accept":
			accepts++
			if err != nil {
				t.Errorf("%s: refused: %v", v.ID, err)
			}
		case "reject":
			rejects++
			if base, ok := valid[v.BaseID]; !ok || base.verify() != nil {
				t.Errorf("%s: its base %q is not accepted", v.ID, v.BaseID)
			}
			if err == nil {
				t.Errorf("%s: accepted", v.ID)
			}
		default:
			t.Errorf("%s: expected %q", v.ID, v.Expected)
		}
	}
	if accepts != 4 || rejects != 29 {
		t.Errorf("%d accepted and %d refused by the file", accepts, rejects)
	}
}
