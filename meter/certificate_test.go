package meter

import (
	"math"
	"strings"
	"testing"
)

// TestCertificateFields: an authority does not sign, and nobody reads, a
// certificate whose fields make no sense.
func TestCertificateFields(t *testing.T) {
	h := newHouse(t, smallSetup(ImportOnly))
	for name, change := range map[string]func(c *Certificate){
		"no name":         func(c *Certificate) { c.Meter = "" },
		"long name":       func(c *Certificate) { c.Meter = strings.Repeat("x", 65) },
		"space in name":   func(c *Certificate) { c.Meter = "M 1" },
		"name not ASCII":  func(c *Certificate) { c.Meter = "Zähler" },
		"slots":           func(c *Certificate) { c.N = 25 },
		"no cap":          func(c *Certificate) { c.Cap = 0 },
		"cap of 2^20":     func(c *Certificate) { c.Cap = 1 << 20 },
		"no channel":      func(c *Certificate) { c.Channels = 0 },
		"third channel":   func(c *Certificate) { c.Channels = 4 },
		"ends too early":  func(c *Certificate) { c.First, c.Last = 2, 1 },
		"key too short":   func(c *Certificate) { c.Key = c.Key[:31] },
		"small-order key": func(c *Certificate) { c.Key = smallOrder[1][:] },
	} {
		c := *h.meter.Certificate()
		change(&c)
		if _, err := h.authority.Certify(c); err == nil {
			t.Errorf("%s: signed", name)
		}
		body, err := c.body()
		must(t, err)
		c.Signature = signCertificate(h.authority.key, body)
		if _, err := ParseCertificate(mustMarshal(&c)); err == nil {
			t.Errorf("%s: read", name)
		}
	}
	for _, s := range []Setup{{Meter: "x", N: 24}, {Meter: strings.Repeat("~", 64), N: 288, Cap: 1, Channels: 2, First: 1, Last: 1}} {
		if _, err := NewMeter(h.authority, s); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

func TestAuthorityKeyComesBack(t *testing.T) {
	key, err := NewAuthorityKey()
	must(t, err)
	again, err := ParseAuthorityKey(key.String())
	must(t, err)
	if again.Authority() != key.Authority() {
		t.Fatal("another key comes back")
	}
	if _, err := ParseAuthorityKey(key.Authority().String()); err == nil {
		t.Fatal("a public key was read as a private one")
	}
}

func TestReasons(t *testing.T) {
	for r := Unstated; r <= WrongTime; r++ {
		if got := ReasonOf(r.String()); got != r {
			t.Errorf("%s comes back as %s", r, got)
		}
	}
	for _, text := range []string{"", "because", "late data", "Late"} {
		if ReasonOf(text) != Unstated {
			t.Errorf("%q is %s", text, ReasonOf(text))
		}
	}
	if Reason(0).valid() || Reason(6).valid() {
		t.Error("a reason that has no name is valid")
	}
}

func TestDaysOf(t *testing.T) {
	const day = secondsPerDay
	for _, c := range []struct {
		start, end  int64
		first, last uint16
		ok          bool
	}{
		{0, 1, 0, 0, true}, {0, day, 0, 0, true}, {0, day + 1, 0, 1, true}, {day - 1, day + 1, 0, 1, true},
		{65535 * day, 65536 * day, 65535, 65535, true}, {0, 65536*day + 1, 0, 0, false},
		{-1, 5, 0, 0, false}, {5, 5, 0, 0, false}, {6, 5, 0, 0, false}, {0, math.MaxInt64, 0, 0, false},
	} {
		first, last, err := DaysOf(c.start, c.end)
		if (err == nil) != c.ok || first != c.first || last != c.last {
			t.Errorf("%d to %d: days %d to %d, %v", c.start, c.end, first, last, err)
		}
	}
}
