package aggregate

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cloudflare/circl/sign/ed25519"

	"hushwatt/internal/wire"
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
	for _, kind := range []string{"released", "silent", "wrong sum", "withheld", "corrupted refused"} {
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

func (r *maskedRun) aggregator() *Aggregator {
	g, err := NewAggregator(r.registry, r.keys[0], r.store)
	must(r.t, err)
	return g
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
	g := r.aggregator()
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
		g = r.aggregator()
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
			m.spoil(r.t, a, r.registry.SquaresFor(p.Meters))
		}
		answers[place] = a.Bytes()
	}
	inTime, _ = r.mail(answers, r.rng.IntN(2)*3)
	arrived := map[int]bool{}
	for _, e := range inTime {
		if err := g.Answer(p, e.data); (err == nil) != e.good {
			r.t.Errorf("an answer, corrupted %v: %v", !e.good, err)
		}
		if e.good {
			arrived[e.party] = true
		}
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

// spoil makes an answer 1 Wh too much, signed.
func (m *townMeter) spoil(t testing.TB, a *meter.Answer, squares bool) {
	s, err := meter.ParseShare(a.Masked, squares)
	must(t, err)
	s.Wh++
	a.Masked, a.Signature = s.Bytes(squares), nil
	a.Signature = ed25519.Sign(m.signing, append([]byte(wire.LabelAnswer), a.Bytes()...))
}
