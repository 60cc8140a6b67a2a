package source

import "math/big"

// A draft is a tariff as a reader understood it, before it is written as a
// strict document. All amounts are exact; each remembers where it was read.
type draft struct {
	id, name, brand string
	currency, clock string // of the source; "" where it does not say
	aest            bool   // UTC+10 whatever the clock
	from, to        string // YYYY-MM-DD, to exclusive

	taxes []Tax  // the source's own
	taxed string // "yes" where its prices include them, "no", or ""

	seasons  []season
	export   []season // what is paid for what flows back
	charges  []charge
	demands  []demand
	minimums []charge

	discount *money // share of the energy prices, for instance 0.15

	holidays bool // the source has rules for public holidays
}

// money is an amount of the currency, or a share.
type money struct {
	value *big.Rat
	at    *node // nil where it was computed
	key   string
}

func read(n *node) money { return money{n.amount(), n, ""} }

func (m money) scaled(by *big.Rat) money {
	m.value = times(m.value, by)
	return m
}

func (m money) zero() bool { return m.value == nil || m.value.Sign() == 0 }

// A season is one price list of one component for a stretch of the year.
type season struct {
	component string // "" where there is one
	name      string
	span      span
	supply    *money // per day
	blocks    []block
	rows      []row // instead of blocks: prices by time
}

// A block is one price, or a price that goes in steps, at some times.
type block struct {
	name    string
	kind    string // PEAK, OFF_PEAK, SHOULDER …
	steps   []step
	per     string // of the steps: P1D, P1M, P3M, P1Y …
	windows []window
}

// A step is a price for a volume of kWh; the last has none.
type step struct {
	price  money
	volume *money
}

// A row is a price for a stretch of time, RFC 3339.
type row struct {
	from, to string
	price    money
}

// A charge is a fixed amount.
type charge struct {
	name   string
	per    string // P1D, P1M, P1Y
	amount money
}

// A demand is a price for the highest power.
type demand struct {
	name    string
	price   money // per kW
	per     string
	span    span
	windows []window
	minimum *money // kW
	above   *money // kW: only what is above
	upto    *money // kW
	peaks   int    // mean of so many highest days
	minutes int    // length of the interval whose mean is taken; 0: a slot
}

// flat is one price at all times.
func flat(name string, price money) []block {
	return []block{{name: name, kind: "", steps: []step{{price: price}}, windows: nil}}
}

// timed gives blocks the windows that a grid painted with their numbers.
func timed(blocks []block, g *grid) []block {
	var out []block
	for i, b := range blocks {
		if b.windows = g.windows(i); len(b.windows) > 0 {
			out = append(out, b)
		}
	}
	return out
}
