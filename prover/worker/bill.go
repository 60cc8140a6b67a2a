package worker

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"hushwatt/meter"
	"hushwatt/prover"
	"hushwatt/prover/plan"
	"hushwatt/tariffs"
)

// A Job says which bill to make. Without a request the bill is for the local
// days [Start, End) and carries a request that nobody signed; with one, its
// period is taken and Start and End are not looked at.
type Job struct {
	Opened     []*meter.Opened
	Tariffs    []*tariffs.Tariff
	Start, End tariffs.Date
	Request    *prover.Request

	// Knowingly lets a bill be made that breaks the privacy rules because its
	// period is short, if nobody has asked for it and the tariff keeps them in
	// whole months. Made.Tells then says what can be read from the bill.
	Knowingly bool
}

// A Made bill is what leaves the device, and what the customer is shown of it.
type Made struct {
	Bill     []byte // the file: request and submission
	Plan     *plan.Plan
	Currency string
	Total    string
	Proving  time.Duration // from opened readings to the finished proof
	Tells    error         // the privacy rule that the bill breaks, knowingly; else nil
}

// Make makes a bill and its proof. Before it proves anything it applies the
// privacy rules of docs/protocol.md, section 6; before it returns it verifies
// the bill as the supplier will.
func Make(j Job, now time.Time) (*Made, error) {
	p, err := j.plan(now)
	if err != nil {
		return nil, err
	}
	tells := p.Private()
	if tells != nil && !j.forgives() {
		return nil, tells
	}
	began := time.Now()
	bill, err := prover.Answer(j.Request, p.BillPlan, j.Opened, rand.Reader)
	if err != nil {
		return nil, plain(err)
	}
	m := &Made{Bill: bill.Bytes(), Plan: p, Currency: p.Currency(), Proving: time.Since(began), Tells: tells}
	result, err := prover.VerifyBill(m.Bill, j.checks())
	if err != nil {
		return nil, fmt.Errorf("own bill does not verify: %w", err)
	}
	m.Total, err = p.Total(result.Outputs)
	return m, err
}

// forgives reports whether a bill may break the privacy rules.
func (j *Job) forgives() bool {
	if !j.Knowingly || j.Request != nil {
		return false
	}
	for _, t := range j.Tariffs {
		if r, err := tariffs.Check(t); err != nil || !r.Accepted {
			return false
		}
	}
	return true
}

func (j *Job) plan(now time.Time) (*plan.Plan, error) {
	if j.Request == nil {
		meters := j.meters()
		if len(meters) == 0 {
			return nil, fmt.Errorf("no export holds a day from %s to %s", j.Start, j.End)
		}
		return plan.New(j.Tariffs, j.Start, j.End, meters)
	}
	if j.Request.Expired(now.Unix()) {
		return nil, fmt.Errorf("the request was to be answered by %s", time.Unix(j.Request.NotAfter, 0).UTC().Format(time.DateTime))
	}
	return plan.For(j.Request, j.Tariffs)
}

// meters are those of the exports that hold a day near the period, each once. (A
// local day touches the UTC day before or after it at most.)
func (j *Job) meters() []prover.MeterSlots {
	var list []prover.MeterSlots
	for _, o := range j.Opened {
		if tariffs.Date(o.Export.Last())+1 < j.Start || tariffs.Date(o.Export.First()) > j.End {
			continue
		}
		c := o.Export.Certificate()
		m := prover.MeterSlots{Meter: c.Meter, N: c.N}
		if !slices.ContainsFunc(list, func(k prover.MeterSlots) bool { return k.Meter == m.Meter }) {
			list = append(list, m)
		}
	}
	return list
}

// checks are those of a supplier that trusts the authorities of these meters.
func (j *Job) checks() prover.Checks {
	c := Checks(j.Tariffs)
	for _, o := range j.Opened {
		if a, err := o.Export.Certificate().Issuer(); err == nil {
			c.Authorities = append(c.Authorities, a)
		}
	}
	c.Request = j.Request
	return c
}

// Checks are those of a verifier with tariffs of its own; authorities, and the
// request if it must be a certain one, are for the caller to add.
func Checks(ts []*tariffs.Tariff) prover.Checks {
	return prover.Checks{Plan: func(r *prover.Request) (*prover.BillPlan, error) {
		p, err := plan.For(r, ts)
		if err != nil {
			return nil, err
		}
		return p.BillPlan, nil
	}}
}

// plain takes the supplier's word for a refusal off an error: the customer's own
// device refuses in sentences.
func plain(err error) error {
	r := new(prover.Refusal)
	switch {
	case errors.Is(err, meter.ErrCoverage):
		return fmt.Errorf("the exports do not hold the whole period: %w", err)
	case errors.As(err, &r):
		return r.Detail
	}
	return err
}
