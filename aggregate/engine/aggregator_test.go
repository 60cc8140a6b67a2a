package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hushwatt/aggregate"
	"hushwatt/meter"
	"hushwatt/server/store"
)

const answering = 10 * time.Minute

// introduce makes the meters of a masking grid share their keys.
func (g *grid) introduce(devices map[string]*meter.Meter) {
	var letters []*meter.Introduction
	for _, m := range devices {
		letters = append(letters, must(m.Join(g.registry, g.find))...)
	}
	for _, l := range letters {
		to := g.registry.Meters[g.registry.Index(l.To)].Certificate.Meter
		if err := devices[to].Meet(l); err != nil {
			g.t.Fatal(err)
		}
	}
}

func (g *grid) find(id []byte) *meter.Enrolment { return g.byID[string(id)] }

func (g *grid) aggregator() *Aggregator {
	p := g.party(0)
	rules := must(aggregate.NewAggregator(aggregate.AuthorityConfig{Registry: g.registry, Key: g.keys[0], Store: p, Enrolments: g.find}))
	return &Aggregator{Bus: g.bus(), Registry: g.registry, Key: g.keys[0], Rules: rules, Store: g.party(1),
		Clock: g.clock, CutOff: cutOff, CatchUp: longest, Answering: answering, Log: quiet}
}

// speakers are meters of a masking grid that hear who is present and answer.
type speakers struct {
	*grid
	mu   sync.Mutex // a meter does one thing at a time
	said map[moment]map[[32]byte]bool
}

func newSpeakers(g *grid) *speakers {
	return &speakers{grid: g, said: map[moment]map[[32]byte]bool{}}
}

// listen lets meters answer, of each slot those whom speaks accepts.
func (s *speakers) listen(b *Bus, speaks func(slot, place int) bool) (stop func()) {
	return s.start(func(ctx context.Context) error {
		return b.HearPresences(ctx, s.registry, func(p *meter.Presence) {
			for _, a := range s.answers(p, speaks) {
				if err := b.PublishAnswer(ctx, p, a); err != nil && ctx.Err() == nil {
					s.t.Error(err)
				}
			}
		})
	})
}

func (s *speakers) answers(p *meter.Presence, speaks func(slot, place int) bool) (list []*meter.Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := moment{p.Day, p.Slot}
	if s.said[m] == nil {
		s.said[m] = map[[32]byte]bool{}
	}
	s.said[m][p.Hash()] = true
	for place, l := range s.live {
		if p.Meters.Has(place) && speaks(int(p.Slot), place) {
			a, err := l.Answer(p, meter.ImportChannel)
			if err != nil {
				s.t.Errorf("slot %d, place %d: %v", p.Slot, place, err)
				continue
			}
			list = append(list, a)
		}
	}
	return list
}

// end is measure while meters are listening.
func (s *speakers) end(b *Bus, slot int, present func(place int) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.measure(b, slot, present)
}

// lost waits until a slot is lost and returns why.
func (g *grid) lost(slot int) string {
	g.t.Helper()
	var why []byte
	p := g.party(1)
	g.until(fmt.Sprintf("slot %d is lost", slot), func() bool {
		why = must(p.Get(lostAt(moment{firstDay, uint16(slot)})))
		return why != nil
	})
	if _, err := p.File(context.Background(), firstDay, uint16(slot)); err == nil {
		g.t.Errorf("slot %d is lost and released", slot)
	}
	return string(why)
}

func always(int, int) bool { return true }

