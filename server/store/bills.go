package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"

	"hushwatt/internal/wire"
	"hushwatt/meter"
	"hushwatt/prover"
)

// Record implements Bills. If we crash before the commit nothing was accepted
// and the same bytes can be sent again; if after, the same bytes get the stored
// receipt.
func (s *tables) Record(bills []Bill, receipt func(i int, serial uint64) []byte) ([][]byte, []error) {
	receipts, errs := make([][]byte, len(bills)), make([]error, len(bills))
	err := s.write.inTx(context.Background(), func(tx queries) error {
		for i := range bills {
			var err error
			receipts[i], err = record(tx, &bills[i], func(serial uint64) []byte { return receipt(i, serial) })
			if refusal := new(prover.Refusal); errors.As(err, &refusal) {
				errs[i] = refusal
			} else if err != nil {
				return err // nothing of the batch is recorded
			}
		}
		return nil
	})
	if err != nil {
		for i := range bills {
			receipts[i], errs[i] = nil, fmt.Errorf("record a bill: %w", err)
		}
	}
	return receipts, errs
}

// record decides on one bill and, if it counts, writes all that follows from it.
func record(tx queries, b *Bill, receipt func(serial uint64) []byte) ([]byte, error) {
	submission, stored, ok, err := receiptOf(tx, b.ID)
	switch {
	case err != nil:
		return nil, err
	case ok && submission == b.Submission:
		return stored, nil
	case ok:
		return nil, refusef(prover.ReasonRequest, "id is in use")
	}
	request, err := openRequest(tx, b.Request)
	if err != nil {
		return nil, err
	}
	if err := checkPeriods(tx, b); err != nil {
		return nil, err
	}
	for _, c := range b.Segments {
		before, err := acceptedOf(tx, prover.Epoch{Authority: c.Authority, Meter: c.Meter, Number: c.Epoch})
		if err != nil {
			return nil, err
		}
		if err := before.CheckHead(c.StateHead); err != nil {
			return nil, &prover.Refusal{Reason: prover.ReasonChain, Detail: err}
		}
	}
	return insertBill(tx, b, request, receipt)
}

func refusef(reason prover.Reason, format string, args ...any) error {
	return &prover.Refusal{Reason: reason, Detail: fmt.Errorf(format, args...)}
}

// openRequest returns the serial of a request that may be answered.
func openRequest(tx queries, hash [32]byte) (serial uint64, err error) {
	state, serial, err := requestState(tx, hash)
	if err == nil && state != prover.RequestOpen {
		err = refusef(prover.ReasonRequest, "request is not open")
	}
	return serial, err
}

// checkPeriods is prover.Intervals.Check in SQL, for every meter of the bill.
func checkPeriods(tx queries, b *Bill) error {
	for _, name := range b.Meters {
		check := checkFree
		if len(b.Replaces) > 0 {
			check = checkReplaced
		}
		if err := check(tx, b, name); err != nil {
			return err
		}
	}
	return nil
}

func checkFree(tx queries, b *Bill, name string) error {
	var any, overlap, adjacent bool
	err := tx.QueryRowContext(context.Background(), `SELECT COUNT(*) > 0,
			COUNT(CASE WHEN period_start < ?2 AND ?1 < period_end THEN 1 END) > 0,
			COALESCE(MAX(period_end) = ?1 OR MIN(period_start) = ?2, 1 = 0)
		FROM periods WHERE meter = ?3 AND kind = ?4`,
		b.Start, b.End, name, b.Kind).Scan(&any, &overlap, &adjacent)
	switch {
	case err != nil:
		return err
	case overlap:
		return refusef(prover.ReasonRequest, "period overlaps one that was billed before")
	case any && !adjacent:
		return refusef(prover.ReasonRequest, "period leaves a gap to those that were billed before")
	}
	return nil
}

