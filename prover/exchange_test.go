package prover

import (
	"errors"
	"math/big"
	mrand "math/rand/v2"
	"testing"

	"hushwatt/meter"
)

// house is a made-up household with a sealing meter, all in memory.
type house struct {
	authority *meter.AuthorityKey
	device    *meter.Meter
	key       *meter.Key
	opened    *meter.Opened
}

// setup says what a test's home looks like; zero values choose the usual.
type setup struct {
	meter     string
	n         int
	channels  uint8
	first     int // UTC day
	days      int
	seed      uint64
	authority *meter.AuthorityKey
	status    func(day, slot int) meter.Status
}

const january = 15706 // 2013-01-01

func newHouse(t testing.TB, s setup) *house {
	t.Helper()
	h := &house{authority: s.authority}
	if s.meter == "" {
		s.meter = "meter-1"
	}
	if s.n == 0 {
		s.n = 48
	}
	if s.first == 0 {
		s.first = january
	}
	if h.authority == nil {
		h.authority = must(meter.NewAuthorityKey())
	}
	h.device = must(meter.NewMeter(h.authority, meter.Setup{Meter: s.meter, N: s.n, Channels: s.channels, Cap: 65535}))
	h.key = must(meter.NewKey(meter.X25519))
	h.seal(t, makeDays(s, h.device.Certificate()), 0)
	return h
}

// seal seals days and opens the export anew.
func (h *house) seal(t testing.TB, days []meter.Day, reason meter.Reason) {
	t.Helper()
	if _, err := h.device.Seal(h.key.Recipient(), days, reason); err != nil {
		t.Fatal(err)
	}
	h.opened = must(must(meter.ParseExport(h.device.Export().Bytes())).Open(h.key))
}

func makeDays(s setup, c *meter.Certificate) []meter.Day {
	rng := mrand.New(mrand.NewPCG(s.seed, 1))
	channels := 1
	if c.Channels == meter.ImportAndExport {
		channels = 2
	}
	var days []meter.Day
	for d := range s.days {
		day := meter.Day{Day: uint16(s.first + d)}
		for range channels {
			r := meter.Readings{Wh: make([]uint32, s.n), Status: make([]meter.Status, s.n)}
			for i := range r.Wh {
				if s.status != nil {
					r.Status[i] = s.status(s.first+d, i)
				}
				if r.Status[i] != meter.Missing && r.Status[i] != meter.NotHere {
					r.Wh[i] = rng.Uint32N(5000)
				}
			}
			day.Channels = append(day.Channels, r)
		}
		days = append(days, day)
	}
	return days
}

func (h *house) checks(plan *BillPlan) Checks {
	return Checks{
		Authorities: []meter.Authority{h.authority.Authority()},
		Plan:        func(*Request) (*BillPlan, error) { return plan, nil },
	}
}

// terms are those of a bill for whole UTC days.
func terms(first, days int, meters ...MeterSlots) Terms {
	return Terms{
		Kind: BillRounded, Stage: StageBill, Mode: "half-up", Digits: 2,
		Period: Period{
			Start: int64(first) * secondsPerDay, End: int64(first+days) * secondsPerDay,
			First: meter.DayText(uint16(first)), Last: meter.DayText(uint16(first + days)), Clock: "UTC",
		},
		Meters: meters, Tariffs: [][32]byte{{1, 2, 3}}, TZ: "2025c",
		Policy: StatusPolicy{Missing: PolicyBill, Estimated: PolicyBill},
	}
}

// dynamicPlan prices every slot differently: price(row, slot) in 1/U of a unit.
func dynamicPlan(t Terms, channels []int, seed uint64) *BillPlan {
	p := &BillPlan{Terms: t, Channels: channels}
	p.Functionals = []Functional{p.functional("Energy", seed, big.NewInt(9_876_543), big.NewInt(2_000_000))}
	return p
}

// functional makes weights that depend on time and channel only, 0 outside the
// period, so that rows of several meters agree.
func (p *BillPlan) functional(name string, seed uint64, konst, u *big.Int) Functional {
	f := Functional{Name: name, Const: konst, U: u}
	for _, r := range p.Rows() {
		w := make([]int64, r.N)
		for s := range w {
			if p.Period.holds(uint16(r.Day), s, r.N) {
				w[s] = price(seed, r.Day*288+s*(288/r.N), r.Channel)
			}
		}
		f.Weights = append(f.Weights, w)
	}
	return f
}

func price(seed uint64, at, channel int) int64 {
	rng := mrand.New(mrand.NewPCG(seed, uint64(at)))
	if channel == meter.ExportChannel {
		return -int64(rng.Uint32N(2000)) - 1
	}
	return int64(rng.Uint32N(6000)) + 1
}

// oracle computes the output of a one-functional rounded plan by plain arithmetic,
// half-up, from the readings as they were sealed.
func oracle(p *BillPlan, f Functional, homes ...*house) *big.Int {
	sum := new(big.Int).Set(f.Const)
	for i, r := range p.Rows() {
		for _, h := range homes {
			if h.device.Certificate().Meter != r.Meter {
				continue
			}
			for _, d := range h.opened.Days {
				for _, c := range d.Channels {
					if int(d.Day) != r.Day || c.Channel != r.Channel {
						continue
					}
					for s, wh := range c.Wh {
						sum.Add(sum, new(big.Int).Mul(big.NewInt(f.Weights[i][s]), big.NewInt(int64(wh))))
					}
				}
			}
		}
	}
	return sum.Add(sum, new(big.Int).Rsh(f.U, 1)).Div(sum, f.U) // floor: U > 0
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// reason returns the reason of a refusal, "" for no error, and the text of any
// other error.
func reason(err error) string {
	var r *Refusal
	switch {
	case err == nil:
		return ""
	case errors.As(err, &r):
		return string(r.Reason)
	}
	return "not a refusal: " + err.Error()
}

func expect(t *testing.T, name string, err error, want Reason) {
	t.Helper()
	if got := reason(err); got != string(want) {
		t.Errorf("%s: %q (%v), want %q", name, got, err, want)
	}
}

// houseAndPlan is a home with January 2013 sealed, and a plan for it.
func houseAndPlan(t testing.TB, seed uint64) (*house, *BillPlan) {
	h := newHouse(t, setup{days: 31, seed: seed})
	return h, dynamicPlan(terms(january, 31, MeterSlots{Meter: "meter-1", N: 48}), []int{meter.ImportChannel}, 7)
}
