package main

import (
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"time"

	"hushwatt/aggregate"
	"hushwatt/meter"
	"hushwatt/meter/source"
)

var aggregateSimulateCommand = command{
	name:    "aggregate simulate",
	does:    "sum real files as meters, authorities and a collector would, and verify every sum",
	example: "hushwatt aggregate simulate --from homes/*.csv.gz --start 2013-01-01T00:00:00Z --end 2013-01-02T00:00:00Z --drop 0.05 --seed 1",
	note: "Every home is a meter; a file of many homes gives one for each, and files that name the same meter\n" +
		"point are one meter. A slot that is missing in the file, lost on the way (--drop) or late (--late)\n" +
		"puts its meter outside the sum. Negative readings are taken as missing; a file of a week without\n" +
		"dates is of the week of --start.",
	flags: func(f *flags) action {
		var j simulateJob
		j.from = f.needList("from", "FILE", "readings, in any known format; may be packed with gzip; one after another or --from each")
		f.options[len(f.options)-1].rest = true
		j.readings.declare(f, nil)
		j.start = flag(f, &option{name: "start", value: "TIME", help: "first slot to sum (RFC 3339)", required: true}, asTime)
		j.end = flag(f, &option{name: "end", value: "TIME", help: "end of the last slot", required: true}, asTime)
		j.authorities = flag(f, &option{name: "authorities", value: "K", help: "2 or 3 authorities; 2 by default"}, asAuthorities)
		j.masking = f.toggle("masking", "one aggregator and masks between meters instead")
		j.drop = flag(f, &option{name: "drop", value: "RATE", help: "share of records lost on the way, 0 to 1"}, asFraction)
		j.late = flag(f, &option{name: "late", value: "RATE", help: "share of records that come late, 0 to 1"}, asFraction)
		j.minSet = flag(f, &option{name: "min-set", value: "N", help: "fewest meters in a sum; 10 by default, for variance at least 20"}, asLeast)
		j.seed = flag(f, &option{name: "seed", value: "N", help: "of what is lost and late", required: true}, asSeed)
		j.out = f.text("out", "DIR", "keep the release files, for hushwatt aggregate verify")
		return func(*console) (answer, error) { return j.run() }
	},
}

// simulateJob is one use of `aggregate simulate`.
type simulateJob struct {
	readings
	from                *[]string
	out                 *string
	authorities, minSet *int
	start, end          *int64
	masking             *bool
	drop, late          *int // in millionths
	seed                *uint64
}

const (
	usualMinSet      = 10
	usualMinVariance = 20
)

type simulateAnswer struct {
	Releases []releaseAnswer `json:"releases"`
	Withheld []string        `json:"withheld"`
}

func (a simulateAnswer) text(w io.Writer) {
	releaseTable(w, a.Releases)
	fmt.Fprintf(w, "%d slots released, each verified; %d withheld: too few meters\n", len(a.Releases), len(a.Withheld))
}

