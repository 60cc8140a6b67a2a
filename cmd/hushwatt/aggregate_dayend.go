package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"hushwatt/aggregate"
	"hushwatt/meter"
)

var meterCloseCommand = command{
	name:    "meter close",
	does:    "close a sealed day for a set, so that anybody can check that what was summed is what is sealed",
	example: "hushwatt meter close --meter-dir house-01 --registry street.registry --set street --day 2026-03-02 --releases releases --out house-01.closing",
	note: "The closing holds the day's seals, as the supplier will see them, and the commitments of slots in which the meter\n" +
		"is in no release of the set. It opens nothing.",
	flags: func(f *flags) action {
		var o closing
		o.dir = f.need("meter-dir", "DIR", "the meter")
		o.declare(f)
		o.out = f.need("out", "FILE", "where to write the closing (*.closing)")
		return func(*console) (answer, error) { return o.run() }
	},
}

// summedDay is what a set released on a day.
type summedDay struct {
	registry, set, releases *string
	day                     *uint16
}

func (d *summedDay) declare(f *flags) {
	d.registry = f.need("registry", "FILE", "the registry, signed by its parties")
	d.set = f.need("set", "NAME", "one of its sets")
	d.day = flag(f, &option{name: "day", value: "DATE", help: "the day, UTC", required: true}, asDayNumber)
	d.releases = f.need("releases", "DIR", "the release files of the day, as hushwatt aggregate releases writes them")
}

// read returns the release files of the day, checked, in order.
func (d *summedDay) read() (*meter.Registry, []*aggregate.SlotFile, error) {
	r, err := readRegistry(*d.registry)
	if err != nil {
		return nil, nil, err
	}
	if !slices.ContainsFunc(r.Sets, func(s meter.Set) bool { return s.Name == *d.set }) {
		return nil, nil, fmt.Errorf("registry %s has no set %s", r.Charter.Registry, *d.set)
	}
	var files []*aggregate.SlotFile
	paths, err := filepath.Glob(filepath.Join(*d.releases, meter.DayText(*d.day)+"T*.release"))
	if err != nil || len(paths) == 0 {
		return nil, nil, misusef("%s holds no release of %s", *d.releases, meter.DayText(*d.day))
	}
	for _, path := range paths {
		data, err := readFile(path)
		if err != nil {
			return nil, nil, err
		}
		f, err := aggregate.ParseSlotFile(data)
		if err == nil {
			err = f.VerifyIn(r)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
		if f.Presence.Day != *d.day {
			return nil, nil, fmt.Errorf("%s: of %s", path, meter.DayText(f.Presence.Day))
		}
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b *aggregate.SlotFile) int { return int(a.Presence.Slot) - int(b.Presence.Slot) })
	for i := 1; i < len(files); i++ {
		if files[i].Presence.Slot == files[i-1].Presence.Slot {
			return nil, nil, fmt.Errorf("two release files of slot %d", files[i].Presence.Slot)
		}
	}
	return r, files, nil
}

// released says of each slot whether a meter is in a release of the set with all that
// the registry sums.
func (d *summedDay) released(r *meter.Registry, files []*aggregate.SlotFile, place int) []bool {
	list := make([]bool, r.Charter.N)
	for _, f := range files {
		if releaseIn(f, *d.set) == nil {
			continue
		}
		for _, s := range aggregate.Released(r, f.Presence.Meters) {
			if s.Set == *d.set && s.Meters.Has(place) {
				list[f.Presence.Slot] = s.Squares || !r.Charter.Squares
			}
		}
	}
	return list
}

// releaseIn returns a set's release in a slot, nil if there is none.
func releaseIn(f *aggregate.SlotFile, set string) *aggregate.Release {
	for i := range f.Releases {
		if f.Releases[i].Set == set {
			return &f.Releases[i]
		}
	}
	return nil
}

// closing is one use of `meter close`.
type closing struct {
	summedDay
	dir, out *string
}

func (o *closing) run() (answer, error) {
	r, files, err := o.read()
	if err != nil {
		return nil, err
	}
	m, err := openMeter(*o.dir)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	if err := inRegistry(m, r); err != nil {
		return nil, err
	}
	e, _ := m.Enrolled(int(r.Charter.Channel))
	hash := e.Hash()
	c, err := m.Closing(*o.day, int(r.Charter.Channel), o.released(r, files, r.Index(hash[:meter.IDSize])))
	if err != nil {
		return nil, err
	}
	if err := writeFile(*o.out, c.Bytes(), 0o644); err != nil {
		return nil, err
	}
	return describeClosing(c), nil
}

var aggregateDayEndCommand = command{
	name:    "aggregate day-end",
	does:    "check that what a set released on a day is what its meters sealed, and so what is billed",
	example: "hushwatt aggregate day-end --registry street.registry --set street --day 2026-03-02 --releases releases --closing house-01.closing house-02.closing",
	note: "It takes the closings of all meters of the set. The seals, less the commitments of slots that were not released,\n" +
		"must be what the releases open. Nothing is opened beyond them. Where it fails, meters are named whose own slots\n" +
		"do not add up to their seals.",
	flags: func(f *flags) action {
		var o dayEnd
		o.declare(f)
		o.closings = f.needList("closing", "FILE", "the closings of all meters of the set; one after another or --closing each")
		f.options[len(f.options)-1].rest = true
		o.out = f.text("out", "FILE", "where to write the end of the day (*.day-end)")
		return func(*console) (answer, error) { return o.run() }
	},
}

