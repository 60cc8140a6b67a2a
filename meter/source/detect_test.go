package source

import (
	"os"
	"strings"
	"testing"
	"time"

	"hushwatt/internal/testdata"
)

// Whatever file it is, at most one format takes it for its own, and what a format
// writes is recognised as that format.
func TestDetectionIsUnambiguous(t *testing.T) {
	recognised := func(text string) (names []string) {
		in, err := newInput(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range formats() {
			if !f.general && f.recognise(in.beginning()) {
				names = append(names, f.name)
			}
		}
		return names
	}
	for _, c := range append(meterFiles, providerFiles...) {
		text, err := os.ReadFile(testdata.Shared(t, "data/"+c.name))
		if err != nil {
			t.Fatal(err)
		}
		if names := recognised(string(text)); len(names) != 1 || names[0] != c.format {
			t.Errorf("%s: recognised as %v", c.name, names)
		}
	}
	for _, r := range routes {
		z := zone(r.zone)
		text := r.write(slotsAround(z, time.Date(2024, 6, 13, 0, 0, 0, 0, z), r.step))
		f, err := Read(strings.NewReader(text), known(r.options))
		if err != nil {
			t.Errorf("%s: %v", r.name, err)
			continue
		}
		names := recognised(text)
		if f.Format == General && len(names) != 0 || f.Format != General && (len(names) != 1 || names[0] != f.Format) {
			t.Errorf("%s: read as %s, recognised as %v", r.name, f.Format, names)
		}
	}
}

// Files of two kinds, one after another, are never half read.
func TestMixedFilesAreRefused(t *testing.T) {
	texts := make([]string, len(routes))
	for i, r := range routes {
		z := zone(r.zone)
		texts[i] = r.write(slotsAround(z, time.Date(2024, 6, 13, 0, 0, 0, 0, z), r.step))
	}
	kind := func(i int) string { k, _, _ := strings.Cut(routes[i].name, ","); return strings.Fields(k)[0] }
	for i := range routes {
		for k := range routes {
			if kind(i) == kind(k) && kind(i) != General {
				continue
			}
			if f, err := Read(strings.NewReader(texts[i]+"\n"+texts[k]), known(routes[i].options)); err == nil && i != k {
				t.Errorf("%s and then %s: read as %s, %d rows", routes[i].name, routes[k].name, f.Format, f.Rows)
			}
		}
	}
}
