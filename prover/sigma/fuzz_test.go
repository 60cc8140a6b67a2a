package sigma

import (
	"bytes"
	"encoding/hex"
	"math/big"
	"testing"
)

// What parses re-encodes to the same bytes, for every decoder. Each target
// first asserts what its seeds are.

func FuzzProof(f *testing.F) {
	s, w := sample(f)
	good, err := s.Prove(primed(), w, stream("nonces"))
	if err != nil {
		f.Fatal(err)
	}
	overQ := bytes.Clone(good)
	copy(overQ[64:], bytes.Repeat([]byte{0xff}, 32))
	for _, seed := range []struct {
		b  []byte
		ok bool
	}{{good, true}, {good[1:], false}, {make([]byte, len(good)), false}, {overQ, false}} {
		if _, err := s.Read(primed(), seed.b); (err == nil) != seed.ok {
			f.Fatalf("seed %x: %v", seed.b, err)
		}
		f.Add(seed.b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tr, err := s.Read(primed(), b)
		if err != nil {
			return
		}
		var again []byte
		for _, p := range tr.Commitment {
			again = p.e.Append(again) // from the point, not from the kept bytes
		}
		for _, z := range tr.Response {
			again = z.Append(again)
		}
		if !bytes.Equal(again, b) {
			t.Fatalf("%x re-encodes to %x", b, again)
		}
		if s.Check(tr) == nil && !bytes.Equal(b, good) {
			t.Fatalf("%x is a second proof", b)
		}
	})
}

func FuzzCodecs(f *testing.F) {
	m := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(189))
	for seed, ok := range map[string]bool{
		"0500000070726f6f66": true, "00000000": true, "0500000070726f6f": false, "ffffffff00": false,
	} {
		b, _ := hex.DecodeString(seed)
		if _, _, err := ReadString(b); (err == nil) != ok {
			f.Fatalf("seed %s: %v", seed, err)
		}
		f.Add(b)
	}
	for _, seed := range []struct {
		b  []byte
		ok bool
	}{{AppendUint(nil, big.NewInt(7), m), true}, {bytes.Repeat([]byte{0xff}, 64), false}, {make([]byte, 31), false}} {
		if _, _, err := ReadUint(seed.b, m); (err == nil) != seed.ok {
			f.Fatalf("seed %x: %v", seed.b, err)
		}
		f.Add(seed.b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, rest, err := ReadString(b); err == nil && !bytes.Equal(append(AppendString(nil, s), rest...), b) {
			t.Fatalf("string: %x re-encodes to other bytes", b)
		}
		for _, p := range []*big.Int{m, big.NewInt(1<<31 - 1), big.NewInt(256), big.NewInt(257)} {
			if x, rest, err := ReadUint(b, p); err == nil && !bytes.Equal(append(AppendUint(nil, x, p), rest...), b) {
				t.Fatalf("integer mod %v: %x re-encodes to other bytes", p, b)
			}
			if a, rest, err := ReadField(b, p, 3); err == nil && !bytes.Equal(append(AppendField(nil, a, p), rest...), b) {
				t.Fatalf("field of %v: %x re-encodes to other bytes", p, b)
			}
		}
	})
}

// FuzzRelation parses relations as the CFRG vectors carry them: the encoding
// that enters the sponge is unambiguous, and validation survives anything.
func FuzzRelation(f *testing.F) {
	s, _ := sample(f)
	good := s.Serialize()
	if r, err := parseRelation(suite{}, good); err != nil || r.Validate() != nil {
		f.Fatalf("seed: %v", err)
	}
	if _, err := parseRelation(suite{}, good[:len(good)-1]); err == nil {
		f.Fatal("truncated seed accepted")
	}
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add(make([]byte, 4))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4000 {
			return
		}
		r, err := parseRelation(suite{}, b)
		if err != nil {
			return
		}
		if !bytes.Equal(r.Serialize(), b) {
			t.Fatalf("%x re-encodes to other bytes", b)
		}
		_ = r.Validate()
	})
}
