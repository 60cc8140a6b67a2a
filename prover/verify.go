package prover

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"hushwatt/meter"
	"hushwatt/prover/sigma"
)

// Checks is what a verifier brings of its own to a bill: whom it trusts, and how
// it makes a plan. Nothing of the kind is taken from the bill.
type Checks struct {
	// Authorities are those whose meters count.
	Authorities []meter.Authority
	// Plan makes the plan for the terms of a request from the verifier's own
	// tariff documents. It is called before the request is believed; an error
	// refuses the bill with ReasonTariff.
	Plan func(*Request) (*BillPlan, error)
	// Request, if not nil, is the one that must have been answered.
	Request *Request
	// Registered, if not nil, is asked whether a meter's certificate may count on
	// the days from first to last; the authority's signature has not been checked
	// yet. An error refuses the bill with ReasonCertificate.
	Registered func(c *meter.Certificate, first, last uint16) error
	// Accepted, if not nil, returns what was accepted before of an epoch, nil if
	// nothing. A Verifier asks its Ledger instead.
	Accepted func(Epoch) (*meter.Accepted, error)

	plans hashedPlans
}

// hashedPlans holds the weights hashes that were made, for as long as one call
// lasts: the bills of a batch mostly share their prices, if not their meters.
type hashedPlans map[prices][32]byte

// prices names the weights and constants of a plan by where they are in memory.
type prices struct {
	first *Functional
	count int
	rule  *Rule // the first one
	tz    string
}

func (h hashedPlans) hash(p *BillPlan) [32]byte {
	at := prices{first: &p.Functionals[0], count: len(p.Functionals), tz: p.TZ}
	if len(p.Rules) > 0 {
		at.rule = &p.Rules[0]
	}
	hash, ok := h[at]
	if !ok {
		hash = p.WeightsHash()
		if h != nil {
			h[at] = hash
		}
	}
	return hash
}

// Result is what an accepted bill says.
type Result struct {
	Bill    *Bill
	Plan    *BillPlan
	Outputs []*big.Int
	Counts  meter.Counts // slots of the period by status

	// Segments are those of the submission, as checked, each with the state to be
	// taken as accepted from now on.
	Segments []*meter.Checked
}

// VerifyBill checks a bill file by itself, in the order of docs/protocol.md,
// section 5.4, without the memory that a supplier keeps. The error is a *Refusal.
func VerifyBill(data []byte, c Checks) (*Result, error) {
	p, err := c.open(data)
	if err != nil {
		return nil, err
	}
	if err := p.claim.Verify(p.header, p.seals, p.result.Bill.Submission.Proof); err != nil {
		return nil, refuse(ReasonProof, err)
	}
	return p.result, nil
}

// VerifyBills checks many bill files at once, with one combined check of their
// proofs, which takes a fraction of the time. Result and error i are those that
// VerifyBill would give for bill i.
func VerifyBills(bills [][]byte, c Checks) ([]*Result, []error) {
	c.plans = hashedPlans{}
	checked := make([]*checkedBill, len(bills))
	errs := make([]error, len(bills))
	for i, data := range bills {
		checked[i], errs[i] = c.open(data)
	}
	verifyProofs(checked, errs)
	results := make([]*Result, len(bills))
	for i, p := range checked {
		if errs[i] == nil {
			results[i] = p.result
		}
	}
	return results, errs
}

// open decodes a bill and makes every check but the proof's.
func (c *Checks) open(data []byte) (*checkedBill, error) {
	b, err := ParseBill(data)
	if err != nil {
		return nil, err
	}
	return c.check(b)
}

// verifyProofs checks the proofs of those bills that have no error yet, and sets
// the errors of those whose proof fails.
func verifyProofs(checked []*checkedBill, errs []error) {
	batch := NewBatch(rand.Reader)
	var members []int
	for i, p := range checked {
		if errs[i] == nil {
			batch.Add(p.claim, p.header, p.seals, p.result.Bill.Submission.Proof)
			members = append(members, i)
		}
	}
	for k, err := range batch.Verify() {
		if err != nil {
			errs[members[k]] = refuse(ReasonProof, err)
		}
	}
}

// checkedBill is a bill of which only the proof is left to check.
type checkedBill struct {
	result   *Result
	segments []*meter.Checked
	claim    *Claim
	header   []byte
	seals    []sigma.Point
}

// check makes every check between decoding and the proof.
func (c *Checks) check(b *Bill) (*checkedBill, error) {
	r, s := b.Request, b.Submission
	if c.Request != nil && r.Hash() != c.Request.Hash() {
		return nil, refusef(ReasonRequest, "another request was answered")
	}
	segments, err := c.segments(r, s)
	if err != nil {
		return nil, err
	}
	plan, planErr := c.Plan(r)
	channels := []int{meter.ImportChannel}
	if planErr == nil {
		channels = plan.Channels
	}
	rows, err := r.Terms.rows(segments, channels)
	if err != nil {
		return nil, err
	}
	if planErr != nil {
		return nil, refuse(ReasonTariff, planErr)
	}
	hash, err := plan.matching(r, c.plans)
	if err != nil {
		return nil, refuse(ReasonTariff, err)
	}
	claim, err := plan.claimOf(&hash, rows, s.Outputs)
	if err != nil {
		return nil, err
	}
	return &checkedBill{
		result:   newResult(b, plan, segments, rows),
		segments: segments, claim: claim, header: headerOf(r, s, segments), seals: sealsOf(rows),
	}, nil
}

