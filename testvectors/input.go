package testvectors

// Claim is kind "claim": a claim, the seals that it is about and a proof.
type Claim struct {
	TZ          string       `json:"tz"` // version of the time zone data, part of the weights' hash
	Rows        []Row        `json:"rows"`
	Functionals []Functional `json:"functionals"`
	Steps       []Step       `json:"steps"`  // what is done with them, in order
	Header      Hex          `json:"header"` // CBOR of every public input of the exchange
	Seals       []Hex        `json:"seals"`
	Proof       Hex          `json:"proof"`
}

// Row is one sealed row: slots of the day, largest reading, and which slots the
// status policy leaves out (no list: none).
type Row struct {
	N    int    `json:"n"`
	Cap  uint32 `json:"cap"`
	Skip []bool `json:"skip,omitempty"`
}

// Functional is Σ weights[row][slot]·reading + const, called f0, f1, … in
// expressions. Integers beyond 64 bits are decimal strings.
type Functional struct {
	Weights [][]int64 `json:"weights"`
	Const   string    `json:"const"`
}

// Expr is a linear expression: name of a hidden integer → coefficient. "1" is the
// constant; s0, s1, … are what the steps "secret", "roundedSecret" and "total"
// declared.
type Expr map[string]string

// Step is one call of the claim language; README.md lists them.
type Step struct {
	Op    string   `json:"op"`
	Name  string   `json:"name,omitempty"`
	Lo    string   `json:"lo,omitempty"`
	Hi    string   `json:"hi,omitempty"`
	Pays  string   `json:"pays,omitempty"`
	L     Expr     `json:"l,omitempty"`
	X     Expr     `json:"x,omitempty"`
	Y     Expr     `json:"y,omitempty"`
	Lines []Expr   `json:"lines,omitempty"`
	Units []string `json:"units,omitempty"`
	Mode  string   `json:"mode,omitempty"`
	Value string   `json:"value,omitempty"`

	Entries int     `json:"entries,omitempty"` // of a vector, called v0, v1, … in order
	Vector  int     `json:"vector,omitempty"`
	Weights []int64 `json:"weights,omitempty"` // of the vector's entries
	Sums    []Sum   `json:"sums,omitempty"`
}

// Sum is Σ k·reading of [row, slot, k] + Σ k·entry of [vector, entry, k] + const.
type Sum struct {
	Cells [][3]int64 `json:"cells,omitempty"`
	Items [][3]int64 `json:"items,omitempty"`
	Const int64      `json:"const,omitempty"`
}

// Batch is kind "batch": claims that are verified together. It is accepted if
// every one of them gets the verdict that stands beside it and all are accepted.
type Batch struct {
	Items []Item `json:"items"`
}

// Item is a claim that stands in the batch so many times, one after another.
type Item struct {
	Repeat  int    `json:"repeat"`
	Verdict string `json:"verdict"`
	Claim   Claim  `json:"claim"`
}

// Range is kind "range": a range proof by itself, in a sponge of its own.
type Range struct {
	Segments    []Segment `json:"segments"`
	Commitments []Hex     `json:"commitments"`
	Proof       Hex       `json:"proof"` // A ‖ S ‖ T_1 ‖ T_2 ‖ τ_x ‖ μ ‖ t̂ ‖ L_1 ‖ R_1 ‖ … ‖ a ‖ b
}

// Segment is the requirement 0 ≤ v ≤ bound, over width bits.
type Segment struct {
	Width int    `json:"width"`
	Bound string `json:"bound"`
}

// RangeTag gives the session id of kind "range".
const RangeTag = "hushwatt/v1/testvectors/range"

// Export is kind "export": a customer opens files, all with one key.
type Export struct {
	Key     string `json:"key"` // text of the key file
	Exports []Hex  `json:"exports"`
}

// Delegation is kind "delegation": a third party opens the days it was given.
type Delegation struct {
	Delegation Hex `json:"delegation"`
	Export     Hex `json:"export"`
}

// Segments is kind "segments": a supplier checks what a submission holds of the
// meters, for the import channel of a period.
type Segments struct {
	Authorities []string `json:"authorities"`
	Accepted    *State   `json:"accepted,omitempty"` // what it accepted before of the first segment's epoch
	Segments    []Hex    `json:"segments"`
	Start       int64    `json:"start"` // Unix seconds
	End         int64    `json:"end"`   // exclusive
}

// State is what a supplier keeps of a meter's epoch.
type State struct {
	Head        Hex `json:"head"`
	Corrections Hex `json:"corrections"` // CBOR array of the corrections
}

// Text is kinds "authority", "party", "recipient" and "key-file".
type Text struct {
	Text string `json:"text"`
}

// Bytes is kinds "certificate", "draft" and "request".
type Bytes struct {
	Bytes Hex `json:"bytes"`
}

// Bill is kind "bill": a bill file checked offline, against the verifier's plan.
type Bill struct {
	Authorities []string `json:"authorities"`
	Plan        Plan     `json:"plan"`
	Request     Hex      `json:"request,omitempty"` // the one that must have been answered
	Bill        Hex      `json:"bill"`
}

