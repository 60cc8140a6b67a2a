package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"hushwatt/prover"
)

// AddRequest implements Requests.
func (s *tables) AddRequest(ctx context.Context, at int64, sign func(serial uint64) (*prover.Request, error)) (serial uint64, err error) {
	err = s.write.inTx(ctx, func(tx queries) error {
		if err := tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(serial), 0) + 1 FROM requests").Scan(&serial); err != nil {
			return err
		}
		r, err := sign(serial)
		if err != nil {
			return err
		}
		replaces, err := checkAsked(ctx, tx, r, at)
		if err != nil {
			return err
		}
		return insertRequest(ctx, tx, r, replaces, at)
	})
	return serial, err
}

// checkAsked refuses a request for a time that was billed or is being asked for.
// It returns the serial of the request that it replaces, if any.
func checkAsked(ctx context.Context, tx queries, r *prover.Request, at int64) (replaces *uint64, err error) {
	t := &r.Terms
	if len(r.Replaces) > 0 {
		replaces = new(uint64)
		err := tx.QueryRowContext(ctx, `SELECT r.serial FROM requests r JOIN bills b ON b.request = r.serial
			WHERE r.hash = ? AND b.replaced_by IS NULL AND r.kind = ? AND r.period_start = ? AND r.period_end = ?`,
			r.Replaces, t.Kind, t.Period.Start, t.Period.End).Scan(replaces)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, fmt.Errorf("%w: the request to replace has no bill that counts for this period", ErrConflict)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, m := range t.Meters {
		if err := checkMeterFree(ctx, tx, m.Meter, r, at); err != nil {
			return nil, err
		}
	}
	return replaces, nil
}

func checkMeterFree(ctx context.Context, tx queries, name string, r *prover.Request, at int64) error {
	t := &r.Terms
	var billed, asked bool
	err := tx.QueryRowContext(ctx, `SELECT
		EXISTS (SELECT 1 FROM periods WHERE meter = ?1 AND kind = ?2 AND period_start < ?4 AND ?3 < period_end),
		EXISTS (SELECT 1 FROM request_meters m JOIN requests r ON r.serial = m.request
			WHERE m.meter = ?1 AND r.kind = ?2 AND r.period_start < ?4 AND ?3 < r.period_end
				AND r.withdrawn = 0 AND r.not_after >= ?5 AND NOT EXISTS (SELECT 1 FROM bills WHERE request = r.serial))`,
		name, t.Kind, t.Period.Start, t.Period.End, at).Scan(&billed, &asked)
	switch {
	case err != nil:
		return err
	case asked:
		return fmt.Errorf("%w: a request for meter %s and some of this period is awaited", ErrConflict, name)
	case billed && len(r.Replaces) == 0:
		return fmt.Errorf("%w: meter %s was billed for some of this period; name the request to replace", ErrConflict, name)
	}
	return nil
}

func insertRequest(ctx context.Context, tx queries, r *prover.Request, replaces *uint64, at int64) error {
	hash, t := r.Hash(), &r.Terms
	_, err := tx.ExecContext(ctx,
		`INSERT INTO requests (serial, hash, bytes, kind, period_start, period_end, first, last, created, not_after, replaces, withdrawn)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
		r.Serial, hash[:], r.Bytes(), t.Kind, t.Period.Start, t.Period.End, t.Period.First, t.Period.Last, at, r.NotAfter, replaces)
	if err != nil {
		return err
	}
	for _, m := range t.Meters {
		if _, err := tx.ExecContext(ctx, "INSERT INTO request_meters (meter, request) VALUES (?, ?)", m.Meter, r.Serial); err != nil {
			return err
		}
	}
	return nil
}

// RequestBytes implements Requests.
func (s *tables) RequestBytes(ctx context.Context, hash [32]byte) (data []byte, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT bytes FROM requests WHERE hash = ?", hash[:]).Scan(&data)
	return data, found(err)
}

// Withdraw implements Requests.
func (s *tables) Withdraw(ctx context.Context, serial uint64, at int64) error {
	return s.write.inTx(ctx, func(tx queries) error {
		var answered bool
		err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM bills WHERE request = r.serial) FROM requests r WHERE serial = ?", serial).Scan(&answered)
		if err != nil {
			return found(err)
		}
		if answered {
			return fmt.Errorf("%w: the request was answered", ErrConflict)
		}
		_, err = tx.ExecContext(ctx, "UPDATE requests SET withdrawn = ? WHERE serial = ? AND withdrawn = 0", max(at, 1), serial)
		return err
	})
}

// items are requests with what became of them. ?1 is the time that decides what
// is expired.
const items = `WITH items AS (
	SELECT r.serial, r.hash, r.kind, r.period_start, r.period_end, r.first, r.last, r.created, r.not_after, r.withdrawn,
		COALESCE(r.replaces, 0) AS replaces, COALESCE(n.request, 0) AS replaced_by,
		(SELECT group_concat(meter, ' ') FROM (SELECT meter FROM request_meters WHERE request = r.serial ORDER BY meter) AS m) AS meters,
		CASE WHEN b.replaced_by IS NOT NULL THEN 'replaced' WHEN b.serial IS NOT NULL THEN 'accepted'
			WHEN r.withdrawn > 0 THEN 'withdrawn' WHEN f.request IS NOT NULL THEN 'refused'
			WHEN r.not_after < ?1 THEN 'expired' ELSE 'awaited' END AS state,
		b.serial AS receipt, b.id, b.submission, b.accepted, b.total, b.currency, b.slots, b.missing, b.estimated, length(b.bill) AS size,
		f.reference, f.reason, f.detail, f.hash AS refused_hash, f.at, f.times, length(f.bill) AS refused_size
	FROM requests r
		LEFT JOIN bills b ON b.request = r.serial
		LEFT JOIN bills n ON n.serial = b.replaced_by
		LEFT JOIN refusals f ON f.rowid = (SELECT rowid FROM refusals WHERE request = r.serial ORDER BY at DESC, rowid DESC LIMIT 1)
) `

// where turns a filter into a condition on items.
func (f *Filter) where() (string, []any) {
	conditions, args := []string{"1 = 1"}, []any{f.Now}
	add := func(condition string, values ...any) {
		conditions, args = append(conditions, condition), append(args, values...)
	}
	if f.State != "" {
		add("state = ?", string(f.State))
	}
	if f.Meter != "" {
		add("serial IN (SELECT request FROM request_meters WHERE meter = ?)", f.Meter)
	}
	if f.Search != "" {
		add(`(instr(meters, ?) > 0 OR total = ? OR CAST(serial AS TEXT) = ? OR CAST(receipt AS TEXT) = ? OR instr(lower(hex(hash)), lower(?)) = 1
			OR serial IN (SELECT request FROM refusals WHERE reference = ?))`,
			f.Search, f.Search, f.Search, f.Search, f.Search, f.Search)
	}
	if f.Before != 0 {
		add("serial < ?", f.Before)
	}
	return " WHERE " + strings.Join(conditions, " AND "), args
}

// Items implements Requests.
func (s *tables) Items(ctx context.Context, f Filter) ([]Item, error) {
	where, args := f.where()
	return all(ctx, s.read, scanItem, items+"SELECT * FROM items"+where+" ORDER BY serial DESC LIMIT ?", append(args, unlimited(f.Limit))...)
}

// Counts implements Requests.
func (s *tables) Counts(ctx context.Context, f Filter) (map[State]int, error) {
	f.State, f.Before = "", 0
	where, args := f.where()
	type count struct {
		state State
		n     int
	}
	list, err := all(ctx, s.read, func(row scanner) (c count, err error) {
		err = row.Scan(&c.state, &c.n)
		return c, err
	}, items+"SELECT state, COUNT(*) FROM items"+where+" GROUP BY state", args...)
	if err != nil {
		return nil, err
	}
	counts := make(map[State]int, len(list))
	for _, c := range list {
		counts[c.state] = c.n
	}
	return counts, nil
}

// Item implements Requests.
func (s *tables) Item(ctx context.Context, serial uint64, now int64) (*Item, error) {
	item, err := one(ctx, s.read, scanItem, items+"SELECT * FROM items WHERE serial = ?", now, serial)
	if err != nil {
		return nil, err
	}
	item.Refusals, err = all(ctx, s.read, func(row scanner) (r Refusal, err error) {
		err = row.Scan(&r.Reference, &r.Reason, &r.Detail, fixed(r.Hash[:]), &r.At, &r.Times, &r.Size)
		return r, err
	}, "SELECT reference, reason, detail, hash, at, times, length(bill) FROM refusals WHERE request = ? ORDER BY at DESC, rowid DESC", serial)
	return item, err
}

func scanItem(row scanner) (it Item, err error) {
	var meters string
	var receipt, accepted, slots, missing, estimated, size, at, times, refusedSize sql.NullInt64
	var total, currency, reference, reason, detail sql.NullString
	var id, submission, refusedHash []byte
	err = row.Scan(&it.Serial, fixed(it.Request[:]), &it.Kind, &it.Start, &it.End, &it.First, &it.Last, &it.Created, &it.NotAfter, &it.Withdrawn,
		&it.Replaces, &it.ReplacedBy, &meters, &it.State,
		&receipt, &id, &submission, &accepted, &total, &currency, &slots, &missing, &estimated, &size,
		&reference, &reason, &detail, &refusedHash, &at, &times, &refusedSize)
	if err != nil {
		return it, err
	}
	it.Meters = strings.Fields(meters)
	if receipt.Valid {
		it.Answer = &Answer{Receipt: uint64(receipt.Int64), Accepted: accepted.Int64, Total: total.String, Currency: currency.String,
			Slots: int(slots.Int64), Missing: int(missing.Int64), Estimated: int(estimated.Int64), Size: int(size.Int64)}
		copy(it.Answer.ID[:], id)
		copy(it.Answer.Submission[:], submission)
	}
	if reference.Valid {
		r := Refusal{Reference: reference.String, Reason: prover.Reason(reason.String), Detail: detail.String,
			At: at.Int64, Times: int(times.Int64), Size: int(refusedSize.Int64)}
		copy(r.Hash[:], refusedHash)
		it.Refusals = []Refusal{r}
	}
	return it, nil
}
