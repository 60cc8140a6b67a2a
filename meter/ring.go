package meter

import (
	"bytes"
	"crypto/sha256"
	"slices"

	"hushwatt/internal/wire"
)

// A Ring says who masks with whom: meters stand in a circle in the order of SHA-256(label
// ‖ registry hash ‖ id), and each has as neighbours the same number on either side,
// or everybody in a small registry. The hash of the registry comes last, so that
// nobody chooses a neighbour by choosing its own enrolment.
type Ring struct {
	degree int
	order  []int // places in the registry, around the circle
	at     []int // of each place, where on the circle it stands
}

// Ring returns the circle of a masking registry.
func (r *Registry) Ring() *Ring {
	n := len(r.Meters)
	hash := r.Hash()
	keys := make([][sha256.Size]byte, n)
	g := &Ring{degree: min(int(r.Charter.Neighbours), n-1), order: make([]int, n), at: make([]int, n)}
	for i := range r.Meters {
		g.order[i] = i
		keys[i] = sha256.Sum256(append(append([]byte(wire.LabelRing), hash[:]...), r.Meters[i].ID()...))
	}
	slices.SortFunc(g.order, func(a, b int) int { return bytes.Compare(keys[a][:], keys[b][:]) })
	for at, place := range g.order {
		g.at[place] = at
	}
	return g
}

// Neighbours returns the places of a meter's neighbours.
func (g *Ring) Neighbours(place int) []int {
	n := len(g.order)
	var list []int
	if g.degree >= n-1 {
		for i := range n {
			if i != place {
				list = append(list, i)
			}
		}
		return list
	}
	for d := 1; d <= g.degree/2; d++ {
		list = append(list, g.order[(g.at[place]+d)%n], g.order[(g.at[place]+n-d)%n])
	}
	return list
}

// Present counts a meter's neighbours that are in a set.
func (g *Ring) Present(place int, set Bitmap) int {
	n := 0
	for _, j := range g.Neighbours(place) {
		if set.Has(j) {
			n++
		}
	}
	return n
}

// Connected reports whether the meters of a set hang together by neighbours of the set,
// also without any MinNeighbours − 1 of them. If they fall into parts the masks cancel
// within each, and its sum is shown; and meters that collude with the aggregator tie
// nothing, for it knows their masks. What parts a circle is two stretches of as many
// places as a neighbour is far at most, with nobody in them.
func (g *Ring) Connected(set Bitmap) bool {
	n, reach := len(g.order), g.degree/2
	if g.degree >= n-1 {
		return true
	}
	here := func(at int) int {
		if set.Has(g.order[at%n]) {
			return 1
		}
		return 0
	}
	stretch := make([]int, n) // how many of the set are in that which begins here
	for d := range reach {
		stretch[0] += here(d)
	}
	for at := 1; at < n; at++ {
		stretch[at] = stretch[at-1] - here(at-1) + here(at-1+reach)
	}
	for at, k := range stretch {
		if 2*k >= MinNeighbours {
			continue // of two that are too thin one is thinner than this
		}
		for d := reach; d <= n-reach; d++ {
			if k+stretch[(at+d)%n] < MinNeighbours {
				return false
			}
		}
	}
	return true
}
