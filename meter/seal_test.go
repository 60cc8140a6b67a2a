package meter

import (
	"bytes"
	"crypto/sha3"
	"encoding/binary"
	"math/big"
	"slices"
	"testing"

	"hushwatt/internal/wire"
	"hushwatt/prover/ristretto"
)

// slowSeal adds up the commitments of the slots one by one, each by general scalar
// multiplication, with blindings derived by the letter of docs/protocol.md.
func slowSeal(label string, key node, channel int, version uint32, wh []uint32, square bool) *ristretto.Element {
	sum := ristretto.NewElement()
	for s, c := range wh {
		in := append([]byte(label), key[:]...)
		in = append(in, byte(channel), byte(s>>8), byte(s))
		in = binary.BigEndian.AppendUint32(in, version)
		in = binary.BigEndian.AppendUint32(in, c)
		wide := sha3.SumSHAKE256(in, 64)
		slices.Reverse(wide)
		var v, r ristretto.Scalar
		r.SetBig(new(big.Int).SetBytes(wide))
		v.SetUint64(uint64(c))
		if square {
			v.Mul(&v, &v)
		}
		base := binary.BigEndian.AppendUint16([]byte(wire.LabelSlot), uint16(len(wh)))
		base = binary.BigEndian.AppendUint16(base, uint16(s))
		term := ristretto.NewElement().Mul(&v, ristretto.HashToGroup(base))
		blind := ristretto.NewElement().Mul(&r, ristretto.HashToGroup([]byte(wire.LabelBlinding)))
		sum.Add(sum, term.Add(term, blind))
	}
	return sum
}

// TestSealIsTheSumOfItsSlots: what is billed (the seal) and what is aggregated
// (the slots' commitments) are the same readings.
func TestSealIsTheSumOfItsSlots(t *testing.T) {
	key := node{9, 9}
	for _, n := range []int{24, 48} {
		for name, fill := range map[string]func(s int) uint32{
			"zero": func(int) uint32 { return 0 }, "cap": func(int) uint32 { return MaxCap },
			"mixed": func(s int) uint32 { return uint32(s*s*977) % MaxCap }} {
			wh := make([]uint32, n)
			for s := range wh {
				wh[s] = fill(s)
			}
			got := sealReadings(&key, ExportChannel, 3, wh, true)
			if !got.v.Equal(slowSeal("hushwatt/v1/r", key, ExportChannel, 3, wh, false)) {
				t.Errorf("%d slots, %s: seal is not the sum of its slots", n, name)
			}
			if !got.q.Equal(slowSeal("hushwatt/v1/t", key, ExportChannel, 3, wh, true)) {
				t.Errorf("%d slots, %s: squares seal is not the sum of its slots", n, name)
			}
		}
	}
}

// TestBlindingNeverRepeats: no two of channel, version, slot or reading share a
// blinding; a day sealed twice after a rollback reveals no difference of readings.
func TestBlindingNeverRepeats(t *testing.T) {
	seen := map[string]string{}
	for _, key := range []node{{1}, {2}} {
		for channel := range 2 {
			for version := range uint32(2) {
				b := newSlotBlinding(wire.LabelBlind, &key, channel, version)
				for s := range 3 {
					for c := range uint32(3) {
						var r ristretto.Scalar
						id := string(b.at(&r, s, c).Bytes())
						if seen[id] != "" {
							t.Fatalf("blinding repeats")
						}
						seen[id] = "x"
					}
				}
			}
		}
	}
}

func TestReadingCiphertext(t *testing.T) {
	key := node{4}
	wh := make([]uint32, 24)
	for s := range wh {
		wh[s] = uint32(s) * 1000
	}
	h := readingsHeader{Meter: "M1", Epoch: 1, Day: firstDay, N: 24}
	v := sealReadings(&key, 0, 0, wh, false)
	ct := encryptReadings(&key, &h, v.v.Bytes(), wh)
	if len(ct) != ciphertextSize(24) {
		t.Fatalf("%d bytes", len(ct))
	}
	back, err := decryptReadings(&key, &h, v.v.Bytes(), ct)
	if err != nil || !slices.Equal(back, wh) {
		t.Fatalf("%v, %v", back, err)
	}
	// Whoever re-encrypts what came out gets the same bytes.
	if !bytes.Equal(encryptReadings(&key, &h, v.v.Bytes(), back), ct) {
		t.Fatal("the ciphertext of these readings is not unique")
	}
	for name, other := range map[string]readingsHeader{
		"meter":   {Meter: "M2", Epoch: 1, Day: firstDay, N: 24},
		"epoch":   {Meter: "M1", Epoch: 2, Day: firstDay, N: 24},
		"day":     {Meter: "M1", Epoch: 1, Day: firstDay + 1, N: 24},
		"n":       {Meter: "M1", Epoch: 1, Day: firstDay, N: 48},
		"channel": {Meter: "M1", Epoch: 1, Day: firstDay, N: 24, Channel: 1},
		"version": {Meter: "M1", Epoch: 1, Day: firstDay, N: 24, Version: 1},
	} {
		if _, err := decryptReadings(&key, &other, v.v.Bytes(), ct); err == nil {
			t.Errorf("decrypts under another %s", name)
		}
	}
}
