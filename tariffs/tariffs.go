// Package tariffs reads tariff documents, strictly, and turns them into prices:
// a document, a period and the embedded time zone rules give one integer price
// for every metering slot, the public charges and the rule of rounding. A proof
// sees only these integers (Plan.Functionals); Quote does the same bill in the
// open, by plain arithmetic; Check says what a bill may tell about a home.
package tariffs

import (
	"crypto/sha256"
	"encoding/hex"

	"hushwatt/internal/wire"
)

// A Tariff is one parsed document: valid by itself, for every period and every
// length of slot it may still be refused by Compile.
type Tariff struct {
	PlanID, DisplayName, BrandName string

	// From and To bound the days on which the tariff is in force, dates of its
	// clock, To exclusive; OpenEnded where the document names no end.
	From, To Date

	Clock    string // IANA name, or "AEST" where the document says UTC+10
	Currency string // ISO 4217, three capitals

	PricesIncludeTax bool
	Taxes            []Tax
	Rounding         Rounding
	Missing          Policy // what happens to a period with missing slots
	Estimated        Policy

	replaces  []byte // id of the version that this one replaces, nil if it names none
	holidays  map[Date]bool
	countAs   weekday
	tracks    []track
	fees      []fee
	shares    []share // discounts, then surcharges
	minimums  []minimum
	netting   bool
	crowded   bool // has too many components; only while it is read
	addenda   []*Addendum
	root      *value
	canonical []byte
	supplier  []byte // Ed25519 key, nil for a bare document
	signature []byte
}

// A Tax is a share of the net amount, Rate in units of 10⁻⁹, and of the taxes
// that it is raised on as well.
type Tax struct {
	Name string
	Rate int64
	On   []int    // indices of taxes before it
	Of   []string // components that it is raised on; nil: all
}

// Rounding is the rule by which money becomes printable: Digits decimals (0 to
// 9) of the currency, by Mode, once or many times according to Stage.
type Rounding struct {
	Stage  Stage
	Digits int
	Mode   Mode
}

// Stage says what is rounded.
type Stage string

// The stages of rounding.
const (
	StageBill     Stage = "bill"     // the total with tax, once
	StageNet      Stage = "net"      // the net total, then each tax
	StageLine     Stage = "line"     // each line, then each tax on the rounded net
	StageInterval Stage = "interval" // each slot's money, then as StageLine
)

// Mode says which way a number is rounded.
type Mode string

// The modes of rounding.
const (
	HalfUp   Mode = "half-up"   // ⌊x + ½⌋: ties toward +∞
	HalfAway Mode = "half-away" // ties away from zero
	HalfEven Mode = "half-even" // ties to the even neighbour
	Up       Mode = "up"        // toward +∞
	Down     Mode = "down"      // toward −∞
)

// Policy says whether a bill may be made of slots that are missing (or
// estimated).
type Policy string

// The policies. PolicyBill is the default: a missing slot counts 0 Wh and is
// shown as missing.
const (
	PolicyBill   Policy = "bill"
	PolicyRefuse Policy = "refuse"
)

// Canonical returns the document in its canonical form (RFC 8785), without a
// signature.
func (t *Tariff) Canonical() []byte { return append([]byte(nil), t.canonical...) }

// Hash returns SHA-256 of the label "hushwatt/v1/tariff" and the canonical form
// (docs/protocol.md, section 6).
func (t *Tariff) Hash() [32]byte { return sha256.Sum256(t.message()) }

// ID returns Hash in lower-case hexadecimal.
func (t *Tariff) ID() string {
	h := t.Hash()
	return hex.EncodeToString(h[:])
}

// Replaces returns the id of the version that this one replaces, from the day it
// comes into force; false if it names none.
func (t *Tariff) Replaces() (id [32]byte, ok bool) {
	return id, copy(id[:], t.replaces) == len(id)
}

// message is what is hashed and what is signed.
func (t *Tariff) message() []byte {
	return append([]byte(wire.LabelTariff), t.canonical...)
}
