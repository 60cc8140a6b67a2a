package engine

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hushwatt/server/store"
)

// sees waits until the page says something.
func sees(t *testing.T, url, want string) {
	t.Helper()
	body := ""
	for end := time.Now().Add(longest); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if _, body = fetch(t, url, 200); strings.Contains(body, want) {
			return
		}
	}
	if at := strings.Index(body, "Alarms"); at >= 0 {
		body = body[at:]
	}
	t.Fatalf("no %q in %.900s", want, body)
}

// While an authority is silent the page says so, and when the keys of the day are erased
// that its slots are lost.
func TestPageSaysWhoIsSilent(t *testing.T) {
	g := newGrid(t)
	c := g.collector()
	g.start(g.authority(0).Run)
	stop := g.start(g.authority(1).Run)
	g.start(c.Run)
	p := c.Store.(*store.Party)
	page := httptest.NewServer((&Page{Registry: g.registry, Store: p, Clock: g.clock, Log: quiet, Collector: c}).Handler())
	t.Cleanup(page.Close)
	b := g.bus()
	g.measure(b, 0, everyone)
	g.await(p, 0)
	sees(t, page.URL, "Nothing to report.")
	stop()
	g.measure(b, 1, everyone)
	sees(t, page.URL, "The slot of 4 October 00:30 UTC waits for consumers, which has not said whose records it holds. What is not there an hour after the day’s end (UTC) is lost.")
	g.measure(b, 2, everyone)
	sees(t, page.URL, "2 slots from 4 October 00:30 UTC on wait for consumers, which has not said")
	stop = g.start(g.authority(1).Run)
	g.await(p, 2)
	sees(t, page.URL, "Nothing to report.")
	stop()
	g.clock.set(moment{firstDay + 1, 1}.start(48))
	sees(t, page.URL, "45 slots from 4 October 01:30 UTC on wait for consumers")
	g.clock.set(moment{firstDay + 1, 3}.start(48))
	sees(t, page.URL, "45 slots from 4 October 01:30 UTC on were not released and will not be: consumers has not said whose records it holds before the keys of the day were erased.")
	sees(t, page.URL, "2 slots from 5 October 00:00 UTC on wait for consumers")
}

// TestWaitsFor: each word of the parties, and who has not said it.
func TestWaitsFor(t *testing.T) {
	g := newGrid(t)
	heard := func(slot *slot, w word, parties ...int) {
		slot.said[w] = map[int][]byte{}
		for _, p := range parties {
			slot.said[w][p] = nil
		}
	}
	s := newSlot()
	for i, c := range []struct {
		change func()
		who    string
		what   string
	}{
		{func() {}, "operator consumers", "said whose records it holds"},
		{func() { heard(s, holding, 1) }, "operator", "said whose records it holds"},
		{func() { heard(s, holding, 0, 1) }, "operator consumers", "signed who is present"},
		{func() { heard(s, signature, 0) }, "consumers", "signed who is present"},
		{func() { heard(s, signature, 0, 1); heard(s, contribution, 1) }, "operator", "given its sums"},
		{func() { heard(s, contribution, 0, 1) }, "", ""},
		{func() { s.disputed = true; heard(s, points, 0) }, "consumers", "shown what its sums are made of"},
		{func() { heard(s, points, 0, 1) }, "", ""},
	} {
		c.change()
		who, what := s.missing(g.registry)
		if strings.Join(who, " ") != c.who || what != c.what {
			t.Errorf("case %d: %q %q", i, who, what)
		}
	}
	if who, _ := (*slot)(nil).missing(g.registry); len(who) != 2 {
		t.Errorf("of a slot of which nothing was said: %q", who)
	}
}
