package aggregate

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"

	"hushwatt/meter"
)

// A Home is one meter's readings for a simulation.
type Home struct {
	Name   string // 1 to 64 printable ASCII characters without a space
	Start  int64  // of the first slot, Unix seconds
	Wh     []uint32
	Status []meter.Status
}

// A Simulation runs sealed meters, authorities (or an aggregator) and a collector over
// readings, in one process and slot by slot.
type Simulation struct {
	Homes       []Home
	N           int   // slots in a UTC day
	Start, End  int64 // Unix seconds, on the grid of slots; End exclusive
	Authorities int   // 2 or 3; 0: one aggregator and masks
	MinSum      int
	MinVariance int
	DropPPM     int // records lost on the way, in millionths
	LatePPM     int // records that come after the cut-off
	Seed        uint64
}

// A SimulatedSlot is what became of a slot.
type SimulatedSlot struct {
	Start int64
	File  *SlotFile // nil if nothing could be released
}

// Degree is how many neighbours a meter has in a simulated masking registry.
const Degree = 24

const secondsPerDay = 86400

// Run runs the simulation and calls each for every slot, in order of time. Releases
// were verified from the file alone, as anyone could; at the end of every day all
// meters are sealed, and the seals checked against what was released.
func (s *Simulation) Run(each func(SimulatedSlot) error) error {
	if err := s.check(); err != nil {
		return err
	}
	if len(s.Homes) < s.MinSum {
		return s.withhold(each)
	}
	r, err := s.begin()
	if err != nil {
		return err
	}
	step := secondsPerDay / int64(s.N)
	for day := s.Start / secondsPerDay; day <= (s.End-1)/secondsPerDay; day++ {
		first, last := max(s.Start, day*secondsPerDay), min(s.End, (day+1)*secondsPerDay)
		if err := r.day(uint16(day), int(first%secondsPerDay/step), int(last-first)/int(step), each); err != nil {
			return err
		}
	}
	return nil
}

// simulated is a running simulation.
type simulated struct {
	*Simulation
	rng         *rand.Rand
	registry    *meter.Registry
	issuer      meter.Authority
	homes       []*simulatedHome // in order of places
	authorities []*Authority
	aggregator  *Aggregator
}

type simulatedHome struct {
	*Home
	meter    *meter.Meter
	customer *meter.Key
	live     *meter.Live
	released []bool // slots of the day with all that is summed
}

func (s *Simulation) check() error {
	step := int64(0)
	if meter.ValidSlots(s.N) {
		step = secondsPerDay / int64(s.N)
	}
	switch {
	case step == 0:
		return fmt.Errorf("%d slots a day", s.N)
	case s.Start < 0 || s.Start%step != 0 || s.End%step != 0 || s.End <= s.Start || s.End > 1<<16*secondsPerDay:
		return errors.New("a period must begin and end with a slot, and end after it begins")
	case s.Authorities != 0 && s.Authorities != 2 && s.Authorities != 3:
		return fmt.Errorf("%d authorities: 2 or 3, or masking", s.Authorities)
	case s.MinSum < meter.LeastMeters:
		return fmt.Errorf("a sum of %d meters would show a reading", s.MinSum)
	}
	return nil
}

// withhold reports every slot as withheld: there are fewer meters than a set needs.
func (s *Simulation) withhold(each func(SimulatedSlot) error) error {
	for start := s.Start; start < s.End; start += secondsPerDay / int64(s.N) {
		if err := each(SimulatedSlot{Start: start}); err != nil {
			return err
		}
	}
	return nil
}

// begin makes meters, parties and their registry.
func (s *Simulation) begin() (*simulated, error) {
	issuer, err := meter.NewAuthorityKey()
	if err != nil {
		return nil, err
	}
	r := &simulated{Simulation: s, rng: rand.New(rand.NewPCG(s.Seed, 0)), issuer: issuer.Authority()}
	charter := meter.Charter{Registry: "simulated", N: uint16(s.N), Channel: meter.ImportChannel, Squares: true,
		MinSum: uint32(s.MinSum), MinVariance: uint32(max(s.MinSum, s.MinVariance))}
	var keys []*PartyKey
	for i := range max(1, s.Authorities) {
		k, err := NewPartyKey(fmt.Sprintf("authority-%d", i+1), meter.XWing, nil)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
		charter.Parties = append(charter.Parties, k.Party())
	}
	if s.Authorities == 0 {
		charter.Neighbours = Degree
	}
	founded, err := issuer.SignCharter(charter)
	if err != nil {
		return nil, err
	}
	enrolments, err := r.enrol(issuer, founded)
	if err != nil {
		return nil, err
	}
	return r, r.found(founded, keys, enrolments)
}

