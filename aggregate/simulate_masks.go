package aggregate

import (
	"slices"

	"hushwatt/meter"
)

// introduce makes neighbours share their keys.
func (r *simulated) introduce(find func([]byte) *meter.Enrolment) error {
	letters := make([][]*meter.Introduction, len(r.homes))
	err := parallel(len(r.homes), func(i int) (err error) {
		letters[i], err = r.homes[i].meter.Join(r.registry, find)
		return err
	})
	if err != nil {
		return err
	}
	mail := make([][]*meter.Introduction, len(r.homes))
	for _, list := range letters {
		for _, l := range list {
			to := r.registry.Index(l.To)
			mail[to] = append(mail[to], l)
		}
	}
	return parallel(len(r.homes), func(i int) error {
		for _, l := range mail[i] {
			if err := r.homes[i].meter.Meet(l); err != nil {
				return err
			}
		}
		return nil
	})
}

// unmask is the aggregator's part of a slot.
func (r *simulated) unmask(day, slot uint16) (*SlotFile, error) {
	p, err := r.aggregator.Present(day, slot, nil)
	if p == nil || err != nil {
		return nil, err
	}
	answered := make([]*Answered, len(r.homes))
	err = parallel(len(r.homes), func(i int) error {
		if !p.Meters.Has(i) {
			return nil
		}
		a, err := r.homes[i].live.Answer(p, meter.ImportChannel)
		if err != nil {
			return err
		}
		answered[i], err = r.aggregator.CheckAnswer(day, slot, a.Bytes())
		return err
	})
	if err != nil {
		return nil, err
	}
	answered = slices.DeleteFunc(answered, func(a *Answered) bool { return a == nil })
	if _, err := r.aggregator.TakeAnswers(answered); err != nil {
		return nil, err
	}
	return r.aggregator.Release(p)
}
