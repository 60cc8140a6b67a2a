package prover

import (
	"sync"

	"hushwatt/meter"
)

// Ledger is what a supplier must remember so that each bill counts once
// (docs/protocol.md, section 5.4). Memory keeps it in memory; a server keeps it
// in a database. All methods are safe for concurrent use.
type Ledger interface {
	// Receipt returns the hash of the submission recorded under id and its
	// receipt's bytes; ok is false if there is none.
	Receipt(id [16]byte) (submission [32]byte, receipt []byte, ok bool, err error)
	// Request returns the state of the request with the given hash.
	Request(hash [32]byte) (RequestState, error)
	// Accepted returns the newest state accepted of an epoch, nil if there is none.
	Accepted(Epoch) (*meter.Accepted, error)
	// Evidence keeps two signed heads of a meter that contradict each other.
	Evidence(*meter.TwoHeads) error
	// Record decides on each entry in order and makes all that it records durable
	// together, so that many bills cost one write to the disk. For each it repeats,
	// under its lock, what may have changed since the checks: id unused, request
	// unanswered, period free, no state going back. Error i is a *Refusal if one of
	// those fails for entry i; any other error says that entry i is not recorded,
	// or not known to be. An id recorded with the same submission meanwhile gets
	// the receipt that it was given then. receipt is called for each entry that is
	// recorded, under the lock, with the serial that its receipt is to carry.
	Record(entries []Entry, receipt func(i int, serial uint64) []byte) (receipts [][]byte, errs []error)
}

// Epoch names one tenancy of one device. Two devices may carry one name if
// different authorities certified them.
type Epoch struct {
	Authority [32]byte // hash of the authority's key
	Meter     string
	Number    uint32
}

func epochOf(c *meter.Checked) Epoch { return Epoch{c.Authority, c.Meter, c.Epoch} }

// RequestState says what became of a request.
type RequestState int

// The states of a request.
const (
	RequestUnknown RequestState = iota
	RequestOpen
	RequestAnswered
	RequestWithdrawn
)

// Entry is one accepted bill, as it goes into the ledger.
type Entry struct {
	ID         [16]byte
	Request    [32]byte
	Replaces   []byte // hash of the replaced request, or empty
	Submission [32]byte
	Bill       []byte // the bill file's bytes
	Meters     []string
	Kind       Kind
	Start, End int64
	Segments   []*meter.Checked // each with the state to be stored
	Result     *Result          // what the bill says
}

// Memory is a Ledger that forgets everything when the program ends.
type Memory struct {
	mu        sync.Mutex
	bills     map[[16]byte]recorded
	requests  map[[32]byte]RequestState
	states    map[Epoch]*meter.Accepted
	evidence  []*meter.TwoHeads
	intervals map[intervalKey]*Intervals
	serial    uint64
}

type recorded struct {
	submission [32]byte
	receipt    []byte
}

type intervalKey struct {
	meter string
	kind  Kind
}

// NewMemory returns an empty ledger.
func NewMemory() *Memory {
	return &Memory{
		bills:     map[[16]byte]recorded{},
		requests:  map[[32]byte]RequestState{},
		states:    map[Epoch]*meter.Accepted{},
		intervals: map[intervalKey]*Intervals{},
	}
}

// Open makes a request known, to be answered once.
func (m *Memory) Open(r *Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if h := r.Hash(); m.requests[h] == RequestUnknown {
		m.requests[h] = RequestOpen
	}
}

// Receipt implements Ledger.
func (m *Memory) Receipt(id [16]byte) ([32]byte, []byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.bills[id]
	return r.submission, r.receipt, ok, nil
}

// Request implements Ledger.
func (m *Memory) Request(hash [32]byte) (RequestState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.requests[hash], nil
}

// Accepted implements Ledger.
func (m *Memory) Accepted(e Epoch) (*meter.Accepted, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.states[e], nil
}

// Evidence implements Ledger.
func (m *Memory) Evidence(heads *meter.TwoHeads) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.evidence = append(m.evidence, heads)
	return nil
}

// Record implements Ledger.
func (m *Memory) Record(entries []Entry, receipt func(i int, serial uint64) []byte) ([][]byte, []error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	receipts, errs := make([][]byte, len(entries)), make([]error, len(entries))
	for i, e := range entries {
		receipts[i], errs[i] = m.one(e, func(serial uint64) []byte { return receipt(i, serial) })
	}
	return receipts, errs
}

func (m *Memory) one(e Entry, receipt func(serial uint64) []byte) ([]byte, error) {
	if r, ok := m.bills[e.ID]; ok && r.submission == e.Submission {
		return r.receipt, nil
	}
	if err := m.admit(e); err != nil {
		return nil, err
	}
	m.serial++
	b := receipt(m.serial)
	m.bills[e.ID] = recorded{e.Submission, b}
	m.requests[e.Request] = RequestAnswered
	for _, name := range e.Meters {
		m.period(name, e.Kind).Add(e.Start, e.End, e.Request, e.Replaces)
	}
	for _, s := range e.Segments {
		m.states[epochOf(s)] = &s.State
	}
	return b, nil
}

func (m *Memory) admit(e Entry) error {
	if _, ok := m.bills[e.ID]; ok {
		return refusef(ReasonRequest, "id is in use")
	}
	if m.requests[e.Request] != RequestOpen {
		return refusef(ReasonRequest, "request is not open")
	}
	for _, name := range e.Meters {
		if err := m.period(name, e.Kind).Check(e.Start, e.End, e.Replaces); err != nil {
			return refuse(ReasonRequest, err)
		}
	}
	for _, s := range e.Segments {
		if err := m.states[epochOf(s)].CheckHead(s.StateHead); err != nil {
			return refuse(ReasonChain, err)
		}
	}
	return nil
}

func (m *Memory) period(name string, kind Kind) *Intervals {
	k := intervalKey{name, kind}
	if m.intervals[k] == nil {
		m.intervals[k] = new(Intervals)
	}
	return m.intervals[k]
}
