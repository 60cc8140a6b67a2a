package prover

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"hushwatt/internal/wire"
)

// Version and Suite stand at the head of every message of the exchange; bytes
// that name others are refused.
const (
	Version = 1
	Suite   = "hushwatt-v1-ristretto255-shake128"
)

// Request is a supplier's signed question (docs/protocol.md, section 5.2). A
// bill made without being asked carries an unsigned one, in which Supplier,
// Serial, NotAfter, ReturnTo, Replaces and Signature are zero: it says what the
// bill is about, and nobody has asked for it.
type Request struct {
	_         struct{} `cbor:",toarray"`
	Version   uint8
	Suite     string
	Supplier  Supplier // public key that signs; zero if unsigned
	Terms     Terms
	Weights   [32]byte // WeightsHash of the plan's rows, before statuses
	Serial    uint64
	NotAfter  int64  // Unix seconds; later answers are refused
	ReturnTo  string // where the answer goes, plain text
	Replaces  []byte // hash of the request that this one replaces, or empty
	Signature []byte
}

// NewRequest returns the unsigned request for a plan. To ask for it, set Serial,
// NotAfter, ReturnTo and Replaces, then Sign it.
func NewRequest(plan *BillPlan) (*Request, error) {
	if err := plan.check(); err != nil {
		return nil, err
	}
	return &Request{Version: Version, Suite: Suite, Terms: plan.Terms, Weights: plan.WeightsHash()}, nil
}

// Sign names k as the supplier and signs r.
func (r *Request) Sign(k *SupplierKey) error {
	r.Supplier, r.Signature = k.Public(), nil
	msg, err := wire.Marshal(r)
	if err != nil {
		return err
	}
	r.Signature = signRequest(k, msg)
	return r.check()
}

// Signed reports whether a supplier stands behind r. The signature of a parsed
// request has been checked.
func (r *Request) Signed() bool { return r.Supplier != Supplier{} }

// Bytes returns the canonical encoding.
func (r *Request) Bytes() []byte { return mustMarshal(r) }

// Hash names the request: SHA-256 over a label and all of its bytes.
func (r *Request) Hash() [32]byte { return hashRequest(r.Bytes()) }

func hashRequest(b []byte) [32]byte {
	return sha256.Sum256(append([]byte(wire.LabelRequestHash), b...))
}

// ParseRequest decodes a request and checks its form and, if it is signed, its
// signature under the key that it names. Whether that key is one to answer is
// for the caller.
func ParseRequest(b []byte) (*Request, error) {
	if len(b) > maxRequestSize {
		return nil, fmt.Errorf("request: %d bytes are too many", len(b))
	}
	r := new(Request)
	if err := wire.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	return r, nil
}

const maxRequestSize = 16 << 10

func (r *Request) check() error {
	if r.Version != Version || r.Suite != Suite {
		return fmt.Errorf("version %d, suite %.40q is not ours", r.Version, r.Suite)
	}
	if err := r.Terms.check(); err != nil {
		return err
	}
	if len(r.Replaces) != 0 && len(r.Replaces) != 32 {
		return errors.New("the request to replace is not named by a hash")
	}
	if !plainText(r.ReturnTo, 0, maxText) {
		return errors.New("return address is not plain text")
	}
	if !r.Signed() {
		if r.Serial != 0 || r.NotAfter != 0 || r.ReturnTo != "" || len(r.Replaces) != 0 || len(r.Signature) != 0 {
			return errors.New("an unsigned request asks for nothing")
		}
		return nil
	}
	return r.checkSignature()
}

var errSignature = errors.New("signature does not verify")

func (r *Request) checkSignature() error {
	if err := r.Supplier.check(); err != nil {
		return err
	}
	body := *r
	body.Signature = nil
	msg, err := wire.Marshal(&body)
	if err != nil {
		return err
	}
	if !verifyRequest(r.Supplier, msg, r.Signature) {
		return errSignature
	}
	return nil
}

// mustMarshal is for our own message types, whose encoding cannot fail.
func mustMarshal(v any) []byte {
	b, err := wire.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
