package prover

import (
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"testing"

	"hushwatt/prover/sigma"
)

// TestWorkedFold verifies the fold's worked example, which package fold makes
// with code of its own, as a claim: both build the same bytes.
func TestWorkedFold(t *testing.T) {
	b, err := os.ReadFile("fold/testdata/three-days.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Header, Narg string
		TZ           string `json:"tz_version"`
		Weights      [][][]int64
		Consts       []*big.Int
		Seals        []string `json:"V_d"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	seals := make([]sigma.Point, len(v.Seals))
	rows := make([]Row, len(v.Seals))
	for d, s := range v.Seals {
		if seals[d], err = sigma.DecodePoint(unhex(s)); err != nil {
			t.Fatal(err)
		}
		rows[d] = Row{N: 24, Cap: 1<<20 - 1}
	}
	c := NewClaim(rows, v.TZ)
	for j := range v.Weights {
		c.Functional(v.Weights[j], v.Consts[j])
	}
	narg := unhex(v.Narg)
	if err := c.Verify(unhex(v.Header), seals, narg); err != nil {
		t.Fatal(err)
	}
	narg[0] ^= 1
	if c.Verify(unhex(v.Header), seals, narg) == nil {
		t.Error("a changed example is accepted")
	}
}
