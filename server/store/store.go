// Package store keeps what a supplier must remember: tariffs, authorities and
// meters, requests, accepted bills with their receipts, refused bills, and what
// was billed and accepted of each meter. All SQL of the server is here. Store is
// the interface; SQLite keeps everything in one file.
package store

import (
	"context"
	"errors"

	"hushwatt/meter"
	"hushwatt/prover"
	"hushwatt/tariffs"
)

// Errors that callers tell apart with errors.Is.
var (
	ErrNotFound = errors.New("there is no such entry")
	ErrConflict = errors.New("contradicts what is stored")
)

// Store is the memory of a supplier. Its methods are safe for concurrent use, and
// what they changed is durable when they return. Times are Unix seconds.
type Store interface {
	Register
	Requests
	Bills
	Audit
	Parties

	// Supplier returns the key whose requests and receipts are stored. The first
	// call fixes it; a call with another key is an ErrConflict.
	Supplier(ctx context.Context, key prover.Supplier) error
	// Ping reports whether the store answers.
	Ping(ctx context.Context) error
	// Backup writes a consistent copy of everything to a new file.
	Backup(ctx context.Context, path string) error
	Close() error
}

// Register is who and what the supplier knows.
type Register interface {
	// AddTariff publishes a tariff: document is its signed form. Publishing it
	// again changes nothing.
	AddTariff(ctx context.Context, t *tariffs.Tariff, document []byte, at int64) error
	// Tariffs lists what was published, newest first.
	Tariffs(ctx context.Context) ([]Tariff, error)
	Tariff(ctx context.Context, id [32]byte) (*Tariff, error)
	// AddAddendum publishes an addendum of a published tariff: document is its
	// signed form. check is told what was published of the tariff before, in
	// order, and nothing is published between; its error refuses. Publishing it
	// again changes nothing.
	AddAddendum(ctx context.Context, a *tariffs.Addendum, document []byte, at int64, check func(before []Addendum) error) error
	// Addenda lists those of all tariffs in order of publication.
	Addenda(ctx context.Context) ([]Addendum, error)
	// AddendaOf lists those of one tariff.
	AddendaOf(ctx context.Context, tariff [32]byte) ([]Addendum, error)
	Addendum(ctx context.Context, id [32]byte) (*Addendum, error)

	// PutAuthority adds an authority, or changes its name and validity.
	PutAuthority(ctx context.Context, a Authority) error
	Authorities(ctx context.Context) ([]Authority, error)

	// PutMeter adds a meter, or changes its entry.
	PutMeter(ctx context.Context, m Meter) error
	Meter(ctx context.Context, number string) (*Meter, error)
	// Meters lists meters after a given number, in order, at most limit, whose
	// number contains search.
	Meters(ctx context.Context, search, after string, limit int) ([]Meter, error)
}

// Requests are what the supplier asked.
type Requests interface {
	// AddRequest stores the request that sign makes with the next serial. It is an
	// ErrConflict if its period overlaps one that was billed of one of its meters,
	// or one that is still awaited, unless it replaces the bill of exactly that
	// period.
	AddRequest(ctx context.Context, at int64, sign func(serial uint64) (*prover.Request, error)) (uint64, error)
	// RequestBytes returns a request by its hash.
	RequestBytes(ctx context.Context, hash [32]byte) ([]byte, error)
	// Withdraw takes a request back. It is an ErrConflict if it was answered.
	Withdraw(ctx context.Context, serial uint64, at int64) error

	// Items lists requests and what became of them, newest first.
	Items(ctx context.Context, f Filter) ([]Item, error)
	// Counts counts the items of a filter by state; f.State is not looked at.
	Counts(ctx context.Context, f Filter) (map[State]int, error)
	// Item returns one request by its serial, with every refusal that is kept.
	Item(ctx context.Context, serial uint64, now int64) (*Item, error)
}

// Bills are what customers sent; a server's prover.Ledger stands on them.
type Bills interface {
	// Record decides on each bill in order, as prover.Ledger says, and makes all
	// that it records durable with one transaction.
	Record(bills []Bill, receipt func(i int, serial uint64) []byte) (receipts [][]byte, errs []error)
	// Refuse keeps bills that were refused. Those for an unknown request are not
	// kept, and of one request only the latest few.
	Refuse(ctx context.Context, list []Refused) error
	Receipt(id [16]byte) (submission [32]byte, receipt []byte, ok bool, err error)
	RequestState(hash [32]byte) (prover.RequestState, error)
	Accepted(prover.Epoch) (*meter.Accepted, error)
	AddEvidence(e *meter.TwoHeads, at int64) error
	// Evidence returns the pairs of heads that contradict each other, newest first.
	Evidence(ctx context.Context) ([]Evidence, error)
	// BillBytes returns the exact bytes of the accepted bill of a request, and of
	// its receipt.
	BillBytes(ctx context.Context, request uint64) (bill, receipt []byte, err error)
	// RefusedBytes returns the exact bytes of a refused bill by its reference.
	RefusedBytes(ctx context.Context, reference string) ([]byte, error)
}

