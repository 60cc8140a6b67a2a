package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"

	"hushwatt/internal/wire"
	"hushwatt/meter"
	"hushwatt/prover"
	"hushwatt/prover/plan"
	"hushwatt/server/store"
	"hushwatt/tariffs"
)

// A Report says what Fsck looked at, and everything that is wrong.
type Report struct {
	Tariffs  int       `json:"tariffs"`
	Addenda  int       `json:"addenda"`
	Requests int       `json:"requests"`
	Bills    int       `json:"bills"`
	Refused  int       `json:"refused"`
	Findings []Finding `json:"findings"`
}

// A Finding is one thing that is wrong.
type Finding struct {
	Where string `json:"where"`
	What  string `json:"what"`
}

// Fsck checks a whole store again from its stored bytes: each tariff's and
// request's signature, each accepted bill as on the day it came (but for the
// register of meters, which may have changed since), each receipt, and that what
// follows from the bills (periods, states, totals) is what is stored. Tariffs in
// more, and addenda of these, are used where the store lacks one or holds a damaged copy. An error says
// that the store cannot be read at all.
func Fsck(ctx context.Context, s store.Store, more []*tariffs.Tariff) (*Report, error) {
	f := &fsck{ctx: ctx, store: s, tariffs: map[[32]byte]*tariffs.Tariff{}, addenda: map[[32]byte]*tariffs.Addendum{},
		periods:   map[store.Period]uint64{},
		intervals: map[intervalKey]*prover.Intervals{}, states: map[prover.Epoch]*meter.Accepted{},
		plans: map[*prover.BillPlan]*plan.Plan{}, replaced: map[uint64]uint64{}, bills: map[[32]byte]uint64{}}
	for _, t := range more {
		f.tariffs[t.Hash()] = t
		for _, a := range t.Addenda() {
			f.addenda[a.Hash()] = a
		}
	}
	for _, step := range []func() error{f.checkStorage, f.checkTariffs, f.checkAddenda, f.checkRequests, f.checkBills, f.checkRefused, f.checkDerived} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return &f.report, nil
}

type intervalKey struct {
	meter string
	kind  prover.Kind
}

// fsck rebuilds a supplier's memory, bill by bill.
type fsck struct {
	ctx      context.Context
	store    store.Store
	report   Report
	supplier prover.Supplier
	checks   prover.Checks

	tariffs   map[[32]byte]*tariffs.Tariff
	addenda   map[[32]byte]*tariffs.Addendum
	plans     map[*prover.BillPlan]*plan.Plan
	batch     []*store.StoredBill
	inBatch   map[string]bool // meters of the batch
	intervals map[intervalKey]*prover.Intervals
	periods   map[store.Period]uint64
	states    map[prover.Epoch]*meter.Accepted
	bills     map[[32]byte]uint64 // receipts' serials by hash of the request
	replaced  map[uint64]uint64   // by what, serials of receipts
	stored    map[uint64]uint64
	last      uint64
}

func (f *fsck) found(where, format string, args ...any) {
	f.report.Findings = append(f.report.Findings, Finding{where, fmt.Sprintf(format, args...)})
}

func (f *fsck) checkStorage() (err error) {
	if err := f.store.Check(f.ctx); err != nil {
		f.found("storage", "%v", err)
	}
	if f.supplier, err = f.store.SupplierKey(f.ctx); errors.Is(err, store.ErrNotFound) {
		f.found("supplier", "no key is stored")
		return nil
	}
	if err != nil {
		f.found("supplier", "%v", err)
	}
	return nil
}

func (f *fsck) checkTariffs() error {
	list, err := f.store.Tariffs(f.ctx)
	if err != nil {
		return err
	}
	for _, stored := range list {
		f.report.Tariffs++
		where := "tariff " + hex.EncodeToString(stored.ID[:8])
		t, err := tariffs.Parse(stored.Document)
		switch {
		case err != nil:
			f.found(where, "%v", err)
		case t.Hash() != stored.ID:
			f.found(where, "the document is another than the id names")
		case !bytes.Equal(t.Supplier(), f.supplier[:]):
			f.found(where, "not signed by this supplier")
		default:
			f.tariffs[stored.ID] = t
		}
	}
	return nil
}

