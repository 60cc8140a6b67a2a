package meter

import (
	"bytes"
	"crypto/rand"
	"math/big"
	"slices"
	"testing"

	"github.com/cloudflare/circl/sign/ed25519"

	"hushwatt/internal/wire"
)

// fromLE reads a little-endian number.
func fromLE(b []byte) *big.Int {
	be := bytes.Clone(b)
	slices.Reverse(be)
	return new(big.Int).SetBytes(be)
}

// TestSmallOrderPoints derives the list from the curve −x² + y² = 1 + d·x²·y²
// with d = −121665/121666: y = 0 has order 4, y = ±1 with x = 0 order 1 and 2, and
// doubling a point of order 8 gives y = 0, so x² = −y² and d·y⁴ + 2y² − 1 = 0.
func TestSmallOrderPoints(t *testing.T) {
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	if fromLE(fieldPrime[:]).Cmp(p) != 0 {
		t.Fatal("field prime is wrong")
	}
	d := new(big.Int).ModInverse(big.NewInt(121666), p)
	d.Mul(d, big.NewInt(-121665)).Mod(d, p)
	for i, want := range []int64{0, 1, -1} {
		if fromLE(smallOrder[i][:]).Cmp(new(big.Int).Mod(big.NewInt(want), p)) != 0 {
			t.Errorf("entry %d is not %d", i, want)
		}
	}
	for _, entry := range smallOrder[3:] {
		y := fromLE(entry[:])
		y2 := new(big.Int).Mul(y, y)
		sum := new(big.Int).Mul(y2, y2)
		sum.Mul(sum, d).Add(sum, new(big.Int).Lsh(y2, 1)).Sub(sum, big.NewInt(1))
		if sum.Mod(sum, p).Sign() != 0 {
			t.Errorf("%x does not solve the equation", entry)
		}
	}
	if sum := new(big.Int).Add(fromLE(smallOrder[3][:]), fromLE(smallOrder[4][:])); sum.Cmp(p) != 0 {
		t.Error("the points of order 8 are not negatives of each other")
	}
}

func TestCheckSigningKey(t *testing.T) {
	for range 100 {
		key, err := newSigningKey()
		must(t, err)
		must(t, CheckSigningKey(publicOf(key)))
	}
	signed := func(b [32]byte) []byte { b[31] |= 0x80; return b[:] }
	plusP := fieldPrime // the encoding of 0 plus p
	plusOne := fieldPrime
	plusOne[0]++
	for name, c := range map[string]struct {
		key  []byte
		want error
	}{
		"empty":               {nil, ErrKeyLength},
		"33 bytes":            {make([]byte, 33), ErrKeyLength},
		"order 4":             {smallOrder[0][:], ErrKeySmallOrder},
		"order 4, sign":       {signed(smallOrder[0]), ErrKeySmallOrder},
		"identity":            {smallOrder[1][:], ErrKeySmallOrder},
		"identity, sign":      {signed(smallOrder[1]), ErrKeyEncoding},
		"order 2":             {smallOrder[2][:], ErrKeySmallOrder},
		"order 2, sign":       {signed(smallOrder[2]), ErrKeyEncoding},
		"order 8":             {smallOrder[3][:], ErrKeySmallOrder},
		"order 8, sign":       {signed(smallOrder[3]), ErrKeySmallOrder},
		"other order 8":       {smallOrder[4][:], ErrKeySmallOrder},
		"other order 8, sign": {signed(smallOrder[4]), ErrKeySmallOrder},
		"y = p":               {plusP[:], ErrKeyEncoding},
		"y = p + 1":           {plusOne[:], ErrKeyEncoding},
		"y = 2^255 − 1":       {bytes.Repeat([]byte{0xff}, 32), ErrKeyEncoding},
	} {
		if err := CheckSigningKey(c.key); err != c.want {
			t.Errorf("%s: %v instead of %v", name, err, c.want)
		}
	}
}

// TestWhySmallOrderIsRefused shows what the check prevents: under the identity as
// a key one signature fits every message.
func TestWhySmallOrderIsRefused(t *testing.T) {
	key, signature := smallOrder[1][:], append(bytes.Clone(smallOrder[1][:]), make([]byte, 32)...)
	if CheckSigningKey(key) == nil {
		t.Fatal("accepted")
	}
	for _, message := range []string{"one", "another"} {
		if !ed25519.Verify(key, []byte(message), signature) {
			t.Errorf("the library refuses such keys by itself: is our check still needed?")
		}
	}
}

// TestEveryLabelIsItsOwn: a signature made under one label is refused under all
// others.
func TestEveryLabelIsItsOwn(t *testing.T) {
	key, err := newSigningKey()
	must(t, err)
	body := make([]byte, 40)
	rand.Read(body)
	verifiers := map[string]func(ed25519.PublicKey, []byte, []byte) bool{
		wire.LabelCertificate: verifyCertificate, wire.LabelPairing: verifyPairing, wire.LabelHead: verifyHead}
	labels := []string{wire.LabelCertificate, wire.LabelPairing, wire.LabelHead, wire.LabelSlots, wire.LabelRequest,
		wire.LabelReceipt, wire.LabelTariff, wire.LabelDay, ""}
	for _, label := range labels {
		signature := sign(key, label, body)
		for own, verify := range verifiers {
			if verify(publicOf(key), body, signature) != (own == label) {
				t.Errorf("signed under %q: wrong answer under %q", label, own)
			}
		}
	}
}