// segments checks every segment by itself: certificate, heads and chains.
func (c *Checks) segments(r *Request, s *Submission) ([]*meter.Checked, error) {
	list := make([]*meter.Checked, len(s.Segments))
	for i := range s.Segments {
		seg := &s.Segments[i]
		n := r.Terms.slots(seg.Certificate.Meter)
		if n == 0 {
			return nil, refusef(ReasonRequest, "meter %.64q is not asked for", seg.Certificate.Meter)
		}
		if int(seg.Certificate.N) != n {
			return nil, refusef(ReasonCertificate, "meter %s is certified for %d slots a day, not %d", seg.Certificate.Meter, seg.Certificate.N, n)
		}
		if c.Registered != nil {
			if err := c.Registered(&seg.Certificate, seg.First, seg.PeriodHead.Day); err != nil {
				return nil, refuse(ReasonCertificate, err)
			}
		}
		before, err := c.accepted(seg)
		if err != nil {
			return nil, err
		}
		if list[i], err = seg.Check(c.Authorities, before); err != nil {
			return nil, refuse(reasonOf(err), err)
		}
	}
	return list, nil
}

func (c *Checks) accepted(seg *meter.Segment) (*meter.Accepted, error) {
	if c.Accepted == nil {
		return nil, nil
	}
	before, err := c.Accepted(Epoch{seg.Certificate.AuthorityHash(), seg.Certificate.Meter, seg.Epoch})
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return before, nil
}

// reasonOf translates the kinds of error that a segment's check has.
func reasonOf(err error) Reason {
	switch {
	case errors.Is(err, meter.ErrMalformed):
		return ReasonMalformed
	case errors.Is(err, meter.ErrCertificate):
		return ReasonCertificate
	case errors.Is(err, meter.ErrCoverage):
		return ReasonCoverage
	}
	return ReasonChain
}

// rows returns the rows of the priced channels in record order, after checking
// that they cover the period and that the policy allows their statuses.
func (t *Terms) rows(segments []*meter.Checked, channels []int) ([]meter.Row, error) {
	if err := t.checkSegments(segments); err != nil {
		return nil, refuse(ReasonCoverage, err)
	}
	count := 0
	for _, s := range segments {
		count += len(s.Rows)
	}
	rows := make([]meter.Row, 0, count)
	for _, s := range segments {
		for i := range s.Rows {
			if slices.Contains(channels, s.Rows[i].Channel) {
				rows = append(rows, s.Rows[i])
			}
		}
	}
	for _, ch := range channels {
		if err := meter.CheckCoverage(rows, ch, t.Period.Start, t.Period.End); err != nil {
			return nil, refuse(ReasonCoverage, err)
		}
	}
	if err := t.Policy.check(t.Period, rows); err != nil {
		return nil, refuse(ReasonStatus, err)
	}
	return rows, nil
}

func newResult(b *Bill, plan *BillPlan, segments []*meter.Checked, rows []meter.Row) *Result {
	r := &Result{Bill: b, Plan: plan, Counts: plan.Period.count(rows), Segments: segments}
	for _, o := range b.Submission.Outputs {
		r.Outputs = append(r.Outputs, o.Int())
	}
	return r
}

// claimOf builds the claim and sorts its errors: outputs that no proof could
// give are the sender's fault, anything else is the tariff's.
func (p *BillPlan) claimOf(hash *[32]byte, rows []meter.Row, outputs []Output) (*Claim, error) {
	if len(outputs) != p.outputs() {
		return nil, refusef(ReasonProof, "%d outputs instead of %d", len(outputs), p.outputs())
	}
	for _, o := range outputs {
		if p.Kind != BillExact && !o.Int().IsInt64() {
			return nil, refusef(ReasonProof, "an amount is beyond 64 bits")
		}
	}
	c, err := p.claimKnowing(hash, rows, outputs)
	if errors.Is(err, errImpossible) {
		return nil, refuse(ReasonProof, err)
	}
	if err != nil {
		return nil, refuse(ReasonTariff, err)
	}
	return c, nil
}

// ErrWeights says that a request names other prices than the tariff documents
// give. A customer is shown it before anything is proven.
var ErrWeights = errors.New("the request's prices are not those of the tariff")

// Matches reports whether a request asks for exactly this plan: the same terms,
// and the prices that its weights hash names.
func (p *BillPlan) Matches(r *Request) error {
	_, err := p.matching(r, nil)
	return err
}

// matching is Matches, and returns the weights hash.
func (p *BillPlan) matching(r *Request, known hashedPlans) (hash [32]byte, err error) {
	if err := p.check(); err != nil {
		return hash, err
	}
	if !p.Terms.equal(&r.Terms) {
		return hash, errors.New("the request's terms are not those of the tariff and period")
	}
	if hash = known.hash(p); hash != r.Weights {
		return hash, ErrWeights
	}
	return hash, nil
}
