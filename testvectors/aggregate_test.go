package testvectors_test

import (
	"fmt"

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
	a, err := aggregate.NewAuthority(aggregate.AuthorityConfig{Registry: r, Key: key, Enrolments: find, Store: aggregate.NewMemory()})
	if err != nil {
		return refusal(err), nil
	}
	for i, step := range in.Steps {
		err := ask(a, r, &step)
		if i == len(in.Steps)-1 {
			return refusal(err), nil
		}
		if err != nil {
			return "", fmt.Errorf("step %d: %w", i, err)
		}
	}
	return "", fmt.Errorf("no steps")
}

func ask(a *aggregate.Authority, r *meter.Registry, step *testvectors.Ask) error {
	switch step.Op {
	case "record":
		arrival, err := a.Check(step.Data)
		if err != nil {
			return err
		}
		outcome, err := a.Take(arrival)
		if err == nil && outcome != aggregate.Taken {
			err = fmt.Errorf("the record is %s", outcome)
		}
		return err
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
