package tariffs

import "math/big"

// What a contract is made of, as parse reads it and Compile uses it. Every line
// of a bill belongs to a component, a name by which discounts, minimum charges
// and taxes say what they are of.

// A track is one component's prices through the year, on one channel. Tracks
// run beside each other.
type track struct {
	component string
	kind      lineKind
	seasons   []season // empty for an event track
	event     *event
}

// lineKind is what a line of a bill is about, and its Kind there.
type lineKind string

const (
	lineEnergy    lineKind = "energy"
	lineExport    lineKind = "export"
	lineEvent     lineKind = "event"
	lineDemand    lineKind = "demand"
	lineFixed     lineKind = "fixed"
	lineDiscount  lineKind = "discount"
	lineSurcharge lineKind = "surcharge"
	lineMinimum   lineKind = "minimum"
	lineTax       lineKind = "tax"
	lineRounding  lineKind = "rounding"
)

// channel returns whose readings a track prices.
func (k *track) channel() int {
	if k.kind == lineExport {
		return exportChannel
	}
	return importChannel
}

const (
	importChannel = 0
	exportChannel = 1
)

// A season is one tariffPeriod: the days of the year from first to last
// (1 … 366, of a leap year, both inclusive, wrapping the new year where last is
// less than first) with the prices of their week. Credits for export are
// negative prices here.
type season struct {
	path        string // of the tariffPeriod, for messages
	name        string
	first, last int
	supply      *big.Int // pico-currency per day; nil without dailySupplyCharge
	rates       []rate
	week        [dayKinds][]window // TOU and single: windows that start on each weekday
	rows        []row              // dynamic: ascending, disjoint
	demands     []demand
}

// A rate is one name among the prices; its lines are one, or one per block.
type rate struct {
	name   string
	blocks []block // nil for one price
	period string  // P1D, P1M, P3M, P1Y, BILL or EVENT: over what the blocks count
}

// A block is a price for so many Wh; the last one has no bound.
type block struct {
	price int64 // pico-currency per Wh
	width int64 // Wh in the rate's period, or in a day
	daily bool
}

// A window is a price for the minutes [start, end) counted from the midnight at
// which its day begins; end goes beyond 1,440 where it passes midnight.
type window struct {
	start, end int
	rate       int
	price      int64 // pico-currency per Wh; of the first block
}

// A row is a dynamic price for [from, to), seconds since 1970 UTC.
type row struct {
	from, to int64
	price    int64
}

// A demand is a price for the highest demand in windows of the week.
type demand struct {
	path, name string
	windows    []demandWindow // a time in any of them counts
	interval   int            // minutes
	amount     int64          // nano-currency per kW
	steps      []step
	measure    string // DAY, MONTH or BILL
	charge     string
	highest    int   // number of days whose peaks are averaged
	floor      int64 // W
	least      int64 // W: only what lies above it
	most       int64 // W: only what lies below it; 0 for no bound
}

// A demandWindow is a time of some days, in minutes as in window.
type demandWindow struct {
	days       [dayKinds]bool
	start, end int
}

// A step is a charge for a demand of at least from W, nano-currency.
type step struct{ from, amount int64 }

// An event is an extra price in hours that are announced later.
type event struct {
	rate    rate // its price as one block or more
	maximum int  // in a calendar year
}

// A fee is a public charge, by term DAILY, MONTHLY, ANNUAL or BILL.
type fee struct {
	name, component, term string
	amount                int64 // nano-currency
}

// A share is a discount or a surcharge on other lines.
type share struct {
	name, component string
	kind            lineKind
	rate            int64    // in units of 10⁻⁹; below 0 for a discount
	of              []string // components; nil: all
}

// A minimum is what lines must come to at least.
type minimum struct {
	fee
	of []string
}
