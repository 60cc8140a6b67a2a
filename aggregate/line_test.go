package aggregate

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"hushwatt/meter"
)

// TestOneLine: an authority works for the registries of one line, whatever else was
// signed and in whatever order it is asked.
func TestOneLine(t *testing.T) {
	w := newTown(t, "one line", tree)
	all := numbers(0, 14)
	first := w.registry
	beside := w.another(t, nil, firstDay, all[:13]...) // one home less
	second := w.another(t, first, firstDay+2, all[:10]...)
	besideSecond := w.another(t, first, firstDay+2, all[:11]...)
	ofBeside := w.another(t, beside, firstDay+2, all[:10]...)
	third := w.another(t, second, firstDay+4, all...)
	start := func(s Store, r *meter.Registry) error {
		_, err := NewAuthority(AuthorityConfig{r, w.keys[0], w.find, s})
		return err
	}
	for name, c := range map[string]struct {
		order []*meter.Registry
		good  []bool
	}{
		"two first ones":           {[]*meter.Registry{first, beside, first}, []bool{true, false, true}},
		"the other one first":      {[]*meter.Registry{beside, first, ofBeside, second}, []bool{true, false, true, false}},
		"one after another":        {[]*meter.Registry{first, second, third, first, second, third}, []bool{true, true, true, true, true, true}},
		"two successors":           {[]*meter.Registry{first, second, besideSecond, third}, []bool{true, true, false, true}},
		"the other one's":          {[]*meter.Registry{first, ofBeside}, []bool{true, false}},
		"begun with a successor":   {[]*meter.Registry{second, first, beside, third}, []bool{true, false, false, true}},
		"one that was passed over": {[]*meter.Registry{first, third, second, third}, []bool{true, false, true, true}},
	} {
		s := NewMemory()
		for i, r := range c.order {
			err := start(s, r)
			if (err == nil) != c.good[i] || err != nil && !errors.Is(err, ErrSecondRegistry) {
				t.Errorf("%s, registry %d: %v", name, i, err)
			}
		}
	}
}

// TestManyRegistries starts, stops and asks the programs of two authorities for many
// registries of one charter, at random: no slot has two presences that all have signed,
// and all registries that ever have one are of one line.
func TestManyRegistries(t *testing.T) {
	w := newTown(t, "many registries", tree)
	registries := []*meter.Registry{w.registry, w.another(t, nil, firstDay, numbers(0, 13)...)}
	for len(registries) < 8 {
		before := registries[len(registries)-2]
		registries = append(registries, w.another(t, before, before.First+1, numbers(0, 10+len(registries)%4)...))
	}
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 7))
		stores := []*Memory{NewMemory(), NewMemory()}
		type slot struct{ day, slot uint16 }
		by := map[slot]*meter.Registry{}
		line := map[string]*meter.Registry{} // registries with a presence, by what they replace
		for range 60 {
			r := registries[rng.IntN(len(registries))]
			at := slot{firstDay + uint16(rng.IntN(6)), uint16(rng.IntN(3))}
			p, err := signAll(w, r, stores, at.day, at.slot)
			if err != nil {
				continue
			}
			if o := by[at]; o != nil && o != r {
				t.Fatalf("seed %d: two presences of %v", seed, at)
			}
			by[at] = r
			if o := line[string(r.Before)]; o != nil && o != r {
				t.Fatalf("seed %d: two registries in one place", seed)
			}
			line[string(r.Before)] = r
			must(t, p.Check(r))
		}
		if len(by) == 0 {
			t.Fatalf("seed %d: nothing was ever signed", seed)
		}
	}
}

// signAll has every authority start anew for a registry and sign an empty slot.
func signAll(w *town, r *meter.Registry, stores []*Memory, day, slot uint16) (*meter.Presence, error) {
	var p *meter.Presence
	for i, s := range stores {
		a, err := NewAuthority(AuthorityConfig{r, w.keys[i], w.find, s})
		if err != nil {
			return nil, err
		}
		h, err := a.CutOff(day, slot)
		if err != nil {
			return nil, err
		}
		if p == nil {
			if p, err = Propose(r, nil, h); err != nil {
				return nil, err
			}
		}
		signature, err := a.Sign(p)
		if err != nil {
			return nil, err
		}
		p.Signatures = append(p.Signatures, signature)
	}
	return p, nil
}

// TestReplaced: from its successor's first day on a registry has no more presences, also
// at a program that does not know of the successor; the days before are still its own.
func TestReplaced(t *testing.T) {
	w := newTown(t, "replaced", tree)
	s := NewMemory()
	old := w.authority(0, s)
	next := w.successor(t, firstDay+2, numbers(0, 10)...)
	if _, err := NewAuthority(AuthorityConfig{next, w.keys[0], w.find, s}); err != nil {
		t.Fatal(err)
	}
	for day, want := range []error{nil, nil, ErrReplaced, ErrReplaced} {
		h, err := old.CutOff(firstDay+uint16(day), 0)
		must(t, err)
		p, err := Propose(w.registry, nil, h)
		must(t, err)
		if _, err := old.Sign(p); !errors.Is(err, want) {
			t.Error(fmt.Sprintf("day %d:", day), err)
		}
	}
}
