package aggregate

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"hushwatt/meter"
)

// announced is a masking town of which all have announced slot 0, and its presence.
func announced(t *testing.T, seed string, s Store) (*town, [][]byte, *Aggregator, *meter.Presence) {
	t.Helper()
	w := newRingTown(t, seed, 12, 10, 24)
	w.begin(firstDay)
	g := w.aggregator(s)
	var records [][]byte
	for place := range w.meters {
		records = append(records, w.measure(place, firstDay, 0))
	}
	takeAll(t, g, records)
	p, err := g.Present(firstDay, 0, nil)
	must(t, err)
	return w, records, g, p
}

func takeAll(t *testing.T, g *Aggregator, records [][]byte) {
	t.Helper()
	for _, r := range records {
		a, err := g.Check(r)
		must(t, err)
		_, err = g.Take(a)
		must(t, err)
	}
}

// checked are the answers of all who are present, checked.
func (w *town) checked(g *Aggregator, p *meter.Presence) []*Answered {
	w.t.Helper()
	var list []*Answered
	for place := range w.meters {
		a, err := g.CheckAnswer(p.Day, p.Slot, w.answered(place, p, same))
		must(w.t, err)
		list = append(list, a)
	}
	return list
}

// doneStore does what it is told and says that it failed.
type doneStore struct {
	*Memory
	broken bool
}

func (s *doneStore) Once(key string, value []byte) ([]byte, error) {
	stored, err := s.Memory.Once(key, value)
	if s.broken {
		return nil, errBroken
	}
	return stored, err
}

// TestAnswersAreStoredFirst: what could not be stored, or perhaps was, is not counted
// until it has come again; then it counts once.
func TestAnswersAreStoredFirst(t *testing.T) {
	not, perhaps := &brokenStore{Memory: NewMemory()}, &doneStore{Memory: NewMemory()}
	for name, c := range map[string]struct {
		store  Store
		broken *bool
		silent int // after 7 of 12 and then the other way round 9, of which 4 are the same
	}{"not stored": {not, &not.broken, 3}, "stored": {perhaps, &perhaps.broken, 0}} {
		w, records, g, p := announced(t, "stored first", c.store)
		list := w.checked(g, p)
		*c.broken = true
		if _, err := g.TakeAnswers(list[:7]); !errors.Is(err, errBroken) {
			t.Fatalf("%s: %v", name, err)
		}
		*c.broken = false
		// What comes again comes in another order, with others.
		slices.Reverse(list)
		_, err := g.TakeAnswers(list[:9])
		must(t, err)
		if silent, err := g.Silent(p); err != nil || silent.Count() != c.silent {
			t.Errorf("%s: %d are silent, %v", name, silent.Count(), err)
		}
		if _, err := g.Release(p); c.silent > 0 && !errors.Is(err, ErrSilent) {
			t.Errorf("%s: %v", name, err)
		}
		_, err = g.TakeAnswers(list)
		must(t, err)
		f, err := g.Release(p)
		must(t, err)
		must(t, f.Verify(w.trusted()))

		// A program that is started anew has the same sum, also without the mailbox.
		again, err := NewAggregator(AuthorityConfig{w.registry, w.keys[0].WithoutMailbox(), nil, c.store})
		must(t, err)
		takeAll(t, again, records)
		second, err := again.Release(p)
		must(t, err)
		if string(second.Bytes()) != string(f.Bytes()) {
			t.Errorf("%s: another release after a restart", name)
		}
		outcomes, err := again.TakeAnswers(list[:1])
		must(t, err)
		if outcomes[0] != Duplicate {
			t.Errorf("%s: an answer that was released is %s", name, outcomes[0])
		}
	}
}