func (f *fsck) checkAddenda() error {
	list, err := f.store.Addenda(f.ctx)
	if err != nil {
		return err
	}
	for _, stored := range list {
		f.report.Addenda++
		where := "addendum " + hex.EncodeToString(stored.ID[:8])
		a, err := tariffs.ParseAddendum(stored.Document)
		switch {
		case err != nil:
			f.found(where, "%v", err)
		case a.Hash() != stored.ID:
			f.found(where, "the document is another than the id names")
		case a.Tariff() != hex.EncodeToString(stored.Tariff[:]):
			f.found(where, "it is of another tariff than is stored")
		case !bytes.Equal(a.Supplier(), f.supplier[:]):
			f.found(where, "not signed by this supplier")
		default:
			f.addenda[stored.ID] = a
		}
	}
	return nil
}

func (f *fsck) checkRequests() error {
	return f.store.Asked(f.ctx, func(serial uint64, hash [32]byte, data []byte) error {
		f.report.Requests++
		where := fmt.Sprintf("request %d", serial)
		r, err := prover.ParseRequest(data)
		switch {
		case err != nil:
			f.found(where, "%v", err)
		case r.Hash() != hash:
			f.found(where, "the bytes are others than the hash names")
		case r.Supplier != f.supplier:
			f.found(where, "not signed by this supplier")
		case r.Serial != serial:
			f.found(where, "its serial is %d", r.Serial)
		}
		return nil
	})
}

func (f *fsck) checkBills() error {
	authorities, err := f.store.Authorities(f.ctx)
	if err != nil {
		f.found("authorities", "%v", err)
	}
	for _, a := range authorities {
		f.checks.Authorities = append(f.checks.Authorities, a.Authority)
	}
	f.checks.Plan = f.plan
	f.checks.Accepted = func(e prover.Epoch) (*meter.Accepted, error) { return f.states[e], nil }
	f.stored, f.inBatch = map[uint64]uint64{}, map[string]bool{}
	if err := f.store.Stored(f.ctx, f.add); err != nil {
		return err
	}
	f.flush()
	return nil
}

func (f *fsck) plan(r *prover.Request) (*prover.BillPlan, error) {
	var ts []*tariffs.Tariff
	var as []*tariffs.Addendum
	for _, id := range r.Terms.Tariffs {
		if a := f.addenda[id]; a != nil {
			as = append(as, a)
			continue
		}
		t := f.tariffs[id]
		if t == nil {
			return nil, fmt.Errorf("tariff or addendum %x… is not stored", id[:8])
		}
		ts = append(ts, t)
	}
	ts, err := tariffs.WithAddenda(ts, as)
	if err != nil {
		return nil, err
	}
	p, err := plan.For(r, ts)
	if err != nil {
		return nil, err
	}
	f.plans[p.BillPlan] = p
	return p.BillPlan, nil
}

// batchSize is how many proofs are verified together.
const batchSize = 64

// add puts a bill into the batch. A bill is checked against the states that the
// bills before it left, so a batch holds a meter once.
func (f *fsck) add(b *store.StoredBill) error {
	f.report.Bills++
	if b.Receipt != f.last+1 {
		f.found(where(b), "receipts %d to %d are missing before it", f.last+1, b.Receipt-1)
	}
	f.last = b.Receipt
	if b.ReplacedBy != 0 {
		f.stored[b.Receipt] = b.ReplacedBy
	}
	parsed := f.checkBytes(b)
	if parsed == nil {
		return nil
	}
	for _, m := range parsed.Request.Terms.Meters {
		if f.inBatch[m.Meter] {
			f.flush()
			break
		}
	}
	for _, m := range parsed.Request.Terms.Meters {
		f.inBatch[m.Meter] = true
	}
	if f.batch = append(f.batch, b); len(f.batch) == batchSize {
		f.flush()
	}
	return f.ctx.Err()
}

func where(b *store.StoredBill) string {
	return fmt.Sprintf("bill %d (request %d)", b.Receipt, b.Serial)
}

