package source

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hushwatt/meter/slots"
)

// File is what Read found: the series of one meter point, and everything that was
// decided on the way to them, so that a wrong guess cannot be missed.
type File struct {
	Format string
	Zone   string // clock of the stamps: "offset" if each carries its own, else a zone's name
	Clock  string // how the file goes through changes of the clock, a phrase
	Stamps string // what a stamp marks: "start", "end", "start and end", "position in the day", "instant of a register"
	Unit   string // of the file's readings, such as "kWh"

	Rows       int // slots that have a row, empty or not, duplicates apart
	Duplicates int // rows left out because the same stamp came with the same value before
	Replaced   int // rows that a later row of the same file took the place of
	Skipped    int // rows left out because they have no value and are not on the grid
	Spread     int // slots that got an even part of a longer interval

	Points    []string    // all meter points of the file, in order
	Registers [2][]string // by channel: the registers that were added up
	Unused    []string    // registers of the point that are in no series
	Notes     []string    // what else was found or decided, a sentence each
	Series    []Series    // import, then export if the file has it
}

// files makes the Files of the points that were read.
func (t *table) files(format string) ([]*File, error) {
	if t.mode == noPoint {
		return []*File{{Format: format, Points: t.order}}, nil
	}
	if err := t.picked(); err != nil {
		return nil, err
	}
	var files []*File
	for _, name := range t.order {
		p := t.points[name]
		if p == nil {
			continue
		}
		f, err := t.file(p)
		if t.mode == allPoints && errors.Is(err, errNoReadings) {
			continue
		}
		if err != nil {
			if t.mode == allPoints && name != "" {
				err = fmt.Errorf("meter point %s: %w", name, err)
			}
			return nil, err
		}
		f.Format = format
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, errNoReadings
	}
	return files, nil
}

// picked checks that one point was read.
func (t *table) picked() error {
	names := slices.Sorted(slices.Values(t.order))
	const most = 20
	list := strings.Join(names[:min(most, len(names))], ", ")
	if len(names) > most {
		list += fmt.Sprintf(" and %d more", len(names)-most)
	}
	switch {
	case len(names) == 0 || t.points[t.o.Point] != nil:
		return nil
	case t.o.Point != "":
		return fmt.Errorf("meter point %q is not in the file, which holds %s", t.o.Point, list)
	case len(names) > 1 && t.mode == onePoint:
		return fmt.Errorf("the file holds %d meter points, choose one: %s", len(names), list)
	}
	return nil
}

// file makes a point's series.
func (t *table) file(p *point) (*File, error) {
	m, err := p.combine(t.o.Register)
	if err != nil {
		return nil, err
	}
	f := &File{Zone: t.zone, Unit: t.unit, Stamps: t.stamps, Points: t.order, Unused: p.idle,
		Notes: slices.Concat(t.notes, p.notes)}
	for channel, rs := range m.registers {
		if len(rs) == 0 && channel == Import {
			f.Notes = append(f.Notes, "the file has no energy to the customer: every slot of it is missing")
		} else if len(rs) == 0 {
			continue
		}
		s, rows, err := m.series(p, channel)
		if err != nil {
			return nil, err
		}
		f.Series = append(f.Series, s)
		f.Rows = max(f.Rows, rows)
		f.Registers[channel] = m.registerNames(channel)
	}
	t.count(f, p)
	f.Clock = p.clockRule(t)
	f.Notes = append(f.Notes, p.clockNotes()...)
	if t.negatives > 0 {
		f.Notes = append(f.Notes, fmt.Sprintf("%d negative readings are missing, as chosen", t.negatives))
	}
	f.Notes = append(f.Notes, m.stepNotes()...)
	return f, nil
}

// count adds up what happened to rows: over registers, not over channels, which
// mostly share their rows.
func (t *table) count(f *File, p *point) {
	var repeats, replaces, skips [2]int
	for _, feed := range p.feeds {
		for c := range feed.grids {
			repeats[c] += feed.repeats[c]
			replaces[c] += feed.replaces[c]
			skips[c] += feed.skips[c]
		}
		f.Spread += feed.spread
	}
	f.Duplicates, f.Replaced, f.Skipped = max(repeats[0], repeats[1]), max(replaces[0], replaces[1]), max(skips[0], skips[1])
}

// clockRule says in a phrase which clock a point's rows follow.
func (p *point) clockRule(t *table) string {
	switch {
	case t.clock != "":
		return t.clock
	case t.zone == "offset":
		return "each stamp carries its offset from UTC"
	}
	rule := "local time, no hour repeated or filled"
	switch {
	case len(p.found[lostHour]) > 0:
		rule = "local time, the repeated hour stands once"
	case len(p.found[repeatedHour]) > 0:
		rule = "local time, the repeated hour stands twice"
	case len(p.found[filledHour]) > 0:
		return "local time, the skipped hour is filled"
	}
	if len(p.found[filledHour]) > 0 {
		rule += " and the skipped hour is filled"
	}
	return rule
}

