package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"hushwatt/meter"
	"hushwatt/prover"
	"hushwatt/prover/plan"
	"hushwatt/prover/worker"
	"hushwatt/tariffs"
)

var verifyCommand = command{
	name:    "verify",
	does:    "check a bill, as its supplier does",
	example: "hushwatt verify --bill march.bill --tariff tariff.json --authority my-meter/authority.pub",
	note:    "Ends with 0 if the bill is accepted and with 1, and a reason, if it is refused.",
	flags: func(f *flags) action {
		var j verifyJob
		j.bill = f.need("bill", "FILE", "the bill (*.bill)")
		j.tariffs = f.needList("tariff", "FILE", "a tariff of your own: nothing is taken from the bill")
		j.addenda = declareAddenda(f)
		j.authorities = f.needList("authority", "FILE", "a meter authority that you trust")
		j.request = f.text("request", "FILE", "the request that must have been answered")
		return j.run
	},
}

// verifyJob is one use of `verify`.
type verifyJob struct {
	bill, request                 *string
	tariffs, addenda, authorities *[]string
}

type acceptedAnswer struct {
	Verdict   string  `json:"verdict"`
	Total     string  `json:"total"`
	Currency  string  `json:"currency"`
	Meter     string  `json:"meter"` // several with a space between, here and below
	Start     string  `json:"start"`
	End       string  `json:"end"`
	Missing   int     `json:"missing"`
	Estimated int     `json:"estimated"`
	Tariff    string  `json:"tariff"`
	Request   *string `json:"request"` // hash, null if nobody asked
}

func (a acceptedAnswer) text(w io.Writer) {
	fmt.Fprintf(w, "accepted: %s %s for %s to %s (exclusive), meter %s, missing slots: %d, estimated: %d\n",
		a.Total, a.Currency, a.Start, a.End, a.Meter, a.Missing, a.Estimated)
}

type refusedAnswer struct {
	Verdict string        `json:"verdict"`
	Reason  prover.Reason `json:"reason"`
}

func (a refusedAnswer) text(w io.Writer) { fmt.Fprintf(w, "refused: %s\n", a.Reason) }

func (j *verifyJob) run(*console) (answer, error) {
	bill, err := readFile(*j.bill)
	if err != nil {
		return nil, err
	}
	ts, checks, err := j.checks()
	if err != nil {
		return nil, err
	}
	result, err := prover.VerifyBill(bill, checks)
	if r := new(prover.Refusal); errors.As(err, &r) {
		return refusedAnswer{"refused", r.Reason}, err
	}
	if err != nil {
		return nil, err
	}
	return accepted(result, ts)
}

// checks are what the verifier brings of its own.
func (j *verifyJob) checks() ([]*tariffs.Tariff, prover.Checks, error) {
	ts, err := supplierTariffs(*j.tariffs, *j.addenda)
	if err != nil {
		return nil, prover.Checks{}, err
	}
	checks := worker.Checks(ts)
	for _, path := range *j.authorities {
		a, err := readAuthority(path)
		if err != nil {
			return nil, checks, err
		}
		checks.Authorities = append(checks.Authorities, a)
	}
	checks.Request, err = readRequest(*j.request)
	return ts, checks, err
}

func readAuthority(path string) (meter.Authority, error) {
	data, err := readFile(path)
	if err != nil {
		return meter.Authority{}, err
	}
	a, err := meter.ParseAuthority(strings.TrimSpace(string(data)))
	if err != nil {
		return meter.Authority{}, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

func accepted(r *prover.Result, ts []*tariffs.Tariff) (answer, error) {
	p, err := plan.For(r.Bill.Request, ts)
	if err != nil {
		return nil, err
	}
	total, err := p.Total(r.Outputs)
	if err != nil {
		return nil, err
	}
	a := acceptedAnswer{
		Verdict: prover.Accepted, Total: total, Currency: p.Currency(),
		Start: p.Period.First, End: p.Period.Last,
		Missing: r.Counts.Missing, Estimated: r.Counts.Estimated,
	}
	var meters, ids []string
	for _, m := range p.Meters {
		meters = append(meters, m.Meter)
	}
	for _, t := range p.Tariffs {
		ids = append(ids, hex.EncodeToString(t[:]))
	}
	a.Meter, a.Tariff = strings.Join(meters, " "), strings.Join(ids, " ")
	if r.Bill.Request.Signed() {
		hash := hashText(r.Bill.Request)
		a.Request = &hash
	}
	return a, nil
}
