package wire

import (
	"encoding/hex"
	"testing"
)

type sample struct {
	_    struct{} `cbor:",toarray"`
	Name string
	N    uint32
	Blob []byte
}

func TestUnmarshalAcceptsOnlyWhatMarshalWrites(t *testing.T) {
	good, err := Marshal(sample{Name: "a", N: 7, Blob: []byte{1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	if want := "83616107420102"; hex.EncodeToString(good) != want {
		t.Fatalf("encoding is %x, want %s", good, want)
	}
	var s sample
	if err := Unmarshal(good, &s); err != nil || s.N != 7 {
		t.Fatalf("own encoding refused: %v", err)
	}
	for name, bad := range map[string]string{
		"trailing byte":     "8361610742010200",
		"truncated":         "836161074201",
		"over-long integer": "836161180742010 2",
		"indefinite array":  "9f616107420102ff",
		"missing field":     "82616107",
		"extra field":       "8461610742010200",
		"null for bytes":    "83616107f6",
		"tagged":            "8361 61c10742 0102",
		"map":               "a0",
		"text not utf-8":    "8361ff07420102",
	} {
		b, err := hex.DecodeString(compact(bad))
		if err != nil {
			t.Fatal(err)
		}
		var s sample
		if err := Unmarshal(b, &s); err == nil {
			t.Errorf("%s: accepted %s as %+v", name, bad, s)
		}
	}
}

func compact(s string) string {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		if r != ' ' {
			out = append(out, r)
		}
	}
	return string(out)
}

func FuzzUnmarshal(f *testing.F) {
	for _, s := range []string{"83616107420102", "80", "a0", "83616107f6"} {
		b, _ := hex.DecodeString(s)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s sample
		if Unmarshal(b, &s) != nil {
			return
		}
		again, err := Marshal(s)
		if err != nil || string(again) != string(b) {
			t.Fatalf("%x re-encodes to %x (%v)", b, again, err)
		}
	})
}
