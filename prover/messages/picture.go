package messages

import "encoding/binary"

// Statuses of a slot in Days.Status.
const (
	Measured  = 0
	Missing   = 1
	Estimated = 2
	Adjusted  = 3 // measured while the meter's clock was being set
	NotHere   = 4 // before the meter's file begins or after it ends
)

// Days is the picture of some local days. Slots of all days stand one after
// another; a Day says which are its own. Money of a slot is exact:
// price × Wh in units of 10⁻¹² of the currency, before tax unless PricesIncludeTax.
type Days struct {
	Home        string   `json:"home"`
	Clock       string   `json:"clock"`
	SlotMinutes int      `json:"slotMinutes"`
	Period      string   `json:"period"`
	First       string   `json:"first"` // of what was asked for
	Last        string   `json:"last"`
	HomeFirst   string   `json:"homeFirst"` // of what there is
	HomeLast    string   `json:"homeLast"`
	List        []Day    `json:"list"`
	Start       int64    `json:"start"`   // Unix seconds of slot 0; slots follow without a gap
	Tariffs     []Tariff `json:"tariffs"` // used for Price; empty if none fits
	Rates       []Rate   `json:"rates"`
	Currency    string   `json:"currency"`
	WithTax     bool     `json:"withTax"` // the prices include tax
	Max         int      `json:"max"`     // highest reading of a slot, Wh
	TotalWh     int64    `json:"totalWh"`
	NoPrices    string   `json:"noPrices,omitempty"` // why there are none, a sentence

	Wh     []byte `json:"-"` // uint32 little-endian per slot
	Status []byte `json:"-"` // one byte per slot
	Price  []byte `json:"-"` // int64 little-endian per slot, 10⁻¹² of the currency per Wh; empty without prices
	Rate   []byte `json:"-"` // one byte per slot: index into Rates; empty without prices
}

// Parts implements Binary.
func (d *Days) Parts() []*[]byte { return []*[]byte{&d.Wh, &d.Status, &d.Price, &d.Rate} }

// Day is one local day. It has 46 or 50 half-hours where the clocks change.
type Day struct {
	Date    string `json:"date"`
	Name    string `json:"name"` // "Sunday 1 March"
	Weekend bool   `json:"weekend"`
	From    int    `json:"from"`  // its first slot …
	Slots   int    `json:"slots"` // … and how many
	Wh      int64  `json:"wh"`
	Money   *Money `json:"money,omitempty"` // of the energy, exact
	Missing int    `json:"missing"`
	Change  string `json:"change,omitempty"` // "The clocks went forward at 01:00."
	// ChangeSlot is the first slot of the day after the clocks changed, zero on
	// other days.
	ChangeSlot int      `json:"changeSlot,omitempty"`
	Windows    []Window `json:"windows"`
}

// Window is a stretch of a day with one price.
type Window struct {
	From  int    `json:"from"` // slot of the day
	Slots int    `json:"slots"`
	Start string `json:"start"` // "07:00"
	End   string `json:"end"`   // "23:00"; "24:00" at midnight
	Rate  string `json:"rate"`  // "Night"
	Price string `json:"price"` // "9.00p per kWh"
	Pico  int64  `json:"pico"`  // the price, 10⁻¹² of the currency per Wh
}

// Rate is a line of the tariff.
type Rate struct {
	Name   string `json:"name"`
	Period string `json:"period,omitempty"`
}

// Count returns how many slots there are.
func (d *Days) Count() int { return len(d.Status) }

// WhAt returns the reading of slot i in Wh.
func (d *Days) WhAt(i int) int { return int(binary.LittleEndian.Uint32(d.Wh[4*i:])) }

// PriceAt returns the price of slot i in 10⁻¹² of the currency per Wh; ok is
// false without prices.
func (d *Days) PriceAt(i int) (pico int64, ok bool) {
	if len(d.Price) < 8*(i+1) {
		return 0, false
	}
	return int64(binary.LittleEndian.Uint64(d.Price[8*i:])), true
}

// StatusAt returns the status of slot i.
func (d *Days) StatusAt(i int) int { return int(d.Status[i]) }

// TimeAt returns when slot i begins, Unix seconds.
func (d *Days) TimeAt(i int) int64 { return d.Start + int64(i)*int64(d.SlotMinutes)*60 }