// Plan is what the verifier makes of its own tariff documents.
type Plan struct {
	Kind        string     `json:"kind"`
	Stage       string     `json:"stage,omitempty"`
	Mode        string     `json:"mode,omitempty"`
	Digits      uint8      `json:"digits"`
	Period      Period     `json:"period"`
	Meters      []Meter    `json:"meters"`
	Tariffs     []Hex      `json:"tariffs"`
	TZ          string     `json:"tz"`
	Missing     string     `json:"missing"`
	Estimated   string     `json:"estimated"`
	Registers   []Register `json:"registers,omitempty"`
	Channels    []int      `json:"channels"`
	Functionals []Line     `json:"functionals"`
	Rules       []Rule     `json:"rules,omitempty"`
}

// Rule is a rule of a plan; which fields it has depends on Kind.
type Rule struct {
	Name     string    `json:"name"`
	Kind     string    `json:"kind"`
	FirstRow int       `json:"first_row,omitempty"`
	Weights  [][]int64 `json:"weights,omitempty"` // of rows from first_row on
	Const    string    `json:"const,omitempty"`
	Hidden   []Term    `json:"hidden,omitempty"`
	Groups   []Group   `json:"groups,omitempty"`
	Count    int       `json:"count,omitempty"`
	Unit     string    `json:"unit,omitempty"`
	Mode     string    `json:"mode,omitempty"`
}

// Term is a multiple of what a rule, by its place in the plan, comes to.
type Term struct {
	Rule int    `json:"rule"`
	Coef string `json:"coef"`
}

// Group is a demand interval: its day and its cells, each row and slot.
type Group struct {
	Day   int      `json:"day"`
	Cells [][2]int `json:"cells"`
}

// Period is a billing period: instants, local dates, clock.
type Period struct {
	Start int64  `json:"start"`
	End   int64  `json:"end"`
	First string `json:"first"`
	Last  string `json:"last"`
	Clock string `json:"clock"`
}

// Meter is a meter and its slots a day.
type Meter struct {
	Meter string `json:"meter"`
	N     uint16 `json:"n"`
}

// Register is one sum of a request for registers.
type Register struct {
	Name    string `json:"name"`
	Channel uint8  `json:"channel"`
	Unit    uint32 `json:"unit"`
}

// Line is one functional of a plan, worth 1/unit each.
type Line struct {
	Name    string    `json:"name"`
	Weights [][]int64 `json:"weights"` // by meter, UTC day and channel; before statuses
	Const   string    `json:"const"`
	Unit    string    `json:"unit"`
	Hidden  []Term    `json:"hidden,omitempty"`
}

// Exchange is kind "exchange": what a supplier's server is told, in order. All
// bills but the last one are accepted; the last one is the scenario.
type Exchange struct {
	Supplier    string   `json:"supplier"` // text of the supplier's key file
	Authorities []string `json:"authorities"`
	Plans       []Plan   `json:"plans"` // by period
	Now         int64    `json:"now"`   // Unix seconds
	Requests    []Hex    `json:"requests"`
	Bills       []Hex    `json:"bills"`
}

// Receipt is kind "receipt": a customer checks what came back.
type Receipt struct {
	Supplier string `json:"supplier"`
	Bill     Hex    `json:"bill"`
	Receipt  Hex    `json:"receipt"`
}

// Tariff is kind "tariff": a document, judged as `tariff check` does.
type Tariff struct {
	Document string `json:"document"` // canonical form
}

// Release is kind "release": everything that was and would be released about one
// meter, judged by the privacy rules together.
type Release struct {
	N     int           `json:"n"`
	Clock string        `json:"clock"`
	Rows  []ReleasedRow `json:"rows"`
}

// ReleasedRow is one released number: weights by UTC day and slot, and its unit.
type ReleasedRow struct {
	FirstDay int       `json:"first_day"`
	Unit     string    `json:"unit"`
	Weights  [][]int64 `json:"weights"`
}

// Slot is kind "slot": anyone checks a release file.
type Slot struct {
	Authorities []string `json:"authorities"` // meter authorities that are trusted
	File        Hex      `json:"file"`
}

// DayEnd is kind "day-end": anyone checks the end of a day of a registry.
type DayEnd struct {
	Registry Hex `json:"registry"`
	DayEnd   Hex `json:"day_end"`
}

// Intake is kind "intake": what an aggregating authority, or an aggregator, is asked, in
// order. It does all but the last step in any case; the last is the scenario.
type Intake struct {
	Registry   Hex    `json:"registry"`
	Key        string `json:"key"` // of the party, as text
	Enrolments []Hex  `json:"enrolments"`
	Steps      []Ask  `json:"steps"`
}

// Ask is one step: "record" (taken; by an aggregator, or there already), "next-day", of an authority "cut-off",
// "sign" or "contribute" (of a presence), of an aggregator "present" (a presence is
// signed), "answer" (taken, or there already), "restart" (announcements must come again,
// nothing else) or "release" (all that was asked has the right sum).
type Ask struct {
	Op   string `json:"op"`
	Data Hex    `json:"data,omitempty"` // record, presence or answer
	Day  uint16 `json:"day,omitempty"`
	Slot uint16 `json:"slot,omitempty"`
}

// Masked is kind "masked": presences that a meter of a masking registry is shown, in
// order. It answers all but the last one in any case.
type Masked struct {
	Registry  Hex   `json:"registry"`
	Place     int   `json:"place"` // of the meter
	Presences []Hex `json:"presences"`
}

// Answer is kind "answer": what an aggregator makes of an answer to its presence.
type Answer struct {
	Registry Hex   `json:"registry"`
	Presence Hex   `json:"presence"`
	Keys     []Hex `json:"keys"` // by place, as stored: u16be day ‖ chain key
	Answer   Hex   `json:"answer"`
}