// Sums are what the homes used, whoever is present; with too few present, or too few
// of a meter's neighbours, nobody is asked.
func TestMaskedSlots(t *testing.T) {
	g := gridOf(t, true)
	a := g.aggregator()
	g.start(a.Run)
	b := g.bus()
	s := newSpeakers(g)
	s.listen(g.bus(), always)
	rng := rand.New(rand.NewPCG(1, 1))
	for slot := range 8 {
		here := rng.Perm(homes)[:9+rng.IntN(homes-8)]
		present := func(place int) bool { return slices.Contains(here, place) }
		s.end(b, slot, present)
		g.expect(g.await(a.Store.(*store.Party), slot), slot, present)
	}
	s.end(b, 8, func(int) bool { return false })
	s.end(b, 9, func(place int) bool { return place < 4 })
	s.end(b, 10, func(place int) bool { return place < 8 })
	s.end(b, 11, everyone)
	g.expect(g.await(a.Store.(*store.Party), 11), 11, everyone)
	if why := g.lost(9); why != lostFew {
		t.Error(why)
	}
	if why := g.lost(10); why != lostApart {
		t.Error(why)
	}
	if why := g.lost(8); why != lostNobody {
		t.Error(why)
	}
	page := &Page{Registry: g.registry, Store: g.party(1), Clock: g.clock, Log: quiet}
	server := httptest.NewServer(page.Handler())
	defer server.Close()
	_, body := fetch(t, server.URL+"/", 200)
	for _, want := range []string{"added up by operator", "too few meters announced it", "too few are neighbours", "12 of 12 meters"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(body, "Nobody announced") {
		t.Error("an alarm of a slot that nobody announced")
	}
}

// A slot of which another registry of the charter has a presence is not asked for in this
// one: two sums could differ by one home.
func TestMaskedElsewhere(t *testing.T) {
	g := gridOf(t, true)
	other := &meter.Presence{Registry: make([]byte, 32), Day: firstDay, Meters: meter.NewBitmap(homes), Records: meter.CountedHash(nil)}
	must(g.party(0).Once(fmt.Sprintf("presence/%04x%04x", firstDay, 0), other.Bytes()))
	g.start(g.aggregator().Run)
	b := g.bus()
	s := newSpeakers(g)
	s.listen(g.bus(), always)
	s.end(b, 0, everyone)
	if why := g.lost(0); why != lostElsewhere {
		t.Error(why)
	}
	s.end(b, 1, everyone)
	g.expect(g.await(g.party(1), 1), 1, everyone)
	s.oneEach(1)
}

// A program that stops after any step is followed by one that goes on there: one
// presence, one release.
func TestMaskedGoesOn(t *testing.T) {
	g := gridOf(t, true)
	b := g.bus()
	p := g.party(1)
	s := newSpeakers(g)
	but3 := func(place int) bool { return place != 3 }

	a := g.aggregator() // announced, not cut off
	stop := g.start(a.Run)
	g.clock.set(moment{firstDay, 1}.start(48))
	g.send(b, 0, but3)
	g.until("announcements are stored", func() bool { return len(must(p.Arrivals(t.Context(), firstDay, 0))) == homes-1 })
	stop()

	a = g.aggregator() // cut off, nobody has answered, and one announces late
	stop = g.start(a.Run)
	g.clock.set(moment{firstDay, 1}.start(48).Add(cutOff))
	g.until("the presence is on the stream", func() bool { return must(b.talk.Info(t.Context())).State.Msgs == 1 })
	stop()
	g.send(b, 0, func(place int) bool { return !but3(place) })

	a = g.aggregator() // half have answered
	stop = g.start(a.Run)
	g.until("the late announcement is stored", func() bool { return len(must(p.Arrivals(t.Context(), firstDay, 0))) == homes })
	hush := s.listen(g.bus(), func(_, place int) bool { return place%2 == 0 })
	g.until("half have answered", func() bool {
		return len(must(g.party(0).Named(t.Context(), "answers/"))) > 0 && must(b.answers.Info(t.Context())).State.Msgs == 6
	})
	hush()
	stop()
	s.listen(g.bus(), always) // the others, while no program runs
	g.until("all have answered", func() bool { return must(b.answers.Info(t.Context())).State.Msgs == homes-1 })

	a = g.aggregator()
	stop = g.start(a.Run)
	first := g.await(p, 0)
	g.expect(first, 0, but3)
	stop()
	g.start(g.aggregator().Run) // and after the release
	s.end(b, 1, everyone)
	g.expect(g.await(p, 1), 1, everyone)
	if !bytes.Equal(g.await(p, 0).Bytes(), first.Bytes()) {
		t.Error("a second release")
	}
	s.oneEach(2)
}

// send sends the records of a slot that is over.
func (g *grid) send(b *Bus, slot int, present func(place int) bool) {
	for place, l := range g.live {
		if !present(place) {
			continue
		}
		for _, r := range must(l.Slot(slot, []meter.Reading{{Wh: g.readings[place][slot], Status: meter.Measured}})) {
			if err := b.Publish(context.Background(), r); err != nil {
				g.t.Fatal(err)
			}
		}
	}
}

// oneEach checks that meters have heard one presence of each of some slots.
func (s *speakers) oneEach(slots int) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.said) != slots {
		s.t.Errorf("presences of %d slots, not %d", len(s.said), slots)
	}
	for m, hashes := range s.said {
		if len(hashes) != 1 {
			s.t.Errorf("slot %d: %d presences", m.slot, len(hashes))
		}
	}
}