// enrol makes a meter for each home and enrols it.
func (r *simulated) enrol(issuer *meter.AuthorityKey, c *meter.Charter) (map[string]*meter.Enrolment, error) {
	r.homes = make([]*simulatedHome, len(r.Homes))
	list := make([]*meter.Enrolment, len(r.Homes))
	first := uint16(r.Start / secondsPerDay)
	err := parallel(len(r.Homes), func(i int) error {
		h := &simulatedHome{Home: &r.Homes[i], released: make([]bool, r.N)}
		r.homes[i] = h
		var err error
		if h.meter, err = meter.NewMeter(issuer, meter.Setup{Meter: h.Name, N: r.N, Squares: true}); err != nil {
			return err
		}
		if h.customer, err = meter.NewKey(meter.XWing); err != nil {
			return err
		}
		list[i], err = h.meter.Enrol(c, first)
		return err
	})
	if err != nil {
		return nil, err
	}
	byName := map[string]*meter.Enrolment{}
	for _, e := range list {
		byName[e.Certificate.Meter] = e
	}
	if len(byName) != len(list) {
		return nil, errors.New("two homes have one name")
	}
	return byName, nil
}

// found makes the registry, signs it and starts the parties.
func (r *simulated) found(c *meter.Charter, keys []*PartyKey, byName map[string]*meter.Enrolment) error {
	var list []*meter.Enrolment
	var names []string
	byID := map[string]*meter.Enrolment{}
	for name, e := range byName {
		hash := e.Hash()
		list, names, byID[string(hash[:meter.IDSize])] = append(list, e), append(names, name), e
	}
	registry, err := meter.NewRegistry(c, uint16(r.Start/secondsPerDay), list, map[string][]string{"all": names})
	if err != nil {
		return err
	}
	r.registry = registry
	for _, k := range keys {
		signature, err := k.SignRegistry(registry, nil)
		if err != nil {
			return err
		}
		registry.Signatures = append(registry.Signatures, signature)
	}
	if err := registry.Check(); err != nil {
		return err
	}
	homes := map[string]*simulatedHome{}
	for _, h := range r.homes {
		homes[h.Name] = h
	}
	for i := range registry.Meters {
		r.homes[i] = homes[registry.Meters[i].Certificate.Meter]
	}
	find := func(id []byte) *meter.Enrolment { return byID[string(id)] }
	if c.Masking() {
		if r.aggregator, err = NewAggregator(AuthorityConfig{registry, keys[0], find, NewMemory()}); err != nil {
			return err
		}
		return r.introduce(find)
	}
	for _, k := range keys {
		a, err := NewAuthority(AuthorityConfig{registry, k, find, NewMemory()})
		if err != nil {
			return err
		}
		r.authorities = append(r.authorities, a)
	}
	return nil
}

// day runs some slots of a day, seals it and checks the seals.
func (r *simulated) day(day uint16, first, slots int, each func(SimulatedSlot) error) error {
	for _, h := range r.homes {
		var err error
		if h.live, err = h.meter.Live(h.customer.Recipient(), day); err != nil {
			return err
		}
		clear(h.released)
	}
	end := &DayEnd{Set: "all", Day: day}
	for s := first; s < first+slots; s++ {
		f, err := r.slot(day, s)
		if err != nil {
			return err
		}
		if f != nil {
			r.note(f)
			end.Slots = append(end.Slots, DayEndSlot{Presence: f.Presence, Release: f.Releases[0]})
		}
		start := int64(day)*secondsPerDay + int64(s)*secondsPerDay/int64(r.N)
		if err := each(SimulatedSlot{start, f}); err != nil {
			return err
		}
	}
	if err := r.seal(end); err != nil {
		return err
	}
	for _, a := range r.authorities {
		if err := a.NextDay(day + 1); err != nil {
			return err
		}
	}
	if r.aggregator != nil {
		return r.aggregator.NextDay(day + 1)
	}
	return nil
}

// note marks which readings of a slot were in a release with all that is summed.
func (r *simulated) note(f *SlotFile) {
	for place, h := range r.homes {
		h.released[f.Presence.Slot] = f.Presence.Meters.Has(place) && len(f.Releases[0].Squares) > 0
	}
}

// seal seals the day at every meter and checks the seals against the releases.
func (r *simulated) seal(end *DayEnd) error {
	end.Closings = make([][]byte, len(r.homes))
	err := parallel(len(r.homes), func(i int) error {
		h := r.homes[i]
		if _, err := h.live.Seal(); err != nil {
			return err
		}
		c, err := h.meter.Closing(end.Day, meter.ImportChannel, h.released)
		if err != nil {
			return err
		}
		end.Closings[i] = c.Bytes()
		return nil
	})
	if err != nil {
		return err
	}
	return end.Check(r.registry)
}

// fate is what happens to a record on its way.
type fate uint8

const (
	arrives fate = iota
	dropped
	late
)

