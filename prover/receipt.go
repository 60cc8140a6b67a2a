package prover

import (
	"errors"
	"fmt"
	"slices"

	"hushwatt/internal/wire"
)

// Receipt is a supplier's signed word that it has recorded a submission
// (docs/protocol.md, section 5.5).
type Receipt struct {
	_          struct{} `cbor:",toarray"`
	Version    uint8
	Suite      string
	Supplier   Supplier
	Request    [32]byte   // hash of the request
	Submission [32]byte   // hash of the submission's bytes
	ID         [16]byte   // the submission's own id
	Outputs    []Output   // as submitted
	Heads      [][32]byte // of each segment, as in the header
	Verdict    string     // Accepted, or the reason of a refusal
	Time       int64      // Unix seconds at which it was recorded
	Serial     uint64     // the supplier's number of this receipt
	Signature  []byte
}

// Accepted is the verdict of a recorded bill.
const Accepted = "accepted"

// Bytes returns the canonical encoding.
func (r *Receipt) Bytes() []byte { return mustMarshal(r) }

// sign names k as the supplier and signs r.
func (r *Receipt) sign(k *SupplierKey) {
	r.Supplier, r.Signature = k.Public(), nil
	r.Signature = signReceipt(k, mustMarshal(r))
}

const maxReceiptSize = 8 << 10

// ParseReceipt decodes a receipt and checks its form and its signature under
// the key that it names. Whether it answers what was sent is CheckReceipt's.
func ParseReceipt(b []byte) (*Receipt, error) {
	if len(b) > maxReceiptSize {
		return nil, fmt.Errorf("receipt: %d bytes are too many", len(b))
	}
	r := new(Receipt)
	if err := wire.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("receipt: %w", err)
	}
	if r.Version != Version || r.Suite != Suite {
		return nil, fmt.Errorf("receipt: version %d, suite %.40q is not ours", r.Version, r.Suite)
	}
	if r.Verdict != Accepted && !slices.Contains(reasons, Reason(r.Verdict)) {
		return nil, fmt.Errorf("receipt: unknown verdict %.20q", r.Verdict)
	}
	if err := r.Supplier.check(); err != nil {
		return nil, fmt.Errorf("receipt: %w", err)
	}
	body := *r
	body.Signature = nil
	if !verifyReceipt(r.Supplier, mustMarshal(&body), r.Signature) {
		return nil, fmt.Errorf("receipt: %w", errSignature)
	}
	return r, nil
}

// CheckReceipt parses a receipt and compares every field with the bill that was
// sent, so that "done" is said only of this bill, by this supplier. An error
// means that the bill must be taken as not yet answered.
func CheckReceipt(b []byte, sent *Bill, from Supplier) (*Receipt, error) {
	r, err := ParseReceipt(b)
	if err != nil {
		return nil, err
	}
	s := sent.Submission
	switch {
	case r.Supplier != from:
		return nil, errors.New("receipt: signed by another supplier")
	case r.Request != s.Request:
		return nil, errors.New("receipt: answers another request")
	case r.Submission != s.Hash() || r.ID != s.ID:
		return nil, errors.New("receipt: answers another submission")
	case !slices.Equal(r.Outputs, s.Outputs):
		return nil, errors.New("receipt: other amounts than sent")
	case !slices.Equal(r.Heads, s.heads()):
		return nil, errors.New("receipt: other heads than sent")
	case r.Verdict != Accepted:
		return nil, fmt.Errorf("receipt: refused, %s", r.Verdict)
	}
	return r, nil
}