// dayEnd is one use of `aggregate day-end`.
type dayEnd struct {
	summedDay
	closings *[]string
	out      *string
}

// verifyDayEnd checks what `aggregate day-end` has written.
func verifyDayEnd(path, registry string, authorities []string) (answer, error) {
	r, err := readRegistry(registry)
	if err != nil {
		return nil, err
	}
	trusted, err := readAuthorities(authorities)
	if err != nil {
		return nil, err
	}
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	issuer, err := r.Charter.IssuedBy()
	if err != nil {
		return nil, err
	}
	if len(trusted) > 0 && !slices.Contains(trusted, issuer) {
		err = fmt.Errorf("registry %s: the issuer of its charter is not trusted", r.Charter.Registry)
		return dayEndAnswer{Verdict: "refused", Reason: oneLine(err)}, err
	}
	end, err := aggregate.ParseDayEnd(data, r)
	if err != nil {
		return dayEndAnswer{Verdict: "refused", Reason: oneLine(err)}, err
	}
	a := describeDayEnd(end, issuer)
	if err := end.Check(r); err != nil {
		a.Verdict, a.Reason = "refused", oneLine(err)
		return a, err
	}
	return a, nil
}

func describeDayEnd(end *aggregate.DayEnd, issuer meter.Authority) dayEndAnswer {
	a := dayEndAnswer{Verdict: "accepted", Issuer: issuer.String(), Set: end.Set, Day: meter.DayText(end.Day), Count: len(end.Closings), Slots: len(end.Slots)}
	for i := range end.Slots {
		a.SumWh += end.Slots[i].Release.Sum
	}
	return a
}

type dayEndAnswer struct {
	Verdict string   `json:"verdict"`
	Reason  string   `json:"reason,omitempty"`
	Issuer  string   `json:"issuer,omitempty"` // the meter authority
	Meters  []string `json:"meters_at_fault,omitempty"`
	Set     string   `json:"set"`
	Day     string   `json:"day"`
	Count   int      `json:"meters"`
	Slots   int      `json:"slots"` // in which the set was released
	SumWh   uint64   `json:"sum_wh"`
}

func (a dayEndAnswer) text(w io.Writer) {
	if a.Reason != "" {
		fmt.Fprintf(w, "refused: %s\n", a.Reason)
		for _, m := range a.Meters {
			fmt.Fprintf(w, "at fault     meter %s: its slots do not add up to its seal\n", m)
		}
		return
	}
	fmt.Fprintf(w, "accepted: the %d meters of %s sealed on %s what was summed: %d Wh in %d slots; certified by %s\n", a.Count, a.Set, a.Day, a.SumWh, a.Slots, a.Issuer)
}

func (o *dayEnd) run() (answer, error) {
	r, files, err := o.read()
	if err != nil {
		return nil, err
	}
	end := &aggregate.DayEnd{Set: *o.set, Day: *o.day}
	for _, f := range files {
		if release := releaseIn(f, *o.set); release != nil {
			end.Slots = append(end.Slots, aggregate.DayEndSlot{Presence: f.Presence, Release: *release})
		}
	}
	closings, err := o.readClosings(r)
	if err != nil {
		return nil, err
	}
	for place := range r.Meters {
		if c := closings[place]; c != nil {
			end.Closings = append(end.Closings, c.Bytes())
		}
	}
	issuer, err := r.Charter.IssuedBy()
	if err != nil {
		return nil, err
	}
	a := describeDayEnd(end, issuer)
	if err := end.Check(r); err != nil {
		a.Verdict, a.Reason, a.Meters = "refused", oneLine(err), atFault(r, files, closings)
		return a, err
	}
	if *o.out == "" {
		return a, nil
	}
	return a, writeFile(*o.out, end.Bytes(r), 0o644)
}

// readClosings reads closings by the place of their meter.
func (o *dayEnd) readClosings(r *meter.Registry) (map[int]*meter.Closing, error) {
	closings := map[int]*meter.Closing{}
	for _, path := range *o.closings {
		data, err := readFile(path)
		if err != nil {
			return nil, err
		}
		c, err := meter.DecodeClosing(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		place := -1
		if len(c.Meter) == meter.IDSize {
			place = r.Index(c.Meter)
		}
		if place < 0 || closings[place] != nil {
			return nil, fmt.Errorf("%s: of a meter that the registry does not have, or that has another closing", path)
		}
		closings[place] = c
	}
	return closings, nil
}

// atFault names the meters whose slots do not add up to their seals.
func atFault(r *meter.Registry, files []*aggregate.SlotFile, closings map[int]*meter.Closing) []string {
	var names []string
	for place := range r.Meters {
		c := closings[place]
		if c == nil {
			continue
		}
		var records [][]byte
		for _, f := range files {
			if f.Presence.Meters.Has(place) {
				before := 0
				for i := range place {
					if f.Presence.Meters.Has(i) {
						before++
					}
				}
				records = append(records, f.Records[before])
			}
		}
		if aggregate.CheckSeal(r, c, records) != nil {
			names = append(names, r.Meters[place].Certificate.Meter)
		}
	}
	return names
}
