package messages

// What a page and its reader say to each other. The reader is a worker of its own
// for meter files that are not sealed: downloads from a supplier or a portal. It
// keeps nothing, and knows no keys.
const (
	TypeReadFile     Type = "read-file"     // to the reader: ReadFile → Reading
	TypeZone         Type = "zone"          // to the prover's worker, which has the rules of all clocks: AskZone → Zone
	TypeTakeReadings Type = "take-readings" // to the prover's worker: Readings → Opened
)

// ReadFile hands over a file and what the customer has said about it so far.
type ReadFile struct {
	Name    string   `json:"name"`
	Choices []string `json:"choices"` // Answer.Name of each Question answered
	Hints   []Hint   `json:"hints"`
	Point   string   `json:"point,omitempty"`
	Clock   string   `json:"clock,omitempty"` // name of the zone whose Rules are given
	Chosen  bool     `json:"chosen"`          // the customer named the clock
	Rules   []byte   `json:"-"`
	Data    []byte   `json:"-"`
}

// Parts implements Binary.
func (r *ReadFile) Parts() []*[]byte { return []*[]byte{&r.Rules, &r.Data} }

// Hint says how a table of unknown make is to be read: Question.Hint, and an answer.
type Hint struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// AskZone asks for the rules of a zone by its IANA name.
type AskZone struct {
	Name string `json:"name"`
}

// Zone is the rules of a zone, as RFC 9636 has them.
type Zone struct {
	Rules []byte `json:"-"`
}

// Parts implements Binary.
func (z *Zone) Parts() []*[]byte { return []*[]byte{&z.Rules} }

// Reading is what the reader found: readings, or a question that only the
// customer can answer, or a zone whose rules it needs first.
type Reading struct {
	Needs    string    `json:"needs,omitempty"` // ask again with these Rules
	Question *Question `json:"question,omitempty"`
	Readings *Readings `json:"readings,omitempty"`
}

// Parts implements Binary.
func (r *Reading) Parts() []*[]byte {
	if r.Readings == nil {
		r.Readings = &Readings{}
	}
	return r.Readings.Parts()
}

// The kinds of a Question: its answer goes into that field of ReadFile.
const (
	QuestionChoice = "choice" // Choices, added to those before
	QuestionHint   = "hint"   // Hints, added to those before
	QuestionPoint  = "point"  // Point
	QuestionZone   = "zone"   // Clock, and Chosen
)

// Question is something that a file leaves open. It is never guessed.
type Question struct {
	Kind     string   `json:"kind"`
	Sentence string   `json:"sentence"` // "The hour that clocks repeat in autumn stands in the file once."
	Line     int      `json:"line,omitempty"`
	Hint     string   `json:"hint,omitempty"` // of QuestionHint
	Answers  []Answer `json:"answers"`
}

// Answer is one of those to a Question.
type Answer struct {
	Name    string `json:"name"`
	Meaning string `json:"meaning"` // a phrase
}

// Readings are those of one meter point that nobody has sealed.
type Readings struct {
	Name   string `json:"name"`  // of the file
	Meter  string `json:"meter"` // the meter point's name, else the file's
	Said   []Said `json:"said"`  // how the file was read: format, clock, unit, gaps …
	Start  int64  `json:"start"` // Unix seconds, a midnight of UTC
	Step   int    `json:"step"`  // seconds of a slot
	Import bool   `json:"import"`
	Export bool   `json:"export"`

	ImportWh     []byte `json:"-"` // uint32 little-endian per slot
	ImportStatus []byte `json:"-"` // one byte per slot: Measured, Missing or Estimated
	ExportWh     []byte `json:"-"`
	ExportStatus []byte `json:"-"`
}

// Parts implements Binary.
func (r *Readings) Parts() []*[]byte {
	return []*[]byte{&r.ImportWh, &r.ImportStatus, &r.ExportWh, &r.ExportStatus}
}

// Said is a fact about how a file was read.
type Said struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}
