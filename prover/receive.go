package prover

import (
	"errors"
	"fmt"
	"time"

	"hushwatt/meter"
)

// Verifier is a supplier's side of the exchange: it checks what customers send,
// records each bill once and signs receipts (docs/protocol.md, sections 5.4 and
// 5.5). Its methods are safe for concurrent use if its fields are not changed.
type Verifier struct {
	Checks
	Key     *SupplierKey // signs receipts; requests of other suppliers are refused
	Ledger  Ledger
	Now     func() time.Time // time.Now if nil
	MaxSize int              // of a bill file in bytes; 256 kB if 0
}

const defaultMaxSize = 256_000

// Submit checks one bill file and returns its receipt's bytes. Sent again, the
// same submission gets the same bytes. The error is a *Refusal, or one of the
// ledger's if that is why nothing was decided.
func (v *Verifier) Submit(bill []byte) ([]byte, error) {
	receipts, errs := v.SubmitAll([][]byte{bill})
	return receipts[0], errs[0]
}

// SubmitAll checks many bill files with one combined check of their proofs.
// Receipt and error i are those of Submit for bill i; bills are recorded in order,
// none before its own verdict.
func (v *Verifier) SubmitAll(bills [][]byte) (receipts [][]byte, errs []error) {
	receipts, errs = make([][]byte, len(bills)), make([]error, len(bills))
	checked := make([]*checkedBill, len(bills))
	plans := hashedPlans{}
	for i, data := range bills {
		checked[i], receipts[i], errs[i] = v.open(data, plans)
	}
	var open []*checkedBill
	var at []int
	for i, c := range checked {
		if c != nil {
			open, at = append(open, c), append(at, i)
		}
	}
	verdicts := make([]error, len(open))
	verifyProofs(open, verdicts)
	var proven []*checkedBill
	var places []int
	for k, i := range at {
		if errs[i] = verdicts[k]; errs[i] == nil {
			proven, places = append(proven, open[k]), append(places, i)
		}
	}
	recorded, failed := v.record(proven, places, bills)
	for k, i := range places {
		receipts[i], errs[i] = recorded[k], failed[k]
	}
	return receipts, errs
}

// open makes every check but the proof's. It returns a checked bill, or the
// receipt that the same submission was given before, or an error.
func (v *Verifier) open(data []byte, plans hashedPlans) (*checkedBill, []byte, error) {
	limit := v.MaxSize
	if limit == 0 {
		limit = defaultMaxSize
	}
	if len(data) > limit {
		return nil, nil, refusef(ReasonMalformed, "bill of %d bytes, more than %d", len(data), limit)
	}
	b, err := ParseBill(data)
	if err != nil {
		return nil, nil, err
	}
	before, receipt, ok, err := v.Ledger.Receipt(b.Submission.ID)
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("ledger: %w", err)
	case ok && before == b.Submission.Hash():
		return nil, receipt, nil
	case ok:
		return nil, nil, refusef(ReasonRequest, "id is in use for another submission")
	}
	if err := v.checkRequest(b.Request); err != nil {
		return nil, nil, err
	}
	checks := v.Checks
	checks.Accepted, checks.plans = v.Ledger.Accepted, plans
	c, err := checks.check(b)
	var two *meter.TwoHeads
	if errors.As(err, &two) {
		if kept := v.Ledger.Evidence(two); kept != nil {
			return nil, nil, fmt.Errorf("ledger: %w", kept)
		}
	}
	return c, nil, err
}

// checkRequest refuses requests that are not ours, not known, answered, withdrawn
// or too old. All of them get the same word.
func (v *Verifier) checkRequest(r *Request) error {
	if r.Supplier != v.Key.Public() {
		return refusef(ReasonRequest, "request of another supplier")
	}
	state, err := v.Ledger.Request(r.Hash())
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if state != RequestOpen {
		return refusef(ReasonRequest, "request is not open (state %d)", state)
	}
	if r.Expired(v.now()) {
		return refusef(ReasonRequest, "request has expired")
	}
	return nil
}

func (v *Verifier) now() int64 {
	if v.Now == nil {
		return time.Now().Unix()
	}
	return v.Now().Unix()
}

// record makes bills count, each in one transaction with its receipt.
func (v *Verifier) record(proven []*checkedBill, places []int, bills [][]byte) ([][]byte, []error) {
	if len(proven) == 0 {
		return nil, nil
	}
	entries := make([]Entry, len(proven))
	for k, c := range proven {
		entries[k] = c.entry(bills[places[k]])
	}
	return v.Ledger.Record(entries, func(k int, serial uint64) []byte {
		e, s := &entries[k], proven[k].result.Bill.Submission
		receipt := Receipt{
			Version: Version, Suite: Suite, Request: e.Request, Submission: e.Submission, ID: e.ID,
			Outputs: s.Outputs, Heads: s.heads(), Verdict: Accepted, Time: v.now(), Serial: serial,
		}
		receipt.sign(v.Key)
		return receipt.Bytes()
	})
}

func (c *checkedBill) entry(data []byte) Entry {
	r, s := c.result.Bill.Request, c.result.Bill.Submission
	e := Entry{
		ID: s.ID, Request: s.Request, Replaces: r.Replaces, Submission: s.Hash(), Bill: data,
		Kind: r.Terms.Kind, Start: r.Terms.Period.Start, End: r.Terms.Period.End,
		Segments: c.segments, Result: c.result,
	}
	for _, m := range r.Terms.Meters {
		e.Meters = append(e.Meters, m.Meter)
	}
	return e
}