func checkReplaced(tx queries, b *Bill, name string) error {
	var start, end int64
	err := tx.QueryRowContext(context.Background(), `SELECT p.period_start, p.period_end FROM periods p
			JOIN bills b ON b.serial = p.bill JOIN requests r ON r.serial = b.request
		WHERE p.meter = ? AND p.kind = ? AND r.hash = ?`, name, b.Kind, b.Replaces).Scan(&start, &end)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return refusef(prover.ReasonRequest, "the request to replace was never answered, or its bill was replaced")
	case err != nil:
		return err
	case start != b.Start || end != b.End:
		return refusef(prover.ReasonRequest, "the request to replace was for another period")
	}
	return nil
}

// insertBill writes a bill that counts: bill and receipt, what was billed, and
// the newest states.
func insertBill(tx queries, b *Bill, request uint64, receipt func(serial uint64) []byte) ([]byte, error) {
	var serial uint64
	if err := tx.QueryRowContext(context.Background(), "SELECT COALESCE(MAX(serial), 0) + 1 FROM bills").Scan(&serial); err != nil {
		return nil, err
	}
	answer := receipt(serial)
	_, err := tx.ExecContext(context.Background(), `INSERT INTO bills (serial, id, request, submission, bill, receipt, accepted, total, currency, slots, missing, estimated)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		serial, b.ID[:], request, b.Submission[:], b.Entry.Bill, answer, b.At, b.Total, b.Currency, b.Slots, b.Missing, b.Estimated)
	if err != nil {
		return nil, err
	}
	if err := bookPeriods(tx, b, serial); err != nil {
		return nil, err
	}
	for _, c := range b.Segments {
		if err := putState(tx, c); err != nil {
			return nil, err
		}
	}
	return answer, nil
}

func bookPeriods(tx queries, b *Bill, serial uint64) error {
	if len(b.Replaces) > 0 {
		_, err := tx.ExecContext(context.Background(), "UPDATE bills SET replaced_by = ? WHERE request = (SELECT serial FROM requests WHERE hash = ?)", serial, b.Replaces)
		if err != nil {
			return err
		}
	}
	for _, name := range b.Meters {
		_, err := tx.ExecContext(context.Background(), `INSERT INTO periods (meter, kind, period_start, period_end, bill) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (meter, kind, period_start) DO UPDATE SET bill = excluded.bill`,
			name, b.Kind, b.Start, b.End, serial)
		if err != nil {
			return err
		}
	}
	return nil
}

func putState(tx queries, c *meter.Checked) error {
	corrections, err := wire.Marshal(c.State.Corrections)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(context.Background(), `INSERT INTO states (authority, meter, epoch, head, corrections) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (authority, meter, epoch) DO UPDATE SET head = excluded.head, corrections = excluded.corrections`,
		c.Authority[:], c.Meter, c.Epoch, c.State.Head.Bytes(), corrections)
	return err
}

// Receipt implements Bills.
func (s *tables) Receipt(id [16]byte) ([32]byte, []byte, bool, error) { return receiptOf(s.read, id) }

func receiptOf(db queries, id [16]byte) (submission [32]byte, receipt []byte, ok bool, err error) {
	err = db.QueryRowContext(context.Background(), "SELECT submission, receipt FROM bills WHERE id = ?", id[:]).
		Scan(fixed(submission[:]), &receipt)
	if errors.Is(err, sql.ErrNoRows) {
		return submission, nil, false, nil
	}
	return submission, receipt, err == nil, err
}

// RequestState implements Bills.
func (s *tables) RequestState(hash [32]byte) (prover.RequestState, error) {
	state, _, err := requestState(s.read, hash)
	return state, err
}

func requestState(db queries, hash [32]byte) (state prover.RequestState, serial uint64, err error) {
	var withdrawn, answered bool
	err = db.QueryRowContext(context.Background(),
		"SELECT serial, withdrawn > 0, EXISTS (SELECT 1 FROM bills WHERE request = r.serial) FROM requests r WHERE hash = ?", hash[:]).
		Scan(&serial, &withdrawn, &answered)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return prover.RequestUnknown, 0, nil
	case err != nil:
		return 0, 0, err
	case answered:
		return prover.RequestAnswered, serial, nil
	case withdrawn:
		return prover.RequestWithdrawn, serial, nil
	}
	return prover.RequestOpen, serial, nil
}

// Accepted implements Bills.
func (s *tables) Accepted(e prover.Epoch) (*meter.Accepted, error) { return acceptedOf(s.read, e) }

func acceptedOf(db queries, e prover.Epoch) (*meter.Accepted, error) {
	var head, corrections []byte
	err := db.QueryRowContext(context.Background(),
		"SELECT head, corrections FROM states WHERE authority = ? AND meter = ? AND epoch = ?", e.Authority[:], e.Meter, e.Number).
		Scan(&head, &corrections)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parseState(head, corrections)
}

func parseState(head, corrections []byte) (*meter.Accepted, error) {
	h, err := meter.ParseHead(head)
	if err != nil {
		return nil, fmt.Errorf("stored state: %w", err)
	}
	a := &meter.Accepted{Head: h}
	if err := wire.Unmarshal(corrections, &a.Corrections); err != nil {
		return nil, fmt.Errorf("stored state: %w", err)
	}
	return a, nil
}

// AddEvidence implements Bills.
func (s *tables) AddEvidence(e *meter.TwoHeads, at int64) error {
	a, b := e.A.Bytes(), e.B.Bytes()
	if bytes.Compare(a, b) > 0 {
		a, b = b, a
	}
	_, err := s.write.ExecContext(context.Background(), "INSERT INTO evidence (a, b, at) VALUES (?, ?, ?) ON CONFLICT (a, b) DO NOTHING", a, b, at)
	return err
}

// mostEvidence bounds a list that should be empty.
const mostEvidence = 1000

// Evidence implements Bills.
func (s *tables) Evidence(ctx context.Context) ([]Evidence, error) {
	return all(ctx, s.read, scanEvidence, "SELECT a, b, at FROM evidence ORDER BY at DESC, a, b LIMIT ?", mostEvidence)
}

func scanEvidence(row scanner) (e Evidence, err error) { return e, row.Scan(&e.A, &e.B, &e.At) }

// keptRefusals is how many refused bills are kept of one request: anyone may send
// answers to a request, so their number is bounded.
const keptRefusals = 5

// Refuse implements Bills.
func (s *tables) Refuse(ctx context.Context, list []Refused) error {
	return s.write.inTx(ctx, func(tx queries) error {
		for i := range list {
			if err := refuse(tx, &list[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func refuse(tx queries, r *Refused) error {
	_, serial, err := requestState(tx, r.Request)
	if err != nil || serial == 0 {
		return err
	}
	hash := sha256.Sum256(r.Bill)
	_, err = tx.ExecContext(context.Background(), `INSERT INTO refusals (request, hash, bill, reference, reason, detail, at, times) VALUES (?, ?, ?, ?, ?, ?, ?, 1)
		ON CONFLICT (request, hash) DO UPDATE SET reference = excluded.reference, reason = excluded.reason,
			detail = excluded.detail, at = excluded.at, times = refusals.times + 1`,
		serial, hash[:], r.Bill, r.Reference, r.Reason, r.Detail, r.At)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(context.Background(), `DELETE FROM refusals WHERE request = ?1 AND hash NOT IN
		(SELECT hash FROM refusals WHERE request = ?1 ORDER BY at DESC, rowid DESC LIMIT ?2)`, serial, keptRefusals)
	return err
}

// BillBytes implements Bills.
func (s *tables) BillBytes(ctx context.Context, request uint64) (bill, receipt []byte, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT bill, receipt FROM bills WHERE request = ?", request).Scan(&bill, &receipt)
	return bill, receipt, found(err)
}

// RefusedBytes implements Bills.
func (s *tables) RefusedBytes(ctx context.Context, reference string) (bill []byte, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT bill FROM refusals WHERE reference = ?", reference).Scan(&bill)
	return bill, found(err)
}
