package worker

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"

	"hushwatt/internal/wire"
	"hushwatt/meter"
	"hushwatt/prover"
	"hushwatt/prover/messages"
	"hushwatt/tariffs"
)

// What the vault holds. Names are a kind and a hash or a random number, so the
// names alone say nothing but how many there are.
const (
	keyPrefix      = "key/"      // keyRecord
	exportPrefix   = "export/"   // exportRecord, one per epoch of a meter
	plainPrefix    = "plain/"    // plainRecord: readings that no meter has sealed
	supplierPrefix = "supplier/" // supplierRecord
	tariffPrefix   = "tariff/"   // tariffRecord: a tariff
	addendumPrefix = "addendum/" // tariffRecord: an addendum of one
	listedPrefix   = "listed/"   // this tariff or addendum was on the supplier's public list; of a tariff, hashes of its addenda in that order
	askPrefix      = "ask/"      // askRecord
	entryPrefix    = "entry/"    // entryRecord: the history, and what was ever released
	bytesPrefix    = "bytes/"    // the bill file of an entry, exactly as sent
	receiptPrefix  = "receipt/"  // the receipt of an entry
	savedName      = "saved"     // what the last recovery file held, hashed
)

var errRecord = errors.New("stored record is malformed")

type keyRecord struct {
	_    struct{} `cbor:",toarray"`
	File []byte
	Demo bool
	Made int64
}

type exportRecord struct {
	_      struct{} `cbor:",toarray"`
	Key    string   // name of the keyRecord that opens it
	Demo   bool
	Facts  exportFacts
	Export []byte
}

// exportFacts are what is shown of an export without opening it again.
type exportFacts struct {
	_         struct{} `cbor:",toarray"`
	Meter     string
	Authority []byte // hash of its key
	Vouches   string // the authority, as text
	Epoch     uint32
	N         uint16
	From      int64 // first instant that is in the epoch, and the end of the last
	To        int64
	Slots     int
	Measured  int
	Missing   int
	Estimated int
	Wh        []uint64 // per channel
	Corrected int
	Odd       []oddSlots
}

// oddSlots is a stretch that is missing or estimated.
type oddSlots struct {
	_      struct{} `cbor:",toarray"`
	From   int64
	Slots  int
	Status uint8
}

type supplierRecord struct {
	_      struct{} `cbor:",toarray"`
	Key    string
	Name   string
	Origin string // of the page that it was trusted with, empty if by the customer's word
	Since  int64
}

type tariffRecord struct {
	_        struct{} `cbor:",toarray"`
	Document []byte
	Supplier string
}

type askRecord struct {
	_        struct{} `cbor:",toarray"`
	Request  []byte
	Declined bool
	Demo     bool
	Taken    int64
}

// entryRecord is one event of the history. Released is what its bill told, once
// and for all: it is there from before the first send.
type entryRecord struct {
	_        struct{} `cbor:",toarray"`
	Summary  []byte   // JSON of a messages.Entry
	Request  []byte
	Released []releasedRow
	Bill     []byte // JSON of a messages.Bill, as it was shown; empty in a recovery file
}

// releasedRow is a tariffs.Row about one meter. Weights are runs of equal ones.
type releasedRow struct {
	_        struct{} `cbor:",toarray"`
	Meter    string
	N        uint16
	Clock    string
	FirstDay int
	Days     int
	Unit     []byte // big-endian
	Runs     []weightRun
	Export   []weightRun // none for 0
	Regime   uint8
	Peak     bool
}

type weightRun struct {
	_      struct{} `cbor:",toarray"`
	Slots  uint32
	Weight int64
}

func packRow(name string, n int, clock string, r tariffs.Row) releasedRow {
	return releasedRow{Meter: name, N: uint16(n), Clock: clock, FirstDay: r.FirstDay, Days: len(r.Weights), Unit: r.U.Bytes(),
		Runs: packWeights(r.Weights), Export: packWeights(r.Export), Regime: uint8(r.Regime), Peak: r.Peak}
}

func packWeights(days [][]int64) (runs []weightRun) {
	for _, weights := range days {
		for _, w := range weights {
			if k := len(runs); k > 0 && runs[k-1].Weight == w {
				runs[k-1].Slots++
			} else {
				runs = append(runs, weightRun{Slots: 1, Weight: w})
			}
		}
	}
	return runs
}

const maxDays = 1 << 16

func (p *releasedRow) row() (r tariffs.Row, err error) {
	r = tariffs.Row{FirstDay: p.FirstDay, U: new(big.Int).SetBytes(p.Unit), Regime: tariffs.Regime(p.Regime), Peak: p.Peak}
	if p.Days < 1 || p.Days > maxDays || !meter.ValidSlots(int(p.N)) || r.U.Sign() == 0 || r.Regime > tariffs.Above {
		return r, errRecord
	}
	if r.Weights, err = p.weights(p.Runs); err != nil || len(p.Export) == 0 {
		return r, err
	}
	r.Export, err = p.weights(p.Export)
	return r, err
}

func (p *releasedRow) weights(runs []weightRun) (days [][]int64, err error) {
	total := uint64(0)
	for _, run := range runs {
		total += uint64(run.Slots)
	}
	if total != uint64(p.Days)*uint64(p.N) {
		return nil, errRecord
	}
	flat := make([]int64, 0, total)
	for _, run := range runs {
		for range run.Slots {
			flat = append(flat, run.Weight)
		}
	}
	for d := range p.Days {
		days = append(days, flat[d*int(p.N):(d+1)*int(p.N)])
	}
	return days, nil
}

func pack(v any) []byte {
	b, err := wire.Marshal(v)
	if err != nil {
		panic(err) // our own types
	}
	return b
}

func unpack(data []byte, v any) error {
	if err := wire.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%w: %w", errRecord, err)
	}
	return nil
}

// put writes records without removing any.
func (d *Desk) put(name string, v any) error {
	return d.host.Vault.Write(map[string][]byte{name: pack(v)}, nil)
}

func short(parts ...[]byte) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
		h.Write([]byte{byte(len(p)), byte(len(p) >> 8)})
	}
	return hex.EncodeToString(h.Sum(nil)[:10])
}

func supplierName(s prover.Supplier) string { return supplierPrefix + short(s[:]) }

func askName(hash [32]byte) string { return askPrefix + hex.EncodeToString(hash[:]) }

// summary returns what is shown of an entry, without the words that depend on
// the clock.
func (r *entryRecord) summary() (*messages.Entry, error) {
	e := new(messages.Entry)
	if err := json.Unmarshal(r.Summary, e); err != nil {
		return nil, fmt.Errorf("%w: %w", errRecord, err)
	}
	return e, nil
}

// with returns the record with another summary.
func (r entryRecord) with(e *messages.Entry) entryRecord {
	r.Summary = packJSON(e)
	return r
}

func packJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own types
	}
	return b
}
