package prover

import (
	"fmt"
	"math/big"
	"testing"

	"hushwatt/prover/ristretto"
)

// TestAttackNoncesOfDigits proves claims of one header with a stuck source of
// randomness, which differ in one thing that only digits know of: an entry of a
// vector, a bound, a place in a list of sums. None may share its first commitment
// with another, or two challenges would open what both hide.
func TestAttackNoncesOfDigits(t *testing.T) {
	h := smallHome(2)
	first := map[string]string{}
	try := func(name string, entry, bound int64, slot int, rest int64) {
		c := NewClaim(h.rows, "tz")
		c.Functional(weights(h.rows, func(int, int) int64 { return 1 }), zero)
		v := c.Vector("free", 3, big.NewInt(9))
		c.RequireEach(Constant(big.NewInt(rest)), []Sum{{Cells: []Cell{{1, slot, 1}}}, {Items: []Item{{v, 2, 1}}}}, big.NewInt(bound))
		narg, err := c.Prove(testHeader, h.seals, h.opened, []Int{NewInt(0), NewInt(entry), NewInt(1)}, stuck{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		x := string(narg[:ristretto.ElementSize])
		if other, ok := first[x]; ok {
			t.Errorf("%q and %q share their nonces", name, other)
		}
		first[x] = name
	}
	for entry := range int64(10) {
		try(fmt.Sprint("entry ", entry), entry, 100, 0, 0)
	}
	try("bound", 0, 101, 0, 0)
	try("slot", 0, 100, 1, 0)
	try("constant", 0, 100, 0, 1)
}
