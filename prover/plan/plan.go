// Package plan is where tariffs and proofs meet: it compiles tariff documents
// into what a claim needs, prices per meter, day and slot, and turns what a
// proof reveals back into money. Customer and supplier both make their plan
// here, each from documents of its own, so the same code gives both the same
// weights.
package plan

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"hushwatt/prover"
	"hushwatt/tariffs"
)

// A Plan is a bill before any reading is looked at, as both sides make it from
// the tariff documents: the part that is proven, and the public arithmetic that
// turns what a proof reveals into money.
type Plan struct {
	*prover.BillPlan

	// Compiled is the same bill per meter, in the order of BillPlan.Meters.
	// They differ in their slots only; all say the same about the money.
	Compiled []*tariffs.Plan
}

// New compiles tariffs for a rounded bill of the local days [start, end).
func New(ts []*tariffs.Tariff, start, end tariffs.Date, meters []prover.MeterSlots) (*Plan, error) {
	return compile(prover.BillRounded, ts, start, end, meters)
}

// For compiles the verifier's or customer's own tariffs for what a request
// asks. That the request asks for exactly this is checked by BillPlan.Matches.
// A signed request and a signed tariff must be of one supplier. Addenda that the
// request does not name are left out: they were published later.
func For(r *prover.Request, ts []*tariffs.Tariff) (*Plan, error) {
	ts = slices.Clone(ts)
	for i, t := range ts {
		ts[i] = t.Named(r.Terms.Tariffs)
		if s := t.Supplier(); s != nil && r.Signed() && string(s) != string(r.Supplier[:]) {
			return nil, errors.New("the request comes from another supplier than the one that signed the tariff")
		}
	}
	start, err := tariffs.ParseDate(r.Terms.Period.First)
	if err != nil {
		return nil, fmt.Errorf("first day: %w", err)
	}
	end, err := tariffs.ParseDate(r.Terms.Period.Last)
	if err != nil {
		return nil, fmt.Errorf("last day: %w", err)
	}
	// The instants are bounded, so this bounds the work that a hostile request
	// can cause before its dates are compared with the instants.
	days := (r.Terms.Period.End - r.Terms.Period.Start) / 86400
	if d := int64(end-start) - days; d < -1 || d > 1 {
		return nil, errors.New("the dates of the period are not its instants")
	}
	p, err := compile(r.Terms.Kind, ts, start, end, r.Terms.Meters)
	if err != nil {
		return nil, err
	}
	for _, id := range r.Terms.Tariffs {
		if !slices.Contains(p.Terms.Tariffs, id) {
			return nil, fmt.Errorf("the request names the tariff or addendum %x, which is not there", id)
		}
	}
	return p, nil
}

func compile(kind prover.Kind, ts []*tariffs.Tariff, start, end tariffs.Date, meters []prover.MeterSlots) (*Plan, error) {
	if len(meters) == 0 {
		return nil, errors.New("a bill needs a meter")
	}
	meters = slices.Clone(meters)
	slices.SortFunc(meters, func(a, b prover.MeterSlots) int { return strings.Compare(a.Meter, b.Meter) })
	p := &Plan{BillPlan: new(prover.BillPlan)}
	for _, m := range meters {
		c, err := tariffs.Compile(ts, start, end, int(m.N))
		if err != nil {
			return nil, err
		}
		fs, err := functionals(kind, c)
		if err != nil {
			return nil, err
		}
		if err := p.stack(c, fs); err != nil {
			return nil, err
		}
		p.Compiled = append(p.Compiled, c)
	}
	p.Terms = terms(kind, p.Compiled[0], meters)
	return p, p.provable()
}

// provable asks the claim's compiler whether a bill with rules can be proven. A
// plan without rules is what tariffs found provable.
func (p *Plan) provable() error {
	if len(p.Rules) == 0 {
		return nil
	}
	if err := p.BillPlan.Provable(); err != nil {
		return unprovable{err}
	}
	return nil
}

// Provable says whether a bill of a compiled tariff can be proven. It is what
// New and For ask too, so a quote knows what bill and verification will say.
func Provable(c *tariffs.Plan) error {
	fs, err := functionals(prover.BillRounded, c)
	if err != nil {
		return err
	}
	p := &Plan{BillPlan: new(prover.BillPlan)}
	if err := p.stack(c, fs); err != nil {
		return err
	}
	p.Terms = terms(prover.BillRounded, c, []prover.MeterSlots{{Meter: "any", N: uint16(c.N)}})
	return p.provable()
}

// unprovable is an error of package prover that is one of tariffs as well.
type unprovable struct{ error }

func (u unprovable) Unwrap() error        { return u.error }
func (u unprovable) Is(target error) bool { return target == tariffs.ErrNotProvable }

// functionals are the sums that a proof of this kind reveals, for one meter.
func functionals(kind prover.Kind, c *tariffs.Plan) ([]tariffs.Functional, error) {
	switch kind {
	case prover.BillRounded:
		return c.Functionals()
	case prover.BillExact:
		f, err := c.Exact()
		return []tariffs.Functional{f}, err
	}
	return nil, fmt.Errorf("%s: no tariff compiles to that", kind)
}

func terms(kind prover.Kind, c *tariffs.Plan, meters []prover.MeterSlots) prover.Terms {
	t := prover.Terms{
		Kind: kind,
		Period: prover.Period{Start: c.From, End: c.To,
			First: c.Start.String(), Last: c.End.String(), Clock: c.Clock},
		Meters: meters,
		TZ:     tariffs.TZVersion(),
		Policy: prover.StatusPolicy{Missing: string(c.Missing), Estimated: string(c.Estimated)},
	}
	if kind == prover.BillRounded {
		t.Stage = prover.Stage(c.Rounding.Stage)
		t.Mode = string(c.Rounding.Mode)
		t.Digits = uint8(c.Rounding.Digits)
	}
	t.Tariffs = c.Documents()
	return t
}

// Total is the money of a bill whose proof revealed outputs.
func (p *Plan) Total(outputs []*big.Int) (string, error) {
	c := p.Compiled[0]
	if p.Kind == prover.BillExact {
		return c.ExactTotal(outputs[0])
	}
	minor, err := c.Total(outputs)
	if err != nil {
		return "", err
	}
	return c.Rounding.Money(minor), nil
}

// Currency is that of the bill, three capitals.
func (p *Plan) Currency() string { return p.Compiled[0].Currency }

// Private applies the privacy rules to what the bill would release: an error
// says in plain words what could be read from it. An exact amount breaks rule A,
// whatever the prices; it is for those who hand over totals or readings anyway.
func (p *Plan) Private() error {
	if p.Kind == prover.BillExact {
		return errors.New("privacy rule A: an amount that is not rounded can give single half-hours away")
	}
	for _, c := range p.Compiled {
		if _, err := c.Private(nil); err != nil {
			return err
		}
	}
	return nil
}
