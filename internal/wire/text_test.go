package wire

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestBech32mChecksum runs strings of BIP 350 through our checksum. Their data
// need not be whole bytes, so they are not decoded.
func TestBech32mChecksum(t *testing.T) {
	valid := []string{"a1lqfn3a", "split1checkupstagehandshakeupstreamerranterredcaperredlc445v", "?1v759aa"}
	for _, s := range valid {
		if !checksumFits(t, s) {
			t.Errorf("%s: refused", s)
		}
	}
	// Valid as Bech32 (BIP 173), whose checksum has another constant, and slips.
	for _, s := range []string{"a12uel5l", "a1lqfn3q", "?1v759a9", "b1lqfn3a"} {
		if checksumFits(t, s) {
			t.Errorf("%s: accepted", s)
		}
	}
}

func checksumFits(t *testing.T, s string) bool {
	at := strings.LastIndexByte(s, '1')
	values := expandName(s[:at])
	for _, c := range s[at+1:] {
		g := strings.IndexRune(bech32Alphabet, c)
		if g < 0 {
			t.Fatalf("%s: character %q", s, c)
		}
		values = append(values, byte(g))
	}
	return polymod(values) == bech32mConst
}

func TestTextRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for size := range 100 {
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		s := EncodeText("name", data)
		back, err := DecodeText("name", s)
		if err != nil || !bytes.Equal(back, data) {
			t.Fatalf("%d bytes: %x comes back as %x (%v)", size, data, back, err)
		}
		// Any one character changed is noticed.
		i := len("name1") + rng.IntN(len(s)-len("name1"))
		c := bech32Alphabet[rng.IntN(32)]
		if c == s[i] {
			continue
		}
		if _, err := DecodeText("name", s[:i]+string(c)+s[i+1:]); err == nil {
			t.Fatalf("%d bytes: a changed character was not noticed", size)
		}
	}
}

// TestTextPadding: bits that fill up the last character must be zero, or one key
// would have several strings.
func TestTextPadding(t *testing.T) {
	groups := toGroups([]byte{0xff})
	groups[1] |= 1
	if _, err := fromGroups(groups); err == nil {
		t.Error("padding that is not zero was accepted")
	}
	if _, err := fromGroups(append(toGroups([]byte{0xff}), 0)); err == nil {
		t.Error("a character too many was accepted")
	}
}
