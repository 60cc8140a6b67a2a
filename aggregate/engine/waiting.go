package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hushwatt/meter"
)

// patience is how long after its end a slot may go without release before the page says
// for whom it waits.
const patience = 5 * time.Minute

// waits returns, in sentences, for whom slots wait that have ended, and for whom those
// waited that are lost because the keys of their day are erased. done are the slots that
// need nobody any more.
func (c *Collector) waits(done map[moment]bool) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := int(c.Registry.Charter.N)
	now := c.Clock.Now()
	erased := now.Add(-keysLive).Unix() / secondsPerDay
	var list []*waiting
	by := map[string]*waiting{}
	for count := (moment{day: max(c.oldest(), c.Registry.First)}).count(n); ; count++ {
		m := momentOf(count, n)
		if momentOf(count+1, n).start(n).Add(patience).After(now) {
			break
		}
		t := c.talk.slots[m]
		if done[m] || t != nil && t.done {
			continue
		}
		missing, what := t.missing(c.Registry)
		if missing == nil {
			continue
		}
		w := waiting{missing: missing, what: what, first: m.start(n), lost: int64(m.day) < erased}
		key := fmt.Sprint(w.missing, w.what, w.lost)
		if by[key] == nil {
			by[key] = &w
			list = append(list, &w)
		}
		by[key].slots++
	}
	var sentences []string
	for _, w := range list {
		sentences = append(sentences, w.sentence())
	}
	return sentences
}

// waiting is some slots that wait for the same.
type waiting struct {
	missing []string // names of authorities
	what    string   // that they have not done
	first   time.Time
	slots   int
	lost    bool
}

func (w *waiting) sentence() string {
	slots := fmt.Sprintf("%d slots from %s on", w.slots, w.first.Format("2 January 15:04 UTC"))
	if w.slots == 1 {
		slots = "The slot of " + w.first.Format("2 January 15:04 UTC")
	}
	verb, have := "wait", "have"
	if w.slots == 1 {
		verb = "waits"
	}
	if len(w.missing) == 1 {
		have = "has"
	}
	who := strings.Join(w.missing, " and ")
	if w.lost {
		was := "were"
		if w.slots == 1 {
			was = "was"
		}
		return fmt.Sprintf("%s %s not released and will not be: %s %s not %s before the keys of the day were erased.", slots, was, who, have, w.what)
	}
	return fmt.Sprintf("%s %s for %s, which %s not %s. What is not there an hour after the day’s end (UTC) is lost.", slots, verb, who, have, w.what)
}

// missing returns the names of those who have not said what the parties are at, and what
// that is; nil if nobody is waited for. Of a slot of which nothing was said t is nil.
func (t *slot) missing(r *meter.Registry) (names []string, what string) {
	if t == nil {
		t = newSlot()
	}
	said := holding
	switch {
	case !t.all(holding, r):
		what = "said whose records it holds"
	case !t.all(signature, r):
		said, what = signature, "signed who is present"
	case !t.all(contribution, r):
		said, what = contribution, "given its sums"
	case t.disputed && !t.all(points, r):
		said, what = points, "shown what its sums are made of"
	default:
		return nil, ""
	}
	for i := range r.Charter.Parties {
		if !t.heard(said, i) {
			names = append(names, r.Charter.Parties[i].Name)
		}
	}
	return names, what
}

// waits is what the page says of slots that were not released.
func (p *Page) waits(ctx context.Context) ([]string, error) {
	if p.Collector == nil || p.Registry.Charter.Masking() {
		return nil, nil
	}
	today := at(p.Clock.Now(), int(p.Registry.Charter.N)).day
	released, err := p.Store.Slots(ctx, p.Collector.oldest(), today)
	if err != nil {
		return nil, err
	}
	lost, err := p.Store.Named(ctx, lostName)
	if err != nil {
		return nil, err
	}
	done := map[moment]bool{}
	for _, s := range released {
		done[moment{s.Day, s.Slot}] = true
	}
	for _, l := range lost {
		done[lostSlot(l.Name)] = true
	}
	return p.Collector.waits(done), nil
}
