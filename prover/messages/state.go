package messages

// State is what is on this device. It is pushed whenever it changes.
type State struct {
	Version string `json:"version"` // of the worker
	HasKey  bool   `json:"hasKey"`
	// Recipient is the public side of the newest key, "hushwatt1…": what a meter
	// is paired with.
	Recipient string `json:"recipient,omitempty"`
	// Saved reports whether a recovery file was made since the key, or anything
	// that it should hold, last changed.
	Saved     bool       `json:"saved"`
	Homes     []Home     `json:"homes"`
	Asks      []Ask      `json:"asks"`      // requests, newest first, answered and declined ones too
	Waiting   int        `json:"waiting"`   // bills stored and not yet acknowledged
	Suppliers []Supplier `json:"suppliers"` // known ones
	Clock     string     `json:"clock"`     // by which days are cut where no tariff says
	// Pending are files that were opened before the right key was here; they
	// are tried again when a key comes.
	Pending []string `json:"pending,omitempty"`
}

// Supplier is one that the customer deals with, or is asked about.
type Supplier struct {
	Key   string `json:"key"`
	Name  string `json:"name"`
	Short string `json:"short"` // a few characters of the key, to compare with a letter
	Known bool   `json:"known"`
	Own   bool   `json:"own"` // this page is this supplier's
}

// Home is one meter and what was read of it.
type Home struct {
	ID     string `json:"id"`
	Meter  string `json:"meter"`
	Demo   bool   `json:"demo"` // made up
	First  string `json:"first"`
	Last   string `json:"last"`   // inclusive; whole days of the clock
	Period string `json:"period"` // "1–31 March 2026"
	// Span is from when to when the file reaches, if that is not just these days;
	// what is counted below is counted in all of it.
	Span        string `json:"span,omitempty"`
	SlotMinutes int    `json:"slotMinutes"`
	Slots       int    `json:"slots"` // half-hours; NotHere ones are not counted
	Measured    int    `json:"measured"`
	Estimated   int    `json:"estimated"`
	Missing     int    `json:"missing"`
	KWh         string `json:"kWh"`                 // import, "214.3"
	ExportKWh   string `json:"exportKWh,omitempty"` // what the roof gave back, if metered
	Corrected   int    `json:"corrected"`           // days that the meter sealed again

	MissingSlots   []Slot `json:"missingSlots"`   // the first 100, stretches joined
	EstimatedSlots []Slot `json:"estimatedSlots"` // likewise

	// Sealed is the green seal: every seal was computed again from the readings
	// and the meter's signature holds.
	Sealed    bool   `json:"sealed"`
	Seal      string `json:"seal"`      // the sentence for it
	Authority string `json:"authority"` // who vouches for the meter, short

	// Plain homes are of a file that nobody has sealed: nobody can verify their
	// bills, and nothing about them can be sent.
	Plain bool   `json:"plain,omitempty"`
	File  string `json:"file,omitempty"` // of a plain home: the file's name
	Said  []Said `json:"said,omitempty"` // of a plain home: how the file was read
}

// Slot names a stretch of half-hours, in the time of the clock.
type Slot struct {
	From  int64  `json:"from"` // Unix seconds
	To    int64  `json:"to"`
	Words string `json:"words"` // "Tuesday 5 March, 02:00 to 03:30"
	Slots int    `json:"slots"`
}

// The states of a request on this device.
const (
	AskOpen     = "open"
	AskWaiting  = "waiting"  // answered, not yet acknowledged
	AskAnswered = "answered" // accepted, or saved to a file
	AskRefused  = "refused"  // answered, and refused by the supplier; may be answered again
	AskDeclined = "declined" // may still be answered
	AskExpired  = "expired"
)

// Ask is a supplier's request for a bill.
type Ask struct {
	ID       string   `json:"id"`
	State    string   `json:"state"`
	Sentence string   `json:"sentence"` // "Demo Energy asks for your bill for 1–31 March 2026."
	Supplier Supplier `json:"supplier"`
	First    string   `json:"first"`
	Last     string   `json:"last"`   // inclusive
	Period   string   `json:"period"` // "1–31 March 2026"
	Meters   []string `json:"meters"`
	Homes    []string `json:"homes"`              // ids of those here that it asks about
	Serial   string   `json:"serial"`             // the supplier's number of the request
	Due      string   `json:"due"`                // "by 14 April 2026, 23:59"
	DueUnix  int64    `json:"dueUnix"`            // Unix seconds
	Replaces string   `json:"replaces,omitempty"` // the entry that it replaces
	Demo     bool     `json:"demo"`
	// Problem says why it cannot be answered as things are.
	Problem *Error `json:"problem,omitempty"`
}

// What an opened file was.
const (
	KindMeterFile = "meter-file"
	KindRequest   = "request"
	KindReceipt   = "receipt"
	KindKey       = "key"
)

// Opened is what a file held.
type Opened struct {
	Kind     string `json:"kind"`
	Sentence string `json:"sentence"` // "This is the file of meter 21M0012345, 1–31 March 2026."
	Home     *Home  `json:"home,omitempty"`
	Ask      *Ask   `json:"ask,omitempty"`
	Entry    *Entry `json:"entry,omitempty"`
	Known    bool   `json:"known"` // it was here already, or something newer was
}

// Recovery is a recovery file.
type Recovery struct {
	Name       string `json:"name"`                 // to save it under
	Passphrase string `json:"passphrase,omitempty"` // if the worker made it: show it, to be written down
	Holds      string `json:"holds"`                // a sentence: what the file brings back, and what not
	File       []byte `json:"-"`
}

// Parts implements Binary.
func (r *Recovery) Parts() []*[]byte { return []*[]byte{&r.File} }

// Restored is what a recovery file brought back.
type Restored struct {
	Sentence string   `json:"sentence"`
	Keys     int      `json:"keys"`
	Entries  int      `json:"entries"`
	Opened   []Opened `json:"opened"` // pending files that the key opened
}