func (p *point) clockNotes() []string {
	var notes []string
	for kind, text := range [...]string{
		repeatedHour: "the hour that clocks repeated at %s stands twice: the order of rows tells which is which",
		lostHour:     "the hour that clocks repeated at %s stands once: it was read as chosen",
		filledHour:   "the hour that clocks skipped at %s has rows: they were read as chosen",
	} {
		for _, turn := range p.found[kind] {
			notes = append(notes, fmt.Sprintf(text, slots.Stamp(turn)))
		}
	}
	if p.left > 0 {
		notes = append(notes, fmt.Sprintf("%d rows were left out as chosen, %s Wh", p.left, p.leftWh))
	}
	return notes
}

// stepNotes says where finer rows were added up.
func (m *combined) stepNotes() []string {
	var notes []string
	for _, rs := range m.registers {
		for _, r := range rs {
			for _, c := range r.grids {
				note := fmt.Sprintf("rows of %s were added up to %s", slots.Minutes(c.step), slots.Minutes(m.step))
				if c.step != m.step && !slices.Contains(notes, note) {
					notes = append(notes, note)
				}
			}
		}
	}
	return notes
}

// Step returns the length of the slots in seconds.
func (f *File) Step() int { return f.Series[0].Step }

// Estimated returns how many slots are estimated, over all channels.
func (f *File) Estimated() int { return f.sum(func(s *Series) int { return s.Count(Estimated) }) }

// Spikes returns how many slots are implausibly high, over all channels.
func (f *File) Spikes() int { return f.sum(func(s *Series) int { return len(s.Spikes()) }) }

func (f *File) sum(count func(*Series) int) int {
	n := 0
	for i := range f.Series {
		n += count(&f.Series[i])
	}
	return n
}

// A Fact is one line of a File's summary.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Summary says what was read and how, for a person to check before anything else
// happens: what does not concern the file is left out.
func (f *File) Summary() []Fact {
	s := &f.Series[0]
	facts := []Fact{{"Format", f.Format}, {"Meter point", s.Point}, {"Clock", f.clockText()},
		{"Stamps", f.Stamps}, {"Step", slots.Minutes(s.Step)}, {"Unit", f.Unit}}
	for i := range f.Series {
		facts = append(facts, f.channelFacts(&f.Series[i])...)
	}
	for _, c := range []struct {
		n    int
		name string
	}{{f.Duplicates, "Duplicates"}, {f.Replaced, "Replaced by later rows"}, {f.Skipped, "Skipped, without a reading"},
		{f.Spread, "Spread over slots"}} {
		if c.n > 0 {
			facts = append(facts, Fact{c.name, fmt.Sprint(c.n)})
		}
	}
	if len(f.Unused) > 0 {
		facts = append(facts, Fact{"Not read", strings.Join(f.Unused, ", ")})
	}
	for _, note := range f.Notes {
		facts = append(facts, Fact{"Note", note})
	}
	return slices.DeleteFunc(facts, func(f Fact) bool { return f.Value == "" })
}

func (f *File) clockText() string {
	if f.Zone == "offset" || strings.HasPrefix(f.Clock, f.Zone) {
		return f.Clock
	}
	return f.Zone + ": " + f.Clock
}

// channelFacts says what a series holds.
func (f *File) channelFacts(s *Series) []Fact {
	name := [...]string{Import: "Used", Export: "Fed in"}[s.Channel]
	first, last := 0, len(s.Wh)
	for first < last && s.Status[first] == Missing {
		first++
	}
	for last > first && s.Status[last-1] == Missing {
		last--
	}
	total := s.Total()
	facts := []Fact{{name, fmt.Sprintf("%d.%03d kWh from %s to %s", total/1000, total%1000, slots.Stamp(s.At(first)), slots.Stamp(s.At(last)))},
		{name + ": registers", strings.Join(f.Registers[s.Channel], " + ")},
		{name + ": slots", fmt.Sprintf("%d measured, %d estimated", s.Count(Measured), s.Count(Estimated))}}
	within := Series{Start: s.At(first), Step: s.Step, Wh: s.Wh[first:last], Status: s.Status[first:last]}
	if gaps := within.Gaps(); len(gaps) > 0 {
		missing := within.Count(Missing)
		facts = append(facts, Fact{name + ": missing", fmt.Sprintf("%d slots, gaps: %d, the first at %s", missing, len(gaps), slots.Stamp(gaps[0].Start))})
	}
	if spikes := s.Spikes(); len(spikes) > 0 {
		facts = append(facts, Fact{name + ": spikes", fmt.Sprintf("%d slots of more than %d W, the first at %s: %d Wh",
			len(spikes), slots.SpikeWatts, slots.Stamp(s.At(spikes[0])), s.Wh[spikes[0]])})
	}
	return facts
}
