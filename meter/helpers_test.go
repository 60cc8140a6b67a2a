package meter

import (
	"math/rand/v2"
	"testing"
)

// firstDay is 2013-01-01.
const firstDay = 15706

// house is a meter, its authority and its customer, for tests.
type house struct {
	authority *AuthorityKey
	meter     *Meter
	key       *Key
}

func newHouse(t testing.TB, s Setup) *house {
	t.Helper()
	authority, err := NewAuthorityKey()
	must(t, err)
	m, err := NewMeter(authority, s)
	must(t, err)
	return &house{authority, m, newTestKey(t)}
}

// newTestKey uses the smaller KEM, which keeps failure output and vectors short.
func newTestKey(t testing.TB) *Key {
	t.Helper()
	key, err := NewKey(X25519)
	must(t, err)
	return key
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// days makes readings for a run of days from a seed, with some missing and some
// estimated slots.
func makeDays(c *Certificate, first uint16, count int, seed uint64) []Day {
	rng := rand.New(rand.NewPCG(seed, 1))
	var days []Day
	for i := range count {
		d := Day{Day: first + uint16(i)}
		for range c.channels() {
			r := Readings{Wh: make([]uint32, c.N), Status: make([]Status, c.N)}
			for s := range r.Wh {
				switch rng.IntN(20) {
				case 0:
					r.Status[s] = Missing
				case 1:
					r.Status[s], r.Wh[s] = Estimated, rng.Uint32N(2000)
				default:
					r.Wh[s] = min(rng.Uint32N(3000), c.Cap)
				}
			}
			d.Channels = append(d.Channels, r)
		}
		days = append(days, d)
	}
	return days
}

// seal seals days and fails the test if the meter does not.
func (h *house) seal(t testing.TB, days []Day, reason Reason) Sealing {
	t.Helper()
	done, err := h.meter.Seal(h.key.Recipient(), days, reason)
	must(t, err)
	return done
}

func (h *house) trusted() []Authority { return []Authority{h.authority.Authority()} }

// parsed sends the current export through its file form.
func (h *house) parsed(t testing.TB) *Export {
	t.Helper()
	e, err := ParseExport(h.meter.Export().Bytes())
	must(t, err)
	return e
}

// recordChannels is a small setup that most tests share.
func smallSetup(channels uint8) Setup {
	return Setup{Meter: "M1", N: 24, Channels: channels}
}