// fates draws what happens to the records of a slot. It draws for every home, whether
// it has a reading or not, so that one home's gaps do not change another's luck.
func (r *simulated) fates() []fate {
	list := make([]fate, len(r.Homes))
	byName := map[string]fate{}
	for i := range r.Homes {
		drop, delay := r.rng.IntN(1_000_000) < r.DropPPM, r.rng.IntN(1_000_000) < r.LatePPM
		switch {
		case drop:
			byName[r.Homes[i].Name] = dropped
		case delay:
			byName[r.Homes[i].Name] = late
		}
	}
	for place, h := range r.homes {
		list[place] = byName[h.Name]
	}
	return list
}

// slot runs one slot; the file is nil if nothing was released.
func (r *simulated) slot(day uint16, slot int) (*SlotFile, error) {
	fates := r.fates()
	records := make([][]byte, len(r.homes))
	err := parallel(len(r.homes), func(i int) error {
		reading, ok := r.homes[i].at(day, slot, r.N)
		if !ok {
			return nil
		}
		made, err := r.homes[i].live.Slot(slot, []meter.Reading{reading})
		if err == nil && len(made) == 1 {
			records[i] = made[0].Bytes()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	deliver := func(when fate) error {
		return parallel(len(r.homes), func(i int) error {
			if records[i] == nil || fates[i] != when {
				return nil
			}
			return r.arrive(records[i])
		})
	}
	if err := deliver(arrives); err != nil {
		return nil, err
	}
	f, err := r.collect(day, uint16(slot))
	if err != nil {
		return nil, err
	}
	if err := deliver(late); err != nil {
		return nil, err
	}
	if f == nil || len(f.Releases) == 0 {
		return nil, nil
	}
	return f, f.VerifyIn(r.registry)
}

// at returns a home's reading of a slot, if it has one.
func (h *Home) at(day uint16, slot, n int) (meter.Reading, bool) {
	step := secondsPerDay / int64(n)
	i := (int64(day)*secondsPerDay + int64(slot)*step - h.Start) / step
	if i < 0 || i >= int64(len(h.Wh)) || h.Status[i] == meter.Missing || h.Status[i] == meter.NotHere {
		return meter.Reading{}, false
	}
	return meter.Reading{Wh: h.Wh[i], Status: h.Status[i]}, true
}

// arrive gives a record to all parties.
func (r *simulated) arrive(record []byte) error {
	if g := r.aggregator; g != nil {
		a, err := g.Check(record)
		if err == nil {
			_, err = g.Take(a)
		}
		return err
	}
	for _, a := range r.authorities {
		arrival, err := a.Check(record)
		if err == nil {
			_, err = a.Take(arrival)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// collect is the collector's part of a slot, from the cut-off to the release.
func (r *simulated) collect(day, slot uint16) (*SlotFile, error) {
	if r.aggregator != nil {
		return r.unmask(day, slot)
	}
	var holdings []*Holding
	for _, a := range r.authorities {
		h, err := a.CutOff(day, slot)
		if err != nil {
			return nil, err
		}
		holdings = append(holdings, h)
	}
	p, err := Propose(r.registry, nil, holdings...)
	if err != nil {
		return nil, err
	}
	for _, a := range r.authorities {
		signature, err := a.Sign(p)
		if err != nil {
			return nil, err
		}
		p.Signatures = append(p.Signatures, signature)
	}
	var contributions []*Contribution
	for _, a := range r.authorities {
		c, err := a.Contribute(p)
		if err != nil {
			return nil, err
		}
		contributions = append(contributions, c)
	}
	records, err := r.authorities[0].Records(p)
	if err != nil {
		return nil, err
	}
	return Combine(r.registry, p, records, contributions)
}

// parallel calls f for 0 … n−1 on all processors and returns the first error.
func parallel(n int, f func(i int) error) error {
	var wg sync.WaitGroup
	workers := min(n, runtime.GOMAXPROCS(0))
	errs := make([]error, workers)
	for w := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := w; i < n && errs[w] == nil; i += workers {
				errs[w] = f(i)
			}
		}()
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Join adds another file's readings of the same home, in slots of step seconds. It
// refuses two readings of one slot that differ.
func (h *Home) Join(o *Home, step int) error {
	w := int64(step)
	start := min(h.Start, o.Start)
	end := max(h.Start+int64(len(h.Wh))*w, o.Start+int64(len(o.Wh))*w)
	joined := Home{Name: h.Name, Start: start, Wh: make([]uint32, (end-start)/w), Status: make([]meter.Status, (end-start)/w)}
	for i := range joined.Status {
		joined.Status[i] = meter.Missing
	}
	for _, part := range []*Home{h, o} {
		first := int((part.Start - start) / w)
		for i, status := range part.Status {
			to := first + i
			switch {
			case status == meter.Missing:
			case joined.Status[to] != meter.Missing && joined.Wh[to] != part.Wh[i]:
				return fmt.Errorf("meter %s: two files have different readings of one slot", h.Name)
			default:
				joined.Wh[to], joined.Status[to] = part.Wh[i], status
			}
		}
	}
	*h = joined
	return nil
}
