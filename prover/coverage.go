package prover

import (
	"fmt"

	"hushwatt/meter"
)

// checkSegments refuses segments that are out of order, of which two are of one
// epoch, or that bring a day or nothing but slots outside the period.
func (t *Terms) checkSegments(list []*meter.Checked) error {
	if err := meter.CheckOrder(list); err != nil {
		return err
	}
	first, last := t.Period.Days()
	for _, s := range list {
		if int(s.First) < first || int(s.Last) > last {
			return fmt.Errorf("meter %s: a day that the period does not touch", s.Meter)
		}
		if !t.Period.touches(s.Rows) {
			return fmt.Errorf("meter %s, epoch %d: no slot of it lies in the period", s.Meter, s.Epoch)
		}
	}
	return nil
}

// holds reports whether slot s of a day of n slots lies in the period.
func (p Period) holds(day uint16, s, n int) bool {
	start := int64(day)*secondsPerDay + int64(s)*(secondsPerDay/int64(n))
	return p.Start <= start && start < p.End
}

// within returns a row's statuses with every slot outside the period as NotHere.
func (p Period) within(r *meter.Row) []meter.Status {
	list := make([]meter.Status, len(r.Statuses))
	for s, st := range r.Statuses {
		if list[s] = st; !p.holds(r.Day, s, r.N) {
			list[s] = meter.NotHere
		}
	}
	return list
}

// touches reports whether any slot of the rows lies in the period.
func (p Period) touches(rows []meter.Row) bool {
	for i := range rows {
		for _, st := range p.within(&rows[i]) {
			if st != meter.NotHere {
				return true
			}
		}
	}
	return false
}

// count counts the slots of the period by status. Rows of one record stand next
// to each other.
func (p Period) count(rows []meter.Row) meter.Counts {
	var counts meter.Counts
	for i := 0; i < len(rows); {
		var record [][]meter.Status
		for first := &rows[i]; i < len(rows) && sameRecord(first, &rows[i]); i++ {
			record = append(record, p.within(&rows[i]))
		}
		counts.Add(record...)
	}
	return counts
}

func sameRecord(a, b *meter.Row) bool {
	return a.Authority == b.Authority && a.Meter == b.Meter && a.Epoch == b.Epoch && a.Day == b.Day
}

// check refuses rows with a slot in the period that the policy refuses.
func (p StatusPolicy) check(period Period, rows []meter.Row) error {
	for i := range rows {
		for _, st := range period.within(&rows[i]) {
			if st == meter.Missing && p.Missing == PolicyRefuse || st == meter.Estimated && p.Estimated == PolicyRefuse {
				return fmt.Errorf("day %s has a slot that is missing or estimated, which the tariff refuses", meter.DayText(rows[i].Day))
			}
		}
	}
	return nil
}

// skips returns which slots of a row the claim leaves out: those of another
// epoch, and those that the policy excludes. It is nil if there are none.
func (p StatusPolicy) skips(r *meter.Row) []bool {
	var skip []bool
	for s, st := range r.Statuses {
		if st == meter.NotHere ||
			st == meter.Missing && p.Missing == PolicyExclude ||
			st == meter.Estimated && p.Estimated == PolicyExclude {
			if skip == nil {
				skip = make([]bool, len(r.Statuses))
			}
			skip[s] = true
		}
	}
	return skip
}
