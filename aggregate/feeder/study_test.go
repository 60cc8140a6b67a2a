package feeder

import (
	"math"
	"os"
	"slices"
	"strconv"
	"testing"
)

// tally counts what was said of one trouble's feeders.
type tally struct {
	runs, right int
	named       int // right but for the meter, which is not told
	innocent    int // a meter is named that has nothing to do with it
	silent      int
	more        int // right, and something else besides
	other       int
}

// TestStudy makes one feeder of each trouble; HUSHWATT_STUDY says how many of each
// (`make feeder-study`, whose tables are in docs/design/feeder.md).
func TestStudy(t *testing.T) { conduct(t, false) }

// TestStudyOfHardFeeders is the same where the noise is as large as half a home.
func TestStudyOfHardFeeders(t *testing.T) { conduct(t, true) }

func conduct(t *testing.T, hard bool) {
	runs, full := 1, os.Getenv("HUSHWATT_STUDY")
	if full != "" {
		var err error
		if runs, err = strconv.Atoi(full); err != nil {
			t.Fatal(err)
		}
	}
	var all tally
	for _, c := range studies {
		t.Run(c.name, func(t *testing.T) {
			var n tally
			for seed := range uint64(runs) {
				w := draw(t, seed, hard)
				m := w.rng.IntN(len(w.d.Meters))
				c.build(w, m)
				r, err := Analyse(w.d, Options{FitUntil: w.d.Start + int64(w.until)*halfHour})
				if err != nil {
					t.Fatalf("feeder %d: %v", seed, err)
				}
				if verdict := n.judge(c, w, m, r); verdict != "right" {
					t.Logf("feeder %d: %s: meter m%02d of %d from %s, %d clean days, noise %.2f %%: %s", seed, verdict, m, len(w.truth),
						instant(w.d.Start+int64(w.from)*halfHour), w.until/48, 100*w.sigma, show(r.Alarms))
				}
			}
			t.Logf("| %s | %d | %d | %d | %d | %d | %d | %d |", c.name, n.runs, n.right, n.named, n.more, n.other, n.silent, n.innocent)
			if c.kind == "" && n.right < n.runs-1-n.runs/50 {
				t.Errorf("%d of %d quiet", n.right, n.runs)
			}
			if !c.coincidence {
				all.innocent += n.innocent
			}
			all.runs += n.runs
			all.right += n.right
		})
	}
	t.Logf("%d of %d right, an innocent is named %d times", all.right, all.runs, all.innocent)
	if all.innocent*100 > all.runs || all.right*10 < all.runs*8 && !hard {
		t.Error("too few are right, or too many innocents named")
	}
}

func (n *tally) judge(c study, w *world, m int, r *Report) string {
	n.runs++
	second := func(a Alarm) bool { return c.pair != "" && a.Meter != nil && *a.Meter == w.d.Meters[w.next(m)].Name }
	guilty := func(a Alarm) bool { return a.Meter != nil && *a.Meter == w.d.Meters[m].Name || second(a) }
	hit := func(a Alarm) bool {
		off := math.Abs(float64(parse(a.From) - w.d.Start - int64(w.from)*halfHour))
		return second(a) && a.Kind == c.pair || a.Kind == c.kind && guilty(a) == c.named && off <= c.days()*secondsPerDay
	}
	want := 1
	if c.pair != "" {
		want = 2
	}
	switch {
	case slices.ContainsFunc(r.Alarms, func(a Alarm) bool { return a.Meter != nil && !(c.named && guilty(a)) }):
		n.innocent++
		return "innocent named"
	case len(r.Alarms) == 2 && c.stranger && slices.ContainsFunc(r.Alarms, hit) && slices.ContainsFunc(r.Alarms, func(a Alarm) bool { return a.Meter == nil }),
		len(r.Alarms) == 0 && (c.kind == "" || c.silence) || len(r.Alarms) == want && !slices.ContainsFunc(r.Alarms, func(a Alarm) bool { return !hit(a) }):
		n.right++
		return "right"
	case len(r.Alarms) == 0:
		n.silent++
		return "silent"
	case slices.ContainsFunc(r.Alarms, hit):
		n.more++
		return "more"
	case r.Alarms[0].Kind == c.kind && r.Alarms[0].Meter == nil:
		n.named++
		return "nobody named"
	}
	n.other++
	return "other"
}
