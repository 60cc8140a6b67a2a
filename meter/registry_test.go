package meter

import (
	"math/rand/v2"
	"testing"
)

// TestTreeOfSets: what checkTree says is what looking at all pairs says.
func TestTreeOfSets(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	trees := 0
	for range 20000 {
		r := &Registry{Meters: make([]Enrolled, 7), Sets: make([]Set, 1+rng.IntN(4))}
		for i := range r.Sets {
			from := rng.IntN(6) // runs of meters: trees often enough
			to := from + 1 + rng.IntN(7-from)
			r.Sets[i].Meters = NewBitmap(7)
			for place := from; place < to; place++ {
				r.Sets[i].Meters.Set(place)
			}
		}
		tree := true
		for i := range r.Sets {
			for j := range i {
				a, b := r.Sets[i].Meters, r.Sets[j].Meters
				tree = tree && (a.And(b).Count() == 0 || a.AndNot(b).Count() == 0 || b.AndNot(a).Count() == 0)
			}
		}
		if got := r.checkTree() == nil; got != tree {
			t.Fatalf("%v: a tree: %v", r.Sets, got)
		}
		if tree {
			trees++
		}
	}
	if trees < 1000 || trees > 19000 {
		t.Errorf("%d trees of 20000: the test asks little", trees)
	}
}
