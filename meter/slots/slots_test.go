package slots

import (
	"reflect"
	"slices"
	"testing"
)

// day makes a UTC day of one value throughout.
func day(step int, wh uint32) Series {
	n := secondsPerDay / step
	s := Series{Point: "roof", Channel: Export, Start: 1356998400, Step: step, Wh: make([]uint32, n), Status: make([]Status, n)}
	for i := range s.Wh {
		s.Wh[i] = wh
	}
	return s
}

func TestPlaces(t *testing.T) {
	s := day(1800, 3)
	if s.PerDay() != 48 || s.Days() != 1 || s.At(48) != s.Start+secondsPerDay || s.Total() != 144 {
		t.Errorf("%d slots a day, %d days, %d Wh", s.PerDay(), s.Days(), s.Total())
	}
	s.Status[1], s.Status[2], s.Status[47] = Missing, Missing, Missing
	if want := []Gap{{s.Start + 1800, 2}, {s.Start + 47*1800, 1}}; !reflect.DeepEqual(s.Gaps(), want) || s.Count(Missing) != 3 {
		t.Errorf("gaps %v", s.Gaps())
	}
	for step, want := range map[int]bool{3600: true, 1800: true, 900: true, 600: true, 300: true, 1200: false, 60: false, 7200: false, 0: false, -300: false} {
		if ValidStep(step) != want {
			t.Errorf("steps of %d s: %t", step, !want)
		}
	}
}

// The whole of a coarser slot is the sum of its parts, and says if some are not there.
func TestCoarser(t *testing.T) {
	fine := day(600, 5)
	fine.Status[0], fine.Wh[0] = Missing, 0
	fine.Status[4] = Estimated
	for i := 6; i < 9; i++ {
		fine.Status[i], fine.Wh[i] = Missing, 0
	}
	half, err := fine.Coarsen(1800)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(half.Wh[:4], []uint32{10, 15, 0, 15}) || !slices.Equal(half.Status[:4], []Status{Estimated, Estimated, Missing, Measured}) {
		t.Errorf("half-hours %v %v", half.Wh[:4], half.Status[:4])
	}
	if half.Point != "roof" || half.Channel != Export || half.Total() != fine.Total() || half.Days() != 1 {
		t.Errorf("coarser series %+v", half)
	}
	for _, step := range []int{300, 900, 7200, 0} {
		if _, err := fine.Coarsen(step); err == nil {
			t.Errorf("made slots of %d s", step)
		}
	}
	high := day(600, MaxWh)
	if _, err := high.Coarsen(1800); err == nil {
		t.Error("made a slot above the highest reading")
	}
}

// 55.2 kW is 27,600 Wh in half an hour: that is none yet, one more is.
func TestSpikes(t *testing.T) {
	s := day(1800, 100)
	s.Wh[3], s.Wh[5] = SpikeWatts/2, SpikeWatts/2+1
	if got := s.Spikes(); !slices.Equal(got, []int{5}) {
		t.Errorf("spikes at %v", got)
	}
	s = day(300, SpikeWatts/12)
	s.Wh[7]++
	if got := s.Spikes(); !slices.Equal(got, []int{7}) {
		t.Errorf("spikes at %v", got)
	}
}

func TestWords(t *testing.T) {
	for seconds, want := range map[int]string{300: "5 minutes", 3600: "60 minutes", 90: "90 seconds"} {
		if got := Minutes(seconds); got != want {
			t.Errorf("%d s is %q", seconds, got)
		}
	}
	if got := Stamp(1364691600); got != "2013-03-31T01:00:00Z" {
		t.Errorf("stamp %s", got)
	}
}