// A meter that announces and does not answer loses the slot. It is not asked for a while,
// so that the next slots go on, and then again. Its answer after the deadline changes
// nothing.
func TestMaskedSilence(t *testing.T) {
	g := gridOf(t, true)
	a := g.aggregator()
	g.start(a.Run)
	b := g.bus()
	s := newSpeakers(g)
	hush := s.listen(g.bus(), func(slot, place int) bool { return slot != 0 || place != 4 })
	p := g.party(1)
	s.end(b, 0, everyone)
	g.until("all but one have answered", func() bool { return must(b.answers.Info(t.Context())).State.Msgs == homes-1 })
	g.clock.set(moment{firstDay, 1}.start(48).Add(cutOff + answering))
	if why := g.lost(0); why != lostMute+" "+g.registry.Meters[4].Certificate.Meter {
		t.Error(why)
	}
	hush()
	s.listen(g.bus(), always) // it answers after all: the presence is on the stream still
	g.until("it has answered", func() bool { return must(b.answers.Info(t.Context())).State.Msgs == homes })
	but4 := func(place int) bool { return place != 4 }
	for i, present := range []func(int) bool{but4, but4, everyone} {
		s.end(b, i+1, everyone)
		g.expect(g.await(p, i+1), i+1, present)
	}
	g.lost(0)
	s.oneEach(4)
	g.until("nobody rests any more", func() bool { return len(must(parseResting(must(p.Get(restingName))))) == 0 })
}

// Everything that strangers can write on the stream: garbage, answers of others, of other
// slots, with one bit changed, twice and in any order; presences that the aggregator has
// not signed, which no meter answers.
func TestMaskedStrangers(t *testing.T) {
	g := gridOf(t, true)
	b := g.bus()
	publish := func(subject string, data []byte) {
		t.Helper()
		if _, err := b.js.Publish(t.Context(), subject, data); err != nil {
			t.Fatal(err)
		}
	}
	a := g.aggregator()
	s := newSpeakers(g)
	s.end(b, 0, everyone)
	hash := g.registry.Hash()
	forged := &meter.Presence{Registry: hash[:], Day: firstDay, Meters: meter.NewBitmap(homes), Records: meter.CountedHash(nil)}
	for place := range homes {
		forged.Meters.Set(place)
	}
	for _, signature := range [][][]byte{nil, {nil}, {make([]byte, 64)}, {make([]byte, 64), nil}} {
		forged.Signatures = signature
		if err := b.say(t.Context(), said{firstDay, 0, presence, 0, forged.Bytes()}); err != nil {
			t.Fatal(err)
		}
	}
	publish(b.AnswerSubject(firstDay, 0), []byte("before anybody was asked"))
	g.start(a.Run)
	var asked *meter.Presence
	ctx, stop := context.WithCancel(t.Context())
	if err := b.HearPresences(ctx, g.registry, func(p *meter.Presence) { asked = p; stop() }); err != nil {
		t.Fatal(err)
	}
	// What the aggregator has said, as of another slot, and changed.
	if err := b.say(t.Context(), said{firstDay, 1, presence, 0, asked.Bytes()}); err != nil {
		t.Fatal(err)
	}
	changed := *asked
	changed.Meters = slices.Clone(asked.Meters)
	changed.Meters.Clear(2)
	if err := b.say(t.Context(), said{firstDay, 0, presence, 0, changed.Bytes()}); err != nil {
		t.Fatal(err)
	}
	answers := s.answers(asked, always)
	for i, x := range answers {
		data := x.Bytes()
		for bit := range 8 * len(data) {
			if bit%37 == i {
				wrong := bytes.Clone(data)
				wrong[bit/8] ^= 1 << (bit % 8)
				publish(b.AnswerSubject(firstDay, 0), wrong)
			}
		}
		publish(b.AnswerSubject(firstDay, 1), data)
		publish(b.AnswerSubject(firstDay+1, 0), data)
		publish(b.subject("answer", fmt.Sprint(firstDay)), data)
		publish(b.subject("answer", fmt.Sprint(firstDay), "0", "x"), data)
		publish(b.subject("answer", "x", "y"), data)
		publish(b.AnswerSubject(firstDay, 0), append(data, 0))
		publish(b.AnswerSubject(firstDay, 0), data[:len(data)-1])
	}
	publish(b.AnswerSubject(firstDay, 0), nil)
	if _, err := b.js.Publish(t.Context(), b.AnswerSubject(firstDay, 0), make([]byte, mostRecord+1)); err == nil {
		t.Error("the stream takes answers of any size")
	}
	for _, i := range rand.New(rand.NewPCG(1, 1)).Perm(2 * len(answers)) {
		publish(b.AnswerSubject(firstDay, 0), answers[i%len(answers)].Bytes()) // twice, with no message id
	}
	p := g.party(1)
	g.expect(g.await(p, 0), 0, everyone)
	s.listen(g.bus(), always)
	s.end(b, 1, everyone)
	g.expect(g.await(p, 1), 1, everyone)
	s.oneEach(2)
}

// Several programs take announcements and answers of one aggregator.
func TestMaskedWorkers(t *testing.T) {
	g := gridOf(t, true)
	for range 2 {
		w := g.aggregator()
		w.asked = map[moment]*asked{}
		g.start(w.Work)
	}
	a := g.aggregator()
	g.start(a.Run)
	b := g.bus()
	s := newSpeakers(g)
	s.listen(g.bus(), always)
	for slot := range 4 {
		s.end(b, slot, everyone)
		g.expect(g.await(a.Store.(*store.Party), slot), slot, everyone)
	}
}

