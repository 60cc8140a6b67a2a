package source

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The Low Carbon London trial, as published and as often cut up since:
//
//	LCLid,tstp,energy(kWh/hh)
//	MAC000002,2013-01-01 00:00:00, 0.219
//
// Half-hours; the stamp is the start, in GMT all year (the morning ramp moves by
// an hour against it when the clocks change). Files may hold several homes.
// "Null" stands where a logger wrote a row without a reading, often at an odd
// second of the clock.

var lclHeader = []string{"lclid", "tstp", "energy(kwh/hh)"}

func isLCL(first string) bool { return slices.Equal(splitHeader(first), lclHeader) }

func readLCL(data []byte, o Options) (*table, error) {
	in := newLines(data)
	const expected = "LCLid,tstp,energy(kWh/hh)"
	header, err := in.header(expected)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(header, lclHeader) {
		return nil, lineError(in.line, "the header "+expected, strings.Join(header, ","))
	}
	clock := newWallClock(o.Zone)
	t := &table{zone: clock.name(), point: o.Point, step: 1800, channels: 1}
	points := map[string]bool{}
	for in.next(len(header)) {
		id := in.fields[0]
		if !isName(id) {
			return nil, lineError(in.line, "the name of a home", id)
		}
		if !points[id] {
			points[strings.Clone(id)] = true
		}
		if o.Point != "" && id != o.Point || o.Point == "" && len(points) > 1 {
			continue
		}
		r := row{line: in.line}
		if r.at, err = clock.instant(in.line, in.fields[1]); err != nil {
			return nil, err
		}
		if r.value[Import], err = parseReading(in.line, in.fields[2], 3); err != nil {
			return nil, err
		}
		t.rows = append(t.rows, r)
	}
	if in.err != nil {
		return nil, in.err
	}
	t.point, err = pick(points, o.Point)
	return t, err
}

// isName keeps what is printed and put into other documents on one line.
func isName(s string) bool {
	const longest = 64
	return s != "" && len(s) <= longest && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// pick settles which of the homes in a file was read.
func pick(points map[string]bool, wanted string) (string, error) {
	names := make([]string, 0, len(points))
	for name := range points {
		names = append(names, name)
	}
	slices.Sort(names)
	const most = 20
	list := strings.Join(names[:min(most, len(names))], ", ")
	if len(names) > most {
		list += fmt.Sprintf(" and %d more", len(names)-most)
	}
	switch {
	case points[wanted]:
		return wanted, nil
	case wanted != "":
		return "", fmt.Errorf("meter point %q is not in the file, which holds %s", wanted, list)
	case len(names) > 1:
		return "", fmt.Errorf("the file holds %d meter points, choose one: %s", len(names), list)
	case len(names) == 1:
		return names[0], nil
	}
	return "", nil
}

// wallClock turns stamps without an offset into instants.
type wallClock struct {
	zone *time.Location
	last int64 // the instant before, which settles a repeated hour
}

func newWallClock(zone *time.Location) *wallClock {
	if zone == nil {
		zone = time.FixedZone("GMT", 0)
	}
	return &wallClock{zone: zone, last: -1 << 62}
}

func (c *wallClock) name() string { return c.zone.String() }

// instant reads 2013-01-01 00:00:00. In the hour that clocks repeat in autumn
// the first instant after the row before is meant, so such files must be in time
// order. A stamp in the hour that clocks skip in spring is refused.
func (c *wallClock) instant(line int, s string) (int64, error) {
	wall, err := time.Parse(time.DateTime, s)
	if err != nil || wall.Nanosecond() != 0 {
		return 0, lineError(line, "a time such as 2013-01-31 23:30:00", s)
	}
	candidates := c.candidates(wall)
	if len(candidates) == 0 {
		return 0, lineError(line, "a time that exists in "+c.zone.String(), s)
	}
	at := candidates[0]
	if at <= c.last {
		at = candidates[len(candidates)-1]
	}
	c.last = at
	return at, nil
}

// candidates returns the instants, in order, at which the zone's clock shows
// wall. Offsets within a day on either side are all that can apply.
func (c *wallClock) candidates(wall time.Time) []int64 {
	local := wall.Unix()
	var found []int64
	for _, day := range []int64{-secondsPerDay, secondsPerDay} {
		_, offset := time.Unix(local+day, 0).In(c.zone).Zone()
		at := local - int64(offset)
		if _, then := time.Unix(at, 0).In(c.zone).Zone(); then == offset && !slices.Contains(found, at) {
			found = append(found, at)
		}
	}
	slices.Sort(found)
	return found
}
