package store

import (
	"context"

	"hushwatt/meter"
	"hushwatt/prover"
)

// Stored implements Audit. It reads in pieces, so writers are not kept waiting
// and nothing but one piece is in memory.
func (s *tables) Stored(ctx context.Context, visit func(*StoredBill) error) error {
	for after := uint64(0); ; {
		piece, err := all(ctx, s.read, scanStored, `SELECT b.serial, b.id, b.submission, b.accepted, b.total, b.currency, b.slots, b.missing, b.estimated,
				b.bill, b.receipt, COALESCE(b.replaced_by, 0), r.serial, r.hash, r.bytes
			FROM bills b JOIN requests r ON r.serial = b.request WHERE b.serial > ? ORDER BY b.serial LIMIT 256`, after)
		if err != nil || len(piece) == 0 {
			return err
		}
		for i := range piece {
			if err := visit(&piece[i]); err != nil {
				return err
			}
		}
		after = piece[len(piece)-1].Receipt
	}
}

func scanStored(row scanner) (b StoredBill, err error) {
	err = row.Scan(&b.Receipt, fixed(b.ID[:]), fixed(b.Submission[:]), &b.Accepted, &b.Total, &b.Currency, &b.Slots, &b.Missing, &b.Estimated,
		&b.BillBytes, &b.ReceiptBytes, &b.ReplacedBy, &b.Serial, fixed(b.Request[:]), &b.RequestBytes)
	b.Size = len(b.BillBytes)
	return b, err
}

// States implements Audit.
func (s *tables) States(ctx context.Context) (map[prover.Epoch]*meter.Accepted, error) {
	type state struct {
		epoch    prover.Epoch
		accepted *meter.Accepted
	}
	list, err := all(ctx, s.read, func(row scanner) (st state, err error) {
		var head, corrections []byte
		if err = row.Scan(fixed(st.epoch.Authority[:]), &st.epoch.Meter, &st.epoch.Number, &head, &corrections); err != nil {
			return st, err
		}
		st.accepted, err = parseState(head, corrections)
		return st, err
	}, "SELECT authority, meter, epoch, head, corrections FROM states")
	if err != nil {
		return nil, err
	}
	states := make(map[prover.Epoch]*meter.Accepted, len(list))
	for _, st := range list {
		states[st.epoch] = st.accepted
	}
	return states, nil
}

// Asked implements Audit.
func (s *tables) Asked(ctx context.Context, visit func(serial uint64, hash [32]byte, request []byte) error) error {
	return s.blobs(ctx, "SELECT serial, serial, hash, bytes FROM requests WHERE serial > ? ORDER BY serial LIMIT 256", visit)
}

// Refused implements Audit.
func (s *tables) Refused(ctx context.Context, visit func(request uint64, hash [32]byte, bill []byte) error) error {
	return s.blobs(ctx, "SELECT rowid, request, hash, bill FROM refusals WHERE rowid > ? ORDER BY rowid LIMIT 256", visit)
}

// blobs visits the rows [place, serial, hash, bytes] of a query piece by piece.
func (s *tables) blobs(ctx context.Context, query string, visit func(serial uint64, hash [32]byte, data []byte) error) error {
	type row struct {
		place, serial uint64
		hash          [32]byte
		data          []byte
	}
	for after := uint64(0); ; {
		piece, err := all(ctx, s.read, func(sc scanner) (r row, err error) {
			err = sc.Scan(&r.place, &r.serial, fixed(r.hash[:]), &r.data)
			return r, err
		}, query, after)
		if err != nil || len(piece) == 0 {
			return err
		}
		for i := range piece {
			if err := visit(piece[i].serial, piece[i].hash, piece[i].data); err != nil {
				return err
			}
		}
		after = piece[len(piece)-1].place
	}
}

// Periods implements Audit.
func (s *tables) Periods(ctx context.Context) (map[Period]uint64, error) {
	type row struct {
		period Period
		bill   uint64
	}
	list, err := all(ctx, s.read, func(sc scanner) (r row, err error) {
		err = sc.Scan(&r.period.Meter, &r.period.Kind, &r.period.Start, &r.period.End, &r.bill)
		return r, err
	}, "SELECT meter, kind, period_start, period_end, bill FROM periods")
	if err != nil {
		return nil, err
	}
	periods := make(map[Period]uint64, len(list))
	for _, r := range list {
		periods[r.period] = r.bill
	}
	return periods, nil
}
