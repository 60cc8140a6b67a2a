package aggregate

import (
	"cmp"
	"slices"

	"hushwatt/meter"
)

// Releasable is a set that may be released in a slot.
type Releasable struct {
	Set     string
	Meters  meter.Bitmap // the set's meters that are present
	Count   int
	Squares bool // its squares may be released too
}

// Released returns the sets whose sums are released in a slot, by name. It depends on
// registry and presence alone, so that all parties and all verifiers agree.
//
// From small sets to large ones: a set is released if at least MinSum of its meters
// are present, and of these none, or at least MinSum, are outside the sets inside it
// that are released. Every released sum is then a sum of disjoint parts of at least
// MinSum meters each, and so is whatever can be computed from several of them.
// Squares follow the same rule with MinVariance among the sets so released.
func Released(r *meter.Registry, present meter.Bitmap) []Releasable {
	sets := make([]candidate, len(r.Sets))
	for i := range r.Sets {
		s := &r.Sets[i]
		sets[i] = candidate{set: s, size: s.Meters.Count(), here: s.Meters.And(present)}
	}
	slices.SortStableFunc(sets, func(a, b candidate) int { return cmp.Compare(a.size, b.size) })
	admit(sets, int(r.Charter.MinSum), func(c *candidate) *bool { return &c.sum })
	if r.Charter.Squares {
		admit(sets, int(r.Charter.MinVariance), func(c *candidate) *bool { return &c.squares })
	}
	var list []Releasable
	for i := range sets {
		if c := &sets[i]; c.sum {
			list = append(list, Releasable{c.set.Name, c.here, c.here.Count(), c.squares})
		}
	}
	slices.SortFunc(list, func(a, b Releasable) int { return cmp.Compare(a.Set, b.Set) })
	return list
}

type candidate struct {
	set          *meter.Set
	size         int
	here         meter.Bitmap // present
	sum, squares bool         // released
}

// admit marks the candidates, smallest first, that may be released. Sets are a tree: what
// is smaller and meets a set is inside it.
func admit(sets []candidate, least int, released func(*candidate) *bool) {
	var covered meter.Bitmap // by released sets
	for i := range sets {
		c := &sets[i]
		if c.here.Count() < least {
			continue
		}
		if covered == nil {
			covered = meter.NewBitmap(8 * len(c.here))
		}
		n := c.here.AndNot(covered).Count()
		if *released(c) = n == 0 || n >= least; *released(c) {
			for j := range covered {
				covered[j] |= c.here[j]
			}
		}
	}
}
