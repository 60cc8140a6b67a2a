package prover

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"testing"

	"hushwatt/meter"
)

// maxMonth is what a month's submission may weigh, in bytes.
const maxMonth = 6000

// The longest month of half-hours: 31 local days on a clock that is not UTC touch
// 32 UTC days.
func longMonth() Terms {
	t := terms(january+1, 31, MeterSlots{Meter: "1900011354321", N: 48})
	t.Period.Start -= 3600
	t.Period.End -= 3600
	return t
}

// ratesPlan shares the slots out among rates whose prices have the finest decimals
// that a tariff can have, nine a kWh, for bills in hundredths: no unit is larger.
func ratesPlan(rates int, mode Mode) *BillPlan {
	t := longMonth()
	t.Stage, t.Mode = StageLine, string(mode)
	p := &BillPlan{Terms: t, Channels: []int{meter.ImportChannel}}
	for j := range rates {
		f := p.functional(fmt.Sprintf("Rate %d", j), 0, new(big.Int), big.NewInt(10_000_000_000))
		for _, row := range f.Weights {
			for s := range row {
				if row[s] != 0 {
					row[s] = 0
					if s*rates/48 == j {
						row[s] = 345_678_901
					}
				}
			}
		}
		p.Functionals = append(p.Functionals, f)
	}
	return p
}

// dynamicMonth prices every slot by itself, with the largest unit that tax in nine
// decimals and whole pounds can lead to.
func dynamicMonth() *BillPlan {
	p := &BillPlan{Terms: longMonth(), Channels: []int{meter.ImportChannel}}
	u := new(big.Int).Exp(big.NewInt(10), big.NewInt(21), nil)
	p.Functionals = []Functional{p.functional("Energy", 7, big.NewInt(9_876_543), u)}
	return p
}

// TestMonthsSize is about the limits that docs/protocol.md names: which months fit
// into 6,000 bytes. Only the proof's length differs from plan to plan; it follows
// from the claim, so most plans are not proven here.
func TestMonthsSize(t *testing.T) {
	for _, c := range []struct {
		name         string
		sealed       int // days; the month is the first 32
		most, mostBy int // rates that fit, and with half-even
	}{
		{"the month's last day is the newest", 32, 12, 8},
		{"later days were sealed: two heads", 40, 10, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, setup{meter: "1900011354321", days: c.sealed, seed: 95})
			dynamic, rows := provenMonth(t, h, dynamicMonth())
			for _, p := range []*BillPlan{ratesPlan(c.most, HalfUp), ratesPlan(c.mostBy, HalfEven)} {
				if rest, _ := provenMonth(t, h, p); rest != dynamic {
					t.Errorf("%d bytes beside the proof, %d for another tariff", rest, dynamic)
				}
			}
			for _, mode := range []Mode{HalfUp, HalfDown, HalfAway, HalfEven, Down, Up} {
				most := c.most
				if mode == HalfEven { // which has to hide a parity too
					most = c.mostBy
				}
				for rates := 1; rates <= most+1; rates++ {
					size := dynamic + must(ratesPlan(rates, mode).claim(rows, make([]Output, 1))).Size()
					if fits := size <= maxMonth; fits != (rates <= most) {
						t.Errorf("%s, %d rates: %d bytes", mode, rates, size)
					}
				}
			}
		})
	}
}

// provenMonth proves a month that fits. It returns the bytes beside the proof, and
// the rows that the proof is about.
func provenMonth(t *testing.T, h *house, p *BillPlan) (rest int, rows []meter.Row) {
	t.Helper()
	b := must(Answer(nil, p, []*meter.Opened{h.opened}, rand.Reader))
	r, err := VerifyBill(b.Bytes(), h.checks(p))
	if err != nil {
		t.Fatal(err)
	}
	size, proof := len(b.Submission.Bytes()), len(b.Submission.Proof)
	if c := must(p.claim(r.Segments[0].Rows, b.Submission.Outputs)); c.Size() != proof {
		t.Errorf("proof has %d bytes, its claim says %d", proof, c.Size())
	}
	t.Logf("stage %s, %d functionals: %d bytes", p.Stage, len(p.Functionals), size)
	if size > maxMonth {
		t.Errorf("%d bytes", size)
	}
	return size - proof, r.Segments[0].Rows
}
