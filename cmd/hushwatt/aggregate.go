package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"hushwatt/aggregate"
	"hushwatt/meter"
)

var aggregateVerifyCommand = command{
	name:    "aggregate verify",
	does:    "check the released sums of a slot, or the end of a day, from what is public about it",
	example: "hushwatt aggregate verify --release 2013-03-14T100000Z.release --authority authority.pub",
	note: "Checks certificates, registry, presence, every meter's record and every sum against the meters'\n" +
		"commitments; with --day-end, that the day's sums are what the meters have sealed. Without --authority the\n" +
		"meter authority that the file names is believed, and shown.",
	flags: func(f *flags) action {
		release := f.text("release", "FILE", "a release file (*.release)")
		end := f.text("day-end", "FILE", "what hushwatt aggregate day-end has written, with --registry")
		registry := f.text("registry", "FILE", "the registry of the --day-end")
		authorities := f.list("authority", "FILE", "a meter authority that you trust")
		return func(*console) (answer, error) {
			switch {
			case (*release == "") == (*end == ""):
				return nil, misusef("either --release or --day-end is needed")
			case (*end == "") != (*registry == ""):
				return nil, misusef("--registry goes with --day-end")
			case *end != "":
				return verifyDayEnd(*end, *registry, *authorities)
			}
			return verifyRelease(*release, *authorities)
		}
	},
}

// releaseAnswer is one set's release in a slot.
type releaseAnswer struct {
	Set      string  `json:"set,omitempty"`
	Start    string  `json:"start"`
	Meters   uint32  `json:"meters"`
	SumWh    uint64  `json:"sum_wh"`
	MeanWh   string  `json:"mean_wh"`
	Variance *string `json:"variance"` // null below the minimum for it
	Verified bool    `json:"verified"`
}

func answerOf(r *aggregate.Release, start int64) releaseAnswer {
	a := releaseAnswer{Start: instant(start), Meters: r.Meters, SumWh: r.Sum, MeanWh: r.Mean(), Verified: true}
	if v, ok := r.Variance(); ok {
		a.Variance = &v
	}
	return a
}

func releaseTable(w io.Writer, releases []releaseAnswer) {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', tabwriter.AlignRight)
	defer t.Flush()
	fmt.Fprintln(t, "start\tmeters\tsum Wh\tmean Wh\tvariance Wh²\t")
	for _, r := range releases {
		variance := "too few"
		if r.Variance != nil {
			variance = *r.Variance
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s\t\n", r.Start, r.Meters, r.SumWh, r.MeanWh, variance)
	}
}

type verifiedRelease struct {
	Verdict  string          `json:"verdict"`
	Reason   string          `json:"reason,omitempty"`
	Registry string          `json:"registry,omitempty"`
	Issuer   string          `json:"issuer,omitempty"` // the meter authority
	Present  int             `json:"present"`
	Releases []releaseAnswer `json:"releases"`
}

func (a verifiedRelease) text(w io.Writer) {
	if a.Reason != "" {
		fmt.Fprintf(w, "refused: %s\n", a.Reason)
		return
	}
	fmt.Fprintf(w, "accepted: %s, %d meters present, certified by %s\n", a.Registry, a.Present, a.Issuer)
	for _, r := range a.Releases {
		fmt.Fprintf(w, "\nset %s\n", r.Set)
		releaseTable(w, []releaseAnswer{r})
	}
}

func verifyRelease(path string, authorities []string) (answer, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	trusted, err := readAuthorities(authorities)
	if err != nil {
		return nil, err
	}
	f, err := aggregate.ParseSlotFile(data)
	if err != nil {
		return refusedRelease(err)
	}
	issuer, err := f.Registry.Charter.IssuedBy()
	if err != nil {
		return refusedRelease(err)
	}
	if len(trusted) == 0 {
		trusted = []meter.Authority{issuer}
	}
	if err := f.Verify(trusted); err != nil {
		return refusedRelease(err)
	}
	return releaseOf(f, issuer), nil
}

func readAuthorities(paths []string) (list []meter.Authority, err error) {
	for _, path := range paths {
		a, err := readAuthority(path)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

// releaseOf is a release that was verified, in words.
func releaseOf(f *aggregate.SlotFile, issuer meter.Authority) verifiedRelease {
	a := verifiedRelease{Verdict: "accepted", Registry: f.Registry.Charter.Registry, Issuer: issuer.String(),
		Present: f.Presence.Meters.Count(), Releases: []releaseAnswer{}}
	for i := range f.Releases {
		r := answerOf(&f.Releases[i], f.Start())
		r.Set = f.Releases[i].Set
		a.Releases = append(a.Releases, r)
	}
	return a
}

func refusedRelease(err error) (answer, error) {
	return verifiedRelease{Verdict: "refused", Reason: oneLine(err), Releases: []releaseAnswer{}}, err
}

// releaseFolder keeps release files, and the authority to verify them with.
type releaseFolder string

func (dir releaseFolder) keep(f *aggregate.SlotFile) error {
	if err := os.MkdirAll(string(dir), 0o755); err != nil {
		return fmt.Errorf("make the folder of releases: %w", err)
	}
	issuer, err := f.Registry.Charter.IssuedBy()
	if err != nil {
		return err
	}
	name := instantName(f.Start()) + ".release"
	return errors.Join(
		writeFile(filepath.Join(string(dir), "authority.pub"), []byte(issuer.String()+"\n"), 0o644),
		writeFile(filepath.Join(string(dir), name), f.Bytes(), 0o644))
}
