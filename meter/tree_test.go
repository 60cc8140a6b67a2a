package meter

import (
	"crypto/hmac"
	"crypto/sha256"
	"math/rand/v2"
	"slices"
	"testing"

	"hushwatt/internal/wire"
)

// slowDayKey walks the tree bit by bit, with HKDF-Expand written out (one block:
// HMAC of info ‖ 1).
func slowDayKey(root node, day uint16) node {
	k := root
	for depth := 1; depth <= 16; depth++ {
		mac := hmac.New(sha256.New, k[:])
		mac.Write([]byte(wire.LabelGGM))
		mac.Write([]byte{byte(depth), byte(day >> (16 - depth) & 1), 1})
		k = node(mac.Sum(nil))
	}
	return k
}

func TestWalkerAgainstSlowOracle(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	root := node{1, 2, 3}
	w := newWalker(root, 0, 0)
	for _, day := range []uint16{0, 1, 1, 65535, 32768, 32767} {
		if key, ok := w.dayKey(day); !ok || key != slowDayKey(root, day) {
			t.Fatalf("day %d: wrong key", day)
		}
	}
	for range 300 {
		day := uint16(rng.Uint32())
		if key, ok := w.dayKey(day); !ok || key != slowDayKey(root, day) {
			t.Fatalf("day %d: wrong key", day)
		}
	}
}

// slowCover finds the minimal cover top down: a node is in it if all its days are
// in the range and not all of its parent's.
func slowCover(first, last uint16) []place {
	var list []place
	var walk func(p place)
	walk = func(p place) {
		a, b := p.days()
		switch {
		case a > last || b < first:
		case a >= first && b <= last:
			list = append(list, p)
		default:
			walk(place{p.depth + 1, 2 * p.index})
			walk(place{p.depth + 1, 2*p.index + 1})
		}
	}
	walk(place{0, 0})
	return list
}

func TestCoverIsMinimal(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	ranges := [][2]uint16{{0, 0}, {0, 65535}, {65535, 65535}, {1, 65535}, {0, 65534}, {1, 65534}, {32767, 32768}, {15706, 15736}}
	for range 200 {
		a, b := uint16(rng.Uint32()), uint16(rng.Uint32())
		ranges = append(ranges, [2]uint16{min(a, b), max(a, b)})
	}
	for _, r := range ranges {
		if got, want := cover(r[0], r[1]), slowCover(r[0], r[1]); !slices.Equal(got, want) {
			t.Fatalf("days %d to %d: cover %v, want %v", r[0], r[1], got, want)
		}
	}
}

func TestDelegationReachesItsDaysOnly(t *testing.T) {
	root := node{7}
	d := newDelegation(root, "M1", 1, 100, 131)
	b, err := d.Bytes()
	must(t, err)
	if d, err = ParseDelegation(b); err != nil {
		t.Fatal(err)
	}
	keys := d.keys()
	for day := range uint16(300) {
		key, ok := keys.dayKey(day)
		if inside := day >= 100 && day <= 131; ok != inside || inside && key != slowDayKey(root, day) {
			t.Fatalf("day %d: reached %v", day, ok)
		}
	}
}
