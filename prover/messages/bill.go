package messages

// Money is an amount. Amount is a plain decimal for code, Text for people.
type Money struct {
	Currency string `json:"currency"` // "GBP"
	Amount   string `json:"amount"`   // "43.17", "-0.0525"
	Text     string `json:"text"`     // "£43.17", "−£0.0525"
}

// Tariff names a tariff.
type Tariff struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"` // "Night and day"
	Brand    string   `json:"brand"`
	From     string   `json:"from"`         // first day in force
	To       string   `json:"to,omitempty"` // last day, inclusive; empty: no end
	Supplier Supplier `json:"supplier"`
	Clock    string   `json:"clock"`
	Currency string   `json:"currency"`
}

// Tariffs are those known on this device.
type Tariffs struct {
	List    []Tariff `json:"list"`
	Offline bool     `json:"offline"` // the supplier could not be asked: these are from before
}

// Bill is a bill as computed on this device, before anything is proven or sent.
type Bill struct {
	ID       string   `json:"id"`    // for Prove, Send and Save
	Title    string   `json:"title"` // "Your bill for 1–31 March 2026"
	Request  string   `json:"request,omitempty"`
	Supplier Supplier `json:"supplier"`
	Homes    []string `json:"homes"`
	Meters   []string `json:"meters"`
	First    string   `json:"first"`
	Last     string   `json:"last"` // inclusive
	Period   string   `json:"period"`
	Tariffs  []Tariff `json:"tariffs"`

	Total    Money  `json:"total"`
	Lines    []Line `json:"lines"`    // they add up to Total exactly
	Rounding string `json:"rounding"` // the rule in words

	Slots          int    `json:"slots"`
	Missing        int    `json:"missing"`
	Estimated      int    `json:"estimated"`
	MissingSlots   []Slot `json:"missingSlots"`
	EstimatedSlots []Slot `json:"estimatedSlots"`

	Leaves      []Fact `json:"leaves"`
	Stays       []Fact `json:"stays"`
	Bits        int    `json:"bits"`
	BitsText    string `json:"bitsText"`    // "At most 17 bits about your month can be in this bill."
	BitsMeaning string `json:"bitsMeaning"` // what that means
	SendText    string `json:"sendText"`    // of the button: "Send my March bill to Demo Energy"
	SaveText    string `json:"saveText"`    // "Save the bill as a file"
	CanSend     bool   `json:"canSend"`
	CanSave     bool   `json:"canSave"`
	// Problem says why it can be neither sent nor saved, or only saved.
	Problem *Error `json:"problem,omitempty"`
	// Plain bills are of readings that nobody has sealed: plain arithmetic, for the
	// customer alone. They have neither Leaves nor Stays.
	Plain bool   `json:"plain,omitempty"`
	Proof *Proof `json:"proof,omitempty"` // once made; without Bytes
}

// Line is one line of a bill.
type Line struct {
	Kind     string `json:"kind"` // energy, fixed, tax, rounding
	Name     string `json:"name"`
	Period   string `json:"period,omitempty"` // the tariff's season, if it has several
	KWh      string `json:"kWh,omitempty"`    // "132.412"
	Price    string `json:"price,omitempty"`  // "24.50p per kWh", or "8.20p to 35.00p per kWh"
	Amount   Money  `json:"amount"`
	Included *Money `json:"included,omitempty"` // tax that is inside the prices
	Steps    []Step `json:"steps"`              // the arithmetic, to be read in order
}

// Step is one row of a line's arithmetic: Left = Right.
type Step struct {
	Left  string `json:"left"`  // "132.412 kWh × £0.2450"
	Right string `json:"right"` // "£32.44094"
	Note  string `json:"note,omitempty"`
}

// Fact is one row of Leaves or Stays.
type Fact struct {
	Code  string `json:"code"`            // total, tariff, meter, missing, estimated, proof · readings, hours, lines, looking
	Text  string `json:"text"`            // "£43.17 for 1–31 March 2026"
	More  string `json:"more,omitempty"`  // behind a fold
	Slots []Slot `json:"slots,omitempty"` // named half-hours
}

// Proof is a bill ready to be sent.
type Proof struct {
	Bill      string  `json:"bill"`
	Size      int     `json:"size"`      // bytes of all that would be sent
	ProofSize int     `json:"proofSize"` // of the proof itself
	Hash      string  `json:"hash"`      // SHA-256 of the bytes, hexadecimal
	Pieces    []Piece `json:"pieces"`    // what the bytes are; sizes add up to Size
	Leaves    []Fact  `json:"leaves"`    // as in the bill, with the exact sizes
	Millis    int     `json:"millis"`    // how long it took
	Bytes     []byte  `json:"-"`
}

// Parts implements Binary.
func (p *Proof) Parts() []*[]byte { return []*[]byte{&p.Bytes} }

// Piece is a part of a bill's bytes.
type Piece struct {
	Name string `json:"name"` // "The supplier's request, sent back"
	Size int    `json:"size"`
}

// Sent is what became of a bill that was sent or saved. A bill that could not
// be sent is an Error whose Entry names it.
type Sent struct {
	Sentence string `json:"sentence"` // "Demo Energy accepted your bill of £43.17."
	Entry    Entry  `json:"entry"`
	Name     string `json:"name,omitempty"` // of Save: to save it under
	File     []byte `json:"-"`              // of Save: the bill file
}

// Parts implements Binary.
func (s *Sent) Parts() []*[]byte { return []*[]byte{&s.File} }

// Retried is what became of the bills that were waiting.
type Retried struct {
	Sent    []Entry `json:"sent"`    // accepted or refused now
	Waiting []Entry `json:"waiting"` // still
	Error   *Error  `json:"error,omitempty"`
}

// Comparison is the same days on each tariff, cheapest first.
type Comparison struct {
	Period  string     `json:"period"`
	Caveat  string     `json:"caveat"`
	Options []Option   `json:"options"`
	Offline bool       `json:"offline"`
	Skipped []Unpriced `json:"skipped"` // tariffs that do not fit these days
}

// Option is one tariff's bill.
type Option struct {
	Tariff     Tariff `json:"tariff"`
	Total      Money  `json:"total"`
	Difference Money  `json:"difference"` // to the present tariff, negative: cheaper
	Words      string `json:"words"`      // "£3.20 less than now"
	Present    bool   `json:"present"`    // it is the one that the customer is on
	Lines      []Line `json:"lines"`
}

// Unpriced is a tariff that has no price for these days.
type Unpriced struct {
	Tariff Tariff `json:"tariff"`
	Why    string `json:"why"`
}