// TestProgramsShareALog: programs of one aggregator take answers at the same time, some
// of them the same ones, and of every meter two that contradict each other. All agree
// on which was first.
func TestProgramsShareALog(t *testing.T) {
	store := NewMemory()
	w, _, g, p := announced(t, "programs", store)
	programs := []*Aggregator{g, w.aggregator(store), w.aggregator(store), w.aggregator(store)}
	var list []*Answered
	for place := range w.meters {
		for _, more := range []uint64{0, 1} {
			a, err := g.CheckAnswer(firstDay, 0, w.answered(place, p, func(s *meter.Share) { s.Wh += more }))
			must(t, err)
			list = append(list, a)
		}
	}
	all := make([][]Outcome, len(programs))
	var wg sync.WaitGroup
	for i, g := range programs {
		wg.Go(func() {
			order := slices.Clone(list)
			if i%2 == 1 {
				slices.Reverse(order)
			}
			for batch := range slices.Chunk(order, 3+i) {
				outcomes, err := g.TakeAnswers(batch)
				if err != nil {
					t.Error(err)
					return
				}
				all[i] = append(all[i], outcomes...)
			}
			if i%2 == 1 {
				slices.Reverse(all[i])
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	for k := range list {
		taken := 0
		for i := range programs {
			if all[i][k] == Taken {
				taken++
			}
			if (all[i][k] == Contradicts) != (all[0][k] == Contradicts) {
				t.Errorf("answer %d is %s to one program and %s to another", k, all[0][k], all[i][k])
			}
		}
		if (taken > 0) == (all[0][k] == Contradicts) { // two that write the same batch both take it
			t.Errorf("answer %d was taken by %d programs and is %s", k, taken, all[0][k])
		}
	}
	for k := 0; k < len(list); k += 2 {
		if (all[0][k] == Contradicts) == (all[0][k+1] == Contradicts) {
			t.Errorf("of two answers of a meter not exactly one counts")
		}
	}
	var sums []meter.Share
	for _, g := range append(programs, w.aggregator(store)) {
		q, err := g.heard(p)
		must(t, err)
		sum, err := q.sum()
		must(t, err)
		sums = append(sums, sum)
	}
	for _, s := range sums {
		if string(s.Bytes(true)) != string(sums[0].Bytes(true)) {
			t.Error("two programs have two sums")
		}
	}
}

// TestAggregatorDays: it takes announcements and answers of two days, and keeps nothing
// of any other.
func TestAggregatorDays(t *testing.T) {
	store := NewMemory()
	w, _, g, p := announced(t, "aggregator days", store)
	list := w.checked(g, p)
	_, err := g.TakeAnswers(list)
	must(t, err)
	for _, day := range []uint16{0, firstDay - 1, firstDay + 2, 1<<16 - 1} {
		if _, err := g.CheckAnswer(day, 0, w.answered(0, p, same)); !errors.Is(err, meter.ErrKeyGone) {
			t.Errorf("an answer of day %d: %v", day, err)
		}
	}
	if _, err := g.CheckAnswer(firstDay, 1<<16-1, w.answered(0, p, same)); !errors.Is(err, ErrNotAsked) {
		t.Errorf("an answer of a slot that does not exist: %v", err)
	}
	for _, m := range w.meters {
		_, err := m.live.Seal()
		must(t, err)
	}
	w.begin(firstDay + 2)
	ahead := w.measure(0, firstDay+2, 0)
	if _, err := g.Check(ahead); !errors.Is(err, meter.ErrKeyGone) {
		t.Errorf("an announcement of the day after tomorrow: %v", err)
	}
	if len(g.intake.slots) != 1 || len(g.slots) != 1 {
		t.Errorf("%d and %d slots are in memory", len(g.intake.slots), len(g.slots))
	}
	must(t, g.NextDay(firstDay+1))
	takeAll(t, g, [][]byte{ahead})
	if len(g.intake.slots) != 1 || len(g.slots) != 0 {
		t.Errorf("after a day %d and %d slots are in memory", len(g.intake.slots), len(g.slots))
	}
	for key := range store.m {
		if strings.HasPrefix(key, "answers/") {
			t.Errorf("%s is still stored", key)
		}
	}
	if days := daysOfKeys(t, store); len(days) != 1 || days[firstDay+1] != 12 {
		t.Errorf("yesterday's keys are still stored: %v", days)
	}
	if outcomes, err := g.TakeAnswers(list[:1]); err != nil || outcomes[0] != Late {
		t.Errorf("an answer that was checked before its day ended is %v, %v", outcomes, err)
	}
}
