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

// TestMonthsSize is about the limit that docs/protocol.md names: which months fit
// into 6,000 bytes. Only the proof's length differs from plan to plan; it follows
// from the claim, so most plans are not proven here.
func TestMonthsSize(t *testing.T) {
	h := newHouse(t, setup{meter: "1900011354321", days: 32, seed: 95})
	var rows []meter.Row
	rest := 0 // what is not the proof
	proven := func(p *BillPlan) {
		b := must(Answer(nil, p, []*meter.Opened{h.opened}, rand.Reader))
		r, err := VerifyBill(b.Bytes(), h.checks(p))
		if err != nil {
			t.Fatal(err)
		}
		rows = r.Segments[0].Rows
		size := len(b.Submission.Bytes())
		if got := size - len(b.Submission.Proof); rest != 0 && got != rest {
			t.Errorf("%d bytes beside the proof, %d before", got, rest)
		} else {
			rest = got
		}
		if c := must(p.claim(rows, b.Submission.Outputs)); c.Size() != len(b.Submission.Proof) {
			t.Errorf("proof has %d bytes, its claim says %d", len(b.Submission.Proof), c.Size())
		}
		t.Logf("stage %s, %d functionals: %d bytes proven", p.Stage, len(p.Functionals), size)
		if size > maxMonth {
			t.Errorf("%d bytes", size)
		}
	}
	proven(dynamicMonth())
	proven(ratesPlan(12, HalfUp))
	proven(ratesPlan(8, HalfEven))

	// The largest number of rates that fits. half-even needs to hide a parity too.
	for mode, most := range map[Mode]int{HalfUp: 12, HalfDown: 12, HalfAway: 12, Down: 12, Up: 12, HalfEven: 8} {
		for rates := 1; rates <= most+1; rates++ {
			size := rest + must(ratesPlan(rates, mode).claim(rows, make([]Output, 1))).Size()
			if fits := size <= maxMonth; fits != (rates <= most) {
				t.Errorf("%s, %d rates: %d bytes", mode, rates, size)
			}
		}
	}
}
