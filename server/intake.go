package server

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"runtime"
	"sync"
	"time"

	"hushwatt/meter"
	"hushwatt/prover"
	"hushwatt/prover/plan"
	"hushwatt/server/store"
)

// intake takes bills from many requests at once and checks them in batches: the
// proofs of a batch are verified together and its bills are recorded with one
// write to the disk. A batch is whatever has arrived while the one before was
// being checked, so a lone bill never waits.
type intake struct {
	server *Server
	queue  chan *sent
	done   sync.WaitGroup
}

// sent is one bill on its way through the checks.
type sent struct {
	bill      []byte
	reference string // the request's id, which a refusal is quoted by
	verdict   chan verdict
}

type verdict struct {
	receipt []byte
	err     error
}

const (
	maxQueue = 1024 // bills that wait; more are told to come again
	maxBatch = 64
)

func newIntake(s *Server) *intake {
	in := &intake{server: s, queue: make(chan *sent, maxQueue)}
	for range max(2, runtime.GOMAXPROCS(0)) {
		in.done.Go(in.work)
	}
	return in
}

// close waits until all bills taken have their verdict.
func (in *intake) close() {
	close(in.queue)
	in.done.Wait()
}

// submit returns the receipt of a bill, or a *prover.Refusal, or another error if
// nothing was decided; then the same bytes may be sent again. It may return early
// if ctx ends; the bill is decided on all the same.
func (in *intake) submit(ctx context.Context, bill []byte) ([]byte, error) {
	b := &sent{bill: bill, reference: requestID(ctx), verdict: make(chan verdict, 1)}
	select {
	case in.queue <- b:
	default:
		return nil, problem(http.StatusServiceUnavailable, "too many bills at once; send it again").with("Retry-After", "2")
	}
	select {
	case v := <-b.verdict:
		return v.receipt, v.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (in *intake) work() {
	for first := range in.queue {
		batch := []*sent{first}
		for more := true; more && len(batch) < maxBatch; {
			select {
			case b, ok := <-in.queue:
				if more = ok; ok {
					batch = append(batch, b)
				}
			default:
				more = false
			}
		}
		in.check(batch)
	}
}

// check decides on a batch. Should one bill make the program panic, the others
// are checked without it.
func (in *intake) check(batch []*sent) {
	defer func() {
		failure := recover()
		switch {
		case failure == nil:
		case len(batch) == 1:
			batch[0].verdict <- verdict{err: fmt.Errorf("panic: %v", failure)}
		default:
			for i := range batch {
				in.check(batch[i : i+1])
			}
		}
	}()
	verdicts := in.server.decide(batch)
	for i, b := range batch {
		b.verdict <- verdicts[i]
	}
}

// decide checks and records a batch and keeps what was refused.
func (s *Server) decide(batch []*sent) []verdict {
	bills := make([][]byte, len(batch))
	for i, b := range batch {
		bills[i] = b.bill
	}
	round := &round{server: s, now: s.Now(), plans: map[*prover.BillPlan]*plan.Plan{}}
	receipts, errs := round.submit(bills)
	var refused []store.Refused
	verdicts := make([]verdict, len(batch))
	for i, b := range batch {
		verdicts[i] = verdict{receipts[i], errs[i]}
		if r, ok := s.refused(b, errs[i]); ok {
			refused = append(refused, r)
		}
	}
	if len(refused) > 0 {
		if err := s.Store.Refuse(context.Background(), refused); err != nil {
			s.Logger.Error("keep refused bills", "error", err.Error())
		}
	}
	return verdicts
}

// refused is what is kept of a refused bill: those that answer one of our own
// requests. Anyone can make other bytes; they are counted in the log.
func (s *Server) refused(b *sent, err error) (store.Refused, bool) {
	refusal := new(prover.Refusal)
	if !errors.As(err, &refusal) {
		return store.Refused{}, false
	}
	parsed, err := prover.ParseBill(b.bill)
	if err != nil || parsed.Request.Supplier != s.Key.Public() {
		return store.Refused{}, false
	}
	return store.Refused{Request: parsed.Request.Hash(), Bill: b.bill, Reference: b.reference,
		Reason: refusal.Reason, Detail: refusal.Detail.Error(), At: s.Now().Unix()}, true
}

// round is the check of one batch. It is the verifier's ledger, and remembers
// whether the store failed: then a refusal may rest on nothing, and nobody is
// told one.
type round struct {
	server      *Server
	now         time.Time // of the whole batch: receipts and rows agree
	authorities []store.Authority
	plans       map[*prover.BillPlan]*plan.Plan
	failed      error
}

func (r *round) submit(bills [][]byte) ([][]byte, []error) {
	s := r.server
	v := prover.Verifier{Key: s.Key, Ledger: r, Now: func() time.Time { return r.now }, MaxSize: s.MaxBill}
	v.Plan, v.Registered = r.plan, r.registered
	var err error
	if r.authorities, err = s.Store.Authorities(context.Background()); err != nil {
		r.fail(err)
	}
	for _, a := range r.authorities {
		v.Authorities = append(v.Authorities, a.Authority)
	}
	receipts, errs := v.SubmitAll(bills)
	if r.failed != nil {
		for i := range errs {
			if errs[i] != nil {
				errs[i] = fmt.Errorf("store: %w", r.failed)
			}
		}
	}
	return receipts, errs
}

func (r *round) fail(err error) error {
	if r.failed == nil {
		r.failed = err
	}
	return err
}

// plan compiles the supplier's own tariffs for a request.
func (r *round) plan(q *prover.Request) (*prover.BillPlan, error) {
	p, err := r.server.register.plan(context.Background(), q)
	if err != nil {
		if !errors.As(err, new(*prover.Refusal)) {
			r.fail(err)
		}
		return nil, err
	}
	r.plans[p.BillPlan] = p
	return p.BillPlan, nil
}

// registered looks a meter and its authority up in the register.
func (r *round) registered(c *meter.Certificate, first, last uint16) error {
	m, err := r.server.Store.Meter(context.Background(), c.Meter)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return errors.New("meter is not registered")
	case err != nil:
		return r.fail(err)
	case m.Authority != c.AuthorityHash():
		return errors.New("meter is registered with another authority")
	case m.Slots != int(c.N):
		return errors.New("meter is registered with other slots")
	case !m.Covers(first, last):
		return errors.New("meter is not registered, or revoked, on a day of the bill")
	}
	for _, a := range r.authorities {
		if a.Hash() == m.Authority && !a.Covers(first, last) {
			return errors.New("authority does not count, or is revoked, on a day of the bill")
		}
	}
	return nil
}

// Receipt implements prover.Ledger.
func (r *round) Receipt(id [16]byte) (submission [32]byte, receipt []byte, ok bool, err error) {
	if submission, receipt, ok, err = r.server.Store.Receipt(id); err != nil {
		r.fail(err)
	}
	return submission, receipt, ok, err
}

// Request implements prover.Ledger.
func (r *round) Request(hash [32]byte) (prover.RequestState, error) {
	state, err := r.server.Store.RequestState(hash)
	if err != nil {
		r.fail(err)
	}
	return state, err
}

// Accepted implements prover.Ledger.
func (r *round) Accepted(e prover.Epoch) (*meter.Accepted, error) {
	a, err := r.server.Store.Accepted(e)
	if err != nil {
		r.fail(err)
	}
	return a, err
}

// Evidence implements prover.Ledger.
func (r *round) Evidence(e *meter.TwoHeads) error {
	if err := r.server.Store.AddEvidence(e, r.now.Unix()); err != nil {
		return r.fail(err)
	}
	return nil
}

// Record implements prover.Ledger: it adds what a bill means in money.
func (r *round) Record(entries []prover.Entry, receipt func(i int, serial uint64) []byte) ([][]byte, []error) {
	bills := make([]store.Bill, len(entries))
	for i, e := range entries {
		bills[i] = r.bill(e)
	}
	return r.server.Store.Record(bills, receipt)
}

func (r *round) bill(e prover.Entry) store.Bill {
	b := store.Bill{Entry: e, At: r.now.Unix(),
		Slots: e.Result.Counts.Slots, Missing: e.Result.Counts.Missing, Estimated: e.Result.Counts.Estimated}
	b.Total, b.Currency = money(r.plans[e.Result.Plan], e.Result.Outputs)
	return b
}

// money is a bill's total in words that people read. Outputs that were proven are
// within the tariff's bounds, so an error is a mistake of the program: then the
// total stays empty and fsck says so.
func money(p *plan.Plan, outputs []*big.Int) (total, currency string) {
	if p == nil {
		return "", ""
	}
	total, err := p.Total(outputs)
	if err != nil {
		return "", p.Currency()
	}
	return total, p.Currency()
}
