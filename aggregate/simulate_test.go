package aggregate

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"hushwatt/meter"
)

// madeUp returns homes with random readings and gaps.
func madeUp(homes, n, days int, seed uint64) []Home {
	rng := rand.New(rand.NewPCG(seed, 7))
	list := make([]Home, homes)
	for i := range list {
		h := Home{Name: "M" + string(rune('A'+i/26)) + string(rune('A'+i%26)), Start: 15706 * secondsPerDay}
		for range n * days {
			wh, status := rng.Uint32N(3000), meter.Measured
			switch rng.IntN(30) {
			case 0:
				wh, status = 0, meter.Missing
			case 1:
				wh = meter.MaxCap
			case 2:
				wh = 0
			}
			h.Wh, h.Status = append(h.Wh, wh), append(h.Status, status)
		}
		list[i] = h
	}
	return list
}

// plain is the sum of the readings of those present, by arithmetic.
func plain(homes []Home, f *SlotFile, slot int) (n int64, s, t *big.Int) {
	s, t = new(big.Int), new(big.Int)
	for place := range f.Registry.Meters {
		if !f.Presence.Meters.Has(place) {
			continue
		}
		for i := range homes {
			if homes[i].Name == f.Registry.Meters[place].Certificate.Meter {
				c := big.NewInt(int64(homes[i].Wh[slot]))
				s.Add(s, c)
				t.Add(t, c.Mul(c, c))
				n++
			}
		}
	}
	return n, s, t
}

func TestSimulation(t *testing.T) {
	for _, authorities := range []int{2, 3, 0} {
		homes := madeUp(30, 24, 2, 1)
		s := Simulation{Homes: homes, N: 24, Start: 15706 * secondsPerDay, End: 15708 * secondsPerDay,
			Authorities: authorities, MinSum: 10, MinVariance: 20, DropPPM: 100_000, LatePPM: 50_000, Seed: 1}
		released, at := 0, 0
		err := s.Run(func(o SimulatedSlot) error {
			if o.File != nil {
				released++
				n, sum, squares := plain(homes, o.File, at)
				r := &o.File.Releases[0]
				if int64(r.Meters) != n || new(big.Int).SetUint64(r.Sum).Cmp(sum) != 0 ||
					len(r.Squares) > 0 && new(big.Int).SetUint64(r.Squares[0].Sum).Cmp(squares) != 0 {
					t.Errorf("%d authorities, slot %d: %+v, should be %d %s %s", authorities, at, r, n, sum, squares)
				}
			}
			at++
			return nil
		})
		if err != nil {
			t.Fatalf("%d authorities: %v", authorities, err)
		}
		if released != 48 {
			t.Errorf("%d authorities: %d slots of 48 released", authorities, released)
		}
	}
}
