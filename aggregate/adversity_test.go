package aggregate

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"hushwatt/meter"
)

// adversities is how many runs there are: a few in make test, 1,000 with
// HUSHWATT_RUNS=1000 (make adversity).
func adversities(t testing.TB) int {
	text := os.Getenv("HUSHWATT_RUNS")
	if text == "" {
		return 50
	}
	n, err := strconv.Atoi(text)
	must(t, err)
	return n
}

// TestAdversity runs slots in which records are dropped, late, doubled, out of order
// and corrupted, authorities crash, and a meter, an authority or the collector lies,
// on a clock of its own. A run is its seed. Never is a sum wrong, never are there two
// releases of a slot, and who made a sum wrong is named.
func TestAdversity(t *testing.T) {
	const runsOfTown = 25
	seen := map[string]int{}
	var w *town
	for seed := range adversities(t) {
		if seed%runsOfTown == 0 {
			setup := tree
			setup.parties = 2 + seed/runsOfTown%2
			w = newTown(t, fmt.Sprint("adversity", seed/runsOfTown), setup)
		}
		day := uint16(firstDay + seed%runsOfTown)
		w.begin(day)
		r := &hardRun{town: w, day: day, rng: rand.New(rand.NewPCG(uint64(seed), 5)), seen: seen, seed: seed}
		r.run()
		for _, m := range w.meters {
			_, err := m.live.Seal()
			must(t, err)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("%v", seen)
	for _, kind := range []string{"released", "wrong sum", "second presence refused", "crash", "late", "contradicts", "corrupted refused", "split"} {
		if seen[kind] == 0 {
			t.Errorf("no run has seen %q: the runs are too tame", kind)
		}
	}
}

// Lies of a run.
const (
	nobody = iota
	meterSharesWrong
	meterSaysTwoThings
	authoritySumsWrong
	authorityFrames // sums wrong, and blames a meter by a wrong point
	collectorSplits
	lies
)

// hardRun is one run: one slot.
type hardRun struct {
	*town
	seed        int
	day         uint16
	rng         *rand.Rand
	lie         int
	liar        int // place of the lying meter
	stores      []*Memory
	authorities []*Authority
	readings    map[[32]byte]uint32 // by record
	log         [][]event           // by party: what arrived so far
	seen        map[string]int
}

// event is a record that arrives at a party.
type event struct {
	at    int // milliseconds
	party int
	data  []byte
	good  bool
}

const cutOff = 1000

func (r *hardRun) note(what string) { r.seen[what]++ }

func (r *hardRun) run() {
	r.lie, r.liar = r.rng.IntN(lies), r.rng.IntN(len(r.meters))
	r.readings = map[[32]byte]uint32{}
	r.log = make([][]event, len(r.keys))
	for i := range r.keys {
		r.stores = append(r.stores, NewMemory())
		r.authorities = append(r.authorities, r.start(i))
	}
	var events []event
	for place := range r.meters {
		events = append(events, r.post(place)...)
	}
	// Those of equal time in any order.
	r.rng.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	slices.SortStableFunc(events, func(a, b event) int { return a.at - b.at })
	past, _ := slices.BinarySearchFunc(events, cutOff, func(e event, at int) int { return e.at - at })
	r.deliver(events[:past])
	o := r.decide()
	r.deliver(events[past:])
	if o != nil {
		r.judge(o)
	}
}

// start starts a party, or starts it again, on the day of the run.
func (r *hardRun) start(party int) *Authority {
	a := r.authority(party, r.stores[party])
	must(r.t, a.NextDay(r.day))
	return a
}

// post makes the records of a meter and says when they arrive where.
func (r *hardRun) post(place int) []event {
	record := r.measure(place, r.day, 0)
	r.readings[meter.RecordHash(record)] = wh(place, int(r.day), 0)
	variants := [][]byte{record}
	if place == r.liar && r.lie == meterSharesWrong {
		record = r.withShare(place, record, func(s *meter.Share) { s.Wh += 1 + r.rng.Uint64N(1000) })
		r.readings[meter.RecordHash(record)] = wh(place, int(r.day), 0)
		variants[0] = record
	}
	if place == r.liar && r.lie == meterSaysTwoThings {
		variants = append(variants, r.twin(place))
	}
	var events []event
	for party := range r.keys {
		for _, v := range variants {
			events = append(events, r.copies(party, v)...)
		}
	}
	return events
}

// twin is another record of the slot by the same meter, whose memory was rolled back.
func (r *hardRun) twin(place int) []byte {
	m, _ := r.newMeter(r.registry.Meters[place].Certificate.Meter)
	customer, err := meter.NewKeyFrom(meter.X25519, stream(r.town.seed, "customer"))
	must(r.t, err)
	live, err := m.Live(customer.Recipient(), r.day)
	must(r.t, err)
	records, err := live.Slot(0, []meter.Reading{{Wh: 4999}})
	must(r.t, err)
	record := records[0].Bytes()
	r.readings[meter.RecordHash(record)] = 4999
	return record
}

// copies are what the network makes of a record on its way to a party.
func (r *hardRun) copies(party int, record []byte) []event {
	var list []event
	if r.rng.IntN(20) > 0 {
		at := r.rng.IntN(cutOff)
		if r.rng.IntN(20) == 0 {
			at = cutOff + r.rng.IntN(cutOff)
		}
		list = append(list, event{at, party, record, true})
	}
	if r.rng.IntN(5) == 0 {
		list = append(list, event{r.rng.IntN(2 * cutOff), party, record, true})
	}
	if r.rng.IntN(5) == 0 {
		broken := slices.Clone(record)
		broken[r.rng.IntN(len(broken))] ^= byte(1 + r.rng.IntN(255))
		list = append(list, event{r.rng.IntN(2 * cutOff), party, broken, false})
	}
	return list
}

// deliver hands events to the parties, some of which crash in between.
func (r *hardRun) deliver(events []event) {
	for _, e := range events {
		if r.rng.IntN(60) == 0 {
			r.crash(e.party)
		}
		r.log[e.party] = append(r.log[e.party], e)
		r.hand(e)
	}
}

func (r *hardRun) hand(e event) {
	a := r.authorities[e.party]
	arrival, err := a.Check(e.data)
	if !e.good {
		if err == nil {
			r.t.Error("a corrupted record is taken")
		}
		r.note("corrupted refused")
		return
	}
	must(r.t, err)
	outcome, err := a.Take(arrival)
	must(r.t, err)
	r.note(outcome.String())
}

// crash starts a party anew from its store; the stream brings all records again.
func (r *hardRun) crash(party int) {
	r.note("crash")
	r.authorities[party] = r.start(party)
	again := slices.Clone(r.log[party])
	r.rng.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
	for _, e := range again {
		r.hand(e)
	}
}

func (r *hardRun) crashMaybe(party int) {
	if r.rng.IntN(4) == 0 {
		r.crash(party)
	}
}

// decide is the collector, honest or not. It returns nil if the slot is lost.
func (r *hardRun) decide() *ranSlot {
	o := &ranSlot{}
	var holdings []*Holding
	for i := range r.authorities {
		r.crashMaybe(i)
		h, err := r.authorities[i].CutOff(r.day, 0)
		must(r.t, err)
		holdings = append(holdings, h)
	}
	p, err := Propose(r.registry, nil, holdings...)
	must(r.t, err)
	aside := meter.NewBitmap(len(r.meters))
	aside.Set(r.rng.IntN(len(r.meters)))
	other, err := Propose(r.registry, aside, holdings...)
	must(r.t, err)
	split := r.lie == collectorSplits && other.Hash() != p.Hash()
	for i := range r.authorities {
		ask, not := p, other
		if split && i == len(r.authorities)-1 {
			ask, not = other, p
		}
		signature, err := r.authorities[i].Sign(ask)
		must(r.t, err)
		p.Signatures, other.Signatures = append(p.Signatures, signature), append(other.Signatures, signature)
		r.crashMaybeKeeping(i)
		if not.Hash() != ask.Hash() {
			if _, err := r.authorities[i].Sign(not); !errors.Is(err, ErrSecondPresence) {
				r.t.Errorf("a second presence: %v", err)
			}
			r.note("second presence refused")
		}
	}
	for i := range r.authorities {
		r.crashMaybeKeeping(i)
		if _, err := r.authorities[i].Contribute(other); err == nil && other.Hash() != p.Hash() {
			r.t.Error("a contribution to another presence")
		}
		c, err := r.authorities[i].Contribute(p)
		if split {
			if err == nil {
				r.t.Error("a contribution to a presence that not all have signed")
			}
			continue
		}
		must(r.t, err)
		o.contributions = append(o.contributions, c)
	}
	if split {
		r.note("split")
		return nil
	}
	o.presence = p
	o.records, err = r.authorities[0].Records(p)
	must(r.t, err)
	return o
}

// crashMaybeKeeping is a crash after which the stream brings everything again in the
// order in which it came: a first record stays the first.
func (r *hardRun) crashMaybeKeeping(party int) {
	if r.rng.IntN(4) != 0 {
		return
	}
	r.note("crash")
	before := r.authorities[party]
	r.authorities[party] = r.start(party)
	h, err := before.CutOff(r.day, 0)
	must(r.t, err)
	at := 0
	for place := range r.meters {
		if !h.Meters.Has(place) {
			continue
		}
		for _, e := range r.log[party] {
			if meter.RecordHash(e.data) == h.Hashes[at] {
				r.hand(e)
				break
			}
		}
		at++
	}
}

// judge checks what came of the slot.
func (r *hardRun) judge(o *ranSlot) {
	lied := r.lie == authoritySumsWrong || r.lie == authorityFrames
	if len(Released(r.registry, o.presence.Meters)) == 0 {
		r.note("withheld")
		return
	}
	if lied {
		r.town.lie(o.contributions[1], func(s *meter.Share) { s.Wh += 1 + r.rng.Uint64N(100) })
	}
	wrong := lied || r.lie == meterSharesWrong && o.presence.Meters.Has(r.liar) && r.inReleased(o.presence)
	f, err := Combine(r.registry, o.presence, o.records, o.contributions)
	if wrong {
		if !errors.Is(err, ErrWrongSum) {
			r.t.Errorf("lie %d: %v", r.lie, err)
		}
		r.note("wrong sum")
		r.blame(o)
		return
	}
	must(r.t, err)
	must(r.t, f.Verify(r.trusted()))
	r.note("released")
	for i := range f.Releases {
		s := &f.Releases[i]
		var readings []int64
		for j, record := range f.Records {
			place := r.nthPresent(f, j)
			if r.inSet(s.Set, place) {
				readings = append(readings, int64(r.readings[meter.RecordHash(record)]))
			}
		}
		least := 1 << 20
		if len(s.Squares) > 0 {
			least = 0
		}
		checkStatistics(r.t, s, readings, least)
	}
}

func (r *hardRun) nthPresent(f *SlotFile, n int) int {
	for place := range r.meters {
		if f.Presence.Meters.Has(place) {
			if n == 0 {
				return place
			}
			n--
		}
	}
	return -1
}

func (r *hardRun) inSet(name string, place int) bool {
	for i := range r.registry.Sets {
		if r.registry.Sets[i].Name == name {
			return r.registry.Sets[i].Meters.Has(place)
		}
	}
	return false
}

// inReleased reports whether the liar is in a set that is released.
func (r *hardRun) inReleased(p *meter.Presence) bool {
	for _, s := range Released(r.registry, p.Meters) {
		if s.Meters.Has(r.liar) {
			return true
		}
	}
	return false
}

// blame checks that the liar is named, and nobody else.
func (r *hardRun) blame(o *ranSlot) {
	var points []*Points
	for i := range r.authorities {
		r.crashMaybeKeeping(i)
		p, err := r.authorities[i].Points(o.presence)
		must(r.t, err)
		points = append(points, p)
	}
	if r.lie == authorityFrames {
		points[1] = r.frame(o, points[1])
	}
	got, err := Blame(r.registry, o.presence, o.records, o.contributions, points)
	must(r.t, err)
	want := Culprit{Party: "A2"}
	if r.lie == meterSharesWrong {
		want = Culprit{Meter: r.registry.Meters[r.liar].Certificate.Meter}
	}
	if r.lie == authorityFrames {
		if len(got) == 0 || slices.ContainsFunc(got, func(c Culprit) bool { return c.Party != "" && c.Party != "A2" }) {
			r.t.Errorf("an authority that frames a meter: %v are named", got)
		}
		return
	}
	if len(got) != 1 || got[0] != want {
		r.t.Errorf("%v are named instead of %v", got, want)
	}
}

// frame replaces the first point by that of another meter, so that something else is
// wrong than the sums alone.
func (r *hardRun) frame(o *ranSlot, p *Points) *Points {
	q := *p
	q.C = slices.Clone(p.C)
	copy(q.C[:32], p.C[32:64])
	q.Signature = signPoints(r.keys[1].signing, &q)
	return &q
}
