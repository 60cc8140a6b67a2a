package testvectors_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"time"

	"hushwatt/prover"
	"hushwatt/testvectors"
)

func newPlan(in *testvectors.Plan) (*prover.BillPlan, error) {
	p := &prover.BillPlan{
		Terms: prover.Terms{
			Kind: prover.Kind(in.Kind), Stage: prover.Stage(in.Stage), Mode: in.Mode, Digits: in.Digits,
			Period: prover.Period{Start: in.Period.Start, End: in.Period.End, First: in.Period.First, Last: in.Period.Last, Clock: in.Period.Clock},
			TZ:     in.TZ,
			Policy: prover.StatusPolicy{Missing: in.Missing, Estimated: in.Estimated},
		},
		Channels: in.Channels,
	}
	for _, m := range in.Meters {
		p.Meters = append(p.Meters, prover.MeterSlots{Meter: m.Meter, N: m.N})
	}
	for _, t := range in.Tariffs {
		if len(t) != 32 {
			return nil, fmt.Errorf("tariff id of %d bytes", len(t))
		}
		p.Tariffs = append(p.Tariffs, [32]byte(t))
	}
	for _, r := range in.Registers {
		p.Registers = append(p.Registers, prover.Register{Name: r.Name, Channel: r.Channel, Unit: r.Unit})
	}
	for _, l := range in.Functionals {
		konst, ok1 := new(big.Int).SetString(l.Const, 10)
		unit, ok2 := new(big.Int).SetString(l.Unit, 10)
		if !ok1 || !ok2 {
			return nil, fmt.Errorf("constant %q, unit %q", l.Const, l.Unit)
		}
		hidden, err := newTerms(l.Hidden)
		if err != nil {
			return nil, err
		}
		p.Functionals = append(p.Functionals, prover.Functional{Name: l.Name, Weights: l.Weights, Const: konst, Hidden: hidden, U: unit})
	}
	for i := range in.Rules {
		r, err := newRule(&in.Rules[i])
		if err != nil {
			return nil, err
		}
		p.Rules = append(p.Rules, r)
	}
	return p, nil
}

func newTerms(in []testvectors.Term) (terms []prover.Term, err error) {
	for _, t := range in {
		coef, ok := new(big.Int).SetString(t.Coef, 10)
		if !ok {
			return nil, fmt.Errorf("coefficient %q", t.Coef)
		}
		terms = append(terms, prover.Term{Rule: t.Rule, Coef: coef})
	}
	return terms, nil
}

func newRule(in *testvectors.Rule) (r prover.Rule, err error) {
	r = prover.Rule{Name: in.Name, Kind: prover.RuleKind(in.Kind), Count: in.Count, Mode: prover.Mode(in.Mode)}
	r.Of.FirstRow, r.Of.Weights = in.FirstRow, in.Weights
	var ok bool
	if r.Of.Const, ok = new(big.Int).SetString(in.Const, 10); !ok && in.Const != "" {
		return r, fmt.Errorf("constant %q", in.Const)
	}
	if r.U, ok = new(big.Int).SetString(in.Unit, 10); !ok && in.Unit != "" {
		return r, fmt.Errorf("unit %q", in.Unit)
	}
	for _, g := range in.Groups {
		group := prover.Group{Day: g.Day}
		for _, c := range g.Cells {
			group.Cells = append(group.Cells, prover.Place{Row: c[0], Slot: c[1]})
		}
		r.Groups = append(r.Groups, group)
	}
	r.Of.Hidden, err = newTerms(in.Hidden)
	return r, err
}

// newChecks are those of a verifier whose plan for a request is the one for its
// period.
func newChecks(trusted []string, plans ...testvectors.Plan) (prover.Checks, error) {
	var c prover.Checks
	var err error
	if c.Authorities, err = authorities(trusted); err != nil {
		return c, err
	}
	var own []*prover.BillPlan
	for i := range plans {
		p, err := newPlan(&plans[i])
		if err != nil {
			return c, err
		}
		own = append(own, p)
	}
	c.Plan = func(r *prover.Request) (*prover.BillPlan, error) {
		for _, p := range own {
			if p.Period == r.Terms.Period || len(own) == 1 {
				return p, nil
			}
		}
		return nil, errors.New("no tariff for this period")
	}
	return c, nil
}

func billReason(err error) (string, error) {
	var r *prover.Refusal
	switch {
	case err == nil:
		return "", nil
	case errors.As(err, &r):
		return string(r.Reason), nil
	}
	return "", err
}

// runBill checks a bill by itself and in a batch beside others.
func runBill(in *testvectors.Bill) (string, error) {
	c, err := newChecks(in.Authorities, in.Plan)
	if err != nil {
		return "", err
	}
	if len(in.Request) > 0 {
		if c.Request, err = prover.ParseRequest(in.Request); err != nil {
			return "", err
		}
	}
	_, err = prover.VerifyBill(in.Bill, c)
	_, errs := prover.VerifyBills([][]byte{in.Bill, in.Bill}, c)
	for _, again := range errs {
		if (again == nil) != (err == nil) {
			return "", fmt.Errorf("alone: %v; in a batch: %v", err, again)
		}
	}
	return billReason(err)
}

func runExchange(in *testvectors.Exchange) (string, error) {
	c, err := newChecks(in.Authorities, in.Plans...)
	if err != nil {
		return "", err
	}
	key, err := prover.ParseSupplierKey([]byte(in.Supplier))
	if err != nil {
		return "", err
	}
	memory := prover.NewMemory()
	for _, b := range in.Requests {
		r, err := prover.ParseRequest(b)
		if err != nil {
			return "", err
		}
		memory.Open(r)
	}
	server := prover.Verifier{Checks: c, Key: key, Ledger: memory, Now: func() time.Time { return time.Unix(in.Now, 0) }}
	receipts := map[string][]byte{} // by bill: the same bytes get the same receipt
	for i, b := range in.Bills {
		receipt, err := server.Submit(b)
		if before, again := receipts[string(b)]; again && !bytes.Equal(receipt, before) {
			return "", fmt.Errorf("bill %d: another receipt", i)
		}
		receipts[string(b)] = receipt
		if i == len(in.Bills)-1 {
			return billReason(err)
		}
		if err != nil {
			return "", fmt.Errorf("bill %d: %w", i, err)
		}
	}
	return "", errors.New("no bill")
}

func runReceipt(in *testvectors.Receipt) (string, error) {
	from, err := prover.ParseSupplier(in.Supplier)
	if err != nil {
		return "", err
	}
	sent, err := prover.ParseBill(in.Bill)
	if err != nil {
		return "", err
	}
	_, err = prover.CheckReceipt(in.Receipt, sent, from)
	return refusal(err), nil
}
