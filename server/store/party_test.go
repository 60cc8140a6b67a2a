package store

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
)

func TestParty(t *testing.T) { every(t, party) }

func party(t *testing.T, s Store) {
	a, b := s.Party("a"), s.Party("b")
	if v, err := a.Get("x"); v != nil || err != nil {
		t.Errorf("nothing stored: %q %v", v, err)
	}
	var wg sync.WaitGroup
	seen := make([]string, 8)
	for i := range seen {
		wg.Go(func() {
			v, err := a.Once("x", []byte{'0' + byte(i)})
			if err != nil {
				t.Error(err)
			}
			seen[i] = string(v)
		})
	}
	wg.Wait()
	if slices.Sort(seen); seen[0] != seen[7] {
		t.Errorf("of several at once each sees another: %q", seen)
	}
	for _, v := range []string{"1", "2"} {
		if err := a.Update("y", func([]byte) ([]byte, error) { return []byte(v), nil }); err != nil {
			t.Fatal(err)
		}
	}
	if v, err := a.Get("y"); string(v) != "2" || err != nil {
		t.Errorf("%q %v", v, err)
	}
	updates(t, a)
	if v, err := b.Get("y"); v != nil || err != nil {
		t.Errorf("another party's: %q %v", v, err)
	}
	if list, err := a.Named(ctx, "y"); err != nil || len(list) != 1 || list[0].Name != "y" {
		t.Errorf("%v %v", list, err)
	}
	dropped(t, a, b)
	arrivals(t, a)
	files(t, a)
}

// updates: several at once, none is lost; what fails changes nothing.
func updates(t *testing.T, a *Party) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if err := a.Update("list", func(old []byte) ([]byte, error) { return append(old, '0'+byte(i)), nil }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	no := errors.New("no")
	if err := a.Update("list", func([]byte) ([]byte, error) { return nil, no }); !errors.Is(err, no) {
		t.Errorf("an update that failed: %v", err)
	}
	v, err := a.Get("list")
	if slices.Sort(v); string(v) != "01234567" || err != nil {
		t.Errorf("%q %v", v, err)
	}
}

// dropped are values that are deleted by name, and those beside them.
func dropped(t *testing.T, a, b *Party) {
	t.Helper()
	for _, p := range []*Party{a, b} {
		for _, name := range []string{"log", "log/1", "log/2", "log/20", "log/3"} {
			if _, err := p.Once(name, []byte{1}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := a.Drop("log/", "log/3"); err != nil {
		t.Fatal(err)
	}
	for p, want := range map[*Party]int{a: 2, b: 5} {
		if list, err := p.Named(ctx, "log"); err != nil || len(list) != want {
			t.Errorf("%v are left, %v", list, err)
		}
	}
}

func arrivals(t *testing.T, a *Party) {
	list := []Arrival{{1, 2, []byte("m1"), [32]byte{1}, []byte("one")}, {1, 2, []byte("m2"), [32]byte{2}, []byte("two")}, {2, 0, []byte("m1"), [32]byte{1}, []byte("later")}}
	for range 2 {
		if err := a.Arrive(ctx, list); err != nil {
			t.Fatal(err)
		}
	}
	list[0].Data = []byte("another")
	if err := a.Arrive(ctx, list[:1]); err != nil {
		t.Fatal(err)
	}
	count := func(day, slot uint16, want ...string) {
		t.Helper()
		got, err := a.Arrivals(ctx, day, slot)
		var texts []string
		for _, g := range got {
			texts = append(texts, string(g))
		}
		if slices.Sort(texts); err != nil || !slices.Equal(texts, want) {
			t.Errorf("day %d slot %d: %q %v, want %q", day, slot, texts, err, want)
		}
	}
	count(1, 2, "one", "two")
	// A meter that says another thing, and another, and all of them again.
	for n := range 9 * 2 {
		more := Arrival{1, 2, []byte("m1"), [32]byte{9, byte(n % 9)}, []byte(fmt.Sprint("more ", n%9))}
		if err := a.Arrive(ctx, []Arrival{more, list[0]}); err != nil {
			t.Fatal(err)
		}
	}
	count(1, 2, "more 0", "one", "two")
	if got, err := a.Arrivals(ctx, 1, 2); err != nil || string(got[0]) != "one" || string(got[1]) != "more 0" {
		t.Errorf("the first is not first: %q %v", got, err)
	}
	if err := a.Forget(ctx, 2); err != nil {
		t.Fatal(err)
	}
	count(1, 2)
	count(2, 0, "later")
}

func files(t *testing.T, a *Party) {
	if list, err := a.Slots(ctx, 0, 100); len(list) > 0 || err != nil {
		t.Errorf("nothing released: %v %v", list, err)
	}
	r := []Release{{"all", 9, 47, 12, 1 << 50, "18446744073709551615"}}
	for range 2 {
		if err := a.AddFile(ctx, 9, 47, []byte("file"), r); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.AddFile(ctx, 9, 47, []byte("another"), r); !errors.Is(err, ErrConflict) {
		t.Errorf("a second file of a slot: %v", err)
	}
	if f, err := a.File(ctx, 9, 47); err != nil || string(f) != "file" {
		t.Errorf("%q %v", f, err)
	}
	if _, err := a.File(ctx, 9, 46); !errors.Is(err, ErrNotFound) {
		t.Errorf("no file: %v", err)
	}
	if got, err := a.Releases(ctx, "all", 9, 9); err != nil || !slices.Equal(got, r) {
		t.Errorf("%v %v", got, err)
	}
	for first, want := range map[uint16]int{8: 1, 9: 1, 10: 0} {
		if list, err := a.Slots(ctx, first, 10); err != nil || len(list) != want || want > 0 && list[0] != (Slot{9, 47}) {
			t.Errorf("from day %d: %v %v", first, list, err)
		}
	}
}
