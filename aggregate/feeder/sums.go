package feeder

import (
	"fmt"
	"math"
	"time"
)

// OfSums is the data of a feeder's table and the released sums of the set below
// it: one meter without a name. A sum of −1 was not released.
func OfSums(feeder *Table, start, step int64, sums []int64) (*Data, error) {
	if len(feeder.Columns) != 1 {
		return nil, fmt.Errorf("%s: the feeder's file has %d columns of readings; it must have one", feeder.Name, len(feeder.Columns))
	}
	wh := make([]float64, len(sums))
	for i, s := range sums {
		if wh[i] = float64(s); s < 0 {
			wh[i] = math.NaN()
		}
	}
	top, err := feeder.column(0, start, step, len(sums))
	if err != nil {
		return nil, err
	}
	return &Data{Start: start, Step: step, Feeder: top, Meters: []Meter{{"", wh}}}, nil
}

// Delivered returns the feeder's reading of a slot in whole Wh, −1 if there is none.
func (d *Data) Delivered(slot int) int64 {
	if slot < 0 || slot >= len(d.Feeder) || math.IsNaN(d.Feeder[slot]) {
		return -1
	}
	return int64(math.Round(d.Feeder[slot]))
}

// Band returns what the feeder should deliver when the meters count sum Wh, give or
// take twice the noise.
func (l Loss) Band(sum int64) (low, high int64) {
	middle := float64(sum) + l.at(float64(sum))
	return int64(math.Floor(middle - 2*l.Sigma)), int64(math.Ceil(middle + 2*l.Sigma))
}

// Sentence says an alarm in words; of is the energy that the feeder delivered since.
func (a Alarm) Sentence(of int64) string {
	from, err := time.Parse(time.RFC3339, a.From)
	if err != nil {
		return ""
	}
	share := ""
	if of > 0 {
		share = fmt.Sprintf(", %.1f%% of what was delivered", 100*math.Abs(float64(a.GapWh))/float64(of))
	}
	missing := "missing"
	if a.GapWh < 0 {
		missing = "too much is counted"
	}
	return fmt.Sprintf("%.1f kWh %s since %s UTC%s. %s.", math.Abs(float64(a.GapWh))/1000, missing, from.Format("2 January 15:04"), share, a.Kind.sentence(a.GapWh))
}

func (k Kind) sentence(gap int64) string {
	switch k {
	case Bypass:
		return "It is missing all day long: looks like a load past the meters"
	case EveningZeroing:
		return "Looks like evening zeroing"
	case DeadMeter:
		return "Looks like a dead meter"
	case ClockShift:
		return "Looks like a meter’s clock that is one slot off"
	case WrongFeeder:
		if gap > 0 {
			return "Looks like a home that is fed here and counted elsewhere"
		}
		return "Looks like a meter that is counted on the wrong feeder"
	}
	if gap < 0 {
		return "The meters count more than is delivered"
	}
	return "What it is cannot be told from the sums"
}

// DeliveredSince returns what the feeder delivered from an instant (RFC 3339) on, in
// whole Wh.
func (d *Data) DeliveredSince(from string) int64 {
	t, err := time.Parse(time.RFC3339, from)
	if err != nil {
		return 0
	}
	sum := 0.0
	for i, x := range d.Feeder {
		if d.Start+int64(i)*d.Step >= t.Unix() && !math.IsNaN(x) {
			sum += x
		}
	}
	return int64(sum)
}

// Words says the losses in a sentence.
func (l Loss) Words() string {
	return fmt.Sprintf("Losses: %.0f Wh a slot, and %.2f%% of each kWh for every 10 kWh of load; noise ±%.0f Wh.", l.Constant, 100*(l.Linear+l.Quadratic*10000), l.Sigma)
}