// checkBytes compares a bill and its receipt with each other and with the columns
// beside them; it returns nil if the bill cannot be read.
func (f *fsck) checkBytes(b *store.StoredBill) *prover.Bill {
	bill, err := prover.ParseBill(b.BillBytes)
	if err != nil {
		f.found(where(b), "%v", err)
		return nil
	}
	if bill.Submission.ID != b.ID || bill.Submission.Hash() != b.Submission {
		f.found(where(b), "id or hash are not those of the bytes")
	}
	if bill.Request.Hash() != b.Request || !bytes.Equal(bill.Request.Bytes(), b.RequestBytes) {
		f.found(where(b), "answers another request")
	}
	r, err := prover.CheckReceipt(b.ReceiptBytes, bill, f.supplier)
	switch {
	case err != nil:
		f.found(where(b), "%v", err)
	case r.Serial != b.Receipt || r.Time != b.Accepted:
		f.found(where(b), "receipt: serial %d at %d, stored are %d at %d", r.Serial, r.Time, b.Receipt, b.Accepted)
	}
	return bill
}

// flush verifies the batch.
func (f *fsck) flush() {
	bills := make([][]byte, len(f.batch))
	for i, b := range f.batch {
		bills[i] = b.BillBytes
	}
	results, errs := prover.VerifyBills(bills, f.checks)
	for i, b := range f.batch {
		if errs[i] != nil {
			f.found(where(b), "%v", errs[i])
			continue
		}
		f.take(b, results[i])
	}
	f.batch = f.batch[:0]
	clear(f.inBatch)
	clear(f.plans)
}

// take does what accepting a bill does, and compares.
func (f *fsck) take(b *store.StoredBill, r *prover.Result) {
	total, currency := money(f.plans[r.Plan], r.Outputs)
	if total != b.Total || currency != b.Currency {
		f.found(where(b), "total %s %s is stored, %s %s was proven", b.Total, b.Currency, total, currency)
	}
	if r.Counts.Slots != b.Slots || r.Counts.Missing != b.Missing || r.Counts.Estimated != b.Estimated {
		f.found(where(b), "stored counts of slots are not those of the bill")
	}
	t := &r.Bill.Request.Terms
	for _, m := range t.Meters {
		k := intervalKey{m.Meter, t.Kind}
		if f.intervals[k] == nil {
			f.intervals[k] = new(prover.Intervals)
		}
		if err := f.intervals[k].Check(t.Period.Start, t.Period.End, r.Bill.Request.Replaces); err != nil {
			f.found(where(b), "meter %s: %v", m.Meter, err)
			continue
		}
		f.intervals[k].Add(t.Period.Start, t.Period.End, b.Request, r.Bill.Request.Replaces)
		f.periods[store.Period{Meter: m.Meter, Kind: t.Kind, Start: t.Period.Start, End: t.Period.End}] = b.Receipt
	}
	if len(r.Bill.Request.Replaces) == 32 {
		f.replaced[f.bills[[32]byte(r.Bill.Request.Replaces)]] = b.Receipt
	}
	f.bills[b.Request] = b.Receipt
	for _, c := range r.Segments {
		f.states[prover.Epoch{Authority: c.Authority, Meter: c.Meter, Number: c.Epoch}] = &c.State
	}
}

func (f *fsck) checkRefused() error {
	return f.store.Refused(f.ctx, func(request uint64, hash [32]byte, bill []byte) error {
		f.report.Refused++
		if sha256.Sum256(bill) != hash {
			f.found(fmt.Sprintf("refused bill for request %d", request), "the bytes are others than the hash names")
		}
		return nil
	})
}

// checkDerived compares what follows from the bills with what is stored.
func (f *fsck) checkDerived() error {
	periods, err := f.store.Periods(f.ctx)
	if err != nil {
		f.found("periods", "%v", err)
	} else if !maps.Equal(periods, f.periods) {
		f.found("periods", "those stored are not those of the bills")
	}
	if !maps.Equal(f.stored, f.replaced) {
		f.found("replacements", "those stored are not those of the bills")
	}
	states, err := f.store.States(f.ctx)
	if err != nil {
		f.found("states", "%v", err)
	} else if !maps.EqualFunc(states, f.states, equalState) {
		f.found("states", "the meters' states stored are not those of the bills")
	}
	return nil
}

func equalState(a, b *meter.Accepted) bool {
	x, errX := wire.Marshal(a.Corrections)
	y, errY := wire.Marshal(b.Corrections)
	return errX == nil && errY == nil && bytes.Equal(x, y) && bytes.Equal(a.Head.Bytes(), b.Head.Bytes())
}
