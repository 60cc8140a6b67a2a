package aggregate

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"hushwatt/meter"
)

// TestMaskedAdversity is TestAdversity for masking: announcements and answers are lost,
// late, doubled, out of order and corrupted, the aggregator crashes, a meter lies or
// falls silent. A slot is released rightly or not at all.
func TestMaskedAdversity(t *testing.T) {
	seen := map[string]int{}
	var w *town
	for seed := range adversities(t) / 2 {
		if seed%24 == 0 {
			w = newRingTown(t, fmt.Sprint("masked adversity", seed/24), 14, 9, 12)
			w.begin(firstDay)
		}
		r := &maskedRun{w, rand.New(rand.NewPCG(uint64(seed), 6)), uint16(seed % 24), NewMemory(), seen}
		r.run()
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("%v", seen)
	for _, kind := range []string{"released", "silent", "wrong sum", "withheld", "corrupted refused", "crash before the sum", "crash before an answer is stored", "crash before an answer is acknowledged"} {
		if seen[kind] == 0 {
			t.Errorf("no run has seen %q: the runs are too tame", kind)
		}
	}
}

type maskedRun struct {
	*town
	rng   *rand.Rand
	slot  uint16
	store *Memory
	seen  map[string]int
}

// mail is what the network makes of messages: some are lost or late, some come twice
// or corrupted, in any order. It returns those in time and those after.
func (r *maskedRun) mail(messages [][]byte, loss int) (inTime, after []event) {
	var list []event
	for place, m := range messages {
		if m == nil {
			continue
		}
		if r.rng.IntN(100) >= loss {
			list = append(list, event{r.rng.IntN(cutOff + loss*5), place, m, true})
		}
		if r.rng.IntN(5) == 0 {
			list = append(list, event{r.rng.IntN(cutOff + loss*5), place, m, true})
		}
		if r.rng.IntN(5) == 0 {
			broken := slices.Clone(m)
			broken[r.rng.IntN(len(broken))] ^= byte(1 + r.rng.IntN(255))
			list = append(list, event{r.rng.IntN(cutOff), place, broken, false})
		}
	}
	r.rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	slices.SortStableFunc(list, func(a, b event) int { return a.at - b.at })
	past, _ := slices.BinarySearchFunc(list, cutOff, func(e event, at int) int { return e.at - at })
	return list[:past], list[past:]
}

// announce gives announcements to the aggregator.
func (r *maskedRun) announce(g *Aggregator, events []event) {
	for _, e := range events {
		a, err := g.Check(e.data)
		if !e.good {
			if err == nil {
				r.t.Error("a corrupted announcement is taken")
			}
			r.seen["corrupted refused"]++
			continue
		}
		must(r.t, err)
		_, err = g.Take(a)
		must(r.t, err)
	}
}

func (r *maskedRun) run() {
	records := make([][]byte, len(r.meters))
	for place := range r.meters {
		records[place] = r.measure(place, firstDay, r.slot)
	}
	g := r.town.aggregator(r.store)
	inTime, late := r.mail(records, 10+15*r.rng.IntN(3))
	r.announce(g, inTime)
	p, err := g.Present(firstDay, r.slot, nil)
	must(r.t, err)
	r.announce(g, late)
	if p == nil {
		r.seen["withheld"]++
		return
	}
	if r.rng.IntN(3) == 0 { // it crashes, the stream brings all announcements again
		g = r.town.aggregator(r.store)
		r.announce(g, inTime)
		again, err := g.Present(firstDay, r.slot, nil)
		must(r.t, err)
		if again.Hash() != p.Hash() {
			r.t.Error("another presence after a crash")
		}
	}
	lies, wrong := r.rng.IntN(4) == 0, false
	answers := make([][]byte, len(r.meters))
	for place, m := range r.meters {
		if !p.Meters.Has(place) {
			continue
		}
		a, err := m.live.Answer(p, meter.ImportChannel)
		must(r.t, err)
		if lies && !wrong {
			wrong = true
			r.spoil(place, a, p)
		}
		answers[place] = a.Bytes()
	}
	answered, _ := r.mail(answers, r.rng.IntN(2)*3)
	arrived := r.hear(g, p, answered)
	if r.rng.IntN(3) == 0 { // it crashes, the stream brings all announcements again
		g = r.town.aggregator(r.store)
		r.announce(g, inTime)
		r.seen["crash before the sum"]++
	}
	f, err := g.Release(p)
	switch {
	case len(arrived) < p.Meters.Count():
		if !errors.Is(err, ErrSilent) {
			r.t.Errorf("%d of %d have answered: %v", len(arrived), p.Meters.Count(), err)
		}
		r.seen["silent"]++
	case wrong:
		if !errors.Is(err, ErrWrongSum) {
			r.t.Errorf("a wrong answer: %v", err)
		}
		r.seen["wrong sum"]++
	default:
		must(r.t, err)
		must(r.t, f.Verify(r.trusted()))
		r.seen["released"]++
		var readings []int64
		for place := range r.meters {
			if p.Meters.Has(place) {
				readings = append(readings, int64(wh(place, firstDay, int(r.slot))))
			}
		}
		checkStatistics(r.t, &f.Releases[0], readings, 9)
	}
}

// hear gives answers to programs of the aggregator that share its store, in batches. One
// may crash before it has counted a batch, or before it has acknowledged one. It returns
// whose answers were taken.
func (r *maskedRun) hear(g *Aggregator, p *meter.Presence, events []event) map[int]bool {
	programs := []*Aggregator{g, r.town.aggregator(r.store)}
	arrived := map[int]bool{}
	for len(events) > 0 {
		n := 1 + r.rng.IntN(len(events))
		which := r.rng.IntN(2)
		var list []*Answered
		for _, e := range events[:n] {
			a, err := programs[which].CheckAnswer(firstDay, r.slot, e.data)
			if (err == nil) != e.good {
				r.t.Errorf("an answer, corrupted %v: %v", !e.good, err)
			}
			if err == nil {
				list = append(list, a)
			}
		}
		switch r.rng.IntN(6) {
		case 0:
			programs[which] = r.town.aggregator(r.store)
			r.seen["crash before an answer is stored"]++
			continue // the stream brings the batch again
		case 1:
			_, err := programs[which].TakeAnswers(list)
			must(r.t, err)
			programs[which] = r.town.aggregator(r.store)
			r.seen["crash before an answer is acknowledged"]++
			continue
		}
		outcomes, err := programs[which].TakeAnswers(list)
		must(r.t, err)
		for i, o := range outcomes {
			if o != Taken && o != Duplicate {
				r.t.Errorf("an answer is %s", o)
			}
			arrived[list[i].Place] = true
		}
		events = events[n:]
	}
	return arrived
}

// spoil makes an answer 1 Wh too much, with a tag that is right.
func (r *maskedRun) spoil(place int, a *meter.Answer, p *meter.Presence) {
	s, err := meter.ParseShare(a.Masked, r.registry.SquaresFor(p.Meters))
	must(r.t, err)
	s.Wh++
	a.Masked = s.Bytes(r.registry.SquaresFor(p.Meters))
	a.Tag = r.tag(place, a, p)
}
