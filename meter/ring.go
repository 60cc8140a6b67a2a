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

// Connected reports whether all meters of a set hang together by neighbours of the
// set. If they do not, the masks cancel within each part, and its sum is shown.
func (g *Ring) Connected(set Bitmap) bool {
	n := len(g.order)
	if g.degree >= n-1 {
		return true
	}
	// Around the circle a gap of degree/2 absent meters separates; one gap opens the
	// circle to a line that still hangs together, two cut it.
	gaps, absent, reach := 0, 0, g.degree/2
	start := slices.IndexFunc(g.order, set.Has)
	if start < 0 {
		return true
	}
	for i := 1; i <= n; i++ {
		if !set.Has(g.order[(start+i)%n]) {
			absent++
			continue
		}
		if absent >= reach {
			gaps++
		}
		absent = 0
	}
	return gaps < 2
}
