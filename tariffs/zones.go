package tariffs

import (
	"bytes"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:generate go run ./zonegen

// The one copy of the zone rules. The system's own (and the Go toolchain's) may
// differ between a customer's device and a supplier's server, and then the two
// would compute different prices: neither is ever asked.
//
//go:embed zones.bin
var zoneArchive []byte

// zoneIndex is made once, on first use, from the archive's text header.
var zoneIndex = sync.OnceValue(func() (index struct {
	version string
	files   map[string][]byte
}) {
	head, blobs, ok := bytes.Cut(zoneArchive, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !ok || len(lines) < 3 || lines[0] != "hushwatt zones" {
		panic("tariffs: embedded zone rules are damaged")
	}
	index.version = lines[1]
	index.files = make(map[string][]byte, len(lines)-2)
	for _, line := range lines[2:] {
		f := strings.Fields(line)
		if len(f) != 3 {
			panic("tariffs: embedded zone rules are damaged")
		}
		at, err1 := strconv.Atoi(f[1])
		size, err2 := strconv.Atoi(f[2])
		if err1 != nil || err2 != nil || at < 0 || size < 0 || at+size > len(blobs) {
			panic("tariffs: embedded zone rules are damaged")
		}
		index.files[f[0]] = blobs[at : at+size]
	}
	return index
})

// TZVersion returns the release of the IANA Time Zone Database that is
// embedded, for example "2025c". It is part of the weights' hash.
func TZVersion() string { return zoneIndex().version }

var zoneCache sync.Map // name → *time.Location

// Zone returns the clock of that IANA name, or of "AEST" (UTC+10 all year),
// from the embedded rules. Instants before 1970 are not covered.
func Zone(name string) (*time.Location, error) {
	if loc, ok := zoneCache.Load(name); ok {
		return loc.(*time.Location), nil
	}
	if name == aest {
		return aestZone, nil
	}
	data, err := ZoneFile(name)
	if err != nil {
		return nil, err
	}
	loc, err := time.LoadLocationFromTZData(name, data)
	if err != nil {
		return nil, fmt.Errorf("embedded zone %s: %w", name, err)
	}
	zoneCache.Store(name, loc)
	return loc, nil
}

// ZoneFile returns the rules of a zone as RFC 9636 has them, for programs that
// need one zone and must not link the rules of all.
func ZoneFile(name string) ([]byte, error) {
	data, ok := zoneIndex().files[name]
	if !ok {
		return nil, fmt.Errorf("clock %q is not a zone of the IANA database %s", name, TZVersion())
	}
	return bytes.Clone(data), nil
}

const aest = "AEST"

var aestZone = time.FixedZone(aest, 10*3600)

// A span is a stretch of time [from, to), seconds since 1970 UTC, in which the
// clock is offset seconds ahead of UTC.
type span struct{ from, to, offset int64 }

// quarter is the step in which clocks are moved, in seconds.
const quarter = 900

// spans cuts [from, to) where the clock changes.
func spans(loc *time.Location, from, to int64) []span {
	var out []span
	for from < to {
		t := time.Unix(from, 0).In(loc)
		_, offset := t.Zone()
		next := to
		if _, end := t.ZoneBounds(); !end.IsZero() && end.Unix() < to {
			// Go counts a year of 365 days here, so on the last day of a leap
			// year this "end" lies in the past: go on in small steps then.
			if next = end.Unix(); next <= from {
				next = min(from+quarter, to)
			}
		}
		if n := len(out); n > 0 && out[n-1].offset == int64(offset) {
			out[n-1].to = next // only the zone's name or summer flag changed
		} else {
			out = append(out, span{from, next, int64(offset)})
		}
		from = next
	}
	return out
}

// midnight returns the first instant whose date on the clock is d or later:
// 00:00 on most days, 01:00 where the clock skips midnight.
func midnight(loc *time.Location, d Date) int64 {
	local := int64(d) * daySeconds
	all := spans(loc, local-daySeconds, local+daySeconds)
	for _, s := range all {
		if t := max(s.from, local-s.offset); t < s.to {
			return t
		}
	}
	return all[len(all)-1].to // no zone is a day or more behind UTC
}

// Midnight returns when date d begins on a clock, seconds since 1970.
func Midnight(clock string, d Date) (int64, error) {
	loc, err := Zone(clock)
	if err != nil {
		return 0, err
	}
	return midnight(loc, d), nil
}

// stamp writes an instant as the clock shows it.
func stamp(loc *time.Location, t int64) string {
	return time.Unix(t, 0).In(loc).Format("2006-01-02 15:04")
}
