package testvectors_test

import (
	"fmt"
	"slices"

	"hushwatt/aggregate"
	"hushwatt/meter"
	"hushwatt/testvectors"
)

func runSlot(in *testvectors.Slot) (string, error) {
	var trusted []meter.Authority
	for _, s := range in.Authorities {
		a, err := meter.ParseAuthority(s)
		if err != nil {
			return "", err
		}
		trusted = append(trusted, a)
	}
	f, err := aggregate.ParseSlotFile(in.File)
	if err == nil {
		err = f.Verify(trusted)
	}
	return refusal(err), nil
}

func runDayEnd(in *testvectors.DayEnd) (string, error) {
	r, err := meter.ParseRegistry(in.Registry)
	if err != nil {
		return "", err
	}
	d, err := aggregate.ParseDayEnd(in.DayEnd, r)
	if err == nil {
		err = d.Check(r)
	}
	return refusal(err), nil
}

func runIntake(in *testvectors.Intake) (string, error) {
	r, err := meter.ParseRegistry(in.Registry)
	if err != nil {
		return refusal(err), nil
	}
	key, err := aggregate.ParsePartyKey(in.Key)
	if err != nil {
		return "", err
	}
	enrolments := map[string]*meter.Enrolment{}
	for _, b := range in.Enrolments {
		e, err := meter.ParseEnrolment(b, &r.Charter)
		if err != nil {
			return refusal(err), nil
		}
		hash := e.Hash()
		enrolments[string(hash[:meter.IDSize])] = e
	}
	find := func(id []byte) *meter.Enrolment { return enrolments[string(id)] }
	config := aggregate.AuthorityConfig{Registry: r, Key: key, Enrolments: find, Store: aggregate.NewMemory()}
	var do func(*testvectors.Ask) error
	if r.Charter.Masking() {
		g := &aggregatorSteps{config: config}
		do, err = g.do, g.start()
	} else {
		var a *aggregate.Authority
		a, err = aggregate.NewAuthority(config)
		do = func(step *testvectors.Ask) error { return ask(a, step) }
	}
	if err != nil {
		return refusal(err), nil
	}
	for i, step := range in.Steps {
		err := do(&step)
		if i == len(in.Steps)-1 {
			return refusal(err), nil
		}
		if err != nil {
			return "", fmt.Errorf("step %d: %w", i, err)
		}
	}
	return "", fmt.Errorf("no steps")
}

// intake is what authority and aggregator have in common.
type intake interface {
	Check(record []byte) (*aggregate.Arrival, error)
	Take(*aggregate.Arrival) (aggregate.Outcome, error)
	NextDay(day uint16) error
}

func take(a intake, record []byte, fine ...aggregate.Outcome) error {
	arrival, err := a.Check(record)
	if err != nil {
		return err
	}
	outcome, err := a.Take(arrival)
	if err == nil && !slices.Contains(fine, outcome) {
		err = fmt.Errorf("the record is %s", outcome)
	}
	return err
}

func ask(a *aggregate.Authority, step *testvectors.Ask) error {
	switch step.Op {
	case "record":
		return take(a, step.Data, aggregate.Taken)
	case "cut-off":
		_, err := a.CutOff(step.Day, step.Slot)
		return err
	case "next-day":
		return a.NextDay(step.Day)
	}
	p, err := aggregate.DecodePresence(step.Data)
	if err != nil {
		return err
	}
	switch step.Op {
	case "sign":
		_, err = a.Sign(p)
	case "contribute":
		_, err = a.Contribute(p)
	default:
		err = fmt.Errorf("unknown step %q", step.Op)
	}
	return err
}

// aggregatorSteps is an aggregator and the presence that it has signed last.
type aggregatorSteps struct {
	config   aggregate.AuthorityConfig
	g        *aggregate.Aggregator
	presence *meter.Presence
}

func (s *aggregatorSteps) start() (err error) {
	s.g, err = aggregate.NewAggregator(s.config)
	return err
}

func (s *aggregatorSteps) do(step *testvectors.Ask) (err error) {
	switch step.Op {
	case "record":
		return take(s.g, step.Data, aggregate.Taken, aggregate.Duplicate)
	case "next-day":
		return s.g.NextDay(step.Day)
	case "restart":
		return s.start()
	case "present":
		s.presence, err = s.g.Present(step.Day, step.Slot, nil)
		if err == nil && s.presence == nil {
			err = fmt.Errorf("too few can answer")
		}
	case "answer":
		var a *aggregate.Answered
		if a, err = s.g.CheckAnswer(step.Day, step.Slot, step.Data); err != nil {
			return err
		}
		var outcomes []aggregate.Outcome
		outcomes, err = s.g.TakeAnswers([]*aggregate.Answered{a})
		if err == nil && outcomes[0] != aggregate.Taken && outcomes[0] != aggregate.Duplicate {
			err = fmt.Errorf("the answer %s", outcomes[0])
		}
	case "release":
		_, err = s.g.Release(s.presence)
	default:
		err = fmt.Errorf("unknown step %q", step.Op)
	}
	return err
}

func runAnswer(in *testvectors.Answer) (string, error) {
	r, err := meter.ParseRegistry(in.Registry)
	if err != nil {
		return "", err
	}
	p, err := meter.ParsePresence(in.Presence, r)
	if err != nil {
		return "", err
	}
	a, err := meter.DecodeAnswer(in.Answer)
	if err != nil {
		return refusal(err), nil
	}
	place := r.Index(a.Meter)
	if place < 0 || !p.Meters.Has(place) {
		return refusal(meter.ErrNotPresent), nil
	}
	key, err := meter.ParseShareKey(in.Keys[place])
	if err != nil {
		return "", err
	}
	_, err = key.OpenAnswer(a, p.Day, p.Slot, p.Hash(), r.SquaresFor(p.Meters))
	return refusal(err), nil
}

func runMasked(in *testvectors.Masked) (string, error) {
	r, err := meter.ParseRegistry(in.Registry)
	if err != nil {
		return "", err
	}
	var answered []byte
	for i, b := range in.Presences {
		p, err := aggregate.DecodePresence(b)
		if err == nil {
			err = r.MayAnswer(in.Place, p, answered)
		}
		if i == len(in.Presences)-1 {
			return refusal(err), nil
		}
		if err != nil {
			return "", fmt.Errorf("presence %d: %w", i, err)
		}
		hash := p.Hash()
		answered = hash[:]
	}
	return "", fmt.Errorf("no presences")
}
