package messages

// The states of a history entry.
const (
	EntryWaiting  = "waiting"  // stored, to be sent
	EntryAccepted = "accepted" // the supplier's receipt is here and checked
	EntryRefused  = "refused"  // by the supplier
	EntryDeclined = "declined" // by the customer; nothing was sent
	EntrySaved    = "saved"    // handed over as a file
)

// Entry is one event of the history.
type Entry struct {
	ID        string   `json:"id"`
	State     string   `json:"state"`
	Sentence  string   `json:"sentence"` // "Accepted by Demo Energy on 3 April 2026, 19:02."
	Title     string   `json:"title"`    // "Bill for 1–31 March 2026"
	Supplier  Supplier `json:"supplier"`
	Request   string   `json:"request,omitempty"`
	Meters    []string `json:"meters"`
	First     string   `json:"first"`
	Last      string   `json:"last"` // inclusive
	Period    string   `json:"period"`
	Total     *Money   `json:"total,omitempty"`
	Made      int64    `json:"made"`                // Unix seconds
	MadeWords string   `json:"madeWords"`           // "3 April 2026, 19:02"
	Done      int64    `json:"done,omitempty"`      // when the supplier recorded it
	Number    string   `json:"number,omitempty"`    // of the receipt
	Reference string   `json:"reference,omitempty"` // to quote to the supplier
	Reason    string   `json:"reason,omitempty"`    // of a refusal, in words
	Why       string   `json:"why,omitempty"`       // of a decline
	Note      string   `json:"note,omitempty"`
	Size      int      `json:"size,omitempty"` // bytes sent
	Attempts  int      `json:"attempts,omitempty"`
	Demo      bool     `json:"demo"`
	// Whole is false for an entry restored from a recovery file, which holds
	// summaries and not the bytes.
	Whole bool `json:"whole"`
}

// History is everything ever sent, saved, declined, refused or waiting, newest
// first.
type History struct {
	Entries []Entry `json:"entries"`
	// Released says how much has been told in all.
	Released string `json:"released"`
}

// FullEntry is all that is kept of one.
type FullEntry struct {
	Entry       Entry   `json:"entry"`
	Bill        *Bill   `json:"bill,omitempty"` // as it was shown, to print it
	Pieces      []Piece `json:"pieces"`
	Hash        string  `json:"hash,omitempty"`
	FileName    string  `json:"fileName,omitempty"`    // for Bytes
	ReceiptName string  `json:"receiptName,omitempty"` // for Receipt
	Bytes       []byte  `json:"-"`                     // the bill file, as sent
	Receipt     []byte  `json:"-"`                     // the supplier's receipt
	RequestData []byte  `json:"-"`                     // the request
}

// Parts implements Binary.
func (e *FullEntry) Parts() []*[]byte { return []*[]byte{&e.Bytes, &e.Receipt, &e.RequestData} }
