package tariffs

import (
	"bytes"
	"errors"
	"math/big"
	"testing"
)

// seeds are documents for the fuzz targets and whether Parse accepts them.
func seeds(t testing.TB) map[string]bool {
	signed := mustParse(t, plain(t)).Signed(testKey(3))
	return map[string]bool{
		plain(t):       true,
		string(signed): true,
		plain(t, windows("N 0.1 ALL 23:30 06:30|D 0.3 ALL 06:30 23:30")...):            true,
		plain(t, plainRate, dynamic("2013-01-01T00:00:00Z 2014-01-01T00:00:00Z -0.5")): true,
		wideDocument(): true,
		wideDocument(`"on":["Levy"]`, `"on":["VAT"]`):                                            false,
		plain(t, "Any time", "\\u00c4ny \\ud83d\\ude00"):                                         true,
		plain(t, `"currency"`, `"holidays":{"dates":["2013-01-01"],"countAs":"SUN"},"currency"`): true,
		plain(t, `"pricesIncludeTax":false,"taxes":[{"name":"VAT","rate":"0.05"}],`, ``):         true,
		plain(t, `"planId"`, `"planId":"q","planId"`):                                            false,
		plain(t, `"0.20"`, `0.20`):                                                               false,
		plain(t, `"digits":2`, `"digits":2.0`):                                                   false,
		string(bytes.Replace(signed, []byte(`0.20`), []byte(`0.21`), 1)):                         false,
		plain(t, windows("N 0.1 ALL 23:30 06:30|D 0.3 ALL 06:30 23:00")...):                      false,
		`{"tariff":{"planId":"p"},"supplier":"","signature":""}`:                                 false,
		"\ufeff{}":          false,
		`[[[[[[[[1]]]]]]]]`: false,
	}
}

// What parses, parses again from its canonical form, to the same bytes; and a
// signed document from its signed form too.
func FuzzParse(f *testing.F) {
	for text, good := range seeds(f) {
		if _, err := Parse([]byte(text)); (err == nil) != good {
			f.Fatalf("seed %s: error %v, want accepted %v", text, err, good)
		}
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tariff, err := Parse(data)
		if err != nil {
			return
		}
		again, err := Parse(tariff.Canonical())
		if err != nil {
			t.Fatalf("the canonical form is refused: %v\n%s", err, tariff.Canonical())
		}
		if !bytes.Equal(again.Canonical(), tariff.Canonical()) || again.ID() != tariff.ID() {
			t.Fatalf("the canonical form changes:\n%s\n%s", tariff.Canonical(), again.Canonical())
		}
		// A tariff that parses compiles, or is refused in words; it never panics.
		p, err := Compile([]*Tariff{tariff}, tariff.From, tariff.From+2, 48)
		if err != nil {
			return
		}
		if _, err := p.Functionals(); err != nil && !errors.Is(err, ErrNotProvable) {
			t.Fatal(err)
		}
		bill, err := Quote(p, even(p, 700), even(p, 300))
		if err != nil {
			t.Fatal(err)
		}
		sum := new(big.Rat)
		for _, l := range bill.Lines {
			sum.Add(sum, rat(t, l.Amount))
		}
		if sum.Cmp(rat(t, bill.Total)) != 0 {
			t.Fatalf("lines add up to %s, the total is %s", sum, bill.Total)
		}
	})
}

// What parses as an addendum, parses again from its canonical form.
func FuzzAddendum(f *testing.F) {
	tariff := mustParse(f, contract(hotDay))
	good := addendum(tariff, "Hot 2023-07-10T14:00:00Z 2023-07-10T18:00:00Z")
	a, err := ParseAddendum([]byte(good))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(good))
	f.Add(a.Signed(testKey(1)))
	f.Add([]byte(`{"addendum":{},"signature":"","supplier":""}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := ParseAddendum(data)
		if err != nil {
			return
		}
		again, err := ParseAddendum(a.Canonical())
		if err != nil || again.Hash() != a.Hash() || !bytes.Equal(again.Canonical(), a.Canonical()) {
			t.Fatalf("the canonical form changes: %v", err)
		}
		if _, err := tariff.With(a); err != nil {
			return // of another tariff, or too many
		}
	})
}

// FuzzCanonical: canonical bytes are read and written back as they are.
func FuzzCanonical(f *testing.F) {
	for text := range seeds(f) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := readJSON(data)
		if err != nil {
			return
		}
		once := appendCanonical(nil, v)
		w, err := readJSON(once)
		if err != nil {
			t.Fatalf("canonical %q is refused: %v", once, err)
		}
		if twice := appendCanonical(nil, w); !bytes.Equal(once, twice) {
			t.Fatalf("%q becomes %q", once, twice)
		}
	})
}
