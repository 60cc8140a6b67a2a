// Package messages holds what the pages and the prover's worker say to each
// other. A page asks with a Call and gets any number of Progress and then one
// result or one Error; the worker may also push a State. Bodies are JSON; what
// is large travels beside them as binary, in order, so that it can be
// transferred and not copied. Texts in results are sentences for people.
package messages

import (
	"encoding/json"
	"fmt"
)

// Type names a question of the page.
type Type string

// The questions. The comment names the type of the body and of the result; a
// body that is not named is empty.
const (
	TypeHello            Type = "hello"             // Hello → State
	TypeNewKey           Type = "new-key"           // → State
	TypeRecoveryFile     Type = "recovery-file"     // MakeRecovery → Recovery
	TypeRestore          Type = "restore"           // Restore → Restored
	TypeOpen             Type = "open"              // Open → Opened
	TypeOpenDemo         Type = "open-demo"         // → Opened
	TypeForgetHome       Type = "forget-home"       // ForgetHome → State
	TypeDays             Type = "days"              // AskDays → Days
	TypeRequest          Type = "request"           // TakeRequest → Ask
	TypeTrustSupplier    Type = "trust-supplier"    // TrustSupplier → State
	TypeTariffs          Type = "tariffs"           // AskTariffs → Tariffs
	TypeBill             Type = "bill"              // AskBill → Bill
	TypeProve            Type = "prove"             // Prove → Proof
	TypeSend             Type = "send"              // Send → Sent
	TypeSave             Type = "save"              // Save → Sent
	TypeRetry            Type = "retry"             // → Retried
	TypeDecline          Type = "decline"           // Decline → Entry
	TypeHistory          Type = "history"           // → History
	TypeEntry            Type = "entry"             // AskEntry → FullEntry
	TypeCompare          Type = "compare"           // Compare → Comparison
	TypeForgetEverything Type = "forget-everything" // → State
	TypeCancel           Type = "cancel"            // Cancel → Cancelled; at once, also while another call runs
)

// Binary is implemented by bodies and results with parts that travel beside the
// JSON. Parts returns where they are, always in the same order.
type Binary interface {
	Parts() []*[]byte
}

// Encode writes a body or a result: JSON and its binary parts.
func Encode(v any) (text []byte, parts [][]byte, err error) {
	if text, err = json.Marshal(v); err != nil {
		return nil, nil, fmt.Errorf("encode message: %w", err)
	}
	if b, ok := v.(Binary); ok {
		for _, p := range b.Parts() {
			parts = append(parts, *p)
		}
	}
	return text, parts, nil
}

// Decode reads what Encode wrote into v, a pointer. Empty text is an empty body.
func Decode(text []byte, parts [][]byte, v any) error {
	if len(text) > 0 {
		if err := json.Unmarshal(text, v); err != nil {
			return fmt.Errorf("decode message: %w", err)
		}
	}
	b, ok := v.(Binary)
	if !ok {
		return nil
	}
	places := b.Parts()
	if len(parts) > len(places) {
		return fmt.Errorf("decode message: %d binary parts, at most %d are expected", len(parts), len(places))
	}
	for i, p := range parts {
		*places[i] = p
	}
	return nil
}

// Progress says what is being done for a call.
type Progress struct {
	Phase    string `json:"phase"`    // reading, opening, checking, pricing, privacy, proving, verifying, storing, sending
	Sentence string `json:"sentence"` // "Checking the meter's seals"
	Done     int    `json:"done"`     // steps done …
	Of       int    `json:"of"`       // … of so many
}

// Error is a refusal or a failure, told to a person.
type Error struct {
	Code      Code   `json:"code"`
	Sentence  string `json:"sentence"`            // what happened
	Next      string `json:"next"`                // what to do
	Reference string `json:"reference,omitempty"` // to quote to the supplier, or for support
	Detail    string `json:"detail,omitempty"`    // for the curious, behind a fold; not a sentence for everyone

	Supplier *Supplier `json:"supplier,omitempty"` // of unknown-supplier: whom to ask about
	Missing  []Slot    `json:"missing,omitempty"`  // of days-missing: which half-hours
	Entry    string    `json:"entry,omitempty"`    // of already-answered, supplier-offline, bill-refused, receipt-wrong: the history entry
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Sentence }

// Code names a refusal or failure; pages choose pictures and buttons by it.
type Code string

// The designed refusals and failures.
const (
	WrongKey             Code = "wrong-key"              // the file was sealed for another key
	NoKey                Code = "no-key"                 // there is no key on this device yet
	OtherMeter           Code = "other-meter"            // the request asks about a meter whose file is not here
	PeriodNotCovered     Code = "period-not-covered"     // the file ends before, or begins after, the period
	DaysMissing          Code = "days-missing"           // days between are not there, or the tariff refuses missing half-hours
	WeightsDiffer        Code = "weights-differ"         // the supplier's prices are not those of the published tariff
	TariffRefusedPrivacy Code = "tariff-refused-privacy" // the amount could be used to read single hours
	TariffNotFound       Code = "tariff-not-found"       // the tariff of the request cannot be had, or does not fit the period
	TariffNotProvable    Code = "tariff-not-provable"    // its bills can be computed but not proven
	SupplierOffline      Code = "supplier-offline"       // stored, will be sent later
	BillRefused          Code = "bill-refused"           // by the supplier, with a reference
	ReceiptWrong         Code = "receipt-wrong"          // the answer is not a receipt for this bill; still waiting
	NotAHushwattFile     Code = "not-a-hushwatt-file"
	NotAMeterFile        Code = "not-a-meter-file" // neither sealed nor a download that is known
	NotCertified         Code = "not-certified"    // a bill of readings that nobody has sealed
	DamagedFile          Code = "damaged-file"
	RequestExpired       Code = "request-expired"
	AlreadyAnswered      Code = "already-answered"
	PeriodOverlaps       Code = "period-overlaps" // part of the period was billed before
	PeriodGap            Code = "period-gap"      // days between would never be billed
	UnknownSupplier      Code = "unknown-supplier"
	NothingAsked         Code = "nothing-asked"       // a bill that nobody asked for can be saved but not sent
	NoWayToSend          Code = "no-way-to-send"      // the request names no address that this page can reach: save the file
	NeedsPassphrase      Code = "needs-passphrase"    // the opened file is a recovery file: ask, then restore
	WrongPassphrase      Code = "wrong-passphrase"    // or a damaged recovery file
	WeakPassphrase       Code = "weak-passphrase"     // too short
	NoDemo               Code = "no-demo"             // this supplier has no made-up home to try
	NotFound             Code = "not-found"           // a home, bill or entry that is not here (any more)
	StorageDamaged       Code = "storage-damaged"     // something stored on this device does not open
	StorageFull          Code = "storage-full"        // the browser refuses to store
	StorageUnavailable   Code = "storage-unavailable" // private window, http, or switched off
	Stopped              Code = "cancelled"           // as asked
	BadCall              Code = "bad-call"            // the page and the worker do not fit together: reload
	Internal             Code = "internal"            // a fault of ours
)