// Audit reads everything back, for a check of all that is stored.
type Audit interface {
	// SupplierKey returns the key that the first call of Supplier has fixed.
	SupplierKey(ctx context.Context) (prover.Supplier, error)
	// Check looks for damage of the storage itself.
	Check(ctx context.Context) error
	// Stored calls visit for every accepted bill in the order of the receipts.
	Stored(ctx context.Context, visit func(*StoredBill) error) error
	// Asked calls visit for every request in the order of the serials.
	Asked(ctx context.Context, visit func(serial uint64, hash [32]byte, request []byte) error) error
	// Refused calls visit for every refused bill that is kept.
	Refused(ctx context.Context, visit func(request uint64, hash [32]byte, bill []byte) error) error
	// States lists the newest state accepted of every epoch.
	States(ctx context.Context) (map[prover.Epoch]*meter.Accepted, error)
	// Periods lists what was billed, by the serial of the bill that counts.
	Periods(ctx context.Context) (map[Period]uint64, error)
}

// Period is a time that was billed of one meter.
type Period struct {
	Meter      string
	Kind       prover.Kind
	Start, End int64
}

// Validity says on which UTC days an authority or meter counts.
type Validity struct {
	First, Last uint16 // both inclusive
	Revoked     uint16 // first day that no longer counts, 0 if not revoked
}

// Always is the validity of what nobody has limited.
var Always = Validity{First: 0, Last: 1<<16 - 1}

// Covers reports whether all days from first to last count.
func (v Validity) Covers(first, last uint16) bool {
	return v.First <= first && last <= v.Last && (v.Revoked == 0 || last < v.Revoked)
}

// Tariff is a published tariff.
type Tariff struct {
	ID        [32]byte
	PlanID    string
	Document  []byte // signed, as served
	Published int64
}

// Addendum is a published addendum of a tariff.
type Addendum struct {
	ID, Tariff [32]byte
	Document   []byte // signed, as served
	Published  int64
}

// Authority is a meter authority whose certificates the supplier takes.
type Authority struct {
	meter.Authority
	Name string
	Validity
	Added int64
}

// Meter is a meter that the supplier bills.
type Meter struct {
	Number    string
	Authority [32]byte // hash of the authority's key
	Slots     int      // in a UTC day
	Validity
	Added int64
}

// State says what became of a request.
type State string

// The states of a request, in the order in which one hides another.
const (
	Accepted     State = "accepted"  // answered, and the bill counts
	Replaced     State = "replaced"  // answered, and a later bill counts instead
	Withdrawn    State = "withdrawn" // taken back
	RefusedState State = "refused"   // an answer was refused, none accepted
	Expired      State = "expired"   // not answered in time
	Awaited      State = "awaited"   // may still be answered
)

// States lists all states, in the order of a portal.
var States = []State{Awaited, Accepted, RefusedState, Replaced, Expired, Withdrawn}

// Filter picks items. Its zero value picks all of them, at Unix time 0.
type Filter struct {
	State  State  // "" for all
	Meter  string // exactly this meter
	Search string // part of a meter's number, a total, a reference or a request's hash; or a serial
	Before uint64 // only serials below, 0 for all: the next page
	Limit  int    // 0 for all
	Now    int64  // decides what is expired
}

// Item is a request and what became of it: one row of the portal.
type Item struct {
	Serial            uint64
	Request           [32]byte // hash
	State             State
	Meters            []string
	Kind              prover.Kind
	Start, End        int64
	First, Last       string // dates of the tariff's clock, Last exclusive
	Created, NotAfter int64
	Withdrawn         int64     // 0 if not
	Replaces          uint64    // serial of a request, 0 if none
	ReplacedBy        uint64    // likewise
	Answer            *Answer   // nil unless accepted or replaced
	Refusals          []Refusal // newest first; in lists only the newest
}

// Answer is an accepted bill, without its bytes.
type Answer struct {
	Receipt                   uint64 // its serial
	ID                        [16]byte
	Submission                [32]byte // hash
	Accepted                  int64
	Total, Currency           string
	Slots, Missing, Estimated int
	Size                      int // of the bill's bytes
}

// Refusal is a refused bill, without its bytes.
type Refusal struct {
	Reference string
	Reason    prover.Reason
	Detail    string // for staff
	Hash      [32]byte
	At        int64
	Times     int
	Size      int
}

// Bill is an accepted bill as it is recorded.
type Bill struct {
	prover.Entry
	At                        int64
	Total, Currency           string
	Slots, Missing, Estimated int
}

// Refused is a refused bill as it is recorded.
type Refused struct {
	Request   [32]byte // hash of the request that it answers
	Bill      []byte
	Reference string
	Reason    prover.Reason
	Detail    string
	At        int64
}

// StoredBill is an accepted bill with everything that is stored of it.
type StoredBill struct {
	Answer
	Serial                  uint64   // of the request
	Request                 [32]byte // hash
	RequestBytes            []byte
	BillBytes, ReceiptBytes []byte // the bytes of bill and receipt
	ReplacedBy              uint64 // serial of a receipt, 0 if none
}

// Evidence is two signed heads of one meter that cannot both be true, as bytes.
type Evidence struct {
	A, B []byte
	At   int64 // when the second came
}
