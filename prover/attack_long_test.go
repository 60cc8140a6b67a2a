package prover

import (
	"errors"
	"math/big"
	"testing"
)

// TestAttackLongClaim: a tariff whose rules no proof can hold is refused at the
// first that is too much, not after all of them have been laid out in memory.
func TestAttackLongClaim(t *testing.T) {
	c := NewClaim([]Row{{N: 288, Cap: 1<<20 - 1}}, "2026a")
	m := c.Secret("m", zero, big.NewInt(1<<20))
	entries := make([]Sum, 1<<16)
	for i := range entries {
		entries[i].Cells = []Cell{{0, i % 288, -1}}
	}
	for range 100 {
		c.RequireEach(m, entries, big.NewInt(1<<20))
		c.Vector("v", maxEntries, big.NewInt(1))
	}
	if len(c.eachs) > 1 {
		t.Errorf("%d requirements are kept", len(c.eachs))
	}
	if err := c.Check(); !errors.Is(err, ErrNotProvable) {
		t.Error(err)
	}
}