// A machine that slept for days takes what is of today before the first cut-off.
func TestMaskedAfterASleep(t *testing.T) {
	g := gridOf(t, true)
	a := g.aggregator()
	if err := a.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.clock.set(moment{firstDay + 5, 3}.start(48))
	if err := a.takeAnswers(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	answer := (&meter.Answer{Meter: g.registry.Meters[4].ID(), Masked: make([]byte, 80), Tag: make([]byte, 8)}).Bytes()
	if _, err := a.Rules.CheckAnswer(firstDay+5, 2, answer); !errors.Is(err, aggregate.ErrNotAsked) {
		t.Errorf("an answer of today: %v", err)
	}
	g.clock.set(moment{firstDay + 9, 3}.start(48))
	arrival, err := a.check(g.record(4, firstDay+9, 2).Bytes())
	if err != nil || arrival.Day != firstDay+9 {
		t.Errorf("an announcement of today: %v", err)
	}
}

// Meters and aggregator go on after the stream was emptied; what was asked is asked again.
func TestMaskedStreamIsEmptied(t *testing.T) {
	g := gridOf(t, true)
	a := g.aggregator()
	a.Log = slog.New(slog.DiscardHandler) // it says that it begins again
	g.start(a.Run)
	b := g.bus()
	s := newSpeakers(g)
	s.listen(g.bus(), always)
	s.end(b, 0, everyone)
	g.expect(g.await(g.party(1), 0), 0, everyone)
	for _, name := range []string{"records-", "talk-", "answers-"} {
		if err := b.js.DeleteStream(t.Context(), name+b.name); err != nil {
			t.Fatal(err)
		}
	}
	g.until("there is a stream again", func() bool {
		_, err := b.js.Stream(t.Context(), "answers-"+b.name)
		return err == nil
	})
	s.end(b, 1, everyone)
	g.expect(g.await(g.party(1), 1), 1, everyone)
	s.oneEach(2)
}

// When a day is over its records and answers are erased, and slots that still wait are
// lost, also if no program ran when it ended.
func TestMaskedDayEnds(t *testing.T) {
	for _, runs := range []bool{true, false} {
		g := gridOf(t, true)
		stop := g.start(g.aggregator().Run)
		b := g.bus()
		s := newSpeakers(g)
		s.listen(g.bus(), func(slot, place int) bool { return slot == 0 || place > 0 })
		p := g.party(1)
		s.end(b, 0, everyone)
		g.await(p, 0)
		s.end(b, 1, everyone)
		g.until("answers are stored", func() bool { return must(b.answers.Info(t.Context())).State.Msgs == 2*homes-1 })
		if !runs {
			stop()
		}
		g.clock.set(moment{firstDay + 1, 4}.start(48).Add(cutOff))
		if !runs {
			g.start(g.aggregator().Run)
		}
		if why := g.lost(1); why != lostClosed && (!runs || !strings.HasPrefix(why, lostMute)) {
			t.Error(why)
		}
		g.until("the day is erased", func() bool {
			return len(must(p.Arrivals(t.Context(), firstDay, 0)))+len(must(p.Arrivals(t.Context(), firstDay, 1)))+
				len(must(p.Named(t.Context(), fmt.Sprintf("%s%04x", store.HeldName, firstDay))))+len(must(g.party(0).Named(t.Context(), "answers/"))) == 0
		})
	}
}

// The reasons of lost slots are sentences on the page.
func TestLostWords(t *testing.T) {
	for why, want := range map[string]string{
		lostFew:                      "too few meters announced it",
		lostApart:                    "too few are neighbours",
		lostMute + " home-1, home-2": "Silent were home-1, home-2.",
		lostElsewhere:                "another registry",
		lostNobody:                   "Nobody announced it",
		lostWrong:                    "nobody can say whose",
		lostClosed:                   "the day was closed",
		lostRange + " east":          "a meter’s commitment is out of range, and none can be named",
		lostGone:                     "neither here nor on the message stream",
		"meter home-3":               "it is the fault of meter home-3",
	} {
		if got := lostWords("3 March 17:30 UTC", why); !strings.Contains(got, want) || !strings.Contains(got, "of 3 March 17:30 UTC") {
			t.Errorf("%q: %s", why, got)
		}
	}
	g := gridOf(t, true)
	silent := meter.NewBitmap(homes)
	for place := range homes {
		silent.Set(place)
	}
	if why := lostSilent(g.registry, silent); strings.Count(why, "home-") != mostNamed || !strings.HasSuffix(why, " and 7 more") {
		t.Error(why)
	}
}