func (j *simulateJob) run() (answer, error) {
	if *j.masking && *j.authorities != 0 {
		return nil, misusef("--masking works without authorities")
	}
	if !*j.masking && *j.authorities == 0 {
		*j.authorities = 2
	}
	if *j.minSet == 0 {
		*j.minSet = usualMinSet
	}
	homes, n, err := j.homes()
	if err != nil {
		return nil, err
	}
	s := aggregate.Simulation{Homes: homes, N: n, Start: *j.start, End: *j.end, Authorities: *j.authorities,
		MinSum: *j.minSet, MinVariance: usualMinVariance, DropPPM: *j.drop, LatePPM: *j.late, Seed: *j.seed}
	a := simulateAnswer{Releases: []releaseAnswer{}, Withheld: []string{}}
	err = s.Run(func(slot aggregate.SimulatedSlot) error {
		if slot.File == nil {
			a.Withheld = append(a.Withheld, instant(slot.Start))
			return nil
		}
		a.Releases = append(a.Releases, answerOf(&slot.File.Releases[0], slot.Start))
		if *j.out == "" {
			return nil
		}
		return releaseFolder(*j.out).keep(slot.File)
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

// homes reads all files as homes with slots of one length.
func (j *simulateJob) homes() ([]aggregate.Home, int, error) {
	var homes []aggregate.Home
	place := map[string]int{}
	step := *j.slot * 60
	for _, path := range *j.from {
		files, err := j.all(path)
		if err != nil {
			return nil, 0, err
		}
		for _, file := range files {
			s := importOf(file)
			if s == nil {
				continue // export alone
			}
			if step == 0 {
				step = s.Step
			}
			if s.Step > step || *j.slot == 0 && s.Step != step {
				return nil, 0, fmt.Errorf("%s: slots of %d minutes among others of %d: --slot brings them to one length", path, s.Step/60, step/60)
			}
			coarse, err := s.Coarsen(step)
			if err != nil {
				return nil, 0, fmt.Errorf("%s: %w", path, err)
			}
			name := meterName(s.Point, path)
			h := aggregate.Home{Name: name, Start: coarse.Start, Wh: coarse.Wh, Status: coarse.Status}
			i, known := place[name]
			if !known {
				place[name] = len(homes)
				homes = append(homes, h)
				continue
			}
			if err := homes[i].Join(&h, step); err != nil {
				return nil, 0, fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	if step == 0 {
		return nil, 0, fmt.Errorf("no readings of energy from the grid in these files")
	}
	return homes, 24 * 60 * 60 / step, nil
}

// all reads every meter point of a file; a negative reading is none unless the user
// says otherwise.
func (j *simulateJob) all(path string) ([]*source.File, error) {
	in, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	o := j.options()
	if !strings.Contains(strings.Join(o.Choices, " "), "negative=") {
		o.Choices = append([]string{"negative=missing"}, o.Choices...)
	}
	if o.From == "" {
		o.From = j.monday()
	}
	files, err := source.ReadAll(in, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, chooseFlag(err))
	}
	return files, nil
}

// monday is the first day of the week in which the period begins, for files of a week
// that do not say which.
func (j *simulateJob) monday() string {
	zone := *j.zone
	if zone == nil {
		zone = time.UTC
	}
	t := time.Unix(*j.start, 0).In(zone)
	return t.AddDate(0, 0, -(int(t.Weekday())+6)%7).Format(time.DateOnly)
}

func importOf(file *source.File) *source.Series {
	for i := range file.Series {
		if file.Series[i].Channel == source.Import {
			return &file.Series[i]
		}
	}
	return nil
}

// meterName makes a meter's name of a point's, or else of its file's.
func meterName(point, path string) string {
	if point == "" {
		point = stem(path)
	}
	name := strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '-'
		}
		return r
	}, point)
	return name[:min(len(name), 64)]
}

func asAuthorities(s string) (int, error) {
	k, err := asNumber(s)
	if err == nil && k != 2 && k != 3 {
		err = misusef("%d authorities: 2 or 3", k)
	}
	return k, err
}

func asSeed(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, misusef("%q is not a whole number from 0 on", s)
	}
	return n, nil
}

// asFraction reads a share as millionths.
func asFraction(s string) (int, error) {
	r, ok := new(big.Rat).SetString(s)
	if !ok || len(s) > 20 || r.Sign() < 0 || r.Cmp(big.NewRat(1, 1)) > 0 {
		return 0, misusef("%q is not a share from 0 to 1, as 0.05", s)
	}
	r.Mul(r, big.NewRat(1_000_000, 1))
	return int(new(big.Int).Quo(r.Num(), r.Denom()).Int64()), nil
}

// instant is a time as 2013-01-31T23:30:00Z.
func instant(at int64) string { return time.Unix(at, 0).UTC().Format(time.RFC3339) }

// instantName is a time that can stand in a file's name everywhere.
func instantName(at int64) string { return strings.ReplaceAll(instant(at), ":", "") }

func asLeast(s string) (int, error) {
	n, err := asNumber(s)
	if err == nil && n < meter.LeastMeters {
		err = misusef("a sum of fewer than %d meters shows a reading", meter.LeastMeters)
	}
	return n, err
}
