package tariffs

import (
	"bytes"
	"errors"
	"testing"
)

// seeds are documents for the fuzz targets and whether Parse accepts them.
func seeds(t testing.TB) map[string]bool {
	signed := mustParse(t, plain(t)).Signed(testKey(3))
	return map[string]bool{
		plain(t):       true,
		string(signed): true,
		plain(t, windows("N 0.1 ALL 23:30 06:30|D 0.3 ALL 06:30 23:30")...):                      true,
		plain(t, plainRate, dynamic("2013-01-01T00:00:00Z 2014-01-01T00:00:00Z -0.5")):           true,
		plain(t, "Any time", "\\u00c4ny \\ud83d\\ude00"):                                         true,
		plain(t, `"currency"`, `"holidays":{"dates":["2013-01-01"],"countAs":"SUN"},"currency"`): true,
		plain(t, `"pricesIncludeTax":false,"taxes":[{"name":"VAT","rate":"0.05"}],`, ``):         true,
		plain(t, `"planId"`, `"planId":"q","planId"`):                                            false,
		plain(t, `"0.20"`, `0.20`):                                          false,
		plain(t, `"digits":2`, `"digits":2.0`):                              false,
		string(bytes.Replace(signed, []byte(`0.20`), []byte(`0.21`), 1)):    false,
		plain(t, windows("N 0.1 ALL 23:30 06:30|D 0.3 ALL 06:30 23:00")...): false,
		`{"tariff":{"planId":"p"},"supplier":"","signature":""}`:            false,
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
		if p, err := Compile([]*Tariff{tariff}, tariff.From, tariff.From+1, 48); err == nil {
			if _, err := p.Functionals(); err != nil && !errors.Is(err, ErrNotProvable) {
				t.Fatal(err)
			}
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
